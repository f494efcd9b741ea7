/* SPDX-License-Identifier: Apache-2.0 */
/* fake_media.h - media.h played from a script, for tests only: this program defines the functions
 * of media.h itself, so the archive's are not linked.
 *
 * The "file" is the script, words separated by commas:
 *   N            its colour, 1..255 (blue); every picture has it
 *   ready=F      the first picture is there F ticks of fake_now after opening
 *   ms=N         length
 *   fps=N        pictures a second (default 25)
 *   bad          fails instead of becoming ready
 *   empty        ends without a picture
 *   break=MS     fails after this time
 *   clear        pictures have alpha 128
 *   mute         has a warning
 * Checked here: time never goes back, nothing is used after closing (the sanitizer sees the rest).
 */
#ifndef TESTS_UNIT_COMPOSE_FAKE_MEDIA_H
#define TESTS_UNIT_COMPOSE_FAKE_MEDIA_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/media/media.h"
#include "tests/support/t.h"

static _Atomic int64_t fake_now;
static _Atomic int fake_n_open, fake_max_open, fake_n_opened;

struct media {
    char script[128];
    struct media_params params;
    int colour;
    int64_t ready_at, length_ns, break_ns, step_ns, last_t;
    bool bad, empty, handed_all;
    _Atomic int state;
    struct media_picture picture;
    uint32_t *data;
};

static long fake_word(const char *script, const char *key, long otherwise)
{
    const char *p = strstr(script, key);

    return p ? strtol(p + strlen(key), NULL, 10) : otherwise;
}

int media_open(struct media **ret, const struct media_params *params, struct qp_diag *diag)
{
    struct media *m = calloc(1, sizeof(*m));
    size_t n = (size_t)params->w * params->h;
    int n_open = atomic_fetch_add(&fake_n_open, 1) + 1;

    (void)diag;
    T_CHECK(m != NULL);
    if (n_open > atomic_load(&fake_max_open))
        atomic_store(&fake_max_open, n_open);
    atomic_fetch_add(&fake_n_opened, 1);
    (void)snprintf(m->script, sizeof(m->script), "%s", params->file);
    m->params = *params;
    m->colour = (int)strtol(params->file, NULL, 10);
    m->ready_at = atomic_load(&fake_now) + fake_word(m->script, "ready=", 0);
    m->length_ns = fake_word(m->script, "ms=", 1000) * 1000000LL;
    m->break_ns = fake_word(m->script, "break=", -1) * 1000000LL;
    m->step_ns = 1000000000LL / fake_word(m->script, "fps=", 25);
    m->bad = strstr(m->script, "bad") != NULL;
    m->empty = strstr(m->script, "empty") != NULL;
    m->data = calloc(n, sizeof(*m->data));
    T_CHECK(m->data != NULL);
    for (size_t i = 0; i < n; i++)
        m->data[i] = strstr(m->script, "clear") ? 0x80000000u | (uint32_t)m->colour / 2
                                                : 0xff000000u | (uint32_t)m->colour;
    m->picture = (struct media_picture){.data = m->data,
                                        .w = params->w,
                                        .h = params->h,
                                        .stride = params->w,
                                        .opaque = !strstr(m->script, "clear")};
    atomic_init(&m->state, MEDIA_OPENING);
    *ret = m;
    return 0;
}

void media_close(struct media *m)
{
    if (!m)
        return;
    atomic_fetch_sub(&fake_n_open, 1);
    free(m->data);
    free(m);
}

enum media_state media_state(const struct media *media)
{
    struct media *m = (struct media *)(uintptr_t)media;

    if (atomic_load(&m->state) == MEDIA_OPENING && atomic_load(&fake_now) >= m->ready_at)
        atomic_store(&m->state, m->bad ? MEDIA_FAILED : m->empty ? MEDIA_ENDED : MEDIA_READY);
    return (enum media_state)atomic_load(&m->state);
}

const char *media_error(const struct media *m)
{
    return m->bad ? "it is bad" : "it broke";
}

int64_t media_duration_ns(const struct media *m)
{
    return m->params.loop ? INT64_MAX : m->length_ns;
}

const struct media_picture *media_picture(struct media *m, int64_t t_ns)
{
    int64_t k = t_ns / m->step_ns;

    T_CHECK(t_ns >= m->last_t);
    T_CHECK(atomic_load(&m->state) != MEDIA_OPENING);
    m->last_t = t_ns;
    if (m->break_ns >= 0 && t_ns >= m->break_ns)
        atomic_store(&m->state, MEDIA_FAILED);
    else if (!m->params.loop && (k + 1) * m->step_ns >= m->length_ns)
        atomic_store(&m->state, MEDIA_ENDED);
    m->picture.serial = (uint64_t)k + 1;
    m->picture.pts_ns = k * m->step_ns;
    return &m->picture;
}

bool media_is_ready(const struct media *media, int64_t t_ns)
{
    (void)media;
    (void)t_ns;
    return true;
}

const char *media_warning(const struct media *m)
{
    return strstr(m->script, "mute") ? "no sound" : NULL;
}

void media_sync(struct media *m, int64_t t_ns, int64_t mono_ns)
{
    (void)m;
    (void)t_ns;
    (void)mono_ns;
}

void media_set_volume(struct media *m, const struct media_volume *volume, int64_t t_ns,
                      int64_t at_ns)
{
    (void)m;
    (void)volume;
    (void)t_ns;
    (void)at_ns;
}

void media_stats(const struct media *m, struct media_stats *ret)
{
    (void)m;
    *ret = (struct media_stats){.late = 1};
}

#endif
