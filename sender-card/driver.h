/* SPDX-License-Identifier: Apache-2.0 */
/* driver.h - what a protocol family adds to the sender: options, layout, stamps, answers.
 *
 * A driver turns the cells of a port into packets once (layout, lay) and afterwards only patches
 * counters and brightness (stamp). It opens nothing and sends nothing itself: packets that are not
 * part of a frame (discovery) are handed to the sender through a driver_post.
 *
 * Threads: check, layout, lay, terminate from the thread that creates the sender;
 * stamp from the tx thread; tick, receive and reset from the background thread; telemetry from any.
 * What stamp and the background share is atomic. */
#ifndef SENDER_CARD_DRIVER_H
#define SENDER_CARD_DRIVER_H

#include <linux/filter.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/opt.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/wall.h"
#include "sender-card/packet_plan.h"
#include "sender-card/sacn_state.h"

#define DRIVER_POST_MAX 1500 /* bytes of a packet outside frames */

/* What is stamped into a frame. */
struct driver_frame {
    uint64_t count;     /* frames submitted before this one */
    int64_t n;          /* lattice index */
    uint8_t brightness; /* 255 = all; of drivers that dim */
};

/* The packets [first, end) of the plan leave this time; the others stay (a duplicate that the cards
 * do not need). The latch begins at n_packets - n_latch as ever. */
struct driver_window {
    size_t first, end;
};

/* Hand a packet outside frames to the sender; copied. ip 0: where the link points. Packets that
 * find no room are dropped: discovery repeats itself. */
struct driver_post {
    void (*post)(void *arg, uint32_t ip, const uint8_t *bytes, size_t len);
    void *arg;
};

struct driver_telemetry {
    uint32_t cards;    /* answered lately */
    char firmware[32]; /* of the first; "" = unknown */
    bool asks;         /* this driver does discovery on this port */
    int64_t heard_ns;  /* last answer, CLOCK_MONOTONIC; 0 = never */
};

struct driver_params {
    const struct wall *wall; /* borrowed until destroy */
    uint32_t output;
    struct sacn_state *state; /* borrowed until destroy; NULL while only checking */
    uint32_t to_ip;           /* where the link points, IPv4 host order; 0 = nowhere (multicast) */
};

struct driver;

/* Every driver's object begins with this. */
struct driver_object {
    const struct driver *driver;
    int64_t gap_ns; /* silence between the last data packet and the latch */
};

struct driver {
    const char *name; /* as in the wall file */
    enum driver_medium medium;
    enum wall_addressing addressing;
    uint16_t udp_port;    /* destination */
    uint16_t source_port; /* 0 = any */
    bool multicast;       /* works without a destination of the link */
    bool dims;            /* the cards have a brightness of their own */
    bool needs_gigabit;
    const struct sock_fprog *answers; /* Ethernet: which received frames are for receive() */
    size_t size;                      /* of its object */
    const struct qp_opt *opts;        /* its options; offsets count from the object's beginning */

    /* What the table cannot tell: whether the options that were read belong together, and whether
     * the port fits the protocol. Findings go to report. Returns 0 or -EINVAL. */
    int (*check)(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report);

    int (*layout)(struct driver_object *object, struct packet_plan *plan); /* 0 or -ENOMEM */
    /* Write the constant bytes of one zeroed set. */
    void (*lay)(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set);
    struct driver_window (*stamp)(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame);

    /* The rest may be NULL. */
    /* Something to do at now_ns; returns when to be called again, CLOCK_MONOTONIC. */
    int64_t (*tick)(struct driver_object *object, int64_t now_ns, const struct driver_post *post);
    /* A received packet that may be an answer; anything at all may be in it. */
    void (*receive)(struct driver_object *object, const uint8_t *buf, size_t len, uint32_t src_ip,
                    int64_t now_ns);
    void (*reset)(struct driver_object *object); /* the carrier returned: say everything again */
    void (*telemetry)(const struct driver_object *object, int64_t now_ns,
                      struct driver_telemetry *ret);
    /* Turn a set into farewell number `round` (0, 1 ...); its data packets are then sent as they
     * are. Returns false when there is no such round. last: the frame that would have come next. */
    bool (*terminate)(const struct driver_object *object, const struct packet_plan *plan,
                      uint8_t *set, const struct driver_frame *last, unsigned round);
};

extern const struct driver driver_colorlight, driver_linsn, driver_ddp, driver_artnet, driver_sacn;

/* Read the driver's options into a new object and check them. Returns 0, -EINVAL (findings in
 * report) or -ENOMEM. */
QP_MUST_CHECK int driver_create(struct driver_object **ret, const struct driver *driver,
                                const struct driver_params *params, const struct qp_node *options,
                                struct qp_report *report);
void driver_destroy(struct driver_object *object); /* NULL is fine */

/* NULL: no such driver. */
const struct driver *driver_find(const char *name);
const struct driver *driver_at(size_t i);        /* NULL behind the last */
const char *driver_names(char *buf, size_t cap); /* "colorlight-5a, linsn-rv9, ..."; returns buf */

/* --- for drivers ---------------------------------------------------------------------- */

/* of() and of_const(): a driver's own struct of the object that begins it. */
#define DRIVER_OBJECT(type)                                                                        \
    static inline struct type *of(struct driver_object *object)                                    \
    {                                                                                              \
        return (struct type *)object;                                                              \
    }                                                                                              \
    static inline const struct type *of_const(const struct driver_object *object)                  \
    {                                                                                              \
        return (const struct type *)object;                                                        \
    }

/* Read a MAC option; text NULL keeps *ret. Error in report and -EINVAL. */
QP_MUST_CHECK int driver_mac(const struct qp_node *options, const char *name, const char *text,
                             uint8_t ret[6], struct qp_report *report);

/* The LEDs of a port dealt among universes of equal size. */
struct universes {
    uint64_t cells;
    uint32_t first, leds; /* number of the first; LEDs in each, but the last */
    uint32_t n;
};

/* Fill in cells and n; first and leds are given. Error at the option "start_universe" and -EINVAL
 * if the port's LEDs go beyond the universe `last`. */
QP_MUST_CHECK int driver_universes(struct universes *universes, const struct driver_params *params,
                                   uint32_t last, const struct qp_node *options,
                                   struct qp_report *report);
/* LEDs in number i, counted from 0. */
uint32_t driver_universe_leds(const struct universes *universes, uint32_t i);

/* Dotted IPv4 address to host order: 0 or -EINVAL. */
QP_MUST_CHECK int driver_ip4(const char *text, uint32_t *ret);

#endif
