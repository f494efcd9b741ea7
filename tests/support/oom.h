/* SPDX-License-Identifier: Apache-2.0 */
/* oom.h - the 1st, 2nd, ... allocation fails until everything succeeds. To be included by one file
 * of a test that is linked with -Wl,--wrap for malloc, calloc, realloc, reallocarray and strdup
 * (ldextra in the Makefile): the linker leads every allocation of the libraries here, cJSON gets
 * them through its hooks. What is leaked, LeakSanitizer finds at the end of each case. */
#ifndef TESTS_SUPPORT_OOM_H
#define TESTS_SUPPORT_OOM_H

#include <stdbool.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tests/support/t.h"

static long oom_fail_at; /* the n-th allocation fails; 0: none does */
static long oom_n;

static inline bool oom_fails(void)
{
    return ++oom_n == oom_fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return oom_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return oom_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return oom_fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return oom_fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *text)
{
    return oom_fails() ? NULL : __real_strdup(text);
}

/* Call attempt() with every allocation failing in turn. It returns true when it had all it needed.
 * At least min_failures must have been seen, so that a wrapper that is not linked is noticed. */
static inline void oom_try_all(bool (*attempt)(void), long min_failures)
{
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    long n = 0;
    bool whole;

    cJSON_InitHooks(&hooks);
    do {
        oom_n = 0;
        oom_fail_at = ++n;
        whole = attempt();
        if (whole != (oom_n < oom_fail_at)) {
            fprintf(stderr, "allocation %ld of %ld failed, and it %s\n", n, oom_n,
                    whole ? "went on" : "gave up without need");
            exit(1);
        }
        T_CHECK(n < 100000);
    } while (!whole);
    oom_fail_at = 0;
    fprintf(stderr, "%ld allocations failed in turn\n", n - 1);
    T_CHECK(n > min_failures);
}

#endif
