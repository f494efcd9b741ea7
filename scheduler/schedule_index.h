/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_index.h - what a prepared schedule is made of. Nothing outside scheduler includes it.
 *
 * Screens for which the same rules are meant with the same specificity, in the same zone, share one
 * class: its rules as entries in the order of their rank, so that the first open one wins.
 *
 * Order of entries: lane, layer, mandatory, priority, specificity; entries equal in all these are a
 * group, and in it the start of the occurrence decides. An entry is a time range of a rule on one
 * lane; what is open at an instant is found by its kind:
 *
 * DAY: every occurrence begins and ends at a time of its start day that is counted from the same
 * two points: local midnight of one zone, sunrise or sunset. Entries that have these points in
 * common are a face, in the order of rank and in a group by descending start. A face has rows of
 * bits, one bit for each entry: those that may have started so long after the first point, those
 * that may not have ended so long after the second, those that may start on such a weekday, day of
 * the month and so on. The rows of a start day and an instant, and-ed, leave few entries to look
 * at, and the first that is really open has the latest start. A second set of rows, in the order of
 * starts, finds the next one to begin.
 *
 * ONCE: absolute times, rows by stretches of time. FREE: what only occurrence_open() can tell.
 *
 * Memory: an entry takes 40 bytes, and up to 110 bytes of bits and lists in its face: so 1000
 * screens with 200 rules each of their own take some 35 MB, and screens that share their rules take
 * it once. */
#ifndef SCHEDULER_SCHEDULE_INDEX_H
#define SCHEDULER_SCHEDULE_INDEX_H

#include "protocols/base/tz.h"
#include "scheduler/occurrence.h"
#include "scheduler/schedule.h"

#define INDEX_DAY_S     86400
#define INDEX_MAX_ZONES 16u  /* of a class; windows in further ones are FREE */
#define INDEX_MAX_FACES 250u /* likewise */

enum lane {
    LANE_CONTENT,
    LANE_MIX, /* interrupts, and what fills slots */
    LANE_OVERLAY,
    LANE_POWER,
    LANE_BRIGHTNESS,
    LANE_VOLUME,
    LANE_N
};

enum entry_kind { ENTRY_DAY, ENTRY_ONCE, ENTRY_FREE };

struct entry {
    uint32_t rule, group, specificity;
    uint8_t kind, lane;
    uint8_t weekdays; /* DAY: bits of start days, bit 0 = Monday */
    uint8_t face;     /* DAY, ONCE */
    union {
        struct {
            int32_t start_s, end_s; /* DAY: counted from the two points of the face */
            int32_t first_day, last_day;
        };
        struct {
            int64_t start_ms, end_ms; /* ONCE, also without a window: always */
        };
    };
    bool verify;  /* DAY: weekday, first and last day do not tell all start days */
    bool edited;  /* DAY: some start days have occurrences of their own */
    bool strict;  /* DAY: of a window with GAP_STRICT */
    bool repeats; /* an earlier entry of the lane is of the same rule */
};

struct group {
    uint32_t from, to; /* entries */
};

enum dim_kind {
    DIM_STARTED, /* seconds since the first point */
    DIM_ENDS,    /* seconds since the second */
    DIM_WEEKDAY, /* and the following: of the start day */
    DIM_MONTH,
    DIM_MONTH_DAY,
    DIM_SPAN, /* between which of the first and last days; ONCE: of the instants */
    DIM_LUNAR_DAY,
    DIM_CALENDAR, /* what the first calendar says */
    DIM_N
};

struct dim {
    uint64_t *bits;   /* n_rows rows of the face's n_words; NULL: it tells nothing */
    int64_t lo, step; /* STARTED, ENDS: row 0 and the others begin at lo + row * step */
    int64_t *edges;   /* SPAN: row r is between edges r - 1 and r */
    uint32_t n_rows;
};

