/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/port.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/base/clock.h"
#include "sender-card/together.h"

#define PLAIN_LIMIT_NS 100000000LL

static void add(atomic_ullong *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static size_t data_end(const struct port *port)
{
    return port->plan.n_packets - port->plan.n_latch;
}

/* Planned time of a packet, for captures. */
static int64_t planned_ns(const struct port *port, const struct track *track, size_t packet)
{
    return packet < data_end(port) ? pacer_time(&track->pacer, packet - port->window.first)
                                   : port->frame.latch_ns;
}

/* The interface has n packets more to put on the wire, behind what it still holds. */
static void load_wire(const struct port *port, struct track *track, int n, int64_t now_ns)
{
    int64_t wire_ns = (int64_t)n * port->max_wire * 8000 / (port->mbps ? port->mbps : 1);

    track->wire_free_ns = (track->wire_free_ns > now_ns ? track->wire_free_ns : now_ns) + wire_ns;
}

static void raise_to(atomic_llong *most, int64_t value)
{
    if (value > atomic_load_explicit(most, memory_order_relaxed))
        atomic_store_explicit(most, value, memory_order_relaxed);
}

/* The primary has been lost: from here the takeover is counted, until the backup takes packets. */
static void notice_loss(struct port *port)
{
    int64_t lost_ns = atomic_load_explicit(&port->links[0]->lost_ns, memory_order_relaxed);

    if (port->hot || !port->links[1] || lost_ns == port->lost_ns ||
        link_has_carrier(port->links[0]))
        return;
    port->lost_ns = lost_ns;
    port->taking_over = true;
    port->takeover_frames = 0;
}

static void end_takeover(struct port *port, const struct link *link, int64_t now_ns)
{
    struct port_counters *c = &port->counters;

    if (!port->taking_over)
        return;
    port->taking_over = false;
    if (link != port->links[1])
        return; /* the primary was back sooner */
    if (port->takeover_frames > atomic_load_explicit(&c->failover_frames_max, memory_order_relaxed))
        atomic_store_explicit(&c->failover_frames_max, port->takeover_frames, memory_order_relaxed);
    raise_to(&c->failover_ns_max, now_ns - port->lost_ns);
}

/* Send packets [track->next, track->next + n), n <= LINK_BATCH. Returns what the link returns. */
static int send_some(struct port *port, struct track *track, size_t n, int64_t now_ns)
{
    const uint8_t *set = port->sets[port->frame.set];
    struct link_msg msgs[LINK_BATCH];
    uint64_t bytes = 0;
    int sent;

    for (size_t i = 0; i < n; i++) {
        const struct packet *p = &port->plan.packets[track->next + i];

        msgs[i] = (struct link_msg){.bytes = set + p->offset,
                                    .len = p->len,
                                    .ip = p->ip,
                                    .at_ns = planned_ns(port, track, track->next + i)};
    }
    sent = track->link->ops->send(track->link, msgs, (unsigned)n);
    for (int i = 0; i < sent; i++)
        bytes += msgs[i].len;
    if (sent > 0) {
        track->next += (size_t)sent;
        load_wire(port, track, sent, now_ns);
        end_takeover(port, track->link, now_ns);
        add(&port->counters.packets, (uint64_t)sent);
        add(&port->counters.bytes, bytes);
    }
    return sent;
}

/* When the packets of a frame that is taken at now_ns begin to leave. Late ones begin on a grid of
 * their own frame, so that all ports want to be woken at the same moments. */
static int64_t begin_ns(const struct port *port, int64_t now_ns)
{
    int64_t start = port->frame.start_ns;

    if (!port->paced || start >= now_ns)
        return start;
    return now_ns - (now_ns - start) % PACER_MIN_SLICE_NS;
}

static void start_track(struct port *port, struct track *track, struct link *link, int64_t now_ns)
{
    const struct port_frame *frame = &port->frame;
    int64_t start = begin_ns(port, now_ns);

    *track = (struct track){.link = link, .next = port->window.first};
    pacer_init(&track->pacer, data_end(port) - port->window.first, port->max_wire, start,
               frame->latch_ns - port->driver->gap_ns, port->mbps);
}

static void use_backup(struct port *port, bool backup)
{
    if (backup && !port->on_backup)
        add(&port->counters.failovers, 1);
    port->on_backup = backup;
    atomic_store_explicit(&port->counters.on_backup, backup, memory_order_relaxed);
}

/* Which link the next frame uses. */
static struct link *choose_link(struct port *port, int64_t now_ns)
{
    bool primary = link_has_carrier(port->links[0]);
    bool settled;

    if (!primary)
        port->primary_since_ns = 0;
    else if (port->primary_since_ns == 0)
        port->primary_since_ns = now_ns;
    settled = primary && now_ns - port->primary_since_ns >= PORT_SETTLE_NS;
    if (!port->links[1])
        return port->links[0];
    if (port->on_backup)
        use_backup(port, !settled && (link_has_carrier(port->links[1]) || !primary));
    else
        use_backup(port, !primary && link_has_carrier(port->links[1]));
    return port->links[port->on_backup];
}

void port_begin(struct port *port, const struct port_frame *frame, int64_t now_ns)
{
    port->busy = true;
    port->frame = *frame;
    port->window = port->driver->driver->stamp(port->driver, &port->plan, port->sets[frame->set],
                                               &frame->stamp);
    memset(port->tracks, 0, sizeof(port->tracks));
    notice_loss(port);
    port->takeover_frames += port->taking_over;
    if (port->hot && port->links[1]) {
        start_track(port, &port->tracks[0], port->links[0], now_ns);
        start_track(port, &port->tracks[1], port->links[1], now_ns);
    } else {
        start_track(port, &port->tracks[0], choose_link(port, now_ns), now_ns);
    }
}

/* The track's link is lost: begin the frame again on the other one, or give it up. Once a frame:
 * two links that both refuse would pass it to and fro for ever. */
static void lose_link(struct port *port, struct track *track, int64_t now_ns)
{
    struct link *other = port->links[track->link == port->links[0]];

    if (track->link == port->links[0])
        port->primary_since_ns = 0;
    notice_loss(port);
    if (port->hot || track->moved || !other || !link_has_carrier(other)) {
        track->done = true;
        return;
    }
    together_note(port, track);
    use_backup(port, other == port->links[1]);
    start_track(port, track, other, now_ns);
    track->moved = true;
}

/* What came of sending n packets. Returns false when the track has to wait or is over. */
static bool take_result(struct port *port, struct track *track, int sent, size_t n, int64_t now_ns)
{
    track->retry_ns = 0;
    if (sent == (int)n)
        return true;
    if (sent >= 0 || sent == -EAGAIN) {
        add(sent >= 0 ? &port->counters.short_sends : &port->counters.eagain, 1);
        track->retry_ns = now_ns + PORT_RETRY_NS;
    } else {
        add(&port->counters.errors, 1);
        lose_link(port, track, now_ns);
    }
    return false;
}

/* Woken late: what is owed leaves in bursts as well, not at once. An interface puts frames on the
 * wire at its own rate and may be given them twice as fast; datagrams may have a slower link
 * further on, whose rate nobody else keeps. */
static int64_t catch_up_ns(const struct port *port, const struct track *track)
{
    bool udp = port->driver->driver->medium == DRIVER_UDP;

    return udp ? track->pacer.burst_wire_ns : track->pacer.burst_wire_ns / 2;
}

/* Rows. Returns when to go on. */
static int64_t step_data(struct port *port, struct track *track, int64_t now_ns)
{
    size_t end = data_end(port), most = port->paced ? PACER_BURST : LINK_BATCH, allowed = end, n;

    if (port->paced)
        allowed = port->window.first + pacer_allowed(&track->pacer, now_ns);
    if (allowed <= track->next)
        return pacer_time(&track->pacer, track->next - port->window.first);
    n = allowed - track->next;
    /* Slices too short for bursts of 16 (beyond 1 Gbit/s) have larger ones. */
    if (port->paced && track->pacer.slice_ns < 2 * PACER_MIN_SLICE_NS)
        most = LINK_BATCH;
    if (n > most)
        n = most;
    if (!take_result(port, track, send_some(port, track, n, now_ns), n, now_ns))
        return track->done ? now_ns : track->retry_ns;
    return port->paced && track->next < allowed ? now_ns + catch_up_ns(port, track) : now_ns;
}

static int64_t latch_time(const struct port *port, const struct track *track)
{
    int64_t earliest = track->data_end_ns + port->driver->gap_ns;

    if (!port->paced)
        return INT64_MIN;
    return earliest > port->frame.latch_ns ? earliest : port->frame.latch_ns;
}

static int64_t show(struct port *port, struct track *track, int64_t at_ns)
{
    track->done = true;
    if (track->link->ops->frame_end && track->link->ops->frame_end(track->link) < 0)
        add(&port->counters.errors, 1);
    else
        track->latched_ns = at_ns;
    return at_ns;
}

static int64_t step_latch(struct port *port, struct track *track, int64_t now_ns)
{
    size_t n = port->window.end - track->next;
    int64_t at;

    /* The first look at the clock after the last row was sent, or when the last of them is on the
     * wire: the gap is never shorter. */
    if (track->data_end_ns == 0)
        track->data_end_ns = track->wire_free_ns > now_ns ? track->wire_free_ns : now_ns;
    at = latch_time(port, track);
    if (now_ns < at)
        return at;
    switch (together_turn(port, track, &at)) {
    case TOGETHER_SEND:
        break;
    case TOGETHER_WAIT:
        return now_ns + PORT_RETRY_NS;
    case TOGETHER_SENT:
        return show(port, track, at);
    case TOGETHER_SPOILED:
        track->done = true;
        return now_ns;
    }
    if (!take_result(port, track, send_some(port, track, n, now_ns), n, now_ns))
        return track->done ? now_ns : track->retry_ns;
    return show(port, track, now_ns);
}

/* Returns when to go on; the track may be done then. */
static int64_t step_track(struct port *port, struct track *track, int64_t now_ns)
{
    /* The next frame is due: what the link has not taken by now will not be shown any more. A latch
     * that is merely late is still sent. */
    if (port->paced && now_ns >= port->frame.latch_ns + port->period_ns &&
        (track->next < data_end(port) || track->retry_ns != 0)) {
        track->done = track->overdue = true;
        return now_ns;
    }
    if (!link_has_carrier(track->link)) {
        lose_link(port, track, now_ns);
        return now_ns;
    }
    if (now_ns < track->retry_ns)
        return track->retry_ns;
    return track->next < data_end(port) ? step_data(port, track, now_ns)
                                        : step_latch(port, track, now_ns);
}

/* The carrier is there, but packets find no room. */
static void watch_queue(struct port *port, bool latched)
{
    const struct track *track = &port->tracks[0];

    if (port->hot || !port->links[1] || track->link != port->links[0])
        return;
    port->stuck = !latched && track->overdue && track->retry_ns != 0 ? port->stuck + 1 : 0;
    if (port->stuck < PORT_STUCK || !link_has_carrier(port->links[1]))
        return;
    port->stuck = 0;
    port->primary_since_ns = 0; /* it has to settle as if it had been gone */
    use_backup(port, true);
}

static void finish_frame(struct port *port, int64_t latched_ns)
{
    struct port_counters *counters = &port->counters;
    int64_t error = latched_ns - port->frame.latch_ns;

    port->busy = false;
    watch_queue(port, latched_ns != 0);
    if (latched_ns == 0) {
        add(&counters->incomplete, 1);
        add(&counters->overdue, port->tracks[0].overdue || port->tracks[1].overdue);
        return;
    }
    add(&counters->frames, 1);
    if (!port->paced)
        return;
    if (error >= port->period_ns)
        add(&counters->late, 1);
    raise_to(&counters->latch_error_ns_max, error);
}

int64_t port_step(struct port *port, int64_t now_ns)
{
    int64_t next = INT64_MAX, latched = 0;
    bool done = true;

    if (!port->busy)
        return INT64_MAX;
    for (size_t i = 0; i < QP_ARRAY_LEN(port->tracks); i++) {
        struct track *track = &port->tracks[i];
        int64_t at;

        if (!track->link)
            continue;
        if (!track->done) {
            at = step_track(port, track, now_ns);
            next = at < next ? at : next;
            if (track->done)
                together_note(port, track);
        }
        done = done && track->done;
        /* The first of two counts: that is when the light changed. */
        if (track->latched_ns && (!latched || track->latched_ns < latched))
            latched = track->latched_ns;
    }
    if (!done)
        return next;
    finish_frame(port, latched);
    return INT64_MAX;
}

void port_abort(struct port *port)
{
    if (port->busy)
        finish_frame(port, 0);
}

bool port_post(struct port *port, uint32_t ip, const uint8_t *bytes, size_t len)
{
    unsigned in = atomic_load_explicit(&port->mail_in, memory_order_relaxed);
    struct port_mail *mail = &port->mail[in % PORT_MAIL];

    if (len > sizeof(mail->bytes) ||
        in - atomic_load_explicit(&port->mail_out, memory_order_acquire) >= PORT_MAIL)
        return false;
    mail->ip = ip;
    mail->len = (uint32_t)len;
    memcpy(mail->bytes, bytes, len);
    atomic_store_explicit(&port->mail_in, in + 1, memory_order_release);
    return true;
}

bool port_has_mail(const struct port *port)
{
    return atomic_load_explicit(&port->mail_in, memory_order_acquire) !=
           atomic_load_explicit(&port->mail_out, memory_order_relaxed);
}

void port_send_mail(struct port *port, int64_t now_ns)
{
    while (port_has_mail(port)) {
        unsigned out = atomic_load_explicit(&port->mail_out, memory_order_relaxed);
        const struct port_mail *mail = &port->mail[out % PORT_MAIL];
        struct link_msg msg = {
            .bytes = mail->bytes, .len = mail->len, .ip = mail->ip, .at_ns = now_ns};

        /* Both links: cards may hang on either. What does not leave now is asked again later. */
        for (size_t i = 0; i < QP_ARRAY_LEN(port->links); i++)
            if (port->links[i] && link_has_carrier(port->links[i]))
                (void)port->links[i]->ops->send(port->links[i], &msg, 1);
        atomic_store_explicit(&port->mail_out, out + 1, memory_order_release);
    }
}

static void send_plain(struct port *port, struct link *link, unsigned set, int64_t now_ns)
{
    int64_t end_ns = qp_clock_mono_ns() + PLAIN_LIMIT_NS;
    size_t i = 0, end = port->layout.n_slots;

    while (i < end && link_has_carrier(link) && qp_clock_mono_ns() < end_ns) {
        const struct packet *p = &port->plan.packets[i];
        struct link_msg msg = {
            .bytes = port->sets[set] + p->offset, .len = p->len, .ip = p->ip, .at_ns = now_ns};

        i += link->ops->send(link, &msg, 1) == 1;
    }
    if (link->ops->frame_end)
        (void)link->ops->frame_end(link); /* nobody is left to hear of it */
}

void port_send_plain(struct port *port, unsigned set, int64_t now_ns)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(port->links); i++)
        if (port->links[i] && (port->hot || i == port->on_backup))
            send_plain(port, port->links[i], set, now_ns);
}

void port_finish(struct port *port)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(port->links); i++)
        link_close(port->links[i]);
    for (size_t i = 0; i < SENDER_SETS; i++)
        free(port->sets[i]);
    packet_plan_finish(&port->plan);
    driver_destroy(port->driver);
    free(port->mates);
    *port = (struct port){0};
}
