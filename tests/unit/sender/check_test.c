/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>

#include "sender-card/driver.h"
#include "sender-card/setup.h"
#include "tests/unit/sender/support.h"

#define ETH "\"link\": {\"type\": \"ethernet\", \"nic\": \"led0\"}"
#define UDP "\"link\": {\"type\": \"udp\", \"address\": \"10.0.0.5\"}"

static const char *error_of(const char *output)
{
    struct wall *wall = wall_one(64, 64, output);
    const char *text = check_text(wall, NULL);

    wall_destroy(wall);
    return text;
}

/* The sentence names the place and says what to do. */
static void expect(const char *output, const char *place, const char *says)
{
    const char *text = error_of(output);

    if (!strstr(text, place) || !strstr(text, says)) {
        fprintf(stderr, "%s\n  gives: '%s'\n  wanted: '%s' and '%s'\n", output, text, place, says);
        exit(1);
    }
}

TEST(good_ones_pass)
{
    T_EQ(error_of("\"driver\": \"colorlight-5a\", " ETH)[0], '\0');
    T_EQ(error_of("\"driver\": \"linsn-rv9\", " ETH)[0], '\0');
    T_EQ(error_of("\"driver\": \"ddp\", " UDP)[0], '\0');
    T_EQ(error_of("\"driver\": \"artnet\", " UDP)[0], '\0');
    T_EQ(error_of("\"driver\": \"sacn\", \"link\": {\"type\": \"udp\"}")[0], '\0');
    T_EQ(error_of("\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\", \"nic\": "
                  "\"02:00:00:00:00:01\"}")[0],
         '\0');
}

TEST(links_that_cannot_be)
{
    expect("\"driver\": \"ddp\", " ETH, "outputs[0].link.type", "\"udp\"");
    expect("\"driver\": \"colorlight-5a\", " UDP, "outputs[0].link.type", "\"ethernet\"");
    expect("\"driver\": \"ddp\", \"link\": {\"type\": \"udp\"}", "outputs[0].link",
           "needs a destination");
    expect("\"driver\": \"ddp\", \"link\": {\"type\": \"udp\", \"address\": \"wall.local\"}",
           "outputs[0].link.address", "IPv4");
    expect("\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\", \"nic\": \"a/b\"}",
           "outputs[0].link.nic", "ip link");
    expect("\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\", \"nic\": "
           "\"averylonginterfacename\"}",
           "outputs[0].link.nic", "");
    expect("\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\"}", "outputs[0].link",
           "nic");
    expect("\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"token-ring\"}",
           "outputs[0].link.type", "ethernet");
    expect("\"driver\": \"colorlight-5a\"", "outputs[0]", "link");
    expect("\"driver\": \"colorlight-5a\", " ETH ", \"backup\": {\"type\": \"ethernet\", \"nic\": "
           "\"led0\"}",
           "outputs[0].backup.nic", "used by another link");
}

TEST(options_that_cannot_be)
{
    expect("\"driver\": \"colorlight-5a\", \"options\": {\"latch_gap_ms\": 11}, " ETH,
           "outputs[0].options.latch_gap_ms", "10");
    expect("\"driver\": \"colorlight-5a\", \"options\": {\"firmware\": \"v13\"}, " ETH,
           "outputs[0].options.firmware", "auto");
    expect("\"driver\": \"colorlight-5a\", \"options\": {\"source_mac\": \"xx\"}, " ETH,
           "outputs[0].options.source_mac", "Ethernet address");
    expect("\"driver\": \"colorlight-5a\", \"options\": {\"latchgap\": 1}, " ETH,
           "outputs[0].options.latchgap", "not known");
    expect("\"driver\": \"ddp\", \"options\": {\"max_data\": 100}, " UDP,
           "outputs[0].options.max_data", "multiple of 3");
    expect("\"driver\": \"artnet\", \"options\": {\"start_universe\": 32760}, " UDP,
           "outputs[0].options.start_universe", "32767");
    expect("\"driver\": \"sacn\", \"options\": {\"start_universe\": 63999}, " UDP,
           "outputs[0].options.start_universe", "63999");
    expect("\"driver\": \"sacn\", \"options\": {\"priority\": 201}, " UDP,
           "outputs[0].options.priority", "200");
    expect("\"driver\": \"linsn-rv9\", \"options\": {\"geometry\": 0}, " ETH,
           "outputs[0].options.geometry", "32 x 16");
}

