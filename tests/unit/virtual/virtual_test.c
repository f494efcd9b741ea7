/* SPDX-License-Identifier: Apache-2.0 */
/* The latch semantics of each protocol, and what is counted. Packets are put together here from the
 * byte tables, not by our encoders. */
#include "sender-card/virtual/virtual.h"

#include <math.h>
#include <string.h>

#include "tests/support/t.h"

#define MS 1000000ll

static struct wall *wall;
static struct virtual_wall *vw;
static uint64_t told;

static void on_frame(void *user, uint64_t frame, int64_t time_ns)
{
    (void)user;
    (void)time_ns;
    told = frame;
}

static void make(const char *text)
{
    struct qp_diag d = {""};

    if (wall_parse(&wall, text, strlen(text), NULL, NULL, &d) < 0 ||
        virtual_create(&vw, wall, &d) < 0) {
        fprintf(stderr, "%s\n", d.text);
        exit(1);
    }
    virtual_set_on_frame(vw, on_frame, NULL);
}

static void drop(void)
{
    virtual_destroy(vw);
    wall_destroy(wall);
}

static struct virtual_port_stats stats(uint32_t port)
{
    struct virtual_port_stats s;

    virtual_stats(vw, port, &s);
    return s;
}

/* The raw code of channel c at a pixel. */
static int pixel(uint32_t x, uint32_t y, int c)
{
    struct virtual_snapshot shot = {0};
    uint32_t w, h;
    uint8_t *rgb;
    int v;

    virtual_size(vw, &w, &h);
    T_EQ(virtual_snapshot(vw, &shot), 0);
    rgb = malloc(3 * (size_t)w * h);
    virtual_paint(vw, &shot, VIRTUAL_RAW, rgb);
    v = rgb[3 * (y * w + x) + (uint32_t)c];
    free(rgb);
    virtual_snapshot_finish(&shot);
    return v;
}

#define ONE(driver, more)                                                                          \
    "{\"canvas\":{\"width\":8,\"height\":4},\"types\":{\"t\":{\"width\":8,\"height\":4,"           \
    "\"pitch_mm\":2.5,\"order\":\"rgb\",\"gamma\":2}},"                                            \
    "\"cabinets\":[{\"id\":\"A\",\"type\":\"t\",\"x\":0,\"y\":0}],"                                \
    "\"outputs\":[{\"id\":\"p\",\"driver\":\"" driver "\",\"chain\":[\"A\"]" more "}]}"

static int64_t now_ns = 1000 * MS;

/* --- ColorLight -------------------------------------------------------------------------- */

static const uint8_t card[12] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
                                 0x22, 0x22, 0x33, 0x44, 0x55, 0x66};

static void row_of(unsigned y, unsigned x, unsigned n, uint8_t value)
{
    uint8_t b[21 + 3 * 16] = {0};

    memcpy(b, card, 12);
    b[12] = 0x55;
    b[14] = (uint8_t)y;
    b[16] = (uint8_t)x;
    b[18] = (uint8_t)n;
    b[19] = 0x08;
    b[20] = 0x88;
    memset(b + 21, value, 3 * (size_t)n);
    virtual_feed_packet(vw, 0, PCAP_ETHERNET, now_ns, b, 21 + 3 * (size_t)n);
}

static void latch(uint8_t brightness)
{
    uint8_t b[112] = {0};

    memcpy(b, card, 12);
    b[12] = 0x01;
    b[13] = 0x07;
    b[35] = brightness;
    b[36] = 0x05;
    memset(b + 38, brightness, 3);
    now_ns += 20 * MS;
    virtual_feed_packet(vw, 0, PCAP_ETHERNET, now_ns, b, sizeof(b));
}

static void rows(uint8_t value)
{
    for (unsigned y = 0; y < 4; y++)
        row_of(y, 0, 8, (uint8_t)(value + y));
}

TEST(colorlight_shows_at_the_latch)
{
    make(ONE("colorlight-5a", ""));
    rows(10);
    T_EQ(pixel(3, 2, 0), 0);
    T_EQ(told, 0);
    latch(255);
    T_EQ(pixel(3, 2, 0), 12);
    T_EQ(told, 1);
    latch(255); /* firmware 13 wants two */
    T_EQ(told, 1);
    T_EQ(stats(0).frames, 1);
    T_EQ(stats(0).duplicate_latches, 1);
    T_EQ(stats(0).torn, 0);
    drop();
}

