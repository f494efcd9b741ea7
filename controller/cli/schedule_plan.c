/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/schedule.h"

#define USAGE "qp schedule plan FILE [--from T --to T] [--json] [--facts F]"
#define HELP                                                                                       \
    "\nA date alone as --to means the end of that day. Bars: an eighth of the hour each step.\n"   \
    "\nexamples:\n"                                                                                \
    "  qp schedule plan city.json\n"                                                               \
    "  qp schedule plan city.json --from 2026-07-17 --to 2026-07-23 --json"
#define PLAN_DAYS 1
#define MAX_DAYS  366

struct cells {
    struct plan_cell *items; /* n of them */
    size_t n, cap;
    bool failed;
    const struct cli_schedule *s;
};

static bool keep(void *user, const struct plan_cell *cell)
{
    struct cells *all = user;

    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 1024;
        struct plan_cell *items = reallocarray(all->items, cap, sizeof(*items));

        all->failed = !items;
        if (!items)
            return false;
        all->items = items;
        all->cap = cap;
    }
    all->items[all->n++] = *cell;
    return true;
}

static unsigned kind_of(const struct plan_cell *c)
{
    return c->rule != NONE ? 0 : c->campaign != NONE ? 1 : 2;
}

static uint32_t index_of(const struct plan_cell *c)
{
    return c->rule != NONE ? c->rule : c->campaign != NONE ? c->campaign : c->quota;
}

static const char *id_of(const struct model *m, const struct plan_cell *c)
{
    return c->rule != NONE       ? m->rules[c->rule].id
           : c->campaign != NONE ? m->campaigns[c->campaign].id
                                 : m->quotas[c->quota].id;
}

static int compare(const void *a, const void *b)
{
    const struct plan_cell *x = a, *y = b;

    if (x->screen != y->screen)
        return x->screen < y->screen ? -1 : 1;
    if (kind_of(x) != kind_of(y))
        return kind_of(x) < kind_of(y) ? -1 : 1;
    if (index_of(x) != index_of(y))
        return index_of(x) < index_of(y) ? -1 : 1;
    return x->hour_ms < y->hour_ms ? -1 : x->hour_ms > y->hour_ms;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static int print_json(const struct cells *all, int64_t from, int64_t to)
{
    static const char *const kinds[] = {"rule", "campaign", "quota"};
    const struct model *m = all->s->model;
    cJSON *doc = cJSON_CreateObject(), *list;

    cli_schedule_add_time(doc, "from", all->s->zone, from);
    cli_schedule_add_time(doc, "to", all->s->zone, to);
    list = cJSON_AddArrayToObject(doc, "cells");
    for (size_t i = 0; i < all->n; i++) {
        const struct plan_cell *c = &all->items[i];
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, kinds[kind_of(c)], id_of(m, c));
        cJSON_AddStringToObject(o, "screen", m->screens[c->screen].id);
        cli_schedule_add_time(o, "hour", m->screens[c->screen].zone, c->hour_ms);
        cJSON_AddNumberToObject(o, "plays", (double)c->plays);
        cJSON_AddNumberToObject(o, "seconds", (double)c->ms / 1000);
        if (c->quota != NONE) {
            cJSON_AddNumberToObject(o, "of_plays", (double)c->total_plays);
            cJSON_AddNumberToObject(o, "of_seconds", (double)c->total_ms / 1000);
        }
        cJSON_AddItemToArray(list, o);
    }
    return cli_schedule_print_json(doc);
}

/* --- tables ---------------------------------------------------------------------------------- */

struct row {
    int64_t plays, ms, total_plays, total_ms;
    double hours[25]; /* part of each hour; the 25th: the longer day in autumn */
};

