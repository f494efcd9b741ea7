/* SPDX-License-Identifier: Apache-2.0 */
/* Orientation, pixel aspect, fit modes, cut-outs and alpha, seen through real files. */
#include "tests/unit/media/clip.h"

#define RED   0xffff0000u
#define GREEN 0xff00ff00u
#define BLUE  0xff0000ffu
#define WHITE 0xffffffffu

/* Quarters: red green / blue white. */
#define QUARTERS(w, h)                                                                             \
    "-f lavfi -i color=s=" #w "x" #h ":r=25,format=gbrp,geq="                                      \
    "r='255*if(lt(Y,H/2),lt(X,W/2),gte(X,W/2))':g='255*gte(X,W/2)':b='255*gte(Y,H/2)' "

/* The colours of the four corners, left to right and top to bottom. */
static void check_corners(const struct media_picture *p, const uint32_t want[4], int tolerance)
{
    const uint32_t x[2] = {p->w / 8, p->w - 1 - p->w / 8}, y[2] = {p->h / 8, p->h - 1 - p->h / 8};

    for (int i = 0; i < 4; i++)
        if (clip_diff(clip_at(p, x[i & 1], y[i >> 1]), want[i]) > tolerance) {
            fprintf(stderr, "corner %d is %08x, not %08x\n", i,
                    (unsigned)clip_at(p, x[i & 1], y[i >> 1]), (unsigned)want[i]);
            exit(1);
        }
}

static void shows(const char *path, uint32_t w, uint32_t h, const uint32_t want[4], int tolerance)
{
    struct media *m =
        clip_open((struct media_params){.file = path, .w = w, .h = h, .fit = MEDIA_FIT});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    T_CHECK(p && p->opaque); /* the turned picture fits the box exactly */
    check_corners(p, want, tolerance);
    media_close(m);
}

/* What a viewer sees of the quarters stored under each EXIF orientation. */
static const uint32_t turned[9][4] = {
    [1] = {RED, GREEN, BLUE, WHITE}, [2] = {GREEN, RED, WHITE, BLUE},
    [3] = {WHITE, BLUE, GREEN, RED}, [4] = {BLUE, WHITE, RED, GREEN},
    [5] = {RED, BLUE, GREEN, WHITE}, [6] = {BLUE, RED, WHITE, GREEN},
    [7] = {WHITE, GREEN, BLUE, RED}, [8] = {GREEN, WHITE, RED, BLUE},
};

TEST(exif_of_jpeg)
{
    static const uint8_t app1[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0,    0, 'I', 'I',
                                   '*',  0,    8, 0,  0,   0,   1,   0,   0x12, 1, 3,   0,
                                   1,    0,    0, 0,  0,   0,   0,   0,   0,    0, 0,   0};
    const char *path =
        clip_make("q.jpg", QUARTERS(160, 96) "-frames:v 1 -vf format=yuvj444p -q:v 1");
    size_t len;
    uint8_t *jpeg = clip_read(path, &len), *with = malloc(len + sizeof(app1));

    T_CHECK(with);
    for (unsigned o = 1; o <= 8; o++) {
        memcpy(with, jpeg, 2);
        memcpy(with + 2, app1, sizeof(app1));
        with[2 + 28] = (uint8_t)o;
        memcpy(with + 2 + sizeof(app1), jpeg + 2, len - 2);
        path = clip_write("o.jpg", with, len + sizeof(app1));
        shows(path, o < 5 ? 160 : 96, o < 5 ? 96 : 160, turned[o], 12);
    }
    free(jpeg);
    free(with);
}

TEST(exif_of_tiff)
{
    const char *path = clip_make("q.tiff", QUARTERS(160, 96) "-frames:v 1 -pix_fmt rgb24 "
                                                             "-compression_algo raw");
    size_t len, ifd, n;
    uint8_t *t = clip_read(path, &len);

    T_CHECK(len > 8 && t[0] == 'I');
    ifd = t[4] | (size_t)t[5] << 8 | (size_t)t[6] << 16;
    n = t[ifd];
    /* Entries are in the order of their tags. The last, the name of the program, makes room for the
     * orientation before tag 277. */
    for (size_t i = 0; i < n; i++) {
        uint8_t *e = t + ifd + 2 + 12 * i;

        if (e[0] == 0x15 && e[1] == 0x01) {
            memmove(e + 12, e, 12 * (n - i - 1));
            memcpy(e, (uint8_t[]){0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0}, 12);
            break;
        }
    }
    path = clip_write("o.tiff", t, len);
    shows(path, 96, 160, turned[6], 0);
    free(t);
}

