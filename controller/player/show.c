/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/show.h"

#include <errno.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/program.h"
#include "protocols/base/clock.h"
#include "protocols/base/file.h"
#include "protocols/base/json.h"

/* A larger step between two frames is a clock that was set. */
#define STEP_NS    2000000000LL
#define MAX_BROKEN 1000
/* An alert is not kept waiting for longer by the end of an item. */
#define JOIN_PATIENCE_NS 500000000LL

struct show {
    struct show_params params;
    int64_t tai_minus_utc_ns;
    int64_t from_ns; /* TAI: where the first program begins; written before the engine starts */

    /* loop thread */
    char *text; /* the last good document */
    size_t len;
    char *broken[MAX_BROKEN];
    size_t n_broken;
    struct program *on, *coming; /* coming: handed over, not yet on; NULL: none */
    bool want_reload, want_anew;

    /* between the two */
    _Atomic(struct program *) hand; /* to the render thread */
    _Atomic(struct program *) back; /* and what it has let go of */
    atomic_bool changing;           /* another program is wanted and not yet on: see below */
    atomic_bool stepped;
    _Atomic int64_t tai_ns; /* of the newest frame, 0: none yet */

    /* render thread */
    struct program *playing, *joining;
    int64_t could_join_ns; /* CLOCK_MONOTONIC: joining has had a picture since; 0: none yet */
    struct engine *engine; /* borrowed */
    double level;
};

static void notice(struct show *s, const char *text)
{
    s->params.on_notice(s->params.user, text);
}

/* UTC of the frame that is being painted; before the first one, of the frame that is on now: what
 * is on now must not begin after the first frame. */
static int64_t now_ms(struct show *s)
{
    int64_t tai = atomic_load_explicit(&s->tai_ns, memory_order_relaxed);
    struct qp_rational rate = s->params.wall->rate;
    struct qp_clock_map map;

    if (tai == 0) {
        qp_clock_sample(&map);
        tai = qp_clock_mono_ns() + map.tai_minus_mono_ns + s->params.shift_ns;
        tai = qp_lattice_due(rate, qp_lattice_index(rate, tai));
    }
    return (tai - s->tai_minus_utc_ns) / 1000000;
}

static void pass_notice(void *user, const char *text)
{
    notice(user, text);
}

/* --- programs ----------------------------------------------------------------------------------
 */

static void on_broken(void *user, const char *file)
{
    struct show *s = user;

    for (size_t i = 0; i < s->n_broken; i++) {
        if (strcmp(s->broken[i], file) == 0)
            return;
    }
    if (s->n_broken == MAX_BROKEN)
        return;
    s->broken[s->n_broken] = strdup(file);
    if (s->broken[s->n_broken]) {
        s->n_broken++;
        s->want_anew = true;
        atomic_store_explicit(&s->changing, true, memory_order_release);
    }
}

static void forget_broken(struct show *s)
{
    while (s->n_broken > 0)
        free(s->broken[--s->n_broken]);
}

static void tell_findings(struct show *s, const struct qp_report *report)
{
    char text[2048];

    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];

        (void)snprintf(text, sizeof(text), "%s: %s%s%s%s%s", s->params.schedule, f->path,
                       *f->path ? ": " : "", f->text, *f->remedy ? "; " : "", f->remedy);
        notice(s, text);
    }
}

static int make_program(struct show *s, const char *text, size_t len, struct program **ret,
                        struct qp_diag *diag)
{
    char *copy = strdup(s->params.schedule);
    struct qp_report report = {0};
    struct program_params params = {
        .text = text,
        .len = len,
        .dir = copy ? dirname(copy) : NULL,
        .screen = s->params.screen,
        .media = s->params.media,
        .audio_device = s->params.audio_device,
        .wall = s->params.wall,
        .broken = (const char *const *)s->broken,
        .n_broken = s->n_broken,
        .from_ms = now_ms(s),
        .joins = s->on != NULL,
        .tai_minus_utc_ns = s->tai_minus_utc_ns,
        .known = s->params.known,
        .on_notice = pass_notice,
        .on_broken = on_broken,
        .user = s,
    };
    int r = copy ? program_create(ret, &params, &report, diag) : -ENOMEM;

    tell_findings(s, &report);
    if (r < 0 && report.n_errors > 0)
        diag->text[0] = '\0'; /* it was told */
    else if (r < 0)
        (void)qp_diag_prefix(diag, r, "%s", s->params.schedule);
    qp_report_finish(&report);
    free(copy);
    return r;
}

/* Read the file; on success its text is the good one. */
static int read_schedule(struct show *s, struct program **ret, struct qp_diag *diag)
{
    char *text;
    size_t len;
    int r = qp_file_read(s->params.schedule, qp_json_default_limits.max_bytes, &text, &len, diag);

    if (r < 0)
        return r;
    r = make_program(s, text, len, ret, diag);
    if (r < 0) {
        free(text);
        return r;
    }
    free(s->text);
    s->text = text;
    s->len = len;
    return 0;
}

static void hand_over(struct show *s, struct program *program)
{
    s->coming = program;
    atomic_store_explicit(&s->hand, program, memory_order_release);
}

static void take_back(struct show *s)
{
    struct program *old = atomic_exchange_explicit(&s->back, NULL, memory_order_acq_rel);

    if (!old)
        return;
    program_destroy(old, false);
    s->on = s->coming;
    s->coming = NULL;
}

