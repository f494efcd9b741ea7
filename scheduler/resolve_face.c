/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_face.c - what is open on a face: rows of bits leave few entries to look at. */
#include <math.h>
#include <string.h>

#include "scheduler/occurrence_day.h"
#include "scheduler/recur.h"
#include "scheduler/resolve_query.h"

#define FOLD_NEAR_S (26 * 3600) /* clocks never change by more */
#define STEADY_S    (5 * INT64_C(86400))
/* Up to that latitude the sun comes and goes the same from day to day, to so much within 3 days. */
#define SUN_STEADY    60.0
#define SUN_DRIFT_S   1800
#define SUN_NEAR_DAYS 3

/* --- zones -------------------------------------------------------------------------------------
 */

static bool is_within(const struct tz_span *span, int64_t utc_s, int64_t margin_s)
{
    return (span->from_s == INT64_MIN || utc_s - span->from_s > margin_s) &&
           (span->until_s == INT64_MAX || span->until_s - utc_s > margin_s);
}

struct zone_now *query_zone(struct query *q, uint32_t zone)
{
    struct zone_now *z = &q->zones[zone];
    const struct tz *tz = q->class->zones[zone];
    struct tz_instants i;
    int64_t wall_s;

    if (z->ready)
        return z;
    z->ready = z->steady = true;
    z->span = (struct tz_span){INT64_MIN, INT64_MAX, 0};
    if (tz) {
        tz_span(tz, q->at_s, &z->span);
        z->steady = is_within(&z->span, q->at_s, STEADY_S);
        if (!is_within(&z->span, q->at_s, FOLD_NEAR_S)) {
            tz_instants(tz, q->at_s + z->span.offset_s, &i);
            z->exact = i.first_s != i.last_s;
        }
    }
    wall_s = q->at_s + z->span.offset_s;
    z->day = (int32_t)civil_floor_div(wall_s, CIVIL_DAY_S);
    z->tod_s = (int32_t)(wall_s - (int64_t)z->day * CIVIL_DAY_S);
    return z;
}

/* Far enough inside the stretch of one offset the zone need not be asked. */
static struct tz_instants instants(struct query *q, uint32_t zone, int64_t wall_s)
{
    const struct zone_now *z = query_zone(q, zone);
    int64_t utc_s = wall_s - z->span.offset_s;
    struct tz_instants ret = {utc_s, utc_s, false};

    if (!is_within(&z->span, utc_s, 2 * FOLD_NEAR_S))
        tz_instants(q->class->zones[zone], wall_s, &ret);
    return ret;
}

int64_t query_first_s(struct query *q, uint32_t zone, int64_t wall_s)
{
    return instants(q, zone, wall_s).first_s;
}

const struct sun_day *query_sun(struct query *q, uint32_t zone, int32_t day)
{
    struct sun_day *sun = &q->zones[zone].suns[(uint32_t)day % QUERY_SUNS];
    int64_t rise_ms = 0, set_ms = 0;

    if (!sun->ready || sun->day != day) {
        sun->shines = q->place.has_place && sun_times(q->place.lat, q->place.lon, day,
                                                      q->class->zones[zone], &rise_ms, &set_ms);
        sun->day = day;
        sun->ready = true;
        sun->s[EDGE_SUNRISE] = rise_ms / 1000;
        sun->s[EDGE_SUNSET] = set_ms / 1000;
    }
    return sun->shines ? sun : NULL;
}

/* --- days --------------------------------------------------------------------------------------
 */

static const struct date_now *date_of(struct query *q, int32_t day)
{
    struct date_now *d = &q->dates[(uint32_t)day % QUERY_DATES];

    if (!d->ready || d->day != day)
        *d = (struct date_now){.day = day,
                               .ready = true,
                               .weekday = (uint8_t)civil_weekday(day),
                               .date = civil_of_day(day)};
    return d;
}

static const struct lunar_date *lunar_on(struct query *q, int32_t day)
{
    struct date_now *d = &q->dates[(uint32_t)day % QUERY_DATES];

    (void)date_of(q, day);
    if (!d->lunar_ready) {
        d->lunar_ready = true;
        d->has_lunar = lunar_of_day(day, &d->lunar);
    }
    return d->has_lunar ? &d->lunar : NULL;
}

