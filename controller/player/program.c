/* SPDX-License-Identifier: Apache-2.0 */
/* Content reaches the render thread through the feed of the main zone (compose/play.h). The bar and
 * the state of the display have an axis of their own: a short queue of instants at which they
 * change, so that they change on the exact frame, too. */
#include "controller/player/program.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/player/compose/play.h"
#include "controller/player/feed.h"
#include "controller/player/proof/record.h"
#include "protocols/base/clock.h"

#define MS           1000000LL
#define MAX_BARS     60 /* a layout holds 64 layers */
#define MAX_STATES   64
#define MAX_NOTICES  20
#define MAX_NAME     160          /* of a layout's file: an id has 128 bytes */
#define MAX_RESOLVES 100          /* in one tick */
#define JOIN_NS      6000000000LL /* a slow disk is waited for while something else is on */
#define ASK_MS       1000         /* between two looks at what is resolved now */
#define NO_BAR       UINT32_MAX

struct state {
    int64_t from_ns; /* TAI */
    bool dark;
    double level;
    double volume; /* 0..1 */
    uint32_t bar;  /* index of a ticker, or NO_BAR */
};

struct program {
    struct program_params params;
    struct model *model;
    struct schedule *schedule;
    uint32_t screen;
    uint8_t *missing;
    struct load_facts given;   /* by the facts file */
    struct play_count *counts; /* owned */
    struct facts facts;
    struct feed feed;
    struct play_feed play_feed;
    struct layout *layout;
    struct compose *compose;
    const struct rule *bars[MAX_BARS];
    uint32_t n_bars;
    int64_t now_ms;
    bool is_over;
    const char *clock; /* how far it was believed when this program was made */
    int64_t asked_ms;  /* what is resolved now was asked at; INT64_MIN: never */
    bool has_rule;
    const char *rule;     /* of the model */
    struct shown *newest; /* of the stretch that feed.last is, while it lives */

    struct state states[MAX_STATES];
    _Atomic uint32_t written, taken;
    struct state last; /* loop thread: the newest written */
    int64_t resolved_ms;
    _Atomic int64_t known_ns; /* TAI: states are known before this */
    struct state now;         /* render thread */
    double volume_before;     /* likewise: up to now.from_ns */
};

/* What a fed item stands for; the feed's tag. */
struct shown {
    struct program *program;
    struct stretch stretch;
    uint64_t id;
};

static int64_t tai_of(const struct program *p, int64_t utc_ms)
{
    return utc_ms >= (INT64_MAX - p->params.tai_minus_utc_ns) / MS
               ? INT64_MAX
               : utc_ms * MS + p->params.tai_minus_utc_ns;
}

/* --- the log --------------------------------------------------------------------------------- */

static const char *reason_of(const struct shown *s, const struct play_record *record)
{
    switch (record->end_kind) {
    case PLAY_END_NEXT:
        return s->stretch.cut ? "cut" : "ended";
    case PLAY_END_FAILED:
        return "failed";
    case PLAY_END_STOPPED:
        break;
    }
    return s->program->is_over ? "stopped" : "replaced";
}

static int64_t utc_of(const struct program *p, int64_t frame)
{
    return qp_lattice_due(p->params.wall->rate, frame) - p->params.tai_minus_utc_ns;
}

static cJSON *record_of(const struct shown *s, const struct play_record *record, const char *reason)
{
    const struct program *p = s->program;
    const struct stretch *st = &s->stretch;
    uint32_t campaign = st->rule ? st->rule->campaign : NONE;
    int64_t utc = utc_of(p, record->first);
    struct record r = {
        .start_ns = utc,
        .end_ns = utc_of(p, record->end),
        .screen = p->model->screens[p->screen].id,
        .rule = st->rule ? st->rule->id : NULL,
        .campaign = campaign != NONE ? p->model->campaigns[campaign].id : NULL,
        .item = st->item != NONE ? p->model->items[st->item].id : NULL,
        .layer = st->layer,
        .position_ms = st->offset_ms + (utc - st->start_ms * MS) / MS,
        .expected = record->expected,
        .presented = record->presented,
        .dark = record->dark,
        .reason = reason,
        .clock = p->clock,
    };

    return record_tree(&r);
}

