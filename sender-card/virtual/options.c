/* SPDX-License-Identifier: Apache-2.0 */
/* Of a driver's options only those matter here that say where its pixels go. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/artnet.h"
#include "protocols/wire/ddp.h"
#include "protocols/wire/sacn.h"
#include "sender-card/virtual/impl.h"

#define LEDS_PER_UNIVERSE 170 /* 510 of 512 channels */
#define LOOPBACK          127

static const struct {
    const char *name;
    bool raw;
    uint16_t udp_port;
    uint32_t first_universe, max_universe;
} drivers[] = {
    [VDRIVER_COLORLIGHT] = {.name = "colorlight-5a", .raw = true},
    [VDRIVER_LINSN] = {.name = "linsn-rv9", .raw = true},
    [VDRIVER_DDP] = {.name = "ddp", .udp_port = DDP_PORT},
    [VDRIVER_ARTNET] = {.name = "artnet",
                        .udp_port = ARTNET_PORT,
                        .max_universe = ARTNET_MAX_UNIVERSE},
    [VDRIVER_SACN] = {.name = "sacn",
                      .udp_port = SACN_PORT,
                      .first_universe = 1,
                      .max_universe = SACN_MAX_UNIVERSE},
};

static void read_u32(const struct qp_node *in, const char *name, uint32_t min, uint32_t max,
                     uint32_t *ret, struct qp_report *report)
{
    struct qp_node node = qp_node_member(in, name);

    if (node.json)
        (void)qp_node_u32(&node, min, max, ret, report);
}

static bool is_multicast(const uint8_t ip[4])
{
    return ip[0] >= 224;
}

static void read_link(struct vport *p, const struct qp_node *link, struct qp_report *report)
{
    struct qp_node nic = qp_node_member(link, "nic");
    struct qp_node address = qp_node_member(link, "address");
    uint32_t port = 0;
    const char *text;

    if (nic.json && qp_node_str(&nic, sizeof(p->nic) - 1, &text, report) == 0)
        (void)strncat(p->nic, text, sizeof(p->nic) - 1);
    if (address.json && qp_node_str(&address, 255, &text, report) == 0)
        p->has_address = inet_pton(AF_INET, text, p->address) == 1 && !is_multicast(p->address);
    read_u32(link, "port", 0, 65535, &port, report);
    if (port)
        p->udp_port = (uint16_t)port;
}

/* ArtSync is broadcast unless the option or a loopback link says otherwise. */
static void read_latch_to(struct vport *p, const struct qp_node *options, struct qp_report *report)
{
    struct qp_node sync_to = qp_node_member(options, "sync_to");
    const char *text;

    if (p->has_address && (p->driver == VDRIVER_SACN || p->address[0] == LOOPBACK))
        memcpy(p->latch_to, p->address, sizeof(p->latch_to));
    if (p->driver == VDRIVER_ARTNET && sync_to.json &&
        qp_node_str(&sync_to, 15, &text, report) == 0 && inet_pton(AF_INET, text, p->latch_to) != 1)
        (void)qp_node_error(&sync_to, report, "write it as \"192.168.1.255\"",
                            "'%s' is not an IPv4 address", text);
}

static void read_driver(struct vport *p, const struct qp_node *options, struct qp_report *report)
{
    p->leds_per_universe = LEDS_PER_UNIVERSE;
    p->universe = drivers[p->driver].first_universe;
    p->ddp_id = DDP_ID_DEFAULT;
    if (!options->json)
        return;
    if (p->driver == VDRIVER_DDP)
        read_u32(options, "id", 1, 255, &p->ddp_id, report);
    if (p->driver != VDRIVER_ARTNET && p->driver != VDRIVER_SACN)
        return;
    read_u32(options, "start_universe", drivers[p->driver].first_universe,
             drivers[p->driver].max_universe, &p->universe, report);
    if (p->driver == VDRIVER_SACN)
        read_u32(options, "sync_address", 0, SACN_MAX_UNIVERSE, &p->sync_setting, report);
    read_u32(options, "pixels_per_universe", 1, LEDS_PER_UNIVERSE, &p->leds_per_universe, report);
}

static int find_driver(struct vport *p, struct qp_diag *diag)
{
    for (unsigned i = 0; i < QP_ARRAY_LEN(drivers); i++) {
        if (strcmp(p->stats.driver, drivers[i].name) != 0)
            continue;
        p->driver = (enum vdriver)i;
        p->raw = drivers[i].raw;
        p->udp_port = drivers[i].udp_port;
        return 0;
    }
    return qp_diag_set(diag, -EINVAL,
                       "outputs[%u].driver: \"%s\" is none of colorlight-5a, linsn-rv9, ddp, "
                       "artnet, sacn",
                       p->index, p->stats.driver);
}

int voptions_read(struct vport *p, struct qp_diag *diag)
{
    struct qp_report report = {0};
    struct qp_node way[2], output, link, options;
    int r = find_driver(p, diag);

    if (r < 0)
        return r;
    output = wall_output_node(p->vw->wall, p->index, way);
    link = qp_node_member(&output, "link");
    options = qp_node_member(&output, "options");
    if (link.json)
        read_link(p, &link, &report);
    read_driver(p, &options, &report);
    read_latch_to(p, &options, &report);
    r = qp_report_diag(&report, diag);
    qp_report_finish(&report);
    return r;
}
