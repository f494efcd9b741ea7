/* SPDX-License-Identifier: Apache-2.0 */
/* Three threads: the loop thread creates, ticks and destroys; the render thread calls
 * compose_render; the text worker (prepare.h) draws ahead. What they share is atomic and lies in
 * play.h, label.h and ticker.h; this file only holds them together. */
#include "controller/player/compose/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/layout.h"
#include "controller/player/compose/paint.h"
#include "controller/player/compose/prepare.h"
#include "protocols/base/clock.h"

/* How long the first frame waits for every layer, so that a layout appears as a whole. */
#define SETTLE_NS 3000000000LL
/* A larger step between two calls is a clock that was set, not frames that were missed. */
#define STEP_NS 2000000000LL

struct zone {
    const struct layer *layer;
    struct play play;
    struct play_view view;
    bool has_view;
};

struct compose {
    struct compose_params params;
    struct play_item *main_items; /* owned, n_main_items */
    size_t n_main_items;
    struct zone *zones; /* in the order of their layers, as the following */
    size_t n_zones;
    struct label *labels;
    size_t n_labels;
    struct ticker *tickers;
    size_t n_tickers;
    struct prepare *prepare; /* NULL: no text */
    struct paint_scratch scratch;

    /* render thread */
    bool started, settled;
    int64_t index_base; /* lattice index - frame number */
    int64_t frame, tai_ns, utc_minus_tai_ns, mono_ns;
    int64_t first_frame; /* the first that was painted: where tickers begin */
    int64_t fed_base;    /* lattice index - frame number, kept when the clock is set */
    bool dark;
    struct media_volume volume;
    struct shown {
        bool hidden;
        int64_t hidden_frames; /* not travelled */
        int64_t since;         /* hidden: the frame of the line on which it stopped */
    } * shown;                 /* beside tickers */
    _Atomic uint64_t tiles_late;
};

/* --- making -------------------------------------------------------------------------------------
 */

static const struct layer *main_layer(const struct layout *layout)
{
    for (size_t i = 0; i < layout->n_layers; i++) {
        if (layout->layers[i].main)
            return &layout->layers[i];
    }
    return NULL;
}

/* The command's media as items: the main zone's own options for each. */
static int copy_media(struct compose *c, const struct layer *layer)
{
    c->main_items = calloc(c->params.n_media, sizeof(*c->main_items));
    if (!c->main_items)
        return -ENOMEM;
    for (; c->n_main_items < c->params.n_media; c->n_main_items++) {
        struct play_item *item = &c->main_items[c->n_main_items];

        *item = layer->items[0];
        item->file = strdup(c->params.media[c->n_main_items]);
        if (!item->file)
            return -ENOMEM;
    }
    return 0;
}

static int check_media(struct compose *c, struct qp_diag *diag)
{
    const struct layer *layer = main_layer(c->params.layout);

    if (c->params.rate.num <= 0 || c->params.rate.den <= 0)
        return qp_diag_set(diag, -EINVAL, "the wall's frame rate is missing");
    if (c->params.feed && (!layer || c->params.n_media > 0))
        return qp_diag_set(diag, -EINVAL, "a feed wants a layout with a main zone, and no media");
    if (c->params.feed)
        return 0;
    if (layer && c->params.n_media == 0)
        return qp_diag_set(diag, -EINVAL,
                           "nothing to play: the layout's main zone wants at least one media file");
    if (!layer && c->params.n_media > 0)
        return qp_diag_set(diag, -EINVAL,
                           "the layout has no zone with \"playlist\": \"main\", so %s would not be "
                           "shown; add one or name no media",
                           c->params.media[0]);
    if (layer && copy_media(c, layer) < 0)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    return 0;
}

/* Lattice index of the first frame due at tai_ns or later. */
static int64_t frame_from(const struct compose *c, int64_t tai_ns)
{
    int64_t n = qp_lattice_index(c->params.rate, tai_ns);

    return n + (qp_lattice_due(c->params.rate, n) < tai_ns);
}

static bool covers_canvas(const struct layer *l, const struct layout *layout)
{
    return l->rect.x == 0 && l->rect.y == 0 && l->rect.w == layout->w && l->rect.h == layout->h &&
           l->opacity == 255;
}

