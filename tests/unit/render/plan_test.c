/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled plan against the slow way: ask the geometry for every single cell. */
#include "controller/player/render/plan.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "protocols/pixel/sample.h"
#include "protocols/wall/geometry.h"
#include "tests/support/t.h"

static uint64_t seed = 7;

static unsigned rnd(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

struct text {
    char s[65536];
    size_t len;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    t->len += (size_t)vsnprintf(t->s + t->len, sizeof(t->s) - t->len, fmt, ap);
    va_end(ap);
    T_CHECK(t->len < sizeof(t->s));
}

static struct wall *parse(const struct text *t)
{
    struct qp_diag diag = {""};
    struct wall *wall = NULL;

    if (wall_parse(&wall, t->s, t->len, NULL, NULL, &diag) < 0) {
        fprintf(stderr, "%s\n%s\n", diag.text, t->s);
        exit(1);
    }
    return wall;
}

#define CANVAS 170u

#define ALL_OFF                                                                                    \
    "\"processing\":{\"input\":\"off\",\"correction\":false,\"output_curve\":false,"               \
    "\"dither\":false,\"brightness\":1}"

static void add_cabinet(struct text *t, unsigned i, unsigned w, unsigned h, bool scaled)
{
    static const char *const mirrors[] = {"none", "x", "y", "xy"};
    unsigned type_b = rnd(2), turn = rnd(4), sx = 10 + (scaled ? rnd(25) : 0), sy = 10;
    double bw, bh;

    sy += scaled ? rnd(25) : 0;
    bw = (type_b ? 12 : w) * sx / 10.0;
    bh = (type_b ? 8 : h) * sy / 10.0;
    if (turn % 2) {
        double swap = bw;

        bw = bh;
        bh = swap;
    }
    add(t,
        "%s{\"id\":\"c%u\",\"type\":\"%s\",\"turn\":%u,\"mirror\":\"%s\",\"scale\":[%u.%u,%u.%u],",
        i ? "," : "", i, type_b ? "b" : "a", 90 * turn, mirrors[rnd(4)], sx / 10, sx % 10, sy / 10,
        sy % 10);
    add(t, "\"x\":%u%s,\"y\":%u}", rnd((unsigned)(CANVAS - bw - 1)), scaled && rnd(2) ? ".25" : "",
        rnd((unsigned)(CANVAS - bh - 1)));
}

/* Cabinets of two types anywhere, also over each other, in any pose. */
static struct wall *random_wall(const char *processing, bool scaled)
{
    static const char *const orders[] = {"rgb", "rbg", "grb", "gbr", "brg", "bgr"};
    struct text t = {.len = 0};
    unsigned n = 1 + rnd(8), w = 1 + rnd(40), h = 1 + rnd(40);

    add(&t, "{\"canvas\":{\"width\":%u,\"height\":%u},\"refresh\":60,", CANVAS, CANVAS);
    add(&t, "\"types\":{\"a\":{\"width\":%u,\"height\":%u,\"pitch_mm\":2,\"order\":\"%s\"},", w, h,
        orders[rnd(6)]);
    add(&t, "\"b\":{\"width\":12,\"height\":8,\"modules\":[3,2],\"pitch_mm\":2,\"order\":\"%s\"}},",
        orders[rnd(6)]);
    add(&t, "\"cabinets\":[");
    for (unsigned i = 0; i < n; i++)
        add_cabinet(&t, i, w, h, scaled);
    add(&t, "],\"outputs\":[{\"id\":\"p\",\"driver\":\"ddp\",\"link\":{\"type\":\"udp\","
            "\"address\":\"127.0.0.1\"},\"chain\":[");
    for (unsigned i = 0; i < n; i++)
        add(&t, "%s\"c%u\"", i ? "," : "", i);
    add(&t, "]}],\"accept\":[\"gaps\",\"overlaps\",\"margin\"],%s}", processing);
    return parse(&t);
}

/* A layout with slots of odd lengths and gaps between them. */
struct fixture {
    struct sender_slot slots[4096];
    struct sender_layout layout;
    const struct sender_layout *layouts[1];
    uint8_t *bytes;
    size_t len;
    struct canvas canvas;
};

static void fixture_init(struct fixture *f, const struct wall *wall,
                         enum wall_addressing addressing)
{
    uint64_t cells = wall_port_cells(wall, 0, addressing), cell = 0;
    size_t offset = 5;

    f->layout = (struct sender_layout){.addressing = addressing, .slots = f->slots};
    while (cell < cells) {
        uint32_t n = 1 + rnd(200);

        if (cell + n > cells)
            n = (uint32_t)(cells - cell);
        T_CHECK(f->layout.n_slots < 4096);
        f->slots[f->layout.n_slots++] =
            (struct sender_slot){.cell = cell, .n = n, .offset = offset};
        cell += n;
        offset += 3 * (size_t)n + rnd(30);
    }
    f->layouts[0] = &f->layout;
    f->len = offset;
    f->bytes = calloc(offset, 1);
    T_EQ(canvas_init(&f->canvas, wall->canvas_w, wall->canvas_h), 0);
    for (uint32_t y = 0; y < f->canvas.h; y++)
        for (uint32_t x = 0; x < f->canvas.w; x++)
            canvas_row(&f->canvas, y)[x] = 0xff000000u | rnd(1u << 24);
}

static void render(const struct wall *wall, struct fixture *f, unsigned cpu)
{
    struct plan_params params = {.wall = wall, .layouts = f->layouts, .cpu = cpu};
    struct qp_diag diag = {""};
    struct plan_scratch *scratch = NULL;
    struct plan *plan = NULL;

    if (plan_create(&plan, &params, &diag) < 0) {
        fprintf(stderr, "%s\n", diag.text);
        exit(1);
    }
    T_EQ(plan_scratch_create(&scratch), 0);
    plan_begin(plan, 1);
    plan_port(plan, scratch, 0, &f->canvas, f->bytes);
    plan_scratch_destroy(scratch);
    plan_destroy(plan);
}

static unsigned channel_of(enum wall_order order, unsigned byte)
{
    static const char *const names[] = {[WALL_RGB] = "RGB", [WALL_RBG] = "RBG", [WALL_GRB] = "GRB",
                                        [WALL_GBR] = "GBR", [WALL_BRG] = "BRG", [WALL_BGR] = "BGR"};

    return names[order][byte] == 'R' ? 0 : names[order][byte] == 'G' ? 1 : 2;
}

/* The byte of one cell with every stage off; 0 where there is no LED or no canvas. */
static unsigned exact_byte(const struct wall *wall, const struct wall_index *index,
                           const struct canvas *canvas, uint64_t cell, unsigned byte)
{
    struct wall_span span = wall_span_at(index, cell, 1);
    const struct wall_type *type;
    double u, v;

    if (span.cabinet == WALL_HOLE)
        return 0;
    type = &wall->types[wall->cabinets[span.cabinet].type];
    wall_led_canvas(wall, span.cabinet, span.led, &u, &v);
    if (u < 0 || v < 0 || u >= canvas->w || v >= canvas->h)
        return 0;
    return canvas_row(canvas, (uint32_t)v)[(uint32_t)u] >>
               (16 - 8 * channel_of(type->order, byte)) &
           255u;
}

static void expect_exact(const struct wall *wall, struct fixture *f)
{
    struct wall_index *index = NULL;

    T_EQ(wall_index_create(&index, wall, 0, f->layout.addressing), 0);
    for (size_t s = 0; s < f->layout.n_slots; s++)
        for (uint32_t i = 0; i < f->slots[s].n; i++)
            for (unsigned k = 0; k < 3; k++)
                T_EQ(f->bytes[f->slots[s].offset + 3 * i + k],
                     exact_byte(wall, index, &f->canvas, f->slots[s].cell + i, k));
    wall_index_destroy(index);
}

static void fixture_finish(struct fixture *f)
{
    canvas_finish(&f->canvas);
    free(f->bytes);
}

TEST(plan_with_every_stage_off_is_byte_exact)
{
    for (unsigned round = 0; round < 300; round++) {
        static const struct fixture empty;
        static struct fixture f;
        struct wall *wall = random_wall(ALL_OFF, false);

        f = empty;
        fixture_init(&f, wall, round % 2 ? WALL_RASTER : WALL_LINEAR);
        render(wall, &f, round % 3 ? pixel_cpu_detect() : 0);
        expect_exact(wall, &f);
        fixture_finish(&f);
        wall_destroy(wall);
    }
}

/* Linear ends without dither are the identity too, but through the whole chain. */
TEST(plan_with_a_neutral_chain_is_byte_exact)
{
    for (unsigned round = 0; round < 100; round++) {
        static const struct fixture empty;
        static struct fixture f;
        struct wall *wall = random_wall("\"processing\":{\"input\":\"off\",\"output_curve\":false,"
                                        "\"dither\":false,\"brightness\":1}",
                                        false);

        f = empty;
        fixture_init(&f, wall, round % 2 ? WALL_RASTER : WALL_LINEAR);
        render(wall, &f, pixel_cpu_detect());
        expect_exact(wall, &f);
        fixture_finish(&f);
        wall_destroy(wall);
    }
}

/* Any wall with everything on: the same bytes from every instruction set. */
TEST(plan_is_the_same_on_every_instruction_set)
{
    for (unsigned round = 0; round < 100; round++) {
        static const struct fixture empty;
        static struct fixture a, b;
        struct wall *wall = random_wall("\"processing\":{\"brightness\":0.3}", true);
        uint64_t before;

        a = b = empty;
        before = seed;
        fixture_init(&a, wall, WALL_LINEAR);
        seed = before;
        fixture_init(&b, wall, WALL_LINEAR);
        render(wall, &a, 0);
        render(wall, &b, pixel_cpu_detect());
        T_EQ(memcmp(a.bytes, b.bytes, a.len), 0);
        fixture_finish(&a);
        fixture_finish(&b);
        wall_destroy(wall);
    }
}

static struct wall *wall_with(const char *cabinet, const char *processing)
{
    struct text t = {.len = 0};

    add(&t,
        "{\"canvas\":{\"width\":8,\"height\":4},\"refresh\":60,\"types\":{\"a\":{\"width\":4,"
        "\"height\":2,\"modules\":[2,1],\"pitch_mm\":2,\"order\":\"rgb\",\"gamma\":1}},"
        "\"cabinets\":[{\"id\":\"c\",\"type\":\"a\",\"x\":0,\"y\":0%s}],"
        "\"outputs\":[{\"id\":\"p\",\"driver\":\"ddp\",\"link\":{\"type\":\"udp\",\"address\":"
        "\"127.0.0.1\"},\"chain\":[\"c\"]}],\"accept\":[\"margin\",\"gaps\"],"
        "\"processing\":{\"input\":\"off\",\"dither\":false%s}}",
        cabinet, processing);
    return parse(&t);
}

static void expect_leds(struct wall *wall, const uint8_t *want)
{
    static const struct fixture empty;
    static struct fixture f;

    f = empty;
    f.slots[0] = (struct sender_slot){.cell = 0, .n = 8, .offset = 0};
    f.layout = (struct sender_layout){.addressing = WALL_LINEAR, .slots = f.slots, .n_slots = 1};
    f.layouts[0] = &f.layout;
    f.bytes = calloc(24, 1);
    T_EQ(canvas_init(&f.canvas, 8, 4), 0);
    for (uint32_t y = 0; y < 4; y++)
        for (uint32_t x = 0; x < 8; x++)
            canvas_row(&f.canvas, y)[x] = (x * 20) << 16 | (y * 40) << 8 | 200;
    render(wall, &f, pixel_cpu_detect());
    for (unsigned i = 0; i < 24; i++)
        T_EQ(f.bytes[i], want[i]);
    fixture_finish(&f);
    wall_destroy(wall);
}

TEST(plan_dims_in_light)
{
    expect_leds(wall_with("", ",\"brightness\":0.5"),
                (const uint8_t[]){0, 0,  100, 10, 0,  100, 20, 0,  100, 30, 0,  100,
                                  0, 20, 100, 10, 20, 100, 20, 20, 100, 30, 20, 100});
}

/* The left module swaps red and blue, the right one halves green. */
TEST(plan_corrects_by_module)
{
    expect_leds(
        wall_with(",\"module_matrices\":[[[0,0,1],[0,1,0],[1,0,0]],[[1,0,0],[0,0.5,0],[0,0,1]]]",
                  ",\"brightness\":1"),
        (const uint8_t[]){200, 0,  0, 200, 0,  20, 40, 0,  200, 60, 0,  200,
                          200, 40, 0, 200, 40, 20, 40, 20, 200, 60, 20, 200});
}

/* An LED over 2x2 canvas pixels shows their mean light. */
TEST(plan_averages_footprints)
{
    expect_leds(wall_with(",\"scale\":2", ",\"brightness\":1"),
                (const uint8_t[]){10, 20,  200, 50, 20,  200, 90, 20,  200, 130, 20,  200,
                                  10, 100, 200, 50, 100, 200, 90, 100, 200, 130, 100, 200});
}

TEST(plan_refuses_a_matrix_beyond_its_range)
{
    struct wall *wall = wall_with(",\"matrix\":[[1.98,0,0],[0,1,0],[0,0,1]]", "");
    struct sender_slot slot = {.n = 8};
    struct sender_layout layout = {.addressing = WALL_LINEAR, .slots = &slot, .n_slots = 1};
    const struct sender_layout *layouts[1] = {&layout};
    struct plan_params params = {.wall = wall, .layouts = layouts};
    struct plan *plan = NULL;
    struct qp_diag diag;

    T_EQ(plan_create(&plan, &params, &diag), 0); /* what a wall file may have */
    plan_destroy(plan);
    plan = NULL;
    wall->cabinets[0].matrix.m[0][0] = 1.99;
    T_EQ(plan_create(&plan, &params, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "\"c\"") && strstr(diag.text, "too strong"));
    T_CHECK(plan == NULL);
    wall_destroy(wall);
}
