/* SPDX-License-Identifier: Apache-2.0 */
/* play_impl.h - what the two sides of play.h share. Private. */
#ifndef CONTROLLER_PLAYER_COMPOSE_PLAY_IMPL_H
#define CONTROLLER_PLAYER_COMPOSE_PLAY_IMPL_H

#include "controller/player/compose/play.h"

/* Frames for which an item of this length is on; INT64_MAX: endless. */
int64_t play_frames_of(const struct play *play, int64_t ns);
/* Of the transition by which an item comes in. */
int64_t play_fade_frames(const struct play *play, const struct play_item *item);
/* An item was on until frame `end`, and should have been until `due`. */
void play_close_record(struct play_slot *slot, int64_t end, int64_t due, enum play_end how);

#endif
