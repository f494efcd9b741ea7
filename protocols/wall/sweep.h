/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.h - overlaps of boxes and the holes between them, found by a line that sweeps the plane.
 *
 * Between two lines at which a box begins or ends nothing changes; there the boxes that stand are
 * kept from left to right. Costs (lines x boxes on a line), for ordinary walls a few million steps;
 * a budget ends the search of a hostile file. */
#ifndef PROTOCOLS_WALL_SWEEP_H
#define PROTOCOLS_WALL_SWEEP_H

#include "protocols/wall/geometry.h"

struct sweep_overlap {
    uint32_t a, b; /* indexes of boxes */
    struct wall_box shared;
};

struct sweep {
    struct sweep_overlap *overlaps; /* owned; at most max of them */
    uint32_t n_overlaps;
    struct wall_box *holes; /* owned; at most max */
    uint32_t n_holes;
    uint64_t more_overlaps, more_holes; /* found, not kept */
    bool incomplete;                    /* the budget was spent */
};

/* Overlaps of boxes[0 .. n-1], and holes: parts of a line between two boxes that no box covers, and
 * lines between boxes that none reaches. Differences below 0.01 pixel are none. ret wants
 * sweep_finish. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int sweep_run(struct sweep *ret, const struct wall_box *boxes, uint32_t n,
                            uint32_t max);
void sweep_finish(struct sweep *s); /* zeroed is fine */

#endif