bool query_starts_on(struct query *q, const struct entry *e, int32_t day)
{
    const struct window *w = &q->model->windows[q->model->rules[e->rule].window];
    const struct date_now *d = date_of(q, day);

    if (day < e->first_day || day > e->last_day || !(e->weekdays >> d->weekday & 1))
        return false;
    if (e->verify && (!recur_on(w, day, &d->date, w->lunar_month ? lunar_on(q, day) : NULL) ||
                      !occurrence_calendar_passes(q->model, w, day)))
        return false;
    return !e->edited || !occurrence_is_edited(w, day);
}

static void add_row(struct rows *rows, const struct face *f, const struct dim *d, uint32_t row)
{
    if (d->bits)
        rows->row[rows->n++] = d->bits + (size_t)row * f->n_words;
}

void query_day_rows(struct query *q, const struct face *f, const struct dim *dims, int32_t day,
                    struct rows *ret)
{
    const struct date_now *d = date_of(q, day);
    const struct lunar_date *lunar;

    add_row(ret, f, &dims[DIM_WEEKDAY], d->weekday);
    add_row(ret, f, &dims[DIM_MONTH], (uint32_t)d->date.month - 1);
    add_row(ret, f, &dims[DIM_MONTH_DAY], (uint32_t)d->date.day - 1);
    if (dims[DIM_SPAN].bits)
        add_row(ret, f, &dims[DIM_SPAN], dim_span_row(&dims[DIM_SPAN], day));
    if (dims[DIM_LUNAR_DAY].bits) {
        lunar = lunar_on(q, day);
        add_row(ret, f, &dims[DIM_LUNAR_DAY], lunar && !lunar->leap ? lunar->day : 0);
    }
    if (dims[DIM_CALENDAR].bits)
        add_row(ret, f, &dims[DIM_CALENDAR], calendar_row(&q->model->calendars[0], day));
}

/* --- one occurrence ----------------------------------------------------------------------------
 */

/* The second point's edge with its wrap: the end that the range names first, and the one a day
 * later. */
static bool end_of(struct query *q, const struct face *f, const struct entry *e, int32_t day,
                   int32_t later, struct tz_instants *ret)
{
    const struct sun_day *sun;

    if (f->end_kind == EDGE_CLOCK) {
        *ret = instants(q, f->zone, ((int64_t)day + later) * CIVIL_DAY_S + e->end_s);
        return true;
    }
    sun = query_sun(q, f->zone, day + f->end_days + later);
    if (sun)
        ret->first_s = ret->last_s = sun->s[f->end_kind] + e->end_s;
    return sun != NULL;
}

bool query_span_of(struct query *q, const struct face *f, const struct entry *e, int32_t day,
                   struct occurrence *ret, bool *ret_moved)
{
    struct tz_instants start = {.gap = false}, end, wrapped;
    const struct sun_day *sun;
    bool moved = false;
    int64_t end_s;

    if (f->start_kind == EDGE_CLOCK) {
        int64_t wall_s = (int64_t)day * CIVIL_DAY_S + e->start_s;

        start = instants(q, f->zone, wall_s);
        if (ret_moved)
            moved = start.gap || instants(q, f->zone, wall_s - 1).gap;
    } else {
        sun = query_sun(q, f->zone, day);
        if (!sun)
            return false;
        start.first_s = sun->s[f->start_kind] + e->start_s;
    }
    if (!end_of(q, f, e, day, 0, &end))
        return false;
    if (f->wrap == 1 && end.last_s <= start.first_s)
        return false;
    if (f->wrap == 2 && (!end_of(q, f, e, day, -1, &wrapped) || wrapped.last_s > start.first_s))
        return false;
    if (e->strict && start.gap)
        return false;
    if (ret_moved)
        *ret_moved = moved;
    end_s = e->strict ? end.first_s : end.last_s;
    *ret = (struct occurrence){start.first_s * 1000, end_s * 1000, day};
    return start.first_s < end_s;
}

/* --- a search ----------------------------------------------------------------------------------
 */

void query_offer(const struct query *q, struct best *best, uint32_t entry,
                 const struct occurrence *o)
{
    const struct entry *a = &q->class->entries[entry], *b;
    int c;

    if (best->entry != NONE) {
        b = &q->class->entries[best->entry];
        if (a->group > b->group ||
            (a->group == b->group && o->start_ms < best->occurrence.start_ms))
            return;
        if (a->group == b->group && o->start_ms == best->occurrence.start_ms) {
            c = strcmp(q->model->rules[a->rule].id, q->model->rules[b->rule].id);
            if (c > 0 || (c == 0 && o->end_ms <= best->occurrence.end_ms))
                return;
        }
    }
    best->entry = entry;
    best->occurrence = *o;
}

