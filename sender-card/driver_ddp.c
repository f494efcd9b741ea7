/* SPDX-License-Identifier: Apache-2.0 */
/* DDP: data packets of growing offset, the last one with push; bytes in protocols/wire/ddp.h. The
 * packet with push is the latch and waits for the instant. */
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ddp.h"
#include "sender-card/driver.h"

struct ddp {
    struct driver_object object;
    uint64_t cells;
    /* options */
    uint32_t max_data, id;
};

DRIVER_OBJECT(ddp)

static const struct qp_opt opts[] = {
    QP_OPT_U32(struct ddp, max_data, 3, DDP_MAX_DATA, DDP_MAX_DATA, 0,
               "data bytes of a packet, a multiple of 3; some controllers take less"),
    QP_OPT_U32(struct ddp, id, 1, 255, DDP_ID_DEFAULT, 0, "destination id of the output"),
    {0},
};

static int check(struct driver_object *object, const struct driver_params *params,
                 const struct qp_node *options, struct qp_report *report)
{
    struct qp_node max_data = qp_node_member(options, "max_data");
    struct ddp *ddp = of(object);

    ddp->cells = wall_port_cells(params->wall, params->output, WALL_LINEAR);
    if (ddp->max_data % 3 != 0)
        return qp_node_error(&max_data, report, "use a multiple of 3",
                             "%u bytes would split an LED over two packets", ddp->max_data);
    if (ddp->cells > UINT32_MAX / 3)
        return qp_node_error(options->parent, report, "spread the cabinets over more outputs",
                             "DDP addresses 4 GiB of data");
    return 0;
}

static int layout(struct driver_object *object, struct packet_plan *plan)
{
    const struct ddp *ddp = of(object);
    uint32_t per_packet = ddp->max_data / 3;

    for (uint64_t cell = 0; cell < ddp->cells; cell += per_packet) {
        uint64_t left = ddp->cells - cell;
        uint32_t n = left < per_packet ? (uint32_t)left : per_packet;
        size_t offset;
        int err = packet_plan_add(plan, DDP_HEADER + 3 * n, 0, &offset);

        if (err == 0)
            err = packet_plan_add_slot(plan, cell, n, offset + DDP_HEADER);
        if (err < 0)
            return err;
    }
    plan->n_latch = 1;
    return 0;
}

static void lay(const struct driver_object *object, const struct packet_plan *plan, uint8_t *set)
{
    const struct ddp *ddp = of_const(object);

    for (size_t i = 0; i < plan->n_packets; i++) {
        const struct packet *p = &plan->packets[i];
        struct ddp_pkt pkt = {
            .flags = i + 1 == plan->n_packets ? DDP_PUSH : 0,
            .type = DDP_TYPE_RGB8,
            .id = (uint8_t)ddp->id,
            .offset = (uint32_t)(plan->slots[i].cell * 3),
            .length = (uint16_t)(p->len - DDP_HEADER),
        };

        /* Cannot fail: the flags are known and the room is that of the plan. */
        (void)ddp_encode_header(&pkt, set + p->offset, DDP_HEADER);
    }
}

/* 1 .. 15 and again, packet by packet across the frames. */
static struct driver_window stamp(struct driver_object *object, const struct packet_plan *plan,
                                  uint8_t *set, const struct driver_frame *frame)
{
    uint8_t sequence = (uint8_t)(frame->count % 15 * (plan->n_packets % 15) % 15);

    (void)object;
    for (size_t i = 0; i < plan->n_packets; i++) {
        sequence = ddp_next_sequence(sequence);
        set[plan->packets[i].offset + DDP_OFF_SEQUENCE] = sequence;
    }
    return (struct driver_window){.first = 0, .end = plan->n_packets};
}

const struct driver driver_ddp = {
    .name = "ddp",
    .medium = DRIVER_UDP,
    .addressing = WALL_LINEAR,
    .udp_port = DDP_PORT,
    .size = sizeof(struct ddp),
    .opts = opts,
    .check = check,
    .layout = layout,
    .lay = lay,
    .stamp = stamp,
};
