/* SPDX-License-Identifier: Apache-2.0 */
/* lane.h - a thread that sends, and the ports it serves.
 *
 * Frames come in by a ring with one producer (the render thread). While anything is under way the
 * thread sleeps until the next deadline (clock_nanosleep on CLOCK_MONOTONIC, absolute); only when
 * it has nothing at all to do does it wait on a futex, which submit then wakes. */
#ifndef SENDER_CARD_LANE_H
#define SENDER_CARD_LANE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sender-card/port.h"

#define LANE_QUEUE 4 /* more than SENDER_SETS: never full */

/* A set of packets of every port. */
struct sender_frame {
    struct sender *sender; /* borrowed */
    unsigned set;
    bool taken;          /* render thread: between acquire and submit */
    atomic_uint pending; /* ports that have yet to finish with it */
    struct port_frame frame;
};

struct lane {
    struct port **ports; /* n of them, borrowed */
    size_t n_ports;
    bool paced;
    pthread_t thread;
    bool running;
    struct sender_frame *queue[LANE_QUEUE];
    atomic_uint submitted; /* frames, ever */
    atomic_uint wake;      /* the futex */
    atomic_bool idle, stop;
};

QP_MUST_CHECK int lane_start(struct lane *lane, struct qp_diag *diag);
/* The frames under way end or are dropped; then the thread does. */
void lane_stop(struct lane *lane);

/* Render thread. */
void lane_submit(struct lane *lane, struct sender_frame *frame);
/* Any thread: look at the mail. */
void lane_wake(struct lane *lane);

#endif
