/* SPDX-License-Identifier: Apache-2.0 */
/* sacn.h - streaming ACN: ANSI E1.31-2018, UDP port 5568. All numbers big-endian.
 *
 *   off  size  root layer of every packet    off  size  data: framing layer
 *     0     2  0010                           38     2  7000 | length - 38
 *     2     2  0000                           40     4  00000002
 *     4    12  "ASC-E1.17" and NULs           44    64  source name, UTF-8
 *    16     2  7000 | length - 16            108     1  priority 0..200
 *    18     4  vector: 4 data, 8 extended    109     2  synchronization address, 0 = none
 *    22    16  CID                           111     1  sequence
 *                                            112     1  options
 *   off  size  sync, 49 bytes                113     2  universe 1..63999
 *    38     2  700B                                     DMP layer
 *    40     4  00000001                      115     2  7000 | length - 115
 *    44     1  sequence                      117     4  02 A1 0000
 *    45     2  synchronization address       121     2  0001
 *    47     2  0                             123     2  1 + slots
 *                                            125     1  start code
 *   off  size  discovery                     126        slots, at most 512
 *    38     2  7000 | length - 38
 *    40     4  00000002
 *    44    64  source name
 *   108     4  0
 *   112     2  7000 | length - 112
 *   114     4  00000001
 *   118     2  page, last page
 *   120        universes, ascending, at most 512
 *
 * Pure functions; any thread. Decoded structs point into the buffer (borrowed). */
#ifndef PROTOCOLS_WIRE_SACN_H
#define PROTOCOLS_WIRE_SACN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define SACN_PORT               5568
#define SACN_DATA_HEADER        126 /* start code included */
#define SACN_MAX_SLOTS          512
#define SACN_SYNC_LEN           49
#define SACN_DISCOVERY_HEADER   120
#define SACN_DISCOVERY_MAX      512 /* universes a page */
#define SACN_DISCOVERY_UNIVERSE 64214
#define SACN_MAX_UNIVERSE       63999
#define SACN_DEFAULT_PRIORITY   100
#define SACN_MAX_PRIORITY       200
#define SACN_NAME_LEN           64 /* with the NUL */

#define SACN_OFF_PRIORITY      108
#define SACN_OFF_SYNC_ADDRESS  109
#define SACN_OFF_SEQUENCE      111
#define SACN_OFF_OPTIONS       112
#define SACN_OFF_UNIVERSE      113
#define SACN_OFF_START_CODE    125
#define SACN_OFF_SLOTS         126
#define SACN_OFF_SYNC_SEQUENCE 44

enum sacn_options {
    SACN_PREVIEW = 0x80,    /* not to be shown live */
    SACN_TERMINATED = 0x40, /* the source stops; the levels are not to be used */
    SACN_FORCE_SYNC = 0x20  /* 1: update freely when synchronization packets stop */
};

enum sacn_start_code { SACN_LEVELS = 0x00, SACN_SLOT_PRIORITY = 0xDD };

enum sacn_kind { SACN_DATA, SACN_SYNC, SACN_DISCOVERY };

struct sacn_source {
    uint8_t cid[16];          /* stable: a UUID of RFC 4122 */
    char name[SACN_NAME_LEN]; /* UTF-8, NUL-terminated */
};

struct sacn_data {
    uint8_t priority;      /* 0..200 */
    uint16_t sync_address; /* 0: none */
    uint8_t sequence;
    uint8_t options;   /* enum sacn_options */
    uint16_t universe; /* 1..63999 */
    uint8_t start_code;
    uint16_t n_slots;     /* 0..512 */
    const uint8_t *slots; /* borrowed; the encoder does not look at it */
};

struct sacn_pkt {
    enum sacn_kind kind;
    uint8_t cid[16];
    char name[SACN_NAME_LEN]; /* "" in sync packets */
    union {
        struct sacn_data data;
        struct {
            uint8_t sequence;
            uint16_t address; /* 1..63999 */
        } sync;
        struct {
            uint8_t page, last_page;
            uint16_t n;
            const uint8_t *universes; /* borrowed; n numbers of 2 bytes, BE, ascending */
        } discovery;
    };
};

/* Lay out the SACN_DATA_HEADER bytes in front of n_slots slots. Patch sequence, options and
 * priority at their offsets. Returns SACN_DATA_HEADER, or -EINVAL (a value out of range). */
int sacn_data_header(uint8_t *buf, const struct sacn_source *source, const struct sacn_data *data);

/* SACN_SYNC_LEN bytes; address 1..63999. */
void sacn_sync(uint8_t *buf, const uint8_t cid[16], uint16_t address, uint8_t sequence);

/* One page: SACN_DISCOVERY_HEADER + 2 * n bytes; n <= SACN_DISCOVERY_MAX universes, ascending.
 * Returns the length, -EINVAL or -ENOBUFS. */
int sacn_discovery(uint8_t *buf, size_t cap, const struct sacn_source *source, uint8_t page,
                   uint8_t last_page, const uint16_t *universes, size_t n);

/* 239.255.hi.lo of a universe (or synchronization address), in network byte order as four bytes. */
void sacn_multicast_ip4(uint16_t universe, uint8_t ret[4]);
void sacn_multicast_ip6(uint16_t universe, uint8_t ret[16]); /* ff18::83:00:hi:lo */

/* E1.31 6.7.2: a packet whose sequence lies 0..19 behind the last one is out of order. */
bool sacn_sequence_ok(uint8_t last, uint8_t sequence);

/* Decode a datagram; bytes behind it are ignored. Returns 0; -ENOMSG: not E1.31; -EBADMSG: cut,
 * lengths that contradict, priority above 200, universe 0 or above 63999. */
QP_MUST_CHECK int sacn_decode(const uint8_t *buf, size_t len, struct sacn_pkt *ret);

#endif