static void begin_anew(struct show *s)
{
    struct qp_diag diag = {""};
    struct program *program = NULL;
    bool reload = s->want_reload;
    int r;

    s->want_reload = s->want_anew = false;
    if (reload) {
        forget_broken(s);
        known_retry_files(s->params.known);
    }
    r = reload ? read_schedule(s, &program, &diag)
               : make_program(s, s->text, s->len, &program, &diag);
    if (r == 0) {
        hand_over(s, program);
        if (reload)
            notice(s, "the schedule was read again");
        return;
    }
    if (diag.text[0])
        notice(s, diag.text);
    notice(s, "the schedule that is playing stays");
}

void show_tick(struct show *s)
{
    int64_t now = now_ms(s);
    struct known_now on;

    take_back(s);
    program_tick(s->on, now);
    if (s->coming)
        program_tick(s->coming, now);
    if (atomic_exchange_explicit(&s->stepped, false, memory_order_relaxed)) {
        known_clock_set(s->params.known);
        s->want_anew = true;
    }
    on = program_now(s->on, now);
    if (s->coming)
        on.model = NULL; /* facts are for the schedule that comes */
    if (known_tick(s->params.known, &on))
        s->want_anew = true;
    /* One at a time: both are in the render thread's hands until the old one comes back. */
    if (!s->coming && (s->want_reload || s->want_anew))
        begin_anew(s);
    atomic_store_explicit(&s->changing, s->coming || s->want_reload || s->want_anew,
                          memory_order_release);
}

void show_reload(struct show *s)
{
    s->want_reload = true;
}

const struct compose *show_compose(const struct show *s)
{
    return program_compose(s->on);
}

/* --- making ------------------------------------------------------------------------------------
 */

int show_create(struct show **ret, const struct show_params *params, struct qp_diag *diag)
{
    struct show *s = calloc(1, sizeof(*s));
    struct qp_clock_map map;
    int r;

    if (!s)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    s->params = *params;
    s->level = -1;
    qp_clock_sample(&map);
    s->tai_minus_utc_ns = map.tai_minus_utc_s * QP_NS_PER_S;
    s->from_ns = now_ms(s) * 1000000 + s->tai_minus_utc_ns;
    r = read_schedule(s, &s->on, diag);
    if (r < 0) {
        show_destroy(s);
        return r;
    }
    s->playing = s->on;
    *ret = s;
    return 0;
}

void show_destroy(struct show *s)
{
    struct program *old;

    if (!s)
        return;
    old = atomic_load(&s->back);
    program_destroy(s->on, old == NULL);
    program_destroy(s->coming, true);
    forget_broken(s);
    free(s->text);
    free(s);
}

void show_set_engine(struct show *s, struct engine *engine)
{
    s->engine = engine;
}

/* --- the render thread -------------------------------------------------------------------------
 */

static void note_time(struct show *s, int64_t tai_ns)
{
    int64_t last = atomic_load_explicit(&s->tai_ns, memory_order_relaxed);
    bool set = last ? tai_ns < last || tai_ns - last > STEP_NS : tai_ns < s->from_ns;

    if (set && (!s->params.unpaced || !last))
        atomic_store_explicit(&s->stepped, true, memory_order_relaxed);
    atomic_store_explicit(&s->tai_ns, tai_ns, memory_order_relaxed);
}

/* It has a picture; is it that of this instant? Without a clock it must be: there is time. By the
 * clock an item that is over is not shown again, unless what comes after it keeps one waiting. */
static bool may_join(struct show *s, const struct engine_instant *at)
{
    if (s->params.unpaced)
        return program_is_ready(s->joining, at->tai_ns);
    if (s->could_join_ns == 0)
        s->could_join_ns = at->mono_ns;
    return program_is_due(s->joining, at->tai_ns) ||
           at->mono_ns - s->could_join_ns >= JOIN_PATIENCE_NS;
}

/* The program that joins paints as soon as it can, and the old one is let go. */
static bool paint_joining(struct show *s, struct canvas *canvas, const struct engine_instant *at,
                          double *ret_level)
{
    if (!s->joining)
        s->joining = atomic_exchange_explicit(&s->hand, NULL, memory_order_acq_rel);
    if (!s->joining || program_paint(s->joining, canvas, at->tai_ns, at->utc_ns, at->mono_ns,
                                     ret_level) == COMPOSE_WAITING)
        return false;
    if (!may_join(s, at))
        return false;
    s->could_join_ns = 0;
    atomic_store_explicit(&s->back, s->playing, memory_order_release);
    s->playing = s->joining;
    s->joining = NULL;
    return true;
}

/* The painted canvas goes to the wall. */
static enum engine_paint present(struct show *s, double level)
{
    program_count(s->playing);
    if (level < s->level || level > s->level)
        engine_set_brightness(s->engine, level);
    s->level = level;
    return ENGINE_SHOW;
}

enum engine_paint show_paint(void *show, struct canvas *canvas, const struct engine_instant *at)
{
    struct show *s = show;
    double level = 0;

    note_time(s, at->tai_ns);
    if (paint_joining(s, canvas, at, &level))
        return present(s, level);
    /* Without a clock time stands still until it can. */
    if (s->joining && s->params.unpaced)
        return ENGINE_WAIT;
    if (program_paint(s->playing, canvas, at->tai_ns, at->utc_ns, at->mono_ns, &level) ==
        COMPOSE_WAITING)
        return ENGINE_WAIT;
    return present(s, level);
}

/* Time stands still from the moment at which another program is wanted until it is on, so that a
 * rehearsal shows the same on every frame however fast the machine is: the loop thread says that it
 * is wanted before it says that the item ahead is settled, and that is waited for here. */
bool show_is_ready(void *show, const struct engine_instant *at)
{
    struct show *s = show;

    if (s->joining || atomic_load_explicit(&s->hand, memory_order_acquire))
        return true; /* to be painted, as soon as it can */
    return program_is_ready(s->playing, at->tai_ns) &&
           !atomic_load_explicit(&s->changing, memory_order_acquire);
}
