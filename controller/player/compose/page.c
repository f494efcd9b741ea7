/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/page.h"

#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/compose.h"

struct page {
    struct layout *layout;
    struct compose *compose;
    char *name; /* the last part of the file's, for sentences */
    struct qp_diag error;
};

static int load(struct page *page, const struct page_params *params, struct qp_diag *diag)
{
    struct qp_report report = {0};
    int r = layout_load(&page->layout, params->file, params->w, params->h, &report, diag);

    if (r < 0 && report.n_errors > 0) {
        (void)qp_report_diag(&report, diag);
        (void)qp_diag_prefix(diag, r, "%s", page->name);
    }
    qp_report_finish(&report);
    return r;
}

static int start(struct page *page, const struct page_params *params, struct qp_diag *diag)
{
    const struct compose_params cp = {.layout = page->layout,
                                      .rate = params->rate,
                                      .is_page = true,
                                      .zero_ns = params->zero_ns,
                                      .join_ns = params->join_ns,
                                      .audio_device = params->audio_device,
                                      .on_notice = params->on_notice,
                                      .user = params->user};
    int r = compose_create(&page->compose, &cp, diag);

    return r < 0 ? qp_diag_prefix(diag, r, "%s", page->name) : 0;
}

int page_open(struct page **ret, const struct page_params *params, struct qp_diag *diag)
{
    const char *slash = strrchr(params->file, '/');
    struct page *page = calloc(1, sizeof(*page));
    int r;

    if (page)
        page->name = strdup(slash ? slash + 1 : params->file);
    if (!page || !page->name) {
        free(page);
        return qp_diag_set(diag, -ENOMEM, "%s: out of memory", params->file);
    }
    r = load(page, params, diag);
    if (r == 0)
        r = start(page, params, diag);
    if (r < 0) {
        page_close(page);
        return r;
    }
    *ret = page;
    return 0;
}

void page_close(struct page *page)
{
    if (!page)
        return;
    compose_destroy(page->compose);
    layout_destroy(page->layout);
    free(page->name);
    free(page);
}

void page_tick(struct page *page)
{
    compose_tick(page->compose);
}

enum media_state page_state(struct page *page)
{
    const char *layer = NULL;

    switch (compose_opened(page->compose, &layer)) {
    case COMPOSE_WAITING:
        return MEDIA_OPENING;
    case COMPOSE_FAILED:
        (void)qp_diag_set(&page->error, 0,
                          "%s: nothing in its layer \"%s\" can be played; put right the files that "
                          "it names",
                          page->name, layer);
        return MEDIA_FAILED;
    default:
        return MEDIA_READY;
    }
}

const char *page_error(const struct page *page)
{
    return page->error.text;
}

uint64_t page_late(const struct page *page)
{
    struct compose_stats stats;

    compose_stats(page->compose, &stats);
    return stats.pictures_late;
}

bool page_catch_up(struct page *page, int64_t tai_ns)
{
    return compose_catch_up(page->compose, tai_ns);
}

bool page_is_ready(struct page *page, int64_t tai_ns)
{
    return compose_is_ready(page->compose, tai_ns);
}

void page_paint(struct page *page, struct canvas *canvas, const struct media_volume *volume,
                int64_t tai_ns, int64_t utc_ns, int64_t mono_ns)
{
    compose_set_volume(page->compose, volume);
    (void)compose_render(page->compose, canvas, tai_ns, utc_ns, mono_ns);
}
