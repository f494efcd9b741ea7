/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/sacn.h"

#include "tests/unit/wire/support.h"

#define CID  "00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF "
#define ROOT "00 10 00 00 41 53 43 2D 45 31 2E 31 37 00 00 00 "

static const struct sacn_source source = {
    .cid = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD,
            0xEE, 0xFF},
    .name = "qp",
};

TEST(data_golden)
{
    struct sacn_data data = {
        .priority = 100, .sync_address = 7962, .sequence = 7, .universe = 1, .n_slots = 512};
    uint8_t buf[SACN_DATA_HEADER];

    T_EQ(sacn_data_header(buf, &source, &data), 126);
    expect_bytes(buf, sizeof(buf),
                 ROOT "72 6E 00 00 00 04 " CID "72 58 00 00 00 02 71 70 00*62 64 1F 1A 07 00 00 01 "
                      "72 0B 02 A1 00 00 00 01 02 01 00");
}

TEST(sync_golden)
{
    uint8_t buf[SACN_SYNC_LEN];

    sacn_sync(buf, source.cid, 7962, 5);
    expect_bytes(buf, sizeof(buf),
                 ROOT "70 21 00 00 00 08 " CID "70 0B 00 00 00 01 05 1F 1A 00 00");
}

TEST(discovery_golden)
{
    static const uint16_t universes[] = {1, 2, 300};
    uint8_t buf[SACN_DISCOVERY_HEADER + 6];

    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 0, 1, universes, 3), 126);
    expect_bytes(buf, sizeof(buf),
                 ROOT "70 6E 00 00 00 08 " CID "70 58 00 00 00 02 71 70 00*62 00 00 00 00 "
                      "70 0E 00 00 00 01 00 01 00 01 00 02 01 2C");
}

TEST(multicast_groups)
{
    uint8_t ip[16];

    sacn_multicast_ip4(SACN_DISCOVERY_UNIVERSE, ip);
    expect_bytes(ip, 4, "EF FF FA D6"); /* 239.255.250.214 */
    sacn_multicast_ip6(0x0102, ip);
    expect_bytes(ip, 16, "FF 18 00*9 83 00 00 01 02");
}

TEST(data_round_trip)
{
    uint64_t seed = 11;

    for (int i = 0; i < 2000; i++) {
        struct sacn_data d = {.priority = (uint8_t)rnd_in(&seed, 0, 200),
                              .sync_address = (uint16_t)rnd_in(&seed, 0, 63999),
                              .sequence = (uint8_t)rnd(&seed),
                              .options = (uint8_t)rnd(&seed),
                              .universe = (uint16_t)rnd_in(&seed, 1, 63999),
                              .start_code = (uint8_t)rnd(&seed),
                              .n_slots = (uint16_t)rnd_in(&seed, 0, 512)};
        uint8_t buf[SACN_DATA_HEADER + SACN_MAX_SLOTS];
        size_t len = SACN_DATA_HEADER + (size_t)d.n_slots;
        struct sacn_pkt pkt;
        uint8_t *copy;

        rnd_bytes(&seed, buf, sizeof(buf));
        T_EQ(sacn_data_header(buf, &source, &d), SACN_DATA_HEADER);
        copy = exact(buf, len);
        T_EQ(sacn_decode(copy, len, &pkt), 0);
        T_EQ(pkt.kind, SACN_DATA);
        T_EQ(memcmp(pkt.cid, source.cid, 16), 0);
        T_EQ(strcmp(pkt.name, "qp"), 0);
        T_EQ(pkt.data.priority, d.priority);
        T_EQ(pkt.data.sync_address, d.sync_address);
        T_EQ(pkt.data.sequence, d.sequence);
        T_EQ(pkt.data.options, d.options);
        T_EQ(pkt.data.universe, d.universe);
        T_EQ(pkt.data.start_code, d.start_code);
        T_EQ(pkt.data.n_slots, d.n_slots);
        T_CHECK(d.n_slots == 0 || pkt.data.slots == copy + 126);
        free(copy);
    }
}

