/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/layout.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "tests/support/t.h"

#define W 1920
#define H 1080

static struct layout *parse(const char *text)
{
    struct qp_diag diag = {{0}};
    struct layout *layout = NULL;

    if (layout_parse(&layout, text, strlen(text), "/media", W, H, NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(layout != NULL);
    return layout;
}

static struct layout *layer(const char *members)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "{\"layers\": [{%s}]}", members);
    return parse(text);
}

TEST(the_default_plays_the_main_playlist_over_the_whole_canvas)
{
    struct layout *l;

    T_EQ(layout_default(&l, 640, 360), 0);
    T_EQ(l->n_layers, 1);
    T_EQ(l->layers[0].type, LAYER_ZONE);
    T_CHECK(l->layers[0].main && l->layers[0].audio);
    T_EQ(l->layers[0].rect.w, 640);
    T_EQ(l->layers[0].rect.h, 360);
    T_EQ(l->layers[0].items[0].fit, MEDIA_FILL);
    layout_destroy(l);
    T_EQ(layout_default(&l, 0, 10), -EINVAL);
    layout_destroy(NULL);
}

/* A layout for walls of any size: letters in shares of their layer, the rest in shares of them. */
TEST(shares_instead_of_pixels)
{
    struct layout *l =
        layer("\"type\": \"text\", \"text\": \"a\", \"h\": \"25%\", \"size\": \"40%\", "
              "\"outline\": {\"width\": \"5%\"}, "
              "\"shadow\": {\"x\": \"-10%\", \"y\": \"10%\", \"blur\": \"400%\"}");
    const struct text_style *s = &l->layers[0].style;

    T_CHECK(s->size > 107.99 && s->size < 108.01);
    T_CHECK(s->outline > 5.39 && s->outline < 5.41);
    T_CHECK(s->shadow_x > -10.81 && s->shadow_x < -10.79);
    T_CHECK(s->shadow_y > 10.79 && s->shadow_y < 10.81);
    T_EQ(s->shadow_blur, TEXT_MAX_BLUR);
    layout_destroy(l);
    l = layer("\"type\": \"text\", \"text\": \"a\", \"h\": 8, \"size\": \"10%\"");
    T_EQ(l->layers[0].style.size, 4);
    layout_destroy(l);
}

TEST(a_zone_with_everything)
{
    struct layout *l =
        layer("\"type\": \"zone\", \"name\": \"left\", \"x\": 10, \"y\": \"50%\", \"w\": \"25%\", "
              "\"h\": 300,"
              "\"z\": -3, \"opacity\": 0.5, \"loop\": false, \"audio\": true, \"fit\": \"fit\","
              "\"transition\": \"wipe-left\", \"playlist\": [\"a.mp4\", {\"file\": \"/b.png\","
              "\"duration\": 2.5, \"fit\": \"1:1\", \"crop\": {\"x\": 0.5, \"w\": 0.5},"
              "\"transition\": {\"type\": \"circle\", \"seconds\": 0.25}},"
              "{\"file\": \"c\", \"transition\": \"cut\"}]");
    const struct layer *z = &l->layers[0];

    T_CHECK(strcmp(z->name, "left") == 0);
    T_EQ(z->rect.x, 10);
    T_EQ(z->rect.y, 540);
    T_EQ(z->rect.w, 480);
    T_EQ(z->rect.h, 300);
    T_EQ(z->z, -3);
    T_EQ(z->opacity, 128);
    T_CHECK(!z->loop && z->audio && !z->main);
    T_EQ(z->n_items, 3);
    T_CHECK(strcmp(z->items[0].file, "/media/a.mp4") == 0);
    T_EQ(z->items[0].fit, MEDIA_FIT);
    T_EQ(z->items[0].transition, TRANSITION_WIPE_LEFT);
    T_EQ(z->items[0].transition_ns, 500000000);
    T_CHECK(strcmp(z->items[1].file, "/b.png") == 0);
    T_EQ(z->items[1].duration_ns, 2500000000);
    T_EQ(z->items[1].fit, MEDIA_ONE_TO_ONE);
    T_CHECK(z->items[1].crop.x == 0.5 && z->items[1].crop.h == 1);
    T_EQ(z->items[1].transition, TRANSITION_CIRCLE);
    T_EQ(z->items[1].transition_ns, 250000000);
    T_EQ(z->items[2].transition, TRANSITION_CUT);
    T_EQ(z->items[2].transition_ns, 0);
    layout_destroy(l);
}

