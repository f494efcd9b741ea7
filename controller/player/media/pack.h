/* SPDX-License-Identifier: Apache-2.0 */
/* pack.h - three or four planes of bytes into premultiplied BGRA, turned on the way. Pure. */
#ifndef CONTROLLER_PLAYER_MEDIA_PACK_H
#define CONTROLLER_PLAYER_MEDIA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/player/media/geometry.h"

struct planes {
    const uint8_t *g, *b, *r, *a;                     /* a NULL: opaque */
    ptrdiff_t stride_g, stride_b, stride_r, stride_a; /* bytes */
    uint32_t w, h;
    bool premultiplied; /* the colours were multiplied by a already */
};

/* Fill out_w x out_h pixels at dst (stride in pixels) from the window of the turned planes that geo
 * names (win_x, win_y, out_w, out_h; it must lie inside). Multiplication by alpha rounds to
 * nearest; no colour is larger than its alpha. Returns true when every alpha was 255. */
bool pack_planes(const struct planes *src, struct orient orient, const struct geometry *geo,
                 uint32_t *dst, size_t stride);

#endif
