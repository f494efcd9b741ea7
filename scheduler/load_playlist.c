/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"

#define PLAYLISTS_MAX 1000000u
#define ENTRIES_MAX   1000000u

static const char *const order_names[] = {"list", "shuffle", "weighted"};

/* --- entries --------------------------------------------------------------------------------- */

static struct playlist_entry empty_entry(void)
{
    return (struct playlist_entry){
        .item = NONE, .playlist = NONE, .per_visit = 1, .weight = 1, .condition = NONE};
}

static void check_entry(struct loader *l, const struct qp_node *node, const struct playlist *p)
{
    struct qp_node item = qp_node_member(node, "item"), sub = qp_node_member(node, "playlist");
    struct qp_node visit = qp_node_member(node, "items_per_visit");
    struct qp_node weight = qp_node_member(node, "weight");
    struct qp_node duration = qp_node_member(node, "duration_s");

    if ((item.json != NULL) == (sub.json != NULL))
        qp_node_error(node, l->report, "Write one of item and playlist.",
                      item.json ? "says two things" : "says neither item nor playlist");
    if (visit.json && !sub.json)
        qp_node_error(&visit, l->report, "Remove it.", "goes with playlist only");
    if (duration.json && !item.json)
        qp_node_error(&duration, l->report, "Set it in the sub-playlist.", "goes with item only");
    if (weight.json && p->order != ORDER_WEIGHTED)
        qp_node_error(&weight, l->report, "Set order to weighted.",
                      "goes with weighted playlists only");
}

static int read_entry(struct loader *l, const struct qp_node *node, const struct playlist *p,
                      struct playlist_entry *e)
{
    struct qp_node condition = qp_node_member(node, "condition");

    *e = empty_entry();
    if (cJSON_IsString(node->json)) {
        e->item = load_ref(l, node, &l->items, "item");
        return 0;
    }
    if (!load_object(l, "playlists[].entries[]", node))
        return 0;
    e->item = load_opt_ref(l, node, "item", &l->items, "item");
    e->playlist = load_opt_ref(l, node, "playlist", &l->playlists, "playlist");
    load_u32(l, node, "items_per_visit", 1, 1000000, &e->per_visit);
    load_u32(l, node, "weight", 1, 1000000, &e->weight);
    load_ms(l, node, "duration_s", LOAD_DURATION_S, &e->duration_ms);
    check_entry(l, node, p);
    return condition.json ? load_window(l, &condition, &e->condition) : 0;
}

static int read_entries(struct loader *l, const struct qp_node *list, struct playlist *p)
{
    const cJSON *element;
    uint32_t n;
    int err = 0;

    if (!list->json)
        qp_node_error(list, l->report, "List at least one item.", "is missing");
    if (!load_list(l, list, ENTRIES_MAX, &n))
        return 0;
    if (n == 0)
        qp_node_error(list, l->report, "Name at least one item, or remove the playlist.",
                      "the playlist is empty");
    p->entries = load_array(n, sizeof(*p->entries));
    if (!p->entries)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node at = qp_node_at(list, element, p->n_entries);

        if (err == 0)
            err = read_entry(l, &at, p, &p->entries[p->n_entries++]);
    }
    return err;
}

static int read_playlist(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct playlist *p = &l->model->playlists[index];
    struct qp_node seed = qp_node_member(node, "seed"), list = qp_node_member(node, "entries");
    size_t before = l->report->n;
    unsigned order = ORDER_LIST;
    int64_t number = 0;
    int err;

    if (!cJSON_IsObject(node->json))
        return 0; /* was said when ids were read */
    load_enum(l, node, "order", order_names, QP_ARRAY_LEN(order_names), &order);
    p->order = (enum playlist_order)order;
    if (seed.json)
        (void)qp_node_i64(&seed, 0, INT64_C(9007199254740991), &number, l->report);
    p->seed = (uint64_t)number;
    err = read_entries(l, &list, p);
    load_label(l, before, "playlist", p->id);
    return err;
}

/* --- circles --------------------------------------------------------------------------------- */

struct walk {
    struct loader *l;
    const struct qp_node *list;
    uint8_t *state; /* 0 new, 1 on the way, 2 done */
    uint8_t *height;
    uint32_t way[LOAD_NESTING_MAX + 1], entry[LOAD_NESTING_MAX + 1];
    unsigned depth;
};

static void complain(struct walk *w, uint32_t playlist, const char *remedy, const char *text)
{
    const struct model *m = w->l->model;
    const cJSON *json = cJSON_GetArrayItem(w->list->json, (int)playlist);
    struct qp_node node = qp_node_at(w->list, json, playlist);
    struct qp_node entries = qp_node_member(&node, "entries");
    size_t before = w->l->report->n;

    qp_node_error(&entries, w->l->report, remedy, "%s", text);
    load_label(w->l, before, "playlist", m->playlists[playlist].id);
}

/* "a > b > c > a" */
static void complain_circle(struct walk *w, uint32_t back_to)
{
    const struct model *m = w->l->model;
    char text[512] = "plays itself: ", shown[100];
    size_t used = strlen(text);
    unsigned i = 0;

    while (w->way[i] != back_to)
        i++;
    for (; i <= w->depth && used < sizeof(text); i++) {
        uint32_t p = i < w->depth ? w->way[i] : back_to;
        const char *id = m->playlists[p].id ? m->playlists[p].id : "?";
        int n = snprintf(text + used, sizeof(text) - used, "%s%s",
                         qp_text_escape(shown, sizeof(shown), id), i < w->depth ? " > " : "");

        used += n > 0 ? (size_t)n : 0;
    }
    complain(w, back_to, "Take one of them out of the next.", text);
}

