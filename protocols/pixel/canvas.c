/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CANVAS_MAX_SIDE 65536u
#define CANVAS_ALIGN    64u

int canvas_init(struct canvas *canvas, uint32_t w, uint32_t h)
{
    size_t stride = ((size_t)w + 15u) & ~(size_t)15u;
    size_t bytes;
    uint32_t *data;

    if (w == 0 || h == 0 || w > CANVAS_MAX_SIDE || h > CANVAS_MAX_SIDE)
        return -EINVAL;
    bytes = stride * h * sizeof(*data);
    data = aligned_alloc(CANVAS_ALIGN, bytes);
    if (!data)
        return -ENOMEM;
    memset(data, 0, bytes);
    *canvas =
        (struct canvas){.format = CANVAS_XRGB8888, .w = w, .h = h, .stride = stride, .data = data};
    return 0;
}

void canvas_finish(struct canvas *canvas)
{
    free(canvas->data);
    *canvas = (struct canvas){0};
}
