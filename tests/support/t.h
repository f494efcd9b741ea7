/* SPDX-License-Identifier: Apache-2.0 */
/* t.h - the test harness. Each TEST runs in its own child process with a
 * deadline, so a crash or a hang is one failed test and not the end of the run. */
#ifndef TESTS_SUPPORT_T_H
#define TESTS_SUPPORT_T_H

#include <stdio.h>
#include <stdlib.h>

struct t_case {
    const char *name;
    void (*run)(void);
    struct t_case *next;
};

void t_register(struct t_case *c);

#define TEST(id)                                                                                   \
    static void id(void);                                                                          \
    static struct t_case case_##id = {#id, id, NULL};                                              \
    __attribute__((constructor)) static void register_##id(void)                                   \
    {                                                                                              \
        t_register(&case_##id);                                                                    \
    }                                                                                              \
    static void id(void)

#define T_CHECK(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define T_EQ(a, b)                                                                                 \
    do {                                                                                           \
        long long a_ = (long long)(a), b_ = (long long)(b);                                        \
        if (a_ != b_) {                                                                            \
            fprintf(stderr, "%s:%d: %s == %s: %lld != %lld\n", __FILE__, __LINE__, #a, #b, a_,     \
                    b_);                                                                           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif
