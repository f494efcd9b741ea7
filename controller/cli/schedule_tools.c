/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/cli/schedule.h"
#include "protocols/base/text.h"
#include "protocols/base/tz.h"
#include "scheduler/load_time.h"

#define DAY_MS INT64_C(86400000)

/* --- opening --------------------------------------------------------------------------------- */

int cli_schedule_open(struct cli_schedule *ret, const char *file, const char *facts,
                      const char *screen)
{
    struct qp_diag diag = {""};

    *ret = (struct cli_schedule){.screen = NONE};
    if (model_load(&ret->model, file, NULL, &diag) < 0)
        return cli_fail("%s", diag.text);
    if (schedule_prepare(&ret->schedule, ret->model, &diag) < 0)
        return cli_fail("%s: %s", file, diag.text);
    if (facts && load_facts(&ret->facts, ret->model, facts, NULL, &diag) < 0)
        return cli_fail("%s", diag.text);
    if (!facts)
        ret->facts.facts.held_rule = NONE;
    ret->zone = ret->model->screens[0].zone;
    if (!screen)
        return CLI_OK;
    ret->screen = model_find_screen(ret->model, screen);
    if (ret->screen == NONE) {
        const char *names[1000];
        size_t n = 0;
        const char *nearest;

        for (; n < ret->model->n_screens && n < QP_ARRAY_LEN(names); n++)
            names[n] = ret->model->screens[n].id;
        nearest = qp_text_nearest(screen, names, n);
        return cli_fail("%s: there is no screen \"%s\"%s%s%s", file, screen,
                        nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"?" : "");
    }
    ret->zone = ret->model->screens[ret->screen].zone;
    return CLI_OK;
}

void cli_schedule_close(struct cli_schedule *s)
{
    load_facts_finish(&s->facts);
    schedule_destroy(s->schedule);
    model_destroy(s->model);
}

/* --- instants -------------------------------------------------------------------------------- */

int cli_schedule_instant(const struct cli_schedule *s, const char *option, const char *text,
                         bool is_end, int64_t fallback, int64_t *ret_ms)
{
    const char *why;

    if (!text) {
        *ret_ms = fallback;
        return CLI_OK;
    }
    why = load_instant(text, s->zone, is_end, ret_ms);
    if (!why)
        return CLI_OK;
    cli_fail("%s: \"%s\" %s; write 2026-07-17T15:00:00Z, 2026-07-17T23:00+08:00, or local time "
             "2026-07-17T23:00",
             option, text, why);
    return CLI_USAGE;
}

int cli_schedule_span(const struct cli_schedule *s, const char *from, const char *to,
                      int64_t default_from, int64_t default_days, int64_t max_days,
                      int64_t *ret_from, int64_t *ret_to)
{
    int r = cli_schedule_instant(s, "--from", from, false, default_from, ret_from);

    if (r == CLI_OK)
        r = cli_schedule_instant(s, "--to", to, true,
                                 cli_schedule_midnight(s->zone, *ret_from, (int)default_days),
                                 ret_to);
    if (r != CLI_OK)
        return r;
    if (*ret_to <= *ret_from) {
        cli_fail("--to must be later than --from");
        return CLI_USAGE;
    }
    if (*ret_to - *ret_from > max_days * DAY_MS) {
        cli_fail("--from and --to are more than %" PRId64 " days apart", max_days);
        return CLI_USAGE;
    }
    return CLI_OK;
}

int64_t cli_schedule_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Seconds rounded down, also before 1970. */
static int64_t seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

int64_t cli_schedule_midnight(const struct tz *zone, int64_t at_ms, int days_later)
{
    struct tz_local local;
    struct tz_instants at;

    tz_local(zone, seconds(at_ms), &local);
    tz_instants(zone, (tz_days(local.year, local.month, local.day) + days_later) * 86400, &at);
    return at.first_s * 1000;
}

const char *cli_schedule_stamp(const struct tz *zone, int64_t ms, char buf[CLI_TIME_MAX])
{
    struct tz_local t;
    int offset;

    if (ms == FOREVER_MS) {
        snprintf(buf, CLI_TIME_MAX, "never");
        return buf;
    }
    tz_local(zone, seconds(ms), &t);
    offset = t.offset_s / 60;
    snprintf(buf, CLI_TIME_MAX, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d %c%02d:%02d", t.year,
             t.month, t.day, t.hour, t.minute, t.second, offset < 0 ? '-' : '+', abs(offset) / 60,
             abs(offset) % 60);
    return buf;
}

const char *cli_schedule_clock(const struct tz *zone, int64_t ms, int64_t near,
                               char buf[CLI_TIME_MAX])
{
    struct tz_local t, other;
    char date[24] = "", second[8] = "";

    if (ms == FOREVER_MS) {
        snprintf(buf, CLI_TIME_MAX, "for ever");
        return buf;
    }
    tz_local(zone, seconds(ms), &t);
    tz_local(zone, seconds(near), &other);
    if (t.year != other.year || t.yearday != other.yearday)
        snprintf(date, sizeof(date), "%04d-%02d-%02d ", (int)t.year, t.month, t.day);
    if (t.second)
        snprintf(second, sizeof(second), ":%02d", t.second);
    snprintf(buf, CLI_TIME_MAX, "%s%02d:%02d%s", date, t.hour, t.minute, second);
    return buf;
}

