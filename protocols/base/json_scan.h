/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.h - is this text a JSON document that may be handed to cJSON? Private to json.c. */
#ifndef PROTOCOLS_BASE_JSON_SCAN_H
#define PROTOCOLS_BASE_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/base/json.h"

/* What cJSON 1.7 can nest (CJSON_NESTING_LIMIT) and how long a number it reads whole; a greater
 * max_depth means this. */
#define JSON_SCAN_DEPTH_MAX  1000
#define JSON_SCAN_NUMBER_MAX 63

/* Check grammar (RFC 8259), encoding, limits and duplicate keys, without recursion and in
 * O(len log len). Returns 0, -EINVAL, -E2BIG or -ENOMEM; diag names line and column. */
QP_MUST_CHECK int json_scan(const uint8_t *text, size_t len, const struct qp_json_limits *limits,
                            struct qp_diag *diag);

#endif
