/* SPDX-License-Identifier: Apache-2.0 */
/* player.h - one run of qp-player: wall, source, engine and loop put together. */
#ifndef CONTROLLER_PLAYER_PLAYER_H
#define CONTROLLER_PLAYER_PLAYER_H

#include <stdint.h>

#include "controller/player/options.h"

/* Play until the end, a signal, or --frames/--seconds. began_ns: CLOCK_MONOTONIC at program start.
 * Returns the exit code: 0, or 1 after a sentence on standard error. */
int player_main(const struct options *options, int64_t began_ns);

#endif
