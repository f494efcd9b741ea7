/* SPDX-License-Identifier: Apache-2.0 */
/* together.h - outputs that share a latch: ArtSync, or sACN's synchronization packet of one
 * address.
 *
 * Receivers show what they hold at any such packet that reaches them. So of all outputs whose latch
 * takes the same way only one sends it, once a frame, when the data of all of them have left. They
 * are one frame: if an output sent a part of its data only, none of them gets the latch; an output
 * that sent nothing at all, as its link is down, is not waited for.
 *
 * All in the tx thread that serves these outputs; create and destroy before and after it. */
#ifndef SENDER_CARD_TOGETHER_H
#define SENDER_CARD_TOGETHER_H

#include <stddef.h>
#include <stdint.h>

#include "sender-card/port.h"

/* The way that the latch of this plan takes over a link: equal numbers, the same receivers. 0: it
 * is this output's alone. */
uint64_t together_way(const struct packet_plan *plan, const struct driver *driver,
                      const struct link_config *config);

/* Group the ports by the ways of their links: sets `mates` of each, and ret_group[i] to the first
 * port that must be served by the same thread as port i. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int together_group(struct port *ports, size_t n, size_t *ret_group);

enum together_turn {
    TOGETHER_SEND,   /* all is there, and this output is the one that sends */
    TOGETHER_WAIT,   /* for the data or the latch of another one */
    TOGETHER_SENT,   /* by another one */
    TOGETHER_SPOILED /* one of them sent a part only: no latch */
};

/* Whose turn it is, for a track whose data have left and whose instant has come. ret_ns: when the
 * latch left (TOGETHER_SENT). */
enum together_turn together_turn(const struct port *port, const struct track *track,
                                 int64_t *ret_ns);

/* The track has ended, or the frame leaves this link for another one: what the others need to know
 * of it. */
void together_note(struct port *port, const struct track *track);

#endif
