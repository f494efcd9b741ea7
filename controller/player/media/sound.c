/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/sound.h"

#include <libavutil/channel_layout.h>
#include <libavutil/error.h>
#include <stdlib.h>

#define MAX_FRAMES 1048576 /* of one decoded frame, converted */

void sound_finish(struct sound *s)
{
    swr_free(&s->swr);
    av_channel_layout_uninit(&s->layout);
    free(s->buf);
    s->buf = NULL;
    s->cap = 0;
}

void sound_clear(struct sound *s)
{
    s->n = 0;
}

static int prepare(struct sound *s, const AVFrame *f)
{
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO, layout = {0};
    int err;

    if (s->swr && s->rate == f->sample_rate && s->format == f->format &&
        av_channel_layout_compare(&s->layout, &f->ch_layout) == 0)
        return 0;
    swr_free(&s->swr);
    av_channel_layout_uninit(&s->layout);
    if (f->sample_rate <= 0 || f->ch_layout.nb_channels <= 0)
        return AVERROR_INVALIDDATA;
    /* A layout without an order (raw WAV) is taken as the usual one of that many channels. */
    if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, f->ch_layout.nb_channels);
    else if ((err = av_channel_layout_copy(&layout, &f->ch_layout)) < 0)
        return err;
    err = swr_alloc_set_opts2(&s->swr, &stereo, AV_SAMPLE_FMT_S16, AUDIO_RATE, &layout,
                              (enum AVSampleFormat)f->format, f->sample_rate, 0, NULL);
    av_channel_layout_uninit(&layout);
    if (err >= 0)
        err = swr_init(s->swr);
    if (err < 0)
        return err;
    s->rate = f->sample_rate;
    s->format = f->format;
    return av_channel_layout_copy(&s->layout, &f->ch_layout);
}

static int reserve(struct sound *s, size_t n)
{
    struct audio_frame *bigger;

    if (n <= s->cap)
        return 0;
    bigger = realloc(s->buf, n * sizeof(*bigger));
    if (!bigger)
        return AVERROR(ENOMEM);
    s->buf = bigger;
    s->cap = n;
    return 0;
}

int sound_convert(struct sound *s, const AVFrame *f, int64_t at_ns)
{
    int err = prepare(s, f), room;
    int64_t before;
    uint8_t *to;

    if (err < 0)
        return err;
    before = swr_get_delay(s->swr, 1000000000);
    room = swr_get_out_samples(s->swr, f->nb_samples);
    if (room < 0 || room > MAX_FRAMES)
        return AVERROR_INVALIDDATA;
    err = reserve(s, (size_t)room);
    if (err < 0)
        return err;
    to = (uint8_t *)s->buf;
    err = swr_convert(s->swr, &to, room, (const uint8_t **)(uintptr_t)f->extended_data,
                      f->nb_samples);
    if (err < 0)
        return err;
    s->from = 0;
    s->n = (size_t)err;
    s->at_ns = at_ns - before;
    return 0;
}

bool sound_flush(struct sound *s, int64_t end_ns)
{
    while (s->n > 0) {
        int64_t left = end_ns > s->at_ns ? end_ns - s->at_ns : 0;
        __int128 fits = (__int128)left * AUDIO_RATE / 1000000000;
        size_t n = fits < (__int128)s->n ? (size_t)fits : s->n, done;

        if (n == 0) {
            s->n = 0;
            return true;
        }
        done = audio_write(s->audio, s->buf + s->from, n, s->at_ns);
        s->from += done;
        s->n -= done;
        s->at_ns += (int64_t)done * 1000000000 / AUDIO_RATE;
        if (done == 0)
            return false;
    }
    return true;
}