TEST(colorlight_missing_row_keeps_its_light)
{
    make(ONE("colorlight-5a", ""));
    rows(10);
    latch(255);
    row_of(0, 0, 8, 50);
    row_of(1, 0, 8, 50);
    row_of(3, 0, 4, 50); /* half of the last row */
    latch(255);
    T_EQ(pixel(0, 1, 0), 50);
    T_EQ(pixel(0, 2, 0), 12); /* the old one */
    T_EQ(pixel(0, 3, 0), 50);
    T_EQ(pixel(4, 3, 0), 13);
    T_EQ(stats(0).torn, 1);
    T_EQ(stats(0).units_missing, 2);
    T_EQ(stats(0).leds_missing, 12);
    rows(90);
    latch(255);
    T_EQ(stats(0).torn, 1);
    T_EQ(pixel(4, 3, 0), 93);
    drop();
}

/* A frame whose latch was withheld is not torn when the next one is whole; it is when rows of both
 * are under one latch. */
TEST(colorlight_rows_of_two_frames)
{
    make(ONE("colorlight-5a", ""));
    rows(10);
    rows(20);
    latch(255);
    T_EQ(stats(0).torn, 0);
    T_EQ(stats(0).restarted, 1);
    rows(30);
    row_of(0, 0, 8, 41);
    latch(255);
    T_EQ(stats(0).torn, 1);
    T_EQ(stats(0).units_missing, 3);
    T_EQ(pixel(0, 0, 0), 41);
    T_EQ(pixel(0, 1, 0), 31);
    drop();
}

TEST(colorlight_doubled_rows_are_no_tear)
{
    make(ONE("colorlight-5a", ""));
    for (unsigned y = 0; y < 4; y++) {
        row_of(y, 0, 8, (uint8_t)(y + 1));
        row_of(y, 0, 8, (uint8_t)(y + 1));
    }
    latch(255);
    T_EQ(stats(0).torn, 0);
    T_EQ(stats(0).duplicate_packets, 4);
    drop();
}

TEST(colorlight_outside_and_cut)
{
    make(ONE("colorlight-5a", ""));
    row_of(4, 0, 8, 1);
    row_of(0, 8, 1, 1);
    row_of(0, 4, 8, 77); /* reaches beyond: the part inside counts */
    T_EQ(stats(0).malformed, 3);
    virtual_feed_packet(vw, 0, PCAP_ETHERNET, now_ns,
                        (const uint8_t *)"\x11\x22\x33\x44\x55\x66"
                                         "\x22\x22\x33\x44\x55\x66"
                                         "\x55\x00\x00",
                        15);
    T_EQ(stats(0).malformed, 4);
    latch(255);
    T_EQ(pixel(7, 0, 1), 77);
    T_EQ(stats(0).torn, 1);
    drop();
}

/* Many passes: the stamps' byte wraps. */
TEST(three_hundred_frames)
{
    make(ONE("colorlight-5a", ""));
    for (int i = 0; i < 300; i++) {
        rows((uint8_t)i);
        latch(255);
    }
    T_EQ(told, 300);
    T_EQ(stats(0).torn, 0);
    T_CHECK(fabs(stats(0).jitter.median_ms - 20) < 1e-9);
    T_CHECK(stats(0).jitter.max_ms < 1e-9);
    now_ns += 5 * MS;
    rows(1);
    latch(255);
    T_CHECK(fabs(stats(0).jitter.max_ms - 5) < 1e-9);
    drop();
}

/* Gamma 2 and half the brightness: code 128 is light 0.25196 * 128 / 255, as sRGB 99. */
TEST(light_is_gamma_times_brightness)
{
    struct virtual_snapshot shot = {0};
    uint8_t rgb[3 * 8 * 4];
    uint16_t linear[3 * 8 * 4];
    double light = pow(128 / 255.0, 2) * 128 / 255;

    make(ONE("colorlight-5a", ""));
    for (unsigned y = 0; y < 4; y++)
        row_of(y, 0, 8, 128);
    latch(128);
    T_EQ(virtual_snapshot(vw, &shot), 0);
    virtual_paint(vw, &shot, VIRTUAL_LINEAR, linear);
    T_CHECK(fabs(linear[0] - 65535 * light) <= 1);
    virtual_paint(vw, &shot, VIRTUAL_LIGHT, rgb);
    T_EQ(rgb[0], lround(255 * (1.055 * pow(light, 1 / 2.4) - 0.055)));
    T_EQ(stats(0).brightness_set, 1);
    T_EQ(stats(0).brightness[1], 128);
    virtual_snapshot_finish(&shot);
    drop();
}

