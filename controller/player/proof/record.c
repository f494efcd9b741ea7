/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/proof/record.h"

#include <stdio.h>
#include <time.h>

#include "protocols/base/clock.h"

static const char *const layer_names[LAYER_N] = {"blackout", "emergency", "takeover", "interrupt",
                                                 "schedule", "default",   "safe"};

const char *record_instant(int64_t utc_ns, char *buf)
{
    time_t s = (time_t)(utc_ns / QP_NS_PER_S);
    struct tm tm;
    size_t n;

    (void)gmtime_r(&s, &tm);
    n = strftime(buf, RECORD_INSTANT, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(buf + n, RECORD_INSTANT - n, ".%03dZ", (int)(utc_ns / 1000000 % 1000));
    return buf;
}

static void add_id(cJSON *o, const char *name, const char *id)
{
    if (id)
        cJSON_AddStringToObject(o, name, id);
    else
        cJSON_AddNullToObject(o, name);
}

cJSON *record_tree(const struct record *r)
{
    cJSON *o = cJSON_CreateObject();
    char buf[RECORD_INSTANT];

    cJSON_AddStringToObject(o, "start", record_instant(r->start_ns, buf));
    cJSON_AddStringToObject(o, "end", record_instant(r->end_ns, buf));
    cJSON_AddStringToObject(o, "screen", r->screen);
    cJSON_AddStringToObject(o, "layer", layer_names[r->layer]);
    add_id(o, "rule", r->rule);
    add_id(o, "campaign", r->campaign);
    add_id(o, "item", r->item);
    cJSON_AddNumberToObject(o, "position_ms", (double)r->position_ms);
    cJSON_AddNumberToObject(o, "frames_expected", (double)r->expected);
    cJSON_AddNumberToObject(o, "frames_presented", (double)r->presented);
    cJSON_AddNumberToObject(o, "frames_dark", (double)r->dark);
    cJSON_AddStringToObject(o, "clock", r->clock);
    cJSON_AddStringToObject(o, "reason", r->reason);
    return o;
}
