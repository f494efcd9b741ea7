/* SPDX-License-Identifier: Apache-2.0 */
/* formats.h - the containers that may be opened.
 *
 * A list of what is allowed, not of what is forbidden: FFmpeg gains demuxers that open other files
 * (playlists, image sequences, session descriptions) and devices with every release. */
#ifndef CONTROLLER_PLAYER_MEDIA_FORMATS_H
#define CONTROLLER_PLAYER_MEDIA_FORMATS_H

enum format_kind {
    FORMAT_REFUSED,
    FORMAT_VIDEO,
    FORMAT_STILL,  /* one image; FFmpeg's image pipes */
    FORMAT_LOOPER, /* GIF, APNG: an image that may move */
    FORMAT_SOUND
};

/* name: AVInputFormat.name, whole. */
enum format_kind format_kind(const char *name);

#endif
