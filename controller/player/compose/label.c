/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/label.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/timefmt.h"
#include "protocols/base/tz.h"

enum { SLOT_EMPTY, SLOT_READY, SLOT_HELD };

#define TEXT_CAP  8192u
#define STEPPED_S 10 /* a slot further ahead than this: the clock was set back */

void label_init(struct label *label, const struct layer *layer, uint32_t canvas_w,
                uint32_t canvas_h)
{
    *label = (struct label){.layer = layer, .canvas_w = canvas_w, .canvas_h = canvas_h, .held = -1};
}

void label_finish(struct label *label)
{
    for (int i = 0; i < LABEL_SLOTS; i++) {
        free(label->slots[i].text);
        free(label->slots[i].picture.data);
    }
    free(atomic_load(&label->note));
}

void label_set_note(_Atomic(char *) *note, const char *layer, const char *text)
{
    char *sentence = NULL, *none = NULL;

    if (asprintf(&sentence, "layer \"%s\": %s", layer, text) < 0)
        return;
    if (!atomic_compare_exchange_strong(note, &none, sentence))
        free(sentence);
}

void label_note_missing(_Atomic(char *) *note, const char *layer, const struct text_extents *ext)
{
    char text[160];

    if (ext->n_missing == 0)
        return;
    (void)snprintf(text, sizeof(text),
                   "no installed font has the character U+%04X (%zu characters are missing); "
                   "install one, for example a package of fonts-noto",
                   (unsigned)ext->missing, ext->n_missing);
    label_set_note(note, layer, text);
}

double label_top(const struct layer *layer, const struct text_extents *extents)
{
    double room = layer->rect.h - extents->h;

    switch (layer->style.valign) {
    case TEXT_MIDDLE:
        return floor(room / 2);
    case TEXT_BOTTOM:
        return room;
    default:
        return 0;
    }
}

/* --- worker -------------------------------------------------------------------------------------
 */

struct span {
    int64_t from, to;
};

static struct span clip(double from, double to, int64_t lo, int64_t hi)
{
    struct span s = {(int64_t)floor(from), (int64_t)ceil(to)};

    s.from = s.from < lo ? lo : s.from;
    s.to = s.to > hi ? hi : s.to;
    return s;
}

/* The pixels that the text may touch, cut to its layer and to the canvas. Glyphs reach beyond their
 * line by accents and slants: half an em is more than any of the usual fonts does. */
static void place(const struct label *label, const struct text_extents *ext, double top,
                  struct label_picture *ret)
{
    const struct layer *l = label->layer;
    double slack = text_margin(&l->style) + l->style.size / 2;
    int64_t right = (int64_t)l->rect.x + l->rect.w, bottom = (int64_t)l->rect.y + l->rect.h;
    struct span x = clip(l->rect.x, (double)right, 0, label->canvas_w);
    struct span y =
        clip(l->rect.y + top - slack, l->rect.y + top + ext->h + slack,
             l->rect.y < 0 ? 0 : l->rect.y, bottom > label->canvas_h ? label->canvas_h : bottom);

    *ret = (struct label_picture){0};
    if (x.from >= x.to || y.from >= y.to)
        return;
    *ret = (struct label_picture){.x = (uint32_t)x.from,
                                  .y = (uint32_t)y.from,
                                  .w = (uint32_t)(x.to - x.from),
                                  .h = (uint32_t)(y.to - y.from)};
}

/* Cut away columns and rows without a visible pixel: blending reads what remains on every frame. */
static void trim(struct label_picture *p)
{
    uint32_t x0 = p->w, x1 = 0, y0 = p->h, y1 = 0;

    for (uint32_t y = 0; y < p->h; y++) {
        const uint32_t *row = p->data + (size_t)y * p->w;

        for (uint32_t x = 0; x < p->w; x++) {
            if (row[x] == 0)
                continue;
            x0 = x < x0 ? x : x0;
            x1 = x >= x1 ? x + 1 : x1;
            y0 = y < y0 ? y : y0;
            y1 = y + 1;
        }
    }
    if (x0 >= x1) {
        p->w = p->h = 0;
        return;
    }
    for (uint32_t y = y0; y < y1; y++)
        memmove(p->data + (size_t)(y - y0) * (x1 - x0), p->data + (size_t)y * p->w + x0,
                (size_t)(x1 - x0) * sizeof(*p->data));
    p->x += x0;
    p->y += y0;
    p->w = x1 - x0;
    p->h = y1 - y0;
}

static int paint(const struct label *label, struct text_engine *engine, struct text_block *block,
                 struct label_picture *picture, double top, struct qp_diag *diag)
{
    const struct layer *l = label->layer;
    struct text_target dst;
    int err;

    if (picture->w == 0)
        return 0;
    picture->data = calloc((size_t)picture->w * picture->h, sizeof(*picture->data));
    if (!picture->data)
        return qp_diag_set(diag, -ENOMEM, "out of memory for its picture");
    dst = (struct text_target){
        .data = picture->data, .w = picture->w, .h = picture->h, .stride = picture->w};
    err = text_draw(engine, block, &dst, (double)picture->x - l->rect.x,
                    (double)picture->y - l->rect.y - top, diag);
    if (err == 0)
        trim(picture);
    return err;
}

static int draw(struct label *label, struct text_engine *engine, const char *text,
                struct label_picture *ret, struct qp_diag *diag)
{
    const struct layer *l = label->layer;
    struct text_block *block;
    struct text_extents ext;
    double top;
    int err;

