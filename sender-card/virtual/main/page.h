/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - the files of the page, as bytes in the program. page.c is made of page/ by tools/embed.
 */
#ifndef SENDER_CARD_VIRTUAL_MAIN_PAGE_H
#define SENDER_CARD_VIRTUAL_MAIN_PAGE_H

#include <stddef.h>

struct page_file {
    const char *path; /* in the URL */
    const char *type; /* media type */
    const char *data;
    size_t len;
};

extern const struct page_file page_files[];
extern const size_t page_n_files;

#endif
