/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - the part of the picture that one browser looks at. Pure. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_VIEW_H
#define SENDER_CARD_VIRTUAL_MAIN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

/* Pixels of one message, however large the wall and the browser's window are. */
#define VIEW_MAX_PIXELS (2048u * 1280u)
#define VIEW_HEADER     40

struct view {
    uint32_t x, y, w, h;   /* pixels of the picture */
    uint32_t max_w, max_h; /* pixels that the browser can show */
    bool raw;              /* codes instead of light */
};

/* Read {"view":[x,y,w,h],"max":[w,h],"look":"light"|"raw"} from outside; clamped to a picture of
 * pic_w x pic_h. Returns 0 or -EINVAL. */
QP_MUST_CHECK int view_parse(const char *text, size_t len, uint32_t pic_w, uint32_t pic_h,
                             struct view *ret);

/* A message for the browser (malloc()ed), numbers little-endian:
 *     0  4  "QPW1"          16  4  y      32  4  width of the pixels behind
 *     4  8  frame           20  4  w      36  4  height
 *    12  4  x               24  4  h      40     R,G,B,255 of each
 *   (28: 0)
 * x, y, w, h: the part that the pixels cover. Scaled down by averaging light. rgb: the whole
 * picture. NULL when memory runs out. */
uint8_t *view_render(const struct view *view, uint64_t frame, const uint8_t *rgb, uint32_t pic_w,
                     size_t *ret_len);

#endif
