/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 with VBMI: a 256-entry byte table is four registers, so 64 look-ups are two permutes and
 * a blend, and the whole chain runs without one load from a table in memory. 64 LEDs a turn.
 *
 * Order inside a turn: unpacking bytes to words and words to double words works within 128-bit
 * lanes and splits 64 LEDs into four groups; group j holds LEDs 16 l + 4 j + 0..3 in lane l.
 * Packing undoes it exactly, so nothing has to cross lanes in between. */
#include <immintrin.h>
#include <string.h>

#include "protocols/pixel/kernels_impl.h"

#define TURN 64

/* 64 bytes of a 256-byte table, by 64 byte indexes; high = their top bits. The table is read again
 * at every call, on purpose: six tables are more than the registers hold, and a permute takes its
 * table from L1 for free. */
static inline __m512i look_up(const uint8_t *table, __m512i index, __mmask64 high)
{
    const __m512i *t = (const __m512i *)table;
    __m512i low_half =
        _mm512_permutex2var_epi8(_mm512_load_si512(t), index, _mm512_load_si512(t + 1));
    __m512i high_half =
        _mm512_permutex2var_epi8(_mm512_load_si512(t + 2), index, _mm512_load_si512(t + 3));

    return _mm512_mask_blend_epi8(high, low_half, high_half);
}

static void make_planes(struct pixel_prepared *p)
{
    for (unsigned i = 0; i < 256; i++) {
        p->planes[0][i] = (uint8_t)p->params.input->lin[i];
        /* The multiplier is signed: take 32768 away here, give it back in the constant. */
        p->planes[1][i] = (uint8_t)((p->params.input->lin[i] >> 8) ^ 0x80u);
    }
}

static void make_curve_planes(struct pixel_prepared *p)
{
    const struct chain_curve *curve = p->params.curve;

    for (unsigned i = 0; i < 256; i++) {
        p->curve_planes[0][i] = (uint8_t)curve->base[i];
        p->curve_planes[1][i] = (uint8_t)(curve->base[i] >> 8);
        p->curve_planes[2][i] = (uint8_t)curve->delta[i];
        p->curve_planes[3][i] = (uint8_t)(curve->delta[i] >> 8);
    }
}

void pixel_prepare_avx512(struct pixel_prepared *p, const struct chain_params *params)
{
    p->params = *params;
    if (p->made_input != params->input)
        make_planes(p);
    if (p->made_curve != params->curve)
        make_curve_planes(p);
    p->made_input = params->input;
    p->made_curve = params->curve;
}

/* One output byte's coefficients, broadcast. */
struct row {
    __m512i rg, b, constant;
};

static inline struct row load_row(const int16_t m[3], int32_t offset)
{
    uint32_t rg = (uint16_t)m[0] | (uint32_t)(uint16_t)m[1] << 16;
    int32_t constant = 32768 * (m[0] + m[1] + m[2]) + offset;

    return (struct row){_mm512_set1_epi32((int)rg), _mm512_set1_epi32((uint16_t)m[2]),
                        _mm512_set1_epi32(constant)};
}

/* acc (plus offset) of 16 LEDs from pairs (R,G) and (B,anything), all less 32768. */
static inline __m512i light_sum(const struct row *m, __m512i rg, __m512i b)
{
    __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(rg, m->rg), _mm512_madd_epi16(b, m->b));

    return _mm512_add_epi32(sum, m->constant);
}

static inline __m512i bucket_bits(__m512i x)
{
    x = _mm512_max_epi32(x, _mm512_set1_epi32(CHAIN_OFFSET));
    x = _mm512_min_epi32(x, _mm512_set1_epi32(CHAIN_MAX));
    return _mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(x)), 3);
}

