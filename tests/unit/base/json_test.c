/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/json.h"

#include <string.h>
#include <unistd.h>

#include "tests/support/t.h"

static int parse_limited(const char *text, size_t len, const struct qp_json_limits *limits,
                         struct qp_diag *diag)
{
    cJSON *json = NULL;
    /* An exact-size copy: a read beyond the end is seen by ASan. */
    char *copy = malloc(len ? len : 1);
    int r;

    T_CHECK(copy);
    memcpy(copy, text, len);
    diag->text[0] = '\0';
    r = qp_json_parse(&json, copy, len, limits, diag);
    free(copy);
    T_EQ(!json, r < 0);
    T_EQ(!diag->text[0], r == 0);
    cJSON_Delete(json);
    return r;
}

static void accepted(const char *text)
{
    struct qp_diag diag;
    int r = parse_limited(text, strlen(text), NULL, &diag);

    if (r != 0) {
        fprintf(stderr, "%s: %s\n", text, diag.text);
        exit(1);
    }
}

static void refused_bytes(const char *text, size_t len, const char *where, const char *why)
{
    struct qp_diag diag;
    int r = parse_limited(text, len, NULL, &diag);

    if (r != -EINVAL || strncmp(diag.text, where, strlen(where)) != 0 || !strstr(diag.text, why)) {
        fprintf(stderr, "%s: %d %s; want %s ... %s\n", text, r, diag.text, where, why);
        exit(1);
    }
}

static void refused(const char *text, const char *where, const char *why)
{
    refused_bytes(text, strlen(text), where, why);
}

TEST(documents)
{
    accepted("null");
    accepted(" true ");
    accepted("\t[ ]\r\n");
    accepted("{ }");
    accepted("[{},{\"a\":{}}]");
    accepted("\xef\xbb\xbf{}");
    accepted("{\"a\":[1,-0,0.5,1e3,1E-3,2.5e+2,{\"b\":{}}],\"c\":\"\"}");
    accepted("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\xe5\x8d\x83\"");
    accepted("[[],[[]],{},false]");
    accepted("[1e-999]");
    accepted("[123456789012345678901234567890123456789012345678901234567890123]");
}

TEST(syntax_errors_have_a_place)
{
    refused("", "is empty", "expected");
    refused("\xef\xbb\xbf", "is empty", "expected");
    refused(" ", "line 1, column 2", "ends too early");
    refused("{", "line 1, column 2", "ends too early");
    refused("[1", "line 1, column 3", "ends too early");
    refused("{\n  \"a\" 1}", "line 2, column 7", ": is expected");
    refused("{\n\"\xe5\x8d\x83\" 1}", "line 2, column 5", ": is expected");
    refused("{\"a\":1,}", "line 1, column 8", "remove the comma");
    refused("[1,]", "line 1, column 4", "remove the comma");
    refused("[1 2]", "line 1, column 4", "comma or ]");
    refused("{\"a\":1 \"b\":2}", "line 1, column 8", "comma or }");
    refused("{a:1}", "line 1, column 2", "double quotes");
    refused("{'a':1}", "line 1, column 2", "double quotes");
    refused("[1}", "line 1, column 3", "comma or ]");
    refused("tru", "line 1, column 1", "value is expected");
    refused("[True]", "line 1, column 2", "value is expected");
    refused("[nan]", "line 1, column 2", "value is expected");
    refused("/* c */ 1", "line 1, column 1", "value is expected");
    refused("1 2", "line 1, column 3", "follows behind");
    refused("{}]", "line 1, column 3", "follows behind");
    refused("nullx", "line 1, column 5", "follows behind");
}

TEST(numbers_are_strict)
{
    refused("[01]", "line 1, column 2", "begins with 0");
    refused("[-]", "line 1, column 3", "digit");
    refused("[+1]", "line 1, column 2", "value is expected");
    refused("[.5]", "line 1, column 2", "value is expected");
    refused("[1.]", "line 1, column 4", "digit");
    refused("[1.e1]", "line 1, column 4", "digit");
    refused("[1e]", "line 1, column 4", "digit");
    refused("[1e+]", "line 1, column 5", "digit");
    refused("[0x10]", "line 1, column 3", "comma or ]");
    refused("[1e999]", "line 1, column 2", "beyond");
    refused("[-1e309]", "line 1, column 2", "beyond");
    refused("[1234567890123456789012345678901234567890123456789012345678901234]",
            "line 1, column 2", "more than 63");
    refused("1e", "line 1, column 3", "ends too early");
}

TEST(strings_are_strict)
{
    refused("\"abc", "line 1, column 5", "ends too early");
    refused("[\"a\nb\"]", "line 1, column 4", "not closed on its line");
    refused("\"\t\"", "line 1, column 2", "control character");
    refused("\"\\x\"", "line 1, column 2", "unknown escape");
    refused("\"\\u12g4\"", "line 1, column 2", "unknown escape");
    refused("\"\\u12", "line 1, column 2", "unknown escape");
    refused("\"\\", "line 1, column 2", "unknown escape");
    refused("\"\\u0000\"", "line 1, column 2", "\\u0000");
    refused("\"\\ud800\"", "line 1, column 2", "surrogate");
    refused("\"\\udc00\"", "line 1, column 2", "surrogate");
    refused("\"\\ud800\\u0041\"", "line 1, column 2", "surrogate");
    refused("{\"\\u0000\":1}", "line 1, column 3", "\\u0000");
    refused("\"\xff\"", "line 1, column 2", "UTF-8");
    refused("\"\xc0\xaf\"", "line 1, column 2", "UTF-8");
    refused("\"\xed\xa0\x80\"", "line 1, column 2", "UTF-8");
    refused("\"\xe5\x8d", "line 1, column 2", "UTF-8");
}

