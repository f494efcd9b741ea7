/* SPDX-License-Identifier: Apache-2.0 */
/* The reference kernels: written to be read. Do not optimise them. */
#include <string.h>

#include "protocols/pixel/kernels_impl.h"

void pixel_prepare_c(struct pixel_prepared *p, const struct chain_params *params)
{
    p->params = *params;
}

static int32_t clamp_light(int32_t acc)
{
    if (acc < 0)
        return 0;
    return acc > CHAIN_MAX - CHAIN_OFFSET ? CHAIN_MAX - CHAIN_OFFSET : acc;
}

static uint8_t dithered_code(float x, const struct chain_curve *curve, uint8_t threshold)
{
    uint32_t w, i, f, v;

    memcpy(&w, &x, sizeof(w));
    w >>= 3;
    i = w >> 16 & 255u;
    f = w & 65535u;
    v = curve->base[i] + ((uint32_t)curve->delta[i] * f >> 16);
    return (uint8_t)((v + threshold) >> 8);
}

/* The light that output byte k asks for, before gains. */
static int32_t light_of(const uint16_t lin[3], const int16_t m[3])
{
    return clamp_light(m[0] * lin[0] + m[1] * lin[1] + m[2] * lin[2]);
}

void pixel_chain_lin_c(uint8_t *dst, const pixel_lin *src, size_t n, const struct pixel_prepared *p,
                       const struct dither_row *row, unsigned phase, const uint16_t *gains,
                       const uint8_t order[3])
{
    for (size_t i = 0; i < n; i++) {
        const uint16_t lin[3] = {(uint16_t)src[i], (uint16_t)(src[i] >> 16),
                                 (uint16_t)(src[i] >> 32)};

        for (unsigned k = 0; k < 3; k++) {
            int32_t y = light_of(lin, p->params.m[k]);
            float x = (float)(y + CHAIN_OFFSET);

            if (gains) {
                x = (float)y * ((float)gains[3 * i + order[k]] / 32768.0f) + (float)CHAIN_OFFSET;
                if (x > (float)CHAIN_MAX)
                    x = (float)CHAIN_MAX;
            }
            dst[3 * i + k] =
                dithered_code(x, p->params.curve, row->plane[k][(phase + i) % DITHER_SIDE]);
        }
    }
}

void pixel_linearise_c(pixel_lin *dst, const uint32_t *src, size_t n, const struct chain_input *in)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t r = in->lin[src[i] >> 16 & 255u];
        uint64_t g = in->lin[src[i] >> 8 & 255u];
        uint64_t b = in->lin[src[i] & 255u];

        dst[i] = r | g << 16 | b << 32;
    }
}

void pixel_chain_xrgb_c(uint8_t *dst, const uint32_t *src, size_t n, const struct pixel_prepared *p,
                        const struct dither_row *row, unsigned phase)
{
    for (size_t i = 0; i < n; i++) {
        pixel_lin lin;

        pixel_linearise_c(&lin, src + i, 1, p->params.input);
        pixel_chain_lin_c(dst + 3 * i, &lin, 1, p, row, (unsigned)((phase + i) % DITHER_SIDE), NULL,
                          NULL);
    }
}

void pixel_swizzle_c(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3])
{
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < 3; k++)
            dst[3 * i + k] = (uint8_t)(src[i] >> (16 - 8 * order[k]));
}
