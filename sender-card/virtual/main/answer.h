/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - discovery: the inputs answer as the wall's cards and nodes would. The reading
 * thread's.
 *
 * Never more than ANSWERS_A_SECOND, whatever is asked: a question is shorter than its answers. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_ANSWER_H
#define SENDER_CARD_VIRTUAL_MAIN_ANSWER_H

#include <sys/socket.h>

#include "protocols/wire/wallsock.h"
#include "sender-card/virtual/main/input.h"

#define ANSWERS_A_SECOND 1000

/* A frame that came through an INPUT_NIC. */
void answer_frame(struct inputs *in, const struct input *nic, const struct virtual_wall *vw,
                  const uint8_t *buf, size_t len);

/* A datagram of an INPUT_UDP, who sent it (struct sockaddr_in), and our address it reached. */
void answer_datagram(struct inputs *in, const struct input *udp, const struct virtual_wall *vw,
                     const struct udpip_datagram *datagram, const void *from,
                     const uint8_t local_ip[4]);

/* A message of an INPUT_CLIENT that is for output `port` of ours. */
void answer_message(struct inputs *in, const struct input *client, const struct virtual_wall *vw,
                    uint32_t port, const struct wallsock_msg *msg);

#endif
