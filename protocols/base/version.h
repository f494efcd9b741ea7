/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - the one place that names the release; CHANGELOG.md says what is in it. */
#ifndef PROTOCOLS_BASE_VERSION_H
#define PROTOCOLS_BASE_VERSION_H

#define QP_VERSION "0.1.0"

#endif
