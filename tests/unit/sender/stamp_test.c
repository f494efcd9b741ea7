/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of whole packets against published vectors, and what changes from frame to frame. */
#include "protocols/base/bytes.h"
#include "protocols/wire/artnet.h"
#include "protocols/wire/colorlight.h"
#include "protocols/wire/linsn.h"
#include "protocols/wire/sacn.h"
#include "sender-card/setup.h"
#include "tests/unit/sender/support.h"

#define LINK "\"link\": {\"type\": \"pcap\", \"file\": \"x\"}"

static struct wall *wall;
static struct setup setup;
static struct sacn_state state;
static uint8_t *set;

static void open_port(unsigned w, unsigned h, const char *output)
{
    struct setup_params params = {.link = "pcap:x", .state = &state};

    wall = wall_one(w, h, output);
    params.wall = wall;
    for (int i = 0; i < 16; i++)
        state.cid[i] = (uint8_t)(i * 0x11);
    T_EQ(setup_read(&setup, &params, NULL), 0);
    set = calloc(1, setup.plan.set_bytes);
    setup.driver->lay(setup.object, &setup.plan, set);
}

static void close_port(void)
{
    free(set);
    setup_finish(&setup);
    wall_destroy(wall);
}

static struct driver_window stamp(uint64_t count, uint8_t brightness)
{
    struct driver_frame frame = {.count = count, .n = (int64_t)count, .brightness = brightness};

    return setup.driver->stamp(setup.object, &setup.plan, set, &frame);
}

static const uint8_t *packet(size_t i)
{
    return set + setup.plan.packets[i].offset;
}

static void expect(const uint8_t *bytes, const char *hex)
{
    unsigned value;

    for (int n; sscanf(hex, " %2x%n", &value, &n) == 1; hex += n, bytes++)
        T_EQ(*bytes, value);
}

static unsigned posts;
static uint8_t posted[DRIVER_POST_MAX];
static size_t posted_len;
static uint32_t posted_ip;

static void on_post(void *arg, uint32_t ip, const uint8_t *bytes, size_t len)
{
    (void)arg;
    posts++;
    posted_ip = ip;
    posted_len = len;
    memcpy(posted, bytes, len);
}
static const struct driver_post post = {.post = on_post};

static void answer(uint8_t card, uint8_t major, uint32_t uptime_ms, int64_t now_ns)
{
    struct colorlight_reply reply = {.family = 5,
                                     .firmware_major = major,
                                     .firmware_minor = 4,
                                     .uptime_ms = uptime_ms,
                                     .card = card};
    uint8_t buf[COLORLIGHT_REPLY_LEN];

    colorlight_reply(buf, &reply);
    setup.driver->receive(setup.object, buf, sizeof(buf), 0, now_ns);
}

TEST(colorlight_bytes)
{
    open_port(512, 301, "\"driver\": \"colorlight-5a\", " LINK);
    (void)stamp(0, 0x80);
    /* Brightness twice, then two packets of 256 LEDs a row: row 300, second half. */
    expect(packet(0), "11 22 33 44 55 66 22 22 33 44 55 66 0A 80 80 80 FF 00 00");
    expect(packet(1), "11 22 33 44 55 66 22 22 33 44 55 66 0A 80 80 80 FF 00 00");
    expect(packet(2 + 2 * 300 + 1),
           "11 22 33 44 55 66 22 22 33 44 55 66 55 01 2C 01 00 01 00 08 88");
    expect(packet(2 + 2 * 301),
           "11 22 33 44 55 66 22 22 33 44 55 66 01 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
           "00 00 00 00 00 00 80 05 00 80 80 80 00");
    T_EQ(setup.plan.packets[2 + 2 * 301].len, 112);
    T_EQ(setup.plan.packets[0].len, 77);
    close_port();
}

TEST(colorlight_options_reach_the_bytes)
{
    open_port(
        8, 8,
        "\"driver\": \"colorlight-5a\", \"options\": {\"source_mac\": \"02:00:00:00:00:07\", "
        "\"sender_class\": 0, \"latch_gap_ms\": 3.5, \"brightness_packets\": \"off\"}, " LINK);
    (void)stamp(0, 255);
    T_EQ(setup.plan.n_packets, 8 + 2);
    expect(packet(0), "11 22 33 44 55 66 02 00 00 00 00 07 55 00 00 00 00 00 08 08 88");
    /* A hardware sender's latch has 00 where a computer's has 05. */
    expect(packet(9), "11 22 33 44 55 66 02 00 00 00 00 07 01 00 00 00 00 00 00 00 00 00 00 00 00 "
                      "00 00 00 00 00 00 00 00 00 00 FF 00 00 FF FF FF 00");
    T_EQ(setup.object->gap_ns, 3500000);
    close_port();
}