/* Byte 2 of every double word of (a, b): within each 128-bit lane 4 from a, then 4 from b. */
static inline __m512i bucket_index(__m512i w0, __m512i w1, __m512i w2, __m512i w3)
{
    _Alignas(64) static const uint8_t pick[64] = {
        2,  6,  10, 14, 66,  70,  74,  78,  2,  6,  10, 14, 66,  70,  74,  78,
        18, 22, 26, 30, 82,  86,  90,  94,  18, 22, 26, 30, 82,  86,  90,  94,
        34, 38, 42, 46, 98,  102, 106, 110, 34, 38, 42, 46, 98,  102, 106, 110,
        50, 54, 58, 62, 114, 118, 122, 126, 50, 54, 58, 62, 114, 118, 122, 126,
    };
    const __m512i p = _mm512_load_si512(pick);
    __m512i first = _mm512_permutex2var_epi8(w0, p, w1);
    __m512i second = _mm512_permutex2var_epi8(w2, p, w3);

    return _mm512_mask_blend_epi64(0xaa, first, second);
}

/* The low words of (a, b): within each lane 4 from a, then 4 from b. */
static inline __m512i bucket_fraction(__m512i a, __m512i b)
{
    _Alignas(64) static const uint16_t pick[32] = {
        0,  2,  4,  6,  32, 34, 36, 38, 8,  10, 12, 14, 40, 42, 44, 46,
        16, 18, 20, 22, 48, 50, 52, 54, 24, 26, 28, 30, 56, 58, 60, 62,
    };

    return _mm512_permutex2var_epi16(a, _mm512_load_si512(pick), b);
}

/* 64 codes of one output byte, in LED order, from the four groups' bucket bits. */
static inline __m512i codes_of(const struct pixel_prepared *p, const __m512i w[4],
                               __m512i thresholds)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i index = bucket_index(w[0], w[1], w[2], w[3]);
    __mmask64 high = _mm512_movepi8_mask(index);
    __m512i bl = look_up(p->curve_planes[0], index, high);
    __m512i bh = look_up(p->curve_planes[1], index, high);
    __m512i dl = look_up(p->curve_planes[2], index, high);
    __m512i dh = look_up(p->curve_planes[3], index, high);
    __m512i v0 = _mm512_mulhi_epu16(_mm512_unpacklo_epi8(dl, dh), bucket_fraction(w[0], w[1]));
    __m512i v1 = _mm512_mulhi_epu16(_mm512_unpackhi_epi8(dl, dh), bucket_fraction(w[2], w[3]));

    v0 = _mm512_add_epi16(v0, _mm512_unpacklo_epi8(bl, bh));
    v1 = _mm512_add_epi16(v1, _mm512_unpackhi_epi8(bl, bh));
    v0 = _mm512_add_epi16(v0, _mm512_unpacklo_epi8(thresholds, zero));
    v1 = _mm512_add_epi16(v1, _mm512_unpackhi_epi8(thresholds, zero));
    return _mm512_packus_epi16(_mm512_srli_epi16(v0, 8), _mm512_srli_epi16(v1, 8));
}

/* Three planes of 64 bytes to 192 bytes in LED order. Byte j of the output is plane j % 3 at LED
 * j / 3; the first two planes come by one permute, the third is laid over it. */

