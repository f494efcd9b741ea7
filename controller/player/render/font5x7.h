/* SPDX-License-Identifier: Apache-2.0 */
/* font5x7.h - digits and letters for test patterns, legible on a cabinet of 16 LEDs.
 *
 * Patterns must work on a scaffold without any font installed. */
#ifndef CONTROLLER_PLAYER_RENDER_FONT5X7_H
#define CONTROLLER_PLAYER_RENDER_FONT5X7_H

#include <stdint.h>

#define FONT_W       5
#define FONT_H       7
#define FONT_ADVANCE 6

/* Seven rows, bit 4 is the leftmost dot. Digits, A-Z (lower case as upper) and . - / :; anything
 * else is a blank. */
const uint8_t *font5x7_glyph(char c);

#endif
