/* SPDX-License-Identifier: Apache-2.0 */
/* ddp.h - Distributed Display Protocol, UDP port 4048 (3waylabs, text of 2022).
 *
 *   off  size
 *     0     1  flags: 40 version 1; 10 timecode present; 08 storage; 04 reply; 02 query; 01 push
 *     1     1  bits 3-0: sequence 1..15, 0 = not used
 *     2     1  data type: 80 custom; bits 5-3 kind (1 RGB, 2 HSL, 3 RGBW, 4 grey); bits 2-0 size
 *     3     1  id: 1 default output; 246 control, 250 config, 251 status (JSON); 254 DMX; 255 all
 *     4     4  offset in bytes, BE
 *     8     2  length in bytes, BE; of a query: bytes wanted
 *    10     4  timecode, BE, only if flagged: the middle 32 bits of NTP time
 *  10/14       data
 *
 * A picture is a run of packets with growing offsets; the last one has push set. Pure functions;
 * any thread. Decoded structs point into the buffer (borrowed). */
#ifndef PROTOCOLS_WIRE_DDP_H
#define PROTOCOLS_WIRE_DDP_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define DDP_PORT        4048
#define DDP_HEADER      10
#define DDP_HEADER_TIME 14   /* with timecode */
#define DDP_MAX_DATA    1440 /* recommended largest; 480 pixels */

#define DDP_OFF_FLAGS    0
#define DDP_OFF_SEQUENCE 1
#define DDP_OFF_OFFSET   4
#define DDP_OFF_LENGTH   8
#define DDP_OFF_TIMECODE 10

enum ddp_flags {
    DDP_PUSH = 0x01,
    DDP_QUERY = 0x02,
    DDP_REPLY = 0x04,
    DDP_STORAGE = 0x08,
    DDP_TIMECODE = 0x10,
    DDP_VERSION_1 = 0x40 /* set by the encoder, required by the decoder */
};

enum ddp_type {
    DDP_TYPE_UNDEFINED = 0x00,
    DDP_TYPE_RGB8 = 0x0B,
    DDP_TYPE_RGB16 = 0x0C,
    DDP_TYPE_RGBW8 = 0x1B
};

enum ddp_id {
    DDP_ID_DEFAULT = 1,
    DDP_ID_CONTROL = 246,
    DDP_ID_CONFIG = 250,
    DDP_ID_STATUS = 251,
    DDP_ID_DMX = 254,
    DDP_ID_ALL = 255
};

struct ddp_pkt {
    uint8_t flags;    /* enum ddp_flags without DDP_VERSION_1 */
    uint8_t sequence; /* 0..15 */
    uint8_t type;     /* any; DDP_TYPE_RGB8 is what to send */
    uint8_t id;
    uint32_t offset;     /* bytes */
    uint16_t length;     /* bytes of data, or wanted by a query */
    uint32_t timecode;   /* valid with DDP_TIMECODE, else 0 */
    const uint8_t *data; /* borrowed */
    size_t data_len;     /* == length; of a query: whatever follows (a JSON hint), often 0 */
};

/* Write the header only: DDP_HEADER, or DDP_HEADER_TIME bytes with DDP_TIMECODE in flags. data and
 * data_len are not looked at. Returns the bytes written, -EINVAL (sequence above 15, an unknown
 * flag) or -ENOBUFS (cap). */
int ddp_encode_header(const struct ddp_pkt *pkt, uint8_t *buf, size_t cap);

/* Header and data_len bytes of data. -EINVAL also when data_len is not length (but of a query). */
int ddp_encode(const struct ddp_pkt *pkt, uint8_t *buf, size_t cap);

/* The next sequence number: 1, 2 ... 15, 1. 0 begins. */
static inline uint8_t ddp_next_sequence(uint8_t sequence)
{
    return (uint8_t)(sequence % 15 + 1);
}

/* Decode a datagram. Any data type and reserved bit is accepted, and bytes behind the data are
 * ignored, as receivers do. Returns 0; -ENOMSG: another version; -EBADMSG: cut. */
QP_MUST_CHECK int ddp_decode(const uint8_t *buf, size_t len, struct ddp_pkt *ret);

#endif
