/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/csv.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/parse.h"

#define MAX_FIELDS 3

struct csv {
    char *next, *end; /* borrowed; *end is NUL */
    size_t line;      /* of the line just taken, from 1 */
    bool header_allowed;
    unsigned n_fields;
    const char *columns; /* for messages: "x,y" */
};

/* Digits with an optional point, at most 15 of them: such a number and its power of ten are exact
 * doubles, so one division rounds correctly. Everything else goes to the strict parser. */
static bool parse_plain(const char *s, double *ret)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t value = 0;
    unsigned digits = 0, places = 0;
    bool point = false;

    for (; *s; s++) {
        if (*s == '.' && !point && digits > 0 && s[1] != '\0') {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9' || ++digits > 15)
            return false;
        value = value * 10 + (uint64_t)(*s - '0');
        places += point;
    }
    if (digits == 0)
        return false;
    *ret = (double)value / tens[places];
    return true;
}

static char *trim(char *s, char *end)
{
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    while (end > s && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = '\0';
    return s;
}

/* The next line that holds something, trimmed; NULL at the end. */
static char *next_line(struct csv *c)
{
    while (c->next < c->end) {
        char *start = c->next;
        char *stop = memchr(start, '\n', (size_t)(c->end - start));

        if (!stop)
            stop = c->end;
        c->next = stop < c->end ? stop + 1 : stop;
        c->line++;
        if (c->line == 1 && stop - start >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
            start += 3;
        start = trim(start, stop);
        if (*start != '#' && *start != '\0')
            return start;
    }
    return NULL;
}

/* Cut a line into its fields, in place. */
static int split(struct csv *c, char *s, char *fields[MAX_FIELDS], struct qp_diag *diag)
{
    unsigned n = 0;

    for (;;) {
        char *comma = strchr(s, ',');
        char *stop = comma ? comma : s + strlen(s);

        if (n < c->n_fields)
            fields[n] = trim(s, stop);
        n++;
        if (!comma)
            break;
        s = comma + 1;
    }
    if (n == c->n_fields)
        return 0;
    return qp_diag_set(diag, -EINVAL, "line %zu: %u field%s where \"%s\" are wanted%s", c->line, n,
                       n == 1 ? "" : "s", c->columns,
                       n == 1 && strchr(fields[0], ';')
                           ? "; separate them with commas and use a decimal point"
                           : "");
}

static int number(const struct csv *c, const char *field, double max, double *ret,
                  struct qp_diag *diag)
{
    int err =
        parse_plain(field, ret) ? (*ret <= max ? 0 : -ERANGE) : qp_parse_f64(field, 0, max, ret);

    if (err == -ERANGE)
        return qp_diag_set(diag, -EINVAL, "line %zu: %.40s is not in 0 .. %g", c->line, field, max);
    if (err < 0)
        return qp_diag_set(diag, -EINVAL, "line %zu: \"%.40s\" is not a number", c->line, field);
    return 0;
}

/* One line of numbers into row[]. Returns 1, 0 at the end, or an error. */
static int next_row(struct csv *c, double max, double row[MAX_FIELDS], struct qp_diag *diag)
{
    char *fields[MAX_FIELDS], *s;
    int err;

    for (;;) {
        s = next_line(c);
        if (!s)
            return 0;
        if (!c->header_allowed || !isalpha((unsigned char)*s))
            break;
        c->header_allowed = false;
    }
    c->header_allowed = false;
    err = split(c, s, fields, diag);
    for (unsigned i = 0; i < c->n_fields && err == 0; i++)
        err = number(c, fields[i], max, &row[i], diag);
    return err < 0 ? err : 1;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t n = 1;

    for (const char *p = text; (p = memchr(p, '\n', len - (size_t)(p - text))) != NULL; p++)
        n++;
    return n;
}

static int refuse_nul(const char *text, size_t len, struct qp_diag *diag)
{
    if (memchr(text, '\0', len))
        return qp_diag_set(diag, -EINVAL, "contains a zero byte: this is not a CSV file");
    return 0;
}

int csv_parse_points(char *text, size_t len, struct wall_point **ret, uint32_t *ret_n,
                     struct qp_diag *diag)
{
    struct csv c = {
        .next = text, .end = text + len, .header_allowed = true, .n_fields = 2, .columns = "x,y"};
    size_t cap = count_lines(text, len);
    struct wall_point *points;
    uint32_t n = 0;
    double row[MAX_FIELDS];
    int err = refuse_nul(text, len, diag);

    if (err < 0)
        return err;
    if (cap > WALL_MAX_LEDS)
        return qp_diag_set(diag, -E2BIG, "more than %u lines", WALL_MAX_LEDS);
    points = malloc(cap * sizeof(*points));
    if (!points)
        return qp_diag_set(diag, -ENOMEM, "no memory for %zu positions", cap);
    while ((err = next_row(&c, WALL_CSV_MAX_POINT, row, diag)) > 0)
        points[n++] = (struct wall_point){(float)row[0], (float)row[1]};
    if (err == 0 && n == 0)
        err = qp_diag_set(diag, -EINVAL, "no LED position in it");
    if (err < 0) {
        free(points);
        return err;
    }
    *ret = points;
    *ret_n = n;
    return 0;
}

int csv_parse_gains(char *text, size_t len, uint32_t n_leds, uint16_t **ret, struct qp_diag *diag)
{
    struct csv c = {
        .next = text, .end = text + len, .header_allowed = true, .n_fields = 3, .columns = "r,g,b"};
    uint32_t n = 0;
    uint16_t *gains;
    double row[MAX_FIELDS] = {0};
    int err = refuse_nul(text, len, diag);

    if (err < 0)
        return err;
    if (count_lines(text, len) < n_leds) /* before the memory is taken */
        return qp_diag_set(diag, -EINVAL, "fewer lines than the %u LEDs of the cabinet", n_leds);
    gains = malloc((size_t)n_leds * 3 * sizeof(*gains));
    if (!gains)
        return qp_diag_set(diag, -ENOMEM, "no memory for the gains of %u LEDs", n_leds);
    while ((err = next_row(&c, WALL_CSV_MAX_GAIN, row, diag)) > 0) {
        if (n == n_leds) {
            err = qp_diag_set(diag, -EINVAL, "line %zu: the cabinet has only %u LEDs", c.line,
                              n_leds);
            break;
        }
        for (unsigned i = 0; i < 3; i++)
            gains[(size_t)n * 3 + i] = (uint16_t)lrint(row[i] * WALL_GAIN_ONE);
        n++;
    }
    if (err == 0 && n < n_leds)
        err = qp_diag_set(diag, -EINVAL, "%u lines for the %u LEDs of the cabinet", n, n_leds);
    if (err < 0) {
        free(gains);
        return err;
    }
    *ret = gains;
    return 0;
}
