/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that share a latch packet: one of it a frame and address, behind everybody's data. */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/wire/artnet.h"
#include "protocols/wire/pcap.h"
#include "protocols/wire/sacn.h"
#include "protocols/wire/udpip.h"
#include "sender-card/port.h"
#include "sender-card/setup.h"
#include "sender-card/together.h"
#include "tests/unit/sender/support.h"

#define FRAMES 12
#define MS     1000000LL

/* --- a whole sender, into a capture ------------------------------------------------------ */

struct seen {
    unsigned data[8], syncs[8]; /* by output; by synchronization address (Art-Net: 0) */
    unsigned early;             /* latches before all data of their outputs */
    const unsigned *address;    /* of each output */
    unsigned n, per_frame;
    uint64_t incomplete; /* this thread was held up for longer than a frame */
};

static void take_sync(struct seen *s, unsigned address)
{
    s->syncs[address]++;
    for (unsigned i = 0; i < s->n; i++)
        if (s->address[i] == address && s->data[i] != s->syncs[address] * s->per_frame)
            s->early++;
}

static void take_datagram(struct seen *s, uint32_t output, const struct udpip_datagram *d)
{
    struct sacn_pkt sacn;
    struct artnet_pkt artnet;

    if (d->dst_port == ARTNET_PORT) {
        T_EQ(artnet_decode(d->payload, d->len, &artnet), 0);
        s->data[output] += artnet.opcode == ARTNET_DMX;
        if (artnet.opcode == ARTNET_SYNC)
            take_sync(s, 0);
        return;
    }
    T_EQ(sacn_decode(d->payload, d->len, &sacn), 0);
    if (sacn.kind == SACN_SYNC)
        take_sync(s, sacn.sync.address);
    else if (sacn.kind == SACN_DATA && !(sacn.data.options & SACN_TERMINATED))
        s->data[output]++;
}

static void read_capture(const char *file, struct seen *s)
{
    static uint8_t buf[4 << 20];
    struct pcap_reader *reader;
    struct pcap_packet packet;
    struct qp_diag diag = {{0}};
    struct udpip_datagram datagram;
    size_t at = 0, used;
    int fd = open(file, O_RDONLY);
    ssize_t len = read(fd, buf, sizeof(buf));

    T_CHECK(len > 0);
    (void)close(fd);
    T_EQ(pcap_reader_create(&reader), 0);
    while (pcap_reader_next(reader, buf + at, (size_t)len - at, &used, &packet, &diag) == 1) {
        at += used;
        T_EQ(udpip_decode(packet.linktype, packet.data, packet.len, &datagram), 0);
        take_datagram(s, packet.interface, &datagram);
    }
    pcap_reader_destroy(reader);
}

static void play(const char *const *outputs, struct seen *s, bool paced)
{
    struct wall *wall = wall_of(170, 3, "200", "{}", outputs, s->n);
    char file[64], link[80];
    struct sender_params params = {.wall = wall, .link = link, .paced = paced, .tx_threads = 3};
    struct sender *sender = NULL;
    struct qp_diag diag = {{0}};
    int64_t period = 5 * MS, start;
    struct sender_port_stats stats;

    (void)snprintf(file, sizeof(file), "/tmp/qp-together-%d.pcapng", (int)getpid());
    (void)snprintf(link, sizeof(link), "pcap:%s", file);
    T_EQ(sender_create(&sender, &params, &diag), 0);
    T_EQ(sender_start(sender, &diag), 0);
    start = qp_clock_mono_ns();
    for (int64_t i = 0; i < FRAMES; i++) {
        struct sender_frame *frame = NULL;

        while (!(frame = sender_acquire(sender)))
            sched_yield();
        /* On a busy machine frames may be skipped: then the next one is put off. */
        if (paced && qp_clock_mono_ns() > start + i * period)
            start = qp_clock_mono_ns() - i * period;
        sender_submit(sender, frame, i, start + i * period, start + (i + 1) * period + period);
    }
    for (int free_sets = 0; free_sets < SENDER_SETS;) /* all have left */
        if (sender_acquire(sender))
            free_sets++;
        else
            sched_yield();
    sender_stop(sender);
    for (uint32_t i = 0; i < s->n; i++) {
        sender_stats(sender, i, &stats);
        T_EQ(stats.frames + stats.skipped + stats.incomplete, FRAMES);
        s->incomplete += stats.incomplete;
        if (!paced)
            T_EQ(stats.frames, FRAMES);
    }
    sender_destroy(sender);
    wall_destroy(wall);
    read_capture(file, s);
    (void)unlink(file);
}

#define SACN(start, sync, link)                                                                    \
    "\"driver\": \"sacn\", \"options\": {\"discovery\": false, \"start_universe\": " #start        \
    ", \"sync_address\": " #sync "}, \"link\": {\"type\": \"udp\"" link "}"