_Alignas(64) static const uint8_t two_planes[3][64] = {
    {0,  64, 0,  1,  65, 1,  2,  66, 2,  3,  67, 3,  4,  68, 4,  5,  69, 5,  6,  70, 6,  7,
     71, 7,  8,  72, 8,  9,  73, 9,  10, 74, 10, 11, 75, 11, 12, 76, 12, 13, 77, 13, 14, 78,
     14, 15, 79, 15, 16, 80, 16, 17, 81, 17, 18, 82, 18, 19, 83, 19, 20, 84, 20, 21},
    {85, 21,  22, 86, 22,  23, 87, 23,  24, 88, 24,  25, 89, 25,  26, 90, 26,  27, 91, 27, 28, 92,
     28, 29,  93, 29, 30,  94, 30, 31,  95, 31, 32,  96, 32, 33,  97, 33, 34,  98, 34, 35, 99, 35,
     36, 100, 36, 37, 101, 37, 38, 102, 38, 39, 103, 39, 40, 104, 40, 41, 105, 41, 42, 106},
    {42,  43,  107, 43,  44,  108, 44,  45,  109, 45,  46,  110, 46,  47,  111, 47,
     48,  112, 48,  49,  113, 49,  50,  114, 50,  51,  115, 51,  52,  116, 52,  53,
     117, 53,  54,  118, 54,  55,  119, 55,  56,  120, 56,  57,  121, 57,  58,  122,
     58,  59,  123, 59,  60,  124, 60,  61,  125, 61,  62,  126, 62,  63,  127, 63},
};
_Alignas(64) static const uint8_t third_plane[3][64] = {
    {0,  0,  0,  1,  1,  1,  2,  2,  2,  3,  3,  3,  4,  4,  4,  5,  5,  5,  6,  6,  6,  7,
     7,  7,  8,  8,  8,  9,  9,  9,  10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14,
     14, 15, 15, 15, 16, 16, 16, 17, 17, 17, 18, 18, 18, 19, 19, 19, 20, 20, 20, 21},
    {21, 21, 22, 22, 22, 23, 23, 23, 24, 24, 24, 25, 25, 25, 26, 26, 26, 27, 27, 27, 28, 28,
     28, 29, 29, 29, 30, 30, 30, 31, 31, 31, 32, 32, 32, 33, 33, 33, 34, 34, 34, 35, 35, 35,
     36, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 40, 40, 40, 41, 41, 41, 42, 42},
    {42, 43, 43, 43, 44, 44, 44, 45, 45, 45, 46, 46, 46, 47, 47, 47, 48, 48, 48, 49, 49, 49,
     50, 50, 50, 51, 51, 51, 52, 52, 52, 53, 53, 53, 54, 54, 54, 55, 55, 55, 56, 56, 56, 57,
     57, 57, 58, 58, 58, 59, 59, 59, 60, 60, 60, 61, 61, 61, 62, 62, 62, 63, 63, 63},
};
static const __mmask64 from_third[3] = {0x4924924924924924, 0x2492492492492492, 0x9249249249249249};

static inline __m512i interleaved(const __m512i c[3], unsigned r)
{
    __m512i out = _mm512_permutex2var_epi8(c[0], _mm512_load_si512(two_planes[r]), c[1]);

    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): r is 0..2 */
    return _mm512_mask_permutexvar_epi8(out, from_third[r], _mm512_load_si512(third_plane[r]),
                                        c[2]);
}

static inline void store_interleaved(uint8_t *dst, const __m512i c[3])
{
    for (unsigned r = 0; r < 3; r++)
        _mm512_storeu_si512(dst + 64 * r, interleaved(c, r));
}

