/* SPDX-License-Identifier: Apache-2.0 */
/* Answers are told from noise by checksum, serial number and register. A new attempt has a new
 * serial number, so a late answer to the one before cannot be taken for its own; all requests set
 * or read a register, so asking twice does no harm. */
#include "sender-card/novastar.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "sender-card/novastar_port.h"

#define MAX_RETRIES        10
#define BROADCAST_PAUSE_MS 50 /* what the devices need after a request to all */
#define WALK_RETRIES       1
#define MAX_DRAIN          64 /* reads that throw old input away */
#define NS_PER_MS          1000000LL

struct novastar_client {
    int fd;
    bool serial_port;
    struct novastar_params params;
    uint8_t serial; /* of the last request */
    uint8_t in[2 * NOVASTAR_MAX_PACKET];
    size_t fill;
};

static int check_params(const struct novastar_params *p, struct qp_diag *diag)
{
    if (!p->address || !p->address[0])
        return qp_diag_set(diag, -EINVAL, "no address: give a host or a serial port");
    if (p->timeout_ms > NOVASTAR_MAX_TIMEOUT_MS)
        return qp_diag_set(diag, -EINVAL, "a timeout of %u ms is above %d", p->timeout_ms,
                           NOVASTAR_MAX_TIMEOUT_MS);
    if (p->retries > MAX_RETRIES)
        return qp_diag_set(diag, -EINVAL, "%u retries are above %d", p->retries, MAX_RETRIES);
    return 0;
}

int novastar_client_open(struct novastar_client **ret, const struct novastar_params *params,
                         struct qp_diag *diag)
{
    struct novastar_client *c;
    int err = check_params(params, diag);

    if (err != 0)
        return err;
    c = calloc(1, sizeof(*c));
    if (!c)
        return qp_diag_set(diag, -ENOMEM, "no memory");
    c->params = *params;
    c->params.tcp_port = params->tcp_port ? params->tcp_port : NOVASTAR_TCP_PORT;
    c->params.baud = params->baud ? params->baud : NOVASTAR_BAUD;
    c->params.timeout_ms = params->timeout_ms ? params->timeout_ms : NOVASTAR_TIMEOUT_MS;
    c->serial_port = params->address[0] == '/';
    c->fd = c->serial_port ? novastar_serial_open(params->address, c->params.baud, diag)
                           : novastar_tcp_open(params->address, c->params.tcp_port,
                                               c->params.timeout_ms, diag);
    if (c->fd < 0) {
        err = c->fd;
        free(c);
        return err;
    }
    *ret = c;
    return 0;
}

void novastar_client_close(struct novastar_client *c)
{
    if (!c)
        return;
    close(c->fd);
    free(c);
}

