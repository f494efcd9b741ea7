/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/t.h"

static const struct qp_log module = {.module = "player", .level = QP_INFO};
static int saved_stderr;
static FILE *captured;

static void capture(bool as_journal)
{
    struct stat st;
    char stream[64];

    captured = tmpfile();
    T_CHECK(captured);
    T_CHECK(fstat(fileno(captured), &st) == 0);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino + !as_journal);
    T_CHECK(setenv("JOURNAL_STREAM", stream, 1) == 0);
    saved_stderr = dup(2);
    T_CHECK(saved_stderr >= 0 && dup2(fileno(captured), 2) == 2);
}

/* What was written; buf is zeroed by the caller's static. */
static size_t captured_text(char *buf, size_t cap)
{
    size_t n;

    T_CHECK(dup2(saved_stderr, 2) == 2);
    rewind(captured);
    n = fread(buf, 1, cap - 1, captured);
    buf[n] = '\0';
    return n;
}

static char text[200000];

TEST(journal_lines_carry_the_level)
{
    capture(true);
    qp_log(&module, QP_ERR, "a %d", 1);
    qp_log(&module, QP_WARN, "b");
    qp_log(&module, QP_INFO, "c");
    qp_log(&module, QP_DEBUG, "not printed");
    (void)captured_text(text, sizeof(text));
    T_CHECK(strcmp(text, "<3>player: a 1\n<4>player: b\n<6>player: c\n") == 0);
}

TEST(debug_is_printed_when_asked_for)
{
    static const struct qp_log all = {.module = "m", .level = QP_DEBUG};

    capture(true);
    qp_log(&all, QP_DEBUG, "d");
    (void)captured_text(text, sizeof(text));
    T_CHECK(strcmp(text, "<7>m: d\n") == 0);
}

TEST(lines_for_people_carry_the_time)
{
    int hour, minute, second, ms, n = 0;

    /* The variable is there and names another stream: redirected output is no journal. */
    capture(false);
    qp_log(&module, QP_WARN, "link down");
    (void)captured_text(text, sizeof(text));
    T_EQ(sscanf(text, "%2d:%2d:%2d.%3d player: warning: link down%n", &hour, &minute, &second, &ms,
                &n),
         4);
    T_CHECK(n > 0 && strcmp(text + n, "\n") == 0);
}

TEST(text_from_outside_stays_on_its_line)
{
    capture(true);
    qp_log(&module, QP_WARN, "file \"%s\"", "a\n<0>forged\x1b[2J");
    (void)captured_text(text, sizeof(text));
    T_CHECK(strcmp(text, "<4>player: file \"a\\n<0>forged\\x1b[2J\"\n") == 0);
}

TEST(long_lines_are_cut_and_end)
{
    static char big[10000];
    size_t n;

    memset(big, 'x', sizeof(big) - 1);
    capture(true);
    qp_log(&module, QP_WARN, "%s", big);
    n = captured_text(text, sizeof(text));
    T_CHECK(n > 1900 && n <= 2048);
    T_CHECK(text[n - 1] == '\n' && strchr(text, '\n') == text + n - 1);
}

static void *shout(void *arg)
{
    for (int i = 0; i < 200; i++)
        qp_log(&module, QP_INFO, "%s", (const char *)arg);
    return NULL;
}

TEST(lines_of_threads_do_not_mix)
{
    static char words[4][100];
    pthread_t threads[4];
    char *rest, *line;
    int n = 0;

    capture(true);
    for (int i = 0; i < 4; i++) {
        memset(words[i], 'a' + i, sizeof(words[i]) - 1);
        T_CHECK(pthread_create(&threads[i], NULL, shout, words[i]) == 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    (void)captured_text(text, sizeof(text));
    rest = text;
    while ((line = strsep(&rest, "\n")) && *line) {
        const char *word = line + strlen("<6>player: ");

        n++;
        T_EQ(strlen(word), sizeof(words[0]) - 1);
        T_EQ(strspn(word, (char[]){word[0], '\0'}), sizeof(words[0]) - 1);
    }
    T_EQ(n, 800);
}
