/* SPDX-License-Identifier: Apache-2.0 */
/* font.h - finding and opening fonts. Part of the text engine: one thread.
 *
 * A font_list is Fontconfig's sorted answer for one style: the families asked for, then Noto Sans,
 * Noto Sans CJK in the language's own forms and Noto Sans Arabic, then whatever covers more. Fonts
 * are opened when a character wants them and stay open until the engine goes. */
#ifndef CONTROLLER_PLAYER_COMPOSE_FONT_H
#define CONTROLLER_PLAYER_COMPOSE_FONT_H

#include <ft2build.h>
#include FT_FREETYPE_H
#include <hb.h>

#include "controller/player/compose/text.h"

struct font {
    FT_Face face;
    hb_font_t *hb;
    bool embolden;                /* no bold face is installed: thicken the outline */
    bool slant;                   /* no italic face is installed: shear it */
    double ascent, descent, line; /* px, all positive */
};

struct font_list; /* owned by the library */
struct font_library;

/* -ENOMEM, -EIO. */
QP_MUST_CHECK int font_library_create(struct font_library **ret, struct qp_diag *diag);
void font_library_destroy(struct font_library *library);
FT_Library font_library_ft(const struct font_library *library);

/* The list for a style; lists are kept, so the second time it costs nothing. -ENOMEM, -ENOENT (no
 * font is installed at all). */
QP_MUST_CHECK int font_list_get(struct font_library *library, const struct text_style *style,
                                struct font_list **ret, struct qp_diag *diag);

/* The first font of the list that has the character, or NULL. Borrowed. */
const struct font *font_for_char(struct font_list *list, uint32_t c);
/* The list's first font. Never NULL. */
const struct font *font_primary(struct font_list *list);
bool font_has_char(const struct font *font, uint32_t c);

#endif
