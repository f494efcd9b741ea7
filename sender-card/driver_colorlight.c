/* SPDX-License-Identifier: Apache-2.0 */
/* ColorLight 5A receiving cards: brightness, rows, latch; bytes in protocols/wire/colorlight.h.
 *
 * Cards from firmware 13 show nothing unless the latch and the brightness come twice; older ones
 * want them once. A plan therefore holds two of each, and the window of a frame leaves the spare
 * ones out: the first brightness frame and the last latch. The policy may change between two
 * frames, when discovery has heard a card. */
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/colorlight.h"
#include "sender-card/driver.h"

#define PROBE_NS       5000000000LL  /* one card index a tick */
#define FORGET_NS      60000000000LL /* a card that was silent for so long is not counted */
#define MAX_CHAIN      32            /* card indexes probed; what FPP probes */
#define DOUBLE_FROM    13u           /* firmware major */
#define FIRMWARE_KNOWN 0x10000u      /* with major << 8 | minor: a reply was heard */

enum policy { POLICY_AUTO, POLICY_SINGLE, POLICY_DOUBLE };
enum brightness_packets { BRIGHTNESS_FRAME, BRIGHTNESS_CHANGE, BRIGHTNESS_OFF };
static const char *const policy_names[] = {"auto", "single", "double"};
static const char *const brightness_names[] = {"frame", "change", "off"};

struct colorlight {
    struct driver_object object;
    uint32_t w, h;
    uint8_t source[6];
    /* options */
    char *source_mac;
    uint32_t sender_class;
    unsigned firmware;
    double latch_gap_ms;
    unsigned brightness_packets;
    /* tx thread */
    uint8_t last_brightness;
    unsigned repeat; /* frames that still carry brightness after a change */
    /* background thread */
    int asked; /* the card that was asked last; -1 = none */
    struct {
        int64_t heard_ns;
        uint32_t uptime_ms;
        uint8_t major;
    } cards[MAX_CHAIN];
    /* both */
    atomic_uint newest;   /* highest firmware major heard lately; 0 = none */
    atomic_uint first_fw; /* of card 0, FIRMWARE_KNOWN | major << 8 | minor */
    atomic_uint n_cards;
    atomic_llong heard_ns;
    atomic_bool again; /* say the brightness again */
};

DRIVER_OBJECT(colorlight)

static const struct qp_opt opts[] = {
    QP_OPT_STR(struct colorlight, source_mac, 17, "22:22:33:44:55:66", 0,
               "source address of every frame"),
    QP_OPT_U32(struct colorlight, sender_class, 0, 255, COLORLIGHT_FROM_PC, 0,
               "first payload byte of the latch: 7 a computer, 0 a hardware sender"),
    QP_OPT_ENUM(struct colorlight, firmware, policy_names, POLICY_AUTO, 0,
                "latch and brightness once or twice; auto: twice from firmware 13 and if unknown"),
    QP_OPT_F64(struct colorlight, latch_gap_ms, 0, 10, 2, 0, "silence between rows and latch, ms"),
    QP_OPT_ENUM(struct colorlight, brightness_packets, brightness_names, BRIGHTNESS_FRAME, 0,
                "brightness packets in every frame, after a change only, or never"),
    {0},
};

/* Any type 8 frame from 11:22:33:44:55:66; a card's family byte, 5 or another, is in the low half
 * of the EtherType, which is why no EtherType can be bound to. */
static struct sock_filter answer_code[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, COLORLIGHT_REPLY, 0, 5),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x11223344, 0, 3),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 10),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5566, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 2048),
    BPF_STMT(BPF_RET | BPF_K, 0),
};
static const struct sock_fprog answers = {.len = QP_ARRAY_LEN(answer_code), .filter = answer_code};

static int check(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report)
{
    const struct wall_output *output = &params->wall->outputs[params->output];
    struct colorlight *cl = of(object);
    int err;

    cl->w = output->raster_w;
    cl->h = output->raster_h;
    cl->asked = -1;
    atomic_init(&cl->again, true); /* also a wall that begins with brightness 0 */
    object->gap_ns = (int64_t)(cl->latch_gap_ms * 1e6);
    memcpy(cl->source, colorlight_sender_mac, 6);
    err = driver_mac(options, "source_mac", cl->source_mac, cl->source, report);
    if (cl->w > UINT16_MAX || cl->h > UINT16_MAX)
        err = qp_node_error(options->parent, report, "spread the cabinets over more outputs",
                            "a ColorLight port has rows and columns up to 65535, this one %u x %u",
                            cl->w, cl->h);
    return err;
}

