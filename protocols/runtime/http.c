/* SPDX-License-Identifier: Apache-2.0 */
/* libwebsockets 4.1.6 on a foreign libuv loop. What its habits ask for:
 *   - lws_write only from a WRITEABLE callback, one per callback, LWS_PRE bytes in front;
 *   - in CONFIRM_UPGRADE the argument may point into memory already released: only the copied
 *     header is looked at;
 *   - Content-Length is not checked for a sign: a request with any body is refused by us;
 *   - tables are sized by the limit of open files, header storage by max_http_header_pool;
 *   - destroying a context is asynchronous: its handles close while the loop runs on. */
#include "protocols/runtime/http.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PIECE        65536 /* bytes of one lws_write */
#define HEADER_POOL  64    /* requests whose headers are being read; the others wait */
#define STOP_POLL_MS 2

static const char csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* Bytes on their way out. */
struct outgoing {
    uint8_t *owned; /* NULL: the bytes are borrowed */
    const uint8_t *data;
    size_t len, sent;
};

struct http_ws {
    struct http_server *server;
    struct lws *wsi;
    void *peer;
    struct outgoing out;
    bool text;
    bool busy;     /* a message is on its way */
    bool wanted;   /* on_writable is wanted */
    bool may_send; /* inside on_writable */
    bool closing;
};

/* What the library keeps for a connection; first a request, then perhaps a WebSocket. */
struct session {
    struct outgoing answer;
    struct http_ws *ws;
    char *in; /* the message being put together */
    size_t in_len;
    bool counted;
};

struct http_server {
    struct http_params params;
    struct lws_context *context; /* the library sets it to NULL when it is gone */
    uv_timer_t gone;
    void (*on_stopped)(void *user);
    char *ws_path;
    uint8_t *scratch; /* LWS_PRE + PIECE */
    unsigned n_clients;
    uint16_t port;
    bool stopping;
};

/* --- requests ------------------------------------------------------------------------------ */

static bool copy_header(struct lws *wsi, enum lws_token_indexes token, char *buf, size_t cap)
{
    int n = lws_hdr_total_length(wsi, token);

    if (n <= 0 || (size_t)n >= cap)
        return false;
    return lws_hdr_copy(wsi, buf, (int)cap, token) > 0;
}

/* "name:port" -> "name" */
static void drop_port(char *host)
{
    char *colon = strrchr(host, ':');

    if (colon && !strchr(colon, ']'))
        *colon = '\0';
}

/* A name in Host may be an attacker's that now points here; an address cannot be. */
static bool host_is_ours(struct lws *wsi)
{
    char host[128];
    struct in6_addr any;
    size_t len;

    if (!copy_header(wsi, WSI_TOKEN_HOST, host, sizeof(host)))
        return false;
    drop_port(host);
    if (strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &any) == 1)
        return true;
    len = strlen(host);
    if (len < 2 || host[0] != '[' || host[len - 1] != ']')
        return false;
    host[len - 1] = '\0';
    return inet_pton(AF_INET6, host + 1, &any) == 1;
}

/* A browser always says where a WebSocket's page came from; other programs need not. */
static bool origin_is_ours(struct lws *wsi)
{
    char origin[160], host[128];

    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) <= 0)
        return true;
    if (!copy_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) ||
        !copy_header(wsi, WSI_TOKEN_HOST, host, sizeof(host)))
        return false;
    return strncmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, host) == 0;
}

static bool has_body(struct lws *wsi)
{
    char len[32] = "";

    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return true;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
        return false;
    return !copy_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, len, sizeof(len)) ||
           strcmp(len, "0") != 0;
}

static const char *text_of(unsigned status)
{
    switch (status) {
    case 400:
        return "bad request\n";
    case 403:
        return "forbidden: open this page by address or as localhost\n";
    case 404:
        return "not found\n";
    case 405:
        return "only GET\n";
    case 503:
        return "not ready\n";
    default:
        return "error\n";
    }
}

static bool add_header(struct lws *wsi, const char *name, const char *value, uint8_t **p,
                       uint8_t *end)
{
    return lws_add_http_header_by_name(wsi, (const uint8_t *)name, (const uint8_t *)value,
                                       (int)strlen(value), p, end) == 0;
}

