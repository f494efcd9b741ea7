/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/join.h"

#include <limits.h>

#include "tests/support/t.h"

#define MAX_ITEMS 16

/* Search with lengths that become known when an item is opened. Returns how many were. */
static unsigned search(struct join *j, const int64_t *lengths)
{
    unsigned opened = 0;

    while (join_find(j)) {
        if (j->lengths[j->i] != JOIN_UNKNOWN)
            return opened;
        opened++;
        T_CHECK(opened <= MAX_ITEMS);
        join_set(j, lengths[j->i]);
    }
    return UINT_MAX;
}

/* By walking frame by frame. */
static void walk(const int64_t *lengths, size_t n, int64_t f, size_t *ret_i, int64_t *ret_left)
{
    size_t i = 0;
    int64_t left = 0;

    while (lengths[i] == 0)
        i = (i + 1) % n;
    while (f-- > 0) {
        if (++left < lengths[i])
            continue;
        left = 0;
        do
            i = (i + 1) % n;
        while (lengths[i] == 0);
    }
    *ret_i = i;
    *ret_left = left;
}

TEST(every_frame_of_a_list_that_is_repeated)
{
    const int64_t lengths[] = {3, 0, 1, 7, 0};

    for (int64_t f = 0; f < 100; f++) {
        struct join j;
        int64_t left;
        size_t i;

        T_EQ(join_init(&j, 5, true, f), 0);
        T_CHECK(search(&j, lengths) <= 5);
        walk(lengths, 5, f, &i, &left);
        T_EQ(j.i, i);
        T_EQ(j.left, left);
        T_CHECK(join_is_found(&j));
        join_finish(&j);
    }
}

TEST(years_later_takes_no_longer)
{
    const int64_t lengths[] = {250, 500};
    struct join j;

    T_EQ(join_init(&j, 2, true, 750 * 1000000000LL + 251), 0);
    T_EQ(search(&j, lengths), 2);
    T_EQ(j.i, 1);
    T_EQ(j.left, 1);
    join_finish(&j);
}

TEST(a_list_that_is_over_stays_with_its_last_item)
{
    const int64_t lengths[] = {10, 20, 0};
    struct join j;

    T_EQ(join_init(&j, 3, false, 29), 0);
    T_CHECK(search(&j, lengths) <= 3);
    T_EQ(j.i, 1);
    T_EQ(j.left, 19);
    join_finish(&j);
    T_EQ(join_init(&j, 3, false, 1000), 0);
    T_CHECK(search(&j, lengths) <= 3);
    T_EQ(j.i, 1);
    T_EQ(j.left, 990);
    join_finish(&j);
}

TEST(nothing_that_can_be_played)
{
    const int64_t lengths[] = {0, 0};

    for (int loop = 0; loop < 2; loop++) {
        struct join j;

        T_EQ(join_init(&j, 2, loop == 1, 5), 0);
        T_EQ(search(&j, lengths), UINT_MAX);
        join_finish(&j);
    }
}

TEST(an_endless_item_is_the_last_one)
{
    const int64_t lengths[] = {10, INT64_MAX};
    struct join j;

    T_EQ(join_init(&j, 2, true, INT64_MAX / 2), 0);
    T_EQ(search(&j, lengths), 2);
    T_EQ(j.i, 1);
    T_EQ(j.left, INT64_MAX / 2 - 10);
    join_finish(&j);
}