/* Neighbours in percent share their edge, whatever the canvas. */
TEST(layers_that_meet_in_percent_meet_in_pixels)
{
    static const char text[] =
        "{\"layers\": [{\"type\": \"solid\", \"color\": \"#000000\", \"w\": \"33.3%\"},"
        "{\"type\": \"solid\", \"color\": \"#000000\", \"x\": \"33.3%\","
        "\"w\": \"66.7%\"}]}";

    for (uint32_t w = 3; w < 2000; w++) {
        struct layout *l;

        T_EQ(layout_parse(&l, text, sizeof(text) - 1, NULL, w, 10, NULL, NULL), 0);
        T_EQ(l->layers[0].rect.w, l->layers[1].rect.x);
        T_EQ(l->layers[1].rect.x + (int32_t)l->layers[1].rect.w, (int32_t)w);
        layout_destroy(l);
    }
}

TEST(layers_are_sorted_by_z_and_stay_in_order_where_equal)
{
    struct layout *l =
        parse("{\"background\": \"#102030\", \"layers\": ["
              "{\"type\": \"solid\", \"color\": \"#ff0000\", \"z\": 1, \"name\": \"c\"},"
              "{\"type\": \"solid\", \"color\": \"#ff0000\", \"name\": \"a\"},"
              "{\"type\": \"solid\", \"color\": \"#ff000080\", \"name\": \"b\"},"
              "{\"type\": \"solid\", \"color\": \"#ff0000\", \"z\": 1, \"name\": \"d\"}]}");
    char order[5] = "";

    for (size_t i = 0; i < l->n_layers; i++)
        order[i] = l->layers[i].name[0];
    T_CHECK(strcmp(order, "abcd") == 0);
    T_EQ(l->background, 0xff102030);
    T_EQ(l->layers[1].colour, 0x80800000);
    layout_destroy(l);
}

TEST(texts_tickers_clocks_and_countdowns)
{
    struct layout *l = parse(
        "{\"layers\": ["
        "{\"type\": \"text\", \"text\": \"你好\", \"font\": [\"Noto Serif CJK SC\", \"Noto "
        "Serif\"],"
        "\"size\": 30.5, \"weight\": \"bold\", \"italic\": true, \"language\": \"zh-CN\","
        "\"color\": \"#11223344\", \"outline\": {\"width\": 3, \"color\": \"#ffffff\"},"
        "\"shadow\": {\"x\": 1, \"y\": -2, \"blur\": 3, \"color\": \"#00000080\"}, \"align\": "
        "\"end\","
        "\"valign\": \"bottom\", \"direction\": \"rtl\", \"wrap\": false, \"line-height\": 1.5,"
        "\"background\": \"#ffffff80\"},"
        "{\"type\": \"ticker\", \"h\": 100, \"text\": \"news\", \"speed\": 99.5, \"gap\": 7},"
        "{\"type\": \"clock\", \"zone\": \"Asia/Shanghai\", \"format\": \"%H:%M\"},"
        "{\"type\": \"countdown\", \"zone\": \"Asia/Shanghai\", \"to\": \"2026-10-01T08:00:00\","
        "\"done\": \"now\"}]}");
    const struct text_style *s = &l->layers[0].style;

    T_CHECK(strcmp(s->families[1], "Noto Serif") == 0 && !s->families[2]);
    T_CHECK(s->size == 30.5 && s->italic && !s->wrap && s->line_height == 1.5);
    T_EQ(s->weight, 700);
    T_EQ(s->colour, 0x44112233);
    T_EQ(s->outline_colour, 0xffffffff);
    T_EQ(s->shadow_colour, 0x80000000);
    T_EQ(s->align, TEXT_END);
    T_EQ(s->valign, TEXT_BOTTOM);
    T_EQ(s->direction, TEXT_RTL);
    T_EQ(l->layers[0].background, 0x80808080);
    T_EQ(l->layers[1].speed_micro, 99500000);
    T_EQ(l->layers[1].gap, 7);
    T_CHECK(l->layers[1].style.size == 70); /* fits the height */
    T_CHECK(strcmp(l->layers[2].text, "%H:%M") == 0 && l->layers[2].tz);
    T_EQ(l->layers[3].to_utc_s, 1790812800);
    T_CHECK(strcmp(l->layers[3].done, "now") == 0);
    layout_destroy(l);
}

