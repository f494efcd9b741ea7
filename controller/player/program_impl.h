/* SPDX-License-Identifier: Apache-2.0 */
/* program_impl.h - what the files of a program share. Nothing else includes it.
 *
 * program.c puts the parts together, program_items.c finds out what can be played, program_feed.c
 * hands it on and records what was seen, program_display.c has the bars and the display's state. */
#ifndef CONTROLLER_PLAYER_PROGRAM_IMPL_H
#define CONTROLLER_PLAYER_PROGRAM_IMPL_H

#include <stdatomic.h>

#include "controller/player/compose/play.h"
#include "controller/player/feed.h"
#include "controller/player/program.h"

#define MS                 1000000LL
#define PROGRAM_MAX_BARS   60 /* a layout holds 64 layers */
#define PROGRAM_MAX_STATES 64
#define PROGRAM_MAX_NAME   160 /* of a layout's file: an id has 128 bytes */

struct program_state {
    int64_t from_ns; /* TAI */
    bool dark;
    double level;
    double volume; /* 0..1 */
    uint32_t bar;  /* index of a ticker; UINT32_MAX: none */
};

struct program {
    struct program_params params;
    struct model *model;
    struct schedule *schedule;
    uint32_t screen;
    uint8_t *missing;
    struct load_facts given;   /* by the facts file */
    struct play_count *counts; /* owned */
    struct facts facts;
    struct feed feed;
    struct play_feed play_feed;
    struct layout *layout;
    struct compose *compose;
    const struct rule *bars[PROGRAM_MAX_BARS];
    uint32_t n_bars;
    int64_t now_ms;
    bool is_over;
    const char *clock; /* how far it was believed when this program was made */
    int64_t asked_ms;  /* what is resolved now was asked at; INT64_MIN: never */
    bool has_rule;
    const char *rule;     /* of the model */
    struct shown *newest; /* of the stretch that feed.last is, while it lives */

    struct program_state states[PROGRAM_MAX_STATES];
    _Atomic uint32_t written, taken;
    struct program_state last; /* loop thread: the newest written */
    int64_t resolved_ms;
    _Atomic int64_t known_ns; /* TAI: states are known before this */
    struct program_state now; /* render thread */
    double volume_before;     /* likewise: up to now.from_ns */
};

/* What a fed item stands for; the feed's tag. */
struct shown {
    struct program *program;
    struct stretch stretch;
    uint64_t id;
};

/* TAI of a UTC instant; INT64_MAX: never. */
int64_t program_tai(const struct program *p, int64_t utc_ms);

/* --- program_items.c --- */

/* An item's file below the media folder, in buf where it has to be made. */
const char *program_item_name(const struct item *item, char buf[PROGRAM_MAX_NAME]);
/* The same with the folder; to be freed; NULL: no memory. */
char *program_item_path(const struct program *p, const struct item *item);
/* Facts and missing items; the counts come with each slice. -ENOMEM. */
int program_open_facts(struct program *p, struct qp_diag *diag);

/* --- program_feed.c --- */

/* Set p->feed and p->play_feed up. */
void program_feed_init(struct program *p);
/* What is on, as far as it is known now; the `record_on` of known.h. */
cJSON *program_record_on(void *user);

/* --- program_display.c --- */

/* The layout: safe slide, items, bars of the overlay rules that mean this screen. */
int program_make_layout(struct program *p, struct qp_report *report, struct qp_diag *diag);
/* Keep the queue of states filled to the horizon. Loop thread. */
void program_plan_states(struct program *p);
/* What is due at an instant, into p->now and the composition. Render thread. */
void program_take_states(struct program *p, int64_t tai_ns);

#endif
