/* SPDX-License-Identifier: Apache-2.0 */
/* wallsock.h - messages on the socket between a sender and the virtual wall.
 *
 * The link "local:PATH" is a Unix socket of type SOCK_SEQPACKET: it keeps message borders, order
 * and back-pressure, and needs no privilege. The virtual wall listens, one sender connects. Each
 * message is a header and, behind it, the bytes that would have been on the wire. Numbers
 * big-endian.
 *
 *   off  size
 *     0     4  "QPWL"
 *     4     1  version, 1
 *     5     1  kind: 0 hello, 1 Ethernet frame, 2 UDP datagram
 *     6     2  port: index into the wall's outputs (hello: 0)
 *     8     8  when it was sent, ns of the sender's CLOCK_MONOTONIC
 *    16     2  UDP: destination port; else 0
 *    18     2  UDP: source port; else 0
 *    20        the packet; hello: the list below
 *
 *   hello     0     2  ports of the sender, in all
 *             2     2  index of the first one in this message
 *             4     2  how many are listed here
 *             6        for each: 1 byte length, then the name, UTF-8 without NUL
 *
 * The sender's first message is a hello; more follow until every port is named. What a card would
 * answer (discovery) goes the other way in the same framing, without a hello.
 *
 * Pure functions; any thread. Decoded structs point into the buffer (borrowed). */
#ifndef PROTOCOLS_WIRE_WALLSOCK_H
#define PROTOCOLS_WIRE_WALLSOCK_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define WALLSOCK_HEADER      20
#define WALLSOCK_VERSION     1
#define WALLSOCK_MAX_PACKET  9216 /* the largest packet carried: a jumbo frame */
#define WALLSOCK_MAX_MESSAGE (WALLSOCK_HEADER + WALLSOCK_MAX_PACKET)
#define WALLSOCK_NAME_MAX    255

#define WALLSOCK_OFF_TIME 8 /* patched by wallsock_set_time() */

enum wallsock_kind { WALLSOCK_HELLO, WALLSOCK_FRAME, WALLSOCK_UDP };

struct wallsock_msg {
    enum wallsock_kind kind;
    uint16_t port;
    int64_t time_ns;             /* >= 0 */
    uint16_t dst_port, src_port; /* WALLSOCK_UDP */
    const uint8_t *data;         /* borrowed */
    size_t len;                  /* 0..WALLSOCK_MAX_PACKET; the encoder does not look at either */
};

/* Lay out the WALLSOCK_HEADER bytes in front of a packet. */
void wallsock_header(uint8_t *buf, const struct wallsock_msg *msg);
void wallsock_set_time(uint8_t *buf, int64_t time_ns);

/* Decode one message. Returns 0; -ENOMSG: not this framing; -EPROTONOSUPPORT: another version;
 * -EBADMSG: cut, too long, unknown kind. */
QP_MUST_CHECK int wallsock_decode(const uint8_t *buf, size_t len, struct wallsock_msg *ret);

/* A whole hello message that names ports first, first + 1 ... as many of names[first .. total - 1]
 * as fit into cap (at most WALLSOCK_MAX_MESSAGE); *ret_n says how many. Names longer than
 * WALLSOCK_NAME_MAX bytes are cut. Call again with first + *ret_n until it reaches total. total is
 * at most 65535; with total 0 one empty hello. Returns the length, -EINVAL or -ENOBUFS (not even
 * one name fits). */
int wallsock_hello(uint8_t *buf, size_t cap, const char *const *names, size_t total, size_t first,
                   size_t *ret_n);

/* The list of a hello, taken from msg.data. */
struct wallsock_hello {
    uint16_t total;      /* ports of the sender */
    uint16_t first, n;   /* the ones listed: first + n <= total */
    const uint8_t *list; /* borrowed */
    size_t list_len;
};

/* Check a hello and every name in it. Returns 0 or -EBADMSG. */
QP_MUST_CHECK int wallsock_decode_hello(const struct wallsock_msg *msg, struct wallsock_hello *ret);

/* The i-th listed name (i < n) of a decoded hello: borrowed, not NUL-terminated, *ret_len bytes.
 * Text from outside: escape before printing. */
const char *wallsock_hello_name(const struct wallsock_hello *hello, uint16_t i, size_t *ret_len);

#endif
