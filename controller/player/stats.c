/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "controller/player/render/plan.h"
#include "protocols/base/clock.h"
#include "protocols/base/file.h"
#include "protocols/base/json.h"
#include "protocols/base/version.h"
#include "sender-card/sender.h"

static void number(cJSON *to, const char *name, double v)
{
    cJSON_AddNumberToObject(to, name, v);
}

static double ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Resident pages now; /proc/self/statm, second field. */
static double resident_mib(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;
    int n = 0;

    if (f) {
        n = fscanf(f, "%lu %lu", &size, &resident);
        fclose(f);
    }
    return n == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576.0 : 0;
}

static void add_engine(cJSON *root, const struct stats_source *s)
{
    struct engine_stats e;
    struct plan_info plan;
    struct rusage use;
    cJSON *o = cJSON_AddObjectToObject(root, "render");

    engine_stats(s->engine, &e);
    plan_info(engine_plan(s->engine), &plan);
    getrusage(RUSAGE_SELF, &use);
    number(root, "frames", (double)e.frames);
    number(root, "skipped", (double)e.skipped);
    if (e.first_ns)
        number(root, "first_light_ms", ms(e.first_ns - s->began_ns));
    number(root, "seconds", (double)(qp_clock_mono_ns() - s->began_ns) / 1e9);
    number(root, "resident_mib", resident_mib());
    number(root, "peak_resident_mib", (double)use.ru_maxrss / 1024.0);
    number(root, "cpu_s", seconds_of(&use.ru_utime) + seconds_of(&use.ru_stime));
    number(o, "mean_ms", e.frames ? ms(e.render_ns_sum) / (double)e.frames : 0);
    number(o, "max_ms", ms(e.render_ns_max));
    number(o, "map_mean_ms", e.frames ? ms(e.map_ns_sum) / (double)e.frames : 0);
    number(o, "cpu_s", (double)e.cpu_ns / 1e9);
    cJSON_AddStringToObject(o, "kernels", plan.kernels);
    cJSON_AddBoolToObject(o, "byte_exact", plan.identity);
    number(o, "runs", (double)plan.n_runs);
    number(o, "leds", (double)plan.n_leds);
    number(o, "plan_mib", (double)plan.bytes / 1048576.0);
}

/* What the kernel knows of the interface in use: true, false, or null where it does not say. */
static void known(cJSON *to, const char *name, int state)
{
    if (state < 0)
        cJSON_AddNullToObject(to, name);
    else
        cJSON_AddBoolToObject(to, name, state > 0);
}

static void add_nic(cJSON *to, const struct sender_port_stats *p)
{
    number(to, "speed_mbps", p->speed_mbps);
    known(to, "full_duplex", p->full_duplex);
    known(to, "eee", p->eee);
    known(to, "pause", p->pause);
    number(to, "nic_tx_errors", (double)p->nic_tx_errors);
    number(to, "nic_tx_dropped", (double)p->nic_tx_dropped);
    number(to, "nic_tx_carrier_errors", (double)p->nic_tx_carrier_errors);
}

static void add_cards(cJSON *to, const struct sender_port_stats *p)
{
    number(to, "cards", p->cards);
    cJSON_AddStringToObject(to, "firmware", p->firmware);
    if (p->silent_ms < 0)
        cJSON_AddNullToObject(to, "silent_ms");
    else
        number(to, "silent_ms", (double)p->silent_ms);
}

static cJSON *port_json(const struct wall_output *output, const struct sender_port_stats *p)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "id", output->id);
    cJSON_AddStringToObject(o, "driver", output->driver);
    number(o, "frames", (double)p->frames);
    number(o, "late", (double)p->late);
    number(o, "skipped", (double)p->skipped);
    number(o, "incomplete", (double)p->incomplete);
    number(o, "overdue", (double)p->overdue);
    number(o, "packets", (double)p->packets);
    number(o, "bytes", (double)p->bytes);
    number(o, "short_sends", (double)p->short_sends);
    number(o, "eagain", (double)p->eagain);
    number(o, "errors", (double)p->errors);
    number(o, "carrier_changes", (double)p->carrier_changes);
    number(o, "failovers", (double)p->failovers);
    number(o, "failover_frames_max", (double)p->failover_frames_max);
    number(o, "failover_max_ms", ms(p->failover_ns_max));
    cJSON_AddBoolToObject(o, "carrier", p->carrier);
    cJSON_AddBoolToObject(o, "on_backup", p->on_backup);
    number(o, "latch_error_max_ms", ms(p->latch_error_ns_max));
    add_nic(o, p);
    add_cards(o, p);
    return o;
}

static void add_ports(cJSON *root, const struct stats_source *s)
{
    cJSON *ports = cJSON_AddArrayToObject(root, "ports");

    for (uint32_t i = 0; i < s->wall->n_outputs; i++) {
        struct sender_port_stats p;

        sender_stats(engine_sender(s->engine), i, &p);
        cJSON_AddItemToArray(ports, port_json(&s->wall->outputs[i], &p));
    }
}

static void add_media(cJSON *root, const struct stats_source *s)
{
    struct compose_stats c;
    cJSON *o;

    if (!s->compose)
        return;
    compose_stats(s->compose, &c);
    o = cJSON_AddObjectToObject(root, "media");
    number(o, "started", (double)c.items_started);
    number(o, "finished", (double)c.items_finished);
    number(o, "skipped", (double)c.items_skipped);
    number(o, "pictures_late", (double)c.pictures_late);
}

int stats_write(const struct stats_source *source, const char *file, struct qp_diag *diag)
{
    cJSON *root = cJSON_CreateObject();
    char *text;
    int r;

    cJSON_AddStringToObject(root, "program", "qp-player " QP_VERSION);
    cJSON_AddStringToObject(root, "wall", source->wall->name ? source->wall->name : "");
    add_engine(root, source);
    add_media(root, source);
    add_ports(root, source);
    text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return qp_diag_set(diag, -ENOMEM, "%s: not enough memory for the statistics", file);
    r = qp_file_replace(file, text, strlen(text), diag);
    cJSON_free(text);
    return r;
}

void stats_line(const struct stats_source *source, char *buf, size_t cap)
{
    uint64_t late = 0, skipped, incomplete = 0, down = 0;
    struct engine_stats e;
    int n;

    engine_stats(source->engine, &e);
    skipped = e.skipped;
    for (uint32_t i = 0; i < source->wall->n_outputs; i++) {
        struct sender_port_stats p;

        sender_stats(engine_sender(source->engine), i, &p);
        late += p.late;
        skipped += p.skipped;
        incomplete += p.incomplete;
        down += !p.carrier;
    }
    n = snprintf(buf, cap, "%.0f s  %llu frames  %llu late  %llu skipped  %llu incomplete",
                 (double)(qp_clock_mono_ns() - source->began_ns) / 1e9,
                 (unsigned long long)e.frames, (unsigned long long)late,
                 (unsigned long long)skipped, (unsigned long long)incomplete);
    if (down && n > 0 && (size_t)n < cap)
        (void)snprintf(buf + n, cap - (size_t)n, "  %llu of %u ports without carrier",
                       (unsigned long long)down, source->wall->n_outputs);
}
