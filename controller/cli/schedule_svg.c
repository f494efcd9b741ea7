/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_svg.c - a strip for every local day, 24 hours from left to right, coloured by rule; of
 * half a day and less some six strips of minutes or hours, so that its items are told apart.
 *
 * Where items are wide enough each is drawn; otherwise as long as one rule plays it is one field,
 * and interrupts into it are stacked on top by their part of the time, so that one of 10 % is a
 * band of a tenth of the height. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/draw.h"
#include "controller/cli/schedule.h"
#include "protocols/base/tz.h"

#define MARGIN     40.0
#define LABEL_W    120.0
#define STRIP_W    1440.0 /* a pixel a minute */
#define STRIP_H    56.0
#define ROW_H      92.0
#define TOP_H      104.0
#define LEGEND_ROW 26.0
#define MAX_KEYS   200
#define SHORT_MS   (INT64_C(12) * 3600000) /* up to this, strips shorter than a day */
#define SHORT_ROWS 6                       /* of them, and one more when they begin in between */
#define TEXT_MAX   256
#define LABEL_PX   11.0
#define EXACT_PX   3.0 /* average width from which items are drawn one by one */

static const struct draw_colour ink = {0.13, 0.15, 0.18}, faint = {0.45, 0.48, 0.52};

/* What a colour stands for: a rule, or a layer without one. */
struct key {
    const struct rule *rule;
    enum schedule_layer layer;
    bool black;     /* no item */
    uint32_t quota; /* that it fills up, or NONE */
    int64_t ms, plays;
};

struct page {
    const struct cli_schedule *s;
    const struct cli_stretches *all;
    cairo_t *cr;
    int64_t from, to;
    const struct scale *scale; /* NULL: a strip is a day */
    unsigned n_rows;
    struct key keys[MAX_KEYS];
    unsigned n_keys;
    double height;
};

/* A strip. */
struct day {
    int64_t start, end;
    double y;
};

/* Strips shorter than a day, with a mark every tick_s and every so many of them a time. */
static const struct scale {
    int row_s, tick_s, named;
} scales[] = {{60, 10, 1},    {300, 30, 2},   {600, 60, 1},  {900, 60, 1},
              {1800, 300, 1}, {3600, 300, 1}, {7200, 600, 1}};

/* Stretches in a row between which nothing but interrupts comes. */
struct run {
    int64_t start, end;
    unsigned base; /* key, or NONE */
    double ms[MAX_KEYS];
};

/* --- colours --------------------------------------------------------------------------------- */

static unsigned key_of(struct page *p, const struct stretch *x)
{
    bool black = x->item == NONE;

    for (unsigned i = 0; i < p->n_keys; i++)
        if (p->keys[i].rule == x->rule && p->keys[i].quota == x->quota &&
            (x->quota != NONE || p->keys[i].layer == x->layer) && p->keys[i].black == black)
            return i;
    if (p->n_keys == MAX_KEYS)
        return MAX_KEYS - 1; /* the last colour is shared by the rest */
    p->keys[p->n_keys] =
        (struct key){.rule = x->rule, .layer = x->layer, .black = black, .quota = x->quota};
    return p->n_keys++;
}

static struct draw_colour colour_of(const struct page *p, unsigned key)
{
    const struct key *k = &p->keys[key];

    if (k->layer == LAYER_BLACKOUT)
        return (struct draw_colour){0.1, 0.1, 0.12};
    if (k->layer == LAYER_EMERGENCY)
        return (struct draw_colour){0.86, 0.12, 0.12};
    if (!k->rule && k->quota == NONE)
        return (struct draw_colour){0.66, 0.69, 0.73};
    return draw_port_colour(key);
}

/* Nothing to see, and not on purpose. */
static bool is_gap(const struct key *k)
{
    return k->black && k->layer != LAYER_BLACKOUT;
}

static const char *name_of(const struct key *k)
{
    if (k->rule)
        return k->rule->id;
    if (k->quota != NONE)
        return "filler";
    return k->black ? "safe slide" : cli_schedule_layer(k->layer);
}

static void count_keys(struct page *p)
{
    for (size_t i = 0; i < p->all->n; i++) {
        const struct stretch *x = &p->all->items[i];
        struct key *k = &p->keys[key_of(p, x)];

        k->ms += x->end_ms - x->start_ms;
        k->plays++;
    }
}

