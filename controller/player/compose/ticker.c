/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/ticker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"
#include "controller/player/compose/label.h"

#define MIN_PERIOD 16 /* px; keeps the number of repetitions in sight bounded */

__extension__ typedef __int128 wide;

int64_t ticker_travelled(const struct layer *layer, struct qp_rational rate, int64_t f)
{
    return (int64_t)((wide)f * rate.den * layer->speed_micro * 256 / ((wide)rate.num * 1000000));
}

static uint32_t cut(int64_t from, int64_t len, uint32_t full, uint32_t *ret_at)
{
    int64_t lo = from < 0 ? 0 : from;
    int64_t hi = from + len > full ? full : from + len;

    *ret_at = (uint32_t)lo;
    return hi > lo ? (uint32_t)(hi - lo) : 0;
}

int ticker_init(struct ticker *t, const struct layer *layer, struct qp_rational rate,
                uint32_t canvas_w, uint32_t canvas_h, int64_t join_frame)
{
    *t = (struct ticker){.layer = layer, .rate = rate, .join_frame = join_frame};
    t->clip_w = cut(layer->rect.x, layer->rect.w, canvas_w, &t->clip_x);
    t->clip_h = cut(layer->rect.y, layer->rect.h, canvas_h, &t->clip_y);
    if (t->clip_w == 0 || t->clip_h == 0)
        return -EINVAL;
    t->clip_left = (uint32_t)((int64_t)t->clip_x - layer->rect.x);
    t->clip_top = (uint32_t)((int64_t)t->clip_y - layer->rect.y);
    return 0;
}

void ticker_finish(struct ticker *t)
{
    for (int64_t i = 0; t->tiles && i < t->n_slots; i++)
        free(t->tiles[i].data);
    free(t->tiles);
    free(t->segments);
    text_block_destroy(t->block);
    free(atomic_load(&t->note));
}

/* --- worker -------------------------------------------------------------------------------------
 */

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* How many tiles must exist: those in sight, the cut ones at either end, two seconds of travel. */
static int64_t tiles_wanted(const struct ticker *t)
{
    int64_t travel = 2 * t->layer->speed_micro / 1000000;

    return ceil_div(t->layer->rect.w, TICKER_TILE) + ceil_div(travel, TICKER_TILE) + 4;
}

static int alloc_tiles(struct ticker *t)
{
    size_t repetitions = (size_t)(t->clip_w / t->period) + 2;

    t->n_tiles = ceil_div(t->columns, TICKER_TILE);
    t->n_slots = tiles_wanted(t);
    t->all = t->n_tiles <= t->n_slots;
    if (t->all)
        t->n_slots = t->n_tiles;
    t->tiles = calloc((size_t)t->n_slots, sizeof(*t->tiles));
    /* A repetition adds one cut tile and one gap to what full tiles alone would need. */
    t->max_segments = 3 * repetitions + t->clip_w / TICKER_TILE + 4;
    t->segments = calloc(t->max_segments, sizeof(*t->segments));
    if (!t->tiles || !t->segments)
        return -ENOMEM;
    for (int64_t i = 0; i < t->n_slots; i++) {
        atomic_init(&t->tiles[i].key, -1);
        t->tiles[i].data = calloc((size_t)TICKER_TILE * t->clip_h, sizeof(uint32_t));
        if (!t->tiles[i].data)
            return -ENOMEM;
    }
    return 0;
}

/* One line: a line feed is a space here. */
static char *one_line(const char *text)
{
    char *copy = strdup(text);

    for (char *p = copy; p && *p; p++) {
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    }
    return copy;
}

/* Tell the worker which tiles will not be looked at again. */
static void publish_first(struct ticker *t, int64_t travelled)
{
    int64_t m = travelled - t->layer->rect.w, g = 0;

    if (m > 0) {
        int64_t column = m % t->period;

        g = m / t->period * t->n_tiles + (column < t->columns ? column / TICKER_TILE : t->n_tiles);
    }
    atomic_store_explicit(&t->first_needed, g, memory_order_release);
}

