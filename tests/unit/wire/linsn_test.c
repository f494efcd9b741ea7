/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/linsn.h"

#include "tests/unit/wire/support.h"

static const uint8_t src[6] = {0x02, 0, 0, 0, 0, 0x02};

TEST(announce_golden)
{
    uint8_t buf[LINSN_HEADER];

    linsn_announce_header(buf, linsn_broadcast, src, 0x1F);
    expect_bytes(buf, sizeof(buf),
                 "FF*6 02 00 00 00 00 02 AA 55 "
                 "00 00 00 00 00 00 00 00 96 00 00 00 85 1F FF FF FF FF 00 00 00 00 00 00 00 02 "
                 "00 00 00 00 02 C6");
}

/* Four constants that were published as "format codes" are this checksum for a sender's address
 * whose bytes add up to 8. */
TEST(checksum_explains_the_published_constants)
{
    static const uint8_t mac[6] = {0, 0, 0, 0, 0, 8};
    static const struct {
        uint8_t g, sum;
    } known[] = {{0x0F, 0xD2}, {0x1F, 0xC2}, {0x01, 0xE0}, {0x00, 0xE1}};

    for (size_t i = 0; i < QP_ARRAY_LEN(known); i++) {
        uint8_t buf[LINSN_HEADER];

        linsn_announce_header(buf, linsn_card_mac, mac, known[i].g);
        T_EQ(buf[LINSN_OFF_CHECKSUM], known[i].sum);
    }
}

TEST(checksum_follows_a_patch)
{
    uint8_t buf[LINSN_HEADER];
    unsigned sum = 0;

    linsn_announce_header(buf, linsn_card_mac, src, 0x0F);
    memset(buf + LINSN_OFF_LEVEL, 0x37, 4);
    linsn_set_checksum(buf);
    for (size_t i = LINSN_OFF_ID + 4; i <= LINSN_OFF_CHECKSUM; i++)
        sum += buf[i];
    T_EQ(sum % 256, 0);
}

TEST(data_header_golden)
{
    uint8_t buf[LINSN_HEADER];

    linsn_data_header(buf, linsn_card_mac_alt, src, 0x01020304);
    expect_bytes(buf, sizeof(buf), "00*5 FE 02 00 00 00 00 02 AA 55 04 03 02 01 00*28");
}

TEST(addresses_seen_with_cards)
{
    expect_bytes(linsn_card_mac, 6, "00*6");
    expect_bytes(linsn_card_mac_alt, 6, "00*5 FE");
    expect_bytes(linsn_broadcast, 6, "FF*6");
}

TEST(geometry_codes)
{
    T_EQ(linsn_geometry_w(0x0F), 512);
    T_EQ(linsn_geometry_h(0x0F), 256);
    T_EQ(linsn_geometry_w(0x1F), 1024);
    T_EQ(linsn_geometry_h(0x1F), 512);
    T_EQ(linsn_geometry_fit(512, 256), 0x0F);
    T_EQ(linsn_geometry_fit(513, 256), 0x10);
    T_EQ(linsn_geometry_fit(512, 257), 0x10);
    T_EQ(linsn_geometry_fit(1, 1), 0);
    T_EQ(linsn_geometry_fit(8192, 4096), 255);
    T_EQ(linsn_geometry_fit(8193, 1), -ERANGE);
    T_EQ(linsn_geometry_fit(1, 4097), -ERANGE);
    T_EQ(linsn_geometry_fit(0, 1), -ERANGE);
    T_EQ(linsn_geometry_fit(1, 0), -ERANGE);
}

/* Captures of full pictures end with chunk 274 (512x256) and 1094 (1024x512); two chunks hold the
 * picture of code 0 with its blank row, four that of code 1 less a row. */
TEST(chunk_counts)
{
    T_EQ(linsn_chunks(0x0F, 256), 275);
    T_EQ(linsn_chunks(0x1F, 512), 1095);
    T_EQ(linsn_chunks(0x00, 16), 2);
    T_EQ(linsn_chunks(0x01, 29), 4);
    T_EQ(linsn_chunks(0x0F, 0), 2); /* the blank row: 512 pixels */
}

/* The blank row ends 96 bytes into chunk 1 at width 512, 192 bytes into chunk 2 at 1024: what a
 * sender that left chunk 0 empty had to pad. */
