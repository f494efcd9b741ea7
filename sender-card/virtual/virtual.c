/* SPDX-License-Identifier: Apache-2.0 */
/* Which packet belongs to which port, and when the ports together have shown a frame. */
#include "sender-card/virtual/virtual.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/wire/artnet.h"
#include "protocols/wire/colorlight.h"
#include "protocols/wire/ddp.h"
#include "protocols/wire/linsn.h"
#include "protocols/wire/sacn.h"
#include "sender-card/virtual/impl.h"

#define MAX_FACTOR 8 /* how much the picture may be larger than the canvas */

static void make_srgb(uint8_t *ret)
{
    for (unsigned i = 0; i < 16384; i++) {
        double l = i / 16383.0;
        double s = l <= 0.0031308 ? 12.92 * l : 1.055 * pow(l, 1 / 2.4) - 0.055;

        ret[i] = (uint8_t)lround(s * 255);
    }
}

static int make_curves(struct virtual_wall *vw)
{
    const struct wall *wall = vw->wall;

    vw->gamma = calloc(wall->n_types ? wall->n_types : 1, sizeof(*vw->gamma));
    vw->srgb = malloc(16384);
    if (!vw->gamma || !vw->srgb)
        return -ENOMEM;
    make_srgb(vw->srgb);
    for (uint32_t t = 0; t < wall->n_types; t++) {
        double gamma = wall->types[t].gamma > 0 ? wall->types[t].gamma : 1;

        for (unsigned code = 0; code < 256; code++)
            vw->gamma[t][code] = (uint16_t)lround(65535 * pow(code / 255.0, gamma));
    }
    return 0;
}

/* Where LEDs lie denser than canvas pixels the picture is enlarged, so that each has its own. */
static void choose_size(struct virtual_wall *vw)
{
    const struct wall *wall = vw->wall;
    double finest = 1;

    for (uint32_t i = 0; i < wall->n_cabinets; i++) {
        finest = fmin(finest, wall->cabinets[i].scale_x);
        finest = fmin(finest, wall->cabinets[i].scale_y);
    }
    vw->factor = finest > 0 ? (uint32_t)fmin(ceil(1 / finest - 1e-9), MAX_FACTOR) : 1;
    if (vw->factor < 1)
        vw->factor = 1;
    while (vw->factor > 1 &&
           (uint64_t)wall->canvas_w * wall->canvas_h * vw->factor * vw->factor > (1ull << 26))
        vw->factor--;
    vw->w = wall->canvas_w * vw->factor;
    vw->h = wall->canvas_h * vw->factor;
}

int virtual_create(struct virtual_wall **ret, const struct wall *wall, struct qp_diag *diag)
{
    struct virtual_wall *vw = calloc(1, sizeof(*vw));
    int r;

    if (!vw)
        return qp_diag_set(diag, -ENOMEM, "no memory for a virtual wall");
    vw->wall = wall;
    vw->ports = calloc(wall->n_outputs ? wall->n_outputs : 1, sizeof(*vw->ports));
    r = vw->ports ? make_curves(vw) : -ENOMEM;
    if (r < 0)
        (void)qp_diag_set(diag, r, "no memory for a virtual wall");
    for (uint32_t i = 0; i < wall->n_outputs && r == 0; i++) {
        r = vport_init(&vw->ports[i], vw, i, diag);
        vw->ports[i].snapshot_offset = vw->snapshot_len;
        vw->snapshot_len += 3 * (size_t)vw->ports[i].n_cells;
    }
    if (r < 0) {
        virtual_destroy(vw);
        return r;
    }
    choose_size(vw);
    *ret = vw;
    return 0;
}

void virtual_destroy(struct virtual_wall *vw)
{
    if (!vw)
        return;
    for (uint32_t i = 0; vw->ports && i < vw->wall->n_outputs; i++)
        vport_finish(&vw->ports[i]);
    free(vw->ports);
    free(vw->gamma);
    free(vw->srgb);
    free(vw);
}

void virtual_set_on_frame(struct virtual_wall *vw, virtual_frame_fn *fn, void *user)
{
    vw->on_frame = fn;
    vw->on_frame_user = user;
}

uint32_t virtual_find_port(const struct virtual_wall *vw, const char *name, size_t len)
{
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        const char *id = vw->wall->outputs[i].id;

        if (strlen(id) == len && memcmp(id, name, len) == 0)
            return i;
    }
    return VIRTUAL_ANY_PORT;
}

uint32_t virtual_find_nic(const struct virtual_wall *vw, const char *nic)
{
    uint32_t found = VIRTUAL_ANY_PORT;

    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        if (!vw->ports[i].nic[0] || strcmp(vw->ports[i].nic, nic) != 0)
            continue;
        if (found != VIRTUAL_ANY_PORT)
            return VIRTUAL_ANY_PORT;
        found = i;
    }
    return found;
}

uint16_t virtual_udp_port(const struct virtual_wall *vw, uint32_t port)
{
    return vw->ports[port].raw ? 0 : vw->ports[port].udp_port;
}

