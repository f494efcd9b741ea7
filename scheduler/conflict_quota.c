/* SPDX-License-Identifier: Apache-2.0 */
/* conflict_quota.c - quotas that the plan does not meet.
 *
 * A quota is judged over whole periods of its own, on the clock of the screen: every hour, day,
 * quarter or year that has a part in the span that is asked for, from its beginning to its end. One
 * walk through the plan of a screen serves all of its quotas, and each class of screens is looked
 * at once for each quota. The work is bounded by CONFLICT_ITEMS_MAX items, shared evenly by the
 * walks, or fewer that take much work each; what was not reached is told. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/civil.h"
#include "scheduler/conflict.h"
#include "scheduler/plan.h"
#include "scheduler/timeline.h"

#define HOURS_MAX 400 /* bytes of the list of hours in a sentence */
#define ITEM_WORK 64  /* what an item may take of the timeline's work, on the average */
#define FEED_WORK 16u /* of which for each quota */

struct period {
    int64_t from_ms, to_ms;
    double numerator, denominator;
    double hour_numerator[24], hour_denominator[24]; /* by the hour of the local day */
};

struct check {
    const struct quota *quota;
    struct period now, first_bad;
    unsigned bad, n;
    int64_t end_ms; /* of the last period */
    bool done;
};

struct walk {
    struct conflict *c;
    struct check *checks; /* n of them */
    uint32_t n;
    uint64_t looks, looks_max;
    uint64_t work_left;
    int64_t reached_ms;
};

/* The work space of all of them. */
struct walks {
    struct conflict *c;
    struct check *checks; /* beside quotas */
    uint32_t *seen;       /* beside quotas: the class of which a screen was found, + 1 */
    uint32_t *order;      /* screens by class */
    uint32_t *next;       /* beside classes */
};

/* --- periods ---------------------------------------------------------------------------------- */

static int64_t midnight_ms(const struct tz *zone, int64_t day)
{
    struct tz_instants i = {day * CIVIL_DAY_S, day * CIVIL_DAY_S, false};

    if (zone)
        tz_instants(zone, day * CIVIL_DAY_S, &i);
    return i.first_s * 1000;
}

static const struct tz *zone_of(const struct conflict *c)
{
    return c->model->screens[c->screen].zone;
}

static int64_t local_s(const struct tz *zone, int64_t ms)
{
    int64_t s = civil_floor_div(ms, 1000);
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};

    if (zone)
        tz_span(zone, s, &span);
    return s + span.offset_s;
}

static void find_period(const struct tz *zone, enum quota_period kind, int64_t at_ms,
                        struct period *ret)
{
    struct civil date;
    int32_t day;
    int months;

    *ret = (struct period){.numerator = 0};
    if (kind == QUOTA_HOUR) {
        ret->from_ms =
            at_ms - civil_floor_mod(local_s(zone, at_ms) * 1000 + civil_floor_mod(at_ms, 1000),
                                    TIMELINE_HOUR_MS);
        ret->to_ms = ret->from_ms + TIMELINE_HOUR_MS;
        return;
    }
    timeline_midnights(zone, at_ms, &ret->from_ms, &ret->to_ms, &day);
    if (kind == QUOTA_DAY)
        return;
    date = civil_of_day(day);
    months = kind == QUOTA_YEAR ? 12 : 3;
    date.month -= (date.month - 1) % months;
    ret->from_ms = midnight_ms(zone, civil_to_day(date.year, date.month, 1));
    date.year += (date.month + months - 1) / 12;
    date.month = (date.month + months - 1) % 12 + 1;
    ret->to_ms = midnight_ms(zone, civil_to_day(date.year, date.month, 1));
}

static bool is_low(const struct quota *q, double share)
{
    return !isnan(q->min) && share < q->min - 1e-6;
}

static bool is_high(const struct quota *q, double share)
{
    return !isnan(q->max) && share > q->max + 1e-6;
}

static double share_of(const struct period *p)
{
    return p->denominator > 0 ? p->numerator / p->denominator : 0;
}

static void end_period(struct check *k)
{
    double share = share_of(&k->now);

    if (k->now.denominator <= 0)
        return;
    k->n++;
    if ((is_low(k->quota, share) || is_high(k->quota, share)) && k->bad++ == 0)
        k->first_bad = k->now;
}

