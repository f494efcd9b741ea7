/* SPDX-License-Identifier: Apache-2.0 */
/* Colours against the formulas of ITU-R BT.601, BT.709 and BT.2020 in double precision. Lossless
 * files made of flat blocks, so that chroma subsampling and scaling have no say. */
#include <math.h>

#include "tests/unit/media/clip.h"

#define BLOCK 16
#define COLS  12
#define ROWS  8
#define W     (BLOCK * COLS)
#define H     (BLOCK * ROWS)

struct space {
    const char *tag; /* FFmpeg's name */
    double kr, kb;
};

static const struct space bt601 = {"smpte170m", 0.299, 0.114};
static const struct space bt709 = {"bt709", 0.2126, 0.0722};
static const struct space bt2020 = {"bt2020nc", 0.2627, 0.0593};

struct layout {
    const char *pix_fmt;
    unsigned depth, log2_w, log2_h;
};

static const struct layout layouts[] = {
    {"yuv420p", 8, 1, 1},      {"yuv422p", 8, 1, 0},      {"yuv444p", 8, 0, 0},
    {"yuv420p10le", 10, 1, 1}, {"yuv422p10le", 10, 1, 0}, {"yuv444p10le", 10, 0, 0},
    {"yuv444p12le", 12, 0, 0},
};

static uint32_t rng = 1;

static unsigned next_random(void)
{
    rng = rng * 1664525u + 1013904223u;
    return rng >> 8;
}

struct yuv {
    unsigned y, u, v;
};

static struct yuv blocks[ROWS][COLS];

/* Black, white, primaries are near the corners; the rest anywhere in the legal range. */
static void choose_blocks(unsigned depth, bool full)
{
    unsigned one = 1u << (depth - 8), top = (1u << depth) - 1;
    unsigned lo = full ? 0 : 16 * one, hi_y = full ? top : 235 * one, hi_c = full ? top : 240 * one;

    for (unsigned r = 0; r < ROWS; r++)
        for (unsigned c = 0; c < COLS; c++)
            blocks[r][c] = (struct yuv){lo + next_random() % (hi_y - lo + 1),
                                        lo + next_random() % (hi_c - lo + 1),
                                        lo + next_random() % (hi_c - lo + 1)};
    blocks[0][0] = (struct yuv){lo, 128 * one, 128 * one};
    blocks[0][1] = (struct yuv){hi_y, 128 * one, 128 * one};
    for (unsigned c = 2; c < COLS; c++) /* greys */
        blocks[0][c] = (struct yuv){lo + (hi_y - lo) * (c - 1) / COLS, 128 * one, 128 * one};
}

static void put_plane(FILE *f, const struct layout *l, unsigned plane)
{
    unsigned sx = plane ? l->log2_w : 0, sy = plane ? l->log2_h : 0;

    for (unsigned y = 0; y < (unsigned)H >> sy; y++)
        for (unsigned x = 0; x < (unsigned)W >> sx; x++) {
            const struct yuv *b = &blocks[(y << sy) / BLOCK][(x << sx) / BLOCK];
            unsigned v = plane == 0 ? b->y : plane == 1 ? b->u : b->v;

            T_CHECK(fputc((int)(v & 255), f) != EOF);
            T_CHECK(l->depth == 8 || fputc((int)(v >> 8), f) != EOF);
        }
}

static int byte_of(double v)
{
    v = floor(v * 255 + 0.5);
    return v < 0 ? 0 : v > 255 ? 255 : (int)v;
}

static uint32_t expected(const struct yuv *b, const struct space *s, unsigned depth, bool full)
{
    double one = 1u << (depth - 8), top = (1u << depth) - 1, kg = 1 - s->kr - s->kb;
    double y = full ? b->y / top : (b->y - 16 * one) / (219 * one);
    double u = full ? (b->u - 128 * one) / top : (b->u - 128 * one) / (224 * one);
    double v = full ? (b->v - 128 * one) / top : (b->v - 128 * one) / (224 * one);
    double red = y + 2 * (1 - s->kr) * v, blue = y + 2 * (1 - s->kb) * u;
    double green = (y - s->kr * red - s->kb * blue) / kg;

    return 0xff000000u | (uint32_t)byte_of(red) << 16 | (uint32_t)byte_of(green) << 8 |
           (uint32_t)byte_of(blue);
}

static unsigned inexact, compared;