TEST(patched_offsets_are_the_fields)
{
    struct sacn_data d = {.universe = 1, .n_slots = 2};
    uint8_t buf[SACN_DATA_HEADER + 2] = {0};
    struct sacn_pkt pkt;

    T_EQ(sacn_data_header(buf, &source, &d), SACN_DATA_HEADER);
    buf[SACN_OFF_PRIORITY] = 150;
    buf[SACN_OFF_SYNC_ADDRESS + 1] = 9;
    buf[SACN_OFF_SEQUENCE] = 200;
    buf[SACN_OFF_OPTIONS] = SACN_TERMINATED;
    buf[SACN_OFF_UNIVERSE + 1] = 77;
    buf[SACN_OFF_START_CODE] = SACN_SLOT_PRIORITY;
    buf[SACN_OFF_SLOTS] = 5;
    T_EQ(sacn_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.data.priority, 150);
    T_EQ(pkt.data.sync_address, 9);
    T_EQ(pkt.data.sequence, 200);
    T_EQ(pkt.data.options, SACN_TERMINATED);
    T_EQ(pkt.data.universe, 77);
    T_EQ(pkt.data.start_code, SACN_SLOT_PRIORITY);
    T_EQ(pkt.data.slots[0], 5);
}

TEST(sync_and_discovery_round_trip)
{
    uint16_t universes[SACN_DISCOVERY_MAX];
    uint8_t buf[SACN_DISCOVERY_HEADER + 2 * SACN_DISCOVERY_MAX];
    struct sacn_pkt pkt;

    sacn_sync(buf, source.cid, 63999, 255);
    T_EQ(sacn_decode(buf, SACN_SYNC_LEN, &pkt), 0);
    T_EQ(pkt.kind, SACN_SYNC);
    T_EQ(pkt.sync.address, 63999);
    T_EQ(pkt.sync.sequence, 255);
    for (uint16_t i = 0; i < SACN_DISCOVERY_MAX; i++)
        universes[i] = (uint16_t)(1 + 3 * i);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 1, 2, universes, SACN_DISCOVERY_MAX),
         sizeof(buf));
    T_EQ(sacn_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.kind, SACN_DISCOVERY);
    T_EQ(pkt.discovery.page, 1);
    T_EQ(pkt.discovery.last_page, 2);
    T_EQ(pkt.discovery.n, SACN_DISCOVERY_MAX);
    T_EQ(pkt.discovery.universes[2 * 511] << 8 | pkt.discovery.universes[2 * 511 + 1], 1534);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 0, 0, NULL, 0), SACN_DISCOVERY_HEADER);
    T_EQ(sacn_decode(buf, SACN_DISCOVERY_HEADER, &pkt), 0);
    T_EQ(pkt.discovery.n, 0);
}

TEST(encoders_refuse_what_the_standard_forbids)
{
    uint16_t falling[] = {2, 1};
    uint8_t buf[SACN_DISCOVERY_HEADER + 4];
    struct sacn_data d = {.universe = 0};

    T_EQ(sacn_data_header(buf, &source, &d), -EINVAL);
    d = (struct sacn_data){.universe = 64000};
    T_EQ(sacn_data_header(buf, &source, &d), -EINVAL);
    d = (struct sacn_data){.universe = 1, .priority = 201};
    T_EQ(sacn_data_header(buf, &source, &d), -EINVAL);
    d = (struct sacn_data){.universe = 1, .n_slots = 513};
    T_EQ(sacn_data_header(buf, &source, &d), -EINVAL);
    d = (struct sacn_data){.universe = 1, .sync_address = 64000};
    T_EQ(sacn_data_header(buf, &source, &d), -EINVAL);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 0, 0, falling, 2), -EINVAL);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 1, 0, falling, 1), -EINVAL);
    T_EQ(sacn_discovery(buf, 121, &source, 0, 0, falling, 1), -ENOBUFS);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 0, 0, falling, SACN_DISCOVERY_MAX + 1), -EINVAL);
}

/* 0..19 behind the last one: late or repeated. Everything else: go on. */
TEST(sequence_window)
{
    for (unsigned last = 0; last < 256; last++)
        for (unsigned seq = 0; seq < 256; seq++) {
            unsigned behind = (last - seq) & 0xFF;

            T_EQ(sacn_sequence_ok((uint8_t)last, (uint8_t)seq), !(behind < 20));
        }
}

