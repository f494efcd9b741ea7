/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_next.c - when something else may begin, and what can be played meanwhile. */
#include "scheduler/civil.h"
#include "scheduler/resolve_query.h"

#define LOOKS      2500u /* at words of rows, before the answer is "not before that day" */
#define SUN_LOOKS  400u  /* what it costs to ask for the sun, in such looks */
#define MIN_DAYS   3
#define PLAY_LOOKS 10000u /* at entries of playlists */

/* --- next start --------------------------------------------------------------------------------
 */

/* No sun rises or sets earlier than this, from the midnight of its date. */
#define SUN_LO_S (-CIVIL_DAY_S / 2 - 3600)

struct ahead {
    struct query *q;
    const struct face *face;
    const uint32_t *limit;
};

static bool is_challenger(const struct ahead *a, uint32_t entry)
{
    return entry < a->limit[a->q->class->entries[entry].lane];
}

/* Does a word of by_start hold a challenger? */
static bool holds_challenger(const struct ahead *a, uint32_t word)
{
    const uint32_t *best = &a->face->best[(size_t)word * LANE_N];

    for (int lane = 0; lane < LANE_N; lane++)
        if (best[lane] < a->limit[lane])
            return true;
    return false;
}

static bool has_challenger(const struct face *f, const uint32_t limit[LANE_N])
{
    for (int lane = 0; lane < LANE_N; lane++)
        if (f->lane_from[lane] < f->lane_from[lane + 1] &&
            f->list[f->lane_from[lane]] < limit[lane])
            return true;
    return false;
}

/* Content that can be shown changes when its rule begins; whether anything else does has to be
 * seen. */
static void begin(struct ahead *a, const struct entry *e, int64_t start_ms)
{
    const struct rule *r = &a->q->model->rules[e->rule];

    if (start_ms >= a->q->bound_ms)
        return;
    a->q->bound_ms = start_ms;
    a->q->sure = e->lane == LANE_CONTENT && r->playlist != NONE &&
                 a->q->schedule->plain[r->playlist] && !a->q->facts->missing_items &&
                 a->q->facts->n_alerts == 0;
}

