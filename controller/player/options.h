/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the command line of qp-player. */
#ifndef CONTROLLER_PLAYER_OPTIONS_H
#define CONTROLLER_PLAYER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/trust.h"

enum options_command { OPTIONS_PLAY, OPTIONS_PATTERN, OPTIONS_SCHEDULE };

struct options {
    enum options_command command;
    const char *wall, *layout, *link, *stats, *state_dir, *audio, *pattern; /* borrowed from argv */
    const char *schedule, *screen, *media_dir, *log, *facts;                /* likewise */
    enum trust_mode trust;
    bool has_clock, has_trust;
    int64_t clock_ms;  /* UTC at the beginning of the run, for rehearsal */
    uint64_t frames;   /* 0: endless */
    double seconds;    /* 0: endless */
    double brightness; /* < 0: as the wall file says */
    bool loop, unpaced, quiet, check;
    char **media; /* borrowed from argv */
    int n_media;
};

/* What main() does after parsing. */
enum options_result { OPTIONS_RUN, OPTIONS_DONE /* help was asked for */, OPTIONS_USAGE };

/* Prints help to standard output, or what is wrong to standard error. */
enum options_result options_parse(struct options *ret, int argc, char **argv);

#endif
