/* SPDX-License-Identifier: Apache-2.0 */
/* One scan serves all questions: it visits the start days whose ranges may end after an instant, in
 * their order, and stops at the day on which nothing can start before the best answer so far. Where
 * the clocks are steady the bounds are exact, so that a daily window looks at two or three days. */
#include "scheduler/occurrence.h"

#include "scheduler/civil.h"
#include "scheduler/occurrence_day.h"
#include "scheduler/recur.h"

/* Questions further out are answered as at these instants: no occurrence lies beyond. */
#define AT_MIN_S ((DAY_MIN - INT64_C(800)) * CIVIL_DAY_S)
#define AT_MAX_S ((DAY_MAX + INT64_C(800)) * CIVIL_DAY_S)

struct scan {
    struct occurrence_query query;
    int64_t at_s;    /* occurrences that end after it are of interest ... */
    int64_t limit_s; /* ... unless they start after this, which shrinks as answers are found */
    void (*on_found)(struct scan *scan, const struct occurrence *found);
};

static void offer(struct scan *scan, int32_t key, int32_t day, const struct day_range *range)
{
    struct occurrence_s found;

    if (!occurrence_of_range(&scan->query, day, range, &found) || found.end_s <= scan->at_s ||
        found.start_s > scan->limit_s)
        return;
    scan->on_found(scan, &(struct occurrence){found.start_s * 1000, found.end_s * 1000, key});
}

/* --- edits ----------------------------------------------------------------------------------- */

/* No range of a day, whatever its edges, starts 3 days before its midnight or ends 5 days after it
 * (and after end_days), two of them for the zone. */
static bool is_near(const struct scan *scan, int32_t day)
{
    int64_t midnight = (int64_t)day * CIVIL_DAY_S;

    return midnight + (7 + scan->query.window->end_days) * INT64_C(86400) > scan->at_s &&
           midnight - 5 * CIVIL_DAY_S <= scan->limit_s;
}

static void scan_edits(struct scan *scan)
{
    const struct window *w = scan->query.window;

    for (uint32_t i = 0; i < w->n_edits; i++) {
        const struct occurrence_edit *e = &w->edits[i];
        uint32_t n;

        if (!e->removed && is_near(scan, e->new_day) &&
            occurrence_next_day(&scan->query, e->day) == e->day &&
            occurrence_ranges(w, e->day, &n) && n > 0)
            offer(scan, e->day, e->new_day, &e->range);
    }
}

/* --- the scan -------------------------------------------------------------------------------- */

/* The first day whose ranges may end after at_s. */
static int32_t first_day(const struct scan *scan)
{
    const struct occurrence_query *q = &scan->query;
    int64_t wall = scan->at_s + q->span.offset_s - q->hi_s;

    /* Near a change of the clocks the end of a day's ranges is only bounded. */
    if (occurrence_latest_s(q, scan->at_s + q->span.offset_s) != scan->at_s)
        wall = scan->at_s - q->hi_s - 2 * CIVIL_DAY_S;
    return (int32_t)(civil_floor_div(wall, CIVIL_DAY_S) + 1);
}

static void scan_days(struct scan *scan)
{
    const struct occurrence_query *q = &scan->query;
    int32_t day;

    if (q->lo_s > q->hi_s) /* no range at all */
        return;
    for (day = occurrence_next_day(q, first_day(scan)); day != RECUR_NONE;
         day = occurrence_next_day(q, day + 1)) {
        const struct day_range *ranges;
        uint32_t n;

        if (occurrence_earliest_s(q, (int64_t)day * CIVIL_DAY_S + q->lo_s) > scan->limit_s)
            return;
        if (q->window->n_edits > 0 && occurrence_is_edited(q->window, day))
            continue;
        ranges = occurrence_ranges(q->window, day, &n);
        for (uint32_t i = 0; i < n; i++)
            offer(scan, day, day, &ranges[i]);
    }
}

static bool is_exact(const struct window *w)
{
    return w->frequency == EVERY_ONCE && w->once_start_ms < w->once_end_ms;
}

static void run(struct scan *scan, const struct model *model, const struct window *window,
                const struct occurrence_place *place, int64_t at_ms)
{
    int64_t at_s = civil_floor_div(at_ms, 1000);

    scan->at_s = at_s < AT_MIN_S ? AT_MIN_S : at_s > AT_MAX_S ? AT_MAX_S : at_s;
    occurrence_query_init(&scan->query, model, window, place, scan->at_s);
    scan_edits(scan);
    scan_days(scan);
}

/* --- next ------------------------------------------------------------------------------------ */

struct scan_next {
    struct scan scan;
    bool found;
    struct occurrence best;
};

static bool comes_before(const struct occurrence *a, const struct occurrence *b)
{
    if (a->start_ms != b->start_ms)
        return a->start_ms < b->start_ms;
    return a->end_ms != b->end_ms ? a->end_ms < b->end_ms : a->day < b->day;
}

