/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wire/sacn.h"

#include <string.h>

#include "protocols/base/bytes.h"

#define VECTOR_ROOT_DATA          4
#define VECTOR_ROOT_EXTENDED      8
#define VECTOR_FRAMING_DATA       2
#define VECTOR_EXTENDED_SYNC      1
#define VECTOR_EXTENDED_DISCOVERY 2
#define VECTOR_UNIVERSE_LIST      1
#define VECTOR_DMP_SET_PROPERTY   2
#define DMP_TYPE                  0xA1
#define LENGTH_FLAGS              0x7000u
#define LENGTH_MASK               0x0FFFu
#define OFF_ROOT_LENGTH           16
#define OFF_FRAMING_LENGTH        38
#define OFF_DMP_LENGTH            115
#define OFF_LIST_LENGTH           112

static const uint8_t preamble[16] = {0x00, 0x10, 0x00, 0x00, 'A', 'S', 'C', '-',
                                     'E',  '1',  '.',  '1',  '7', 0,   0,   0};

/* Flags and length of a layer: the bytes from here to the packet's end. */
static void put_length(struct qp_wr *w, size_t total)
{
    qp_wr_be16(w, (uint16_t)(LENGTH_FLAGS | (total - qp_wr_len(w))));
}

static void put_root(struct qp_wr *w, size_t total, uint32_t vector, const uint8_t cid[16])
{
    qp_wr_bytes(w, preamble, sizeof(preamble));
    put_length(w, total);
    qp_wr_be32(w, vector);
    qp_wr_bytes(w, cid, 16);
}

static void put_name(struct qp_wr *w, const char *name)
{
    size_t n = strnlen(name, SACN_NAME_LEN - 1);

    qp_wr_bytes(w, name, n);
    qp_wr_fill(w, 0, SACN_NAME_LEN - n);
}

int sacn_data_header(uint8_t *buf, const struct sacn_source *source, const struct sacn_data *data)
{
    struct qp_wr w = qp_wr(buf, SACN_DATA_HEADER);
    size_t total = SACN_DATA_HEADER + (size_t)data->n_slots;

    if (data->priority > SACN_MAX_PRIORITY || data->n_slots > SACN_MAX_SLOTS ||
        data->universe == 0 || data->universe > SACN_MAX_UNIVERSE ||
        data->sync_address > SACN_MAX_UNIVERSE)
        return -EINVAL;
    put_root(&w, total, VECTOR_ROOT_DATA, source->cid);
    put_length(&w, total);
    qp_wr_be32(&w, VECTOR_FRAMING_DATA);
    put_name(&w, source->name);
    qp_wr_u8(&w, data->priority);
    qp_wr_be16(&w, data->sync_address);
    qp_wr_u8(&w, data->sequence);
    qp_wr_u8(&w, data->options);
    qp_wr_be16(&w, data->universe);
    put_length(&w, total);
    qp_wr_u8(&w, VECTOR_DMP_SET_PROPERTY);
    qp_wr_u8(&w, DMP_TYPE);
    qp_wr_be16(&w, 0);
    qp_wr_be16(&w, 1);
    qp_wr_be16(&w, (uint16_t)(1 + data->n_slots));
    qp_wr_u8(&w, data->start_code);
    return SACN_DATA_HEADER;
}

void sacn_sync(uint8_t *buf, const uint8_t cid[16], uint16_t address, uint8_t sequence)
{
    struct qp_wr w = qp_wr(buf, SACN_SYNC_LEN);

    put_root(&w, SACN_SYNC_LEN, VECTOR_ROOT_EXTENDED, cid);
    put_length(&w, SACN_SYNC_LEN);
    qp_wr_be32(&w, VECTOR_EXTENDED_SYNC);
    qp_wr_u8(&w, sequence);
    qp_wr_be16(&w, address);
    qp_wr_be16(&w, 0);
}