static int shape(struct ticker *t, struct text_engine *engine, struct qp_diag *diag)
{
    const struct text_style *style = &t->layer->style;
    char *line = one_line(t->layer->text);
    struct text_extents ext;
    int err;

    if (!line)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    err = text_shape(engine, style, line, strlen(line), 0, &t->block, diag);
    free(line);
    if (err < 0)
        return err;
    text_block_align(t->block, 0);
    text_block_extents(t->block, &ext);
    label_note_missing(&t->note, t->layer->name, &ext);
    t->margin = ceil(text_margin(style));
    t->top = label_top(t->layer, &ext);
    t->columns = (int64_t)(ceil(ext.w) + 2 * t->margin) + 1;
    t->period = t->columns + t->layer->gap;
    if (t->period < MIN_PERIOD)
        t->period = MIN_PERIOD;
    t->rtl = style->direction == TEXT_RTL || (style->direction == TEXT_AUTO && ext.rtl);
    if (alloc_tiles(t) < 0)
        return qp_diag_set(diag, -ENOMEM, "out of memory for its picture");
    publish_first(t, ticker_travelled(t->layer, t->rate, t->join_frame) >> 8);
    atomic_store_explicit(&t->shaped, true, memory_order_release);
    return 0;
}

/* Tile k of the line; for right-to-left text tiles are counted from its right end. */
static int draw_tile(struct ticker *t, struct text_engine *engine, int64_t k, uint32_t *data,
                     struct qp_diag *diag)
{
    struct text_target dst = {
        .data = data, .w = TICKER_TILE, .h = t->clip_h, .stride = TICKER_TILE};
    int64_t left = t->rtl ? t->columns - (k + 1) * TICKER_TILE : k * TICKER_TILE;

    return text_draw(engine, t->block, &dst, (double)left - t->margin, t->clip_top - t->top, diag);
}

static void refill(struct ticker *t, struct text_engine *engine)
{
    int64_t first = t->all ? 0 : atomic_load_explicit(&t->first_needed, memory_order_acquire);
    struct qp_diag diag = {{0}};

    for (int64_t g = first; g < first + t->n_slots; g++) {
        struct ticker_tile *tile = &t->tiles[g % t->n_slots];

        if (atomic_load_explicit(&tile->key, memory_order_relaxed) == g)
            continue;
        atomic_store_explicit(&tile->key, -1, memory_order_release);
        if (draw_tile(t, engine, g % t->n_tiles, tile->data, &diag) < 0) {
            atomic_store_explicit(&t->failed, true, memory_order_release);
            label_set_note(&t->note, t->layer->name, diag.text);
            return;
        }
        atomic_store_explicit(&tile->key, g, memory_order_release);
    }
}

void ticker_prepare(struct ticker *t, struct text_engine *engine)
{
    struct qp_diag diag = {{0}};

    if (!atomic_load(&t->failed) && !atomic_load(&t->shaped) && shape(t, engine, &diag) < 0) {
        atomic_store_explicit(&t->failed, true, memory_order_release);
        label_set_note(&t->note, t->layer->name, diag.text);
    }
    if (!atomic_load(&t->failed))
        refill(t, engine);
    atomic_store(&t->settled, true);
}

/* --- render thread ------------------------------------------------------------------------------
 */

/* Pixel of column m in the first row of its tile, or NULL; *ret_n: how many columns follow it in
 * the direction of travel before something else begins. */
static const uint32_t *look_up(const struct ticker *t, int64_t m, int64_t *ret_n, bool *late)
{
    int64_t column = m % t->period, k = column / TICKER_TILE, in_tile = column % TICKER_TILE;
    int64_t end = (k + 1) * TICKER_TILE, g;
    const struct ticker_tile *tile;

    if (column >= t->columns) {
        *ret_n = t->rtl ? column - t->columns + 1 : t->period - column;
        return NULL;
    }
    if (end > t->columns)
        end = t->columns;
    *ret_n = t->rtl ? in_tile + 1 : end - column;
    g = t->all ? k : m / t->period * t->n_tiles + k;
    tile = &t->tiles[g % t->n_slots];
    if (atomic_load_explicit(&tile->key, memory_order_acquire) != g) {
        *late = true;
        return NULL;
    }
    return tile->data + (t->rtl ? TICKER_TILE - 1 - in_tile : in_tile);
}

