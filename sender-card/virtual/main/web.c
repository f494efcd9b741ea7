/* SPDX-License-Identifier: Apache-2.0 */
/* One painted picture serves all browsers; it is painted when somebody wants it and something has
 * changed, and never so often that the loop does nothing else. */
#include "sender-card/virtual/main/web.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/base/clock.h"
#include "protocols/pixel/png.h"
#include "protocols/wall/geometry.h"
#include "sender-card/virtual/main/page.h"
#include "sender-card/virtual/main/view.h"

#define MAX_CLIENTS 32
#define STATS_MS    500

struct client {
    struct http_ws *ws;
    struct web *web; /* borrowed */
    struct client *next;
    struct view view;
    bool ready; /* has sent a view */
    bool want_stats;
    bool want_frame;
};

struct web {
    struct live *live; /* borrowed */
    struct http_server *http;
    struct client *clients; /* owned */
    struct virtual_snapshot shot;
    uint8_t *pictures[2]; /* light, raw; painted from shot */
    bool painted[2];
    uint32_t w, h;
    int64_t next_paint_ns;
    uv_timer_t stats, repaint;
    bool changed; /* since the snapshot */
};

/* --- documents
 * ------------------------------------------------------------------------------------- */

static void answer_json(cJSON *json, struct http_answer *ret)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;

    cJSON_Delete(json);
    if (!text) {
        ret->status = 503;
        return;
    }
    *ret = (struct http_answer){200, "application/json", text, text, strlen(text)};
}

static bool add_cabinet(cJSON *to, const struct wall *wall, uint32_t i, double factor)
{
    const struct wall_cabinet *c = &wall->cabinets[i];
    struct wall_box box = wall_cabinet_box(wall, i);
    bool sideways = c->turn == WALL_TURN_90 || c->turn == WALL_TURN_270;
    double sx = sideways ? c->scale_y : c->scale_x, sy = sideways ? c->scale_x : c->scale_y;
    bool grid = !wall->types[c->type].points;
    /* x, y, w, h; LED pitch (0: irregular); output; place on its chain; turn */
    const double numbers[] = {box.x * factor,
                              box.y * factor,
                              box.w * factor,
                              box.h * factor,
                              grid ? sx * factor : 0,
                              grid ? sy * factor : 0,
                              c->port == WALL_NO_PORT ? -1 : (double)c->port,
                              (double)c->chain_index + 1,
                              90.0 * (int)c->turn};
    cJSON *row = cJSON_CreateArray();

    if (!row || !cJSON_AddItemToArray(to, row) ||
        !cJSON_AddItemToArray(row, cJSON_CreateString(c->id)))
        return false;
    for (size_t k = 0; k < QP_ARRAY_LEN(numbers); k++) {
        if (!cJSON_AddItemToArray(row, cJSON_CreateNumber(numbers[k])))
            return false;
    }
    return true;
}

static cJSON *describe(const struct web *web)
{
    const struct wall *wall = web->live->wall;
    double factor = virtual_factor(web->live->vw);
    cJSON *root = cJSON_CreateObject();
    cJSON *outputs = cJSON_AddArrayToObject(root, "outputs");
    cJSON *cabinets = cJSON_AddArrayToObject(root, "cabinets");
    bool ok = outputs && cabinets && cJSON_AddStringToObject(root, "name", wall->name) &&
              cJSON_AddNumberToObject(root, "width", web->w) &&
              cJSON_AddNumberToObject(root, "height", web->h) &&
              cJSON_AddNumberToObject(root, "rate", qp_rational_f64(wall->rate));

    for (uint32_t i = 0; ok && i < wall->n_outputs; i++)
        ok = cJSON_AddItemToArray(outputs, cJSON_CreateString(wall->outputs[i].id));
    for (uint32_t i = 0; ok && i < wall->n_cabinets; i++)
        ok = add_cabinet(cabinets, wall, i, factor);
    if (ok)
        return root;
    cJSON_Delete(root);
    return NULL;
}

/* --- pictures
 * ---------------------------------------------------------------------------------------- */

static int take_shot(struct web *web)
{
    int r = live_snapshot(web->live, &web->shot);

    if (r < 0)
        return r;
    web->changed = false;
    web->painted[0] = web->painted[1] = false;
    return 0;
}

static const uint8_t *paint(struct web *web, bool raw)
{
    if (!web->pictures[raw]) {
        web->pictures[raw] = malloc(3 * (size_t)web->w * web->h);
        if (!web->pictures[raw])
            return NULL;
    }
    if (!web->painted[raw])
        virtual_paint(web->live->vw, &web->shot, raw ? VIRTUAL_RAW : VIRTUAL_LIGHT,
                      web->pictures[raw]);
    web->painted[raw] = true;
    return web->pictures[raw];
}

static void answer_png(struct web *web, bool raw, struct http_answer *ret)
{
    const uint8_t *rgb = take_shot(web) == 0 ? paint(web, raw) : NULL;
    struct png_picture pic = {.w = web->w, .h = web->h, .rows = rgb, .level = 1};
    uint8_t *png;
    size_t len;

    ret->status = 503;
    if (rgb && png_encode(&pic, &png, &len) == 0)
        *ret = (struct http_answer){200, "image/png", png, png, len};
}