int sacn_discovery(uint8_t *buf, size_t cap, const struct sacn_source *source, uint8_t page,
                   uint8_t last_page, const uint16_t *universes, size_t n)
{
    struct qp_wr w = qp_wr(buf, cap);
    size_t total = SACN_DISCOVERY_HEADER + 2 * n;

    if (n > SACN_DISCOVERY_MAX || page > last_page)
        return -EINVAL;
    for (size_t i = 1; i < n; i++)
        if (universes[i] <= universes[i - 1])
            return -EINVAL;
    put_root(&w, total, VECTOR_ROOT_EXTENDED, source->cid);
    put_length(&w, total);
    qp_wr_be32(&w, VECTOR_EXTENDED_DISCOVERY);
    put_name(&w, source->name);
    qp_wr_be32(&w, 0);
    put_length(&w, total);
    qp_wr_be32(&w, VECTOR_UNIVERSE_LIST);
    qp_wr_u8(&w, page);
    qp_wr_u8(&w, last_page);
    for (size_t i = 0; i < n; i++)
        qp_wr_be16(&w, universes[i]);
    return w.bad ? -ENOBUFS : (int)total;
}

void sacn_multicast_ip4(uint16_t universe, uint8_t ret[4])
{
    ret[0] = 239;
    ret[1] = 255;
    qp_put_be16(ret + 2, universe);
}

void sacn_multicast_ip6(uint16_t universe, uint8_t ret[16])
{
    memset(ret, 0, 16);
    ret[0] = 0xFF;
    ret[1] = 0x18;
    ret[11] = 0x83;
    qp_put_be16(ret + 14, universe);
}

bool sacn_sequence_ok(uint8_t last, uint8_t sequence)
{
    int step = (int8_t)(uint8_t)(sequence - last);

    return step > 0 || step <= -20;
}

/* The layer whose length field comes next: its end must be the packet's, or the layer lies. */
static bool layer_ends(struct qp_rd *r, const uint8_t *end)
{
    const uint8_t *start = r->p;
    uint16_t v = qp_rd_be16(r);

    return !r->bad && (v & ~LENGTH_MASK) == LENGTH_FLAGS &&
           (size_t)(v & LENGTH_MASK) == (size_t)(end - start);
}

static void get_name(struct qp_rd *r, char name[SACN_NAME_LEN])
{
    size_t n;

    qp_rd_copy(r, name, SACN_NAME_LEN);
    name[SACN_NAME_LEN - 1] = '\0';
    n = strlen(name);
    memset(name + n, 0, SACN_NAME_LEN - n);
}

static bool dmp_header(struct qp_rd *r)
{
    return layer_ends(r, r->end) && qp_rd_u8(r) == VECTOR_DMP_SET_PROPERTY &&
           qp_rd_u8(r) == DMP_TYPE && qp_rd_be16(r) == 0 && qp_rd_be16(r) == 1;
}

static int decode_data(struct qp_rd *r, struct sacn_pkt *pkt)
{
    struct sacn_data *d = &pkt->data;
    uint16_t count;

    pkt->kind = SACN_DATA;
    if (qp_rd_be32(r) != VECTOR_FRAMING_DATA)
        return r->bad ? -EBADMSG : -ENOMSG;
    get_name(r, pkt->name);
    d->priority = qp_rd_u8(r);
    d->sync_address = qp_rd_be16(r);
    d->sequence = qp_rd_u8(r);
    d->options = qp_rd_u8(r);
    d->universe = qp_rd_be16(r);
    if (r->bad || !dmp_header(r))
        return -EBADMSG;
    count = qp_rd_be16(r);
    d->start_code = qp_rd_u8(r);
    if (r->bad || count == 0 || count > SACN_MAX_SLOTS + 1 || qp_rd_left(r) != count - 1u)
        return -EBADMSG;
    d->n_slots = (uint16_t)(count - 1);
    d->slots = qp_rd_take(r, d->n_slots);
    if (d->priority > SACN_MAX_PRIORITY || d->sync_address > SACN_MAX_UNIVERSE ||
        d->universe == 0 || d->universe > SACN_MAX_UNIVERSE)
        return -EBADMSG;
    return 0;
}