/* --- places ---------------------------------------------------------------------------------- */

static double x_of(const struct day *d, int64_t ms)
{
    double part = (double)(ms - d->start) / (double)(d->end - d->start);

    return MARGIN + LABEL_W + fmin(1, fmax(0, part)) * STRIP_W;
}

/* The first stretch that ends after ms. */
static size_t first_after(const struct cli_stretches *all, int64_t ms)
{
    size_t low = 0, high = all->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (all->items[middle].end_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- words ----------------------------------------------------------------------------------- */

/* As much of the text as fits, in letters that can be read. Returns buf. */
static const char *fit(cairo_t *cr, const char *text, double size, bool bold, double max_w,
                       char buf[TEXT_MAX])
{
    size_t len = strlen(text);

    len = len < TEXT_MAX - 4 ? len : TEXT_MAX - 4;
    (void)snprintf(buf, TEXT_MAX, "%.*s", (int)len, text);
    while (len > 0 && draw_text_width(cr, buf, size, bold) > max_w) {
        do
            len--;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80); /* whole characters */
        (void)snprintf(buf, TEXT_MAX, "%.*s…", (int)len, text);
    }
    return buf;
}

/* Centred on a strip, if more of it than a letter or two can be read. */
static void draw_name(cairo_t *cr, const char *name, double left, double right, double y,
                      double size, bool bold)
{
    char text[TEXT_MAX];

    (void)fit(cr, name, size, bold, right - left - 6, text);
    if (strcmp(text, name) == 0 || strlen(text) >= 3 + 3)
        draw_text_centred(cr, text, (left + right) / 2, y, size, bold, right - left);
}

/* --- the frame of a day ---------------------------------------------------------------------- */

static void hatch(cairo_t *cr, double x, double y, double w, double h)
{
    cairo_save(cr);
    cairo_rectangle(cr, x, y, w, h);
    cairo_set_source_rgb(cr, 0.955, 0.96, 0.967);
    cairo_fill_preserve(cr);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, 0.87, 0.88, 0.9);
    cairo_set_line_width(cr, 1);
    for (double at = x - h; at < x + w; at += 8) {
        cairo_move_to(cr, at, y + h);
        cairo_line_to(cr, at + h, y);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void draw_hours(const struct page *p, const struct day *d)
{
    struct tz_local local;
    int64_t midnight;

    tz_local(p->s->zone, d->start / 1000, &local);
    midnight = tz_days(local.year, local.month, local.day) * 86400;
    for (int hour = 0; hour <= 24; hour++) {
        struct tz_instants at;
        char text[16];
        double x;

        tz_instants(p->s->zone, midnight + hour * 3600, &at);
        if (at.gap && hour < 24)
            continue;
        x = x_of(d, at.first_s * 1000);
        draw_set(p->cr, draw_tint(faint, hour % 6 ? 0.6 : 0.2));
        cairo_set_line_width(p->cr, 1);
        cairo_move_to(p->cr, x, d->y + STRIP_H + 2);
        cairo_line_to(p->cr, x, d->y + STRIP_H + (hour % 6 ? 6 : 9));
        cairo_stroke(p->cr);
        if (hour % 2)
            continue;
        snprintf(text, sizeof(text), "%02d", hour);
        draw_set(p->cr, hour % 6 ? faint : ink);
        draw_text_centred(p->cr, text, x, d->y + STRIP_H + 17, 10, hour % 6 == 0, 40);
    }
}

static void draw_ticks(const struct page *p, const struct day *d)
{
    int64_t tick = p->scale->tick_s * INT64_C(1000);
    int n = (int)((d->end - d->start) / tick);

    for (int i = 0; i <= n; i++) {
        bool named = i % p->scale->named == 0;
        char text[CLI_TIME_MAX];
        double x = x_of(d, d->start + i * tick);

        draw_set(p->cr, draw_tint(faint, named ? 0.2 : 0.6));
        cairo_set_line_width(p->cr, 1);
        cairo_move_to(p->cr, x, d->y + STRIP_H + 2);
        cairo_line_to(p->cr, x, d->y + STRIP_H + (named ? 9 : 6));
        cairo_stroke(p->cr);
        if (!named)
            continue;
        cli_schedule_clock(p->s->zone, d->start + i * tick, d->start + i * tick, text);
        draw_set(p->cr, i == 0 || i == n ? ink : faint);
        draw_text_centred(p->cr, text, x, d->y + STRIP_H + 17, 10, i == 0 || i == n, 60);
    }
}

static void draw_time_name(const struct page *p, const struct day *d)
{
    struct tz_local local;
    char date[40], clock[CLI_TIME_MAX];

    tz_local(p->s->zone, d->start / 1000, &local);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", (int)local.year, local.month, local.day);
    draw_set(p->cr, ink);
    draw_text_at(p->cr, cli_schedule_clock(p->s->zone, d->start, d->start, clock), MARGIN,
                 d->y + 24, 15, true);
    draw_set(p->cr, faint);
    draw_text_at(p->cr, date, MARGIN, d->y + 43, 12, false);
}

static void draw_day_name(const struct page *p, const struct day *d)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    struct tz_local local;
    char date[40], hours[40];

    tz_local(p->s->zone, d->start / 1000, &local);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", (int)local.year, local.month, local.day);
    draw_set(p->cr, ink);
    draw_text_at(p->cr, names[local.weekday], MARGIN, d->y + 24, 15, true);
    draw_set(p->cr, faint);
    draw_text_at(p->cr, date, MARGIN, d->y + 43, 12, false);
    if (d->end - d->start == 86400000)
        return;
    snprintf(hours, sizeof(hours), "%.3g hours", (double)(d->end - d->start) / 3600000);
    draw_text_at(p->cr, hours, MARGIN, d->y + 59, 11, true);
}

/* --- what is in it --------------------------------------------------------------------------- */

static void draw_item(struct page *p, const struct day *d, const struct stretch *x)
{
    int64_t start = x->start_ms > d->start ? x->start_ms : d->start;
    double left = x_of(d, start), right = x_of(d, x->end_ms);
    struct draw_colour c = colour_of(p, key_of(p, x));

    if (x->item == NONE && x->layer != LAYER_BLACKOUT)
        return; /* the hatched ground */
    cairo_rectangle(p->cr, left, d->y, right - left, STRIP_H);
    draw_set(p->cr, c);
    cairo_fill(p->cr);
    draw_set(p->cr, draw_tint(c, 0.55));
    cairo_rectangle(p->cr, left, d->y, right - left > 3 ? 1 : 0.5, STRIP_H);
    cairo_fill(p->cr);
    if (x->item == NONE || right - left < 24)
        return;
    cairo_set_source_rgb(p->cr, 1, 1, 1);
    draw_name(p->cr, p->s->model->items[x->item].id, left, right, d->y + STRIP_H / 2, LABEL_PX,
              false);
}

static void label_run(struct page *p, unsigned key, double left, double right, double y)
{
    const struct key *k = &p->keys[key];

    if (right - left < 36 || is_gap(k))
        return;
    cairo_set_source_rgb(p->cr, 1, 1, 1);
    draw_name(p->cr, name_of(k), left, right, y + STRIP_H / 2, 12, true);
}

static void draw_part(struct page *p, unsigned key, double left, double right, double y, double h)
{
    if (is_gap(&p->keys[key]))
        return; /* the hatched ground */
    draw_set(p->cr, colour_of(p, key));
    cairo_rectangle(p->cr, left, y, right - left, h);
    cairo_fill(p->cr);
}

/* What is interrupted lies at the bottom. */
static void draw_run(struct page *p, const struct day *d, const struct run *run)
{
    double left = x_of(d, run->start), right = x_of(d, run->end), y = d->y + STRIP_H, total = 0;

    for (unsigned k = 0; k < p->n_keys; k++)
        total += run->ms[k];
    if (total <= 0)
        return;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned k = 0; k < p->n_keys; k++) {
            double h = run->ms[k] / total * STRIP_H;

            if ((pass == 0) != (k == run->base) || h <= 0)
                continue;
            y -= h;
            draw_part(p, k, left, right, y, h);
        }
    cairo_set_source_rgba(p->cr, 1, 1, 1, 0.7);
    cairo_rectangle(p->cr, left, d->y, 0.8, STRIP_H);
    cairo_fill(p->cr);
    label_run(p, run->base, left, right, d->y);
}

