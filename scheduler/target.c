/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - does a target mean a screen, and how specifically? */
#include <assert.h>
#include <math.h>

#include "scheduler/load.h"

enum specificity { /* a node counts 2 + its depth, below all of these */
                   SPECIFIC_ALL = 1,
                   SPECIFIC_NODE = 2,
                   SPECIFIC_SET = 1u << 30,
                   SPECIFIC_GROUP,
                   SPECIFIC_SCREEN
};

static bool contains(const uint32_t *sorted, uint32_t n, uint32_t value)
{
    uint32_t low = 0;

    while (low < n) {
        uint32_t middle = low + (n - low) / 2;

        if (sorted[middle] == value)
            return true;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            n = middle;
    }
    return false;
}

/* Bit by bit in one word: the reader refuses what would stack more than 64 truth values. */
static bool tags_match(const struct target *t, const struct screen *s)
{
    uint64_t stack = 0;

    for (uint32_t i = 0; i < t->n_tags; i++) {
        uint64_t second = stack & 1;

        switch (t->tags[i]) {
        case TAG_NOT:
            stack ^= 1;
            break;
        case TAG_AND:
            stack = (stack >> 1) & (second | ~UINT64_C(1));
            break;
        case TAG_OR:
            stack = (stack >> 1) | second;
            break;
        default:
            stack = stack << 1 | contains(s->tags, s->n_tags, (uint32_t)t->tags[i]);
        }
    }
    return stack & 1;
}

/* The nearest of lon + n * 360 to another longitude, so that an edge over the 180th meridian is
 * short. */
static double near_to(double lon, double other)
{
    return lon - 360 * round((lon - other) / 360);
}

/* Even-odd rule; the western and southern borders belong to the polygon. */
static bool is_inside(const struct target *t, double lat, double lon)
{
    bool inside = false;

    for (uint32_t i = 0; i < t->n_points; i++) {
        const struct point *a = &t->polygon[i], *b = &t->polygon[(i + 1) % t->n_points];
        double a_lon = near_to(a->lon, lon), b_lon = near_to(b->lon, a_lon);

        if ((a->lat > lat) == (b->lat > lat))
            continue;
        if (lon < a_lon + (lat - a->lat) / (b->lat - a->lat) * (b_lon - a_lon))
            inside = !inside;
    }
    return inside;
}

bool load_is_below(const struct model *m, uint32_t node, uint32_t above)
{
    while (node != NONE && node != above)
        node = m->nodes[node].parent;
    return node != NONE;
}

static bool has_group(const struct screen *s, uint32_t group)
{
    return contains(s->groups, s->n_groups, group);
}

uint32_t model_specificity(const struct model *model, const struct target *t, uint32_t screen)
{
    const struct screen *s = &model->screens[screen];

    if (t->below && !load_is_below(model, s->node, t->below - 1))
        return 0;
    switch (t->kind) {
    case TARGET_ALL:
        return SPECIFIC_ALL;
    case TARGET_NODE:
        return load_is_below(model, s->node, t->ref) ? SPECIFIC_NODE + model->nodes[t->ref].depth
                                                     : 0;
    case TARGET_TAGS:
        return tags_match(t, s) ? SPECIFIC_SET : 0;
    case TARGET_POLYGON:
        if (s->has_place ? is_inside(t, s->lat, s->lon) : t->unknown_shows)
            return SPECIFIC_SET;
        return 0;
    case TARGET_GROUP:
        return has_group(s, t->ref) ? SPECIFIC_GROUP : 0;
    case TARGET_SCREEN:
        return t->ref == screen ? SPECIFIC_SCREEN : 0;
    }
    assert(false && "a kind of target");
    return 0;
}
