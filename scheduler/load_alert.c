/* SPDX-License-Identifier: Apache-2.0 */
/* load_alert.c - takeovers, emergencies and blackouts, in the document or among the facts.
 *
 * One alert becomes up to three rules of its layer: content, the bar, the state of the display; the
 * second and third are called <id>/bar and <id>/display. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define ALERTS_MAX   10000u
#define TEXT_MAX     4000u
#define PRIORITY_MAX 1000000

/* In the order of the layers. */
static const char *const kind_names[] = {"blackout", "emergency", "takeover"};

static int read_span(struct loader *l, const struct qp_node *node, unsigned kind, struct window *w)
{
    struct qp_node until = qp_node_member(node, "until");

    w->frequency = EVERY_ONCE;
    w->once_start_ms = INSTANT_MIN;
    w->once_end_ms = INSTANT_MAX;
    if (!until.json && kind != LAYER_BLACKOUT)
        qp_node_error(&until, l->report, "Say when it ends; it can be ended sooner.",
                      "is missing: only a blackout may last until it is taken back");
    load_when(l, node, "from", false, &w->once_start_ms);
    load_when(l, node, "until", true, &w->once_end_ms);
    if (until.json && w->once_end_ms <= w->once_start_ms)
        qp_node_error(&until, l->report, "Let it end after it begins.",
                      w->once_end_ms == w->once_start_ms
                          ? "the window has no length: it ends where it begins"
                          : "the window ends before it begins");
    return 0;
}

/* A further rule of the alert, beside the first, which gave id, path and targets. */
static int add_part(struct loader *l, const struct qp_node *node, struct load_alert *a,
                    const char *suffix, struct rule **ret)
{
    struct qp_node targets = qp_node_member(node, "targets");
    struct rule *first = &a->rules[0], *r = &a->rules[a->n];
    size_t before = l->report->n_errors;
    char *id = NULL;

    *r = load_empty_rule();
    a->n++;
    if (asprintf(&id, "%s/%s", first->id ? first->id : "?", suffix) < 0)
        return -ENOMEM;
    r->id = id;
    r->path = strdup(first->path);
    r->layer = first->layer;
    r->priority = first->priority;
    r->window = first->window;
    if (!r->path)
        return -ENOMEM;
    *ret = r;
    if (before != l->errors_before)
        return 0; /* no need to complain about the targets twice */
    return load_targets(l, &targets, NONE, &r->targets, &r->n_targets);
}

static int read_bar(struct loader *l, const struct qp_node *node, struct load_alert *a)
{
    struct qp_node text = qp_node_member(node, "text");
    struct rule *r = NULL;
    int err;

    if (!text.json)
        return 0;
    err = add_part(l, node, a, "bar", &r);
    if (err < 0)
        return err;
    r->axis = AXIS_OVERLAY;
    r->emergency_bar = true;
    return load_text(l, &text, TEXT_MAX, &r->text);
}

static int read_display(struct loader *l, const struct qp_node *node, struct load_alert *a)
{
    struct qp_node display = qp_node_member(node, "display");
    struct rule *r = NULL;
    int err;

    if (!display.json)
        return 0;
    err = add_part(l, node, a, "display", &r);
    if (err < 0)
        return err;
    r->axis = AXIS_DISPLAY;
    return load_display(l, &display, "alerts[].display", r);
}

static void check_content(struct loader *l, const struct qp_node *node, unsigned kind)
{
    bool content = qp_node_member(node, "playlist").json || qp_node_member(node, "item").json;
    bool text = qp_node_member(node, "text").json != NULL;

    if (kind == LAYER_BLACKOUT && (content || text))
        qp_node_error(node, l->report, "Remove playlist, item and text.",
                      "a blackout shows nothing");
    if (kind == LAYER_TAKEOVER && !content)
        qp_node_error(node, l->report, "Write playlist or item.", "a takeover must show something");
    if (kind == LAYER_EMERGENCY && !content && !text)
        qp_node_error(node, l->report, "Write playlist, item or text.",
                      "an emergency must show something");
}

