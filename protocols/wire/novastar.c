/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/novastar.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define HEAD_REQUEST  0x55AA
#define HEAD_REPLY    0xAA55
#define CHECKSUM_BASE 0x5555

static uint16_t checksum(const uint8_t *buf, size_t data_len)
{
    uint32_t sum = CHECKSUM_BASE;

    for (size_t i = 2; i < NOVASTAR_HEADER + data_len; i++)
        sum += buf[i];
    return (uint16_t)sum;
}

int novastar_encode(const struct novastar_pkt *pkt, uint8_t *buf, size_t cap)
{
    bool has_data = pkt->reply || pkt->write;
    size_t n = has_data ? pkt->length : 0;
    struct qp_wr w = qp_wr(buf, cap);

    if (pkt->length > NOVASTAR_MAX_DATA || (n && !pkt->data))
        return -EINVAL;
    qp_wr_be16(&w, pkt->reply ? HEAD_REPLY : HEAD_REQUEST);
    qp_wr_u8(&w, pkt->ack);
    qp_wr_u8(&w, pkt->serial);
    qp_wr_u8(&w, pkt->source);
    qp_wr_u8(&w, pkt->destination);
    qp_wr_u8(&w, pkt->device);
    qp_wr_u8(&w, pkt->port);
    qp_wr_le16(&w, pkt->board);
    qp_wr_u8(&w, pkt->write);
    qp_wr_u8(&w, 0);
    qp_wr_le32(&w, pkt->address);
    qp_wr_le16(&w, pkt->length);
    qp_wr_bytes(&w, pkt->data, n);
    if (w.bad)
        return -ENOBUFS;
    qp_wr_le16(&w, checksum(buf, n));
    return w.bad ? -ENOBUFS : (int)qp_wr_len(&w);
}

static bool is_head(const uint8_t *buf)
{
    uint16_t head = qp_get_be16(buf);

    return head == HEAD_REQUEST || head == HEAD_REPLY;
}

/* A packet that begins exactly here. 1: yes, with its length; 0: perhaps, too few bytes; -EBADMSG:
 * no. */
static int decode_here(const uint8_t *buf, size_t len, size_t *ret_len, struct novastar_pkt *ret)
{
    struct qp_rd r = qp_rd(buf, len);
    struct novastar_pkt p = {0};
    size_t n;

    if (len < 2)
        return buf[0] == 0x55 || buf[0] == 0xAA ? 0 : -EBADMSG;
    if (!is_head(buf))
        return -EBADMSG;
    if (len < NOVASTAR_HEADER)
        return 0;
    p.reply = qp_rd_be16(&r) == HEAD_REPLY;
    p.ack = qp_rd_u8(&r);
    p.serial = qp_rd_u8(&r);
    p.source = qp_rd_u8(&r);
    p.destination = qp_rd_u8(&r);
    p.device = qp_rd_u8(&r);
    p.port = qp_rd_u8(&r);
    p.board = qp_rd_le16(&r);
    if (r.p[0] > 1)
        return -EBADMSG;
    p.write = qp_rd_u8(&r);
    qp_rd_skip(&r, 1);
    p.address = qp_rd_le32(&r);
    p.length = qp_rd_le16(&r);
    if (p.length > NOVASTAR_MAX_DATA)
        return -EBADMSG;
    n = p.reply || p.write ? p.length : 0;
    p.data = qp_rd_take(&r, n);
    if (n == 0)
        p.data = NULL;
    if (qp_rd_left(&r) < 2 || r.bad)
        return 0;
    if (qp_rd_le16(&r) != checksum(buf, n))
        return -EBADMSG;
    *ret_len = NOVASTAR_OVERHEAD + n;
    *ret = p;
    return 1;
}

int novastar_scan(const uint8_t *buf, size_t len, size_t *ret_used, struct novastar_pkt *ret)
{
    size_t at;

    for (at = 0; at < len; at++) {
        size_t n = 0;
        int r = decode_here(buf + at, len - at, &n, ret);

        if (r >= 0) {
            *ret_used = at + n;
            return r;
        }
    }
    *ret_used = at;
    return 0;
}

static struct novastar_level temperature(const uint8_t *p)
{
    double v = 0.5 * p[1];

    if (!(p[0] & 0x80))
        return (struct novastar_level){0};
    return (struct novastar_level){true, p[0] & 0x01 ? -v : v};
}

static struct novastar_level level(uint8_t byte, double per_unit)
{
    if (!(byte & 0x80))
        return (struct novastar_level){0};
    return (struct novastar_level){true, (byte & 0x7F) * per_unit};
}

static void decode_card(const uint8_t *buf, struct novastar_monitor *m)
{
    m->has_card = true;
    m->card_temperature_c = temperature(buf + 0x27);
    m->card_humidity_percent = level(buf[0x29], 1);
    m->smoke = buf[0x2A] & 0x01;
    for (size_t i = 0; i < QP_ARRAY_LEN(m->fan_rpm); i++)
        m->fan_rpm[i] = level(buf[0x2B + i], 50);
    for (size_t i = 0; i < QP_ARRAY_LEN(m->voltage_v); i++)
        m->voltage_v[i] = level(buf[0x2F + i], 0.1);
    m->doors = buf[0x41];
    memcpy(m->cables_open, buf + 0x42, sizeof(m->cables_open));
}

int novastar_decode_monitor(const uint8_t *buf, size_t len, struct novastar_monitor *ret)
{
    struct novastar_monitor m = {0};

    if (len < NOVASTAR_MONITOR_MIN)
        return -EBADMSG;
    m.temperature_c = temperature(buf);
    m.humidity_percent = level(buf[2], 1);
    m.supply_v = level(buf[3], 0.1);
    if (len >= NOVASTAR_MONITOR_LEN && buf[0x20] == 0xFF)
        decode_card(buf, &m);
    *ret = m;
    return 0;
}
