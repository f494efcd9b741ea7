/* SPDX-License-Identifier: Apache-2.0 */
/* Painting: three coverage masks (glyphs, outline, shadow) and one pass that colours them.
 * FreeType's rasteriser hands over spans that are joined into the masks, so that no glyph needs a
 * bitmap of its own and whatever lies outside the part asked for is cut away early. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"
#include "controller/player/compose/text_block.h"
#include FT_GLYPH_H
#include FT_OUTLINE_H

#define BLUR_PASSES 3

struct mask {
    uint8_t *data;
    int w, h;
};

struct drawing {
    struct text_engine *engine;
    const struct text_block *block;
    double x, y; /* the block's point at the masks' top left */
    struct mask fill, outline;
};

double text_margin(const struct text_style *style)
{
    double margin = style->outline;

    if (style->shadow_colour >> 24)
        margin += fmax(fabs(style->shadow_x), fabs(style->shadow_y)) + 1.5 * style->shadow_blur;
    return margin;
}

/* Coverage of what overlaps: the chance that neither covers, the other way round. */
static void on_spans(int y, int count, const FT_Span *spans, void *user)
{
    const struct mask *m = user;
    uint8_t *row = m->data + (size_t)(m->h - 1 - y) * (size_t)m->w;

    for (int i = 0; i < count; i++) {
        for (int x = spans[i].x; x < spans[i].x + spans[i].len; x++)
            row[x] = (uint8_t)(row[x] + blend_mul(255u - row[x], spans[i].coverage));
    }
}

/* outline: y upwards, its origin at the masks' bottom left. */
static int render(FT_Library ft, FT_Outline *outline, struct mask *mask)
{
    FT_Raster_Params params = {
        .flags = FT_RASTER_FLAG_AA | FT_RASTER_FLAG_DIRECT | FT_RASTER_FLAG_CLIP,
        .gray_spans = on_spans,
        .user = mask,
        .clip_box = {0, 0, mask->w, mask->h},
    };
    FT_Error err = FT_Outline_Render(ft, outline, &params);

    return err == 0 ? 0 : err == FT_Err_Out_Of_Memory ? -ENOMEM : -EIO;
}

static void style_glyph(const struct font *font, FT_Outline *outline, double size)
{
    /* Fontconfig's usual shear for families without italics: 0.2. */
    FT_Matrix shear = {0x10000, 0x3333, 0, 0x10000};

    if (font->embolden)
        (void)FT_Outline_Embolden(outline, lrint(size * 64 / 24));
    if (font->slant)
        FT_Outline_Transform(outline, &shear);
}

static int stroke(struct drawing *d, FT_GlyphSlot slot, FT_Vector at)
{
    FT_Glyph glyph;
    int err;

    if (FT_Get_Glyph(slot, &glyph) != 0)
        return -ENOMEM;
    FT_Stroker_Set(d->engine->stroker, lrint(d->block->style->outline * 64),
                   FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    /* On failure the glyph is still the unstroked one. */
    if (FT_Glyph_Stroke(&glyph, d->engine->stroker, 1) != 0) {
        FT_Done_Glyph(glyph);
        return -ENOMEM;
    }
    FT_Outline_Translate(&((FT_OutlineGlyph)glyph)->outline, at.x, at.y);
    err =
        render(font_library_ft(d->engine->fonts), &((FT_OutlineGlyph)glyph)->outline, &d->outline);
    FT_Done_Glyph(glyph);
    return err;
}

static int draw_glyph(struct drawing *d, const struct text_glyph *g)
{
    const struct font *font = d->block->fonts[g->font];
    FT_GlyphSlot slot;
    FT_Vector at = {lrint((g->x - d->x) * 64), lrint((d->fill.h - (g->y - d->y)) * 64)};
    int err;

    if (FT_Load_Glyph(font->face, g->id, FT_LOAD_NO_BITMAP | FT_LOAD_TARGET_LIGHT) != 0)
        return 0; /* a broken glyph in a font is a hole in the text, no reason to lose the rest */
    slot = font->face->glyph;
    if (slot->format != FT_GLYPH_FORMAT_OUTLINE || slot->outline.n_points == 0)
        return 0;
    style_glyph(font, &slot->outline, d->block->style->size);
    if (d->outline.data) {
        err = stroke(d, slot, at);
        if (err < 0)
            return err;
    }
    FT_Outline_Translate(&slot->outline, at.x, at.y);
    return render(font_library_ft(d->engine->fonts), &slot->outline, &d->fill);
}

/* Two ems around the pen hold any glyph but the rare giant ligature, which is as wide as it
 * advances. */
static bool may_touch(const struct drawing *d, const struct text_glyph *g)
{
    double reach = 2 * d->block->style->size + d->block->style->outline;
    double x = g->x - d->x, y = g->y - d->y;

    return x + fabs(g->advance) + reach > 0 && x - fabs(g->advance) - reach < d->fill.w &&
           y + reach > 0 && y - reach < d->fill.h;
}

static int draw_masks(struct drawing *d)
{
    for (size_t i = 0; i < d->block->n_glyphs; i++) {
        int err = may_touch(d, &d->block->glyphs[i]) ? draw_glyph(d, &d->block->glyphs[i]) : 0;

        if (err < 0)
            return err;
    }
    return 0;
}

/* --- shadow
 * ------------------------------------------------------------------------------------------ */

/* Mean over a window of 2 r + 1, in place over one line of n values with this stride; line has room
 * for n. The edges are taken as empty. */
static void box_line(uint8_t *data, size_t stride, int n, int r, uint8_t *line)
{
    uint32_t sum = 0, window = 2 * (uint32_t)r + 1;

    for (int i = 0; i < n; i++)
        line[i] = data[(size_t)i * stride];
    for (int i = 0; i < r && i < n; i++)
        sum += line[i];
    for (int i = 0; i < n; i++) {
        if (i + r < n)
            /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): i + r < n */
            sum += line[i + r];
        if (i - r - 1 >= 0)
            sum -= line[i - r - 1];
        data[(size_t)i * stride] = (uint8_t)((sum + window / 2) / window);
    }
}

