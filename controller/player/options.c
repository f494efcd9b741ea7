/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "controller/player/render/pattern.h"
#include "protocols/base/parse.h"
#include "protocols/base/version.h"
#include "scheduler/load_time.h"

#define LONGEST_RUN_S 1e9
#define CLOCK_MIN_MS  INT64_C(946684800000)  /* 2000 */
#define CLOCK_MAX_MS  INT64_C(7258118400000) /* 2200 */

static const char general_help[] =
    "qp-player - plays media on an LED wall\n"
    "\n"
    "  qp-player play    --wall W.json [options] MEDIA...   files, one after the other\n"
    "  qp-player run     --wall W.json --schedule S.json --screen ID --media DIR [options]\n"
    "                                                       a schedule, by the clock\n"
    "  qp-player pattern --wall W.json --name NAME          test pictures for installers\n"
    "  qp-player COMMAND --help                             the options of a command\n"
    "  qp-player --version\n"
    "\n"
    "Examples\n"
    "  qp-player play --wall wall.json --loop clip.mp4 poster.png\n"
    "  qp-player run --wall wall.json --schedule mall.json --screen atrium --media media\n"
    "  qp-player pattern --wall wall.json --name cabinets\n";

static const char common_help[] =
    "  --wall FILE         the wall (docs/wall-format.md); `qp wall new` writes one\n"
    "  --frames N          end after N frames\n"
    "  --seconds S         end after S seconds\n"
    "  --link LINK         as-configured   the links of the wall file (default)\n"
    "                      pcap:FILE       a capture file instead of the network\n"
    "                      local:SOCKET    a virtual wall: qp-wall --listen local:SOCKET\n"
    "  --brightness PCT    0..100 % of peak light instead of the wall file's\n"
    "  --unpaced           as fast as possible instead of in real time, for captures and tests\n"
    "  --state-dir DIR     keeps sequence numbers over restarts (sACN)\n"
    "  --stats FILE        write counters as JSON when ending\n"
    "  --check             read and check everything, send nothing\n"
    "  --quiet             no progress line\n";

static void play_help(void)
{
    printf("qp-player play --wall W.json [options] MEDIA...\n"
           "\n"
           "Plays videos and pictures without a black frame between them. A file that cannot be\n"
           "played is skipped with the reason. A folder stands for the files in it, by name.\n"
           "\n"
           "%s"
           "  --layout FILE       zones, text, tickers, clocks (docs/layout-format.md)\n"
           "  --loop              begin the playlist again\n"
           "  --audio DEVICE      ALSA device for sound, e.g. default; without it no sound\n"
           "\n"
           "Examples\n"
           "  qp-player play --wall wall.json --loop clip.mp4 poster.png\n"
           "  qp-player play --wall wall.json --layout news.json --audio default a.mp4 b.mp4\n"
           "  qp-player play --wall wall.json --link pcap:out.pcapng --seconds 5 clip.mp4\n",
           common_help);
}

static void run_help(void)
{
    printf(
        "qp-player run --wall W.json --schedule S.json --screen ID --media DIR [options]\n"
        "\n"
        "Plays what the schedule says for this screen, by the clock, and joins in progress.\n"
        "SIGHUP reads schedule and facts again; what has errors changes nothing.\n"
        "\n"
        "  --schedule FILE     the schedule (docs/schedule-format.md); `qp schedule check`\n"
        "  --screen ID         which of its screens this is\n"
        "  --media DIR         the folder that holds the items' files\n"
        "  --log FILE          append what was really shown, a JSON object a line\n"
        "                      (docs/playing-schedules.md); what was delivered is counted from it\n"
        "  --facts FILE        alerts, takeovers, counts of other screens\n"
        "                      (docs/schedule-format.md); read again when it changes\n"
        "  --clock-trust MODE  when the kernel says that the clock is not synchronised, hold what\n"
        "                      was resolved last\n"
        "                      auto            if the time cannot be right either (default)\n"
        "                      kernel          whenever it says so\n"
        "                      always          not at all: the clock is always trusted\n"
        "  --clock INSTANT     rehearse: begin as if it were now this instant\n"
        "  --audio DEVICE      ALSA device for sound, e.g. default; without it no sound\n"
        "%s"
        "\n"
        "Examples\n"
        "  qp-player run --wall wall.json --schedule mall.json --screen atrium --media media\n"
        "  qp-player run --wall wall.json --schedule mall.json --screen atrium --media media \\\n"
        "      --clock 2026-07-17T08:59:50+08:00 --log shown.jsonl\n"
        "  qp-player run --wall wall.json --schedule mall.json --screen atrium --media media \\\n"
        "      --log /var/lib/qianping/shown.jsonl --facts /run/qianping/facts.json\n",
        common_help);
}

