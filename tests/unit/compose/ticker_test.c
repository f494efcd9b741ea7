/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/ticker.h"

#include <math.h>
#include <string.h>

#include "controller/player/compose/paint.h"
#include "protocols/base/clock.h"
#include "tests/support/t.h"

struct scene {
    struct layout *layout;
    struct text_engine *engine;
    struct ticker ticker;
    struct canvas canvas;
    struct paint_scratch scratch;
};

static void scene_init(struct scene *s, const char *members, uint32_t w, uint32_t h,
                       struct qp_rational rate)
{
    char text[70000];
    struct qp_diag diag = {{0}};

    (void)snprintf(text, sizeof(text), "{\"layers\": [{\"type\": \"ticker\", %s}]}", members);
    if (layout_parse(&s->layout, text, strlen(text), NULL, w, h, NULL, &diag) < 0) {
        fprintf(stderr, "%s\n", diag.text);
        exit(1);
    }
    T_EQ(text_engine_create(&s->engine, &diag), 0);
    T_EQ(ticker_init(&s->ticker, &s->layout->layers[0], rate, w, h, 0), 0);
    T_EQ(canvas_init(&s->canvas, w, h), 0);
    T_EQ(paint_scratch_init(&s->scratch, 2 * (size_t)w), 0);
}

static void scene_finish(struct scene *s)
{
    ticker_finish(&s->ticker);
    text_engine_destroy(s->engine);
    layout_destroy(s->layout);
    canvas_finish(&s->canvas);
    paint_scratch_finish(&s->scratch);
}

/* Paint frame f; the worker had its turn. Returns whether all tiles were there. */
static bool paint(struct scene *s, int64_t f)
{
    ticker_prepare(&s->ticker, s->engine);
    T_CHECK(!s->ticker.failed);
    memset(s->canvas.data, 0, s->canvas.stride * s->canvas.h * 4);
    return ticker_paint(&s->ticker, f, &s->canvas, s->scratch.rows);
}

static double total(const struct scene *s, double *ret_centroid)
{
    double sum = 0, moment = 0;

    for (uint32_t y = 0; y < s->canvas.h; y++) {
        for (uint32_t x = 0; x < s->canvas.w; x++) {
            double v = canvas_row(&s->canvas, y)[x] & 255;

            sum += v;
            moment += v * x;
        }
    }
    *ret_centroid = sum > 0 ? moment / sum : 0;
    return sum;
}

/* While a word is wholly in sight its centre moves by the same distance every frame. */
static void check_speed(const char *members, struct qp_rational rate, double px_per_frame)
{
    struct scene s = {0};
    double first = 0, last = 0, before = 0, full = 0;
    int n = 0;

    scene_init(&s, members, 400, 60, rate);
    for (int64_t f = 0; f < 2000; f++) {
        double x, sum;

        T_CHECK(paint(&s, f));
        sum = total(&s, &x);
        if (x > 150 && x < 250) { /* "words" are shorter than 100 px either side */
            if (n++ == 0) {
                first = x;
                full = sum;
            } else {
                T_CHECK(fabs(x - before - px_per_frame) < 0.05);
                T_CHECK(fabs(sum - full) < full * 0.02);
            }
            before = last = x;
        } else if (n > 0) {
            break;
        }
    }
    T_CHECK(n > 10);
    T_CHECK(fabs(last - first - (n - 1) * px_per_frame) < 0.05);
    scene_finish(&s);
}

#define WORD "\"size\": 30, \"gap\": 2000, "

TEST(left_to_right_text_travels_left_by_the_same_distance_every_frame)
{
    check_speed(WORD "\"text\": \"word\", \"speed\": 100", (struct qp_rational){60, 1},
                -100.0 / 60);
    check_speed(WORD "\"text\": \"中文\", \"speed\": 60", (struct qp_rational){60, 1}, -1);
    check_speed(WORD "\"text\": \"word\", \"speed\": 17.3", (struct qp_rational){60000, 1001},
                -17.3 * 1001 / 60000);
}

TEST(right_to_left_text_travels_right)
{
    check_speed(WORD "\"text\": \"كلمة\", \"speed\": 100", (struct qp_rational){60, 1}, 100.0 / 60);
    check_speed(WORD "\"text\": \"كلمة\", \"speed\": 50", (struct qp_rational){50, 1}, 1);
    check_speed(WORD "\"text\": \"word\", \"direction\": \"rtl\", \"speed\": 77",
                (struct qp_rational){60, 1}, 77.0 / 60);
}

/* Latin enters at the right with its first letter, Arabic at the left with its first letter. */
TEST(text_enters_with_its_beginning)
{
    struct scene s = {0};
    double x;

    scene_init(
        &s, WORD "\"text\": \"I..................................................\", \"speed\": 60",
        200, 60, (struct qp_rational){60, 1});
    (void)paint(&s, 0);
    T_CHECK(total(&s, &x) == 0);
    (void)paint(&s, 16);
    T_CHECK(total(&s, &x) > 1000 && x > 184); /* the tall I, not a dot */
    scene_finish(&s);
    memset(&s, 0, sizeof(s));
    scene_init(
        &s, WORD "\"text\": \"ا..................................................\", \"speed\": 60",
        200, 60, (struct qp_rational){60, 1});
    (void)paint(&s, 16);
    T_CHECK(total(&s, &x) > 1000 && x < 16);
    scene_finish(&s);
}

