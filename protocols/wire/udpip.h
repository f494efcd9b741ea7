/* SPDX-License-Identifier: Apache-2.0 */
/* udpip.h - Ethernet, IP and UDP headers around a payload, for captures and raw sockets.
 *
 * RFC 791, 8200, 768, 1071; IEEE 802.1Q; the Linux cooked headers of tcpdump.org. Pure functions;
 * any thread. */
#ifndef PROTOCOLS_WIRE_UDPIP_H
#define PROTOCOLS_WIRE_UDPIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

#define UDPIP_HEADER_V4   42 /* Ethernet 14, IPv4 20, UDP 8 */
#define UDPIP_HEADER_V6   62 /* Ethernet 14, IPv6 40, UDP 8 */
#define UDPIP_HEADER_MAX  UDPIP_HEADER_V6
#define UDPIP_MAX_PAYLOAD 65507 /* what IPv4 can say; used for both */

struct udpip_flow {
    uint8_t src_mac[6], dst_mac[6];
    bool v6;
    uint8_t src_ip[16], dst_ip[16]; /* IPv4: the first four bytes */
    uint16_t src_port, dst_port;
    uint8_t ttl;
    uint16_t ip_id; /* IPv4 identification */
};

/* The headers for this payload, checksums included, into buf[UDPIP_HEADER_MAX]; the payload itself
 * is not copied. Returns UDPIP_HEADER_V4 or _V6, or -EINVAL (longer than UDPIP_MAX_PAYLOAD). */
int udpip_header(uint8_t *buf, const struct udpip_flow *flow, const uint8_t *payload, size_t len);

/* The Ethernet address that belongs to an IP multicast or broadcast destination; for a unicast one
 * a locally administered address made from the IP address, for captures. ip as in struct
 * udpip_flow.*/
void udpip_mac_for(bool v6, const uint8_t *ip, uint8_t ret[6]);

struct udpip_datagram {
    bool v6;
    uint8_t src_ip[16], dst_ip[16]; /* IPv4: the first four bytes, the rest 0 */
    uint16_t src_port, dst_port;
    uint16_t checksum;      /* as received; 0: none (IPv4 only) */
    const uint8_t *payload; /* borrowed */
    size_t len;
};

/* Find the UDP datagram in a packet of this link type (enum pcap_linktype): Ethernet with up to two
 * VLAN tags, Linux cooked v1 and v2, raw IP; IPv4 with options, IPv6 with extension headers.
 * Checksums are not looked at: a capture of the own machine's packets has them unfilled. Returns 0;
 * -ENOMSG: something else than UDP over IP; -EBADMSG: cut or contradicting lengths; -EOPNOTSUPP: a
 * fragment or an unknown link type. */
QP_MUST_CHECK int udpip_decode(uint16_t linktype, const uint8_t *buf, size_t len,
                               struct udpip_datagram *ret);

/* Whether the UDP checksum is right (or absent in IPv4). */
bool udpip_checksum_ok(const struct udpip_datagram *datagram);

#endif
