/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 is OpenSSL's: it uses the processor's instructions, and the library is there already with
 * libwebsockets. */
#include "controller/player/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/base/ids.h"
#include "protocols/runtime/worker.h"

#define HEX        64
#define READ_BYTES (256u << 10)

struct identity {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime, ctime;
};

struct entry {
    char *file;
    struct identity identity;
    char hex[HEX + 1];  /* what it has */
    int error;          /* positive errno of reading */
    char told[HEX + 1]; /* the digest that it was told not to have */
    bool queued, known;
};

struct verify {
    struct worker worker;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t wake, done;
    struct ids by_file;
    struct entry **entries;
    uint32_t n;
    uint32_t *queue; /* of entries, n_queue from first on */
    uint32_t first, n_queue, cap;
    bool news;
    atomic_bool quit;
};

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
           a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static struct identity identity_of(const struct stat *st)
{
    return (struct identity){st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim};
}

/* --- the thread --------------------------------------------------------------------------------
 */

static int digest(struct verify *v, int fd, EVP_MD_CTX *ctx, unsigned char *buf, char *ret_hex)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    ssize_t got;

    if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
        return EIO;
    while ((got = read(fd, buf, READ_BYTES)) != 0) {
        if (atomic_load(&v->quit))
            return ECANCELED;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (EVP_DigestUpdate(ctx, buf, (size_t)got) != 1)
            return EIO;
    }
    if (EVP_DigestFinal_ex(ctx, md, &n) != 1 || n != HEX / 2)
        return EIO;
    for (unsigned i = 0; i < n; i++)
        (void)snprintf(ret_hex + (size_t)2 * i, 3, "%02x", md[i]);
    return 0;
}

static int digest_file(struct verify *v, const char *file, struct identity *ret, char *ret_hex)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = fd < 0 ? errno : 0;
    unsigned char *buf = malloc(READ_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct stat st;

    if (err == 0 && (!buf || !ctx))
        err = ENOMEM;
    if (err == 0 && fstat(fd, &st) < 0)
        err = errno;
    if (err == 0)
        *ret = identity_of(&st);
    if (err == 0 && !S_ISREG(st.st_mode))
        err = EINVAL;
    if (err == 0)
        err = digest(v, fd, ctx, buf, ret_hex);
    EVP_MD_CTX_free(ctx);
    free(buf);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

static void read_first(struct verify *v)
{
    struct entry *e = v->entries[v->queue[v->first]];
    struct identity identity = e->identity;
    char hex[HEX + 1] = "";
    int err;

    (void)pthread_mutex_unlock(&v->lock);
    err = digest_file(v, e->file, &identity, hex);
    (void)pthread_mutex_lock(&v->lock);
    e->identity = identity;
    memcpy(e->hex, hex, sizeof(hex));
    e->error = err;
    e->known = true;
    e->queued = false;
    v->first++;
    v->n_queue--;
    v->news = true;
    (void)pthread_cond_broadcast(&v->done);
}

static void run(void *user)
{
    struct verify *v = user;

    (void)pthread_mutex_lock(&v->lock);
    while (!atomic_load(&v->quit)) {
        if (v->n_queue > 0)
            read_first(v);
        else
            (void)pthread_cond_wait(&v->wake, &v->lock);
    }
    (void)pthread_mutex_unlock(&v->lock);
}

/* --- the loop thread's side --------------------------------------------------------------------
 */

int verify_create(struct verify **ret, struct qp_diag *diag)
{
    struct verify *v = calloc(1, sizeof(*v));
    struct worker_params wp = {.name = "verify", .run = run, .user = v};
    int err;

    if (!v)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)pthread_mutex_init(&v->lock, NULL);
    (void)pthread_cond_init(&v->wake, NULL);
    (void)pthread_cond_init(&v->done, NULL);
    err = worker_start(&v->worker, &wp, diag);
    if (err < 0) {
        verify_destroy(v);
        return err;
    }
    *ret = v;
    return 0;
}

void verify_destroy(struct verify *v)
{
    if (!v)
        return;
    (void)pthread_mutex_lock(&v->lock);
    atomic_store(&v->quit, true);
    (void)pthread_cond_signal(&v->wake);
    (void)pthread_mutex_unlock(&v->lock);
    worker_join(&v->worker);
    for (uint32_t i = 0; i < v->n; i++) {
        free(v->entries[i]->file);
        free(v->entries[i]);
    }
    ids_finish(&v->by_file);
    free(v->entries);
    free(v->queue);
    (void)pthread_cond_destroy(&v->wake);
    (void)pthread_cond_destroy(&v->done);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}

