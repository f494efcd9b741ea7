/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine with a clock of the test's own and links that do as they are told. */
#include "sender-card/port.h"
#include "sender-card/setup.h"
#include "tests/unit/sender/support.h"

#define MS     1000000LL
#define PERIOD 16666666LL

struct fake_link {
    struct link link;
    int result;    /* 0: takes everything; else returned */
    unsigned room; /* packets it takes in all before it says -EAGAIN; UINT_MAX: any number */
    size_t n;      /* packets taken */
    uint8_t types[8192];
    int64_t times[8192], now_ns;
};

static int fake_send(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct fake_link *fake = (struct fake_link *)link;

    if (fake->result)
        return fake->result;
    if (fake->room == 0)
        return -EAGAIN;
    if (n > fake->room)
        n = fake->room;
    if (fake->room != UINT32_MAX)
        fake->room -= n;
    for (unsigned i = 0; i < n; i++) {
        fake->types[fake->n] = msgs[i].bytes[12];
        fake->times[fake->n++] = fake->now_ns;
    }
    return (int)n;
}

static void fake_close(struct link *link)
{
    (void)link;
}

static const struct link_ops fake_ops = {.send = fake_send, .close = fake_close};

static struct wall *wall;
static struct setup setup;
static struct port port;
static struct fake_link links[2];
static uint64_t count;

static void make_port(unsigned w, unsigned h, bool backup, bool hot)
{
    struct setup_params params = {.link = "pcap:x"};

    wall = wall_one(w, h,
                    "\"driver\": \"colorlight-5a\", \"link\": {\"type\": \"pcap\", \"file\": "
                    "\"x\"}");
    params.wall = wall;
    T_EQ(setup_read(&setup, &params, NULL), 0);
    port.driver = setup.object;
    port.plan = setup.plan;
    setup.object = NULL;
    setup.plan = (struct packet_plan){0};
    for (int i = 0; i < SENDER_SETS; i++) {
        port.sets[i] = calloc(1, port.plan.set_bytes);
        port.driver->driver->lay(port.driver, &port.plan, port.sets[i]);
    }
    port.max_wire = 1536;
    port.mbps = 1000;
    port.paced = true;
    port.hot = hot;
    port.period_ns = PERIOD;
    for (int i = 0; i < 1 + backup; i++) {
        links[i].link.ops = &fake_ops;
        links[i].link.carrier = true;
        links[i].room = UINT32_MAX;
        port.links[i] = &links[i].link;
    }
}

static void end(void)
{
    port_finish(&port);
    setup_finish(&setup);
    wall_destroy(wall);
}

static void begin(int64_t start_ns, int64_t latch_ns)
{
    struct port_frame frame = {
        .stamp = {.count = count++, .brightness = 255}, .start_ns = start_ns, .latch_ns = latch_ns};

    port_begin(&port, &frame, start_ns);
}

/* Step with a clock that jumps to where it is asked to, until `until` or the frame's end. */
static int64_t run(int64_t now, int64_t until)
{
    while (port.busy) {
        int64_t next;

        links[0].now_ns = links[1].now_ns = now;
        next = port_step(&port, now);
        if (!port.busy)
            break;
        if (next < now)
            next = now;
        if (next >= until)
            return until;
        now = next == now ? now + 1000 : next; /* a system call takes its time */
    }
    return now;
}

static void frame_at(int64_t start_ns)
{
    begin(start_ns, start_ns + PERIOD);
    (void)run(start_ns, INT64_MAX);
}

/* Brightness, all rows, latch, in this order. */
static void expect_frame(const struct fake_link *link, size_t from, unsigned rows)
{
    T_EQ(link->types[from], 0x0A);
    T_EQ(link->types[from + 1], 0x0A);
    for (unsigned i = 0; i < rows; i++)
        T_EQ(link->types[from + 2 + i], 0x55);
    T_EQ(link->types[from + 2 + rows], 0x01);
    T_EQ(link->types[from + 3 + rows], 0x01);
}

