/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/cli/novastar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "controller/cli/cli.h"
#include "controller/cli/novastar_status.h"
#include "protocols/base/parse.h"
#include "sender-card/novastar.h"

#define USAGE                                                                                      \
    "qp novastar HOST|/dev/tty... ACTION [OPTION]...\n"                                            \
    "\n"                                                                                           \
    "  status              the sending card, and every receiving card's firmware, brightness,\n"   \
    "                      temperature and voltage; ports 1 to 4, others with --port\n"            \
    "  brightness PERCENT  0 to 100, of full light\n"                                              \
    "  test NAME           red green blue white horizontal vertical diagonal grey ageing off\n"    \
    "  black on|off        no light at all, and back\n"                                            \
    "  freeze on|off       keep the picture that is shown now, and back\n"                         \
    "\n"                                                                                           \
    "Without --port and --card an action is for all cards; \"all\" is not acknowledged by them.\n" \
    "This controls the cards only. How NovaStar sends pixels is not public: feed such a wall\n"    \
    "over HDMI, DVI or DP from this computer's display output."

#define EXAMPLES                                                                                   \
    "\nexamples:\n"                                                                                \
    "  qp novastar 192.168.0.10 status\n"                                                          \
    "  qp novastar 192.168.0.10 brightness 40 --save\n"                                            \
    "  qp novastar /dev/ttyUSB0 test grey --port 1 --card 3\n"                                     \
    "  qp novastar /dev/ttyUSB0 --baud 1048576 black on\n"

#define MAX_OPERANDS 3
#define MAX_ARGS     64

struct command {
    const char *operands[MAX_OPERANDS]; /* address, action, its argument */
    size_t n_operands;
    const char *port, *card, *sender, *tcp_port, *baud, *timeout, *save, *json;
    struct novastar_params params;
    struct novastar_target target;
};

/* --- reading the command line -------------------------------------------------------------- */

#define N_OPTIONS 8

static void options(struct command *c, struct cli_opt opts[N_OPTIONS])
{
    const struct cli_opt all[N_OPTIONS] = {
        {"--port", "N|all", "output of the sending card, from 1", &c->port},
        {"--card", "N|all", "receiving card on that output, from 1", &c->card},
        {"--sender", "N|all", "sending card of several in a chain, from 1; 1 unless given",
         &c->sender},
        {"--save", NULL, "keep the brightness when the power goes", &c->save},
        {"--json", NULL, "write JSON", &c->json},
        {"--tcp-port", "N", "5200 unless given", &c->tcp_port},
        {"--baud", "N", "115200; MSD600 and MCTRL6xx: 1048576", &c->baud},
        {"--timeout", "MS", "how long to wait for an answer, 1000", &c->timeout},
    };

    memcpy(opts, all, sizeof(all));
}

static bool takes_value(const struct cli_opt *opts, const char *arg)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(arg, opts[i].name) == 0)
            return opts[i].arg != NULL;
    return false;
}

/* Options may stand between the operands: part them. Returns the arguments left for cli_parse(). */
static int part_operands(struct command *c, const struct cli_opt *opts, int argc, char **argv,
                         char **rest)
{
    int n = 0;

    for (int i = 0; i < argc; i++) {
        if (i > 0 && (argv[i][0] != '-' || argv[i][1] == '\0')) {
            if (c->n_operands == MAX_OPERANDS) {
                fprintf(stderr, "qp: \"%s\" is one argument too many\n", argv[i]);
                return -EINVAL;
            }
            c->operands[c->n_operands++] = argv[i];
            continue;
        }
        rest[n++] = argv[i];
        if (takes_value(opts, argv[i]) && i + 1 < argc)
            rest[n++] = argv[++i];
    }
    return n;
}

static int parse_number(const char *name, const char *text, uint32_t min, uint32_t max,
                        uint32_t *ret)
{
    if (qp_parse_u32(text, min, max, ret) == 0)
        return 0;
    fprintf(stderr, "qp: %s %s: a number from %u to %u is expected\n", name, text, min, max);
    return -EINVAL;
}

/* "all" or a number from 1; *ret counts from 0, or is all. */
static int parse_index(const char *name, const char *text, uint32_t max, uint32_t all,
                       uint32_t *ret)
{
    uint32_t v;

    if (!text || strcmp(text, "all") == 0) {
        *ret = all;
        return 0;
    }
    if (parse_number(name, text, 1, max, &v) != 0)
        return -EINVAL;
    *ret = v - 1;
    return 0;
}