/* What is on, as far as it is known now. */
static cJSON *record_on(void *user)
{
    const struct program *p = user;
    struct play_now now;

    if (!compose_now(p->compose, &now))
        return NULL;
    return record_of(now.tag,
                     &(struct play_record){.first = now.first,
                                           .end = now.last + 1,
                                           .expected = now.last + 1 - now.from,
                                           .presented = now.presented,
                                           .dark = now.dark},
                     "killed");
}

/* --- the feed -------------------------------------------------------------------------------- */

/* Below the media folder. A layout's id is its file's name, with or without .json. */
static const char *name_of(const struct item *item, char buf[MAX_NAME])
{
    const char *dot = item->layout ? strrchr(item->layout, '.') : NULL;

    if (!item->layout)
        return item->file;
    (void)snprintf(buf, MAX_NAME, "%s%s", item->layout,
                   dot && strcmp(dot, ".json") == 0 ? "" : ".json");
    return buf;
}

static char *path_of(const struct program *p, const struct item *item)
{
    char buf[MAX_NAME], *path;

    return asprintf(&path, "%s/%s", p->params.media, name_of(item, buf)) < 0 ? NULL : path;
}

/* The file of an item that comes next; NULL: none, or one that was changed since it was verified.
 */
static char *file_of(const struct program *p, const struct item *item)
{
    char *path = path_of(p, item);

    if (!path || !item->sha256 ||
        known_verify(p->params.known, path, item->sha256, NULL, 0) == VERIFY_GOOD)
        return path;
    known_renew(p->params.known);
    free(path);
    return NULL;
}

static bool on_next(void *user, struct play_item *ret)
{
    struct program *p = user;
    struct shown *s = calloc(1, sizeof(*s));
    int64_t until_ms = p->feed.planned_ms;

    if (!s || !feed_next(&p->feed, p->now_ms, &s->stretch, &until_ms)) {
        free(s);
        ret->begin_ns = tai_of(p, until_ms);
        return false;
    }
    s->program = p;
    s->id = known_new_id(p->params.known);
    p->newest = s;
    *ret = (struct play_item){.begin_ns = tai_of(p, s->stretch.start_ms),
                              .start_ns = s->stretch.offset_ms * MS,
                              .tag = s};
    if (s->stretch.item == NONE)
        return true;
    ret->file = file_of(p, &p->model->items[s->stretch.item]);
    ret->is_layout = p->model->items[s->stretch.item].layout != NULL;
    if (!ret->file) { /* the safe slide is seen, and that is no play */
        s->stretch.layer = LAYER_SAFE;
        s->stretch.rule = NULL;
        s->stretch.item = NONE;
    }
    return true;
}

/* A slice ends with its day, so that all of it has the counts and the pace of that day. */
static void on_slice(void *user, int64_t from_ms, int64_t *to_ms)
{
    struct program *p = user;
    struct play_count *counts;
    int64_t until_ms;
    uint32_t n;

    if (known_counts(p->params.known, p->model, p->screen, from_ms, &p->given, &counts, &n,
                     &until_ms) < 0)
        return; /* without memory the older ones are better than none */
    free(p->counts);
    p->counts = counts;
    p->facts.counts = counts;
    p->facts.n_counts = n;
    if (until_ms < *to_ms)
        *to_ms = until_ms;
}

static void on_done(void *user, const struct play_item *item, const struct play_record *record)
{
    struct program *p = user;
    struct shown *s = item->tag;
    char buf[MAX_NAME];

    if (s == p->newest) {
        s->stretch.end_ms = p->feed.last.end_ms; /* they may have moved */
        s->stretch.cut = p->feed.last.cut;
        p->newest = NULL;
    }
    if (record->end > record->first && record->presented > 0)
        known_record(p->params.known, record_of(s, record, reason_of(s, record)));
    if (record->end_kind == PLAY_END_FAILED && s->stretch.item != NONE)
        p->params.on_broken(p->params.user, name_of(&p->model->items[s->stretch.item], buf));
    free(s);
}

/* --- items that cannot be played ---------------------------------------------------------------
 */

static void notice_item(const struct program *p, const struct item *item, const char *why,
                        unsigned *n)
{
    char text[600];

    if ((*n)++ >= MAX_NOTICES)
        return;
    (void)snprintf(text, sizeof(text), "item %s: %s; the schedule goes on without it", item->id,
                   why);
    p->params.on_notice(p->params.user, text);
}

