/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/avlog.h"

#include <alsa/asoundlib.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/base/attr.h"

/* FFmpeg's log callback has no user pointer that we own, so the collector is per thread. Complaints
 * of FFmpeg's own worker threads are not collected: they would come without an order. */
static _Thread_local struct avlog *collector;

static void QP_PRINTF(3, 0) on_av_log(void *ctx, int level, const char *fmt, va_list ap)
{
    struct avlog *log = collector;

    (void)ctx;
    if (!log || level > AV_LOG_ERROR || log->text[0])
        return;
    (void)vsnprintf(log->text, sizeof(log->text), fmt, ap);
    log->text[strcspn(log->text, "\r\n")] = '\0';
    for (char *c = log->text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?'; /* names of tags come from the file */
}

static void on_alsa_error(const char *file, int line, const char *function, int err,
                          const char *fmt, ...)
{
    (void)file, (void)line, (void)function, (void)err, (void)fmt;
}

static void install(void)
{
    av_log_set_callback(on_av_log);
    (void)snd_lib_error_set_handler(on_alsa_error);
}

void avlog_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, install);
}

void avlog_collect(struct avlog *log)
{
    collector = log;
    if (log)
        avlog_clear(log);
}

void avlog_clear(struct avlog *log)
{
    log->text[0] = '\0';
}