/* Returns 0 when ready, -ETIMEDOUT at the deadline, or a negative errno. */
static int wait_for(const struct novastar_client *c, short events, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd p = {.fd = c->fd, .events = events};
        int64_t left = deadline_ns - qp_clock_mono_ns();
        int n;

        if (left <= 0)
            return -ETIMEDOUT;
        n = poll(&p, 1, (int)((left + NS_PER_MS - 1) / NS_PER_MS));
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static bool try_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static int send_all(const struct novastar_client *c, const uint8_t *buf, size_t len,
                    int64_t deadline_ns)
{
    while (len > 0) {
        ssize_t n = c->serial_port ? write(c->fd, buf, len) : send(c->fd, buf, len, MSG_NOSIGNAL);
        int err;

        if (n > 0) {
            buf += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && !try_again())
            return -errno;
        err = wait_for(c, POLLOUT, deadline_ns);
        if (err != 0)
            return err;
    }
    return 0;
}

/* What is there now, behind what is in the buffer. Returns the bytes, 0: nothing yet, or a negative
 * errno (-EPIPE: the other end has gone). */
static ssize_t read_some(struct novastar_client *c)
{
    ssize_t n = read(c->fd, c->in + c->fill, sizeof(c->in) - c->fill);

    if (n > 0) {
        c->fill += (size_t)n;
        return n;
    }
    if (n < 0)
        return try_again() ? 0 : errno == EIO ? -EPIPE : -errno;
    return -EPIPE;
}

static void forget_input(struct novastar_client *c)
{
    for (int i = 0; i < MAX_DRAIN; i++) {
        c->fill = 0;
        if (read_some(c) <= 0)
            break;
    }
    c->fill = 0;
}

static void drop(struct novastar_client *c, size_t n)
{
    c->fill -= n;
    memmove(c->in, c->in + n, c->fill);
}

static bool answers(const struct novastar_pkt *reply, const struct novastar_pkt *request)
{
    return reply->reply && reply->serial == request->serial && reply->write == request->write &&
           reply->address == request->address && reply->device == request->device;
}

static int judge(const struct novastar_pkt *reply, const struct novastar_pkt *request,
                 uint8_t *data)
{
    switch (reply->ack) {
    case NOVASTAR_OK:
        break;
    case NOVASTAR_NO_ANSWER:
        return -ENODEV;
    case NOVASTAR_INVALID_COMMAND:
        return -EOPNOTSUPP;
    default:
        return -EBADMSG;
    }
    if (request->write)
        return 0;
    if (reply->length != request->length)
        return -EBADMSG;
    memcpy(data, reply->data, reply->length);
    return 0;
}

/* Take packets out of the buffer until one answers. Returns what judge() says, or 1: none yet. */
static int scan_answers(struct novastar_client *c, const struct novastar_pkt *request,
                        uint8_t *data)
{
    struct novastar_pkt reply;
    size_t used;

    while (novastar_scan(c->in, c->fill, &used, &reply) == 1) {
        int result = answers(&reply, request) ? judge(&reply, request, data) : 1;

        drop(c, used);
        if (result != 1)
            return result;
    }
    drop(c, used);
    return 1;
}

static int wait_answer(struct novastar_client *c, const struct novastar_pkt *request, uint8_t *data,
                       int64_t deadline_ns)
{
    for (;;) {
        int err = wait_for(c, POLLIN, deadline_ns);
        ssize_t n = err == 0 ? read_some(c) : err;

        if (n < 0)
            return (int)n;
        err = scan_answers(c, request, data);
        if (err != 1)
            return err;
    }
}

static bool is_broadcast(const struct novastar_target *t)
{
    return t->sender == NOVASTAR_ALL || t->port == NOVASTAR_ALL || t->board == NOVASTAR_ALL_BOARDS;
}

static int attempt(struct novastar_client *c, struct novastar_pkt *request, bool broadcast,
                   uint8_t *data)
{
    int64_t now = qp_clock_mono_ns(), deadline = now + c->params.timeout_ms * NS_PER_MS;
    uint8_t buf[NOVASTAR_MAX_PACKET];
    int n, err;

    forget_input(c);
    request->serial = ++c->serial;
    n = novastar_encode(request, buf, sizeof(buf));
    if (n < 0)
        return n;
    err = send_all(c, buf, (size_t)n, deadline);
    if (err != 0)
        return err;
    if (!broadcast)
        return wait_answer(c, request, data, deadline);
    /* Nobody answers; the next request must not come too early. */
    err = wait_answer(c, request, data, qp_clock_mono_ns() + BROADCAST_PAUSE_MS * NS_PER_MS);
    return err == -EPIPE ? err : 0;
}

static int explain(const struct novastar_client *c, const struct novastar_target *t, int err,
                   struct qp_diag *diag)
{
    const char *where = c->params.address;

    switch (err) {
    case -ETIMEDOUT:
        return qp_diag_set(diag, err, "%s: no answer within %u ms%s", where, c->params.timeout_ms,
                           c->serial_port ? "; is the speed right (see --baud)?" : "");
    case -ENODEV:
        return qp_diag_set(diag, err,
                           "%s: receiving card %u on port %u did not answer its sending card; "
                           "check the cable and the card's power",
                           where, t->board + 1u, t->port + 1u);
    case -EOPNOTSUPP:
        return qp_diag_set(diag, err, "%s: the device does not know this command", where);
    case -EBADMSG:
        return qp_diag_set(diag, err, "%s: only damaged answers%s", where,
                           c->serial_port ? "; check the cable and the speed (see --baud)" : "");
    case -EPIPE:
        return qp_diag_set(diag, err, "%s: the device closed the connection", where);
    default:
        return qp_diag_set(diag, err, "%s: %s", where, strerror(-err));
    }
}

static int request(struct novastar_client *c, const struct novastar_target *t,
                   struct novastar_pkt *pkt, uint8_t *data, unsigned retries, struct qp_diag *diag)
{
    bool broadcast = is_broadcast(t);
    int err = -ETIMEDOUT;

    if (pkt->length == 0 || pkt->length > NOVASTAR_MAX_DATA)
        return qp_diag_set(diag, -EINVAL, "%u bytes: a register has 1 to %d", pkt->length,
                           NOVASTAR_MAX_DATA);
    if (broadcast && !pkt->write)
        return qp_diag_set(diag, -EINVAL, "only one device at a time can be asked");
    pkt->source = NOVASTAR_COMPUTER;
    pkt->destination = t->sender;
    pkt->device = (uint8_t)t->device;
    pkt->port = t->port;
    pkt->board = t->board;
    for (unsigned i = 0; i <= retries && (err == -ETIMEDOUT || err == -EBADMSG); i++)
        err = attempt(c, pkt, broadcast, data);
    return err == 0 ? 0 : explain(c, t, err, diag);
}

int novastar_client_read(struct novastar_client *c, const struct novastar_target *target,
                         uint32_t address, uint8_t *buf, uint16_t n, struct qp_diag *diag)
{
    struct novastar_pkt pkt = {.address = address, .length = n};

    return request(c, target, &pkt, buf, c->params.retries, diag);
}

int novastar_client_write(struct novastar_client *c, const struct novastar_target *target,
                          uint32_t address, const uint8_t *data, uint16_t n, struct qp_diag *diag)
{
    struct novastar_pkt pkt = {.write = true, .address = address, .length = n, .data = data};

    return request(c, target, &pkt, NULL, c->params.retries, diag);
}

static int write_byte(struct novastar_client *c, const struct novastar_target *target,
                      uint32_t address, int value, struct qp_diag *diag)
{
    uint8_t byte = (uint8_t)value;

    return novastar_client_write(c, target, address, &byte, 1, diag);
}

int novastar_client_brightness(struct novastar_client *c, const struct novastar_target *target,
                               uint8_t level, struct qp_diag *diag)
{
    return write_byte(c, target, NOVASTAR_CARD_BRIGHTNESS, level, diag);
}

int novastar_client_test(struct novastar_client *c, const struct novastar_target *target,
                         enum novastar_test test, struct qp_diag *diag)
{
    return write_byte(c, target, NOVASTAR_CARD_TEST, (int)test, diag);
}

int novastar_client_black(struct novastar_client *c, const struct novastar_target *target,
                          enum novastar_switch state, struct qp_diag *diag)
{
    return write_byte(c, target, NOVASTAR_CARD_BLACK, (int)state, diag);
}

int novastar_client_freeze(struct novastar_client *c, const struct novastar_target *target,
                           enum novastar_switch state, struct qp_diag *diag)
{
    return write_byte(c, target, NOVASTAR_CARD_FREEZE, (int)state, diag);
}

int novastar_client_save(struct novastar_client *c, const struct novastar_target *target,
                         struct qp_diag *diag)
{
    return write_byte(c, target, NOVASTAR_CARD_SAVE, NOVASTAR_SAVE, diag);
}

int novastar_client_monitor(struct novastar_client *c, const struct novastar_target *target,
                            struct novastar_monitor *ret, struct qp_diag *diag)
{
    uint8_t buf[NOVASTAR_MONITOR_LEN];
    int err = novastar_client_read(c, target, NOVASTAR_CARD_MONITOR, buf, sizeof(buf), diag);

    return err == 0 ? novastar_decode_monitor(buf, sizeof(buf), ret) : err;
}

int novastar_client_walk(struct novastar_client *c, uint8_t sender, uint8_t port,
                         int (*on_card)(void *arg, const struct novastar_target *target,
                                        uint16_t model),
                         void *arg, struct qp_diag *diag)
{
    unsigned retries = c->params.retries < WALK_RETRIES ? c->params.retries : WALK_RETRIES;
    uint16_t board;

    for (board = 0; board < NOVASTAR_MAX_CHAIN; board++) {
        struct novastar_target t = {sender, NOVASTAR_RECEIVING_CARD, port, board};
        struct novastar_pkt pkt = {.address = NOVASTAR_CARD_MODEL, .length = 2};
        uint8_t model[2] = {0};
        int err = request(c, &t, &pkt, model, retries, diag);

        if (err == -ETIMEDOUT || err == -ENODEV || (err == 0 && model[0] == 0 && model[1] == 0))
            break;
        if (err == 0)
            err = on_card(arg, &t, (uint16_t)(model[0] | model[1] << 8));
        if (err != 0)
            return err;
    }
    return board;
}
