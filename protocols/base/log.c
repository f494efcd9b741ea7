/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/log.h"

#include "protocols/base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048 /* bytes of a line; longer is cut */

/* sd-daemon(3): the journal is on the other end only if the variable names the very device and
 * inode of the stream; a child with redirected output inherits the variable. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;

    if (!stream || fstat(fd, &st) < 0)
        return false;
    (void)snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    for (size_t i = 0; here[i] == stream[i]; i++) {
        if (!here[i])
            return true;
    }
    return false;
}

static int head(char *buf, size_t cap, const struct qp_log *log, enum qp_log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    static const int priorities[] = {3, 4, 6, 7}; /* syslog(3) */
    struct timespec now;
    struct tm tm;

    if (is_journal(STDERR_FILENO))
        return snprintf(buf, cap, "<%d>%s: ", priorities[level], log->module);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (!localtime_r(&now.tv_sec, &tm))
        tm = (struct tm){0};
    return snprintf(buf, cap, "%02d:%02d:%02d.%03ld %s: %s: ", tm.tm_hour, tm.tm_min, tm.tm_sec,
                    now.tv_nsec / 1000000, log->module, names[level]);
}

void qp_log(const struct qp_log *log, enum qp_log_level level, const char *fmt, ...)
{
    char text[LINE_MAX_LEN], line[LINE_MAX_LEN];
    size_t len;
    va_list ap;
    int n;

    if (level > log->level)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    n = head(line, sizeof(line) / 2, log, level);
    len = n < 0 ? 0 : (size_t)n < sizeof(line) / 2 ? (size_t)n : sizeof(line) / 2 - 1;
    (void)qp_text_escape(line + len, sizeof(line) - len - 1, text);
    while (line[len])
        len++;
    line[len++] = '\n';
    /* A log that cannot be written has nowhere to complain. */
    if (write(STDERR_FILENO, line, len) < 0)
        return;
}
