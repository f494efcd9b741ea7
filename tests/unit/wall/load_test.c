/* SPDX-License-Identifier: Apache-2.0 */
/* Every error and warning of docs/wall-format.md: where it is said, and that a remedy comes with
 * it. */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/wall/geometry.h"
#include "tests/unit/wall/walls.h"

#define CANVAS "'canvas': {'width': 4, 'height': 3}"
#define AT0    "'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}]"
#define GOOD   CANVAS ", " ONE_TYPE ", " AT0 ", " ONE_PORT
/* a wall of one cabinet with more members in the cabinet, in the type, in the output */
#define WITH_CABINET(more)                                                                         \
    "{" CANVAS ", " ONE_TYPE ", " ONE_PORT                                                         \
    ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0, " more "}]}"
#define WITH_TYPE(members) "{" CANVAS ", " AT0 ", " ONE_PORT ", 'types': {'T': {" members "}}}"
#define WITH_OUTPUT(members)                                                                       \
    "{" CANVAS ", " ONE_TYPE ", " AT0 ", 'outputs': [{'id': 'p', " members "}]}"
#define WITH_GRID(members)                                                                         \
    "{'canvas': {'width': 8, 'height': 6}, " ONE_TYPE                                              \
    ", 'grids': [{'id': 'G', 'type': 'T', 'cols': 2, 'rows': 2, " members                          \
    "}], 'outputs': [{'id': 'p', 'driver': 'ddp'}, {'id': 'q', 'driver': 'ddp'}]}"
#define TWO_CABINETS(width, x2, y2, more)                                                          \
    "{'canvas': {'width': " width ", 'height': 6}, " ONE_TYPE                                      \
    ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'B', 'type': 'T', 'x': " x2   \
    ", 'y': " y2 "}], 'outputs': [{'id': 'p', 'driver': 'colorlight-5a', 'chain': ['A', 'B']" more \
    "}]}"

struct fault {
    const char *wall, *path, *text;
};

static const struct qp_finding *find(const struct qp_report *r, enum qp_severity severity,
                                     const struct fault *f)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].severity == severity && strcmp(r->items[i].path, f->path) == 0 &&
            strstr(r->items[i].text, f->text))
            return &r->items[i];
    return NULL;
}

static void expect(const struct fault *f, enum qp_severity severity)
{
    struct wall *w = NULL;
    struct qp_report r = {0};
    struct qp_diag d = {""};
    char *json = quoted(f->wall);
    int err = wall_parse(&w, json, strlen(json), NULL, &r, &d);
    bool found = find(&r, severity, f) != NULL;

    if (!found || (severity == QP_SEVERITY_ERROR) != (err < 0)) {
        fprintf(stderr, "# wanted at %s: %s\n# in %s\n", f->path, f->text, f->wall);
        print_report(&r);
        exit(1);
    }
    if (err < 0) {
        T_CHECK(w == NULL); /* untouched on failure */
        T_CHECK(d.text[0]);
    }
    wall_destroy(w);
    qp_report_finish(&r);
    free(json);
}

static void expect_errors(const struct fault *faults, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(&faults[i], QP_SEVERITY_ERROR);
}

TEST(a_good_wall_has_no_findings)
{
    struct qp_report r = {0};
    struct wall *w = NULL;
    char *json = quoted("{" GOOD "}");

    T_EQ(wall_parse(&w, json, strlen(json), NULL, &r, NULL), 0);
    T_EQ(r.n, 0);
    T_EQ(w->n_leds, 12);
    T_EQ(w->rate.num, 60);
    T_EQ(w->processing.input, WALL_CURVE_SRGB);
    T_CHECK(w->processing.dither && w->processing.brightness == 1);
    T_EQ(w->outputs[0].raster_w, 4);
    T_CHECK(w->outputs[0].link == NULL && w->outputs[0].link_mbps == 1000);
    wall_destroy(w);
    free(json);
}

