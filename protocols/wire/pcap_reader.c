/* SPDX-License-Identifier: Apache-2.0 */
/* A capture may come from anywhere, so nothing in it is believed before it is checked: each block
 * is looked at only when it is there as a whole, and what a block may ask for (bytes, interfaces)
 * has a limit. After an error the reader stays in that error: behind a damaged length there is no
 * way to find the next block. */
#include "protocols/wire/pcap.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/base/clock.h"
#include "protocols/wire/pcap_blocks.h"

#define BLOCK_FRAME 12 /* type, length, length again */

struct interface {
    uint16_t linktype;
    uint32_t snaplen; /* 0: no limit */
    bool binary;      /* time units: 2^-exponent instead of 10^-exponent */
    uint8_t exponent;
    int64_t offset_s;
    char *name; /* NULL: none */
};

enum format { FORMAT_UNKNOWN, FORMAT_CLASSIC, FORMAT_NG };

struct pcap_reader {
    enum format format;
    bool big_endian; /* the numbers of the file or of the section */
    uint32_t classic_unit_ns;
    struct interface *interfaces; /* n of them; room for cap */
    uint32_t n, cap;
    int error; /* the one to stay in */
    struct qp_diag diag;
};

int pcap_reader_create(struct pcap_reader **ret)
{
    struct pcap_reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return -ENOMEM;
    *ret = reader;
    return 0;
}

static void forget_interfaces(struct pcap_reader *reader)
{
    for (uint32_t i = 0; i < reader->n; i++)
        free(reader->interfaces[i].name);
    reader->n = 0;
}

void pcap_reader_destroy(struct pcap_reader *reader)
{
    if (!reader)
        return;
    forget_interfaces(reader);
    free(reader->interfaces);
    free(reader);
}

static uint16_t rd16(const struct pcap_reader *reader, struct qp_rd *r)
{
    return reader->big_endian ? qp_rd_be16(r) : qp_rd_le16(r);
}

static uint32_t rd32(const struct pcap_reader *reader, struct qp_rd *r)
{
    return reader->big_endian ? qp_rd_be32(r) : qp_rd_le32(r);
}

/* New zeroed interface at the end of the list, or NULL with the reason in *err. */
static struct interface *add_interface(struct pcap_reader *reader, int *err)
{
    if (reader->n == PCAP_MAX_INTERFACES) {
        *err = -E2BIG;
        return NULL;
    }
    if (reader->n == reader->cap) {
        uint32_t cap = reader->cap ? reader->cap * 2 : 8;
        struct interface *bigger = realloc(reader->interfaces, cap * sizeof(*bigger));

        if (!bigger) {
            *err = -ENOMEM;
            return NULL;
        }
        reader->interfaces = bigger;
        reader->cap = cap;
    }
    reader->interfaces[reader->n] = (struct interface){.exponent = 6};
    return &reader->interfaces[reader->n++];
}

/* Units since 1970 to ns; times that do not fit (before 1970, after 2554) come out as the nearest
 * that does. */
static uint64_t to_ns(const struct interface *i, uint64_t units)
{
    uint64_t per_s = 1, whole, part;
    int64_t s;

    if (i->binary) {
        per_s = (uint64_t)1 << i->exponent; /* exponent <= 63 */
    } else {
        for (uint8_t k = 0; k < i->exponent; k++) /* exponent <= 19 */
            per_s *= 10;
    }
    whole = units / per_s;
    part = (uint64_t)((unsigned __int128)(units % per_s) * (uint64_t)QP_NS_PER_S / per_s);
    if (whole > INT64_MAX || __builtin_add_overflow((int64_t)whole, i->offset_s, &s))
        return UINT64_MAX;
    if (s < 0)
        return 0;
    if ((uint64_t)s > (UINT64_MAX - part) / (uint64_t)QP_NS_PER_S)
        return UINT64_MAX;
    return (uint64_t)s * (uint64_t)QP_NS_PER_S + part;
}

/* --- pcapng --- */

