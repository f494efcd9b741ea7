/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - a grid's chain, cut into pieces for several outputs. */
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/loader.h"

enum cut { CUT_EVEN, CUT_LINES };
static const char *const cut_names[] = {"even", "lines"};

/* Sizes that differ by one at most: the first n % parts get one more. */
static void cut_even(uint32_t n, uint32_t parts, uint32_t *sizes)
{
    for (uint32_t i = 0; i < parts; i++)
        sizes[i] = n / parts + (i < n % parts);
}

static bool runs_in_columns(const struct qp_node *grid)
{
    struct qp_node chain = qp_node_member(grid, "chain");
    struct qp_node direction = qp_node_member(&chain, "direction");

    return cJSON_IsString(direction.json) && strcmp(direction.json->valuestring, "columns") == 0;
}

static bool cut_lines(struct loader *l, const struct qp_node *grid, const struct qp_node *node,
                      const struct grid *g, uint32_t parts, uint32_t *sizes)
{
    uint32_t lines = runs_in_columns(grid) ? g->cols : g->rows;
    uint32_t len = runs_in_columns(grid) ? g->rows : g->cols;
    struct qp_node chain = qp_node_member(grid, "chain");

    if (g->n_holes || qp_node_member(&chain, "order").json) {
        qp_node_error(node, l->report, "Give the sizes as an array of integers.",
                      "whole lines need a full grid with a regular chain");
        return false;
    }
    if (parts > lines) {
        qp_node_error(node, l->report, "Use \"even\", or fewer outputs.",
                      "%u lines of cabinets cannot be dealt to %u outputs", lines, parts);
        return false;
    }
    cut_even(lines, parts, sizes);
    for (uint32_t i = 0; i < parts; i++)
        sizes[i] *= len;
    return true;
}

static bool cut_by_sizes(struct loader *l, const struct qp_node *node, const struct grid *g,
                         uint32_t parts, uint32_t *sizes)
{
    const cJSON *element;
    uint64_t sum = 0;
    uint32_t i = 0;

    if (cJSON_GetArraySize(node->json) != (int)parts) {
        qp_node_error(node, l->report, "Give one number for every output.",
                      "%d sizes for %u outputs", cJSON_GetArraySize(node->json), parts);
        return false;
    }
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i);

        if (qp_node_u32(&part, 1, WALL_MAX_CABINETS, &sizes[i], l->report) < 0)
            return false;
        sum += sizes[i++];
    }
    if (sum != g->n_chain) {
        qp_node_error(node, l->report, "Count the cabinets of every output again.",
                      "the sizes add up to %llu, the grid has %u cabinets", (unsigned long long)sum,
                      g->n_chain);
        return false;
    }
    return true;
}

static bool read_cut(struct loader *l, const struct qp_node *grid, const struct grid *g,
                     uint32_t parts, uint32_t *sizes)
{
    struct qp_node node = qp_node_member(grid, "cut");
    unsigned cut = CUT_EVEN;

    if (cJSON_IsArray(node.json))
        return cut_by_sizes(l, &node, g, parts, sizes);
    if (node.json && qp_node_enum(&node, cut_names, QP_ARRAY_LEN(cut_names), &cut, l->report) < 0)
        return false;
    if (cut == CUT_LINES)
        return cut_lines(l, grid, &node, g, parts, sizes);
    cut_even(g->n_chain, parts, sizes);
    return true;
}

static int deal(struct loader *l, const struct qp_node *list, const struct grid *g,
                const uint32_t *sizes)
{
    const cJSON *element;
    uint32_t i = 0, at = 0;

    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, i);
        uint32_t output = WALL_BROKEN, end = at + sizes[i++];
        const char *name;

        if (qp_node_str(&node, 0, &name, l->report) == 0 && !ids_get(&l->outputs, name, &output))
            qp_node_error(&node, l->report, "Add it to \"outputs\", or correct the name.",
                          "there is no output \"%.100s\"", name);
        for (; at < end; at++) {
            int err = output == WALL_BROKEN ? 0 : wall_append_chain(l, output, g->chain[at], &node);

            if (err < 0)
                return err;
        }
    }
    return 0;
}

static int cut_grid(struct loader *l, const struct qp_node *grid, const struct grid *g)
{
    struct qp_node list = qp_node_member(grid, "outputs");
    uint32_t parts, *sizes;
    int err = 0;

    if (!list.json || g->n_chain == 0 || qp_node_is_array(&list, l->report) < 0)
        return 0;
    parts = (uint32_t)cJSON_GetArraySize(list.json);
    if (parts == 0)
        return 0;
    if (parts > g->n_chain) {
        qp_node_error(&list, l->report, "Name fewer outputs.",
                      "%u cabinets cannot be dealt to %u outputs", g->n_chain, parts);
        return 0;
    }
    sizes = calloc(parts, sizeof(*sizes));
    if (!sizes)
        return -ENOMEM;
    if (read_cut(l, grid, g, parts, sizes))
        err = deal(l, &list, g, sizes);
    free(sizes);
    return err;
}

int wall_cut_grids(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "grids");
    const cJSON *element;
    uint32_t i = 0;

    if (!cJSON_IsArray(list.json))
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);
        int err = cJSON_IsObject(element) ? cut_grid(l, &node, &l->grids[i]) : 0;

        if (err < 0)
            return err;
        i++;
    }
    return 0;
}
