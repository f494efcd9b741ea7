/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - one line of the log: what was on the wall, from when to when
 * (docs/playing-schedules.md).
 */
#ifndef CONTROLLER_PLAYER_PROOF_RECORD_H
#define CONTROLLER_PLAYER_PROOF_RECORD_H

#include <stdint.h>

#include "scheduler/model.h"

struct record {
    int64_t start_ns, end_ns;           /* UTC */
    const char *screen;                 /* ids; borrowed */
    const char *rule, *campaign, *item; /* NULL: none */
    enum schedule_layer layer;
    int64_t position_ms;
    int64_t expected, presented, dark; /* frames */
    const char *reason;
    const char *clock; /* "trusted", "untrusted", "rehearsal" */
};

/* A new tree, or NULL without memory. */
cJSON *record_tree(const struct record *record);
/* "2026-07-17T00:59:55.040Z"; buf of at least RECORD_INSTANT bytes. Returns buf. */
#define RECORD_INSTANT 40
const char *record_instant(int64_t utc_ns, char *buf);

#endif
