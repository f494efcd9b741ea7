/* SPDX-License-Identifier: Apache-2.0 */
/* timeline_mix.c - interrupts and slots by deficit, plays per hour, exact times. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/resolve_why.h"
#include "scheduler/timeline.h"

/* --- work space --------------------------------------------------------------------------------
 */

static const struct class *class_of(const struct timeline *tl)
{
    return &tl->schedule->classes[tl->schedule->class_of[tl->screen]];
}

/* One pass over counts that may be those of a whole city. */
static void find_counts(struct timeline *tl)
{
    const struct facts *f = tl->facts;

    for (uint32_t i = 0; i < f->n_counts; i++) {
        if (f->counts[i].screen != tl->screen || f->counts[i].rule >= tl->model->n_rules)
            continue;
        for (uint32_t k = 0; k < tl->n_mixes; k++)
            if (tl->mixes[k].rule == &tl->model->rules[f->counts[i].rule])
                tl->mixes[k].count = &f->counts[i];
    }
}

static int reserve(struct timeline *tl, uint32_t n)
{
    tl->mixes = calloc(n + (size_t)1, sizeof(*tl->mixes));
    tl->mix_of = calloc(n + (size_t)1, sizeof(*tl->mix_of));
    tl->active = calloc(n + (size_t)1, sizeof(*tl->active));
    return tl->mixes && tl->mix_of && tl->active ? 0 : -ENOMEM;
}

/* Entries of one rule stand in one group; a rule's first entry makes its mix. */
static void number_mixes(struct timeline *tl, uint32_t from, uint32_t to)
{
    const struct entry *entries = class_of(tl)->entries;

    for (uint32_t i = from; i < to; i++) {
        if (entries[i].repeats)
            continue;
        tl->mixes[tl->n_mixes].rule = &tl->model->rules[entries[i].rule];
        tl->mix_of[i - from] = tl->n_mixes++;
    }
    for (uint32_t i = from; i < to; i++) {
        uint32_t k = class_of(tl)->groups[entries[i].group].from;

        while (entries[i].repeats && (entries[k].repeats || entries[k].rule != entries[i].rule))
            k++;
        if (entries[i].repeats)
            tl->mix_of[i - from] = tl->mix_of[k - from];
    }
}

int timeline_mix_open(struct timeline *tl)
{
    const struct class *c = class_of(tl);
    uint32_t from = c->lane_from[LANE_MIX], to = c->lane_from[LANE_MIX + 1];
    size_t rings = 0;
    int64_t *ring;

    if (reserve(tl, to - from) < 0)
        return -ENOMEM;
    number_mixes(tl, from, to);
    for (uint32_t i = 0; i < tl->n_mixes; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): number_mixes() set it */
        rings += tl->mixes[i].rule->plays_per_hour;
    ring = tl->rings = calloc(rings + 1, sizeof(*tl->rings));
    if (!ring)
        return -ENOMEM;
    for (uint32_t i = 0; i < tl->n_mixes; i++) {
        struct mix *m = &tl->mixes[i];

        m->starts = ring;
        ring += m->rule->plays_per_hour;
        m->last_start_ms = INT64_MIN;
        timeline_pace(tl, m);
    }
    find_counts(tl);
    return 0;
}

void timeline_mix_close(struct timeline *tl)
{
    free(tl->mixes);
    free(tl->mix_of);
    free(tl->active);
    free(tl->rings);
    free(tl->events);
}

/* At midnight the starts are forgotten, too: what shows must not depend on yesterday. */
void timeline_mix_restart(struct timeline *tl)
{
    for (uint32_t i = 0; i < tl->n_mixes; i++) {
        struct mix *m = &tl->mixes[i];

        m->active = m->has_next = false;
        if (tl->now_ms != tl->midnight_ms)
            continue;
        m->n_starts = 0;
        m->last_start_ms = INT64_MIN;
    }
    tl->n_active = 0;
    tl->scaled = false;
    tl->mix_until_ms = INT64_MIN;
}

