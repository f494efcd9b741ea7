/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - is a file the one that the schedule means (SHA-256)?
 *
 * Files are read by a thread of their own, in the order in which they are asked for; the answer is
 * kept for as long as device, inode, size and times of the file stay the same. Everything but the
 * reading belongs to the loop thread, which never waits for it unless it says so. */
#ifndef CONTROLLER_PLAYER_VERIFY_H
#define CONTROLLER_PLAYER_VERIFY_H

#include <stdbool.h>

#include "protocols/base/diag.h"

enum verify_state {
    VERIFY_WAITING, /* not read yet */
    VERIFY_GOOD,
    VERIFY_BAD /* another content, or it cannot be read; verify_why() says it */
};

struct verify;

QP_MUST_CHECK int verify_create(struct verify **ret, struct qp_diag *diag);
void verify_destroy(struct verify *verify); /* breaks off a reading; NULL is fine */

/* The state of a file that should have this SHA-256 (64 hex digits of either case). A file that is
 * not known, or has changed since, is put at the end of the queue. Without memory: WAITING. */
enum verify_state verify_ask(struct verify *verify, const char *file, const char *sha256);
/* Of a file that is BAD: why, for a person. *ret_again: that was told before. */
void verify_why(struct verify *verify, const char *file, const char *sha256, char *buf, size_t cap,
                bool *ret_again);

/* What could not be read, for whatever reason, is read again when it is asked for. */
void verify_retry(struct verify *verify);

/* Has an answer come in since this was called last? */
bool verify_has_news(struct verify *verify);
/* Files in the queue, with the one that is being read. */
unsigned verify_left(struct verify *verify);
/* Wait until the queue is empty: only where there is no wall to be kept alight. */
void verify_wait(struct verify *verify);

#endif
