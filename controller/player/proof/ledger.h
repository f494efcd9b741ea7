/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - what this screen has delivered, from the records of its log (playlog.h).
 *
 * The log is the memory: the ledger is read from it at the start and goes on with each new record,
 * so that plays per hour, gaps and goals survive a restart, also one by SIGKILL. A record counts
 * when something of it was to be seen. Records of one play (a new schedule or a restart in the
 * middle of an item) count as one play and add their time.
 *
 * One thread at a time. */
#ifndef CONTROLLER_PLAYER_PROOF_LEDGER_H
#define CONTROLLER_PLAYER_PROOF_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scheduler/schedule.h"

#define LEDGER_MAX_IDS  100000u /* rules, and campaigns, that are counted; further ones are not */
#define LEDGER_MAX_LINE 65536u  /* bytes; a longer line is no record */
/* Campaigns count what ended before a quarter of an hour that is over (ledger_counts). */
#define LEDGER_QUARTER_MS 900000

struct ledger;

/* screen: id, borrowed; records of other screens are passed over. with_rehearsals: count what was
 * played by a given clock, too: for a rehearsal that goes on. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int ledger_create(struct ledger **ret, const char *screen, bool with_rehearsals);
void ledger_destroy(struct ledger *ledger); /* NULL is fine */

/* Take every record of a log between two offsets, line by line in constant memory; a line that
 * begins before `from` is not taken (from 0: all are). What is no record (a torn line, a line of
 * something else) is passed over and counted in *ret_passed. A file that does not exist is an empty
 * log. stop: set by another thread, breaks off; may be NULL. Returns 0, -ECANCELED, -ENOMEM or the
 * errno of open/read with a sentence. */
struct ledger_part {
    const char *file;
    int64_t from, to; /* bytes */
    const atomic_bool *stop;
};
QP_MUST_CHECK int ledger_read(struct ledger *ledger, const struct ledger_part *part,
                              uint64_t *ret_passed, struct qp_diag *diag);

/* Take one record, without the end of line. Returns 0, -EINVAL (no record; nothing changed) or
 * -ENOMEM (it is not counted). */
int ledger_add(struct ledger *ledger, const char *line, size_t len);

/* Was a record with the start and the item of this one among the last that were added? */
bool ledger_holds(const struct ledger *ledger, const char *line, size_t len);

/* Counts for the scheduler (schedule.h), new memory: free() *ret; ledger NULL: nothing delivered.
 * Per rule of the model the starts of its last hour; per campaign what had ended by until_ms,
 * rounded down to a quarter of an hour: the same for every slice of a day, and the same after a
 * restart.
 *
 * others: counts that a facts file gives, of this and other screens. Other screens' are taken as
 * they are. For this screen the larger of the two counts, since what the file knows of it came from
 * this log: nothing is counted twice, and a log that was lost is made good. The starts of a rule
 * are this ledger's unless the file knows a later one. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int ledger_counts(struct ledger *ledger, const struct model *model, uint32_t screen,
                                int64_t until_ms, const struct play_count *others,
                                uint32_t n_others, struct play_count **ret, uint32_t *ret_n);

#endif
