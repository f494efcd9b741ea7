/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/bands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static int by_column(const void *a, const void *b, void *windows)
{
    const struct window *w = windows;
    uint32_t x = w[*(const uint32_t *)a].x, y = w[*(const uint32_t *)b].x;

    return x < y ? -1 : x > y;
}

/* Every line at which a window begins or ends, once, ascending. */
static int find_lines(const struct window *windows, uint32_t n, uint32_t **ret, uint32_t *ret_n)
{
    uint32_t *lines = calloc((size_t)n * 2 + 1, sizeof(*lines)), kept = 0;

    if (!lines)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        lines[2 * i] = windows[i].y;
        lines[2 * i + 1] = windows[i].y + windows[i].h;
    }
    qsort(lines, (size_t)n * 2, sizeof(*lines), by_number);
    for (uint32_t i = 0; i < 2 * n; i++)
        if (kept == 0 || lines[i] != lines[kept - 1])
            lines[kept++] = lines[i];
    *ret = lines;
    *ret_n = kept;
    return 0;
}

static uint32_t line_index(const uint32_t *lines, uint32_t n, uint32_t y)
{
    const uint32_t *at = bsearch(&y, lines, n, sizeof(*lines), by_number);

    return at ? (uint32_t)(at - lines) : 0;
}

/* Count, then place: the entries of all bands lie in one array. */
static int fill_bands(struct bands *b, const struct window *windows, uint32_t n,
                      const uint32_t *lines, uint32_t n_lines)
{
    uint64_t total = 0;
    uint32_t *next;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = line_index(lines, n_lines, windows[i].y);
        uint32_t to = line_index(lines, n_lines, windows[i].y + windows[i].h);

        total += to - from;
        if (total > WALL_BANDS_MAX_ENTRIES)
            return -E2BIG;
        for (uint32_t k = from; k < to; k++)
            b->bands[k + 1].first++;
    }
    for (uint32_t k = 0; k < b->n; k++)
        b->bands[k + 1].first += b->bands[k].first;
    b->entries = calloc((size_t)total + 1, sizeof(*b->entries));
    next = calloc((size_t)b->n + 1, sizeof(*next));
    if (!b->entries || !next) {
        free(next);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = line_index(lines, n_lines, windows[i].y);
        uint32_t to = line_index(lines, n_lines, windows[i].y + windows[i].h);

        for (uint32_t k = from; k < to; k++)
            b->entries[b->bands[k].first + next[k]++] = i;
    }
    free(next);
    return 0;
}

/* Order the windows of a band; two that share a column share a cell. */
static bool sort_band(struct bands *b, uint32_t k, struct window *windows, uint32_t clash[2])
{
    uint32_t *e = b->entries + b->bands[k].first;
    uint32_t n = b->bands[k + 1].first - b->bands[k].first;

    qsort_r(e, n, sizeof(*e), by_column, windows);
    for (uint32_t i = 1; i < n; i++)
        if (windows[e[i]].x < windows[e[i - 1]].x + windows[e[i - 1]].w) {
            clash[0] = windows[e[i - 1]].cabinet;
            clash[1] = windows[e[i]].cabinet;
            return false;
        }
    return true;
}

int bands_init(struct bands *ret, const struct window *windows, uint32_t n, uint32_t clash[2])
{
    struct bands b = {0};
    /* qsort_r hands its argument back without const; a copy keeps the caller's promise. */
    struct window *copy = calloc((size_t)n + 1, sizeof(*copy));
    uint32_t *lines = NULL, n_lines = 0;
    int err = copy ? find_lines(windows, n, &lines, &n_lines) : -ENOMEM;

    if (err < 0)
        goto fail;
    if (n)
        memcpy(copy, windows, n * sizeof(*copy));
    b.n = n_lines ? n_lines - 1 : 0;
    b.bands = calloc((size_t)n_lines + 1, sizeof(*b.bands));
    if (!b.bands) {
        err = -ENOMEM;
        goto fail;
    }
    for (uint32_t k = 0; k < n_lines; k++)
        b.bands[k].y = lines[k];
    err = fill_bands(&b, windows, n, lines, n_lines);
    for (uint32_t k = 0; k < b.n && err == 0; k++)
        if (!sort_band(&b, k, copy, clash))
            err = -EEXIST;
    if (err < 0)
        goto fail;
    free(copy);
    free(lines);
    *ret = b;
    return 0;

fail:
    free(copy);
    free(lines);
    bands_finish(&b);
    return err;
}

void bands_finish(struct bands *b)
{
    free(b->bands);
    free(b->entries);
    *b = (struct bands){0};
}
