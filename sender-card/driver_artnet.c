/* SPDX-License-Identifier: Apache-2.0 */
/* Art-Net 4: one ArtDmx a universe, then ArtSync; bytes in protocols/wire/artnet.h.
 *
 * With ArtSync that packet is the latch. Without it nodes show what arrives, and the last universe
 * waits for the instant, so that a frame still ends when it should. The keep-alive of the protocol
 * (at most 4 s) needs nothing: frames are continuous. */
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/artnet.h"
#include "sender-card/driver.h"

#define POLL_NS   2500000000LL
#define FORGET_NS 10000000000LL
#define MAX_NODES 64 /* telemetry only: more are not counted */
#define BROADCAST 0xFFFFFFFFu
#define LOOPBACK  127u

struct artnet {
    struct driver_object object;
    struct universes universes;
    uint32_t to_ip, sync_ip;
    /* options */
    uint32_t start_universe, pixels_per_universe;
    bool sync, poll;
    char *sync_to;
    /* background thread */
    struct {
        uint32_t ip;
        int64_t heard_ns;
    } nodes[MAX_NODES];
    /* both */
    atomic_uint n_nodes;
    atomic_uint first_fw; /* 0x10000 | firmware */
    atomic_llong heard_ns;
};

DRIVER_OBJECT(artnet)

static const struct qp_opt opts[] = {
    QP_OPT_U32(
        struct artnet, start_universe, 0, ARTNET_MAX_UNIVERSE, 0, 0,
        "port-address of the first LED, counted from 0: net x 256 + sub-net x 16 + universe"),
    QP_OPT_U32(struct artnet, pixels_per_universe, 1, 170, 170, 0, "LEDs in a universe"),
    QP_OPT_BOOL(struct artnet, sync, true, 0, "end every frame with ArtSync"),
    QP_OPT_STR(struct artnet, sync_to, 15, NULL, 0,
               "IPv4 address that ArtSync goes to; left out: 255.255.255.255 on the link's "
               "network, or its own "
               "destination on loopback"),
    QP_OPT_BOOL(struct artnet, poll, true, 0, "ask for nodes with ArtPoll every 2.5 s"),
    {0},
};

static int check(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report)
{
    struct qp_node sync_to = qp_node_member(options, "sync_to");
    struct artnet *artnet = of(object);

    artnet->to_ip = params->to_ip;
    artnet->sync_ip = artnet->to_ip >> 24 == LOOPBACK ? artnet->to_ip : BROADCAST;
    if (artnet->sync_to && driver_ip4(artnet->sync_to, &artnet->sync_ip) < 0)
        return qp_node_error(&sync_to, report, "write it as \"192.168.1.255\"",
                             "'%s' is not an IPv4 address", artnet->sync_to);
    artnet->universes.first = artnet->start_universe;
    artnet->universes.leds = artnet->pixels_per_universe;
    return driver_universes(&artnet->universes, params, ARTNET_MAX_UNIVERSE, options, report);
}

/* Levels of universe i: an even number (5.3 of the specification), the odd one out being 0. */
static uint16_t levels_of(const struct artnet *artnet, uint32_t i)
{
    return (uint16_t)((3 * driver_universe_leds(&artnet->universes, i) + 1) & ~1u);
}

static int layout(struct driver_object *object, struct packet_plan *plan)
{
    const struct artnet *artnet = of(object);
    size_t offset;
    int err = 0;

    for (uint32_t i = 0; i < artnet->universes.n && err == 0; i++) {
        err = packet_plan_add(plan, ARTNET_DMX_HEADER + (uint32_t)levels_of(artnet, i), 0, &offset);
        if (err == 0)
            err = packet_plan_add_slot(plan, (uint64_t)i * artnet->pixels_per_universe,
                                       driver_universe_leds(&artnet->universes, i),
                                       offset + ARTNET_OFF_DATA);
    }
    if (artnet->sync && err == 0)
        err = packet_plan_add(plan, ARTNET_SYNC_LEN, artnet->sync_ip, &offset);
    plan->n_latch = 1;
    plan->latch_key = artnet->sync;
    return err;
}

static void lay(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set)
{
    const struct artnet *artnet = of_const(object);

    for (uint32_t i = 0; i < artnet->universes.n; i++)
        artnet_dmx_header(set + plan->packets[i].offset, (uint16_t)(artnet->start_universe + i),
                          levels_of(artnet, i));
    if (artnet->sync)
        artnet_sync(set + plan->packets[artnet->universes.n].offset);
}

