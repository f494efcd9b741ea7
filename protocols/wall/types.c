/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/file.h"
#include "protocols/wall/csv.h"
#include "protocols/wall/format.h"
#include "protocols/wall/loader.h"

#define MAX_TYPE_LEDS  (1u << 26) /* two 8K frames in one cabinet */
#define DEFAULT_WINDOW 256        /* LEDs of a line of an irregular cabinet's window */

void wall_read_path(struct loader *l, const struct qp_node *node, const char *object,
                    struct wall_path *ret)
{
    struct format_path p = {0};

    if (format_read(object, node, &p, l->report) < 0)
        return;
    ret->start = (enum wall_corner)p.start;
    ret->columns = p.direction == 1;
    ret->snake = p.pattern == 1;
}

/* Beside the wall file or below it: a wall file from elsewhere must not reach out of its folder. */
static bool is_inside(const char *name)
{
    return name[0] != '/' && strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 &&
           strstr(name, "/../") == NULL &&
           (strlen(name) < 3 || strcmp(name + strlen(name) - 3, "/..") != 0);
}

char *wall_read_csv(struct loader *l, const struct qp_node *node, size_t *ret_len)
{
    const char *name;
    char *path = NULL, *text = NULL;
    struct qp_diag diag = {""};

    if (qp_node_str(node, 4096, &name, l->report) < 0)
        return NULL;
    if (!l->dir) {
        qp_node_error(node, l->report, "Load the wall from a file.",
                      "no file can be named in a wall that is not a file itself");
        return NULL;
    }
    if (!is_inside(name)) {
        qp_node_error(node, l->report, "Put the CSV file into the folder of the wall file.",
                      "\"%.100s\" does not lie beside the wall file or below it", name);
        return NULL;
    }
    if (asprintf(&path, "%s/%s", l->dir, name) < 0) {
        qp_node_error(node, l->report, NULL, "no memory");
        return NULL;
    }
    if (qp_file_read(path, WALL_CSV_MAX_BYTES, &text, ret_len, &diag) < 0)
        qp_node_error(node, l->report, "File names count from the folder of the wall file.", "%s",
                      diag.text);
    free(path);
    return text;
}

/* The box of the points, or whether they lie in the box that is given. */
static void fit_points(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    float x = 0, y = 0;

    for (uint32_t i = 0; i < t->n_leds; i++) {
        x = fmaxf(x, t->points[i].x);
        y = fmaxf(y, t->points[i].y);
    }
    if (t->w == 0)
        t->w = x > 1 ? (uint32_t)ceilf(x) : 1;
    if (t->h == 0)
        t->h = y > 1 ? (uint32_t)ceilf(y) : 1;
    if (x > (float)t->w || y > (float)t->h)
        qp_node_error(node, l->report, "Correct the positions, or leave out width and height.",
                      "positions reach to (%g, %g), outside width %u and height %u", (double)x,
                      (double)y, t->w, t->h);
}

static void read_points(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    struct qp_diag diag = {""};
    size_t len = 0;
    char *text = wall_read_csv(l, node, &len);

    if (!text)
        return;
    if (csv_parse_points(text, len, &t->points, &t->n_leds, &diag) < 0)
        qp_node_error(node, l->report, "One LED a line, x,y in LED pitches, in wiring order.",
                      "%s: %s", node->json->valuestring, diag.text);
    else
        fit_points(l, node, t);
    free(text);
}

static void read_modules(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    struct qp_node part;

    t->modules_x = t->modules_y = 1;
    if (!node->json)
        return;
    if (!cJSON_IsArray(node->json) || cJSON_GetArraySize(node->json) != 2) {
        qp_node_error(node, l->report, "Write [columns, rows].", "must be an array of two numbers");
        return;
    }
    part = qp_node_at(node, cJSON_GetArrayItem(node->json, 0), 0);
    if (qp_node_u32(&part, 1, WALL_MAX_CANVAS, &t->modules_x, l->report) == 0 && !t->points &&
        t->w % t->modules_x != 0)
        qp_node_error(&part, l->report, "Modules are equal parts of a cabinet.",
                      "%u columns of modules do not divide %u LEDs", t->modules_x, t->w);
    part = qp_node_at(node, cJSON_GetArrayItem(node->json, 1), 1);
    if (qp_node_u32(&part, 1, WALL_MAX_CANVAS, &t->modules_y, l->report) == 0 && !t->points &&
        t->h % t->modules_y != 0)
        qp_node_error(&part, l->report, "Modules are equal parts of a cabinet.",
                      "%u rows of modules do not divide %u LEDs", t->modules_y, t->h);
}

