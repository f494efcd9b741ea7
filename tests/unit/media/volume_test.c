/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/volume.h"

#include <stdlib.h>

#include "tests/support/t.h"

#define CHUNK 480
#define MS    1000000LL

static struct audio_frame heard[AUDIO_RATE]; /* one second */

/* A second of a constant tone in the given chunks. */
static void play(const struct audio_volume *levels, size_t chunk)
{
    struct volume v;

    volume_init(&v);
    for (size_t i = 0; i < AUDIO_RATE; i += chunk) {
        size_t n = AUDIO_RATE - i < chunk ? AUDIO_RATE - i : chunk;

        for (size_t k = 0; k < n; k++)
            heard[i + k] = (struct audio_frame){20000, -20000};
        volume_apply(&v, levels, heard + i, n, (int64_t)i * 1000000000 / AUDIO_RATE);
    }
}

static void is_steady(size_t from, size_t to, int level)
{
    for (size_t i = from; i < to; i++) {
        T_EQ(heard[i].left, level);
        T_EQ(heard[i].right, -level);
    }
}

static void is_smooth(void)
{
    for (size_t i = 1; i < AUDIO_RATE; i++)
        T_CHECK(abs(heard[i].left - heard[i - 1].left) <= 20000 / (int)AUDIO_RAMP + 1);
}

TEST(a_change_begins_on_its_sample_and_takes_50_ms)
{
    const struct audio_volume levels = {1, 0.25f, 0.5f, 250 * MS, 700 * MS};
    const size_t chunks[] = {CHUNK, 1, 7, 12000, AUDIO_RATE};

    for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
        play(&levels, chunks[i]);
        is_steady(0, 12000, 20000);
        T_CHECK(heard[12000].left < 20000);
        is_steady(12000 + AUDIO_RAMP - 1, 33600, 5000);
        T_CHECK(heard[33600 + 2].left > 5000);
        is_steady(33600 + AUDIO_RAMP - 1, AUDIO_RATE, 10000);
        is_smooth();
    }
}

TEST(never_means_never)
{
    const struct audio_volume levels = {0, 1, 0, INT64_MIN, INT64_MAX};

    play(&levels, CHUNK);
    is_steady(0, AUDIO_RATE, 20000);
}

TEST(what_begins_silent_is_silent_at_once)
{
    const struct audio_volume levels = {0, 1, 1, 500 * MS, INT64_MAX};

    play(&levels, CHUNK);
    is_steady(0, 24000, 0);
    is_steady(24000 + AUDIO_RAMP - 1, AUDIO_RATE, 20000);
    is_smooth();
}

/* A second change inside the ramp of the first goes on from where it is. */
TEST(changes_that_follow_each_other_do_not_click)
{
    const struct audio_volume levels = {1, 0, 1, 500 * MS, 510 * MS};

    play(&levels, CHUNK);
    is_steady(24480 + AUDIO_RAMP - 1, AUDIO_RATE, 20000);
    is_smooth();
}