static int add_zone(struct compose *c, const struct layer *layer, struct qp_diag *diag)
{
    struct zone *zone = &c->zones[c->n_zones];
    struct play_params params = {
        .items = layer->main ? c->main_items : layer->items,
        .n_items = layer->main ? c->n_main_items : layer->n_items,
        .feed = layer->main ? c->params.feed : NULL,
        .loop = layer->main ? c->params.loop : layer->loop,
        .is_page = c->params.is_page,
        .join_frame = c->params.is_page ? frame_from(c, c->params.join_ns) - c->index_base : 0,
        .whole_canvas = covers_canvas(layer, c->params.layout),
        .w = layer->rect.w,
        .h = layer->rect.h,
        .rate = c->params.rate,
        .audio_device = layer->audio ? c->params.audio_device : NULL,
        .on_notice = c->params.on_notice,
        .user = c->params.user,
    };
    int err = play_init(&zone->play, &params, diag);

    if (err < 0)
        return err;
    zone->layer = layer;
    c->n_zones++;
    return 0;
}

static int add_layer(struct compose *c, const struct layer *layer, struct qp_diag *diag)
{
    const struct layout *layout = c->params.layout;

    switch (layer->type) {
    case LAYER_ZONE:
        return add_zone(c, layer, diag);
    case LAYER_SOLID:
        return 0;
    case LAYER_TICKER:
        return ticker_init(&c->tickers[c->n_tickers++], layer, c->params.rate, layout->w, layout->h,
                           c->params.is_page ? frame_from(c, c->params.join_ns) - c->index_base
                                             : 0);
    default:
        label_init(&c->labels[c->n_labels++], layer, layout->w, layout->h);
        return 0;
    }
}

static int alloc_parts(struct compose *c)
{
    const struct layout *layout = c->params.layout;
    size_t longest = layout->w;

    for (size_t i = 0; i < layout->n_layers; i++)
        longest = layout->layers[i].rect.w > longest ? layout->layers[i].rect.w : longest;
    c->zones = calloc(layout->n_layers, sizeof(*c->zones));
    c->labels = calloc(layout->n_layers, sizeof(*c->labels));
    c->tickers = calloc(layout->n_layers, sizeof(*c->tickers));
    c->shown = calloc(layout->n_layers, sizeof(*c->shown));
    if (!c->zones || !c->labels || !c->tickers || !c->shown)
        return -ENOMEM;
    return paint_scratch_init(&c->scratch, longest);
}

static int64_t floor_seconds(int64_t ns)
{
    return ns / QP_NS_PER_S - (ns % QP_NS_PER_S < 0);
}

static void init_page(struct compose *c)
{
    struct qp_clock_map map;

    qp_clock_sample(&map);
    c->utc_minus_tai_ns = -map.tai_minus_utc_s * QP_NS_PER_S;
    c->index_base = frame_from(c, c->params.zero_ns);
    c->started = true;
}

/* UTC second in which a page is first shown. */
static int64_t join_second(const struct compose *c)
{
    int64_t first = qp_lattice_due(c->params.rate, frame_from(c, c->params.join_ns));

    return floor_seconds(first + c->utc_minus_tai_ns);
}

int compose_create(struct compose **ret, const struct compose_params *params, struct qp_diag *diag)
{
    struct compose *c = calloc(1, sizeof(*c));
    int err;

    if (!c)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    c->params = *params;
    c->volume = (struct media_volume){1, 1, 1, INT64_MIN, INT64_MAX};
    err = check_media(c, diag);
    if (err < 0)
        goto fail;
    if (params->is_page)
        init_page(c);
    err = alloc_parts(c);
    if (err < 0) {
        (void)qp_diag_set(diag, err, "out of memory");
        goto fail;
    }
    for (size_t i = 0; i < params->layout->n_layers; i++) {
        err = add_layer(c, &params->layout->layers[i], diag);
        if (err < 0)
            goto fail;
    }
    if (c->n_labels + c->n_tickers > 0)
        err = prepare_create(&c->prepare, c->labels, c->n_labels, c->tickers, c->n_tickers, diag);
    if (err < 0)
        goto fail;
    if (c->prepare && params->is_page)
        prepare_set_time(c->prepare, join_second(c));
    *ret = c;
    return 0;
fail:
    compose_destroy(c);
    return err;
}

