/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/csv.h"
#include "protocols/wall/format.h"
#include "protocols/wall/loader.h"

/* Of one wall: 64 million LEDs with gains are 400 MB. */
#define MAX_GAINS (1u << 26)
/* The frame path multiplies in fixed point with one bit in front of the point. */

void wall_read_pair(struct loader *l, const struct qp_node *node, double min, double max,
                    double ret[2])
{
    if (!cJSON_IsArray(node->json)) {
        if (qp_node_f64(node, min, max, &ret[0], l->report) == 0)
            ret[1] = ret[0];
        return;
    }
    if (cJSON_GetArraySize(node->json) != 2) {
        qp_node_error(node, l->report, "Write one number, or [x, y].", "has %d elements",
                      cJSON_GetArraySize(node->json));
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct qp_node part = qp_node_at(node, cJSON_GetArrayItem(node->json, i), (size_t)i);

        (void)qp_node_f64(&part, min, max, &ret[i], l->report);
    }
}

static bool read_row(struct loader *l, const struct qp_node *node, double row[3])
{
    if (!cJSON_IsArray(node->json) || cJSON_GetArraySize(node->json) != 3) {
        qp_node_error(node, l->report, "Write [[r,r,r], [g,g,g], [b,b,b]].",
                      "must be an array of three numbers");
        return false;
    }
    for (int i = 0; i < 3; i++) {
        struct qp_node part = qp_node_at(node, cJSON_GetArrayItem(node->json, i), (size_t)i);

        if (qp_node_f64(&part, -2, 2, &row[i], l->report) < 0)
            return false;
    }
    return true;
}

static bool is_small(struct loader *l, const struct qp_node *node, const struct wall_matrix *m)
{
    for (unsigned r = 0; r < 3; r++) {
        double sum = fabs(m->m[r][0]) + fabs(m->m[r][1]) + fabs(m->m[r][2]);

        if (!(sum <= WALL_MAX_ROW_SUM)) {
            qp_node_error(node, l->report,
                          "Divide the whole matrix by a number; brightness makes up for it.",
                          "row %u: the absolute values add up to %g, they may be at most %g", r,
                          sum, WALL_MAX_ROW_SUM);
            return false;
        }
    }
    return true;
}

static bool read_matrix(struct loader *l, const struct qp_node *node, struct wall_matrix *ret)
{
    struct wall_matrix m;

    if (!cJSON_IsArray(node->json) || cJSON_GetArraySize(node->json) != 3) {
        qp_node_error(node, l->report, "Write [[r,r,r], [g,g,g], [b,b,b]].",
                      "must be three rows of three numbers");
        return false;
    }
    for (int r = 0; r < 3; r++) {
        struct qp_node row = qp_node_at(node, cJSON_GetArrayItem(node->json, r), (size_t)r);

        if (!read_row(l, &row, m.m[r]))
            return false;
    }
    if (!is_small(l, node, &m))
        return false;
    *ret = m;
    return true;
}

static struct wall_matrix product(const struct wall_matrix *a, const struct wall_matrix *b)
{
    struct wall_matrix p;

    for (unsigned r = 0; r < 3; r++)
        for (unsigned c = 0; c < 3; c++)
            p.m[r][c] = a->m[r][0] * b->m[0][c] + a->m[r][1] * b->m[1][c] + a->m[r][2] * b->m[2][c];
    return p;
}

static int read_modules(struct loader *l, const struct qp_node *node, const struct wall_type *type,
                        struct pose *pose)
{
    size_t n = (size_t)type->modules_x * type->modules_y, i = 0;
    const cJSON *element;

    if (qp_node_is_array(node, l->report) < 0)
        return 0;
    if ((size_t)cJSON_GetArraySize(node->json) != n) {
        qp_node_error(node, l->report, "Give one 3x3 matrix a module, row by row.",
                      "has %d matrices, the type has %u x %u modules",
                      cJSON_GetArraySize(node->json), type->modules_x, type->modules_y);
        return 0;
    }
    free(pose->modules);
    pose->modules = calloc(n, sizeof(*pose->modules));
    if (!pose->modules)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node part = qp_node_at(node, element, i);
        struct wall_matrix *m = &pose->modules[i++];

        if (!read_matrix(l, &part, m))
            continue;
        if (pose->has_matrix)
            *m = product(&pose->matrix, m);
        (void)is_small(l, &part, m);
    }
    return 0;
}

static void read_gains(struct loader *l, const struct qp_node *node, const struct wall_type *type,
                       struct pose *pose)
{
    struct qp_diag diag = {""};
    size_t len = 0;
    char *text;

