/* SPDX-License-Identifier: Apache-2.0 */
/* Content reaches the render thread through the feed of the main zone (program_feed.c), bars and
 * the state of the display through a queue of their own (program_display.c). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "controller/player/program_impl.h"

#define JOIN_NS 6000000000LL /* a slow disk is waited for while something else is on */
#define ASK_MS  1000         /* between two looks at what is resolved now */

int64_t program_tai(const struct program *p, int64_t utc_ms)
{
    return utc_ms >= (INT64_MAX - p->params.tai_minus_utc_ns) / MS
               ? INT64_MAX
               : utc_ms * MS + p->params.tai_minus_utc_ns;
}

/* --- putting together --------------------------------------------------------------------------
 */

static int find_screen(struct program *p, const char *id, struct qp_diag *diag)
{
    char known[200] = "";
    size_t n = 0;

    p->screen = model_find_screen(p->model, id);
    if (p->screen != NONE)
        return 0;
    for (uint32_t i = 0; i < p->model->n_screens && n < sizeof(known) - 80; i++)
        n += (size_t)snprintf(known + n, 70, "%s%.60s", i ? ", " : "", p->model->screens[i].id);
    return qp_diag_set(diag, -ENOENT, "the schedule has no screen \"%.80s\"; it has: %s", id,
                       known);
}

static int open_compose(struct program *p, struct qp_diag *diag)
{
    struct compose_params params = {.layout = p->layout,
                                    .feed = &p->play_feed,
                                    .rate = p->params.wall->rate,
                                    .settle_ns = p->params.joins ? JOIN_NS : 0,
                                    .audio_device = p->params.audio_device,
                                    .on_notice = p->params.on_notice,
                                    .user = p->params.user};

    program_feed_init(p);
    return compose_create(&p->compose, &params, diag);
}

static int open_all(struct program *p, struct qp_report *report, struct qp_diag *diag)
{
    const struct program_params *pp = &p->params;
    int r = model_parse(&p->model, pp->text, pp->len, pp->dir, report, diag);

    if (r == 0)
        r = find_screen(p, pp->screen, diag);
    if (r == 0)
        r = schedule_prepare(&p->schedule, p->model, diag);
    if (r == 0)
        r = program_open_facts(p, diag);
    if (r < 0)
        return r;
    r = program_make_layout(p, report, diag);
    return r < 0 ? r : open_compose(p, diag);
}

int program_create(struct program **ret, const struct program_params *params,
                   struct qp_report *report, struct qp_diag *diag)
{
    struct program *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    p->params = *params;
    p->now_ms = p->resolved_ms = params->from_ms;
    p->asked_ms = INT64_MIN;
    r = open_all(p, report, diag);
    if (r < 0) {
        program_destroy(p, true);
        return r;
    }
    program_plan_states(p);
    *ret = p;
    return 0;
}

void program_destroy(struct program *p, bool is_over)
{
    if (!p)
        return;
    p->is_over = is_over;
    compose_destroy(p->compose);
    layout_destroy(p->layout);
    feed_finish(&p->feed);
    schedule_destroy(p->schedule);
    load_facts_finish(&p->given);
    model_destroy(p->model);
    free(p->counts);
    free(p->missing);
    free(p);
}

void program_tick(struct program *p, int64_t now_ms)
{
    if (now_ms > p->now_ms)
        p->now_ms = now_ms;
    program_plan_states(p);
    compose_tick(p->compose);
}

/* What would be held if the clock could not be trusted any more; an alert is not. */
static void ask_rule(struct program *p, int64_t now_ms)
{
    struct resolution r = {0};

    if (p->asked_ms != INT64_MIN && now_ms >= p->asked_ms && now_ms - p->asked_ms < ASK_MS)
        return;
    p->asked_ms = now_ms;
    schedule_resolve(p->schedule, now_ms, p->screen, &p->facts, &r);
    p->has_rule = r.layer > LAYER_TAKEOVER;
    p->rule = p->has_rule && r.rule ? r.rule->id : NULL;
}

struct known_now program_now(struct program *p, int64_t now_ms)
{
    struct known_now ret = {
        .now_ms = now_ms, .model = p->model, .record_on = program_record_on, .user = p};
    struct play_now on;

    ask_rule(p, now_ms);
    ret.has_rule = p->has_rule;
    ret.held_rule = p->rule;
    if (compose_now(p->compose, &on))
        ret.on_id = ((const struct shown *)on.tag)->id;
    return ret;
}

const struct compose *program_compose(const struct program *p)
{
    return p->compose;
}

/* --- the render thread -------------------------------------------------------------------------
 */

enum compose_state program_paint(struct program *p, struct canvas *canvas, int64_t tai_ns,
                                 int64_t utc_ns, int64_t mono_ns, double *ret_level)
{
    enum compose_state state;

    program_take_states(p, tai_ns);
    *ret_level = p->now.level;
    state = compose_render(p->compose, canvas, tai_ns, utc_ns, mono_ns);
    if (p->now.dark && state != COMPOSE_WAITING) {
        for (uint32_t y = 0; y < canvas->h; y++)
            for (uint32_t x = 0; x < canvas->w; x++)
                canvas_row(canvas, y)[x] = 0xff000000u;
    }
    return state;
}

void program_count(struct program *p)
{
    compose_count(p->compose);
}

bool program_is_ready(struct program *p, int64_t tai_ns)
{
    return tai_ns < atomic_load_explicit(&p->known_ns, memory_order_acquire) &&
           compose_is_ready(p->compose, tai_ns);
}

bool program_is_due(const struct program *p, int64_t tai_ns)
{
    return compose_is_due(p->compose, tai_ns);
}
