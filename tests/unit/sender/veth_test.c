/* SPDX-License-Identifier: Apache-2.0 */
/* Real interfaces: veth pairs in a network namespace of the test's own. Interfaces are made and
 * changed with ip(8); without the privilege to make a namespace nothing can be checked here. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/wire/colorlight.h"
#include "tests/unit/sender/support.h"

#define WAIT_NS (15 * QP_NS_PER_S)
#define ROWS    32
#define WIDTH   600 /* two packets a row */

extern char **environ;

/* Run `ip` with these words. */
static void ip(const char *words)
{
    char text[200], *argv[20] = {(char[]){"ip"}};
    int n = 1, status;
    pid_t pid;

    (void)snprintf(text, sizeof(text), "%s", words);
    for (char *save, *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[n++] = word;
    T_EQ(posix_spawnp(&pid, "ip", NULL, NULL, argv, environ), 0);
    T_EQ(waitpid(pid, &status, 0), pid);
    T_EQ(status, 0);
}

static void new_namespace(void)
{
    T_EQ(unshare(CLONE_NEWNET), 0);
}

/* Before any test: in a child, as the namespace would stay ours. */
__attribute__((constructor)) static void ask_privilege(void)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWNET) != 0);
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        skip_all("needs the privilege to make a network namespace");
}

static int ear(const char *name)
{
    struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = 0x0300};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 16 << 20;

    addr.sll_ifindex = (int)if_nametoindex(name);
    T_CHECK(addr.sll_ifindex > 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    T_EQ(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static struct wall *wall;
static struct sender *sender;
static int64_t next_n;

static void open_driver(const char *driver, const char *link)
{
    char output[300];
    struct sender_params params = {.paced = true};
    struct qp_diag diag = {{0}};

    (void)snprintf(output, sizeof(output), "\"driver\": \"%s\", %s", driver, link);
    wall = wall_of(WIDTH, ROWS, "60", "{}", (const char *const[]){output}, 1);
    params.wall = wall;
    T_EQ(sender_create(&sender, &params, &diag), 0);
    T_EQ(sender_start(sender, &diag), 0);
}

static void open_sender(const char *link)
{
    open_driver("colorlight-5a", link);
}

static void close_sender(void)
{
    sender_destroy(sender);
    wall_destroy(wall);
}

static struct sender_port_stats stats_now(void)
{
    struct sender_port_stats stats;

    sender_stats(sender, 0, &stats);
    return stats;
}

/* Send the next frame, every byte of it the frame's number, when a set is free. */
static void send_frame(void)
{
    const struct sender_layout *layout = sender_layout(sender, 0);
    int64_t period = QP_NS_PER_S / 60, now = qp_clock_mono_ns(), end = now + WAIT_NS;
    struct sender_frame *frame;
    static int64_t latch;

    while (!(frame = sender_acquire(sender))) {
        T_CHECK(qp_clock_mono_ns() < end);
        sched_yield();
    }
    for (size_t i = 0; i < layout->n_slots; i++)
        memset(sender_frame_bytes(frame, 0) + layout->slots[i].offset, (int)(next_n & 0xFF),
               3 * (size_t)layout->slots[i].n);
    /* Frames without a link end at once: time must not run away with them. */
    latch = latch + period > now && latch < now + 3 * period ? latch + period : now + period;
    sender_submit(sender, frame, next_n++, latch - period, latch);
}

static void send_until_frames(uint64_t more)
{
    uint64_t goal = stats_now().frames + more;
    int64_t end = qp_clock_mono_ns() + WAIT_NS;

    while (stats_now().frames < goal) {
        T_CHECK(qp_clock_mono_ns() < end);
        send_frame();
    }
}

struct heard {
    unsigned frames, double_latches, torn, queries;
    int64_t first_ns, last_ns;
};

/* Everything there is to hear: whole frames only, rows in order, all of one frame, then the latch.
 */
static void listen_to(int fd, struct heard *h)
{
    static unsigned parts;
    static uint8_t value, buf[2048];
    struct colorlight_pkt pkt;
    ssize_t n;

    parts = UINT32_MAX; /* in the middle of something */
    /* An interface that was down has left an error to be taken first. */
    while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 || errno == ENETDOWN) {
        if (n < 0)
            continue;
        if (colorlight_decode(buf, (size_t)n, &pkt) < 0)
            continue; /* the kernel's own IPv6 packets */
        if (pkt.type == COLORLIGHT_QUERY)
            h->queries++;
        if (parts == UINT32_MAX && (pkt.type != COLORLIGHT_ROW || pkt.row.row || pkt.row.x))
            continue;
        if (pkt.type == COLORLIGHT_ROW) {
            if (pkt.row.row == 0 && pkt.row.x == 0) {
                parts = 0;
                value = pkt.row.pixels[0];
            }
            T_EQ(pkt.row.row, parts / 2);
            T_EQ(pkt.row.x, parts % 2 * 300);
            T_EQ(pkt.row.pixels[3 * pkt.row.n - 1], value);
            parts++;
        }
        if (pkt.type == COLORLIGHT_LATCH && parts == 2 * ROWS) {
            h->frames++;
            parts = 2 * ROWS + 1;
        } else if (pkt.type == COLORLIGHT_LATCH && parts == 2 * ROWS + 1) {
            h->double_latches++;
            parts = 0;
        } else if (pkt.type == COLORLIGHT_LATCH) {
            h->torn++;
        }
    }
}

TEST(frames_cross_a_real_interface)
{
    struct heard h = {0};
    int fd;

    new_namespace();
    ip("link add led0 type veth peer name card0");
    ip("link set led0 up");
    ip("link set card0 up");
    fd = ear("card0");
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"led0\"}");
    send_until_frames(30);
    sender_stop(sender);
    listen_to(fd, &h);
    T_EQ(h.frames, stats_now().frames);
    T_EQ(h.double_latches, h.frames); /* firmware unknown: twice */
    T_EQ(h.torn, 0);
    T_CHECK(h.queries >= 1);
    T_CHECK(stats_now().carrier);
    close_sender();
}