/* Depth first with a way of bounded length. A playlist's height is that of what it holds, plus one;
 * it is known when it is done, so that many ways to one playlist are not walked many times. */
static void enter(struct walk *w, uint32_t playlist)
{
    uint8_t *above = w->depth ? &w->height[w->way[w->depth - 1]] : NULL;

    if (w->state[playlist] == 1) {
        complain_circle(w, playlist);
    } else if (w->depth + w->height[playlist] >= LOAD_NESTING_MAX + (w->state[playlist] == 2)) {
        complain(w, w->way[0], "Nest them less deeply.", "holds playlists more than 32 deep");
    } else if (w->state[playlist] == 0) {
        w->state[playlist] = 1;
        w->way[w->depth] = playlist;
        w->entry[w->depth++] = 0;
    } else if (above && *above < w->height[playlist]) {
        *above = w->height[playlist];
    }
}

static void walk_from(struct walk *w, uint32_t start)
{
    const struct model *m = w->l->model;
    size_t errors = w->l->report->n_errors;

    enter(w, start);
    while (w->depth > 0 && w->l->report->n_errors == errors) {
        uint32_t at = w->way[w->depth - 1];
        const struct playlist *p = &m->playlists[at];
        uint32_t i = w->entry[w->depth - 1]++;

        if (i < p->n_entries) {
            if (p->entries[i].playlist != NONE)
                enter(w, p->entries[i].playlist);
            continue;
        }
        w->state[at] = 2;
        w->height[at]++;
        if (--w->depth > 0 && w->height[w->way[w->depth - 1]] < w->height[at])
            w->height[w->way[w->depth - 1]] = w->height[at];
    }
    for (unsigned i = 0; i < w->depth; i++)
        w->state[w->way[i]] = 2;
    w->depth = 0;
}

static int check_circles(struct loader *l, const struct qp_node *list)
{
    uint32_t n = l->model->n_playlists;
    struct walk w = {.l = l, .list = list, .state = load_array(n, 1), .height = load_array(n, 1)};
    int err = w.state && w.height ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < n && err == 0; i++)
        if (w.state[i] == 0)
            walk_from(&w, i);
    free(w.state);
    free(w.height);
    return err;
}

static int read_ids(struct loader *l, const struct qp_node *list)
{
    const cJSON *element;
    uint32_t i = 0;

    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, i);
        size_t before = l->report->n;
        int err;

        if (load_object(l, "playlists[]", &node)) {
            err = load_id(l, &node, &l->playlists, i, "playlist", &l->model->playlists[i].id);
            load_label(l, before, "playlist", l->model->playlists[i].id);
            if (err < 0)
                return err;
        }
        i++;
    }
    return 0;
}

int load_playlists(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "playlists");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err;

    if (!load_list(l, &list, PLAYLISTS_MAX, &n))
        return 0;
    for (uint32_t k = 0; k <= n; k = k < 8 ? k + 8 : k * 2) /* as load_grow would have done */
        if (load_grow(&m->playlists, k, sizeof(*m->playlists)) < 0)
            return -ENOMEM;
    memset(m->playlists, 0, (n + (size_t)1) * sizeof(*m->playlists));
    m->n_playlists = n;
    err = read_ids(l, &list);
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_playlist(l, &node, i++);
    }
    return err == 0 ? check_circles(l, &list) : err;
}

/* --- the playlist of one item ---------------------------------------------------------------- */

static int make_single(struct loader *l, uint32_t item, uint32_t *ret)
{
    struct model *m = l->model;
    struct playlist p = {.order = ORDER_LIST};

    *ret = l->item_playlist[item];
    if (*ret != NONE)
        return 0;
    if (load_grow(&m->playlists, m->n_playlists, sizeof(p)) < 0)
        return -ENOMEM;
    p.entries = load_array(1, sizeof(*p.entries));
    p.id = strdup(m->items[item].id ? m->items[item].id : "?");
    if (!p.entries || !p.id) {
        free(p.entries);
        free(p.id);
        return -ENOMEM;
    }
    p.entries[0] = empty_entry();
    p.entries[0].item = item;
    p.n_entries = 1;
    *ret = l->item_playlist[item] = m->n_playlists;
    m->playlists[m->n_playlists++] = p;
    return 0;
}

int load_rule_content(struct loader *l, const struct qp_node *rule, uint32_t *ret)
{
    struct qp_node playlist = qp_node_member(rule, "playlist");
    struct qp_node item = qp_node_member(rule, "item");
    uint32_t i;

    *ret = NONE;
    if (playlist.json && item.json)
        qp_node_error(&item, l->report, "Keep one of them.", "stands beside playlist");
    if (playlist.json)
        *ret = load_ref(l, &playlist, &l->playlists, "playlist");
    if (playlist.json || !item.json)
        return 0;
    i = load_ref(l, &item, &l->items, "item");
    if (i == NONE)
        return 0;
    if (!l->frozen || l->item_playlist[i] != NONE)
        return make_single(l, i, ret);
    qp_node_error(&item, l->report, "Name a playlist of the schedule.",
                  "no playlist of the schedule holds this item alone");
    return 0;
}
