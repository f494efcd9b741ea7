/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - the light that falls on one LED, averaged over its footprint on the canvas.
 *
 * Where LEDs and canvas pixels do not coincide (own scale, odd positions), an LED shows the mean
 * linear light of the rectangle it covers, or of one pixel's size where it is smaller: for pixels
 * larger than LEDs that is bilinear interpolation, for smaller ones an exact area average. The
 * filter is separable; beyond the canvas its edge pixels are repeated. */
#ifndef PROTOCOLS_PIXEL_SAMPLE_H
#define PROTOCOLS_PIXEL_SAMPLE_H

#include <stdint.h>

#include "protocols/pixel/canvas.h"
#include "protocols/pixel/kernels.h"

#define SAMPLE_UNIT      32768u /* the weights of a filter add up to this */
#define SAMPLE_MAX_TAPS  66u    /* a footprint of up to 64 pixels, anywhere */
#define SAMPLE_MAX_SCALE 64.0

/* The pixels on one axis that one LED sees: taps [first, first + n). */
struct sample_axis {
    uint32_t first;
    uint32_t n;              /* 1 .. SAMPLE_MAX_TAPS */
    const uint16_t *weights; /* n of them, borrowed */
};

/* Compute the taps of a footprint of `size` pixels around `centre`, on an axis of `len` pixels.
 * weights has room for SAMPLE_MAX_TAPS. size is at most SAMPLE_MAX_SCALE, len > 0. */
struct sample_axis sample_axis_of(double centre, double size, uint32_t len, uint16_t *weights);

/* Linear light of one footprint. */
pixel_lin sample_box(const struct canvas *canvas, const struct sample_axis *x,
                     const struct sample_axis *y, const struct chain_input *in);

#endif
