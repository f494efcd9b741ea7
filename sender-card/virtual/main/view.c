/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/virtual/main/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/bytes.h"
#include "protocols/base/json.h"

static const struct qp_json_limits limits = {.max_bytes = 4096, .max_depth = 4, .max_values = 32};

/* n whole numbers of an array; anything else is refused. */
static bool read_numbers(const cJSON *array, unsigned n, double *ret)
{
    unsigned i = 0;
    const cJSON *item;

    if (!cJSON_IsArray(array) || (unsigned)cJSON_GetArraySize(array) != n)
        return false;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return false;
        ret[i++] = item->valuedouble;
    }
    return true;
}

static uint32_t clamp(double v, uint32_t min, uint32_t max)
{
    return v <= min ? min : v >= max ? max : (uint32_t)v;
}

int view_parse(const char *text, size_t len, uint32_t pic_w, uint32_t pic_h, struct view *ret)
{
    double v[4] = {0}, max[2] = {0};
    const cJSON *look;
    cJSON *json;
    bool ok;

    if (qp_json_parse(&json, text, len, &limits, NULL) < 0)
        return -EINVAL;
    look = cJSON_GetObjectItemCaseSensitive(json, "look");
    ok = read_numbers(cJSON_GetObjectItemCaseSensitive(json, "view"), 4, v) &&
         read_numbers(cJSON_GetObjectItemCaseSensitive(json, "max"), 2, max) &&
         cJSON_IsString(look);
    if (ok) {
        ret->x = clamp(v[0], 0, pic_w - 1);
        ret->y = clamp(v[1], 0, pic_h - 1);
        ret->w = clamp(v[2], 1, pic_w - ret->x);
        ret->h = clamp(v[3], 1, pic_h - ret->y);
        ret->max_w = clamp(max[0], 1, 16384);
        ret->max_h = clamp(max[1], 1, 16384);
        ret->raw = strcmp(look->valuestring, "raw") == 0;
    }
    cJSON_Delete(json);
    return ok ? 0 : -EINVAL;
}

static uint32_t div_up(uint32_t a, uint32_t b)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a step is 1 or more */
    return (a + b - 1) / b;
}

/* Every so many pixels become one. */
static uint32_t choose_step(const struct view *v)
{
    uint32_t step = div_up(v->w, v->max_w), other = div_up(v->h, v->max_h);

    /* A fifth more pixels than the screen has look better than half as many. */
    if (step > 1 && v->w <= (step - 1) * v->max_w * 6 / 5)
        step--;
    if (other > 1 && v->h <= (other - 1) * v->max_h * 6 / 5)
        other--;
    if (step < other)
        step = other;
    while ((uint64_t)div_up(v->w, step) * div_up(v->h, step) > VIEW_MAX_PIXELS)
        step++;
    return step;
}

static void copy_row(uint8_t *out, const uint8_t *rgb, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, out += 4, rgb += 3) {
        out[0] = rgb[0];
        out[1] = rgb[1];
        out[2] = rgb[2];
        out[3] = 255;
    }
}

/* Squares and roots stand in for sRGB's curve: what matters is that bright dots stay bright. */
static void average(uint8_t *out, const uint8_t *rgb, size_t stride, uint32_t w, uint32_t h)
{
    uint32_t sum[3] = {0}, n = w * h;

    for (uint32_t y = 0; y < h; y++) {
        const uint8_t *p = rgb + y * stride;

        for (uint32_t x = 0; x < w; x++, p += 3) {
            for (int c = 0; c < 3; c++)
                sum[c] += (uint32_t)p[c] * p[c];
        }
    }
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)lroundf(sqrtf((float)sum[c] / (float)n));
    out[3] = 255;
}

static void scale_row(uint8_t *out, const struct view *v, uint32_t step, uint32_t row,
                      const uint8_t *rgb, size_t stride)
{
    uint32_t y = row * step, h = v->h - y < step ? v->h - y : step;

    for (uint32_t x = 0; x < v->w; x += step, out += 4)
        average(out, rgb + (size_t)(v->y + y) * stride + 3 * (size_t)(v->x + x), stride,
                v->w - x < step ? v->w - x : step, h);
}

uint8_t *view_render(const struct view *view, uint64_t frame, const uint8_t *rgb, uint32_t pic_w,
                     size_t *ret_len)
{
    uint32_t step = choose_step(view);
    uint32_t w = div_up(view->w, step), h = div_up(view->h, step);
    size_t stride = 3 * (size_t)pic_w, len = VIEW_HEADER + 4 * (size_t)w * h;
    uint8_t *out = malloc(len);

    if (!out)
        return NULL;
    memset(out, 0, VIEW_HEADER);
    memcpy(out, "QPW1", 4);
    qp_put_le32(out + 4, (uint32_t)frame);
    qp_put_le32(out + 8, (uint32_t)(frame >> 32));
    qp_put_le32(out + 12, view->x);
    qp_put_le32(out + 16, view->y);
    qp_put_le32(out + 20, view->w);
    qp_put_le32(out + 24, view->h);
    qp_put_le32(out + 32, w);
    qp_put_le32(out + 36, h);
    for (uint32_t row = 0; row < h; row++) {
        uint8_t *to = out + VIEW_HEADER + 4 * (size_t)row * w;

        if (step == 1)
            copy_row(to, rgb + (size_t)(view->y + row) * stride + 3 * (size_t)view->x, w);
        else
            scale_row(to, view, step, row, rgb, stride);
    }
    *ret_len = len;
    return out;
}
