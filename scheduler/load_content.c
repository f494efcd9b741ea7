/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "scheduler/load.h"
#include "scheduler/load_time.h"

#define ITEMS_MAX 1000000u

static void read_sha256(struct loader *l, const struct qp_node *node, char *text)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    if (!text)
        return;
    if (strlen(text) != 64 || text[strspn(text, hex)] != '\0')
        qp_node_error(node, l->report, "Write what sha256sum prints.", "is not 64 hex digits");
    for (char *p = text; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'F' ? *p + ('a' - 'A') : *p);
}

/* The player opens it below its media folder; it must not lead out of it. */
static void check_file(struct loader *l, const struct qp_node *node, const char *file)
{
    bool up = false;

    for (const char *p = file; p && *p; p += strcspn(p, "/"), p += *p == '/')
        up = up || (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'));
    if (file && (up || file[0] == '/'))
        qp_node_error(node, l->report, "Write a path below the media folder.",
                      "leads out of the media folder");
}

static int read_source(struct loader *l, const struct qp_node *node, struct item *item)
{
    struct qp_node file = qp_node_member(node, "file"), sha = qp_node_member(node, "sha256");
    struct qp_node layout = qp_node_member(node, "layout"), live = qp_node_member(node, "live");
    int n = (file.json != NULL) + (layout.json != NULL) + (live.json != NULL), err;

    err = load_text(l, &file, 1000, &item->file);
    if (err == 0)
        err = load_text(l, &sha, 64, &item->sha256);
    if (err == 0)
        err = load_text(l, &layout, LOAD_ID_MAX, &item->layout);
    if (err == 0)
        err = load_text(l, &live, LOAD_ID_MAX, &item->live);
    if (n != 1)
        qp_node_error(node, l->report, "Write one of file, layout, live.",
                      n ? "comes from more than one source" : "does not say what it shows");
    if (sha.json && !file.json)
        qp_node_error(&sha, l->report, "Remove it.", "goes with file only");
    check_file(l, &file, item->file);
    read_sha256(l, &sha, item->sha256);
    return err;
}

static void check_order(struct loader *l, const struct qp_node *node, const char *member,
                        int64_t from, int64_t to)
{
    struct qp_node at = qp_node_member(node, member);

    if (at.json && to <= from)
        qp_node_error(&at, l->report, "Let it end after it begins.", "ends before it begins");
}

static int read_rights(struct loader *l, const struct qp_node *node, struct item *item)
{
    struct qp_node area = qp_node_member(node, "area");

    if (!node->json || !load_object(l, "items[].rights", node))
        return 0;
    load_when(l, node, "from", false, &item->rights_from_ms);
    load_when(l, node, "to", true, &item->rights_to_ms);
    check_order(l, node, "to", item->rights_from_ms, item->rights_to_ms);
    if (!area.json)
        return 0;
    return load_targets(l, &area, NONE, &item->rights_area, &item->n_rights_area);
}

static int read_item(struct loader *l, const struct qp_node *node, uint32_t index)
{
    struct item *item = &l->model->items[index];
    struct qp_node duration = qp_node_member(node, "duration_s");
    struct qp_node advertiser = qp_node_member(node, "advertiser");
    struct qp_node rights = qp_node_member(node, "rights");
    size_t before = l->report->n;
    int err;

    item->valid_to_ms = item->rights_to_ms = FOREVER_MS;
    if (!load_object(l, "items[]", node))
        return 0;
    err = load_id(l, node, &l->items, index, "item", &item->id);
    if (err == 0)
        err = read_source(l, node, item);
    if (!duration.json)
        qp_node_error(&duration, l->report, "Say how many seconds it plays.", "is missing");
    load_ms(l, node, "duration_s", LOAD_DURATION_S, &item->duration_ms);
    item->category = load_opt_ref(l, node, "category", &l->categories, "category");
    if (!qp_node_member(node, "category").json)
        item->category = 0;
    load_when(l, node, "valid_from", false, &item->valid_from_ms);
    load_when(l, node, "valid_to", true, &item->valid_to_ms);
    check_order(l, node, "valid_to", item->valid_from_ms, item->valid_to_ms);
    if (err == 0)
        err = load_text(l, &advertiser, LOAD_ID_MAX, &item->advertiser);
    if (err == 0)
        err = read_rights(l, &rights, item);
    load_label(l, before, "item", item->id);
    return err;
}

int load_items(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "items");
    struct model *m = l->model;
    const cJSON *element;
    uint32_t n, i = 0;
    int err = 0;

    (void)load_list(l, &list, ITEMS_MAX, &n);
    m->items = load_array(n, sizeof(*m->items));
    l->item_playlist = load_array(n, sizeof(*l->item_playlist));
    if (!m->items || !l->item_playlist)
        return -ENOMEM;
    m->n_items = n;
    memset(l->item_playlist, 0xff, (n + (size_t)1) * sizeof(*l->item_playlist)); /* NONE */
    if (n == 0)
        return 0;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);

        if (err == 0)
            err = read_item(l, &node, i++);
    }
    return err;
}