TEST(dots_are_round)
{
    struct virtual_snapshot shot = {0};
    uint8_t *rgb = calloc(8 * 16 * 4 * 16, 3);

    make(ONE("colorlight-5a", ""));
    for (unsigned y = 0; y < 4; y++)
        row_of(y, 0, 8, 255);
    latch(255);
    T_EQ(virtual_snapshot(vw, &shot), 0);
    virtual_paint_dots(vw, &shot, 16, rgb);
    T_EQ(rgb[3 * (8 * 128 + 8)], 255); /* the middle of the first LED */
    T_EQ(rgb[3 * (0 * 128 + 0)], 0);   /* its corner */
    T_EQ(rgb[3 * (8 * 128 + 0)], 0);   /* between two */
    free(rgb);
    virtual_snapshot_finish(&shot);
    drop();
}

/* --- Linsn -------------------------------------------------------------------------------------
 */

static void linsn(uint32_t id, uint8_t value, bool good)
{
    static uint8_t b[1486];
    uint8_t sum = 0;

    memset(b, 0, sizeof(b));
    b[6] = 0x02;
    b[11] = 0x02;
    b[12] = 0xAA;
    b[13] = 0x55;
    b[14] = (uint8_t)id;
    if (id == 0) {
        b[22] = 0x96;
        b[26] = 0x85;
        b[27] = 0x00; /* 32 x 16 */
        memset(b + 28, 0xFF, 4);
        memcpy(b + 39, b + 6, 6);
    }
    for (int i = 18; i < 45; i++)
        sum = (uint8_t)(sum + b[i]);
    b[45] = (uint8_t)(0 - sum + (good ? 0 : 1));
    memset(b + 46, value, 1440);
    virtual_feed_packet(vw, VIRTUAL_ANY_PORT, PCAP_ETHERNET, now_ns += 10 * MS, b, sizeof(b));
}

TEST(linsn_shows_at_the_next_packet_0)
{
    make(ONE("linsn-rv9", ""));
    linsn(1, 5, true); /* before any packet 0 */
    T_EQ(stats(0).malformed, 1);
    linsn(0, 10, true); /* 480 pixels of 32: the blank row and 14 rows, all of ours */
    T_EQ(told, 0);
    linsn(0, 20, true);
    T_EQ(told, 1);
    T_EQ(pixel(7, 3, 2), 10);
    linsn(0, 30, false);
    T_EQ(stats(0).malformed, 2);
    T_EQ(told, 1);
    virtual_end(vw); /* a whole picture that waits */
    T_EQ(told, 2);
    T_EQ(pixel(0, 0, 0), 20);
    T_EQ(stats(0).torn, 0);
    drop();
}

/* --- UDP
 * ------------------------------------------------------------------------------------------- */

static uint32_t to_port = VIRTUAL_ANY_PORT;

static void udp(uint16_t port, const void *payload, size_t len)
{
    struct udpip_datagram d = {.payload = payload, .len = len, .dst_port = port};

    virtual_feed_datagram(vw, to_port, now_ns += MS, &d);
}

static void ddp(uint8_t flags, uint8_t seq, uint8_t offset, uint8_t len, uint8_t value)
{
    uint8_t b[10 + 255] = {flags, seq, 0x0B, 1, 0, 0, 0, offset, 0, len};

    memset(b + 10, value, len);
    udp(4048, b, 10 + (size_t)len);
}

TEST(ddp_shows_at_push)
{
    make(ONE("ddp", ",\"link\":{\"type\":\"udp\",\"address\":\"127.0.0.1\"}"));
    ddp(0x40, 1, 0, 48, 7);
    T_EQ(told, 0);
    ddp(0x41, 2, 48, 48, 8);
    T_EQ(told, 1);
    T_EQ(pixel(0, 0, 0), 7);
    T_EQ(pixel(7, 3, 0), 8);
    ddp(0x41, 3, 48, 48, 9); /* the first block is the same: not sent */
    T_EQ(told, 2);
    T_EQ(stats(0).torn, 0);
    T_EQ(stats(0).kept_leds, 16);
    T_EQ(pixel(0, 0, 0), 7);
    ddp(0x41, 5, 48, 48, 9); /* number 4 was lost */
    T_EQ(stats(0).lost, 1);
    T_EQ(stats(0).torn, 1);
    ddp(0x40, 6, 0, 48, 1);
    ddp(0x40, 6, 0, 48, 1); /* twice for safety */
    ddp(0x40, 7, 48, 48, 1);
    ddp(0x41, 8, 0, 0, 0); /* a push of its own */
    T_EQ(told, 4);
    T_EQ(stats(0).duplicate_packets, 1);
    T_EQ(stats(0).torn, 1);
    udp(4048, "\x41\x01\x0b", 3);
    T_EQ(stats(0).malformed, 1);
    drop();
}

