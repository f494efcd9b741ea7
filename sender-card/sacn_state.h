/* SPDX-License-Identifier: Apache-2.0 */
/* sacn_state.h - what an sACN source must remember over a restart: its CID and its sequence.
 *
 * A receiver drops packets whose sequence lies 0..19 behind the last one (E1.31-2018 6.7.2), so a
 * source that restarts at 0 is dark until its numbers have passed the old ones. All universes of a
 * sender count together: the sequence of a frame is base + the number of frames before it.
 *
 * The file (sacn.json in the state directory) is replaced in the background twice a second, without
 * forcing it to the disk: after a crash of the program it is there; after a loss of power the
 * receivers have long forgotten (data-loss timeout 2.5 s). After an unclean end the sequence goes
 * on at the stored number plus what can have been sent since, so that it is always ahead.
 *
 * Threads: load from the creating thread; store from one thread at a time. */
#ifndef SENDER_CARD_SACN_STATE_H
#define SENDER_CARD_SACN_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/base/rational.h"

#define SACN_STATE_STORE_MS 500

struct sacn_state {
    uint8_t cid[16];     /* RFC 4122 version 4 */
    uint8_t base;        /* sequence of frame 0 */
    char file[PATH_MAX]; /* "" = kept in memory only */
    char temp[PATH_MAX];
};

/* Read the file of the directory, or begin a new state with a random CID where there is none or it
 * is damaged. dir NULL: memory only. rate: of the wall. Returns 0, -ENAMETOOLONG, or the errno of
 * reading (-EACCES ...). */
QP_MUST_CHECK int sacn_state_load(struct sacn_state *ret, const char *dir, struct qp_rational rate,
                                  struct qp_diag *diag);

/* Store the sequence of frame `count`; clean: the sender stops here. Returns 0 or a negative errno:
 * the old file is still there. Does not allocate. */
int sacn_state_store(const struct sacn_state *state, uint64_t count, bool clean);

static inline uint8_t sacn_state_sequence(const struct sacn_state *state, uint64_t count)
{
    return (uint8_t)(state->base + count);
}

#endif
