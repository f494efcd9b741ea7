/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c - one pass over the text with a stack of its own.
 *
 * cJSON is lenient (numbers like 01, \u0000 that ends a string, duplicate keys, any bytes in a
 * string) and recursive, and it says neither where nor why. So the text is checked completely here;
 * cJSON then only builds the tree. Keys are compared decoded, because "\u0061" is "a": they are
 * hashed while the string is scanned and sorted when their object ends. */
#include "protocols/base/json_scan.h"

#include "protocols/base/parse.h"
#include "protocols/base/text.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END,
    EXPECT_KEY,
    EXPECT_KEY_OR_END,
    EXPECT_COMMA_OR_END,
};

struct key {
    const uint8_t *raw; /* behind the opening quote; borrowed */
    uint64_t hash;      /* of the decoded characters */
};

struct level {
    bool is_object;
    size_t first_key; /* of this object in scan.keys */
};

struct scan {
    const uint8_t *text, *p, *end;
    const struct qp_json_limits *limits;
    struct qp_diag *diag;
    size_t n_values;
    unsigned depth, max_depth;
    struct key *keys; /* of all objects that are open, outermost first; owned */
    size_t n_keys, cap_keys;
    struct level levels[JSON_SCAN_DEPTH_MAX];
};

static int complain(struct scan *s, const uint8_t *at, int err, const char *what)
{
    size_t line = 1, column = 1;

    for (const uint8_t *p = s->text; p < at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if ((*p & 0xc0) != 0x80) {
            column++; /* characters, not bytes */
        }
    }
    return qp_diag_set(s->diag, err, "line %zu, column %zu: %s", line, column, what);
}

static int wrong(struct scan *s, const char *what)
{
    if (s->p == s->end)
        return complain(s, s->p, -EINVAL, "the document ends too early");
    if (*s->p == '\0')
        return complain(s, s->p, -EINVAL, "a NUL byte; the file is not text");
    return complain(s, s->p, -EINVAL, what);
}

static bool accept(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != (uint8_t)c)
        return false;
    s->p++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

/* --- strings --------------------------------------------------------------------------------- */

static int hex4(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
    uint32_t code = 0;

    if (end - p < 4)
        return -EINVAL;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i];

        if (c >= '0' && c <= '9')
            code = code << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            code = code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return -EINVAL;
    }
    *ret = code;
    return 0;
}

/* \uXXXX or a surrogate pair of two; p is behind the first "\u". Returns the bytes used, or 0. */
static size_t unicode_escape(const uint8_t *p, const uint8_t *end, uint32_t *ret_code)
{
    uint32_t high, low;

    if (hex4(p, end, &high) < 0 || high == 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    *ret_code = high;
    if (high < 0xd800 || high > 0xdbff)
        return 4;
    if (end - p < 10 || p[4] != '\\' || p[5] != 'u' || hex4(p + 6, end, &low) < 0 || low < 0xdc00 ||
        low > 0xdfff)
        return 0;
    *ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 10;
}

/* The character at p inside a string: its length in the text and its code; 0 if it is none. */
static size_t character(const uint8_t *p, const uint8_t *end, uint32_t *ret_code)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *escape;
    size_t n;

    if (*p < 0x20)
        return 0;
    if (*p != '\\')
        return qp_text_utf8(p, (size_t)(end - p), ret_code);
    if (end - p < 2 || p[1] == '\0')
        return 0;
    if (p[1] == 'u') {
        n = unicode_escape(p + 2, end, ret_code);
        return n ? n + 2 : 0;
    }
    escape = strchr(escapes, p[1]);
    if (!escape)
        return 0;
    *ret_code = (uint8_t)meanings[escape - escapes];
    return 2;
}

static const char *string_fault(const uint8_t *p, const uint8_t *end)
{
    uint32_t code;

    if (*p == '\n' || *p == '\r')
        return "a string is not closed on its line; a quote is missing, or write \\n";
    if (*p < 0x20)
        return "a control character in a string; write it as \\u00XX";
    if (*p >= 0x80)
        return "not UTF-8; save the file in that encoding";
    if (end - p >= 6 && p[1] == 'u' && hex4(p + 2, end, &code) == 0)
        return code == 0 ? "\\u0000 is not allowed in a string"
                         : "half a surrogate pair; write both halves or the character itself";
    return "an unknown escape; allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX";
}

