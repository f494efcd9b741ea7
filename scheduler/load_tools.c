/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"

void *load_array(size_t n, size_t size)
{
    return calloc(n + 1, size);
}

int load_grow(void *array, uint32_t n, size_t size)
{
    void *larger;

    if (n != 0 && (n < 8 || (n & (n - 1)) != 0))
        return 0; /* room is doubled at 0, 8, 16, 32 ... */
    if (n > UINT32_MAX / 4)
        return -ENOMEM;
    memcpy(&larger, array, sizeof(larger)); /* a pointer of any type */
    larger = reallocarray(larger, n ? (size_t)n * 2 : 8, size);
    if (!larger)
        return -ENOMEM;
    memcpy(array, &larger, sizeof(larger));
    return 0;
}

bool load_list(struct loader *l, const struct qp_node *node, uint32_t max, uint32_t *ret_n)
{
    int n;

    *ret_n = 0;
    if (!node->json || qp_node_is_array(node, l->report) < 0)
        return false;
    n = cJSON_GetArraySize(node->json);
    if (n < 0 || (uint32_t)n > max) {
        l->too_big = true;
        qp_node_error(node, l->report, "Split the schedule.", "has %d entries, the limit is %u", n,
                      max);
        return false;
    }
    *ret_n = (uint32_t)n;
    return true;
}

void load_label(struct loader *l, size_t before, const char *word, const char *id)
{
    char shown[LOAD_ID_MAX * 4];

    if (!id || before == l->report->n)
        return;
    qp_text_escape(shown, sizeof(shown), id);
    for (size_t i = before; i < l->report->n; i++) {
        struct qp_finding *f = &l->report->items[i];
        char *text = NULL;

        if (asprintf(&text, "%s \"%s\": %s", word, shown, f->text) < 0)
            return; /* no memory: the finding stays as it is */
        free(f->text);
        f->text = text;
    }
}

int load_text(struct loader *l, const struct qp_node *node, size_t max, char **ret)
{
    const char *text;

    *ret = NULL;
    if (!node->json || qp_node_str(node, max, &text, l->report) < 0)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

int load_id(struct loader *l, const struct qp_node *object, struct ids *ids, uint32_t value,
            const char *word, char **ret)
{
    struct qp_node node = qp_node_member(object, "id");
    const char *text;
    int err;

    *ret = NULL;
    if (qp_node_str(&node, LOAD_ID_MAX, &text, l->report) < 0)
        return 0;
    *ret = strdup(text);
    if (!*ret)
        return -ENOMEM;
    err = ids_put(ids, *ret, value);
    if (err == -EEXIST) {
        char remedy[64];

        (void)snprintf(remedy, sizeof(remedy), "Give every %s an id of its own.", word);
        qp_node_error(&node, l->report, remedy, "the id is used twice");
        return 0;
    }
    return err;
}

uint32_t load_ref(struct loader *l, const struct qp_node *node, const struct ids *ids,
                  const char *word)
{
    char remedy[LOAD_ID_MAX * 5], shown[LOAD_ID_MAX * 4];
    const char *text, *nearest;
    uint32_t i;

    if (qp_node_str(node, LOAD_ID_MAX, &text, l->report) < 0)
        return NONE;
    i = load_place_of(ids, text);
    if (i != NONE)
        return i;
    nearest = ids_nearest(ids, text);
    if (nearest)
        (void)snprintf(remedy, sizeof(remedy), "Did you mean \"%s\"?",
                       qp_text_escape(shown, sizeof(shown), nearest));
    else
        (void)snprintf(remedy, sizeof(remedy), "Add the %s or name one that is there.", word);
    qp_node_error(node, l->report, remedy, "there is no %s \"%s\"", word,
                  qp_text_escape(shown, sizeof(shown), text));
    return NONE;
}

uint32_t load_opt_ref(struct loader *l, const struct qp_node *object, const char *member,
                      const struct ids *ids, const char *word)
{
    struct qp_node node = qp_node_member(object, member);

    return node.json ? load_ref(l, &node, ids, word) : NONE;
}

int load_name(struct loader *l, const struct qp_node *node, struct ids *ids, char ***names,
              uint32_t *n, uint32_t *ret)
{
    const char *text;
    char *copy;

    *ret = NONE;
    if (qp_node_str(node, LOAD_ID_MAX, &text, l->report) < 0)
        return 0;
    *ret = load_place_of(ids, text);
    if (*ret != NONE)
        return 0;
    if (load_grow(names, *n, sizeof(**names)) < 0)
        return -ENOMEM;
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    (*names)[*n] = copy;
    *ret = (*n)++;
    return ids_put(ids, copy, *ret);
}

void load_u32(struct loader *l, const struct qp_node *object, const char *member, uint32_t min,
              uint32_t max, uint32_t *ret)
{
    struct qp_node node = qp_node_member(object, member);

    if (node.json)
        (void)qp_node_u32(&node, min, max, ret, l->report);
}

void load_bool(struct loader *l, const struct qp_node *object, const char *member, bool *ret)
{
    struct qp_node node = qp_node_member(object, member);

    if (node.json)
        (void)qp_node_bool(&node, ret, l->report);
}

void load_enum(struct loader *l, const struct qp_node *object, const char *member,
               const char *const *names, size_t n, unsigned *ret)
{
    struct qp_node node = qp_node_member(object, member);

    if (node.json)
        (void)qp_node_enum(&node, names, n, ret, l->report);
}

bool load_f64(struct loader *l, const struct qp_node *object, const char *member, double min,
              double max, double *ret)
{
    struct qp_node node = qp_node_member(object, member);

    return node.json && qp_node_f64(&node, min, max, ret, l->report) == 0;
}

void load_ms(struct loader *l, const struct qp_node *object, const char *member, double max_s,
             int64_t *ret_ms)
{
    double s;

    if (load_f64(l, object, member, 0.001, max_s, &s))
        *ret_ms = llround(s * 1000);
}

void load_percent(struct loader *l, const struct qp_node *object, const char *member, double min,
                  double *ret)
{
    double percent;

    if (load_f64(l, object, member, min, 100, &percent))
        *ret = percent / 100;
}

/* text is what a person wrote; why comes from load_time.h. */
static void refuse(struct loader *l, const struct qp_node *node, const char *text, const char *why,
                   const char *remedy)
{
    char shown[128];

    qp_node_error(node, l->report, remedy, "\"%s\" %s", qp_text_escape(shown, sizeof(shown), text),
                  why);
}

void load_date(struct loader *l, const struct qp_node *object, const char *member, int32_t *ret)
{
    struct qp_node node = qp_node_member(object, member);
    const char *text, *why;

    if (!node.json || qp_node_str(&node, 64, &text, l->report) < 0)
        return;
    why = load_day(text, ret);
    if (why)
        refuse(l, &node, text, why, "Write a date between 1900-01-01 and 9999-12-31.");
}

void load_when(struct loader *l, const struct qp_node *object, const char *member, bool is_end,
               int64_t *ret_ms)
{
    struct qp_node node = qp_node_member(object, member);
    const char *text, *why;

    if (!node.json || qp_node_str(&node, 64, &text, l->report) < 0)
        return;
    why = load_instant(text, l->zone, is_end, ret_ms);
    if (why)
        refuse(l, &node, text, why, "Write an instant like 2026-07-17T15:00:00Z.");
}
