/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - where packets go: a network interface, a UDP socket, a capture file, a virtual wall.
 *
 * A link that cannot send just now (interface missing or down, virtual wall gone) is no error: its
 * `carrier` is false, the background thread sets it right, and the port skips frames or goes to its
 * backup meanwhile.
 *
 * Threads: send, frame_end from one tx thread (and from the stopping thread after it has ended);
 * refresh, receive from the background thread; carrier, trouble, stats from any. */
#ifndef SENDER_CARD_LINK_H
#define SENDER_CARD_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/json.h"
#include "sender-card/driver.h"
#include "sender-card/nic.h"

#define LINK_BATCH 64 /* packets of one send */

enum link_type { LINK_ETHERNET, LINK_UDP, LINK_PCAP, LINK_LOCAL };

/* The members of "link" and "backup" in a wall file. */
struct link_config {
    enum link_type type;
    char *nic;      /* ethernet: required; udp: optional */
    char *address;  /* udp: destination */
    char *source;   /* udp: own address */
    uint32_t port;  /* udp: destination port; 0 = the protocol's */
    uint32_t ttl;   /* udp: of multicast */
    char *path;     /* pcap: file; local: socket */
    uint32_t to_ip; /* host order, 0 = none */
    uint32_t source_ip;
};

/* Read one for this driver. Returns 0, -EINVAL (findings in report) or -ENOMEM; finish in any case.
 */
QP_MUST_CHECK int link_config_read(struct link_config *ret, const struct qp_node *node,
                                   const struct driver *driver, struct qp_report *report);
/* "pcap:FILE" or "local:PATH". Returns 0, -EINVAL or -ENOMEM. */
QP_MUST_CHECK int link_config_text(struct link_config *ret, const char *text, struct qp_diag *diag);
void link_config_finish(struct link_config *config);

struct link_msg {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t ip;   /* as in struct packet */
    int64_t at_ns; /* planned, CLOCK_MONOTONIC */
};

/* What several links of a sender share: capture files and connections to virtual walls. */
struct link_pool;
QP_MUST_CHECK int link_pool_create(struct link_pool **ret, const struct wall *wall);
void link_pool_destroy(struct link_pool *pool); /* after every link of it */

struct link;

struct link_params {
    const struct link_config *config; /* borrowed for the call */
    const struct driver *driver;
    const struct wall *wall; /* borrowed until close */
    uint32_t output;
    bool backup;
    struct link_pool *pool; /* borrowed until close */
};

/* Where a received packet comes from. */
struct link_origin {
    uint32_t ip;    /* IPv4 of the sender, host order; 0 = raw Ethernet */
    int64_t output; /* the port it is for; -1: any port of the same driver */
};

struct link_ops {
    /* Send up to LINK_BATCH packets in order. Returns how many left (fewer than n: try again
     * later), -EAGAIN when none can just now, or another negative errno: the link is broken and has
     * taken its carrier away. Never waits, but for a capture's disk. */
    int (*send)(struct link *link, const struct link_msg *msgs, unsigned n);
    /* A frame is complete. May be NULL. A negative errno: it did not leave after all. */
    int (*frame_end)(struct link *link);
    /* Look after the link: open what could not be opened, bind what appeared. changed: an interface
     * did. */
    void (*refresh)(struct link *link, int64_t now_ns, bool changed);
    int (*receive_fd)(const struct link *link); /* to poll; -1 = none */
    /* The interface that broadcasts leave by, where the routes choose it. May be NULL. Any thread.
     */
    int (*egress)(const struct link *link);
    /* One received packet without waiting: its length, 0 = none. */
    size_t (*receive)(struct link *link, uint8_t *buf, size_t cap, struct link_origin *ret);
    void (*close)(struct link *link);
};

struct link {
    const struct link_ops *ops;
    const struct driver *driver;
    uint32_t output;
    bool backup;
    atomic_bool carrier;
    atomic_llong lost_ns;        /* when it was seen to go last, CLOCK_MONOTONIC; 0: never */
    atomic_uint carrier_changes; /* of links without an interface of their own */
    struct nic *nic;             /* NULL, or owned */
    atomic_int broken;           /* what ended it for good: -ENOSPC ...; 0 */
    uint32_t mbps;               /* what it is planned for */
};

/* Open. Returns 0 and a new link, or -EPERM, -ENOENT, -ENOSPC, -ENOMEM ... with a sentence. */
QP_MUST_CHECK int link_create(struct link **ret, const struct link_params *params,
                              struct qp_diag *diag);
void link_close(struct link *link); /* NULL is fine */

/* Whether packets can be expected to leave. */
static inline bool link_has_carrier(const struct link *link)
{
    return atomic_load_explicit(&link->carrier, memory_order_acquire);
}

/* Set by whoever notices. */
void link_set_carrier(struct link *link, bool carrier);
unsigned link_carrier_changes(const struct link *link);

/* Why it does not carry, as a sentence: 0 and diag, or -ENOENT when all is well. */
int link_trouble(const struct link *link, struct qp_diag *diag);

/* --- one file each ---------------------------------------------------------------------- */
int link_ethernet_create(struct link **ret, const struct link_params *params, struct qp_diag *diag);
int link_udp_create(struct link **ret, const struct link_params *params, struct qp_diag *diag);
int link_pcap_create(struct link **ret, const struct link_params *params, struct qp_diag *diag);
int link_local_create(struct link **ret, const struct link_params *params, struct qp_diag *diag);

struct capture;
struct wall_socket;
struct link_pool {
    const struct wall *wall;
    struct capture *captures;
    struct wall_socket *sockets;
};
void link_pcap_pool_finish(struct link_pool *pool);
void link_local_pool_finish(struct link_pool *pool);

#endif
