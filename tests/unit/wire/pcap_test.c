/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/pcap.h"

#include <errno.h>

#include "protocols/base/bytes.h"
#include "tests/unit/wire/support.h"

static struct pcap_reader *new_reader(void)
{
    struct pcap_reader *reader;

    T_EQ(pcap_reader_create(&reader), 0);
    return reader;
}

TEST(pcapng_golden)
{
    static const uint8_t packet[5] = {1, 2, 3, 4, 5};
    uint8_t buf[512];
    size_t n = (size_t)pcap_section(buf, sizeof(buf), "qp");

    expect_bytes(buf, n,
                 "0A 0D 0D 0A 28 00 00 00 4D 3C 2B 1A 01 00 00 00 FF*8 "
                 "04 00 02 00 71 70 00 00 00 00 00 00 28 00 00 00");
    n = (size_t)pcap_interface(buf, sizeof(buf), PCAP_ETHERNET, "left");
    expect_bytes(buf, n,
                 "01 00 00 00 28 00 00 00 01 00 00 00 00 00 04 00 02 00 04 00 6C 65 66 74 "
                 "09 00 01 00 09 00 00 00 00 00 00 00 28 00 00 00");
    pcap_packet_head(buf, 2, 0x0102030405060708, 5);
    memcpy(buf + PCAP_PACKET_HEAD, packet, 5);
    n = PCAP_PACKET_HEAD + 5 + pcap_packet_tail(buf + PCAP_PACKET_HEAD + 5, 5);
    expect_bytes(buf, n,
                 "06 00 00 00 28 00 00 00 02 00 00 00 04 03 02 01 08 07 06 05 05 00 00 00 "
                 "05 00 00 00 01 02 03 04 05 00 00 00 28 00 00 00");
}

TEST(writer_says_when_the_buffer_is_small)
{
    uint8_t buf[512];
    char name[400];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    T_EQ(pcap_section(buf, 27, NULL), -ENOBUFS);
    T_EQ(pcap_section(buf, 28, NULL), 28);
    T_EQ(pcap_interface(buf, 39, PCAP_ETHERNET, "left"), -ENOBUFS);
    T_CHECK(pcap_section(buf, 320, name) > 0);
    T_CHECK(pcap_interface(buf, 320, PCAP_ETHERNET, name) > 0);
}

/* A file of n packets on three interfaces; packet i has i % 97 bytes of value i. */
static size_t write_file(uint8_t *buf, size_t cap, unsigned n)
{
    static const char *const names[] = {"a", NULL, "\xE5\xB1\x8F"};
    size_t at = (size_t)pcap_section(buf, cap, "test");

    for (int i = 0; i < 3; i++)
        at += (size_t)pcap_interface(buf + at, cap - at, PCAP_ETHERNET, names[i]);
    for (unsigned i = 0; i < n; i++) {
        T_CHECK(cap - at > 200);
        pcap_packet_head(buf + at, i % 3, 1000000007ULL * i, i % 97);
        at += PCAP_PACKET_HEAD;
        memset(buf + at, (int)i, i % 97);
        at += i % 97;
        at += pcap_packet_tail(buf + at, i % 97);
    }
    return at;
}

static void expect_packet(const struct pcap_packet *p, unsigned i)
{
    T_EQ(p->interface, i % 3);
    T_EQ(strcmp(p->name, i % 3 == 0 ? "a" : i % 3 == 1 ? "" : "\xE5\xB1\x8F"), 0);
    T_EQ(p->linktype, PCAP_ETHERNET);
    T_EQ(p->time_ns, 1000000007ULL * i);
    T_EQ(p->len, i % 97);
    T_EQ(p->wire_len, i % 97);
    for (uint32_t k = 0; k < p->len; k++)
        T_EQ(p->data[k], (uint8_t)i);
}

/* Feed `file` in random pieces; returns the packets read. The result of the last call is in *end.
 */
static unsigned feed(const uint8_t *file, size_t len, uint64_t seed, int *end)
{
    struct pcap_reader *reader = new_reader();
    uint8_t *window = malloc(len + 1);
    size_t fill = 0, at = 0;
    unsigned n = 0;

    T_CHECK(window);
    *end = 0;
    while (at < len && *end >= 0) {
        size_t piece = rnd_in(&seed, 1, 300);
        struct pcap_packet p;
        struct qp_diag diag;
        size_t used;

        piece = piece < len - at ? piece : len - at;
        memcpy(window + fill, file + at, piece);
        fill += piece;
        at += piece;
        while ((*end = pcap_reader_next(reader, window, fill, &used, &p, &diag)) == 1) {
            expect_packet(&p, n++);
            fill -= used;
            memmove(window, window + used, fill);
        }
        fill -= used;
        memmove(window, window + used, fill);
    }
    if (*end == 0 && fill > 0)
        *end = -EPIPE; /* cut in the middle of a block */
    free(window);
    pcap_reader_destroy(reader);
    return n;
}

