/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/format.h"
#include "protocols/wall/loader.h"

static int grow_chain(struct loader *l, uint32_t output)
{
    struct wall_output *o = &l->wall->outputs[output];
    uint32_t cap = l->chain_caps[output] ? l->chain_caps[output] * 2 : 16, *chain;

    if (o->n_chain < l->chain_caps[output])
        return 0;
    chain = reallocarray(o->chain, cap, sizeof(*chain));
    if (!chain)
        return -ENOMEM;
    o->chain = chain;
    l->chain_caps[output] = cap;
    return 0;
}

int wall_append_chain(struct loader *l, uint32_t output, uint32_t cabinet,
                      const struct qp_node *node)
{
    struct wall_cabinet *c = &l->wall->cabinets[cabinet];
    struct wall_output *o = &l->wall->outputs[output];
    int err;

    if (c->port != WALL_NO_PORT) {
        qp_node_error(node, l->report, "A cabinet hangs on one output, once.",
                      "cabinet %s is already number %u of output %s", c->id, c->chain_index + 1,
                      l->wall->outputs[c->port].id);
        return 0;
    }
    err = grow_chain(l, output);
    if (err < 0)
        return err;
    c->port = output;
    c->chain_index = o->n_chain;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): grow_chain() made it */
    o->chain[o->n_chain++] = cabinet;
    o->n_leds += l->wall->types[c->type].n_leds;
    return 0;
}

static int append_named(struct loader *l, const struct qp_node *node, uint32_t output)
{
    const char *name;
    uint32_t i;
    int err = 0;

    if (qp_node_str(node, 0, &name, l->report) < 0)
        return 0;
    if (ids_get(&l->cabinets, name, &i))
        return i == WALL_BROKEN ? 0 : wall_append_chain(l, output, i, node);
    if (!ids_get(&l->grid_ids, name, &i)) {
        qp_node_error(node, l->report,
                      "Name a cabinet, a grid, or a cabinet of a grid as <grid>.r1c1.",
                      "there is no cabinet or grid \"%.100s\"", name);
        return 0;
    }
    for (uint32_t k = 0; k < l->grids[i].n_chain && err == 0; k++)
        err = wall_append_chain(l, output, l->grids[i].chain[k], node);
    return err;
}

static int read_chain(struct loader *l, const struct qp_node *node, uint32_t output)
{
    const cJSON *element;
    size_t i = 0;

    if (!node->json || qp_node_is_array(node, l->report) < 0)
        return 0;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i++);
        int err = append_named(l, &part, output);

        if (err < 0)
            return err;
    }
    return 0;
}

/* Here only that it is an object with a type; its driver checks the rest. */
static const cJSON *read_link(struct loader *l, const struct qp_node *node)
{
    struct qp_node type = qp_node_member(node, "type");
    const char *name;

    if (!node->json || qp_node_is_object(node, l->report) < 0)
        return NULL;
    (void)qp_node_str(&type, 64, &name, l->report);
    return node->json;
}

static void read_driver(struct loader *l, const struct qp_node *node)
{
    struct qp_node driver = qp_node_member(node, "driver");
    unsigned which;

    if (cJSON_IsString(driver.json))
        (void)qp_node_enum(&driver, wall_driver_names, QP_ARRAY_LEN(wall_driver_names), &which,
                           l->report);
}

static void read_raster_size(struct loader *l, const struct qp_node *node, struct wall_output *o)
{
    struct qp_node w = qp_node_member(node, "width"), h = qp_node_member(node, "height");

    if (!node->json || qp_node_is_object(node, l->report) < 0)
        return;
    format_read("outputs[].raster_size", node, NULL, l->report);
    (void)qp_node_u32(&w, 1, WALL_MAX_LEDS, &o->raster_w, l->report);
    (void)qp_node_u32(&h, 1, WALL_MAX_LEDS, &o->raster_h, l->report);
}

static int read_output(struct loader *l, const struct qp_node *node, uint32_t i)
{
    struct wall_output *o = &l->wall->outputs[i];
    struct qp_node link = qp_node_member(node, "link"), backup = qp_node_member(node, "backup");
    struct qp_node options = qp_node_member(node, "options");
    struct qp_node hot = qp_node_member(node, "backup_hot");
    struct qp_node size = qp_node_member(node, "raster_size"), id = qp_node_member(node, "id");
    int err = 0;

    if (qp_node_is_object(node, l->report) < 0)
        return 0;
    format_read("outputs[]", node, o, l->report);
    read_driver(l, node);
    if (options.json && qp_node_is_object(&options, l->report) == 0)
        o->options = options.json;
    o->link = read_link(l, &link);
    o->backup = read_link(l, &backup);
    read_raster_size(l, &size, o);
    if (o->backup_hot && !backup.json)
        qp_node_error(&hot, l->report, "Add \"backup\": { \"type\": ... }.",
                      "a hot backup needs a backup link");
    if (o->id)
        err = ids_put(&l->outputs, o->id, i);
    if (err == -EEXIST)
        qp_node_error(&id, l->report, "Give every output an id of its own.",
                      "the id \"%s\" is used twice", o->id);
    return err == -ENOMEM ? err : 0;
}

static int read_chains(struct loader *l, const struct qp_node *list)
{
    const cJSON *element;
    uint32_t i = 0;

    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, i);
        struct qp_node chain = qp_node_member(&node, "chain");
        int err = read_chain(l, &chain, i++);

        if (err < 0)
            return err;
    }
    return wall_cut_grids(l);
}

static void check_chains(struct loader *l, const struct qp_node *list)
{
    const cJSON *element;
    uint32_t i = 0;

    if (l->report->n_errors > l->errors_before)
        return; /* an empty chain is likely to follow from what has been said */
    cJSON_ArrayForEach(element, list->json)
    {
        struct qp_node node = qp_node_at(list, element, i);

        if (l->wall->outputs[i++].n_chain == 0)
            qp_node_error(&node, l->report,
                          "Name its cabinets in \"chain\", or the output in a grid's \"outputs\".",
                          "no cabinet hangs on this output");
    }
}

int wall_read_outputs(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "outputs");
    const cJSON *element;
    uint32_t n, i = 0;
    int err;

    if (qp_node_is_array(&list, l->report) < 0)
        return 0;
    n = (uint32_t)cJSON_GetArraySize(list.json);
    if (n == 0)
        qp_node_error(&list, l->report, "Describe at least one output.", "is empty");
    l->wall->outputs = calloc((size_t)n + 1, sizeof(*l->wall->outputs));
    l->chain_caps = calloc((size_t)n + 1, sizeof(*l->chain_caps));
    if (!l->wall->outputs || !l->chain_caps)
        return -ENOMEM;
    l->wall->n_outputs = n;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        err = read_output(l, &node, i++);
        if (err < 0)
            return err;
    }
    err = read_chains(l, &list);
    if (err == 0)
        check_chains(l, &list);
    return err;
}
