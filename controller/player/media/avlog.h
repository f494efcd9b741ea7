/* SPDX-License-Identifier: Apache-2.0 */
/* avlog.h - what FFmpeg and ALSA would print, kept for our own sentence.
 *
 * Both libraries write to stderr by themselves. They are silenced once for the process; the last
 * complaint of a thread that asked for it is kept, so that "moov atom not found" reaches a person.
 */
#ifndef CONTROLLER_PLAYER_MEDIA_AVLOG_H
#define CONTROLLER_PLAYER_MEDIA_AVLOG_H

struct avlog {
    char text[160]; /* the first complaint since avlog_clear(), one line without the end */
};

/* Silence the libraries. Any thread, any number of times. */
void avlog_install(void);

/* Keep this thread's complaints in log (borrowed until avlog_collect(NULL) or the thread's end). */
void avlog_collect(struct avlog *log);
void avlog_clear(struct avlog *log);

#endif
