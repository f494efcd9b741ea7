/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/known.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/history.h"
#include "controller/player/playlog.h"
#include "controller/player/proof/record.h"
#include "protocols/base/file.h"
#include "protocols/base/tz.h"
#include "scheduler/load_time.h"

#define FACTS_MAX      ((size_t)64 << 20)
#define LOOK_MS        1000  /* at the kernel's word on the clock */
#define NOW_MS         2000  /* between two entries of the journal about one item */
#define SYNC_MS        30000 /* ... that go down to the disk */
#define NEWS_MS        1000  /* between two new programs for files that were verified */
#define PLAN_MARGIN_MS 900000
#define DAY_S          86400

struct known {
    struct known_params params;
    struct playlog *log;     /* NULL: none */
    struct history *history; /* NULL: none */
    struct verify *verify;   /* NULL: nothing wanted it yet */
    struct trust trust;

    char *facts; /* the text of the last good one; NULL: none */
    size_t facts_len;
    char *refused; /* one that did not fit, kept for the next schedule */
    size_t refused_len;
    bool is_absent; /* there is no such file, which was told */
    bool want_facts, want_anew;

    char *held_rule; /* last resolved by a trusted clock */
    uint64_t on_id;
    int64_t looked_ms, now_written_ms, synced_ms, news_ms;
    bool has_news;
    uint64_t last_id;
    int64_t last_ms; /* of the newest tick */
};

static void notice(struct known *k, const char *text)
{
    k->params.on_notice(k->params.user, text);
}

/* --- the log -----------------------------------------------------------------------------------
 */

static void add_line(struct known *k, char *line)
{
    if (k->history && line)
        history_add(k->history, line);
    playlog_add(k->log, line);
}

uint64_t known_new_id(struct known *k)
{
    return ++k->last_id;
}

void known_record(struct known *k, cJSON *record)
{
    if (k->log)
        add_line(k, cJSON_PrintUnformatted(record));
    cJSON_Delete(record);
}

/* What was on when the player was killed. It is in the log already when the kill came between the
 * record and the journal. */
static void close_killed(struct known *k, const cJSON *record)
{
    char *line = cJSON_IsObject(record) ? cJSON_PrintUnformatted(record) : NULL;

    if (!line)
        return;
    if (k->history && ledger_holds(history_ledger(k->history), line, strlen(line))) {
        free(line);
        return;
    }
    notice(k, "the last run was ended by force; the log has what was on then, as \"killed\"");
    add_line(k, line);
}

static int64_t read_journal(struct known *k, const char *text)
{
    cJSON *tree = NULL;
    const cJSON *held, *seen;
    int64_t seen_ms = INT64_MIN;
    bool rehearsed;

    if (!text || qp_json_parse(&tree, text, strlen(text), NULL, NULL) < 0)
        return seen_ms;
    rehearsed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "rehearsal"));
    held = cJSON_GetObjectItemCaseSensitive(tree, "held_rule");
    if (cJSON_IsString(held) && (!rehearsed || k->params.is_rehearsal))
        k->held_rule = strdup(held->valuestring);
    seen = cJSON_GetObjectItemCaseSensitive(tree, "seen");
    if (!cJSON_IsString(seen) || load_instant(seen->valuestring, NULL, false, &seen_ms) ||
        rehearsed)
        seen_ms = INT64_MIN;
    close_killed(k, cJSON_GetObjectItemCaseSensitive(tree, "on"));
    cJSON_Delete(tree);
    return seen_ms;
}

static void tell_passed(struct known *k)
{
    uint64_t n = history_passed(k->history);
    char text[600];

    (void)snprintf(text, sizeof(text), "%.400s: %" PRIu64 " lines are no records; not counted",
                   k->params.log, n);
    if (n > 0)
        notice(k, text);
}

static int open_log(struct known *k, int64_t *ret_seen_ms, struct qp_diag *diag)
{
    struct history_params history = {.file = k->params.log,
                                     .screen = k->params.screen,
                                     .with_rehearsals = k->params.is_rehearsal,
                                     .must_wait = k->params.must_wait};
    struct qp_diag why = {""};
    char *now;
    int err = playlog_open(&k->log, k->params.log, &now, diag);

    if (err < 0)
        return err;
    if (history_open(&k->history, &history, &why) == 0)
        tell_passed(k);
    else
        notice(k, why.text);
    *ret_seen_ms = read_journal(k, now);
    free(now);
    return 0;
}

