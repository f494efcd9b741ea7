/* SPDX-License-Identifier: Apache-2.0 */
/* artnet.h - Art-Net 4, UDP port 6454 from and to (Artistic Licence; art-net.org.uk).
 *
 *   off  size  all                           off  size  ArtDmx (5000)
 *     0     8  "Art-Net" and NUL              12     1  sequence 1..255, 0 = not used
 *     8     2  opcode, LE                     13     1  physical input
 *    10     2  protocol 14, BE                14     2  port-address, LE, 15 bits
 *              (not in ArtPollReply)          16     2  length, BE, 2..512, even
 *                                             18        levels
 *   off  size  ArtPoll (2000)
 *    12     1  flags                         off  size  ArtSync (5200)
 *    13     1  diagnostics priority           12     2  0
 *    14     2  top port-address, BE     \
 *    16     2  bottom port-address, BE   | since Art-Net 4,
 *    18     2  ESTA maker, BE            | may be absent
 *    20     2  OEM, BE                  /
 *
 *   off  size  ArtPollReply (2100), 239 bytes; a receiver needs 198, later fields are 0
 *    10     4  IPv4 address                  178     4  GoodInput
 *    14     2  port 6454, LE                 182     4  GoodOutputA
 *    16     2  firmware, BE                  186     4  SwIn: low nibble of the universe
 *    18     1  NetSwitch: bits 14-8          190     4  SwOut
 *    19     1  SubSwitch: bits 7-4           194     3  AcnPriority, SwMacro, SwRemote
 *    20     2  OEM, BE                       200     1  style
 *    22     1  UBEA version                  201     6  MAC
 *    23     1  status 1                      207     4  BindIp
 *    24     2  ESTA maker, LE                211     1  BindIndex
 *    26    18  short name                    212     1  status 2
 *    44    64  long name                     213     4  GoodOutputB
 *   108    64  node report                   217     1  status 3
 *   172     2  ports, BE, 0..4               218     6  responder UID
 *   174     4  PortTypes                     224     2  user, BE; 226 2 refresh rate, BE, Hz
 *
 * Port-addresses count from 0. Pure functions; any thread. Decoded structs point into the buffer
 * (borrowed). */
#ifndef PROTOCOLS_WIRE_ARTNET_H
#define PROTOCOLS_WIRE_ARTNET_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define ARTNET_PORT           6454
#define ARTNET_PROTOCOL       14
#define ARTNET_DMX_HEADER     18
#define ARTNET_DMX_MAX        512
#define ARTNET_SYNC_LEN       14
#define ARTNET_POLL_LEN       22
#define ARTNET_POLL_MIN       14
#define ARTNET_POLL_REPLY_LEN 239
#define ARTNET_POLL_REPLY_MIN 198
#define ARTNET_MAX_UNIVERSE   32767 /* port-addresses are 0..32767 */

#define ARTNET_OFF_OPCODE   8
#define ARTNET_OFF_SEQUENCE 12
#define ARTNET_OFF_PHYSICAL 13
#define ARTNET_OFF_UNIVERSE 14
#define ARTNET_OFF_LENGTH   16
#define ARTNET_OFF_DATA     18

enum artnet_opcode {
    ARTNET_POLL = 0x2000,
    ARTNET_POLL_REPLY = 0x2100,
    ARTNET_DMX = 0x5000,
    ARTNET_NZS = 0x5100, /* ArtDmx with a start code instead of the physical input */
    ARTNET_SYNC = 0x5200
};

enum artnet_poll_flags {
    ARTNET_POLL_ON_CHANGE = 0x02,
    ARTNET_POLL_DIAGNOSTICS = 0x04,
    ARTNET_POLL_DIAGNOSTICS_UNICAST = 0x08,
    ARTNET_POLL_NO_VLC = 0x10,
    ARTNET_POLL_TARGETED = 0x20
};

struct artnet_poll {
    uint8_t flags;
    uint8_t priority;     /* of diagnostics: 0x10 low .. 0xF0 volatile */
    uint16_t top, bottom; /* targeted port-addresses */
    uint16_t esta, oem;
};

struct artnet_poll_reply {
    uint8_t ip[4];
    uint16_t port;
    uint16_t firmware;
    uint8_t net, subnet; /* 0..127, 0..15 */
    uint16_t oem;
    uint8_t ubea;
    uint8_t status1;
    uint16_t esta;
    char short_name[18]; /* NUL-terminated */
    char long_name[64];
    char report[64];
    uint16_t n_ports; /* 0..4 */
    uint8_t port_types[4], good_input[4], good_output[4];
    uint8_t sw_in[4], sw_out[4];
    uint8_t acn_priority, macro, remote;
    uint8_t style;
    uint8_t mac[6];
    uint8_t bind_ip[4];
    uint8_t bind_index;
    uint8_t status2;
    uint8_t good_output_b[4];
    uint8_t status3;
    uint8_t uid[6];
    uint16_t user, refresh_hz;
};

struct artnet_pkt {
    uint16_t opcode; /* enum artnet_opcode, or another one */
    union {
        struct {
            uint8_t sequence;
            uint8_t physical;    /* ArtNzs: the start code */
            uint16_t universe;   /* port-address, 0..32767 */
            uint16_t length;     /* 1..512 */
            const uint8_t *data; /* borrowed */
        } dmx;                   /* ARTNET_DMX and ARTNET_NZS */
        struct artnet_poll poll;
        struct artnet_poll_reply reply;
        struct {
            const uint8_t *data; /* borrowed; what follows the opcode */
            size_t len;
        } other;
    };
};

/* Lay out ARTNET_DMX_HEADER bytes, sequence 0. universe 0..ARTNET_MAX_UNIVERSE; length 2..512, even
 * (send a zero more where the levels are odd). */
void artnet_dmx_header(uint8_t *buf, uint16_t universe, uint16_t length);

/* ARTNET_SYNC_LEN bytes. */
void artnet_sync(uint8_t *buf);

/* ARTNET_POLL_LEN and ARTNET_POLL_REPLY_LEN bytes. */
void artnet_poll(uint8_t *buf, const struct artnet_poll *poll);
void artnet_poll_reply(uint8_t *buf, const struct artnet_poll_reply *reply);

/* The port-address of output `port` (0..3) of a node. */
uint16_t artnet_reply_output(const struct artnet_poll_reply *reply, unsigned port);

/* The next sequence number: 1 ... 255, 1. 0 begins. */
static inline uint8_t artnet_next_sequence(uint8_t sequence)
{
    return (uint8_t)(sequence % 255 + 1);
}

/* Decode a datagram: protocol versions from 14 up, ArtPoll from 14 bytes, ArtPollReply from 198;
 * bytes behind are ignored. Returns 0; -ENOMSG: not Art-Net; -EBADMSG: cut, an older version or a
 * value out of range. */
QP_MUST_CHECK int artnet_decode(const uint8_t *buf, size_t len, struct artnet_pkt *ret);

#endif
