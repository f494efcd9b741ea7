/* SPDX-License-Identifier: Apache-2.0 */
/* Cases named S.. are the judged ones of the scheduler's semantics. */
#include "scheduler/occurrence.h"

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/recur.h"
#include "tests/support/t.h"

#define MON_FRI  0x1f
#define DAY(...) civil_to_day(__VA_ARGS__)
#define AT(h, m) ((h)*3600 + (m)*60)
#define RANGE(a, b)                                                                                \
    {                                                                                              \
        {EDGE_CLOCK, a},                                                                           \
        {                                                                                          \
            EDGE_CLOCK, b                                                                          \
        }                                                                                          \
    }

enum { MON = 1, TUE = 2, WED = 4, THU = 8, FRI = 16, SAT = 32, SUN = 64 };

static struct tz *load(const char *name)
{
    struct tz *tz = NULL;

    T_CHECK(tz_load(&tz, name, NULL) == 0);
    return tz;
}

/* UTC milliseconds */
static int64_t z(int y, int mo, int d, int h, int mi)
{
    return (civil_to_day(y, mo, d) * INT64_C(86400) + h * 3600 + mi * 60) * 1000;
}

/* A daily window over all time; each test says what is different. */
static struct window daily(const struct day_range *range)
{
    return (struct window){.frequency = EVERY_DAY,
                           .first_day = DAY_MIN,
                           .last_day = DAY_MAX,
                           .interval = 1,
                           .calendar = NONE,
                           .ranges = (struct day_range *)(uintptr_t)range,
                           .n_ranges = 1};
}

static bool is_open(const struct window *w, const char *zone, int64_t at_ms)
{
    struct tz *tz = load(zone);
    struct occurrence_place place = {.zone = tz};
    int64_t change = 0;
    bool open = occurrence_open(NULL, w, &place, at_ms, NULL, &change);

    T_CHECK(change > at_ms);
    T_EQ(occurrence_open(NULL, w, &place, change - 1, NULL, NULL), open);
    tz_destroy(tz);
    return open;
}

/* The first occurrence that ends after `at` is exactly this. */
static void expect(const struct window *w, const char *zone, int64_t at_ms, int64_t start,
                   int64_t end)
{
    struct tz *tz = load(zone);
    struct occurrence_place place = {.zone = tz};
    struct occurrence o = {0};

    T_CHECK(occurrence_next(NULL, w, &place, at_ms, &o));
    T_EQ(o.start_ms, start);
    T_EQ(o.end_ms, end);
    tz_destroy(tz);
}

/* The start days from first_day on. */
static void expect_days(const struct window *w, const int32_t *days, size_t n)
{
    struct tz *tz = load("Asia/Shanghai");
    struct occurrence_place place = {.zone = tz};
    struct occurrence o;
    int64_t at = (w->first_day - INT64_C(2)) * 86400000;

    for (size_t i = 0; i < n; i++) {
        T_CHECK(occurrence_next(NULL, w, &place, at, &o));
        T_EQ(o.day, days[i]);
        at = o.end_ms;
    }
    tz_destroy(tz);
}

static void expect_no_more(const struct window *w, const int32_t *days, size_t n)
{
    struct occurrence_place place = {0};
    struct occurrence o;

    expect_days(w, days, n);
    T_CHECK(!occurrence_next(NULL, w, &place, (days[n - 1] + INT64_C(3)) * 86400000, &o));
}

TEST(S01_one_time_is_half_open)
{
    struct window w = {.frequency = EVERY_ONCE,
                       .once_start_ms = z(2026, 7, 17, 10, 0),
                       .once_end_ms = z(2026, 7, 17, 12, 0),
                       .calendar = NONE};

    T_CHECK(is_open(&w, "UTC", z(2026, 7, 17, 10, 0)));
    T_CHECK(is_open(&w, "UTC", z(2026, 7, 17, 12, 0) - 1));
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 17, 12, 0)));
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 17, 10, 0) - 1));
}

