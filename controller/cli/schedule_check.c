/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "controller/cli/schedule.h"

#define CHECK_USAGE     "qp schedule check FILE [--json]"
#define CONFLICTS_USAGE "qp schedule conflicts FILE [--from T --to T] [--json]"
#define CHECK_HELP                                                                                 \
    "\nEverything wrong with the file, then what its rules do together in the next two weeks:\n"   \
    "what never shows, shares above 100 %, goals and quotas that cannot be met. Ends with 0 "      \
    "when\n"                                                                                       \
    "there is no error, 1 when there is one, 2 when the command line is wrong.\n"                  \
    "\nexamples:\n"                                                                                \
    "  qp schedule check mall.json\n"                                                              \
    "  qp schedule check mall.json --json"
#define CONFLICTS_HELP                                                                             \
    "\nQuotas are judged over whole hours, days, quarters or years that have a part in the "       \
    "span.\n"                                                                                      \
    "\nexamples:\n"                                                                                \
    "  qp schedule conflicts mall.json\n"                                                          \
    "  qp schedule conflicts mall.json --from 2026-10-01 --to 2026-10-07"
#define CONFLICTS_DAYS 28
#define CHECK_DAYS     14

static void print_verdict(const struct qp_report *report, const char *subject)
{
    if (report->n_errors + report->n_warnings == 0) {
        printf("No %s.\n", subject);
        return;
    }
    if (report->n_errors)
        printf("%zu error%s", report->n_errors, report->n_errors == 1 ? "" : "s");
    else
        fputs("No errors", stdout);
    printf(", %zu warning%s.\n", report->n_warnings, report->n_warnings == 1 ? "" : "s");
}

static void print_count(uint32_t n, const char *what, const char *then)
{
    printf("%u %s%s%s", n, what, n == 1 ? "" : "s", then);
}

static void print_summary(const struct model *m)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(m->json, "name");

    if (cJSON_IsString(name)) {
        cli_print_clean(stdout, name->valuestring);
        fputs(": ", stdout);
    }
    print_count(m->n_screens, "screen", ", ");
    print_count(m->n_nodes, "node", ", ");
    print_count(m->n_items, "item", ", ");
    print_count(m->n_playlists, "playlist", ", ");
    print_count(m->n_rules, "rule", ", ");
    print_count(m->n_campaigns, "campaign", ", ");
    print_count(m->n_quotas, "quota", "\n");
}

static cJSON *new_document(const struct qp_report *report)
{
    cJSON *doc = cJSON_CreateObject();

    cJSON_AddBoolToObject(doc, "ok", report->n_errors == 0);
    cJSON_AddNumberToObject(doc, "errors", (double)report->n_errors);
    cJSON_AddNumberToObject(doc, "warnings", (double)report->n_warnings);
    cli_schedule_add_findings(doc, report);
    return doc;
}

static int check_json(const struct model *m, const struct qp_report *report)
{
    cJSON *doc = new_document(report);

    if (m) {
        cJSON_AddNumberToObject(doc, "screens", m->n_screens);
        cJSON_AddNumberToObject(doc, "nodes", m->n_nodes);
        cJSON_AddNumberToObject(doc, "items", m->n_items);
        cJSON_AddNumberToObject(doc, "playlists", m->n_playlists);
        cJSON_AddNumberToObject(doc, "rules", m->n_rules);
        cJSON_AddNumberToObject(doc, "campaigns", m->n_campaigns);
        cJSON_AddNumberToObject(doc, "quotas", m->n_quotas);
    }
    return cli_schedule_print_json(doc);
}

/* What the rules do together, while there is time to change it. */
static int add_conflicts(const struct model *m, struct qp_report *report)
{
    struct schedule *s = NULL;
    const struct tz *zone = m->screens[0].zone;
    int64_t from = cli_schedule_midnight(zone, cli_schedule_now(), 0);
    struct qp_diag diag = {0};
    int err = schedule_prepare(&s, m, &diag);

    if (err == -E2BIG) {
        (void)qp_report_add(report, QP_SEVERITY_ERROR, "rules", NULL, "%s", diag.text);
        return 0;
    }
    if (err == 0)
        err = schedule_conflicts(s, from, cli_schedule_midnight(zone, from, CHECK_DAYS),
                                 CONFLICT_NEVER, report);
    schedule_destroy(s);
    return err;
}

static int check(const char *file, bool json)
{
    struct qp_report report = {0};
    struct model *m = NULL;
    int r = model_load(&m, file, &report, NULL) < 0 ? CLI_ERROR : CLI_OK;

    if (m && add_conflicts(m, &report) < 0)
        r = cli_fail("no memory");
    else if (json)
        r = check_json(m, &report) == CLI_OK ? r : CLI_ERROR;
    if (!json) {
        if (m)
            print_summary(m);
        cli_schedule_print_findings(&report);
        print_verdict(&report, "errors, no warnings");
    }
    r = report.n_errors ? CLI_ERROR : r;
    model_destroy(m);
    qp_report_finish(&report);
    return r;
}

int cli_schedule_check(int argc, char **argv)
{
    const char *file = NULL, *json = NULL;
    const struct cli_opt opts[] = {{"--json", NULL, "for programs", &json}};
    int r = cli_parse(CHECK_USAGE CHECK_HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    return check(file, json != NULL);
}

static int find_conflicts(struct cli_schedule *s, const char *from, const char *to, bool json)
{
    struct qp_report report = {0};
    char first[CLI_TIME_MAX], last[CLI_TIME_MAX];
    int64_t start, end;
    int r = cli_schedule_span(s, from, to, cli_schedule_midnight(s->zone, cli_schedule_now(), 0),
                              CONFLICTS_DAYS, 366, &start, &end);

    if (r != CLI_OK)
        return r;
    if (schedule_conflicts(s->schedule, start, end, CONFLICT_PARTLY, &report) < 0)
        return cli_fail("no memory");
    if (json) {
        cJSON *doc = new_document(&report);

        cli_schedule_add_time(doc, "from", s->zone, start);
        cli_schedule_add_time(doc, "to", s->zone, end);
        r = cli_schedule_print_json(doc);
    } else {
        printf("From %s to %s\n", cli_schedule_stamp(s->zone, start, first),
               cli_schedule_stamp(s->zone, end, last));
        cli_schedule_print_findings(&report);
        print_verdict(&report, "conflicts");
    }
    if (report.n_errors)
        r = CLI_ERROR;
    qp_report_finish(&report);
    return r;
}

int cli_schedule_conflicts(int argc, char **argv)
{
    const char *file = NULL, *json = NULL, *from = NULL, *to = NULL;
    const struct cli_opt opts[] = {
        {"--from", "T", "first instant; without it, today", &from},
        {"--to", "T", "first instant after it; without it, 28 days later", &to},
        {"--json", NULL, "for programs", &json},
    };
    struct cli_schedule s;
    int r = cli_parse(CONFLICTS_USAGE CONFLICTS_HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    r = cli_schedule_open(&s, file, NULL, NULL);
    if (r == CLI_OK)
        r = find_conflicts(&s, from, to, json != NULL);
    cli_schedule_close(&s);
    return r;
}