TEST(pcapng_round_trip_in_any_pieces)
{
    static uint8_t file[65536];
    size_t len = write_file(file, sizeof(file), 300);

    for (uint64_t seed = 1; seed < 50; seed++) {
        int end;

        T_EQ(feed(file, len, seed, &end), 300);
        T_EQ(end, 0);
    }
}

TEST(every_truncation_keeps_the_packets_before)
{
    static uint8_t file[65536];
    size_t len = write_file(file, sizeof(file), 5);

    for (size_t cut = 0; cut < len; cut++) {
        int end;

        T_CHECK(feed(file, cut, 3, &end) < 5);
        T_CHECK(end == 0 || end == -EPIPE);
    }
}

/* Read everything in buf at once; returns the packets and the last one. */
static unsigned read_all(const uint8_t *buf, size_t len, struct pcap_packet *last, char *name,
                         int *end)
{
    struct pcap_reader *reader = new_reader();
    size_t at = 0;
    unsigned n = 0;
    struct qp_diag diag;

    for (;;) {
        size_t used;

        *end = pcap_reader_next(reader, buf + at, len - at, &used, last, &diag);
        at += used;
        if (*end != 1)
            break;
        n++;
        if (name)
            strcpy(name, last->name);
    }
    if (*end == 0 && at < len)
        *end = -EPIPE;
    if (*end < 0 && *end != -EPIPE) { /* stays in its error */
        struct pcap_packet p;
        size_t used;

        T_EQ(pcap_reader_next(reader, buf, len, &used, &p, &diag), *end);
        T_EQ(used, 0);
        T_CHECK(diag.text[0]);
    }
    pcap_reader_destroy(reader);
    return n;
}

static unsigned read_hex(const char *hex, struct pcap_packet *last, int *end)
{
    static uint8_t buf[4096];
    size_t len = from_hex(hex, buf, sizeof(buf));

    return read_all(buf, len, last, NULL, end);
}

#define BE_HEAD "A1 B2 C3 D4 00 02 00 04 00*8 00 04 00 00 00 00 00 01 "
#define LE_HEAD "D4 C3 B2 A1 02 00 04 00 00*8 00 00 04 00 01 00 00 00 "

TEST(classic_in_both_byte_orders_and_resolutions)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(BE_HEAD "00 00 00 05 00 00 00 07 00 00 00 02 00 00 00 09 AB CD", &p, &end), 1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 5000007000);
    T_EQ(p.len, 2);
    T_EQ(p.wire_len, 9);
    T_EQ(p.linktype, PCAP_ETHERNET);
    T_EQ(p.name[0], 0);
    T_EQ(read_hex(LE_HEAD "05 00 00 00 07 00 00 00 02 00 00 00 02 00 00 00 AB CD", &p, &end), 1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 5000007000);
    T_EQ(read_hex("4D 3C B2 A1 02 00 04 00 00*8 00 00 04 00 71 00 00 00 "
                  "05 00 00 00 FF C9 9A 3B 01 00 00 00 01 00 00 00 AB",
                  &p, &end),
         1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 5999999999);
    T_EQ(p.linktype, PCAP_LINUX_SLL);
    T_EQ(read_hex("A1 B2 3C 4D 00 02 00 04 00*8 00 04 00 00 00 00 01 14 "
                  "FF FF FF FF 00 00 00 01 00 00 00 00 00 00 00 00",
                  &p, &end),
         1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 4294967295000000001);
    T_EQ(p.linktype, PCAP_LINUX_SLL2);
}

TEST(classic_written_and_read)
{
    uint8_t buf[100];
    struct pcap_packet p;
    int end;

    pcap_classic_header(buf, PCAP_ETHERNET);
    pcap_classic_record(buf + PCAP_CLASSIC_HEADER, 12345678901, 3);
    expect_bytes(buf, PCAP_CLASSIC_HEADER + PCAP_CLASSIC_RECORD,
                 "4D 3C B2 A1 02 00 04 00 00*8 00 00 04 00 01 00 00 00 "
                 "0C 00 00 00 35 A4 9A 14 03 00 00 00 03 00 00 00");
    memset(buf + PCAP_CLASSIC_HEADER + PCAP_CLASSIC_RECORD, 7, 3);
    T_EQ(read_all(buf, PCAP_CLASSIC_HEADER + PCAP_CLASSIC_RECORD + 3, &p, NULL, &end), 1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 12345678901);
    T_EQ(p.data[2], 7);
}

