/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_classes.c - screens that see the same rules are prepared once.
 *
 * All screens of a zone begin in one class; every rule splits the classes that it means partly, or
 * with different specificity. That is exact, needs memory for the screens only, and looks at pairs
 * of rule and screen no more often than targets name them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/schedule_index.h"

struct meant {
    uint32_t screen, specificity;
};

struct split {
    const struct model *model;
    uint32_t *class_of, *size; /* of screens; of classes */
    uint32_t n_classes;
    uint32_t *by_node;             /* screens in the order of the tree */
    uint32_t *node_from, *node_to; /* the part of by_node below a node */
    uint32_t *by_group, *group_from;
    uint32_t *seen; /* screen -> rule + 1 that was looked at last */
    struct meant *meant;
    uint32_t n_meant;
    uint32_t *rep;     /* class -> a screen of it */
    uint64_t n_ranges; /* of all rules of all classes */
};

uint32_t schedule_specificity(const struct model *model, const struct rule *rule, uint32_t screen)
{
    uint32_t best = 0;

    for (uint32_t i = 0; i < rule->n_targets; i++) {
        uint32_t s = model_specificity(model, &rule->targets[i], screen);

        best = s > best ? s : best;
    }
    return best;
}

/* --- screens by group and by node ------------------------------------------------------------ */

/* group_from[g] .. group_from[g + 1]: the screens of a group. */
static void list_groups(struct split *s)
{
    const struct model *m = s->model;
    uint32_t *from = s->group_from;

    for (uint32_t i = 0; i < m->n_screens; i++)
        for (uint32_t g = 0; g < m->screens[i].n_groups; g++)
            from[m->screens[i].groups[g]]++;
    for (uint32_t g = 0; g < m->n_groups; g++)
        from[g + 1] += from[g];
    for (uint32_t i = m->n_screens; i-- > 0;) /* from the back: the ends become beginnings */
        for (uint32_t g = 0; g < m->screens[i].n_groups; g++)
            s->by_group[--from[m->screens[i].groups[g]]] = i;
}

/* Screens below each node, by sizes of subtrees: children are given room inside their parent's.
 * Nodes are taken in the order of their depth, so parents come first. order: of n_nodes. */
static void list_nodes(struct split *s, const uint32_t *order, uint32_t *room)
{
    const struct model *m = s->model;
    uint32_t top = 0;

    for (uint32_t i = 0; i < m->n_screens; i++)
        if (m->screens[i].node != NONE)
            room[m->screens[i].node]++;
    for (uint32_t i = 0; i < m->n_nodes; i++)
        s->node_to[i] = room[i]; /* its own screens come first in its part */
    for (uint32_t i = m->n_nodes; i-- > 0;)
        if (m->nodes[order[i]].parent != NONE)
            room[m->nodes[order[i]].parent] += room[order[i]];
    for (uint32_t i = 0; i < m->n_nodes; i++) {
        uint32_t node = order[i], parent = m->nodes[node].parent, own = s->node_to[node];
        uint32_t *next = parent == NONE ? &top : &s->node_to[parent];

        s->node_from[node] = *next;
        *next += room[node];
        s->node_to[node] = s->node_from[node] + own; /* where the first child begins */
        room[node] = s->node_from[node];             /* where its next own screen goes */
    }
    for (uint32_t i = 0; i < m->n_screens; i++)
        if (m->screens[i].node != NONE)
            s->by_node[room[m->screens[i].node]++] = i;
}

static int order_nodes(struct split *s)
{
    const struct model *m = s->model;
    uint32_t *order = calloc(m->n_nodes + (size_t)1, sizeof(*order));
    uint32_t *room = calloc(m->n_nodes + (size_t)1, sizeof(*room));
    uint32_t *start = calloc(m->n_nodes + (size_t)2, sizeof(*start));

    if (order && room && start) {
        for (uint32_t i = 0; i < m->n_nodes; i++)
            start[m->nodes[i].depth + 1]++;
        for (uint32_t i = 0; i < m->n_nodes; i++)
            start[i + 1] += start[i];
        for (uint32_t i = 0; i < m->n_nodes; i++)
            order[start[m->nodes[i].depth]++] = i;
        list_nodes(s, order, room);
    }
    free(start);
    free(room);
    free(order);
    return order && room && start ? 0 : -ENOMEM;
}

