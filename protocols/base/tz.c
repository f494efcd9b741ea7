/* SPDX-License-Identifier: Apache-2.0 */
/* TZif: RFC 8536. The version 1 block (32 bit) is skipped, the second block and the footer are
 * used. Leap seconds that "right/" files carry are ignored: the system's clock does not count them.
 */
#include "protocols/base/tz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/base/file.h"
#include "protocols/base/tz_rule.h"

#define TZ_DIR       "/usr/share/zoneinfo"
#define TZ_MAX_BYTES (1u << 20)
#define TZ_MAX_TIMES 100000u
#define DAY_S        86400

struct tz_type {
    int32_t offset_s;
    bool dst;
    char abbr[TZ_ABBR_MAX + 1];
};

struct tz {
    int64_t *times; /* n_times, ascending */
    uint8_t *kinds; /* n_times: what begins there, index into types */
    size_t n_times;
    struct tz_type *types; /* n_types >= 1 */
    size_t n_types;
    bool has_rule;
    struct tz_rule rule; /* after the last transition */
};

struct tz_counts {
    uint32_t isut, isstd, leap, time, type, chars;
    char version;
};

/* --- calendar -----------------------------------------------------------------------------------
 */

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

/* Days from a civil date: years are counted from March, so that the leap day comes last; 400 years
 * have 146097 days. */
int64_t tz_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t in_era = y - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void civil(int64_t days, struct tz_local *t)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t in_era = z - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;

    t->day = (int)(in_year - (153 * m + 2) / 5 + 1);
    t->month = (int)(m < 10 ? m + 3 : m - 9);
    t->year = y + era * 400 + (t->month <= 2);
    t->weekday = (int)(((days + 4) % 7 + 7) % 7);
    t->yearday = (int)(days - tz_days(t->year, 1, 1));
}

/* --- reading ------------------------------------------------------------------------------------
 */

static int read_header(struct qp_rd *r, struct tz_counts *c)
{
    const uint8_t *magic = qp_rd_take(r, 4);

    if (!magic || memcmp(magic, "TZif", 4) != 0)
        return -EINVAL;
    c->version = (char)qp_rd_u8(r);
    qp_rd_skip(r, 15);
    c->isut = qp_rd_be32(r);
    c->isstd = qp_rd_be32(r);
    c->leap = qp_rd_be32(r);
    c->time = qp_rd_be32(r);
    c->type = qp_rd_be32(r);
    c->chars = qp_rd_be32(r);
    if (r->bad || c->version < '2' || c->time > TZ_MAX_TIMES || c->type > 256 || c->chars > 65536 ||
        c->leap > TZ_MAX_TIMES || c->isut > 256 || c->isstd > 256)
        return -EINVAL;
    return 0;
}

static int64_t read_be64(struct qp_rd *r)
{
    uint64_t hi = qp_rd_be32(r);

    return (int64_t)(hi << 32 | qp_rd_be32(r));
}

static int read_times(struct tz *tz, struct qp_rd *r, const struct tz_counts *c)
{
    const uint8_t *kinds;

    /* The bytes are there before memory is taken for them. */
    if (qp_rd_left(r) < (size_t)c->time * 9)
        return -EINVAL;
    tz->times = calloc((size_t)c->time + 1, sizeof(*tz->times));
    tz->kinds = malloc((size_t)c->time + 1);
    if (!tz->times || !tz->kinds)
        return -ENOMEM;
    tz->n_times = c->time;
    for (size_t i = 0; i < tz->n_times; i++) {
        tz->times[i] = read_be64(r);
        if (i > 0 && tz->times[i] <= tz->times[i - 1])
            return -EINVAL;
    }
    kinds = qp_rd_take(r, c->time);
    for (size_t i = 0; i < tz->n_times; i++) {
        if (!kinds || kinds[i] >= c->type)
            return -EINVAL;
        tz->kinds[i] = kinds[i];
    }
    return 0;
}

