/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a wall, as structs, as JSON and as text. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sender-card/virtual/impl.h"

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Jitter is how far an interval lies from the median one: a steady but slow sender has none. */
static void jitter(const struct vport *p, struct virtual_jitter *ret)
{
    size_t n = p->n_intervals < VIRTUAL_INTERVALS ? p->n_intervals : VIRTUAL_INTERVALS;
    int64_t *sorted, median, sum = 0;

    *ret = (struct virtual_jitter){0};
    sorted = n ? malloc(n * sizeof(*sorted)) : NULL;
    if (!sorted)
        return;
    memcpy(sorted, p->intervals, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_size);
    median = sorted[n / 2];
    for (size_t i = 0; i < n; i++) {
        sorted[i] = llabs(sorted[i] - median);
        sum += sorted[i];
    }
    qsort(sorted, n, sizeof(*sorted), by_size);
    *ret = (struct virtual_jitter){
        .n = n,
        .median_ms = (double)median / 1e6,
        .min_ms = (double)sorted[0] / 1e6,
        .mean_ms = (double)sum / (double)n / 1e6,
        .p99_ms = (double)sorted[(n - 1) * 99 / 100] / 1e6,
        .max_ms = (double)sorted[n - 1] / 1e6,
    };
    free(sorted);
}

void virtual_stats(const struct virtual_wall *vw, uint32_t port, struct virtual_port_stats *ret)
{
    *ret = vw->ports[port].stats;
    jitter(&vw->ports[port], &ret->jitter);
}

void virtual_totals(const struct virtual_wall *vw, struct virtual_totals *ret)
{
    *ret = vw->totals;
    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        const struct virtual_port_stats *s = &vw->ports[i].stats;

        ret->malformed += s->malformed;
        ret->torn += s->torn;
        ret->units_missing += s->units_missing;
        ret->leds_missing += s->leds_missing;
    }
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

struct number {
    const char *name;
    double value;
};

static bool add_numbers(cJSON *to, const struct number *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!cJSON_AddNumberToObject(to, numbers[i].name, numbers[i].value))
            return false;
    }
    return true;
}

static bool add_brightness(cJSON *to, const struct virtual_port_stats *s)
{
    cJSON *b = s->brightness_set ? cJSON_AddArrayToObject(to, "brightness")
                                 : cJSON_AddNullToObject(to, "brightness");

    for (int c = 0; b && s->brightness_set && c < 3; c++) {
        if (!cJSON_AddItemToArray(b, cJSON_CreateNumber(s->brightness[c])))
            return false;
    }
    return b;
}

static bool add_jitter(cJSON *to, const struct virtual_jitter *j)
{
    cJSON *o = cJSON_AddObjectToObject(to, "latch_jitter_ms");
    const struct number numbers[] = {{"intervals", (double)j->n}, {"median_interval", j->median_ms},
                                     {"min", j->min_ms},          {"mean", j->mean_ms},
                                     {"p99", j->p99_ms},          {"max", j->max_ms}};

    return o && add_numbers(o, numbers, QP_ARRAY_LEN(numbers));
}

static bool add_port(cJSON *ports, const struct virtual_wall *vw, uint32_t i, int64_t now_ns)
{
    cJSON *o = cJSON_CreateObject(), *reasons;
    struct virtual_port_stats s;

    virtual_stats(vw, i, &s);
    const struct number numbers[] = {
        {"frames", (double)s.frames},
        {"torn", (double)s.torn},
        {"rows_missing", (double)s.units_missing},
        {"leds_missing", (double)s.leds_missing},
        {"leds_kept", (double)s.kept_leds},
        {"duplicate_latches", (double)s.duplicate_latches},
        {"duplicate_packets", (double)s.duplicate_packets},
        {"restarted", (double)s.restarted},
        {"lost", (double)s.lost},
        {"reordered", (double)s.reordered},
        {"packets", (double)s.packets},
        {"bytes", (double)s.bytes},
        {"malformed", (double)s.malformed},
        {"brightness_packets", (double)s.white_packets},
    };

    if (!o || !cJSON_AddItemToArray(ports, o) || !cJSON_AddStringToObject(o, "id", s.id) ||
        !cJSON_AddStringToObject(o, "driver", s.driver) ||
        !cJSON_AddStringToObject(o, "row_is", s.unit) ||
        !add_numbers(o, numbers, QP_ARRAY_LEN(numbers)) || !add_brightness(o, &s) ||
        !add_jitter(o, &s.jitter))
        return false;
    if (now_ns && s.last_packet_ns &&
        !cJSON_AddNumberToObject(o, "last_packet_age_ms",
                                 (double)(now_ns - s.last_packet_ns) / 1e6))
        return false;
    reasons = cJSON_AddObjectToObject(o, "malformed_reasons");
    for (size_t r = 0; reasons && r < VIRTUAL_REASONS && s.reasons[r].text; r++) {
        if (!cJSON_AddNumberToObject(reasons, s.reasons[r].text, (double)s.reasons[r].n))
            return false;
    }
    return reasons;
}

