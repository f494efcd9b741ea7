/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - the program qp: a table of commands, each in a file of its own. */
#ifndef CONTROLLER_CLI_CLI_H
#define CONTROLLER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "protocols/base/attr.h"

/* What the program returns to the shell. */
enum cli_exit { CLI_OK = 0, CLI_ERROR = 1, CLI_USAGE = 2 };

struct cli_command {
    const char *name, *args, *help;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns enum cli_exit */
};

/* Run the command that argv[1] names; prints the table for --help. prefix: "qp wall". */
int cli_dispatch(const char *prefix, const struct cli_command *commands, size_t n, int argc,
                 char **argv);

/* One option on the command line. */
struct cli_opt {
    const char *name, *arg, *help; /* "--refresh"; arg NULL: a flag */
    const char **value;            /* set to its argument, or to "" for a flag */
};

/* Read options and at most one operand (NULL: none is allowed) in any order. usage: one line; more
 * lines (what the command does, examples) are printed after the options of --help. Prints the help
 * and returns 1 for --help; prints what is wrong and returns -EINVAL; otherwise 0. */
QP_MUST_CHECK int cli_parse(const char *usage, const struct cli_opt *opts, size_t n,
                            const char **operand, int argc, char **argv);

/* Text from a file that anyone may have written: control characters come out as "?". */
void cli_print_clean(FILE *out, const char *text);

/* "qp: " and the message on standard error; returns CLI_ERROR. */
int cli_fail(const char *fmt, ...) QP_PRINTF(1, 2);

/* commands of qp */
int cli_wall(int argc, char **argv);
int cli_schedule(int argc, char **argv);

/* commands of qp wall */
int cli_wall_check(int argc, char **argv);
int cli_wall_draw(int argc, char **argv);
int cli_wall_new(int argc, char **argv);
int cli_wall_format(int argc, char **argv);

#endif
