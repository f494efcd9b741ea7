/* SPDX-License-Identifier: Apache-2.0 */
/* port.h - one output at work: a frame's packets out of one or two links, on time.
 *
 * A state machine without a clock, a thread or a wait of its own: port_begin takes a frame,
 * port_step does what is due and says when to be called again. The tx thread calls it with the
 * time; tests call it with any time they like.
 *
 * A frame runs on a track: one, or with a hot backup two, which send the same packets. On a track a
 * frame is whole or has no latch. A cold backup takes over at once, in the middle of a frame, which
 * then begins again on it; the primary link has to carry for PORT_SETTLE_NS before it is trusted
 * again. A link that carries but whose queue does not drain is left in the same way. */
#ifndef SENDER_CARD_PORT_H
#define SENDER_CARD_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sender-card/driver.h"
#include "sender-card/link.h"
#include "sender-card/pacer.h"

#define PORT_SETTLE_NS 1000000000LL
#define PORT_RETRY_NS  100000LL /* after a link took nothing */
#define PORT_STUCK     2  /* frames in a row that found no room; then the backup has its turn */
#define PORT_MAIL      16 /* packets outside frames that may wait */

/* All written by the tx thread, read by any. */
struct port_counters {
    atomic_ullong frames, late, skipped, incomplete, overdue, packets, bytes;
    atomic_ullong short_sends, eagain, errors, failovers, failover_frames_max;
    atomic_llong latch_error_ns_max, failover_ns_max;
    atomic_bool on_backup;
};

struct track {
    struct link *link; /* NULL: not in use */
    struct pacer pacer;
    size_t next;          /* packet */
    int64_t retry_ns;     /* the link took nothing: not before; 0 = it does */
    int64_t wire_free_ns; /* when the interface has sent what it was given, at the link's rate */
    int64_t data_end_ns;  /* when the last data packet had left; 0 = not yet */
    int64_t latched_ns;   /* when the latch did; 0 = not */
    bool moved;           /* to this link in the middle of the frame */
    bool overdue;         /* the next frame was due before all had left */
    bool done;
};

struct port_mail {
    uint32_t ip, len;
    uint8_t bytes[DRIVER_POST_MAX];
};

/* How a track of a late frame ended; for outputs that share its latch (together.h). */
struct port_note {
    uint64_t way;       /* 0: empty */
    unsigned taken;     /* which frame, as port.taken */
    int64_t latched_ns; /* 0: a part was sent, without the latch */
};

struct port_frame {
    struct driver_frame stamp;
    int64_t start_ns, latch_ns;
    unsigned set; /* which of the port's sets */
};

struct port {
    /* fixed from the beginning */
    const char *id; /* borrowed from the wall */
    uint32_t output;
    struct driver_object *driver; /* owned */
    struct packet_plan plan;
    struct sender_layout layout;
    uint8_t *sets[SENDER_SETS]; /* owned */
    uint32_t max_wire;          /* bytes of the largest packet on the wire */
    uint32_t mbps;
    struct link *links[2]; /* owned; [1]: backup or NULL */
    bool hot, paced;
    int64_t period_ns;
    uint64_t ways[2];          /* of the links, together_way */
    const struct port **mates; /* owned array of borrowed ports: they share a way with this one */
    size_t n_mates;

    /* tx thread */
    bool busy;
    struct port_frame frame;
    struct driver_window window;
    struct track tracks[2];
    bool on_backup;
    int64_t primary_since_ns; /* carrier of the primary; 0 = none */
    int64_t lost_ns;          /* when the primary was lost that the backup stands in for */
    unsigned stuck;           /* frames in a row that the primary had no room for */
    bool taking_over;         /* since then no packet has left */
    unsigned takeover_frames; /* begun since then */
    unsigned taken;           /* frames taken from the lane's queue */
    struct port_note notes[4];
    unsigned n_notes; /* ever written */

    struct port_counters counters;

    /* background to tx: packets outside frames */
    struct port_mail mail[PORT_MAIL];
    atomic_uint mail_in, mail_out;

    /* background thread */
    int64_t next_tick_ns;
    unsigned seen_changes[2];
};

/* Begin with a frame; the port is not busy. */
void port_begin(struct port *port, const struct port_frame *frame, int64_t now_ns);

/* Do what is due. Returns when to call again, or INT64_MAX: not busy any more. */
int64_t port_step(struct port *port, int64_t now_ns);

/* The frame under way is given up: no latch. */
void port_abort(struct port *port);

/* Leave a packet for the tx thread; false: no room. Background thread. */
bool port_post(struct port *port, uint32_t ip, const uint8_t *bytes, size_t len);
/* Send what was left. Tx thread, between frames. */
void port_send_mail(struct port *port, int64_t now_ns);
bool port_has_mail(const struct port *port);

/* Send the data packets of a set as they are now, in order, on every link in use, at most for 100
 * ms each; for farewells. */
void port_send_plain(struct port *port, unsigned set, int64_t now_ns);

/* Free what is owned; links are closed. */
void port_finish(struct port *port);

#endif
