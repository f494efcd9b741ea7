/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/json.h"

#include <math.h>
#include <string.h>

#include "tests/support/t.h"

static cJSON *json;
static struct qp_report report;

static struct qp_node parse(const char *text)
{
    struct qp_diag diag;

    cJSON_Delete(json);
    qp_report_finish(&report);
    if (qp_json_parse(&json, text, strlen(text), NULL, &diag) < 0) {
        fprintf(stderr, "%s\n", diag.text);
        exit(1);
    }
    return qp_node_root(json);
}

static void finish(void)
{
    cJSON_Delete(json);
    qp_report_finish(&report);
}

static void says(const char *path, const char *text)
{
    const struct qp_finding *last = &report.items[report.n - 1];

    T_CHECK(report.n > 0);
    if (strcmp(last->path, path) != 0 || !strstr(last->text, text)) {
        fprintf(stderr, "%s: %s; want %s: %s\n", last->path, last->text, path, text);
        exit(1);
    }
}

TEST(paths)
{
    struct qp_node root =
        parse("{\"outputs\":[0,1,{\"link\":{\"nic\":1}}],\"odd key\":{\"x\\n\":1}}");
    struct qp_node outputs = qp_node_member(&root, "outputs");
    struct qp_node third = qp_node_at(&outputs, cJSON_GetArrayItem(outputs.json, 2), 2);
    struct qp_node link = qp_node_member(&third, "link");
    struct qp_node nic = qp_node_member(&link, "nic");
    struct qp_node odd = qp_node_member(&root, "odd key");
    struct qp_node x = qp_node_member(&odd, "x\n");
    char buf[64];

    T_CHECK(strcmp(qp_node_path(&root, buf, sizeof(buf)), "") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, sizeof(buf)), "outputs[2].link.nic") == 0);
    T_CHECK(strcmp(qp_node_path(&x, buf, sizeof(buf)), "[\"odd key\"][\"x\\n\"]") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 20), "outputs[2].link.nic") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 19), "...[2].link.nic") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 8), "....nic") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 7), "...") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 3), "..") == 0);
    T_CHECK(strcmp(qp_node_path(&nic, buf, 1), "") == 0);
    T_CHECK(qp_node_path(&nic, buf, 0) == buf);
    finish();
}

TEST(members)
{
    struct qp_node root = parse("{\"a\":1}");
    struct qp_node absent = qp_node_member(&root, "A");
    struct qp_node a = qp_node_member(&root, "a");
    struct qp_node of_number = qp_node_member(&a, "x");
    struct qp_node of_absent = qp_node_member(&absent, "x");

    T_CHECK(a.json && !absent.json && !of_number.json && !of_absent.json);
    finish();
}

TEST(findings)
{
    struct qp_node root = parse("{\"a\":1}"), a = qp_node_member(&root, "a");

    T_EQ(qp_node_warn(&a, &report, "do so", "w %d", 1), 0);
    says("a", "w 1");
    T_CHECK(strcmp(report.items[0].remedy, "do so") == 0);
    T_EQ(qp_node_error(&a, &report, NULL, "e %d", 2), -EINVAL);
    says("a", "e 2");
    T_EQ(qp_node_error(&a, NULL, NULL, "nobody listens"), -EINVAL);
    finish();
}

static int i64(const char *text, int64_t *ret)
{
    struct qp_node root = parse(text);

    return qp_node_i64(&root, -10, 1LL << 53, ret, &report);
}