TEST(the_way_is_an_exact_function_of_the_frame)
{
    struct layer layer = {.speed_micro = 100000000};
    struct qp_rational ntsc = {60000, 1001};

    /* After 60000 frames, 1001 s: 100100 px, to the 256th. */
    T_EQ(ticker_travelled(&layer, ntsc, 60000), 100100LL * 256);
    T_EQ(ticker_travelled(&layer, ntsc, 60000LL * 1000000), 100100LL * 256 * 1000000);
    T_EQ(ticker_travelled(&layer, (struct qp_rational){60, 1}, 0), 0);
}

/* A loop: after one period the picture is the same again. */
TEST(it_begins_again_without_a_jump)
{
    struct scene s = {0};
    static uint32_t picture[300 * 60];
    int64_t period, f;

    scene_init(&s, "\"size\": 30, \"gap\": 50, \"text\": \"round and round\", \"speed\": 60", 300,
               60, (struct qp_rational){60, 1});
    (void)paint(&s, 0);
    period = s.ticker.period;
    T_CHECK(s.ticker.all);
    f = 2 * period + 17;
    T_CHECK(paint(&s, f));
    for (uint32_t y = 0; y < 60; y++)
        memcpy(picture + y * 300, canvas_row(&s.canvas, y), 300 * 4);
    T_CHECK(paint(&s, f + period));
    for (uint32_t y = 0; y < 60; y++)
        T_CHECK(memcmp(picture + y * 300, canvas_row(&s.canvas, y), 300 * 4) == 0);
    scene_finish(&s);
}

/* A text of a hundred screens: tiles are drawn on the way, memory is bounded, and what is shown is
 * the same as in one piece. */
static void check_long(const char *word, bool rtl)
{
    struct scene s = {0};
    static char members[60000];
    struct text_extents ext;
    int64_t start = 0;
    int64_t m = snprintf(members, sizeof(members),
                         "\"size\": 30, \"gap\": 100, \"speed\": 600, \"text\": \"");

    for (int i = 0; i < 3000; i++)
        m += snprintf(members + m, sizeof(members) - (size_t)m, "%s%d ", word, i);
    (void)snprintf(members + m, sizeof(members) - (size_t)m, "\"");
    scene_init(&s, members, 300, 50, (struct qp_rational){60, 1});
    T_CHECK(paint(&s, 0));
    text_block_extents(s.ticker.block, &ext);
    T_CHECK(ext.w > 100000 && !s.ticker.all && s.ticker.rtl == rtl);
    T_CHECK(s.ticker.n_slots * TICKER_TILE <= 300 + 2 * 600 + 8 * 512);
    for (int64_t f = 0; f < 3 * s.ticker.period / 10; f += 1 + (f % 50)) {
        int64_t whole = 10 * f;
        uint32_t px[300 * 50];
        struct text_target dst = {px, 300, 50, 300};
        bool there = paint(&s, f);

        /* A jump further than the ring reaches needs one turn of the worker. */
        T_CHECK(there || f > start + 100 || paint(&s, f));
        T_CHECK(paint(&s, f));
        start = f;
        if (whole < 400 || whole % s.ticker.period < 400 ||
            whole % s.ticker.period > s.ticker.columns - 400)
            continue; /* a beginning or an end is in sight */
        T_EQ(text_draw(s.engine, s.ticker.block, &dst,
                       rtl ? (double)(s.ticker.columns - whole % s.ticker.period)
                           : (double)(whole % s.ticker.period - 300),
                       -s.ticker.top, NULL),
             0);
        for (uint32_t i = 0; i < 300 * 50; i++)
            /* FreeType works in bands, which cut outlines at other places. */
            T_CHECK(abs((int)(canvas_row(&s.canvas, i / 300)[i % 300] & 255) -
                        (int)(px[i] & 255)) <= 6);
    }
    scene_finish(&s);
}

TEST(a_long_text_is_drawn_on_the_way)
{
    check_long("word", false);
}

TEST(a_long_text_from_right_to_left)
{
    check_long("كلمة", true);
}

TEST(a_ticker_that_reaches_over_the_edge_is_cut)
{
    struct scene s = {0};
    double x;

    scene_init(&s, "\"x\": -50, \"y\": -10, \"w\": 200, \"h\": 60, \"size\": 30, \"text\": \"cut\"",
               100, 30, (struct qp_rational){60, 1});
    for (int64_t f = 0; f < 500; f++)
        T_CHECK(paint(&s, f));
    (void)total(&s, &x);
    scene_finish(&s);
}
