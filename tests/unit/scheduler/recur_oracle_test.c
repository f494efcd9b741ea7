/* SPDX-License-Identifier: Apache-2.0 */
/* A window for each line of standard input, for tests/integration/sched_time_test.py:
 *
 *     zone=Asia/Shanghai freq=2 first=20454 last=20500 interval=1 start=79200 end=21600 from=..
 * to=.. sun zone=UTC lat=51.5 lon=0 day=20454        -> "= rise_ms set_ms" or "= none" lunar
 * day=20454                              -> "= year month day leap" or "= none"
 *
 * Windows: weekdays, wkst, nth, mdays=1,-1, months, count, skip, strict, enddays, lunar=month,day;
 * exc=mask:start:end and edit=day:new_day:start:end (new_day x: removed), any number of each. Days
 * are days since 1970, from and to UTC seconds. The answer is "= start-end start-end ..." in UTC
 * seconds; on the way every window is walked with occurrence_open and occurrence_next as well. */
#include <inttypes.h>
#include <string.h>

#include "protocols/base/file.h"
#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/ical.h"
#include "scheduler/occurrence.h"
#include "tests/support/t.h"

#define MANY 4000

struct line {
    char verb[16];
    struct window window;
    struct day_range range, exception_ranges[8];
    struct weekday_ranges exceptions[8];
    struct occurrence_edit edits[32];
    struct tz *zone;
    char zone_name[64], file[256];
    double lat, lon;
    int32_t day;
    int64_t from_s, to_s;
    bool prepare;
};

static void read_days(struct window *w, char *list)
{
    char *save = NULL;

    for (char *p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save))
        w->month_days[w->n_month_days++] = (int8_t)atoi(p);
}

static void read_exception(struct line *l, const char *value)
{
    struct window *w = &l->window;
    unsigned mask;
    int start, end;
    int n = sscanf(value, "%u:%d:%d", &mask, &start, &end);

    T_CHECK(n == 1 || n == 3);
    l->exception_ranges[w->n_exceptions] = (struct day_range){{0, start}, {0, end}};
    l->exceptions[w->n_exceptions] = (struct weekday_ranges){
        (uint8_t)mask, &l->exception_ranges[w->n_exceptions], n == 3 ? 1 : 0};
    w->n_exceptions++;
}

static void read_edit(struct line *l, const char *value)
{
    struct occurrence_edit *e = &l->edits[l->window.n_edits++];
    int start, end;
    int n = sscanf(value, "%" SCNd32 ":%" SCNd32 ":%d:%d", &e->day, &e->new_day, &start, &end);

    T_CHECK(n == 1 || n == 4);
    e->removed = n == 1;
    if (n == 4)
        e->range = (struct day_range){{0, start}, {0, end}};
}

static void read_pair(struct line *l, const char *key, char *value)
{
    struct window *w = &l->window;
    long long v = atoll(value);

#define KEY(name) (strcmp(key, name) == 0)
    if (KEY("zone")) {
        T_CHECK(tz_load(&l->zone, value, NULL) == 0);
        snprintf(l->zone_name, sizeof(l->zone_name), "%s", value);
    } else if (KEY("file"))
        snprintf(l->file, sizeof(l->file), "%s", value);
    else if (KEY("freq"))
        w->frequency = (enum frequency)v;
    else if (KEY("first"))
        w->first_day = (int32_t)v;
    else if (KEY("last"))
        w->last_day = (int32_t)v;
    else if (KEY("interval"))
        w->interval = (uint32_t)v;
    else if (KEY("weekdays"))
        w->weekdays = (uint8_t)v;
    else if (KEY("wkst"))
        w->week_start = (uint8_t)v;
    else if (KEY("nth"))
        w->nth_weekday = (int8_t)v;
    else if (KEY("mdays"))
        read_days(w, value);
    else if (KEY("months"))
        w->months = (uint16_t)v;
    else if (KEY("count"))
        w->count = (uint32_t)v;
    else if (KEY("skip"))
        w->month_day_policy = v ? MONTH_DAY_SKIP : MONTH_DAY_CLAMP;
    else if (KEY("strict"))
        w->gap = v ? GAP_STRICT : GAP_MOVE;
    else if (KEY("start"))
        l->range.start.s = (int32_t)v;
    else if (KEY("end"))
        l->range.end.s = (int32_t)v;
    else if (KEY("enddays"))
        w->end_days = (uint16_t)v;
    else if (KEY("lunar"))
        T_EQ(sscanf(value, "%hhu,%hhu", &w->lunar_month, &w->lunar_day), 2);
    else if (KEY("exc"))
        read_exception(l, value);
    else if (KEY("edit"))
        read_edit(l, value);
    else if (KEY("from"))
        l->from_s = v;
    else if (KEY("to"))
        l->to_s = v;
    else if (KEY("day"))
        l->day = (int32_t)v;
    else if (KEY("lat"))
        l->lat = atof(value);
    else if (KEY("lon"))
        l->lon = atof(value);
    else if (KEY("prepare"))
        l->prepare = v;
    else
        T_EQ(strcmp(key, "a known key"), 0);
#undef KEY
}

