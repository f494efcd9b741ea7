/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/transition.h"

#include <math.h>
#include <string.h>

#define NS_PER_S   1000000000LL
#define FRAMES_MAX (INT64_MAX / 4)

const char *const transition_names[TRANSITION_N] = {
    [TRANSITION_CUT] = "cut",
    [TRANSITION_CROSS_FADE] = "cross-fade",
    [TRANSITION_WIPE_LEFT] = "wipe-left",
    [TRANSITION_WIPE_RIGHT] = "wipe-right",
    [TRANSITION_WIPE_UP] = "wipe-up",
    [TRANSITION_WIPE_DOWN] = "wipe-down",
    [TRANSITION_CIRCLE] = "circle",
};

__extension__ typedef __int128 wide;

/* floor((ns * rate + bias) / 1 s), where bias is in units of 1 / (2 * den * 1 s). */
static int64_t frames(struct qp_rational rate, int64_t ns, int halves)
{
    wide den = (wide)rate.den * NS_PER_S;
    wide num = (wide)ns * rate.num;
    wide n = halves == 1 ? (2 * num + den) / (2 * den) : (num + den - 1) / den;

    return n > FRAMES_MAX ? FRAMES_MAX : (int64_t)n;
}

int64_t transition_frames_round(struct qp_rational rate, int64_t ns)
{
    return frames(rate, ns, 1);
}

int64_t transition_frames_ceil(struct qp_rational rate, int64_t ns)
{
    return frames(rate, ns, 2);
}

int64_t transition_frame_ns(struct qp_rational rate, int64_t k)
{
    wide ns = (wide)k * rate.den * NS_PER_S / rate.num;

    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static uint8_t unit_to_byte(double v)
{
    return (uint8_t)lrint(255.0 * (v < 0 ? 0 : v > 1 ? 1 : v));
}

/* Columns left of the edge get the new picture; the one the edge stands in gets its share of it, so
 * that the edge moves evenly. from_right mirrors. */
static void wipe_row(uint8_t *weights, uint32_t w, double share, int from_right)
{
    double edge = share * w;
    uint32_t full = (uint32_t)edge;

    memset(weights, 0, w);
    for (uint32_t x = 0; x < full; x++)
        weights[from_right ? w - 1 - x : x] = 255;
    if (full < w)
        weights[from_right ? w - 1 - full : full] = unit_to_byte(edge - full);
}

static void circle_row(uint8_t *weights, uint32_t w, uint32_t h, uint32_t y, double share)
{
    double cx = w / 2.0, cy = h / 2.0;
    double radius = share * (hypot(cx, cy) + 1.0);
    double dy = y + 0.5 - cy;

    for (uint32_t x = 0; x < w; x++) {
        double dx = x + 0.5 - cx;

        weights[x] = unit_to_byte(radius - sqrt(dx * dx + dy * dy));
    }
}

int transition_weights(enum transition_type type, uint32_t w, uint32_t h, uint32_t y, int64_t i,
                       int64_t n, uint8_t *weights)
{
    double share = (double)(i + 1) / (double)(n + 1);

    switch (type) {
    case TRANSITION_WIPE_LEFT:
    case TRANSITION_WIPE_RIGHT:
        wipe_row(weights, w, share, type == TRANSITION_WIPE_LEFT);
        return 1;
    case TRANSITION_WIPE_UP:
        memset(weights, unit_to_byte(share * h - (double)(h - 1 - y)), w);
        return 0;
    case TRANSITION_WIPE_DOWN:
        memset(weights, unit_to_byte(share * h - (double)y), w);
        return 0;
    case TRANSITION_CIRCLE:
        circle_row(weights, w, h, y, share);
        return 0;
    default:
        memset(weights, unit_to_byte(share), w);
        return 1;
    }
}
