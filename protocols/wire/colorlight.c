/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/colorlight.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define OFF_DATA (COLORLIGHT_OFF_TYPE + 1)

const uint8_t colorlight_card_mac[6] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66};
const uint8_t colorlight_sender_mac[6] = {0x22, 0x22, 0x33, 0x44, 0x55, 0x66};

static void frame(uint8_t *buf, size_t len, enum colorlight_type type)
{
    memset(buf, 0, len);
    memcpy(buf, colorlight_card_mac, 6);
    memcpy(buf + COLORLIGHT_OFF_SOURCE, colorlight_sender_mac, 6);
    buf[COLORLIGHT_OFF_TYPE] = (uint8_t)type;
}

void colorlight_row_header(uint8_t *buf, uint16_t row, uint16_t x, uint16_t n)
{
    frame(buf, COLORLIGHT_ROW_HEADER, COLORLIGHT_ROW);
    qp_put_be16(buf + 13, row);
    qp_put_be16(buf + 15, x);
    qp_put_be16(buf + 17, n);
    buf[19] = 0x08;
    buf[20] = 0x88;
}

void colorlight_latch(uint8_t *buf, enum colorlight_sender sender, uint8_t brightness)
{
    frame(buf, COLORLIGHT_LATCH_LEN, COLORLIGHT_LATCH);
    buf[COLORLIGHT_OFF_LATCH_SENDER] = (uint8_t)sender;
    buf[36] = sender == COLORLIGHT_FROM_PC ? 0x05 : 0x00;
    colorlight_set_latch_brightness(buf, brightness);
}

void colorlight_set_latch_brightness(uint8_t *buf, uint8_t brightness)
{
    buf[COLORLIGHT_OFF_LATCH_BRIGHTNESS] = brightness;
    memset(buf + COLORLIGHT_OFF_LATCH_CHANNELS, brightness, 3);
}

void colorlight_brightness(uint8_t *buf, uint8_t brightness)
{
    frame(buf, COLORLIGHT_BRIGHTNESS_LEN, COLORLIGHT_BRIGHTNESS);
    buf[16] = 0xFF;
    colorlight_set_brightness(buf, brightness);
}

void colorlight_set_brightness(uint8_t *buf, uint8_t brightness)
{
    memset(buf + COLORLIGHT_OFF_BRIGHTNESS, brightness, 3);
}

void colorlight_query(uint8_t *buf, uint8_t card)
{
    frame(buf, COLORLIGHT_QUERY_LEN, COLORLIGHT_QUERY);
    buf[COLORLIGHT_OFF_QUERY_CARD] = card;
}

void colorlight_reply(uint8_t *buf, const struct colorlight_reply *reply)
{
    frame(buf, COLORLIGHT_REPLY_LEN, COLORLIGHT_REPLY);
    memset(buf, 0xFF, 6);
    memcpy(buf + COLORLIGHT_OFF_SOURCE, colorlight_card_mac, 6);
    buf[13] = reply->family;
    buf[15] = reply->firmware_major;
    buf[16] = reply->firmware_minor;
    qp_put_be16(buf + 34, reply->width);
    qp_put_be16(buf + 36, reply->height);
    qp_put_be32(buf + 51, reply->packets);
    qp_put_be32(buf + 59, reply->uptime_ms);
    buf[98] = reply->card;
}

static int decode_row(const uint8_t *buf, size_t len, struct colorlight_pkt *pkt)
{
    if (len < COLORLIGHT_ROW_HEADER)
        return -EBADMSG;
    pkt->row.row = qp_get_be16(buf + 13);
    pkt->row.x = qp_get_be16(buf + 15);
    pkt->row.n = qp_get_be16(buf + 17);
    pkt->row.pixels = buf + COLORLIGHT_ROW_HEADER;
    return pkt->row.n == 0 || len < colorlight_row_len(pkt->row.n) ? -EBADMSG : 0;
}

static int decode_latch(const uint8_t *buf, size_t len, struct colorlight_pkt *pkt)
{
    if (len < COLORLIGHT_LATCH_LEN)
        return -EBADMSG;
    pkt->latch.sender = buf[COLORLIGHT_OFF_LATCH_SENDER];
    pkt->latch.brightness = buf[COLORLIGHT_OFF_LATCH_BRIGHTNESS];
    memcpy(pkt->latch.channels, buf + COLORLIGHT_OFF_LATCH_CHANNELS, 3);
    return 0;
}

static int decode_reply(const uint8_t *buf, size_t len, struct colorlight_pkt *pkt)
{
    if (len < COLORLIGHT_REPLY_MIN)
        return -EBADMSG;
    pkt->reply = (struct colorlight_reply){
        .family = buf[13],
        .firmware_major = buf[15],
        .firmware_minor = buf[16],
        .width = qp_get_be16(buf + 34),
        .height = qp_get_be16(buf + 36),
        .packets = qp_get_be32(buf + 51),
        .uptime_ms = qp_get_be32(buf + 59),
        .card = buf[98],
    };
    return 0;
}

static int decode_to_card(const uint8_t *buf, size_t len, struct colorlight_pkt *pkt)
{
    switch (pkt->type) {
    case COLORLIGHT_ROW:
        return decode_row(buf, len, pkt);
    case COLORLIGHT_LATCH:
        return decode_latch(buf, len, pkt);
    case COLORLIGHT_BRIGHTNESS:
        if (len < COLORLIGHT_BRIGHTNESS_LEN)
            return -EBADMSG;
        memcpy(pkt->brightness.channels, buf + COLORLIGHT_OFF_BRIGHTNESS, 3);
        return 0;
    case COLORLIGHT_QUERY:
        if (len < COLORLIGHT_QUERY_LEN)
            return -EBADMSG;
        pkt->query.card = buf[COLORLIGHT_OFF_QUERY_CARD];
        return 0;
    default:
        pkt->other.data = buf + OFF_DATA;
        pkt->other.len = len - OFF_DATA;
        return 0;
    }
}

int colorlight_decode(const uint8_t *buf, size_t len, struct colorlight_pkt *ret)
{
    struct colorlight_pkt pkt;
    bool from_card;
    int r;

    if (len < OFF_DATA)
        return -ENOMSG;
    memset(&pkt, 0, sizeof(pkt));
    pkt.type = buf[COLORLIGHT_OFF_TYPE];
    from_card = pkt.type == COLORLIGHT_REPLY &&
                memcmp(buf + COLORLIGHT_OFF_SOURCE, colorlight_card_mac, 6) == 0;
    if (from_card)
        r = decode_reply(buf, len, &pkt);
    else if (pkt.type != COLORLIGHT_REPLY && memcmp(buf, colorlight_card_mac, 6) == 0)
        r = decode_to_card(buf, len, &pkt);
    else
        return -ENOMSG;
    if (r == 0)
        *ret = pkt;
    return r;
}
