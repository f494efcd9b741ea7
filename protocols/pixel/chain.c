/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/chain.h"

#include <math.h>
#include <string.h>

/* The code whose light is `light`, the fraction being that of the light between two codes. */
static double code_of_light(double light, double gamma)
{
    double code, below, above;

    if (light <= 0.0)
        return 0.0;
    if (light >= 1.0)
        return 255.0;
    code = floor(255.0 * pow(light, 1.0 / gamma));
    below = pow(code / 255.0, gamma);
    above = pow((code + 1.0) / 255.0, gamma);
    /* pow and its inverse may disagree by a rounding at a code boundary. */
    return code + fmin(fmax((light - below) / (above - below), 0.0), 1.0);
}

/* Light at x (see chain.h), where x = acc + CHAIN_OFFSET. */
static double light_at(double x, unsigned exponent)
{
    return (x - CHAIN_OFFSET) / ((double)CHAIN_FULL * (double)(1u << exponent));
}

void chain_curve_gamma(struct chain_curve *curve, double gamma, unsigned exponent)
{
    for (int e = 14; e < 30; e++) {
        for (int m = 0; m < 16; m++) {
            double x0 = ldexp(1.0 + m / 16.0, e), x1 = ldexp(1.0 + (m + 1) / 16.0, e);
            long v0 = lround(256.0 * code_of_light(light_at(x0, exponent), gamma));
            long v1 = lround(256.0 * code_of_light(light_at(x1, exponent), gamma));
            unsigned i = ((unsigned)(e + 127) & 15u) << 4 | (unsigned)m;

            curve->base[i] = (uint16_t)v0;
            curve->delta[i] = (uint16_t)(v1 - v0);
        }
    }
}

unsigned chain_exponent(double row_sum)
{
    unsigned exponent = 0;

    while (exponent < CHAIN_MAX_EXPONENT && row_sum * (double)(2u << exponent) <= 1.0)
        exponent++;
    return exponent;
}

void chain_coefficients(int16_t ret[3], const double row[3], unsigned exponent)
{
    for (unsigned c = 0; c < 3; c++)
        ret[c] = (int16_t)lround(ldexp(row[c], CHAIN_UNIT_BITS + (int)exponent));
}

/* Bits of a 6-bit number in reverse order: the van der Corput sequence, so that the frames seen so
 * far are always spread evenly over the thresholds. */
static unsigned reverse6(unsigned n)
{
    unsigned r = 0;

    for (unsigned bit = 0; bit < 6; bit++)
        r |= (n >> bit & 1u) << (5 - bit);
    return r;
}

/* Where LED (x,y) begins in the cycle of 64: the R2 sequence (M. Roberts), whose steps are the
 * inverse powers of the plastic number, in units of 1/65536. */
static unsigned led_phase(unsigned x, unsigned y)
{
    return ((x * 49472u + y * 37345u) & 65535u) >> 10;
}

static void set_threshold(struct dither_row *row, unsigned k, unsigned x, uint8_t threshold)
{
    row->plane[k][x] = row->plane[k][x + DITHER_SIDE] = threshold;
}

/* The same thresholds in the other shape. */
static void pair_thresholds(struct dither_row *row)
{
    for (unsigned x = 0; x < 2 * DITHER_SIDE; x++) {
        row->pair[x] = row->plane[0][x] | (uint32_t)row->plane[1][x] << 16;
        row->single[x] = row->plane[2][x];
    }
}

void dither_frame(struct dither *d, uint64_t n)
{
    /* Channels take places far from each other, so that they do not step up together. */
    static const struct {
        unsigned x, y;
    } shift[3] = {{0, 0}, {21, 37}, {43, 11}};
    unsigned turn = reverse6((unsigned)(n % 64u));

    for (unsigned y = 0; y < DITHER_SIDE; y++) {
        for (unsigned k = 0; k < 3; k++)
            for (unsigned x = 0; x < DITHER_SIDE; x++) {
                unsigned level = (led_phase(x + shift[k].x, y + shift[k].y) + turn) & 63u;

                set_threshold(&d->rows[y], k, x, (uint8_t)(4u * level + 2u));
            }
        pair_thresholds(&d->rows[y]);
    }
}

void dither_off(struct dither *d)
{
    for (unsigned y = 0; y < DITHER_SIDE; y++) {
        for (unsigned k = 0; k < 3; k++)
            for (unsigned x = 0; x < DITHER_SIDE; x++)
                set_threshold(&d->rows[y], k, x, 128);
        pair_thresholds(&d->rows[y]);
    }
}
