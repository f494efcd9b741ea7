/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define TIMES_MAX    1440u
#define TEXT_MAX     4000u
#define PRIORITY_MAX 1000000

enum type { TYPE_CONTENT, TYPE_INTERRUPT, TYPE_DEFAULT, TYPE_OVERLAY, TYPE_DISPLAY };

static const char *const type_names[] = {"content", "interrupt", "default", "overlay", "display"};
static const char *const boundary_names[] = {"cut", "finish_item", "finish_loop"};
static const char *const start_names[] = {"from_start", "join"};
static const char *const power_names[] = {"off", "on"};

struct rule load_empty_rule(void)
{
    return (struct rule){.window = NONE,
                         .playlist = NONE,
                         .campaign = NONE,
                         .slot = NONE,
                         .owner = NONE,
                         .max_wait_ms = FOREVER_MS,
                         .power = -1,
                         .brightness = NAN,
                         .nits = NAN,
                         .volume = NAN};
}

void load_rule_finish(struct rule *rule)
{
    free(rule->id);
    free(rule->path);
    free(rule->text);
    free(rule->at_s);
    load_targets_finish(rule->targets, rule->n_targets);
    *rule = load_empty_rule();
}

int load_add_rule(struct loader *l, struct rule *rule)
{
    struct model *m = l->model;

    if (m->n_rules >= MODEL_MAX_RULES || load_grow(&m->rules, m->n_rules, sizeof(*rule)) < 0) {
        load_rule_finish(rule);
        return -ENOMEM;
    }
    m->rules[m->n_rules++] = *rule;
    return 0;
}

/* --- what goes with which type --------------------------------------------------------------- */

struct belongs {
    const char *member;
    unsigned types; /* bits of enum type */
};

static const struct belongs belongings[] = {
    {"playlist", 1u << TYPE_CONTENT | 1u << TYPE_INTERRUPT | 1u << TYPE_DEFAULT},
    {"item", 1u << TYPE_CONTENT | 1u << TYPE_INTERRUPT | 1u << TYPE_DEFAULT},
    {"boundary", 1u << TYPE_CONTENT | 1u << TYPE_DEFAULT},
    {"max_wait_s", 1u << TYPE_CONTENT | 1u << TYPE_DEFAULT},
    {"start", 1u << TYPE_CONTENT | 1u << TYPE_DEFAULT},
    {"share_percent", 1u << TYPE_INTERRUPT},
    {"plays_per_hour", 1u << TYPE_INTERRUPT},
    {"min_gap_s", 1u << TYPE_INTERRUPT},
    {"at", 1u << TYPE_INTERRUPT},
    {"any_priority", 1u << TYPE_INTERRUPT},
    {"campaign", 1u << TYPE_CONTENT | 1u << TYPE_INTERRUPT},
    {"slot", 1u << TYPE_CONTENT | 1u << TYPE_INTERRUPT},
    {"text", 1u << TYPE_OVERLAY},
    {"emergency_bar", 1u << TYPE_OVERLAY},
    {"power", 1u << TYPE_DISPLAY},
    {"brightness_percent", 1u << TYPE_DISPLAY},
    {"brightness_nits", 1u << TYPE_DISPLAY},
    {"volume_percent", 1u << TYPE_DISPLAY},
};

static void check_type(struct loader *l, const struct qp_node *node, unsigned type)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(belongings); i++) {
        struct qp_node at = qp_node_member(node, belongings[i].member);

        if (at.json && !(belongings[i].types & 1u << type))
            qp_node_error(&at, l->report, "Remove it, or correct type.",
                          "does not go with a rule of type %s", type_names[type]);
    }
}