TEST(an_interface_that_comes_later)
{
    struct heard h = {0};
    struct qp_diag warning;
    int fd;

    new_namespace();
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"led0\"}");
    send_frame();
    T_EQ(sender_warnings(sender, &warning, 1), 1);
    T_CHECK(strstr(warning.text, "no network interface led0") != NULL);
    ip("link add led0 type veth peer name card0");
    fd = ear("card0");
    ip("link set card0 up");
    ip("link set led0 up");
    send_until_frames(5);
    ip("link del led0"); /* unplugged */
    (void)close(fd);
    while (stats_now().carrier)
        send_frame();
    ip("link add other type veth peer name card0");
    fd = ear("card0");
    ip("link set card0 up");
    ip("link set other name led0"); /* renamed, with a new index */
    ip("link set led0 up");
    send_until_frames(5);
    sender_stop(sender);
    listen_to(fd, &h);
    T_CHECK(h.frames >= 5);
    T_EQ(h.torn, 0);
    T_CHECK(stats_now().carrier_changes >= 3);
    close_sender();
}

TEST(an_interface_by_its_address)
{
    struct heard h = {0};
    int fd;

    new_namespace();
    ip("link add x1 type veth peer name card0");
    ip("link set x1 address 02:00:00:00:00:55");
    ip("link set x1 up");
    ip("link set card0 up");
    fd = ear("card0");
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"02:00:00:00:00:55\"}");
    send_until_frames(3);
    ip("link set x1 down");
    ip("link set x1 name y1"); /* found again under another name */
    ip("link set y1 up");
    send_until_frames(3);
    sender_stop(sender);
    listen_to(fd, &h);
    T_CHECK(h.frames >= 6);
    T_EQ(h.torn, 0);
    close_sender();
}

/* A bridge over an interface has the same address. */
TEST(an_address_that_two_interfaces_have)
{
    struct heard h = {0};
    uint64_t changes;
    int fd;

    new_namespace();
    ip("link add x1 type veth peer name card0");
    ip("link set x1 address 02:00:00:00:00:55");
    ip("link set x1 up");
    ip("link set card0 up");
    fd = ear("card0");
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"02:00:00:00:00:55\"}");
    send_until_frames(3);
    ip("link add br0 address 02:00:00:00:00:55 type bridge");
    ip("link set br0 up");
    changes = stats_now().carrier_changes;
    ip("link set card0 down"); /* told behind the bridge: when this is known, so is that */
    while (stats_now().carrier)
        send_frame();
    ip("link set card0 up");
    send_until_frames(3);
    T_EQ(stats_now().carrier_changes, changes + 2);
    sender_stop(sender);
    listen_to(fd, &h);
    T_CHECK(h.frames >= 6); /* nothing went into the bridge */
    T_EQ(h.torn, 0);
    close_sender();
}