TEST(S02_weekdays_nine_to_five)
{
    static const struct day_range range = RANGE(AT(9, 0), AT(17, 0));
    struct window w = daily(&range);

    w.frequency = EVERY_WEEK;
    w.weekdays = MON_FRI;
    T_CHECK(is_open(&w, "America/New_York", z(2026, 7, 17, 15, 0)));
    T_CHECK(is_open(&w, "America/New_York", z(2026, 7, 17, 20, 59)));
    T_CHECK(!is_open(&w, "America/New_York", z(2026, 7, 17, 21, 0)));
    T_CHECK(!is_open(&w, "America/New_York", z(2026, 7, 19, 15, 0)));
}

static const struct day_range night = RANGE(AT(22, 0), AT(6, 0));

TEST(S03_friday_night_belongs_to_friday)
{
    struct window w = daily(&night);

    w.frequency = EVERY_WEEK;
    w.weekdays = FRI;
    T_CHECK(is_open(&w, "America/New_York", z(2026, 7, 18, 3, 0)));
    T_CHECK(is_open(&w, "America/New_York", z(2026, 7, 18, 6, 0)));
    T_CHECK(!is_open(&w, "America/New_York", z(2026, 7, 18, 11, 0)));
    T_CHECK(!is_open(&w, "America/New_York", z(2026, 7, 17, 3, 0)));
}

TEST(S04_the_last_night_passes_the_last_day)
{
    struct window w = daily(&night);

    w.frequency = EVERY_WEEK;
    w.weekdays = FRI;
    w.first_day = w.last_day = DAY(2026, 7, 17);
    T_CHECK(is_open(&w, "America/New_York", z(2026, 7, 18, 6, 0)));
    T_CHECK(!is_open(&w, "America/New_York", z(2026, 7, 25, 6, 0)));
}

TEST(S05_monday_night)
{
    struct window w = daily(&night);
    const char *sha = "Asia/Shanghai";

    w.weekdays = MON; /* Monday 2026-07-13, eight hours before UTC */
    T_CHECK(!is_open(&w, sha, z(2026, 7, 13, 13, 30)));
    T_CHECK(is_open(&w, sha, z(2026, 7, 13, 14, 0)));
    T_CHECK(is_open(&w, sha, z(2026, 7, 13, 18, 30)));
    T_CHECK(!is_open(&w, sha, z(2026, 7, 13, 22, 0)));
    T_CHECK(!is_open(&w, sha, z(2026, 7, 14, 14, 0)));
    T_CHECK(!is_open(&w, sha, z(2026, 7, 14, 18, 30)));
    T_CHECK(!is_open(&w, sha, z(2026, 7, 12, 18, 30)));
}

TEST(S06_a_start_in_the_gap_moves)
{
    static const struct day_range range = RANGE(AT(2, 30), AT(4, 0));
    static const struct day_range inside = RANGE(AT(2, 15), AT(2, 45));
    struct window w = daily(&range);

    w.frequency = EVERY_WEEK;
    w.weekdays = SUN;
    expect(&w, "America/New_York", z(2026, 3, 8, 0, 0), z(2026, 3, 8, 7, 0), z(2026, 3, 8, 8, 0));
    w.gap = GAP_STRICT; /* the next Sunday, in summer time */
    expect(&w, "America/New_York", z(2026, 3, 8, 0, 0), z(2026, 3, 15, 6, 30),
           z(2026, 3, 15, 8, 0));
    /* Nothing is left of what lies inside the gap. */
    w = daily(&inside);
    expect(&w, "America/New_York", z(2026, 3, 8, 0, 0), z(2026, 3, 9, 6, 15), z(2026, 3, 9, 6, 45));
}

TEST(S07_a_repeated_hour_is_never_shortened)
{
    static const struct day_range range = RANGE(AT(1, 30), AT(1, 45));
    struct window w = daily(&range);

    w.frequency = EVERY_WEEK;
    w.weekdays = SUN;
    expect(&w, "America/New_York", z(2026, 11, 1, 0, 0), z(2026, 11, 1, 5, 30),
           z(2026, 11, 1, 6, 45));
    w.gap = GAP_STRICT;
    expect(&w, "America/New_York", z(2026, 11, 1, 0, 0), z(2026, 11, 1, 5, 30),
           z(2026, 11, 1, 5, 45));
}

TEST(S08_the_night_of_the_gap_is_an_hour_shorter)
{
    struct window w = daily(&night);

    w.weekdays = SAT;
    expect(&w, "America/New_York", z(2026, 3, 7, 12, 0), z(2026, 3, 8, 3, 0), z(2026, 3, 8, 10, 0));
}

