/* SPDX-License-Identifier: Apache-2.0 */
/* The ports of a wall, their frames and their threads; the work is in port.c, lane.c and
 * background.c. */
#include "sender-card/sender.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "sender-card/background.h"
#include "sender-card/lane.h"
#include "sender-card/port.h"
#include "sender-card/sacn_state.h"
#include "sender-card/setup.h"
#include "sender-card/together.h"

#define SET_ALIGN       64
#define ANSWER_GRACE_NS 15000000000LL /* cards may take that long to start */
#define SILENCE_NS      60000000000LL

struct sender {
    const struct wall *wall; /* borrowed */
    struct port *ports;      /* wall->n_outputs of them; the first n_ports are complete */
    size_t n_ports;
    struct lane *lanes;
    size_t n_lanes;
    struct link_pool *pool;
    struct sacn_state sacn;
    struct background background;
    struct sender_frame frames[SENDER_SETS];
    atomic_ullong submitted;
    _Atomic double brightness;
    atomic_llong started_ns; /* 0: stopped; read by any thread */
};

static int alloc_sets(struct port *port)
{
    size_t bytes = (port->plan.set_bytes + SET_ALIGN - 1) / SET_ALIGN * SET_ALIGN;

    for (size_t i = 0; i < SENDER_SETS; i++) {
        port->sets[i] = aligned_alloc(SET_ALIGN, bytes);
        if (!port->sets[i])
            return -ENOMEM;
        memset(port->sets[i], 0, bytes);
        port->driver->driver->lay(port->driver, &port->plan, port->sets[i]);
    }
    return 0;
}

static int open_links(struct sender *sender, struct port *port, const struct setup *setup,
                      struct qp_diag *diag)
{
    for (unsigned i = 0; i < 1u + setup->has_backup; i++) {
        struct link_params params = {.config = &setup->links[i],
                                     .driver = setup->driver,
                                     .wall = sender->wall,
                                     .output = port->output,
                                     .backup = i == 1,
                                     .pool = sender->pool};
        int err = link_create(&port->links[i], &params, diag);

        port->ways[i] = together_way(&port->plan, setup->driver, &setup->links[i]);
        if (err < 0)
            return qp_diag_prefix(diag, err, "output %s", port->id);
    }
    return 0;
}

/* Take over what the setup has worked out. */
static void fill_port(struct sender *sender, struct port *port, struct setup *setup, bool paced)
{
    const struct wall *wall = sender->wall;
    const struct wall_output *output = &wall->outputs[port->output];

    port->id = output->id;
    port->driver = setup->object;
    port->plan = setup->plan;
    setup->object = NULL;
    setup->plan = (struct packet_plan){0};
    port->layout = (struct sender_layout){.addressing = setup->driver->addressing,
                                          .slots = port->plan.slots,
                                          .n_slots = port->plan.n_slots};
    for (size_t i = 0; i < port->plan.n_packets; i++) {
        uint32_t bytes = packet_wire_bytes(setup->driver->medium, port->plan.packets[i].len);

        port->max_wire = bytes > port->max_wire ? bytes : port->max_wire;
    }
    port->mbps = (uint32_t)output->link_mbps;
    port->hot = output->backup_hot;
    port->paced = paced;
    port->period_ns = QP_NS_PER_S * wall->rate.den / wall->rate.num;
}

static int create_port(struct sender *sender, uint32_t output, const struct sender_params *params,
                       struct qp_diag *diag)
{
    struct setup_params from = {
        .wall = params->wall, .output = output, .link = params->link, .state = &sender->sacn};
    struct port *port = &sender->ports[output];
    struct qp_report report = {0};
    struct setup setup;
    int err = setup_read(&setup, &from, &report);

    if (err == -EINVAL)
        (void)qp_report_diag(&report, diag);
    qp_report_finish(&report);
    if (err == 0) {
        port->output = output;
        fill_port(sender, port, &setup, params->paced);
        sender->n_ports++;
        err = alloc_sets(port);
    }
    if (err == 0)
        err = open_links(sender, port, &setup, diag);
    setup_finish(&setup);
    return err;
}

