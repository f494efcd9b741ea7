/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/player.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "controller/player/compose/compose.h"
#include "controller/player/engine.h"
#include "controller/player/known.h"
#include "controller/player/media_list.h"
#include "controller/player/render/pattern.h"
#include "controller/player/show.h"
#include "controller/player/stats.h"
#include "protocols/base/clock.h"
#include "protocols/base/log.h"
#include "protocols/base/report.h"
#include "protocols/runtime/service.h"
#include "protocols/runtime/worker.h"
#include "sender-card/sender.h"

#define TICK_MS      20
#define FACTS_MS     250 /* between two looks at the facts file */
#define PROGRESS_MS  1000
#define MAX_WARNINGS 16
#define WARN_EVERY   60 /* progress ticks between repetitions of a lasting warning */

struct player {
    const struct options *options; /* borrowed */
    int64_t began_ns;
    struct qp_log log;
    struct wall *wall;
    struct media_list media;
    struct layout *layout;
    struct compose *compose;
    struct pattern *pattern;
    struct known *known;
    struct show *show;
    int64_t shift_ns; /* of the clock, for rehearsal */
    struct engine *engine;
    struct service service;
    uv_timer_t tick, progress;
    uv_fs_poll_t facts;
    bool watches_facts;
    uv_async_t ended;
    bool ready, on_terminal;
    unsigned progress_ticks, warned;
};

static void log_findings(const struct player *p, const char *file, const struct qp_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];
        bool error = f->severity == QP_SEVERITY_ERROR;
        /* What concerns the file as a whole names it already. */
        bool named = !*f->path && strncmp(f->text, file, strlen(file)) == 0;

        qp_log(&p->log, error ? QP_ERR : QP_WARN, "%s%s%s%s%s%s%s", named ? "" : file,
               named ? "" : ": ", f->path, *f->path ? ": " : "", f->text, *f->remedy ? "; " : "",
               f->remedy);
    }
}

static int fail(const struct player *p, int r, const struct qp_diag *diag)
{
    qp_log(&p->log, QP_ERR, "%s", diag->text[0] ? diag->text : strerror(-r));
    return r;
}

/* --- what to show ---------------------------------------------------------------------------- */

static enum engine_paint paint_pattern(void *self, struct canvas *canvas,
                                       const struct engine_instant *at)
{
    pattern_paint(self, canvas, (uint64_t)at->n);
    return ENGINE_SHOW;
}

static enum engine_paint paint_composition(void *self, struct canvas *canvas,
                                           const struct engine_instant *at)
{
    switch (compose_render(self, canvas, at->tai_ns, at->utc_ns, at->mono_ns)) {
    case COMPOSE_WAITING:
        return ENGINE_WAIT;
    case COMPOSE_PLAYING:
        return ENGINE_SHOW;
    case COMPOSE_ENDED:
        return ENGINE_OVER;
    case COMPOSE_FAILED:
        break;
    }
    return ENGINE_FAILED;
}

static bool composition_ready(void *self, const struct engine_instant *at)
{
    return compose_is_ready(self, at->tai_ns);
}

static void on_notice(void *user, const char *text)
{
    const struct player *p = user;

    qp_log(&p->log, QP_WARN, "%s", text);
}

static int open_pattern(struct player *p, struct engine_source *source)
{
    unsigned kind = 0;
    int r;

    while (kind < PATTERN_N && strcmp(pattern_names[kind], p->options->pattern) != 0)
        kind++;
    if (kind == PATTERN_N) {
        qp_log(&p->log, QP_ERR, "no pattern \"%s\"; qp-player pattern --help lists them",
               p->options->pattern);
        return -EINVAL;
    }
    r = pattern_create(&p->pattern, (enum pattern_kind)kind, p->wall);
    *source = (struct engine_source){.paint = paint_pattern, .self = p->pattern};
    return r;
}

static int open_layout(struct player *p)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    int r;

    if (!p->options->layout)
        return layout_default(&p->layout, p->wall->canvas_w, p->wall->canvas_h);
    r = layout_load(&p->layout, p->options->layout, p->wall->canvas_w, p->wall->canvas_h, &report,
                    &diag);
    log_findings(p, p->options->layout, &report);
    if (r < 0 && report.n_errors == 0)
        (void)fail(p, r, &diag);
    qp_report_finish(&report);
    return r;
}

