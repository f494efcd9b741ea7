/* SPDX-License-Identifier: Apache-2.0 */
/* novastar_status.h - "qp novastar ... status": ask, then print as text or JSON. */
#ifndef CONTROLLER_CLI_NOVASTAR_STATUS_H
#define CONTROLLER_CLI_NOVASTAR_STATUS_H

#include <stdbool.h>

#include "sender-card/novastar.h"

/* Ask the sending card target->sender and the receiving cards of target->port (NOVASTAR_ALL: the
 * first four ports, what most sending cards have), all or only target->board, and print what they
 * say on standard output. Returns 0 or a negative errno with the reason in diag; then nothing was
 * printed. */
QP_MUST_CHECK int novastar_status(struct novastar_client *client, const char *address,
                                  const struct novastar_target *target, bool json,
                                  struct qp_diag *diag);

/* {"ok":false,"error":text} on standard output. */
void novastar_print_error(const char *text);

#endif
