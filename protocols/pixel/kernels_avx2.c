/* SPDX-License-Identifier: Apache-2.0 */
/* The canvas' codes become light without reading a table: byte shuffles look up the terms of a
 * parabola for each (struct chain_input), 32 codes at a time. The output curve cannot be had so;
 * its entries are read with ordinary loads, which are faster than gathers (measured on Zen 5: a
 * gather of eight costs 14 cycles). Everything works on eight LEDs, one colour a register.
 *
 * Light is computed AHEAD of the LEDs whose entries are read: these loads need an address from
 * memory, and would otherwise wait for the arithmetic that has just stored it, while the arithmetic
 * units, which are what this chain is bound by, wait for them. */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "protocols/pixel/kernels_impl.h"

#define RING  64 /* LEDs whose light is known */
#define AHEAD 24 /* more than the processor looks ahead by itself: 8 takes a quarter longer */

/* Loops over these are software pipelines: a call between the stages would undo them. */
#define INLINE static inline __attribute__((always_inline))

static void make_pieces(struct pixel_prepared *p)
{
    const struct chain_input *in = p->params.input;

    for (unsigned i = 0; i < INPUT_PIECES; i++) {
        /* The multiplier is signed: take 32768 away here, load_row() gives it back. Dark codes have
         * it from piece 0, whose start is 0. */
        unsigned start = in->start[i] ^ 0x8000u;

        p->pieces[START_LOW][i] = (uint8_t)start;
        p->pieces[START_HIGH][i] = (uint8_t)(start >> 8);
        p->pieces[SLOPE_LOW][i] = (uint8_t)in->slope[i];
        p->pieces[SLOPE_HIGH][i] = (uint8_t)(in->slope[i] >> 8);
        p->pieces[DARK_LOW][i] = (uint8_t)in->dark[i];
        p->pieces[DARK_HIGH][i] = (uint8_t)(in->dark[i] >> 8);
        p->pieces[BEND][i] = in->bend[i];
    }
}

static void make_entries(struct pixel_prepared *p)
{
    for (unsigned i = 0; i < 256; i++)
        p->entry[i] = (uint32_t)p->params.curve->base[i] << 16 | p->params.curve->delta[i];
    p->entry[256] = 0;
}

void pixel_prepare_avx2(struct pixel_prepared *p, const struct chain_params *params)
{
    p->params = *params;
    if (p->made_input != params->input)
        make_pieces(p);
    if (p->made_curve != params->curve)
        make_entries(p);
    p->made_input = params->input;
    p->made_curve = params->curve;
}

/* The coefficients of one output byte: R and G; B and what takes light's -32768 away again. */
struct row {
    __m256i rg, b0;
};

static inline struct row load_row(const int16_t m[3])
{
    uint32_t rg = (uint16_t)m[0] | (uint32_t)(uint16_t)m[1] << 16;
    uint32_t b0 = (uint16_t)m[2] | (uint32_t)(uint16_t) - (m[0] + m[1] + m[2]) << 16;

    return (struct row){_mm256_set1_epi32((int)rg), _mm256_set1_epi32((int)b0)};
}

/* Light of eight LEDs in order, less 32768 each (the multiplier is signed): pairs (R,G), (B,0). */
struct eight {
    __m256i rg, b0;
};

static inline __m256i light_sum(const struct row *row, const struct eight *v)
{
    return _mm256_add_epi32(_mm256_madd_epi16(v->rg, row->rg), _mm256_madd_epi16(v->b0, row->b0));
}

/* Matrices that neither make light negative nor more than full need no limits, and most are such.
 */
static bool is_bounded(const int16_t m[3][3])
{
    for (unsigned k = 0; k < 3; k++)
        if ((m[k][0] | m[k][1] | m[k][2]) < 0 ||
            m[k][0] + m[k][1] + m[k][2] > (CHAIN_MAX - CHAIN_OFFSET) / 65535)
            return false;
    return true;
}