static bool continues(const struct run *run, unsigned key, bool interrupts)
{
    return interrupts || run->base == NONE || run->base == key;
}

static void draw_runs(struct page *p, const struct day *d, size_t first)
{
    struct run run = {.base = NONE, .start = INT64_MIN};

    for (size_t i = first; i < p->all->n && p->all->items[i].start_ms < d->end; i++) {
        const struct stretch *x = &p->all->items[i];
        bool interrupts = x->layer == LAYER_INTERRUPT;
        unsigned key = key_of(p, x);
        int64_t start = x->start_ms > d->start ? x->start_ms : d->start;
        int64_t end = x->end_ms < d->end ? x->end_ms : d->end;

        if (run.start != INT64_MIN && !continues(&run, key, interrupts)) {
            draw_run(p, d, &run);
            run = (struct run){.base = NONE, .start = INT64_MIN};
        }
        if (run.start == INT64_MIN)
            run.start = start;
        if (!interrupts)
            run.base = key;
        run.end = end;
        run.ms[key] += (double)(end - start);
    }
    if (run.start == INT64_MIN)
        return;
    if (run.base == NONE) /* interrupts and nothing else */
        run.base = key_of(p, &p->all->items[first]);
    draw_run(p, d, &run);
}

static void draw_day(struct page *p, const struct day *d)
{
    size_t first = first_after(p->all, d->start), n = 0;
    double left = x_of(d, p->from), right = x_of(d, p->to);

    for (size_t i = first; i < p->all->n && p->all->items[i].start_ms < d->end; i++)
        n++;
    cairo_save(p->cr);
    draw_rounded(p->cr, MARGIN + LABEL_W, d->y, STRIP_W, STRIP_H, 4);
    cairo_clip(p->cr);
    cairo_set_source_rgb(p->cr, 0.985, 0.987, 0.99);
    cairo_paint(p->cr);
    hatch(p->cr, left, d->y, right - left, STRIP_H);
    if ((right - left) / (double)(n + 1) >= EXACT_PX)
        for (size_t i = first; i < first + n; i++)
            draw_item(p, d, &p->all->items[i]);
    else
        draw_runs(p, d, first);
    cairo_restore(p->cr);
    draw_rounded(p->cr, MARGIN + LABEL_W, d->y, STRIP_W, STRIP_H, 4);
    draw_set(p->cr, draw_tint(faint, 0.45));
    cairo_set_line_width(p->cr, 1);
    cairo_stroke(p->cr);
    if (p->scale) {
        draw_ticks(p, d);
        draw_time_name(p, d);
    } else {
        draw_hours(p, d);
        draw_day_name(p, d);
    }
}

