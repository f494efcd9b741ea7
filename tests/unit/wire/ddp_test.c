/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/ddp.h"

#include "tests/unit/wire/support.h"

static const uint8_t six[6] = {1, 2, 3, 4, 5, 6};

TEST(data_golden)
{
    struct ddp_pkt pkt = {.flags = DDP_PUSH,
                          .sequence = 1,
                          .type = DDP_TYPE_RGB8,
                          .id = DDP_ID_DEFAULT,
                          .length = 6,
                          .data = six,
                          .data_len = 6};
    uint8_t buf[64];

    expect_bytes(buf, (size_t)ddp_encode(&pkt, buf, sizeof(buf)),
                 "41 01 0B 01 00 00 00 00 00 06 01 02 03 04 05 06");
}

TEST(push_only_golden)
{
    struct ddp_pkt pkt = {.flags = DDP_PUSH, .id = DDP_ID_DEFAULT};
    uint8_t buf[64];
    struct ddp_pkt got;

    expect_bytes(buf, (size_t)ddp_encode(&pkt, buf, sizeof(buf)), "41 00 00 01 00 00 00 00 00 00");
    T_EQ(ddp_decode(buf, DDP_HEADER, &got), 0);
    T_EQ(got.flags, DDP_PUSH);
    T_EQ(got.data_len, 0);
}

TEST(timecode_golden)
{
    struct ddp_pkt pkt = {.flags = DDP_PUSH | DDP_TIMECODE,
                          .sequence = 15,
                          .type = DDP_TYPE_RGBW8,
                          .id = DDP_ID_ALL,
                          .offset = 0x01020304,
                          .length = 2,
                          .timecode = 0xA0B0C0D0,
                          .data = six,
                          .data_len = 2};
    uint8_t buf[64];
    struct ddp_pkt got;
    int n = ddp_encode(&pkt, buf, sizeof(buf));

    expect_bytes(buf, (size_t)n, "51 0F 1B FF 01 02 03 04 00 02 A0 B0 C0 D0 01 02");
    T_EQ(ddp_decode(buf, (size_t)n, &got), 0);
    T_EQ(got.timecode, 0xA0B0C0D0);
    T_CHECK(got.data == buf + DDP_HEADER_TIME);
}

TEST(query_and_reply)
{
    struct ddp_pkt query = {.flags = DDP_QUERY, .id = DDP_ID_STATUS, .length = 500};
    static const char json[] = "{\"status\":{\"ver\":\"1\"}}";
    struct ddp_pkt reply = {.flags = DDP_REPLY | DDP_PUSH,
                            .id = DDP_ID_STATUS,
                            .length = sizeof(json) - 1,
                            .data = (const uint8_t *)json,
                            .data_len = sizeof(json) - 1};
    uint8_t buf[64];
    struct ddp_pkt got;
    int n = ddp_encode(&query, buf, sizeof(buf));

    expect_bytes(buf, (size_t)n, "42 00 00 FB 00 00 00 00 01 F4");
    T_EQ(ddp_decode(buf, (size_t)n, &got), 0);
    T_EQ(got.length, 500); /* wanted */
    T_EQ(got.data_len, 0);
    n = ddp_encode(&reply, buf, sizeof(buf));
    T_EQ(n, DDP_HEADER + sizeof(json) - 1);
    T_EQ(ddp_decode(buf, (size_t)n, &got), 0);
    T_EQ(got.flags, DDP_REPLY | DDP_PUSH);
    T_EQ(memcmp(got.data, json, got.data_len), 0);
}

TEST(a_query_may_carry_a_hint)
{
    struct ddp_pkt query = {.flags = DDP_QUERY, .id = DDP_ID_STATUS, .data = six, .data_len = 6};
    uint8_t buf[64];
    struct ddp_pkt got;
    int n = ddp_encode(&query, buf, sizeof(buf));

    T_EQ(n, 16);
    T_EQ(ddp_decode(buf, (size_t)n, &got), 0);
    T_EQ(got.length, 0);
    T_EQ(got.data_len, 6);
}