/* --- parts of a rule ------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void read_time(struct loader *l, const struct qp_node *node, int32_t *ret)
{
    const char *text, *why;
    char shown[160];

    if (qp_node_str(node, 64, &text, l->report) < 0)
        return;
    why = load_clock(text, false, ret);
    if (why)
        qp_node_error(node, l->report, "Write a time like 12:00 or 12:00:30.", "\"%s\" %s",
                      qp_text_escape(shown, sizeof(shown), text), why);
}

static int read_at(struct loader *l, const struct qp_node *node, struct rule *r)
{
    const cJSON *element;
    uint32_t n = 1;

    if (!node->json || (cJSON_IsArray(node->json) && !load_list(l, node, TIMES_MAX, &n)))
        return 0;
    if (n == 0)
        qp_node_error(node, l->report, "Write a time, or leave the member out.", "is empty");
    r->at_s = load_array(n, sizeof(*r->at_s));
    if (!r->at_s)
        return -ENOMEM;
    if (!cJSON_IsArray(node->json)) {
        read_time(l, node, &r->at_s[r->n_at++]);
        return 0;
    }
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node at = qp_node_at(node, element, r->n_at);

        read_time(l, &at, &r->at_s[r->n_at++]);
    }
    qsort(r->at_s, r->n_at, sizeof(*r->at_s), by_time);
    return 0;
}

static int read_interrupt(struct loader *l, const struct qp_node *node, struct rule *r)
{
    struct qp_node at = qp_node_member(node, "at"), gap = qp_node_member(node, "min_gap_s");
    int ways = (qp_node_member(node, "share_percent").json != NULL) +
               (qp_node_member(node, "plays_per_hour").json != NULL) + (at.json != NULL);

    load_percent(l, node, "share_percent", 0.01, &r->share);
    load_u32(l, node, "plays_per_hour", 1, 3600, &r->plays_per_hour);
    load_ms(l, node, "min_gap_s", 86400, &r->min_gap_ms);
    load_bool(l, node, "any_priority", &r->any_priority);
    if (ways != 1)
        qp_node_error(node, l->report, "Write one of share_percent, plays_per_hour, at.",
                      ways ? "interrupts in more than one way" : "does not say how it interrupts");
    if (r->plays_per_hour && r->min_gap_ms * r->plays_per_hour > 3600000)
        qp_node_error(&gap, l->report, "Lower the gap or the number.",
                      "leaves no room for %u plays in an hour", r->plays_per_hour);
    return read_at(l, &at, r);
}

int load_display(struct loader *l, const struct qp_node *node, const char *path, struct rule *rule)
{
    unsigned power = 2;

    if (path && !load_object(l, path, node))
        return 0;
    load_enum(l, node, "power", power_names, 2, &power);
    if (power < 2)
        rule->power = (int8_t)power;
    load_percent(l, node, "brightness_percent", 0, &rule->brightness);
    (void)load_f64(l, node, "brightness_nits", 0, 100000, &rule->nits);
    load_percent(l, node, "volume_percent", 0, &rule->volume);
    if (!qp_node_member(node, "power").json && !qp_node_member(node, "brightness_percent").json &&
        !qp_node_member(node, "brightness_nits").json &&
        !qp_node_member(node, "volume_percent").json)
        qp_node_error(node, l->report,
                      "Write power, brightness_percent, brightness_nits or volume_percent.",
                      "changes nothing of the display");
    return 0;
}

static int read_overlay(struct loader *l, const struct qp_node *node, struct rule *r)
{
    struct qp_node text = qp_node_member(node, "text");

    if (!text.json)
        qp_node_error(&text, l->report, "Write the words of the bar.", "is missing");
    load_bool(l, node, "emergency_bar", &r->emergency_bar);
    return load_text(l, &text, TEXT_MAX, &r->text);
}

static int read_content(struct loader *l, const struct qp_node *node, unsigned type, struct rule *r)
{
    struct qp_node wait = qp_node_member(node, "max_wait_s");
    unsigned boundary = 0, start = 0;
    int err;

    if (!qp_node_member(node, "playlist").json && !qp_node_member(node, "item").json)
        qp_node_error(node, l->report, "Write playlist or item.", "does not say what plays");
    load_enum(l, node, "boundary", boundary_names, QP_ARRAY_LEN(boundary_names), &boundary);
    load_enum(l, node, "start", start_names, QP_ARRAY_LEN(start_names), &start);
    load_ms(l, node, "max_wait_s", LOAD_WAIT_MAX_S, &r->max_wait_ms);
    if (wait.json && boundary == BOUNDARY_CUT)
        qp_node_error(&wait, l->report, "Set boundary to finish_item or finish_loop.",
                      "only goes with a boundary that waits");
    r->boundary = (enum boundary)boundary;
    r->start = (enum start_policy)start;
    r->campaign = load_opt_ref(l, node, "campaign", &l->campaigns, "campaign");
    r->slot = load_opt_ref(l, node, "slot", &l->slots, "slot");
    err = load_rule_content(l, node, &r->playlist);
    return err == 0 && type == TYPE_INTERRUPT ? read_interrupt(l, node, r) : err;
}

/* --- slots and locks ------------------------------------------------------------------------- */

