/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - a small web server on our loop: GET of a few paths, and WebSockets.
 *
 * The seam over libwebsockets: nothing above this header knows it. For pages that a program shows
 * of itself; it speaks plain HTTP/1.1 and belongs on a loopback address or behind a proxy.
 *
 * What is refused, before any handler sees it: methods other than GET, a body, a Host that is
 * neither an address nor "localhost" (DNS rebinding), a WebSocket from a page of another origin, an
 * Upgrade to anything but websocket, more than max_clients connections, WebSocket messages above
 * HTTP_MAX_MESSAGE.
 *
 * Everything belongs to the loop's thread. The process's soft limit of open files is lowered to
 * HTTP_MAX_FILES if it is higher: the library takes memory for every possible one. */
#ifndef PROTOCOLS_RUNTIME_HTTP_H
#define PROTOCOLS_RUNTIME_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "protocols/base/diag.h"

#define HTTP_MAX_FILES   65536
#define HTTP_MAX_MESSAGE 4096 /* bytes of a message from a WebSocket client */

struct http_server;
struct http_ws; /* one WebSocket connection */

/* What a handler answers. status 200 needs a body; others get a short text of their own if body is
 * NULL. */
struct http_answer {
    unsigned status;
    const char *type; /* "text/html; charset=utf-8"; borrowed until the handler's server stops */
    const void *body; /* borrowed likewise, or owned: */
    void *owned;      /* malloc()ed; taken, freed when sent; body may point into it */
    size_t len;
};

struct http_params {
    uv_loop_t *loop;     /* borrowed until stopped */
    const char *address; /* IPv4, "127.0.0.1" */
    uint16_t port;       /* 0: any free one, see http_port */
    unsigned max_clients;
    void *user; /* borrowed; first argument of all callbacks */

    /* GET path (without query; begins with '/'). Fill in *ret; it comes with status 404. */
    void (*on_get)(void *user, const char *path, struct http_answer *ret);

    /* WebSockets on this path; NULL: none. The callbacks below may be NULL. */
    const char *ws_path;
    /* A new connection; *ret_peer is kept with it. Non-zero refuses it. */
    int (*on_open)(void *user, struct http_ws *ws, void **ret_peer);
    /* A whole text or binary message. Non-zero closes the connection. */
    int (*on_message)(void *user, void *peer, const void *data, size_t len);
    /* After http_ws_want_write, when the last message has left: call http_ws_send at most once. */
    void (*on_writable)(void *user, void *peer);
    void (*on_close)(void *user, void *peer); /* ws is gone afterwards */
};

/* Listen. Returns 0; -EINVAL (address), -EADDRINUSE, -EACCES, -EADDRNOTAVAIL, -ENOMEM ... with a
 * sentence and a remedy. */
QP_MUST_CHECK int http_start(struct http_server **ret, const struct http_params *params,
                             struct qp_diag *diag);

/* Close everything. The server is freed when the loop has run its handles down, then on_stopped
 * (may be NULL) is called; no other callback but on_close comes after http_stop. */
void http_stop(struct http_server *server, void (*on_stopped)(void *user));

uint16_t http_port(const struct http_server *server); /* where it listens */

/* Ask for on_writable. Cheap; asking twice is the same as once. */
void http_ws_want_write(struct http_ws *ws);

/* Send a message; only inside on_writable. data is taken (malloc()ed) and freed when sent or when
 * the connection is gone. It leaves in pieces, so that a large message does not hold the loop.
 * Returns 0, or -EBUSY (not inside on_writable or called twice; data was freed). */
int http_ws_send(struct http_ws *ws, void *data, size_t len, bool text);

/* Close the connection after this turn of the loop; on_close follows. */
void http_ws_close(struct http_ws *ws);

#endif