void compose_destroy(struct compose *c)
{
    if (!c)
        return;
    prepare_stop(c->prepare);
    for (size_t i = 0; i < c->n_zones; i++)
        play_finish(&c->zones[i].play);
    for (size_t i = 0; i < c->n_labels; i++)
        label_finish(&c->labels[i]);
    for (size_t i = 0; i < c->n_tickers; i++)
        ticker_finish(&c->tickers[i]);
    prepare_destroy(c->prepare);
    for (size_t i = 0; i < c->n_main_items; i++)
        layout_item_finish(&c->main_items[i]);
    free(c->main_items);
    free(c->zones);
    free(c->labels);
    free(c->tickers);
    free(c->shown);
    paint_scratch_finish(&c->scratch);
    free(c);
}

/* --- the loop thread
 * ------------------------------------------------------------------------------ */

static void report_note(struct compose *c, _Atomic(char *) *note)
{
    char *text = atomic_exchange(note, NULL);

    if (text && c->params.on_notice)
        c->params.on_notice(c->params.user, text);
    free(text);
}

void compose_tick(struct compose *c)
{
    for (size_t i = 0; i < c->n_zones; i++)
        play_tick(&c->zones[i].play);
    for (size_t i = 0; i < c->n_labels; i++)
        report_note(c, &c->labels[i].note);
    for (size_t i = 0; i < c->n_tickers; i++)
        report_note(c, &c->tickers[i].note);
}

void compose_stats(const struct compose *c, struct compose_stats *ret)
{
    *ret = (struct compose_stats){.pictures_late =
                                      atomic_load_explicit(&c->tiles_late, memory_order_relaxed)};
    for (size_t i = 0; i < c->n_zones; i++) {
        const struct play *p = &c->zones[i].play;

        ret->items_started += atomic_load_explicit(&p->n_started, memory_order_relaxed);
        ret->items_finished += atomic_load_explicit(&p->n_finished, memory_order_relaxed);
        ret->items_skipped += p->n_skipped;
        ret->pictures_late += play_late(p);
    }
}

/* --- the render thread
 * ---------------------------------------------------------------------------- */

/* The frame's number since the layout began. Skipped frames count; a clock that was set does not:
 * the show goes on where it was. */
static int64_t number_frame(struct compose *c, int64_t tai_ns)
{
    int64_t index = qp_lattice_index(c->params.rate, tai_ns);

    if (!c->started) {
        c->started = true;
        c->index_base = c->fed_base = index;
    } else if (!c->params.is_page && (tai_ns < c->tai_ns || tai_ns - c->tai_ns > STEP_NS)) {
        c->index_base = index - (c->frame + 1);
    }
    c->tai_ns = tai_ns;
    if (index - c->index_base > c->frame)
        c->frame = index - c->index_base;
    return c->frame;
}

static bool zone_is_settled(const struct zone *zone)
{
    return zone->has_view || zone->play.blank ||
           atomic_load_explicit(&zone->play.failed, memory_order_acquire);
}

/* Everything that can be shown is there. */
static bool all_settled(const struct compose *c, int64_t utc_s)
{
    for (size_t i = 0; i < c->n_zones; i++) {
        if (!zone_is_settled(&c->zones[i]))
            return false;
    }
    for (size_t i = 0; i < c->n_labels; i++) {
        if (!label_is_ready(&c->labels[i], utc_s))
            return false;
    }
    for (size_t i = 0; i < c->n_tickers; i++) {
        if (!atomic_load_explicit(&c->tickers[i].settled, memory_order_acquire))
            return false;
    }
    return true;
}

/* Something other than a bare background. */
static bool has_content(const struct compose *c)
{
    for (size_t i = 0; i < c->n_zones; i++) {
        if (c->zones[i].has_view)
            return true;
    }
    return c->n_zones < c->params.layout->n_layers;
}

static void paint_zone_of(struct compose *c, struct canvas *canvas, const struct zone *zone)
{
    if (zone->view.page)
        page_paint(zone->view.page, canvas, &c->volume, c->tai_ns, c->tai_ns + c->utc_minus_tai_ns,
                   c->mono_ns);
    else if (zone->has_view)
        paint_zone(canvas, zone->layer, &zone->view, &c->scratch);
}

static void paint_label_of(struct canvas *canvas, struct label *label, int64_t utc_s)
{
    const struct label_picture *picture = label_picture(label, utc_s);

    if (picture)
        paint_label(canvas, picture, label->layer->opacity);
}

