/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/model.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/load.h"

static void destroy_places(struct model *m)
{
    for (uint32_t i = 0; i < m->n_screens; i++) {
        struct screen *s = &m->screens[i];

        free(s->id);
        free(s->name);
        free(s->zone_name);
        free(s->groups);
        free(s->tags);
        free(s->sync_group);
    }
    for (uint32_t i = 0; i < m->n_nodes; i++) {
        free(m->nodes[i].id);
        free(m->nodes[i].name);
        free(m->nodes[i].kind);
    }
    for (uint32_t i = 0; i < m->n_slots; i++) {
        free(m->slots[i].id);
        free(m->slots[i].categories);
    }
    free(m->screens);
    free(m->nodes);
    free(m->slots);
}

static void destroy_content(struct model *m)
{
    for (uint32_t i = 0; i < m->n_items; i++) {
        struct item *item = &m->items[i];

        free(item->id);
        free(item->file);
        free(item->sha256);
        free(item->layout);
        free(item->live);
        free(item->advertiser);
        load_targets_finish(item->rights_area, item->n_rights_area);
    }
    for (uint32_t i = 0; i < m->n_playlists; i++) {
        free(m->playlists[i].id);
        free(m->playlists[i].entries);
    }
    free(m->items);
    free(m->playlists);
}

static void destroy_rules(struct model *m)
{
    for (uint32_t i = 0; i < m->n_rules; i++)
        load_rule_finish(&m->rules[i]);
    for (uint32_t i = 0; i < m->n_windows; i++)
        load_window_finish(&m->windows[i]);
    for (uint32_t i = 0; i < m->n_campaigns; i++)
        free(m->campaigns[i].id);
    for (uint32_t i = 0; i < m->n_quotas; i++) {
        free(m->quotas[i].id);
        load_targets_finish(m->quotas[i].targets, m->quotas[i].n_targets);
    }
    free(m->rules);
    free(m->windows);
    free(m->campaigns);
    free(m->quotas);
    free(m->separations);
}

static void destroy_names(char **names, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

void model_destroy(struct model *m)
{
    if (!m)
        return;
    destroy_places(m);
    destroy_content(m);
    destroy_rules(m);
    destroy_names(m->groups, m->n_groups);
    destroy_names(m->tags, m->n_tags);
    destroy_names(m->categories, m->n_categories);
    destroy_names(m->zone_names, m->n_zones);
    for (uint32_t i = 0; i < m->n_zones; i++)
        tz_destroy(m->zones[i]);
    for (uint32_t i = 0; i < m->n_calendars; i++) {
        free(m->calendars[i].id);
        free(m->calendars[i].days);
    }
    free(m->zones);
    free(m->calendars);
    cJSON_Delete(m->json);
    free(m);
}

uint32_t model_find_screen(const struct model *m, const char *id)
{
    for (uint32_t i = 0; i < m->n_screens; i++)
        if (strcmp(m->screens[i].id, id) == 0)
            return i;
    return NONE;
}