static int decode_patched(size_t offset, uint8_t value)
{
    struct sacn_data d = {.universe = 1, .n_slots = 4, .priority = 100};
    uint8_t buf[SACN_DATA_HEADER + 4] = {0};
    struct sacn_pkt pkt;

    T_EQ(sacn_data_header(buf, &source, &d), SACN_DATA_HEADER);
    buf[offset] = value;
    return sacn_decode(buf, sizeof(buf), &pkt);
}

TEST(bad_fields_are_refused)
{
    T_EQ(decode_patched(0, 0x00), 0);
    T_EQ(decode_patched(4, 'B'), -ENOMSG);
    T_EQ(decode_patched(21, 5), -ENOMSG);      /* root vector */
    T_EQ(decode_patched(43, 3), -ENOMSG);      /* framing vector */
    T_EQ(decode_patched(16, 0x60), -EBADMSG);  /* flags */
    T_EQ(decode_patched(17, 0x71), -EBADMSG);  /* one byte short of the root layer's claim... */
    T_EQ(decode_patched(17, 0x73), -EBADMSG);  /* ...or beyond the packet */
    T_EQ(decode_patched(39, 0x5B), -EBADMSG);  /* framing length */
    T_EQ(decode_patched(116, 0x0E), -EBADMSG); /* DMP length */
    T_EQ(decode_patched(117, 0x03), -EBADMSG);
    T_EQ(decode_patched(118, 0xA0), -EBADMSG);
    T_EQ(decode_patched(120, 0x01), -EBADMSG);
    T_EQ(decode_patched(122, 0x02), -EBADMSG);
    T_EQ(decode_patched(124, 0x04), -EBADMSG); /* slot count */
    T_EQ(decode_patched(124, 0x06), -EBADMSG);
    T_EQ(decode_patched(108, 200), 0);
    T_EQ(decode_patched(108, 201), -EBADMSG);  /* 201..255 must be discarded */
    T_EQ(decode_patched(114, 0), -EBADMSG);    /* universe 0 */
    T_EQ(decode_patched(113, 0xFA), -EBADMSG); /* 64001 */
    T_EQ(decode_patched(109, 0xFA), -EBADMSG);
}

TEST(a_sync_packet_has_one_length)
{
    uint8_t buf[SACN_SYNC_LEN + 1] = {0};
    struct sacn_pkt pkt;

    sacn_sync(buf, source.cid, 1, 1);
    T_EQ(sacn_decode(buf, sizeof(buf), &pkt), 0); /* a byte behind it */
    buf[17]++;
    buf[39]++; /* a byte more inside */
    T_EQ(sacn_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    sacn_sync(buf, source.cid, 0, 1);
    T_EQ(sacn_decode(buf, SACN_SYNC_LEN, &pkt), -EBADMSG);
}

TEST(bytes_behind_the_packet_are_ignored)
{
    struct sacn_data d = {.universe = 1, .n_slots = 4};
    uint8_t buf[SACN_DATA_HEADER + 10] = {0};
    struct sacn_pkt pkt;

    T_EQ(sacn_data_header(buf, &source, &d), SACN_DATA_HEADER);
    T_EQ(sacn_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.data.n_slots, 4);
}

TEST(every_truncation_is_refused)
{
    static const uint16_t universes[] = {1, 2, 300};
    struct sacn_data d = {.universe = 1, .n_slots = 4};
    uint8_t buf[SACN_DATA_HEADER + 4] = {0};

    T_EQ(sacn_data_header(buf, &source, &d), SACN_DATA_HEADER);
    EXPECT_NO_TRUNCATION(sacn_decode, buf, sizeof(buf), struct sacn_pkt);
    sacn_sync(buf, source.cid, 1, 1);
    EXPECT_NO_TRUNCATION(sacn_decode, buf, SACN_SYNC_LEN, struct sacn_pkt);
    T_EQ(sacn_discovery(buf, sizeof(buf), &source, 0, 0, universes, 3), 126);
    EXPECT_NO_TRUNCATION(sacn_decode, buf, 126, struct sacn_pkt);
}
