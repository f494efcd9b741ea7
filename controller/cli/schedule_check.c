/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "controller/cli/schedule.h"

#define CHECK_USAGE "qp schedule check FILE [--json]"

static void print_verdict(const struct qp_report *report, const char *subject)
{
    if (report->n_errors + report->n_warnings == 0) {
        printf("No %s.\n", subject);
        return;
    }
    printf("%zu error%s, %zu warning%s.\n", report->n_errors, report->n_errors == 1 ? "" : "s",
           report->n_warnings, report->n_warnings == 1 ? "" : "s");
}

static void print_summary(const struct model *m)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(m->json, "name");

    if (cJSON_IsString(name)) {
        cli_print_clean(stdout, name->valuestring);
        fputs(": ", stdout);
    }
    printf("%u screens, %u nodes, %u items, %u playlists, %u rules, %u campaigns, %u quotas\n",
           m->n_screens, m->n_nodes, m->n_items, m->n_playlists, m->n_rules, m->n_campaigns,
           m->n_quotas);
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

int cli_schedule_check(int argc, char **argv)
{
    const char *file = NULL, *json = NULL;
    const struct cli_opt opts[] = {{"--json", NULL, "for programs", &json}};
    struct qp_report report = {0};
    struct model *m = NULL;
    int r = cli_parse(CHECK_USAGE, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    r = model_load(&m, file, &report, NULL) < 0 ? CLI_ERROR : CLI_OK;
    if (json) {
        if (check_json(m, &report) != CLI_OK)
            r = CLI_ERROR;
    } else {
        if (m)
            print_summary(m);
        cli_schedule_print_findings(&report);
        print_verdict(&report, "errors, no warnings");
    }
    model_destroy(m);
    qp_report_finish(&report);
    return r;
}
