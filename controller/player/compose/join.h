/* SPDX-License-Identifier: Apache-2.0 */
/* join.h - where a list of items stands on a frame, had it begun on frame 0.
 *
 * How long an item is on is known when its own duration was given, and otherwise only once it was
 * opened: the search asks for one item after the other to be opened, and knows the whole round once
 * it has been through it. Times are frames. Pure but for memory; one thread. */
#ifndef CONTROLLER_PLAYER_COMPOSE_JOIN_H
#define CONTROLLER_PLAYER_COMPOSE_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define JOIN_UNKNOWN (-1)

struct join {
    int64_t *lengths; /* owned, n: from an item's beginning to that of the next, or JOIN_UNKNOWN; 0:
                         cannot be played */
    size_t n;
    bool loop;
    size_t i;     /* the item looked at */
    int64_t left; /* frames from its beginning to the frame that is looked for */
};

/* Frame f >= 0 of a list of n items. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int join_init(struct join *join, size_t n, bool loop, int64_t f);
void join_finish(struct join *join);

/* The item to look at: join->i at join->left. Either its length is unknown: open it and call
 * join_set; or it is the one. Returns false when nothing can be played. */
bool join_find(struct join *join);
/* Length of item join->i, >= 0. */
void join_set(struct join *join, int64_t frames);
/* Is item join->i known to be on? Otherwise look on. A list that is over stays with its last item.
 */
bool join_is_found(const struct join *join);

#endif
