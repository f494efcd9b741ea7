/* SPDX-License-Identifier: Apache-2.0 */
/* live.h - the thread that reads packets into a virtual wall.
 *
 * Inputs must be emptied while the loop paints pictures for browsers, so they have a thread of
 * their own. Wall and inputs are under one lock; whoever else wants figures or a picture takes a
 * copy. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_LIVE_H
#define SENDER_CARD_VIRTUAL_MAIN_LIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "protocols/runtime/worker.h"
#include "sender-card/virtual/main/input.h"
#include "sender-card/virtual/main/options.h"
#include "sender-card/virtual/virtual.h"

struct live {
    const struct wall_options *options; /* borrowed */
    pthread_mutex_t lock;
    const struct wall *wall;      /* borrowed */
    struct virtual_wall *vw;      /* owned; lock */
    struct inputs inputs;         /* reading thread */
    struct virtual_snapshot shot; /* reading thread: for files */
    struct worker reader;
    int wake_fd; /* written once to end the thread */
    atomic_bool stop;
    atomic_ullong frames;
    uv_async_t changed; /* a frame was shown, or the input ended */
    bool changed_open;
    void (*on_changed)(void *user);
    void *user;                        /* borrowed */
    bool ended;                        /* lock: nothing more will come */
    int result;                        /* lock: first failure of the thread */
    struct qp_diag diag;               /* lock */
    int64_t start_ns, first_packet_ns; /* to replay a capture at its own speed */
};

/* Open the inputs. live is zeroed by the caller except options; vw is taken. Returns 0 or an error
 * with a sentence; then live_finish still wants to be called. */
QP_MUST_CHECK int live_init(struct live *live, struct virtual_wall *vw, uv_loop_t *loop,
                            struct qp_diag *diag);
QP_MUST_CHECK int live_start(struct live *live, struct qp_diag *diag);
/* End the thread and close the async handle; live_finish after the loop has run dry. */
void live_stop(struct live *live);
void live_finish(struct live *live);

bool live_ended(struct live *live, int *ret_result);
/* The report of now; NULL when memory runs out. */
cJSON *live_report(struct live *live);
/* A copy of what is visible. */
QP_MUST_CHECK int live_snapshot(struct live *live, struct virtual_snapshot *ret);

/* Write one picture as the options say. */
QP_MUST_CHECK int live_write(const struct live *live, const struct virtual_snapshot *shot,
                             const char *file, enum wall_look look, struct qp_diag *diag);

#endif
