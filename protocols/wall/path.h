/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - the n-th place on a way through w x h places. */
#ifndef PROTOCOLS_WALL_PATH_H
#define PROTOCOLS_WALL_PATH_H

#include "protocols/wall/wall.h"

struct path_place {
    uint32_t x, y;
    uint32_t left; /* places to the end of this line, this one included */
    int step;      /* +1 or -1 along the line */
};

struct path_place path_at(const struct wall_path *path, uint32_t w, uint32_t h, uint32_t n);

#endif
