/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h - may the wall clock be believed?
 *
 * The kernel keeps a word on its clock: synchronised by NTP, PTP or the like (adjtimex), or not. By
 * that word alone every machine without time service would hold its content for ever, so by default
 * it is asked only for a clock that is evidently wrong: one that is before the last instant at
 * which this player ran, or before this program was written (a machine without a battery that has
 * just started). Setting the clock while the player runs is a correction.
 *
 * One thread. */
#ifndef CONTROLLER_PLAYER_TRUST_H
#define CONTROLLER_PLAYER_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trust_mode {
    TRUST_AUTO,   /* untrusted: the kernel says unsynchronised, and the time cannot be right */
    TRUST_KERNEL, /* untrusted: the kernel says unsynchronised */
    TRUST_ALWAYS,
    TRUST_N
};

extern const char *const trust_names[TRUST_N];

struct trust {
    enum trust_mode mode;
    bool behind;       /* of seen_ms, when the player started */
    bool synchronised; /* the kernel's word */
    int error;         /* of asking the kernel, positive errno; 0: it answered */
    bool trusted;
};

/* now_ms: UTC by the clock; seen_ms: when this player was last seen at work, INT64_MIN: never. */
void trust_init(struct trust *trust, enum trust_mode mode, int64_t now_ms, int64_t seen_ms);
/* Ask the kernel again. Returns whether the answer to `trusted` has changed. */
bool trust_look(struct trust *trust, int64_t now_ms);
/* The clock was set. */
void trust_set(struct trust *trust);
/* One sentence on the clock, for a person: what is believed and why. */
void trust_tell(const struct trust *trust, char *buf, size_t cap);

#endif
