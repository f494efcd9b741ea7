/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/ddp.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define VERSION_MASK 0xC0
#define KNOWN_FLAGS  (DDP_PUSH | DDP_QUERY | DDP_REPLY | DDP_STORAGE | DDP_TIMECODE)

int ddp_encode_header(const struct ddp_pkt *pkt, uint8_t *buf, size_t cap)
{
    struct qp_wr w = qp_wr(buf, cap);

    if (pkt->sequence > 15 || (pkt->flags & ~KNOWN_FLAGS))
        return -EINVAL;
    qp_wr_u8(&w, (uint8_t)(pkt->flags | DDP_VERSION_1));
    qp_wr_u8(&w, pkt->sequence);
    qp_wr_u8(&w, pkt->type);
    qp_wr_u8(&w, pkt->id);
    qp_wr_be32(&w, pkt->offset);
    qp_wr_be16(&w, pkt->length);
    if (pkt->flags & DDP_TIMECODE)
        qp_wr_be32(&w, pkt->timecode);
    return w.bad ? -ENOBUFS : (int)qp_wr_len(&w);
}

int ddp_encode(const struct ddp_pkt *pkt, uint8_t *buf, size_t cap)
{
    int head;

    if (!(pkt->flags & DDP_QUERY) && pkt->data_len != pkt->length)
        return -EINVAL;
    if (pkt->data_len > UINT16_MAX)
        return -EINVAL;
    head = ddp_encode_header(pkt, buf, cap);
    if (head < 0)
        return head;
    if (pkt->data_len > cap - (size_t)head)
        return -ENOBUFS;
    if (pkt->data_len)
        memcpy(buf + head, pkt->data, pkt->data_len);
    return head + (int)pkt->data_len;
}

int ddp_decode(const uint8_t *buf, size_t len, struct ddp_pkt *ret)
{
    struct qp_rd r = qp_rd(buf, len);
    struct ddp_pkt pkt = {0};
    uint8_t flags = qp_rd_u8(&r);

    if (r.bad || (flags & VERSION_MASK) != DDP_VERSION_1)
        return -ENOMSG;
    pkt.flags = flags & KNOWN_FLAGS;
    pkt.sequence = qp_rd_u8(&r) & 0x0F;
    pkt.type = qp_rd_u8(&r);
    pkt.id = qp_rd_u8(&r);
    pkt.offset = qp_rd_be32(&r);
    pkt.length = qp_rd_be16(&r);
    if (flags & DDP_TIMECODE)
        pkt.timecode = qp_rd_be32(&r);
    pkt.data_len = (flags & DDP_QUERY) ? qp_rd_left(&r) : pkt.length;
    pkt.data = qp_rd_take(&r, pkt.data_len);
    if (r.bad)
        return -EBADMSG;
    *ret = pkt;
    return 0;
}
