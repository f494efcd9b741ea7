/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/runtime/worker.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static void *thread_main(void *arg)
{
    struct worker *w = arg;

    (void)pthread_setname_np(pthread_self(), w->name);
    w->params.run(w->params.user);
    return NULL;
}

static int create_thread(struct worker *w, bool fifo)
{
    pthread_attr_t attr;
    struct sched_param sp = {.sched_priority = fifo ? w->params.fifo_priority : 0};
    sigset_t all, old;
    int err = pthread_attr_init(&attr);

    if (err)
        return -err;
    if (fifo) {
        (void)pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
        (void)pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
        (void)pthread_attr_setschedparam(&attr, &sp);
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* the new thread inherits the mask */
    err = pthread_create(&w->thread, &attr, thread_main, w);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&attr);
    return -err;
}

int worker_start(struct worker *worker, const struct worker_params *params, struct qp_diag *warning)
{
    int r = -EPERM;

    if (warning)
        warning->text[0] = '\0';
    if (params->fifo_priority < 0 || params->fifo_priority > sched_get_priority_max(SCHED_FIFO))
        return qp_diag_set(warning, -EINVAL, "thread %s: priority %d is not in 0..%d", params->name,
                           params->fifo_priority, sched_get_priority_max(SCHED_FIFO));
    *worker = (struct worker){.params = *params};
    (void)strncat(worker->name, params->name, WORKER_NAME_MAX);
    worker->params.name = worker->name;
    worker->realtime = params->fifo_priority > 0;
    if (worker->realtime)
        r = create_thread(worker, true);
    if (r == -EPERM) {
        worker->realtime = false;
        r = create_thread(worker, false);
        if (r == 0 && params->fifo_priority > 0)
            (void)qp_diag_set(warning, 0,
                              "thread %s runs without real-time priority %d: allow it with "
                              "LimitRTPRIO=%d in the systemd unit, CAP_SYS_NICE, or 'ulimit -r'",
                              worker->name, params->fifo_priority, params->fifo_priority);
    }
    if (r < 0)
        return qp_diag_set(warning, r, "thread %s cannot be started: %s", worker->name,
                           strerror(-r));
    worker->started = true;
    return 0;
}

void worker_join(struct worker *worker)
{
    if (!worker || !worker->started)
        return;
    (void)pthread_join(worker->thread, NULL);
    worker->started = false;
}

int worker_lock_memory(struct qp_diag *warning)
{
    struct rlimit limit = {0};
    int err;

    /* On fault: pages stay once they were touched. Without it every thread's whole stack and all of
     * FFmpeg would be read in at once, 200 MiB and a quarter of a second before the first frame. */
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
        return 0;
    err = -errno;
    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    return qp_diag_set(warning, err,
                       "memory is not locked (%s; the limit is %llu KiB): allow it with "
                       "LimitMEMLOCK=infinity in the systemd unit, CAP_IPC_LOCK, or 'ulimit -l "
                       "unlimited'",
                       strerror(-err), (unsigned long long)limit.rlim_cur / 1024);
}
