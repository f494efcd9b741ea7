/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/linsn.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define OFF_ETHERTYPE 12
#define OFF_DATA      23 /* of the command */
#define OFF_85        26

const uint8_t linsn_card_mac[6] = {0};
const uint8_t linsn_card_mac_alt[6] = {0, 0, 0, 0, 0, 0xFE};
const uint8_t linsn_broadcast[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

int linsn_geometry_fit(uint32_t w, uint32_t h)
{
    uint32_t by_w, by_h;

    if (w == 0 || h == 0 || w > linsn_geometry_w(UINT8_MAX) || h > linsn_geometry_h(UINT8_MAX))
        return -ERANGE;
    by_w = (w - 1) / 32;
    by_h = (h - 1) / 16;
    return (int)(by_w > by_h ? by_w : by_h);
}

uint32_t linsn_chunks(uint8_t g, uint32_t rows)
{
    uint64_t pixels = linsn_pixel(g, 0, rows);

    return (uint32_t)((pixels + LINSN_CHUNK_PIXELS - 1) / LINSN_CHUNK_PIXELS);
}

static uint8_t checksum(const uint8_t *buf)
{
    unsigned sum = 0;

    for (size_t i = LINSN_OFF_ID + 4; i < LINSN_OFF_CHECKSUM; i++)
        sum += buf[i];
    return (uint8_t)-sum;
}

void linsn_set_checksum(uint8_t *buf)
{
    buf[LINSN_OFF_CHECKSUM] = checksum(buf);
}

static void header(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint16_t ethertype,
                   uint32_t id)
{
    memset(buf, 0, LINSN_HEADER);
    memcpy(buf, dst, 6);
    memcpy(buf + LINSN_OFF_SOURCE, src, 6);
    qp_put_be16(buf + OFF_ETHERTYPE, ethertype);
    qp_put_le32(buf + LINSN_OFF_ID, id);
}

void linsn_announce_header(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint8_t g)
{
    header(buf, dst, src, LINSN_ETHERTYPE_TO_CARD, 0);
    buf[LINSN_OFF_COMMAND] = LINSN_ANNOUNCE;
    buf[OFF_85] = 0x85;
    buf[LINSN_OFF_GEOMETRY] = g;
    memset(buf + LINSN_OFF_LEVEL, 0xFF, 4);
    memcpy(buf + LINSN_OFF_MAC, src, 6);
    linsn_set_checksum(buf);
}

void linsn_data_header(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint32_t id)
{
    header(buf, dst, src, LINSN_ETHERTYPE_TO_CARD, id);
}

void linsn_reply(uint8_t *buf, const uint8_t dst[6], const uint8_t src[6], uint32_t id)
{
    header(buf, dst, src, LINSN_ETHERTYPE_FROM_CARD, id);
    memset(buf + LINSN_HEADER, 0, LINSN_REPLY_LEN - LINSN_HEADER);
}

static int decode_announce(const uint8_t *buf, struct linsn_pkt *pkt)
{
    pkt->geometry = buf[LINSN_OFF_GEOMETRY];
    memcpy(pkt->level, buf + LINSN_OFF_LEVEL, 4);
    memcpy(pkt->mac, buf + LINSN_OFF_MAC, 6);
    return memcmp(pkt->mac, pkt->src, 6) == 0 ? 0 : -EBADMSG;
}

int linsn_decode(const uint8_t *buf, size_t len, struct linsn_pkt *ret)
{
    struct linsn_pkt pkt;
    uint16_t ethertype;

    if (len < OFF_ETHERTYPE + 2)
        return -ENOMSG;
    ethertype = qp_get_be16(buf + OFF_ETHERTYPE);
    if (ethertype != LINSN_ETHERTYPE_TO_CARD && ethertype != LINSN_ETHERTYPE_FROM_CARD)
        return -ENOMSG;
    memset(&pkt, 0, sizeof(pkt));
    pkt.from_card = ethertype == LINSN_ETHERTYPE_FROM_CARD;
    if (len < (pkt.from_card ? LINSN_HEADER : LINSN_DATA_LEN))
        return -EBADMSG;
    if (buf[LINSN_OFF_CHECKSUM] != checksum(buf))
        return -EBADMSG;
    memcpy(pkt.dst, buf, 6);
    memcpy(pkt.src, buf + LINSN_OFF_SOURCE, 6);
    pkt.id = qp_get_le32(buf + LINSN_OFF_ID);
    pkt.command = buf[LINSN_OFF_COMMAND];
    pkt.data = buf + OFF_DATA;
    pkt.chunk = pkt.from_card ? NULL : buf + LINSN_HEADER;
    if (pkt.command == LINSN_ANNOUNCE && decode_announce(buf, &pkt) != 0)
        return -EBADMSG;
    *ret = pkt;
    return 0;
}
