/* SPDX-License-Identifier: Apache-2.0 */
/* A log may hold anything. Line by line and as a file it gives the same counts, and these are such
 * as the scheduler takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "controller/player/proof/ledger.h"
#include "tests/support/fuzz.h"

#define N 2

static char rule_ids[N][2] = {"a", "b"}, campaign_ids[N][2] = {"c", "d"};
static struct rule rules[N] = {{.id = rule_ids[0]}, {.id = rule_ids[1]}};
static struct campaign campaigns[N] = {{.id = campaign_ids[0]}, {.id = campaign_ids[1]}};
static const struct model model = {
    .rules = rules, .n_rules = N, .campaigns = campaigns, .n_campaigns = N};

static void check_count(const struct play_count *c)
{
    if (c->seconds < 0 || c->n_starts > 3600)
        __builtin_trap();
    if (c->rule != NONE && (c->n_starts == 0 || c->starts[c->n_starts - 1] != c->last_start_ms))
        __builtin_trap();
    for (uint32_t i = 1; i < c->n_starts; i++)
        if (c->starts[i] < c->starts[i - 1] || c->last_start_ms - c->starts[i] >= 3600000)
            __builtin_trap();
}

static struct ledger *line_by_line(const char *data, size_t size)
{
    struct ledger *l;

    if (ledger_create(&l, "s", false) < 0)
        abort();
    for (size_t at = 0; at < size;) {
        const char *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) - at : size - at;

        /* A last line without its end is torn. */
        if (end) {
            bool is_record = ledger_add(l, data + at, len) == 0;

            if (!is_record && ledger_holds(l, data + at, len))
                __builtin_trap();
        }
        at += len + 1;
    }
    return l;
}

static struct ledger *as_file(const char *data, size_t size)
{
    struct ledger_part part = {.to = (int64_t)size};
    struct qp_diag diag;
    struct ledger *l;
    uint64_t passed;
    char path[40];
    int fd = memfd_create("log", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || ledger_create(&l, "s", false) < 0)
        abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    part.file = path;
    if (ledger_read(l, &part, &passed, &diag) < 0)
        abort();
    (void)close(fd);
    return l;
}

static void compare(struct ledger *a, struct ledger *b, int64_t until_ms)
{
    struct play_count *x, *y;
    uint32_t n, m;

    if (ledger_counts(a, &model, 0, until_ms, NULL, 0, &x, &n) < 0 ||
        ledger_counts(b, &model, 0, until_ms, NULL, 0, &y, &m) < 0)
        abort();
    if (n != m)
        __builtin_trap();
    for (uint32_t i = 0; i < n; i++) {
        check_count(&x[i]);
        if (x[i].plays != y[i].plays || x[i].seconds != y[i].seconds ||
            x[i].n_starts != y[i].n_starts)
            __builtin_trap();
    }
    free(x);
    free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ledger *a = line_by_line((const char *)data, size),
                  *b = as_file((const char *)data, size);

    compare(a, b, 1784304000000); /* some midnight */
    compare(a, b, INT64_MAX / 2);
    ledger_destroy(a);
    ledger_destroy(b);
    return 0;
}
