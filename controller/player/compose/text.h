/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - Unicode text as pictures: fonts, shaping, lines, glyphs, outline and shadow.
 *
 * A text_engine owns fonts and glyph caches and belongs to one thread. text_shape() makes a block
 * of placed glyphs; text_draw() paints any part of it, so that a long ticker is drawn tile by tile.
 *
 * The way: UTF-8 -> paragraphs at newlines -> bidirectional levels (UAX #9, FriBidi) -> runs of one
 * level, script and font (fallback character by character through Fontconfig's sorted list) ->
 * glyphs (HarfBuzz)
 * -> lines (break opportunities after UAX #14, reduced; linebreak.h) -> outlines (FreeType, light
 * vertical hinting) -> coverage -> premultiplied pixels. Only scalable fonts are used.
 *
 * Lengths are canvas pixels, y grows downwards. */
#ifndef CONTROLLER_PLAYER_COMPOSE_TEXT_H
#define CONTROLLER_PLAYER_COMPOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define TEXT_MAX_BYTES    65536u
#define TEXT_MAX_SIZE     4096.0 /* font size, px */
#define TEXT_MAX_OUTLINE  256.0
#define TEXT_MAX_BLUR     256.0
#define TEXT_MAX_FAMILIES 8u

enum text_align { TEXT_START, TEXT_LEFT, TEXT_CENTRE, TEXT_RIGHT, TEXT_END };
enum text_valign { TEXT_TOP, TEXT_MIDDLE, TEXT_BOTTOM };
enum text_direction { TEXT_AUTO, TEXT_LTR, TEXT_RTL };

struct text_style {
    char *families[TEXT_MAX_FAMILIES]; /* NULL-terminated unless full; owned by the style's owner */
    double size;                       /* px per em */
    uint32_t weight;                   /* 100..900, CSS: 400 regular, 700 bold */
    bool italic;
    char *language;  /* BCP 47, chooses the Han variant; NULL: none */
    uint32_t colour; /* straight 0xAARRGGBB, as the following */
    double outline;  /* px outside the glyph; 0: none */
    uint32_t outline_colour;
    double shadow_x, shadow_y, shadow_blur; /* px; blur: standard deviation times 2 */
    uint32_t shadow_colour;                 /* alpha 0: no shadow */
    double line_height;                     /* times the font's own line distance */
    enum text_align align;
    enum text_valign valign;
    enum text_direction direction;
    bool wrap;
};

struct text_engine;
struct text_block;

/* -ENOMEM, -EIO (FreeType or Fontconfig cannot be started). */
QP_MUST_CHECK int text_engine_create(struct text_engine **ret, struct qp_diag *diag);
void text_engine_destroy(struct text_engine *engine); /* after its blocks */

/* Lay out text for lines of at most wrap_w px (<= 0: one line a paragraph). Returns 0 and a new
 * block, -ENOENT (no font at all), -EINVAL (not UTF-8), -E2BIG, -ENOMEM, -EIO. */
QP_MUST_CHECK int text_shape(struct text_engine *engine, const struct text_style *style,
                             const char *utf8, size_t len, double wrap_w, struct text_block **ret,
                             struct qp_diag *diag);
void text_block_destroy(struct text_block *block);

struct text_extents {
    double w, h;   /* widest line; all lines */
    double ascent; /* first baseline below the top */
    size_t n_lines;
    bool rtl;         /* the first paragraph runs from right to left */
    size_t n_missing; /* characters for which no font has a glyph */
    uint32_t missing; /* the first of them */
};

void text_block_extents(const struct text_block *block, struct text_extents *ret);

/* For tests and diagnostics: the placed glyphs in visual order, line by line. */
struct text_glyph {
    uint32_t id;      /* in its font */
    uint32_t font;    /* text_block-wide font number */
    uint32_t cluster; /* index of the character (code point) it begins with */
    uint32_t line;
    double x, y; /* pen position on the baseline; the block's top left is 0, 0 */
    double advance;
};

const struct text_glyph *text_block_glyphs(const struct text_block *block, size_t *ret_n);

/* How far outline and shadow reach beyond the glyphs, px. */
double text_margin(const struct text_style *style);

/* A part of the block's picture as premultiplied pixels: pixel (0, 0) of dst shows the block's
 * point (x, y); alignment within lines was done for align_w when drawing: see text_block_align.
 * Overwrites dst. -ENOMEM, -EIO. */
struct text_target {
    uint32_t *data;
    uint32_t w, h;
    size_t stride; /* pixels */
};

QP_MUST_CHECK int text_draw(struct text_engine *engine, const struct text_block *block,
                            const struct text_target *dst, double x, double y,
                            struct qp_diag *diag);

/* Move the lines to their places within a box of this width (align; TEXT_START follows each
 * paragraph's direction). Once, before drawing. */
void text_block_align(struct text_block *block, double box_w);

#endif
