/* SPDX-License-Identifier: Apache-2.0 */
/* history.h - a log read into a ledger, without keeping the wall waiting.
 *
 * A small log is read at once. Of a large one the end is read at once, which has the starts that
 * gaps and plays per hour need, and all of it by a thread; when that is through, its ledger, with
 * what was delivered meanwhile, takes the place of the first.
 *
 * Loop thread only, but for what the thread does. */
#ifndef CONTROLLER_PLAYER_HISTORY_H
#define CONTROLLER_PLAYER_HISTORY_H

#include "controller/player/proof/ledger.h"

#define HISTORY_AT_ONCE ((int64_t)4 << 20) /* bytes */
#define HISTORY_END     ((int64_t)1 << 20)

struct history;

struct history_params {
    const char *file, *screen; /* borrowed until history_close */
    bool with_rehearsals;      /* ledger.h */
    bool must_wait;            /* everything is read at once */
};

/* Returns 0 or a negative errno with a sentence. */
QP_MUST_CHECK int history_open(struct history **ret, const struct history_params *params,
                               struct qp_diag *diag);
void history_close(struct history *history); /* NULL is fine */

struct ledger *history_ledger(struct history *history);
/* One more record. */
void history_add(struct history *history, const char *line);
/* True once, when the whole of a large log has been read, or could not be (diag says so; otherwise
 * its text is ""). */
bool history_has_news(struct history *history, struct qp_diag *diag);
/* Lines that are no records, of what was read so far. */
uint64_t history_passed(const struct history *history);

#endif