static void pattern_usage(void)
{
    printf("qp-player pattern --wall W.json --name NAME [options]\n\n%s\nNames\n", common_help);
    for (unsigned i = 0; i < PATTERN_N; i++)
        printf("  %-10s  %s\n", pattern_names[i], pattern_help[i]);
    printf("\nExample\n  qp-player pattern --wall wall.json --name cabinets --seconds 600\n");
}

enum {
    OPT_WALL = 256,
    OPT_LAYOUT,
    OPT_FRAMES,
    OPT_SECONDS,
    OPT_LOOP,
    OPT_LINK,
    OPT_STATS,
    OPT_AUDIO,
    OPT_NAME,
    OPT_SCHEDULE,
    OPT_SCREEN,
    OPT_MEDIA,
    OPT_LOG,
    OPT_CLOCK,
    OPT_FACTS,
    OPT_CLOCK_TRUST,
    OPT_UNPACED,
    OPT_STATE_DIR,
    OPT_BRIGHTNESS,
    OPT_CHECK,
    OPT_QUIET,
    OPT_HELP
};

static const struct option long_options[] = {
    {"wall", required_argument, NULL, OPT_WALL},
    {"layout", required_argument, NULL, OPT_LAYOUT},
    {"frames", required_argument, NULL, OPT_FRAMES},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"loop", no_argument, NULL, OPT_LOOP},
    {"link", required_argument, NULL, OPT_LINK},
    {"stats", required_argument, NULL, OPT_STATS},
    {"audio", required_argument, NULL, OPT_AUDIO},
    {"name", required_argument, NULL, OPT_NAME},
    {"schedule", required_argument, NULL, OPT_SCHEDULE},
    {"screen", required_argument, NULL, OPT_SCREEN},
    {"media", required_argument, NULL, OPT_MEDIA},
    {"log", required_argument, NULL, OPT_LOG},
    {"clock", required_argument, NULL, OPT_CLOCK},
    {"facts", required_argument, NULL, OPT_FACTS},
    {"clock-trust", required_argument, NULL, OPT_CLOCK_TRUST},
    {"unpaced", no_argument, NULL, OPT_UNPACED},
    {"state-dir", required_argument, NULL, OPT_STATE_DIR},
    {"brightness", required_argument, NULL, OPT_BRIGHTNESS},
    {"check", no_argument, NULL, OPT_CHECK},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static enum options_result usage(const char *text, const char *value)
{
    fprintf(stderr, "qp-player: %s%s%s; see qp-player --help\n", text, value ? " " : "",
            value ? value : "");
    return OPTIONS_USAGE;
}

/* Options with a plain string. */
static const char **string_option(struct options *o, int opt)
{
    switch (opt) {
    case OPT_WALL:
        return &o->wall;
    case OPT_LAYOUT:
        return &o->layout;
    case OPT_LINK:
        return &o->link;
    case OPT_STATS:
        return &o->stats;
    case OPT_AUDIO:
        return &o->audio;
    case OPT_NAME:
        return &o->pattern;
    case OPT_STATE_DIR:
        return &o->state_dir;
    case OPT_SCHEDULE:
        return &o->schedule;
    case OPT_SCREEN:
        return &o->screen;
    case OPT_MEDIA:
        return &o->media_dir;
    case OPT_LOG:
        return &o->log;
    case OPT_FACTS:
        return &o->facts;
    default:
        return NULL;
    }
}

static bool *flag_option(struct options *o, int opt)
{
    switch (opt) {
    case OPT_LOOP:
        return &o->loop;
    case OPT_UNPACED:
        return &o->unpaced;
    case OPT_CHECK:
        return &o->check;
    case OPT_QUIET:
        return &o->quiet;
    default:
        return NULL;
    }
}

static enum options_result clock_option(struct options *o, const char *value)
{
    const char *wrong = load_instant(value, NULL, false, &o->clock_ms);

    if (wrong || o->clock_ms < CLOCK_MIN_MS || o->clock_ms >= CLOCK_MAX_MS)
        return usage("--clock takes an instant of the years 2000 to 2199, for example "
                     "2026-07-17T08:59:50Z or 2026-07-17T16:59:50+08:00, not",
                     value);
    o->has_clock = true;
    return OPTIONS_RUN;
}

