/* SPDX-License-Identifier: Apache-2.0 */
/* For random layouts: every LED has exactly one cell and every cell at most one LED, in both
 * addressings, and the spans cover the cells without a gap. */
#include <inttypes.h>

#include "protocols/wall/geometry.h"
#include "tests/unit/wall/walls.h"

#define LAYOUTS 150

static uint64_t state;

static uint32_t pick(uint32_t n) /* 0 .. n - 1; splitmix64 */
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % n);
}

static const char *const corners[] = {"top-left", "top-right", "bottom-left", "bottom-right"};
static const char *const ways[] = {"rows", "columns"};
static const char *const patterns[] = {"Z", "S"};
static const char *const mirrors[] = {"none", "x", "y", "xy"};

/* Cabinets in rows of a 2000 x 2000 canvas, dealt to up to three ports at random; the last output
 * takes its windows at random heights. */
static char *random_wall(bool explicit)
{
    size_t len = 0;
    uint32_t n = 1 + pick(20), n_ports = 1 + pick(3);
    char *text = NULL, *chains[3] = {NULL};
    FILE *f = open_memstream(&text, &len);

    if (n_ports > n)
        n_ports = n;
    fprintf(f, "{\"canvas\":{\"width\":4000,\"height\":4000},\"accept\":[\"gaps\",\"margin\"],"
               "\"types\":{");
    for (int t = 0; t < 3; t++)
        fprintf(f,
                "%s\"t%d\":{\"width\":%u,\"height\":%u,\"pitch_mm\":2,\"wiring\":{\"start\":\"%s\","
                "\"direction\":\"%s\",\"pattern\":\"%s\"}}",
                t ? "," : "", t, 1 + pick(12), 1 + pick(12), corners[pick(4)], ways[pick(2)],
                patterns[pick(2)]);
    fprintf(f, "},\"cabinets\":[");
    for (uint32_t i = 0; i < n; i++) {
        char *old = chains[i % n_ports];

        fprintf(
            f, "%s{\"id\":\"c%u\",\"type\":\"t%u\",\"x\":%u,\"y\":%u,\"turn\":%u,\"mirror\":\"%s\"",
            i ? "," : "", i, pick(3), i * 100, pick(500), 90 * pick(4), mirrors[pick(4)]);
        if (explicit)
            fprintf(f, ",\"raster\":{\"x\":%u,\"y\":%u}", (i / n_ports) * 13, pick(30));
        fprintf(f, "}");
        T_CHECK(asprintf(&chains[i % n_ports], "%s%s\"c%u\"", old ? old : "", old ? "," : "", i) >
                0);
        free(old);
    }
    fprintf(f, "],\"outputs\":[");
    for (uint32_t p = 0; p < n_ports; p++) {
        fprintf(f, "%s{\"id\":\"p%u\",\"driver\":\"ddp\",\"raster\":\"%s\",\"chain\":[%s]}",
                p ? "," : "", p, explicit ? "explicit" : "chain", chains[p]);
        free(chains[p]);
    }
    fprintf(f, "]}");
    fclose(f);
    return text;
}

/* Walk a port by spans of random length; count how often each LED is met. */
static void walk(const struct wall *w, uint32_t port, enum wall_addressing a, uint8_t **seen)
{
    uint64_t n = wall_port_cells(w, port, a), cell = 0;
    struct wall_index *x = NULL;

    T_EQ(wall_index_create(&x, w, port, a), 0);
    while (cell < n) {
        uint32_t max = 1 + pick(40);
        struct wall_span s = wall_span_at(x, cell, max);

        T_EQ(s.cell, cell);
        T_CHECK(s.n >= 1 && s.n <= max && s.n <= n - cell);
        for (uint32_t i = 0; i < s.n && s.cabinet != WALL_HOLE; i++) {
            int64_t led = (int64_t)s.led + (int64_t)i * s.led_step;

            T_CHECK(led >= 0 && led < (int64_t)w->types[w->cabinets[s.cabinet].type].n_leds);
            T_EQ(w->cabinets[s.cabinet].port, port);
            seen[s.cabinet][led]++;
        }
        T_CHECK(a == WALL_RASTER || s.cabinet != WALL_HOLE);
        cell += s.n;
    }
    wall_index_destroy(x);
}

static void check_bijection(const struct wall *w, enum wall_addressing a)
{
    uint8_t **seen = calloc(w->n_cabinets, sizeof(*seen));

    for (uint32_t i = 0; i < w->n_cabinets; i++)
        seen[i] = calloc(w->types[w->cabinets[i].type].n_leds, 1);
    for (uint32_t p = 0; p < w->n_outputs; p++)
        walk(w, p, a, seen);
    for (uint32_t i = 0; i < w->n_cabinets; i++) {
        for (uint32_t led = 0; led < w->types[w->cabinets[i].type].n_leds; led++)
            T_EQ(seen[i][led], 1);
        free(seen[i]);
    }
    free(seen);
}

