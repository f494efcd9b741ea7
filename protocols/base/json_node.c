/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/json.h"
#include "protocols/base/parse.h"
#include "protocols/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_LEN  256
#define TEXT_MAX_LEN  1024
#define EXACT_INTEGER 9007199254740992.0 /* 2^53: beyond, a double skips integers */

/* --- places ---------------------------------------------------------------------------------- */

struct qp_node qp_node_root(const cJSON *json)
{
    return (struct qp_node){.json = json};
}

struct qp_node qp_node_member(const struct qp_node *parent, const char *key)
{
    const cJSON *json = NULL;

    if (cJSON_IsObject(parent->json))
        json = cJSON_GetObjectItemCaseSensitive(parent->json, key);
    return (struct qp_node){.json = json, .parent = parent, .key = key};
}

struct qp_node qp_node_at(const struct qp_node *parent, const cJSON *element, size_t index)
{
    return (struct qp_node){.json = element, .parent = parent, .index = index};
}

static bool is_plain(const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$";

    return *key && !key[strspn(key, plain)];
}

/* One step of the path: ".key", "[3]" or ["odd key"]. */
static const char *segment(const struct qp_node *node, char *buf, size_t cap)
{
    bool is_first = !node->parent->parent;
    char key[96];

    if (!node->key)
        (void)snprintf(buf, cap, "[%zu]", node->index);
    else if (is_plain(node->key))
        (void)snprintf(buf, cap, "%s%s", is_first ? "" : ".", node->key);
    else
        (void)snprintf(buf, cap, "[\"%s\"]", qp_text_escape(key, sizeof(key), node->key));
    return buf;
}

const char *qp_node_path(const struct qp_node *node, char *buf, size_t cap)
{
    static const char cut[] = "...";
    size_t start = cap - 1; /* filled from the back: the end of a path says more than its start */

    if (cap == 0)
        return buf;
    buf[start] = '\0';
    for (; node->parent; node = node->parent) {
        char step[128];
        size_t n = strlen(segment(node, step, sizeof(step)));
        /* Room for the dots must stay unless this is the last step. */
        size_t keep = node->parent->parent ? sizeof(cut) - 1 : 0;

        if (n + keep > start) {
            n = start < sizeof(cut) - 1 ? start : sizeof(cut) - 1;
            start -= n;
            memcpy(buf + start, cut, n);
            break;
        }
        start -= n;
        memcpy(buf + start, step, n);
    }
    memmove(buf, buf + start, cap - start);
    return buf;
}

static int add(const struct qp_node *node, struct qp_report *report, enum qp_severity severity,
               const char *remedy, const char *text)
{
    char path[PATH_MAX_LEN];

    return qp_report_add(report, severity, qp_node_path(node, path, sizeof(path)), remedy, "%s",
                         text);
}

#undef qp_node_error
int qp_node_error(const struct qp_node *node, struct qp_report *report, const char *remedy,
                  const char *fmt, ...)
{
    char text[TEXT_MAX_LEN];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return add(node, report, QP_SEVERITY_ERROR, remedy, text);
}

int qp_node_warn(const struct qp_node *node, struct qp_report *report, const char *remedy,
                 const char *fmt, ...)
{
    char text[TEXT_MAX_LEN];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return add(node, report, QP_SEVERITY_WARNING, remedy, text);
}

/* --- readers --------------------------------------------------------------------------------- */

static const char *kind(const cJSON *json)
{
    switch (json->type & 0xff) {
    case cJSON_True:
    case cJSON_False:
        return "true or false";
    case cJSON_NULL:
        return "null";
    case cJSON_Number:
        return "a number";
    case cJSON_String:
        return "a string";
    case cJSON_Array:
        return "an array";
    default:
        return "an object";
    }
}

static int expected(const struct qp_node *node, struct qp_report *report, const char *what)
{
    if (!node->json)
        return qp_node_error(node, report, "add it", "is missing; expected %s", what);
    return qp_node_error(node, report, NULL, "expected %s, got %s", what, kind(node->json));
}

int qp_node_i64(const struct qp_node *node, int64_t min, int64_t max, int64_t *ret,
                struct qp_report *report)
{
    double value;

    if (!cJSON_IsNumber(node->json))
        return expected(node, report, "a whole number");
    value = node->json->valuedouble;
    if (value != floor(value))
        return qp_node_error(node, report, "write a whole number", "%.17g is not a whole number",
                             value);
    if (!(fabs(value) <= EXACT_INTEGER) || (int64_t)value < min || (int64_t)value > max)
        return qp_node_error(node, report, NULL, "%.17g is not in %lld..%lld", value,
                             (long long)min, (long long)max);
    *ret = (int64_t)value;
    return 0;
}

int qp_node_u32(const struct qp_node *node, uint32_t min, uint32_t max, uint32_t *ret,
                struct qp_report *report)
{
    int64_t value = 0;
    int r = qp_node_i64(node, min, max, &value, report);

    if (r == 0)
        *ret = (uint32_t)value;
    return r;
}

int qp_node_f64(const struct qp_node *node, double min, double max, double *ret,
                struct qp_report *report)
{
    double value;

