/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - monotonic time, TAI, and the lattice of frame boundaries.
 *
 * Frame n of a wall with rate r (frames a second, exact rational) is due at ceil(n / r) of TAI,
 * counted from 1970-01-01 00:00:00 TAI (the epoch of IEEE 1588 and SMPTE ST 2059-1), so that two
 * players with the same clock show the same frame. All in integers: a double cannot hold
 * nanoseconds since 1970. */
#ifndef PROTOCOLS_BASE_CLOCK_H
#define PROTOCOLS_BASE_CLOCK_H

#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/base/rational.h"

#define QP_NS_PER_S 1000000000LL

/* CLOCK_MONOTONIC in ns. Any thread; a vDSO call, no system call. */
int64_t qp_clock_mono_ns(void);

/* TAI - UTC in seconds for a UTC time, from a leap-seconds.list file (the format of NIST and IERS;
 * tzdata installs one). Returns 0 and *ret, -EINVAL (not such a list, or it begins after utc_s),
 * -E2BIG (over 1 MiB) or the errno of open/read (-ENOENT ...), each with a sentence. */
QP_MUST_CHECK int qp_clock_leap_offset(const char *file, int64_t utc_s, int *ret,
                                       struct qp_diag *diag);

/* How to get from CLOCK_MONOTONIC to TAI just now. */
struct qp_clock_map {
    int64_t tai_minus_mono_ns;
    int tai_minus_utc_s;
    int from_kernel; /* 1: the kernel's own offset, 0: from the leap-second list */
};

/* Sample the clocks: CLOCK_TAI where the kernel knows its offset, otherwise CLOCK_REALTIME plus the
 * offset of tzdata's leap-second list (read once by qp_clock_init, kept for the process). Four vDSO
 * calls, repeated up to five times when the thread was preempted in between; does not allocate; any
 * thread. */
void qp_clock_sample(struct qp_clock_map *ret);

/* Read the leap-second list. Call once before threads start. Without a list (diag says where it was
 * looked for) the offset is 37 s, valid since 2017. Returns 0 or a negative errno as a warning. */
int qp_clock_init(struct qp_diag *diag);

/* The lattice. 0 < rate < 10^9 frames a second, numerator and denominator at most QP_RATIONAL_MAX
 * of parse.h. index: the largest n that is due at or before tai_ns. due: when frame n is due, ns of
 * TAI, rounded up so that index(due(n)) == n; n must lie within the years that 63 bits of ns can
 * hold (to 2262). 128-bit inside, no rounding; before 1970 both are negative. */
int64_t qp_lattice_index(struct qp_rational rate, int64_t tai_ns);
int64_t qp_lattice_due(struct qp_rational rate, int64_t n);

#endif