struct face {
    bool is_once;
    uint8_t zone; /* index into the class's zones */
    uint8_t start_kind, end_kind;
    uint8_t wrap;      /* 1: only where the end is after the start; 2: only where it is not */
    uint16_t end_days; /* the second point is that of so many days later */
    int32_t back_lo, back_hi;           /* an occurrence that is open began so many days ago */
    int32_t start_lo, start_hi, end_hi; /* of the entries */
    uint32_t *list;                     /* entries in the order of rank */
    uint32_t n, n_words;
    uint32_t lane_from[LANE_N + 1]; /* into list */
    struct dim rank[DIM_N];
    uint32_t *by_start; /* entries by ascending start */
    struct dim start[DIM_N];
    uint32_t *best; /* of each word of by_start and lane: its first entry */
};

struct class
{
    const struct tz *zone;                   /* borrowed; NULL: UTC */
    const struct tz *zones[INDEX_MAX_ZONES]; /* the first is zone */
    uint32_t n_zones;
    struct entry *entries;
    uint32_t n_entries;
    struct group *groups;
    uint32_t n_groups;
    uint32_t lane_from[LANE_N + 1];
    struct face *faces;
    uint32_t n_faces;
    uint32_t *free_entries;
    uint32_t n_free;
    int32_t last_day; /* no DAY entry starts after it */
};

struct schedule {
    const struct model *model; /* borrowed */
    struct class *classes;
    uint32_t n_classes;
    uint32_t *class_of;   /* screen -> class */
    int64_t *longest;     /* playlist: its longest item, ms, those of sub-playlists included */
    uint8_t *plain;       /* playlist: something in it can be shown always and everywhere */
    uint32_t *advertiser; /* item -> number of its advertiser, or NONE */
    uint32_t n_advertisers;
    uint32_t *campaign_screens; /* campaign -> how many screens its rules mean, at least 1 */
};

static inline bool schedule_is_lunar(const struct window *w)
{
    return w->frequency == EVERY_YEAR && w->lunar_month != 0;
}

/* The rule's specificity for a screen: the largest of its targets; 0: it is not meant. */
uint32_t schedule_specificity(const struct model *model, const struct rule *rule, uint32_t screen);

/* schedule_classes.c: which screens share a class. Fills class_of, n_classes and classes with their
 * zone and entries that know rule and specificity only. 0, -E2BIG or -ENOMEM. */
QP_MUST_CHECK int schedule_find_classes(struct schedule *schedule);

/* schedule_index.c: the order and the index of a class. 0 or -ENOMEM. */
QP_MUST_CHECK int schedule_index_class(const struct schedule *schedule, struct class *class);
void schedule_index_finish(struct class *class);

/* schedule_face.c: lists and rows of the faces, when entries are in their order. 0 or -ENOMEM. */
QP_MUST_CHECK int schedule_make_faces(const struct schedule *schedule, struct class *class);
void schedule_finish_faces(struct class *class);

/* The row that a value falls into; the first and the last take what is beyond. */
static inline uint32_t dim_row(const struct dim *d, int64_t value)
{
    int64_t row = value < d->lo ? 0 : (value - d->lo) / d->step;

    return row < d->n_rows ? (uint32_t)row : d->n_rows - 1;
}

static inline uint32_t dim_span_row(const struct dim *d, int64_t value)
{
    uint32_t lo = 0, hi = d->n_rows - 1;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (d->edges[mid] <= value)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* What a calendar says about a day, as a row. */
static inline uint32_t calendar_row(const struct calendar *c, int32_t day)
{
    uint32_t lo = 0, hi = c->n_days;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (c->days[mid].day < day)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < c->n_days && c->days[lo].day == day)
        return c->days[lo].works ? 2 : 3;
    return (((day % 7) + 7 + 3) % 7) >= 5;
}

/* Is the rule's playlist shown only together with others (interrupt, slot)? */
static inline bool schedule_is_mix(const struct rule *rule)
{
    return rule->axis == AXIS_CONTENT && (rule->layer == LAYER_INTERRUPT || rule->slot != NONE);
}

#endif
