/* SPDX-License-Identifier: Apache-2.0 */
/* MSD600 and MCTRL6xx talk at 1 048 576 baud, which has no Bxxx constant: the speed goes in as a
 * number through termios2. glibc's <termios.h> does not know that structure and cannot be included
 * beside the kernel's. */
#include <asm/termbits.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sender-card/novastar_port.h"

/* 8 data bits, no parity, one stop bit, no flow control, no translation. */
static int set_raw(int fd, uint32_t baud)
{
    struct termios2 tio;

    if (ioctl(fd, TCGETS2, &tio) != 0)
        return -errno;
    tio.c_iflag = 0;
    tio.c_oflag = 0;
    tio.c_lflag = 0;
    tio.c_cflag &= ~(tcflag_t)(CBAUD | CSIZE | CSTOPB | PARENB | CRTSCTS | (CBAUD << IBSHIFT));
    tio.c_cflag |= BOTHER | (BOTHER << IBSHIFT) | CS8 | CREAD | CLOCAL;
    tio.c_ispeed = baud;
    tio.c_ospeed = baud;
    tio.c_cc[VMIN] = 1;
    tio.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &tio) != 0 ? -errno : 0;
}

int novastar_serial_open(const char *path, uint32_t baud, struct qp_diag *diag)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err;

    if (fd < 0) {
        err = -errno;
        return qp_diag_set(diag, err, "%s: %s%s", path, strerror(-err),
                           err == -EACCES ? "; add this user to the group dialout" : "");
    }
    err = set_raw(fd, baud);
    if (err == 0) {
        (void)ioctl(fd, TIOCEXCL); /* a second program on the line would mix the answers up */
        return fd;
    }
    close(fd);
    return qp_diag_set(diag, err,
                       err == -ENOTTY ? "%s is no serial port"
                                      : "%s does not take %u baud, 8N1 (see --baud)",
                       path, baud);
}
