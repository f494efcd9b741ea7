/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/source.h"

#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controller/player/media/media.h"

#define IO_BUFFER   65536
#define MAX_STREAMS "200"

static int64_t mono_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* FFmpeg asks this before and during everything that may take long. */
static int on_interrupt(void *user)
{
    const struct source *s = user;

    if (atomic_load_explicit(s->stop, memory_order_relaxed))
        return 1;
    return s->deadline_ns && mono_ns() > s->deadline_ns;
}

static int on_read(void *user, uint8_t *buf, int size)
{
    struct source *s = user;
    ssize_t n;

    if (on_interrupt(s))
        return AVERROR_EXIT;
    do
        n = pread(s->fd, buf, (size_t)size, s->pos);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return AVERROR(errno);
    s->pos += n;
    return n == 0 ? AVERROR_EOF : (int)n;
}

static int64_t on_seek(void *user, int64_t offset, int whence)
{
    struct source *s = user;
    int64_t base = 0;

    if (whence == AVSEEK_SIZE)
        return s->size;
    switch (whence & ~AVSEEK_FORCE) {
    case SEEK_CUR:
        base = s->pos;
        break;
    case SEEK_END:
        base = s->size;
        break;
    default:
        break;
    }
    if (__builtin_add_overflow(base, offset, &base) || base < 0)
        return AVERROR(EINVAL);
    s->pos = base;
    return base;
}

/* A demuxer wants another file. */
static int on_open(AVFormatContext *fmt, AVIOContext **io, const char *url, int flags,
                   AVDictionary **options)
{
    struct source *s = fmt->opaque;

    (void)io, (void)url, (void)flags, (void)options;
    s->named_another_file = true;
    return AVERROR(EPERM);
}

int source_check_size(const char *name, uint64_t w, uint64_t h, struct qp_diag *diag)
{
    if (w <= MEDIA_MAX_SIDE && h <= MEDIA_MAX_SIDE && w * h <= MEDIA_MAX_PIXELS)
        return 0;
    return qp_diag_set(diag, -EFBIG,
                       "%s: the picture has %llu x %llu pixels, the limit is %u a side and %u in "
                       "all; scale it down",
                       name, (unsigned long long)w, (unsigned long long)h, MEDIA_MAX_SIDE,
                       MEDIA_MAX_PIXELS);
}

int source_damaged(const struct source *s, const char *name, struct qp_diag *diag)
{
    if (s->log.text[0])
        return qp_diag_set(diag, -EILSEQ,
                           "%s: the file is damaged or cut short (%s); copy or export it again",
                           name, s->log.text);
    return qp_diag_set(diag, -EILSEQ,
                       "%s: the file is damaged or cut short; copy or export it again", name);
}

