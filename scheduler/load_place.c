/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "scheduler/load.h"

#define NODES_MAX   1000000u
#define SCREENS_MAX 1000000u
#define NAMES_MAX   10000u /* groups or tags of a screen */

static const char *const lock_names[] = {"schedule", "interrupt", "default", "overlay", "display"};

/* --- the tree -------------------------------------------------------------------------------- */

static int read_node(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct node *n = &l->model->nodes[index];
    struct qp_node name = qp_node_member(node, "name"), kind = qp_node_member(node, "kind");
    struct qp_node locked = qp_node_member(node, "locked");
    size_t before = l->report->n, i = 0;
    const cJSON *element;
    uint32_t count;
    unsigned which;
    int err;

    n->parent = NONE;
    if (!load_object(l, "nodes[]", node))
        return 0;
    err = load_id(l, node, &l->nodes, index, "node", &n->id);
    if (err == 0)
        err = load_text(l, &name, 400, &n->name);
    if (err == 0)
        err = load_text(l, &kind, 100, &n->kind);
    if (load_list(l, &locked, 5, &count))
        cJSON_ArrayForEach(element, locked.json)
        {
            struct qp_node at = qp_node_at(&locked, element, i++);

            if (qp_node_enum(&at, lock_names, QP_ARRAY_LEN(lock_names), &which, l->report) == 0)
                l->locks[index] |= (uint8_t)(1 << which);
        }
    load_label(l, before, "node", n->id);
    return err;
}

/* Every node's way up is walked once: state 1 is on the present way, 2 is known to end. */
static void check_parents(struct loader *l, const struct qp_node *list, uint8_t *state)
{
    struct model *m = l->model;

    for (uint32_t i = 0; i < m->n_nodes; i++) {
        uint32_t at = i;

        for (; at != NONE && state[at] == 0; at = m->nodes[at].parent)
            state[at] = 1;
        if (at != NONE && state[at] == 1) {
            struct qp_node node = qp_node_at(list, cJSON_GetArrayItem(list->json, (int)at), at);
            struct qp_node parent = qp_node_member(&node, "parent");
            size_t before = l->report->n;

            qp_node_error(&parent, l->report, "Let one node of the circle have no parent.",
                          "the way up from here leads back here");
            load_label(l, before, "node", m->nodes[at].id);
            m->nodes[at].parent = NONE;
        }
        for (at = i; at != NONE && state[at] == 1; at = m->nodes[at].parent)
            state[at] = 2;
    }
}

/* Once the tree is known to be one. A chain of a million nodes is walked twice, not squared. */
static void set_depths(struct model *m)
{
    for (uint32_t i = 0; i < m->n_nodes; i++) {
        uint32_t steps = 0, at;

        for (at = i; at != NONE && m->nodes[at].depth == 0; at = m->nodes[at].parent)
            steps++;
        steps += at == NONE ? 0 : m->nodes[at].depth;
        for (at = i; at != NONE && m->nodes[at].depth == 0; at = m->nodes[at].parent)
            m->nodes[at].depth = steps--;
    }
    for (uint32_t i = 0; i < m->n_nodes; i++)
        m->nodes[i].depth--; /* was counted from 1 */
}

static int read_parents(struct loader *l, const struct qp_node *list)
{
    struct model *m = l->model;
    const cJSON *element;
    uint32_t i = 0;
    uint8_t *state = load_array(m->n_nodes, 1);

    if (!state)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, i);
        size_t before = l->report->n;

        m->nodes[i].parent = load_opt_ref(l, &node, "parent", &l->nodes, "node");
        load_label(l, before, "node", m->nodes[i++].id);
    }
    check_parents(l, list, state);
    free(state);
    set_depths(m);
    return 0;
}

int load_nodes(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "nodes");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err = 0;

    if (!load_list(l, &list, NODES_MAX, &n))
        return 0;
    m->nodes = load_array(n, sizeof(*m->nodes));
    l->locks = load_array(n, 1);
    if (!m->nodes || !l->locks)
        return -ENOMEM;
    m->n_nodes = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_node(l, &node, i++);
    }
    return err == 0 ? read_parents(l, &list) : err;
}

/* --- screens --------------------------------------------------------------------------------- */

static void read_place(struct loader *l, const struct qp_node *node, struct screen *s)
{
    struct qp_node lat = qp_node_member(node, "lat"), lon = qp_node_member(node, "lon");
    unsigned datum = 0;

    if (!node->json || !load_object(l, "screens[].place", node))
        return;
    load_enum(l, node, "datum", load_datum_names, 3, &datum);
    if (qp_node_f64(&lat, -90, 90, &s->lat, l->report) < 0 ||
        qp_node_f64(&lon, -180, 180, &s->lon, l->report) < 0)
        return;
    load_to_wgs84(datum, &s->lat, &s->lon);
    s->has_place = true;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Names of a screen's groups or tags: ascending, each once. */
static int read_names(struct loader *l, const struct qp_node *list, struct ids *ids, char ***names,
                      uint32_t *n_names, uint32_t **ret, uint32_t *ret_n)
{
    const cJSON *element;
    uint32_t n, *out, kept = 0;
    size_t i = 0;

    if (!load_list(l, list, NAMES_MAX, &n) || n == 0)
        return 0;
    out = *ret = load_array(n, sizeof(*out));
    if (!out)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node at = qp_node_at(list, element, i++);
        int err = load_name(l, &at, ids, names, n_names, &out[*ret_n]);

        if (err < 0)
            return err;
        *ret_n += out[*ret_n] != NONE;
    }
    qsort(out, *ret_n, sizeof(*out), by_number);
    for (uint32_t k = 0; k < *ret_n; k++)
        if (kept == 0 || out[kept - 1] != out[k])
            out[kept++] = out[k];
    *ret_n = kept;
    return 0;
}

