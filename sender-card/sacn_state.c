/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/sacn_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "protocols/base/json.h"
#include "protocols/base/report.h"

#define FILE_NAME "sacn.json"

/* A random UUID, RFC 4122 4.4. */
static void new_cid(uint8_t cid[16])
{
    /* 16 bytes never come short, and before the pool is ready the call waits. */
    while (getrandom(cid, 16, 0) != 16)
        continue;
    cid[6] = (uint8_t)((cid[6] & 0x0F) | 0x40);
    cid[8] = (uint8_t)((cid[8] & 0x3F) | 0x80);
}

static void format_cid(const uint8_t cid[16], char text[33])
{
    for (int i = 0; i < 16; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", cid[i]);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_cid(const char *text, uint8_t cid[16])
{
    if (strlen(text) != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        int hi = hex_digit(text[2 * i]), lo = hex_digit(text[2 * i + 1]);

        if (hi < 0 || lo < 0)
            return false;
        cid[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

/* Frames that can have been sent between a store and the end: two intervals, for a background
 * thread that was held up once. At most 235, or the number would land in the receivers' window of
 * packets out of order from the other side. */
static uint8_t frames_unstored(struct qp_rational rate)
{
    double frames = qp_rational_f64(rate) * 2 * SACN_STATE_STORE_MS / 1000 + 1;

    return frames > 235 ? 235 : (uint8_t)frames;
}

static bool read_state(struct sacn_state *state, const cJSON *json, struct qp_rational rate)
{
    struct qp_node root = qp_node_root(json);
    struct qp_node cid = qp_node_member(&root, "cid"), clean = qp_node_member(&root, "clean");
    struct qp_node sequence = qp_node_member(&root, "sequence");
    const char *text;
    uint32_t number;
    bool was_clean;

    if (qp_node_str(&cid, 32, &text, NULL) < 0 || qp_node_bool(&clean, &was_clean, NULL) < 0 ||
        qp_node_u32(&sequence, 0, 255, &number, NULL) < 0 || !parse_cid(text, state->cid))
        return false;
    state->base = (uint8_t)(number + (was_clean ? 0u : frames_unstored(rate)));
    return true;
}

int sacn_state_load(struct sacn_state *ret, const char *dir, struct qp_rational rate,
                    struct qp_diag *diag)
{
    struct qp_diag ignored;
    cJSON *json;
    int err;

    *ret = (struct sacn_state){0};
    new_cid(ret->cid);
    if (!dir)
        return 0;
    if (snprintf(ret->temp, sizeof(ret->temp), "%s/" FILE_NAME ".new", dir) >=
        (int)sizeof(ret->temp))
        return qp_diag_set(diag, -ENAMETOOLONG, "%.100s...: the path is too long", dir);
    (void)snprintf(ret->file, sizeof(ret->file), "%s/" FILE_NAME, dir);
    err = qp_json_load(&json, ret->file, NULL, &ignored);
    if (err == -ENOENT || err == -EINVAL || err == -E2BIG)
        return 0; /* none yet, or damaged: a new CID is a new source to the receivers */
    if (err < 0)
        return qp_diag_set(diag, err, "%s: %s; sACN keeps its identity there", ret->file,
                           strerror(-err));
    if (!read_state(ret, json, rate))
        new_cid(ret->cid);
    cJSON_Delete(json);
    return 0;
}

int sacn_state_store(const struct sacn_state *state, uint64_t count, bool clean)
{
    char cid[33], text[128];
    int len, fd, err = 0;

    if (!state->file[0])
        return 0;
    format_cid(state->cid, cid);
    len = snprintf(text, sizeof(text), "{\"cid\": \"%s\", \"clean\": %s, \"sequence\": %u}\n", cid,
                   clean ? "true" : "false", sacn_state_sequence(state, count));
    fd = open(state->temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    if (write(fd, text, (size_t)len) != len)
        err = errno ? -errno : -ENOSPC;
    if (close(fd) < 0 && err == 0)
        err = -errno;
    if (err == 0 && rename(state->temp, state->file) < 0)
        err = -errno;
    if (err < 0)
        (void)unlink(state->temp);
    return err;
}
