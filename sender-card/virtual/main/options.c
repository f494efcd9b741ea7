/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/virtual/main/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "protocols/base/parse.h"

const char options_help[] =
    "usage: qp-wall --wall W.json (--pcap FILE | --listen INPUT ...) [options]\n"
    "\n"
    "Reads the packets that a sender sends to an LED wall and shows what the LEDs would show.\n"
    "\n"
    "input\n"
    "  --pcap FILE           a capture (pcap or pcapng); '-' is standard input\n"
    "  --listen nic:IFACE[=OUTPUT]   every packet of a network interface\n"
    "  --listen udp[:ADDRESS]        DDP, Art-Net and sACN addressed to this machine\n"
    "  --listen local:SOCKET         players with --link local:SOCKET\n"
    "  --mute                answer no discovery, where real cards and nodes do\n"
    "  --port OUTPUT         the output that packets without a name belong to\n"
    "pictures\n"
    "  --png FILE            write the last frame, or the one that --frame names\n"
    "  --frame N             count from 1\n"
    "  --save FOLDER         write every frame as FOLDER/frame-00000001.png ...\n"
    "  --look raw|light|led|linear   codes as received (default); what an eye sees; round dots;\n"
    "                        linear light in 16 bits\n"
    "  --zoom N              pixels from LED to LED of --look led, 2..64 (default 8)\n"
    "end\n"
    "  --frames N            after so many frames\n"
    "  --seconds S           after so long\n"
    "report\n"
    "  --json                the figures as JSON on standard output\n"
    "  --http ADDRESS:PORT   show the wall live in a browser, e.g. 127.0.0.1:8081\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done, 1 not, 2 wrong options: the sentence on standard error says why.\n"
    "\n"
    "examples\n"
    "  qp-wall --wall wall.json --listen local:/tmp/wall.sock --http 127.0.0.1:8081\n"
    "  qp-wall --wall wall.json --listen nic:enp3s0 --seconds 10 --json\n"
    "  qp-wall --wall wall.json --pcap out.pcapng --frame 100 --png frame.png --look light\n";

enum {
    OPT_WALL = 1,
    OPT_PCAP,
    OPT_LISTEN,
    OPT_PORT,
    OPT_FRAME,
    OPT_PNG,
    OPT_SAVE,
    OPT_LOOK,
    OPT_ZOOM,
    OPT_FRAMES,
    OPT_SECONDS,
    OPT_JSON,
    OPT_MUTE,
    OPT_HTTP,
    OPT_HELP,
    OPT_VERSION
};

static const struct option table[] = {
    {"wall", required_argument, NULL, OPT_WALL},
    {"pcap", required_argument, NULL, OPT_PCAP},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"port", required_argument, NULL, OPT_PORT},
    {"frame", required_argument, NULL, OPT_FRAME},
    {"png", required_argument, NULL, OPT_PNG},
    {"save", required_argument, NULL, OPT_SAVE},
    {"look", required_argument, NULL, OPT_LOOK},
    {"zoom", required_argument, NULL, OPT_ZOOM},
    {"frames", required_argument, NULL, OPT_FRAMES},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"json", no_argument, NULL, OPT_JSON},
    {"mute", no_argument, NULL, OPT_MUTE},
    {"http", required_argument, NULL, OPT_HTTP},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

static int parse_count(const char *name, uint64_t *ret, struct qp_diag *diag)
{
    int64_t n;

    if (qp_parse_i64(optarg, 1, INT64_MAX, &n) < 0)
        return qp_diag_set(diag, -EINVAL, "%s %s: a number from 1 up is needed", name, optarg);
    *ret = (uint64_t)n;
    return 0;
}

static int parse_look(struct wall_options *o, struct qp_diag *diag)
{
    static const char *const names[] = {"raw", "light", "led", "linear"};

    for (unsigned i = 0; i < QP_ARRAY_LEN(names); i++) {
        if (strcmp(optarg, names[i]) == 0) {
            o->look = (enum wall_look)i;
            return 0;
        }
    }
    return qp_diag_set(diag, -EINVAL, "--look %s: choose raw, light, led or linear", optarg);
}

static int parse_http(struct wall_options *o, struct qp_diag *diag)
{
    const char *colon = strrchr(optarg, ':');
    size_t len = colon ? (size_t)(colon - optarg) : 0;
    struct in_addr any;
    uint32_t port;

    if (!colon || len == 0 || len >= sizeof(o->http_address) ||
        qp_parse_u32(colon + 1, 0, 65535, &port) < 0)
        return qp_diag_set(diag, -EINVAL, "--http %s: write ADDRESS:PORT, as in 127.0.0.1:8081",
                           optarg);
    (void)snprintf(o->http_address, sizeof(o->http_address), "%.*s", (int)len, optarg);
    if (inet_pton(AF_INET, o->http_address, &any) != 1)
        return qp_diag_set(diag, -EINVAL, "--http %s: \"%s\" is no IPv4 address", optarg,
                           o->http_address);
    o->http_port = (uint16_t)port;
    o->http = true;
    return 0;
}

