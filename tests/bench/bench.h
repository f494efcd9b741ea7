/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - what the measuring programs share: samples beside a reference, and figures as JSON.
 *
 * Nothing is compared with a number from another machine or another hour. Work and reference take
 * turns (A B A B ...), each sample is divided by the one beside it, and the median of these ratios
 * is the figure: a neighbour who disturbs for a while disturbs both.
 *
 * A program prints one JSON object a line on standard output: a figure each, or a note. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BENCH_MAX_ROUNDS 1000
#define BENCH_HUGE       ((size_t)2 << 20)

struct bench_work {
    void (*run)(void *self);
    void *self;
};

static inline _Noreturn void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static inline double bench_seconds(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static inline double bench_time(clockid_t clock, const struct bench_work *work)
{
    double began = bench_seconds(clock);

    work->run(work->self);
    return bench_seconds(clock) - began;
}

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts v. */
static inline double bench_median(double *v, unsigned n)
{
    qsort(v, n, sizeof(*v), bench_compare);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

struct bench_ratio {
    double ratio, low, high; /* median; quartiles of the ratios */
    double work_ms, reference_ms;
    unsigned rounds;
};

/* Work over reference, by turns, for about `seconds` (at least three rounds), after one of each
 * that does not count. CLOCK_THREAD_CPUTIME_ID where all the work is done by this thread: other
 * programs on the machine do not count. */
static inline struct bench_ratio bench_beside(clockid_t clock, const struct bench_work *work,
                                              const struct bench_work *reference, double seconds)
{
    static double ratio[BENCH_MAX_ROUNDS], a[BENCH_MAX_ROUNDS], b[BENCH_MAX_ROUNDS];
    double began;
    unsigned n = 0;

    (void)bench_time(clock, reference);
    (void)bench_time(clock, work);
    began = bench_seconds(CLOCK_MONOTONIC);
    while (n < 3 || (n < BENCH_MAX_ROUNDS && bench_seconds(CLOCK_MONOTONIC) - began < seconds)) {
        b[n] = bench_time(clock, reference);
        a[n] = bench_time(clock, work);
        ratio[n] = a[n] / b[n];
        n++;
    }
    return (struct bench_ratio){.ratio = bench_median(ratio, n),
                                .low = ratio[n / 4],
                                .high = ratio[3 * n / 4],
                                .work_ms = 1e3 * bench_median(a, n),
                                .reference_ms = 1e3 * bench_median(b, n),
                                .rounds = n};
}

/* Memory that was touched; in huge pages where the system gives them on request. */
static inline void *bench_alloc(size_t bytes)
{
    size_t size = (bytes + BENCH_HUGE - 1) / BENCH_HUGE * BENCH_HUGE;
    void *p = aligned_alloc(BENCH_HUGE, size);

    if (!p)
        bench_die("out of memory");
    (void)madvise(p, size, MADV_HUGEPAGE);
    memset(p, 1, size);
    return p;
}

/* A figure: at_most (or else at least) the target; a target of 0 means that there is none. */
struct bench_figure {
    const char *name, *unit;
    double value, target;
    bool at_most;
    const char *note; /* free text, or NULL */
};

static inline void bench_print(const struct bench_figure *f)
{
    if (!isfinite(f->value))
        bench_die("a figure is not a number");
    printf("{\"figure\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"", f->name, f->value, f->unit);
    if (f->target > 0)
        printf(", \"target\": %.6g, \"sense\": \"%s\"", f->target,
               f->at_most ? "at most" : "at least");
    if (f->note)
        printf(", \"note\": \"%s\"", f->note);
    printf("}\n");
    fflush(stdout);
}

/* A ratio with its spread and the times that it came from. */
static inline void bench_print_ratio(const char *name, const char *unit,
                                     const struct bench_ratio *r, double target)
{
    char note[160];

    (void)snprintf(note, sizeof(note), "%.2f ms beside %.2f ms; quartiles %.2f to %.2f, %u rounds",
                   r->work_ms, r->reference_ms, r->low, r->high, r->rounds);
    bench_print(&(struct bench_figure){.name = name,
                                       .unit = unit,
                                       .value = r->ratio,
                                       .target = target,
                                       .at_most = true,
                                       .note = note});
}

#endif
