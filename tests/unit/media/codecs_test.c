/* SPDX-License-Identifier: Apache-2.0 */
/* Every codec and container that can be made here plays, with the right pictures. */
#include "tests/unit/media/clip.h"

#define W 160
#define H 96
#define N 6

/* A clip of N pictures, each one colour: grey levels that rise, so that order and colour are
 * checked for lossy codecs as well. */
static void plays(const char *file, const char *args, int tolerance)
{
    /* A level per frame: 40, 70, ... of 255; the last third of the picture red. */
    const char *path =
        clip_make(file,
                  "-f lavfi -i color=c=gray:s=%dx%d:r=25,format=gbrp,"
                  "geq=g='if(gt(X,107),0,40+30*N)':b='if(gt(X,107),0,40+30*N)':r='if(gt(X,107),255"
                  ",40+30*N)' -frames:v %d %s",
                  W, H, N, args);
    struct media *m =
        clip_open((struct media_params){.file = path, .w = W, .h = H, .fit = MEDIA_STRETCH});
    const struct media_picture *p = NULL;
    unsigned n = 0;

    T_EQ(clip_wait(m), MEDIA_READY);
    while ((p = clip_next(m, p))) {
        uint32_t level = 40 + 30 * n, want = 0xff000000 | level << 16 | level << 8 | level;

        if (clip_diff(clip_at(p, 40, 48), want) > tolerance ||
            clip_diff(clip_at(p, 140, 48), 0xffff0000) > tolerance) {
            fprintf(stderr, "%s: picture %u is %08x %08x, not %08x\n", file, n,
                    (unsigned)clip_at(p, 40, 48), (unsigned)clip_at(p, 140, 48), (unsigned)want);
            exit(1);
        }
        T_CHECK(llabs(p->pts_ns - 40000000LL * n) < 2000000);
        T_CHECK(p->opaque);
        n++;
    }
    T_EQ(n, N);
    T_CHECK(llabs(media_duration_ns(m) - 40000000LL * N) < 2000000);
    media_close(m);
}

#define CODEC(id, file, args, tolerance)                                                           \
    TEST(id)                                                                                       \
    {                                                                                              \
        plays(file, args, tolerance);                                                              \
    }

#define YUV(format)                                                                                \
    "-vf scale=out_color_matrix=bt709:out_range=tv,format=" format " -colorspace bt709 "

CODEC(h264_mp4, "h264.mp4", YUV("yuv420p") "-c:v libx264 -qp 4 -bf 2", 4)
CODEC(h264_rgb, "rgb.mkv", "-c:v libx264rgb -qp 0", 1)
CODEC(h264_10_bit, "h264.mov", YUV("yuv420p10le") "-c:v libx264 -qp 4", 4)
CODEC(h264_ts, "h264.ts", YUV("yuv420p") "-c:v libx264 -qp 4 -bf 2", 4)
CODEC(h264_flv, "h264.flv", YUV("yuv420p") "-c:v libx264 -qp 4", 4)
CODEC(h264_fragmented, "frag.mp4",
      YUV("yuv420p") "-c:v libx264 -qp 4 -movflags frag_keyframe+empty_moov", 4)
CODEC(hevc_mp4, "hevc.mp4",
      YUV("yuv420p10le") "-c:v libx265 -x265-params log-level=none:qp=6 -tag:v hvc1", 4)
CODEC(vp8_webm, "vp8.webm",
      "-vf scale=out_color_matrix=bt601,format=yuv420p -colorspace bt470bg -c:v libvpx -b:v 8M "
      "-crf 4",
      5)
CODEC(vp9_webm, "vp9.webm", YUV("yuv420p") "-c:v libvpx-vp9 -lossless 1 -cpu-used 8", 3)
CODEC(av1_mp4, "av1.mp4", YUV("yuv420p") "-c:v libsvtav1 -qp 5 -preset 12", 5)
CODEC(av1_ivf, "av1.ivf", YUV("yuv420p") "-c:v libaom-av1 -crf 5 -cpu-used 8", 5)
CODEC(mpeg2_ps, "mpeg2.mpg", YUV("yuv420p") "-c:v mpeg2video -q:v 1", 6)
CODEC(mpeg2_ts, "mpeg2.ts", YUV("yuv422p") "-c:v mpeg2video -q:v 1 -bf 2", 6)
CODEC(mpeg2_mxf, "mpeg2.mxf", YUV("yuv420p") "-c:v mpeg2video -q:v 1", 6)
CODEC(mpeg4_avi, "mpeg4.avi", "-vf scale=out_color_matrix=bt601,format=yuv420p -c:v mpeg4 -q:v 1",
      6)
CODEC(prores_mov, "prores.mov",
      YUV("yuv422p10le,setparams=colorspace=bt709") "-c:v prores_ks -profile:v 3 -q:v 2", 4)
CODEC(dnxhd_mov, "dnxhd.mov", YUV("yuv422p") "-s 1280x720 -c:v dnxhd -profile:v dnxhr_hq", 5)
CODEC(mjpeg_avi, "mjpeg.avi", "-vf scale=out_range=pc,format=yuvj420p -c:v mjpeg -q:v 1", 6)
CODEC(ffv1_mkv, "ffv1.mkv", "-c:v ffv1 -pix_fmt gbrp16le", 1)
CODEC(theora_ogg, "theora.ogv",
      "-vf scale=out_color_matrix=bt601,format=yuv420p -c:v libtheora -q:v 10", 6)
CODEC(gif_animated, "a.gif", "-c:v gif", 64) /* the encoder's palette is fixed and coarse */
CODEC(apng_animated, "a.apng", "-f apng -plays 0 -pix_fmt rgb24", 1)
CODEC(raw_packed_nut, "raw.nut", "-vf scale=out_color_matrix=bt601,format=uyvy422 -c:v rawvideo", 2)
CODEC(raw_nv12_nut, "nv12.nut", "-vf scale=out_color_matrix=bt601,format=nv12 -c:v rawvideo", 2)
CODEC(y4m, "y.y4m", "-vf scale=out_color_matrix=bt601,format=yuv444p -strict -1", 2)
