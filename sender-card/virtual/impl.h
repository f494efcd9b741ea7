/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h - what the files of the virtual wall share; not for its users. */
#ifndef SENDER_CARD_VIRTUAL_IMPL_H
#define SENDER_CARD_VIRTUAL_IMPL_H

#include "protocols/wall/geometry.h"
#include "sender-card/virtual/virtual.h"

/* Intervals between latches that the jitter is computed from. */
#define VIRTUAL_INTERVALS 8192

/* Cells of one port that memory is spent on: 7 bytes each. */
#define VIRTUAL_MAX_CELLS (1ull << 28)

enum vdriver { VDRIVER_COLORLIGHT, VDRIVER_LINSN, VDRIVER_DDP, VDRIVER_ARTNET, VDRIVER_SACN };

/* A run of LEDs: consecutive cells of a port along one line of a cabinet. */
struct vspan {
    uint32_t cell, n;
    uint32_t cabinet;
    double u, v, du, dv; /* canvas: the middle of the first LED, and the step */
    double hu, hv;       /* half the canvas box of one LED */
};

struct vuniverse {
    bool seen;  /* in the picture under way */
    bool known; /* sequence is that of the last packet */
    uint8_t sequence;
};

struct vport {
    struct virtual_wall *vw; /* borrowed */
    uint32_t index;
    enum vdriver driver;
    bool raw;         /* Ethernet frames without IP */
    uint32_t n_cells; /* of the port's buffers */
    uint32_t raster_w, raster_h;
    uint32_t row_cells; /* cells of a unit of the report */
    struct vspan *spans;
    size_t n_spans;
    size_t snapshot_offset;

    /* front is visible, back is being filled. stamp[cell] == pass: written in the pass under way; a
     * pass begins after a latch and when a cell is written a second time. first_pass: the first one
     * since the latch. */
    uint8_t *front, *back, *stamp;
    uint8_t pass, first_pass;
    bool dirty; /* pixels since the latch */
    bool latched_once;
    uint32_t last_cell, last_n; /* of the last packet */

    /* settings of the driver */
    uint16_t udp_port;
    uint8_t address[4];
    bool has_address;    /* the link's unicast IPv4 */
    uint8_t latch_to[4]; /* where ArtSync or a unicast synchronization packet goes; 0: to all */
    char nic[32];
    uint32_t ddp_id;
    uint32_t universe;          /* Art-Net, sACN: the first */
    uint32_t leds_per_universe; /* 170 */
    uint32_t n_universes;
    uint32_t sync_setting; /* sACN: the synchronization address of the wall file */
    struct vuniverse *universes;
    uint32_t universes_missing; /* of the pass under way */

    /* what the drivers remember */
    bool linsn_open; /* a packet 0 was seen */
    uint8_t geometry;
    bool ddp_gap;
    uint8_t ddp_sequence;
    uint32_t ddp_offset; /* with the length: which packet had that sequence */
    uint16_t ddp_length;
    int64_t sync_ns; /* Art-Net: the last ArtSync; sACN: the last synchronization packet */
    bool synced;
    uint16_t sync_address;
    bool force_sync;
    uint8_t cid[16], priority;
    bool has_source;
    int64_t source_ns;

    /* latch times */
    int64_t last_latch_ns;
    int64_t *intervals; /* VIRTUAL_INTERVALS, a ring */
    uint64_t n_intervals;

    bool expected, latched; /* takes part in wall frames; has latched in the one under way */
    struct virtual_port_stats stats;
};

struct virtual_wall {
    const struct wall *wall; /* borrowed */
    struct vport *ports;     /* n_outputs */
    uint32_t factor;
    uint32_t w, h; /* of the picture */
    size_t snapshot_len;
    virtual_frame_fn *on_frame;
    void *on_frame_user; /* borrowed */
    struct virtual_totals totals;
    /* light of a code, per type: [type][code], 65535 = full */
    uint16_t (*gamma)[256];
    uint8_t *srgb; /* light >> 2 -> code; 16384 entries */
};

/* port.c: the buffers of a port */
QP_MUST_CHECK int vport_init(struct vport *p, struct virtual_wall *vw, uint32_t index,
                             struct qp_diag *diag);
void vport_finish(struct vport *p);
/* n pixels of 3 bytes for cells [cell, cell + n); beyond the end they are cut off and counted. */
void vport_write(struct vport *p, uint64_t cell, uint32_t n, const uint8_t *src);
/* Show what has been written since the last latch. */
void vport_latch(struct vport *p, int64_t time_ns);
void vport_bad(struct vport *p, const char *reason);
bool vport_complete(const struct vport *p);

/* virtual.c */
/* The port of a raw packet: port itself, or the only one of this driver; NULL: not known. */
struct vport *virtual_raw_port(const struct virtual_wall *vw, uint32_t port, enum vdriver driver);
void virtual_port_latched(struct vport *p, int64_t time_ns);
void virtual_before_latch(struct vport *p, int64_t time_ns);

/* options.c: what the wall file says about a port's driver and link. */
QP_MUST_CHECK int voptions_read(struct vport *p, struct qp_diag *diag);

/* read_*.c: one packet of a port. buf is a whole Ethernet frame, payload that of a datagram. */
void vread_colorlight(struct vport *p, int64_t time_ns, const uint8_t *buf, size_t len);
void vread_linsn(struct vport *p, int64_t time_ns, const uint8_t *buf, size_t len);
void vread_ddp(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len);
void vread_artnet(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len);
void vread_sacn(struct vport *p, int64_t time_ns, const uint8_t *payload, size_t len);
void vread_linsn_end(struct vport *p);

#endif