static bool shares_link(const struct sender_params *params)
{
    if (params->link && strcmp(params->link, "as-configured") != 0)
        return true;
    for (uint32_t i = 0; i < params->wall->n_outputs; i++) {
        const cJSON *link = params->wall->outputs[i].link;
        const cJSON *type = link ? cJSON_GetObjectItemCaseSensitive(link, "type") : NULL;

        if (cJSON_IsString(type) &&
            (strcmp(type->valuestring, "pcap") == 0 || strcmp(type->valuestring, "local") == 0))
            return true;
    }
    return false;
}

/* A sendmmsg of small batches costs about 1.3 us a packet (measured over veth), so that a thread of
 * this load is busy half the time. */
#define LANE_PACKETS_PER_S 400000.0

static size_t lanes_wanted(const struct sender *sender, const struct sender_params *params)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    double packets = 0;
    size_t n;

    if (shares_link(params))
        return 1;
    if (params->tx_threads)
        return params->tx_threads;
    for (size_t i = 0; i < sender->n_ports; i++)
        packets += (double)sender->ports[i].plan.n_packets;
    n = 1 + (size_t)(packets * qp_rational_f64(params->wall->rate) / LANE_PACKETS_PER_S);
    return processors > 0 && n > (size_t)processors ? (size_t)processors : n;
}

/* Ports that share a latch have one thread. */
static int deal_ports(struct sender *sender)
{
    size_t *group = calloc(sender->n_ports + 1, sizeof(*group));
    int err = group ? together_group(sender->ports, sender->n_ports, group) : -ENOMEM;

    for (size_t i = 0; i < sender->n_ports && err == 0; i++) {
        struct lane *lane = &sender->lanes[group[i] % sender->n_lanes];

        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): room for all ports */
        lane->ports[lane->n_ports++] = &sender->ports[i];
        sender->background.lane_of[i] = lane;
    }
    free(group);
    return err;
}

static int create_lanes(struct sender *sender, const struct sender_params *params)
{
    size_t n = lanes_wanted(sender, params);

    if (n > sender->n_ports)
        n = sender->n_ports ? sender->n_ports : 1;
    sender->lanes = calloc(n, sizeof(*sender->lanes));
    sender->background.lane_of = calloc(sender->n_ports + 1, sizeof(struct lane *));
    if (!sender->lanes || !sender->background.lane_of)
        return -ENOMEM;
    sender->n_lanes = n;
    for (size_t i = 0; i < n; i++) {
        sender->lanes[i].paced = params->paced;
        sender->lanes[i].ports = calloc(sender->n_ports + 1, sizeof(struct port *));
        if (!sender->lanes[i].ports)
            return -ENOMEM;
    }
    return deal_ports(sender);
}

static int create_parts(struct sender *sender, const struct sender_params *params,
                        struct qp_diag *diag)
{
    const struct wall *wall = params->wall;
    int err = sacn_state_load(&sender->sacn, params->state_dir, wall->rate, diag);

    if (err < 0)
        return err;
    err = link_pool_create(&sender->pool, wall);
    sender->ports = calloc(wall->n_outputs ? wall->n_outputs : 1, sizeof(*sender->ports));
    if (!sender->ports)
        return -ENOMEM;
    for (uint32_t i = 0; i < wall->n_outputs && err == 0; i++)
        err = create_port(sender, i, params, diag);
    if (err == 0)
        err = create_lanes(sender, params);
    if (err < 0)
        return err;
    sender->background.ports = sender->ports;
    sender->background.n_ports = sender->n_ports;
    sender->background.state = &sender->sacn;
    sender->background.frames = &sender->submitted;
    return background_init(&sender->background, diag);
}