/* --- adding up -------------------------------------------------------------------------------- */

static void add(struct check *k, const struct model *m, const struct stretch *s, int64_t from_ms,
                int64_t to_ms, int hour)
{
    const struct quota *q = k->quota;
    uint32_t category = m->items[s->item].category;
    double amount = (double)(to_ms - from_ms);

    if (q->measure == QUOTA_PLAYS)
        amount = from_ms == s->start_ms && s->offset_ms == 0;
    if (q->numerator == category) {
        k->now.numerator += amount;
        k->now.hour_numerator[hour] += amount;
    }
    if (q->denominator == NONE || q->denominator == category) {
        k->now.denominator += amount;
        k->now.hour_denominator[hour] += amount;
    }
}

static void feed(struct walk *w, struct check *k, const struct stretch *s)
{
    const struct tz *zone = zone_of(w->c);

    for (int64_t from = s->start_ms, to; from < s->end_ms && !k->done; from = to) {
        if (from >= k->now.to_ms) {
            end_period(k);
            find_period(zone, k->quota->period, from, &k->now);
            k->done = k->now.from_ms >= k->end_ms;
        }
        to = from < k->now.from_ms ? k->now.from_ms : k->now.to_ms;
        to = s->end_ms < to ? s->end_ms : to;
        to = plan_piece_end(k->quota, zone, from, to);
        if (!k->done && plan_counts(s) && from >= k->now.from_ms &&
            plan_in_band(k->quota, zone, from))
            add(k, w->c->model, s, from, to,
                (int)(civil_floor_mod(local_s(zone, from), CIVIL_DAY_S) / 3600));
    }
}

static bool on_stretch(void *user, const struct stretch *s)
{
    struct walk *w = user;

    w->reached_ms = s->start_ms;
    if (w->looks >= w->looks_max)
        return false;
    w->looks++;
    w->work_left -= w->work_left > FEED_WORK * w->n ? FEED_WORK * w->n : w->work_left;
    for (uint32_t i = 0; i < w->n; i++)
        feed(w, &w->checks[i], s);
    return w->work_left > 0;
}

/* --- sentences -------------------------------------------------------------------------------- */

/* What is missing, or too much, in each hour of the day: hours of the same amount together. */
static const char *list_hours(const struct check *k, bool low, char text[HOURS_MAX])
{
    const struct period *p = &k->first_bad;
    double limit = low ? k->quota->min : k->quota->max;
    double unit = k->quota->measure == QUOTA_PLAYS ? 1 : 60000;
    double amount[24];
    size_t len = 0;

    for (int i = 0; i < 24; i++)
        amount[i] =
            round((limit * p->hour_denominator[i] - p->hour_numerator[i]) * (low ? 1 : -1) / unit);
    text[0] = '\0';
    for (int hour = 0, end; hour < 24 && len < HOURS_MAX - 32; hour = end) {
        for (end = hour + 1; end < 24 && amount[end] == amount[hour];)
            end++;
        if (amount[hour] > 0)
            len += (size_t)snprintf(text + len, HOURS_MAX - len, "%s%02d-%02d %.0f",
                                    len ? ", " : "", hour, end, amount[hour]);
    }
    return text;
}