static int read_target(struct command *c)
{
    uint32_t port, card, sender;

    if (parse_index("--port", c->port, NOVASTAR_ALL, NOVASTAR_ALL, &port) != 0 ||
        parse_index("--card", c->card, NOVASTAR_MAX_CHAIN, NOVASTAR_ALL_BOARDS, &card) != 0 ||
        parse_index("--sender", c->sender ? c->sender : "1", NOVASTAR_ALL, NOVASTAR_ALL, &sender) !=
            0)
        return -EINVAL;
    if (card != NOVASTAR_ALL_BOARDS && port == NOVASTAR_ALL) {
        fprintf(stderr, "qp: --card counts along one output: say which with --port\n");
        return -EINVAL;
    }
    c->target = (struct novastar_target){.sender = (uint8_t)sender,
                                         .device = NOVASTAR_RECEIVING_CARD,
                                         .port = (uint8_t)port,
                                         .board = (uint16_t)card};
    return 0;
}

static int read_params(struct command *c)
{
    uint32_t tcp_port = 0, baud = 0, timeout = 0;

    if ((c->tcp_port && parse_number("--tcp-port", c->tcp_port, 1, 65535, &tcp_port) != 0) ||
        (c->baud && parse_number("--baud", c->baud, 1200, 4000000, &baud) != 0) ||
        (c->timeout &&
         parse_number("--timeout", c->timeout, 1, NOVASTAR_MAX_TIMEOUT_MS, &timeout) != 0))
        return -EINVAL;
    c->params = (struct novastar_params){.address = c->operands[0],
                                         .tcp_port = (uint16_t)tcp_port,
                                         .baud = baud,
                                         .timeout_ms = timeout,
                                         .retries = NOVASTAR_RETRIES};
    return 0;
}

static int read_command(struct command *c, int argc, char **argv)
{
    struct cli_opt opts[N_OPTIONS];
    char *rest[MAX_ARGS];
    int n, r;

    options(c, opts);
    if (argc > MAX_ARGS) {
        fprintf(stderr, "qp: more than %d arguments\n", MAX_ARGS);
        return -EINVAL;
    }
    n = part_operands(c, opts, argc, argv, rest);
    if (n < 0)
        return n;
    r = cli_parse(USAGE, opts, N_OPTIONS, NULL, n, rest);
    if (r != 0) {
        if (r > 0)
            fputs(EXAMPLES, stdout);
        return r;
    }
    if (c->n_operands < 2) {
        fprintf(stderr, "qp: an address and an action are needed\nusage: " USAGE "\n");
        return -EINVAL;
    }
    r = read_target(c);
    return r == 0 ? read_params(c) : r;
}

/* --- actions --------------------------------------------------------------------------------- */

static int parse_switch(const char *text, int *ret)
{
    if (strcmp(text, "on") == 0)
        *ret = NOVASTAR_ON;
    else if (strcmp(text, "off") == 0)
        *ret = NOVASTAR_OFF;
    else
        return -EINVAL;
    return 0;
}

static int parse_percent(const char *text, int *ret)
{
    double percent;

    if (qp_parse_f64(text, 0, 100, &percent) != 0)
        return -EINVAL;
    *ret = (int)lround(percent * 255 / 100);
    return 0;
}

static int parse_test(const char *text, int *ret)
{
    static const struct {
        const char *name;
        enum novastar_test test;
    } tests[] = {
        {"red", NOVASTAR_TEST_RED},
        {"green", NOVASTAR_TEST_GREEN},
        {"blue", NOVASTAR_TEST_BLUE},
        {"white", NOVASTAR_TEST_WHITE},
        {"horizontal", NOVASTAR_TEST_HORIZONTAL},
        {"vertical", NOVASTAR_TEST_VERTICAL},
        {"diagonal", NOVASTAR_TEST_DIAGONAL},
        {"grey", NOVASTAR_TEST_GREY},
        {"ageing", NOVASTAR_TEST_AGEING},
        {"off", NOVASTAR_TEST_NONE},
    };

    for (size_t i = 0; i < QP_ARRAY_LEN(tests); i++)
        if (strcmp(text, tests[i].name) == 0) {
            *ret = (int)tests[i].test;
            return 0;
        }
    return -EINVAL;
}