static bool is_broken(const struct program *p, const char *file)
{
    for (size_t i = 0; i < p->params.n_broken; i++) {
        if (strcmp(p->params.broken[i], file) == 0)
            return true;
    }
    return false;
}

static const char *why_not_verified(const struct program *p, const struct item *item,
                                    const char *path, char buf[300])
{
    char why[200];

    switch (known_verify(p->params.known, path, item->sha256, why, sizeof(why))) {
    case VERIFY_GOOD:
        return NULL;
    case VERIFY_WAITING:
        return "";
    case VERIFY_BAD:
        break;
    }
    (void)snprintf(buf, 300, "%.90s: %s", item->file, why);
    return *why ? buf : "";
}

/* An id is no path, but it names a file here. */
static bool is_below(const char *name)
{
    const char *up = strstr(name, "..");

    return name[0] != '/' && name[0] != '.' && !up;
}

/* NULL: it can be played, as far as can be told without opening it. "": it cannot, which needs no
 * telling. */
static const char *why_not(const struct program *p, const struct item *item, char buf[300])
{
    char name[MAX_NAME], *path;
    struct stat st;
    int r;

    if (item->live)
        return "a live source, which this player does not show; record it to a file, or give its "
               "place a file as the screen's default";
    if (item->layout && !is_below(item->layout))
        return "a layout's id is the name of its file below the media folder";
    if (is_broken(p, name_of(item, name)))
        return ""; /* told when it broke */
    path = path_of(p, item);
    r = path && stat(path, &st) == 0 ? 0 : path ? errno : ENOMEM;
    if (r == 0 && S_ISREG(st.st_mode)) {
        const char *why = item->sha256 ? why_not_verified(p, item, path, buf) : NULL;

        free(path);
        return why;
    }
    free(path);
    (void)snprintf(buf, 300, "%.200s: %s", name_of(item, name),
                   r ? strerror(r) : "is no regular file");
    return buf;
}

static int find_missing(struct program *p)
{
    unsigned n = 0;

    p->missing = calloc(p->model->n_items / 8 + 1, 1);
    if (!p->missing)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->model->n_items; i++) {
        char buf[300];
        const char *why = why_not(p, &p->model->items[i], buf);

        if (!why)
            continue;
        p->missing[i / 8] |= (uint8_t)(1u << i % 8);
        if (*why)
            notice_item(p, &p->model->items[i], why, &n);
    }
    if (n > MAX_NOTICES) {
        char text[80];

        (void)snprintf(text, sizeof(text), "%u further items cannot be played", n - MAX_NOTICES);
        p->params.on_notice(p->params.user, text);
    }
    return 0;
}

/* --- the layout ------------------------------------------------------------------------------ */

static bool means_us(const struct program *p, const struct rule *rule)
{
    for (uint32_t i = 0; i < rule->n_targets; i++) {
        if (model_specificity(p->model, &rule->targets[i], p->screen) > 0)
            return true;
    }
    return false;
}

/* Of the schedule, and of the alerts that came with the facts. */
static void find_bars(struct program *p)
{
    for (uint32_t i = 0; i < p->model->n_rules + p->given.n_alerts; i++) {
        const struct rule *rule =
            i < p->model->n_rules ? &p->model->rules[i] : &p->given.alerts[i - p->model->n_rules];

        if (rule->axis != AXIS_OVERLAY || !rule->text || !means_us(p, rule))
            continue;
        if (p->n_bars == MAX_BARS) {
            p->params.on_notice(p->params.user, "more than 60 overlay rules mean this screen; the "
                                                "texts of the last ones are not shown");
            return;
        }
        p->bars[p->n_bars++] = rule;
    }
}

static cJSON *add_layer(cJSON *layers, const char *type)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "type", type);
    cJSON_AddItemToArray(layers, o);
    return o;
}

/* A bar at the bottom edge; an emergency is white on red. */
static void add_bar(const struct program *p, cJSON *layers, const struct rule *rule)
{
    uint32_t w = p->params.wall->canvas_w, h = p->params.wall->canvas_h;
    uint32_t bar = h < 16 ? h : h / 8 < 16 ? 16 : h / 8;
    cJSON *o = add_layer(layers, "ticker");

    cJSON_AddNumberToObject(o, "y", h - bar);
    cJSON_AddNumberToObject(o, "h", bar);
    cJSON_AddNumberToObject(o, "z", 10);
    cJSON_AddNumberToObject(o, "speed", w / 10 < 30 ? 30 : w / 10);
    cJSON_AddStringToObject(o, "text", rule->text);
    cJSON_AddStringToObject(o, "background", rule->emergency_bar ? "#b00000ff" : "#000000c0");
    if (rule->emergency_bar)
        cJSON_AddStringToObject(o, "weight", "bold");
}

