/* SPDX-License-Identifier: Apache-2.0 */
/* json_fuzz.c - any bytes as a JSON document.
 *
 * Beyond not crashing: what our own check accepts cJSON must build (a refusal would come out as
 * -ENOMEM); no two members of an object have the same name; the tree, printed, is accepted again
 * and prints the same. The typed readers are then let loose on every value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/json.h"
#include "tests/support/fuzz.h"

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond))                                                                               \
            abort();                                                                               \
    } while (0)

static void read_value(const struct qp_node *node, struct qp_report *report)
{
    static const char *const names[] = {"auto", "single", "double"};
    static const char *const known[] = {"driver", "link", "chain", NULL};
    struct qp_rational ratio = {0, 0};
    const char *text;
    double f64;
    int64_t i64;
    unsigned choice;
    bool flag;
    char path[40];

    REQUIRE(strlen(qp_node_path(node, path, sizeof(path))) < sizeof(path));
    if (qp_node_i64(node, -5, 1 << 20, &i64, report) == 0)
        REQUIRE(i64 >= -5 && i64 <= 1 << 20);
    if (qp_node_f64(node, 0, 1, &f64, report) == 0)
        REQUIRE(f64 >= 0 && f64 <= 1);
    if (qp_node_rational(node, &ratio, report) == 0)
        REQUIRE(ratio.num > 0 && ratio.den > 0);
    if (qp_node_enum(node, names, 3, &choice, report) == 0)
        REQUIRE(choice < 3);
    if (qp_node_str(node, 10, &text, report) == 0)
        REQUIRE(strlen(text) <= 10);
    (void)qp_node_bool(node, &flag, report);
    if (cJSON_IsObject(node->json))
        (void)qp_node_known(node, known, report);
}

/* Depth is bounded by the limits below. */
static void walk(const struct qp_node *node, struct qp_report *report)
{
    const cJSON *child;
    size_t i = 0;

    read_value(node, report);
    cJSON_ArrayForEach(child, node->json)
    {
        struct qp_node member = qp_node_at(node, child, i++);

        if (cJSON_IsObject(node->json) && i <= 100) {
            member = qp_node_member(node, child->string);
            REQUIRE(member.json == child); /* the first of that name is the only one */
        }
        walk(&member, report);
    }
}

static void check_round_trip(const cJSON *json, const struct qp_json_limits *limits)
{
    char *text = cJSON_PrintUnformatted(json), *again;
    cJSON *copy = NULL;

    REQUIRE(text);
    REQUIRE(qp_json_parse(&copy, text, strlen(text), limits, NULL) == 0);
    again = cJSON_PrintUnformatted(copy);
    REQUIRE(again && strcmp(text, again) == 0);
    cJSON_free(text);
    cJSON_free(again);
    cJSON_Delete(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Printing makes control characters six times as long. */
    static const struct qp_json_limits limits = {1 << 20, 30, 10000}, more = {8 << 20, 30, 10000};
    struct qp_diag diag = {""};
    struct qp_report report = {0};
    cJSON *json = NULL;
    int r = qp_json_parse(&json, (const char *)data, size, &limits, &diag);

    REQUIRE(r == 0 || r == -EINVAL || r == -E2BIG);
    REQUIRE(!json == (r < 0) && !diag.text[0] == (r == 0));
    if (json) {
        struct qp_node root = qp_node_root(json);

        walk(&root, &report);
        check_round_trip(json, &more);
        qp_report_finish(&report);
        cJSON_Delete(json);
    }
    return 0;
}
