/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/csv.h"

#include <errno.h>
#include <string.h>

#include "tests/support/t.h"

static int points(const char *text, struct wall_point **ret, uint32_t *ret_n, struct qp_diag *diag)
{
    char *copy = strdup(text);
    int err = csv_parse_points(copy, strlen(text), ret, ret_n, diag);

    free(copy);
    return err;
}

TEST(points_as_people_write_them)
{
    struct wall_point *p = NULL;
    uint32_t n = 0;

    T_EQ(points("\xef\xbb\xbfx, y\r\n# a comment\r\n 0.5 ,\t1.25\r\n\r\n1e1,2\n3,4", &p, &n, NULL),
         0);
    T_EQ(n, 3);
    T_CHECK(p[0].x == 0.5f && p[0].y == 1.25f && p[1].x == 10.0f && p[2].y == 4.0f);
    free(p);
}

TEST(points_errors_name_the_line)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "no LED"},
        {"x,y\n", "no LED"},
        {"1,1\n2\n", "line 2: 1 field "},
        {"1,1\n2,2,2\n", "line 2: 3 fields"},
        {"1;1\n", "commas"},
        {"1,1\n\n\n2,b\n", "line 4: \"b\" is not a number"},
        {"1,1\nx,y\n", "line 2"},
        {"1,-1\n", "line 1: -1 is not in"},
        {"1,65537\n", "not in"},
        {"1,\n", "not a number"},
        {"1,1.\n", "not a number"},
        {"1,0x10\n", "not a number"},
        {"1,nan\n", "not a number"},
        {"1,inf\n", "not a number"},
        {"1,+1\n", "not a number"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wall_point *p = NULL;
        struct qp_diag d = {""};
        uint32_t n = 7;
        int err = points(bad[i].text, &p, &n, &d);

        if (err != -EINVAL || !strstr(d.text, bad[i].says))
            fprintf(stderr, "# %zu: %d %s\n", i, err, d.text);
        T_EQ(err, -EINVAL);
        T_CHECK(strstr(d.text, bad[i].says));
        T_CHECK(p == NULL && n == 7);
    }
}

TEST(points_refuse_zero_bytes)
{
    char text[] = "1,1\n\0,2\n";
    struct wall_point *p = NULL;
    struct qp_diag d = {""};
    uint32_t n;

    T_EQ(csv_parse_points(text, sizeof(text) - 1, &p, &n, &d), -EINVAL);
    T_CHECK(strstr(d.text, "zero byte"));
}

TEST(gains_count_their_lines)
{
    struct qp_diag d = {""};
    uint16_t *g = NULL;
    char ok[] = "r,g,b\n1,0,1.9999\n0.25,1,1\n", few[] = "1,1,1", many[] = "1,1,1\n1,1,1\n1,1,1\n",
         large[] = "1,2,1\n1,1,1\n", blank[] = "\n\n\n\n";

    T_EQ(csv_parse_gains(ok, strlen(ok), 2, &g, &d), 0);
    T_CHECK(g[0] == 32768 && g[1] == 0 && g[2] == 65533 && g[3] == 8192);
    free(g);
    T_EQ(csv_parse_gains(few, strlen(few), 2, &g, &d), -EINVAL);
    T_CHECK(strstr(d.text, "fewer"));
    T_EQ(csv_parse_gains(many, strlen(many), 2, &g, &d), -EINVAL);
    T_CHECK(strstr(d.text, "line 3"));
    T_EQ(csv_parse_gains(large, strlen(large), 2, &g, &d), -EINVAL);
    T_CHECK(strstr(d.text, "line 1: 2 is not in"));
    T_EQ(csv_parse_gains(blank, strlen(blank), 2, &g, &d), -EINVAL);
    T_CHECK(strstr(d.text, "0 lines"));
}

/* The quick way through a plain number and the strict parser agree to the last bit. */
TEST(points_are_rounded_correctly)
{
    static const char *const numbers[] = {"0.1",       "123.456", "65535.999999", "0.000001",
                                          "1.0000001", "3.3333",  "12345.678901", "7"};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct wall_point *p = NULL;
        uint32_t n = 0;
        char text[64];

        snprintf(text, sizeof(text), "%s,%se0", numbers[i], numbers[i]);
        T_EQ(points(text, &p, &n, NULL), 0);
        T_CHECK(p[0].x == (float)strtod(numbers[i], NULL) && p[0].x == p[0].y);
        free(p);
    }
}