TEST(classic_damage)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(LE_HEAD "00*8 01 00 04 00 01 00 04 00", &p, &end), 0);
    T_EQ(end, -E2BIG);
    T_EQ(read_hex(LE_HEAD "00*4 40 42 0F 00 01 00 00 00 01 00 00 00 AA", &p, &end), 0);
    T_EQ(end, -EINVAL); /* 1 000 000 microseconds */
    T_EQ(read_hex("1F 8B 08 00", &p, &end), 0);
    T_EQ(end, -EINVAL);
    T_EQ(read_hex("", &p, &end), 0);
    T_EQ(end, 0);
}

#define NG_BE "0A 0D 0D 0A 00 00 00 1C 1A 2B 3C 4D 00 01 00 00 FF*8 00 00 00 1C "
#define NG_LE "0A 0D 0D 0A 1C 00 00 00 4D 3C 2B 1A 01 00 00 00 FF*8 1C 00 00 00 "
#define IF_BE "00 00 00 01 00 00 00 14 00 01 00 00 00 00 00 00 00 00 00 14 "
#define IF_LE "01 00 00 00 14 00 00 00 01 00 00 00 00 00 00 00 14 00 00 00 "

TEST(big_endian_sections_and_unknown_blocks)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(NG_BE "00 00 0B AD 00 00 00 10 12 34 56 78 00 00 00 10 " IF_BE
                        "00 00 00 06 00 00 00 24 00 00 00 00 00 00 00 00 00 0F 42 41 "
                        "00 00 00 01 00 00 00 02 AB 00 00 00 00 00 00 24",
                  &p, &end),
         1);
    T_EQ(end, 0);
    T_EQ(p.time_ns, 1000001000); /* microseconds unless told otherwise */
    T_EQ(p.wire_len, 2);
    T_EQ(p.data[0], 0xAB);
}

/* A second section begins its interfaces anew, in its own byte order. */
TEST(several_sections)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(NG_BE IF_BE IF_BE NG_LE IF_LE
                  "03 00 00 00 14 00 00 00 02 00 00 00 AB CD 00 00 14 00 00 00",
                  &p, &end),
         1);
    T_EQ(end, 0);
    T_EQ(p.len, 2);
    T_EQ(p.time_ns, 0);
    T_EQ(read_hex(NG_BE IF_BE IF_BE NG_LE IF_LE
                  "06 00 00 00 20 00 00 00 01 00 00 00 00*16 20 00 00 00",
                  &p, &end),
         0);
    T_EQ(end, -EINVAL);
}

TEST(simple_packets_are_cut_at_the_snap_length)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(NG_LE "01 00 00 00 14 00 00 00 01 00 00 00 04 00 00 00 14 00 00 00 "
                        "03 00 00 00 14 00 00 00 FF 00 00 00 AA BB CC DD 14 00 00 00",
                  &p, &end),
         1);
    T_EQ(end, 0);
    T_EQ(p.len, 4);
    T_EQ(p.wire_len, 255);
}

TEST(obsolete_packet_block)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(NG_LE IF_LE "02 00 00 00 24 00 00 00 00 00 07 00 00 00 00 00 05 00 00 00 "
                              "01 00 00 00 01 00 00 00 AB 00 00 00 24 00 00 00",
                  &p, &end),
         1);
    T_EQ(p.time_ns, 5000);
    T_EQ(p.data[0], 0xAB);
}

/* An interface with this tsresol and tsoffset, a packet at `units`. */
static uint64_t time_of(uint8_t resolution, int64_t offset, uint64_t units)
{
    uint8_t buf[256];
    size_t n = from_hex(NG_LE "01 00 00 00 2C 00 00 00 01 00 00 00 00 00 00 00 "
                              "09 00 01 00 00 00 00 00 0E 00 08 00 00*8 00*4 2C 00 00 00 "
                              "06 00 00 00 20 00 00 00 00 00 00 00 00*16 20 00 00 00",
                        buf, sizeof(buf));
    struct pcap_packet p;
    int end;

    buf[28 + 20] = resolution;
    qp_put_le32(buf + 28 + 28, (uint32_t)(uint64_t)offset);
    qp_put_le32(buf + 28 + 32, (uint32_t)((uint64_t)offset >> 32));
    qp_put_le32(buf + 28 + 44 + 12, (uint32_t)(units >> 32));
    qp_put_le32(buf + 28 + 44 + 16, (uint32_t)units);
    T_EQ(read_all(buf, n, &p, NULL, &end), 1);
    T_EQ(end, 0);
    return p.time_ns;
}

