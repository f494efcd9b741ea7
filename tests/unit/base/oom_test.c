/* SPDX-License-Identifier: Apache-2.0 */
/* oom_test.c - without memory (oom.h): -ENOMEM or a finding less, results untouched, nothing
 * leaked. */
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "protocols/base/file.h"
#include "protocols/base/opt.h"
#include "tests/support/oom.h"

static const char document[] =
    "{\"name\":\"n\",\"mode\":\"m\",\"list\":[1,2,{\"a\":1,\"b\":\"two\"}],\"rest\":null}";

static bool parse(void)
{
    cJSON *json = NULL;
    struct qp_diag diag = {""};
    int r = qp_json_parse(&json, document, sizeof(document) - 1, NULL, &diag);

    T_CHECK(r == 0 || (r == -ENOMEM && !json && strstr(diag.text, "memory")));
    cJSON_Delete(json);
    return r == 0;
}

TEST(json_parse)
{
    oom_try_all(parse, 15);
}

static char file[] = "oom-XXXXXX";

static bool load(void)
{
    cJSON *json = NULL;
    struct qp_diag diag = {""};
    int r = qp_json_load(&json, file, NULL, &diag);

    T_CHECK(r == 0 || (r == -ENOMEM && !json && diag.text[0]));
    cJSON_Delete(json);
    return r == 0;
}

TEST(json_load)
{
    const char *tmp = getenv("TMPDIR");
    int fd;

    T_CHECK(chdir(tmp ? tmp : P_tmpdir) == 0);
    fd = mkstemp(file);
    T_CHECK(fd >= 0 && write(fd, document, sizeof(document) - 1) == sizeof(document) - 1);
    close(fd);
    oom_try_all(load, 16);
    unlink(file);
}

/* Files in /proc have no size: the buffer must grow. */
static bool read_growing(void)
{
    char *text = NULL;
    size_t len = 7;
    int r = qp_file_read("/proc/self/status", 1 << 20, &text, &len, NULL);

    T_CHECK(r == 0 || (r == -ENOMEM && !text && len == 7));
    free(text);
    return r == 0;
}

TEST(file_read)
{
    oom_try_all(read_growing, 5);
}

/* A finding that cannot be kept is still counted. */
static bool report_some(void)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    bool whole;

    for (int i = 0; i < 20; i++)
        T_EQ(qp_report_add(&report, QP_SEVERITY_ERROR, "path", "remedy", "text %d", i), -EINVAL);
    T_EQ(report.n_errors, 20);
    T_CHECK(report.n >= 19);
    T_EQ(qp_report_diag(&report, &diag), -EINVAL);
    T_CHECK(diag.text[0]);
    whole = report.n == 20;
    for (size_t i = 0; i < report.n; i++)
        T_CHECK(report.items[i].path && report.items[i].text && report.items[i].remedy);
    qp_report_finish(&report);
    return whole;
}

TEST(report)
{
    oom_try_all(report_some, 60);
}

static bool report_one(void)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    bool whole;

    (void)qp_report_add(&report, QP_SEVERITY_ERROR, "p", "r", "t");
    whole = report.n == 1;
    T_EQ(report.n_errors, 1);
    T_EQ(qp_report_diag(&report, &diag), -EINVAL);
    T_CHECK(strcmp(diag.text,
                   whole ? "p: t (r)" : "1 errors, the first of which could not be kept") == 0);
    qp_report_finish(&report);
    return whole;
}

TEST(report_of_one)
{
    oom_try_all(report_one, 4);
}

struct cfg {
    char *name, *mode, *other;
};

static const struct qp_opt opts[] = {
    QP_OPT_STR(struct cfg, name, 9, NULL, QP_OPT_REQUIRED, "name"),
    QP_OPT_STR(struct cfg, mode, 9, "auto", 0, "mode"),
    QP_OPT_STR(struct cfg, other, 9, "default", 0, "other"),
    {0},
};

static bool read_opts(void)
{
    static const char *const others[] = {"list", "rest", NULL};
    struct cfg cfg = {0};
    struct qp_report report = {0};
    cJSON *json = NULL;
    struct qp_node root;
    int r = qp_json_parse(&json, document, sizeof(document) - 1, NULL, NULL);

    if (r == 0) {
        root = qp_node_root(json);
        r = qp_opts_read(opts, &root, others, &cfg, &report);
    }
    T_CHECK(r == 0 || r == -ENOMEM);
    T_EQ(report.n_errors, 0);
    T_CHECK(r < 0 || (strcmp(cfg.name, "n") == 0 && strcmp(cfg.mode, "m") == 0 &&
                      strcmp(cfg.other, "default") == 0));
    qp_opts_finish(opts, &cfg);
    qp_report_finish(&report);
    cJSON_Delete(json);
    return r == 0;
}

TEST(options)
{
    oom_try_all(read_opts, 20);
}
