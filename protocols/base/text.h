/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - text from outside, made fit for a person's terminal, and guesses at what was meant. */
#ifndef PROTOCOLS_BASE_TEXT_H
#define PROTOCOLS_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The length in bytes (1 to 4) of the well-formed UTF-8 sequence at p, of which len > 0 bytes are
 * there; 0 if it is not well-formed (Unicode 15, table 3-7: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF). ret_code, may be NULL, gets the code point. */
size_t qp_text_utf8(const uint8_t *p, size_t len, uint32_t *ret_code);

/* Copy src into buf, always NUL-terminated. Control characters (C0, DEL, C1), bidirectional
 * overrides and bytes that are not UTF-8 come out as \n, \t, \r or \xNN, so that a file name or a
 * key cannot move the cursor or forge a line. What does not fit is cut at a whole character.
 * cap > 0. Returns buf. */
const char *qp_text_escape(char *buf, size_t cap, const char *src);

/* The one of names[0 .. n-1] that is most like text, or NULL when none is like it: at most a third
 * of its letters wrong, left out, added or swapped with their neighbour; case does not count. */
const char *qp_text_nearest(const char *text, const char *const *names, size_t n);

#endif
