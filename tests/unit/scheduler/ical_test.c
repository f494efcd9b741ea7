/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/ical.h"

#include <inttypes.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/occurrence.h"
#include "tests/support/t.h"

#define BEGIN       "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
#define END         "END:VCALENDAR\r\n"
#define EVENT(body) BEGIN "BEGIN:VEVENT\r\nUID:a\r\n" body "END:VEVENT\r\n" END
#define NINE                                                                                       \
    "DTSTART;TZID=Asia/Shanghai:20260105T090000\r\nDTEND;TZID=Asia/Shanghai:20260105T170000\r\n"

static struct ical *parse(const char *text)
{
    struct qp_diag diag = {{0}};
    struct ical *ical = NULL;

    if (ical_parse(&ical, text, strlen(text), NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(ical != NULL);
    return ical;
}

/* Refused, and the sentence has this in it. */
static void refused(const char *text, const char *words)
{
    struct qp_diag diag = {{0}};
    struct ical *ical = NULL;

    T_EQ(ical_parse(&ical, text, strlen(text), NULL, &diag), -EINVAL);
    T_CHECK(ical == NULL);
    if (!strstr(diag.text, words))
        fprintf(stderr, "\"%s\" is not in: %s\n", words, diag.text);
    T_CHECK(strstr(diag.text, words) != NULL);
}

static int64_t z(int y, int mo, int d, int h, int mi)
{
    return (civil_to_day(y, mo, d) * INT64_C(86400) + h * 3600 + mi * 60) * 1000;
}

static void expect(const struct window *w, const int64_t (*wanted)[2], size_t n)
{
    struct occurrence_place place = {0};
    struct occurrence all[32];

    T_EQ(occurrence_between(NULL, w, &place, z(2020, 1, 1, 0, 0), z(2040, 1, 1, 0, 0), all, 32), n);
    for (size_t i = 0; i < n; i++) {
        T_EQ(all[i].start_ms, wanted[i][0]);
        T_EQ(all[i].end_ms, wanted[i][1]);
    }
}

TEST(a_weekly_event_with_changes)
{
    struct ical *ical =
        parse(BEGIN "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Asia/Shanghai:20260112T090000\r\n"
                    "DTSTART;TZID=Asia/Shanghai:20260113T100000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
                    "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:New \r\n year\\, sa\r\n\tle\r\n" NINE
                    "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4\r\n"
                    "EXDATE;TZID=Asia/Shanghai:20260119T090000\r\n"
                    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\n" END);
    const int64_t wanted[][2] = {{z(2026, 1, 5, 1, 0), z(2026, 1, 5, 9, 0)},
                                 {z(2026, 1, 13, 2, 0), z(2026, 1, 13, 3, 0)},
                                 {z(2026, 1, 26, 1, 0), z(2026, 1, 26, 9, 0)}};

    T_EQ(ical->n_events, 1);
    T_CHECK(strcmp(ical->events[0].summary, "New year, sale") == 0);
    expect(&ical->events[0].window, wanted, 3);
    ical_destroy(ical);
}

TEST(one_time_events)
{
    struct ical *ical = parse(
        BEGIN "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260717T100000Z\r\nDTEND:20260717T120000Z\r\n"
              "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:d\r\nDTSTART;VALUE=DATE:20261001\r\n"
              "DTEND;VALUE=DATE:20261008\r\nEND:VEVENT\r\n"
              "BEGIN:VEVENT\r\nUID:f\r\nDTSTART:20260717T220000\r\nDURATION:PT8H\r\n"
              "END:VEVENT\r\n" END);
    const int64_t utc[][2] = {{z(2026, 7, 17, 10, 0), z(2026, 7, 17, 12, 0)}};
    const int64_t days[][2] = {{z(2026, 10, 1, 0, 0), z(2026, 10, 8, 0, 0)}};
    const int64_t floating[][2] = {{z(2026, 7, 17, 22, 0), z(2026, 7, 18, 6, 0)}};

    T_EQ(ical->n_events, 3);
    expect(&ical->events[0].window, utc, 1);
    T_CHECK(ical->events[1].window.zone == NULL);
    expect(&ical->events[1].window, days, 1);
    expect(&ical->events[2].window, floating, 1);
    ical_destroy(ical);
}

TEST(until_is_inclusive)
{
    struct ical *ical = parse(EVENT(NINE "RRULE:FREQ=DAILY;UNTIL=20260107T010000Z\r\n"));
    const int64_t wanted[][2] = {{z(2026, 1, 5, 1, 0), z(2026, 1, 5, 9, 0)},
                                 {z(2026, 1, 6, 1, 0), z(2026, 1, 6, 9, 0)},
                                 {z(2026, 1, 7, 1, 0), z(2026, 1, 7, 9, 0)}};

    expect(&ical->events[0].window, wanted, 3);
    ical_destroy(ical);
    ical = parse(EVENT(NINE "RRULE:FREQ=DAILY;UNTIL=20260107T005959Z\r\n"));
    expect(&ical->events[0].window, wanted, 2);
    ical_destroy(ical);
}

TEST(chinese_new_year)
{
    struct ical *ical = parse(EVENT("DTSTART;VALUE=DATE:20260217\r\n"
                                    "RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;"
                                    "COUNT=2\r\n"));
    const int64_t wanted[][2] = {{z(2026, 2, 17, 0, 0), z(2026, 2, 18, 0, 0)},
                                 {z(2027, 2, 6, 0, 0), z(2027, 2, 7, 0, 0)}};

    expect(&ical->events[0].window, wanted, 2);
    ical_destroy(ical);
}

TEST(what_is_not_supported_is_refused_by_name)
{
    static const char *const cases[][2] = {
        {EVENT(NINE "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1\r\n"), "BYSETPOS"},
        {EVENT(NINE "RRULE:FREQ=DAILY;BYHOUR=9,10\r\n"), "BYHOUR"},
        {EVENT(NINE "RRULE:FREQ=HOURLY\r\n"), "FREQ"},
        {EVENT(NINE "RRULE:FREQ=YEARLY;BYWEEKNO=20\r\n"), "BYWEEKNO"},
        {EVENT(NINE "RRULE:FREQ=YEARLY;BYDAY=20MO\r\n"), "BYDAY"},
        {EVENT(NINE "RRULE:FREQ=MONTHLY;BYDAY=1MO,2TU\r\n"), "BYDAY"},
        {EVENT(NINE "RRULE:FREQ=WEEKLY;COUNT=2;UNTIL=20270101T000000Z\r\n"), "COUNT and UNTIL"},
        {EVENT(NINE "RRULE:FREQ=WEEKLY;UNTIL=20270101\r\n"), "UNTIL"},
        {EVENT(NINE "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n"), "DTSTART"},
        {EVENT(NINE "RRULE:FREQ=WEEKLY;FREQ=DAILY\r\n"), "twice"},
        {EVENT(NINE "RDATE:20260105T090000Z\r\n"), "RDATE"},
        {EVENT(NINE "EXRULE:FREQ=DAILY\r\n"), "EXRULE"},
        {EVENT(NINE "NOVELTY:1\r\n"), "NOVELTY"},
        {EVENT(NINE "RRULE:FREQ=DAILY\r\nEXDATE:20260106T050000Z\r\n"), "EXDATE"},
        {EVENT(NINE "RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T090000Z\r\n"), "RANGE"},
        {EVENT("DTSTART;TZID=Mars/Olympus:20260105T090000\r\n"), "Mars/Olympus"},
        {EVENT("DTSTART;TZID=../../etc/passwd:20260105T090000\r\n"), "not the name"},
        {EVENT("DTSTART:20260230T090000Z\r\n"), "calendar"},
        {EVENT("DTSTART:20260105T090000Z\r\n"), "DTEND or DURATION"},
        {EVENT("DTSTART:20260105T090000Z\r\nDTEND:20260105T090000Z\r\n"), "ends before"},
        {EVENT("DTSTART:20260105T090000Z\r\nDURATION:PT\r\n"), "DURATION"},
        {EVENT(""), "no DTSTART"},
        {BEGIN "BEGIN:VEVENT\r\nEND:VEVENT\r\n" END, "UID"},
        {BEGIN "CALSCALE:COPTIC\r\n" END, "CALSCALE"},
        {BEGIN "METHOD:CANCEL\r\n" END, "CANCEL"},
        {BEGIN "BEGIN:VEVENT\r\nUID:a\r\n", "no END"},
        {BEGIN, "no END"},
        {"", "empty"},
        {"hello", "NAME:value"},
        {"DTSTART;TZID=\"x:1\r\n", "quotation"},
        {BEGIN "SUMMARY:\xff\r\n" END, "UTF-8"},
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(cases); i++)
        refused(cases[i][0], cases[i][1]);
}

#define NEW_YORK(month_from)                                                                       \
    "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n"                                                 \
    "BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=" month_from           \
    ";BYDAY=2SU\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"                     \
    "BEGIN:STANDARD\r\nDTSTART:16011104T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n"      \
    "TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define NY_EVENT                                                                                   \
    "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=America/New_York:20260717T090000\r\n"                   \
    "DURATION:PT1H\r\nEND:VEVENT\r\n"

TEST(a_vtimezone_must_agree_with_the_zone)
{
    struct ical *ical = parse(BEGIN NEW_YORK("3") NY_EVENT END);

    T_EQ(ical->events[0].window.once_start_ms, z(2026, 7, 17, 13, 0));
    ical_destroy(ical);
    refused(BEGIN NEW_YORK("4") NY_EVENT END, "contradicts");
    /* One that no event uses is of no interest. */
    ical_destroy(parse(BEGIN NEW_YORK("4") END));
}

TEST(everything_wrong_is_named)
{
    const char *text = EVENT(NINE "RDATE:1\r\nRRULE:FREQ=DAILY\r\nEXRULE:2\r\n");
    struct qp_report report = {0};
    struct ical *ical = NULL;

    T_EQ(ical_parse(&ical, text, strlen(text), &report, NULL), -EINVAL);
    T_EQ(report.n_errors, 2);
    T_CHECK(strcmp(report.items[0].path, "line 7") == 0 ||
            strcmp(report.items[0].path, "line 6") == 0);
    qp_report_finish(&report);
}

/* --- there and back -------------------------------------------------------------------------- */

static size_t all_of(const struct window *w, const struct tz *zone, struct occurrence *ret,
                     size_t cap)
{
    struct occurrence_place place = {.zone = zone};

    return occurrence_between(NULL, w, &place, z(2025, 1, 1, 0, 0), z(2029, 1, 1, 0, 0), ret, cap);
}

static int by_start(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return x->end_ms < y->end_ms ? -1 : x->end_ms > y->end_ms;
}

static void round_trip(const struct window *w, const char *zone_name)
{
    static struct occurrence before[8000], after[8000];
    struct ical_source source = {"rule;1,\xe5\xb9\xbf\xe5\x91\x8a", "\xe5\xb9\xbf\xe5\x91\x8a", w,
                                 zone_name};
    struct tz *screen = NULL;
    struct qp_diag diag = {{0}};
    struct ical *ical;
    char *text = NULL;
    size_t n, m = 0;

    T_CHECK(tz_load(&screen, "America/New_York", NULL) == 0);
    if (ical_format(&text, &source, 1, 0, NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(text != NULL);
    ical = parse(text);
    n = all_of(w, screen, before, 8000);
    for (uint32_t i = 0; i < ical->n_events; i++)
        m += all_of(&ical->events[i].window, screen, after + m, 8000 - m);
    qsort(before, n, sizeof(*before), by_start);
    qsort(after, m, sizeof(*after), by_start);
    if (n != m)
        fprintf(stderr, "%s", text);
    T_EQ(n, m);
    T_CHECK(n > 0);
    for (size_t i = 0; i < n; i++) {
        T_EQ(before[i].start_ms, after[i].start_ms);
        T_EQ(before[i].end_ms, after[i].end_ms);
    }
    ical_destroy(ical);
    free(text);
    tz_destroy(screen);
}

static struct window base_window(enum frequency frequency, struct day_range *range)
{
    return (struct window){.frequency = frequency,
                           .first_day = civil_to_day(2026, 1, 31),
                           .last_day = DAY_MAX,
                           .interval = 1,
                           .calendar = NONE,
                           .ranges = range,
                           .n_ranges = 1};
}

TEST(what_is_written_is_read)
{
    struct day_range ranges[] = {{{0, 79200}, {0, 21600}}, {{0, 43200}, {0, 86400}}};
    struct day_range weekend[] = {{{0, 5400}, {0, 5400}}};
    struct weekday_ranges exceptions[] = {{0x20, weekend, 1}, {0x40, NULL, 0}};
    struct occurrence_edit edits[] = {
        {.day = civil_to_day(2026, 2, 3), .removed = true},
        {.day = civil_to_day(2026, 2, 4),
         .range = {{0, 3600}, {0, 7200}},
         .new_day = civil_to_day(2026, 2, 9)},
        {.day = civil_to_day(2026, 2, 8), .range = {{0, 0}, {0, 60}}, .new_day = 20500}};
    struct tz *zone = NULL;
    struct window w = base_window(EVERY_DAY, ranges);

    T_CHECK(tz_load(&zone, "Asia/Shanghai", NULL) == 0);
    w.zone = zone;
    round_trip(&w, "Asia/Shanghai");
    w.n_ranges = 2;
    w.edits = edits;
    w.n_edits = 3;
    w.exceptions = exceptions;
    w.n_exceptions = 2;
    round_trip(&w, "Asia/Shanghai");
    w.zone = NULL; /* floating */
    w.gap = GAP_STRICT;
    w.count = 100;
    round_trip(&w, NULL);
    w = base_window(EVERY_WEEK, ranges);
    w.interval = 2;
    w.weekdays = 0x41;
    w.week_start = 6;
    w.end_days = 1;
    w.last_day = civil_to_day(2027, 2, 1);
    round_trip(&w, NULL);
    for (int policy = 0; policy < 2; policy++) {
        for (int day = 27; day <= 31; day++) {
            w = base_window(EVERY_MONTH, ranges);
            w.month_day_policy = (enum month_day_policy)policy;
            w.month_days[0] = (int8_t)day;
            w.n_month_days = 1;
            round_trip(&w, NULL);
            w.month_days[0] = (int8_t)-day;
            round_trip(&w, NULL);
            w.frequency = EVERY_YEAR;
            w.months = 0x0e;
            round_trip(&w, NULL);
        }
    }
    w = base_window(EVERY_MONTH, ranges);
    w.weekdays = 0x10;
    w.nth_weekday = -1;
    round_trip(&w, NULL);
    w = base_window(EVERY_YEAR, ranges);
    w.lunar_month = 12;
    w.lunar_day = 30;
    round_trip(&w, NULL);
    w = base_window(EVERY_YEAR, ranges);
    round_trip(&w, NULL);
    w = base_window(EVERY_ONCE, ranges);
    round_trip(&w, NULL);
    w.once_start_ms = z(2026, 7, 17, 1, 2);
    w.once_end_ms = z(2026, 9, 17, 1, 2);
    round_trip(&w, NULL);
    tz_destroy(zone);
}

TEST(what_cannot_be_written_is_refused_by_name)
{
    struct day_range sun = {{EDGE_SUNSET, 0}, {EDGE_CLOCK, 0}}, plain = {{0, 0}, {0, 60}};
    struct window w = base_window(EVERY_DAY, &sun);
    struct ical_source source = {"rule", "rule", &w, NULL};
    struct qp_diag diag = {{0}};
    char *text = NULL;

    T_EQ(ical_format(&text, &source, 1, 0, NULL, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "rule") && strstr(diag.text, "sunset"));
    w.ranges = &plain;
    w.calendar = 0;
    w.calendar_days = 1;
    T_EQ(ical_format(&text, &source, 1, 0, NULL, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "holidays") != NULL);
    T_CHECK(text == NULL);
}
