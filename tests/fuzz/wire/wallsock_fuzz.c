/* SPDX-License-Identifier: Apache-2.0 */
/* Decode any message; its header, laid out again, has the same bytes, and every name of a hello
 * lies inside. */
#include "protocols/wire/wallsock.h"

#include "tests/fuzz/wire/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buf[WALLSOCK_HEADER];
    struct wallsock_hello hello;
    struct wallsock_msg msg;

    if (wallsock_decode(data, size, &msg) != 0)
        return 0;
    check_inside(msg.data, msg.len, data, size);
    wallsock_header(buf, &msg);
    CHECK(memcmp(buf, data, msg.kind == WALLSOCK_UDP ? WALLSOCK_HEADER : 16) == 0);
    if (wallsock_decode_hello(&msg, &hello) != 0)
        return 0;
    for (unsigned i = 0; i < hello.n && i < 64; i++) {
        size_t len;
        const char *name = wallsock_hello_name(&hello, (uint16_t)i, &len);

        check_inside((const uint8_t *)name, len, data, size);
    }
    return 0;
}
