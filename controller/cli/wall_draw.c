/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "controller/cli/cli.h"
#include "controller/cli/draw.h"

#define USAGE                                                                                      \
    "qp wall draw FILE -o OUT.svg|OUT.png\n"                                                       \
    "Draws the wall from the front with cabinets, their numbers on the chain, arrows along the\n"  \
    "cables and a colour for each port, to wire from.\n"                                           \
    "\nexamples:\n"                                                                                \
    "  qp wall draw wall.json -o wall.svg\n"                                                       \
    "  qp wall draw wall.json -o wall.png"
#define MAX_SIDE 12000.0 /* of the page: a PNG of that size takes half a gigabyte */

/* So large that a typical cabinet has room for its number and name; smaller when there are many. */
static double choose_scale(const struct wall *w)
{
    double area = 0, side, target, longest = fmax(w->canvas_w, w->canvas_h);

    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        struct wall_box b = wall_cabinet_box(w, i);

        area += fmin(b.w, b.h);
    }
    side = area / w->n_cabinets;
    target = w->n_cabinets <= 40 ? 130 : w->n_cabinets <= 200 ? 92 : 66;
    return fmin(fmax(target / side, 900 / longest), (MAX_SIDE - 1000) / longest);
}

void draw_measure(struct draw_page *p, const struct wall *w)
{
    uint32_t rows;

    *p = (struct draw_page){.wall = w, .scale = choose_scale(w)};
    p->wall_x = DRAW_MARGIN + 24;
    p->wall_y = DRAW_MARGIN + 70;
    p->width = fmax(980, p->wall_x + w->canvas_w * p->scale + DRAW_MARGIN);
    p->legend_y = p->wall_y + w->canvas_h * p->scale + 44;
    p->legend_columns = (unsigned)fmax(1, floor((p->width - 2 * DRAW_MARGIN) / 560));
    if (p->legend_columns > w->n_outputs)
        p->legend_columns = w->n_outputs;
    p->legend_column_w = (p->width - 2 * DRAW_MARGIN) / p->legend_columns;
    rows = (w->n_outputs + p->legend_columns - 1) / p->legend_columns;
    p->height = p->legend_y + rows * DRAW_ROW + 8 + DRAW_MARGIN;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

static int draw_wall(const struct wall *wall, const char *out, bool svg)
{
    struct draw_page page;

    draw_measure(&page, wall);
    page.cr = draw_open(out, !svg, page.width, page.height);
    draw_frame(&page);
    draw_cabinets(&page);
    draw_chains(&page);
    draw_labels(&page);
    draw_legend(&page);
    return draw_close(page.cr, out, !svg);
}

/* Cairo cannot say why a file is not to be written; the kernel can. */
static int check_writable(const char *out)
{
    int fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);

    if (fd < 0)
        return cli_fail("%s: cannot be written: %s; name a folder that exists and is yours", out,
                        strerror(errno));
    (void)close(fd);
    return CLI_OK;
}

int cli_wall_draw(int argc, char **argv)
{
    const char *file = NULL, *out = NULL;
    const struct cli_opt opts[] = {{"-o", "FILE", "drawing to write, .svg or .png", &out}};
    struct wall *wall;
    struct qp_diag diag = {""};
    int r = cli_parse(USAGE, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    if (!out || (!ends_with(out, ".svg") && !ends_with(out, ".png"))) {
        cli_fail("-o FILE must be given and end in .svg or .png; see qp wall draw --help");
        return CLI_USAGE;
    }
    if (wall_load(&wall, file, NULL, &diag) < 0)
        return cli_fail("%s", diag.text);
    r = check_writable(out);
    if (r == CLI_OK)
        r = draw_wall(wall, out, ends_with(out, ".svg"));
    wall_destroy(wall);
    return r;
}
