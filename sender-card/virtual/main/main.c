/* SPDX-License-Identifier: Apache-2.0 */
/* qp-wall: a wall made of software, for rehearsals and tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/base/log.h"
#include "protocols/base/version.h"
#include "protocols/runtime/service.h"
#include "sender-card/virtual/main/live.h"
#include "sender-card/virtual/main/options.h"
#include "sender-card/virtual/main/web.h"

#define EXIT_USAGE 2

struct app {
    struct wall_options options;
    struct qp_log log;
    struct wall *wall;
    struct service service;
    struct live live;
    struct web *web;
    uv_timer_t limit;
    bool limited; /* the timer is open */
};

static void on_stop(void *user)
{
    struct app *app = user;

    if (app->limited)
        uv_close((uv_handle_t *)&app->limit, NULL);
    live_stop(&app->live);
    web_stop(app->web);
}

static void on_limit(uv_timer_t *timer)
{
    struct app *app = timer->data;

    service_stop(&app->service, 0);
}

/* A frame, or the end of the input. The page of a capture stays after its end. */
static void on_changed(void *user)
{
    struct app *app = user;
    int result;

    if (app->service.stopping)
        return;
    if (live_ended(&app->live, &result) && (!app->web || result < 0 || app->options.frames)) {
        service_stop(&app->service, 0);
        return;
    }
    if (app->web)
        web_changed(app->web);
}

static int load(struct app *app, struct virtual_wall **ret, struct qp_diag *diag)
{
    struct qp_report report = {0};
    int r = wall_load(&app->wall, app->options.wall, &report, diag);

    qp_report_finish(&report);
    return r < 0 ? r : virtual_create(ret, app->wall, diag);
}

static int start(struct app *app, struct qp_diag *diag)
{
    struct virtual_wall *vw;
    int r = load(app, &vw, diag);

    if (r < 0)
        return r;
    app->live.options = &app->options;
    app->live.wall = app->wall;
    app->live.on_changed = on_changed;
    app->live.user = app;
    r = live_init(&app->live, vw, &app->service.loop, diag);
    if (r == 0 && app->options.http)
        r = web_start(&app->web, &app->live, &app->service.loop, diag);
    if (r < 0)
        return r;
    if (app->options.seconds > 0) {
        (void)uv_timer_init(&app->service.loop, &app->limit);
        app->limit.data = app;
        app->limited = true;
        (void)uv_timer_start(&app->limit, on_limit, (uint64_t)(app->options.seconds * 1000), 0);
    }
    return live_start(&app->live, diag);
}

/* The last frame, where no other was asked for. */
static int write_last(struct app *app, struct qp_diag *diag)
{
    uint64_t frames = atomic_load(&app->live.frames);
    struct virtual_snapshot shot = {0};
    int r;

    if (!app->options.png)
        return 0;
    if (app->options.frame)
        return app->options.frame <= frames
                   ? 0
                   : qp_diag_set(diag, -ENODATA, "frame %llu was never shown: there were %llu",
                                 (unsigned long long)app->options.frame,
                                 (unsigned long long)frames);
    if (frames == 0)
        return qp_diag_set(diag, -ENODATA, "no frame was shown, %s is not written",
                           app->options.png);
    r = live_snapshot(&app->live, &shot);
    if (r == 0)
        r = live_write(&app->live, &shot, app->options.png, app->options.look, diag);
    virtual_snapshot_finish(&shot);
    return r;
}

static int print_report(struct app *app, struct qp_diag *diag)
{
    cJSON *report;
    char *text;

    if (!app->options.json) {
        virtual_print(app->live.vw, stdout);
    } else {
        report = live_report(&app->live);
        text = report ? cJSON_Print(report) : NULL;
        cJSON_Delete(report);
        if (!text)
            return qp_diag_set(diag, -ENOMEM, "no memory for the report");
        (void)puts(text);
        free(text);
    }
    if (fflush(stdout) != 0)
        return qp_diag_set(diag, -errno, "cannot write the report: %s", strerror(errno));
    return 0;
}

static int conclude(struct app *app, struct qp_diag *diag)
{
    int result, r;

    (void)live_ended(&app->live, &result);
    if (result < 0)
        *diag = app->live.diag;
    r = print_report(app, result < 0 ? NULL : diag);
    if (result < 0)
        return result;
    return r < 0 ? r : write_last(app, diag);
}

static void announce(struct app *app)
{
    char status[96];

    (void)snprintf(status, sizeof(status), "reading packets for %u outputs", app->wall->n_outputs);
    if (app->web)
        qp_log(&app->log, QP_INFO, "the wall is at http://%s:%u/", app->options.http_address,
               web_port(app->web));
    if (app->options.n_listen)
        qp_log(&app->log, QP_INFO, "listening on %u inputs", app->options.n_listen);
    service_ready(&app->service, status);
}

static int run(struct app *app, struct qp_diag *diag)
{
    struct qp_diag leak;
    int r = service_init(&app->service, &(struct service_params){on_stop, NULL, app}, diag);

    if (r < 0)
        return r;
    r = start(app, diag);
    if (r == 0) {
        announce(app);
        r = service_run(&app->service, diag);
        if (r == -ETIMEDOUT) {
            qp_log(&app->log, QP_WARN, "%s", diag->text);
            _exit(1); /* handles of clients still point into our memory */
        }
        if (r == 0)
            r = conclude(app, diag);
    }
    if (service_finish(&app->service, &leak) < 0) {
        qp_log(&app->log, QP_ERR, "%s", leak.text);
        r = r < 0 ? r : -EBUSY;
    }
    return r;
}

int main(int argc, char **argv)
{
    struct app *app = calloc(1, sizeof(*app));
    struct qp_diag diag = {""};
    bool wrong_options;
    int r;

    if (!app)
        return EXIT_FAILURE;
    app->log = (struct qp_log){.module = "qp-wall", .level = QP_INFO};
    app->live.wake_fd = -1;
    r = options_parse(&app->options, argc, argv, &diag);
    wrong_options = r < 0;
    if (r == 0 && (app->options.help || app->options.version))
        (void)fputs(app->options.help ? options_help : "qp-wall " QP_VERSION "\n", stdout);
    else if (r == 0)
        r = run(app, &diag);
    if (r < 0)
        qp_log(&app->log, QP_ERR, "%s", diag.text);
    if (app->live.vw)
        live_finish(&app->live);
    wall_destroy(app->wall);
    free(app);
    return wrong_options ? EXIT_USAGE : r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
