/* SPDX-License-Identifier: Apache-2.0 */
/* wall.h - the description of a wall: canvas, cabinets, ports. docs/wall-format.md has the file.
 *
 * A wall is read from one JSON file (and the CSV files that it names), checked as a whole and never
 * changed afterwards: any number of threads may read it without locking. Everything in it is owned
 * by the wall unless a comment says borrowed.
 *
 * Coordinates. Canvas: pixels, x to the right, y down, (0,0) is the outer corner of the top left
 * pixel, so the middle of pixel (i,j) is (i + 0.5, j + 0.5). Native: a cabinet's own LED grid seen
 * from the front as the maker drew it, before it is mirrored and turned; column x, row y. */
#ifndef PROTOCOLS_WALL_WALL_H
#define PROTOCOLS_WALL_WALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "protocols/base/json.h"

/* Not caps of convenience: beyond these, 32-bit LED indexes or canvas offsets would overflow. */
#define WALL_MAX_CANVAS   65536u     /* pixels on a side */
#define WALL_MAX_CABINETS 1000000u   /* cabinets of a wall */
#define WALL_MAX_LEDS     (1u << 30) /* LEDs of a wall, and of one port's raster */

/* Beyond these the frame path's 32-bit sums would overflow (pixel/chain.h, pixel/sample.h). */
#define WALL_MAX_ROW_SUM 1.98 /* magnitudes of a row of a correction matrix */
#define WALL_MAX_SCALE   64.0 /* canvas pixels that an LED covers on a side */

/* Which byte of an LED's three goes first on the wire. */
enum wall_order { WALL_RGB, WALL_RBG, WALL_GRB, WALL_GBR, WALL_BRG, WALL_BGR };

/* Clockwise, seen from the front, applied after the mirror. */
enum wall_turn { WALL_TURN_0, WALL_TURN_90, WALL_TURN_180, WALL_TURN_270 };

/* The way the LEDs of a cabinet follow each other in a linear protocol (DDP, Art-Net, sACN), and
 * cabinets in a grid. */
enum wall_corner { WALL_TOP_LEFT, WALL_TOP_RIGHT, WALL_BOTTOM_LEFT, WALL_BOTTOM_RIGHT };

struct wall_path {
    enum wall_corner start;
    bool columns; /* column after column instead of row after row */
    bool snake;   /* S: every other row runs back; otherwise Z */
};

/* One LED of an irregular cabinet, in LED pitches from the cabinet's top left corner; the middle of
 * the LED. */
struct wall_point {
    float x, y;
};

/* 3x3, row = output channel (R,G,B), column = input channel, on linear light. */
struct wall_matrix {
    double m[3][3];
};

struct wall_type {
    char *id;
    uint32_t w, h; /* LEDs; irregular: the box that holds the points, rounded up */
    double pitch_x_mm, pitch_y_mm;
    uint32_t modules_x, modules_y; /* divide w and h */
    double peak_nits;              /* full white; 0 = not told */
    double watts;                  /* full white; 0 = not told */
    enum wall_order order;
    unsigned bits; /* a colour, as the card takes them: 8 today */
    double gamma;  /* the card's own: light = (code / max)^gamma; 1 = linear */
    struct wall_path wiring;
    struct wall_point *points;   /* irregular: n_leds of them in wiring order; NULL: a grid */
    uint32_t n_leds;             /* w * h, or the number of points */
    uint32_t window_w, window_h; /* what a cabinet takes in a port's raster: w x h; irregular: lines
                                    of window_w LEDs in wiring order, the last may be shorter */
};

#define WALL_NO_PORT UINT32_MAX

