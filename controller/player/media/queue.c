/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/queue.h"

#include <errno.h>

bool queue_is_full(const struct queue *q)
{
    return q->n == QUEUE_MAX_PACKETS || q->bytes >= QUEUE_MAX_BYTES;
}

int queue_push(struct queue *q, AVPacket *packet)
{
    AVPacket *p;

    if (queue_is_full(q))
        return -ENOBUFS;
    p = av_packet_alloc();
    if (!p)
        return -ENOMEM;
    av_packet_move_ref(p, packet);
    q->packets[(q->first + q->n++) % QUEUE_MAX_PACKETS] = p;
    q->bytes += (size_t)p->size;
    return 0;
}

bool queue_pop(struct queue *q, AVPacket *packet)
{
    AVPacket *p;

    if (q->n == 0)
        return false;
    p = q->packets[q->first];
    q->first = (q->first + 1) % QUEUE_MAX_PACKETS;
    q->n--;
    q->bytes -= (size_t)p->size;
    av_packet_move_ref(packet, p);
    av_packet_free(&p);
    return true;
}

void queue_clear(struct queue *q)
{
    while (q->n > 0) {
        av_packet_free(&q->packets[q->first]);
        q->first = (q->first + 1) % QUEUE_MAX_PACKETS;
        q->n--;
    }
    q->bytes = 0;
}