TEST(ddp_a_push_sent_twice_is_one_frame)
{
    make(ONE("ddp", ""));
    for (uint8_t seq = 1; seq < 7; seq += 2) {
        ddp(0x40, seq, 0, 48, seq);
        ddp(0x40, seq, 0, 48, seq);
        ddp(0x41, (uint8_t)(seq + 1), 48, 48, seq);
        ddp(0x41, (uint8_t)(seq + 1), 48, 48, seq);
    }
    T_EQ(told, 3);
    T_EQ(stats(0).duplicate_packets, 6);
    T_EQ(stats(0).kept_leds, 0);
    drop();
    told = 0;
    make(ONE("ddp", "")); /* one number for all packets of a frame is no doubling */
    ddp(0x40, 1, 0, 48, 1);
    ddp(0x41, 1, 48, 48, 2);
    T_EQ(told, 1);
    T_EQ(stats(0).torn, 0);
    T_EQ(pixel(7, 3, 0), 2);
    drop();
}

#define UNIVERSES(driver, more)                                                                    \
    ONE(driver, ",\"link\":{\"type\":\"udp\",\"address\":\"127.0.0.1\"},"                          \
                "\"options\":{\"start_universe\":7,\"pixels_per_universe\":16" more "}")

static void dmx(uint8_t universe, uint8_t seq, uint8_t value)
{
    uint8_t b[18 + 48] = {'A', 'r', 't', '-', 'N', 'e', 't', 0, 0x00, 0x50, 0, 14};

    b[12] = seq;
    b[14] = universe;
    b[17] = 48;
    memset(b + 18, value, 48);
    udp(6454, b, sizeof(b));
}

static void art_sync(void)
{
    static const uint8_t b[14] = {'A', 'r', 't', '-', 'N', 'e', 't', 0, 0x00, 0x52, 0, 14};

    udp(6454, b, sizeof(b));
}

TEST(artnet_without_sync)
{
    make(UNIVERSES("artnet", ""));
    dmx(7, 1, 1);
    T_EQ(told, 0);
    dmx(8, 1, 2);
    T_EQ(told, 1);
    dmx(8, 2, 4); /* any order */
    dmx(7, 2, 3);
    T_EQ(told, 2);
    T_EQ(pixel(0, 0, 0), 3);
    T_EQ(pixel(0, 2, 0), 4);
    dmx(7, 3, 5);
    dmx(7, 4, 6); /* universe 8 was lost */
    T_EQ(told, 3);
    T_EQ(stats(0).torn, 1);
    T_EQ(stats(0).units_missing, 1);
    dmx(9, 1, 9); /* of nobody */
    struct virtual_totals t;
    virtual_totals(vw, &t);
    T_EQ(t.no_port, 1);
    drop();
}

TEST(artnet_with_sync)
{
    make(UNIVERSES("artnet", ""));
    dmx(7, 1, 1);
    dmx(8, 1, 2); /* not known yet that it synchronises */
    T_EQ(told, 1);
    art_sync();
    T_EQ(told, 1);
    dmx(7, 2, 3);
    dmx(8, 2, 4);
    T_EQ(told, 1);
    art_sync();
    T_EQ(told, 2);
    T_EQ(pixel(0, 2, 0), 4);
    dmx(7, 3, 5);
    art_sync();
    T_EQ(stats(0).torn, 1);
    now_ns += 5000 * MS; /* falls back after 4 s */
    dmx(7, 4, 5);
    dmx(8, 4, 5);
    T_EQ(told, 4);
    drop();
}

static uint8_t source = 1, priority = 100, options;

static void sacn(uint8_t universe, uint8_t seq, uint8_t sync, uint8_t value)
{
    uint8_t b[126 + 48] = {0x00, 0x10, 0, 0, 'A', 'S', 'C', '-', 'E', '1', '.', '1', '7'};

    b[16] = 0x70;
    b[17] = 110 + 48;
    b[21] = 4;
    b[37] = source;
    b[38] = 0x70;
    b[39] = 88 + 48;
    b[43] = 2;
    b[108] = priority;
    b[110] = sync;
    b[111] = seq;
    b[112] = options;
    b[114] = universe;
    b[115] = 0x70;
    b[116] = 11 + 48;
    b[117] = 2;
    b[118] = 0xA1;
    b[122] = 1;
    b[124] = 1 + 48;
    memset(b + 126, value, 48);
    udp(5568, b, sizeof(b));
}

