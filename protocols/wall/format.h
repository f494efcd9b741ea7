/* SPDX-License-Identifier: Apache-2.0 */
/* format.h - every object of a wall file and its members, as tables.
 *
 * The reader refuses members that no table names, and wall_format_write() prints the tables; the
 * JSON Schema is tested against that, so the three cannot drift apart. */
#ifndef PROTOCOLS_WALL_FORMAT_H
#define PROTOCOLS_WALL_FORMAT_H

#include "protocols/base/opt.h"
#include "protocols/wall/wall.h"

/* A member that the reader takes by hand. */
struct format_member {
    const char *name, *type, *def, *help; /* def "required" or a value, "" for none */
};

struct format_object {
    const char *path;                    /* "types.*" */
    const struct qp_opt *opts;           /* read by qp_opts_read(); ends with {0} */
    const struct format_member *members; /* read by hand; ends with {0}; at most 24 */
};

/* The object of this path; a path that is not in the tables is a defect of the caller. */
const struct format_object *format_find(const char *path);

/* Read the table's part into cfg and refuse unknown members; cfg may be NULL where the object has
 * no options. Returns 0, or a negative errno with at least one error in the report. */
int format_read(const char *path, const struct qp_node *node, void *cfg, struct qp_report *report);

extern const char *const wall_corner_names[4];
extern const char *const wall_direction_names[2];
extern const char *const wall_pattern_names[2];
extern const char *const wall_mirror_names[4];
extern const char *const wall_accept_names[4];
extern const char *const wall_driver_names[5];

struct format_path {
    unsigned start, direction, pattern;
};

#endif
