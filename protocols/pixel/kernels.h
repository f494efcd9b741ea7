/* SPDX-License-Identifier: Apache-2.0 */
/* kernels.h - the inner loops over pixels, in plain C and once more per instruction set. All
 * versions of a kernel agree to the bit; tests/kernels/checkpix.c proves it. */
#ifndef PROTOCOLS_PIXEL_KERNELS_H
#define PROTOCOLS_PIXEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/pixel/chain.h"

enum pixel_cpu {
    PIXEL_CPU_AVX2 = 1 << 0,
    PIXEL_CPU_AVX512 = 1 << 1, /* F, BW, VL, DQ and VBMI together */
};

/* Linear light of one LED: R | G << 16 | B << 32, upper 16 bits 0. */
typedef uint64_t pixel_lin;

struct pixel_kernels {
    const char *name; /* "c", "avx2", "avx512" */

    /* Make *p ready for params; cheap when only m changed. */
    void (*prepare)(struct pixel_prepared *p, const struct chain_params *params);

    /* n LEDs from consecutive canvas pixels (XRGB8888) through the chain into 3 n bytes. LED i uses
     * thresholds (phase + i) % 64 of row, phase < 64. Any n, any alignment; no overlap. */
    void (*chain_xrgb)(uint8_t *dst, const uint32_t *src, size_t n, const struct pixel_prepared *p,
                       const struct dither_row *row, unsigned phase);

    /* The same from linear light. gains: 3 n values R,G,B (32768 = 1.0) applied to the drive of the
     * emitter that a byte belongs to; order[k] says which (0 R, 1 G, 2 B); NULL gains: none. */
    void (*chain_lin)(uint8_t *dst, const pixel_lin *src, size_t n, const struct pixel_prepared *p,
                      const struct dither_row *row, unsigned phase, const uint16_t *gains,
                      const uint8_t order[3]);

    /* Table only: canvas pixels to linear light. */
    void (*linearise)(pixel_lin *dst, const uint32_t *src, size_t n, const struct chain_input *in);

    /* No chain at all: the three colour bytes in the order asked for. */
    void (*swizzle)(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3]);
};

/* Instruction sets of the CPU we run on (enum pixel_cpu bits), as far as the system lets us use
 * them. */
unsigned pixel_cpu_detect(void);

/* Fill in the best kernels that need no more than `cpu`. 0 gives the reference C versions; programs
 * pass pixel_cpu_detect(), tests pass what they like. */
void pixel_kernels_init(struct pixel_kernels *k, unsigned cpu);

#endif
