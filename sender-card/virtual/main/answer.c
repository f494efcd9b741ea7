/* SPDX-License-Identifier: Apache-2.0 */
/* What does not leave at once is not sent: whoever asks, asks again. */
#include "sender-card/virtual/main/answer.h"

#include <netinet/in.h>
#include <string.h>

#include "protocols/base/clock.h"
#include "protocols/wire/artnet.h"

static bool may_answer(struct inputs *in)
{
    int64_t now = qp_clock_mono_ns();

    if (in->mute)
        return false;
    if (now - in->second_ns >= QP_NS_PER_S) {
        in->second_ns = now;
        in->answers = 0;
    }
    return in->answers++ < ANSWERS_A_SECOND;
}

static uint32_t uptime_ms(const struct inputs *in)
{
    return (uint32_t)((qp_clock_mono_ns() - in->start_ns) / 1000000);
}

void answer_frame(struct inputs *in, const struct input *nic, const struct virtual_wall *vw,
                  const uint8_t *buf, size_t len)
{
    uint8_t answer[VIRTUAL_ANSWER_MAX];
    size_t n = virtual_answer_frame(vw, nic->port, uptime_ms(in), buf, len, answer);

    if (n > 0 && may_answer(in))
        (void)send(nic->fd, answer, n, MSG_DONTWAIT);
}

/* From the address that was asked: with several of them the kernel would choose another one. */
static void send_from(int fd, const uint8_t local_ip[4], struct sockaddr_in *to, uint8_t *buf,
                      size_t len)
{
    struct in_pktinfo info = {0};
    struct cmsghdr head = {
        .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(info))] = {0};
    struct iovec iov = {.iov_base = buf, .iov_len = len};
    struct msghdr msg = {.msg_name = to,
                         .msg_namelen = sizeof(*to),
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};

    memcpy(&info.ipi_spec_dst, local_ip, 4);
    memcpy(control, &head, sizeof(head));
    memcpy(control + CMSG_LEN(0), &info, sizeof(info));
    (void)sendmsg(fd, &msg, MSG_DONTWAIT);
}

void answer_datagram(struct inputs *in, const struct input *udp, const struct virtual_wall *vw,
                     const struct udpip_datagram *datagram, const void *from,
                     const uint8_t local_ip[4])
{
    uint8_t answer[VIRTUAL_ANSWER_MAX];
    struct virtual_poll poll;
    struct sockaddr_in to;
    size_t n;

    memcpy(&to, from, sizeof(to));
    if (to.sin_family != AF_INET || !virtual_poll_begin(&poll, udp->port, datagram, local_ip))
        return;
    to.sin_port = htons(ARTNET_PORT); /* whatever port asked */
    while (may_answer(in) && (n = virtual_poll_next(vw, &poll, answer)) > 0)
        send_from(udp->fd, local_ip, &to, answer, n);
}

static void send_message(const struct input *client, const struct wallsock_msg *question,
                         const uint8_t *answer, size_t len)
{
    uint8_t buf[WALLSOCK_HEADER + VIRTUAL_ANSWER_MAX];
    struct wallsock_msg msg = {.kind = question->kind,
                               .port = question->port,
                               .time_ns = qp_clock_mono_ns(),
                               .dst_port = question->src_port,
                               .src_port = question->dst_port};

    wallsock_header(buf, &msg);
    memcpy(buf + WALLSOCK_HEADER, answer, len);
    (void)send(client->fd, buf, WALLSOCK_HEADER + len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void answer_message(struct inputs *in, const struct input *client, const struct virtual_wall *vw,
                    uint32_t port, const struct wallsock_msg *msg)
{
    static const uint8_t local_ip[4] = {127, 0, 0, 1};
    struct udpip_datagram datagram = {
        .payload = msg->data, .len = msg->len, .dst_port = msg->dst_port};
    uint8_t answer[VIRTUAL_ANSWER_MAX];
    struct virtual_poll poll;
    size_t n;

    if (msg->kind == WALLSOCK_FRAME) {
        n = virtual_answer_frame(vw, port, uptime_ms(in), msg->data, msg->len, answer);
        if (n > 0 && may_answer(in))
            send_message(client, msg, answer, n);
    } else if (virtual_poll_begin(&poll, port, &datagram, local_ip)) {
        while (may_answer(in) && (n = virtual_poll_next(vw, &poll, answer)) > 0)
            send_message(client, msg, answer, n);
    }
}