INLINE __m256i bucket_bits(__m256i sum, bool bounded)
{
    __m256i x = _mm256_add_epi32(sum, _mm256_set1_epi32(CHAIN_OFFSET));

    if (!bounded) {
        x = _mm256_max_epi32(x, _mm256_set1_epi32(CHAIN_OFFSET));
        x = _mm256_min_epi32(x, _mm256_set1_epi32(CHAIN_MAX));
    }
    return _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(x)), 3);
}

static inline __m256i gained_bits(__m256i sum, __m256 gain)
{
    __m256 x;

    sum = _mm256_max_epi32(sum, _mm256_setzero_si256());
    sum = _mm256_min_epi32(sum, _mm256_set1_epi32(CHAIN_MAX - CHAIN_OFFSET));
    x = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), gain);
    x = _mm256_add_ps(x, _mm256_set1_ps((float)CHAIN_OFFSET));
    x = _mm256_min_ps(x, _mm256_set1_ps((float)CHAIN_MAX));
    return _mm256_srli_epi32(_mm256_castps_si256(x), 3);
}

/* Sixteen-entry tables for shuffles, the same in both halves. */
static inline __m256i plane(const struct pixel_prepared *p, enum input_plane i)
{
    return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)p->pieces[i]));
}

/* (slope + bend * d) * d >> INPUT_SHIFT of sixteen codes. */
static inline __m256i rise(__m256i slope, __m256i bend, __m256i d)
{
    slope = _mm256_add_epi16(slope, _mm256_mullo_epi16(bend, d));
    return _mm256_mulhi_epu16(slope, _mm256_slli_epi16(d, 16 - INPUT_SHIFT));
}

/* Light of eight pixels. Each half's four are put in order R G R G R G R G B 0 B 0 B 0 B 0, so that
 * unpacking gives the pairs. */
INLINE struct eight light_of(__m256i pixels, const struct pixel_prepared *p)
{
    const __m256i order = _mm256_setr_epi8(2, 1, 6, 5, 10, 9, 14, 13, 0, -1, 4, -1, 8, -1, 12, -1,
                                           2, 1, 6, 5, 10, 9, 14, 13, 0, -1, 4, -1, 8, -1, 12, -1);
    const __m256i zero = _mm256_setzero_si256(), nibble = _mm256_set1_epi8(15);
    __m256i code = _mm256_shuffle_epi8(pixels, order);
    __m256i d = _mm256_and_si256(code, nibble);
    __m256i piece = _mm256_srli_epi16(_mm256_xor_si256(code, d), 4);
    /* Beyond 15 the top bit is set, for which a shuffle gives 0. */
    __m256i dark = _mm256_adds_epu8(code, _mm256_set1_epi8(0x70));
    __m256i low = _mm256_or_si256(_mm256_shuffle_epi8(plane(p, START_LOW), piece),
                                  _mm256_shuffle_epi8(plane(p, DARK_LOW), dark));
    __m256i high = _mm256_xor_si256(_mm256_shuffle_epi8(plane(p, START_HIGH), piece),
                                    _mm256_shuffle_epi8(plane(p, DARK_HIGH), dark));
    __m256i slope_low = _mm256_shuffle_epi8(plane(p, SLOPE_LOW), piece);
    __m256i slope_high = _mm256_shuffle_epi8(plane(p, SLOPE_HIGH), piece);
    __m256i bend = _mm256_shuffle_epi8(plane(p, BEND), piece);
    __m256i rg = rise(_mm256_unpacklo_epi8(slope_low, slope_high), _mm256_unpacklo_epi8(bend, zero),
                      _mm256_unpacklo_epi8(d, zero));
    __m256i b0 = rise(_mm256_unpackhi_epi8(slope_low, slope_high), _mm256_unpackhi_epi8(bend, zero),
                      _mm256_unpackhi_epi8(d, zero));

    return (struct eight){_mm256_add_epi16(rg, _mm256_unpacklo_epi8(low, high)),
                          _mm256_add_epi16(b0, _mm256_unpackhi_epi8(low, high))};
}

