/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/schedule.h"
#include "scheduler/load_time.h"

#define USAGE "qp schedule resolve FILE --screen ID --at T [--explain] [--json] [--facts F]"
#define HELP                                                                                       \
    "\nexamples:\n"                                                                                \
    "  qp schedule resolve mall.json --screen atrium --at 2026-07-17T15:00:00Z --explain\n"        \
    "  qp schedule resolve city.json --screen plaza-1 --at 2026-07-17T12:00 --facts facts.json"
#define HORIZON_MS (INT64_C(400) * 86400000) /* how far the end of what is shown is looked for */
#define TEXT       512
#define SHOWN_N    64 /* losing rules that a sentence names */

struct answer {
    const struct cli_schedule *s;
    int64_t at;
    struct resolution r;
    struct applicable *applicable; /* owned; r.applicable */
    struct stretch stretch;        /* what the timeline has at this instant */
    bool has_stretch;
    int64_t until;           /* the content is another rule's from then on */
    const struct rule *next; /* which; NULL: default or safe slide */
};

static bool on_stretch(void *user, const struct stretch *stretch)
{
    struct answer *a = user;

    a->stretch = *stretch;
    a->has_stretch = true;
    return false;
}

static void find_end(struct answer *a)
{
    const struct cli_schedule *s = a->s;
    struct resolution r = {.applicable = NULL};

    a->until =
        schedule_next_change(s->schedule, a->at, a->at + HORIZON_MS, s->screen, &s->facts.facts);
    if (a->until == FOREVER_MS)
        return;
    schedule_resolve(s->schedule, a->until, s->screen, &s->facts.facts, &r);
    a->next = r.rule;
}

static int ask(struct answer *a)
{
    const struct cli_schedule *s = a->s;
    size_t cap = (size_t)s->model->n_rules + s->facts.n_alerts;
    int err;

    a->applicable = calloc(cap + 1, sizeof(*a->applicable));
    if (!a->applicable)
        return cli_fail("no memory");
    a->r.applicable = a->applicable;
    a->r.applicable_cap = cap;
    schedule_resolve(s->schedule, a->at, s->screen, &s->facts.facts, &a->r);
    err =
        schedule_timeline(s->schedule, a->at, a->at + 1, s->screen, &s->facts.facts, on_stretch, a);
    if (err < 0)
        return cli_fail("no memory");
    find_end(a);
    return CLI_OK;
}

/* --- sentences ------------------------------------------------------------------------------- */

static const char *reason(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_WINS:
        return "wins";
    case VERDICT_LOWER_LAYER:
        return "its layer is lower";
    case VERDICT_LOWER_PRIORITY:
        return "its priority is lower";
    case VERDICT_LESS_SPECIFIC:
        return "its target is less specific";
    case VERDICT_EARLIER_START:
        return "it began earlier";
    case VERDICT_LARGER_ID:
        return "its id comes later";
    case VERDICT_MIXES:
        return "shares the time";
    case VERDICT_NOT_PLAYABLE:
        return "nothing in it can be played here and now";
    }
    return "?";
}

/* "rule R (priority 10, group Mall)" */
static const char *describe(const struct answer *a, const struct rule *r, char *buf)
{
    char where[300] = "";

    if (!r)
        snprintf(buf, TEXT, "the screen's default");
    else
        snprintf(buf, TEXT, "rule %s (priority %d, %s)", r->id, r->priority,
                 cli_schedule_target(a->s->model, r, a->s->screen, where, sizeof(where)));
    return buf;
}

/* A lower priority speaks for itself: "rule S (priority 5)". */
static const char *describe_loser(const struct applicable *x, char *buf)
{
    if (x->verdict == VERDICT_LOWER_PRIORITY)
        snprintf(buf, TEXT, "rule %s (priority %d)", x->rule->id, x->rule->priority);
    else
        snprintf(buf, TEXT, "rule %s (priority %d, %s)", x->rule->id, x->rule->priority,
                 reason(x->verdict));
    return buf;
}

