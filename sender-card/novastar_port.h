/* SPDX-License-Identifier: Apache-2.0 */
/* novastar_port.h - the two ways to a NovaStar device, as a non-blocking file descriptor. */
#ifndef SENDER_CARD_NOVASTAR_PORT_H
#define SENDER_CARD_NOVASTAR_PORT_H

#include <stdint.h>

#include "protocols/base/diag.h"

/* Each returns a new descriptor (close(2) it) or a negative errno as novastar_client_open(). */
QP_MUST_CHECK int novastar_tcp_open(const char *host, uint16_t port, uint32_t timeout_ms,
                                    struct qp_diag *diag);
QP_MUST_CHECK int novastar_serial_open(const char *path, uint32_t baud, struct qp_diag *diag);

#endif
