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

#define MEDIA_MAX_SIDE   16384u     /* of a source picture, pixels */
#define MEDIA_MAX_PIXELS (1u << 27) /* of a source picture: 134 Mpx, refused before memory is taken */

enum media_fit {
    MEDIA_FILL,    /* cover the box, crop what hangs over */
    MEDIA_FIT,     /* whole picture inside the box, the rest transparent */
    MEDIA_STRETCH, /* exactly the box */
    MEDIA_ONE_TO_ONE /* source pixel = canvas pixel, centred, cropped or surrounded */
};

struct media_rect {
    double x, y, w, h; /* of the oriented source picture, 0..1 */
};

struct media_params {
    const char *file;       /* copied */
    uint32_t w, h;          /* the box, canvas pixels */
    enum media_fit fit;
    struct media_rect crop; /* w == 0: the whole picture */
    bool loop;              /* begin again without a gap; duration is then endless */
    int64_t still_ns;       /* how long an image lasts; 0: MEDIA_STILL_NS */
    struct qp_rational rate; /* of the wall: chooses the cadence, 0/0: the file's own times */
    const char *audio_device; /* ALSA name, NULL: silent */
};

#define MEDIA_STILL_NS 10000000000LL

enum media_state {
    MEDIA_OPENING,
    MEDIA_READY,  /* the first picture is there */
    MEDIA_ENDED,  /* all pictures were handed out */
    MEDIA_FAILED  /* media_error() has the sentence */
};

/* One converted picture. Borrowed from the item: valid until the next media_picture() or
 * media_close() of that item. */
struct media_picture {
    const uint32_t *data; /* h rows of w pixels */
    uint32_t w, h;
    size_t stride;        /* pixels */
    int64_t pts_ns;       /* since the item's beginning */
    bool opaque;          /* every alpha is 255 */
    uint64_t serial;      /* changes with every new picture */
};

struct media;

/* Start opening. Returns 0 or -ENOMEM, -EAGAIN (no thread), -EINVAL (box of zero size). What is wrong
 * with the file itself comes later as MEDIA_FAILED. */
QP_MUST_CHECK int media_open(struct media **ret, const struct media_params *params,
                             struct qp_diag *diag);
void media_close(struct media *media); /* joins the thread; NULL is fine */

enum media_state media_state(const struct media *media); /* any thread */
const char *media_error(const struct media *media);      /* once MEDIA_FAILED: "clip.mp4: ..." */

/* Length of the item, ns; known once READY; INT64_MAX for an endless one; an estimate until ENDED. */
int64_t media_duration_ns(const struct media *media);

/* The newest picture due at or before t_ns (since the item's beginning), or the last one handed out
 * if the decoder is behind (counted), or NULL if there is none yet. t_ns never goes back. Render
 * thread. */
const struct media_picture *media_picture(struct media *media, int64_t t_ns);

/* Sound and picture: tell the item that instant t_ns of it is shown at mono_ns. Render thread. */
void media_sync(struct media *media, int64_t t_ns, int64_t mono_ns);

struct media_stats {
    uint64_t decoded, shown, skipped, late, errors;
    int64_t audio_offset_ns; /* sound minus picture, last measured */
};

void media_stats(const struct media *media, struct media_stats *ret);

#endif