static void on_next(struct scan *scan, const struct occurrence *o)
{
    struct scan_next *next = (struct scan_next *)scan;

    if (next->found && !comes_before(o, &next->best))
        return;
    next->found = true;
    next->best = *o;
    scan->limit_s = o->start_ms / 1000;
}

static struct occurrence exact(const struct window *w)
{
    return (struct occurrence){w->once_start_ms, w->once_end_ms, w->first_day};
}

bool occurrence_next(const struct model *model, const struct window *window,
                     const struct occurrence_place *place, int64_t at_ms, struct occurrence *ret)
{
    struct scan_next next = {.scan = {.limit_s = INT64_MAX, .on_found = on_next}};

    if (is_exact(window)) {
        if (window->once_end_ms > at_ms)
            *ret = exact(window);
        return window->once_end_ms > at_ms;
    }
    run(&next.scan, model, window, place, at_ms);
    if (next.found)
        *ret = next.best;
    return next.found;
}

/* --- between --------------------------------------------------------------------------------- */

struct scan_between {
    struct scan scan;
    struct occurrence *list; /* sorted; the first cap of all n */
    size_t cap, n;
};

static void on_between(struct scan *scan, const struct occurrence *o)
{
    struct scan_between *b = (struct scan_between *)scan;
    size_t i = b->n < b->cap ? b->n : b->cap;

    b->n++;
    if (i == b->cap && (i == 0 || !comes_before(o, &b->list[i - 1])))
        return;
    i -= i == b->cap;
    for (; i > 0 && comes_before(o, &b->list[i - 1]); i--)
        b->list[i] = b->list[i - 1];
    b->list[i] = *o;
}

size_t occurrence_between(const struct model *model, const struct window *window,
                          const struct occurrence_place *place, int64_t from_ms, int64_t to_ms,
                          struct occurrence *ret, size_t cap)
{
    struct scan_between b = {.scan = {.on_found = on_between}, .list = ret, .cap = cap};

    if (from_ms >= to_ms)
        return 0;
    if (is_exact(window)) {
        bool overlaps = window->once_start_ms < to_ms && window->once_end_ms > from_ms;

        if (overlaps && cap > 0)
            ret[0] = exact(window);
        return overlaps;
    }
    b.scan.limit_s = civil_floor_div(to_ms - 1, 1000);
    run(&b.scan, model, window, place, from_ms);
    return b.n;
}

/* --- open ------------------------------------------------------------------------------------ */

struct scan_open {
    struct scan scan;
    bool open;
    struct occurrence best; /* the latest start at or before at_s */
    int64_t next_ms;        /* the earliest start after it */
};

static void on_open(struct scan *scan, const struct occurrence *o)
{
    struct scan_open *open = (struct scan_open *)scan;
    int64_t start_s = o->start_ms / 1000;

    if (start_s > scan->at_s) {
        if (o->start_ms < open->next_ms) {
            open->next_ms = o->start_ms;
            scan->limit_s = start_s;
        }
        return;
    }
    if (open->open && (o->start_ms < open->best.start_ms ||
                       (o->start_ms == open->best.start_ms && o->end_ms <= open->best.end_ms)))
        return;
    open->open = true;
    open->best = *o;
}

static bool open_exactly(const struct window *w, int64_t at_ms, struct occurrence *ret,
                         int64_t *ret_change)
{
    bool open = at_ms >= w->once_start_ms && at_ms < w->once_end_ms;

    if (ret && open)
        *ret = exact(w);
    if (ret_change)
        *ret_change = open                       ? w->once_end_ms
                      : at_ms < w->once_start_ms ? w->once_start_ms
                                                 : FOREVER_MS;
    return open;
}

bool occurrence_open(const struct model *model, const struct window *window,
                     const struct occurrence_place *place, int64_t at_ms, struct occurrence *ret,
                     int64_t *ret_change)
{
    struct scan_open open = {.scan = {.limit_s = INT64_MAX, .on_found = on_open},
                             .next_ms = FOREVER_MS};

    if (is_exact(window))
        return open_exactly(window, at_ms, ret, ret_change);
    /* Without the question for the next start there is no need to look beyond this second. */
    if (!ret_change)
        open.scan.limit_s = civil_floor_div(at_ms, 1000);
    run(&open.scan, model, window, place, at_ms);
    if (ret && open.open)
        *ret = open.best;
    if (ret_change)
        *ret_change =
            open.open && open.best.end_ms < open.next_ms ? open.best.end_ms : open.next_ms;
    return open.open;
}

/* --- preparation ----------------------------------------------------------------------------- */

void occurrence_prepare(struct window *window)
{
    if (is_exact(window))
        return;
    window->last_day = recur_last_day(window);
    window->counted = true;
    if (recur_next(window, window->first_day, RECUR_ANY_DAY) == RECUR_NONE)
        window->last_day = DAY_MIN - 1;
}
