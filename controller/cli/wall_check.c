/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controller/cli/cli.h"
#include "protocols/wall/wall.h"
#include "sender-card/sender.h"

#define USAGE                                                                                      \
    "qp wall check FILE [--json]\n"                                                                \
    "Lists every mistake with its place in the file and its remedy, and what each port carries:\n" \
    "pixels, packets and Mbit/s at the wall's refresh, and the share of what its link can take.\n" \
    "Exit status: 0 the wall can be played (warnings are doubts), 1 it has errors.\n"              \
    "\nexamples:\n"                                                                                \
    "  qp wall check wall.json\n"                                                                  \
    "  qp wall check wall.json --json"
#define BAR_CELLS 20

struct result {
    struct wall *wall; /* NULL: it has errors */
    struct sender_load *loads;
    struct qp_report report;
};

static void print_findings(const struct qp_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];

        fputs(f->severity == QP_SEVERITY_ERROR ? "error: " : "warning: ", stdout);
        cli_print_clean(stdout, f->path);
        fputs(f->path[0] ? ": " : "", stdout);
        cli_print_clean(stdout, f->text);
        if (f->remedy && f->remedy[0]) {
            fputs("\n    ", stdout);
            cli_print_clean(stdout, f->remedy);
        }
        fputc('\n', stdout);
    }
    if (report->n < report->n_errors + report->n_warnings)
        printf("... and %zu more\n", report->n_errors + report->n_warnings - report->n);
}

/* Eighths of a cell, so that small loads can be told apart. */
static void print_bar(double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double part = share < 0 || isnan(share) ? 0 : share > 1 ? 1 : share;
    unsigned units = (unsigned)lrint(part * BAR_CELLS * 8);
    unsigned cells = units / 8 + (units % 8 != 0);

    for (unsigned i = 0; i < units / 8; i++)
        fputs("█", stdout);
    fputs(eighths[units % 8], stdout);
    for (unsigned i = cells; i < BAR_CELLS; i++)
        fputs("░", stdout);
}

static int widest_id(const struct wall *w)
{
    size_t widest = 4;

    for (uint32_t i = 0; i < w->n_outputs; i++)
        if (strlen(w->outputs[i].id) > widest)
            widest = strlen(w->outputs[i].id);
    return (int)widest;
}

static void print_ports(const struct result *r)
{
    const struct wall *w = r->wall;
    int id = widest_id(w);

    cli_print_clean(stdout, w->name);
    printf("%s%u x %u pixels, %.6g frames a second, %u cabinets, %" PRIu64 " LEDs\n\n",
           w->name[0] ? ": " : "", w->canvas_w, w->canvas_h, qp_rational_f64(w->rate),
           w->n_cabinets, w->n_leds);
    printf("%-*s  %-14s %8s %10s %8s %9s %9s  %s\n", id, "port", "driver", "cabinets", "pixels",
           "packets", "Mbit/s", "of", "share");
    for (uint32_t i = 0; i < w->n_outputs; i++) {
        const struct wall_output *o = &w->outputs[i];
        const struct sender_load *l = &r->loads[i];

        cli_print_clean(stdout, o->id);
        printf("%*s  %-14s %8u %10" PRIu64 " %8" PRIu64 " %9.1f %9.1f  ", id - (int)strlen(o->id),
               "", o->driver, o->n_chain, l->pixels, l->packets, l->mbps, l->capacity_mbps);
        print_bar(l->share);
        printf(" %5.1f %%%s\n", l->share * 100, l->share > 1 ? "  OVERLOAD" : "");
    }
    putchar('\n');
}

static void add_string(cJSON *to, const char *name, const char *text)
{
    cJSON_AddStringToObject(to, name, text ? text : "");
}

