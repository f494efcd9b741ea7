/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef qp_diag_set
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
    size_t used, room;
    va_list ap;

    if (!diag)
        return err;
    memcpy(old, diag->text, sizeof(old));
    va_start(ap, fmt);
    (void)vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
    va_end(ap);
    used = strlen(diag->text);
    if (sizeof(diag->text) - used <= 2)
        return err;
    used = (size_t)(stpcpy(diag->text + used, ": ") - diag->text);
    room = sizeof(diag->text) - 1 - used;
    memcpy(diag->text + used, old, room); /* the NUL of old, or the cut */
    diag->text[sizeof(diag->text) - 1] = '\0';
    return err;
}
