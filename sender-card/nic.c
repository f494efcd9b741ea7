/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7) tells of every change and dumps the state on request; each message about a link is
 * complete, so both are handled alike: a message is matched with every watched interface. */
#include "sender-card/nic.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/base/parse.h"

#define LINK_LOWER_UP                                                                              \
    0x10000u /* IFF_LOWER_UP; <linux/if.h> cannot be included beside <net/if.h>                    \
              */

bool nic_is_valid(const char *spec)
{
    uint8_t mac[6];
    size_t len = strlen(spec);

    if (qp_parse_mac(spec, mac) == 0)
        return true;
    /* dev_valid_name() of the kernel */
    return len > 0 && len < IFNAMSIZ && strcmp(spec, ".") != 0 && strcmp(spec, "..") != 0 &&
           strpbrk(spec, "/: \t\n\v\f\r") == NULL;
}

void nic_init(struct nic *nic, const char *spec)
{
    memset(nic, 0, sizeof(*nic));
    (void)strncpy(nic->spec, spec, NIC_SPEC_MAX);
    nic->by_mac = qp_parse_mac(spec, nic->mac) == 0;
}

int nic_watch_open(struct nic_watch *watch, struct nic **nics, size_t n, struct qp_diag *diag)
{
    struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int err;

    *watch = (struct nic_watch){.netlink = -1, .ioctl_socket = -1, .nics = nics, .n = n};
    watch->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    watch->ioctl_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (watch->netlink < 0 || watch->ioctl_socket < 0 ||
        bind(watch->netlink, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        err = -errno;
        nic_watch_close(watch);
        return qp_diag_set(diag, err, "cannot watch the network interfaces: %s", strerror(-err));
    }
    return 0;
}

void nic_watch_close(struct nic_watch *watch)
{
    if (watch->netlink >= 0)
        (void)close(watch->netlink);
    if (watch->ioctl_socket >= 0)
        (void)close(watch->ioctl_socket);
    watch->netlink = watch->ioctl_socket = -1;
}

/* One RTM_NEWLINK or RTM_DELLINK, taken apart. */
struct link_news {
    int index;
    bool gone, carrier;
    char name[IFNAMSIZ];
    uint8_t mac[6], permanent[6];
    bool has_mac, has_permanent;
    unsigned mtu;
    struct rtnl_link_stats64 stats;
    bool has_stats;
};

/* RTA_DATA() casts const away. */
static const void *attribute_data(const struct rtattr *attr)
{
    return (const uint8_t *)attr + RTA_LENGTH(0);
}

static void copy_mac(const struct rtattr *attr, uint8_t mac[6], bool *has)
{
    if (RTA_PAYLOAD(attr) != 6)
        return;
    memcpy(mac, attribute_data(attr), 6);
    *has = true;
}

static void take_attribute(struct link_news *news, const struct rtattr *attr)
{
    size_t len = RTA_PAYLOAD(attr);

    switch (attr->rta_type) {
    case IFLA_IFNAME:
        memcpy(news->name, attribute_data(attr), len < IFNAMSIZ ? len : IFNAMSIZ - 1);
        break;
    case IFLA_ADDRESS:
        copy_mac(attr, news->mac, &news->has_mac);
        break;
    case IFLA_PERM_ADDRESS:
        copy_mac(attr, news->permanent, &news->has_permanent);
        break;
    case IFLA_MTU:
        if (len == sizeof(news->mtu))
            memcpy(&news->mtu, attribute_data(attr), len);
        break;
    case IFLA_STATS64: /* longer in later kernels */
        news->has_stats = len >= offsetof(struct rtnl_link_stats64, rx_compressed);
        memcpy(&news->stats, attribute_data(attr),
               len < sizeof(news->stats) ? len : sizeof(news->stats));
        break;
    default:
        break;
    }
}

static bool parse_link(const struct nlmsghdr *msg, struct link_news *ret)
{
    const uint8_t *bytes = (const uint8_t *)msg;
    const struct ifinfomsg *info = (const void *)(bytes + NLMSG_HDRLEN);
    size_t at = NLMSG_LENGTH(sizeof(*info));

    if (msg->nlmsg_len < at || (msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK))
        return false;
    memset(ret, 0, sizeof(*ret));
    ret->index = info->ifi_index;
    ret->gone = msg->nlmsg_type == RTM_DELLINK;
    /* RUNNING comes a moment behind LOWER_UP, when the queue is switched on; what is sent in
     * between is dropped without a word. */
    ret->carrier = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING) &&
                   (info->ifi_flags & LINK_LOWER_UP);
    while (at + sizeof(struct rtattr) <= msg->nlmsg_len) {
        const struct rtattr *attr = (const void *)(bytes + at);

        if (attr->rta_len < sizeof(*attr) || attr->rta_len > msg->nlmsg_len - at)
            break;
        take_attribute(ret, attr);
        at += RTA_ALIGN(attr->rta_len);
    }
    return true;
}

/* By address: the permanent one where the driver knows it, as bonds and bridges change the other.
 */
static bool is_ours(const struct nic *nic, const struct link_news *news)
{
    if (!nic->by_mac)
        return strcmp(news->name, nic->spec) == 0;
    if (news->has_permanent)
        return memcmp(news->permanent, nic->mac, 6) == 0;
    return news->has_mac && memcmp(news->mac, nic->mac, 6) == 0;
}

/* Bonds, bridges and VLANs bear the address of an interface below them: what was found is kept
 * while it is there, unless this one has the address for good. */
