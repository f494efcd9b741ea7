/* SPDX-License-Identifier: Apache-2.0 */
/* checkpix - every SIMD kernel against its C reference: all lengths up to three blocks, odd
 * alignments, every dither phase, extreme colours, coefficients and gains, guard bytes on both
 * sides. A version that this CPU cannot run is skipped by name. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/pixel/kernels.h"

#define MAX_N   200
#define GUARD   64
#define MARGIN  0xA5
#define OUT_LEN (3 * MAX_N + 2 * GUARD + 32)

static const struct {
    const char *name;
    unsigned cpu;
} versions[] = {
    {"c", 0},
    {"avx2", PIXEL_CPU_AVX2},
    {"avx512", PIXEL_CPU_AVX512},
};

static uint64_t seed = 1;

static unsigned rnd(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33);
}

/* Mostly random bytes, but one time in four only the ends of the range. */
static void fill(void *to, size_t n)
{
    uint8_t *p = to;
    bool extreme = rnd() % 4 == 0;

    while (n--)
        *p++ = (uint8_t)(extreme ? (rnd() & 1 ? 255 : 0) : rnd());
}

struct scene {
    struct chain_input input;
    struct chain_curve curve;
    struct chain_params params;
    struct dither dither;
    struct pixel_prepared ref, opt;
    uint32_t src[MAX_N + 32];
    pixel_lin lin[MAX_N + 32];
    uint16_t gains[3 * (MAX_N + 32)];
};

/* A row whose magnitudes sum to at most `left`, often exactly that. */
static void random_row(int16_t m[3], int left, bool positive)
{

    for (unsigned c = 0; c < 3; c++) {
        int v = c == 2 && rnd() % 3 == 0 ? left : (int)(rnd() % (unsigned)(left + 1));

        left -= v;
        m[c] = (int16_t)(!positive && rnd() % 3 == 0 ? -v : v);
    }
}

/* Any, or as most walls have it: no row above full light, up to one step below where a sum of 65535
 * has to be limited, and that step. */
static void random_matrix(int16_t m[3][3])
{
    static const int most[] = {CHAIN_MAX_ROW, CHAIN_MAX_ROW, 16383, 16384, 16383};
    unsigned kind = rnd() % 5;

    for (unsigned k = 0; k < 3; k++)
        random_row(m[k], most[kind], kind > 1);
}

static void random_scene(struct scene *s)
{
    static const double gammas[] = {1.0, 2.2, 2.8, 0.7};
    unsigned exponent = rnd() % (CHAIN_MAX_EXPONENT + 1);

    switch (rnd() % 4) {
    case 0:
        chain_input_linear(&s->input);
        break;
    case 1:
        fill(&s->input, sizeof(s->input)); /* no order at all: the kernels must not care */
        s->input.start[0] = s->input.slope[0] = s->input.bend[0] = 0;
        s->input.dark[0] = 0;
        chain_input_fill(&s->input);
        break;
    default:
        chain_input_srgb(&s->input);
    }
    chain_curve_gamma(&s->curve, gammas[rnd() % 4], exponent);
    if (rnd() % 8)
        dither_frame(&s->dither, rnd());
    else
        dither_off(&s->dither);
    random_matrix(s->params.m);
    s->params.input = &s->input;
    s->params.curve = &s->curve;
    fill(s->src, sizeof(s->src));
    fill(s->gains, sizeof(s->gains));
    for (unsigned i = 0; i < MAX_N + 32; i++)
        s->lin[i] = ((uint64_t)rnd() << 16 ^ rnd()) & 0xffffffffffffu;
}

static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

enum kernel { CHAIN_XRGB, CHAIN_LIN, CHAIN_GAINS, LINEARISE, SWIZZLE, N_KERNELS };
static const char *const kernel_names[N_KERNELS] = {"chain_xrgb", "chain_lin", "chain_lin+gains",
                                                    "linearise", "swizzle"};

static void call(enum kernel which, const struct pixel_kernels *k, const struct scene *s,
                 const struct pixel_prepared *p, uint8_t *dst, size_t at, size_t n, unsigned phase,
                 const uint8_t order[3])
{
    const struct dither_row *row = &s->dither.rows[n % DITHER_SIDE];

    switch (which) {
    case CHAIN_XRGB:
        k->chain_xrgb(dst, s->src + at, n, p, row, phase);
        break;
    case CHAIN_LIN:
        k->chain_lin(dst, s->lin + at, n, p, row, phase, NULL, order);
        break;
    case CHAIN_GAINS:
        k->chain_lin(dst, s->lin + at, n, p, row, phase, s->gains + 3 * at, order);
        break;
    case LINEARISE: {
        pixel_lin lin[MAX_N];

        k->linearise(lin, s->src + at, n, &s->input);
        for (size_t i = 0; i < n; i++) /* six significant bytes folded into three, two at a time */
            for (unsigned j = 0; j < 3; j++)
                dst[3 * i + j] = (uint8_t)((lin[i] >> (16 * j)) ^ (lin[i] >> (16 * j + 8)) * 3u);
        break;
    }
    case SWIZZLE:
        k->swizzle(dst, s->src + at, n, order);
        break;
    case N_KERNELS:
        break;
    }
}

static int check(enum kernel which, const struct pixel_kernels *ref,
                 const struct pixel_kernels *opt, struct scene *s)
{
    static uint8_t want[OUT_LEN], got[OUT_LEN];

    for (size_t n = 0; n <= MAX_N; n++) {
        size_t at = rnd() % 32, d = GUARD + rnd() % 32;
        unsigned phase = rnd() % DITHER_SIDE;
        const uint8_t *order = orders[rnd() % 6];

        if (n % 16 == 0) {
            random_scene(s);
            pixel_prepared_reset(&s->ref);
            pixel_prepared_reset(&s->opt);
            ref->prepare(&s->ref, &s->params);
            opt->prepare(&s->opt, &s->params);
        }
        memset(want, MARGIN, sizeof(want));
        memset(got, MARGIN, sizeof(got));
        call(which, ref, s, &s->ref, want + d, at, n, phase, order);
        call(which, opt, s, &s->opt, got + d, at, n, phase, order);
        if (memcmp(want, got, sizeof(got)) != 0) {
            fprintf(stderr, "%s: n=%zu src+%zu dst+%zu phase=%u differ\n", kernel_names[which], n,
                    at, d, phase);
            return 1;
        }
    }
    return 0;
}

int main(void)
{
    unsigned have = pixel_cpu_detect(), count = 0;
    struct scene *s = aligned_alloc(64, (sizeof(*s) + 63) / 64 * 64);
    struct pixel_kernels ref, opt;
    int failed = 0;

    if (!s)
        return 1;
    memset(s, 0, sizeof(*s));
    pixel_kernels_init(&ref, 0);
    for (size_t v = 1; v < sizeof(versions) / sizeof(versions[0]); v++) {
        pixel_kernels_init(&opt, versions[v].cpu);
        for (enum kernel which = 0; which < N_KERNELS; which++) {
            int bad = 0;

            count++;
            if (versions[v].cpu & ~have) {
                printf("ok %u - %s %s # SKIP this CPU has no %s\n", count, kernel_names[which],
                       versions[v].name, versions[v].name);
                continue;
            }
            for (unsigned round = 0; round < 40 && !bad; round++)
                bad = check(which, &ref, &opt, s);
            printf("%sok %u - %s %s\n", bad ? "not " : "", count, kernel_names[which],
                   versions[v].name);
            failed |= bad;
        }
    }
    printf("1..%u\n", count);
    free(s);
    return failed;
}
