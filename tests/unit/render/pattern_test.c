/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/render/pattern.h"

#include <string.h>

#include "tests/support/t.h"

/* Two ports of different length: 4 x 2 LEDs and 2 x 2. */
static const char wall_text[] = "{\"canvas\":{\"width\":6,\"height\":2},"
                                "\"types\":{\"A\":{\"width\":4,\"height\":2,\"pitch_mm\":4},"
                                "\"B\":{\"width\":2,\"height\":2,\"pitch_mm\":4}},"
                                "\"cabinets\":[{\"id\":\"a\",\"type\":\"A\",\"x\":0,\"y\":0},"
                                "{\"id\":\"b\",\"type\":\"B\",\"x\":4,\"y\":0}],"
                                "\"outputs\":[{\"id\":\"p\",\"driver\":\"ddp\",\"chain\":[\"a\"],"
                                "\"link\":{\"type\":\"udp\",\"address\":\"10.0.0.1\"}},"
                                "{\"id\":\"q\",\"driver\":\"ddp\",\"chain\":[\"b\"],"
                                "\"link\":{\"type\":\"udp\",\"address\":\"10.0.0.2\"}}]}";

static struct wall *wall;
static struct pattern *pattern;
static struct canvas canvas;

static void open_pattern(enum pattern_kind kind)
{
    T_EQ(wall_parse(&wall, wall_text, strlen(wall_text), NULL, NULL, NULL), 0);
    T_EQ(canvas_init(&canvas, wall->canvas_w, wall->canvas_h), 0);
    T_EQ(pattern_create(&pattern, kind, wall), 0);
}

static void close_pattern(void)
{
    pattern_destroy(pattern);
    canvas_finish(&canvas);
    wall_destroy(wall);
}

static unsigned n_lit(void)
{
    unsigned n = 0;

    for (uint32_t y = 0; y < canvas.h; y++)
        for (uint32_t x = 0; x < canvas.w; x++)
            n += (canvas_row(&canvas, y)[x] & 0xffffff) != 0;
    return n;
}

TEST(the_bar_stands_where_the_lattice_says)
{
    open_pattern(PATTERN_BAR);
    pattern_paint(pattern, &canvas, 1000000000001);
    T_EQ(canvas_row(&canvas, 0)[1000000000001 % 6] & 0xffffff, 0xffffff);
    close_pattern();
}

TEST(the_walk_lights_one_led_a_port_whatever_frames_are_skipped)
{
    static const uint64_t frames[] = {17, 18, 25, 3, 24, 1000000000007};

    open_pattern(PATTERN_WALK);
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        uint64_t at = frames[i] % 8;

        pattern_paint(pattern, &canvas, frames[i]);
        T_EQ(canvas_row(&canvas, (uint32_t)(at / 4))[at % 4] & 0xffffff, 0xffffff);
        /* The shorter port rests while the longer one goes on. */
        T_EQ(n_lit(), at < 4 ? 2 : 1);
    }
    close_pattern();
}

TEST(every_pattern_but_black_lights_something)
{
    for (unsigned kind = 0; kind < PATTERN_N; kind++) {
        open_pattern((enum pattern_kind)kind);
        pattern_paint(pattern, &canvas, 0);
        T_EQ(n_lit() > 0, kind != PATTERN_BLACK);
        close_pattern();
    }
}
