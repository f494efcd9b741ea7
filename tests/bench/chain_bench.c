/* SPDX-License-Identifier: Apache-2.0 */
/* chain_bench [--quick] - the frame path from canvas to packets on one core.
 *
 * A 3840 x 2160 wall of cabinets of 128 x 128 LEDs (the last row 128 x 112), a port for each row of
 * cabinets, BGR cards of gamma 2.8, a correction matrix for each cabinet; packets, plan and canvas
 * are the product's own. The reference copies a buffer of 7 bytes a pixel, what the path has to
 * read and write at least: 4 of the canvas, 3 of the packets. */
#include <stdarg.h>

#include "controller/player/render/plan.h"
#include "sender-card/sender.h"
#include "tests/bench/bench.h"

#define WIDTH    3840u
#define HEIGHT   2160u
#define SIDE     128u
#define COLS     (WIDTH / SIDE)
#define ROWS     ((HEIGHT + SIDE - 1) / SIDE)
#define PIXELS   ((size_t)WIDTH * HEIGHT)
#define WALL_8K  "configs/walls/8k.json"
#define NO_CABLE "pcap:/dev/null"

enum scene_flags {
    SCENE_MATRICES = 1 << 0, /* a 3x3 matrix a cabinet */
    SCENE_TURNED = 1 << 1,   /* every cabinet hangs turned by 90 degrees */
    SCENE_BARE = 1 << 2,     /* every stage off: bytes are copied */
    SCENE_NEGATIVE =
        1 << 3 /* with SCENE_MATRICES: a term below 0, so that light has to be limited */
};

struct scene {
    struct wall *wall;
    struct sender *sender;
    const struct sender_layout **layouts;
    struct plan *plan;
    struct plan_scratch *scratch;
    struct sender_frame *frame;
    struct canvas canvas;
    uint64_t n;
};

struct text {
    char *s;
    size_t len, cap;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    if (n < 0 || t->len + (size_t)n >= t->cap)
        bench_die("the wall's text is too long");
    t->len += (size_t)n;
}

static void add_cabinet(struct text *t, unsigned col, unsigned row, unsigned flags)
{
    bool last = row == ROWS - 1;

    add(t, "%s{\"id\":\"%u.%u\",\"type\":\"%s\",\"x\":%u,\"y\":%u", col + row ? "," : "", row, col,
        last ? "low" : "full", col * SIDE, row * SIDE);
    if (flags & SCENE_TURNED)
        add(t, ",\"turn\":90");
    if (flags & SCENE_MATRICES)
        add(t, ",\"matrix\":[[0.9%u,%s0.02,0.01],[0.01,0.9%u,0.02],[0.02,0.01,0.9%u]]", col % 7,
            flags & SCENE_NEGATIVE ? "-" : "", row % 7, (col + row) % 7);
    add(t, "}");
}

static void add_output(struct text *t, unsigned row)
{
    add(t, "%s{\"id\":\"port%u\",\"driver\":\"colorlight-5a\",\"chain\":[", row ? "," : "", row);
    for (unsigned col = 0; col < COLS; col++)
        add(t, "%s\"%u.%u\"", col ? "," : "", row, col);
    add(t, "]}");
}

static struct wall *make_wall(unsigned flags)
{
    static const char type[] = "\"%s\":{\"width\":%u,\"height\":%u,\"pitch_mm\":1.25,"
                               "\"order\":\"bgr\",\"gamma\":2.8}";
    struct text t = {.s = bench_alloc(1u << 20), .cap = 1u << 20};
    struct qp_diag diag = {""};
    struct wall *wall = NULL;
    unsigned low = HEIGHT - (ROWS - 1) * SIDE;

    add(&t, "{\"canvas\":{\"width\":%u,\"height\":%u},\"refresh\":60,\"types\":{", WIDTH, HEIGHT);
    add(&t, type, "full", SIDE, SIDE);
    add(&t, ",");
    add(&t, type, "low", flags & SCENE_TURNED ? low : SIDE, flags & SCENE_TURNED ? SIDE : low);
    add(&t, "},\"cabinets\":[");
    for (unsigned row = 0; row < ROWS; row++)
        for (unsigned col = 0; col < COLS; col++)
            add_cabinet(&t, col, row, flags);
    add(&t, "],\"outputs\":[");
    for (unsigned row = 0; row < ROWS; row++)
        add_output(&t, row);
    add(&t, "],\"processing\":%s}",
        flags & SCENE_BARE ? "{\"input\":\"off\",\"correction\":false,\"output_curve\":false,"
                             "\"dither\":false,\"brightness\":1}"
                           : "{\"brightness\":0.6,\"dimmer\":\"chain\"}");
    if (wall_parse(&wall, t.s, t.len, NULL, NULL, &diag) < 0)
        bench_die(diag.text);
    free(t.s);
    return wall;
}

