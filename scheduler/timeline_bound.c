/* SPDX-License-Identifier: Apache-2.0 */
/* timeline_bound.c - what may not follow, what must be filled up, and how fast campaigns go. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/civil.h"
#include "scheduler/timeline.h"

#define PACE_MOST  4.0  /* a campaign that is far behind is not let loose on everybody else */
#define PACE_AHEAD 0.05 /* so far ahead it rests */

/* --- separation --------------------------------------------------------------------------------
 */

static bool is_free(const struct timeline *tl, int64_t end_ms, int64_t gap_ms)
{
    return end_ms == INT64_MIN || tl->now_ms - end_ms >= gap_ms;
}

static bool is_separate(const struct timeline *tl, uint32_t item)
{
    const struct model *m = tl->model;

    for (uint32_t i = 0; i < m->n_separations; i++) {
        const struct separation *s = &m->separations[i];
        uint32_t advertiser = tl->schedule->advertiser[item];

        if (s->category != NONE && s->category == m->items[item].category &&
            !is_free(tl, tl->category_end_ms[i], s->gap_ms))
            return false;
        if (s->category == NONE && advertiser != NONE &&
            !is_free(tl, tl->advertiser_end_ms[advertiser], s->gap_ms))
            return false;
    }
    return true;
}

static void count_separation(struct timeline *tl, uint32_t item, int64_t end_ms)
{
    const struct model *m = tl->model;
    uint32_t advertiser = tl->schedule->advertiser[item];

    for (uint32_t i = 0; i < m->n_separations; i++)
        if (m->separations[i].category == m->items[item].category)
            tl->category_end_ms[i] = end_ms;
    if (tl->by_advertiser && advertiser != NONE)
        tl->advertiser_end_ms[advertiser] = end_ms;
}

/* --- quotas ------------------------------------------------------------------------------------
 */

/* A day's quota goes on through all changes of the winner, up to local midnight, where every
 * machine may join; an hour's begins anew with the hour. */
static void begin_hour(struct quota_state *s, int64_t now_ms)
{
    if (now_ms < s->hour_end_ms)
        return;
    s->numerator = s->denominator = 0;
    s->hour_end_ms +=
        (now_ms - s->hour_end_ms) / TIMELINE_HOUR_MS * TIMELINE_HOUR_MS + TIMELINE_HOUR_MS;
}

static bool is_in_band(const struct quota_state *s, int64_t ms)
{
    return ms >= s->band_from_ms && ms < s->band_to_ms;
}

static bool is_of(const struct quota *q, uint32_t category)
{
    return q->denominator == NONE || q->denominator == category;
}

static double measure(const struct quota *q, int64_t len_ms)
{
    return q->measure == QUOTA_PLAYS ? 1 : (double)len_ms;
}

static bool keeps_maximum(struct timeline *tl, uint32_t item, int64_t len_ms)
{
    uint32_t category = tl->model->items[item].category;

    for (uint32_t i = 0; i < tl->n_quotas; i++) {
        struct quota_state *s = &tl->quotas[i];
        const struct quota *q = &tl->model->quotas[s->quota];
        double more = measure(q, len_ms), all;

        if (q->period == QUOTA_HOUR)
            begin_hour(s, tl->now_ms);
        if (isnan(q->max) || q->numerator != category || !is_in_band(s, tl->now_ms))
            continue;
        all = s->denominator + (is_of(q, category) ? more : 0);
        if (s->numerator + more > q->max * all * (1 + 1e-12))
            return false;
    }
    return true;
}

bool timeline_allowed(struct timeline *tl, uint32_t item, int64_t len_ms)
{
    timeline_work(tl, tl->model->n_separations + tl->n_quotas);
    return (tl->model->n_separations == 0 || is_separate(tl, item)) &&
           (tl->n_quotas == 0 || keeps_maximum(tl, item, len_ms));
}

struct pick timeline_fill(struct timeline *tl, uint32_t item, int64_t len_ms, uint32_t *ret)
{
    uint32_t category = item == NONE ? NONE : tl->model->items[item].category;

