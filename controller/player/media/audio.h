/* SPDX-License-Identifier: Apache-2.0 */
/* audio.h - sound through ALSA, in step with the picture.
 *
 * The item's thread writes samples with their time in the item; the render thread says which
 * instant is shown when; a thread of its own plays. The device is opened when the first picture is
 * shown, so that the next item can wait while this one still has it. What is heard is compared with
 * what is shown: a difference is taken out by resampling with at most AUDIO_MAX_PPM, one above
 * AUDIO_RESYNC_NS, or above AUDIO_GOOD_NS for a second, by dropping or inserting sound.
 *
 * A device that is missing or breaks costs a warning and the sound, never the picture. */
#ifndef CONTROLLER_PLAYER_MEDIA_AUDIO_H
#define CONTROLLER_PLAYER_MEDIA_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define AUDIO_RATE      48000
#define AUDIO_FIFO      96000u /* frames: two seconds */
#define AUDIO_MAX_PPM   500
#define AUDIO_GOOD_NS   35000000LL
#define AUDIO_RESYNC_NS 200000000LL
#define AUDIO_RAMP      2400u /* frames: 50 ms from one volume to another, so that nothing clicks */

struct audio_frame { /* one instant, both channels */
    int16_t left, right;
};

struct audio;

/* Returns 0, -ENOMEM or -EAGAIN (no thread). The device is not touched yet; name is copied. */
QP_MUST_CHECK int audio_open(struct audio **ret, const char *device);
void audio_close(struct audio *audio); /* stops at once; NULL is fine */

/* One writer. room: how many frames fit; a dead device takes everything. write: n <= room frames
 * that belong to instant at_ns; gaps become silence, overlaps are cut, so that the sound stays with
 * its time. Returns how many frames were taken of the given ones (the rest waits for room). finish:
 * nothing more comes. */
size_t audio_room(const struct audio *audio);
size_t audio_write(struct audio *audio, const struct audio_frame *frames, size_t n, int64_t at_ns);
void audio_finish(struct audio *audio);

/* Instant t_ns is shown at mono_ns. No wait, no lock. */
void audio_sync(struct audio *audio, int64_t t_ns, int64_t mono_ns);

/* How loud the sound of each instant of the item is: factors 0..1 of the amplitude, `before` up to
 * since_ns, `now` from there to until_ns, `next` afterwards. Each change is a ramp of AUDIO_RAMP
 * that begins on its instant. What is ahead is given ahead, because sound waits in the device
 * before it is heard. One writer (the render thread); no wait, no lock. Full volume until it is
 * called. */
struct audio_volume {
    float before, now, next;
    int64_t since_ns, until_ns;
};

void audio_set_volume(struct audio *audio, const struct audio_volume *volume);

/* Any thread. offset: when a sound is heard minus when its picture is shown. */
int64_t audio_offset_ns(const struct audio *audio);
bool audio_warning(const struct audio *audio,
                   const char **ret_text); /* ret_text lives with audio */

#endif
