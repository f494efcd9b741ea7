/* SPDX-License-Identifier: Apache-2.0 */
/* What the cards and nodes of a wall say when they are looked for, so that a rehearsal shows them.
 * sACN has no such question: its receivers are silent. */
#include <math.h>
#include <string.h>

#include "protocols/wire/artnet.h"
#include "protocols/wire/colorlight.h"
#include "protocols/wire/linsn.h"
#include "sender-card/virtual/impl.h"

/* A firmware that wants latches twice, as a sender has to assume of unknown cards. */
#define CARD_FAMILY    5
#define FIRMWARE_MAJOR 13
#define FIRMWARE_MINOR 17

#define LINSN_ANSWER_ID 0xFFFE0000u /* large; its meaning is not known */
#define PORTS_A_REPLY   4
#define MAX_REPLIES     255 /* BindIndex is a byte */

static size_t answer_colorlight(const struct vport *p, uint32_t uptime_ms, const uint8_t *buf,
                                size_t len, uint8_t *ret)
{
    const struct wall *wall = p->vw->wall;
    const struct wall_output *output = &wall->outputs[p->index];
    const struct wall_type *type;
    struct colorlight_pkt pkt;

    if (colorlight_decode(buf, len, &pkt) < 0 || pkt.type != COLORLIGHT_QUERY ||
        pkt.query.card >= output->n_chain)
        return 0;
    type = &wall->types[wall->cabinets[output->chain[pkt.query.card]].type];
    colorlight_reply(ret, &(struct colorlight_reply){
                              .family = CARD_FAMILY,
                              .firmware_major = FIRMWARE_MAJOR,
                              .firmware_minor = FIRMWARE_MINOR,
                              .width = (uint16_t)(type->w < UINT16_MAX ? type->w : UINT16_MAX),
                              .height = (uint16_t)(type->h < UINT16_MAX ? type->h : UINT16_MAX),
                              .packets = (uint32_t)p->stats.packets,
                              .uptime_ms = uptime_ms,
                              .card = pkt.query.card,
                          });
    return COLORLIGHT_REPLY_LEN;
}

/* Packet 0, broadcast, is the question. */
static size_t answer_linsn(const uint8_t *buf, size_t len, uint8_t *ret)
{
    struct linsn_pkt pkt;

    if (linsn_decode(buf, len, &pkt) < 0 || pkt.from_card || pkt.command != LINSN_ANNOUNCE ||
        memcmp(pkt.dst, linsn_broadcast, sizeof(pkt.dst)) != 0)
        return 0;
    linsn_reply(ret, pkt.src, linsn_card_mac_alt, LINSN_ANSWER_ID);
    return LINSN_REPLY_LEN;
}

size_t virtual_answer_frame(const struct virtual_wall *vw, uint32_t port, uint32_t uptime_ms,
                            const uint8_t *buf, size_t len, uint8_t ret[VIRTUAL_ANSWER_MAX])
{
    const struct vport *colorlight = virtual_raw_port(vw, port, VDRIVER_COLORLIGHT);

    if (colorlight)
        return answer_colorlight(colorlight, uptime_ms, buf, len, ret);
    return virtual_raw_port(vw, port, VDRIVER_LINSN) ? answer_linsn(buf, len, ret) : 0;
}

/* --- Art-Net ------------------------------------------------------------------------------- */

bool virtual_poll_begin(struct virtual_poll *ret, uint32_t port,
                        const struct udpip_datagram *datagram, const uint8_t local_ip[4])
{
    struct artnet_pkt pkt;

    if (artnet_decode(datagram->payload, datagram->len, &pkt) < 0 || pkt.opcode != ARTNET_POLL)
        return false;
    *ret = (struct virtual_poll){
        .only = port, .top = ARTNET_MAX_UNIVERSE, .udp_port = datagram->dst_port};
    memcpy(ret->ip, local_ip, sizeof(ret->ip));
    memcpy(ret->dst_ip, datagram->dst_ip, sizeof(ret->dst_ip));
    if (pkt.poll.flags & ARTNET_POLL_TARGETED) {
        ret->bottom = pkt.poll.bottom;
        ret->top = pkt.poll.top;
    }
    return true;
}

static bool is_asked(const struct vport *p, const struct virtual_poll *poll)
{
    bool to_us = memcmp(poll->dst_ip, poll->ip, sizeof(poll->ip)) == 0;

    if (p->driver != VDRIVER_ARTNET || p->udp_port != poll->udp_port)
        return false;
    if (poll->only != VIRTUAL_ANY_PORT)
        return p->index == poll->only;
    return !p->has_address || !to_us || memcmp(p->address, poll->dst_ip, 4) == 0;
}

/* The next universes to tell of: up to four of one output in one sub-net. Returns how many. */
static unsigned next_universes(const struct virtual_wall *vw, struct virtual_poll *poll,
                               const struct vport **ret_port, uint32_t *ret_first)
{
    for (; poll->output < vw->wall->n_outputs; poll->output++, poll->universe = 0) {
        const struct vport *p = &vw->ports[poll->output];
        uint32_t end = p->universe + p->n_universes, first = p->universe + poll->universe, n;

        if (!is_asked(p, poll))
            continue;
        first = first > poll->bottom ? first : poll->bottom;
        end = end < poll->top + 1 ? end : poll->top + 1;
        if (first >= end)
            continue;
        for (n = 1; n < PORTS_A_REPLY && first + n < end && (first + n) % 16 != 0;)
            n++;
        poll->universe = first + n - p->universe;
        *ret_port = p;
        *ret_first = first;
        return n;
    }
    return 0;
}

size_t virtual_poll_next(const struct virtual_wall *vw, struct virtual_poll *poll,
                         uint8_t ret[VIRTUAL_ANSWER_MAX])
{
    struct artnet_poll_reply reply = {
        .port = ARTNET_PORT,
        .firmware = 1,
        .oem = 0x00FF, /* unknown */
        .status1 = 0xC0,
        .esta = 0x7FF0, /* prototypes */
        .short_name = "qp-wall",
        .mac = {0x02, 0x51, 0x50, 0, 0, 2},
        .status2 = 0x08, /* 15-bit port-addresses */
    };
    const struct vport *p;
    uint32_t first;
    unsigned n = poll->n < MAX_REPLIES ? next_universes(vw, poll, &p, &first) : 0;

    if (n == 0)
        return 0;
    memcpy(reply.ip, poll->ip, sizeof(reply.ip));
    memcpy(reply.bind_ip, poll->ip, sizeof(reply.bind_ip));
    reply.bind_index = (uint8_t)++poll->n;
    reply.net = (uint8_t)(first >> 8);
    reply.subnet = (uint8_t)(first >> 4 & 0x0F);
    reply.n_ports = (uint16_t)n;
    for (unsigned i = 0; i < n; i++) {
        reply.port_types[i] = 0x80;
        reply.good_output[i] = p->stats.last_packet_ns ? 0x80 : 0;
        reply.sw_out[i] = (uint8_t)((first + i) & 0x0F);
    }
    (void)snprintf(reply.long_name, sizeof(reply.long_name), "virtual wall, output %s",
                   p->stats.id);
    (void)snprintf(reply.report, sizeof(reply.report), "#0001 [%04u] rehearsing",
                   (unsigned)(p->stats.frames % 10000));
    reply.refresh_hz = (uint16_t)lround(qp_rational_f64(vw->wall->rate));
    artnet_poll_reply(ret, &reply);
    return ARTNET_POLL_REPLY_LEN;
}
