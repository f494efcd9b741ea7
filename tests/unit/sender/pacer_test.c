/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/pacer.h"

#include "tests/support/t.h"

#define MS 1000000LL

TEST(spreads_over_the_interval)
{
    struct pacer p;

    pacer_init(&p, 1024, 1536, 0, 14 * MS, 1000);
    T_EQ(pacer_allowed(&p, -1), 0);
    T_EQ(pacer_allowed(&p, 0), 16);
    T_EQ(pacer_allowed(&p, 7 * MS), 512 + 16);
    T_EQ(pacer_allowed(&p, 14 * MS), 1024);
    T_CHECK(pacer_time(&p, 1023) < 14 * MS);
    T_CHECK(pacer_time(&p, 1023) > 13 * MS);
}

TEST(a_small_port_is_spread_as_well)
{
    struct pacer p;

    pacer_init(&p, 64, 450, 0, 14 * MS, 1000);
    T_EQ(p.n_slices, 28);
    T_CHECK(pacer_allowed(&p, 7 * MS) <= 36);
    T_CHECK(pacer_allowed(&p, 7 * MS) >= 28);
}

TEST(nothing_and_one_packet)
{
    struct pacer p;

    pacer_init(&p, 0, 1536, 0, 14 * MS, 1000);
    T_EQ(pacer_allowed(&p, 20 * MS), 0);
    pacer_init(&p, 1, 1536, 5, 5, 1000);
    T_EQ(pacer_allowed(&p, 4), 0);
    T_EQ(pacer_allowed(&p, 5), 1);
    T_EQ(pacer_time(&p, 0), 5);
}

/* Whatever is asked for: at most the wire's rate plus one burst, everything in the end, and a
 * packet may leave exactly from its own time on. */
static void check_plan(size_t n, uint32_t bytes, int64_t window_ns, uint32_t mbps)
{
    struct pacer p;
    int64_t wire_ns = (int64_t)bytes * 8000 / mbps;
    size_t burst;

    pacer_init(&p, n, bytes, 1000, 1000 + window_ns, mbps);
    burst = (n + p.n_slices - 1) / p.n_slices;
    if (window_ns / PACER_MIN_SLICE_NS >= (int64_t)((n + PACER_BURST - 1) / PACER_BURST))
        T_CHECK(burst <= PACER_BURST);
    for (size_t i = 0; i < n; i++) {
        int64_t at = pacer_time(&p, i);

        T_CHECK(pacer_allowed(&p, at) > i);
        T_CHECK(pacer_allowed(&p, at - 1) <= i);
        T_CHECK((at - 1000) >= ((int64_t)i + 1 - 2 * (int64_t)burst) * wire_ns);
    }
    /* In time wherever the wire can do it at all with whole bursts. */
    if ((int64_t)(p.n_slices * burst) * wire_ns <= window_ns)
        T_CHECK(pacer_time(&p, n - 1) + (int64_t)burst * wire_ns <= 1000 + window_ns);
}

TEST(never_beyond_the_wire)
{
    static const uint32_t rates[] = {10, 100, 1000, 2500, 10000};
    unsigned seed = 1;

    for (int i = 0; i < 3000; i++) {
        size_t n = 1 + (size_t)(rand_r(&seed) % 3000);
        uint32_t bytes = 84 + (uint32_t)(rand_r(&seed) % 1500);
        int64_t window = rand_r(&seed) % 42000000;

        check_plan(n, bytes, window, rates[rand_r(&seed) % 5]);
    }
}