static int write_headers(struct lws *wsi, const struct http_answer *a)
{
    uint8_t buf[LWS_PRE + 1024], *start = buf + LWS_PRE, *p = start, *end = buf + sizeof(buf) - 1;

    if (lws_add_http_common_headers(wsi, a->status, a->type, a->len, &p, end) != 0 ||
        !add_header(wsi, "content-security-policy:", csp, &p, end) ||
        !add_header(wsi, "x-content-type-options:", "nosniff", &p, end) ||
        !add_header(wsi, "referrer-policy:", "no-referrer", &p, end) ||
        !add_header(wsi, "cross-origin-resource-policy:", "same-origin", &p, end) ||
        !add_header(wsi, "cache-control:", "no-store", &p, end))
        return -1;
    return lws_finalize_write_http_header(wsi, start, &p, end) ? -1 : 0;
}

static int begin_answer(struct lws *wsi, struct session *s, struct http_answer *a)
{
    if (!a->body && a->status != 200) {
        a->body = text_of(a->status);
        a->len = strlen(a->body);
        a->type = "text/plain; charset=utf-8";
    }
    s->answer = (struct outgoing){.owned = a->owned, .data = a->body, .len = a->len};
    if (write_headers(wsi, a) < 0)
        return -1;
    lws_callback_on_writable(wsi);
    return 0;
}

static int on_request(struct http_server *server, struct lws *wsi, struct session *s)
{
    struct http_answer a = {.status = 404};
    char path[256];

    if (!host_is_ours(wsi))
        a.status = 403;
    else if (has_body(wsi))
        a.status = 400;
    else if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0)
        a.status = 405;
    else if (copy_header(wsi, WSI_TOKEN_GET_URI, path, sizeof(path)) && !server->stopping)
        server->params.on_get(server->params.user, path, &a);
    return begin_answer(wsi, s, &a);
}

static void drop_outgoing(struct outgoing *out)
{
    free(out->owned);
    *out = (struct outgoing){0};
}

/* The next piece into the scratch buffer; returns its length. */
static size_t take_piece(struct http_server *server, struct outgoing *out)
{
    size_t n = out->len - out->sent < PIECE ? out->len - out->sent : PIECE;

    if (n)
        memcpy(server->scratch + LWS_PRE, out->data + out->sent, n);
    out->sent += n;
    return n;
}