static int open_regular(struct source *s, const char *file, const char *name, struct qp_diag *diag)
{
    struct stat st;

    /* O_NONBLOCK: opening a pipe must not wait for its other end. */
    s->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0 || fstat(s->fd, &st) < 0) {
        int err = -errno;

        return qp_diag_set(diag, err, "%s: cannot be opened: %s; check the name and the rights",
                           name, strerror(-err));
    }
    if (S_ISDIR(st.st_mode))
        return qp_diag_set(diag, -EISDIR, "%s: is a folder; name a file in it", name);
    if (!S_ISREG(st.st_mode))
        return qp_diag_set(
            diag, -EINVAL,
            "%s: is a device or pipe, not a regular file; store the medium in a file", name);
    if (st.st_size == 0)
        return qp_diag_set(diag, -ENODATA, "%s: the file is empty; copy it again", name);
    s->size = st.st_size;
    (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

static int look_at_head(struct source *s, const char *name, struct qp_diag *diag)
{
    uint8_t *head = malloc(SNIFF_BYTES);
    ssize_t n;

    if (!head)
        return qp_diag_set(diag, -ENOMEM, "%s: out of memory", name);
    n = pread(s->fd, head, SNIFF_BYTES, 0);
    sniff_bytes(head, n > 0 ? (size_t)n : 0, &s->sniff);
    free(head);
    if (s->sniff.playlist)
        return qp_diag_set(diag, -EPERM,
                           "%s: is %s, which names other files; name the media files themselves",
                           name, s->sniff.playlist);
    if (s->sniff.unplayable)
        return qp_diag_set(diag, -EPROTONOSUPPORT, "%s: is %s", name, s->sniff.unplayable);
    return source_check_size(name, s->sniff.w, s->sniff.h, diag);
}

static int make_context(struct source *s)
{
    uint8_t *buffer = av_malloc(IO_BUFFER);

    if (!buffer)
        return -ENOMEM;
    s->io = avio_alloc_context(buffer, IO_BUFFER, 0, s, on_read, NULL, on_seek);
    if (!s->io) {
        av_free(buffer);
        return -ENOMEM;
    }
    s->fmt = avformat_alloc_context();
    if (!s->fmt)
        return -ENOMEM;
    s->fmt->pb = s->io;
    s->fmt->opaque = s;
    s->fmt->io_open = on_open;
    s->fmt->interrupt_callback = (AVIOInterruptCB){on_interrupt, s};
    s->fmt->flags |= AVFMT_FLAG_CUSTOM_IO;
    return 0;
}

/* Probe by content: no file name is given, so that neither an extension nor a "%d" in it means
 * anything. */
static int probe(struct source *s, const char *name, const AVInputFormat **ret,
                 struct qp_diag *diag)
{
    int score = av_probe_input_buffer2(s->io, ret, "", NULL, 0, 0);

    if (on_interrupt(s))
        return qp_diag_set(diag, -ETIMEDOUT, "%s: opening took too long; try again", name);
    if (score < AVPROBE_SCORE_RETRY || !*ret)
        return qp_diag_set(diag, -EPROTONOSUPPORT,
                           "%s: the content is no known media format; convert it, for example to "
                           "MP4 (H.264) or PNG",
                           name);
    s->kind = format_kind((*ret)->name);
    if (s->kind == FORMAT_REFUSED)
        return qp_diag_set(diag, -EPERM,
                           "%s: the format '%s' is not allowed on a wall; convert it, for example "
                           "to MP4 (H.264) or PNG",
                           name, (*ret)->name);
    return 0;
}

static int open_input(struct source *s, const AVInputFormat *format, const char *name,
                      struct qp_diag *diag)
{
    AVDictionary *options = NULL;
    int err;

    (void)av_dict_set(&options, "protocol_whitelist", "file", 0);
    (void)av_dict_set(&options, "format_whitelist", format->name, 0);
    (void)av_dict_set(&options, "max_streams", MAX_STREAMS, 0);
    err = avformat_open_input(&s->fmt, "", format, &options);
    av_dict_free(&options);
    if (s->named_another_file)
        return qp_diag_set(diag, -EPERM,
                           "%s: wants to open other files, which is not allowed; export it as one "
                           "self-contained file",
                           name);
    if (err == AVERROR(ENOMEM))
        return qp_diag_set(diag, -ENOMEM, "%s: out of memory", name);
    if (err < 0 && on_interrupt(s))
        return qp_diag_set(diag, -ETIMEDOUT, "%s: opening took too long; try again", name);
    return err < 0 ? source_damaged(s, name, diag) : 0;
}

/* What the container says of colours. Reading ahead lets decoders overwrite it, some with "not
 * specified". */
static int note_colours(struct source *s)
{
    s->n_colours = s->fmt->nb_streams;
    s->colours = calloc(s->n_colours ? s->n_colours : 1, sizeof(*s->colours));
    if (!s->colours)
        return -ENOMEM;
    for (unsigned i = 0; i < s->n_colours; i++) {
        const AVCodecParameters *par = s->fmt->streams[i]->codecpar;

        s->colours[i] = (struct source_colour){.space = par->color_space,
                                               .range = par->color_range,
                                               .primaries = par->color_primaries,
                                               .trc = par->color_trc};
    }
    return 0;
}

void source_complete_colour(const struct source *s, AVFrame *frame)
{
    const struct source_colour *c;

    if (!s->video || (unsigned)s->video->index >= s->n_colours)
        return;
    c = &s->colours[s->video->index];
    if (frame->colorspace == AVCOL_SPC_UNSPECIFIED)
        frame->colorspace = c->space;
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = c->range;
    if (frame->color_primaries == AVCOL_PRI_UNSPECIFIED)
        frame->color_primaries = c->primaries;
    if (frame->color_trc == AVCOL_TRC_UNSPECIFIED)
        frame->color_trc = c->trc;
}

static void free_options(AVDictionary **options, unsigned n)
{
    for (unsigned i = 0; options && i < n; i++)
        av_dict_free(&options[i]);
    free(options);
}

/* Reading ahead opens decoders of its own; they must know the limit as well. */
static int find_streams(struct source *s)
{
    unsigned n = s->fmt->nb_streams;
    AVDictionary **options = calloc(n ? n : 1, sizeof(AVDictionary *));
    int err;

    if (!options)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++)
        (void)av_dict_set_int(&options[i], "max_pixels", MEDIA_MAX_PIXELS, 0);
    err = avformat_find_stream_info(s->fmt, n ? options : NULL);
    free_options(options, n);
    return err < 0 ? -EILSEQ : 0;
}

