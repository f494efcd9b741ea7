/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - planned time per rule, campaign and quota: the timeline, added up by local hours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/plan.h"
#include "scheduler/schedule_index.h"

#define HOUR_MS INT64_C(3600000)

enum kind { KIND_RULE, KIND_CAMPAIGN, KIND_QUOTA, KIND_N };

struct sum {
    int64_t plays, ms, total_plays, total_ms;
    bool touched;
};

struct sums {
    struct sum *sums;
    uint32_t *touched;
    uint32_t n, n_touched;
};

struct plan {
    const struct model *model;
    schedule_on_plan on_cell;
    void *user;
    uint32_t screen;
    int64_t hour_ms, next_ms; /* the hour that is added up */
    struct sums kinds[KIND_N];
    bool stopped;
};

bool plan_quota_means(const struct model *m, const struct quota *q, uint32_t screen)
{
    for (uint32_t i = 0; i < q->n_targets; i++)
        if (model_specificity(m, &q->targets[i], screen) > 0)
            return true;
    return false;
}

bool plan_counts(const struct stretch *s)
{
    return s->item != NONE && s->layer >= LAYER_INTERRUPT;
}

/* Since local midnight by the clock on the wall. */
static int64_t time_of_day_ms(const struct tz *zone, int64_t ms)
{
    int64_t s = civil_floor_div(ms, 1000);
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};

    if (zone)
        tz_span(zone, s, &span);
    return civil_floor_mod(s + span.offset_s, CIVIL_DAY_S) * 1000 + civil_floor_mod(ms, 1000);
}

bool plan_in_band(const struct quota *q, const struct tz *zone, int64_t ms)
{
    int64_t tod = time_of_day_ms(zone, ms);

    return tod >= q->band_start_s * INT64_C(1000) && tod < q->band_end_s * INT64_C(1000);
}

int64_t plan_piece_end(const struct quota *q, const struct tz *zone, int64_t from_ms, int64_t to_ms)
{
    int64_t tod = time_of_day_ms(zone, from_ms), left = HOUR_MS - tod % HOUR_MS;
    const int64_t edges[] = {q->band_start_s * INT64_C(1000), q->band_end_s * INT64_C(1000)};

    for (int i = 0; i < 2; i++)
        if (edges[i] > tod && edges[i] - tod < left)
            left = edges[i] - tod;
    return from_ms + left < to_ms ? from_ms + left : to_ms;
}

/* --- hours -------------------------------------------------------------------------------------
 */

static void emit(struct plan *p, enum kind kind, uint32_t index)
{
    struct sum *s = &p->kinds[kind].sums[index];
    struct plan_cell cell = {.rule = kind == KIND_RULE ? index : NONE,
                             .campaign = kind == KIND_CAMPAIGN ? index : NONE,
                             .quota = kind == KIND_QUOTA ? index : NONE,
                             .screen = p->screen,
                             .hour_ms = p->hour_ms,
                             .plays = s->plays,
                             .ms = s->ms,
                             .total_plays = s->total_plays,
                             .total_ms = s->total_ms};

    *s = (struct sum){.plays = 0};
    if (!p->stopped)
        p->stopped = !p->on_cell(p->user, &cell);
}

static void end_hour(struct plan *p)
{
    for (int kind = 0; kind < KIND_N; kind++) {
        struct sums *s = &p->kinds[kind];

        for (uint32_t i = 0; i < s->n_touched; i++)
            emit(p, (enum kind)kind, s->touched[i]);
        s->n_touched = 0;
    }
}

static void begin_hour(struct plan *p, int64_t at_ms)
{
    const struct tz *zone = p->model->screens[p->screen].zone;
    int64_t s = civil_floor_div(at_ms, 1000);
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};

    if (zone)
        tz_span(zone, s, &span);
    p->hour_ms = (civil_floor_div(s + span.offset_s, 3600) * 3600 - span.offset_s) * 1000;
    p->next_ms = p->hour_ms + 3600000;
}

static struct sum *touch(struct plan *p, enum kind kind, uint32_t index)
{
    struct sums *s = &p->kinds[kind];