TEST(S10_china_had_summer_time)
{
    static const struct day_range range = RANGE(AT(8, 0), AT(22, 0));
    struct window w = daily(&range);

    for (int month = 1; month <= 12; month++)
        expect(&w, "Asia/Shanghai", z(2026, month, 9, 23, 0), z(2026, month, 10, 0, 0),
               z(2026, month, 10, 14, 0));
    w.first_day = w.last_day = DAY(1988, 7, 1);
    expect(&w, "Asia/Shanghai", 0, z(1988, 6, 30, 23, 0), z(1988, 7, 1, 13, 0));
    w.first_day = w.last_day = DAY(1992, 7, 1);
    expect(&w, "Asia/Shanghai", 0, z(1992, 7, 1, 0, 0), z(1992, 7, 1, 14, 0));
}

TEST(S17_sixteen_to_one)
{
    static const struct day_range range = RANGE(AT(16, 0), AT(1, 0));
    struct window w = daily(&range);

    w.first_day = DAY(2026, 8, 14);
    expect(&w, "Asia/Shanghai", 0, z(2026, 8, 14, 8, 0), z(2026, 8, 14, 17, 0));
}

TEST(S18_equal_ends_are_a_whole_day)
{
    static const struct day_range range = RANGE(0, 0), noon = RANGE(AT(12, 0), AT(12, 0));
    struct window w = daily(&range);
    const int32_t only[] = {DAY(2026, 8, 14)};

    w.first_day = w.last_day = only[0];
    expect(&w, "Asia/Shanghai", 0, z(2026, 8, 13, 16, 0), z(2026, 8, 14, 16, 0));
    expect_no_more(&w, only, 1);
    /* To the same time of the next day, which is 23 or 25 hours away when the clocks change. */
    w = daily(&noon);
    expect(&w, "America/New_York", z(2026, 3, 7, 17, 0), z(2026, 3, 7, 17, 0),
           z(2026, 3, 8, 16, 0));
    expect(&w, "America/New_York", z(2026, 10, 31, 16, 0), z(2026, 10, 31, 16, 0),
           z(2026, 11, 1, 17, 0));
}

TEST(S19_midnight_is_twenty_four)
{
    static const struct day_range a = RANGE(0, 86400), b = RANGE(0, 0);
    static const struct day_range evening = RANGE(AT(18, 0), 86400);
    struct window w = daily(&a);

    w.first_day = w.last_day = DAY(2026, 8, 14);
    expect(&w, "UTC", 0, z(2026, 8, 14, 0, 0), z(2026, 8, 15, 0, 0));
    w.ranges = (struct day_range *)(uintptr_t)&b;
    expect(&w, "UTC", 0, z(2026, 8, 14, 0, 0), z(2026, 8, 15, 0, 0));
    w.ranges = (struct day_range *)(uintptr_t)&evening;
    expect(&w, "UTC", 0, z(2026, 8, 14, 18, 0), z(2026, 8, 15, 0, 0));
}

TEST(S20_a_removed_and_a_moved_occurrence)
{
    static const struct day_range range = RANGE(AT(9, 0), AT(17, 0));
    struct occurrence_edit edits[] = {
        {.day = DAY(2026, 8, 15), .removed = true},
        {.day = DAY(2026, 8, 16), .range = RANGE(AT(20, 0), AT(2, 0)), .new_day = DAY(2026, 8, 20)},
        {.day = DAY(2026, 9, 30), .range = RANGE(0, 60), .new_day = DAY(2026, 8, 1)},
    };
    struct window w = daily(&range);
    struct occurrence_place place = {0};
    struct occurrence all[8];

    w.first_day = DAY(2026, 8, 14);
    w.last_day = DAY(2026, 8, 18);
    w.edits = edits;
    w.n_edits = 3; /* the third names a day that has no occurrence: no effect */
    T_EQ(occurrence_between(NULL, &w, &place, 0, z(2027, 1, 1, 0, 0), all, 8), 4);
    T_EQ(all[0].day, DAY(2026, 8, 14));
    T_EQ(all[1].day, DAY(2026, 8, 17));
    T_EQ(all[2].day, DAY(2026, 8, 18));
    T_EQ(all[3].day, DAY(2026, 8, 16)); /* the key stays */
    T_EQ(all[3].start_ms, z(2026, 8, 20, 20, 0));
    T_EQ(all[3].end_ms, z(2026, 8, 21, 2, 0));
    T_CHECK(is_open(&w, "UTC", z(2026, 8, 21, 1, 0)));
    T_CHECK(!is_open(&w, "UTC", z(2026, 8, 16, 10, 0)));
    T_CHECK(!is_open(&w, "UTC", z(2026, 8, 15, 10, 0)));
}

