/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - packets of one stream that were read while looking for the other's. Bounded. */
#ifndef CONTROLLER_PLAYER_MEDIA_QUEUE_H
#define CONTROLLER_PLAYER_MEDIA_QUEUE_H

#include <libavcodec/packet.h>
#include <stdbool.h>
#include <stddef.h>

#define QUEUE_MAX_PACKETS 1024u
#define QUEUE_MAX_BYTES   (48u << 20)

struct queue {
    AVPacket *packets[QUEUE_MAX_PACKETS]; /* owned */
    unsigned first, n;
    size_t bytes;
};

bool queue_is_full(const struct queue *q);
/* Moves the packet's contents into the queue. Returns 0, -ENOBUFS when full, -ENOMEM. */
int queue_push(struct queue *q, AVPacket *packet);
/* Moves the oldest into packet (blank). Returns false when empty. */
bool queue_pop(struct queue *q, AVPacket *packet);
void queue_clear(struct queue *q);

#endif
