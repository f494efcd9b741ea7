/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts: times, geometry, packing, the ring, the first bytes of a file. */
#include <string.h>

#include "controller/player/media/geometry.h"
#include "controller/player/media/pack.h"
#include "controller/player/media/ring.h"
#include "controller/player/media/sniff.h"
#include "controller/player/media/timing.h"
#include "tests/support/t.h"

#define MS 1000000LL

static const struct qp_rational pal = {25, 1};

TEST(good_times_stay)
{
    struct timing t;

    timing_init(&t, pal, 1);
    for (int64_t i = 0; i < 100; i++)
        T_EQ(timing_next(&t, 777 * MS + i * 40 * MS, 40 * MS), i * 40 * MS);
    T_EQ(timing_end(&t), 4000 * MS);
    T_EQ(t.repaired, 0);
}

TEST(missing_times_are_filled)
{
    struct timing t;

    timing_init(&t, pal, 1);
    T_EQ(timing_next(&t, TIMING_NONE, 0), 0);
    T_EQ(timing_next(&t, TIMING_NONE, 0), 40 * MS);
    T_EQ(timing_next(&t, 5000 * MS, 0), 80 * MS);
    T_EQ(timing_next(&t, 5040 * MS, 0), 120 * MS);
    T_EQ(timing_next(&t, TIMING_NONE, 0), 160 * MS);
}

TEST(jumps_are_closed)
{
    struct timing t;

    timing_init(&t, pal, 1);
    T_EQ(timing_next(&t, 0, 40 * MS), 0);
    T_EQ(timing_next(&t, 95443 * 1000 * MS, 40 * MS), 40 * MS); /* 33 bits of 90 kHz wrap */
    T_EQ(timing_next(&t, 95443 * 1000 * MS + 40 * MS, 40 * MS), 80 * MS);
    T_EQ(timing_next(&t, 0, 40 * MS), 120 * MS);
    T_EQ(timing_next(&t, 40 * MS, 40 * MS), 160 * MS);
    T_EQ(timing_next(&t, INT64_MAX, 40 * MS), 200 * MS);
    T_EQ(timing_next(&t, INT64_MIN + 1, 40 * MS), 240 * MS);
    T_EQ(t.repaired, 2);
}

TEST(a_long_picture_is_believed_when_it_was_announced)
{
    struct timing t;

    timing_init(&t, (struct qp_rational){0, 0}, 1);
    T_EQ(timing_next(&t, 0, 60000 * MS), 0);
    T_EQ(timing_next(&t, 60000 * MS, 40 * MS), 60000 * MS);
}

TEST(times_always_rise)
{
    struct timing t;
    int64_t last = -1;
    uint32_t rng = 7;

    timing_init(&t, pal, MS);
    for (int i = 0; i < 100000; i++) {
        int64_t now, stamp;

        rng = rng * 1664525u + 1013904223u;
        stamp = (int64_t)(rng >> 4) * ((rng & 3) ? MS / 100 : MS) - 5000 * MS;
        now = timing_next(&t, rng % 11 ? stamp : TIMING_NONE, (int64_t)(rng >> 20) * 10000);
        T_CHECK(now > last);
        last = now;
        if (rng % 1009 == 0)
            timing_restart(&t);
    }
}

/* Matroska's milliseconds of 60 pictures a second: 0, 17, 33, 50 ... */
TEST(rounded_times_are_made_exact)
{
    struct timing t;

    timing_init(&t, (struct qp_rational){60000, 1001}, MS);
    for (int64_t i = 0; i < 10000; i++) {
        int64_t exact = (i * 1001 * 1000000000 + 30000) / 60000;
        int64_t stamp = (exact + 100 + MS / 2) / MS * MS;

        T_CHECK(llabs(timing_next(&t, stamp, 17 * MS) - exact) <= 1);
    }
}

TEST(passes_join_exactly)
{
    struct timing t;

    timing_init(&t, (struct qp_rational){60, 1}, MS);
    for (int64_t pass = 0, n = 0; pass < 5; pass++) {
        for (int64_t i = 0; i < 7; i++, n++)
            T_CHECK(llabs(timing_next(&t, 1000 * MS + (i * 1000 + 30) / 60 * MS, 17 * MS) -
                          n * 1000000000 / 60) < 10);
        timing_restart(&t);
    }
}

/* How long each picture stays, in wall frames, must never differ by more than one, whatever the two
 * rates and the phase between them, with jitter of half a millisecond where there is room for it.
 */
