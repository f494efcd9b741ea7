/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - main() for a fuzz target without a fuzzer: run it over files and folders. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/fuzz.h"

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t len = 0, cap = 0, n;

    if (!f)
        return 1;
    do {
        if (len == cap) {
            cap = cap ? cap * 2 : 4096;
            data = realloc(data, cap);
            if (!data)
                abort();
        }
        n = fread(data + len, 1, cap - len, f);
        len += n;
    } while (n > 0);
    fclose(f);
    /* An exact-size copy, so that a read beyond the end is seen. */
    data = realloc(data, len ? len : 1);
    (void)LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

static int replay(const char *path, int *n)
{
    struct stat st;
    DIR *d;

    if (stat(path, &st) != 0)
        return 1;
    if (!S_ISDIR(st.st_mode)) {
        ++*n;
        return replay_file(path);
    }
    d = opendir(path);
    if (!d)
        return 1;
    for (struct dirent *e; (e = readdir(d));) {
        char name[4096];

        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        if (replay(name, n) != 0) {
            closedir(d);
            return 1;
        }
    }
    closedir(d);
    return 0;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        if (replay(argv[i], &n) != 0) {
            printf("not ok 1 - cannot read %s\n", argv[i]);
            return 1;
        }
    }
    printf("ok 1 - %d inputs replayed\n1..1\n", n);
    return n == 0;
}
