/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, their playlists, and the two short forms "video" and "image". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"
#include "controller/player/compose/layout_read.h"

#define MAX_DURATION_S   (366.0 * 86400.0)
#define MAX_TRANSITION_S 60.0
#define MAX_PATH_BYTES   4095u

static const char *const fit_names[] = {
    [MEDIA_FILL] = "fill",
    [MEDIA_FIT] = "fit",
    [MEDIA_STRETCH] = "stretch",
    [MEDIA_ONE_TO_ONE] = "1:1",
};

static void read_crop(struct layout_ctx *ctx, const struct qp_node *obj, struct media_rect *ret)
{
    static const char *const known[] = {"x", "y", "w", "h", NULL};
    struct qp_node n = qp_node_member(obj, "crop");
    struct media_rect r = {0, 0, 1, 1};

    if (!n.json || qp_node_is_object(&n, ctx->report) != 0)
        return;
    (void)qp_node_known(&n, known, ctx->report);
    layout_f64(ctx, &n, "x", 0, 1, &r.x);
    layout_f64(ctx, &n, "y", 0, 1, &r.y);
    layout_f64(ctx, &n, "w", 0.0001, 1, &r.w);
    layout_f64(ctx, &n, "h", 0.0001, 1, &r.h);
    if (r.x + r.w > 1.0 + 1e-9 || r.y + r.h > 1.0 + 1e-9) {
        (void)qp_node_error(&n, ctx->report,
                            "keep x + w and y + h within 1 (shares of the picture)",
                            "the cut reaches over the picture's edge");
        return;
    }
    *ret = r;
}

/* "cut", "cross-fade" (half a second), or an object with the time. */
static void read_transition(struct layout_ctx *ctx, const struct qp_node *obj,
                            struct play_item *item)
{
    static const char *const known[] = {"type", "seconds", NULL};
    struct qp_node n = qp_node_member(obj, "transition"), type = n;
    unsigned word;

    if (!n.json)
        return;
    item->transition_ns = 500000000;
    if (!cJSON_IsString(n.json)) {
        if (qp_node_is_object(&n, ctx->report) != 0)
            return;
        (void)qp_node_known(&n, known, ctx->report);
        layout_seconds(ctx, &n, "seconds", 0, MAX_TRANSITION_S, &item->transition_ns);
        type = qp_node_member(&n, "type");
    }
    if (qp_node_enum(&type, transition_names, TRANSITION_N, &word, ctx->report) != 0)
        return;
    item->transition = (enum transition_type)word;
    if (item->transition == TRANSITION_CUT)
        item->transition_ns = 0;
}

/* What an item and the zone's defaults have in common. */
static void read_item_options(struct layout_ctx *ctx, const struct qp_node *obj,
                              struct play_item *item)
{
    struct qp_node fit = qp_node_member(obj, "fit");
    unsigned word;

    layout_seconds(ctx, obj, "duration", 0.001, MAX_DURATION_S, &item->duration_ns);
    if (fit.json && qp_node_enum(&fit, fit_names, QP_ARRAY_LEN(fit_names), &word, ctx->report) == 0)
        item->fit = (enum media_fit)word;
    read_crop(ctx, obj, &item->crop);
    read_transition(ctx, obj, item);
}

/* Media are named from where the layout lies, so that the two can be moved together. */
static char *item_path(struct layout_ctx *ctx, const char *file)
{
    char *path = NULL;

    if (file[0] == '/' || !ctx->dir)
        return layout_dup(ctx, file);
    if (asprintf(&path, "%s/%s", ctx->dir, file) < 0) {
        ctx->oom = true;
        return NULL;
    }
    return path;
}

static void read_file(struct layout_ctx *ctx, const struct qp_node *node, struct play_item *item)
{
    const char *file;

    if (qp_node_str(node, MAX_PATH_BYTES, &file, ctx->report) == 0)
        item->file = item_path(ctx, file);
}

