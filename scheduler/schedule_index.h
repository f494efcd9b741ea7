/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_index.h - what a prepared schedule is made of. Nothing outside scheduler includes it.
 *
 * Screens for which the same rules are meant with the same specificity, in the same zone, share one
 * class: its rules as entries in the order of their rank, so that the first open one wins.
 *
 * Order of entries: lane, layer, mandatory, priority, specificity; entries equal in all these are a
 * group, and in it the start of the occurrence decides. Daily times on the wall clock come first,
 * by descending start: read from the present time of day downwards (today's), then from the top
 * (yesterday's that passed midnight), the first open one has the latest start. Absolute times
 * follow, by descending start; then what only occurrence_open() can tell.
 *
 * Memory: an entry takes 56 bytes, 12 of bits for the quarters of an hour of the day included. A
 * class has one entry per rule, time range and lane; so 1000 screens with 200 rules each of their
 * own take some 12 MB, and screens that share their rules take it once. */
#ifndef SCHEDULER_SCHEDULE_INDEX_H
#define SCHEDULER_SCHEDULE_INDEX_H

#include "protocols/base/tz.h"
#include "scheduler/occurrence.h"
#include "scheduler/schedule.h"

#define INDEX_SLOTS  96u /* quarters of an hour */
#define INDEX_SLOT_S 900
#define INDEX_DAY_S  86400

enum lane {
    LANE_CONTENT,
    LANE_MIX, /* interrupts, and what fills slots */
    LANE_OVERLAY,
    LANE_POWER,
    LANE_BRIGHTNESS,
    LANE_VOLUME,
    LANE_N
};

enum entry_kind { ENTRY_CLOCK, ENTRY_ONCE, ENTRY_FREE };

struct entry {
    uint32_t rule, group, specificity;
    uint8_t kind, lane;
    uint8_t weekdays; /* CLOCK: bits of start days, bit 0 = Monday */
    bool verify;      /* CLOCK: the day must be asked of occurrence_open() */
    union {
        struct {
            int32_t start_s, end_s; /* wall clock of the start day; end up to 2 * 86400 */
            int32_t first_day, last_day;
        };
        struct {
            int64_t start_ms, end_ms; /* ONCE; FREE without a window: always */
        };
    };
    uint32_t month_days; /* CLOCK: bit 0 = the 1st; may be a start day */
    uint16_t months;     /* bit 0 = January */
    bool repeats;        /* an earlier entry of the lane is of the same rule */
};

struct group {
    uint32_t from, clock_to, once_to, to; /* entries */
};

struct class
{
    const struct tz *zone; /* borrowed; NULL: UTC */
    struct entry *entries;
    uint32_t n_entries;
    struct group *groups;
    uint32_t n_groups;
    uint32_t lane_from[LANE_N + 1];
    uint32_t *by_start; /* CLOCK entries by ascending start_s */
    uint32_t n_by_start;
    uint32_t *by_once; /* ONCE entries by ascending start_ms */
    uint32_t n_by_once;
    uint32_t *free_entries; /* FREE entries with a window */
    uint32_t n_free;
    int64_t *reach;   /* ONCE: the latest end of this and the later entries of its group */
    uint64_t *bits;   /* INDEX_SLOTS rows of n_words */
    uint32_t n_words; /* 64 entries each */
    int32_t last_day; /* no CLOCK entry starts after it */
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

/* The rule's specificity for a screen: the largest of its targets; 0: it is not meant. */
uint32_t schedule_specificity(const struct model *model, const struct rule *rule, uint32_t screen);

/* schedule_classes.c: which screens share a class. Fills class_of, n_classes and classes with their
 * zone and entries that know rule and specificity only. 0 or -ENOMEM. */
QP_MUST_CHECK int schedule_find_classes(struct schedule *schedule);

/* schedule_index.c: the order and the index of a class. 0 or -ENOMEM. */
QP_MUST_CHECK int schedule_index_class(const struct schedule *schedule, struct class *class);
void schedule_index_finish(struct class *class);

/* Is the rule's playlist shown only together with others (interrupt, slot)? */
static inline bool schedule_is_mix(const struct rule *rule)
{
    return rule->axis == AXIS_CONTENT && (rule->layer == LAYER_INTERRUPT || rule->slot != NONE);
}

#endif