struct wall_cabinet {
    char *id;
    uint32_t type; /* index into wall.types */
    double x, y;   /* canvas: the top left corner of the box once turned */
    enum wall_turn turn;
    bool mirror_x, mirror_y; /* before the turn; x: left and right change places */
    double scale_x, scale_y; /* canvas pixels per LED pitch, along native x and y; 1 = 1:1 */
    bool has_matrix;
    struct wall_matrix matrix;   /* correction of the cabinet */
    struct wall_matrix *modules; /* modules_x * modules_y, row by row, already multiplied with the
                                    cabinet's; NULL: all as the cabinet */
    uint16_t *gains;             /* 3 * n_leds in native order (irregular: wiring order), R,G,B of
                                    one LED together, 32768 = 1.0; NULL: none */
    uint32_t port;               /* index into wall.outputs, or WALL_NO_PORT */
    uint32_t chain_index;        /* place on that port, 0 = next to the sender */
    uint32_t raster_x, raster_y; /* where its native (0,0) lies in the port's raster */
};

enum wall_raster { WALL_RASTER_CHAIN, WALL_RASTER_CANVAS, WALL_RASTER_EXPLICIT };

struct wall_output {
    char *id;
    char *driver;         /* "colorlight-5a", "linsn-rv9", "ddp", "artnet", "sacn" */
    const cJSON *options; /* the driver's own members; borrowed from wall.json; NULL: none */
    const cJSON *link;    /* where the packets go; borrowed; NULL: not configured */
    const cJSON *backup;  /* second link; borrowed; NULL: none */
    bool backup_hot;      /* both links always carry the frames */
    double link_mbps;     /* nominal speed of the link, for capacity; 1000 by default */
    enum wall_raster raster;
    uint32_t raster_w, raster_h; /* of the port's picture, for drivers that send rows */
    uint32_t *chain;             /* cabinet indexes in cable order; n_chain of them */
    uint32_t n_chain;
    uint64_t n_leds;
};

enum wall_curve { WALL_CURVE_SRGB, WALL_CURVE_GAMMA, WALL_CURVE_OFF };
enum wall_dimmer { WALL_DIMMER_CHAIN, WALL_DIMMER_CARD };

/* The stages of the frame path; each can be off. */
struct wall_processing {
    enum wall_curve input; /* canvas code -> linear light; OFF: codes are taken as light */
    double input_gamma;    /* for WALL_CURVE_GAMMA */
    bool correction;       /* matrices and gains */
    enum wall_dimmer dimmer;
    double brightness; /* 0..1 of peak, in light */
    bool output_curve; /* undo the card's gamma */
    bool dither;
};

struct wall {
    char *name;
    uint32_t canvas_w, canvas_h;
    struct qp_rational rate; /* frames a second */
    struct wall_processing processing;
    struct wall_type *types;
    uint32_t n_types;
    struct wall_cabinet *cabinets;
    uint32_t n_cabinets;
    struct wall_output *outputs;
    uint32_t n_outputs;
    uint64_t n_leds;
    cJSON *json; /* the document; driver and link options point into it */
};

/* Read and check a wall. Everything wrong or doubtful is in report (may be NULL); with an error
 * *ret is untouched, with warnings only it is a new wall for wall_destroy(). CSV files are found
 * relative to the wall file. Returns 0, -EINVAL (diag: the first error), -ENOENT and other errno of
 * files, -E2BIG (a limit of this header, the JSON reader or a CSV file), -ENOMEM. */
QP_MUST_CHECK int wall_load(struct wall **ret, const char *file, struct qp_report *report,
                            struct qp_diag *diag);

/* The same from text; dir is where CSV files are looked for (NULL: none may be named). */
QP_MUST_CHECK int wall_parse(struct wall **ret, const char *text, size_t len, const char *dir,
                             struct qp_report *report, struct qp_diag *diag);

void wall_destroy(struct wall *wall); /* NULL is fine */

/* Every object and member that a wall file may have, one line each, tab-separated: object
 * ("types.*"), member, type, range or choices, default, help. From the tables that the reader
 * itself uses. */
void wall_format_write(FILE *out);

/* The node of outputs[i] (and below it "options", "link", "backup") for reading driver options with
 * the right path in every message. */
struct qp_node wall_output_node(const struct wall *wall, uint32_t output, struct qp_node chain[2]);

#endif