static int open_composition(struct player *p, struct engine_source *source)
{
    struct compose_params params = {.loop = p->options->loop,
                                    .rate = p->wall->rate,
                                    .audio_device = p->options->audio,
                                    .on_notice = on_notice,
                                    .user = p};
    struct qp_diag warning, diag = {""};
    int r = open_layout(p);

    if (r < 0)
        return r;
    r = media_list_init(&p->media, p->options->media, (size_t)p->options->n_media, &warning, &diag);
    if (warning.text[0])
        qp_log(&p->log, QP_WARN, "%s", warning.text);
    if (r < 0)
        return fail(p, r, &diag);
    params.layout = p->layout;
    params.media = (const char *const *)p->media.files;
    params.n_media = p->media.n;
    r = compose_create(&p->compose, &params, &diag);
    if (r < 0)
        return fail(p, r, &diag);
    *source = (struct engine_source){
        .paint = paint_composition, .ready = composition_ready, .self = p->compose};
    return 0;
}

static int64_t clock_shift(const struct player *p)
{
    struct qp_clock_map map;
    int64_t utc;

    if (!p->options->has_clock)
        return 0;
    qp_clock_sample(&map);
    utc = qp_clock_mono_ns() + map.tai_minus_mono_ns - map.tai_minus_utc_s * QP_NS_PER_S;
    return p->options->clock_ms * 1000000 - utc;
}

static int64_t utc_ms(const struct player *p)
{
    struct qp_clock_map map;

    qp_clock_sample(&map);
    return (qp_clock_mono_ns() + map.tai_minus_mono_ns - map.tai_minus_utc_s * QP_NS_PER_S +
            p->shift_ns) /
           1000000;
}

static int open_known(struct player *p, struct qp_diag *diag)
{
    struct known_params params = {.screen = p->options->screen,
                                  .log = p->options->check ? NULL : p->options->log,
                                  .facts = p->options->facts,
                                  .trust = p->options->trust,
                                  .is_rehearsal = p->options->has_clock,
                                  .must_wait = p->options->unpaced || p->options->check,
                                  .now_ms = utc_ms(p),
                                  .on_notice = on_notice,
                                  .user = p};

    return known_create(&p->known, &params, diag);
}

static int open_show(struct player *p, struct engine_source *source)
{
    struct show_params params = {.schedule = p->options->schedule,
                                 .screen = p->options->screen,
                                 .media = p->options->media_dir,
                                 .audio_device = p->options->audio,
                                 .wall = p->wall,
                                 .unpaced = p->options->unpaced,
                                 .on_notice = on_notice,
                                 .user = p};
    struct qp_diag diag = {""};
    int r;

    p->shift_ns = params.shift_ns = clock_shift(p);
    r = open_known(p, &diag);
    params.known = p->known;
    if (r == 0)
        r = show_create(&p->show, &params, &diag);
    if (r < 0 && diag.text[0])
        return fail(p, r, &diag);
    *source = (struct engine_source){.paint = show_paint, .ready = show_is_ready, .self = p->show};
    if (r == 0 && p->options->check && known_has_refused(p->known))
        r = -EINVAL; /* it was told */
    return r;
}

static int open_wall(struct player *p)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    int r = wall_load(&p->wall, p->options->wall, &report, &diag);

    if (r == 0)
        r = sender_check(p->wall, NULL, &report);
    log_findings(p, p->options->wall, &report);
    if (r < 0 && report.n_errors == 0)
        (void)fail(p, r, &diag);
    qp_report_finish(&report);
    if (r == 0 && p->options->brightness >= 0)
        p->wall->processing.brightness = p->options->brightness / 100;
    return r;
}

/* --- the loop -------------------------------------------------------------------------------- */

static struct stats_source stats_of(const struct player *p)
{
    return (struct stats_source){.wall = p->wall,
                                 .engine = p->engine,
                                 .compose = p->show ? show_compose(p->show) : p->compose,
                                 .began_ns = p->began_ns};
}

static void on_tick(uv_timer_t *timer)
{
    struct player *p = timer->data;
    struct engine_stats e;

    if (p->compose)
        compose_tick(p->compose);
    if (p->show)
        show_tick(p->show);
    if (p->ready)
        return;
    engine_stats(p->engine, &e);
    if (e.frames) {
        p->ready = true;
        service_ready(&p->service, "playing");
    }
}

