/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/tz.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "protocols/base/file.h"
#include "protocols/base/tz_rule.h"
#include "tests/support/t.h"
#include "tests/unit/base/tz_golden.h"

static struct tz *load(const char *name)
{
    struct qp_diag diag = {{0}};
    struct tz *tz = NULL;

    if (tz_load(&tz, name, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(tz != NULL);
    return tz;
}

TEST(local_times_are_those_of_python)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(tz_golden); i++) {
        struct tz *tz = load(tz_golden[i].zone);
        struct tz_local t;
        char text[160];

        tz_local(tz, tz_golden[i].utc_s, &t);
        (void)snprintf(text, sizeof(text), "%04lld-%02d-%02d %02d:%02d:%02d %d %d %d %d",
                       (long long)t.year, t.month, t.day, t.hour, t.minute, t.second, t.weekday,
                       t.yearday, (int)t.offset_s, t.dst);
        if (strcmp(text, tz_golden[i].text) != 0)
            fprintf(stderr, "%s: %s, not %s\n", tz_golden[i].zone, text, tz_golden[i].text);
        T_CHECK(strcmp(text, tz_golden[i].text) == 0);
        tz_destroy(tz);
    }
}

static void compare(const char *name, const struct tz *tz, time_t utc_s)
{
    struct tz_local t;
    struct tm tm;

    T_CHECK(localtime_r(&utc_s, &tm) != NULL);
    tz_local(tz, utc_s, &t);
    if (t.offset_s != tm.tm_gmtoff || strcmp(t.abbr, tm.tm_zone) != 0)
        fprintf(stderr, "%s at %lld: %d %s, libc %ld %s\n", name, (long long)utc_s, (int)t.offset_s,
                t.abbr, tm.tm_gmtoff, tm.tm_zone);
    T_EQ(t.offset_s, tm.tm_gmtoff);
    T_EQ(t.year, tm.tm_year + 1900);
    T_EQ(t.month, tm.tm_mon + 1);
    T_EQ(t.day, tm.tm_mday);
    T_EQ(t.hour, tm.tm_hour);
    T_EQ(t.minute, tm.tm_min);
    T_EQ(t.second, tm.tm_sec);
    T_EQ(t.weekday, tm.tm_wday);
    T_EQ(t.yearday, tm.tm_yday);
    T_EQ(t.dst, tm.tm_isdst > 0);
    T_CHECK(strcmp(t.abbr, tm.tm_zone) == 0);
}

/* The C library is a second opinion: random instants between 1971 and 2200, and the seconds around
 * each hour of a year of changes. */
TEST(local_times_are_those_of_the_c_library)
{
    static const char *const zones[] = {
        "Asia/Shanghai",     "Asia/Hong_Kong",   "Asia/Urumqi",         "Asia/Kathmandu",
        "Asia/Tehran",       "Asia/Jerusalem",   "America/New_York",    "America/St_Johns",
        "America/Sao_Paulo", "America/Santiago", "Europe/London",       "Europe/Dublin",
        "Europe/Berlin",     "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia",
        "Pacific/Chatham",   "Africa/Cairo",     "Asia/Gaza",           "UTC"};

    srand(1);
    for (size_t z = 0; z < QP_ARRAY_LEN(zones); z++) {
        struct tz *tz = load(zones[z]);

        setenv("TZ", zones[z], 1);
        tzset();
        for (int i = 0; i < 20000; i++)
            compare(zones[z], tz, 31536000 + ((time_t)rand() << 2 | (rand() & 3)) % 7226582400LL);
        for (time_t t = 2003000000; t < 2003000000 + 366 * 86400; t += 1800) {
            compare(zones[z], tz, t);
            compare(zones[z], tz, t - 1);
        }
        tz_destroy(tz);
    }
}

TEST(days_and_dates_agree)
{
    T_EQ(tz_days(1970, 1, 1), 0);
    T_EQ(tz_days(2000, 3, 1), 11017);
    T_EQ(tz_days(1600, 2, 29) + 1, tz_days(1600, 3, 1));
    T_EQ(tz_days(1900, 2, 28) + 1, tz_days(1900, 3, 1));
}