static void read_line(struct line *l, char *text)
{
    char *save = NULL;

    *l = (struct line){.window = {.interval = 1,
                                  .first_day = DAY_MIN,
                                  .last_day = DAY_MAX,
                                  .calendar = NONE,
                                  .n_ranges = 1,
                                  .month_day_policy = MONTH_DAY_SKIP}};
    l->window.ranges = &l->range;
    l->window.exceptions = l->exceptions;
    l->window.edits = l->edits;
    for (char *p = strtok_r(text, " \n", &save); p; p = strtok_r(NULL, " \n", &save)) {
        char *value = strchr(p, '=');

        if (!value) {
            snprintf(l->verb, sizeof(l->verb), "%s", p);
            continue;
        }
        *value = '\0';
        read_pair(l, p, value + 1);
    }
    if (l->prepare)
        occurrence_prepare(&l->window);
}

/* What the list says about an instant. */
static const struct occurrence *open_in(const struct occurrence *all, size_t n, int64_t at_ms)
{
    const struct occurrence *best = NULL;

    for (size_t i = 0; i < n; i++)
        if (all[i].start_ms <= at_ms && at_ms < all[i].end_ms &&
            (!best || all[i].start_ms > best->start_ms ||
             (all[i].start_ms == best->start_ms && all[i].end_ms > best->end_ms)))
            best = &all[i];
    return best;
}

static void walk(const struct line *l, const struct occurrence_place *place,
                 const struct occurrence *all, size_t n)
{
    int64_t at = l->from_s * 1000, to = l->to_s * 1000;

    for (unsigned steps = 0; at < to && steps < 300; steps++) {
        const struct occurrence *best = open_in(all, n, at);
        struct occurrence o = {0}, last = {0};
        int64_t change = 0;
        bool open = occurrence_open(NULL, &l->window, place, at, &o, &change);

        T_EQ(open, best != NULL);
        T_CHECK(!open || (o.start_ms == best->start_ms && o.end_ms == best->end_ms));
        T_CHECK(change > at);
        if (change <= to) {
            T_EQ(occurrence_open(NULL, &l->window, place, change - 1, &last, NULL), open);
            T_CHECK(!open || last.start_ms == o.start_ms);
        }
        for (size_t i = 0; i < n; i++) { /* the list is sorted by start */
            if (all[i].end_ms <= at)
                continue;
            T_CHECK(occurrence_next(NULL, &l->window, place, at, &o));
            T_EQ(o.start_ms, all[i].start_ms);
            T_EQ(o.end_ms, all[i].end_ms);
            break;
        }
        at = change;
    }
}

