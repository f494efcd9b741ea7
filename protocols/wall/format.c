/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/format.h"

#include <assert.h>
#include <string.h>

const char *const wall_corner_names[4] = {"top-left", "top-right", "bottom-left", "bottom-right"};
const char *const wall_direction_names[2] = {"rows", "columns"};
const char *const wall_pattern_names[2] = {"Z", "S"};
const char *const wall_mirror_names[4] = {"none", "x", "y", "xy"};
const char *const wall_accept_names[4] = {"gaps", "overlaps", "margin", "unconnected"};
const char *const wall_driver_names[5] = {"colorlight-5a", "linsn-rv9", "ddp", "artnet", "sacn"};
static const char *const order_names[] = {"rgb", "rbg", "grb", "gbr", "brg", "bgr"};
static const char *const curve_names[] = {"srgb", "gamma", "off"};
static const char *const dimmer_names[] = {"chain", "card"};
static const char *const raster_names[] = {"chain", "canvas", "explicit"};

#define NAMED(key, s, f, ty, ...)                                                                  \
    {                                                                                              \
        .name = key, .type = ty, .offset = offsetof(s, f), __VA_ARGS__                             \
    }

static const struct format_member root_members[] = {
    {"name", "string", "\"\"", "what people call the wall"},
    {"canvas", "object", "required", "the picture that the LEDs are taken from"},
    {"canvas_pitch_mm", "number or [x, y]", "",
     "LED pitch at which one canvas pixel is one LED; "
     "other pitches get their scale from it"},
    {"refresh", "rational 1 .. 480", "60", "frames a second: 60, 59.94 or \"60000/1001\""},
    {"types", "object", "required", "cabinet types by name"},
    {"cabinets", "array", "[]", "cabinets placed one by one"},
    {"grids", "array", "[]", "rectangles of equal cabinets"},
    {"outputs", "array", "required", "ports: a driver, a link and a chain of cabinets each"},
    {"processing", "object", "", "stages of the frame path"},
    {"accept", "array of gaps|overlaps|margin|unconnected", "[]",
     "doubts that are intended and shall not be warned about"},
    {0},
};

static const struct format_member canvas_members[] = {
    {"width", "integer 1 .. 65536", "required", "pixels"},
    {"height", "integer 1 .. 65536", "required", "pixels"},
    {0},
};

static const struct qp_opt type_opts[] = {
    NAMED("width", struct wall_type, w, QP_OPT_TYPE_U32, .max = WALL_MAX_CANVAS,
          .help = "LEDs from left to right; may be left out with points"),
    NAMED("height", struct wall_type, h, QP_OPT_TYPE_U32, .max = WALL_MAX_CANVAS,
          .help = "LEDs from top to bottom; may be left out with points"),
    QP_OPT_F64(struct wall_type, peak_nits, 0, 100000, 0, 0, "full white, cd/m2; 0: not told"),
    QP_OPT_F64(struct wall_type, watts, 0, 100000, 0, 0, "of a cabinet at full white; 0: not told"),
    QP_OPT_ENUM(struct wall_type, order, order_names, WALL_RGB, 0,
                "which colour of an LED goes first on the wire"),
    QP_OPT_U32(struct wall_type, bits, 8, 16, 8, 0, "a colour, as the driver carries them: 8"),
    QP_OPT_F64(struct wall_type, gamma, 1, 4, 2.8, 0,
               "the card's own curve: light = (code / max) ^ gamma; 1: linear"),
    NAMED("window_width", struct wall_type, window_w, QP_OPT_TYPE_U32, .max = WALL_MAX_CANVAS,
          .help = "irregular: LEDs of a line of the card's window; 0: 256"),
    {0},
};

static const struct format_member type_members[] = {
    {"pitch_mm", "number or [x, y], 0.1 .. 1000", "required", "from LED to LED"},
    {"modules", "[columns, rows]", "[1, 1]", "modules of the cabinet; must divide its LEDs evenly"},
    {"wiring", "object", "", "the way of the LEDs in a linear protocol"},
    {"points", "file.csv", "", "positions of irregular LEDs in wiring order"},
    {0},
};

