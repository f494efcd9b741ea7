/* SPDX-License-Identifier: Apache-2.0 */
/* conflict_goal.c - shares, slots and campaigns that ask for more than there is. */
#include <math.h>
#include <stdio.h>

#include "scheduler/civil.h"
#include "scheduler/conflict.h"
#include "scheduler/resolve_why.h"

#define STEPS_MAX   50000  /* changes of the mix in one class */
#define SHARE_STEPS 200000 /* of all classes, beyond the time that was asked for */
#define GOAL_DAYS   400    /* of a campaign that are looked at; a longer one is taken as even */
#define OCCURRENCES 20000
#define PLACE_MAX   48
#define SHARE_WORK  16u /* of an interrupt, of the work that conflicts may take */

/* --- shares ------------------------------------------------------------------------------------
 */

static double share_of(const struct conflict *c, const struct rule *r)
{
    const struct schedule *s = c->schedule;

    if (r->n_at > 0 || r->playlist == NONE)
        return 0;
    if (r->plays_per_hour)
        return (double)r->plays_per_hour * (double)s->longest[r->playlist] / 3600000;
    return r->slot != NONE ? 0 : r->share;
}

struct mix_sum {
    double sum;
    const struct rule *first; /* with the largest share */
    double most;
    unsigned n;
};

/* What asks for time now; a slot counts once, by the rule that fills it first in rank. */
static void sum_mix(struct conflict *c, struct query *q, struct mix_sum *ret)
{
    const struct class *class = q->class;
    uint32_t last_slot = NONE;

    *ret = (struct mix_sum){.sum = 0};
    (void)conflict_work(c,
                        SHARE_WORK * (class->lane_from[LANE_MIX + 1] - class->lane_from[LANE_MIX]) +
                            4 * (uint64_t) class->n_free);
    for (uint32_t i = class->lane_from[LANE_MIX]; i < class->lane_from[LANE_MIX + 1]; i++) {
        const struct rule *r = &c->model->rules[class->entries[i].rule];
        struct occurrence o;
        double share;

        if (class->entries[i].repeats || !query_entry(q, i, &o))
            continue;
        q->bound_ms = o.end_ms < q->bound_ms ? o.end_ms : q->bound_ms;
        share = share_of(c, r);
        if (r->slot != NONE && r->slot != last_slot)
            share += c->model->slots[r->slot].share;
        last_slot = r->slot != NONE ? r->slot : last_slot;
        ret->sum += share;
        ret->n += share > 0;
        if (share > ret->most) {
            ret->most = share;
            ret->first = r;
        }
    }
}

static void tell_share(struct conflict *c, const struct mix_sum *m, int64_t at)
{
    uint32_t rule = (uint32_t)(m->first - c->model->rules);
    char time[CONFLICT_TIME_MAX];

    if (c->told[rule] & TOLD_SHARE)
        return;
    c->told[rule] |= TOLD_SHARE;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): above 0 there is one */
    (void)qp_report_add(c->report, QP_SEVERITY_ERROR, m->first->path,
                        "Lower the shares so that they add up to 100 % at most.",
                        "%u interrupts and slots, rule \"%s\" the largest, ask for %.0f %% of the "
                        "time from %s on screen \"%s\"",
                        m->n, m->first->id, m->sum * 100, conflict_time(c, time, at),
                        c->model->screens[c->screen].id);
}

/* Next summer's shares are an error today: a year is looked at while that is not too much work. */
static int64_t shares_to(struct conflict *c)
{
    int64_t year = c->from_ms + INT64_C(366) * CIVIL_DAY_S * 1000;

    if (c->share_steps >= SHARE_STEPS || year < c->to_ms)
        return c->to_ms;
    c->share_steps++;
    return year;
}

