/* SPDX-License-Identifier: Apache-2.0 */
/* load_format.h - the members of a schedule document, as `qp schedule format` prints them. */
#ifndef SCHEDULER_LOAD_FORMAT_H
#define SCHEDULER_LOAD_FORMAT_H

#include <stdio.h>

/* One line a member: object, name, type, default ("required": must be there), meaning; separated by
 * tabs. From the tables that the reader itself uses. */
void load_format_write(FILE *out);

#endif
