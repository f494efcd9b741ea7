/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual wall's socket; the framing is in protocols/wire/wallsock.h. All ports of a sender share
 * one connection, and one tx thread serves them.
 *
 * Whoever owns the descriptor is settled by `up`: while it is set the tx thread does, and clears it
 * when the other side is gone; then the background thread does, connects again and sets it. A
 * hang-up that the background thread sees first is noted in `hung_up` for the tx thread. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/wire/wallsock.h"
#include "sender-card/link.h"

#define RETRY_NS    500000000LL
#define SEND_BUFFER (4 << 20)

struct wall_socket {
    struct wall_socket *next;
    char *path;
    int fd;
    atomic_bool up;
    atomic_bool hung_up; /* seen by the background thread; the tx thread then clears up */
    int64_t retry_ns;    /* background: when to connect again */
    bool listened;       /* some link's receive() serves it */
};

struct link_local {
    struct link link;
    struct wall_socket *socket; /* of the pool */
    bool receives;              /* the one link of the socket that reads it */
    uint8_t headers[LINK_BATCH][WALLSOCK_HEADER];
    struct mmsghdr heads[LINK_BATCH];
    struct iovec iovecs[LINK_BATCH][2];
};

static struct link_local *of(struct link *link)
{
    return (struct link_local *)link;
}

static int send_packets(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct link_local *local = of(link);
    int sent, err;

    if (atomic_load_explicit(&local->socket->hung_up, memory_order_relaxed))
        atomic_store_explicit(&local->socket->up, false, memory_order_release);
    if (!atomic_load_explicit(&local->socket->up, memory_order_acquire)) {
        link_set_carrier(link, false);
        return -ENOTCONN;
    }
    for (unsigned i = 0; i < n; i++) {
        wallsock_set_time(local->headers[i], msgs[i].at_ns);
        local->iovecs[i][1] =
            (struct iovec){.iov_base = (void *)(uintptr_t)msgs[i].bytes, .iov_len = msgs[i].len};
    }
    sent = sendmmsg(local->socket->fd, local->heads, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    err = -errno;
    if (err == -EAGAIN || err == -EINTR || err == -ENOBUFS)
        return -EAGAIN;
    atomic_store_explicit(&local->socket->up, false, memory_order_release);
    link_set_carrier(link, false);
    return err;
}

static int send_hello(int fd, const struct wall *wall)
{
    uint8_t buf[4096];
    const char **names = calloc(wall->n_outputs ? wall->n_outputs : 1, sizeof(*names));
    size_t first = 0, n = 0;
    int err = names ? 0 : -ENOMEM;

    for (uint32_t i = 0; names && i < wall->n_outputs; i++)
        names[i] = wall->outputs[i].id;
    while (err == 0) {
        int len = wallsock_hello(buf, sizeof(buf), names, wall->n_outputs, first, &n);

        if (len < 0)
            err = len;
        else if (send(fd, buf, (size_t)len, MSG_NOSIGNAL) != len)
            err = -errno;
        first += n;
        if (first >= wall->n_outputs || n == 0)
            break;
    }
    free(names);
    return err;
}

/* A connected socket that has said hello, or a negative errno. */
static int connect_to(const char *path, const struct wall *wall)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = SEND_BUFFER;
    int err;

    if (fd < 0)
        return -errno;
    memcpy(addr.sun_path, path, strlen(path)); /* its length was checked with the configuration */
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        err = -errno;
        (void)close(fd);
        return err;
    }
    /* Unix sockets take less than half of it without privilege; it is only a cushion. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    err = send_hello(fd, wall);
    if (err < 0) {
        (void)close(fd);
        return err;
    }
    return fd;
}

static void reconnect(struct wall_socket *sock, const struct wall *wall, int64_t now_ns)
{
    if (now_ns < sock->retry_ns)
        return;
    sock->retry_ns = now_ns + RETRY_NS;
    if (sock->fd >= 0)
        (void)close(sock->fd);
    sock->fd = connect_to(sock->path, wall);
    atomic_store(&sock->hung_up, false);
    if (sock->fd >= 0)
        atomic_store_explicit(&sock->up, true, memory_order_release);
}

struct local_wall {
    struct link_local local;
    const struct wall *wall; /* borrowed */
};

