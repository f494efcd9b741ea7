/* SPDX-License-Identifier: Apache-2.0 */
/* VTIMEZONE: not used, but compared. Times are read with the system's zone of the same name; a file
 * whose own definition says something else would move its events silently. Compared are the ten
 * years from the first event in that zone on, at every change of either. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/ical_import.h"
#include "scheduler/ical_rule.h"
#include "scheduler/occurrence.h"

#define COMPARED_S  (3653 * INT64_C(86400))
#define MAX_ONSETS  500u /* parts of all VTIMEZONEs, RDATEs of one part */
#define MAX_CHANGES 4096u

/* --- reading --------------------------------------------------------------------------------- */

static int read_rdates(struct ical_import *import, struct ical_onset *onset, struct ical_line *line)
{
    char *save = NULL;

    for (char *p = strtok_r(line->value, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        struct ical_time *larger;
        const char *why;

        if (onset->n_rdates == MAX_ONSETS)
            return ical_refuse(import, line->number, NULL, "more than %u RDATEs", MAX_ONSETS);
        larger = ical_grow(import, onset->rdates, onset->n_rdates, sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        onset->rdates = larger;
        why = ical_read_time(p, &larger[onset->n_rdates]);
        if (why)
            return ical_refuse(import, line->number, NULL, "RDATE %s", why);
        onset->n_rdates++;
    }
    return 0;
}

static int read_onset_property(struct ical_import *import, struct ical_onset *onset,
                               struct ical_line *line)
{
    const char *why = NULL;

    if (strcmp(line->name, "DTSTART") == 0) {
        why = ical_read_time(line->value, &onset->start);
    } else if (strcmp(line->name, "TZOFFSETFROM") == 0) {
        why = ical_read_offset(line->value, &onset->from_s);
        onset->has_from = true;
    } else if (strcmp(line->name, "TZOFFSETTO") == 0) {
        why = ical_read_offset(line->value, &onset->to_s);
        onset->has_to = true;
    } else if (strcmp(line->name, "RDATE") == 0) {
        return read_rdates(import, onset, line);
    } else if (strcmp(line->name, "RRULE") == 0 && !onset->rule) {
        onset->rule = ical_copy(import, line->value);
        return onset->rule ? 0 : -ENOMEM;
    }
    return why ? ical_refuse(import, line->number, NULL, "%s %s", line->name, why) : 0;
}

static int read_onset(struct ical_import *import, const char *kind, unsigned at)
{
    struct ical_onset *onset = ical_grow(import, import->onsets, import->n_onsets, sizeof(*onset));
    struct ical_line line;
    int r;

    if (!onset)
        return -ENOMEM;
    import->onsets = onset;
    if (import->n_onsets == MAX_ONSETS)
        return ical_refuse(import, at, NULL, "more than %u parts of VTIMEZONEs", MAX_ONSETS);
    onset += import->n_onsets++;
    onset->line = at;
    while ((r = ical_next(import, &line)) > 0) {
        if (strcmp(line.name, "END") == 0 && strcasecmp(line.value, kind) == 0) {
            if (onset->start.is_set && onset->has_from && onset->has_to)
                return 0;
            return ical_refuse(import, at, NULL, "%s has no DTSTART, TZOFFSETFROM or TZOFFSETTO",
                               kind);
        }
        r = read_onset_property(import, onset, &line);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : ical_refuse(import, at, NULL, "%s has no END", kind);
}

static int name_onsets(struct ical_import *import, uint32_t first, const char *tzid)
{
    for (uint32_t i = first; i < import->n_onsets; i++) {
        import->onsets[i].tzid = ical_copy(import, tzid);
        if (!import->onsets[i].tzid)
            return -ENOMEM;
    }
    return 0;
}

int ical_read_timezone(struct ical_import *import)
{
    uint32_t first = import->n_onsets;
    unsigned begun = import->reader.number;
    char tzid[128] = "", kind[32];
    struct ical_line line;
    int r;

    while ((r = ical_next(import, &line)) > 0) {
        if (strcmp(line.name, "END") == 0 && strcasecmp(line.value, "VTIMEZONE") == 0)
            return tzid[0] ? name_onsets(import, first, tzid)
                           : ical_refuse(import, begun, NULL, "VTIMEZONE has no TZID");
        if (strcmp(line.name, "TZID") == 0)
            (void)snprintf(tzid, sizeof(tzid), "%s", line.value);
        if (strcmp(line.name, "BEGIN") != 0)
            continue;
        (void)snprintf(kind, sizeof(kind), "%s", line.value);
        if (strcasecmp(kind, "STANDARD") == 0 || strcasecmp(kind, "DAYLIGHT") == 0)
            r = read_onset(import, kind, line.number);
        else
            r = ical_refuse(import, line.number, NULL, "%s inside of VTIMEZONE", kind);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : ical_refuse(import, begun, NULL, "VTIMEZONE has no END");
}

/* --- comparing ------------------------------------------------------------------------------- */

struct change {
    int64_t utc_s;
    int32_t from_s, to_s;
};

struct changes {
    struct change *list; /* n, ascending by utc_s once sorted */
    uint32_t n;
    unsigned line; /* of the first part */
};

static void add_change(struct changes *changes, const struct ical_onset *o, int64_t wall_s)
{
    if (changes->n < MAX_CHANGES)
        changes->list[changes->n++] = (struct change){wall_s - o->from_s, o->from_s, o->to_s};
}

static void add_between(struct changes *changes, const struct ical_onset *o, const struct window *w,
                        int64_t from_s, int64_t to_s)
{
    struct occurrence found[64];
    struct occurrence_place place = {.zone = NULL};
    size_t n = occurrence_between(NULL, w, &place, from_s * 1000, to_s * 1000, found, 64);

    for (size_t i = 0; i < n && i < 64; i++)
        add_change(changes, o, found[i].start_ms / 1000);
}

/* The changes of one part in [from, to) and the last before. */
static int add_rule(struct ical_import *import, struct changes *changes, struct ical_onset *o,
                    int64_t from_s, int64_t to_s)
{
    struct day_range range = {{EDGE_CLOCK, o->start.s}, {EDGE_CLOCK, o->start.s}};
    struct window w = {.first_day = o->start.day,
                       .last_day = DAY_MAX,
                       .calendar = NONE,
                       .ranges = &range,
                       .n_ranges = 1};
    struct ical_time until = {.is_set = false};
    int64_t end_s = to_s;
    char buf[100];
    const char *why = ical_read_rule(o->rule, &w, &until, buf, sizeof(buf));

    if (why)
        return ical_refuse(import, o->line, "remove the VTIMEZONE if its TZID is a known zone",
                           "the RRULE of VTIMEZONE %.60s %s", o->tzid, why);
    if (w.first_day < DAY_MIN) { /* some programs begin in 1601 */
        struct civil c = civil_of_day(w.first_day);

        if (w.frequency != EVERY_YEAR || w.interval != 1)
            return ical_refuse(import, o->line, "remove the VTIMEZONE if its TZID is a known zone",
                               "VTIMEZONE %.60s begins before 1900", o->tzid);
        w.first_day = civil_to_day(1900, c.month, c.day);
    }
    if (until.is_set) /* UTC; the clock shows from_s more */
        w.last_day = (int32_t)civil_floor_div(until.day * INT64_C(86400) + until.s +
                                                  (until.is_utc ? o->from_s : 0) - o->start.s,
                                              CIVIL_DAY_S);
    occurrence_prepare(&w);
    /* A rule that has ended before: its last years. */
    if (w.last_day < end_s / CIVIL_DAY_S)
        end_s = (w.last_day + INT64_C(1)) * CIVIL_DAY_S;
    if (end_s < from_s)
        from_s = end_s;
    add_between(changes, o, &w, from_s - 800 * INT64_C(86400), end_s);
    return 0;
}

static int by_instant(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    return x->utc_s < y->utc_s ? -1 : x->utc_s > y->utc_s;
}

static int collect(struct ical_import *import, const char *tzid, int64_t from_s, int64_t to_s,
                   struct changes *changes)
{
    for (uint32_t i = 0; i < import->n_onsets; i++) {
        struct ical_onset *o = &import->onsets[i];

        if (!o->tzid || strcmp(o->tzid, tzid) != 0)
            continue;
        changes->line = changes->n == 0 ? o->line : changes->line;
        add_change(changes, o, o->start.day * INT64_C(86400) + o->start.s);
        for (uint32_t k = 0; k < o->n_rdates; k++)
            add_change(changes, o, o->rdates[k].day * INT64_C(86400) + o->rdates[k].s);
        if (o->rule && add_rule(import, changes, o, from_s, to_s) < 0)
            return -EINVAL;
    }
    if (changes->n > 0)
        qsort(changes->list, changes->n, sizeof(*changes->list), by_instant);
    return 0;
}

static int32_t offset_in(const struct changes *changes, int64_t utc_s)
{
    uint32_t lo = 0, hi = changes->n;

    while (lo < hi) { /* lo: how many are at or before utc_s */
        uint32_t mid = lo + (hi - lo) / 2;

        if (changes->list[mid].utc_s <= utc_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo == 0 ? changes->list[0].from_s : changes->list[lo - 1].to_s;
}

static bool agree_at(struct ical_import *import, const struct changes *changes, uint32_t zone,
                     int64_t utc_s)
{
    struct tz_span span;
    struct civil c = civil_of_day((int32_t)civil_floor_div(utc_s, CIVIL_DAY_S));
    int32_t theirs = offset_in(changes, utc_s);

    tz_span(import->ical->zones[zone], utc_s, &span);
    if (span.offset_s == theirs)
        return true;
    (void)ical_refuse(import, changes->line, "correct or remove the VTIMEZONE, or update tzdata",
                      "VTIMEZONE %.60s contradicts the time zone data: on %04d-%02d-%02d it is "
                      "%d s from UTC, not %d s",
                      import->ical->zone_names[zone], (int)c.year, c.month, c.day, (int)theirs,
                      (int)span.offset_s);
    return false;
}

static void compare(struct ical_import *import, const struct changes *changes, uint32_t zone,
                    int64_t from_s, int64_t to_s)
{
    struct tz_span span = {.until_s = from_s};

    if (!agree_at(import, changes, zone, from_s))
        return;
    for (uint32_t i = 0; i < changes->n; i++) {
        int64_t at = changes->list[i].utc_s;

        if (at > from_s && at < to_s &&
            (!agree_at(import, changes, zone, at - 1) || !agree_at(import, changes, zone, at)))
            return;
    }
    while (span.until_s < to_s) {
        if (!agree_at(import, changes, zone, span.until_s))
            return;
        tz_span(import->ical->zones[zone], span.until_s, &span);
        if (span.until_s >= to_s || !agree_at(import, changes, zone, span.until_s - 1))
            return;
    }
}

/* The first day on which an event uses the zone. */
static int32_t first_use(const struct ical_import *import, uint32_t zone)
{
    int32_t first = DAY_MAX;

    for (uint32_t i = 0; i < import->n_raws; i++) {
        const struct ical_raw *raw = &import->raws[i];

        if (raw->start.time.is_set && raw->start.zone == zone && raw->start.time.day < first)
            first = raw->start.time.day;
        if (raw->end.time.is_set && raw->end.zone == zone && raw->end.time.day < first)
            first = raw->end.time.day;
    }
    return first;
}

void ical_check_zones(struct ical_import *import)
{
    struct changes changes = {.n = 0};

    if (import->n_onsets == 0 || import->report->n_errors > import->errors_before ||
        import->out_of_memory)
        return;
    changes.list = calloc(MAX_CHANGES, sizeof(*changes.list));
    if (!changes.list) {
        import->out_of_memory = true;
        return;
    }
    for (uint32_t zone = 0; zone < import->ical->n_zones; zone++) {
        int64_t from_s = first_use(import, zone) * INT64_C(86400);

        changes.n = 0;
        if (collect(import, import->ical->zone_names[zone], from_s, from_s + COMPARED_S,
                    &changes) == 0 &&
            changes.n > 0)
            compare(import, &changes, zone, from_s, from_s + COMPARED_S);
    }
    free(changes.list);
}
