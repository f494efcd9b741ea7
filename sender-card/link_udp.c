/* SPDX-License-Identifier: Apache-2.0 */
/* UDP over IPv4. One socket serves every destination of a port: the link's own, the groups of its
 * universes, and broadcast.
 *
 * What the network does not have yet (the source address, the interface) is no error: IP_FREEBIND
 * binds to an address that is still to come, and the background thread binds the socket to its
 * interface and names that for multicast when it appears.
 *
 * 255.255.255.255 has no route on a network of its own without a default one. It leaves by the
 * interface through which the link's own destination is reached, named per packet. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender-card/link.h"

#define SEND_BUFFER (4 << 20)
#define RETRY_NS    1000000000LL /* an unreachable network is tried again */

struct link_udp {
    struct link link;
    struct nic nic; /* used with a nic only */
    int fd;
    int bound;          /* background: index that the socket is bound to */
    int64_t retry_ns;   /* background: when carrier is given back */
    bool multicast_set; /* background: IP_MULTICAST_IF has been accepted */
    struct in_addr source;
    struct in_addr own; /* destination of packets with ip 0 */
    _Atomic int egress; /* index of the interface that leads there; 0: not known */
    /* struct cmsghdr and in_pktinfo: sends by that interface; the sender's thread's */
    _Alignas(struct cmsghdr) char by_egress[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct sockaddr_in to[LINK_BATCH];
    struct mmsghdr heads[LINK_BATCH];
    struct iovec iovecs[LINK_BATCH];
};

static struct link_udp *of(struct link *link)
{
    return (struct link_udp *)link;
}

/* Limited broadcasts name their interface, everything else is routed. */
static void choose_route(struct link_udp *udp, struct msghdr *head, uint32_t ip, int egress)
{
    bool named = ip == INADDR_BROADCAST && egress != 0;

    head->msg_control = named ? udp->by_egress : NULL;
    head->msg_controllen = named ? sizeof(udp->by_egress) : 0;
}

static void name_egress(struct link_udp *udp, int egress)
{
    struct in_pktinfo info = {.ipi_ifindex = egress};
    struct cmsghdr head = {
        .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};

    memcpy(udp->by_egress, &head, sizeof(head));
    memcpy(udp->by_egress + CMSG_LEN(0), &info, sizeof(info));
}

static int send_packets(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct link_udp *udp = of(link);
    int egress = atomic_load_explicit(&udp->egress, memory_order_relaxed);
    int sent, err;

    name_egress(udp, egress);
    for (unsigned i = 0; i < n; i++) {
        choose_route(udp, &udp->heads[i].msg_hdr, msgs[i].ip, egress);
        udp->iovecs[i] =
            (struct iovec){.iov_base = (void *)(uintptr_t)msgs[i].bytes, .iov_len = msgs[i].len};
        udp->to[i].sin_addr.s_addr = msgs[i].ip ? htonl(msgs[i].ip) : udp->own.s_addr;
    }
    sent = sendmmsg(udp->fd, udp->heads, n, MSG_DONTWAIT);
    if (sent >= 0)
        return sent;
    err = -errno;
    if (err == -ENOBUFS || err == -EINTR || err == -EAGAIN)
        return -EAGAIN;
    /* A port unreachable message for an earlier packet: the receiver is not listening yet. It says
     * nothing about this packet, which the next call sends. */
    if (err == -ECONNREFUSED)
        return -EAGAIN;
    link_set_carrier(link, false);
    return err;
}

static void bind_to_nic(struct link_udp *udp, int index)
{
    struct ip_mreqn group = {.imr_ifindex = index};

    if (index == udp->bound)
        return;
    udp->bound = 0;
    /* Multicast through it even where binding is not permitted (a second time without privilege).
     */
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index));
    if (index != 0 && setsockopt(udp->fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) == 0)
        udp->bound = index;
}

static void set_multicast_source(struct link_udp *udp)
{
    if (!udp->multicast_set && udp->source.s_addr != 0)
        udp->multicast_set = setsockopt(udp->fd, IPPROTO_IP, IP_MULTICAST_IF, &udp->source,
                                        sizeof(udp->source)) == 0;
}

/* The interface that carries this local address, 0 if none does. */
static int index_of_address(struct in_addr local)
{
    struct ifaddrs *all = NULL;
    int index = 0;

    if (getifaddrs(&all) < 0)
        return 0;
    for (const struct ifaddrs *a = all; a && index == 0; a = a->ifa_next) {
        const struct sockaddr_in *in = (const void *)a->ifa_addr;

        if (in && in->sin_family == AF_INET && in->sin_addr.s_addr == local.s_addr)
            index = (int)if_nametoindex(a->ifa_name);
    }
    freeifaddrs(all);
    return index;
}

