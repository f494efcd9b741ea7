/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_query.h - one instant on one screen, asked of a prepared schedule. Nothing outside
 * scheduler includes it. No allocation; a query lives on the caller's stack
 * and takes 35 KiB of it. */
#ifndef SCHEDULER_RESOLVE_QUERY_H
#define SCHEDULER_RESOLVE_QUERY_H

#include "scheduler/civil.h"
#include "scheduler/schedule_index.h"

#define QUERY_DATES 64
#define QUERY_SUNS  64

/* The instant in one of the class's zones. */
struct zone_now {
    bool ready;
    bool exact;  /* the hour comes twice, or starts were moved: the wall clock does not tell */
    bool steady; /* no clocks change for days around */
    struct tz_span span;
    int32_t day, tod_s; /* local date and time of day */
    struct sun_day {
        int32_t day;
        bool ready, shines;
        int64_t s[3];   /* by enum edge_kind: rise and set, UTC */
    } suns[QUERY_SUNS]; /* by the last bits of day */
};

/* A date, for recurrences. */
struct date_now {
    int32_t day;
    bool ready, lunar_ready, has_lunar;
    uint8_t weekday;
    struct civil date;
    struct lunar_date lunar;
};

struct query {
    const struct schedule *schedule;
    const struct model *model;
    const struct class *class;
    const struct facts *facts; /* never NULL */
    struct occurrence_place place;
    uint32_t screen;
    int64_t at_ms, at_s;
    bool skip_exact_times; /* leave out rules that play at exact times */
    /* No later than the next change, as far as was seen; sure: something changes then. */
    int64_t bound_ms;
    bool sure;
    struct date_now dates[QUERY_DATES];     /* by the last bits of day */
    struct zone_now zones[INDEX_MAX_ZONES]; /* as many as the class has are made empty at first */
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

/* The winners of lanes (a bit each) among the entries of the document and the alerts of the facts.
 */
void query_lanes(struct query *q, unsigned lanes, struct found ret[LANE_N]);

/* Is an entry's rule open and playable now? *ret: its occurrence. */
bool query_entry(struct query *q, uint32_t entry, struct occurrence *ret);
/* The same of any rule; windows as in struct found. *ret_change may be NULL. */
bool query_rule(const struct query *q, const struct rule *rule, const struct window *windows,
                struct occurrence *ret, int64_t *ret_change);

/* Lowers q->bound_ms to the first instant at which an entry of a lane, before limit[lane], opens.
 * Looks ahead for a bounded time: then the bound is a later instant before which none does. */
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

/* --- faces (resolve_face.c) --------------------------------------------------------------------
 */

struct best {
    uint32_t entry; /* NONE: nothing open */
    struct occurrence occurrence;
};

/* Offers the best open and playable entry of each of the lanes on a face. */
void query_face(struct query *q, uint32_t face, unsigned lanes, struct best best[LANE_N]);
/* The occurrence with the latest start of an entry of a face that is open now; bounds nothing. */
bool query_face_entry(struct query *q, uint32_t entry, struct occurrence *ret);
/* Takes the better of the two: of a lower group, later start, smaller id. */
void query_offer(const struct query *q, struct best *best, uint32_t entry,
                 const struct occurrence *o);
/* Can the rule show something? Lowers the bound to when that may change. */
bool query_is_playable(struct query *q, const struct rule *rule);

struct zone_now *query_zone(struct query *q, uint32_t zone);
/* NULL: the sun does not rise or set on that date. */
const struct sun_day *query_sun(struct query *q, uint32_t zone, int32_t day);
/* Is it a start day of the entry's recurrence? */
bool query_starts_on(struct query *q, const struct entry *e, int32_t day);
/* The occurrence of a start day. False: there is none. *ret_moved (may be NULL): clocks going
 * forward moved its start, or it begins when they have. */
bool query_span_of(struct query *q, const struct face *f, const struct entry *e, int32_t day,
                   struct occurrence *ret, bool *ret_moved);
/* How much later than the first point of a face that of the end is which a range names first: where
 * it is known, the entries whose end wraps on this day, or does not, are told without looking at
 * each. start_point_s: UTC of the first point of the day. False: no entry has an occurrence. */
struct wrap {
    bool is_known;
    int64_t end_s;
};

bool query_may_wrap(struct query *q, const struct face *f, int32_t day, int64_t start_point_s,
                    struct wrap *ret);

static inline bool query_is_wrong_wrap(const struct wrap *wrap, const struct face *f,
                                       const struct entry *e)
{
    return wrap->is_known && (wrap->end_s + e->end_s <= e->start_s) != (f->wrap == 2);
}

/* UTC seconds of a wall-clock second of a zone: the first instant. */
int64_t query_first_s(struct query *q, uint32_t zone, int64_t wall_s);

/* The rows of a face that tell about a start day: what may start or be open is in all of them. */
struct rows {
    const uint64_t *row[DIM_N];
    uint32_t n;
};

void query_day_rows(struct query *q, const struct face *f, const struct dim *dims, int32_t day,
                    struct rows *ret);

static inline uint64_t rows_word(const struct rows *rows, uint32_t word)
{
    uint64_t bits = ~UINT64_C(0);

    for (uint32_t i = 0; i < rows->n; i++)
        bits &= rows->row[i][word];
    return bits;
}

#endif