static AVStream *best(struct source *s, enum AVMediaType type)
{
    int i = av_find_best_stream(s->fmt, type, -1, -1, NULL, 0);
    AVStream *st = i >= 0 ? s->fmt->streams[i] : NULL;

    /* The cover of an album is no picture to show. */
    return st && !(st->disposition & AV_DISPOSITION_ATTACHED_PIC) ? st : NULL;
}

static int choose_streams(struct source *s, const char *name, bool want_audio, struct qp_diag *diag)
{
    bool has_sound = best(s, AVMEDIA_TYPE_AUDIO) != NULL;

    s->video = best(s, AVMEDIA_TYPE_VIDEO);
    s->audio = want_audio ? best(s, AVMEDIA_TYPE_AUDIO) : NULL;
    for (unsigned i = 0; i < s->fmt->nb_streams; i++)
        if (s->fmt->streams[i] != s->video && s->fmt->streams[i] != s->audio)
            s->fmt->streams[i]->discard = AVDISCARD_ALL;
    if (s->video)
        return source_check_size(name, (uint64_t)s->video->codecpar->width,
                                 (uint64_t)s->video->codecpar->height, diag);
    if (s->audio)
        return 0;
    if (has_sound)
        return qp_diag_set(diag, -ENOSTR,
                           "%s: has only sound and no audio device is configured; configure one or "
                           "choose a file with a picture",
                           name);
    if (s->log.text[0])
        return source_damaged(s, name, diag);
    return qp_diag_set(diag, -ENOSTR, "%s: has no picture in it; choose another file", name);
}

int source_open(struct source *s, const char *file, const char *name, bool want_audio,
                const atomic_bool *stop, struct qp_diag *diag)
{
    const AVInputFormat *format = NULL;
    int err;

    *s = (struct source){.fd = -1, .stop = stop, .deadline_ns = mono_ns() + SOURCE_OPEN_NS};
    avlog_collect(&s->log);
    err = open_regular(s, file, name, diag);
    if (err == 0)
        err = look_at_head(s, name, diag);
    if (err == 0 && make_context(s) < 0)
        err = qp_diag_set(diag, -ENOMEM, "%s: out of memory", name);
    if (err == 0)
        err = probe(s, name, &format, diag);
    if (err == 0)
        err = open_input(s, format, name, diag);
    if (err == 0 && note_colours(s) < 0)
        err = qp_diag_set(diag, -ENOMEM, "%s: out of memory", name);
    /* An image is read once; looking ahead would decode it twice. */
    if (err == 0 && s->kind != FORMAT_STILL && find_streams(s) < 0)
        err = source_damaged(s, name, diag);
    if (err == 0)
        err = choose_streams(s, name, want_audio, diag);
    s->deadline_ns = 0;
    return err;
}

void source_close(struct source *s)
{
    avlog_collect(NULL);
    avformat_close_input(&s->fmt);
    if (s->io)
        av_freep(&s->io->buffer);
    avio_context_free(&s->io);
    free(s->colours);
    s->colours = NULL;
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
}

int source_read(struct source *s, AVPacket *packet)
{
    for (;;) {
        int err = av_read_frame(s->fmt, packet);

        if (err < 0)
            return err;
        if ((s->video && packet->stream_index == s->video->index) ||
            (s->audio && packet->stream_index == s->audio->index))
            return 0;
        av_packet_unref(packet);
    }
}

int source_rewind(struct source *s)
{
    const AVStream *st = s->video ? s->video : s->audio;
    int64_t start = st->start_time != AV_NOPTS_VALUE ? st->start_time : 0;

    /* Streams without an index are sought by guessing; their beginning is known exactly. */
    if (s->fmt->iformat->flags & AVFMT_TS_DISCONT)
        return avformat_seek_file(s->fmt, -1, INT64_MIN, 0, INT64_MAX, AVSEEK_FLAG_BYTE);
    return avformat_seek_file(s->fmt, st->index, INT64_MIN, start, start, 0);
}

int source_seek(struct source *s, int64_t stamp_ns)
{
    int64_t stamp;

    /* Streams without an index are sought by guessing. */
    if (!s->video || s->kind != FORMAT_VIDEO || (s->fmt->iformat->flags & AVFMT_TS_DISCONT))
        return AVERROR(ENOSYS);
    stamp = av_rescale_q(stamp_ns, (AVRational){1, 1000000000}, s->video->time_base);
    return avformat_seek_file(s->fmt, s->video->index, INT64_MIN, stamp, stamp, 0);
}
