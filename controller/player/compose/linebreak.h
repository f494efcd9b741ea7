/* SPDX-License-Identifier: Apache-2.0 */
/* linebreak.h - where a line may end: UAX #14, reduced.
 *
 * Rules LB7 to LB31 over condensed classes: enough for Latin, Greek, Cyrillic, Hebrew, Arabic,
 * Chinese, Japanese (kinsoku: no line begins with closing punctuation, small kana, a prolonged
 * sound mark or an iteration mark, none ends with an opening bracket) and Korean. Left out:
 * dictionaries for Thai, Lao, Khmer and Burmese (their lines end at spaces), Hangul jamo sequences.
 * Pure; any thread. */
#ifndef CONTROLLER_PLAYER_COMPOSE_LINEBREAK_H
#define CONTROLLER_PLAYER_COMPOSE_LINEBREAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* before[i] = 1 where a line may end between characters i - 1 and i of this paragraph; before[0] =
 * 0. */
void linebreak_find(const uint32_t *text, size_t n, uint8_t *before);

/* White space that hangs over the end of a line and is not counted. */
bool linebreak_is_space(uint32_t c);

/* A mark, joiner or selector that belongs to the character before it. */
bool linebreak_is_mark(uint32_t c);

#endif