TEST(rows_then_gap_then_latch)
{
    make_port(497, 600, false, false);
    frame_at(1000 * MS);
    T_EQ(links[0].n, 604);
    expect_frame(&links[0], 0, 600);
    T_EQ(links[0].times[0], 1000 * MS);
    T_CHECK(links[0].times[601] <= 1000 * MS + PERIOD - 2 * MS);
    T_CHECK(links[0].times[601] > 1000 * MS + PERIOD - 3 * MS); /* spread, not at once */
    T_EQ(links[0].times[602], 1000 * MS + PERIOD);
    T_EQ(port.counters.frames, 1);
    T_EQ(port.counters.late, 0);
    T_EQ(port.counters.latch_error_ns_max, 0);
    end();
}

TEST(bursts_are_at_most_sixteen)
{
    size_t burst = 1;

    make_port(497, 1150, false, false);
    frame_at(1000 * MS);
    for (size_t i = 1; i < links[0].n - 2; i++) {
        burst = links[0].times[i] == links[0].times[i - 1] ? burst + 1 : 1;
        T_CHECK(burst <= 16);
    }
    end();
}

TEST(a_missing_row_means_no_latch)
{
    make_port(64, 64, false, false);
    links[0].room = 30;
    frame_at(1000 * MS);
    T_EQ(links[0].n, 30);
    T_EQ(port.counters.frames, 0);
    T_EQ(port.counters.incomplete, 1);
    T_CHECK(port.counters.eagain > 0);
    links[0].room = UINT32_MAX;
    frame_at(1000 * MS + 2 * PERIOD); /* and the next frame is whole again */
    expect_frame(&links[0], 30, 64);
    T_EQ(port.counters.frames, 1);
    end();
}

TEST(an_error_means_no_latch)
{
    make_port(64, 64, false, false);
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1008 * MS);
    links[0].result = -ENETDOWN;
    (void)run(1008 * MS, INT64_MAX);
    T_CHECK(links[0].n < 66);
    T_EQ(port.counters.errors, 1);
    T_EQ(port.counters.incomplete, 1);
    T_EQ(port.counters.overdue, 0); /* time was not what was missing */
    end();
}

TEST(a_short_send_goes_on_where_it_stopped)
{
    make_port(64, 64, false, false);
    links[0].room = 21;
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1009 * MS);
    T_EQ(links[0].n, 21);
    links[0].room = UINT32_MAX;
    (void)run(1009 * MS, INT64_MAX);
    T_EQ(links[0].n, 68);
    expect_frame(&links[0], 0, 64);
    T_EQ(port.counters.short_sends, 1);
    T_EQ(port.counters.frames, 1);
    end();
}

TEST(late_is_counted_and_still_latched)
{
    make_port(64, 64, false, false);
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1000 * MS + PERIOD - MS);
    (void)run(1000 * MS + 2 * PERIOD + MS, INT64_MAX); /* the thread was held up */
    T_EQ(port.counters.frames, 1);
    T_EQ(port.counters.late, 1);
    T_EQ(port.counters.latch_error_ns_max, PERIOD + MS);
    end();
}

TEST(the_gap_is_kept_when_rows_end_late)
{
    make_port(64, 64, false, false);
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1010 * MS);
    (void)run(1000 * MS + PERIOD - MS, INT64_MAX);
    T_CHECK(links[0].times[66] - links[0].times[65] >= 2 * MS);
    T_CHECK(links[0].times[66] > 1000 * MS + PERIOD);
    T_EQ(port.counters.frames, 1);
    T_EQ(port.counters.late, 0);
    end();
}

TEST(backup_takes_the_frame_over)
{
    make_port(64, 64, true, false);
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1008 * MS);
    T_CHECK(links[0].n > 10 && links[0].n < 60);
    links[0].link.carrier = false; /* the kernel's event */
    (void)run(1008 * MS, INT64_MAX);
    T_EQ(links[1].n, 68); /* whole, from its beginning, in the same frame's time */
    expect_frame(&links[1], 0, 64);
    T_EQ(links[1].times[67], 1000 * MS + PERIOD);
    T_EQ(port.counters.frames, 1);
    T_EQ(port.counters.failovers, 1);
    T_CHECK(port.counters.on_backup);
    end();
}

