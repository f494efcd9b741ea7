/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a wall: refused with a reason, or a wall whose spans cover every port. */
#include <stdlib.h>

#include "protocols/wall/geometry.h"
#include "tests/support/fuzz.h"

#define MAX_SPANS 100000

static void walk(const struct wall *w, uint32_t port, enum wall_addressing addressing)
{
    uint64_t cells = wall_port_cells(w, port, addressing), cell = 0;
    struct wall_index *x;

    if (wall_index_create(&x, w, port, addressing) < 0)
        return;
    for (unsigned i = 0; i < MAX_SPANS && cell < cells; i++) {
        struct wall_span s = wall_span_at(x, cell, UINT32_MAX);

        if (s.n == 0 || s.n > cells - cell)
            abort();
        if (s.cabinet != WALL_HOLE) {
            const struct wall_type *t = &w->types[w->cabinets[s.cabinet].type];
            int64_t last = (int64_t)s.led + (int64_t)(s.n - 1) * s.led_step;
            double u, v;

            if (s.led >= t->n_leds || last < 0 || last >= (int64_t)t->n_leds)
                abort();
            wall_led_canvas(w, s.cabinet, (uint32_t)last, &u, &v);
            if (!(u > -1 && v > -1 && u < w->canvas_w + 1.0 && v < w->canvas_h + 1.0))
                abort();
        }
        cell += s.n;
    }
    wall_index_destroy(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    struct wall *wall;
    int err = wall_parse(&wall, (const char *)data, size, NULL, &report, &diag);

    if (err < 0 && (report.n_errors == 0 || diag.text[0] == '\0'))
        abort(); /* every refusal has a reason */
    if (err == 0) {
        for (uint32_t p = 0; p < wall->n_outputs && p < 8; p++) {
            walk(wall, p, WALL_LINEAR);
            walk(wall, p, WALL_RASTER);
        }
        wall_destroy(wall);
    }
    qp_report_finish(&report);
    return 0;
}