static const struct qp_opt path_opts[] = {
    QP_OPT_ENUM(struct format_path, start, wall_corner_names, 0, 0, "corner, seen from the front"),
    QP_OPT_ENUM(struct format_path, direction, wall_direction_names, 0, 0,
                "row after row or column after column"),
    QP_OPT_ENUM(struct format_path, pattern, wall_pattern_names, 0, 0,
                "Z: every line in the same direction; S: every other line runs back"),
    {0},
};

static const struct format_member chain_members[] = {
    {"order", "array of \"r<row>c<column>\"", "", "any other order; each cabinet once"},
    {0},
};

#define POSE_MEMBERS                                                                               \
    {"turn", "0, 90, 180 or 270", "0", "clockwise, seen from the front, after the mirror"},        \
        {"mirror", "none|x|y|xy", "none", "x: left and right change places"},                      \
        {"scale", "number or [x, y], 0.01 .. 64", "1, or the pitch divided by canvas_pitch_mm",    \
         "canvas pixels from LED to LED, along the cabinet's own axes"},                           \
    {                                                                                              \
        "matrix", "3x3 numbers", "", "correction in linear light, a row each for red, green, blue" \
    }
#define CABINET_MEMBERS                                                                            \
    {"module_matrices", "array of 3x3 numbers", "", "one a module, row by row"},                   \
        {"gains", "file.csv", "", "red, green and blue gain of every LED, row by row"},            \
    {                                                                                              \
        "raster", "{\"x\", \"y\"}", "", "the card's window in the port's picture"                  \
    }

static const struct format_member cabinet_members[] = {
    {"id", "string", "required", "unique among cabinets and grids"},
    {"type", "string", "required", "a name in types"},
    {"x", "number", "required", "canvas: left edge once turned, pixels"},
    {"y", "number", "required", "canvas: top edge once turned, pixels"},
    POSE_MEMBERS,
    CABINET_MEMBERS,
    {0},
};

static const struct format_member point_members[] = {
    {"x", "integer", "required", "cells"},
    {"y", "integer", "required", "cells"},
    {0},
};

static const struct format_member grid_members[] = {
    {"id", "string", "required", "its cabinets are called <id>.r1c1, row and column from 1"},
    {"type", "string", "required", "a name in types"},
    {"cols", "integer", "required", "cabinets side by side"},
    {"rows", "integer", "required", "cabinets one above the other"},
    {"x", "number", "0", "canvas: left edge, pixels"},
    {"y", "number", "0", "canvas: top edge, pixels"},
    {"gap", "number or [x, y]", "0", "canvas pixels between two cabinets"},
    POSE_MEMBERS,
    {"chain", "object", "", "the way of the cable from cabinet to cabinet"},
    {"without", "array of \"r<row>c<column>\"", "[]", "places that have no cabinet"},
    {"overrides", "object by \"r<row>c<column>\"", "", "members of single cabinets"},
    {"outputs", "array of strings", "[]", "ids of the outputs among which the chain is cut"},
    {"cut", "even|lines or array of integers", "even", "how many cabinets each of them gets"},
    {0},
};

static const struct format_member override_members[] = {
    POSE_MEMBERS,
    CABINET_MEMBERS,
    {0},
};

static const struct qp_opt output_opts[] = {
    QP_OPT_STR(struct wall_output, id, 64, NULL, QP_OPT_REQUIRED, "unique among outputs"),
    QP_OPT_STR(struct wall_output, driver, 64, NULL, QP_OPT_REQUIRED,
               "colorlight-5a, linsn-rv9, ddp, artnet or sacn"),
    QP_OPT_BOOL(struct wall_output, backup_hot, 0, 0, "both links always carry the frames"),
    NAMED("speed_mbps", struct wall_output, link_mbps, QP_OPT_TYPE_F64, .min = 1, .max = 400000,
          .def = 1000, .help = "nominal speed of the link"),
    QP_OPT_ENUM(struct wall_output, raster, raster_names, WALL_RASTER_CHAIN, 0,
                "how the cards' windows lie in the port's picture, for drivers that send rows"),
    {0},
};

static const struct format_member output_members[] = {
    {"options", "object", "", "the driver's own"},
    {"link", "object", "", "where the packets go; has a type"},
    {"backup", "object", "", "a second link to the far end of the chain"},
    {"raster_size", "object", "",
     "of the port's picture, where it must be larger than its windows"},
    {"chain", "array of strings", "[]", "cabinets, or grids as a whole, in cable order"},
    {0},
};

