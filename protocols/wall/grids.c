/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/base/parse.h"
#include "protocols/wall/format.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/loader.h"
#include "protocols/wall/path.h"

#define MAX_PLACE 1e6
#define MAX_GAP   1e5
#define CELL_FORM "r<row>c<column>, counted from 1 at the top left"

/* What is known of a grid's cells before its cabinets are made. */
struct cells {
    const cJSON **overrides; /* cols * rows; NULL: none */
    bool *without;
};

/* "r3c12" -> index; -1 with a finding when it is something else or not in the grid. */
static int64_t parse_cell(struct loader *l, const struct qp_node *node, const struct grid *g,
                          const char *name)
{
    char text[32];
    uint32_t row = 0, col = 0;
    const char *c = strchr(name, 'c');
    size_t len = strlen(name);

    if (name[0] == 'r' && c && len < sizeof(text)) {
        memcpy(text, name, len + 1);
        text[c - name] = '\0';
        if (qp_parse_u32(text + 1, 1, g->rows, &row) == 0 &&
            qp_parse_u32(text + (c - name) + 1, 1, g->cols, &col) == 0)
            return (int64_t)(row - 1) * g->cols + (col - 1);
    }
    qp_node_error(node, l->report, "Write " CELL_FORM ".",
                  "\"%.40s\" is no place in a grid of %u columns and %u rows", name, g->cols,
                  g->rows);
    return -1;
}

static int read_without(struct loader *l, const struct qp_node *node, const struct grid *g,
                        struct cells *cells)
{
    const cJSON *element;
    size_t i = 0;

    if (!node->json || qp_node_is_array(node, l->report) < 0)
        return 0;
    cells->without = calloc((size_t)g->cols * g->rows, sizeof(*cells->without));
    if (!cells->without)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i++);
        const char *name;
        int64_t cell;

        if (qp_node_str(&part, 0, &name, l->report) < 0)
            continue;
        cell = parse_cell(l, &part, g, name);
        if (cell >= 0)
            cells->without[cell] = true;
    }
    return 0;
}

static int read_overrides(struct loader *l, const struct qp_node *node, const struct grid *g,
                          struct cells *cells)
{
    const cJSON *element;

    if (!node->json || qp_node_is_object(node, l->report) < 0)
        return 0;
    cells->overrides = calloc((size_t)g->cols * g->rows, sizeof(*cells->overrides));
    if (!cells->overrides)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = {.json = element, .parent = node, .key = element->string};
        int64_t cell;

        if (strcmp(element->string, "comment") == 0)
            continue;
        cell = parse_cell(l, &part, g, element->string);
        if (cell < 0)
            continue;
        cells->overrides[cell] = element;
        if (cells->without && cells->without[cell])
            qp_node_warn(&part, l->report, "Remove the override, or the place from \"without\".",
                         "overrides a place that has no cabinet");
    }
    return 0;
}

static int add_cell(struct loader *l, const struct qp_node *node, struct grid *g, uint32_t type,
                    const struct pose *base, const struct cells *cells, uint32_t cell)
{
    struct qp_node overrides = qp_node_member(node, "overrides");
    const cJSON *json = cells->overrides ? cells->overrides[cell] : NULL;
    struct qp_node own = {.json = json, .parent = &overrides, .key = json ? json->string : NULL};
    struct pose pose = *base;
    struct origin origin = {.grid = l->n_grids - 1};
    char *id = NULL;
    int err = 0;

    if (json && qp_node_is_object(&own, l->report) == 0) {
        format_read("grids[].overrides.*", &own, NULL, l->report);
        err = wall_read_pose(l, &own, &l->wall->types[type], false, &pose);
    }
    if (err == 0 && asprintf(&id, "%s.r%uc%u", g->id, cell / g->cols + 1, cell % g->cols + 1) < 0) {
        id = NULL;
        err = -ENOMEM;
    }
    if (err < 0) {
        wall_pose_finish(&pose);
        return err;
    }
    return wall_add_cabinet(l, node, id, type, &pose, origin, &g->cells[cell]);
}