/* What an expression could not name is refused where it would become a tag. */
static void check_tag_names(struct loader *l, const struct qp_node *list)
{
    static const char ascii[] = " !\"#$%&'()*+,/;<=>?@[\\]^`{|}~";
    const cJSON *element;
    size_t i = 0;

    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node at = qp_node_at(list, element, i++);

        if (cJSON_IsString(element) && strpbrk(element->valuestring, ascii))
            qp_node_error(&at, l->report, "Use letters, digits, _ . : and -.",
                          "cannot stand in a tag expression");
    }
}

static int read_screen_zone(struct loader *l, const struct qp_node *node, struct screen *s)
{
    struct qp_node zone = qp_node_member(node, "zone");
    const char *name = zone.json ? zone.json->valuestring : NULL;
    int err;

    s->zone = l->zone;
    if (!zone.json && !qp_node_member(&l->root, "zone").json) /* one that is wrong was told */
        qp_node_error(&zone, l->report, "Add a zone here, or one for the whole schedule.",
                      "is missing");
    if (!zone.json) {
        struct qp_node whole = qp_node_member(&l->root, "zone");

        name = cJSON_IsString(whole.json) ? whole.json->valuestring : NULL;
    }
    err = zone.json ? load_zone(l, &zone, &s->zone) : 0;
    if (err == 0 && name) {
        s->zone_name = strdup(name);
        if (!s->zone_name)
            return -ENOMEM;
    }
    return err;
}

static int read_screen_names(struct loader *l, const struct qp_node *node, struct screen *s)
{
    struct model *m = l->model;
    struct qp_node groups = qp_node_member(node, "groups"), tags = qp_node_member(node, "tags");
    struct qp_node name = qp_node_member(node, "name");
    struct qp_node sync = qp_node_member(node, "sync_group");
    int err;

    check_tag_names(l, &tags);
    err = read_names(l, &groups, &l->groups, &m->groups, &m->n_groups, &s->groups, &s->n_groups);
    if (err == 0)
        err = read_names(l, &tags, &l->tags, &m->tags, &m->n_tags, &s->tags, &s->n_tags);
    if (err == 0)
        err = load_text(l, &name, 400, &s->name);
    return err == 0 ? load_text(l, &sync, LOAD_ID_MAX, &s->sync_group) : err;
}

static int read_screen(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct screen *s = &l->model->screens[index];
    struct qp_node place = qp_node_member(node, "place");
    size_t before = l->report->n;
    int err;

    s->default_playlist = s->node = NONE;
    if (!load_object(l, "screens[]", node))
        return 0;
    err = load_id(l, node, &l->screens, index, "screen", &s->id);
    if (err == 0)
        err = read_screen_zone(l, node, s);
    if (err == 0)
        err = read_screen_names(l, node, s);
    read_place(l, &place, s);
    s->node = load_opt_ref(l, node, "node", &l->nodes, "node");
    load_label(l, before, "screen", s->id);
    return err;
}

/* Names that no screen has yet. */
static int read_declared(struct loader *l, const char *member, struct ids *ids, char ***names,
                         uint32_t *n)
{
    struct qp_node list = qp_node_member(&l->root, member);
    uint32_t *numbers = NULL, n_numbers = 0;
    int err;

    if (ids == &l->tags)
        check_tag_names(l, &list);
    err = read_names(l, &list, ids, names, n, &numbers, &n_numbers);
    free(numbers);
    return err;
}

int load_screens(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "screens");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err = read_declared(l, "groups", &l->groups, &m->groups, &m->n_groups);

    if (err == 0)
        err = read_declared(l, "tags", &l->tags, &m->tags, &m->n_tags);
    if (err < 0)
        return err;
    if (!list.json)
        qp_node_error(&list, l->report, "Describe at least one screen.", "is missing");
    if (!load_list(l, &list, SCREENS_MAX, &n))
        return 0;
    if (n == 0)
        qp_node_error(&list, l->report, "Describe at least one screen.", "is empty");
    m->screens = load_array(n, sizeof(*m->screens));
    if (!m->screens)
        return -ENOMEM;
    m->n_screens = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_screen(l, &node, i++);
    }
    return err;
}

/* After the playlists, which need items, which need screens. */
void load_defaults(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "screens");
    const cJSON *element;
    uint32_t i = 0;

    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);
        size_t before = l->report->n;
        struct screen *s;

        if (i >= l->model->n_screens)
            return;
        s = &l->model->screens[i++];
        s->default_playlist = load_opt_ref(l, &node, "default", &l->playlists, "playlist");
        load_label(l, before, "screen", s->id);
    }
}
