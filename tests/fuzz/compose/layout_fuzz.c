/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/compose.h"
#include "tests/support/fuzz.h"

/* The first byte chooses the canvas, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sides[] = {1, 7, 64, 1920, 65536};
    struct qp_report report = {0};
    struct qp_diag diag = {{0}};
    struct layout *layout = NULL;
    uint32_t side = size > 0 ? sides[data[0] % 5] : 1;

    if (size == 0)
        return 0;
    if (layout_parse(&layout, (const char *)data + 1, size - 1, "/media", side, 1 + side / 2,
                     &report, &diag) == 0)
        layout_destroy(layout);
    else if (diag.text[0] == '\0')
        __builtin_trap(); /* a refusal without a sentence */
    qp_report_finish(&report);
    return 0;
}
