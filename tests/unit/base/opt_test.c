/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/opt.h"

#include <string.h>

#include "tests/support/t.h"

struct cfg {
    uint32_t port;
    double gamma;
    bool hot;
    char *nic;
    char *mode;
    unsigned order;
    char *backup;
};

static const char *const orders[] = {"rgb", "grb", "bgr"};
static const struct qp_opt opts[] = {
    QP_OPT_U32(struct cfg, port, 1, 65535, 6454, 0, "UDP port"),
    QP_OPT_F64(struct cfg, gamma, 1, 3, 2.2, 0, "exponent"),
    QP_OPT_BOOL(struct cfg, hot, true, 0, "send on both ports"),
    QP_OPT_STR(struct cfg, nic, 15, NULL, QP_OPT_REQUIRED, "interface"),
    QP_OPT_STR(struct cfg, mode, 15, "auto", 0, "firmware"),
    QP_OPT_ENUM(struct cfg, order, orders, 1, 0, "colour order"),
    QP_OPT_STR(struct cfg, backup, 0, NULL, 0, "second interface"),
    {0},
};

static cJSON *json;
static struct qp_report report;

static int read_cfg(const char *text, struct cfg *cfg)
{
    static const char *const others[] = {"chain", NULL};
    struct qp_node root;

    cJSON_Delete(json);
    json = NULL;
    qp_report_finish(&report);
    T_EQ(qp_json_parse(&json, text, strlen(text), NULL, NULL), 0);
    root = qp_node_root(json);
    return qp_opts_read(opts, &root, others, cfg, &report);
}

static void finish(struct cfg *cfg)
{
    qp_opts_finish(opts, cfg);
    T_CHECK(!cfg->nic && !cfg->mode);
    qp_opts_finish(opts, cfg);
    cJSON_Delete(json);
    json = NULL;
    qp_report_finish(&report);
}

TEST(defaults)
{
    struct cfg cfg = {0};

    T_EQ(read_cfg("{\"nic\":\"eth0\"}", &cfg), 0);
    T_EQ(cfg.port, 6454);
    T_CHECK(cfg.gamma == 2.2 && cfg.hot);
    T_CHECK(strcmp(cfg.nic, "eth0") == 0 && strcmp(cfg.mode, "auto") == 0);
    T_EQ(cfg.order, 1);
    T_CHECK(!cfg.backup);
    T_EQ(report.n, 0);
    finish(&cfg);
}

TEST(values_and_members_of_others)
{
    struct cfg cfg = {0};

    T_EQ(read_cfg("{\"nic\":\"a\",\"port\":1,\"gamma\":3,\"hot\":false,\"mode\":\"m\","
                  "\"order\":\"bgr\",\"chain\":[],\"comment\":\"c\"}",
                  &cfg),
         0);
    T_EQ(cfg.port, 1);
    T_CHECK(cfg.gamma == 3 && !cfg.hot && strcmp(cfg.mode, "m") == 0);
    T_EQ(cfg.order, 2);
    finish(&cfg);
}

TEST(every_error_is_reported_at_once)
{
    struct cfg cfg = {0};

    T_EQ(read_cfg("{\"port\":0,\"gamma\":\"x\",\"hot\":1,\"order\":\"rbg\",\"prot\":1,"
                  "\"mode\":\"sixteen letters.\"}",
                  &cfg),
         -EINVAL);
    T_EQ(report.n_errors, 7); /* nic is missing */
    T_CHECK(strcmp(report.items[0].path, "prot") == 0);
    T_CHECK(strcmp(report.items[0].remedy, "did you mean \"port\"?") == 0);
    T_CHECK(strcmp(report.items[1].text, "0 is not in 1..65535") == 0);
    T_EQ(cfg.port, 6454);
    finish(&cfg);
}

TEST(an_absent_object_means_defaults)
{
    struct qp_node none = qp_node_root(NULL);
    struct cfg cfg = {0};

    T_EQ(qp_opts_read(opts, &none, NULL, &cfg, &report), -EINVAL); /* nic is required */
    T_EQ(report.n_errors, 1);
    T_EQ(cfg.port, 6454);
    qp_report_finish(&report);
    T_EQ(qp_opts_read(opts + 4, &none, NULL, &cfg, &report), 0);
    T_CHECK(strcmp(cfg.mode, "auto") == 0);
    finish(&cfg);
}

TEST(what_is_no_object_is_one_error)
{
    struct cfg cfg = {0};

    T_EQ(read_cfg("[1]", &cfg), -EINVAL);
    T_EQ(report.n_errors, 1);
    finish(&cfg);
    qp_opts_finish(opts, NULL);
}

TEST(describe_is_the_reference)
{
    static const char want[] =
        "port             integer 1..65535; default 6454; UDP port\n"
        "gamma            number 1..3; default 2.2; exponent\n"
        "hot              true|false; default true; send on both ports\n"
        "nic              string of 1..15 bytes; required; interface\n"
        "mode             string of 1..15 bytes; default \"auto\"; firmware\n"
        "order            rgb|grb|bgr; default grb; colour order\n"
        "backup           string; default: none; second interface\n";
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    T_CHECK(f);
    qp_opts_describe(opts, f);
    fclose(f);
    if (strcmp(text, want) != 0) {
        fprintf(stderr, "%s", text);
        exit(1);
    }
    free(text);
}
