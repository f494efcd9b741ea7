/* SPDX-License-Identifier: Apache-2.0 */
/* load_goal.c - campaigns, slots, quotas, separation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define CAMPAIGNS_MAX   100000u
#define SLOTS_MAX       1000u /* of a node */
#define QUOTAS_MAX      10000u
#define SEPARATIONS_MAX 10000u
#define GOAL_MAX        INT64_C(1000000000000)

/* --- campaigns ------------------------------------------------------------------------------- */

static void read_goal(struct loader *l, const struct qp_node *node, const char *member,
                      int64_t *ret)
{
    struct qp_node at = qp_node_member(node, member);

    if (at.json)
        (void)qp_node_i64(&at, 1, GOAL_MAX, ret, l->report);
}

static int read_campaign(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct campaign *c = &l->model->campaigns[index];
    struct qp_node first = qp_node_member(node, "first_day");
    struct qp_node last = qp_node_member(node, "last_day");
    size_t before = l->report->n;
    int err;

    if (!load_object(l, "campaigns[]", node))
        return 0;
    err = load_id(l, node, &l->campaigns, index, "campaign", &c->id);
    if (!first.json)
        qp_node_error(&first, l->report, "Write the first day.", "is missing");
    if (!last.json)
        qp_node_error(&last, l->report, "Write the last day.", "is missing");
    load_date(l, node, "first_day", &c->first_day);
    load_date(l, node, "last_day", &c->last_day);
    if (first.json && last.json && c->last_day < c->first_day)
        qp_node_error(&last, l->report, "Swap the two dates.", "is before first_day");
    read_goal(l, node, "plays", &c->plays);
    read_goal(l, node, "seconds", &c->seconds);
    if (!qp_node_member(node, "plays").json && !qp_node_member(node, "seconds").json)
        qp_node_error(node, l->report, "Write plays or seconds.", "has no goal");
    load_bool(l, node, "per_screen", &c->per_screen);
    load_label(l, before, "campaign", c->id);
    return err;
}

int load_campaigns(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "campaigns");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err = 0;

    if (!load_list(l, &list, CAMPAIGNS_MAX, &n))
        return 0;
    m->campaigns = load_array(n, sizeof(*m->campaigns));
    if (!m->campaigns)
        return -ENOMEM;
    m->n_campaigns = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_campaign(l, &node, i++);
    }
    return err;
}

/* --- slots ----------------------------------------------------------------------------------- */

static int read_categories(struct loader *l, const struct qp_node *list, struct slot *s)
{
    const cJSON *element;
    uint32_t n;
    size_t i = 0;

    if (!load_list(l, list, 10000, &n))
        return 0;
    if (n == 0)
        qp_node_error(list, l->report, "Name a category, or leave the member out.", "is empty");
    s->categories = load_array(n, sizeof(*s->categories));
    if (!s->categories)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node at = qp_node_at(list, element, i++);

        s->categories[s->n_categories++] = load_ref(l, &at, &l->categories, "category");
    }
    return 0;
}

static int read_slot(struct loader *l, const struct qp_node *node, uint32_t owner, double *sum)
{
    struct model *m = l->model;
    struct qp_node share = qp_node_member(node, "share_percent");
    struct qp_node categories = qp_node_member(node, "categories");
    size_t before = l->report->n;
    struct slot *s;
    int err;

    if (!load_object(l, "nodes[].slots[]", node))
        return 0;
    if (load_grow(&m->slots, m->n_slots, sizeof(*s)) < 0)
        return -ENOMEM;
    s = &m->slots[m->n_slots];
    *s = (struct slot){.node = owner};
    err = load_id(l, node, &l->slots, m->n_slots++, "slot", &s->id);
    if (!share.json)
        qp_node_error(&share, l->report, "Say which part of the time it has.", "is missing");
    load_percent(l, node, "share_percent", 0.01, &s->share);
    *sum += s->share;
    if (*sum > 1 + 1e-9)
        qp_node_error(&share, l->report, "Lower the shares of the node's slots.",
                      "the slots of this node sum up to %.4g %%", *sum * 100);
    if (err == 0)
        err = read_categories(l, &categories, s);
    load_label(l, before, "slot", s->id);
    return err;
}

int load_slots(struct loader *l, const struct qp_node *node, uint32_t owner)
{
    struct qp_node list = qp_node_member(node, "slots");
    const cJSON *element;
    double sum = 0;
    uint32_t n;
    size_t i = 0;
    int err = 0;

    if (!load_list(l, &list, SLOTS_MAX, &n))
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);

        if (err == 0)
            err = read_slot(l, &at, owner, &sum);
    }
    return err;
}

/* --- quotas ---------------------------------------------------------------------------------- */

static const char *const measure_names[] = {"seconds", "plays"};
static const char *const period_names[] = {"hour", "day", "quarter", "year"};
static const char *const action_names[] = {"warn", "block", "autofill"};

