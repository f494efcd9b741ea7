/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/colorlight.h"

#include "tests/unit/wire/support.h"

#define ENVELOPE "11 22 33 44 55 66 22 22 33 44 55 66 "

TEST(row_header_golden)
{
    uint8_t buf[COLORLIGHT_ROW_HEADER];

    colorlight_row_header(buf, 300, 497, 15);
    expect_bytes(buf, sizeof(buf), ENVELOPE "55 01 2C 01 F1 00 0F 08 88");
}

TEST(longest_row_fits_an_mtu_of_1500)
{
    T_EQ(colorlight_row_len(COLORLIGHT_ROW_MAX_PIXELS), 1512);
    T_CHECK(colorlight_row_len(COLORLIGHT_ROW_MAX_PIXELS + 1) > 1514);
}

TEST(latch_golden)
{
    uint8_t buf[COLORLIGHT_LATCH_LEN];

    colorlight_latch(buf, COLORLIGHT_FROM_PC, 0x80);
    expect_bytes(buf, sizeof(buf), ENVELOPE "01 07 00*21 80 05 00 80 80 80 00*71");
    colorlight_latch(buf, COLORLIGHT_FROM_HARDWARE, 0xFF);
    expect_bytes(buf, sizeof(buf), ENVELOPE "01 00 00*21 FF 00 00 FF FF FF 00*71");
}

TEST(brightness_golden)
{
    uint8_t buf[COLORLIGHT_BRIGHTNESS_LEN];

    colorlight_brightness(buf, 0x40);
    expect_bytes(buf, sizeof(buf), ENVELOPE "0A 40 40 40 FF 00*60");
}

TEST(query_golden)
{
    uint8_t buf[COLORLIGHT_QUERY_LEN];

    colorlight_query(buf, 2);
    expect_bytes(buf, sizeof(buf), ENVELOPE "07 00*3 02 00*267");
}

TEST(reply_golden)
{
    struct colorlight_reply r = {.family = 5,
                                 .firmware_major = 13,
                                 .firmware_minor = 17,
                                 .width = 128,
                                 .height = 64,
                                 .packets = 0x01020304,
                                 .uptime_ms = 0x0A0B0C0D,
                                 .card = 3};
    uint8_t buf[COLORLIGHT_REPLY_LEN];

    colorlight_reply(buf, &r);
    expect_bytes(buf, sizeof(buf),
                 "FF*6 11 22 33 44 55 66 08 05 00 0D 11 00*17 00 80 00 40 00*13 01 02 03 04 00*4 "
                 "0A 0B 0C 0D 00*35 03 00*971");
}

TEST(patches_change_only_the_brightness)
{
    uint8_t a[COLORLIGHT_LATCH_LEN], b[COLORLIGHT_LATCH_LEN];

    colorlight_latch(a, COLORLIGHT_FROM_PC, 1);
    colorlight_latch(b, COLORLIGHT_FROM_PC, 200);
    colorlight_set_latch_brightness(a, 200);
    T_EQ(memcmp(a, b, sizeof(a)), 0);
    colorlight_brightness(a, 1);
    colorlight_brightness(b, 200);
    colorlight_set_brightness(a, 200);
    T_EQ(memcmp(a, b, COLORLIGHT_BRIGHTNESS_LEN), 0);
}

TEST(row_round_trip)
{
    uint64_t seed = 1;

    for (int i = 0; i < 2000; i++) {
        uint16_t row = (uint16_t)rnd(&seed), x = (uint16_t)rnd(&seed);
        uint16_t n = (uint16_t)rnd_in(&seed, 1, COLORLIGHT_ROW_MAX_PIXELS);
        uint8_t buf[1512];
        struct colorlight_pkt pkt;
        uint8_t *copy;

        rnd_bytes(&seed, buf, sizeof(buf));
        colorlight_row_header(buf, row, x, n);
        copy = exact(buf, colorlight_row_len(n));
        T_EQ(colorlight_decode(copy, colorlight_row_len(n), &pkt), 0);
        T_EQ(pkt.type, COLORLIGHT_ROW);
        T_EQ(pkt.row.row, row);
        T_EQ(pkt.row.x, x);
        T_EQ(pkt.row.n, n);
        T_CHECK(pkt.row.pixels == copy + 21);
        free(copy);
    }
}

