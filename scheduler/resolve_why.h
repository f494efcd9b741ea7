/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_why.h - every rule that applies, and why it shows or not. Nothing outside scheduler
 * includes it. */
#ifndef SCHEDULER_RESOLVE_WHY_H
#define SCHEDULER_RESOLVE_WHY_H

#include "scheduler/resolve_query.h"

/* Fills applicable, n_applicable and share_sum of *ret. lanes: the winners. */
void resolve_why(struct query *q, const struct found lanes[LANE_N], struct resolution *ret);

/* May an interrupt, or what fills a slot, mix with the winner of the content (NULL: the screen's
 * default)? It needs at least its priority, unless it is mandatory, fills a slot or may interrupt
 * anything; no mixing with alerts; into a mandatory block only what is mandatory, too. */
bool resolve_mixes(const struct rule *mix, const struct rule *winner);

#endif
