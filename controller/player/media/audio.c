/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/audio.h"

#include <alsa/asoundlib.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/player/media/volume.h"

#define NS_PER_S   1000000000LL
#define CHUNK      480u /* frames written at a time: 10 ms */
#define AHEAD      2880 /* frames kept in the device: 60 ms */
#define STARVING   96   /* fewer frames than this in the device: it is about to fall silent */
#define POLL_NS    3000000LL
#define BUSY_TRIES 60 /* x 50 ms: the item before this one lets go of the device */
#define LATENCY_US 150000
#define SLACK_NS   2000000LL

struct audio {
    char *device;
    pthread_t thread;
    pthread_mutex_t lock; /* only for waking the thread early when it must stop */
    pthread_cond_t wake;
    struct audio_frame *fifo; /* AUDIO_FIFO */
    _Alignas(64) _Atomic uint64_t written;
    _Alignas(64) _Atomic uint64_t read;
    _Atomic int64_t base_ns;   /* the time of frame 0 of the fifo */
    _Atomic int64_t offset_ns; /* mono - t, from audio_sync */
    _Atomic int64_t measured_ns;
    /* volume: odd while it is being written */
    _Atomic uint32_t volume_seq;
    _Atomic float before, now, next;
    _Atomic int64_t since_ns, until_ns;
    atomic_bool synced, stop, finished, dead, warned;
    struct qp_diag warning;
    /* the thread's own */
    snd_pcm_t *pcm;
    SwrContext *swr;
    struct volume volume;
    double smooth_ns;
    int64_t bad_since_ns;
    int64_t fed_until_ns; /* when the last frame written will have been heard */
    bool started;
};

static int64_t mono_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t frames_ns(int64_t frames)
{
    return frames * NS_PER_S / AUDIO_RATE;
}

static bool stopping(const struct audio *a)
{
    return atomic_load_explicit(&a->stop, memory_order_acquire);
}

/* Sleep, but not through audio_close(). */
static void nap(struct audio *a, int64_t ns)
{
    int64_t until = mono_ns() + ns;
    const struct timespec ts = {until / NS_PER_S, until % NS_PER_S};

    (void)pthread_mutex_lock(&a->lock);
    if (!stopping(a))
        (void)pthread_cond_timedwait(&a->wake, &a->lock, &ts);
    (void)pthread_mutex_unlock(&a->lock);
}

/* --- the fifo ------------------------------------------------------------------------------- */

static uint64_t filled(const struct audio *a)
{
    return atomic_load_explicit(&a->written, memory_order_acquire) -
           atomic_load_explicit(&a->read, memory_order_acquire);
}

size_t audio_room(const struct audio *a)
{
    if (atomic_load_explicit(&a->dead, memory_order_acquire))
        return AUDIO_FIFO;
    return AUDIO_FIFO - (size_t)filled(a);
}

static size_t put(struct audio *a, const struct audio_frame *frames, size_t n)
{
    uint64_t at = atomic_load_explicit(&a->written, memory_order_relaxed);
    size_t room = audio_room(a);

    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++)
        a->fifo[(at + i) % AUDIO_FIFO] = frames ? frames[i] : (struct audio_frame){0, 0};
    atomic_store_explicit(&a->written, at + n, memory_order_release);
    return n;
}

size_t audio_write(struct audio *a, const struct audio_frame *frames, size_t n, int64_t at_ns)
{
    uint64_t written = atomic_load_explicit(&a->written, memory_order_relaxed);
    int64_t gap;
    size_t cut = 0;

    if (atomic_load_explicit(&a->dead, memory_order_acquire))
        return n;
    if (written == 0)
        atomic_store_explicit(&a->base_ns, at_ns, memory_order_release);
    gap = at_ns - atomic_load_explicit(&a->base_ns, memory_order_relaxed);
    gap = (int64_t)((__int128)gap * AUDIO_RATE / NS_PER_S) - (int64_t)written;
    if (gap > (int64_t)CHUNK) {
        size_t silence = gap < (int64_t)AUDIO_FIFO ? (size_t)gap : AUDIO_FIFO;

        if (put(a, NULL, silence) < (size_t)gap)
            return 0; /* the rest of the silence comes first */
    } else if (gap < -(int64_t)CHUNK) {
        cut = -gap < (int64_t)n ? (size_t)-gap : n;
    }
    return cut + put(a, frames + cut, n - cut);
}