void cli_schedule_add_time(cJSON *to, const char *name, const struct tz *zone, int64_t ms)
{
    char stamp[CLI_TIME_MAX], text[CLI_TIME_MAX + 8];
    int64_t part = ms - seconds(ms) * 1000;

    if (ms == FOREVER_MS || ms == INT64_MIN) { /* without end or beginning */
        cJSON_AddNullToObject(to, name);
        return;
    }
    cli_schedule_stamp(zone, ms, stamp); /* "date time offset" with single spaces */
    stamp[strcspn(stamp, " ")] = 'T';
    if (part)
        snprintf(text, sizeof(text), "%.*s.%03d%s", (int)strcspn(stamp, " "), stamp, (int)part,
                 strchr(stamp, ' ') + 1);
    else
        snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(stamp, " "), stamp,
                 strchr(stamp, ' ') + 1);
    cJSON_AddStringToObject(to, name, text);
}

const char *cli_schedule_length(int64_t ms, char buf[CLI_TIME_MAX])
{
    int64_t s = (ms + 500) / 1000;

    snprintf(buf, CLI_TIME_MAX, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60),
             (int)(s % 60));
    return buf;
}

/* --- words ----------------------------------------------------------------------------------- */

const char *cli_schedule_layer(enum schedule_layer layer)
{
    static const char *const names[LAYER_N] = {"blackout", "emergency", "takeover", "interrupt",
                                               "schedule", "default",   "safe"};

    return names[layer];
}

static const struct target *best_target(const struct model *m, const struct rule *r,
                                        uint32_t screen)
{
    const struct target *best = NULL;
    uint32_t most = 0;

    for (uint32_t i = 0; i < r->n_targets; i++) {
        uint32_t specificity = model_specificity(m, &r->targets[i], screen);

        if (specificity > most) {
            most = specificity;
            best = &r->targets[i];
        }
    }
    return best;
}

const char *cli_schedule_target(const struct model *m, const struct rule *r, uint32_t screen,
                                char *buf, size_t cap)
{
    const struct target *t = best_target(m, r, screen);

    if (!t)
        snprintf(buf, cap, "not for this screen");
    else if (t->kind == TARGET_SCREEN)
        snprintf(buf, cap, "screen %s", m->screens[t->ref].id);
    else if (t->kind == TARGET_GROUP)
        snprintf(buf, cap, "group %s", m->groups[t->ref]);
    else if (t->kind == TARGET_NODE)
        snprintf(buf, cap, "%s %s", m->nodes[t->ref].kind ? m->nodes[t->ref].kind : "node",
                 m->nodes[t->ref].name ? m->nodes[t->ref].name : m->nodes[t->ref].id);
    else
        snprintf(buf, cap, "%s",
                 t->kind == TARGET_TAGS      ? "tags"
                 : t->kind == TARGET_POLYGON ? "area"
                                             : "all screens");
    return buf;
}

const char *cli_schedule_item(const struct model *m, uint32_t item)
{
    return item == NONE ? "nothing" : m->items[item].id;
}

void cli_schedule_say(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        cli_print_clean(stdout, line);
        if (next)
            putchar('\n');
    }
    free(text);
}

/* --- findings and JSON ----------------------------------------------------------------------- */

void cli_schedule_print_findings(const struct qp_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];

        fputs(f->severity == QP_SEVERITY_ERROR ? "error: " : "warning: ", stdout);
        cli_print_clean(stdout, f->path);
        fputs(f->path[0] ? ": " : "", stdout);
        cli_print_clean(stdout, f->text);
        if (f->remedy[0]) {
            fputs("\n    ", stdout);
            cli_print_clean(stdout, f->remedy);
        }
        fputc('\n', stdout);
    }
    if (report->n < report->n_errors + report->n_warnings)
        printf("... and %zu more\n", report->n_errors + report->n_warnings - report->n);
}

void cli_schedule_add_findings(cJSON *doc, const struct qp_report *report)
{
    cJSON *findings = cJSON_AddArrayToObject(doc, "findings");

    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "severity",
                                f->severity == QP_SEVERITY_ERROR ? "error" : "warning");
        cJSON_AddStringToObject(o, "path", f->path);
        cJSON_AddStringToObject(o, "text", f->text);
        cJSON_AddStringToObject(o, "remedy", f->remedy);
        cJSON_AddItemToArray(findings, o);
    }
}

int cli_schedule_print_json(cJSON *doc)
{
    char *text = cJSON_Print(doc);

    cJSON_Delete(doc);
    if (!text)
        return cli_fail("no memory");
    puts(text);
    cJSON_free(text);
    return CLI_OK;
}
