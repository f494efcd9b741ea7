/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "controller/cli/schedule.h"

#define USAGE                                                                                      \
    "qp schedule timeline FILE --screen ID --from T --to T [--json | --svg OUT.svg] [--facts F]"
#define HELP                                                                                       \
    "\nexamples:\n"                                                                                \
    "  qp schedule timeline mall.json --screen atrium --from 2026-07-17 --to 2026-07-17 --svg "    \
    "day.svg\n"                                                                                    \
    "  qp schedule timeline mall.json --screen atrium --from 2026-07-17T18:00 --to "               \
    "2026-07-17T19:00"
#define MAX_DAYS 400

static bool keep(void *user, const struct stretch *stretch)
{
    struct cli_stretches *all = user;

    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 1024;
        struct stretch *items = reallocarray(all->items, cap, sizeof(*items));

        all->failed = !items;
        if (!items)
            return false;
        all->items = items;
        all->cap = cap;
    }
    all->items[all->n++] = *stretch;
    return true;
}

static const char *playlist_rule(const struct stretch *x)
{
    if (x->quota != NONE)
        return "filler of a quota";
    return x->rule ? x->rule->id : cli_schedule_layer(x->layer);
}

static void print_text(const struct cli_schedule *s, const struct cli_stretches *all)
{
    const struct model *m = s->model;
    char from[CLI_TIME_MAX], length[CLI_TIME_MAX], offset[CLI_TIME_MAX];

    for (size_t i = 0; i < all->n; i++) {
        const struct stretch *x = &all->items[i];

        cli_schedule_stamp(s->zone, x->start_ms, from);
        cli_schedule_say("%s.%03d  %9s  %-24s %s", from,
                         (int)(((x->start_ms % 1000) + 1000) % 1000),
                         cli_schedule_length(x->end_ms - x->start_ms, length),
                         x->item == NONE ? "-" : cli_schedule_item(m, x->item), playlist_rule(x));
        if (x->offset_ms)
            cli_schedule_say(", joined at %s", cli_schedule_length(x->offset_ms, offset));
        cli_schedule_say("%s\n", x->cut ? ", cut" : "");
    }
}

static int print_json(const struct cli_schedule *s, const struct cli_stretches *all, int64_t from,
                      int64_t to)
{
    const struct model *m = s->model;
    cJSON *doc = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(doc, "screen", m->screens[s->screen].id);
    cli_schedule_add_time(doc, "from", s->zone, from);
    cli_schedule_add_time(doc, "to", s->zone, to);
    list = cJSON_AddArrayToObject(doc, "stretches");
    for (size_t i = 0; i < all->n; i++) {
        const struct stretch *x = &all->items[i];
        cJSON *o = cJSON_CreateObject();

        cli_schedule_add_time(o, "start", s->zone, x->start_ms);
        cli_schedule_add_time(o, "end", s->zone, x->end_ms);
        cJSON_AddNumberToObject(o, "start_ms", (double)x->start_ms);
        cJSON_AddNumberToObject(o, "end_ms", (double)x->end_ms);
        if (x->item == NONE)
            cJSON_AddNullToObject(o, "item");
        else
            cJSON_AddStringToObject(o, "item", m->items[x->item].id);
        if (x->rule)
            cJSON_AddStringToObject(o, "rule", x->rule->id);
        else
            cJSON_AddNullToObject(o, "rule");
        if (x->quota != NONE)
            cJSON_AddStringToObject(o, "quota", m->quotas[x->quota].id);
        cJSON_AddStringToObject(o, "layer", cli_schedule_layer(x->layer));
        cJSON_AddNumberToObject(o, "offset_ms", (double)x->offset_ms);
        cJSON_AddBoolToObject(o, "cut", x->cut);
        cJSON_AddItemToArray(list, o);
    }
    return cli_schedule_print_json(doc);
}

struct order {
    const char *from, *to, *svg;
    bool json;
};

static int run(const struct cli_schedule *s, const struct order *order)
{
    struct cli_stretches all = {.items = NULL};
    int64_t from, to;
    int r = cli_schedule_span(s, order->from, order->to, 0, 1, MAX_DAYS, &from, &to);

    if (r != CLI_OK)
        return r;
    if (schedule_timeline(s->schedule, from, to, s->screen, &s->facts.facts, keep, &all) < 0 ||
        all.failed)
        r = cli_fail("no memory");
    else if (order->svg)
        r = cli_schedule_draw(s, &all, from, to, order->svg);
    else if (order->json)
        r = print_json(s, &all, from, to);
    else
        print_text(s, &all);
    free(all.items);
    return r;
}

static bool is_drawing(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && (strcmp(name + len - 4, ".svg") == 0 || strcmp(name + len - 4, ".png") == 0);
}

int cli_schedule_timeline(int argc, char **argv)
{
    const char *file = NULL, *screen = NULL, *json = NULL, *facts = NULL;
    struct order order = {.from = NULL};
    const struct cli_opt opts[] = {
        {"--screen", "ID", "which screen", &screen},
        {"--from", "T", "first instant", &order.from},
        {"--to", "T", "first instant after it; a date means the end of that day", &order.to},
        {"--json", NULL, "for programs", &json},
        {"--svg", "FILE", "draw it in strips of a day, or of minutes (.svg, or .png)", &order.svg},
        {"--facts", "FILE", "alerts, counters, missing items", &facts},
    };
    struct cli_schedule s;
    int r = cli_parse(USAGE HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    if (!screen || !order.from || !order.to) {
        cli_fail("--screen ID, --from T and --to T must be given\nusage: " USAGE);
        return CLI_USAGE;
    }
    if (order.svg && !is_drawing(order.svg)) {
        cli_fail("--svg FILE must end in .svg or .png");
        return CLI_USAGE;
    }
    order.json = json != NULL;
    r = cli_schedule_open(&s, file, facts, screen);
    if (r == CLI_OK)
        r = run(&s, &order);
    cli_schedule_close(&s);
    return r;
}
