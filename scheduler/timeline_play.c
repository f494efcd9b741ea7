/* SPDX-License-Identifier: Apache-2.0 */
/* timeline_play.c - the items of playlists in their order. */
#include "scheduler/timeline.h"

#define JOIN_MAX  100000 /* looks at entries of a loop that is joined in progress */
#define TRIES_MIN 64

/* --- the order of a round ----------------------------------------------------------------------
 */

static uint64_t mix64(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A permutation of [0, n): Feistel over an even number of bits, walked until inside. */
static uint64_t permuted(uint64_t key, uint64_t i, uint64_t n)
{
    unsigned half = 2;
    uint64_t mask;

    while (half < 31 && (UINT64_C(1) << (2 * half)) < n)
        half++;
    mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = i >> half, right = i & mask;

        for (unsigned round = 0; round < 6; round++) {
            uint64_t t = left ^ (mix64(key ^ (right << 3 | round)) & mask);

            left = right;
            right = t;
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

static uint64_t key_of(const struct timeline *tl, const struct playlist *p, uint32_t round)
{
    return mix64(mix64(p->seed ^ (uint64_t)(uint32_t)tl->day << 32) ^ round);
}

static uint64_t places_of(const struct playlist *p)
{
    uint64_t n = 0;

    if (p->order != ORDER_WEIGHTED)
        return p->n_entries;
    for (uint32_t i = 0; i < p->n_entries; i++)
        n += p->entries[i].weight ? p->entries[i].weight : 1;
    return n;
}

static uint32_t weighted(const struct playlist *p, uint64_t place)
{
    for (uint32_t i = 0; i < p->n_entries; i++) {
        uint64_t w = p->entries[i].weight ? p->entries[i].weight : 1;

        if (place < w)
            return i;
        place -= w;
    }
    return p->n_entries - 1;
}

/* The same item does not end one round and begin the next, where there is a choice. */
static uint64_t shuffled(const struct timeline *tl, const struct playlist *p,
                         const struct cursor *c, uint64_t pos)
{
    uint64_t key = key_of(tl, p, c->round), n = c->places;

    if (c->round > 0 && pos < 2 && n > 2 && p->order == ORDER_SHUFFLE &&
        permuted(key, 0, n) == permuted(key_of(tl, p, c->round - 1), n - 1, n))
        pos = 1 - pos;
    return permuted(key, pos, n);
}

static uint32_t entry_at(const struct timeline *tl, const struct playlist *p,
                         const struct cursor *c)
{
    if (p->order == ORDER_LIST)
        return (uint32_t)c->pos;
    if (p->order == ORDER_SHUFFLE)
        return (uint32_t)shuffled(tl, p, c, c->pos);
    return weighted(p, shuffled(tl, p, c, c->pos));
}

/* --- what can be shown -------------------------------------------------------------------------
 */

static bool has_rights(struct timeline *tl, uint32_t item)
{
    const struct item *it = &tl->model->items[item];
    bool ok = it->n_rights_area == 0;

    if (tl->rights[item])
        return tl->rights[item] == 1;
    for (uint32_t i = 0; i < it->n_rights_area && !ok; i++)
        ok = model_specificity(tl->model, &it->rights_area[i], tl->screen) > 0;
    tl->rights[item] = ok ? 1 : 2;
    return ok;
}

bool timeline_item_missing(const struct timeline *tl, uint32_t item)
{
    const uint8_t *missing = tl->facts->missing_items;

    return missing && (missing[item / 8] >> (item % 8) & 1);
}

bool timeline_item_ok(struct timeline *tl, uint32_t item)
{
    const struct item *it = &tl->model->items[item];
    int64_t t = tl->now_ms;

    return (tl->model->screens[tl->screen].sync_group || !timeline_item_missing(tl, item)) &&
           (it->valid_from_ms == 0 || t >= it->valid_from_ms) && t < it->valid_to_ms &&
           (it->rights_from_ms == 0 || t >= it->rights_from_ms) && t < it->rights_to_ms &&
           (it->n_rights_area == 0 || has_rights(tl, item));
}

static bool condition_ok(struct timeline *tl, uint32_t window)
{
    struct condition *c = &tl->conditions[window];
    const struct screen *s = &tl->model->screens[tl->screen];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};

    if (c->until_ms > tl->now_ms)
        return c->open;
    c->open = occurrence_open(tl->model, &tl->model->windows[window], &place, tl->now_ms, NULL,
                              &c->until_ms);
    return c->open;
}

/* --- cursors -----------------------------------------------------------------------------------
 */

bool timeline_at_round(const struct cursor *c)
{
    return c->pos == 0 && c->left == 0;
}

static void begin(struct timeline *tl, struct cursor *c, const struct playlist *p)
{
    if (c->epoch == tl->epoch && c->places)
        return;
    *c = (struct cursor){.epoch = tl->epoch, .places = places_of(p), .dead_ms = INT64_MIN};
}

static void step(struct cursor *c)
{
    c->left = 0;
    if (++c->pos < c->places)
        return;
    c->pos = 0;
    c->round++;
}

static struct pick pick_entry(struct timeline *tl, struct cursor *c, const struct playlist_entry *e)
{
    struct pick none = {.item = NONE}, p;

    if (e->condition != NONE && !condition_ok(tl, e->condition)) {
        step(c);
        return none;
    }
    if (e->item != NONE) {
        step(c);
        if (!timeline_item_ok(tl, e->item))
            return none;
        return (struct pick){.item = e->item,
                             .len_ms = e->duration_ms ? e->duration_ms
                                                      : tl->model->items[e->item].duration_ms};
    }
    if (c->left == 0)
        c->left = e->per_visit ? e->per_visit : 1;
    p = timeline_next(tl, &tl->subs[e->playlist], e->playlist);
    if (p.item == NONE || --c->left == 0)
        step(c);
    return p;
}

struct pick timeline_next(struct timeline *tl, struct cursor *c, uint32_t playlist)
{
    const struct playlist *p = &tl->model->playlists[playlist];
    struct pick pick = {.item = NONE};
    uint64_t tries;

    begin(tl, c, p);
    if (c->dead_ms == tl->now_ms)
        return pick;
    /* Every entry of this round and of the next; of many places the luck of some. */
    tries = c->places > 1000000 ? TRIES_MIN + 64 * (uint64_t)p->n_entries : 2 * c->places;
    while (tries-- > 0 && pick.item == NONE && !tl->stopped) {
        timeline_work(tl, p->order == ORDER_WEIGHTED ? 8 + p->n_entries / 4 : 1);
        tl->looks += p->order == ORDER_WEIGHTED ? 1 + p->n_entries / 64 : 1;
        pick = pick_entry(tl, c, &p->entries[entry_at(tl, p, c)]);
    }
    if (pick.item == NONE)
        c->dead_ms = tl->now_ms;
    return pick;
}

/* --- join in progress ----------------------------------------------------------------------------
 */

static int64_t loop_length(struct timeline *tl, struct cursor *c, uint32_t playlist)
{
    uint64_t end = tl->looks + JOIN_MAX;
    int64_t sum = 0;

    while (tl->looks < end) {
        struct pick p = timeline_next(tl, c, playlist);

        if (p.item == NONE)
            return 0;
        sum += p.len_ms;
        if (timeline_at_round(c))
            break;
    }
    return sum;
}

struct pick timeline_join(struct timeline *tl, struct cursor *c, uint32_t playlist,
                          int64_t epoch_ms)
{
    int64_t length = loop_length(tl, c, playlist), since = tl->now_ms - epoch_ms;
    struct pick p = {.item = NONE};
    uint64_t end;

    tl->epoch++;
    if (length <= 0 || since < 0)
        return p;
    begin(tl, c, &tl->model->playlists[playlist]);
    c->round = (uint32_t)(since / length);
    since %= length;
    end = tl->looks + JOIN_MAX;
    while (tl->looks < end) {
        p = timeline_next(tl, c, playlist);
        if (p.item == NONE || since < p.len_ms)
            break;
        since -= p.len_ms;
    }
    if (since < p.len_ms) /* or a loop too long to be walked through is not where it was thought */
        p.offset_ms = since;
    return p;
}
