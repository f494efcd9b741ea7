/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - the frame clock: paints, maps and hands over one frame per lattice point.
 *
 * The engine's thread renders frame n while frame n - 1 is on the wire: it wakes two periods before
 * the frame's instant, asks the source to paint the canvas, executes the plan into an idle packet
 * set and submits it. A frame that cannot be ready in time is skipped and counted, never queued.
 *
 * Threads: create, start, stop, destroy by the loop thread; on_end is called on the engine's thread
 * (it should only wake the loop). Once the first frame is out the engine's thread allocates
 * nothing, takes no lock and makes no system call but the clock's. */
#ifndef CONTROLLER_PLAYER_ENGINE_H
#define CONTROLLER_PLAYER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/pixel/canvas.h"
#include "protocols/wall/wall.h"

/* When a frame is shown. */
struct engine_instant {
    uint64_t i; /* frames since the engine began */
    int64_t n;  /* lattice index */
    int64_t tai_ns, utc_ns, mono_ns;
};

enum engine_paint {
    ENGINE_WAIT, /* nothing to show yet: send nothing */
    ENGINE_SHOW,
    ENGINE_OVER,  /* everything was shown: end, the last picture stays */
    ENGINE_FAILED /* nothing will ever be there: end */
};

/* Where pictures come from. */
struct engine_source {
    enum engine_paint (*paint)(void *self, struct canvas *canvas, const struct engine_instant *at);
    /* Without pacing only: true once the source can paint this instant without repeating an older
     * picture. May be NULL: always. */
    bool (*ready)(void *self, const struct engine_instant *at);
    void *self; /* borrowed */
};

struct engine_params {
    const struct wall *wall; /* borrowed until engine_destroy */
    const char *link;        /* as in struct sender_params */
    const char *state_dir;   /* likewise */
    struct engine_source source;
    uint64_t max_frames; /* end after so many; 0: endless */
    int64_t shift_ns;    /* added to the instants (TAI and UTC): rehearsing another time */
    bool unpaced;        /* as fast as it goes, on a clock of its own: captures and benchmarks */
    void (*on_end)(void *user);
    void *user;
};

struct engine;

/* Lay out packets, open links, compile the plan. Returns 0 or sender_create's and plan_create's
 * errors. */
QP_MUST_CHECK int engine_create(struct engine **ret, const struct engine_params *params,
                                struct qp_diag *diag);
QP_MUST_CHECK int engine_start(struct engine *engine, struct qp_diag *diag);
/* Ends the thread and waits for the last frame's latch. */
void engine_stop(struct engine *engine);
void engine_destroy(struct engine *engine); /* stops first; NULL is fine */

/* A wish that could not be granted (real-time priority), or "". */
const char *engine_warning(const struct engine *engine);

struct engine_stats {
    uint64_t frames;  /* submitted */
    uint64_t skipped; /* lattice points that went by without a frame being rendered */
    int64_t first_ns; /* CLOCK_MONOTONIC of the first latch; 0 = none yet */
    int64_t render_ns_sum, render_ns_max; /* paint + map */
    int64_t map_ns_sum;                   /* of that, the plan */
    int64_t cpu_ns;                       /* of the engine's thread */
    enum engine_paint state;
};

/* Any thread. */
void engine_stats(const struct engine *engine, struct engine_stats *ret);

/* Light of the whole wall, 0..1, from the frame on that is being painted. Only from paint(). */
void engine_set_brightness(struct engine *engine, double level);

struct sender;
struct plan;
const struct sender *engine_sender(const struct engine *engine);
const struct plan *engine_plan(const struct engine *engine);

#endif
