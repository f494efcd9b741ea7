/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CANVAS_MAX_SIDE 65536u
#define CANVAS_ALIGN    64u
#define CANVAS_HUGE     ((size_t)2 << 20) /* a huge page; larger canvases ask for them */

/* Pixels from row to row: whole cache lines and an odd number of them, so that the pixels of one
 * column spread over all sets of a cache. Turned cabinets walk down columns. */
static size_t stride_of(uint32_t w)
{
    return (((size_t)w + 15u) & ~(size_t)15u) | 16u;
}

static void *alloc_pixels(size_t bytes)
{
    size_t align = bytes >= CANVAS_HUGE ? CANVAS_HUGE : CANVAS_ALIGN;
    size_t size = (bytes + align - 1) / align * align;
    void *p = aligned_alloc(align, size);

    if (p && align == CANVAS_HUGE)
        (void)madvise(p, size, MADV_HUGEPAGE); /* a wish */
    return p;
}

int canvas_init(struct canvas *canvas, uint32_t w, uint32_t h)
{
    size_t stride = stride_of(w);
    size_t bytes;
    uint32_t *data;

    if (w == 0 || h == 0 || w > CANVAS_MAX_SIDE || h > CANVAS_MAX_SIDE)
        return -EINVAL;
    bytes = stride * h * sizeof(*data);
    data = alloc_pixels(bytes);
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
