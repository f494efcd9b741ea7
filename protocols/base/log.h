/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines for people, on standard error.
 *
 * Libraries return codes and sentences; programs log once, where an error is finally handled. When
 * standard error is the journal ($JOURNAL_STREAM names it) a line begins with its sd-daemon level,
 * "<4>player: ...", otherwise with the time of day: "14:03:07.120 player: warning: ...". Control
 * characters and bytes that are not UTF-8 come out escaped, so text from outside cannot forge a
 * line; a line is cut at 2 KiB. Any thread; one write(2) a line. Never on the frame path. */
#ifndef PROTOCOLS_BASE_LOG_H
#define PROTOCOLS_BASE_LOG_H

#include "protocols/base/attr.h"

enum qp_log_level {
    QP_ERR,  /* someone must act */
    QP_WARN, /* degraded, still running */
    QP_INFO, /* life-cycle events */
    QP_DEBUG /* for developers */
};

struct qp_log {
    const char *module;      /* borrowed, printed in front: "player" */
    enum qp_log_level level; /* the least important level that is printed */
};

void qp_log(const struct qp_log *log, enum qp_log_level level, const char *fmt, ...)
    QP_PRINTF(3, 4);

#endif