/* --- who is meant ---------------------------------------------------------------------------- */

static void look_at(struct split *s, uint32_t rule, uint32_t screen)
{
    uint32_t specificity;

    if (s->seen[screen] == rule + 1)
        return;
    s->seen[screen] = rule + 1;
    specificity = schedule_specificity(s->model, &s->model->rules[rule], screen);
    if (specificity > 0)
        s->meant[s->n_meant++] = (struct meant){screen, specificity};
}

static void look_at_list(struct split *s, uint32_t rule, const uint32_t *list, uint32_t from,
                         uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        look_at(s, rule, list[i]);
}

static void look_at_target(struct split *s, uint32_t rule, const struct target *t)
{
    const struct model *m = s->model;
    uint32_t node = t->kind == TARGET_NODE ? t->ref : t->below ? t->below - 1 : NONE;

    if (t->kind == TARGET_SCREEN && t->ref < m->n_screens)
        look_at(s, rule, t->ref);
    else if (t->kind == TARGET_GROUP && t->ref < m->n_groups)
        look_at_list(s, rule, s->by_group, s->group_from[t->ref], s->group_from[t->ref + 1]);
    else if (node != NONE && node < m->n_nodes)
        look_at_list(s, rule, s->by_node, s->node_from[node], s->node_to[node]);
    else
        for (uint32_t i = 0; i < m->n_screens; i++)
            look_at(s, rule, i);
}

static void find_meant(struct split *s, uint32_t rule)
{
    const struct rule *r = &s->model->rules[rule];

    s->n_meant = 0;
    for (uint32_t i = 0; i < r->n_targets; i++)
        look_at_target(s, rule, &r->targets[i]);
}

/* --- splitting ------------------------------------------------------------------------------- */

static int by_class(const void *a, const void *b, void *user)
{
    const struct meant *x = a, *y = b;
    const uint32_t *class_of = user;

    if (class_of[x->screen] != class_of[y->screen])
        return class_of[x->screen] < class_of[y->screen] ? -1 : 1;
    if (x->specificity != y->specificity)
        return x->specificity < y->specificity ? -1 : 1;
    return x->screen < y->screen ? -1 : x->screen > y->screen;
}

/* Every run of equal class and specificity that is not the whole class becomes one of its own. */
static void split_by_rule(struct split *s)
{
    uint32_t i = 0, to;

    qsort_r(s->meant, s->n_meant, sizeof(*s->meant), by_class, s->class_of);
    for (; i < s->n_meant; i = to) {
        uint32_t class = s->class_of[s->meant[i].screen], n;

        for (to = i + 1; to < s->n_meant; to++)
            if (s->class_of[s->meant[to].screen] != class ||
                s->meant[to].specificity != s->meant[i].specificity)
                break;
        n = to - i;
        if (n == s->size[class])
            continue;
        s->size[class] -= n;
        s->size[s->n_classes] = n;
        for (uint32_t k = i; k < to; k++)
            s->class_of[s->meant[k].screen] = s->n_classes;
        s->n_classes++;
    }
}

/* One class per zone to begin with. */
static void split_by_zone(struct split *s)
{
    const struct model *m = s->model;

    for (uint32_t i = 0; i < m->n_screens; i++) {
        uint32_t class = 0;

        while (class < s->n_classes && m->screens[s->rep[class]].zone != m->screens[i].zone)
            class ++;
        if (class == s->n_classes)
            s->rep[s->n_classes++] = i;
        s->class_of[i] = class;
        s->size[class]++;
    }
}

/* --- the lists ------------------------------------------------------------------------------- */

static int add_entry(struct class *class, uint32_t *cap, uint32_t rule, uint32_t specificity)
{
    if (class->n_entries == *cap) {
        uint32_t more = *cap ? *cap * 2 : 16;
        struct entry *entries = reallocarray(class->entries, more, sizeof(*entries));

        if (!entries)
            return -ENOMEM;
        class->entries = entries;
        *cap = more;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): grown above */
    class->entries[class->n_entries++] = (struct entry){.rule = rule, .specificity = specificity};
    return 0;
}

