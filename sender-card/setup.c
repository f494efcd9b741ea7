/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/setup.h"

#include <stdlib.h>
#include <string.h>

static int find_driver(struct setup *setup, const struct wall_output *output,
                       const struct qp_node *node, struct qp_report *report)
{
    struct qp_node driver = qp_node_member(node, "driver");
    char names[128];

    setup->driver = driver_find(output->driver);
    if (setup->driver)
        return 0;
    return qp_node_error(&driver, report, "choose a driver that exists",
                         "there is no driver '%s'; the drivers are %s", output->driver,
                         driver_names(names, sizeof(names)));
}

static int check_port(const struct setup *setup, const struct setup_params *params,
                      const struct qp_node *node, struct qp_report *report)
{
    const struct wall *wall = params->wall;
    const struct wall_output *output = &wall->outputs[params->output];

    if (wall_port_cells(wall, params->output, setup->driver->addressing) == 0)
        return qp_node_error(node, report, "give it cabinets, or remove it",
                             "the output has no LEDs");
    for (uint32_t i = 0; i < output->n_chain; i++) {
        const struct wall_cabinet *cabinet = &wall->cabinets[output->chain[i]];

        if (wall->types[cabinet->type].bits > 8)
            return qp_node_error(node, report, "set \"bits\": 8 in the type",
                                 "driver %s carries 8 bits a colour, cabinet %s has %u",
                                 setup->driver->name, cabinet->id, wall->types[cabinet->type].bits);
    }
    if (wall->processing.dimmer == WALL_DIMMER_CARD && !setup->driver->dims)
        return qp_node_error(node, report, "set \"dimmer\": \"chain\" in processing",
                             "driver %s cannot dim its cards", setup->driver->name);
    return 0;
}

/* A capture or a virtual wall instead of the wall's own link. The addresses of that link are kept,
 * so that a capture shows what would have been on the wire. */
static int override_link(struct setup *setup, const char *text, const struct qp_node *link,
                         struct qp_report *report)
{
    struct link_config other, *own = &setup->links[0];
    struct qp_diag diag = {{0}};
    int err;

    if (link->json && link_config_read(own, link, setup->driver, NULL) < 0)
        link_config_finish(own);
    err = link_config_text(&other, text, &diag);
    if (err == -EINVAL)
        err = qp_report_add(report, QP_SEVERITY_ERROR, "", NULL, "%s", diag.text);
    if (err < 0)
        return err;
    own->type = other.type;
    free(own->path);
    own->path = other.path;
    return 0;
}

static int read_links(struct setup *setup, const struct setup_params *params,
                      const struct qp_node *node, struct qp_report *report)
{
    struct qp_node link = qp_node_member(node, "link"), backup = qp_node_member(node, "backup");
    int err;

    if (params->link && strcmp(params->link, "as-configured") != 0)
        return override_link(setup, params->link, &link, report);
    if (!link.json)
        return qp_node_error(node, report, "add \"link\": {\"type\": \"ethernet\", \"nic\": ...}",
                             "the output has no link");
    err = link_config_read(&setup->links[0], &link, setup->driver, report);
    if (err < 0 || !backup.json)
        return err;
    setup->has_backup = true;
    return link_config_read(&setup->links[1], &backup, setup->driver, report);
}

/* Wire bytes of all packets, 9.3 of the processing reference: payload, the protocol's own headers,
 * and what Ethernet adds. */
static void measure(struct setup *setup, const struct wall *wall, uint32_t output)
{
    struct sender_load *load = &setup->load;
    double rate = qp_rational_f64(wall->rate);
    double gap_share = (double)setup->object->gap_ns / 1e9 * rate;

    load->pixels = wall_port_cells(wall, output, setup->driver->addressing);
    load->packets = setup->plan.n_packets;
    load->wire_bytes = 0;
    for (size_t i = 0; i < setup->plan.n_packets; i++)
        load->wire_bytes += packet_wire_bytes(setup->driver->medium, setup->plan.packets[i].len);
    load->mbps = (double)load->wire_bytes * 8 * rate / 1e6;
    load->capacity_mbps =
        SETUP_USABLE * wall->outputs[output].link_mbps * (gap_share < 1 ? 1 - gap_share : 0);
    load->share = load->capacity_mbps > 0 ? load->mbps / load->capacity_mbps : 1e9;
}