/* Of a large log the whole is known now. */
static bool look_at_history(struct known *k)
{
    struct qp_diag why;

    if (!k->history || !history_has_news(k->history, &why))
        return false;
    if (why.text[0])
        notice(k, why.text);
    else
        tell_passed(k);
    return !why.text[0];
}

static void write_now(struct known *k, const struct known_now *now, bool sync)
{
    cJSON *o = cJSON_CreateObject();
    char buf[RECORD_INSTANT];

    cJSON_AddStringToObject(o, "seen", record_instant(now->now_ms * 1000000, buf));
    cJSON_AddBoolToObject(o, "rehearsal", k->params.is_rehearsal);
    if (k->held_rule)
        cJSON_AddStringToObject(o, "held_rule", k->held_rule);
    if (now->record_on)
        cJSON_AddItemToObject(o, "on", now->record_on(now->user)); /* NULL is not added */
    playlog_now(k->log, cJSON_PrintUnformatted(o), sync);
    cJSON_Delete(o);
}

/* At each new item, and every few seconds. */
static void keep_now(struct known *k, const struct known_now *now)
{
    bool is_new = now->on_id != k->on_id;
    bool sync = is_new || now->now_ms - k->synced_ms >= SYNC_MS || now->now_ms < k->synced_ms;

    if (!k->log ||
        (!is_new && now->now_ms >= k->now_written_ms && now->now_ms - k->now_written_ms < NOW_MS))
        return;
    k->on_id = now->on_id;
    k->now_written_ms = now->now_ms;
    if (sync)
        k->synced_ms = now->now_ms;
    write_now(k, now, sync);
}

/* --- the facts file ----------------------------------------------------------------------------
 */

static void tell_findings(struct known *k, const struct qp_report *report)
{
    char text[2048];

    for (size_t i = 0; i < report->n; i++) {
        const struct qp_finding *f = &report->items[i];

        (void)snprintf(text, sizeof(text), "%s: %s%s%s%s%s", k->params.facts, f->path,
                       *f->path ? ": " : "", f->text, *f->remedy ? "; " : "", f->remedy);
        notice(k, text);
    }
}

static void refuse(struct known *k, char *text, size_t len)
{
    free(k->refused);
    k->refused = text;
    k->refused_len = len;
}

static void accept(struct known *k, char *text, size_t len)
{
    free(k->facts);
    k->facts = text;
    k->facts_len = len;
    refuse(k, NULL, 0);
}

/* Does it fit the model? Its findings are told. */
static bool fits(struct known *k, const struct model *model, const char *text, size_t len)
{
    struct qp_report report = {0};
    struct load_facts facts;
    int err = load_facts_parse(&facts, model, text, len, &report, NULL);

    if (err < 0)
        tell_findings(k, &report);
    else
        load_facts_finish(&facts);
    qp_report_finish(&report);
    return err == 0;
}

/* Taken whole or refused whole. Returns whether there is something new. */
static bool read_facts(struct known *k, const struct model *model)
{
    struct qp_diag diag = {""};
    char *text = NULL;
    size_t len = 0;
    int err = qp_file_read(k->params.facts, FACTS_MAX, &text, &len, &diag);

    if (err < 0) {
        if (err != -ENOENT || !k->is_absent) {
            notice(k, diag.text);
            notice(k, k->facts ? "the facts that were read before stay" : "there are no facts yet");
        }
        k->is_absent = err == -ENOENT;
        return false;
    }
    k->is_absent = false;
    refuse(k, NULL, 0); /* what the file does not say any more */
    if (k->facts && len == k->facts_len && memcmp(text, k->facts, len) == 0) {
        free(text);
        return false;
    }
    if (!fits(k, model, text, len)) {
        notice(k, k->facts ? "the facts that were read before stay" : "there are no facts yet");
        refuse(k, text, len);
        return false;
    }
    accept(k, text, len);
    notice(k, "the facts were read");
    return true;
}

