/* SPDX-License-Identifier: Apache-2.0 */
/* conflict.c - which rule hides which, when: an exact sweep over the changes of the winner. */
#include "scheduler/conflict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/civil.h"

#define SEGMENTS_MAX    500000u /* of one class; a sweep that has more ends there */
#define RESOLVE_WORK    500u    /* of schedule_resolve() */
#define OCCURRENCE_WORK 20u     /* of the next occurrence of a window, and for each of its ranges */
#define LOOKS_MAX       20000u  /* at segments, for one rule */
#define HIDERS_MAX      4u      /* told for one rule */

struct sweep {
    struct conflict *c;
    struct conflict_segment *content, *overlay;
    uint32_t n_content, n_overlay, cap_content, cap_overlay;
};

struct hider {
    const struct rule *rule; /* NULL: nobody, its own playlist has nothing to show */
    uint32_t n;
    int64_t first_ms, first_end_ms;
};

struct hidden {
    struct hider hiders[HIDERS_MAX];
    uint32_t n_hiders, looks;
    bool shows; /* at some time */
};

const char *conflict_time(const struct conflict *c, char text[CONFLICT_TIME_MAX], int64_t ms)
{
    const struct tz *zone = c->model->screens[c->screen].zone;
    int64_t s = civil_floor_div(ms, 1000);
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};
    struct civil day;

    if (zone)
        tz_span(zone, s, &span);
    s += span.offset_s;
    day = civil_of_day((int32_t)civil_floor_div(s, CIVIL_DAY_S));
    s = civil_floor_mod(s, CIVIL_DAY_S);
    (void)snprintf(text, CONFLICT_TIME_MAX, "%04d-%02d-%02d %02d:%02d", (int)day.year, day.month,
                   day.day, (int)(s / 3600), (int)(s / 60 % 60));
    return text;
}

bool conflict_look(struct conflict *c)
{
    if (c->looks < CONFLICT_LOOKS_MAX)
        c->looks++;
    else
        c->gave_up = true;
    return !c->gave_up;
}

bool conflict_work(struct conflict *c, uint64_t n)
{
    c->work_left -= n < c->work_left ? n : c->work_left;
    c->gave_up |= c->work_left == 0;
    return c->work_left > 0;
}

/* --- who shows when ----------------------------------------------------------------------------
 */