/* s->p is behind the opening quote. hash: FNV-1a over the code points, mixed by 32 bits. */
static int scan_string(struct scan *s, uint64_t *ret_hash)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    while (s->p < s->end && *s->p != '"') {
        uint32_t code = 0;
        size_t n = character(s->p, s->end, &code);

        if (n == 0)
            return wrong(s, string_fault(s->p, s->end));
        hash = (hash ^ code) * UINT64_C(0x100000001b3);
        s->p += n;
    }
    *ret_hash = hash;
    return accept(s, '"') ? 0 : wrong(s, "");
}

/* --- duplicate keys ----------------------------------------------------------------------------
 */

/* Both strings have been scanned: they are well-formed and end with a quote before `end`. */
static int compare_strings(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    while (*a != '"' && *b != '"') {
        uint32_t code_a = 0, code_b = 0;

        a += character(a, end, &code_a);
        b += character(b, end, &code_b);
        if (code_a != code_b)
            return code_a < code_b ? -1 : 1;
    }
    return (*a != '"') - (*b != '"');
}

static int compare_keys(const void *left, const void *right, void *end)
{
    const struct key *a = left, *b = right;
    int order = (a->hash > b->hash) - (a->hash < b->hash);

    if (order == 0 && a->raw != b->raw)
        order = compare_strings(a->raw, b->raw, end);
    return order ? order : (a->raw > b->raw) - (a->raw < b->raw);
}

static int add_key(struct scan *s, const uint8_t *raw, uint64_t hash)
{
    if (s->n_keys == s->cap_keys) {
        size_t cap = s->cap_keys ? s->cap_keys * 2 : 64;
        struct key *keys = reallocarray(s->keys, cap, sizeof(*keys));

        if (!keys)
            return complain(s, raw, -ENOMEM, "out of memory");
        s->keys = keys;
        s->cap_keys = cap;
    }
    s->keys[s->n_keys++] = (struct key){.raw = raw, .hash = hash};
    return 0;
}

/* The object ends: forget its keys, unless two are the same. */
static int close_keys(struct scan *s, size_t first)
{
    size_t n = s->n_keys - first;
    const uint8_t *again = NULL;
    struct key *keys;

    s->n_keys = first;
    if (n < 2)
        return 0;
    keys = s->keys + first;
    qsort_r(keys, n, sizeof(*keys), compare_keys, (void *)(uintptr_t)s->end);
    for (size_t i = 1; i < n; i++) {
        if (keys[i].hash == keys[i - 1].hash && (!again || keys[i].raw < again) &&
            compare_strings(keys[i - 1].raw, keys[i].raw, s->end) == 0)
            again = keys[i].raw;
    }
    if (!again)
        return 0;
    return complain(s, again, -EINVAL, "this key stands in the object twice; remove one of them");
}

/* --- numbers and words --------------------------------------------------------------------------
 */

static bool skip_digits(struct scan *s)
{
    const uint8_t *start = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > start;
}

static int number_in_range(struct scan *s, const uint8_t *start)
{
    char copy[JSON_SCAN_NUMBER_MAX + 1];
    size_t len = (size_t)(s->p - start);
    double value;

    if (len > JSON_SCAN_NUMBER_MAX)
        return complain(s, start, -EINVAL, "a number of more than 63 characters; shorten it");
    memcpy(copy, start, len);
    copy[len] = '\0';
    if (qp_parse_f64(copy, -DBL_MAX, DBL_MAX, &value) < 0)
        return complain(s, start, -EINVAL, "a number beyond 1.8e308");
    return 0;
}

static int scan_number(struct scan *s)
{
    const uint8_t *start = s->p;
    bool has_exponent = false;

    (void)accept(s, '-');
    if (accept(s, '0')) {
        if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
            return complain(s, start, -EINVAL, "a number begins with 0; remove the zero");
    } else if (!skip_digits(s)) {
        return wrong(s, "a digit is expected");
    }
    if (accept(s, '.') && !skip_digits(s))
        return wrong(s, "a digit is expected behind the point");
    if (accept(s, 'e') || accept(s, 'E')) {
        has_exponent = true;
        if (!accept(s, '-'))
            (void)accept(s, '+');
        if (!skip_digits(s))
            return wrong(s, "a digit is expected in the exponent");
    }
    if (has_exponent || s->p - start > JSON_SCAN_NUMBER_MAX)
        return number_in_range(s, start);
    return 0;
}

