/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.h - what the files of the timeline share. Nothing outside scheduler includes it. */
#ifndef SCHEDULER_TIMELINE_H
#define SCHEDULER_TIMELINE_H

#include "scheduler/resolve_query.h"

#define TIMELINE_HOUR_MS  3600000
#define TIMELINE_ASK_WORK 500u  /* of schedule_resolve() */
#define TIMELINE_LATE_MS  60000 /* an exact play that something held up is given up after that */

/* A place in a playlist. Positions of sub-playlists are shared by all that visit them. */
struct cursor {
    uint64_t pos;         /* in the present round */
    uint64_t places;      /* in a round; 0: not begun */
    uint32_t round, left; /* left: items of the present visit of a sub-playlist */
    uint32_t epoch;       /* of the timeline: older ones begin anew */
    int64_t dead_ms;      /* nothing could be shown at this instant */
};

/* One item that was chosen. */
struct pick {
    uint32_t item; /* NONE: none */
    int64_t len_ms, offset_ms;
};

/* An interrupt, or a slot with the rule that fills it. */
struct mix {
    const struct rule *rule;
    bool active, fresh;       /* mixes now; just begun */
    double share;             /* of time, scaled; RATE: 0 */
    double rate;              /* plays per ms; SHARE: 0 */
    double target, delivered; /* ms (RATE: plays) up to base_ms; of all */
    int64_t base_ms;
    struct cursor cursor;
    struct pick next; /* of the cursor, not yet shown */
    bool has_next;
    int64_t last_start_ms; /* INT64_MIN: never */
    int64_t *starts;       /* ring of rule->plays_per_hour; 0: none */
    uint64_t n_starts;
    double pace;                    /* of its campaign: most plays per ms; INFINITY: no campaign */
    double pace_ms;                 /* most ms per ms */
    const struct play_count *count; /* of the facts, or NULL */
};

/* A play at an exact instant. */
struct event {
    int64_t at_ms;
    uint32_t mix; /* index */
    enum { EVENT_NEW, EVENT_OPEN, EVENT_SHUT } state;
};

struct quota_state {
    uint32_t quota;
    double numerator, denominator; /* ms or plays since local midnight; HOUR: since end_ms - 1 h */
    int64_t hour_end_ms;           /* HOUR */
    int64_t band_from_ms, band_to_ms; /* of the present local day */
    struct cursor cursor;
};

struct timeline {
    const struct schedule *schedule;
    const struct model *model;
    const struct facts *facts;
    uint32_t screen;
    int64_t from_ms, to_ms;
    schedule_on_stretch on_stretch;
    void *user;
    bool stopped, failed;
    /* the day and the winner */
    int64_t midnight_ms, next_midnight_ms;
    int32_t day;
    struct resolution now; /* content only */
    int64_t change_ms;     /* no change of winner before it */
    uint32_t epoch;
    struct cursor normal, fallback, stand_in;
    struct pick pending; /* joined in progress */
    /* the mix */
    struct mix *mixes;
    uint32_t n_mixes;
    uint32_t *mix_of; /* MIX entry, from the lane's first -> mix */
    uint32_t *active; /* n_active of mixes, in the order of rank */
    uint32_t n_active;
    int64_t mix_until_ms;
    bool scaled;
    int64_t *rings;
    struct event *events; /* of the day, by time */
    uint32_t n_events, next_event, cap_events;
    /* the rest */
    struct cursor *subs; /* beside playlists */
    struct condition {
        int64_t until_ms;
        bool open;
    } * conditions;             /* beside windows; until_ms <= t: not known */
    uint8_t *rights;            /* beside items: 0 not known, 1 yes, 2 no */
    int64_t *category_end_ms;   /* beside separations */
    int64_t *advertiser_end_ms; /* beside advertisers */
    bool by_advertiser;
    struct quota_state *quotas;
    uint32_t n_quotas;
    struct stretch idle; /* not yet told; idle.end_ms 0: none */
    int64_t now_ms;
    uint64_t *work_left; /* NULL: as much as it takes */
    uint64_t looks;      /* at entries, 64 at a time; what joining a loop may take is bounded */
};

/* schedule_timeline() with a bound for documents that nobody trusts: work is counted in looks at
 * entries, interrupts, quotas and so on, some nanoseconds each. Stops when none is left. */
QP_MUST_CHECK int timeline_run(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                               uint32_t screen, const struct facts *facts,
                               schedule_on_stretch on_stretch, void *user, uint64_t *work_left);

static inline void timeline_work(struct timeline *tl, uint64_t n)
{
    if (!tl->work_left)
        return;
    *tl->work_left -= n < *tl->work_left ? n : *tl->work_left;
    tl->stopped |= *tl->work_left == 0;
}

/* --- timeline_play.c: playlists -------------------------------------------------------------- */

/* The next item of a playlist that can be shown now; item NONE when there is none. */
struct pick timeline_next(struct timeline *tl, struct cursor *cursor, uint32_t playlist);
bool timeline_item_ok(struct timeline *tl, uint32_t item);
/* Its file is not there; on a screen of a sync group it is ok() all the same, so that all of them
 * choose alike. */
bool timeline_item_missing(const struct timeline *tl, uint32_t item);
/* Is the cursor between two rounds? */
bool timeline_at_round(const struct cursor *cursor);
/* Sets the cursor to where a playlist would be that began at epoch_ms. */
struct pick timeline_join(struct timeline *tl, struct cursor *cursor, uint32_t playlist,
                          int64_t epoch_ms);

/* --- timeline_mix.c: interrupts, slots, exact times --------------------------------------------
 */

QP_MUST_CHECK int timeline_mix_open(struct timeline *tl);
void timeline_mix_close(struct timeline *tl);
void timeline_mix_restart(struct timeline *tl);
/* The interrupts that mix with the winner now, when it has changed or their time has come. */
void timeline_mix_refresh(struct timeline *tl);
/* The interrupt whose turn it is, or NONE. any: also below half an item. */
uint32_t timeline_mix_due(struct timeline *tl, bool any);
struct pick timeline_mix_take(struct timeline *tl, uint32_t mix);
void timeline_mix_shown(struct timeline *tl, uint32_t mix, int64_t start_ms, int64_t end_ms);
QP_MUST_CHECK int timeline_events(struct timeline *tl);

/* --- timeline_bound.c: separation, quotas, pace ------------------------------------------------
 */

QP_MUST_CHECK int timeline_bound_open(struct timeline *tl);
void timeline_bound_close(struct timeline *tl);
void timeline_bound_restart(struct timeline *tl);
void timeline_bound_day(struct timeline *tl);
/* May an item of this length follow now? */
bool timeline_allowed(struct timeline *tl, uint32_t item, int64_t len_ms);
/* A quota that an item would leave short, and its filler; *ret the quota's index, or NONE. */
struct pick timeline_fill(struct timeline *tl, uint32_t item, int64_t len_ms, uint32_t *ret);
/* An item was shown. What plays in an alert counts for separation, not for quotas. */
void timeline_count(struct timeline *tl, uint32_t item, int64_t start_ms, int64_t end_ms);
void timeline_pace(const struct timeline *tl, struct mix *mix);

/* Local midnight at or before, and after, an instant. */
void timeline_midnights(const struct tz *zone, int64_t at_ms, int64_t *ret_from_ms,
                        int64_t *ret_to_ms, int32_t *ret_day);

#endif
