/* SPDX-License-Identifier: Apache-2.0 */
/* DDP: bytes at an offset, shown by push. What is not sent stays (the buffer is not cleared), so
 * only a gap in the sequence numbers makes missing bytes a loss. */
#include "protocols/wire/ddp.h"
#include "sender-card/virtual/impl.h"

#define KIND(type) (((type) >> 3) & 7)
#define SIZE(type) ((type)&7)

static void check_sequence(struct vport *p, const struct ddp_pkt *pkt)
{
    if (pkt->sequence && p->ddp_sequence) {
        unsigned step = (unsigned)(pkt->sequence + 15 - p->ddp_sequence) % 15;

        if (step > 1) {
            p->stats.lost += step - 1;
            p->ddp_gap = true;
        }
    }
    p->ddp_sequence = pkt->sequence;
    p->ddp_offset = pkt->offset;
    p->ddp_length = pkt->length;
}

/* Sent twice for safety. Some senders number frames, not packets: then the place differs. */
static bool is_doubled(const struct vport *p, const struct ddp_pkt *pkt)
{
    return pkt->sequence && pkt->sequence == p->ddp_sequence && pkt->offset == p->ddp_offset &&
           pkt->length == p->ddp_length;
}

/* Senders disagree on the type byte: everything but what is surely not 8-bit RGB is taken. */
static bool is_rgb8(uint8_t type)
{
    return KIND(type) <= 1 && (SIZE(type) <= 3 || SIZE(type) == 5);
}

static void put_data(struct vport *p, const struct ddp_pkt *pkt)
{
    uint32_t skip = (3 - pkt->offset % 3) % 3;

    if (!is_rgb8(pkt->type)) {
        vport_bad(p, "DDP data type other than 8-bit RGB");
        return;
    }
    if (skip || pkt->length % 3)
        vport_bad(p, "DDP data that cuts an LED in two");
    if (pkt->length > skip)
        vport_write(p, ((uint64_t)pkt->offset + skip) / 3, (pkt->length - skip) / 3,
                    pkt->data + skip);
}

void vread_ddp(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len)
{
    struct ddp_pkt pkt;

    if (ddp_decode(payload, len, &pkt) < 0) {
        vport_bad(p, "DDP packet cut or of another version");
        return;
    }
    if (pkt.flags & (DDP_QUERY | DDP_REPLY | DDP_STORAGE) ||
        (pkt.id != p->ddp_id && pkt.id != DDP_ID_ALL))
        return; /* questions, answers, stored data, other outputs */
    if (is_doubled(p, &pkt)) {
        p->stats.duplicate_packets++;
        return;
    }
    check_sequence(p, &pkt);
    if (pkt.length)
        put_data(p, &pkt);
    if (pkt.flags & DDP_PUSH)
        vport_latch(p, time_ns);
}
