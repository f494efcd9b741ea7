/* SPDX-License-Identifier: Apache-2.0 */
/* A slot is "CHECKSUM SEQ LENGTH text", padded with spaces and an end of line: a person can read
 * it. */
#include "controller/player/proof/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t checksum(const char *text, size_t len)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return h;
}

/* The text of a slot, or NULL; slot has a NUL behind its JOURNAL_SLOT bytes. */
static const char *text_of(char *slot, uint64_t *ret_seq)
{
    uint64_t sum;
    int header = 0;
    size_t len = 0;

    if (sscanf(slot, "%16" SCNx64 " %20" SCNu64 " %6zu %n", &sum, ret_seq, &len, &header) != 3 ||
        header < 17 || len > JOURNAL_TEXT || (size_t)header + len > JOURNAL_SLOT)
        return NULL;
    slot[(size_t)header + len] = '\0';
    return strlen(slot + header) == len && checksum(slot + 17, (size_t)header - 17 + len) == sum
               ? slot + header
               : NULL;
}

static int read_newest(struct journal *j, char **ret)
{
    char *slot = malloc(JOURNAL_SLOT + 1);
    int err = slot ? 0 : -ENOMEM;

    for (int i = 0; i < 2 && err == 0; i++) {
        ssize_t got = pread(j->fd, slot, JOURNAL_SLOT, (off_t)i * JOURNAL_SLOT);
        const char *text;
        uint64_t seq;

        if (got < 0)
            err = -errno;
        if (got != JOURNAL_SLOT)
            continue;
        slot[JOURNAL_SLOT] = '\0';
        text = text_of(slot, &seq);
        if (!text || seq <= j->seq)
            continue;
        free(*ret);
        *ret = strdup(text);
        j->seq = seq;
        err = *ret ? 0 : -ENOMEM;
    }
    free(slot);
    return err;
}

/* All of its room, now. */
static int reserve(int fd)
{
    int err = posix_fallocate(fd, 0, (off_t)2 * JOURNAL_SLOT);

    return err == EOPNOTSUPP || err == EINVAL || err == ENOSYS ? 0 : -err;
}

static int open_locked(struct journal *j, const char *file)
{
    struct stat st;

    j->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (j->fd < 0 || fstat(j->fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return reserve(j->fd);
}

int journal_open(struct journal *j, const char *file, char **ret_text, struct qp_diag *diag)
{
    int err;

    *j = (struct journal){.fd = -1};
    *ret_text = NULL;
    err = open_locked(j, file);
    if (err == 0)
        err = read_newest(j, ret_text);
    if (err == 0)
        return 0;
    free(*ret_text);
    *ret_text = NULL;
    journal_close(j);
    if (err == -EBUSY)
        return qp_diag_set(diag, err, "%s: another player has it; give each its own --log", file);
    return qp_diag_set(diag, err, "%s: cannot be used: %s", file, strerror(-err));
}

int journal_write(struct journal *j, const char *text, bool sync)
{
    char slot[JOURNAL_SLOT];
    size_t len = strlen(text);
    ssize_t done;
    int n;

    if (len > JOURNAL_TEXT)
        return -E2BIG;
    memset(slot, ' ', sizeof(slot));
    slot[sizeof(slot) - 1] = '\n';
    n = snprintf(slot + 17, sizeof(slot) - 17, "%" PRIu64 " %zu %s", j->seq + 1, len, text);
    slot[17 + n] = ' ';
    (void)snprintf(slot, 17, "%016" PRIx64, checksum(slot + 17, (size_t)n));
    slot[16] = ' ';
    done = pwrite(j->fd, slot, sizeof(slot), (off_t)((j->seq + 1) % 2) * JOURNAL_SLOT);
    if (done != (ssize_t)sizeof(slot))
        return done < 0 ? -errno : -ENOSPC;
    j->seq++;
    return sync && fdatasync(j->fd) < 0 && errno != EINVAL ? -errno : 0;
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1;
}
