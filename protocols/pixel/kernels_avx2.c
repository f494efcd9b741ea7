/* SPDX-License-Identifier: Apache-2.0 */
/* Without byte permutes the two tables are read with ordinary loads, which are faster here than
 * gathers (measured on Zen 5: a gather of eight costs 14 cycles). Everything between them works on
 * eight LEDs, one colour a register. Blocks of 64 keep the stages apart, so that no load waits for
 * a store of another width that has just been made. */
#include <immintrin.h>
#include <string.h>

#include "protocols/pixel/kernels_impl.h"

#define BLOCK 64

static void make_lin(struct pixel_prepared *p)
{
    for (unsigned channel = 0; channel < 3; channel++)
        for (unsigned code = 0; code < 256; code++)
            p->lin[channel][code] = (uint64_t)(p->params.input->lin[code] ^ 0x8000u)
                                    << (16 * channel);
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
        make_lin(p);
    if (p->made_curve != params->curve)
        make_entries(p);
    p->made_input = params->input;
    p->made_curve = params->curve;
}

/* The coefficients of one output byte, and what is added to their sum. */
struct row {
    __m256i rg, b, constant;
};

static inline struct row load_row(const int16_t m[3], int32_t offset)
{
    uint32_t rg = (uint16_t)m[0] | (uint32_t)(uint16_t)m[1] << 16;

    return (struct row){_mm256_set1_epi32((int)rg), _mm256_set1_epi32((uint16_t)m[2]),
                        _mm256_set1_epi32(32768 * (m[0] + m[1] + m[2]) + offset)};
}

/* Light of eight LEDs in order, less 32768 each (the multiplier is signed): pairs (R,G), (B,any).
 */
struct eight {
    __m256i rg, b;
};

static inline __m256i light_sum(const struct row *row, const struct eight *v)
{
    __m256i sum =
        _mm256_add_epi32(_mm256_madd_epi16(v->rg, row->rg), _mm256_madd_epi16(v->b, row->b));

    return _mm256_add_epi32(sum, row->constant);
}

static inline __m256i bucket_bits(__m256i x)
{
    x = _mm256_max_epi32(x, _mm256_set1_epi32(CHAIN_OFFSET));
    x = _mm256_min_epi32(x, _mm256_set1_epi32(CHAIN_MAX));
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

/* The bucket bits of a block, by output byte. */
struct block_bits {
    _Alignas(32) uint32_t w[3][BLOCK];
};

static inline __m256 two_pairs(const pixel_lin *src)
{
    __m128i low = _mm_loadu_si128((const __m128i *)src);
    __m128i high = _mm_loadu_si128((const __m128i *)(src + 4));

    return _mm256_castsi256_ps(_mm256_set_m128i(high, low));
}

/* LEDs (0,1,4,5) and (2,3,6,7), because shuffles stay within their half. flip: 0x8000 in every
 * word, or 0 where it is in the table already. */
static inline struct eight load_eight(const pixel_lin *src, __m256i flip)
{
    __m256 a = two_pairs(src), b = two_pairs(src + 2);
    __m256i rg = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
    __m256i bx = _mm256_castps_si256(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));

    return (struct eight){_mm256_xor_si256(rg, flip), _mm256_xor_si256(bx, flip)};
}

/* n is rounded up to eight: src has room for that. */
static inline void bits_of_light(struct block_bits *ret, const pixel_lin *src, size_t n,
                                 __m256i flip, const struct pixel_prepared *p)
{
    const struct row r0 = load_row(p->params.m[0], CHAIN_OFFSET);
    const struct row r1 = load_row(p->params.m[1], CHAIN_OFFSET);
    const struct row r2 = load_row(p->params.m[2], CHAIN_OFFSET);

    for (size_t i = 0; i < n; i += 8) {
        struct eight v = load_eight(src + i, flip);

        _mm256_store_si256((__m256i *)(ret->w[0] + i), bucket_bits(light_sum(&r0, &v)));
        _mm256_store_si256((__m256i *)(ret->w[1] + i), bucket_bits(light_sum(&r1, &v)));
        _mm256_store_si256((__m256i *)(ret->w[2] + i), bucket_bits(light_sum(&r2, &v)));
    }
}

static inline __m256 eight_gains(const uint16_t *gains, unsigned channel)
{
    _Alignas(32) int32_t g[8];

    for (unsigned i = 0; i < 8; i++)
        g[i] = gains[3 * i + channel];
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_load_si256((const __m256i *)g)),
                         _mm256_set1_ps(1.0f / 32768.0f));
}

