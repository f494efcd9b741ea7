/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/sweep.h"

#include <string.h>

#include "protocols/base/ids.h"
#include "tests/support/t.h"

#define SIDE 24

static uint32_t next(uint32_t *s, uint32_t n)
{
    *s = *s * 1664525u + 1013904223u;
    return (*s >> 8) % n;
}

static bool overlap(const struct wall_box *a, const struct wall_box *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Pairs against pairs, holes against a picture of cells. */
static void compare(const struct wall_box *boxes, uint32_t n)
{
    bool covered[SIDE][SIDE] = {{false}}, want[SIDE][SIDE] = {{false}}, got[SIDE][SIDE] = {{false}};
    bool any[SIDE] = {false};
    struct sweep s = {0};
    uint32_t pairs = 0, first = SIDE, last = 0, left = SIDE, right = 0;

    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t y = (uint32_t)boxes[i].y; y < boxes[i].y + boxes[i].h; y++)
            for (uint32_t x = (uint32_t)boxes[i].x; x < boxes[i].x + boxes[i].w; x++) {
                covered[y][x] = any[y] = true;
                left = x < left ? x : left;
                right = x + 1 > right ? x + 1 : right;
                first = y < first ? y : first;
                last = y > last ? y : last;
            }
        for (uint32_t k = 0; k < i; k++)
            pairs += overlap(&boxes[i], &boxes[k]);
    }
    for (uint32_t y = first; y <= last; y++) {
        uint32_t from = SIDE, to = 0;

        for (uint32_t x = 0; x < SIDE; x++)
            if (covered[y][x]) {
                from = x < from ? x : from;
                to = x + 1;
            }
        for (uint32_t x = any[y] ? from : left; x < (any[y] ? to : right); x++)
            want[y][x] = !covered[y][x];
    }
    T_EQ(sweep_run(&s, boxes, n, 1000), 0);
    T_EQ(s.n_overlaps, pairs);
    for (uint32_t i = 0; i < s.n_overlaps; i++)
        T_CHECK(overlap(&boxes[s.overlaps[i].a], &boxes[s.overlaps[i].b]));
    for (uint32_t i = 0; i < s.n_holes; i++)
        for (uint32_t y = (uint32_t)s.holes[i].y; y < s.holes[i].y + s.holes[i].h; y++)
            for (uint32_t x = (uint32_t)s.holes[i].x; x < s.holes[i].x + s.holes[i].w; x++) {
                T_CHECK(!got[y][x]); /* no cell in two holes */
                got[y][x] = true;
            }
    T_EQ(memcmp(want, got, sizeof(want)), 0);
    sweep_finish(&s);
}

TEST(sweep_like_a_picture)
{
    for (uint32_t round = 0; round < 2000; round++) {
        struct wall_box boxes[12];
        uint32_t seed = round, n = 1 + next(&seed, 12);

        for (uint32_t i = 0; i < n; i++)
            boxes[i] = (struct wall_box){next(&seed, 16), next(&seed, 16), 1 + next(&seed, 8),
                                         1 + next(&seed, 8)};
        compare(boxes, n);
    }
}

TEST(sweep_counts_what_it_does_not_keep)
{
    struct wall_box boxes[20];
    struct sweep s = {0};

    for (uint32_t i = 0; i < 20; i++)
        boxes[i] = (struct wall_box){0, 0, 5, 5};
    T_EQ(sweep_run(&s, boxes, 20, 10), 0);
    T_EQ(s.n_overlaps, 10);
    T_EQ(s.more_overlaps, 180);
    sweep_finish(&s);
}

/* Two hundred thousand boxes on top of each other: the budget ends it. */
TEST(sweep_gives_up_on_a_hostile_wall)
{
    uint32_t n = 200000;
    struct wall_box *boxes = calloc(n, sizeof(*boxes));
    struct sweep s = {0};

    for (uint32_t i = 0; i < n; i++)
        boxes[i] = (struct wall_box){i * 0.001, i * 0.02, 5000, 5000};
    T_EQ(sweep_run(&s, boxes, n, 10), 0);
    T_CHECK(s.incomplete);
    sweep_finish(&s);
    free(boxes);
}

TEST(ids_find_what_was_put)
{
    static char keys[5000][8];
    struct ids ids = {0};
    uint32_t value;

    T_CHECK(!ids_get(&ids, "a", &value));
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%u", i);
        T_EQ(ids_put(&ids, keys[i], i), 0);
    }
    T_EQ(ids_put(&ids, "k77", 1), -EEXIST);
    for (uint32_t i = 0; i < 5000; i++) {
        T_CHECK(ids_get(&ids, keys[i], &value));
        T_EQ(value, i);
    }
    T_CHECK(!ids_get(&ids, "k5000", &value));
    ids_finish(&ids);
}