static const struct format_member size_members[] = {
    {"width", "integer 1 .. 1073741824", "required", "cells"},
    {"height", "integer 1 .. 1073741824", "required", "cells"},
    {0},
};

static const struct qp_opt processing_opts[] = {
    QP_OPT_ENUM(struct wall_processing, input, curve_names, WALL_CURVE_SRGB, 0,
                "from canvas code to linear light; off: codes are taken as light"),
    QP_OPT_F64(struct wall_processing, input_gamma, 1, 4, 2.4, 0, "for input gamma"),
    QP_OPT_BOOL(struct wall_processing, correction, 1, 0, "matrices and gains"),
    QP_OPT_ENUM(struct wall_processing, dimmer, dimmer_names, WALL_DIMMER_CHAIN, 0,
                "who applies the brightness: the frame path or the card, never both"),
    QP_OPT_F64(struct wall_processing, brightness, 0, 1, 1, 0, "of peak, in light"),
    QP_OPT_BOOL(struct wall_processing, output_curve, 1, 0, "undo the card's gamma"),
    QP_OPT_BOOL(struct wall_processing, dither, 1, 0, "show light between two codes over time"),
    {0},
};

static const struct format_object objects[] = {
    {"", NULL, root_members},
    {"canvas", NULL, canvas_members},
    {"types.*", type_opts, type_members},
    {"types.*.wiring", path_opts, NULL},
    {"cabinets[]", NULL, cabinet_members},
    {"cabinets[].raster", NULL, point_members},
    {"grids[]", NULL, grid_members},
    {"grids[].chain", path_opts, chain_members},
    {"grids[].overrides.*", NULL, override_members},
    {"grids[].overrides.*.raster", NULL, point_members},
    {"outputs[]", output_opts, output_members},
    {"outputs[].raster_size", NULL, size_members},
    {"processing", processing_opts, NULL},
};

const struct format_object *format_find(const char *path)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(objects); i++)
        if (strcmp(objects[i].path, path) == 0)
            return &objects[i];
    assert(false && "a path of the tables");
    return NULL;
}

int format_read(const char *path, const struct qp_node *node, void *cfg, struct qp_report *report)
{
    static const struct qp_opt none[] = {{0}};
    const struct format_object *o = format_find(path);
    const char *others[25] = {NULL};
    size_t n = 0;
    int err;

    for (const struct format_member *m = o->members; m && m->name; m++) {
        assert(n + 1 < QP_ARRAY_LEN(others));
        others[n++] = m->name;
    }
    err = qp_opts_read(o->opts ? o->opts : none, node, others, cfg, report);
    if (err == -ENOMEM)
        qp_node_error(node, report, NULL, "no memory");
    return err;
}

static void write_type(const struct qp_opt *o, FILE *out)
{
    switch (o->type) {
    case QP_OPT_TYPE_U32:
        fprintf(out, "integer %.0f .. %.0f\t%.0f", o->min, o->max, o->def);
        return;
    case QP_OPT_TYPE_F64:
        fprintf(out, "number %g .. %g\t%g", o->min, o->max, o->def);
        return;
    case QP_OPT_TYPE_BOOL:
        fprintf(out, "true or false\t%s", o->def != 0 ? "true" : "false");
        return;
    case QP_OPT_TYPE_ENUM:
        for (size_t i = 0; i < o->n_names; i++)
            fprintf(out, "%s%s", i ? "|" : "", o->names[i]);
        fprintf(out, "\t%s", o->names[(size_t)o->def]);
        return;
    case QP_OPT_TYPE_STR:
    case QP_OPT_TYPE_END:
    default:
        fprintf(out, "string\t%s", o->def_str ? o->def_str : "");
        return;
    }
}

void wall_format_write(FILE *out)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(objects); i++) {
        const struct format_object *o = &objects[i];

        for (const struct qp_opt *p = o->opts; p && p->name; p++) {
            fprintf(out, "%s\t%s\t", o->path, p->name);
            if (p->flags & QP_OPT_REQUIRED)
                fprintf(out, "string\trequired");
            else
                write_type(p, out);
            fprintf(out, "\t%s\n", p->help);
        }
        for (const struct format_member *m = o->members; m && m->name; m++)
            fprintf(out, "%s\t%s\t%s\t%s\t%s\n", o->path, m->name, m->type, m->def, m->help);
    }
}
