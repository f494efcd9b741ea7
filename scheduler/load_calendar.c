/* SPDX-License-Identifier: Apache-2.0 */
/* load_calendar.c - public holidays and swapped working days, from the document or a file beside
 * it: JSON, or CSV lines "2026-10-01,off" and "2026-10-10,work". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/file.h"
#include "protocols/base/text.h"
#include "scheduler/civil.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define DAYS_MAX  100000u
#define FILE_MAX  (4u << 20)
#define CALENDARS 1000

static int add_day(struct calendar *c, int32_t day, bool works)
{
    if (load_grow(&c->days, c->n_days, sizeof(*c->days)) < 0)
        return -ENOMEM;
    c->days[c->n_days++] = (struct calendar_day){day, works};
    return 0;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static int read_day(struct loader *l, const struct qp_node *node, struct calendar *c)
{
    struct qp_node day = qp_node_member(node, "day");
    int32_t number = DAY_MIN - 1;
    bool works = false;

    if (!load_object(l, "calendars.*[]", node))
        return 0;
    if (!day.json)
        qp_node_error(&day, l->report, "Write a date like 2026-10-01.", "is missing");
    load_date(l, node, "day", &number);
    load_bool(l, node, "works", &works);
    return number < DAY_MIN ? 0 : add_day(c, number, works);
}

static int read_days(struct loader *l, const struct qp_node *list, struct calendar *c)
{
    const cJSON *element;
    uint32_t n;
    size_t i = 0;
    int err = 0;

    if (!load_list(l, list, DAYS_MAX, &n))
        return 0;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node at = qp_node_at(list, element, i++);

        if (err == 0)
            err = read_day(l, &at, c);
    }
    return err;
}

static int read_json(struct loader *l, const struct qp_node *node, struct calendar *c,
                     const char *text, size_t len)
{
    static const struct qp_json_limits limits = {FILE_MAX, 8, 1000000};
    struct qp_diag diag = {""};
    struct qp_node list;
    cJSON *json;
    size_t errors = l->report->n_errors;
    int err = qp_json_parse(&json, text, len, &limits, &diag);

    if (err == -ENOMEM)
        return err;
    if (err < 0) {
        qp_node_error(node, l->report, "Correct the file.", "%s: %s", node->json->valuestring,
                      diag.text);
        return 0;
    }
    list = qp_node_at(node, json, 0);
    err = read_days(l, &list, c);
    if (errors != l->report->n_errors)
        qp_node_error(node, l->report, "Correct the file.", "%s has errors",
                      node->json->valuestring);
    cJSON_Delete(json);
    return err;
}

/* --- CSV ------------------------------------------------------------------------------------- */

/* "work" or "off" at the field; what follows another comma is for people. */
static int take_kind(const char *field)
{
    size_t len;

    field += strspn(field, " \t");
    len = strcspn(field, ", \t\r");
    if (len == 4 && strncmp(field, "work", 4) == 0)
        return 1;
    return len == 3 && strncmp(field, "off", 3) == 0 ? 0 : -1;
}

/* One line, NUL-terminated. Returns 0, -EINVAL with a reason, or -ENOMEM. */
static int read_line(struct calendar *c, char *line, const char **ret_why)
{
    char *comma = strchr(line, ',');
    int32_t day = 0;
    int kind;

    if (!comma) {
        *ret_why = "is not like 2026-10-01,off";
        return -EINVAL;
    }
    *comma = '\0';
    *ret_why = load_day(line, &day);
    if (*ret_why)
        return -EINVAL;
    kind = take_kind(comma + 1);
    if (kind < 0) {
        *ret_why = "is followed by neither \"off\" nor \"work\"";
        return -EINVAL;
    }
    return add_day(c, day, kind == 1);
}

static bool is_data(char *line, bool is_first)
{
    size_t len = strlen(line);

    while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
        line[--len] = '\0';
    if (len == 0 || *line == '#')
        return false;
    return !is_first || strncmp(line, "day,", 4) != 0; /* a header is fine */
}

