/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - what a player counted, as JSON for machines and as a line for people. */
#ifndef CONTROLLER_PLAYER_STATS_H
#define CONTROLLER_PLAYER_STATS_H

#include <stdint.h>

#include "controller/player/compose/compose.h"
#include "controller/player/engine.h"
#include "protocols/base/diag.h"

struct stats_source {
    const struct wall *wall;
    const struct engine *engine;
    const struct compose *compose; /* NULL: a test pattern */
    int64_t began_ns;              /* CLOCK_MONOTONIC when the program began */
};

/* Write everything to file, atomically. Returns 0 or a negative errno with a sentence. */
QP_MUST_CHECK int stats_write(const struct stats_source *source, const char *file,
                              struct qp_diag *diag);

/* "12 s  720 frames  0 late  0 skipped": sums over all ports. */
void stats_line(const struct stats_source *source, char *buf, size_t cap);

#endif
