/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/udpip.h"

#include <arpa/inet.h>

#include "protocols/wire/pcap.h"
#include "tests/unit/wire/support.h"

static const struct udpip_flow flow4 = {
    .src_mac = {2, 0, 0, 0, 0, 1},
    .dst_mac = {2, 0, 0, 0, 0, 2},
    .src_ip = {192, 168, 0, 1},
    .dst_ip = {192, 168, 0, 199},
    .src_port = 6454,
    .dst_port = 6454,
    .ttl = 64,
    .ip_id = 0x1234,
};

/* Both checksums were computed by another implementation (RFC 1071 in Python). */
TEST(header_golden)
{
    static const uint8_t payload[3] = {1, 2, 3};
    uint8_t buf[UDPIP_HEADER_MAX];

    T_EQ(udpip_header(buf, &flow4, payload, 3), UDPIP_HEADER_V4);
    expect_bytes(buf, UDPIP_HEADER_V4,
                 "02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00 00 1F 12 34 40 00 40 11 A6 81 "
                 "C0 A8 00 01 C0 A8 00 C7 19 36 19 36 00 0B 47 51");
}

TEST(checksum_never_says_none)
{
    struct udpip_flow flow = {0};
    uint8_t buf[UDPIP_HEADER_MAX], payload[2];
    bool seen = false;

    for (unsigned v = 0; v < 65536 && !seen; v++) {
        payload[0] = (uint8_t)(v >> 8);
        payload[1] = (uint8_t)v;
        T_EQ(udpip_header(buf, &flow, payload, 2), UDPIP_HEADER_V4);
        T_CHECK(buf[40] || buf[41]);
        seen = buf[40] == 0xFF && buf[41] == 0xFF;
    }
    T_CHECK(seen);
}

static struct udpip_flow random_flow(uint64_t *seed)
{
    struct udpip_flow f = {.v6 = rnd(seed) & 1,
                           .src_port = (uint16_t)rnd(seed),
                           .dst_port = (uint16_t)rnd(seed),
                           .ttl = (uint8_t)rnd(seed),
                           .ip_id = (uint16_t)rnd(seed)};

    rnd_bytes(seed, f.src_mac, 6);
    rnd_bytes(seed, f.dst_mac, 6);
    rnd_bytes(seed, f.src_ip, f.v6 ? 16 : 4);
    rnd_bytes(seed, f.dst_ip, f.v6 ? 16 : 4);
    return f;
}

static void expect_flow(const struct udpip_datagram *d, const struct udpip_flow *f)
{
    T_EQ(d->v6, f->v6);
    T_EQ(memcmp(d->src_ip, f->src_ip, 16), 0);
    T_EQ(memcmp(d->dst_ip, f->dst_ip, 16), 0);
    T_EQ(d->src_port, f->src_port);
    T_EQ(d->dst_port, f->dst_port);
    T_CHECK(udpip_checksum_ok(d));
}

TEST(round_trip)
{
    uint64_t seed = 23;

    for (int i = 0; i < 2000; i++) {
        struct udpip_flow f = random_flow(&seed);
        size_t len = rnd_in(&seed, 0, 1500);
        uint8_t buf[UDPIP_HEADER_MAX + 1500], payload[1500], *copy;
        struct udpip_datagram d;
        size_t head;

        rnd_bytes(&seed, payload, sizeof(payload));
        head = (size_t)udpip_header(buf, &f, payload, len);
        memcpy(buf + head, payload, len);
        copy = exact(buf, head + len);
        T_EQ(udpip_decode(PCAP_ETHERNET, copy, head + len, &d), 0);
        expect_flow(&d, &f);
        T_EQ(d.len, len);
        T_EQ(memcmp(d.payload, payload, len), 0);
        if (len) { /* one flipped bit is seen */
            copy[head + rnd_in(&seed, 0, (uint32_t)len - 1)] ^= 0x10;
            T_CHECK(!udpip_checksum_ok(&d));
        }
        T_EQ(udpip_decode(PCAP_RAW, copy + 14, head + len - 14, &d), 0);
        T_EQ(d.len, len);
        free(copy);
    }
}

TEST(largest_payload)
{
    static uint8_t payload[UDPIP_MAX_PAYLOAD + 1];
    uint8_t buf[UDPIP_HEADER_MAX];
    struct udpip_flow six = {.v6 = true};

    T_EQ(udpip_header(buf, &flow4, payload, UDPIP_MAX_PAYLOAD), UDPIP_HEADER_V4);
    T_EQ(buf[16] << 8 | buf[17], 65535);
    T_EQ(udpip_header(buf, &six, payload, UDPIP_MAX_PAYLOAD), UDPIP_HEADER_V6);
    T_EQ(udpip_header(buf, &flow4, payload, UDPIP_MAX_PAYLOAD + 1), -EINVAL);
}