void conflict_shares(struct conflict *c)
{
    int64_t at = c->from_ms;

    for (int step = 0; step < STEPS_MAX && at < shares_to(c) && !c->gave_up; step++) {
        uint32_t limit[LANE_N] = {0};
        struct mix_sum m;
        struct query q;

        query_init(&q, c->schedule, at, c->screen, NULL);
        if (q.class->lane_from[LANE_MIX] == q.class->lane_from[LANE_MIX + 1])
            return;
        sum_mix(c, &q, &m);
        if (m.sum > 1 + 1e-9) {
            tell_share(c, &m, at);
            return;
        }
        limit[LANE_MIX] = q.class->lane_from[LANE_MIX + 1];
        query_next_start(&q, limit);
        if (q.bound_ms <= at)
            return;
        at = q.bound_ms;
    }
}

/* --- slots -------------------------------------------------------------------------------------
 */

static bool slot_takes(const struct slot *s, uint32_t category)
{
    for (uint32_t i = 0; i < s->n_categories; i++)
        if (s->categories[i] == category)
            return true;
    return s->n_categories == 0;
}

/* An item below the playlist that the slot does not take, or NONE. budget: looks at entries. */
static uint32_t stranger(const struct model *m, const struct slot *s, uint32_t playlist, int depth,
                         unsigned *budget)
{
    const struct playlist *p = &m->playlists[playlist];

    for (uint32_t i = 0; i < p->n_entries && depth<CONFLICT_DEPTH_MAX && * budget> 0; i++) {
        const struct playlist_entry *e = &p->entries[i];
        uint32_t found = e->item;

        (*budget)--;
        if (found == NONE)
            found = stranger(m, s, e->playlist, depth + 1, budget);
        else if (m->items[found].category == NONE || slot_takes(s, m->items[found].category))
            found = NONE;
        if (found != NONE)
            return found;
    }
    return NONE;
}

/* Slots stand in the order of their nodes. */
static const char *slot_path(const struct model *m, uint32_t slot, char path[PLACE_MAX])
{
    uint32_t first = slot;

    while (first > 0 && m->slots[first - 1].node == m->slots[slot].node)
        first--;
    (void)snprintf(path, PLACE_MAX, "nodes[%u].slots[%u]", (unsigned)m->slots[slot].node,
                   (unsigned)(slot - first));
    return path;
}

void conflict_slots(struct conflict *c)
{
    const struct model *m = c->model;

    for (uint32_t i = 0; i < m->n_slots; i++) {
        bool filled = false;
        char path[PLACE_MAX];

        for (uint32_t k = 0; k < m->n_rules && !filled; k++)
            filled = m->rules[k].slot == i;
        if (!filled)
            (void)qp_report_add(c->report, QP_SEVERITY_WARNING, slot_path(m, i, path),
                                "Add a rule that fills it, or remove it.",
                                "slot \"%s\" of node \"%s\" is filled by no rule: its time goes to "
                                "the schedule",
                                m->slots[i].id, m->nodes[m->slots[i].node].id);
    }
    for (uint32_t k = 0; k < m->n_rules; k++) {
        const struct rule *r = &m->rules[k];
        unsigned budget = CONFLICT_ENTRIES_MAX;
        uint32_t item = NONE;

        if (r->slot != NONE && r->playlist != NONE)
            item = stranger(m, &m->slots[r->slot], r->playlist, 0, &budget);
        if (item != NONE)
            (void)qp_report_add(c->report, QP_SEVERITY_ERROR, r->path,
                                "Play items of the slot's categories.",
                                "rule \"%s\": item \"%s\" is of a category that slot \"%s\" does "
                                "not take",
                                r->id, m->items[item].id, m->slots[r->slot].id);
    }
}

/* --- campaigns ---------------------------------------------------------------------------------
 */

struct room {
    double plays, seconds;
};

/* How long a rule is open in a span, overlaps counted once. */
static double open_ms(struct conflict *c, const struct rule *r, uint32_t screen, int64_t from,
                      int64_t to)
{
    const struct screen *s = &c->model->screens[screen];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};
    int64_t at = from;
    double sum = 0;

    if (r->window == NONE)
        return (double)(to - from);
    for (int i = 0; i < OCCURRENCES && at < to; i++) {
        struct occurrence o;

        if (!conflict_window_work(c, &c->model->windows[r->window]) ||
            !occurrence_next(c->model, &c->model->windows[r->window], &place, at, &o) ||
            o.start_ms >= to)
            break;
        o.start_ms = o.start_ms < at ? at : o.start_ms;
        o.end_ms = o.end_ms > to ? to : o.end_ms;
        sum += (double)(o.end_ms - o.start_ms);
        at = o.end_ms;
    }
    return sum;
}

