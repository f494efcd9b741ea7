/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/cli/schedule.h"

#include <string.h>

#include "scheduler/load_format.h"

static int print_format(int argc, char **argv)
{
    int r = cli_parse("qp schedule format", NULL, 0, NULL, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    load_format_write(stdout);
    return CLI_OK;
}

static const struct cli_command commands[] = {
    {"check", "FILE [--json]", "everything wrong with a schedule", cli_schedule_check},
    {"resolve", "FILE --screen ID --at T [--explain] [--json] [--facts F]",
     "what a screen shows at an instant, and why", cli_schedule_resolve},
    {"timeline", "FILE --screen ID --from T --to T [--json | --svg OUT.svg] [--facts F]",
     "the sequence of items", cli_schedule_timeline},
    {"conflicts", "FILE [--from T --to T] [--json]",
     "what can never show and who hides it; shares, goals and quotas that cannot be met",
     cli_schedule_conflicts},
    {"plan", "FILE [--from T --to T] [--json] [--facts F]",
     "planned time and plays per rule, campaign and quota", cli_schedule_plan},
    {"import", "X.ics [--playlist ID] [-o FILE]", "windows from an iCalendar file",
     cli_schedule_import},
    {"export", "FILE [-o X.ics]", "the windows of a schedule as iCalendar", cli_schedule_export},
    {"format", "", "every member that a schedule may have", print_format},
};

int cli_schedule(int argc, char **argv)
{
    return cli_dispatch("qp schedule", commands, QP_ARRAY_LEN(commands), argc, argv);
}
