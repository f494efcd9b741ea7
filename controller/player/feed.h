/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - a schedule's timeline, stretch by stretch.
 *
 * Works the timeline out a few minutes ahead and hands out its stretches in order; one that the end
 * of a slice cut in two is whole again. Pure but for memory; one thread. */
#ifndef CONTROLLER_PLAYER_FEED_H
#define CONTROLLER_PLAYER_FEED_H

#include "scheduler/schedule.h"

#define FEED_SLICE_MS   300000 /* worked out at once */
#define FEED_HORIZON_MS 120000 /* known at least so far ahead */

struct feed {
    const struct schedule *schedule; /* borrowed */
    const struct facts *facts;       /* borrowed */
    uint32_t screen;
    int64_t planned_ms; /* the timeline is known up to here */
    /* Before a slice is worked out, NULL: not called. The facts may be changed now; *to_ms, its
     * end, may be brought nearer. */
    void (*on_slice)(void *user, int64_t from_ms, int64_t *to_ms);
    void *user;
    struct stretch *queue;
    size_t n, cap, i;
    bool no_memory;
    struct stretch last; /* handed out */
    bool has_last;
};

/* Begins at from_ms. */
void feed_init(struct feed *feed, const struct schedule *schedule, const struct facts *facts,
               uint32_t screen, int64_t from_ms);
void feed_finish(struct feed *feed);

/* The next stretch, or false while it lies beyond the horizon (or memory ran out: try again);
 * *ret_until_ms: nothing new begins before. */
bool feed_next(struct feed *feed, int64_t now_ms, struct stretch *ret, int64_t *ret_until_ms);

#endif
