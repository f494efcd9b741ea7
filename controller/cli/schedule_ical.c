/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "controller/cli/schedule.h"
#include "protocols/base/file.h"
#include "scheduler/ical.h"
#include "scheduler/load_write.h"

#define IMPORT_USAGE "qp schedule import X.ics [--playlist ID] [-o FILE]"
#define IMPORT_HELP                                                                                \
    "\nWrites the rules of a schedule, one for each event. What is not understood is refused by\n" \
    "name: nothing is dropped.\n"                                                                  \
    "\nexamples:\n"                                                                                \
    "  qp schedule import opening.ics --playlist loop -o rules.json"
#define EXPORT_HELP                                                                                \
    "\nexamples:\n"                                                                                \
    "  qp schedule export mall.json -o mall.ics"
#define EXPORT_USAGE "qp schedule export FILE [-o X.ics]"

/* To the file, or to standard output. */
static int put(const char *out, const char *text)
{
    struct qp_diag diag = {""};

    if (!out) {
        fputs(text, stdout);
        return CLI_OK;
    }
    if (qp_file_replace(out, text, strlen(text), &diag) < 0)
        return cli_fail("%s", diag.text);
    return CLI_OK;
}

static void print_findings(const struct qp_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];
        const char *word = f->severity == QP_SEVERITY_ERROR ? "" : "warning: ";

        cli_fail("%s%s%s%s%s%s", word, f->path, f->path[0] ? ": " : "", f->text,
                 f->remedy[0] ? " - " : "", f->remedy);
    }
}

/* --- import ---------------------------------------------------------------------------------- */

static const char *zone_name(const struct ical *ical, const struct tz *zone)
{
    for (uint32_t i = 0; i < ical->n_zones; i++)
        if (ical->zones[i] == zone)
            return ical->zone_names[i];
    return NULL;
}

static cJSON *make_rules(const struct ical *ical, const char *playlist)
{
    cJSON *doc = cJSON_CreateObject(), *rules = cJSON_AddArrayToObject(doc, "rules");

    for (uint32_t i = 0; i < ical->n_events; i++) {
        const struct ical_event *e = &ical->events[i];
        cJSON *rule = cJSON_CreateObject();

        cJSON_AddStringToObject(rule, "id", e->uid);
        if (e->summary[0])
            cJSON_AddStringToObject(rule, "comment", e->summary);
        if (playlist)
            cJSON_AddStringToObject(rule, "playlist", playlist);
        cJSON_AddItemToObject(rule, "window",
                              load_write_window(&e->window, zone_name(ical, e->window.zone)));
        cJSON_AddItemToArray(rules, rule);
    }
    return doc;
}

static int write_rules(const struct ical *ical, const char *playlist, const char *out)
{
    cJSON *doc = make_rules(ical, playlist);
    char *json = cJSON_Print(doc), *text = NULL;
    int r;

    cJSON_Delete(doc);
    if (!json || asprintf(&text, "%s\n", json) < 0)
        r = cli_fail("no memory");
    else
        r = put(out, text);
    cJSON_free(json);
    free(text);
    return r;
}

static int read_events(const char *file, const char *playlist, const char *out)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    struct ical *ical = NULL;
    char *text;
    size_t len;
    int r = CLI_ERROR;

    if (qp_file_read(file, ICAL_MAX_BYTES, &text, &len, &diag) < 0)
        return cli_fail("%s", diag.text);
    if (ical_parse(&ical, text, len, &report, &diag) < 0 && report.n == 0)
        cli_fail("%s: %s", file, diag.text);
    print_findings(&report);
    if (ical)
        r = write_rules(ical, playlist, out);
    ical_destroy(ical);
    qp_report_finish(&report);
    free(text);
    return r;
}

int cli_schedule_import(int argc, char **argv)
{
    const char *file = NULL, *playlist = NULL, *out = NULL;
    const struct cli_opt opts[] = {
        {"--playlist", "ID", "what the rules play", &playlist},
        {"-o", "FILE", "write there, not to standard output", &out},
    };
    int r = cli_parse(IMPORT_USAGE IMPORT_HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    return read_events(file, playlist, out);
}

/* --- export ---------------------------------------------------------------------------------- */

static int write_events(const struct model *m, const char *out)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    char *text = NULL;
    int r = CLI_ERROR;

    if (ical_format_model(&text, m, cli_schedule_now(), &report, &diag) < 0 && report.n == 0)
        cli_fail("%s", diag.text);
    print_findings(&report);
    if (text)
        r = put(out, text);
    free(text);
    qp_report_finish(&report);
    return r;
}

int cli_schedule_export(int argc, char **argv)
{
    const char *file = NULL, *out = NULL;
    const struct cli_opt opts[] = {{"-o", "FILE", "write there, not to standard output", &out}};
    struct qp_diag diag = {""};
    struct model *m;
    int r = cli_parse(EXPORT_USAGE EXPORT_HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    if (model_load(&m, file, NULL, &diag) < 0)
        return cli_fail("%s", diag.text);
    r = write_events(m, out);
    model_destroy(m);
    return r;
}
