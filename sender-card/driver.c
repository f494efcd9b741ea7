/* SPDX-License-Identifier: Apache-2.0 */
/* The table of drivers, and what they share. */
#include "sender-card/driver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/parse.h"

static const struct driver *const drivers[] = {
    &driver_colorlight, &driver_linsn, &driver_ddp, &driver_artnet, &driver_sacn,
};

const struct driver *driver_find(const char *name)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(drivers); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

const struct driver *driver_at(size_t i)
{
    return i < QP_ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const char *driver_names(char *buf, size_t cap)
{
    size_t at = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < QP_ARRAY_LEN(drivers) && at < cap; i++)
        at += (size_t)snprintf(buf + at, cap - at, "%s%s", i ? ", " : "", drivers[i]->name);
    return buf;
}

int driver_create(struct driver_object **ret, const struct driver *driver,
                  const struct driver_params *params, const struct qp_node *options,
                  struct qp_report *report)
{
    struct driver_object *object = calloc(1, driver->size);
    int err;

    if (!object)
        return -ENOMEM;
    object->driver = driver;
    err = qp_opts_read(driver->opts, options, NULL, object, report);
    if (err == 0)
        err = driver->check(object, params, options, report);
    if (err < 0) {
        driver_destroy(object);
        return err;
    }
    *ret = object;
    return 0;
}

void driver_destroy(struct driver_object *object)
{
    if (!object)
        return;
    qp_opts_finish(object->driver->opts, object);
    free(object);
}

int driver_mac(const struct qp_node *options, const char *name, const char *text, uint8_t ret[6],
               struct qp_report *report)
{
    struct qp_node node;

    if (!text || qp_parse_mac(text, ret) == 0)
        return 0;
    node = qp_node_member(options, name);
    return qp_node_error(&node, report, "write it as \"02:51:50:00:00:01\"",
                         "'%s' is not an Ethernet address", text);
}

int driver_universes(struct universes *universes, const struct driver_params *params, uint32_t last,
                     const struct qp_node *options, struct qp_report *report)
{
    struct qp_node start = qp_node_member(options, "start_universe");
    uint64_t cells = wall_port_cells(params->wall, params->output, WALL_LINEAR);
    uint64_t n = (cells + universes->leds - 1) / universes->leds;

    if (universes->first + n > last + 1u)
        return qp_node_error(&start, report, "begin lower, or spread the LEDs over more outputs",
                             "%llu universes from %u on go beyond %u", (unsigned long long)n,
                             universes->first, last);
    universes->cells = cells;
    universes->n = (uint32_t)n;
    return 0;
}

uint32_t driver_universe_leds(const struct universes *universes, uint32_t i)
{
    uint64_t left = universes->cells - (uint64_t)i * universes->leds;

    return left < universes->leds ? (uint32_t)left : universes->leds;
}

int driver_ip4(const char *text, uint32_t *ret)
{
    struct in_addr addr;

    if (inet_pton(AF_INET, text, &addr) != 1)
        return -EINVAL;
    *ret = ntohl(addr.s_addr);
    return 0;
}
