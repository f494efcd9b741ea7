/* SPDX-License-Identifier: Apache-2.0 */
/* colorlight.h - frames of ColorLight receiving cards (5A-75B, 5A-75E, E series): raw Ethernet.
 *
 * No document of the maker is public; the layout is what several independent senders agree on. A
 * frame has no EtherType: byte 12 is the packet type, its payload begins at byte 13.
 *
 *   off  size  to the card (all types)
 *     0     6  destination 11:22:33:44:55:66
 *     6     6  source, 22:22:33:44:55:66 by convention
 *    12     1  type
 *
 *   off  size  0x55 row                      off  size  0x01 latch, 112 bytes
 *    13     2  row, BE                        13     1  sender: 0x07 PC, 0x00 hardware sender
 *    15     2  first pixel, BE                35     1  brightness, linear
 *    17     2  pixels n, BE, 1..497           36     1  0x05 from a PC, 0 otherwise (unknown)
 *    19     2  08 88 (unknown)                38     3  brightness of the three channels
 *    21   3*n  pixels                       else        0
 *
 *   off  size  0x0A brightness, 77 bytes     off  size  0x07 query, 284 bytes
 *    13     3  the three channels             16     1  index of the card in the chain
 *    16     1  FF                           else        0
 *  else        0
 *
 *   off  size  0x08 reply, 1070 bytes, source 11:22:33:44:55:66, destination broadcast
 *    13     1  card family, 5 = 5A            51     4  packets received? BE
 *    15     2  firmware major, minor          59     4  uptime, ms, BE
 *    34     2  width, BE                      98     1  index of the card
 *    36     2  height, BE
 *
 * Whether the three brightness bytes are R,G,B or B,G,R is not settled: equal values avoid it.
 *
 * Lengths and offsets count from the destination address, without preamble and FCS. Pure functions;
 * any thread. Decoded structs point into the buffer that was decoded (borrowed). */
#ifndef PROTOCOLS_WIRE_COLORLIGHT_H
#define PROTOCOLS_WIRE_COLORLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define COLORLIGHT_ROW_HEADER     21  /* bytes in front of the pixels */
#define COLORLIGHT_ROW_MAX_PIXELS 497 /* what an MTU of 1500 holds */
#define COLORLIGHT_LATCH_LEN      112
#define COLORLIGHT_BRIGHTNESS_LEN 77
#define COLORLIGHT_QUERY_LEN      284
#define COLORLIGHT_REPLY_LEN      1070
#define COLORLIGHT_REPLY_MIN      99 /* what a decoder needs of a reply */
#define COLORLIGHT_MAX_CARDS      256

/* Where a frame that was laid out once is patched. */
#define COLORLIGHT_OFF_SOURCE           6
#define COLORLIGHT_OFF_TYPE             12
#define COLORLIGHT_OFF_LATCH_SENDER     13
#define COLORLIGHT_OFF_LATCH_BRIGHTNESS 35 /* 1 byte */
#define COLORLIGHT_OFF_LATCH_CHANNELS   38 /* 3 bytes */
#define COLORLIGHT_OFF_BRIGHTNESS       13 /* 3 bytes */
#define COLORLIGHT_OFF_QUERY_CARD       16

enum colorlight_type {
    COLORLIGHT_LATCH = 0x01,
    COLORLIGHT_QUERY = 0x07,
    COLORLIGHT_REPLY = 0x08,
    COLORLIGHT_BRIGHTNESS = 0x0A,
    COLORLIGHT_ROW = 0x55
};

enum colorlight_sender { COLORLIGHT_FROM_HARDWARE = 0x00, COLORLIGHT_FROM_PC = 0x07 };

extern const uint8_t colorlight_card_mac[6];   /* 11:22:33:44:55:66 */
extern const uint8_t colorlight_sender_mac[6]; /* 22:22:33:44:55:66 */

/* Bytes of a row frame of n pixels. */
static inline size_t colorlight_row_len(uint32_t n)
{
    return COLORLIGHT_ROW_HEADER + 3 * (size_t)n;
}

/* Each lays a whole frame (row: its header of COLORLIGHT_ROW_HEADER bytes) out with the
 * conventional addresses; buf must have room for the length named above.
 * n: 1..COLORLIGHT_ROW_MAX_PIXELS. */
void colorlight_row_header(uint8_t *buf, uint16_t row, uint16_t x, uint16_t n);
void colorlight_latch(uint8_t *buf, enum colorlight_sender sender, uint8_t brightness);
void colorlight_brightness(uint8_t *buf, uint8_t brightness);
void colorlight_query(uint8_t *buf, uint8_t card);

/* Patch the brightness of a latch or a brightness frame: the master byte and all channels. */
void colorlight_set_latch_brightness(uint8_t *buf, uint8_t brightness);
void colorlight_set_brightness(uint8_t *buf, uint8_t brightness);

struct colorlight_reply {
    uint8_t family; /* 5: 5A */
    uint8_t firmware_major, firmware_minor;
    uint16_t width, height; /* LEDs; of the chain or of the cabinet: not settled */
    uint32_t packets;       /* probably: packets received; 0 in several logs */
    uint32_t uptime_ms;
    uint8_t card; /* the index that was asked for */
};

/* What a card sends (the virtual wall answers with it); COLORLIGHT_REPLY_LEN bytes. */
void colorlight_reply(uint8_t *buf, const struct colorlight_reply *reply);

struct colorlight_pkt {
    uint8_t type; /* enum colorlight_type, or a configuration packet of the vendor's tool */
    union {
        struct {
            uint16_t row, x, n;    /* n >= 1 */
            const uint8_t *pixels; /* 3 * n bytes, borrowed */
        } row;
        struct {
            uint8_t sender;
            uint8_t brightness;
            uint8_t channels[3];
        } latch;
        struct {
            uint8_t channels[3];
        } brightness;
        struct {
            uint8_t card;
        } query;
        struct colorlight_reply reply;
        struct {
            const uint8_t *data; /* borrowed, from byte 13 */
            size_t len;
        } other;
    };
};

/* Decode a frame; bytes behind it (padding) are ignored. Rows longer than COLORLIGHT_ROW_MAX_PIXELS
 * are accepted where the bytes are there (jumbo frames). Returns 0; -ENOMSG: no ColorLight frame
 * (other addresses); -EBADMSG: one that is cut or whose fields contradict. */
QP_MUST_CHECK int colorlight_decode(const uint8_t *buf, size_t len, struct colorlight_pkt *ret);

#endif