static void refresh(struct link *link, int64_t now_ns, bool changed)
{
    struct local_wall *with = (struct local_wall *)link;
    struct wall_socket *sock = with->local.socket;

    (void)changed;
    if (!atomic_load_explicit(&sock->up, memory_order_acquire))
        reconnect(sock, with->wall, now_ns);
    link_set_carrier(link, atomic_load_explicit(&sock->up, memory_order_acquire));
}

static int receive_fd(const struct link *link)
{
    const struct link_local *local = (const struct link_local *)link;

    return local->receives && atomic_load_explicit(&local->socket->up, memory_order_acquire) &&
                   !atomic_load_explicit(&local->socket->hung_up, memory_order_relaxed)
               ? local->socket->fd
               : -1;
}

/* Answers for every port of the connection come in here; the sender gives them to the drivers. */
static size_t receive(struct link *link, uint8_t *buf, size_t cap, struct link_origin *ret)
{
    uint8_t message[WALLSOCK_HEADER + 2048];
    struct wallsock_msg msg;
    ssize_t n = recv(of(link)->socket->fd, message, sizeof(message), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        atomic_store(&of(link)->socket->hung_up, true);
    if (n <= 0 || wallsock_decode(message, (size_t)n, &msg) < 0 || msg.len > cap)
        return 0;
    *ret = (struct link_origin){.output = msg.port};
    memcpy(buf, msg.data, msg.len);
    return msg.len;
}

static void close_link(struct link *link)
{
    free(link);
}

static const struct link_ops ops = {
    .send = send_packets,
    .refresh = refresh,
    .receive_fd = receive_fd,
    .receive = receive,
    .close = close_link,
};

void link_local_pool_finish(struct link_pool *pool)
{
    while (pool->sockets) {
        struct wall_socket *sock = pool->sockets;

        pool->sockets = sock->next;
        if (sock->fd >= 0)
            (void)close(sock->fd);
        free(sock->path);
        free(sock);
    }
}

static int find_socket(const struct link_params *params, struct wall_socket **ret)
{
    const char *path = params->config->path;
    struct wall_socket *sock;

    for (sock = params->pool->sockets; sock; sock = sock->next)
        if (strcmp(sock->path, path) == 0) {
            *ret = sock;
            return 0;
        }
    sock = calloc(1, sizeof(*sock));
    if (!sock)
        return -ENOMEM;
    sock->next = params->pool->sockets;
    params->pool->sockets = sock;
    sock->fd = -1;
    sock->path = strdup(path);
    if (!sock->path)
        return -ENOMEM;
    sock->fd = connect_to(path, params->wall);
    if (sock->fd < 0)
        return sock->fd;
    atomic_store(&sock->up, true);
    *ret = sock;
    return 0;
}

static void prepare_batch(struct link_local *local, const struct link_params *params)
{
    const struct driver *driver = params->driver;
    bool udp = driver->medium == DRIVER_UDP;
    struct wallsock_msg msg = {
        .kind = udp ? WALLSOCK_UDP : WALLSOCK_FRAME,
        .port = (uint16_t)params->output,
        .dst_port = driver->udp_port,
        .src_port = driver->source_port,
    };

    for (unsigned i = 0; i < LINK_BATCH; i++) {
        wallsock_header(local->headers[i], &msg);
        local->iovecs[i][0] =
            (struct iovec){.iov_base = local->headers[i], .iov_len = WALLSOCK_HEADER};
        local->heads[i].msg_hdr = (struct msghdr){.msg_iov = local->iovecs[i], .msg_iovlen = 2};
    }
}

int link_local_create(struct link **ret, const struct link_params *params, struct qp_diag *diag)
{
    struct local_wall *with = calloc(1, sizeof(*with));
    int err;

    if (!with)
        return -ENOMEM;
    with->local.link.ops = &ops;
    with->wall = params->wall;
    atomic_init(&with->local.link.carrier, true);
    prepare_batch(&with->local, params);
    err = find_socket(params, &with->local.socket);
    if (err < 0) {
        free(with);
        return qp_diag_set(diag, err,
                           "%s: no virtual wall listens there (%s); start it first: "
                           "qp-wall --wall FILE --listen local:%s",
                           params->config->path, strerror(-err), params->config->path);
    }
    with->local.receives = !with->local.socket->listened;
    with->local.socket->listened = true;
    *ret = &with->local.link;
    return 0;
}
