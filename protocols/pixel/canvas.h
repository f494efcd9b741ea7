/* SPDX-License-Identifier: Apache-2.0 */
/* canvas.h - the picture that a wall's LEDs are taken from.
 *
 * The format is a parameter of every plan, so that an HDR canvas can follow; today there is one. */
#ifndef PROTOCOLS_PIXEL_CANVAS_H
#define PROTOCOLS_PIXEL_CANVAS_H

#include <stddef.h>
#include <stdint.h>

enum canvas_format {
    CANVAS_XRGB8888 /* native-endian uint32_t: 0xXXRRGGBB, i.e. bytes B,G,R,X; display-referred
                       full range R'G'B' with BT.709 primaries; X is ignored */
};

struct canvas {
    enum canvas_format format;
    uint32_t w, h;  /* pixels */
    size_t stride;  /* pixels from row to row, >= w, a multiple of 16 */
    uint32_t *data; /* owned by whoever made it; 64-byte aligned */
};

/* A new black canvas; free with canvas_finish. Returns 0, -EINVAL (a side is 0 or above 65536) or
 * -ENOMEM. */
int canvas_init(struct canvas *canvas, uint32_t w, uint32_t h);
void canvas_finish(struct canvas *canvas); /* zeroed is fine */

static inline uint32_t *canvas_row(const struct canvas *c, uint32_t y)
{
    return c->data + (size_t)y * c->stride;
}

#endif