static int check_load(const struct setup *setup, const struct wall *wall, uint32_t output,
                      const struct qp_node *node, struct qp_report *report)
{
    const struct sender_load *load = &setup->load;

    if (load->share <= 1)
        return 0;
    return qp_node_error(node, report,
                         "move cabinets to another output, lower the refresh rate, or shorten the "
                         "latch gap",
                         "%llu pixels at %.4g Hz are %.1f Mbit/s, the link carries %.1f of its "
                         "%.6g Mbit/s",
                         (unsigned long long)load->pixels, qp_rational_f64(wall->rate), load->mbps,
                         load->capacity_mbps, wall->outputs[output].link_mbps);
}

int setup_read(struct setup *ret, const struct setup_params *params, struct qp_report *report)
{
    const struct wall *wall = params->wall;
    const struct wall_output *output = &wall->outputs[params->output];
    struct qp_node chain[2];
    struct qp_node node = wall_output_node(wall, params->output, chain);
    struct qp_node options = qp_node_member(&node, "options");
    struct driver_params driver = {.wall = wall, .output = params->output, .state = params->state};
    int err;

    *ret = (struct setup){0};
    err = find_driver(ret, output, &node, report);
    if (err == 0)
        err = check_port(ret, params, &node, report);
    if (err == 0)
        err = read_links(ret, params, &node, report);
    driver.to_ip = ret->links[0].to_ip;
    if (err == 0)
        err = driver_create(&ret->object, ret->driver, &driver, &options, report);
    if (err == 0)
        err = ret->driver->layout(ret->object, &ret->plan);
    if (err < 0)
        return err;
    measure(ret, wall, params->output);
    return check_load(ret, wall, params->output, &node, report);
}

void setup_finish(struct setup *setup)
{
    link_config_finish(&setup->links[0]);
    link_config_finish(&setup->links[1]);
    packet_plan_finish(&setup->plan);
    driver_destroy(setup->object);
    *setup = (struct setup){0};
}

/* Every interface that carries raw frames belongs to one link alone: the cards on it take every row
 * that comes. */
static int check_shared_nics(const struct wall *wall, uint32_t i, const char *member,
                             const char **seen, size_t *n_seen, struct qp_report *report)
{
    struct qp_node chain[2];
    struct qp_node output = wall_output_node(wall, i, chain);
    struct qp_node link = qp_node_member(&output, member);
    struct qp_node type = qp_node_member(&link, "type"), nic = qp_node_member(&link, "nic");

    if (!cJSON_IsString(type.json) || !cJSON_IsString(nic.json) ||
        strcmp(type.json->valuestring, "ethernet") != 0)
        return 0;
    for (size_t k = 0; k < *n_seen; k++)
        if (strcmp(seen[k], nic.json->valuestring) == 0)
            return qp_node_error(&nic, report, "give every link an interface of its own",
                                 "interface %s is used by another link already",
                                 nic.json->valuestring);
    seen[(*n_seen)++] = nic.json->valuestring;
    return 0;
}

static int check_nics(const struct wall *wall, struct qp_report *report)
{
    const char **seen = calloc(2 * (size_t)wall->n_outputs + 1, sizeof(*seen));
    size_t n_seen = 0;
    int err = 0;

    if (!seen)
        return -ENOMEM;
    for (uint32_t i = 0; i < wall->n_outputs; i++) {
        if (check_shared_nics(wall, i, "link", seen, &n_seen, report) < 0 ||
            check_shared_nics(wall, i, "backup", seen, &n_seen, report) < 0)
            err = -EINVAL;
    }
    free(seen);
    return err;
}

int sender_check(const struct wall *wall, struct sender_load *loads, struct qp_report *report)
{
    int err = check_nics(wall, report);

    for (uint32_t i = 0; i < wall->n_outputs && err != -ENOMEM; i++) {
        struct setup_params params = {.wall = wall, .output = i};
        struct setup setup;
        int one = setup_read(&setup, &params, report);

        if (loads)
            loads[i] = setup.load;
        setup_finish(&setup);
        if (one < 0)
            err = one;
    }
    return err;
}
