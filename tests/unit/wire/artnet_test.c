/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/artnet.h"

#include "tests/unit/wire/support.h"

#define ID "41 72 74 2D 4E 65 74 00 "

TEST(dmx_golden)
{
    uint8_t buf[ARTNET_DMX_HEADER];

    artnet_dmx_header(buf, 0x1234, 510);
    buf[ARTNET_OFF_SEQUENCE] = 7;
    expect_bytes(buf, sizeof(buf), ID "00 50 00 0E 07 00 34 12 01 FE");
}

TEST(sync_golden)
{
    uint8_t buf[ARTNET_SYNC_LEN];
    struct artnet_pkt pkt;

    artnet_sync(buf);
    expect_bytes(buf, sizeof(buf), ID "00 52 00 0E 00 00");
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.opcode, ARTNET_SYNC);
}

TEST(poll_golden)
{
    struct artnet_poll poll = {.flags = ARTNET_POLL_ON_CHANGE | ARTNET_POLL_TARGETED,
                               .priority = 0x40,
                               .top = 0x1122,
                               .bottom = 0x0102,
                               .esta = 0x7FF0,
                               .oem = 0x00FF};
    uint8_t buf[ARTNET_POLL_LEN];
    struct artnet_pkt pkt;

    artnet_poll(buf, &poll);
    expect_bytes(buf, sizeof(buf), ID "00 20 00 0E 22 40 11 22 01 02 7F F0 00 FF");
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.opcode, ARTNET_POLL);
    T_EQ(pkt.poll.flags, 0x22);
    T_EQ(pkt.poll.top, 0x1122);
    T_EQ(pkt.poll.oem, 0x00FF);
    /* The classic form ends after 14 bytes. */
    T_EQ(artnet_decode(buf, ARTNET_POLL_MIN, &pkt), 0);
    T_EQ(pkt.poll.priority, 0x40);
    T_EQ(pkt.poll.top, 0);
    T_EQ(pkt.poll.oem, 0);
}

static void random_text(uint64_t *seed, char *text, size_t field)
{
    size_t n = rnd_in(seed, 0, (uint32_t)field - 1);

    memset(text, 0, field);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)rnd_in(seed, 1, 127);
}

static void random_reply(uint64_t *seed, struct artnet_poll_reply *r)
{
    memset(r, 0, sizeof(*r));
    rnd_bytes(seed, r->ip, 4);
    r->port = (uint16_t)rnd(seed);
    r->firmware = (uint16_t)rnd(seed);
    r->net = (uint8_t)rnd_in(seed, 0, 127);
    r->subnet = (uint8_t)rnd_in(seed, 0, 15);
    r->oem = (uint16_t)rnd(seed);
    r->ubea = (uint8_t)rnd(seed);
    r->status1 = (uint8_t)rnd(seed);
    r->esta = (uint16_t)rnd(seed);
    random_text(seed, r->short_name, sizeof(r->short_name));
    random_text(seed, r->long_name, sizeof(r->long_name));
    random_text(seed, r->report, sizeof(r->report));
    r->n_ports = (uint16_t)rnd_in(seed, 0, 4);
    rnd_bytes(seed, r->port_types, 4);
    rnd_bytes(seed, r->good_input, 4);
    rnd_bytes(seed, r->good_output, 4);
    rnd_bytes(seed, r->sw_in, 4);
    rnd_bytes(seed, r->sw_out, 4);
    r->acn_priority = (uint8_t)rnd(seed);
    r->macro = (uint8_t)rnd(seed);
    r->remote = (uint8_t)rnd(seed);
    r->style = (uint8_t)rnd(seed);
    rnd_bytes(seed, r->mac, 6);
    rnd_bytes(seed, r->bind_ip, 4);
    r->bind_index = (uint8_t)rnd(seed);
    r->status2 = (uint8_t)rnd(seed);
    rnd_bytes(seed, r->good_output_b, 4);
    r->status3 = (uint8_t)rnd(seed);
    rnd_bytes(seed, r->uid, 6);
    r->user = (uint16_t)rnd(seed);
    r->refresh_hz = (uint16_t)rnd(seed);
}