static bool slot_takes(const struct slot *s, uint32_t category)
{
    for (uint32_t i = 0; i < s->n_categories; i++)
        if (s->categories[i] == category)
            return true;
    return s->n_categories == 0;
}

/* An item below the playlist that the slot does not take, or NONE. Every playlist is looked at
 * once: those seen carry the stamp of this search. */
static uint32_t stranger(struct loader *l, const struct slot *s, uint32_t playlist, unsigned depth)
{
    const struct model *m = l->model;
    const struct playlist *p = &m->playlists[playlist];

    if (depth > LOAD_NESTING_MAX || l->seen[playlist] == l->stamp)
        return NONE;
    l->seen[playlist] = l->stamp;
    for (uint32_t i = 0; i < p->n_entries; i++) {
        const struct playlist_entry *e = &p->entries[i];
        uint32_t found = e->item;

        if (found == NONE)
            found = e->playlist == NONE ? NONE : stranger(l, s, e->playlist, depth + 1);
        else if (m->items[found].category == NONE || slot_takes(s, m->items[found].category))
            found = NONE;
        if (found != NONE)
            return found;
    }
    return NONE;
}

/* Room to remember which playlists were looked at: rules add playlists of single items. */
static int begin_search(struct loader *l)
{
    uint32_t n = l->model->n_playlists, cap = n + n / 2 + 16;
    uint32_t *seen;

    if (n > l->n_seen) {
        seen = reallocarray(l->seen, cap, sizeof(*seen));
        if (!seen)
            return -ENOMEM;
        memset(seen + l->n_seen, 0, (cap - l->n_seen) * sizeof(*seen));
        l->seen = seen;
        l->n_seen = cap;
    }
    l->stamp++;
    return 0;
}

static int check_slot(struct loader *l, const struct qp_node *node, const struct rule *r)
{
    const struct model *m = l->model;
    const struct slot *s = &m->slots[r->slot];
    struct qp_node at = qp_node_member(node, "slot");
    uint32_t item;

    if (r->owner == NONE || !load_is_below(m, r->owner, s->node))
        qp_node_error(&at, l->report, "Set owner to a node below, or use a slot of a node above.",
                      "the slot belongs to node \"%s\", which is not above the rule's owner",
                      m->nodes[s->node].id);
    if (r->playlist == NONE)
        return 0;
    if (begin_search(l) < 0)
        return -ENOMEM;
    item = stranger(l, s, r->playlist, 0);
    if (item != NONE)
        qp_node_error(&at, l->report, "Play items of the slot's categories.",
                      "item \"%s\" is %s, which the slot does not take", m->items[item].id,
                      m->categories[m->items[item].category]);
    return 0;
}

static unsigned lock_of(unsigned type)
{
    static const unsigned locks[] = {LOCK_SCHEDULE, LOCK_INTERRUPT, LOCK_DEFAULT, LOCK_OVERLAY,
                                     LOCK_DISPLAY};

    return locks[type];
}

/* A rule that fills a slot is what the node above wants in its locked layer. */
static void check_locks(struct loader *l, const struct qp_node *node, unsigned type, struct rule *r)
{
    const struct model *m = l->model;
    unsigned lock = lock_of(type);

    if (r->owner == NONE)
        return;
    r->locked = l->locks[r->owner] & lock;
    for (uint32_t at = m->nodes[r->owner].parent; at != NONE && r->slot == NONE;
         at = m->nodes[at].parent) {
        if (!(l->locks[at] & lock))
            continue;
        qp_node_error(node, l->report, "Remove the rule, fill a slot, or ask the node above.",
                      "%s rules are locked by node \"%s\" above its owner", type_names[type],
                      m->nodes[at].id);
        return;
    }
}

