/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h - from an id to its place in an array, by hash: a wall may have a million cabinets, a
 * schedule as many rules. One owner; not thread-safe while it grows. */
#ifndef PROTOCOLS_BASE_IDS_H
#define PROTOCOLS_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

struct id_slot {
    const char *key; /* borrowed; NULL: free */
    uint32_t value;
};

struct ids {
    struct id_slot *slots; /* cap of them, a power of two, never more than 3/4 full */
    size_t n, cap;
};

/* Remember key (borrowed until finish). Returns 0, -EEXIST or -ENOMEM. */
QP_MUST_CHECK int ids_put(struct ids *ids, const char *key, uint32_t value);
bool ids_get(const struct ids *ids, const char *key, uint32_t *ret);
/* The key that is most like text, or NULL; looks at the first thousand only. */
const char *ids_nearest(const struct ids *ids, const char *text);
void ids_finish(struct ids *ids); /* zeroed is fine */

#endif
