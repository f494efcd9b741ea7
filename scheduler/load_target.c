/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "scheduler/load.h"

#define TARGETS_MAX 10000u
#define TEXT_MAX    4096u
#define WORDS_MAX   1024u
#define NESTING_MAX                                                                                \
    30u /* parentheses: each leaves up to two values waiting, of 64 that there is room for */
#define TAG_NAME_MAX LOAD_ID_MAX

void load_targets_finish(struct target *targets, uint32_t n)
{
    for (uint32_t i = 0; i < n && targets; i++) {
        free(targets[i].tags);
        free(targets[i].polygon);
    }
    free(targets);
}

/* --- tag expressions -------------------------------------------------------------------------
 * or := and { "|" and };  and := not { "&" not };  not := "!" not | "(" or ")" | tag */

struct parser {
    struct loader *l;
    const char *next;
    int32_t *words; /* WORDS_MAX, in reverse Polish */
    uint32_t n;
    unsigned depth;
    const char *why; /* NULL: fine so far */
    bool unknown;    /* name is no tag */
    char name[TAG_NAME_MAX + 1];
};

static void put(struct parser *p, int32_t word)
{
    if (p->n >= WORDS_MAX)
        p->why = "is too long";
    else
        p->words[p->n++] = word;
}

static char peek(struct parser *p)
{
    while (*p->next == ' ')
        p->next++;
    return *p->next;
}

static bool is_tag_byte(char c)
{
    return (unsigned char)c >= 0x80 || (c && strchr("_.:-", c)) || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void read_tag(struct parser *p)
{
    size_t len = 0;
    uint32_t tag;

    while (is_tag_byte(p->next[len]))
        len++;
    if (len == 0 || len > TAG_NAME_MAX) {
        p->why = len ? "has a tag that is too long" : "lacks a tag where one must stand";
        return;
    }
    memcpy(p->name, p->next, len);
    p->name[len] = '\0';
    p->next += len;
    tag = load_place_of(&p->l->tags, p->name);
    p->unknown = tag == NONE;
    if (p->unknown)
        p->why = "names a tag that no screen has";
    else
        put(p, (int32_t)tag);
}

static void read_or(struct parser *p);

/* A chain of "!" is a loop; parentheses are the only recursion and are counted. */
static void read_not(struct parser *p)
{
    bool negated = false;

    for (; peek(p) == '!'; p->next++)
        negated = !negated;
    if (*p->next == '(') {
        p->next++;
        if (++p->depth > NESTING_MAX)
            p->why = "has too many parentheses in one another";
        else
            read_or(p);
        p->depth--;
        if (!p->why && peek(p) != ')')
            p->why = "lacks a closing parenthesis";
        if (!p->why)
            p->next++;
    } else {
        read_tag(p);
    }
    if (!p->why && negated)
        put(p, TAG_NOT);
}

static void read_and(struct parser *p)
{
    read_not(p);
    while (!p->why && peek(p) == '&') {
        p->next++;
        read_not(p);
        put(p, TAG_AND);
    }
}

static void read_or(struct parser *p)
{
    read_and(p);
    while (!p->why && peek(p) == '|') {
        p->next++;
        read_and(p);
        put(p, TAG_OR);
    }
}

static void refuse_tags(struct parser *p, const struct qp_node *node, const char *text)
{
    const char *nearest = p->unknown ? ids_nearest(&p->l->tags, p->name) : NULL;
    char shown[256], clean[LOAD_ID_MAX * 4], remedy[LOAD_ID_MAX * 5];

    (void)snprintf(remedy, sizeof(remedy), "Write known tags with &, |, ! like a & (b | !c).");
    if (nearest)
        (void)snprintf(remedy, sizeof(remedy), "Did you mean \"%s\"?",
                       qp_text_escape(clean, sizeof(clean), nearest));
    qp_node_error(node, p->l->report, remedy, "\"%s\" %s",
                  qp_text_escape(shown, sizeof(shown), text), p->why);
}

static int read_tags(struct loader *l, const struct qp_node *node, struct target *t)
{
    struct parser p = {.l = l};
    const char *text;

    if (qp_node_str(node, TEXT_MAX, &text, l->report) < 0)
        return 0;
    p.next = text;
    p.words = load_array(WORDS_MAX, sizeof(*p.words));
    if (!p.words)
        return -ENOMEM;
    read_or(&p);
    if (!p.why && peek(&p) != '\0')
        p.why = *p.next == ')' ? "has a closing parenthesis too many"
                               : "has something that is neither &, |, ! nor a tag";
    if (p.why)
        refuse_tags(&p, node, text);
    t->tags = reallocarray(p.words, p.n + 1, sizeof(*p.words)); /* smaller */
    if (!t->tags) {
        free(p.words);
        return -ENOMEM;
    }
    t->n_tags = p.n;
    return 0;
}

/* --- polygons -------------------------------------------------------------------------------- */

static void read_point(struct loader *l, const struct qp_node *node, unsigned datum,
                       struct point *ret)
{
    struct qp_node lat, lon;

    if (!cJSON_IsArray(node->json) || cJSON_GetArraySize(node->json) != 2) {
        qp_node_error(node, l->report, "Write [latitude, longitude].", "is not a pair of numbers");
        return;
    }
    lat = qp_node_at(node, node->json->child, 0);
    lon = qp_node_at(node, node->json->child->next, 1);
    if (qp_node_f64(&lat, -90, 90, &ret->lat, l->report) == 0 &&
        qp_node_f64(&lon, -180, 180, &ret->lon, l->report) == 0)
        load_to_wgs84(datum, &ret->lat, &ret->lon);
}

static int read_polygon(struct loader *l, const struct qp_node *object, const struct qp_node *node,
                        struct target *t)
{
    static const char *const unknown_names[] = {"hide", "show"};
    const cJSON *element;
    unsigned datum = 0, unknown = 0;
    uint32_t n;

    load_enum(l, object, "datum", load_datum_names, 3, &datum);
    load_enum(l, object, "on_unknown", unknown_names, 2, &unknown);
    t->unknown_shows = unknown == 1;
    if (!load_list(l, node, LOAD_POINTS_MAX, &n))
        return 0;
    if (n < 3)
        qp_node_error(node, l->report, "Name at least three corners.", "has %u corner%s", n,
                      n == 1 ? "" : "s");
    t->polygon = load_array(n, sizeof(*t->polygon));
    if (!t->polygon)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node at = qp_node_at(node, element, t->n_points);

        read_point(l, &at, datum, &t->polygon[t->n_points++]);
    }
    return 0;
}

