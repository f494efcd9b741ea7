/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/font.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <hb-ft.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
    FcPattern *pattern; /* borrowed from the list's set */
    FcCharSet *chars;   /* borrowed */
    struct font *font;  /* NULL: not opened yet */
    bool unusable;
};

struct font_list {
    struct font_list *next;
    struct font_library *library; /* borrowed: its owner */
    char *key;
    FcFontSet *set;
    struct candidate *candidates;
    size_t n;
    size_t primary;
    double size;
};

struct font_library {
    FT_Library ft;
    FcConfig *config;
    struct font_list *lists;
};

int font_library_create(struct font_library **ret, struct qp_diag *diag)
{
    struct font_library *lib = calloc(1, sizeof(*lib));

    if (!lib)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    if (FT_Init_FreeType(&lib->ft) != 0) {
        free(lib);
        return qp_diag_set(diag, -EIO, "FreeType cannot be started");
    }
    lib->config = FcInitLoadConfigAndFonts();
    if (!lib->config) {
        font_library_destroy(lib);
        return qp_diag_set(diag, -EIO, "Fontconfig cannot be started; is its configuration there?");
    }
    *ret = lib;
    return 0;
}

static void font_destroy(struct font *font)
{
    if (!font)
        return;
    hb_font_destroy(font->hb);
    (void)FT_Done_Face(font->face);
    free(font);
}

static void list_destroy(struct font_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        font_destroy(list->candidates[i].font);
    free(list->candidates);
    if (list->set)
        FcFontSetDestroy(list->set);
    free(list->key);
    free(list);
}

void font_library_destroy(struct font_library *lib)
{
    if (!lib)
        return;
    while (lib->lists) {
        struct font_list *list = lib->lists;

        lib->lists = list->next;
        list_destroy(list);
    }
    if (lib->config)
        FcConfigDestroy(lib->config);
    (void)FT_Done_FreeType(lib->ft);
    free(lib);
}

FT_Library font_library_ft(const struct font_library *library)
{
    return library->ft;
}

/* --- opening -------------------------------------------------------------------------------------
 */

/* Some fonts ask for lines of two ems for the sake of rare stacked marks (Noto Sans Arabic: 2.1):
 * on a wall, where text is large and lines are few, that tears a paragraph apart. Ink beyond these
 * limits is still drawn. */
#define MAX_ASCENT  1.2 /* em */
#define MAX_DESCENT 0.45
#define MAX_LINE    1.6

static void read_metrics(struct font *font, double size)
{
    const FT_Size_Metrics *m = &font->face->size->metrics;

    font->ascent = fmin((double)m->ascender / 64, MAX_ASCENT * size);
    font->descent = fmin(-(double)m->descender / 64, MAX_DESCENT * size);
    font->line = fmin((double)m->height / 64, MAX_LINE * size);
    if (font->line < font->ascent + font->descent)
        font->line = font->ascent + font->descent;
}

static struct font *font_open(FT_Library ft, FcPattern *pattern, double size)
{
    struct font *font = calloc(1, sizeof(*font));
    FcChar8 *file;
    FcBool embolden = FcFalse;
    FcMatrix *matrix;
    int index = 0;

    if (!font || FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch)
        goto fail;
    (void)FcPatternGetInteger(pattern, FC_INDEX, 0, &index);
    if (FT_New_Face(ft, (const char *)file, index, &font->face) != 0)
        goto fail;
    if (!FT_IS_SCALABLE(font->face) ||
        FT_Set_Char_Size(font->face, 0, (FT_F26Dot6)lrint(size * 64), 72, 72) != 0)
        goto fail_face;
    font->hb = hb_ft_font_create_referenced(font->face);
    /* Advances are the designer's, not rounded to pixels: glyphs are placed at fractions. */
    hb_ft_font_set_load_flags(font->hb, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP);
    (void)FcPatternGetBool(pattern, FC_EMBOLDEN, 0, &embolden);
    font->embolden = embolden;
    font->slant =
        FcPatternGetMatrix(pattern, FC_MATRIX, 0, &matrix) == FcResultMatch && matrix->xy > 0;
    read_metrics(font, size);
    return font;
fail_face:
    (void)FT_Done_Face(font->face);
fail:
    free(font);
    return NULL;
}

static const struct font *open_candidate(struct font_library *lib, struct font_list *list, size_t i)
{
    struct candidate *c = &list->candidates[i];

    if (!c->font && !c->unusable) {
        c->font = font_open(lib->ft, c->pattern, list->size);
        c->unusable = !c->font;
    }
    return c->font;
}

/* --- lists
 * ---------------------------------------------------------------------------------------- */

static int fc_weight(uint32_t css)
{
    return (int)lrint(FcWeightFromOpenTypeDouble(css));
}

/* Han characters differ from country to country: the CJK family that draws them as the language
 * does. */
static const char *cjk_family(const char *language)
{
    if (language && strncmp(language, "ja", 2) == 0)
        return "Noto Sans CJK JP";
    if (language && strncmp(language, "ko", 2) == 0)
        return "Noto Sans CJK KR";
    if (language && (strcasestr(language, "zh-HK") || strcasestr(language, "zh-MO")))
        return "Noto Sans CJK HK";
    if (language && (strcasestr(language, "zh-TW") || strcasestr(language, "zh-Hant")))
        return "Noto Sans CJK TC";
    return "Noto Sans CJK SC";
}