TEST(errors_of_the_head)
{
    static const struct fault faults[] = {
        {"", "", ""},
        {"[]", "", ""},
        {"{" GOOD ", 'canvass': 1}", "canvass", "not known"},
        {"{" ONE_TYPE ", " AT0 ", " ONE_PORT "}", "canvas", ""},
        {"{'canvas': {'width': 0, 'height': 3}, " ONE_TYPE ", " AT0 ", " ONE_PORT "}",
         "canvas.width", ""},
        {"{'canvas': {'width': 70000, 'height': 3}, " ONE_TYPE ", " AT0 ", " ONE_PORT "}",
         "canvas.width", ""},
        {"{" GOOD ", 'refresh': 0}", "refresh", ""},
        {"{" GOOD ", 'refresh': 1000}", "refresh", "1 .. 480"},
        {"{" GOOD ", 'refresh': 'fast'}", "refresh", ""},
        {"{" GOOD ", 'accept': ['everything']}", "accept[0]", "everything"},
        {"{" GOOD ", 'processing': {'input': 'hdr'}}", "processing.input", "hdr"},
        {"{" GOOD ", 'processing': {'brightness': 2}}", "processing.brightness", ""},
        {"{" GOOD ", 'processing': {'dimmmer': 'card'}}", "processing.dimmmer", "not known"},
        {"{" GOOD ", 'canvas_pitch_mm': [1, 2, 3]}", "canvas_pitch_mm", "3 elements"},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT "}", "outputs[0].chain[0]", "no cabinet or grid"},
        {"{" CANVAS ", " ONE_TYPE ", 'outputs': []}", "outputs", "is empty"},
    };

    expect_errors(faults, QP_ARRAY_LEN(faults));
}

TEST(errors_of_types)
{
    static const struct fault faults[] = {
        {"{" CANVAS ", 'types': {}, " AT0 ", " ONE_PORT "}", "types", "is empty"},
        {WITH_TYPE("'width': 4, 'pitch_mm': 2"), "types.T", "no height"},
        {WITH_TYPE("'width': 4, 'height': 3"), "types.T.pitch_mm", ""},
        {WITH_TYPE("'width': '4', 'height': 3, 'pitch_mm': 2"), "types.T.width", ""},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 0"), "types.T.pitch_mm", ""},
        {WITH_TYPE("'width': 65536, 'height': 65536, 'pitch_mm': 2"), "types.T", "more than"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'order': 'bgrr'"), "types.T.order",
         "bgrr"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'bits': 10"), "types.T.bits",
         "no driver"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'modules': [3, 1]"),
         "types.T.modules[0]", "do not divide"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'modules': 2"), "types.T.modules",
         "two numbers"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'wiring': {'pattern': 'N'}"),
         "types.T.wiring.pattern", "N"},
        {WITH_TYPE("'points': 'a.csv', 'pitch_mm': 2"), "types.T.points", "no file"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'gamma': 0.1"), "types.T.gamma", ""},
    };

    expect_errors(faults, QP_ARRAY_LEN(faults));
}

TEST(errors_of_cabinets)
{
    static const struct fault faults[] = {
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT ", 'cabinets': [{'type': 'T', 'x': 0, 'y': 0}]}",
         "cabinets[0].id", ""},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT ", 'cabinets': [{'id': 'A', 'x': 0, 'y': 0}]}",
         "cabinets[0].type", ""},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT
         ", 'cabinets': [{'id': 'A', 'type': 'U', 'x': 0, 'y': 0}]}",
         "cabinets[0].type", "no cabinet type"},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT ", 'cabinets': [{'id': 'A', 'type': 'T', 'y': 0}]}",
         "cabinets[0].x", ""},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT
         ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'A', 'type': 'T', 'x': "
         "4, 'y': 0}]}",
         "cabinets[1].id", "used twice"},
        {WITH_CABINET("'turn': 45"), "cabinets[0].turn", "45 degrees"},
        {WITH_CABINET("'mirror': 'z'"), "cabinets[0].mirror", "z"},
        {WITH_CABINET("'scale': 0"), "cabinets[0].scale", ""},
        {WITH_CABINET("'scale': [1, 64.5]"), "cabinets[0].scale[1]", "64"},
        {"{'canvas_pitch_mm': 0.1, 'canvas': {'width': 4, 'height': 3}, 'types': {'T': {'width': "
         "4, 'height': 3, 'pitch_mm': 6.5}}, " AT0 ", " ONE_PORT "}",
         "cabinets[0]", "covers 65 canvas pixels"},
        {WITH_CABINET("'matrix': [[1, 0, 0], [0, 1, 0]]"), "cabinets[0].matrix", "three rows"},
        {WITH_CABINET("'matrix': [[1, 0, 0], [0, 1], [0, 0, 1]]"), "cabinets[0].matrix[1]",
         "three numbers"},
        {WITH_CABINET("'matrix': [[1, 0.5, 0.5], [0, 1, 0], [0, 0, 1]]"), "cabinets[0].matrix",
         "at most 1.98"},
        {WITH_CABINET("'matrix': [[1, 0, 0], [0.99, 1, 0], [0, 0, 1]]"), "cabinets[0].matrix",
         "row 1"},
        {WITH_CABINET("'matrix': [[1, 0, 0], [0, 1, 0], [0, -1.5, 0.5]]"), "cabinets[0].matrix",
         "row 2"},
        {WITH_CABINET("'module_matrices': []"), "cabinets[0].module_matrices", "1 x 1 modules"},
        {WITH_CABINET("'matrix': [[1.5, 0, 0], [0, 1, 0], [0, 0, 1]], 'module_matrices': [[[1.5, "
                      "0, 0], [0, 1, 0], [0, 0, 1]]]"),
         "cabinets[0].module_matrices[0]", "at most 1.98"},
        {WITH_CABINET("'gains': 'g.csv'"), "cabinets[0].gains", "no file"},
        {WITH_CABINET("'raster': {'x': -1, 'y': 0}"), "cabinets[0].raster.x", ""},
        {WITH_CABINET("'colour': 'red'"), "cabinets[0].colour", "not known"},
        {"{" CANVAS ", " ONE_TYPE ", " ONE_PORT
         ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 1, 'y': 0}]}",
         "cabinets[0]", "off the canvas"},
    };

    expect_errors(faults, QP_ARRAY_LEN(faults));
}

