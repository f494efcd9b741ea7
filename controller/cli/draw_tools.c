/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include <cairo/cairo-svg.h>
#include <fontconfig/fontconfig.h>

#include "controller/cli/cli.h"
#include "controller/cli/draw.h"

#define SMALLEST 5.0

/* Twelve colours that stay apart in print and for most colour-blind eyes; beyond, steps of the
 * golden angle around the hue circle. */
struct draw_colour draw_port_colour(uint32_t port)
{
    static const struct draw_colour first[] = {
        {0.122, 0.467, 0.706}, {0.839, 0.275, 0.157}, {0.173, 0.545, 0.227}, {0.580, 0.310, 0.690},
        {0.800, 0.475, 0.000}, {0.000, 0.560, 0.600}, {0.780, 0.160, 0.450}, {0.380, 0.420, 0.130},
        {0.260, 0.290, 0.740}, {0.560, 0.340, 0.220}, {0.070, 0.420, 0.360}, {0.450, 0.450, 0.500},
    };
    struct draw_colour c;
    double hue, v = 0.70 - 0.16 * (port / 12 % 3);

    if (port < sizeof(first) / sizeof(first[0]))
        return first[port];
    hue = fmod(port * 137.508, 360) / 60;
    c.r = v * fmin(1, fmax(0.15, fabs(hue - 3) - 1));
    c.g = v * fmin(1, fmax(0.15, 2 - fabs(hue - 2)));
    c.b = v * fmin(1, fmax(0.15, 2 - fabs(hue - 4)));
    return c;
}

struct draw_colour draw_tint(struct draw_colour c, double white)
{
    return (struct draw_colour){c.r + (1 - c.r) * white, c.g + (1 - c.g) * white,
                                c.b + (1 - c.b) * white};
}

void draw_set(cairo_t *cr, struct draw_colour c)
{
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

/* The toy text interface takes one face for a string: a Chinese one when it is not plain. */
void draw_font(cairo_t *cr, const char *text, double size, bool bold)
{
    const char *family = "sans-serif";

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p >= 0xe0)
            family = "Noto Sans CJK SC";
    cairo_select_font_face(cr, family, CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

double draw_text_width(cairo_t *cr, const char *text, double size, bool bold)
{
    cairo_text_extents_t e;

    draw_font(cr, text, size, bold);
    cairo_text_extents(cr, text, &e);
    return e.x_advance;
}

void draw_text_centred(cairo_t *cr, const char *text, double x, double y, double size, bool bold,
                       double max_w)
{
    cairo_text_extents_t e;
    double w = draw_text_width(cr, text, size, bold);

    if (w > max_w)
        size *= max_w / w;
    if (size < SMALLEST)
        return;
    draw_font(cr, text, size, bold);
    cairo_text_extents(cr, text, &e);
    cairo_move_to(cr, x - e.x_advance / 2, y + size * 0.36);
    cairo_show_text(cr, text);
}

void draw_text_at(cairo_t *cr, const char *text, double x, double y, double size, bool bold)
{
    draw_font(cr, text, size, bold);
    cairo_move_to(cr, x, y);
    cairo_show_text(cr, text);
}

void draw_rounded(cairo_t *cr, double x, double y, double w, double h, double r)
{
    r = fmin(r, fmin(w, h) / 2);
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -M_PI / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI / 2);
    cairo_arc(cr, x + r, y + h - r, r, M_PI / 2, M_PI);
    cairo_arc(cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
    cairo_close_path(cr);
}

cairo_t *draw_open(const char *out, bool png, double w, double h)
{
    cairo_surface_t *surface =
        png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(w), (int)ceil(h))
            : cairo_svg_surface_create(out, w, h);
    cairo_t *cr = cairo_create(surface);

    cairo_surface_destroy(surface); /* cr holds it */
    return cr;
}

int draw_close(cairo_t *cr, const char *out, bool png)
{
    cairo_surface_t *surface = cairo_surface_reference(cairo_get_target(cr));
    cairo_status_t status = cairo_status(cr);

    cairo_destroy(cr);
    if (status == CAIRO_STATUS_SUCCESS && png)
        status = cairo_surface_write_to_png(surface, out);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    cairo_debug_reset_static_data(); /* the font caches: a leak checker looks at the exit */
    FcFini();
    if (status != CAIRO_STATUS_SUCCESS)
        return cli_fail("%s: %s", out, cairo_status_to_string(status));
    return CLI_OK;
}