static int read_csv(struct loader *l, const struct qp_node *node, struct calendar *c, char *text)
{
    size_t number = 0;

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (char *line = text, *next; line; line = next) {
        const char *why = NULL;
        char shown[120];
        int err;

        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        if (!is_data(line, c->n_days == 0))
            continue;
        if (c->n_days >= DAYS_MAX) {
            qp_node_error(node, l->report, "Split the calendar.", "%s has more than %u days",
                          node->json->valuestring, DAYS_MAX);
            return 0;
        }
        err = read_line(c, line, &why);
        if (err == -ENOMEM)
            return err;
        if (err < 0)
            qp_node_error(node, l->report, "Write lines like 2026-10-01,off or 2026-10-10,work.",
                          "%s line %zu: \"%s\" %s", node->json->valuestring, number,
                          qp_text_escape(shown, sizeof(shown), line), why);
    }
    return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* Below the document's folder and nowhere else. */
static bool is_inside(const char *name)
{
    return name[0] != '/' && strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 &&
           !strstr(name, "/../") && !(strlen(name) > 3 && !strcmp(name + strlen(name) - 3, "/.."));
}

static int read_file(struct loader *l, const struct qp_node *node, struct calendar *c)
{
    struct qp_diag diag = {""};
    const char *name;
    char path[4096], *text = NULL;
    size_t len = 0;
    int err;

    if (qp_node_str(node, 1000, &name, l->report) < 0)
        return 0;
    if (!l->dir || !is_inside(name)) {
        qp_node_error(node, l->report, "Put the file beside the schedule, or write the days here.",
                      !l->dir ? "a calendar file cannot be named here"
                              : "the file is not below the schedule's folder");
        return 0;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", l->dir, name);
    err = qp_file_read(path, FILE_MAX, &text, &len, &diag);
    if (err == -ENOMEM)
        return err;
    if (err < 0) {
        qp_node_error(node, l->report, "Put the file beside the schedule.", "%s", diag.text);
        return 0;
    }
    if (strlen(text) != len)
        qp_node_error(node, l->report, "Write plain text.", "%s holds a NUL byte", name);
    else if (strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".json") == 0)
        err = read_json(l, node, c, text, len);
    else
        err = read_csv(l, node, c, text);
    free(text);
    return err < 0 ? err : 0;
}

static int by_day(const void *a, const void *b)
{
    const struct calendar_day *x = a, *y = b;

    return x->day < y->day ? -1 : x->day > y->day;
}

static void sort_days(struct loader *l, const struct qp_node *node, struct calendar *c)
{
    if (c->n_days)
        qsort(c->days, c->n_days, sizeof(*c->days), by_day);
    for (uint32_t i = 1; i < c->n_days; i++) {
        struct civil date;

        if (c->days[i].day != c->days[i - 1].day)
            continue;
        date = civil_of_day(c->days[i].day);
        qp_node_error(node, l->report, "Name every day once.", "%04d-%02d-%02d stands twice",
                      date.year, date.month, date.day);
    }
}

static int read_calendar(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct calendar *c = &l->model->calendars[index];
    size_t before = l->report->n;
    int err;

    c->id = strdup(node->key);
    if (!c->id)
        return -ENOMEM;
    err = cJSON_IsArray(node->json) ? read_days(l, node, c) : read_file(l, node, c);
    if (err == 0) {
        sort_days(l, node, c);
        err = ids_put(&l->calendars, c->id, index);
    }
    load_label(l, before, "calendar", c->id);
    return err == -EEXIST ? 0 : err;
}

int load_calendars(struct loader *l)
{
    struct qp_node all = qp_node_member(&l->root, "calendars");
    const cJSON *element;
    int n, err = 0;

    if (!all.json || qp_node_is_object(&all, l->report) < 0)
        return 0;
    n = cJSON_GetArraySize(all.json);
    if (n > CALENDARS) {
        qp_node_error(&all, l->report, "Remove some.", "has %d calendars, the limit is %d", n,
                      CALENDARS);
        return 0;
    }
    l->model->calendars = load_array((size_t)n, sizeof(*l->model->calendars));
    if (!l->model->calendars)
        return -ENOMEM;
    cJSON_ArrayForEach(element, all.json)
    {
        struct qp_node node = qp_node_member(&all, element->string);

        if (err == 0 && strcmp(element->string, "comment") != 0)
            err = read_calendar(l, &node, l->model->n_calendars++);
    }
    return err;
}
