/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int qp_diag_set(struct qp_diag *diag, int err, const char *fmt, ...)
{
    if (diag) {
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
        va_end(ap);
    }
    return err;
}

int qp_diag_prefix(struct qp_diag *diag, int err, const char *fmt, ...)
{
    char old[sizeof(diag->text)];
    va_list ap;
    int n;

    if (!diag)
        return err;
    memcpy(old, diag->text, sizeof(old));
    va_start(ap, fmt);
    n = vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(diag->text))
        (void)snprintf(diag->text + n, sizeof(diag->text) - (size_t)n, ": %s", old);
    return err;
}
