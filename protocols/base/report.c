/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/report.h"

#include "protocols/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes of one sentence; longer is cut */

static void finding_finish(struct qp_finding *finding)
{
    free(finding->path);
    free(finding->text);
    free(finding->remedy);
}

void qp_report_finish(struct qp_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->n; i++)
        finding_finish(&report->items[i]);
    free(report->items);
    *report = (struct qp_report){0};
}

static int reserve(struct qp_report *report)
{
    size_t cap = report->cap ? report->cap * 2 : 8;
    struct qp_finding *items;

    if (report->n < report->cap)
        return 0;
    items = reallocarray(report->items, cap, sizeof(*items));
    if (!items)
        return -ENOMEM;
    report->items = items;
    report->cap = cap;
    return 0;
}

/* The texts quote what stands in the file: it is made printable here, once, for everybody. */
static char *printable(const char *text)
{
    char buf[TEXT_MAX];

    return strdup(qp_text_escape(buf, sizeof(buf), text));
}

static void keep(struct qp_report *report, enum qp_severity severity, const char *path,
                 const char *remedy, const char *text)
{
    struct qp_finding finding = {.severity = severity};

    if (reserve(report) < 0)
        return;
    finding.path = printable(path);
    finding.text = printable(text);
    finding.remedy = printable(remedy ? remedy : "");
    if (!finding.path || !finding.text || !finding.remedy)
        finding_finish(&finding);
    else
        report->items[report->n++] = finding;
}

int qp_report_add(struct qp_report *report, enum qp_severity severity, const char *path,
                  const char *remedy, const char *fmt, ...)
{
    int r = severity == QP_SEVERITY_ERROR ? -EINVAL : 0;
    char text[TEXT_MAX];
    va_list ap;

    if (!report)
        return r;
    if (severity == QP_SEVERITY_ERROR)
        report->n_errors++;
    else
        report->n_warnings++;
    if (report->n >= QP_REPORT_MAX)
        return r;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    keep(report, severity, path, remedy, text);
    return r;
}

int qp_report_diag(const struct qp_report *report, struct qp_diag *diag)
{
    if (!report || report->n_errors == 0)
        return 0;
    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];

        if (f->severity != QP_SEVERITY_ERROR)
            continue;
        return qp_diag_set(diag, -EINVAL, "%s%s%s%s%s%s", f->path, *f->path ? ": " : "", f->text,
                           *f->remedy ? " (" : "", f->remedy, *f->remedy ? ")" : "");
    }
    return qp_diag_set(diag, -EINVAL, "%zu errors, the first of which could not be kept",
                       report->n_errors);
}
