/* SPDX-License-Identifier: Apache-2.0 */
/* bands.h - the windows of a raster, cut into bands of lines in which nothing begins or ends.
 *
 * Inside a band the windows stand side by side, so that the one at a column is a binary search. */
#ifndef PROTOCOLS_WALL_BANDS_H
#define PROTOCOLS_WALL_BANDS_H

#include <stdint.h>

#include "protocols/base/attr.h"

/* Windows times bands; only staggered windows by the ten thousand come near it. */
#define WALL_BANDS_MAX_ENTRIES (1u << 26)

struct window {
    uint32_t x, y, w, h; /* w, h >= 1; x + w and y + h below 2^31 */
    uint32_t cabinet;
};

struct band {
    uint32_t y;     /* the first line; it ends where the next band begins */
    uint32_t first; /* windows of the band: entries[first .. first of the next band - 1] */
};

struct bands {
    struct band *bands; /* n + 1 of them: the last one only ends the one before */
    uint32_t n;
    uint32_t *entries; /* indexes of windows, from left to right */
};

/* ret is filled in on success and wants bands_finish. Returns 0, -E2BIG (more than
 * WALL_BANDS_MAX_ENTRIES), -ENOMEM, or -EEXIST: two windows share a cell, clash[] says which. */
QP_MUST_CHECK int bands_init(struct bands *ret, const struct window *windows, uint32_t n,
                             uint32_t clash[2]);
void bands_finish(struct bands *b); /* zeroed is fine */

#endif
