/* SPDX-License-Identifier: Apache-2.0 */
/* wall_new.c - a wall file for a plain rectangle of cabinets, cut into as many ports as it takes.
 *
 * How many that is is not computed here: a wall with n ports is made and checked as `qp wall check`
 * would, until no port is overloaded. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/cli/cli.h"
#include "protocols/base/file.h"
#include "protocols/base/parse.h"
#include "protocols/wall/wall.h"
#include "sender-card/sender.h"

#define USAGE                                                                                      \
    "qp wall new --cols C --rows R --type WxH@PITCH|NAME --driver DRIVER [--refresh R] ... "       \
    "[-o FILE]"
#define PIXELS_PER_UNIVERSE 170
#define MAX_UNIVERSES       32768 /* of one output, for Art-Net's 15 bits */
#define MAX_ROUNDS          64

/* Cabinets as they are sold, by pitch and size in mm; the numbers follow from each other. */
static const struct common_type {
    const char *name;
    unsigned w, h;
    double pitch_mm;
} common_types[] = {
    {"p1.25-600x337", 480, 270, 1.25},    {"p1.56-600x337", 384, 216, 1.5625},
    {"p1.86-640x480", 344, 258, 1.86},    {"p2-640x480", 320, 240, 2},
    {"p2.5-640x480", 256, 192, 2.5},      {"p2.6-500x500", 192, 192, 2.604167},
    {"p2.9-500x500", 168, 168, 2.976190}, {"p3.9-500x500", 128, 128, 3.90625},
    {"p4.8-500x500", 104, 104, 4.807692}, {"p3-576x576", 192, 192, 3},
    {"p5-960x960", 192, 192, 5},          {"p6.67-960x960", 144, 144, 6.666667},
    {"p8-960x960", 120, 120, 8},          {"p10-960x960", 96, 96, 10},
};

static const struct driver_facts {
    const char *name, *order;
    bool udp;
} driver_facts[] = {
    {"colorlight-5a", "bgr", false}, {"linsn-rv9", "brg", false}, {"ddp", "rgb", true},
    {"artnet", "rgb", true},         {"sacn", "rgb", true},
};

struct request {
    const char *name, *cols_text, *rows_text, *type_text, *driver_text, *refresh, *nic, *address;
    const char *link, *start, *direction, *pattern, *out;
    uint32_t cols, rows, w, h;
    double pitch_mm;
    char type_name[64];
    const struct driver_facts *driver;
};

static int parse_type(struct request *r, struct qp_diag *diag)
{
    char text[64], *x, *at;
    uint32_t w, h;
    double pitch;

    for (size_t i = 0; i < QP_ARRAY_LEN(common_types); i++)
        if (strcmp(r->type_text, common_types[i].name) == 0) {
            r->w = common_types[i].w;
            r->h = common_types[i].h;
            r->pitch_mm = common_types[i].pitch_mm;
            snprintf(r->type_name, sizeof(r->type_name), "%s", r->type_text);
            return 0;
        }
    if (strlen(r->type_text) < sizeof(text)) {
        memcpy(text, r->type_text, strlen(r->type_text) + 1);
        x = strchr(text, 'x');
        at = strchr(text, '@');
        if (x && at && x < at) {
            *x = *at = '\0';
            if (qp_parse_u32(text, 1, 65536, &w) == 0 && qp_parse_u32(x + 1, 1, 65536, &h) == 0 &&
                qp_parse_f64(at + 1, 0.1, 1000, &pitch) == 0) {
                r->w = w;
                r->h = h;
                r->pitch_mm = pitch;
                snprintf(r->type_name, sizeof(r->type_name), "P%s-%ux%u", at + 1, w, h);
                return 0;
            }
        }
    }
    return qp_diag_set(diag, -EINVAL,
                       "--type %.60s: write LEDs and pitch as 128x128@2.5, or a name of "
                       "`qp wall new --help`",
                       r->type_text);
}

