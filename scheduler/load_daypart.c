/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"

static void read_range(struct loader *l, const struct qp_node *node, struct day_range *ret)
{
    const char *text, *why;
    char shown[160];

    if (qp_node_str(node, 64, &text, l->report) < 0)
        return;
    why = load_range(text, ret);
    if (why)
        qp_node_error(node, l->report, "Write a range like 08:00-12:00 or sunset-30m-23:00.",
                      "\"%s\" %s", qp_text_escape(shown, sizeof(shown), text), why);
}

int load_ranges(struct loader *l, const struct qp_node *node, bool may_be_empty,
                struct day_range **ret, uint32_t *ret_n)
{
    const cJSON *element;
    uint32_t n = 1, i = 0;

    if (cJSON_IsArray(node->json) && !load_list(l, node, LOAD_RANGES_MAX, &n))
        return 0;
    if (n == 0 && !may_be_empty)
        qp_node_error(node, l->report, "Write at least one range like \"08:00-12:00\".",
                      "is empty");
    *ret = load_array(n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    *ret_n = n;
    if (!cJSON_IsArray(node->json)) {
        read_range(l, node, &(*ret)[0]);
        return 0;
    }
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i);

        read_range(l, &part, &(*ret)[i++]);
    }
    return 0;
}

static int weekday(const char *text, size_t len)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (int i = 0; i < 7; i++)
        if (len == 3 && strncmp(text, names[i], 3) == 0)
            return i;
    return -1;
}

/* "mon" or "fri-mon"; false: neither. */
static bool add_weekdays(const char *text, uint8_t *mask)
{
    const char *hyphen = strchr(text, '-');
    int first = weekday(text, hyphen ? (size_t)(hyphen - text) : strlen(text));
    int last = hyphen ? weekday(hyphen + 1, strlen(hyphen + 1)) : first;

    if (first < 0 || last < 0)
        return false;
    for (int i = first;; i = (i + 1) % 7) {
        *mask |= (uint8_t)(1 << i);
        if (i == last)
            return true;
    }
}

static void read_weekdays(struct loader *l, const struct qp_node *node, uint8_t *mask)
{
    const char *text;
    char shown[160];

    if (qp_node_str(node, 64, &text, l->report) == 0 && !add_weekdays(text, mask))
        qp_node_error(node, l->report,
                      "Write mon, tue, wed, thu, fri, sat, sun, or a span like mon-fri.",
                      "\"%s\" is not a weekday", qp_text_escape(shown, sizeof(shown), text));
}

void load_weekdays(struct loader *l, const struct qp_node *node, uint8_t *ret)
{
    const cJSON *element;
    uint32_t n;
    size_t i = 0;

    if (!cJSON_IsArray(node->json)) {
        read_weekdays(l, node, ret);
        return;
    }
    if (!load_list(l, node, 7, &n))
        return;
    if (n == 0)
        qp_node_error(node, l->report, "Name a weekday, or leave the member out.", "is empty");
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i++);

        read_weekdays(l, &part, ret);
    }
}

static int read_exception(struct loader *l, const struct qp_node *node, struct daypart *d)
{
    struct qp_node weekdays = qp_node_member(node, "weekdays");
    struct qp_node times = qp_node_member(node, "times");
    struct weekday_ranges *e = &d->exceptions[d->n_exceptions++];
    uint8_t taken = 0;

    if (!load_object(l, "dayparts[].except[]", node))
        return 0;
    load_weekdays(l, &weekdays, &e->weekdays);
    for (uint32_t i = 0; i + 1 < d->n_exceptions; i++)
        taken |= d->exceptions[i].weekdays;
    if (taken & e->weekdays)
        qp_node_error(&weekdays, l->report, "Name every weekday in one exception only.",
                      "a weekday stands in two exceptions");
    return load_ranges(l, &times, true, &e->ranges, &e->n_ranges);
}

static int read_daypart(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct daypart *d = &l->dayparts[index];
    struct qp_node times = qp_node_member(node, "times"), list = qp_node_member(node, "except");
    size_t before = l->report->n, i = 0;
    const cJSON *element;
    uint32_t n;
    int err;

    if (!load_object(l, "dayparts[]", node))
        return 0;
    err = load_id(l, node, &l->dayparts_by_id, index, "daypart", &d->id);
    if (err == 0)
        err = load_ranges(l, &times, true, &d->ranges, &d->n_ranges);
    if (err == 0 && load_list(l, &list, 7, &n)) {
        d->exceptions = load_array(n, sizeof(*d->exceptions));
        if (!d->exceptions)
            return -ENOMEM;
        cJSON_ArrayForEach(element, list.json)
        {
            struct qp_node part = qp_node_at(&list, element, i++);

            if (err == 0)
                err = read_exception(l, &part, d);
        }
    }
    load_label(l, before, "daypart", d->id);
    return err;
}

int load_dayparts(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "dayparts");
    const cJSON *element;
    uint32_t n, i = 0;
    int err = 0;

    if (!load_list(l, &list, 10000, &n))
        return 0;
    l->dayparts = load_array(n, sizeof(*l->dayparts));
    if (!l->dayparts)
        return -ENOMEM;
    l->n_dayparts = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_daypart(l, &node, i++);
    }
    return err;
}
