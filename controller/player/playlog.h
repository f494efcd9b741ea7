/* SPDX-License-Identifier: Apache-2.0 */
/* playlog.h - what was really shown: a file of JSON lines that only ever grows.
 *
 * A record is one line, written with one write() and then brought to the disk, by a thread of the
 * log's own, so that a slow card delays nobody. A program that is killed leaves whole lines; what a
 * power failure tore is cut off when the file is opened again. A full disk costs records, not the
 * show: they are counted, and told in a sentence. */
#ifndef CONTROLLER_PLAYER_PLAYLOG_H
#define CONTROLLER_PLAYER_PLAYLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/base/diag.h"

#define PLAYLOG_QUEUE 1024 /* records that may wait for the disk */

struct playlog;

/* Open or make the file and start the thread. Returns 0, or the errno of open, -EINVAL (no regular
 * file), -EAGAIN, -ENOMEM with a sentence. */
QP_MUST_CHECK int playlog_open(struct playlog **ret, const char *file, struct qp_diag *diag);
/* Writes what waits. Returns true when there was trouble that nobody was told of, with the
 * sentence. NULL is fine, for ret, too. */
bool playlog_close(struct playlog *log, struct qp_diag *ret);

/* Take one line without its end (from malloc). NULL is counted as a record lost. */
void playlog_add(struct playlog *log, char *line);

/* True once for every new trouble, with the sentence. */
bool playlog_trouble(struct playlog *log, struct qp_diag *ret);

#endif
