/* SPDX-License-Identifier: Apache-2.0 */
/* png.h - pictures written as PNG, from rows in memory. Any thread. */
#ifndef PROTOCOLS_PIXEL_PNG_H
#define PROTOCOLS_PIXEL_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

enum png_format {
    PNG_RGB8, /* 3 bytes a pixel: R,G,B */
    PNG_RGB16 /* 3 uint16_t a pixel, native endian */
};

struct png_picture {
    enum png_format format;
    uint32_t w, h;    /* 1 .. 65536 */
    size_t stride;    /* bytes from row to row; 0: rows lie without gaps */
    const void *rows; /* borrowed */
    int level;        /* zlib 0..9: 1 is quick, 6 usual */
};

/* Encode into a new buffer (free() it). Returns 0, -EINVAL (a size or level out of range) or
 * -ENOMEM. */
QP_MUST_CHECK int png_encode(const struct png_picture *picture, uint8_t **ret, size_t *ret_len);

/* Write a file, replaced atomically: a reader sees the old picture or the new one, whole. Returns
 * as above, or the errno of writing (-ENOSPC, -EACCES, -ENOENT) with a sentence. */
QP_MUST_CHECK int png_write(const char *file, const struct png_picture *picture,
                            struct qp_diag *diag);

#endif