static void on_get(void *user, const char *path, struct http_answer *ret)
{
    struct web *web = user;

    for (size_t i = 0; i < page_n_files; i++) {
        const struct page_file *f = &page_files[i];

        if (strcmp(path, f->path) == 0) {
            *ret = (struct http_answer){200, f->type, f->data, NULL, f->len};
            return;
        }
    }
    if (strcmp(path, "/stats.json") == 0)
        answer_json(live_report(web->live), ret);
    else if (strcmp(path, "/wall.json") == 0)
        answer_json(describe(web), ret);
    else if (strcmp(path, "/frame.png") == 0)
        answer_png(web, false, ret);
    else if (strcmp(path, "/raw.png") == 0)
        answer_png(web, true, ret);
}

/* --- browsers
 * ----------------------------------------------------------------------------------------- */

static int on_open(void *user, struct http_ws *ws, void **ret_peer)
{
    struct web *web = user;
    struct client *c = calloc(1, sizeof(*c));

    if (!c)
        return -1;
    c->ws = ws;
    c->web = web;
    c->next = web->clients;
    web->clients = c;
    *ret_peer = c;
    return 0;
}

static void on_close(void *user, void *peer)
{
    struct web *web = user;

    for (struct client **c = &web->clients; *c; c = &(*c)->next) {
        if (*c == peer) {
            *c = (*c)->next;
            break;
        }
    }
    free(peer);
}

static int on_message(void *user, void *peer, const void *data, size_t len)
{
    struct web *web = user;
    struct client *c = peer;

    if (view_parse(data, len, web->w, web->h, &c->view) < 0)
        return -1;
    if (!c->ready)
        c->want_stats = true;
    c->ready = true;
    c->want_frame = true;
    http_ws_want_write(c->ws);
    return 0;
}

static void on_repaint(uv_timer_t *timer)
{
    struct web *web = timer->data;

    for (struct client *c = web->clients; c; c = c->next) {
        if (c->ready && c->want_frame)
            http_ws_want_write(c->ws);
    }
}

/* Whether a new picture may be taken now; if not, a timer asks again. */
static bool may_paint(struct web *web)
{
    int64_t wait_ns = web->next_paint_ns - qp_clock_mono_ns();

    if (!web->changed || wait_ns <= 0)
        return true;
    (void)uv_timer_start(&web->repaint, on_repaint, (uint64_t)(wait_ns / 1000000) + 1, 0);
    return false;
}

static void send_stats(struct client *c)
{
    cJSON *report = live_report(c->web->live);
    char *text = report ? cJSON_PrintUnformatted(report) : NULL;

    cJSON_Delete(report);
    c->want_stats = false;
    if (text)
        (void)http_ws_send(c->ws, text, strlen(text), true);
}

static void send_frame(struct web *web, struct client *c)
{
    int64_t start_ns = qp_clock_mono_ns();
    const uint8_t *rgb;
    uint8_t *message;
    size_t len;

    c->want_frame = false;
    if ((web->changed || !web->shot.cells) && take_shot(web) < 0)
        return;
    rgb = paint(web, c->view.raw);
    if (!rgb)
        return;
    message = view_render(&c->view, web->shot.frame, rgb, web->w, &len);
    if (message)
        (void)http_ws_send(c->ws, message, len, false);
    web->next_paint_ns = 2 * qp_clock_mono_ns() - start_ns; /* at most half of the loop's time */
}

static void on_writable(void *user, void *peer)
{
    struct web *web = user;
    struct client *c = peer;

    if (c->want_stats)
        send_stats(c);
    else if (c->want_frame && may_paint(web))
        send_frame(web, c);
    else
        return;
    if (c->want_frame || c->want_stats)
        http_ws_want_write(c->ws);
}

void web_changed(struct web *web)
{
    web->changed = true;
    for (struct client *c = web->clients; c; c = c->next) {
        if (!c->ready)
            continue;
        c->want_frame = true;
        http_ws_want_write(c->ws);
    }
}

static void on_stats(uv_timer_t *timer)
{
    struct web *web = timer->data;

    for (struct client *c = web->clients; c; c = c->next) {
        if (!c->ready)
            continue;
        c->want_stats = true;
        http_ws_want_write(c->ws);
    }
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

static void free_web(void *user)
{
    struct web *web = user;

    virtual_snapshot_finish(&web->shot);
    free(web->pictures[0]);
    free(web->pictures[1]);
    free(web);
}

int web_start(struct web **ret, struct live *live, uv_loop_t *loop, struct qp_diag *diag)
{
    struct web *web = calloc(1, sizeof(*web));
    struct http_params params = {
        .loop = loop,
        .address = live->options->http_address,
        .port = live->options->http_port,
        .max_clients = MAX_CLIENTS,
        .user = web,
        .on_get = on_get,
        .ws_path = "/ws",
        .on_open = on_open,
        .on_message = on_message,
        .on_writable = on_writable,
        .on_close = on_close,
    };
    int r;

    if (!web)
        return qp_diag_set(diag, -ENOMEM, "no memory for the web page");
    web->live = live;
    virtual_size(live->vw, &web->w, &web->h);
    r = http_start(&web->http, &params, diag);
    if (r < 0) {
        free(web);
        return r;
    }
    (void)uv_timer_init(loop, &web->stats);
    (void)uv_timer_init(loop, &web->repaint);
    web->stats.data = web->repaint.data = web;
    (void)uv_timer_start(&web->stats, on_stats, STATS_MS, STATS_MS);
    *ret = web;
    return 0;
}

uint16_t web_port(const struct web *web)
{
    return http_port(web->http);
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    uv_close((uv_handle_t *)&web->stats, NULL);
    uv_close((uv_handle_t *)&web->repaint, NULL);
    http_stop(web->http, free_web); /* later than the timers: their closing is waited for */
}
