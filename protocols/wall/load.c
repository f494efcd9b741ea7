/* SPDX-License-Identifier: Apache-2.0 */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/format.h"
#include "protocols/wall/loader.h"

static void read_canvas(struct loader *l)
{
    struct qp_node canvas = qp_node_member(&l->root, "canvas");
    struct qp_node w = qp_node_member(&canvas, "width"), h = qp_node_member(&canvas, "height");

    if (qp_node_is_object(&canvas, l->report) < 0)
        return;
    format_read("canvas", &canvas, NULL, l->report);
    (void)qp_node_u32(&w, 1, WALL_MAX_CANVAS, &l->wall->canvas_w, l->report);
    (void)qp_node_u32(&h, 1, WALL_MAX_CANVAS, &l->wall->canvas_h, l->report);
}

/* 59.94 is what people say for 60000/1001; taken as written it drifts by a frame in five hours. */
static void doubt_rate(struct loader *l, const struct qp_node *node)
{
    static const int64_t nominal[] = {24, 30, 48, 60, 120, 240};
    double f = qp_rational_f64(l->wall->rate);

    for (size_t i = 0; i < QP_ARRAY_LEN(nominal); i++) {
        double exact = (double)nominal[i] * 1000 / 1001;

        if (l->wall->rate.den != 1001 && f > exact - 0.02 && f < exact + 0.02)
            qp_node_warn(node, l->report, "Write the fraction if the television rate is meant.",
                         "%g is not exactly %lld000/1001", f, (long long)nominal[i]);
    }
}

static void read_rate(struct loader *l)
{
    struct qp_node node = qp_node_member(&l->root, "refresh");

    l->wall->rate = qp_rational(60, 1);
    if (!node.json || qp_node_rational(&node, &l->wall->rate, l->report) < 0)
        return;
    if (qp_rational_cmp(l->wall->rate, qp_rational(1, 1)) < 0 ||
        qp_rational_cmp(l->wall->rate, qp_rational(480, 1)) > 0)
        qp_node_error(&node, l->report, "Write 50, 60, \"60000/1001\" ...",
                      "must be 1 .. 480 frames a second");
    else
        doubt_rate(l, &node);
}

static void read_accept(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "accept");
    const cJSON *element;
    size_t i = 0;

    if (!list.json || qp_node_is_array(&list, l->report) < 0)
        return;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i++);
        unsigned which;

        if (qp_node_enum(&node, wall_accept_names, QP_ARRAY_LEN(wall_accept_names), &which,
                         l->report) == 0)
            l->accepted[which] = true;
    }
}

static int read_head(struct loader *l)
{
    struct qp_node name = qp_node_member(&l->root, "name");
    struct qp_node pitch = qp_node_member(&l->root, "canvas_pitch_mm");
    struct qp_node processing = qp_node_member(&l->root, "processing");
    const char *text = "";

    format_read("", &l->root, NULL, l->report);
    if (name.json)
        (void)qp_node_str(&name, 200, &text, l->report);
    l->wall->name = strdup(text);
    if (!l->wall->name)
        return -ENOMEM;
    read_canvas(l);
    if (pitch.json)
        wall_read_pair(l, &pitch, 0.1, 1000, l->canvas_pitch);
    read_rate(l);
    read_accept(l);
    if (!processing.json || qp_node_is_object(&processing, l->report) == 0)
        format_read("processing", &processing, &l->wall->processing, l->report);
    return 0;
}

static int read_document(struct loader *l)
{
    static int (*const steps[])(struct loader *) = {
        read_head, wall_read_types, wall_read_cabinets, wall_read_grids, wall_read_outputs,
    };

    if (qp_node_is_object(&l->root, l->report) < 0)
        return 0;
    for (size_t i = 0; i < QP_ARRAY_LEN(steps); i++) {
        int err = steps[i](l);

        if (err < 0)
            return err;
    }
    if (l->wall->n_cabinets == 0 && l->report->n_errors == l->errors_before)
        qp_node_error(&l->root, l->report, "Place cabinets with \"cabinets\" or \"grids\".",
                      "the wall has no cabinet");
    if (l->report->n_errors > l->errors_before)
        return 0; /* the rest needs a wall whose parts are all there */
    if (wall_place_rasters(l) < 0)
        return -ENOMEM;
    return wall_check_layout(l);
}