TEST(sequence_skips_zero)
{
    uint8_t s = 0;

    for (int i = 0; i < 40; i++) {
        s = ddp_next_sequence(s);
        T_EQ(s, i % 15 + 1);
    }
}

TEST(round_trip)
{
    uint64_t seed = 5;
    uint8_t data[2000], buf[2100];

    for (int i = 0; i < 3000; i++) {
        struct ddp_pkt pkt = {.flags = (uint8_t)(rnd(&seed) & 0x1D), /* all but query */
                              .sequence = (uint8_t)rnd_in(&seed, 0, 15),
                              .type = (uint8_t)rnd(&seed),
                              .id = (uint8_t)rnd(&seed),
                              .offset = (uint32_t)rnd(&seed),
                              .length = (uint16_t)rnd_in(&seed, 0, sizeof(data)),
                              .data = data};
        struct ddp_pkt got;
        uint8_t *copy;
        int n;

        pkt.data_len = pkt.length;
        if (pkt.flags & DDP_TIMECODE)
            pkt.timecode = (uint32_t)rnd(&seed);
        n = ddp_encode(&pkt, buf, sizeof(buf));
        T_CHECK(n > 0);
        copy = exact(buf, (size_t)n);
        T_EQ(ddp_decode(copy, (size_t)n, &got), 0);
        T_EQ(got.flags, pkt.flags);
        T_EQ(got.sequence, pkt.sequence);
        T_EQ(got.type, pkt.type);
        T_EQ(got.id, pkt.id);
        T_EQ(got.offset, pkt.offset);
        T_EQ(got.length, pkt.length);
        T_EQ(got.timecode, pkt.timecode);
        T_EQ(memcmp(got.data, data, got.data_len), 0);
        free(copy);
    }
}

TEST(what_cannot_be_said_is_refused)
{
    struct ddp_pkt pkt = {.sequence = 16};
    uint8_t buf[16];

    T_EQ(ddp_encode(&pkt, buf, sizeof(buf)), -EINVAL);
    pkt = (struct ddp_pkt){.flags = 0x80};
    T_EQ(ddp_encode(&pkt, buf, sizeof(buf)), -EINVAL);
    pkt = (struct ddp_pkt){.length = 6, .data = six, .data_len = 5};
    T_EQ(ddp_encode(&pkt, buf, sizeof(buf)), -EINVAL);
    pkt.data_len = 6;
    T_EQ(ddp_encode(&pkt, buf, 9), -ENOBUFS);
    T_EQ(ddp_encode(&pkt, buf, 15), -ENOBUFS);
    T_EQ(ddp_encode(&pkt, buf, 16), 16);
}

/* Reserved bits, unknown types and bytes behind the data do not stop a receiver. */
TEST(decoder_is_tolerant)
{
    uint8_t buf[16];
    struct ddp_pkt got;
    size_t n = from_hex("61 F3 FF 07 00 00 00 09 00 01 AA BB", buf, sizeof(buf));

    T_EQ(ddp_decode(buf, n, &got), 0);
    T_EQ(got.flags, DDP_PUSH);
    T_EQ(got.sequence, 3);
    T_EQ(got.type, 0xFF);
    T_EQ(got.data_len, 1);
    T_EQ(got.data[0], 0xAA);
}

TEST(other_versions_are_not_ours)
{
    uint8_t buf[10] = {0x81};
    struct ddp_pkt got;

    T_EQ(ddp_decode(buf, sizeof(buf), &got), -ENOMSG);
    buf[0] = 0xC1;
    T_EQ(ddp_decode(buf, sizeof(buf), &got), -ENOMSG);
    T_EQ(ddp_decode(buf, 0, &got), -ENOMSG);
}

TEST(every_truncation_is_refused)
{
    struct ddp_pkt pkt = {
        .flags = DDP_TIMECODE | DDP_PUSH, .length = 6, .data = six, .data_len = 6};
    uint8_t buf[32];
    int n = ddp_encode(&pkt, buf, sizeof(buf));

    EXPECT_NO_TRUNCATION(ddp_decode, buf, (size_t)n, struct ddp_pkt);
}
