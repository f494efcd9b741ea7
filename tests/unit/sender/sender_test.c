/* SPDX-License-Identifier: Apache-2.0 */
/* The whole sender over links that need no privilege: a virtual wall's socket and captures. */
#include <arpa/inet.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/wire/colorlight.h"
#include "protocols/wire/wallsock.h"
#include "tests/unit/sender/alloc.h"
#include "tests/unit/sender/capture.h"
#include "tests/unit/sender/support.h"

#define WAIT_MS 10000

static const char cl[] = "\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\", "
                         "\"nic\": \"led0\"}";
static const char ddp[] =
    "\"driver\": \"ddp\", \"link\": {\"type\": \"udp\", \"address\": \"10.0.0.5\"}";
static const char sacn[] = "\"driver\": \"sacn\", \"options\": {\"sync_address\": 9}, \"link\": "
                           "{\"type\": \"udp\"}";

static char path[64], link_text[80];

static struct sender *open_sender(const struct wall *wall, const char *link, bool paced)
{
    struct sender_params params = {.wall = wall, .link = link, .paced = paced};
    struct sender *sender = NULL;
    struct qp_diag diag = {{0}};
    int err = sender_create(&sender, &params, &diag);

    if (err < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_EQ(err, 0);
    T_EQ(sender_start(sender, &diag), 0);
    return sender;
}

static int listen_there(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    (void)snprintf(path, sizeof(path), "/tmp/qp-sender-%d", (int)getpid());
    (void)snprintf(link_text, sizeof(link_text), "local:%s", path);
    (void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    (void)unlink(path);
    T_EQ(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    T_EQ(listen(fd, 4), 0);
    return fd;
}

static int accept_one(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    T_EQ(poll(&p, 1, WAIT_MS), 1);
    return accept(fd, NULL, NULL);
}

/* The next message; false: none came in time, or the other side has gone. */
static bool next_message(int fd, struct wallsock_msg *ret, int wait_ms)
{
    static uint8_t buf[WALLSOCK_MAX_MESSAGE];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, wait_ms) != 1)
        return false;
    n = recv(fd, buf, sizeof(buf), 0);
    if (n <= 0)
        return false;
    T_EQ(wallsock_decode(buf, (size_t)n, ret), 0);
    return true;
}

static struct sender_frame *acquire(struct sender *sender)
{
    int64_t end = qp_clock_mono_ns() + WAIT_MS * 1000000LL;