/* The lowest layer that must be painted; those below a picture that fills the canvas are hidden. */
static size_t lowest_visible(const struct compose *c, const struct canvas *canvas, bool *ret_hidden)
{
    size_t zone = c->n_zones;

    *ret_hidden = false;
    for (size_t i = c->params.layout->n_layers; i-- > 0;) {
        const struct layer *layer = &c->params.layout->layers[i];

        if (layer->type != LAYER_ZONE)
            continue;
        zone--;
        if (c->zones[zone].view.page ||
            (c->zones[zone].has_view &&
             paint_zone_hides_all(canvas, layer, &c->zones[zone].view))) {
            *ret_hidden = true;
            return i;
        }
    }
    return 0;
}

/* The frame of a ticker's own time. */
static int64_t ticker_frame(const struct compose *c, size_t n)
{
    return c->frame - c->first_frame - c->shown[n].hidden_frames;
}

void compose_show_ticker(struct compose *c, size_t n, bool shown)
{
    struct shown *s = &c->shown[n];
    int64_t now = c->frame - c->first_frame;

    if (n >= c->n_tickers || s->hidden != shown)
        return;
    s->hidden = !shown;
    if (!shown)
        s->since = ticker_frame(c, n);
    else if (s->since > 0)
        s->hidden_frames = now - ticker_next_beginning(&c->tickers[n], s->since);
    else
        s->hidden_frames = now; /* never seen so far */
}

void compose_set_dark(struct compose *c, bool dark)
{
    c->dark = dark;
}

void compose_set_volume(struct compose *c, const struct media_volume *volume)
{
    c->volume = *volume;
}

static void paint_all(struct compose *c, struct canvas *canvas, int64_t utc_s)
{
    const struct layout *layout = c->params.layout;
    size_t zone = 0, label = 0, ticker = 0;
    bool hidden;
    size_t lowest = lowest_visible(c, canvas, &hidden);

    if (!hidden)
        paint_background(canvas, layout->background);
    for (size_t i = 0; i < layout->n_layers; i++) {
        const struct layer *layer = &layout->layers[i];
        bool visible = i >= lowest;

        if (visible && layer->type == LAYER_SOLID)
            paint_solid(canvas, &layer->rect, layer->colour, layer->opacity);
        else if (visible && layer->type != LAYER_ZONE &&
                 !(layer->type == LAYER_TICKER && c->shown[ticker].hidden))
            paint_solid(canvas, &layer->rect, layer->background, layer->opacity);
        if (layer->type == LAYER_ZONE) {
            if (visible)
                paint_zone_of(c, canvas, &c->zones[zone]);
            zone++;
        } else if (layer->type == LAYER_TICKER) {
            if (visible && !c->shown[ticker].hidden &&
                !ticker_paint(&c->tickers[ticker], ticker_frame(c, ticker), canvas,
                              c->scratch.rows))
                atomic_fetch_add_explicit(&c->tiles_late, 1, memory_order_relaxed);
            ticker++;
        } else if (layer->type != LAYER_SOLID) {
            if (visible)
                paint_label_of(canvas, &c->labels[label], utc_s);
            label++;
        }
    }
}

/* The main zone speaks for the layout; without one all zones do. */
static enum compose_state state_of(const struct compose *c)
{
    size_t n = 0, over = 0, failed = 0;
    bool main_only = main_layer(c->params.layout) != NULL;

    for (size_t i = 0; i < c->n_zones; i++) {
        const struct zone *zone = &c->zones[i];

        if (main_only && !zone->layer->main)
            continue;
        n++;
        over += zone->play.over;
        failed += !zone->has_view && atomic_load_explicit(&zone->play.failed, memory_order_acquire);
    }
    if (n > 0 && failed == n)
        return COMPOSE_FAILED;
    return n > 0 && over + failed == n ? COMPOSE_ENDED : COMPOSE_PLAYING;
}

/* Fed zones count frames as the lattice does. */
static int64_t zone_base(const struct compose *c, const struct zone *zone)
{
    return zone->layer->main && c->params.feed ? c->fed_base : 0;
}

/* Those on show have drawn what is in sight on frame f. */
static bool tickers_are_ready(struct compose *c, int64_t f)
{
    for (size_t i = 0; i < c->n_tickers; i++) {
        int64_t ahead = f > c->frame ? f - c->frame : 0;

        if (!c->shown[i].hidden && !ticker_is_ready(&c->tickers[i], ticker_frame(c, i) + ahead))
            return false;
    }
    return true;
}

