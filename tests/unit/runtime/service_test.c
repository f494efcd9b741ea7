/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/runtime/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/t.h"

struct app {
    struct service service;
    uv_timer_t timer;
    uv_async_t wake;
    int stops, reloads, ticks;
    int signal;
    int leak;
};

static void on_stop(void *user)
{
    struct app *a = user;

    a->stops++;
    if (!a->leak)
        uv_close((uv_handle_t *)&a->timer, NULL);
}

static void on_reload(void *user)
{
    struct app *a = user;

    a->reloads++;
    (void)raise(SIGTERM);
}

static void on_tick(uv_timer_t *timer)
{
    struct app *a = timer->data;

    if (a->ticks++ == 0)
        (void)raise(a->signal);
}

static void app_start(struct app *a, int signum)
{
    struct qp_diag d;

    a->signal = signum;
    T_EQ(service_init(&a->service, &(struct service_params){on_stop, on_reload, a}, &d), 0);
    T_EQ(uv_timer_init(&a->service.loop, &a->timer), 0);
    a->timer.data = a;
    T_EQ(uv_timer_start(&a->timer, on_tick, 1, 1), 0);
}

TEST(sigterm_ends_in_order)
{
    struct app a = {0};
    struct qp_diag d;

    app_start(&a, SIGTERM);
    T_EQ(service_run(&a.service, &d), 0);
    T_EQ(a.stops, 1);
    T_EQ(service_finish(&a.service, &d), 0);
    T_EQ(service_finish(&a.service, &d), 0);
}

TEST(sigint_ends_in_order)
{
    struct app a = {0};
    struct qp_diag d;

    app_start(&a, SIGINT);
    T_EQ(service_run(&a.service, &d), 0);
    T_EQ(service_finish(&a.service, &d), 0);
}

TEST(sighup_reloads_and_runs_on)
{
    struct app a = {0};
    struct qp_diag d;

    app_start(&a, SIGHUP);
    T_EQ(service_run(&a.service, &d), 0);
    T_EQ(a.reloads, 1);
    T_EQ(a.stops, 1);
    T_EQ(service_finish(&a.service, &d), 0);
}

TEST(work_that_ends_by_itself)
{
    struct app a = {0};
    struct qp_diag d;

    T_EQ(service_init(&a.service, &(struct service_params){NULL, NULL, NULL}, &d), 0);
    T_EQ(service_run(&a.service, &d), 0);
    T_EQ(service_finish(&a.service, &d), 0);
}

TEST(finish_without_run)
{
    struct app a = {0};
    struct qp_diag d;

    T_EQ(service_init(&a.service, &(struct service_params){NULL, NULL, NULL}, &d), 0);
    T_EQ(service_finish(&a.service, &d), 0);
}

static void on_never(uv_async_t *async)
{
    (void)async;
}

static void on_stop_async(void *user)
{
    struct app *a = user;

    a->stops++;
    uv_close((uv_handle_t *)&a->wake, NULL);
}

/* The start failed half-way: what is open already would keep the loop for ever. */
TEST(finish_without_run_stops_what_is_open)
{
    struct app a = {0};
    struct qp_diag d;

    T_EQ(service_init(&a.service, &(struct service_params){on_stop_async, NULL, &a}, &d), 0);
    T_EQ(uv_async_init(&a.service.loop, &a.wake, on_never), 0);
    T_EQ(service_finish(&a.service, &d), 0);
    T_EQ(a.stops, 1);
}

static void on_code(uv_timer_t *timer)
{
    struct app *a = timer->data;

    service_stop(&a->service, 3);
    service_stop(&a->service, 4); /* the first counts */
}

TEST(exit_code)
{
    struct app a = {0};
    struct qp_diag d;

    app_start(&a, 0);
    T_EQ(uv_timer_start(&a.timer, on_code, 0, 0), 0);
    T_EQ(service_run(&a.service, &d), 3);
    T_EQ(a.stops, 1);
    T_EQ(service_finish(&a.service, &d), 0);
}

/* A handle that the program forgot: the loop is left after the guard time, and finish names it. */
TEST(forgotten_handle_is_named)
{
    struct app a = {.leak = 1};
    struct qp_diag d;

    app_start(&a, SIGTERM);
    T_EQ(service_run(&a.service, &d), -ETIMEDOUT);
    T_EQ(service_finish(&a.service, &d), -EBUSY);
    T_CHECK(strstr(d.text, "timer"));
    uv_close((uv_handle_t *)&a.timer, NULL);
    uv_close((uv_handle_t *)&a.service.guard, NULL);
    (void)uv_run(&a.service.loop, UV_RUN_DEFAULT);
    T_EQ(service_finish(&a.service, &d), 0);
}

struct notified {
    int fd;
    char text[8192];
};

static struct notified notified;

static int notify_socket(char *path, size_t cap)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    T_CHECK(fd >= 0);
    (void)snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "qp-service-test-%d", getpid());
    (void)snprintf(path, cap, "@%s", addr.sun_path + 1);
    T_EQ(bind(fd, (struct sockaddr *)&addr,
              (socklen_t)(sizeof(sa_family_t) + 1 + strlen(addr.sun_path + 1))),
         0);
    return fd;
}

/* The queue of such a socket holds few messages: read as they come. */
static void drain(void)
{
    char one[512];

    for (ssize_t n; (n = recv(notified.fd, one, sizeof(one) - 1, 0)) > 0;) {
        one[n] = '\0';
        if (strlen(notified.text) + (size_t)n + 2 < sizeof(notified.text)) {
            (void)strcat(notified.text, one);
            (void)strcat(notified.text, "\n");
        }
    }
}

static void on_late_hup(uv_timer_t *timer)
{
    struct app *a = timer->data;

    drain();
    if (++a->ticks == 20)
        (void)raise(SIGHUP);
}

/* What systemd would be told: ready, alive, reloading, ready again, stopping. */
TEST(tells_systemd)
{
    struct app a = {0};
    struct qp_diag d;
    char path[128], pid[32];
    const char *all = notified.text;

    notified.fd = notify_socket(path, sizeof(path));
    (void)setenv("NOTIFY_SOCKET", path, 1);
    (void)setenv("WATCHDOG_USEC", "4000", 1);
    (void)snprintf(pid, sizeof(pid), "%d", getpid());
    (void)setenv("WATCHDOG_PID", pid, 1);
    app_start(&a, 0);
    T_EQ(uv_timer_start(&a.timer, on_late_hup, 1, 1), 0);
    service_ready(&a.service, "receiving");
    T_EQ(service_run(&a.service, &d), 0);
    T_EQ(service_finish(&a.service, &d), 0);
    drain();
    T_CHECK(strstr(all, "STATUS=receiving\nREADY=1\n"));
    T_CHECK(strstr(all, "WATCHDOG=1\n"));
    T_CHECK(strstr(all, "RELOADING=1\nMONOTONIC_USEC="));
    T_CHECK(strstr(strstr(all, "RELOADING=1"), "READY=1\n"));
    T_CHECK(strstr(all, "STOPPING=1\n"));
    close(notified.fd);
}
