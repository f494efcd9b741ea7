/* SPDX-License-Identifier: Apache-2.0 */
/* Sound in step with the picture. The device is ALSA's file plugin over its null device: it has no
 * clock of its own, so that what is written when is what would be heard when. */
#include <math.h>
#include <sys/stat.h>

#include "tests/unit/media/clip.h"

#define RATE 48000

static const char *device_file(void)
{
    static char conf[PATH_MAX * 2];
    const char *out = clip_path("heard.raw");
    int n = snprintf(conf, sizeof(conf),
                     "pcm.nothing { type null }\n"
                     "pcm.heard { type file slave.pcm nothing file \"%s\" format raw }\n",
                     out);

    T_CHECK(n > 0);
    T_CHECK(setenv("ALSA_CONFIG_PATH", clip_write("asound.conf", conf, (size_t)n), 1) == 0);
    return out;
}

/* A beep of 50 ms at every whole second but the first, for three seconds. */
static const char *beeps(const char *name, const char *codec)
{
    return clip_make(
        name,
        "-f lavfi -i color=s=64x32:r=25:d=3,format=gray,geq=lum='255*lt(mod(N,25),2)' "
        "-f lavfi -i aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.05)*gte(t,0.5)':s=44100"
        ":d=3 -shortest -c:v libx264 -pix_fmt yuv420p %s",
        codec);
}

/* When the device began, seconds after the item: opening it takes its time, and what it heard
 * counts from there. */
static double began;

static void watch_device(int64_t since_start)
{
    struct stat st;

    if (began < 0 && stat(clip_path("heard.raw"), &st) == 0)
        began = (double)since_start / 1e9;
}

/* Play in real time from now; the clock of the wall runs at `speed` and jumps by jump_ns after
 * half. */
static int64_t play(struct media *m, int64_t length_ns, double speed, int64_t jump_ns,
                    struct media_stats *stats)
{
    int64_t start, now, t = 0;

    T_EQ(clip_wait(m), MEDIA_READY);
    start = clip_now();
    began = -1;
    while (t < length_ns) {
        now = clip_now();
        t = (int64_t)((double)(now - start) * speed);
        if (t > length_ns / 2)
            t += jump_ns;
        (void)media_picture(m, t);
        media_sync(m, t, now);
        watch_device(now - start);
        clip_breathe();
    }
    media_stats(m, stats);
    return start;
}

/* Start of the first beep at or after second `from` of the item, in seconds; -1: none. */
static double beep_after(const char *raw, double from)
{
    size_t len, n;
    uint8_t *buf = clip_read(raw, &len);
    double found = -1;

    n = len / 4;
    from = from > began ? from - began : 0;
    for (size_t i = (size_t)(from * RATE); i < n && found < 0; i++) {
        int16_t v;

        memcpy(&v, buf + 4 * i, sizeof(v));
        if (abs(v) > 4000)
            found = (double)i / RATE + began;
    }
    free(buf);
    return found;
}

static void in_step(const char *path)
{
    const char *heard = device_file();
    struct media_stats stats;
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .audio_device = "heard"});
    double one, two;

    (void)play(m, 2500000000, 1, 0, &stats);
    T_CHECK(!media_warning(m));
    media_close(m);
    one = beep_after(heard, 0.5);
    two = beep_after(heard, 1.5);
    printf("# beeps at %.4f and %.4f s, offset %.1f ms\n", one, two,
           (double)stats.audio_offset_ns / 1e6);
    T_CHECK(fabs(one - 1) < 0.04 && fabs(two - 2) < 0.04);
    T_CHECK(llabs(stats.audio_offset_ns) < 40000000);
}

TEST(aac_in_mp4)
{
    in_step(beeps("b.mp4", "-c:a aac"));
}

TEST(pcm_in_matroska)
{
    in_step(beeps("b.mkv", "-c:a pcm_s24le"));
}

/* The picture jumps ahead by half a second: the sound follows at once. */
TEST(a_jump_is_followed)
{
    const char *path = beeps("b.mp4", "-c:a aac"), *heard = device_file();
    struct media_stats stats;
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 64, .h = 32, .audio_device = "heard"});
    double two;

    (void)play(m, 2600000000, 1, 500000000, &stats);
    media_close(m);
    two = beep_after(heard, 1.3);
    printf("# second beep at %.4f s\n", two);
    T_CHECK(fabs(two - 1.5) < 0.04);
}

/* A loop's sound begins again with its picture. */
TEST(loops_stay_in_step)
{
    const char *path = clip_make(
        "l.mp4", "-f lavfi -i color=s=64x32:r=25:d=1 -f lavfi -i "
                 "aevalsrc='0.8*sin(2*PI*1000*t)*between(t,0.5,0.55)':s=48000:d=1.3 -c:v libx264 "
                 "-pix_fmt yuv420p -c:a pcm_s16le -f mov");
    const char *heard = device_file();
    struct media_stats stats;
    struct media *m = clip_open((struct media_params){
        .file = path, .w = 64, .h = 32, .loop = true, .audio_device = "heard"});
    double one, two, three;

    (void)play(m, 2900000000, 1, 0, &stats);
    media_close(m);
    one = beep_after(heard, 0);
    two = beep_after(heard, 1);
    three = beep_after(heard, 2);
    printf("# beeps at %.4f, %.4f, %.4f s\n", one, two, three);
    T_CHECK(fabs(one - 0.5) < 0.04 && fabs(two - 1.5) < 0.04 && fabs(three - 2.5) < 0.04);
}

TEST(a_missing_device_is_only_a_warning)
{
    const char *path = beeps("b.mp4", "-c:a aac");
    struct media_stats stats;
    struct media *m;

    (void)device_file();
    m = clip_open(
        (struct media_params){.file = path, .w = 64, .h = 32, .audio_device = "no_such_device"});
    (void)play(m, 600000000, 1, 0, &stats);
    T_EQ(media_state(m), MEDIA_READY);
    T_CHECK(stats.shown > 5);
    T_CHECK(media_warning(m) && strstr(media_warning(m), "no_such_device") &&
            strstr(media_warning(m), "check the name"));
    media_close(m);
}

TEST(sound_without_a_picture)
{
    const char *path = clip_make("s.wav", "-f lavfi -i aevalsrc=0.8*sin(2*PI*440*t):d=0.5"),
               *heard = device_file();
    struct media_stats stats;
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 8, .h = 8, .audio_device = "heard"});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = media_picture(m, 0);
    T_CHECK(p && !p->opaque && clip_at(p, 4, 4) == 0);
    (void)play(m, 700000000, 1, 0, &stats);
    T_EQ(media_state(m), MEDIA_ENDED);
    T_CHECK(llabs(media_duration_ns(m) - 500000000) < 1000000);
    media_close(m);
    T_CHECK(beep_after(heard, 0) >= 0);
}