    for (;;) {
        struct sender_frame *frame = sender_acquire(sender);

        if (frame)
            return frame;
        T_CHECK(qp_clock_mono_ns() < end);
        sched_yield();
    }
}

static void fill(struct sender *sender, struct sender_frame *frame, uint32_t port, uint8_t value)
{
    const struct sender_layout *layout = sender_layout(sender, port);
    uint8_t *bytes = sender_frame_bytes(frame, port);

    for (size_t i = 0; i < layout->n_slots; i++)
        memset(bytes + layout->slots[i].offset, value, 3 * (size_t)layout->slots[i].n);
}

static void send_frame(struct sender *sender, const struct wall *wall, int64_t n, int64_t period)
{
    struct sender_frame *frame = acquire(sender);
    static int64_t first;

    if (n == 0)
        first = qp_clock_mono_ns();
    for (uint32_t port = 0; port < wall->n_outputs; port++)
        fill(sender, frame, port, (uint8_t)n);
    sender_submit(sender, frame, n, first + n * period, first + (n + 1) * period);
}

/* Read one frame of a ColorLight port: rows in order with this value, then the latch. Frames of
 * another value before it are passed over: they were under way when the wall came back. */
static void expect_rows(int fd, unsigned rows, unsigned width, uint8_t value)
{
    struct wallsock_msg msg;
    struct colorlight_pkt pkt;
    unsigned row = 0;

    for (;;) {
        T_CHECK(next_message(fd, &msg, WAIT_MS));
        if (msg.kind == WALLSOCK_HELLO)
            continue;
        T_EQ(colorlight_decode(msg.data, msg.len, &pkt), 0);
        if (pkt.type == COLORLIGHT_LATCH && row == 0)
            continue; /* the second of two */
        if (pkt.type == COLORLIGHT_LATCH)
            break;
        if (pkt.type != COLORLIGHT_ROW || (row == 0 && pkt.row.pixels[0] != value))
            continue;
        T_EQ(pkt.row.row, row++);
        T_EQ(pkt.row.n, width);
        for (unsigned i = 0; i < 3 * width; i++)
            T_EQ(pkt.row.pixels[i], value);
    }
    T_EQ(row, rows);
}

TEST(frames_reach_the_virtual_wall)
{
    struct wall *wall = wall_one(64, 32, cl);
    int server = listen_there(), fd;
    struct sender *sender = open_sender(wall, link_text, false);
    struct sender_port_stats stats;
    struct wallsock_msg msg;
    struct wallsock_hello hello;
    size_t len;

    fd = accept_one(server);
    T_CHECK(next_message(fd, &msg, WAIT_MS));
    T_EQ(msg.kind, WALLSOCK_HELLO);
    T_EQ(wallsock_decode_hello(&msg, &hello), 0);
    T_EQ(hello.total, 1);
    T_EQ(memcmp(wallsock_hello_name(&hello, 0, &len), "p0", 2), 0);
    for (int i = 0; i < 20; i++) {
        send_frame(sender, wall, i, 0);
        expect_rows(fd, 32, 64, (uint8_t)i);
    }
    sender_stop(sender);
    sender_stats(sender, 0, &stats);
    T_EQ(stats.frames, 20);
    T_EQ(stats.incomplete + stats.skipped + stats.late, 0);
    T_CHECK(stats.carrier);
    sender_destroy(sender);
    wall_destroy(wall);
    (void)unlink(path);
}

TEST(a_wall_that_goes_and_comes_back)
{
    struct wall *wall = wall_one(64, 32, cl);
    int server = listen_there(), fd;
    struct sender *sender = open_sender(wall, link_text, false);
    struct sender_port_stats stats;

    fd = accept_one(server);
    send_frame(sender, wall, 0, 0);
    expect_rows(fd, 32, 64, 0);
    (void)close(fd);
    do { /* until it has noticed */
        send_frame(sender, wall, 1, 0);
        sender_stats(sender, 0, &stats);
    } while (stats.incomplete == 0);
    fd = accept_one(server);
    do {
        send_frame(sender, wall, 2, 0);
        sender_stats(sender, 0, &stats);
    } while (stats.frames < 2);
    expect_rows(fd, 32, 64, 2);
    sender_destroy(sender);
    wall_destroy(wall);
    (void)unlink(path);
}

TEST(no_virtual_wall_is_said_with_the_remedy)
{
    struct wall *wall = wall_one(64, 32, cl);
    struct sender_params params = {.wall = wall, .link = "local:/nonexistent/wall"};
    struct sender *sender = NULL;
    struct qp_diag diag;

    T_EQ(sender_create(&sender, &params, &diag), -ENOENT);
    T_CHECK(sender == NULL);
    T_CHECK(strstr(diag.text, "qp-wall") != NULL);
    params.link = "serial:x";
    T_EQ(sender_create(&sender, &params, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "pcap:FILE") != NULL);
    wall_destroy(wall);
}

TEST(a_capture_holds_every_port)
{
    const char *outputs[] = {cl, ddp, sacn};
    struct wall *wall = wall_of(64, 32, "60", "{}", outputs, 3);
    struct counted c = {0};
    struct sender *sender;
    char file[64], link[80];

    (void)snprintf(file, sizeof(file), "/tmp/qp-sender-%d.pcapng", (int)getpid());
    (void)snprintf(link, sizeof(link), "pcap:%s", file);
    sender = open_sender(wall, link, true);
    for (int i = 0; i < 6; i++)
        send_frame(sender, wall, i, 50000000);
    sender_destroy(sender);
    count_capture(file, &c);
    /* Stopped in the middle: between nothing and all of the last frames, but only whole ones. */
    T_CHECK(c.latches % 2 == 0 && c.latches >= 2);
    T_CHECK(c.rows >= 32 * (c.latches / 2));
    T_CHECK(c.row_to_latch_ns >= 2000000);
    T_CHECK(c.pushes > 0 && c.ddp >= 5 * c.pushes);
    T_CHECK(c.syncs > 0 && c.sacn >= 13 * c.syncs);
    T_EQ(c.farewells, 3 * 13);
    (void)unlink(file);
    wall_destroy(wall);
}

TEST(raw_sockets_without_the_capability)
{
    struct wall *wall = wall_one(64, 32, cl);
    struct sender_params params = {.wall = wall};
    struct sender *sender = NULL;
    struct qp_diag diag;
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    T_EQ(syscall(SYS_capset, &head, none), 0);
    T_EQ(sender_create(&sender, &params, &diag), -EPERM);
    T_CHECK(strstr(diag.text, "CAP_NET_RAW") != NULL);
    T_CHECK(strstr(diag.text, "setcap cap_net_raw+ep") != NULL);
    T_CHECK(strstr(diag.text, "led0") != NULL);
    wall_destroy(wall);
}

TEST(brightness_goes_to_the_card)
{
    const char *output = cl;
    struct wall *wall =
        wall_of(64, 4, "60", "{\"dimmer\": \"card\", \"brightness\": 0.5}", &output, 1);
    int server = listen_there(), fd;
    struct sender *sender = open_sender(wall, link_text, false);
    static const double levels[] = {0.5, 1.0, 0.0, 7.0};
    static const uint8_t bytes[] = {128, 255, 0, 255};
    struct wallsock_msg msg;
    struct colorlight_pkt pkt;

    fd = accept_one(server);
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            sender_set_brightness(sender, levels[i]);
        send_frame(sender, wall, i, 0);
        for (int latches = 0; latches < 2;) {
            T_CHECK(next_message(fd, &msg, WAIT_MS));
            if (msg.kind == WALLSOCK_HELLO)
                continue;
            T_EQ(colorlight_decode(msg.data, msg.len, &pkt), 0);
            if (pkt.type == COLORLIGHT_BRIGHTNESS)
                T_EQ(pkt.brightness.channels[1], bytes[i]);
            if (pkt.type == COLORLIGHT_LATCH) {
                T_EQ(pkt.latch.brightness, bytes[i]);
                latches++;
            }
        }
    }
    sender_destroy(sender);
    wall_destroy(wall);
    (void)unlink(path);
}

