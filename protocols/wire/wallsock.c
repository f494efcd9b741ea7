/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/wallsock.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define OFF_PORTS    16
#define HELLO_HEADER 6

static const uint8_t magic[4] = {'Q', 'P', 'W', 'L'};

void wallsock_header(uint8_t *buf, const struct wallsock_msg *msg)
{
    bool udp = msg->kind == WALLSOCK_UDP;

    memcpy(buf, magic, sizeof(magic));
    buf[4] = WALLSOCK_VERSION;
    buf[5] = (uint8_t)msg->kind;
    qp_put_be16(buf + 6, msg->port);
    wallsock_set_time(buf, msg->time_ns);
    qp_put_be16(buf + OFF_PORTS, udp ? msg->dst_port : 0);
    qp_put_be16(buf + OFF_PORTS + 2, udp ? msg->src_port : 0);
}

void wallsock_set_time(uint8_t *buf, int64_t time_ns)
{
    uint64_t t = time_ns < 0 ? 0 : (uint64_t)time_ns;

    qp_put_be32(buf + WALLSOCK_OFF_TIME, (uint32_t)(t >> 32));
    qp_put_be32(buf + WALLSOCK_OFF_TIME + 4, (uint32_t)t);
}

int wallsock_decode(const uint8_t *buf, size_t len, struct wallsock_msg *ret)
{
    struct wallsock_msg msg = {0};
    uint64_t t;

    if (len < WALLSOCK_HEADER || memcmp(buf, magic, sizeof(magic)) != 0)
        return len >= sizeof(magic) && memcmp(buf, magic, sizeof(magic)) == 0 ? -EBADMSG : -ENOMSG;
    if (buf[4] != WALLSOCK_VERSION)
        return -EPROTONOSUPPORT;
    t = (uint64_t)qp_get_be32(buf + WALLSOCK_OFF_TIME) << 32 |
        qp_get_be32(buf + WALLSOCK_OFF_TIME + 4);
    if (buf[5] > WALLSOCK_UDP || t > INT64_MAX || len > WALLSOCK_MAX_MESSAGE)
        return -EBADMSG;
    msg.kind = (enum wallsock_kind)buf[5];
    msg.port = qp_get_be16(buf + 6);
    msg.time_ns = (int64_t)t;
    if (msg.kind == WALLSOCK_UDP) {
        msg.dst_port = qp_get_be16(buf + OFF_PORTS);
        msg.src_port = qp_get_be16(buf + OFF_PORTS + 2);
    }
    msg.data = buf + WALLSOCK_HEADER;
    msg.len = len - WALLSOCK_HEADER;
    *ret = msg;
    return 0;
}

/* Append names while they fit whole; returns how many. */
static size_t put_names(struct qp_wr *w, const char *const *names, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        size_t len = strnlen(names[i], WALLSOCK_NAME_MAX);

        if ((size_t)(w->end - w->p) < 1 + len)
            break;
        qp_wr_u8(w, (uint8_t)len);
        qp_wr_bytes(w, names[i], len);
    }
    return i;
}

int wallsock_hello(uint8_t *buf, size_t cap, const char *const *names, size_t total, size_t first,
                   size_t *ret_n)
{
    struct wallsock_msg msg = {.kind = WALLSOCK_HELLO};
    struct qp_wr w = qp_wr(buf, cap < WALLSOCK_MAX_MESSAGE ? cap : WALLSOCK_MAX_MESSAGE);
    uint8_t *list;
    size_t n;

    if (total > UINT16_MAX || first > total)
        return -EINVAL;
    if (!qp_wr_take(&w, WALLSOCK_HEADER))
        return -ENOBUFS;
    list = qp_wr_take(&w, HELLO_HEADER);
    if (!list)
        return -ENOBUFS;
    n = put_names(&w, names + first, total - first);
    if (n == 0 && first < total)
        return -ENOBUFS;
    wallsock_header(buf, &msg);
    qp_put_be16(list, (uint16_t)total);
    qp_put_be16(list + 2, (uint16_t)first);
    qp_put_be16(list + 4, (uint16_t)n);
    *ret_n = n;
    return (int)qp_wr_len(&w);
}

int wallsock_decode_hello(const struct wallsock_msg *msg, struct wallsock_hello *ret)
{
    struct qp_rd r = qp_rd(msg->data, msg->len);
    struct wallsock_hello hello = {0};

    hello.total = qp_rd_be16(&r);
    hello.first = qp_rd_be16(&r);
    hello.n = qp_rd_be16(&r);
    hello.list = r.p;
    for (unsigned i = 0; i < hello.n && !r.bad; i++)
        qp_rd_skip(&r, qp_rd_u8(&r));
    if (msg->kind != WALLSOCK_HELLO || r.bad || hello.first + hello.n > hello.total)
        return -EBADMSG;
    hello.list_len = (size_t)(r.p - hello.list);
    *ret = hello;
    return 0;
}

const char *wallsock_hello_name(const struct wallsock_hello *hello, uint16_t i, size_t *ret_len)
{
    struct qp_rd r = qp_rd(hello->list, hello->list_len);

    while (i-- > 0)
        qp_rd_skip(&r, qp_rd_u8(&r));
    *ret_len = qp_rd_u8(&r);
    return (const char *)r.p;
}