bool compose_now(const struct compose *c, struct play_now *ret)
{
    for (size_t i = 0; i < c->n_zones; i++) {
        if (c->zones[i].layer->main && c->params.feed)
            return play_now(&c->zones[i].play, ret);
    }
    return false;
}

bool compose_is_ready(struct compose *c, int64_t tai_ns)
{
    int64_t f = qp_lattice_index(c->params.rate, tai_ns) - c->index_base;
    int64_t utc_s = floor_seconds(tai_ns + c->utc_minus_tai_ns);

    if (!c->settled)
        return true;
    for (size_t i = 0; i < c->n_zones; i++) {
        if (!play_is_ready(&c->zones[i].play, f + zone_base(c, &c->zones[i])))
            return false;
    }
    /* The worker looks ahead from here; it cannot know how fast the caller goes. */
    if (c->prepare)
        prepare_set_time(c->prepare, utc_s);
    for (size_t i = 0; i < c->n_labels; i++) {
        if (!label_is_ready(&c->labels[i], utc_s))
            return false;
    }
    return tickers_are_ready(c, f);
}

bool compose_is_due(const struct compose *c, int64_t tai_ns)
{
    int64_t f = qp_lattice_index(c->params.rate, tai_ns) - c->index_base;

    for (size_t i = 0; i < c->n_zones; i++) {
        if (c->zones[i].layer->main && c->params.feed)
            return play_is_due(&c->zones[i].play, f + c->fed_base);
    }
    return true;
}

enum compose_state compose_opened(const struct compose *c, const char **ret_layer)
{
    int64_t utc_s = join_second(c);

    for (size_t i = 0; i < c->n_zones; i++) {
        const struct zone *zone = &c->zones[i];

        if (play_is_opened(&zone->play))
            continue;
        if (!atomic_load_explicit(&zone->play.failed, memory_order_acquire))
            return COMPOSE_WAITING;
        *ret_layer = zone->layer->name;
        return COMPOSE_FAILED;
    }
    for (size_t i = 0; i < c->n_labels; i++) {
        if (!label_is_ready(&c->labels[i], utc_s))
            return COMPOSE_WAITING;
    }
    for (size_t i = 0; i < c->n_tickers; i++) {
        if (!atomic_load_explicit(&c->tickers[i].settled, memory_order_acquire))
            return COMPOSE_WAITING;
    }
    return COMPOSE_PLAYING;
}

bool compose_catch_up(struct compose *c, int64_t tai_ns)
{
    int64_t f = number_frame(c, tai_ns);

    for (size_t i = 0; i < c->n_zones; i++)
        c->zones[i].has_view = play_frame(&c->zones[i].play, f, PLAY_UNSEEN, &c->zones[i].view);
    c->settled = true;
    return compose_is_ready(c, tai_ns);
}

static int64_t settle_ns(const struct compose *c)
{
    return c->params.settle_ns > 0 ? c->params.settle_ns : SETTLE_NS;
}

enum compose_state compose_render(struct compose *c, struct canvas *canvas, int64_t tai_ns,
                                  int64_t utc_ns, int64_t mono_ns)
{
    int64_t utc_s = floor_seconds(utc_ns);
    int64_t f = number_frame(c, tai_ns);
    enum compose_state state;

    c->utc_minus_tai_ns = utc_ns - tai_ns;
    c->mono_ns = mono_ns;
    if (c->prepare)
        prepare_set_time(c->prepare, utc_s);
    for (size_t i = 0; i < c->n_zones; i++) {
        play_set_volume(&c->zones[i].play, &c->volume, tai_ns);
        c->zones[i].has_view = play_frame(&c->zones[i].play, f + zone_base(c, &c->zones[i]),
                                          mono_ns, &c->zones[i].view);
    }
    state = state_of(c);
    if (!c->settled) {
        c->settled = all_settled(c, utc_s) ||
                     transition_frame_ns(c->params.rate, f) >= settle_ns(c) || c->params.is_page;
        c->first_frame = c->params.is_page ? 0 : f;
    }
    if (!c->settled || !has_content(c))
        return state == COMPOSE_FAILED ? COMPOSE_FAILED : COMPOSE_WAITING;
    paint_all(c, canvas, utc_s);
    return state;
}

void compose_count(struct compose *c)
{
    for (size_t i = 0; i < c->n_zones; i++)
        play_count(&c->zones[i].play, c->dark);
}