TEST(integers)
{
    struct qp_node none = qp_node_root(NULL), root;
    uint32_t u = 4;
    int64_t v = 3;

    T_EQ(i64("7", &v), 0);
    T_EQ(v, 7);
    T_EQ(i64("1.0", &v), 0);
    T_EQ(v, 1);
    T_EQ(i64("-1e1", &v), 0);
    T_EQ(v, -10);
    T_EQ(i64("9007199254740992", &v), 0);
    T_CHECK(v == 1LL << 53);
    T_EQ(i64("1.5", &v), -EINVAL);
    says("", "1.5 is not a whole number");
    T_EQ(i64("1e300", &v), -EINVAL);
    says("", "1.0000000000000001e+300 is not in -10..9007199254740992");
    T_EQ(i64("-11", &v), -EINVAL);
    says("", "-11 is not in -10..9007199254740992");
    T_EQ(i64("\"7\"", &v), -EINVAL);
    says("", "expected a whole number, got a string");
    T_EQ(i64("null", &v), -EINVAL);
    says("", "got null");
    T_EQ(qp_node_i64(&none, 0, 1, &v, &report), -EINVAL);
    says("", "is missing");
    T_CHECK(v == 1LL << 53);
    root = parse("4294967295");
    T_EQ(qp_node_u32(&root, 0, UINT32_MAX, &u, &report), 0);
    T_CHECK(u == UINT32_MAX);
    root = parse("4294967296");
    T_EQ(qp_node_u32(&root, 0, UINT32_MAX, &u, &report), -EINVAL);
    T_CHECK(u == UINT32_MAX);
    finish();
}

TEST(numbers)
{
    struct qp_node root = parse("0.25");
    double v = 9;

    T_EQ(qp_node_f64(&root, 0, 1, &v, &report), 0);
    T_CHECK(v == 0.25);
    T_EQ(qp_node_f64(&root, 0.5, 1, &v, &report), -EINVAL);
    says("", "0.25 is not in 0.5..1");
    root = parse("true");
    T_EQ(qp_node_f64(&root, 0, 1, &v, &report), -EINVAL);
    says("", "got true or false");
    T_CHECK(v == 0.25);
    finish();
}

TEST(booleans)
{
    struct qp_node root = parse("true");
    bool v = false;

    T_EQ(qp_node_bool(&root, &v, &report), 0);
    T_CHECK(v);
    root = parse("false");
    T_EQ(qp_node_bool(&root, &v, &report), 0);
    T_CHECK(!v);
    root = parse("1");
    T_EQ(qp_node_bool(&root, &v, &report), -EINVAL);
    says("", "expected true or false, got a number");
    finish();
}

TEST(strings)
{
    struct qp_node root = parse("\"four\"");
    const char *v = NULL;

    T_EQ(qp_node_str(&root, 4, &v, &report), 0);
    T_CHECK(strcmp(v, "four") == 0);
    v = NULL;
    T_EQ(qp_node_str(&root, 3, &v, &report), -EINVAL);
    says("", "has 4 bytes, the limit is 3");
    root = parse("\"\"");
    T_EQ(qp_node_str(&root, 3, &v, &report), -EINVAL);
    says("", "empty");
    T_CHECK(!v);
    T_EQ(qp_node_str(&root, 0, &v, &report), 0);
    T_CHECK(v && !*v);
    root = parse("[]");
    T_EQ(qp_node_str(&root, 3, &v, &report), -EINVAL);
    says("", "got an array");
    finish();
}

static void rational(const char *text, int64_t num, int64_t den)
{
    struct qp_node root = parse(text);
    struct qp_rational r = {-1, -1};
    int want = num ? 0 : -EINVAL;

    if (qp_node_rational(&root, &r, &report) != want || (num && (r.num != num || r.den != den))) {
        fprintf(stderr, "%s is %lld/%lld\n", text, (long long)r.num, (long long)r.den);
        exit(1);
    }
    T_CHECK(num || (r.num == -1 && report.n_errors == 1));
}

TEST(rationals)
{
    rational("60", 60, 1);
    rational("59.94", 2997, 50);
    rational("23.976024", 2997003, 125000);
    rational("0.000001", 1, 1000000);
    rational("1000000000", 1000000000, 1);
    rational("\"60000/1001\"", 60000, 1001);
    rational("\"59.94\"", 2997, 50);
    rational("0", 0, 0);
    rational("-60", 0, 0);
    rational("59.9400599", 0, 0);
    rational("1e-7", 0, 0);
    rational("1000000001", 0, 0);
    rational("1e300", 0, 0);
    rational("999999999.999999", 0, 0);
    rational("\"60 Hz\"", 0, 0);
    rational("\"1/0\"", 0, 0);
    rational("[60]", 0, 0);
    finish();
}

