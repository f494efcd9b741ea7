/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/ring.h"

#include <stdlib.h>

int ring_init(struct ring *ring, uint32_t w, uint32_t h, unsigned n)
{
    size_t bytes;

    if (qp_mul_size(w, h, &bytes) < 0 || qp_mul_size(bytes, sizeof(uint32_t), &bytes) < 0)
        return -EOVERFLOW;
    if (n == 0) {
        n = bytes ? (unsigned)(RING_MEMORY / bytes) : RING_MAX;
        n = n < RING_MIN ? RING_MIN : n > RING_MAX ? RING_MAX : n;
    }
    ring->slots = calloc(n, sizeof(*ring->slots));
    if (!ring->slots)
        return -ENOMEM;
    ring->n = n;
    for (unsigned i = 0; i < n; i++) {
        struct ring_slot *slot = &ring->slots[i];

        slot->data = calloc(1, bytes);
        if (!slot->data)
            return -ENOMEM; /* ring_finish() frees the others */
        slot->pic = (struct media_picture){.data = slot->data, .w = w, .h = h, .stride = w};
    }
    return 0;
}

void ring_finish(struct ring *ring)
{
    for (unsigned i = 0; ring->slots && i < ring->n; i++)
        free(ring->slots[i].data);
    free(ring->slots);
    ring->slots = NULL;
    ring->n = 0;
}

struct ring_slot *ring_back(struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

    return head - tail < ring->n ? &ring->slots[head % ring->n] : NULL;
}

void ring_publish(struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

struct ring_take ring_take(struct ring *ring, int64_t limit_ns)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed), at = tail;
    struct ring_take take = {.newest = true};

    if (head == tail)
        return take;
    if (!ring->held && ring->slots[tail % ring->n].pic.pts_ns > limit_ns)
        return take;
    while (at + 1 < head && ring->slots[(at + 1) % ring->n].pic.pts_ns <= limit_ns)
        at++;
    take.pic = &ring->slots[at % ring->n].pic;
    take.newest = at + 1 == head;
    take.fresh = at != tail || !ring->held;
    take.skipped = (unsigned)(at - tail) - (ring->held && at != tail ? 1 : 0);
    ring->held = true;
    atomic_store_explicit(&ring->tail, at, memory_order_release);
    return take;
}

const struct media_picture *ring_newest(const struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

    if (head == atomic_load_explicit(&ring->tail, memory_order_relaxed))
        return NULL;
    return &ring->slots[(head - 1) % ring->n].pic;
}