/* The lowest n bits. */
static inline uint64_t first(size_t n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* The first n < 64 LEDs. Tails are masked, not copied through a buffer: reading that back would
 * wait until every store before it has reached the cache, which packets are not in. */
static inline void store_tail(uint8_t *dst, const __m512i c[3], size_t n)
{
    for (unsigned r = 0; 64 * r < 3 * n; r++)
        _mm512_mask_storeu_epi8(dst + 64 * r, first(3 * n - 64 * r), interleaved(c, r));
}

/* The bytes of one colour of 64 XRGB pixels, in order. `byte` 0 is blue. */
static inline __m512i plane_of(const __m512i px[4], __m512i pick)
{
    __m512i first = _mm512_permutex2var_epi8(px[0], pick, px[1]);
    __m512i second = _mm512_permutex2var_epi8(px[2], pick, px[3]);

    return _mm512_inserti64x4(first, _mm512_castsi512_si256(second), 1);
}

/* Every fourth byte of two registers, twice: which colour is the offset. */
_Alignas(64) static const uint8_t every_fourth[64] = {
    0,  4,  8,  12, 16, 20, 24, 28, 32, 36,  40,  44,  48,  52,  56,  60,
    64, 68, 72, 76, 80, 84, 88, 92, 96, 100, 104, 108, 112, 116, 120, 124,
    0,  4,  8,  12, 16, 20, 24, 28, 32, 36,  40,  44,  48,  52,  56,  60,
    64, 68, 72, 76, 80, 84, 88, 92, 96, 100, 104, 108, 112, 116, 120, 124};

static inline __m512i pick_byte(unsigned byte)
{
    return _mm512_add_epi8(_mm512_load_si512(every_fourth), _mm512_set1_epi8((char)byte));
}

/* (R,G) and (B,B) pairs of the four groups, less 32768 each. */
struct pairs {
    __m512i rg[4], b[4];
};

static inline struct pairs linear_pairs(const __m512i px[4], const __m512i pick[3],
                                        const struct pixel_prepared *p)
{
    __m512i word[3][2];
    struct pairs q;

    for (unsigned c = 0; c < 3; c++) {
        __m512i code = plane_of(px, pick[c]);
        __mmask64 top = _mm512_movepi8_mask(code);
        __m512i l = look_up(p->planes[0], code, top), h = look_up(p->planes[1], code, top);

        word[c][0] = _mm512_unpacklo_epi8(l, h);
        word[c][1] = _mm512_unpackhi_epi8(l, h);
    }
    for (unsigned half = 0; half < 2; half++) {
        q.rg[2 * half] = _mm512_unpacklo_epi16(word[0][half], word[1][half]);
        q.rg[2 * half + 1] = _mm512_unpackhi_epi16(word[0][half], word[1][half]);
        q.b[2 * half] = _mm512_unpacklo_epi16(word[2][half], word[2][half]);
        q.b[2 * half + 1] = _mm512_unpackhi_epi16(word[2][half], word[2][half]);
    }
    return q;
}

/* What stays the same for all LEDs of a run. */
struct constants {
    const struct pixel_prepared *p;
    __m512i pick[3];
    struct row m[3];
    __m512i thresholds[3];
};

static inline struct constants constants_of(const struct pixel_prepared *p,
                                            const struct dither_row *row, unsigned phase,
                                            int32_t offset)
{
    struct constants c = {.p = p};

    for (unsigned k = 0; k < 3; k++) {
        c.pick[k] = pick_byte(2 - k);
        c.m[k] = load_row(p->params.m[k], offset);
        c.thresholds[k] = _mm512_loadu_si512(row->plane[k] + phase);
    }
    return c;
}

/* 64 pixels to three planes of codes. */
static inline void turn(__m512i ret[3], const __m512i px[4], const struct constants *c)
{
    struct pairs q = linear_pairs(px, c->pick, c->p);

    for (unsigned k = 0; k < 3; k++) {
        __m512i w[4];

        for (unsigned j = 0; j < 4; j++)
            w[j] = bucket_bits(light_sum(&c->m[k], q.rg[j], q.b[j]));
        ret[k] = codes_of(c->p, w, c->thresholds[k]);
    }
}

void pixel_chain_xrgb_avx512(uint8_t *dst, const uint32_t *src, size_t n,
                             const struct pixel_prepared *p, const struct dither_row *row,
                             unsigned phase)
{
    const struct constants c = constants_of(p, row, phase, CHAIN_OFFSET);
    __m512i px[4], code[3];

    for (; n >= TURN; n -= TURN, src += TURN, dst += 3 * TURN) {
        for (unsigned i = 0; i < 4; i++)
            px[i] = _mm512_loadu_si512(src + 16 * i);
        turn(code, px, &c);
        store_interleaved(dst, code);
    }
    if (n == 0)
        return;
    for (unsigned i = 0; i < 4; i++)
        px[i] = _mm512_maskz_loadu_epi32((__mmask16)(first(n) >> 16 * i), src + 16 * i);
    turn(code, px, &c);
    store_tail(dst, code, n);
}

/* Even (or odd) double words of four LEDs from each of lanes' registers: group j of 64 LEDs given
 * as eight registers of eight. */
static inline __m512i group_dwords(const pixel_lin *src, unsigned group, unsigned odd)
{
    _Alignas(64) int32_t v[16];

    for (unsigned lane = 0; lane < 4; lane++)
        for (unsigned i = 0; i < 4; i++)
            v[4 * lane + i] = (int32_t)(uint32_t)(src[16 * lane + 4 * group + i] >> (odd ? 32 : 0));
    return _mm512_load_si512(v);
}

static inline __m512 group_gains(const uint16_t *gains, unsigned group, unsigned channel)
{
    _Alignas(64) int32_t v[16];

    for (unsigned lane = 0; lane < 4; lane++)
        for (unsigned i = 0; i < 4; i++)
            v[4 * lane + i] = gains[3 * (16 * lane + 4 * group + i) + channel];
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(v)), _mm512_set1_ps(1.0f / 32768.0f));
}

