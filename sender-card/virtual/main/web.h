/* SPDX-License-Identifier: Apache-2.0 */
/* web.h - the wall in a browser: the page, its figures, and pictures over a WebSocket.
 *
 * Paths: / (page), /wall.css, /wall.js, /wall.json (cabinets), /stats.json, /frame.png (what an eye
 * sees), /raw.png (codes), /ws.
 *
 * The browser says which part of the wall it looks at and how many pixels it has; it gets that
 * part, scaled down by a whole factor if need be, of the newest frame, as soon as the one before
 * has left. Loop thread. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_WEB_H
#define SENDER_CARD_VIRTUAL_MAIN_WEB_H

#include "protocols/runtime/http.h"
#include "sender-card/virtual/main/live.h"

struct web;

QP_MUST_CHECK int web_start(struct web **ret, struct live *live, uv_loop_t *loop,
                            struct qp_diag *diag);
uint16_t web_port(const struct web *web);
void web_changed(struct web *web); /* a frame was shown */
void web_stop(struct web *web);    /* NULL is fine; freed when the loop has run dry */

#endif
