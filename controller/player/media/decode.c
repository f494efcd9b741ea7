/* SPDX-License-Identifier: Apache-2.0 */
/* The item's thread. One step at a time it moves something on: a converted picture into the ring, a
 * frame into the converter, a packet into a decoder, bytes into a packet. When nothing can move it
 * sleeps for a fraction of a picture. It polls, because being woken would cost the render thread a
 * system call per picture; the price is a few wake-ups a second. */
#include <libavcodec/avcodec.h>
#include <libavutil/display.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controller/player/media/convert.h"
#include "controller/player/media/item.h"
#include "controller/player/media/queue.h"
#include "controller/player/media/sound.h"
#include "controller/player/media/source.h"
#include "controller/player/media/timing.h"

#define NS_PER_S      1000000000LL
#define MAX_THREADS   16
#define MAX_READ_ERRS 100          /* in a row: the rest of the file is lost */
#define SEEK_MIN_NS   1000000000LL /* nearer, reading on is as fast */
#define NAP_MIN_NS    1000000LL
#define NAP_MAX_NS    20000000LL

enum step {
    STEP_DID,     /* something moved */
    STEP_FULL,    /* the ring or the fifo must be emptied first */
    STEP_STARVED, /* a packet is needed */
    STEP_OVER     /* everything of this pass is out */
};

struct stream {
    AVCodecContext *codec;
    struct queue queue;
    bool flushed; /* the decoder was told that nothing follows */
    bool over;    /* the decoder has given its last frame */
};

struct decode {
    struct media *m;
    struct source src;
    struct convert conv;
    struct timing timing;
    struct sound sound;
    struct stream video, audio;
    AVFrame *frame;
    AVPacket *packet;
    bool has_source, at_end, graph_over, only_sound;
    unsigned read_errors;
    uint64_t pass, pass_pictures, serial;
    int64_t first_stamp_ns; /* of the first pass: where a rewound file must begin */
    bool must_reopen, rewind_failed;
    bool broke_off;   /* a loop could not begin again */
    int64_t start_ns; /* pictures that end before are dropped; 0: none */
    enum {
        START_LOOK,    /* the first picture will tell how far away it is */
        START_SEEK,    /* go there */
        START_ARRIVED, /* the next picture must not lie beyond it */
        START_READ     /* read on to it */
    } start;
    int64_t sound_end_ns;
};

static void count_error(struct decode *d)
{
    atomic_fetch_add_explicit(&d->m->errors, 1, memory_order_relaxed);
}

static bool stopping(const struct decode *d)
{
    return atomic_load_explicit(&d->m->stop, memory_order_acquire);
}

static void nap(struct media *m, int64_t ns)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    ns += ts.tv_nsec;
    ts.tv_sec += ns / NS_PER_S;
    ts.tv_nsec = ns % NS_PER_S;
    (void)pthread_mutex_lock(&m->lock);
    if (!atomic_load_explicit(&m->stop, memory_order_relaxed))
        (void)pthread_cond_timedwait(&m->wake, &m->lock, &ts);
    (void)pthread_mutex_unlock(&m->lock);
}

static int64_t to_ns(int64_t stamp, AVRational unit)
{
    if (stamp == AV_NOPTS_VALUE)
        return TIMING_NONE;
    return av_rescale_q(stamp, unit, (AVRational){1, 1000000000});
}

/* --- opening -------------------------------------------------------------------------------- */

/* FFmpeg's own VP8 and VP9 decoders ignore the second stream that carries alpha. */
static const AVCodec *find_decoder(const AVStream *st)
{
    const AVDictionaryEntry *alpha = av_dict_get(st->metadata, "alpha_mode", NULL, 0);
    const AVCodec *codec = NULL;

    if (alpha && strcmp(alpha->value, "1") == 0 && st->codecpar->codec_id == AV_CODEC_ID_VP9)
        codec = avcodec_find_decoder_by_name("libvpx-vp9");
    if (alpha && strcmp(alpha->value, "1") == 0 && st->codecpar->codec_id == AV_CODEC_ID_VP8)
        codec = avcodec_find_decoder_by_name("libvpx");
    return codec ? codec : avcodec_find_decoder(st->codecpar->codec_id);
}

