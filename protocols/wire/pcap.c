/* SPDX-License-Identifier: Apache-2.0 */
/* Writing; pcap_reader.c reads. */
#include "protocols/wire/pcap.h"

#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/base/clock.h"
#include "protocols/wire/pcap_blocks.h"

static void put_option(struct qp_wr *w, uint16_t code, const void *value, size_t len)
{
    qp_wr_le16(w, code);
    qp_wr_le16(w, (uint16_t)len);
    qp_wr_bytes(w, value, len);
    qp_wr_fill(w, 0, pcap_padded(len) - len);
}

/* Write the length at both ends of a block that has everything else. */
static int finish_block(struct qp_wr *w)
{
    uint32_t total = (uint32_t)qp_wr_len(w) + 4;

    qp_wr_le32(w, total);
    if (w->bad)
        return -ENOBUFS;
    qp_put_le32(w->start + 4, total);
    return (int)total;
}

int pcap_section(uint8_t *buf, size_t cap, const char *application)
{
    struct qp_wr w = qp_wr(buf, cap);

    qp_wr_le32(&w, PCAP_BLOCK_SECTION);
    qp_wr_le32(&w, 0);
    qp_wr_le32(&w, PCAP_BYTE_ORDER);
    qp_wr_le16(&w, 1);
    qp_wr_le16(&w, 0);
    qp_wr_fill(&w, 0xFF, 8); /* length of the section: not told */
    if (application) {
        put_option(&w, PCAP_OPT_USERAPPL, application, strnlen(application, PCAP_NAME_MAX));
        put_option(&w, PCAP_OPT_END, NULL, 0);
    }
    return finish_block(&w);
}

int pcap_interface(uint8_t *buf, size_t cap, enum pcap_linktype linktype, const char *name)
{
    static const uint8_t nanoseconds = 9;
    struct qp_wr w = qp_wr(buf, cap);

    qp_wr_le32(&w, PCAP_BLOCK_INTERFACE);
    qp_wr_le32(&w, 0);
    qp_wr_le16(&w, (uint16_t)linktype);
    qp_wr_le16(&w, 0);
    qp_wr_le32(&w, PCAP_MAX_PACKET);
    if (name)
        put_option(&w, PCAP_OPT_IF_NAME, name, strnlen(name, PCAP_NAME_MAX));
    put_option(&w, PCAP_OPT_TSRESOL, &nanoseconds, 1);
    put_option(&w, PCAP_OPT_END, NULL, 0);
    return finish_block(&w);
}

static uint32_t enhanced_len(uint32_t len)
{
    return PCAP_PACKET_HEAD + (uint32_t)pcap_padded(len) + 4;
}

void pcap_packet_head(uint8_t *buf, uint32_t interface, uint64_t time_ns, uint32_t len)
{
    qp_put_le32(buf, PCAP_BLOCK_ENHANCED);
    qp_put_le32(buf + 4, enhanced_len(len));
    qp_put_le32(buf + 8, interface);
    qp_put_le32(buf + 12, (uint32_t)(time_ns >> 32));
    qp_put_le32(buf + 16, (uint32_t)time_ns);
    qp_put_le32(buf + 20, len);
    qp_put_le32(buf + 24, len);
}

size_t pcap_packet_tail(uint8_t *buf, uint32_t len)
{
    size_t pad = pcap_padded(len) - len;

    memset(buf, 0, pad);
    qp_put_le32(buf + pad, enhanced_len(len));
    return pad + 4;
}

void pcap_classic_header(uint8_t *buf, enum pcap_linktype linktype)
{
    memset(buf, 0, PCAP_CLASSIC_HEADER);
    qp_put_le32(buf, PCAP_MAGIC_NS);
    qp_put_le16(buf + 4, 2);
    qp_put_le16(buf + 6, 4);
    qp_put_le32(buf + 16, PCAP_MAX_PACKET);
    qp_put_le32(buf + 20, (uint32_t)linktype);
}

void pcap_classic_record(uint8_t *buf, uint64_t time_ns, uint32_t len)
{
    qp_put_le32(buf, (uint32_t)(time_ns / QP_NS_PER_S));
    qp_put_le32(buf + 4, (uint32_t)(time_ns % QP_NS_PER_S));
    qp_put_le32(buf + 8, len);
    qp_put_le32(buf + 12, len);
}
