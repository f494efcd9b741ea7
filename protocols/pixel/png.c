/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/pixel/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/file.h"

#define MAX_SIDE 65536u

/* A growing buffer; grow_failed tells memory from other troubles. */
struct sink {
    uint8_t *data;
    size_t len, cap;
};

static void on_error(png_structp png, png_const_charp text)
{
    (void)text;
    longjmp(*(jmp_buf *)png_get_error_ptr(png), 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_data(png_structp png, png_bytep data, size_t len)
{
    struct sink *s = png_get_io_ptr(png);

    if (s->cap - s->len < len) {
        size_t cap = s->cap + len + s->cap / 2 + 4096;
        uint8_t *grown = realloc(s->data, cap);

        if (!grown)
            png_error(png, "memory");
        s->data = grown;
        s->cap = cap;
    }
    memcpy(s->data + s->len, data, len);
    s->len += len;
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void write_rows(png_structp png, png_infop info, const struct png_picture *p)
{
    bool deep = p->format == PNG_RGB16;
    size_t stride = p->stride ? p->stride : (size_t)p->w * (deep ? 6 : 3);

    png_set_user_limits(png, MAX_SIDE, MAX_SIDE);
    png_set_IHDR(png, info, p->w, p->h, deep ? 16 : 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, p->level);
    if (p->level <= 1)
        png_set_filter(png, 0, PNG_FILTER_SUB);
    png_write_info(png, info);
    if (deep && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(png);
    for (uint32_t y = 0; y < p->h; y++)
        png_write_row(png, (png_const_bytep)p->rows + y * stride);
    png_write_end(png, info);
}

static int encode(png_structp png, png_infop info, const struct png_picture *p, struct sink *sink,
                  jmp_buf *env)
{
    if (setjmp(*env))
        return -ENOMEM; /* nothing else can fail: sizes were checked, the sink is memory */
    png_set_write_fn(png, sink, on_data, on_flush);
    write_rows(png, info, p);
    return 0;
}

int png_encode(const struct png_picture *picture, uint8_t **ret, size_t *ret_len)
{
    struct sink sink = {0};
    jmp_buf env;
    png_structp png;
    png_infop info;
    int r = -ENOMEM;

    if (picture->w == 0 || picture->h == 0 || picture->w > MAX_SIDE || picture->h > MAX_SIDE ||
        picture->level < 0 || picture->level > 9)
        return -EINVAL;
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &env, on_error, on_warning);
    info = png ? png_create_info_struct(png) : NULL;
    if (info)
        r = encode(png, info, picture, &sink, &env);
    png_destroy_write_struct(&png, &info);
    if (r < 0) {
        free(sink.data);
        return r;
    }
    *ret = sink.data;
    *ret_len = sink.len;
    return 0;
}

int png_write(const char *file, const struct png_picture *picture, struct qp_diag *diag)
{
    uint8_t *data;
    size_t len;
    int r = png_encode(picture, &data, &len);

    if (r < 0)
        return qp_diag_set(diag, r, "%s: cannot encode a picture of %ux%u pixels", file, picture->w,
                           picture->h);
    r = qp_file_replace(file, data, len, diag);
    free(data);
    return r;
}
