/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/pack.h"

#include <string.h>

#define TILE 32u /* turned pictures are read in tiles, so that columns stay in the cache */

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static uint32_t bgra(uint32_t b, uint32_t g, uint32_t r, uint32_t a)
{
    return b | g << 8 | r << 16 | a << 24;
}

/* round(c * a / 255) for bytes, exactly. */
static uint32_t times(uint32_t c, uint32_t a)
{
    uint32_t t = c * a + 128;

    return (t + (t >> 8)) >> 8;
}

static bytes16 load16(const uint8_t *p)
{
    bytes16 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* 16 pixels at a time with the compiler's vectors, the same on every machine. */
static void row_opaque(const uint8_t *b, const uint8_t *g, const uint8_t *r, uint32_t *dst,
                       uint32_t n)
{
    const bytes16 ones = ~(bytes16){0};
    uint32_t x = 0;

    for (; x + 16 <= n; x += 16) {
        bytes16 vb = load16(b + x), vg = load16(g + x), vr = load16(r + x), out[4];
        bytes16 bg0 =
            __builtin_shufflevector(vb, vg, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        bytes16 bg1 = __builtin_shufflevector(vb, vg, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                              14, 30, 15, 31);
        bytes16 ra0 = __builtin_shufflevector(vr, ones, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                              22, 7, 23);
        bytes16 ra1 = __builtin_shufflevector(vr, ones, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                              29, 14, 30, 15, 31);

        out[0] = __builtin_shufflevector(bg0, ra0, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7,
                                         22, 23);
        out[1] = __builtin_shufflevector(bg0, ra0, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14,
                                         15, 30, 31);
        out[2] = __builtin_shufflevector(bg1, ra1, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7,
                                         22, 23);
        out[3] = __builtin_shufflevector(bg1, ra1, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14,
                                         15, 30, 31);
        memcpy(dst + x, out, sizeof(out));
    }
    for (; x < n; x++)
        dst[x] = bgra(b[x], g[x], r[x], 255);
}

static uint32_t pixel(const struct planes *s, uint32_t x, uint32_t y)
{
    uint32_t g = s->g[y * s->stride_g + x], b = s->b[y * s->stride_b + x];
    uint32_t r = s->r[y * s->stride_r + x], a;

    if (!s->a)
        return bgra(b, g, r, 255);
    a = s->a[y * s->stride_a + x];
    if (!s->premultiplied)
        return bgra(times(b, a), times(g, a), times(r, a), a);
    return bgra(b < a ? b : a, g < a ? g : a, r < a ? r : a, a);
}

/* Source place of turned pixel (x, y). */
struct place {
    uint32_t x, y;
};

static struct place stored_at(const struct planes *s, struct orient o, uint32_t x, uint32_t y)
{
    uint32_t turned_w = o.swap ? s->h : s->w, turned_h = o.swap ? s->w : s->h;

    x = o.flip_x ? turned_w - 1 - x : x;
    y = o.flip_y ? turned_h - 1 - y : y;
    return o.swap ? (struct place){y, x} : (struct place){x, y};
}

static uint32_t pack_tile(const struct planes *s, struct orient o, const struct geometry *geo,
                          uint32_t x0, uint32_t y0, uint32_t *dst, size_t stride)
{
    uint32_t x1 = x0 + TILE < geo->out_w ? x0 + TILE : geo->out_w;
    uint32_t y1 = y0 + TILE < geo->out_h ? y0 + TILE : geo->out_h;
    uint32_t all = 0xffffffff;

    for (uint32_t y = y0; y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            struct place p = stored_at(s, o, geo->win_x + x, geo->win_y + y);
            uint32_t v = pixel(s, p.x, p.y);

            dst[y * stride + x] = v;
            all &= v;
        }
    }
    return all;
}

bool pack_planes(const struct planes *src, struct orient orient, const struct geometry *geo,
                 uint32_t *dst, size_t stride)
{
    uint32_t all = 0xffffffff;

    if (!src->a && !orient.swap && !orient.flip_x) {
        for (uint32_t y = 0; y < geo->out_h; y++) {
            struct place p = stored_at(src, orient, geo->win_x, geo->win_y + y);

            row_opaque(src->b + p.y * src->stride_b + p.x, src->g + p.y * src->stride_g + p.x,
                       src->r + p.y * src->stride_r + p.x, dst + y * stride, geo->out_w);
        }
        return true;
    }
    for (uint32_t y = 0; y < geo->out_h; y += TILE)
        for (uint32_t x = 0; x < geo->out_w; x += TILE)
            all &= pack_tile(src, orient, geo, x, y, dst, stride);
    return all >> 24 == 255;
}