static int decode_sync(struct qp_rd *r, struct sacn_pkt *pkt)
{
    pkt->kind = SACN_SYNC;
    pkt->sync.sequence = qp_rd_u8(r);
    pkt->sync.address = qp_rd_be16(r);
    qp_rd_skip(r, 2);
    if (r->bad || qp_rd_left(r) != 0 || pkt->sync.address == 0 ||
        pkt->sync.address > SACN_MAX_UNIVERSE)
        return -EBADMSG;
    return 0;
}

static int decode_discovery(struct qp_rd *r, struct sacn_pkt *pkt)
{
    size_t left;

    pkt->kind = SACN_DISCOVERY;
    get_name(r, pkt->name);
    qp_rd_skip(r, 4);
    if (r->bad || !layer_ends(r, r->end))
        return -EBADMSG;
    if (qp_rd_be32(r) != VECTOR_UNIVERSE_LIST)
        return r->bad ? -EBADMSG : -ENOMSG;
    pkt->discovery.page = qp_rd_u8(r);
    pkt->discovery.last_page = qp_rd_u8(r);
    left = qp_rd_left(r);
    if (r->bad || left % 2 || left / 2 > SACN_DISCOVERY_MAX ||
        pkt->discovery.page > pkt->discovery.last_page)
        return -EBADMSG;
    pkt->discovery.n = (uint16_t)(left / 2);
    pkt->discovery.universes = qp_rd_take(r, left);
    for (size_t i = 1; i < pkt->discovery.n; i++) {
        const uint8_t *u = pkt->discovery.universes + 2 * i;

        if (qp_get_be16(u) <= qp_get_be16(u - 2))
            return -EBADMSG;
    }
    return 0;
}

static int decode_extended(struct qp_rd *r, struct sacn_pkt *pkt)
{
    switch (qp_rd_be32(r)) {
    case VECTOR_EXTENDED_SYNC:
        return decode_sync(r, pkt);
    case VECTOR_EXTENDED_DISCOVERY:
        return decode_discovery(r, pkt);
    default:
        return r->bad ? -EBADMSG : -ENOMSG;
    }
}

/* Cut the reader to what the root layer claims: bytes behind it are not ours. */
static int root_length(struct qp_rd *r)
{
    const uint8_t *start = r->p;
    uint16_t v = qp_rd_be16(r);
    size_t length = v & LENGTH_MASK;

    if (r->bad || (v & ~LENGTH_MASK) != LENGTH_FLAGS || length < 2 ||
        length > (size_t)(r->end - start))
        return -EBADMSG;
    r->end = start + length;
    return 0;
}

int sacn_decode(const uint8_t *buf, size_t len, struct sacn_pkt *ret)
{
    struct qp_rd r = qp_rd(buf, len);
    const uint8_t *m = qp_rd_take(&r, sizeof(preamble));
    struct sacn_pkt pkt;
    uint32_t vector;
    int err;

    if (!m || memcmp(m, preamble, sizeof(preamble)) != 0)
        return -ENOMSG;
    memset(&pkt, 0, sizeof(pkt));
    err = root_length(&r);
    if (err != 0)
        return err;
    vector = qp_rd_be32(&r);
    qp_rd_copy(&r, pkt.cid, 16);
    if (r.bad)
        return -EBADMSG;
    if (vector != VECTOR_ROOT_DATA && vector != VECTOR_ROOT_EXTENDED)
        return -ENOMSG;
    if (!layer_ends(&r, r.end))
        return -EBADMSG;
    err = vector == VECTOR_ROOT_DATA ? decode_data(&r, &pkt) : decode_extended(&r, &pkt);
    if (err == 0)
        *ret = pkt;
    return err;
}
