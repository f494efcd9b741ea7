/* SPDX-License-Identifier: Apache-2.0 */
/* The answers are collected in one JSON tree; the text for people is written from the same tree, so
 * that both always say the same. */
#include "controller/cli/novastar_status.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/base/bytes.h"

#define USUAL_PORTS 4

struct collector {
    struct novastar_client *client;
    cJSON *cards; /* of the port under way; borrowed from the tree */
    struct qp_diag *diag;
    bool no_memory; /* a value could not be added */
};

static void add(struct collector *c, cJSON *object, const char *name, cJSON *value)
{
    if (!value || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        c->no_memory = true;
    }
}

static void add_number(struct collector *c, cJSON *object, const char *name, double value)
{
    add(c, object, name, cJSON_CreateNumber(value));
}

static void add_level(struct collector *c, cJSON *object, const char *name,
                      const struct novastar_level *level)
{
    if (level->valid)
        add_number(c, object, name, level->value);
}

static void add_levels(struct collector *c, cJSON *object, const char *name,
                       const struct novastar_level *levels, size_t n)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < n && array; i++) {
        cJSON *v = levels[i].valid ? cJSON_CreateNumber(levels[i].value) : cJSON_CreateNull();

        if (!v || !cJSON_AddItemToArray(array, v)) {
            cJSON_Delete(v);
            c->no_memory = true;
        }
    }
    add(c, object, name, array);
}

static int count_bits(const uint8_t *bytes, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++)
        count += __builtin_popcount(bytes[i]);
    return count;
}

static void add_monitor(struct collector *c, cJSON *card, const struct novastar_monitor *m)
{
    cJSON *extra;

    add_level(c, card, "temperature_c", &m->temperature_c);
    add_level(c, card, "humidity_percent", &m->humidity_percent);
    add_level(c, card, "supply_v", &m->supply_v);
    if (!m->has_card)
        return;
    extra = cJSON_CreateObject();
    if (extra) {
        add_level(c, extra, "temperature_c", &m->card_temperature_c);
        add_level(c, extra, "humidity_percent", &m->card_humidity_percent);
        add(c, extra, "smoke", cJSON_CreateBool(m->smoke));
        add_levels(c, extra, "fan_rpm", m->fan_rpm, QP_ARRAY_LEN(m->fan_rpm));
        add_levels(c, extra, "voltage_v", m->voltage_v, QP_ARRAY_LEN(m->voltage_v));
        add_number(c, extra, "doors_open", count_bits(&m->doors, 1));
        add_number(c, extra, "cables_open", count_bits(m->cables_open, sizeof(m->cables_open)));
    }
    add(c, card, "monitoring_card", extra);
}

/* What a card does not know is left out; what the connection loses ends the status. */
static int skip_unknown(int err)
{
    return err == -EOPNOTSUPP || err == -EBADMSG || err == -ETIMEDOUT || err == -ENODEV ? 0 : err;
}

