/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wall/csv.h"
#include "tests/support/fuzz.h"

static char *copy_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qp_diag diag = {""};
    struct wall_point *points;
    uint16_t *gains;
    uint32_t n;
    char *text = copy_of(data, size);

    if (csv_parse_points(text, size, &points, &n, &diag) == 0) {
        for (uint32_t i = 0; i < n; i++)
            if (!(points[i].x >= 0 && points[i].y >= 0 && isfinite(points[i].x)))
                abort();
        free(points);
    } else if (diag.text[0] == '\0') {
        abort();
    }
    free(text);
    text = copy_of(data, size);
    if (csv_parse_gains(text, size, 2, &gains, &diag) == 0)
        free(gains);
    free(text);
    return 0;
}