static struct driver_window stamp(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame)
{
    const struct artnet *artnet = of(object);
    uint8_t sequence = (uint8_t)(frame->count % 255 + 1);

    for (uint32_t i = 0; i < artnet->universes.n; i++)
        set[plan->packets[i].offset + ARTNET_OFF_SEQUENCE] = sequence;
    return (struct driver_window){.first = 0, .end = plan->n_packets};
}

static void count_nodes(struct artnet *artnet, int64_t now_ns)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAX_NODES; i++)
        n += artnet->nodes[i].heard_ns && now_ns - artnet->nodes[i].heard_ns < FORGET_NS;
    atomic_store_explicit(&artnet->n_nodes, n, memory_order_relaxed);
}

static int64_t tick(struct driver_object *object, int64_t now_ns, const struct driver_post *post)
{
    struct artnet *artnet = of(object);
    struct artnet_poll poll = {.flags = ARTNET_POLL_ON_CHANGE, .top = ARTNET_MAX_UNIVERSE};
    uint8_t buf[ARTNET_POLL_LEN];

    if (!artnet->poll)
        return INT64_MAX;
    artnet_poll(buf, &poll);
    post->post(post->arg, 0, buf, sizeof(buf));
    count_nodes(artnet, now_ns);
    return now_ns + POLL_NS;
}

/* The entry of a node: its own, a forgotten one, or NULL. */
static int find_node(const struct artnet *artnet, uint32_t ip, int64_t now_ns)
{
    int spare = -1;

    for (int i = 0; i < MAX_NODES; i++) {
        if (artnet->nodes[i].ip == ip)
            return i;
        if (spare < 0 &&
            (artnet->nodes[i].heard_ns == 0 || now_ns - artnet->nodes[i].heard_ns >= FORGET_NS))
            spare = i;
    }
    return spare;
}

/* Replies reach one of the sockets bound to the port, whichever output polled: the one whose
 * destination it is counts it; a broadcasting output counts all. src_ip 0: the virtual wall's
 * socket, which says which output is meant. */
static void receive(struct driver_object *object, const uint8_t *buf, size_t len, uint32_t src_ip,
                    int64_t now_ns)
{
    struct artnet *artnet = of(object);
    struct artnet_pkt pkt;
    bool unicast = artnet->to_ip != BROADCAST && (artnet->to_ip & 0xFF) != 0xFF;
    int i;

    if (artnet_decode(buf, len, &pkt) < 0 || pkt.opcode != ARTNET_POLL_REPLY ||
        (unicast && src_ip != 0 && src_ip != artnet->to_ip))
        return;
    i = find_node(artnet, src_ip, now_ns);
    if (i >= 0) {
        artnet->nodes[i].ip = src_ip;
        artnet->nodes[i].heard_ns = now_ns;
    }
    if (i == 0)
        atomic_store_explicit(&artnet->first_fw, 0x10000u | pkt.reply.firmware,
                              memory_order_relaxed);
    atomic_store_explicit(&artnet->heard_ns, now_ns, memory_order_relaxed);
    count_nodes(artnet, now_ns);
}

static void telemetry(const struct driver_object *object, int64_t now_ns,
                      struct driver_telemetry *ret)
{
    const struct artnet *artnet = of_const(object);
    unsigned fw = atomic_load_explicit(&artnet->first_fw, memory_order_relaxed);

    (void)now_ns;
    ret->asks = artnet->poll;
    ret->cards = atomic_load_explicit(&artnet->n_nodes, memory_order_relaxed);
    ret->heard_ns = atomic_load_explicit(&artnet->heard_ns, memory_order_relaxed);
    if (fw)
        (void)snprintf(ret->firmware, sizeof(ret->firmware), "%u.%u", fw >> 8 & 0xFF, fw & 0xFF);
}

const struct driver driver_artnet = {
    .name = "artnet",
    .medium = DRIVER_UDP,
    .addressing = WALL_LINEAR,
    .udp_port = ARTNET_PORT,
    .source_port = ARTNET_PORT,
    .size = sizeof(struct artnet),
    .opts = opts,
    .check = check,
    .layout = layout,
    .lay = lay,
    .stamp = stamp,
    .tick = tick,
    .receive = receive,
    .telemetry = telemetry,
};
