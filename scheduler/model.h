/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - a schedule document in memory: screens, items, playlists, rules.
 *
 * Read by schedule_load() (schedule.h) from JSON (docs/schedule-format.md), checked as a whole,
 * never changed afterwards; any number of threads may read it. Everything is owned by struct model
 * unless a comment says borrowed. References between parts are indexes into its arrays; NONE = no
 * reference.
 *
 * Time. Instants are int64_t milliseconds of UTC since 1970 (no leap seconds). Local times of day
 * are seconds since local midnight. Dates are days since 1970-01-01 (proleptic Gregorian).
 * Intervals are half-open everywhere. */
#ifndef SCHEDULER_MODEL_H
#define SCHEDULER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/json.h"

#define NONE            UINT32_MAX
#define FOREVER_MS      INT64_MAX
#define DAY_MIN         (-25567) /* 1900-01-01; dates outside are errors */
#define DAY_MAX         2932896  /* 9999-12-31 */
#define MODEL_MAX_RULES 1000000u

struct tz; /* protocols/base/tz.h */

/* --- time windows ---------------------------------------------------------------------------- */

enum frequency { EVERY_ONCE, EVERY_DAY, EVERY_WEEK, EVERY_MONTH, EVERY_YEAR };
enum month_day_policy { MONTH_DAY_CLAMP, MONTH_DAY_SKIP }; /* the 31st in a month of 30 days */
enum gap_policy {
    GAP_MOVE,
    GAP_STRICT
}; /* strict: an occurrence that begins in a gap is left out,
      and one in a repeated hour happens once, at its first pass */
enum edge_kind { EDGE_CLOCK, EDGE_SUNRISE, EDGE_SUNSET };

/* One end of a daily time range. */
struct edge {
    enum edge_kind kind;
    int32_t s; /* CLOCK: 0..86400 since midnight; sun: offset in seconds, +-12 h */
};

/* A time range of a day. Start == end (both CLOCK) is 24 h; an end at or before the start is on the
 * next day; 86400 is valid as an end. */
struct day_range {
    struct edge start, end;
};

/* A change or removal of the occurrence whose original date is `day`. */
struct occurrence_edit {
    int32_t day;
    bool removed;
    struct day_range range; /* if not removed: its own times... */
    int32_t new_day;        /* ... and date */
};

struct window {
    enum frequency frequency;
    /* ONCE with exact instants: both set, everything else unused. */
    int64_t once_start_ms, once_end_ms;
    /* Otherwise local: */
    struct tz *zone; /* borrowed from model.zones; NULL: the screen's own zone */
    int32_t first_day,
        last_day;          /* start days allowed, inclusive; an overnight end may pass last_day */
    uint32_t interval;     /* every n days/weeks/months/years from first_day; >= 1 */
    uint8_t weekdays;      /* bit 0 = Monday .. bit 6 = Sunday; 0 = any, WEEK: that of first_day */
    uint8_t week_start;    /* WKST: 0 = Monday .. 6 */
    int8_t nth_weekday;    /* MONTH/YEAR with weekdays: 1..5, -1..-5 from the end; 0: every such */
    int8_t month_days[31]; /* not WEEK: 1..31, -1..-31 from the end; n_month_days of them. None and
                              no weekdays: MONTH/YEAR the day of first_day */
    uint8_t n_month_days;
    uint16_t months; /* bit 0 = January; 0: any, YEAR: the month of first_day */
    enum month_day_policy month_day_policy;
    uint8_t lunar_month,
        lunar_day;  /* YEAR, Chinese lunar date; 0: Gregorian. Leap months never match */
    uint32_t count; /* at most so many start days, counted from first_day on before calendar and
                       edits take any away; 0: no limit */
    bool counted;   /* set by occurrence_prepare(): last_day is that of the count-th or earlier */
    uint16_t end_days; /* 0..366: the end is that many days later than the range says */
    enum gap_policy gap;
    uint32_t calendar; /* index into model.calendars or NONE */
    uint8_t
        calendar_days; /* bits: 1 workdays, 2 days off, 4 swapped workdays, 8 holidays; 0: all */
    struct day_range *ranges; /* n_ranges >= 1; from the rule or its daypart */
    uint32_t n_ranges;
    /* Daypart exceptions: weekday bit -> other ranges on that start weekday. */
    struct weekday_ranges {
        uint8_t weekdays;
        struct day_range *ranges; /* n_ranges == 0: closed on these days */
        uint32_t n_ranges;
    } * exceptions;
    uint32_t n_exceptions;
    struct occurrence_edit *edits; /* ascending by day, n_edits */
    uint32_t n_edits;
};

