/* SPDX-License-Identifier: Apache-2.0 */
/* Linsn: a picture is a buffer cut into chunks. The next packet 0 shows it; the buffer's first row
 * is blank, and its width comes from the geometry code. */
#include <string.h>

#include "protocols/wire/linsn.h"
#include "sender-card/virtual/impl.h"

static void begin(struct vport *p, int64_t time_ns, const struct linsn_pkt *pkt)
{
    if (p->linsn_open && p->dirty)
        vport_latch(p, time_ns);
    p->linsn_open = true;
    p->geometry = pkt->geometry;
    p->stats.brightness_set = 1;
    memcpy(p->stats.brightness, pkt->level, 3); /* 4 equal bytes wherever they were seen */
    if (linsn_geometry_w(pkt->geometry) < p->raster_w)
        vport_bad(p, "geometry code narrower than the port's picture");
}

/* The pixels of a chunk that lie on rows of LEDs; one vport_write for each of these rows. */
static void put_chunk(struct vport *p, const struct linsn_pkt *pkt)
{
    uint32_t w = linsn_geometry_w(p->geometry);
    uint64_t first = (uint64_t)pkt->id * LINSN_CHUNK_PIXELS;

    for (uint32_t i = 0; i < LINSN_CHUNK_PIXELS;) {
        uint64_t row = (first + i) / w;
        uint32_t x = (uint32_t)((first + i) % w);
        uint32_t n = w - x < LINSN_CHUNK_PIXELS - i ? w - x : LINSN_CHUNK_PIXELS - i;

        if (row > p->raster_h)
            return; /* the card crops; a full-size buffer may be sent */
        if (row > 0 && x < p->raster_w)
            vport_write(p, (row - 1) * p->raster_w + x, n < p->raster_w - x ? n : p->raster_w - x,
                        pkt->chunk + 3 * (size_t)i);
        i += n;
    }
}

void vread_linsn(struct vport *p, int64_t time_ns, const uint8_t *buf, size_t len)
{
    struct linsn_pkt pkt;

    if (linsn_decode(buf, len, &pkt) < 0) {
        vport_bad(p, "Linsn frame cut, or with a wrong checksum or address");
        return;
    }
    if (pkt.from_card || pkt.command == LINSN_CONFIG)
        return;
    if (pkt.id == 0 && pkt.command != LINSN_ANNOUNCE) {
        vport_bad(p, "packet 0 without the start of a frame");
        return;
    }
    if (pkt.id == 0)
        begin(p, time_ns, &pkt);
    if (!p->linsn_open) {
        vport_bad(p, "chunk before the first packet 0");
        return;
    }
    put_chunk(p, &pkt);
}

/* At the end of a capture no packet 0 follows: a whole picture is shown, a cut one is not. */
void vread_linsn_end(struct vport *p)
{
    if (p->linsn_open && p->dirty && vport_complete(p))
        vport_latch(p, p->stats.last_packet_ns);
}