static void expect_window(struct driver_window window, bool twice)
{
    T_EQ(window.first, twice ? 0 : 1);
    T_EQ(window.end, setup.plan.n_packets - (twice ? 0 : 1));
}

TEST(firmware_policy_auto)
{
    open_port(8, 8, "\"driver\": \"colorlight-5a\", " LINK);
    expect_window(stamp(0, 255), true); /* unknown */
    answer(0, 11, 1000, 1);
    expect_window(stamp(1, 255), false);
    answer(1, 13, 1000, 2); /* one new card in the chain is enough */
    expect_window(stamp(2, 255), true);
    close_port();
}

TEST(firmware_policy_forced)
{
    open_port(8, 8,
              "\"driver\": \"colorlight-5a\", \"options\": {\"firmware\": \"single\"}, " LINK);
    expect_window(stamp(0, 255), false);
    close_port();
    open_port(8, 8,
              "\"driver\": \"colorlight-5a\", \"options\": {\"firmware\": \"double\"}, " LINK);
    answer(0, 11, 1000, 1);
    expect_window(stamp(0, 255), true);
    close_port();
}

TEST(brightness_is_said_again_to_a_card_that_restarted)
{
    open_port(8, 8,
              "\"driver\": \"colorlight-5a\", \"options\": {\"firmware\": \"single\", "
              "\"brightness_packets\": \"change\"}, " LINK);
    answer(0, 11, 50000, 1);
    T_EQ(stamp(0, 200).first, 1);
    T_EQ(stamp(1, 200).first, 1);
    T_EQ(stamp(2, 200).first, 1);
    T_EQ(stamp(3, 200).first, 2); /* said three times, then silent */
    answer(0, 11, 55000, 2);
    T_EQ(stamp(4, 200).first, 2);
    answer(0, 11, 3000, 3); /* its uptime went back */
    T_EQ(stamp(5, 200).first, 1);
    T_EQ(stamp(8, 200).first, 1);
    T_EQ(stamp(8, 200).first, 1);
    T_EQ(stamp(9, 200).first, 2);
    setup.driver->reset(setup.object); /* the carrier returned */
    T_EQ(stamp(10, 200).first, 1);
    close_port();
}

TEST(a_wall_that_begins_dark_is_told_so)
{
    open_port(8, 8,
              "\"driver\": \"colorlight-5a\", \"options\": {\"brightness_packets\": "
              "\"change\"}, " LINK);
    for (int i = 0; i < 3; i++)
        T_EQ(stamp((uint64_t)i, 0).first, 0);
    T_EQ(stamp(3, 0).first, 2);
    close_port();
}

/* Every card of a chain is known after as many questions as it has cards. */
TEST(colorlight_discovery_takes_one_question_a_card)
{
    struct driver_telemetry telemetry = {0};
    int64_t now = 1000;

    open_port(8, 8, "\"driver\": \"colorlight-5a\", " LINK);
    for (uint8_t card = 0; card < 5; card++, now += 5000000000LL) {
        (void)setup.driver->tick(setup.object, now, &post);
        T_EQ(posted[16], card);
        answer(card, 11, 1, now + 1000000);
    }
    (void)setup.driver->tick(setup.object, now, &post);
    T_EQ(posted[16], 5); /* nobody there */
    (void)setup.driver->tick(setup.object, now, &post);
    T_EQ(posted[16], 0);
    setup.driver->telemetry(setup.object, now, &telemetry);
    T_EQ(telemetry.cards, 5);
    close_port();
}

TEST(colorlight_discovery_walks_the_chain)
{
    struct driver_telemetry telemetry = {0};
    int64_t next;

    open_port(8, 8, "\"driver\": \"colorlight-5a\", " LINK);
    next = setup.driver->tick(setup.object, 1000, &post);
    T_EQ(next, 1000 + 5000000000LL);
    T_EQ(posted_len, 284);
    expect(posted, "11 22 33 44 55 66 22 22 33 44 55 66 07 00 00 00 00");
    (void)setup.driver->tick(setup.object, next, &post);
    T_EQ(posted[16], 0); /* no answer: card 0 again */
    answer(0, 11, 1, next + 1);
    (void)setup.driver->tick(setup.object, next + 3, &post);
    T_EQ(posted[16], 1);
    setup.driver->telemetry(setup.object, next + 3, &telemetry);
    T_EQ(telemetry.cards, 1);
    T_EQ(strcmp(telemetry.firmware, "11.4"), 0);
    close_port();
}

