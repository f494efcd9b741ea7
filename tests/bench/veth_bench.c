/* SPDX-License-Identifier: Apache-2.0 */
/* veth_bench NIC [--quick] - the real driver beside a bare sendmmsg loop of the same packets.
 *
 * One ColorLight port of 512 x 1024 LEDs, unpaced, over NIC (one end of a veth pair that the caller
 * made). The bare loop sends the packets of the same set, of the same lengths, in batches of the
 * same size, in a thread of its own as the driver's, and does nothing else. Both are timed by the
 * clock, by turns. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "protocols/wire/colorlight.h"
#include "sender-card/link.h"
#include "sender-card/sender.h"
#include "tests/bench/bench.h"

#define FRAMES_A_SAMPLE 30
#define NAP_NS          100000
#define LATENESS_S      20.0 /* a sample that takes longer is a failure */

struct driver_side {
    struct sender *sender;
    uint64_t frames; /* submitted, ever */
};

struct bare_side {
    int fd;
    struct sockaddr_ll to;
    struct mmsghdr *heads;
    struct iovec *iovecs;
    size_t n;
    size_t bytes;
    pthread_t thread;
    sem_t go;
    atomic_uint done; /* frames sent */
    atomic_bool stop;
};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

static struct wall *make_wall(const char *nic)
{
    struct qp_diag diag = {""};
    struct wall *wall = NULL;
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "{\"canvas\":{\"width\":512,\"height\":1024},\"refresh\":60,"
                     "\"types\":{\"c\":{\"width\":512,\"height\":1024,\"pitch_mm\":2}},"
                     "\"cabinets\":[{\"id\":\"a\",\"type\":\"c\",\"x\":0,\"y\":0}],"
                     "\"outputs\":[{\"id\":\"p\",\"driver\":\"colorlight-5a\",\"chain\":[\"a\"],"
                     "\"link\":{\"type\":\"ethernet\",\"nic\":\"%.15s\"}}]}",
                     nic);

    if (wall_parse(&wall, text, (size_t)n, NULL, NULL, &diag) < 0)
        bench_die(diag.text);
    return wall;
}

static uint64_t finished(const struct sender *sender)
{
    struct sender_port_stats s;

    sender_stats(sender, 0, &s);
    return s.frames + s.incomplete + s.skipped;
}

static void drive(void *self)
{
    struct driver_side *d = self;
    uint64_t target = d->frames + FRAMES_A_SAMPLE;
    double began = bench_seconds(CLOCK_MONOTONIC);

    while (finished(d->sender) < target) {
        struct sender_frame *frame = d->frames < target ? sender_acquire(d->sender) : NULL;

        if (frame) {
            sender_submit(d->sender, frame, (int64_t)d->frames, 0, 0);
            d->frames++;
        } else {
            nap();
        }
        if (bench_seconds(CLOCK_MONOTONIC) - began > LATENESS_S)
            bench_die("the driver sends nothing; is the interface up?");
    }
}

static void send_all(const struct bare_side *b)
{
    for (size_t at = 0; at < b->n;) {
        unsigned batch = (unsigned)(b->n - at < LINK_BATCH ? b->n - at : LINK_BATCH);
        int sent = sendmmsg(b->fd, b->heads + at, batch, MSG_DONTWAIT);

        if (sent > 0)
            at += (size_t)sent;
        else if (errno != EAGAIN && errno != ENOBUFS)
            bench_die(strerror(errno));
    }
}

static void *bare_thread(void *self)
{
    struct bare_side *b = self;

    for (;;) {
        while (sem_wait(&b->go) < 0)
            ;
        if (atomic_load(&b->stop))
            return NULL;
        send_all(b);
        atomic_fetch_add(&b->done, 1);
    }
}

static void send_bare(void *self)
{
    struct bare_side *b = self;
    unsigned target = atomic_load(&b->done) + FRAMES_A_SAMPLE;

    for (unsigned frame = 0; frame < FRAMES_A_SAMPLE; frame++)
        sem_post(&b->go);
    while (atomic_load(&b->done) != target)
        nap();
}

static void add_packet(struct bare_side *b, uint8_t *bytes, size_t len)
{
    b->iovecs[b->n] = (struct iovec){.iov_base = bytes, .iov_len = len};
    b->heads[b->n].msg_hdr = (struct msghdr){.msg_name = &b->to,
                                             .msg_namelen = sizeof(b->to),
                                             .msg_iov = &b->iovecs[b->n],
                                             .msg_iovlen = 1};
    b->bytes += len;
    b->n++;
}