/* How long ago the points of a start day were, and, where it can be told from them whether the end
 * that a range names first comes after its start, how much later its point is. */
struct since {
    int64_t start_s, end_s;
    bool knows_first_end;
    int64_t first_end_s;
};

static bool is_out(const struct face *f, const struct since *s, int64_t margin_s)
{
    return s->start_s + margin_s < f->start_lo || s->end_s - margin_s >= f->end_hi;
}

static int64_t since_point(const struct query *q, const struct zone_now *z, uint8_t kind,
                           int32_t day, const struct sun_day *sun)
{
    return kind == EDGE_CLOCK ? z->tod_s + ((int64_t)z->day - day) * CIVIL_DAY_S
                              : q->at_s - sun->s[kind];
}

/* Is the noon of this date followed by that of the next date? Near midnight one may be left out. */
static bool is_noon_by_day(const struct zone_now *z, const struct sun_day *sun)
{
    int64_t noon_s = (sun->s[EDGE_SUNRISE] + sun->s[EDGE_SUNSET]) / 2 + z->span.offset_s -
                     (int64_t)z->day * CIVIL_DAY_S;

    return noon_s > 2 * 3600 && noon_s < 22 * 3600;
}

/* Judged by the sun of today: spares asking for that of other days. */
static bool is_out_by_far(struct query *q, const struct face *f, const struct zone_now *z,
                          int32_t day)
{
    const struct sun_day *sun = query_sun(q, f->zone, z->day);
    int64_t later_s = ((int64_t)z->day - day) * CIVIL_DAY_S;
    struct since s;

    if (!z->steady || !sun || !is_noon_by_day(z, sun) || fabs(q->place.lat) > SUN_STEADY ||
        day < z->day - SUN_NEAR_DAYS || day + f->end_days > z->day + SUN_NEAR_DAYS)
        return false;
    s.start_s = f->start_kind == EDGE_CLOCK ? since_point(q, z, EDGE_CLOCK, day, NULL)
                                            : q->at_s - sun->s[f->start_kind] + later_s;
    s.end_s = f->end_kind == EDGE_CLOCK
                  ? since_point(q, z, EDGE_CLOCK, day, NULL)
                  : q->at_s - sun->s[f->end_kind] + later_s - f->end_days * CIVIL_DAY_S;
    return is_out(f, &s, SUN_DRIFT_S);
}

/* Offsets of entries already count the day that wrapping adds where the end is on the clock. */
static void find_first_end(struct query *q, const struct face *f, int32_t day, struct since *s)
{
    const struct sun_day *sun;

    s->knows_first_end = f->wrap != 0 && query_zone(q, f->zone)->steady;
    s->first_end_s = s->start_s - s->end_s;
    if (!s->knows_first_end || f->wrap == 1)
        return;
    if (f->end_kind == EDGE_CLOCK) {
        s->first_end_s -= CIVIL_DAY_S;
        return;
    }
    sun = query_sun(q, f->zone, day + f->end_days - 1);
    s->knows_first_end = sun != NULL;
    if (sun)
        s->first_end_s = sun->s[f->end_kind] - (q->at_s - s->start_s);
}

bool query_may_wrap(struct query *q, const struct face *f, int32_t day, int64_t start_point_s,
                    struct wrap *ret)
{
    struct since s = {.start_s = q->at_s - start_point_s};
    const struct sun_day *sun = NULL;

    ret->is_known = false;
    if (f->wrap == 0 || !query_zone(q, f->zone)->steady)
        return true;
    if (f->end_kind != EDGE_CLOCK && !(sun = query_sun(q, f->zone, day + f->end_days)))
        return false;
    s.end_s = f->end_kind == EDGE_CLOCK
                  ? q->at_s - query_first_s(q, f->zone, (int64_t)day * CIVIL_DAY_S)
                  : q->at_s - sun->s[f->end_kind];
    find_first_end(q, f, day, &s);
    *ret = (struct wrap){s.knows_first_end, s.first_end_s};
    return true;
}

static bool since_points(struct query *q, const struct face *f, int32_t day, struct since *ret)
{
    const struct zone_now *z = query_zone(q, f->zone);
    const struct sun_day *start = NULL, *end = NULL;
    bool suns = f->start_kind != EDGE_CLOCK || f->end_kind != EDGE_CLOCK;

    if (suns && is_out_by_far(q, f, z, day))
        return false;
    if (f->start_kind != EDGE_CLOCK && !(start = query_sun(q, f->zone, day)))
        return false;
    ret->start_s = since_point(q, z, f->start_kind, day, start);
    if (ret->start_s < f->start_lo)
        return false;
    if (f->end_kind != EDGE_CLOCK && !(end = query_sun(q, f->zone, day + f->end_days)))
        return false;
    ret->end_s = since_point(q, z, f->end_kind, f->end_kind == EDGE_CLOCK ? day : 0, end);
    if (is_out(f, ret, 0))
        return false;
    find_first_end(q, f, day, ret);
    return true;
}