TEST(answers_that_are_none)
{
    struct driver_telemetry telemetry = {0};
    uint8_t noise[1600];
    unsigned seed = 3;

    open_port(8, 8, "\"driver\": \"colorlight-5a\", " LINK);
    for (int i = 0; i < 2000; i++) {
        size_t len = (size_t)rand_r(&seed) % sizeof(noise);

        for (size_t k = 0; k < len; k++)
            noise[k] = (uint8_t)rand_r(&seed);
        setup.driver->receive(setup.object, noise, len, 0, i);
    }
    answer(200, 11, 1, 5); /* an index that was never asked */
    setup.driver->telemetry(setup.object, 5, &telemetry);
    T_EQ(telemetry.cards, 0);
    close_port();
}

TEST(linsn_bytes)
{
    open_port(
        1024, 512,
        "\"driver\": \"linsn-rv9\", \"options\": {\"source_mac\": \"02:00:00:00:00:02\"}, " LINK);
    (void)stamp(0, 255);
    expect(packet(0),
           "00 00 00 00 00 00 02 00 00 00 00 02 AA 55 00 00 00 00 00 00 00 00 96 00 00 00 85 1F FF "
           "FF FF FF 00 00 00 00 00 00 00 02 00 00 00 00 02 C6");
    expect(packet(258), "00 00 00 00 00 00 02 00 00 00 00 02 AA 55 02 01 00 00 00 00 00 00 00");
    close_port();
}

TEST(linsn_asks_with_a_frame_of_its_own)
{
    struct linsn_pkt pkt;

    open_port(64, 64, "\"driver\": \"linsn-rv9\", " LINK);
    (void)setup.driver->tick(setup.object, 0, &post);
    T_EQ(posts, 0); /* an extra packet 0 would begin a picture */
    (void)stamp(0, 255);
    expect(packet(0), "FF FF FF FF FF FF");
    T_EQ(linsn_decode(packet(0), LINSN_DATA_LEN, &pkt), 0);
    (void)stamp(1, 255);
    expect(packet(0), "00 00 00 00 00 00");
    close_port();
}

TEST(ddp_counts_packets)
{
    open_port(480, 2, "\"driver\": \"ddp\", " LINK);
    (void)stamp(0, 255);
    expect(packet(0), "40 01 0B 01 00 00 00 00 05 A0");
    expect(packet(1), "41 02 0B 01 00 00 05 A0 05 A0");
    (void)stamp(7, 255);
    expect(packet(0), "40 0F");
    expect(packet(1), "41 01");
    close_port();
}

TEST(artnet_bytes_and_sequence)
{
    open_port(171, 1, "\"driver\": \"artnet\", \"options\": {\"start_universe\": 255}, " LINK);
    (void)stamp(0, 255);
    expect(packet(0), "41 72 74 2D 4E 65 74 00 00 50 00 0E 01 00 FF 00 01 FE");
    /* One LED: 3 levels and an even length. */
    expect(packet(1), "41 72 74 2D 4E 65 74 00 00 50 00 0E 01 00 00 01 00 04");
    expect(packet(2), "41 72 74 2D 4E 65 74 00 00 52 00 0E 00 00");
    (void)stamp(254, 255);
    T_EQ(packet(0)[12], 255);
    (void)stamp(255, 255);
    T_EQ(packet(0)[12], 1); /* 0 would mean: not counted */
    close_port();
}

TEST(artnet_hears_its_node)
{
    struct artnet_poll_reply reply = {.firmware = 0x0203, .ip = {10, 0, 0, 7}};
    struct driver_telemetry telemetry = {0};
    uint8_t buf[ARTNET_POLL_REPLY_LEN];

    open_port(8, 8,
              "\"driver\": \"artnet\", \"link\": {\"type\": \"udp\", \"address\": \"10.0.0.7\"}");
    artnet_poll_reply(buf, &reply);
    setup.driver->receive(setup.object, buf, sizeof(buf), 0x0A000008, 1);
    setup.driver->telemetry(setup.object, 1, &telemetry);
    T_EQ(telemetry.cards, 0); /* another one's node */
    setup.driver->receive(setup.object, buf, sizeof(buf), 0x0A000007, 1);
    setup.driver->receive(setup.object, buf, sizeof(buf), 0x0A000007, 2);
    setup.driver->telemetry(setup.object, 2, &telemetry);
    T_EQ(telemetry.cards, 1);
    T_EQ(strcmp(telemetry.firmware, "2.3"), 0);
    (void)setup.driver->tick(setup.object, 20000000000LL, &post);
    setup.driver->telemetry(setup.object, 20000000000LL, &telemetry);
    T_EQ(telemetry.cards, 0);
    T_EQ(posted_len, ARTNET_POLL_LEN);
    close_port();
}