void known_facts_changed(struct known *k)
{
    k->want_facts = k->params.facts != NULL;
}

static uint32_t rule_of(const struct model *model, const char *id)
{
    for (uint32_t i = 0; id && i < model->n_rules; i++) {
        if (strcmp(model->rules[i].id, id) == 0)
            return i;
    }
    return NONE;
}

/* The first reading is done by the first program: only then is there a model. */
static void first_facts(struct known *k, const struct model *model)
{
    if (!k->want_facts || k->facts)
        return;
    k->want_facts = false;
    (void)read_facts(k, model);
}

/* Facts that named what the old schedule did not have may fit the new one. */
static void try_refused(struct known *k, const struct model *model)
{
    struct load_facts facts;
    char *text = k->refused;

    if (!text || load_facts_parse(&facts, model, text, k->refused_len, NULL, NULL) < 0)
        return;
    load_facts_finish(&facts);
    k->refused = NULL;
    accept(k, text, k->refused_len);
}

void known_facts(struct known *k, const struct model *model, struct load_facts *ret)
{
    struct qp_report report = {0};

    *ret = (struct load_facts){.facts = {.held_rule = NONE}};
    first_facts(k, model);
    try_refused(k, model);
    if (k->facts && load_facts_parse(ret, model, k->facts, k->facts_len, &report, NULL) < 0) {
        tell_findings(k, &report);
        notice(k, "the facts do not fit the schedule and are not used");
    }
    qp_report_finish(&report);
    if (ret->facts.held_rule == NONE)
        ret->facts.held_rule = rule_of(model, k->held_rule);
    if (!k->trust.trusted)
        ret->facts.clock_untrusted = true;
}

bool known_has_refused(const struct known *k)
{
    return k->params.facts && !k->facts && !k->is_absent;
}

/* --- counts ------------------------------------------------------------------------------------
 */

/* The local midnights around an instant. */
static void midnights(const struct tz *zone, int64_t at_ms, int64_t *ret_from_ms,
                      int64_t *ret_to_ms)
{
    int64_t at_s = at_ms / 1000 - (at_ms % 1000 < 0), day;
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};
    struct tz_instants from, to;

    if (zone)
        tz_span(zone, at_s, &span);
    day = (at_s + span.offset_s) / DAY_S - ((at_s + span.offset_s) % DAY_S < 0);
    from.first_s = day * DAY_S;
    to.first_s = (day + 1) * DAY_S;
    if (zone) {
        tz_instants(zone, day * DAY_S, &from);
        tz_instants(zone, (day + 1) * DAY_S, &to);
    }
    *ret_from_ms = from.first_s * 1000;
    *ret_to_ms = to.first_s > at_s ? to.first_s * 1000 : INT64_MAX;
}

int known_counts(struct known *k, const struct model *model, uint32_t screen, int64_t from_ms,
                 const struct load_facts *facts, struct play_count **ret, uint32_t *ret_n,
                 int64_t *ret_until_ms)
{
    int64_t midnight;

    midnights(model->screens[screen].zone, from_ms, &midnight, ret_until_ms);
    *ret = NULL;
    *ret_n = 0;
    if (!k->history && facts->n_counts == 0)
        return 0;
    /* Planning goes ahead of time: at midnight the last minutes are not delivered yet. */
    return ledger_counts(k->history ? history_ledger(k->history) : NULL, model, screen,
                         midnight - PLAN_MARGIN_MS, facts->counts, facts->n_counts, ret, ret_n);
}

/* --- files -------------------------------------------------------------------------------------
 */

enum verify_state known_verify(struct known *k, const char *file, const char *sha256, char *why,
                               size_t cap)
{
    enum verify_state state;
    struct qp_diag diag;
    bool again = false;

    if (cap > 0)
        *why = '\0';
    if (!k->verify && verify_create(&k->verify, &diag) < 0)
        return VERIFY_WAITING;
    state = verify_ask(k->verify, file, sha256);
    if (state == VERIFY_WAITING && k->params.must_wait) {
        verify_wait(k->verify);
        state = verify_ask(k->verify, file, sha256);
    }
    if (state == VERIFY_BAD && cap > 0)
        verify_why(k->verify, file, sha256, why, cap, &again);
    if (again)
        *why = '\0';
    return state;
}

