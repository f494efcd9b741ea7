/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/chain.h"

#include <math.h>
#include <string.h>

#include "protocols/pixel/kernels.h"
#include "tests/support/t.h"

static double srgb(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* The published vectors of the sRGB curve (IEC 61966-2-1), to half a step of 16 bits. */
TEST(input_srgb_vectors)
{
    struct chain_input in;

    chain_input_srgb(&in);
    T_EQ(in.lin[0], 0);
    T_EQ(in.lin[255], 65535);
    T_CHECK(fabs(in.lin[51] / 65535.0 - 0.033104767) < 1e-5);  /* V = 0.2 */
    T_CHECK(fabs(in.lin[102] / 65535.0 - 0.132868321) < 1e-5); /* V = 0.4 */
    chain_input_linear(&in);
    T_EQ(in.lin[1], 257);
}

/* What chain.h promises of the parabolas, for every gamma that a wall may ask for. */
TEST(input_is_accurate)
{
    struct chain_input in;

    for (unsigned hundredths = 99; hundredths <= 400; hundredths++) {
        double gamma = hundredths / 100.0, allowed = hundredths < 100 ? 1.1 : 2.5;

        if (hundredths < 100)
            chain_input_srgb(&in);
        else
            chain_input_gamma(&in, gamma);
        T_EQ(in.lin[255], 65535);
        for (unsigned i = 0; i < 256; i++) {
            double light = 65535 * (hundredths < 100 ? srgb(i / 255.0) : pow(i / 255.0, gamma));

            T_CHECK(fabs(in.lin[i] - light) <= (i < INPUT_PIECE ? 0.5 : allowed));
            T_CHECK(i == 0 || in.lin[i] >= in.lin[i - 1]);
        }
    }
    chain_input_linear(&in);
    for (unsigned i = 0; i < 256; i++)
        T_EQ(in.lin[i], i * 257);
}

TEST(exponent_never_clips)
{
    T_EQ(chain_exponent(1.0), 0);
    T_EQ(chain_exponent(1.9), 0);
    T_EQ(chain_exponent(0.5), 1);
    T_EQ(chain_exponent(0.5001), 0);
    T_EQ(chain_exponent(0.02), 5);
    T_EQ(chain_exponent(0.0), CHAIN_MAX_EXPONENT);
}

/* Each LED and channel sees 64 different thresholds in any 64 frames in a row. */
TEST(dither_is_exactly_uniform_over_64_frames)
{
    static struct dither d;
    static uint8_t seen[DITHER_SIDE][3][DITHER_SIDE][256];

    for (uint64_t n = 1000; n < 1064; n++) {
        dither_frame(&d, n);
        for (unsigned y = 0; y < DITHER_SIDE; y++)
            for (unsigned k = 0; k < 3; k++)
                for (unsigned x = 0; x < DITHER_SIDE; x++)
                    seen[y][k][x][d.rows[y].plane[k][x]]++;
    }
    for (unsigned y = 0; y < DITHER_SIDE; y++)
        for (unsigned k = 0; k < 3; k++)
            for (unsigned x = 0; x < DITHER_SIDE; x++)
                for (unsigned t = 0; t < 256; t++)
                    T_EQ(seen[y][k][x][t], t % 4 == 2);
}

TEST(dither_shapes_agree)
{
    static struct dither d;

    dither_frame(&d, 7);
    for (unsigned x = 0; x < 2 * DITHER_SIDE; x++) {
        T_EQ(d.rows[5].pair[x] & 0xffffu, d.rows[5].plane[0][x]);
        T_EQ(d.rows[5].pair[x] >> 16, d.rows[5].plane[1][x]);
        T_EQ(d.rows[5].single[x], d.rows[5].plane[2][x]);
        T_EQ(d.rows[5].plane[2][x], d.rows[5].plane[2][x % DITHER_SIDE]);
    }
}

/* In any one frame the mean threshold of a tile is near the middle: no frame flashes. */
TEST(dither_frames_are_level)
{
    static struct dither d;

    for (uint64_t n = 0; n < 64; n++) {
        double sum = 0;

        dither_frame(&d, n);
        for (unsigned y = 0; y < DITHER_SIDE; y++)
            for (unsigned x = 0; x < DITHER_SIDE; x++)
                sum += d.rows[y].plane[0][x];
        T_CHECK(fabs(sum / (DITHER_SIDE * DITHER_SIDE) - 128.0) < 2.0);
    }
}

static void params_of(struct chain_params *p, double matrix[3][3], unsigned exponent)
{
    for (unsigned k = 0; k < 3; k++)
        chain_coefficients(p->m[k], matrix[k], exponent);
}

/* Without any processing the chain is the identity on codes. */
TEST(chain_with_linear_ends_is_the_identity)
{
    static struct dither d;
    static struct pixel_prepared prepared;
    struct chain_input in;
    struct chain_curve curve;
    struct chain_params p = {.input = &in, .curve = &curve};
    double unit[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    struct pixel_kernels k;
    uint32_t src[256];
    uint8_t out[768];

    chain_input_linear(&in);
    chain_curve_gamma(&curve, 1.0, 0);
    params_of(&p, unit, 0);
    dither_off(&d);
    pixel_kernels_init(&k, 0);
    k.prepare(&prepared, &p);
    for (unsigned i = 0; i < 256; i++)
        src[i] = i << 16 | (255 - i) << 8 | (i ^ 85);
    k.chain_xrgb(out, src, 256, &prepared, &d.rows[0], 0);
    for (unsigned i = 0; i < 256; i++) {
        T_EQ(out[3 * i], i);
        T_EQ(out[3 * i + 1], 255 - i);
        T_EQ(out[3 * i + 2], i ^ 85);
    }
}

struct accuracy {
    double with_dither_db, without_db;
};

/* Mean of 64 frames in linear light against the same chain in double precision. */
static struct accuracy measure(double gamma, double brightness)
{
    enum { N = 4096 };
    static struct dither d;
    static struct pixel_prepared prepared;
    static uint32_t src[N];
    static uint8_t out[3 * N];
    static double sum[3 * N];
    double m[3][3] = {{.90, .05, -.02}, {.01, .92, .03}, {-.01, .04, .88}};
    double error = 0, error_off = 0, full = brightness;
    struct chain_input in;
    struct chain_curve curve;
    struct chain_params p = {.input = &in, .curve = &curve};
    unsigned exponent = chain_exponent(0.97 * brightness);
    struct pixel_kernels k;
    uint64_t seed = 9;

    memset(sum, 0, sizeof(sum));
    for (unsigned i = 0; i < 9; i++)
        m[i / 3][i % 3] *= brightness;
    chain_input_srgb(&in);
    chain_curve_gamma(&curve, gamma, exponent);
    params_of(&p, m, exponent);
    pixel_kernels_init(&k, pixel_cpu_detect());
    pixel_prepared_reset(&prepared);
    k.prepare(&prepared, &p);
    for (unsigned i = 0; i < N; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        src[i] = (uint32_t)(seed >> 32);
    }
    for (unsigned f = 0; f < 65; f++) {
        if (f < 64)
            dither_frame(&d, f);
        else
            dither_off(&d);
        for (unsigned row = 0; row < N / 64; row++)
            k.chain_xrgb(out + 192 * row, src + 64 * row, 64, &prepared, &d.rows[row % 64], 0);
        for (unsigned i = 0; f < 64 && i < 3 * N; i++)
            sum[i] += pow(out[i] / 255.0, gamma) / 64.0;
    }
    for (unsigned i = 0; i < 3 * N; i++) {
        uint32_t px = src[i / 3];
        double rgb[3] = {srgb((px >> 16 & 255u) / 255.0), srgb((px >> 8 & 255u) / 255.0),
                         srgb((px & 255u) / 255.0)};
        double want = 0;

        for (unsigned c = 0; c < 3; c++)
            want += m[i % 3][c] * rgb[c];
        want = fmin(fmax(want, 0.0), 1.0);
        error += (sum[i] - want) * (sum[i] - want);
        error_off += (pow(out[i] / 255.0, gamma) - want) * (pow(out[i] / 255.0, gamma) - want);
    }
    return (struct accuracy){10 * log10(full * full * 3 * N / error),
                             10 * log10(full * full * 3 * N / error_off)};
}

/* Peak is the wall's brightest light, so a dimmed wall is held to the same standard. */
TEST(chain_is_accurate_in_light)
{
    static const double gammas[] = {1.0, 2.2, 2.8};
    static const double levels[] = {1.0, 0.5, 0.1, 0.03};

    for (unsigned g = 0; g < 3; g++) {
        for (unsigned b = 0; b < 4; b++) {
            struct accuracy a = measure(gammas[g], levels[b]);

            fprintf(stderr, "# gamma %.1f brightness %.2f: %.1f dB, without dither %.1f dB\n",
                    gammas[g], levels[b], a.with_dither_db, a.without_db);
            T_CHECK(a.without_db < a.with_dither_db - 15.0);
            /* 64 thresholds show 1/64 of a code; at 3 % a card without gamma has 8 codes left. */
            T_CHECK(a.with_dither_db > (gammas[g] < 2.0 && levels[b] < 0.1 ? 60.0 : 70.0));
        }
    }
}
