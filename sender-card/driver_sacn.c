/* SPDX-License-Identifier: Apache-2.0 */
/* sACN, ANSI E1.31-2018: one data packet a universe, then a synchronization packet; bytes in
 * protocols/wire/sacn.h.
 *
 * With a synchronization address that packet is the latch; without, the last universe waits for the
 * instant. CID and sequence outlive the program (sacn_state.h). Multicast unless the link names a
 * destination. */
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/wire/sacn.h"
#include "sender-card/driver.h"

#define DISCOVERY_NS 10000000000LL /* E131_UNIVERSE_DISCOVERY_INTERVAL */
#define PAGE_NS      50000000LL    /* from one page of a long list to the next */
#define FAREWELLS    3             /* E1.31-2018 6.2.6 */

struct sacn {
    struct driver_object object;
    struct universes universes;
    bool multicast;
    const struct sacn_state *state; /* borrowed; NULL while checking */
    struct sacn_source source;
    uint8_t page; /* background thread: of the list of universes, the next */
    /* options */
    uint32_t start_universe, pixels_per_universe, priority, sync_address;
    bool preview, force_sync, discovery;
    char *source_name;
};

DRIVER_OBJECT(sacn)

static const struct qp_opt opts[] = {
    QP_OPT_U32(struct sacn, start_universe, 1, SACN_MAX_UNIVERSE, 1, 0,
               "universe of the first LED"),
    QP_OPT_U32(struct sacn, pixels_per_universe, 1, 170, 170, 0, "LEDs in a universe"),
    QP_OPT_U32(struct sacn, priority, 0, SACN_MAX_PRIORITY, SACN_DEFAULT_PRIORITY, 0,
               "the highest wins"),
    QP_OPT_U32(struct sacn, sync_address, 0, SACN_MAX_UNIVERSE, 0, 0,
               "universe of the synchronization packets; 0: none, receivers show what arrives"),
    QP_OPT_BOOL(struct sacn, force_sync, false, 0,
                "receivers may go on unsynchronized when synchronization packets stop"),
    QP_OPT_BOOL(struct sacn, preview, false, 0, "mark the data as not for live output"),
    QP_OPT_BOOL(struct sacn, discovery, true, 0, "list the universes every 10 s"),
    QP_OPT_STR(struct sacn, source_name, SACN_NAME_LEN - 1, "Qianping", 0,
               "name shown on receivers"),
    {0},
};

static int check(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report)
{
    struct sacn *sacn = of(object);

    sacn->multicast = params->to_ip == 0;
    sacn->state = params->state;
    (void)snprintf(sacn->source.name, sizeof(sacn->source.name), "%s", sacn->source_name);
    if (params->state) {
        memcpy(sacn->source.cid, params->state->cid, sizeof(sacn->source.cid));
        /* An output is a component of its own, as discovery lists the universes of a CID. */
        sacn->source.cid[14] ^= (uint8_t)(params->output >> 8);
        sacn->source.cid[15] ^= (uint8_t)params->output;
    }
    sacn->universes.first = sacn->start_universe;
    sacn->universes.leds = sacn->pixels_per_universe;
    return driver_universes(&sacn->universes, params, SACN_MAX_UNIVERSE, options, report);
}

/* Where packets of a universe go: its group, or 0 for the link's own destination. */
static uint32_t ip_of(const struct sacn *sacn, uint32_t universe)
{
    uint8_t group[4];

    if (!sacn->multicast)
        return 0;
    sacn_multicast_ip4((uint16_t)universe, group);
    return qp_get_be32(group);
}

static int layout(struct driver_object *object, struct packet_plan *plan)
{
    const struct sacn *sacn = of(object);
    size_t offset;
    int err = 0;

    for (uint32_t i = 0; i < sacn->universes.n && err == 0; i++) {
        uint32_t n = driver_universe_leds(&sacn->universes, i);

        err = packet_plan_add(plan, SACN_DATA_HEADER + 3 * n, ip_of(sacn, sacn->start_universe + i),
                              &offset);
        if (err == 0)
            err = packet_plan_add_slot(plan, (uint64_t)i * sacn->pixels_per_universe, n,
                                       offset + SACN_OFF_SLOTS);
    }
    if (sacn->sync_address && err == 0)
        err = packet_plan_add(plan, SACN_SYNC_LEN, ip_of(sacn, sacn->sync_address), &offset);
    plan->n_latch = 1;
    plan->latch_key = sacn->sync_address;
    return err;
}

