/* SPDX-License-Identifier: Apache-2.0 */
/* Linsn RV9xx receiving cards; bytes in protocols/wire/linsn.h.
 *
 * A picture is a buffer cut into chunks; the first row of it is blank. There is no latch: the last
 * chunk completes the picture, so it is what waits for the instant, and a picture that lacks a
 * chunk is never completed. Every packet 0 carries the announcement, which broadcast is also the
 * query for cards; every five seconds one of them goes to the broadcast address instead of the
 * card's, so that discovery never adds a packet 0 of its own, which a card would take for the next
 * picture. */
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/wire/linsn.h"
#include "sender-card/driver.h"

#define PROBE_NS      5000000000LL
#define FORGET_NS     30000000000LL
#define GEOMETRY_AUTO 256

struct linsn {
    struct driver_object object;
    uint32_t w, h;
    uint8_t code; /* geometry */
    uint8_t source[6], destination_mac[6];
    /* options */
    char *source_mac, *destination;
    uint32_t geometry;
    /* background and tx */
    atomic_bool probe;
    atomic_llong heard_ns;
};

DRIVER_OBJECT(linsn)

static const struct qp_opt opts[] = {
    QP_OPT_STR(struct linsn, source_mac, 17, "02:51:50:00:00:01", 0,
               "source address; keep it: cards bind to the address that configured them"),
    QP_OPT_STR(struct linsn, destination, 17, "00:00:00:00:00:00", 0,
               "address of the cards; 00:00:00:00:00:fe is seen as well"),
    QP_OPT_U32(struct linsn, geometry, 0, GEOMETRY_AUTO, GEOMETRY_AUTO, 0,
               "geometry code: picture of 32 x (code + 1) by 16 x (code + 1); 256: by the raster"),
    {0},
};

static struct sock_filter answer_code[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LINSN_ETHERTYPE_FROM_CARD, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 2048),
    BPF_STMT(BPF_RET | BPF_K, 0),
};
static const struct sock_fprog answers = {.len = QP_ARRAY_LEN(answer_code), .filter = answer_code};

/* Every code that was ever published is a power of two less one: round up to such a one. */
static int fit(uint32_t w, uint32_t h)
{
    int least = linsn_geometry_fit(w, h);

    for (int code = 0; code <= 255 && least >= 0; code = code * 2 + 1)
        if (code >= least)
            return code;
    return -ERANGE;
}

static int choose_geometry(struct linsn *linsn, const struct qp_node *options,
                           struct qp_report *report)
{
    struct qp_node node = qp_node_member(options, "geometry");
    int code = linsn->geometry == GEOMETRY_AUTO ? fit(linsn->w, linsn->h) : (int)linsn->geometry;

    if (code < 0)
        return qp_node_error(options->parent, report, "spread the cabinets over more outputs",
                             "a Linsn port has at most 8192 x 4096 LEDs, this one %u x %u",
                             linsn->w, linsn->h);
    linsn->code = (uint8_t)code;
    if (linsn->w <= linsn_geometry_w(linsn->code) && linsn->h <= linsn_geometry_h(linsn->code))
        return 0;
    return qp_node_error(
        &node, report, "leave geometry out, or spread the cabinets over more outputs",
        "code %u is a picture of %u x %u, the port has %u x %u", linsn->geometry,
        linsn_geometry_w(linsn->code), linsn_geometry_h(linsn->code), linsn->w, linsn->h);
}

static int check(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report)
{
    const struct wall_output *output = &params->wall->outputs[params->output];
    struct linsn *linsn = of(object);
    int err = driver_mac(options, "source_mac", linsn->source_mac, linsn->source, report);

    linsn->w = output->raster_w;
    linsn->h = output->raster_h;
    if (err == 0)
        err =
            driver_mac(options, "destination", linsn->destination, linsn->destination_mac, report);
    return err < 0 ? err : choose_geometry(linsn, options, report);
}