/* Connecting a datagram socket sends nothing, but makes the kernel choose the local address. */
static void find_egress(struct link_udp *udp)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = udp->own};
    struct sockaddr_in local = {0};
    socklen_t len = sizeof(local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), index = 0;

    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
        getsockname(fd, (struct sockaddr *)&local, &len) == 0)
        index = index_of_address(local.sin_addr);
    (void)close(fd);
    atomic_store_explicit(&udp->egress, index, memory_order_relaxed);
}

static void refresh(struct link *link, int64_t now_ns, bool changed)
{
    struct link_udp *udp = of(link);

    if (changed || !link_has_carrier(link) ||
        atomic_load_explicit(&udp->egress, memory_order_relaxed) == 0)
        find_egress(udp);
    if (link->nic) {
        bind_to_nic(udp, atomic_load(&udp->nic.index));
        if (!atomic_load(&udp->nic.carrier)) {
            link_set_carrier(link, false);
            return;
        }
    } else {
        set_multicast_source(udp);
    }
    if (link_has_carrier(link))
        udp->retry_ns = 0;
    else if (changed || (udp->retry_ns != 0 && now_ns >= udp->retry_ns))
        link_set_carrier(link, true);
    else if (udp->retry_ns == 0)
        udp->retry_ns = now_ns + RETRY_NS;
}

static int receive_fd(const struct link *link)
{
    return ((const struct link_udp *)link)->fd;
}

static int egress_of(const struct link *link)
{
    const struct link_udp *udp = (const struct link_udp *)link;

    return atomic_load_explicit(&udp->egress, memory_order_relaxed);
}

static size_t receive(struct link *link, uint8_t *buf, size_t cap, struct link_origin *ret)
{
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);
    ssize_t n = recvfrom(of(link)->fd, buf, cap, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

    *ret = (struct link_origin){.ip = ntohl(from.sin_addr.s_addr), .output = -1};
    return n > 0 ? (size_t)n : 0;
}

static void close_link(struct link *link)
{
    struct link_udp *udp = of(link);

    if (udp->fd >= 0)
        (void)close(udp->fd);
    free(udp);
}

static const struct link_ops ops = {
    .send = send_packets,
    .refresh = refresh,
    .receive_fd = receive_fd,
    .egress = egress_of,
    .receive = receive,
    .close = close_link,
};

static int open_socket(struct link_udp *udp, const struct link_params *params)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_port = htons(params->driver->source_port),
                              .sin_addr = udp->source};
    int one = 1, size = SEND_BUFFER, ttl = (int)params->config->ttl;

    udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (udp->fd < 0)
        return -errno;
    (void)setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    /* Several outputs of one protocol share its port. */
    if (setsockopt(udp->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        setsockopt(udp->fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
        setsockopt(udp->fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) < 0 ||
        setsockopt(udp->fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) < 0 ||
        bind(udp->fd, (struct sockaddr *)&own, sizeof(own)) < 0)
        return -errno;
    return 0;
}

static void prepare_batch(struct link_udp *udp, uint16_t port)
{
    for (unsigned i = 0; i < LINK_BATCH; i++) {
        udp->to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        udp->heads[i].msg_hdr = (struct msghdr){
            .msg_name = &udp->to[i],
            .msg_namelen = sizeof(udp->to[i]),
            .msg_iov = &udp->iovecs[i],
            .msg_iovlen = 1,
        };
    }
}

int link_udp_create(struct link **ret, const struct link_params *params, struct qp_diag *diag)
{
    const struct link_config *config = params->config;
    struct link_udp *udp = calloc(1, sizeof(*udp));
    int err;

    if (!udp)
        return -ENOMEM;
    udp->link.ops = &ops;
    udp->source.s_addr = htonl(config->source_ip);
    udp->own.s_addr = htonl(config->to_ip);
    if (config->nic) {
        nic_init(&udp->nic, config->nic);
        udp->link.nic = &udp->nic;
    } else {
        atomic_init(&udp->link.carrier, true);
    }
    prepare_batch(udp, config->port ? (uint16_t)config->port : params->driver->udp_port);
    err = open_socket(udp, params);
    if (err < 0) {
        close_link(&udp->link);
        return qp_diag_set(diag, err, "UDP port %u: %s%s", params->driver->source_port,
                           strerror(-err),
                           err == -EADDRINUSE ? "; another program holds it: stop that one" : "");
    }
    set_multicast_source(udp);
    find_egress(udp);
    *ret = &udp->link;
    return 0;
}