static void read_band(struct loader *l, const struct qp_node *node, struct quota *q)
{
    struct day_range range = {{EDGE_CLOCK, 0}, {EDGE_CLOCK, 86400}};
    const char *text, *why = NULL;
    char shown[160];

    if (node->json) {
        if (qp_node_str(node, 64, &text, l->report) < 0)
            return;
        why = load_range(text, &range);
        if (!why && (range.start.kind != EDGE_CLOCK || range.end.kind != EDGE_CLOCK))
            why = "is not between two times of the clock";
        if (!why && range.end.s <= range.start.s)
            why = "does not end later on the same day";
        if (why)
            qp_node_error(node, l->report, "Write a range like 06:00-24:00.", "\"%s\" %s",
                          qp_text_escape(shown, sizeof(shown), text), why);
    }
    q->band_start_s = range.start.s;
    q->band_end_s = range.end.s;
}

static void check_quota(struct loader *l, const struct qp_node *node, const struct quota *q)
{
    struct qp_node min = qp_node_member(node, "min_percent");
    struct qp_node max = qp_node_member(node, "max_percent");
    struct qp_node filler = qp_node_member(node, "filler");

    if (!min.json && !max.json)
        qp_node_error(node, l->report, "Write min_percent or max_percent.", "limits nothing");
    if (!isnan(q->min) && !isnan(q->max) && q->max < q->min)
        qp_node_error(&max, l->report, "Swap the two.", "is less than min_percent");
    if (filler.json && q->action != QUOTA_AUTOFILL)
        qp_node_error(&filler, l->report, "Set action to autofill.", "goes with autofill only");
    if (q->action == QUOTA_AUTOFILL && !filler.json)
        qp_node_error(&filler, l->report, "Name the playlist that fills.", "is missing");
    if (q->action == QUOTA_AUTOFILL && !min.json)
        qp_node_error(&min, l->report, "Say how much is to be filled up to.", "is missing");
}

static int read_quota(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct quota *q = &l->model->quotas[index];
    struct qp_node targets = qp_node_member(node, "targets"), band = qp_node_member(node, "band");
    struct qp_node category = qp_node_member(node, "category");
    unsigned measure = 0, period = QUOTA_DAY, action = 0;
    size_t before = l->report->n;
    int err;

    q->min = q->max = NAN;
    if (!load_object(l, "quotas[]", node))
        return 0;
    err = load_id(l, node, &l->quotas, index, "quota", &q->id);
    q->numerator = load_ref(l, &category, &l->categories, "category");
    q->denominator = load_opt_ref(l, node, "of", &l->categories, "category");
    load_enum(l, node, "measure", measure_names, QP_ARRAY_LEN(measure_names), &measure);
    load_enum(l, node, "period", period_names, QP_ARRAY_LEN(period_names), &period);
    load_enum(l, node, "action", action_names, QP_ARRAY_LEN(action_names), &action);
    q->measure = (enum quota_measure)measure;
    q->period = (enum quota_period)period;
    q->action = (enum quota_action)action;
    read_band(l, &band, q);
    load_percent(l, node, "min_percent", 0, &q->min);
    load_percent(l, node, "max_percent", 0, &q->max);
    q->filler = load_opt_ref(l, node, "filler", &l->playlists, "playlist");
    check_quota(l, node, q);
    if (err == 0)
        err = load_targets(l, &targets, NONE, &q->targets, &q->n_targets);
    load_label(l, before, "quota", q->id);
    return err;
}

int load_quotas(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "quotas");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err = 0;

    if (!load_list(l, &list, QUOTAS_MAX, &n))
        return 0;
    m->quotas = load_array(n, sizeof(*m->quotas));
    if (!m->quotas)
        return -ENOMEM;
    m->n_quotas = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_quota(l, &node, i++);
    }
    return err;
}

/* --- separation ------------------------------------------------------------------------------ */

static void read_separation(struct loader *l, const struct qp_node *node, struct separation *s)
{
    static const char *const by_names[] = {"advertiser", "category"};
    struct qp_node by = qp_node_member(node, "by"), gap = qp_node_member(node, "gap_s");
    struct qp_node category = qp_node_member(node, "category");
    unsigned which = 0;

    s->category = NONE;
    if (!load_object(l, "separation[]", node))
        return;
    if (qp_node_enum(&by, by_names, 2, &which, l->report) == 0) {
        if (which == 1)
            s->category = load_ref(l, &category, &l->categories, "category");
        else if (category.json)
            qp_node_error(&category, l->report, "Set by to category.", "goes with category only");
    }
    if (!gap.json)
        qp_node_error(&gap, l->report, "Say how many seconds lie between.", "is missing");
    load_ms(l, node, "gap_s", 86400, &s->gap_ms);
}

int load_separations(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "separation");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n;

    if (!load_list(l, &list, SEPARATIONS_MAX, &n))
        return 0;
    m->separations = load_array(n, sizeof(*m->separations));
    if (!m->separations)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, m->n_separations);

        read_separation(l, &node, &m->separations[m->n_separations++]);
    }
    return 0;
}
