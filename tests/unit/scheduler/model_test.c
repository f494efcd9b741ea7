/* SPDX-License-Identifier: Apache-2.0 */
/* What a schedule document becomes, and what every fault in one gets: a sentence with the path, the
 * id of the rule and the remedy. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/model.h"
#include "tests/support/t.h"

/* The parts that a document has unless a test says otherwise. */
#define HEAD "{\"zone\": \"Asia/Shanghai\","
#define SCREENS                                                                                    \
    "\"screens\": [{\"id\": \"s1\", \"groups\": [\"mall\"], \"tags\": [\"led\", \"big\"]},"        \
    " {\"id\": \"s2\", \"tags\": [\"led\"]}],"
#define ITEMS                                                                                      \
    "\"items\": [{\"id\": \"i1\", \"file\": \"a.mp4\", \"duration_s\": 15},"                       \
    " {\"id\": \"i2\", \"file\": \"b.mp4\", \"duration_s\": 10.5, \"category\": \"culture\"}],"
#define PLAYLISTS "\"playlists\": [{\"id\": \"p\", \"entries\": [\"i1\", \"i2\"]}],"
#define BASE      HEAD SCREENS ITEMS PLAYLISTS
#define RULE(members)                                                                              \
    BASE "\"rules\": [{\"id\": \"other\", \"item\": \"i1\"},"                                      \
         " {\"id\": \"R\", \"playlist\": \"p\", " members "}]}"
#define WINDOW(members) RULE("\"window\": {" members "}")

static struct model *load(const char *text)
{
    struct model *m = NULL;
    struct qp_diag diag = {""};

