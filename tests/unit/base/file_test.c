/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/t.h"

static char folder[PATH_MAX - 300];

static void enter(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(folder, sizeof(folder), "%s/qp-file-XXXXXX", tmp ? tmp : P_tmpdir);
    T_CHECK(mkdtemp(folder));
    T_CHECK(chdir(folder) == 0);
}

static void leave(void)
{
    DIR *d = opendir(".");

    T_CHECK(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] != '.')
            (void)remove(e->d_name);
    }
    closedir(d);
    (void)rmdir(folder);
}

static size_t n_files(void)
{
    DIR *d = opendir(".");
    size_t n = 0;

    T_CHECK(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void check_content(const char *file, const char *want, size_t want_len)
{
    char *text;
    size_t len;

    T_EQ(qp_file_read(file, 1 << 20, &text, &len, NULL), 0);
    T_EQ(len, want_len);
    T_CHECK(memcmp(text, want, len) == 0);
    T_EQ(text[len], 0);
    free(text);
}

TEST(replace_then_read)
{
    struct stat st;

    enter();
    T_EQ(qp_file_replace("f", "a\0b", 3, NULL), 0);
    check_content("f", "a\0b", 3);
    T_EQ(qp_file_replace("f", NULL, 0, NULL), 0);
    check_content("f", "", 0);
    T_CHECK(stat("f", &st) == 0);
    T_EQ(st.st_mode & 07777, 0644);
    T_EQ(n_files(), 1);
    leave();
}

TEST(read_stops_at_the_limit)
{
    struct qp_diag diag;
    char *text = NULL;
    size_t len = 7;

    enter();
    T_EQ(qp_file_replace("f", "0123456789", 10, NULL), 0);
    T_EQ(qp_file_read("f", 9, &text, &len, &diag), -E2BIG);
    T_CHECK(strstr(diag.text, "f: ") == diag.text && strstr(diag.text, "limit is 9"));
    T_CHECK(!text && len == 7);
    T_EQ(qp_file_read("f", 10, &text, &len, &diag), 0);
    T_EQ(len, 10);
    free(text);
    leave();
}

/* Files in /proc have size 0 and content all the same: what counts is what read(2) returns. */
TEST(read_does_not_trust_the_size)
{
    struct qp_diag diag;
    char *text = NULL;
    size_t len;

    T_EQ(qp_file_read("/proc/self/status", 1 << 20, &text, &len, &diag), 0);
    T_CHECK(len > 100 && strstr(text, "Pid:"));
    free(text);
    T_EQ(qp_file_read("/proc/self/status", 100, &text, &len, &diag), -E2BIG);
}

TEST(read_names_what_is_wrong)
{
    struct qp_diag diag;
    char *text = NULL;
    size_t len;

    enter();
    T_EQ(qp_file_read("absent", 10, &text, &len, &diag), -ENOENT);
    T_CHECK(strstr(diag.text, "absent: "));
    T_EQ(qp_file_read(".", 10, &text, &len, &diag), -EISDIR);
    T_CHECK(mkfifo("pipe", 0600) == 0);
    T_EQ(qp_file_read("pipe", 10, &text, &len, &diag), -EINVAL);
    T_EQ(qp_file_read("/dev/zero", 10, &text, &len, &diag), -EINVAL);
    T_CHECK(!text);
    leave();
}

TEST(read_without_permission)
{
    char *text = NULL;
    size_t len;

    enter();
    T_EQ(qp_file_replace("f", "x", 1, NULL), 0);
    T_CHECK(chmod("f", 0) == 0);
    /* Root may read everything: then as somebody else. */
    T_CHECK(chmod(".", 0755) == 0);
    T_CHECK(geteuid() != 0 || seteuid(65534) == 0);
    T_EQ(qp_file_read("f", 10, &text, &len, NULL), -EACCES);
    T_CHECK(getuid() != 0 || seteuid(0) == 0);
    leave();
}

TEST(failed_replace_leaves_the_old_file)
{
    struct qp_diag diag;
    char name[PATH_MAX + 10];

    enter();
    T_EQ(qp_file_replace("gone/f", "x", 1, &diag), -ENOENT);
    T_CHECK(mkdir("d", 0700) == 0);
    T_EQ(qp_file_replace("d", "x", 1, &diag), -EISDIR);
    T_CHECK(strstr(diag.text, "old content is unchanged"));
    T_EQ(n_files(), 1);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    T_EQ(qp_file_replace(name, "x", 1, &diag), -ENAMETOOLONG);
    name[300] = '\0';
    T_EQ(qp_file_replace(name, "x", 1, &diag), -ENAMETOOLONG);
    leave();
}

/* Devices and pipes are written to: root must not lose its /dev/null. The link stands for it. */
TEST(devices_and_pipes_are_not_replaced)
{
    struct qp_diag diag;
    struct stat st;
    char got[8];
    int fd;

    enter();
    T_CHECK(symlink("/dev/full", "full") == 0);
    T_EQ(qp_file_replace("full", "x", 1, &diag), -ENOSPC);
    T_CHECK(strstr(diag.text, "full: cannot be written to"));
    T_CHECK(lstat("full", &st) == 0 && S_ISLNK(st.st_mode));
    T_CHECK(mkfifo("pipe", 0600) == 0);
    T_EQ(qp_file_replace("pipe", "x", 1, &diag), -ENXIO);
    fd = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    T_CHECK(fd >= 0);
    T_EQ(qp_file_replace("pipe", "told", 4, NULL), 0);
    T_EQ(read(fd, got, sizeof(got)), 4);
    T_CHECK(memcmp(got, "told", 4) == 0);
    T_CHECK(close(fd) == 0);
    T_EQ(n_files(), 2);
    leave();
}

/* A limit on the size of files stands for the disk that is full in mid-write. */
TEST(interrupted_write_leaves_the_old_file)
{
    struct rlimit limit = {100, 100};
    static char big[1000];
    struct qp_diag diag;

    enter();
    T_EQ(qp_file_replace("f", "old", 3, NULL), 0);
    T_CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    T_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    T_EQ(qp_file_replace("f", big, sizeof(big), &diag), -EFBIG);
    T_CHECK(strstr(diag.text, "f: not replaced"));
    check_content("f", "old", 3);
    T_EQ(n_files(), 1);
    leave();
}