TEST(display_matrix)
{
    static const struct {
        int degrees;
        unsigned like;
    } cases[] = {{0, 1}, {90, 8}, {180, 3}, {270, 6}};

    for (int i = 0; i < 4; i++) {
        const char *flat = clip_make(
                       "flat.mp4",
                       QUARTERS(160, 96) "-frames:v 2 -c:v libx264 -qp 4 -pix_fmt yuv444p"),
                   *path = clip_make("turned.mp4", "-i %s -c copy -metadata:s:v:0 rotate=%d", flat,
                                     cases[i].degrees);
        bool swap = cases[i].like >= 5;

        shows(path, swap ? 96 : 160, swap ? 160 : 96, turned[cases[i].like], 12);
    }
}

TEST(pixel_aspect)
{
    /* 160 x 96 pixels, twice as wide as high: looks like 320 x 96. */
    const char *path = clip_make("par.mkv", QUARTERS(160, 96) "-frames:v 1 -vf setsar=2 -c:v ffv1");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 320, .h = 200, .fit = MEDIA_FIT});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    T_EQ(clip_at(p, 5, 51), 0); /* 52 rows free above and below */
    T_EQ(clip_at(p, 5, 148), 0);
    T_CHECK(clip_diff(clip_at(p, 2, 54), RED) < 3);
    T_CHECK(clip_diff(clip_at(p, 317, 145), WHITE) < 3);
    T_CHECK(!p->opaque);
    media_close(m);
}

struct fit_case {
    enum media_fit fit;
    uint32_t w, h;
    struct media_rect crop;
    uint32_t x0, y0, x1, y1; /* where the picture is, and nothing around it */
    uint32_t want[4];        /* at its corners */
};

static void check_fit(const char *path, const struct fit_case *c)
{
    struct media *m = clip_open(
        (struct media_params){.file = path, .w = c->w, .h = c->h, .fit = c->fit, .crop = c->crop});
    const uint32_t xs[2] = {c->x0 + 3, c->x1 - 4}, ys[2] = {c->y0 + 3, c->y1 - 4};
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    for (uint32_t y = 0; y < c->h; y++)
        for (uint32_t x = 0; x < c->w; x++)
            T_EQ(clip_at(p, x, y) >> 24,
                 x >= c->x0 && x < c->x1 && y >= c->y0 && y < c->y1 ? 255 : 0);
    for (int i = 0; i < 4; i++)
        T_CHECK(clip_diff(clip_at(p, xs[i & 1], ys[i >> 1]), c->want[i]) < 4);
    T_EQ(p->opaque, c->x0 == 0 && c->y0 == 0 && c->x1 == c->w && c->y1 == c->h);
    media_close(m);
}

TEST(fit_modes)
{
    static const struct fit_case cases[] = {
        {MEDIA_STRETCH, 100, 200, {0, 0, 0, 0}, 0, 0, 100, 200, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_FIT, 200, 200, {0, 0, 0, 0}, 0, 50, 200, 150, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_FIT, 50, 100, {0, 0, 0, 0}, 0, 37, 50, 62, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_FILL, 100, 100, {0, 0, 0, 0}, 0, 0, 100, 100, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_ONE_TO_ONE, 200, 200, {0, 0, 0, 0}, 20, 60, 180, 140, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_ONE_TO_ONE, 80, 40, {0, 0, 0, 0}, 0, 0, 80, 40, {RED, GREEN, BLUE, WHITE}},
        {MEDIA_STRETCH, 64, 64, {0, 0, .5, .5}, 0, 0, 64, 64, {RED, RED, RED, RED}},
        {MEDIA_STRETCH, 64, 64, {.5, .25, .5, .5}, 0, 0, 64, 64, {GREEN, GREEN, WHITE, WHITE}},
        {MEDIA_FIT, 80, 80, {0, .5, 1, .5}, 0, 30, 80, 50, {BLUE, WHITE, BLUE, WHITE}},
        {MEDIA_ONE_TO_ONE, 80, 80, {.5, .5, .5, .5}, 0, 20, 80, 60, {WHITE, WHITE, WHITE, WHITE}},
    };
    const char *path = clip_make("q.png", QUARTERS(160, 80) "-frames:v 1");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_fit(path, &cases[i]);
}

