/* SPDX-License-Identifier: Apache-2.0 */
/* Two bytes of link type, then a packet. A datagram found, laid out again, must decode to the
 * same. */
#include "protocols/wire/udpip.h"

#include "protocols/base/bytes.h"
#include "protocols/wire/pcap.h"
#include "tests/fuzz/wire/check.h"

static void check_again(const struct udpip_datagram *d)
{
    static uint8_t buf[UDPIP_HEADER_MAX + UDPIP_MAX_PAYLOAD];
    struct udpip_flow flow = {.v6 = d->v6, .src_port = d->src_port, .dst_port = d->dst_port};
    struct udpip_datagram again;
    int head;

    memcpy(flow.src_ip, d->src_ip, 16);
    memcpy(flow.dst_ip, d->dst_ip, 16);
    head = udpip_header(buf, &flow, d->payload, d->len);
    if (head < 0) {
        CHECK(d->len > UDPIP_MAX_PAYLOAD);
        return;
    }
    if (d->len)
        memcpy(buf + head, d->payload, d->len);
    CHECK(udpip_decode(PCAP_ETHERNET, buf, (size_t)head + d->len, &again) == 0);
    CHECK(again.v6 == d->v6 && again.len == d->len && again.src_port == d->src_port);
    CHECK(memcmp(again.src_ip, d->src_ip, 16) == 0 && memcmp(again.dst_ip, d->dst_ip, 16) == 0);
    CHECK(udpip_checksum_ok(&again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct udpip_datagram d;

    if (size < 2 || udpip_decode(qp_get_be16(data), data + 2, size - 2, &d) != 0)
        return 0;
    check_inside(d.payload, d.len, data, size);
    check_again(&d);
    return 0;
}