/* A datagram behind other link headers, built from an Ethernet one. */
static void expect_behind(uint16_t linktype, const char *link_header)
{
    static const uint8_t payload[5] = "abcd";
    uint8_t eth[UDPIP_HEADER_MAX + 5], buf[128];
    struct udpip_datagram d;
    size_t n = from_hex(link_header, buf, sizeof(buf));

    T_EQ(udpip_header(eth, &flow4, payload, 5), UDPIP_HEADER_V4);
    memcpy(eth + UDPIP_HEADER_V4, payload, 5);
    memcpy(buf + n, eth + 14, UDPIP_HEADER_V4 - 14 + 5);
    n += UDPIP_HEADER_V4 - 14 + 5;
    T_EQ(udpip_decode(linktype, buf, n, &d), 0);
    expect_flow(&d, &flow4);
    T_EQ(d.len, 5);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *copy = exact(buf, cut);

        T_CHECK(udpip_decode(linktype, copy, cut, &d) < 0);
        free(copy);
    }
}

TEST(link_types)
{
    expect_behind(PCAP_ETHERNET, "00*12 08 00");
    expect_behind(PCAP_ETHERNET, "00*12 81 00 00 05 08 00");
    expect_behind(PCAP_ETHERNET, "00*12 88 A8 00 05 81 00 00 06 08 00");
    expect_behind(PCAP_LINUX_SLL, "00 04 00 01 00 06 00*8 08 00");
    expect_behind(PCAP_LINUX_SLL2, "08 00 00 00 00 00 00 01 00 01 04 06 00*8");
    expect_behind(PCAP_RAW, "");
    expect_behind(PCAP_IPV4, "");
}

TEST(ethernet_padding_and_ip_options)
{
    uint8_t buf[100];
    struct udpip_datagram d;
    size_t n = from_hex("00*12 08 00 46 00 00 21 00 00 00 00 40 11 00 00 0A 00 00 01 0A 00 00 02 "
                        "01 01 01 00 0F D0 0F D0 00 09 00 00 77 00*20",
                        buf, sizeof(buf));

    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), 0);
    T_EQ(d.len, 1);
    T_EQ(d.payload[0], 0x77);
    T_EQ(d.dst_port, 4048);
    T_CHECK(udpip_checksum_ok(&d)); /* 0: none */
}

TEST(ipv6_extension_headers)
{
    uint8_t buf[200];
    struct udpip_datagram d;
    size_t n = from_hex("00*12 86 DD 60 00 00 00 00 21 00 40 20*16 21*16 "
                        "3C 00 00*6 11 01 00*14 15 C0 15 C0 00 09 00 00 77",
                        buf, sizeof(buf));

    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), 0);
    T_CHECK(d.v6);
    T_EQ(d.dst_port, 5568);
    T_EQ(d.len, 1);
    T_CHECK(!udpip_checksum_ok(&d)); /* IPv6 must have one */
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *copy = exact(buf, cut);

        T_CHECK(udpip_decode(PCAP_ETHERNET, copy, cut, &d) < 0);
        free(copy);
    }
    buf[19] = 12; /* the packet ends in the extension headers */
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), -EBADMSG);
    buf[19] = 4;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), -EBADMSG);
    buf[19] = 0x21;
    buf[55] = 200; /* an extension longer than the packet */
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), -EBADMSG);
    buf[55] = 0;
    buf[54] = 44;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), -EOPNOTSUPP);
    buf[54] = 6;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, n, &d), -ENOMSG);
}

TEST(what_is_not_udp)
{
    uint8_t buf[UDPIP_HEADER_MAX];
    struct udpip_datagram d;

    T_EQ(udpip_header(buf, &flow4, NULL, 0), UDPIP_HEADER_V4);
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), 0);
    T_EQ(udpip_decode(147, buf, 42, &d), -EOPNOTSUPP);
    buf[23] = 6;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -ENOMSG);
    buf[23] = 17;
    buf[20] = 0x20; /* more fragments */
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -EOPNOTSUPP);
    buf[20] = 0x40;
    buf[38] = 0xFF; /* longer than the packet */
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -EBADMSG);
    buf[38] = 0;
    buf[39] = 7; /* shorter than its header */
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -EBADMSG);
    buf[39] = 8;
    buf[14] = 0x44;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -EBADMSG);
    buf[12] = 0x55;
    T_EQ(udpip_decode(PCAP_ETHERNET, buf, 42, &d), -ENOMSG);
}

static void expect_mac(const char *ip, const char *mac)
{
    uint8_t addr[16], got[6];
    bool v6 = strchr(ip, ':') != NULL;

    T_EQ(inet_pton(v6 ? AF_INET6 : AF_INET, ip, addr), 1);
    udpip_mac_for(v6, addr, got);
    expect_bytes(got, 6, mac);
}

TEST(addresses_for_multicast_and_others)
{
    expect_mac("239.255.0.1", "01 00 5E 7F 00 01");
    expect_mac("224.128.1.2", "01 00 5E 00 01 02");
    expect_mac("255.255.255.255", "FF FF FF FF FF FF");
    expect_mac("10.0.0.9", "02 00 0A 00 00 09");
    expect_mac("ff18::83:0:1", "33 33 00 00 00 01");
    expect_mac("2001:db8::1:2", "02 00 00 01 00 02");
}
