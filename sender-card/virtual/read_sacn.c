/* SPDX-License-Identifier: Apache-2.0 */
/* sACN: as Art-Net, but the data itself says which synchronization packet it waits for; sources
 * have a priority, and a sequence that a receiver must respect
 * (E1.31-2018 6.2.3, 6.2.4, 6.6, 6.7.2). */
#include <string.h>

#include "protocols/wire/sacn.h"
#include "sender-card/virtual/impl.h"

#define DATA_LOSS_NS 2500000000ll

static void forget_universes(struct vport *p)
{
    for (uint32_t i = 0; i < p->n_universes; i++)
        p->universes[i].seen = false;
    p->universes_missing = p->n_universes;
}

/* The highest priority wins; a source that has been silent for the data-loss time counts no more.
 */
static bool accept_source(struct vport *p, const struct sacn_pkt *pkt, int64_t time_ns)
{
    bool same = p->has_source && memcmp(p->cid, pkt->cid, sizeof(p->cid)) == 0;
    bool gone = !p->has_source || (time_ns && time_ns - p->source_ns > DATA_LOSS_NS);

    if (!same && !gone && pkt->data.priority <= p->priority) {
        vport_bad(p, "another source of no higher priority");
        return false;
    }
    if (!same || gone) {
        memcpy(p->cid, pkt->cid, sizeof(p->cid));
        for (uint32_t i = 0; i < p->n_universes; i++)
            p->universes[i].known = false;
    }
    p->has_source = true;
    p->priority = pkt->data.priority;
    p->source_ns = time_ns;
    return true;
}

static bool accept_sequence(struct vport *p, struct vuniverse *u, uint8_t sequence)
{
    uint8_t step = (uint8_t)(sequence - u->sequence);

    if (u->known && !sacn_sequence_ok(u->sequence, sequence)) {
        p->stats.reordered++;
        return false;
    }
    if (u->known && step > 1 && step < 128)
        p->stats.lost += step - 1u;
    u->known = true;
    u->sequence = sequence;
    return true;
}

/* Held data is freed without a synchronization packet only where the source allows it. */
static bool is_held(struct vport *p, const struct sacn_data *data, int64_t time_ns)
{
    bool lost = p->synced && time_ns && time_ns - p->sync_ns > DATA_LOSS_NS;

    p->sync_address = data->sync_address;
    if (data->sync_address == 0)
        return false;
    return !(lost && data->options & SACN_FORCE_SYNC);
}

static void put_universe(struct vport *p, const struct sacn_data *data, int64_t time_ns)
{
    uint32_t i = (uint32_t)(data->universe - p->universe);
    struct vuniverse *u = &p->universes[i];
    uint32_t n = data->n_slots / 3u;
    bool held = is_held(p, data, time_ns);

    if (!accept_sequence(p, u, data->sequence))
        return;
    if (u->seen && !held) {
        vport_latch(p, time_ns);
        forget_universes(p);
    }
    if (n > p->leds_per_universe)
        n = p->leds_per_universe;
    vport_write(p, (uint64_t)i * p->leds_per_universe, n, data->slots);
    if (!u->seen) {
        u->seen = true;
        p->universes_missing--;
    }
    if (p->universes_missing == 0 && !held) {
        vport_latch(p, time_ns);
        forget_universes(p);
    }
}

static void on_data(struct vport *p, const struct sacn_pkt *pkt, int64_t time_ns)
{
    const struct sacn_data *data = &pkt->data;

    if (data->universe < p->universe || data->universe >= p->universe + p->n_universes) {
        vport_bad(p, "universe that this port does not have");
        return;
    }
    if (data->options & SACN_PREVIEW || data->start_code != SACN_LEVELS)
        return; /* not for live output; E1.31 6.2.6 */
    if (!accept_source(p, pkt, time_ns))
        return;
    if (data->options & SACN_TERMINATED) {
        p->has_source = false; /* E1.31 6.2.6: the levels are to be ignored */
        return;
    }
    put_universe(p, data, time_ns);
}

void vread_sacn(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len)
{
    struct sacn_pkt pkt;

    if (sacn_decode(payload, len, &pkt) < 0) {
        vport_bad(p, "sACN packet cut or out of range");
        return;
    }
    if (pkt.kind == SACN_DATA) {
        on_data(p, &pkt, time_ns);
    } else if (pkt.kind == SACN_SYNC && p->sync_address == pkt.sync.address) {
        p->synced = true;
        p->sync_ns = time_ns;
        if (p->dirty)
            vport_latch(p, time_ns);
        forget_universes(p);
    }
}
