/* SPDX-License-Identifier: Apache-2.0 */
/* sender.h - pixels onto wires on time: every port of a wall behind one object.
 *
 * The sender lays the packets of each port out once, in several identical sets. A renderer takes an
 * idle set, writes pixel bytes at the places that the layout names, and hands the set back with the
 * instant at which the picture is to be latched. The sender's thread stamps counters and
 * brightness, spreads the packets over the frame interval, waits for the instant and sends the
 * latch. A frame is atomic: if not every packet of a port left, that port gets no latch and keeps
 * its old picture.
 *
 * Threads: create, start, stop and destroy from one thread; acquire and submit from one other (the
 * render thread); set_brightness and the statistics from any. After start, acquire, submit and the
 * sender's own threads allocate nothing and take no lock. */
#ifndef SENDER_CARD_SENDER_H
#define SENDER_CARD_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/report.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/wall.h"

#define SENDER_SETS 3 /* one being filled, one waiting, one on the wire */

/* n consecutive cells of the port, 3 bytes each (bits <= 8), lie at byte `offset` of a set. */
struct sender_slot {
    uint64_t cell;
    uint32_t n;
    size_t offset;
};

struct sender_layout {
    enum wall_addressing addressing;
    const struct sender_slot *slots; /* owned by the sender; ascending cells, no overlap */
    size_t n_slots;
};

/* What a port costs per frame; `qp wall check` prints it and refuses overload. */
struct sender_load {
    uint64_t pixels;      /* cells sent */
    uint64_t packets;     /* per frame, all kinds */
    uint64_t wire_bytes;  /* per frame with headers, FCS, preamble and gap */
    double mbps;          /* at the wall's rate */
    double capacity_mbps; /* of the link, less the time that the latch gap takes */
    double share;         /* mbps / capacity_mbps */
};

struct sender_params {
    const struct wall *wall; /* borrowed until destroy */
    /* NULL or "as-configured": the links of the wall file. "pcap:FILE": all ports into one capture
     * file (pcapng, an interface a port). "local:PATH": all ports to a virtual wall's socket. */
    const char *link;
    const char *state_dir; /* for the sACN CID and sequences; NULL: kept in memory only */
    bool paced; /* false: as fast as the link takes them, no deadlines (benchmarks, pcap) */
    /* Threads that send, the ports dealt among them; 0 = as many as the packets of the wall need, a
     * thread for each 400 000 a second, and no more than there are processors. Ports that share a
     * capture or a virtual wall are always served by one. */
    unsigned tx_threads;
};

struct sender;
struct sender_frame; /* one set of packets of every port */

/* Check drivers, options, links and load of every output without opening anything. Findings go to
 * report; loads (may be NULL) has room for wall->n_outputs. Returns 0 or -EINVAL. */
QP_MUST_CHECK int sender_check(const struct wall *wall, struct sender_load *loads,
                               struct qp_report *report);

/* Lay out the packets and open the links. A link whose interface is missing or down is no error: it
 * is retried for ever in the background and counted. Returns 0 or -EINVAL (bad options), -EPERM
 * (raw sockets need CAP_NET_RAW; diag says how to get it), -ENOENT (local socket, with the remedy),
 * -ENOSPC, -ENOMEM ... */
QP_MUST_CHECK int sender_create(struct sender **ret, const struct sender_params *params,
                                struct qp_diag *diag);
void sender_destroy(struct sender *sender); /* stops first; NULL is fine */

QP_MUST_CHECK int sender_start(struct sender *sender, struct qp_diag *diag);
void sender_stop(struct sender *sender); /* the frame under way is finished or dropped whole */

const struct sender_layout *sender_layout(const struct sender *sender, uint32_t port);

/* An idle set, or NULL if all are under way. */
struct sender_frame *sender_acquire(struct sender *sender);

/* Where the bytes of a port's set begin; slot offsets count from here. Valid until submit. */
uint8_t *sender_frame_bytes(struct sender_frame *frame, uint32_t port);

/* Send this set: packets are paced over [start_ns, latch_ns - latch gap], the latch leaves at
 * latch_ns (both CLOCK_MONOTONIC). n is the lattice index, stamped where a protocol has room.
 * Takes the frame back. */
void sender_submit(struct sender *sender, struct sender_frame *frame, int64_t n, int64_t start_ns,
                   int64_t latch_ns);

/* Light of the whole wall for walls dimmed by the card, 0..1; takes effect with the next frame. */
void sender_set_brightness(struct sender *sender, double level);

struct sender_port_stats {
    uint64_t frames;     /* latched */
    uint64_t late;       /* latched after the next lattice point */
    uint64_t skipped;    /* submitted, never begun: the next frame was already due */
    uint64_t incomplete; /* begun, a packet did not leave: no latch */
    uint64_t overdue;    /* of these: time ran out (a full queue, a busy machine), not the link */
    uint64_t packets, bytes;
    uint64_t short_sends, eagain, errors;
    uint64_t carrier_changes, failovers;
    /* From the carrier event to the first packet on the backup, worst: frames begun, and time. */
    uint64_t failover_frames_max;
    int64_t failover_ns_max;
    bool carrier;
    bool on_backup;
    uint32_t speed_mbps;        /* negotiated; 0 = unknown */
    int64_t latch_error_ns_max; /* latch sent this long after its instant, worst */
    uint32_t cards;             /* receiving cards that answered lately; telemetry, never a gate */
    char firmware[32];          /* of the first card; "" = unknown */
    int64_t silent_ms;          /* since the last answer of a card; -1 = never heard */
    /* Of the interface in use: -1 unknown, 0 off, 1 on; and the kernel's own counters. */
    int full_duplex, eee, pause;
    uint64_t nic_tx_errors, nic_tx_dropped, nic_tx_carrier_errors;
};

void sender_stats(const struct sender *sender, uint32_t port, struct sender_port_stats *ret);

/* What keeps the sender from being called healthy just now, a sentence each with its remedy: a link
 * that does not carry, less than 1000 Mbit/s to LED cards, half duplex, Energy-Efficient Ethernet
 * or pause frames, a full disk, cards that do not answer, an sACN state that cannot be stored.
 * Output goes on regardless. Fills at most max of ret, returns how many there are. Any thread; it
 * opens and waits for nothing. */
size_t sender_warnings(const struct sender *sender, struct qp_diag *ret, size_t max);

#endif