/* Three boxes come close to a Gaussian of this standard deviation: each has the variance
 * ((2 r + 1)^2 - 1) / 12. */
static int blur_radius(double sigma)
{
    return (int)lrint((sqrt(12 * sigma * sigma / BLUR_PASSES + 1) - 1) / 2);
}

static int blur(struct mask *m, int r)
{
    uint8_t *line = malloc((size_t)(m->w > m->h ? m->w : m->h));

    if (!line)
        return -ENOMEM;
    for (int pass = 0; r > 0 && pass < BLUR_PASSES; pass++) {
        for (int y = 0; y < m->h; y++)
            box_line(m->data + (size_t)y * (size_t)m->w, 1, m->w, r, line);
        for (int x = 0; x < m->w; x++)
            box_line(m->data + x, (size_t)m->w, m->h, r, line);
    }
    free(line);
    return 0;
}

static int mask_init(struct mask *m, int w, int h)
{
    *m = (struct mask){calloc((size_t)w, (size_t)h), w, h};
    return m->data ? 0 : -ENOMEM;
}

/* The shadow of glyphs and outline together. */
static int make_shadow(const struct drawing *d, struct mask *ret)
{
    size_t n = (size_t)d->fill.w * (size_t)d->fill.h;
    int err = mask_init(ret, d->fill.w, d->fill.h);

    if (err < 0)
        return err;
    for (size_t i = 0; i < n; i++) {
        uint8_t o = d->outline.data ? d->outline.data[i] : 0;

        ret->data[i] = d->fill.data[i] > o ? d->fill.data[i] : o;
    }
    return blur(ret, blur_radius(d->block->style->shadow_blur / 2));
}

/* --- colour
 * ------------------------------------------------------------------------------------------ */

static uint32_t tint(uint32_t straight, uint8_t coverage)
{
    uint32_t a = blend_mul(straight >> 24, coverage);

    return blend_premultiply((straight & 0xffffffu) | a << 24);
}

struct paints {
    const struct drawing *d;
    const struct mask *shadow; /* data NULL: none */
    int pad, shadow_x, shadow_y;
};

static uint32_t colour_pixel(const struct paints *p, int x, int y)
{
    const struct text_style *s = p->d->block->style;
    size_t w = (size_t)p->d->fill.w;
    size_t at = (size_t)(y + p->pad) * w + (size_t)(x + p->pad);
    uint32_t out = 0;

    if (p->shadow->data) {
        size_t from = (size_t)(y + p->pad - p->shadow_y) * w + (size_t)(x + p->pad - p->shadow_x);

        out = tint(s->shadow_colour, p->shadow->data[from]);
    }
    if (p->d->outline.data && p->d->outline.data[at])
        out = blend_over_pixel(out, tint(s->outline_colour, p->d->outline.data[at]));
    if (p->d->fill.data[at])
        out = blend_over_pixel(out, tint(s->colour, p->d->fill.data[at]));
    return out;
}

static void colour(const struct paints *p, const struct text_target *dst)
{
    for (uint32_t y = 0; y < dst->h; y++) {
        for (uint32_t x = 0; x < dst->w; x++)
            dst->data[(size_t)y * dst->stride + x] = colour_pixel(p, (int)x, (int)y);
    }
}

int text_draw(struct text_engine *engine, const struct text_block *block,
              const struct text_target *dst, double x, double y, struct qp_diag *diag)
{
    const struct text_style *s = block->style;
    bool shadowed = s->shadow_colour >> 24 != 0;
    int sx = (int)lrint(s->shadow_x), sy = (int)lrint(s->shadow_y);
    /* Around the part asked for, so that what lies just outside casts its shadow into it; one pixel
     * at the least, because FreeType rounds differently in the cells that its clip box cuts. */
    int pad = !shadowed ? 1
                        : BLUR_PASSES * blur_radius(s->shadow_blur / 2) + 1 +
                              (abs(sx) > abs(sy) ? abs(sx) : abs(sy));
    struct drawing d = {.engine = engine, .block = block, .x = x - pad, .y = y - pad};
    struct mask shadow = {0};
    int err = mask_init(&d.fill, (int)dst->w + 2 * pad, (int)dst->h + 2 * pad);

    if (err == 0 && s->outline > 0)
        err = mask_init(&d.outline, d.fill.w, d.fill.h);
    if (err == 0)
        err = draw_masks(&d);
    if (err == 0 && shadowed)
        err = make_shadow(&d, &shadow);
    if (err == 0)
        colour(&(struct paints){&d, &shadow, pad, sx, sy}, dst);
    free(d.fill.data);
    free(d.outline.data);
    free(shadow.data);
    return err == 0 ? 0
                    : qp_diag_set(diag, err, "%s",
                                  err == -ENOMEM ? "out of memory" : "FreeType cannot draw it");
}
