/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "controller/player/render/plan.h"
#include "protocols/base/clock.h"
#include "protocols/runtime/worker.h"
#include "sender-card/sender.h"

#define RENDER_PRIORITY 40 /* SCHED_FIFO; below the sender's, which must never wait for us */
#define RESAMPLE_NS     QP_NS_PER_S
#define IDLE_NAP_NS     200000 /* unpaced: how long to nap when the sender or source is behind */
#define DRAIN_NS        QP_NS_PER_S /* how long the end waits for frames under way */
#define LEAD_FRAMES     3           /* the first frame is so far ahead of now */

struct engine {
    struct engine_params params;
    struct sender *sender;
    struct plan *plan;
    struct plan_scratch *scratch;
    struct canvas canvas;
    const struct sender_layout **layouts;
    struct worker worker;
    struct qp_diag warning;
    atomic_bool stop;
    struct qp_clock_map map;
    int64_t mapped_at;         /* CLOCK_MONOTONIC when map was sampled */
    int64_t last_latch;        /* of the newest frame submitted */
    struct sender_frame *hand; /* acquired, not yet submitted */
    _Atomic uint64_t frames, skipped;
    _Atomic int64_t first_ns, render_sum, render_max, map_sum, cpu_ns;
    _Atomic int state;
};

static void sleep_until(int64_t mono_ns)
{
    struct timespec t = {.tv_sec = mono_ns / QP_NS_PER_S, .tv_nsec = mono_ns % QP_NS_PER_S};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

/* The wall clock may step and drift: ask again once a second. */
static void refresh_map(struct engine *e, int64_t now)
{
    if (e->mapped_at && now - e->mapped_at < RESAMPLE_NS)
        return;
    qp_clock_sample(&e->map);
    e->map.tai_minus_mono_ns += e->params.shift_ns;
    e->mapped_at = now;
}

static int64_t due_mono(const struct engine *e, int64_t n)
{
    return qp_lattice_due(e->params.wall->rate, n) - e->map.tai_minus_mono_ns;
}

static int64_t index_now(const struct engine *e, int64_t now)
{
    return qp_lattice_index(e->params.wall->rate, now + e->map.tai_minus_mono_ns);
}

static struct engine_instant instant_of(const struct engine *e, uint64_t i, int64_t n)
{
    int64_t tai = qp_lattice_due(e->params.wall->rate, n);

    return (struct engine_instant){.i = i,
                                   .n = n,
                                   .tai_ns = tai,
                                   .utc_ns = tai - e->map.tai_minus_utc_s * QP_NS_PER_S,
                                   .mono_ns = tai - e->map.tai_minus_mono_ns};
}

static void raise_max(_Atomic int64_t *max, int64_t v)
{
    if (v > atomic_load_explicit(max, memory_order_relaxed))
        atomic_store_explicit(max, v, memory_order_relaxed);
}

static void map_ports(struct engine *e, struct sender_frame *frame, int64_t n)
{
    plan_begin(e->plan, (uint64_t)n);
    for (uint32_t port = 0; port < e->params.wall->n_outputs; port++)
        plan_port(e->plan, e->scratch, port, &e->canvas, sender_frame_bytes(frame, port));
}

static void count_frame(struct engine *e, int64_t began, int64_t painted, int64_t mapped)
{
    struct timespec cpu;

    atomic_fetch_add_explicit(&e->render_sum, mapped - began, memory_order_relaxed);
    atomic_fetch_add_explicit(&e->map_sum, mapped - painted, memory_order_relaxed);
    raise_max(&e->render_max, mapped - began);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    atomic_store_explicit(&e->cpu_ns, cpu.tv_sec * QP_NS_PER_S + cpu.tv_nsec, memory_order_relaxed);
    atomic_fetch_add_explicit(&e->frames, 1, memory_order_relaxed);
}

/* Paint, map and hand over frame n; what is not shown leaves the set in hand. Returns the source's
 * state. */
static enum engine_paint render_frame(struct engine *e, const struct engine_instant *at)
{
    int64_t began = qp_clock_mono_ns(), painted;
    enum engine_paint state = e->params.source.paint(e->params.source.self, &e->canvas, at);
    int64_t start = due_mono(e, at->n - 1), latch = at->mono_ns;

    if (state != ENGINE_SHOW)
        return state;
    painted = qp_clock_mono_ns();
    map_ports(e, e->hand, at->n);
    if (atomic_load_explicit(&e->first_ns, memory_order_relaxed) == 0)
        atomic_store_explicit(&e->first_ns, e->params.unpaced ? painted : latch,
                              memory_order_relaxed);
    e->last_latch = latch;
    sender_submit(e->sender, e->hand, at->n, start, latch);
    e->hand = NULL;
    count_frame(e, began, painted, qp_clock_mono_ns());
    return state;
}

/* Sleep to the moment from which frame n may be rendered; move n on if that is long gone, and back
 * if the wall clock was: the picture must not stand still until the old time comes again. */
static int64_t await_turn(struct engine *e, int64_t n)
{
    int64_t now = qp_clock_mono_ns(), newest;

    refresh_map(e, now);
    newest = index_now(e, now) + 1; /* rendered now, its rows can still start on time */
    if (n < newest) {
        if (atomic_load_explicit(&e->frames, memory_order_relaxed))
            atomic_fetch_add_explicit(&e->skipped, (uint64_t)(newest - n), memory_order_relaxed);
        n = newest;
    } else if (n > newest + LEAD_FRAMES) {
        n = newest - 1 + LEAD_FRAMES;
    }
    sleep_until(due_mono(e, n - 2));
    return n;
}

static bool finished(const struct engine *e, enum engine_paint state)
{
    uint64_t frames = atomic_load_explicit(&e->frames, memory_order_relaxed);

    return state == ENGINE_OVER || state == ENGINE_FAILED ||
           (e->params.max_frames && frames >= e->params.max_frames) ||
           atomic_load_explicit(&e->stop, memory_order_relaxed);
}

static bool take_set(struct engine *e)
{
    if (!e->hand)
        e->hand = sender_acquire(e->sender);
    return e->hand != NULL;
}

static void run_paced(struct engine *e)
{
    enum engine_paint state = ENGINE_WAIT;
    uint64_t i = 0;
    int64_t n;

    refresh_map(e, qp_clock_mono_ns());
    n = index_now(e, qp_clock_mono_ns()) + LEAD_FRAMES;
    while (!finished(e, state)) {
        n = await_turn(e, n);
        if (take_set(e)) {
            struct engine_instant at = instant_of(e, i, n);

            state = render_frame(e, &at);
            atomic_store_explicit(&e->state, (int)state, memory_order_relaxed);
            i += state == ENGINE_SHOW;
        } else {
            atomic_fetch_add_explicit(&e->skipped, 1, memory_order_relaxed);
        }
        n++;
    }
}

static void nap(void)
{
    struct timespec t = {.tv_nsec = IDLE_NAP_NS};

    nanosleep(&t, NULL);
}

/* The instants are those of a steady clock that began when the engine did; the wait is for the
 * source and the sender only. */
static void run_unpaced(struct engine *e)
{
    enum engine_paint state = ENGINE_WAIT;
    uint64_t i = 0;
    int64_t n;

    refresh_map(e, qp_clock_mono_ns());
    n = index_now(e, qp_clock_mono_ns());
    while (!finished(e, state)) {
        struct engine_instant at = instant_of(e, i, n);

        if (!take_set(e) || (i > 0 && e->params.source.ready &&
                             !e->params.source.ready(e->params.source.self, &at))) {
            nap();
            continue;
        }
        state = render_frame(e, &at);
        atomic_store_explicit(&e->state, (int)state, memory_order_relaxed);
        if (state == ENGINE_WAIT) {
            nap();
            continue;
        }
        i++;
        n++;
    }
}

/* The last frame has been handed over; give it the time to be latched: every set is idle then. */
static void await_last_latch(struct engine *e)
{
    unsigned idle = e->hand ? 1 : 0;
    int64_t limit;

    if (e->last_latch && !e->params.unpaced)
        sleep_until(e->last_latch);
    limit = qp_clock_mono_ns() + DRAIN_NS;
    while (idle < SENDER_SETS && qp_clock_mono_ns() < limit) {
        if (sender_acquire(e->sender))
            idle++;
        else
            nap();
    }
}

static void engine_run(void *user)
{
    struct engine *e = user;

    if (e->params.unpaced)
        run_unpaced(e);
    else
        run_paced(e);
    await_last_latch(e);
    e->params.on_end(e->params.user);
}

static int compile_plan(struct engine *e, struct qp_diag *diag)
{
    const struct wall *wall = e->params.wall;
    struct plan_params params = {.wall = wall, .cpu = pixel_cpu_detect()};

    e->layouts = calloc(wall->n_outputs ? wall->n_outputs : 1, sizeof(*e->layouts));
    if (!e->layouts)
        return -ENOMEM;
    for (uint32_t port = 0; port < wall->n_outputs; port++)
        e->layouts[port] = sender_layout(e->sender, port);
    params.layouts = e->layouts;
    params.format = e->canvas.format;
    return plan_create(&e->plan, &params, diag);
}

int engine_create(struct engine **ret, const struct engine_params *params, struct qp_diag *diag)
{
    struct engine *e = calloc(1, sizeof(*e));
    struct sender_params sp = {.wall = params->wall,
                               .link = params->link,
                               .state_dir = params->state_dir,
                               .paced = !params->unpaced};
    int r;

    if (!e)
        return qp_diag_set(diag, -ENOMEM, "not enough memory for the player");
    e->params = *params;
    r = canvas_init(&e->canvas, params->wall->canvas_w, params->wall->canvas_h);
    if (r < 0) {
        qp_diag_set(diag, r, "not enough memory for a canvas of %ux%u", params->wall->canvas_w,
                    params->wall->canvas_h);
        goto fail;
    }
    r = sender_create(&e->sender, &sp, diag);
    if (r < 0)
        goto fail;
    r = compile_plan(e, diag);
    if (r < 0)
        goto fail;
    r = plan_scratch_create(&e->scratch);
    if (r < 0)
        goto fail;
    sender_set_brightness(e->sender, params->wall->processing.brightness);
    *ret = e;
    return 0;

fail:
    engine_destroy(e);
    return r;
}

int engine_start(struct engine *engine, struct qp_diag *diag)
{
    struct worker_params wp = {.name = "render",
                               .fifo_priority = engine->params.unpaced ? 0 : RENDER_PRIORITY,
                               .run = engine_run,
                               .user = engine};
    int r = sender_start(engine->sender, diag);

    if (r < 0)
        return r;
    r = worker_start(&engine->worker, &wp, &engine->warning);
    if (r < 0)
        return qp_diag_set(diag, r, "%s", engine->warning.text);
    return 0;
}

void engine_stop(struct engine *engine)
{
    atomic_store(&engine->stop, true);
    worker_join(&engine->worker);
    sender_stop(engine->sender);
}

void engine_destroy(struct engine *engine)
{
    if (!engine)
        return;
    if (engine->sender)
        engine_stop(engine);
    plan_scratch_destroy(engine->scratch);
    plan_destroy(engine->plan);
    sender_destroy(engine->sender);
    canvas_finish(&engine->canvas);
    free(engine->layouts);
    free(engine);
}

const char *engine_warning(const struct engine *engine)
{
    return engine->warning.text;
}

void engine_stats(const struct engine *e, struct engine_stats *ret)
{
    *ret = (struct engine_stats){
        .frames = atomic_load_explicit(&e->frames, memory_order_relaxed),
        .skipped = atomic_load_explicit(&e->skipped, memory_order_relaxed),
        .first_ns = atomic_load_explicit(&e->first_ns, memory_order_relaxed),
        .render_ns_sum = atomic_load_explicit(&e->render_sum, memory_order_relaxed),
        .render_ns_max = atomic_load_explicit(&e->render_max, memory_order_relaxed),
        .map_ns_sum = atomic_load_explicit(&e->map_sum, memory_order_relaxed),
        .cpu_ns = atomic_load_explicit(&e->cpu_ns, memory_order_relaxed),
        .state = (enum engine_paint)atomic_load_explicit(&e->state, memory_order_relaxed),
    };
}

void engine_set_brightness(struct engine *engine, double level)
{
    /* Whichever of the two dims this wall; the other ignores it. */
    plan_set_brightness(engine->plan, level);
    sender_set_brightness(engine->sender, level);
}

const struct sender *engine_sender(const struct engine *engine)
{
    return engine->sender;
}

const struct plan *engine_plan(const struct engine *engine)
{
    return engine->plan;
}