static void read_item(struct layout_ctx *ctx, const struct qp_node *node, struct play_item *item)
{
    static const char *const known[] = {"file", "duration", "fit", "crop", "transition", NULL};
    struct qp_node file;

    if (cJSON_IsString(node->json)) {
        read_file(ctx, node, item);
        return;
    }
    if (qp_node_is_object(node, ctx->report) != 0)
        return;
    (void)qp_node_known(node, known, ctx->report);
    file = qp_node_member(node, "file");
    read_file(ctx, &file, item);
    read_item_options(ctx, node, item);
}

static bool alloc_items(struct layout_ctx *ctx, struct layer *layer, size_t n)
{
    layer->items = calloc(n, sizeof(*layer->items));
    if (layer->items)
        return true;
    ctx->oom = true;
    return false;
}

static void read_playlist(struct layout_ctx *ctx, const struct qp_node *list,
                          const struct play_item *defaults, struct layer *layer)
{
    const cJSON *element;
    size_t n = 0;

    if (qp_node_is_array(list, ctx->report) != 0)
        return;
    cJSON_ArrayForEach(element, list->json) n++;
    if (n == 0 || n > LAYOUT_MAX_ITEMS) {
        (void)qp_node_error(list, ctx->report, "a playlist has 1 to 4096 items", "%zu items", n);
        return;
    }
    if (!alloc_items(ctx, layer, n))
        return;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, layer->n_items);
        struct play_item *item = &layer->items[layer->n_items++];

        *item = *defaults;
        read_item(ctx, &node, item);
    }
}

void layout_read_zone(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, "playlist", "duration", "fit", "crop",
                                        "transition",  "loop",     "audio",    NULL};
    struct qp_node list = qp_node_member(node, "playlist");
    struct qp_node loop = qp_node_member(node, "loop");
    struct play_item defaults = {.fit = MEDIA_FILL};

    (void)qp_node_known(node, known, ctx->report);
    read_item_options(ctx, node, &defaults);
    layer->main = cJSON_IsString(list.json) && strcmp(list.json->valuestring, "main") == 0;
    layer->loop = !layer->main;
    layer->audio = layer->main;
    if (layer->main && loop.json)
        (void)qp_node_error(&loop, ctx->report, "leave it out and say --loop",
                            "the main playlist is repeated by the command, not by the layout");
    else
        layout_bool(ctx, node, "loop", &layer->loop);
    layout_bool(ctx, node, "audio", &layer->audio);
    if (!layer->main && cJSON_IsString(list.json)) {
        (void)qp_node_error(&list, ctx->report, "write \"main\" or a list: [\"clip.mp4\"]",
                            "\"%s\" is not a playlist", list.json->valuestring);
    } else if (!layer->main) {
        read_playlist(ctx, &list, &defaults, layer);
    } else if (alloc_items(ctx, layer, 1)) {
        layer->items[0] = defaults;
        layer->n_items = 1;
    }
}

void layout_read_single(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, "file", "duration", "fit",
                                        "crop",        "loop", "audio",    NULL};
    struct qp_node file = qp_node_member(node, "file");

    (void)qp_node_known(node, known, ctx->report);
    if (!alloc_items(ctx, layer, 1))
        return;
    layer->n_items = 1;
    layer->items[0] = (struct play_item){.fit = MEDIA_FILL};
    layer->loop = true;
    read_item_options(ctx, node, &layer->items[0]);
    layout_bool(ctx, node, "loop", &layer->loop);
    layout_bool(ctx, node, "audio", &layer->audio);
    read_file(ctx, &file, &layer->items[0]);
}

void layout_read_solid(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, "color", NULL};
    struct qp_node colour = qp_node_member(node, "color");
    uint32_t argb = 0;
    const char *unused;

    (void)qp_node_known(node, known, ctx->report);
    if (!colour.json) {
        (void)qp_node_str(&colour, 9, &unused, ctx->report);
        return;
    }
    layout_colour(ctx, node, "color", &argb);
    layer->colour = blend_premultiply(argb);
}
