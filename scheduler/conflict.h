/* SPDX-License-Identifier: Apache-2.0 */
/* conflict.h - what the files of schedule_conflicts() share. Nothing outside scheduler includes
 * it. */
#ifndef SCHEDULER_CONFLICT_H
#define SCHEDULER_CONFLICT_H

#include "protocols/base/report.h"
#include "scheduler/resolve_query.h"

#define CONFLICT_TIME_MAX 32

struct conflict {
    const struct schedule *schedule;
    const struct model *model;
    struct qp_report *report;
    int64_t from_ms, to_ms;
    enum conflict_detail detail;
    uint32_t screen; /* of the class that is looked at: its first */
    struct conflict_class {
        uint32_t first, n_screens; /* its first screen and how many it has */
    } * classes;                   /* beside classes */
    uint8_t *told;                 /* beside rules: bits of what was already reported */
    uint8_t *told_quota;           /* beside quotas: 1 when it could not be judged to its end */
    uint32_t looks;                /* so far */
    uint32_t share_steps;          /* beyond to_ms */
    uint64_t work_left;            /* for winners, shares and goals */
    bool gave_up;                  /* there were too many */
};

enum { TOLD_HIDDEN = 1, TOLD_SHARE = 2, TOLD_GRAIN = 4, TOLD_NEVER = 8 };

#define CONFLICT_ITEMS_MAX   20000000u /* of plans, for the quotas of all classes together */
#define CONFLICT_WORK_MAX    UINT64_C(2000000000) /* as timeline_work() counts */
#define CONFLICT_LOOKS_MAX   20000000u /* at winners, for all rules of all classes together */
#define CONFLICT_DEPTH_MAX   32        /* playlists in playlists */
#define CONFLICT_ENTRIES_MAX 100000u   /* looked at below one playlist */

/* Who shows from when to when. */
struct conflict_segment {
    int64_t start_ms, end_ms;
    const struct rule *rule; /* NULL: default or safe slide */
};

/* The first of n ascending segments that ends after ms. */
uint32_t conflict_segment_at(const struct conflict_segment *list, uint32_t n, int64_t ms);
/* The same of a question for an occurrence of a window. */
bool conflict_window_work(struct conflict *c, const struct window *window);
/* The next occurrence of a rule, from at on, that begins before c->to_ms. */
bool conflict_next_occurrence(struct conflict *c, const struct rule *rule, int64_t at,
                              struct occurrence *ret);

/* Counts one look; false when there were too many. */
bool conflict_look(struct conflict *c);
/* Takes n off the work that is left; false when there is none. */
bool conflict_work(struct conflict *c, uint64_t n);

/* "2026-07-17 12:00" on the clock of the screen. */
const char *conflict_time(const struct conflict *c, char text[CONFLICT_TIME_MAX], int64_t ms);

QP_MUST_CHECK int conflict_hidden(struct conflict *c); /* conflict.c; of a class */
/* conflict_mix.c; an interrupt, among the winners of the content */
void conflict_mix(struct conflict *c, const struct rule *rule, const struct conflict_segment *list,
                  uint32_t n);
void conflict_shares(struct conflict *c); /* conflict_goal.c; of a class */
void conflict_slots(struct conflict *c);
void conflict_campaigns(struct conflict *c);
QP_MUST_CHECK int conflict_quotas(struct conflict *c); /* conflict_quota.c */

#endif
