/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/ids.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"

#define NEAREST_MAX 1000

/* FNV-1a, 64 bits; the upper half is folded in because the table uses the lower bits. */
static size_t hash_of(const char *key)
{
    uint64_t h = 14695981039346656037u;

    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

static struct id_slot *find_slot(struct id_slot *slots, size_t cap, const char *key)
{
    size_t i = hash_of(key) & (cap - 1);

    while (slots[i].key && strcmp(slots[i].key, key) != 0)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static int grow(struct ids *ids)
{
    size_t cap = ids->cap ? ids->cap * 2 : 64;
    struct id_slot *slots = calloc(cap, sizeof(*slots));

    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < ids->cap; i++)
        if (ids->slots[i].key)
            *find_slot(slots, cap, ids->slots[i].key) = ids->slots[i];
    free(ids->slots);
    ids->slots = slots;
    ids->cap = cap;
    return 0;
}

int ids_put(struct ids *ids, const char *key, uint32_t value)
{
    struct id_slot *slot;

    if (ids->n + 1 > ids->cap / 4 * 3) {
        int err = grow(ids);

        if (err < 0)
            return err;
    }
    slot = find_slot(ids->slots, ids->cap, key);
    if (slot->key)
        return -EEXIST;
    *slot = (struct id_slot){key, value};
    ids->n++;
    return 0;
}

bool ids_get(const struct ids *ids, const char *key, uint32_t *ret)
{
    const struct id_slot *slot;

    if (ids->n == 0)
        return false;
    slot = find_slot(ids->slots, ids->cap, key);
    if (!slot->key)
        return false;
    *ret = slot->value;
    return true;
}

const char *ids_nearest(const struct ids *ids, const char *text)
{
    const char *names[NEAREST_MAX];
    size_t n = 0;

    for (size_t i = 0; i < ids->cap && n < NEAREST_MAX; i++)
        if (ids->slots[i].key)
            names[n++] = ids->slots[i].key;
    return qp_text_nearest(text, names, n);
}

void ids_finish(struct ids *ids)
{
    free(ids->slots);
    *ids = (struct ids){0};
}
