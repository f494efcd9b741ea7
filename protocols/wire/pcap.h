/* SPDX-License-Identifier: Apache-2.0 */
/* pcap.h - capture files: pcapng and classic pcap, written and read.
 *
 * Writing gives bytes for the caller to write(2): a pcapng file is pcap_section(), one
 * pcap_interface() a port, then pcap_packet_head(), the packet and pcap_packet_tail() for each
 * packet. Everything is written little-endian with nanosecond times.
 *
 * Reading is a push parser: the caller keeps a buffer, pcap_reader_next() takes whole blocks from
 * its front. It reads both endiannesses, classic pcap with microseconds and nanoseconds, several
 * pcapng sections, enhanced, simple and (obsolete) plain packet blocks, any time resolution and
 * offset; blocks and options that it does not know are skipped. Memory is bounded: PCAP_MAX_BLOCK
 * bytes of the caller's and PCAP_MAX_INTERFACES interfaces.
 *
 * Sources: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap. A reader belongs to one thread. */
#ifndef PROTOCOLS_WIRE_PCAP_H
#define PROTOCOLS_WIRE_PCAP_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

/* Link types (the registry of tcpdump.org) that udpip_decode() knows. */
enum pcap_linktype {
    PCAP_ETHERNET = 1,
    PCAP_RAW = 101,
    PCAP_LINUX_SLL = 113,
    PCAP_IPV4 = 228,
    PCAP_IPV6 = 229,
    PCAP_LINUX_SLL2 = 276
};

#define PCAP_MAX_BLOCK      (1u << 20) /* bytes of one block or packet */
#define PCAP_MAX_INTERFACES 65536u     /* of one section */
#define PCAP_NAME_MAX       255        /* bytes of an interface's name that are kept */
#define PCAP_MAX_PACKET     262144u    /* bytes of one packet: the usual snap length */

/* --- writing ------------------------------------------------------------------------- */

#define PCAP_PACKET_HEAD    28 /* enhanced packet block, in front of the packet */
#define PCAP_PACKET_TAIL    8  /* at most: padding to 4 bytes and the length again */
#define PCAP_CLASSIC_HEADER 24
#define PCAP_CLASSIC_RECORD 16

/* Section header block; application: a name for the file, e.g. "qp-player", may be NULL, at most
 * 255 bytes are kept. Returns the length or -ENOBUFS. 320 bytes always suffice. */
int pcap_section(uint8_t *buf, size_t cap, const char *application);

/* Interface description block. Interfaces are numbered from 0 in the order written. Name as above.
 * Returns the length or -ENOBUFS. 320 bytes always suffice. */
int pcap_interface(uint8_t *buf, size_t cap, enum pcap_linktype linktype, const char *name);

/* The two ends of an enhanced packet block around `len` <= PCAP_MAX_PACKET bytes: head fills
 * PCAP_PACKET_HEAD bytes, tail at most PCAP_PACKET_TAIL and returns how many. time_ns since 1970,
 * UTC. */
void pcap_packet_head(uint8_t *buf, uint32_t interface, uint64_t time_ns, uint32_t len);
size_t pcap_packet_tail(uint8_t *buf, uint32_t len);

/* Classic pcap with nanosecond times: the file's header, and the header of one record. */
void pcap_classic_header(uint8_t *buf, enum pcap_linktype linktype);
void pcap_classic_record(uint8_t *buf, uint64_t time_ns, uint32_t len);

/* --- reading ------------------------------------------------------------------------- */

struct pcap_packet {
    uint32_t interface;  /* of the section; 0 in classic files */
    uint16_t linktype;   /* enum pcap_linktype or another */
    const char *name;    /* of the interface, "" if it has none; borrowed from the reader, valid
                            until the next call */
    uint64_t time_ns;    /* since 1970, UTC; 0 in simple packet blocks */
    const uint8_t *data; /* borrowed from the caller's buffer */
    uint32_t len;        /* bytes captured */
    uint32_t wire_len;   /* bytes that were on the wire, >= len */
};

struct pcap_reader;

QP_MUST_CHECK int pcap_reader_create(struct pcap_reader **ret); /* -ENOMEM */
void pcap_reader_destroy(struct pcap_reader *reader);           /* NULL is fine */

/* Look at buf, the file from where the last call left off. *ret_used bytes are done with, always
 * (even when the call fails); they may be dropped once the packet has been used. Returns
 *   1  *ret is the next packet;
 *   0  more bytes are needed: behind the used ones there is no whole block. At the end of the file
 *      that is the end if nothing is left, otherwise the file is cut;
 *  -EINVAL  not a capture file, or damaged beyond this point (diag says how); the reader stays so;
 *  -E2BIG   a block, packet or number of interfaces beyond the limits above; stays so;
 *  -ENOMEM.
 * A buffer of PCAP_MAX_BLOCK bytes always makes progress. */
QP_MUST_CHECK int pcap_reader_next(struct pcap_reader *reader, const uint8_t *buf, size_t len,
                                   size_t *ret_used, struct pcap_packet *ret, struct qp_diag *diag);

#endif