/* The most that a rule can play on a screen while it is open so long. */
static struct room room_of(const struct conflict *c, const struct rule *r, double ms)
{
    double len = (double)c->schedule->longest[r->playlist];
    struct room room = {ms / len, ms / 1000};

    if (r->plays_per_hour)
        room = (struct room){ms / 3600000 * r->plays_per_hour + 1, 0};
    else if (r->n_at)
        room = (struct room){(ms / 86400000 + 1) * r->n_at, 0};
    else if (r->layer == LAYER_INTERRUPT)
        room = (struct room){ms * r->share / len + 1, ms * r->share / 1000};
    if (room.seconds <= 0)
        room.seconds = room.plays * len / 1000;
    return room;
}

static void add_room(struct conflict *c, uint32_t campaign, uint32_t screen, struct room *ret)
{
    const struct campaign *k = &c->model->campaigns[campaign];
    const struct class *class = &c->schedule->classes[c->schedule->class_of[screen]];
    int32_t days = k->last_day - k->first_day + 1, look = days < GOAL_DAYS ? days : GOAL_DAYS;
    int64_t from = (int64_t)k->first_day * CIVIL_DAY_S * 1000;
    int64_t to = from + (int64_t)look * CIVIL_DAY_S * 1000;

    (void)conflict_work(c, class->n_entries);
    for (uint32_t i = 0; i < class->n_entries; i++) {
        const struct rule *r = &c->model->rules[class->entries[i].rule];
        struct room room;

        if (r->campaign != campaign || class->entries[i].repeats || r->playlist == NONE)
            continue;
        room = room_of(c, r, open_ms(c, r, screen, from, to) / look * days);
        ret->plays += room.plays;
        ret->seconds += room.seconds;
    }
}

static void check_goal(struct conflict *c, const struct campaign *k, const char *what, int64_t goal,
                       double room)
{
    char path[PLACE_MAX];

    if (goal <= 0 || room >= (double)goal)
        return;
    (void)snprintf(path, sizeof(path), "campaigns[%u].%s", (unsigned)(k - c->model->campaigns),
                   what);
    (void)qp_report_add(c->report, QP_SEVERITY_ERROR, path,
                        "Lower the goal, lengthen the campaign, or widen the windows and shares of "
                        "its rules.",
                        "campaign \"%s\" wants %lld %s%s, its rules have room for %.0f", k->id,
                        (long long)goal, what, k->per_screen ? " on each screen" : "", room);
}

/* In total: the room on every screen of a class is that of its first. */
void conflict_campaigns(struct conflict *c)
{
    const struct model *m = c->model;

    for (uint32_t i = 0; i < m->n_campaigns && !c->gave_up; i++) {
        const struct campaign *k = &m->campaigns[i];
        struct room sum = {0, 0}, least = {INFINITY, INFINITY};

        for (uint32_t class = 0; class < c->schedule->n_classes; class ++) {
            double n = c->classes[class].n_screens;
            struct room room = {0, 0};

            add_room(c, i, c->classes[class].first, &room);
            sum.plays += room.plays * n;
            sum.seconds += room.seconds * n;
            if (room.plays <= 0 && room.seconds <= 0)
                continue;
            least.plays = fmin(least.plays, room.plays);
            least.seconds = fmin(least.seconds, room.seconds);
        }
        if (k->per_screen && sum.plays > 0)
            sum = least;
        if (c->gave_up) /* not all of its rules were asked */
            return;
        check_goal(c, k, "plays", k->plays, sum.plays);
        check_goal(c, k, "seconds", k->seconds, sum.seconds);
    }
}
