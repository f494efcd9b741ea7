/* SPDX-License-Identifier: Apache-2.0 */
/* Which link the wall file asks for, checked; the links themselves have a file each. */
#include "sender-card/link.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "protocols/base/clock.h"

static const char *const type_names[] = {"ethernet", "udp", "pcap", "local"};

/* "type" is the reader's own: it says which table is meant. */
static const char *const others[] = {"type", NULL};

static const struct qp_opt ethernet_opts[] = {
    QP_OPT_STR(struct link_config, nic, NIC_SPEC_MAX, NULL, QP_OPT_REQUIRED,
               "network interface: its name, or its permanent address \"aa:bb:cc:dd:ee:ff\""),
    {0},
};
static const struct qp_opt udp_opts[] = {
    QP_OPT_STR(struct link_config, address, 15, NULL, 0,
               "IPv4 destination; sACN without it is multicast"),
    QP_OPT_U32(struct link_config, port, 0, 65535, 0, 0, "destination port; 0: the protocol's"),
    QP_OPT_STR(struct link_config, source, 15, NULL, 0, "IPv4 address to send from"),
    QP_OPT_STR(struct link_config, nic, NIC_SPEC_MAX, NULL, 0,
               "network interface to send through, name or permanent address; its carrier is "
               "watched"),
    QP_OPT_U32(struct link_config, ttl, 1, 255, 8, 0, "hops of multicast packets"),
    {0},
};
static const struct qp_opt pcap_opts[] = {
    {.name = "file",
     .type = QP_OPT_TYPE_STR,
     .offset = offsetof(struct link_config, path),
     .max = 4095,
     .flags = QP_OPT_REQUIRED,
     .help = "capture file to write (pcapng)"},
    {0},
};
static const struct qp_opt local_opts[] = {
    {.name = "path",
     .type = QP_OPT_TYPE_STR,
     .offset = offsetof(struct link_config, path),
     .max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
     .flags = QP_OPT_REQUIRED,
     .help = "socket of a virtual wall"},
    {0},
};
static const struct qp_opt *const type_opts[] = {ethernet_opts, udp_opts, pcap_opts, local_opts};

static int check_nic(const struct link_config *config, const struct qp_node *node,
                     struct qp_report *report)
{
    struct qp_node nic = qp_node_member(node, "nic");

    if (!config->nic || nic_is_valid(config->nic))
        return 0;
    return qp_node_error(&nic, report,
                         "write the name that `ip link` shows (at most 15 characters) or the "
                         "address as aa:bb:cc:dd:ee:ff",
                         "'%s' is neither an interface name nor an Ethernet address", config->nic);
}

static int check_ip(const struct qp_node *node, const char *name, const char *text, uint32_t *ret,
                    struct qp_report *report)
{
    struct qp_node member = qp_node_member(node, name);

    if (!text || driver_ip4(text, ret) == 0)
        return 0;
    return qp_node_error(&member, report, "write it as \"192.168.1.20\"; names are not looked up",
                         "'%s' is not an IPv4 address", text);
}

static int check_medium(const struct link_config *config, const struct qp_node *node,
                        const struct driver *driver, struct qp_report *report)
{
    struct qp_node type = qp_node_member(node, "type");

    if (config->type == LINK_ETHERNET && driver->medium != DRIVER_ETHERNET)
        return qp_node_error(&type, report, "use \"udp\", \"pcap\" or \"local\"",
                             "driver %s sends UDP, not Ethernet frames", driver->name);
    if (config->type == LINK_UDP && driver->medium != DRIVER_UDP)
        return qp_node_error(&type, report, "use \"ethernet\", \"pcap\" or \"local\"",
                             "driver %s sends Ethernet frames, not UDP", driver->name);
    if (config->type == LINK_UDP && !config->address && !driver->multicast)
        return qp_node_error(node, report, "add \"address\": \"192.168.1.20\"",
                             "driver %s needs a destination", driver->name);
    return 0;
}

