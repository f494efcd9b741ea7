/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_why.c - every rule that applies, and why it shows or not. */
#include "scheduler/resolve_why.h"

#include <string.h>

struct list {
    struct query *q;
    const struct found *lanes;
    struct resolution *ret;
    size_t from; /* of the group that is being listed */
};

bool resolve_mixes(const struct rule *mix, const struct rule *winner)
{
    if (!winner || winner == mix || winner->layer == LAYER_INTERRUPT)
        return true;
    if (winner->layer < LAYER_INTERRUPT)
        return false;
    if (winner->mandatory)
        return mix->mandatory && (mix->any_priority || mix->priority >= winner->priority);
    return mix->any_priority || mix->mandatory || mix->slot != NONE ||
           winner->layer == LAYER_DEFAULT || mix->priority >= winner->priority;
}

/* --- the order within a group ---------------------------------------------------------------- */

static bool is_worse(const struct applicable *a, const struct applicable *b)
{
    struct found x = {.rule = a->rule, .specificity = a->specificity, .start_ms = a->start_ms};
    struct found y = {.rule = b->rule, .specificity = b->specificity, .start_ms = b->start_ms};

    return query_compare(&x, &y) > 0;
}

static void swap(struct applicable *a, struct applicable *b)
{
    struct applicable t = *a;

    *a = *b;
    *b = t;
}

/* A heap with the worst on top. */
static void sift(struct applicable *heap, size_t n, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < n && is_worse(&heap[child + 1], &heap[child]))
            child++;
        if (child >= n || !is_worse(&heap[child], &heap[i]))
            return;
        swap(&heap[child], &heap[i]);
        i = child;
    }
}

static void make_heap(struct applicable *heap, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(heap, n, i);
}

static void add(struct list *l, const struct applicable *a)
{
    struct resolution *r = l->ret;
    size_t n;

    if (r->n_applicable++ < r->applicable_cap) {
        r->applicable[r->n_applicable - 1] = *a;
        if (r->n_applicable == r->applicable_cap)
            make_heap(r->applicable + l->from, r->n_applicable - l->from);
        return;
    }
    if (l->from >= r->applicable_cap)
        return;
    n = r->applicable_cap - l->from;
    if (is_worse(&r->applicable[l->from], a)) {
        r->applicable[l->from] = *a;
        sift(r->applicable + l->from, n, 0);
    }
}

static void end_group(struct list *l)
{
    struct resolution *r = l->ret;
    size_t to = r->n_applicable < r->applicable_cap ? r->n_applicable : r->applicable_cap;

    if (to > l->from) {
        struct applicable *heap = r->applicable + l->from;

        make_heap(heap, to - l->from);
        for (size_t n = to - l->from; n > 1;) {
            swap(&heap[0], &heap[--n]);
            sift(heap, n, 0);
        }
    }
    l->from = r->n_applicable;
}

/* --- verdicts ------------------------------------------------------------------------------------
 */

/* The best rule that fills the same slot now. */
static const struct rule *slot_winner(struct list *l, const struct found *mix, struct found *ret)
{
    const struct class *c = l->q->class;

    *ret = *mix;
    for (uint32_t i = c->lane_from[LANE_MIX]; i < c->lane_from[LANE_MIX + 1]; i++) {
        const struct entry *e = &c->entries[i];
        struct found f = {.rule = &l->q->model->rules[e->rule], .specificity = e->specificity};
        struct occurrence o;

        if (f.rule->slot != mix->rule->slot || !query_entry(l->q, i, &o))
            continue;
        f.start_ms = o.start_ms;
        if (query_compare(&f, ret) < 0)
            *ret = f;
    }
    return ret->rule;
}

static enum verdict verdict_of_mix(struct list *l, const struct found *f)
{
    const struct rule *winner = l->lanes[LANE_CONTENT].rule;
    struct found best;

    if (winner == f->rule)
        return VERDICT_WINS;
    if (!resolve_mixes(f->rule, winner))
        return winner->layer < LAYER_INTERRUPT ? VERDICT_LOWER_LAYER : VERDICT_LOWER_PRIORITY;
    if (f->rule->slot != NONE && slot_winner(l, f, &best) != f->rule)
        return query_verdict(f, &best);
    return VERDICT_MIXES;
}

static bool wins_display(const struct list *l, const struct rule *r)
{
    return l->lanes[LANE_POWER].rule == r || l->lanes[LANE_BRIGHTNESS].rule == r ||
           l->lanes[LANE_VOLUME].rule == r;
}

