/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - assertions of the fuzz targets: stop with the place, in every build. */
#ifndef TESTS_FUZZ_WIRE_CHECK_H
#define TESTS_FUZZ_WIRE_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fuzz.h"

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Borrowed bytes must lie in the buffer that was decoded; reading them all shows a lie. */
static inline void check_inside(const uint8_t *p, size_t n, const uint8_t *buf, size_t len)
{
    CHECK(n == 0 || (p >= buf && n <= len && (size_t)(p - buf) <= len - n));
}

#endif
