/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocols/runtime/worker.h"

struct history {
    const char *file;
    struct ledger *ledger;
    uint64_t passed;
    /* the thread's until done */
    struct worker worker;
    struct ledger *whole;
    int64_t size; /* of the file when the reading began: later records are in `meanwhile` */
    uint64_t whole_passed;
    int error;
    struct qp_diag diag;
    atomic_bool stop, done;
    bool is_reading;
    char **meanwhile;
    size_t n, cap;
};

static int read_from(struct history *h, struct ledger *ledger, int64_t from, uint64_t *ret_passed,
                     struct qp_diag *diag)
{
    struct ledger_part part = {.file = h->file, .from = from, .to = h->size, .stop = &h->stop};

    return ledger_read(ledger, &part, ret_passed, diag);
}

static void run(void *user)
{
    struct history *h = user;

    h->error = read_from(h, h->whole, 0, &h->whole_passed, &h->diag);
    atomic_store(&h->done, true);
}

static int start(struct history *h, const struct history_params *params, struct qp_diag *diag)
{
    struct worker_params wp = {.name = "history", .run = run, .user = h};
    int err = ledger_create(&h->whole, params->screen, params->with_rehearsals);

    if (err == 0)
        err = worker_start(&h->worker, &wp, diag);
    h->is_reading = err == 0;
    return err;
}

int history_open(struct history **ret, const struct history_params *params, struct qp_diag *diag)
{
    struct history *h = calloc(1, sizeof(*h));
    struct stat st;
    bool is_large;
    int err = -ENOMEM;

    if (h) {
        h->file = params->file;
        h->size = stat(params->file, &st) == 0 ? st.st_size : 0;
        err = ledger_create(&h->ledger, params->screen, params->with_rehearsals);
    }
    if (err < 0) {
        history_close(h);
        return qp_diag_set(diag, err, "out of memory");
    }
    is_large = h->size > HISTORY_AT_ONCE && !params->must_wait;
    err = read_from(h, h->ledger, is_large ? h->size - HISTORY_END : 0, &h->passed, diag);
    if (err == 0 && is_large)
        err = start(h, params, diag);
    if (err < 0) {
        history_close(h);
        return err;
    }
    *ret = h;
    return 0;
}

static void forget_meanwhile(struct history *h)
{
    while (h->n > 0)
        free(h->meanwhile[--h->n]);
    free(h->meanwhile);
    h->meanwhile = NULL;
    h->cap = 0;
}

void history_close(struct history *h)
{
    if (!h)
        return;
    atomic_store(&h->stop, true);
    worker_join(&h->worker);
    forget_meanwhile(h);
    ledger_destroy(h->whole);
    ledger_destroy(h->ledger);
    free(h);
}

struct ledger *history_ledger(struct history *h)
{
    return h->ledger;
}

static void keep(struct history *h, const char *line)
{
    char **more;

    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 64;

        more = reallocarray(h->meanwhile, cap, sizeof(*more));
        if (!more)
            return;
        h->meanwhile = more;
        h->cap = cap;
    }
    h->meanwhile[h->n] = strdup(line);
    h->n += h->meanwhile[h->n] != NULL;
}

void history_add(struct history *h, const char *line)
{
    (void)ledger_add(h->ledger, line, strlen(line)); /* without memory it is not counted */
    if (h->is_reading)
        keep(h, line);
}

bool history_has_news(struct history *h, struct qp_diag *diag)
{
    if (!h->is_reading || !atomic_load(&h->done))
        return false;
    worker_join(&h->worker);
    h->is_reading = false;
    *diag = h->diag;
    if (h->error < 0)
        return true;
    for (size_t i = 0; i < h->n; i++)
        (void)ledger_add(h->whole, h->meanwhile[i], strlen(h->meanwhile[i]));
    forget_meanwhile(h);
    ledger_destroy(h->ledger);
    h->ledger = h->whole;
    h->whole = NULL;
    h->passed = h->whole_passed;
    return true;
}

uint64_t history_passed(const struct history *h)
{
    return h->passed;
}
