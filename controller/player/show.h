/* SPDX-License-Identifier: Apache-2.0 */
/* show.h - a schedule on the wall: plays it by the clock, takes a new one without a gap.
 *
 * Wherever the timeline has to be worked out anew (a new schedule, a clock that was set, an item
 * that turned out to be broken) a second program is opened beside the first, joins in progress and
 * takes its place on the frame on which it has a picture. The last good document is kept, so that a
 * bad one changes nothing.
 *
 * Threads: create, tick, reload and destroy by the loop thread; paint and is_ready by the render
 * thread. */
#ifndef CONTROLLER_PLAYER_SHOW_H
#define CONTROLLER_PLAYER_SHOW_H

#include "controller/player/compose/compose.h"
#include "controller/player/engine.h"

struct show;
struct known;

/* Strings and wall are borrowed until show_destroy. */
struct show_params {
    const char *schedule; /* the document's file */
    const char *screen;   /* id */
    const char *media;    /* folder of the items' files */
    struct known *known;  /* borrowed until show_destroy */
    const char *audio_device;
    const struct wall *wall;
    int64_t shift_ns; /* as the engine's */
    bool unpaced;     /* as the engine's */
    void (*on_notice)(void *user, const char *text);
    void *user;
};

/* Findings of the document go to on_notice. Returns 0 or a negative errno; diag has the sentence
 * unless it was told as a finding. */
QP_MUST_CHECK int show_create(struct show **ret, const struct show_params *params,
                              struct qp_diag *diag);
void show_destroy(struct show *show); /* the engine has stopped; NULL is fine */

/* Whose brightness follows the display rules; before the engine is started. */
void show_set_engine(struct show *show, struct engine *engine);

void show_tick(struct show *show); /* every 20 ms or so */
/* Read the schedule's file again. What is wrong with it goes to on_notice; the old one then stays.
 * Files that could not be played get another chance. */
void show_reload(struct show *show);
const struct compose *show_compose(const struct show *show); /* the one on show, loop thread */

enum engine_paint show_paint(void *show, struct canvas *canvas, const struct engine_instant *at);
bool show_is_ready(void *show, const struct engine_instant *at);

#endif
