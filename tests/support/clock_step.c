/* SPDX-License-Identifier: Apache-2.0 */
/* A library for LD_PRELOAD that sets the wall clock of a program while it runs, and speaks for the
 * kernel about it.
 *
 * QP_CLOCK_STEP is "AFTER_MS BY_S[,AFTER_MS BY_S...]": so many milliseconds after the first look at
 * a clock, CLOCK_REALTIME and CLOCK_TAI are so many seconds further on; CLOCK_MONOTONIC is left
 * alone, as by the kernel.
 *
 * QP_CLOCK_SYNC is "0|1[,AFTER_MS 0|1...]": whether adjtimex() says that the clock is synchronised,
 * from the beginning and after so long; without it the kernel answers. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX    16

struct change {
    int64_t after_ns;
    int64_t value;
};

static struct change steps[MAX], syncs[MAX];
static unsigned n_steps, n_syncs;
static atomic_llong first_ns;

static unsigned read_changes(const char *text, struct change *ret)
{
    unsigned n = 0;

    while (text && *text && n < MAX) {
        char *rest = NULL;

        ret[n].after_ns = strtoll(text, &rest, 10) * 1000000;
        ret[n++].value = strtoll(rest, &rest, 10);
        text = *rest == ',' ? rest + 1 : NULL;
    }
    return n;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *sync = getenv("QP_CLOCK_SYNC");
    char *rest = NULL;

    n_steps = read_changes(getenv("QP_CLOCK_STEP"), steps);
    if (!sync)
        return;
    syncs[0].value = strtoll(sync, &rest, 10);
    n_syncs = 1 + (*rest == ',' ? read_changes(rest + 1, syncs + 1) : 0);
}

static int64_t since_first(void)
{
    struct timespec t;
    long long now, none = 0;

    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    now = t.tv_sec * 1000000000LL + t.tv_nsec;
    (void)atomic_compare_exchange_strong(&first_ns, &none, now);
    return now - atomic_load(&first_ns);
}

EXPORT int clock_gettime(clockid_t id, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, id, ret);
    int64_t since = since_first();

    for (unsigned i = 0; r == 0 && i < n_steps; i++)
        if ((id == CLOCK_REALTIME || id == CLOCK_TAI) && since >= steps[i].after_ns)
            ret->tv_sec += steps[i].value;
    return r;
}

EXPORT int adjtimex(struct timex *tx)
{
    int r = (int)syscall(SYS_adjtimex, tx);
    int64_t since = since_first(), value = 0;

    for (unsigned i = 0; i < n_syncs; i++)
        if (since >= syncs[i].after_ns)
            value = syncs[i].value;
    if (n_syncs == 0)
        return r;
    tx->status = value ? tx->status & ~STA_UNSYNC : tx->status | STA_UNSYNC;
    return value ? TIME_OK : TIME_ERROR;
}
