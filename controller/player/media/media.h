/* SPDX-License-Identifier: Apache-2.0 */
/* media.h - one file (video, image, sound) as pictures for an instant.
 *
 * Opening returns at once; the file is probed and decoded in the item's own thread, which keeps a
 * small ring of converted pictures ahead. The render thread asks for the picture of an instant and
 * never waits, locks or allocates. Only the protocol `file` and container formats that name no
 * other file are allowed.
 *
 * Pictures are premultiplied BGRA (bytes B,G,R,A), full range, BT.709 primaries, already rotated by
 * the file's own orientation, deinterlaced, cropped and scaled to the size asked for. */
#ifndef CONTROLLER_PLAYER_MEDIA_MEDIA_H
#define CONTROLLER_PLAYER_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/base/rational.h"

#define MEDIA_MAX_SIDE 16384u /* of a source picture, pixels */
#define MEDIA_MAX_PIXELS                                                                           \
    (1u << 27) /* of a source picture: 134 Mpx, refused before memory is taken */

enum media_fit {
    MEDIA_FILL,      /* cover the box, crop what hangs over */
    MEDIA_FIT,       /* whole picture inside the box, the rest transparent */
    MEDIA_STRETCH,   /* exactly the box */
    MEDIA_ONE_TO_ONE /* source pixel = canvas pixel, centred, cropped or surrounded */
};

struct media_rect {
    double x, y, w, h; /* of the oriented source picture, 0..1 */
};

struct media_params {
    const char *file; /* copied */
    uint32_t w, h;    /* the box, canvas pixels */
    enum media_fit fit;
    struct media_rect crop; /* w == 0: the whole picture */
    bool loop;              /* begin again without a gap; duration is then endless */
    /* Begin here, ns since the item's beginning: times stay those of the whole item, what lies
     * before is never converted and READY means that the picture of this instant is there. Beyond
     * the end of a file that loops: where its loop would be, by the length that the file gives;
     * beyond the end of another: from its beginning. */
    int64_t start_ns;
    int64_t still_ns;         /* how long an image lasts; 0: MEDIA_STILL_NS */
    struct qp_rational rate;  /* of the wall: chooses the cadence, 0/0: the file's own times */
    const char *audio_device; /* ALSA name, NULL: silent */
};

#define MEDIA_STILL_NS 10000000000LL
#define MEDIA_TIE_NS   50000 /* times of files are rounded: a length this much longer is the same */

enum media_state {
    MEDIA_OPENING,
    MEDIA_READY, /* the first picture is there */
    MEDIA_ENDED, /* the last picture was handed out and its time is over; it stays valid */
    MEDIA_FAILED /* media_error() has the sentence; a loop that broke off keeps its last picture */
};

/* One converted picture. Borrowed from the item: valid until the next media_picture() or
 * media_close() of that item. */
struct media_picture {
    const uint32_t *data; /* h rows of w pixels */
    uint32_t w, h;
    size_t stride;   /* pixels */
    int64_t pts_ns;  /* since the item's beginning */
    int64_t dur_ns;  /* how long the file means it to stay */
    bool opaque;     /* every alpha is 255 */
    uint64_t serial; /* changes with every new picture */
};

struct media;

/* Start opening. Returns 0 or -ENOMEM, -EAGAIN (no thread), -EINVAL (no file, or a box that is not
 * 1..MEDIA_MAX_SIDE a side). What is
 * wrong with the file itself comes later as MEDIA_FAILED. */
QP_MUST_CHECK int media_open(struct media **ret, const struct media_params *params,
                             struct qp_diag *diag);
void media_close(struct media *media); /* joins the thread; NULL is fine */

enum media_state media_state(const struct media *media); /* any thread */
const char *media_error(const struct media *media);      /* once MEDIA_FAILED: "clip.mp4: ..." */

/* NULL, or a sentence about something that the picture survives: no sound. Any thread; the text
 * lives as long as the item. */
const char *media_warning(const struct media *media);

/* Length of the item, ns; 0 until READY; INT64_MAX for an endless one; an estimate until the file
 * was decoded to its end, exact when the state is ENDED. */
int64_t media_duration_ns(const struct media *media);

/* The newest picture due at or before t_ns (since the item's beginning), or the last one handed out
 * if the decoder is behind (counted), or NULL if there is none yet. With params.rate a picture is
 * due up to half a wall frame before its time: each goes to the nearest wall frame, which gives 50
 * pictures on 60 frames a regular 6:5 and hides jitter (timing.h). A pure function of t_ns while
 * the decoder keeps up. t_ns never goes back. Render thread; always the same one. */
const struct media_picture *media_picture(struct media *media, int64_t t_ns);

/* True when media_picture(media, t_ns) would hand out the picture meant for t_ns rather than an
 * older one because the decoder is behind; also when the item ended or failed. Render thread. */
bool media_is_ready(const struct media *media, int64_t t_ns);

/* Sound and picture: tell the item that instant t_ns of it is shown at mono_ns. Render thread. */
void media_sync(struct media *media, int64_t t_ns, int64_t mono_ns);

/* How loud: amplitudes 0..1, `before` up to since_ns, `now` to until_ns, then `next`; instants of
 * any clock that the caller chooses. A change is a short ramp from its instant on. */
struct media_volume {
    double before, now, next;
    int64_t since_ns, until_ns; /* INT64_MIN, INT64_MAX: never */
};

/* Like media_sync; at_ns is the volume's name for instant t_ns of the item. What changes soon must
 * be told some 200 ms ahead. Full volume until it is called. Render thread. */
void media_set_volume(struct media *media, const struct media_volume *volume, int64_t t_ns,
                      int64_t at_ns);

struct media_stats {
    uint64_t decoded, shown, skipped, late, errors;
    int64_t audio_offset_ns; /* sound minus picture, last measured */
};

void media_stats(const struct media *media, struct media_stats *ret);

#endif
