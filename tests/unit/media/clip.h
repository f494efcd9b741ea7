/* SPDX-License-Identifier: Apache-2.0 */
/* clip.h - for tests of media: files made with the ffmpeg program in a folder that goes away with
 * the test, and items stepped picture by picture. */
#ifndef TESTS_UNIT_MEDIA_CLIP_H
#define TESTS_UNIT_MEDIA_CLIP_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "controller/player/media/media.h"
#include "tests/support/t.h"

#define CLIP_DEADLINE_NS 20000000000LL
#define CLIP_UNUSED      __attribute__((unused))

extern char **environ;

/* FFmpeg and ALSA are not built for the thread sanitizer, so that it cannot see how they order what
 * they do among their own threads. Read by its run-time library; of no use otherwise. */
const char *__tsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libavcodec.so\ncalled_from_lib:libavutil.so\n"
           "called_from_lib:libavfilter.so\ncalled_from_lib:libavformat.so\n"
           "called_from_lib:libasound.so\ncalled_from_lib:libswscale.so\ncalled_from_lib:libzimg."
           "so\nrace:libzimg.so\nmutex:libswscale.so\nrace:"
           "libswscale.so\nrace:libavcodec.so\nrace:libavutil.so\n"
           "race:libavfilter.so\nrace:libavformat.so\n";
}

static char clip_folder[PATH_MAX / 2];

static int clip_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void clip_remove(void)
{
    (void)nftw(clip_folder, clip_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Path of `name` in the test's folder; valid for the test. */
static CLIP_UNUSED const char *clip_path(const char *name)
{
    static char paths[64][PATH_MAX];
    static unsigned n;
    char *path = paths[n++ % 64];

    if (!clip_folder[0]) {
        const char *tmp = getenv("TMPDIR");

        T_CHECK(snprintf(clip_folder, sizeof(clip_folder), "%s/media-XXXXXX", tmp ? tmp : "/tmp") >
                0);
        T_CHECK(mkdtemp(clip_folder));
        (void)atexit(clip_remove);
    }
    T_CHECK(snprintf(path, PATH_MAX, "%s/%s", clip_folder, name) < PATH_MAX);
    return path;
}

/* Run ffmpeg with the words of `args` (separated by single spaces; none may contain one) and make
 * file `name`. Returns its path. Fails the test when ffmpeg fails. */
static CLIP_UNUSED const char *QP_PRINTF(2, 3) clip_make(const char *name, const char *fmt, ...)
{
    const char *path = clip_path(name);
    char args[2048], *save = NULL,
                     *argv[80] = {(char[]){"ffmpeg"},   (char[]){"-v"}, (char[]){"error"},
                                  (char[]){"-nostdin"}, (char[]){"-y"}, (char[]){"-timelimit"},
                                  (char[]){"40"}};
    posix_spawn_file_actions_t actions;
    int n = 7, status = -1;
    va_list ap;
    pid_t pid;

    (void)setenv("SVT_LOG", "1", 1); /* the AV1 encoder is talkative */
    va_start(ap, fmt);
    (void)vsnprintf(args, sizeof(args), fmt, ap);
    va_end(ap);
    for (char *word = strtok_r(args, " ", &save); word && n < 78; word = strtok_r(NULL, " ", &save))
        argv[n++] = word;
    argv[n] = strdup(path);
    T_CHECK(posix_spawn_file_actions_init(&actions) == 0);
    T_CHECK(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0);
    T_CHECK(posix_spawnp(&pid, "ffmpeg", &actions, NULL, argv, environ) == 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    T_CHECK(waitpid(pid, &status, 0) == pid);
    if (status != 0)
        fprintf(stderr, "ffmpeg could not make %s\n", name);
    T_EQ(status, 0);
    free(argv[n]);
    return path;
}

static CLIP_UNUSED const char *clip_write(const char *name, const void *data, size_t len)
{
    const char *path = clip_path(name);
    FILE *f = fopen(path, "wb");

    T_CHECK(f);
    T_CHECK(fwrite(data, 1, len, f) == len);
    T_CHECK(fclose(f) == 0);
    return path;
}

static CLIP_UNUSED uint8_t *clip_read(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *buf;
    long len;

    T_CHECK(f && fseek(f, 0, SEEK_END) == 0 && (len = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0);
    buf = malloc((size_t)len + 1);
    T_CHECK(buf && fread(buf, 1, (size_t)len, f) == (size_t)len);
    (void)fclose(f);
    *ret_len = (size_t)len;
    return buf;
}

static CLIP_UNUSED int64_t clip_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void clip_breathe(void)
{
    const struct timespec ts = {0, 500000};

    (void)nanosleep(&ts, NULL);
}

static CLIP_UNUSED struct media *clip_open(struct media_params params)
{
    struct media *m = NULL;
    struct qp_diag diag = {""};

    if (media_open(&m, &params, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(m);
    return m;
}

/* Wait until the item is ready or has failed. */
static CLIP_UNUSED enum media_state clip_wait(struct media *m)
{
    int64_t until = clip_now() + CLIP_DEADLINE_NS;

    while (media_state(m) == MEDIA_OPENING && clip_now() < until)
        clip_breathe();
    if (media_state(m) == MEDIA_FAILED)
        fprintf(stderr, "# %s\n", media_error(m));
    return media_state(m);
}

/* Wait until the file was decoded to its end, so that the item's length is no estimate any more. */
static CLIP_UNUSED bool clip_wait_decoded(struct media *m)
{
    int64_t until = clip_now() + CLIP_DEADLINE_NS;

    while (!media_is_ready(m, INT64_MAX / 2) && clip_now() < until)
        clip_breathe();
    return media_is_ready(m, INT64_MAX / 2);
}

/* The picture after `before` (the first for NULL), or NULL when the item ended. */
static CLIP_UNUSED const struct media_picture *clip_next(struct media *m,
                                                         const struct media_picture *before)
{
    int64_t until = clip_now() + CLIP_DEADLINE_NS, t = 0;
    uint64_t serial = 0;

    if (before) {
        t = before->pts_ns + before->dur_ns + 1500000;
        serial = before->serial;
    }
    while (clip_now() < until) {
        const struct media_picture *p = media_picture(m, t);

        if (p && p->serial != serial)
            return p;
        if (media_state(m) == MEDIA_ENDED || media_state(m) == MEDIA_FAILED)
            return NULL;
        clip_breathe();
    }
    fprintf(stderr, "no picture in time\n");
    exit(1);
}

/* Play to the end; returns the number of pictures. Times must increase. */
static CLIP_UNUSED unsigned clip_count(struct media *m)
{
    const struct media_picture *p = NULL;
    int64_t last = -1;
    unsigned n = 0;

    while ((p = clip_next(m, p))) {
        T_CHECK(p->pts_ns > last);
        last = p->pts_ns;
        n++;
    }
    return n;
}

static CLIP_UNUSED uint32_t clip_at(const struct media_picture *p, uint32_t x, uint32_t y)
{
    T_CHECK(x < p->w && y < p->h);
    return p->data[y * p->stride + x];
}

/* Largest difference of a channel. */
static CLIP_UNUSED int clip_diff(uint32_t a, uint32_t b)
{
    int worst = 0;

    for (int s = 0; s < 32; s += 8) {
        int d = abs((int)(a >> s & 255) - (int)(b >> s & 255));

        worst = d > worst ? d : worst;
    }
    return worst;
}

#endif
