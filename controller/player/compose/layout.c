/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/layout.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"
#include "controller/player/compose/layout_read.h"
#include "protocols/base/file.h"
#include "protocols/base/parse.h"
#include "protocols/base/tz.h"

static const struct qp_json_limits json_limits = {
    .max_bytes = LAYOUT_MAX_BYTES, .max_depth = 16, .max_values = 200000};

static const char *const type_names[] = {"video", "image",  "zone",  "solid",
                                         "text",  "ticker", "clock", "countdown"};

static const struct {
    enum layer_type type;
    void (*read)(struct layout_ctx *, const struct qp_node *, struct layer *);
} types[QP_ARRAY_LEN(type_names)] = {
    {LAYER_ZONE, layout_read_single}, {LAYER_ZONE, layout_read_single},
    {LAYER_ZONE, layout_read_zone},   {LAYER_SOLID, layout_read_solid},
    {LAYER_TEXT, layout_read_text},   {LAYER_TICKER, layout_read_ticker},
    {LAYER_CLOCK, layout_read_clock}, {LAYER_COUNTDOWN, layout_read_countdown},
};

/* --- helpers of the readers ---------------------------------------------------------------------
 */

char *layout_dup(struct layout_ctx *ctx, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        ctx->oom = true;
    return copy;
}

void layout_f64(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, double min,
                double max, double *ret)
{
    struct qp_node n = qp_node_member(obj, key);

    if (n.json)
        (void)qp_node_f64(&n, min, max, ret, ctx->report);
}

void layout_bool(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, bool *ret)
{
    struct qp_node n = qp_node_member(obj, key);

    if (n.json)
        (void)qp_node_bool(&n, ret, ctx->report);
}

void layout_seconds(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                    double min_s, double max_s, int64_t *ret_ns)
{
    struct qp_node n = qp_node_member(obj, key);
    double s;

    if (n.json && qp_node_f64(&n, min_s, max_s, &s, ctx->report) == 0)
        *ret_ns = llround(s * 1e9);
}

void layout_str(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, size_t max,
                char **ret)
{
    struct qp_node n = qp_node_member(obj, key);
    const char *s;

    if (!n.json || qp_node_str(&n, max, &s, ctx->report) != 0)
        return;
    free(*ret);
    *ret = layout_dup(ctx, s);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return p ? (int)(p - digits) : -1;
}

void layout_colour(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                   uint32_t *ret)
{
    struct qp_node n = qp_node_member(obj, key);
    const char *s;
    uint32_t v = 0;
    size_t len;

    if (!n.json || qp_node_str(&n, 32, &s, ctx->report) != 0)
        return;
    len = strlen(s);
    for (size_t i = 1; i < len; i++) {
        int digit = hex_digit(s[i]);

        if (digit < 0)
            len = 0;
        v = v << 4 | (uint32_t)(digit & 15);
    }
    if (s[0] != '#' || (len != 7 && len != 9)) {
        qp_node_error(&n, ctx->report,
                      "write \"#RRGGBB\" or, with opacity, \"#RRGGBBAA\" in hexadecimal",
                      "\"%s\" is not a colour", s);
        return;
    }
    *ret = len == 7 ? 0xff000000u | v : v >> 8 | v << 24;
}

/* --- one layer ----------------------------------------------------------------------------------
 */

/* "12.5%" of full. */
static int read_share(struct layout_ctx *ctx, const struct qp_node *n, double full, double *ret)
{
    double percent;
    char number[32];
    const char *s;
    size_t len;

    if (qp_node_str(n, sizeof(number), &s, ctx->report) != 0)
        return -EINVAL;
    len = strlen(s);
    if (len < 2 || len > sizeof(number) || s[len - 1] != '%')
        return qp_node_error(n, ctx->report, "write pixels (120) or a share (\"12.5%\")",
                             "\"%s\" is not a length", s);
    memcpy(number, s, len - 1);
    number[len - 1] = '\0';
    if (qp_parse_f64(number, -400, 400, &percent) != 0)
        return qp_node_error(n, ctx->report, "write a share between -400% and 400%",
                             "\"%s\" is not a share", s);
    *ret = percent * full / 100.0;
    return 0;
}

static int read_length(struct layout_ctx *ctx, const struct qp_node *layer, const char *key,
                       uint32_t full, double *ret)
{
    struct qp_node n = qp_node_member(layer, key);
    double limit = 4.0 * full;

    if (!n.json)
        return 0;
    return cJSON_IsString(n.json) ? read_share(ctx, &n, full, ret)
                                  : qp_node_f64(&n, -limit, limit, ret, ctx->report);
}

