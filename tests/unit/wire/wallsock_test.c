/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/wallsock.h"

#include "tests/unit/wire/support.h"

TEST(header_golden)
{
    struct wallsock_msg msg = {.kind = WALLSOCK_UDP,
                               .port = 3,
                               .time_ns = 0x0102030405060708,
                               .dst_port = 6454,
                               .src_port = 4048};
    uint8_t buf[WALLSOCK_HEADER];

    wallsock_header(buf, &msg);
    expect_bytes(buf, sizeof(buf), "51 50 57 4C 01 02 00 03 01 02 03 04 05 06 07 08 19 36 0F D0");
    msg.kind = WALLSOCK_FRAME; /* has no ports */
    wallsock_header(buf, &msg);
    wallsock_set_time(buf, 9);
    expect_bytes(buf, sizeof(buf), "51 50 57 4C 01 01 00 03 00*7 09 00 00 00 00");
}

TEST(round_trip)
{
    uint64_t seed = 19;

    for (int i = 0; i < 500; i++) {
        uint8_t buf[WALLSOCK_HEADER + 100];
        struct wallsock_msg msg = {.kind = rnd(&seed) & 1 ? WALLSOCK_UDP : WALLSOCK_FRAME,
                                   .port = (uint16_t)rnd(&seed),
                                   .time_ns = (int64_t)(rnd(&seed) >> 1)};
        size_t len = WALLSOCK_HEADER + (size_t)rnd_in(&seed, 0, 100);
        struct wallsock_msg got;

        if (msg.kind == WALLSOCK_UDP) {
            msg.dst_port = (uint16_t)rnd(&seed);
            msg.src_port = (uint16_t)rnd(&seed);
        }
        wallsock_header(buf, &msg);
        T_EQ(wallsock_decode(buf, len, &got), 0);
        T_EQ(got.kind, msg.kind);
        T_EQ(got.port, msg.port);
        T_EQ(got.time_ns, msg.time_ns);
        T_EQ(got.dst_port, msg.dst_port);
        T_EQ(got.src_port, msg.src_port);
        T_EQ(got.len, len - WALLSOCK_HEADER);
        T_CHECK(got.data == buf + WALLSOCK_HEADER);
    }
}

TEST(bad_messages_are_refused)
{
    static uint8_t buf[WALLSOCK_MAX_MESSAGE + 1];
    struct wallsock_msg msg = {.kind = WALLSOCK_FRAME}, got;

    wallsock_header(buf, &msg);
    T_EQ(wallsock_decode(buf, WALLSOCK_MAX_MESSAGE, &got), 0);
    T_EQ(wallsock_decode(buf, WALLSOCK_MAX_MESSAGE + 1, &got), -EBADMSG);
    T_EQ(wallsock_decode(buf, WALLSOCK_HEADER - 1, &got), -EBADMSG);
    T_EQ(wallsock_decode(buf, 3, &got), -ENOMSG);
    buf[5] = 3;
    T_EQ(wallsock_decode(buf, 100, &got), -EBADMSG);
    buf[5] = 1;
    buf[8] = 0x80; /* before the machine was switched on */
    T_EQ(wallsock_decode(buf, 100, &got), -EBADMSG);
    buf[4] = 2;
    T_EQ(wallsock_decode(buf, 100, &got), -EPROTONOSUPPORT);
    buf[0] = 'q';
    T_EQ(wallsock_decode(buf, 100, &got), -ENOMSG);
    wallsock_header(buf, &msg);
    EXPECT_NO_TRUNCATION(wallsock_decode, buf, WALLSOCK_HEADER, struct wallsock_msg);
}

static void expect_name(const struct wallsock_hello *hello, uint16_t i, const char *want)
{
    size_t len;
    const char *name = wallsock_hello_name(hello, i, &len);

    T_EQ(len, strlen(want));
    T_EQ(memcmp(name, want, len), 0);
}