/* What shows is not always the winner's own item. */
static void say_whose(const struct answer *a)
{
    const struct stretch *x = &a->stretch;
    char rule[TEXT];

    if (!a->has_stretch || x->rule == a->r.rule)
        return;
    if (x->quota != NONE)
        cli_schedule_say("fills up quota %s, in ", a->s->model->quotas[x->quota].id);
    else if (x->rule && x->layer == LAYER_INTERRUPT)
        cli_schedule_say("%s, an interrupt into ", describe(a, x->rule, rule));
    else if (x->rule)
        cli_schedule_say("%s, played to its end before ", describe(a, x->rule, rule));
    else
        cli_schedule_say("the screen's default, in place of ");
}

static void say_subject(const struct answer *a)
{
    const struct model *m = a->s->model;
    char rule[TEXT], clock[CLI_TIME_MAX];
    uint32_t item = a->has_stretch ? a->stretch.item : NONE;

    if (a->r.layer == LAYER_BLACKOUT)
        cli_schedule_say("Black on purpose: ");
    else if (item == NONE)
        cli_schedule_say("The built-in safe slide: ");
    else
        cli_schedule_say("Item %s: ", cli_schedule_item(m, item));
    say_whose(a);
    if (!a->r.rule && a->r.playlist == NONE) {
        cli_schedule_say("no rule applies and the screen has no default");
    } else if (!a->r.rule) {
        cli_schedule_say("the screen's default, as no rule applies");
    } else {
        cli_schedule_say("%s", describe(a, a->r.rule, rule));
        if (a->r.since_ms > INSTANT_MIN + 86400000)
            cli_schedule_say(" since %s",
                             cli_schedule_clock(a->s->zone, a->r.since_ms, a->at, clock));
        else
            cli_schedule_say(", always");
    }
}

static void say_hidden(const struct answer *a)
{
    char rule[TEXT];
    unsigned n = 0, more = 0;

    for (size_t i = 0; i < a->r.n_applicable; i++) {
        const struct applicable *x = &a->r.applicable[i];

        if (x->rule->axis != AXIS_CONTENT || x->verdict == VERDICT_WINS ||
            x->verdict == VERDICT_MIXES)
            continue;
        if (n >= SHOWN_N) {
            more++;
            continue;
        }
        cli_schedule_say("%s%s", n ? ", " : "; hides ", describe_loser(x, rule));
        n++;
    }
    if (more)
        cli_schedule_say(" and %u more", more);
}

static void say_end(const struct answer *a)
{
    char clock[CLI_TIME_MAX], rule[TEXT];

    if (a->until == FOREVER_MS) {
        cli_schedule_say("; with no end in sight");
        return;
    }
    cli_schedule_say("; until %s, when ", cli_schedule_clock(a->s->zone, a->until, a->at, clock));
    if (a->next == a->r.rule && a->next)
        cli_schedule_say("it begins again");
    else if (a->next)
        cli_schedule_say("rule %s begins", a->next->id);
    else
        cli_schedule_say("%s follows", describe(a, NULL, rule));
}

static void say_mixed(const struct answer *a)
{
    char rule[TEXT];

    for (size_t i = 0; i < a->r.n_applicable; i++) {
        const struct applicable *x = &a->r.applicable[i];

        if (x->rule->axis == AXIS_CONTENT && x->verdict == VERDICT_MIXES)
            cli_schedule_say("Shares the time: %s.\n", describe(a, x->rule, rule));
    }
}

