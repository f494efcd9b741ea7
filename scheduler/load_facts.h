/* SPDX-License-Identifier: Apache-2.0 */
/* load_facts.h - what a device or the server knows besides the rules, from a JSON file: alerts,
 * counters, missing items (docs/schedule-format.md, "Facts"). */
#ifndef SCHEDULER_LOAD_FACTS_H
#define SCHEDULER_LOAD_FACTS_H

#include "scheduler/schedule.h"

struct load_facts {
    struct facts facts; /* points into the rest */
    struct rule *alerts;
    struct window *windows;
    struct play_count *counts;
    uint8_t *missing;
    uint32_t n_alerts, n_windows, n_counts;
};

/* Read and check; the ids are those of model, which is not changed and must outlive *ret. With an
 * error *ret is zeroed. Returns 0, -EINVAL (diag: the first finding), -E2BIG, -ENOENT and other
 * errno of the file, -ENOMEM. */
QP_MUST_CHECK int load_facts(struct load_facts *ret, const struct model *model, const char *file,
                             struct qp_report *report, struct qp_diag *diag);
QP_MUST_CHECK int load_facts_parse(struct load_facts *ret, const struct model *model,
                                   const char *text, size_t len, struct qp_report *report,
                                   struct qp_diag *diag);
void load_facts_finish(struct load_facts *facts); /* zeroed is fine */

#endif