static uint64_t ranges_of(const struct model *m, const struct rule *r)
{
    const struct window *w = r->window == NONE ? NULL : &m->windows[r->window];
    uint64_t n = w ? (uint64_t)w->n_ranges + w->n_edits : 1;

    for (uint32_t i = 0; w && i < w->n_exceptions; i++)
        n += w->exceptions[i].n_ranges;
    return n;
}

/* A daypart of many ranges in every rule of every screen multiplies: refused before memory for all
 * of them is taken. */
static int list_rule(struct schedule *schedule, struct split *s, uint32_t *caps, uint32_t rule)
{
    uint64_t n_ranges = ranges_of(s->model, &s->model->rules[rule]);
    int err = 0;

    for (uint32_t i = 0; i < s->n_meant && err == 0; i++) {
        uint32_t class = s->class_of[s->meant[i].screen];

        if (s->rep[class] != s->meant[i].screen)
            continue;
        s->n_ranges += n_ranges;
        if (s->n_ranges > SCHEDULE_MAX_RANGES)
            return -E2BIG;
        err = add_entry(&schedule->classes[class], &caps[class], rule, s->meant[i].specificity);
    }
    return err;
}

static int list_rules(struct schedule *schedule, struct split *s)
{
    const struct model *m = s->model;
    uint32_t *cap = calloc(s->n_classes + (size_t)1, sizeof(*cap));
    int err = cap ? 0 : -ENOMEM;

    memset(s->seen, 0, m->n_screens * sizeof(*s->seen));
    for (uint32_t rule = 0; rule < m->n_rules && err == 0; rule++) {
        find_meant(s, rule);
        err = list_rule(schedule, s, cap, rule);
    }
    free(cap);
    return err;
}

static int make_classes(struct schedule *schedule, struct split *s)
{
    const struct model *m = s->model;

    schedule->classes = calloc(s->n_classes + (size_t)1, sizeof(*schedule->classes));
    if (!schedule->classes)
        return -ENOMEM;
    schedule->n_classes = s->n_classes;
    for (uint32_t i = m->n_screens; i-- > 0;) {
        s->rep[s->class_of[i]] = i;
        schedule->classes[s->class_of[i]].zone = m->screens[i].zone;
    }
    return list_rules(schedule, s);
}

static int reserve(struct split *s)
{
    const struct model *m = s->model;
    size_t n = m->n_screens + (size_t)1, groups = 0;

    for (uint32_t i = 0; i < m->n_screens; i++)
        groups += m->screens[i].n_groups;
    s->size = calloc(n, sizeof(*s->size));
    s->rep = calloc(n, sizeof(*s->rep));
    s->seen = calloc(n, sizeof(*s->seen));
    s->by_node = calloc(n, sizeof(*s->by_node));
    s->meant = calloc(n, sizeof(*s->meant));
    s->node_from = calloc(m->n_nodes + (size_t)1, sizeof(*s->node_from));
    s->node_to = calloc(m->n_nodes + (size_t)1, sizeof(*s->node_to));
    s->by_group = calloc(groups + 1, sizeof(*s->by_group));
    s->group_from = calloc(m->n_groups + (size_t)2, sizeof(*s->group_from));
    return s->size && s->rep && s->seen && s->by_node && s->meant && s->node_from && s->node_to &&
                   s->by_group && s->group_from
               ? 0
               : -ENOMEM;
}

static void finish(struct split *s)
{
    free(s->size);
    free(s->rep);
    free(s->seen);
    free(s->by_node);
    free(s->meant);
    free(s->node_from);
    free(s->node_to);
    free(s->by_group);
    free(s->group_from);
}

int schedule_find_classes(struct schedule *schedule)
{
    struct split s = {.model = schedule->model, .class_of = schedule->class_of};
    int err = reserve(&s);

    if (err == 0)
        err = order_nodes(&s);
    if (err == 0) {
        list_groups(&s);
        split_by_zone(&s);
        for (uint32_t rule = 0; rule < s.model->n_rules; rule++) {
            find_meant(&s, rule);
            split_by_rule(&s);
        }
        err = make_classes(schedule, &s);
    }
    finish(&s);
    return err;
}
