/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/media.h"

#include <stdlib.h>
#include <string.h>

#include "controller/player/media/avlog.h"
#include "controller/player/media/item.h"
#include "controller/player/media/timing.h"

static void destroy(struct media *m)
{
    audio_close(m->audio);
    ring_finish(&m->ring);
    free((void *)(uintptr_t)m->params.file);
    free((void *)(uintptr_t)m->params.audio_device);
    free(m);
}

static int init_wake(struct media *m)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);

    if (err == 0)
        err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (err == 0)
        err = pthread_cond_init(&m->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return err ? -err : -pthread_mutex_init(&m->lock, NULL);
}

static int copy_params(struct media *m, const struct media_params *params)
{
    const char *slash;

    m->params = *params;
    m->params.file = strdup(params->file);
    m->params.audio_device = params->audio_device ? strdup(params->audio_device) : NULL;
    if (!m->params.file || (params->audio_device && !m->params.audio_device))
        return -ENOMEM;
    if (m->params.still_ns <= 0)
        m->params.still_ns = MEDIA_STILL_NS;
    slash = strrchr(m->params.file, '/');
    m->name = slash ? slash + 1 : m->params.file;
    m->tolerance_ns = timing_tolerance(params->rate);
    return 0;
}

static int start(struct media *m, const struct media_params *params)
{
    int err = copy_params(m, params);

    if (err == 0 && params->audio_device)
        err = audio_open(&m->audio, params->audio_device);
    if (err == 0)
        err = init_wake(m);
    if (err == 0 && pthread_create(&m->thread, NULL, decode_main, m) != 0)
        err = -EAGAIN;
    return err;
}

int media_open(struct media **ret, const struct media_params *params, struct qp_diag *diag)
{
    struct media *m;
    int err;

    if (!params->file || params->w == 0 || params->h == 0 || params->w > MEDIA_MAX_SIDE ||
        params->h > MEDIA_MAX_SIDE)
        return qp_diag_set(diag, -EINVAL,
                           "a medium needs a file and a box of 1 to %u pixels a side",
                           MEDIA_MAX_SIDE);
    avlog_install();
    m = calloc(1, sizeof(*m));
    err = m ? start(m, params) : -ENOMEM;
    if (err < 0) {
        if (m)
            destroy(m);
        return qp_diag_set(diag, err, "%s: cannot start a thread to decode it: %s", params->file,
                           strerror(-err));
    }
    (void)pthread_setname_np(m->thread, "decode");
    *ret = m;
    return 0;
}

void media_close(struct media *m)
{
    if (!m)
        return;
    (void)pthread_mutex_lock(&m->lock);
    atomic_store_explicit(&m->stop, true, memory_order_release);
    (void)pthread_cond_signal(&m->wake);
    (void)pthread_mutex_unlock(&m->lock);
    (void)pthread_join(m->thread, NULL);
    (void)pthread_cond_destroy(&m->wake);
    (void)pthread_mutex_destroy(&m->lock);
    destroy(m);
}

enum media_state media_state(const struct media *m)
{
    if (atomic_load_explicit(&m->ended, memory_order_acquire))
        return MEDIA_ENDED;
    return (enum media_state)atomic_load_explicit(&m->state, memory_order_acquire);
}

const char *media_error(const struct media *m)
{
    return media_state(m) == MEDIA_FAILED ? m->error.text : "";
}

const char *media_warning(const struct media *m)
{
    const char *text = NULL;

    return m->audio && audio_warning(m->audio, &text) ? text : NULL;
}

int64_t media_duration_ns(const struct media *m)
{
    return atomic_load_explicit(&m->duration_ns, memory_order_acquire);
}

static void bump(_Atomic uint64_t *counter, uint64_t n)
{
    /* One writer: no read-modify-write needed. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

const struct media_picture *media_picture(struct media *m, int64_t t_ns)
{
    bool done = atomic_load_explicit(&m->done, memory_order_acquire);
    struct ring_take take;
    int state = atomic_load_explicit(&m->state, memory_order_acquire);

    /* A loop that broke off keeps its last picture. */
    if (state != MEDIA_READY && !m->ring.held)
        return NULL;
    take = ring_take(&m->ring, t_ns > INT64_MAX - m->tolerance_ns ? t_ns : t_ns + m->tolerance_ns);
    bump(&m->skipped, take.skipped);
    if (!take.pic)
        return NULL;
    bump(&m->shown, take.fresh);
    if (done && take.newest && t_ns >= media_duration_ns(m) - MEDIA_TIE_NS)
        atomic_store_explicit(&m->ended, true, memory_order_release);
    else if (!done && take.newest && t_ns + m->tolerance_ns >= take.pic->pts_ns + take.pic->dur_ns)
        bump(&m->late, 1);
    return take.pic;
}

bool media_is_ready(const struct media *m, int64_t t_ns)
{
    bool done = atomic_load_explicit(&m->done, memory_order_acquire);
    int state = atomic_load_explicit(&m->state, memory_order_acquire);
    const struct media_picture *newest;

    if (state != MEDIA_READY || done)
        return state != MEDIA_OPENING;
    newest = ring_newest(&m->ring);
    /* A later picture is there, or the last one covers the instant. */
    return newest && t_ns + m->tolerance_ns < newest->pts_ns + newest->dur_ns;
}

void media_sync(struct media *m, int64_t t_ns, int64_t mono_ns)
{
    if (m->audio)
        audio_sync(m->audio, t_ns, mono_ns);
}

/* The instant of the item that the volume calls volume_ns. */
static int64_t item_time(int64_t volume_ns, int64_t offset_ns)
{
    if (volume_ns == INT64_MIN || volume_ns == INT64_MAX)
        return volume_ns;
    return volume_ns + offset_ns;
}

void media_set_volume(struct media *m, const struct media_volume *v, int64_t t_ns, int64_t at_ns)
{
    if (m->audio)
        audio_set_volume(m->audio,
                         &(struct audio_volume){.before = (float)v->before,
                                                .now = (float)v->now,
                                                .next = (float)v->next,
                                                .since_ns = item_time(v->since_ns, t_ns - at_ns),
                                                .until_ns = item_time(v->until_ns, t_ns - at_ns)});
}

void media_stats(const struct media *m, struct media_stats *ret)
{
    *ret = (struct media_stats){
        .decoded = atomic_load_explicit(&m->decoded, memory_order_relaxed),
        .shown = atomic_load_explicit(&m->shown, memory_order_relaxed),
        .skipped = atomic_load_explicit(&m->skipped, memory_order_relaxed),
        .late = atomic_load_explicit(&m->late, memory_order_relaxed),
        .errors = atomic_load_explicit(&m->errors, memory_order_relaxed),
        .audio_offset_ns = m->audio ? audio_offset_ns(m->audio) : 0,
    };
}
