/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h - what the files of `qp schedule` share. */
#ifndef CONTROLLER_CLI_SCHEDULE_H
#define CONTROLLER_CLI_SCHEDULE_H

#include "controller/cli/cli.h"
#include "scheduler/load_facts.h"
#include "scheduler/schedule.h"

int cli_schedule_check(int argc, char **argv);
int cli_schedule_resolve(int argc, char **argv);
int cli_schedule_timeline(int argc, char **argv);
int cli_schedule_conflicts(int argc, char **argv);
int cli_schedule_plan(int argc, char **argv);
int cli_schedule_import(int argc, char **argv);
int cli_schedule_export(int argc, char **argv);

/* A schedule ready to be asked, with what was said on the command line. */
struct cli_schedule {
    struct model *model;
    struct schedule *schedule;
    struct load_facts facts;
    uint32_t screen;       /* or NONE */
    const struct tz *zone; /* of the screen, or of the first one */
};

/* Load FILE, the facts (NULL: none) and find the screen (NULL: none wanted). Prints what is wrong.
 * Returns an enum cli_exit; cli_schedule_close() also after an error. */
int cli_schedule_open(struct cli_schedule *ret, const char *file, const char *facts,
                      const char *screen);
void cli_schedule_close(struct cli_schedule *s);

/* An instant of the command line: RFC 3339, or local time of s->zone. NULL gets fallback. Returns
 * CLI_OK, or CLI_USAGE with a message. */
int cli_schedule_instant(const struct cli_schedule *s, const char *option, const char *text,
                         bool is_end, int64_t fallback, int64_t *ret_ms);
/* --from and --to: a pair that is not empty and at most max_days long. */
int cli_schedule_span(const struct cli_schedule *s, const char *from, const char *to,
                      int64_t default_from, int64_t default_days, int64_t max_days,
                      int64_t *ret_from, int64_t *ret_to);
int64_t cli_schedule_now(void); /* UTC ms */
int64_t cli_schedule_midnight(const struct tz *zone, int64_t at_ms, int days_later);

/* "2026-07-17 23:00:00 +08:00"; FOREVER_MS: "never". Returns buf. */
#define CLI_TIME_MAX 48
const char *cli_schedule_stamp(const struct tz *zone, int64_t ms, char buf[CLI_TIME_MAX]);
/* "23:00", "23:00:15", with the date in front when it is another day than `near`. */
const char *cli_schedule_clock(const struct tz *zone, int64_t ms, int64_t near,
                               char buf[CLI_TIME_MAX]);
/* RFC 3339 in the zone, as a JSON member; null for FOREVER_MS. */
void cli_schedule_add_time(cJSON *to, const char *name, const struct tz *zone, int64_t ms);
/* "2:05:30" */
const char *cli_schedule_length(int64_t ms, char buf[CLI_TIME_MAX]);

const char *cli_schedule_layer(enum schedule_layer layer);
/* "group Mall", "screen s1": the most specific target of the rule that means the screen. */
const char *cli_schedule_target(const struct model *m, const struct rule *r, uint32_t screen,
                                char *buf, size_t cap);
const char *cli_schedule_item(const struct model *m, uint32_t item); /* its id; "nothing" */

/* printf without control characters: ids are from a file that anyone may have written. */
void cli_schedule_say(const char *fmt, ...) QP_PRINTF(1, 2);
void cli_schedule_print_findings(const struct qp_report *report);
void cli_schedule_add_findings(cJSON *doc, const struct qp_report *report);
/* Prints and deletes. Returns an enum cli_exit. */
int cli_schedule_print_json(cJSON *doc);

/* schedule_svg.c: the stretches of [from, to) as strips of days. */
struct cli_stretches {
    struct stretch *items; /* n of them, ascending */
    size_t n, cap;
    bool failed; /* memory ran out */
};
int cli_schedule_draw(const struct cli_schedule *s, const struct cli_stretches *all, int64_t from,
                      int64_t to, const char *out);

#endif