static int thread_count(enum format_kind kind)
{
    long n = kind == FORMAT_VIDEO ? sysconf(_SC_NPROCESSORS_ONLN) : 1;

    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int)n;
}

static int open_codec(struct decode *d, const AVStream *st, AVCodecContext **ret,
                      struct qp_diag *diag)
{
    const AVCodec *codec = find_decoder(st);
    AVCodecContext *c;
    int err;

    if (!codec)
        return qp_diag_set(diag, -EPROTONOSUPPORT,
                           "%s: there is no decoder for its codec '%s'; convert it, for example to "
                           "MP4 (H.264)",
                           d->m->name, avcodec_get_name(st->codecpar->codec_id));
    c = avcodec_alloc_context3(codec);
    if (!c)
        return qp_diag_set(diag, -ENOMEM, "%s: out of memory", d->m->name);
    err = avcodec_parameters_to_context(c, st->codecpar);
    c->pkt_timebase = st->time_base;
    c->max_pixels = MEDIA_MAX_PIXELS;
    c->thread_count = thread_count(d->src.kind);
    if (err >= 0)
        err = avcodec_open2(c, codec, NULL);
    if (err < 0) {
        avcodec_free_context(&c);
        return err == AVERROR(ENOMEM) ? qp_diag_set(diag, -ENOMEM, "%s: out of memory", d->m->name)
                                      : source_damaged(&d->src, d->m->name, diag);
    }
    *ret = c;
    return 0;
}

/* The frame rate that the stamps are meant to follow; 0/0 when the file contradicts itself. */
static struct qp_rational constant_rate(const AVStream *st)
{
    AVRational r = st->r_frame_rate, avg = st->avg_frame_rate;
    double ratio;

    if (r.num <= 0 || r.den <= 0 || avg.num <= 0 || avg.den <= 0)
        return (struct qp_rational){0, 0};
    ratio = av_q2d(r) / av_q2d(avg);
    if (ratio < 0.995 || ratio > 1.005 || av_q2d(r) > 1000)
        return (struct qp_rational){0, 0};
    return (struct qp_rational){r.num, r.den};
}

static void init_timing(struct decode *d)
{
    const AVStream *st = d->src.video;
    struct qp_rational rate = constant_rate(st);
    int64_t tick = to_ns(1, st->time_base);

    timing_init(&d->timing, rate, tick);
    if (rate.num == 0 && st->avg_frame_rate.num > 0 && st->avg_frame_rate.den > 0)
        d->timing.nominal_ns = to_ns(1, av_inv_q(st->avg_frame_rate));
    if (d->timing.nominal_ns < 1)
        d->timing.nominal_ns = 1;
}

static struct orient stream_orient(const struct decode *d)
{
    size_t size = 0;
    const uint8_t *m = av_stream_get_side_data(d->src.video, AV_PKT_DATA_DISPLAYMATRIX, &size);
    int32_t matrix[9];

    if (!m || size < sizeof(matrix))
        return orient_from_exif(d->src.sniff.exif);
    memcpy(matrix, m, sizeof(matrix));
    return orient_from_matrix(matrix);
}

static void set_duration(struct decode *d, int64_t ns)
{
    atomic_store_explicit(&d->m->duration_ns, d->m->params.loop ? INT64_MAX : ns,
                          memory_order_release);
}

static void estimate_duration(struct decode *d)
{
    const AVFormatContext *fmt = d->src.fmt;
    const AVStream *st = d->src.video ? d->src.video : d->src.audio;

    if (d->src.kind == FORMAT_STILL)
        set_duration(d, d->m->params.still_ns);
    else if (st->duration != AV_NOPTS_VALUE && st->duration > 0)
        set_duration(d, to_ns(st->duration, st->time_base));
    else if (fmt->duration != AV_NOPTS_VALUE && fmt->duration > 0)
        set_duration(d, to_ns(fmt->duration, AV_TIME_BASE_Q));
    else
        set_duration(d, 0);
}