static bool is_taken(const struct nic *nic, const struct link_news *news)
{
    unsigned index = (unsigned)atomic_load(&nic->index);
    char name[IF_NAMESIZE];

    if (!nic->by_mac || index == 0 || (news->has_permanent && !nic->permanent))
        return false;
    return if_indextoname(index, name) != NULL;
}

static bool set_carrier(struct nic *nic, bool carrier)
{
    if (atomic_exchange(&nic->carrier, carrier) == carrier)
        return false;
    atomic_fetch_add(&nic->changes, 1);
    return true;
}

/* Returns whether index or carrier changed. */
static bool apply(struct nic *nic, const struct link_news *news)
{
    bool bound = atomic_load(&nic->index) == news->index, changed = false;

    if (bound && (news->gone || !is_ours(nic, news))) { /* removed, or renamed away */
        atomic_store(&nic->index, 0);
        atomic_store(&nic->speed_mbps, 0);
        (void)set_carrier(nic, false);
        return true;
    }
    if (news->gone || !is_ours(nic, news))
        return false;
    if (!bound && is_taken(nic, news))
        return false;
    if (!bound) {
        atomic_store(&nic->index, news->index);
        changed = true;
    }
    nic->permanent = news->has_permanent;
    memcpy(nic->name, news->name, sizeof(nic->name));
    atomic_store(&nic->mtu, news->mtu);
    if (news->has_stats) {
        atomic_store(&nic->tx_errors, news->stats.tx_errors);
        atomic_store(&nic->tx_dropped, news->stats.tx_dropped);
        atomic_store(&nic->tx_carrier_errors, news->stats.tx_carrier_errors);
    }
    return set_carrier(nic, news->carrier) || changed;
}

/* A dump lists what is there, not what has gone: a lost RTM_DELLINK would never be noticed. */
static void notice_gone(struct nic *nic)
{
    unsigned index = (unsigned)atomic_load(&nic->index);
    char name[IF_NAMESIZE];

    if (index == 0 || if_indextoname(index, name) || errno != ENXIO)
        return;
    atomic_store(&nic->index, 0);
    atomic_store(&nic->speed_mbps, 0);
    (void)set_carrier(nic, false);
}

static bool take_messages(struct nic_watch *watch, const uint8_t *buf, size_t len)
{
    bool changed = false;
    size_t at = 0;

    while (at + sizeof(struct nlmsghdr) <= len) {
        const struct nlmsghdr *msg = (const void *)(buf + at);
        struct link_news news;

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at)
            break;
        at += NLMSG_ALIGN(msg->nlmsg_len);
        if (!parse_link(msg, &news))
            continue;
        for (size_t i = 0; i < watch->n; i++)
            changed |= apply(watch->nics[i], &news);
    }
    return changed;
}

bool nic_watch_read(struct nic_watch *watch)
{
    /* A dump is cut into pieces of the size of the reader's buffer, 32 KiB being the most. */
    union {
        struct nlmsghdr align;
        uint8_t bytes[32768];
    } buf;
    bool changed = false;

    for (;;) {
        ssize_t len = recv(watch->netlink, buf.bytes, sizeof(buf.bytes), MSG_DONTWAIT);

        if (len < 0 && errno == ENOBUFS) { /* events were lost: ask for the whole state */
            nic_watch_refresh(watch);
            continue;
        }
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return changed;
        changed |= take_messages(watch, buf.bytes, (size_t)len);
    }
}

static bool ethtool(const struct nic_watch *watch, const char *name, void *request)
{
    struct ifreq ifr = {0};

    (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    ifr.ifr_data = request;
    return ioctl(watch->ioctl_socket, SIOCETHTOOL, &ifr) == 0;
}

static void ask_driver(const struct nic_watch *watch, struct nic *nic)
{
    struct ethtool_cmd settings = {.cmd = ETHTOOL_GSET};
    struct ethtool_eee eee = {.cmd = ETHTOOL_GEEE};
    struct ethtool_pauseparam pause = {.cmd = ETHTOOL_GPAUSEPARAM};
    uint32_t speed = 0;
    int duplex = NIC_UNKNOWN;

    if (ethtool(watch, nic->name, &settings)) {
        /* ethtool_cmd_speed() shifts "unknown" out of an int. */
        speed = (uint32_t)settings.speed_hi << 16 | settings.speed;
        duplex = settings.duplex == DUPLEX_FULL   ? NIC_ON
                 : settings.duplex == DUPLEX_HALF ? NIC_OFF
                                                  : NIC_UNKNOWN;
    }
    atomic_store(&nic->speed_mbps, speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed);
    atomic_store(&nic->full_duplex, duplex);
    atomic_store(&nic->eee, !ethtool(watch, nic->name, &eee) ? NIC_UNKNOWN
                            : eee.eee_enabled                ? NIC_ON
                                                             : NIC_OFF);
    atomic_store(&nic->pause, !ethtool(watch, nic->name, &pause) ? NIC_UNKNOWN
                              : pause.tx_pause || pause.rx_pause ? NIC_ON
                                                                 : NIC_OFF);
}

void nic_watch_refresh(struct nic_watch *watch)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
    } ask = {
        .head = {.nlmsg_len = sizeof(ask),
                 .nlmsg_type = RTM_GETLINK,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .info = {.ifi_family = AF_UNSPEC},
    };

    for (size_t i = 0; i < watch->n; i++)
        notice_gone(watch->nics[i]);
    /* Fails only while an earlier dump is still being read, which tells the same. */
    (void)send(watch->netlink, &ask, sizeof(ask), MSG_DONTWAIT);
    for (size_t i = 0; i < watch->n; i++)
        if (atomic_load(&watch->nics[i]->index) != 0)
            ask_driver(watch, watch->nics[i]);
}