static inline __m256 two_pairs(const pixel_lin *src)
{
    __m128i low = _mm_loadu_si128((const __m128i *)src);
    __m128i high = _mm_loadu_si128((const __m128i *)(src + 4));

    return _mm256_castsi256_ps(_mm256_set_m128i(high, low));
}

/* LEDs (0,1,4,5) and (2,3,6,7), because shuffles stay within their half. */
static inline struct eight load_eight(const pixel_lin *src)
{
    const __m256i flip = _mm256_set1_epi16((short)0x8000);
    __m256 a = two_pairs(src), b = two_pairs(src + 2);
    __m256i rg = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
    __m256i b0 = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));

    return (struct eight){_mm256_xor_si256(rg, flip), _mm256_xor_si256(b0, flip)};
}

static inline __m256 eight_gains(const uint16_t *gains, unsigned channel)
{
    _Alignas(32) int32_t g[8];

    for (unsigned i = 0; i < 8; i++)
        g[i] = gains[3 * i + channel];
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_load_si256((const __m256i *)g)),
                         _mm256_set1_ps(1.0f / 32768.0f));
}

/* Bucket bits of LEDs, by output byte; those of LED i are at i % RING. */
struct ring {
    _Alignas(32) uint32_t w[3][RING];
};

/* What a call is given: pixels, or light and perhaps gains with their order; thresholds. */
struct job {
    const uint32_t *pixels;
    const pixel_lin *light;
    const uint16_t *gains;
    const uint8_t *order;
    const struct pixel_prepared *p;
    const struct dither_row *row;
    unsigned phase;
};

INLINE void store_bits(struct ring *ret, size_t i, const struct row m[3], struct eight v,
                       bool bounded)
{
    for (unsigned k = 0; k < 3; k++)
        _mm256_store_si256((__m256i *)(ret->w[k] + i % RING),
                           bucket_bits(light_sum(&m[k], &v), bounded));
}

/* Bits of n LEDs, at most eight, from LED i on: one of these for each kind of source. */

INLINE struct eight light_of_pixels(const struct job *job, size_t i, size_t n)
{
    const __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const uint32_t *src = job->pixels + i;
    __m256i mask;

    if (n == 8)
        return light_of(_mm256_loadu_si256((const __m256i *)src), job->p);
    mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), place);
    return light_of(_mm256_maskload_epi32((const int *)src, mask), job->p);
}

INLINE void bits_of_pixels(struct ring *ret, size_t i, size_t n, const struct row m[3],
                           const struct job *job)
{
    store_bits(ret, i, m, light_of_pixels(job, i, n), false);
}

INLINE void bits_of_bounded_pixels(struct ring *ret, size_t i, size_t n, const struct row m[3],
                                   const struct job *job)
{
    store_bits(ret, i, m, light_of_pixels(job, i, n), true);
}

INLINE void bits_of_light(struct ring *ret, size_t i, size_t n, const struct row m[3],
                          const struct job *job)
{
    pixel_lin few[8] = {0};

    if (n < 8)
        memcpy(few, job->light + i, n * sizeof(*few));
    store_bits(ret, i, m, load_eight(n < 8 ? few : job->light + i), false);
}

INLINE void bits_of_gained_light(struct ring *ret, size_t i, size_t n, const struct row m[3],
                                 const struct job *job)
{
    const uint16_t *gains = job->gains + 3 * i;
    uint16_t few_gains[24] = {0};
    pixel_lin few[8] = {0};
    struct eight v;

    if (n < 8) {
        memcpy(few, job->light + i, n * sizeof(*few));
        memcpy(few_gains, gains, 3 * n * sizeof(*gains));
        gains = few_gains;
    }
    v = load_eight(n < 8 ? few : job->light + i);
    for (unsigned k = 0; k < 3; k++)
        _mm256_store_si256((__m256i *)(ret->w[k] + i % RING),
                           gained_bits(light_sum(&m[k], &v), eight_gains(gains, job->order[k])));
}

