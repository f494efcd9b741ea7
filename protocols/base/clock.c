/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/clock.h"

#include "protocols/base/file.h"
#include "protocols/base/parse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NTP_TO_UNIX_S   INT64_C(2208988800) /* 1900-01-01 to 1970-01-01, RFC 5905 figure 4 */
#define LEAP_FILE       "/usr/share/zoneinfo/leap-seconds.list"
#define LEAP_FILE_MAX   (1024 * 1024)
#define LEAPS_MAX       256 /* 28 since 1972 */
#define TAI_MINUS_UTC_S 37  /* since 2017-01-01, IERS bulletin C 52 */
#define SAMPLE_TRIES    5
#define SAMPLE_GOOD_NS  20000 /* a window narrower than this is good enough */

struct leap {
    int64_t from_utc_s;
    int tai_minus_utc_s;
};

struct leap_list {
    size_t n;
    struct leap items[LEAPS_MAX];
};

/* Written by qp_clock_init before threads start, only read afterwards. */
static struct leap_list process_leaps;

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t); /* cannot fail for the clocks used here */
    return t.tv_sec * QP_NS_PER_S + t.tv_nsec;
}

int64_t qp_clock_mono_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* "3692217600  37  # 1 Jan 2017": NTP seconds, TAI - UTC. Lines that begin with # are comments. */
static int leap_line(struct leap_list *list, char *line)
{
    static const char blanks[] = " \t\r";
    char *rest = NULL;
    const char *when, *offset;
    int64_t ntp_s, tai_minus_utc_s;

    line[strcspn(line, "#")] = '\0';
    when = strtok_r(line, blanks, &rest);
    if (!when)
        return 0;
    offset = strtok_r(NULL, blanks, &rest);
    if (!offset || strtok_r(NULL, blanks, &rest) || list->n == LEAPS_MAX ||
        qp_parse_i64(when, 0, INT64_C(1) << 40, &ntp_s) < 0 ||
        qp_parse_i64(offset, 0, 1000, &tai_minus_utc_s) < 0)
        return -EINVAL;
    if (list->n > 0 && list->items[list->n - 1].from_utc_s >= ntp_s - NTP_TO_UNIX_S)
        return -EINVAL;
    list->items[list->n++] =
        (struct leap){.from_utc_s = ntp_s - NTP_TO_UNIX_S, .tai_minus_utc_s = (int)tai_minus_utc_s};
    return 0;
}

static int leap_load(const char *file, struct leap_list *ret, struct qp_diag *diag)
{
    char *text, *rest = NULL;
    size_t len;
    int line = 0, r = qp_file_read(file, LEAP_FILE_MAX, &text, &len, diag);

    if (r < 0)
        return r;
    ret->n = 0;
    rest = text;
    for (char *p; r == 0 && (p = strsep(&rest, "\n"));) {
        line++;
        r = leap_line(ret, p);
    }
    free(text);
    if (r < 0)
        return qp_diag_set(diag, r, "%s: line %d is not \"NTP seconds, TAI - UTC\"", file, line);
    if (ret->n == 0)
        return qp_diag_set(diag, -EINVAL, "%s: has no leap seconds in it", file);
    return 0;
}

/* 0 before the first entry: before 1972 UTC had no whole offset. */
static int leap_find(const struct leap_list *list, int64_t utc_s)
{
    int offset = 0;

    for (size_t i = 0; i < list->n && list->items[i].from_utc_s <= utc_s; i++)
        offset = list->items[i].tai_minus_utc_s;
    return offset;
}

int qp_clock_leap_offset(const char *file, int64_t utc_s, int *ret, struct qp_diag *diag)
{
    struct leap_list list;
    int r = leap_load(file, &list, diag);

    if (r < 0)
        return r;
    if (utc_s < list.items[0].from_utc_s)
        return qp_diag_set(diag, -EINVAL, "%s: begins after the time that was asked for", file);
    *ret = leap_find(&list, utc_s);
    return 0;
}

int qp_clock_init(struct qp_diag *diag)
{
    static struct leap_list list; /* 4 KiB; not on the stack, kept only when it is whole */
    int r = leap_load(LEAP_FILE, &list, diag);

    if (r < 0) {
        process_leaps.n = 0;
        return qp_diag_prefix(diag, r, "TAI is taken as UTC + %d s; install tzdata",
                              TAI_MINUS_UTC_S);
    }
    process_leaps = list;
    return 0;
}

static int64_t rounded_to_s(int64_t ns)
{
    return (ns + (ns < 0 ? -QP_NS_PER_S / 2 : QP_NS_PER_S / 2)) / QP_NS_PER_S;
}

static int list_offset(int64_t utc_ns)
{
    int offset = leap_find(&process_leaps, utc_ns / QP_NS_PER_S);

    return offset ? offset : TAI_MINUS_UTC_S;
}

void qp_clock_sample(struct qp_clock_map *ret)
{
    int64_t best_ns = INT64_MAX;

    /* Preemption between the readings shows as a wide window: keep the narrowest of a few. */
    for (int i = 0; i < SAMPLE_TRIES && best_ns > SAMPLE_GOOD_NS; i++) {
        int64_t before = clock_ns(CLOCK_MONOTONIC);
        int64_t utc = clock_ns(CLOCK_REALTIME);
        int64_t tai = clock_ns(CLOCK_TAI);
        int64_t window = clock_ns(CLOCK_MONOTONIC) - before;
        int64_t kernel_s = rounded_to_s(tai - utc);

        if (window >= best_ns)
            continue;
        best_ns = window;
        ret->from_kernel = kernel_s != 0;
        ret->tai_minus_utc_s = kernel_s ? (int)kernel_s : list_offset(utc);
        ret->tai_minus_mono_ns = utc + ret->tai_minus_utc_s * QP_NS_PER_S - (before + window / 2);
    }
}

static __int128 floor_div(__int128 a, __int128 b)
{
    return a / b - (a % b < 0);
}

int64_t qp_lattice_index(struct qp_rational rate, int64_t tai_ns)
{
    return (int64_t)floor_div((__int128)tai_ns * rate.num, (__int128)rate.den * QP_NS_PER_S);
}

int64_t qp_lattice_due(struct qp_rational rate, int64_t n)
{
    return (int64_t)-floor_div(-((__int128)n * rate.den * QP_NS_PER_S), rate.num);
}
