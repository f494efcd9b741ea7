/* SPDX-License-Identifier: Apache-2.0 */
/* conflict_mix.c - interrupts that never get their turn, plays at exact times that are left out,
 * and shares that come in blocks because what they interrupt has long items. */
#include <stdio.h>

#include "scheduler/civil.h"
#include "scheduler/conflict.h"
#include "scheduler/resolve_why.h"
#include "scheduler/timeline.h"

#define LOOKS_MAX 20000u /* at segments, for one rule */
#define IN_A_ROW  2.0    /* plays; more than that is told */

struct mixed {
    struct conflict *c;
    const struct rule *rule;
    const struct conflict_segment *list;
    uint32_t n, looks;
    unsigned shut, n_late;
    bool shows;
    const struct rule *by, *late_by, *coarse;
    int64_t from_ms, to_ms, late_ms;
    double in_a_row;
};

static bool may_look(struct mixed *x)
{
    return x->looks++ < LOOKS_MAX && conflict_look(x->c);
}

static bool lets_in(const struct mixed *x, const struct rule *winner)
{
    return resolve_mixes(x->rule, winner);
}

static void shut_out(struct mixed *x, const struct conflict_segment *s, const struct occurrence *o)
{
    if (x->shut++ > 0)
        return;
    x->by = s->rule;
    x->from_ms = s->start_ms > o->start_ms ? s->start_ms : o->start_ms;
    x->to_ms = s->end_ms < o->end_ms ? s->end_ms : o->end_ms;
}

/* So many plays follow each other where the winner's longest item goes on for long. */
static void weigh(struct mixed *x, const struct rule *winner)
{
    const struct schedule *s = x->c->schedule;
    double share = x->rule->share, n;

    if (!winner || winner == x->rule || winner->playlist == NONE || share <= 0 || share >= 1 ||
        x->rule->plays_per_hour || x->rule->slot != NONE)
        return;
    n = share / (1 - share) * (double)s->longest[winner->playlist] /
        (double)s->longest[x->rule->playlist];
    if (n > x->in_a_row) {
        x->in_a_row = n;
        x->coarse = winner;
    }
}

static void look_at(struct mixed *x, const struct occurrence *o)
{
    for (uint32_t i = conflict_segment_at(x->list, x->n, o->start_ms);
         i < x->n && x->list[i].start_ms < o->end_ms && may_look(x); i++) {
        if (lets_in(x, x->list[i].rule)) {
            x->shows = true;
            weigh(x, x->list[i].rule);
        } else {
            shut_out(x, &x->list[i], o);
        }
    }
}

/* --- exact times ------------------------------------------------------------------------------ */

/* Is there room for it at this instant, or soon enough after it? */
static void look_at_play(struct mixed *x, int64_t at_ms)
{
    uint32_t first = conflict_segment_at(x->list, x->n, at_ms);

    for (uint32_t i = first; i < x->n && x->list[i].start_ms <= at_ms + TIMELINE_LATE_MS; i++)
        if (lets_in(x, x->list[i].rule))
            return;
    if (first >= x->n || x->n_late++ > 0)
        return;
    x->late_ms = at_ms;
    x->late_by = x->list[first].rule;
}

static void look_at_plays(struct mixed *x, const struct occurrence *o)
{
    const struct tz *zone = x->c->model->screens[x->c->screen].zone;
    int64_t from = o->start_ms > x->c->from_ms ? o->start_ms : x->c->from_ms;
    int64_t to = o->end_ms < x->c->to_ms ? o->end_ms : x->c->to_ms;

    for (int64_t at = from, next; at < to && x->looks < LOOKS_MAX; at = next) {
        int64_t midnight;
        int32_t day;

        timeline_midnights(zone, at, &midnight, &next, &day);
        for (uint32_t i = 0; i < x->rule->n_at && may_look(x); i++) {
            int64_t wall = (int64_t)day * CIVIL_DAY_S + x->rule->at_s[i];
            struct tz_instants t = {wall, wall, false};

            if (zone)
                tz_instants(zone, wall, &t);
            if (t.first_s * 1000 >= from && t.first_s * 1000 < to)
                look_at_play(x, t.first_s * 1000);
        }
    }
}

