/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/convert.h"

#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/player/media/pack.h"
#include "controller/player/media/unpack.h"

#define MAX_THREADS 8

/* Light adds up in linear values: scaling coded values down darkens fine bright detail such as
 * text. Scaling linear values costs about three times as much, so that it is kept for images and
 * for streams up to 1080p60. */
#define LINEAR_MAX_RATE 130e6 /* source pixels a second */

/* Diffuse white of HDR sources in cd/m2 (ITU-R BT.2408), put at full drive; tone mapping is not
 * done. */
#define HDR_WHITE "203"

#define SWS_FLAGS "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
/* Catmull-Rom: keeps flat areas and edges as they are. */
#define ZIMG_SCALER "filter=bicubic:param_a=0:param_b=0.5:dither=none"

int convert_init(struct convert *c, const struct media_params *params, double pixels_per_s,
                 bool image)
{
    *c = (struct convert){.params = params, .image = image};
    c->linear = pixels_per_s <= LINEAR_MAX_RATE;
    c->frame = av_frame_alloc();
    return c->frame ? 0 : -ENOMEM;
}

void convert_finish(struct convert *c)
{
    avfilter_graph_free(&c->graph);
    av_frame_free(&c->frame);
}

/* --- what the frame does not say ------------------------------------------------------------ */

