/* SPDX-License-Identifier: Apache-2.0 */
/* The set of inputs: waiting, reading in batches, closing. Opening is in input_open.c, captures in
 * input_pcap.c. */
#include "sender-card/virtual/main/input.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocols/base/clock.h"
#include "protocols/wire/wallsock.h"
#include "sender-card/virtual/main/answer.h"
#include "sender-card/virtual/main/input_impl.h"

int inputs_init(struct inputs *in, struct qp_diag *diag)
{
    *in = (struct inputs){.pcap_fd = -1, .port = VIRTUAL_ANY_PORT, .start_ns = qp_clock_mono_ns()};
    in->items = calloc(INPUT_MAX, sizeof(*in->items));
    in->polls = calloc(INPUT_MAX + 1, sizeof(*in->polls));
    in->batch = calloc(1, sizeof(*in->batch));
    if (!in->items || !in->polls || !in->batch)
        return qp_diag_set(diag, -ENOMEM, "no memory for the inputs");
    return 0;
}

static void close_input(struct input *i)
{
    (void)close(i->fd);
    if (i->kind == INPUT_LISTENER && i->path[0])
        (void)unlink(i->path);
    free(i->ports);
}

void inputs_finish(struct inputs *in)
{
    for (unsigned i = 0; i < in->n; i++)
        close_input(&in->items[i]);
    if (in->pcap_fd > 0)
        (void)close(in->pcap_fd);
    pcap_reader_destroy(in->reader);
    free(in->buf);
    free(in->items);
    free(in->polls);
    free(in->batch);
    *in = (struct inputs){.pcap_fd = -1};
}

static void remove_input(struct inputs *in, unsigned index)
{
    in->n_clients -= in->items[index].kind == INPUT_CLIENT;
    close_input(&in->items[index]);
    in->items[index] = in->items[--in->n];
}

int inputs_wait(struct inputs *in, int wake_fd)
{
    int n;

    for (unsigned i = 0; i < in->n; i++)
        in->polls[i] = (struct pollfd){.fd = in->items[i].fd, .events = POLLIN};
    in->polls[in->n] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
    do {
        n = poll(in->polls, in->n + 1, -1);
    } while (n < 0 && errno == EINTR);
    return n > 0 && !in->polls[in->n].revents ? n : 0;
}

/* --- batches --------------------------------------------------------------------------------- */

static void prepare(struct batch *b)
{
    for (unsigned i = 0; i < BATCH; i++) {
        b->iov[i] = (struct iovec){.iov_base = b->data[i], .iov_len = BATCH_BYTES};
        b->msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &b->from[i],
            .msg_namelen = sizeof(b->from[i]),
            .msg_iov = &b->iov[i],
            .msg_iovlen = 1,
            .msg_control = b->control[i],
            .msg_controllen = BATCH_CONTROL,
        };
    }
}

/* When the kernel got it, to which address, and which of ours that means. */
static int64_t read_control(struct msghdr *m, struct udpip_datagram *d, uint8_t local_ip[4])
{
    int64_t time_ns = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;

            memcpy(&t, CMSG_DATA(c), sizeof(t));
            time_ns = t.tv_sec * QP_NS_PER_S + t.tv_nsec;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memcpy(d->dst_ip, &info.ipi_addr, 4);
            memcpy(local_ip, &info.ipi_spec_dst, 4);
        }
    }
    return time_ns;
}

static void feed_one(struct inputs *in, struct input *input, struct virtual_wall *vw,
                     struct mmsghdr *m, const uint8_t *data)
{
    uint8_t local_ip[4] = {0};
    struct udpip_datagram d = {.payload = data, .len = m->msg_len, .dst_port = input->udp_port};
    int64_t time_ns = read_control(&m->msg_hdr, &d, local_ip);

    if (m->msg_hdr.msg_flags & MSG_TRUNC) {
        virtual_count_bad(vw, input->port, "packet larger than 9216 bytes");
    } else if (input->kind == INPUT_NIC) {
        virtual_feed_packet(vw, input->port, PCAP_ETHERNET, time_ns, data, m->msg_len);
        answer_frame(in, input, vw, data, m->msg_len);
    } else {
        virtual_feed_datagram(vw, input->port, time_ns, &d);
        answer_datagram(in, input, vw, &d, m->msg_hdr.msg_name, local_ip);
    }
}

