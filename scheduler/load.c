/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/load.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"

#define CATEGORIES_MAX 10000u

/* A hundred thousand rules are some 40 MB; the values bound the memory of the tree. */
static const struct qp_json_limits limits = {
    .max_bytes = (size_t)256 << 20, .max_depth = 64, .max_values = 20 * 1000 * 1000};

/* In this order: commercial is number 0. */
static const char *const builtin_categories[] = {"commercial", "public_welfare", "government",
                                                 "culture",    "tourism",        "sport",
                                                 "emergency",  "filler"};

static int add_category(struct loader *l, const char *name)
{
    struct model *m = l->model;
    char *copy;

    if (load_grow(&m->categories, m->n_categories, sizeof(*m->categories)) < 0)
        return -ENOMEM;
    copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    m->categories[m->n_categories] = copy;
    return ids_put(&l->categories, copy, m->n_categories++);
}

static int read_categories(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "categories");
    const cJSON *element;
    uint32_t n, unused;
    size_t i = 0;
    int err = 0;

    for (size_t k = 0; k < QP_ARRAY_LEN(builtin_categories) && err == 0; k++)
        err = add_category(l, builtin_categories[k]);
    if (err < 0 || !load_list(l, &list, CATEGORIES_MAX, &n))
        return err;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);

        if (err == 0)
            err = load_name(l, &at, &l->categories, &l->model->categories, &l->model->n_categories,
                            &unused);
    }
    return err;
}

static int read_head(struct loader *l)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct qp_node zone = qp_node_member(&l->root, "zone");
    struct qp_node name = qp_node_member(&l->root, "name");
    uint32_t version = 1;
    unsigned day = 0;
    const char *text;

    (void)load_object(l, "", &l->root);
    if (name.json)
        (void)qp_node_str(&name, 400, &text, l->report);
    load_u32(l, &l->root, "version", 1, 1, &version);
    load_enum(l, &l->root, "week_start", days, QP_ARRAY_LEN(days), &day);
    l->week_start = (uint8_t)day;
    return zone.json ? load_zone(l, &zone, &l->zone) : 0;
}

static int read_slots(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "nodes");
    const cJSON *element;
    uint32_t i = 0;
    int err = 0;

    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i);

        if (err < 0 || i >= l->model->n_nodes)
            break;
        err = load_slots(l, &at, i++);
    }
    return err;
}

static int read_document(struct loader *l)
{
    static int (*const steps[])(struct loader *) = {
        read_head,  read_categories, load_calendars, load_dayparts,    load_nodes,
        read_slots, load_screens,    load_items,     load_playlists,   load_campaigns,
        load_rules, load_alerts,     load_quotas,    load_separations,
    };

    if (qp_node_is_object(&l->root, l->report) < 0)
        return 0;
    for (size_t i = 0; i < QP_ARRAY_LEN(steps); i++) {
        int err = steps[i](l);

        if (err < 0)
            return err;
        if (steps[i] == load_playlists)
            load_defaults(l);
    }
    return 0;
}

static void finish_daypart(struct daypart *d)
{
    for (uint32_t k = 0; k < d->n_exceptions && d->exceptions; k++)
        free(d->exceptions[k].ranges);
    free(d->exceptions);
    free(d->ranges);
    free(d->id);
}

void load_finish(struct loader *l)
{
    struct ids *all[] = {&l->screens,   &l->nodes,          &l->groups, &l->tags,  &l->categories,
                         &l->calendars, &l->dayparts_by_id, &l->zones,  &l->items, &l->playlists,
                         &l->rules,     &l->campaigns,      &l->slots,  &l->quotas};

    for (size_t i = 0; i < QP_ARRAY_LEN(all); i++)
        ids_finish(all[i]);
    for (uint32_t i = 0; i < l->n_dayparts; i++)
        finish_daypart(&l->dayparts[i]);
    free(l->dayparts);
    free(l->locks);
    free(l->item_playlist);
    free(l->seen);
}

/* What the readers of single values say goes without a remedy where the text says it all; then it
 * is said once more as something to do. */
static char *remedy_of(const char *text)
{
    static const struct {
        const char *words, *remedy; /* ends with a space: what follows the words is part of it */
    } ways[] = {
        {" is not in ", "Write a number within "},
        {" is not one of: ", "Write one of these, as it stands there."},
        {"expected an ", "Write an "},
        {"expected a ", "Write a "},
        {"is an empty string", "Write at least one letter."},
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(ways); i++) {
        const char *at = strstr(text, ways[i].words), *remedy = ways[i].remedy;
        char *whole;

        if (!at)
            continue;
        if (remedy[strlen(remedy) - 1] != ' ')
            return strdup(remedy);
        at += strlen(ways[i].words);
        return asprintf(&whole, "%s%.*s.", remedy, (int)strcspn(at, ",;"), at) < 0 ? NULL : whole;
    }
    return strdup("Correct it as the text says.");
}

