/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/format.h"
#include "protocols/wall/loader.h"

#define MAX_PLACE 1e6 /* pixels; far off every canvas, but not so far that sums lose digits */

const char *wall_origin_path(const struct loader *l, uint32_t cabinet, char buf[64])
{
    const struct origin *o = &l->origins[cabinet];

    if (o->grid == WALL_NO_GRID)
        snprintf(buf, 64, "cabinets[%u]", o->element);
    else
        snprintf(buf, 64, "grids[%u]", o->grid);
    return buf;
}

uint32_t wall_read_type_ref(struct loader *l, const struct qp_node *node)
{
    struct qp_node ref = qp_node_member(node, "type");
    uint32_t type = WALL_BROKEN;
    const char *name;

    if (qp_node_str(&ref, 0, &name, l->report) < 0)
        return WALL_BROKEN;
    if (!ids_get(&l->types, name, &type))
        qp_node_error(&ref, l->report, "Describe it in \"types\", or correct the name.",
                      "there is no cabinet type \"%.100s\"", name);
    return type;
}

static int make_room(struct loader *l)
{
    uint32_t cap = l->cap_cabinets ? l->cap_cabinets * 2 : 64;
    struct wall_cabinet *cabinets;
    struct origin *origins;

    if (l->wall->n_cabinets < l->cap_cabinets)
        return 0;
    cabinets = reallocarray(l->wall->cabinets, cap, sizeof(*cabinets));
    if (!cabinets)
        return -ENOMEM;
    l->wall->cabinets = cabinets;
    origins = reallocarray(l->origins, cap, sizeof(*origins));
    if (!origins)
        return -ENOMEM;
    l->origins = origins;
    l->cap_cabinets = cap;
    return 0;
}

/* The limits that keep 32-bit LED indexes safe. */
static bool fits(struct loader *l, const struct qp_node *node, uint32_t type)
{
    uint32_t leds = l->wall->types[type].n_leds;

    if (l->wall->n_cabinets < WALL_MAX_CABINETS && l->wall->n_leds + leds <= WALL_MAX_LEDS)
        return true;
    if (!l->too_big)
        qp_node_error(node, l->report, "Split it into several walls.",
                      "a wall has at most %u cabinets and %u LEDs", WALL_MAX_CABINETS,
                      WALL_MAX_LEDS);
    l->too_big = true;
    return false;
}

/* One space of names: a chain may name cabinets and grids. */
static int claim_id(struct loader *l, const struct qp_node *node, const char *id, uint32_t value)
{
    struct qp_node at = qp_node_member(node, "id");
    uint32_t other;
    int err = ids_get(&l->grid_ids, id, &other) ? -EEXIST : ids_put(&l->cabinets, id, value);

    if (err == -EEXIST)
        qp_node_error(at.json ? &at : node, l->report,
                      "Give every cabinet and grid an id of its own.",
                      "the id \"%.100s\" is used twice", id);
    return err;
}

int wall_add_cabinet(struct loader *l, const struct qp_node *node, char *id, uint32_t type,
                     struct pose *pose, struct origin origin, uint32_t *ret)
{
    struct wall_cabinet *c;
    int err = fits(l, node, type) ? make_room(l) : -E2BIG;

    *ret = WALL_NO_CABINET;
    if (err == 0)
        err = claim_id(l, node, id, l->wall->n_cabinets);
    if (err < 0) {
        free(id);
        wall_pose_finish(pose);
        return err == -ENOMEM ? err : 0;
    }
    origin.has_raster = pose->has_raster;
    l->origins[l->wall->n_cabinets] = origin;
    c = &l->wall->cabinets[l->wall->n_cabinets];
    *c = (struct wall_cabinet){
        .id = id,
        .type = type,
        .x = pose->x,
        .y = pose->y,
        .turn = pose->turn,
        .mirror_x = pose->mirror_x,
        .mirror_y = pose->mirror_y,
        .scale_x = pose->scale[0],
        .scale_y = pose->scale[1],
        .has_matrix = pose->has_matrix,
        .matrix = pose->matrix,
        .modules = pose->modules,
        .gains = pose->gains,
        .port = WALL_NO_PORT,
        .raster_x = pose->raster[0],
        .raster_y = pose->raster[1],
    };
    l->wall->n_leds += l->wall->types[type].n_leds;
    *ret = l->wall->n_cabinets++;
    return 0;
}

static int read_cabinet(struct loader *l, const struct qp_node *node, uint32_t element)
{
    struct qp_node id_node = qp_node_member(node, "id");
    struct qp_node x = qp_node_member(node, "x"), y = qp_node_member(node, "y");
    size_t errors = l->report->n_errors;
    struct pose pose;
    const char *id;
    char *copy;
    uint32_t type, made;
    int err;

    if (qp_node_is_object(node, l->report) < 0 || qp_node_str(&id_node, 64, &id, l->report) < 0)
        return 0;
    (void)format_read("cabinets[]", node, NULL, l->report);
    type = wall_read_type_ref(l, node);
    if (type == WALL_BROKEN) {
        err = claim_id(l, node, id_node.json->valuestring, WALL_BROKEN);
        return err == -ENOMEM ? err : 0;
    }
    wall_pose_start(l, &l->wall->types[type], &pose);
    (void)qp_node_f64(&x, -MAX_PLACE, MAX_PLACE, &pose.x, l->report);
    (void)qp_node_f64(&y, -MAX_PLACE, MAX_PLACE, &pose.y, l->report);
    err = wall_read_pose(l, node, &l->wall->types[type], false, &pose);
    copy = strdup(id);
    if (err == 0 && !copy)
        err = -ENOMEM;
    if (err < 0 || l->report->n_errors > errors) {
        wall_pose_finish(&pose);
        free(copy);
        if (err == 0)
            err = claim_id(l, node, id, WALL_BROKEN);
        return err == -ENOMEM ? err : 0;
    }
    return wall_add_cabinet(l, node, copy, type, &pose,
                            (struct origin){.grid = WALL_NO_GRID, .element = element}, &made);
}

int wall_read_cabinets(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "cabinets");
    const cJSON *element;
    uint32_t i = 0;

    if (!list.json || qp_node_is_array(&list, l->report) < 0)
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);
        int err = l->too_big ? 0 : read_cabinet(l, &node, i);

        if (err < 0)
            return err;
        i++;
    }
    return 0;
}