/* One batch: the other inputs and the lock's other users get their turn. */
static bool read_batch(struct inputs *in, struct input *input, struct virtual_wall *vw)
{
    struct batch *b = in->batch;
    int n;

    prepare(b);
    n = recvmmsg(input->fd, b->msgs, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
        feed_one(in, input, vw, &b->msgs[i], b->data[i]);
    /* An interface that went down says so once and works again when it is back. */
    return n > 0 || errno == EAGAIN || errno == EINTR || errno == ENETDOWN || errno == ECONNREFUSED;
}

/* --- players on the local socket -----------------------------------------------------------------
 */

static void accept_client(struct inputs *in, struct input *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (in->n_clients == INPUT_MAX_CLIENTS || in->n == INPUT_MAX) {
        (void)close(fd);
        return;
    }
    in->n_clients++;
    in->items[in->n++] = (struct input){.kind = INPUT_CLIENT, .fd = fd, .port = listener->port};
}

/* The player's output numbers are those of its wall file; names join them with ours. */
static void read_hello(struct input *client, struct virtual_wall *vw,
                       const struct wallsock_msg *msg)
{
    struct wallsock_hello hello;

    if (wallsock_decode_hello(msg, &hello) < 0) {
        virtual_count_bad(vw, VIRTUAL_ANY_PORT, "damaged hello of a player");
        return;
    }
    if (client->n_ports != hello.total) {
        uint32_t *ports =
            reallocarray(client->ports, hello.total ? hello.total : 1, sizeof(*ports));

        if (!ports)
            return;
        client->ports = ports;
        client->n_ports = hello.total;
        for (uint32_t i = 0; i < hello.total; i++)
            ports[i] = VIRTUAL_ANY_PORT;
    }
    for (uint16_t i = 0; i < hello.n; i++) {
        size_t len;
        const char *name = wallsock_hello_name(&hello, i, &len);

        client->ports[hello.first + i] = virtual_find_port(vw, name, len);
    }
}

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * QP_NS_PER_S + now.tv_nsec;
}

static void feed_message(struct inputs *in, struct input *client, struct virtual_wall *vw,
                         const uint8_t *buf, size_t len)
{
    struct wallsock_msg msg;
    int64_t time_ns;
    uint32_t port;

    if (wallsock_decode(buf, len, &msg) < 0) {
        virtual_count_bad(vw, VIRTUAL_ANY_PORT, "message that is none of a player");
        return;
    }
    if (msg.kind == WALLSOCK_HELLO) {
        read_hello(client, vw, &msg);
        return;
    }
    port = msg.port < client->n_ports ? client->ports[msg.port] : VIRTUAL_ANY_PORT;
    if (port == VIRTUAL_ANY_PORT) {
        virtual_count_bad(vw, VIRTUAL_ANY_PORT, "packet of an output that this wall does not have");
        return;
    }
    time_ns = now_ns(); /* of arrival: what the sender says of itself is not what counts */
    if (msg.kind == WALLSOCK_FRAME) {
        virtual_feed_packet(vw, port, PCAP_ETHERNET, time_ns, msg.data, msg.len);
    } else {
        struct udpip_datagram d = {.payload = msg.data,
                                   .len = msg.len,
                                   .dst_port = msg.dst_port,
                                   .src_port = msg.src_port};

        virtual_feed_datagram(vw, port, time_ns, &d);
    }
    answer_message(in, client, vw, port, &msg);
}

/* false: the player is gone. */
static bool read_client(struct inputs *in, struct input *client, struct virtual_wall *vw)
{
    uint8_t *buf = in->batch->data[0];

    for (unsigned i = 0; i < BATCH; i++) {
        ssize_t n = recv(client->fd, buf, BATCH_BYTES, MSG_DONTWAIT | MSG_TRUNC);

        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n > BATCH_BYTES)
            virtual_count_bad(vw, VIRTUAL_ANY_PORT, "message that is none of a player");
        else
            feed_message(in, client, vw, buf, (size_t)n);
    }
    return true;
}

void inputs_read(struct inputs *in, struct virtual_wall *vw)
{
    unsigned n = in->n;

    for (unsigned i = n; i-- > 0;) { /* downwards: removing swaps the last one in */
        struct input *input = &in->items[i];
        bool alive = true;

        if (!in->polls[i].revents)
            continue;
        if (input->kind == INPUT_LISTENER)
            accept_client(in, input);
        else if (input->kind == INPUT_CLIENT)
            alive = read_client(in, input, vw);
        else
            alive = read_batch(in, input, vw);
        if (!alive)
            remove_input(in, i);
    }
}