static unsigned n_brightness(const struct colorlight *cl)
{
    return cl->brightness_packets == BRIGHTNESS_OFF ? 0 : 2;
}

/* Pixels of part i of a row, and where it begins: parts as even as they come. */
static uint32_t n_parts(const struct colorlight *cl)
{
    return (cl->w + COLORLIGHT_ROW_MAX_PIXELS - 1) / COLORLIGHT_ROW_MAX_PIXELS;
}

static uint32_t part_begin(const struct colorlight *cl, uint32_t i)
{
    return (uint32_t)((uint64_t)cl->w * i / n_parts(cl));
}

static int layout_row(const struct colorlight *cl, struct packet_plan *plan, uint32_t y)
{
    for (uint32_t i = 0; i < n_parts(cl); i++) {
        uint32_t x = part_begin(cl, i), n = part_begin(cl, i + 1) - x;
        size_t offset;
        int err = packet_plan_add(plan, (uint32_t)colorlight_row_len(n), 0, &offset);

        if (err == 0)
            err = packet_plan_add_slot(plan, (uint64_t)y * cl->w + x, n,
                                       offset + COLORLIGHT_ROW_HEADER);
        if (err < 0)
            return err;
    }
    return 0;
}

static int layout(struct driver_object *object, struct packet_plan *plan)
{
    const struct colorlight *cl = of(object);
    size_t offset;
    int err = 0;

    for (unsigned i = 0; i < n_brightness(cl) && err == 0; i++)
        err = packet_plan_add(plan, COLORLIGHT_BRIGHTNESS_LEN, 0, &offset);
    for (uint32_t y = 0; y < cl->h && err == 0; y++)
        err = layout_row(cl, plan, y);
    for (unsigned i = 0; i < 2 && err == 0; i++)
        err = packet_plan_add(plan, COLORLIGHT_LATCH_LEN, 0, &offset);
    plan->n_latch = 2;
    return err;
}

static void lay(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set)
{
    const struct colorlight *cl = of_const(object);
    const struct packet *p = plan->packets;

    for (unsigned i = 0; i < n_brightness(cl); i++)
        colorlight_brightness(set + (p++)->offset, 255);
    for (uint32_t y = 0; y < cl->h; y++)
        for (uint32_t i = 0; i < n_parts(cl); i++) {
            uint32_t x = part_begin(cl, i), n = part_begin(cl, i + 1) - x;

            colorlight_row_header(set + (p++)->offset, (uint16_t)y, (uint16_t)x, (uint16_t)n);
        }
    for (unsigned i = 0; i < plan->n_latch; i++)
        colorlight_latch(set + (p++)->offset, (enum colorlight_sender)cl->sender_class, 255);
    for (size_t i = 0; i < plan->n_packets; i++)
        memcpy(set + plan->packets[i].offset + COLORLIGHT_OFF_SOURCE, cl->source, 6);
}

static bool wants_double(const struct colorlight *cl)
{
    unsigned newest;

    if (cl->firmware != POLICY_AUTO)
        return cl->firmware == POLICY_DOUBLE;
    newest = atomic_load_explicit(&cl->newest, memory_order_relaxed);
    return newest == 0 || newest >= DOUBLE_FROM;
}

/* The first packet of the frame: brightness twice, once or not at all. */
static size_t first_packet(struct colorlight *cl, bool twice, uint8_t brightness)
{
    bool again = atomic_exchange(&cl->again, false);

    if (cl->brightness_packets == BRIGHTNESS_OFF)
        return 0;
    /* Three frames, as a card that missed the one packet would stay dark or bright. */
    if (brightness != cl->last_brightness || again)
        cl->repeat = 3;
    cl->last_brightness = brightness;
    if (cl->brightness_packets == BRIGHTNESS_CHANGE && cl->repeat == 0)
        return 2;
    if (cl->repeat > 0)
        cl->repeat--;
    return twice ? 0 : 1;
}

static struct driver_window stamp(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame)
{
    struct colorlight *cl = of(object);
    bool twice = wants_double(cl);
    size_t latch = plan->n_packets - plan->n_latch;