/* --- who mixes now -----------------------------------------------------------------------------
 */

static double length_of(struct timeline *tl, struct mix *m)
{
    if (m->has_next && !timeline_item_ok(tl, m->next.item))
        m->has_next = false;
    if (!m->has_next) {
        m->next = timeline_next(tl, &m->cursor, m->rule->playlist);
        m->has_next = m->next.item != NONE;
    }
    return m->has_next ? (double)m->next.len_ms : 0;
}

static double asked_share(struct timeline *tl, struct mix *m)
{
    const struct rule *r = m->rule;
    double len = length_of(tl, m), share;

    m->rate = 0;
    if (len <= 0)
        return 0;
    if (r->plays_per_hour) {
        m->rate =
            fmin((double)r->plays_per_hour / TIMELINE_HOUR_MS, fmin(m->pace, m->pace_ms / len));
        return m->rate * len;
    }
    share = r->slot != NONE ? tl->model->slots[r->slot].share : r->share;
    return fmin(share, fmin(m->pace * len, m->pace_ms));
}

/* What was due until now is kept, so that a changed share holds from now on only. */
static void settle(struct timeline *tl, struct mix *m)
{
    double per_ms = m->rule->plays_per_hour ? m->rate : m->share;

    m->target += per_ms * (double)(tl->now_ms - m->base_ms);
    m->base_ms = tl->now_ms;
}

static void join_mix(struct timeline *tl, uint32_t index)
{
    struct mix *m = &tl->mixes[index];

    tl->active[tl->n_active++] = index;
    if (m->active)
        return;
    m->active = true;
    m->target = m->delivered = 0;
    m->share = m->rate = 0;
    m->base_ms = tl->now_ms;
    m->has_next = false;
    m->cursor.places = 0;
}

/* Of the rules that fill one slot the best shows. Entries come in the order of rank, but for the
 * start and the id within a group. */
static bool is_beaten(struct timeline *tl, struct query *q, const struct class *c, uint32_t i,
                      const struct found *f)
{
    timeline_work(tl, c->lane_from[LANE_MIX + 1] - c->lane_from[LANE_MIX]);
    for (uint32_t k = c->lane_from[LANE_MIX]; k < c->lane_from[LANE_MIX + 1]; k++) {
        struct found other = {.rule = &q->model->rules[c->entries[k].rule],
                              .specificity = c->entries[k].specificity};
        struct occurrence o;

        if (k == i || other.rule == f->rule || other.rule->slot != f->rule->slot ||
            !query_entry(q, k, &o))
            continue;
        other.start_ms = o.start_ms;
        if (query_compare(&other, f) < 0)
            return true;
    }
    return false;
}

static void collect(struct timeline *tl, struct query *q)
{
    const struct class *c = q->class;
    uint32_t from = c->lane_from[LANE_MIX];

    timeline_work(tl, 16 * (uint64_t)(c->lane_from[LANE_MIX + 1] - from));
    for (uint32_t i = from; i < c->lane_from[LANE_MIX + 1]; i++) {
        struct found f = {.rule = &q->model->rules[c->entries[i].rule],
                          .specificity = c->entries[i].specificity};
        struct mix *m = &tl->mixes[tl->mix_of[i - from]];
        struct occurrence o;

        if (f.rule->n_at > 0 || m->fresh || !resolve_mixes(f.rule, tl->now.rule) ||
            tl->now.layer < LAYER_INTERRUPT || !query_entry(q, i, &o))
            continue;
        q->bound_ms = o.end_ms < q->bound_ms ? o.end_ms : q->bound_ms;
        f.start_ms = o.start_ms;
        if (f.rule->slot != NONE && is_beaten(tl, q, c, i, &f))
            continue;
        m->fresh = true;
    }
}