/* A lasting trouble is told when it begins and then once a minute. */
static void log_warnings(struct player *p)
{
    struct qp_diag warnings[MAX_WARNINGS];
    size_t n = sender_warnings(engine_sender(p->engine), warnings, MAX_WARNINGS);
    bool again = n != p->warned || p->progress_ticks % WARN_EVERY == 0;

    for (size_t i = 0; again && i < n && i < MAX_WARNINGS; i++)
        qp_log(&p->log, QP_WARN, "%s", warnings[i].text);
    p->warned = (unsigned)n;
}

static void on_progress(uv_timer_t *timer)
{
    struct player *p = timer->data;
    struct stats_source s = stats_of(p);
    char line[160];

    p->progress_ticks++;
    stats_line(&s, line, sizeof(line));
    service_status(&p->service, line);
    log_warnings(p);
    if (p->on_terminal)
        fprintf(stderr, "\r%s ", line);
}

static void on_engine_end(void *user)
{
    struct player *p = user;

    uv_async_send(&p->ended);
}

static void on_ended(uv_async_t *async)
{
    struct player *p = async->data;
    struct engine_stats e;

    engine_stats(p->engine, &e);
    service_stop(&p->service, e.state == ENGINE_FAILED ? 1 : 0);
}

static void on_stop(void *user)
{
    struct player *p = user;

    uv_close((uv_handle_t *)&p->tick, NULL);
    uv_close((uv_handle_t *)&p->progress, NULL);
    uv_close((uv_handle_t *)&p->ended, NULL);
    if (p->watches_facts)
        uv_close((uv_handle_t *)&p->facts, NULL);
}

static void on_reload(void *user)
{
    struct player *p = user;

    if (!p->show)
        return;
    show_reload(p->show);
    known_facts_changed(p->known);
}

/* Also when it comes and goes, and on disks that tell nobody of changes. */
static void on_facts(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
    struct player *p = poll->data;

    (void)status;
    (void)before;
    (void)now;
    if (p->show)
        known_facts_changed(p->known);
}

static void watch_facts(struct player *p)
{
    if (!p->options->facts || p->options->check)
        return;
    p->watches_facts = uv_fs_poll_init(&p->service.loop, &p->facts) == 0;
    p->facts.data = p;
    if (!p->watches_facts || uv_fs_poll_start(&p->facts, on_facts, p->options->facts, FACTS_MS) < 0)
        qp_log(&p->log, QP_WARN, "%s: cannot be watched; SIGHUP reads it again", p->options->facts);
}