static int read_types(struct tz *tz, struct qp_rd *r, const struct tz_counts *c)
{
    uint8_t abbr_at[256];
    const char *chars;

    if (c->type == 0)
        return -EINVAL;
    tz->types = calloc(c->type, sizeof(*tz->types));
    if (!tz->types)
        return -ENOMEM;
    tz->n_types = c->type;
    for (size_t i = 0; i < tz->n_types; i++) {
        int32_t offset = (int32_t)qp_rd_be32(r);

        if (offset < -2 * DAY_S || offset > 2 * DAY_S)
            return -EINVAL;
        tz->types[i].offset_s = offset;
        tz->types[i].dst = qp_rd_u8(r) != 0;
        abbr_at[i] = qp_rd_u8(r);
    }
    chars = (const char *)qp_rd_take(r, c->chars);
    if (!chars)
        return -EINVAL;
    for (size_t i = 0; i < tz->n_types; i++) {
        size_t left = abbr_at[i] < c->chars ? c->chars - abbr_at[i] : 0;
        size_t n = strnlen(chars + (left ? abbr_at[i] : 0), left);

        memcpy(tz->types[i].abbr, chars + (left ? abbr_at[i] : 0),
               n > TZ_ABBR_MAX ? TZ_ABBR_MAX : n);
    }
    return 0;
}

static int read_footer(struct tz *tz, struct qp_rd *r)
{
    char text[128] = {0};
    size_t n = 0;

    if (qp_rd_u8(r) != '\n')
        return -EINVAL;
    while (n < sizeof(text) - 1 && qp_rd_left(r) > 0) {
        char c = (char)qp_rd_u8(r);

        if (c == '\n')
            break;
        text[n++] = c;
    }
    tz->has_rule = n > 0;
    return n > 0 ? tz_rule_parse(text, &tz->rule) : 0;
}

static int parse_into(struct tz *tz, const uint8_t *data, size_t len)
{
    struct qp_rd r = qp_rd(data, len);
    struct tz_counts c;
    int err = read_header(&r, &c);

    if (err < 0)
        return err;
    qp_rd_skip(&r, (size_t)c.time * 5 + (size_t)c.type * 6 + c.chars + (size_t)c.leap * 8 +
                       c.isstd + c.isut);
    err = read_header(&r, &c);
    if (err == 0)
        err = read_times(tz, &r, &c);
    if (err == 0)
        err = read_types(tz, &r, &c);
    if (err < 0)
        return err;
    qp_rd_skip(&r, (size_t)c.leap * 12 + c.isstd + c.isut);
    err = read_footer(tz, &r);
    return r.bad ? -EINVAL : err;
}

int tz_parse(struct tz **ret, const uint8_t *data, size_t len, struct qp_diag *diag)
{
    struct tz *tz = calloc(1, sizeof(*tz));
    int err = tz ? parse_into(tz, data, len) : -ENOMEM;

    if (err < 0) {
        tz_destroy(tz);
        return qp_diag_set(diag, err, "%s",
                           err == -ENOMEM ? "out of memory"
                                          : "not a time zone file of version 2 or later");
    }
    *ret = tz;
    return 0;
}

/* Names come from people: letters, digits and "/_+-" only, so that no path can leave the folder. */
static bool is_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";

    return name[0] != '\0' && name[0] != '/' && strlen(name) < 100 &&
           strspn(name, allowed) == strlen(name);
}

int tz_load(struct tz **ret, const char *name, struct qp_diag *diag)
{
    char path[160];
    char *data;
    size_t len;
    int err;

    if (!is_name(name))
        return qp_diag_set(diag, -EINVAL, "\"%s\" is not the name of a time zone", name);
    (void)snprintf(path, sizeof(path), "%s/%s", TZ_DIR, name);
    err = qp_file_read(path, TZ_MAX_BYTES, &data, &len, NULL);
    if (err == -ENOENT || err == -EISDIR || err == -ENOTDIR)
        return qp_diag_set(diag, -ENOENT, "the time zone \"%s\" is not in %s", name, TZ_DIR);
    if (err < 0)
        return qp_diag_set(diag, err, "%s: %s", path, strerror(-err));
    err = tz_parse(ret, (const uint8_t *)data, len, diag);
    free(data);
    return err < 0 ? qp_diag_prefix(diag, err, "%s", path) : 0;
}

void tz_destroy(struct tz *tz)
{
    if (!tz)
        return;
    free(tz->times);
    free(tz->kinds);
    free(tz->types);
    free(tz);
}