TEST(errors_of_grids)
{
    static const struct fault faults[] = {
        {WITH_GRID("'outputs': ['p', 'r']"), "grids[0].outputs[1]", "no output"},
        {WITH_GRID("'outputs': ['p', 'q', 'p', 'q', 'p']"), "grids[0].outputs", "cannot be dealt"},
        {WITH_GRID("'outputs': ['p', 'q'], 'cut': [1, 2]"), "grids[0].cut", "add up to 3"},
        {WITH_GRID("'outputs': ['p', 'q'], 'cut': [4]"), "grids[0].cut", "1 sizes for 2"},
        {WITH_GRID("'outputs': ['p', 'q'], 'cut': 'odd'"), "grids[0].cut", "odd"},
        {WITH_GRID("'outputs': ['p', 'q', 'p'], 'cut': 'lines'"), "grids[0].cut", "2 lines"},
        {WITH_GRID("'outputs': ['p', 'q'], 'cut': 'lines', 'without': ['r1c1']"), "grids[0].cut",
         "full grid"},
        {WITH_GRID("'without': ['r3c1']"), "grids[0].without[0]", "no place"},
        {WITH_GRID("'without': ['1,1']"), "grids[0].without[0]", "no place"},
        {WITH_GRID("'overrides': {'r1c9': {}}"), "grids[0].overrides.r1c9", "no place"},
        {WITH_GRID("'overrides': {'r1c1': {'x': 1}}"), "grids[0].overrides.r1c1.x", "not known"},
        {WITH_GRID("'chain': {'order': ['r1c1', 'r1c1', 'r1c2', 'r2c1', 'r2c2']}"),
         "grids[0].chain.order[1]", "twice"},
        {WITH_GRID("'chain': {'order': ['r1c1', 'r1c2', 'r2c1']}"), "grids[0].chain.order",
         "r2c2 is missing"},
        {WITH_GRID("'chain': {'start': 'middle'}"), "grids[0].chain.start", "middle"},
        {WITH_GRID("'gap': 'x'"), "grids[0].gap", ""},
        {"{'canvas': {'width': 8, 'height': 6}, " ONE_TYPE ", 'grids': [{'id': 'G', 'type': 'T', "
         "'cols': 1000, 'rows': 1001}], " ONE_PORT "}",
         "grids[0]", "1000 x 1001"},
        {"{'canvas': {'width': 8, 'height': 6}, " ONE_TYPE ", 'grids': [{'id': 'G', 'type': 'T', "
         "'rows': 2}], " ONE_PORT "}",
         "grids[0].cols", ""},
        {"{" CANVAS ", " ONE_TYPE ", " AT0 ", " ONE_PORT
         ", 'grids': [{'id': 'A', 'type': 'T', 'cols': 1, 'rows': 1}]}",
         "grids[0].id", "used twice"},
    };

    expect_errors(faults, QP_ARRAY_LEN(faults));
}

