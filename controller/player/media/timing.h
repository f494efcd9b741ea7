/* SPDX-License-Identifier: Apache-2.0 */
/* timing.h - from the time stamps of a file to times one can trust. Pure.
 *
 * Files have stamps that are missing, run backwards, jump by hours or are rounded to milliseconds.
 * Out come times that begin at 0, increase strictly and go on without a gap when the file begins
 * again. All times are ns. */
#ifndef CONTROLLER_PLAYER_MEDIA_TIMING_H
#define CONTROLLER_PLAYER_MEDIA_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/rational.h"

#define TIMING_NONE        INT64_MIN     /* a stamp that is not there */
#define TIMING_MAX_GAP_NS  10000000000LL /* a longer silence is a broken stamp ... */
#define TIMING_MAX_BACK_NS 1000000000LL  /* a longer step back is a new time line */

struct timing {
    struct qp_rational fps; /* 0/0: unknown */
    int64_t tick_ns;        /* the file's resolution */
    int64_t nominal_ns;     /* one picture, when the file does not say */
    int64_t shift_ns;       /* out = stamp + shift; valid once anchored */
    int64_t last_ns, last_dur_ns;
    int64_t base_ns; /* where this pass began */
    bool begun;      /* a picture of this pass was seen */
    bool anchored;   /* a stamp of this pass was seen */
    bool any;        /* a picture of any pass was seen */
    bool jumped;     /* the next stamp may be far ahead */
    uint64_t repaired;
};

/* fps 0/0 when unknown (25 is assumed for lengths); tick_ns the length of one unit of the stamps.
 */
void timing_init(struct timing *t, struct qp_rational fps, int64_t tick_ns);

/* The time of the next picture, given its stamp (TIMING_NONE: missing) and length (<= 0: not
 * known). A step forward is believed up to TIMING_MAX_GAP_NS or twice the length the file gave. */
int64_t timing_next(struct timing *t, int64_t stamp_ns, int64_t dur_ns);

/* Where the last picture ends: the length of all passes so far. */
int64_t timing_end(const struct timing *t);

/* The file begins again; its first picture follows the last one exactly. */
void timing_restart(struct timing *t);

/* The file was sought forward on purpose: the next stamp is believed, however far ahead. */
void timing_jump(struct timing *t);

/* How much earlier than its time a picture may be shown on a wall of this rate (0/0: not at all):
 * half a wall frame, so that each picture goes to the wall frame nearest to it. 50 pictures on 60
 * frames then fall regularly (one of five twice) with 1.6 ms to spare against jitter, where "due at
 * or before" would have none. The 50 us on top keep the exact ties of ordinary rates (24 on 60,
 * half a frame out of phase) on one side, whatever way nanoseconds were rounded. */
int64_t timing_tolerance(struct qp_rational wall_rate);

#endif
