/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - JSON documents from people: bounded, strict, and every complaint with its place.
 *
 * The parser is cJSON; what it tolerates and we do not (duplicate keys, bytes after the document,
 * too deep, too large, numbers beyond a double or of more than 63 characters, invalid UTF-8, half
 * surrogate pairs, NUL as a byte or as \u0000) is refused here. A byte order mark in front is
 * skipped. Pure code: no thread of its own, any thread may call. */
#ifndef PROTOCOLS_BASE_JSON_H
#define PROTOCOLS_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/base/rational.h"
#include "protocols/base/report.h"

struct qp_json_limits {
    size_t max_bytes;
    unsigned max_depth; /* nesting of arrays and objects, checked before cJSON recurses; what is
                         * greater than 1000 means 1000 */
    size_t max_values;  /* values of any kind in the document */
};

/* 64 MiB, 64 levels, 20 million values: a 10 000 cabinet wall is about 1 MB. */
extern const struct qp_json_limits qp_json_default_limits;

/* Parse text (need not be NUL-terminated). limits may be NULL for the defaults. On success *ret is
 * a new tree for cJSON_Delete(). Returns 0, -EINVAL (syntax, duplicate key, encoding; diag names
 * line and column), -E2BIG (a limit) or -ENOMEM. */
QP_MUST_CHECK int qp_json_parse(cJSON **ret, const char *text, size_t len,
                                const struct qp_json_limits *limits, struct qp_diag *diag);

/* The same from a file; diag begins with the file's name. Also returns the errno of open/read
 * (-ENOENT, -EACCES, -EISDIR ...). */
QP_MUST_CHECK int qp_json_load(cJSON **ret, const char *file, const struct qp_json_limits *limits,
                               struct qp_diag *diag);

/* A value with the way that led to it. Lives on the reader's stack: parent is borrowed and must
 * outlive the node. key is borrowed from the tree (or a literal); NULL for an array element. */
struct qp_node {
    const cJSON *json; /* NULL: the member is absent */
    const struct qp_node *parent;
    const char *key;
    size_t index;
};

struct qp_node qp_node_root(const cJSON *json);
struct qp_node qp_node_member(const struct qp_node *parent, const char *key); /* exact case */
/* i-th element; for a walk over a long array use qp_node_at with a cJSON_ArrayForEach cursor. */
struct qp_node qp_node_at(const struct qp_node *parent, const cJSON *element, size_t index);

/* "outputs[2].link.nic" into buf, cut with "..." at the front if it does not fit; returns buf. */
const char *qp_node_path(const struct qp_node *node, char *buf, size_t cap);

/* Add an error or a warning at this place. Error returns -EINVAL, warning returns 0. */
int qp_node_error(const struct qp_node *node, struct qp_report *report, const char *remedy,
                  const char *fmt, ...) QP_PRINTF(4, 5);
#ifdef __clang_analyzer__
#include <errno.h>
#define qp_node_error(...) ((void)(qp_node_error)(__VA_ARGS__), -EINVAL) /* as qp_diag_set() */
#endif
int qp_node_warn(const struct qp_node *node, struct qp_report *report, const char *remedy,
                 const char *fmt, ...) QP_PRINTF(4, 5);

/* Typed readers. Each returns 0 and writes *ret, or adds an error to the report, returns -EINVAL
 * and leaves *ret alone. An absent value is an error: test node.json first where it is optional.
 * Integers must be exact (1.0 is accepted, 1.5 is not); numbers must be finite. A rational is an
 * integer, a decimal number (taken exactly as written to six places) or a string "60000/1001". */
int qp_node_i64(const struct qp_node *node, int64_t min, int64_t max, int64_t *ret,
                struct qp_report *report);
int qp_node_u32(const struct qp_node *node, uint32_t min, uint32_t max, uint32_t *ret,
                struct qp_report *report);
int qp_node_f64(const struct qp_node *node, double min, double max, double *ret,
                struct qp_report *report);
int qp_node_bool(const struct qp_node *node, bool *ret, struct qp_report *report);
/* Borrowed from the tree. max_len in bytes; an empty string is an error unless max_len is 0,
 * which means "any length, empty allowed". */
int qp_node_str(const struct qp_node *node, size_t max_len, const char **ret,
                struct qp_report *report);
int qp_node_rational(const struct qp_node *node, struct qp_rational *ret, struct qp_report *report);
/* One of names[0 .. n-1]; the error lists them all and guesses what was meant. */
int qp_node_enum(const struct qp_node *node, const char *const *names, size_t n, unsigned *ret,
                 struct qp_report *report);
int qp_node_is_array(const struct qp_node *node, struct qp_report *report);
int qp_node_is_object(const struct qp_node *node, struct qp_report *report);
/* Every member of the object must be one of known[] (NULL-terminated); each unknown one is an
 * error that guesses the nearest known name. "$schema" and "comment" are always allowed. */
int qp_node_known(const struct qp_node *node, const char *const *known, struct qp_report *report);

#endif