static int open_source(struct decode *d, struct qp_diag *diag)
{
    int err =
        source_open(&d->src, d->m->params.file, d->m->name, d->m->audio != NULL, &d->m->stop, diag);

    d->has_source = true;
    if (err == 0 && d->src.video)
        err = open_codec(d, d->src.video, &d->video.codec, diag);
    if (err == 0 && d->src.audio && open_codec(d, d->src.audio, &d->audio.codec, NULL) < 0)
        count_error(d); /* the picture plays without */
    d->audio.over = !d->audio.codec;
    d->only_sound = err == 0 && !d->src.video;
    if (d->only_sound && !d->audio.codec)
        err = qp_diag_set(diag, -EPROTONOSUPPORT,
                          "%s: has only sound and there is no decoder for it; convert it to WAV",
                          d->m->name);
    return err;
}

static void close_source(struct decode *d)
{
    queue_clear(&d->video.queue);
    queue_clear(&d->audio.queue);
    avcodec_free_context(&d->video.codec);
    avcodec_free_context(&d->audio.codec);
    if (d->has_source)
        source_close(&d->src);
    d->has_source = false;
}

static int make_converter(struct decode *d)
{
    const AVCodecParameters *par = d->src.video->codecpar;
    double rate = 0;
    int err;

    if (d->src.kind == FORMAT_VIDEO && d->timing.nominal_ns > 0)
        rate = (double)par->width * par->height * 1e9 / (double)d->timing.nominal_ns;
    err = convert_init(&d->conv, &d->m->params, rate, d->src.kind != FORMAT_VIDEO);
    d->conv.orient = stream_orient(d);
    return err;
}

/* Where to begin: a loop in the pass that holds the instant, as if the others had been shown. */
static void plan_start(struct decode *d)
{
    const AVStream *st = d->src.video;
    int64_t start = d->m->params.start_ns, pass = 0;

    if (start <= 0 || d->only_sound || d->src.kind == FORMAT_STILL)
        return;
    if (st->duration != AV_NOPTS_VALUE && st->duration > 0)
        pass = to_ns(st->duration, st->time_base);
    else if (d->src.fmt->duration != AV_NOPTS_VALUE && d->src.fmt->duration > 0)
        pass = to_ns(d->src.fmt->duration, AV_TIME_BASE_Q);
    if (d->m->params.loop && pass > 0)
        d->timing.base_ns = start / pass * pass;
    d->start_ns = start;
}

static int open_item(struct decode *d, struct qp_diag *diag)
{
    unsigned pictures = 0;
    int err = open_source(d, diag);

    if (err < 0)
        return err;
    if (d->only_sound || d->src.kind == FORMAT_STILL)
        pictures = 1;
    d->frame = av_frame_alloc();
    d->packet = av_packet_alloc();
    if (!d->frame || !d->packet ||
        ring_init(&d->m->ring, d->m->params.w, d->m->params.h, pictures) < 0)
        return qp_diag_set(diag, -ENOMEM, "%s: not enough memory for pictures of %u x %u",
                           d->m->name, d->m->params.w, d->m->params.h);
    if (!d->only_sound) {
        init_timing(d);
        if (make_converter(d) < 0)
            return qp_diag_set(diag, -ENOMEM, "%s: out of memory", d->m->name);
    }
    estimate_duration(d);
    plan_start(d);
    d->sound.audio = d->m->audio;
    return 0;
}

/* --- pictures ------------------------------------------------------------------------------- */

static int publish(struct decode *d)
{
    struct ring_slot *slot = ring_back(&d->m->ring);
    const struct media_params *p = &d->m->params;

    if (!slot)
        return -EAGAIN;
    if (slot->geometry != d->conv.generation) { /* new borders */
        memset(slot->data, 0, sizeof(*slot->data) * p->w * p->h);
        slot->geometry = d->conv.generation;
    }
    slot->pic.pts_ns =
        d->only_sound ? 0 : convert_paint(&d->conv, slot->data, p->w, &slot->pic.opaque);
    slot->pic.dur_ns = d->timing.last_dur_ns;
    if (d->conv.key.interlaced)
        slot->pic.dur_ns /= 2;
    slot->pic.serial = ++d->serial;
    ring_publish(&d->m->ring);
    d->pass_pictures++;
    if (d->serial == 1)
        atomic_store_explicit(&d->m->state, MEDIA_READY, memory_order_release);
    return 0;
}

