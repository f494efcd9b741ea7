/* SPDX-License-Identifier: Apache-2.0 */
/* A server and raw clients on the same machine: the client's thread speaks bytes, as an attacker
 * would, while the loop runs in the main thread. */
#include "protocols/runtime/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/runtime/service.h"
#include "tests/support/t.h"

#define BIG 300000

struct rig {
    struct service service;
    struct http_server *server;
    uv_async_t done;
    pthread_t client;
    void (*talk)(struct rig *rig);
    struct http_ws *ws;
    uint8_t *big;
    uint16_t port;
    int gets, opens, closes, messages, stopped;
    char last[64];
};

static void on_get(void *user, const char *path, struct http_answer *ret)
{
    struct rig *rig = user;

    rig->gets++;
    if (strcmp(path, "/") == 0)
        *ret = (struct http_answer){200, "text/plain", "hello", NULL, 5};
    if (strcmp(path, "/big") == 0)
        *ret = (struct http_answer){200, "application/octet-stream", rig->big, NULL, BIG};
    if (strcmp(path, "/owned") == 0) {
        char *text = strdup("owned");

        *ret = (struct http_answer){200, "text/plain", text, text, 5};
    }
}

static int on_open(void *user, struct http_ws *ws, void **ret_peer)
{
    struct rig *rig = user;

    rig->opens++;
    rig->ws = ws;
    *ret_peer = rig;
    return 0;
}

static int on_message(void *user, void *peer, const void *data, size_t len)
{
    struct rig *rig = user;

    T_CHECK(peer == rig);
    rig->messages++;
    (void)snprintf(rig->last, sizeof(rig->last), "%.*s", (int)len, (const char *)data);
    T_EQ(http_ws_send(rig->ws, malloc(1), 1, false), -EBUSY); /* not here */
    http_ws_want_write(rig->ws);
    return 0;
}

static void on_writable(void *user, void *peer)
{
    struct rig *rig = peer;
    uint8_t *copy = malloc(BIG);

    (void)user;
    memcpy(copy, rig->big, BIG);
    T_EQ(http_ws_send(rig->ws, copy, BIG, false), 0);
    T_EQ(http_ws_send(rig->ws, malloc(1), 1, false), -EBUSY); /* once */
}

static void on_close(void *user, void *peer)
{
    struct rig *rig = user;

    T_CHECK(peer == rig);
    rig->closes++;
    rig->ws = NULL;
}

static void on_stopped(void *user)
{
    struct rig *rig = user;

    rig->stopped++;
}

static void on_stop(void *user)
{
    struct rig *rig = user;

    uv_close((uv_handle_t *)&rig->done, NULL);
    http_stop(rig->server, on_stopped);
}

static void on_done(uv_async_t *async)
{
    struct rig *rig = async->data;

    service_stop(&rig->service, 0);
}

static void *client_main(void *arg)
{
    struct rig *rig = arg;

    rig->talk(rig);
    (void)uv_async_send(&rig->done);
    return NULL;
}

static void run(struct rig *rig, void (*talk)(struct rig *), unsigned max_clients)
{
    struct qp_diag d = {""};

    rig->talk = talk;
    rig->big = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        rig->big[i] = (uint8_t)(i * 7 + i / 251);
    T_EQ(service_init(&rig->service, &(struct service_params){on_stop, NULL, rig}, &d), 0);
    T_EQ(uv_async_init(&rig->service.loop, &rig->done, on_done), 0);
    rig->done.data = rig;
    T_EQ(http_start(&rig->server,
                    &(struct http_params){.loop = &rig->service.loop,
                                          .address = "127.0.0.1",
                                          .max_clients = max_clients,
                                          .user = rig,
                                          .on_get = on_get,
                                          .ws_path = "/ws",
                                          .on_open = on_open,
                                          .on_message = on_message,
                                          .on_writable = on_writable,
                                          .on_close = on_close},
                    &d),
         0);
    rig->port = http_port(rig->server);
    T_CHECK(rig->port != 0);
    T_EQ(pthread_create(&rig->client, NULL, client_main, rig), 0);
    T_EQ(service_run(&rig->service, &d), 0);
    (void)pthread_join(rig->client, NULL);
    if (service_finish(&rig->service, &d) != 0) {
        fprintf(stderr, "%s\n", d.text);
        exit(1);
    }
    T_EQ(rig->stopped, 1);
    T_EQ(rig->opens, rig->closes);
    free(rig->big);
}

