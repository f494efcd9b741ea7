/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/geometry.h"

#include <math.h>

#include "tests/unit/wall/walls.h"

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* One cabinet in memory, without a file. */
struct one {
    struct wall wall;
    struct wall_type type;
    struct wall_cabinet cabinet;
};

static void one_init(struct one *o, uint32_t w, uint32_t h, unsigned turn, unsigned mirror)
{
    *o = (struct one){.type = {.w = w, .h = h, .n_leds = w * h},
                      .cabinet = {.turn = (enum wall_turn)turn,
                                  .mirror_x = mirror & 1,
                                  .mirror_y = mirror & 2,
                                  .scale_x = 1,
                                  .scale_y = 1}};
    o->wall =
        (struct wall){.types = &o->type, .n_types = 1, .cabinets = &o->cabinet, .n_cabinets = 1};
}

/* The transforms of integer places, one step at a time. */
static void naive(uint32_t w, uint32_t h, unsigned turn, unsigned mirror, uint32_t *x, uint32_t *y)
{
    if (mirror & 1)
        *x = w - 1 - *x;
    if (mirror & 2)
        *y = h - 1 - *y;
    for (; turn > 0; turn--) { /* a quarter clockwise: (x, y) -> (h - 1 - y, x), size h x w */
        uint32_t old_x = *x, old_w = w;

        *x = h - 1 - *y;
        *y = old_x;
        w = h;
        h = old_w;
    }
}

TEST(led_canvas_quarter_turn_vector)
{
    static const uint32_t want[][2] = {{1, 0}, {1, 1}, {1, 2}, {0, 0}, {0, 1}, {0, 2}};
    struct one o;
    double u, v;

    one_init(&o, 3, 2, WALL_TURN_90, 0);
    for (uint32_t led = 0; led < 6; led++) {
        wall_led_canvas(&o.wall, 0, led, &u, &v);
        T_CHECK(near(u, want[led][0] + 0.5) && near(v, want[led][1] + 0.5));
    }
}

TEST(led_canvas_all_turns_and_mirrors)
{
    for (unsigned turn = 0; turn < 4; turn++)
        for (unsigned mirror = 0; mirror < 4; mirror++) {
            struct one o;

            one_init(&o, 5, 3, turn, mirror);
            for (uint32_t led = 0; led < 15; led++) {
                uint32_t x = led % 5, y = led / 5;
                double u, v;

                naive(5, 3, turn, mirror, &x, &y);
                wall_led_canvas(&o.wall, 0, led, &u, &v);
                T_CHECK(near(u, x + 0.5) && near(v, y + 0.5));
            }
        }
}

TEST(box_follows_turn_and_scale)
{
    struct one o;
    struct wall_box b;

    one_init(&o, 5, 3, WALL_TURN_270, 0);
    o.cabinet.x = 10;
    o.cabinet.y = 20;
    o.cabinet.scale_x = 2;
    o.cabinet.scale_y = 4;
    b = wall_cabinet_box(&o.wall, 0);
    T_CHECK(near(b.x, 10) && near(b.y, 20) && near(b.w, 12) && near(b.h, 10));
    for (uint32_t led = 0; led < 15; led++) {
        double u, v;

        wall_led_canvas(&o.wall, 0, led, &u, &v);
        T_CHECK(u > b.x && u < b.x + b.w && v > b.y && v < b.y + b.h);
    }
}

TEST(irregular_led_is_its_point)
{
    struct one o;
    struct wall_point points[] = {{0.5f, 0.25f}, {2.5f, 1.75f}};
    double u, v;

    one_init(&o, 3, 2, WALL_TURN_180, 0);
    o.type.points = points;
    o.type.n_leds = 2;
    wall_led_canvas(&o.wall, 0, 1, &u, &v);
    T_CHECK(near(u, 0.5) && near(v, 0.25));
}
