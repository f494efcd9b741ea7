/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be played fails with a sentence, quickly and without taking memory. */
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/media/clip.h"

/* The item fails, and its sentence begins with the file's name and holds each of the words. */
static void refused(const char *path, const char *word, const char *remedy)
{
    struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 32});
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (clip_wait(m) != MEDIA_FAILED || strncmp(media_error(m), name, strlen(name)) != 0 ||
        !strstr(media_error(m), word) || !strstr(media_error(m), remedy)) {
        fprintf(stderr, "%s: state %d, \"%s\"\n", path, media_state(m), media_error(m));
        exit(1);
    }
    T_CHECK(!media_picture(m, 0));
    media_close(m);
}

static void refused_text(const char *name, const char *text, const char *word)
{
    refused(clip_write(name, text, strlen(text)), word, "");
}

TEST(no_such_file)
{
    refused("/nonexistent/clip.mp4", "No such file", "check the name");
}

TEST(empty_file)
{
    refused(clip_write("empty.mp4", "", 0), "empty", "copy");
}

TEST(folders_pipes_and_devices)
{
    const char *path = clip_path("dir");

    T_CHECK(mkdir(path, 0700) == 0);
    refused(path, "folder", "name a file");
    path = clip_path("pipe.mp4");
    T_CHECK(mkfifo(path, 0600) == 0);
    refused(path, "not a regular file", "store");
    refused("/dev/zero", "not a regular file", "store");
}

TEST(not_media)
{
    refused_text("notes.mp4", "Dear diary,\nnothing happened today.\n", "no known media format");
    refused_text("x.png", "\x89PNG\r\n\x1a\n", "damaged");
}