TEST(an_unknown_driver_lists_the_known)
{
    struct wall *wall = wall_one(8, 8, "\"driver\": \"ddp\", " UDP);
    const char *text;

    strcpy(wall->outputs[0].driver, "dmx"); /* past the wall reader, which refuses it as well */
    text = check_text(wall, NULL);
    T_CHECK(strstr(text, "outputs[0].driver") != NULL);
    T_CHECK(strstr(text, "colorlight-5a, linsn-rv9, ddp, artnet, sacn") != NULL);
    wall_destroy(wall);
}

TEST(a_card_that_cannot_dim_is_refused)
{
    const char *ddp = "\"driver\": \"ddp\", " UDP, *cl = "\"driver\": \"colorlight-5a\", " ETH;
    struct wall *wall = wall_of(8, 8, "60", "{\"dimmer\": \"card\"}", &ddp, 1);

    T_CHECK(strstr(check_text(wall, NULL), "\"dimmer\": \"chain\"") != NULL);
    wall_destroy(wall);
    wall = wall_of(8, 8, "60", "{\"dimmer\": \"card\"}", &cl, 1);
    T_EQ(check_text(wall, NULL)[0], '\0');
    wall_destroy(wall);
}

/* 497 LEDs a row: 1512 bytes and 24 around them. */
TEST(load_of_a_colorlight_port)
{
    struct wall *wall = wall_one(497, 1000, "\"driver\": \"colorlight-5a\", " ETH);
    struct sender_load load;

    T_EQ(check_text(wall, &load)[0], '\0');
    T_EQ(load.pixels, 497000);
    T_EQ(load.packets, 1004);
    T_EQ(load.wire_bytes, 1000 * 1536 + 2 * (77 + 24) + 2 * (112 + 24));
    T_CHECK(load.mbps > 737.5 && load.mbps < 737.6);
    T_CHECK(load.capacity_mbps > 862.3 && load.capacity_mbps < 862.5); /* 0.98, less 2 ms of 16.7 */
    wall_destroy(wall);
}

/* 9.3: 660 617 LEDs of 24 bits at 60 Hz on 1 Gbit/s without a gap. */
TEST(overload_is_refused)
{
    static const char output[] =
        "\"driver\": \"colorlight-5a\", \"options\": {\"latch_gap_ms\": 0}, " ETH;
    struct wall *wall = wall_one(497, 1328, output); /* 660 016 */
    struct sender_load load;

    T_EQ(check_text(wall, &load)[0], '\0');
    T_CHECK(load.share > 0.998 && load.share <= 1);
    wall_destroy(wall);
    wall = wall_one(497, 1332, output);
    T_CHECK(strstr(check_text(wall, &load), "move cabinets") != NULL);
    T_CHECK(load.share > 1);
    wall_destroy(wall);
}

TEST(small_frames_are_padded_and_udp_has_headers)
{
    T_EQ(packet_wire_bytes(DRIVER_ETHERNET, 14), 84);
    T_EQ(packet_wire_bytes(DRIVER_ETHERNET, 60), 84);
    T_EQ(packet_wire_bytes(DRIVER_ETHERNET, 1512), 1536);
    T_EQ(packet_wire_bytes(DRIVER_UDP, 14), 84);
    T_EQ(packet_wire_bytes(DRIVER_UDP, 1450), 1516);
}

TEST(every_example_wall_can_be_sent)
{
    DIR *dir = opendir("configs/walls");
    const struct dirent *entry;
    unsigned n = 0;

    T_CHECK(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        struct qp_diag diag = {{0}};
        struct wall *wall;
        char file[300];
        const char *text;

        if (!strstr(entry->d_name, ".json"))
            continue;
        (void)snprintf(file, sizeof(file), "configs/walls/%s", entry->d_name);
        if (wall_load(&wall, file, NULL, &diag) < 0) {
            fprintf(stderr, "%s\n", diag.text);
            exit(1);
        }
        text = check_text(wall, NULL);
        if (*text)
            fprintf(stderr, "%s: %s\n", file, text);
        T_EQ(*text, '\0');
        wall_destroy(wall);
        n++;
    }
    closedir(dir);
    T_CHECK(n > 0);
}
