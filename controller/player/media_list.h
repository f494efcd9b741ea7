/* SPDX-License-Identifier: Apache-2.0 */
/* media_list.h - the media of a command line: files, and folders as the files in them. */
#ifndef CONTROLLER_PLAYER_MEDIA_LIST_H
#define CONTROLLER_PLAYER_MEDIA_LIST_H

#include <stddef.h>

#include "protocols/base/diag.h"

#define MEDIA_LIST_MAX 100000u /* files */

struct media_list {
    char **files; /* owned, n of them */
    size_t n, cap;
};

/* Files stand for themselves, also those that do not exist (the player says so when their turn
 * comes). A folder stands for the regular files in it, by name with numbers in their natural order,
 * hidden ones and folders left out. A folder that is empty or cannot be read is left out with a
 * sentence in *warning (the last one; "" if there was none). list must be zeroed. Returns 0,
 * -ENOENT (words, but not one file), -E2BIG or -ENOMEM with a sentence; finish in any case. */
QP_MUST_CHECK int media_list_init(struct media_list *list, char *const *words, size_t n_words,
                                  struct qp_diag *warning, struct qp_diag *diag);
void media_list_finish(struct media_list *list);

#endif
