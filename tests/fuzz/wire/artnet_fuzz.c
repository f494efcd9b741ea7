/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any datagram; what comes out, encoded again, must decode to the same. */
#include "protocols/wire/artnet.h"

#include "tests/fuzz/wire/check.h"

static void check_dmx(const struct artnet_pkt *p, const uint8_t *data, size_t size)
{
    uint8_t buf[ARTNET_DMX_HEADER];

    check_inside(p->dmx.data, p->dmx.length, data, size);
    CHECK(p->dmx.length >= 1 && p->dmx.length <= ARTNET_DMX_MAX);
    artnet_dmx_header(buf, p->dmx.universe, p->dmx.length);
    CHECK(memcmp(buf + ARTNET_OFF_UNIVERSE, data + ARTNET_OFF_UNIVERSE, 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buf[ARTNET_POLL_REPLY_LEN];
    struct artnet_pkt pkt, again;

    if (artnet_decode(data, size, &pkt) != 0)
        return 0;
    switch (pkt.opcode) {
    case ARTNET_DMX:
    case ARTNET_NZS:
        check_dmx(&pkt, data, size);
        return 0;
    case ARTNET_POLL:
        artnet_poll(buf, &pkt.poll);
        CHECK(artnet_decode(buf, ARTNET_POLL_LEN, &again) == 0);
        CHECK(memcmp(&again.poll, &pkt.poll, sizeof(pkt.poll)) == 0);
        return 0;
    case ARTNET_POLL_REPLY:
        artnet_poll_reply(buf, &pkt.reply);
        CHECK(artnet_decode(buf, sizeof(buf), &again) == 0);
        CHECK(memcmp(&again.reply, &pkt.reply, sizeof(pkt.reply)) == 0);
        return 0;
    case ARTNET_SYNC:
        return 0;
    default:
        check_inside(pkt.other.data, pkt.other.len, data, size);
        return 0;
    }
}