/* The 16 bytes from a table entry on: the entry, a zero and what follows. */
static inline __m128i from_entry(const struct pixel_prepared *p, const uint8_t *index)
{
    return _mm_loadu_si128((const __m128i *)(const void *)(p->entry + *index));
}

static inline __m128i four_entries(const struct pixel_prepared *p, const uint32_t *w)
{
    const uint8_t *index = (const uint8_t *)w + 2;
    __m128i a = _mm_unpacklo_epi32(from_entry(p, index), from_entry(p, index + 4));
    __m128i b = _mm_unpacklo_epi32(from_entry(p, index + 8), from_entry(p, index + 12));

    return _mm_unpacklo_epi64(a, b);
}

INLINE __m256i eight_entries(const struct pixel_prepared *p, const uint32_t *w)
{
    return _mm256_set_m128i(four_entries(p, w + 4), four_entries(p, w));
}

/* The codes of LEDs i to i + 7: 24 bytes, twelve in each half. A code is the upper byte of a word
 * in 8.8. */
INLINE __m256i codes_of(const struct ring *bits, size_t i, const struct job *job)
{
    const __m256i from_pair =
        _mm256_setr_epi8(1, 3, -1, 5, 7, -1, 9, 11, -1, 13, 15, -1, -1, -1, -1, -1, 1, 3, -1, 5, 7,
                         -1, 9, 11, -1, 13, 15, -1, -1, -1, -1, -1);
    const __m256i from_single =
        _mm256_setr_epi8(-1, -1, 1, -1, -1, 5, -1, -1, 9, -1, -1, 13, -1, -1, -1, -1, -1, -1, 1, -1,
                         -1, 5, -1, -1, 9, -1, -1, 13, -1, -1, -1, -1);
    const size_t at = i % RING, threshold = job->phase + i % DITHER_SIDE;
    __m256i e[3], rise[3], pair, single;

    for (unsigned k = 0; k < 3; k++) {
        e[k] = eight_entries(job->p, bits->w[k] + at);
        rise[k] = _mm256_mulhi_epu16(e[k], _mm256_load_si256((const __m256i *)(bits->w[k] + at)));
    }
    pair = _mm256_add_epi16(_mm256_blend_epi16(_mm256_srli_epi32(e[0], 16), e[1], 0xaa),
                            _mm256_blend_epi16(rise[0], _mm256_slli_epi32(rise[1], 16), 0xaa));
    pair =
        _mm256_add_epi16(pair, _mm256_loadu_si256((const __m256i *)(job->row->pair + threshold)));
    single = _mm256_add_epi16(_mm256_srli_epi32(e[2], 16), rise[2]);
    single = _mm256_add_epi16(single,
                              _mm256_loadu_si256((const __m256i *)(job->row->single + threshold)));
    return _mm256_or_si256(_mm256_shuffle_epi8(pair, from_pair),
                           _mm256_shuffle_epi8(single, from_single));
}

/* Writes 28 bytes: the last four are written again by who comes next. */
static inline void store_28(uint8_t *dst, __m256i v)
{
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(v));
    _mm_storeu_si128((__m128i *)(dst + 12), _mm256_extracti128_si256(v, 1));
}

static inline void store_24(uint8_t *dst, __m256i v)
{
    __m128i upper = _mm256_extracti128_si256(v, 1);

    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(v));
    _mm_storel_epi64((__m128i *)(dst + 12), upper);
    _mm_storeu_si32(dst + 20, _mm_srli_si128(upper, 8));
}

/* Fewer than eight, out of the registers: bytes that were stored to be read back at once would have
 * to wait for every store before them. */
