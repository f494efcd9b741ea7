/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - from canvas colours to the bytes of a receiving card, exactly defined.
 *
 * Per LED: 8-bit code -> 16-bit linear light (table) -> 3x3 correction times brightness -> inverse
 * of the card's gamma as a code plus the fraction of light between it and the next code -> dither
 * by that fraction -> byte. Every version (C, AVX2, AVX-512) gives the same bytes; kernels_c.c is
 * the definition, written to be read. In its terms, for output byte k of an LED:
 *
 *   lin[c] = input.lin[code of channel c]                        uint16, 65535 = full light
 *   acc    = sum over c of m[k][c] * lin[c]                      int32, exact
 *   y      = clamp(acc, 0, CHAIN_MAX - CHAIN_OFFSET)
 *   x      = (float)(y + CHAIN_OFFSET)                           round to nearest even
 *     with gains: x = min((float)y * g + CHAIN_OFFSET, CHAIN_MAX), each step rounded to float
 *   w      = bits of x >> 3; i = w >> 16 & 255; f = w & 65535
 *   v      = base[i] + (delta[i] * f >> 16)                      code in 8.8 fixed point
 *   byte   = (v + threshold) >> 8
 *
 * Why this shape. Coefficients carry brightness, with a common power of two (chain_params.exponent)
 * taken out, so that a wall at 2 % keeps its 14 bits of precision. Taking the float's exponent and
 * four mantissa bits as an index gives 16 buckets for each of 16 octaves of light: fine where the
 * eye and the card's gamma are fine. CHAIN_OFFSET makes the lowest octave linear, down to black.
 * Within a bucket the curve is a straight line in light, which is what dithering between two codes
 * can show. 256 entries fit the byte permutes of AVX-512 VBMI and a corner of any L1 cache.
 *
 * Threads: everything here is pure; a struct pixel_prepared belongs to one thread. */
#ifndef PROTOCOLS_PIXEL_CHAIN_H
#define PROTOCOLS_PIXEL_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define CHAIN_UNIT_BITS    14                         /* a coefficient of 1.0 at exponent 0 */
#define CHAIN_FULL         (65535 << CHAIN_UNIT_BITS) /* acc of full light at exponent 0 */
#define CHAIN_OFFSET       (1 << 14)                  /* makes the lowest octave linear */
#define CHAIN_MAX          ((1 << 30) - 64)           /* largest float below 2^30 */
#define CHAIN_MAX_EXPONENT 12

/* Thresholds repeat after this many LEDs and rows. */
#define DITHER_SIDE 64

/* Light of every canvas code, one table for all channels. What it holds are parabolas, one for each
 * 16 codes, so that a kernel without fast byte permutes need not read it: with s = code >> 4 and
 * d = code & 15
 *
 *   lin[code] = s ? start[s] + ((slope[s] + bend[s] * d) * d >> INPUT_SHIFT) : dark[d]
 *
 * in uint16, the sum in brackets too; dark[0] is 0. A parabola keeps within 2.5 / 65535 of curves
 * from gamma 1 to 4, of sRGB within 1.1; the 16 darkest codes, where that would show, are correctly
 * rounded. */
#define INPUT_PIECES 16
#define INPUT_PIECE  16 /* codes */
#define INPUT_SHIFT  5

struct chain_input {
    uint16_t lin[256];
    uint16_t start[INPUT_PIECES], slope[INPUT_PIECES]; /* of piece 0: 0 */
    uint8_t bend[INPUT_PIECES];                        /* likewise */
    uint16_t dark[INPUT_PIECE];
};

/* The inverse of a card's gamma for one exponent. */
struct chain_curve {
    _Alignas(64) uint16_t base[256]; /* 8.8 fixed point, at most 255 * 256 */
    uint16_t delta[256];             /* to the next bucket's base */
};

/* Thresholds of one row in one frame, for LEDs 0..63 and again, so that 64 of them may be read from
 * any phase. 1..254; all 128 when dither is off (rounds to nearest, in light). */
struct dither_row {
    _Alignas(64) uint8_t plane[3][2 * DITHER_SIDE]; /* by output byte */
    uint32_t pair[2 * DITHER_SIDE];                 /* output bytes 0 and 1: t0 | t1 << 16 */
    uint32_t single[2 * DITHER_SIDE];               /* output byte 2 */
};

struct dither {
    struct dither_row rows[DITHER_SIDE];
};

struct chain_params {
    const struct chain_input *input; /* borrowed while the prepared chain is used */
    const struct chain_curve *curve; /* borrowed likewise; made for the same exponent */
    int16_t m[3][3]; /* [output byte][canvas channel R,G,B], 2^(14 + exponent) = 1.0; the sum of a
                        row's magnitudes is at most CHAIN_MAX_ROW */
};

#define CHAIN_MAX_ROW 32600 /* keeps acc + CHAIN_OFFSET inside int32 */

/* Bytes of struct chain_input: low and high of start, slope and dark; bend. */
enum input_plane {
    START_LOW,
    START_HIGH,
    SLOPE_LOW,
    SLOPE_HIGH,
    DARK_LOW,
    DARK_HIGH,
    BEND,
    INPUT_PLANES
};

/* A chain made ready for a kernel: tables in the shape that the instruction set wants. Some KiB, so
 * keep one per thread and prepare it again when the cabinet or module changes; tables are remade
 * only when their pointers change or after pixel_prepared_reset(). */
struct pixel_prepared {
    struct chain_params params;
    _Alignas(64) uint64_t entry[257]; /* AVX2: delta | base << 16; the last is padding */
    _Alignas(16) uint8_t pieces[INPUT_PLANES][16]; /* AVX2: the input's parabolas, byte by byte */
    _Alignas(64) uint8_t planes[2][256];           /* AVX-512: low and (flipped) high bytes of in */
    uint8_t curve_planes[4][256];                  /* AVX-512: base low, high, delta low, high */
    const struct chain_input *made_input;          /* what the tables above were made from */
    const struct chain_curve *made_curve;
};

/* Forget what the tables were made from: call it when the contents behind a pointer changed. */
static inline void pixel_prepared_reset(struct pixel_prepared *p)
{
    p->made_input = NULL;
    p->made_curve = NULL;
}

/* Fill tables. Not for the frame path (they call pow). gamma is 1 to 4. */
void chain_input_srgb(struct chain_input *in); /* IEC 61966-2-1 */
void chain_input_gamma(struct chain_input *in, double gamma);
void chain_input_linear(struct chain_input *in); /* code * 257 */
void chain_input_fill(struct chain_input *in);   /* lin, from the rest */
/* light = (code / 255)^gamma; exponent as in chain_params. gamma 1 is a card without gamma. */
void chain_curve_gamma(struct chain_curve *curve, double gamma, unsigned exponent);

/* The largest exponent for which a row of this sum of magnitudes (brightness included) cannot
 * clip where exponent 0 would not. */
unsigned chain_exponent(double row_sum);

/* Coefficients from a real matrix with brightness already in it. Rounds to nearest. */
void chain_coefficients(int16_t ret[3], const double row[3], unsigned exponent);

/* Thresholds of frame n: over any 64 frames in a row each LED and channel sees 64 thresholds that
 * are exactly uniform; neighbours and channels are spread by a low-discrepancy sequence. */
void dither_frame(struct dither *d, uint64_t n);
void dither_off(struct dither *d);

#endif
