/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/udpip.h"

#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/wire/pcap.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86DD
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88A8
#define PROTO_UDP      17
#define MAX_VLAN_TAGS  2
#define MAX_EXTENSIONS 8 /* IPv6 extension headers that are walked */

/* --- headers ---------------------------------------------------------------------------- */

/* RFC 1071, unfolded; an odd last byte counts as the high one. */
static uint64_t sum16(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len > 1; p += 2, len -= 2)
        sum += qp_get_be16(p);
    return len ? sum + ((uint64_t)p[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Sum over the pseudo header; addresses, protocol and length in both versions. */
static uint64_t pseudo_sum(bool v6, const uint8_t *src, const uint8_t *dst, size_t udp_len)
{
    size_t n = v6 ? 16 : 4;

    return sum16(sum16(PROTO_UDP + (uint64_t)udp_len, src, n), dst, n);
}

static void put_ip4(uint8_t *ip, const struct udpip_flow *flow, size_t udp_len)
{
    memset(ip, 0, 20);
    ip[0] = 0x45;
    qp_put_be16(ip + 2, (uint16_t)(20 + udp_len));
    qp_put_be16(ip + 4, flow->ip_id);
    ip[6] = 0x40; /* do not fragment */
    ip[8] = flow->ttl;
    ip[9] = PROTO_UDP;
    memcpy(ip + 12, flow->src_ip, 4);
    memcpy(ip + 16, flow->dst_ip, 4);
    qp_put_be16(ip + 10, fold(sum16(0, ip, 20)));
}

static void put_ip6(uint8_t *ip, const struct udpip_flow *flow, size_t udp_len)
{
    memset(ip, 0, 8);
    ip[0] = 0x60;
    qp_put_be16(ip + 4, (uint16_t)udp_len);
    ip[6] = PROTO_UDP;
    ip[7] = flow->ttl;
    memcpy(ip + 8, flow->src_ip, 16);
    memcpy(ip + 24, flow->dst_ip, 16);
}

int udpip_header(uint8_t *buf, const struct udpip_flow *flow, const uint8_t *payload, size_t len)
{
    size_t udp_len = 8 + len;
    uint8_t *ip = buf + 14, *udp = ip + (flow->v6 ? 40 : 20);
    uint16_t checksum;

    if (len > UDPIP_MAX_PAYLOAD)
        return -EINVAL;
    memcpy(buf, flow->dst_mac, 6);
    memcpy(buf + 6, flow->src_mac, 6);
    qp_put_be16(buf + 12, flow->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    if (flow->v6)
        put_ip6(ip, flow, udp_len);
    else
        put_ip4(ip, flow, udp_len);
    qp_put_be16(udp, flow->src_port);
    qp_put_be16(udp + 2, flow->dst_port);
    qp_put_be16(udp + 4, (uint16_t)udp_len);
    qp_put_be16(udp + 6, 0);
    checksum = fold(sum16(sum16(pseudo_sum(flow->v6, flow->src_ip, flow->dst_ip, udp_len), udp, 8),
                          payload, len));
    /* 0 would say "no checksum": RFC 768 sends the other zero. */
    qp_put_be16(udp + 6, checksum ? checksum : 0xFFFF);
    return flow->v6 ? UDPIP_HEADER_V6 : UDPIP_HEADER_V4;
}

void udpip_mac_for(bool v6, const uint8_t *ip, uint8_t ret[6])
{
    static const uint8_t all_ones[4] = {0xFF, 0xFF, 0xFF, 0xFF};

    if (v6 && ip[0] == 0xFF) { /* RFC 2464 7 */
        ret[0] = ret[1] = 0x33;
        memcpy(ret + 2, ip + 12, 4);
    } else if (!v6 && (ip[0] & 0xF0) == 0xE0) { /* RFC 1112 6.4 */
        memcpy(ret, (const uint8_t[]){0x01, 0x00, 0x5E}, 3);
        ret[3] = ip[1] & 0x7F;
        memcpy(ret + 4, ip + 2, 2);
    } else if (!v6 && memcmp(ip, all_ones, 4) == 0) {
        memset(ret, 0xFF, 6);
    } else {
        ret[0] = 0x02;
        ret[1] = 0x00;
        memcpy(ret + 2, ip + (v6 ? 12 : 0), 4);
    }
}

/* --- and back ---------------------------------------------------------------------------- */

static int decode_udp(struct qp_rd *r, struct udpip_datagram *d)
{
    uint16_t len;

    d->src_port = qp_rd_be16(r);
    d->dst_port = qp_rd_be16(r);
    len = qp_rd_be16(r);
    d->checksum = qp_rd_be16(r);
    if (r->bad || len < 8)
        return -EBADMSG;
    d->len = len - 8u;
    d->payload = qp_rd_take(r, d->len);
    return r->bad ? -EBADMSG : 0;
}

/* The reader stands at the IP header; cut it to what the header claims. */
static int cut_to(struct qp_rd *r, const uint8_t *start, size_t total)
{
    if (total < (size_t)(r->p - start) || total > (size_t)(r->end - start))
        return -EBADMSG;
    r->end = start + total;
    return 0;
}

static int decode_ip4(struct qp_rd *r, struct udpip_datagram *d)
{
    const uint8_t *ip = qp_rd_take(r, 20);
    size_t header;

    if (!ip || ip[0] >> 4 != 4)
        return -EBADMSG;
    header = (size_t)(ip[0] & 0x0F) * 4;
    if (header < 20)
        return -EBADMSG;
    qp_rd_skip(r, header - 20);
    if (r->bad || cut_to(r, ip, qp_get_be16(ip + 2)) != 0)
        return -EBADMSG;
    if (ip[9] != PROTO_UDP)
        return -ENOMSG;
    if (qp_get_be16(ip + 6) & 0x3FFF) /* more fragments, or an offset */
        return -EOPNOTSUPP;
    memcpy(d->src_ip, ip + 12, 4);
    memcpy(d->dst_ip, ip + 16, 4);
    return decode_udp(r, d);
}

/* Walk the extension headers (RFC 8200 4); returns the upper protocol or a negative errno. */
static int skip_extensions(struct qp_rd *r, uint8_t next)
{
    for (int i = 0; i < MAX_EXTENSIONS; i++) {
        const uint8_t *e;

        if (next == 44) /* fragment */
            return -EOPNOTSUPP;
        if (next != 0 && next != 43 && next != 60) /* hop by hop, routing, destination options */
            return next;
        e = qp_rd_take(r, 8);
        if (!e)
            return -EBADMSG;
        next = e[0];
        qp_rd_skip(r, (size_t)e[1] * 8);
        if (r->bad)
            return -EBADMSG;
    }
    return -EBADMSG;
}

static int decode_ip6(struct qp_rd *r, struct udpip_datagram *d)
{
    const uint8_t *ip = qp_rd_take(r, 40);
    int next;

    if (!ip || ip[0] >> 4 != 6 || cut_to(r, ip, 40 + (size_t)qp_get_be16(ip + 4)) != 0)
        return -EBADMSG;
    next = skip_extensions(r, ip[6]);
    if (next < 0)
        return next;
    if (next != PROTO_UDP)
        return -ENOMSG;
    d->v6 = true;
    memcpy(d->src_ip, ip + 8, 16);
    memcpy(d->dst_ip, ip + 24, 16);
    return decode_udp(r, d);
}

static int decode_ethertype(struct qp_rd *r, uint16_t type, struct udpip_datagram *d)
{
    for (int tags = 0; type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ; tags++) {
        if (tags == MAX_VLAN_TAGS)
            return -ENOMSG;
        qp_rd_skip(r, 2);
        type = qp_rd_be16(r);
        if (r->bad)
            return -EBADMSG;
    }
    if (type == ETHERTYPE_IPV4)
        return decode_ip4(r, d);
    return type == ETHERTYPE_IPV6 ? decode_ip6(r, d) : -ENOMSG;
}

static int decode_raw(struct qp_rd *r, struct udpip_datagram *d)
{
    if (qp_rd_left(r) == 0)
        return -EBADMSG;
    switch (r->p[0] >> 4) {
    case 4:
        return decode_ip4(r, d);
    case 6:
        return decode_ip6(r, d);
    default:
        return -ENOMSG;
    }
}

static int decode_link(uint16_t linktype, struct qp_rd *r, struct udpip_datagram *d)
{
    uint16_t type;

    switch (linktype) {
    case PCAP_ETHERNET:
        qp_rd_skip(r, 12);
        type = qp_rd_be16(r);
        break;
    case PCAP_LINUX_SLL: /* type 2, hardware 2, address length 2, address 8, protocol 2 */
        qp_rd_skip(r, 14);
        type = qp_rd_be16(r);
        break;
    case PCAP_LINUX_SLL2: /* protocol 2, reserved 2, interface 4, hardware 2, type 1, length 1, 8 */
        type = qp_rd_be16(r);
        qp_rd_skip(r, 18);
        break;
    case PCAP_RAW:
    case PCAP_IPV4:
    case PCAP_IPV6:
        return decode_raw(r, d);
    default:
        return -EOPNOTSUPP;
    }
    return r->bad ? -EBADMSG : decode_ethertype(r, type, d);
}

int udpip_decode(uint16_t linktype, const uint8_t *buf, size_t len, struct udpip_datagram *ret)
{
    struct qp_rd r = qp_rd(buf, len);
    struct udpip_datagram d = {0};
    int err = decode_link(linktype, &r, &d);

    if (err == 0)
        *ret = d;
    return err;
}

bool udpip_checksum_ok(const struct udpip_datagram *d)
{
    size_t udp_len = 8 + d->len;
    uint64_t sum = pseudo_sum(d->v6, d->src_ip, d->dst_ip, udp_len);

    if (d->checksum == 0)
        return !d->v6;
    sum += (uint64_t)d->src_port + d->dst_port + udp_len + d->checksum;
    return fold(sum16(sum, d->payload, d->len)) == 0;
}