static int parse_request(struct request *r, struct qp_diag *diag)
{
    const struct {
        const char *name, *value;
    } needed[] = {{"--cols", r->cols_text},
                  {"--rows", r->rows_text},
                  {"--type", r->type_text},
                  {"--driver", r->driver_text}};

    for (size_t i = 0; i < QP_ARRAY_LEN(needed); i++)
        if (!needed[i].value)
            return qp_diag_set(diag, -EINVAL, "%s is missing", needed[i].name);
    if (qp_parse_u32(r->cols_text, 1, WALL_MAX_CABINETS, &r->cols) < 0)
        return qp_diag_set(diag, -EINVAL, "--cols %.40s is not a number from 1", r->cols_text);
    if (qp_parse_u32(r->rows_text, 1, WALL_MAX_CABINETS, &r->rows) < 0)
        return qp_diag_set(diag, -EINVAL, "--rows %.40s is not a number from 1", r->rows_text);
    for (size_t i = 0; i < QP_ARRAY_LEN(driver_facts); i++)
        if (strcmp(r->driver_text, driver_facts[i].name) == 0)
            r->driver = &driver_facts[i];
    if (!r->driver)
        return qp_diag_set(diag, -EINVAL,
                           "--driver %.40s: there are colorlight-5a, linsn-rv9, ddp, artnet and "
                           "sacn",
                           r->driver_text);
    return parse_type(r, diag);
}

static cJSON *add_object(cJSON *to, const char *name)
{
    return cJSON_AddObjectToObject(to, name);
}

static void add_text(cJSON *to, const char *name, const char *text)
{
    cJSON_AddStringToObject(to, name, text);
}

static void add_type(cJSON *doc, const struct request *r)
{
    cJSON *type = add_object(add_object(doc, "types"), r->type_name);

    cJSON_AddNumberToObject(type, "width", r->w);
    cJSON_AddNumberToObject(type, "height", r->h);
    cJSON_AddNumberToObject(type, "pitch_mm", r->pitch_mm);
    add_text(type, "order", r->driver->order);
    if (r->driver->udp) { /* pixel controllers pass codes on as they are */
        cJSON_AddNumberToObject(type, "gamma", 1);
        add_text(add_object(type, "wiring"), "pattern", "S");
    }
}

static void add_grid(cJSON *doc, const struct request *r, uint32_t ports)
{
    cJSON *grid = cJSON_CreateObject(), *chain, *names;
    char id[32];

    cJSON_AddItemToArray(cJSON_AddArrayToObject(doc, "grids"), grid);
    add_text(grid, "id", "A");
    add_text(grid, "type", r->type_name);
    cJSON_AddNumberToObject(grid, "cols", r->cols);
    cJSON_AddNumberToObject(grid, "rows", r->rows);
    chain = add_object(grid, "chain");
    add_text(chain, "start", r->start ? r->start : "top-left");
    add_text(chain, "direction", r->direction ? r->direction : "rows");
    add_text(chain, "pattern", r->pattern ? r->pattern : "S");
    names = cJSON_AddArrayToObject(grid, "outputs");
    for (uint32_t i = 0; i < ports; i++) {
        snprintf(id, sizeof(id), "port%u", i + 1);
        cJSON_AddItemToArray(names, cJSON_CreateString(id));
    }
}

/* The i-th of a comma-separated list; false: the list is shorter. */
static bool nth_of(const char *list, uint32_t i, char *ret, size_t cap)
{
    size_t len;

    while (list && i-- > 0) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    if (!list)
        return false;
    len = strcspn(list, ",");
    if (len == 0 || len >= cap)
        return false;
    memcpy(ret, list, len);
    ret[len] = '\0';
    return true;
}

static void add_link(cJSON *output, const struct request *r, uint32_t i)
{
    cJSON *link = add_object(output, "link");
    char text[64];

    if (r->link) {
        bool pcap = strncmp(r->link, "pcap:", 5) == 0;

        add_text(link, "type", pcap ? "pcap" : "local");
        add_text(link, pcap ? "file" : "path", strchr(r->link, ':') + 1);
        return;
    }
    add_text(link, "type", r->driver->udp ? "udp" : "ethernet");
    if (!r->driver->udp) {
        if (!nth_of(r->nic, i, text, sizeof(text)))
            snprintf(text, sizeof(text), "led%u", i);
        add_text(link, "nic", text);
        return;
    }
    if (!nth_of(r->address, i, text, sizeof(text))) {
        if (strcmp(r->driver->name, "sacn") == 0)
            return; /* multicast */
        snprintf(text, sizeof(text), "10.0.%u.%u", i / 250, i % 250 + 1);
    }
    add_text(link, "address", text);
}

