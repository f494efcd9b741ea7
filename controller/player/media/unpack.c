/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/unpack.h"

#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>

static const AVPixFmtDescriptor *describe(const AVFrame *f)
{
    return av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
}

static bool is_grey(const AVPixFmtDescriptor *d)
{
    return d->nb_components <= 2 && !(d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

bool unpack_wants(const AVFrame *f)
{
    const AVPixFmtDescriptor *d = describe(f);

    if (!d || d->flags & (AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL))
        return false;
    if (d->flags & AV_PIX_FMT_FLAG_PAL)
        return true;
    if (is_grey(d)) /* monochrome bitmaps of one bit count as full range too */
        return f->color_range == AVCOL_RANGE_JPEG;
    return d->flags & AV_PIX_FMT_FLAG_RGB && !(d->flags & AV_PIX_FMT_FLAG_PLANAR);
}

static enum AVPixelFormat target(const AVPixFmtDescriptor *d)
{
    bool alpha = d->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);

    if (d->comp[0].depth > 8)
        return alpha ? AV_PIX_FMT_GBRAP16 : AV_PIX_FMT_GBRP16;
    return alpha ? AV_PIX_FMT_GBRAP : AV_PIX_FMT_GBRP;
}

/* A palette is 256 native words 0xAARRGGBB. */
static void palette_row(const AVFrame *f, AVFrame *to, int y)
{
    const uint8_t *src = f->data[0] + (ptrdiff_t)y * f->linesize[0];
    uint8_t *dst[4];

    for (int p = 0; p < 4; p++)
        dst[p] = to->data[p] + (ptrdiff_t)y * to->linesize[p];
    for (int x = 0; x < f->width; x++) {
        uint32_t v;

        memcpy(&v, f->data[1] + 4 * src[x], sizeof(v));
        dst[0][x] = (uint8_t)(v >> 8);
        dst[1][x] = (uint8_t)v;
        dst[2][x] = (uint8_t)(v >> 16);
        dst[3][x] = (uint8_t)(v >> 24);
    }
}

/* One component of one row into a plane of 8 or 16 bits. line: room for a row of words. */
static void component_row(const AVFrame *f, const AVPixFmtDescriptor *d, int y, int component,
                          uint8_t *dst, bool wide, uint16_t *line)
{
    const AVComponentDescriptor *c = &d->comp[component];
    const uint8_t *data[4] = {f->data[0], f->data[1], f->data[2], f->data[3]};
    const uint32_t top = (1u << c->depth) - 1, full = wide ? 65535 : 255;

    if (c->depth == 8 && !wide && !(d->flags & AV_PIX_FMT_FLAG_BITSTREAM)) {
        const uint8_t *src = f->data[c->plane] + (ptrdiff_t)y * f->linesize[c->plane] + c->offset;

        for (int x = 0; x < f->width; x++)
            dst[x] = src[(ptrdiff_t)x * c->step];
        return;
    }
    av_read_image_line2(line, data, f->linesize, d, 0, y, component, f->width, 0, 2);
    for (int x = 0; x < f->width; x++) {
        uint32_t v = (line[x] * full + top / 2) / top;

        if (wide)
            memcpy(dst + 2 * (ptrdiff_t)x, &(uint16_t){(uint16_t)v}, 2);
        else
            dst[x] = (uint8_t)v;
    }
}

/* Which component of the frame goes to plane G, B, R, A. */
static int component_of(const AVPixFmtDescriptor *d, int plane)
{
    static const int rgb[4] = {1, 2, 0, 3};

    return is_grey(d) ? plane == 3 : rgb[plane];
}

static void invert(AVFrame *to)
{
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < to->height; y++)
            for (int x = 0; x < to->width; x++)
                to->data[p][(ptrdiff_t)y * to->linesize[p] + x] ^= 255;
}

int unpack_frame(const AVFrame *f, AVFrame *ret)
{
    const AVPixFmtDescriptor *d = describe(f);
    bool alpha = d->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
    uint16_t *line = malloc(sizeof(*line) * (size_t)f->width);
    int err;

    if (!line)
        return AVERROR(ENOMEM);
    ret->format = target(d);
    ret->width = f->width;
    ret->height = f->height;
    err = av_frame_get_buffer(ret, 0);
    if (err == 0)
        err = av_frame_copy_props(ret, f);
    for (int y = 0; err == 0 && y < f->height; y++) {
        if (d->flags & AV_PIX_FMT_FLAG_PAL) {
            palette_row(f, ret, y);
            continue;
        }
        for (int p = 0; p < (alpha ? 4 : 3); p++)
            component_row(f, d, y, component_of(d, p),
                          ret->data[p] + (ptrdiff_t)y * ret->linesize[p], d->comp[0].depth > 8,
                          line);
    }
    if (err == 0 && f->format == AV_PIX_FMT_MONOWHITE)
        invert(ret);
    free(line);
    ret->colorspace = AVCOL_SPC_RGB;
    ret->color_range = AVCOL_RANGE_JPEG;
    return err;
}
