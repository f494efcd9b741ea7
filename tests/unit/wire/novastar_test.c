/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/novastar.h"

#include "tests/unit/wire/support.h"

static void expect_packet(const struct novastar_pkt *pkt, const char *hex)
{
    uint8_t buf[NOVASTAR_MAX_PACKET];
    struct novastar_pkt got;
    size_t used;
    int n = novastar_encode(pkt, buf, sizeof(buf));

    T_CHECK(n > 0);
    expect_bytes(buf, (size_t)n, hex);
    T_EQ(novastar_scan(buf, (size_t)n, &used, &got), 1);
    T_EQ(used, n);
    T_EQ(got.address, pkt->address);
    T_EQ(got.length, pkt->length);
    T_EQ(got.write, pkt->write);
}

/* The examples of the maker's document. */
TEST(golden_temperature)
{
    struct novastar_pkt p = {.serial = 0x32,
                             .source = NOVASTAR_COMPUTER,
                             .device = NOVASTAR_RECEIVING_CARD,
                             .address = NOVASTAR_CARD_MONITOR,
                             .length = 2};

    expect_packet(&p, "55 AA 00 32 FE 00 01 00 00 00 00 00 00 00 00 0A 02 00 92 56");
}

TEST(golden_identify)
{
    struct novastar_pkt p = {
        .source = NOVASTAR_COMPUTER, .address = NOVASTAR_SENDER_MODEL, .length = 2};

    expect_packet(&p, "55 AA 00 00 FE 00 00 00 00 00 00 00 02 00 00 00 02 00 57 56");
}

static struct novastar_pkt write_all(uint8_t serial, uint32_t address, const uint8_t *value)
{
    return (struct novastar_pkt){.serial = serial,
                                 .source = NOVASTAR_COMPUTER,
                                 .device = NOVASTAR_RECEIVING_CARD,
                                 .port = NOVASTAR_ALL,
                                 .board = NOVASTAR_ALL_BOARDS,
                                 .write = true,
                                 .address = address,
                                 .length = 1,
                                 .data = value};
}

TEST(golden_writes_to_all)
{
    static const uint8_t on = NOVASTAR_ON, save = NOVASTAR_SAVE, half = 0x80;
    struct novastar_pkt p = write_all(0x80, NOVASTAR_CARD_BLACK, &on);

    expect_packet(&p, "55 AA 00 80 FE 00 01 FF FF FF 01 00 00 01 00 02 01 00 FF D5 5A");
    p = write_all(0x15, NOVASTAR_CARD_SAVE, &save);
    expect_packet(&p, "55 AA 00 15 FE 00 01 FF FF FF 01 00 11 00 00 01 01 00 11 8B 59");
    p = write_all(0x15, NOVASTAR_CARD_BRIGHTNESS, &half);
    expect_packet(&p, "55 AA 00 15 FE 00 01 FF FF FF 01 00 01 00 00 02 01 00 80 EB 59");
}

static struct novastar_pkt random_packet(uint64_t *seed, const uint8_t *data)
{
    struct novastar_pkt p = {.reply = rnd(seed) & 1,
                             .ack = (uint8_t)rnd(seed),
                             .serial = (uint8_t)rnd(seed),
                             .source = (uint8_t)rnd(seed),
                             .destination = (uint8_t)rnd(seed),
                             .device = (uint8_t)rnd(seed),
                             .port = (uint8_t)rnd(seed),
                             .board = (uint16_t)rnd(seed),
                             .write = rnd(seed) & 1,
                             .address = (uint32_t)rnd(seed),
                             .length = (uint16_t)rnd_in(seed, 0, NOVASTAR_MAX_DATA)};

    p.data = p.reply || p.write ? data : NULL;
    return p;
}