    timeline_work(tl, tl->n_quotas);
    for (uint32_t i = 0; i < tl->n_quotas; i++) {
        struct quota_state *s = &tl->quotas[i];
        const struct quota *q = &tl->model->quotas[s->quota];
        struct pick p;

        if (q->period == QUOTA_HOUR)
            begin_hour(s, tl->now_ms);
        if (isnan(q->min) || q->filler == NONE || !is_in_band(s, tl->now_ms) ||
            (item != NONE && category == q->numerator) || !(item == NONE || is_of(q, category)))
            continue;
        if (s->numerator >= q->min * (s->denominator + measure(q, len_ms)))
            continue;
        p = timeline_next(tl, &s->cursor, q->filler);
        if (p.item == NONE)
            continue;
        *ret = s->quota;
        return p;
    }
    *ret = NONE;
    return (struct pick){.item = NONE};
}

/* What of a span of time lies in the band, and in the present hour. */
static int64_t part_in(const struct quota *q, const struct quota_state *s, int64_t from_ms,
                       int64_t to_ms)
{
    if (q->period == QUOTA_HOUR && s->hour_end_ms - TIMELINE_HOUR_MS > from_ms)
        from_ms = s->hour_end_ms - TIMELINE_HOUR_MS;
    from_ms = s->band_from_ms > from_ms ? s->band_from_ms : from_ms;
    to_ms = s->band_to_ms < to_ms ? s->band_to_ms : to_ms;
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

/* A play counts where it begins, time where it passes: in the next hour, too. */
static void count_quotas(struct timeline *tl, uint32_t item, int64_t start_ms, int64_t end_ms)
{
    uint32_t category = tl->model->items[item].category;

    for (uint32_t i = 0; i < tl->n_quotas; i++) {
        struct quota_state *s = &tl->quotas[i];
        const struct quota *q = &tl->model->quotas[s->quota];
        double amount = is_in_band(s, start_ms);

        if (q->period == QUOTA_HOUR)
            begin_hour(s, q->measure == QUOTA_PLAYS ? start_ms : end_ms - 1);
        if (q->measure == QUOTA_SECONDS)
            amount = (double)part_in(q, s, start_ms, end_ms);
        if (q->numerator == category)
            s->numerator += amount;
        if (is_of(q, category))
            s->denominator += amount;
    }
}

void timeline_count(struct timeline *tl, uint32_t item, int64_t start_ms, int64_t end_ms)
{
    if (tl->model->n_separations > 0)
        count_separation(tl, item, end_ms);
    if (tl->n_quotas > 0 && tl->now.layer >= LAYER_INTERRUPT)
        count_quotas(tl, item, start_ms, end_ms);
}

/* Only what acts on the timeline: a filler for too little, a limit for too much. */
static bool acts(const struct timeline *tl, const struct quota *q)
{
    if (q->action != QUOTA_AUTOFILL)
        return false;
    for (uint32_t i = 0; i < q->n_targets; i++)
        if (model_specificity(tl->model, &q->targets[i], tl->screen) > 0)
            return true;
    return false;
}

int timeline_bound_open(struct timeline *tl)
{
    const struct model *m = tl->model;

    tl->category_end_ms = calloc(m->n_separations + (size_t)1, sizeof(int64_t));
    tl->advertiser_end_ms = calloc(tl->schedule->n_advertisers + (size_t)1, sizeof(int64_t));
    tl->quotas = calloc(m->n_quotas + (size_t)1, sizeof(*tl->quotas));
    if (!tl->category_end_ms || !tl->advertiser_end_ms || !tl->quotas)
        return -ENOMEM;
    for (uint32_t i = 0; i < m->n_separations; i++)
        tl->by_advertiser |= m->separations[i].category == NONE;
    for (uint32_t i = 0; i < m->n_quotas; i++)
        if (acts(tl, &m->quotas[i]))
            tl->quotas[tl->n_quotas++].quota = i;
    return 0;
}

void timeline_bound_close(struct timeline *tl)
{
    free(tl->category_end_ms);
    free(tl->advertiser_end_ms);
    free(tl->quotas);
}

void timeline_bound_restart(struct timeline *tl)
{
    for (uint32_t i = 0; i < tl->model->n_separations; i++)
        tl->category_end_ms[i] = INT64_MIN;
    for (uint32_t i = 0; tl->by_advertiser && i < tl->schedule->n_advertisers; i++)
        tl->advertiser_end_ms[i] = INT64_MIN;
}

static int64_t local_ms(const struct tz *zone, int64_t wall_s)
{
    struct tz_instants i = {wall_s, wall_s, false};

    if (zone)
        tz_instants(zone, wall_s, &i);
    return i.first_s * 1000;
}

void timeline_bound_day(struct timeline *tl)
{
    const struct tz *zone = tl->model->screens[tl->screen].zone;

    for (uint32_t i = 0; i < tl->n_quotas; i++) {
        struct quota_state *s = &tl->quotas[i];
        const struct quota *q = &tl->model->quotas[s->quota];

        s->numerator = s->denominator = 0;
        s->hour_end_ms = tl->midnight_ms + TIMELINE_HOUR_MS;
        s->band_from_ms = local_ms(zone, (int64_t)tl->day * CIVIL_DAY_S + q->band_start_s);
        s->band_to_ms = local_ms(zone, (int64_t)tl->day * CIVIL_DAY_S + q->band_end_s);
    }
}

/* --- campaigns ---------------------------------------------------------------------------------
 */

struct delivered {
    bool known;
    double plays, seconds;
    double at_ms; /* mean of the instants up to which was counted */
};

static struct delivered delivered(const struct timeline *tl, uint32_t campaign)
{
    const struct facts *f = tl->facts;
    bool per_screen = tl->model->campaigns[campaign].per_screen;
    struct delivered d = {.known = false};
    double n = 0;

    for (uint32_t i = 0; i < f->n_counts; i++) {
        if (f->counts[i].campaign != campaign || (per_screen && f->counts[i].screen != tl->screen))
            continue;
        d.known = true;
        d.plays += (double)f->counts[i].plays;
        d.seconds += (double)f->counts[i].seconds;
        d.at_ms += (double)(f->counts[i].at_ms ? f->counts[i].at_ms : tl->midnight_ms);
        n++;
    }
    d.at_ms = n > 0 ? d.at_ms / n : (double)tl->midnight_ms;
    return d;
}

/* Time progress over progress of the goal, clamped; 0 rests. */
static double hurry(double time, double done)
{
    if (done >= 1 || done >= time + PACE_AHEAD)
        return 0;
    if (done >= time)
        return 1;
    return done <= 0 || time / done > PACE_MOST ? PACE_MOST : time / done;
}

/* Screens that share a goal: those that any rule of the campaign means. */
static double screens_of(const struct timeline *tl, uint32_t campaign)
{
    return tl->model->campaigns[campaign].per_screen
               ? 1
               : (double)tl->schedule->campaign_screens[campaign];
}

void timeline_pace(const struct timeline *tl, struct mix *mix)
{
    const struct campaign *c;
    struct delivered done;
    int64_t from_ms, to_ms;
    double time, span, n;

    mix->pace = mix->pace_ms = INFINITY;
    if (mix->rule->campaign == NONE)
        return;
    c = &tl->model->campaigns[mix->rule->campaign];
    from_ms = local_ms(tl->model->screens[tl->screen].zone, (int64_t)c->first_day * CIVIL_DAY_S);
    to_ms = local_ms(tl->model->screens[tl->screen].zone, ((int64_t)c->last_day + 1) * CIVIL_DAY_S);
    span = (double)(to_ms - from_ms);
    if (span <= 0)
        return;
    n = screens_of(tl, mix->rule->campaign);
    done = delivered(tl, mix->rule->campaign);
    time = fmin(1, fmax(0, (done.at_ms - (double)from_ms) / span));
    if (c->plays > 0)
        mix->pace = (double)c->plays / span / n *
                    (done.known ? hurry(time, done.plays / (double)c->plays) : 1);
    if (c->seconds > 0)
        mix->pace_ms = (double)c->seconds * 1000 / span / n *
                       (done.known ? hurry(time, done.seconds / (double)c->seconds) : 1);
}
