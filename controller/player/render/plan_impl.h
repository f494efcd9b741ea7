/* SPDX-License-Identifier: Apache-2.0 */
/* plan_impl.h - private to the renderer: what a compiled wall is made of. */
#ifndef CONTROLLER_PLAYER_RENDER_PLAN_IMPL_H
#define CONTROLLER_PLAYER_RENDER_PLAN_IMPL_H

#include <stdbool.h>

#include "controller/player/render/plan.h"
#include "protocols/pixel/sample.h"

#define RUN_MAX 512 /* LEDs; bounds the scratch memory */

enum run_kind {
    RUN_DIRECT,  /* consecutive canvas pixels */
    RUN_STRIDED, /* canvas pixels a fixed distance apart: turned or mirrored cabinets */
    RUN_SAMPLED  /* footprints */
};

struct run {
    size_t dst;     /* byte offset in the port's set */
    uint32_t n;     /* LEDs, at most RUN_MAX */
    uint32_t chain; /* index into plan.chains */
    uint32_t x, y;  /* DIRECT, STRIDED: the first LED's canvas pixel */
    uint32_t led;   /* first LED in its cabinet, as in wall_span */
    uint32_t cabinet;
    int32_t led_step;
    int16_t du, dv;     /* STRIDED: canvas step from LED to LED */
    uint8_t kind;       /* enum run_kind */
    uint8_t row, phase; /* dither */
};

/* One correction with its card's curve and colour order; m is remade with the brightness. */
struct chain {
    double matrix[3][3]; /* output channel R,G,B x input channel, without brightness */
    uint32_t curve;      /* index into plan.curves */
    uint8_t order[3];    /* output byte -> channel */
    struct chain_params params;
};

struct curve {
    double gamma;
    struct chain_curve table;
};

/* Footprints of a cabinet that is not 1:1: a filter per native column and per native row, or per
 * LED on both axes where it is irregular. `turned`: native columns run along canvas y. */
struct footprint {
    struct sample_axis *u, *v; /* canvas x and y filters; n_u, n_v of them */
    uint32_t n_u, n_v;
    uint16_t *weights;
    bool turned, irregular;
};

struct port_plan {
    struct run *runs;
    size_t n_runs, cap;
};

struct plan {
    const struct wall *wall; /* borrowed */
    struct pixel_kernels kernels;
    enum canvas_format format;
    bool identity;
    double row_sum; /* the largest of any chain, brightness 1 */
    struct chain_input input;
    struct curve *curves;
    uint32_t n_curves;
    struct chain *chains;
    uint32_t n_chains;
    uint32_t *cabinet_chain;      /* first chain of each cabinet; its modules follow */
    struct footprint **footprint; /* per cabinet; NULL: 1:1 */
    struct port_plan *ports;
    struct dither dither;
    uint64_t generation; /* changes with the brightness: prepared chains are stale */
};

struct plan_scratch {
    struct pixel_prepared prepared;
    uint64_t generation;
    uint32_t pixels[RUN_MAX];
    pixel_lin lin[RUN_MAX];
    uint16_t gains[3 * RUN_MAX];
};

/* chains.c: the corrections, curves and input table of a wall. */
QP_MUST_CHECK int plan_make_chains(struct plan *plan, struct qp_diag *diag);

/* footprints.c */
QP_MUST_CHECK int footprint_create(struct footprint **ret, const struct wall *wall,
                                   uint32_t cabinet);
void footprint_destroy(struct footprint *f);

/* compile.c: the runs of one port. */
QP_MUST_CHECK int plan_compile_port(struct plan *plan, uint32_t port,
                                    const struct sender_layout *layout);

#endif
