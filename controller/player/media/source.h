/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - one file as packets of one picture stream and one sound stream.
 *
 * FFmpeg gets bytes from a file descriptor that was opened and checked here (a regular file), never
 * a name, and whatever it asks to open by itself is refused: no file can name another one.
 *
 * Used by one thread at a time, except source_stop(). */
#ifndef CONTROLLER_PLAYER_MEDIA_SOURCE_H
#define CONTROLLER_PLAYER_MEDIA_SOURCE_H

#include <libavformat/avformat.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "controller/player/media/avlog.h"
#include "controller/player/media/formats.h"
#include "controller/player/media/sniff.h"
#include "protocols/base/diag.h"

#define SOURCE_OPEN_NS 20000000000LL /* opening a file may take this long */

/* As the container says; unspecified where it does not. */
struct source_colour {
    enum AVColorSpace space;
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic trc;
};

struct source {
    int fd;
    int64_t size, pos;
    AVIOContext *io;
    AVFormatContext *fmt;
    AVStream *video, *audio; /* borrowed from fmt; NULL: none */
    enum format_kind kind;
    struct sniff sniff;
    int64_t deadline_ns;           /* CLOCK_MONOTONIC; 0: none */
    struct source_colour *colours; /* n_colours, by stream; owned */
    unsigned n_colours;
    bool named_another_file;
    const atomic_bool *stop; /* borrowed: reading ends when it becomes true */
    struct avlog log;        /* the complaints of the thread that opened */
};

/* Open file (called `name` in sentences) and find its streams. The stream of sound is only kept
 * when want_audio. Returns 0, or with a sentence "name: reason; remedy": -ENOENT, -EACCES ...  what
 * open(2) said;  -EISDIR, -EINVAL no regular file; -ENODATA empty;  -EPERM a playlist or another
 * format that names files;  -EFBIG more pixels than allowed;  -EPROTONOSUPPORT no known format;
 * -EILSEQ damaged;  -ENOSTR nothing to show in it; -ETIMEDOUT took too long;  -ENOMEM. The source
 * is finished by source_close() in any case. */
QP_MUST_CHECK int source_open(struct source *s, const char *file, const char *name, bool want_audio,
                              const atomic_bool *stop, struct qp_diag *diag);
void source_close(struct source *s);

/* Fill in what the decoder did not say of a picture's colours from what the container says. */
void source_complete_colour(const struct source *s, AVFrame *frame);

/* Next packet of either stream. Returns 0, AVERROR_EOF, or another AVERROR. */
int source_read(struct source *s, AVPacket *packet);

/* Go back to the beginning. Returns 0 or a negative AVERROR: open it anew then. */
int source_rewind(struct source *s);

/* Go to the key picture at or before a stamp of the picture stream, in ns. Returns 0, or a negative
 * AVERROR when the file cannot be sought in exactly: read through it then. */
int source_seek(struct source *s, int64_t stamp_ns);

/* Limits of a picture: 0 or -EFBIG with the sentence. */
int source_check_size(const char *name, uint64_t w, uint64_t h, struct qp_diag *diag);

/* The sentence for a file that turned out to be broken. */
int source_damaged(const struct source *s, const char *name, struct qp_diag *diag);

#endif