/* The first of by_start that starts later than so long after the first point. */
static uint32_t starts_after(const struct query *q, const struct face *f, int64_t s)
{
    uint32_t lo = 0, hi = f->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct entry *e = &q->class->entries[f->by_start[mid]];

        if ((f->is_once ? e->start_ms : e->start_s) <= s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Starts of one day in their order, until one lowers the bound or is beyond it. */
static bool look_at_day(struct ahead *a, int32_t day, int64_t point_s, uint32_t from)
{
    const struct face *f = a->face;
    struct rows rows = {.n = 0};
    struct wrap wrap;

    if (!query_may_wrap(a->q, f, day, point_s, &wrap))
        return false;
    query_day_rows(a->q, f, f->start, day, &rows);
    for (uint32_t w = from / 64; w < f->n_words; w++) {
        uint64_t bits = holds_challenger(a, w) ? rows_word(&rows, w) : 0;

        if (w == from / 64)
            bits &= ~UINT64_C(0) << (from % 64);
        for (; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            const struct entry *e;
            struct occurrence o;

            if (i >= f->n)
                return false;
            e = &a->q->class->entries[f->by_start[i]];
            if (!is_challenger(a, f->by_start[i]) || query_is_wrong_wrap(&wrap, f, e) ||
                !query_starts_on(a->q, e, day) || !query_span_of(a->q, f, e, day, &o, NULL) ||
                o.start_ms <= a->q->at_ms)
                continue;
            begin(a, e, o.start_ms);
            return true;
        }
    }
    return false;
}

/* May a challenger start on that day? Spares asking for its sun. */
static bool has_start_day(struct ahead *a, int32_t day)
{
    const struct face *f = a->face;
    struct rows rows = {.n = 0};

    query_day_rows(a->q, f, f->start, day, &rows);
    for (uint32_t w = 0; w < f->n_words; w++) {
        uint64_t bits = holds_challenger(a, w) ? rows_word(&rows, w) : 0;

        for (; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);

            if (i < f->n && is_challenger(a, f->by_start[i]) &&
                query_starts_on(a->q, &a->q->class->entries[f->by_start[i]], day))
                return true;
        }
    }
    return false;
}

/* The earliest that anything of a day may start, and from where on it has not yet. False: nothing
 * of that day will. */
static bool day_begins(struct ahead *a, int32_t day, int64_t *ret_ms, int64_t *ret_point_s,
                       uint32_t *ret_from)
{
    const struct face *f = a->face;
    struct query *q = a->q;
    int64_t since_s, point_s;

    if (f->start_kind == EDGE_CLOCK) {
        point_s = query_first_s(q, f->zone, (int64_t)day * CIVIL_DAY_S);
        since_s = q->zones[f->zone].tod_s + ((int64_t)q->zones[f->zone].day - day) * CIVIL_DAY_S;
        *ret_ms = query_first_s(q, f->zone, (int64_t)day * CIVIL_DAY_S + f->start_lo) * 1000;
    } else {
        const struct sun_day *sun = query_sun(q, f->zone, day);

        if (!sun)
            return false;
        point_s = sun->s[f->start_kind];
        since_s = q->at_s - point_s;
        *ret_ms = (point_s + f->start_lo) * 1000;
    }
    *ret_point_s = point_s;
    *ret_from = since_s < f->start_lo ? 0 : starts_after(q, f, since_s);
    return *ret_from < f->n;
}

static void look_ahead(struct ahead *a)
{
    const struct face *f = a->face;
    struct query *q = a->q;
    int32_t today = query_zone(q, f->zone)->day;
    int32_t first = f->start_kind == EDGE_CLOCK ? 0 : -2;
    uint32_t looks = 0;

    for (int32_t n = first;; n++) {
        int64_t lowest_ms = ((int64_t)today + n) * CIVIL_DAY_S + f->start_lo;
        int64_t begins_ms, point_s;
        uint32_t from;

        if (today + n > q->class->last_day)
            return;
        if (f->start_kind != EDGE_CLOCK)
            lowest_ms += SUN_LO_S;
        lowest_ms = (query_first_s(q, f->zone, lowest_ms)) * 1000;
        if (n > 0 && lowest_ms >= q->bound_ms)
            return;
        if (n > MIN_DAYS && looks > LOOKS) {
            q->bound_ms = lowest_ms;
            q->sure = false;
            return;
        }
        looks += f->n_words + 8;
        if (f->start_kind != EDGE_CLOCK) {
            if (!has_start_day(a, today + n))
                continue;
            looks += SUN_LOOKS;
        }
        if (!day_begins(a, today + n, &begins_ms, &point_s, &from))
            continue;
        if (begins_ms >= q->bound_ms)
            return;
        if (look_at_day(a, today + n, point_s, from) && f->start_kind == EDGE_CLOCK)
            return;
    }
}

static void look_at_once(struct ahead *a)
{
    const struct face *f = a->face;
    uint32_t from = starts_after(a->q, f, a->q->at_ms);

    for (uint32_t i = from; i < f->n; i++) {
        const struct entry *e = &a->q->class->entries[f->by_start[i]];

        if (e->start_ms >= a->q->bound_ms)
            return;
        if (i % 64 == 0 && !holds_challenger(a, i / 64)) {
            i += 63;
            continue;
        }
        if (!is_challenger(a, f->by_start[i]))
            continue;
        begin(a, e, e->start_ms);
        return;
    }
}

void query_next_start(struct query *q, const uint32_t limit[LANE_N])
{
    for (uint32_t i = 0; i < q->class->n_faces; i++) {
        struct ahead a = {.q = q, .face = &q->class->faces[i], .limit = limit};

        if (!has_challenger(a.face, limit))
            continue;
        if (a.face->is_once)
            look_at_once(&a);
        else
            look_ahead(&a);
    }
}

/* --- playable ----------------------------------------------------------------------------------
 */

static void lower(int64_t *bound, int64_t ms)
{
    if (ms < *bound)
        *bound = ms;
}

static bool is_within(int64_t at, int64_t from, int64_t to, int64_t *bound)
{
    if (at < from) {
        lower(bound, from);
        return false;
    }
    if (at < to)
        lower(bound, to);
    return at < to;
}

static bool has_rights(const struct query *q, const struct item *item)
{
    for (uint32_t i = 0; i < item->n_rights_area; i++)
        if (model_specificity(q->model, &item->rights_area[i], q->screen) > 0)
            return true;
    return item->n_rights_area == 0;
}

bool query_item(const struct query *q, uint32_t item, int64_t *bound)
{
    const struct item *it = &q->model->items[item];
    int64_t change = FOREVER_MS;
    bool valid, rights;

    if (q->facts->missing_items && (q->facts->missing_items[item / 8] >> (item % 8) & 1))
        return false;
    if (!has_rights(q, it))
        return false;
    valid = is_within(q->at_ms, it->valid_from_ms ? it->valid_from_ms : INT64_MIN, it->valid_to_ms,
                      &change);
    rights = is_within(q->at_ms, it->rights_from_ms ? it->rights_from_ms : INT64_MIN,
                       it->rights_to_ms, &change);
    if (bound)
        lower(bound, change);
    return valid && rights;
}

struct play_look {
    const struct query *q;
    uint32_t looks;
};

/* *bound: if something can be shown, how long that one can; otherwise when something may. */
static bool look_into(struct play_look *p, uint32_t playlist, int64_t *bound)
{
    const struct playlist *list = &p->q->model->playlists[playlist];
    int64_t all = FOREVER_MS;

    for (uint32_t i = 0; i < list->n_entries; i++) {
        const struct playlist_entry *e = &list->entries[i];
        int64_t change = FOREVER_MS, condition = FOREVER_MS;
        bool ok = true;

        if (p->looks++ > PLAY_LOOKS)
            return true;
        if (e->condition != NONE)
            ok = occurrence_open(p->q->model, &p->q->model->windows[e->condition], &p->q->place,
                                 p->q->at_ms, NULL, &condition);
        if (ok)
            ok = e->item != NONE ? query_item(p->q, e->item, &change)
                                 : look_into(p, e->playlist, &change);
        lower(&change, condition);
        if (ok) {
            lower(bound, change);
            return true;
        }
        lower(&all, change);
    }
    lower(bound, all);
    return false;
}

bool query_playable(const struct query *q, uint32_t playlist, int64_t *bound)
{
    struct play_look p = {.q = q};
    int64_t change = FOREVER_MS;
    bool ok;

    if (q->schedule->plain[playlist] && !q->facts->missing_items)
        return true;
    ok = look_into(&p, playlist, &change);
    if (bound)
        lower(bound, change);
    return ok;
}