static int set_resolution(struct interface *i, uint8_t v, struct qp_diag *diag)
{
    i->binary = v & 0x80;
    i->exponent = v & 0x7F;
    if (i->exponent > (i->binary ? 63 : 19))
        return qp_diag_set(diag, -EINVAL, "capture: impossible time resolution 0x%02x", v);
    return 0;
}

static int apply_option(const struct pcap_reader *reader, struct interface *i, uint16_t code,
                        const uint8_t *value, uint16_t len, struct qp_diag *diag)
{
    struct qp_rd r = qp_rd(value, len);
    uint32_t a, b;

    switch (code) {
    case PCAP_OPT_IF_NAME:
        free(i->name);
        i->name = strndup((const char *)value, len < PCAP_NAME_MAX ? len : PCAP_NAME_MAX);
        return i->name ? 0 : -ENOMEM;
    case PCAP_OPT_TSRESOL:
        return len == 1 ? set_resolution(i, value[0], diag) : 0;
    case PCAP_OPT_TSOFFSET:
        if (len != 8)
            return 0;
        a = rd32(reader, &r);
        b = rd32(reader, &r);
        i->offset_s = (int64_t)(reader->big_endian ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
        return 0;
    default:
        return 0;
    }
}

static int read_options(const struct pcap_reader *reader, struct interface *i, struct qp_rd *r,
                        struct qp_diag *diag)
{
    while (qp_rd_left(r) >= 4) {
        uint16_t code = rd16(reader, r), len = rd16(reader, r);
        const uint8_t *value = qp_rd_take(r, pcap_padded(len));
        int err;

        if (code == PCAP_OPT_END)
            return 0;
        if (!value)
            return qp_diag_set(diag, -EINVAL, "capture: an option is longer than its block");
        err = apply_option(reader, i, code, value, len, diag);
        if (err != 0)
            return err;
    }
    return 0;
}

static int read_interface(struct pcap_reader *reader, struct qp_rd *r, struct qp_diag *diag)
{
    int err = 0;
    struct interface *i = add_interface(reader, &err);

    if (!i)
        return qp_diag_set(diag, err,
                           err == -E2BIG ? "capture: more than %u interfaces"
                                         : "capture: no memory after %u interfaces",
                           reader->n);
    i->linktype = rd16(reader, r);
    qp_rd_skip(r, 2);
    i->snaplen = rd32(reader, r);
    if (r->bad)
        return qp_diag_set(diag, -EINVAL, "capture: an interface description is cut");
    return read_options(reader, i, r, diag);
}

/* Fill in what every packet block has in common; the reader stands at the packet's bytes. */
static int finish_packet(const struct pcap_reader *reader, struct qp_rd *r, uint64_t units,
                         struct pcap_packet *p, struct qp_diag *diag)
{
    const struct interface *i;

    if (p->interface >= reader->n)
        return qp_diag_set(diag, -EINVAL,
                           "capture: a packet of interface %" PRIu32 ", but only %" PRIu32
                           " are described",
                           p->interface, reader->n);
    i = &reader->interfaces[p->interface];
    p->linktype = i->linktype;
    p->name = i->name ? i->name : "";
    p->time_ns = to_ns(i, units);
    p->data = qp_rd_take(r, p->len);
    if (r->bad)
        return qp_diag_set(diag, -EINVAL, "capture: a packet is longer than its block");
    if (p->wire_len < p->len)
        p->wire_len = p->len;
    return 1;
}

static int read_enhanced(const struct pcap_reader *reader, struct qp_rd *r, bool obsolete,
                         struct pcap_packet *p, struct qp_diag *diag)
{
    uint64_t units;

    p->interface = obsolete ? rd16(reader, r) : rd32(reader, r);
    if (obsolete)
        qp_rd_skip(r, 2); /* drops */
    units = (uint64_t)rd32(reader, r) << 32;
    units |= rd32(reader, r);
    p->len = rd32(reader, r);
    p->wire_len = rd32(reader, r);
    return finish_packet(reader, r, units, p, diag);
}

static int read_simple(const struct pcap_reader *reader, struct qp_rd *r, struct pcap_packet *p,
                       struct qp_diag *diag)
{
    uint32_t snaplen = reader->n ? reader->interfaces[0].snaplen : 0;
    int err;

    p->interface = 0;
    p->wire_len = rd32(reader, r);
    p->len = snaplen && snaplen < p->wire_len ? snaplen : p->wire_len;
    err = finish_packet(reader, r, 0, p, diag);
    if (err == 1)
        p->time_ns = 0;
    return err;
}

/* body: the block without its frame. 1: a packet, 0: nothing to see, or an error. */
static int read_block(struct pcap_reader *reader, uint32_t type, struct qp_rd *body,
                      struct pcap_packet *p, struct qp_diag *diag)
{
    switch (type) {
    case PCAP_BLOCK_SECTION:
        forget_interfaces(reader);
        qp_rd_skip(body, 4);
        if (rd16(reader, body) != 1 || body->bad)
            return qp_diag_set(diag, -EINVAL, "capture: not version 1 of pcapng");
        return 0;
    case PCAP_BLOCK_INTERFACE:
        return read_interface(reader, body, diag);
    case PCAP_BLOCK_PACKET:
    case PCAP_BLOCK_ENHANCED:
        return read_enhanced(reader, body, type == PCAP_BLOCK_PACKET, p, diag);
    case PCAP_BLOCK_SIMPLE:
        return read_simple(reader, body, p, diag);
    default:
        return 0;
    }
}

/* The byte order of a section is in its header: set it before the length is read. 0: need more. */
static int begin_section(struct pcap_reader *reader, const uint8_t *buf, size_t len,
                         struct qp_diag *diag)
{
    if (len < 12)
        return 0;
    if (qp_get_be32(buf + 8) == PCAP_BYTE_ORDER)
        reader->big_endian = true;
    else if (qp_get_le32(buf + 8) == PCAP_BYTE_ORDER)
        reader->big_endian = false;
    else
        return qp_diag_set(diag, -EINVAL, "capture: a section header without byte order");
    return 1;
}

/* One block at the front of buf. Returns like pcap_reader_next(), but 0 with *ret_used > 0 means a
 * block without a packet. */
static int next_block(struct pcap_reader *reader, const uint8_t *buf, size_t len, size_t *ret_used,
                      struct pcap_packet *p, struct qp_diag *diag)
{
    struct qp_rd r = qp_rd(buf, len);
    uint32_t type, total, again;
    int err;

    if (len < 8)
        return 0;
    type = rd32(reader, &r);
    if (type == PCAP_BLOCK_SECTION) { /* the same in both byte orders */
        err = begin_section(reader, buf, len, diag);
        if (err <= 0)
            return err;
    }
    total = rd32(reader, &r);
    if (total < BLOCK_FRAME || total % 4)
        return qp_diag_set(diag, -EINVAL, "capture: a block of impossible length %" PRIu32, total);
    if (total > PCAP_MAX_BLOCK)
        return qp_diag_set(diag, -E2BIG, "capture: a block of %" PRIu32 " bytes, at most %u", total,
                           PCAP_MAX_BLOCK);
    if (len < total)
        return 0;
    r.p = buf + total - 4;
    again = rd32(reader, &r);
    if (again != total)
        return qp_diag_set(diag, -EINVAL,
                           "capture: a block has two lengths, %" PRIu32 " and %" PRIu32, total,
                           again);
    *ret_used = total;
    r = qp_rd(buf + 8, total - BLOCK_FRAME);
    return read_block(reader, type, &r, p, diag);
}

/* --- classic --- */

static int begin_classic(struct pcap_reader *reader, const uint8_t *buf, size_t len,
                         size_t *ret_used, struct qp_diag *diag)
{
    struct qp_rd r = qp_rd(buf + 20, len < PCAP_CLASSIC_HEADER ? 0 : 4);
    struct interface *i;
    int err = 0;

    if (len < PCAP_CLASSIC_HEADER)
        return 0;
    i = add_interface(reader, &err);
    if (!i)
        return qp_diag_set(diag, err, "capture: no memory");
    i->linktype = (uint16_t)rd32(reader, &r); /* the upper bits tell about frame check sequences */
    reader->format = FORMAT_CLASSIC;
    *ret_used = PCAP_CLASSIC_HEADER;
    return 0;
}

static int next_record(const struct pcap_reader *reader, const uint8_t *buf, size_t len,
                       size_t *ret_used, struct pcap_packet *p, struct qp_diag *diag)
{
    struct qp_rd r = qp_rd(buf, len);
    uint64_t s = rd32(reader, &r), fraction = rd32(reader, &r);

    p->interface = 0;
    p->len = rd32(reader, &r);
    p->wire_len = rd32(reader, &r);
    if (r.bad)
        return 0;
    if (p->len > PCAP_MAX_PACKET)
        return qp_diag_set(diag, -E2BIG, "capture: a packet of %" PRIu32 " bytes, at most %u",
                           p->len, PCAP_MAX_PACKET);
    if (fraction >= (uint64_t)QP_NS_PER_S / reader->classic_unit_ns)
        return qp_diag_set(diag, -EINVAL,
                           "capture: a packet's time has more than one second "
                           "behind the point; the file is damaged here");
    p->data = qp_rd_take(&r, p->len);
    if (r.bad)
        return 0;
    if (p->wire_len < p->len)
        p->wire_len = p->len;
    p->linktype = reader->interfaces[0].linktype;
    p->name = "";
    p->time_ns = s * (uint64_t)QP_NS_PER_S + fraction * reader->classic_unit_ns;
    *ret_used = PCAP_CLASSIC_RECORD + p->len;
    return 1;
}

/* --- both --- */

static int begin_file(struct pcap_reader *reader, const uint8_t *buf, size_t len, size_t *ret_used,
                      struct qp_diag *diag)
{
    uint32_t be, le;

    if (len < 4)
        return 0;
    be = qp_get_be32(buf);
    le = qp_get_le32(buf);
    if (be == PCAP_BLOCK_SECTION) {
        reader->format = FORMAT_NG;
        return 0;
    }
    reader->big_endian = be == PCAP_MAGIC_US || be == PCAP_MAGIC_NS;
    if (!reader->big_endian && le != PCAP_MAGIC_US && le != PCAP_MAGIC_NS)
        return qp_diag_set(diag, -EINVAL,
                           "not a capture file: it begins with neither the mark of pcap nor that "
                           "of pcapng (compressed captures must be unpacked first)");
    reader->classic_unit_ns = be == PCAP_MAGIC_US || le == PCAP_MAGIC_US ? 1000 : 1;
    return begin_classic(reader, buf, len, ret_used, diag);
}

static int step(struct pcap_reader *reader, const uint8_t *buf, size_t len, size_t *ret_used,
                struct pcap_packet *p, struct qp_diag *diag)
{
    switch (reader->format) {
    case FORMAT_CLASSIC:
        return next_record(reader, buf, len, ret_used, p, diag);
    case FORMAT_NG:
        return next_block(reader, buf, len, ret_used, p, diag);
    default:
        return begin_file(reader, buf, len, ret_used, diag);
    }
}

int pcap_reader_next(struct pcap_reader *reader, const uint8_t *buf, size_t len, size_t *ret_used,
                     struct pcap_packet *ret, struct qp_diag *diag)
{
    struct pcap_packet p = {0};
    size_t used = 0;
    int r = reader->error;

    while (r == 0) {
        enum format before = reader->format;
        size_t n = 0;

        r = step(reader, buf + used, len - used, &n, &p, &reader->diag);
        used += n;
        if (n == 0 && reader->format == before)
            break;
    }
    *ret_used = used;
    if (r == 1)
        *ret = p;
    if (r < 0) {
        reader->error = r;
        return qp_diag_set(diag, r, "%s", reader->diag.text);
    }
    return r;
}
