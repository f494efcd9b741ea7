/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_bench RATE SECONDS - a bare loop that sleeps from lattice point to lattice point.
 *
 * It does nothing in between, so what it misses is the machine's doing: late points (woken after
 * the next one was due), the worst delay, and what waking up costs. RATE is a whole number of
 * frames a second. Prints one JSON object. */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "protocols/base/clock.h"
#include "protocols/base/parse.h"
#include "tests/bench/bench.h"

struct loop {
    struct qp_rational rate;
    struct qp_clock_map map;
    int64_t late, worst_ns;
};

static void sleep_until(int64_t mono_ns)
{
    struct timespec t = {.tv_sec = mono_ns / QP_NS_PER_S, .tv_nsec = mono_ns % QP_NS_PER_S};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static int64_t due(const struct loop *l, int64_t n)
{
    return qp_lattice_due(l->rate, n) - l->map.tai_minus_mono_ns;
}

/* One point; returns the next. Points that went by meanwhile are late too. */
static int64_t step(struct loop *l, int64_t n)
{
    int64_t woken, behind;

    sleep_until(due(l, n));
    woken = qp_clock_mono_ns();
    behind = woken - due(l, n);
    l->worst_ns = behind > l->worst_ns ? behind : l->worst_ns;
    n++;
    while (due(l, n) <= woken) {
        l->late++;
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct sched_param priority = {.sched_priority = 20};
    struct loop loop = {.rate = {.den = 1}};
    uint32_t rate, seconds;
    int64_t n, end;

    if (argc != 3 || qp_parse_u32(argv[1], 1, 1000, &rate) < 0 ||
        qp_parse_u32(argv[2], 1, 86400, &seconds) < 0)
        bench_die("usage: lattice_bench RATE SECONDS");
    loop.rate.num = rate;
    (void)qp_clock_init(NULL);
    qp_clock_sample(&loop.map);
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
    n = qp_lattice_index(loop.rate, qp_clock_mono_ns() + loop.map.tai_minus_mono_ns) + 1;
    end = n + (int64_t)rate * seconds;
    while (n < end)
        n = step(&loop, n);
    printf("{\"late\": %lld, \"worst_ms\": %.3f, \"cpu_s\": %.3f}\n", (long long)loop.late,
           (double)loop.worst_ns / 1e6, bench_seconds(CLOCK_THREAD_CPUTIME_ID));
    return 0;
}