static bool is_rgb(const AVPixFmtDescriptor *d)
{
    return d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

static bool is_yuvj(int format)
{
    return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
           format == AV_PIX_FMT_YUVJ444P || format == AV_PIX_FMT_YUVJ440P ||
           format == AV_PIX_FMT_YUVJ411P;
}

/* Untagged video: BT.709 from 720 lines or 1280 columns on, as broadcasters do; images and smaller
 * video: BT.601. */
static void complete_colour(const struct convert *c, AVFrame *f, const AVPixFmtDescriptor *d)
{
    bool grey = d->nb_components <= 2 && !is_rgb(d);

    if (is_rgb(d)) {
        f->colorspace = AVCOL_SPC_RGB;
        f->color_range = AVCOL_RANGE_JPEG;
    } else if (f->colorspace == AVCOL_SPC_UNSPECIFIED || f->colorspace == AVCOL_SPC_RESERVED ||
               f->colorspace == AVCOL_SPC_RGB) {
        bool hd = !c->image && (f->height >= 720 || f->width >= 1280);

        f->colorspace = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
    if (is_yuvj(f->format))
        f->color_range = AVCOL_RANGE_JPEG;
    if (f->color_range == AVCOL_RANGE_UNSPECIFIED)
        f->color_range = grey && c->image ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (f->chroma_location == AVCHROMA_LOC_UNSPECIFIED && f->colorspace == AVCOL_SPC_BT2020_NCL)
        f->chroma_location = AVCHROMA_LOC_TOPLEFT;
}

static struct orient frame_orient(const struct convert *c, const AVFrame *f)
{
    const AVFrameSideData *sd = av_frame_get_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX);
    const AVDictionaryEntry *e = av_dict_get(f->metadata, "Orientation", NULL, 0);

    if (sd && sd->size >= 9 * sizeof(int32_t)) {
        int32_t m[9];

        memcpy(m, sd->data, sizeof(m));
        return orient_from_matrix(m);
    }
    if (e)
        return orient_from_exif((unsigned)strtoul(e->value, NULL, 10));
    return c->orient;
}

static struct convert_key key_of(struct convert *c, const AVFrame *f)
{
    struct convert_key key;

    memset(&key, 0, sizeof(key)); /* compared bytewise, padding and all */
    c->seen_interlaced = c->seen_interlaced || f->interlaced_frame;
    key.w = f->width;
    key.h = f->height;
    key.format = f->format;
    key.sar_num = f->sample_aspect_ratio.num;
    key.sar_den = f->sample_aspect_ratio.den;
    key.space = (int)f->colorspace;
    key.range = (int)f->color_range;
    key.trc = (int)f->color_trc;
    key.primaries = (int)f->color_primaries;
    key.chroma = (int)f->chroma_location;
    key.interlaced = c->seen_interlaced;
    key.plain = c->zimg_refuses;
    key.orient.swap = frame_orient(c, f).swap;
    key.orient.flip_x = frame_orient(c, f).flip_x;
    key.orient.flip_y = frame_orient(c, f).flip_y;
    return key;
}

/* --- the graph as text ---------------------------------------------------------------------- */

struct text {
    char s[1024];
    size_t len;
};

static void QP_PRINTF(2, 3) add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(t->s + t->len, sizeof(t->s) - t->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += (size_t)n < sizeof(t->s) - t->len ? (size_t)n : sizeof(t->s) - t->len - 1;
}

static void add_deinterlace(const struct convert_key *k, struct text *t)
{
    if (k->interlaced)
        add(t, "bwdif=mode=send_field:parity=auto:deint=interlaced,");
}

static void add_crop(const struct convert_key *k, const struct geometry *geo, struct text *t)
{
    if (geo->crop_w != (uint32_t)k->w || geo->crop_h != (uint32_t)k->h)
        add(t, "crop=%u:%u:%u:%u:exact=1,", geo->crop_w, geo->crop_h, geo->crop_x, geo->crop_y);
}

/* The format that zimg is fed with when it does not take the frame's own. */
static void add_planes(const struct convert_key *k, const AVPixFmtDescriptor *d, bool alpha,
                       const struct geometry *geo, struct text *t)
{
    bool deep = d->comp[0].depth > 8, grey = d->nb_components <= 2;
    bool odd = (geo->crop_w & ((1u << d->log2_chroma_w) - 1)) ||
               (geo->crop_h & ((1u << d->log2_chroma_h) - 1));

    if (d->flags & AV_PIX_FMT_FLAG_FLOAT)
        return;
    if (grey && !is_rgb(d))
        add(t, "scale=flags=%s:in_range=%s:out_range=full,format=%s,", SWS_FLAGS,
            k->range == AVCOL_RANGE_JPEG ? "full" : "limited",
            alpha ? (deep ? "gbrap16" : "gbrap") : (deep ? "gbrp16" : "gbrp"));
    else if (odd)
        add(t, "scale=flags=%s,format=%s,", SWS_FLAGS,
            alpha ? (deep ? "yuva444p16" : "yuva444p") : (deep ? "yuv444p16" : "yuv444p"));
}

static bool other_primaries(int p)
{
    return p == AVCOL_PRI_BT2020 || p == AVCOL_PRI_SMPTE431 || p == AVCOL_PRI_SMPTE432 ||
           p == AVCOL_PRI_BT470BG || p == AVCOL_PRI_SMPTE170M || p == AVCOL_PRI_SMPTE240M ||
           p == AVCOL_PRI_BT470M || p == AVCOL_PRI_FILM || p == AVCOL_PRI_SMPTE428;
}

static bool is_hdr(int trc)
{
    return trc == AVCOL_TRC_SMPTE2084 || trc == AVCOL_TRC_ARIB_STD_B67;
}

/* zimg: to R'G'B' of BT.709, full range, by way of linear light where that is needed. */
static void add_zimg(const struct convert *c, const struct convert_key *k,
                     const struct geometry *geo, struct text *t)
{
    bool resize = geo->crop_w != geo->scaled_w || geo->crop_h != geo->scaled_h;
    bool smaller = (uint64_t)geo->scaled_w * geo->scaled_h < (uint64_t)geo->crop_w * geo->crop_h;
    bool linear = c->linear && smaller && !c->alpha;
    bool gamut = other_primaries(k->primaries), hdr = is_hdr(k->trc);
    bool split = resize && (c->alpha || linear);
    bool known = k->trc != AVCOL_TRC_UNSPECIFIED && k->trc != AVCOL_TRC_RESERVED &&
                 k->trc != AVCOL_TRC_RESERVED0;

    add(t, "zscale=matrix=gbr:range=full:%s", ZIMG_SCALER);
    if (linear || gamut || hdr)
        add(t, ":transferin=%s:primariesin=%s:primaries=bt709:transfer=%s", known ? "input" : "709",
            gamut ? "input" : "bt709", linear ? "linear" : "709");
    if (hdr)
        add(t, ":npl=%s", HDR_WHITE);
    if (resize && !split)
        add(t, ":width=%u:height=%u", geo->scaled_w, geo->scaled_h);
    if (split && c->alpha)
        add(t, ",format=gbrap16,premultiply=inplace=1");
    else if (split)
        add(t, ",format=gbrp16");
    if (split)
        add(t, ",zscale=width=%u:height=%u:%s%s", geo->scaled_w, geo->scaled_h, ZIMG_SCALER,
            linear ? ":transferin=linear:transfer=709" : "");
    add(t, ",format=%s", c->alpha ? "gbrap" : "gbrp");
}

static void add_swscale(const struct convert *c, const struct convert_key *k,
                        const struct geometry *geo, struct text *t)
{
    bool hd = k->space != AVCOL_SPC_SMPTE170M && k->space != AVCOL_SPC_BT470BG;

    add(t, "scale=%u:%u:flags=%s:in_color_matrix=%s:in_range=%s:out_range=full,format=%s",
        geo->scaled_w, geo->scaled_h, SWS_FLAGS, hd ? "bt709" : "bt601",
        k->range == AVCOL_RANGE_JPEG ? "full" : "limited", c->alpha ? "gbrap" : "gbrp");
}

/* --- building ------------------------------------------------------------------------------- */

static int make_ends(struct convert *c, const struct convert_key *k)
{
    char args[256];
    int err;

    (void)snprintf(args, sizeof(args),
                   "video_size=%dx%d:pix_fmt=%d:time_base=1/1000000000:pixel_aspect=1/1", k->w,
                   k->h, k->format);
    err = avfilter_graph_create_filter(&c->in, avfilter_get_by_name("buffer"), "in", args, NULL,
                                       c->graph);
    if (err < 0)
        return err;
    return avfilter_graph_create_filter(&c->out, avfilter_get_by_name("buffersink"), "out", NULL,
                                        NULL, c->graph);
}

static int link_text(struct convert *c, const char *text)
{
    AVFilterInOut *from = avfilter_inout_alloc(), *to = avfilter_inout_alloc();
    int err = AVERROR(ENOMEM);

    if (from && to) {
        *from = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = c->in};
        *to = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = c->out};
        err = avfilter_graph_parse_ptr(c->graph, text, &to, &from, NULL);
    }
    avfilter_inout_free(&from);
    avfilter_inout_free(&to);
    return err < 0 ? err : avfilter_graph_config(c->graph, NULL);
}