static bool add_totals(cJSON *to, const struct virtual_wall *vw)
{
    cJSON *reasons;
    struct virtual_totals t;

    virtual_totals(vw, &t);
    const struct number numbers[] = {
        {"frames", (double)t.frames},
        {"mixed_frames", (double)t.mixed},
        {"torn", (double)t.torn},
        {"rows_missing", (double)t.units_missing},
        {"leds_missing", (double)t.leds_missing},
        {"packets", (double)t.packets},
        {"bytes", (double)t.bytes},
        {"malformed", (double)t.malformed},
        {"other_packets", (double)t.other},
        {"no_port", (double)t.no_port},
    };

    reasons = cJSON_AddObjectToObject(to, "malformed_reasons");
    for (size_t r = 0; reasons && r < VIRTUAL_REASONS && t.reasons[r].text; r++) {
        if (!cJSON_AddNumberToObject(reasons, t.reasons[r].text, (double)t.reasons[r].n))
            return false;
    }
    return reasons && add_numbers(to, numbers, QP_ARRAY_LEN(numbers));
}

cJSON *virtual_report(const struct virtual_wall *vw, int64_t now_ns)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *totals = cJSON_AddObjectToObject(root, "totals");
    cJSON *ports = cJSON_AddArrayToObject(root, "ports");
    bool ok = totals && ports && cJSON_AddStringToObject(root, "wall", vw->wall->name) &&
              cJSON_AddNumberToObject(root, "width", vw->w) &&
              cJSON_AddNumberToObject(root, "height", vw->h) && add_totals(totals, vw);

    for (uint32_t i = 0; ok && i < vw->wall->n_outputs; i++)
        ok = add_port(ports, vw, i, now_ns);
    if (ok)
        return root;
    cJSON_Delete(root);
    return NULL;
}

/* --- text
 * ------------------------------------------------------------------------------------------ */

static void print_port(const struct virtual_port_stats *s, FILE *out)
{
    fprintf(out, "port %s (%s): %" PRIu64 " frames, %" PRIu64 " torn, %" PRIu64 " %ss missing, ",
            s->id, s->driver, s->frames, s->torn, s->units_missing, s->unit);
    if (s->brightness_set)
        fprintf(out, "brightness %u %u %u of 255\n", s->brightness[0], s->brightness[1],
                s->brightness[2]);
    else
        fprintf(out, "brightness not set by the sender\n");
    fprintf(out,
            "  packets %" PRIu64 ", lost %" PRIu64 ", out of order %" PRIu64 ", doubled %" PRIu64
            ", latches folded %" PRIu64 ", frames restarted %" PRIu64 "\n",
            s->packets, s->lost, s->reordered, s->duplicate_packets, s->duplicate_latches,
            s->restarted);
    if (s->jitter.n)
        fprintf(out, "  a latch every %.3f ms; off by min %.3f, mean %.3f, p99 %.3f, max %.3f ms\n",
                s->jitter.median_ms, s->jitter.min_ms, s->jitter.mean_ms, s->jitter.p99_ms,
                s->jitter.max_ms);
    for (size_t r = 0; r < VIRTUAL_REASONS && s->reasons[r].text; r++)
        fprintf(out, "  malformed: %" PRIu64 " x %s\n", s->reasons[r].n, s->reasons[r].text);
}

void virtual_print(const struct virtual_wall *vw, FILE *out)
{
    struct virtual_totals t;

    for (uint32_t i = 0; i < vw->wall->n_outputs; i++) {
        struct virtual_port_stats s;

        virtual_stats(vw, i, &s);
        print_port(&s, out);
    }
    virtual_totals(vw, &t);
    for (size_t r = 0; r < VIRTUAL_REASONS && t.reasons[r].text; r++)
        fprintf(out, "malformed: %" PRIu64 " x %s\n", t.reasons[r].n, t.reasons[r].text);
    fprintf(out,
            "wall: %" PRIu64 " frames (%" PRIu64 " while a port had not latched), %" PRIu64
            " torn, %" PRIu64 " rows missing, %" PRIu64 " packets, %" PRIu64 " malformed, %" PRIu64
            " of no port, %" PRIu64 " others\n",
            t.frames, t.mixed, t.torn, t.units_missing, t.packets, t.malformed, t.no_port, t.other);
}
