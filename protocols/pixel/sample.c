/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/sample.h"

#include <math.h>
#include <string.h>

static uint32_t clamp_index(double i, uint32_t len)
{
    if (i < 0)
        return 0;
    return i >= len ? len - 1 : (uint32_t)i;
}

/* What is left by rounding goes to the heaviest tap, so that white stays white. */
static void settle_rounding(uint16_t *weights, uint32_t n)
{
    uint32_t sum = 0, heaviest = 0;

    for (uint32_t i = 0; i < n; i++) {
        sum += weights[i];
        if (weights[i] > weights[heaviest])
            heaviest = i;
    }
    weights[heaviest] = (uint16_t)(weights[heaviest] + SAMPLE_UNIT - sum);
}

struct sample_axis sample_axis_of(double centre, double size, uint32_t len, uint16_t *weights)
{
    double width = fmax(size, 1.0), from = centre - width / 2, to = centre + width / 2;
    struct sample_axis axis;

    axis.first = clamp_index(floor(from), len);
    axis.n = clamp_index(ceil(to) - 1, len) - axis.first + 1;
    axis.weights = weights;
    if (axis.n > SAMPLE_MAX_TAPS)
        axis.n = SAMPLE_MAX_TAPS;
    memset(weights, 0, axis.n * sizeof(*weights));
    for (double i = floor(from); i < to; i++) {
        double share = (fmin(to, i + 1) - fmax(from, i)) / width;
        uint32_t tap = clamp_index(i, len) - axis.first;

        if (tap < axis.n)
            weights[tap] = (uint16_t)(weights[tap] + lround(share * SAMPLE_UNIT));
    }
    settle_rounding(weights, axis.n);
    return axis;
}

pixel_lin sample_box(const struct canvas *canvas, const struct sample_axis *x,
                     const struct sample_axis *y, const struct chain_input *in)
{
    uint64_t sum[3] = {0};

    for (uint32_t j = 0; j < y->n; j++) {
        const uint32_t *row = canvas_row(canvas, y->first + j) + x->first;
        uint32_t line[3] = {0}; /* at most 65535 * SAMPLE_UNIT, below 2^31 */

        for (uint32_t i = 0; i < x->n; i++) {
            line[0] += (uint32_t)x->weights[i] * in->lin[row[i] >> 16 & 255u];
            line[1] += (uint32_t)x->weights[i] * in->lin[row[i] >> 8 & 255u];
            line[2] += (uint32_t)x->weights[i] * in->lin[row[i] & 255u];
        }
        for (unsigned c = 0; c < 3; c++)
            sum[c] += (uint64_t)line[c] * y->weights[j];
    }
    for (unsigned c = 0; c < 3; c++) /* round to nearest: SAMPLE_UNIT squared is 2^30 */
        sum[c] = (sum[c] + (1u << 29)) >> 30;
    return sum[0] | sum[1] << 16 | sum[2] << 32;
}