static void cadence(struct qp_rational clip, struct qp_rational wall, int64_t phase_ns)
{
    int64_t tolerance = timing_tolerance(wall), last = -1, held = 0, least = INT64_MAX, most = 0;

    for (int64_t n = 0; n < 2000; n++) {
        int64_t t = phase_ns + n * 1000000000 * wall.den / wall.num, k = last < 0 ? 0 : last;

        while ((k + 1) * 1000000000 * clip.den / clip.num <= t + tolerance)
            k++;
        if (k != last && last >= 0) {
            if (held && last > 1) {
                least = held < least ? held : least;
                most = held > most ? held : most;
            }
            if (clip.num * wall.den <= wall.num * clip.den)
                T_EQ(k, last + 1); /* a slower clip loses no picture */
            held = 0;
        }
        held++;
        last = k;
    }
    T_CHECK(most - least <= 1);
}

TEST(cadence_is_even)
{
    static const struct qp_rational rates[] = {{24000, 1001}, {24, 1}, {25, 1},       {30000, 1001},
                                               {30, 1},       {50, 1}, {60000, 1001}, {60, 1}};

    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++)
            for (int phase = 0; phase < 20; phase += 5) {
                cadence(rates[i], rates[j], phase * MS);
                cadence(rates[i], rates[j], phase * MS / 3 + 1);
            }
    T_EQ(timing_tolerance((struct qp_rational){0, 0}), 0);
}

/* --- geometry ------------------------------------------------------------------------------- */

TEST(geometry_stays_inside)
{
    uint32_t rng = 3;

    for (int i = 0; i < 200000; i++) {
        uint32_t r[12];
        struct geometry g;
        struct geometry_in in;
        bool swap;

        for (int k = 0; k < 12; k++) {
            rng = rng * 1664525u + 1013904223u;
            r[k] = rng >> 8;
        }
        in = (struct geometry_in){
            .w = 1 + r[0] % (r[1] & 1 ? 16384 : 40),
            .h = 1 + r[2] % (r[3] & 1 ? 16384 : 40),
            .par_num = r[4] % 300,
            .par_den = r[4] / 300 % 300,
            .orient = {r[5] & 1, r[5] & 2, r[5] & 4},
            .crop = {r[6] % 150 / 100.0 - .2, r[7] % 150 / 100.0 - .2, r[8] % 120 / 100.0,
                     r[9] % 120 / 100.0},
            .fit = r[5] >> 3 & 3,
            .box_w = 1 + r[10] % 9000,
            .box_h = 1 + r[11] % 9000,
            .align_x = 1u << (r[5] >> 5 & 1),
            .align_y = 1u << (r[5] >> 6 & 1),
        };
        geometry_fit(&in, &g);
        swap = in.orient.swap;
        T_CHECK(g.crop_w >= 1 && g.crop_h >= 1);
        T_CHECK(g.crop_x + g.crop_w <= in.w && g.crop_y + g.crop_h <= in.h);
        T_CHECK(g.out_w >= 1 && g.dst_x + g.out_w <= in.box_w);
        T_CHECK(g.out_h >= 1 && g.dst_y + g.out_h <= in.box_h);
        T_CHECK(g.win_x + g.out_w <= (swap ? g.scaled_h : g.scaled_w));
        T_CHECK(g.win_y + g.out_h <= (swap ? g.scaled_w : g.scaled_h));
        T_CHECK(g.scaled_w <= 4 * 9000 + 16384 && g.scaled_h <= 4 * 9000 + 16384);
    }
}

TEST(matrices_and_exif_agree)
{
    static const int32_t m[9][4] = {
        /* m[0], m[1], m[3], m[4] */
        [1] = {1, 0, 0, 1}, [2] = {-1, 0, 0, 1}, [3] = {-1, 0, 0, -1}, [4] = {1, 0, 0, -1},
        [5] = {0, 1, 1, 0}, [6] = {0, 1, -1, 0}, [7] = {0, -1, -1, 0}, [8] = {0, -1, 1, 0}};

    for (unsigned o = 1; o <= 8; o++) {
        const int32_t full[9] = {
            m[o][0] * 65536, m[o][1] * 65536, 0, m[o][2] * 65536, m[o][3] * 65536, 0, 0, 0,
            1 << 30};
        struct orient a = orient_from_matrix(full), b = orient_from_exif(o);

        T_CHECK(a.swap == b.swap && a.flip_x == b.flip_x && a.flip_y == b.flip_y);
    }
    T_CHECK(!orient_from_exif(0).swap && !orient_from_exif(99).swap);
}

/* --- packing -------------------------------------------------------------------------------- */

#define W 53u
#define H 37u

