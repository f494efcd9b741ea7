/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: resolve and prepare with more and more rules on one screen, and a week of a city.
 *
 * Growth is the ratio of the times with twice the rules: 2 is linear. */
#include "tests/bench/bench.h"
#include "tests/unit/scheduler/random_model.h"

#define INSTANTS 2000
#define WEEK_MS  (INT64_C(7) * 86400000)

struct load {
    struct random_model r;
    struct schedule *s;
    uint64_t n;
};

static void make(struct load *l, uint32_t rules, uint32_t priorities)
{
    *l = (struct load){.r = {.state = 5,
                             .sizes = {.screens = 1,
                                       .rules = rules,
                                       .items = 100,
                                       .groups = 1,
                                       .priorities = priorities,
                                       .zone = "Asia/Shanghai"}}};
    rm_make(&l->r);
    if (schedule_prepare(&l->s, &l->r.m, NULL) < 0)
        bench_die("out of memory");
}

static void unmake(struct load *l)
{
    schedule_destroy(l->s);
    rm_free(&l->r);
}

static void run_resolve(void *self)
{
    struct load *l = self;

    for (int i = 0; i < INSTANTS; i++) {
        struct resolution r = {.applicable = NULL};
        int64_t at = RM_T0 + (int64_t)rm_next(&l->r, 365 * 1440) * 60000;

        schedule_resolve(l->s, at, 0, NULL, &r);
        l->n += r.next_change_ms > at;
    }
}

static void run_prepare(void *self)
{
    struct load *l = self;

    schedule_destroy(l->s);
    if (schedule_prepare(&l->s, &l->r.m, NULL) < 0)
        bench_die("out of memory");
}

/* --- growth ------------------------------------------------------------------------------------
 */

static const char *name_of(const char *what, uint32_t rules)
{
    static char name[80];

    (void)snprintf(name, sizeof(name), "scheduler: %s, %u rules", what, rules);
    return name;
}

static void measure(uint32_t rules)
{
    struct load full, half;
    struct bench_ratio r;

    make(&full, rules, 100);
    make(&half, rules / 2, 100);
    r = bench_beside(CLOCK_THREAD_CPUTIME_ID, &(struct bench_work){run_resolve, &full},
                     &(struct bench_work){run_resolve, &half}, 1);
    bench_print(&(struct bench_figure){.name = name_of("resolve at an instant of a year", rules),
                                       .unit = "us",
                                       .value = r.work_ms * 1e3 / INSTANTS,
                                       .target = rules == 10000 ? 20 : 0,
                                       .at_most = true});
    bench_print_ratio(name_of("resolve, growth to", rules), "of the time with half", &r, 0);
    r = bench_beside(CLOCK_THREAD_CPUTIME_ID, &(struct bench_work){run_prepare, &full},
                     &(struct bench_work){run_prepare, &half}, 1);
    bench_print(&(struct bench_figure){.name = name_of("preparation", rules),
                                       .unit = "ms",
                                       .value = r.work_ms,
                                       .target = rules == 10000 ? 50 : 0,
                                       .at_most = true});
    bench_print_ratio(name_of("preparation, growth to", rules), "of the time with half", &r, 0);
    unmake(&full);
    unmake(&half);
}

/* --- a week of a city ----------------------------------------------------------------------------
 */

static bool on_stretch(void *user, const struct stretch *s)
{
    *(uint64_t *)user += s->item != NONE;
    return true;
}

/* The first of the rules are interrupts, always open, that ask for 40 % together. */
static void interrupt(struct model *m, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct rule *r = &m->rules[i];

        r->axis = AXIS_CONTENT;
        r->layer = LAYER_INTERRUPT;
        r->share = 0.05;
        r->any_priority = true;
        r->playlist = i;
        r->window = NONE;
        *r->targets = (struct target){.kind = TARGET_ALL};
    }
}

static void measure_city(uint32_t screens, uint32_t rules, double target)
{
    struct random_model r = {.state = 9,
                             .sizes = {.screens = screens,
                                       .rules = rules,
                                       .items = 100,
                                       .groups = 10,
                                       .priorities = 10,
                                       .zone = "Asia/Shanghai"}};
    struct schedule *s;
    char name[100];
    uint64_t n = 0;
    double began;

    rm_make(&r);
    interrupt(&r.m, 8);
    if (schedule_prepare(&s, &r.m, NULL) < 0)
        bench_die("out of memory");
    began = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < screens; i++)
        if (schedule_timeline(s, RM_T0, RM_T0 + WEEK_MS, i, NULL, on_stretch, &n) < 0)
            bench_die("out of memory");
    (void)snprintf(name, sizeof(name), "scheduler: timeline, 7 days, %u screens, %u rules", screens,
                   rules);
    bench_print(&(struct bench_figure){.name = name,
                                       .unit = "s",
                                       .value = bench_seconds(CLOCK_THREAD_CPUTIME_ID) - began,
                                       .target = target,
                                       .at_most = true});
    if (n < (uint64_t)screens * 30000)
        bench_die("the timeline shows too little");
    schedule_destroy(s);
    rm_free(&r);
}

int main(void)
{
    measure(1000);
    measure(2000);
    measure(5000);
    measure(10000);
    measure_city(100, 100, 0);
    measure_city(100, 200, 0);
    measure_city(1000, 200, 10);
    return 0;
}
