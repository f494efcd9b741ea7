/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/join.h"

#include <errno.h>
#include <stdlib.h>

int join_init(struct join *j, size_t n, bool loop, int64_t f)
{
    *j = (struct join){.n = n, .loop = loop, .left = f};
    j->lengths = calloc(n ? n : 1, sizeof(*j->lengths));
    if (!j->lengths)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        j->lengths[i] = JOIN_UNKNOWN;
    return 0;
}

void join_finish(struct join *j)
{
    free(j->lengths);
    j->lengths = NULL;
}

/* The last item that can be played; n: none. */
static size_t last_playable(const struct join *j)
{
    size_t i = j->n;

    while (i > 0 && j->lengths[i - 1] == 0)
        i--;
    return i > 0 ? i - 1 : j->n;
}

static bool is_over(const struct join *j)
{
    return !j->loop && j->i == last_playable(j);
}

bool join_is_found(const struct join *j)
{
    int64_t length = j->lengths[j->i];

    return length > 0 && (j->left < length || is_over(j));
}

/* Back at the first item all lengths are known: whole rounds are left out. */
static bool skip_rounds(struct join *j)
{
    int64_t round = 0;

    for (size_t i = 0; i < j->n; i++) {
        if (j->lengths[i] > INT64_MAX - round)
            return true; /* no round ever ends */
        round += j->lengths[i];
    }
    if (round > 0)
        j->left %= round;
    return round > 0;
}

bool join_find(struct join *j)
{
    while (j->lengths[j->i] != JOIN_UNKNOWN && !join_is_found(j)) {
        j->left -= j->lengths[j->i];
        if (++j->i < j->n)
            continue;
        if (!j->loop) { /* the last ones cannot be played: the one before them stays */
            j->i = last_playable(j);
            if (j->i == j->n)
                return false;
            j->left += j->lengths[j->i];
            return true;
        }
        j->i = 0;
        if (!skip_rounds(j))
            return false;
    }
    return true;
}

void join_set(struct join *j, int64_t frames)
{
    j->lengths[j->i] = frames;
}