TEST(wall_clock_to_utc_and_back)
{
    struct tz *sh = load("Asia/Shanghai"), *ny = load("America/New_York");

    T_EQ(tz_to_utc(sh, 2026, 10, 1, 8, 0, 0), 1790812800);
    T_EQ(tz_to_utc(ny, 2021, 7, 4, 12, 0, 0), 1625414400);
    T_EQ(tz_to_utc(ny, 2021, 11, 7, 1, 30, 0), 1636263000); /* twice: the first, still EDT */
    T_EQ(tz_to_utc(ny, 2021, 3, 14, 2, 30, 0), 1615707000); /* never: as if still EST */
    T_EQ(tz_to_utc(ny, 2021, 3, 14, 3, 0, 0), 1615705200);
    tz_destroy(sh);
    tz_destroy(ny);
}

TEST(names_are_checked)
{
    static const char *const bad[] = {"",     "/etc/passwd", "../../../etc/passwd", "A B",
                                      "a\nb", "Asia/..",     "Asia/Shanghai;"};
    struct qp_diag diag = {{0}};
    struct tz *tz = NULL;

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(tz_load(&tz, bad[i], &diag), -EINVAL);
    T_EQ(tz_load(&tz, "Asia/Nowhere", &diag), -ENOENT);
    T_CHECK(strstr(diag.text, "Asia/Nowhere"));
    T_EQ(tz_load(&tz, "Asia", &diag), -ENOENT);
    T_EQ(tz_load(&tz, "zone1970.tab", &diag), -EINVAL);
    T_CHECK(tz == NULL);
}

/* Cut at every length, every byte spoiled: refused or read, never a crash. */
TEST(damaged_files_are_refused)
{
    struct qp_diag diag = {{0}};
    size_t len, refused = 0;
    struct tz_local t;
    char *data;

    T_EQ(qp_file_read("/usr/share/zoneinfo/Europe/Dublin", 1 << 20, &data, &len, &diag), 0);
    for (size_t n = 0; n + 1 < len; n++) {
        struct tz *tz = NULL;
        char *part = malloc(n ? n : 1);

        memcpy(part, data, n);
        refused += tz_parse(&tz, (const uint8_t *)part, n, NULL) < 0;
        tz_destroy(tz);
        free(part);
    }
    T_CHECK(refused >= len - 30); /* but for the footer's last characters */
    srand(9);
    for (int i = 0; i < 30000; i++) {
        size_t at = (size_t)rand() % (i & 1 ? len : 44);
        char old = data[at];
        struct tz *tz = NULL;

        data[at] = (char)rand();
        if (tz_parse(&tz, (const uint8_t *)data, len, NULL) == 0)
            tz_local(tz, (long long)rand() * 4, &t);
        tz_destroy(tz);
        data[at] = old;
    }
    free(data);
}

TEST(posix_rules)
{
    static const char *const bad[] = {"",
                                      "X",
                                      "CET",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,",
                                      "CET-1CEST,M13.1.0,M10.5.0",
                                      "<+01-1",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J100",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-1 CEST",
                                      "CET-1CEST"};
    struct tz_rule rule;
    struct tz_rule_answer a;

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(tz_rule_parse(bad[i], &rule), -EINVAL);
    T_EQ(tz_rule_parse("<+0330>-3:30", &rule), 0);
    T_EQ(tz_rule_at(&rule, 0).offset_s, 12600);
    /* Day of the year with and without 29 February: 2024 is a leap year. */
    T_EQ(tz_rule_parse("AAA0BBB,J60/0,J100/0", &rule), 0);
    a = tz_rule_at(&rule, tz_days(2024, 3, 1) * 86400);
    T_CHECK(a.dst);
    T_CHECK(!tz_rule_at(&rule, tz_days(2024, 2, 29) * 86400 + 86399).dst);
    T_EQ(tz_rule_parse("AAA0BBB,59/0,100/0", &rule), 0);
    T_CHECK(tz_rule_at(&rule, tz_days(2024, 2, 29) * 86400).dst);
    T_CHECK(tz_rule_at(&rule, tz_days(2023, 3, 1) * 86400).dst);
    T_CHECK(!tz_rule_at(&rule, tz_days(2023, 3, 1) * 86400 - 1).dst);
    /* Always the other time. */
    T_EQ(tz_rule_parse("EST5EDT,0/0,J365/25", &rule), 0);
    T_CHECK(tz_rule_at(&rule, 1700000000).dst);
}