static void scale(struct timeline *tl)
{
    double sum = 0, by;

    for (uint32_t i = 0; i < tl->n_active; i++) {
        struct mix *m = &tl->mixes[tl->active[i]];

        m->share = asked_share(tl, m);
        sum += m->share;
    }
    tl->scaled = sum > 1 + 1e-9;
    by = sum > 1 ? 1 / sum : 1;
    for (uint32_t i = 0; i < tl->n_active; i++) {
        struct mix *m = &tl->mixes[tl->active[i]];

        m->share *= by;
        m->rate *= by;
    }
}

void timeline_mix_refresh(struct timeline *tl)
{
    uint32_t limit[LANE_N] = {0};
    struct query q;

    if (tl->n_mixes == 0 || tl->now_ms < tl->mix_until_ms)
        return;
    query_init(&q, tl->schedule, tl->now_ms, tl->screen, tl->facts);
    collect(tl, &q);
    limit[LANE_MIX] = q.class->lane_from[LANE_MIX + 1];
    query_next_start(&q, limit);
    tl->mix_until_ms = q.bound_ms > tl->now_ms ? q.bound_ms : FOREVER_MS;
    for (uint32_t i = 0; i < tl->n_active; i++)
        settle(tl, &tl->mixes[tl->active[i]]);
    tl->n_active = 0;
    for (uint32_t i = 0; i < tl->n_mixes; i++) {
        if (tl->mixes[i].fresh)
            join_mix(tl, i);
        else
            tl->mixes[i].active = false;
        tl->mixes[i].fresh = false;
    }
    scale(tl);
}

/* --- whose turn --------------------------------------------------------------------------------
 */

/* Starts in the hour up to t by the screen's own list, and by what was simulated after it. */
static uint64_t starts_known(const struct timeline *tl, const struct mix *m)
{
    const struct play_count *c = m->count;
    int64_t from = tl->now_ms - TIMELINE_HOUR_MS;
    uint64_t n = 0;

    for (uint32_t i = c->n_starts; i > 0 && c->starts[i - 1] > from; i--)
        n++;
    for (uint64_t i = 1; i <= m->n_starts && i <= m->rule->plays_per_hour; i++) {
        int64_t start = m->starts[(m->n_starts - i) % m->rule->plays_per_hour];

        n += start > c->last_start_ms && start > from;
    }
    return n;
}

/* Never more than n starts in an hour, nor two within the gap; by what was simulated and by what
 * the screen counted. Around midnight, where the simulation forgets, starts keep the even distance:
 * then no hour across midnight has more, either. */
static bool has_room(const struct timeline *tl, const struct mix *m)
{
    const struct rule *r = m->rule;
    int64_t t = tl->now_ms, even = r->plays_per_hour ? TIMELINE_HOUR_MS / r->plays_per_hour : 0;
    const struct play_count *c = m->count;
    uint64_t since = 0;

    if (m->last_start_ms != INT64_MIN && t - m->last_start_ms < r->min_gap_ms)
        return false;
    if (c && c->last_start_ms > 0 && c->last_start_ms <= t && t - c->last_start_ms < r->min_gap_ms)
        return false;
    if (r->plays_per_hour == 0)
        return true;
    if (tl->next_midnight_ms - t < TIMELINE_HOUR_MS &&
        (tl->next_midnight_ms - t < even ||
         (m->last_start_ms != INT64_MIN && t - m->last_start_ms < even)))
        return false;
    if (m->n_starts >= r->plays_per_hour &&
        t - m->starts[m->n_starts % r->plays_per_hour] < TIMELINE_HOUR_MS)
        return false;
    if (!c || c->last_start_ms <= 0 || c->last_start_ms > t ||
        t - c->last_start_ms >= TIMELINE_HOUR_MS)
        return true;
    if (c->starts)
        return starts_known(tl, m) < r->plays_per_hour;
    for (uint64_t i = 1; i <= m->n_starts && i <= r->plays_per_hour; i++)
        since += m->starts[(m->n_starts - i) % r->plays_per_hour] > c->last_start_ms;
    return c->plays_last_hour + since < r->plays_per_hour;
}