int sender_create(struct sender **ret, const struct sender_params *params, struct qp_diag *diag)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    int err;

    if (!sender)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)qp_diag_set(diag, 0, "out of memory");
    sender->wall = params->wall;
    sender->background.wake_fd = -1;
    for (unsigned i = 0; i < SENDER_SETS; i++) {
        sender->frames[i].sender = sender;
        sender->frames[i].set = i;
    }
    atomic_init(&sender->brightness, params->wall->processing.dimmer == WALL_DIMMER_CARD
                                         ? params->wall->processing.brightness
                                         : 1.0);
    err = create_parts(sender, params, diag);
    if (err < 0) {
        sender_destroy(sender);
        return err;
    }
    *ret = sender;
    return 0;
}

void sender_destroy(struct sender *sender)
{
    if (!sender)
        return;
    sender_stop(sender);
    background_finish(&sender->background);
    for (size_t i = 0; i < sender->n_ports; i++)
        port_finish(&sender->ports[i]);
    free(sender->ports);
    for (size_t i = 0; i < sender->n_lanes; i++)
        free(sender->lanes[i].ports);
    free(sender->lanes);
    link_pool_destroy(sender->pool);
    free(sender);
}

int sender_start(struct sender *sender, struct qp_diag *diag)
{
    int err = background_start(&sender->background, diag);

    atomic_store(&sender->started_ns, qp_clock_mono_ns());
    for (size_t i = 0; i < sender->n_lanes && err == 0; i++)
        err = lane_start(&sender->lanes[i], diag);
    if (err < 0)
        sender_stop(sender);
    return err;
}

/* Say goodbye where the protocol knows how; returns how many sequence numbers that took. */
static unsigned say_goodbye(struct sender *sender, struct port *port)
{
    const struct driver *driver = port->driver->driver;
    struct driver_frame last = {.count = atomic_load(&sender->submitted)};
    unsigned round = 0;

    if (!driver->terminate || last.count == 0)
        return 0;
    while (driver->terminate(port->driver, &port->plan, port->sets[0], &last, round)) {
        port_send_plain(port, 0, qp_clock_mono_ns());
        round++;
    }
    driver->lay(port->driver, &port->plan, port->sets[0]);
    return round;
}

void sender_stop(struct sender *sender)
{
    unsigned extra = 0;

    if (atomic_exchange(&sender->started_ns, 0) == 0)
        return;
    for (size_t i = 0; i < sender->n_lanes; i++)
        lane_stop(&sender->lanes[i]);
    background_stop(&sender->background);
    for (size_t i = 0; i < sender->n_ports; i++) {
        unsigned rounds = say_goodbye(sender, &sender->ports[i]);

        extra = rounds > extra ? rounds : extra;
    }
    atomic_fetch_add(&sender->submitted, extra);
    if (sender->background.has_sacn)
        (void)sacn_state_store(&sender->sacn, atomic_load(&sender->submitted), true);
}

const struct sender_layout *sender_layout(const struct sender *sender, uint32_t port)
{
    return &sender->ports[port].layout;
}

struct sender_frame *sender_acquire(struct sender *sender)
{
    for (size_t i = 0; i < SENDER_SETS; i++) {
        struct sender_frame *frame = &sender->frames[i];

        if (!frame->taken && atomic_load_explicit(&frame->pending, memory_order_acquire) == 0) {
            frame->taken = true;
            return frame;
        }
    }
    return NULL;
}

uint8_t *sender_frame_bytes(struct sender_frame *frame, uint32_t port)
{
    return frame->sender->ports[port].sets[frame->set];
}

void sender_submit(struct sender *sender, struct sender_frame *frame, int64_t n, int64_t start_ns,
                   int64_t latch_ns)
{
    double level = atomic_load_explicit(&sender->brightness, memory_order_relaxed);

    frame->frame = (struct port_frame){
        .stamp = {.count = atomic_fetch_add(&sender->submitted, 1),
                  .n = n,
                  .brightness = (uint8_t)(level * 255 + 0.5)},
        .start_ns = start_ns,
        .latch_ns = latch_ns,
        .set = frame->set,
    };
    frame->taken = false;
    atomic_store_explicit(&frame->pending, (unsigned)sender->n_ports, memory_order_release);
    for (size_t i = 0; i < sender->n_lanes; i++)
        lane_submit(&sender->lanes[i], frame);
}