/* --- asking -------------------------------------------------------------------------------------
 */

struct offset {
    int32_t offset_s;
    bool dst;
    const char *abbr;
};

/* The number of transitions at or before utc_s. */
static size_t transitions_until(const struct tz *tz, int64_t utc_s)
{
    size_t lo = 0, hi = tz->n_times;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (tz->times[mid] <= utc_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool is_ruled(const struct tz *tz, int64_t utc_s)
{
    return tz->has_rule && (tz->n_times == 0 || utc_s >= tz->times[tz->n_times - 1]);
}

static struct offset offset_at(const struct tz *tz, int64_t utc_s)
{
    const struct tz_type *type;
    size_t n;

    if (is_ruled(tz, utc_s)) {
        struct tz_rule_answer a = tz_rule_at(&tz->rule, utc_s);

        return (struct offset){a.offset_s, a.dst, a.dst ? tz->rule.dst_name : tz->rule.std_name};
    }
    n = transitions_until(tz, utc_s);
    type = &tz->types[n == 0 ? 0 : tz->kinds[n - 1]];
    return (struct offset){type->offset_s, type->dst, type->abbr};
}

void tz_local(const struct tz *tz, int64_t utc_s, struct tz_local *ret)
{
    struct offset o = offset_at(tz, utc_s);
    int64_t local = utc_s + o.offset_s;
    int64_t days = floor_div(local, DAY_S);
    int s = (int)(local - days * DAY_S);

    *ret = (struct tz_local){.hour = s / 3600, .minute = s / 60 % 60, .second = s % 60};
    civil(days, ret);
    ret->offset_s = o.offset_s;
    ret->dst = o.dst;
    (void)snprintf(ret->abbr, sizeof(ret->abbr), "%s", o.abbr);
}

int64_t tz_to_utc(const struct tz *tz, int64_t year, int month, int day, int hour, int minute,
                  int second)
{
    int64_t wall = tz_days(year, month, day) * DAY_S + (int64_t)hour * 3600 + minute * 60 + second;
    /* No offset changes twice within two days: the one before and the one after are the candidates.
     */
    int32_t before = offset_at(tz, wall - DAY_S).offset_s;
    int32_t after = offset_at(tz, wall + DAY_S).offset_s;

    if (before != after && offset_at(tz, wall - before).offset_s != before &&
        offset_at(tz, wall - after).offset_s == after)
        return wall - after;
    return wall - before;
}

void tz_span(const struct tz *tz, int64_t utc_s, struct tz_span *ret)
{
    if (is_ruled(tz, utc_s)) {
        tz_rule_span(&tz->rule, utc_s, ret);
        if (tz->n_times > 0 && ret->from_s < tz->times[tz->n_times - 1])
            ret->from_s = tz->times[tz->n_times - 1];
    } else {
        size_t n = transitions_until(tz, utc_s);

        *ret = (struct tz_span){.from_s = n == 0 ? INT64_MIN : tz->times[n - 1],
                                .until_s = n == tz->n_times ? INT64_MAX : tz->times[n],
                                .offset_s = tz->types[n == 0 ? 0 : tz->kinds[n - 1]].offset_s};
    }
}

void tz_instants(const struct tz *tz, int64_t wall_s, struct tz_instants *ret)
{
    const int64_t latest = wall_s + 2 * DAY_S; /* no offset is larger: read_types() */
    int64_t first_valid = INT64_MAX;
    bool found = false;
    struct tz_span span;

    /* Each stretch shows the time at most once. */
    for (int64_t at = wall_s - 2 * DAY_S; at <= latest; at = span.until_s) {
        int64_t utc_s;

        tz_span(tz, at, &span);
        utc_s = wall_s - span.offset_s;
        if (utc_s < span.from_s) {
            if (span.from_s < first_valid)
                first_valid = span.from_s;
        } else if (utc_s < span.until_s) {
            ret->last_s = utc_s;
            if (!found)
                ret->first_s = utc_s;
            found = true;
        }
        if (span.until_s == INT64_MAX)
            break;
    }
    ret->gap = !found;
    if (!found)
        ret->first_s = ret->last_s = first_valid;
}
