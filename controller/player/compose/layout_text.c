/* SPDX-License-Identifier: Apache-2.0 */
/* Text, tickers, clocks and countdowns. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"
#include "controller/player/compose/layout_read.h"
#include "controller/player/compose/timefmt.h"
#include "protocols/base/tz.h"

#define STYLE_KEYS                                                                                 \
    "font", "size", "weight", "italic", "language", "color", "outline", "shadow", "direction",     \
        "valign", "background"

static const char *const align_names[] = {
    [TEXT_START] = "start", [TEXT_LEFT] = "left", [TEXT_CENTRE] = "center",
    [TEXT_RIGHT] = "right", [TEXT_END] = "end",
};
static const char *const valign_names[] = {
    [TEXT_TOP] = "top", [TEXT_MIDDLE] = "middle", [TEXT_BOTTOM] = "bottom"};
static const char *const direction_names[] = {
    [TEXT_AUTO] = "auto", [TEXT_LTR] = "ltr", [TEXT_RTL] = "rtl"};

static unsigned read_enum(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                          const char *const *names, size_t n, unsigned current)
{
    struct qp_node node = qp_node_member(obj, key);

    if (node.json)
        (void)qp_node_enum(&node, names, n, &current, ctx->report);
    return current;
}

static void add_family(struct layout_ctx *ctx, const struct qp_node *node, size_t i,
                       struct text_style *style)
{
    const char *name;

    if (qp_node_str(node, 200, &name, ctx->report) == 0)
        style->families[i] = layout_dup(ctx, name);
}

/* One family or a list in the order of preference. */
static void read_families(struct layout_ctx *ctx, const struct qp_node *obj,
                          struct text_style *style)
{
    struct qp_node font = qp_node_member(obj, "font");
    const cJSON *element;
    size_t i = 0;

    if (!font.json)
        return;
    if (cJSON_IsString(font.json)) {
        add_family(ctx, &font, 0, style);
        return;
    }
    if (qp_node_is_array(&font, ctx->report) != 0)
        return;
    cJSON_ArrayForEach(element, font.json)
    {
        struct qp_node node = qp_node_at(&font, element, i);

        if (i == TEXT_MAX_FAMILIES) {
            (void)qp_node_error(&font, ctx->report, "name at most 8", "too many font families");
            return;
        }
        add_family(ctx, &node, i, style);
        if (!style->families[i])
            return;
        i++;
    }
}

static void read_outline(struct layout_ctx *ctx, const struct qp_node *obj,
                         struct text_style *style)
{
    static const char *const known[] = {"width", "color", NULL};
    struct qp_node n = qp_node_member(obj, "outline");

    if (!n.json || qp_node_is_object(&n, ctx->report) != 0)
        return;
    (void)qp_node_known(&n, known, ctx->report);
    style->outline = 2;
    layout_length(ctx, &n, "width", style->size, 0, TEXT_MAX_OUTLINE, &style->outline);
    layout_colour(ctx, &n, "color", &style->outline_colour);
}

static void read_shadow(struct layout_ctx *ctx, const struct qp_node *obj, struct text_style *style)
{
    static const char *const known[] = {"x", "y", "blur", "color", NULL};
    struct qp_node n = qp_node_member(obj, "shadow");

    if (!n.json || qp_node_is_object(&n, ctx->report) != 0)
        return;
    (void)qp_node_known(&n, known, ctx->report);
    style->shadow_x = style->shadow_y = 2;
    style->shadow_blur = 4;
    style->shadow_colour = 0xb0000000u;
    layout_length(ctx, &n, "x", style->size, -1000, 1000, &style->shadow_x);
    layout_length(ctx, &n, "y", style->size, -1000, 1000, &style->shadow_y);
    layout_length(ctx, &n, "blur", style->size, 0, TEXT_MAX_BLUR, &style->shadow_blur);
    layout_colour(ctx, &n, "color", &style->shadow_colour);
}

static void read_weight(struct layout_ctx *ctx, const struct qp_node *obj, uint32_t *ret)
{
    struct qp_node n = qp_node_member(obj, "weight");

    if (!n.json)
        return;
    if (cJSON_IsString(n.json) && strcmp(n.json->valuestring, "bold") == 0)
        *ret = 700;
    else if (cJSON_IsString(n.json) && strcmp(n.json->valuestring, "normal") == 0)
        *ret = 400;
    else if (cJSON_IsString(n.json))
        (void)qp_node_error(&n, ctx->report, "write \"normal\", \"bold\" or 100 to 900",
                            "\"%s\" is not a weight", n.json->valuestring);
    else
        (void)qp_node_u32(&n, 100, 900, ret, ctx->report);
}

static void read_style(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    struct text_style *s = &layer->style;
    uint32_t background = 0;

    /* A size that fits a line into the layer, if the file names none. */
    s->size = fmin(fmax(0.7 * layer->rect.h, 4), layer->type == LAYER_TEXT ? 48 : TEXT_MAX_SIZE);
    s->weight = 400;
    s->colour = 0xffffffffu;
    s->outline_colour = 0xff000000u;
    s->line_height = 1;
    s->valign = TEXT_MIDDLE;
    s->align = layer->type == LAYER_TEXT ? TEXT_START : TEXT_CENTRE;
    read_families(ctx, node, s);
    layout_length(ctx, node, "size", layer->rect.h, 4, TEXT_MAX_SIZE, &s->size);
    read_weight(ctx, node, &s->weight);
    layout_bool(ctx, node, "italic", &s->italic);
    layout_str(ctx, node, "language", 35, &s->language);
    layout_colour(ctx, node, "color", &s->colour);
    read_outline(ctx, node, s);
    read_shadow(ctx, node, s);
    s->direction = read_enum(ctx, node, "direction", direction_names, QP_ARRAY_LEN(direction_names),
                             s->direction);
    s->valign = read_enum(ctx, node, "valign", valign_names, QP_ARRAY_LEN(valign_names), s->valign);
    s->align = read_enum(ctx, node, "align", align_names, QP_ARRAY_LEN(align_names), s->align);
    layout_colour(ctx, node, "background", &background);
    layer->background = blend_premultiply(background);
    layer->lang = timefmt_lang(s->language);
}