TEST(playlists)
{
    refused_text("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n",
                 "HLS");
    refused_text("renamed.mp4", "\n#EXTM3U\n/etc/passwd\n", "names other files");
    refused_text("a.ffconcat", "ffconcat version 1.0\nfile /etc/passwd\n", "ffconcat");
    refused_text("a.sdp", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n", "SDP");
    refused_text("a.mpd", "<?xml version=\"1.0\"?><!-- x --><MPD xmlns=\"urn:mpeg:dash\"></MPD>",
                 "XML");
    refused_text("a.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "XML");
    refused_text("a.mpjpeg", "--boundary\r\nContent-type: image/jpeg\r\n\r\n", "");
}

/* A name with %d is a name, not a series. */
TEST(image_patterns_are_names)
{
    (void)clip_make("p1.png", "-f lavfi -i color=s=64x32 -frames:v 1");
    refused(clip_path("p%d.png"), "No such file", "check");
    refused(clip_path("p*.png"), "No such file", "check");
}

/* An MP4 whose data lies in another file. */
TEST(references_are_not_followed)
{
    const char *path = clip_make("ref.mov", "-f lavfi -i color=s=64x32:r=25 -frames:v 2 -c:v mjpeg "
                                            "-pix_fmt yuvj420p");
    size_t len;
    uint8_t *mov = clip_read(path, &len), *url = memmem(mov, len, "url ", 4);
    struct media *m;

    T_CHECK(url);
    memcpy(url, "alis", 4); /* the entry now claims an alias record */
    url[7] = 0;             /* and no longer "in this file" */
    m = clip_open(
        (struct media_params){.file = clip_write("alias.mov", mov, len), .w = 64, .h = 32});
    T_CHECK(clip_wait(m) !=
            MEDIA_OPENING); /* refused or played from itself, never opened another */
    media_close(m);
    free(mov);
}

TEST(truncated)
{
    const char *path =
        clip_make("t.mp4", "-f lavfi -i testsrc2=s=160x96:r=25 -frames:v 25 -c:v libx264 "
                           "-pix_fmt yuv420p");
    size_t len;
    uint8_t *mp4 = clip_read(path, &len);

    refused(clip_write("half.mp4", mp4, len / 2), "damaged", "copy");
    refused(clip_write("head.mp4", mp4, 40), "", "");
    free(mp4);
    path = clip_make("t.png", "-f lavfi -i testsrc2=s=160x96:r=25 -frames:v 1");
    mp4 = clip_read(path, &len);
    refused(clip_write("short.png", mp4, 60), "damaged", "");
    free(mp4);
}

/* The content counts, not the extension. */
TEST(wrong_extension_plays)
{
    const char *png = clip_make("a.png", "-f lavfi -i color=c=red:s=64x32 -frames:v 1");
    const char *mkv = clip_make("b.mkv", "-f lavfi -i color=c=red:s=64x32 -frames:v 3 -c:v ffv1");
    const char *names[2] = {clip_path("a.mp4"), clip_path("b.jpg")};

    T_CHECK(rename(png, names[0]) == 0 && rename(mkv, names[1]) == 0);
    for (int i = 0; i < 2; i++) {
        struct media *m = clip_open((struct media_params){.file = names[i], .w = 64, .h = 32});

        T_EQ(clip_wait(m), MEDIA_READY);
        media_close(m);
    }
}

TEST(only_sound)
{
    refused(clip_make("s.wav", "-f lavfi -i sine -t 0.2"), "only sound", "audio device");
    refused(clip_make("s.mp4", "-f lavfi -i sine -t 0.2 -c:a aac"), "only sound", "audio device");
}

TEST(no_decoder)
{
    /* MP4 with a codec tag that nobody knows. */
    const char *path = clip_make("u.mov", "-f lavfi -i color=s=64x32:r=25 -frames:v 2 -c:v mjpeg "
                                          "-pix_fmt yuvj420p");
    size_t len;
    uint8_t *mov = clip_read(path, &len), *tag = memmem(mov, len, "jpeg", 4);

    for (uint8_t *p = mov; (tag = memmem(p, len - (size_t)(p - mov), "jpeg", 4)); p = tag + 4)
        memcpy(tag, "zzzz", 4);
    refused(clip_write("zzzz.mov", mov, len), "", "convert");
    free(mov);
}

TEST(animated_webp)
{
    refused(clip_make("a.webp", "-f lavfi -i testsrc2=s=64x32:r=10 -frames:v 5 -c:v libwebp_anim"),
            "animated WebP", "convert");
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
    uint32_t c = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return ~c;
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24), p[1] = (uint8_t)(v >> 16), p[2] = (uint8_t)(v >> 8),
    p[3] = (uint8_t)v;
}

static void set_png_size(uint8_t *png, uint32_t w, uint32_t h)
{
    put32(png + 16, w);
    put32(png + 20, h);
    put32(png + 29, crc32_of(png + 12, 17));
}

TEST(huge_images_are_refused_before_memory_is_taken)
{
    const char *path = clip_make("a.png", "-f lavfi -i color=s=64x32 -frames:v 1");
    size_t len;
    uint8_t *png = clip_read(path, &len);
    struct rusage before, after;

    T_CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    set_png_size(png, 30000, 30000);
    refused(clip_write("huge.png", png, len), "30000 x 30000", "16384");
    set_png_size(png, 16384, 16384);
    refused(clip_write("wide.png", png, len), "134217728", "scale it down");
    T_CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    T_CHECK(after.ru_maxrss - before.ru_maxrss < 65536); /* KiB */
    free(png);
}

/* The same lie in a video's header. */
TEST(huge_video_is_refused)
{
    const char *path = clip_make("v.avi", "-f lavfi -i color=s=64x32 -frames:v 2 -c:v mpeg4");
    size_t len;
    uint8_t *avi = clip_read(path, &len), *strf = memmem(avi, len, "strf", 4);

    T_CHECK(strf);
    memcpy(strf + 12, (uint8_t[]){0x30, 0x75, 0, 0, 0x30, 0x75, 0, 0}, 8); /* 30000 x 30000 */
    path = clip_write("huge.avi", avi, len);
    {
        struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 32});

        /* The codec's own header may correct it; memory must not follow the lie. */
        T_CHECK(clip_wait(m) != MEDIA_OPENING);
        media_close(m);
    }
    free(avi);
}

/* Pictures may be missing: let time pass until the end. */
static unsigned play_through(struct media *m)
{
    int64_t until = clip_now() + CLIP_DEADLINE_NS;
    uint64_t serial = 0;
    unsigned n = 0;

    for (int64_t t = 0; media_state(m) != MEDIA_ENDED; t += 1000000) {
        const struct media_picture *p = media_picture(m, t);

        T_CHECK(clip_now() < until);
        n += p && p->serial != serial;
        serial = p ? p->serial : 0;
        clip_breathe();
    }
    return n;
}

/* Damage in mid-file is counted and played over. */
TEST(corrupt_packets)
{
    const char *path =
        clip_make("c.ts", "-f lavfi -i testsrc2=s=320x180:r=25 -frames:v 75 -c:v libx264 "
                          "-g 10 -pix_fmt yuv420p");
    struct media_stats stats;
    struct media *m;
    size_t len;
    uint8_t *ts = clip_read(path, &len);
    unsigned n;

    for (size_t i = len / 3; i < len / 3 + 4000; i++)
        ts[i] = (uint8_t)(i * 2654435761u >> 8);
    m = clip_open((struct media_params){.file = clip_write("bad.ts", ts, len), .w = 64, .h = 32});
    T_EQ(clip_wait(m), MEDIA_READY);
    n = play_through(m);
    media_stats(m, &stats);
    printf("# %u pictures, %llu errors\n", n, (unsigned long long)stats.errors);
    T_CHECK(n > 40);
    T_CHECK(stats.errors > 0);
    media_close(m);
    free(ts);
}
