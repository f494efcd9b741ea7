/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h - what plays when, and why.
 *
 * A prepared schedule answers for any screen and instant. Pure: no clock, no files, no state
 * between calls; the same answers on every machine. schedule_resolve allocates nothing; any number
 * of threads may ask one prepared schedule at the same time. */
#ifndef SCHEDULER_SCHEDULE_H
#define SCHEDULER_SCHEDULE_H

#include "scheduler/model.h"

struct schedule;

/* Time ranges of rules, counted once for all screens for which the same rules are meant. */
#define SCHEDULE_MAX_RANGES 4000000u

/* Prepare a model for asking. Takes nothing: the model is borrowed until schedule_destroy. Returns
 * 0, -E2BIG (more than SCHEDULE_MAX_RANGES) or -ENOMEM. */
QP_MUST_CHECK int schedule_prepare(struct schedule **ret, const struct model *model,
                                   struct qp_diag *diag);
void schedule_destroy(struct schedule *schedule); /* NULL is fine */

/* What the device or the server knows besides the rules; all borrowed for the call. */
struct facts {
    bool clock_untrusted; /* hold `held` instead of resolving */
    uint32_t held_rule;   /* last resolved content rule, or NONE */
    /* Takeovers and alerts that are in force are rules of the upper layers with their own windows,
     * given here because they come and go without the document. */
    const struct rule *alerts;
    const struct window *alert_windows; /* rule.window of an alert indexes these */
    uint32_t n_alerts;
    /* Counters that survive a restart, per rule / campaign and screen; may be NULL: all zero. */
    const struct play_count {
        uint32_t rule;     /* or NONE */
        uint32_t campaign; /* or NONE */
        uint32_t screen;
        uint64_t plays; /* delivered since the campaign began */
        int64_t seconds;
        int64_t at_ms;         /* up to this instant; 0: up to the midnight that sets the pace */
        int64_t last_start_ms; /* of the rule on this screen; 0: never */
        uint32_t plays_last_hour;
        /* Instead of plays_last_hour: the starts of the hour up to last_start_ms, ascending, it the
         * last of them; borrowed. NULL: not known. */
        const int64_t *starts;
        uint32_t n_starts;
    } * counts;
    uint32_t n_counts;
    /* Items that cannot be played (missing, not verified): bit per item index; NULL: none. They are
     * passed over; in a timeline of a screen of a sync group each gives its time to the screen's
     * default instead, so that the group keeps in step. */
    const uint8_t *missing_items;
};

enum verdict {
    VERDICT_WINS,
    VERDICT_LOWER_LAYER, /* also: the winner is a node's mandatory block and this is not */
    VERDICT_LOWER_PRIORITY,
    VERDICT_LESS_SPECIFIC,
    VERDICT_EARLIER_START,
    VERDICT_LARGER_ID,
    VERDICT_MIXES,       /* an interrupt that shares time with the winner, or equal-rank rules */
    VERDICT_NOT_PLAYABLE /* nothing in its playlist may be shown here and now */
};

struct applicable {
    const struct rule *rule;
    enum verdict verdict;
    uint32_t specificity;
    int64_t start_ms, end_ms; /* its occurrence now; INT64_MIN, FOREVER_MS: always */
};

/* What an emergency keeps the caps of the display from going below. */
#define SCHEDULE_EMERGENCY_BRIGHTNESS 0.3
#define SCHEDULE_EMERGENCY_NITS       300.0

#define SCHEDULE_NEXT_LOOKS 8

struct resolution {
    enum schedule_layer layer;
    const struct rule *rule; /* content; NULL: default or safe slide */
    uint32_t playlist;       /* NONE: blackout or safe slide */
    int64_t since_ms;        /* when this rule's occurrence began; INT64_MIN: always */
    const struct rule *overlay;
    const struct rule *power_rule, *brightness_rule, *volume_rule; /* NULL: not said */
    bool on;
    double brightness, nits, volume; /* caps; brightness 0..1; nits, volume NAN: not said */
    /* > at; nothing of the above changes before it, and something does then; FOREVER_MS: never.
     * The search is bounded: with some ten thousand rules on a screen that do not begin for weeks
     * (hundreds: for years), or after SCHEDULE_NEXT_LOOKS instants (a hundred with few rules) at
     * which something was only possible (the end of an item's validity, a rule that begins with
     * nothing to play), it may be a later instant at which nothing changes yet.
     * schedule_next_change() walks on. */
    int64_t next_change_ms;
    /* Sum of the shares that interrupts and slots ask for now, when applicable is given; above 1
     * they are scaled down, which deserves an alarm. */
    double share_sum;
    /* Every rule that applies now, the content's first, each axis best first; written up to
     * applicable_cap, n_applicable is the true number. Give NULL and 0 if not wanted (faster): then
     * n_applicable is 0. */
    struct applicable *applicable;
    size_t applicable_cap, n_applicable;
};