static const struct {
    const char *text, *path, *says; /* path and says must be in the sentence */
} errors[] = {
    {"", "", ""},
    {"{", "", ""},
    {"[]", "", ""},
    {"{}", "layers", ""},
    {"{\"layers\": {}}", "layers", ""},
    {"{\"layers\": []}", "layers", "1 to 64"},
    {"{\"layers\": [1]}", "layers[0]", ""},
    {"{\"layers\": [{}]}", "layers[0].type", ""},
    {"{\"layers\": [{\"type\": \"clok\"}]}", "layers[0].type", "clock"},
    {"{\"layerz\": []}", "layerz", "layers"},
    {"{\"background\": \"#00000080\", \"layers\": [{\"type\": \"text\", \"text\": \"a\"}]}",
     "background", "transparent"},
    {"{\"background\": \"red\", \"layers\": [{\"type\": \"text\", \"text\": \"a\"}]}", "background",
     "#RRGGBB"},
    {"{\"background\": \"#12345g\", \"layers\": [{\"type\": \"text\", \"text\": \"a\"}]}",
     "background", "#RRGGBB"},
    {"{\"layers\": [{\"type\": \"solid\"}]}", "layers[0].color", ""},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ff\"}]}", "layers[0].color", "#RRGGBB"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"w\": 0}]}", "layers[0].w", ""},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"w\": \"ten\"}]}", "layers[0].w",
     "not a length"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"w\": \"x%\"}]}", "layers[0].w",
     "share"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"w\": \"201%\"}]}",
     "layers[0].w", "twice"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"x\": 1920}]}", "layers[0]",
     "outside"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"y\": -1080}]}", "layers[0]",
     "outside"},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"opacity\": 1.1}]}",
     "layers[0].opacity", ""},
    {"{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"z\": 1.5}]}", "layers[0].z",
     ""},
    {"{\"layers\": [{\"type\": \"zone\"}]}", "layers[0].playlist", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": \"mein\"}]}", "layers[0].playlist", "main"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": []}]}", "layers[0].playlist", "1 to 4096"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [3]}]}", "layers[0].playlist[0]", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"\"]}]}", "layers[0].playlist[0]", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [{}]}]}", "layers[0].playlist[0].file", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [{\"file\": \"a\", \"fits\": 1}]}]}", "fits",
     "fit"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"fit\": \"cover\"}]}",
     "layers[0].fit", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"duration\": 0}]}", "duration",
     ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"crop\": {\"x\": 0.6, \"w\": "
     "0.6}}]}",
     "crop", "edge"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"crop\": {\"q\": 1}}]}", "crop.q",
     ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"transition\": \"fade\"}]}",
     "transition", "cross-fade"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": [\"a\"], \"transition\": {\"type\": \"cut\","
     "\"seconds\": 61}}]}",
     "transition.seconds", ""},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\", \"loop\": true}]}",
     "layers[0].loop", "--loop"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\"}, {\"type\": \"zone\", "
     "\"playlist\": \"main\","
     "\"audio\": false}]}",
     "layers", "2 zones"},
    {"{\"layers\": [{\"type\": \"zone\", \"playlist\": \"main\"}, {\"type\": \"video\", \"file\": "
     "\"a\","
     "\"audio\": true}]}",
     "layers", "sound"},
    {"{\"layers\": [{\"type\": \"video\"}]}", "layers[0].file", ""},
    {"{\"layers\": [{\"type\": \"image\", \"file\": 3}]}", "layers[0].file", ""},
    {"{\"layers\": [{\"type\": \"text\"}]}", "layers[0].text", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"size\": 5000}]}", "size", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"weight\": \"fat\"}]}", "weight",
     "bold"},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"weight\": 5}]}", "weight", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"font\": 5}]}", "font", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"font\": [5]}]}", "font[0]", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"font\": [\"1\", \"2\", \"3\", \"4\", "
     "\"5\", \"6\","
     "\"7\", \"8\", \"9\"]}]}",
     "font", "at most 8"},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"align\": \"middle\"}]}", "align",
     "center"},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"valign\": \"up\"}]}", "valign", "top"},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"direction\": \"up\"}]}", "direction",
     "rtl"},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"outline\": {\"width\": -1}}]}",
     "outline.width", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"outline\": {\"size\": 1}}]}",
     "outline.size", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"shadow\": {\"blur\": 1000}}]}",
     "shadow.blur", ""},
    {"{\"layers\": [{\"type\": \"text\", \"text\": \"a\", \"shadow\": 3}]}", "shadow", ""},
    {"{\"layers\": [{\"type\": \"ticker\", \"text\": \"a\", \"speed\": 0}]}", "speed", ""},
    {"{\"layers\": [{\"type\": \"ticker\", \"text\": \"a\", \"gap\": -1}]}", "gap", ""},
    {"{\"layers\": [{\"type\": \"ticker\", \"text\": \"a\", \"align\": \"left\"}]}", "align", ""},
    {"{\"layers\": [{\"type\": \"clock\", \"zone\": \"Mars/Base\"}]}", "layers[0].zone",
     "Asia/Shanghai"},
    {"{\"layers\": [{\"type\": \"clock\", \"zone\": \"../../etc/passwd\"}]}", "layers[0].zone", ""},
    {"{\"layers\": [{\"type\": \"clock\", \"format\": \"%H:%Q\"}]}", "layers[0].format", "%Q"},
    {"{\"layers\": [{\"type\": \"clock\", \"format\": \"%\"}]}", "layers[0].format", "%"},
    {"{\"layers\": [{\"type\": \"countdown\"}]}", "layers[0].to", ""},
    {"{\"layers\": [{\"type\": \"countdown\", \"to\": \"soon\"}]}", "layers[0].to", "2027"},
    {"{\"layers\": [{\"type\": \"countdown\", \"to\": \"2027-01-01T00:00\", \"format\": \"%Y\"}]}",
     "layers[0].format", "%Y"},
};