static void tell_bad(const struct conflict *c, const struct check *k)
{
    static const char *const periods[] = {"hour", "day", "quarter", "year"};
    const struct quota *q = k->quota;
    double share = share_of(&k->first_bad);
    bool low = is_low(q, share), plays = q->measure == QUOTA_PLAYS;
    char from[CONFLICT_TIME_MAX], to[CONFLICT_TIME_MAX], path[32], hours[HOURS_MAX] = "";

    (void)snprintf(path, sizeof(path), "quotas[%u]", (unsigned)(q - c->model->quotas));
    if (q->period != QUOTA_HOUR)
        (void)list_hours(k, low, hours);
    (void)qp_report_add(
        c->report, q->action == QUOTA_WARN ? QP_SEVERITY_WARNING : QP_SEVERITY_ERROR, path,
        low ? "Add content of the category, or let the quota fill up with a playlist."
            : "Take content of the category out, or raise the maximum.",
        "quota \"%s\": \"%s\" has %.1f %% of the %s of %s%s%s from %s to %s on screen \"%s\", %s "
        "%.1f %% are wanted (%u of %u %ss)%s%s%s",
        q->id, c->model->categories[q->numerator], share * 100, plays ? "plays" : "time",
        q->denominator == NONE ? "everything" : "\"",
        q->denominator == NONE ? "" : c->model->categories[q->denominator],
        q->denominator == NONE ? "" : "\"", conflict_time(c, from, k->first_bad.from_ms),
        conflict_time(c, to, k->first_bad.to_ms), c->model->screens[c->screen].id,
        low ? "at least" : "at most", (low ? q->min : q->max) * 100, k->bad, k->n,
        periods[q->period],
        hours[0] ? (low ? "; missing by hour of the day: " : "; too much by hour of the day: ")
                 : "",
        hours, hours[0] ? (plays ? " plays" : " minutes") : "");
}

static void tell_short(const struct walk *w, const struct check *k, int64_t from_ms)
{
    char from[CONFLICT_TIME_MAX], to[CONFLICT_TIME_MAX], end[CONFLICT_TIME_MAX], path[32];
    const struct conflict *c = w->c;
    uint32_t index = (uint32_t)(k->quota - c->model->quotas);

    if (c->told_quota[index])
        return;
    c->told_quota[index] = 1;
    (void)snprintf(path, sizeof(path), "quotas[%u]", (unsigned)index);
    (void)qp_report_add(c->report, QP_SEVERITY_WARNING, path,
                        "Look at the rest with --from and --to, or with qp schedule plan.",
                        "quota \"%s\" was judged from %s to %s on screen \"%s\", not to %s: %llu "
                        "items of a screen's plan were looked at",
                        k->quota->id, conflict_time(c, from, from_ms),
                        conflict_time(c, to, w->reached_ms), c->model->screens[c->screen].id,
                        conflict_time(c, end, k->end_ms), (unsigned long long)w->looks);
}

/* --- a class ---------------------------------------------------------------------------------- */

static void begin(struct walk *w, const struct quota *q, int64_t *from_ms, int64_t *to_ms)
{
    struct check *k = &w->checks[w->n++];
    struct period last;

    *k = (struct check){.quota = q};
    find_period(zone_of(w->c), q->period, w->c->from_ms, &k->now);
    find_period(zone_of(w->c), q->period, w->c->to_ms - 1, &last);
    k->end_ms = last.to_ms;
    *from_ms = k->now.from_ms < *from_ms ? k->now.from_ms : *from_ms;
    *to_ms = k->end_ms > *to_ms ? k->end_ms : *to_ms;
}

/* What was seen of a period stands for it when no whole one was seen. */
static void finish(struct walk *w, struct check *k, bool stopped, int64_t from_ms)
{
    bool all = !stopped || k->done || w->reached_ms >= k->end_ms;

    if (!k->done && (all || k->n == 0)) {
        if (!all)
            k->now.to_ms = w->reached_ms;
        end_period(k);
    }
    if (k->bad > 0)
        tell_bad(w->c, k);
    if (!all)
        tell_short(w, k, from_ms);
}

/* Is the screen the first of its class that a quota means? Classes share rules, not quotas. */
static bool is_first(struct walks *all, uint32_t quota, uint32_t screen)
{
    uint32_t stamp = all->c->schedule->class_of[screen] + 1;

    if (all->seen[quota] == stamp ||
        !plan_quota_means(all->c->model, &all->c->model->quotas[quota], screen))
        return false;
    all->seen[quota] = stamp;
    return true;
}

static int check_screen(struct walks *all, uint32_t screen, uint64_t looks_max)
{
    struct conflict *c = all->c;
    struct walk w = {
        .c = c, .checks = all->checks, .looks_max = looks_max, .work_left = looks_max * ITEM_WORK};
    int64_t from = c->from_ms, to = c->to_ms;
    int err;

    c->screen = screen;
    for (uint32_t i = 0; i < c->model->n_quotas; i++)
        if (is_first(all, i, screen))
            begin(&w, &c->model->quotas[i], &from, &to);
    if (w.n == 0)
        return 0;
    err = timeline_run(c->schedule, from, to, screen, NULL, on_stretch, &w, &w.work_left);
    for (uint32_t i = 0; i < w.n && err >= 0; i++)
        finish(&w, &w.checks[i], err > 0, from);
    return err < 0 ? err : 0;
}