static void sacn_sync(uint8_t address)
{
    uint8_t b[49] = {0x00, 0x10, 0, 0, 'A', 'S', 'C', '-', 'E', '1', '.', '1', '7'};

    b[16] = 0x70;
    b[17] = 0x21;
    b[21] = 8;
    b[38] = 0x70;
    b[39] = 0x0B;
    b[43] = 1;
    b[46] = address;
    udp(5568, b, sizeof(b));
}

TEST(sacn_without_sync)
{
    make(UNIVERSES("sacn", ""));
    sacn(7, 250, 0, 1);
    sacn(8, 250, 0, 2);
    T_EQ(told, 1);
    T_EQ(pixel(0, 3, 1), 2);
    sacn(7, 249, 0, 9); /* out of order: not used */
    T_EQ(stats(0).reordered, 1);
    sacn(7, 252, 0, 3); /* 251 was lost */
    sacn(8, 251, 0, 3);
    T_EQ(told, 2);
    T_EQ(stats(0).lost, 1);
    options = 0x80; /* preview */
    sacn(7, 253, 0, 9);
    sacn(8, 252, 0, 9);
    options = 0;
    T_EQ(told, 2);
    source = 2; /* another source: only with a higher priority */
    sacn(7, 1, 0, 9);
    T_EQ(stats(0).malformed, 1);
    priority = 150;
    sacn(7, 1, 0, 10);
    sacn(8, 1, 0, 10);
    T_EQ(told, 3);
    T_EQ(pixel(0, 0, 0), 10);
    priority = 100;
    source = 1;
    sacn(7, 253, 0, 9);
    T_EQ(stats(0).malformed, 2);
    now_ns += 3000 * MS; /* the better one is gone */
    sacn(7, 254, 0, 11);
    sacn(8, 254, 0, 11);
    T_EQ(told, 4);
    drop();
}

TEST(sacn_waits_for_its_sync)
{
    make(UNIVERSES("sacn", ",\"sync_address\":99"));
    sacn(7, 1, 99, 1);
    sacn(8, 1, 99, 2);
    T_EQ(told, 0);
    sacn_sync(98);
    T_EQ(told, 0);
    sacn_sync(99);
    T_EQ(told, 1);
    sacn(7, 2, 99, 3);
    sacn_sync(99);
    T_EQ(stats(0).torn, 1);
    now_ns += 3000 * MS; /* no sync any more: held, unless the source allows otherwise */
    sacn(7, 3, 99, 4);
    sacn(8, 3, 99, 4);
    T_EQ(told, 2);
    options = 0x20;
    sacn(7, 4, 99, 5);
    sacn(8, 4, 99, 5);
    T_CHECK(told > 2);
    T_EQ(pixel(0, 3, 0), 5);
    drop();
}

/* --- several ports
 * ------------------------------------------------------------------------------------ */

#define TWO                                                                                        \
    "{\"canvas\":{\"width\":16,\"height\":4},\"types\":{\"t\":{\"width\":8,\"height\":4,"          \
    "\"pitch_mm\":2.5,\"order\":\"rgb\"}},"                                                        \
    "\"cabinets\":[{\"id\":\"A\",\"type\":\"t\",\"x\":0,\"y\":0},"                                 \
    "{\"id\":\"B\",\"type\":\"t\",\"x\":8,\"y\":0,\"turn\":180}],"                                 \
    "\"outputs\":[{\"id\":\"p\",\"driver\":\"ddp\",\"chain\":[\"A\"],"                             \
    "\"link\":{\"type\":\"udp\",\"address\":\"127.0.0.2\"}},"                                      \
    "{\"id\":\"q\",\"driver\":\"ddp\",\"chain\":[\"B\"],"                                          \
    "\"link\":{\"type\":\"udp\",\"address\":\"127.0.0.3\"}}]}"

