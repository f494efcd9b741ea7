/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLACK  0.01 /* pixels */
#define BUDGET 100000000u
#define MOVED  16 /* indexes that memmove moves in the time of a step */

struct event {
    double y;
    uint32_t box;
    bool begins;
};

struct state {
    const struct wall_box *boxes;
    struct event *events;
    uint32_t n_events;
    uint32_t *active; /* by left edge */
    uint32_t n_active;
    struct wall_box *open; /* holes that the line above had: they may go on */
    uint32_t n_open;
    struct wall_box *found; /* holes of this line */
    uint32_t n_found;
    double left, right, widest; /* of all boxes */
    uint64_t steps;
    uint32_t max;
    struct sweep *out;
};

static int by_y(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->y != y->y)
        return x->y < y->y ? -1 : 1;
    if (x->begins != y->begins)
        return x->begins ? 1 : -1; /* ends first */
    return x->box < y->box ? -1 : x->box > y->box;
}

static double right_of(const struct wall_box *b)
{
    return b->x + b->w;
}

static double bottom_of(const struct wall_box *b)
{
    return b->y + b->h;
}

/* The first active box that is not left of box b (ties by index). */
static uint32_t place_of(const struct state *s, uint32_t box)
{
    uint32_t low = 0, high = s->n_active;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2, other = s->active[mid];
        double x = s->boxes[other].x, want = s->boxes[box].x;

        if (x < want || (x == want && other < box))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void note_overlap(struct state *s, uint32_t a, uint32_t b)
{
    const struct wall_box *p = &s->boxes[a], *q = &s->boxes[b];
    double x = fmax(p->x, q->x), y = fmax(p->y, q->y);
    double w = fmin(right_of(p), right_of(q)) - x, h = fmin(bottom_of(p), bottom_of(q)) - y;

    if (w < SLACK || h < SLACK)
        return;
    if (s->out->n_overlaps == s->max) {
        s->out->more_overlaps++;
        return;
    }
    s->out->overlaps[s->out->n_overlaps++] =
        (struct sweep_overlap){.a = a < b ? a : b, .b = a < b ? b : a, .shared = {x, y, w, h}};
}

/* A box begins: whatever stands and shares columns with it overlaps it. To the left nothing further
 * away than the widest box reaches this far. */
static void begin_box(struct state *s, uint32_t box)
{
    uint32_t at = place_of(s, box);
    double left = s->boxes[box].x, right = right_of(&s->boxes[box]);

    for (uint32_t i = at; i > 0 && s->boxes[s->active[i - 1]].x + s->widest > left; i--) {
        if (right_of(&s->boxes[s->active[i - 1]]) > left)
            note_overlap(s, s->active[i - 1], box);
        s->steps++;
    }
    for (uint32_t i = at; i < s->n_active && s->boxes[s->active[i]].x < right; i++) {
        note_overlap(s, s->active[i], box);
        s->steps++;
    }
    memmove(s->active + at + 1, s->active + at, (s->n_active - at) * sizeof(*s->active));
    s->active[at] = box;
    s->n_active++;
    s->steps += (s->n_active - at) / MOVED + 1;
}

static void end_box(struct state *s, uint32_t box)
{
    uint32_t at = place_of(s, box);

    s->n_active--;
    memmove(s->active + at, s->active + at + 1, (s->n_active - at) * sizeof(*s->active));
    s->steps += (s->n_active - at) / MOVED + 1;
}

static void keep_hole(struct state *s, const struct wall_box *hole)
{
    if (hole->w < SLACK || hole->h < SLACK)
        return;
    if (s->out->n_holes == s->max)
        s->out->more_holes++;
    else
        s->out->holes[s->out->n_holes++] = *hole;
}

/* Holes of the lines from y to below: each goes on where the line above had it, or begins here. */
static void find_holes(struct state *s, double y, double below)
{
    double reach = -HUGE_VAL;

    s->n_found = 0;
    for (uint32_t i = 0; i < s->n_active; i++) {
        const struct wall_box *b = &s->boxes[s->active[i]];

        if (i > 0 && b->x - reach > SLACK)
            s->found[s->n_found++] = (struct wall_box){reach, y, b->x - reach, below - y};
        reach = fmax(reach, right_of(b));
    }
    s->steps += s->n_active;
}

/* Both lists go from left to right. */
static void join_holes(struct state *s)
{
    uint32_t k = 0;
    struct wall_box *swap;

    for (uint32_t i = 0; i < s->n_open; i++) {
        struct wall_box *old = &s->open[i];
        bool goes_on = false;

        while (k < s->n_found && s->found[k].x < old->x - SLACK)
            k++;
        if (k < s->n_found && fabs(s->found[k].x - old->x) <= SLACK &&
            fabs(s->found[k].w - old->w) <= SLACK) {
            s->found[k].h = bottom_of(&s->found[k]) - old->y;
            s->found[k].y = old->y;
            goes_on = true;
        }
        if (!goes_on)
            keep_hole(s, old);
    }
    swap = s->open;
    s->open = s->found;
    s->found = swap;
    s->n_open = s->n_found;
}

static void take_event(struct state *s, const struct event *e)
{
    if (e->begins)
        begin_box(s, e->box);
    else
        end_box(s, e->box);
}

static void sweep_lines(struct state *s)
{
    for (uint32_t i = 0; i < s->n_events;) {
        double y = s->events[i].y;

        for (; i < s->n_events && s->events[i].y - y < SLACK && s->steps < BUDGET; i++)
            take_event(s, &s->events[i]);
        if (s->steps >= BUDGET) {
            s->out->incomplete = true;
            break;
        }
        if (i == s->n_events)
            break;
        find_holes(s, y, s->events[i].y);
        join_holes(s);
        if (s->n_active == 0) /* a line that no box reaches: a hole as wide as all boxes */
            keep_hole(s, &(struct wall_box){s->left, y, s->right - s->left, s->events[i].y - y});
    }
    s->n_found = 0;
    join_holes(s);
}

static void add_box(struct state *s, uint32_t i)
{
    const struct wall_box *b = &s->boxes[i];

    s->events[2 * i] = (struct event){b->y, i, true};
    s->events[2 * i + 1] = (struct event){bottom_of(b), i, false};
    s->left = fmin(s->left, b->x);
    s->right = fmax(s->right, right_of(b));
    s->widest = fmax(s->widest, b->w);
}

static bool make_room(struct state *s, uint32_t n)
{
    s->events = calloc((size_t)n * 2 + 1, sizeof(*s->events));
    s->active = calloc((size_t)n + 1, sizeof(*s->active));
    s->open = calloc((size_t)n + 1, sizeof(*s->open));
    s->found = calloc((size_t)n + 1, sizeof(*s->found));
    s->out->overlaps = calloc((size_t)s->max + 1, sizeof(*s->out->overlaps));
    s->out->holes = calloc((size_t)s->max + 1, sizeof(*s->out->holes));
    return s->events && s->active && s->open && s->found && s->out->overlaps && s->out->holes;
}

int sweep_run(struct sweep *ret, const struct wall_box *boxes, uint32_t n, uint32_t max)
{
    struct sweep out = {0};
    struct state s = {.boxes = boxes,
                      .max = max,
                      .out = &out,
                      .n_events = 2 * n,
                      .left = HUGE_VAL,
                      .right = -HUGE_VAL};
    bool ok = make_room(&s, n);

    if (ok) {
        for (uint32_t i = 0; i < n; i++)
            add_box(&s, i);
        qsort(s.events, s.n_events, sizeof(*s.events), by_y);
        sweep_lines(&s);
        *ret = out;
    } else {
        sweep_finish(&out);
    }
    free(s.events);
    free(s.active);
    free(s.open);
    free(s.found);
    return ok ? 0 : -ENOMEM;
}

void sweep_finish(struct sweep *s)
{
    free(s->overlaps);
    free(s->holes);
    *s = (struct sweep){0};
}
