/* SPDX-License-Identifier: Apache-2.0 */
/* Read any file twice: at once, and through a window that grows byte by byte when the reader asks
 * for more. Both ways must find the same packets; UDP in them is decoded as the virtual wall does.
 */
#include "protocols/wire/pcap.h"
#include "protocols/wire/udpip.h"

#include "tests/fuzz/wire/check.h"

struct result {
    int end;
    unsigned packets;
    uint64_t sum;
};

static void add(struct result *r, const struct pcap_packet *p)
{
    struct udpip_datagram d;

    r->packets++;
    r->sum = r->sum * 31 + p->time_ns + p->len + p->linktype + p->interface + strlen(p->name);
    if (udpip_decode(p->linktype, p->data, p->len, &d) == 0) {
        check_inside(d.payload, d.len, p->data, p->len);
        r->sum += udpip_checksum_ok(&d);
    }
}

static struct result read_file(const uint8_t *data, size_t size, size_t step)
{
    struct pcap_reader *reader;
    struct result result = {0};
    size_t at = 0, window = step < size ? step : size;

    CHECK(pcap_reader_create(&reader) == 0);
    for (;;) {
        struct pcap_packet p;
        struct qp_diag diag;
        size_t used = 0;

        result.end = pcap_reader_next(reader, data + at, window - at, &used, &p, &diag);
        CHECK(used <= window - at);
        at += used;
        if (result.end == 1) {
            check_inside(p.data, p.len, data, size);
            CHECK(p.wire_len >= p.len && p.len <= PCAP_MAX_BLOCK);
            add(&result, &p);
        } else if (result.end < 0 || window == size) {
            break;
        } else {
            window += step < size - window ? step : size - window;
        }
    }
    pcap_reader_destroy(reader);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result whole = read_file(data, size, size ? size : 1);
    struct result pieces = read_file(data, size, size < 4096 ? 1 : 37);

    CHECK(whole.end == pieces.end && whole.packets == pieces.packets && whole.sum == pieces.sum);
    return 0;
}
