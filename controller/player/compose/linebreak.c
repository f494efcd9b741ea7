/* SPDX-License-Identifier: Apache-2.0 */
/* Class names are UAX #14's. The table holds what general category and script do not tell. */
#include "controller/player/compose/linebreak.h"

#include <hb.h>

enum lb {
    AL,
    BA,
    BB,
    B2,
    CL,
    CM,
    CP,
    EX,
    GL,
    HY,
    ID,
    IN,
    IS,
    NS,
    NU,
    OP,
    PO,
    PR,
    QU,
    RI,
    SP,
    SY,
    WJ,
    ZJ,
    ZW
};

static const struct {
    uint32_t first, last;
    enum lb class;
} table[] = {
    {0x0009, 0x0009, BA},   {0x0020, 0x0020, SP},   {0x0021, 0x0021, EX}, {0x0022, 0x0022, QU},
    {0x0024, 0x0024, PR},   {0x0025, 0x0025, PO},   {0x0027, 0x0027, QU}, {0x0028, 0x0028, OP},
    {0x0029, 0x0029, CP},   {0x002b, 0x002b, PR},   {0x002c, 0x002c, IS}, {0x002d, 0x002d, HY},
    {0x002e, 0x002e, IS},   {0x002f, 0x002f, SY},   {0x003a, 0x003b, IS}, {0x003f, 0x003f, EX},
    {0x005b, 0x005b, OP},   {0x005c, 0x005c, PR},   {0x005d, 0x005d, CP}, {0x007b, 0x007b, OP},
    {0x007c, 0x007c, BA},   {0x007d, 0x007d, CL},   {0x00a0, 0x00a0, GL}, {0x00a1, 0x00a1, OP},
    {0x00ad, 0x00ad, BA},   {0x00b0, 0x00b0, PO},   {0x00b1, 0x00b1, PR}, {0x00b4, 0x00b4, BB},
    {0x00bf, 0x00bf, OP},   {0x034f, 0x034f, GL},   {0x060c, 0x060d, IS}, {0x061b, 0x061b, EX},
    {0x061f, 0x061f, EX},   {0x066a, 0x066a, PO},   {0x06d4, 0x06d4, EX}, {0x0f0c, 0x0f0c, GL},
    {0x1361, 0x1361, BA},   {0x2000, 0x2006, BA},   {0x2007, 0x2007, GL}, {0x2008, 0x200a, BA},
    {0x200b, 0x200b, ZW},   {0x200d, 0x200d, ZJ},   {0x2010, 0x2010, BA}, {0x2011, 0x2011, GL},
    {0x2012, 0x2013, BA},   {0x2014, 0x2014, B2},   {0x2015, 0x2016, AL}, {0x2024, 0x2026, IN},
    {0x2030, 0x2037, PO},   {0x203c, 0x203d, NS},   {0x2044, 0x2044, IS}, {0x2047, 0x2049, NS},
    {0x202f, 0x202f, GL},   {0x2060, 0x2060, WJ},   {0x20a0, 0x20cf, PR}, {0x2103, 0x2103, PO},
    {0x2109, 0x2109, PO},   {0x2116, 0x2116, PR},   {0x22ef, 0x22ef, IN}, {0x2e3a, 0x2e3b, B2},
    {0x3000, 0x3000, BA},   {0x3001, 0x3002, CL},   {0x3005, 0x3005, NS}, {0x301c, 0x301c, NS},
    {0x303b, 0x303c, NS},   {0x3041, 0x3041, NS},   {0x3043, 0x3043, NS}, {0x3045, 0x3045, NS},
    {0x3047, 0x3047, NS},   {0x3049, 0x3049, NS},   {0x3063, 0x3063, NS}, {0x3083, 0x3083, NS},
    {0x3085, 0x3085, NS},   {0x3087, 0x3087, NS},   {0x308e, 0x308e, NS}, {0x3095, 0x3096, NS},
    {0x309b, 0x309e, NS},   {0x30a0, 0x30a1, NS},   {0x30a3, 0x30a3, NS}, {0x30a5, 0x30a5, NS},
    {0x30a7, 0x30a7, NS},   {0x30a9, 0x30a9, NS},   {0x30c3, 0x30c3, NS}, {0x30e3, 0x30e3, NS},
    {0x30e5, 0x30e5, NS},   {0x30e7, 0x30e7, NS},   {0x30ee, 0x30ee, NS}, {0x30f5, 0x30f6, NS},
    {0x30fb, 0x30fe, NS},   {0x31f0, 0x31ff, NS},   {0xfe00, 0xfe0f, CM}, {0xfe30, 0xfe34, ID},
    {0xfe50, 0xfe50, CL},   {0xfe52, 0xfe52, CL},   {0xfe54, 0xfe55, NS}, {0xfe56, 0xfe57, EX},
    {0xfeff, 0xfeff, WJ},   {0xff01, 0xff01, EX},   {0xff04, 0xff04, PR}, {0xff05, 0xff05, PO},
    {0xff0c, 0xff0c, CL},   {0xff0e, 0xff0e, CL},   {0xff1a, 0xff1b, NS}, {0xff1f, 0xff1f, EX},
    {0xff61, 0xff61, CL},   {0xff64, 0xff64, CL},   {0xff65, 0xff65, NS}, {0xff67, 0xff70, NS},
    {0xff9e, 0xff9f, NS},   {0xffe0, 0xffe0, PO},   {0xffe1, 0xffe1, PR}, {0xffe5, 0xffe6, PR},
    {0x1f1e6, 0x1f1ff, RI}, {0x1f3fb, 0x1f3ff, CM},
};

