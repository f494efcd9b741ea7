/* SPDX-License-Identifier: Apache-2.0 */
/* The loops run over blocks of a constant number of pixels, seen as bytes: with the trip count
 * known gcc vectorises them at -O2 (its cost model there takes no loop with a scalar remainder),
 * and 16-bit lanes hold every intermediate value, 255 * 255 + 128 + 254 < 65536. The alpha of a
 * pixel is spread over its four bytes first, so that the arithmetic itself is the same for every
 * byte. */
#include "controller/player/compose/blend.h"

#include <string.h>

#define BLOCK       16u /* pixels */
#define BLOCK_BYTES (4u * BLOCK)

static inline uint16_t div255(uint16_t v)
{
    v = (uint16_t)(v + 128u);
    return (uint16_t)((uint16_t)(v + (v >> 8)) >> 8);
}

static inline void mul_bytes(uint8_t *restrict out, const uint8_t *restrict x,
                             const uint8_t *restrict a)
{
    for (unsigned i = 0; i < BLOCK_BYTES; i++)
        out[i] = (uint8_t)div255((uint16_t)(x[i] * a[i]));
}

static inline void add_bytes(uint8_t *restrict out, const uint8_t *restrict x,
                             const uint8_t *restrict y)
{
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        uint16_t v = (uint16_t)(x[i] + y[i]);

        out[i] = (uint8_t)(v > 255 ? 255 : v);
    }
}

/* 255 - alpha of every pixel in all four of its bytes. */
static inline void spread_inverse_alpha(uint32_t *restrict out, const uint32_t *restrict px)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        uint32_t a = ~px[i] >> 24;

        a |= a << 8;
        out[i] = a | a << 16;
    }
}

static inline void over_block(uint32_t *restrict dst, const uint32_t *restrict src)
{
    uint32_t d[BLOCK], s[BLOCK], ia[BLOCK], t[BLOCK];

    memcpy(d, dst, sizeof(d));
    memcpy(s, src, sizeof(s));
    spread_inverse_alpha(ia, s);
    mul_bytes((uint8_t *)t, (const uint8_t *)d, (const uint8_t *)ia);
    add_bytes((uint8_t *)dst, (const uint8_t *)t, (const uint8_t *)s);
}

static inline void scale_block(uint32_t *restrict out, const uint32_t *restrict src,
                               uint8_t opacity)
{
    uint8_t a[BLOCK_BYTES];

    memset(a, opacity, sizeof(a));
    mul_bytes((uint8_t *)out, (const uint8_t *)src, a);
}

/* Nothing but transparent, or nothing but opaque pixels: most of a text or a logo. */
static inline uint32_t all_alphas(const uint32_t *src, uint32_t *ret_any)
{
    uint32_t all = ~0u, any = 0;

    for (unsigned i = 0; i < BLOCK; i++) {
        all &= src[i];
        any |= src[i];
    }
    *ret_any = any;
    return all >> 24;
}

static void over_opaque_scale(uint32_t *restrict dst, const uint32_t *restrict src, size_t n)
{
    uint32_t tail[BLOCK] = {0}, back[BLOCK] = {0}, any;

    for (; n >= BLOCK; n -= BLOCK, dst += BLOCK, src += BLOCK) {
        uint32_t all = all_alphas(src, &any);

        if (any == 0)
            continue;
        if (all == 255)
            memcpy(dst, src, sizeof(tail));
        else
            over_block(dst, src);
    }
    if (n == 0)
        return;
    memcpy(tail, src, n * sizeof(*src));
    memcpy(back, dst, n * sizeof(*dst));
    over_block(back, tail);
    memcpy(dst, back, n * sizeof(*dst));
}

void blend_over(uint32_t *restrict dst, const uint32_t *restrict src, size_t n, uint8_t opacity)
{
    uint32_t scaled[BLOCK], tail[BLOCK] = {0};

    if (opacity == 255) {
        over_opaque_scale(dst, src, n);
        return;
    }
    for (; n >= BLOCK; n -= BLOCK, dst += BLOCK, src += BLOCK) {
        scale_block(scaled, src, opacity);
        over_block(dst, scaled);
    }
    if (n == 0)
        return;
    memcpy(tail, src, n * sizeof(*src));
    scale_block(scaled, tail, opacity);
    over_opaque_scale(dst, scaled, n);
}