/* Every instant at which the zone shows wall_s, found the slow way. */
static int instants_by_search(const struct tz *tz, int64_t wall_s, int64_t *ret_first,
                              int64_t *ret_last)
{
    int n = 0;

    for (int64_t offset = -26 * 3600; offset <= 26 * 3600; offset += 900) {
        struct tz_local t;

        tz_local(tz, wall_s - offset, &t);
        if (t.offset_s != offset)
            continue;
        *ret_last = n == 0 ? wall_s - offset : *ret_last;
        *ret_first = wall_s - offset;
        n++;
    }
    return n;
}

TEST(wall_clock_times_have_all_their_instants)
{
    static const char *const zones[] = {"Asia/Shanghai",     "America/New_York",
                                        "America/Sao_Paulo", "Australia/Lord_Howe",
                                        "Pacific/Apia",      "UTC"};
    unsigned gaps = 0, twice = 0;

    srand(2);
    for (size_t z = 0; z < QP_ARRAY_LEN(zones); z++) {
        struct tz *tz = load(zones[z]);
        struct tz_span span = {.until_s = tz_days(1970, 1, 1) * 86400};

        /* Around each change until 2050, by quarters of an hour. */
        while (span.until_s < tz_days(2050, 1, 1) * 86400) {
            tz_span(tz, span.until_s, &span);
            for (int64_t q = -110; q < 110 && span.until_s != INT64_MAX; q++) {
                int64_t wall = (span.until_s + q * 900) / 900 * 900, first = 0, last = 0;
                int n = instants_by_search(tz, wall, &first, &last);
                struct tz_instants i;

                tz_instants(tz, wall, &i);
                T_EQ(i.gap, n == 0);
                gaps += n == 0;
                twice += n == 2;
                if (n == 0) { /* the moment of the change */
                    struct tz_local before, after;

                    T_EQ(i.first_s, i.last_s);
                    tz_local(tz, i.first_s - 1, &before);
                    tz_local(tz, i.first_s, &after);
                    T_CHECK(i.first_s + before.offset_s <= wall);
                    T_CHECK(i.first_s + after.offset_s > wall);
                } else {
                    T_EQ(i.first_s, first);
                    T_EQ(i.last_s, last);
                }
            }
        }
        tz_destroy(tz);
    }
    T_CHECK(gaps > 300 && twice > 300);
}

TEST(a_span_ends_where_the_offset_changes)
{
    static const struct {
        const char *zone;
        int64_t at, from, until;
        int32_t offset;
    } cases[] = {
        {"UTC", 0, INT64_MIN, INT64_MAX, 0},
        {"Asia/Shanghai", 1784300400, 684867600, INT64_MAX, 28800},
        {"America/New_York", 1784300400, 1772953200, 1793512800, -14400},
        {"America/New_York", 4940000000, 4928799600, 4949359200, -14400}, /* 2126, by the rule */
        {"Pacific/Apia", 1325239199, 1316872800, 1325239200, -36000},
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(cases); i++) {
        struct tz *tz = load(cases[i].zone);
        struct tz_span span;

        tz_span(tz, cases[i].at, &span);
        T_EQ(span.from_s, cases[i].from);
        T_EQ(span.until_s, cases[i].until);
        T_EQ(span.offset_s, cases[i].offset);
        tz_destroy(tz);
    }
}
