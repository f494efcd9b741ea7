/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/together.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bit. A way is a number because it is compared for every frame; that two of some
 * thousand ways have the same one is not to be expected in the age of the universe. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): every byte is set */
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "", 1);
}

uint64_t together_way(const struct packet_plan *plan, const struct driver *driver,
                      const struct link_config *config)
{
    uint64_t hash = 0xCBF29CE484222325u;
    uint32_t to, numbers[5];

    if (plan->latch_key == 0)
        return 0;
    to = plan->packets[plan->n_packets - 1].ip;
    /* Which network a limited broadcast reaches only the routes of a real link know (way_now): a
     * capture or a virtual wall gets each output's own. */
    if (to == UINT32_MAX && config->type != LINK_UDP)
        return 0;
    numbers[0] = (uint32_t)config->type;
    numbers[1] = plan->latch_key;
    numbers[2] = to ? to : config->to_ip;
    numbers[3] = config->source_ip;
    numbers[4] = config->port ? config->port : driver->udp_port;
    hash = mix(hash, numbers, sizeof(numbers));
    hash = mix_text(mix_text(mix_text(hash, driver->name), config->nic), config->path);
    return hash | 1; /* never 0 */
}

/* Broadcasts may leave by an interface that the routes choose. */
static uint64_t way_now(const struct port *port, const struct link *link)
{
    uint64_t way = port->ways[link == port->links[1]];

    if (way == 0 || !link->ops->egress)
        return way;
    return way + 2 * (uint64_t)link->ops->egress(link);
}

static bool share_way(const struct port *a, const struct port *b)
{
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 2; k++)
            if (a->ways[i] && a->ways[i] == b->ways[k])
                return true;
    return false;
}

static size_t root_of(const size_t *group, size_t i)
{
    while (group[i] != i)
        i = group[i];
    return i;
}

static int add_mate(struct port *port, const struct port *mate)
{
    const struct port **mates =
        reallocarray(port->mates, port->n_mates + 1, sizeof(const struct port *));

    if (!mates)
        return -ENOMEM;
    port->mates = mates;
    port->mates[port->n_mates++] = mate;
    return 0;
}

int together_group(struct port *ports, size_t n, size_t *ret_group)
{
    for (size_t i = 0; i < n; i++) {
        ret_group[i] = i;
        for (size_t k = 0; k < i && (ports[i].ways[0] || ports[i].ways[1]); k++) {
            size_t a = root_of(ret_group, i), b = root_of(ret_group, k);

            if (!share_way(&ports[i], &ports[k]))
                continue;
            if (add_mate(&ports[i], &ports[k]) < 0 || add_mate(&ports[k], &ports[i]) < 0)
                return -ENOMEM;
            ret_group[a > b ? a : b] = a > b ? b : a;
        }
    }
    for (size_t i = 0; i < n; i++)
        ret_group[i] = root_of(ret_group, i);
    return 0;
}

static const struct track *track_on(const struct port *port, uint64_t way)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(port->tracks); i++)
        if (port->tracks[i].link && way_now(port, port->tracks[i].link) == way)
            return &port->tracks[i];
    return NULL;
}

/* What one other output has to say. TOGETHER_SEND: nothing against it. */
static enum together_turn ask(const struct port *port, const struct port *mate, uint64_t way,
                              int64_t *ret_ns)
{
    const struct track *track;

    for (size_t i = 0; i < QP_ARRAY_LEN(mate->notes); i++) {
        const struct port_note *note = &mate->notes[i];

        if (note->way != way || note->taken != port->taken)
            continue;
        *ret_ns = note->latched_ns;
        return note->latched_ns ? TOGETHER_SENT : TOGETHER_SPOILED;
    }
    if (mate->taken != port->taken) /* a frame behind, or through with this one */
        return (int)(mate->taken - port->taken) < 0 ? TOGETHER_WAIT : TOGETHER_SEND;
    if (!mate->busy)
        return TOGETHER_WAIT; /* it begins in a moment */
    track = track_on(mate, way);
    if (!track || track->done)
        return TOGETHER_SEND;
    /* Of those that are ready the last one sends: always the same, as long as its link carries. */
    if (track->next < mate->plan.n_packets - mate->plan.n_latch || mate->output > port->output)
        return TOGETHER_WAIT;
    return TOGETHER_SEND;
}

enum together_turn together_turn(const struct port *port, const struct track *track,
                                 int64_t *ret_ns)
{
    enum together_turn turn = TOGETHER_SEND;
    uint64_t way = way_now(port, track->link);

    if (way == 0)
        return TOGETHER_SEND;
    for (size_t i = 0; i < port->n_mates; i++) {
        enum together_turn one = ask(port, port->mates[i], way, ret_ns);

        if (one == TOGETHER_SENT || one == TOGETHER_SPOILED)
            return one;
        turn = one == TOGETHER_WAIT ? one : turn;
    }
    return turn;
}

void together_note(struct port *port, const struct track *track)
{
    uint64_t way = way_now(port, track->link);
    struct port_note *note = &port->notes[port->n_notes % QP_ARRAY_LEN(port->notes)];

    if (way == 0 || (track->next == port->window.first && !track->latched_ns))
        return;
    *note = (struct port_note){.way = way, .taken = port->taken, .latched_ns = track->latched_ns};
    port->n_notes++;
}