    if (model_parse(&m, text, strlen(text), NULL, NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(m);
    return m;
}

static bool said(const struct qp_report *report, const char *path, const char *text)
{
    for (size_t i = 0; i < report->n; i++)
        if (report->items[i].severity == QP_SEVERITY_ERROR &&
            strcmp(report->items[i].path, path) == 0 && strstr(report->items[i].text, text) &&
            (report->items[i].remedy[0] || !path[0])) /* a syntax error says it in its text */
            return true;
    return false;
}

/* The document is refused whole with an error at this path that says this and has a remedy. */
static void refused(const char *document, const char *path, const char *text)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    struct model *m = NULL;
    int err = model_parse(&m, document, strlen(document), NULL, &report, &diag);

    if (err != -EINVAL || m || !said(&report, path, text)) {
        fprintf(stderr, "expected at %s: %s\nreturned %d\n", path, text, err);
        for (size_t i = 0; i < report.n; i++)
            fprintf(stderr, "  %s: %s (%s)\n", report.items[i].path, report.items[i].text,
                    report.items[i].remedy);
        exit(1);
    }
    T_CHECK(diag.text[0]);
    qp_report_finish(&report);
}

/* --- what is read ---------------------------------------------------------------------------- */

TEST(reads_a_rule)
{
    struct model *m = load(RULE("\"priority\": 10, \"boundary\": \"finish_item\","
                                "\"max_wait_s\": 30, \"start\": \"join\","
                                "\"targets\": [{\"group\": \"mall\"}, {\"tags\": \"led & !big\"}],"
                                "\"window\": {\"times\": \"22:00-06:00\", \"weekdays\": \"fri\"}"));
    const struct rule *r = &m->rules[1];
    const struct window *w = &m->windows[r->window];

    T_CHECK(strcmp(r->id, "R") == 0 && strcmp(r->path, "rules[1]") == 0);
    T_EQ(r->priority, 10);
    T_EQ(r->boundary, BOUNDARY_FINISH_ITEM);
    T_EQ(r->max_wait_ms, 30000);
    T_EQ(r->start, START_JOIN);
    T_EQ(r->layer, LAYER_SCHEDULE);
    T_EQ(r->n_targets, 2);
    T_EQ(w->weekdays, 1 << 4);
    T_EQ(w->ranges[0].start.s, 22 * 3600);
    T_EQ(w->ranges[0].end.s, 6 * 3600);
    T_EQ(w->first_day, DAY_MIN);
    T_EQ(w->last_day, DAY_MAX);
    T_CHECK(model_specificity(m, &r->targets[0], 0) > model_specificity(m, &r->targets[1], 1));
    T_EQ(model_specificity(m, &r->targets[0], 1), 0);
    T_EQ(model_specificity(m, &r->targets[1], 0), 0);
    T_CHECK(model_specificity(m, &r->targets[1], 1) > 0);
    model_destroy(m);
}

TEST(an_item_alone_is_a_playlist)
{
    struct model *m = load(BASE "\"rules\": [{\"id\": \"a\", \"item\": \"i2\"},"
                                " {\"id\": \"b\", \"item\": \"i2\"}]}");

    T_EQ(m->n_playlists, 2);
    T_EQ(m->rules[0].playlist, m->rules[1].playlist);
    T_EQ(m->playlists[m->rules[0].playlist].entries[0].item, 1);
    T_EQ(m->items[1].duration_ms, 10500);
    model_destroy(m);
}

TEST(ranges_of_every_kind)
{
    struct model *m = load(WINDOW("\"times\": [\"08:00-12:00\", \"00:00-24:00\", \"00:00-00:00\","
                                  " \"sunrise-sunset\", \"sunset-1h30m - 23:00:30\","
                                  " \"sunrise+15m-sunset+20m\", \"sunset-23:00\"]"));
    const struct day_range *r = m->windows[0].ranges;

    T_EQ(m->windows[0].n_ranges, 7);
    T_EQ(r[1].end.s, 86400);
    T_EQ(r[2].end.s, 0);
    T_CHECK(r[3].start.kind == EDGE_SUNRISE && r[3].start.s == 0 && r[3].end.kind == EDGE_SUNSET);
    T_CHECK(r[4].start.kind == EDGE_SUNSET && r[4].start.s == -5400 && r[4].end.s == 82830);
    T_CHECK(r[5].start.s == 900 && r[5].end.s == 1200 && r[5].end.kind == EDGE_SUNSET);
    T_CHECK(r[6].start.s == 0 && r[6].end.kind == EDGE_CLOCK && r[6].end.s == 23 * 3600);
    model_destroy(m);
}

TEST(instants_with_offset_and_without)
{
    struct model *m = load(
        BASE "\"rules\": ["
             "{\"id\": \"a\", \"item\": \"i1\", \"window\": {\"from\": \"2026-07-17T10:00:00Z\","
             " \"to\": \"2026-07-17T20:00:00.250+08:00\"}},"
             "{\"id\": \"b\", \"item\": \"i1\", \"window\": {\"zone\": \"America/New_York\","
             " \"from\": \"2026-11-01T01:30\", \"to\": \"2026-11-01T01:45\"}},"
             "{\"id\": \"c\", \"item\": \"i1\", \"window\": {\"zone\": \"America/New_York\","
             " \"from\": \"2026-03-08T02:30\", \"to\": \"2026-03-08T04:00\"}}]}");

    T_EQ(m->windows[0].once_start_ms, INT64_C(1784282400000));
    T_EQ(m->windows[0].once_end_ms, INT64_C(1784282400000) + 2 * 3600000 + 250);
    /* The repeated hour: start earlier, end later. */
    T_EQ(m->windows[1].once_end_ms - m->windows[1].once_start_ms, 75 * 60000);
    /* The gap: the first valid instant, 07:00Z. */
    T_EQ(m->windows[2].once_start_ms, INT64_C(1772953200000));
    T_EQ(m->windows[2].once_end_ms - m->windows[2].once_start_ms, 3600000);
    model_destroy(m);
}

TEST(once_in_local_time_of_every_screen)
{
    struct model *m = load(WINDOW("\"from\": \"2026-07-17T22:00\", \"to\": \"2026-07-19T06:00\""));
    const struct window *w = &m->windows[0];

    T_EQ(w->frequency, EVERY_DAY);
    T_EQ(w->first_day, w->last_day);
    T_EQ(w->ranges[0].start.s, 22 * 3600);
    T_EQ(w->end_days, 1);
    model_destroy(m);
    refused(WINDOW("\"from\": \"2026-07-17T22:00\", \"to\": \"2026-07-17T22:00\""),
            "rules[1].window.to", "has no length");
    refused(WINDOW("\"from\": \"2026-07-17T22:00\", \"to\": \"2026-07-19T06:00Z\""),
            "rules[1].window.from", "does not say in which zone");
}

TEST(dayparts_with_exceptions)
{
    struct model *m =
        load(HEAD "\"dayparts\": [{\"id\": \"open\", \"times\": \"09:00-21:00\","
                  "\"except\": [{\"weekdays\": \"sat-sun\", \"times\": \"10:00-22:00\"},"
                  "{\"weekdays\": \"wed\", \"times\": []}]}]," SCREENS ITEMS PLAYLISTS
                  "\"rules\": [{\"id\": \"a\", \"item\": \"i1\","
                  "\"window\": {\"daypart\": \"open\"}}]}");
    const struct window *w = &m->windows[0];

    T_EQ(w->n_exceptions, 2);
    T_EQ(w->exceptions[0].weekdays, 0x60);
    T_EQ(w->exceptions[0].ranges[0].start.s, 36000);
    T_EQ(w->exceptions[1].n_ranges, 0);
    T_EQ(w->ranges[0].end.s, 21 * 3600);
    model_destroy(m);
}

TEST(the_days_that_first_day_stands_for)
{
    struct model *m = load(
        BASE "\"rules\": ["
             "{\"id\": \"w\", \"item\": \"i1\", \"window\": {\"every\": \"week\", \"interval\": 2,"
             " \"first_day\": \"2026-01-07\"}},"
             "{\"id\": \"m\", \"item\": \"i1\", \"window\": {\"every\": \"month\","
             " \"first_day\": \"2026-01-31\", \"short_months\": \"skip\"}},"
             "{\"id\": \"y\", \"item\": \"i1\", \"window\": {\"every\": \"year\","
             " \"first_day\": \"2024-02-29\"}},"
             "{\"id\": \"n\", \"item\": \"i1\", \"window\": {\"every\": \"month\", \"weekdays\": "
             "\"fri\","
             " \"nth_weekday\": -1}},"
             "{\"id\": \"l\", \"item\": \"i1\", \"window\": {\"every\": \"year\","
             " \"lunar\": {\"month\": 8, \"day\": 15}}}]}");

    T_EQ(m->windows[0].weekdays, 1 << 2);
    T_EQ(m->windows[1].month_days[0], 31);
    T_EQ(m->windows[1].month_day_policy, MONTH_DAY_SKIP);
    T_EQ(m->windows[2].months, 2);
    T_EQ(m->windows[2].month_days[0], 29);
    T_EQ(m->windows[3].nth_weekday, -1);
    T_EQ(m->windows[4].lunar_day, 15);
    model_destroy(m);
}

/* Nothing is guessed: without weekdays and without a first day no day is better than another. */
TEST(a_recurrence_says_on_which_days)
{
    static const char *const windows[] = {WINDOW("\"every\": \"week\""),
                                          WINDOW("\"every\": \"month\""),
                                          WINDOW("\"every\": \"year\""),
                                          WINDOW("\"interval\": 2"),
                                          WINDOW("\"every\": \"year\", \"month_days\": [1]"),
                                          WINDOW("\"count\": 3")};
    static const char *const remedies[] = {"Add weekdays, or first_day",
                                           "Add month_days or weekdays",
                                           "Add months with",
                                           "Add first_day: the date",
                                           "Add months with",
                                           "Add first_day: the date"};

    for (size_t i = 0; i < QP_ARRAY_LEN(windows); i++) {
        struct qp_report report = {0};
        struct model *m = NULL;

        T_EQ(model_parse(&m, windows[i], strlen(windows[i]), NULL, &report, NULL), -EINVAL);
        T_CHECK(said(&report, "rules[1].window.first_day", "rule \"R\": is missing"));
        T_CHECK(strstr(report.items[0].remedy, remedies[i]) == report.items[0].remedy);
        qp_report_finish(&report);
    }
}

TEST(edits_in_order)
{
    struct model *m =
        load(WINDOW("\"times\": \"08:00-09:00\", \"except\": [\"2026-05-03\"],"
                    "\"edits\": [{\"day\": \"2026-05-01\", \"times\": \"10:00-11:00\"},"
                    "{\"day\": \"2026-05-02\", \"new_day\": \"2026-05-09\","
                    "\"times\": \"10:00-11:00\"}]"));
    const struct window *w = &m->windows[0];

    T_EQ(w->n_edits, 3);
    T_CHECK(w->edits[0].day < w->edits[1].day && w->edits[1].day < w->edits[2].day);
    T_EQ(w->edits[0].new_day, w->edits[0].day);
    T_EQ(w->edits[1].new_day, w->edits[1].day + 7);
    T_CHECK(w->edits[2].removed);
    model_destroy(m);
}

TEST(alerts_become_rules_of_their_layers)
{
    struct model *m = load(
        BASE
        "\"alerts\": [{\"id\": \"E\", \"kind\": \"emergency\", \"until\": \"2026-07-17T14:00Z\","
        "\"item\": \"i1\", \"text\": \"leave\", \"display\": {\"power\": \"on\","
        "\"brightness_percent\": 80}},"
        "{\"id\": \"B\", \"kind\": \"blackout\", \"targets\": {\"screen\": \"s1\"}},"
        "{\"id\": \"T\", \"kind\": \"emergency\", \"until\": \"2026-07-17T14:00Z\","
        "\"text\": \"bar only\"}]}");

    T_EQ(m->n_rules, 5);
    T_CHECK(m->rules[0].layer == LAYER_EMERGENCY && m->rules[0].axis == AXIS_CONTENT);
    T_CHECK(m->rules[1].axis == AXIS_OVERLAY && m->rules[1].emergency_bar);
    T_CHECK(m->rules[2].axis == AXIS_DISPLAY && m->rules[2].power == 1);
    T_CHECK(fabs(m->rules[2].brightness - 0.8) < 1e-12);
    T_CHECK(m->rules[3].layer == LAYER_BLACKOUT && m->rules[3].playlist == NONE);
    T_CHECK(m->rules[4].axis == AXIS_OVERLAY && strcmp(m->rules[4].id, "T") == 0);
    T_EQ(m->rules[0].window, m->rules[2].window);
    T_CHECK(strcmp(m->rules[2].path, "alerts[0]") == 0);
    model_destroy(m);
}

/* --- what is refused ------------------------------------------------------------------------- */

TEST(references_that_lead_nowhere)
{
    refused(BASE "\"rules\": [{\"id\": \"R\", \"playlist\": \"q\"}]}", "rules[0].playlist",
            "rule \"R\": there is no playlist \"q\"");
    refused(BASE "\"rules\": [{\"id\": \"R\", \"item\": \"i3\"}]}", "rules[0].item",
            "rule \"R\": there is no item \"i3\"");
    refused(RULE("\"targets\": {\"screen\": \"s3\"}"), "rules[1].targets.screen",
            "rule \"R\": there is no screen \"s3\"");
    refused(RULE("\"targets\": [{\"group\": \"mal\"}]"), "rules[1].targets[0].group", "no group");
    refused(RULE("\"targets\": {\"tags\": \"led & bug\"}"), "rules[1].targets.tags",
            "names a tag that no screen has");
    refused(RULE("\"campaign\": \"c\""), "rules[1].campaign", "no campaign \"c\"");
    refused(WINDOW("\"daypart\": \"noon\""), "rules[1].window.daypart", "no daypart");
    refused(WINDOW("\"calendar\": \"cn\""), "rules[1].window.calendar", "no calendar");
    refused(WINDOW("\"zone\": \"Asia/Beijing\""), "rules[1].window.zone",
            "rule \"R\": there is no time zone \"Asia/Beijing\"");
    refused("{\"screens\": [{\"id\": \"s\"}]}", "screens[0].zone", "screen \"s\": is missing");
    refused(HEAD SCREENS ITEMS "\"playlists\": [{\"id\": \"p\", \"entries\": [\"i9\"]}]}",
            "playlists[0].entries[0]", "playlist \"p\": there is no item \"i9\"");
    refused(HEAD "\"screens\": [{\"id\": \"s\", \"default\": \"p\"}]}", "screens[0].default",
            "no playlist \"p\"");
}

TEST(ids_used_twice)
{
    refused(BASE
            "\"rules\": [{\"id\": \"R\", \"item\": \"i1\"}, {\"id\": \"R\", \"item\": \"i1\"}]}",
            "rules[1].id", "rule \"R\": the id is used twice");
    refused(HEAD "\"screens\": [{\"id\": \"s\"}, {\"id\": \"s\"}]}", "screens[1].id", "used twice");
}

TEST(playlists_that_cannot_play)
{
    refused(HEAD SCREENS ITEMS "\"playlists\": [{\"id\": \"p\", \"entries\": []}]}",
            "playlists[0].entries", "playlist \"p\": the playlist is empty");
    refused(HEAD SCREENS ITEMS
            "\"playlists\": [{\"id\": \"a\", \"entries\": [{\"playlist\": \"b\"}]},"
            "{\"id\": \"b\", \"entries\": [\"i1\", {\"playlist\": \"a\"}]}]}",
            "playlists[0].entries", "plays itself: a > b > a");
    refused(HEAD SCREENS ITEMS
            "\"playlists\": [{\"id\": \"a\", \"entries\": [{\"playlist\": \"a\"}]}]}",
            "playlists[0].entries", "plays itself: a > a");
    refused(HEAD SCREENS ITEMS "\"playlists\": [{\"id\": \"a\", \"entries\": [{\"item\": \"i1\","
                               "\"weight\": 2}]}]}",
            "playlists[0].entries[0].weight", "weighted playlists only");
    refused(HEAD SCREENS "\"items\": [{\"id\": \"i\", \"file\": \"../x\", \"duration_s\": 1}]}",
            "items[0].file", "item \"i\": leads out of the media folder");
    refused(HEAD SCREENS "\"items\": [{\"id\": \"i\", \"duration_s\": 1}]}", "items[0]",
            "does not say what it shows");
    refused(HEAD SCREENS "\"items\": [{\"id\": \"i\", \"file\": \"x\", \"duration_s\": 0}]}",
            "items[0].duration_s", "0 is not in");
}

TEST(windows_that_make_no_sense)
{
    refused(WINDOW("\"from\": \"2026-07-17T10:00Z\", \"to\": \"2026-07-17T18:00+08:00\""),
            "rules[1].window.to", "rule \"R\": the window has no length");
    refused(WINDOW("\"from\": \"2026-07-17T10:00Z\", \"to\": \"2026-07-16T10:00Z\""),
            "rules[1].window.to", "ends before it begins");
    refused(WINDOW("\"from\": \"2026-07-17T10:00Z\""), "rules[1].window.to", "is missing");
    refused(WINDOW("\"from\": \"2026-07-17\", \"to\": \"2026-07-18\", \"times\": \"08:00-09:00\""),
            "rules[1].window.times", "does not go with a window that happens once");
    refused(WINDOW("\"times\": \"8-9\""), "rules[1].window.times", "is not a time");
    refused(WINDOW("\"times\": \"24:00-06:00\""), "rules[1].window.times", "only an end");
    refused(WINDOW("\"times\": \"08:00-24:01\""), "rules[1].window.times",
            "between 00:00 and 24:00");
    refused(WINDOW("\"times\": \"sunset-13h-23:00\""), "rules[1].window.times", "12 hours");
    refused(WINDOW("\"times\": []"), "rules[1].window.times", "is empty");
    refused(WINDOW("\"weekdays\": \"friday\""), "rules[1].window.weekdays", "is not a weekday");
    refused(WINDOW("\"every\": \"week\", \"interval\": 2"), "rules[1].window.first_day",
            "counts from it");
    refused(WINDOW("\"every\": \"fortnight\""), "rules[1].window.every", "is not one of");
    refused(WINDOW("\"every\": \"week\", \"weekdays\": \"mon\", \"month_days\": [1]"),
            "rules[1].window.month_days", "does not go with every week");
    refused(WINDOW("\"every\": \"month\", \"month_days\": [32]"), "rules[1].window.month_days[0]",
            "32 is not in");
    refused(WINDOW("\"interval\": 0"), "rules[1].window.interval", "0 is not in");
    refused(WINDOW("\"first_day\": \"2026-02-02\", \"last_day\": \"2026-02-01\""),
            "rules[1].window.last_day", "is before first_day");
    refused(WINDOW("\"tims\": \"08:00-09:00\""), "rules[1].window.tims", "is not known here");
}

TEST(dates_at_the_edges)
{
    struct model *m = load(WINDOW("\"first_day\": \"1900-01-01\", \"last_day\": \"9999-12-31\","
                                  "\"except\": [\"2024-02-29\", \"2000-02-29\"]"));

    T_EQ(m->windows[0].first_day, DAY_MIN);
    T_EQ(m->windows[0].last_day, DAY_MAX);
    model_destroy(m);
    refused(WINDOW("\"first_day\": \"1899-12-31\""), "rules[1].window.first_day",
            "\"1899-12-31\" is before 1900-01-01");
    refused(WINDOW("\"first_day\": \"10000-01-01\""), "rules[1].window.first_day",
            "is not a date like 2026-07-17");
    refused(WINDOW("\"first_day\": \"2026-02-29\""), "rules[1].window.first_day",
            "is not a day of the calendar");
    refused(WINDOW("\"except\": [\"1900-02-29\"]"), "rules[1].window.except[0]",
            "is not a day of the calendar");
}

/* One fault, one finding. */
static void alone(const char *document, const char *remedy)
{
    struct qp_report report = {0};
    struct model *m = NULL;

    T_EQ(model_parse(&m, document, strlen(document), NULL, &report, NULL), -EINVAL);
    if (report.n != 1 || !strstr(report.items[0].remedy, remedy)) {
        for (size_t i = 0; i < report.n; i++)
            fprintf(stderr, "%s: %s (%s)\n", report.items[i].path, report.items[i].text,
                    report.items[i].remedy);
        exit(1);
    }
    qp_report_finish(&report);
}

TEST(one_fault_is_one_finding_with_something_to_do)
{
    alone("{\"zone\": \"Asia/Pekin\", \"screens\": [{\"id\": \"s\"}]}", "IANA zone");
    alone(WINDOW("\"every\": \"month\", \"month_days\": [32]"), "a number within -31..31");
    alone(WINDOW("\"every\": \"year\", \"lunar\": {\"month\": 13, \"day\": 1}"),
          "a number within 1..12");
    alone(WINDOW("\"every\": \"week\", \"weekdays\": \"monday\""), "Write mon, tue");
    alone(RULE("\"priority\": 1.5"), "write a whole number");
    alone(RULE("\"priority\": \"high\""), "Write a whole number.");
    alone(RULE("\"window\": \"always\""), "Write an object.");
    alone(RULE("\"type\": \"advert\""), "Write one of these");
    alone(RULE("\"window\": {\"interval\": 0, \"first_day\": \"2026-01-01\"}"), "within 1..10000");
}

TEST(numbers_that_are_none)
{
    refused(RULE("\"priority\": 1e300"), "rules[1].priority", "is not in -1000000..1000000");
    refused(RULE("\"priority\": 1.5"), "rules[1].priority", "1.5 is not a whole number");
    refused(RULE("\"priority\": NaN"), "", "line 1");
    refused(RULE("\"priority\": 1e999"), "", "line 1");
    refused(RULE("\"type\": \"interrupt\", \"share_percent\": 101"), "rules[1].share_percent",
            "101 is not in");
    refused(RULE("\"type\": \"interrupt\", \"share_percent\": -1"), "rules[1].share_percent",
            "-1 is not in");
}

TEST(interrupts_say_how)
{
    refused(RULE("\"type\": \"interrupt\""), "rules[1]", "does not say how it interrupts");
    refused(RULE("\"type\": \"interrupt\", \"share_percent\": 10, \"at\": \"12:00\""), "rules[1]",
            "more than one way");
    refused(RULE("\"type\": \"interrupt\", \"plays_per_hour\": 60, \"min_gap_s\": 61"),
            "rules[1].min_gap_s", "no room for 60 plays");
    refused(RULE("\"share_percent\": 10"), "rules[1].share_percent",
            "does not go with a rule of type content");
    refused(BASE "\"rules\": [{\"id\": \"R\", \"type\": \"display\"}]}", "rules[0]",
            "changes nothing of the display");
    refused(BASE "\"rules\": [{\"id\": \"R\", \"type\": \"overlay\"}]}", "rules[0].text",
            "is missing");
    refused(BASE "\"rules\": [{\"id\": \"R\"}]}", "rules[0]", "does not say what plays");
}

TEST(alerts_end)
{
    refused(BASE "\"alerts\": [{\"id\": \"T\", \"kind\": \"takeover\", \"item\": \"i1\"}]}",
            "alerts[0].until", "alert \"T\": is missing");
    refused(BASE "\"alerts\": [{\"id\": \"T\", \"kind\": \"takeover\","
                 "\"until\": \"2026-01-01T00:00Z\"}]}",
            "alerts[0]", "must show something");
    refused(BASE "\"alerts\": [{\"id\": \"T\", \"kind\": \"blackout\", \"text\": \"x\"}]}",
            "alerts[0]", "a blackout shows nothing");
    refused(BASE "\"alerts\": [{\"id\": \"T\", \"kind\": \"war\"}]}", "alerts[0].kind",
            "is not one of");
}

TEST(goals_and_quotas)
{
    refused(BASE "\"campaigns\": [{\"id\": \"c\", \"first_day\": \"2026-01-01\","
                 "\"last_day\": \"2026-01-02\"}]}",
            "campaigns[0]", "campaign \"c\": has no goal");
    refused(BASE "\"quotas\": [{\"id\": \"q\", \"category\": \"public_welfare\"}]}", "quotas[0]",
            "quota \"q\": limits nothing");
    refused(BASE "\"quotas\": [{\"id\": \"q\", \"category\": \"welfare\", \"min_percent\": 1}]}",
            "quotas[0].category", "there is no category \"welfare\"");
    refused(BASE "\"quotas\": [{\"id\": \"q\", \"category\": \"culture\", \"min_percent\": 1,"
                 "\"band\": \"22:00-06:00\"}]}",
            "quotas[0].band", "does not end later on the same day");
    refused(BASE "\"quotas\": [{\"id\": \"q\", \"category\": \"culture\", \"min_percent\": 1,"
                 "\"action\": \"autofill\"}]}",
            "quotas[0].filler", "is missing");
    refused(BASE "\"separation\": [{\"by\": \"advertiser\"}]}", "separation[0].gap_s",
            "is missing");
}

#define TREE                                                                                       \
    "\"nodes\": [{\"id\": \"city\", \"locked\": [\"interrupt\"],"                                  \
    " \"slots\": [{\"id\": \"local\", \"share_percent\": 20, \"categories\": [\"culture\"]}]},"    \
    "{\"id\": \"mall\", \"parent\": \"city\"}, {\"id\": \"park\", \"parent\": \"city\"}],"         \
    "\"screens\": [{\"id\": \"s1\", \"node\": \"mall\"}, {\"id\": \"s2\", \"node\": \"park\"}],"

TEST(the_tree_has_rules_of_its_own)
{
    struct model *m = load(HEAD TREE ITEMS PLAYLISTS
                           "\"rules\": [{\"id\": \"m\", \"owner\": \"mall\", \"item\": \"i2\","
                           " \"slot\": \"local\"}]}");

    T_EQ(m->rules[0].targets[0].kind, TARGET_NODE);
    T_CHECK(model_specificity(m, &m->rules[0].targets[0], 0) > 0);
    T_EQ(model_specificity(m, &m->rules[0].targets[0], 1), 0);
    T_EQ(m->rules[0].slot, 0);
    T_EQ(m->nodes[1].depth, 1);
    model_destroy(m);
    refused(HEAD TREE ITEMS "\"rules\": [{\"id\": \"R\", \"owner\": \"mall\", \"item\": \"i1\","
                            "\"type\": \"interrupt\", \"share_percent\": 5}]}",
            "rules[0]", "rule \"R\": interrupt rules are locked by node \"city\"");
    refused(HEAD TREE ITEMS "\"rules\": [{\"id\": \"R\", \"owner\": \"mall\", \"item\": \"i1\","
                            "\"targets\": {\"screen\": \"s2\"}}]}",
            "rules[0].targets", "is not below node \"mall\"");
    refused(HEAD TREE ITEMS "\"rules\": [{\"id\": \"R\", \"owner\": \"mall\", \"item\": \"i1\","
                            "\"slot\": \"local\"}]}",
            "rules[0].slot", "item \"i1\" is commercial, which the slot does not take");
    refused(HEAD TREE ITEMS
            "\"playlists\": [{\"id\": \"top\", \"entries\": [\"i2\", {\"playlist\": \"mid\"}]},"
            "{\"id\": \"mid\", \"entries\": [{\"playlist\": \"low\"}, {\"playlist\": \"low\"}]},"
            "{\"id\": \"low\", \"entries\": [\"i2\", \"i1\"]}],"
            "\"rules\": [{\"id\": \"R\", \"owner\": \"mall\", \"playlist\": \"top\","
            "\"slot\": \"local\"}]}",
            "rules[0].slot", "item \"i1\" is commercial, which the slot does not take");
    refused(HEAD
            "\"nodes\": [{\"id\": \"a\", \"parent\": \"b\"}, {\"id\": \"b\", \"parent\": \"a\"}],"
            "\"screens\": [{\"id\": \"s\"}]}",
            "nodes[0].parent", "node \"a\": the way up from here leads back here");
    refused(HEAD "\"nodes\": [{\"id\": \"a\", \"slots\": [{\"id\": \"x\", \"share_percent\": 60},"
                 "{\"id\": \"y\", \"share_percent\": 60}]}], \"screens\": [{\"id\": \"s\"}]}",
            "nodes[0].slots[1].share_percent", "sum up to 120 %");
}

TEST(calendars_in_the_document)
{
    struct model *m =
        load(HEAD "\"calendars\": {\"c\": [{\"day\": \"2026-05-02\", \"works\": true},"
                  "{\"day\": \"2026-05-01\"}]}," SCREENS ITEMS
                  "\"rules\": [{\"id\": \"R\", \"item\": \"i1\", \"window\": {\"calendar\": \"c\","
                  "\"on\": [\"workdays\", \"holidays\"]}}]}");

    T_CHECK(m->calendars[0].n_days == 2 && m->calendars[0].days[1].works);
    T_EQ(m->windows[0].calendar_days, 9);
    model_destroy(m);
    refused(HEAD "\"calendars\": {\"c\": [{\"day\": \"2026-05-02\"}, {\"day\": \"2026-05-02\"}]},"
                 "\"screens\": [{\"id\": \"s\"}]}",
            "calendars.c", "calendar \"c\": 2026-05-02 stands twice");
    refused(HEAD "\"calendars\": {\"c\": \"cn.csv\"}, \"screens\": [{\"id\": \"s\"}]}",
            "calendars.c", "cannot be named here");
}

/* --- limits ---------------------------------------------------------------------------------- */

TEST(ten_megabytes_of_nesting)
{
    size_t n = (size_t)10 << 20;
    char *text = malloc(n);
    struct qp_diag diag = {""};
    struct model *m = NULL;

    T_CHECK(text);
    memset(text, '[', n);
    T_EQ(model_parse(&m, text, n, NULL, NULL, &diag), -E2BIG);
    T_CHECK(!m && strstr(diag.text, "line 1"));
    free(text);
}

TEST(playlists_nested_too_deep)
{
    char text[8192] = HEAD SCREENS ITEMS "\"playlists\": [{\"id\": \"p0\", \"entries\": [\"i1\"]}";
    size_t used = strlen(text);

    for (int i = 1; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 ",{\"id\": \"p%d\", \"entries\": [{\"playlist\": \"p%d\"}]}", i,
                                 i - 1);
    snprintf(text + used, sizeof(text) - used, "]}");
    refused(text, "playlists[32].entries", "more than 32 deep");
}

TEST(a_hundred_thousand_rules)
{
    size_t cap = (size_t)40 << 20, used;
    char *text = malloc(cap);
    struct model *m;

    T_CHECK(text);
    used = (size_t)snprintf(text, cap, BASE "\"rules\": [");
    for (unsigned i = 0; i < 100000; i++)
        used +=
            (size_t)snprintf(text + used, cap - used,
                             "%s{\"id\": \"rule-%u\", \"playlist\": \"p\", \"priority\": %u,"
                             "\"targets\": {\"tags\": \"led\"},"
                             "\"window\": {\"times\": \"08:00-12:00\", \"weekdays\": \"mon-fri\"}}",
                             i ? "," : "", i, i % 100);
    snprintf(text + used, cap - used, "]}");
    m = load(text);
    T_EQ(m->n_rules, 100000);
    T_CHECK(strcmp(m->rules[99999].path, "rules[99999]") == 0);
    model_destroy(m);
    free(text);
}