TEST(S21_a_day_from_thursday_to_friday)
{
    static const struct day_range range = RANGE(AT(1, 0), AT(1, 0));
    struct window w = daily(&range);
    struct occurrence_place place = {0};
    struct occurrence all[60];
    size_t n;

    w.frequency = EVERY_WEEK;
    w.weekdays = THU;
    n = occurrence_between(NULL, &w, &place, z(2026, 1, 2, 2, 0), z(2027, 1, 1, 0, 0), all, 60);
    T_EQ(n, 52);
    for (size_t i = 0; i < n; i++) {
        T_EQ(civil_weekday(all[i].day), 3);
        T_EQ(all[i].start_ms, all[i].day * INT64_C(86400000) + 3600000);
        T_EQ(all[i].end_ms - all[i].start_ms, 86400000);
    }
}

static const struct day_range ten = RANGE(AT(10, 0), AT(11, 0));

static struct window monthly(int32_t first, int month_day, enum month_day_policy policy)
{
    struct window w = daily(&ten);

    w.frequency = EVERY_MONTH;
    w.first_day = first;
    w.n_month_days = 1;
    w.month_days[0] = (int8_t)month_day;
    w.month_day_policy = policy;
    return w;
}

TEST(S22_the_31st)
{
    const int32_t clamp[] = {DAY(2026, 1, 31), DAY(2026, 2, 28), DAY(2026, 3, 31),
                             DAY(2026, 4, 30)};
    const int32_t skip[] = {DAY(2026, 1, 31), DAY(2026, 3, 31), DAY(2026, 5, 31)};
    struct window w = monthly(DAY(2026, 1, 31), 31, MONTH_DAY_CLAMP);

    expect_days(&w, clamp, 4);
    w.n_month_days = 0; /* the day of first_day */
    expect_days(&w, clamp, 4);
    w = monthly(DAY(2026, 1, 31), 31, MONTH_DAY_SKIP);
    expect_days(&w, skip, 3);
}

TEST(S23_every_other_month)
{
    const int32_t days[] = {DAY(2026, 1, 15), DAY(2026, 3, 15), DAY(2026, 5, 15)};
    struct window w = monthly(DAY(2026, 1, 15), 15, MONTH_DAY_SKIP);

    w.interval = 2;
    expect_days(&w, days, 3);
}

TEST(S24_nth_weekdays)
{
    const int32_t third[] = {DAY(2026, 1, 16), DAY(2026, 2, 20), DAY(2026, 3, 20)};
    const int32_t last[] = {DAY(2026, 1, 30), DAY(2026, 2, 27), DAY(2026, 3, 27)};
    const int32_t fifth[] = {DAY(2026, 1, 30), DAY(2026, 5, 29), DAY(2026, 7, 31)};
    const int32_t thirteenth[] = {DAY(2026, 2, 13), DAY(2026, 3, 13), DAY(2026, 11, 13)};
    struct window w = monthly(DAY(2026, 1, 1), 0, MONTH_DAY_SKIP);

    w.n_month_days = 0;
    w.weekdays = FRI;
    w.nth_weekday = 3;
    expect_days(&w, third, 3);
    w.nth_weekday = -1;
    expect_days(&w, last, 3);
    w.nth_weekday = 5;
    expect_days(&w, fifth, 3);
    w.nth_weekday = 0;
    w.n_month_days = 1;
    w.month_days[0] = 13;
    expect_days(&w, thirteenth, 3);
}