static void add_ports(cJSON *doc, const struct result *r)
{
    cJSON *ports = cJSON_AddArrayToObject(doc, "ports");

    for (uint32_t i = 0; r->wall && i < r->wall->n_outputs; i++) {
        const struct wall_output *o = &r->wall->outputs[i];
        const struct sender_load *l = &r->loads[i];
        cJSON *port = cJSON_CreateObject();

        add_string(port, "id", o->id);
        add_string(port, "driver", o->driver);
        cJSON_AddNumberToObject(port, "cabinets", o->n_chain);
        cJSON_AddNumberToObject(port, "leds", (double)o->n_leds);
        cJSON_AddNumberToObject(port, "pixels", (double)l->pixels);
        cJSON_AddNumberToObject(port, "packets", (double)l->packets);
        cJSON_AddNumberToObject(port, "wire_bytes", (double)l->wire_bytes);
        cJSON_AddNumberToObject(port, "mbps", l->mbps);
        cJSON_AddNumberToObject(port, "capacity_mbps", l->capacity_mbps);
        cJSON_AddNumberToObject(port, "share", l->share);
        cJSON_AddItemToArray(ports, port);
    }
}

static void add_findings(cJSON *doc, const struct qp_report *report)
{
    cJSON *findings = cJSON_AddArrayToObject(doc, "findings");

    for (size_t i = 0; i < report->n; i++) {
        cJSON *f = cJSON_CreateObject();

        add_string(f, "severity",
                   report->items[i].severity == QP_SEVERITY_ERROR ? "error" : "warning");
        add_string(f, "path", report->items[i].path);
        add_string(f, "text", report->items[i].text);
        add_string(f, "remedy", report->items[i].remedy);
        cJSON_AddItemToArray(findings, f);
    }
}

static int print_json(const struct result *r)
{
    cJSON *doc = cJSON_CreateObject();
    char *text;

    cJSON_AddBoolToObject(doc, "ok", r->report.n_errors == 0);
    cJSON_AddNumberToObject(doc, "errors", (double)r->report.n_errors);
    cJSON_AddNumberToObject(doc, "warnings", (double)r->report.n_warnings);
    if (r->wall) {
        cJSON *canvas = cJSON_AddObjectToObject(doc, "canvas");

        add_string(doc, "name", r->wall->name);
        cJSON_AddNumberToObject(canvas, "width", r->wall->canvas_w);
        cJSON_AddNumberToObject(canvas, "height", r->wall->canvas_h);
        cJSON_AddNumberToObject(doc, "refresh", qp_rational_f64(r->wall->rate));
        cJSON_AddNumberToObject(doc, "cabinets", r->wall->n_cabinets);
        cJSON_AddNumberToObject(doc, "leds", (double)r->wall->n_leds);
    }
    add_ports(doc, r);
    add_findings(doc, &r->report);
    text = cJSON_Print(doc);
    cJSON_Delete(doc);
    if (!text)
        return cli_fail("no memory");
    puts(text);
    cJSON_free(text);
    return CLI_OK;
}

static void print_verdict(const struct qp_report *report)
{
    if (report->n_errors == 0 && report->n_warnings == 0)
        puts("No errors, no warnings.");
    else
        printf("%zu error%s, %zu warning%s.\n", report->n_errors, report->n_errors == 1 ? "" : "s",
               report->n_warnings, report->n_warnings == 1 ? "" : "s");
}

int cli_wall_check(int argc, char **argv)
{
    const char *file = NULL, *json = NULL;
    const struct cli_opt opts[] = {{"--json", NULL, "the same as JSON, for programs", &json}};
    struct result r = {0};
    int err = cli_parse(USAGE, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (err != 0)
        return err > 0 ? CLI_OK : CLI_USAGE;
    err = wall_load(&r.wall, file, &r.report, NULL);
    if (err == 0) {
        r.loads = calloc(r.wall->n_outputs, sizeof(*r.loads));
        err = r.loads ? sender_check(r.wall, r.loads, &r.report) : -ENOMEM;
    }
    if (json && err != -ENOMEM) {
        if (print_json(&r) != CLI_OK)
            err = -ENOMEM;
    } else {
        if (r.loads)
            print_ports(&r);
        print_findings(&r.report);
        print_verdict(&r.report);
    }
    if (r.report.n_errors)
        err = -EINVAL;
    free(r.loads);
    wall_destroy(r.wall);
    qp_report_finish(&r.report);
    return err < 0 ? CLI_ERROR : CLI_OK;
}