static inline __m512i gained_bits(__m512i sum, __m512 gain)
{
    __m512 x;

    sum = _mm512_max_epi32(sum, _mm512_setzero_si512());
    sum = _mm512_min_epi32(sum, _mm512_set1_epi32(CHAIN_MAX - CHAIN_OFFSET));
    x = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), gain);
    x = _mm512_add_ps(x, _mm512_set1_ps((float)CHAIN_OFFSET));
    x = _mm512_min_ps(x, _mm512_set1_ps((float)CHAIN_MAX));
    return _mm512_srli_epi32(_mm512_castps_si512(x), 3);
}

void pixel_chain_lin_avx512(uint8_t *dst, const pixel_lin *src, size_t n,
                            const struct pixel_prepared *p, const struct dither_row *row,
                            unsigned phase, const uint16_t *gains, const uint8_t order[3])
{
    const __m512i flip = _mm512_set1_epi16((short)0x8000);
    const int32_t offset = gains ? 0 : CHAIN_OFFSET;
    const struct row m[3] = {load_row(p->params.m[0], offset), load_row(p->params.m[1], offset),
                             load_row(p->params.m[2], offset)};
    pixel_lin src_tail[TURN] = {0};
    uint16_t gain_tail[3 * TURN] = {0};

    for (size_t done = 0; done < n; done += TURN) {
        size_t left = n - done;
        const pixel_lin *s = src + done;
        const uint16_t *g = gains ? gains + 3 * done : NULL;
        __m512i rg[4], b[4], code[3];

        if (left < TURN) {
            memcpy(src_tail, s, left * sizeof(*s));
            s = src_tail;
            if (gains) {
                memcpy(gain_tail, g, 3 * left * sizeof(*g));
                g = gain_tail;
            }
        }
        for (unsigned j = 0; j < 4; j++) {
            rg[j] = _mm512_xor_si512(group_dwords(s, j, 0), flip);
            b[j] = _mm512_xor_si512(group_dwords(s, j, 1), flip);
        }
        for (unsigned k = 0; k < 3; k++) {
            __m512i w[4];

            for (unsigned j = 0; j < 4; j++) {
                __m512i sum = light_sum(&m[k], rg[j], b[j]);

                w[j] = gains ? gained_bits(sum, group_gains(g, j, order[k])) : bucket_bits(sum);
            }
            code[k] = codes_of(p, w, _mm512_loadu_si512(row->plane[k] + phase));
        }
        if (left < TURN)
            store_tail(dst + 3 * done, code, left);
        else
            store_interleaved(dst + 3 * done, code);
    }
}

void pixel_linearise_avx512(pixel_lin *dst, const uint32_t *src, size_t n,
                            const struct chain_input *in)
{
    /* Bound by the eight bytes a pixel that it writes; the reference reaches that. */
    pixel_linearise_c(dst, src, n, in);
}

void pixel_swizzle_avx512(uint8_t *dst, const uint32_t *src, size_t n, const uint8_t order[3])
{
    _Alignas(64) uint8_t pick[64] = {0};
    __m512i shuffle;
    size_t i = 0;

    for (unsigned j = 0; j < 48; j++)
        pick[j] = (uint8_t)(4 * (j / 3) + 2u - order[j % 3]);
    shuffle = _mm512_load_si512(pick);
    /* Whole stores while what they write too much is written again; then masked ones. */
    for (; i + 22 <= n; i += 16)
        _mm512_storeu_si512(dst + 3 * i,
                            _mm512_permutexvar_epi8(shuffle, _mm512_loadu_si512(src + i)));
    for (; i < n; i += 16) {
        size_t left = n - i < 16 ? n - i : 16;
        __m512i v = _mm512_maskz_loadu_epi32((__mmask16)first(left), src + i);

        _mm512_mask_storeu_epi8(dst + 3 * i, first(3 * left), _mm512_permutexvar_epi8(shuffle, v));
    }
}
