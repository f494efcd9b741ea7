/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - packed, palette and full-range grey frames as planes, value for value.
 *
 * swscale turns some alpha values of such frames into their neighbours; this does not. One thread.
 */
#ifndef CONTROLLER_PLAYER_MEDIA_UNPACK_H
#define CONTROLLER_PLAYER_MEDIA_UNPACK_H

#include <libavutil/frame.h>
#include <stdbool.h>

/* Whether unpack_frame() is for this frame: integer RGB in one plane, a palette, or grey of full
 * range (with or without alpha). */
bool unpack_wants(const AVFrame *frame);

/* Fill ret (blank) with the frame as GBRP, GBRAP (up to 8 bits) or GBRP16, GBRAP16; its other
 * properties are copied. Returns 0 or a negative AVERROR. */
int unpack_frame(const AVFrame *frame, AVFrame *ret);

#endif
