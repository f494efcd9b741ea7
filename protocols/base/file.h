/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files: read with a limit, replaced atomically. */
#ifndef PROTOCOLS_BASE_FILE_H
#define PROTOCOLS_BASE_FILE_H

#include <stddef.h>

#include "protocols/base/diag.h"

/* Read a regular file of at most max bytes into a new buffer (free() it), NUL added behind the
 * *ret_len bytes. Returns 0, -E2BIG, -EISDIR, -EINVAL (a pipe, a device), -ENOMEM or the errno of
 * open/read. */
QP_MUST_CHECK int qp_file_read(const char *file, size_t max, char **ret, size_t *ret_len,
                               struct qp_diag *diag);

/* Write a new file beside, fsync, rename over, fsync the folder: after a crash the old or the new
 * content, never a mixture. Mode 0644; a symbolic link is replaced, not followed. What is no file
 * but a device or a pipe (/dev/stdout) is written to instead, -ENXIO if nobody reads the pipe.
 * Returns 0 or a negative errno (-ENOSPC, -ENOENT, -EACCES, -EISDIR, -ENAMETOOLONG ...): the old
 * file is still there, unless only the folder could not be synced, which diag says. */
QP_MUST_CHECK int qp_file_replace(const char *file, const void *data, size_t len,
                                  struct qp_diag *diag);

#endif
