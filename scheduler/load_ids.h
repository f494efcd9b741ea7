/* SPDX-License-Identifier: Apache-2.0 */
/* load_ids.h - from an id to its place in an array, by hash. Private to the loader. */
#ifndef SCHEDULER_LOAD_IDS_H
#define SCHEDULER_LOAD_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/attr.h"

struct load_ids {
    struct load_id {
        const char *key; /* borrowed; NULL: free */
        uint32_t value;
    } * slots; /* cap of them, a power of two, never more than 3/4 full */
    size_t n, cap;
};

/* Remember key (borrowed until finish). Returns 0, -EEXIST or -ENOMEM. */
QP_MUST_CHECK int load_ids_put(struct load_ids *ids, const char *key, uint32_t value);
uint32_t load_ids_get(const struct load_ids *ids, const char *key); /* NONE: no such */
/* The key that is most like text, or NULL; looks at the first thousand only. */
const char *load_ids_nearest(const struct load_ids *ids, const char *text);
void load_ids_finish(struct load_ids *ids); /* zeroed is fine */

#endif