static enum options_result trust_option(struct options *o, const char *value)
{
    for (int i = 0; i < TRUST_N; i++) {
        if (strcmp(value, trust_names[i]) == 0) {
            o->trust = (enum trust_mode)i;
            o->has_trust = true;
            return OPTIONS_RUN;
        }
    }
    return usage("--clock-trust takes auto, kernel or always, not", value);
}

static enum options_result number_option(struct options *o, int opt, const char *value)
{
    int64_t frames;

    if (opt == OPT_CLOCK)
        return clock_option(o, value);
    if (opt == OPT_CLOCK_TRUST)
        return trust_option(o, value);
    if (opt == OPT_FRAMES) {
        if (qp_parse_i64(value, 1, INT64_MAX, &frames) < 0)
            return usage("--frames takes a whole number from 1 on, not", value);
        o->frames = (uint64_t)frames;
    } else if (opt == OPT_SECONDS) {
        if (qp_parse_f64(value, 0.001, LONGEST_RUN_S, &o->seconds) < 0)
            return usage("--seconds takes a number above 0, not", value);
    } else if (qp_parse_f64(value, 0, 100, &o->brightness) < 0) {
        return usage("--brightness takes per cent from 0 to 100, not", value);
    }
    return OPTIONS_RUN;
}

static enum options_result take_options(struct options *o, int argc, char **argv)
{
    int opt;

    optind = 1;
    opterr = 0; /* the sentence is ours */
    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        const char **string = string_option(o, opt);
        bool *flag = flag_option(o, opt);

        if (opt == OPT_HELP) {
            if (o->command == OPTIONS_PLAY)
                play_help();
            else if (o->command == OPTIONS_SCHEDULE)
                run_help();
            else
                pattern_usage();
            return OPTIONS_DONE;
        }
        if (opt == '?')
            return usage("unknown option, or its value is missing:", argv[optind - 1]);
        if (string)
            *string = optarg;
        else if (flag)
            *flag = true;
        else if (number_option(o, opt, optarg) != OPTIONS_RUN)
            return OPTIONS_USAGE;
    }
    o->media = argv + optind;
    o->n_media = argc - optind;
    return OPTIONS_RUN;
}

static enum options_result check_schedule(const struct options *o)
{
    if (!o->schedule)
        return usage("--schedule is missing", NULL);
    if (!o->screen)
        return usage("--screen is missing", NULL);
    if (!o->media_dir)
        return usage("--media is missing", NULL);
    if (o->n_media || o->layout || o->loop || o->pattern)
        return usage("run takes no media files, --layout, --loop or --name: the schedule says what "
                     "plays",
                     NULL);
    return OPTIONS_RUN;
}

static enum options_result check_together(const struct options *o)
{
    if (!o->wall)
        return usage("--wall is missing", NULL);
    if (o->command == OPTIONS_SCHEDULE)
        return check_schedule(o);
    if (o->schedule || o->screen || o->media_dir || o->log || o->facts || o->has_clock ||
        o->has_trust)
        return usage("--schedule, --screen, --media, --log, --facts, --clock and --clock-trust "
                     "belong to qp-player run",
                     NULL);
    if (o->command == OPTIONS_PATTERN) {
        if (!o->pattern)
            return usage("--name is missing", NULL);
        if (o->n_media || o->layout || o->audio || o->loop)
            return usage("pattern takes no media, --layout, --audio or --loop", NULL);
    } else {
        if (o->pattern)
            return usage("--name belongs to qp-player pattern", NULL);
        if (o->n_media == 0 && !o->layout)
            return usage("name at least one media file or a --layout", NULL);
    }
    return OPTIONS_RUN;
}

static enum options_result general_option(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        fputs(general_help, stdout);
        return OPTIONS_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        puts("qp-player " QP_VERSION);
        return OPTIONS_DONE;
    }
    return usage("unknown command", word);
}

enum options_result options_parse(struct options *ret, int argc, char **argv)
{
    enum options_result r;

    *ret = (struct options){.brightness = -1};
    if (argc < 2) {
        fputs(general_help, stderr);
        return OPTIONS_USAGE;
    }
    if (strcmp(argv[1], "play") == 0)
        ret->command = OPTIONS_PLAY;
    else if (strcmp(argv[1], "run") == 0)
        ret->command = OPTIONS_SCHEDULE;
    else if (strcmp(argv[1], "pattern") == 0)
        ret->command = OPTIONS_PATTERN;
    else
        return general_option(argv[1]);
    r = take_options(ret, argc - 1, argv + 1);
    return r == OPTIONS_RUN ? check_together(ret) : r;
}
