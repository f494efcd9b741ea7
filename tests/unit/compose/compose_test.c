/* SPDX-License-Identifier: Apache-2.0 */
/* The whole composition on scripted media: what stands on the canvas, and what the render thread
 * may not do. */
#include "controller/player/compose/compose.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <time.h>

#include "protocols/base/clock.h"
#include "tests/unit/compose/fake_media.h"

/* --- counting what the render thread must not do
 * ---------------------------------------------------- */

static _Thread_local volatile bool watched; /* volatile: compilers hold malloc to read nothing */
static _Atomic long n_allocations, n_locks;

static void note_allocation(void)
{
    if (watched)
        atomic_fetch_add(&n_allocations, 1);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef SANITIZED
/* The sanitizers own malloc; they tell of it. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
                                                                       size_t),
                                                     void (*on_free)(const volatile void *))
    __attribute__((weak));

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    (void)n;
    note_allocation();
}

static void on_free(const volatile void *p)
{
    (void)p;
    note_allocation();
}

static bool install_hooks(void)
{
    return __sanitizer_install_malloc_and_free_hooks &&
           __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
}
#else
/* Plain builds: these definitions come before the C library's. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

void *malloc(size_t n)
{
    note_allocation();
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    note_allocation();
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    note_allocation();
    return __libc_realloc(p, n);
}

void free(void *p)
{
    note_allocation();
    __libc_free(p);
}

int pthread_mutex_lock(pthread_mutex_t *lock)
{
    static int (*next)(pthread_mutex_t *);

    if (watched)
        atomic_fetch_add(&n_locks, 1);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    return next(lock);
}

static bool install_hooks(void)
{
    return true;
}
#endif

/* --- a wall
 * ------------------------------------------------------------------------------------------ */

#define W     64
#define H     48
#define START 1790000000000000000LL

struct wall {
    struct layout *layout;
    struct compose *compose;
    struct canvas canvas;
    int64_t f;
    enum compose_state state;
    int n_skips;
    char skipped[300];
};

static void on_notice(void *user, const char *text)
{
    struct wall *w = user;

    w->n_skips++;
    (void)snprintf(w->skipped, sizeof(w->skipped), "%s", text);
}

static void wall_init(struct wall *w, const char *layout, const char *const *media, size_t n,
                      bool loop)
{
    struct compose_params params = {.media = media,
                                    .n_media = n,
                                    .loop = loop,
                                    .rate = {60, 1},
                                    .on_notice = on_notice,
                                    .user = w};
    struct qp_diag diag = {{0}};

    *w = (struct wall){0};
    if (layout)
        T_EQ(layout_parse(&w->layout, layout, strlen(layout), NULL, W, H, NULL, &diag), 0);
    else
        T_EQ(layout_default(&w->layout, W, H), 0);
    params.layout = w->layout;
    if (compose_create(&w->compose, &params, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(w->compose != NULL);
    T_EQ(canvas_init(&w->canvas, W, H), 0);
    for (uint32_t y = 0; y < H; y++) /* what was on before */
        memset(canvas_row(&w->canvas, y), 0x77, W * 4);
}

static void wall_finish(struct wall *w)
{
    compose_destroy(w->compose);
    layout_destroy(w->layout);
    canvas_finish(&w->canvas);
    T_EQ(atomic_load(&fake_n_open), 0);
}

static int64_t due(int64_t f)
{
    return START + qp_lattice_due((struct qp_rational){60, 1}, f);
}

static void render(struct wall *w)
{
    watched = true;
    w->state = compose_render(w->compose, &w->canvas, due(w->f), due(w->f), 0);
    watched = false;
}

static void step(struct wall *w)
{
    atomic_store(&fake_now, w->f);
    compose_tick(w->compose);
    render(w);
    w->f++;
}

static uint32_t at(const struct wall *w, uint32_t x, uint32_t y)
{
    return canvas_row(&w->canvas, y)[x] & 0xffffff;
}

/* The worker draws in its own time: frames that show nothing new, until it has. */
static void settle(struct wall *w)
{
    for (int i = 0; i < 2000; i++) {
        struct timespec pause = {0, 5000000};

        compose_tick(w->compose);
        w->state = compose_render(w->compose, &w->canvas, due(0), due(0), 0);
        if (w->state != COMPOSE_WAITING)
            return;
        (void)nanosleep(&pause, NULL);
    }
    fprintf(stderr, "the text worker did not come to an end\n");
    exit(1);
}

TEST(the_old_picture_stays_while_nothing_is_ready)
{
    const char *media[] = {"200,ready=10,ms=500"};
    struct wall w;

    wall_init(&w, NULL, media, 1, false);
    for (int f = 0; f < 10; f++) {
        step(&w);
        T_EQ(w.state, COMPOSE_WAITING);
        T_EQ(at(&w, 5, 5), 0x777777);
    }
    for (int f = 0; f < 30; f++) {
        step(&w);
        T_EQ(w.state, COMPOSE_PLAYING);
        T_EQ(at(&w, 5, 5), 200);
    }
    for (int f = 0; f < 10; f++)
        step(&w);
    T_EQ(w.state, COMPOSE_ENDED);
    T_EQ(at(&w, W - 1, H - 1), 200);
    wall_finish(&w);
}

TEST(nothing_can_be_played)
{
    const char *media[] = {"1,bad", "2,empty"};
    struct compose_stats stats;
    struct wall w;

    wall_init(&w, NULL, media, 2, false);
    for (int f = 0; f < 10; f++)
        step(&w);
    T_EQ(w.state, COMPOSE_FAILED);
    T_EQ(w.n_skips, 2);
    T_EQ(at(&w, 5, 5), 0x777777);
    compose_stats(w.compose, &stats);
    T_EQ(stats.items_skipped, 2);
    T_EQ(stats.items_started, 0);
    wall_finish(&w);
}

TEST(a_fade_on_the_canvas_is_exact)
{
    const char *media[] = {"200,ms=500", "100,ms=500"};
    struct wall w;

    wall_init(&w,
              "{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\", \"transition\":"
              "{\"type\": \"cross-fade\", \"seconds\": 0.15}}]}",
              media, 2, false);
    for (int f = 0; f < 30; f++) {
        int i = f - 21, weight = (int)(255.0 * (i + 1) / 10 + 0.5);

        step(&w);
        T_EQ(at(&w, 3, 3),
             i < 0 ? 200 : (int)((200.0 * (255 - weight) + 100.0 * weight) / 255 + 0.5));
    }
    step(&w);
    T_EQ(at(&w, 3, 3), 100);
    wall_finish(&w);
}

TEST(layers_opacity_and_order)
{
    const char *media[] = {"200"};
    struct wall w;

    wall_init(
        &w,
        "{\"background\": \"#000040\", \"layers\": ["
        "{\"type\": \"solid\", \"color\": \"#0000ff\", \"w\": \"50%\", \"z\": 2, \"opacity\": 0.5},"
        "{\"type\": \"zone\", \"playlist\": \"main\", \"h\": \"50%\", \"z\": 1},"
        "{\"type\": \"image\", \"file\": \"90,clear\", \"x\": \"75%\", \"w\": \"25%\", \"z\": 3},"
        "{\"type\": \"solid\", \"color\": \"#0000ff80\", \"x\": -8, \"y\": -8, \"w\": 16, \"h\": "
        "16}]}",
        media, 1, true);
    step(&w);
    step(&w);
    T_EQ(w.state, COMPOSE_PLAYING);
    T_EQ(at(&w, 40, 10), 200);
    T_EQ(at(&w, 40, 40), 0x40);
    T_EQ(at(&w, 10, 10), 128 + (200 * 127 + 127) / 255);
    T_EQ(at(&w, 10, 40), 128 + (0x40 * 127 + 127) / 255);
    T_EQ(at(&w, 60, 10), 45 + (200 * 127 + 127) / 255);
    T_EQ(at(&w, 60, 40), 45 + (0x40 * 127 + 127) / 255);
    wall_finish(&w);
}

TEST(media_and_main_zone_belong_together)
{
    static const char text[] = "{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\"}]}";
    const char *media[] = {"1"};
    struct compose_params params = {.media = media, .n_media = 1, .rate = {60, 1}};
    struct compose *c = NULL;
    struct qp_diag diag = {{0}};
    struct layout *l;

    T_EQ(layout_parse(&l, text, sizeof(text) - 1, NULL, W, H, NULL, NULL), 0);
    params.layout = l;
    T_EQ(compose_create(&c, &params, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "main"));
    params.n_media = 0;
    T_EQ(compose_create(&c, &params, &diag), 0);
    compose_destroy(c);
    params.rate.num = 0;
    T_EQ(compose_create(&c, &params, &diag), -EINVAL);
    layout_destroy(l);
    T_EQ(layout_default(&l, W, H), 0);
    params = (struct compose_params){.layout = l, .rate = {60, 1}};
    c = NULL;
    T_EQ(compose_create(&c, &params, &diag), -EINVAL);
    T_CHECK(c == NULL && strstr(diag.text, "media"));
    layout_destroy(l);
    compose_destroy(NULL);
}

/* A second show of the canvas-level promise: never black, never what was on before, after the first
 * picture; transitions of all kinds, failures, late files, skipped frames. */
static void random_show(unsigned seed)
{
    static const char *const kinds[] = {"cut",     "cross-fade", "wipe-left", "wipe-right",
                                        "wipe-up", "wipe-down",  "circle"};
    char scripts[12][64], layout[300];
    const char *media[12];
    struct wall w;
    bool began = false;
    size_t n;

    srand(seed);
    n = 1 + (size_t)rand() % 12;
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(scripts[i], sizeof(scripts[i]), "%d,ready=%d,ms=%d%s", 100 + (int)i * 10,
                       rand() % 40, rand() % 900,
                       rand() % 5   ? ""
                       : rand() % 2 ? ",bad"
                                    : ",break=90");
        media[i] = scripts[i];
    }
    (void)snprintf(layout, sizeof(layout),
                   "{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\", \"transition\":"
                   "{\"type\": \"%s\", \"seconds\": 0.%02d}}]}",
                   kinds[rand() % 7], rand() % 100);
    atomic_store(&fake_now, 0);
    wall_init(&w, layout, media, n, rand() % 2);
    for (int f = 0; f < 400; f++) {
        step(&w);
        w.f += rand() % 10 == 0 ? rand() % 4 : 0;
        began |= w.state == COMPOSE_PLAYING;
        for (uint32_t i = 0; began && i < 8; i++) {
            uint32_t v = at(&w, (uint32_t)rand() % W, (uint32_t)rand() % H);

            T_CHECK(v >= 100 && v <= 210);
        }
    }
    wall_finish(&w);
}

TEST(never_a_black_pixel)
{
    for (unsigned seed = 1; seed <= 300; seed++)
        random_show(seed);
}

TEST(a_clock_that_is_set_does_not_stop_the_show)
{
    const char *media[] = {"200,ms=60000", "100"};
    struct wall w;

    wall_init(&w, NULL, media, 2, false);
    for (int f = 0; f < 100; f++)
        step(&w);
    w.f += 60 * 3600; /* an hour forward: no items are skipped */
    step(&w);
    T_EQ(at(&w, 1, 1), 200);
    w.f -= 60 * 7200;
    for (int f = 0; f < 100; f++)
        step(&w);
    T_EQ(at(&w, 1, 1), 200);
    T_EQ(w.state, COMPOSE_PLAYING);
    wall_finish(&w);
}

static const char everything[] =
    "{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\", \"h\": \"50%\", \"opacity\": 0.9,"
    "\"transition\": \"circle\"},"
    "{\"type\": \"zone\", \"playlist\": [\"7,ms=300\", \"8,ms=200,clear\", \"9,bad\"], \"x\": "
    "\"50%\", \"w\": \"50%\","
    "\"y\": \"50%\", \"h\": \"50%\", \"transition\": \"wipe-up\"},"
    "{\"type\": \"text\", \"text\": \"千屏 مرحبا\", \"size\": 12, \"shadow\": {}},"
    "{\"type\": \"clock\", \"size\": 10, \"format\": \"%H:%M:%S\"},"
    "{\"type\": \"countdown\", \"size\": 10, \"to\": \"2030-01-01T00:00:00\"},"
    "{\"type\": \"ticker\", \"y\": 30, \"h\": 18, \"text\": \"news from everywhere and for "
    "everyone\","
    "\"speed\": 300}]}";

TEST(the_render_thread_neither_allocates_nor_locks)
{
    const char *media[] = {"200,ms=300", "100,ms=400", "50,bad", "150,ms=0"};
    struct wall w;
    void *volatile probe;

    T_CHECK(install_hooks());
    wall_init(&w, everything, media, 4, true);
    settle(&w);
    watched = true; /* the counter counts */
    probe = malloc(10);
    free(probe);
    watched = false;
    T_CHECK(atomic_load(&n_allocations) >= 1);
    atomic_store(&n_allocations, 0);
    for (int f = 0; f < 3000; f++)
        step(&w);
    T_EQ(atomic_load(&n_allocations), 0);
    T_EQ(atomic_load(&n_locks), 0);
    wall_finish(&w);
}

/* The clock's picture changes on the frame on which the second begins, to what a fresh composition
 * would show. */
TEST(a_clock_changes_on_its_frame)
{
    static const char text[] =
        "{\"layers\": [{\"type\": \"clock\", \"size\": 14, \"format\": \"%S\"}]}";
    static uint32_t before[W * H];
    int changes = 0;
    struct wall w;

    wall_init(&w, text, NULL, 0, false);
    settle(&w);
    for (w.f = 1; w.f < 240;) {
        struct timespec pause = {0, 30000000}; /* a poll of the worker, before the second begins */
        bool changed = false;

        if (w.f % 60 >= 58)
            (void)nanosleep(&pause, NULL);
        step(&w);
        for (uint32_t y = 0; y < H; y++) {
            changed |= memcmp(before + y * W, canvas_row(&w.canvas, y), W * 4) != 0;
            memcpy(before + y * W, canvas_row(&w.canvas, y), W * 4);
        }
        if (w.f > 2) {
            T_EQ(changed, (w.f - 1) % 60 == 0);
            changes += changed;
        }
    }
    T_EQ(changes, 3);
    wall_finish(&w);
}

struct racing {
    struct wall *w;
    _Atomic bool quit;
};

static void *race(void *arg)
{
    struct racing *r = arg;

    while (!atomic_load(&r->quit)) {
        struct timespec pause = {0, 200000};

        (void)compose_render(r->w->compose, &r->w->canvas, due(r->w->f), due(r->w->f), 0);
        r->w->f += 5;
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

/* Render in a thread of its own, as in the player: for the thread sanitizer. */
TEST(loop_worker_and_render_thread_together)
{
    const char *media[] = {"200,ms=300", "100,ms=400,ready=3", "50,bad", "150,ms=0"};
    struct racing r;
    pthread_t thread;
    struct wall w;

    wall_init(&w, everything, media, 4, true);
    r.w = &w;
    atomic_init(&r.quit, false);
    T_EQ(pthread_create(&thread, NULL, race, &r), 0);
    for (int i = 0; i < 2000; i++) {
        struct timespec pause = {0, 500000};
        struct compose_stats stats;

        atomic_fetch_add(&fake_now, 1);
        compose_tick(w.compose);
        compose_stats(w.compose, &stats);
        (void)nanosleep(&pause, NULL);
    }
    atomic_store(&r.quit, true);
    pthread_join(thread, NULL);
    T_CHECK(w.n_skips > 0);
    wall_finish(&w);
}