TEST(errors_of_outputs)
{
    static const struct fault faults[] = {
        {"{" CANVAS ", " ONE_TYPE ", " AT0 "}", "outputs", ""},
        {WITH_OUTPUT("'chain': ['A']"), "outputs[0].driver", ""},
        {WITH_OUTPUT("'driver': 'colorlight', 'chain': ['A']"), "outputs[0].driver", "colorlight"},
        {WITH_OUTPUT("'driver': 'ddp'"), "outputs[0]", "no cabinet hangs"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['B']"), "outputs[0].chain[0]",
         "no cabinet or grid"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A', 'A']"), "outputs[0].chain[1]",
         "already number 1 of output p"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'link': 'eth0'"), "outputs[0].link", ""},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'link': {'nic': 'eth0'}"),
         "outputs[0].link.type", ""},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'backup': {}"), "outputs[0].backup.type",
         ""},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'backup_hot': true"),
         "outputs[0].backup_hot", "needs a backup"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'options': []"), "outputs[0].options", ""},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'speed_mbps': 0"), "outputs[0].speed_mbps",
         ""},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'raster': 'explicit'"), "outputs[0].raster",
         "does not say where"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'raster_size': {'width': 2, 'height': 3}"),
         "outputs[0].raster_size", "smaller than"},
        {WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'raster_size': {'width': 40000, 'height': "
                     "40000}"),
         "outputs[0].raster_size", "too large"},
        {"{" CANVAS ", " ONE_TYPE ", " AT0
         ", 'outputs': [{'id': 'p', 'driver': 'ddp', 'chain': ['A']}, {'id': 'p', 'driver': "
         "'ddp'}]}",
         "outputs[1].id", "used twice"},
        {TWO_CABINETS("8", "2", "0", ", 'raster': 'canvas'"), "outputs[0].raster",
         "A and B overlap"},
        {TWO_CABINETS("9", "4.5", "0", ", 'raster': 'canvas'"), "outputs[0].raster",
         "whole pixels"},
    };

    expect_errors(faults, QP_ARRAY_LEN(faults));
}

TEST(warnings)
{
    static const struct fault faults[] = {
        {TWO_CABINETS("6", "2", "0", ""), "cabinets[1]", "show the same 2 x 3 pixels at (2, 0)"},
        {TWO_CABINETS("9", "5", "0", ""), "", "1 x 3 pixels at (4, 0)"},
        {"{'canvas': {'width': 5, 'height': 3}, " ONE_TYPE ", " AT0 ", " ONE_PORT "}", "canvas",
         "never shown"},
        {"{" GOOD ", 'refresh': 59.94}", "refresh", "60000/1001"},
        {WITH_CABINET("'raster': {'x': 0, 'y': 0}"), "cabinets[0]", "not used"},
        {"{'canvas': {'width': 8, 'height': 3}, " ONE_TYPE
         ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'B', 'type': 'T', 'x': "
         "4, 'y': 0}], " ONE_PORT "}",
         "cabinets[1]", "on no output and stay dark: B"},
        {WITH_TYPE("'width': 4, 'height': 3, 'pitch_mm': 2, 'window_width': 2"), "types.T",
         "irregular"},
        {"{'canvas': {'width': 4, 'height': 7}, " ONE_TYPE
         ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'B', 'type': 'T', 'x': "
         "0, 'y': 4}], 'outputs': [{'id': 'p', 'driver': 'ddp', 'chain': ['A', 'B']}]}",
         "", "4 x 1 pixels at (0, 3)"},
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(faults); i++)
        expect(&faults[i], QP_SEVERITY_WARNING);
}