/* --- title and legend ------------------------------------------------------------------------ */

static void draw_title(const struct page *p)
{
    const struct screen *s = &p->s->model->screens[p->s->screen];
    char title[400], text[400], a[CLI_TIME_MAX], b[CLI_TIME_MAX];

    snprintf(title, sizeof(title), "%s", s->name ? s->name : s->id);
    draw_set(p->cr, ink);
    draw_text_at(p->cr, title, MARGIN, MARGIN + 12, 22, true);
    snprintf(text, sizeof(text), "%s%s%s · %s to %s · %zu plays", s->id, s->zone_name ? " · " : "",
             s->zone_name ? s->zone_name : "", cli_schedule_stamp(p->s->zone, p->from, a),
             cli_schedule_stamp(p->s->zone, p->to, b), p->all->n);
    draw_set(p->cr, faint);
    draw_text_at(p->cr, text, MARGIN, MARGIN + 34, 13, false);
}

static void describe_key(const struct page *p, const struct key *k, char *buf, size_t cap)
{
    char where[300];

    if (k->rule)
        snprintf(buf, cap, "%s%s · priority %d · %s",
                 k->rule->slot == NONE ? cli_schedule_layer(k->rule->layer) : "slot ",
                 k->rule->slot == NONE ? "" : p->s->model->slots[k->rule->slot].id,
                 k->rule->priority,
                 cli_schedule_target(p->s->model, k->rule, p->s->screen, where, sizeof(where)));
    else if (k->quota != NONE)
        snprintf(buf, cap, "fills up quota %s", p->s->model->quotas[k->quota].id);
    else
        snprintf(buf, cap, "%s",
                 k->layer == LAYER_BLACKOUT ? "blackout"
                 : k->black                 ? "no rule applies"
                                            : "no rule applies: screen default");
}