    for (unsigned i = 0; i < n_brightness(cl); i++)
        colorlight_set_brightness(set + plan->packets[i].offset, frame->brightness);
    for (size_t i = latch; i < plan->n_packets; i++)
        colorlight_set_latch_brightness(set + plan->packets[i].offset, frame->brightness);
    return (struct driver_window){.first = first_packet(cl, twice, frame->brightness),
                                  .end = plan->n_packets - (twice ? 0 : 1)};
}

/* Count the cards and find the newest firmware among those that were heard lately. */
static void publish(struct colorlight *cl, int64_t now_ns)
{
    unsigned n = 0, newest = 0;

    for (unsigned i = 0; i < MAX_CHAIN; i++) {
        if (!cl->cards[i].heard_ns ||
            now_ns - cl->cards[i].heard_ns > FORGET_NS + MAX_CHAIN * PROBE_NS)
            continue;
        n++;
        if (cl->cards[i].major > newest)
            newest = cl->cards[i].major;
    }
    atomic_store_explicit(&cl->n_cards, n, memory_order_relaxed);
    /* Silence is no news: a switch swallows replies. Keep what was known. */
    if (n > 0)
        atomic_store_explicit(&cl->newest, newest ? newest : 1, memory_order_relaxed);
}

static int64_t tick(struct driver_object *object, int64_t now_ns, const struct driver_post *post)
{
    struct colorlight *cl = of(object);
    uint8_t query[COLORLIGHT_QUERY_LEN];
    int last = cl->asked;

    /* On behind a card that is there; from the beginning behind the last one. */
    cl->asked = last >= 0 && last + 1 < MAX_CHAIN && cl->cards[last].heard_ns ? last + 1 : 0;
    colorlight_query(query, (uint8_t)cl->asked);
    memcpy(query + COLORLIGHT_OFF_SOURCE, cl->source, 6);
    post->post(post->arg, 0, query, sizeof(query));
    publish(cl, now_ns);
    return now_ns + PROBE_NS;
}

static void receive(struct driver_object *object, const uint8_t *buf, size_t len, uint32_t src_ip,
                    int64_t now_ns)
{
    struct colorlight *cl = of(object);
    struct colorlight_pkt pkt;
    const struct colorlight_reply *reply = &pkt.reply;

    (void)src_ip; /* raw Ethernet has none */
    if (colorlight_decode(buf, len, &pkt) < 0 || pkt.type != COLORLIGHT_REPLY ||
        reply->card >= MAX_CHAIN)
        return;
    /* The card restarted and has forgotten what it was told. */
    if (cl->cards[reply->card].heard_ns && reply->uptime_ms < cl->cards[reply->card].uptime_ms)
        atomic_store(&cl->again, true);
    cl->cards[reply->card].heard_ns = now_ns;
    cl->cards[reply->card].uptime_ms = reply->uptime_ms;
    cl->cards[reply->card].major = reply->firmware_major;
    if (reply->card == 0)
        atomic_store_explicit(&cl->first_fw,
                              FIRMWARE_KNOWN | (unsigned)reply->firmware_major << 8 |
                                  reply->firmware_minor,
                              memory_order_relaxed);
    atomic_store_explicit(&cl->heard_ns, now_ns, memory_order_relaxed);
    publish(cl, now_ns);
}

static void reset(struct driver_object *object)
{
    struct colorlight *cl = of(object);

    cl->asked = -1;
    atomic_store(&cl->again, true);
}

static void telemetry(const struct driver_object *object, int64_t now_ns,
                      struct driver_telemetry *ret)
{
    const struct colorlight *cl = of_const(object);
    unsigned fw = atomic_load_explicit(&cl->first_fw, memory_order_relaxed);

    (void)now_ns;
    ret->asks = true;
    ret->cards = atomic_load_explicit(&cl->n_cards, memory_order_relaxed);
    ret->heard_ns = atomic_load_explicit(&cl->heard_ns, memory_order_relaxed);
    if (fw & FIRMWARE_KNOWN)
        (void)snprintf(ret->firmware, sizeof(ret->firmware), "%u.%u", fw >> 8 & 0xFF, fw & 0xFF);
}

const struct driver driver_colorlight = {
    .name = "colorlight-5a",
    .medium = DRIVER_ETHERNET,
    .addressing = WALL_RASTER,
    .dims = true,
    .needs_gigabit = true,
    .answers = &answers,
    .size = sizeof(struct colorlight),
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