static void ddp_to(uint8_t last, uint8_t value)
{
    uint8_t b[10 + 96] = {0x41, 0, 0x0B, 1, 0, 0, 0, 0, 0, 96};
    struct udpip_datagram d = {
        .payload = b, .len = sizeof(b), .dst_port = 4048, .dst_ip = {127, 0, 0, last}};

    memset(b + 10, value, 96);
    b[10] = 99; /* red of the port's first LED */
    virtual_feed_datagram(vw, VIRTUAL_ANY_PORT, now_ns += MS, &d);
}

TEST(ports_by_address_and_frames_of_the_wall)
{
    struct virtual_totals t;

    make(TWO);
    ddp_to(2, 1);
    T_EQ(told, 0); /* the other one is missing */
    ddp_to(3, 2);
    T_EQ(told, 1);
    T_EQ(pixel(0, 0, 0), 99);
    T_EQ(pixel(1, 0, 0), 1);
    T_EQ(pixel(15, 3, 0), 99); /* turned: its first LED is at the bottom right */
    T_EQ(pixel(8, 0, 0), 2);
    ddp_to(2, 3);
    ddp_to(2, 4);  /* the second port has stopped */
    T_EQ(told, 3); /* 2: told without it; 3: it is waited for no more */
    ddp_to(2, 5);
    T_EQ(told, 4);
    ddp_to(4, 5); /* an address of nobody */
    virtual_totals(vw, &t);
    T_EQ(t.mixed, 1);
    T_EQ(t.no_port, 1);
    drop();
}

/* Two outputs of two universes each, 10.. and 20.., and what their links have. */
#define PAIR(driver, options, link_a, link_b)                                                      \
    "{\"canvas\":{\"width\":16,\"height\":4},\"types\":{\"t\":{\"width\":8,\"height\":4,"          \
    "\"pitch_mm\":2.5,\"order\":\"rgb\"}},"                                                        \
    "\"cabinets\":[{\"id\":\"A\",\"type\":\"t\",\"x\":0,\"y\":0},"                                 \
    "{\"id\":\"B\",\"type\":\"t\",\"x\":8,\"y\":0}],"                                              \
    "\"outputs\":[{\"id\":\"p\",\"driver\":\"" driver "\",\"chain\":[\"A\"],"                      \
    "\"options\":{\"pixels_per_universe\":16,\"start_universe\":10" options "},"                   \
    "\"link\":{\"type\":\"udp\"" link_a "}},"                                                      \
    "{\"id\":\"q\",\"driver\":\"" driver "\",\"chain\":[\"B\"],"                                   \
    "\"options\":{\"pixels_per_universe\":16,\"start_universe\":20" options "},"                   \
    "\"link\":{\"type\":\"udp\"" link_b "}}]}"

static void pair_sacn(uint8_t value)
{
    static uint8_t seq;

    seq++;
    for (uint8_t u = 0; u < 4; u++) {
        to_port = u / 2;
        sacn((uint8_t)(10 + u % 2 + u / 2 * 10), seq, 99, value);
    }
}

/* A player's messages name their output; the synchronization packet of all of them comes with one.
 */
TEST(a_latch_that_outputs_share)
{
    make(PAIR("sacn", ",\"sync_address\":99", "", ""));
    pair_sacn(1);
    to_port = 1;
    sacn_sync(99);
    T_EQ(told, 1);
    T_EQ(stats(0).frames, 1);
    T_EQ(stats(1).frames, 1);
    drop();
    make(PAIR("sacn", ",\"sync_address\":99", ",\"nic\":\"a\"", ",\"nic\":\"b\""));
    pair_sacn(1);
    to_port = 1;
    sacn_sync(99); /* on the other network */
    T_EQ(stats(0).frames, 0);
    T_EQ(stats(1).frames, 1);
    drop();
    to_port = VIRTUAL_ANY_PORT;
}

TEST(an_artsync_that_outputs_share)
{
    make(PAIR("artnet", ",\"sync_to\":\"10.0.0.9\"", ",\"address\":\"10.0.0.1\"",
              ",\"address\":\"10.0.0.2\""));
    for (int pass = 0; pass < 2; pass++) { /* the first one is shown before the mode is known */
        for (uint8_t u = 0; u < 4; u++) {
            to_port = u / 2;
            dmx((uint8_t)(10 + u % 2 + u / 2 * 10), (uint8_t)(pass + 1), (uint8_t)(pass + 1));
        }
        to_port = 1;
        art_sync();
    }
    T_EQ(told, 2);
    T_EQ(stats(0).frames, 2);
    T_EQ(stats(1).frames, 2);
    drop();
    make(PAIR("artnet", ",\"sync_to\":\"10.0.0.9\"", ",\"address\":\"127.0.0.1\"",
              ",\"address\":\"127.0.0.2\",\"nic\":\"lo\""));
    to_port = 0;
    art_sync();
    to_port = 1;
    dmx(20, 1, 1);
    dmx(21, 1, 1);
    T_EQ(stats(1).frames, 1); /* another interface: not in synchronous mode */
    drop();
    make(PAIR("artnet", "", ",\"address\":\"10.0.0.1\"", ",\"address\":\"10.1.0.1\""));
    to_port = 0;
    art_sync();
    to_port = 1;
    dmx(20, 1, 1);
    dmx(21, 1, 1);
    T_EQ(stats(1).frames, 1); /* broadcast: perhaps on another network */
    drop();
    to_port = VIRTUAL_ANY_PORT;
}