static int set_brightness(struct novastar_client *client, const struct command *c, int value,
                          struct qp_diag *diag)
{
    int err = novastar_client_brightness(client, &c->target, (uint8_t)value, diag);

    return err == 0 && c->save ? novastar_client_save(client, &c->target, diag) : err;
}

static int set_test(struct novastar_client *client, const struct command *c, int value,
                    struct qp_diag *diag)
{
    return novastar_client_test(client, &c->target, (enum novastar_test)value, diag);
}

static int set_black(struct novastar_client *client, const struct command *c, int value,
                     struct qp_diag *diag)
{
    return novastar_client_black(client, &c->target, (enum novastar_switch)value, diag);
}

static int set_freeze(struct novastar_client *client, const struct command *c, int value,
                      struct qp_diag *diag)
{
    return novastar_client_freeze(client, &c->target, (enum novastar_switch)value, diag);
}

static const struct action {
    const char *name;
    const char *expected; /* NULL: takes no argument */
    int (*parse)(const char *text, int *ret);
    int (*run)(struct novastar_client *client, const struct command *c, int value,
               struct qp_diag *diag);
} actions[] = {
    {"status", NULL, NULL, NULL},
    {"brightness", "a percentage from 0 to 100", parse_percent, set_brightness},
    {"test", "red, green, blue, white, horizontal, vertical, diagonal, grey, ageing or off",
     parse_test, set_test},
    {"black", "on or off", parse_switch, set_black},
    {"freeze", "on or off", parse_switch, set_freeze},
};

static const struct action *find_action(const struct command *c, int *value)
{
    const struct action *a = NULL;

    for (size_t i = 0; i < QP_ARRAY_LEN(actions) && !a; i++)
        if (strcmp(c->operands[1], actions[i].name) == 0)
            a = &actions[i];
    if (!a)
        fprintf(stderr, "qp: there is no action \"%s\"\nusage: " USAGE "\n", c->operands[1]);
    else if (!a->expected && c->n_operands == 3)
        fprintf(stderr, "qp: %s takes no argument\n", a->name);
    else if (a->expected && (c->n_operands < 3 || a->parse(c->operands[2], value) != 0))
        fprintf(stderr, "qp: %s: %s is expected\n", a->name, a->expected);
    else if (c->save && a->run != set_brightness)
        fprintf(stderr, "qp: --save goes with brightness only\n");
    else
        return a;
    return NULL;
}

static void print_done(const struct command *c)
{
    bool to_all = c->target.sender == NOVASTAR_ALL || c->target.port == NOVASTAR_ALL ||
                  c->target.board == NOVASTAR_ALL_BOARDS;

    if (c->json)
        printf("{\"ok\":true,\"acknowledged\":%s}\n", to_all ? "false" : "true");
    else if (to_all)
        printf("%s %s sent to all cards%s; they do not acknowledge that\n", c->operands[1],
               c->operands[2], c->target.port == NOVASTAR_ALL ? "" : " of the port");
    else
        printf("%s %s acknowledged by card %u of port %u\n", c->operands[1], c->operands[2],
               c->target.board + 1u, c->target.port + 1u);
}

static int fail(const struct command *c, const struct qp_diag *diag)
{
    if (c->json)
        novastar_print_error(diag->text);
    return cli_fail("%s", diag->text);
}

int cli_novastar(int argc, char **argv)
{
    struct command c = {0};
    struct novastar_client *client;
    struct qp_diag diag = {""};
    const struct action *action;
    int value = 0, err = read_command(&c, argc, argv);

    if (err != 0)
        return err > 0 ? CLI_OK : CLI_USAGE;
    action = find_action(&c, &value);
    if (!action)
        return CLI_USAGE;
    err = novastar_client_open(&client, &c.params, &diag);
    if (err != 0)
        return fail(&c, &diag);
    err = action->run ? action->run(client, &c, value, &diag)
                      : novastar_status(client, c.params.address, &c.target, c.json, &diag);
    novastar_client_close(client);
    if (err != 0)
        return fail(&c, &diag);
    if (action->run)
        print_done(&c);
    return CLI_OK;
}
