/* SPDX-License-Identifier: Apache-2.0 */
/* sched_bench [--quick] - the scheduler: resolve and prepare with many rules on one screen, and a
 * week of a city.
 *
 * Rules of the usual kinds over a hundred priorities are measured with more and more of them; the
 * growth is the ratio of the times with twice the rules: 2 is linear. Beside them stand mixes that
 * were made to be slow: all rules of one priority and of one awkward kind. */
#include "tests/bench/bench.h"
#include "tests/unit/scheduler/random_model.h"

#define WEEK_MS (INT64_C(7) * 86400000)
#define RULES   10000u

static bool is_quick;

struct load {
    struct random_model r;
    struct schedule *s;
    uint32_t instants;
    uint64_t n;
};

static void make(struct load *l, uint32_t rules, uint32_t priorities, enum model_mix mix)
{
    *l = (struct load){.r = {.state = 5,
                             .sizes = {.screens = 1,
                                       .rules = rules,
                                       .items = 100,
                                       .groups = 1,
                                       .priorities = priorities,
                                       .zone = "Asia/Shanghai",
                                       .mix = mix}},
                       .instants = is_quick ? 50 : 2000};
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

    for (uint32_t i = 0; i < l->instants; i++) {
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

static const char *name_of(const char *what, uint32_t rules, const char *more)
{
    static char name[120];

    (void)snprintf(name, sizeof(name), "%s, %u rules%s", what, rules, more);
    return name;
}

static struct bench_ratio beside(void (*run)(void *), struct load *work, struct load *reference)
{
    return bench_beside(CLOCK_THREAD_CPUTIME_ID, &(struct bench_work){run, work},
                        &(struct bench_work){run, reference}, is_quick ? 0.01 : 1);
}

static void print(const char *name, const char *unit, double value, double target)
{
    bench_print(&(struct bench_figure){
        .name = name, .unit = unit, .value = value, .target = target, .at_most = true});
}

static void measure(uint32_t rules)
{
    struct load full, half;
    struct bench_ratio r;

    make(&full, rules, 100, MIX_USUAL);
    make(&half, rules / 2, 100, MIX_USUAL);
    r = beside(run_resolve, &full, &half);
    print(name_of("resolve at an instant of a year", rules, ""), "us",
          r.work_ms * 1e3 / full.instants, rules == RULES ? 20 : 0);
    bench_print_ratio(name_of("resolve, growth to", rules, ""), "of the time with half", &r, 0);
    r = beside(run_prepare, &full, &half);
    print(name_of("preparation", rules, ""), "ms", r.work_ms, rules == RULES ? 50 : 0);
    bench_print_ratio(name_of("preparation, growth to", rules, ""), "of the time with half", &r, 0);
    unmake(&full);
    unmake(&half);
}

/* --- mixes that were made to be slow -------------------------------------------------------------
 */

static void measure_mix(enum model_mix mix)
{
    struct load full, half;
    struct bench_ratio r;
    char more[60];

    (void)snprintf(more, sizeof(more), ": %s", rm_mix_name(mix));
    make(&full, RULES, 1, mix);
    make(&half, RULES / 2, 1, mix);
    r = beside(run_resolve, &full, &half);
    print(name_of("resolve", RULES, more), "us", r.work_ms * 1e3 / full.instants, 20);
    bench_print_ratio(name_of("resolve, growth to", RULES, more), "of the time with half", &r, 0);
    r = beside(run_prepare, &full, &half);
    print(name_of("preparation", RULES, more), "ms", r.work_ms, 50);
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

static double city_seconds(uint32_t screens, uint32_t rules)
{
    struct random_model r = {.state = 9,
                             .sizes = {.screens = screens,
                                       .rules = rules,
                                       .items = 100,
                                       .groups = 10,
                                       .priorities = 10,
                                       .zone = "Asia/Shanghai"}};
    struct schedule *s;
    uint64_t n = 0;
    double began, seconds;

    rm_make(&r);
    interrupt(&r.m, 8);
    if (schedule_prepare(&s, &r.m, NULL) < 0)
        bench_die("out of memory");
    began = bench_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; i < screens; i++)
        if (schedule_timeline(s, RM_T0, RM_T0 + WEEK_MS, i, NULL, on_stretch, &n) < 0)
            bench_die("out of memory");
    seconds = bench_seconds(CLOCK_THREAD_CPUTIME_ID) - began;
    if (n < (uint64_t)screens * 30000)
        bench_die("the timeline shows too little");
    schedule_destroy(s);
    rm_free(&r);
    return seconds;
}

static void measure_city(uint32_t screens, double target)
{
    double half = city_seconds(screens, 100), full = city_seconds(screens, 200);
    char name[100];

    (void)snprintf(name, sizeof(name), "timeline of 7 days, %u screens, 200 rules", screens);
    print(name, "s", full, target);
    (void)snprintf(name, sizeof(name), "timeline, growth to 200 rules, %u screens", screens);
    print(name, "of the time with half", full / half, 0);
}

int main(int argc, char **argv)
{
    is_quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    if (argc > 1 && !is_quick)
        bench_die("usage: sched_bench [--quick]");
    measure(2500);
    measure(5000);
    measure(RULES);
    for (int mix = MIX_USUAL + 1; mix < MIX_N; mix++)
        measure_mix((enum model_mix)mix);
    measure_city(is_quick ? 5 : 1000, is_quick ? 0 : 10);
    return 0;
}
