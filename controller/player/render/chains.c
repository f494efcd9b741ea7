/* SPDX-License-Identifier: Apache-2.0 */
/* Corrections of a wall. Cabinets without a matrix of their own share one chain per type, so that a
 * plain wall has one chain and its runs may reach over cabinet borders. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/render/plan_impl.h"

static const uint8_t orders[][3] = {
    [WALL_RGB] = {0, 1, 2}, [WALL_RBG] = {0, 2, 1}, [WALL_GRB] = {1, 0, 2},
    [WALL_GBR] = {1, 2, 0}, [WALL_BRG] = {2, 0, 1}, [WALL_BGR] = {2, 1, 0},
};

static const struct wall_matrix unit = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

static void make_input(struct plan *plan)
{
    const struct wall_processing *p = &plan->wall->processing;

    switch (p->input) {
    case WALL_CURVE_SRGB:
        chain_input_srgb(&plan->input);
        break;
    case WALL_CURVE_GAMMA:
        chain_input_gamma(&plan->input, p->input_gamma);
        break;
    case WALL_CURVE_OFF:
        chain_input_linear(&plan->input);
        break;
    }
}

static uint32_t curve_of(struct plan *plan, double gamma)
{
    uint32_t i;

    for (i = 0; i < plan->n_curves; i++)
        if (plan->curves[i].gamma == gamma)
            return i;
    plan->curves[i].gamma = gamma;
    plan->n_curves++;
    return i;
}

static double strongest_row(const struct wall_matrix *m)
{
    double most = 0;

    for (unsigned k = 0; k < 3; k++)
        most = fmax(most, fabs(m->m[k][0]) + fabs(m->m[k][1]) + fabs(m->m[k][2]));
    return most;
}

static int add_chain(struct plan *plan, const struct wall_type *type, const struct wall_matrix *m)
{
    struct chain *c = &plan->chains[plan->n_chains++];
    double strength = strongest_row(m);

    memcpy(c->matrix, m->m, sizeof(c->matrix));
    memcpy(c->order, orders[type->order], sizeof(c->order));
    c->curve = curve_of(plan, plan->wall->processing.output_curve ? type->gamma : 1.0);
    c->params.input = &plan->input;
    c->params.curve = &plan->curves[c->curve].table;
    plan->row_sum = fmax(plan->row_sum, strength);
    return ldexp(strength, CHAIN_UNIT_BITS) <= CHAIN_MAX_ROW ? 0 : -EINVAL;
}

static bool has_own_matrix(const struct plan *plan, const struct wall_cabinet *cabinet)
{
    return plan->wall->processing.correction && (cabinet->has_matrix || cabinet->modules);
}

static uint32_t modules_of(const struct wall *wall, const struct wall_cabinet *cabinet)
{
    const struct wall_type *type = &wall->types[cabinet->type];

    return cabinet->modules ? type->modules_x * type->modules_y : 1;
}

static int add_own_chains(struct plan *plan, uint32_t cabinet, struct qp_diag *diag)
{
    const struct wall_cabinet *c = &plan->wall->cabinets[cabinet];
    const struct wall_type *type = &plan->wall->types[c->type];

    plan->cabinet_chain[cabinet] = plan->n_chains;
    for (uint32_t i = 0; i < modules_of(plan->wall, c); i++) {
        int r = add_chain(plan, type, c->modules ? &c->modules[i] : &c->matrix);

        if (r < 0)
            return qp_diag_set(diag, r,
                               "cabinet \"%s\": the correction matrix is too strong; keep the sum "
                               "of the magnitudes of each row below 1.98",
                               c->id);
    }
    return 0;
}

static uint64_t count_chains(const struct plan *plan)
{
    uint64_t n = plan->wall->n_types;

    for (uint32_t i = 0; i < plan->wall->n_cabinets; i++)
        if (has_own_matrix(plan, &plan->wall->cabinets[i]))
            n += modules_of(plan->wall, &plan->wall->cabinets[i]);
    return n;
}

int plan_make_chains(struct plan *plan, struct qp_diag *diag)
{
    const struct wall *wall = plan->wall;

    plan->chains = calloc(count_chains(plan), sizeof(*plan->chains));
    plan->curves = aligned_alloc(64, (wall->n_types ? wall->n_types : 1) * sizeof(*plan->curves));
    plan->cabinet_chain = calloc(wall->n_cabinets ? wall->n_cabinets : 1, sizeof(uint32_t));
    if (!plan->chains || !plan->curves || !plan->cabinet_chain)
        return -ENOMEM;
    make_input(plan);
    for (uint32_t t = 0; t < wall->n_types; t++) /* chain t is that of plain cabinets of type t */
        (void)add_chain(plan, &wall->types[t], &unit);
    for (uint32_t i = 0; i < wall->n_cabinets; i++) {
        int r = 0;

        if (has_own_matrix(plan, &wall->cabinets[i]))
            r = add_own_chains(plan, i, diag);
        else
            plan->cabinet_chain[i] = wall->cabinets[i].type;
        if (r < 0)
            return r;
    }
    return 0;
}

static bool stages_off(const struct plan *plan)
{
    const struct wall_processing *p = &plan->wall->processing;

    return p->input == WALL_CURVE_OFF && !p->correction && !p->output_curve && !p->dither;
}

void plan_set_brightness(struct plan *plan, double level)
{
    double b = plan->wall->processing.dimmer == WALL_DIMMER_CHAIN ? fmin(fmax(level, 0), 1) : 1;
    unsigned exponent = chain_exponent(plan->row_sum * b);

    for (uint32_t i = 0; i < plan->n_curves; i++)
        chain_curve_gamma(&plan->curves[i].table, plan->curves[i].gamma, exponent);
    for (uint32_t i = 0; i < plan->n_chains; i++) {
        struct chain *c = &plan->chains[i];

        for (unsigned k = 0; k < 3; k++) {
            const double *row = c->matrix[c->order[k]];
            const double dimmed[3] = {row[0] * b, row[1] * b, row[2] * b};

            chain_coefficients(c->params.m[k], dimmed, exponent);
        }
    }
    plan->identity = stages_off(plan) && b == 1;
    plan->generation++;
}
