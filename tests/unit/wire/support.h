/* SPDX-License-Identifier: Apache-2.0 */
/* support.h - what the codec tests share: bytes written as hex, random numbers, exact copies. */
#ifndef TESTS_UNIT_WIRE_SUPPORT_H
#define TESTS_UNIT_WIRE_SUPPORT_H

#include <stdint.h>
#include <string.h>

#include "tests/support/t.h"

/* "55 AA 00*21": hex bytes, "*n" repeats the byte in front of it. Returns how many. */
static inline size_t from_hex(const char *text, uint8_t *buf, size_t cap)
{
    size_t n = 0;

    while (*text) {
        char *end;
        unsigned long v, times = 1;

        if (*text == ' ') {
            text++;
            continue;
        }
        v = strtoul(text, &end, 16);
        T_CHECK(end == text + 2 && v <= 255);
        text = end;
        if (*text == '*') {
            times = strtoul(text + 1, &end, 10);
            text = end;
        }
        T_CHECK(n + times <= cap);
        memset(buf + n, (int)v, times);
        n += times;
    }
    return n;
}

static inline void expect_bytes(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[4096];
    size_t n = from_hex(hex, want, sizeof(want));

    T_EQ(len, n);
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i]) {
            fprintf(stderr, "byte %zu is %02x, not %02x\n", i, got[i], want[i]);
            exit(1);
        }
}

/* A copy of exactly this size, so that the sanitizer sees a read beyond the end. free() it. */
static inline uint8_t *exact(const uint8_t *buf, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    T_CHECK(copy);
    if (len)
        memcpy(copy, buf, len);
    return copy;
}

/* xorshift64: the same numbers on every machine. */
static inline uint64_t rnd(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint32_t rnd_in(uint64_t *state, uint32_t lo, uint32_t hi)
{
    return lo + (uint32_t)(rnd(state) % ((uint64_t)hi - lo + 1));
}

static inline void rnd_bytes(uint64_t *state, void *buf, size_t len)
{
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)rnd(state);
}

/* decode(buf, len, &pkt) must fail for every shorter length and leave pkt alone. */
#define EXPECT_NO_TRUNCATION(decode, buf, full, pkt_type)                                          \
    do {                                                                                           \
        for (size_t len_ = 0; len_ < (full); len_++) {                                             \
            uint8_t *copy_ = exact((buf), len_);                                                   \
            pkt_type pkt_, untouched_;                                                             \
            memset(&pkt_, 0xA5, sizeof(pkt_));                                                     \
            memset(&untouched_, 0xA5, sizeof(untouched_));                                         \
            T_CHECK(decode(copy_, len_, &pkt_) < 0);                                               \
            T_EQ(memcmp(&pkt_, &untouched_, sizeof(pkt_)), 0);                                     \
            free(copy_);                                                                           \
        }                                                                                          \
    } while (0)

#endif
