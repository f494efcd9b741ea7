/* SPDX-License-Identifier: Apache-2.0 */
/* kernels_impl.h - private to protocols/pixel: every version of every kernel. */
#ifndef PROTOCOLS_PIXEL_KERNELS_IMPL_H
#define PROTOCOLS_PIXEL_KERNELS_IMPL_H

#include "protocols/pixel/kernels.h"

void pixel_prepare_c(struct pixel_prepared *p, const struct chain_params *params);
void pixel_chain_xrgb_c(uint8_t *dst, const uint32_t *src, size_t n, const struct pixel_prepared *p,
                        const struct dither_row *row, unsigned phase);
void pixel_chain_lin_c(uint8_t *dst, const pixel_lin *src, size_t n, const struct pixel_prepared *p,
                       const struct dither_row *row, unsigned phase, const uint16_t *gains,
                       const uint8_t order[3]);
void pixel_linearise_c(pixel_lin *dst, const uint32_t *src, size_t n, const struct chain_input *in);
void pixel_swizzle_c(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3]);

void pixel_prepare_avx2(struct pixel_prepared *p, const struct chain_params *params);
void pixel_chain_xrgb_avx2(uint8_t *dst, const uint32_t *src, size_t n,
                           const struct pixel_prepared *p, const struct dither_row *row,
                           unsigned phase);
void pixel_chain_lin_avx2(uint8_t *dst, const pixel_lin *src, size_t n,
                          const struct pixel_prepared *p, const struct dither_row *row,
                          unsigned phase, const uint16_t *gains, const uint8_t order[3]);
void pixel_linearise_avx2(pixel_lin *dst, const uint32_t *src, size_t n,
                          const struct chain_input *in);
void pixel_swizzle_avx2(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3]);

void pixel_prepare_avx512(struct pixel_prepared *p, const struct chain_params *params);
void pixel_chain_xrgb_avx512(uint8_t *dst, const uint32_t *src, size_t n,
                             const struct pixel_prepared *p, const struct dither_row *row,
                             unsigned phase);
void pixel_chain_lin_avx512(uint8_t *dst, const pixel_lin *src, size_t n,
                            const struct pixel_prepared *p, const struct dither_row *row,
                            unsigned phase, const uint16_t *gains, const uint8_t order[3]);
void pixel_linearise_avx512(pixel_lin *dst, const uint32_t *src, size_t n,
                            const struct chain_input *in);
void pixel_swizzle_avx512(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3]);

#endif
