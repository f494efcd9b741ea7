/* SPDX-License-Identifier: Apache-2.0 */
/* What is read can be asked, and written, and read again with the same occurrences. */
#include <stdlib.h>
#include <string.h>

#include "scheduler/ical.h"
#include "scheduler/occurrence.h"
#include "tests/support/fuzz.h"

#define MANY 64

static size_t ask(const struct window *w, struct occurrence *ret)
{
    struct occurrence_place place = {.zone = NULL};
    struct occurrence next;
    int64_t from_ms = w->frequency == EVERY_ONCE && w->once_start_ms < w->once_end_ms
                          ? w->once_start_ms
                          : w->first_day * INT64_C(86400000) - 86400000,
            change = 0;

    (void)occurrence_open(NULL, w, &place, from_ms, NULL, &change);
    if (change <= from_ms)
        __builtin_trap();
    if (occurrence_next(NULL, w, &place, from_ms, &next) && next.end_ms <= from_ms)
        __builtin_trap();
    return occurrence_between(NULL, w, &place, from_ms, from_ms + INT64_C(86400000) * 500, ret,
                              MANY);
}

static void write_and_read(const struct ical *ical, const struct ical_event *e)
{
    struct occurrence before[MANY], after[MANY];
    struct ical_source source = {"uid", e->summary, &e->window, NULL};
    struct ical *again = NULL;
    char *text = NULL;
    size_t n;

    for (uint32_t i = 0; i < ical->n_zones; i++)
        if (ical->zones[i] == e->window.zone)
            source.zone_name = ical->zone_names[i];
    n = ask(&e->window, before);
    if (ical_format(&text, &source, 1, 0, NULL, NULL) < 0)
        return;
    if (ical_parse(&again, text, strlen(text), NULL, NULL) == 0 && again->n_events == 1) {
        if (ask(&again->events[0].window, after) != n)
            __builtin_trap();
        for (size_t i = 0; i < n && i < MANY; i++)
            if (before[i].start_ms != after[i].start_ms || before[i].end_ms != after[i].end_ms)
                __builtin_trap();
    }
    ical_destroy(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ical *ical = NULL;

    if (ical_parse(&ical, (const char *)data, size, NULL, NULL) < 0)
        return 0;
    for (uint32_t i = 0; i < ical->n_events && i < 20; i++)
        write_and_read(ical, &ical->events[i]);
    ical_destroy(ical);
    return 0;
}
