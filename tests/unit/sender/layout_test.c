/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell of a port lies in exactly one slot, every slot inside the payload of one packet, and
 * the packet, decoded as a receiver would, says that very cell. */
#include "protocols/base/bytes.h"
#include "protocols/wire/artnet.h"
#include "protocols/wire/colorlight.h"
#include "protocols/wire/ddp.h"
#include "protocols/wire/linsn.h"
#include "protocols/wire/sacn.h"
#include "sender-card/setup.h"
#include "tests/unit/sender/support.h"

struct laid {
    struct wall *wall;
    struct setup setup;
    struct sacn_state state;
    uint8_t *set;
};

static void lay_out(struct laid *laid, unsigned w, unsigned h, const char *output)
{
    struct setup_params params = {.link = "pcap:x", .state = &laid->state};
    struct qp_report report = {0};
    struct qp_diag diag = {{0}};

    laid->wall = wall_one(w, h, output);
    params.wall = laid->wall;
    T_EQ(sacn_state_load(&laid->state, NULL, laid->wall->rate, &diag), 0);
    if (setup_read(&laid->setup, &params, &report) < 0) {
        (void)qp_report_diag(&report, &diag);
        fprintf(stderr, "%s\n", diag.text);
        exit(1);
    }
    qp_report_finish(&report);
    laid->set = calloc(1, laid->setup.plan.set_bytes);
    laid->setup.driver->lay(laid->setup.object, &laid->setup.plan, laid->set);
}

static void finish(struct laid *laid)
{
    free(laid->set);
    setup_finish(&laid->setup);
    wall_destroy(laid->wall);
}

static const struct packet *packet_of(const struct laid *laid, const struct sender_slot *slot)
{
    const struct packet_plan *plan = &laid->setup.plan;

    for (size_t i = 0; i < plan->n_packets; i++)
        if (slot->offset >= plan->packets[i].offset &&
            slot->offset + 3 * (size_t)slot->n <= plan->packets[i].offset + plan->packets[i].len)
            return &plan->packets[i];
    fprintf(stderr, "the slot of cell %llu lies in no packet\n", (unsigned long long)slot->cell);
    exit(1);
}

/* The cell that a receiver finds at the slot's first byte. */
static uint64_t cell_of(const struct laid *laid, const struct sender_slot *slot)
{
    const struct packet *packet = packet_of(laid, slot);
    const uint8_t *bytes = laid->set + packet->offset, *at = laid->set + slot->offset;
    const struct wall_output *output = &laid->wall->outputs[0];
    const char *name = laid->setup.driver->name;

    if (strcmp(name, "colorlight-5a") == 0) {
        struct colorlight_pkt pkt;

        T_EQ(colorlight_decode(bytes, packet->len, &pkt), 0);
        T_EQ(pkt.type, COLORLIGHT_ROW);
        T_CHECK(pkt.row.n <= COLORLIGHT_ROW_MAX_PIXELS);
        return (uint64_t)pkt.row.row * output->raster_w + pkt.row.x +
               (uint64_t)(at - pkt.row.pixels) / 3;
    }
    if (strcmp(name, "linsn-rv9") == 0) {
        struct linsn_pkt pkt;
        uint64_t pixel;
        uint32_t w;

        T_EQ(linsn_decode(bytes, packet->len, &pkt), 0);
        w = linsn_geometry_w(laid->set[laid->setup.plan.packets[0].offset + LINSN_OFF_GEOMETRY]);
        pixel = (uint64_t)pkt.id * LINSN_CHUNK_PIXELS + (uint64_t)(at - pkt.chunk) / 3;
        return (pixel / w - 1) * output->raster_w + pixel % w;
    }
    if (strcmp(name, "ddp") == 0) {
        struct ddp_pkt pkt;

        T_EQ(ddp_decode(bytes, packet->len, &pkt), 0);
        return (pkt.offset + (uint64_t)(at - pkt.data)) / 3;
    }
    if (strcmp(name, "artnet") == 0) {
        struct artnet_pkt pkt;

        T_EQ(artnet_decode(bytes, packet->len, &pkt), 0);
        T_EQ(pkt.dmx.length % 2, 0);
        return (pkt.dmx.universe - 7u) * 170ull + (uint64_t)(at - pkt.dmx.data) / 3;
    } else {
        struct sacn_pkt pkt;

        T_EQ(sacn_decode(bytes, packet->len, &pkt), 0);
        T_EQ(pkt.data.start_code, 0);
        return (pkt.data.universe - 9u) * 100ull + (uint64_t)(at - pkt.data.slots) / 3;
    }
}

