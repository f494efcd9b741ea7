/* SPDX-License-Identifier: Apache-2.0 */
/* convert.h - a decoded frame as pixels of the box.
 *
 * Deinterlacing, cropping, colour conversion and scaling are one FFmpeg filter graph, rebuilt when
 * the frames change; packing and turning follow. zimg (zscale) does colour and scaling; what it
 * does not take (odd sizes with subsampled chroma, palettes, packed formats) is brought to planes
 * by swscale first. Used by one thread. */
#ifndef CONTROLLER_PLAYER_MEDIA_CONVERT_H
#define CONTROLLER_PLAYER_MEDIA_CONVERT_H

#include <libavfilter/avfilter.h>
#include <libavutil/frame.h>
#include <stdbool.h>

#include "controller/player/media/geometry.h"
#include "controller/player/media/media.h"

struct convert_key { /* what a graph was built for */
    int w, h, format, sar_num, sar_den, space, range, trc, primaries, chroma;
    bool interlaced, plain; /* plain: swscale only, zimg has refused */
    struct orient orient;
};

struct convert {
    const struct media_params *params; /* borrowed */
    bool linear;          /* scale in linear light: not for every rate, see convert.c */
    struct orient orient; /* of the stream, until a frame says otherwise */
    bool image;           /* untagged colours are those of an image */
    AVFilterGraph *graph;
    AVFilterContext *in, *out; /* borrowed from graph */
    AVFrame *frame;            /* the last result */
    struct convert_key key;
    struct geometry geo;
    uint64_t generation; /* of geo */
    bool alpha, premultiplied, drained, seen_interlaced, zimg_refuses;
    int64_t last_pts;
};

/* Returns 0 or -ENOMEM. pixels_per_s decides about linear light (0: an image). */
QP_MUST_CHECK int convert_init(struct convert *c, const struct media_params *params,
                               double pixels_per_s, bool image);
void convert_finish(struct convert *c);

/* Give one frame (pts in ns; its colour tags are completed in place) or NULL at the end, when a
 * delayed picture may come out. Returns 0 or a negative AVERROR. */
int convert_push(struct convert *c, AVFrame *frame);

/* Paint the next result into w x h pixels at dst (borders are left alone). Returns 0 and its time,
 * AVERROR(EAGAIN) when another frame is needed, AVERROR_EOF after the end, or another AVERROR.
 * convert_ready() says whether convert_paint() will succeed, without painting. */
int convert_ready(struct convert *c);
int64_t convert_paint(struct convert *c, uint32_t *dst, size_t stride, bool *ret_opaque);

#endif