TEST(one_synchronization_packet_an_address)
{
    static const char *const outputs[] = {SACN(1, 7, ""), SACN(11, 5, ""), SACN(21, 7, ""),
                                          SACN(31, 7, "")};
    static const unsigned address[] = {7, 5, 7, 7};
    struct seen s = {.n = 4, .per_frame = 3, .address = address};

    play(outputs, &s, false);
    T_EQ(s.syncs[7], FRAMES);
    T_EQ(s.syncs[5], FRAMES);
    T_EQ(s.early, 0);
    T_EQ(s.data[0], 3 * FRAMES);
    T_EQ(s.data[3], 3 * FRAMES);
}

TEST(paced_as_well)
{
    static const char *const outputs[] = {SACN(1, 7, ""), SACN(11, 7, "")};
    static const unsigned address[] = {7, 7};
    struct seen s = {.n = 2, .per_frame = 3, .address = address};

    play(outputs, &s, true);
    T_CHECK(s.syncs[7] > 0 && s.syncs[7] <= FRAMES);
    if (s.incomplete)
        return;
    T_EQ(s.early, 0);
    T_EQ(s.data[0], 3 * s.syncs[7]);
}

TEST(each_network_has_its_own)
{
    static const char *const outputs[] = {
        SACN(1, 7, ", \"nic\": \"a\""), SACN(11, 7, ", \"nic\": \"b\""),
        SACN(21, 7, ", \"address\": \"10.0.0.3\""), SACN(31, 7, ", \"address\": \"10.0.0.4\"")};
    static const unsigned address[] = {1, 1, 1, 1};
    struct seen s = {.n = 4, .per_frame = 3, .address = address};

    play(outputs, &s, false);
    T_EQ(s.syncs[7], 4 * FRAMES);
}

#define ARTNET(more, ip)                                                                           \
    "\"driver\": \"artnet\", \"options\": {\"poll\": false" more                                   \
    "}, \"link\": {\"type\": \"udp\", "                                                            \
    "\"address\": \"" ip "\"}"

TEST(one_artsync_for_all_nodes)
{
    static const char *const outputs[] = {
        ARTNET(", \"sync_to\": \"10.0.0.255\"", "10.0.0.3"),
        ARTNET(", \"start_universe\": 20, \"sync_to\": \"10.0.0.255\"", "10.0.0.4"),
        ARTNET(", \"start_universe\": 40, \"sync\": false", "10.0.0.5")};
    static const unsigned address[] = {0, 0, 9};
    struct seen s = {.n = 3, .per_frame = 3, .address = address};

    play(outputs, &s, false);
    T_EQ(s.syncs[0], FRAMES);
    T_EQ(s.early, 0);
    T_EQ(s.data[2], 3 * FRAMES);
}

static uint64_t way_of(const struct wall *wall, uint32_t output, const char *link)
{
    struct setup_params params = {.wall = wall, .output = output, .link = link};
    struct setup setup;
    uint64_t way;

    T_EQ(setup_read(&setup, &params, NULL), 0);
    way = together_way(&setup.plan, setup.driver, &setup.links[0]);
    setup_finish(&setup);
    return way;
}

/* On a real network the routes tell where a broadcast goes; in a capture nothing does. */
TEST(a_broadcast_artsync_is_shared_on_real_links)
{
    static const char *const outputs[] = {ARTNET("", "10.0.0.3"),
                                          ARTNET(", \"start_universe\": 20", "10.1.0.4")};
    struct wall *wall = wall_of(170, 3, "60", "{}", outputs, 2);

    T_CHECK(way_of(wall, 0, NULL) != 0);
    T_CHECK(way_of(wall, 0, NULL) == way_of(wall, 1, NULL));
    T_EQ(way_of(wall, 0, "pcap:x"), 0);
    T_EQ(way_of(wall, 1, "local:x"), 0);
    wall_destroy(wall);
}

/* --- the state machines of two outputs, link by link ------------------------------------- */

struct fake {
    struct link link;
    int result;
    unsigned room, n, syncs;
};

static int fake_send(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct fake *fake = (struct fake *)link;

    if (fake->result)
        return fake->result;
    if (fake->room == 0)
        return -EAGAIN;
    n = n > fake->room ? fake->room : n;
    fake->room -= n;
    fake->n += n;
    for (unsigned i = 0; i < n; i++)
        fake->syncs += msgs[i].len == SACN_SYNC_LEN;
    return (int)n;
}

static void fake_close(struct link *link)
{
    (void)link;
}

static const struct link_ops fake_ops = {.send = fake_send, .close = fake_close};

static struct port ports[2];
static struct fake fakes[2];
static struct wall *wall;

