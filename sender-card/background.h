/* SPDX-License-Identifier: Apache-2.0 */
/* background.h - the thread for all that must not disturb the frames: interfaces, reconnecting,
 * discovery, answers, statistics, the sACN state. It never gates output. */
#ifndef SENDER_CARD_BACKGROUND_H
#define SENDER_CARD_BACKGROUND_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sender-card/lane.h"
#include "sender-card/nic.h"
#include "sender-card/port.h"
#include "sender-card/sacn_state.h"

struct background {
    struct port *ports;    /* n of them, borrowed */
    struct lane **lane_of; /* the lane of each port; owned */
    size_t n_ports;
    struct sacn_state *state;    /* borrowed */
    const atomic_ullong *frames; /* borrowed: frames submitted */
    bool has_sacn;
    atomic_int store_error; /* of the last attempt to store the state; 0 = it is there */
    struct nic **nics;      /* owned array of borrowed interfaces */
    struct nic_watch watch;
    bool watching;
    struct pollfd *polls; /* owned: wake, netlink, two a port */
    int64_t *deaf_ns;     /* owned, two a port: a link that brings too much is not read before */
    int wake_fd;
    atomic_bool stop;
    bool running;
    pthread_t thread;
    int64_t refresh_ns, store_ns; /* when next */
};

/* ports, n_ports, state, frames and lane_of are filled in. Learns the interfaces' state before it
 * returns. */
QP_MUST_CHECK int background_init(struct background *bg, struct qp_diag *diag);
void background_finish(struct background *bg); /* zeroed is fine */

QP_MUST_CHECK int background_start(struct background *bg, struct qp_diag *diag);
void background_stop(struct background *bg);

#endif
