/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - what is in a capture whose first port is a ColorLight one and whose others send UDP.
 */
#ifndef TESTS_UNIT_SENDER_CAPTURE_H
#define TESTS_UNIT_SENDER_CAPTURE_H

#include <fcntl.h>
#include <unistd.h>

#include "protocols/wire/colorlight.h"
#include "protocols/wire/ddp.h"
#include "protocols/wire/pcap.h"
#include "protocols/wire/sacn.h"
#include "protocols/wire/udpip.h"
#include "tests/support/t.h"

struct counted {
    unsigned rows, latches, brightness, ddp, pushes, sacn, syncs, farewells;
    uint64_t last_ns;
    int64_t row_to_latch_ns;
};

static inline void count_udp(const struct pcap_packet *packet, struct counted *c)
{
    struct udpip_datagram datagram;
    struct ddp_pkt d;
    struct sacn_pkt s;

    T_EQ(udpip_decode(packet->linktype, packet->data, packet->len, &datagram), 0);
    T_CHECK(udpip_checksum_ok(&datagram));
    if (datagram.dst_port == DDP_PORT) {
        T_EQ(ddp_decode(datagram.payload, datagram.len, &d), 0);
        c->ddp++;
        c->pushes += (d.flags & DDP_PUSH) != 0;
        return;
    }
    T_EQ(datagram.dst_port, SACN_PORT);
    T_EQ(sacn_decode(datagram.payload, datagram.len, &s), 0);
    T_EQ(datagram.dst_ip[0], 239);
    if (s.kind == SACN_SYNC)
        c->syncs++;
    else if (s.kind == SACN_DATA && s.data.options & SACN_TERMINATED)
        c->farewells++;
    else
        c->sacn += s.kind == SACN_DATA;
}

static inline void count_packet(const struct pcap_packet *packet, struct counted *c)
{
    struct colorlight_pkt pkt;

    if (packet->interface != 0) {
        count_udp(packet, c);
        return;
    }
    T_EQ(colorlight_decode(packet->data, packet->len, &pkt), 0);
    if (pkt.type == COLORLIGHT_LATCH) {
        if (c->latches == 0)
            c->row_to_latch_ns = (int64_t)(packet->time_ns - c->last_ns);
        c->latches++;
    }
    c->rows += pkt.type == COLORLIGHT_ROW;
    c->brightness += pkt.type == COLORLIGHT_BRIGHTNESS;
    if (pkt.type == COLORLIGHT_ROW)
        c->last_ns = packet->time_ns;
}

static inline void count_capture(const char *file, struct counted *c)
{
    static uint8_t buf[8 << 20];
    struct pcap_reader *reader;
    struct pcap_packet packet;
    struct qp_diag diag = {{0}};
    size_t len = 0, at = 0, used;
    int fd = open(file, O_RDONLY), more;
    ssize_t n;

    T_CHECK(fd >= 0);
    while ((n = read(fd, buf + len, sizeof(buf) - len)) > 0)
        len += (size_t)n;
    (void)close(fd);
    T_EQ(pcap_reader_create(&reader), 0);
    do {
        more = pcap_reader_next(reader, buf + at, len - at, &used, &packet, &diag);
        at += used;
        T_CHECK(more >= 0);
        if (more)
            count_packet(&packet, c);
    } while (more);
    T_EQ(at, len); /* not cut */
    pcap_reader_destroy(reader);
}

#endif
