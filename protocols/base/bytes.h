/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - big- and little-endian numbers at a byte address, and cursors that know their end.
 *
 * The put/get functions do not check: the caller has. The cursors never read or write beyond their
 * end: they set `bad` instead and go on returning zeros, so a decoder tests once, at its end. */
#ifndef PROTOCOLS_BASE_BYTES_H
#define PROTOCOLS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t qp_get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t qp_get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t qp_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t qp_get_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void qp_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void qp_put_be32(uint8_t *p, uint32_t v)
{
    qp_put_be16(p, (uint16_t)(v >> 16));
    qp_put_be16(p + 2, (uint16_t)v);
}

static inline void qp_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void qp_put_le32(uint8_t *p, uint32_t v)
{
    qp_put_le16(p, (uint16_t)v);
    qp_put_le16(p + 2, (uint16_t)(v >> 16));
}

struct qp_rd {
    const uint8_t *p, *end; /* borrowed */
    bool bad;               /* a read went beyond the end */
};

static inline struct qp_rd qp_rd(const uint8_t *buf, size_t len)
{
    return (struct qp_rd){.p = buf, .end = buf + len};
}

static inline size_t qp_rd_left(const struct qp_rd *r)
{
    return (size_t)(r->end - r->p);
}

/* The next n bytes, or NULL (and bad) if there are fewer. */
static inline const uint8_t *qp_rd_take(struct qp_rd *r, size_t n)
{
    const uint8_t *p = r->p;

    if (r->bad || qp_rd_left(r) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return p;
}

static inline void qp_rd_skip(struct qp_rd *r, size_t n)
{
    (void)qp_rd_take(r, n);
}

static inline uint8_t qp_rd_u8(struct qp_rd *r)
{
    const uint8_t *p = qp_rd_take(r, 1);

    return p ? *p : 0;
}

static inline uint16_t qp_rd_be16(struct qp_rd *r)
{
    const uint8_t *p = qp_rd_take(r, 2);

    return p ? qp_get_be16(p) : 0;
}

static inline uint32_t qp_rd_be32(struct qp_rd *r)
{
    const uint8_t *p = qp_rd_take(r, 4);

    return p ? qp_get_be32(p) : 0;
}

static inline uint16_t qp_rd_le16(struct qp_rd *r)
{
    const uint8_t *p = qp_rd_take(r, 2);

    return p ? qp_get_le16(p) : 0;
}

static inline uint32_t qp_rd_le32(struct qp_rd *r)
{
    const uint8_t *p = qp_rd_take(r, 4);

    return p ? qp_get_le32(p) : 0;
}

static inline void qp_rd_copy(struct qp_rd *r, void *dst, size_t n)
{
    const uint8_t *p = qp_rd_take(r, n);

    if (p)
        memcpy(dst, p, n);
    else
        memset(dst, 0, n);
}

struct qp_wr {
    uint8_t *start, *p, *end; /* borrowed */
    bool bad;                 /* a write would have gone beyond the end */
};

static inline struct qp_wr qp_wr(uint8_t *buf, size_t cap)
{
    return (struct qp_wr){.start = buf, .p = buf, .end = buf + cap};
}

static inline size_t qp_wr_len(const struct qp_wr *w)
{
    return (size_t)(w->p - w->start);
}

/* Room for n bytes, or NULL (and bad). */
static inline uint8_t *qp_wr_take(struct qp_wr *w, size_t n)
{
    uint8_t *p = w->p;

    if (w->bad || (size_t)(w->end - w->p) < n) {
        w->bad = true;
        return NULL;
    }
    w->p += n;
    return p;
}

static inline void qp_wr_u8(struct qp_wr *w, uint8_t v)
{
    uint8_t *p = qp_wr_take(w, 1);

    if (p)
        *p = v;
}

static inline void qp_wr_be16(struct qp_wr *w, uint16_t v)
{
    uint8_t *p = qp_wr_take(w, 2);

    if (p)
        qp_put_be16(p, v);
}

static inline void qp_wr_be32(struct qp_wr *w, uint32_t v)
{
    uint8_t *p = qp_wr_take(w, 4);

    if (p)
        qp_put_be32(p, v);
}

static inline void qp_wr_le16(struct qp_wr *w, uint16_t v)
{
    uint8_t *p = qp_wr_take(w, 2);

    if (p)
        qp_put_le16(p, v);
}

static inline void qp_wr_le32(struct qp_wr *w, uint32_t v)
{
    uint8_t *p = qp_wr_take(w, 4);

    if (p)
        qp_put_le32(p, v);
}

static inline void qp_wr_bytes(struct qp_wr *w, const void *src, size_t n)
{
    uint8_t *p = qp_wr_take(w, n);

    if (p && n)
        memcpy(p, src, n);
}

static inline void qp_wr_fill(struct qp_wr *w, uint8_t v, size_t n)
{
    uint8_t *p = qp_wr_take(w, n);

    if (p)
        memset(p, v, n);
}

#endif
