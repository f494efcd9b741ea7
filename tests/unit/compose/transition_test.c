/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/transition.h"

#include <math.h>
#include <string.h>

#include "tests/support/t.h"

TEST(frames_of_a_time_are_exact)
{
    struct qp_rational r60 = {60, 1}, ntsc = {60000, 1001}, film = {24, 1};

    T_EQ(transition_frames_round(r60, 500000000), 30);
    T_EQ(transition_frames_round(r60, 8333333), 0);
    T_EQ(transition_frames_round(r60, 8333334), 1); /* half a frame rounds up */
    T_EQ(transition_frames_round(ntsc, 1000000000), 60);
    T_EQ(transition_frames_round(film, 1000000000), 24);
    T_EQ(transition_frames_round(film, 0), 0);
    T_EQ(transition_frames_ceil(r60, 1), 1);
    T_EQ(transition_frames_ceil(r60, 1000000000), 60);
    T_EQ(transition_frames_ceil(r60, 1000000001), 61);
    T_EQ(transition_frames_ceil(r60, INT64_MAX), 553402322212LL);
    T_EQ(transition_frame_ns(r60, 1), 16666666);
    T_EQ(transition_frame_ns(ntsc, 60000), 1001000000000LL);
}

/* A frame k is within a time exactly when it begins before its end. */
TEST(ceil_counts_the_frames_that_begin_in_time)
{
    struct qp_rational rates[] = {{24, 1}, {50, 1}, {60000, 1001}, {240, 1}};

    srand(3);
    for (int i = 0; i < 20000; i++) {
        struct qp_rational r = rates[i % 4];
        int64_t ns = (int64_t)rand() * 7;
        int64_t n = transition_frames_ceil(r, ns);

        T_CHECK((__extension__(__int128) n * r.den * 1000000000) >=
                (__extension__(__int128) ns * r.num));
        T_CHECK(n == 0 || (__extension__(__int128)(n - 1) * r.den * 1000000000) <
                              (__extension__(__int128) ns * r.num));
    }
}

TEST(cross_fade_weights_rise_evenly_and_never_reach_the_ends)
{
    uint8_t w[3];

    for (int64_t n = 1; n < 200; n++) {
        for (int64_t i = 0; i < n; i++) {
            T_EQ(transition_weights(TRANSITION_CROSS_FADE, 3, 3, 1, i, n, w), 1);
            T_EQ(w[0], lrint(255.0 * (double)(i + 1) / (double)(n + 1)));
            T_EQ(w[2], w[0]);
            T_CHECK(w[0] > 0 && w[0] < 255);
        }
    }
}

/* The sum of a wipe's weights is the uncovered length, to within rounding of one pixel. */
static double covered(enum transition_type type, uint32_t len, int64_t i, int64_t n)
{
    uint8_t w[64];
    double sum = 0;

    if (type == TRANSITION_WIPE_LEFT || type == TRANSITION_WIPE_RIGHT) {
        (void)transition_weights(type, len, 4, 2, i, n, w);
        for (uint32_t x = 0; x < len; x++)
            sum += w[x] / 255.0;
    } else {
        for (uint32_t y = 0; y < len; y++) {
            (void)transition_weights(type, 4, len, y, i, n, w);
            T_EQ(w[0], w[3]);
            sum += w[0] / 255.0;
        }
    }
    return sum;
}

TEST(wipes_move_evenly_with_a_share_of_the_edge_pixel)
{
    for (int type = TRANSITION_WIPE_LEFT; type <= TRANSITION_WIPE_DOWN; type++) {
        for (int64_t i = 0; i < 25; i++) {
            double want = 50.0 * (double)(i + 1) / 26.0;

            T_CHECK(fabs(covered((enum transition_type)type, 50, i, 25) - want) < 0.003);
        }
    }
}

TEST(wipes_go_the_way_they_are_named)
{
    uint8_t w[10];

    (void)transition_weights(TRANSITION_WIPE_LEFT, 10, 10, 0, 0, 4, w); /* a fifth */
    T_EQ(w[9], 255);
    T_EQ(w[8], 255);
    T_EQ(w[7], 0);
    (void)transition_weights(TRANSITION_WIPE_RIGHT, 10, 10, 0, 0, 4, w);
    T_EQ(w[0], 255);
    T_EQ(w[2], 0);
    (void)transition_weights(TRANSITION_WIPE_UP, 10, 10, 9, 0, 4, w);
    T_EQ(w[0], 255);
    (void)transition_weights(TRANSITION_WIPE_UP, 10, 10, 0, 0, 4, w);
    T_EQ(w[0], 0);
    (void)transition_weights(TRANSITION_WIPE_DOWN, 10, 10, 0, 0, 4, w);
    T_EQ(w[0], 255);
}

TEST(a_circle_grows_from_the_centre_to_the_corners)
{
    uint8_t w[21];
    int last = -1;

    for (int64_t i = 0; i < 30; i++) {
        int sum = 0;

        for (uint32_t y = 0; y < 21; y++) {
            (void)transition_weights(TRANSITION_CIRCLE, 21, 21, y, i, 30, w);
            for (int x = 0; x < 21; x++) {
                T_EQ(w[x], w[20 - x]);
                sum += w[x];
            }
        }
        T_CHECK(sum > last);
        last = sum;
    }
    (void)transition_weights(TRANSITION_CIRCLE, 21, 21, 10, 0, 30, w);
    T_CHECK(w[10] > 0 && w[0] == 0);
    (void)transition_weights(TRANSITION_CIRCLE, 21, 21, 0, 29, 30, w);
    T_CHECK(w[0] > 0);
}

TEST(every_type_has_a_name)
{
    for (int i = 0; i < TRANSITION_N; i++)
        T_CHECK(transition_names[i] && strlen(transition_names[i]) > 2);
}
