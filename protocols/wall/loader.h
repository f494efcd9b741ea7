/* SPDX-License-Identifier: Apache-2.0 */
/* loader.h - what the files of the wall reader share. Nothing outside protocols/wall includes it.
 *
 * What is wrong with the document goes into the report and reading goes on, so that a person gets
 * everything in one go. The functions here return 0, also when they found errors, or -ENOMEM, which
 * ends the reading. */
#ifndef PROTOCOLS_WALL_LOADER_H
#define PROTOCOLS_WALL_LOADER_H

#include "protocols/base/ids.h"
#include "protocols/wall/wall.h"

#define WALL_BROKEN     UINT32_MAX /* an id that is defined, but its definition has errors */
#define WALL_NO_GRID    UINT32_MAX
#define WALL_NO_CABINET UINT32_MAX

/* Doubts that a wall file may declare to be intended. */
enum accept { ACCEPT_GAPS, ACCEPT_OVERLAPS, ACCEPT_MARGIN, ACCEPT_UNCONNECTED, N_ACCEPTS };

/* Where a cabinet comes from, for messages, and what only the reader needs of it. */
struct origin {
    uint32_t grid;    /* index into grids, or WALL_NO_GRID */
    uint32_t element; /* of "cabinets", when it comes from no grid */
    bool has_raster;  /* "raster" is given */
};

struct grid {
    char *id;
    uint32_t cols, rows;
    double gap_x, gap_y;    /* canvas pixels between boxes; declared, hence no finding */
    uint32_t *cells;        /* cols * rows, row by row: cabinet, or WALL_NO_CABINET */
    struct wall_box *holes; /* boxes of the cells without a cabinet */
    uint32_t n_holes;
    uint32_t *chain; /* the cabinets in cable order */
    uint32_t n_chain;
};

struct loader {
    struct wall *wall;
    struct qp_report *report;
    const char *dir; /* of CSV files; NULL: none may be named */
    struct qp_node root;
    double canvas_pitch[2]; /* mm; 0: not told */
    bool accepted[N_ACCEPTS];
    struct ids types, cabinets, grid_ids, outputs;
    struct origin *origins; /* beside wall.cabinets */
    uint32_t cap_cabinets;
    struct grid *grids;
    uint32_t n_grids;
    uint32_t *chain_caps; /* beside wall.outputs */
    uint64_t n_gains;     /* LEDs with gains, for their limit */
    size_t errors_before; /* in the report when reading began */
    bool too_big;
};

/* How a cabinet hangs; a grid's is the start for each of its cabinets. */
struct pose {
    double x, y;
    enum wall_turn turn;
    bool mirror_x, mirror_y;
    double scale[2];
    bool has_matrix;
    struct wall_matrix matrix;
    struct wall_matrix *modules; /* owned until a cabinet takes them */
    uint16_t *gains;
    bool has_raster;
    uint32_t raster[2];
};

/* types.c */
QP_MUST_CHECK int wall_read_types(struct loader *l);
/* The wiring and chain patterns have the same members; ret keeps what is not given. order is set
 * to the member "order" where extra names it. */
void wall_read_path(struct loader *l, const struct qp_node *node, const char *object,
                    struct wall_path *ret);
/* A CSV file named by a member, whole; NULL with a finding. */
char *wall_read_csv(struct loader *l, const struct qp_node *node, size_t *ret_len);

/* pose.c */
QP_MUST_CHECK int wall_read_pose(struct loader *l, const struct qp_node *node,
                                 const struct wall_type *type, bool whole_grid, struct pose *pose);
void wall_pose_start(const struct loader *l, const struct wall_type *type, struct pose *pose);
void wall_pose_finish(struct pose *pose);
/* One number for both, or an array of two. */
void wall_read_pair(struct loader *l, const struct qp_node *node, double min, double max,
                    double ret[2]);

/* cabinets.c */
QP_MUST_CHECK int wall_read_cabinets(struct loader *l);
/* The type that node's member "type" names; WALL_BROKEN with a finding, or without one when the
 * type itself has errors. */
uint32_t wall_read_type_ref(struct loader *l, const struct qp_node *node);
/* Takes id and what pose owns, also when it fails. *ret is the new index or WALL_NO_CABINET. */
QP_MUST_CHECK int wall_add_cabinet(struct loader *l, const struct qp_node *node, char *id,
                                   uint32_t type, struct pose *pose, struct origin origin,
                                   uint32_t *ret);
/* "cabinets[3]" or "grids[0]" */
const char *wall_origin_path(const struct loader *l, uint32_t cabinet, char buf[64]);

/* grids.c, cut.c */
QP_MUST_CHECK int wall_read_grids(struct loader *l);
QP_MUST_CHECK int wall_cut_grids(struct loader *l);

/* outputs.c */
QP_MUST_CHECK int wall_read_outputs(struct loader *l);
QP_MUST_CHECK int wall_append_chain(struct loader *l, uint32_t output, uint32_t cabinet,
                                    const struct qp_node *node);

/* raster.c */
QP_MUST_CHECK int wall_place_rasters(struct loader *l);

/* checks.c */
QP_MUST_CHECK int wall_check_layout(struct loader *l);

#endif