static void say_display(const struct answer *a)
{
    const struct resolution *r = &a->r;

    cli_schedule_say("Display: %s", r->on ? "on" : "off");
    if (r->power_rule)
        cli_schedule_say(" (rule %s)", r->power_rule->id);
    if (r->brightness_rule && !isnan(r->brightness))
        cli_schedule_say(", at most %.4g %% bright (rule %s)", r->brightness * 100,
                         r->brightness_rule->id);
    if (!isnan(r->nits))
        cli_schedule_say(", at most %.6g nits", r->nits);
    if (r->volume_rule && !isnan(r->volume))
        cli_schedule_say(", volume %.4g %% (rule %s)", r->volume * 100, r->volume_rule->id);
    cli_schedule_say(".\n");
    if (r->overlay)
        cli_schedule_say("%s: \"%s\" (rule %s).\n",
                         r->overlay->emergency_bar ? "Emergency bar" : "Ticker",
                         r->overlay->text ? r->overlay->text : "", r->overlay->id);
}

static void say(const struct answer *a, bool explain)
{
    const struct model *m = a->s->model;
    char stamp[CLI_TIME_MAX];

    if (!explain) {
        cli_schedule_say("%s at %s: ", m->screens[a->s->screen].id,
                         cli_schedule_stamp(a->s->zone, a->at, stamp));
        cli_schedule_say("%s\n", a->r.layer == LAYER_BLACKOUT ? "black"
                                 : a->has_stretch && a->stretch.item != NONE
                                     ? cli_schedule_item(m, a->stretch.item)
                                     : "safe slide");
        cli_schedule_say("  layer %s, rule %s, playlist %s\n", cli_schedule_layer(a->r.layer),
                         a->r.rule ? a->r.rule->id : "-",
                         a->r.playlist != NONE ? m->playlists[a->r.playlist].id : "-");
        cli_schedule_say("  next change %s\n",
                         cli_schedule_stamp(a->s->zone, a->r.next_change_ms, stamp));
        return;
    }
    if (a->s->facts.facts.clock_untrusted)
        cli_schedule_say("The clock is not trusted: what was resolved last is held.\n");
    say_subject(a);
    say_hidden(a);
    say_end(a);
    cli_schedule_say(".\n");
    say_mixed(a);
    if (a->r.share_sum > 1 + 1e-9)
        cli_schedule_say("Alarm: the shares sum up to %.4g %% and are scaled down.\n",
                         a->r.share_sum * 100);
    say_display(a);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void add_id(cJSON *to, const char *name, const char *id)
{
    if (id)
        cJSON_AddStringToObject(to, name, id);
    else
        cJSON_AddNullToObject(to, name);
}

static void add_rule_id(cJSON *to, const char *name, const struct rule *r)
{
    add_id(to, name, r ? r->id : NULL);
}

static void add_number(cJSON *to, const char *name, double value)
{
    if (isnan(value))
        cJSON_AddNullToObject(to, name);
    else
        cJSON_AddNumberToObject(to, name, value);
}

static const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"wins",          "lower_layer",   "lower_priority",
                                        "less_specific", "earlier_start", "larger_id",
                                        "mixes",         "not_playable"};

    return names[verdict];
}

static void add_applicable(cJSON *doc, const struct answer *a)
{
    static const char *const axes[] = {"content", "overlay", "display"};
    cJSON *list = cJSON_AddArrayToObject(doc, "applicable");

    for (size_t i = 0; i < a->r.n_applicable; i++) {
        const struct applicable *x = &a->r.applicable[i];
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "rule", x->rule->id);
        cJSON_AddStringToObject(o, "axis", axes[x->rule->axis]);
        cJSON_AddStringToObject(o, "layer", cli_schedule_layer(x->rule->layer));
        cJSON_AddNumberToObject(o, "priority", x->rule->priority);
        cJSON_AddNumberToObject(o, "specificity", x->specificity);
        cJSON_AddStringToObject(o, "verdict", verdict_name(x->verdict));
        cJSON_AddStringToObject(o, "reason", reason(x->verdict));
        cli_schedule_add_time(o, "start", a->s->zone, x->start_ms);
        cli_schedule_add_time(o, "end", a->s->zone, x->end_ms);
        cJSON_AddItemToArray(list, o);
    }
}