TEST(S25_week_start_is_part_of_the_rule)
{
    const int32_t monday[] = {DAY(2026, 1, 11), DAY(2026, 1, 19), DAY(2026, 1, 25), DAY(2026, 2, 2),
                              DAY(2026, 2, 8)};
    const int32_t sunday[] = {DAY(2026, 1, 18), DAY(2026, 1, 19), DAY(2026, 2, 1), DAY(2026, 2, 2)};
    struct window w = daily(&ten);

    w.frequency = EVERY_WEEK;
    w.first_day = DAY(2026, 1, 7);
    w.interval = 2;
    w.weekdays = MON | SUN;
    expect_days(&w, monday, 5);
    w.week_start = 6;
    expect_days(&w, sunday, 4);
}

TEST(a_count_ends_a_recurrence)
{
    const int32_t days[] = {DAY(2026, 1, 31), DAY(2026, 3, 31), DAY(2026, 5, 31)};
    struct window w = monthly(DAY(2026, 1, 31), 31, MONTH_DAY_SKIP);

    w.count = 3;
    expect_no_more(&w, days, 3);
    occurrence_prepare(&w);
    T_EQ(w.last_day, days[2]);
    expect_no_more(&w, days, 3);
    w = daily(&ten); /* arithmetic: no stepping through two million days */
    w.first_day = DAY(2026, 1, 1);
    w.weekdays = MON_FRI;
    w.count = 1500003;
    occurrence_prepare(&w);
    T_EQ(w.last_day, DAY(2026, 1, 1) + 300000 * 7 + 4);
}

/* Whole cycles of 400 years are skipped; the day must be that of counting one by one. */
TEST(a_count_of_centuries)
{
    const enum frequency every[] = {EVERY_DAY, EVERY_WEEK, EVERY_MONTH, EVERY_YEAR};

    for (unsigned i = 0; i < 24; i++) {
        struct window w = daily(&ten);
        uint32_t left, count = 900 + 700 * (i / 4);
        int32_t day;

        w.frequency = every[i % 4];
        w.interval = 1 + i / 12;
        w.first_day = DAY(1900, 1, 31);
        w.months = 0x0ff; /* January to August: the cycle is that of the calendar */
        w.month_days[0] = 30;
        w.n_month_days = w.frequency != EVERY_WEEK;
        w.month_day_policy = i % 8 < 4 ? MONTH_DAY_SKIP : MONTH_DAY_CLAMP;
        w.weekdays = i % 3 ? MON_FRI : 0;
        for (day = w.first_day - 1, left = count; left > 0 && day != RECUR_NONE; left--)
            day = recur_next(&w, day + 1, RECUR_ANY_DAY);
        w.count = count;
        T_EQ(recur_last_day(&w), day == RECUR_NONE ? w.last_day : day);
        w.count = 1000000;
        T_CHECK(recur_last_day(&w) <= w.last_day);
    }
}

TEST(what_never_comes_is_closed)
{
    struct window w = monthly(DAY(1900, 1, 1), 30, MONTH_DAY_SKIP);
    struct occurrence_place place = {0};
    struct occurrence o;
    int64_t change = 0;

    w.frequency = EVERY_YEAR;
    w.months = 2; /* 30 February */
    T_CHECK(!occurrence_next(NULL, &w, &place, INT64_MIN, &o));
    occurrence_prepare(&w);
    T_CHECK(!occurrence_open(NULL, &w, &place, z(2026, 1, 1, 0, 0), NULL, &change));
    T_EQ(change, FOREVER_MS);
    w = daily(&ten);
    w.interval = 7;
    w.weekdays = TUE; /* 1900-01-01 was a Monday */
    T_CHECK(!occurrence_next(NULL, &w, &place, 0, &o));
    w.n_ranges = 0;
    T_CHECK(!occurrence_next(NULL, &w, &place, 0, &o));
}