TEST(hello_golden)
{
    static const char *const names[] = {"left", "", "\xE5\x8F\xB3"};
    uint8_t buf[100];
    size_t n;
    int len = wallsock_hello(buf, sizeof(buf), names, 3, 0, &n);
    struct wallsock_msg msg;
    struct wallsock_hello hello;

    T_EQ(n, 3);
    expect_bytes(buf, (size_t)len,
                 "51 50 57 4C 01 00 00 00 00*12 00 03 00 00 00 03 04 6C 65 66 74 00 03 E5 8F B3");
    T_EQ(wallsock_decode(buf, (size_t)len, &msg), 0);
    T_EQ(wallsock_decode_hello(&msg, &hello), 0);
    T_EQ(hello.total, 3);
    T_EQ(hello.n, 3);
    expect_name(&hello, 0, "left");
    expect_name(&hello, 1, "");
    expect_name(&hello, 2, "\xE5\x8F\xB3");
    for (size_t cut = WALLSOCK_HEADER; cut < (size_t)len; cut++) {
        uint8_t *copy = exact(buf, cut);

        T_EQ(wallsock_decode(copy, cut, &msg), 0);
        T_EQ(wallsock_decode_hello(&msg, &hello), -EBADMSG);
        free(copy);
    }
}

TEST(many_ports_take_several_hellos)
{
    enum { PORTS = 3000 };
    static char text[PORTS][16];
    const char *names[PORTS];
    size_t first = 0, messages = 0;

    for (size_t i = 0; i < PORTS; i++) {
        (void)snprintf(text[i], sizeof(text[i]), "port %zu", i);
        names[i] = text[i];
    }
    while (first < PORTS) {
        uint8_t buf[WALLSOCK_MAX_MESSAGE];
        size_t n = 0;
        int len = wallsock_hello(buf, sizeof(buf), names, PORTS, first, &n);
        struct wallsock_msg msg;
        struct wallsock_hello hello;

        T_CHECK(len > 0 && n > 0);
        T_EQ(wallsock_decode(buf, (size_t)len, &msg), 0);
        T_EQ(wallsock_decode_hello(&msg, &hello), 0);
        T_EQ(hello.total, PORTS);
        T_EQ(hello.first, first);
        T_EQ(hello.n, n);
        for (uint16_t i = 0; i < hello.n; i++)
            expect_name(&hello, i, names[first + i]);
        first += n;
        messages++;
    }
    T_CHECK(messages > 1);
}

TEST(hello_limits)
{
    char long_name[400];
    const char *names[] = {long_name};
    uint8_t buf[1000];
    size_t n, len;
    struct wallsock_msg msg;
    struct wallsock_hello hello;

    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    T_EQ(wallsock_hello(buf, sizeof(buf), names, 1, 0, &n), 20 + 6 + 1 + 255);
    T_EQ(wallsock_hello(buf, 281, names, 1, 0, &n), -ENOBUFS);
    T_EQ(wallsock_hello(buf, 25, names, 0, 0, &n), -ENOBUFS);
    T_EQ(wallsock_hello(buf, sizeof(buf), names, 65536, 0, &n), -EINVAL);
    T_EQ(wallsock_hello(buf, sizeof(buf), names, 0, 1, &n), -EINVAL);
    T_EQ(wallsock_hello(buf, sizeof(buf), names, 0, 0, &n), 26);
    T_EQ(wallsock_decode(buf, 26, &msg), 0);
    T_EQ(wallsock_decode_hello(&msg, &hello), 0);
    T_EQ(hello.total, 0);
    len = from_hex("00 01 00 01 00 01 00", buf, sizeof(buf)); /* port 1 of 1 */
    msg = (struct wallsock_msg){.kind = WALLSOCK_HELLO, .data = buf, .len = len};
    T_EQ(wallsock_decode_hello(&msg, &hello), -EBADMSG);
    msg.kind = WALLSOCK_FRAME;
    buf[3] = 0;
    T_EQ(wallsock_decode_hello(&msg, &hello), -EBADMSG);
    msg.kind = WALLSOCK_HELLO;
    T_EQ(wallsock_decode_hello(&msg, &hello), 0);
}