/* Does this picture end before the instant at which the item begins? Deinterlacing wants to see a
 * few fields before. */
static bool is_before_start(struct decode *d, const AVFrame *f)
{
    int64_t end = f->pts + d->timing.last_dur_ns * (f->interlaced_frame ? 4 : 1);

    if (d->start == START_ARRIVED) {
        d->start = START_READ;
        d->rewind_failed = f->pts > d->start_ns; /* beyond it: read through the file instead */
        if (d->rewind_failed)
            return true;
    }
    if (d->start_ns == 0 || end > d->start_ns)
        return false;
    if (d->start == START_LOOK)
        d->start = d->start_ns - f->pts > SEEK_MIN_NS ? START_SEEK : START_READ;
    d->pass_pictures++;
    return true;
}

/* Returns false when this frame shows that the file did not go back to its beginning. */
static bool take_frame(struct decode *d)
{
    AVFrame *f = d->frame;
    AVRational unit = d->src.video->time_base;
    int64_t stamp = to_ns(f->best_effort_timestamp, unit), dur = to_ns(f->pkt_duration, unit);

    if (d->pass == 0 && !d->timing.begun)
        d->first_stamp_ns = stamp;
    else if (!d->timing.begun && stamp != d->first_stamp_ns && !d->must_reopen)
        return false;
    if (f->decode_error_flags || f->flags & AV_FRAME_FLAG_CORRUPT)
        count_error(d);
    if (source_check_size(d->m->name, (uint64_t)f->width, (uint64_t)f->height, NULL) < 0) {
        count_error(d);
        return true;
    }
    atomic_fetch_add_explicit(&d->m->decoded, 1, memory_order_relaxed);
    f->pts = timing_next(&d->timing, stamp, dur);
    source_complete_colour(&d->src, f);
    if (is_before_start(d, f))
        return true;
    f->sample_aspect_ratio = av_guess_sample_aspect_ratio(d->src.fmt, d->src.video, f);
    if (convert_push(&d->conv, f) < 0)
        count_error(d);
    return true;
}

/* A packet, or the end, into a decoder. */
static enum step feed(struct decode *d, struct stream *s)
{
    int err;

    if (queue_pop(&s->queue, d->packet)) {
        err = avcodec_send_packet(s->codec, d->packet);
        av_packet_unref(d->packet);
    } else if (d->at_end) {
        if (s->flushed) { /* a decoder that does not say so */
            s->over = true;
            return STEP_DID;
        }
        s->flushed = true;
        err = avcodec_send_packet(s->codec, NULL);
    } else {
        return STEP_STARVED;
    }
    if (err < 0 && err != AVERROR_EOF)
        count_error(d);
    return STEP_DID;
}

static enum step video_step(struct decode *d)
{
    int err;

    if (d->graph_over || d->only_sound)
        return STEP_OVER;
    err = convert_ready(&d->conv);
    if (err == 0)
        return publish(d) < 0 ? STEP_FULL : STEP_DID;
    if (d->video.over) {
        d->graph_over = true;
        return STEP_DID;
    }
    err = avcodec_receive_frame(d->video.codec, d->frame);
    if (err == AVERROR(EAGAIN))
        return feed(d, &d->video);
    if (err == AVERROR_EOF) {
        d->video.over = true;
        if (convert_push(&d->conv, NULL) < 0)
            d->graph_over = true;
        return STEP_DID;
    }
    if (err < 0) {
        count_error(d);
        return STEP_DID;
    }
    if (!take_frame(d))
        d->rewind_failed = true;
    av_frame_unref(d->frame);
    /* One image is all there is to a still, whatever follows in the file. */
    if (d->src.kind == FORMAT_STILL && convert_ready(&d->conv) == 0)
        d->video.over = d->at_end = true;
    return STEP_DID;
}

/* --- sound ---------------------------------------------------------------------------------- */

static int64_t pass_end(const struct decode *d)
{
    return d->graph_over && !d->only_sound ? timing_end(&d->timing) : INT64_MAX;
}

