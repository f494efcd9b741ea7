/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - many findings about one document, each with its place and its remedy.
 *
 * Where qp_diag carries the one sentence that stopped a call, a report carries everything that is
 * wrong with a file, so that a person corrects it in one go. Not thread-safe; one owner. */
#ifndef PROTOCOLS_BASE_REPORT_H
#define PROTOCOLS_BASE_REPORT_H

#include <stddef.h>

#include "protocols/base/diag.h"

#define QP_REPORT_MAX 1000 /* findings kept; further ones are only counted */

enum qp_severity { QP_SEVERITY_WARNING, QP_SEVERITY_ERROR };

struct qp_finding {
    enum qp_severity severity;
    char *path;   /* JSON path, "outputs[2].chain[0]"; "" for the whole document */
    char *text;   /* what is wrong */
    char *remedy; /* what to do about it; "" if the text says it */
};

struct qp_report {
    struct qp_finding *items; /* owned; n of them, in the order found */
    size_t n, cap;
    size_t n_errors, n_warnings; /* including those beyond QP_REPORT_MAX */
};

/* A zeroed struct is an empty report. finish frees the findings and zeroes it again; NULL is fine.
 */
void qp_report_finish(struct qp_report *report);

/* Add a finding; path and remedy are copied, remedy may be NULL. Control characters come out
 * escaped; a text is cut at 1 KiB. report may be NULL (nothing is
 * kept). Returns -EINVAL for an error and 0 for a warning, so that a check is one statement. When
 * memory runs out the finding is counted and not kept. */
int qp_report_add(struct qp_report *report, enum qp_severity severity, const char *path,
                  const char *remedy, const char *fmt, ...) QP_PRINTF(5, 6);

/* The first error as one sentence "path: text (remedy)" in diag. Returns -EINVAL, or 0 when there
 * is no error (diag untouched). */
int qp_report_diag(const struct qp_report *report, struct qp_diag *diag);

#endif
