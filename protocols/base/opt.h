/* SPDX-License-Identifier: Apache-2.0 */
/* opt.h - a JSON object read into a struct by a table: types, ranges, defaults, unknown keys.
 *
 * A module keeps its table beside its struct; the table is also its reference documentation
 * (qp_opts_describe) and what the JSON Schema is checked against in the tests. */
#ifndef PROTOCOLS_BASE_OPT_H
#define PROTOCOLS_BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "protocols/base/json.h"

enum qp_opt_type {
    QP_OPT_TYPE_END,
    QP_OPT_TYPE_U32,
    QP_OPT_TYPE_F64,
    QP_OPT_TYPE_BOOL,
    QP_OPT_TYPE_STR, /* char *, strdup()ed, owned by the struct */
    QP_OPT_TYPE_ENUM /* unsigned */
};

enum qp_opt_flags { QP_OPT_REQUIRED = 1 << 0 };

struct qp_opt {
    const char *name;
    enum qp_opt_type type;
    size_t offset;
    double min, max;          /* U32, F64; STR: max = longest length in bytes */
    double def;               /* U32, F64, BOOL, ENUM */
    const char *def_str;      /* STR; NULL: stays NULL */
    const char *const *names; /* ENUM; n_names of them */
    size_t n_names;
    unsigned flags; /* enum qp_opt_flags */
    const char *help;
};

#define QP_OPT_U32(s, f, lo, hi, d, fl, h)                                                         \
    {                                                                                              \
        .name = #f, .type = QP_OPT_TYPE_U32, .offset = offsetof(s, f), .min = (lo), .max = (hi),   \
        .def = (d), .flags = (fl), .help = (h)                                                     \
    }
#define QP_OPT_F64(s, f, lo, hi, d, fl, h)                                                         \
    {                                                                                              \
        .name = #f, .type = QP_OPT_TYPE_F64, .offset = offsetof(s, f), .min = (lo), .max = (hi),   \
        .def = (d), .flags = (fl), .help = (h)                                                     \
    }
#define QP_OPT_BOOL(s, f, d, fl, h)                                                                \
    {                                                                                              \
        .name = #f, .type = QP_OPT_TYPE_BOOL, .offset = offsetof(s, f), .def = (d), .flags = (fl), \
        .help = (h)                                                                                \
    }
#define QP_OPT_STR(s, f, maxlen, d, fl, h)                                                         \
    {                                                                                              \
        .name = #f, .type = QP_OPT_TYPE_STR, .offset = offsetof(s, f), .max = (maxlen),            \
        .def_str = (d), .flags = (fl), .help = (h)                                                 \
    }
#define QP_OPT_ENUM(s, f, nm, d, fl, h)                                                            \
    {                                                                                              \
        .name = #f, .type = QP_OPT_TYPE_ENUM, .offset = offsetof(s, f), .names = (nm),             \
        .n_names = QP_ARRAY_LEN(nm), .def = (d), .flags = (fl), .help = (h)                        \
    }

/* Write the defaults, then read the object's members over them. cfg must be zeroed or a struct that
 * qp_opts_finish() has seen. Unknown members are errors unless `others` (NULL-terminated, may be
 * NULL) names them: members the caller reads itself. node->json may be NULL (absent): defaults.
 * A required member that is absent is an error even if the whole object is absent. Returns 0, or
 * -EINVAL with the findings in report, or -ENOMEM; then cfg holds what could be read and still
 * wants qp_opts_finish(). */
QP_MUST_CHECK int qp_opts_read(const struct qp_opt *opts, const struct qp_node *node,
                               const char *const *others, void *cfg, struct qp_report *report);

/* Free the strings of cfg and set them to NULL. */
void qp_opts_finish(const struct qp_opt *opts, void *cfg);

/* One line an option: name, type, range, default, help. */
void qp_opts_describe(const struct qp_opt *opts, FILE *out);

#endif