TEST(round_trip)
{
    uint64_t seed = 13;
    uint8_t data[NOVASTAR_MAX_DATA];

    for (int i = 0; i < 3000; i++) {
        struct novastar_pkt p = random_packet(&seed, data), got;
        uint8_t buf[NOVASTAR_MAX_PACKET];
        size_t used;
        int n;

        rnd_bytes(&seed, data, sizeof(data));
        n = novastar_encode(&p, buf, sizeof(buf));
        T_CHECK(n >= NOVASTAR_OVERHEAD);
        T_EQ(novastar_scan(buf, (size_t)n, &used, &got), 1);
        T_EQ(used, n);
        T_EQ(got.reply, p.reply);
        T_EQ(got.ack, p.ack);
        T_EQ(got.serial, p.serial);
        T_EQ(got.source, p.source);
        T_EQ(got.destination, p.destination);
        T_EQ(got.device, p.device);
        T_EQ(got.port, p.port);
        T_EQ(got.board, p.board);
        T_EQ(got.write, p.write);
        T_EQ(got.address, p.address);
        T_EQ(got.length, p.length);
        if (got.data)
            T_EQ(memcmp(got.data, data, got.length), 0);
    }
}

TEST(every_truncation_asks_for_more)
{
    static const uint8_t value = 7;
    struct novastar_pkt p = write_all(1, 2, &value), got;
    uint8_t buf[NOVASTAR_MAX_PACKET];
    int n = novastar_encode(&p, buf, sizeof(buf));

    for (size_t len = 0; len < (size_t)n; len++) {
        uint8_t *copy = exact(buf, len);
        size_t used = 99;

        T_EQ(novastar_scan(copy, len, &used, &got), 0);
        T_EQ(used, 0);
        free(copy);
    }
}

/* Packets between random bytes: every one is found, in order, however the stream is cut. */
TEST(scanner_finds_packets_in_garbage)
{
    uint64_t seed = 17;

    for (int round = 0; round < 200; round++) {
        uint8_t stream[4096], window[4096];
        size_t len = 0, fill = 0, at = 0;
        unsigned sent = 0, found = 0;

        while (sent < 5) {
            static const uint8_t value = 1;
            struct novastar_pkt p = write_all((uint8_t)sent, 0x12345678, &value);
            size_t noise = rnd_in(&seed, 0, 30);

            rnd_bytes(&seed, stream + len, noise);
            for (size_t i = 0; i < noise; i++) /* no head by chance */
                if (stream[len + i] == 0x55 || stream[len + i] == 0xAA)
                    stream[len + i] = 0;
            len += noise;
            len += (size_t)novastar_encode(&p, stream + len, sizeof(stream) - len);
            sent++;
        }
        while (at < len) {
            size_t piece = rnd_in(&seed, 1, 40), used;
            struct novastar_pkt got;

            piece = piece < len - at ? piece : len - at;
            memcpy(window + fill, stream + at, piece);
            fill += piece;
            at += piece;
            while (novastar_scan(window, fill, &used, &got) == 1) {
                T_EQ(got.serial, found++);
                fill -= used;
                memmove(window, window + used, fill);
            }
            fill -= used;
            memmove(window, window + used, fill);
        }
        T_EQ(found, sent);
        T_EQ(fill, 0);
    }
}

TEST(scanner_passes_over_a_wrong_checksum)
{
    static const uint8_t value = 7;
    struct novastar_pkt p = write_all(1, 2, &value), got;
    uint8_t buf[2 * NOVASTAR_MAX_PACKET];
    int n = novastar_encode(&p, buf, sizeof(buf));
    size_t used;

    memcpy(buf + n, buf, (size_t)n);
    buf[5] ^= 1;
    T_EQ(novastar_scan(buf, 2 * (size_t)n, &used, &got), 1);
    T_EQ(used, 2 * n);
    T_CHECK(got.data == buf + n + NOVASTAR_HEADER);
}

