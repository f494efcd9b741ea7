/* SPDX-License-Identifier: Apache-2.0 */
/* Parabolas for the curves that turn canvas codes into light: struct chain_input says why. */
#include <math.h>
#include <stdbool.h>

#include "protocols/pixel/chain.h"

#define PIECE INPUT_PIECE
#define UNIT  (1 << INPUT_SHIFT)
#define FULL  65535

static double srgb_to_light(double v, double gamma)
{
    (void)gamma;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

struct parabola {
    int start, slope, bend;
    double error; /* the largest */
};

static int rise(const struct parabola *p, int d)
{
    return (p->slope + p->bend * d) * d >> INPUT_SHIFT;
}

/* Choose the start: as much error upwards as downwards, or full light, exactly, at the end. */
static void settle(struct parabola *p, const double y[PIECE], bool ends_full)
{
    double low = y[0], high = y[0];

    for (int d = 1; d < PIECE; d++) {
        low = fmin(low, y[d] - rise(p, d));
        high = fmax(high, y[d] - rise(p, d));
    }
    p->start = ends_full ? FULL - rise(p, PIECE - 1) : (int)lround((low + high) / 2);
    p->error = fmax(high - p->start, p->start - low);
}

/* The best of the parabolas that are near one through the ends and the middle: its terms are whole
 * numbers, and what one loses by rounding another can make up for. */
static struct parabola fit(const double y[PIECE], bool ends_full)
{
    const int last = PIECE - 1, half = PIECE / 2;
    double chord = (y[last] - y[0]) / last;
    double bow = (y[last] - y[half] - y[half - 1] + y[0]) /
                 (last * last - half * half - (half - 1) * (half - 1));
    int bend = (int)lround(bow * UNIT);
    struct parabola best = {.error = INFINITY};

    for (int b = bend > 2 ? bend - 2 : 0; b <= bend + 2; b++) {
        int slope = (int)lround(chord * UNIT) - b * last;

        for (int s = slope > 4 ? slope - 4 : 0; s <= slope + 4; s++) {
            struct parabola p = {.slope = s, .bend = b};

            settle(&p, y, ends_full);
            if (p.error < best.error)
                best = p;
        }
    }
    return best;
}

void chain_input_fill(struct chain_input *in)
{
    for (unsigned code = 0; code < 256; code++) {
        unsigned piece = code / PIECE, d = code % PIECE;
        uint16_t slope = (uint16_t)(in->slope[piece] + in->bend[piece] * d);

        in->lin[code] = (uint16_t)(in->start[piece] + (slope * d >> INPUT_SHIFT));
        if (piece == 0)
            in->lin[code] = in->dark[code];
    }
}

static void make(struct chain_input *in, double (*light)(double v, double gamma), double gamma)
{
    *in = (struct chain_input){0};
    for (unsigned piece = 0; piece < INPUT_PIECES; piece++) {
        struct parabola p;
        double y[PIECE];

        for (unsigned d = 0; d < PIECE; d++)
            y[d] = FULL * light((PIECE * piece + d) / 255.0, gamma);
        for (unsigned d = 0; piece == 0 && d < PIECE; d++)
            in->dark[d] = (uint16_t)lround(y[d]);
        if (piece == 0)
            continue;
        p = fit(y, piece == INPUT_PIECES - 1);
        in->start[piece] = (uint16_t)p.start;
        in->slope[piece] = (uint16_t)p.slope;
        in->bend[piece] = (uint8_t)p.bend;
    }
    chain_input_fill(in);
}

void chain_input_srgb(struct chain_input *in)
{
    make(in, srgb_to_light, 0);
}

void chain_input_gamma(struct chain_input *in, double gamma)
{
    make(in, pow, gamma);
}

void chain_input_linear(struct chain_input *in)
{
    make(in, pow, 1);
}
