/* SPDX-License-Identifier: Apache-2.0 */
/* sniff.h - what the first bytes of a file say, before FFmpeg sees it.
 *
 * Three things must be known before a decoder is allowed to run: that the file is no playlist (it
 * would name other files), how large an image is (memory is limited before it is taken), and how
 * a PNG or TIFF is oriented (FFmpeg 5.1 does not tell). Pure: bytes in, facts out.
 *
 * Layouts: PNG 1.2 and its eXIf extension; GIF89a; BMP (BITMAPINFOHEADER, BITMAPCOREHEADER); RIFF
 * WebP container; TIFF 6.0 (tags 256, 257, 274); JPEG ITU-T T.81 annex B; EXIF 2.3 tag 0x0112. */
#ifndef CONTROLLER_PLAYER_MEDIA_SNIFF_H
#define CONTROLLER_PLAYER_MEDIA_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNIFF_BYTES 65536u /* how much of a file's beginning is worth giving */

struct sniff {
    const char *playlist;   /* "an HLS playlist" ..., NULL: none */
    const char *unplayable; /* a known kind that cannot be decoded, with the remedy; NULL: none */
    uint64_t w, h;          /* of an image, as stored; 0: not an image or not found */
    unsigned exif;          /* EXIF orientation 1..8 of PNG and TIFF; 0: none found */
};

void sniff_bytes(const uint8_t *buf, size_t len, struct sniff *ret);

#endif