    *ret = (struct label_picture){0};
    if (text[0] == '\0')
        return 0;
    err = text_shape(engine, &l->style, text, strlen(text), l->style.wrap ? l->rect.w : 0, &block,
                     diag);
    if (err < 0)
        return err;
    text_block_align(block, l->rect.w);
    text_block_extents(block, &ext);
    label_note_missing(&label->note, l->name, &ext);
    top = label_top(l, &ext);
    place(label, &ext, top, ret);
    err = paint(label, engine, block, ret, top, diag);
    text_block_destroy(block);
    return err;
}

static void text_at(const struct layer *l, int64_t s, char *buf)
{
    struct tz_local local;

    buf[0] = '\0';
    if (l->type == LAYER_CLOCK) {
        tz_local(l->tz, s, &local);
        (void)timefmt_clock(buf, TEXT_CAP, l->text, &local, l->lang);
    } else if (l->type == LAYER_COUNTDOWN && s < l->to_utc_s) {
        (void)timefmt_countdown(buf, TEXT_CAP, l->text, l->to_utc_s - s);
    } else {
        (void)snprintf(buf, TEXT_CAP, "%s", l->type == LAYER_COUNTDOWN ? l->done : l->text);
    }
}

static bool claim(struct label_slot *slot)
{
    int ready = SLOT_READY;

    return atomic_load(&slot->state) == SLOT_EMPTY ||
           atomic_compare_exchange_strong(&slot->state, &ready, SLOT_EMPTY);
}

/* Take back what the render thread has no use for any more. */
static void recycle(struct label *label, int64_t now_s)
{
    for (int i = 0; i < LABEL_SLOTS; i++) {
        struct label_slot *slot = &label->slots[i];

        if (atomic_load(&slot->state) != SLOT_READY)
            continue;
        if (atomic_load(&slot->until_s) <= now_s || slot->from_s > now_s + STEPPED_S)
            (void)claim(slot);
    }
}

/* The slot that covers a second, or NULL. *ret_free: one that can be drawn into. */
static struct label_slot *covering(struct label *label, int64_t s, struct label_slot **ret_free)
{
    struct label_slot *found = NULL;

    for (int i = 0; i < LABEL_SLOTS; i++) {
        struct label_slot *slot = &label->slots[i];

        if (atomic_load(&slot->state) == SLOT_EMPTY)
            *ret_free = slot;
        else if (slot->from_s <= s && s < atomic_load(&slot->until_s))
            found = slot;
    }
    return found;
}

/* A format without seconds: the picture of the second before goes on. */
static bool prolong(struct label *label, int64_t s, const char *text)
{
    struct label_slot *unused = NULL, *before = covering(label, s - 1, &unused);

    if (!before || !before->text || strcmp(before->text, text) != 0)
        return false;
    atomic_store(&before->until_s, s + 1);
    return true;
}

static void fill(struct label *label, struct text_engine *engine, struct label_slot *slot,
                 const char *text, struct span valid)
{
    struct qp_diag diag = {{0}};

    free(slot->picture.data);
    free(slot->text);
    slot->text = NULL;
    if (draw(label, engine, text, &slot->picture, &diag) < 0) {
        free(slot->picture.data);
        slot->picture = (struct label_picture){0};
        atomic_store(&label->failed, true);
        label_set_note(&label->note, label->layer->name, diag.text);
        return;
    }
    slot->text = strdup(text);
    slot->from_s = valid.from;
    atomic_store(&slot->until_s, valid.to);
    atomic_store_explicit(&slot->state, SLOT_READY, memory_order_release);
}

void label_prepare(struct label *label, struct text_engine *engine, int64_t now_s)
{
    bool fixed = label->layer->type == LAYER_TEXT;
    char text[TEXT_CAP];

    recycle(label, now_s);
    for (int64_t s = now_s; s <= now_s + LABEL_AHEAD_S && !atomic_load(&label->failed); s++) {
        struct label_slot *empty = NULL;

        if (covering(label, s, &empty))
            continue;
        text_at(label->layer, s, text);
        if (prolong(label, s, text))
            continue;
        if (!empty)
            break;
        fill(label, engine, empty, text,
             fixed ? (struct span){INT64_MIN, INT64_MAX} : (struct span){s, s + 1});
    }
}

/* --- render thread ------------------------------------------------------------------------------
 */

static bool covers(const struct label_slot *slot, int64_t s)
{
    return slot->from_s <= s && s < atomic_load_explicit(&slot->until_s, memory_order_acquire);
}

static void hold(struct label *label, int i)
{
    if (label->held >= 0)
        atomic_store_explicit(&label->slots[label->held].state, SLOT_EMPTY, memory_order_release);
    label->held = i;
}

const struct label_picture *label_picture(struct label *label, int64_t utc_s)
{
    if (label->held >= 0 && covers(&label->slots[label->held], utc_s))
        return &label->slots[label->held].picture;
    for (int i = 0; i < LABEL_SLOTS; i++) {
        struct label_slot *slot = &label->slots[i];
        int ready = SLOT_READY;

        if (!atomic_compare_exchange_strong(&slot->state, &ready, SLOT_HELD))
            continue;
        if (covers(slot, utc_s)) {
            hold(label, i);
            break;
        }
        atomic_store_explicit(&slot->state, SLOT_READY, memory_order_release);
    }
    return label->held >= 0 ? &label->slots[label->held].picture : NULL;
}

/* A slot that is READY keeps its seconds until the worker has claimed it; a worker that claims it
 * just now only makes this answer old. */
bool label_is_ready(const struct label *label, int64_t utc_s)
{
    if (atomic_load_explicit(&label->failed, memory_order_acquire))
        return true;
    for (int i = 0; i < LABEL_SLOTS; i++) {
        const struct label_slot *slot = &label->slots[i];

        if (atomic_load_explicit(&slot->state, memory_order_acquire) != SLOT_EMPTY &&
            covers(slot, utc_s))
            return true;
    }
    return false;
}