TEST(control_round_trip)
{
    uint8_t buf[COLORLIGHT_REPLY_LEN];
    struct colorlight_pkt pkt;
    struct colorlight_reply reply = {.family = 5,
                                     .firmware_major = 15,
                                     .firmware_minor = 1,
                                     .width = 65535,
                                     .uptime_ms = 0xFFFFFFFF,
                                     .card = 31};

    colorlight_latch(buf, COLORLIGHT_FROM_PC, 77);
    T_EQ(colorlight_decode(buf, COLORLIGHT_LATCH_LEN, &pkt), 0);
    T_EQ(pkt.type, COLORLIGHT_LATCH);
    T_EQ(pkt.latch.sender, 7);
    T_EQ(pkt.latch.brightness, 77);
    T_EQ(pkt.latch.channels[2], 77);
    colorlight_brightness(buf, 9);
    T_EQ(colorlight_decode(buf, COLORLIGHT_BRIGHTNESS_LEN, &pkt), 0);
    T_EQ(pkt.type, COLORLIGHT_BRIGHTNESS);
    T_EQ(pkt.brightness.channels[0], 9);
    colorlight_query(buf, 12);
    T_EQ(colorlight_decode(buf, COLORLIGHT_QUERY_LEN, &pkt), 0);
    T_EQ(pkt.type, COLORLIGHT_QUERY);
    T_EQ(pkt.query.card, 12);
    colorlight_reply(buf, &reply);
    T_EQ(colorlight_decode(buf, COLORLIGHT_REPLY_LEN, &pkt), 0);
    T_EQ(pkt.type, COLORLIGHT_REPLY);
    T_EQ(pkt.reply.firmware_major, 15);
    T_EQ(pkt.reply.firmware_minor, 1);
    T_EQ(pkt.reply.width, 65535);
    T_EQ(pkt.reply.height, 0);
    T_EQ(pkt.reply.uptime_ms, 0xFFFFFFFF);
    T_EQ(pkt.reply.card, 31);
}

TEST(any_card_family_and_a_short_reply_are_accepted)
{
    struct colorlight_reply reply = {.family = 9, .card = 1};
    uint8_t buf[COLORLIGHT_REPLY_LEN];
    struct colorlight_pkt pkt;

    colorlight_reply(buf, &reply);
    T_EQ(colorlight_decode(buf, COLORLIGHT_REPLY_MIN, &pkt), 0);
    T_EQ(pkt.reply.family, 9);
    T_EQ(pkt.reply.card, 1);
}

TEST(any_source_and_padding_are_accepted)
{
    uint8_t buf[60];
    struct colorlight_pkt pkt;

    memset(buf, 0, sizeof(buf));
    colorlight_row_header(buf, 0, 0, 1);
    memset(buf + COLORLIGHT_OFF_SOURCE, 0x42, 6);
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.row.n, 1);
}

TEST(vendor_packets_come_out_raw)
{
    uint8_t buf[30] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0, 0, 0, 0, 0, 0, 0x1F, 0xAB};
    struct colorlight_pkt pkt;

    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.type, 0x1F);
    T_EQ(pkt.other.len, 17);
    T_EQ(pkt.other.data[0], 0xAB);
    T_EQ(colorlight_decode(buf, 13, &pkt), 0);
    T_EQ(pkt.other.len, 0);
    T_EQ(colorlight_decode(buf, 12, &pkt), -ENOMSG);
}

TEST(foreign_frames_are_not_ours)
{
    uint8_t buf[COLORLIGHT_REPLY_LEN];
    struct colorlight_reply reply = {0};
    struct colorlight_pkt pkt;

    colorlight_row_header(buf, 1, 1, 1);
    buf[0] = 0x10;
    T_EQ(colorlight_decode(buf, 60, &pkt), -ENOMSG);
    colorlight_reply(buf, &reply);
    buf[6] = 0x10; /* a reply comes from the card's own address */
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), -ENOMSG);
    memcpy(buf, colorlight_card_mac, 6); /* and is not sent to a card */
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), -ENOMSG);
}

TEST(damaged_rows_are_refused)
{
    uint8_t buf[100] = {0};
    struct colorlight_pkt pkt;

    colorlight_row_header(buf, 1, 1, 0);
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    colorlight_row_header(buf, 1, 1, 27); /* one pixel more than the frame holds */
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    colorlight_row_header(buf, 1, 1, 26);
    T_EQ(colorlight_decode(buf, sizeof(buf), &pkt), 0);
}

TEST(every_truncation_is_refused)
{
    uint8_t buf[COLORLIGHT_REPLY_LEN] = {0};
    struct colorlight_reply reply = {0};

    colorlight_row_header(buf, 1, 2, 100);
    EXPECT_NO_TRUNCATION(colorlight_decode, buf, 321, struct colorlight_pkt);
    colorlight_latch(buf, COLORLIGHT_FROM_PC, 1);
    EXPECT_NO_TRUNCATION(colorlight_decode, buf, COLORLIGHT_LATCH_LEN, struct colorlight_pkt);
    colorlight_brightness(buf, 1);
    EXPECT_NO_TRUNCATION(colorlight_decode, buf, COLORLIGHT_BRIGHTNESS_LEN, struct colorlight_pkt);
    colorlight_query(buf, 1);
    EXPECT_NO_TRUNCATION(colorlight_decode, buf, COLORLIGHT_QUERY_LEN, struct colorlight_pkt);
    colorlight_reply(buf, &reply);
    EXPECT_NO_TRUNCATION(colorlight_decode, buf, COLORLIGHT_REPLY_MIN, struct colorlight_pkt);
}
