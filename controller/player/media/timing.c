/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/timing.h"

#define NS_PER_S  1000000000LL
#define TIE_NS    50000
#define COARSE_NS 100000 /* ticks shorter than this need no snapping */
#define MAX_STAMP (INT64_MAX / 4)

static int64_t scale(int64_t n, struct qp_rational period)
{
    __int128 num = (__int128)n * period.num * NS_PER_S;

    return (int64_t)((num + (num < 0 ? -period.den / 2 : period.den / 2)) / period.den);
}

void timing_init(struct timing *t, struct qp_rational fps, int64_t tick_ns)
{
    *t = (struct timing){.fps = fps, .tick_ns = tick_ns > 0 ? tick_ns : 1};
    t->nominal_ns = NS_PER_S / 25;
    if (fps.num > 0 && fps.den > 0)
        t->nominal_ns = scale(1, (struct qp_rational){fps.den, fps.num});
    if (t->nominal_ns < 1)
        t->nominal_ns = 1;
}

/* Milliseconds of a Matroska or FLV file, back to the exact lattice of a constant frame rate. */
static int64_t snap(const struct timing *t, int64_t ns)
{
    int64_t in_pass = ns - t->base_ns, k, exact;
    __int128 num;

    if (t->fps.num <= 0 || t->fps.den <= 0 || t->tick_ns < COARSE_NS)
        return ns;
    num = (__int128)in_pass * t->fps.num;
    k = (int64_t)((num + (__int128)t->fps.den * NS_PER_S / 2) / ((__int128)t->fps.den * NS_PER_S));
    exact = scale(k, (struct qp_rational){t->fps.den, t->fps.num});
    if (exact - in_pass > t->tick_ns || in_pass - exact > t->tick_ns)
        return ns;
    return t->base_ns + exact;
}

static int64_t believed_gap(const struct timing *t)
{
    int64_t declared = t->last_dur_ns < MAX_STAMP ? 2 * t->last_dur_ns : MAX_STAMP;

    return declared > TIMING_MAX_GAP_NS ? declared : TIMING_MAX_GAP_NS;
}

/* A stamp that follows an earlier one of this pass. */
static int64_t follow(struct timing *t, int64_t stamp_ns)
{
    int64_t expected = t->last_ns + t->last_dur_ns, now;

    if (stamp_ns == TIMING_NONE)
        return expected;
    if (!t->anchored) { /* the first pictures of this pass had none */
        t->anchored = true;
        t->shift_ns = expected - stamp_ns;
        return expected;
    }
    if (__builtin_add_overflow(stamp_ns, t->shift_ns, &now) || now < -MAX_STAMP ||
        now > MAX_STAMP || (!t->jumped && now > t->last_ns + believed_gap(t)) ||
        now < t->last_ns - TIMING_MAX_BACK_NS) {
        t->repaired++;
        t->shift_ns = expected - stamp_ns; /* stamps are limited in timing_next() */
        return expected;
    }
    now = snap(t, now);
    if (now > t->last_ns)
        return now;
    /* Two pictures with one stamp, or a small step back: squeeze it in. */
    t->repaired++;
    return t->last_ns + (t->last_dur_ns >= 4 ? t->last_dur_ns / 4 : 1);
}

int64_t timing_next(struct timing *t, int64_t stamp_ns, int64_t dur_ns)
{
    int64_t now;

    if (stamp_ns != TIMING_NONE && (stamp_ns > MAX_STAMP || stamp_ns < -MAX_STAMP))
        stamp_ns = TIMING_NONE;
    if (!t->begun) {
        now = t->base_ns;
        t->begun = true;
        t->anchored = stamp_ns != TIMING_NONE;
        t->shift_ns = t->anchored ? now - stamp_ns : 0;
    } else {
        now = follow(t, stamp_ns);
    }
    t->any = true;
    t->jumped = false;
    if (dur_ns <= 0 || dur_ns > MAX_STAMP ||
        (dur_ns >= t->nominal_ns - t->tick_ns && dur_ns <= t->nominal_ns + t->tick_ns))
        dur_ns = t->nominal_ns;
    t->last_ns = now;
    t->last_dur_ns = dur_ns;
    return now;
}

int64_t timing_end(const struct timing *t)
{
    return t->any ? t->last_ns + t->last_dur_ns : 0;
}

void timing_restart(struct timing *t)
{
    t->base_ns = timing_end(t);
    t->begun = false;
}

void timing_jump(struct timing *t)
{
    t->jumped = true;
}

int64_t timing_tolerance(struct qp_rational wall_rate)
{
    if (wall_rate.num <= 0 || wall_rate.den <= 0)
        return 0;
    return scale(1, (struct qp_rational){wall_rate.den, wall_rate.num}) / 2 + TIE_NS;
}
