/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "controller/cli/cli.h"
#include "controller/cli/novastar.h"
#include "protocols/base/version.h"

static const struct cli_command commands[] = {
    {"wall", "check|draw|new|format ...", "describe, check and draw LED walls", cli_wall},
    {"schedule", "check|resolve|timeline|conflicts|plan|import|export|format ...",
     "what plays when, on every screen, and why", cli_schedule},
    {"novastar", "HOST|/dev/tty... status|brightness|test|black|freeze ...",
     "control and monitor NovaStar cards (their picture comes over HDMI)", cli_novastar},
};

void cli_print_clean(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++)
        fputc((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p, out);
}

int cli_fail(const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fputs("qp: ", stderr);
    cli_print_clean(stderr, text);
    fputc('\n', stderr);
    return CLI_ERROR;
}

static void print_commands(FILE *out, const char *prefix, const struct cli_command *table, size_t n)
{
    fprintf(out, "usage: %s COMMAND ...\n\n", prefix);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  %s %s%s%s\n      %s\n", prefix, table[i].name, *table[i].args ? " " : "",
                table[i].args, table[i].help);
    fprintf(out, "\nEvery command explains itself: %s COMMAND --help\n", prefix);
}

static bool is_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0 || strcmp(arg, "help") == 0;
}

int cli_dispatch(const char *prefix, const struct cli_command *table, size_t n, int argc,
                 char **argv)
{
    if (argc < 2) {
        print_commands(stderr, prefix, table, n);
        return CLI_USAGE;
    }
    if (is_help(argv[1])) {
        print_commands(stdout, prefix, table, n);
        return CLI_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(argv[1], table[i].name) == 0)
            return table[i].run(argc - 1, argv + 1);
    fprintf(stderr, "%s: there is no command \"%s\"\n\n", prefix, argv[1]);
    print_commands(stderr, prefix, table, n);
    return CLI_USAGE;
}

/* The first line of a usage text; what follows is for --help only. */
static int usage_len(const char *usage)
{
    return (int)strcspn(usage, "\n");
}

static void print_help(const char *usage, const struct cli_opt *opts, size_t n)
{
    int len = usage_len(usage);

    printf("usage: %.*s\n%s", len, usage, n ? "\n" : "");
    for (size_t i = 0; i < n; i++) {
        int width = printf("  %s%s%s", opts[i].name, opts[i].arg ? " " : "",
                           opts[i].arg ? opts[i].arg : "");

        printf("%*s%s\n", width < 26 ? 26 - width : 1, "", opts[i].help);
    }
    if (usage[len])
        printf("\n%s\n", usage + len + 1);
}

static int take_option(const char *usage, const struct cli_opt *opts, size_t n, int argc,
                       char **argv, int *i)
{
    for (size_t k = 0; k < n; k++) {
        size_t len = strlen(opts[k].name);

        if (strncmp(argv[*i], opts[k].name, len) != 0)
            continue;
        if (opts[k].arg && argv[*i][len] == '=') {
            *opts[k].value = argv[*i] + len + 1;
            return 0;
        }
        if (argv[*i][len] != '\0')
            continue;
        if (!opts[k].arg) {
            *opts[k].value = "";
            return 0;
        }
        if (*i + 1 == argc) {
            fprintf(stderr, "qp: %s needs %s\nusage: %.*s\n", opts[k].name, opts[k].arg,
                    usage_len(usage), usage);
            return -EINVAL;
        }
        *opts[k].value = argv[++*i];
        return 0;
    }
    fprintf(stderr, "qp: there is no option %s\nusage: %.*s\n", argv[*i], usage_len(usage), usage);
    return -EINVAL;
}

int cli_parse(const char *usage, const struct cli_opt *opts, size_t n, const char **operand,
              int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(usage, opts, n);
            return 1;
        }
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            int err = take_option(usage, opts, n, argc, argv, &i);

            if (err < 0)
                return err;
            continue;
        }
        if (!operand || *operand) {
            fprintf(stderr, "qp: \"%s\" is one argument too many\nusage: %.*s\n", argv[i],
                    usage_len(usage), usage);
            return -EINVAL;
        }
        *operand = argv[i];
    }
    if (operand && !*operand) {
        fprintf(stderr, "qp: a file is missing\nusage: %.*s\n", usage_len(usage), usage);
        return -EINVAL;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("qp " QP_VERSION);
        return CLI_OK;
    }
    return cli_dispatch("qp", commands, QP_ARRAY_LEN(commands), argc, argv);
}
