/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a schedule: refused with a reason, or a model whose references all lead somewhere and
 * whose windows, written out, are read as the same windows. What follows a NUL byte is read as
 * facts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/load_facts.h"
#include "scheduler/load_write.h"
#include "scheduler/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static bool is_ref(uint32_t i, uint32_t n)
{
    return i == NONE || i < n;
}

static void check_targets(const struct model *m, const struct target *targets, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t s = 0; s < m->n_screens && s < 20; s++)
            (void)model_specificity(m, &targets[i], s);
}

static void check_rules(const struct model *m)
{
    for (uint32_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];

        must(r->id && r->path && r->n_targets > 0 && is_ref(r->window, m->n_windows) &&
             is_ref(r->playlist, m->n_playlists) && is_ref(r->campaign, m->n_campaigns) &&
             is_ref(r->slot, m->n_slots) && is_ref(r->owner, m->n_nodes));
        check_targets(m, r->targets, r->n_targets);
    }
}

static void check_playlists(const struct model *m)
{
    for (uint32_t i = 0; i < m->n_playlists; i++) {
        const struct playlist *p = &m->playlists[i];

        must(p->n_entries > 0);
        for (uint32_t k = 0; k < p->n_entries; k++) {
            const struct playlist_entry *e = &p->entries[k];

            must((e->item == NONE) != (e->playlist == NONE) && is_ref(e->item, m->n_items) &&
                 is_ref(e->playlist, m->n_playlists) && is_ref(e->condition, m->n_windows) &&
                 e->weight > 0 && e->per_visit > 0);
        }
    }
}

static bool same(const struct window *a, const struct window *b)
{
    return a->frequency == b->frequency && a->once_start_ms == b->once_start_ms &&
           a->once_end_ms == b->once_end_ms && a->first_day == b->first_day &&
           a->last_day == b->last_day && a->interval == b->interval && a->months == b->months &&
           a->weekdays == b->weekdays && a->nth_weekday == b->nth_weekday &&
           a->n_month_days == b->n_month_days && a->n_ranges == b->n_ranges &&
           a->end_days == b->end_days && a->n_edits == b->n_edits && a->gap == b->gap &&
           (a->n_ranges == 0 || memcmp(a->ranges, b->ranges, sizeof(*a->ranges)) == 0);
}

/* The window alone as a schedule; NULL where a document cannot say it. */
static struct model *read_back(const struct window *w, const char *zone)
{
    cJSON *json = load_write_window(w, zone);
    char *window = cJSON_PrintUnformatted(json), *text = NULL;
    struct model *m = NULL;
    struct qp_diag diag = {""};
    int len = asprintf(&text,
                       "{\"screens\": [{\"id\": \"s\", \"zone\": \"UTC\"}], \"items\": [{\"id\": "
                       "\"i\", \"live\": \"l\", \"duration_s\": 1}], \"rules\": [{\"id\": \"r\", "
                       "\"item\": \"i\", \"window\": %s}]}",
                       window);

    must(len > 0);
    if (model_parse(&m, text, (size_t)len, NULL, NULL, &diag) < 0)
        fprintf(stderr, "%s: %s\n", window, diag.text);
    must(m);
    free(text);
    cJSON_free(window);
    cJSON_Delete(json);
    return m;
}

static void check_windows(const struct model *m)
{
    for (uint32_t i = 0; i < m->n_windows && i < 20; i++) {
        const struct window *w = &m->windows[i];
        const char *zone = NULL;
        struct model *again;

        must(w->frequency == EVERY_ONCE ? w->once_start_ms < w->once_end_ms
                                        : is_ref(w->calendar, m->n_calendars));
        if (w->calendar != NONE || w->n_exceptions || (w->frequency != EVERY_ONCE && !w->n_ranges))
            continue; /* of the document, or of a daypart */
        for (uint32_t k = 0; k < m->n_zones && w->zone; k++)
            zone = m->zones[k] == w->zone ? m->zone_names[k] : zone;
        again = read_back(w, zone);
        must(same(w, &again->windows[0]));
        model_destroy(again);
    }
}

static void read_facts(const struct model *m, const char *text, size_t len)
{
    struct load_facts facts;
    struct qp_diag diag = {""};

    if (load_facts_parse(&facts, m, text, len, NULL, &diag) < 0) {
        must(diag.text[0]);
        return;
    }
    for (uint32_t i = 0; i < facts.n_alerts; i++) {
        must(facts.alerts[i].window < facts.n_windows);
        check_targets(m, facts.alerts[i].targets, facts.alerts[i].n_targets);
    }
    load_facts_finish(&facts);
}

/* Whatever a document says, its conflicts are found in bounded time and told with something to do.
 */
static void check_conflicts(const struct model *m)
{
    const int64_t from = INT64_C(1784246400000); /* 2026-07-17 */
    struct qp_report report = {0};
    struct schedule *s;

    if (m->n_rules > 50 || m->n_screens > 5 || m->n_quotas > 5 || m->n_campaigns > 5)
        return;
    for (uint32_t i = 0; i < m->n_items; i++)
        if (m->items[i].duration_ms < 1000)
            return; /* a year of them takes its time */
    must(schedule_prepare(&s, m, NULL) == 0);
    must(schedule_conflicts(s, from, from + 3600000, CONFLICT_PARTLY, &report) == 0);
    for (size_t i = 0; i < report.n; i++)
        must(report.items[i].text[0] && report.items[i].remedy[0]);
    qp_report_finish(&report);
    schedule_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qp_report report = {0};
    struct qp_diag diag = {""};
    const char *text = (const char *)data;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t len = nul ? (size_t)(nul - data) : size;
    struct model *m;
    int err = model_parse(&m, text, len, NULL, &report, &diag);

    must(err == 0 || (report.n_errors > 0 && diag.text[0]));
    must(err != 0 || report.n_errors == 0);
    for (size_t i = 0; i < report.n; i++)
        must(report.items[i].remedy[0] || !report.items[i].path[0]);
    if (err == 0) {
        check_rules(m);
        check_playlists(m);
        check_windows(m);
        check_conflicts(m);
        if (nul)
            read_facts(m, text + len + 1, size - len - 1);
        model_destroy(m);
    }
    qp_report_finish(&report);
    return 0;
}
