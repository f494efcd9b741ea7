/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - an output of the wall file, read and checked: driver, links, layout, load. */
#ifndef SENDER_CARD_SETUP_H
#define SENDER_CARD_SETUP_H

#include "sender-card/driver.h"
#include "sender-card/link.h"
#include "sender-card/sender.h"

/* Part of a link's nominal rate that frames may use; the rest is for clock tolerances and what the
 * system itself sends. */
#define SETUP_USABLE 0.98

struct setup {
    const struct driver *driver;
    struct driver_object *object; /* owned */
    struct link_config links[2];  /* owned; [1] is the backup */
    bool has_backup;
    struct packet_plan plan; /* owned */
    struct sender_load load;
};

struct setup_params {
    const struct wall *wall;
    uint32_t output;
    const char *link; /* as in struct sender_params: a capture or a virtual wall instead; or NULL */
    struct sacn_state *state; /* borrowed by the object; NULL while only checking */
};

/* Returns 0, -EINVAL (findings in report) or -ENOMEM. finish in any case. */
QP_MUST_CHECK int setup_read(struct setup *ret, const struct setup_params *params,
                             struct qp_report *report);
void setup_finish(struct setup *setup);

#endif
