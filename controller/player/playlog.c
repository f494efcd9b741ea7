/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/playlog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controller/player/proof/journal.h"
#include "protocols/base/clock.h"
#include "protocols/runtime/worker.h"

struct playlog {
    char *file;
    int fd; /* -1: not open yet */
    struct journal journal;
    struct worker worker;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t wake;
    char *queue[PLAYLOG_QUEUE];
    unsigned first, n;
    char *now; /* the journal's next text; NULL: none waits */
    bool sync_now;
    bool quit;
    int64_t retry_ns; /* CLOCK_MONOTONIC: nothing is written before; 0: no trouble */
    size_t n_lost, n_told;
    int error, error_told; /* positive errno of the trouble that lasts; 0: none */
    int lost_error;
    bool journal_failed;
    struct qp_diag journal_trouble; /* to be told */
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

    if (done == (ssize_t)len) {
        if (fdatasync(fd) == 0 || errno == EINVAL)
            return 0;
        err = errno; /* it is written again later */
    }
    if (done > 0 && before >= 0 && ftruncate(fd, before) < 0)
        err = errno; /* the torn line is cut off when the log is opened again */
    return err;
}

static void lose(struct playlog *log, int err)
{
    log->n_lost++;
    log->lost_error = log->error ? log->error : err;
}

/* --- the thread --------------------------------------------------------------------------------
 */

static int open_log(const char *file, int *ret_fd)
{
    struct stat st;
    int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644), err = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        err = -errno;
    else if (!S_ISREG(st.st_mode))
        err = -EINVAL;
    else
        err = cut_torn_end(fd);
    if (err < 0)
        (void)close(fd);
    else
        *ret_fd = fd;
    return err;
}

/* Without the lock: the queue's first line belongs to this thread meanwhile. Returns a positive
 * errno. */
static int write_out(struct playlog *log, const char *line)
{
    int err = log->fd < 0 ? -open_log(log->file, &log->fd) : 0;

    return err ? err : write_line(log->fd, line, strlen(line));
}

/* A line that cannot be written stays where it is until it can, or until the end. */
static void write_first(struct playlog *log)
{
    char *line = log->queue[log->first];
    int err;

    (void)pthread_mutex_unlock(&log->lock);
    err = write_out(log, line);
    (void)pthread_mutex_lock(&log->lock);
    log->error = err;
    log->retry_ns = err ? qp_clock_mono_ns() + PLAYLOG_RETRY_MS * 1000000LL : 0;
    if (err && !log->quit)
        return;
    if (err)
        lose(log, err);
    free(line);
    log->first = (log->first + 1) % PLAYLOG_QUEUE;
    log->n--;
}

static void write_now(struct playlog *log)
{
    char *text = log->now;
    bool sync = log->sync_now;
    int err = 0;

    log->now = NULL;
    log->sync_now = false;
    (void)pthread_mutex_unlock(&log->lock);
    if (log->journal.fd >= 0)
        err = journal_write(&log->journal, text, sync);
    free(text);
    (void)pthread_mutex_lock(&log->lock);
    if (err < 0 && !log->journal_failed)
        (void)qp_diag_set(&log->journal_trouble, err, "%s.now: %s", log->file, strerror(-err));
    log->journal_failed = err < 0;
}

static bool may_write(const struct playlog *log)
{
    return log->n > 0 && (log->quit || log->retry_ns == 0 || qp_clock_mono_ns() >= log->retry_ns);
}

static void wait(struct playlog *log)
{
    struct timespec until = {.tv_sec = log->retry_ns / QP_NS_PER_S,
                             .tv_nsec = log->retry_ns % QP_NS_PER_S};

    if (log->n > 0 && log->retry_ns)
        (void)pthread_cond_clockwait(&log->wake, &log->lock, CLOCK_MONOTONIC, &until);
    else
        (void)pthread_cond_wait(&log->wake, &log->lock);
}

/* What is on is written after the records before it; but a disk that refuses records does not keep
 * it from being written. */
static void run(void *user)
{
    struct playlog *log = user;

    (void)pthread_mutex_lock(&log->lock);
    while (!log->quit || log->n > 0 || log->now) {
        if (may_write(log))
            write_first(log);
        else if (log->now)
            write_now(log);
        else
            wait(log);
    }
    (void)pthread_mutex_unlock(&log->lock);
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* No file can ever be there: a slip of whoever wrote the command line. */
static bool is_slip(int err)
{
    return err == -EINVAL || err == -EISDIR || err == -ENOENT || err == -ENOTDIR ||
           err == -ENAMETOOLONG || err == -ELOOP;
}

static int open_files(struct playlog *log, char **ret_now, struct qp_diag *diag)
{
    int err = open_log(log->file, &log->fd);
    char *name;

    if (is_slip(err))
        return qp_diag_set(diag, err,
                           "%s: cannot be a log: %s; name a file in a folder that is there",
                           log->file, err == -EINVAL ? "is no regular file" : strerror(-err));
    log->error = -err;
    if (asprintf(&name, "%s.now", log->file) < 0)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)!journal_open(&log->journal, name, ret_now, &log->journal_trouble); /* told as trouble */
    free(name);
    return 0;
}

int playlog_open(struct playlog **ret, const char *file, char **ret_now, struct qp_diag *diag)
{
    struct playlog *log = calloc(1, sizeof(*log));
    struct worker_params wp = {.name = "playlog", .run = run, .user = log};
    int err;

    *ret_now = NULL;
    if (!log)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->wake, NULL);
    log->fd = log->journal.fd = -1;
    log->file = strdup(file);
    err = log->file ? open_files(log, ret_now, diag) : qp_diag_set(diag, -ENOMEM, "out of memory");
    if (err == 0)
        err = worker_start(&log->worker, &wp, diag);
    if (err < 0) {
        free(*ret_now);
        *ret_now = NULL;
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
    journal_close(&log->journal);
    free(log->now);
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

void playlog_now(struct playlog *log, char *text, bool sync)
{
    if (!text)
        return;
    (void)pthread_mutex_lock(&log->lock);
    free(log->now);
    log->now = text;
    log->sync_now |= sync;
    (void)pthread_cond_signal(&log->wake);
    (void)pthread_mutex_unlock(&log->lock);
}

/* Lost records first, then what lasts, once when it begins. */
static bool trouble(struct playlog *log, struct qp_diag *ret)
{
    size_t lost = log->n_lost - log->n_told;
    int begun = log->error != log->error_told ? log->error : 0;

    log->n_told = log->n_lost;
    log->error_told = log->error;
    if (lost > 0)
        (void)qp_diag_set(ret, 0, "%s: %zu records were not written: %s; the show goes on",
                          log->file, lost, strerror(log->lost_error));
    else if (begun)
        (void)qp_diag_set(ret, 0,
                          "%s: cannot be written: %s; the show goes on, and up to %d records wait",
                          log->file, strerror(begun), PLAYLOG_QUEUE);
    else if (log->journal_trouble.text[0])
        (void)qp_diag_set(ret, 0, "%s; the show goes on, but what is on is not known after a kill",
                          log->journal_trouble.text);
    else
        return false;
    if (lost == 0 && !begun)
        log->journal_trouble.text[0] = '\0';
    return true;
}

bool playlog_trouble(struct playlog *log, struct qp_diag *ret)
{
    bool is_new;

    (void)pthread_mutex_lock(&log->lock);
    is_new = trouble(log, ret);
    (void)pthread_mutex_unlock(&log->lock);
    return is_new;
}