static void check_layout(unsigned w, unsigned h, const char *output)
{
    struct laid laid;
    const struct packet_plan *plan;
    uint64_t next = 0, cells;
    size_t bytes_end = 0;

    lay_out(&laid, w, h, output);
    plan = &laid.setup.plan;
    cells = wall_port_cells(laid.wall, 0, laid.setup.driver->addressing);
    for (size_t i = 0; i < plan->n_slots; i++) {
        const struct sender_slot *slot = &plan->slots[i];

        T_EQ(slot->cell, next); /* ascending, no gap, no overlap: each cell once */
        T_CHECK(slot->n > 0);
        T_EQ(cell_of(&laid, slot), slot->cell);
        T_CHECK(slot->offset >= bytes_end);
        bytes_end = slot->offset + 3 * (size_t)slot->n;
        next = slot->cell + slot->n;
    }
    T_EQ(next, cells);
    T_CHECK(bytes_end <= plan->set_bytes);
    for (size_t i = 0; i < plan->n_packets; i++)
        T_CHECK(plan->packets[i].len <= 1514);
    finish(&laid);
}

#define LINK "\"link\": {\"type\": \"pcap\", \"file\": \"x\"}"
static const char colorlight[] = "\"driver\": \"colorlight-5a\", " LINK;
static const char linsn[] = "\"driver\": \"linsn-rv9\", " LINK;
static const char ddp[] = "\"driver\": \"ddp\", " LINK;
static const char ddp_small[] = "\"driver\": \"ddp\", \"options\": {\"max_data\": 597}, " LINK;
static const char artnet[] = "\"driver\": \"artnet\", \"options\": {\"start_universe\": 7}, " LINK;
static const char sacn[] = "\"driver\": \"sacn\", \"options\": {\"start_universe\": 9, "
                           "\"pixels_per_universe\": 100, \"sync_address\": 5}, " LINK;
static const char *const all[] = {colorlight, linsn, ddp, ddp_small, artnet, sacn};

TEST(every_cell_once)
{
    static const unsigned sizes[][2] = {{1, 1},   {3, 5},    {64, 64}, {480, 3}, {497, 2},
                                        {498, 4}, {994, 3},  {995, 2}, {170, 1}, {171, 1},
                                        {513, 7}, {1024, 9}, {31, 17}};

    for (size_t k = 0; k < QP_ARRAY_LEN(all); k++)
        for (size_t i = 0; i < QP_ARRAY_LEN(sizes); i++)
            check_layout(sizes[i][0], sizes[i][1], all[k]);
}

TEST(every_cell_once_at_random_sizes)
{
    unsigned seed = 7;

    for (int i = 0; i < 150; i++)
        check_layout(1 + (unsigned)rand_r(&seed) % 1500, 1 + (unsigned)rand_r(&seed) % 40,
                     all[rand_r(&seed) % (int)QP_ARRAY_LEN(all)]);
}

TEST(wide_rows_are_split_evenly)
{
    struct laid laid;

    lay_out(&laid, 1000, 1, colorlight);
    T_EQ(laid.setup.plan.n_slots, 3);
    T_EQ(laid.setup.plan.slots[0].n, 333);
    T_EQ(laid.setup.plan.slots[1].n, 333);
    T_EQ(laid.setup.plan.slots[2].n, 334);
    finish(&laid);
}

TEST(linsn_leaves_the_first_row_blank)
{
    struct laid laid;

    lay_out(&laid, 512, 256, linsn);
    T_EQ(laid.set[laid.setup.plan.packets[0].offset + LINSN_OFF_GEOMETRY], 0x0F);
    /* Pixel (0,0) is pixel 512 of the buffer: pixel 32 of chunk 1. */
    T_EQ(laid.setup.plan.slots[0].offset,
         laid.setup.plan.packets[1].offset + LINSN_HEADER + 3 * 32);
    T_EQ(laid.setup.plan.n_packets, linsn_chunks(0x0F, 256));
    finish(&laid);
}

TEST(the_latch_is_the_end_of_the_frame)
{
    struct laid laid;
    const struct packet_plan *plan = &laid.setup.plan;

    lay_out(&laid, 64, 32, colorlight);
    T_EQ(plan->n_packets, 2 + 32 + 2);
    T_EQ(plan->n_latch, 2);
    T_EQ(laid.set[plan->packets[34].offset + 12], 0x01);
    finish(&laid);
    lay_out(&laid, 64, 32, ddp);
    T_EQ(plan->n_latch, 1);
    T_EQ(laid.set[plan->packets[plan->n_packets - 1].offset] & DDP_PUSH, DDP_PUSH);
    T_EQ(laid.set[plan->packets[plan->n_packets - 2].offset] & DDP_PUSH, 0);
    finish(&laid);
    lay_out(&laid, 64, 32, artnet);
    T_EQ(qp_get_le16(laid.set + plan->packets[plan->n_packets - 1].offset + 8), ARTNET_SYNC);
    T_EQ(plan->packets[plan->n_packets - 1].ip, 0xFFFFFFFF);
    finish(&laid);
    lay_out(&laid, 64, 32, sacn);
    T_EQ(plan->packets[plan->n_packets - 1].len, SACN_SYNC_LEN);
    T_EQ(plan->packets[plan->n_packets - 1].ip, 0xEFFF0005);
    T_EQ(plan->packets[0].ip, 0xEFFF0009);
    finish(&laid);
}