TEST(a_sequence_that_cannot_be_kept_is_said)
{
    const char *outputs[] = {sacn};
    struct wall *wall = wall_of(64, 32, "60", "{}", outputs, 1);
    struct sender_params params = {
        .wall = wall, .link = "pcap:/dev/null", .state_dir = "/nonexistent/state"};
    int64_t end = qp_clock_mono_ns() + WAIT_MS * 1000000LL;
    struct sender *sender = NULL;
    struct qp_diag warning = {{0}};

    T_EQ(sender_create(&sender, &params, NULL), 0);
    T_EQ(sender_start(sender, NULL), 0);
    while (sender_warnings(sender, &warning, 1) == 0) {
        T_CHECK(qp_clock_mono_ns() < end);
        sched_yield();
    }
    T_CHECK(strstr(warning.text, "/nonexistent/state/sacn.json") != NULL);
    sender_destroy(sender);
    wall_destroy(wall);
}

TEST(nothing_is_allocated_once_it_runs)
{
    const char *outputs[] = {cl, ddp, sacn};
    struct wall *wall = wall_of(64, 32, "60", "{}", outputs, 3);
    struct sender *sender = open_sender(wall, "pcap:/dev/null", false);
    struct sender_port_stats stats;
    unsigned long before;

    for (int i = 0; i < 10; i++)
        send_frame(sender, wall, i, 0);
    before = alloc_count();
    T_CHECK(before > 0); /* it does count */
    for (int i = 10; i < 1000; i++) {
        send_frame(sender, wall, i, 0);
        sender_stats(sender, 0, &stats);
    }
    T_EQ(alloc_count(), before);
    T_CHECK(stats.frames > 900);
    sender_destroy(sender);
    wall_destroy(wall);
}

