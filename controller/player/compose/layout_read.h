/* SPDX-License-Identifier: Apache-2.0 */
/* layout_read.h - inside the layout reader: what its files share.
 *
 * Readers add what they find to the report and go on, so that a person sees everything at once;
 * only running out of memory stops them (ctx->oom). Members that are absent keep what the struct
 * holds. */
#ifndef CONTROLLER_PLAYER_COMPOSE_LAYOUT_READ_H
#define CONTROLLER_PLAYER_COMPOSE_LAYOUT_READ_H

#include "controller/player/compose/layout.h"
#include "protocols/base/json.h"

struct layout_ctx {
    struct qp_report *report; /* borrowed */
    const char *dir;          /* media files are relative to it; NULL: as they are */
    uint32_t canvas_w, canvas_h;
    bool oom;
};

/* strdup that remembers failure. */
char *layout_dup(struct layout_ctx *ctx, const char *text);

/* Optional members of a node. */
void layout_f64(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, double min,
                double max, double *ret);
/* A number of pixels, min to max, or "12.5%" of full, brought into min to max. */
void layout_length(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, double full,
                   double min, double max, double *ret);
void layout_bool(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, bool *ret);
void layout_seconds(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                    double min_s, double max_s, int64_t *ret_ns);
/* *ret is NULL or an owned string, replaced. */
void layout_str(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, size_t max,
                char **ret);
/* "#RRGGBB" or "#RRGGBBAA" -> straight 0xAARRGGBB. */
void layout_colour(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                   uint32_t *ret);

void layout_read_zone(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_single(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_solid(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_text(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_ticker(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_clock(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);
void layout_read_countdown(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer);

/* The members every layer may have, for the lists of known names. */
#define LAYOUT_COMMON "name", "type", "x", "y", "w", "h", "z", "opacity"

#endif
