/* SPDX-License-Identifier: Apache-2.0 */
/* text_block.h - inside the text engine: what laying out and drawing share. */
#ifndef CONTROLLER_PLAYER_COMPOSE_TEXT_BLOCK_H
#define CONTROLLER_PLAYER_COMPOSE_TEXT_BLOCK_H

#include "controller/player/compose/font.h"
#include "controller/player/compose/text.h"
#include FT_STROKER_H

struct text_engine {
    struct font_library *fonts;
    FT_Stroker stroker;
};

struct text_line {
    double w;
    bool rtl; /* of its paragraph */
    size_t first_glyph, n_glyphs;
};

struct text_block {
    const struct text_style *style; /* borrowed: outlives the block */
    struct text_glyph *glyphs;
    size_t n_glyphs, cap_glyphs;
    struct text_line *lines;
    size_t n_lines, cap_lines;
    const struct font **fonts; /* by number; borrowed from the engine */
    size_t n_fonts, cap_fonts;
    double ascent, descent, line_step;
    size_t n_missing;
    uint32_t missing;
};

#endif
