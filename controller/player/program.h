/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - one schedule being played on one screen.
 *
 * Made from the text of a schedule at an instant; a new text, a clock that was set or an item that
 * broke makes a new program, and the old one stays on until the new one has its picture (show.h).
 *
 * Threads: create, tick, destroy and what reads the model by the loop thread; program_paint and
 * program_is_ready by the render thread. */
#ifndef CONTROLLER_PLAYER_PROGRAM_H
#define CONTROLLER_PLAYER_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/compose/compose.h"
#include "controller/player/known.h"
#include "protocols/base/report.h"
#include "protocols/pixel/canvas.h"
#include "protocols/wall/wall.h"

/* All borrowed until program_destroy unless said otherwise. */
struct program_params {
    const char *text; /* the document; borrowed for the call, like dir */
    size_t len;
    const char *dir;    /* of the document: calendars are found here */
    const char *screen; /* id; borrowed for the call */
    const char *media;  /* folder of the items' files */
    const char *audio_device;
    const struct wall *wall;
    const char *const *broken; /* files that turned out not to play; borrowed for the call */
    size_t n_broken;
    int64_t from_ms; /* UTC: where to begin */
    bool joins;      /* something is on, and stays on until this one has its picture */
    int64_t tai_minus_utc_ns;
    struct known *known;
    void (*on_notice)(void *user, const char *text);
    /* An item could not be opened. */
    void (*on_broken)(void *user, const char *file);
    void *user;
};

struct program;

/* Returns 0, or -EINVAL with findings (the document is refused as a whole), -ENOENT (no such
 * screen), -ENOMEM. */
QP_MUST_CHECK int program_create(struct program **ret, const struct program_params *params,
                                 struct qp_report *report, struct qp_diag *diag);
/* The render thread has let go of it. is_over: the run ends; otherwise another program took its
 * place, which the log tells apart. */
void program_destroy(struct program *program, bool is_over);

/* Every 20 ms or so; now_ms: UTC of the frame that is being painted. */
void program_tick(struct program *program, int64_t now_ms);

/* For known_tick(): what is on at now_ms. Borrows the program. */
struct known_now program_now(struct program *program, int64_t now_ms);

const struct compose *program_compose(const struct program *program);

/* Render thread. *ret_level: light of the wall, 0..1, as the display rules cap it. */
enum compose_state program_paint(struct program *program, struct canvas *canvas, int64_t tai_ns,
                                 int64_t utc_ns, int64_t mono_ns, double *ret_level);
/* What was painted last goes to the wall. */
void program_count(struct program *program);
/* Without a clock: is everything known and decoded for this instant? */
bool program_is_ready(struct program *program, int64_t tai_ns);
/* The item on show is the one of this instant. */
bool program_is_due(const struct program *program, int64_t tai_ns);

#endif
