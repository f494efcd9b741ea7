/* SPDX-License-Identifier: Apache-2.0 */
/* Opening inputs: packet sockets, UDP with its multicast groups, the players' socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocols/wire/artnet.h"
#include "protocols/wire/ddp.h"
#include "protocols/wire/sacn.h"
#include "sender-card/virtual/main/input.h"

#define RECEIVE_BUFFER  (64 << 20)
#define GROUPS_A_SOCKET 20 /* the kernel's default limit of memberships */

static int add(struct inputs *in, const struct input *input, struct qp_diag *diag)
{
    if (in->n == INPUT_MAX) {
        (void)close(input->fd);
        return qp_diag_set(diag, -EMFILE, "more than %d inputs", INPUT_MAX);
    }
    in->items[in->n++] = *input;
    return 0;
}

/* As much room as the machine gives: bursts must wait here while a picture is written. */
static void set_common(int fd)
{
    int size = RECEIVE_BUFFER, one = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
}

/* --- network interfaces ------------------------------------------------------------------------
 */

static int bind_nic(int fd, unsigned ifindex)
{
    struct sockaddr_ll addr = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
    struct packet_mreq promiscuous = {.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
    int one = 1;

    set_common(fd);
    (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
    /* Cards have addresses that are none of this machine's. */
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)) < 0)
        return -errno;
    return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
}

static int open_nic(struct inputs *in, const char *name, uint32_t port, struct qp_diag *diag)
{
    unsigned ifindex = if_nametoindex(name);
    int fd, r;

    if (ifindex == 0)
        return qp_diag_set(diag, -ENODEV,
                           "there is no network interface \"%s\"; `ip link` lists "
                           "those of this machine",
                           name);
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return qp_diag_set(diag, -errno,
                           "cannot read packets of %s: %s; it needs the capability "
                           "CAP_NET_RAW (setcap cap_net_raw+ep qp-wall, or run it "
                           "as root)",
                           name, strerror(errno));
    r = bind_nic(fd, ifindex);
    if (r < 0) {
        (void)close(fd);
        return qp_diag_set(diag, r, "cannot read packets of %s: %s", name, strerror(-r));
    }
    return add(in, &(struct input){.kind = INPUT_NIC, .fd = fd, .port = port}, diag);
}

static int listen_nic(struct inputs *in, const struct virtual_wall *vw, const char *text,
                      uint32_t port, struct qp_diag *diag)
{
    char name[IFNAMSIZ];
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);

    (void)snprintf(name, sizeof(name), "%.*s", (int)len, text);
    if (equals) {
        port = virtual_find_port(vw, equals + 1, strlen(equals + 1));
        if (port == VIRTUAL_ANY_PORT)
            return qp_diag_set(diag, -EINVAL, "--listen nic:%s: the wall has no output \"%s\"",
                               text, equals + 1);
    } else if (port == VIRTUAL_ANY_PORT) {
        port = virtual_find_nic(vw, name);
    }
    return open_nic(in, name, port, diag);
}

/* --- UDP
 * -------------------------------------------------------------------------------------------- */

static int open_udp(const char *address, uint16_t udp_port, struct qp_diag *diag)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(udp_port)};
    int fd, err, one = 1, zero = 0;

    (void)inet_pton(AF_INET, address, &addr.sin_addr); /* was checked with the options */
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return qp_diag_set(diag, -errno, "no socket: %s", strerror(errno));
    set_common(fd);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof(zero));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    err = errno;
    (void)close(fd);
    return qp_diag_set(diag, -err, "cannot receive UDP port %u on %s: %s", udp_port, address,
                       strerror(err));
}

static int add_udp(struct inputs *in, const char *address, uint16_t udp_port, int *ret_fd,
                   struct qp_diag *diag)
{
    int fd = open_udp(address, udp_port, diag);

    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return add(in,
               &(struct input){
                   .kind = INPUT_UDP, .fd = fd, .port = VIRTUAL_ANY_PORT, .udp_port = udp_port},
               diag);
}

