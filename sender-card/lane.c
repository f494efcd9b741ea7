/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/lane.h"

#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "protocols/base/clock.h"

/* Above the renderer, which must never keep a latch waiting, and below the kernel's own threads. */
#define RT_PRIORITY   45
#define STOP_LIMIT_NS QP_NS_PER_S /* what a link takes nothing for so long is given up */

static void futex_wait(atomic_uint *word, unsigned value)
{
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void sleep_until(int64_t ns)
{
    struct timespec ts = {.tv_sec = ns / QP_NS_PER_S, .tv_nsec = ns % QP_NS_PER_S};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void release(struct sender_frame *frame)
{
    atomic_fetch_sub_explicit(&frame->pending, 1, memory_order_release);
}

/* Give an idle port its next frame, if there is one. Frames whose successor is due already are
 * skipped: late is never queued. */
static void feed(struct lane *lane, struct port *port, int64_t now_ns)
{
    bool stop = atomic_load(&lane->stop);

    while (!port->busy &&
           port->taken != atomic_load_explicit(&lane->submitted, memory_order_acquire)) {
        struct sender_frame *next = lane->queue[port->taken % LANE_QUEUE];
        bool past = lane->paced && now_ns >= next->frame.latch_ns + port->period_ns;

        if (stop || past) {
            atomic_fetch_add_explicit(&port->counters.skipped, 1, memory_order_relaxed);
            port->taken++;
            release(next);
        } else {
            port_begin(port, &next->frame, now_ns);
        }
    }
}

/* One look at a port. Returns when it wants the next one. */
static int64_t serve(struct lane *lane, struct port *port)
{
    int64_t now = qp_clock_mono_ns(), at;

    if (!port->busy) {
        port_send_mail(port, now);
        feed(lane, port, now);
    }
    if (!port->busy)
        return INT64_MAX;
    at = port_step(port, now);
    if (port->busy)
        return at;
    release(lane->queue[port->taken % LANE_QUEUE]);
    port->taken++;
    return now; /* perhaps there is another one */
}

static bool has_work(const struct lane *lane)
{
    if (atomic_load(&lane->stop))
        return true;
    for (size_t i = 0; i < lane->n_ports; i++)
        if (lane->ports[i]->taken != atomic_load(&lane->submitted) || port_has_mail(lane->ports[i]))
            return true;
    return false;
}

static void wait_for_work(struct lane *lane)
{
    unsigned seen = atomic_load(&lane->wake);

    /* Whoever adds work looks at idle after it has added: one of the two sees the other. */
    atomic_store(&lane->idle, true);
    if (!has_work(lane))
        futex_wait(&lane->wake, seen);
    atomic_store(&lane->idle, false);
}

static void give_up(struct lane *lane)
{
    for (size_t i = 0; i < lane->n_ports; i++) {
        struct port *port = lane->ports[i];

        if (!port->busy)
            continue;
        port_abort(port);
        release(lane->queue[port->taken % LANE_QUEUE]);
        port->taken++;
    }
}

static void *run(void *arg)
{
    struct lane *lane = arg;
    int64_t stop_ns = INT64_MAX;

    /* Absolute deadlines are worth nothing with the usual slack of 50 us. */
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    for (;;) {
        int64_t next = INT64_MAX, now;

        for (size_t i = 0; i < lane->n_ports; i++) {
            int64_t at = serve(lane, lane->ports[i]);

            next = at < next ? at : next;
        }
        now = qp_clock_mono_ns();
        if (atomic_load(&lane->stop)) {
            if (stop_ns == INT64_MAX)
                stop_ns = now + STOP_LIMIT_NS;
            if (now >= stop_ns)
                give_up(lane);
            else if (next == INT64_MAX)
                return NULL;
        }
        if (next == INT64_MAX)
            wait_for_work(lane);
        else if (next > now)
            sleep_until(next);
    }
}

int lane_start(struct lane *lane, struct qp_diag *diag)
{
    struct sched_param priority = {.sched_priority = RT_PRIORITY};
    int err;

    atomic_store(&lane->stop, false);
    err = pthread_create(&lane->thread, NULL, run, lane);
    if (err)
        return qp_diag_set(diag, -err, "cannot start the sending thread: %s", strerror(err));
    lane->running = true;
    (void)pthread_setname_np(lane->thread, "tx");
    /* Where it is allowed (CAP_SYS_NICE); a thread that never sleeps must not have it. */
    if (lane->paced)
        (void)pthread_setschedparam(lane->thread, SCHED_FIFO, &priority);
    return 0;
}

void lane_stop(struct lane *lane)
{
    if (!lane->running)
        return;
    atomic_store(&lane->stop, true);
    lane_wake(lane);
    (void)pthread_join(lane->thread, NULL);
    lane->running = false;
}

void lane_submit(struct lane *lane, struct sender_frame *frame)
{
    unsigned n = atomic_load_explicit(&lane->submitted, memory_order_relaxed);

    lane->queue[n % LANE_QUEUE] = frame;
    atomic_store(&lane->submitted, n + 1);
    if (atomic_load(&lane->idle))
        lane_wake(lane);
}

void lane_wake(struct lane *lane)
{
    atomic_fetch_add(&lane->wake, 1);
    futex_wake(&lane->wake);
}