static void make_ports(void)
{
    static const char *const outputs[] = {SACN(1, 7, ""), SACN(11, 7, "")};
    size_t group[2];

    wall = wall_of(170, 3, "60", "{}", outputs, 2);
    for (uint32_t i = 0; i < 2; i++) {
        struct setup_params params = {.wall = wall, .output = i};
        static struct sacn_state state;
        struct port *port = &ports[i];
        struct setup setup;

        params.state = &state;
        T_EQ(setup_read(&setup, &params, NULL), 0);
        port->ways[0] = together_way(&setup.plan, setup.driver, &setup.links[0]);
        port->driver = setup.object;
        port->plan = setup.plan;
        setup.object = NULL;
        setup.plan = (struct packet_plan){0};
        setup_finish(&setup);
        port->output = i;
        port->sets[0] = calloc(1, port->plan.set_bytes);
        port->driver->driver->lay(port->driver, &port->plan, port->sets[0]);
        port->max_wire = 600;
        port->mbps = 1000;
        port->paced = true;
        port->period_ns = 16 * MS;
        fakes[i] = (struct fake){.link = {.ops = &fake_ops, .carrier = true}, .room = UINT32_MAX};
        port->links[0] = &fakes[i].link;
    }
    T_CHECK(ports[0].ways[0] != 0 && ports[0].ways[0] == ports[1].ways[0]);
    T_EQ(together_group(ports, 2, group), 0);
    T_EQ(group[1], 0);
}

static void end(void)
{
    port_finish(&ports[0]);
    port_finish(&ports[1]);
    wall_destroy(wall);
}

/* One frame of both outputs, from `now`, the way a lane does it: `late` begins after the other has
 * come to its latch. */
static int64_t frame(int64_t now, int late)
{
    struct port_frame f = {.start_ns = now, .latch_ns = now + 16 * MS};

    for (int i = 0; i < 2; i++)
        if (i != late)
            port_begin(&ports[i], &f, now);
    for (int64_t limit = now + 100 * MS; now < limit; now += 100000) {
        if (late >= 0 && now >= f.latch_ns + MS) {
            port_begin(&ports[late], &f, now);
            late = -1;
        }
        for (int i = 0; i < 2; i++) {
            if (!ports[i].busy)
                continue;
            (void)port_step(&ports[i], now);
            ports[i].taken += !ports[i].busy;
        }
        if (late < 0 && !ports[0].busy && !ports[1].busy)
            return now;
    }
    T_CHECK(!"the frame ended");
    return 0;
}

TEST(the_last_output_sends_for_both)
{
    make_ports();
    (void)frame(1000 * MS, -1);
    T_EQ(fakes[0].n, 3);
    T_EQ(fakes[0].syncs, 0);
    T_EQ(fakes[1].n, 4);
    T_EQ(fakes[1].syncs, 1);
    T_EQ(ports[0].counters.frames, 1);
    T_EQ(ports[1].counters.frames, 1);
    end();
}

TEST(the_latch_waits_for_the_late_one)
{
    make_ports();
    for (int late = 0; late < 2; late++) {
        int64_t ended = frame(1000 * MS * (late + 1), late);

        T_CHECK(ended >= 1000 * MS * (late + 1) + 17 * MS);
        T_EQ(fakes[1].syncs, late + 1);
    }
    T_EQ(ports[0].counters.frames, 2);
    T_EQ(ports[1].counters.frames, 2);
    end();
}

TEST(a_part_of_one_is_no_latch_for_both)
{
    make_ports();
    fakes[0].room = 2; /* of three data packets */
    (void)frame(1000 * MS, -1);
    T_EQ(fakes[0].syncs + fakes[1].syncs, 0);
    T_EQ(ports[0].counters.incomplete, 1);
    T_EQ(ports[1].counters.incomplete, 1);
    fakes[0].room = UINT32_MAX;
    (void)frame(2000 * MS, -1);
    T_EQ(fakes[1].syncs, 1);
    T_EQ(ports[0].counters.frames, 1);
    T_EQ(ports[1].counters.frames, 1);
    fakes[1].room = 2;
    (void)frame(3000 * MS, -1);
    T_EQ(fakes[0].syncs + fakes[1].syncs, 1);
    end();
}

TEST(a_dead_link_does_not_hold_up_the_other)
{
    make_ports();
    for (int dead = 0; dead < 2; dead++) {
        atomic_store(&fakes[dead].link.carrier, false);
        (void)frame(1000 * MS * (dead + 1), -1);
        T_EQ(fakes[!dead].syncs, 1);
        T_EQ(ports[!dead].counters.frames, 1);
        T_EQ(ports[dead].counters.incomplete, 1);
        atomic_store(&fakes[dead].link.carrier, true);
        ports[0].counters = ports[1].counters = (struct port_counters){0};
        fakes[0].syncs = fakes[1].syncs = 0;
    }
    end();
}
