/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/pacer.h"

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t count_slices(size_t n_packets, int64_t window_ns)
{
    size_t wanted = (size_t)(window_ns / PACER_SLICE_NS);
    size_t most = (size_t)(window_ns / PACER_MIN_SLICE_NS);
    size_t bursts = (n_packets + PACER_BURST - 1) / PACER_BURST;

    return max_size(1, min_size(min_size(max_size(wanted, bursts), most), n_packets));
}

void pacer_init(struct pacer *ret, size_t n_packets, uint32_t max_wire_bytes, int64_t start_ns,
                int64_t end_ns, uint32_t mbps)
{
    int64_t window = end_ns > start_ns ? end_ns - start_ns : 0;
    size_t n_slices = count_slices(n_packets, window);
    size_t burst = (n_packets + n_slices - 1) / n_slices;
    int64_t wire = (int64_t)(burst * max_wire_bytes * 8000 / max_size(mbps, 1));

    ret->start_ns = start_ns;
    ret->n_packets = n_packets;
    ret->n_slices = n_slices;
    ret->burst_wire_ns = wire;
    ret->slice_ns = window / (int64_t)n_slices;
    if (ret->slice_ns < wire)
        ret->slice_ns = wire;
    if (ret->slice_ns == 0)
        ret->slice_ns = 1;
}

size_t pacer_allowed(const struct pacer *pacer, int64_t now_ns)
{
    int64_t slices = (now_ns - pacer->start_ns) / pacer->slice_ns + 1;

    if (now_ns < pacer->start_ns)
        return 0;
    if (slices >= (int64_t)pacer->n_slices)
        return pacer->n_packets;
    return pacer->n_packets * (size_t)slices / pacer->n_slices;
}

int64_t pacer_time(const struct pacer *pacer, size_t i)
{
    /* The first slice s with n_packets * (s + 1) / n_slices > i. */
    size_t s = ((i + 1) * pacer->n_slices + pacer->n_packets - 1) / pacer->n_packets - 1;

    return pacer->start_ns + (int64_t)s * pacer->slice_ns;
}