    if (l->n_gains + type->n_leds > MAX_GAINS) {
        qp_node_error(node, l->report, "Correct by cabinet or module where that is enough.",
                      "gains of more than %u LEDs in one wall", MAX_GAINS);
        l->too_big = true;
        return;
    }
    text = wall_read_csv(l, node, &len);
    if (!text)
        return;
    free(pose->gains);
    pose->gains = NULL;
    if (csv_parse_gains(text, len, type->n_leds, &pose->gains, &diag) < 0)
        qp_node_error(node, l->report, "One LED a line: r,g,b with 1 = unchanged, row by row.",
                      "%s: %s", node->json->valuestring, diag.text);
    else
        l->n_gains += type->n_leds;
    free(text);
}

static void read_turn(struct loader *l, const struct qp_node *node, struct pose *pose)
{
    uint32_t degrees = 0;

    if (qp_node_u32(node, 0, 270, &degrees, l->report) < 0)
        return;
    if (degrees % 90 != 0)
        qp_node_error(node, l->report, "Write 0, 90, 180 or 270; irregular angles need points.",
                      "a cabinet cannot be turned by %u degrees", degrees);
    else
        pose->turn = (enum wall_turn)(degrees / 90);
}

static void read_mirror(struct loader *l, const struct qp_node *node, struct pose *pose)
{
    unsigned mirror = 0;

    if (qp_node_enum(node, wall_mirror_names, QP_ARRAY_LEN(wall_mirror_names), &mirror, l->report) <
        0)
        return;
    pose->mirror_x = mirror & 1;
    pose->mirror_y = mirror & 2;
}

static void read_window(struct loader *l, const struct qp_node *node, struct pose *pose)
{
    struct qp_node x = qp_node_member(node, "x"), y = qp_node_member(node, "y");

    if (qp_node_is_object(node, l->report) < 0 ||
        format_read("cabinets[].raster", node, NULL, l->report) < 0)
        return;
    if (qp_node_u32(&x, 0, WALL_MAX_LEDS, &pose->raster[0], l->report) == 0 &&
        qp_node_u32(&y, 0, WALL_MAX_LEDS, &pose->raster[1], l->report) == 0)
        pose->has_raster = true;
}

void wall_pose_start(const struct loader *l, const struct wall_type *type, struct pose *pose)
{
    *pose = (struct pose){.scale = {1, 1}};
    if (l->canvas_pitch[0] > 0) {
        pose->scale[0] = type->pitch_x_mm / l->canvas_pitch[0];
        pose->scale[1] = type->pitch_y_mm / l->canvas_pitch[1];
    }
}

/* Of the pitch; a scale that the file tells was checked where it stands. */
static void check_scale(struct loader *l, const struct qp_node *node, const struct pose *pose)
{
    double scale = fmax(pose->scale[0], pose->scale[1]);

    if (scale > WALL_MAX_SCALE)
        qp_node_error(node, l->report, "Enlarge canvas_pitch_mm, and make the canvas smaller.",
                      "an LED covers %g canvas pixels on a side, %g is the most", scale,
                      WALL_MAX_SCALE);
}

int wall_read_pose(struct loader *l, const struct qp_node *node, const struct wall_type *type,
                   bool whole_grid, struct pose *pose)
{
    struct qp_node turn = qp_node_member(node, "turn"), mirror = qp_node_member(node, "mirror");
    struct qp_node scale = qp_node_member(node, "scale"), matrix = qp_node_member(node, "matrix");
    struct qp_node modules = qp_node_member(node, "module_matrices");
    struct qp_node gains = qp_node_member(node, "gains"), raster = qp_node_member(node, "raster");

    if (turn.json)
        read_turn(l, &turn, pose);
    if (mirror.json)
        read_mirror(l, &mirror, pose);
    if (scale.json)
        wall_read_pair(l, &scale, 0.01, WALL_MAX_SCALE, pose->scale);
    else
        check_scale(l, node, pose);
    if (matrix.json && read_matrix(l, &matrix, &pose->matrix))
        pose->has_matrix = true;
    if (whole_grid)
        return 0; /* the others belong to one cabinet; the grid's table does not know them */
    if (gains.json)
        read_gains(l, &gains, type, pose);
    if (raster.json)
        read_window(l, &raster, pose);
    return modules.json ? read_modules(l, &modules, type, pose) : 0;
}

void wall_pose_finish(struct pose *pose)
{
    free(pose->modules);
    free(pose->gains);
    pose->modules = NULL;
    pose->gains = NULL;
}
