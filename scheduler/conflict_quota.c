/* SPDX-License-Identifier: Apache-2.0 */
/* conflict_quota.c - quotas that the plan does not meet. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "scheduler/civil.h"
#include "scheduler/conflict.h"
#include "scheduler/plan.h"

#define DAYS_MAX 14 /* of the plan that are looked at, for a quota per hour or day */

struct check {
    struct conflict *c;
    const struct quota *quota;
    int64_t period_ms, period_end_ms; /* the one that is added up */
    double numerator, denominator;
    unsigned bad, n;
    int64_t bad_ms; /* the first bad period */
    double bad_share;
};

static double share_of(const struct check *k)
{
    return k->denominator > 0 ? k->numerator / k->denominator : 0;
}

static void end_period(struct check *k)
{
    double share = share_of(k), slack = 1e-6;
    const struct quota *q = k->quota;

    if (k->denominator <= 0)
        return;
    k->n++;
    if ((isnan(q->min) || share >= q->min - slack) && (isnan(q->max) || share <= q->max + slack))
        return;
    if (k->bad++ == 0) {
        k->bad_ms = k->period_ms;
        k->bad_share = share;
    }
}

static int64_t local_start(const struct check *k, int64_t ms, int64_t unit_s)
{
    const struct tz *zone = k->c->model->screens[k->c->screen].zone;
    int64_t s = civil_floor_div(ms, 1000);
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};

    if (zone)
        tz_span(zone, s, &span);
    return (civil_floor_div(s + span.offset_s, unit_s) * unit_s - span.offset_s) * 1000;
}

static void begin_period(struct check *k, int64_t ms)
{
    int64_t unit_s = k->quota->period == QUOTA_HOUR ? 3600 : CIVIL_DAY_S;

    k->numerator = k->denominator = 0;
    if (k->quota->period == QUOTA_QUARTER || k->quota->period == QUOTA_YEAR) {
        k->period_ms = k->c->from_ms; /* what is looked at stands for the whole */
        k->period_end_ms = k->c->to_ms;
        return;
    }
    k->period_ms = local_start(k, ms, unit_s);
    k->period_end_ms = k->period_ms + unit_s * 1000;
}

static bool on_stretch(void *user, const struct stretch *s)
{
    struct check *k = user;
    const struct quota *q = k->quota;
    const struct model *m = k->c->model;
    uint32_t category = s->item == NONE ? NONE : m->items[s->item].category;
    double amount = q->measure == QUOTA_PLAYS ? 1 : (double)(s->end_ms - s->start_ms);

    if (s->start_ms >= k->period_end_ms) {
        end_period(k);
        begin_period(k, s->start_ms);
    }
    if (s->item == NONE || !plan_in_band(q, m->screens[k->c->screen].zone, s->start_ms))
        return true;
    if (q->numerator == category)
        k->numerator += amount;
    if (q->denominator == NONE || q->denominator == category)
        k->denominator += amount;
    return true;
}

static void tell(struct conflict *c, const struct check *k)
{
    const struct quota *q = k->quota;
    bool low = !isnan(q->min) && k->bad_share < q->min;
    char time[CONFLICT_TIME_MAX];

    (void)qp_report_add(c->report,
                        q->action == QUOTA_WARN ? QP_SEVERITY_WARNING : QP_SEVERITY_ERROR, "quotas",
                        "Add content of the category, or let the quota fill up with a playlist.",
                        "quota \"%s\": \"%s\" has %.1f %% from %s on screen \"%s\", %s %.1f %% "
                        "are allowed (%u of %u periods)",
                        q->id, c->model->categories[q->numerator], k->bad_share * 100,
                        conflict_time(c, time, k->bad_ms), c->model->screens[c->screen].id,
                        low ? "at least" : "at most", (low ? q->min : q->max) * 100, k->bad, k->n);
}

static int check_screen(struct conflict *c, const struct quota *q)
{
    struct check k = {.c = c, .quota = q};
    int64_t to = c->from_ms + DAYS_MAX * CIVIL_DAY_S * INT64_C(1000);
    int err;

    begin_period(&k, c->from_ms);
    err = schedule_timeline(c->schedule, c->from_ms, c->to_ms < to ? c->to_ms : to, c->screen, NULL,
                            on_stretch, &k);
    end_period(&k);
    if (err == 0 && k.bad > 0)
        tell(c, &k);
    return err;
}

/* A filler that holds nothing of the category would be played in vain. */
static bool fills(const struct model *m, const struct quota *q)
{
    const struct playlist *p = q->filler == NONE ? NULL : &m->playlists[q->filler];

    for (uint32_t i = 0; p && i < p->n_entries; i++)
        if (p->entries[i].item == NONE || m->items[p->entries[i].item].category == q->numerator)
            return true;
    return false;
}

static void check_filler(struct conflict *c, const struct quota *q)
{
    if (q->action == QUOTA_AUTOFILL && !isnan(q->min) && !fills(c->model, q))
        (void)qp_report_add(c->report, QP_SEVERITY_ERROR, "quotas",
                            "Name a filler playlist with items of the quota's category.",
                            "quota \"%s\" has nothing of \"%s\" to fill up with", q->id,
                            c->model->categories[q->numerator]);
}

/* Once for each class of screens that a quota means. */
int conflict_quotas(struct conflict *c)
{
    const struct model *m = c->model;
    uint32_t *seen = calloc(c->schedule->n_classes + (size_t)1, sizeof(*seen)); /* quota + 1 */
    int err = seen ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < m->n_quotas && err == 0; i++) {
        check_filler(c, &m->quotas[i]);
        for (uint32_t s = 0; s < m->n_screens && err == 0; s++) {
            uint32_t class = c->schedule->class_of[s];

            if (seen[class] == i + 1 || !plan_quota_means(m, &m->quotas[i], s))
                continue;
            seen[class] = i + 1;
            c->screen = s;
            err = check_screen(c, &m->quotas[i]);
        }
    }
    free(seen);
    return err;
}
