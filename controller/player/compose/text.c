/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out. A paragraph is shaped twice: once as a whole to learn how far each character
 * advances, and then line by line, with the paragraph as context, because an Arabic letter at a
 * line's end joins differently than in its middle. */
#include "controller/player/compose/text.h"

#include <errno.h>
#include <fribidi.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/linebreak.h"
#include "controller/player/compose/text_block.h"

#define WRAP_SLACK 0.01 /* px; sums of fractions */

/* One paragraph and what is known about each of its characters. Arrays of n. */
struct paragraph {
    const uint32_t *text;
    size_t n, offset; /* offset: index of its first character in the whole text */
    FriBidiLevel *levels;
    FriBidiLevel base;
    hb_script_t *scripts;
    const struct font **fonts;
    uint8_t *may_break;
    double *advances;
};

struct shaper {
    struct text_engine *engine;
    struct text_block *block;
    struct font_list *list;
    hb_buffer_t *buffer;
    hb_language_t language;
    double wrap_w;
};

/* --- engine
 * ---------------------------------------------------------------------------------------- */

int text_engine_create(struct text_engine **ret, struct qp_diag *diag)
{
    struct text_engine *e = calloc(1, sizeof(*e));
    int err;

    if (!e)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    err = font_library_create(&e->fonts, diag);
    if (err == 0 && FT_Stroker_New(font_library_ft(e->fonts), &e->stroker) != 0)
        err = qp_diag_set(diag, -ENOMEM, "out of memory");
    if (err < 0) {
        text_engine_destroy(e);
        return err;
    }
    *ret = e;
    return 0;
}

void text_engine_destroy(struct text_engine *e)
{
    if (!e)
        return;
    if (e->stroker)
        FT_Stroker_Done(e->stroker);
    font_library_destroy(e->fonts);
    free(e);
}

/* --- growing arrays
 * --------------------------------------------------------------------------------- */

static int grow(void **array, size_t *cap, size_t n, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 16;
    void *more;

    if (n < *cap)
        return 0;
    more = reallocarray(*array, wanted, size);
    if (!more)
        return -ENOMEM;
    *array = more;
    *cap = wanted;
    return 0;
}

static int font_number(struct text_block *b, const struct font *font, uint32_t *ret)
{
    for (size_t i = 0; i < b->n_fonts; i++) {
        if (b->fonts[i] == font) {
            *ret = (uint32_t)i;
            return 0;
        }
    }
    if (grow((void **)&b->fonts, &b->cap_fonts, b->n_fonts, sizeof(*b->fonts)) < 0)
        return -ENOMEM;
    *ret = (uint32_t)b->n_fonts;
    b->fonts[b->n_fonts++] = font;
    return 0;
}

/* --- characters
 * ------------------------------------------------------------------------------------- */

/* One code point; returns its length in bytes, 0 if it is not UTF-8. */
static size_t decode_one(const unsigned char *s, size_t len, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc0 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf8 ? 4
                             : 0;
    uint32_t c;

    if (n == 0 || n > len)
        return 0;
    c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return n;
}

/* UTF-8 to code points; controls other than line feed become spaces. */
static int decode(const char *utf8, size_t len, uint32_t *text, size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t used = decode_one((const unsigned char *)utf8 + i, len - i, &c);

        if (used == 0)
            return -EINVAL;
        i += used;
        if (c == '\r' && i < len && utf8[i] == '\n')
            continue;
        text[n++] = c != '\n' && (c < 0x20 || c == 0x7f) ? ' ' : c;
    }
    *ret_n = n;
    return 0;
}

/* Characters without a script of their own take that of the character before, the first ones that
 * of the character after. */
static void find_scripts(struct paragraph *p)
{
    hb_unicode_funcs_t *funcs = hb_unicode_funcs_get_default();
    hb_script_t last = HB_SCRIPT_COMMON;

    for (size_t i = 0; i < p->n; i++) {
        hb_script_t s = hb_unicode_script(funcs, p->text[i]);

        if (s == HB_SCRIPT_COMMON || s == HB_SCRIPT_INHERITED || s == HB_SCRIPT_UNKNOWN)
            s = last;
        p->scripts[i] = last = s;
    }
    for (size_t i = p->n; i-- > 0;) {
        if (p->scripts[i] == HB_SCRIPT_COMMON && i + 1 < p->n)
            p->scripts[i] = p->scripts[i + 1];
    }
}

