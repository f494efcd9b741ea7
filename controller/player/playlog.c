/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/playlog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/runtime/worker.h"

struct playlog {
    char *file;
    int fd;
    struct worker worker;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t wake;
    char *queue[PLAYLOG_QUEUE];
    unsigned first, n;
    bool quit;
    size_t n_lost, n_told;
    int error; /* the last one, positive errno */
};

/* A torn last line is no record. */
static int cut_torn_end(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END), at = end;
    char buf[4096];

    while (at > 0) {
        size_t n = at < (off_t)sizeof(buf) ? (size_t)at : sizeof(buf);
        ssize_t got = pread(fd, buf, n, at - (off_t)n);

        if (got != (ssize_t)n)
            return got < 0 ? -errno : -EIO;
        for (; n > 0 && buf[n - 1] != '\n'; n--)
            at--;
        if (n > 0)
            break;
    }
    if (at == end)
        return 0;
    return ftruncate(fd, at) < 0 ? -errno : 0;
}

/* The whole line or nothing of it. */
static int write_line(int fd, const char *line, size_t len)
{
    off_t before = lseek(fd, 0, SEEK_END);
    ssize_t done = write(fd, line, len);
    int err = done < 0 ? errno : ENOSPC;

    if (done == (ssize_t)len)
        return fdatasync(fd) < 0 && errno != EINVAL ? errno : 0;
    if (done > 0 && before >= 0 && ftruncate(fd, before) < 0)
        err = errno; /* the torn line is cut off when the log is opened again */
    return err;
}

static void lose(struct playlog *log, int err)
{
    log->n_lost++;
    log->error = err;
}

static void write_first(struct playlog *log)
{
    char *line = log->queue[log->first];
    int err;

    log->first = (log->first + 1) % PLAYLOG_QUEUE;
    log->n--;
    (void)pthread_mutex_unlock(&log->lock);
    err = write_line(log->fd, line, strlen(line));
    free(line);
    (void)pthread_mutex_lock(&log->lock);
    if (err)
        lose(log, err);
}

static void run(void *user)
{
    struct playlog *log = user;

    (void)pthread_mutex_lock(&log->lock);
    while (!log->quit || log->n > 0) {
        if (log->n > 0)
            write_first(log);
        else
            (void)pthread_cond_wait(&log->wake, &log->lock);
    }
    (void)pthread_mutex_unlock(&log->lock);
}

static int open_file(struct playlog *log, const char *file, struct qp_diag *diag)
{
    struct stat st;
    int err = 0;

    log->fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    if (log->fd < 0 || fstat(log->fd, &st) < 0)
        err = -errno;
    else if (!S_ISREG(st.st_mode))
        return qp_diag_set(diag, -EINVAL, "%s: is no regular file; name another with --log", file);
    else
        err = cut_torn_end(log->fd);
    if (err < 0)
        return qp_diag_set(diag, err,
                           "%s: cannot be written: %s; name a file in a folder that this user may "
                           "write to",
                           file, strerror(-err));
    return 0;
}

int playlog_open(struct playlog **ret, const char *file, struct qp_diag *diag)
{
    struct playlog *log = calloc(1, sizeof(*log));
    struct worker_params wp = {.name = "playlog", .run = run, .user = log};
    int err;

    if (!log)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->wake, NULL);
    log->fd = -1;
    log->file = strdup(file);
    err = log->file ? open_file(log, file, diag) : qp_diag_set(diag, -ENOMEM, "out of memory");
    if (err == 0)
        err = worker_start(&log->worker, &wp, diag);
    if (err < 0) {
        (void)playlog_close(log, NULL);
        return err;
    }
    *ret = log;
    return 0;
}

bool playlog_close(struct playlog *log, struct qp_diag *ret)
{
    bool is_new;

    if (!log)
        return false;
    (void)pthread_mutex_lock(&log->lock);
    log->quit = true;
    (void)pthread_cond_signal(&log->wake);
    (void)pthread_mutex_unlock(&log->lock);
    worker_join(&log->worker);
    is_new = playlog_trouble(log, ret);
    if (log->fd >= 0)
        (void)close(log->fd);
    (void)pthread_cond_destroy(&log->wake);
    (void)pthread_mutex_destroy(&log->lock);
    free(log->file);
    free(log);
    return is_new;
}

void playlog_add(struct playlog *log, char *line)
{
    size_t len = line ? strlen(line) : 0;
    char *whole = line ? realloc(line, len + 2) : NULL;

    if (whole)
        memcpy(whole + len, "\n", 2);
    else
        free(line);
    (void)pthread_mutex_lock(&log->lock);
    if (whole && log->n < PLAYLOG_QUEUE) {
        log->queue[(log->first + log->n++) % PLAYLOG_QUEUE] = whole;
        (void)pthread_cond_signal(&log->wake);
    } else {
        lose(log, whole ? EBUSY : ENOMEM);
        free(whole);
    }
    (void)pthread_mutex_unlock(&log->lock);
}

bool playlog_trouble(struct playlog *log, struct qp_diag *ret)
{
    bool is_new;

    (void)pthread_mutex_lock(&log->lock);
    is_new = log->n_lost > log->n_told;
    if (is_new)
        (void)qp_diag_set(ret, 0, "%s: %zu records were not written: %s; the show goes on",
                          log->file, log->n_lost - log->n_told, strerror(log->error));
    log->n_told = log->n_lost;
    (void)pthread_mutex_unlock(&log->lock);
    return is_new;
}
