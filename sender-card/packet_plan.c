/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/packet_plan.h"

#include <stdlib.h>

#include "protocols/wire/udpip.h"

#define PACKET_ALIGN 64 /* cache lines are not shared between packets */

/* Make room for one more element. */
static int grow(void **items, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 64, bytes;
    void *grown;

    if (n < *cap)
        return 0;
    if (qp_mul_size(more, size, &bytes) < 0)
        return -ENOMEM;
    grown = realloc(*items, bytes);
    if (!grown)
        return -ENOMEM;
    *items = grown;
    *cap = more;
    return 0;
}

int packet_plan_add(struct packet_plan *plan, uint32_t len, uint32_t ip, size_t *ret_offset)
{
    void *items = plan->packets;
    int err = grow(&items, plan->n_packets, &plan->cap_packets, sizeof(*plan->packets));

    if (err < 0)
        return err;
    plan->packets = items;
    plan->packets[plan->n_packets++] =
        (struct packet){.offset = plan->set_bytes, .len = len, .ip = ip};
    *ret_offset = plan->set_bytes;
    plan->set_bytes += (len + PACKET_ALIGN - 1u) / PACKET_ALIGN * PACKET_ALIGN;
    return 0;
}

int packet_plan_add_slot(struct packet_plan *plan, uint64_t cell, uint32_t n, size_t offset)
{
    void *items = plan->slots;
    int err = grow(&items, plan->n_slots, &plan->cap_slots, sizeof(*plan->slots));

    if (err < 0)
        return err;
    plan->slots = items;
    plan->slots[plan->n_slots++] = (struct sender_slot){.cell = cell, .n = n, .offset = offset};
    return 0;
}

void packet_plan_finish(struct packet_plan *plan)
{
    free(plan->packets);
    free(plan->slots);
    *plan = (struct packet_plan){0};
}

uint32_t packet_wire_bytes(enum driver_medium medium, uint32_t len)
{
    uint32_t frame = medium == DRIVER_UDP ? len + UDPIP_HEADER_V4 : len;

    return (frame < 60 ? 60 : frame) + 24;
}