/* Public holidays and swapped working days, from a file. */
struct calendar {
    char *id;
    struct calendar_day {
        int32_t day;
        bool works; /* true: a swapped working day (a weekend day that is worked) */
    } * days;       /* ascending, n_days */
    uint32_t n_days;
};

/* --- places ---------------------------------------------------------------------------------- */

struct screen {
    char *id, *name;
    char *zone_name;
    struct tz *zone; /* borrowed from model.zones */
    bool has_place;
    double lat, lon;  /* degrees, in the datum that the file names, converted to WGS 84 */
    uint32_t node;    /* where it hangs in the tree, or NONE */
    uint32_t *groups; /* n_groups */
    uint32_t n_groups;
    uint32_t *tags; /* n_tags, indexes into model.tags, ascending */
    uint32_t n_tags;
    char *sync_group;          /* NULL: none */
    uint32_t default_playlist; /* the screen's own default content, or NONE: built-in safe slide */
};

struct node { /* province, city, district, mall, shop ... */
    char *id, *name, *kind;
    uint32_t parent; /* or NONE */
    uint32_t depth;  /* 0 = root */
};

enum target_kind {
    TARGET_ALL,
    TARGET_NODE,
    TARGET_TAGS,
    TARGET_POLYGON,
    TARGET_GROUP,
    TARGET_SCREEN
};

/* Tag expression in reverse Polish: >= 0 a tag, TAG_NOT, TAG_AND, TAG_OR. */
enum { TAG_NOT = -1, TAG_AND = -2, TAG_OR = -3 };

struct target {
    enum target_kind kind;
    uint32_t ref;  /* NODE, GROUP, SCREEN: index */
    int32_t *tags; /* TAGS: n_tags */
    uint32_t n_tags;
    struct point {
        double lat, lon;
    } * polygon; /* POLYGON: n_points >= 3, WGS 84, closed implicitly */
    uint32_t n_points;
    uint32_t below;     /* only screens below this node: its index + 1; 0: no such limit */
    bool unknown_shows; /* POLYGON: a screen without a place is meant, too */
};

/* --- content --------------------------------------------------------------------------------- */

struct item {
    char *id;
    char *file;          /* path below the media folder; NULL: a layout or live source */
    char *sha256;        /* 64 hex digits, or NULL */
    char *layout, *live; /* ids; NULL: none. Exactly one of file, layout, live is set */
    int64_t duration_ms; /* > 0 */
    uint32_t category;   /* index into model.categories */
    char *advertiser;    /* NULL: none */
    int64_t valid_from_ms, valid_to_ms; /* 0, FOREVER_MS: no bound */
    int64_t rights_from_ms, rights_to_ms;
    struct target *rights_area; /* n_rights_area; 0: everywhere */
    uint32_t n_rights_area;
};

enum playlist_order { ORDER_LIST, ORDER_SHUFFLE, ORDER_WEIGHTED };

struct playlist_entry {
    uint32_t item;       /* index, or NONE: a sub-playlist */
    uint32_t playlist;   /* index, or NONE */
    uint32_t per_visit;  /* sub-playlist: items taken per visit, >= 1 */
    uint32_t weight;     /* ORDER_WEIGHTED: >= 1 */
    int64_t duration_ms; /* 0: the item's own */
    uint32_t condition; /* index into model.windows: only while that window is open; NONE: always */
};

struct playlist {
    char *id;
    enum playlist_order order;
    uint64_t seed;
    struct playlist_entry *entries; /* n_entries >= 1 */
    uint32_t n_entries;
};

/* --- rules ----------------------------------------------------------------------------------- */

enum schedule_layer { /* highest first */
                      LAYER_BLACKOUT,
                      LAYER_EMERGENCY,
                      LAYER_TAKEOVER,
                      LAYER_INTERRUPT,
                      LAYER_SCHEDULE,
                      LAYER_DEFAULT,
                      LAYER_SAFE,
                      LAYER_N
};

enum axis { AXIS_CONTENT, AXIS_OVERLAY, AXIS_DISPLAY };
enum boundary { BOUNDARY_CUT, BOUNDARY_FINISH_ITEM, BOUNDARY_FINISH_LOOP };
enum start_policy { START_FROM_START, START_JOIN };

