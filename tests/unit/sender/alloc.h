/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - count the allocations of a test program, all threads. Include in one file of it. Under
 * a sanitizer its own hooks count; otherwise malloc and its family are replaced by counting ones.
 */
#ifndef TESTS_UNIT_SENDER_ALLOC_H
#define TESTS_UNIT_SENDER_ALLOC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_ulong allocations;

static inline unsigned long alloc_count(void)
{
    return atomic_load(&allocations);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ALLOC_HOOKS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(ALLOC_HOOKS)

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t size)
{
    (void)p;
    (void)size;
    atomic_fetch_add(&allocations, 1);
}

static void on_free(const volatile void *p)
{
    (void)p;
}

__attribute__((constructor)) static void install(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* What glibc's own malloc is called beneath. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(p, size);
}

#endif

#endif
