/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file (pcapng): an interface a port, times as planned, UDP with the headers it would
 * have on the wire. Several ports may share a file; they are then served by one tx thread.
 *
 * Blocks are gathered and written whole. When the disk is full the file is cut back to its last
 * whole block, so that what is there can be opened, and the link is broken for good. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocols/base/bytes.h"
#include "protocols/base/clock.h"
#include "protocols/wire/pcap.h"
#include "protocols/wire/udpip.h"
#include "sender-card/link.h"

#define BUFFER    (1u << 18)
#define BLOCK_MAX (PCAP_PACKET_HEAD + UDPIP_HEADER_V4 + 2048u + PCAP_PACKET_TAIL)

struct capture {
    struct capture *next;
    char *path;
    int fd;
    int broken; /* negative errno: nothing is written any more */
    uint32_t n_interfaces;
    int64_t wall_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC when it was opened */
    off_t written;   /* bytes of whole blocks in the file */
    size_t used;
    uint8_t buf[BUFFER];
};

struct link_pcap {
    struct link link;
    struct capture *capture; /* of the pool */
    uint32_t interface;
    bool udp;
    uint32_t to_ip;
    uint16_t ip_id;
    struct udpip_flow flow;
};

static struct link_pcap *of(struct link *link)
{
    return (struct link_pcap *)link;
}

/* Everything gathered into the file, or the file as it was before. */
static int flush(struct capture *capture)
{
    size_t at = 0;

    while (at < capture->used && capture->broken == 0) {
        ssize_t n = write(capture->fd, capture->buf + at, capture->used - at);

        if (n > 0)
            at += (size_t)n;
        else if (errno != EINTR)
            capture->broken = -errno;
    }
    if (capture->broken == 0)
        capture->written += (off_t)capture->used;
    else if (at > 0)
        (void)!ftruncate(capture->fd,
                         capture->written); /* fails on a pipe: nothing to mend there */
    capture->used = 0;
    return capture->broken;
}

static void append(struct capture *capture, const void *bytes, size_t len)
{
    memcpy(capture->buf + capture->used, bytes, len);
    capture->used += len;
}

/* Headers for a datagram: from a documentation address (RFC 5737) unless the link names one. */
static size_t ip_header(struct link_pcap *pcap, const struct link_msg *msg, uint8_t *buf)
{
    uint32_t ip = msg->ip ? msg->ip : pcap->to_ip;
    int len;

    qp_put_be32(pcap->flow.dst_ip, ip);
    udpip_mac_for(false, pcap->flow.dst_ip, pcap->flow.dst_mac);
    pcap->flow.ip_id = pcap->ip_id++;
    len = udpip_header(buf, &pcap->flow, msg->bytes, msg->len);
    return len > 0 ? (size_t)len : 0;
}

static void write_packet(struct link_pcap *pcap, const struct link_msg *msg)
{
    struct capture *capture = pcap->capture;
    uint8_t head[PCAP_PACKET_HEAD], ip[UDPIP_HEADER_MAX], tail[PCAP_PACKET_TAIL];
    size_t ip_len = pcap->udp ? ip_header(pcap, msg, ip) : 0, tail_len;
    uint32_t len = (uint32_t)ip_len + msg->len;

    pcap_packet_head(head, pcap->interface, (uint64_t)(msg->at_ns + capture->wall_ns), len);
    tail_len = pcap_packet_tail(tail, len);
    append(capture, head, sizeof(head));
    append(capture, ip, ip_len);
    append(capture, msg->bytes, msg->len);
    append(capture, tail, tail_len);
}

static int broke(struct link *link, int err)
{
    atomic_store(&link->broken, err);
    link_set_carrier(link, false);
    return err;
}

static int send_packets(struct link *link, const struct link_msg *msgs, unsigned n)
{
    struct link_pcap *pcap = of(link);

    for (unsigned i = 0; i < n; i++) {
        if (msgs[i].len > 2048)
            return -EMSGSIZE;
        if (pcap->capture->used + BLOCK_MAX > BUFFER && flush(pcap->capture) < 0)
            break;
        write_packet(pcap, &msgs[i]);
    }
    return pcap->capture->broken ? broke(link, pcap->capture->broken) : (int)n;
}

static int frame_end(struct link *link)
{
    int err = flush(of(link)->capture);

    return err < 0 ? broke(link, err) : 0;
}