/* A UDP socket on loopback, and the output that sends there. */
static int udp_output(char *output, size_t cap)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    T_EQ(bind(fd, (struct sockaddr *)&addr, len), 0);
    T_EQ(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    (void)snprintf(output, cap,
                   "\"driver\": \"ddp\", \"link\": {\"type\": \"udp\", \"address\": "
                   "\"127.0.0.1\", \"port\": %u}",
                   ntohs(addr.sin_port));
    return fd;
}

TEST(several_threads_share_the_ports)
{
    char text[3][200];
    const char *outputs[] = {text[0], text[1], text[2]};
    int fds[3];
    struct sender_params params = {.paced = true, .tx_threads = 2};
    struct sender *sender;
    struct wall *wall;

    for (int i = 0; i < 3; i++)
        fds[i] = udp_output(text[i], sizeof(text[i]));
    wall = wall_of(16, 8, "100", "{}", outputs, 3);
    params.wall = wall;
    T_EQ(sender_create(&sender, &params, NULL), 0);
    T_EQ(sender_start(sender, NULL), 0);
    for (int n = 0; n < 5; n++)
        send_frame(sender, wall, n, 10000000);
    for (int i = 0; i < 3; i++) {
        struct pollfd p = {.fd = fds[i], .events = POLLIN};
        uint8_t buf[2000];
        struct ddp_pkt pkt;
        ssize_t len;

        T_EQ(poll(&p, 1, WAIT_MS), 1);
        len = recv(fds[i], buf, sizeof(buf), 0);
        T_EQ(len, DDP_HEADER + 3 * 16 * 8);
        T_EQ(ddp_decode(buf, (size_t)len, &pkt), 0);
        T_CHECK(pkt.flags & DDP_PUSH);
        T_EQ(pkt.data[0], 0);
        (void)close(fds[i]);
    }
    sender_destroy(sender);
    wall_destroy(wall);
}

TEST(frames_that_come_too_late_are_skipped)
{
    struct wall *wall = wall_one(64, 32, cl);
    struct sender *sender = open_sender(wall, "pcap:/dev/null", true);
    struct sender_port_stats stats;
    int64_t now = qp_clock_mono_ns();

    for (int i = 0; i < 3; i++) {
        struct sender_frame *frame = acquire(sender);

        sender_submit(sender, frame, i, now - 3 * QP_NS_PER_S, now - 2 * QP_NS_PER_S);
    }
    (void)acquire(sender);
    do
        sender_stats(sender, 0, &stats);
    while (stats.skipped < 3);
    T_EQ(stats.frames, 0);
    sender_destroy(sender);
    wall_destroy(wall);
}

TEST(stopping_drops_what_has_not_begun)
{
    struct wall *wall = wall_one(64, 32, cl);

    for (int i = 0; i < 20; i++) {
        struct sender *sender = open_sender(wall, "pcap:/dev/null", true);
        struct sender_port_stats stats;

        for (int k = 0; k < 3; k++)
            send_frame(sender, wall, k, 16666667);
        sender_stop(sender); /* at any moment: each frame has left whole, or is told not to have */
        sender_stats(sender, 0, &stats);
        T_EQ(stats.frames + stats.skipped + stats.incomplete, 3);
        for (int k = 0; k < SENDER_SETS; k++)
            T_CHECK(sender_acquire(sender) != NULL);
        sender_destroy(sender);
    }
    wall_destroy(wall);
}