static void finish_loader(struct loader *l)
{
    ids_finish(&l->types);
    ids_finish(&l->cabinets);
    ids_finish(&l->grid_ids);
    ids_finish(&l->outputs);
    for (uint32_t i = 0; i < l->n_grids; i++) {
        free(l->grids[i].id);
        free(l->grids[i].cells);
        free(l->grids[i].holes);
        free(l->grids[i].chain);
    }
    free(l->grids);
    free(l->origins);
    free(l->chain_caps);
}

/* Takes json. */
static int read_wall(struct wall **ret, cJSON *json, const char *dir, struct qp_report *report,
                     struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct loader l = {.report = report ? report : &own, .dir = dir, .root = qp_node_root(json)};
    int err;

    l.wall = calloc(1, sizeof(*l.wall));
    if (!l.wall) {
        cJSON_Delete(json);
        return qp_diag_set(diag, -ENOMEM, "no memory for the wall");
    }
    l.wall->json = json;
    l.errors_before = l.report->n_errors;
    err = read_document(&l);
    if (err == -ENOMEM)
        qp_report_add(l.report, QP_SEVERITY_ERROR, "", NULL, "no memory for the wall");
    if (err == 0 && l.report->n_errors > l.errors_before)
        err = l.too_big ? -E2BIG : -EINVAL;
    if (err < 0)
        (void)!qp_report_diag(l.report, diag);
    finish_loader(&l);
    qp_report_finish(&own);
    if (err < 0) {
        wall_destroy(l.wall);
        return err;
    }
    *ret = l.wall;
    return 0;
}

int wall_parse(struct wall **ret, const char *text, size_t len, const char *dir,
               struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    int err = qp_json_parse(&json, text, len, NULL, diag ? diag : &own);

    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", (diag ? diag : &own)->text);
        return err;
    }
    return read_wall(ret, json, dir, report, diag);
}

int wall_load(struct wall **ret, const char *file, struct qp_report *report, struct qp_diag *diag)
{
    struct qp_diag own = {""};
    cJSON *json;
    char *copy;
    int err;

    if (!diag)
        diag = &own;
    err = qp_json_load(&json, file, NULL, diag);
    if (err < 0) {
        qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", diag->text);
        return err;
    }
    copy = strdup(file);
    if (!copy) {
        cJSON_Delete(json);
        return qp_diag_set(diag, -ENOMEM, "%s: no memory", file);
    }
    err = read_wall(ret, json, dirname(copy), report, diag);
    free(copy);
    return err < 0 ? qp_diag_prefix(diag, err, "%s", file) : 0;
}

void wall_destroy(struct wall *wall)
{
    if (!wall)
        return;
    for (uint32_t i = 0; i < wall->n_types; i++) {
        free(wall->types[i].id);
        free(wall->types[i].points);
    }
    for (uint32_t i = 0; i < wall->n_cabinets; i++) {
        free(wall->cabinets[i].id);
        free(wall->cabinets[i].modules);
        free(wall->cabinets[i].gains);
    }
    for (uint32_t i = 0; i < wall->n_outputs; i++) {
        free(wall->outputs[i].id);
        free(wall->outputs[i].driver);
        free(wall->outputs[i].chain);
    }
    free(wall->types);
    free(wall->cabinets);
    free(wall->outputs);
    free(wall->name);
    cJSON_Delete(wall->json);
    free(wall);
}

struct qp_node wall_output_node(const struct wall *wall, uint32_t output, struct qp_node chain[2])
{
    chain[0] = qp_node_root(wall->json);
    chain[1] = qp_node_member(&chain[0], "outputs");
    return qp_node_at(&chain[1], cJSON_GetArrayItem(chain[1].json, (int)output), output);
}
