/* SPDX-License-Identifier: Apache-2.0 */
/* Art-Net: a universe is a run of LEDs. A node is in synchronous mode for 4 s after an ArtSync; in
 * between, and before the first one, a picture is shown when its last missing universe has come. */
#include <string.h>

#include "protocols/wire/artnet.h"
#include "sender-card/virtual/impl.h"

#define SYNC_TIMEOUT_NS (4 * 1000000000ll)

static void forget_universes(struct vport *p)
{
    for (uint32_t i = 0; i < p->n_universes; i++)
        p->universes[i].seen = false;
    p->universes_missing = p->n_universes;
}

static void check_sequence(struct vport *p, struct vuniverse *u, uint8_t sequence)
{
    if (sequence && u->sequence) {
        unsigned step = (unsigned)(sequence + 255 - u->sequence) % 255;

        if (step > 128)
            p->stats.reordered++;
        else if (step > 1)
            p->stats.lost += step - 1;
    }
    u->sequence = sequence;
}

/* A universe that comes again before the others came at all ends the picture as it is. */
static void put_universe(struct vport *p, const struct artnet_pkt *pkt, int64_t time_ns)
{
    uint32_t i = (uint32_t)(pkt->dmx.universe - p->universe);
    struct vuniverse *u = &p->universes[i];
    uint32_t n = pkt->dmx.length / 3u;

    if (u->seen && !p->synced) {
        vport_latch(p, time_ns);
        forget_universes(p);
    }
    check_sequence(p, u, pkt->dmx.sequence);
    if (n > p->leds_per_universe)
        n = p->leds_per_universe;
    vport_write(p, (uint64_t)i * p->leds_per_universe, n, pkt->dmx.data);
    if (!u->seen) {
        u->seen = true;
        p->universes_missing--;
    }
    if (p->universes_missing == 0 && !p->synced) {
        vport_latch(p, time_ns);
        forget_universes(p);
    }
}

static void on_sync(struct vport *p, int64_t time_ns)
{
    p->sync_ns = time_ns;
    p->synced = true;
    if (!p->dirty)
        return; /* shown already: the first picture before the mode was known, or a doubled sync */
    vport_latch(p, time_ns);
    forget_universes(p);
}

void vread_artnet(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len)
{
    struct artnet_pkt pkt;

    if (artnet_decode(payload, len, &pkt) < 0) {
        vport_bad(p, "Art-Net packet cut or out of range");
        return;
    }
    if (p->synced && time_ns && time_ns - p->sync_ns > SYNC_TIMEOUT_NS)
        p->synced = false;
    if (pkt.opcode == ARTNET_SYNC) {
        on_sync(p, time_ns);
    } else if (pkt.opcode == ARTNET_DMX) {
        if (pkt.dmx.universe < p->universe || pkt.dmx.universe >= p->universe + p->n_universes)
            vport_bad(p, "universe that this port does not have");
        else
            put_universe(p, &pkt, time_ns);
    }
}