static inline void store_few(uint8_t *dst, __m256i v, size_t n)
{
    __m128i half = _mm256_castsi256_si128(v);

    if (n >= 4) {
        _mm_storel_epi64((__m128i *)dst, half);
        _mm_storeu_si32(dst + 8, _mm_srli_si128(half, 8));
        half = _mm256_extracti128_si256(v, 1);
        dst += 12;
        n -= 4;
    }
    for (; n > 0; n--, dst += 3, half = _mm_srli_si128(half, 3)) {
        uint32_t three = (uint32_t)_mm_cvtsi128_si32(half);

        memcpy(dst, &three, 2);
        dst[2] = (uint8_t)(three >> 16);
    }
}

/* LEDs i to n. */
static inline void finish(uint8_t *dst, size_t i, size_t n, const struct ring *bits,
                          const struct job *job)
{
    for (; i + 10 <= n; i += 8)
        store_28(dst + 3 * i, codes_of(bits, i, job));
    if (i + 8 <= n) {
        store_24(dst + 3 * i, codes_of(bits, i, job));
        i += 8;
    }
    if (i < n)
        store_few(dst + 3 * i, codes_of(bits, i, job), n - i);
}

INLINE void run(uint8_t *dst, size_t n, const struct job *job,
                void (*bits_of)(struct ring *ret, size_t i, size_t n, const struct row m[3],
                                const struct job *job))
{
    const struct row m[3] = {load_row(job->p->params.m[0]), load_row(job->p->params.m[1]),
                             load_row(job->p->params.m[2])};
    struct ring bits;
    size_t i = 0;

    for (; i + 8 <= n && i < AHEAD; i += 8)
        bits_of(&bits, i, 8, m, job);
    for (; i + 8 <= n; i += 8) {
        bits_of(&bits, i, 8, m, job);
        store_28(dst + 3 * (i - AHEAD), codes_of(&bits, i - AHEAD, job));
    }
    if (i < n)
        bits_of(&bits, i, n - i, m, job);
    finish(dst, i > AHEAD ? i - AHEAD : 0, n, &bits, job);
}

void pixel_chain_xrgb_avx2(uint8_t *dst, const uint32_t *src, size_t n,
                           const struct pixel_prepared *p, const struct dither_row *row,
                           unsigned phase)
{
    const struct job job = {.pixels = src, .p = p, .row = row, .phase = phase};

    if (is_bounded(p->params.m))
        run(dst, n, &job, bits_of_bounded_pixels);
    else
        run(dst, n, &job, bits_of_pixels);
}

void pixel_chain_lin_avx2(uint8_t *dst, const pixel_lin *src, size_t n,
                          const struct pixel_prepared *p, const struct dither_row *row,
                          unsigned phase, const uint16_t *gains, const uint8_t order[3])
{
    const struct job job = {
        .light = src, .gains = gains, .order = order, .p = p, .row = row, .phase = phase};

    if (gains)
        run(dst, n, &job, bits_of_gained_light);
    else
        run(dst, n, &job, bits_of_light);
}

void pixel_linearise_avx2(pixel_lin *dst, const uint32_t *src, size_t n,
                          const struct chain_input *in)
{
    /* Three loads from a 512-byte table are as fast as a gather; the reference is already that. */
    pixel_linearise_c(dst, src, n, in);
}

/* Eight pixels a turn; the last ones in C, because a turn writes 28 bytes. */
void pixel_swizzle_avx2(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3])
{
    uint8_t pick[16];
    __m256i shuffle;
    size_t i = 0;

    for (unsigned j = 0; j < 16; j++)
        pick[j] = j < 12 ? (uint8_t)(4 * (j / 3) + 2u - order[j % 3]) : 0x80;
    shuffle = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)pick));
    for (; i + 10 <= n; i += 8) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(src + i));

        v = _mm256_shuffle_epi8(v, shuffle);
        _mm_storeu_si128((__m128i *)(dst + 3 * i), _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(dst + 3 * i + 12), _mm256_extracti128_si256(v, 1));
    }
    pixel_swizzle_c(dst + 3 * i, src + i, n - i, order);
}