void audio_finish(struct audio *a)
{
    atomic_store_explicit(&a->finished, true, memory_order_release);
}

void audio_sync(struct audio *a, int64_t t_ns, int64_t at_mono_ns)
{
    atomic_store_explicit(&a->offset_ns, at_mono_ns - t_ns, memory_order_relaxed);
    atomic_store_explicit(&a->synced, true, memory_order_release);
}

int64_t audio_offset_ns(const struct audio *a)
{
    return atomic_load_explicit(&a->measured_ns, memory_order_relaxed);
}

bool audio_warning(const struct audio *a, const char **ret_text)
{
    if (!atomic_load_explicit(&a->warned, memory_order_acquire))
        return false;
    *ret_text = a->warning.text;
    return true;
}

/* --- volume --------------------------------------------------------------------------------- */

/* A reader that sees any new value sees the odd number written before it, and tries again. */
void audio_set_volume(struct audio *a, const struct audio_volume *v)
{
    uint32_t seq = atomic_load_explicit(&a->volume_seq, memory_order_relaxed);

    atomic_store_explicit(&a->volume_seq, seq + 1, memory_order_relaxed);
    atomic_store_explicit(&a->before, v->before, memory_order_release);
    atomic_store_explicit(&a->now, v->now, memory_order_release);
    atomic_store_explicit(&a->next, v->next, memory_order_release);
    atomic_store_explicit(&a->since_ns, v->since_ns, memory_order_release);
    atomic_store_explicit(&a->until_ns, v->until_ns, memory_order_release);
    atomic_store_explicit(&a->volume_seq, seq + 2, memory_order_release);
}

static struct audio_volume get_volume(const struct audio *a)
{
    struct audio_volume v;
    uint32_t seq;

    do {
        seq = atomic_load_explicit(&a->volume_seq, memory_order_acquire);
        v.before = atomic_load_explicit(&a->before, memory_order_acquire);
        v.now = atomic_load_explicit(&a->now, memory_order_acquire);
        v.next = atomic_load_explicit(&a->next, memory_order_acquire);
        v.since_ns = atomic_load_explicit(&a->since_ns, memory_order_acquire);
        v.until_ns = atomic_load_explicit(&a->until_ns, memory_order_acquire);
    } while (seq % 2 != 0 || atomic_load_explicit(&a->volume_seq, memory_order_relaxed) != seq);
    return v;
}

/* --- the device ----------------------------------------------------------------------------- */

static void give_up(struct audio *a, const char *what, int err)
{
    if (!atomic_load_explicit(&a->warned, memory_order_relaxed)) {
        (void)qp_diag_set(&a->warning, 0,
                          "audio device '%s': %s: %s; playing without sound, check the name "
                          "(aplay -L) and that no other program has it",
                          a->device, what, snd_strerror(err));
        atomic_store_explicit(&a->warned, true, memory_order_release);
    }
    atomic_store_explicit(&a->dead, true, memory_order_release);
}

static int open_device(struct audio *a)
{
    int err = -EBUSY;

    for (int i = 0; i < BUSY_TRIES && err == -EBUSY && !stopping(a); i++) {
        err = snd_pcm_open(&a->pcm, a->device, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);
        if (err == -EBUSY)
            nap(a, 50000000);
    }
    if (err < 0) {
        a->pcm = NULL;
        give_up(a, "cannot be opened", err);
        return err;
    }
    err = snd_pcm_set_params(a->pcm, SND_PCM_FORMAT_S16, SND_PCM_ACCESS_RW_INTERLEAVED, 2,
                             AUDIO_RATE, 1, LATENCY_US);
    if (err < 0)
        give_up(a, "cannot play 48 kHz stereo", err);
    return err;
}

