/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/blend.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tests/support/t.h"

#define N 67 /* blocks and a tail */

static uint32_t rnd(void)
{
    static uint64_t state = 88172645463325252ull;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)state;
}

static unsigned channel(uint32_t px, int i)
{
    return px >> (8 * i) & 255;
}

static unsigned exact_mul(double x, double a)
{
    return (unsigned)floor(x * a / 255.0 + 0.5);
}

static uint32_t premultiplied(void)
{
    return blend_premultiply(rnd());
}

TEST(a_product_is_rounded_exactly_for_every_pair)
{
    for (unsigned x = 0; x < 256; x++) {
        for (unsigned a = 0; a < 256; a++)
            T_EQ(blend_mul(x, a), exact_mul(x, a));
    }
}

static uint32_t exact_over(uint32_t d, uint32_t s)
{
    uint32_t out = 0;

    for (int i = 0; i < 4; i++) {
        unsigned v = channel(s, i) + exact_mul(channel(d, i), 255.0 - channel(s, 3));

        out |= (v > 255 ? 255 : v) << (8 * i);
    }
    return out;
}

static uint32_t exact_scale(uint32_t s, unsigned opacity)
{
    uint32_t out = 0;

    for (int i = 0; i < 4; i++)
        out |= exact_mul(channel(s, i), opacity) << (8 * i);
    return out;
}

/* All lengths and offsets, guard pixels on both sides, every kind of source. */
TEST(over_is_exact_at_every_length_offset_and_opacity)
{
    uint32_t dst[N + 24], src[N + 24], want[N + 24];

    for (int round = 0; round < 40000; round++) {
        size_t n = rnd() % N, at = rnd() % 8;
        uint8_t opacity = rnd() % 3 ? 255 : (uint8_t)rnd();
        unsigned kind = rnd() % 5;

        for (size_t i = 0; i < N + 24; i++) {
            dst[i] = want[i] = rnd();
            src[i] = kind == 0   ? 0
                     : kind == 1 ? 0xff000000u | rnd()
                     : kind == 2 ? rnd() /* not premultiplied: clamps, never wraps */
                                 : premultiplied();
        }
        for (size_t i = at; i < at + n; i++)
            want[i] = exact_over(dst[i], exact_scale(src[i], opacity));
        blend_over(dst + at, src + (round & 7), 0, opacity);
        memmove(src + at, src + at, 0);
        blend_over(dst + at, src + at, n, opacity);
        T_CHECK(memcmp(dst, want, sizeof(dst)) == 0);
    }
}

TEST(fill_is_over_with_one_colour)
{
    uint32_t dst[N + 8], want[N + 8];

    for (int round = 0; round < 20000; round++) {
        size_t n = rnd() % N, at = rnd() % 8;
        uint32_t colour = round % 3 ? premultiplied() : 0xff000000u | rnd();

        for (size_t i = 0; i < N + 8; i++) {
            dst[i] = want[i] = rnd();
            if (i >= at && i < at + n)
                want[i] = exact_over(dst[i], colour);
        }
        blend_fill(dst + at, colour, n);
        T_CHECK(memcmp(dst, want, sizeof(dst)) == 0);
    }
    T_EQ(blend_over_pixel(0x80402010u, 0x7f102030u), exact_over(0x80402010u, 0x7f102030u));
}

TEST(mix_is_exact)
{
    uint32_t out[N + 1], a[N], b[N];
    uint8_t w[N];

    for (int round = 0; round < 20000; round++) {
        size_t n = rnd() % N;

        for (size_t i = 0; i < N; i++) {
            a[i] = rnd();
            b[i] = rnd();
            w[i] = (uint8_t)(rnd() % 4 ? rnd() : rnd() & 1 ? 255 : 0);
        }
        out[n] = 0x12345678;
        blend_mix(out, a, b, w, n);
        T_EQ(out[n], 0x12345678);
        for (size_t i = 0; i < n; i++) {
            for (int c = 0; c < 4; c++) {
                double v = channel(a[i], c) * (255.0 - w[i]) + channel(b[i], c) * (double)w[i];

                T_EQ(channel(out[i], c), (unsigned)floor(v / 255.0 + 0.5));
            }
        }
    }
}

TEST(shift_is_linear_between_two_columns)
{
    uint32_t out[N + 1], src[N + 1];

    for (int round = 0; round < 20000; round++) {
        size_t n = rnd() % N;
        unsigned phase = rnd() % 256;

        for (size_t i = 0; i <= N; i++)
            src[i] = rnd();
        out[n] = 0x12345678;
        blend_shift(out, src, n, phase);
        T_EQ(out[n], 0x12345678);
        for (size_t i = 0; i < n; i++) {
            for (int c = 0; c < 4; c++) {
                double v =
                    channel(src[i], c) * (256.0 - phase) + channel(src[i + 1], c) * (double)phase;

                T_EQ(channel(out[i], c), (unsigned)floor(v / 256.0 + 0.5));
            }
        }
    }
}

TEST(premultiply)
{
    T_EQ(blend_premultiply(0xffabcdefu), 0xffabcdefu);
    T_EQ(blend_premultiply(0x00abcdefu), 0);
    T_EQ(blend_premultiply(0x80ff00ffu), 0x80800080u);
}
