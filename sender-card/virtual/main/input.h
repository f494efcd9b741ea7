/* SPDX-License-Identifier: Apache-2.0 */
/* input.h - where packets come from: interfaces, UDP, players' sockets, captures.
 *
 * All in one thread. Times are those of arrival, CLOCK_REALTIME; of captures, those of the file. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_INPUT_H
#define SENDER_CARD_VIRTUAL_MAIN_INPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "sender-card/virtual/virtual.h"

#define INPUT_MAX_CLIENTS 64   /* players on local sockets at a time */
#define INPUT_MAX         1024 /* sockets in all */

enum input_kind { INPUT_NIC, INPUT_UDP, INPUT_LISTENER, INPUT_CLIENT };

struct input {
    enum input_kind kind;
    int fd;
    uint32_t port;     /* output of all its packets, or VIRTUAL_ANY_PORT */
    uint16_t udp_port; /* INPUT_UDP: where it is bound */
    char path[108];    /* INPUT_LISTENER: to be removed */
    uint32_t *ports;   /* INPUT_CLIENT: owned; the player's outputs -> ours */
    uint32_t n_ports;
};

struct inputs {
    struct input *items;  /* INPUT_MAX */
    struct pollfd *polls; /* INPUT_MAX + 1: the last is the caller's */
    unsigned n, n_clients;
    struct batch *batch;
    /* capture */
    int pcap_fd; /* -1: none */
    struct pcap_reader *reader;
    uint8_t *buf; /* 2 * PCAP_MAX_BLOCK */
    size_t len, used;
    bool at_end;
    uint32_t port; /* for captures whose interfaces have no name of ours */
    /* discovery */
    bool mute;         /* answer nothing */
    int64_t start_ns;  /* when the cards were switched on */
    int64_t second_ns; /* when the present second of answers began */
    unsigned answers;  /* in it */
};

/* An empty set; then open. inputs_finish closes everything. */
QP_MUST_CHECK int inputs_init(struct inputs *in, struct qp_diag *diag);
void inputs_finish(struct inputs *in);

/* spec as --listen has it, checked by options_parse. Returns 0; -EPERM (no CAP_NET_RAW), -ENODEV,
 * -EADDRINUSE ... each with a sentence and a remedy. */
QP_MUST_CHECK int inputs_listen(struct inputs *in, const struct virtual_wall *vw,
                                const struct wall *wall, const char *spec, uint32_t port,
                                struct qp_diag *diag);
QP_MUST_CHECK int inputs_open_pcap(struct inputs *in, const char *file, uint32_t port,
                                   struct qp_diag *diag);

/* Wait for packets, or until wake_fd is readable; then read what there is with inputs_read. Returns
 * the number of inputs that have something (0: woken). */
int inputs_wait(struct inputs *in, int wake_fd);
void inputs_read(struct inputs *in, struct virtual_wall *vw);

/* The next packet of the capture: 1; 0 at its end; -EINVAL with a sentence where it is damaged
 * (what came before is valid). A capture cut in mid-packet ends there and is counted. */
QP_MUST_CHECK int inputs_pcap_next(struct inputs *in, struct virtual_wall *vw,
                                   struct pcap_packet *ret, struct qp_diag *diag);
/* Feed a packet of inputs_pcap_next. */
void inputs_pcap_feed(struct inputs *in, struct virtual_wall *vw, const struct pcap_packet *packet);

#endif