void layout_length(struct layout_ctx *ctx, const struct qp_node *obj, const char *key, double full,
                   double min, double max, double *ret)
{
    struct qp_node n = qp_node_member(obj, key);
    double v;

    if (n.json && !cJSON_IsString(n.json))
        (void)qp_node_f64(&n, min, max, ret, ctx->report);
    else if (n.json && read_share(ctx, &n, full, &v) == 0)
        *ret = fmin(fmax(v, min), max);
}

/* Both edges are rounded, not the length: layers that meet in percent meet in pixels. */
static int read_span(struct layout_ctx *ctx, const struct qp_node *node, const char *pos_key,
                     const char *len_key, uint32_t full, int32_t *ret_pos, uint32_t *ret_len)
{
    struct qp_node len_node = qp_node_member(node, len_key);
    double pos = 0, len = full;
    double from, to;

    if (read_length(ctx, node, pos_key, full, &pos) != 0 ||
        read_length(ctx, node, len_key, full, &len) != 0)
        return -EINVAL;
    from = floor(pos + 0.5);
    to = floor(pos + len + 0.5);
    if (to - from < 1 || to - from > 2.0 * full)
        return qp_node_error(len_node.json ? &len_node : node, ctx->report,
                             "a layer is 1 pixel to twice the canvas long",
                             "%s comes to %.0f pixels of a canvas of %u", len_key, to - from, full);
    *ret_pos = (int32_t)from;
    *ret_len = (uint32_t)(to - from);
    if (to <= 0 || from >= full)
        return qp_node_error(node, ctx->report, "move it onto the canvas",
                             "the layer lies outside the canvas (%s from %.0f to %.0f, canvas %u)",
                             pos_key, from, to, full);
    if (from < 0 || to > full)
        (void)qp_node_warn(node, ctx->report, "what lies outside is not shown",
                           "the layer reaches over the edge of the canvas (%s from %.0f to %.0f, "
                           "canvas %u)",
                           pos_key, from, to, full);
    return 0;
}

static void read_common(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    struct qp_node z = qp_node_member(node, "z"), name = qp_node_member(node, "name");
    int64_t z_value;
    double opacity = 1.0;
    char path[64];

    if (name.json)
        layout_str(ctx, node, "name", 100, &layer->name);
    if (!layer->name)
        layer->name = layout_dup(ctx, qp_node_path(node, path, sizeof(path)));
    (void)read_span(ctx, node, "x", "w", ctx->canvas_w, &layer->rect.x, &layer->rect.w);
    (void)read_span(ctx, node, "y", "h", ctx->canvas_h, &layer->rect.y, &layer->rect.h);
    if (z.json && qp_node_i64(&z, -10000, 10000, &z_value, ctx->report) == 0)
        layer->z = (int32_t)z_value;
    layout_f64(ctx, node, "opacity", 0, 1, &opacity);
    layer->opacity = (uint8_t)lrint(opacity * 255.0);
}

static void read_layer(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    struct qp_node type = qp_node_member(node, "type");
    unsigned word;

    if (qp_node_is_object(node, ctx->report) != 0 ||
        qp_node_enum(&type, type_names, QP_ARRAY_LEN(type_names), &word, ctx->report) != 0)
        return;
    layer->type = types[word].type;
    read_common(ctx, node, layer);
    types[word].read(ctx, node, layer);
}

/* --- the document -------------------------------------------------------------------------------
 */

/* By z, in file order where equal: insertion sort is stable and there are at most 64. */
static void sort_layers(struct layout *layout)
{
    for (size_t i = 1; i < layout->n_layers; i++) {
        struct layer moving = layout->layers[i];
        size_t k = i;

        for (; k > 0 && layout->layers[k - 1].z > moving.z; k--)
            layout->layers[k] = layout->layers[k - 1];
        layout->layers[k] = moving;
    }
}

static void check_unique(struct layout_ctx *ctx, const struct qp_node *layers,
                         const struct layout *layout)
{
    size_t n_main = 0, n_audio = 0;

    for (size_t i = 0; i < layout->n_layers; i++) {
        n_main += layout->layers[i].main;
        n_audio += layout->layers[i].audio;
    }
    if (n_main > 1)
        (void)qp_node_error(layers, ctx->report, "leave one; give the others files of their own",
                            "%zu zones have \"playlist\": \"main\"", n_main);
    if (n_audio > 1)
        (void)qp_node_error(layers, ctx->report,
                            "set \"audio\": false in all zones but one (the main zone has sound "
                            "unless it says otherwise)",
                            "%zu zones would play sound at once", n_audio);
}

