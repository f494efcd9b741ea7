/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "controller/cli/cli.h"
#include "protocols/wall/wall.h"

static const struct cli_command commands[] = {
    {"check", "FILE [--json]", "everything wrong or doubtful, and what each port carries",
     cli_wall_check},
    {"draw", "FILE -o OUT.svg|OUT.png", "a drawing to wire from", cli_wall_draw},
    {"new", "--cols C --rows R --type T --driver D [-o FILE]", "write a wall file", cli_wall_new},
    {"format", "", "every member that a wall file may have", cli_wall_format},
};

int cli_wall(int argc, char **argv)
{
    return cli_dispatch("qp wall", commands, QP_ARRAY_LEN(commands), argc, argv);
}

int cli_wall_format(int argc, char **argv)
{
    int r = cli_parse("qp wall format\nPrints where, name, type, default and meaning, a line each.",
                      NULL, 0, NULL, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    wall_format_write(stdout);
    return CLI_OK;
}
