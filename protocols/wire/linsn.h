/* SPDX-License-Identifier: Apache-2.0 */
/* linsn.h - frames of Linsn RV8xx/RV9xx receiving cards: Ethernet II.
 *
 * From public reverse engineering (RV908); no document of the maker is public.
 *
 *   off  size  to the card, 1486 bytes       off  size  from the card, 1496 bytes
 *     0     6  destination: the card           12     2  AA 56
 *     6     6  source: the sender              14    32  header
 *    12     2  AA 55                           46  1450  unused
 *    14    32  header
 *    46  1440  chunk of the picture
 *
 *   header, counted from byte 14; numbers little-endian
 *     0     4  packet id: the number of the chunk, from 0
 *     4     4  0
 *     8     1  command: 00 none, 96 announce, 61 configuration
 *     9    22  its data
 *    31     1  checksum: bytes 4..31 add up to 0 modulo 256
 *
 *   announce (command 96), the header of packet 0
 *     9     3  0
 *    12     1  85
 *    13     1  geometry code G
 *    14     4  FF FF FF FF (a level? unknown)
 *    18     7  0
 *    25     6  the sender's address, equal to the frame's source
 *
 * A picture is one buffer of 24-bit pixels, width as G says, cut into chunks of 480 pixels. Its
 * first row is not shown: LED (x, y) is pixel (y + 1) * width + x. Packet 0 carries chunk 0 and
 * begins a picture; there is no latch. Broadcast, packet 0 is also the way to find cards.
 *
 * G means 32 * (G + 1) by 16 * (G + 1) pixels: a hypothesis that fits every published code (0F:
 * 512x256, 1F: 1024x512).
 *
 * Pure functions; any thread. Decoded structs point into the buffer (borrowed). */
#ifndef PROTOCOLS_WIRE_LINSN_H
#define PROTOCOLS_WIRE_LINSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define LINSN_ETHERTYPE_TO_CARD   0xAA55
#define LINSN_ETHERTYPE_FROM_CARD 0xAA56

#define LINSN_HEADER       46 /* bytes in front of the chunk: Ethernet and Linsn header */
#define LINSN_CHUNK        1440
#define LINSN_CHUNK_PIXELS 480
#define LINSN_DATA_LEN     1486
#define LINSN_REPLY_LEN    1496

#define LINSN_OFF_DESTINATION 0
#define LINSN_OFF_SOURCE      6
#define LINSN_OFF_ID          14
#define LINSN_OFF_COMMAND     22
#define LINSN_OFF_GEOMETRY    27
#define LINSN_OFF_LEVEL       28 /* 4 bytes; follow a change with linsn_set_checksum() */
#define LINSN_OFF_MAC         39
#define LINSN_OFF_CHECKSUM    45

enum linsn_command { LINSN_NONE = 0x00, LINSN_CONFIG = 0x61, LINSN_ANNOUNCE = 0x96 };

/* Both addresses that are seen with cards; which one a card wants is a setting. */
extern const uint8_t linsn_card_mac[6];     /* 00:00:00:00:00:00 */
extern const uint8_t linsn_card_mac_alt[6]; /* 00:00:00:00:00:fe */
extern const uint8_t linsn_broadcast[6];

/* The picture that geometry code g stands for. */
static inline uint32_t linsn_geometry_w(uint8_t g)
{
    return 32 * ((uint32_t)g + 1);
}

static inline uint32_t linsn_geometry_h(uint8_t g)
{
    return 16 * ((uint32_t)g + 1);
}

/* The smallest code whose picture holds w x h LEDs, or -ERANGE (beyond 8192 x 4096, or 0). */
int linsn_geometry_fit(uint32_t w, uint32_t h);

/* Chunks of a picture of code g when the first `rows` rows of LEDs are used, the blank row
 * included. rows <= linsn_geometry_h(g). */
uint32_t linsn_chunks(uint8_t g, uint32_t rows);

/* Where LED (x, y) lies: its pixel number in the buffer; the chunk is pixel / LINSN_CHUNK_PIXELS,
 * the byte in the chunk 3 * (pixel % LINSN_CHUNK_PIXELS). A pixel never straddles two chunks. */
static inline uint64_t linsn_pixel(uint8_t g, uint32_t x, uint32_t y)
{
    return ((uint64_t)y + 1) * linsn_geometry_w(g) + x;
}

/* Lay out LINSN_HEADER bytes: packet 0 with the announcement, or chunk `id` > 0. The chunk's bytes
 * are the caller's. */
void linsn_announce_header(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint8_t g);
void linsn_data_header(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint32_t id);

/* Recompute byte 45 after a change. The packet id is not covered. */
void linsn_set_checksum(uint8_t *buf);

/* A card's answer, LINSN_REPLY_LEN bytes (the virtual wall sends it). */
void linsn_reply(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint32_t id);

struct linsn_pkt {
    bool from_card;
    uint8_t dst[6], src[6];
    uint32_t id;
    uint8_t command;      /* enum linsn_command or unknown */
    const uint8_t *data;  /* the 22 bytes of the command, borrowed */
    uint8_t geometry;     /* announcements only */
    uint8_t level[4];     /* announcements only */
    uint8_t mac[6];       /* announcements only */
    const uint8_t *chunk; /* LINSN_CHUNK bytes, borrowed; NULL from a card */
};

/* Decode a frame; bytes behind it are ignored. A card's answer needs its header only. Returns 0;
 * -ENOMSG: another EtherType; -EBADMSG: cut, wrong checksum, or packet 0 whose announced address is
 * not the frame's source. */
QP_MUST_CHECK int linsn_decode(const uint8_t *buf, size_t len, struct linsn_pkt *ret);

#endif