/* One source pixel for one canvas pixel: every value is the file's. */
TEST(one_to_one_is_exact)
{
    const char *path =
        clip_make("x.png", "-f lavfi -i nullsrc=s=64x48,format=gbrp,geq=r='X*4':g='Y*5':b='X+Y' "
                           "-frames:v 1");
    struct media *m =
        clip_open((struct media_params){.file = path, .w = 70, .h = 40, .fit = MEDIA_ONE_TO_ONE});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 64; x++)
            T_EQ(clip_at(p, x + 3, y),
                 0xff000000u | (x * 4) << 16 | ((y + 4) * 5) << 8 | (x + y + 4));
    media_close(m);
}

/* --- alpha ---------------------------------------------------------------------------------- */

static void check_alpha(const char *path, uint32_t side, int tolerance)
{
    struct media *m =
        clip_open((struct media_params){.file = path, .w = side, .h = side, .fit = MEDIA_STRETCH});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    T_CHECK(!p->opaque);
    /* left: half transparent (200, 100, 50); right: transparent green, of which nothing is left */
    if (clip_diff(clip_at(p, side / 4, side / 2), 0x80643219) > tolerance)
        fprintf(stderr, "%s: %08x\n", path, (unsigned)clip_at(p, side / 4, side / 2));
    T_CHECK(clip_diff(clip_at(p, side / 4, side / 2), 0x80643219) <= tolerance);
    T_CHECK(clip_diff(clip_at(p, side - 4, side / 2), 0) <= tolerance);
    for (uint32_t i = 0; i < side * side; i++) {
        uint32_t v = p->data[i], a = v >> 24;

        T_CHECK((v & 255) <= a && (v >> 8 & 255) <= a && (v >> 16 & 255) <= a);
        /* no green light from what is transparent; chroma at half size spreads by itself */
        T_CHECK(tolerance > 5 || (v >> 8 & 255) <= (v >> 16 & 255) + (uint32_t)tolerance);
    }
    media_close(m);
}

#define HALF                                                                                       \
    "-f lavfi -i color=s=64x64:r=25,format=gbrap,geq=r='if(lt(X,32),200,0)':g='if(lt(X,32),100,"   \
    "255)':b='if(lt(X,32),50,0)':a='if(lt(X,32),128,0)' -frames:v 1 "

TEST(alpha_is_premultiplied)
{
    check_alpha(clip_make("a.png", HALF "-pix_fmt rgba"), 64, 0);
    check_alpha(clip_make("a.webp", HALF "-c:v libwebp -lossless 1 -pix_fmt bgra"), 64, 0);
    check_alpha(clip_make("a.mov", HALF "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"), 64,
                5);
    check_alpha(clip_make("v9.webm", HALF "-vf scale=out_color_matrix=bt601,format=yuva420p -c:v "
                                          "libvpx-vp9 -crf 4 -b:v 0 -auto-alt-ref 0 "),
                64, 14);
    check_alpha(clip_make("v8.webm", HALF "-vf scale=out_color_matrix=bt601,format=yuva420p -c:v "
                                          "libvpx -crf 4 -b:v 8M -auto-alt-ref 0 "),
                64, 14);
}

/* Colours of transparent pixels must not bleed when the picture is scaled. */
TEST(alpha_survives_scaling)
{
    const char *path = clip_make("a.png", HALF "-pix_fmt rgba");

    check_alpha(path, 32, 1);
    check_alpha(path, 150, 1);
}