uint32_t blend_premultiply(uint32_t argb)
{
    unsigned a = argb >> 24;

    return (uint32_t)a << 24 | (uint32_t)blend_mul(argb >> 16 & 255u, a) << 16 |
           (uint32_t)blend_mul(argb >> 8 & 255u, a) << 8 | blend_mul(argb & 255u, a);
}

uint32_t blend_over_pixel(uint32_t dst, uint32_t src)
{
    unsigned ia = 255u - (src >> 24);
    uint32_t out = 0;

    for (unsigned shift = 0; shift < 32; shift += 8) {
        unsigned v = (src >> shift & 255u) + blend_mul(dst >> shift & 255u, ia);

        out |= (uint32_t)(v > 255 ? 255 : v) << shift;
    }
    return out;
}

void blend_fill(uint32_t *dst, uint32_t colour, size_t n)
{
    uint32_t src[BLOCK];

    if (colour >> 24 == 255) {
        for (size_t i = 0; i < n; i++)
            dst[i] = colour;
        return;
    }
    for (unsigned i = 0; i < BLOCK; i++)
        src[i] = colour;
    for (; n >= BLOCK; n -= BLOCK, dst += BLOCK)
        over_block(dst, src);
    over_opaque_scale(dst, src, n);
}

static inline void mix_block(uint32_t *restrict out, const uint32_t *restrict a,
                             const uint32_t *restrict b, const uint8_t *restrict w)
{
    uint32_t spread[BLOCK];
    const uint8_t *wb = (const uint8_t *)spread, *pa = (const uint8_t *)a;
    const uint8_t *pb = (const uint8_t *)b;
    uint8_t *po = (uint8_t *)out;

    for (unsigned i = 0; i < BLOCK; i++) {
        uint32_t v = w[i];

        v |= v << 8;
        spread[i] = v | v << 16;
    }
    for (unsigned i = 0; i < BLOCK_BYTES; i++)
        po[i] = (uint8_t)div255((uint16_t)(pa[i] * (255u - wb[i]) + pb[i] * wb[i]));
}

void blend_mix(uint32_t *restrict out, const uint32_t *restrict a, const uint32_t *restrict b,
               const uint8_t *restrict w, size_t n)
{
    uint32_t ta[BLOCK] = {0}, tb[BLOCK] = {0}, to[BLOCK];
    uint8_t tw[BLOCK] = {0};

    for (; n >= BLOCK; n -= BLOCK, out += BLOCK, a += BLOCK, b += BLOCK, w += BLOCK)
        mix_block(out, a, b, w);
    if (n == 0)
        return;
    memcpy(ta, a, n * sizeof(*a));
    memcpy(tb, b, n * sizeof(*b));
    memcpy(tw, w, n);
    mix_block(to, ta, tb, tw);
    memcpy(out, to, n * sizeof(*out));
}

static inline void shift_block(uint8_t *restrict out, const uint8_t *restrict src, uint16_t phase)
{
    for (unsigned i = 0; i < BLOCK_BYTES; i++)
        out[i] = (uint8_t)((uint16_t)(src[i] * (256u - phase) + src[i + 4] * phase + 128u) >> 8);
}

void blend_shift(uint32_t *restrict out, const uint32_t *restrict src, size_t n, unsigned phase)
{
    uint32_t in[BLOCK + 1] = {0}, to[BLOCK];

    if (phase == 0) {
        memcpy(out, src, n * sizeof(*out));
        return;
    }
    for (; n >= BLOCK; n -= BLOCK, out += BLOCK, src += BLOCK)
        shift_block((uint8_t *)out, (const uint8_t *)src, (uint16_t)phase);
    if (n == 0)
        return;
    memcpy(in, src, (n + 1) * sizeof(*src));
    shift_block((uint8_t *)to, (const uint8_t *)in, (uint16_t)phase);
    memcpy(out, to, n * sizeof(*out));
}
