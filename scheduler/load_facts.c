/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/load_facts.h"

#include <stdlib.h>
#include <string.h>

#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define COUNTS_MAX 1000000u
#define COUNT_MAX  INT64_C(1000000000000)

static const struct qp_json_limits limits = {(size_t)64 << 20, 32, 8 * 1000 * 1000};

static int add_rule(struct load_facts *f, struct rule *rule)
{
    if (load_grow(&f->alerts, f->n_alerts, sizeof(*rule)) < 0)
        return -ENOMEM;
    f->alerts[f->n_alerts++] = *rule;
    *rule = load_empty_rule();
    return 0;
}

/* From the moment that it is known until it is taken back: that needs no clock. */
static bool is_unbounded(const struct window *w)
{
    return w->once_start_ms == INSTANT_MIN && w->once_end_ms == INSTANT_MAX;
}

static int add_alert(void *user, struct load_alert *a)
{
    struct load_facts *f = user;
    bool always = is_unbounded(&a->window);
    int err = 0;

    if (load_grow(&f->windows, f->n_windows, sizeof(a->window)) < 0)
        return -ENOMEM;
    f->windows[f->n_windows] = a->window;
    a->window = (struct window){.calendar = NONE};
    for (uint32_t i = 0; i < a->n && err == 0; i++) {
        a->rules[i].window = always ? NONE : f->n_windows;
        err = add_rule(f, &a->rules[i]);
    }
    f->n_windows++;
    return err;
}

static void read_number(struct loader *l, const struct qp_node *node, const char *member,
                        int64_t max, int64_t *ret)
{
    struct qp_node at = qp_node_member(node, member);

    if (at.json)
        (void)qp_node_i64(&at, 0, max, ret, l->report);
}

static void read_count(struct loader *l, const struct qp_node *node, struct play_count *c)
{
    struct qp_node screen = qp_node_member(node, "screen");
    int64_t plays = 0, last_hour = 0;

    if (!load_object(l, "facts.counts[]", node))
        return;
    c->rule = load_opt_ref(l, node, "rule", &l->rules, "rule");
    c->campaign = load_opt_ref(l, node, "campaign", &l->campaigns, "campaign");
    c->screen = load_ref(l, &screen, &l->screens, "screen");
    if (!qp_node_member(node, "rule").json && !qp_node_member(node, "campaign").json)
        qp_node_error(node, l->report, "Write rule or campaign.", "says not what was counted");
    read_number(l, node, "plays", COUNT_MAX, &plays);
    read_number(l, node, "seconds", COUNT_MAX, &c->seconds);
    read_number(l, node, "plays_last_hour", 1000000, &last_hour);
    load_when(l, node, "last_start", false, &c->last_start_ms);
    load_when(l, node, "counted_until", false, &c->at_ms);
    c->plays = (uint64_t)plays;
    c->plays_last_hour = (uint32_t)last_hour;
}

static int read_counts(struct loader *l, struct load_facts *f)
{
    struct qp_node list = qp_node_member(&l->root, "counts");
    const cJSON *element;
    uint32_t n;

    if (!load_list(l, &list, COUNTS_MAX, &n))
        return 0;
    f->counts = load_array(n, sizeof(*f->counts));
    if (!f->counts)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, f->n_counts);

        read_count(l, &at, &f->counts[f->n_counts++]);
    }
    return 0;
}

static int read_missing(struct loader *l, struct load_facts *f)
{
    struct qp_node list = qp_node_member(&l->root, "missing_items");
    const cJSON *element;
    uint32_t n, item;
    size_t i = 0;

    if (!load_list(l, &list, COUNTS_MAX, &n))
        return 0;
    f->missing = load_array(l->model->n_items / 8, 1);
    if (!f->missing)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);

        item = load_ref(l, &at, &l->items, "item");
        if (item != NONE)
            f->missing[item / 8] |= (uint8_t)(1 << item % 8);
    }
    return 0;
}

static int read_facts(struct loader *l, struct load_facts *f)
{
    int err;

    f->facts.held_rule = NONE;
    if (!load_object(l, "facts", &l->root))
        return 0;
    err = load_index(l);
    load_bool(l, &l->root, "clock_untrusted", &f->facts.clock_untrusted);
    if (err == 0) {
        f->facts.held_rule = load_opt_ref(l, &l->root, "held_rule", &l->rules, "rule");
        err = load_each_alert(l, add_alert, f);
    }
    if (err == 0)
        err = read_counts(l, f);
    return err == 0 ? read_missing(l, f) : err;
}

static void set_pointers(struct load_facts *f)
{
    f->facts.alerts = f->alerts;
    f->facts.alert_windows = f->windows;
    f->facts.n_alerts = f->n_alerts;
    f->facts.counts = f->counts;
    f->facts.n_counts = f->n_counts;
    f->facts.missing_items = f->missing;
}

/* Takes json. The loader gets a copy of the model's head: it may add to a document but must not
 * here, which is why instants have the document's zone and items their playlists already. */
static int read_document(struct load_facts *ret, const struct model *model, cJSON *json,
                         struct qp_report *report, struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct model head = *model;
    struct loader l = {.model = &head, .report = report ? report : &own, .frozen = true};
    struct load_facts f = {.facts = {.held_rule = NONE}};
    const cJSON *zone = cJSON_GetObjectItemCaseSensitive(model->json, "zone");
    int err;

    l.root = qp_node_root(json);
    l.errors_before = l.report->n_errors;
    for (uint32_t i = 0; i < model->n_zones && cJSON_IsString(zone); i++)
        if (strcmp(model->zone_names[i], zone->valuestring) == 0)
            l.zone = model->zones[i];
    err = read_facts(&l, &f);
    if (err < 0)
        qp_report_add(l.report, QP_SEVERITY_ERROR, "", NULL, "no memory for the facts");
    if (err == 0 && l.report->n_errors > l.errors_before)
        err = l.too_big ? -E2BIG : -EINVAL;
    if (err == -ENOMEM)
        (void)!qp_diag_set(diag, err, "no memory for the facts: end something else");
    else if (err < 0)
        (void)!qp_report_diag(l.report, diag);
    load_finish(&l);
    qp_report_finish(&own);
    cJSON_Delete(json);
    if (err < 0) {
        load_facts_finish(&f);
        return err;
    }
    *ret = f;
    set_pointers(ret);
    return 0;
}

int load_facts_parse(struct load_facts *ret, const struct model *model, const char *text,
                     size_t len, struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    int err;

    *ret = (struct load_facts){.facts = {.held_rule = NONE}};
    err = qp_json_parse(&json, text, len, &limits, diag ? diag : &own);
    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", (diag ? diag : &own)->text);
        return err;
    }
    return read_document(ret, model, json, report, diag);
}

int load_facts(struct load_facts *ret, const struct model *model, const char *file,
               struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    int err;

    *ret = (struct load_facts){.facts = {.held_rule = NONE}};
    if (!diag)
        diag = &own;
    err = qp_json_load(&json, file, &limits, diag);
    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", diag->text);
        return err;
    }
    err = read_document(ret, model, json, report, diag);
    return err < 0 ? qp_diag_prefix(diag, err, "%s", file) : 0;
}

void load_facts_finish(struct load_facts *f)
{
    for (uint32_t i = 0; i < f->n_alerts; i++)
        load_rule_finish(&f->alerts[i]);
    for (uint32_t i = 0; i < f->n_windows; i++)
        load_window_finish(&f->windows[i]);
    free(f->alerts);
    free(f->windows);
    free(f->counts);
    free(f->missing);
    *f = (struct load_facts){.facts = {.held_rule = NONE}};
}