/* tagged: the file says its matrix. Untagged files must be taken as `s`. */
static void check(const struct layout *l, const struct space *s, bool full, bool tagged,
                  unsigned scale)
{
    const char *raw = clip_path("raw.yuv"), *path;
    const struct media_picture *p;
    FILE *f = fopen(raw, "wb");
    struct media *m;

    T_CHECK(f);
    choose_blocks(l->depth, full);
    for (unsigned plane = 0; plane < 3; plane++)
        put_plane(f, l, plane);
    T_CHECK(fclose(f) == 0);
    path = clip_make(
        "c.mkv", "-f rawvideo -s %dx%d -pix_fmt %s -i %s -c:v ffv1 -color_range %s %s%s", W, H,
        l->pix_fmt, raw, full ? "pc" : "tv", tagged ? "-colorspace " : "", tagged ? s->tag : "");
    m = clip_open(
        (struct media_params){.file = path, .w = W * scale, .h = H * scale, .fit = MEDIA_STRETCH});
    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    for (unsigned r = 0; r < ROWS; r++)
        for (unsigned c = 0; c < COLS; c++) {
            uint32_t want = expected(&blocks[r][c], s, l->depth, full);
            uint32_t got =
                clip_at(p, (c * BLOCK + BLOCK / 2) * scale, (r * BLOCK + BLOCK / 2) * scale);

            compared++;
            inexact += got != want;
            if (clip_diff(got, want) > 1) {
                fprintf(stderr, "%s %s %s: %u,%u,%u is %08x, not %08x\n", l->pix_fmt, s->tag,
                        full ? "full" : "limited", blocks[r][c].y, blocks[r][c].u, blocks[r][c].v,
                        (unsigned)got, (unsigned)want);
                exit(1);
            }
        }
    media_close(m);
}

static void check_all(const struct space *s, bool full)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        check(&layouts[i], s, full, true, 1);
    printf("# %s: %u of %u blocks differ by one code\n", s->tag, inexact, compared);
    T_CHECK(inexact * 50 < compared);
}

TEST(bt601_limited)
{
    check_all(&bt601, false);
}

TEST(bt601_full)
{
    check_all(&bt601, true);
}

TEST(bt709_limited)
{
    check_all(&bt709, false);
}

TEST(bt709_full)
{
    check_all(&bt709, true);
}

TEST(bt2020_limited)
{
    check_all(&bt2020, false);
}

TEST(untagged_small_is_bt601)
{
    check(&layouts[2], &bt601, false, false, 1);
}

TEST(scaling_up_keeps_flat_colours)
{
    check(&layouts[0], &bt709, false, true, 2);
    check(&layouts[3], &bt709, true, true, 3);
}

/* One flat colour, the same code values, in a picture of HD size: BT.709 unless tagged. */
TEST(untagged_hd_is_bt709)
{
    const struct yuv b = {120, 90, 200};
    const char *path =
        clip_make("hd.mkv",
                  "-f lavfi -i color=s=1280x720:r=25,format=yuv420p,geq=lum=%u:cb=%u:"
                  "cr=%u -frames:v 1 -c:v ffv1",
                  b.y, b.u, b.v);
    struct media *m = clip_open((struct media_params){.file = path, .w = 32, .h = 18});
    const struct media_picture *p;

    T_EQ(clip_wait(m), MEDIA_READY);
    p = clip_next(m, NULL);
    T_CHECK(clip_diff(clip_at(p, 16, 9), expected(&b, &bt709, 8, false)) <= 1);
    T_CHECK(clip_diff(clip_at(p, 16, 9), expected(&b, &bt601, 8, false)) > 4);
    media_close(m);
}

/* JFIF: BT.601, full range. A big JPEG must not be taken for BT.709. */
TEST(a_big_jpeg_is_bt601_full)
{
    const char *path = clip_make("big.jpg", "-f lavfi -i color=c=0xc83264:s=1280x720,format=gbrp "
                                            "-frames:v 1 -vf scale=out_range=pc:out_color_matrix="
                                            "bt601,format=yuvj444p -q:v 1");
    struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 36});

    T_EQ(clip_wait(m), MEDIA_READY);
    T_CHECK(clip_diff(clip_at(clip_next(m, NULL), 20, 20), 0xffc83264) <= 2);
    media_close(m);
}

/* Light adds up: fine black and white stripes become the middle of light, code 188 by sRGB and
 * about 180 by the BT.709 curve, and not the middle of codes, 128. */
TEST(scaling_down_averages_light)
{
    const char *path = clip_make("stripes.png", "-f lavfi -i color=s=256x256,format=gray,"
                                                "geq=lum='255*mod(X,2)' -frames:v 1");
    struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 64});
    uint32_t v;

    T_EQ(clip_wait(m), MEDIA_READY);
    v = clip_at(clip_next(m, NULL), 32, 32) & 255;
    printf("# stripes become %u\n", v);
    T_CHECK(v >= 170 && v <= 195);
    media_close(m);
}