/* Cells are as large as the grid's own cabinets, one gap apart. */
static int fill_grid(struct loader *l, const struct qp_node *node, struct grid *g, uint32_t type,
                     const struct pose *base, const struct cells *cells)
{
    const struct wall_type *t = &l->wall->types[type];
    bool upright = base->turn == WALL_TURN_0 || base->turn == WALL_TURN_180;
    double w = t->w * base->scale[0], h = t->h * base->scale[1];
    double cell_w = upright ? w : h, cell_h = upright ? h : w;
    uint32_t n = g->cols * g->rows;

    for (uint32_t cell = 0; cell < n; cell++) {
        struct pose pose = *base;
        int err;

        pose.x = base->x + (cell % g->cols) * (cell_w + g->gap_x);
        pose.y = base->y + (cell / g->cols) * (cell_h + g->gap_y);
        g->cells[cell] = WALL_NO_CABINET;
        if (cells->without && cells->without[cell]) {
            g->holes[g->n_holes++] = (struct wall_box){pose.x, pose.y, cell_w, cell_h};
            continue;
        }
        if (l->too_big)
            continue;
        err = add_cell(l, node, g, type, &pose, cells, cell);
        if (err < 0)
            return err;
    }
    return 0;
}

static void chain_by_pattern(struct grid *g, const struct wall_path *path)
{
    for (uint32_t i = 0; i < g->cols * g->rows; i++) {
        struct path_place p = path_at(path, g->cols, g->rows, i);
        uint32_t cabinet = g->cells[p.y * g->cols + p.x];

        if (cabinet != WALL_NO_CABINET)
            g->chain[g->n_chain++] = cabinet;
    }
}

static int chain_by_order(struct loader *l, const struct qp_node *node, struct grid *g)
{
    uint32_t n = g->cols * g->rows;
    bool *seen = calloc(n, sizeof(*seen));
    const cJSON *element;
    size_t i = 0;

    if (!seen)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i++);
        const char *name;
        int64_t cell;

        if (qp_node_str(&part, 0, &name, l->report) < 0)
            continue;
        cell = parse_cell(l, &part, g, name);
        if (cell < 0)
            continue;
        if (seen[cell] || g->cells[cell] == WALL_NO_CABINET)
            qp_node_error(&part, l->report, "Name every cabinet of the grid once.", "%s %s", name,
                          seen[cell] ? "is in the order twice" : "has no cabinet");
        else
            g->chain[g->n_chain++] = g->cells[cell];
        seen[cell] = true;
    }
    for (uint32_t c = 0; c < n; c++)
        if (!seen[c] && g->cells[c] != WALL_NO_CABINET) {
            qp_node_error(node, l->report, "Name every cabinet of the grid once.",
                          "r%uc%u is missing in the order", c / g->cols + 1, c % g->cols + 1);
            break;
        }
    free(seen);
    return 0;
}

static int read_chain(struct loader *l, const struct qp_node *node, struct grid *g)
{
    struct qp_node chain = qp_node_member(node, "chain");
    struct qp_node order = qp_node_member(&chain, "order");
    struct wall_path path = {0};

    if (chain.json && qp_node_is_object(&chain, l->report) < 0)
        return 0;
    wall_read_path(l, &chain, "grids[].chain", &path);
    if (!order.json) {
        chain_by_pattern(g, &path);
        return 0;
    }
    if (qp_node_is_array(&order, l->report) < 0)
        return 0;
    return chain_by_order(l, &order, g);
}

/* Everything of a grid that counts by its cells; checked against the limit first. */
static int make_cells(struct loader *l, const struct qp_node *node, struct grid *g)
{
    uint64_t n = (uint64_t)g->cols * g->rows;

    if (n > WALL_MAX_CABINETS) {
        qp_node_error(node, l->report, "Split it into several walls.",
                      "%u x %u cabinets are more than the %u that a wall may have", g->cols,
                      g->rows, WALL_MAX_CABINETS);
        l->too_big = true;
        return 0;
    }
    g->cells = calloc(n, sizeof(*g->cells));
    g->holes = calloc(n, sizeof(*g->holes));
    g->chain = calloc(n, sizeof(*g->chain));
    return g->cells && g->holes && g->chain ? 0 : -ENOMEM;
}

