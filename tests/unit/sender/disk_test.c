/* SPDX-License-Identifier: Apache-2.0 */
/* Captures on a disk that is full: /dev/full, and a small file system of the test's own. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "protocols/base/clock.h"
#include "tests/unit/sender/capture.h"
#include "tests/unit/sender/support.h"

static const char cl[] = "\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"ethernet\", "
                         "\"nic\": \"led0\"}";

static int own_mounts(void)
{
    return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

/* Before any test, in a child. */
__attribute__((constructor)) static void ask_privilege(void)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(own_mounts());
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0 || access("/dev/full", W_OK) < 0)
        skip_all("needs the privilege to mount a small file system, and /dev/full");
}

static struct sender *open_sender(const struct wall *wall, const char *link)
{
    struct sender_params params = {.wall = wall, .link = link};
    struct sender *sender = NULL;

    T_EQ(sender_create(&sender, &params, NULL), 0);
    T_EQ(sender_start(sender, NULL), 0);
    return sender;
}

static void send_frame(struct sender *sender)
{
    int64_t end = qp_clock_mono_ns() + 10 * QP_NS_PER_S;
    struct sender_frame *frame;

    while (!(frame = sender_acquire(sender))) {
        T_CHECK(qp_clock_mono_ns() < end);
        sched_yield();
    }
    sender_submit(sender, frame, 0, 0, 0);
}

TEST(a_full_disk_is_said_once_at_the_start)
{
    struct wall *wall = wall_one(64, 32, cl);
    struct sender_params params = {.wall = wall, .link = "pcap:/dev/full"};
    struct sender *sender = NULL;
    struct qp_diag diag;

    T_EQ(sender_create(&sender, &params, &diag), -ENOSPC);
    T_CHECK(strstr(diag.text, "/dev/full") != NULL);
    wall_destroy(wall);
}

TEST(a_disk_that_fills_up_ends_the_capture_whole)
{
    struct wall *wall = wall_one(128, 64, cl);
    struct sender_port_stats stats;
    struct qp_diag warnings[4];
    struct counted c = {0};
    struct sender *sender;
    char dir[64], file[80], link[96];

    (void)snprintf(dir, sizeof(dir), "/tmp/qp-full-%d", (int)getpid());
    T_EQ(mkdir(dir, 0700), 0);
    T_EQ(own_mounts(), 0);
    T_EQ(mount("qp", dir, "tmpfs", 0, "size=256k"), 0);
    (void)snprintf(file, sizeof(file), "%s/x.pcapng", dir);
    (void)snprintf(link, sizeof(link), "pcap:%s", file);
    sender = open_sender(wall, link);
    do {
        send_frame(sender);
        sender_stats(sender, 0, &stats);
    } while (stats.incomplete < 10);
    T_CHECK(stats.frames > 3);
    T_EQ(stats.errors, 1);
    T_EQ(sender_warnings(sender, warnings, 4), 1);
    T_CHECK(strstr(warnings[0].text, "disk is full") != NULL);
    sender_destroy(sender);
    count_capture(file, &c);
    T_CHECK(c.rows >= 64 * 3);
    T_EQ(umount(dir), 0);
    T_EQ(rmdir(dir), 0);
    wall_destroy(wall);
}
