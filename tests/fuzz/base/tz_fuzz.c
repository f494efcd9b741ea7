/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/tz.h"
#include "tests/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tz *tz = NULL;
    struct tz_local t;

    if (tz_parse(&tz, data, size, NULL) < 0)
        return 0;
    for (int64_t s = -4000000000; s < 8000000000; s += 86400 * 97 + 12345) {
        tz_local(tz, s, &t);
        if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 || t.hour > 23 ||
            t.yearday < 0 || t.yearday > 365)
            __builtin_trap();
        (void)tz_to_utc(tz, t.year, t.month, t.day, t.hour, t.minute, t.second);
    }
    tz_destroy(tz);
    return 0;
}