TEST(nul_bytes_are_refused)
{
    refused_bytes("{}\0", 3, "line 1, column 3", "follows behind");
    refused_bytes("[\0]", 3, "line 1, column 2", "NUL");
    refused_bytes("\"a\0\"", 4, "line 1, column 3", "NUL");
    refused_bytes("\"\\\0\"", 4, "line 1, column 2", "escape");
    refused_bytes("\0", 1, "line 1, column 1", "NUL");
}

TEST(duplicate_keys_are_refused)
{
    accepted("{\"a\":{\"a\":1},\"b\":{\"a\":1},\"A\":2}");
    accepted("[{\"a\":1},{\"a\":1}]");
    accepted("{\"\":1,\"a\":2,\"ab\":3}");
    refused("{\"a\":1,\"a\":2}", "line 1, column 9", "twice");
    refused("{\"a\":1,\n\"b\":{\"x\":[{}]},\n\"a\":2,\"a\":3}", "line 3, column 2", "twice");
    refused("{\"\":1,\"\":2}", "line 1, column 8", "twice");
    refused("{\"a\":1,\"\\u0061\":2}", "line 1, column 9", "twice");
    refused("{\"\\/\":1,\"/\":2}", "line 1, column 10", "twice");
    refused("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}", "line 1, column 9", "twice");
    refused("{\"o\":{\"k\":1,\"k\":1}}", "line 1, column 14", "twice");
}

static char *object_of(size_t n, const char *extra, size_t *ret_len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, ret_len);

    T_CHECK(f);
    fputc('{', f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "\"key number %zu\":%zu,", i, i);
    fprintf(f, "%s}", extra);
    fclose(f);
    return text;
}

/* 300 000 members: compared each with each other this would take minutes and meet the deadline. */
TEST(large_objects_are_quick)
{
    struct qp_diag diag;
    size_t len;
    char *text = object_of(300000, "\"last\":1", &len);

    T_EQ(parse_limited(text, len, NULL, &diag), 0);
    free(text);
    text = object_of(300000, "\"key number 7\":1", &len);
    T_EQ(parse_limited(text, len, NULL, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "twice"));
    free(text);
}

static char *nested(size_t depth, char open, char close)
{
    char *text = malloc(2 * depth + 1);

    T_CHECK(text);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    text[2 * depth] = '\0';
    return text;
}

TEST(depth_is_limited_before_anything_recurses)
{
    struct qp_json_limits limits = qp_json_default_limits;
    struct qp_diag diag;
    char *text = nested(64, '[', ']');

    T_EQ(parse_limited(text, 128, NULL, &diag), 0);
    free(text);
    text = nested(65, '[', ']');
    T_EQ(parse_limited(text, 130, NULL, &diag), -E2BIG);
    T_CHECK(strstr(diag.text, "line 1, column 65: "));
    free(text);
    text = nested(4000000, '[', ']');
    T_EQ(parse_limited(text, 8000000, NULL, &diag), -E2BIG);
    limits.max_depth = 4000000; /* more than the parser can: its own limit holds */
    T_EQ(parse_limited(text, 8000000, &limits, &diag), -E2BIG);
    free(text);
    text = nested(1000, '[', ']');
    T_EQ(parse_limited(text, 2000, &limits, &diag), 0);
    free(text);
}

TEST(limits)
{
    struct qp_json_limits limits = {.max_bytes = 10, .max_depth = 1, .max_values = 3};
    struct qp_diag diag;

    T_EQ(parse_limited("[1,2]", 5, &limits, &diag), 0);
    T_EQ(parse_limited("[1,2,3]", 7, &limits, &diag), -E2BIG);
    T_CHECK(strstr(diag.text, "too many values"));
    T_EQ(parse_limited("[[]]", 4, &limits, &diag), -E2BIG);
    T_EQ(parse_limited("[1       ]", 10, &limits, &diag), 0);
    T_EQ(parse_limited("[1        ]", 11, &limits, &diag), -E2BIG);
    T_CHECK(strstr(diag.text, "limit is 10"));
}

TEST(a_diag_is_optional)
{
    cJSON *json = NULL;

    T_EQ(qp_json_parse(&json, "[", 1, NULL, NULL), -EINVAL);
    T_EQ(qp_json_parse(&json, "[]", 2, NULL, NULL), 0);
    cJSON_Delete(json);
}

TEST(load_names_the_file)
{
    static char name[] = "json-XXXXXX";
    struct qp_json_limits small = {.max_bytes = 3, .max_depth = 1, .max_values = 1};
    struct qp_diag diag;
    cJSON *json = NULL;
    const char *tmp = getenv("TMPDIR");
    int fd;

    T_CHECK(chdir(tmp ? tmp : P_tmpdir) == 0);
    fd = mkstemp(name);
    T_CHECK(fd >= 0 && write(fd, "{\"a\":}", 6) == 6);
    T_EQ(qp_json_load(&json, name, NULL, &diag), -EINVAL);
    T_CHECK(strncmp(diag.text, name, strlen(name)) == 0 && strstr(diag.text, ": line 1, column 6"));
    T_EQ(qp_json_load(&json, name, &small, &diag), -E2BIG);
    T_CHECK(pwrite(fd, "[1,2] ", 6, 0) == 6);
    T_EQ(qp_json_load(&json, name, NULL, &diag), 0);
    T_EQ(cJSON_GetArraySize(json), 2);
    cJSON_Delete(json);
    json = NULL;
    unlink(name);
    T_EQ(qp_json_load(&json, name, NULL, &diag), -ENOENT);
    T_EQ(qp_json_load(&json, ".", NULL, &diag), -EISDIR);
    T_CHECK(!json);
}
