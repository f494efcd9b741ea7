/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c - what is doubtful about a wall as a whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/format.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/loader.h"
#include "protocols/wall/sweep.h"

#define MAX_LISTED 20 /* findings of one kind; the rest is counted */
#define SLACK      1e-6

static bool is_off(const struct wall *w, double u, double v)
{
    return !(u > -SLACK && v > -SLACK && u < w->canvas_w + SLACK && v < w->canvas_h + SLACK);
}

/* An LED whose middle lies off the canvas would have no picture. Of a grid cabinet the corners
 * decide; of an irregular one every LED. */
static bool is_cabinet_off(const struct wall *w, uint32_t i)
{
    const struct wall_type *t = &w->types[w->cabinets[i].type];
    struct wall_box b = wall_cabinet_box(w, i);
    uint32_t corners[4] = {0, t->w - 1, t->n_leds - t->w, t->n_leds - 1};
    double u, v;

    if (b.x >= 0 && b.y >= 0 && b.x + b.w <= w->canvas_w && b.y + b.h <= w->canvas_h)
        return false;
    for (uint32_t k = 0; k < (t->points ? t->n_leds : 4); k++) {
        wall_led_canvas(w, i, t->points ? k : corners[k], &u, &v);
        if (is_off(w, u, v))
            return true;
    }
    return false;
}

static void check_canvas(struct loader *l)
{
    const struct wall *w = l->wall;
    uint32_t n = 0;
    char path[64];

    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        struct wall_box b;

        if (!is_cabinet_off(w, i) || ++n > MAX_LISTED)
            continue;
        b = wall_cabinet_box(w, i);
        qp_report_add(l->report, QP_SEVERITY_ERROR, wall_origin_path(l, i, path),
                      "Move the cabinet or enlarge the canvas.",
                      "LEDs of cabinet %s lie off the canvas: it reaches from (%g, %g) to (%g, "
                      "%g), the canvas is %u x %u",
                      w->cabinets[i].id, b.x, b.y, b.x + b.w, b.y + b.h, w->canvas_w, w->canvas_h);
    }
    if (n > MAX_LISTED)
        qp_report_add(l->report, QP_SEVERITY_ERROR, "", "Move the cabinets or enlarge the canvas.",
                      "%u more cabinets lie off the canvas", n - MAX_LISTED);
}

static int check_overlaps(struct loader *l)
{
    const struct wall *w = l->wall;
    struct wall_box *boxes = calloc((size_t)w->n_cabinets + 1, sizeof(*boxes));
    struct sweep s = {0};
    char path[64];
    int err = boxes ? 0 : -ENOMEM;

    for (uint32_t i = 0; boxes && i < w->n_cabinets; i++)
        boxes[i] = wall_cabinet_box(w, i);
    if (err == 0)
        err = sweep_run(&s, boxes, w->n_cabinets, MAX_LISTED);
    free(boxes);
    for (uint32_t i = 0; i < s.n_overlaps; i++) {
        const struct sweep_overlap *o = &s.overlaps[i];

        qp_report_add(l->report, QP_SEVERITY_WARNING, wall_origin_path(l, o->b, path),
                      "Move one of them, or add \"overlaps\" to \"accept\".",
                      "cabinets %s and %s show the same %g x %g pixels at (%g, %g)",
                      w->cabinets[o->a].id, w->cabinets[o->b].id, o->shared.w, o->shared.h,
                      o->shared.x, o->shared.y);
    }
    if (s.more_overlaps)
        qp_report_add(l->report, QP_SEVERITY_WARNING, "", "", "%llu more pairs of cabinets overlap",
                      (unsigned long long)s.more_overlaps);
    if (s.incomplete)
        qp_report_add(l->report, QP_SEVERITY_WARNING, "",
                      "Add \"overlaps\" to \"accept\" to skip the search.",
                      "too many staggered cabinets: not all overlaps were looked for");
    sweep_finish(&s);
    return err;
}

/* The boxes for the search for gaps: cabinets of a grid reach over the grid's own gap, and places
 * that a grid leaves free count as filled. */
static struct wall_box *filled_boxes(const struct loader *l, uint32_t *ret_n)
{
    const struct wall *w = l->wall;
    uint64_t n = w->n_cabinets;
    struct wall_box *boxes;
    uint32_t k = 0;

    for (uint32_t g = 0; g < l->n_grids; g++)
        n += l->grids[g].n_holes;
    boxes = calloc(n + 1, sizeof(*boxes));
    if (!boxes)
        return NULL;
    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        const struct origin *o = &l->origins[i];