/* Lowest the safe slide: the screen's name on dark blue, seen when nothing else can be shown. */
static int make_layout(struct program *p, struct qp_report *report, struct qp_diag *diag)
{
    const struct screen *screen = &p->model->screens[p->screen];
    cJSON *o = cJSON_CreateObject(), *layers = cJSON_AddArrayToObject(o, "layers"), *text;
    char *document;
    int r;

    cJSON_AddStringToObject(o, "background", "#0a1a30");
    text = add_layer(layers, "text");
    cJSON_AddStringToObject(text, "text",
                            screen->name && *screen->name ? screen->name : screen->id);
    cJSON_AddStringToObject(text, "align", "center");
    cJSON_AddStringToObject(text, "color", "#6080a0");
    cJSON_AddNumberToObject(text, "z", -10);
    cJSON_AddStringToObject(add_layer(layers, "zone"), "playlist", "main");
    for (uint32_t i = 0; i < p->n_bars; i++)
        add_bar(p, layers, p->bars[i]);
    document = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (!document)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    r = layout_parse(&p->layout, document, strlen(document), NULL, p->params.wall->canvas_w,
                     p->params.wall->canvas_h, report, diag);
    free(document);
    return r;
}

/* --- bar and display ---------------------------------------------------------------------------
 */

static uint32_t bar_of(const struct program *p, const struct rule *overlay)
{
    for (uint32_t i = 0; overlay && i < p->n_bars; i++) {
        if (p->bars[i] == overlay)
            return i;
    }
    return NO_BAR;
}

/* cd/m2 of the brightest cabinets in full white; 0: the wall's file does not say. */
static double peak_of(const struct wall *wall)
{
    double peak = 0;

    for (uint32_t i = 0; i < wall->n_types; i++)
        peak = wall->types[i].peak_nits > peak ? wall->types[i].peak_nits : peak;
    return peak;
}

static double level_of(const struct program *p, const struct resolution *r)
{
    double level = p->params.wall->processing.brightness, peak = peak_of(p->params.wall);

    if (r->brightness_rule && r->brightness < level)
        level = r->brightness;
    if (r->brightness_rule && peak > 0 && r->nits / peak < level) /* false for NAN */
        level = r->nits / peak;
    return level;
}

/* A wall that is dark on purpose is silent, too. */
static double volume_of(const struct resolution *r)
{
    if (!r->on || r->layer == LAYER_BLACKOUT)
        return 0;
    return r->volume_rule && r->volume < 1 ? r->volume : 1; /* false for NAN */
}

static struct state state_at(const struct program *p, int64_t at_ms, int64_t *ret_change_ms)
{
    struct resolution r = {0};

    schedule_resolve(p->schedule, at_ms, p->screen, &p->facts, &r);
    *ret_change_ms = r.next_change_ms;
    return (struct state){.from_ns = tai_of(p, at_ms),
                          .dark = !r.on || r.layer == LAYER_BLACKOUT,
                          .level = level_of(p, &r),
                          .volume = volume_of(&r),
                          .bar = bar_of(p, r.overlay)};
}

static bool is_same(const struct state *a, const struct state *b)
{
    return a->dark == b->dark && a->bar == b->bar && fabs(a->level - b->level) < 1e-9 &&
           fabs(a->volume - b->volume) < 1e-9;
}

/* Keep the queue filled to the horizon. */
static void plan_states(struct program *p)
{
    for (unsigned i = 0; i < MAX_RESOLVES && p->resolved_ms < p->now_ms + FEED_HORIZON_MS; i++) {
        uint32_t written = atomic_load_explicit(&p->written, memory_order_relaxed);
        int64_t change_ms;
        struct state s;

        if (written - atomic_load_explicit(&p->taken, memory_order_acquire) == MAX_STATES)
            return;
        s = state_at(p, p->resolved_ms, &change_ms);
        if (written == 0 || !is_same(&s, &p->last)) {
            p->states[written % MAX_STATES] = p->last = s;
            atomic_store_explicit(&p->written, written + 1, memory_order_release);
        }
        p->resolved_ms = change_ms;
        atomic_store_explicit(&p->known_ns, tai_of(p, change_ms), memory_order_release);
    }
}

