/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#define WRITTEN_MS   INT64_C(1767225600000) /* 2026: before this no clock is right */
#define TOLERANCE_MS 60000                  /* a clock that was slewed is not behind */

const char *const trust_names[TRUST_N] = {"auto", "kernel", "always"};

static void ask_kernel(struct trust *t)
{
    struct timex tx = {.modes = 0};
    int state = adjtimex(&tx);

    t->error = state < 0 ? errno : 0;
    t->synchronised = state >= 0 && state != TIME_ERROR && !(tx.status & STA_UNSYNC);
    /* Where the call is forbidden, systemd's time service leaves a mark. */
    if (t->error && access("/run/systemd/timesync/synchronized", F_OK) == 0) {
        t->error = 0;
        t->synchronised = true;
    }
}

static bool is_trusted(const struct trust *t, int64_t now_ms)
{
    switch (t->mode) {
    case TRUST_KERNEL:
        return t->synchronised;
    case TRUST_AUTO:
        return t->synchronised || (!t->behind && now_ms >= WRITTEN_MS);
    case TRUST_ALWAYS:
    case TRUST_N:
        break;
    }
    return true;
}

void trust_init(struct trust *t, enum trust_mode mode, int64_t now_ms, int64_t seen_ms)
{
    *t = (struct trust){.mode = mode,
                        .behind = seen_ms != INT64_MIN && now_ms < seen_ms - TOLERANCE_MS};
    (void)trust_look(t, now_ms);
}

bool trust_look(struct trust *t, int64_t now_ms)
{
    bool before = t->trusted;

    if (t->mode != TRUST_ALWAYS)
        ask_kernel(t);
    if (t->synchronised)
        t->behind = false;
    t->trusted = is_trusted(t, now_ms);
    return t->trusted != before;
}

void trust_set(struct trust *t)
{
    t->behind = false;
}

void trust_tell(const struct trust *t, char *buf, size_t cap)
{
    const char *what = t->trusted ? "the schedule is played by it"
                                  : "what was resolved last is held until it can be trusted";

    if (t->mode == TRUST_ALWAYS)
        (void)snprintf(buf, cap, "the clock is trusted (--clock-trust always)");
    else if (t->error)
        (void)snprintf(buf, cap, "the kernel cannot be asked about the clock (%s); %s",
                       strerror(t->error), what);
    else if (t->synchronised)
        (void)snprintf(buf, cap, "the clock is synchronised; %s", what);
    else
        (void)snprintf(buf, cap,
                       "the kernel says that the clock is not synchronised%s; %s "
                       "(--clock-trust %s)",
                       t->behind ? ", and it is behind the last run" : "", what,
                       trust_names[t->mode]);
}