TEST(first_led_follows_the_blank_row)
{
    T_EQ(linsn_pixel(0x0F, 0, 0) * 3, 1440 + 96);
    T_EQ(linsn_pixel(0x1F, 0, 0) * 3, 1440 + 1632);
    T_EQ(linsn_pixel(0x0F, 511, 255) / LINSN_CHUNK_PIXELS, linsn_chunks(0x0F, 256) - 1);
}

TEST(chunks_hold_the_last_used_pixel)
{
    uint64_t seed = 4;

    for (int i = 0; i < 5000; i++) {
        uint8_t g = (uint8_t)rnd(&seed);
        uint32_t rows = rnd_in(&seed, 1, linsn_geometry_h(g));
        uint64_t last = linsn_pixel(g, linsn_geometry_w(g) - 1, rows - 1);

        T_EQ(last / LINSN_CHUNK_PIXELS + 1, linsn_chunks(g, rows));
    }
}

TEST(data_round_trip)
{
    uint64_t seed = 3;

    for (int i = 0; i < 1000; i++) {
        uint8_t buf[LINSN_DATA_LEN], dst[6], from[6];
        uint32_t id = (uint32_t)rnd(&seed);
        uint8_t g = (uint8_t)rnd(&seed);
        struct linsn_pkt pkt;

        rnd_bytes(&seed, buf, sizeof(buf));
        rnd_bytes(&seed, dst, 6);
        rnd_bytes(&seed, from, 6);
        linsn_data_header(buf, dst, from, id);
        T_EQ(linsn_decode(buf, sizeof(buf), &pkt), 0);
        T_EQ(pkt.id, id);
        T_EQ(pkt.command, LINSN_NONE);
        T_CHECK(!pkt.from_card && pkt.chunk == buf + 46 && pkt.data == buf + 23);
        T_EQ(memcmp(pkt.dst, dst, 6), 0);
        T_EQ(memcmp(pkt.src, from, 6), 0);
        linsn_announce_header(buf, dst, from, g);
        T_EQ(linsn_decode(buf, sizeof(buf), &pkt), 0);
        T_EQ(pkt.id, 0);
        T_EQ(pkt.command, LINSN_ANNOUNCE);
        T_EQ(pkt.geometry, g);
        T_EQ(pkt.level[3], 0xFF);
        T_EQ(memcmp(pkt.mac, from, 6), 0);
    }
}

TEST(reply_round_trip)
{
    uint8_t buf[LINSN_REPLY_LEN];
    struct linsn_pkt pkt;

    linsn_reply(buf, src, linsn_card_mac, 0xE000FFFE);
    T_EQ(buf[12] << 8 | buf[13], LINSN_ETHERTYPE_FROM_CARD);
    T_EQ(linsn_decode(buf, sizeof(buf), &pkt), 0);
    T_CHECK(pkt.from_card && pkt.chunk == NULL);
    T_EQ(pkt.id, 0xE000FFFE);
    T_EQ(linsn_decode(buf, LINSN_HEADER, &pkt), 0);
}

TEST(damaged_frames_are_refused)
{
    uint8_t buf[LINSN_DATA_LEN] = {0};
    struct linsn_pkt pkt;

    linsn_announce_header(buf, linsn_card_mac, src, 0);
    buf[LINSN_OFF_GEOMETRY]++;
    T_EQ(linsn_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    linsn_set_checksum(buf);
    T_EQ(linsn_decode(buf, sizeof(buf), &pkt), 0);
    buf[LINSN_OFF_MAC]++; /* not the frame's source any more */
    linsn_set_checksum(buf);
    T_EQ(linsn_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    buf[13] = 0x57;
    T_EQ(linsn_decode(buf, sizeof(buf), &pkt), -ENOMSG);
}

TEST(every_truncation_is_refused)
{
    uint8_t buf[LINSN_REPLY_LEN] = {0};

    linsn_announce_header(buf, linsn_card_mac, src, 3);
    EXPECT_NO_TRUNCATION(linsn_decode, buf, LINSN_DATA_LEN, struct linsn_pkt);
    linsn_reply(buf, src, linsn_card_mac, 1);
    EXPECT_NO_TRUNCATION(linsn_decode, buf, LINSN_HEADER, struct linsn_pkt);
}
