/* SPDX-License-Identifier: Apache-2.0 */
/* virtual.h - the virtual wall: packets in, the picture that the LEDs would show out.
 *
 * It judges the sender, and so it shares nothing with it but the wall description and the byte
 * layouts of protocols/wire. Every packet is put where its protocol says; a frame becomes visible
 * only at its latch:
 *
 *   ColorLight   the latch frame; a second one without pixels in between is folded
 *   Linsn        the next packet 0
 *   DDP          push
 *   Art-Net      ArtSync, or the last missing universe when no ArtSync came for 4 s
 *   sACN         the synchronization packet of its address, or the last missing universe
 *
 * What a packet did not bring keeps its old light, as on a card. Anything may be fed: what is
 * malformed, out of range or not ours is counted with its reason.
 *
 * A wall belongs to one thread at a time; the caller locks where several use it. virtual_paint
 * reads only what never changes after create, and the snapshot: it may run beside the feeding
 * thread. */
#ifndef SENDER_CARD_VIRTUAL_VIRTUAL_H
#define SENDER_CARD_VIRTUAL_VIRTUAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "protocols/base/diag.h"
#include "protocols/wall/wall.h"
#include "protocols/wire/pcap.h"
#include "protocols/wire/udpip.h"

#define VIRTUAL_ANY_PORT UINT32_MAX /* not known: find it by driver, address and universe */

struct virtual_wall;

/* Called inside virtual_feed_* when every port that takes part has latched: number `frame` (from 1)
 * of the wall stands in the front buffers now. */
typedef void virtual_frame_fn(void *user, uint64_t frame, int64_t time_ns);

/* wall is borrowed until destroy. Returns 0; -EINVAL (an output's driver or options, with the JSON
 * path), -E2BIG (more cells than memory should be spent on) or -ENOMEM, with a sentence. */
QP_MUST_CHECK int virtual_create(struct virtual_wall **ret, const struct wall *wall,
                                 struct qp_diag *diag);
void virtual_destroy(struct virtual_wall *vw); /* NULL is fine */

void virtual_set_on_frame(struct virtual_wall *vw, virtual_frame_fn *fn, void *user);

/* The output of this name, or VIRTUAL_ANY_PORT. name need not be NUL-terminated. */
uint32_t virtual_find_port(const struct virtual_wall *vw, const char *name, size_t len);
/* The output whose link names this network interface, or VIRTUAL_ANY_PORT: none or several do. */
uint32_t virtual_find_nic(const struct virtual_wall *vw, const char *nic);

/* Where a port of a UDP protocol listens; 0: its packets are Ethernet frames. */
uint16_t virtual_udp_port(const struct virtual_wall *vw, uint32_t port);
/* The sACN universes of a port, whose multicast groups must be joined: count from first, and the
 * synchronization address (0: none). Other drivers: count 0. */
void virtual_universes(const struct virtual_wall *vw, uint32_t port, uint32_t *ret_first,
                       uint32_t *ret_count, uint32_t *ret_sync);

/* A packet as captured. port: an index into wall->outputs, or VIRTUAL_ANY_PORT. linktype: enum
 * pcap_linktype. time_ns: any clock that only grows; 0: unknown. */
void virtual_feed_packet(struct virtual_wall *vw, uint32_t port, uint16_t linktype, int64_t time_ns,
                         const uint8_t *buf, size_t len);
/* The payload of a UDP datagram. A latch that outputs share (sACN's synchronization packet,
 * ArtSync to an address) reaches all of them, also where port names the one that sent it. */
void virtual_feed_datagram(struct virtual_wall *vw, uint32_t port, int64_t time_ns,
                           const struct udpip_datagram *datagram);
/* Count something that never became a packet: a message of the local socket that is none, a file
 * that is cut. reason is a literal. */
void virtual_count_bad(struct virtual_wall *vw, uint32_t port, const char *reason);

/* The input has ended: a whole picture that only waits for the next packet 0 (Linsn) is shown, and
 * a wall frame for which some port is still missing is told. */
void virtual_end(struct virtual_wall *vw);

uint64_t virtual_frames(const struct virtual_wall *vw);

/* --- discovery ----------------------------------------------------------------------------- */

#define VIRTUAL_ANSWER_MAX 1500 /* bytes of one answer */

/* What a card would answer to this Ethernet frame: every cabinet of a ColorLight port is a card of
 * its chain, a Linsn port is one card. port as in virtual_feed_packet; uptime_ms: since the cards
 * were switched on. Returns the length of the frame in ret, or 0: nothing was asked. */
size_t virtual_answer_frame(const struct virtual_wall *vw, uint32_t port, uint32_t uptime_ms,
                            const uint8_t *buf, size_t len, uint8_t ret[VIRTUAL_ANSWER_MAX]);

/* The answers to an ArtPoll, one after the other: up to four universes each. */
struct virtual_poll {
    uint8_t ip[4];             /* our own, as it is told */
    uint32_t only;             /* this output alone; VIRTUAL_ANY_PORT: see below */
    uint8_t dst_ip[4];         /* where the poll went */
    uint32_t bottom, top;      /* universes asked for */
    uint32_t output, universe; /* where to go on */
    uint32_t n;                /* answers given */
    uint16_t udp_port;
};