/* No glyph is expected for these. */
static bool is_invisible(uint32_t c)
{
    return linebreak_is_space(c) || linebreak_is_mark(c) || c == 0x200b || c == 0xad ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Marks, spaces and joiners stay in the font of what they follow, so that it can place them. */
static void find_fonts(struct shaper *s, struct paragraph *p)
{
    const struct font *last = NULL;

    for (size_t i = 0; i < p->n; i++) {
        uint32_t c = p->text[i];
        const struct font *font = NULL;

        if (last && is_invisible(c) && (font_has_char(last, c) || !linebreak_is_mark(c)))
            font = last;
        if (!font)
            font = font_for_char(s->list, c);
        if (!font && !is_invisible(c) && s->block->n_missing++ == 0)
            s->block->missing = c;
        p->fonts[i] = last = font ? font : last ? last : font_primary(s->list);
    }
}

static int find_levels(struct paragraph *p, enum text_direction direction)
{
    FriBidiCharType *types = calloc(p->n + 1, sizeof(*types));
    FriBidiBracketType *brackets = calloc(p->n + 1, sizeof(*brackets));
    FriBidiParType base = direction == TEXT_RTL   ? FRIBIDI_PAR_RTL
                          : direction == TEXT_LTR ? FRIBIDI_PAR_LTR
                                                  : FRIBIDI_PAR_ON;
    int err = -ENOMEM;

    if (types && brackets) {
        FriBidiStrIndex n = (FriBidiStrIndex)p->n;

        fribidi_get_bidi_types(p->text, n, types);
        fribidi_get_bracket_types(p->text, n, types, brackets);
        err = fribidi_get_par_embedding_levels_ex(types, brackets, n, &base, p->levels) == 0
                  ? -ENOMEM
                  : 0;
    }
    p->base = FRIBIDI_IS_RTL(base) ? 1 : 0;
    free(types);
    free(brackets);
    return err;
}

/* --- runs
 * ------------------------------------------------------------------------------------------- */

static size_t run_end(const struct paragraph *p, size_t from, size_t to)
{
    size_t i = from + 1;

    while (i < to && p->levels[i] == p->levels[from] && p->scripts[i] == p->scripts[from] &&
           p->fonts[i] == p->fonts[from])
        i++;
    return i;
}

/* Shape [from, to), one run, into the buffer; the rest of the paragraph is context. */
static void shape_run(struct shaper *s, const struct paragraph *p, size_t from, size_t to)
{
    hb_buffer_clear_contents(s->buffer);
    hb_buffer_add_utf32(s->buffer, p->text, (int)p->n, (unsigned)from, (int)(to - from));
    hb_buffer_set_direction(s->buffer, p->levels[from] & 1 ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_set_script(s->buffer, p->scripts[from]);
    hb_buffer_set_language(s->buffer, s->language);
    hb_shape(p->fonts[from]->hb, s->buffer, NULL, 0);
}

/* How far each character advances: a cluster's whole advance stands at its first character. */
static void measure(struct shaper *s, struct paragraph *p)
{
    for (size_t from = 0; from < p->n;) {
        size_t to = run_end(p, from, p->n);
        const hb_glyph_info_t *info;
        const hb_glyph_position_t *pos;
        unsigned n;

        shape_run(s, p, from, to);
        info = hb_buffer_get_glyph_infos(s->buffer, &n);
        pos = hb_buffer_get_glyph_positions(s->buffer, &n);
        for (unsigned i = 0; i < n; i++) {
            if (info[i].cluster < p->n)
                p->advances[info[i].cluster] += pos[i].x_advance / 64.0;
        }
        from = to;
    }
}

static int add_glyphs(struct shaper *s, const struct paragraph *p, const struct font *font,
                      double *pen)
{
    struct text_block *b = s->block;
    unsigned n;
    const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(s->buffer, &n);
    const hb_glyph_position_t *pos = hb_buffer_get_glyph_positions(s->buffer, &n);
    uint32_t number;

    if (font_number(b, font, &number) < 0)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        if (grow((void **)&b->glyphs, &b->cap_glyphs, b->n_glyphs, sizeof(*b->glyphs)) < 0)
            return -ENOMEM;
        b->glyphs[b->n_glyphs++] =
            (struct text_glyph){.id = info[i].codepoint,
                                .font = number,
                                .cluster = info[i].cluster + (uint32_t)p->offset,
                                .line = (uint32_t)b->n_lines,
                                .x = *pen + pos[i].x_offset / 64.0,
                                .y = -pos[i].y_offset / 64.0,
                                .advance = pos[i].x_advance / 64.0};
        *pen += pos[i].x_advance / 64.0;
    }
    return 0;
}

/* --- lines
 * ------------------------------------------------------------------------------------------- */

struct run {
    size_t from, to;
    FriBidiLevel level;
};

/* UAX #9 L2: from the highest level to the lowest odd one, turn every stretch at that level or
 * above. */
static void reorder(struct run *runs, size_t n)
{
    FriBidiLevel highest = 0;

    for (size_t i = 0; i < n; i++)
        highest = runs[i].level > highest ? runs[i].level : highest;
    for (FriBidiLevel level = highest; level > 0; level--) {
        for (size_t i = 0; i < n; i++) {
            size_t end = i;

            while (end < n && runs[end].level >= level)
                end++;
            for (size_t a = i, b = end; a + 1 < b; a++) {
                struct run turned = runs[a];

                runs[a] = runs[--b];
                runs[b] = turned;
            }
            i = end > i ? end : i;
        }
    }
}

static int add_line(struct shaper *s, const struct paragraph *p, size_t from, size_t to)
{
    struct text_block *b = s->block;
    size_t first = b->n_glyphs, n = 0;
    struct run *runs;
    double pen = 0;
    int err = 0;

    while (to > from && linebreak_is_space(p->text[to - 1]))
        to--; /* spaces hang over the end */
    runs = calloc(to - from + 1, sizeof(*runs));
    if (!runs || grow((void **)&b->lines, &b->cap_lines, b->n_lines, sizeof(*b->lines)) < 0) {
        free(runs);
        return -ENOMEM;
    }
    for (size_t i = from; i < to; n++) {
        size_t end = run_end(p, i, to);

        runs[n] = (struct run){i, end, p->levels[i]};
        i = end;
    }
    reorder(runs, n);
    for (size_t i = 0; i < n && err == 0; i++) {
        shape_run(s, p, runs[i].from, runs[i].to);
        err = add_glyphs(s, p, p->fonts[runs[i].from], &pen);
    }
    free(runs);
    b->lines[b->n_lines++] = (struct text_line){
        .w = pen, .rtl = p->base & 1, .first_glyph = first, .n_glyphs = b->n_glyphs - first};
    return err;
}

/* Where the line that begins at from ends: at the last opportunity that fits, or, in a word that is
 * wider than the box, before the first cluster that does not. */
static size_t line_end(const struct shaper *s, const struct paragraph *p, size_t from)
{
    double w = 0;
    size_t best = 0, whole = 0;

    for (size_t i = from; i < p->n; i++) {
        if (i > from && p->may_break[i])
            best = i;
        /* A character that advances nothing belongs to the cluster before it. */
        if (i > from && p->advances[i] > 0 && !linebreak_is_mark(p->text[i]))
            whole = i;
        w += p->advances[i];
        if (linebreak_is_space(p->text[i]) || w <= s->wrap_w + WRAP_SLACK || whole <= from)
            continue;
        return best > from ? best : whole;
    }
    return p->n;
}

static int break_lines(struct shaper *s, struct paragraph *p)
{
    size_t from = 0;

    if (s->wrap_w <= 0 || p->n == 0)
        return add_line(s, p, 0, p->n);
    linebreak_find(p->text, p->n, p->may_break);
    measure(s, p);
    while (from < p->n) {
        size_t to = line_end(s, p, from);
        int err = add_line(s, p, from, to);

        if (err < 0)
            return err;
        from = to;
    }
    return 0;
}

static int paragraph_alloc(struct paragraph *p)
{
    p->levels = calloc(p->n + 1, sizeof(*p->levels));
    p->scripts = calloc(p->n + 1, sizeof(*p->scripts));
    p->fonts = calloc(p->n + 1, sizeof(*p->fonts));
    p->may_break = calloc(p->n + 1, 1);
    p->advances = calloc(p->n + 1, sizeof(*p->advances));
    return p->levels && p->scripts && p->fonts && p->may_break && p->advances ? 0 : -ENOMEM;
}

static void paragraph_free(struct paragraph *p)
{
    free(p->levels);
    free(p->scripts);
    free((void *)p->fonts);
    free(p->may_break);
    free(p->advances);
}

static int shape_paragraph(struct shaper *s, const uint32_t *text, size_t from, size_t to)
{
    struct paragraph p = {.text = text + from, .n = to - from, .offset = from};
    int err = paragraph_alloc(&p);

    if (err == 0 && p.n > 0)
        err = find_levels(&p, s->block->style->direction);
    if (err == 0) {
        find_scripts(&p);
        find_fonts(s, &p);
        err = break_lines(s, &p);
    }
    paragraph_free(&p);
    return err;
}

/* All lines have the height that the tallest of the fonts in use needs. */
static void place_lines(struct shaper *s)
{
    struct text_block *b = s->block;
    const struct font *font = font_primary(s->list);
    double line = font->line;

    b->ascent = font->ascent;
    b->descent = font->descent;
    for (size_t i = 0; i < b->n_fonts; i++) {
        b->ascent = fmax(b->ascent, b->fonts[i]->ascent);
        b->descent = fmax(b->descent, b->fonts[i]->descent);
        line = fmax(line, b->fonts[i]->line);
    }
    b->line_step = round(fmax(line, b->ascent + b->descent) * b->style->line_height);
    for (size_t i = 0; i < b->n_glyphs; i++)
        b->glyphs[i].y += b->ascent + b->line_step * b->glyphs[i].line;
}

static int shape_all(struct shaper *s, const uint32_t *text, size_t n)
{
    int err = 0;

    for (size_t from = 0; from <= n && err == 0;) {
        size_t to = from;

        while (to < n && text[to] != '\n')
            to++;
        err = shape_paragraph(s, text, from, to);
        from = to + 1;
    }
    place_lines(s);
    return err;
}

int text_shape(struct text_engine *engine, const struct text_style *style, const char *utf8,
               size_t len, double wrap_w, struct text_block **ret, struct qp_diag *diag)
{
    const char *language = style->language ? style->language : "zh-CN";
    struct shaper s = {.engine = engine, .wrap_w = style->wrap ? wrap_w : 0};
    uint32_t *text;
    size_t n = 0;
    int err;

    if (len > TEXT_MAX_BYTES)
        return qp_diag_set(diag, -E2BIG, "a text of %zu bytes is longer than %u", len,
                           TEXT_MAX_BYTES);
    err = font_list_get(engine->fonts, style, &s.list, diag);
    if (err < 0)
        return err;
    text = calloc(len + 1, sizeof(*text));
    s.block = calloc(1, sizeof(*s.block));
    s.buffer = hb_buffer_create();
    s.language = hb_language_from_string(language, -1);
    err = text && s.block && hb_buffer_allocation_successful(s.buffer) ? 0 : -ENOMEM;
    if (err == 0)
        err = decode(utf8, len, text, &n);
    if (err == 0) {
        s.block->style = style;
        err = shape_all(&s, text, n);
    }
    hb_buffer_destroy(s.buffer);
    free(text);
    if (err < 0) {
        text_block_destroy(s.block);
        return qp_diag_set(diag, err, "%s",
                           err == -EINVAL ? "the text is not UTF-8" : "out of memory");
    }
    *ret = s.block;
    return 0;
}

void text_block_destroy(struct text_block *b)
{
    if (!b)
        return;
    free(b->glyphs);
    free(b->lines);
    free((void *)b->fonts);
    free(b);
}

void text_block_extents(const struct text_block *b, struct text_extents *ret)
{
    *ret = (struct text_extents){
        .h = b->n_lines ? b->ascent + b->descent + b->line_step * (double)(b->n_lines - 1) : 0,
        .ascent = b->ascent,
        .n_lines = b->n_lines,
        .rtl = b->n_lines > 0 && b->lines[0].rtl,
        .n_missing = b->n_missing,
        .missing = b->missing,
    };
    for (size_t i = 0; i < b->n_lines; i++)
        ret->w = fmax(ret->w, b->lines[i].w);
}

const struct text_glyph *text_block_glyphs(const struct text_block *b, size_t *ret_n)
{
    *ret_n = b->n_glyphs;
    return b->glyphs;
}

void text_block_align(struct text_block *b, double box_w)
{
    if (box_w <= 0)
        return;
    for (size_t i = 0; i < b->n_lines; i++) {
        const struct text_line *line = &b->lines[i];
        enum text_align align = b->style->align;
        double room = box_w - line->w, shift;

        if (align == TEXT_START || align == TEXT_END)
            align = (align == TEXT_START) == line->rtl ? TEXT_RIGHT : TEXT_LEFT;
        /* Whole pixels, so that the left edges of stems look alike in every line. */
        shift = align == TEXT_LEFT ? 0 : round(align == TEXT_CENTRE ? room / 2 : room);
        for (size_t k = 0; k < line->n_glyphs; k++)
            b->glyphs[line->first_glyph + k].x += shift;
    }
}
