/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/virtual/main/live.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/pixel/png.h"

#define MAX_PIXELS (1ull << 28) /* of a picture file */

/* --- pictures ------------------------------------------------------------------------------------
 */

static int paint(const struct live *live, const struct virtual_snapshot *shot, enum wall_look look,
                 struct png_picture *pic, struct qp_diag *diag)
{
    uint32_t zoom = look == LOOK_LED ? live->options->zoom : 1;
    size_t bytes = look == LOOK_LINEAR ? 6 : 3;
    void *rows;

    virtual_size(live->vw, &pic->w, &pic->h);
    if ((uint64_t)pic->w * zoom > 65536 || (uint64_t)pic->h * zoom > 65536 ||
        (uint64_t)pic->w * zoom * pic->h * zoom > MAX_PIXELS)
        return qp_diag_set(diag, -E2BIG,
                           "a picture of %ux%u LEDs at zoom %u is too large: choose a "
                           "smaller --zoom",
                           pic->w, pic->h, zoom);
    pic->w *= zoom;
    pic->h *= zoom;
    rows = malloc((size_t)pic->w * pic->h * bytes);
    if (!rows)
        return qp_diag_set(diag, -ENOMEM, "no memory for a picture");
    if (look == LOOK_LED)
        virtual_paint_dots(live->vw, shot, zoom, rows);
    else
        virtual_paint(live->vw, shot,
                      look == LOOK_LINEAR  ? VIRTUAL_LINEAR
                      : look == LOOK_LIGHT ? VIRTUAL_LIGHT
                                           : VIRTUAL_RAW,
                      rows);
    pic->format = look == LOOK_LINEAR ? PNG_RGB16 : PNG_RGB8;
    pic->rows = rows;
    return 0;
}

int live_write(const struct live *live, const struct virtual_snapshot *shot, const char *file,
               enum wall_look look, struct qp_diag *diag)
{
    struct png_picture pic = {.level = 1};
    int r = paint(live, shot, look, &pic, diag);

    if (r < 0)
        return r;
    r = png_write(file, &pic, diag);
    free((void *)(uintptr_t)pic.rows);
    return r;
}

/* --- the reading thread
 * ---------------------------------------------------------------------------- */

static void fail(struct live *live, int err)
{
    if (live->result == 0)
        live->result = err;
    atomic_store(&live->stop, true);
}

static int write_frame(struct live *live, const char *file, struct qp_diag *diag)
{
    int r = virtual_snapshot(live->vw, &live->shot);

    if (r < 0)
        return qp_diag_set(diag, r, "no memory for a picture");
    return live_write(live, &live->shot, file, live->options->look, diag);
}

/* Nothing else is wanted than the one frame: a live input may end, a capture is read through for
 * its figures. */
static bool is_done(const struct live *live, uint64_t frame)
{
    const struct wall_options *o = live->options;

    if (o->frames)
        return frame >= o->frames;
    return o->frame && frame >= o->frame && !o->pcap && o->seconds <= 0 && !o->http && !o->save;
}

static void on_frame(void *user, uint64_t frame, int64_t time_ns)
{
    struct live *live = user;
    const struct wall_options *o = live->options;
    char file[PATH_MAX];
    int r = 0;

    (void)time_ns;
    if (o->frames && frame > o->frames)
        return; /* the rest of a batch */
    atomic_store(&live->frames, frame);
    if (o->save) {
        (void)snprintf(file, sizeof(file), "%s/frame-%08llu.png", o->save,
                       (unsigned long long)frame);
        r = write_frame(live, file, &live->diag);
    }
    if (r == 0 && o->png && o->frame == frame)
        r = write_frame(live, o->png, &live->diag);
    if (r < 0)
        fail(live, r);
    if (is_done(live, frame))
        atomic_store(&live->stop, true);
    (void)uv_async_send(&live->changed);
}

static void read_live(struct live *live)
{
    while (!atomic_load(&live->stop)) {
        if (inputs_wait(&live->inputs, live->wake_fd) == 0)
            break;
        (void)pthread_mutex_lock(&live->lock);
        inputs_read(&live->inputs, live->vw);
        (void)pthread_mutex_unlock(&live->lock);
    }
}

/* For a browser a capture is played as fast as it was taken. */
static void keep_pace(struct live *live, int64_t time_ns)
{
    int64_t due_ns;
    struct pollfd wake = {.fd = live->wake_fd, .events = POLLIN};

    if (!live->options->http || time_ns == 0)
        return;
    if (live->first_packet_ns == 0) {
        live->first_packet_ns = time_ns;
        live->start_ns = qp_clock_mono_ns();
    }
    due_ns = time_ns - live->first_packet_ns - (qp_clock_mono_ns() - live->start_ns);
    if (due_ns > 1000000 && due_ns / 1000000 < INT_MAX)
        (void)poll(&wake, 1, (int)(due_ns / 1000000));
}

