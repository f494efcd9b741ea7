/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/report.h"

#include <string.h>

#include "tests/support/t.h"

TEST(findings_are_kept_in_order)
{
    struct qp_report report = {0};

    T_EQ(qp_report_add(&report, QP_SEVERITY_WARNING, "a", "r", "gap of %d", 3), 0);
    T_EQ(qp_report_add(&report, QP_SEVERITY_ERROR, "b[1]", NULL, "bad"), -EINVAL);
    T_EQ(report.n, 2);
    T_EQ(report.n_errors, 1);
    T_EQ(report.n_warnings, 1);
    T_EQ(report.items[0].severity, QP_SEVERITY_WARNING);
    T_CHECK(strcmp(report.items[0].text, "gap of 3") == 0);
    T_CHECK(strcmp(report.items[0].remedy, "r") == 0);
    T_CHECK(strcmp(report.items[1].path, "b[1]") == 0);
    T_CHECK(strcmp(report.items[1].remedy, "") == 0);
    qp_report_finish(&report);
    T_EQ(report.n, 0);
    T_CHECK(!report.items);
    qp_report_finish(&report);
    qp_report_finish(NULL);
}

TEST(first_error_becomes_a_sentence)
{
    struct qp_report report = {0};
    struct qp_diag diag = {"untouched"};

    T_EQ(qp_report_diag(NULL, &diag), 0);
    T_EQ(qp_report_diag(&report, &diag), 0);
    (void)qp_report_add(&report, QP_SEVERITY_WARNING, "w", NULL, "only a warning");
    T_EQ(qp_report_diag(&report, &diag), 0);
    T_CHECK(strcmp(diag.text, "untouched") == 0);
    (void)qp_report_add(&report, QP_SEVERITY_ERROR, "x.y", "fix it", "is wrong");
    (void)qp_report_add(&report, QP_SEVERITY_ERROR, "z", NULL, "second");
    T_EQ(qp_report_diag(&report, &diag), -EINVAL);
    T_CHECK(strcmp(diag.text, "x.y: is wrong (fix it)") == 0);
    T_EQ(qp_report_diag(&report, NULL), -EINVAL);
    qp_report_finish(&report);
    (void)qp_report_add(&report, QP_SEVERITY_ERROR, "", NULL, "whole document");
    T_EQ(qp_report_diag(&report, &diag), -EINVAL);
    T_CHECK(strcmp(diag.text, "whole document") == 0);
    qp_report_finish(&report);
}

TEST(findings_are_bounded)
{
    struct qp_report report = {0};
    struct qp_diag diag;

    for (int i = 0; i < QP_REPORT_MAX; i++)
        (void)qp_report_add(&report, QP_SEVERITY_WARNING, "p", NULL, "t");
    for (int i = 0; i < 10; i++)
        (void)qp_report_add(&report, QP_SEVERITY_ERROR, "p", NULL, "t");
    T_EQ(report.n, QP_REPORT_MAX);
    T_EQ(report.n_warnings, QP_REPORT_MAX);
    T_EQ(report.n_errors, 10);
    T_EQ(qp_report_diag(&report, &diag), -EINVAL);
    T_CHECK(strncmp(diag.text, "10 errors", 9) == 0);
    qp_report_finish(&report);
}

TEST(text_from_outside_is_escaped_and_cut)
{
    struct qp_report report = {0};
    char text[5000];

    memset(text, 'x', sizeof(text));
    text[0] = '\x1b';
    text[sizeof(text) - 1] = '\0';
    (void)qp_report_add(&report, QP_SEVERITY_ERROR, text, text, "%s", text);
    T_CHECK(strncmp(report.items[0].text, "\\x1bxx", 6) == 0);
    T_CHECK(strncmp(report.items[0].path, "\\x1bxx", 6) == 0);
    T_CHECK(strlen(report.items[0].text) < 1024);
    qp_report_finish(&report);
}

TEST(a_report_is_optional)
{
    T_EQ(qp_report_add(NULL, QP_SEVERITY_ERROR, "p", NULL, "t"), -EINVAL);
    T_EQ(qp_report_add(NULL, QP_SEVERITY_WARNING, "p", NULL, "t"), 0);
}