/* The LEDs of row y, cut where chunks end. */
static int layout_row(const struct linsn *linsn, struct packet_plan *plan, uint32_t y)
{
    for (uint32_t x = 0; x < linsn->w;) {
        uint64_t pixel = linsn_pixel(linsn->code, x, y);
        uint32_t at = (uint32_t)(pixel % LINSN_CHUNK_PIXELS), n = LINSN_CHUNK_PIXELS - at;
        const struct packet *packet = &plan->packets[pixel / LINSN_CHUNK_PIXELS];
        int err;

        if (n > linsn->w - x)
            n = linsn->w - x;
        err = packet_plan_add_slot(plan, (uint64_t)y * linsn->w + x, n,
                                   packet->offset + LINSN_HEADER + 3 * at);
        if (err < 0)
            return err;
        x += n;
    }
    return 0;
}

static int layout(struct driver_object *object, struct packet_plan *plan)
{
    const struct linsn *linsn = of(object);
    uint32_t n_chunks = linsn_chunks(linsn->code, linsn->h);
    size_t offset;
    int err = 0;

    for (uint32_t i = 0; i < n_chunks && err == 0; i++)
        err = packet_plan_add(plan, LINSN_DATA_LEN, 0, &offset);
    for (uint32_t y = 0; y < linsn->h && err == 0; y++)
        err = layout_row(linsn, plan, y);
    plan->n_latch = 1;
    return err;
}

static void lay(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set)
{
    const struct linsn *linsn = of_const(object);

    linsn_announce_header(set + plan->packets[0].offset, linsn->destination_mac, linsn->source,
                          linsn->code);
    for (size_t i = 1; i < plan->n_packets; i++)
        linsn_data_header(set + plan->packets[i].offset, linsn->destination_mac, linsn->source,
                          (uint32_t)i);
}

static struct driver_window stamp(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame)
{
    struct linsn *linsn = of(object);
    bool probe = atomic_exchange_explicit(&linsn->probe, false, memory_order_relaxed);

    (void)frame; /* the protocol has no room for it */
    memcpy(set + plan->packets[0].offset + LINSN_OFF_DESTINATION,
           probe ? linsn_broadcast : linsn->destination_mac, 6);
    return (struct driver_window){.first = 0, .end = plan->n_packets};
}

static int64_t tick(struct driver_object *object, int64_t now_ns, const struct driver_post *post)
{
    (void)post; /* the next packet 0 asks */
    atomic_store_explicit(&of(object)->probe, true, memory_order_relaxed);
    return now_ns + PROBE_NS;
}

static void receive(struct driver_object *object, const uint8_t *buf, size_t len, uint32_t src_ip,
                    int64_t now_ns)
{
    struct linsn_pkt pkt;

    (void)src_ip;
    if (linsn_decode(buf, len, &pkt) == 0 && pkt.from_card)
        atomic_store_explicit(&of(object)->heard_ns, now_ns, memory_order_relaxed);
}

static void reset(struct driver_object *object)
{
    atomic_store_explicit(&of(object)->probe, true, memory_order_relaxed);
}

static void telemetry(const struct driver_object *object, int64_t now_ns,
                      struct driver_telemetry *ret)
{
    ret->asks = true;
    ret->heard_ns = atomic_load_explicit(&of_const(object)->heard_ns, memory_order_relaxed);
    /* Answers do not say which card they come from: one is all that can be claimed. */
    ret->cards = ret->heard_ns && now_ns - ret->heard_ns < FORGET_NS;
}

const struct driver driver_linsn = {
    .name = "linsn-rv9",
    .medium = DRIVER_ETHERNET,
    .addressing = WALL_RASTER,
    .needs_gigabit = true,
    .answers = &answers,
    .size = sizeof(struct linsn),
    .opts = opts,
    .check = check,
    .layout = layout,
    .lay = lay,
    .stamp = stamp,
    .tick = tick,
    .receive = receive,
    .reset = reset,
    .telemetry = telemetry,
};
