/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sender-card/virtual/main/input.h"

#define BUFFER (2 * (size_t)PCAP_MAX_BLOCK)

int inputs_open_pcap(struct inputs *in, const char *file, uint32_t port, struct qp_diag *diag)
{
    int r;

    in->port = port;
    in->pcap_fd = strcmp(file, "-") == 0 ? 0 : open(file, O_RDONLY | O_CLOEXEC);
    if (in->pcap_fd < 0)
        return qp_diag_set(diag, -errno, "%s: %s", file, strerror(errno));
    in->buf = malloc(BUFFER);
    r = in->buf ? pcap_reader_create(&in->reader) : -ENOMEM;
    return r < 0 ? qp_diag_set(diag, r, "no memory to read %s", file) : 0;
}

/* Move what is left to the front and read behind it. */
static int refill(struct inputs *in, struct qp_diag *diag)
{
    ssize_t n;

    memmove(in->buf, in->buf + in->used, in->len - in->used);
    in->len -= in->used;
    in->used = 0;
    do {
        n = read(in->pcap_fd, in->buf + in->len, BUFFER - in->len);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return qp_diag_set(diag, -errno, "cannot read the capture: %s", strerror(errno));
    in->at_end = n == 0;
    in->len += (size_t)n;
    return 0;
}

int inputs_pcap_next(struct inputs *in, struct virtual_wall *vw, struct pcap_packet *ret,
                     struct qp_diag *diag)
{
    for (;;) {
        size_t used = 0;
        int r =
            pcap_reader_next(in->reader, in->buf + in->used, in->len - in->used, &used, ret, diag);

        in->used += used;
        if (r != 0)
            return r;
        if (in->at_end) {
            if (in->used < in->len)
                virtual_count_bad(vw, VIRTUAL_ANY_PORT, "capture cut in the middle of a packet");
            return 0;
        }
        r = refill(in, diag);
        if (r < 0)
            return r;
    }
}

void inputs_pcap_feed(struct inputs *in, struct virtual_wall *vw, const struct pcap_packet *packet)
{
    uint32_t port = packet->name[0] ? virtual_find_port(vw, packet->name, strlen(packet->name))
                                    : VIRTUAL_ANY_PORT;

    if (port == VIRTUAL_ANY_PORT && packet->name[0])
        port = virtual_find_nic(vw, packet->name);
    if (port == VIRTUAL_ANY_PORT)
        port = in->port;
    if (packet->len < packet->wire_len)
        virtual_count_bad(vw, port, "packet cut by the capture's snap length");
    virtual_feed_packet(vw, port, packet->linktype, (int64_t)packet->time_ns, packet->data,
                        packet->len);
}