/* On a network, the address tells whose a packet is: that of the subnet's broadcast is nobody's. */
TEST(an_artsync_to_the_subnet)
{
    uint8_t b[14] = {'A', 'r', 't', '-', 'N', 'e', 't', 0, 0x00, 0x52, 0, 14};
    struct udpip_datagram d = {
        .payload = b, .len = sizeof(b), .dst_port = 6454, .dst_ip = {10, 0, 0, 255}};

    make(PAIR("artnet", ",\"sync_to\":\"10.0.0.255\"", ",\"address\":\"10.0.0.1\"",
              ",\"address\":\"10.0.0.2\""));
    virtual_feed_datagram(vw, VIRTUAL_ANY_PORT, now_ns += MS, &d); /* the mode is known */
    for (uint8_t u = 0; u < 4; u++) {
        to_port = u / 2;
        dmx((uint8_t)(10 + u % 2 + u / 2 * 10), 1, 1);
    }
    T_EQ(stats(0).frames + stats(1).frames, 0);
    virtual_feed_datagram(vw, VIRTUAL_ANY_PORT, now_ns += MS, &d);
    T_EQ(stats(0).frames, 1);
    T_EQ(stats(1).frames, 1);
    drop();
    to_port = VIRTUAL_ANY_PORT;
}

TEST(an_interface_of_several_outputs)
{
    make(PAIR("sacn", "", ",\"nic\":\"a\"", ",\"nic\":\"a\""));
    T_EQ(virtual_find_nic(vw, "a"), VIRTUAL_ANY_PORT); /* the universe tells */
    drop();
    make(PAIR("sacn", "", ",\"nic\":\"a\"", ",\"nic\":\"b\""));
    T_EQ(virtual_find_nic(vw, "b"), 1);
    drop();
}

TEST(names)
{
    make(TWO);
    T_EQ(virtual_find_port(vw, "qq", 1), 1);
    T_EQ(virtual_find_port(vw, "x", 1), VIRTUAL_ANY_PORT);
    T_EQ(virtual_udp_port(vw, 0), 4048);
    drop();
}

TEST(reasons_are_bounded)
{
    static char texts[40][16];
    cJSON *json;

    make(TWO);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "r%d", i);
        virtual_count_bad(vw, 0, texts[i]);
        virtual_count_bad(vw, VIRTUAL_ANY_PORT, texts[i]);
    }
    T_EQ(stats(0).malformed, 40);
    json = virtual_report(vw, now_ns);
    T_CHECK(json);
    T_EQ(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "totals"), "malformed")->valueint, 80);
    cJSON_Delete(json);
    drop();
}

/* --- discovery --------------------------------------------------------------------------- */

static size_t query_card(uint8_t index, uint8_t ret[VIRTUAL_ANSWER_MAX])
{
    uint8_t b[284] = {0};

    memcpy(b, card, 12);
    b[12] = 0x07;
    b[16] = index;
    return virtual_answer_frame(vw, VIRTUAL_ANY_PORT, 0x01020304, b, sizeof(b), ret);
}

