/* SPDX-License-Identifier: Apache-2.0 */
/* blend.h - rows of pixels onto rows of pixels.
 *
 * A pixel is a native-endian uint32_t 0xAARRGGBB, premultiplied by its alpha. All arithmetic is 8
 * bit with one rounding, defined by
 *
 *     mul(x, a) = round(x * a / 255)              exact for every x, a in 0..255
 *     over      = min(255, s + mul(d, 255 - s.a))      in each of the four channels
 *     mix       = round((a * (255 - w) + b * w) / 255)
 *
 * (source-over of Porter & Duff 1984 for premultiplied colours; x/255 rounded is
 * (x + 128 + ((x + 128) >> 8)) >> 8 for 0 <= x <= 65025.) Rows may have any length and alignment;
 * src and dst must not overlap. No allocation; any thread. */
#ifndef CONTROLLER_PLAYER_COMPOSE_BLEND_H
#define CONTROLLER_PLAYER_COMPOSE_BLEND_H

#include <stddef.h>
#include <stdint.h>

/* round(x * a / 255) for x, a in 0..255. */
static inline uint8_t blend_mul(unsigned x, unsigned a)
{
    unsigned v = x * a + 128u;

    return (uint8_t)((v + (v >> 8)) >> 8);
}

/* A straight-alpha colour 0xAARRGGBB as a premultiplied pixel. */
uint32_t blend_premultiply(uint32_t argb);

/* Source-over of a premultiplied pixel onto another. */
uint32_t blend_over_pixel(uint32_t dst, uint32_t src);

/* dst[i] = src[i] over dst[i], the source first multiplied by opacity (0..255). */
void blend_over(uint32_t *restrict dst, const uint32_t *restrict src, size_t n, uint8_t opacity);

/* dst[i] = colour over dst[i]; colour is premultiplied. */
void blend_fill(uint32_t *dst, uint32_t colour, size_t n);

/* out[i] = a[i] * (255 - w[i]) / 255 + b[i] * w[i] / 255, rounded once. out may not overlap a or b.
 */
void blend_mix(uint32_t *restrict out, const uint32_t *restrict a, const uint32_t *restrict b,
               const uint8_t *restrict w, size_t n);

/* out[i] = (src[i] * (256 - phase) + src[i + 1] * phase + 128) / 256, phase 0..255: the row moved
 * to the left by phase/256 of a pixel. Reads n + 1 pixels. */
void blend_shift(uint32_t *restrict out, const uint32_t *restrict src, size_t n, unsigned phase);

#endif