/* Due on or after an instant. */
static int64_t frame_instant(const struct program *p, int64_t tai_ns)
{
    int64_t n = qp_lattice_index(p->params.wall->rate, tai_ns);
    int64_t due = qp_lattice_due(p->params.wall->rate, n);

    return due < tai_ns ? qp_lattice_due(p->params.wall->rate, n + 1) : due;
}

/* Sound is on its way before it is heard: the change that comes is told ahead. */
static void set_volume(struct program *p, uint32_t taken)
{
    struct media_volume v = {.before = p->volume_before,
                             .now = p->now.volume,
                             .next = p->now.volume,
                             .since_ns = frame_instant(p, p->now.from_ns),
                             .until_ns = INT64_MAX};

    if (taken != atomic_load_explicit(&p->written, memory_order_acquire)) {
        const struct state *next = &p->states[taken % MAX_STATES];

        v.next = next->volume;
        v.until_ns = frame_instant(p, next->from_ns);
    }
    compose_set_volume(p->compose, &v);
}

static void take_states(struct program *p, int64_t tai_ns)
{
    uint32_t taken = atomic_load_explicit(&p->taken, memory_order_relaxed), first = taken;

    while (taken != atomic_load_explicit(&p->written, memory_order_acquire) &&
           (taken == 0 || p->states[taken % MAX_STATES].from_ns <= tai_ns)) {
        p->volume_before = taken ? p->now.volume : p->states[0].volume;
        p->now = p->states[taken++ % MAX_STATES];
    }
    set_volume(p, taken);
    if (taken == first)
        return;
    atomic_store_explicit(&p->taken, taken, memory_order_release);
    for (uint32_t i = 0; i < p->n_bars; i++)
        compose_show_ticker(p->compose, i, i == p->now.bar);
    compose_set_dark(p->compose, p->now.dark);
}

/* --- putting together --------------------------------------------------------------------------
 */

static int find_screen(struct program *p, const char *id, struct qp_diag *diag)
{
    char known[200] = "";
    size_t n = 0;

    p->screen = model_find_screen(p->model, id);
    if (p->screen != NONE)
        return 0;
    for (uint32_t i = 0; i < p->model->n_screens && n < sizeof(known) - 80; i++)
        n += (size_t)snprintf(known + n, 70, "%s%.60s", i ? ", " : "", p->model->screens[i].id);
    return qp_diag_set(diag, -ENOENT, "the schedule has no screen \"%.80s\"; it has: %s", id,
                       known);
}

static int open_compose(struct program *p, struct qp_diag *diag)
{
    struct compose_params params = {.layout = p->layout,
                                    .feed = &p->play_feed,
                                    .rate = p->params.wall->rate,
                                    .settle_ns = p->params.joins ? JOIN_NS : 0,
                                    .audio_device = p->params.audio_device,
                                    .on_notice = p->params.on_notice,
                                    .user = p->params.user};

    feed_init(&p->feed, p->schedule, &p->facts, p->screen, p->params.from_ms);
    p->feed.on_slice = on_slice;
    p->feed.user = p;
    p->play_feed = (struct play_feed){.next = on_next, .on_done = on_done, .user = p};
    return compose_create(&p->compose, &params, diag);
}

static bool on_wanted(void *user, const struct stretch *stretch)
{
    const struct program *p = user;
    char *path = stretch->item != NONE && p->model->items[stretch->item].file &&
                         p->model->items[stretch->item].sha256
                     ? path_of(p, &p->model->items[stretch->item])
                     : NULL;

    if (path)
        (void)known_verify(p->params.known, path, p->model->items[stretch->item].sha256, NULL, 0);
    free(path);
    return true;
}

/* What comes first is verified first. */
static void verify_in_order(const struct program *p)
{
    const struct model *m = p->model;
    uint32_t i = 0;

    while (i < m->n_items && !m->items[i].sha256)
        i++;
    if (i < m->n_items)
        (void)!schedule_timeline(p->schedule, p->params.from_ms, p->params.from_ms + FEED_SLICE_MS,
                                 p->screen, &p->given.facts, on_wanted, (void *)(uintptr_t)p);
}