static void refresh(struct link *link, int64_t now_ns, bool changed)
{
    (void)link;
    (void)now_ns;
    (void)changed;
}

static int receive_fd(const struct link *link)
{
    (void)link;
    return -1;
}

static size_t receive(struct link *link, uint8_t *buf, size_t cap, struct link_origin *ret)
{
    (void)link;
    (void)buf;
    (void)cap;
    (void)ret;
    return 0;
}

static void close_link(struct link *link)
{
    (void)flush(of(link)->capture);
    free(of(link));
}

static const struct link_ops ops = {
    .send = send_packets,
    .frame_end = frame_end,
    .refresh = refresh,
    .receive_fd = receive_fd,
    .receive = receive,
    .close = close_link,
};

void link_pcap_pool_finish(struct link_pool *pool)
{
    while (pool->captures) {
        struct capture *capture = pool->captures;

        pool->captures = capture->next;
        if (capture->fd >= 0)
            (void)close(capture->fd);
        free(capture->path);
        free(capture);
    }
}

static int64_t wall_minus_mono(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * QP_NS_PER_S + ts.tv_nsec - qp_clock_mono_ns();
}

static int open_capture(struct link_pool *pool, const char *path, struct capture **ret)
{
    struct capture *capture = calloc(1, sizeof(*capture));
    int len;

    if (!capture)
        return -ENOMEM;
    capture->fd = -1;
    capture->next = pool->captures;
    pool->captures = capture;
    capture->path = strdup(path);
    if (!capture->path)
        return -ENOMEM;
    capture->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (capture->fd < 0)
        return -errno;
    capture->wall_ns = wall_minus_mono();
    len = pcap_section(capture->buf, sizeof(capture->buf), "qianping sender");
    capture->used = len > 0 ? (size_t)len : 0;
    *ret = capture;
    return flush(capture);
}

static int find_capture(struct link_pool *pool, const char *path, struct capture **ret)
{
    for (struct capture *capture = pool->captures; capture; capture = capture->next)
        if (strcmp(capture->path, path) == 0) {
            *ret = capture;
            return 0;
        }
    return open_capture(pool, path, ret);
}

static int add_interface(struct capture *capture, const char *name)
{
    int len = pcap_interface(capture->buf, sizeof(capture->buf), PCAP_ETHERNET, name);

    capture->used = len > 0 ? (size_t)len : 0;
    capture->n_interfaces++;
    return flush(capture);
}

static void prepare_flow(struct link_pcap *pcap, const struct link_params *params)
{
    const struct link_config *config = params->config;
    uint32_t source = config->source_ip ? config->source_ip : 0xC0000201; /* 192.0.2.1 */
    uint16_t from = params->driver->source_port;

    pcap->udp = params->driver->medium == DRIVER_UDP;
    pcap->to_ip = config->to_ip ? config->to_ip : 0xC0000202;
    pcap->flow = (struct udpip_flow){
        .src_mac = {0x02, 0x51, 0x50, 0, 0, 1},
        .src_port = from ? from : 49152,
        .dst_port = config->port ? (uint16_t)config->port : params->driver->udp_port,
        .ttl = config->ttl ? (uint8_t)config->ttl : 64,
    };
    qp_put_be32(pcap->flow.src_ip, source);
}

int link_pcap_create(struct link **ret, const struct link_params *params, struct qp_diag *diag)
{
    const struct wall_output *output = &params->wall->outputs[params->output];
    const char *path = params->config->path;
    struct link_pcap *pcap = calloc(1, sizeof(*pcap));
    char name[128];
    int err;

    if (!pcap)
        return -ENOMEM;
    pcap->link.ops = &ops;
    atomic_init(&pcap->link.carrier, true);
    prepare_flow(pcap, params);
    (void)snprintf(name, sizeof(name), "%s%s", output->id, params->backup ? " backup" : "");
    err = find_capture(params->pool, path, &pcap->capture);
    if (err == 0) {
        pcap->interface = pcap->capture->n_interfaces;
        err = add_interface(pcap->capture, name);
    }
    if (err < 0) {
        free(pcap);
        return qp_diag_set(diag, err, "%s: cannot write the capture: %s", path, strerror(-err));
    }
    *ret = &pcap->link;
    return 0;
}
