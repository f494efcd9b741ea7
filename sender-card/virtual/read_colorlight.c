/* SPDX-License-Identifier: Apache-2.0 */
/* ColorLight: rows at (row, x) of the port's picture; the latch shows them. */
#include <string.h>

#include "protocols/wire/colorlight.h"
#include "sender-card/virtual/impl.h"

static void put_row(struct vport *p, const struct colorlight_pkt *pkt)
{
    uint32_t x = pkt->row.x, n = pkt->row.n;

    if (pkt->row.row >= p->raster_h || x >= p->raster_w) {
        vport_bad(p, "row or pixel outside the port's picture");
        return;
    }
    if (n > p->raster_w - x) {
        vport_bad(p, "row reaches beyond the port's picture");
        n = p->raster_w - x;
    }
    vport_write(p, (uint64_t)pkt->row.row * p->raster_w + x, n, pkt->row.pixels);
}

/* Sources differ on how the master byte and the channels work together; a sender that dims sets
 * both to the same value. The smaller one is what is shown. */
static void set_brightness(struct vport *p, const struct colorlight_pkt *pkt)
{
    p->stats.brightness_set = 1;
    p->stats.master = pkt->latch.brightness;
    for (int c = 0; c < 3; c++)
        p->stats.brightness[c] = pkt->latch.channels[c] < pkt->latch.brightness
                                     ? pkt->latch.channels[c]
                                     : pkt->latch.brightness;
}

void vread_colorlight(struct vport *p, int64_t time_ns, const uint8_t *buf, size_t len)
{
    struct colorlight_pkt pkt;

    if (colorlight_decode(buf, len, &pkt) < 0) {
        vport_bad(p, "ColorLight frame cut or contradicting");
        return;
    }
    switch (pkt.type) {
    case COLORLIGHT_ROW:
        put_row(p, &pkt);
        break;
    case COLORLIGHT_LATCH:
        set_brightness(p, &pkt);
        vport_latch(p, time_ns);
        break;
    case COLORLIGHT_BRIGHTNESS:
        memcpy(p->stats.white, pkt.brightness.channels, 3);
        p->stats.white_packets++;
        break;
    default: /* discovery and the vendor's configuration carry no pixels */
        break;
    }
}