static int ask_card(struct collector *c, const struct novastar_target *t, cJSON *card)
{
    struct novastar_monitor monitor;
    uint8_t v[4];
    char version[16];
    int err = novastar_client_read(c->client, t, NOVASTAR_CARD_VERSION, v, 4, c->diag);

    if (err == 0) {
        (void)snprintf(version, sizeof(version), "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
        add(c, card, "firmware", cJSON_CreateString(version));
    } else if (skip_unknown(err) != 0) {
        return err;
    }
    err = novastar_client_read(c->client, t, NOVASTAR_CARD_BRIGHTNESS, v, 1, c->diag);
    if (err == 0)
        add_number(c, card, "brightness", v[0]);
    else if (skip_unknown(err) != 0)
        return err;
    err = novastar_client_monitor(c->client, t, &monitor, c->diag);
    if (err == 0)
        add_monitor(c, card, &monitor);
    return skip_unknown(err);
}

static int on_card(void *arg, const struct novastar_target *t, uint16_t model)
{
    struct collector *c = arg;
    cJSON *card = cJSON_CreateObject();

    if (!card || !cJSON_AddItemToArray(c->cards, card)) {
        cJSON_Delete(card);
        return qp_diag_set(c->diag, -ENOMEM, "no memory");
    }
    add_number(c, card, "card", t->board + 1);
    add_number(c, card, "model", model);
    return ask_card(c, t, card);
}

static int ask_one(struct collector *c, const struct novastar_target *t)
{
    uint8_t model[2];
    int err = novastar_client_read(c->client, t, NOVASTAR_CARD_MODEL, model, 2, c->diag);

    return err == 0 ? on_card(c, t, qp_get_le16(model)) : err;
}

static int ask_port(struct collector *c, const struct novastar_target *t, cJSON *ports)
{
    cJSON *port = cJSON_CreateObject();
    int r;

    if (!port || !cJSON_AddItemToArray(ports, port)) {
        cJSON_Delete(port);
        return qp_diag_set(c->diag, -ENOMEM, "no memory");
    }
    add_number(c, port, "port", t->port + 1);
    c->cards = cJSON_AddArrayToObject(port, "cards");
    if (!c->cards)
        return qp_diag_set(c->diag, -ENOMEM, "no memory");
    if (t->board != NOVASTAR_ALL_BOARDS)
        return ask_one(c, t);
    r = novastar_client_walk(c->client, t->sender, t->port, on_card, c, c->diag);
    return r < 0 ? r : 0;
}

static int ask_sender(struct collector *c, const struct novastar_target *target, cJSON *root)
{
    struct novastar_target t = {.sender = target->sender, .device = NOVASTAR_SENDING_CARD};
    uint8_t v[2];
    int err = novastar_client_read(c->client, &t, NOVASTAR_SENDER_MODEL, v, 2, c->diag);

    if (err != 0)
        return err;
    if (v[0] == 0 && v[1] == 0)
        return qp_diag_set(c->diag, -ENODEV, "there is no sending card %u in the chain",
                           target->sender + 1u);
    add_number(c, root, "sender", target->sender + 1);
    add_number(c, root, "model", qp_get_le16(v));
    err = novastar_client_read(c->client, &t, NOVASTAR_SENDER_DVI, v, 1, c->diag);
    if (err == 0)
        add(c, root, "dvi_signal", cJSON_CreateBool(v[0] == 1));
    return skip_unknown(err);
}

static int collect(struct collector *c, const struct novastar_target *target, cJSON *root)
{
    struct novastar_target t = *target;
    uint8_t first = t.port == NOVASTAR_ALL ? 0 : t.port;
    uint8_t last = t.port == NOVASTAR_ALL ? USUAL_PORTS - 1 : t.port;
    int err = ask_sender(c, target, root);
    cJSON *ports = cJSON_AddArrayToObject(root, "ports");

    if (err == 0 && !ports)
        err = qp_diag_set(c->diag, -ENOMEM, "no memory");
    for (unsigned port = first; port <= last && err == 0; port++) {
        t.port = (uint8_t)port;
        err = ask_port(c, &t, ports);
    }
    return err == 0 && c->no_memory ? qp_diag_set(c->diag, -ENOMEM, "no memory") : err;
}

/* --- printing -------------------------------------------------------------------------------- */

static double number(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ", 36.0 C": what is there, with this many places. */
static void print_measure(const cJSON *object, const char *name, int places, const char *unit)
{
    if (cJSON_HasObjectItem(object, name))
        printf(", %.*f %s", places, number(object, name), unit);
}

static void print_monitoring_card(const cJSON *m)
{
    const cJSON *v;
    int n = 0;

    fputs("      monitoring card", stdout);
    print_measure(m, "temperature_c", 1, "C");
    print_measure(m, "humidity_percent", 0, "% humidity");
    cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(m, "fan_rpm"))
    {
        n++;
        if (cJSON_IsNumber(v))
            printf(", fan %d %.0f rpm", n, v->valuedouble);
    }
    print_measure(m, "doors_open", 0, "doors open");
    print_measure(m, "cables_open", 0, "cables open");
    puts(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m, "smoke")) ? ", SMOKE" : "");
}

static void print_card(const cJSON *card)
{
    const char *firmware = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(card, "firmware"));
    const cJSON *monitor = cJSON_GetObjectItemCaseSensitive(card, "monitoring_card");

    printf("  card %.0f: model 0x%04x", number(card, "card"), (unsigned)number(card, "model"));
    if (firmware)
        printf(", firmware %s", firmware);
    if (cJSON_HasObjectItem(card, "brightness"))
        printf(", brightness %.0f %%", number(card, "brightness") * 100 / 255);
    print_measure(card, "temperature_c", 1, "C");
    print_measure(card, "humidity_percent", 0, "% humidity");
    print_measure(card, "supply_v", 1, "V");
    putchar('\n');
    if (monitor)
        print_monitoring_card(monitor);
}

static void print_text(const cJSON *root)
{
    const cJSON *dvi = cJSON_GetObjectItemCaseSensitive(root, "dvi_signal"), *port, *card;

    printf("sending card %.0f: model 0x%04x", number(root, "sender"),
           (unsigned)number(root, "model"));
    if (dvi)
        fputs(cJSON_IsTrue(dvi) ? ", DVI signal" : ", no DVI signal", stdout);
    putchar('\n');
    cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(root, "ports"))
    {
        const cJSON *cards = cJSON_GetObjectItemCaseSensitive(port, "cards");

        printf("port %.0f: %d receiving cards\n", number(port, "port"), cJSON_GetArraySize(cards));
        cJSON_ArrayForEach(card, cards) print_card(card);
    }
}

static int print_json(const cJSON *root, struct qp_diag *diag)
{
    char *text = cJSON_Print(root);

    if (!text)
        return qp_diag_set(diag, -ENOMEM, "no memory");
    puts(text);
    free(text);
    return 0;
}

void novastar_print_error(const char *text)
{
    cJSON *root = cJSON_CreateObject();
    struct qp_diag diag;

    if (root && cJSON_AddFalseToObject(root, "ok") && cJSON_AddStringToObject(root, "error", text))
        (void)print_json(root, &diag); /* the sentence goes to standard error as well */
    cJSON_Delete(root);
}

int novastar_status(struct novastar_client *client, const char *address,
                    const struct novastar_target *target, bool json, struct qp_diag *diag)
{
    struct collector c = {.client = client, .diag = diag};
    cJSON *root = cJSON_CreateObject();
    int err;

    if (!root)
        return qp_diag_set(diag, -ENOMEM, "no memory");
    add(&c, root, "ok", cJSON_CreateTrue());
    add(&c, root, "address", cJSON_CreateString(address));
    err = collect(&c, target, root);
    if (err == 0 && json)
        err = print_json(root, diag);
    else if (err == 0)
        print_text(root);
    cJSON_Delete(root);
    return err;
}