/* By the points alone: is it over, not begun, or of a wrap that this day has not? */
static bool is_shut(const struct face *f, const struct entry *e, const struct since *s)
{
    bool wraps;

    if (e->start_s > s->start_s || e->end_s <= s->end_s)
        return true;
    wraps = s->first_end_s + e->end_s <= e->start_s;
    return s->knows_first_end && wraps != (f->wrap == 2);
}

static bool is_left_out(const struct query *q, const struct entry *e)
{
    return q->skip_exact_times && q->model->rules[e->rule].n_at > 0;
}

/* Is an entry open whose occurrence began on a day? s: NULL where the wall clock does not tell. */
static bool is_open_on(struct query *q, const struct face *f, const struct entry *e, int32_t day,
                       const struct since *s, struct occurrence *ret)
{
    bool clocks = f->start_kind == EDGE_CLOCK && f->end_kind == EDGE_CLOCK;

    if (s && is_shut(f, e, s))
        return false;
    if (!query_starts_on(q, e, day) || !query_span_of(q, f, e, day, ret, NULL))
        return false;
    if (s && clocks && !e->strict)
        return true;
    return ret->start_ms <= q->at_ms && q->at_ms < ret->end_ms;
}

/* Where the entries of a lane end that could be better than the best so far. */
static uint32_t end_of_better(const struct query *q, const struct face *f, enum lane lane,
                              const struct best *best, bool is_later)
{
    uint32_t lo = f->lane_from[lane], hi = f->lane_from[lane + 1];
    const struct group *g;
    uint32_t end;

    if (best->entry == NONE)
        return hi;
    g = &q->class->groups[q->class->entries[best->entry].group];
    end = is_later ? g->from : g->to;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (f->list[mid] < end)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The first open one of a lane up to an entry, which by the order of the entries is the best of the
 * day. */
static void scan_lane(struct query *q, const struct face *f, enum lane lane, int32_t day,
                      const struct since *s, const struct rows *rows, uint32_t to,
                      struct best *best)
{
    uint32_t from = f->lane_from[lane];

    for (uint32_t w = from / 64; w * 64 < to; w++) {
        uint64_t bits = rows_word(rows, w);

        if (w == from / 64)
            bits &= ~UINT64_C(0) << (from % 64);
        for (; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            const struct entry *e;
            struct occurrence o;

            if (i >= to)
                return;
            e = &q->class->entries[f->list[i]];
            if (is_left_out(q, e) || !is_open_on(q, f, e, day, s, &o) ||
                !query_is_playable(q, &q->model->rules[e->rule]))
                continue;
            query_offer(q, best, f->list[i], &o);
            return;
        }
    }
}

/* Was something better found than there was? */
static bool is_mine(const struct best *before, const struct best *mine)
{
    return mine->entry != before->entry || mine->occurrence.start_ms != before->occurrence.start_ms;
}

/* What starts on a day is later than all of so many days before. */
static int32_t start_days(const struct face *f)
{
    return f->start_kind == EDGE_CLOCK ? 0 : 4;
}

static void scan_day(struct query *q, const struct face *f, unsigned lanes, int32_t day,
                     const struct best before[LANE_N], struct best best[LANE_N])
{
    struct rows rows = {.n = 0};
    uint32_t to[LANE_N];
    struct since s;
    bool any = false;

    for (int lane = 0; lane < LANE_N; lane++) {
        bool is_later =
            is_mine(&before[lane], &best[lane]) && best[lane].occurrence.day > day + start_days(f);

        to[lane] = f->lane_from[lane];
        if (lanes >> lane & 1)
            to[lane] = end_of_better(q, f, (enum lane)lane, &best[lane], is_later);
        any |= to[lane] > f->lane_from[lane];
    }
    if (!any || !since_points(q, f, day, &s))
        return;
    add_row(&rows, f, &f->rank[DIM_STARTED], dim_row(&f->rank[DIM_STARTED], s.start_s));
    add_row(&rows, f, &f->rank[DIM_ENDS], dim_row(&f->rank[DIM_ENDS], s.end_s));
    query_day_rows(q, f, f->rank, day, &rows);
    for (int lane = 0; lane < LANE_N; lane++)
        scan_lane(q, f, (enum lane)lane, day, &s, &rows, to[lane], &best[lane]);
}

static void scan_exactly(struct query *q, const struct face *f, enum lane lane, struct best *best)
{
    int32_t today = query_zone(q, f->zone)->day;

    for (uint32_t i = f->lane_from[lane]; i < f->lane_from[lane + 1]; i++) {
        const struct entry *e = &q->class->entries[f->list[i]];

        if (best->entry != NONE && e->group > q->class->entries[best->entry].group)
            return;
        for (int32_t back = f->back_lo - 1; back <= f->back_hi + 1; back++) {
            struct occurrence o;

            if (!is_left_out(q, e) && is_open_on(q, f, e, today - back, NULL, &o) &&
                query_is_playable(q, &q->model->rules[e->rule]))
                query_offer(q, best, f->list[i], &o);
        }
    }
}

static void scan_once(struct query *q, const struct face *f, enum lane lane, struct best *best)
{
    uint32_t from = f->lane_from[lane], to = end_of_better(q, f, lane, best, false);
    struct rows rows = {.n = 0};

    if (f->rank[DIM_SPAN].bits)
        add_row(&rows, f, &f->rank[DIM_SPAN], dim_span_row(&f->rank[DIM_SPAN], q->at_ms));
    for (uint32_t w = from / 64; w * 64 < to; w++) {
        uint64_t bits = rows_word(&rows, w);

        if (w == from / 64)
            bits &= ~UINT64_C(0) << (from % 64);
        for (; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            const struct entry *e;

            if (i >= to)
                return;
            e = &q->class->entries[f->list[i]];
            if (is_left_out(q, e) || q->at_ms < e->start_ms || q->at_ms >= e->end_ms ||
                !query_is_playable(q, &q->model->rules[e->rule]))
                continue;
            query_offer(q, best, f->list[i], &(struct occurrence){e->start_ms, e->end_ms, 0});
            return;
        }
    }
}

/* Starts that clocks going forward moved are not in the order of the wall clock. */
static bool is_moved(struct query *q, const struct face *f, const struct best *best)
{
    const struct entry *e = &q->class->entries[best->entry];
    struct occurrence o;
    bool moved;

    return query_span_of(q, f, e, best->occurrence.day, &o, &moved) && moved;
}

void query_face(struct query *q, uint32_t face, unsigned lanes, struct best best[LANE_N])
{
    const struct face *f = &q->class->faces[face];
    struct best mine[LANE_N];
    struct zone_now *z;

    for (int lane = 0; lane < LANE_N; lane++)
        if (f->lane_from[lane] == f->lane_from[lane + 1])
            lanes &= ~(1u << lane);
    for (int lane = 0; f->is_once && lane < LANE_N; lane++)
        if (lanes >> lane & 1)
            scan_once(q, f, (enum lane)lane, &best[lane]);
    if (lanes == 0 || f->is_once)
        return;
    z = query_zone(q, f->zone);
    memcpy(mine, best, sizeof(mine));
    for (int32_t back = f->back_lo; back <= f->back_hi && !z->exact; back++)
        scan_day(q, f, lanes, z->day - back, best, mine);
    for (int lane = 0; lane < LANE_N && !z->steady; lane++)
        if (f->start_kind == EDGE_CLOCK && is_mine(&best[lane], &mine[lane]) &&
            is_moved(q, f, &mine[lane]))
            z->exact = true;
    if (z->exact) {
        for (int lane = 0; lane < LANE_N; lane++)
            if (lanes >> lane & 1)
                scan_exactly(q, f, (enum lane)lane, &best[lane]);
        return;
    }
    memcpy(best, mine, sizeof(mine));
}

bool query_face_entry(struct query *q, uint32_t entry, struct occurrence *ret)
{
    const struct entry *e = &q->class->entries[entry];
    const struct face *f = &q->class->faces[e->face];
    struct zone_now *z;

    if (f->is_once) {
        *ret = (struct occurrence){e->start_ms, e->end_ms, 0};
        return q->at_ms >= e->start_ms && q->at_ms < e->end_ms;
    }
    z = query_zone(q, f->zone);
    for (int32_t back = f->back_lo - z->exact; back <= f->back_hi + z->exact; back++) {
        struct since s;

        if (!z->exact && !since_points(q, f, z->day - back, &s))
            continue;
        if (is_open_on(q, f, e, z->day - back, z->exact ? NULL : &s, ret))
            return true;
    }
    return false;
}
