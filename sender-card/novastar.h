/* SPDX-License-Identifier: Apache-2.0 */
/* novastar.h - asking a NovaStar sending card, over TCP or a serial port.
 *
 * Brightness, test pictures, black, freeze and monitoring: the control protocol that the maker
 * documents (protocols/wire/novastar.h). How a sending card passes pixels to its receiving cards is
 * not public and is not done here: a NovaStar wall gets its picture over HDMI, DVI or DP.
 *
 * One request at a time: each waits for its answer, is repeated when none or a damaged one comes,
 * and gives up after 1 + retries attempts, so that every call ends within
 * (1 + retries) * timeout_ms. What else arrives (noise, late answers) is passed over. Not on the
 * frame path: these calls block. One thread a client. */
#ifndef SENDER_CARD_NOVASTAR_H
#define SENDER_CARD_NOVASTAR_H

#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/wire/novastar.h"

#define NOVASTAR_BAUD           115200 /* MSD300, MCTRL300, MCTRL500; MSD600, MCTRL6xx: 1048576 */
#define NOVASTAR_TIMEOUT_MS     1000
#define NOVASTAR_RETRIES        2
#define NOVASTAR_MAX_TIMEOUT_MS 60000
#define NOVASTAR_MAX_CHAIN      1024 /* cards on one port that a walk goes along */

struct novastar_params {
    const char
        *address; /* a host name or IP address, or a path that begins with "/": a serial port */
    uint16_t tcp_port; /* 0: NOVASTAR_TCP_PORT */
    uint32_t baud;     /* 0: NOVASTAR_BAUD */
    uint32_t
        timeout_ms;   /* of one attempt, at most NOVASTAR_MAX_TIMEOUT_MS; 0: NOVASTAR_TIMEOUT_MS */
    unsigned retries; /* attempts beyond the first, at most 10 */
};

struct novastar_client;

/* Connect. Returns 0, -EINVAL (params), -EHOSTUNREACH (unknown name), -ETIMEDOUT, -ECONNREFUSED and
 * other errno of connect or open, -ENOTTY (the file is no serial port), -ENOMEM. address is
 * borrowed until close. */
QP_MUST_CHECK int novastar_client_open(struct novastar_client **ret,
                                       const struct novastar_params *params, struct qp_diag *diag);
void novastar_client_close(struct novastar_client *client); /* NULL is fine */

/* Whom a request is for; all from 0. */
struct novastar_target {
    uint8_t sender; /* sending card in the chain; NOVASTAR_ALL */
    enum novastar_device device;
    uint8_t port;   /* NOVASTAR_ALL */
    uint16_t board; /* receiving card on that port; NOVASTAR_ALL_BOARDS */
};

/* Read n bytes (1..NOVASTAR_MAX_DATA) of a register of one device. Returns 0; -EINVAL (n, or a
 * target of many); -ETIMEDOUT: nobody answered; -ENODEV: the sending card says that the device
 * behind it did not answer; -EOPNOTSUPP: the device does not know the command; -EBADMSG: only
 * damaged answers; -EPIPE: the connection was closed; other errno of the connection. */
QP_MUST_CHECK int novastar_client_read(struct novastar_client *client,
                                       const struct novastar_target *target, uint32_t address,
                                       uint8_t *buf, uint16_t n, struct qp_diag *diag);

/* Write; errors as above. To a target of many there is no answer: 0 means sent. */
QP_MUST_CHECK int novastar_client_write(struct novastar_client *client,
                                        const struct novastar_target *target, uint32_t address,
                                        const uint8_t *data, uint16_t n, struct qp_diag *diag);

/* What an operator does to receiving cards; errors as novastar_client_write(). */
QP_MUST_CHECK int novastar_client_brightness(struct novastar_client *client,
                                             const struct novastar_target *target, uint8_t level,
                                             struct qp_diag *diag);
QP_MUST_CHECK int novastar_client_test(struct novastar_client *client,
                                       const struct novastar_target *target,
                                       enum novastar_test test, struct qp_diag *diag);
QP_MUST_CHECK int novastar_client_black(struct novastar_client *client,
                                        const struct novastar_target *target,
                                        enum novastar_switch state, struct qp_diag *diag);
QP_MUST_CHECK int novastar_client_freeze(struct novastar_client *client,
                                         const struct novastar_target *target,
                                         enum novastar_switch state, struct qp_diag *diag);
/* Store the settings in the cards; otherwise they are lost when the power goes. */
QP_MUST_CHECK int novastar_client_save(struct novastar_client *client,
                                       const struct novastar_target *target, struct qp_diag *diag);

/* Temperature, voltage and the monitoring card of one receiving card; errors as
 * novastar_client_read(). */
QP_MUST_CHECK int novastar_client_monitor(struct novastar_client *client,
                                          const struct novastar_target *target,
                                          struct novastar_monitor *ret, struct qp_diag *diag);

/* Along the chain of one output port: on_card for each receiving card that answers with a model,
 * until one does not (one repetition only). on_card returns 0 to go on, anything else ends the walk
 * and is returned. Returns the number of cards, at most NOVASTAR_MAX_CHAIN, or a negative errno
 * when the connection itself failed. */
QP_MUST_CHECK int novastar_client_walk(struct novastar_client *client, uint8_t sender, uint8_t port,
                                       int (*on_card)(void *arg,
                                                      const struct novastar_target *target,
                                                      uint16_t model),
                                       void *arg, struct qp_diag *diag);

#endif
