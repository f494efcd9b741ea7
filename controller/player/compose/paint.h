/* SPDX-License-Identifier: Apache-2.0 */
/* paint.h - one layer's picture onto the canvas. Render thread: no allocation, no wait. */
#ifndef CONTROLLER_PLAYER_COMPOSE_PAINT_H
#define CONTROLLER_PLAYER_COMPOSE_PAINT_H

#include "controller/player/compose/label.h"
#include "controller/player/compose/layout.h"
#include "controller/player/compose/play.h"
#include "protocols/pixel/canvas.h"

/* Room for a row in the making. */
struct paint_scratch {
    uint32_t *rows[2]; /* owned, as the others; as long as the longest layer plus 1 */
    uint32_t *mixed;
    uint8_t *weights;
};

int paint_scratch_init(struct paint_scratch *scratch, size_t longest); /* 0 or -ENOMEM */
void paint_scratch_finish(struct paint_scratch *scratch);

void paint_background(const struct canvas *canvas, uint32_t colour);
/* colour is premultiplied. */
void paint_solid(const struct canvas *canvas, const struct layer_rect *rect, uint32_t colour,
                 uint8_t opacity);
void paint_label(const struct canvas *canvas, const struct label_picture *picture, uint8_t opacity);
void paint_zone(const struct canvas *canvas, const struct layer *layer,
                const struct play_view *view, struct paint_scratch *scratch);

/* Does this picture hide the whole canvas? Then nothing below it need be painted. */
bool paint_zone_hides_all(const struct canvas *canvas, const struct layer *layer,
                          const struct play_view *view);

#endif
