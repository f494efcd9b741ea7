/* SPDX-License-Identifier: Apache-2.0 */
/* novastar.h - the control protocol of NovaStar sending cards: TCP port 5200 or a serial port.
 *
 * Source: the maker's "RS232 Protocol for Nova M3 Control System" V1.9. This is control only:
 * brightness, test pictures, monitoring. How pixels travel from a sending card to the receiving
 * cards is not public, so a NovaStar wall gets its picture over HDMI, DVI or DP.
 *
 *   off  size  numbers little-endian
 *     0     2  request 55 AA, reply AA 55
 *     2     1  ack: 0 ok, 1 the device behind did not answer, 2 and 3 checksum, 4 invalid command
 *     3     1  serial number, echoed
 *     4     1  source: FE the computer
 *     5     1  destination: sending card in the chain from 0, FF all
 *     6     1  device: 0 sending card, 1 receiving card, 2 function card
 *     7     1  output port from 0, FF all
 *     8     2  receiving card in the chain from 0, FFFF all
 *    10     1  0 read, 1 write
 *    11     1  0
 *    12     4  register
 *    16     2  N: bytes to read, bytes written, bytes returned
 *    18     N  data (a write, or the reply to a read)
 *  18+N     2  bytes 2 .. 17+N added up, plus 5555
 *
 * Pure functions; any thread. Decoded structs point into the buffer (borrowed). */
#ifndef PROTOCOLS_WIRE_NOVASTAR_H
#define PROTOCOLS_WIRE_NOVASTAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define NOVASTAR_TCP_PORT   5200
#define NOVASTAR_HEADER     18
#define NOVASTAR_OVERHEAD   20  /* header and checksum */
#define NOVASTAR_MAX_DATA   256 /* what every device takes */
#define NOVASTAR_MAX_PACKET (NOVASTAR_OVERHEAD + NOVASTAR_MAX_DATA)

#define NOVASTAR_COMPUTER   0xFE
#define NOVASTAR_ALL        0xFF /* destination, port */
#define NOVASTAR_ALL_BOARDS 0xFFFF

enum novastar_device {
    NOVASTAR_SENDING_CARD = 0,
    NOVASTAR_RECEIVING_CARD = 1,
    NOVASTAR_FUNCTION_CARD = 2
};

enum novastar_ack {
    NOVASTAR_OK = 0,
    NOVASTAR_NO_ANSWER = 1, /* from the device behind */
    NOVASTAR_BAD_REQUEST_CHECKSUM = 2,
    NOVASTAR_BAD_REPLY_CHECKSUM = 3,
    NOVASTAR_INVALID_COMMAND = 4
};

/* Registers; the comment says bytes and meaning. */
#define NOVASTAR_SENDER_MODEL    0x00000002u /* sending card, 2: model, 0 = none */
#define NOVASTAR_SENDER_DVI      0x02000017u /* sending card, 1: 1 = DVI signal present */
#define NOVASTAR_SENDER_BACKUP   0x0200001Eu /* sending card, 1: 2 bits a port, 2 = as backup */
#define NOVASTAR_SENDER_INPUT    0x02000023u /* sending card, 1: enum novastar_input */
#define NOVASTAR_CARD_MODEL      0x00000000u /* receiving card, 2: model, 0 = none */
#define NOVASTAR_CARD_VERSION    0x00000002u /* receiving card, 4: a.b.c.d */
#define NOVASTAR_CARD_SAVE       0x01000011u /* receiving card, 1: write NOVASTAR_SAVE */
#define NOVASTAR_CARD_BRIGHTNESS 0x02000001u /* receiving card, 1: 0..255; 4 more: R, G, B, vR */
#define NOVASTAR_CARD_BLACK      0x02000100u /* receiving card, 1: enum novastar_switch */
#define NOVASTAR_CARD_TEST       0x02000101u /* receiving card, 1: enum novastar_test */
#define NOVASTAR_CARD_FREEZE     0x02000102u /* receiving card, 1: enum novastar_switch */
#define NOVASTAR_CARD_MONITOR    0x0A000000u /* receiving card, up to 256: struct below */

