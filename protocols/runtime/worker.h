/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - named threads, real-time priority where it is allowed, memory that is never paged out.
 *
 * Both privileges are wishes: without them a program runs on and tells a person once what it did
 * not get and how to grant it. */
#ifndef PROTOCOLS_RUNTIME_WORKER_H
#define PROTOCOLS_RUNTIME_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "protocols/base/diag.h"

#define WORKER_NAME_MAX 15 /* the kernel keeps no more of a thread's name */

struct worker_params {
    const char *name;        /* shown by top -H; copied, cut to WORKER_NAME_MAX bytes */
    int fifo_priority;       /* 1..99: SCHED_FIFO; 0: the ordinary scheduler */
    void (*run)(void *user); /* the thread; when it returns the thread ends */
    void *user;              /* borrowed until worker_join returns */
};

struct worker {
    pthread_t thread;
    struct worker_params params;
    char name[WORKER_NAME_MAX + 1];
    bool started;  /* between a successful start and join */
    bool realtime; /* the kernel granted SCHED_FIFO */
};

/* Start a thread. All signals are blocked in it, so that they reach the loop's thread. The worker
 * must stay where it is until worker_join(). A refused priority is no failure: the thread runs with
 * the ordinary scheduler, worker->realtime is false and warning (may be NULL; its text is set to ""
 * otherwise) says how to allow it. Returns 0, -EINVAL (priority out of range), -EAGAIN (no more
 * threads) or -ENOMEM with a sentence in warning. */
QP_MUST_CHECK int worker_start(struct worker *worker, const struct worker_params *params,
                               struct qp_diag *warning);

/* Wait until the thread has ended. A zeroed worker or one that was joined already is fine. Telling
 * the thread to end is the caller's own business. */
void worker_join(struct worker *worker);

/* Keep every page of this process in memory once it was used, also of memory taken later. Returns
 * 0, or -EPERM/-ENOMEM with a sentence how to allow it: a warning, the program runs without. Call
 * once before the large allocations; any thread. */
int worker_lock_memory(struct qp_diag *warning);

#endif