TEST(scanner_does_not_wait_for_impossible_lengths)
{
    uint8_t buf[64];
    size_t used, n = from_hex("AA 55 00 01 00 FE 01 00 00 00 00 00 00 00 00 00 01 01", buf, 64);
    struct novastar_pkt got;

    T_EQ(novastar_scan(buf, n, &used, &got), 0);
    T_EQ(used, n); /* 257 bytes of data: not a packet */
    buf[16] = 0x00;
    T_EQ(novastar_scan(buf, n, &used, &got), 0);
    T_EQ(used, 0); /* 256: may still come */
}

TEST(encoder_refuses)
{
    uint8_t buf[NOVASTAR_MAX_PACKET + 10], data[300] = {0};
    struct novastar_pkt p = {.write = true, .length = 257, .data = data};

    T_EQ(novastar_encode(&p, buf, sizeof(buf)), -EINVAL);
    p.length = 256;
    T_EQ(novastar_encode(&p, buf, NOVASTAR_MAX_PACKET - 1), -ENOBUFS);
    T_EQ(novastar_encode(&p, buf, NOVASTAR_MAX_PACKET), NOVASTAR_MAX_PACKET);
    p.data = NULL;
    T_EQ(novastar_encode(&p, buf, sizeof(buf)), -EINVAL);
}

static bool near(struct novastar_level level, double want)
{
    double d = level.value - want;

    return level.valid && d < 1e-9 && d > -1e-9;
}

TEST(monitor_of_the_card_itself)
{
    uint8_t buf[4] = {0x80, 0x48, 0x00, 0xA9};
    struct novastar_monitor m;

    T_EQ(novastar_decode_monitor(buf, 4, &m), 0);
    T_CHECK(near(m.temperature_c, 36.0));
    T_CHECK(!m.humidity_percent.valid);
    T_CHECK(near(m.supply_v, 4.1));
    T_CHECK(!m.has_card);
    buf[0] = 0x81;
    buf[2] = 0x80 | 55;
    T_EQ(novastar_decode_monitor(buf, 4, &m), 0);
    T_CHECK(near(m.temperature_c, -36.0));
    T_CHECK(near(m.humidity_percent, 55));
    buf[0] = 0x01;
    T_EQ(novastar_decode_monitor(buf, 4, &m), 0);
    T_CHECK(!m.temperature_c.valid);
    T_EQ(novastar_decode_monitor(buf, 3, &m), -EBADMSG);
}

TEST(monitor_of_the_monitoring_card)
{
    uint8_t buf[NOVASTAR_MONITOR_LEN] = {0};
    struct novastar_monitor m;

    buf[0x20] = 0xFF;
    buf[0x27] = 0x80;
    buf[0x28] = 51;
    buf[0x29] = 0x80 | 40;
    buf[0x2A] = 1;
    buf[0x2C] = 0x80 | 30;
    buf[0x2F] = 0x80 | 50;
    buf[0x37] = 0x80 | 42;
    buf[0x41] = 2;
    buf[0x42] = 0x11;
    buf[0x51] = 0x22;
    T_EQ(novastar_decode_monitor(buf, sizeof(buf), &m), 0);
    T_CHECK(m.has_card && m.smoke);
    T_CHECK(near(m.card_temperature_c, 25.5));
    T_CHECK(near(m.card_humidity_percent, 40));
    T_CHECK(!m.fan_rpm[0].valid);
    T_CHECK(near(m.fan_rpm[1], 1500));
    T_CHECK(near(m.voltage_v[0], 5.0));
    T_CHECK(near(m.voltage_v[8], 4.2));
    T_EQ(m.doors, 2);
    T_EQ(m.cables_open[0], 0x11);
    T_EQ(m.cables_open[15], 0x22);
    T_EQ(novastar_decode_monitor(buf, sizeof(buf) - 1, &m), 0);
    T_CHECK(!m.has_card);
    buf[0x20] = 0;
    T_EQ(novastar_decode_monitor(buf, sizeof(buf), &m), 0);
    T_CHECK(!m.has_card && !m.smoke);
}