/* Layouts of the real drivers; nothing is sent. */
static void open_sender(struct scene *s)
{
    struct sender_params params = {.wall = s->wall, .link = NO_CABLE};
    struct qp_diag diag = {""};

    if (sender_create(&s->sender, &params, &diag) < 0)
        bench_die(diag.text);
    s->layouts = calloc(s->wall->n_outputs, sizeof(*s->layouts));
    if (!s->layouts)
        bench_die("out of memory");
    for (uint32_t i = 0; i < s->wall->n_outputs; i++)
        s->layouts[i] = sender_layout(s->sender, i);
}

static void compile(struct scene *s, unsigned cpu)
{
    struct plan_params params = {
        .wall = s->wall, .layouts = s->layouts, .format = CANVAS_XRGB8888, .cpu = cpu};
    struct qp_diag diag = {""};

    if (plan_create(&s->plan, &params, &diag) < 0)
        bench_die(diag.text);
}

/* A picture with smooth parts, edges and noise. */
static void paint(struct canvas *canvas)
{
    uint32_t noise = 1;

    for (uint32_t y = 0; y < canvas->h; y++)
        for (uint32_t x = 0; x < canvas->w; x++) {
            noise = noise * 1664525u + 1013904223u;
            canvas_row(canvas, y)[x] =
                ((x >> 4) << 16 | (y >> 3) << 8 | ((x ^ y) & 255u)) ^ (noise >> 28);
        }
}

static void scene_open(struct scene *s, unsigned flags, unsigned cpu)
{
    *s = (struct scene){.wall = make_wall(flags)};
    open_sender(s);
    compile(s, cpu);
    if (plan_scratch_create(&s->scratch) < 0 || canvas_init(&s->canvas, WIDTH, HEIGHT) < 0)
        bench_die("out of memory");
    paint(&s->canvas);
    s->frame = sender_acquire(s->sender);
    if (!s->frame)
        bench_die("no packets to fill");
}

static void scene_close(struct scene *s)
{
    canvas_finish(&s->canvas);
    plan_scratch_destroy(s->scratch);
    plan_destroy(s->plan);
    sender_destroy(s->sender);
    free(s->layouts);
    wall_destroy(s->wall);
}

static void render(void *self)
{
    struct scene *s = self;

    plan_begin(s->plan, s->n++);
    for (uint32_t port = 0; port < s->wall->n_outputs; port++)
        plan_port(s->plan, s->scratch, port, &s->canvas, sender_frame_bytes(s->frame, port));
}

struct copy {
    uint8_t *to;
    const uint8_t *from;
    size_t bytes;
};

static void copy_bytes(void *self)
{
    const struct copy *c = self;

    memcpy(c->to, c->from, c->bytes);
    __asm__ volatile("" : : "r"(c->to) : "memory"); /* it is read, says this */
}

/* What players commonly do: where each output byte comes from, and an 8-bit table. */
struct table_loop {
    uint8_t *dst;
    const uint8_t *src;
    uint32_t *map;
    size_t n;
    uint8_t gamma[256];
};

static void run_table_loop(void *self)
{
    const struct table_loop *l = self;
    const uint8_t *src = l->src, *gamma = l->gamma;
    const uint32_t *map = l->map;
    uint8_t *dst = l->dst;

    for (size_t i = 0; i < l->n; i++)
        dst[i] = gamma[src[map[i]]];
}

/* Cabinet after cabinet, the rows of each, BGR. */
static void fill_map(struct table_loop *l, size_t stride)
{
    size_t i = 0;

    for (uint32_t top = 0; top < HEIGHT; top += SIDE)
        for (uint32_t left = 0; left < WIDTH; left += SIDE)
            for (uint32_t y = top; y < top + SIDE && y < HEIGHT; y++)
                for (uint32_t x = left; x < left + SIDE; x++)
                    for (unsigned k = 0; k < 3; k++)
                        l->map[i++] = (uint32_t)(4 * (y * stride + x) + k);
}

static void table_loop_open(struct table_loop *l, const struct canvas *canvas)
{
    *l = (struct table_loop){.dst = bench_alloc(3 * PIXELS),
                             .src = (const uint8_t *)canvas->data,
                             .map = bench_alloc(3 * PIXELS * sizeof(*l->map)),
                             .n = 3 * PIXELS};
    for (unsigned i = 0; i < 256; i++)
        l->gamma[i] = (uint8_t)lround(255 * pow(i / 255.0, 2.8));
    fill_map(l, canvas->stride);
}

static void table_loop_close(struct table_loop *l)
{
    free(l->dst);
    free(l->map);
}

/* --- what is measured ------------------------------------------------------------------------ */

static struct bench_work memcpy_work;
static double seconds_each = 6;