/* Multicast needs the wildcard address: a socket bound to a unicast one does not get it. */
static int join(struct inputs *in, const char *address, uint16_t universe, unsigned *n, int *fd,
                struct qp_diag *diag)
{
    struct ip_mreqn group = {0};
    uint8_t ip[4];

    if (*n % GROUPS_A_SOCKET == 0) {
        int r = add_udp(in, "0.0.0.0", SACN_PORT, fd, diag);

        if (r < 0)
            return r;
    }
    sacn_multicast_ip4(universe, ip);
    memcpy(&group.imr_multiaddr, ip, 4);
    (void)inet_pton(AF_INET, address, &group.imr_address);
    if (setsockopt(*fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) == 0 ||
        errno == ENODEV) /* no route to multicast: then there is none to receive */
        ++*n;
    else if (errno != EADDRINUSE)
        return qp_diag_set(diag, -errno, "cannot join the multicast group of universe %u: %s",
                           universe, strerror(errno));
    return 0;
}

static int join_groups(struct inputs *in, const struct virtual_wall *vw, const struct wall *wall,
                       const char *address, struct qp_diag *diag)
{
    unsigned n = 0;
    int fd = -1, r = 0;

    for (uint32_t i = 0; i < wall->n_outputs && r == 0; i++) {
        uint32_t first, count, sync;

        virtual_universes(vw, i, &first, &count, &sync);
        if (sync)
            r = join(in, address, (uint16_t)sync, &n, &fd, diag);
        for (uint32_t u = 0; u < count && r == 0; u++)
            r = join(in, address, (uint16_t)(first + u), &n, &fd, diag);
    }
    return r;
}

static int listen_udp(struct inputs *in, const struct virtual_wall *vw, const struct wall *wall,
                      const char *address, struct qp_diag *diag)
{
    uint16_t seen[INPUT_MAX];
    unsigned n_seen = 0;
    int fd, r = 0;

    for (uint32_t i = 0; i < wall->n_outputs && r == 0; i++) {
        uint16_t udp_port = virtual_udp_port(vw, i);
        bool known = udp_port == 0;

        for (unsigned k = 0; k < n_seen; k++)
            known |= seen[k] == udp_port;
        if (known || n_seen == INPUT_MAX)
            continue;
        seen[n_seen++] = udp_port;
        r = add_udp(in, address, udp_port, &fd, diag);
    }
    if (r == 0 && n_seen == 0)
        return qp_diag_set(diag, -EINVAL,
                           "--listen udp: no output of this wall has a driver that "
                           "sends UDP");
    return r < 0 ? r : join_groups(in, vw, wall, address, diag);
}

/* --- the players' socket
 * ------------------------------------------------------------------------------ */

/* A socket file that nobody listens on is left over from a crash. */
static bool is_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale;

    if (fd < 0)
        return false;
    stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return stale;
}

static int listen_local(struct inputs *in, const char *path, uint32_t port, struct qp_diag *diag)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct input input = {.kind = INPUT_LISTENER, .port = port};
    int err;

    (void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    (void)snprintf(input.path, sizeof(input.path), "%s", path);
    if (is_stale(&addr))
        (void)unlink(path);
    input.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (input.fd < 0)
        return qp_diag_set(diag, -errno, "no socket: %s", strerror(errno));
    if (bind(input.fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(input.fd, 16) == 0)
        return add(in, &input, diag);
    err = errno;
    (void)close(input.fd);
    return qp_diag_set(diag, -err, "cannot listen on %s: %s%s", path, strerror(err),
                       err == EADDRINUSE ? "; another program does, or the file is no socket: "
                                           "choose another path"
                                         : "");
}

int inputs_listen(struct inputs *in, const struct virtual_wall *vw, const struct wall *wall,
                  const char *spec, uint32_t port, struct qp_diag *diag)
{
    if (strncmp(spec, "nic:", 4) == 0)
        return listen_nic(in, vw, spec + 4, port, diag);
    if (strncmp(spec, "local:", 6) == 0)
        return listen_local(in, spec + 6, port, diag);
    return listen_udp(in, vw, wall, spec[3] == ':' ? spec + 4 : "0.0.0.0", diag);
}
