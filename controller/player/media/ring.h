/* SPDX-License-Identifier: Apache-2.0 */
/* ring.h - converted pictures on their way from the decoder's thread to the render thread.
 *
 * One producer, one consumer, no lock. All memory is taken by ring_init(). The consumer keeps the
 * picture it last took until it takes a newer one; that slot is not written meanwhile. */
#ifndef CONTROLLER_PLAYER_MEDIA_RING_H
#define CONTROLLER_PLAYER_MEDIA_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "controller/player/media/media.h"

#define RING_MIN    4u
#define RING_MAX    16u
#define RING_MEMORY (128u << 20) /* aimed at; RING_MIN pictures may be more */

struct ring_slot {
    struct media_picture pic;
    uint32_t *data;    /* the memory behind pic.data */
    uint64_t geometry; /* which geometry was painted last; the producer's own */
};

struct ring {
    struct ring_slot *slots;
    unsigned n;
    _Alignas(64) _Atomic uint64_t head; /* pictures published; written by the producer */
    _Alignas(64) _Atomic uint64_t tail; /* the oldest slot in use; written by the consumer */
    bool held;                          /* consumer: slot tail was handed out */
};

/* Pictures of w x h; n == 0: as many as fit RING_MEMORY within RING_MIN..RING_MAX. The memory is
 * transparent black. Returns 0, -ENOMEM or -EOVERFLOW. */
QP_MUST_CHECK int ring_init(struct ring *ring, uint32_t w, uint32_t h, unsigned n);
void ring_finish(struct ring *ring);

/* Producer: the slot to paint, or NULL while the ring is full; publish makes it visible. */
struct ring_slot *ring_back(struct ring *ring);
void ring_publish(struct ring *ring);

/* Consumer: the newest picture with pts <= limit_ns, or the one handed out before; NULL: none yet.
 * skipped counts pictures passed over unseen; newest: nothing later waits in the ring. */
struct ring_take {
    const struct media_picture *pic;
    bool fresh, newest;
    unsigned skipped;
};

struct ring_take ring_take(struct ring *ring, int64_t limit_ns);

/* Consumer: the newest picture that was published, without taking it, or NULL. */
const struct media_picture *ring_newest(const struct ring *ring);

#endif