static double normal_longest(const struct timeline *tl)
{
    uint32_t playlist = tl->now.layer == LAYER_INTERRUPT ? NONE : tl->now.playlist;

    return playlist == NONE ? 0 : (double)tl->schedule->longest[playlist];
}

/* In ms. RATE: whole plays only, so that no hour gets one too many. */
static double deficit_of(const struct timeline *tl, const struct mix *m, bool *ret_due)
{
    double elapsed = (double)(tl->now_ms - m->base_ms), len = (double)m->next.len_ms, d;
    double normal;

    if (m->rule->plays_per_hour) {
        d = m->target + m->rate * elapsed - m->delivered;
        *ret_due = d >= 1 - 1e-9;
        return d * len;
    }
    d = m->target + m->share * elapsed - m->delivered;
    /* Half an item is due; or less, if one more item of the winner could make the share be off by
     * more than its own item and more than what passes during the longest such item. */
    normal = m->share * normal_longest(tl);
    *ret_due = d >= len / 2 - 1e-6 || d + normal > fmax(len, normal) + 1e-6;
    return d;
}

uint32_t timeline_mix_due(struct timeline *tl, bool any)
{
    uint32_t best = NONE;
    double most = 0;

    timeline_work(tl, 2 * (uint64_t)tl->n_active);
    for (uint32_t i = 0; i < tl->n_active; i++) {
        struct mix *m = &tl->mixes[tl->active[i]];
        bool due;
        double d;

        if (m->share <= 0 || length_of(tl, m) <= 0)
            continue;
        d = deficit_of(tl, m, &due);
        if ((!due && (!any || m->rule->plays_per_hour)) || (best != NONE && d <= most))
            continue;
        if (!has_room(tl, m) || !timeline_allowed(tl, m->next.item, m->next.len_ms))
            continue;
        best = tl->active[i];
        most = d;
    }
    return best;
}

struct pick timeline_mix_take(struct timeline *tl, uint32_t index)
{
    struct mix *m = &tl->mixes[index];

    if (length_of(tl, m) <= 0)
        return (struct pick){.item = NONE};
    m->has_next = false;
    return m->next;
}

void timeline_mix_shown(struct timeline *tl, uint32_t index, int64_t start_ms, int64_t end_ms)
{
    struct mix *m = &tl->mixes[index];
    uint32_t n = m->rule->plays_per_hour;

    m->delivered += n ? 1 : (double)(end_ms - start_ms);
    m->last_start_ms = start_ms;
    if (n)
        m->starts[m->n_starts++ % n] = start_ms;
    (void)tl;
}

/* --- exact times -------------------------------------------------------------------------------
 */

static int add_event(struct timeline *tl, int64_t at_ms, uint32_t mix)
{
    if (tl->n_events == tl->cap_events) {
        uint32_t cap = tl->cap_events ? tl->cap_events * 2 : 16;
        struct event *events = reallocarray(tl->events, cap, sizeof(*events));

        if (!events)
            return -ENOMEM;
        tl->events = events;
        tl->cap_events = cap;
    }
    tl->events[tl->n_events++] = (struct event){.at_ms = at_ms, .mix = mix};
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->mix < y->mix ? -1 : x->mix > y->mix;
}

int timeline_events(struct timeline *tl)
{
    int err = 0;

    tl->n_events = tl->next_event = 0;
    for (uint32_t i = 0; i < tl->n_mixes; i++) {
        const struct rule *r = tl->mixes[i].rule;

        for (uint32_t k = 0; k < r->n_at && err == 0; k++) {
            int64_t wall = (int64_t)tl->day * INDEX_DAY_S + r->at_s[k];
            struct tz_instants at = {wall, wall, false};

            if (class_of(tl)->zone)
                tz_instants(class_of(tl)->zone, wall, &at);
            err = add_event(tl, at.first_s * 1000, i);
        }
    }
    if (tl->n_events > 1)
        qsort(tl->events, tl->n_events, sizeof(*tl->events), by_time);
    return err;
}
