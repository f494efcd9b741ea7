/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/formats.h"

#include <stddef.h>
#include <string.h>

static const char *const video[] = {
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "flv",
    "asf",
    "mxf",
    "gxf",
    "ogg",
    "ivf",
    "nut",
    "yuv4mpegpipe",
    "h264",
    "hevc",
    "av1",
    "obu",
    "m4v",
    "mjpeg",
    "h261",
    "h263",
    "dv",
    "rm",
    "wtv",
    "nsv",
    "vc1",
    "vc1test",
    "dirac",
    "cavsvideo",
    "avs2",
    "avs3",
    "dnxhd",
    "smjpeg",
    "swf",
    "nuv",
    "film_cpk",
    "bink",
    "smk",
    "filmstrip",
    "cine",
    NULL,
};

static const char *const still[] = {
    "png_pipe",    "jpeg_pipe",    "jpegls_pipe", "jpegxl_pipe", "webp_pipe",    "bmp_pipe",
    "tiff_pipe",   "j2k_pipe",     "pam_pipe",    "pbm_pipe",    "pgm_pipe",     "ppm_pipe",
    "pgmyuv_pipe", "pfm_pipe",     "phm_pipe",    "qoi_pipe",    "psd_pipe",     "pcx_pipe",
    "sgi_pipe",    "sunrast_pipe", "dpx_pipe",    "exr_pipe",    "dds_pipe",     "xbm_pipe",
    "xpm_pipe",    "xwd_pipe",     "gem_pipe",    "pictor_pipe", "photocd_pipe", "ico",
    NULL,
};

static const char *const looper[] = {"gif", "apng", NULL};

static const char *const sound[] = {
    "wav",    "w64",  "rf64", "mp3",  "flac", "aac", "ac3", "eac3",  "aiff",
    "caf",    "au",   "amr",  "ape",  "tta",  "wv",  "dts", "dtshd", "mlp",
    "truehd", "loas", "mpc",  "mpc8", "tak",  "oma", "voc", NULL,
};

static int listed(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return 1;
    return 0;
}

enum format_kind format_kind(const char *name)
{
    if (listed(video, name))
        return FORMAT_VIDEO;
    if (listed(still, name))
        return FORMAT_STILL;
    if (listed(looper, name))
        return FORMAT_LOOPER;
    if (listed(sound, name))
        return FORMAT_SOUND;
    return FORMAT_REFUSED;
}
