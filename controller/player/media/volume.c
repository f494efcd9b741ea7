/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/volume.h"

#include <math.h>

#define NS_PER_S 1000000000LL

void volume_init(struct volume *v)
{
    *v = (struct volume){.gain = -1};
}

/* How many of n frames from at_ns on lie before an instant, to the nearest. */
static size_t frames_before(int64_t at_ns, int64_t instant_ns, size_t n)
{
    int64_t length_ns = (int64_t)n * NS_PER_S / AUDIO_RATE;

    if (instant_ns <= at_ns)
        return 0;
    if (instant_ns - length_ns >= at_ns) /* also where the instant is "never" */
        return n;
    return (size_t)(((instant_ns - at_ns) * AUDIO_RATE + NS_PER_S / 2) / NS_PER_S);
}

static int16_t scaled(int16_t sample, float gain)
{
    return (int16_t)lrintf((float)sample * gain);
}

static void fade_to(struct volume *v, float target, struct audio_frame *frames, size_t n)
{
    if (n > 0 && v->gain < 0)
        v->gain = v->target = target;
    if (n > 0 && (target < v->target || target > v->target)) {
        v->target = target;
        v->ramp = AUDIO_RAMP;
    }
    if (v->ramp == 0 && v->gain >= 1)
        return;
    for (size_t i = 0; i < n; i++) {
        if (v->ramp > 0) {
            v->gain += (v->target - v->gain) / (float)v->ramp;
            if (--v->ramp == 0)
                v->gain = v->target;
        }
        frames[i].left = scaled(frames[i].left, v->gain);
        frames[i].right = scaled(frames[i].right, v->gain);
    }
}

void volume_apply(struct volume *v, const struct audio_volume *levels, struct audio_frame *frames,
                  size_t n, int64_t at_ns)
{
    size_t since = frames_before(at_ns, levels->since_ns, n);
    size_t until = frames_before(at_ns, levels->until_ns, n);

    until = until < since ? since : until;
    fade_to(v, levels->before, frames, since);
    fade_to(v, levels->now, frames + since, until - since);
    fade_to(v, levels->next, frames + until, n - until);
}
