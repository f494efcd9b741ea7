/* SPDX-License-Identifier: Apache-2.0 */
/* diag.h - the sentence that goes with an error code.
 *
 * Functions return 0 (or a useful non-negative number) on success and a negative errno on failure.
 * Where a person will read the reason, the last parameter is a struct qp_diag *. */
#ifndef PROTOCOLS_BASE_DIAG_H
#define PROTOCOLS_BASE_DIAG_H

#include "protocols/base/attr.h"

/* Filled in by whoever detects the error, printed by whoever decides that it matters. Text longer
 * than the buffer is cut, never dropped. */
struct qp_diag {
    char text[512];
};

/* Write the message and return err, so that a check is one statement:
 *     return qp_diag_set(diag, -ERANGE, "port %u: ...", port);
 * diag may be NULL when the caller only wants the code. */
int qp_diag_set(struct qp_diag *diag, int err, const char *fmt, ...) QP_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* clang's analyzer reads one file at a time and does not know that err is what comes back. */
#define qp_diag_set(diag, err, ...) ((void)(qp_diag_set)(diag, err, __VA_ARGS__), (err))
#endif

/* Put "prefix: " in front of a message that is already there; returns err. */
int qp_diag_prefix(struct qp_diag *diag, int err, const char *fmt, ...) QP_PRINTF(3, 4);

#endif
