/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/render/pattern.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/render/font5x7.h"
#include "protocols/wall/geometry.h"

#define BAR_WIDTH 8

const char *const pattern_names[PATTERN_N] = {"black",    "white", "red", "green",    "blue",
                                              "gradient", "grid",  "bar", "cabinets", "walk"};

const char *const pattern_help[PATTERN_N] = {
    "every LED off",
    "full white",
    "full red: shows dead and swapped colours",
    "full green",
    "full blue",
    "grey, red, green and blue ramps: shows steps and low-grey faults",
    "lines every 16 and 64 pixels, frame and diagonals: shows shifted cabinets",
    "a bar moving one pixel a frame: shows tearing between ports",
    "number, port and chain place on every cabinet; the dot is its top left corner",
    "one LED after the other in wiring order: shows the chain's true order",
};

struct pattern {
    enum pattern_kind kind;
    const struct wall *wall;   /* borrowed */
    struct wall_index **index; /* WALK: one a port */
    uint64_t longest;          /* WALK: LEDs of the longest port */
    uint64_t lit;              /* WALK: the cell lit on every port; BAR: its first column */
    bool begun;                /* something was painted */
};

static void fill_rect(struct canvas *c, int64_t x, int64_t y, int64_t w, int64_t h, uint32_t colour)
{
    int64_t x1 = x + w < c->w ? x + w : c->w, y1 = y + h < c->h ? y + h : c->h;

    x = x > 0 ? x : 0;
    y = y > 0 ? y : 0;
    for (int64_t j = y; j < y1; j++)
        for (int64_t i = x; i < x1; i++)
            canvas_row(c, (uint32_t)j)[i] = colour;
}

static void fill(struct canvas *c, uint32_t colour)
{
    fill_rect(c, 0, 0, c->w, c->h, colour);
}

static void paint_gradient(struct canvas *c)
{
    static const uint32_t mask[4] = {0xffffff, 0xff0000, 0x00ff00, 0x0000ff};

    for (uint32_t y = 0; y < c->h; y++)
        for (uint32_t x = 0; x < c->w; x++) {
            uint32_t level = c->w > 1 ? x * 255u / (c->w - 1) : 255u;

            canvas_row(c, y)[x] = level * 0x010101u & mask[(uint64_t)y * 4 / c->h];
        }
}

static void paint_grid(struct canvas *c)
{
    fill(c, 0);
    for (uint32_t x = 0; x < c->w; x += 16)
        fill_rect(c, x, 0, 1, c->h, x % 64 ? 0x404040 : 0x00a0ff);
    for (uint32_t y = 0; y < c->h; y += 16)
        fill_rect(c, 0, y, c->w, 1, y % 64 ? 0x404040 : 0x00a0ff);
    for (uint32_t x = 0; x < c->w; x++) {
        uint32_t y = (uint32_t)((uint64_t)x * c->h / c->w);

        canvas_row(c, y)[x] = 0xffff00;
        canvas_row(c, c->h - 1 - y)[x] = 0xffff00;
    }
    fill_rect(c, 0, 0, c->w, 1, 0xffffff);
    fill_rect(c, 0, (int64_t)c->h - 1, c->w, 1, 0xffffff);
    fill_rect(c, 0, 0, 1, c->h, 0xffffff);
    fill_rect(c, (int64_t)c->w - 1, 0, 1, c->h, 0xffffff);
}

static void draw_bar(struct canvas *c, int64_t x, uint32_t colour)
{
    fill_rect(c, x, 0, BAR_WIDTH, c->h, colour);
    fill_rect(c, x - c->w, 0, BAR_WIDTH, c->h, colour); /* the part that wrapped round */
}

static void paint_bar(struct pattern *p, struct canvas *c, uint64_t n)
{
    if (p->begun)
        draw_bar(c, (int64_t)p->lit, 0);
    else
        fill(c, 0);
    p->lit = n % c->w;
    draw_bar(c, (int64_t)p->lit, 0xffffff);
}

/* Colours far apart for neighbouring ports: the golden angle round the hue circle, dark enough to
 * read white on. */
static uint32_t port_colour(uint32_t port)
{
    double hue = fmod(port * 0.61803398875, 1.0) * 6;
    uint32_t rgb = 0;

    for (unsigned c = 0; c < 3; c++) {
        double distance = fabs(fmod(hue + 6 - 2.0 * c, 6.0) - 3);
        double level = fmin(fmax(distance - 1, 0), 1);

        rgb = rgb << 8 | (uint32_t)(32 + 96 * level);
    }
    return rgb;
}

static void draw_text(struct canvas *c, int64_t x, int64_t y, int64_t scale, const char *text)
{
    for (; *text; text++, x += FONT_ADVANCE * scale) {
        const uint8_t *glyph = font5x7_glyph(*text);

        for (int row = 0; row < FONT_H; row++)
            for (int col = 0; col < FONT_W; col++)
                if (glyph[row] >> (FONT_W - 1 - col) & 1)
                    fill_rect(c, x + col * scale, y + row * scale, scale, scale, 0xffffff);
    }
}