static void random_layouts(bool explicit)
{
    for (unsigned i = 0; i < LAYOUTS; i++) {
        struct wall *w = NULL;
        struct qp_diag d = {""};
        char *text;
        int err;

        state = i;
        text = random_wall(explicit);
        err = wall_parse(&w, text, strlen(text), NULL, NULL, &d);
        if (err < 0)
            fprintf(stderr, "# layout %u: %s\n%s\n", i, d.text, text);
        T_EQ(err, 0);
        check_bijection(w, WALL_LINEAR);
        check_bijection(w, WALL_RASTER);
        wall_destroy(w);
        free(text);
    }
}

TEST(bijection_side_by_side)
{
    random_layouts(false);
}

TEST(bijection_explicit_windows)
{
    random_layouts(true);
}

TEST(bijection_irregular)
{
    struct wall_point points[10] = {{0, 0}};
    struct wall_type types[2] = {
        {.w = 9, .h = 9, .points = points, .n_leds = 10, .window_w = 4, .window_h = 3},
        {.w = 3, .h = 5, .n_leds = 15, .window_w = 3, .window_h = 5}};
    struct wall_cabinet cabinets[2] = {{.type = 0}, {.type = 1, .chain_index = 1, .raster_x = 4}};
    uint32_t chain[2] = {0, 1};
    struct wall_output output = {
        .chain = chain, .n_chain = 2, .n_leds = 25, .raster_w = 7, .raster_h = 5};
    struct wall w = {.types = types,
                     .n_types = 2,
                     .cabinets = cabinets,
                     .n_cabinets = 2,
                     .outputs = &output,
                     .n_outputs = 1};

    check_bijection(&w, WALL_LINEAR);
    check_bijection(&w, WALL_RASTER);
}

/* The order that a person would write down for a 3 x 2 cabinet wired in an S of columns. */
TEST(linear_order_of_columns)
{
    static const uint32_t want[] = {3, 0, 1, 4, 5, 2};
    struct wall *w = wall_from("{'canvas': {'width': 3, 'height': 2}, 'types': {'T': {'width': 3, "
                               "'height': 2, 'pitch_mm': 2, 'wiring': {'start': 'bottom-left', "
                               "'direction': 'columns', 'pattern': 'S'}}}, 'cabinets': [{'id': "
                               "'A', 'type': 'T', 'x': 0, 'y': 0}], " ONE_PORT "}");
    struct wall_index *x = NULL;

    T_EQ(wall_index_create(&x, w, 0, WALL_LINEAR), 0);
    for (uint32_t cell = 0; cell < 6; cell++)
        T_EQ(wall_span_at(x, cell, 1).led, want[cell]);
    T_EQ(wall_span_at(x, 0, 100).n, 2);
    T_EQ(wall_span_at(x, 0, 100).led_step, -3);
    wall_index_destroy(x);
    wall_destroy(w);
}

/* Square cabinets keep their windows apart however they are turned; the free place is a hole. */
TEST(bijection_on_the_canvas)
{
    struct wall *w = wall_from(
        "{'canvas': {'width': 15, 'height': 10}, 'types': {'T': {'width': 5, 'height': 5, "
        "'pitch_mm': 2}}, 'grids': [{'id': 'G', 'type': 'T', 'cols': 3, 'rows': 2, 'turn': 90, "
        "'mirror': 'x', 'without': ['r2c1'], 'overrides': {'r1c2': {'turn': 180}}, 'outputs': "
        "['p']}], 'outputs': [{'id': 'p', 'driver': 'linsn-rv9', 'raster': 'canvas'}]}");
    struct wall_index *x = NULL;
    struct wall_span s;

    check_bijection(w, WALL_RASTER);
    T_EQ(wall_port_cells(w, 0, WALL_RASTER), 150);
    T_EQ(wall_index_create(&x, w, 0, WALL_RASTER), 0);
    s = wall_span_at(x, 15 * 6, 1000); /* line 6: the free place, then r2c2 */
    T_EQ(s.cabinet, WALL_HOLE);
    T_EQ(s.n, 5);
    s = wall_span_at(x, 15 * 6 + 7, 1000);
    T_EQ(strcmp(w->cabinets[s.cabinet].id, "G.r2c2"), 0);
    T_EQ(s.led, 5 + 2);
    T_EQ(s.n, 3);
    wall_index_destroy(x);
    wall_destroy(w);
}
