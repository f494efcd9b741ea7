/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - prepare a model for asking. */
#include "scheduler/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/schedule_index.h"

/* --- playlists in which something can always be shown ------------------------------------------
 */

static bool is_plain_item(const struct item *item)
{
    return item->valid_from_ms <= 0 && item->valid_to_ms == FOREVER_MS &&
           item->rights_from_ms <= 0 && item->rights_to_ms == FOREVER_MS &&
           item->n_rights_area == 0;
}

/* Does it hold an item, or a playlist known as plain, without a condition? */
static bool has_plain(const struct schedule *s, const struct playlist *p)
{
    for (uint32_t i = 0; i < p->n_entries; i++) {
        const struct playlist_entry *e = &p->entries[i];

        if (e->condition != NONE)
            continue;
        if (e->item != NONE ? is_plain_item(&s->model->items[e->item]) : s->plain[e->playlist])
            return true;
    }
    return false;
}

/* Nesting is bounded by the reader, so the rounds are few; each either finds one more or ends. */
static void find_plain(struct schedule *s)
{
    bool more = true;

    for (int round = 0; round < 64 && more; round++) {
        more = false;
        for (uint32_t i = 0; i < s->model->n_playlists; i++) {
            if (s->plain[i] || !has_plain(s, &s->model->playlists[i]))
                continue;
            s->plain[i] = 1;
            more = true;
        }
    }
}

/* --- longest items -----------------------------------------------------------------------------
 */

static int64_t longest_of(const struct schedule *s, const struct playlist *p)
{
    int64_t longest = 0;

    for (uint32_t i = 0; i < p->n_entries; i++) {
        const struct playlist_entry *e = &p->entries[i];
        int64_t ms = e->item == NONE  ? s->longest[e->playlist]
                     : e->duration_ms ? e->duration_ms
                                      : s->model->items[e->item].duration_ms;

        longest = ms > longest ? ms : longest;
    }
    return longest;
}

static void find_longest(struct schedule *s)
{
    bool more = true;

    for (int round = 0; round < 64 && more; round++) {
        more = false;
        for (uint32_t i = 0; i < s->model->n_playlists; i++) {
            int64_t ms = longest_of(s, &s->model->playlists[i]);

            more |= ms != s->longest[i];
            s->longest[i] = ms;
        }
    }
}

/* --- advertisers -------------------------------------------------------------------------------
 */

static int by_advertiser(const void *a, const void *b, void *user)
{
    const struct model *m = user;

    return strcmp(m->items[*(const uint32_t *)a].advertiser,
                  m->items[*(const uint32_t *)b].advertiser);
}

static int number_advertisers(struct schedule *s)
{
    const struct model *m = s->model;
    uint32_t *order = calloc(m->n_items + (size_t)1, sizeof(*order)), n = 0;

    if (!order)
        return -ENOMEM;
    for (uint32_t i = 0; i < m->n_items; i++) {
        s->advertiser[i] = NONE;
        if (m->items[i].advertiser)
            order[n++] = i;
    }
    qsort_r(order, n, sizeof(*order), by_advertiser, (void *)(uintptr_t)m);
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(m->items[order[i]].advertiser, m->items[order[i - 1]].advertiser) != 0)
            s->n_advertisers++;
        s->advertiser[order[i]] = s->n_advertisers - 1;
    }
    free(order);
    return 0;
}

/* --- campaigns ---------------------------------------------------------------------------------
 */

/* Classes that a campaign's rules mean, times their screens. */
static int count_screens(struct schedule *s)
{
    const struct model *m = s->model;
    uint32_t *size = calloc(s->n_classes + (size_t)1, sizeof(*size));
    uint32_t *seen = calloc(m->n_campaigns + (size_t)1, sizeof(*seen)); /* class + 1 */

    for (uint32_t i = 0; size && i < m->n_screens; i++)
        size[s->class_of[i]]++;
    for (uint32_t c = 0; size && seen && c < s->n_classes; c++) {
        for (uint32_t i = 0; i < s->classes[c].n_entries; i++) {
            uint32_t campaign = m->rules[s->classes[c].entries[i].rule].campaign;

            if (campaign == NONE || seen[campaign] == c + 1)
                continue;
            seen[campaign] = c + 1;
            s->campaign_screens[campaign] += size[c];
        }
    }
    for (uint32_t i = 0; i < m->n_campaigns; i++)
        s->campaign_screens[i] += s->campaign_screens[i] == 0;
    free(seen);
    free(size);
    return size && seen ? 0 : -ENOMEM;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static int prepare(struct schedule *s)
{
    const struct model *m = s->model;
    int err;

    s->class_of = calloc(m->n_screens + (size_t)1, sizeof(*s->class_of));
    s->plain = calloc(m->n_playlists + (size_t)1, 1);
    s->advertiser = calloc(m->n_items + (size_t)1, sizeof(*s->advertiser));
    s->campaign_screens = calloc(m->n_campaigns + (size_t)1, sizeof(*s->campaign_screens));
    s->longest = calloc(m->n_playlists + (size_t)1, sizeof(*s->longest));
    if (!s->class_of || !s->longest || !s->plain || !s->advertiser || !s->campaign_screens)
        return -ENOMEM;
    find_plain(s);
    find_longest(s);
    err = number_advertisers(s);
    if (err == 0)
        err = schedule_find_classes(s);
    for (uint32_t i = 0; i < s->n_classes && err == 0; i++)
        err = schedule_index_class(s, &s->classes[i]);
    return err == 0 ? count_screens(s) : err;
}

int schedule_prepare(struct schedule **ret, const struct model *model, struct qp_diag *diag)
{
    struct schedule *s = calloc(1, sizeof(*s));
    int err = -ENOMEM;

    if (s) {
        s->model = model;
        err = prepare(s);
    }
    if (err < 0) {
        schedule_destroy(s);
        if (err == -E2BIG)
            return qp_diag_set(diag, err,
                               "the rules of all screens have more than %u time ranges together; "
                               "let screens share rules, or use fewer ranges",
                               SCHEDULE_MAX_RANGES);
        return qp_diag_set(diag, err,
                           "not enough memory for the schedule's index; use fewer rules");
    }
    *ret = s;
    return 0;
}

void schedule_destroy(struct schedule *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->n_classes; i++)
        schedule_index_finish(&s->classes[i]);
    free(s->classes);
    free(s->class_of);
    free(s->plain);
    free(s->longest);
    free(s->advertiser);
    free(s->campaign_screens);
    free(s);
}