        boxes[k] = wall_cabinet_box(w, i);
        if (o->grid != WALL_NO_GRID) {
            boxes[k].w += fmax(0, l->grids[o->grid].gap_x);
            boxes[k].h += fmax(0, l->grids[o->grid].gap_y);
        }
        k++;
    }
    for (uint32_t g = 0; g < l->n_grids; g++)
        for (uint32_t i = 0; i < l->grids[g].n_holes; i++) {
            boxes[k] = l->grids[g].holes[i];
            boxes[k].w += fmax(0, l->grids[g].gap_x);
            boxes[k++].h += fmax(0, l->grids[g].gap_y);
        }
    *ret_n = k;
    return boxes;
}

static void report_gaps(struct loader *l, const struct sweep *s, bool swapped)
{
    for (uint32_t i = 0; i < s->n_holes; i++) {
        const struct wall_box *h = &s->holes[i];

        qp_report_add(l->report, QP_SEVERITY_WARNING, "",
                      "Close the gap, or add \"gaps\" to \"accept\".",
                      "no cabinet shows the %g x %g pixels at (%g, %g), between others",
                      swapped ? h->h : h->w, swapped ? h->w : h->h, swapped ? h->y : h->x,
                      swapped ? h->x : h->y);
    }
    if (s->more_holes)
        qp_report_add(l->report, QP_SEVERITY_WARNING, "", "", "%llu more gaps",
                      (unsigned long long)s->more_holes);
    if (s->incomplete)
        qp_report_add(l->report, QP_SEVERITY_WARNING, "",
                      "Add \"gaps\" to \"accept\" to skip the search.",
                      "too many staggered cabinets: not all gaps were looked for");
}

/* Line by line first; only if nothing is missing there, column by column, which finds what is open
 * to the left or right. */
static int check_gaps(struct loader *l)
{
    uint32_t n = 0;
    struct wall_box *boxes = filled_boxes(l, &n);
    struct sweep rows = {0}, columns = {0};
    int err = boxes ? sweep_run(&rows, boxes, n, MAX_LISTED) : -ENOMEM;

    if (err == 0 && rows.n_holes == 0) {
        for (uint32_t i = 0; i < n; i++)
            boxes[i] = (struct wall_box){boxes[i].y, boxes[i].x, boxes[i].h, boxes[i].w};
        err = sweep_run(&columns, boxes, n, MAX_LISTED);
    }
    report_gaps(l, &rows, false);
    report_gaps(l, &columns, true);
    sweep_finish(&rows);
    sweep_finish(&columns);
    free(boxes);
    return err;
}

static void check_margin(struct loader *l)
{
    const struct wall *w = l->wall;
    double x0 = HUGE_VAL, y0 = HUGE_VAL, x1 = -HUGE_VAL, y1 = -HUGE_VAL;

    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        struct wall_box b = wall_cabinet_box(w, i);

        x0 = fmin(x0, b.x);
        y0 = fmin(y0, b.y);
        x1 = fmax(x1, b.x + b.w);
        y1 = fmax(y1, b.y + b.h);
    }
    if (x0 < 1 && y0 < 1 && x1 > w->canvas_w - 1.0 && y1 > w->canvas_h - 1.0)
        return;
    qp_report_add(
        l->report, QP_SEVERITY_WARNING, "canvas",
        "Make the canvas as large as the wall, or add \"margin\" to \"accept\".",
        "the cabinets cover (%g, %g) to (%g, %g) of the %u x %u canvas; the rest is never "
        "shown",
        x0, y0, x1, y1, w->canvas_w, w->canvas_h);
}

static void check_unconnected(struct loader *l)
{
    const struct wall *w = l->wall;
    char names[200] = "", path[64];
    uint32_t n = 0, first = 0;
    size_t len = 0;

    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        if (w->cabinets[i].port != WALL_NO_PORT)
            continue;
        if (n++ == 0)
            first = i;
        if (n <= 5 && len < sizeof(names))
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%.30s", n > 1 ? ", " : "",
                                    w->cabinets[i].id);
    }
    if (n)
        qp_report_add(l->report, QP_SEVERITY_WARNING, wall_origin_path(l, first, path),
                      "Add them to a chain, or \"unconnected\" to \"accept\".",
                      "%u cabinet%s on no output and stay dark: %s%s", n,
                      n > 1 ? "s hang" : " hangs", names, n > 5 ? " ..." : "");
}

int wall_check_layout(struct loader *l)
{
    int err = 0;

    check_canvas(l);
    if (!l->accepted[ACCEPT_MARGIN])
        check_margin(l);
    if (!l->accepted[ACCEPT_UNCONNECTED])
        check_unconnected(l);
    if (!l->accepted[ACCEPT_OVERLAPS])
        err = check_overlaps(l);
    if (err == 0 && !l->accepted[ACCEPT_GAPS])
        err = check_gaps(l);
    return err;
}