TEST(every_error_names_its_place_and_says_what_to_do)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(errors); i++) {
        struct qp_diag diag = {{0}};
        struct qp_report report = {0};
        struct layout *l = NULL;
        int err =
            layout_parse(&l, errors[i].text, strlen(errors[i].text), NULL, W, H, &report, &diag);

        if (err >= 0 || !strstr(diag.text, errors[i].path) || !strstr(diag.text, errors[i].says))
            fprintf(stderr, "%s\n-> %s\n", errors[i].text, diag.text);
        T_EQ(err, -EINVAL);
        T_CHECK(l == NULL);
        T_CHECK(diag.text[0] != '\0');
        T_CHECK(strstr(diag.text, errors[i].path) != NULL);
        T_CHECK(strstr(diag.text, errors[i].says) != NULL);
        qp_report_finish(&report);
    }
}

TEST(everything_wrong_is_reported_at_once)
{
    static const char text[] = "{\"layers\": [{\"type\": \"text\", \"size\": 1, \"colour\": 3},"
                               "{\"type\": \"clock\", \"zone\": \"X\", \"format\": \"%Q\"}]}";
    struct qp_report report = {0};
    struct layout *l = NULL;

    T_EQ(layout_parse(&l, text, sizeof(text) - 1, NULL, W, H, &report, NULL), -EINVAL);
    T_EQ(report.n_errors, 5);
    qp_report_finish(&report);
}

TEST(reaching_over_the_edge_is_only_a_warning)
{
    static const char text[] =
        "{\"layers\": [{\"type\": \"solid\", \"color\": \"#ffffff\", \"x\": -10}]}";
    struct qp_report report = {0};
    struct layout *l;

    T_EQ(layout_parse(&l, text, sizeof(text) - 1, NULL, W, H, &report, NULL), 0);
    T_EQ(report.n_warnings, 1);
    T_EQ(l->layers[0].rect.x, -10);
    qp_report_finish(&report);
    layout_destroy(l);
}

TEST(limits)
{
    size_t n = LAYOUT_MAX_BYTES + 10;
    char *big = malloc(n + 1);
    struct qp_diag diag = {{0}};
    struct layout *l = NULL;
    int len;

    memset(big, ' ', n);
    T_EQ(layout_parse(&l, big, n, NULL, W, H, NULL, &diag), -E2BIG);
    len = sprintf(big, "{\"layers\": [");
    for (int i = 0; i < 65; i++)
        len += sprintf(big + len, "%s{\"type\": \"solid\", \"color\": \"#ffffff\"}", i ? "," : "");
    len += sprintf(big + len, "]}");
    T_EQ(layout_parse(&l, big, (size_t)len, NULL, W, H, NULL, &diag), -EINVAL);
    T_CHECK(strstr(diag.text, "65 layers"));
    len = sprintf(big, "{\"layers\": [{\"type\": \"text\", \"text\": \"");
    memset(big + len, 'a', 5000);
    (void)sprintf(big + len + 5000, "\"}]}");
    T_EQ(layout_parse(&l, big, strlen(big), NULL, W, H, NULL, &diag), -EINVAL);
    free(big);
}

TEST(a_missing_file_and_a_folder)
{
    struct qp_diag diag = {{0}};
    struct layout *l = NULL;

    T_EQ(layout_load(&l, "/nowhere/x.json", W, H, NULL, &diag), -ENOENT);
    T_CHECK(strstr(diag.text, "/nowhere/x.json"));
    T_EQ(layout_load(&l, "/tmp", W, H, NULL, &diag), -EISDIR);
}

/* Run from the top of the tree, as the test runner does. */
TEST(every_example_loads)
{
    DIR *d = opendir("configs/layouts");
    int n = 0;

    T_CHECK(d != NULL);
    for (struct dirent *e; (e = readdir(d));) {
        struct qp_report report = {0};
        struct qp_diag diag = {{0}};
        struct layout *l = NULL;
        char path[512];

        if (!strstr(e->d_name, ".json"))
            continue;
        (void)snprintf(path, sizeof(path), "configs/layouts/%s", e->d_name);
        if (layout_load(&l, path, W, H, &report, &diag) < 0)
            fprintf(stderr, "%s\n", diag.text);
        T_CHECK(l != NULL);
        T_EQ(report.n_warnings, 0);
        qp_report_finish(&report);
        layout_destroy(l);
        n++;
    }
    closedir(d);
    T_CHECK(n >= 5);
}
