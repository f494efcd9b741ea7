/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any datagram; what comes out, encoded again, must be the same bytes but for reserved
 * fields and what follows the end of a name. */
#include "protocols/wire/sacn.h"

#include "protocols/base/bytes.h"
#include "tests/fuzz/wire/check.h"

static void check_data(const struct sacn_pkt *p, const struct sacn_source *source)
{
    uint8_t buf[SACN_DATA_HEADER + SACN_MAX_SLOTS];
    struct sacn_pkt again;

    CHECK(sacn_data_header(buf, source, &p->data) == SACN_DATA_HEADER);
    memcpy(buf + SACN_DATA_HEADER, p->data.slots, p->data.n_slots);
    CHECK(sacn_decode(buf, SACN_DATA_HEADER + (size_t)p->data.n_slots, &again) == 0);
    CHECK(memcmp(again.name, p->name, sizeof(p->name)) == 0);
    CHECK(again.data.universe == p->data.universe && again.data.options == p->data.options);
    CHECK(memcmp(again.data.slots, p->data.slots, p->data.n_slots) == 0);
}

static void check_discovery(const struct sacn_pkt *p, const struct sacn_source *source)
{
    uint16_t universes[SACN_DISCOVERY_MAX];
    uint8_t buf[SACN_DISCOVERY_HEADER + 2 * SACN_DISCOVERY_MAX];
    int n;

    for (size_t i = 0; i < p->discovery.n; i++)
        universes[i] = qp_get_be16(p->discovery.universes + 2 * i);
    n = sacn_discovery(buf, sizeof(buf), source, p->discovery.page, p->discovery.last_page,
                       universes, p->discovery.n);
    CHECK(n == SACN_DISCOVERY_HEADER + 2 * p->discovery.n);
    CHECK(memcmp(buf + SACN_DISCOVERY_HEADER, p->discovery.universes, 2u * p->discovery.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sacn_source source;
    struct sacn_pkt pkt;
    uint8_t buf[SACN_SYNC_LEN];

    if (sacn_decode(data, size, &pkt) != 0)
        return 0;
    memcpy(source.cid, pkt.cid, sizeof(source.cid));
    memcpy(source.name, pkt.name, sizeof(source.name));
    switch (pkt.kind) {
    case SACN_DATA:
        check_inside(pkt.data.slots, pkt.data.n_slots, data, size);
        check_data(&pkt, &source);
        break;
    case SACN_SYNC:
        sacn_sync(buf, pkt.cid, pkt.sync.address, pkt.sync.sequence);
        CHECK(memcmp(buf, data, SACN_SYNC_LEN - 2) == 0);
        break;
    case SACN_DISCOVERY:
        check_inside(pkt.discovery.universes, 2u * pkt.discovery.n, data, size);
        check_discovery(&pkt, &source);
        break;
    }
    return 0;
}
