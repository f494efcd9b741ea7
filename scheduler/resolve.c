/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - what shows on a screen at an instant, and until when. */
#include <math.h>

#include "scheduler/resolve_query.h"
#include "scheduler/resolve_why.h"

#define ALL_LANES  ((1u << LANE_N) - 1)
#define MORE_LOOKS 4096u /* shared by all rules: with few of them each look is cheap */

static const struct found nobody = {.rule = NULL};

/* --- content -----------------------------------------------------------------------------------
 */

static void set_content(struct resolution *r, const struct found *f)
{
    r->layer = f->rule->layer;
    r->rule = f->rule;
    r->playlist = f->rule->layer == LAYER_BLACKOUT ? NONE : f->rule->playlist;
    r->since_ms = f->start_ms;
}

/* With neither schedule nor default of any kind the best interrupt shows, not the safe slide. */
static void find_interrupt(struct query *q, struct resolution *r, struct found *ret)
{
    struct found lanes[LANE_N];

    q->skip_exact_times = true;
    query_lanes(q, 1u << LANE_MIX, lanes);
    q->skip_exact_times = false;
    *ret = lanes[LANE_MIX];
    if (ret->rule)
        set_content(r, ret);
}

/* An untrusted clock: what was shown last goes on; only alerts that need no clock come through. */
static void hold(struct query *q, struct resolution *r, struct found *ret)
{
    const struct facts *f = q->facts;
    const struct model *m = q->model;

    *ret = nobody;
    if (f->held_rule < m->n_rules && m->rules[f->held_rule].axis == AXIS_CONTENT) {
        ret->rule = &m->rules[f->held_rule];
        ret->specificity = schedule_specificity(m, ret->rule, q->screen);
        ret->start_ms = INT64_MIN;
        ret->end_ms = FOREVER_MS;
    }
    for (uint32_t i = 0; i < f->n_alerts; i++) {
        struct found a = {.rule = &f->alerts[i], .start_ms = INT64_MIN, .end_ms = FOREVER_MS};

        a.specificity = schedule_specificity(m, a.rule, q->screen);
        if (a.rule->window != NONE || a.rule->axis != AXIS_CONTENT || a.specificity == 0)
            continue;
        if (a.rule->layer != LAYER_BLACKOUT && a.rule->playlist == NONE)
            continue;
        if (!ret->rule || query_compare(&a, ret) < 0)
            *ret = a;
    }
    if (ret->rule)
        set_content(r, ret);
}

static void find_default(struct query *q, struct resolution *r, struct found *ret)
{
    uint32_t playlist = q->model->screens[q->screen].default_playlist;

    r->layer = LAYER_SAFE;
    r->playlist = NONE;
    r->rule = NULL;
    r->since_ms = INT64_MIN;
    if (playlist != NONE && query_playable(q, playlist, &q->bound_ms)) {
        r->layer = LAYER_DEFAULT;
        r->playlist = playlist;
        return;
    }
    if (!q->facts->clock_untrusted)
        find_interrupt(q, r, ret);
}

/* --- display -----------------------------------------------------------------------------------
 */

static bool is_emergency(const struct found *content, const struct found *overlay)
{
    return (content->rule && content->rule->layer == LAYER_EMERGENCY) ||
           (overlay->rule && overlay->rule->layer == LAYER_EMERGENCY);
}

/* A dark wall warns nobody. */
static void light_up(struct resolution *r, const struct rule *emergency)
{
    if (!r->on)
        r->power_rule = emergency;
    r->on = true;
    if (r->brightness < SCHEDULE_EMERGENCY_BRIGHTNESS)
        r->brightness = SCHEDULE_EMERGENCY_BRIGHTNESS;
    if (r->nits < SCHEDULE_EMERGENCY_NITS)
        r->nits = SCHEDULE_EMERGENCY_NITS;
}

