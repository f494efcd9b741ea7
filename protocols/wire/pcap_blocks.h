/* SPDX-License-Identifier: Apache-2.0 */
/* pcap_blocks.h - numbers of the capture formats that writer and reader share. */
#ifndef PROTOCOLS_WIRE_PCAP_BLOCKS_H
#define PROTOCOLS_WIRE_PCAP_BLOCKS_H

#include <stddef.h>

#define PCAP_BLOCK_SECTION   0x0A0D0D0Au
#define PCAP_BLOCK_INTERFACE 1u
#define PCAP_BLOCK_PACKET    2u /* obsolete */
#define PCAP_BLOCK_SIMPLE    3u
#define PCAP_BLOCK_ENHANCED  6u
#define PCAP_BYTE_ORDER      0x1A2B3C4Du
#define PCAP_MAGIC_US        0xA1B2C3D4u
#define PCAP_MAGIC_NS        0xA1B23C4Du

enum pcap_option {
    PCAP_OPT_END = 0,
    PCAP_OPT_IF_NAME = 2,
    PCAP_OPT_USERAPPL = 4,
    PCAP_OPT_TSRESOL = 9,
    PCAP_OPT_TSOFFSET = 14
};

/* Blocks and options are filled up to 4 bytes. */
static inline size_t pcap_padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

#endif