/* How many screens are walked: those that are the first for some quota. */
static uint32_t count_walks(struct walks *all)
{
    const struct model *m = all->c->model;
    uint32_t n = 0;

    for (uint32_t s = 0; s < m->n_screens; s++) {
        bool first = false;

        for (uint32_t i = 0; i < m->n_quotas; i++)
            first |= is_first(all, i, all->order[s]);
        n += first;
    }
    memset(all->seen, 0, m->n_quotas * sizeof(*all->seen));
    return n ? n : 1;
}

/* The screens of a class stand together, in the order of the document. */
static void sort_screens(const struct conflict *c, uint32_t *order, uint32_t *next)
{
    const struct schedule *s = c->schedule;

    for (uint32_t i = 0; i < c->model->n_screens; i++)
        next[s->class_of[i] + 1]++;
    for (uint32_t i = 0; i < s->n_classes; i++)
        next[i + 1] += next[i];
    for (uint32_t i = 0; i < c->model->n_screens; i++)
        order[next[s->class_of[i]]++] = i;
}

/* --- the filler ------------------------------------------------------------------------------- */

/* A filler that holds nothing of the category would be played in vain. */
static bool fills(const struct model *m, uint32_t playlist, uint32_t category, int depth,
                  unsigned *budget)
{
    const struct playlist *p = &m->playlists[playlist];

    for (uint32_t i = 0; i < p->n_entries && depth < CONFLICT_DEPTH_MAX; i++) {
        const struct playlist_entry *e = &p->entries[i];

        if (*budget == 0)
            return true; /* who knows */
        (*budget)--;
        if (e->item != NONE ? m->items[e->item].category == category
                            : fills(m, e->playlist, category, depth + 1, budget))
            return true;
    }
    return false;
}

static void check_filler(struct conflict *c, uint32_t index)
{
    const struct quota *q = &c->model->quotas[index];
    unsigned budget = CONFLICT_ENTRIES_MAX;
    char path[48];

    if (q->action != QUOTA_AUTOFILL || isnan(q->min) ||
        (q->filler != NONE && fills(c->model, q->filler, q->numerator, 0, &budget)))
        return;
    (void)snprintf(path, sizeof(path), "quotas[%u].filler", (unsigned)index);
    (void)qp_report_add(c->report, QP_SEVERITY_ERROR, path,
                        "Name a filler playlist with items of the quota's category.",
                        "quota \"%s\" has nothing of \"%s\" to fill up with", q->id,
                        c->model->categories[q->numerator]);
}

static int walk_all(struct walks *all)
{
    const struct model *m = all->c->model;
    uint64_t looks;
    int err = 0;

    sort_screens(all->c, all->order, all->next);
    looks = CONFLICT_ITEMS_MAX / count_walks(all) + 1;
    for (uint32_t s = 0; s < m->n_screens && err == 0; s++)
        err = check_screen(all, all->order[s], looks);
    return err;
}

/* Each quota once for each class of screens in which it means any. */
int conflict_quotas(struct conflict *c)
{
    const struct model *m = c->model;
    struct walks all = {.c = c};
    int err = -ENOMEM;

    if (m->n_quotas == 0)
        return 0;
    for (uint32_t i = 0; i < m->n_quotas; i++)
        check_filler(c, i);
    all.checks = calloc(m->n_quotas, sizeof(*all.checks));
    all.seen = calloc(m->n_quotas, sizeof(*all.seen));
    all.order = calloc(m->n_screens + (size_t)1, sizeof(*all.order));
    all.next = calloc(c->schedule->n_classes + (size_t)2, sizeof(*all.next));
    if (all.checks && all.seen && all.order && all.next)
        err = walk_all(&all);
    free(all.checks);
    free(all.seen);
    free(all.order);
    free(all.next);
    return err;
}
