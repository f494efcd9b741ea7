/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Takes the string. */
static int push(struct media_list *list, char *file, struct qp_diag *diag)
{
    if (!file)
        return -ENOMEM;
    if (list->n == MEDIA_LIST_MAX) {
        free(file);
        return qp_diag_set(diag, -E2BIG, "more than %u media files; name fewer", MEDIA_LIST_MAX);
    }
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 16;
        char **files = reallocarray(list->files, cap, sizeof(*files));

        if (!files) {
            free(file);
            return -ENOMEM;
        }
        list->files = files;
        list->cap = cap;
    }
    list->files[list->n++] = file;
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int push_regular(struct media_list *list, const char *folder, const char *name,
                        struct qp_diag *diag)
{
    char *file = NULL;
    struct stat st;

    if (asprintf(&file, "%s/%s", folder, name) < 0)
        return -ENOMEM;
    if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
        free(file);
        return 0;
    }
    return push(list, file, diag);
}

static int push_folder(struct media_list *list, const char *folder, struct qp_diag *warning,
                       struct qp_diag *diag)
{
    struct dirent **entries = NULL;
    size_t before = list->n;
    int n = scandir(folder, &entries, is_visible, versionsort), r = 0;

    if (n < 0) {
        qp_diag_set(warning, 0, "%s: %s; skipped", folder, strerror(errno));
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = push_regular(list, folder, entries[i]->d_name, diag);
        free(entries[i]);
    }
    free(entries);
    if (r == 0 && list->n == before)
        qp_diag_set(warning, 0, "%s: no file in this folder; skipped", folder);
    return r;
}

int media_list_init(struct media_list *list, char *const *words, size_t n_words,
                    struct qp_diag *warning, struct qp_diag *diag)
{
    int r = 0;

    warning->text[0] = '\0';
    for (size_t i = 0; r == 0 && i < n_words; i++) {
        struct stat st;

        if (stat(words[i], &st) == 0 && S_ISDIR(st.st_mode))
            r = push_folder(list, words[i], warning, diag);
        else
            r = push(list, strdup(words[i]), diag);
    }
    if (r == 0 && n_words > 0 && list->n == 0)
        return qp_diag_set(diag, -ENOENT, "no media file in the folders named; put some into them");
    return r == -ENOMEM ? qp_diag_set(diag, r, "not enough memory for the list of media") : r;
}

void media_list_finish(struct media_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->files[i]);
    free(list->files);
    *list = (struct media_list){0};
}
