/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/artnet.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define OFF_VERSION 10

static const uint8_t magic[8] = "Art-Net"; /* the NUL belongs to it */

static void header(uint8_t *buf, size_t len, enum artnet_opcode opcode)
{
    memset(buf, 0, len);
    memcpy(buf, magic, sizeof(magic));
    qp_put_le16(buf + ARTNET_OFF_OPCODE, (uint16_t)opcode);
    if (opcode != ARTNET_POLL_REPLY)
        qp_put_be16(buf + OFF_VERSION, ARTNET_PROTOCOL);
}

void artnet_dmx_header(uint8_t *buf, uint16_t universe, uint16_t length)
{
    header(buf, ARTNET_DMX_HEADER, ARTNET_DMX);
    qp_put_le16(buf + ARTNET_OFF_UNIVERSE, universe);
    qp_put_be16(buf + ARTNET_OFF_LENGTH, length);
}

void artnet_sync(uint8_t *buf)
{
    header(buf, ARTNET_SYNC_LEN, ARTNET_SYNC);
}

void artnet_poll(uint8_t *buf, const struct artnet_poll *poll)
{
    header(buf, ARTNET_POLL_LEN, ARTNET_POLL);
    buf[12] = poll->flags;
    buf[13] = poll->priority;
    qp_put_be16(buf + 14, poll->top);
    qp_put_be16(buf + 16, poll->bottom);
    qp_put_be16(buf + 18, poll->esta);
    qp_put_be16(buf + 20, poll->oem);
}

/* A text field: always NUL-terminated, the rest zero. */
static void put_text(struct qp_wr *w, const char *text, size_t field)
{
    size_t n = strnlen(text, field - 1);

    qp_wr_bytes(w, text, n);
    qp_wr_fill(w, 0, field - n);
}

static void reply_identity(struct qp_wr *w, const struct artnet_poll_reply *r)
{
    qp_wr_bytes(w, r->ip, 4);
    qp_wr_le16(w, r->port);
    qp_wr_be16(w, r->firmware);
    qp_wr_u8(w, r->net);
    qp_wr_u8(w, r->subnet);
    qp_wr_be16(w, r->oem);
    qp_wr_u8(w, r->ubea);
    qp_wr_u8(w, r->status1);
    qp_wr_le16(w, r->esta);
    put_text(w, r->short_name, sizeof(r->short_name));
    put_text(w, r->long_name, sizeof(r->long_name));
    put_text(w, r->report, sizeof(r->report));
}

static void reply_ports(struct qp_wr *w, const struct artnet_poll_reply *r)
{
    qp_wr_be16(w, r->n_ports);
    qp_wr_bytes(w, r->port_types, 4);
    qp_wr_bytes(w, r->good_input, 4);
    qp_wr_bytes(w, r->good_output, 4);
    qp_wr_bytes(w, r->sw_in, 4);
    qp_wr_bytes(w, r->sw_out, 4);
    qp_wr_u8(w, r->acn_priority);
    qp_wr_u8(w, r->macro);
    qp_wr_u8(w, r->remote);
    qp_wr_fill(w, 0, 3);
    qp_wr_u8(w, r->style);
}

static void reply_binding(struct qp_wr *w, const struct artnet_poll_reply *r)
{
    qp_wr_bytes(w, r->mac, 6);
    qp_wr_bytes(w, r->bind_ip, 4);
    qp_wr_u8(w, r->bind_index);
    qp_wr_u8(w, r->status2);
    qp_wr_bytes(w, r->good_output_b, 4);
    qp_wr_u8(w, r->status3);
    qp_wr_bytes(w, r->uid, 6);
    qp_wr_be16(w, r->user);
    qp_wr_be16(w, r->refresh_hz);
}

void artnet_poll_reply(uint8_t *buf, const struct artnet_poll_reply *reply)
{
    struct qp_wr w = qp_wr(buf + OFF_VERSION, ARTNET_POLL_REPLY_LEN - OFF_VERSION);

    header(buf, ARTNET_POLL_REPLY_LEN, ARTNET_POLL_REPLY);
    reply_identity(&w, reply);
    reply_ports(&w, reply);
    reply_binding(&w, reply);
}

uint16_t artnet_reply_output(const struct artnet_poll_reply *reply, unsigned port)
{
    return (uint16_t)(reply->net << 8 | reply->subnet << 4 | (reply->sw_out[port & 3] & 0x0F));
}

static int decode_dmx(struct qp_rd *r, struct artnet_pkt *pkt)
{
    pkt->dmx.sequence = qp_rd_u8(r);
    pkt->dmx.physical = qp_rd_u8(r);
    pkt->dmx.universe = qp_rd_le16(r);
    pkt->dmx.length = qp_rd_be16(r);
    pkt->dmx.data = qp_rd_take(r, pkt->dmx.length);
    /* Odd lengths contradict the specification and do occur: the levels are there, so use them. */
    if (r->bad || pkt->dmx.length == 0 || pkt->dmx.length > ARTNET_DMX_MAX ||
        pkt->dmx.universe > ARTNET_MAX_UNIVERSE)
        return -EBADMSG;
    return 0;
}

