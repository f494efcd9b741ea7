/* SPDX-License-Identifier: Apache-2.0 */
/* sound.h - decoded sound frames as 48 kHz stereo with their time in the item. One thread. */
#ifndef CONTROLLER_PLAYER_MEDIA_SOUND_H
#define CONTROLLER_PLAYER_MEDIA_SOUND_H

#include <libavutil/frame.h>
#include <libswresample/swresample.h>

#include "controller/player/media/audio.h"

struct sound {
    struct audio *audio; /* borrowed; NULL: nothing is done */
    SwrContext *swr;
    int rate, format;
    AVChannelLayout layout;
    struct audio_frame *buf; /* converted, not written yet: from `from`, n frames */
    size_t cap, from, n;
    int64_t at_ns; /* of buf[from] */
};

void sound_finish(struct sound *s);
void sound_clear(struct sound *s); /* forget what waits */

/* Convert one frame that belongs to at_ns. Nothing may be waiting. Returns 0 or a negative AVERROR.
 */
int sound_convert(struct sound *s, const AVFrame *frame, int64_t at_ns);

/* Hand on what waits. Returns true when nothing waits any more. Sound at or after end_ns is
 * dropped. */
bool sound_flush(struct sound *s, int64_t end_ns);

#endif
