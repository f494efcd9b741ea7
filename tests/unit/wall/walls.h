/* SPDX-License-Identifier: Apache-2.0 */
/* walls.h - walls out of strings, for the tests of this folder. Text is written with ' for ". */
#ifndef TESTS_UNIT_WALL_WALLS_H
#define TESTS_UNIT_WALL_WALLS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/wall.h"
#include "tests/support/t.h"

#define ONE_TYPE "'types': {'T': {'width': 4, 'height': 3, 'pitch_mm': 2}}"
#define ONE_PORT "'outputs': [{'id': 'p', 'driver': 'ddp', 'chain': ['A']}]"

static inline char *quoted(const char *text)
{
    char *copy = strdup(text);

    for (char *p = copy; p && *p; p++)
        if (*p == '\'')
            *p = '"';
    return copy;
}

static inline void print_report(const struct qp_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        fprintf(stderr, "# %s: %s (%s)\n", r->items[i].path, r->items[i].text, r->items[i].remedy);
}

static inline struct wall *wall_from(const char *text)
{
    struct wall *w = NULL;
    struct qp_report r = {0};
    struct qp_diag d = {""};
    char *json = quoted(text);
    int err = wall_parse(&w, json, strlen(json), NULL, &r, &d);

    if (err < 0)
        print_report(&r);
    T_EQ(err, 0);
    qp_report_finish(&r);
    free(json);
    return w;
}

#endif