TEST(poll_reply_round_trip)
{
    uint64_t seed = 8;

    for (int i = 0; i < 1000; i++) {
        struct artnet_poll_reply r;
        uint8_t buf[ARTNET_POLL_REPLY_LEN];
        struct artnet_pkt pkt;

        random_reply(&seed, &r);
        artnet_poll_reply(buf, &r);
        T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
        T_EQ(pkt.opcode, ARTNET_POLL_REPLY);
        T_EQ(memcmp(&pkt.reply, &r, sizeof(r)), 0);
    }
}

/* Fields where the published table has them. */
TEST(poll_reply_offsets)
{
    struct artnet_poll_reply r = {.ip = {10, 0, 0, 7},
                                  .port = ARTNET_PORT,
                                  .firmware = 0x0102,
                                  .net = 0x12,
                                  .subnet = 0x3,
                                  .oem = 0x00FF,
                                  .status1 = 0xD0,
                                  .esta = 0x7FF0,
                                  .short_name = "short",
                                  .long_name = "long",
                                  .report = "#0001 [0000] ok",
                                  .n_ports = 1,
                                  .port_types = {0x80},
                                  .good_output = {0x80},
                                  .sw_out = {4},
                                  .style = 1,
                                  .mac = {2, 0, 0, 0, 0, 9},
                                  .bind_ip = {10, 0, 0, 6},
                                  .bind_index = 3,
                                  .status2 = 0x08,
                                  .good_output_b = {0x40},
                                  .status3 = 0x20,
                                  .uid = {0x7F, 0xF0},
                                  .user = 0x1122,
                                  .refresh_hz = 44};
    uint8_t b[ARTNET_POLL_REPLY_LEN];

    artnet_poll_reply(b, &r);
    expect_bytes(b, 26, ID "00 21 0A 00 00 07 36 19 01 02 12 03 00 FF 00 D0 F0 7F");
    T_EQ(memcmp(b + 26, "short", 6), 0);
    T_EQ(memcmp(b + 44, "long", 5), 0);
    T_EQ(memcmp(b + 108, "#0001 ", 6), 0);
    expect_bytes(b + 172, 6, "00 01 80 00 00 00");
    T_EQ(b[182], 0x80);
    T_EQ(b[190], 4);
    expect_bytes(b + 200, 13, "01 02 00 00 00 00 09 0A 00 00 06 03 08");
    expect_bytes(b + 213, 15, "40 00 00 00 20 7F F0 00 00 00 00 11 22 00 2C");
    T_EQ(artnet_reply_output(&r, 0), 0x1234);
}

TEST(old_poll_replies_count_as_zero_behind_their_end)
{
    struct artnet_poll_reply r;
    uint64_t seed = 9;
    uint8_t buf[ARTNET_POLL_REPLY_LEN];
    struct artnet_pkt pkt;

    random_reply(&seed, &r);
    artnet_poll_reply(buf, &r);
    for (size_t len = ARTNET_POLL_REPLY_MIN; len < sizeof(buf); len++) {
        uint8_t *copy = exact(buf, len);

        T_EQ(artnet_decode(copy, len, &pkt), 0);
        free(copy);
        if (len <= 207)
            T_EQ(pkt.reply.bind_index, 0);
    }
    T_EQ(artnet_decode(buf, 207, &pkt), 0);
    T_EQ(memcmp(pkt.reply.mac, r.mac, 6), 0);
    T_EQ(artnet_decode(buf, ARTNET_POLL_REPLY_MIN - 1, &pkt), -EBADMSG);
}

TEST(texts_without_an_end_are_ended)
{
    struct artnet_poll_reply r = {.n_ports = 4};
    uint8_t buf[ARTNET_POLL_REPLY_LEN];
    struct artnet_pkt pkt;

    artnet_poll_reply(buf, &r);
    memset(buf + 26, 'x', 146);
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(strlen(pkt.reply.short_name), 17);
    T_EQ(strlen(pkt.reply.long_name), 63);
    T_EQ(strlen(pkt.reply.report), 63);
    buf[173] = 5;
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -EBADMSG);
}