static void add_display(cJSON *doc, const struct resolution *r)
{
    cJSON *display = cJSON_AddObjectToObject(doc, "display");

    cJSON_AddBoolToObject(display, "on", r->on);
    cJSON_AddNumberToObject(display, "brightness_percent", r->brightness * 100);
    add_number(display, "brightness_nits", r->nits);
    add_number(display, "volume_percent", r->volume * 100);
    add_rule_id(display, "power_rule", r->power_rule);
    add_rule_id(display, "brightness_rule", r->brightness_rule);
    add_rule_id(display, "volume_rule", r->volume_rule);
}

static int print_json(const struct answer *a)
{
    const struct model *m = a->s->model;
    const struct resolution *r = &a->r;
    uint32_t item = a->has_stretch ? a->stretch.item : NONE;
    cJSON *doc = cJSON_CreateObject(), *overlay;

    cJSON_AddStringToObject(doc, "screen", m->screens[a->s->screen].id);
    cli_schedule_add_time(doc, "at", a->s->zone, a->at);
    cJSON_AddStringToObject(doc, "layer", cli_schedule_layer(r->layer));
    add_rule_id(doc, "rule", r->rule);
    add_id(doc, "playlist", r->playlist == NONE ? NULL : m->playlists[r->playlist].id);
    add_id(doc, "item", item == NONE ? NULL : m->items[item].id);
    add_rule_id(doc, "item_rule", a->has_stretch ? a->stretch.rule : NULL);
    cJSON_AddNumberToObject(doc, "item_offset_ms",
                            a->has_stretch ? (double)a->stretch.offset_ms : 0);
    cli_schedule_add_time(doc, "since", a->s->zone, r->rule ? r->since_ms : FOREVER_MS);
    cli_schedule_add_time(doc, "until", a->s->zone, a->until);
    add_rule_id(doc, "then", a->next);
    cli_schedule_add_time(doc, "next_change", a->s->zone, r->next_change_ms);
    cJSON_AddNumberToObject(doc, "share_sum_percent", r->share_sum * 100);
    overlay = r->overlay ? cJSON_AddObjectToObject(doc, "overlay") : NULL;
    if (overlay) {
        cJSON_AddStringToObject(overlay, "rule", r->overlay->id);
        cJSON_AddStringToObject(overlay, "text", r->overlay->text ? r->overlay->text : "");
        cJSON_AddBoolToObject(overlay, "emergency", r->overlay->emergency_bar);
    } else {
        cJSON_AddNullToObject(doc, "overlay");
    }
    add_display(doc, r);
    add_applicable(doc, a);
    return cli_schedule_print_json(doc);
}

int cli_schedule_resolve(int argc, char **argv)
{
    const char *file = NULL, *screen = NULL, *at = NULL, *explain = NULL, *json = NULL,
               *facts = NULL;
    const struct cli_opt opts[] = {
        {"--screen", "ID", "which screen", &screen},
        {"--at", "T", "instant: RFC 3339, or local time of the screen", &at},
        {"--explain", NULL, "in a sentence, with every rule that loses", &explain},
        {"--json", NULL, "for programs", &json},
        {"--facts", "FILE", "alerts, counters, missing items", &facts},
    };
    struct cli_schedule s;
    struct answer a = {.s = &s};
    int r = cli_parse(USAGE HELP, opts, QP_ARRAY_LEN(opts), &file, argc, argv);

    if (r != 0)
        return r > 0 ? CLI_OK : CLI_USAGE;
    if (!screen || !at) {
        cli_fail("%s must be given\nusage: " USAGE, screen ? "--at T" : "--screen ID");
        return CLI_USAGE;
    }
    r = cli_schedule_open(&s, file, facts, screen);
    if (r == CLI_OK)
        r = cli_schedule_instant(&s, "--at", at, false, 0, &a.at);
    if (r == CLI_OK)
        r = ask(&a);
    if (r == CLI_OK && json)
        r = print_json(&a);
    else if (r == CLI_OK)
        say(&a, explain != NULL);
    free(a.applicable);
    cli_schedule_close(&s);
    return r;
}
