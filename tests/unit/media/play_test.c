/* SPDX-License-Identifier: Apache-2.0 */
/* Playing: loops without a gap, variable and broken times, cadence, fields, closing at any moment.
 */
#include "tests/unit/media/clip.h"

/* Each picture has a level of its own: 10 + 4 n. */
#define STEPS "-f lavfi -i color=s=64x32:r=25,format=gray,geq=lum='10+4*N' "

static unsigned level_of(const struct media_picture *p)
{
    return (clip_at(p, 32, 16) & 255);
}

static void loops(const char *path, unsigned n, int64_t picture_ns)
{
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .loop = true});
    const struct media_picture *p = NULL;
    unsigned first[64] = {0};
    struct media_stats stats;

    T_EQ(clip_wait(m), MEDIA_READY);
    T_EQ(media_duration_ns(m), INT64_MAX);
    for (unsigned i = 0; i < 3 * n; i++) {
        p = clip_next(m, p);
        T_CHECK(p);
        if (i < n)
            first[i] = level_of(p);
        else if (level_of(p) != first[i % n]) {
            fprintf(stderr, "%s: picture %u is %u, not %u\n", path, i, level_of(p), first[i % n]);
            exit(1);
        }
        /* the pass before ended exactly where this one begins */
        T_CHECK(llabs(p->pts_ns - picture_ns * i) <= 2000000);
        if (i == n)
            T_CHECK(llabs(p->pts_ns - picture_ns * n) <= 100000);
    }
    media_stats(m, &stats);
    T_EQ(stats.errors, 0);
    media_close(m);
}

TEST(loops_have_no_gap)
{
    static const char *const files[][2] = {
        {"a.mp4", "-c:v libx264 -bf 2 -pix_fmt yuv420p"},
        {"a.mkv", "-c:v libx264 -bf 2 -pix_fmt yuv420p"},
        {"a.ts", "-c:v libx264 -bf 2 -pix_fmt yuv420p"},
        {"a.webm", "-c:v libvpx -b:v 2M"},
        {"a.avi", "-c:v mpeg4 -q:v 2"},
        {"a.ogv", "-c:v libtheora -q:v 8"},
        {"a.mpg", "-c:v mpeg2video -q:v 2"},
        {"a.flv", "-c:v libx264 -pix_fmt yuv420p"},
        {"a.mxf", "-c:v mpeg2video -q:v 2"},
        {"a.gif", "-c:v gif"},
        {"a.apng", "-f apng"},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        loops(clip_make(files[i][0], STEPS "-frames:v 12 %s", files[i][1]), 12, 40000000);
}

/* The file is gone when it should begin again: the last picture stays, and somebody is told. */
TEST(a_loop_that_breaks_off_says_so)
{
    const char *path = clip_make("long.avi", "-f lavfi -i testsrc2=s=320x240:r=25 -frames:v 60 "
                                             "-c:v rawvideo -pix_fmt bgr24");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .loop = true});
    const struct media_picture *p = NULL, *last = NULL;
    unsigned n = 0;

    T_EQ(clip_wait(m), MEDIA_READY);
    for (; (p = clip_next(m, p)); n++) {
        last = p;
        if (n == 4) /* with one picture only it would be a still */
            T_EQ(truncate(path, 0), 0);
    }
    T_CHECK(n > 4);
    T_EQ(media_state(m), MEDIA_FAILED);
    T_CHECK(strstr(media_error(m), "long.avi: ") && strstr(media_error(m), "begin"));
    T_CHECK(media_picture(m, last->pts_ns + 1000000000) == last);
    media_close(m);
}

TEST(a_still_lasts_as_long_as_told)
{
    const char *path = clip_make("s.png", STEPS "-frames:v 1");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .still_ns = 3000000000});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = media_picture(m, 0);
    T_CHECK(p && p->pts_ns == 0);
    T_EQ(media_duration_ns(m), 3000000000);
    T_CHECK(media_picture(m, 3000000000 - MEDIA_TIE_NS - 1) == p);
    T_EQ(media_state(m), MEDIA_READY);
    /* The decoder may still be closing the file when the time is over: ask until it says so. */
    for (int64_t until = clip_now() + CLIP_DEADLINE_NS;
         media_state(m) != MEDIA_ENDED && clip_now() < until;)
        T_CHECK(media_picture(m, 3000000000) == p);
    T_EQ(media_state(m), MEDIA_ENDED);
    media_close(m);
    m = clip_open((struct media_params){.file = path, .w = 64, .h = 32, .loop = true});
    T_EQ(clip_wait(m), MEDIA_READY);
    T_CHECK(media_picture(m, INT64_MAX / 2));
    T_EQ(media_state(m), MEDIA_READY);
    media_close(m);
}

TEST(variable_frame_rate)
{
    static const int64_t ms[] = {0, 40, 80, 400, 440, 1000, 2000, 2040};
    const char *path = clip_make("vfr.mkv", STEPS
                                 "-frames:v 8 -vf setpts='(40*N+gte(N,3)*280+gte(N,5)*520+gte(N,6)"
                                 "*960)/1000/TB' -vsync vfr -enc_time_base 1:1000 -c:v ffv1");
    struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 32});
    const struct media_picture *p;
    int64_t t = 0;

    T_EQ(clip_wait(m), MEDIA_READY);
    for (unsigned i = 0; i < 8; i++) {
        int64_t until = clip_now() + CLIP_DEADLINE_NS;

        while (!(p = media_picture(m, ms[i] * 1000000)) || p->pts_ns != ms[i] * 1000000) {
            T_CHECK(clip_now() < until);
            clip_breathe();
        }
        for (; t < ms[i] * 1000000; t += 10000000)
            continue;
    }
    media_close(m);
}