int link_config_read(struct link_config *ret, const struct qp_node *node,
                     const struct driver *driver, struct qp_report *report)
{
    struct qp_node type = qp_node_member(node, "type");
    unsigned which;
    int err;

    *ret = (struct link_config){0};
    if (qp_node_is_object(node, report) < 0 ||
        qp_node_enum(&type, type_names, QP_ARRAY_LEN(type_names), &which, report) < 0)
        return -EINVAL;
    ret->type = (enum link_type)which;
    err = qp_opts_read(type_opts[which], node, others, ret, report);
    if (err == 0)
        err = check_nic(ret, node, report);
    if (err == 0)
        err = check_ip(node, "address", ret->address, &ret->to_ip, report);
    if (err == 0)
        err = check_ip(node, "source", ret->source, &ret->source_ip, report);
    if (err == 0)
        err = check_medium(ret, node, driver, report);
    return err;
}

int link_config_text(struct link_config *ret, const char *text, struct qp_diag *diag)
{
    bool pcap = strncmp(text, "pcap:", 5) == 0, local = strncmp(text, "local:", 6) == 0;
    const char *path = text + (pcap ? 5 : 6);

    *ret = (struct link_config){.type = pcap ? LINK_PCAP : LINK_LOCAL};
    if ((!pcap && !local) || !*path)
        return qp_diag_set(diag, -EINVAL,
                           "link '%.100s': use as-configured, pcap:FILE or local:SOCKET", text);
    if (local && strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return qp_diag_set(diag, -EINVAL, "link '%.100s...': a socket's path has at most %zu bytes",
                           text, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    ret->path = strdup(path);
    return ret->path ? 0 : -ENOMEM;
}

void link_config_finish(struct link_config *config)
{
    free(config->nic);
    free(config->address);
    free(config->source);
    free(config->path);
    *config = (struct link_config){0};
}

int link_pool_create(struct link_pool **ret, const struct wall *wall)
{
    struct link_pool *pool = calloc(1, sizeof(*pool));

    if (!pool)
        return -ENOMEM;
    pool->wall = wall;
    *ret = pool;
    return 0;
}

void link_pool_destroy(struct link_pool *pool)
{
    if (!pool)
        return;
    link_pcap_pool_finish(pool);
    link_local_pool_finish(pool);
    free(pool);
}

int link_create(struct link **ret, const struct link_params *params, struct qp_diag *diag)
{
    static int (*const create[])(struct link **, const struct link_params *, struct qp_diag *) = {
        link_ethernet_create, link_udp_create, link_pcap_create, link_local_create};
    struct link *link;
    int err = create[params->config->type](&link, params, diag);

    if (err < 0)
        return err;
    link->driver = params->driver;
    link->output = params->output;
    link->backup = params->backup;
    link->mbps = (uint32_t)params->wall->outputs[params->output].link_mbps;
    *ret = link;
    return 0;
}

void link_close(struct link *link)
{
    if (link)
        link->ops->close(link);
}

void link_set_carrier(struct link *link, bool carrier)
{
    if (!carrier && link_has_carrier(link))
        atomic_store(&link->lost_ns, qp_clock_mono_ns());
    if (atomic_exchange(&link->carrier, carrier) != carrier && !link->nic)
        atomic_fetch_add(&link->carrier_changes, 1);
}

unsigned link_carrier_changes(const struct link *link)
{
    return link->nic ? atomic_load(&link->nic->changes) : atomic_load(&link->carrier_changes);
}

int link_trouble(const struct link *link, struct qp_diag *diag)
{
    int broken = atomic_load(&link->broken);

    if (broken == -ENOSPC)
        return qp_diag_set(diag, 0,
                           "the disk is full: the capture ends here; make room and start "
                           "again");
    if (broken)
        return qp_diag_set(diag, 0, "sending failed for good: %s", strerror(-broken));
    if (link->nic && atomic_load(&link->nic->index) == 0)
        return qp_diag_set(diag, 0, "there is no network interface %s; waiting for it",
                           link->nic->spec);
    if (link->nic && !atomic_load(&link->nic->carrier))
        return qp_diag_set(diag, 0,
                           "interface %s has no carrier; check the cable and `ip link set %s up`",
                           link->nic->spec, link->nic->by_mac ? "INTERFACE" : link->nic->spec);
    if (!link_has_carrier(link))
        return qp_diag_set(diag, 0, "nothing can be sent just now; trying again");
    return -ENOENT;
}
