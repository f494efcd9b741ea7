/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/sniff.h"

#include <string.h>

struct view {
    const uint8_t *p;
    size_t len;
    bool le;
};

/* Reads beyond the end give 0: the callers only look for plausible values. */
static uint32_t get16(const struct view *v, size_t at)
{
    if (v->len < 2 || at > v->len - 2)
        return 0;
    return v->le ? (uint32_t)v->p[at] | (uint32_t)v->p[at + 1] << 8
                 : (uint32_t)v->p[at] << 8 | (uint32_t)v->p[at + 1];
}

static uint32_t get32(const struct view *v, size_t at)
{
    uint32_t a = get16(v, at), b = get16(v, at + 2);

    return v->le ? a | b << 16 : a << 16 | b;
}

static bool starts(const struct view *v, size_t at, const char *text, size_t n)
{
    return at <= v->len && v->len - at >= n && memcmp(v->p + at, text, n) == 0;
}

/* A TIFF structure: the whole of a TIFF file, or the inside of an EXIF block. Value of SHORT and
 * LONG entries sits in the last four bytes of the 12-byte entry. */
static void sniff_tiff(struct view v, struct sniff *ret)
{
    size_t ifd, n;

    v.le = starts(&v, 0, "II", 2);
    ifd = get32(&v, 4);
    n = get16(&v, ifd);
    for (size_t i = 0; i < n; i++) {
        size_t at = ifd + 2 + 12 * i;
        uint32_t value = get16(&v, at + 2) == 3 ? get16(&v, at + 8) : get32(&v, at + 8);

        if (at + 12 > v.len)
            return;
        switch (get16(&v, at)) {
        case 256:
            ret->w = value;
            break;
        case 257:
            ret->h = value;
            break;
        case 274:
            ret->exif = value >= 1 && value <= 8 ? value : 0;
            break;
        default:
            break;
        }
    }
}

static void sniff_png(const struct view *v, struct sniff *ret)
{
    uint64_t w = get32(v, 16), h = get32(v, 20);

    for (size_t at = 8; at + 8 <= v->len;) {
        size_t len = get32(v, at);

        if (starts(v, at + 4, "eXIf", 4) && len <= v->len - at - 8)
            sniff_tiff((struct view){v->p + at + 8, len, false}, ret);
        if (starts(v, at + 4, "IDAT", 4) || len > v->len)
            break;
        at += 12 + len;
    }
    ret->w = w;
    ret->h = h;
}

/* Walk the marker segments up to the frame header (SOF0..SOF15 without DHT, JPG, DAC). */
static void sniff_jpeg(const struct view *v, struct sniff *ret)
{
    for (size_t at = 2; at + 4 <= v->len;) {
        unsigned marker = v->p[at + 1];

        if (v->p[at] != 0xff)
            return;
        if (marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
            marker != 0xcc) {
            ret->h = get16(v, at + 5);
            ret->w = get16(v, at + 7);
            return;
        }
        if (marker == 0xda)
            return;
        at += 2 + get16(v, at + 2);
    }
}

static void sniff_webp(const struct view *v, struct sniff *ret)
{
    if (starts(v, 12, "VP8X", 4) && v->len >= 30) {
        ret->w = (get32(v, 24) & 0xffffff) + 1;
        ret->h = (get32(v, 26) >> 8) + 1;
        if (v->p[20] & 0x02)
            ret->unplayable = "an animated WebP, which cannot be decoded here; convert it to GIF, "
                              "APNG or MP4";
    } else if (starts(v, 12, "VP8L", 4) && v->len >= 25) {
        ret->w = (get32(v, 21) & 0x3fff) + 1;
        ret->h = (get32(v, 21) >> 14 & 0x3fff) + 1;
    } else if (starts(v, 12, "VP8 ", 4)) {
        ret->w = get16(v, 26) & 0x3fff;
        ret->h = get16(v, 28) & 0x3fff;
    }
}

static void sniff_bmp(const struct view *v, struct sniff *ret)
{
    if (get32(v, 14) == 12) {
        ret->w = get16(v, 18);
        ret->h = get16(v, 20);
    } else {
        int32_t h = (int32_t)get32(v, 22); /* negative: the top row comes first */

        ret->w = get32(v, 18);
        ret->h = h < 0 ? (uint64_t) - (int64_t)h : (uint64_t)h;
    }
}

/* Text formats that name other files. XML may begin with comments, so that <MPD is searched. */
static const char *playlist_kind(const struct view *v)
{
    size_t at = starts(v, 0, "\xef\xbb\xbf", 3) ? 3 : 0;

    while (at < v->len && (v->p[at] == ' ' || (v->p[at] >= '\t' && v->p[at] <= '\r')))
        at++;
    if (starts(v, at, "#EXTM3U", 7))
        return "an M3U or HLS playlist";
    if (starts(v, at, "ffconcat", 8))
        return "a list of files (ffconcat)";
    if (starts(v, at, "v=0\r", 4) || starts(v, at, "v=0\n", 4))
        return "a session description (SDP)";
    if (starts(v, at, "[playlist]", 10) || starts(v, at, "[Reference]", 11))
        return "a playlist";
    if (starts(v, at, "<", 1)) {
        static const char *const roots[] = {
            "<MPD", "<SmoothStreamingMedia", "<smil", "<asx", "<ASX", "<AssetMap", "<svg"};
        size_t end = v->len < 4096 ? v->len : 4096;

        for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
            if (memmem(v->p + at, end > at ? end - at : 0, roots[i], strlen(roots[i])))
                return "an XML file that may name other files";
    }
    return NULL;
}

void sniff_bytes(const uint8_t *buf, size_t len, struct sniff *ret)
{
    const struct view be = {buf, len, false}, le = {buf, len, true};

    *ret = (struct sniff){0};
    if (starts(&be, 0, "\x89PNG\r\n\x1a\n", 8))
        sniff_png(&be, ret);
    else if (starts(&be, 0, "\xff\xd8\xff", 3))
        sniff_jpeg(&be, ret);
    else if (starts(&be, 0, "GIF8", 4))
        ret->w = get16(&le, 6), ret->h = get16(&le, 8);
    else if (starts(&be, 0, "RIFF", 4) && starts(&be, 8, "WEBP", 4))
        sniff_webp(&le, ret);
    else if (starts(&be, 0, "II*\0", 4) || starts(&be, 0, "MM\0*", 4))
        sniff_tiff(be, ret);
    else if (starts(&be, 0, "BM", 2) && len >= 26)
        sniff_bmp(&le, ret);
    else
        ret->playlist = playlist_kind(&be);
}