void sender_set_brightness(struct sender *sender, double level)
{
    if (sender->wall->processing.dimmer != WALL_DIMMER_CARD || !(level >= 0))
        return; /* the frame path dims, or not a number */
    atomic_store(&sender->brightness, level > 1 ? 1.0 : level);
}

static void nic_stats(const struct nic *nic, struct sender_port_stats *ret)
{
    static const int values[] = {[NIC_UNKNOWN] = -1, [NIC_OFF] = 0, [NIC_ON] = 1};

    ret->full_duplex = ret->eee = ret->pause = -1;
    if (!nic)
        return;
    ret->speed_mbps = atomic_load(&nic->speed_mbps);
    ret->full_duplex = values[atomic_load(&nic->full_duplex)];
    ret->eee = values[atomic_load(&nic->eee)];
    ret->pause = values[atomic_load(&nic->pause)];
    ret->nic_tx_errors = atomic_load(&nic->tx_errors);
    ret->nic_tx_dropped = atomic_load(&nic->tx_dropped);
    ret->nic_tx_carrier_errors = atomic_load(&nic->tx_carrier_errors);
}

static struct driver_telemetry telemetry_of(const struct port *port)
{
    struct driver_telemetry telemetry = {0};

    if (port->driver->driver->telemetry)
        port->driver->driver->telemetry(port->driver, qp_clock_mono_ns(), &telemetry);
    return telemetry;
}

void sender_stats(const struct sender *sender, uint32_t port, struct sender_port_stats *ret)
{
    const struct port *p = &sender->ports[port];
    const struct port_counters *c = &p->counters;
    struct driver_telemetry telemetry = telemetry_of(p);
    bool on_backup = atomic_load(&c->on_backup);
    const struct link *link = p->links[on_backup];

    *ret = (struct sender_port_stats){
        .frames = atomic_load(&c->frames),
        .late = atomic_load(&c->late),
        .skipped = atomic_load(&c->skipped),
        .incomplete = atomic_load(&c->incomplete),
        .overdue = atomic_load(&c->overdue),
        .packets = atomic_load(&c->packets),
        .bytes = atomic_load(&c->bytes),
        .short_sends = atomic_load(&c->short_sends),
        .eagain = atomic_load(&c->eagain),
        .errors = atomic_load(&c->errors),
        .failovers = atomic_load(&c->failovers),
        .failover_frames_max = atomic_load(&c->failover_frames_max),
        .failover_ns_max = atomic_load(&c->failover_ns_max),
        .carrier = link_has_carrier(link),
        .on_backup = on_backup,
        .latch_error_ns_max = atomic_load(&c->latch_error_ns_max),
        .cards = telemetry.cards,
        .silent_ms = telemetry.heard_ns ? (qp_clock_mono_ns() - telemetry.heard_ns) / 1000000 : -1,
    };
    for (size_t i = 0; i < QP_ARRAY_LEN(p->links); i++)
        ret->carrier_changes += p->links[i] ? link_carrier_changes(p->links[i]) : 0;
    memcpy(ret->firmware, telemetry.firmware, sizeof(ret->firmware));
    nic_stats(link->nic, ret);
}

/* Sentences are gathered here; beyond max they are only counted. */
struct warnings {
    struct qp_diag *items;
    size_t n, max;
};

static struct qp_diag *next_warning(struct warnings *warnings)
{
    size_t i = warnings->n++;

    return i < warnings->max ? &warnings->items[i] : NULL;
}