/* Every decimal of six places is read as it was written: what its text says, not what a double is.
 */
TEST(decimals_are_read_as_written)
{
    uint64_t x = 88172645463325252;

    for (int i = 0; i < 20000; i++) {
        char number[32], string[34];
        struct qp_rational a = {0, 0}, b = {0, 0};
        struct qp_node root;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        (void)snprintf(number, sizeof(number), "%llu.%06llu", (unsigned long long)(x % 900),
                       (unsigned long long)(x >> 20) % 1000000);
        (void)snprintf(string, sizeof(string), "\"%s\"", number);
        root = parse(number);
        (void)qp_node_rational(&root, &a, &report);
        root = parse(string);
        (void)qp_node_rational(&root, &b, &report);
        T_EQ(a.num, b.num);
        T_EQ(a.den, b.den);
    }
    finish();
}

TEST(enums_guess)
{
    static const char *const names[] = {"colorlight-5a", "linsn-rv9", "ddp"};
    struct qp_node root = parse("{\"driver\":\"ddp\"}"), driver = qp_node_member(&root, "driver");
    unsigned v = 9;

    T_EQ(qp_node_enum(&driver, names, 3, &v, &report), 0);
    T_EQ(v, 2);
    root = parse("{\"driver\":\"colorlight5a\"}");
    driver = qp_node_member(&root, "driver");
    T_EQ(qp_node_enum(&driver, names, 3, &v, &report), -EINVAL);
    says("driver", "\"colorlight5a\" is not one of: colorlight-5a, linsn-rv9, ddp");
    T_CHECK(strcmp(report.items[0].remedy, "did you mean \"colorlight-5a\"?") == 0);
    root = parse("{\"driver\":\"xyz\\u001b\"}");
    driver = qp_node_member(&root, "driver");
    T_EQ(qp_node_enum(&driver, names, 3, &v, &report), -EINVAL);
    says("driver", "\"xyz\\x1b\" is not");
    T_CHECK(!report.items[0].remedy[0]);
    root = parse("3");
    T_EQ(qp_node_enum(&root, names, 3, &v, &report), -EINVAL);
    T_EQ(v, 2);
    finish();
}

TEST(containers)
{
    struct qp_node root = parse("[]");

    T_EQ(qp_node_is_array(&root, &report), 0);
    T_EQ(qp_node_is_object(&root, &report), -EINVAL);
    says("", "expected an object, got an array");
    root = parse("{}");
    T_EQ(qp_node_is_object(&root, &report), 0);
    T_EQ(qp_node_is_array(&root, &report), -EINVAL);
    says("", "expected an array, got an object");
    finish();
}

TEST(unknown_members_are_errors)
{
    static const char *const known[] = {"name", "brightness", NULL};
    struct qp_node root = parse("{\"$schema\":1,\"comment\":2,\"name\":3}");

    T_EQ(qp_node_known(&root, known, &report), 0);
    T_EQ(report.n, 0);
    root = parse("{\"w\":{\"nmae\":1,\"brightness\":2,\"other thing\":3}}");
    root = qp_node_root(cJSON_GetObjectItem(json, "w"));
    T_EQ(qp_node_known(&root, known, &report), -EINVAL);
    T_EQ(report.n_errors, 2);
    T_CHECK(strcmp(report.items[0].path, "nmae") == 0);
    T_CHECK(strcmp(report.items[0].remedy, "did you mean \"name\"?") == 0);
    T_CHECK(strcmp(report.items[1].path, "[\"other thing\"]") == 0);
    T_CHECK(strcmp(report.items[1].remedy, "remove it") == 0);
    root = parse("[]");
    T_EQ(qp_node_known(&root, known, &report), -EINVAL);
    finish();
}
