/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what a fuzz target defines: one call an input, 0 returned, nothing kept. */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
