/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/kernels.h"

#include "protocols/pixel/kernels_impl.h"

unsigned pixel_cpu_detect(void)
{
    unsigned cpu = 0;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        cpu |= PIXEL_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vbmi"))
        cpu |= PIXEL_CPU_AVX512;
#endif
    return cpu;
}

static const struct pixel_kernels kernels_c = {
    .name = "c",
    .prepare = pixel_prepare_c,
    .chain_xrgb = pixel_chain_xrgb_c,
    .chain_lin = pixel_chain_lin_c,
    .linearise = pixel_linearise_c,
    .swizzle = pixel_swizzle_c,
};

#if defined(__x86_64__)
static const struct pixel_kernels kernels_avx2 = {
    .name = "avx2",
    .prepare = pixel_prepare_avx2,
    .chain_xrgb = pixel_chain_xrgb_avx2,
    .chain_lin = pixel_chain_lin_avx2,
    .linearise = pixel_linearise_avx2,
    .swizzle = pixel_swizzle_avx2,
};

static const struct pixel_kernels kernels_avx512 = {
    .name = "avx512",
    .prepare = pixel_prepare_avx512,
    .chain_xrgb = pixel_chain_xrgb_avx512,
    .chain_lin = pixel_chain_lin_avx512,
    .linearise = pixel_linearise_avx512,
    .swizzle = pixel_swizzle_avx512,
};
#endif

void pixel_kernels_init(struct pixel_kernels *k, unsigned cpu)
{
    *k = kernels_c;
#if defined(__x86_64__)
    if (cpu & PIXEL_CPU_AVX2)
        *k = kernels_avx2;
    if (cpu & PIXEL_CPU_AVX512)
        *k = kernels_avx512;
#endif
    (void)cpu;
}