static enum verdict verdict_of(struct list *l, enum lane lane, const struct found *f)
{
    const struct rule *r = f->rule;

    if (r->axis == AXIS_CONTENT && r->layer != LAYER_BLACKOUT &&
        (r->playlist == NONE || !query_playable(l->q, r->playlist, NULL)))
        return VERDICT_NOT_PLAYABLE;
    if (lane == LANE_MIX)
        return verdict_of_mix(l, f);
    if (l->lanes[lane].rule == r || (r->axis == AXIS_DISPLAY && wins_display(l, r)))
        return VERDICT_WINS;
    return l->lanes[lane].rule ? query_verdict(f, &l->lanes[lane]) : VERDICT_LOWER_LAYER;
}

/* --- the list ------------------------------------------------------------------------------------
 */

static void list_rule(struct list *l, enum lane lane, const struct rule *rule,
                      const struct window *windows, uint32_t specificity)
{
    struct found f = {.rule = rule, .windows = windows, .specificity = specificity};
    struct occurrence o;

    if (!query_rule(l->q, rule, windows, &o, NULL))
        return;
    f.start_ms = o.start_ms;
    f.end_ms = o.end_ms;
    add(l, &(struct applicable){rule, verdict_of(l, lane, &f), specificity, o.start_ms, o.end_ms});
}

static bool is_in_another_lane(const struct rule *r, enum lane lane)
{
    return r->axis == AXIS_DISPLAY &&
           ((lane > LANE_POWER && r->power >= 0) ||
            (lane > LANE_BRIGHTNESS && (r->brightness >= 0 || r->nits >= 0)));
}

static void list_group(struct list *l, enum lane lane, const struct group *g)
{
    const struct class *c = l->q->class;
    const struct model *m = l->q->model;

    for (uint32_t i = g->from; i < g->to; i++) {
        const struct rule *r = &m->rules[c->entries[i].rule];

        if (!is_in_another_lane(r, lane) && !c->entries[i].repeats)

            list_rule(l, lane, r, m->windows, c->entries[i].specificity);
    }
    end_group(l);
}

static void list_alerts(struct list *l, enum axis axis)
{
    const struct facts *f = l->q->facts;

    for (uint32_t i = 0; i < f->n_alerts; i++) {
        const struct rule *r = &f->alerts[i];
        uint32_t specificity = schedule_specificity(l->q->model, r, l->q->screen);
        enum lane lane = axis == AXIS_CONTENT   ? schedule_is_mix(r) ? LANE_MIX : LANE_CONTENT
                         : axis == AXIS_OVERLAY ? LANE_OVERLAY
                                                : LANE_POWER;

        if (r->axis == axis && specificity > 0)
            list_rule(l, lane, r, f->alert_windows, specificity);
    }
    end_group(l);
}

static void list_lane(struct list *l, enum lane lane)
{
    const struct class *c = l->q->class;

    if (lane == LANE_CONTENT)
        list_alerts(l, AXIS_CONTENT);
    if (lane == LANE_OVERLAY)
        list_alerts(l, AXIS_OVERLAY);
    if (lane == LANE_POWER)
        list_alerts(l, AXIS_DISPLAY);
    for (uint32_t i = c->lane_from[lane]; i < c->lane_from[lane + 1];
         i = c->groups[c->entries[i].group].to)
        list_group(l, lane, &c->groups[c->entries[i].group]);
}

static void sum_shares(struct list *l)
{
    const struct resolution *r = l->ret;
    const struct model *m = l->q->model;
    size_t n = r->n_applicable < r->applicable_cap ? r->n_applicable : r->applicable_cap;

    for (size_t i = 0; i < n; i++) {
        const struct rule *rule = r->applicable[i].rule;

        if (!schedule_is_mix(rule) ||
            (r->applicable[i].verdict != VERDICT_MIXES && r->applicable[i].verdict != VERDICT_WINS))
            continue;
        l->ret->share_sum += rule->slot != NONE ? m->slots[rule->slot].share : rule->share;
    }
}

void resolve_why(struct query *q, const struct found lanes[LANE_N], struct resolution *ret)
{
    struct list l = {.q = q, .lanes = lanes, .ret = ret};

    for (int lane = 0; lane < LANE_N; lane++)
        list_lane(&l, (enum lane)lane);
    sum_shares(&l);
}