static void answer_window(const struct line *l, FILE *out)
{
    static struct occurrence all[MANY];
    struct occurrence_place place = {.zone = l->zone};
    size_t n =
        occurrence_between(NULL, &l->window, &place, l->from_s * 1000, l->to_s * 1000, all, MANY);

    T_CHECK(n <= MANY);
    for (size_t i = 0; i < n; i++)
        fprintf(out, " %lld-%lld", (long long)all[i].start_ms / 1000,
                (long long)all[i].end_ms / 1000);
    walk(l, &place, all, n);
}

static void answer_export(struct line *l, FILE *out)
{
    struct ical_source source = {"u@x",
                                 "caf\xc3\xa9, a rather long summary that has to be folded "
                                 "somewhere; \xe5\xb9\xbf\xe5\x91\x8a",
                                 &l->window, l->zone_name};
    struct qp_diag diag = {{0}};
    char *text = NULL;

    l->window.zone = l->zone;
    if (ical_format(&text, &source, 1, 0, NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(text != NULL);
    fprintf(out, " ");
    for (const char *p = text; *p; p++)
        fprintf(out, "%02x", (unsigned char)*p);
    free(text);
}

static void answer_import(struct line *l, FILE *out)
{
    struct occurrence_place place = {.zone = l->zone};
    struct qp_diag diag = {{0}};
    struct ical *ical = NULL;
    static struct occurrence all[MANY];
    size_t len;
    char *text;

    T_CHECK(qp_file_read(l->file, ICAL_MAX_BYTES, &text, &len, NULL) == 0);
    if (ical_parse(&ical, text, len, NULL, &diag) < 0)
        fprintf(stderr, "%s: %s\n", l->file, diag.text);
    T_CHECK(ical != NULL);
    for (uint32_t e = 0; e < ical->n_events; e++) {
        size_t n = occurrence_between(NULL, &ical->events[e].window, &place, l->from_s * 1000,
                                      l->to_s * 1000, all, MANY);

        for (size_t i = 0; i < n; i++)
            fprintf(out, " %lld-%lld", (long long)all[i].start_ms / 1000,
                    (long long)all[i].end_ms / 1000);
    }
    ical_destroy(ical);
    free(text);
}

static void answer(char *text, FILE *out)
{
    struct lunar_date date;
    int64_t rise, set;
    struct line l;

    read_line(&l, text);
    fprintf(out, "=");
    if (strcmp(l.verb, "sun") == 0) {
        if (sun_times(l.lat, l.lon, l.day, l.zone, &rise, &set))
            fprintf(out, " %lld %lld", (long long)rise, (long long)set);
        else
            fprintf(out, " none");
    } else if (strcmp(l.verb, "lunar") == 0) {
        if (lunar_of_day(l.day, &date))
            fprintf(out, " %d %d %d %d", date.year, date.month, date.day, date.leap);
        else
            fprintf(out, " none");
    } else if (strcmp(l.verb, "export") == 0) {
        answer_export(&l, out);
    } else if (strcmp(l.verb, "import") == 0) {
        answer_import(&l, out);
    } else {
        answer_window(&l, out);
    }
    fprintf(out, "\n");
    tz_destroy(l.zone);
}

TEST(answers_standard_input)
{
    static char text[4096];

    while (fgets(text, sizeof(text), stdin))
        answer(text, stdout);
}

TEST(answers_as_documented)
{
    char text[] = "zone=Asia/Shanghai freq=1 first=20454 last=20455 start=79200 end=21600 "
                  "edit=20455:20456:0:60 from=0 to=2000000000";
    char sun[] = "sun zone=UTC lat=89 lon=0 day=20454", lunar[] = "lunar day=20501";
    char got[256] = {0};
    FILE *out = fmemopen(got, sizeof(got), "w");

    T_CHECK(out != NULL);
    answer(text, out);
    answer(sun, out);
    answer(lunar, out);
    fclose(out);
    if (strcmp(got, "= 1767276000-1767304800 1767369600-1767369660\n= none\n= 2026 1 1 0\n") != 0)
        fprintf(stderr, "%s", got);
    T_CHECK(strcmp(got, "= 1767276000-1767304800 1767369600-1767369660\n"
                        "= none\n= 2026 1 1 0\n") == 0);
}
