/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of schedules, the iCalendar reader and writer, and what prepares a schedule, without
 * memory at every place: -ENOMEM with a sentence, nothing returned, nothing leaked. */
#include "tests/support/oom.h"

#include <errno.h>

#include "scheduler/ical.h"
#include "scheduler/load_facts.h"
#include "scheduler/schedule.h"

FILE *__real_open_memstream(char **text, size_t *len);
FILE *__wrap_open_memstream(char **text, size_t *len);

FILE *__wrap_open_memstream(char **text, size_t *len)
{
    return oom_fails() ? NULL : __real_open_memstream(text, len);
}

/* Every part of the format once. */
static const char document[] =
    "{\"version\": 1, \"name\": \"all\", \"zone\": \"Asia/Shanghai\", \"week_start\": \"sun\","
    "\"categories\": [\"own\"], \"groups\": [\"g\"], \"tags\": [\"t\", \"v\"],"
    "\"calendars\": {\"c\": [{\"day\": \"2026-10-01\"}, {\"day\": \"2026-10-10\","
    " \"works\": true}]},"
    "\"dayparts\": [{\"id\": \"d\", \"times\": \"09:00-22:00\", \"except\": [{\"weekdays\":"
    " \"sun\", \"times\": [\"10:00-12:00\", \"14:00-20:00\"]}]}],"
    "\"nodes\": [{\"id\": \"top\", \"name\": \"Top\", \"kind\": \"city\", \"locked\": "
    "[\"default\"],"
    " \"slots\": [{\"id\": \"sl\", \"share_percent\": 10, \"categories\": [\"culture\"]}],"
    " \"mandatory\": [{\"id\": \"m\", \"item\": \"a\", \"window\": {\"times\": \"19:00-19:30\"}}]},"
    " {\"id\": \"below\", \"parent\": \"top\"}],"
    "\"screens\": [{\"id\": \"s\", \"name\": \"S\", \"node\": \"below\", \"groups\": [\"g\", "
    "\"h\"],"
    " \"tags\": [\"t\", \"u\"], \"sync_group\": \"y\", \"default\": \"p\","
    " \"place\": {\"lat\": 31, \"lon\": 121, \"datum\": \"GCJ-02\"}},"
    " {\"id\": \"s2\", \"zone\": \"America/New_York\"}],"
    "\"items\": [{\"id\": \"a\", \"file\": \"a.mp4\", \"duration_s\": 10, \"advertiser\": \"x\","
    " \"sha256\": \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
    " \"valid_from\": \"2026-01-01\", \"rights\": {\"to\": \"2030-01-01\", \"area\": {\"node\":"
    " \"top\"}}}, {\"id\": \"b\", \"layout\": \"l\", \"duration_s\": 5, \"category\": \"culture\"},"
    " {\"id\": \"e\", \"live\": \"v\", \"duration_s\": 5, \"category\": \"own\"}],"
    "\"playlists\": [{\"id\": \"p\", \"order\": \"shuffle\", \"seed\": 3, \"entries\": [\"a\","
    " {\"playlist\": \"q\", \"items_per_visit\": 2}]}, {\"id\": \"q\", \"entries\": [{\"item\":"
    " \"b\", \"condition\": {\"times\": \"08:00-20:00\"}, \"duration_s\": 7}]}],"
    "\"campaigns\": [{\"id\": \"k\", \"first_day\": \"2026-01-01\", \"last_day\": \"2026-02-01\","
    " \"plays\": 100}],"
    "\"rules\": [{\"id\": \"r1\", \"playlist\": \"p\", \"window\": {\"daypart\": \"d\"}, "
    "\"campaign\":"
    " \"k\"}, {\"id\": \"r2\", \"item\": \"b\", \"owner\": \"below\", \"slot\": \"sl\"},"
    " {\"id\": \"r3\", \"type\": \"interrupt\", \"item\": \"e\", \"at\": [\"10:00\", \"11:00\"],"
    "  \"targets\": [{\"tags\": \"t & (u | !v)\"}, {\"polygon\": [[31, 121], [31, 122], [32, "
    "122]]},"
    "  {\"group\": \"g\"}, {\"screen\": \"s\"}]},"
    " {\"id\": \"r4\", \"type\": \"overlay\", \"text\": \"Hello\"},"
    " {\"id\": \"r5\", \"type\": \"display\", \"power\": \"off\", \"window\": {\"every\": \"week\","
    "  \"weekdays\": [\"mon\", \"sat-sun\"], \"first_day\": \"2026-01-01\", \"times\": "
    "\"01:00-02:00\","
    "  \"except\": [\"2026-01-10\"], \"edits\": [{\"day\": \"2026-01-12\", \"times\":"
    "  \"03:00-04:00\"}], \"calendar\": \"c\", \"on\": [\"workdays\"]}},"
    " {\"id\": \"r6\", \"item\": \"a\", \"window\": {\"from\": \"2026-07-17T10:00:00Z\", \"to\":"
    "  \"2026-07-17T12:00:00Z\"}}],"
    "\"alerts\": [{\"id\": \"al\", \"kind\": \"emergency\", \"item\": \"a\", \"text\": \"Go\","
    " \"until\": \"2026-07-18\", \"display\": {\"power\": \"on\"}}],"
    "\"quotas\": [{\"id\": \"qq\", \"category\": \"culture\", \"min_percent\": 5, \"action\":"
    " \"autofill\", \"filler\": \"q\", \"targets\": {\"group\": \"g\"}}],"
    "\"separation\": [{\"by\": \"advertiser\", \"gap_s\": 60}]}";

