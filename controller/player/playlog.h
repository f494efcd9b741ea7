/* SPDX-License-Identifier: Apache-2.0 */
/* playlog.h - what was really shown: a file of JSON lines that only ever grows.
 *
 * A record is one line, written with one write() and then brought to the disk, by a thread of the
 * log's own, so that a slow card delays nobody. A program that is killed leaves whole lines; what a
 * power failure tore is cut off when the file is opened again. What is on while it is killed stands
 * in a journal beside the log (FILE.now, journal.h), which is written over and over.
 *
 * A full disk, or one that cannot be written at all, is told in a sentence and never stops the
 * show: records wait and are tried again; what there is no more room for is lost, and counted. */
#ifndef CONTROLLER_PLAYER_PLAYLOG_H
#define CONTROLLER_PLAYER_PLAYLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/base/diag.h"

#define PLAYLOG_QUEUE    1024 /* records that may wait for the disk */
#define PLAYLOG_RETRY_MS 2000

struct playlog;

/* Open or make the file and its journal, and start the thread. *ret_now: what the journal holds
 * (free() it), or NULL. Returns 0, also when the file cannot be written now (playlog_trouble says
 * so, and it is tried again), -EINVAL, -EISDIR, -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP (no file
 * can be there), -EAGAIN, -ENOMEM with a sentence. */
QP_MUST_CHECK int playlog_open(struct playlog **ret, const char *file, char **ret_now,
                               struct qp_diag *diag);
/* Writes what waits. Returns true when there was trouble that nobody was told of, with the
 * sentence. NULL is fine, for ret, too. */
bool playlog_close(struct playlog *log, struct qp_diag *ret);

/* Take one line without its end (from malloc). NULL is counted as a record lost. */
void playlog_add(struct playlog *log, char *line);

/* Take the journal's next text (from malloc); written after the records before it. One that waits
 * still is left out. sync: down to the disk, where it survives a power failure. */
void playlog_now(struct playlog *log, char *text, bool sync);

/* True once for every new trouble, with the sentence. */
bool playlog_trouble(struct playlog *log, struct qp_diag *ret);

#endif