/* 50 pictures on 60 frames: of six frames five are new, always the same one of six repeats. */
TEST(fifty_on_sixty)
{
    const char *path = clip_make("50.mkv", "-f lavfi -i color=s=64x32:r=50,format=gray,geq=lum='N' "
                                           "-frames:v 100 -c:v ffv1");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .rate = {60, 1}});
    int64_t last = -1;
    unsigned repeat_at = 6;

    T_EQ(clip_wait(m), MEDIA_READY);
    for (int64_t n = 0; n < 110; n++) {
        int64_t t = (n * 1000000000 + 59) / 60, want = (2 * n + 1) * 5 / 12, until;
        const struct media_picture *p;

        /* the decoder is asked until it has caught up with this unhurried wall */
        for (until = clip_now() + CLIP_DEADLINE_NS;
             !(p = media_picture(m, t)) || p->pts_ns / 20000000 < want; clip_breathe())
            T_CHECK(clip_now() < until);
        T_EQ(p->pts_ns, want * 20000000);
        if (want == last) {
            T_CHECK(repeat_at == 6 || repeat_at == n % 6);
            repeat_at = (unsigned)(n % 6);
        } else {
            T_EQ(want, last + 1);
        }
        last = want;
    }
    T_CHECK(repeat_at < 6);
    media_close(m);
}

/* Rows of odd and even fields differ where something moves. */
static double combing(const struct media_picture *p)
{
    double comb = 0, smooth = 1;

    for (uint32_t y = 8; y + 8 < p->h; y++)
        for (uint32_t x = 0; x < p->w; x++) {
            int a = (int)(clip_at(p, x, y - 1) & 255), b = (int)(clip_at(p, x, y) & 255),
                c = (int)(clip_at(p, x, y + 1) & 255);

            comb += (a - b) * (c - b) > 400;
            smooth++;
        }
    return comb / smooth;
}

static void check_fields(unsigned pictures, bool combed)
{
    const char *path =
        clip_make("i.mkv",
                  "-f lavfi -i color=s=192x96:r=50,format=gray,geq=lum='16+200*lt(mod("
                  "X-6*N,64),32)' -frames:v 10 -vf interlace=scan=tff:lowpass=0%s "
                  "-c:v mpeg2video -q:v 1 %s",
                  combed ? ",setfield=prog" : "", combed ? "" : "-flags +ilme+ildct -top 1");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 192, .h = 96, .fit = MEDIA_STRETCH});
    const struct media_picture *p = NULL;
    double worst = 0;
    unsigned n = 0;

    T_EQ(clip_wait(m), MEDIA_READY);
    while ((p = clip_next(m, p))) {
        double c = combing(p);

        worst = c > worst && n > 1 && n + 2 < pictures ? c : worst;
        T_CHECK(llabs(p->pts_ns - (int64_t)n * 400000000 / pictures) < 2000000);
        n++;
    }
    printf("# %u pictures, combing %.4f\n", n, worst);
    T_EQ(n, pictures);
    T_CHECK(combed ? worst > 0.1 : worst < 0.02);
    media_close(m);
}

TEST(fields_become_pictures)
{
    check_fields(20, false);
}

/* The same material without its flag combs: the measure sees what it should. */
TEST(unflagged_fields_comb)
{
    check_fields(10, true);
}

TEST(interlaced_loops)
{
    const char *path =
        clip_make("i.ts", "-f lavfi -i color=s=64x32:r=50,format=gray,geq=lum='10+4*N'"
                          " -frames:v 8 -vf interlace=scan=tff -c:v mpeg2video -q:v 1 "
                          "-flags +ilme+ildct -top 1");

    loops(path, 16, 20000000);
}

TEST(closing_at_any_moment)
{
    const char *path = clip_make("c.mp4", "-f lavfi -i testsrc2=s=320x180:r=50 -t 2 -c:v libx264 "
                                          "-preset ultrafast -pix_fmt yuv420p");

    for (int i = 0; i < 25; i++) {
        struct media *m =
            clip_open((struct media_params){.file = path, .w = 160, .h = 90, .loop = i & 1});
        int64_t until = clip_now() + i * 2000000;

        while (clip_now() < until)
            (void)media_picture(m, until - clip_now());
        media_close(m);
    }
    media_close(NULL);
}

/* A decoder that is behind is counted and its last picture stays. */
TEST(behind_is_counted)
{
    const char *path = clip_make("c.mp4", STEPS "-frames:v 50 -c:v libx264 -pix_fmt yuv420p");
    struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 32});
    const struct media_picture *p;
    struct media_stats stats;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = media_picture(m, 1960000000);
    T_CHECK(p);
    media_stats(m, &stats);
    T_CHECK(p->pts_ns == 1960000000 || stats.late == 1);
    media_close(m);
}

TEST(parameters_are_checked)
{
    struct media *m = NULL;
    struct qp_diag diag = {""};

    T_EQ(media_open(&m, &(struct media_params){.file = "x", .w = 0, .h = 1}, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "box"));
    T_EQ(media_open(&m, &(struct media_params){.w = 1, .h = 1}, NULL), -EINVAL);
    T_CHECK(!m);
}
