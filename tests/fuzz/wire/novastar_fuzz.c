/* SPDX-License-Identifier: Apache-2.0 */
/* Scan any stream to its end; every packet found, encoded again, has the same bytes. */
#include "protocols/wire/novastar.h"

#include "tests/fuzz/wire/check.h"

static void check_packet(const struct novastar_pkt *p, const uint8_t *end)
{
    uint8_t buf[NOVASTAR_MAX_PACKET];
    struct novastar_monitor monitor;
    int n = novastar_encode(p, buf, sizeof(buf));
    size_t used;
    struct novastar_pkt again;

    CHECK(n >= NOVASTAR_OVERHEAD);
    CHECK(novastar_scan(buf, (size_t)n, &used, &again) == 1 && used == (size_t)n);
    CHECK(memcmp(buf + 12, end - n + 12, (size_t)n - 14) == 0); /* from the register on */
    if (p->data && novastar_decode_monitor(p->data, p->length, &monitor) == 0)
        CHECK(monitor.supply_v.value >= 0 && monitor.supply_v.value < 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct novastar_pkt pkt;
    size_t used;

    while (novastar_scan(data, size, &used, &pkt) == 1) {
        CHECK(used >= NOVASTAR_OVERHEAD && used <= size);
        check_packet(&pkt, data + used);
        data += used;
        size -= used;
    }
    CHECK(used <= size && size - used < NOVASTAR_MAX_PACKET);
    return 0;
}