static void check_size(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    if (t->w == 0 || t->h == 0) {
        qp_node_error(node, l->report, "Give \"width\" and \"height\", or \"points\".", "has no %s",
                      t->w == 0 ? "width" : "height");
        return;
    }
    if ((uint64_t)t->w * t->h > MAX_TYPE_LEDS) {
        qp_node_error(node, l->report, "Describe it as several cabinets.",
                      "%u x %u LEDs in one cabinet are more than %u", t->w, t->h, MAX_TYPE_LEDS);
        l->too_big = true;
        return;
    }
    if (!t->points)
        t->n_leds = t->w * t->h;
}

static void read_window(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    if (!t->points) {
        if (t->window_w)
            qp_node_warn(node, l->report, "Remove \"window_width\".",
                         "window_width is used for irregular LEDs only");
        t->window_w = t->w;
        t->window_h = t->h;
        return;
    }
    if (t->window_w == 0)
        t->window_w = DEFAULT_WINDOW;
    if (t->window_w > t->n_leds)
        t->window_w = t->n_leds;
    t->window_h = (t->n_leds + t->window_w - 1) / t->window_w;
}

static void read_bits(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    struct qp_node bits = qp_node_member(node, "bits");

    if (t->bits != 8 && bits.json)
        qp_node_error(&bits, l->report, "Write 8.",
                      "%u bits a colour: no driver carries other than 8 yet", t->bits);
}

static void read_type(struct loader *l, const struct qp_node *node, struct wall_type *t)
{
    struct qp_node pitch = qp_node_member(node, "pitch_mm");
    struct qp_node points = qp_node_member(node, "points");
    struct qp_node wiring = qp_node_member(node, "wiring");
    struct qp_node modules = qp_node_member(node, "modules");
    double mm[2] = {1, 1};

    if (format_read("types.*", node, t, l->report) < 0)
        return;
    wall_read_pair(l, &pitch, 0.1, 1000, mm);
    t->pitch_x_mm = mm[0];
    t->pitch_y_mm = mm[1];
    read_bits(l, node, t);
    wall_read_path(l, &wiring, "types.*.wiring", &t->wiring);
    if (points.json) {
        read_points(l, &points, t);
        if (!t->points)
            return; /* said already */
    }
    check_size(l, node, t);
    if (t->n_leds == 0)
        return;
    read_modules(l, &modules, t);
    read_window(l, node, t);
}

int wall_read_types(struct loader *l)
{
    struct qp_node types = qp_node_member(&l->root, "types");
    const cJSON *element;
    uint32_t n;

    if (qp_node_is_object(&types, l->report) < 0)
        return 0;
    n = (uint32_t)cJSON_GetArraySize(types.json);
    l->wall->types = calloc((size_t)n + 1, sizeof(*l->wall->types));
    if (!l->wall->types)
        return -ENOMEM;
    cJSON_ArrayForEach(element, types.json)
    {
        struct qp_node node = {.json = element, .parent = &types, .key = element->string};
        struct wall_type *t = &l->wall->types[l->wall->n_types++];
        size_t errors = l->report->n_errors;
        int err;

        t->id = strdup(element->string);
        if (!t->id)
            return -ENOMEM;
        if (qp_node_is_object(&node, l->report) == 0)
            read_type(l, &node, t);
        err = ids_put(&l->types, t->id,
                      l->report->n_errors > errors ? WALL_BROKEN : l->wall->n_types - 1);
        if (err == -ENOMEM)
            return err;
    }
    if (n == 0)
        qp_node_error(&types, l->report, "Describe at least one cabinet type.", "is empty");
    return 0;
}
