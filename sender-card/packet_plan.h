/* SPDX-License-Identifier: Apache-2.0 */
/* packet_plan.h - the packets of a port, laid out once: how long each is, where its bytes lie in a
 * set, where it goes, and which of its bytes are whose pixels.
 *
 * Built by one thread (driver.h: layout), constant afterwards. */
#ifndef SENDER_CARD_PACKET_PLAN_H
#define SENDER_CARD_PACKET_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"
#include "sender-card/sender.h"

enum driver_medium { DRIVER_ETHERNET, DRIVER_UDP };

/* One packet of a frame: an Ethernet frame without FCS, or the payload of a UDP datagram. */
struct packet {
    size_t offset; /* of its first byte in a set */
    uint32_t len;
    uint32_t ip; /* IPv4 in host order; 0: where the link points */
};

/* A frame of a port: the first n_packets - n_latch packets are spread over the interval, the last
 * n_latch leave together at the instant. Packets lie one behind the other, 64-byte aligned. */
struct packet_plan {
    struct packet *packets;
    size_t n_packets, cap_packets;
    struct sender_slot *slots;
    size_t n_slots, cap_slots;
    size_t set_bytes;
    uint32_t n_latch;
    /* Not 0: receivers of other outputs obey this latch as well, if theirs has the same key. */
    uint32_t latch_key;
};

/* Append. packet_plan_add writes where the packet's bytes begin. Both return 0 or -ENOMEM. */
QP_MUST_CHECK int packet_plan_add(struct packet_plan *plan, uint32_t len, uint32_t ip,
                                  size_t *ret_offset);
QP_MUST_CHECK int packet_plan_add_slot(struct packet_plan *plan, uint64_t cell, uint32_t n,
                                       size_t offset);
void packet_plan_finish(struct packet_plan *plan);

/* Bytes that a packet costs on an Ethernet wire: headers of UDP over IPv4 where they apply, the
 * minimum frame of 64, FCS 4, preamble 8, gap 12 (IEEE 802.3). */
uint32_t packet_wire_bytes(enum driver_medium medium, uint32_t len);

#endif