static int open_loop(struct player *p)
{
    struct service_params params = {.on_stop = on_stop, .on_reload = on_reload, .user = p};
    struct qp_diag diag = {""};
    int r = service_init(&p->service, &params, &diag);

    if (r < 0)
        return fail(p, r, &diag);
    uv_timer_init(&p->service.loop, &p->tick);
    uv_timer_init(&p->service.loop, &p->progress);
    r = uv_async_init(&p->service.loop, &p->ended, on_ended);
    if (r < 0) {
        p->service.params.on_stop = NULL; /* it would close what was never opened */
        uv_close((uv_handle_t *)&p->tick, NULL);
        uv_close((uv_handle_t *)&p->progress, NULL);
        qp_diag_set(&diag, r, "cannot make a wake-up handle: %s", uv_strerror(r));
        return fail(p, r, &diag);
    }
    p->tick.data = p->progress.data = p->ended.data = p;
    uv_timer_start(&p->tick, on_tick, 0, TICK_MS);
    uv_timer_start(&p->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
    watch_facts(p);
    return 0;
}

/* --- putting together ------------------------------------------------------------------------ */

static uint64_t frame_limit(const struct player *p)
{
    const struct options *o = p->options;
    uint64_t by_time = (uint64_t)(o->seconds * qp_rational_f64(p->wall->rate) + 0.5);

    if (o->seconds > 0 && by_time == 0)
        by_time = 1;
    if (o->frames && by_time)
        return o->frames < by_time ? o->frames : by_time;
    return o->frames ? o->frames : by_time;
}

static int open_engine(struct player *p, const struct engine_source *source)
{
    struct engine_params params = {.wall = p->wall,
                                   .link = p->options->link,
                                   .state_dir = p->options->state_dir,
                                   .source = *source,
                                   .max_frames = frame_limit(p),
                                   .shift_ns = p->shift_ns,
                                   .unpaced = p->options->unpaced,
                                   .on_end = on_engine_end,
                                   .user = p};
    struct qp_diag diag = {""};
    int r = engine_create(&p->engine, &params, &diag);

    if (r < 0)
        return fail(p, r, &diag);
    if (p->show)
        show_set_engine(p->show, p->engine);
    return 0;
}

static int open_source(struct player *p, struct engine_source *source)
{
    switch (p->options->command) {
    case OPTIONS_PATTERN:
        return open_pattern(p, source);
    case OPTIONS_SCHEDULE:
        return open_show(p, source);
    case OPTIONS_PLAY:
        break;
    }
    return open_composition(p, source);
}

static int open_all(struct player *p)
{
    struct engine_source source;
    struct qp_diag diag = {""};
    int r = qp_clock_init(&diag);

    if (r < 0)
        qp_log(&p->log, QP_WARN, "%s", diag.text);
    if (!p->options->unpaced && worker_lock_memory(&diag) < 0)
        qp_log(&p->log, QP_WARN, "%s", diag.text);
    r = open_wall(p);
    if (r == 0)
        r = open_source(p, &source);
    /* A check opens no link: a capture of that name may be there already. */
    return r == 0 && !p->options->check ? open_engine(p, &source) : r;
}

static int play(struct player *p)
{
    struct qp_diag diag = {""};
    int code, r = engine_start(p->engine, &diag);

    if (r < 0) {
        (void)fail(p, r, &diag);
        return 1;
    }
    if (engine_warning(p->engine)[0])
        qp_log(&p->log, QP_WARN, "%s", engine_warning(p->engine));
    code = service_run(&p->service, &diag);
    engine_stop(p->engine);
    if (p->on_terminal)
        fputc('\n', stderr);
    return code < 0 ? (fail(p, code, &diag), 1) : code;
}

/* A capture that broke off holds less than was asked for, which must not look like success. */
static bool lost_capture(const struct player *p)
{
    const char *link = p->options->link;

    for (uint32_t i = 0; link && strncmp(link, "pcap:", 5) == 0 && i < p->wall->n_outputs; i++) {
        struct sender_port_stats port;

        sender_stats(engine_sender(p->engine), i, &port);
        if (!port.carrier)
            return true;
    }
    return false;
}

static int report_end(struct player *p, int code)
{
    struct stats_source s = stats_of(p);
    struct qp_diag diag = {""};
    struct engine_stats e;
    char line[160];

    engine_stats(p->engine, &e);
    if (e.state == ENGINE_FAILED)
        qp_log(&p->log, QP_ERR, "nothing could be played");
    log_warnings(p); /* what happened since the last look, if there was one at all */
    if (lost_capture(p))
        code = 1;
    stats_line(&s, line, sizeof(line));
    if (!p->options->quiet)
        qp_log(&p->log, QP_INFO, "%s", line);
    if (p->options->stats && stats_write(&s, p->options->stats, &diag) < 0) {
        qp_log(&p->log, QP_ERR, "%s", diag.text);
        return 1;
    }
    return code;
}

static void close_all(struct player *p)
{
    struct qp_diag diag = {""};

    engine_destroy(p->engine);
    compose_destroy(p->compose);
    show_destroy(p->show);
    known_destroy(p->known);
    layout_destroy(p->layout);
    media_list_finish(&p->media);
    pattern_destroy(p->pattern);
    wall_destroy(p->wall);
    if (service_finish(&p->service, &diag) < 0)
        qp_log(&p->log, QP_WARN, "%s", diag.text);
}

int player_main(const struct options *options, int64_t began_ns)
{
    struct player p = {.options = options,
                       .began_ns = began_ns,
                       .log = {.module = "qp-player", .level = QP_INFO},
                       .on_terminal = !options->quiet && isatty(STDERR_FILENO)};
    int code = 1;

    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing */
    /* The loop first: a SIGTERM while files are read ends the program in order as well. */
    if (open_loop(&p) == 0 && open_all(&p) == 0) {
        if (options->check)
            code = 0;
        else
            code = report_end(&p, play(&p));
    }
    close_all(&p);
    return code;
}
