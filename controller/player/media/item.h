/* SPDX-License-Identifier: Apache-2.0 */
/* item.h - what media.c (the caller's side) and decode.c (the item's thread) share. Private. */
#ifndef CONTROLLER_PLAYER_MEDIA_ITEM_H
#define CONTROLLER_PLAYER_MEDIA_ITEM_H

#include <pthread.h>
#include <stdatomic.h>

#include "controller/player/media/audio.h"
#include "controller/player/media/media.h"
#include "controller/player/media/ring.h"

struct media {
    /* fixed by media_open() */
    struct media_params params; /* file and audio_device are our own copies */
    const char *name;           /* the last part of the file's name, for sentences */
    int64_t tolerance_ns;
    struct audio *audio; /* NULL: silent */
    pthread_t thread;
    pthread_mutex_t lock; /* only for waking the item's thread early when it must stop */
    pthread_cond_t wake;
    atomic_bool stop;

    /* written by the item's thread */
    struct ring ring;     /* set up before the state becomes READY */
    _Atomic int state;    /* enum media_state, but never ENDED */
    struct qp_diag error; /* before state becomes FAILED */
    _Atomic int64_t duration_ns;
    atomic_bool done; /* no picture will follow; duration_ns is exact */
    _Atomic uint64_t decoded, errors;

    /* written by the render thread */
    atomic_bool ended;
    _Atomic uint64_t shown, skipped, late;
};

/* The item's thread. */
void *decode_main(void *media);

#endif