static int read_first(struct loader *l, const struct qp_node *node, struct rule *r)
{
    struct qp_node targets = qp_node_member(node, "targets");
    struct qp_node priority = qp_node_member(node, "priority");
    struct qp_node kind = qp_node_member(node, "kind");
    char path[256];
    unsigned which = LAYER_TAKEOVER;
    int64_t number = 0;
    int err = load_id(l, node, &l->rules, l->model->n_rules, "alert", &r->id);

    r->path = strdup(qp_node_path(node, path, sizeof(path)));
    if (err < 0 || !r->path)
        return -ENOMEM;
    if (qp_node_enum(&kind, kind_names, QP_ARRAY_LEN(kind_names), &which, l->report) == 0)
        check_content(l, node, which);
    if (priority.json)
        (void)qp_node_i64(&priority, -PRIORITY_MAX, PRIORITY_MAX, &number, l->report);
    r->priority = (int32_t)number;
    r->layer = (enum schedule_layer)which;
    return load_targets(l, &targets, NONE, &r->targets, &r->n_targets);
}

/* With a bar only, the first rule would show nothing: the bar takes its place. */
static void drop_empty_content(struct load_alert *a)
{
    if (a->rules[0].playlist != NONE || a->rules[0].layer == LAYER_BLACKOUT || a->n < 2)
        return;
    for (uint32_t i = 1; i < a->n; i++) {
        if (a->rules[i].axis != AXIS_OVERLAY)
            continue;
        free(a->rules[i].id); /* the alert's own id names the bar */
        a->rules[i].id = a->rules[0].id;
        a->rules[0].id = NULL;
        load_rule_finish(&a->rules[0]);
        memmove(&a->rules[0], &a->rules[1], (a->n - 1) * sizeof(a->rules[0]));
        a->n--;
        return;
    }
}

static int read_alert(struct loader *l, const struct qp_node *node, struct load_alert *ret)
{
    size_t before = l->report->n;
    int err;

    *ret = (struct load_alert){
        .n = 1,
        .window = {.first_day = DAY_MIN, .last_day = DAY_MAX, .interval = 1, .calendar = NONE}};
    ret->rules[0] = load_empty_rule();
    if (!load_object(l, "alerts[]", node))
        return 0;
    err = read_first(l, node, &ret->rules[0]);
    if (err == 0)
        err = read_span(l, node, ret->rules[0].layer, &ret->window);
    if (err == 0)
        err = load_rule_content(l, node, &ret->rules[0].playlist);
    if (err == 0)
        err = read_bar(l, node, ret);
    if (err == 0)
        err = read_display(l, node, ret);
    load_label(l, before, "alert", ret->rules[0].id);
    drop_empty_content(ret);
    return err;
}

static void finish_alert(struct load_alert *a)
{
    for (uint32_t i = 0; i < a->n; i++)
        load_rule_finish(&a->rules[i]);
    load_window_finish(&a->window);
}

int load_each_alert(struct loader *l, int (*take)(void *user, struct load_alert *alert), void *user)
{
    struct qp_node list = qp_node_member(&l->root, "alerts");
    const cJSON *element;
    uint32_t n;
    size_t i = 0;
    int err = 0;

    if (!load_list(l, &list, ALERTS_MAX, &n))
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);
        struct load_alert a;

        if (err < 0)
            break;
        err = read_alert(l, &at, &a);
        if (err == 0)
            err = take(user, &a);
        finish_alert(&a);
    }
    return err;
}

static int add_alert(void *user, struct load_alert *a)
{
    struct loader *l = user;
    uint32_t window;
    int err = load_add_window(l, &a->window, &window);

    a->window = (struct window){.calendar = NONE};
    for (uint32_t i = 0; i < a->n && err == 0; i++) {
        a->rules[i].window = window;
        err = load_add_rule(l, &a->rules[i]);
        a->rules[i] = load_empty_rule(); /* is the model's now, or gone */
    }
    return err;
}

int load_alerts(struct loader *l)
{
    return load_each_alert(l, add_alert, l);
}