TEST(leap_days_and_the_ends_of_time)
{
    struct window w = monthly(DAY(1904, 2, 29), 29, MONTH_DAY_SKIP);
    const int32_t days[] = {DAY(2000, 2, 29), DAY(2400, 2, 29), DAY(2800, 2, 29)};
    struct occurrence_place place = {0};
    struct occurrence o;

    w.frequency = EVERY_YEAR;
    expect(&w, "UTC", z(2096, 3, 1, 0, 0), z(2104, 2, 29, 10, 0), z(2104, 2, 29, 11, 0));
    w.first_day = DAY(1900, 2, 1);
    w.interval = 100;
    w.months = 2;
    expect_days(&w, days, 3);
    w = daily(&night);
    T_CHECK(occurrence_next(NULL, &w, &place, INT64_MIN, &o));
    T_EQ(o.day, DAY_MIN);
    T_CHECK(is_open(&w, "UTC", z(9999, 12, 31, 23, 0)));
    T_CHECK(is_open(&w, "UTC", z(9999, 12, 31, 23, 0) + 4 * 3600000));
    T_CHECK(!occurrence_next(NULL, &w, &place, z(9999, 12, 31, 23, 0) + 86400000, &o));
    T_CHECK(!occurrence_next(NULL, &w, &place, INT64_MAX, &o));
    expect(&w, "America/New_York", z(9999, 7, 1, 12, 0), z(9999, 7, 2, 2, 0), z(9999, 7, 2, 10, 0));
}

TEST(zones_that_jump)
{
    static const struct day_range range = RANGE(AT(8, 0), AT(22, 0)), early = RANGE(0, AT(6, 0));
    struct window w = daily(&range);

    /* Samoa had no 30 December 2011: its opening hours were nothing. */
    expect(&w, "Pacific/Apia", z(2011, 12, 30, 8, 0), z(2011, 12, 30, 18, 0),
           z(2011, 12, 31, 8, 0));
    /* Lord Howe moves by half an hour: 02:00 became 02:30. */
    w.ranges = (struct day_range *)(uintptr_t)&early;
    expect(&w, "Australia/Lord_Howe", z(2026, 10, 3, 13, 30), z(2026, 10, 3, 13, 30),
           z(2026, 10, 3, 19, 0));
    /* In Sao Paulo midnight itself was missing: the day began at 01:00. */
    expect(&w, "America/Sao_Paulo", z(2018, 11, 4, 3, 0), z(2018, 11, 4, 3, 0),
           z(2018, 11, 4, 8, 0));
}

TEST(dayparts_with_exceptions)
{
    static struct day_range normal[] = {RANGE(AT(9, 0), AT(12, 0)), RANGE(AT(14, 0), AT(18, 0))};
    static struct day_range weekend[] = {RANGE(AT(11, 0), AT(3, 0))};
    struct weekday_ranges exceptions[] = {{SAT, weekend, 1}, {SUN, NULL, 0}};
    struct window w = daily(normal);

    w.n_ranges = 2;
    w.exceptions = exceptions;
    w.n_exceptions = 2;
    T_CHECK(is_open(&w, "UTC", z(2026, 7, 17, 17, 59)));
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 17, 13, 0)));
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 18, 10, 0)));
    T_CHECK(is_open(&w, "UTC", z(2026, 7, 19, 2, 59))); /* still Saturday's */
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 19, 12, 0)));
    T_CHECK(is_open(&w, "UTC", z(2026, 7, 20, 9, 0)));
}

TEST(holidays_and_swapped_working_days)
{
    struct calendar_day days[] = {{DAY(2026, 9, 20), true}, /* a Sunday that is worked */
                                  {DAY(2026, 9, 25), false},
                                  {DAY(2026, 10, 1), false}};
    struct calendar calendar = {.days = days, .n_days = 3};
    struct model model = {.calendars = &calendar, .n_calendars = 1};
    struct window w = daily(&ten);
    struct occurrence_place place = {0};
    struct occurrence all[40];
    static const struct {
        uint8_t bits;
        size_t n; /* in 2026-09-14 .. 2026-10-04 */
    } cases[] = {{1, 14}, {2, 7}, {4, 1}, {8, 2}, {1 | 8, 16}, {0, 21}};

    w.calendar = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        w.calendar_days = cases[i].bits;
        T_EQ(occurrence_between(&model, &w, &place, z(2026, 9, 14, 0, 0), z(2026, 10, 5, 0, 0), all,
                                40),
             cases[i].n);
    }
    w.calendar_days = 8;
    T_CHECK(!occurrence_next(&model, &w, &place, z(2026, 10, 2, 0, 0), &all[0]));
}

