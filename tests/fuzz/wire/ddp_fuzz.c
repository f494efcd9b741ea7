/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any datagram; encoded again it has the same bytes but for reserved bits and a tail. */
#include "protocols/wire/ddp.h"

#include "tests/fuzz/wire/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[DDP_HEADER_TIME + UINT16_MAX];
    struct ddp_pkt pkt;
    int n;

    if (ddp_decode(data, size, &pkt) != 0)
        return 0;
    check_inside(pkt.data, pkt.data_len, data, size);
    if (pkt.data_len > UINT16_MAX)
        return 0; /* a query with a tail that no datagram holds */
    n = ddp_encode(&pkt, buf, sizeof(buf));
    CHECK(n >= DDP_HEADER && (size_t)n <= size);
    CHECK(buf[0] == (data[0] & ~0x20) && buf[1] == (data[1] & 0x0F));
    CHECK(memcmp(buf + 2, data + 2, (size_t)n - 2) == 0);
    return 0;
}