/* --- rules ----------------------------------------------------------------------------------- */

static int read_by_type(struct loader *l, const struct qp_node *node, unsigned type, struct rule *r)
{
    static const enum schedule_layer layers[] = {LAYER_SCHEDULE, LAYER_INTERRUPT, LAYER_DEFAULT,
                                                 LAYER_SCHEDULE, LAYER_SCHEDULE};

    check_type(l, node, type);
    r->layer = layers[type];
    if (type == TYPE_OVERLAY) {
        r->axis = AXIS_OVERLAY;
        return read_overlay(l, node, r);
    }
    if (type == TYPE_DISPLAY) {
        r->axis = AXIS_DISPLAY;
        return load_display(l, node, NULL, r);
    }
    return read_content(l, node, type, r);
}

static int read_path(const struct qp_node *node, char **ret)
{
    char path[256];

    *ret = strdup(qp_node_path(node, path, sizeof(path)));
    return *ret ? 0 : -ENOMEM;
}

static int read_rule(struct loader *l, const struct qp_node *node, struct rule *r)
{
    struct qp_node targets = qp_node_member(node, "targets");
    struct qp_node window = qp_node_member(node, "window");
    struct qp_node priority = qp_node_member(node, "priority");
    unsigned type = TYPE_CONTENT;
    int64_t number = 0;
    int err;

    err = load_id(l, node, &l->rules, l->model->n_rules, "rule", &r->id);
    if (err == 0)
        err = read_path(node, &r->path);
    if (priority.json)
        (void)qp_node_i64(&priority, -PRIORITY_MAX, PRIORITY_MAX, &number, l->report);
    r->priority = (int32_t)number;
    load_enum(l, node, "type", type_names, QP_ARRAY_LEN(type_names), &type);
    if (qp_node_member(node, "owner").json && !r->mandatory)
        r->owner = load_opt_ref(l, node, "owner", &l->nodes, "node");
    if (err == 0)
        err = load_targets(l, &targets, r->owner, &r->targets, &r->n_targets);
    if (err == 0 && window.json)
        err = load_window(l, &window, &r->window);
    if (err == 0)
        err = read_by_type(l, node, type, r);
    if (err == 0 && r->slot != NONE)
        err = check_slot(l, node, r);
    check_locks(l, node, type, r);
    return err;
}

int load_rule(struct loader *l, const struct qp_node *node, uint32_t owner, bool mandatory)
{
    struct rule r = load_empty_rule();
    size_t before = l->report->n;
    int err;

    r.owner = owner;
    r.mandatory = mandatory;
    if (!load_object(l, mandatory ? "nodes[].mandatory[]" : "rules[]", node))
        return 0;
    err = read_rule(l, node, &r);
    load_label(l, before, "rule", r.id);
    if (err < 0) {
        load_rule_finish(&r);
        return err;
    }
    return load_add_rule(l, &r);
}

static int read_mandatory(struct loader *l, const struct qp_node *node, uint32_t owner)
{
    struct qp_node list = qp_node_member(node, "mandatory");
    const cJSON *element;
    uint32_t n;
    size_t i = 0;
    int err = 0;

    if (!load_list(l, &list, 10000, &n))
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);

        if (err == 0)
            err = load_rule(l, &at, owner, true);
    }
    return err;
}

int load_rules(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "rules");
    struct qp_node nodes = qp_node_member(&l->root, "nodes");
    const cJSON *element;
    uint32_t n;
    size_t i = 0;
    int err = 0;

    (void)load_list(l, &list, MODEL_MAX_RULES / 2, &n);
    if (n == 0)
        list.json = NULL;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);

        if (err == 0)
            err = load_rule(l, &at, NONE, false);
    }
    i = 0;
    cJSON_ArrayForEach(element, nodes.json)
    {
        struct qp_node at = qp_node_at(&nodes, element, i);

        if (err == 0 && i < l->model->n_nodes)
            err = read_mandatory(l, &at, (uint32_t)i);
        i++;
    }
    return err;
}
