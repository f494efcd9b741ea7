/* SPDX-License-Identifier: Apache-2.0 */
/* The service's own handles are unreferenced: a program whose work is done leaves the loop by
 * itself, and so the signals do not keep it alive. They are closed when the stop begins. */
#include "protocols/runtime/service.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static void on_handle_closed(uv_handle_t *handle)
{
    struct service *s = handle->data;

    s->n_handles--;
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

static void on_guard(uv_timer_t *timer)
{
    struct service *s = timer->data;

    s->overdue = true;
    uv_stop(&s->loop);
}

static void begin_stop(struct service *s)
{
    s->stopping = true;
    (void)sd_notify(0, "STOPPING=1");
    (void)uv_timer_start(&s->guard, on_guard, SERVICE_STOP_MS, 0);
    uv_unref((uv_handle_t *)&s->guard);
    if (s->params.on_stop)
        s->params.on_stop(s->params.user);
    close_handle((uv_handle_t *)&s->sigterm);
    close_handle((uv_handle_t *)&s->sigint);
    close_handle((uv_handle_t *)&s->sighup);
    close_handle((uv_handle_t *)&s->watchdog);
}

void service_stop(struct service *service, int exit_code)
{
    if (service->stopping)
        return;
    service->exit_code = exit_code;
    begin_stop(service);
}

static void on_stop_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    service_stop(handle->data, 0);
}

static void on_reload_signal(uv_signal_t *handle, int signum)
{
    struct service *s = handle->data;
    char text[96];

    (void)signum;
    if (!s->params.on_reload)
        return;
    (void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, uv_hrtime() / 1000);
    (void)sd_notify(0, text);
    s->params.on_reload(s->params.user);
    (void)sd_notify(0, "READY=1");
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    (void)sd_notify(0, "WATCHDOG=1");
}

static int add_signal(struct service *s, uv_signal_t *handle, uv_signal_cb cb, int signum)
{
    int r = uv_signal_init(&s->loop, handle);

    if (r < 0)
        return r;
    handle->data = s;
    s->n_handles++;
    uv_unref((uv_handle_t *)handle);
    return uv_signal_start(handle, cb, signum);
}

static int add_timer(struct service *s, uv_timer_t *timer)
{
    int r = uv_timer_init(&s->loop, timer);

    if (r < 0)
        return r;
    timer->data = s;
    s->n_handles++;
    uv_unref((uv_handle_t *)timer);
    return 0;
}

static int start_watchdog(struct service *s)
{
    uint64_t usec = 0, ms;

    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    ms = usec / 1000 / 2; /* twice in the time that systemd waits */
    return uv_timer_start(&s->watchdog, on_watchdog, ms ? ms : 1, ms ? ms : 1);
}

static int add_handles(struct service *s)
{
    int r = add_timer(s, &s->watchdog);

    if (r == 0)
        r = add_timer(s, &s->guard);
    if (r == 0)
        r = add_signal(s, &s->sigterm, on_stop_signal, SIGTERM);
    if (r == 0)
        r = add_signal(s, &s->sigint, on_stop_signal, SIGINT);
    if (r == 0)
        r = add_signal(s, &s->sighup, on_reload_signal, SIGHUP);
    if (r == 0)
        r = start_watchdog(s);
    return r;
}

static void close_if_ours(uv_handle_t *handle, void *arg)
{
    if (handle->data == arg)
        close_handle(handle);
}

int service_init(struct service *service, const struct service_params *params, struct qp_diag *diag)
{
    int r;

    *service = (struct service){.params = *params};
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that went away is an EPIPE, not a death */
    r = uv_loop_init(&service->loop);
    if (r < 0)
        return qp_diag_set(diag, r, "cannot make an event loop: %s", uv_strerror(r));
    service->loop_open = true;
    r = add_handles(service);
    if (r == 0)
        return 0;
    uv_walk(&service->loop, close_if_ours, service);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&service->loop);
    service->loop_open = false;
    return qp_diag_set(diag, r, "cannot watch signals: %s", uv_strerror(r));
}

void service_status(struct service *service, const char *status)
{
    (void)service;
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void service_ready(struct service *service, const char *status)
{
    if (status)
        service_status(service, status);
    (void)sd_notify(0, "READY=1");
}

int service_run(struct service *service, struct qp_diag *diag)
{
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    /* The work may have ended on its own: the handles still want their orderly end. */
    if (!service->stopping)
        service_stop(service, 0);
    if (!service->overdue)
        (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    if (service->overdue)
        return qp_diag_set(diag, -ETIMEDOUT, "connections did not close within %d ms",
                           SERVICE_STOP_MS);
    close_handle((uv_handle_t *)&service->guard);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    return service->exit_code;
}

/* The kinds of the handles still open, for the person who must find the leak. */
static void name_handle(uv_handle_t *handle, void *arg)
{
    char *text = arg;
    size_t used = strlen(text);

    (void)snprintf(text + used, 128 - used, " %s", uv_handle_type_name(handle->type));
}

int service_finish(struct service *service, struct qp_diag *diag)
{
    char kinds[128] = "";
    int r;

    if (!service->loop_open)
        return 0;
    if (!service->stopping) {
        service_stop(service, 0); /* first: handles that are open would keep the loop running */
        (void)service_run(service, NULL);
    }
    r = uv_loop_close(&service->loop);
    if (r < 0) {
        uv_walk(&service->loop, name_handle, kinds);
        return qp_diag_set(diag, r, "the event loop still has open handles:%s", kinds);
    }
    service->loop_open = false;
    return 0;
}