static enum lb by_category(uint32_t c)
{
    switch (hb_unicode_general_category(hb_unicode_funcs_get_default(), c)) {
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT:
    case HB_UNICODE_GENERAL_CATEGORY_CONTROL:
        return CM;
    case HB_UNICODE_GENERAL_CATEGORY_DECIMAL_NUMBER:
        return c >= 0xff10 && c <= 0xff19 ? ID : NU;
    case HB_UNICODE_GENERAL_CATEGORY_OPEN_PUNCTUATION:
        return OP;
    case HB_UNICODE_GENERAL_CATEGORY_CLOSE_PUNCTUATION:
        return CL;
    case HB_UNICODE_GENERAL_CATEGORY_INITIAL_PUNCTUATION:
    case HB_UNICODE_GENERAL_CATEGORY_FINAL_PUNCTUATION:
        return QU;
    case HB_UNICODE_GENERAL_CATEGORY_DASH_PUNCTUATION:
        return BA;
    case HB_UNICODE_GENERAL_CATEGORY_CURRENCY_SYMBOL:
        return PR;
    default:
        return AL;
    }
}

/* Ideographs and what behaves like them: a line may end on either side. */
static bool is_ideographic(uint32_t c)
{
    return (c >= 0x2e80 && c <= 0x2fff) || (c >= 0x3003 && c <= 0x4dbf) ||
           (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xa000 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xff01 && c <= 0xffee) || (c >= 0x1f000 && c <= 0x1faff) ||
           (c >= 0x20000 && c <= 0x3fffd);
}

static enum lb class_of(uint32_t c)
{
    size_t lo = 0, hi = sizeof(table) / sizeof(table[0]);
    enum lb general;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (c > table[mid].last)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < sizeof(table) / sizeof(table[0]) && c >= table[lo].first)
        return table[lo].class;
    general = by_category(c);
    return general == AL && is_ideographic(c) ? ID : general;
}

/* Curly quotes beside ideographs open and close as brackets do (LB15a, LB15b and LB19a of later
 * revisions of UAX #14); beside letters they bind on both sides. */
static enum lb quote_class(const uint32_t *text, size_t n, size_t i)
{
    bool opens = text[i] == 0x2018 || text[i] == 0x201c;
    bool east = (i > 0 && is_ideographic(text[i - 1])) ||
                (i + 1 < n && is_ideographic(text[i + 1])) ||
                (i > 0 && text[i - 1] >= 0x3000 && text[i - 1] <= 0x303f);

    return !east ? QU : opens ? OP : CL;
}

static enum lb class_at(const uint32_t *text, size_t n, size_t i)
{
    uint32_t c = text[i];

    return c == 0x2018 || c == 0x2019 || c == 0x201c || c == 0x201d ? quote_class(text, n, i)
                                                                    : class_of(c);
}

static bool one_of(enum lb c, unsigned long set)
{
    return (set >> c & 1) != 0;
}

#define SET(c) (1ul << (c))

/* LB19 to LB31: a is directly before b, neither is a space. */
static bool pair_breaks(enum lb a, enum lb b)
{
    const unsigned long letters = SET(AL) | SET(NU);

    if (a == QU || b == QU || a == BB || one_of(b, SET(BA) | SET(HY) | SET(NS) | SET(IN)))
        return false;
    if (one_of(a, letters) && one_of(b, letters))
        return false;
    if ((a == PR && b == ID) || (a == ID && b == PO))
        return false;
    if (one_of(a, SET(PR) | SET(PO)) && one_of(b, letters | SET(OP)))
        return false;
    if (one_of(a, letters | SET(CL) | SET(CP)) && one_of(b, SET(PR) | SET(PO)))
        return false;
    if (one_of(a, SET(HY) | SET(IS) | SET(SY)) && b == NU)
        return false;
    if (a == IS && b == AL)
        return false;
    if (one_of(a, letters) && b == OP)
        return false;
    return !(a == CP && one_of(b, letters));
}

/* One step: may a line end between a (with spaces after it or not) and b? */
static bool breaks(enum lb a, bool spaces, enum lb b)
{
    if (b == SP || b == ZW)
        return false;
    if (a == ZW)
        return true;
    if (!spaces && (a == ZJ || b == WJ || a == WJ || a == GL))
        return false;
    if (!spaces && b == GL && !one_of(a, SET(BA) | SET(HY)))
        return false;
    if (one_of(b, SET(CL) | SET(CP) | SET(EX) | SET(IS) | SET(SY)) || a == OP)
        return false;
    if (one_of(a, SET(CL) | SET(CP)) && b == NS)
        return false;
    if (a == B2 && b == B2)
        return false;
    return spaces || pair_breaks(a, b);
}

void linebreak_find(const uint32_t *text, size_t n, uint8_t *before)
{
    enum lb last = WJ;  /* nothing breaks at the beginning */
    unsigned flags = 0; /* regional indicators in a row: pairs make a flag */
    bool spaces = false;

    for (size_t i = 0; i < n; i++) {
        enum lb c = class_at(text, n, i);

        before[i] = 0;
        if (c == SP) {
            spaces = true;
            continue;
        }
        /* LB9, LB10: a mark belongs to what it stands on; alone it is a letter. */
        if (c == CM || c == ZJ) {
            if (i > 0 && !spaces && last != ZW) {
                last = c == ZJ ? ZJ : last;
                continue;
            }
            c = AL;
        }
        before[i] = i > 0 && breaks(last, spaces, c);
        flags = c == RI ? flags + 1 : 0;
        if (c == RI && flags > 1 && flags % 2 == 0)
            before[i] = 0;
        last = c;
        spaces = false;
    }
}

bool linebreak_is_space(uint32_t c)
{
    return c == 0x20 || c == 0x09 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a && c != 0x2007);
}

bool linebreak_is_mark(uint32_t c)
{
    enum lb class = class_of(c);

    return class == CM || class == ZJ || class == WJ;
}