/* What "accept" names is not warned about; the same walls as above. */
TEST(accepted_doubts_are_silent)
{
    static const char *const walls[] = {
        "{'accept': ['overlaps'], 'canvas': {'width': 6, 'height': 3}, " ONE_TYPE
        ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'B', 'type': 'T', 'x': "
        "2, 'y': 0}], 'outputs': [{'id': 'p', 'driver': 'ddp', 'chain': ['A', 'B']}]}",
        "{'accept': ['gaps', 'margin', 'unconnected'], 'canvas': {'width': 12, 'height': 3}, "
        "" ONE_TYPE
        ", 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0}, {'id': 'B', 'type': 'T', 'x': "
        "7, 'y': 0}], " ONE_PORT "}",
        /* a grid's own gap and free places are intended anyway */
        "{'canvas': {'width': 14, 'height': 6}, " ONE_TYPE
        ", 'grids': [{'id': 'G', 'type': 'T', 'cols': 3, 'rows': 2, 'gap': [1, 0], 'without': "
        "['r1c2'], 'outputs': ['p']}], 'outputs': [{'id': 'p', 'driver': 'ddp'}]}",
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(walls); i++) {
        struct qp_report r = {0};
        struct wall *w = NULL;
        char *json = quoted(walls[i]);

        T_EQ(wall_parse(&w, json, strlen(json), NULL, &r, NULL), 0);
        print_report(&r);
        T_EQ(r.n, 0);
        wall_destroy(w);
        free(json);
    }
}

TEST(several_errors_in_one_go)
{
    struct qp_report r = {0};
    struct wall *w = NULL;
    char *json = quoted(WITH_CABINET("'turn': 45, 'mirror': 'q', 'scale': 0"));

    T_EQ(wall_parse(&w, json, strlen(json), NULL, &r, NULL), -EINVAL);
    T_EQ(r.n_errors, 3);
    qp_report_finish(&r);
    free(json);
}

TEST(pitch_gives_the_scale)
{
    struct wall *w =
        wall_from("{'canvas': {'width': 8, 'height': 3}, 'canvas_pitch_mm': [1, 2], " ONE_TYPE
                  ", " AT0 ", " ONE_PORT "}");
    struct wall_box b = wall_cabinet_box(w, 0);

    T_CHECK(b.w == 8 && b.h == 3);
    wall_destroy(w);
}

TEST(grid_places_and_chains_its_cabinets)
{
    struct wall *w = wall_from(WITH_GRID(
        "'chain': {'pattern': 'S'}, 'turn': 180, 'overrides': {'r2c1': {'turn': 0}}, 'outputs': "
        "['p', 'q'], 'cut': [3, 1]"));

    T_EQ(w->n_cabinets, 4);
    T_EQ(w->outputs[0].n_chain, 3);
    T_EQ(strcmp(w->cabinets[w->outputs[0].chain[2]].id, "G.r2c2"), 0);
    T_EQ(strcmp(w->cabinets[w->outputs[1].chain[0]].id, "G.r2c1"), 0);
    T_EQ(w->cabinets[w->outputs[1].chain[0]].turn, WALL_TURN_0);
    T_EQ(w->cabinets[0].turn, WALL_TURN_180);
    T_CHECK(w->cabinets[3].x == 4 && w->cabinets[3].y == 3);
    T_EQ(w->outputs[0].n_leds, 36);
    T_EQ(w->cabinets[w->outputs[0].chain[1]].raster_x, 4);
    wall_destroy(w);
}

TEST(module_matrices_include_the_cabinet)
{
    struct wall *w = wall_from(
        WITH_CABINET("'matrix': [[0.5, 0, 0], [0, 1, 0], [0, 0.5, 1]], 'module_matrices': "
                     "[[[1, 0.25, 0], [0, 0.5, 0], [0, 0, 1]]]"));
    const struct wall_matrix *m = &w->cabinets[0].modules[0];

    T_CHECK(m->m[0][0] == 0.5 && m->m[0][1] == 0.125 && m->m[1][1] == 0.5 && m->m[2][1] == 0.25);
    wall_destroy(w);
}

