/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/path.h"

struct path_place path_at(const struct wall_path *path, uint32_t w, uint32_t h, uint32_t n)
{
    bool from_left = path->start == WALL_TOP_LEFT || path->start == WALL_BOTTOM_LEFT;
    bool from_top = path->start == WALL_TOP_LEFT || path->start == WALL_TOP_RIGHT;
    uint32_t len = path->columns ? h : w, lines = path->columns ? w : h;
    uint32_t line = n / len, pos = n % len;
    bool back = path->snake && line % 2 == 1;
    bool forward = (path->columns ? from_top : from_left) != back;
    uint32_t across = (path->columns ? from_left : from_top) ? line : lines - 1 - line;
    uint32_t along = forward ? pos : len - 1 - pos;

    return (struct path_place){
        .x = path->columns ? across : along,
        .y = path->columns ? along : across,
        .left = len - pos,
        .step = forward ? 1 : -1,
    };
}