static int build_grid(struct loader *l, const struct qp_node *node, struct grid *g, uint32_t type,
                      const struct pose *base)
{
    struct qp_node without = qp_node_member(node, "without");
    struct qp_node overrides = qp_node_member(node, "overrides");
    struct cells cells = {0};
    int err = make_cells(l, node, g);

    if (err < 0 || !g->cells)
        return err;
    err = read_without(l, &without, g, &cells);
    if (err == 0)
        err = read_overrides(l, &overrides, g, &cells);
    if (err == 0)
        err = fill_grid(l, node, g, type, base, &cells);
    if (err == 0)
        err = read_chain(l, node, g);
    free(cells.without);
    free(cells.overrides);
    return err;
}

static int claim_grid_id(struct loader *l, const struct qp_node *node, struct grid *g)
{
    struct qp_node at = qp_node_member(node, "id");
    const char *id;
    uint32_t other;
    int err;

    if (qp_node_str(&at, 64, &id, l->report) < 0)
        return 0;
    g->id = strdup(id);
    if (!g->id)
        return -ENOMEM;
    err =
        ids_get(&l->cabinets, id, &other) ? -EEXIST : ids_put(&l->grid_ids, g->id, l->n_grids - 1);
    if (err == -EEXIST) {
        qp_node_error(&at, l->report, "Give every cabinet and grid an id of its own.",
                      "the id \"%.100s\" is used twice", id);
        return 0;
    }
    return err;
}

static int read_grid(struct loader *l, const struct qp_node *node, struct grid *g)
{
    struct qp_node cols = qp_node_member(node, "cols"), rows = qp_node_member(node, "rows");
    struct qp_node x = qp_node_member(node, "x"), y = qp_node_member(node, "y");
    struct qp_node gap = qp_node_member(node, "gap");
    size_t errors = l->report->n_errors;
    double gaps[2] = {0, 0};
    struct pose base;
    uint32_t type;
    int err;

    if (qp_node_is_object(node, l->report) < 0)
        return 0;
    format_read("grids[]", node, NULL, l->report);
    err = claim_grid_id(l, node, g);
    if (err < 0)
        return err;
    type = wall_read_type_ref(l, node);
    (void)qp_node_u32(&cols, 1, WALL_MAX_CABINETS, &g->cols, l->report);
    (void)qp_node_u32(&rows, 1, WALL_MAX_CABINETS, &g->rows, l->report);
    if (type == WALL_BROKEN)
        return 0;
    wall_pose_start(l, &l->wall->types[type], &base);
    if (x.json)
        (void)qp_node_f64(&x, -MAX_PLACE, MAX_PLACE, &base.x, l->report);
    if (y.json)
        (void)qp_node_f64(&y, -MAX_PLACE, MAX_PLACE, &base.y, l->report);
    if (gap.json)
        wall_read_pair(l, &gap, -MAX_GAP, MAX_GAP, gaps);
    g->gap_x = gaps[0];
    g->gap_y = gaps[1];
    err = wall_read_pose(l, node, &l->wall->types[type], true, &base);
    if (err < 0 || l->report->n_errors > errors)
        return err;
    return build_grid(l, node, g, type, &base);
}

int wall_read_grids(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "grids");
    const cJSON *element;
    uint32_t i = 0;

    if (!list.json || qp_node_is_array(&list, l->report) < 0)
        return 0;
    l->grids = calloc((size_t)cJSON_GetArraySize(list.json) + 1, sizeof(*l->grids));
    if (!l->grids)
        return -ENOMEM;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i++);
        struct grid *g = &l->grids[l->n_grids++];
        int err = read_grid(l, &node, g);

        if (err < 0)
            return err;
    }
    return 0;
}