static void lay(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set)
{
    const struct sacn *sacn = of_const(object);

    for (uint32_t i = 0; i < sacn->universes.n; i++) {
        struct sacn_data data = {
            .priority = (uint8_t)sacn->priority,
            .sync_address = (uint16_t)sacn->sync_address,
            .options = (uint8_t)((sacn->preview ? SACN_PREVIEW : 0) |
                                 (sacn->force_sync ? SACN_FORCE_SYNC : 0)),
            .universe = (uint16_t)(sacn->start_universe + i),
            .n_slots = (uint16_t)(3 * driver_universe_leds(&sacn->universes, i)),
        };

        /* Cannot fail: every value was checked. */
        (void)sacn_data_header(set + plan->packets[i].offset, &sacn->source, &data);
    }
    if (sacn->sync_address)
        sacn_sync(set + plan->packets[sacn->universes.n].offset, sacn->source.cid,
                  (uint16_t)sacn->sync_address, 0);
}

static struct driver_window stamp(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame)
{
    const struct sacn *sacn = of(object);
    uint8_t sequence = sacn_state_sequence(sacn->state, frame->count);

    for (uint32_t i = 0; i < sacn->universes.n; i++)
        set[plan->packets[i].offset + SACN_OFF_SEQUENCE] = sequence;
    if (sacn->sync_address)
        set[plan->packets[sacn->universes.n].offset + SACN_OFF_SYNC_SEQUENCE] = sequence;
    return (struct driver_window){.first = 0, .end = plan->n_packets};
}

static void post_page(const struct sacn *sacn, uint8_t page, uint8_t last,
                      const struct driver_post *post)
{
    uint8_t buf[SACN_DISCOVERY_HEADER + 2 * SACN_DISCOVERY_MAX];
    uint16_t universes[SACN_DISCOVERY_MAX];
    uint32_t first = page * (uint32_t)SACN_DISCOVERY_MAX, n = sacn->universes.n - first;
    int len;

    if (n > SACN_DISCOVERY_MAX)
        n = SACN_DISCOVERY_MAX;
    for (uint32_t i = 0; i < n; i++)
        universes[i] = (uint16_t)(sacn->start_universe + first + i);
    len = sacn_discovery(buf, sizeof(buf), &sacn->source, page, last, universes, n);
    if (len > 0)
        post->post(post->arg, ip_of(sacn, SACN_DISCOVERY_UNIVERSE), buf, (size_t)len);
}

static int64_t tick(struct driver_object *object, int64_t now_ns, const struct driver_post *post)
{
    struct sacn *sacn = of(object);
    uint8_t last = (uint8_t)((sacn->universes.n - 1) / SACN_DISCOVERY_MAX);

    if (!sacn->discovery)
        return INT64_MAX;
    post_page(sacn, sacn->page, last, post);
    if (sacn->page++ < last)
        return now_ns + PAGE_NS; /* all at once find no room */
    sacn->page = 0;
    return now_ns + DISCOVERY_NS - last * PAGE_NS;
}

static bool terminate(const struct driver_object *object, const struct packet_plan *plan,
                      uint8_t *set, const struct driver_frame *last, unsigned round)
{
    const struct sacn *sacn = of_const(object);

    for (uint32_t i = 0; i < sacn->universes.n && round < FAREWELLS; i++) {
        uint8_t *packet = set + plan->packets[i].offset;

        packet[SACN_OFF_OPTIONS] |= SACN_TERMINATED;
        packet[SACN_OFF_SEQUENCE] = sacn_state_sequence(sacn->state, last->count + round);
    }
    return round < FAREWELLS;
}

const struct driver driver_sacn = {
    .name = "sacn",
    .medium = DRIVER_UDP,
    .addressing = WALL_LINEAR,
    .udp_port = SACN_PORT,
    .multicast = true,
    .size = sizeof(struct sacn),
    .opts = opts,
    .check = check,
    .layout = layout,
    .lay = lay,
    .stamp = stamp,
    .tick = tick,
    .terminate = terminate,
};