TEST(sun_edges)
{
    static const struct day_range day = {{EDGE_SUNRISE, 0}, {EDGE_SUNSET, -1800}};
    static const struct day_range dark = {{EDGE_SUNSET, 0}, {EDGE_SUNRISE, 0}};
    struct window w = daily(&day);
    struct tz *tz = load("Asia/Shanghai");
    struct occurrence_place place = {tz, true, 31.2304, 121.4737};
    struct occurrence o;
    int64_t rise, set, rise2, set2;

    T_CHECK(sun_times(31.2304, 121.4737, DAY(2026, 7, 17), tz, &rise, &set));
    T_CHECK(sun_times(31.2304, 121.4737, DAY(2026, 7, 18), tz, &rise2, &set2));
    T_CHECK(occurrence_next(NULL, &w, &place, rise, &o));
    T_EQ(o.start_ms, rise);
    T_EQ(o.end_ms, set - 1800000);
    w.ranges = (struct day_range *)(uintptr_t)&dark;
    T_CHECK(occurrence_next(NULL, &w, &place, rise, &o));
    T_EQ(o.start_ms, set);
    T_EQ(o.end_ms, rise2);
    T_EQ(o.day, DAY(2026, 7, 17));
    /* No place, no sun; and none at midsummer in the far north. */
    place.has_place = false;
    T_CHECK(!occurrence_open(NULL, &w, &place, set, NULL, NULL));
    place = (struct occurrence_place){tz, true, 78.2, 15.6};
    w.first_day = DAY(2026, 5, 1);
    w.last_day = DAY(2026, 8, 1);
    T_CHECK(!occurrence_next(NULL, &w, &place, 0, &o));
    tz_destroy(tz);
}

TEST(lunar_new_year)
{
    const int32_t days[] = {DAY(2026, 2, 17), DAY(2027, 2, 6), DAY(2028, 1, 26), DAY(2029, 2, 13)};
    const int32_t eve[] = {DAY(2026, 2, 16), DAY(2027, 2, 5), DAY(2028, 1, 25), DAY(2029, 2, 12)};
    struct window w = daily(&ten);

    w.frequency = EVERY_YEAR;
    w.first_day = DAY(2026, 1, 1);
    w.lunar_month = w.lunar_day = 1;
    expect_days(&w, days, 4);
    w.lunar_month = 12;
    w.lunar_day = 30;
    w.month_day_policy = MONTH_DAY_CLAMP;
    expect_days(&w, eve, 4);
}

TEST(overlapping_ranges_are_separate)
{
    static struct day_range ranges[] = {RANGE(AT(8, 0), AT(20, 0)), RANGE(AT(10, 0), AT(12, 0))};
    struct window w = daily(ranges);
    struct occurrence_place place = {0};
    struct occurrence o, two[2];
    int64_t change;

    w.n_ranges = 2;
    T_EQ(occurrence_between(NULL, &w, &place, z(2026, 1, 1, 11, 0), z(2026, 1, 1, 11, 1), two, 2),
         2);
    T_EQ(two[0].start_ms, z(2026, 1, 1, 8, 0));
    T_CHECK(occurrence_open(NULL, &w, &place, z(2026, 1, 1, 11, 0), &o, &change));
    T_EQ(o.start_ms, z(2026, 1, 1, 10, 0)); /* the latest start */
    T_EQ(change, z(2026, 1, 1, 12, 0));
    T_CHECK(occurrence_open(NULL, &w, &place, change, &o, &change));
    T_EQ(o.start_ms, z(2026, 1, 1, 8, 0));
    T_EQ(change, z(2026, 1, 1, 20, 0));
    /* Room for one: the first, and the true number. */
    T_EQ(occurrence_between(NULL, &w, &place, z(2026, 1, 1, 11, 0), z(2026, 1, 1, 11, 1), two, 1),
         2);
    T_EQ(two[0].start_ms, z(2026, 1, 1, 8, 0));
}

TEST(events_of_several_days)
{
    struct window w = daily(&night);

    w.frequency = EVERY_WEEK;
    w.weekdays = FRI;
    w.end_days = 2; /* Friday 22:00 to Monday 06:00 */
    expect(&w, "UTC", z(2026, 7, 20, 5, 59), z(2026, 7, 17, 22, 0), z(2026, 7, 20, 6, 0));
    T_CHECK(!is_open(&w, "UTC", z(2026, 7, 20, 6, 0)));
}