static int scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < QP_ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i], n) == 0) {
            s->p += n;
            return 0;
        }
    }
    if (s->p < s->end && (*s->p == ']' || *s->p == '}'))
        return wrong(s, "a value is expected; remove the comma in front or add the value");
    return wrong(s, "a value is expected: an object, array, string in \"double quotes\", number, "
                    "true, false or null");
}

/* --- structure -----------------------------------------------------------------------------------
 */

static int open_level(struct scan *s, bool is_object, enum expect *ret_next)
{
    if (s->depth >= s->max_depth)
        return complain(s, s->p - 1, -E2BIG, "arrays and objects are nested too deeply");
    s->levels[s->depth++] = (struct level){.is_object = is_object, .first_key = s->n_keys};
    *ret_next = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return 0;
}

static int close_level(struct scan *s, enum expect *ret_next)
{
    const struct level *level = &s->levels[--s->depth];

    *ret_next = EXPECT_COMMA_OR_END;
    return level->is_object ? close_keys(s, level->first_key) : 0;
}

static int scan_value(struct scan *s, enum expect *ret_next)
{
    uint64_t hash;

    if (++s->n_values > s->limits->max_values)
        return complain(s, s->p, -E2BIG, "the document has too many values");
    *ret_next = EXPECT_COMMA_OR_END;
    if (accept(s, '{'))
        return open_level(s, true, ret_next);
    if (accept(s, '['))
        return open_level(s, false, ret_next);
    if (accept(s, '"'))
        return scan_string(s, &hash);
    if (s->p < s->end && (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')))
        return scan_number(s);
    return scan_word(s);
}

static int scan_key(struct scan *s, enum expect *ret_next)
{
    uint64_t hash = 0;
    const uint8_t *raw;
    int r;

    if (!accept(s, '"')) {
        if (s->p < s->end && *s->p == '}')
            return wrong(s, "a key is expected; remove the comma in front of }");
        return wrong(s, "a key in \"double quotes\" is expected");
    }
    raw = s->p;
    r = scan_string(s, &hash);
    if (r == 0)
        r = add_key(s, raw, hash);
    if (r < 0)
        return r;
    skip_blanks(s);
    if (!accept(s, ':'))
        return wrong(s, "a : is expected behind the key");
    *ret_next = EXPECT_VALUE;
    return 0;
}

static int scan_comma(struct scan *s, enum expect *ret_next)
{
    bool is_object = s->levels[s->depth - 1].is_object;

    if (accept(s, ',')) {
        *ret_next = is_object ? EXPECT_KEY : EXPECT_VALUE;
        return 0;
    }
    if (accept(s, is_object ? '}' : ']'))
        return close_level(s, ret_next);
    return wrong(s, is_object ? "a comma or } is expected" : "a comma or ] is expected");
}

static int step(struct scan *s, enum expect *expect)
{
    skip_blanks(s);
    switch (*expect) {
    case EXPECT_VALUE_OR_END:
        return accept(s, ']') ? close_level(s, expect) : scan_value(s, expect);
    case EXPECT_VALUE:
        return scan_value(s, expect);
    case EXPECT_KEY_OR_END:
        return accept(s, '}') ? close_level(s, expect) : scan_key(s, expect);
    case EXPECT_KEY:
        return scan_key(s, expect);
    case EXPECT_COMMA_OR_END:
        break;
    }
    return scan_comma(s, expect);
}

int json_scan(const uint8_t *text, size_t len, const struct qp_json_limits *limits,
              struct qp_diag *diag)
{
    struct scan s = {.text = text, .p = text, .end = text + len, .limits = limits, .diag = diag};
    enum expect expect = EXPECT_VALUE;
    int r;

    s.max_depth = limits->max_depth < JSON_SCAN_DEPTH_MAX ? limits->max_depth : JSON_SCAN_DEPTH_MAX;
    do
        r = step(&s, &expect);
    while (r == 0 && !(expect == EXPECT_COMMA_OR_END && s.depth == 0));
    free(s.keys);
    if (r < 0)
        return r;
    skip_blanks(&s);
    if (s.p < s.end)
        return complain(&s, s.p, -EINVAL, "something follows behind the document; remove it");
    return 0;
}