struct rule {
    char *id;
    char *path; /* in the document, for findings: "rules[3]", "nodes[1].mandatory[0]" */
    enum axis axis;
    enum schedule_layer layer; /* content: INTERRUPT, SCHEDULE, DEFAULT; alerts: the upper three */
    int32_t priority;          /* larger wins */
    struct target *targets;    /* n_targets >= 1: any of them */
    uint32_t n_targets;
    uint32_t window;   /* index into model.windows, or NONE: always */
    uint32_t playlist; /* content; NONE for display rules */
    enum boundary boundary;
    int64_t max_wait_ms; /* FINISH_ITEM, FINISH_LOOP; FOREVER_MS: no limit */
    enum start_policy start;
    /* Interrupts: one of share, plays per hour, exact times. */
    double share; /* of time, 0..1; 0: not used */
    uint32_t plays_per_hour;
    int64_t min_gap_ms;
    int32_t *at_s; /* play exactly at these local times of day, n_at */
    uint32_t n_at;
    bool any_priority; /* an interrupt normally needs at least the priority of what it interrupts */
    uint32_t campaign; /* index, or NONE */
    uint32_t slot;     /* a node's slot it fills, or NONE */
    /* A node's rules mean screens below it only (its targets say so). mandatory: a block that every
     * screen below must play. locked: the node keeps this layer or axis to itself; rules of nodes
     * below it in that layer are refused at loading. */
    bool mandatory, locked;
    uint32_t owner; /* the node that set it, or NONE */
    /* Overlay */
    char *text; /* ticker or emergency bar; NULL: none */
    bool emergency_bar;
    /* Display: unset values are NAN / -1 */
    int8_t power;      /* 1 on, 0 off, -1 not said */
    double brightness; /* cap, 0..1, NAN: not said */
    double nits;       /* cap, NAN: not said */
    double volume;     /* 0..1, NAN: not said */
};

struct campaign {
    char *id;
    int32_t first_day, last_day;
    int64_t plays, seconds; /* goals; 0: none */
    bool per_screen;        /* false: in total */
};

struct slot {
    char *id;
    uint32_t node;
    double share;
    uint32_t *categories; /* n_categories; 0: any */
    uint32_t n_categories;
};

enum quota_measure { QUOTA_SECONDS, QUOTA_PLAYS };
enum quota_period { QUOTA_HOUR, QUOTA_DAY, QUOTA_QUARTER, QUOTA_YEAR };
enum quota_action { QUOTA_WARN, QUOTA_BLOCK, QUOTA_AUTOFILL };

struct quota {
    char *id;
    struct target *targets;
    uint32_t n_targets;
    uint32_t numerator;   /* category */
    uint32_t denominator; /* category, or NONE: everything */
    enum quota_measure measure;
    enum quota_period period;
    int32_t band_start_s, band_end_s; /* of the local day; 0, 86400: all day */
    double min, max;                  /* NAN: none */
    enum quota_action action;
    uint32_t filler; /* AUTOFILL: playlist, or NONE */
};

/* Two items of one separation group never follow each other within gap_ms; by category or
 * advertiser. */
struct separation {
    uint32_t category; /* or NONE: items of the same advertiser */
    int64_t gap_ms;
};

struct model {
    cJSON *json; /* the document */
    struct screen *screens;
    struct node *nodes;
    char **groups, **tags, **categories;
    struct calendar *calendars;
    struct tz **zones; /* owned */
    char **zone_names;
    struct window *windows;
    struct item *items;
    struct playlist *playlists;
    struct rule *rules;
    struct campaign *campaigns;
    struct slot *slots;
    struct quota *quotas;
    struct separation *separations;
    uint32_t n_screens, n_nodes, n_groups, n_tags, n_categories, n_calendars, n_zones, n_windows,
        n_items, n_playlists, n_rules, n_campaigns, n_slots, n_quotas, n_separations;
};

/* Read and check a document. Taken whole or refused whole: with an error *ret is untouched.
 * Calendar files are found relative to the document (dir; NULL: none may be named). Returns 0,
 * -EINVAL (diag: the first finding), -E2BIG, -ENOENT and other errno of files, -ENOMEM. */
QP_MUST_CHECK int model_load(struct model **ret, const char *file, struct qp_report *report,
                             struct qp_diag *diag);
QP_MUST_CHECK int model_parse(struct model **ret, const char *text, size_t len, const char *dir,
                              struct qp_report *report, struct qp_diag *diag);
void model_destroy(struct model *model); /* NULL is fine */

/* Does a target mean this screen, and how specifically? Larger is more specific: screen > group >
 * tag or polygon > deeper node > higher node > all; 0: it does not. */
uint32_t model_specificity(const struct model *model, const struct target *target, uint32_t screen);

uint32_t model_find_screen(const struct model *model, const char *id); /* NONE: no such */

#endif
