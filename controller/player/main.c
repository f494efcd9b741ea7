/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/options.h"
#include "controller/player/player.h"
#include "protocols/base/clock.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
    int64_t began_ns = qp_clock_mono_ns();
    struct options options;

    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        return player_main(&options, began_ns);
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        break;
    }
    return EXIT_USAGE;
}