static int on_answer_writable(struct http_server *server, struct lws *wsi, struct session *s)
{
    size_t n;
    bool last;

    if (!s->answer.data)
        return 0;
    n = take_piece(server, &s->answer);
    last = s->answer.sent == s->answer.len;
    if (lws_write(wsi, server->scratch + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
        0)
        return -1;
    if (!last) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    drop_outgoing(&s->answer);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* --- WebSockets ---------------------------------------------------------------------------- */

static int filter_ws(struct http_server *server, struct lws *wsi)
{
    char path[256];

    if (server->stopping || !server->ws_path || !host_is_ours(wsi) || !origin_is_ours(wsi))
        return -1;
    if (!copy_header(wsi, WSI_TOKEN_GET_URI, path, sizeof(path)))
        return -1;
    return strcmp(path, server->ws_path) == 0 ? 0 : -1;
}

static int confirm_upgrade(struct lws *wsi)
{
    char to[32];

    if (!copy_header(wsi, WSI_TOKEN_UPGRADE, to, sizeof(to)))
        return -1;
    return strcasecmp(to, "websocket") == 0 ? 0 : -1;
}

static int open_ws(struct http_server *server, struct lws *wsi, struct session *s)
{
    struct http_ws *ws = calloc(1, sizeof(*ws));

    if (!ws)
        return -1;
    ws->server = server;
    ws->wsi = wsi;
    if (server->params.on_open && server->params.on_open(server->params.user, ws, &ws->peer) != 0) {
        free(ws);
        return -1;
    }
    s->ws = ws;
    return 0;
}

static void close_ws(struct session *s)
{
    struct http_ws *ws = s->ws;

    if (!ws)
        return;
    s->ws = NULL;
    if (ws->server->params.on_close)
        ws->server->params.on_close(ws->server->params.user, ws->peer);
    drop_outgoing(&ws->out);
    free(ws);
}

static int write_ws_piece(struct http_ws *ws)
{
    struct outgoing *out = &ws->out;
    int kind = out->sent ? LWS_WRITE_CONTINUATION : ws->text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    size_t n = take_piece(ws->server, out);

    if (out->sent < out->len)
        kind |= LWS_WRITE_NO_FIN;
    if (lws_write(ws->wsi, ws->server->scratch + LWS_PRE, n, (enum lws_write_protocol)kind) < 0)
        return -1;
    if (out->sent == out->len) {
        drop_outgoing(out);
        ws->busy = false;
    }
    if (ws->busy || ws->wanted)
        lws_callback_on_writable(ws->wsi);
    return 0;
}

static int on_ws_writable(struct http_ws *ws)
{
    if (!ws || ws->server->stopping)
        return 0;
    if (ws->closing)
        return -1;
    if (!ws->busy && ws->wanted && ws->server->params.on_writable) {
        ws->wanted = false;
        ws->may_send = true;
        ws->server->params.on_writable(ws->server->params.user, ws->peer);
        ws->may_send = false;
    }
    return ws->busy ? write_ws_piece(ws) : 0;
}

static int on_ws_receive(struct lws *wsi, struct session *s, const char *in, size_t len)
{
    struct http_ws *ws = s->ws;
    char *grown;
    int r = 0;

    if (!ws || s->in_len + len > HTTP_MAX_MESSAGE)
        return -1;
    grown = realloc(s->in, s->in_len + len + 1);
    if (!grown)
        return -1;
    s->in = grown;
    if (len)
        memcpy(s->in + s->in_len, in, len);
    s->in_len += len;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
        return 0;
    s->in[s->in_len] = '\0';
    if (ws->server->params.on_message && !ws->server->stopping)
        r = ws->server->params.on_message(ws->server->params.user, ws->peer, s->in, s->in_len);
    s->in_len = 0;
    return r ? -1 : 0;
}

/* --- the library's callback ------------------------------------------------------------------ */

static int count_client(struct http_server *server, struct session *s)
{
    if (s->counted)
        return 0;
    if (server->n_clients >= server->params.max_clients)
        return -1;
    s->counted = true;
    server->n_clients++;
    return 0;
}

static void forget_session(struct http_server *server, struct session *s)
{
    close_ws(s);
    drop_outgoing(&s->answer);
    free(s->in);
    s->in = NULL;
    if (s->counted)
        server->n_clients--;
    s->counted = false;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct http_server *server = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
    struct session *s = user;

    if (!server)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return server->stopping || server->n_clients >= server->params.max_clients ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade(wsi);
    case LWS_CALLBACK_HTTP:
        return count_client(server, s) < 0 ? -1 : on_request(server, wsi, s);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_answer_writable(server, wsi, s);
    case LWS_CALLBACK_HTTP_BODY:
        return -1;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return filter_ws(server, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return count_client(server, s) < 0 ? -1 : open_ws(server, wsi, s);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_ws_writable(s->ws);
    case LWS_CALLBACK_RECEIVE:
        return on_ws_receive(wsi, s, in, len);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        if (s)
            forget_session(server, s);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = on_event, .per_session_data_size = sizeof(struct session)},
    {0},
};

/* Pings and hang-ups of the library off: they cost a walk over a list for every connection. */
static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = 0, .secs_since_valid_hangup = 0};

void http_ws_want_write(struct http_ws *ws)
{
    ws->wanted = true;
    if (!ws->busy)
        lws_callback_on_writable(ws->wsi);
}

int http_ws_send(struct http_ws *ws, void *data, size_t len, bool text)
{
    if (!ws->may_send || ws->busy) {
        free(data);
        return -EBUSY;
    }
    ws->out = (struct outgoing){.owned = data, .data = data, .len = len};
    ws->text = text;
    ws->busy = true;
    return 0;
}

void http_ws_close(struct http_ws *ws)
{
    ws->closing = true;
    lws_callback_on_writable(ws->wsi);
}

/* --- start and stop ----------------------------------------------------------------------------
 */

/* The library does not say why it cannot listen: try it first. */
static int probe(const struct http_params *params, struct qp_diag *diag)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(params->port)};
    int fd, one = 1, err = 0;

    if (inet_pton(AF_INET, params->address, &addr.sin_addr) != 1)
        return qp_diag_set(diag, -EINVAL, "\"%s\" is no IPv4 address to listen on",
                           params->address);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return qp_diag_set(diag, -errno, "no socket: %s", strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 1) < 0)
        err = errno;
    (void)close(fd);
    if (err)
        return qp_diag_set(diag, -err, "cannot listen on %s:%u: %s; %s", params->address,
                           params->port, strerror(err),
                           err == EADDRINUSE ? "another program does, choose another port"
                           : err == EACCES   ? "ports below 1024 need CAP_NET_BIND_SERVICE"
                                             : "choose an address of this machine");
    return 0;
}

