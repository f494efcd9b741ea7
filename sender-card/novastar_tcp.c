/* SPDX-License-Identifier: Apache-2.0 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender-card/novastar_port.h"

#define KEEPALIVE_S 30

/* Wait for a connection under way. Returns 0 or a negative errno. */
static int finish_connect(int fd, uint32_t timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int err = 0, n;
    socklen_t len = sizeof(err);

    do
        n = poll(&p, 1, (int)timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return -ETIMEDOUT;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        return -errno;
    return -err;
}

static int connect_one(const struct addrinfo *a, uint32_t timeout_ms)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    int on = 1, idle = KEEPALIVE_S, err = 0;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
        err = errno == EINPROGRESS ? finish_connect(fd, timeout_ms) : -errno;
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

int novastar_tcp_open(const char *host, uint16_t port, uint32_t timeout_ms, struct qp_diag *diag)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    char service[8];
    int err, fd = -EHOSTUNREACH;

    (void)snprintf(service, sizeof(service), "%u", port);
    err = getaddrinfo(host, service, &hints, &list);
    if (err != 0)
        return qp_diag_set(diag, -EHOSTUNREACH, "%s: %s; give the IP address of the sending card",
                           host, gai_strerror(err));
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_one(a, timeout_ms);
    freeaddrinfo(list);
    if (fd < 0)
        return qp_diag_set(
            diag, fd,
            "%s port %u: %s; is this the sending card's address, and is the vendor's "
            "own program closed?",
            host, port, strerror(-fd));
    return fd;
}