static FcPattern *make_pattern(struct font_library *lib, const struct text_style *style)
{
    const char *defaults[] = {"Noto Sans", cjk_family(style->language), "Noto Sans Arabic",
                              "sans-serif"};
    FcPattern *p = FcPatternCreate();

    if (!p)
        return NULL;
    for (size_t i = 0; i < TEXT_MAX_FAMILIES && style->families[i]; i++)
        FcPatternAddString(p, FC_FAMILY, (const FcChar8 *)style->families[i]);
    for (size_t i = 0; i < QP_ARRAY_LEN(defaults); i++)
        FcPatternAddString(p, FC_FAMILY, (const FcChar8 *)defaults[i]);
    FcPatternAddInteger(p, FC_WEIGHT, fc_weight(style->weight));
    FcPatternAddInteger(p, FC_SLANT, style->italic ? FC_SLANT_ITALIC : FC_SLANT_ROMAN);
    FcPatternAddBool(p, FC_SCALABLE, FcTrue);
    FcPatternAddString(p, FC_LANG, (const FcChar8 *)(style->language ? style->language : "zh-cn"));
    FcConfigSubstitute(lib->config, p, FcMatchPattern);
    FcDefaultSubstitute(p);
    return p;
}

/* Each font of the set with the request merged in: synthetic bold and slant appear here. */
static int fill_candidates(struct font_library *lib, struct font_list *list, FcPattern *request,
                           FcFontSet *sorted)
{
    list->set = FcFontSetCreate();
    list->candidates = calloc((size_t)sorted->nfont + 1, sizeof(*list->candidates));
    if (!list->set || !list->candidates)
        return -ENOMEM;
    for (int i = 0; i < sorted->nfont; i++) {
        FcPattern *p = FcFontRenderPrepare(lib->config, request, sorted->fonts[i]);
        struct candidate *c = &list->candidates[list->n];
        FcBool scalable = FcFalse, colour = FcFalse;

        if (!p || !FcFontSetAdd(list->set, p))
            return -ENOMEM;
        (void)FcPatternGetBool(p, FC_SCALABLE, 0, &scalable);
        (void)FcPatternGetBool(p, FC_COLOR, 0, &colour);
        if (!scalable || colour ||
            FcPatternGetCharSet(p, FC_CHARSET, 0, &c->chars) != FcResultMatch)
            continue;
        c->pattern = p;
        list->n++;
    }
    return 0;
}

static int list_make(struct font_library *lib, const struct text_style *style,
                     struct font_list *list)
{
    FcPattern *request = make_pattern(lib, style);
    FcResult result;
    FcFontSet *sorted;
    int err = -ENOMEM;

    if (!request)
        return -ENOMEM;
    sorted = FcFontSort(lib->config, request, FcTrue, NULL, &result);
    if (sorted) {
        err = fill_candidates(lib, list, request, sorted);
        FcFontSetDestroy(sorted);
    }
    FcPatternDestroy(request);
    return err;
}

static char *style_key(const struct text_style *style)
{
    char families[TEXT_MAX_FAMILIES * 208] = "", *key = NULL;
    size_t len = 0;

    for (size_t i = 0; i < TEXT_MAX_FAMILIES && style->families[i]; i++)
        len += (size_t)snprintf(families + len, sizeof(families) - len, "%.200s\n",
                                style->families[i]);
    if (asprintf(&key, "%s|%u|%d|%.6f|%s", families, (unsigned)style->weight, style->italic,
                 style->size, style->language ? style->language : "") < 0)
        return NULL;
    return key;
}

static bool find_primary(struct font_library *lib, struct font_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (open_candidate(lib, list, i)) {
            list->primary = i;
            return true;
        }
    }
    return false;
}

int font_list_get(struct font_library *lib, const struct text_style *style, struct font_list **ret,
                  struct qp_diag *diag)
{
    char *key = style_key(style);
    struct font_list *list;
    int err;

    if (!key)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    for (list = lib->lists; list; list = list->next) {
        if (strcmp(list->key, key) == 0) {
            free(key);
            *ret = list;
            return 0;
        }
    }
    list = calloc(1, sizeof(*list));
    if (!list) {
        free(key);
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    }
    list->key = key;
    list->size = style->size;
    err = list_make(lib, style, list);
    if (err == 0 && !find_primary(lib, list))
        err = -ENOENT;
    if (err < 0) {
        list_destroy(list);
        return qp_diag_set(diag, err, "%s",
                           err == -ENOENT ? "no font is installed; install fonts-noto-core and "
                                            "fonts-noto-cjk"
                                          : "out of memory");
    }
    list->library = lib;
    list->next = lib->lists;
    lib->lists = list;
    *ret = list;
    return 0;
}

const struct font *font_primary(struct font_list *list)
{
    return list->candidates[list->primary].font;
}

bool font_has_char(const struct font *font, uint32_t c)
{
    return FT_Get_Char_Index(font->face, c) != 0;
}

const struct font *font_for_char(struct font_list *list, uint32_t c)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct font *font;

        if (!FcCharSetHasChar(list->candidates[i].chars, c))
            continue;
        font = open_candidate(list->library, list, i);
        if (font && font_has_char(font, c))
            return font;
    }
    return NULL;
}