static void set_display(struct resolution *r, const struct found lanes[LANE_N])
{
    const struct rule *power = lanes[LANE_POWER].rule, *brightness = lanes[LANE_BRIGHTNESS].rule;

    r->overlay = lanes[LANE_OVERLAY].rule;
    r->power_rule = power;
    r->brightness_rule = brightness;
    r->volume_rule = lanes[LANE_VOLUME].rule;
    r->on = !power || power->power != 0;
    r->brightness = brightness && !isnan(brightness->brightness) ? brightness->brightness : 1;
    r->nits = brightness ? brightness->nits : NAN;
    r->volume = r->volume_rule ? r->volume_rule->volume : NAN;
    if (is_emergency(&lanes[LANE_CONTENT], &lanes[LANE_OVERLAY]))
        light_up(r, lanes[LANE_CONTENT].rule && lanes[LANE_CONTENT].rule->layer == LAYER_EMERGENCY
                        ? lanes[LANE_CONTENT].rule
                        : lanes[LANE_OVERLAY].rule);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void find_next(struct query *q, const struct found lanes[LANE_N], struct resolution *r)
{
    uint32_t limit[LANE_N];

    for (int i = 0; i < LANE_N; i++)
        limit[i] = lanes[i].limit;
    query_next_start(q, limit);
    r->next_change_ms = q->bound_ms > q->at_ms ? q->bound_ms : FOREVER_MS;
}

/* *ret_sure: something changes at the next change. */
static void resolve(const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                    const struct facts *facts, struct resolution *ret, bool *ret_sure)
{
    struct found lanes[LANE_N] = {nobody, nobody, nobody, nobody, nobody, nobody};
    struct query q;

    query_init(&q, schedule, at_ms, screen, facts);
    ret->n_applicable = 0;
    ret->share_sum = 0;
    if (q.facts->clock_untrusted) {
        find_default(&q, ret, &lanes[LANE_CONTENT]);
        hold(&q, ret, &lanes[LANE_CONTENT]);
        set_display(ret, lanes);
        ret->next_change_ms = FOREVER_MS;
        return;
    }
    query_lanes(&q, ALL_LANES & ~(1u << LANE_MIX), lanes);
    lanes[LANE_MIX].limit = 0;
    if (lanes[LANE_CONTENT].rule)
        set_content(ret, &lanes[LANE_CONTENT]);
    else {
        lanes[LANE_CONTENT].limit = q.class->lane_from[LANE_MIX];
        find_default(&q, ret, &lanes[LANE_MIX]);
        if (ret->layer == LAYER_SAFE)
            lanes[LANE_MIX].limit = q.class->lane_from[LANE_MIX + 1];
        lanes[LANE_CONTENT].rule = lanes[LANE_MIX].rule;
    }
    set_display(ret, lanes);
    find_next(&q, lanes, ret);
    *ret_sure = q.sure;
    if (ret->applicable)
        resolve_why(&q, lanes, ret);
}

static bool is_same(const struct resolution *a, const struct resolution *b)
{
    return a->layer == b->layer && a->rule == b->rule && a->playlist == b->playlist &&
           a->since_ms == b->since_ms;
}

static bool is_unchanged(const struct resolution *a, const struct resolution *b)
{
    return is_same(a, b) && a->overlay == b->overlay && a->power_rule == b->power_rule &&
           a->brightness_rule == b->brightness_rule && a->volume_rule == b->volume_rule &&
           a->on == b->on;
}

void schedule_resolve(const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                      const struct facts *facts, struct resolution *ret)
{
    const struct class *class = &schedule->classes[schedule->class_of[screen]];
    struct resolution later = {.applicable = NULL};
    uint32_t looks = SCHEDULE_NEXT_LOOKS + MORE_LOOKS / (class->n_entries + 16);
    bool sure = true;

    resolve(schedule, at_ms, screen, facts, ret, &sure);
    for (uint32_t i = 0; i < looks && !sure && ret->next_change_ms != FOREVER_MS; i++) {
        sure = true;
        resolve(schedule, ret->next_change_ms, screen, facts, &later, &sure);
        if (!is_unchanged(ret, &later))
            return;
        ret->next_change_ms = later.next_change_ms;
    }
}

int64_t schedule_next_change(const struct schedule *schedule, int64_t at_ms, int64_t until_ms,
                             uint32_t screen, const struct facts *facts)
{
    struct resolution first = {.applicable = NULL}, r = {.applicable = NULL};

    schedule_resolve(schedule, at_ms, screen, facts, &first);
    r.next_change_ms = first.next_change_ms;
    while (r.next_change_ms < until_ms) {
        int64_t at = r.next_change_ms;

        schedule_resolve(schedule, at, screen, facts, &r);
        if (!is_same(&first, &r))
            return at;
    }
    return FOREVER_MS;
}