/* Wide gamut, tagged: BT.2020 primaries become BT.709, greys stay grey, red stays red. */
TEST(wide_gamut_is_brought_to_bt709)
{
    static const char *const trc[] = {"bt2020-10", "smpte2084", "arib-std-b67"};

    for (int i = 0; i < 3; i++) {
        const char *path = clip_make(
            "wide.mkv",
            "-f lavfi -i color=s=128x64:r=25,format=yuv420p10le,geq=lum='if(lt(X,64),500,300)':"
            "cb='if(lt(X,32),512,460)':cr='if(lt(X,32),512,800)' -frames:v 1 -c:v ffv1 -colorspace "
            "bt2020nc -color_primaries bt2020 -color_trc %s -color_range tv",
            trc[i]);
        struct media *m = clip_open((struct media_params){.file = path, .w = 128, .h = 64});
        const struct media_picture *p;
        uint32_t grey, red;

        T_EQ(clip_wait(m), MEDIA_READY);
        p = clip_next(m, NULL);
        grey = clip_at(p, 32, 32);
        red = clip_at(p, 96, 32);
        printf("# %s: grey %08x red %08x\n", trc[i], (unsigned)grey, (unsigned)red);
        T_CHECK(clip_diff(grey, 0xff000000 | (grey & 255) * 0x10101) <= 2);
        T_CHECK((grey & 255) > 60 && (grey & 255) < 250);
        T_CHECK((red >> 16 & 255) > 150 && (red & 255) < 90);
        media_close(m);
    }
}

struct image {
    const char *file, *args;
    int tolerance;
};

/* Still formats, with their bit depths and kinds of colour. */
TEST(images)
{
    static const struct image images[] = {
        {"rgb.png", "-pix_fmt rgb24", 0},
        {"deep.png", "-vf format=gbrp16,geq=r=51400:g=12850:b=25700 -pix_fmt rgb48be", 0},
        {"rgba.png", "-pix_fmt rgba", 0},
        {"rgba64.png", "-vf format=gbrap16,geq=r=51400:g=12850:b=25700:a=65535 -pix_fmt rgba64be",
         0},
        {"palette.png", "-pix_fmt pal8", 40},
        {"q.jpg", "-vf format=yuvj444p -q:v 1", 2},
        {"ll.webp", "-c:v libwebp -lossless 1 -pix_fmt bgra", 0},
        {"lossy.webp", "-c:v libwebp -q:v 95 -pix_fmt yuv420p", 4},
        {"i.tiff", "-pix_fmt rgb24", 0},
        {"i16.tiff", "-vf format=gbrp16,geq=r=51400:g=12850:b=25700 -pix_fmt rgb48le", 0},
        {"i.bmp", "-pix_fmt bgr24", 0},
        {"i.ppm", "-pix_fmt rgb24", 0},
        {"i.gif", "-c:v gif", 40},
        {"i.qoi", "-pix_fmt rgb24", 0},
    };

    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        const char *path = clip_make(
            images[i].file, "-f lavfi -i color=c=0xc83264:s=65x33,format=gbrp -frames:v 1 %s",
            images[i].args);
        struct media *m = clip_open((struct media_params){.file = path, .w = 65, .h = 33});
        const struct media_picture *p;

        T_EQ(clip_wait(m), MEDIA_READY);
        p = clip_next(m, NULL);
        if (clip_diff(clip_at(p, 30, 16), 0xffc83264) > images[i].tolerance ||
            (images[i].tolerance < 4 && clip_at(p, 64, 32) != clip_at(p, 30, 16))) {
            fprintf(stderr, "%s: %08x %08x\n", images[i].file, (unsigned)clip_at(p, 30, 16),
                    (unsigned)clip_at(p, 64, 32));
            exit(1);
        }
        T_CHECK(p->opaque);
        T_CHECK(clip_wait_decoded(m));
        T_EQ(media_duration_ns(m), MEDIA_STILL_NS);
        media_close(m);
    }
}

/* Grey images of 8 and 16 bit are full range. */
TEST(grey_images)
{
    static const char *const formats[] = {"gray", "gray16be", "ya8"};

    for (int i = 0; i < 3; i++) {
        const char *path = clip_make("g.png",
                                     "-f lavfi -i color=c=0x404040:s=64x32,format=gbrp -frames:v 1 "
                                     "-vf scale=out_range=pc,format=%s",
                                     formats[i]);
        struct media *m = clip_open((struct media_params){.file = path, .w = 64, .h = 32});

        T_EQ(clip_wait(m), MEDIA_READY);
        T_CHECK(clip_diff(clip_at(clip_next(m, NULL), 30, 16), 0xff404040) <= 1);
        media_close(m);
    }
}
