/* SPDX-License-Identifier: Apache-2.0 */
/* input_impl.h - shared by the files of the inputs. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_INPUT_IMPL_H
#define SENDER_CARD_VIRTUAL_MAIN_INPUT_IMPL_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "protocols/wire/wallsock.h"

#define BATCH         64
#define BATCH_BYTES   WALLSOCK_MAX_MESSAGE
#define BATCH_CONTROL 128

/* Room for one recvmmsg. */
struct batch {
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_storage from[BATCH];
    _Alignas(8) uint8_t control[BATCH][BATCH_CONTROL];
    uint8_t data[BATCH][BATCH_BYTES];
};

#endif