/* --- sentences -------------------------------------------------------------------------------- */

static void tell_shut(const struct mixed *x)
{
    const struct rule *r = x->rule;
    char from[CONFLICT_TIME_MAX], to[CONFLICT_TIME_MAX];

    (void)qp_report_add(x->c->report, QP_SEVERITY_WARNING, r->path,
                        x->by->mandatory ? "Change one of the windows: a mandatory block is whole."
                                         : "Raise its priority, set any_priority, or change one of "
                                           "the windows.",
                        "rule \"%s\" (priority %d) never shows: it may not interrupt rule \"%s\" "
                        "(priority %d%s) from %s to %s on screen \"%s\" (%u time%s)",
                        r->id, (int)r->priority, x->by->id, (int)x->by->priority,
                        x->by->mandatory ? ", mandatory" : "",
                        conflict_time(x->c, from, x->from_ms), conflict_time(x->c, to, x->to_ms),
                        x->c->model->screens[x->c->screen].id, x->shut, x->shut == 1 ? "" : "s");
}

static void tell_late(const struct mixed *x)
{
    char at[CONFLICT_TIME_MAX];

    (void)qp_report_add(x->c->report, QP_SEVERITY_WARNING, x->rule->path,
                        "Choose another time, or raise its priority.",
                        "rule \"%s\": its play at %s is held up by rule \"%s\" for more than %d s "
                        "and left out on screen \"%s\" (%u time%s)",
                        x->rule->id, conflict_time(x->c, at, x->late_ms), x->late_by->id,
                        TIMELINE_LATE_MS / 1000, x->c->model->screens[x->c->screen].id, x->n_late,
                        x->n_late == 1 ? "" : "s");
}

static void tell_coarse(const struct mixed *x)
{
    const struct schedule *s = x->c->schedule;

    (void)qp_report_add(
        x->c->report, QP_SEVERITY_WARNING, x->rule->path,
        "Cut those items into shorter ones, lengthen its own, or accept blocks of them.",
        "rule \"%s\": granularity limited by rule \"%s\", whose items are up to %.0f s long: a "
        "share "
        "of %.4g %% comes in blocks of some %.0f plays on screen \"%s\"",
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the caller looked */
        x->rule->id, x->coarse->id, (double)s->longest[x->coarse->playlist] / 1000,
        x->rule->share * 100, x->in_a_row, x->c->model->screens[x->c->screen].id);
}

void conflict_mix(struct conflict *c, const struct rule *rule, const struct conflict_segment *list,
                  uint32_t n)
{
    uint32_t index = (uint32_t)(rule - c->model->rules);
    struct mixed x = {.c = c, .rule = rule, .list = list, .n = n};
    struct occurrence o;

    if (rule->playlist == NONE)
        return;
    for (int64_t at = c->from_ms; x.looks < LOOKS_MAX && conflict_next_occurrence(c, rule, at, &o);
         at = o.end_ms) {
        if (rule->n_at)
            look_at_plays(&x, &o);
        else
            look_at(&x, &o);
    }
    if (x.shut > 0 && !x.shows && x.by && !(c->told[index] & TOLD_HIDDEN)) {
        c->told[index] |= TOLD_HIDDEN;
        tell_shut(&x);
    }
    if (x.n_late > 0 && x.late_by && !(c->told[index] & TOLD_HIDDEN)) {
        c->told[index] |= TOLD_HIDDEN;
        tell_late(&x);
    }
    if (x.in_a_row > IN_A_ROW && !(c->told[index] & TOLD_GRAIN)) {
        c->told[index] |= TOLD_GRAIN;
        tell_coarse(&x);
    }
}