void virtual_universes(const struct virtual_wall *vw, uint32_t port, uint32_t *ret_first,
                       uint32_t *ret_count, uint32_t *ret_sync)
{
    const struct vport *p = &vw->ports[port];
    bool sacn = p->driver == VDRIVER_SACN;

    *ret_first = p->universe;
    *ret_count = sacn ? p->n_universes : 0;
    *ret_sync = sacn ? p->sync_setting : 0;
}

uint64_t virtual_frames(const struct virtual_wall *vw)
{
    return vw->totals.frames;
}

/* --- frames of the wall -------------------------------------------------------------------- */

static void tell_frame(struct virtual_wall *vw, int64_t time_ns)
{
    bool mixed = false;

    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        struct vport *p = &vw->ports[i];

        mixed |= p->expected && !p->latched;
        p->expected = p->latched;
        p->latched = false;
    }
    vw->totals.frames++;
    vw->totals.mixed += mixed;
    if (vw->on_frame)
        vw->on_frame(vw->on_frame_user, vw->totals.frames, time_ns);
}

/* A port that latches again before the others did once closes the wall's frame without them; they
 * are not waited for until they come back. */
void virtual_before_latch(struct vport *p, int64_t time_ns)
{
    if (p->latched)
        tell_frame(p->vw, time_ns);
}

void virtual_port_latched(struct vport *p, int64_t time_ns)
{
    struct virtual_wall *vw = p->vw;

    p->latched = true;
    p->expected = true;
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        if (vw->ports[i].expected && !vw->ports[i].latched)
            return;
    }
    tell_frame(vw, time_ns);
}

void virtual_end(struct virtual_wall *vw)
{
    bool waiting = false;
    int64_t time_ns = 0;

    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        if (vw->ports[i].driver == VDRIVER_LINSN)
            vread_linsn_end(&vw->ports[i]);
    }
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        waiting |= vw->ports[i].latched;
        if (vw->ports[i].last_latch_ns > time_ns)
            time_ns = vw->ports[i].last_latch_ns;
    }
    if (waiting)
        tell_frame(vw, time_ns);
}

/* --- from packets to ports ------------------------------------------------------------------- */

void virtual_count_bad(struct virtual_wall *vw, uint32_t port, const char *reason)
{
    if (port < vw->wall->n_outputs) {
        vport_bad(&vw->ports[port], reason);
        return;
    }
    vw->totals.malformed++;
    for (size_t i = 0; i < VIRTUAL_REASONS; i++) {
        if (vw->totals.reasons[i].text && strcmp(vw->totals.reasons[i].text, reason) != 0)
            continue;
        vw->totals.reasons[i].text = reason;
        vw->totals.reasons[i].n++;
        return;
    }
}

static void note_packet(struct vport *p, int64_t time_ns, size_t len)
{
    p->stats.packets++;
    p->stats.bytes += len;
    if (time_ns)
        p->stats.last_packet_ns = time_ns;
}

/* The only port of this driver; with several of them the packet's interface must say which. */
static struct vport *only_raw_port(const struct virtual_wall *vw, enum vdriver driver)
{
    struct vport *found = NULL;

    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        if (vw->ports[i].driver != driver)
            continue;
        if (found)
            return NULL;
        found = &vw->ports[i];
    }
    return found;
}

struct vport *virtual_raw_port(const struct virtual_wall *vw, uint32_t port, enum vdriver driver)
{
    struct vport *p = port < vw->wall->n_outputs ? &vw->ports[port] : only_raw_port(vw, driver);

    return p && p->driver == driver ? p : NULL;
}

static bool is_colorlight(const uint8_t *buf, size_t len)
{
    return len > 13 && (memcmp(buf, colorlight_card_mac, 6) == 0 ||
                        memcmp(buf + 6, colorlight_card_mac, 6) == 0);
}

static bool is_linsn(const uint8_t *buf, size_t len)
{
    return len >= 14 && buf[12] == 0xAA && (buf[13] == 0x55 || buf[13] == 0x56);
}

static void feed_raw(struct virtual_wall *vw, uint32_t port, enum vdriver driver, int64_t time_ns,
                     const uint8_t *buf, size_t len)
{
    struct vport *p = virtual_raw_port(vw, port, driver);

    if (!p) {
        vw->totals.no_port++;
        return;
    }
    note_packet(p, time_ns, len);
    if (driver == VDRIVER_COLORLIGHT)
        vread_colorlight(p, time_ns, buf, len);
    else
        vread_linsn(p, time_ns, buf, len);
}

void virtual_feed_packet(struct virtual_wall *vw, uint32_t port, uint16_t linktype, int64_t time_ns,
                         const uint8_t *buf, size_t len)
{
    struct udpip_datagram datagram;
    int r;

    vw->totals.packets++;
    vw->totals.bytes += len;
    if (linktype == PCAP_ETHERNET && is_colorlight(buf, len)) {
        feed_raw(vw, port, VDRIVER_COLORLIGHT, time_ns, buf, len);
        return;
    }
    if (linktype == PCAP_ETHERNET && is_linsn(buf, len)) {
        feed_raw(vw, port, VDRIVER_LINSN, time_ns, buf, len);
        return;
    }
    r = udpip_decode(linktype, buf, len, &datagram);
    if (r == 0) {
        vw->totals.packets--; /* counted by feed_datagram */
        vw->totals.bytes -= len;
        virtual_feed_datagram(vw, port, time_ns, &datagram);
    } else if (r == -EBADMSG) {
        virtual_count_bad(vw, port, "IP packet cut or with contradicting lengths");
    } else if (r == -EOPNOTSUPP) {
        virtual_count_bad(vw, port, "IP fragment or unknown link type");
    } else {
        vw->totals.other++;
    }
}