static bool load(void)
{
    struct model *m = NULL;
    struct qp_diag diag = {""};
    int err = model_parse(&m, document, sizeof(document) - 1, NULL, NULL, &diag);

    if (err != 0 && (err != -ENOMEM || m || !diag.text[0])) {
        fprintf(stderr, "returned %d, %s: \"%s\"\n", err, m ? "a model" : "no model", diag.text);
        exit(1);
    }
    model_destroy(m);
    return err == 0;
}

TEST(a_document_without_memory)
{
    oom_try_all(load, 300);
}

/* Findings that cannot be kept are no reason to go on with what is wrong. */
static bool load_bad(void)
{
    static const char text[] = "{\"screens\": [{\"id\": \"s\", \"zone\": \"Asia/Pekin\"}],"
                               "\"rules\": [{\"id\": \"r\", \"item\": \"none\", \"priorty\": 1}]}";
    struct qp_report report = {0};
    struct model *m = NULL;
    struct qp_diag diag = {""};
    int err = model_parse(&m, text, sizeof(text) - 1, NULL, &report, &diag);
    bool whole = err == -EINVAL && report.n == report.n_errors && report.n >= 3 &&
                 report.items[0].remedy[0] && oom_n < oom_fail_at;

    T_CHECK(err == -EINVAL || err == -ENOMEM);
    T_CHECK(!m && diag.text[0]);
    qp_report_finish(&report);
    return whole || (err == -EINVAL && oom_n < oom_fail_at);
}

TEST(a_wrong_document_without_memory)
{
    oom_try_all(load_bad, 30);
}

static struct model *shared;

static bool prepare(void)
{
    struct schedule *s = NULL;
    struct qp_diag diag = {""};
    int err = schedule_prepare(&s, shared, &diag);

    T_CHECK(err == 0 || (err == -ENOMEM && !s && diag.text[0]));
    schedule_destroy(s);
    return err == 0;
}

static bool on_stretch(void *user, const struct stretch *stretch)
{
    *(int64_t *)user = stretch->end_ms;
    return true;
}

static struct schedule *prepared;

