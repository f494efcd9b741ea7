/* SPDX-License-Identifier: Apache-2.0 */
/* attr.h - compiler attributes and small checked helpers used everywhere. */
#ifndef PROTOCOLS_BASE_ATTR_H
#define PROTOCOLS_BASE_ATTR_H

#include <errno.h>
#include <stddef.h>

#define QP_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#define QP_MUST_CHECK                 __attribute__((warn_unused_result))
#define QP_ARRAY_LEN(a)               (sizeof(a) / sizeof((a)[0]))

/* Run fn(&variable) when the variable leaves its scope. For short-lived locals only. */
#define QP_CLEANUP(fn) __attribute__((cleanup(fn)))

/* *ret = a * b, or -EOVERFLOW with *ret untouched. Sizes that come from outside are multiplied
 * with this and nothing else. */
static inline QP_MUST_CHECK int qp_mul_size(size_t a, size_t b, size_t *ret)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return -EOVERFLOW;
    *ret = product;
    return 0;
}

#endif