static void add_outputs(cJSON *doc, const struct request *r, uint32_t ports)
{
    cJSON *outputs = cJSON_AddArrayToObject(doc, "outputs");
    uint64_t universe = 1, n = (uint64_t)r->cols * r->rows;
    char id[32];

    for (uint32_t i = 0; i < ports; i++) {
        cJSON *output = cJSON_CreateObject();
        uint64_t leds = (n / ports + (i < n % ports)) * r->w * r->h;

        cJSON_AddItemToArray(outputs, output);
        snprintf(id, sizeof(id), "port%u", i + 1);
        add_text(output, "id", id);
        add_text(output, "driver", r->driver->name);
        if (strcmp(r->driver->name, "linsn-rv9") ==
            0) /* its cards crop out of the wall's picture */
            add_text(output, "raster", "canvas");
        if (strcmp(r->driver->name, "sacn") == 0) {
            cJSON_AddNumberToObject(add_object(output, "options"), "start_universe",
                                    (double)universe);
            universe += (leds + PIXELS_PER_UNIVERSE - 1) / PIXELS_PER_UNIVERSE;
        }
        add_link(output, r, i);
    }
}

static char *write_wall(const struct request *r, uint32_t ports)
{
    cJSON *doc = cJSON_CreateObject(), *canvas;
    char name[128], *text;
    struct qp_rational rate;

    snprintf(name, sizeof(name), "%u x %u cabinets %s", r->cols, r->rows, r->type_name);
    add_text(doc, "name", r->name ? r->name : name);
    canvas = add_object(doc, "canvas");
    cJSON_AddNumberToObject(canvas, "width", (double)r->cols * r->w);
    cJSON_AddNumberToObject(canvas, "height", (double)r->rows * r->h);
    if (r->refresh && qp_parse_rational(r->refresh, &rate) == 0 && rate.den == 1)
        cJSON_AddNumberToObject(doc, "refresh", (double)rate.num);
    else
        add_text(doc, "refresh", r->refresh ? r->refresh : "60");
    add_type(doc, r);
    add_grid(doc, r, ports);
    add_outputs(doc, r, ports);
    text = cJSON_Print(doc);
    cJSON_Delete(doc);
    return text;
}

/* Returns the share of the fullest port, or a negative number with findings in report. */
static double check_text(const char *text, struct qp_report *report)
{
    struct wall *wall = NULL;
    struct sender_load *loads = NULL;
    double share = -1;
    int err = wall_parse(&wall, text, strlen(text), NULL, report, NULL);

    if (err == 0)
        loads = calloc(wall->n_outputs, sizeof(*loads));
    if (loads) {
        err = sender_check(wall, loads, report);
        for (uint32_t i = 0; i < wall->n_outputs; i++)
            share = fmax(share, loads[i].share);
        if (err < 0 && share <= 1)
            share = -1; /* something other than the load */
    }
    free(loads);
    wall_destroy(wall);
    return share;
}

static void print_report(const struct qp_report *report)
{
    for (size_t i = 0; i < report->n; i++)
        cli_fail("%s: %s. %s", report->items[i].path, report->items[i].text,
                 report->items[i].remedy);
}

/* The wall with the fewest ports that carry it; NULL after saying why. */
static char *find_wall(const struct request *r)
{
    uint64_t n = (uint64_t)r->cols * r->rows;
    uint64_t least = n * r->w * r->h / (PIXELS_PER_UNIVERSE * MAX_UNIVERSES) + 1;
    uint32_t ports = (uint32_t)(least < n ? least : n);

    for (unsigned round = 0; round < MAX_ROUNDS; round++) {
        struct qp_report report = {0};
        char *text = write_wall(r, ports);
        double share = text ? check_text(text, &report) : -1;
        uint64_t more = (uint64_t)ceil(ports * fmax(share, 0));

        if (!text)
            cli_fail("no memory");
        else if (share < 0)
            print_report(&report);
        else if (share > 1 && ports == n)
            cli_fail("one cabinet alone is %.0f %% of a port: take a lower --refresh or a faster "
                     "link",
                     share * 100);
        qp_report_finish(&report);
        if (text && share >= 0 && share <= 1)
            return text;
        free(text);
        if (share < 0 || ports == n)
            return NULL;
        ports = (uint32_t)(more > ports + 1u ? more : ports + 1u);
        if (ports > n)
            ports = (uint32_t)n;
    }
    cli_fail("found no number of ports that carries this wall");
    return NULL;
}