static int dial(const struct rig *rig)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons(rig->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    T_EQ(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void say(int fd, const void *text, size_t len)
{
    T_EQ(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Everything until the server closes, or `enough` bytes. */
static size_t hear(int fd, char *buf, size_t cap, size_t enough)
{
    size_t n = 0;

    while (n < enough && n < cap - 1) {
        ssize_t got = recv(fd, buf + n, cap - 1 - n, 0);

        if (got <= 0)
            break;
        n += (size_t)got;
    }
    buf[n] = '\0';
    return n;
}

/* One request, the connection then closed by the server. */
static void ask(const struct rig *rig, const char *request, char *buf, size_t cap)
{
    int fd = dial(rig);

    say(fd, request, strlen(request));
    (void)hear(fd, buf, cap, SIZE_MAX);
    close(fd);
}

#define CLOSE "Connection: close\r\n\r\n"

static void talk_get(struct rig *rig)
{
    char *buf = malloc(BIG + 4096), *body;

    ask(rig, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE, buf, 4096);
    T_CHECK(strncmp(buf, "HTTP/1.1 200", 12) == 0);
    T_CHECK(strstr(buf, "content-security-policy: default-src 'none'"));
    T_CHECK(strstr(buf, "\r\n\r\nhello"));
    ask(rig, "GET /owned HTTP/1.1\r\nHost: localhost:80\r\n" CLOSE, buf, 4096);
    T_CHECK(strstr(buf, "\r\n\r\nowned"));
    ask(rig, "GET /none HTTP/1.1\r\nHost: [::1]:80\r\n" CLOSE, buf, 4096);
    T_CHECK(strncmp(buf, "HTTP/1.1 404", 12) == 0);
    ask(rig, "GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE, buf, BIG + 4096);
    body = strstr(buf, "\r\n\r\n");
    T_CHECK(body && memcmp(body + 4, rig->big, BIG) == 0);
    free(buf);
}

TEST(get)
{
    struct rig rig = {0};

    run(&rig, talk_get, 16);
    T_EQ(rig.gets, 4);
}

static void talk_refused(struct rig *rig)
{
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\nHost: evil.example\r\n" CLOSE,
        "GET / HTTP/1.1\r\n" CLOSE,
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n" CLOSE,
        "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n" CLOSE,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n" CLOSE,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: junk\r\nConnection: Upgrade\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET \r\n\r\n",
    };
    char buf[4096];

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++) {
        int fd = dial(rig);

        say(fd, bad[i], bad[i][0] ? strlen(bad[i]) : 8);
        (void)shutdown(fd, SHUT_WR);
        (void)hear(fd, buf, sizeof(buf), SIZE_MAX);
        T_CHECK(!strstr(buf, " 200 ") && !strstr(buf, "101 "));
        close(fd);
    }
    ask(rig, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE, buf, sizeof(buf));
    T_CHECK(strstr(buf, "hello")); /* it still works */
}

TEST(refused)
{
    struct rig rig = {0};

    run(&rig, talk_refused, 64);
    T_EQ(rig.gets, 1);
}

static const char upgrade[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

static int dial_ws(const struct rig *rig, const char *more, char *buf, size_t cap)
{
    int fd = dial(rig);
    size_t n = 0;

    say(fd, upgrade, strlen(upgrade));
    say(fd, more, strlen(more));
    say(fd, "\r\n", 2);
    while (n < cap - 1 && !strstr(buf, "\r\n\r\n")) { /* byte by byte: frames follow */
        if (recv(fd, buf + n, 1, 0) <= 0)
            break;
        buf[++n] = '\0';
    }
    return fd;
}

/* One client frame, masked with zeros. */
static void say_frame(int fd, uint8_t first, const char *text, size_t len)
{
    uint8_t head[8] = {first, (uint8_t)(0x80 | (len < 126 ? len : 126))};
    size_t n = 2;

    if (len >= 126) {
        head[n++] = (uint8_t)(len >> 8);
        head[n++] = (uint8_t)len;
    }
    say(fd, head, n);
    say(fd, "\0\0\0\0", 4);
    say(fd, text, len);
}

/* Put a message of many frames together; returns its length. */
static size_t hear_message(int fd, uint8_t *ret)
{
    size_t n = 0;
    uint8_t head[10], fin = 0;

    while (!fin) {
        size_t len;

        T_EQ(recv(fd, head, 2, MSG_WAITALL), 2);
        fin = head[0] & 0x80;
        T_EQ(head[0] & 15, n ? 0 : 2);
        len = head[1];
        if (len == 126) {
            T_EQ(recv(fd, head, 2, MSG_WAITALL), 2);
            len = (size_t)(head[0] << 8 | head[1]);
        } else if (len == 127) {
            T_EQ(recv(fd, head, 8, MSG_WAITALL), 8);
            len = (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];
        }
        T_CHECK(n + len <= BIG);
        T_EQ(recv(fd, ret + n, len, MSG_WAITALL), len);
        n += len;
    }
    return n;
}

static void talk_ws(struct rig *rig)
{
    char buf[1024] = "";
    uint8_t *big = malloc(BIG);
    int fd = dial_ws(rig, "Origin: http://127.0.0.1:8081\r\n", buf, sizeof(buf));

    T_CHECK(strstr(buf, "101 "));
    T_CHECK(strstr(buf, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    say_frame(fd, 0x01, "hel", 3); /* two fragments */
    say_frame(fd, 0x80, "lo", 2);
    T_EQ(hear_message(fd, big), BIG);
    T_CHECK(memcmp(big, rig->big, BIG) == 0);
    say_frame(fd, 0x81, "again", 5);
    T_EQ(hear_message(fd, big), BIG);
    close(fd);
    free(big);
}

TEST(websocket)
{
    struct rig rig = {0};

    run(&rig, talk_ws, 16);
    T_EQ(rig.messages, 2);
    T_EQ(rig.opens, 1);
    T_CHECK(strcmp(rig.last, "again") == 0);
}

static void talk_ws_refused(struct rig *rig)
{
    char buf[1024] = "", long_text[HTTP_MAX_MESSAGE + 1];
    int fd = dial_ws(rig, "Origin: http://evil.example\r\n", buf, sizeof(buf));

    T_CHECK(!strstr(buf, "101 "));
    close(fd);
    buf[0] = '\0';
    fd = dial_ws(rig, "", buf, sizeof(buf));
    T_CHECK(strstr(buf, "101 "));
    memset(long_text, 'x', sizeof(long_text));
    say_frame(fd, 0x81, long_text, sizeof(long_text));
    while (recv(fd, buf, sizeof(buf), 0) > 0) /* the server closes */
        ;
    close(fd);
}

TEST(websocket_refused)
{
    struct rig rig = {0};

    run(&rig, talk_ws_refused, 16);
    T_EQ(rig.messages, 0);
    T_EQ(rig.opens, 1);
}

/* Stopped while a client hangs on and a message is half sent. */
static void talk_hang(struct rig *rig)
{
    char buf[1024] = "";
    int fd = dial_ws(rig, "", buf, sizeof(buf));

    say_frame(fd, 0x81, "x", 1);
    T_EQ(recv(fd, buf, 2, MSG_WAITALL), 2);
    /* fd stays open: the server must not wait for us */
}

TEST(stop_with_clients)
{
    struct rig rig = {0};

    run(&rig, talk_hang, 16);
    T_EQ(rig.opens, 1);
}

static void talk_many(struct rig *rig)
{
    char buf[4096] = "";
    int a = dial_ws(rig, "", buf, sizeof(buf)), b;

    T_CHECK(strstr(buf, "101 "));
    buf[0] = '\0';
    b = dial_ws(rig, "", buf, sizeof(buf));
    T_CHECK(strstr(buf, "101 "));
    ask(rig, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE, buf, sizeof(buf));
    T_CHECK(!strstr(buf, "hello")); /* the third */
    close(a);
    close(b);
}

TEST(too_many_clients)
{
    struct rig rig = {0};

    run(&rig, talk_many, 2);
}

TEST(address_trouble)
{
    struct service service;
    struct http_server *a, *b;
    struct qp_diag d;

    T_EQ(service_init(&service, &(struct service_params){0}, &d), 0);
    struct http_params p = {
        .loop = &service.loop, .address = "nowhere", .max_clients = 1, .on_get = on_get};
    T_EQ(http_start(&a, &p, &d), -EINVAL);
    p.address = "203.0.113.1";
    T_EQ(http_start(&a, &p, &d), -EADDRNOTAVAIL);
    p.address = "127.0.0.1";
    T_EQ(http_start(&a, &p, &d), 0);
    p.port = http_port(a);
    T_EQ(http_start(&b, &p, &d), -EADDRINUSE);
    T_CHECK(strstr(d.text, "choose another port"));
    http_stop(a, NULL);
    T_EQ(service_run(&service, &d), 0);
    T_EQ(service_finish(&service, &d), 0);
}
