/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/prepare.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_NS      20000000L
#define TIME_UNKNOWN INT64_MIN

struct prepare {
    struct label *labels;
    size_t n_labels;
    struct ticker *tickers;
    size_t n_tickers;
    struct text_engine *engine;
    _Atomic int64_t utc_s;
    pthread_t thread;
    pthread_mutex_t lock; /* of quit; the render thread never takes it */
    pthread_cond_t wake;
    bool quit;
};

static int64_t current_second(const struct prepare *p)
{
    int64_t s = atomic_load_explicit(&p->utc_s, memory_order_relaxed);
    struct timespec now;

    if (s != TIME_UNKNOWN)
        return s;
    /* Before the first frame: what it will most probably ask for. */
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/* Sleep for the poll interval; false when it is time to leave. */
static bool rest(struct prepare *p)
{
    struct timespec until;
    bool quit;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL_NS;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&p->lock);
    if (!p->quit)
        (void)pthread_cond_timedwait(&p->wake, &p->lock, &until);
    quit = p->quit;
    pthread_mutex_unlock(&p->lock);
    return !quit;
}

static void *run(void *arg)
{
    struct prepare *p = arg;

    (void)pthread_setname_np(pthread_self(), "text");
    do {
        for (size_t i = 0; i < p->n_labels; i++)
            label_prepare(&p->labels[i], p->engine, current_second(p));
        for (size_t i = 0; i < p->n_tickers; i++)
            ticker_prepare(&p->tickers[i], p->engine);
    } while (rest(p));
    return NULL;
}

static int start(struct prepare *p, struct qp_diag *diag)
{
    pthread_condattr_t attr;
    int err;

    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &attr);
    pthread_condattr_destroy(&attr);
    err = -pthread_create(&p->thread, NULL, run, p);
    if (err < 0) {
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
        return qp_diag_set(diag, err, "the text thread cannot be started: %s", strerror(-err));
    }
    return 0;
}

int prepare_create(struct prepare **ret, struct label *labels, size_t n_labels,
                   struct ticker *tickers, size_t n_tickers, struct qp_diag *diag)
{
    struct prepare *p = calloc(1, sizeof(*p));
    int err;

    if (!p)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    p->labels = labels;
    p->n_labels = n_labels;
    p->tickers = tickers;
    p->n_tickers = n_tickers;
    atomic_init(&p->utc_s, TIME_UNKNOWN);
    err = text_engine_create(&p->engine, diag);
    if (err == 0)
        err = start(p, diag);
    if (err < 0) {
        text_engine_destroy(p->engine);
        free(p);
        return err;
    }
    *ret = p;
    return 0;
}

void prepare_stop(struct prepare *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
}

void prepare_destroy(struct prepare *p)
{
    if (!p)
        return;
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    text_engine_destroy(p->engine);
    free(p);
}

void prepare_set_time(struct prepare *p, int64_t utc_s)
{
    atomic_store_explicit(&p->utc_s, utc_s, memory_order_relaxed);
}