static void add_remedies(struct qp_report *report, size_t from)
{
    for (size_t i = from; i < report->n; i++) {
        struct qp_finding *f = &report->items[i];
        char *remedy = f->remedy[0] ? NULL : remedy_of(f->text);

        if (!remedy)
            continue;
        free(f->remedy);
        f->remedy = remedy;
    }
}

/* Takes json. */
static int read_model(struct model **ret, cJSON *json, const char *dir, struct qp_report *report,
                      struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct loader l = {.report = report ? report : &own, .dir = dir, .root = qp_node_root(json)};
    size_t before = l.report->n;
    int err;

    l.model = calloc(1, sizeof(*l.model));
    if (!l.model) {
        cJSON_Delete(json);
        return qp_diag_set(diag, -ENOMEM, "no memory for the schedule");
    }
    l.model->json = json;
    l.errors_before = l.report->n_errors;
    err = read_document(&l);
    if (err < 0)
        qp_report_add(l.report, QP_SEVERITY_ERROR, "", NULL, "no memory for the schedule");
    if (err == 0 && l.report->n_errors > l.errors_before)
        err = l.too_big ? -E2BIG : -EINVAL;
    add_remedies(l.report, before);
    if (err == -ENOMEM)
        (void)!qp_diag_set(diag, err,
                           "no memory for the schedule: end something else, or split it");
    else if (err < 0)
        (void)!qp_report_diag(l.report, diag);
    load_finish(&l);
    qp_report_finish(&own);
    if (err < 0) {
        model_destroy(l.model);
        return err;
    }
    *ret = l.model;
    return 0;
}

int model_parse(struct model **ret, const char *text, size_t len, const char *dir,
                struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    int err = qp_json_parse(&json, text, len, &limits, diag ? diag : &own);

    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", (diag ? diag : &own)->text);
        return err;
    }
    return read_model(ret, json, dir, report, diag);
}

int model_load(struct model **ret, const char *file, struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    char *copy;
    int err;

    if (!diag)
        diag = &own;
    err = qp_json_load(&json, file, &limits, diag);
    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", diag->text);
        return err;
    }
    copy = strdup(file);
    if (!copy) {
        cJSON_Delete(json);
        return qp_diag_set(diag, -ENOMEM, "%s: no memory", file);
    }
    err = read_model(ret, json, dirname(copy), report, diag);
    free(copy);
    return err < 0 ? qp_diag_prefix(diag, err, "%s", file) : 0;
}

/* --- ids of a model that is already there ---------------------------------------------------- */

static int put(struct ids *ids, const char *id, uint32_t i)
{
    int err = id ? ids_put(ids, id, i) : 0;

    return err == -EEXIST ? 0 : err;
}

static int index_content(struct loader *l)
{
    const struct model *m = l->model;
    int err = 0;

    l->item_playlist = load_array(m->n_items, sizeof(*l->item_playlist));
    if (!l->item_playlist)
        return -ENOMEM;
    memset(l->item_playlist, 0xff, (m->n_items + (size_t)1) * sizeof(*l->item_playlist)); /* NONE */
    for (uint32_t i = 0; i < m->n_items && err == 0; i++)
        err = put(&l->items, m->items[i].id, i);
    for (uint32_t i = 0; i < m->n_playlists && err == 0; i++) {
        const struct playlist *p = &m->playlists[i];

        err = put(&l->playlists, p->id, i);
        if (p->n_entries == 1 && p->entries[0].item != NONE && p->entries[0].condition == NONE &&
            p->entries[0].duration_ms == 0)
            l->item_playlist[p->entries[0].item] = i;
    }
    return err;
}

int load_index(struct loader *l)
{
    const struct model *m = l->model;
    int err = index_content(l);

    for (uint32_t i = 0; i < m->n_screens && err == 0; i++)
        err = put(&l->screens, m->screens[i].id, i);
    for (uint32_t i = 0; i < m->n_nodes && err == 0; i++)
        err = put(&l->nodes, m->nodes[i].id, i);
    for (uint32_t i = 0; i < m->n_groups && err == 0; i++)
        err = put(&l->groups, m->groups[i], i);
    for (uint32_t i = 0; i < m->n_tags && err == 0; i++)
        err = put(&l->tags, m->tags[i], i);
    for (uint32_t i = 0; i < m->n_rules && err == 0; i++)
        err = put(&l->rules, m->rules[i].id, i);
    for (uint32_t i = 0; i < m->n_campaigns && err == 0; i++)
        err = put(&l->campaigns, m->campaigns[i].id, i);
    return err;
}