/* The row's columns j = 0 .. n-1 are m0 + j, or m0 - j for right-to-left text. */
static size_t cut_segments(struct ticker *t, int64_t m0, uint32_t n, bool *late)
{
    size_t n_segments = 0;

    for (uint32_t j = 0; j < n && n_segments < t->max_segments;) {
        int64_t m = t->rtl ? m0 - j : m0 + j, length = n - j;
        const uint32_t *data = NULL;

        if (m >= 0)
            data = look_up(t, m, &length, late);
        else if (!t->rtl)
            length = -m;
        if (length > n - j)
            length = n - j;
        t->segments[n_segments++] =
            (struct ticker_segment){.at = j, .n = (uint32_t)length, .data = data};
        j += (uint32_t)length;
    }
    return n_segments;
}

/* The layer's first column within the canvas. Leftwards: pixel c lies between columns whole - width
 * + c and the next, by the fraction. Rightwards: between column whole - c and the one that reads
 * after it, by what is left of it. */
static int64_t first_column(const struct ticker *t, int64_t at)
{
    return t->rtl ? (at >> 8) - t->clip_left - ((at & 255) == 0)
                  : (at >> 8) - t->layer->rect.w + t->clip_left;
}

bool ticker_is_ready(struct ticker *t, int64_t f)
{
    int64_t at = ticker_travelled(t->layer, t->rate, f);
    bool late = false;

    if (atomic_load_explicit(&t->failed, memory_order_acquire))
        return true; /* it was told */
    if (!atomic_load_explicit(&t->shaped, memory_order_acquire))
        return false;
    publish_first(t, at >> 8);
    (void)cut_segments(t, first_column(t, at), t->clip_w + 1, &late);
    return !late;
}

static void fill_row(const struct ticker *t, size_t n_segments, uint32_t y, uint32_t *row)
{
    for (size_t i = 0; i < n_segments; i++) {
        const struct ticker_segment *s = &t->segments[i];

        if (s->data)
            memcpy(row + s->at, s->data + (size_t)y * TICKER_TILE, s->n * sizeof(*row));
        else
            memset(row + s->at, 0, s->n * sizeof(*row));
    }
}

int64_t ticker_next_beginning(const struct ticker *t, int64_t f)
{
    wide period, speed = (wide)t->rate.den * t->layer->speed_micro;
    wide n;

    if (!atomic_load_explicit(&t->shaped, memory_order_acquire) || t->period <= 0 || speed <= 0)
        return f;
    period = (wide)t->period * 256;
    n = (ticker_travelled(t->layer, t->rate, f) + period - 1) / period;
    /* The smallest frame that has travelled n periods, the inverse of ticker_travelled(). */
    return (int64_t)((n * t->period * t->rate.num * 1000000 + speed - 1) / speed);
}

bool ticker_paint(struct ticker *t, int64_t f, const struct canvas *canvas, uint32_t *const rows[2])
{
    int64_t at = ticker_travelled(t->layer, t->rate, f);
    unsigned fraction = (unsigned)(at & 255);
    bool late = false;
    size_t n_segments;

    if (!atomic_load_explicit(&t->shaped, memory_order_acquire))
        return true;
    publish_first(t, at >> 8);
    if (t->rtl)
        fraction = (256 - fraction) & 255;
    n_segments = cut_segments(t, first_column(t, at), t->clip_w + 1, &late);
    for (uint32_t y = 0; y < t->clip_h; y++) {
        fill_row(t, n_segments, y, rows[0]);
        blend_shift(rows[1], rows[0], t->clip_w, fraction);
        blend_over(canvas_row(canvas, t->clip_y + y) + t->clip_x, rows[1], t->clip_w,
                   t->layer->opacity);
    }
    return !late;
}
