/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.h - the worker thread that draws text ahead of the render thread.
 *
 * It owns the text engine, and looks every 20 ms whether a label or a ticker wants something. The
 * render thread never wakes it: it only publishes the time (prepare_set_time), one atomic store. */
#ifndef CONTROLLER_PLAYER_COMPOSE_PREPARE_H
#define CONTROLLER_PLAYER_COMPOSE_PREPARE_H

#include "controller/player/compose/label.h"
#include "controller/player/compose/ticker.h"

struct prepare;

/* labels[0 .. n_labels-1] and tickers[...] are borrowed until prepare_destroy. Returns 0 or
 * -ENOMEM, -EAGAIN (no thread), -EIO. */
QP_MUST_CHECK int prepare_create(struct prepare **ret, struct label *labels, size_t n_labels,
                                 struct ticker *tickers, size_t n_tickers, struct qp_diag *diag);
/* Ends the thread; labels and tickers are then the caller's again, to be finished while the engine
 * that their blocks belong to still exists. NULL is fine, as below. */
void prepare_stop(struct prepare *prepare);
void prepare_destroy(struct prepare *prepare); /* after prepare_stop */

void prepare_set_time(struct prepare *prepare, int64_t utc_s); /* render thread */

#endif