    if (!cJSON_IsNumber(node->json))
        return expected(node, report, "a number");
    value = node->json->valuedouble;
    if (!isfinite(value) || value < min || value > max)
        return qp_node_error(node, report, NULL, "%.10g is not in %.10g..%.10g", value, min, max);
    *ret = value;
    return 0;
}

int qp_node_bool(const struct qp_node *node, bool *ret, struct qp_report *report)
{
    if (!cJSON_IsBool(node->json))
        return expected(node, report, "true or false");
    *ret = cJSON_IsTrue(node->json);
    return 0;
}

int qp_node_str(const struct qp_node *node, size_t max_len, const char **ret,
                struct qp_report *report)
{
    size_t len;

    if (!cJSON_IsString(node->json))
        return expected(node, report, "a string");
    len = strlen(node->json->valuestring);
    if (max_len > 0 && len == 0)
        return qp_node_error(node, report, NULL, "is an empty string");
    if (max_len > 0 && len > max_len)
        return qp_node_error(node, report, "shorten it", "has %zu bytes, the limit is %zu", len,
                             max_len);
    *ret = node->json->valuestring;
    return 0;
}

/* The decimal number that was written, if it has at most six places: a double division of two exact
 * integers is rounded as strtod() rounds the decimal, so the comparison is exact. */
static int rational_from_f64(double value, struct qp_rational *ret)
{
    double millionths = round(value * 1e6);
    struct qp_rational r;

    if (!(value > 0) || value > (double)QP_RATIONAL_MAX)
        return -ERANGE;
    if (millionths / 1e6 != value)
        return -EINVAL;
    r = qp_rational((int64_t)millionths, 1000000);
    if (r.num > QP_RATIONAL_MAX)
        return -ERANGE;
    *ret = r;
    return 0;
}

int qp_node_rational(const struct qp_node *node, struct qp_rational *ret, struct qp_report *report)
{
    static const char remedy[] = "write 60, 59.94 or \"60000/1001\"";
    int r;

    if (cJSON_IsNumber(node->json))
        r = rational_from_f64(node->json->valuedouble, ret);
    else if (cJSON_IsString(node->json))
        r = qp_parse_rational(node->json->valuestring, ret);
    else
        return expected(node, report, "a number or a ratio like \"60000/1001\"");
    if (r == -ERANGE)
        return qp_node_error(node, report, remedy,
                             "is not positive, or needs parts beyond 1000000000");
    if (r < 0)
        return qp_node_error(node, report, remedy,
                             "is not a ratio, or has more than six decimal places");
    return 0;
}

/* "a, b, c" as far as it fits. */
static const char *name_list(const char *const *names, size_t n, char *buf, size_t cap)
{
    size_t used = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < n && used < cap; i++) {
        int len = snprintf(buf + used, cap - used, "%s%s", i ? ", " : "", names[i]);

        used += len > 0 ? (size_t)len : 0;
    }
    return buf;
}

static const char *guess(const char *text, const char *const *names, size_t n, char *buf,
                         size_t cap)
{
    const char *nearest = qp_text_nearest(text, names, n);

    if (!nearest)
        return NULL;
    (void)snprintf(buf, cap, "did you mean \"%s\"?", nearest);
    return buf;
}

int qp_node_enum(const struct qp_node *node, const char *const *names, size_t n, unsigned *ret,
                 struct qp_report *report)
{
    char list[512], remedy[128], value[128];
    const char *text;

    if (!cJSON_IsString(node->json))
        return expected(node, report, "a string");
    text = node->json->valuestring;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret = (unsigned)i;
            return 0;
        }
    }
    return qp_node_error(node, report, guess(text, names, n, remedy, sizeof(remedy)),
                         "\"%s\" is not one of: %s", qp_text_escape(value, sizeof(value), text),
                         name_list(names, n, list, sizeof(list)));
}

int qp_node_is_array(const struct qp_node *node, struct qp_report *report)
{
    return cJSON_IsArray(node->json) ? 0 : expected(node, report, "an array");
}

int qp_node_is_object(const struct qp_node *node, struct qp_report *report)
{
    return cJSON_IsObject(node->json) ? 0 : expected(node, report, "an object");
}

static bool is_known(const char *key, const char *const *known, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(key, known[i]) == 0)
            return true;
    }
    return strcmp(key, "$schema") == 0 || strcmp(key, "comment") == 0;
}

int qp_node_known(const struct qp_node *node, const char *const *known, struct qp_report *report)
{
    const cJSON *member;
    size_t n = 0;
    int r = 0;

    if (qp_node_is_object(node, report) < 0)
        return -EINVAL;
    while (known[n])
        n++;
    cJSON_ArrayForEach(member, node->json)
    {
        struct qp_node at = {.json = member, .parent = node, .key = member->string};
        char remedy[128];
        const char *meant;

        if (is_known(member->string, known, n))
            continue;
        meant = guess(member->string, known, n, remedy, sizeof(remedy));
        r = qp_node_error(&at, report, meant ? meant : "remove it", "is not known here");
    }
    return r;
}
