/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning inside an item: the exact picture, its time, and what follows, also in a loop. */
#include "tests/unit/media/clip.h"

/* 60 pictures in 12 s, each with a level of its own: 10 + 4 n. */
#define STEPS "-f lavfi -i color=s=64x32:r=5,format=gray,geq=lum='10+4*N' -frames:v 60 "

static const char *const files[][2] = {
    {"a.mp4", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    {"a.mkv", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    {"one-key.mp4", "-c:v libx264 -g 1000 -bf 0 -pix_fmt yuv420p"},
    {"a.ts", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    {"a.webm", "-c:v libvpx -b:v 2M -g 15"},
    {"a.avi", "-c:v mpeg4 -q:v 2"},
    {"a.nut", "-c:v ffv1 -pix_fmt yuv420p"},
    {"a.gif", "-c:v gif"},
};

static unsigned number_of(const struct media_picture *p)
{
    return ((clip_at(p, 32, 16) & 255) - 10 + 2) / 4;
}

static void begins_at(const char *path, int64_t start_ns, bool loop, unsigned want)
{
    struct media *m = clip_open(
        (struct media_params){.file = path, .w = 64, .h = 32, .loop = loop, .start_ns = start_ns});
    const struct media_picture *p = NULL;
    bool is_beyond = !loop && start_ns >= 12000000000;

    T_EQ(clip_wait(m), MEDIA_READY);
    for (unsigned i = 0; i < 70 && (loop || want + i < 60); i++) {
        p = p ? clip_next(m, p) : media_picture(m, is_beyond ? 0 : start_ns);
        T_CHECK(p);
        if (number_of(p) != (want + i) % 60)
            fprintf(stderr, "%s from %lld: picture %u is %u\n", path, (long long)start_ns, i,
                    number_of(p));
        T_EQ(number_of(p), (want + i) % 60);
        if (i == 0 && !is_beyond)
            T_CHECK(p->pts_ns <= start_ns + 1000000 && p->pts_ns + p->dur_ns > start_ns);
    }
    media_close(m);
}

TEST(the_exact_picture_comes_first)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *path = clip_make(files[i][0], STEPS "%s", files[i][1]);

        begins_at(path, 7400000000, false, 37);
        begins_at(path, 7599000000, false, 37);
        begins_at(path, 200000000, false, 1);
        begins_at(path, 11900000000, false, 59);
    }
}

TEST(a_loop_begins_in_the_pass_that_is_due)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *path = clip_make(files[i][0], STEPS "%s", files[i][1]);

        begins_at(path, 7400000000, true, 37);
        /* NUT's length leaves the last picture out. */
        if (strcmp(files[i][0], "a.nut") == 0)
            continue;
        begins_at(path, 300LL * 12000000000 + 7400000000, true, 37);
        begins_at(path, 12000000000, true, 0);
    }
}

TEST(beyond_the_end_it_begins_at_the_beginning)
{
    const char *path = clip_make("a.mp4", STEPS "-c:v libx264 -g 15 -pix_fmt yuv420p");

    begins_at(path, 12000000000, false, 0);
    begins_at(path, INT64_MAX / 4, false, 0);
}

TEST(a_still_begins_anywhere)
{
    static const char *const stills[] = {"s.png", "s.gif", "s.mp4"};

    for (size_t i = 0; i < sizeof(stills) / sizeof(stills[0]); i++) {
        const char *path = clip_make(stills[i], "-f lavfi -i color=s=64x32:r=5 -frames:v 1 %s",
                                     i == 2 ? "-pix_fmt yuv420p" : "-an");
        struct media *m = clip_open((struct media_params){
            .file = path, .w = 64, .h = 32, .loop = true, .start_ns = 3600000000000});

        T_EQ(clip_wait(m), MEDIA_READY);
        T_CHECK(media_picture(m, 3600000000000));
        media_close(m);
    }
}
