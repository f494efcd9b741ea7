/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/opt.h"

#include <stdlib.h>
#include <string.h>

static void *field(const struct qp_opt *opt, void *cfg)
{
    return (char *)cfg + opt->offset;
}

static size_t count_opts(const struct qp_opt *opts)
{
    size_t n = 0;

    while (opts[n].type != QP_OPT_TYPE_END)
        n++;
    return n;
}

static size_t count_names(const char *const *names)
{
    size_t n = 0;

    while (names && names[n])
        n++;
    return n;
}

static int set_str(char **to, const char *text)
{
    char *copy = NULL;

    if (text) {
        copy = strdup(text);
        if (!copy)
            return -ENOMEM;
    }
    free(*to);
    *to = copy;
    return 0;
}

static int set_default(const struct qp_opt *opt, void *cfg)
{
    void *to = field(opt, cfg);

    switch (opt->type) {
    case QP_OPT_TYPE_U32:
        *(uint32_t *)to = (uint32_t)opt->def;
        break;
    case QP_OPT_TYPE_F64:
        *(double *)to = opt->def;
        break;
    case QP_OPT_TYPE_BOOL:
        *(bool *)to = opt->def != 0;
        break;
    case QP_OPT_TYPE_STR:
        return set_str(to, opt->def_str);
    case QP_OPT_TYPE_ENUM:
        *(unsigned *)to = (unsigned)opt->def;
        break;
    case QP_OPT_TYPE_END:
        break;
    }
    return 0;
}

static int read_str(const struct qp_opt *opt, const struct qp_node *node, char **to,
                    struct qp_report *report)
{
    const char *text;
    int r = qp_node_str(node, (size_t)opt->max, &text, report);

    return r < 0 ? r : set_str(to, text);
}

static int read_opt(const struct qp_opt *opt, const struct qp_node *node, void *cfg,
                    struct qp_report *report)
{
    void *to = field(opt, cfg);

    switch (opt->type) {
    case QP_OPT_TYPE_U32:
        return qp_node_u32(node, (uint32_t)opt->min, (uint32_t)opt->max, to, report);
    case QP_OPT_TYPE_F64:
        return qp_node_f64(node, opt->min, opt->max, to, report);
    case QP_OPT_TYPE_BOOL:
        return qp_node_bool(node, to, report);
    case QP_OPT_TYPE_STR:
        return read_str(opt, node, to, report);
    case QP_OPT_TYPE_ENUM:
        return qp_node_enum(node, opt->names, opt->n_names, to, report);
    case QP_OPT_TYPE_END:
        break;
    }
    return 0;
}

/* The names of the table and the caller's own in one list, for the check of unknown members. */
static int check_known(const struct qp_opt *opts, const struct qp_node *node,
                       const char *const *others, struct qp_report *report)
{
    size_t n_opts = count_opts(opts), n_others = count_names(others);
    const char **known = calloc(n_opts + n_others + 1, sizeof(*known));
    int r;

    if (!known)
        return -ENOMEM;
    for (size_t i = 0; i < n_opts; i++)
        known[i] = opts[i].name;
    for (size_t i = 0; i < n_others; i++)
        known[n_opts + i] = others[i];
    r = qp_node_known(node, known, report);
    free(known);
    return r;
}

int qp_opts_read(const struct qp_opt *opts, const struct qp_node *node, const char *const *others,
                 void *cfg, struct qp_report *report)
{
    int result = 0;

    for (const struct qp_opt *opt = opts; opt->type != QP_OPT_TYPE_END; opt++) {
        if (set_default(opt, cfg) < 0)
            return -ENOMEM;
    }
    if (node->json) {
        result = check_known(opts, node, others, report);
        if (result == -ENOMEM || !cJSON_IsObject(node->json))
            return result;
    }
    for (const struct qp_opt *opt = opts; opt->type != QP_OPT_TYPE_END; opt++) {
        struct qp_node member = qp_node_member(node, opt->name);
        int r;

        if (!member.json && !(opt->flags & QP_OPT_REQUIRED))
            continue;
        r = read_opt(opt, &member, cfg, report);
        if (r == -ENOMEM)
            return r;
        if (r < 0)
            result = r;
    }
    return result;
}

void qp_opts_finish(const struct qp_opt *opts, void *cfg)
{
    if (!cfg)
        return;
    for (const struct qp_opt *opt = opts; opt->type != QP_OPT_TYPE_END; opt++) {
        if (opt->type == QP_OPT_TYPE_STR)
            (void)set_str(field(opt, cfg), NULL); /* cannot fail: nothing is copied */
    }
}

static void describe_type(const struct qp_opt *opt, FILE *out)
{
    switch (opt->type) {
    case QP_OPT_TYPE_U32:
        fprintf(out, "integer %.0f..%.0f", opt->min, opt->max);
        break;
    case QP_OPT_TYPE_F64:
        fprintf(out, "number %g..%g", opt->min, opt->max);
        break;
    case QP_OPT_TYPE_BOOL:
        fprintf(out, "true|false");
        break;
    case QP_OPT_TYPE_STR:
        fprintf(out, "string");
        if (opt->max > 0)
            fprintf(out, " of 1..%.0f bytes", opt->max);
        break;
    case QP_OPT_TYPE_ENUM:
        for (size_t i = 0; i < opt->n_names; i++)
            fprintf(out, "%s%s", i ? "|" : "", opt->names[i]);
        break;
    case QP_OPT_TYPE_END:
        break;
    }
}

static void describe_default(const struct qp_opt *opt, FILE *out)
{
    if (opt->flags & QP_OPT_REQUIRED) {
        fprintf(out, "required");
        return;
    }
    switch (opt->type) {
    case QP_OPT_TYPE_U32:
    case QP_OPT_TYPE_F64:
        fprintf(out, "default %.10g", opt->def);
        break;
    case QP_OPT_TYPE_BOOL:
        fprintf(out, "default %s", opt->def != 0 ? "true" : "false");
        break;
    case QP_OPT_TYPE_STR:
        if (opt->def_str)
            fprintf(out, "default \"%s\"", opt->def_str);
        else
            fprintf(out, "default: none");
        break;
    case QP_OPT_TYPE_ENUM:
        fprintf(out, "default %s", opt->names[(size_t)opt->def]);
        break;
    case QP_OPT_TYPE_END:
        break;
    }
}

void qp_opts_describe(const struct qp_opt *opts, FILE *out)
{
    for (const struct qp_opt *opt = opts; opt->type != QP_OPT_TYPE_END; opt++) {
        fprintf(out, "%-16s ", opt->name);
        describe_type(opt, out);
        fprintf(out, "; ");
        describe_default(opt, out);
        fprintf(out, "; %s\n", opt->help ? opt->help : "");
    }
}