TEST(time_resolutions)
{
    T_EQ(time_of(9, 0, 1700000000123456789), 1700000000123456789);
    T_EQ(time_of(6, 0, 1700000000123456), 1700000000123456000);
    T_EQ(time_of(3, 0, 1700000000123), 1700000000123000000);
    T_EQ(time_of(0, 0, 1700000000), 1700000000000000000);
    T_EQ(time_of(12, 0, 1700000000123456), 1700000000123);
    T_EQ(time_of(0x80 | 10, 0, 1024 + 512), 1500000000);
    T_EQ(time_of(0x80 | 63, 0, (1ULL << 63) + (1ULL << 62)), 1500000000);
    T_EQ(time_of(19, 0, 10000000000000000000ULL), 1000000000);
    T_EQ(time_of(9, 1700000000, 5), 1700000000000000005);
    T_EQ(time_of(9, -1, 3000000000), 2000000000);
    T_CHECK(time_of(9, -10, 5) == 0);
    T_CHECK(time_of(0, 0, UINT64_MAX) == UINT64_MAX);
    T_CHECK(time_of(6, INT64_MAX, 5000000) == UINT64_MAX);
}

static void expect_damage(const char *hex, int err)
{
    struct pcap_packet p;
    int end;

    T_EQ(read_hex(hex, &p, &end), 0);
    T_EQ(end, err);
}

TEST(pcapng_damage)
{
    expect_damage("0A 0D 0D 0A 1C 00 00 00 00 00 00 00", -EINVAL); /* no byte order */
    expect_damage("0A 0D 0D 0A 0B 00 00 00 4D 3C 2B 1A", -EINVAL); /* length 11 */
    expect_damage("0A 0D 0D 0A 04 00 10 00 4D 3C 2B 1A", -E2BIG);  /* above 1 MiB */
    expect_damage("0A 0D 0D 0A 1C 00 00 00 4D 3C 2B 1A 02 00 00 00 FF*8 1C 00 00 00", -EINVAL);
    expect_damage(NG_LE "01 00 00 00 14 00 00 00 01 00 00 00 00*4 18 00 00 00", -EINVAL);
    expect_damage(NG_LE "01 00 00 00 0C 00 00 00 0C 00 00 00", -EINVAL);       /* no link type */
    expect_damage(NG_LE "06 00 00 00 20 00 00 00 00*20 20 00 00 00", -EINVAL); /* no interface */
    expect_damage(NG_LE IF_LE "06 00 00 00 20 00 00 00 00*12 01 00 00 00 01 00 00 00 20 00 00 00",
                  -EINVAL); /* longer than its block */
    expect_damage(NG_LE "01 00 00 00 1C 00 00 00 01 00 00 00 00*4 02 00 09 00 61 62 63 64 "
                        "1C 00 00 00",
                  -EINVAL); /* an option longer than its block */
    expect_damage(NG_LE "01 00 00 00 1C 00 00 00 01 00 00 00 00*4 09 00 01 00 14 00 00 00 "
                        "1C 00 00 00",
                  -EINVAL); /* 10^-20 */
    expect_damage(NG_LE "01 00 00 00 1C 00 00 00 01 00 00 00 00*4 09 00 01 00 C0 00 00 00 "
                        "1C 00 00 00",
                  -EINVAL); /* 2^-64 */
}

TEST(too_many_interfaces)
{
    uint8_t block[64];
    struct pcap_reader *reader = new_reader();
    struct pcap_packet p;
    struct qp_diag diag;
    size_t used, n = from_hex(NG_LE, block, sizeof(block));
    int r;

    T_EQ(pcap_reader_next(reader, block, n, &used, &p, &diag), 0);
    n = from_hex(IF_LE, block, sizeof(block));
    for (uint32_t i = 0; i < PCAP_MAX_INTERFACES; i++) {
        r = pcap_reader_next(reader, block, n, &used, &p, &diag);
        T_EQ(r, 0);
        T_EQ(used, n);
    }
    T_EQ(pcap_reader_next(reader, block, n, &used, &p, &diag), -E2BIG);
    pcap_reader_destroy(reader);
    pcap_reader_destroy(NULL);
}