/* Facts and missing items; the counts come with each slice. */
static int open_facts(struct program *p, struct qp_diag *diag)
{
    known_facts(p->params.known, p->model, &p->given);
    p->clock = known_clock(p->params.known);
    verify_in_order(p);
    if (find_missing(p) < 0)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    for (uint32_t i = 0; p->given.missing && i < p->model->n_items / 8 + 1; i++)
        p->missing[i] |= p->given.missing[i];
    p->facts = p->given.facts;
    p->facts.missing_items = p->missing;
    return 0;
}

static int open_all(struct program *p, struct qp_report *report, struct qp_diag *diag)
{
    const struct program_params *pp = &p->params;
    int r = model_parse(&p->model, pp->text, pp->len, pp->dir, report, diag);

    if (r == 0)
        r = find_screen(p, pp->screen, diag);
    if (r == 0)
        r = schedule_prepare(&p->schedule, p->model, diag);
    if (r == 0)
        r = open_facts(p, diag);
    if (r < 0)
        return r;
    find_bars(p);
    r = make_layout(p, report, diag);
    return r < 0 ? r : open_compose(p, diag);
}

int program_create(struct program **ret, const struct program_params *params,
                   struct qp_report *report, struct qp_diag *diag)
{
    struct program *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    p->params = *params;
    p->now_ms = p->resolved_ms = params->from_ms;
    p->asked_ms = INT64_MIN;
    r = open_all(p, report, diag);
    if (r < 0) {
        program_destroy(p, true);
        return r;
    }
    plan_states(p);
    *ret = p;
    return 0;
}

void program_destroy(struct program *p, bool is_over)
{
    if (!p)
        return;
    p->is_over = is_over;
    compose_destroy(p->compose);
    layout_destroy(p->layout);
    feed_finish(&p->feed);
    schedule_destroy(p->schedule);
    load_facts_finish(&p->given);
    model_destroy(p->model);
    free(p->counts);
    free(p->missing);
    free(p);
}

void program_tick(struct program *p, int64_t now_ms)
{
    if (now_ms > p->now_ms)
        p->now_ms = now_ms;
    plan_states(p);
    compose_tick(p->compose);
}

/* What would be held if the clock could not be trusted any more; an alert is not. */
static void ask_rule(struct program *p, int64_t now_ms)
{
    struct resolution r = {0};

    if (p->asked_ms != INT64_MIN && now_ms >= p->asked_ms && now_ms - p->asked_ms < ASK_MS)
        return;
    p->asked_ms = now_ms;
    schedule_resolve(p->schedule, now_ms, p->screen, &p->facts, &r);
    p->has_rule = r.layer > LAYER_TAKEOVER;
    p->rule = p->has_rule && r.rule ? r.rule->id : NULL;
}

struct known_now program_now(struct program *p, int64_t now_ms)
{
    struct known_now ret = {.now_ms = now_ms, .model = p->model, .record_on = record_on, .user = p};
    struct play_now on;

    ask_rule(p, now_ms);
    ret.has_rule = p->has_rule;
    ret.held_rule = p->rule;
    if (compose_now(p->compose, &on))
        ret.on_id = ((const struct shown *)on.tag)->id;
    return ret;
}

const struct compose *program_compose(const struct program *p)
{
    return p->compose;
}

/* --- the render thread -------------------------------------------------------------------------
 */

enum compose_state program_paint(struct program *p, struct canvas *canvas, int64_t tai_ns,
                                 int64_t utc_ns, int64_t mono_ns, double *ret_level)
{
    enum compose_state state;

    take_states(p, tai_ns);
    *ret_level = p->now.level;
    state = compose_render(p->compose, canvas, tai_ns, utc_ns, mono_ns);
    if (p->now.dark && state != COMPOSE_WAITING) {
        for (uint32_t y = 0; y < canvas->h; y++)
            for (uint32_t x = 0; x < canvas->w; x++)
                canvas_row(canvas, y)[x] = 0xff000000u;
    }
    return state;
}

void program_count(struct program *p)
{
    compose_count(p->compose);
}

bool program_is_ready(struct program *p, int64_t tai_ns)
{
    return tai_ns < atomic_load_explicit(&p->known_ns, memory_order_acquire) &&
           compose_is_ready(p->compose, tai_ns);
}

bool program_is_due(const struct program *p, int64_t tai_ns)
{
    return compose_is_due(p->compose, tai_ns);
}