static void feed_port(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len)
{
    note_packet(p, time_ns, len);
    if (p->driver == VDRIVER_DDP)
        vread_ddp(p, time_ns, payload, len);
    else if (p->driver == VDRIVER_ARTNET)
        vread_artnet(p, time_ns, payload, len);
    else
        vread_sacn(p, time_ns, payload, len);
}

/* The universe that a datagram carries levels of; -1: none. */
static int64_t universe_of(enum vdriver driver, const uint8_t *payload, size_t len)
{
    if (driver == VDRIVER_ARTNET && len >= ARTNET_DMX_HEADER &&
        qp_get_le16(payload + ARTNET_OFF_OPCODE) == ARTNET_DMX)
        return qp_get_le16(payload + ARTNET_OFF_UNIVERSE);
    if (driver == VDRIVER_SACN && len >= SACN_DATA_HEADER && payload[21] == 4)
        return qp_get_be16(payload + SACN_OFF_UNIVERSE);
    return -1;
}

/* Whether the pixels of a datagram are this port's; one without pixels concerns every port. */
static bool content_fits(const struct vport *p, const uint8_t *payload, size_t len)
{
    int64_t universe = universe_of(p->driver, payload, len);
    struct ddp_pkt ddp;

    if (universe >= 0)
        return universe >= p->universe && universe < p->universe + p->n_universes;
    if (p->driver != VDRIVER_DDP || ddp_decode(payload, len, &ddp) < 0)
        return true;
    return ddp.id == p->ddp_id || ddp.id == DDP_ID_ALL;
}

static bool is_latch(enum vdriver driver, const uint8_t *payload, size_t len)
{
    if (driver == VDRIVER_ARTNET)
        return len >= ARTNET_SYNC_LEN && qp_get_le16(payload + ARTNET_OFF_OPCODE) == ARTNET_SYNC;
    /* Root vector 8, framing vector 1 (E1.31-2018 6.3). */
    return driver == VDRIVER_SACN && len >= SACN_SYNC_LEN && payload[21] == 8 && payload[43] == 1;
}

/* By protocol, content, and the address where the link has one. */
static bool wants(const struct vport *p, const struct udpip_datagram *d)
{
    if (p->raw || p->udp_port != d->dst_port || !content_fits(p, d->payload, d->len))
        return false;
    if (!p->has_address || d->v6 || d->dst_ip[0] >= 224 || d->dst_ip[0] == 0)
        return true;
    return memcmp(p->address, d->dst_ip, 4) == 0 ||
           (is_latch(p->driver, d->payload, d->len) && memcmp(p->latch_to, d->dst_ip, 4) == 0);
}

/* Whether a latch that comes with the packets of a is heard by the receivers of b. */
static bool share_latch(const struct vport *a, const struct vport *b)
{
    static const uint8_t everywhere[4] = {0};

    /* Which network a limited broadcast is for, the wall file does not say. */
    if (a->driver == VDRIVER_ARTNET && memcmp(a->latch_to, everywhere, 4) == 0)
        return false;
    return a != b && a->driver == b->driver && a->udp_port == b->udp_port &&
           strcmp(a->nic, b->nic) == 0 &&
           memcmp(a->latch_to, b->latch_to, sizeof(a->latch_to)) == 0;
}

static void feed_known(struct vport *p, int64_t time_ns, const struct udpip_datagram *d)
{
    struct virtual_wall *vw = p->vw;

    feed_port(p, time_ns, d->payload, d->len);
    if (!is_latch(p->driver, d->payload, d->len))
        return;
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++)
        if (share_latch(p, &vw->ports[i]))
            feed_port(&vw->ports[i], time_ns, d->payload, d->len);
}

void virtual_feed_datagram(struct virtual_wall *vw, uint32_t port, int64_t time_ns,
                           const struct udpip_datagram *datagram)
{
    bool taken = false, ours = false;

    vw->totals.packets++;
    vw->totals.bytes += datagram->len;
    if (port < vw->wall->n_outputs) {
        struct vport *p = &vw->ports[port];

        if (p->raw || p->udp_port != datagram->dst_port)
            vw->totals.other++;
        else
            feed_known(p, time_ns, datagram);
        return;
    }
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        struct vport *p = &vw->ports[i];

        ours |= !p->raw && p->udp_port == datagram->dst_port;
        if (!wants(p, datagram))
            continue;
        feed_port(p, time_ns, datagram->payload, datagram->len);
        taken = true;
    }
    if (!taken && ours)
        vw->totals.no_port++;
    else if (!taken)
        vw->totals.other++;
}