static void bits_of_gained_light(struct block_bits *ret, const pixel_lin *src, size_t n,
                                 const struct pixel_prepared *p, const uint16_t *gains,
                                 const uint8_t order[3])
{
    for (unsigned k = 0; k < 3; k++) {
        const struct row row = load_row(p->params.m[k], 0);

        for (size_t i = 0; i < n; i += 8) {
            struct eight v = load_eight(src + i, _mm256_set1_epi16((short)0x8000));
            __m256i sum = light_sum(&row, &v);
            __m256 gain = eight_gains(gains + 3 * i, order[k]);

            _mm256_store_si256((__m256i *)(ret->w[k] + i), gained_bits(sum, gain));
        }
    }
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

static inline __m256i eight_entries(const struct pixel_prepared *p, const uint32_t *w)
{
    return _mm256_set_m128i(four_entries(p, w + 4), four_entries(p, w));
}

/* Eight LEDs to 24 bytes, twelve in each half. v is in 8.8, so that a code is the upper byte of a
 * word. */
static inline __m256i finish_eight(const struct pixel_prepared *p, const struct block_bits *bits,
                                   size_t i, const struct dither_row *row, unsigned phase)
{
    const __m256i from_pair =
        _mm256_setr_epi8(1, 3, -1, 5, 7, -1, 9, 11, -1, 13, 15, -1, -1, -1, -1, -1, 1, 3, -1, 5, 7,
                         -1, 9, 11, -1, 13, 15, -1, -1, -1, -1, -1);
    const __m256i from_single =
        _mm256_setr_epi8(-1, -1, 1, -1, -1, 5, -1, -1, 9, -1, -1, 13, -1, -1, -1, -1, -1, -1, 1, -1,
                         -1, 5, -1, -1, 9, -1, -1, 13, -1, -1, -1, -1);
    __m256i e0 = eight_entries(p, bits->w[0] + i), e1 = eight_entries(p, bits->w[1] + i);
    __m256i e2 = eight_entries(p, bits->w[2] + i);
    __m256i rise0 = _mm256_mulhi_epu16(e0, _mm256_load_si256((const __m256i *)(bits->w[0] + i)));
    __m256i rise1 = _mm256_mulhi_epu16(e1, _mm256_load_si256((const __m256i *)(bits->w[1] + i)));
    __m256i rise2 = _mm256_mulhi_epu16(e2, _mm256_load_si256((const __m256i *)(bits->w[2] + i)));
    __m256i pair = _mm256_add_epi16(_mm256_blend_epi16(_mm256_srli_epi32(e0, 16), e1, 0xaa),
                                    _mm256_blend_epi16(rise0, _mm256_slli_epi32(rise1, 16), 0xaa));
    __m256i single = _mm256_add_epi16(_mm256_srli_epi32(e2, 16), rise2);

    pair = _mm256_add_epi16(pair, _mm256_loadu_si256((const __m256i *)(row->pair + phase + i)));
    single =
        _mm256_add_epi16(single, _mm256_loadu_si256((const __m256i *)(row->single + phase + i)));
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

/* The second half of the chain: bits of up to 64 LEDs to bytes. */
static inline void finish_block(uint8_t *dst, size_t n, const struct pixel_prepared *p,
                                const struct block_bits *bits, const struct dither_row *row,
                                unsigned phase)
{
    size_t i = 0;

    for (; i + 10 <= n; i += 8)
        store_28(dst + 3 * i, finish_eight(p, bits, i, row, phase));
    if (i + 8 <= n) {
        store_24(dst + 3 * i, finish_eight(p, bits, i, row, phase));
        i += 8;
    }
    if (i < n)
        store_few(dst + 3 * i, finish_eight(p, bits, i, row, phase), n - i);
}

static inline void linearise_block(pixel_lin *dst, const uint32_t *src, size_t n,
                                   const struct pixel_prepared *p)
{
    const uint8_t *byte = (const uint8_t *)src;

    for (size_t i = 0; i < n; i++, byte += 4)
        dst[i] = p->lin[0][byte[2]] | p->lin[1][byte[1]] | p->lin[2][byte[0]];
}

void pixel_chain_xrgb_avx2(uint8_t *dst, const uint32_t *src, size_t n,
                           const struct pixel_prepared *p, const struct dither_row *row,
                           unsigned phase)
{
    _Alignas(32) pixel_lin lin[BLOCK] = {0};
    struct block_bits bits;

    for (size_t done = 0; done < n; done += BLOCK) {
        size_t m = n - done < BLOCK ? n - done : BLOCK;

        linearise_block(lin, src + done, m, p);
        bits_of_light(&bits, lin, m, _mm256_setzero_si256(), p);
        finish_block(dst + 3 * done, m, p, &bits, row, phase);
    }
}

void pixel_chain_lin_avx2(uint8_t *dst, const pixel_lin *src, size_t n,
                          const struct pixel_prepared *p, const struct dither_row *row,
                          unsigned phase, const uint16_t *gains, const uint8_t order[3])
{
    pixel_lin padded[BLOCK] = {0};
    uint16_t padded_gains[3 * BLOCK] = {0};
    struct block_bits bits;

    for (size_t done = 0; done < n; done += BLOCK) {
        size_t m = n - done < BLOCK ? n - done : BLOCK;
        const pixel_lin *s = src + done;
        const uint16_t *g = gains ? gains + 3 * done : NULL;

        if (m < BLOCK) {
            memcpy(padded, s, m * sizeof(*s));
            s = padded;
            if (g) {
                memcpy(padded_gains, g, 3 * m * sizeof(*g));
                g = padded_gains;
            }
        }
        if (g)
            bits_of_gained_light(&bits, s, m, p, g, order);
        else
            bits_of_light(&bits, s, m, _mm256_set1_epi16((short)0x8000), p);
        finish_block(dst + 3 * done, m, p, &bits, row, phase);
    }
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