static int add(struct conflict_segment **list, uint32_t *n, uint32_t *cap,
               const struct conflict_segment *s)
{
    if (*n > 0 && (*list)[*n - 1].rule == s->rule) {
        (*list)[*n - 1].end_ms = s->end_ms;
        return 0;
    }
    if (*n == *cap) {
        uint32_t more = *cap ? *cap * 2 : 256;
        struct conflict_segment *grown = reallocarray(*list, more, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        *list = grown;
        *cap = more;
    }
    (*list)[(*n)++] = *s;
    return 0;
}

static int walk(struct sweep *w)
{
    struct conflict *c = w->c;
    const struct class *class = &c->schedule->classes[c->schedule->class_of[c->screen]];
    uint64_t work = RESOLVE_WORK + class->n_free * 4u + class->n_entries / 8;
    struct resolution r = {.applicable = NULL};
    int err = 0;

    for (int64_t at = c->from_ms; at < c->to_ms && err == 0; at = r.next_change_ms) {
        int64_t end;

        schedule_resolve(c->schedule, at, c->screen, NULL, &r);
        end = r.next_change_ms < c->to_ms ? r.next_change_ms : c->to_ms;
        err = add(&w->content, &w->n_content, &w->cap_content,
                  &(struct conflict_segment){at, end, r.rule});
        if (err == 0)
            err = add(&w->overlay, &w->n_overlay, &w->cap_overlay,
                      &(struct conflict_segment){at, end, r.overlay});
        if (w->n_content >= SEGMENTS_MAX || w->n_overlay >= SEGMENTS_MAX || !conflict_work(c, work))
            break;
    }
    return err;
}

/* --- one rule ----------------------------------------------------------------------------------
 */

uint32_t conflict_segment_at(const struct conflict_segment *list, uint32_t n, int64_t ms)
{
    uint32_t lo = 0, hi = n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (list[mid].end_ms <= ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void hide(struct hidden *h, const struct rule *by, int64_t from_ms, int64_t to_ms)
{
    for (uint32_t i = 0; i < h->n_hiders; i++) {
        if (h->hiders[i].rule == by) {
            h->hiders[i].n++;
            return;
        }
    }
    if (h->n_hiders < HIDERS_MAX)
        h->hiders[h->n_hiders++] = (struct hider){by, 1, from_ms, to_ms};
}

/* Does the segment's rule come before r, or does r just have nothing to show? */
static bool outranks(const struct rule *by, const struct rule *r)
{
    return by && (by->layer < r->layer ||
                  (by->layer == r->layer &&
                   (by->mandatory > r->mandatory ||
                    (by->mandatory == r->mandatory && by->priority >= r->priority))));
}

static void look_at(struct conflict *c, struct hidden *h, const struct rule *r,
                    const struct conflict_segment *list, uint32_t n, const struct occurrence *o)
{
    for (uint32_t i = conflict_segment_at(list, n, o->start_ms);
         i < n && list[i].start_ms < o->end_ms; i++) {
        int64_t from = list[i].start_ms > o->start_ms ? list[i].start_ms : o->start_ms;
        int64_t to = list[i].end_ms < o->end_ms ? list[i].end_ms : o->end_ms;

        if (h->looks++ > LOOKS_MAX || !conflict_look(c))
            return;
        if (list[i].rule == r)
            h->shows = true;
        else
            hide(h, outranks(list[i].rule, r) ? list[i].rule : NULL, from, to);
    }
}

bool conflict_window_work(struct conflict *c, const struct window *w)
{
    return conflict_work(c, OCCURRENCE_WORK * (4 + (uint64_t)w->n_ranges) + 8 * w->n_edits);
}

bool conflict_next_occurrence(struct conflict *c, const struct rule *r, int64_t at,
                              struct occurrence *ret)
{
    const struct screen *s = &c->model->screens[c->screen];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};

    if (r->window == NONE) {
        *ret = (struct occurrence){c->from_ms, c->to_ms, 0};
        return at < c->to_ms;
    }
    return conflict_window_work(c, &c->model->windows[r->window]) &&
           occurrence_next(c->model, &c->model->windows[r->window], &place, at, ret) &&
           ret->start_ms < c->to_ms;
}

static void find_hidden(struct conflict *c, const struct rule *r,
                        const struct conflict_segment *list, uint32_t n, struct hidden *h)
{
    struct occurrence o;

    *h = (struct hidden){.n_hiders = 0};
    for (int64_t at = c->from_ms; conflict_next_occurrence(c, r, at, &o) && h->looks <= LOOKS_MAX;
         at = o.end_ms)
        look_at(c, h, r, list, n, &o);
}

static void tell(struct conflict *c, const struct rule *r, const struct hider *h, bool shows)
{
    char from[CONFLICT_TIME_MAX], to[CONFLICT_TIME_MAX];
    const char *screen = c->model->screens[c->screen].id;
    const char *never = shows ? "is hidden" : "never shows: it is hidden";

    (void)conflict_time(c, from, h->first_ms);
    (void)conflict_time(c, to, h->first_end_ms);
    if (!h->rule)
        (void)qp_report_add(c->report, QP_SEVERITY_WARNING, r->path,
                            "Check the dates, rights and conditions of its items.",
                            "rule \"%s\": nothing in its playlist may be shown from %s to %s on "
                            "screen \"%s\" (%u time%s)",
                            r->id, from, to, screen, h->n, h->n == 1 ? "" : "s");
    else
        (void)qp_report_add(c->report, QP_SEVERITY_WARNING, r->path,
                            h->rule->mandatory && !r->mandatory
                                ? "Change one of the windows: a mandatory block is whole."
                                : "Raise its priority, or change one of the windows.",
                            "rule \"%s\" (priority %d) %s by rule \"%s\" (priority %d) from %s to "
                            "%s on screen \"%s\" (%u time%s)",
                            r->id, (int)r->priority, never, h->rule->id, (int)h->rule->priority,
                            from, to, screen, h->n, h->n == 1 ? "" : "s");
}

static void check_entry(struct sweep *w, const struct entry *e)
{
    const struct rule *r = &w->c->model->rules[e->rule];
    bool overlay = e->lane == LANE_OVERLAY;
    struct hidden h;

    if (e->repeats || (w->c->told[e->rule] & TOLD_HIDDEN))
        return;
    find_hidden(w->c, r, overlay ? w->overlay : w->content, overlay ? w->n_overlay : w->n_content,
                &h);
    if (h.n_hiders > 0)
        w->c->told[e->rule] |= TOLD_HIDDEN;
    for (uint32_t i = 0; i < h.n_hiders; i++)
        if (w->c->detail == CONFLICT_PARTLY || !h.shows || !h.hiders[i].rule)
            tell(w->c, r, &h.hiders[i], h.shows);
}

static bool needs_sun(const struct window *w)
{
    for (uint32_t i = 0; i < w->n_ranges; i++)
        if (w->ranges[i].start.kind != EDGE_CLOCK || w->ranges[i].end.kind != EDGE_CLOCK)
            return true;
    for (uint32_t k = 0; k < w->n_exceptions; k++)
        for (uint32_t i = 0; i < w->exceptions[k].n_ranges; i++)
            if (w->exceptions[k].ranges[i].start.kind != EDGE_CLOCK ||
                w->exceptions[k].ranges[i].end.kind != EDGE_CLOCK)
                return true;
    return false;
}

/* A window without any day, or that waits for a sunset nobody can work out. */
static void check_window(struct conflict *c, uint32_t index)
{
    const struct rule *r = &c->model->rules[index];
    const struct window *w = r->window == NONE ? NULL : &c->model->windows[r->window];
    const struct screen *s = &c->model->screens[c->screen];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};
    struct occurrence o;

    if (!w || (c->told[index] & TOLD_NEVER))
        return;
    if (!s->has_place && needs_sun(w)) {
        c->told[index] |= TOLD_NEVER;
        (void)qp_report_add(c->report, QP_SEVERITY_WARNING, r->path,
                            "Add the place of the screen, or write times of the clock.",
                            "rule \"%s\" follows the sun, and the place of screen \"%s\" is not "
                            "known: there it never begins",
                            r->id, s->id);
    } else if (!occurrence_next(c->model, w, &place, INT64_C(-2208988800000), &o)) {
        c->told[index] |= TOLD_NEVER;
        (void)qp_report_add(c->report, QP_SEVERITY_WARNING, r->path,
                            "Correct the days, or remove the rule.",
                            "rule \"%s\" never begins: there is no such day", r->id);
    }
}

int conflict_hidden(struct conflict *c)
{
    const struct class *class = &c->schedule->classes[c->schedule->class_of[c->screen]];
    struct sweep w = {.c = c};
    int err = walk(&w);

    for (uint32_t i = 0; i < class->n_entries && err == 0; i++)
        if (!class->entries[i].repeats)
            check_window(c, class->entries[i].rule);
    for (uint32_t i = class->lane_from[LANE_CONTENT]; i < class->lane_from[LANE_MIX] && err == 0;
         i++)
        check_entry(&w, &class->entries[i]);
    for (uint32_t i = class->lane_from[LANE_MIX]; i < class->lane_from[LANE_MIX + 1] && err == 0;
         i++)
        if (!class->entries[i].repeats)
            conflict_mix(c, &c->model->rules[class->entries[i].rule], w.content, w.n_content);
    for (uint32_t i = class->lane_from[LANE_OVERLAY]; i < class->lane_from[LANE_POWER] && err == 0;
         i++)
        check_entry(&w, &class->entries[i]);
    free(w.content);
    free(w.overlay);
    return err;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void find_classes(struct conflict *c)
{
    for (uint32_t i = 0; i < c->model->n_screens; i++) {
        struct conflict_class *k = &c->classes[c->schedule->class_of[i]];

        if (k->n_screens++ == 0)
            k->first = i;
    }
}

/* The first screen of a class stands for all of it. */
static int check_classes(struct conflict *c)
{
    int err = 0;

    for (uint32_t i = 0; i < c->model->n_screens && err == 0; i++) {
        if (c->classes[c->schedule->class_of[i]].first != i)
            continue;
        c->screen = i;
        err = conflict_hidden(c);
        conflict_shares(c);
    }
    if (err == 0 && c->model->n_screens > 0) {
        c->screen = 0;
        conflict_slots(c);
        conflict_campaigns(c);
    }
    if (c->gave_up)
        (void)qp_report_add(c->report, QP_SEVERITY_WARNING, "",
                            "Look at a shorter time with --from and --to, or at fewer screens.",
                            "not everything was looked at: the work for what hides rules, shares "
                            "and goals is limited");
    return err == 0 ? conflict_quotas(c) : err;
}

int schedule_conflicts(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                       enum conflict_detail detail, struct qp_report *report)
{
    const struct model *m = schedule->model;
    struct conflict c = {.schedule = schedule,
                         .model = m,
                         .report = report,
                         .from_ms = from_ms,
                         .to_ms = to_ms,
                         .detail = detail,
                         .work_left = CONFLICT_WORK_MAX};
    int err = -ENOMEM;

    c.classes = calloc(schedule->n_classes + (size_t)1, sizeof(*c.classes));
    c.told = calloc(m->n_rules + (size_t)1, 1);
    c.told_quota = calloc(m->n_quotas + (size_t)1, 1);
    if (c.classes && c.told && c.told_quota) {
        find_classes(&c);
        err = check_classes(&c);
    }
    free(c.classes);
    free(c.told);
    free(c.told_quota);
    return err;
}