static int make_stretcher(struct audio *a)
{
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    int err = swr_alloc_set_opts2(&a->swr, &stereo, AV_SAMPLE_FMT_S16, AUDIO_RATE, &stereo,
                                  AV_SAMPLE_FMT_S16, AUDIO_RATE, 0, NULL);

    if (err == 0)
        err = av_opt_set_int(a->swr, "flags", SWR_FLAG_RESAMPLE, 0);
    if (err == 0)
        err = swr_init(a->swr);
    if (err < 0)
        give_up(a, "no resampler", -ENOMEM);
    return err;
}

static void write_frames(struct audio *a, const struct audio_frame *frames, size_t n)
{
    while (n > 0 && !stopping(a)) {
        snd_pcm_sframes_t done = snd_pcm_writei(a->pcm, frames, n);

        if (done == -EAGAIN) {
            nap(a, POLL_NS);
        } else if (done < 0) {
            if (snd_pcm_recover(a->pcm, (int)done, 1) < 0) {
                give_up(a, "stopped working", (int)done);
                return;
            }
        } else {
            frames += done;
            n -= (size_t)done;
        }
    }
}

static size_t take(struct audio *a, struct audio_frame *ret, size_t n)
{
    uint64_t at = atomic_load_explicit(&a->read, memory_order_relaxed), have = filled(a);

    n = have < n ? (size_t)have : n;
    for (size_t i = 0; ret && i < n; i++)
        ret[i] = a->fifo[(at + i) % AUDIO_FIFO];
    atomic_store_explicit(&a->read, at + n, memory_order_release);
    return n;
}

static void play_chunk(struct audio *a, int64_t late_ns)
{
    struct audio_frame in[CHUNK], out[CHUNK * 2];
    const uint8_t *from = (const uint8_t *)in;
    uint8_t *to = (uint8_t *)out;
    int64_t at_ns = atomic_load_explicit(&a->base_ns, memory_order_acquire) +
                    frames_ns((int64_t)atomic_load_explicit(&a->read, memory_order_relaxed));
    struct audio_volume levels = get_volume(a);
    size_t got = take(a, in, CHUNK);
    double ppm;
    int n;

    volume_apply(&a->volume, &levels, in, got, at_ns);
    a->smooth_ns += ((double)late_ns - a->smooth_ns) / 32;
    ppm = a->smooth_ns / 1e6 * 25; /* 20 ms away: all that is allowed */
    ppm = ppm > AUDIO_MAX_PPM ? AUDIO_MAX_PPM : ppm < -AUDIO_MAX_PPM ? -AUDIO_MAX_PPM : ppm;
    (void)swr_set_compensation(a->swr, (int)(-ppm * AUDIO_RATE / 1e6), AUDIO_RATE);
    n = swr_convert(a->swr, &to, (int)(CHUNK * 2), &from, (int)got);
    if (n > 0)
        write_frames(a, out, (size_t)n);
}

/* Later than the picture: skip sound. Earlier: let silence pass. */
static void resync(struct audio *a, int64_t late_ns)
{
    static const struct audio_frame silence[CHUNK];

    if (late_ns > 0)
        (void)take(a, NULL, (size_t)(late_ns * AUDIO_RATE / NS_PER_S));
    else
        write_frames(a, silence, CHUNK);
    a->smooth_ns = 0;
}

/* The decoder is behind: silence keeps the device running and its time true; what comes late is
 * then brought into step at once. Returns how long to sleep. */
static int64_t starve(struct audio *a, snd_pcm_sframes_t queued, int64_t now)
{
    if (!a->fed_until_ns || queued >= STARVING || now < a->fed_until_ns ||
        atomic_load_explicit(&a->finished, memory_order_acquire))
        return POLL_NS;
    a->fed_until_ns += frames_ns(CHUNK);
    a->started = false;
    resync(a, 0);
    return 0;
}

static bool must_resync(struct audio *a, int64_t late_ns, int64_t now)
{
    int64_t away = late_ns < 0 ? -late_ns : late_ns;

    if (away <= AUDIO_GOOD_NS)
        a->bad_since_ns = 0;
    else if (!a->bad_since_ns)
        a->bad_since_ns = now;
    if (!a->started)
        return away > SLACK_NS;
    return away > AUDIO_RESYNC_NS || (a->bad_since_ns && now - a->bad_since_ns > NS_PER_S);
}

