/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/json.h"

#include "protocols/base/file.h"
#include "protocols/base/json_scan.h"
#include "protocols/base/text.h"

#include <stdlib.h>
#include <string.h>

const struct qp_json_limits qp_json_default_limits = {
    .max_bytes = (size_t)64 << 20,
    .max_depth = 64,
    .max_values = 20 * 1000 * 1000,
};

/* Windows editors begin a file with U+FEFF; RFC 8259 section 8.1 allows to ignore it. */
static size_t byte_order_mark(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

int qp_json_parse(cJSON **ret, const char *text, size_t len, const struct qp_json_limits *limits,
                  struct qp_diag *diag)
{
    size_t skip = byte_order_mark(text, len);
    cJSON *json;
    int r;

    if (!limits)
        limits = &qp_json_default_limits;
    if (len > limits->max_bytes)
        return qp_diag_set(diag, -E2BIG, "has %zu bytes, the limit is %zu", len, limits->max_bytes);
    if (len == skip)
        return qp_diag_set(diag, -EINVAL, "is empty; a JSON document is expected");
    r = json_scan((const uint8_t *)text + skip, len - skip, limits, diag);
    if (r < 0)
        return r;
    /* json_scan accepts nothing that cJSON refuses (the fuzz target checks that): only memory can
     * be missing. cJSON notes where an error was in a global that nobody reads. */
    json = cJSON_ParseWithLength(text + skip, len - skip);
    if (!json)
        return qp_diag_set(diag, -ENOMEM, "out of memory for the document");
    *ret = json;
    return 0;
}

int qp_json_load(cJSON **ret, const char *file, const struct qp_json_limits *limits,
                 struct qp_diag *diag)
{
    char *text = NULL;
    size_t len = 0;
    int r;

    if (!limits)
        limits = &qp_json_default_limits;
    r = qp_file_read(file, limits->max_bytes, &text, &len, diag);
    if (r < 0)
        return r;
    r = qp_json_parse(ret, text, len, limits, diag);
    free(text);
    if (r < 0)
        return qp_diag_prefix(diag, r, "%s", file);
    return 0;
}