static void read_capture(struct live *live)
{
    struct pcap_packet packet;
    int r = 1;

    while (r > 0 && !atomic_load(&live->stop)) {
        (void)pthread_mutex_lock(&live->lock);
        r = inputs_pcap_next(&live->inputs, live->vw, &packet, &live->diag);
        (void)pthread_mutex_unlock(&live->lock);
        if (r <= 0)
            break;
        keep_pace(live, (int64_t)packet.time_ns);
        (void)pthread_mutex_lock(&live->lock);
        inputs_pcap_feed(&live->inputs, live->vw, &packet);
        (void)pthread_mutex_unlock(&live->lock);
    }
    (void)pthread_mutex_lock(&live->lock);
    if (r < 0) {
        (void)qp_diag_prefix(&live->diag, r, "%s", live->options->pcap);
        fail(live, r);
    } else if (r == 0) {
        virtual_end(live->vw);
    }
    (void)pthread_mutex_unlock(&live->lock);
}

static void reader_main(void *user)
{
    struct live *live = user;

    if (live->options->pcap)
        read_capture(live);
    else
        read_live(live);
    (void)pthread_mutex_lock(&live->lock);
    live->ended = true;
    (void)pthread_mutex_unlock(&live->lock);
    (void)uv_async_send(&live->changed);
}

/* --- life
 * ---------------------------------------------------------------------------------------------- */

static void on_changed(uv_async_t *async)
{
    struct live *live = async->data;

    if (live->on_changed)
        live->on_changed(live->user);
}

static int open_inputs(struct live *live, struct qp_diag *diag)
{
    const struct wall_options *o = live->options;
    uint32_t port = VIRTUAL_ANY_PORT;
    int r = 0;

    if (o->port) {
        port = virtual_find_port(live->vw, o->port, strlen(o->port));
        if (port == VIRTUAL_ANY_PORT)
            return qp_diag_set(diag, -EINVAL, "--port %s: the wall has no such output", o->port);
    }
    if (o->pcap)
        return inputs_open_pcap(&live->inputs, o->pcap, port, diag);
    for (unsigned i = 0; i < o->n_listen && r == 0; i++)
        r = inputs_listen(&live->inputs, live->vw, live->wall, o->listen[i], port, diag);
    return r;
}

int live_init(struct live *live, struct virtual_wall *vw, uv_loop_t *loop, struct qp_diag *diag)
{
    int r;

    live->vw = vw;
    live->wake_fd = -1;
    (void)pthread_mutex_init(&live->lock, NULL);
    r = inputs_init(&live->inputs, diag);
    live->inputs.mute = live->options->mute;
    if (r == 0)
        r = open_inputs(live, diag);
    if (r < 0)
        return r;
    live->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (live->wake_fd < 0)
        return qp_diag_set(diag, -errno, "no event descriptor: %s", strerror(errno));
    r = uv_async_init(loop, &live->changed, on_changed);
    if (r < 0)
        return qp_diag_set(diag, r, "cannot make an event: %s", uv_strerror(r));
    live->changed.data = live;
    live->changed_open = true;
    virtual_set_on_frame(vw, on_frame, live);
    return 0;
}

int live_start(struct live *live, struct qp_diag *diag)
{
    return worker_start(&live->reader, &(struct worker_params){"read", 0, reader_main, live}, diag);
}

void live_stop(struct live *live)
{
    uint64_t one = 1;

    atomic_store(&live->stop, true);
    if (live->wake_fd >= 0)
        (void)!write(live->wake_fd, &one, sizeof(one)); /* fails if full: readable already */
    worker_join(&live->reader);
    if (live->changed_open)
        uv_close((uv_handle_t *)&live->changed, NULL);
    live->changed_open = false;
}

void live_finish(struct live *live)
{
    inputs_finish(&live->inputs);
    if (live->wake_fd >= 0)
        (void)close(live->wake_fd);
    virtual_snapshot_finish(&live->shot);
    virtual_destroy(live->vw);
    live->vw = NULL;
    (void)pthread_mutex_destroy(&live->lock);
}

bool live_ended(struct live *live, int *ret_result)
{
    bool ended;

    (void)pthread_mutex_lock(&live->lock);
    ended = live->ended;
    *ret_result = live->result;
    (void)pthread_mutex_unlock(&live->lock);
    return ended;
}

cJSON *live_report(struct live *live)
{
    struct timespec now;
    cJSON *report;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)pthread_mutex_lock(&live->lock);
    report =
        virtual_report(live->vw, live->options->pcap ? 0 : now.tv_sec * QP_NS_PER_S + now.tv_nsec);
    (void)pthread_mutex_unlock(&live->lock);
    return report;
}

int live_snapshot(struct live *live, struct virtual_snapshot *ret)
{
    int r;

    (void)pthread_mutex_lock(&live->lock);
    r = virtual_snapshot(live->vw, ret);
    (void)pthread_mutex_unlock(&live->lock);
    return r;
}