/* One decision of the thread. Returns how long to sleep before the next one. */
static int64_t play_step(struct audio *a)
{
    snd_pcm_sframes_t queued = 0;
    int64_t now, late, due, here;
    int err = snd_pcm_delay(a->pcm, &queued);

    if (err < 0) {
        (void)snd_pcm_recover(a->pcm, err, 1);
        queued = 0;
    }
    now = mono_ns();
    if (filled(a) == 0)
        return starve(a, queued, now);
    if (queued >= AHEAD)
        return POLL_NS;
    due = now + frames_ns(queued) - atomic_load_explicit(&a->offset_ns, memory_order_relaxed);
    here = atomic_load_explicit(&a->base_ns, memory_order_acquire) +
           frames_ns((int64_t)atomic_load_explicit(&a->read, memory_order_relaxed));
    late = due - here;
    /* An empty device waits for the moment; so does one without a clock (null, file). */
    if (late < 0 && queued < STARVING)
        return -late < POLL_NS ? -late : POLL_NS;
    if (must_resync(a, late, now)) {
        resync(a, late);
        return 0;
    }
    atomic_store_explicit(&a->measured_ns, late, memory_order_relaxed);
    a->started = true;
    if (filled(a) < CHUNK && !atomic_load_explicit(&a->finished, memory_order_acquire))
        return POLL_NS;
    a->fed_until_ns = now + frames_ns(queued + CHUNK);
    play_chunk(a, late);
    return 0;
}

static void *audio_main(void *user)
{
    struct audio *a = user;

    while (!atomic_load_explicit(&a->synced, memory_order_acquire) && !stopping(a))
        nap(a, POLL_NS);
    if (stopping(a) || open_device(a) < 0 || make_stretcher(a) < 0)
        return NULL;
    while (!stopping(a) && !atomic_load_explicit(&a->dead, memory_order_relaxed)) {
        int64_t sleep_ns = play_step(a);

        if (sleep_ns > 0)
            nap(a, sleep_ns);
    }
    return NULL;
}

/* --- life ----------------------------------------------------------------------------------- */

static int init_wake(struct audio *a)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);

    if (err == 0)
        err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (err == 0)
        err = pthread_cond_init(&a->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return err ? -err : pthread_mutex_init(&a->lock, NULL);
}

static void destroy(struct audio *a)
{
    if (a->pcm) {
        (void)snd_pcm_drop(a->pcm);
        (void)snd_pcm_close(a->pcm);
    }
    swr_free(&a->swr);
    free(a->fifo);
    free(a->device);
    free(a);
}

int audio_open(struct audio **ret, const char *device)
{
    struct audio *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    volume_init(&a->volume);
    atomic_init(&a->before, 1);
    atomic_init(&a->now, 1);
    atomic_init(&a->next, 1);
    atomic_init(&a->since_ns, INT64_MIN);
    atomic_init(&a->until_ns, INT64_MAX);
    a->device = strdup(device);
    a->fifo = calloc(AUDIO_FIFO, sizeof(*a->fifo));
    if (!a->device || !a->fifo || init_wake(a) != 0) {
        destroy(a);
        return -ENOMEM;
    }
    if (pthread_create(&a->thread, NULL, audio_main, a) != 0) {
        destroy(a);
        return -EAGAIN;
    }
    (void)pthread_setname_np(a->thread, "audio");
    *ret = a;
    return 0;
}

void audio_close(struct audio *a)
{
    if (!a)
        return;
    (void)pthread_mutex_lock(&a->lock);
    atomic_store_explicit(&a->stop, true, memory_order_release);
    (void)pthread_cond_signal(&a->wake);
    (void)pthread_mutex_unlock(&a->lock);
    (void)pthread_join(a->thread, NULL);
    (void)pthread_cond_destroy(&a->wake);
    (void)pthread_mutex_destroy(&a->lock);
    destroy(a);
}
