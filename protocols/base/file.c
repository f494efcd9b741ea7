/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/file.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(const char *file, size_t max, size_t *ret_size, struct qp_diag *diag)
{
    struct stat st;
    /* O_NONBLOCK: a pipe without a writer is refused below and does not hang here. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;

    if (fd < 0) {
        r = -errno;
        return qp_diag_set(diag, r, "%s: cannot open: %s; check the name and the rights", file,
                           strerror(-r));
    }
    if (fstat(fd, &st) < 0) {
        r = -errno;
        (void)qp_diag_set(diag, r, "%s: %s", file, strerror(-r));
    } else if (S_ISDIR(st.st_mode)) {
        r = qp_diag_set(diag, -EISDIR, "%s: is a folder; name a file in it", file);
    } else if (!S_ISREG(st.st_mode)) {
        r = qp_diag_set(diag, -EINVAL, "%s: is not a regular file", file);
    } else if ((uintmax_t)st.st_size > max) {
        r = qp_diag_set(diag, -E2BIG, "%s: has %jd bytes, the limit is %zu", file,
                        (intmax_t)st.st_size, max);
    } else {
        *ret_size = (size_t)st.st_size;
        return fd;
    }
    (void)close(fd);
    return r;
}

/* Read to the end, however long the file has become since it was opened: at most max bytes. */
static int read_all(int fd, size_t size, size_t max, char **ret, size_t *ret_len)
{
    size_t cap = size + 2, len = 0; /* one to see the end, one for the NUL */
    char *buf = malloc(cap);
    int r = -ENOMEM;

    while (buf) {
        ssize_t n = read(fd, buf + len, cap - 1 - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            r = -errno;
            break;
        }
        if (n == 0) {
            buf[len] = '\0';
            *ret = buf;
            *ret_len = len;
            return 0;
        }
        len += (size_t)n;
        if (len > max) {
            r = -E2BIG;
            break;
        }
        if (len == cap - 1) {
            size_t grown = cap > SIZE_MAX / 2 ? 0 : cap * 2;
            char *more = grown ? realloc(buf, grown) : NULL;

            if (!more)
                break;
            buf = more;
            cap = grown;
        }
    }
    free(buf);
    return r;
}

int qp_file_read(const char *file, size_t max, char **ret, size_t *ret_len, struct qp_diag *diag)
{
    size_t size = 0;
    int fd = open_regular(file, max, &size, diag), r;

    if (fd < 0)
        return fd;
    r = size > SIZE_MAX - 2 ? -ENOMEM : read_all(fd, size, max, ret, ret_len);
    (void)close(fd);
    if (r == -E2BIG)
        return qp_diag_set(diag, r, "%s: grew beyond the limit of %zu bytes", file, max);
    if (r < 0)
        return qp_diag_set(diag, r, "%s: cannot read: %s", file, strerror(-r));
    return 0;
}

static int write_all(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int fill(int fd, const void *data, size_t len)
{
    int r = write_all(fd, data, len);

    if (r == 0 && fchmod(fd, 0644) < 0)
        r = -errno;
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    return r;
}

/* The new name is on the disk only when its folder is. File systems that cannot do that (-EINVAL)
 * have done what they can. */
static int sync_folder(const char *file)
{
    char path[PATH_MAX];
    int fd, r = 0;

    (void)snprintf(path, sizeof(path), "%s", file);
    fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : -errno; /* may be entered and not listed */
    if (fsync(fd) < 0 && errno != EINVAL)
        r = -errno;
    (void)close(fd);
    return r;
}

/* A device, a pipe, a terminal, also by way of a link such as /dev/stdout: nothing that could be
 * replaced. */
static bool is_special(const char *file)
{
    struct stat st;

    return stat(file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Without waiting for a reader of a pipe; but what is read is then waited for. */
static int write_into(const char *file, const void *data, size_t len, struct qp_diag *diag)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;

    if (fd < 0) {
        r = -errno;
        return qp_diag_set(diag, r, "%s: cannot be written to: %s", file, strerror(-r));
    }
    r = fcntl(fd, F_SETFL, 0) < 0 ? -errno : write_all(fd, data, len);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    return r < 0 ? qp_diag_set(diag, r, "%s: cannot be written to: %s", file, strerror(-r)) : 0;
}

int qp_file_replace(const char *file, const void *data, size_t len, struct qp_diag *diag)
{
    char beside[PATH_MAX];
    int n = snprintf(beside, sizeof(beside), "%s.XXXXXX", file), fd, r;

    if (n < 0 || (size_t)n >= sizeof(beside))
        return qp_diag_set(diag, -ENAMETOOLONG, "%.64s...: the name is too long", file);
    if (is_special(file))
        return write_into(file, data, len, diag);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        return qp_diag_set(diag, r, "%s: cannot write a new file beside it: %s", file,
                           strerror(-r));
    }
    r = fill(fd, data, len);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(beside, file) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(beside);
        return qp_diag_set(diag, r, "%s: not replaced, the old content is unchanged: %s", file,
                           strerror(-r));
    }
    r = sync_folder(file);
    if (r < 0)
        return qp_diag_set(diag, r, "%s: replaced, but its folder could not be synced: %s", file,
                           strerror(-r));
    return 0;
}
