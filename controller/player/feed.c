/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/feed.h"

#include <stdlib.h>

static bool on_stretch(void *user, const struct stretch *stretch)
{
    struct feed *f = user;

    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 64;
        struct stretch *queue = reallocarray(f->queue, cap, sizeof(*queue));

        if (!queue) {
            f->no_memory = true;
            return false;
        }
        f->queue = queue;
        f->cap = cap;
    }
    f->queue[f->n++] = *stretch;
    return true;
}

/* Returns false when memory ran out. */
static bool plan_slice(struct feed *f)
{
    int64_t to_ms = f->planned_ms + FEED_SLICE_MS;

    f->n = f->i = 0;
    f->no_memory = false;
    if (f->on_slice)
        f->on_slice(f->user, f->planned_ms, &to_ms);
    if (schedule_timeline(f->schedule, f->planned_ms, to_ms, f->screen, f->facts, on_stretch, f) ==
            0 &&
        !f->no_memory) {
        f->planned_ms = to_ms;
        return true;
    }
    f->n = 0;
    return false;
}

/* Is b the rest of a? */
static bool continues(const struct stretch *a, const struct stretch *b)
{
    if (a->item != b->item || a->rule != b->rule || a->layer != b->layer || b->start_ms > a->end_ms)
        return false;
    return b->item == NONE || b->offset_ms - a->offset_ms == b->start_ms - a->start_ms;
}

void feed_init(struct feed *feed, const struct schedule *schedule, const struct facts *facts,
               uint32_t screen, int64_t from_ms)
{
    *feed = (struct feed){
        .schedule = schedule, .facts = facts, .screen = screen, .planned_ms = from_ms};
}

void feed_finish(struct feed *feed)
{
    free(feed->queue);
    *feed = (struct feed){0};
}

bool feed_next(struct feed *f, int64_t now_ms, struct stretch *ret, int64_t *ret_until_ms)
{
    for (;;) {
        while (f->i < f->n) {
            const struct stretch *s = &f->queue[f->i++];

            if (f->has_last && continues(&f->last, s)) {
                f->last.end_ms = s->end_ms;
                f->last.cut = s->cut;
                continue;
            }
            f->last = *ret = *s;
            f->has_last = true;
            return true;
        }
        *ret_until_ms = f->planned_ms;
        if (f->planned_ms - now_ms >= FEED_HORIZON_MS || !plan_slice(f))
            return false;
    }
}