/* One line centred in the box, as large as fits in this share of its height. */
static void draw_line(struct canvas *c, const struct wall_box *box, double middle, const char *text)
{
    double chars = (double)strlen(text);
    double fit = fmin(box->w / (chars * FONT_ADVANCE + 1), box->h / (2.6 * FONT_H));
    int64_t scale = fit < 1 ? 1 : (int64_t)fit;
    double w = (double)scale * (chars * FONT_ADVANCE - 1);

    draw_text(c, (int64_t)(box->x + (box->w - w) / 2),
              (int64_t)(box->y + box->h * middle - (double)(scale * FONT_H) / 2), scale, text);
}

static void paint_cabinet(struct canvas *c, const struct wall *wall, uint32_t i)
{
    const struct wall_cabinet *cabinet = &wall->cabinets[i];
    struct wall_box box = wall_cabinet_box(wall, i);
    int64_t x = (int64_t)box.x, y = (int64_t)box.y, w = (int64_t)box.w, h = (int64_t)box.h;
    int64_t dot = h / 12 > 1 ? h / 12 : 1;
    char text[64];
    double u, v;

    fill_rect(c, x, y, w, h, 0x909090);
    fill_rect(c, x + 1, y + 1, w - 2, h - 2,
              cabinet->port == WALL_NO_PORT ? 0x303030 : port_colour(cabinet->port));
    (void)snprintf(text, sizeof(text), "%u", i + 1);
    draw_line(c, &box, 0.32, text);
    if (cabinet->port == WALL_NO_PORT)
        (void)snprintf(text, sizeof(text), "-");
    else
        (void)snprintf(text, sizeof(text), "P%u.%u", cabinet->port + 1, cabinet->chain_index + 1);
    draw_line(c, &box, 0.72, text);
    wall_led_canvas(wall, i, 0, &u, &v);
    fill_rect(c, (int64_t)floor(u) - (u > box.x + box.w / 2 ? dot - 1 : 0),
              (int64_t)floor(v) - (v > box.y + box.h / 2 ? dot - 1 : 0), dot, dot, 0xffff00);
}

static void paint_cabinets(struct canvas *c, const struct wall *wall)
{
    fill(c, 0);
    for (uint32_t i = 0; i < wall->n_cabinets; i++)
        paint_cabinet(c, wall, i);
}

static void set_led(const struct pattern *p, struct canvas *c, uint32_t port, uint64_t cell,
                    uint32_t colour)
{
    struct wall_span span;
    double u, v;

    if (cell >= wall_port_cells(p->wall, port, WALL_LINEAR))
        return;
    span = wall_span_at(p->index[port], cell, 1);
    if (span.cabinet == WALL_HOLE)
        return;
    wall_led_canvas(p->wall, span.cabinet, span.led, &u, &v);
    if (u >= 0 && v >= 0 && u < c->w && v < c->h)
        canvas_row(c, (uint32_t)v)[(uint32_t)u] = colour;
}

static void paint_walk(struct pattern *p, struct canvas *c, uint64_t n)
{
    uint64_t next = p->longest ? n % p->longest : 0;

    if (!p->begun)
        fill(c, 0);
    for (uint32_t port = 0; port < p->wall->n_outputs; port++) {
        if (p->begun)
            set_led(p, c, port, p->lit, 0);
        set_led(p, c, port, next, 0xffffff);
    }
    p->lit = next;
}

static int index_ports(struct pattern *p)
{
    p->index = calloc(p->wall->n_outputs ? p->wall->n_outputs : 1, sizeof(struct wall_index *));
    if (!p->index)
        return -ENOMEM;
    for (uint32_t port = 0; port < p->wall->n_outputs; port++) {
        uint64_t cells = wall_port_cells(p->wall, port, WALL_LINEAR);
        int r = wall_index_create(&p->index[port], p->wall, port, WALL_LINEAR);

        if (r < 0)
            return r;
        p->longest = cells > p->longest ? cells : p->longest;
    }
    return 0;
}

int pattern_create(struct pattern **ret, enum pattern_kind kind, const struct wall *wall)
{
    struct pattern *p = calloc(1, sizeof(*p));
    int r = 0;

    if (!p)
        return -ENOMEM;
    p->kind = kind;
    p->wall = wall;
    if (kind == PATTERN_WALK)
        r = index_ports(p);
    if (r < 0) {
        pattern_destroy(p);
        return r;
    }
    *ret = p;
    return 0;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    for (uint32_t i = 0; pattern->index && i < pattern->wall->n_outputs; i++)
        wall_index_destroy(pattern->index[i]);
    free(pattern->index);
    free(pattern);
}

static void paint_still(struct pattern *p, struct canvas *c)
{
    static const uint32_t colours[] = {[PATTERN_BLACK] = 0x000000,
                                       [PATTERN_WHITE] = 0xffffff,
                                       [PATTERN_RED] = 0xff0000,
                                       [PATTERN_GREEN] = 0x00ff00,
                                       [PATTERN_BLUE] = 0x0000ff};

    if (p->kind <= PATTERN_BLUE)
        fill(c, colours[p->kind]);
    else if (p->kind == PATTERN_GRADIENT)
        paint_gradient(c);
    else if (p->kind == PATTERN_GRID)
        paint_grid(c);
    else
        paint_cabinets(c, p->wall);
}

void pattern_paint(struct pattern *pattern, struct canvas *canvas, uint64_t n)
{
    if (pattern->kind == PATTERN_BAR)
        paint_bar(pattern, canvas, n);
    else if (pattern->kind == PATTERN_WALK)
        paint_walk(pattern, canvas, n);
    else if (!pattern->begun)
        paint_still(pattern, canvas);
    pattern->begun = true;
}