static int take_sound(struct decode *d)
{
    const AVFrame *f = d->frame;
    int64_t stamp = to_ns(f->best_effort_timestamp, d->src.audio->time_base), at;

    if (d->only_sound || stamp == TIMING_NONE)
        at = d->sound_end_ns; /* sample after sample */
    else
        at = stamp + d->timing.shift_ns;
    if (f->sample_rate > 0)
        d->sound_end_ns = at + (int64_t)f->nb_samples * NS_PER_S / f->sample_rate;
    if ((at < d->timing.base_ns || at < d->start_ns) && !d->only_sound)
        return 0; /* before the first picture */
    return sound_convert(&d->sound, f, at);
}

static enum step sound_step(struct decode *d)
{
    int err;

    if (d->audio.over)
        return STEP_OVER;
    /* The picture says where zero is. */
    if (!d->only_sound && !d->timing.anchored && !d->graph_over)
        return STEP_FULL;
    if (!sound_flush(&d->sound, pass_end(d)))
        return STEP_FULL;
    err = avcodec_receive_frame(d->audio.codec, d->frame);
    if (err == AVERROR(EAGAIN))
        return feed(d, &d->audio);
    if (err == AVERROR_EOF)
        d->audio.over = true;
    else if (err < 0 || take_sound(d) < 0)
        count_error(d);
    av_frame_unref(d->frame);
    return STEP_DID;
}

/* --- packets -------------------------------------------------------------------------------- */

static void read_packet(struct decode *d)
{
    int err = source_read(&d->src, d->packet);
    bool sound;

    if (err < 0) {
        if (err == AVERROR_EOF || err == AVERROR_EXIT || ++d->read_errors > MAX_READ_ERRS)
            d->at_end = true;
        if (err != AVERROR_EOF)
            count_error(d);
        return;
    }
    d->read_errors = 0;
    sound = d->src.audio && d->packet->stream_index == d->src.audio->index;
    if (d->packet->flags & AV_PKT_FLAG_CORRUPT)
        count_error(d);
    if ((sound && d->audio.over) ||
        queue_push(sound ? &d->audio.queue : &d->video.queue, d->packet) < 0) {
        if (!(sound && d->audio.over))
            count_error(d);
        av_packet_unref(d->packet);
    }
}

/* --- passes --------------------------------------------------------------------------------- */

static void reset_stream(struct stream *s)
{
    queue_clear(&s->queue);
    if (s->codec)
        avcodec_flush_buffers(s->codec);
    s->flushed = false;
    s->over = !s->codec;
}

/* Back to the beginning: by seeking, or by opening anew where that did not lead to the first
 * picture. Returns 0 or a negative errno. */
static int begin_again(struct decode *d)
{
    int err = 0;

    reset_stream(&d->video);
    reset_stream(&d->audio);
    sound_clear(&d->sound);
    if (d->must_reopen || source_rewind(&d->src) < 0) {
        close_source(d);
        err = open_source(d, NULL);
        d->must_reopen = true;
        d->broke_off = err < 0;
    }
    d->at_end = d->graph_over = d->rewind_failed = false;
    d->read_errors = 0;
    d->pass_pictures = 0;
    return err;
}

/* The file did not go where it should: from its first picture, opened anew. */
static int restart(struct decode *d)
{
    int64_t base = d->timing.base_ns;

    d->must_reopen = true;
    if (d->pass == 0) {
        init_timing(d);
        d->timing.base_ns = base;
        d->start = START_READ;
    }
    return begin_again(d);
}

/* To the key picture before the beginning. Whatever goes wrong, the file is read from its first
 * picture instead. Returns 0 or a negative errno. */
static int seek_start(struct decode *d)
{
    d->start = START_ARRIVED;
    if (source_seek(&d->src, d->start_ns - d->timing.shift_ns) < 0)
        return restart(d);
    reset_stream(&d->video);
    reset_stream(&d->audio);
    sound_clear(&d->sound);
    d->at_end = d->graph_over = false;
    timing_jump(&d->timing);
    return 0;
}