static void fit(struct convert *c, const struct convert_key *k, const AVPixFmtDescriptor *d)
{
    const struct geometry_in in = {
        .w = (uint32_t)k->w,
        .h = (uint32_t)k->h,
        .par_num = k->sar_num > 0 ? (uint32_t)k->sar_num : 0,
        .par_den = k->sar_den > 0 ? (uint32_t)k->sar_den : 0,
        .orient = k->orient,
        .crop = c->params->crop,
        .fit = c->params->fit,
        .box_w = c->params->w,
        .box_h = c->params->h,
        .align_x = is_rgb(d) ? 1u : 1u << d->log2_chroma_w,
        .align_y = is_rgb(d) ? 1u : 1u << d->log2_chroma_h,
    };

    geometry_fit(&in, &c->geo);
    c->generation++;
}

static int build(struct convert *c, const struct convert_key *k)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)k->format);
    struct text t = {.s = ""};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int err;

    avfilter_graph_free(&c->graph);
    c->graph = avfilter_graph_alloc();
    if (!c->graph)
        return AVERROR(ENOMEM);
    c->graph->nb_threads = cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (int)cpus;
    fit(c, k, d);
    c->alpha = d->flags & AV_PIX_FMT_FLAG_ALPHA;
    c->premultiplied = c->alpha && !k->plain &&
                       (c->geo.crop_w != c->geo.scaled_w || c->geo.crop_h != c->geo.scaled_h);
    add_deinterlace(k, &t);
    add_crop(k, &c->geo, &t);
    if (k->plain) {
        add_swscale(c, k, &c->geo, &t);
    } else {
        add_planes(k, d, c->alpha, &c->geo, &t);
        add_zimg(c, k, &c->geo, &t);
    }
    err = make_ends(c, k);
    if (err == 0)
        err = link_text(c, t.s);
    c->key = *k;
    c->drained = false;
    return err;
}