static void print_hours(const struct row *row)
{
    static const char *const eighths[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    unsigned n = row->hours[24] > 0 ? 25 : 24;

    for (unsigned i = 0; i < n; i++) {
        double part = row->hours[i] > 1 ? 1 : row->hours[i];

        fputs(part <= 0 ? eighths[0] : eighths[1 + (unsigned)(part * 7.999)], stdout);
    }
}

/* Of a quota: what it has by its own measure, and what it should have. */
static void print_share(const struct quota *q, const struct row *row)
{
    bool plays = q->measure == QUOTA_PLAYS;
    double part = (double)(plays ? row->plays : row->ms);
    double all = (double)(plays ? row->total_plays : row->total_ms);

    printf("  %.1f %% of the %s", all > 0 ? 100 * part / all : 0, plays ? "plays" : "time");
    if (!isnan(q->min))
        printf(", at least %.4g %%", q->min * 100);
    if (!isnan(q->max))
        printf(", at most %.4g %%", q->max * 100);
}

static void print_row(const struct cells *all, const struct plan_cell *c, const struct row *row)
{
    static const char *const kinds[] = {"rule", "campaign", "quota"};
    char length[CLI_TIME_MAX];

    cli_schedule_say("  %-8s %-28s %8" PRId64 " %10s  ", kinds[kind_of(c)], id_of(all->s->model, c),
                     row->plays, cli_schedule_length(row->ms, length));
    print_hours(row);
    if (c->quota != NONE)
        print_share(&all->s->model->quotas[c->quota], row);
    putchar('\n');
}

/* The cells of one screen and local day, which stand together once sorted by compare_day(). */
static int compare_day(const void *a, const void *b, void *user)
{
    const struct cells *all = user;
    const struct plan_cell *x = a, *y = b;
    int64_t day_x, day_y;

    if (x->screen != y->screen)
        return x->screen < y->screen ? -1 : 1;
    day_x = cli_schedule_midnight(all->s->model->screens[x->screen].zone, x->hour_ms, 0);
    day_y = cli_schedule_midnight(all->s->model->screens[y->screen].zone, y->hour_ms, 0);
    if (day_x != day_y)
        return day_x < day_y ? -1 : 1;
    return compare(a, b);
}

static void print_heading(const struct cells *all, const struct plan_cell *c, int64_t day)
{
    const struct screen *s = &all->s->model->screens[c->screen];
    char stamp[CLI_TIME_MAX];

    cli_schedule_stamp(s->zone, day, stamp);
    cli_schedule_say("\n%s%s%s%s  %.10s\n", s->id, s->name ? " (" : "", s->name ? s->name : "",
                     s->name ? ")" : "", stamp);
    cli_schedule_say("  %-8s %-28s %8s %10s  %s\n", "", "", "plays", "time",
                     "00····06····12····18····");
}

static void print_tables(struct cells *all)
{
    qsort_r(all->items, all->n, sizeof(*all->items), compare_day, all);
    for (size_t i = 0, next; i < all->n; i = next) {
        const struct plan_cell *c = &all->items[i];
        const struct tz *zone = all->s->model->screens[c->screen].zone;
        int64_t day = cli_schedule_midnight(zone, c->hour_ms, 0);
        int64_t end = cli_schedule_midnight(zone, c->hour_ms, 1);
        struct row row = {.plays = 0};
        const struct plan_cell *before = i ? &all->items[i - 1] : NULL;

        if (!before || before->screen != c->screen || before->hour_ms < day ||
            before->hour_ms >= end)
            print_heading(all, c, day);
        for (next = i; next < all->n; next++) {
            const struct plan_cell *x = &all->items[next];

            if (x->screen != c->screen || kind_of(x) != kind_of(c) || index_of(x) != index_of(c) ||
                x->hour_ms < day || x->hour_ms >= end)
                break;
            row.plays += x->plays;
            row.ms += x->ms;
            row.total_plays += x->total_plays;
            row.total_ms += x->total_ms;
            row.hours[(x->hour_ms - day) / 3600000 % 25] += (double)x->ms / 3600000;
        }
        print_row(all, c, &row);
    }
}

static int run(const struct cli_schedule *s, const char *from, const char *to, bool json)
{
    struct cells all = {.s = s};
    char first[CLI_TIME_MAX], last[CLI_TIME_MAX];
    int64_t start, end;
    int r = cli_schedule_span(s, from, to, cli_schedule_midnight(s->zone, cli_schedule_now(), 0),
                              PLAN_DAYS, MAX_DAYS, &start, &end);

    if (r != CLI_OK)
        return r;
    if (schedule_plan(s->schedule, start, end, &s->facts.facts, keep, &all) < 0 || all.failed) {
        r = cli_fail("no memory");
    } else if (json) {
        if (all.n)
            qsort(all.items, all.n, sizeof(*all.items), compare);
        r = print_json(&all, start, end);
    } else {
        printf("From %s to %s\n", cli_schedule_stamp(s->zone, start, first),
               cli_schedule_stamp(s->zone, end, last));
        if (all.n)
            print_tables(&all);
        else
            puts("Nothing is planned.");
    }
    free(all.items);
    return r;
}

int cli_schedule_plan(int argc, char **argv)
{
    const char *file = NULL, *json = NULL, *from = NULL, *to = NULL, *facts = NULL;
    const struct cli_opt opts[] = {
        {"--from", "T", "first instant; without it, today", &from},
        {"--to", "T", "first instant after it; without it, a day later", &to},
        {"--json", NULL, "for programs: every hour", &json},
        {"--facts", "FILE", "alerts, counters, missing items", &facts},
    };
    struct cli_schedule s;
    int r = cli_parse(USAGE HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    r = cli_schedule_open(&s, file, facts, NULL);
    if (r == CLI_OK)
        r = run(&s, from, to, json != NULL);
    cli_schedule_close(&s);
    return r;
}