TEST(dmx_round_trip)
{
    uint64_t seed = 7;
    uint8_t buf[ARTNET_DMX_HEADER + ARTNET_DMX_MAX];

    for (int i = 0; i < 2000; i++) {
        uint16_t universe = (uint16_t)rnd_in(&seed, 0, ARTNET_MAX_UNIVERSE);
        uint16_t length = (uint16_t)(2 * rnd_in(&seed, 1, 256));
        struct artnet_pkt pkt;
        uint8_t *copy;

        rnd_bytes(&seed, buf, sizeof(buf));
        artnet_dmx_header(buf, universe, length);
        copy = exact(buf, ARTNET_DMX_HEADER + (size_t)length);
        T_EQ(artnet_decode(copy, ARTNET_DMX_HEADER + (size_t)length, &pkt), 0);
        T_EQ(pkt.opcode, ARTNET_DMX);
        T_EQ(pkt.dmx.universe, universe);
        T_EQ(pkt.dmx.length, length);
        T_EQ(pkt.dmx.sequence, 0);
        T_CHECK(pkt.dmx.data == copy + 18);
        free(copy);
    }
}

TEST(sequence_skips_zero)
{
    uint8_t s = 0;

    for (int i = 0; i < 600; i++) {
        s = artnet_next_sequence(s);
        T_EQ(s, i % 255 + 1);
    }
}

TEST(later_versions_and_odd_lengths_are_accepted)
{
    uint8_t buf[ARTNET_DMX_HEADER + 3] = {0};
    struct artnet_pkt pkt;

    artnet_dmx_header(buf, 1, 3);
    buf[11] = 15;
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.dmx.length, 3);
}

TEST(nzs_and_unknown_opcodes)
{
    uint8_t buf[ARTNET_DMX_HEADER + 2] = {0};
    struct artnet_pkt pkt;

    artnet_dmx_header(buf, 5, 2);
    buf[9] = 0x51;
    buf[13] = 0xDD;
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.opcode, ARTNET_NZS);
    T_EQ(pkt.dmx.physical, 0xDD);
    buf[9] = 0x97;
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), 0);
    T_EQ(pkt.opcode, 0x9700);
    T_EQ(pkt.other.len, 10);
}

TEST(bad_packets_are_refused)
{
    uint8_t buf[ARTNET_DMX_HEADER + 600] = {0};
    struct artnet_pkt pkt;

    artnet_dmx_header(buf, 1, 2);
    buf[0] = 'a';
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -ENOMSG);
    artnet_dmx_header(buf, 1, 2);
    buf[11] = 13;
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    artnet_dmx_header(buf, 0x8000, 2);
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    artnet_dmx_header(buf, 1, 0);
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -EBADMSG);
    artnet_dmx_header(buf, 1, 514);
    T_EQ(artnet_decode(buf, sizeof(buf), &pkt), -EBADMSG);
}

TEST(every_truncation_is_refused)
{
    uint8_t buf[ARTNET_POLL_REPLY_LEN] = {0};
    struct artnet_poll poll = {0};
    struct artnet_poll_reply reply = {0};

    artnet_dmx_header(buf, 1, 100);
    EXPECT_NO_TRUNCATION(artnet_decode, buf, 118, struct artnet_pkt);
    artnet_sync(buf);
    EXPECT_NO_TRUNCATION(artnet_decode, buf, ARTNET_SYNC_LEN, struct artnet_pkt);
    artnet_poll(buf, &poll);
    EXPECT_NO_TRUNCATION(artnet_decode, buf, ARTNET_POLL_MIN, struct artnet_pkt);
    artnet_poll_reply(buf, &reply);
    EXPECT_NO_TRUNCATION(artnet_decode, buf, ARTNET_POLL_REPLY_MIN, struct artnet_pkt);
}