/* --- one target ------------------------------------------------------------------------------ */

/* Where the owner is a node, nothing outside of it is meant. */
static void check_owner(struct loader *l, const struct qp_node *node, struct target *t,
                        uint32_t owner)
{
    const struct model *m = l->model;
    uint32_t at = t->kind == TARGET_SCREEN ? m->screens[t->ref].node : NONE;

    if (t->kind == TARGET_ALL) {
        t->kind = TARGET_NODE;
        t->ref = owner;
        return;
    }
    if (t->kind == TARGET_NODE)
        at = t->ref;
    else if (t->below)
        at = t->below - 1;
    else if (t->kind != TARGET_SCREEN)
        at = owner;
    if (!load_is_below(m, at, owner))
        qp_node_error(node, l->report, "Target nodes and screens below the owner.",
                      "is not below node \"%s\", whose rule this is", m->nodes[owner].id);
    else if (t->kind != TARGET_NODE && t->kind != TARGET_SCREEN && !t->below)
        t->below = owner + 1;
}

static int read_kind(struct loader *l, const struct qp_node *node, struct target *t)
{
    struct qp_node tags = qp_node_member(node, "tags"), polygon = qp_node_member(node, "polygon");
    uint32_t below = load_opt_ref(l, node, "node", &l->nodes, "node");
    uint32_t group = load_opt_ref(l, node, "group", &l->groups, "group");
    uint32_t screen = load_opt_ref(l, node, "screen", &l->screens, "screen");

    if (screen != NONE) {
        *t = (struct target){.kind = TARGET_SCREEN, .ref = screen};
        return 0;
    }
    if (group != NONE || tags.json || polygon.json)
        t->below = below == NONE ? 0 : below + 1;
    if (group != NONE) {
        t->kind = TARGET_GROUP;
        t->ref = group;
    } else if (tags.json) {
        t->kind = TARGET_TAGS;
        return read_tags(l, &tags, t);
    } else if (polygon.json) {
        t->kind = TARGET_POLYGON;
        return read_polygon(l, node, &polygon, t);
    } else if (below != NONE) {
        t->kind = TARGET_NODE;
        t->ref = below;
    }
    return 0;
}

static int read_target(struct loader *l, const struct qp_node *node, uint32_t owner,
                       struct target *t)
{
    static const char *const kinds[] = {"screen", "group", "tags", "polygon", "all"};
    size_t before = l->report->n_errors;
    bool all = true;
    unsigned n = 0;
    int err;

    if (!load_object(l, "targets[]", node))
        return 0;
    load_bool(l, node, "all", &all);
    for (size_t i = 0; i < QP_ARRAY_LEN(kinds); i++)
        n += qp_node_member(node, kinds[i]).json != NULL;
    if (qp_node_member(node, "node").json)
        n += n == 0 || qp_node_member(node, "screen").json || qp_node_member(node, "all").json;
    if (n != 1 || !all) {
        qp_node_error(node, l->report,
                      "Write one of all, node, group, tags, polygon, screen; node may stand beside "
                      "group, tags, polygon.",
                      n > 1 ? "says more than one thing" : "means no screen");
        return 0;
    }
    err = read_kind(l, node, t);
    if (err == 0 && owner != NONE && l->report->n_errors == before)
        check_owner(l, node, t, owner);
    return err;
}

static int own_target(uint32_t owner, struct target **ret, uint32_t *ret_n)
{
    *ret = load_array(1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    *ret_n = 1;
    if (owner != NONE)
        (*ret)[0] = (struct target){.kind = TARGET_NODE, .ref = owner};
    return 0;
}

int load_targets(struct loader *l, const struct qp_node *node, uint32_t owner, struct target **ret,
                 uint32_t *ret_n)
{
    const cJSON *element;
    uint32_t n;
    int err = 0;

    if (!node->json)
        return own_target(owner, ret, ret_n);
    if (cJSON_IsObject(node->json)) {
        err = own_target(NONE, ret, ret_n);
        return err < 0 ? err : read_target(l, node, owner, *ret);
    }
    if (!load_list(l, node, TARGETS_MAX, &n))
        return 0;
    if (n == 0)
        qp_node_error(node, l->report, "Name a target, or leave the member out.", "is empty");
    *ret = load_array(n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node at = qp_node_at(node, element, *ret_n);

        if (err == 0)
            err = read_target(l, &at, owner, &(*ret)[(*ret_n)++]);
    }
    return err;
}