static void limit_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > HTTP_MAX_FILES) {
        limit.rlim_cur = HTTP_MAX_FILES;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int create_context(struct http_server *server)
{
    void *loops[1] = {server->params.loop};
    struct lws_context_creation_info info = {
        .port = server->params.port,
        .iface = strcmp(server->params.address, "0.0.0.0") == 0 ? NULL : server->params.address,
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_DISABLE_IPV6,
        .user = server,
        .max_http_header_pool = HEADER_POOL,
        .retry_and_idle_policy = &no_pings,
        .foreign_loops = loops,
        .pcontext = &server->context,
        .timeout_secs = 20,
        .keepalive_timeout = 20,
    };

    lws_set_log_level(0, NULL); /* libraries do not log */
    server->context = lws_create_context(&info);
    return server->context ? 0 : -ENOMEM;
}

int http_start(struct http_server **ret, const struct http_params *params, struct qp_diag *diag)
{
    struct http_server *server;
    int r = probe(params, diag);

    if (r < 0)
        return r;
    server = calloc(1, sizeof(*server));
    if (!server)
        return qp_diag_set(diag, -ENOMEM, "no memory for a web server");
    server->params = *params;
    server->scratch = malloc(LWS_PRE + PIECE);
    server->ws_path = params->ws_path ? strdup(params->ws_path) : NULL;
    limit_files();
    r = server->scratch && (server->ws_path || !params->ws_path) ? create_context(server) : -ENOMEM;
    if (r < 0) {
        free(server->ws_path);
        free(server->scratch);
        free(server);
        return qp_diag_set(diag, r,
                           "cannot start the web server on %s:%u: is the package "
                           "libwebsockets-evlib-uv installed?",
                           params->address, params->port);
    }
    server->port =
        (uint16_t)lws_get_vhost_listen_port(lws_get_vhost_by_name(server->context, "default"));
    *ret = server;
    return 0;
}

uint16_t http_port(const struct http_server *server)
{
    return server->port;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    if (server->on_stopped)
        server->on_stopped(server->params.user);
    free(server->ws_path);
    free(server->scratch);
    free(server);
}

static void count_closing(uv_handle_t *handle, void *arg)
{
    *(unsigned *)arg += uv_is_closing(handle) != 0;
}

/* The first lws_context_destroy has told the library's handles to close; the second one, which
 * frees the context, must not come before they all have. */
static void on_gone(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    unsigned closing = 0;

    uv_walk(timer->loop, count_closing, &closing);
    if (closing)
        return;
    if (server->context)
        lws_context_destroy(server->context);
    if (!server->context)
        uv_close((uv_handle_t *)timer, on_timer_closed);
}

void http_stop(struct http_server *server, void (*on_stopped)(void *user))
{
    if (server->stopping)
        return;
    server->stopping = true;
    server->on_stopped = on_stopped;
    (void)uv_timer_init(server->params.loop, &server->gone);
    server->gone.data = server;
    (void)uv_timer_start(&server->gone, on_gone, STOP_POLL_MS, STOP_POLL_MS);
    lws_context_destroy(server->context);
}
