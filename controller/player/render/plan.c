/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/render/plan.h"

#include <stdlib.h>
#include <string.h>

#include "controller/player/render/plan_impl.h"

#define TABLE_ALIGN   64u
#define PIXELS_A_LINE 16 /* of a cache line */
#define RUNS_AHEAD    3  /* so far before its turn a run's pixels are asked for */

static void *aligned_zeroed(size_t bytes)
{
    size_t size = (bytes + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;
    void *p = aligned_alloc(TABLE_ALIGN, size);

    if (p)
        memset(p, 0, size);
    return p;
}

static int make_footprints(struct plan *plan, struct qp_diag *diag)
{
    const struct wall *wall = plan->wall;

    plan->footprint = calloc(wall->n_cabinets ? wall->n_cabinets : 1, sizeof(*plan->footprint));
    if (!plan->footprint)
        return -ENOMEM;
    for (uint32_t i = 0; i < wall->n_cabinets; i++) {
        int r = footprint_create(&plan->footprint[i], wall, i);

        if (r == -EINVAL)
            return qp_diag_set(diag, r,
                               "cabinet \"%s\": an LED covers more than %.0f canvas pixels on a "
                               "side; make the canvas smaller",
                               wall->cabinets[i].id, SAMPLE_MAX_SCALE);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compile(struct plan *plan, const struct plan_params *params, struct qp_diag *diag)
{
    int r = plan_make_chains(plan, diag);

    if (r == 0)
        r = make_footprints(plan, diag);
    if (r < 0)
        return r;
    plan->ports = calloc(plan->wall->n_outputs ? plan->wall->n_outputs : 1, sizeof(*plan->ports));
    if (!plan->ports)
        return -ENOMEM;
    for (uint32_t port = 0; r == 0 && port < plan->wall->n_outputs; port++)
        r = plan_compile_port(plan, port, params->layouts[port]);
    return r;
}

int plan_create(struct plan **ret, const struct plan_params *params, struct qp_diag *diag)
{
    struct plan *plan = aligned_zeroed(sizeof(*plan));
    int r;

    if (!plan)
        return -ENOMEM;
    plan->wall = params->wall;
    plan->format = params->format;
    pixel_kernels_init(&plan->kernels, params->cpu);
    r = compile(plan, params, diag);
    if (r < 0) {
        plan_destroy(plan);
        return r == -ENOMEM ? qp_diag_set(diag, r, "not enough memory to compile the wall") : r;
    }
    plan_set_brightness(plan, params->wall->processing.brightness);
    dither_off(&plan->dither);
    *ret = plan;
    return 0;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; plan->ports && i < plan->wall->n_outputs; i++)
        free(plan->ports[i].runs);
    for (uint32_t i = 0; plan->footprint && i < plan->wall->n_cabinets; i++)
        footprint_destroy(plan->footprint[i]);
    free(plan->ports);
    free(plan->footprint);
    free(plan->cabinet_chain);
    free(plan->chains);
    free(plan->curves);
    free(plan);
}

int plan_scratch_create(struct plan_scratch **ret)
{
    struct plan_scratch *s = aligned_zeroed(sizeof(*s));

    if (!s)
        return -ENOMEM;
    *ret = s;
    return 0;
}

void plan_scratch_destroy(struct plan_scratch *scratch)
{
    free(scratch);
}

void plan_begin(struct plan *plan, uint64_t n)
{
    if (plan->wall->processing.dither)
        dither_frame(&plan->dither, n);
}

/* The gains of a run's LEDs in the run's order, or NULL. */
static const uint16_t *run_gains(const struct plan *plan, struct plan_scratch *s,
                                 const struct run *run)
{
    const uint16_t *gains = plan->wall->cabinets[run->cabinet].gains;

    if (!gains || !plan->wall->processing.correction)
        return NULL;
    if (run->led_step == 1)
        return gains + (size_t)3 * run->led;
    for (uint32_t i = 0; i < run->n; i++) {
        size_t led = (size_t)((int64_t)run->led + (int64_t)run->led_step * i);

        memcpy(s->gains + (size_t)3 * i, gains + 3 * led, 3 * sizeof(*gains));
    }
    return s->gains;
}

/* Canvas pixels of a 1:1 run in the run's order. */
static const uint32_t *run_pixels(struct plan_scratch *s, const struct run *run,
                                  const struct canvas *canvas)
{
    const uint32_t *p = canvas_row(canvas, run->y) + run->x;
    ptrdiff_t step;

    if (run->kind == RUN_DIRECT)
        return p;
    step = run->dv * (ptrdiff_t)canvas->stride + run->du;
    for (uint32_t i = 0; i < run->n; i++, p += step)
        s->pixels[i] = *p;
    return s->pixels;
}

static void sample_run(const struct plan *plan, struct plan_scratch *s, const struct run *run,
                       const struct canvas *canvas)
{
    const struct footprint *f = plan->footprint[run->cabinet];
    uint32_t w = plan->wall->types[plan->wall->cabinets[run->cabinet].type].w;

    for (uint32_t i = 0; i < run->n; i++) {
        uint32_t led = (uint32_t)((int64_t)run->led + (int64_t)run->led_step * i);
        uint32_t column = f->irregular ? led : led % w, row = f->irregular ? led : led / w;

        s->lin[i] = sample_box(canvas, &f->u[f->turned ? row : column],
                               &f->v[f->turned ? column : row], &plan->input);
    }
}

static void run_chain(const struct plan *plan, struct plan_scratch *s, const struct run *run,
                      const struct canvas *canvas, uint8_t *dst)
{
    const struct chain *chain = &plan->chains[run->chain];
    const struct dither_row *row = &plan->dither.rows[run->row];
    const uint16_t *gains = run_gains(plan, s, run);

    plan->kernels.prepare(&s->prepared, &chain->params);
    if (run->kind == RUN_SAMPLED) {
        sample_run(plan, s, run, canvas);
    } else if (!gains) {
        plan->kernels.chain_xrgb(dst, run_pixels(s, run, canvas), run->n, &s->prepared, row,
                                 run->phase);
        return;
    } else {
        plan->kernels.linearise(s->lin, run_pixels(s, run, canvas), run->n, &plan->input);
    }
    plan->kernels.chain_lin(dst, s->lin, run->n, &s->prepared, row, run->phase, gains,
                            chain->order);
}

/* Ask for the canvas pixels of a run that is to come: a cabinet's row is a kilobyte at best, too
 * short for the hardware to see the pattern. Inlined by force: to gcc 12 a function that does
 * nothing but prefetch has no effect, and it drops the call. */
static inline __attribute__((always_inline)) void prefetch_run(const struct run *run,
                                                               const struct canvas *canvas)
{
    const uint32_t *p;
    ptrdiff_t step = PIXELS_A_LINE;
    uint32_t n = (run->n + PIXELS_A_LINE - 1) / PIXELS_A_LINE;

    if (run->kind == RUN_SAMPLED)
        return;
    p = canvas_row(canvas, run->y) + run->x;
    if (run->kind == RUN_STRIDED) {
        step = run->dv * (ptrdiff_t)canvas->stride + run->du;
        n = run->n;
    }
    for (uint32_t i = 0; i < n; i++, p += step)
        __builtin_prefetch(p);
}

void plan_port(const struct plan *plan, struct plan_scratch *scratch, uint32_t port,
               const struct canvas *canvas, uint8_t *bytes)
{
    const struct port_plan *p = &plan->ports[port];

    if (scratch->generation != plan->generation) {
        pixel_prepared_reset(&scratch->prepared);
        scratch->generation = plan->generation;
    }
    for (size_t i = 0; i < p->n_runs; i++) {
        const struct run *run = &p->runs[i];

        if (i + RUNS_AHEAD < p->n_runs)
            prefetch_run(run + RUNS_AHEAD, canvas);
        if (plan->identity && run->kind != RUN_SAMPLED)
            plan->kernels.swizzle(bytes + run->dst, run_pixels(scratch, run, canvas), run->n,
                                  plan->chains[run->chain].order);
        else
            run_chain(plan, scratch, run, canvas, bytes + run->dst);
    }
}

void plan_info(const struct plan *plan, struct plan_info *ret)
{
    *ret = (struct plan_info){.identity = plan->identity,
                              .kernels = plan->kernels.name,
                              .bytes = sizeof(*plan) + plan->n_chains * sizeof(struct chain)};
    for (uint32_t port = 0; port < plan->wall->n_outputs; port++) {
        const struct port_plan *p = &plan->ports[port];

        ret->n_runs += p->n_runs;
        ret->bytes += p->cap * sizeof(struct run);
        for (size_t i = 0; i < p->n_runs; i++) {
            ret->n_leds += p->runs[i].n;
            ret->n_direct += p->runs[i].kind == RUN_DIRECT;
            ret->n_strided += p->runs[i].kind == RUN_STRIDED;
            ret->n_sampled += p->runs[i].kind == RUN_SAMPLED;
        }
    }
}
