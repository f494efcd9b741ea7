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

/* --- the whole ---------------------------------------------------------------------------------
 */

static int prepare(struct schedule *s)
{
    const struct model *m = s->model;
    int err;

    s->class_of = calloc(m->n_screens + (size_t)1, sizeof(*s->class_of));
    s->plain = calloc(m->n_playlists + (size_t)1, 1);
    s->advertiser = calloc(m->n_items + (size_t)1, sizeof(*s->advertiser));
    if (!s->class_of || !s->plain || !s->advertiser)
        return -ENOMEM;
    find_plain(s);
    err = number_advertisers(s);
    if (err == 0)
        err = schedule_find_classes(s);
    for (uint32_t i = 0; i < s->n_classes && err == 0; i++)
        err = schedule_index_class(s, &s->classes[i]);
    return err;
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
    free(s->advertiser);
    free(s);
}