/* Rows where the driver keeps them; brightness and latch, twice each as it sends them to a card
 * that it does not know, in memory of their own. */
static void bare_open(struct bare_side *b, const struct sender *sender, uint8_t *set,
                      const char *nic)
{
    static uint8_t brightness[COLORLIGHT_BRIGHTNESS_LEN], latch[COLORLIGHT_LATCH_LEN];
    const struct sender_layout *layout = sender_layout(sender, 0);
    int size = 8 << 20;

    b->to = (struct sockaddr_ll){
        .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(nic), .sll_halen = 6};
    b->heads = calloc(layout->n_slots + 4, sizeof(*b->heads));
    b->iovecs = calloc(layout->n_slots + 4, sizeof(*b->iovecs));
    b->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (b->fd < 0 || !b->heads || !b->iovecs)
        bench_die("no raw socket: CAP_NET_RAW is needed");
    if (setsockopt(b->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(b->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    for (unsigned i = 0; i < 2; i++)
        add_packet(b, brightness, sizeof(brightness));
    for (size_t i = 0; i < layout->n_slots; i++)
        add_packet(b, set + layout->slots[i].offset - COLORLIGHT_ROW_HEADER,
                   COLORLIGHT_ROW_HEADER + (size_t)3 * layout->slots[i].n);
    for (unsigned i = 0; i < 2; i++)
        add_packet(b, latch, sizeof(latch));
    if (sem_init(&b->go, 0, 0) < 0 || pthread_create(&b->thread, NULL, bare_thread, b) != 0)
        bench_die("no thread");
}

static void bare_close(struct bare_side *b)
{
    atomic_store(&b->stop, true);
    sem_post(&b->go);
    pthread_join(b->thread, NULL);
    free(b->heads);
    free(b->iovecs);
}

static void check_same_work(const struct sender *sender, const struct bare_side *bare)
{
    struct sender_port_stats s;

    sender_stats(sender, 0, &s);
    if (s.incomplete || s.skipped || s.errors)
        bench_die("the driver did not send every frame whole");
    if (s.packets != s.frames * bare->n || s.bytes != s.frames * bare->bytes)
        bench_die("the bare loop does not send what the driver sends");
}

static void measure(struct driver_side *driver, struct bare_side *bare, double seconds)
{
    struct bench_work a = {drive, driver}, b = {send_bare, bare};
    struct bench_ratio r = bench_beside(CLOCK_MONOTONIC, &b, &a, seconds);
    double gbits = 8e-9 * (double)bare->bytes * FRAMES_A_SAMPLE;
    char note[160];

    check_same_work(driver->sender, bare);
    (void)snprintf(note, sizeof(note),
                   "driver %.1f Gbit/s, bare loop %.1f Gbit/s; quartiles %.2f to %.2f, %u rounds",
                   1e3 * gbits / r.reference_ms, 1e3 * gbits / r.work_ms, r.low, r.high, r.rounds);
    bench_print(&(struct bench_figure){.name = "driver over veth",
                                       .unit = "of a bare sendmmsg loop",
                                       .value = r.ratio,
                                       .target = 0.85,
                                       .note = note});
}

int main(int argc, char **argv)
{
    const char *nic = argc > 1 ? argv[1] : "led0";
    double seconds = argc > 2 && strcmp(argv[2], "--quick") == 0 ? 0.5 : 10;
    struct wall *wall = make_wall(nic);
    struct sender_params params = {.wall = wall};
    struct driver_side driver = {0};
    struct bare_side bare = {.fd = -1};
    struct qp_diag diag = {""};
    struct sender_frame *frame;

    if (sender_create(&driver.sender, &params, &diag) < 0 || sender_start(driver.sender, &diag) < 0)
        bench_die(diag.text);
    frame = sender_acquire(driver.sender);
    bare_open(&bare, driver.sender, sender_frame_bytes(frame, 0), nic);
    sender_submit(driver.sender, frame, 0, 0, 0);
    driver.frames = 1;
    measure(&driver, &bare, seconds);
    sender_destroy(driver.sender);
    bare_close(&bare);
    wall_destroy(wall);
    return 0;
}