/* ArtSync is broadcast: it leaves by the interface that leads to the nodes, also when that one has
 * been replaced. */
TEST(a_network_that_is_made_anew)
{
    new_namespace();
    ip("link add net0 type veth peer name node0");
    ip("address add 10.9.0.1/24 dev net0");
    ip("link set node0 up");
    ip("link set net0 up");
    open_driver("artnet", "\"link\": {\"type\": \"udp\", \"address\": \"10.9.0.2\"}");
    send_until_frames(3);
    ip("link del net0");
    while (stats_now().carrier)
        send_frame();
    ip("link add net0 type veth peer name node0");
    ip("address add 10.9.0.1/24 dev net0");
    ip("link set node0 up");
    ip("link set net0 up");
    while (!stats_now().carrier)
        sched_yield();
    send_until_frames(3);
    close_sender();
}

TEST(the_backup_takes_over_and_gives_back)
{
    struct heard primary = {0}, backup = {0};
    int fd[2];

    new_namespace();
    ip("link add led0 type veth peer name card0");
    ip("link add led1 type veth peer name card1");
    ip("link set led0 up");
    ip("link set led1 up");
    ip("link set card0 up");
    ip("link set card1 up");
    fd[0] = ear("card0");
    fd[1] = ear("card1");
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"led0\"}, \"backup\": {\"type\": "
                "\"ethernet\", \"nic\": \"led1\"}");
    send_until_frames(5);
    T_CHECK(!stats_now().on_backup);
    ip("link set card0 down"); /* the cable is pulled: led0 loses its carrier */
    send_until_frames(10);
    T_CHECK(stats_now().on_backup);
    T_EQ(stats_now().failovers, 1);
    T_CHECK(stats_now().failover_frames_max <= 1);
    T_EQ(stats_now().incomplete, stats_now().overdue); /* the link cost none */
    ip("link set card0 up");
    while (stats_now().on_backup)
        send_until_frames(1);
    send_until_frames(5);
    sender_stop(sender);
    listen_to(fd[0], &primary);
    listen_to(fd[1], &backup);
    T_EQ(primary.torn + backup.torn, 0);
    T_CHECK(primary.frames >= 8);
    T_CHECK(backup.frames >= 9);
    T_EQ(stats_now().incomplete, stats_now().overdue);
    close_sender();
}

TEST(a_card_answers)
{
    struct colorlight_reply reply = {
        .family = 6, .firmware_major = 11, .firmware_minor = 9, .uptime_ms = 5};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
    uint8_t buf[COLORLIGHT_REPLY_LEN];
    struct heard h = {0};
    int64_t end = qp_clock_mono_ns() + WAIT_NS;
    int fd;

    new_namespace();
    ip("link add led0 type veth peer name card0");
    ip("link set led0 up");
    ip("link set card0 up");
    fd = ear("card0");
    open_sender("\"link\": {\"type\": \"ethernet\", \"nic\": \"led0\"}");
    colorlight_reply(buf, &reply);
    to.sll_ifindex = (int)if_nametoindex("card0");
    while (stats_now().cards == 0) {
        T_CHECK(qp_clock_mono_ns() < end);
        T_EQ(sendto(fd, buf, sizeof(buf), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(buf));
        send_frame();
    }
    T_EQ(strcmp(stats_now().firmware, "11.9"), 0);
    T_CHECK(stats_now().silent_ms >= 0);
    send_until_frames(4); /* what was stamped before the answer has gone */
    while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
        continue;
    send_until_frames(8);
    sender_stop(sender);
    listen_to(fd, &h);
    T_CHECK(h.frames >= 6);
    T_EQ(h.double_latches, 0); /* firmware 11: once */
    close_sender();
}
