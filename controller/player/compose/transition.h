/* SPDX-License-Identifier: Apache-2.0 */
/* transition.h - how one picture gives way to the next, frame by frame.
 *
 * A transition of D covers exactly N = round(D * rate) wall frames (half rounds up) in which both
 * pictures take part; in frame i = 0 .. N-1 the new one has the share (i + 1) / (N + 1), so the
 * first frame before and the first frame after are pure. Everything is a pure function of i and N:
 * a skipped frame changes nothing in the others. */
#ifndef CONTROLLER_PLAYER_COMPOSE_TRANSITION_H
#define CONTROLLER_PLAYER_COMPOSE_TRANSITION_H

#include <stdint.h>

#include "protocols/base/rational.h"

enum transition_type {
    TRANSITION_CUT,
    TRANSITION_CROSS_FADE,
    TRANSITION_WIPE_LEFT, /* the edge travels to the left, the new picture appears at the right */
    TRANSITION_WIPE_RIGHT,
    TRANSITION_WIPE_UP,
    TRANSITION_WIPE_DOWN,
    TRANSITION_CIRCLE, /* a growing disc around the centre */
    TRANSITION_N
};

extern const char *const transition_names[TRANSITION_N];

/* Frames of a length of time: rounded to the nearest (transitions), rounded up (how many frames k
 * have k / rate < ns). ns >= 0; saturates at INT64_MAX / 4. */
int64_t transition_frames_round(struct qp_rational rate, int64_t ns);
int64_t transition_frames_ceil(struct qp_rational rate, int64_t ns);

/* Begin of frame k >= 0 in ns, rounded down. */
int64_t transition_frame_ns(struct qp_rational rate, int64_t k);

/* The new picture's weights 0..255 for row y of a w x h picture in frame i of n, into weights[0 ..
 * w-1]. Returns 1 when the weights are the same in every row, so that they need not be asked for
 * again. */
int transition_weights(enum transition_type type, uint32_t w, uint32_t h, uint32_t y, int64_t i,
                       int64_t n, uint8_t *weights);

#endif