static void draw_swatch(struct page *p, unsigned key, double y)
{
    const struct key *k = &p->keys[key];

    if (is_gap(k)) {
        hatch(p->cr, MARGIN, y - 13, 22, 16);
        return;
    }
    draw_rounded(p->cr, MARGIN, y - 13, 22, 16, 3);
    draw_set(p->cr, colour_of(p, key));
    cairo_fill(p->cr);
}

static void draw_legend_row(struct page *p, unsigned key, double y)
{
    const struct key *k = &p->keys[key];
    char text[512], words[TEXT_MAX], length[CLI_TIME_MAX];

    draw_swatch(p, key, y);
    draw_set(p->cr, ink);
    draw_text_at(p->cr, fit(p->cr, name_of(k), 13, true, 236, words), MARGIN + 34, y, 13, true);
    draw_set(p->cr, faint);
    describe_key(p, k, text, sizeof(text));
    draw_text_at(p->cr, fit(p->cr, text, 12, false, 600, words), MARGIN + 280, y, 12, false);
    snprintf(text, sizeof(text), "%s", cli_schedule_length(k->ms, length));
    draw_text_at(p->cr, text, MARGIN + 980 - draw_text_width(p->cr, text, 12, false), y, 12, false);
    snprintf(text, sizeof(text), "%.1f %%", 100.0 * (double)k->ms / (double)(p->to - p->from));
    draw_text_at(p->cr, text, MARGIN + 1060 - draw_text_width(p->cr, text, 12, false), y, 12,
                 false);
    if (k->black)
        return;
    snprintf(text, sizeof(text), "%" PRId64 " play%s", k->plays, k->plays == 1 ? "" : "s");
    draw_text_at(p->cr, text, MARGIN + 1170 - draw_text_width(p->cr, text, 12, false), y, 12,
                 false);
}

/* --- the page -------------------------------------------------------------------------------- */

/* The strip that begins at or before an instant. */
static struct day row_at(const struct page *p, int64_t at)
{
    int64_t midnight = cli_schedule_midnight(p->s->zone, at, 0), row;
    struct day d = {midnight, cli_schedule_midnight(p->s->zone, midnight, 1), 0};

    if (!p->scale)
        return d;
    row = p->scale->row_s * INT64_C(1000);
    d.start = midnight + (at - midnight) / row * row;
    d.end = d.start + row < d.end ? d.start + row : d.end;
    return d;
}

static void choose_scale(struct page *p)
{
    size_t i = 0;

    if (p->to - p->from <= SHORT_MS) {
        while (i + 1 < QP_ARRAY_LEN(scales) &&
               (p->to - p->from) > scales[i].row_s * INT64_C(1000) * SHORT_ROWS)
            i++;
        p->scale = &scales[i];
    }
    for (int64_t at = p->from; at < p->to; at = row_at(p, at).end)
        p->n_rows++;
}

static void draw_page(struct page *p)
{
    int64_t at = p->from;
    double y = TOP_H;

    cairo_set_source_rgb(p->cr, 1, 1, 1);
    cairo_paint(p->cr);
    draw_title(p);
    for (unsigned i = 0; i < p->n_rows; i++, y += ROW_H) {
        struct day d = row_at(p, at);

        d.y = y;
        draw_day(p, &d);
        at = d.end;
    }
    y += 14;
    for (unsigned i = 0; i < p->n_keys; i++, y += LEGEND_ROW)
        draw_legend_row(p, i, y);
}

int cli_schedule_draw(const struct cli_schedule *s, const struct cli_stretches *all, int64_t from,
                      int64_t to, const char *out)
{
    struct page p = {.s = s, .all = all, .from = from, .to = to};
    bool png = strcmp(out + strlen(out) - 4, ".png") == 0;
    double width = 2 * MARGIN + LABEL_W + STRIP_W;

    count_keys(&p);
    choose_scale(&p);
    p.height = TOP_H + p.n_rows * ROW_H + p.n_keys * LEGEND_ROW + MARGIN;
    p.cr = draw_open(out, png, width, p.height);
    draw_page(&p);
    return draw_close(p.cr, out, png);
}
