/* SPDX-License-Identifier: Apache-2.0 */
/* support.h - small walls for the tests of the sender. */
#ifndef TESTS_UNIT_SENDER_SUPPORT_H
#define TESTS_UNIT_SENDER_SUPPORT_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/wall.h"
#include "sender-card/sender.h"
#include "tests/support/t.h"

/* For a constructor: none of this program's tests can run here. */
static inline void skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    fflush(stdout);
    _Exit(0);
}

/* One cabinet of w x h LEDs on each of the n outputs; outputs: the members of every output behind
 * its id and chain, processing: an object. */
static inline int wall_text(char *buf, size_t cap, unsigned w, unsigned h, const char *rate,
                            const char *processing, const char *const *outputs, unsigned n)
{
    int at = snprintf(buf, cap,
                      "{\"name\": \"t\", \"canvas\": {\"width\": %u, \"height\": %u}, "
                      "\"refresh\": %s, \"processing\": %s, \"types\": {\"c\": {\"width\": %u, "
                      "\"height\": %u, \"pitch_mm\": 4}}, \"cabinets\": [",
                      w * n, h, rate, processing, w, h);

    for (unsigned i = 0; i < n; i++)
        at += snprintf(buf + at, cap - (size_t)at,
                       "%s{\"id\": \"k%u\", \"type\": \"c\", \"x\": %u, \"y\": 0}", i ? "," : "", i,
                       i * w);
    at += snprintf(buf + at, cap - (size_t)at, "], \"outputs\": [");
    for (unsigned i = 0; i < n; i++)
        at += snprintf(buf + at, cap - (size_t)at, "%s{\"id\": \"p%u\", \"chain\": [\"k%u\"], %s}",
                       i ? "," : "", i, i, outputs[i]);
    return at + snprintf(buf + at, cap - (size_t)at, "]}");
}

static inline struct wall *wall_of(unsigned w, unsigned h, const char *rate, const char *processing,
                                   const char *const *outputs, unsigned n)
{
    char *text = malloc(65536);
    struct wall *wall = NULL;
    struct qp_diag diag = {{0}};
    int len = wall_text(text, 65536, w, h, rate, processing, outputs, n);
    int err = wall_parse(&wall, text, (size_t)len, NULL, NULL, &diag);

    if (err < 0)
        fprintf(stderr, "%s\n%s\n", text, diag.text);
    free(text);
    T_EQ(err, 0);
    return wall;
}

static inline struct wall *wall_one(unsigned w, unsigned h, const char *output)
{
    return wall_of(w, h, "60", "{}", &output, 1);
}

/* The first error of a check, or "". */
static inline const char *check_text(const struct wall *wall, struct sender_load *loads)
{
    static struct qp_diag diag;
    struct qp_report report = {0};
    int err = sender_check(wall, loads, &report);

    diag.text[0] = '\0';
    (void)qp_report_diag(&report, &diag);
    T_EQ(err, report.n_errors ? -EINVAL : 0);
    qp_report_finish(&report);
    return diag.text;
}

#endif
