/* SPDX-License-Identifier: Apache-2.0 */
/* program_display.c - bars, and the state of the display. These have an axis of their own: a short
 * queue of instants at which they change, so that they change on the exact frame. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/program_impl.h"
#include "protocols/base/clock.h"

#define MAX_RESOLVES 100 /* in one tick */
#define NO_BAR       UINT32_MAX

/* --- the layout ------------------------------------------------------------------------------ */

static bool means_us(const struct program *p, const struct rule *rule)
{
    for (uint32_t i = 0; i < rule->n_targets; i++) {
        if (model_specificity(p->model, &rule->targets[i], p->screen) > 0)
            return true;
    }
    return false;
}

/* Of the schedule, and of the alerts that came with the facts. */
static void find_bars(struct program *p)
{
    for (uint32_t i = 0; i < p->model->n_rules + p->given.n_alerts; i++) {
        const struct rule *rule =
            i < p->model->n_rules ? &p->model->rules[i] : &p->given.alerts[i - p->model->n_rules];

        if (rule->axis != AXIS_OVERLAY || !rule->text || !means_us(p, rule))
            continue;
        if (p->n_bars == PROGRAM_MAX_BARS) {
            p->params.on_notice(p->params.user, "more than 60 overlay rules mean this screen; the "
                                                "texts of the last ones are not shown");
            return;
        }
        p->bars[p->n_bars++] = rule;
    }
}

static cJSON *add_layer(cJSON *layers, const char *type)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "type", type);
    cJSON_AddItemToArray(layers, o);
    return o;
}

/* A bar at the bottom edge; an emergency is white on red. */
static void add_bar(const struct program *p, cJSON *layers, const struct rule *rule)
{
    uint32_t w = p->params.wall->canvas_w, h = p->params.wall->canvas_h;
    uint32_t bar = h < 16 ? h : h / 8 < 16 ? 16 : h / 8;
    cJSON *o = add_layer(layers, "ticker");

    cJSON_AddNumberToObject(o, "y", h - bar);
    cJSON_AddNumberToObject(o, "h", bar);
    cJSON_AddNumberToObject(o, "z", 10);
    cJSON_AddNumberToObject(o, "speed", w / 10 < 30 ? 30 : w / 10);
    cJSON_AddStringToObject(o, "text", rule->text);
    cJSON_AddStringToObject(o, "background", rule->emergency_bar ? "#b00000ff" : "#000000c0");
    if (rule->emergency_bar)
        cJSON_AddStringToObject(o, "weight", "bold");
}

/* Lowest the safe slide: the screen's name on dark blue, seen when nothing else can be shown. */
int program_make_layout(struct program *p, struct qp_report *report, struct qp_diag *diag)
{
    const struct screen *screen = &p->model->screens[p->screen];
    cJSON *o = cJSON_CreateObject(), *layers = cJSON_AddArrayToObject(o, "layers"), *text;
    char *document;
    int r;

    find_bars(p);
    cJSON_AddStringToObject(o, "background", "#0a1a30");
    text = add_layer(layers, "text");
    cJSON_AddStringToObject(text, "text",
                            screen->name && *screen->name ? screen->name : screen->id);
    cJSON_AddStringToObject(text, "align", "center");
    cJSON_AddStringToObject(text, "color", "#6080a0");
    cJSON_AddNumberToObject(text, "z", -10);
    cJSON_AddStringToObject(add_layer(layers, "zone"), "playlist", "main");
    for (uint32_t i = 0; i < p->n_bars; i++)
        add_bar(p, layers, p->bars[i]);
    document = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (!document)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    r = layout_parse(&p->layout, document, strlen(document), NULL, p->params.wall->canvas_w,
                     p->params.wall->canvas_h, report, diag);
    free(document);
    return r;
}

/* --- the state of the display -----------------------------------------------------------------
 */

static uint32_t bar_of(const struct program *p, const struct rule *overlay)
{
    for (uint32_t i = 0; overlay && i < p->n_bars; i++) {
        if (p->bars[i] == overlay)
            return i;
    }
    return NO_BAR;
}

/* cd/m2 of the brightest cabinets in full white; 0: the wall's file does not say. */
static double peak_of(const struct wall *wall)
{
    double peak = 0;

    for (uint32_t i = 0; i < wall->n_types; i++)
        peak = wall->types[i].peak_nits > peak ? wall->types[i].peak_nits : peak;
    return peak;
}

