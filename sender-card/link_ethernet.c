/* SPDX-License-Identifier: Apache-2.0 */
/* Raw Ethernet through AF_PACKET sockets, packet(7).
 *
 * The sending socket has protocol 0, so that it receives nothing, and is never bound: each packet
 * names the interface's index, which the background thread changes when the interface is replaced.
 * So no descriptor is ever exchanged under the tx thread. A second socket hears the cards: bound to
 * ETH_P_ALL, as their EtherType is anything, with a filter in the kernel, and without the copies of
 * our own packets that such a socket gets otherwise. Both are made at the start, when the privilege
 * is there. */
#include <endian.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender-card/link.h"

#define SEND_BUFFER (8 << 20) /* bytes that may wait in the kernel: some thousand packets */

struct link_ethernet {
    struct link link;
    struct nic nic;
    int send_fd, receive_fd;
    int bound; /* background: index that receive_fd is bound to */
    struct sockaddr_ll to;
    struct mmsghdr heads[LINK_BATCH];
    struct iovec iovecs[LINK_BATCH];
};

static struct link_ethernet *of(struct link *link)
{
    return (struct link_ethernet *)link;
}

/* What the interface itself, not the moment, refuses. */
static bool is_gone(int err)
{
    return err == -ENETDOWN || err == -ENXIO || err == -ENODEV || err == -ENETUNREACH;
}

static int send_packets(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct link_ethernet *eth = of(link);
    int sent, err;

    eth->to.sll_ifindex = atomic_load_explicit(&eth->nic.index, memory_order_relaxed);
    if (eth->to.sll_ifindex == 0)
        return -ENODEV;
    for (unsigned i = 0; i < n; i++)
        eth->iovecs[i] =
            (struct iovec){.iov_base = (void *)(uintptr_t)msgs[i].bytes, .iov_len = msgs[i].len};
    sent = sendmmsg(eth->send_fd, eth->heads, n, MSG_DONTWAIT);
    if (sent >= 0)
        return sent;
    err = -errno;
    if (err == -ENOBUFS || err == -EINTR)
        return -EAGAIN; /* the interface's queue is full */
    if (is_gone(err))
        link_set_carrier(link, false);
    return err;
}

/* Bind the ear to the interface, or to none. */
static void listen_there(struct link_ethernet *eth, int index)
{
    struct sockaddr_ll addr = {
        .sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = index};

    if (eth->receive_fd < 0 || index == eth->bound)
        return;
    eth->bound = 0;
    if (index != 0 && bind(eth->receive_fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        eth->bound = index;
}

static void refresh(struct link *link, int64_t now_ns, bool changed)
{
    struct link_ethernet *eth = of(link);

    (void)now_ns;
    (void)changed;
    listen_there(eth, atomic_load(&eth->nic.index));
    link_set_carrier(link, atomic_load(&eth->nic.index) != 0 && atomic_load(&eth->nic.carrier));
}

static int receive_fd(const struct link *link)
{
    return ((const struct link_ethernet *)link)->receive_fd;
}

static size_t receive(struct link *link, uint8_t *buf, size_t cap, struct link_origin *ret)
{
    struct link_ethernet *eth = of(link);
    ssize_t len = recv(eth->receive_fd, buf, cap, MSG_DONTWAIT);

    *ret = (struct link_origin){.output = link->output};
    /* An interface that goes down leaves an error for the reader; taking it clears it. */
    return len > 0 ? (size_t)len : 0;
}

static void close_link(struct link *link)
{
    struct link_ethernet *eth = of(link);

    if (eth->send_fd >= 0)
        (void)close(eth->send_fd);
    if (eth->receive_fd >= 0)
        (void)close(eth->receive_fd);
    free(eth);
}

static const struct link_ops ops = {
    .send = send_packets,
    .refresh = refresh,
    .receive_fd = receive_fd,
    .receive = receive,
    .close = close_link,
};

static int open_sockets(struct link_ethernet *eth, const struct driver *driver)
{
    int size = SEND_BUFFER, one = 1;

    eth->send_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (eth->send_fd < 0)
        return -errno;
    /* Without CAP_NET_ADMIN the system's limit applies. */
    if (setsockopt(eth->send_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(eth->send_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (!driver->answers)
        return 0;
    eth->receive_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (eth->receive_fd < 0 ||
        setsockopt(eth->receive_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
        setsockopt(eth->receive_fd, SOL_SOCKET, SO_ATTACH_FILTER, driver->answers,
                   sizeof(*driver->answers)) < 0)
        return -errno;
    return 0;
}

static void prepare_batch(struct link_ethernet *eth)
{
    eth->to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_halen = ETH_ALEN};
    for (unsigned i = 0; i < LINK_BATCH; i++)
        eth->heads[i].msg_hdr = (struct msghdr){
            .msg_name = &eth->to,
            .msg_namelen = sizeof(eth->to),
            .msg_iov = &eth->iovecs[i],
            .msg_iovlen = 1,
        };
}

int link_ethernet_create(struct link **ret, const struct link_params *params, struct qp_diag *diag)
{
    struct link_ethernet *eth = calloc(1, sizeof(*eth));
    int err;

    if (!eth)
        return -ENOMEM;
    eth->send_fd = eth->receive_fd = -1;
    eth->link.ops = &ops;
    nic_init(&eth->nic, params->config->nic);
    eth->link.nic = &eth->nic;
    prepare_batch(eth);
    err = open_sockets(eth, params->driver);
    if (err < 0) {
        close_link(&eth->link);
        if (err == -EPERM || err == -EACCES)
            return qp_diag_set(diag, -EPERM,
                               "raw Ethernet on %s needs the capability CAP_NET_RAW; run as root, "
                               "give it to the program (setcap cap_net_raw+ep PROGRAM), or to the "
                               "service (AmbientCapabilities=CAP_NET_RAW)",
                               params->config->nic);
        return qp_diag_set(diag, err, "raw Ethernet on %s: %s", params->config->nic,
                           strerror(-err));
    }
    *ret = &eth->link;
    return 0;
}