void known_retry_files(struct known *k)
{
    if (k->verify)
        verify_retry(k->verify);
}

void known_renew(struct known *k)
{
    k->want_anew = true;
}

/* A new program when all is verified, and meanwhile now and then. */
static bool look_at_files(struct known *k, int64_t now_ms)
{
    if (!k->verify)
        return false;
    k->has_news |= verify_has_news(k->verify);
    if (!k->has_news ||
        (verify_left(k->verify) > 0 && now_ms >= k->news_ms && now_ms - k->news_ms < NEWS_MS))
        return false;
    k->has_news = false;
    k->news_ms = now_ms;
    return true;
}

/* --- the clock ---------------------------------------------------------------------------------
 */

const char *known_clock(const struct known *k)
{
    return k->params.is_rehearsal ? "rehearsal" : k->trust.trusted ? "trusted" : "untrusted";
}

static void tell_clock(struct known *k)
{
    char text[400];

    trust_tell(&k->trust, text, sizeof(text));
    notice(k, text);
}

void known_clock_set(struct known *k)
{
    trust_set(&k->trust);
    k->looked_ms = INT64_MIN;
}

static bool look_at_clock(struct known *k, int64_t now_ms)
{
    if ((k->looked_ms != INT64_MIN && now_ms >= k->looked_ms && now_ms - k->looked_ms < LOOK_MS))
        return false;
    k->looked_ms = now_ms; /* a rehearsal's clock is always trusted */
    if (!trust_look(&k->trust, now_ms))
        return false;
    tell_clock(k);
    return true;
}

static void hold(struct known *k, const struct known_now *now)
{
    const char *rule = now->held_rule;
    char *copy;

    /* Only when the kernel has just been asked: the clock may have been set a moment ago. */
    if (!now->has_rule || !k->trust.trusted || k->looked_ms != now->now_ms ||
        (rule ? k->held_rule && strcmp(rule, k->held_rule) == 0 : k->held_rule == NULL))
        return;
    copy = rule ? strdup(rule) : NULL;
    if (rule && !copy)
        return;
    free(k->held_rule);
    k->held_rule = copy;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

bool known_tick(struct known *k, const struct known_now *now)
{
    struct qp_diag diag;
    bool anew = look_at_clock(k, now->now_ms) || k->want_anew;

    k->want_anew = false;
    hold(k, now);
    anew |= look_at_files(k, now->now_ms);
    anew |= look_at_history(k);
    if (k->want_facts && now->model) {
        k->want_facts = false;
        anew |= read_facts(k, now->model);
    }
    keep_now(k, now);
    k->last_ms = now->now_ms;
    if (k->log && playlog_trouble(k->log, &diag))
        notice(k, diag.text);
    return anew;
}

int known_create(struct known **ret, const struct known_params *params, struct qp_diag *diag)
{
    struct known *k = calloc(1, sizeof(*k));
    int64_t seen_ms = INT64_MIN;
    int err;

    if (!k)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    k->params = *params;
    k->looked_ms = INT64_MIN;
    k->news_ms = params->now_ms;
    k->want_facts = params->facts != NULL;
    err = params->log ? open_log(k, &seen_ms, diag) : 0;
    if (err < 0) {
        known_destroy(k);
        return err;
    }
    trust_init(&k->trust, params->is_rehearsal ? TRUST_ALWAYS : params->trust, params->now_ms,
               seen_ms);
    if (!params->is_rehearsal && params->trust != TRUST_ALWAYS && !k->trust.synchronised)
        tell_clock(k);
    *ret = k;
    return 0;
}

/* An orderly end: nothing is on any more. */
static void close_log(struct known *k)
{
    struct known_now nothing = {.now_ms = k->last_ms};
    struct qp_diag diag;

    if (k->log && k->last_ms != 0)
        write_now(k, &nothing, true);
    if (playlog_close(k->log, &diag))
        notice(k, diag.text);
}

void known_destroy(struct known *k)
{
    if (!k)
        return;
    close_log(k);
    history_close(k->history);
    verify_destroy(k->verify);
    free(k->facts);
    free(k->refused);
    free(k->held_rule);
    free(k);
}