static int save(const struct request *r, const char *text)
{
    struct qp_diag diag = {""};
    char *line = NULL;
    int len, err;

    if (!r->out) {
        puts(text);
        return CLI_OK;
    }
    len = asprintf(&line, "%s\n", text);
    if (len < 0)
        return cli_fail("no memory");
    err = qp_file_replace(r->out, line, (size_t)len, &diag);
    free(line);
    return err < 0 ? cli_fail("%s", diag.text) : CLI_OK;
}

static void print_more_help(void)
{
    puts("\nexamples:\n"
         "  qp wall new --cols 8 --rows 4 --type 128x128@2.5 --driver colorlight-5a -o wall.json\n"
         "  qp wall new --cols 4 --rows 3 --type p3.9-500x500 --driver linsn-rv9 --nic enp3s0");
    puts("\ncommon types:");
    for (size_t i = 0; i < QP_ARRAY_LEN(common_types); i++)
        printf("  %-16s %u x %u LEDs, pitch %g mm\n", common_types[i].name, common_types[i].w,
               common_types[i].h, common_types[i].pitch_mm);
}

static int check_more(const struct request *r, struct qp_diag *diag)
{
    struct qp_rational rate;

    if (r->refresh && qp_parse_rational(r->refresh, &rate) < 0)
        return qp_diag_set(diag, -EINVAL, "--refresh %.40s: write 50, 60, 60000/1001 ...",
                           r->refresh);
    if (r->link && strncmp(r->link, "pcap:", 5) != 0 && strncmp(r->link, "local:", 6) != 0)
        return qp_diag_set(diag, -EINVAL, "--link %.40s: write pcap:FILE or local:SOCKET", r->link);
    if ((uint64_t)r->cols * r->w > WALL_MAX_CANVAS || (uint64_t)r->rows * r->h > WALL_MAX_CANVAS)
        return qp_diag_set(diag, -EINVAL, "the wall would be larger than %u pixels on a side",
                           WALL_MAX_CANVAS);
    return 0;
}

int cli_wall_new(int argc, char **argv)
{
    struct request r = {0};
    const struct cli_opt opts[] = {
        {"--cols", "N", "cabinets side by side", &r.cols_text},
        {"--rows", "N", "cabinets one above the other", &r.rows_text},
        {"--type", "WxH@PITCH", "LEDs of a cabinet and pitch in mm, or a common type",
         &r.type_text},
        {"--driver", "NAME", "colorlight-5a, linsn-rv9, ddp, artnet or sacn", &r.driver_text},
        {"--refresh", "R", "frames a second: 60 (default), 50, 60000/1001 ...", &r.refresh},
        {"--nic", "A,B,...", "interfaces by name or address; default led0,led1,...", &r.nic},
        {"--address", "A,B,...",
         "IPv4 of the controllers; default 10.0.0.1,10.0.0.2,...; "
         "sacn: multicast",
         &r.address},
        {"--link", "KIND", "pcap:FILE or local:SOCKET for all ports instead", &r.link},
        {"--start", "CORNER", "of the chain: top-left (default), bottom-right ...", &r.start},
        {"--direction", "D", "rows (default) or columns", &r.direction},
        {"--pattern", "P", "S (default) or Z", &r.pattern},
        {"--name", "TEXT", "name of the wall", &r.name},
        {"-o", "FILE", "write to a file instead of standard output", &r.out},
    };
    struct qp_diag diag = {""};
    int err = cli_parse(USAGE, opts, QP_ARRAY_LEN(opts), NULL, argc, argv);
    char *text;

    if (err > 0)
        print_more_help();
    if (err != 0)
        return err > 0 ? CLI_OK : CLI_USAGE;
    err = parse_request(&r, &diag);
    if (err == 0)
        err = check_more(&r, &diag);
    if (err < 0) {
        cli_fail("%s", diag.text);
        return CLI_USAGE;
    }
    text = find_wall(&r);
    if (!text)
        return CLI_ERROR;
    err = save(&r, text);
    free(text);
    return err;
}