static int check_listen_nic(const char *name, struct qp_diag *diag)
{
    size_t len = strcspn(name, "=");

    if (len > 0 && len < IFNAMSIZ)
        return 0;
    return qp_diag_set(diag, -EINVAL,
                       "--listen %s: the name of a network interface has 1..%d bytes", optarg,
                       IFNAMSIZ - 1);
}

static int check_listen_local(const char *path, struct qp_diag *diag)
{
    size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);

    if (*path && strlen(path) < room)
        return 0;
    return qp_diag_set(diag, -EINVAL, "--listen %s: a socket's path has 1..%zu bytes", optarg,
                       room - 1);
}

static int check_listen(struct qp_diag *diag)
{
    struct in_addr any;

    if (strncmp(optarg, "nic:", 4) == 0)
        return check_listen_nic(optarg + 4, diag);
    if (strncmp(optarg, "local:", 6) == 0)
        return check_listen_local(optarg + 6, diag);
    if (strcmp(optarg, "udp") == 0)
        return 0;
    if (strncmp(optarg, "udp:", 4) != 0)
        return qp_diag_set(diag, -EINVAL,
                           "--listen %s: choose nic:IFACE, udp[:ADDRESS] or "
                           "local:SOCKET",
                           optarg);
    if (inet_pton(AF_INET, optarg + 4, &any) != 1)
        return qp_diag_set(diag, -EINVAL, "--listen %s: no IPv4 address", optarg);
    return 0;
}

static int add_listen(struct wall_options *o, struct qp_diag *diag)
{
    int r = check_listen(diag);

    if (r < 0)
        return r;
    if (o->n_listen == OPTIONS_MAX_LISTEN)
        return qp_diag_set(diag, -EINVAL, "more than %u --listen", OPTIONS_MAX_LISTEN);
    o->listen[o->n_listen++] = optarg;
    return 0;
}

static int parse_one(struct wall_options *o, int option, struct qp_diag *diag)
{
    switch (option) {
    case OPT_WALL:
        o->wall = optarg;
        return 0;
    case OPT_PCAP:
        o->pcap = optarg;
        return 0;
    case OPT_LISTEN:
        return add_listen(o, diag);
    case OPT_PORT:
        o->port = optarg;
        return 0;
    case OPT_FRAME:
        return parse_count("--frame", &o->frame, diag);
    case OPT_PNG:
        o->png = optarg;
        return 0;
    case OPT_SAVE:
        o->save = optarg;
        return 0;
    case OPT_LOOK:
        return parse_look(o, diag);
    case OPT_ZOOM:
        if (qp_parse_u32(optarg, 2, 64, &o->zoom) < 0)
            return qp_diag_set(diag, -EINVAL, "--zoom %s: not in 2..64", optarg);
        return 0;
    case OPT_FRAMES:
        return parse_count("--frames", &o->frames, diag);
    case OPT_SECONDS:
        if (qp_parse_f64(optarg, 0.001, 1e9, &o->seconds) < 0)
            return qp_diag_set(diag, -EINVAL, "--seconds %s: a positive number is needed", optarg);
        return 0;
    case OPT_JSON:
        o->json = true;
        return 0;
    case OPT_MUTE:
        o->mute = true;
        return 0;
    case OPT_HTTP:
        return parse_http(o, diag);
    case OPT_HELP:
        o->help = true;
        return 0;
    case OPT_VERSION:
        o->version = true;
        return 0;
    default:
        return qp_diag_set(diag, -EINVAL, "unknown option or missing value; see --help");
    }
}

static int check(struct wall_options *o, struct qp_diag *diag)
{
    if (o->help || o->version)
        return 0;
    if (!o->wall)
        return qp_diag_set(diag, -EINVAL, "--wall is missing; see --help");
    if (!o->pcap && !o->n_listen)
        return qp_diag_set(diag, -EINVAL, "no input: add --pcap FILE or --listen ...; see --help");
    if (o->pcap && o->n_listen)
        return qp_diag_set(diag, -EINVAL, "--pcap and --listen exclude each other");
    if (o->frame && !o->png)
        return qp_diag_set(diag, -EINVAL, "--frame needs --png FILE");
    if (o->png && !o->frame)
        o->frame = o->frames;
    if (o->frames && o->frame > o->frames)
        return qp_diag_set(diag, -EINVAL, "--frame %llu lies behind --frames %llu",
                           (unsigned long long)o->frame, (unsigned long long)o->frames);
    return 0;
}

int options_parse(struct wall_options *ret, int argc, char **argv, struct qp_diag *diag)
{
    *ret = (struct wall_options){.zoom = 8};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        int r = parse_one(ret, option, diag);

        if (r < 0)
            return r;
    }
    if (optind < argc)
        return qp_diag_set(diag, -EINVAL, "unexpected argument \"%s\"; see --help", argv[optind]);
    return check(ret, diag);
}
