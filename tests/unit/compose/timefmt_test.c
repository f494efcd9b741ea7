/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/timefmt.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "tests/support/t.h"

static struct tz *load(const char *name)
{
    struct tz *tz = NULL;

    T_EQ(tz_load(&tz, name, NULL), 0);
    return tz;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are in the table */
/* Every directive against the C library's strftime in its own, "C" locale. */
TEST(english_clocks_are_those_of_strftime)
{
    static const char *const formats[] = {"%a %A %b %B",
                                          "%d %e %F",
                                          "%H:%I:%M:%S %p",
                                          "%j %m %R %T",
                                          "%u %V %w",
                                          "%y %Y %z %Z %%",
                                          "%-d.%-m. %-H:%-M:%-S %-I %-j"};
    struct tz *tz = load("America/New_York");

    setenv("TZ", "America/New_York", 1);
    tzset();
    srand(4);
    for (int i = 0; i < 20000; i++) {
        const char *format = formats[i % 7];
        time_t at = (time_t)rand() * 2 % 4102444800;
        char ours[200], theirs[200];
        struct tz_local t;
        struct tm tm;

        localtime_r(&at, &tm);
        tz_local(tz, at, &t);
        T_EQ(timefmt_clock(ours, sizeof(ours), format, &t, TIMEFMT_EN), strlen(ours));
        T_CHECK(strftime(theirs, sizeof(theirs), format, &tm) > 0);
        if (strcmp(ours, theirs) != 0)
            fprintf(stderr, "%s: %s, not %s\n", format, ours, theirs);
        T_CHECK(strcmp(ours, theirs) == 0);
    }
    tz_destroy(tz);
}

#pragma GCC diagnostic pop

TEST(chinese_and_arabic_names)
{
    struct tz *tz = load("Asia/Shanghai");
    struct tz_local t;
    char text[200];

    tz_local(tz, 1790812800, &t); /* 2026-10-01 08:00, a Thursday */
    (void)timefmt_clock(text, sizeof(text), "%Y年%-m月%-d日 %A %a %B %b %p%-I:%M", &t,
                        timefmt_lang("zh-CN"));
    T_CHECK(strcmp(text, "2026年10月1日 星期四 周四 十月 10月 上午8:00") == 0);
    (void)timefmt_clock(text, sizeof(text), "%A %-d %B", &t, timefmt_lang("ar"));
    T_CHECK(strcmp(text, "الخميس 1 أكتوبر") == 0);
    T_EQ(timefmt_lang("zhx"), TIMEFMT_EN);
    T_EQ(timefmt_lang(NULL), TIMEFMT_EN);
    tz_destroy(tz);
}

TEST(countdowns)
{
    char text[100];

    (void)timefmt_countdown(text, sizeof(text), "%d天 %H:%M:%S", 86400 * 101 + 3723);
    T_CHECK(strcmp(text, "101天 01:02:03") == 0);
    (void)timefmt_countdown(text, sizeof(text), "%h:%M:%S %m %s %%", 90061);
    T_CHECK(strcmp(text, "25:01:01 1501 90061 %") == 0);
    (void)timefmt_countdown(text, sizeof(text), "%-H %-M %-S", 3661);
    T_CHECK(strcmp(text, "1 1 1") == 0);
    (void)timefmt_countdown(text, sizeof(text), "%d", 0);
    T_CHECK(strcmp(text, "0") == 0);
}

TEST(unknown_directives_are_found)
{
    const char *f = "%H %Q";

    T_CHECK(timefmt_check_clock(f) == f + 3);
    T_CHECK(timefmt_check_clock("%") != NULL);
    T_CHECK(timefmt_check_clock("%-") != NULL);
    T_CHECK(timefmt_check_clock("%E") != NULL);
    T_CHECK(timefmt_check_clock("") == NULL);
    T_CHECK(timefmt_check_countdown("%d %-H %%") == NULL);
    T_CHECK(timefmt_check_countdown("%Y") != NULL);
}

TEST(a_small_buffer_gets_whole_pieces)
{
    struct tz_local t = {.year = 2026, .month = 1, .day = 2};
    char text[6];

    T_EQ(timefmt_clock(text, sizeof(text), "%Y-%m-%d", &t, TIMEFMT_EN), 5);
    T_CHECK(strcmp(text, "2026-") == 0);
}

TEST(instants)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-10-01",
                                      "2026-10-01T",
                                      "2026-10-01T8:00:00",
                                      "2026-13-01T00:00:00",
                                      "2026-02-29T00:00:00",
                                      "2026-00-10T00:00:00",
                                      "2026-04-31T00:00:00",
                                      "2026-10-01T24:00:00",
                                      "2026-10-01T00:60:00",
                                      "2026-10-01T00:00:60",
                                      "2026-10-01T00:00:00+",
                                      "2026-10-01T00:00:00+8",
                                      "2026-10-01T00:00:00+08:00x",
                                      "2026-10-01T00:00:00+24:00",
                                      "2026-10-01T00:00:00 ",
                                      "x2026-10-01T00:00:00"};
    struct tz *tz = load("Asia/Shanghai");
    struct qp_diag diag = {{0}};
    int64_t s = 5;

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++) {
        T_EQ(timefmt_parse_instant(bad[i], tz, &s, &diag), -EINVAL);
        T_CHECK(diag.text[0] == '"');
    }
    T_EQ(s, 5);
    T_EQ(timefmt_parse_instant("2026-10-01T08:00:00", tz, &s, NULL), 0);
    T_EQ(s, 1790812800);
    T_EQ(timefmt_parse_instant("2026-10-01 08:00", tz, &s, NULL), 0);
    T_EQ(s, 1790812800);
    T_EQ(timefmt_parse_instant("2026-10-01T00:00:00Z", tz, &s, NULL), 0);
    T_EQ(s, 1790812800);
    T_EQ(timefmt_parse_instant("2026-09-30T19:30:00-0430", tz, &s, NULL), 0);
    T_EQ(s, 1790812800);
    T_EQ(timefmt_parse_instant("2024-02-29T00:00:00Z", tz, &s, NULL), 0);
    tz_destroy(tz);
}