TEST(packing_matches_a_plain_model)
{
    static uint8_t g[W * H], b[W * H], r[W * H], a[W * H];
    static uint32_t out[W * W];
    uint32_t rng = 5;

    for (uint32_t i = 0; i < W * H; i++) {
        rng = rng * 1664525u + 1013904223u;
        g[i] = (uint8_t)(rng >> 24), b[i] = (uint8_t)(rng >> 16), r[i] = (uint8_t)(rng >> 8);
        a[i] = (uint8_t)(rng >> 12);
    }
    for (int mode = 0; mode < 16; mode++) {
        struct orient o = {mode & 1, mode & 2, mode & 4};
        bool alpha = mode & 8;
        struct geometry geo = {
            .win_x = 3, .win_y = 5, .out_w = (o.swap ? H : W) - 4u, .out_h = (o.swap ? W : H) - 6u};
        struct planes src = {g, b, r, alpha ? a : NULL, W, W, W, W, W, H, false};

        T_EQ(pack_planes(&src, o, &geo, out, W), !alpha);
        for (uint32_t y = 0; y < geo.out_h; y++)
            for (uint32_t x = 0; x < geo.out_w; x++) {
                uint32_t tx = x + 3, ty = y + 5, i, k;

                tx = o.flip_x ? (o.swap ? H : W) - 1 - tx : tx;
                ty = o.flip_y ? (o.swap ? W : H) - 1 - ty : ty;
                i = o.swap ? tx * W + ty : ty * W + tx;
                k = alpha ? a[i] : 255;
                T_EQ(out[y * W + x], (b[i] * k * 2 + 255) / 510 | (g[i] * k * 2 + 255) / 510 << 8 |
                                         (r[i] * k * 2 + 255) / 510 << 16 | k << 24);
            }
    }
}

/* --- ring ----------------------------------------------------------------------------------- */

static void publish_at(struct ring *ring, int64_t pts)
{
    struct ring_slot *slot = ring_back(ring);

    T_CHECK(slot);
    slot->pic.pts_ns = pts;
    ring_publish(ring);
}

TEST(ring_hands_out_the_newest_due)
{
    struct ring ring = {0};
    const struct media_picture *p;

    T_EQ(ring_init(&ring, 8, 8, 4), 0);
    T_CHECK(!ring_take(&ring, 100).pic);
    publish_at(&ring, 10);
    T_CHECK(!ring_take(&ring, 9).pic);
    publish_at(&ring, 20);
    publish_at(&ring, 30);
    publish_at(&ring, 40);
    T_CHECK(!ring_back(&ring));
    p = ring_take(&ring, 10).pic;
    T_EQ(p->pts_ns, 10);
    T_CHECK(!ring_back(&ring)); /* the picture in use is not overwritten */
    T_CHECK(ring_take(&ring, 19).pic == p && !ring_take(&ring, 19).fresh);
    T_EQ(ring_take(&ring, 35).skipped, 1);
    T_CHECK(ring_back(&ring));
    T_CHECK(!ring_take(&ring, 35).newest);
    T_CHECK(ring_take(&ring, 99).newest);
    T_EQ(ring_take(&ring, 5).pic->pts_ns, 40);
    ring_finish(&ring);
    ring_finish(&ring);
}

/* --- the first bytes ------------------------------------------------------------------------ */

TEST(sniffing_survives_every_cut)
{
    static const char png[] =
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x02\0\x08\x02\0\0\0....\0\0\0\x1a"
        "eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0....";
    static const char jpeg[] =
        "\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08\0\x20\0\x40\x03";
    static const char webp[] = "RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x3f\0\0\x1f\0\0";
    static const char tiff[] =
        "II*"
        "\0\x08\0\0\0\x02\0\0\x01\x03\0\x01\0\0\0\x40\0\0\0\x01\x01\x04\0\x01\0\0\0\x20\0\0\0\0\0";
    static const char xml[] = "<?xml version='1.0'?> <MPD>";
    static const char *const heads[] = {png, jpeg, webp, tiff, xml};
    static const size_t len[] = {sizeof(png) - 1, sizeof(jpeg) - 1, sizeof(webp) - 1,
                                 sizeof(tiff) - 1, sizeof(xml) - 1};
    struct sniff s;

    for (int i = 0; i < 5; i++)
        for (size_t n = 0; n <= len[i]; n++) {
            uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read beyond */

            memcpy(exact, heads[i], n);
            sniff_bytes(exact, n, &s);
            free(exact);
        }
    sniff_bytes((const uint8_t *)heads[0], len[0], &s);
    T_CHECK(s.w == 256 && s.h == 512 && s.exif == 6);
    sniff_bytes((const uint8_t *)heads[1], len[1], &s);
    T_CHECK(s.w == 64 && s.h == 32);
    sniff_bytes((const uint8_t *)heads[2], len[2], &s);
    T_CHECK(s.w == 64 && s.h == 32 && s.unplayable);
    sniff_bytes((const uint8_t *)heads[3], len[3], &s);
    T_CHECK(s.w == 64 && s.h == 32);
    sniff_bytes((const uint8_t *)heads[4], len[4], &s);
    T_CHECK(s.playlist);
}
