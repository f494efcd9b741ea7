/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/occurrence_day.h"

#include "scheduler/civil.h"
#include "scheduler/recur.h"

#define OFFSET_MAX_S (2 * CIVIL_DAY_S)  /* of a zone: tz.c refuses larger ones */
#define MARGIN_S     (2 * OFFSET_MAX_S) /* so far from a change no other offset can meet a time */

/* The sun of a date: its noon is on that date, rise and set within half a day of it. */
#define SUN_LO_S (-CIVIL_DAY_S / 2 - 3600)
#define SUN_HI_S (CIVIL_DAY_S * 3 / 2 + 3600)

/* --- local time ------------------------------------------------------------------------------ */

/* Does only this stretch show the time? */
static bool is_steady(const struct tz_span *span, int64_t utc_s)
{
    return (span->from_s == INT64_MIN || utc_s - MARGIN_S >= span->from_s) &&
           (span->until_s == INT64_MAX || utc_s + MARGIN_S < span->until_s);
}

static struct tz_instants instants(const struct occurrence_query *q, int64_t wall_s)
{
    int64_t utc_s = wall_s - q->span.offset_s;
    struct tz_instants ret = {utc_s, utc_s, false};

    if (!is_steady(&q->span, utc_s))
        tz_instants(q->zone, wall_s, &ret);
    return ret;
}

int64_t occurrence_earliest_s(const struct occurrence_query *q, int64_t wall_s)
{
    int64_t utc_s = wall_s - q->span.offset_s;

    return is_steady(&q->span, utc_s) ? utc_s : wall_s - OFFSET_MAX_S;
}

int64_t occurrence_latest_s(const struct occurrence_query *q, int64_t wall_s)
{
    int64_t utc_s = wall_s - q->span.offset_s;

    return is_steady(&q->span, utc_s) ? utc_s : wall_s + OFFSET_MAX_S;
}

/* --- one range ------------------------------------------------------------------------------- */

/* UTC of an edge of a day; first and last are the same but for a repeated hour. False: no sun. */
static bool edge_instants(const struct occurrence_query *q, int64_t day, const struct edge *edge,
                          struct tz_instants *ret)
{
    int64_t rise_ms, set_ms, s;

    if (edge->kind == EDGE_CLOCK) {
        *ret = instants(q, day * CIVIL_DAY_S + edge->s);
        return true;
    }
    if (!q->place->has_place ||
        !sun_times(q->place->lat, q->place->lon, (int32_t)day, q->zone, &rise_ms, &set_ms))
        return false;
    s = (edge->kind == EDGE_SUNRISE ? rise_ms : set_ms) / 1000 + edge->s;
    *ret = (struct tz_instants){s, s, false};
    return true;
}

/* Both edges of a day of which the sun is one; asked once if it is both. */
static bool sun_instants(const struct occurrence_query *q, int32_t day,
                         const struct day_range *range, struct tz_instants *start,
                         struct tz_instants *end)
{
    int64_t end_day = (int64_t)day + q->window->end_days, rise_ms, set_ms, sun_s[3] = {0};

    if (range->start.kind == EDGE_CLOCK || range->end.kind == EDGE_CLOCK || end_day != day)
        return edge_instants(q, day, &range->start, start) &&
               edge_instants(q, end_day, &range->end, end);
    if (!q->place->has_place ||
        !sun_times(q->place->lat, q->place->lon, day, q->zone, &rise_ms, &set_ms))
        return false;
    sun_s[EDGE_SUNRISE] = rise_ms / 1000;
    sun_s[EDGE_SUNSET] = set_ms / 1000;
    start->first_s = start->last_s = sun_s[range->start.kind] + range->start.s;
    end->first_s = end->last_s = sun_s[range->end.kind] + range->end.s;
    start->gap = end->gap = false;
    return true;
}

static bool are_clocks(const struct day_range *range)
{
    return range->start.kind == EDGE_CLOCK && range->end.kind == EDGE_CLOCK;
}

bool occurrence_of_range(const struct occurrence_query *q, int32_t day,
                         const struct day_range *range, struct occurrence_s *ret)
{
    bool strict = q->window->gap == GAP_STRICT;
    int64_t end_day = (int64_t)day + q->window->end_days;
    struct tz_instants start, end;

    if (are_clocks(range)) {
        start = instants(q, day * INT64_C(86400) + range->start.s);
        end_day += range->end.s <= range->start.s;
        end = instants(q, end_day * CIVIL_DAY_S + range->end.s);
    } else {
        if (!sun_instants(q, day, range, &start, &end))
            return false;
        /* Where the sun is an edge only the day itself tells whether the end is before the start.
         */
        if (end.last_s <= start.first_s && !edge_instants(q, end_day + 1, &range->end, &end))
            return false;
    }
    if (strict && start.gap)
        return false;
    ret->start_s = start.first_s;
    ret->end_s = strict ? end.first_s : end.last_s;
    return ret->start_s < ret->end_s;
}

