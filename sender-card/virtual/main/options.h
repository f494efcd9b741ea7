/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the command line of qp-wall. */
#ifndef SENDER_CARD_VIRTUAL_MAIN_OPTIONS_H
#define SENDER_CARD_VIRTUAL_MAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define OPTIONS_MAX_LISTEN 256

enum wall_look { LOOK_RAW, LOOK_LIGHT, LOOK_LED, LOOK_LINEAR };

struct wall_options {
    const char *wall;
    const char *pcap; /* one of these two */
    const char *listen[OPTIONS_MAX_LISTEN];
    unsigned n_listen;
    const char *port; /* output that packets without a name belong to */
    uint64_t frame;   /* 0: the last one */
    const char *png;
    const char *save; /* folder */
    uint64_t frames;  /* 0: no end */
    double seconds;   /* 0: no end */
    enum wall_look look;
    uint32_t zoom; /* of the LED look */
    char http_address[16];
    uint16_t http_port;
    bool http, json, mute, help, version;
};

/* All strings are borrowed from argv. What the command line alone tells is checked: the form of
 * every --listen, too. Returns 0 or -EINVAL with a sentence. */
QP_MUST_CHECK int options_parse(struct wall_options *ret, int argc, char **argv,
                                struct qp_diag *diag);
extern const char options_help[];

#endif