TEST(artnet_tells_the_firmware_of_the_first_node)
{
    struct artnet_poll_reply reply = {.firmware = 0x0203};
    struct driver_telemetry telemetry = {0};
    uint8_t buf[ARTNET_POLL_REPLY_LEN];

    open_port(8, 8,
              "\"driver\": \"artnet\", \"link\": {\"type\": \"udp\", \"address\": "
              "\"10.0.0.255\"}");
    artnet_poll_reply(buf, &reply);
    setup.driver->receive(setup.object, buf, sizeof(buf), 0x0A000007, 1);
    reply.firmware = 0x0909;
    artnet_poll_reply(buf, &reply);
    setup.driver->receive(setup.object, buf, sizeof(buf), 0x0A000008, 2);
    setup.driver->telemetry(setup.object, 2, &telemetry);
    T_EQ(telemetry.cards, 2);
    T_EQ(strcmp(telemetry.firmware, "2.3"), 0);
    close_port();
}

TEST(sacn_bytes)
{
    state.base = 7;
    open_port(170, 1,
              "\"driver\": \"sacn\", \"options\": {\"sync_address\": 7962, \"source_name\": "
              "\"Wand\"}, " LINK);
    (void)stamp(0, 255);
    expect(packet(0),
           "00 10 00 00 41 53 43 2D 45 31 2E 31 37 00 00 00 72 6C 00 00 00 04 00 11 22 33 44 55 66 "
           "77 88 99 AA BB CC DD EE FF 72 56 00 00 00 02 57 61 6E 64 00");
    expect(packet(0) + 108, "64 1F 1A 07 00 00 01 72 09 02 A1 00 00 00 01 01 FF 00");
    expect(packet(1) + 16, "70 21 00 00 00 08 00 11");
    expect(packet(1) + 38, "70 0B 00 00 00 01 07 1F 1A 00 00");
    (void)stamp(250, 255);
    T_EQ(packet(0)[SACN_OFF_SEQUENCE], 1); /* 7 + 250 modulo 256 */
    close_port();
    state.base = 0;
}

TEST(sacn_lists_its_universes)
{
    open_port(170, 3, "\"driver\": \"sacn\", " LINK);
    T_EQ(setup.driver->tick(setup.object, 5, &post), 5 + 10000000000LL);
    T_EQ(posted_len, 126);
    T_EQ(posted_ip, 0xEFFFFAD6); /* 239.255.250.214 */
    expect(posted + 16, "70 6E 00 00 00 08");
    expect(posted + 108, "00 00 00 00 70 0E 00 00 00 01 00 00 00 01 00 02 00 03");
    close_port();
}

/* More pages than there is room for at once come one after the other. */
TEST(sacn_lists_them_all)
{
    bool listed[20] = {false};
    int64_t now = 5, start = now;
    unsigned n = 0;

    open_port(100, 100,
              "\"driver\": \"sacn\", \"speed_mbps\": 100000, \"options\": "
              "{\"pixels_per_universe\": 1}, " LINK);
    while (n < 20 && now < start + 10000000000LL) {
        unsigned before = posts;

        now = setup.driver->tick(setup.object, now, &post);
        T_CHECK(posts - before <= 8);
        T_EQ(posted[119], 19);
        if (!listed[posted[118]])
            n++;
        listed[posted[118]] = true;
    }
    T_EQ(n, 20);
    close_port();
}

TEST(sacn_takes_its_leave)
{
    struct driver_frame last = {.count = 9};

    open_port(170, 2, "\"driver\": \"sacn\", " LINK);
    for (unsigned round = 0; round < 3; round++) {
        T_CHECK(setup.driver->terminate(setup.object, &setup.plan, set, &last, round));
        T_EQ(packet(1)[SACN_OFF_OPTIONS], SACN_TERMINATED);
        T_EQ(packet(1)[SACN_OFF_SEQUENCE], 9 + round);
    }
    T_CHECK(!setup.driver->terminate(setup.object, &setup.plan, set, &last, 3));
    close_port();
}
