/* SPDX-License-Identifier: Apache-2.0 */
/* pacer.h - when each packet of a frame may leave.
 *
 * The interval is divided into slices, and the packets evenly among them: small bursts of at most
 * PACER_BURST packets where the slices can be 100 us or longer, which they can at 1 Gbit/s. No
 * slice is shorter than its packets take on the wire, so that the plan never exceeds the link's
 * rate, even where the interval is too short: then it ends late. This is a token bucket whose depth
 * is one burst and which is filled at the pace that the interval asks for.
 *
 * Pure arithmetic; no clock. */
#ifndef SENDER_CARD_PACER_H
#define SENDER_CARD_PACER_H

#include <stddef.h>
#include <stdint.h>

#define PACER_BURST        16     /* packets */
#define PACER_MIN_SLICE_NS 100000 /* a thread that sleeps cannot do better */
#define PACER_SLICE_NS     500000 /* wanted: few wake-ups where a port has little to send */

struct pacer {
    int64_t start_ns, slice_ns;
    size_t n_packets, n_slices;
    int64_t burst_wire_ns; /* of the largest burst */
};

/* n_packets of at most max_wire_bytes each over [start_ns, end_ns) on a link of mbps. */
void pacer_init(struct pacer *ret, size_t n_packets, uint32_t max_wire_bytes, int64_t start_ns,
                int64_t end_ns, uint32_t mbps);

/* Packets that may have left at this time, 0..n_packets. */
size_t pacer_allowed(const struct pacer *pacer, int64_t now_ns);

/* When packet i (from 0) may leave. */
int64_t pacer_time(const struct pacer *pacer, size_t i);

#endif