/* at_ms any instant; screen an index. Fields applicable and applicable_cap of *ret are read, the
 * others written. */
void schedule_resolve(const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                      const struct facts *facts, struct resolution *ret);

/* The next instant at which other content shows: another rule, playlist or occurrence of the rule
 * than at at_ms; FOREVER_MS if not before until_ms. */
int64_t schedule_next_change(const struct schedule *schedule, int64_t at_ms, int64_t until_ms,
                             uint32_t screen, const struct facts *facts);

/* One stretch of a timeline: an item, or no content. */
struct stretch {
    int64_t start_ms, end_ms;
    int64_t offset_ms;       /* position inside the item at start (joined in progress) */
    uint32_t item;           /* NONE: black or the safe slide */
    const struct rule *rule; /* NULL: default, safe */
    enum schedule_layer layer;
    uint8_t cut;    /* 1: the item was cut at its end by a boundary */
    uint8_t scaled; /* 1: interrupts ask for more than all of the time now: an alarm */
    uint32_t quota; /* index of the quota that it fills up, or NONE */
};

/* Called for each stretch in order; return false to stop. */
typedef bool (*schedule_on_stretch)(void *user, const struct stretch *stretch);

/* The sequence of items on a screen over [from, to). Deterministic for the seeds in the document;
 * it restarts at each change of winner and at local midnight (where items are cut), so that any
 * machine can join anywhere: it is always worked out from the local midnight before `from`.
 *
 * At every end of an item: what is due exactly now; the filler of a quota that the next item would
 * leave short; of the interrupts whose deficit (share x time since it began, minus what was shown)
 * is at least half their item, the one with the largest; the next item of the winner. Without such
 * an item the largest deficit shows; then the screen's default, then the safe slide. Plays per hour
 * are spread evenly: never more than so many starts in any hour, nor closer than the gap; a screen
 * that gives counts keeps both across a restart.
 *
 * Fillers of quotas: what a quota has is counted from local midnight on (an hour's: from the hour),
 * through all changes of the winner; so what a mandatory block, into which no filler comes, leaves
 * short is made up after it. What plays in an alert is not counted.
 *
 * Campaigns: a rate or share is the most that its rule gets. It is lowered to what the goal needs
 * per hour, evenly; when delivered counts are given, times time progress / delivered progress (at
 * most 4) when behind, and 0 when 5 points ahead or done. The pace is set at the local midnight
 * before `from`.
 *
 * Shuffled and weighted playlists: the n-th item of a round is a keyed permutation of [0, n), a
 * six-round Feistel network walked until it falls inside, whose round function is splitmix64 of
 * seed, local day, round; weighted entries take as many places of the round as their weight.
 *
 * Allocates its work space once. Returns 0, -ENOMEM, or 1 if on_stretch stopped it. */
QP_MUST_CHECK int schedule_timeline(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                                    uint32_t screen, const struct facts *facts,
                                    schedule_on_stretch on_stretch, void *user);

/* What schedule_conflicts() tells of rules that others hide. That a lunch menu hides the day's
 * programme is what priorities are for: only who asks wants to hear of it. */
enum conflict_detail {
    CONFLICT_NEVER,  /* those that do not show at any time of the span */
    CONFLICT_PARTLY, /* also those that are hidden for a part of it */
};

/* Windows in which something can never show and who hides it; shares, goals, quotas and slots that
 * cannot be met. Findings go to report with the rule's id and JSON path. A quota is judged over
 * whole periods: every hour, day, quarter or year that has a part in [from, to); of the plans of
 * all classes of screens (conflict.h) 20 million items are looked at together, and a quota that was
 * not judged to its end is named with the stretch that was. Shares are looked at for a year, for
 * 200 000 changes of who has a share. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int schedule_conflicts(const struct schedule *schedule, int64_t from_ms,
                                     int64_t to_ms, enum conflict_detail detail,
                                     struct qp_report *report);

/* Planned time per rule, campaign and quota, screen and local hour. */
struct plan_cell {
    uint32_t rule, campaign, quota; /* exactly one is not NONE */
    uint32_t screen;
    int64_t hour_ms; /* UTC of the local hour's beginning */
    int64_t plays;
    int64_t ms;                    /* quota: of the numerator */
    int64_t total_plays, total_ms; /* quota: of the denominator */
};

typedef bool (*schedule_on_plan)(void *user, const struct plan_cell *cell);

QP_MUST_CHECK int schedule_plan(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                                const struct facts *facts, schedule_on_plan on_cell, void *user);

#endif
