/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any frame; announcements and data, laid out again, must decode to the same. */
#include "protocols/wire/linsn.h"

#include "tests/fuzz/wire/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buf[LINSN_REPLY_LEN] = {0};
    struct linsn_pkt pkt, again;

    if (linsn_decode(data, size, &pkt) != 0)
        return 0;
    check_inside(pkt.data, 22, data, size);
    if (pkt.from_card)
        linsn_reply(buf, pkt.dst, pkt.src, pkt.id);
    else
        check_inside(pkt.chunk, LINSN_CHUNK, data, size);
    if (!pkt.from_card && pkt.command == LINSN_ANNOUNCE) {
        linsn_announce_header(buf, pkt.dst, pkt.src, pkt.geometry);
        memcpy(buf + LINSN_OFF_LEVEL, pkt.level, 4);
        linsn_set_checksum(buf);
    } else if (!pkt.from_card) {
        linsn_data_header(buf, pkt.dst, pkt.src, pkt.id);
    }
    CHECK(linsn_decode(buf, sizeof(buf), &again) == 0);
    CHECK(again.from_card == pkt.from_card && memcmp(again.src, pkt.src, 6) == 0);
    if (pkt.command == LINSN_ANNOUNCE && !pkt.from_card)
        CHECK(again.geometry == pkt.geometry && memcmp(again.level, pkt.level, 4) == 0);
    else
        CHECK(again.id == pkt.id);
    return 0;
}