#define NOVASTAR_SAVE 0x11

enum novastar_switch { NOVASTAR_OFF = 0x00, NOVASTAR_ON = 0xFF };

enum novastar_test {
    NOVASTAR_TEST_NONE = 0x00, /* back to the picture */
    NOVASTAR_TEST_RED = 0x02,
    NOVASTAR_TEST_GREEN = 0x03,
    NOVASTAR_TEST_BLUE = 0x04,
    NOVASTAR_TEST_WHITE = 0x05,
    NOVASTAR_TEST_HORIZONTAL = 0x06,
    NOVASTAR_TEST_VERTICAL = 0x07,
    NOVASTAR_TEST_DIAGONAL = 0x08,
    NOVASTAR_TEST_GREY = 0x09,
    NOVASTAR_TEST_AGEING = 0x0A
};

enum novastar_input {
    NOVASTAR_INPUT_SDI = 0x01,
    NOVASTAR_INPUT_HDMI = 0x05,
    NOVASTAR_INPUT_DVI = 0x58,
    NOVASTAR_INPUT_HDMI14 = 0x5A,
    NOVASTAR_INPUT_DP = 0x5F,
    NOVASTAR_INPUT_DUAL_DVI = 0x61
};

struct novastar_pkt {
    bool reply;
    uint8_t ack; /* enum novastar_ack or unknown; 0 in requests */
    uint8_t serial;
    uint8_t source, destination;
    uint8_t device; /* enum novastar_device or unknown */
    uint8_t port;
    uint16_t board;
    bool write;
    uint32_t address;
    uint16_t length;     /* N, 0..NOVASTAR_MAX_DATA */
    const uint8_t *data; /* length bytes, borrowed; NULL: a request to read */
};

/* Write a packet. Returns its length, -EINVAL (more than NOVASTAR_MAX_DATA, or data missing where
 * the kind of packet has it) or -ENOBUFS. */
int novastar_encode(const struct novastar_pkt *pkt, uint8_t *buf, size_t cap);

/* Find the next packet in a stream of bytes: look for a head, wait for the whole length, check the
 * checksum, otherwise go on one byte later. Returns 1 and *ret; 0: more bytes are needed. Either
 * way the first *ret_used bytes are done with (drop them after using *ret). len may be anything;
 * NOVASTAR_MAX_PACKET bytes always make progress. */
int novastar_scan(const uint8_t *buf, size_t len, size_t *ret_used, struct novastar_pkt *ret);

/* What a receiving card tells of itself, and of its monitoring card if it has one. */
struct novastar_level {
    bool valid;
    double value;
};

struct novastar_monitor {
    struct novastar_level temperature_c;
    struct novastar_level humidity_percent;
    struct novastar_level supply_v;
    bool has_card; /* a monitoring card is attached; the rest is 0 without one */
    struct novastar_level card_temperature_c;
    struct novastar_level card_humidity_percent;
    bool smoke;
    struct novastar_level fan_rpm[4];
    struct novastar_level voltage_v[9];
    uint8_t doors;           /* bit n: door n of the cabinet is open */
    uint8_t cables_open[16]; /* ribbon cable test, 128 bits, 1 = open */
};

#define NOVASTAR_MONITOR_MIN 4
#define NOVASTAR_MONITOR_LEN 82 /* everything above */

/* Decode the bytes of NOVASTAR_CARD_MONITOR. With fewer than NOVASTAR_MONITOR_LEN bytes the
 * monitoring card is left out. Returns 0, or -EBADMSG (fewer than NOVASTAR_MONITOR_MIN). */
QP_MUST_CHECK int novastar_decode_monitor(const uint8_t *buf, size_t len,
                                          struct novastar_monitor *ret);

#endif
