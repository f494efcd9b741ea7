/* SPDX-License-Identifier: Apache-2.0 */
/* service.h - the life of a program on one libuv loop: start, ready, reload, stop, dry.
 *
 *     service_init -> open handles on service->loop -> service_ready -> service_run ->
 * service_finish
 *
 * SIGTERM, SIGINT and service_stop() end it in order: the stop callback closes the program's own
 * handles, the loop runs dry, uv_loop_close() returns 0. SIGHUP calls the reload callback. Under
 * systemd READY, RELOADING, STOPPING and the watchdog are told from the loop, so that a loop that
 * hangs is restarted. SIGPIPE is ignored in the whole process.
 *
 * Everything belongs to the thread that calls service_run. */
#ifndef PROTOCOLS_RUNTIME_SERVICE_H
#define PROTOCOLS_RUNTIME_SERVICE_H

#include <stdbool.h>
#include <uv.h>

#include "protocols/base/diag.h"

/* How long handles may take to close after the stop callback. */
#define SERVICE_STOP_MS 5000

struct service_params {
    void (*on_stop)(void *user);   /* close your handles; called once */
    void (*on_reload)(void *user); /* SIGHUP; NULL: ignored */
    void *user;                    /* borrowed */
};

struct service {
    uv_loop_t loop;
    struct service_params params;
    uv_signal_t sigterm, sigint, sighup;
    uv_timer_t watchdog, guard;
    unsigned n_handles; /* of the five above, open */
    bool loop_open;
    bool stopping;
    bool overdue; /* handles were still open SERVICE_STOP_MS after the stop */
    int exit_code;
};

/* Make the loop and the signal handlers. The service must stay where it is until finish. Returns 0
 * or libuv's negative errno with a sentence; then nothing is left open. */
QP_MUST_CHECK int service_init(struct service *service, const struct service_params *params,
                               struct qp_diag *diag);

/* Tell systemd that the work has begun; status is one line for `systemctl status` (may be NULL). */
void service_ready(struct service *service, const char *status);
/* Another status line. */
void service_status(struct service *service, const char *status);

/* End in order with this exit code; the first call counts. Loop thread only; from elsewhere wake
 * the loop with uv_async_send. */
void service_stop(struct service *service, int exit_code);

/* Run until stopped and dry. Returns the exit code given to service_stop (0 after a signal), or
 * -ETIMEDOUT with a sentence when a handle did not close in time: then leave with _exit. */
int service_run(struct service *service, struct qp_diag *diag);

/* Close the loop. Returns 0, or -EBUSY with a sentence that names the kinds of handle left open,
 * which is a fault of the program. After a failed init and twice: fine. A service that never ran is
 * stopped first. */
int service_finish(struct service *service, struct qp_diag *diag);

#endif
