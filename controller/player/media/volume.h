/* SPDX-License-Identifier: Apache-2.0 */
/* volume.h - the loudness of sound, changed by ramps that begin on exact samples. Pure. */
#ifndef CONTROLLER_PLAYER_MEDIA_VOLUME_H
#define CONTROLLER_PLAYER_MEDIA_VOLUME_H

#include "controller/player/media/audio.h"

struct volume {
    float gain, target; /* gain < 0: not begun */
    unsigned ramp;      /* frames left to the target */
};

void volume_init(struct volume *v);

/* Scale n frames, of which the first belongs to instant at_ns; calls follow each other in time. The
 * first frame of all has its volume at once. Full volume leaves samples as they are. */
void volume_apply(struct volume *v, const struct audio_volume *levels, struct audio_frame *frames,
                  size_t n, int64_t at_ns);

#endif