static int decode_poll(struct qp_rd *r, struct artnet_pkt *pkt)
{
    pkt->poll.flags = qp_rd_u8(r);
    pkt->poll.priority = qp_rd_u8(r);
    if (r->bad)
        return -EBADMSG;
    /* Later editions appended fields; a packet ends after any of them. */
    pkt->poll.top = qp_rd_be16(r);
    pkt->poll.bottom = qp_rd_be16(r);
    pkt->poll.esta = qp_rd_be16(r);
    pkt->poll.oem = qp_rd_be16(r);
    return 0;
}

static void get_text(struct qp_rd *r, char *text, size_t field)
{
    size_t n;

    qp_rd_copy(r, text, field);
    text[field - 1] = '\0';
    n = strlen(text);
    memset(text + n, 0, field - n);
}

static void get_identity(struct qp_rd *r, struct artnet_poll_reply *p)
{
    qp_rd_copy(r, p->ip, 4);
    p->port = qp_rd_le16(r);
    p->firmware = qp_rd_be16(r);
    p->net = qp_rd_u8(r) & 0x7F;
    p->subnet = qp_rd_u8(r) & 0x0F;
    p->oem = qp_rd_be16(r);
    p->ubea = qp_rd_u8(r);
    p->status1 = qp_rd_u8(r);
    p->esta = qp_rd_le16(r);
    get_text(r, p->short_name, sizeof(p->short_name));
    get_text(r, p->long_name, sizeof(p->long_name));
    get_text(r, p->report, sizeof(p->report));
}

static void get_ports(struct qp_rd *r, struct artnet_poll_reply *p)
{
    p->n_ports = qp_rd_be16(r);
    qp_rd_copy(r, p->port_types, 4);
    qp_rd_copy(r, p->good_input, 4);
    qp_rd_copy(r, p->good_output, 4);
    qp_rd_copy(r, p->sw_in, 4);
    qp_rd_copy(r, p->sw_out, 4);
    p->acn_priority = qp_rd_u8(r);
    p->macro = qp_rd_u8(r);
    p->remote = qp_rd_u8(r);
}

static void get_binding(struct qp_rd *r, struct artnet_poll_reply *p)
{
    qp_rd_skip(r, 3);
    p->style = qp_rd_u8(r);
    qp_rd_copy(r, p->mac, 6);
    qp_rd_copy(r, p->bind_ip, 4);
    p->bind_index = qp_rd_u8(r);
    p->status2 = qp_rd_u8(r);
    qp_rd_copy(r, p->good_output_b, 4);
    p->status3 = qp_rd_u8(r);
    qp_rd_copy(r, p->uid, 6);
    p->user = qp_rd_be16(r);
    p->refresh_hz = qp_rd_be16(r);
}

/* Old nodes send fewer bytes: what is missing counts as zero, so the packet is read from a copy
 * that is padded with zeros. */
static int decode_poll_reply(struct qp_rd *r, struct artnet_pkt *pkt)
{
    uint8_t padded[ARTNET_POLL_REPLY_LEN - OFF_VERSION] = {0};
    size_t left = qp_rd_left(r);
    struct qp_rd p = qp_rd(padded, sizeof(padded));

    if (left < ARTNET_POLL_REPLY_MIN - OFF_VERSION)
        return -EBADMSG;
    memcpy(padded, r->p, left < sizeof(padded) ? left : sizeof(padded));
    get_identity(&p, &pkt->reply);
    get_ports(&p, &pkt->reply);
    get_binding(&p, &pkt->reply);
    return pkt->reply.n_ports > 4 ? -EBADMSG : 0;
}

static int decode_body(struct qp_rd *r, struct artnet_pkt *pkt)
{
    switch (pkt->opcode) {
    case ARTNET_POLL_REPLY:
        return decode_poll_reply(r, pkt);
    case ARTNET_DMX:
    case ARTNET_NZS:
    case ARTNET_SYNC:
    case ARTNET_POLL:
        if (qp_rd_be16(r) < ARTNET_PROTOCOL)
            return -EBADMSG;
        break;
    default:
        pkt->other.len = qp_rd_left(r);
        pkt->other.data = qp_rd_take(r, pkt->other.len);
        return 0;
    }
    if (pkt->opcode == ARTNET_POLL)
        return decode_poll(r, pkt);
    if (pkt->opcode != ARTNET_SYNC)
        return decode_dmx(r, pkt);
    qp_rd_skip(r, 2);
    return r->bad ? -EBADMSG : 0;
}

int artnet_decode(const uint8_t *buf, size_t len, struct artnet_pkt *ret)
{
    struct qp_rd r = qp_rd(buf, len);
    const uint8_t *m = qp_rd_take(&r, sizeof(magic));
    struct artnet_pkt pkt;
    int err;

    if (!m || memcmp(m, magic, sizeof(magic)) != 0)
        return -ENOMSG;
    memset(&pkt, 0, sizeof(pkt));
    pkt.opcode = qp_rd_le16(&r);
    if (r.bad)
        return -EBADMSG;
    err = decode_body(&r, &pkt);
    if (err == 0)
        *ret = pkt;
    return err;
}
