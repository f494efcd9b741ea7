/* SPDX-License-Identifier: Apache-2.0 */
/* nic.h - network interfaces by name or permanent address, watched through rtnetlink.
 *
 * An interface may be missing, down, unplugged, replaced or renamed at any time: what is watched is
 * the interface that bears the name, or has the address, now. Of several with one address (a bridge
 * or VLAN over it) it is the one whose permanent address it is, otherwise the first. Its index and
 * state are atomics that the tx thread reads; everything else belongs to the background thread. */
#ifndef SENDER_CARD_NIC_H
#define SENDER_CARD_NIC_H

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define NIC_SPEC_MAX 17 /* bytes of a name (15) or of "aa:bb:cc:dd:ee:ff" */

enum nic_switch { NIC_UNKNOWN, NIC_OFF, NIC_ON };

struct nic {
    char spec[NIC_SPEC_MAX + 1]; /* as configured, for messages */
    bool by_mac;
    uint8_t mac[6];
    char name[IFNAMSIZ]; /* background: of the interface found */
    bool permanent;      /* background: it has the address for good */

    atomic_int index; /* 0 = there is none */
    atomic_bool carrier;
    atomic_uint changes;                /* of carrier, seen by the kernel */
    atomic_uint speed_mbps;             /* negotiated; 0 = unknown */
    atomic_int full_duplex, eee, pause; /* enum nic_switch */
    atomic_uint mtu;
    atomic_ullong tx_errors, tx_dropped, tx_carrier_errors; /* the kernel's statistics */
};

/* Whether the text is an interface name or an Ethernet address, the way nic_init takes it. */
bool nic_is_valid(const char *spec);
void nic_init(struct nic *nic, const char *spec); /* a valid one */

struct nic_watch {
    int netlink; /* poll for reading */
    int ioctl_socket;
    struct nic **nics; /* n of them, borrowed */
    size_t n;
};

/* Begin to watch; nics is borrowed until close. Returns 0 or a negative errno. */
QP_MUST_CHECK int nic_watch_open(struct nic_watch *watch, struct nic **nics, size_t n,
                                 struct qp_diag *diag);
void nic_watch_close(struct nic_watch *watch);

/* Take the kernel's messages that are there, without waiting. Returns whether an index or a carrier
 * changed. */
bool nic_watch_read(struct nic_watch *watch);

/* Ask the kernel for the present state of every interface; the answers are read by nic_watch_read.
 * Also asks the drivers for speed, duplex, EEE and pause. */
void nic_watch_refresh(struct nic_watch *watch);

#endif