static double beside_memcpy(const char *name, unsigned flags, unsigned cpu, double target)
{
    struct scene scene;
    struct bench_ratio r;

    scene_open(&scene, flags, cpu);
    r = bench_beside(CLOCK_THREAD_CPUTIME_ID, &(struct bench_work){render, &scene}, &memcpy_work,
                     seconds_each);
    bench_print_ratio(name, "x memcpy", &r, target);
    scene_close(&scene);
    return r.ratio;
}

/* How much faster the chain is than the table loop. */
static void against_table_loop(const char *name, unsigned cpu, double target)
{
    struct table_loop loop;
    struct scene scene;
    struct bench_ratio r;
    char note[120];

    scene_open(&scene, SCENE_MATRICES, cpu);
    table_loop_open(&loop, &scene.canvas);
    r = bench_beside(CLOCK_THREAD_CPUTIME_ID, &(struct bench_work){run_table_loop, &loop},
                     &(struct bench_work){render, &scene}, seconds_each);
    (void)snprintf(note, sizeof(note), "loop %.2f ms, chain %.2f ms; quartiles %.2f to %.2f",
                   r.work_ms, r.reference_ms, r.low, r.high);
    bench_print(&(struct bench_figure){.name = name,
                                       .unit = "x as fast as the table loop",
                                       .value = r.ratio,
                                       .target = target,
                                       .note = note});
    table_loop_close(&loop);
    scene_close(&scene);
}

static double ms_since(double began)
{
    return 1e3 * (bench_seconds(CLOCK_THREAD_CPUTIME_ID) - began);
}

/* From the file to a plan that can render, and what the sender needs for its sets of packets. */
static void compile_8k(void)
{
    struct qp_diag diag = {""};
    struct plan_info info;
    struct scene s = {0};
    double began = bench_seconds(CLOCK_THREAD_CPUTIME_ID), load_ms, sender_ms, plan_ms;
    char note[120];

    if (wall_load(&s.wall, WALL_8K, NULL, &diag) < 0)
        bench_die(diag.text);
    load_ms = ms_since(began);
    began = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
    open_sender(&s);
    sender_ms = ms_since(began);
    began = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
    compile(&s, pixel_cpu_detect());
    plan_ms = ms_since(began);
    plan_info(s.plan, &info);
    (void)snprintf(note, sizeof(note), "read and check %.0f ms, plan %.0f ms", load_ms, plan_ms);
    bench_print(&(struct bench_figure){.name = "8K wall compiled",
                                       .unit = "ms",
                                       .value = load_ms + plan_ms,
                                       .target = 1000,
                                       .at_most = true,
                                       .note = note});
    bench_print(&(struct bench_figure){.name = "8K packets laid out",
                                       .unit = "ms",
                                       .value = sender_ms,
                                       .note = "three sets; most of it is fresh memory"});
    (void)snprintf(note, sizeof(note), "%llu runs, %llu LEDs", (unsigned long long)info.n_runs,
                   (unsigned long long)info.n_leds);
    bench_print(&(struct bench_figure){.name = "8K plan in memory",
                                       .unit = "MiB",
                                       .value = (double)info.bytes / 1048576,
                                       .note = note});
    scene_close(&s);
}

static void one_instruction_set(const char *name, unsigned cpu, double target)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "full chain, %s", name);
    (void)beside_memcpy(text, SCENE_MATRICES, cpu, target);
    (void)snprintf(text, sizeof(text), "full chain with negative terms, %s", name);
    (void)beside_memcpy(text, SCENE_MATRICES | SCENE_NEGATIVE, cpu, 0);
    (void)snprintf(text, sizeof(text), "one matrix for all, %s", name);
    (void)beside_memcpy(text, 0, cpu, 0);
    (void)snprintf(text, sizeof(text), "full chain turned by 90 degrees, %s", name);
    (void)beside_memcpy(text, SCENE_MATRICES | SCENE_TURNED, cpu, 0);
    (void)snprintf(text, sizeof(text), "every stage off, %s", name);
    (void)beside_memcpy(text, SCENE_BARE, cpu, 0);
}

int main(int argc, char **argv)
{
    unsigned cpu = pixel_cpu_detect();
    struct copy copy = {.bytes = 7 * PIXELS};

    if (argc > 1 && strcmp(argv[1], "--quick") == 0)
        seconds_each = 0.2;
    copy.to = bench_alloc(copy.bytes);
    copy.from = bench_alloc(copy.bytes);
    memcpy_work = (struct bench_work){copy_bytes, &copy};
    if (cpu & PIXEL_CPU_AVX512) {
        one_instruction_set("AVX-512", cpu, 2.5);
        against_table_loop("AVX-512 against the table loop", cpu, 1.5);
    }
    if (cpu & PIXEL_CPU_AVX2) {
        one_instruction_set("AVX2", PIXEL_CPU_AVX2, 3.5);
        against_table_loop("AVX2 against the table loop", PIXEL_CPU_AVX2, 0);
    }
    (void)beside_memcpy("full chain, C reference", SCENE_MATRICES, 0, 0);
    compile_8k();
    return 0;
}