TEST(cards_of_a_chain_answer)
{
    uint8_t answer[VIRTUAL_ANSWER_MAX];

    make("{\"canvas\":{\"width\":16,\"height\":4},\"types\":{\"t\":{\"width\":8,\"height\":4,"
         "\"pitch_mm\":2.5}},\"cabinets\":[{\"id\":\"A\",\"type\":\"t\",\"x\":0,\"y\":0},{\"id\":"
         "\"B\",\"type\":\"t\",\"x\":8,\"y\":0}],\"outputs\":[{\"id\":\"p\",\"driver\":"
         "\"colorlight-5a\",\"chain\":[\"A\",\"B\"]}]}");
    T_EQ(query_card(1, answer), 1070);
    T_EQ(memcmp(answer, "\xff\xff\xff\xff\xff\xff\x11\x22\x33\x44\x55\x66\x08\x05", 14), 0);
    T_EQ(answer[15], 13);
    T_EQ(answer[35], 8);
    T_EQ(answer[37], 4);
    T_EQ(memcmp(answer + 59, "\1\2\3\4", 4), 0);
    T_EQ(answer[98], 1);
    T_EQ(query_card(2, answer), 0); /* the chain has two */
    drop();
    make(ONE("linsn-rv9", ""));
    T_EQ(query_card(0, answer), 0);
    drop();
}

TEST(a_linsn_card_answers_a_broadcast)
{
    static const uint8_t from[6] = {2, 0, 0, 0, 0, 2};
    uint8_t b[1486] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, answer[VIRTUAL_ANSWER_MAX];

    make(ONE("linsn-rv9", ""));
    memcpy(b + 6, from, 6);
    b[12] = 0xAA;
    b[13] = 0x55;
    b[22] = 0x96;
    b[26] = 0x85;
    b[27] = 0x1F;
    memset(b + 28, 0xFF, 4);
    memcpy(b + 39, from, 6);
    b[45] = 0xC6;
    T_EQ(virtual_answer_frame(vw, 0, 0, b, sizeof(b), answer), 1496);
    T_EQ(memcmp(answer, from, 6), 0);
    T_EQ(answer[12] << 8 | answer[13], 0xAA56);
    memset(b, 0, 6); /* to the card: a picture begins, nothing is asked */
    T_EQ(virtual_answer_frame(vw, 0, 0, b, sizeof(b), answer), 0);
    drop();
}

static const uint8_t us[4] = {10, 0, 0, 1};

static bool begin_poll(struct virtual_poll *poll, uint8_t last, uint8_t flags, uint8_t bottom,
                       uint8_t top)
{
    uint8_t b[22] = {'A', 'r', 't', '-', 'N', 'e', 't', 0, 0x00, 0x20, 0, 14};
    struct udpip_datagram d = {
        .payload = b, .len = sizeof(b), .dst_port = 6454, .dst_ip = {10, 0, 0, last}};

    b[12] = flags;
    b[15] = top;
    b[17] = bottom;
    return virtual_poll_begin(poll, VIRTUAL_ANY_PORT, &d, us);
}

TEST(nodes_answer_a_poll)
{
    uint8_t answer[VIRTUAL_ANSWER_MAX];
    struct virtual_poll poll;
    unsigned n = 0;

    make(PAIR("artnet", "", ",\"address\":\"10.0.0.1\"", ",\"address\":\"10.0.0.2\""));
    T_CHECK(begin_poll(&poll, 1, 0, 0, 0)); /* 10 and 11 are at this address */
    T_EQ(virtual_poll_next(vw, &poll, answer), 239);
    T_EQ(memcmp(answer + 8, "\x00\x21\x0a\x00\x00\x01\x36\x19", 8), 0);
    T_EQ(answer[173], 2);
    T_EQ(answer[174], 0x80);
    T_EQ(answer[190] << 8 | answer[191], 0x0A0B);
    T_EQ(answer[211], 1);
    T_CHECK(strstr((char *)answer + 44, "output p") != NULL);
    T_EQ(virtual_poll_next(vw, &poll, answer), 0);
    T_CHECK(begin_poll(&poll, 255, 0, 0, 0)); /* broadcast: 20 and 21 as well */
    while (virtual_poll_next(vw, &poll, answer))
        n += answer[173];
    T_EQ(n, 4);
    T_EQ(answer[19], 1); /* 20 is 4 in sub-net 1 */
    T_EQ(answer[190], 4);
    T_CHECK(begin_poll(&poll, 255, 0x20, 11, 20)); /* only these are meant */
    T_EQ(virtual_poll_next(vw, &poll, answer), 239);
    T_EQ(answer[173] << 8 | answer[190], 0x010B);
    T_EQ(virtual_poll_next(vw, &poll, answer), 239);
    T_EQ(answer[173] << 8 | answer[190], 0x0104);
    T_EQ(virtual_poll_next(vw, &poll, answer), 0);
    drop();
    make(PAIR("sacn", "", "", ""));
    T_CHECK(begin_poll(&poll, 255, 0, 0, 0));
    T_EQ(virtual_poll_next(vw, &poll, answer), 0);
    drop();
}