/* Begin, if the datagram is an ArtPoll. port: an index or VIRTUAL_ANY_PORT: all Art-Net outputs
 * whose link has no unicast address or the one that was polled; of a poll that was not addressed to
 * local_ip itself, all. */
bool virtual_poll_begin(struct virtual_poll *ret, uint32_t port,
                        const struct udpip_datagram *datagram, const uint8_t local_ip[4]);
/* The next ArtPollReply: its length, or 0: that was all. */
size_t virtual_poll_next(const struct virtual_wall *vw, struct virtual_poll *poll,
                         uint8_t ret[VIRTUAL_ANSWER_MAX]);

/* --- the picture ------------------------------------------------------------------------- */

enum virtual_look {
    VIRTUAL_RAW,   /* the codes as the card got them */
    VIRTUAL_LIGHT, /* what an eye sees: card gamma and brightness, as sRGB */
    VIRTUAL_LINEAR /* the same as linear light, for 16-bit pictures */
};

/* A copy of what all ports show. Zeroed: empty; reused by every virtual_snapshot. */
struct virtual_snapshot {
    uint8_t *cells; /* owned; all ports behind each other, 3 bytes a cell in wire order */
    size_t len;
    uint8_t (*brightness)[3]; /* owned; per port, R,G,B, 255 = full */
    uint64_t frame;
};

QP_MUST_CHECK int virtual_snapshot(const struct virtual_wall *vw, struct virtual_snapshot *ret);
void virtual_snapshot_finish(struct virtual_snapshot *snapshot);

/* Pixels of the picture: the canvas, enlarged by a whole factor where LEDs lie denser than canvas
 * pixels (mixed pitch). */
void virtual_size(const struct virtual_wall *vw, uint32_t *ret_w, uint32_t *ret_h);
uint32_t virtual_factor(const struct virtual_wall *vw);

/* Paint the picture into rgb: rows of 3 * w bytes (VIRTUAL_LINEAR: uint16_t, native endian). Every
 * pixel is written; those without an LED are black. */
void virtual_paint(const struct virtual_wall *vw, const struct virtual_snapshot *snapshot,
                   enum virtual_look look, void *rgb);

/* LED look: every LED a round dot of its light on black, `zoom` pixels from LED to LED for LEDs of
 * one picture pixel. Rows of 3 * w * zoom bytes. zoom 2..64. */
void virtual_paint_dots(const struct virtual_wall *vw, const struct virtual_snapshot *snapshot,
                        unsigned zoom, uint8_t *rgb);

/* --- the report ---------------------------------------------------------------------------- */

#define VIRTUAL_REASONS 24 /* different reasons kept for each port */

struct virtual_jitter {
    uint64_t n;       /* intervals that the figures are made of: the latest ones */
    double median_ms; /* from latch to latch */
    double min_ms, mean_ms, p99_ms, max_ms; /* |interval - median| */
};

struct virtual_port_stats {
    const char *id, *driver; /* borrowed from the wall */
    const char *unit;        /* what units_missing counts: "row", "universe", "block" */
    uint64_t packets, bytes; /* of this port, malformed ones not included */
    uint64_t frames;         /* latched with pixels */
    uint64_t torn;           /* shown although rows were missing or of another frame */
    uint64_t units_missing, leds_missing;
    uint64_t kept_leds;         /* DDP: left out by the sender without loss, which it may */
    uint64_t duplicate_latches; /* folded */
    uint64_t duplicate_packets;
    uint64_t restarted;       /* a new frame began before the old one was latched */
    uint64_t lost, reordered; /* by sequence numbers */
    uint64_t malformed;       /* sum of the reasons */
    struct {
        const char *text; /* a literal */
        uint64_t n;
    } reasons[VIRTUAL_REASONS];
    int brightness_set;    /* 1: the sender told one */
    uint8_t brightness[3]; /* in force, 255 = full */
    uint8_t master;        /* ColorLight: the latch's master byte */
    uint8_t white[3];      /* ColorLight: of the brightness packet (0A) */
    uint64_t white_packets;
    int64_t last_packet_ns; /* time of the last packet; 0: none yet */
    struct virtual_jitter jitter;
};

/* n_outputs ports. */
void virtual_stats(const struct virtual_wall *vw, uint32_t port, struct virtual_port_stats *ret);

struct virtual_totals {
    uint64_t frames; /* wall frames */
    uint64_t mixed;  /* wall frames told while a port had not latched its part */
    uint64_t packets, bytes, malformed;
    uint64_t other;   /* packets of no protocol of ours (ARP, IPv6 ...) */
    uint64_t no_port; /* ours, but of no output of this wall */
    uint64_t torn, units_missing, leds_missing;
    struct {
        const char *text;
        uint64_t n;
    } reasons[VIRTUAL_REASONS]; /* of packets that belong to no port */
};

void virtual_totals(const struct virtual_wall *vw, struct virtual_totals *ret);

/* Everything above as a new JSON tree, NULL when memory runs out. now_ns: the clock of the packets,
 * for the age of the last one; 0: the age is left out. */
cJSON *virtual_report(const struct virtual_wall *vw, int64_t now_ns);
/* The same for people. */
void virtual_print(const struct virtual_wall *vw, FILE *out);

#endif