static bool walk(void)
{
    int64_t end = 0, from = INT64_C(1784246400000); /* 2026-07-17 */
    int err = schedule_timeline(prepared, from, from + 3600000, 0, NULL, on_stretch, &end);

    T_CHECK(err == -ENOMEM || (err == 0 && end == from + 3600000));
    return err == 0;
}

static bool conflicts(void)
{
    int64_t from = INT64_C(1784246400000);
    struct qp_report report = {0};
    int err = schedule_conflicts(prepared, from, from + 86400000, CONFLICT_PARTLY, &report);
    bool kept = report.n == report.n_errors + report.n_warnings;

    T_CHECK(err == 0 || err == -ENOMEM);
    qp_report_finish(&report);
    return err == 0 && kept && oom_n < oom_fail_at;
}

static bool read_facts(void)
{
    static const char text[] =
        "{\"missing_items\": [\"a\"], \"counts\": [{\"rule\": \"r1\", \"screen\":"
        " \"s\", \"plays\": 3}], \"alerts\": [{\"id\": \"fog\", \"kind\":"
        " \"emergency\", \"text\": \"Fog\", \"until\": \"2026-07-18\"}]}";
    struct load_facts facts = {.n_alerts = 0};
    struct qp_diag diag = {""};
    int err = load_facts_parse(&facts, shared, text, sizeof(text) - 1, NULL, &diag);

    T_CHECK(err == 0 || (err == -ENOMEM && diag.text[0]));
    load_facts_finish(&facts);
    return err == 0;
}

TEST(what_is_made_of_it_without_memory)
{
    T_EQ(model_parse(&shared, document, sizeof(document) - 1, NULL, NULL, NULL), 0);
    oom_try_all(prepare, 10);
    oom_try_all(read_facts, 10);
    T_EQ(schedule_prepare(&prepared, shared, NULL), 0);
    oom_try_all(walk, 5);
    oom_try_all(conflicts, 5);
    schedule_destroy(prepared);
    model_destroy(shared);
}

/* --- calendars ------------------------------------------------------------------------------- */

static const char ics[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:A long \\, summary\r\n  that goes on\r\n"
    "DTSTART;TZID=Asia/Shanghai:20260105T090000\r\nDTEND;TZID=Asia/Shanghai:20260105T170000\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270101T000000Z\r\n"
    "EXDATE;TZID=Asia/Shanghai:20260112T090000\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Asia/Shanghai:20260119T090000\r\n"
    "DTSTART;TZID=Asia/Shanghai:20260120T100000\r\nDTEND;TZID=Asia/Shanghai:20260120T110000\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:b\r\nDTSTART:20260105T090000Z\r\nDURATION:PT2H\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static bool import(void)
{
    struct ical *ical = NULL;
    struct qp_diag diag = {""};
    int err = ical_parse(&ical, ics, sizeof(ics) - 1, NULL, &diag);

    if (err != 0 && (err != -ENOMEM || ical || !diag.text[0])) {
        fprintf(stderr, "returned %d, \"%s\"\n", err, diag.text);
        exit(1);
    }
    ical_destroy(ical);
    return err == 0;
}

TEST(a_calendar_without_memory)
{
    oom_try_all(import, 20);
}

static struct ical *calendar;

static bool export(void)
{
    struct ical_source source[] = {
        {"a", "A", &calendar->events[0].window, "Asia/Shanghai"},
        {"b", "B", &calendar->events[1].window, NULL},
    };
    struct qp_diag diag = {""};
    char *text = NULL;
    int err = ical_format(&text, source, 2, 0, NULL, &diag);

    T_CHECK(err == 0 || (err == -ENOMEM && !text && diag.text[0]));
    free(text);
    return err == 0;
}

TEST(writing_a_calendar_without_memory)
{
    T_EQ(ical_parse(&calendar, ics, sizeof(ics) - 1, NULL, NULL), 0);
    T_EQ(calendar->n_events, 2);
    oom_try_all(export, 2);
    ical_destroy(calendar);
}
