/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - a wall compiled for the frame path.
 *
 * For every run of LEDs that lie in a row on the canvas and one behind the other in a packet, the
 * plan knows the canvas pixels, the packet bytes, the correction and the dither row. A frame only
 * executes it: cabinet by cabinet, from the canvas straight into the packets.
 *
 * Threads: create and destroy anywhere; plan_set_brightness and plan_begin between frames, by the
 * thread that renders; plan_port for different ports at the same time from several threads, each
 * with its own scratch. After create nothing allocates. */
#ifndef CONTROLLER_PLAYER_RENDER_PLAN_H
#define CONTROLLER_PLAYER_RENDER_PLAN_H

#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/pixel/canvas.h"
#include "protocols/pixel/kernels.h"
#include "protocols/wall/wall.h"
#include "sender-card/sender.h"

struct plan;
struct plan_scratch; /* one per rendering thread */

struct plan_params {
    const struct wall *wall;                    /* borrowed until plan_destroy */
    const struct sender_layout *const *layouts; /* one a port; borrowed until plan_destroy */
    enum canvas_format format;                  /* of every canvas it will be given */
    unsigned cpu;                               /* enum pixel_cpu bits; pixel_cpu_detect() */
};

/* Returns 0, -EINVAL (a correction matrix too strong, a scale too large; diag names the cabinet),
 * -ERANGE (LEDs off the canvas: the wall was not checked), -ENOMEM. */
QP_MUST_CHECK int plan_create(struct plan **ret, const struct plan_params *params,
                              struct qp_diag *diag);
void plan_destroy(struct plan *plan); /* NULL is fine */

QP_MUST_CHECK int plan_scratch_create(struct plan_scratch **ret);
void plan_scratch_destroy(struct plan_scratch *scratch);

/* Light of the whole wall, 0..1, where the chain dims; ignored where the card does. */
void plan_set_brightness(struct plan *plan, double level);

/* Make the thresholds of frame n. */
void plan_begin(struct plan *plan, uint64_t n);

/* Fill the pixel bytes of one port's packets. bytes is where the port's set begins; the canvas has
 * the wall's size and the plan's format. */
void plan_port(const struct plan *plan, struct plan_scratch *scratch, uint32_t port,
               const struct canvas *canvas, uint8_t *bytes);

/* For tests and statistics. */
struct plan_info {
    uint64_t n_runs, n_direct, n_strided, n_sampled; /* runs by kind */
    uint64_t n_leds;                                 /* LEDs with a place in a packet */
    uint64_t bytes;                                  /* memory of the compiled plan */
    int identity;                                    /* every stage is off: bytes are copied */
    const char *kernels;                             /* "c", "avx2", "avx512" */
};

void plan_info(const struct plan *plan, struct plan_info *ret);

#endif
