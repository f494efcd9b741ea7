/* SPDX-License-Identifier: Apache-2.0 */
/* program_items.c - which items can be played, as far as can be told without opening them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/player/program_impl.h"

#define MAX_NOTICES 20

/* Below the media folder. A layout's id is its file's name, with or without .json. */
const char *program_item_name(const struct item *item, char buf[PROGRAM_MAX_NAME])
{
    const char *dot = item->layout ? strrchr(item->layout, '.') : NULL;

    if (!item->layout)
        return item->file;
    (void)snprintf(buf, PROGRAM_MAX_NAME, "%s%s", item->layout,
                   dot && strcmp(dot, ".json") == 0 ? "" : ".json");
    return buf;
}

char *program_item_path(const struct program *p, const struct item *item)
{
    char buf[PROGRAM_MAX_NAME], *path;

    return asprintf(&path, "%s/%s", p->params.media, program_item_name(item, buf)) < 0 ? NULL
                                                                                       : path;
}

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
    char name[PROGRAM_MAX_NAME], *path;
    struct stat st;
    int r;

    if (item->live)
        return "a live source, which this player does not show; record it to a file, or give its "
               "place a file as the screen's default";
    if (item->layout && !is_below(item->layout))
        return "a layout's id is the name of its file below the media folder";
    if (is_broken(p, program_item_name(item, name)))
        return ""; /* told when it broke */
    path = program_item_path(p, item);
    r = path && stat(path, &st) == 0 ? 0 : path ? errno : ENOMEM;
    if (r == 0 && S_ISREG(st.st_mode)) {
        const char *why = item->sha256 ? why_not_verified(p, item, path, buf) : NULL;

        free(path);
        return why;
    }
    free(path);
    (void)snprintf(buf, 300, "%.200s: %s", program_item_name(item, name),
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

static bool on_wanted(void *user, const struct stretch *stretch)
{
    const struct program *p = user;
    char *path = stretch->item != NONE && p->model->items[stretch->item].file &&
                         p->model->items[stretch->item].sha256
                     ? program_item_path(p, &p->model->items[stretch->item])
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
int program_open_facts(struct program *p, struct qp_diag *diag)
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