/* --- frames --------------------------------------------------------------------------------- */

static int feed(struct convert *c, AVFrame *frame)
{
    struct convert_key key = key_of(c, frame);

    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): key_of() clears the padding */
    if (!c->graph || c->drained || memcmp(&key, &c->key, sizeof(key)) != 0) {
        int err = build(c, &key);

        if (err < 0) {
            avfilter_graph_free(&c->graph);
            return err;
        }
    }
    return av_buffersrc_add_frame_flags(c->in, frame, AV_BUFFERSRC_FLAG_KEEP_REF);
}

/* Take the result out at once: only then has the graph worked, and only then is it known whether
 * zimg takes this kind of frame. */
static int pull(struct convert *c)
{
    if (!c->graph)
        return AVERROR(EAGAIN);
    av_frame_unref(c->frame);
    return av_buffersink_get_frame(c->out, c->frame);
}

/* A frame that zimg may refuse: then swscale alone does the work from now on. */
static int push_planes(struct convert *c, AVFrame *frame)
{
    int err = feed(c, frame);

    if (err == 0)
        err = pull(c);
    if (err == 0 || err == AVERROR(EAGAIN))
        return 0;
    if (c->zimg_refuses)
        return err;
    c->zimg_refuses = true;
    err = feed(c, frame);
    if (err == 0)
        err = pull(c);
    return err == AVERROR(EAGAIN) ? 0 : err;
}

static int push_unpacked(struct convert *c, const AVFrame *frame)
{
    AVFrame *planes = av_frame_alloc();
    int err = planes ? unpack_frame(frame, planes) : AVERROR(ENOMEM);

    if (err == 0)
        err = push_planes(c, planes);
    av_frame_free(&planes);
    return err;
}

static int drain(struct convert *c)
{
    /* Only the deinterlacer holds frames back; other graphs live on into the next pass. */
    if (!c->graph || !c->key.interlaced || c->drained)
        return 0;
    c->drained = true;
    return av_buffersrc_add_frame_flags(c->in, NULL, 0);
}

int convert_push(struct convert *c, AVFrame *frame)
{
    const AVPixFmtDescriptor *d;

    if (!frame)
        return drain(c);
    d = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    if (!d || d->flags & AV_PIX_FMT_FLAG_HWACCEL)
        return AVERROR(EINVAL);
    complete_colour(c, frame, d);
    return unpack_wants(frame) ? push_unpacked(c, frame) : push_planes(c, frame);
}

int convert_ready(struct convert *c)
{
    return c->frame->buf[0] ? 0 : pull(c);
}

int64_t convert_paint(struct convert *c, uint32_t *dst, size_t stride, bool *ret_opaque)
{
    const AVFrame *f = c->frame;
    const struct planes planes = {
        .g = f->data[0],
        .b = f->data[1],
        .r = f->data[2],
        .a = c->alpha ? f->data[3] : NULL,
        .stride_g = f->linesize[0],
        .stride_b = f->linesize[1],
        .stride_r = f->linesize[2],
        .stride_a = f->linesize[3],
        .w = c->geo.scaled_w,
        .h = c->geo.scaled_h,
        .premultiplied = c->premultiplied,
    };
    bool covers = c->geo.out_w == c->params->w && c->geo.out_h == c->params->h;
    int64_t pts =
        av_rescale_q(f->pts, av_buffersink_get_time_base(c->out), (AVRational){1, 1000000000});

    *ret_opaque = pack_planes(&planes, c->key.orient, &c->geo,
                              dst + (size_t)c->geo.dst_y * stride + c->geo.dst_x, stride) &&
                  covers;
    av_frame_unref(c->frame);
    return pts;
}
