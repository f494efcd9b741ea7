/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any frame; what comes out, encoded again, must decode to the same. */
#include "protocols/wire/colorlight.h"

#include "tests/fuzz/wire/check.h"

static size_t encode(const struct colorlight_pkt *p, uint8_t *buf)
{
    switch (p->type) {
    case COLORLIGHT_ROW:
        colorlight_row_header(buf, p->row.row, p->row.x, p->row.n);
        memcpy(buf + COLORLIGHT_ROW_HEADER, p->row.pixels, 3 * (size_t)p->row.n);
        return colorlight_row_len(p->row.n);
    case COLORLIGHT_LATCH:
        colorlight_latch(buf, COLORLIGHT_FROM_PC, p->latch.brightness);
        buf[COLORLIGHT_OFF_LATCH_SENDER] = p->latch.sender;
        memcpy(buf + COLORLIGHT_OFF_LATCH_CHANNELS, p->latch.channels, 3);
        return COLORLIGHT_LATCH_LEN;
    case COLORLIGHT_BRIGHTNESS:
        colorlight_brightness(buf, 0);
        memcpy(buf + COLORLIGHT_OFF_BRIGHTNESS, p->brightness.channels, 3);
        return COLORLIGHT_BRIGHTNESS_LEN;
    case COLORLIGHT_QUERY:
        colorlight_query(buf, p->query.card);
        return COLORLIGHT_QUERY_LEN;
    case COLORLIGHT_REPLY:
        colorlight_reply(buf, &p->reply);
        return COLORLIGHT_REPLY_LEN;
    default:
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[COLORLIGHT_ROW_HEADER + 3 * UINT16_MAX];
    struct colorlight_pkt pkt, again;
    size_t n;

    if (colorlight_decode(data, size, &pkt) != 0)
        return 0;
    n = encode(&pkt, buf);
    if (n == 0) {
        check_inside(pkt.other.data, pkt.other.len, data, size);
        return 0;
    }
    CHECK(colorlight_decode(buf, n, &again) == 0);
    if (pkt.type == COLORLIGHT_ROW) {
        CHECK(memcmp(again.row.pixels, pkt.row.pixels, 3 * (size_t)pkt.row.n) == 0);
        again.row.pixels = pkt.row.pixels;
    }
    CHECK(memcmp(&pkt, &again, sizeof(pkt)) == 0);
    return 0;
}