static void warn_nic(const struct port *port, const struct nic *nic, struct warnings *warnings)
{
    unsigned speed = atomic_load(&nic->speed_mbps), mtu = atomic_load(&nic->mtu);
    const char *name = nic->by_mac ? "INTERFACE" : nic->spec;

    if (!atomic_load(&nic->carrier) || !port->driver->driver->needs_gigabit)
        return;
    if (speed != 0 && speed < 1000)
        (void)qp_diag_set(next_warning(warnings), 0,
                          "output %s: interface %s runs at %u Mbit/s; LED cards need 1000: replace "
                          "the cable (all eight wires) or the adapter",
                          port->id, nic->spec, speed);
    if (atomic_load(&nic->full_duplex) == NIC_OFF)
        (void)qp_diag_set(next_warning(warnings), 0,
                          "output %s: interface %s is half duplex; let it negotiate", port->id,
                          nic->spec);
    if (atomic_load(&nic->eee) == NIC_ON)
        (void)qp_diag_set(
            next_warning(warnings), 0,
            "output %s: Energy-Efficient Ethernet delays packets on %s; switch it off: "
            "ethtool --set-eee %s eee off",
            port->id, nic->spec, name);
    if (atomic_load(&nic->pause) == NIC_ON)
        (void)qp_diag_set(next_warning(warnings), 0,
                          "output %s: pause frames can hold up %s; switch them off: ethtool -A %s "
                          "autoneg off rx off tx off",
                          port->id, nic->spec, name);
    if (mtu != 0 && mtu < 1500)
        (void)qp_diag_set(next_warning(warnings), 0,
                          "output %s: interface %s has an MTU of %u; the cards' frames need 1500: "
                          "ip link set %s mtu 1500",
                          port->id, nic->spec, mtu, name);
}

static void warn_silence(const struct sender *sender, const struct port *port,
                         struct warnings *warnings)
{
    struct driver_telemetry telemetry = telemetry_of(port);
    int64_t now = qp_clock_mono_ns(), started_ns = atomic_load(&sender->started_ns);

    if (!telemetry.asks || started_ns == 0 || !link_has_carrier(port->links[0]) ||
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the first link exists */
        !port->links[0]->nic || now - started_ns < ANSWER_GRACE_NS)
        return;
    if (telemetry.heard_ns == 0)
        (void)qp_diag_set(
            next_warning(warnings), 0,
            "output %s: no card has answered yet; frames go out all the same. Behind a "
            "switch that is normal, otherwise check cable and power",
            port->id);
    else if (now - telemetry.heard_ns > SILENCE_NS)
        (void)qp_diag_set(next_warning(warnings), 0,
                          "output %s: no card has answered for %lld s; check cable and power",
                          port->id, (long long)((now - telemetry.heard_ns) / QP_NS_PER_S));
}

static void warn_state(const struct sender *sender, struct warnings *warnings)
{
    int err = atomic_load(&sender->background.store_error);

    if (err < 0)
        (void)qp_diag_set(
            next_warning(warnings), 0,
            "%s: the sACN sequence cannot be kept (%s): after a restart receivers may "
            "ignore frames for some seconds; make its folder writable",
            sender->sacn.file, strerror(-err));
}

size_t sender_warnings(const struct sender *sender, struct qp_diag *ret, size_t max)
{
    struct warnings warnings = {.items = ret, .max = max};

    for (size_t i = 0; i < sender->n_ports; i++) {
        const struct port *port = &sender->ports[i];

        for (size_t k = 0; k < QP_ARRAY_LEN(port->links); k++) {
            struct qp_diag text;

            if (!port->links[k])
                continue;
            if (link_trouble(port->links[k], &text) == 0)
                (void)qp_diag_set(next_warning(&warnings), 0, "output %s%s: %s", port->id,
                                  k ? " (backup)" : "", text.text);
            if (port->links[k]->nic)
                warn_nic(port, port->links[k]->nic, &warnings);
        }
        warn_silence(sender, port, &warnings);
    }
    warn_state(sender, &warnings);
    return warnings.n;
}
