/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_query.h - one instant on one screen, asked of a prepared schedule. Nothing outside
 * scheduler includes it. No allocation; a query lives on the caller's stack. */
#ifndef SCHEDULER_RESOLVE_QUERY_H
#define SCHEDULER_RESOLVE_QUERY_H

#include "scheduler/schedule_index.h"

struct query {
    const struct schedule *schedule;
    const struct model *model;
    const struct class *class;
    const struct facts *facts; /* never NULL */
    struct occurrence_place place;
    uint32_t screen;
    int64_t at_ms;
    struct tz_span span; /* around at */
    int32_t day;         /* local date */
    int32_t tod_s;       /* local time of day */
    /* Every entry is asked of occurrence_open(): in an hour that comes twice the wall clock does
     * not tell what is open. */
    bool exact;
    int64_t bound_ms; /* no later than the next change, as far as was seen */
    struct start_day {
        uint32_t month_day; /* bit 0 = the 1st */
        uint16_t month;     /* bit 0 = January */
        uint8_t weekday;    /* bit 0 = Monday */
    } days[2];              /* of day and of the day before */
};

/* Who shows on a lane. */
struct found {
    const struct rule *rule;      /* NULL: nobody */
    const struct window *windows; /* rule->window indexes these; borrowed */
    uint32_t specificity;
    uint32_t limit; /* entries of the lane before this could beat it */
    int64_t start_ms, end_ms;
};

void query_init(struct query *q, const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                const struct facts *facts);

/* The winner of a lane among the entries of the document. */
void query_lane(struct query *q, enum lane lane, struct found *ret);
/* The same with the alerts of the facts. */
void query_lane_alerts(struct query *q, enum lane lane, struct found *ret);

/* Is an entry's rule open and playable now? *ret: its occurrence. */
bool query_entry(struct query *q, uint32_t entry, struct occurrence *ret);
/* The same of any rule; windows as in struct found. *ret_change may be NULL. */
bool query_rule(const struct query *q, const struct rule *rule, const struct window *windows,
                struct occurrence *ret, int64_t *ret_change);

/* Lowers q->bound_ms to the first instant at which an entry of a lane, before limit[lane], may
 * open. Looks ahead at most some days: then the bound is a later local midnight. */
void query_next_start(struct query *q, const uint32_t limit[LANE_N]);

/* Can anything of a playlist be shown here and now? Lowers *bound (may be NULL) to when that may
 * change. */
bool query_playable(const struct query *q, uint32_t playlist, int64_t *bound);
/* Within its dates, rights and area, and not missing. Lowers *bound likewise. */
bool query_item(const struct query *q, uint32_t item, int64_t *bound);

/* Order of rank: layer, mandatory, priority, specificity, later start, id; negative: a first. */
int query_compare(const struct found *a, const struct found *b);
/* The first of these in which a loses against b. */
enum verdict query_verdict(const struct found *a, const struct found *b);

/* UTC of a wall-clock second of the screen's zone: the first instant, and the last. */
int64_t query_first_ms(const struct query *q, int64_t wall_s, bool *ret_gap);
int64_t query_last_ms(const struct query *q, int64_t wall_s);

#endif
