/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of every kind into a small wall with all drivers. The input is a run of records: 1 byte
 * port (0..5, others: unknown), 1 byte kind, 2 bytes length BE, the packet. Wherever a picture is
 * asked for it must be painted within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "sender-card/virtual/virtual.h"
#include "tests/support/fuzz.h"

#define W 24
#define H 16

static const char text[] =
    "{\"canvas\":{\"width\":24,\"height\":16},\"types\":{\"t\":{\"width\":8,\"height\":4,"
    "\"pitch_mm\":2.5,\"order\":\"bgr\"}},\"cabinets\":["
    "{\"id\":\"A\",\"type\":\"t\",\"x\":0,\"y\":0},{\"id\":\"B\",\"type\":\"t\",\"x\":8,\"y\":0,"
    "\"turn\":180},{\"id\":\"C\",\"type\":\"t\",\"x\":0,\"y\":4,\"turn\":90},"
    "{\"id\":\"D\",\"type\":\"t\",\"x\":8,\"y\":4,\"mirror\":\"x\"},"
    "{\"id\":\"E\",\"type\":\"t\",\"x\":4,\"y\":8,\"scale\":2}],\"outputs\":["
    "{\"id\":\"1\",\"driver\":\"colorlight-5a\",\"chain\":[\"A\"]},"
    "{\"id\":\"2\",\"driver\":\"linsn-rv9\",\"chain\":[\"B\"]},"
    "{\"id\":\"3\",\"driver\":\"ddp\",\"chain\":[\"C\"]},"
    "{\"id\":\"4\",\"driver\":\"artnet\",\"chain\":[\"D\"],"
    "\"options\":{\"pixels_per_universe\":10}},"
    "{\"id\":\"5\",\"driver\":\"sacn\",\"chain\":[\"E\"],"
    "\"options\":{\"pixels_per_universe\":10}}]}";

static const uint16_t ports[] = {4048, 6454, 5568};

static void feed(struct virtual_wall *vw, uint32_t port, uint8_t kind, int64_t time_ns,
                 const uint8_t *packet, size_t len)
{
    static const uint16_t links[] = {PCAP_ETHERNET, PCAP_RAW, PCAP_LINUX_SLL, PCAP_LINUX_SLL2};
    struct udpip_datagram d = {.payload = packet, .len = len, .dst_port = ports[kind % 3]};

    if (kind & 0x80)
        virtual_feed_datagram(vw, port, time_ns, &d);
    else
        virtual_feed_packet(vw, port, links[kind & 3], time_ns, packet, len);
}

/* Whatever comes may be a question. */
static void ask(const struct virtual_wall *vw, uint32_t port, uint8_t kind, const uint8_t *packet,
                size_t len)
{
    static const uint8_t ip[4] = {127, 0, 0, 1};
    struct udpip_datagram d = {.payload = packet, .len = len, .dst_port = ports[kind % 3]};
    uint8_t answer[VIRTUAL_ANSWER_MAX];
    struct virtual_poll poll;

    if (virtual_answer_frame(vw, port, kind, packet, len, answer) > sizeof(answer))
        abort();
    if (!virtual_poll_begin(&poll, port, &d, ip))
        return;
    for (unsigned n = 0; virtual_poll_next(vw, &poll, answer) > 0; n++)
        if (n >= 255)
            abort();
}

static void look(const struct virtual_wall *vw)
{
    struct virtual_snapshot shot = {0};
    uint8_t *rgb = malloc(3 * W * H * 4);

    if (rgb && virtual_snapshot(vw, &shot) == 0) {
        virtual_paint(vw, &shot, VIRTUAL_LIGHT, rgb);
        virtual_paint_dots(vw, &shot, 2, rgb);
    }
    virtual_snapshot_finish(&shot);
    free(rgb);
    cJSON_Delete(virtual_report(vw, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wall *wall;
    struct virtual_wall *vw;
    int64_t time_ns = 1;

    if (!wall && wall_parse(&wall, text, sizeof(text) - 1, NULL, NULL, NULL) < 0)
        abort();
    if (virtual_create(&vw, wall, NULL) < 0)
        abort();
    while (size >= 4) {
        size_t len = (size_t)data[2] << 8 | data[3];
        uint32_t port = data[0] < 6 ? data[0] : VIRTUAL_ANY_PORT;
        uint8_t kind = data[1];
        uint8_t *copy;

        data += 4;
        size -= 4;
        len = len < size ? len : size;
        copy = malloc(len ? len : 1); /* its exact size, so that a read beyond it is seen */
        if (!copy)
            break;
        if (len)
            memcpy(copy, data, len);
        feed(vw, port, kind, time_ns, copy, len);
        ask(vw, port, kind, copy, len);
        free(copy);
        time_ns += 1000000 * (kind & 0x7f);
        data += len;
        size -= len;
    }
    virtual_end(vw);
    look(vw);
    virtual_destroy(vw);
    return 0;
}