/* Frames begun from the carrier event until packets left on the backup, and how long that took. */
TEST(a_takeover_is_measured_from_the_carrier_event)
{
    make_port(64, 64, true, false);
    frame_at(1000 * MS);
    T_EQ(port.counters.failover_frames_max, 0);
    begin(2000 * MS, 2000 * MS + PERIOD);
    (void)run(2000 * MS, 2008 * MS);
    links[0].link.lost_ns = 2008 * MS; /* in the middle: this frame moves over */
    links[0].link.carrier = false;
    (void)run(2008 * MS + 3000, INT64_MAX);
    T_EQ(port.counters.failovers, 1);
    T_EQ(port.counters.failover_frames_max, 0);
    T_CHECK(port.counters.failover_ns_max >= 3000 && port.counters.failover_ns_max < 10000);
    links[0].link.carrier = true;
    frame_at(3000 * MS);
    frame_at(3000 * MS + PORT_SETTLE_NS);
    T_CHECK(!port.counters.on_backup);
    links[0].link.lost_ns = 4900 * MS; /* between two frames: the next one begins there */
    links[0].link.carrier = false;
    frame_at(5000 * MS);
    T_EQ(port.counters.failovers, 2);
    T_EQ(port.counters.failover_frames_max, 1);
    T_EQ(port.counters.failover_ns_max, 100 * MS);
    T_EQ(port.counters.incomplete, 0);
    end();
}

TEST(a_backup_that_takes_nothing_is_no_takeover)
{
    make_port(64, 64, true, false);
    frame_at(1000 * MS);
    links[0].link.lost_ns = 1900 * MS;
    links[0].link.carrier = false;
    links[1].room = 0;
    frame_at(2000 * MS);
    frame_at(3000 * MS);
    T_EQ(port.counters.failover_frames_max, 0); /* not yet */
    links[1].room = UINT32_MAX;
    frame_at(4000 * MS);
    T_EQ(port.counters.failover_frames_max, 3);
    T_EQ(port.counters.incomplete, 2);
    T_EQ(port.counters.overdue, 2);
    end();
}

/* The carrier is there, but the queue does not drain (a switch that pauses us, a broken driver). */
TEST(a_link_that_takes_nothing_is_left_for_the_backup)
{
    int64_t now = 1000 * MS;

    make_port(64, 64, true, false);
    links[0].room = 30;
    frame_at(now); /* once may be chance */
    T_EQ(links[1].n, 0);
    frame_at(now += 2 * PERIOD);
    T_EQ(port.counters.overdue, 2);
    frame_at(now += 2 * PERIOD);
    T_EQ(links[1].n, 68);
    T_EQ(port.counters.failovers, 1);
    T_CHECK(port.counters.on_backup);
    links[0].room = UINT32_MAX;
    frame_at(now + PORT_SETTLE_NS / 2);
    T_EQ(links[1].n, 2 * 68);
    frame_at(now + PORT_SETTLE_NS + 4 * PERIOD); /* it is tried again */
    T_EQ(links[0].n, 30 + 68);
    T_EQ(port.counters.frames, 3);
    end();
}

TEST(goes_back_when_the_primary_has_settled)
{
    int64_t now = 1000 * MS;

    make_port(64, 64, true, false);
    links[0].link.carrier = false;
    frame_at(now);
    T_EQ(links[1].n, 68);
    links[0].link.carrier = true;
    frame_at(now += PERIOD); /* seen again here: a flapping link is not trusted at once */
    T_EQ(links[1].n, 2 * 68);
    frame_at(now + PORT_SETTLE_NS - MS);
    T_EQ(links[1].n, 3 * 68);
    frame_at(now + PORT_SETTLE_NS);
    T_EQ(links[1].n, 3 * 68);
    T_EQ(links[0].n, 68);
    T_CHECK(!port.counters.on_backup);
    T_EQ(port.counters.failovers, 1);
    T_EQ(port.counters.frames, 4);
    end();
}

TEST(the_backup_may_fail_too)
{
    make_port(64, 64, true, false);
    links[0].link.carrier = false;
    frame_at(1000 * MS);
    links[0].link.carrier = true;
    links[1].link.carrier = false;
    frame_at(2000 * MS); /* the unsettled primary is better than nothing */
    T_EQ(links[0].n, 68);
    links[0].link.carrier = false;
    frame_at(3000 * MS);
    T_EQ(port.counters.frames, 2);
    T_EQ(port.counters.incomplete, 1);
    end();
}