    if (!s->sums[index].touched) {
        s->sums[index].touched = true;
        s->touched[s->n_touched++] = index;
    }
    return &s->sums[index];
}

/* --- stretches ---------------------------------------------------------------------------------
 */

static void add_quota(struct plan *p, uint32_t index, const struct stretch *s, int64_t from,
                      int64_t to)
{
    const struct quota *q = &p->model->quotas[index];
    uint32_t category = p->model->items[s->item].category;
    bool counts = q->denominator == NONE || q->denominator == category;
    int64_t plays = from == s->start_ms && s->offset_ms == 0;
    struct sum *sum = touch(p, KIND_QUOTA, index);

    if (counts) {
        sum->total_ms += to - from;
        sum->total_plays += plays;
    }
    if (q->numerator == category) {
        sum->ms += to - from;
        sum->plays += plays;
    }
}

static void add_quotas(struct plan *p, const struct stretch *s, int64_t from, int64_t to)
{
    const struct model *m = p->model;
    const struct tz *zone = m->screens[p->screen].zone;
    uint32_t category = s->item == NONE ? NONE : m->items[s->item].category;

    for (uint32_t i = 0; i < m->n_quotas && plan_counts(s); i++) {
        const struct quota *q = &m->quotas[i];
        bool counts = q->denominator == NONE || q->denominator == category;

        if ((!counts && q->numerator != category) || !plan_quota_means(m, q, p->screen))
            continue;
        for (int64_t at = from, end; at < to; at = end) {
            end = plan_piece_end(q, zone, at, to);
            if (plan_in_band(q, zone, at))
                add_quota(p, i, s, at, end);
        }
    }
}

static void add(struct plan *p, const struct stretch *s, int64_t from, int64_t to)
{
    const struct model *m = p->model;
    int64_t plays = s->item != NONE && from == s->start_ms && s->offset_ms == 0;
    bool known = s->rule >= m->rules && s->rule < m->rules + m->n_rules;
    struct sum *sum;

    if (known) {
        sum = touch(p, KIND_RULE, (uint32_t)(s->rule - m->rules));
        sum->ms += to - from;
        sum->plays += plays;
    }
    if (known && s->rule->campaign != NONE) {
        sum = touch(p, KIND_CAMPAIGN, s->rule->campaign);
        sum->ms += to - from;
        sum->plays += plays;
    }
    add_quotas(p, s, from, to);
}

static bool on_stretch(void *user, const struct stretch *s)
{
    struct plan *p = user;

    for (int64_t from = s->start_ms; from < s->end_ms;) {
        int64_t to = s->end_ms;

        if (from >= p->next_ms) {
            end_hour(p);
            begin_hour(p, from);
        }
        to = p->next_ms < to ? p->next_ms : to;
        add(p, s, from, to);
        from = to;
    }
    return !p->stopped;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static int reserve(struct plan *p)
{
    const uint32_t n[KIND_N] = {p->model->n_rules, p->model->n_campaigns, p->model->n_quotas};

    for (int i = 0; i < KIND_N; i++) {
        p->kinds[i].sums = calloc(n[i] + (size_t)1, sizeof(*p->kinds[i].sums));
        p->kinds[i].touched = calloc(n[i] + (size_t)1, sizeof(*p->kinds[i].touched));
        if (!p->kinds[i].sums || !p->kinds[i].touched)
            return -ENOMEM;
    }
    return 0;
}

int schedule_plan(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                  const struct facts *facts, schedule_on_plan on_cell, void *user)
{
    struct plan p = {.model = schedule->model, .on_cell = on_cell, .user = user};
    int err = reserve(&p);

    for (uint32_t i = 0; i < p.model->n_screens && err == 0 && !p.stopped; i++) {
        p.screen = i;
        p.next_ms = INT64_MIN;
        err = schedule_timeline(schedule, from_ms, to_ms, i, facts, on_stretch, &p);
        if (err == 0)
            end_hour(&p);
    }
    for (int i = 0; i < KIND_N; i++) {
        free(p.kinds[i].sums);
        free(p.kinds[i].touched);
    }
    return err < 0 ? err : p.stopped ? 1 : 0;
}
