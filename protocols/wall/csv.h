/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h - tables of numbers beside a wall: LED positions and gains.
 *
 * Strict: a comma between fields, a decimal point, the same number of fields on every line. Blanks
 * around a field, CR LF, a UTF-8 byte order mark, empty lines, lines that begin with # and one
 * header line (its first field begins with a letter) are allowed. Every error names the line. */
#ifndef PROTOCOLS_WALL_CSV_H
#define PROTOCOLS_WALL_CSV_H

#include "protocols/wall/wall.h"

#define WALL_CSV_MAX_BYTES (512u << 20)
#define WALL_CSV_MAX_POINT 65536.0 /* LED pitches */
#define WALL_CSV_MAX_GAIN  1.9999  /* what 16 bits with 32768 = 1.0 hold */
#define WALL_GAIN_ONE      32768

/* "x,y" a line: the middle of each LED in wiring order. text[len] must be NUL; the text is written
 * to while it is read. Returns 0 and a new array for free(), -EINVAL, -E2BIG or -ENOMEM. */
QP_MUST_CHECK int csv_parse_points(char *text, size_t len, struct wall_point **ret, uint32_t *ret_n,
                                   struct qp_diag *diag);

/* "r,g,b" a line, 1 = unchanged: exactly n_leds lines in native order. ret holds 3 * n_leds. */
QP_MUST_CHECK int csv_parse_gains(char *text, size_t len, uint32_t n_leds, uint16_t **ret,
                                  struct qp_diag *diag);

#endif