static int read_layers(struct layout_ctx *ctx, const struct qp_node *root, struct layout *layout)
{
    struct qp_node layers = qp_node_member(root, "layers");
    const cJSON *element;
    size_t n = 0;

    if (qp_node_is_array(&layers, ctx->report) != 0)
        return -EINVAL;
    cJSON_ArrayForEach(element, layers.json) n++;
    if (n == 0 || n > LAYOUT_MAX_LAYERS)
        return qp_node_error(&layers, ctx->report, "a layout has 1 to 64 layers", "%zu layers", n);
    layout->layers = calloc(n, sizeof(*layout->layers));
    if (!layout->layers)
        return -ENOMEM;
    cJSON_ArrayForEach(element, layers.json)
    {
        struct qp_node node = qp_node_at(&layers, element, layout->n_layers);

        read_layer(ctx, &node, &layout->layers[layout->n_layers++]);
    }
    check_unique(ctx, &layers, layout);
    sort_layers(layout);
    return 0;
}

static int read_root(struct layout_ctx *ctx, const cJSON *json, struct layout *layout)
{
    static const char *const known[] = {"name", "background", "layers", NULL};
    struct qp_node root = qp_node_root(json);
    char *name = NULL;

    if (qp_node_is_object(&root, ctx->report) != 0)
        return -EINVAL;
    (void)qp_node_known(&root, known, ctx->report);
    layout_str(ctx, &root, "name", 100, &name);
    free(name);
    layout_colour(ctx, &root, "background", &layout->background);
    if (layout->background >> 24 != 255) {
        struct qp_node background = qp_node_member(&root, "background");

        (void)qp_node_error(&background, ctx->report, "write \"#RRGGBB\"",
                            "the canvas's background cannot be transparent");
    }
    return read_layers(ctx, &root, layout);
}

static int layout_alloc(struct layout **ret, uint32_t w, uint32_t h, struct qp_diag *diag)
{
    if (w == 0 || h == 0 || w > 65536 || h > 65536)
        return qp_diag_set(diag, -EINVAL, "a canvas of %u x %u pixels cannot be composed", w, h);
    *ret = calloc(1, sizeof(**ret));
    if (!*ret)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (*ret)->w = w;
    (*ret)->h = h;
    (*ret)->background = 0xff000000u;
    return 0;
}

int layout_parse(struct layout **ret, const char *text, size_t len, const char *dir,
                 uint32_t canvas_w, uint32_t canvas_h, struct qp_report *report,
                 struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct layout_ctx ctx = {
        .report = report ? report : &own, .dir = dir, .canvas_w = canvas_w, .canvas_h = canvas_h};
    size_t before = ctx.report->n_errors;
    struct layout *layout;
    cJSON *json;
    int err = layout_alloc(&layout, canvas_w, canvas_h, diag);

    if (err < 0)
        return err;
    err = qp_json_parse(&json, text, len, &json_limits, diag);
    if (err < 0) {
        layout_destroy(layout);
        return err;
    }
    err = read_root(&ctx, json, layout);
    cJSON_Delete(json);
    if (ctx.oom || err == -ENOMEM)
        err = qp_diag_set(diag, -ENOMEM, "out of memory");
    else if (ctx.report->n_errors > before)
        err = qp_report_diag(ctx.report, diag);
    qp_report_finish(&own);
    if (err < 0)
        layout_destroy(layout);
    else
        *ret = layout;
    return err;
}

int layout_load(struct layout **ret, const char *file, uint32_t canvas_w, uint32_t canvas_h,
                struct qp_report *report, struct qp_diag *diag)
{
    const char *slash = strrchr(file, '/');
    char *text, *dir;
    size_t len;
    int err = qp_file_read(file, LAYOUT_MAX_BYTES, &text, &len, diag);

    if (err < 0)
        return err;
    dir = slash ? strndup(file, (size_t)(slash - file) + (slash == file)) : strdup(".");
    if (dir) {
        err = layout_parse(ret, text, len, dir, canvas_w, canvas_h, report, diag);
        if (err < 0)
            (void)qp_diag_prefix(diag, err, "%s", file);
    } else {
        err = qp_diag_set(diag, -ENOMEM, "%s: out of memory", file);
    }
    free(dir);
    free(text);
    return err;
}

int layout_default(struct layout **ret, uint32_t canvas_w, uint32_t canvas_h)
{
    static const char text[] = "{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\"}]}";

    return layout_parse(ret, text, sizeof(text) - 1, NULL, canvas_w, canvas_h, NULL, NULL);
}

void layout_item_finish(struct play_item *item)
{
    free(item->file);
    item->file = NULL;
}

static void layer_finish(struct layer *layer)
{
    for (size_t i = 0; i < layer->n_items; i++)
        layout_item_finish(&layer->items[i]);
    free(layer->items);
    for (size_t i = 0; i < TEXT_MAX_FAMILIES; i++)
        free(layer->style.families[i]);
    free(layer->style.language);
    free(layer->name);
    free(layer->text);
    free(layer->done);
    tz_destroy(layer->tz);
}

void layout_destroy(struct layout *layout)
{
    if (!layout)
        return;
    for (size_t i = 0; i < layout->n_layers; i++)
        layer_finish(&layout->layers[i]);
    free(layout->layers);
    free(layout);
}