/* The item was to begin where it has no picture any more: from the beginning then, which is the
 * same for a file of one picture. */
static bool is_beyond_end(const struct decode *d)
{
    return d->start_ns > 0 && d->serial == 0 && d->pass == 0 && !d->only_sound &&
           (!d->m->params.loop || d->pass_pictures <= 1);
}

/* Everything of this pass is out. Returns false when nothing follows. */
static bool next_pass(struct decode *d)
{
    if (is_beyond_end(d)) {
        d->start_ns = d->timing.base_ns = 0;
        return restart(d) == 0;
    }
    if (!d->m->params.loop || d->src.kind == FORMAT_STILL)
        return false;
    if (!d->only_sound && d->pass_pictures == 0)
        d->broke_off = d->pass > 0;
    if (!d->only_sound && (d->pass_pictures == 0 || (d->pass == 0 && d->pass_pictures == 1)))
        return false;
    if (d->only_sound && d->sound_end_ns == 0)
        return false;
    timing_restart(&d->timing);
    d->pass++;
    return begin_again(d) == 0;
}

static void finish(struct decode *d)
{
    int64_t end = d->only_sound ? d->sound_end_ns : timing_end(&d->timing);

    if (d->src.kind == FORMAT_STILL || (d->src.kind == FORMAT_LOOPER && d->serial == 1))
        end = d->m->params.still_ns;
    if (d->m->audio)
        audio_finish(d->m->audio);
    set_duration(d, end);
    atomic_store_explicit(&d->m->done, true, memory_order_release);
}

/* How long nothing can happen: a fraction of a picture. */
static int64_t nap_ns(const struct decode *d)
{
    int64_t ns = d->timing.last_dur_ns / 4;

    return ns < NAP_MIN_NS ? NAP_MIN_NS : ns > NAP_MAX_NS ? NAP_MAX_NS : ns;
}

static void run(struct decode *d)
{
    while (!stopping(d)) {
        enum step v = video_step(d), a = sound_step(d);

        if (d->rewind_failed) {
            if (restart(d) < 0)
                return;
        } else if (d->start == START_SEEK) {
            if (seek_start(d) < 0)
                return;
        } else if (v == STEP_DID || a == STEP_DID) {
            continue;
        } else if (v == STEP_STARVED ||
                   (a == STEP_STARVED && !d->at_end && !queue_is_full(&d->video.queue))) {
            read_packet(d);
        } else if (v == STEP_OVER && a == STEP_OVER) {
            if (!next_pass(d))
                return;
        } else {
            nap(d->m, nap_ns(d));
        }
    }
}

/* The last picture stays, but nothing follows although something should. */
static int check_loop(struct decode *d, struct qp_diag *diag)
{
    if (!d->broke_off || stopping(d))
        return 0;
    return qp_diag_set(
        diag, -EIO,
        "%s: cannot be played from its beginning again; check that the file is still "
        "there and whole",
        d->m->name);
}

/* Not one picture: say why. */
static int no_picture(struct decode *d, struct qp_diag *diag)
{
    if (stopping(d))
        return qp_diag_set(diag, -ECANCELED, "%s: closed before it was read", d->m->name);
    return source_damaged(&d->src, d->m->name, diag);
}

void *decode_main(void *user)
{
    struct media *m = user;
    struct decode *d = calloc(1, sizeof(*d));
    int err;

    if (!d) {
        err = qp_diag_set(&m->error, -ENOMEM, "%s: out of memory", m->name);
    } else {
        d->m = m;
        d->src.fd = -1;
        err = open_item(d, &m->error);
        if (err == 0 && d->only_sound)
            err = publish(d);
        if (err == 0)
            run(d);
        if (err == 0 && d->serial == 0)
            err = no_picture(d, &m->error);
        if (err == 0)
            finish(d);
        if (err == 0)
            err = check_loop(d, &m->error);
        close_source(d);
        convert_finish(&d->conv);
        sound_finish(&d->sound);
        av_frame_free(&d->frame);
        av_packet_free(&d->packet);
        free(d);
    }
    if (err < 0)
        atomic_store_explicit(&m->state, MEDIA_FAILED, memory_order_release);
    return NULL;
}