static void read_required(struct layout_ctx *ctx, const struct qp_node *obj, const char *key,
                          size_t max, char **ret)
{
    struct qp_node n = qp_node_member(obj, key);
    const char *s;

    if (qp_node_str(&n, max, &s, ctx->report) == 0)
        *ret = layout_dup(ctx, s);
}

void layout_read_text(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, STYLE_KEYS,    "text", "align",
                                        "wrap",        "line-height", NULL};

    (void)qp_node_known(node, known, ctx->report);
    read_style(ctx, node, layer);
    layer->style.wrap = true;
    layout_bool(ctx, node, "wrap", &layer->style.wrap);
    layout_f64(ctx, node, "line-height", 0.5, 5, &layer->style.line_height);
    read_required(ctx, node, "text", LAYOUT_MAX_LABEL, &layer->text);
}

void layout_read_ticker(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, STYLE_KEYS, "text", "speed", "gap", NULL};
    struct qp_node gap = qp_node_member(node, "gap");
    double speed = 120;

    (void)qp_node_known(node, known, ctx->report);
    read_style(ctx, node, layer);
    read_required(ctx, node, "text", LAYOUT_MAX_TEXT, &layer->text);
    layout_f64(ctx, node, "speed", 1, LAYOUT_MAX_SPEED, &speed);
    layer->speed_micro = llround(speed * 1e6);
    layer->gap = (uint32_t)lrint(2 * layer->style.size);
    if (gap.json)
        (void)qp_node_u32(&gap, 0, 65536, &layer->gap, ctx->report);
}

static void read_zone_of_time(struct layout_ctx *ctx, const struct qp_node *obj, struct tz **ret)
{
    struct qp_node n = qp_node_member(obj, "zone");
    struct qp_diag diag = {{0}};
    const char *name = "UTC";
    int err;

    if (n.json && qp_node_str(&n, 100, &name, ctx->report) != 0)
        return;
    err = tz_load(ret, name, &diag);
    if (err == -ENOMEM)
        ctx->oom = true;
    else if (err < 0)
        (void)qp_node_error(n.json ? &n : obj, ctx->report,
                            "write an IANA zone, for example \"Asia/Shanghai\"", "%s", diag.text);
}

static void check_format(struct layout_ctx *ctx, const struct qp_node *obj, const char *format,
                         const char *bad, const char *remedy)
{
    struct qp_node n = qp_node_member(obj, "format");

    if (bad)
        (void)qp_node_error(&n, ctx->report, remedy, "\"%.*s\" in \"%s\" is not known",
                            bad[1] ? 2 : 1, bad, format);
}

void layout_read_clock(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, STYLE_KEYS, "align", "zone", "format", NULL};

    (void)qp_node_known(node, known, ctx->report);
    read_style(ctx, node, layer);
    read_zone_of_time(ctx, node, &layer->tz);
    layer->text = layout_dup(ctx, "%H:%M:%S");
    layout_str(ctx, node, "format", LAYOUT_MAX_FORMAT, &layer->text);
    if (layer->text)
        check_format(ctx, node, layer->text, timefmt_check_clock(layer->text),
                     "use strftime's %Y %m %d %H %M %S %I %p %a %A %b %B %j %u %V %Z %z %F %T %R "
                     "%y %e %w, %- for no leading zero, %% for a percent sign");
}

static void read_instant(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    struct qp_node to = qp_node_member(node, "to");
    struct qp_diag diag = {{0}};
    const char *text;

    if (qp_node_str(&to, 64, &text, ctx->report) != 0 || !layer->tz)
        return;
    if (timefmt_parse_instant(text, layer->tz, &layer->to_utc_s, &diag) < 0)
        (void)qp_node_error(&to, ctx->report,
                            "write \"2027-01-01T00:00:00\" (in \"zone\") or with an offset, "
                            "\"2027-01-01T00:00:00+08:00\"",
                            "%s", diag.text);
}

void layout_read_countdown(struct layout_ctx *ctx, const struct qp_node *node, struct layer *layer)
{
    static const char *const known[] = {LAYOUT_COMMON, STYLE_KEYS, "align", "zone",
                                        "format",      "to",       "done",  NULL};
    struct qp_node done = qp_node_member(node, "done");
    const char *text = "";

    (void)qp_node_known(node, known, ctx->report);
    read_style(ctx, node, layer);
    read_zone_of_time(ctx, node, &layer->tz);
    read_instant(ctx, node, layer);
    layer->text = layout_dup(ctx, "%h:%M:%S");
    layout_str(ctx, node, "format", LAYOUT_MAX_FORMAT, &layer->text);
    if (layer->text)
        check_format(ctx, node, layer->text, timefmt_check_countdown(layer->text),
                     "use %d (days) %H %M %S (the rest), %h %m %s (all hours, minutes, seconds), "
                     "%- for no leading zero, %% for a percent sign");
    if (done.json)
        (void)qp_node_str(&done, 0, &text, ctx->report);
    if (strlen(text) > LAYOUT_MAX_LABEL)
        (void)qp_node_error(&done, ctx->report, "shorten it", "longer than %u bytes",
                            LAYOUT_MAX_LABEL);
    layer->done = layout_dup(ctx, text);
}
