/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h - a small text that survives being killed while it is written.
 *
 * Two slots of a fixed size in one file, written in turn and in place, each with a running number
 * and a checksum: after a torn write the other slot still holds the text before. Nothing is
 * allocated on the disk after the file was made, so that it can be written on a full one. */
#ifndef CONTROLLER_PLAYER_PROOF_JOURNAL_H
#define CONTROLLER_PLAYER_PROOF_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define JOURNAL_SLOT 8192                /* bytes */
#define JOURNAL_TEXT (JOURNAL_SLOT - 64) /* longest text */

struct journal {
    int fd; /* -1: none */
    uint64_t seq;
};

/* Open or make the file and lock it for this process. *ret_text: the newest whole text (free() it),
 * or NULL. Returns 0, -EBUSY (another process has it), or the errno of open/read/write with a
 * sentence; then journal->fd is -1. */
QP_MUST_CHECK int journal_open(struct journal *journal, const char *file, char **ret_text,
                               struct qp_diag *diag);
/* sync: down to the disk. Returns 0, -E2BIG or a negative errno. */
QP_MUST_CHECK int journal_write(struct journal *journal, const char *text, bool sync);
void journal_close(struct journal *journal); /* fd -1 is fine */

#endif
