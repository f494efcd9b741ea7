/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/path.h"

#include "tests/support/t.h"

static void expect(struct wall_path path, uint32_t w, uint32_t h, const uint32_t want[][2])
{
    for (uint32_t n = 0; n < w * h; n++) {
        struct path_place p = path_at(&path, w, h, n);

        T_EQ(p.x, want[n][0]);
        T_EQ(p.y, want[n][1]);
    }
}

TEST(path_s_rows)
{
    static const uint32_t want[][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {3, 1}, {2, 1},
                                       {1, 1}, {0, 1}, {0, 2}, {1, 2}, {2, 2}, {3, 2}};

    expect((struct wall_path){.snake = true}, 4, 3, want);
}

TEST(path_s_columns_from_bottom_left)
{
    static const uint32_t want[][2] = {{0, 2}, {0, 1}, {0, 0}, {1, 0}, {1, 1}, {1, 2},
                                       {2, 2}, {2, 1}, {2, 0}, {3, 0}, {3, 1}, {3, 2}};

    expect((struct wall_path){.start = WALL_BOTTOM_LEFT, .columns = true, .snake = true}, 4, 3,
           want);
}

TEST(path_z_rows_from_bottom_right)
{
    static const uint32_t want[][2] = {{2, 1}, {1, 1}, {0, 1}, {2, 0}, {1, 0}, {0, 0}};

    expect((struct wall_path){.start = WALL_BOTTOM_RIGHT}, 3, 2, want);
}

TEST(path_z_columns_from_top_right)
{
    static const uint32_t want[][2] = {{2, 0}, {2, 1}, {1, 0}, {1, 1}, {0, 0}, {0, 1}};

    expect((struct wall_path){.start = WALL_TOP_RIGHT, .columns = true}, 3, 2, want);
}

/* All sixteen: every place once, neighbours along a line, and an S never jumps. */
TEST(path_visits_every_place_once)
{
    for (unsigned variant = 0; variant < 16; variant++) {
        struct wall_path path = {
            .start = variant % 4, .columns = variant & 4, .snake = variant & 8};
        bool seen[5 * 7] = {false};
        struct path_place last = {0};

        for (uint32_t n = 0; n < 35; n++) {
            struct path_place p = path_at(&path, 5, 7, n);
            long distance = labs((long)p.x - (long)last.x) + labs((long)p.y - (long)last.y);

            T_CHECK(p.x < 5 && p.y < 7 && !seen[p.y * 5 + p.x]);
            seen[p.y * 5 + p.x] = true;
            if (n > 0 && (path.snake || last.left > 1))
                T_EQ(distance, 1);
            if (n > 0 && last.left > 1)
                T_EQ(path.columns ? (int)p.y - (int)last.y : (int)p.x - (int)last.x, last.step);
            last = p;
        }
    }
}
