/* SPDX-License-Identifier: Apache-2.0 */
/* known.h - what the player knows besides the schedule: what it has delivered, what a facts file
 * says, whether the clock can be believed, which files are the right ones.
 *
 * A program (program.h) asks it for its facts and tells it what was shown. When something changes
 * that the timeline depends on, known_tick() says so, and a new program is to be made.
 *
 * Loop thread only. */
#ifndef CONTROLLER_PLAYER_KNOWN_H
#define CONTROLLER_PLAYER_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/trust.h"
#include "controller/player/verify.h"
#include "protocols/base/diag.h"
#include "scheduler/load_facts.h"

struct known;

/* Strings are borrowed until known_destroy. */
struct known_params {
    const char *screen; /* id */
    const char *log;    /* file, or NULL */
    const char *facts;  /* file, or NULL */
    enum trust_mode trust;
    bool is_rehearsal; /* the clock is a given one: it is trusted, and says nothing of the real */
    bool must_wait;    /* without a clock: files are verified before anything is shown */
    int64_t now_ms;    /* UTC of the beginning */
    void (*on_notice)(void *user, const char *text);
    void *user;
};

/* Opens the log, reads what was delivered, closes the record of what was on when the player was
 * killed. Returns 0 or a negative errno with a sentence. */
QP_MUST_CHECK int known_create(struct known **ret, const struct known_params *params,
                               struct qp_diag *diag);
void known_destroy(struct known *known); /* writes the log to its end; NULL is fine */

/* What is on. */
struct known_now {
    int64_t now_ms;            /* UTC */
    const struct model *model; /* a changed facts file is judged by it; NULL: not now */
    bool has_rule;             /* held_rule says what a clock that can be trusted resolves now */
    const char *held_rule;     /* id of the content's rule; NULL: none */
    uint64_t on_id;            /* of known_new_id(); another one: something else is on */
    /* The record of what is on as if the player were killed now; a new tree, or NULL. */
    cJSON *(*record_on)(void *user);
    void *user;
};

/* Every 20 ms or so. Returns true when a new program is to be made. */
bool known_tick(struct known *known, const struct known_now *now);

/* The clock was set; the next tick asks for a new program. */
void known_clock_set(struct known *known);
/* What could not be read to be verified is read again when it is wanted. */
void known_retry_files(struct known *known);
/* The facts file has changed, or may have. */
void known_facts_changed(struct known *known);

/* There are no facts although there is a file. */
bool known_has_refused(const struct known *known);

/* --- for a program --------------------------------------------------------------------------- */

/* The facts file's facts for this model, with held_rule and clock_untrusted: load_facts_finish().
 * What does not fit the model is told and left out as a whole. */
void known_facts(struct known *known, const struct model *model, struct load_facts *ret);
/* Counts for a slice of the timeline from an instant on, and until when they hold: the next local
 * midnight of the screen. *ret: new memory (free() it), *ret_n of them. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int known_counts(struct known *known, const struct model *model, uint32_t screen,
                               int64_t from_ms, const struct load_facts *facts,
                               struct play_count **ret, uint32_t *ret_n, int64_t *ret_until_ms);
/* May this file be shown? One that is not read yet is put at the end of the queue. why: for BAD,
 * unless it was told before (then ""); cap 0: not wanted. */
enum verify_state known_verify(struct known *known, const char *file, const char *sha256, char *why,
                               size_t cap);
uint64_t known_new_id(struct known *known); /* for something that is going to be shown */
/* Something turned out otherwise than a program took it to be: the next tick asks for a new one. */
void known_renew(struct known *known);
/* Something was shown. Takes the record. */
void known_record(struct known *known, cJSON *record);
/* "trusted", "untrusted" or "rehearsal", for records. */
const char *known_clock(const struct known *known);

#endif