TEST(output_node_knows_its_path)
{
    struct wall *w =
        wall_from(WITH_OUTPUT("'driver': 'ddp', 'chain': ['A'], 'options': {'max_data': 3}"));
    struct qp_node chain[2], node = wall_output_node(w, 0, chain);
    struct qp_node options = qp_node_member(&node, "options");
    struct qp_node value = qp_node_member(&options, "max_data");
    char path[64];

    T_EQ(strcmp(qp_node_path(&value, path, sizeof(path)), "outputs[0].options.max_data"), 0);
    T_CHECK(w->outputs[0].options == options.json);
    wall_destroy(w);
}

TEST(load_says_which_file)
{
    struct wall *w = NULL;
    struct qp_report r = {0};
    struct qp_diag d = {""};

    T_EQ(wall_load(&w, "/nonexistent/wall.json", &r, &d), -ENOENT);
    T_CHECK(strstr(d.text, "/nonexistent/wall.json") && w == NULL);
    T_EQ(r.n_errors, 1);
    qp_report_finish(&r);
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[300];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    T_CHECK(f);
    fputs(text, f);
    fclose(f);
}

static void drop(const char *dir, const char *name)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
}

/* Irregular LEDs and gains come from files beside the wall, and from nowhere else. */
TEST(csv_files_beside_the_wall)
{
    static const struct fault bad[] = {
        {"missing.csv", "types.T.points", "missing.csv"},
        {"../p.csv", "types.T.points", "does not lie beside"},
        {"/etc/passwd", "types.T.points", "does not lie beside"},
        {"bad.csv", "types.T.points", "bad.csv: line 2"},
    };
    char dir[] = "/tmp/qp-wall-XXXXXX", text[512];
    struct wall *w = NULL;
    struct qp_report r = {0};
    char *json;

    T_CHECK(mkdtemp(dir));
    put(dir, "p.csv", "x,y\n0.5,0.5\n2.25,1.5\n");
    put(dir, "g.csv", "r,g,b\n1,1,1\n0.5,1,1.5\n");
    put(dir, "bad.csv", "1,1\n1,one\n");
    json = quoted("{" CANVAS ", 'accept': ['margin'], 'types': {'T': {'points': 'p.csv', "
                  "'pitch_mm': 10}}, 'cabinets': [{'id': 'A', 'type': 'T', 'x': 0, 'y': 0, "
                  "'gains': 'g.csv'}], " ONE_PORT "}");
    T_EQ(wall_parse(&w, json, strlen(json), dir, &r, NULL), 0);
    T_EQ(w->types[0].n_leds, 2);
    T_EQ(w->types[0].w, 3);
    T_EQ(w->types[0].h, 2);
    T_EQ(w->cabinets[0].gains[3], 16384);
    T_EQ(w->cabinets[0].gains[5], 49152);
    wall_destroy(w);
    free(json);
    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++) {
        struct qp_report report = {0};

        w = NULL;
        snprintf(text, sizeof(text), WITH_TYPE("'points': '%s', 'pitch_mm': 10"), bad[i].wall);
        json = quoted(text);
        T_EQ(wall_parse(&w, json, strlen(json), dir, &report, NULL), -EINVAL);
        T_CHECK(find(&report, QP_SEVERITY_ERROR, &bad[i]));
        qp_report_finish(&report);
        free(json);
    }
    qp_report_finish(&r);
    drop(dir, "p.csv");
    drop(dir, "g.csv");
    drop(dir, "bad.csv");
    rmdir(dir);
}

/* More than any fixed table would hold. */
TEST(ten_thousand_cabinets)
{
    struct wall *w = wall_from(
        "{'canvas': {'width': 400, 'height': 300}, " ONE_TYPE
        ", 'grids': [{'id': 'G', 'type': 'T', 'cols': 100, 'rows': 100, 'outputs': ['p']}], "
        "'outputs': [{'id': 'p', 'driver': 'ddp'}]}");

    T_EQ(w->n_cabinets, 10000);
    T_EQ(w->outputs[0].n_chain, 10000);
    T_EQ(w->n_leds, 120000);
    wall_destroy(w);
}