TEST(hot_backup_sends_everything_twice)
{
    make_port(64, 64, true, true);
    frame_at(1000 * MS);
    T_EQ(links[0].n, 68);
    T_EQ(links[1].n, 68);
    T_EQ(port.counters.frames, 1);
    links[0].link.carrier = false;
    frame_at(2000 * MS);
    T_EQ(links[1].n, 2 * 68);
    T_EQ(port.counters.frames, 2);
    T_EQ(port.counters.incomplete, 0);
    links[1].link.carrier = false;
    frame_at(3000 * MS);
    T_EQ(port.counters.incomplete, 1);
    end();
}

TEST(two_links_that_refuse_give_the_frame_up)
{
    make_port(64, 64, true, false);
    links[0].result = links[1].result = -EMSGSIZE; /* the carrier is there */
    frame_at(1000 * MS);
    T_EQ(port.counters.errors, 2); /* each was tried once, not until the frame is over */
    T_EQ(port.counters.incomplete, 1);
    port.paced = false; /* nothing else would end it */
    frame_at(3000 * MS);
    T_EQ(port.counters.errors, 4);
    T_EQ(port.counters.incomplete, 2);
    end();
}

TEST(a_queue_that_was_full_once_does_not_cost_a_late_latch)
{
    make_port(64, 64, false, false);
    links[0].room = 21;
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1009 * MS);
    links[0].room = UINT32_MAX;
    (void)run(1009 * MS, 1000 * MS + PERIOD - MS);
    T_EQ(links[0].n, 66);
    (void)run(1000 * MS + 2 * PERIOD + MS, INT64_MAX); /* the thread was held up */
    T_EQ(port.counters.late, 1);
    T_EQ(port.counters.incomplete, 0);
    end();
}

/* When what was given to the interface has left it at its rate. */
static int64_t wire_end(const struct fake_link *link, size_t n, int64_t packet_ns)
{
    int64_t end_ns = 0;

    for (size_t i = 0; i < n; i++)
        end_ns = (link->times[i] > end_ns ? link->times[i] : end_ns) + packet_ns;
    return end_ns;
}

TEST(the_gap_is_kept_on_the_wire)
{
    size_t rows = 1000;

    make_port(497, (unsigned)rows, false, false);
    begin(1000 * MS, 1000 * MS + PERIOD);
    (void)run(1000 * MS, 1006 * MS);
    (void)run(1000 * MS + PERIOD - 4 * MS, INT64_MAX); /* much is owed: the queue fills */
    T_EQ(links[0].n, rows + 4);
    T_CHECK(links[0].times[rows + 2] - wire_end(&links[0], rows + 2, 12288) >= 2 * MS);
    T_EQ(port.counters.frames, 1);
    end();
}

TEST(farewells_leave_on_every_link_in_use)
{
    make_port(64, 64, true, true);
    port.layout.n_slots = 64;
    port_send_plain(&port, 0, 0);
    T_EQ(links[0].n, 64);
    T_EQ(links[1].n, 64);
    port.hot = false;
    port_send_plain(&port, 0, 0);
    T_EQ(links[0].n, 128);
    T_EQ(links[1].n, 64);
    end();
}

TEST(unpaced_knows_no_deadline)
{
    make_port(64, 64, false, false);
    port.paced = false;
    begin(0, 0);
    (void)run(5000 * MS, INT64_MAX);
    expect_frame(&links[0], 0, 64);
    T_EQ(port.counters.frames, 1);
    T_EQ(port.counters.late, 0);
    end();
}

TEST(mail_waits_its_turn_and_has_bounds)
{
    uint8_t query[DRIVER_POST_MAX + 1] = {[12] = 0x07};

    make_port(64, 64, false, false);
    T_CHECK(!port_post(&port, 0, query, sizeof(query)));
    for (int i = 0; i < PORT_MAIL; i++)
        T_CHECK(port_post(&port, 0, query, 284));
    T_CHECK(!port_post(&port, 0, query, 284));
    port_send_mail(&port, 0);
    T_EQ(links[0].n, PORT_MAIL);
    T_EQ(links[0].types[0], 0x07);
    T_CHECK(port_post(&port, 0, query, 284));
    end();
}