/* Room for one more entry, in the list and in the queue: an entry stands in it once at most. */
static int reserve(struct verify *v)
{
    uint32_t cap = v->cap ? 2 * v->cap : 64;
    struct entry **entries;
    uint32_t *queue;

    if (v->n < v->cap)
        return 0;
    entries = reallocarray(v->entries, cap, sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    v->entries = entries;
    queue = reallocarray(v->queue, (size_t)2 * cap, sizeof(*queue));
    if (!queue)
        return -ENOMEM;
    v->queue = queue;
    v->cap = cap;
    return 0;
}

static struct entry *entry_of(struct verify *v, const char *file, uint32_t *ret_i)
{
    struct entry *e;

    if (ids_get(&v->by_file, file, ret_i))
        return v->entries[*ret_i];
    e = calloc(1, sizeof(*e));
    if (!e || reserve(v) < 0 || !(e->file = strdup(file)) ||
        ids_put(&v->by_file, e->file, v->n) < 0) {
        free(e ? e->file : NULL);
        free(e);
        return NULL;
    }
    *ret_i = v->n;
    v->entries[v->n++] = e;
    return e;
}

static void enqueue(struct verify *v, struct entry *e, uint32_t i)
{
    e->queued = true;
    e->known = false;
    /* The queue has twice the room of all entries: what was taken off the front is moved up. */
    if (v->first + v->n_queue == 2 * v->cap) {
        memmove(v->queue, v->queue + v->first, v->n_queue * sizeof(*v->queue));
        v->first = 0;
    }
    v->queue[v->first + v->n_queue++] = i;
    (void)pthread_cond_signal(&v->wake);
}

static enum verify_state state_of(struct verify *v, const char *file, const char *sha256)
{
    struct identity now = {0};
    struct stat st;
    uint32_t i;
    struct entry *e = entry_of(v, file, &i);

    if (!e || e->queued)
        return VERIFY_WAITING;
    if (stat(file, &st) == 0)
        now = identity_of(&st);
    if (!e->known || !is_same(&now, &e->identity)) {
        e->identity = now;
        enqueue(v, e, i);
        return VERIFY_WAITING;
    }
    if (e->error || strcasecmp(e->hex, sha256) != 0)
        return VERIFY_BAD;
    e->told[0] = '\0';
    return VERIFY_GOOD;
}

enum verify_state verify_ask(struct verify *v, const char *file, const char *sha256)
{
    enum verify_state state;

    (void)pthread_mutex_lock(&v->lock);
    state = state_of(v, file, sha256);
    (void)pthread_mutex_unlock(&v->lock);
    return state;
}

void verify_why(struct verify *v, const char *file, const char *sha256, char *buf, size_t cap,
                bool *ret_again)
{
    uint32_t i;
    struct entry *e;

    (void)pthread_mutex_lock(&v->lock);
    e = ids_get(&v->by_file, file, &i) ? v->entries[i] : NULL;
    *ret_again = e && strcasecmp(e->told, sha256) == 0;
    if (e)
        (void)snprintf(e->told, sizeof(e->told), "%s", sha256);
    if (!e || e->error)
        (void)snprintf(buf, cap, "cannot be verified: %s", strerror(e ? e->error : ENOMEM));
    else
        (void)snprintf(buf, cap, "its SHA-256 is %.12s..., the schedule wants %.12s...", e->hex,
                       sha256);
    (void)pthread_mutex_unlock(&v->lock);
}

void verify_retry(struct verify *v)
{
    (void)pthread_mutex_lock(&v->lock);
    for (uint32_t i = 0; i < v->n; i++) {
        struct entry *e = v->entries[i];

        if (e->error) {
            e->known = false;
            e->told[0] = '\0';
        }
    }
    (void)pthread_mutex_unlock(&v->lock);
}

bool verify_has_news(struct verify *v)
{
    bool news;

    (void)pthread_mutex_lock(&v->lock);
    news = v->news;
    v->news = false;
    (void)pthread_mutex_unlock(&v->lock);
    return news;
}

unsigned verify_left(struct verify *v)
{
    unsigned n;

    (void)pthread_mutex_lock(&v->lock);
    n = v->n_queue;
    (void)pthread_mutex_unlock(&v->lock);
    return n;
}

void verify_wait(struct verify *v)
{
    (void)pthread_mutex_lock(&v->lock);
    while (v->n_queue > 0)
        (void)pthread_cond_wait(&v->done, &v->lock);
    (void)pthread_mutex_unlock(&v->lock);
}