static double level_of(const struct program *p, const struct resolution *r)
{
    double level = p->params.wall->processing.brightness, peak = peak_of(p->params.wall);

    if (r->brightness_rule && r->brightness < level)
        level = r->brightness;
    if (r->brightness_rule && peak > 0 && r->nits / peak < level) /* false for NAN */
        level = r->nits / peak;
    return level;
}

/* A wall that is dark on purpose is silent, too. */
static double volume_of(const struct resolution *r)
{
    if (!r->on || r->layer == LAYER_BLACKOUT)
        return 0;
    return r->volume_rule && r->volume < 1 ? r->volume : 1; /* false for NAN */
}

static struct program_state state_at(const struct program *p, int64_t at_ms, int64_t *ret_change_ms)
{
    struct resolution r = {0};

    schedule_resolve(p->schedule, at_ms, p->screen, &p->facts, &r);
    *ret_change_ms = r.next_change_ms;
    return (struct program_state){.from_ns = program_tai(p, at_ms),
                                  .dark = !r.on || r.layer == LAYER_BLACKOUT,
                                  .level = level_of(p, &r),
                                  .volume = volume_of(&r),
                                  .bar = bar_of(p, r.overlay)};
}

static bool is_same(const struct program_state *a, const struct program_state *b)
{
    return a->dark == b->dark && a->bar == b->bar && fabs(a->level - b->level) < 1e-9 &&
           fabs(a->volume - b->volume) < 1e-9;
}

/* Keep the queue filled to the horizon. */
void program_plan_states(struct program *p)
{
    for (unsigned i = 0; i < MAX_RESOLVES && p->resolved_ms < p->now_ms + FEED_HORIZON_MS; i++) {
        uint32_t written = atomic_load_explicit(&p->written, memory_order_relaxed);
        int64_t change_ms;
        struct program_state s;

        if (written - atomic_load_explicit(&p->taken, memory_order_acquire) == PROGRAM_MAX_STATES)
            return;
        s = state_at(p, p->resolved_ms, &change_ms);
        if (written == 0 || !is_same(&s, &p->last)) {
            p->states[written % PROGRAM_MAX_STATES] = p->last = s;
            atomic_store_explicit(&p->written, written + 1, memory_order_release);
        }
        p->resolved_ms = change_ms;
        atomic_store_explicit(&p->known_ns, program_tai(p, change_ms), memory_order_release);
    }
}

/* Due on or after an instant. */
static int64_t frame_instant(const struct program *p, int64_t tai_ns)
{
    int64_t n = qp_lattice_index(p->params.wall->rate, tai_ns);
    int64_t due = qp_lattice_due(p->params.wall->rate, n);

    return due < tai_ns ? qp_lattice_due(p->params.wall->rate, n + 1) : due;
}

/* Sound is on its way before it is heard: the change that comes is told ahead. */
static void set_volume(struct program *p, uint32_t taken)
{
    struct media_volume v = {.before = p->volume_before,
                             .now = p->now.volume,
                             .next = p->now.volume,
                             .since_ns = frame_instant(p, p->now.from_ns),
                             .until_ns = INT64_MAX};

    if (taken != atomic_load_explicit(&p->written, memory_order_acquire)) {
        const struct program_state *next = &p->states[taken % PROGRAM_MAX_STATES];

        v.next = next->volume;
        v.until_ns = frame_instant(p, next->from_ns);
    }
    compose_set_volume(p->compose, &v);
}

void program_take_states(struct program *p, int64_t tai_ns)
{
    uint32_t taken = atomic_load_explicit(&p->taken, memory_order_relaxed), first = taken;

    while (taken != atomic_load_explicit(&p->written, memory_order_acquire) &&
           (taken == 0 || p->states[taken % PROGRAM_MAX_STATES].from_ns <= tai_ns)) {
        p->volume_before = taken ? p->now.volume : p->states[0].volume;
        p->now = p->states[taken++ % PROGRAM_MAX_STATES];
    }
    set_volume(p, taken);
    if (taken == first)
        return;
    atomic_store_explicit(&p->taken, taken, memory_order_release);
    for (uint32_t i = 0; i < p->n_bars; i++)
        compose_show_ticker(p->compose, i, i == p->now.bar);
    compose_set_dark(p->compose, p->now.dark);
}