const struct day_range *occurrence_ranges(const struct window *w, int32_t day, uint32_t *ret_n)
{
    for (uint32_t i = 0; i < w->n_exceptions; i++) {
        if (w->exceptions[i].weekdays >> civil_weekday(day) & 1) {
            *ret_n = w->exceptions[i].n_ranges;
            return w->exceptions[i].ranges;
        }
    }
    *ret_n = w->n_ranges;
    return w->ranges;
}

/* --- calendar -------------------------------------------------------------------------------- */

enum { WORKDAYS = 1, DAYS_OFF = 2, SWAPPED = 4, HOLIDAYS = 8, MONDAY_TO_FRIDAY = 0x1f };

/* The first entry of the calendar at or after day. */
static uint32_t calendar_from(const struct calendar *c, int32_t day)
{
    uint32_t lo = 0, hi = c->n_days;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (c->days[mid].day < day)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool entry_passes(const struct window *w, const struct calendar_day *entry)
{
    return w->calendar_days & (entry->works ? WORKDAYS | SWAPPED : DAYS_OFF | HOLIDAYS);
}

/* Weekdays that pass on days that the calendar does not list. */
static unsigned ordinary_days(const struct window *w)
{
    return (w->calendar_days & WORKDAYS ? MONDAY_TO_FRIDAY : 0u) |
           (w->calendar_days & DAYS_OFF ? RECUR_ANY_DAY & ~(unsigned)MONDAY_TO_FRIDAY : 0u);
}

static int32_t next_recurring(const struct occurrence_query *q, int32_t day, unsigned mask)
{
    int32_t found;

    if (day > q->last_day || mask == 0)
        return RECUR_NONE;
    found = recur_next(q->window, day, mask);
    return found <= q->last_day ? found : RECUR_NONE;
}

/* Two candidates: the next ordinary day that is not listed, and the next listed day that passes.
 * Both searches pass over listed days only. */
static int32_t next_by_calendar(const struct occurrence_query *q, const struct calendar *c,
                                int32_t day)
{
    uint32_t i = calendar_from(c, day);
    int32_t plain = next_recurring(q, day, ordinary_days(q->window));

    while (plain != RECUR_NONE) {
        uint32_t at = calendar_from(c, plain);

        if (at == c->n_days || c->days[at].day != plain)
            break;
        plain = next_recurring(q, plain + 1, ordinary_days(q->window));
    }
    for (; i < c->n_days && c->days[i].day < plain; i++) {
        if (!entry_passes(q->window, &c->days[i]))
            continue;
        if (next_recurring(q, c->days[i].day, RECUR_ANY_DAY) == c->days[i].day)
            return c->days[i].day;
    }
    return plain;
}

int32_t occurrence_next_day(const struct occurrence_query *q, int32_t day)
{
    const struct window *w = q->window;

    if (w->calendar == NONE || w->calendar_days == 0 || !q->model)
        return next_recurring(q, day, RECUR_ANY_DAY);
    return next_by_calendar(q, &q->model->calendars[w->calendar], day);
}

bool occurrence_calendar_passes(const struct model *model, const struct window *w, int32_t day)
{
    const struct calendar *c;
    uint32_t at;

    if (w->calendar == NONE || w->calendar_days == 0 || !model)
        return true;
    c = &model->calendars[w->calendar];
    at = calendar_from(c, day);
    if (at < c->n_days && c->days[at].day == day)
        return entry_passes(w, &c->days[at]);
    return ordinary_days(w) >> civil_weekday(day) & 1;
}

/* --- edits ----------------------------------------------------------------------------------- */

bool occurrence_is_edited(const struct window *w, int32_t day)
{
    uint32_t lo = 0, hi = w->n_edits;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (w->edits[mid].day < day)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < w->n_edits && w->edits[lo].day == day;
}

/* --- a question ------------------------------------------------------------------------------ */

static void widen(struct occurrence_query *q, const struct day_range *ranges, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct edge *start = &ranges[i].start, *end = &ranges[i].end;
        int64_t lo = start->s + (start->kind == EDGE_CLOCK ? 0 : SUN_LO_S);
        int64_t hi = end->s + (end->kind == EDGE_CLOCK ? 0 : SUN_HI_S);

        if (!are_clocks(&ranges[i]) || end->s <= start->s)
            hi += CIVIL_DAY_S;
        q->lo_s = lo < q->lo_s ? lo : q->lo_s;
        q->hi_s = hi > q->hi_s ? hi : q->hi_s;
    }
}

void occurrence_query_init(struct occurrence_query *q, const struct model *model,
                           const struct window *window, const struct occurrence_place *place,
                           int64_t at_s)
{
    *q = (struct occurrence_query){.model = model,
                                   .window = window,
                                   .place = place,
                                   .zone = window->zone ? window->zone : place->zone,
                                   .span = {INT64_MIN, INT64_MAX, 0},
                                   .last_day = recur_last_day(window),
                                   .lo_s = INT32_MAX,
                                   .hi_s = INT32_MIN};
    if (q->zone)
        tz_span(q->zone, at_s, &q->span);
    widen(q, window->ranges, window->n_ranges);
    for (uint32_t i = 0; i < window->n_exceptions; i++)
        widen(q, window->exceptions[i].ranges, window->exceptions[i].n_ranges);
    q->hi_s += window->end_days * (int64_t)CIVIL_DAY_S;
}
