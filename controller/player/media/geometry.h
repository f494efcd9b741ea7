/* SPDX-License-Identifier: Apache-2.0 */
/* geometry.h - where the pixels of a source picture go in the box. Pure.
 *
 * A picture is stored in one of eight orientations. Everything that costs (cropping, scaling) is
 * done on the stored picture; turning happens while the result is copied out, so that it is free.
 */
#ifndef CONTROLLER_PLAYER_MEDIA_GEOMETRY_H
#define CONTROLLER_PLAYER_MEDIA_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/media/media.h"

/* How the stored picture becomes the one to look at: exchange the axes, then mirror. */
struct orient {
    bool swap, flip_x, flip_y; /* the flips are of the result */
};

/* From the 3x3 matrix of MP4 and FFmpeg (16.16; out_x = m[0] x + m[3] y): the nearest of the eight.
 */
struct orient orient_from_matrix(const int32_t m[9]);
/* From EXIF tag 0x0112, 1..8; others: as stored. */
struct orient orient_from_exif(unsigned exif);

struct geometry_in {
    uint32_t w, h;             /* the stored picture */
    uint32_t par_num, par_den; /* pixel aspect as stored; 0: square */
    struct orient orient;
    struct media_rect crop; /* of the oriented picture; w == 0: all */
    enum media_fit fit;
    uint32_t box_w, box_h;
    uint32_t align_x, align_y; /* chroma subsampling of the stored picture, 1, 2 or 4 */
};

struct geometry {
    uint32_t crop_x, crop_y, crop_w, crop_h; /* 1. cut out of the stored picture */
    uint32_t scaled_w, scaled_h;             /* 2. scale to this, still as stored */
    uint32_t win_x, win_y;                   /* 3. take this window of the turned result, */
    uint32_t out_w, out_h;                   /*    of this size, */
    uint32_t dst_x, dst_y;                   /*    to this place in the box */
};

/* All results lie inside the picture and inside the box; nothing is larger than a few times the
 * box, whatever the input: a cut-out smaller than GEOMETRY_MIN_CROP source pixels is widened. */
#define GEOMETRY_MIN_CROP 16
void geometry_fit(const struct geometry_in *in, struct geometry *ret);

#endif
