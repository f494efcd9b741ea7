/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/background.h"

#include <string.h>
#include <unistd.h>

#include "tests/support/t.h"

static struct background bg;
static atomic_ullong frames;
static struct sacn_state state;

static void make(void)
{
    bg.wake_fd = -1;
    bg.frames = &frames;
    bg.state = &state;
    T_EQ(background_init(&bg, NULL), 0);
}

/* What woke the thread to end it must not wake the next one for ever. */
TEST(starts_again_without_spinning)
{
    struct pollfd wake;

    make();
    for (int i = 0; i < 3; i++) {
        T_EQ(background_start(&bg, NULL), 0);
        wake = (struct pollfd){.fd = bg.wake_fd, .events = POLLIN};
        T_EQ(poll(&wake, 1, 0), 0);
        background_stop(&bg);
    }
    background_finish(&bg);
}
