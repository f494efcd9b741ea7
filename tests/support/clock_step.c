/* SPDX-License-Identifier: Apache-2.0 */
/* A library for LD_PRELOAD that sets the wall clock of a program, once, while it runs.
 *
 * QP_CLOCK_STEP is "AFTER_MS BY_S": so many milliseconds after the first look at a clock,
 * CLOCK_REALTIME and CLOCK_TAI are so many seconds further on; CLOCK_MONOTONIC is left alone, as by
 * the kernel. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static int64_t after_ns, by_s;
static atomic_llong first_ns;

__attribute__((constructor)) static void read_step(void)
{
    const char *text = getenv("QP_CLOCK_STEP");
    char *rest = NULL;

    if (!text)
        return;
    after_ns = strtoll(text, &rest, 10) * 1000000;
    by_s = strtoll(rest, NULL, 10);
}

static int64_t monotonic_ns(void)
{
    struct timespec t;

    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

EXPORT int clock_gettime(clockid_t id, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, id, ret);
    long long now = monotonic_ns(), none = 0;

    (void)atomic_compare_exchange_strong(&first_ns, &none, now);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_TAI) &&
        now - atomic_load(&first_ns) >= after_ns)
        ret->tv_sec += by_s;
    return r;
}
