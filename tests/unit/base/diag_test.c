/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/diag.h"

#include <string.h>

#include "tests/support/t.h"

TEST(set_formats_and_returns_the_code)
{
    struct qp_diag diag;

    T_EQ(qp_diag_set(&diag, -ERANGE, "port %d: %s", 3, "no"), -ERANGE);
    T_CHECK(strcmp(diag.text, "port 3: no") == 0);
    T_EQ(qp_diag_set(NULL, -EINVAL, "nobody listens"), -EINVAL);
}

TEST(prefix_keeps_the_message)
{
    struct qp_diag diag;

    (void)qp_diag_set(&diag, 0, "the end");
    T_EQ(qp_diag_prefix(&diag, -EIO, "file %d", 1), -EIO);
    T_CHECK(strcmp(diag.text, "file 1: the end") == 0);
    T_EQ(qp_diag_prefix(NULL, -EIO, "x"), -EIO);
}

TEST(what_is_too_long_is_cut)
{
    struct qp_diag diag;
    char text[2000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)qp_diag_set(&diag, 0, "%s", text);
    T_EQ(strlen(diag.text), sizeof(diag.text) - 1);
    (void)qp_diag_prefix(&diag, 0, "front");
    T_EQ(strlen(diag.text), sizeof(diag.text) - 1);
    T_CHECK(strncmp(diag.text, "front: xxx", 10) == 0);
    for (int len = 505; len < 520; len++) {
        (void)qp_diag_set(&diag, 0, "old");
        (void)qp_diag_prefix(&diag, 0, "%.*s", len, text);
        T_CHECK(strlen(diag.text) <= sizeof(diag.text) - 1);
        T_CHECK(diag.text[500] == 'x');
    }
}
