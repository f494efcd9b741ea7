/* SPDX-License-Identifier: Apache-2.0 */
/* Reading costs one pass over the log; what is kept is, per rule, the starts of its last hour and,
 * per campaign, a sum with the quarters of an hour of the last day and a half, from which the sum
 * at any recent instant is made. */
#include "controller/player/proof/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/base/ids.h"
#include "protocols/base/json.h"
#include "scheduler/load_time.h"

#define HOUR_MS    3600000
#define LONGEST_MS INT64_C(34560000000) /* 400 days; sums of such never overflow */
#define OVERLAP_MS 2000                 /* a larger step of the clock is one that was set */
#define QUARTERS   128  /* 32 hours: the day that is played and what is planned of the next */
#define STARTS_MAX 3600 /* of a rule in an hour: the format allows no more */
#define TAIL       16   /* records that ledger_holds can look back at */
#define READ_BYTES (1u << 20)

struct amount {
    uint64_t plays;
    int64_t ms;
};

struct campaign_count {
    char *id;
    struct amount before; /* the ring's quarters */
    struct amount ring[QUARTERS];
    int64_t newest; /* quarter of an hour since 1970 */
    bool any;
};

struct rule_count {
    char *id;
    struct amount all;
    int64_t *starts; /* ascending; of the hour up to the last of them */
    uint32_t n, cap;
    int64_t begin_ms, end_ms; /* of the newest play */
};

struct tail {
    int64_t start_ms;
    uint64_t item; /* hash */
};

struct ledger {
    const char *screen;
    bool with_rehearsals;
    struct ids rules_by_id, campaigns_by_id;
    struct rule_count *rules;
    struct campaign_count *campaigns;
    uint32_t n_rules, n_campaigns;
    struct tail tail[TAIL];
    uint64_t n_tail;
};

int ledger_create(struct ledger **ret, const char *screen, bool with_rehearsals)
{
    struct ledger *l = calloc(1, sizeof(*l));

    if (!l)
        return -ENOMEM;
    l->screen = screen;
    l->with_rehearsals = with_rehearsals;
    *ret = l;
    return 0;
}

void ledger_destroy(struct ledger *l)
{
    if (!l)
        return;
    ids_finish(&l->rules_by_id);
    ids_finish(&l->campaigns_by_id);
    for (uint32_t i = 0; i < l->n_rules; i++) {
        free(l->rules[i].id);
        free(l->rules[i].starts);
    }
    for (uint32_t i = 0; i < l->n_campaigns; i++)
        free(l->campaigns[i].id);
    free(l->rules);
    free(l->campaigns);
    free(l);
}

/* --- a record ----------------------------------------------------------------------------------
 */

struct play {
    const char *rule, *campaign; /* NULL: none; borrowed from the tree */
    int64_t start_ms, end_ms;
    int64_t begin_ms; /* when the item would have begun, had it been joined from its start */
    int64_t seen_ms;
    uint64_t item;  /* hash */
    bool untrusted; /* its instants may be years off */
    bool rehearsed;
};

static uint64_t hash_of(const char *text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (; text && *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

static bool text_of(const cJSON *o, const char *name, const char **ret)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(o, name);

    *ret = cJSON_IsString(at) ? at->valuestring : NULL;
    return !at || cJSON_IsNull(at) || cJSON_IsString(at);
}

static bool instant_of(const cJSON *o, const char *name, int64_t *ret)
{
    const char *text;

    return text_of(o, name, &text) && text && load_instant(text, NULL, false, ret) == NULL;
}

static bool number_of(const cJSON *o, const char *name, double *ret)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(o, name);

    *ret = cJSON_IsNumber(at) ? at->valuedouble : 0;
    return cJSON_IsNumber(at) && fabs(*ret) < 1e15;
}

/* Returns false when it is no record. The screen's name is compared by the caller. */
static bool play_of(const cJSON *o, struct play *ret, const char **ret_screen)
{
    double position, presented, dark;
    const char *item, *clock;

    if (!cJSON_IsObject(o) || !instant_of(o, "start", &ret->start_ms) ||
        !instant_of(o, "end", &ret->end_ms) || ret->end_ms < ret->start_ms ||
        ret->end_ms - ret->start_ms > LONGEST_MS || !text_of(o, "screen", ret_screen) ||
        !*ret_screen || !text_of(o, "rule", &ret->rule) ||
        !text_of(o, "campaign", &ret->campaign) || !text_of(o, "item", &item) ||
        !text_of(o, "clock", &clock) || !number_of(o, "position_ms", &position) ||
        !number_of(o, "frames_presented", &presented) || !number_of(o, "frames_dark", &dark) ||
        position < 0 || position > (double)LONGEST_MS || presented < 0 || dark < 0 ||
        dark > presented)
        return false;
    ret->begin_ms = ret->start_ms - (int64_t)position;
    ret->seen_ms =
        presented > 0
            ? (int64_t)((double)(ret->end_ms - ret->start_ms) * (presented - dark) / presented)
            : 0;
    if (presented <= dark)
        ret->rule = ret->campaign = NULL; /* nobody saw it */
    ret->item = hash_of(item);
    ret->untrusted = clock && strcmp(clock, "untrusted") == 0;
    ret->rehearsed = clock && strcmp(clock, "rehearsal") == 0;
    return true;
}

/* --- counting ----------------------------------------------------------------------------------
 */

/* Room for one more element of an array that doubles. */
static int grow(void *array, uint32_t n, size_t size)
{
    void *now, *more;

    if (n & (n - 1)) /* only at 0, 1, 2, 4, 8 ... */
        return 0;
    memcpy(&now, array, sizeof(now));
    more = reallocarray(now, n ? 2 * (size_t)n : 1, size);
    if (!more)
        return -ENOMEM;
    memcpy(array, &more, sizeof(more));
    return 0;
}

static int find_rule(struct ledger *l, const char *id, uint32_t *ret)
{
    char *copy;

    if (ids_get(&l->rules_by_id, id, ret))
        return 0;
    *ret = l->n_rules;
    if (l->n_rules == LEDGER_MAX_IDS)
        return -E2BIG;
    copy = strdup(id);
    if (!copy || grow(&l->rules, l->n_rules, sizeof(*l->rules)) < 0 ||
        ids_put(&l->rules_by_id, copy, *ret) < 0) {
        free(copy);
        return -ENOMEM;
    }
    l->rules[l->n_rules++] = (struct rule_count){.id = copy};
    return 0;
}

static int find_campaign(struct ledger *l, const char *id, uint32_t *ret)
{
    char *copy;

    if (ids_get(&l->campaigns_by_id, id, ret))
        return 0;
    *ret = l->n_campaigns;
    if (l->n_campaigns == LEDGER_MAX_IDS)
        return -E2BIG;
    copy = strdup(id);
    if (!copy || grow(&l->campaigns, l->n_campaigns, sizeof(*l->campaigns)) < 0 ||
        ids_put(&l->campaigns_by_id, copy, *ret) < 0) {
        free(copy);
        return -ENOMEM;
    }
    l->campaigns[l->n_campaigns++] = (struct campaign_count){.id = copy};
    return 0;
}

/* Keep what is of the hour before start_ms. When the clock was set back a little, plays that seem
 * to lie ahead were a moment ago: they count as if they were now. */
static void age_starts(struct rule_count *r, int64_t start_ms)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->n; i++) {
        int64_t at = r->starts[i];

        if (at > start_ms - HOUR_MS && at < start_ms + HOUR_MS)
            r->starts[n++] = at < start_ms ? at : start_ms;
    }
    r->n = n;
    if (n < STARTS_MAX)
        return;
    r->n--;
    memmove(r->starts, r->starts + 1, r->n * sizeof(*r->starts));
}

static int add_start(struct rule_count *r, const struct play *p)
{
    int64_t start_ms = p->begin_ms;

    /* When it was nobody knows: it must not make the others forgotten. */
    if (p->untrusted && r->n > 0 && start_ms <= r->starts[r->n - 1] - HOUR_MS)
        return 0;
    age_starts(r, start_ms);
    if (r->n == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 4;
        int64_t *starts = reallocarray(r->starts, cap, sizeof(*starts));

        if (!starts)
            return -ENOMEM;
        r->starts = starts;
        r->cap = cap;
    }
    r->starts[r->n++] = start_ms;
    return 0;
}

/* Is this the rest of a play? Where one program takes over from another the parts may overlap by
 * some frames, and the next item may have begun between them; a clock that was set back by more
 * makes other plays of the same instants. */
static bool goes_on(const struct rule_count *r, const struct play *p)
{
    if (r->all.plays == 0 || p->start_ms < r->end_ms - OVERLAP_MS)
        return false;
    for (uint32_t i = r->n; i > 0 && r->starts[i - 1] >= p->begin_ms; i--) {
        if (r->starts[i - 1] == p->begin_ms)
            return true;
    }
    return p->begin_ms == r->begin_ms;
}

/* *ret_new: another play, not the rest of one. */
static int count_rule(struct ledger *l, const struct play *p, bool *ret_new)
{
    struct rule_count *r;
    uint32_t i;
    int err = find_rule(l, p->rule, &i);

    if (err < 0)
        return err;
    r = &l->rules[i];
    *ret_new = !goes_on(r, p);
    if (*ret_new) {
        err = add_start(r, p);
        if (err < 0)
            return err;
        r->all.plays++;
        r->begin_ms = p->begin_ms;
    }
    r->end_ms = p->end_ms;
    r->all.ms += p->seen_ms;
    return 0;
}

static void add(struct amount *to, struct amount what)
{
    to->plays += what.plays;
    to->ms += what.ms;
}

static int64_t quarter_of(int64_t ms)
{
    return ms / LEDGER_QUARTER_MS - (ms % LEDGER_QUARTER_MS < 0);
}

static struct amount *place_of(struct campaign_count *c, int64_t quarter)
{
    return &c->ring[((quarter % QUARTERS) + QUARTERS) % QUARTERS];
}

/* What falls out of the ring is summed up. */
static void move_ring(struct campaign_count *c, int64_t quarter)
{
    int64_t steps = c->any ? quarter - c->newest : 0;

    for (int64_t i = 1; i <= steps && i <= QUARTERS; i++) {
        struct amount *oldest = place_of(c, c->newest + i);

        add(&c->before, *oldest);
        *oldest = (struct amount){0};
    }
    c->newest = quarter;
    c->any = true;
}

/* The clock was years ahead and is right again: the quarters that lie ahead are over. */
static void set_ring_back(struct campaign_count *c, int64_t quarter)
{
    for (unsigned i = 0; i < QUARTERS; i++) {
        add(&c->before, c->ring[i]);
        c->ring[i] = (struct amount){0};
    }
    c->newest = quarter;
}

static int count_campaign(struct ledger *l, const struct play *p, bool is_new)
{
    struct amount what = {is_new, p->seen_ms};
    int64_t quarter = quarter_of(p->end_ms);
    struct campaign_count *c;
    uint32_t i;
    int err = find_campaign(l, p->campaign, &i);

    if (err < 0)
        return err;
    c = &l->campaigns[i];
    if (!c->any || quarter > c->newest)
        move_ring(c, quarter);
    else if (quarter <= c->newest - QUARTERS && !p->untrusted)
        set_ring_back(c, quarter);
    add(quarter > c->newest - QUARTERS ? place_of(c, quarter) : &c->before, what);
    return 0;
}

static int parse(const char *line, size_t len, cJSON **ret_tree, struct play *ret,
                 const char **ret_screen)
{
    static const struct qp_json_limits limits = {LEDGER_MAX_LINE, 4, 100};
    int err = qp_json_parse(ret_tree, line, len, &limits, NULL);

    if (err < 0)
        return err == -ENOMEM ? err : -EINVAL;
    if (play_of(*ret_tree, ret, ret_screen))
        return 0;
    cJSON_Delete(*ret_tree);
    return -EINVAL;
}

int ledger_add(struct ledger *l, const char *line, size_t len)
{
    struct play p = {0};
    const char *screen;
    bool is_new = true;
    cJSON *tree;
    int err = parse(line, len, &tree, &p, &screen);

    if (err < 0)
        return err;
    if (strcmp(screen, l->screen) == 0) {
        l->tail[l->n_tail++ % TAIL] = (struct tail){p.start_ms, p.item};
        if (p.rehearsed && !l->with_rehearsals)
            p.rule = p.campaign = NULL;
        if (p.rule)
            err = count_rule(l, &p, &is_new);
        if (p.campaign && err != -ENOMEM)
            err = count_campaign(l, &p, is_new);
    }
    cJSON_Delete(tree);
    return err == -ENOMEM ? err : 0;
}

bool ledger_holds(const struct ledger *l, const char *line, size_t len)
{
    struct play p = {0};
    const char *screen;
    bool found = false;
    cJSON *tree;

    if (parse(line, len, &tree, &p, &screen) < 0)
        return false;
    for (uint64_t i = 0; i < TAIL && i < l->n_tail; i++)
        found |= l->tail[i].start_ms == p.start_ms && l->tail[i].item == p.item;
    cJSON_Delete(tree);
    return found;
}

/* --- the file ----------------------------------------------------------------------------------
 */

struct reading {
    struct ledger *ledger;
    char *buf; /* READ_BYTES */
    size_t n;
    int64_t left; /* bytes of the part */
    bool passing; /* inside a line that is too long, or that began before the part */
    bool is_first;
    uint64_t passed;
};

/* Take the whole lines of the buffer. */
static int take_lines(struct reading *r)
{
    size_t from = 0;
    char *end;

    while ((end = memchr(r->buf + from, '\n', r->n - from))) {
        size_t len = (size_t)(end - r->buf) - from;
        int err = r->passing ? -EINVAL : ledger_add(r->ledger, r->buf + from, len);

        if (err == -ENOMEM)
            return err;
        r->passed += err < 0 && !r->is_first;
        r->passing = r->is_first = false;
        from += len + 1;
    }
    r->n -= from;
    memmove(r->buf, r->buf + from, r->n);
    if (r->n > LEDGER_MAX_LINE) {
        r->passing = true;
        r->n = 0;
    }
    return 0;
}

static int read_all(struct reading *r, int fd, const struct ledger_part *part)
{
    while (r->left > 0) {
        size_t room = READ_BYTES - r->n;
        ssize_t got = read(fd, r->buf + r->n, (int64_t)room < r->left ? room : (size_t)r->left);
        int err;

        if (part->stop && atomic_load(part->stop))
            return -ECANCELED;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        r->n += (size_t)got;
        r->left -= got;
        err = take_lines(r);
        if (err < 0)
            return err;
    }
    return 0;
}

static int read_part(struct reading *r, const struct ledger_part *part)
{
    int fd = open(part->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    err = r->buf ? 0 : -ENOMEM;
    /* From the byte before: when that ends a line, the first one is whole. */
    if (err == 0 && part->from > 0 && lseek(fd, part->from - 1, SEEK_SET) < 0)
        err = -errno;
    if (err == 0)
        err = read_all(r, fd, part);
    (void)close(fd);
    return err;
}

int ledger_read(struct ledger *l, const struct ledger_part *part, uint64_t *ret_passed,
                struct qp_diag *diag)
{
    bool inside = part->from > 0;
    struct reading r = {.ledger = l,
                        .buf = malloc(READ_BYTES),
                        .left = part->to - part->from + inside,
                        .passing = inside,
                        .is_first = inside};
    int err = read_part(&r, part);

    free(r.buf);
    *ret_passed = r.passed + (!r.is_first && (r.passing || r.n > 0));
    if (err < 0)
        return qp_diag_set(diag, err, "%s: what was delivered cannot be read: %s", part->file,
                           strerror(-err));
    return 0;
}

/* --- for the scheduler -------------------------------------------------------------------------
 */

static struct amount sum_until(struct campaign_count *c, int64_t until_ms)
{
    struct amount sum = c->before;
    int64_t end = quarter_of(until_ms);

    for (int64_t q = c->newest - QUARTERS + 1; q <= c->newest && q < end; q++)
        add(&sum, *place_of(c, q));
    return sum;
}

struct counting {
    struct ledger *ledger;
    const struct model *model;
    uint32_t screen;
    int64_t until_ms;
    struct play_count *counts;
    uint32_t n;
    int64_t *starts; /* behind the counts, in the same memory: the ledger's own go on growing */
};

/* A rule whose last start the file knows better keeps the file's counts. */
static bool file_is_newer(const struct counting *c, uint32_t n_others, uint32_t rule, int64_t last)
{
    for (uint32_t i = 0; i < n_others; i++) {
        const struct play_count *o = &c->counts[i];

        if (o->rule == rule && o->screen == c->screen && o->last_start_ms > last)
            return true;
    }
    return false;
}

static void add_rules(struct counting *c, uint32_t n_others)
{
    for (uint32_t i = 0; i < c->model->n_rules; i++) {
        const struct rule_count *r;
        uint32_t at;

        if (!ids_get(&c->ledger->rules_by_id, c->model->rules[i].id, &at))
            continue;
        r = &c->ledger->rules[at];
        if (r->n == 0 || file_is_newer(c, n_others, i, r->starts[r->n - 1]))
            continue;
        memcpy(c->starts, r->starts, r->n * sizeof(*r->starts));
        c->counts[c->n++] = (struct play_count){.rule = i,
                                                .campaign = NONE,
                                                .screen = c->screen,
                                                .plays = r->all.plays,
                                                .seconds = r->all.ms / 1000,
                                                .last_start_ms = r->starts[r->n - 1],
                                                .plays_last_hour = r->n,
                                                .starts = c->starts,
                                                .n_starts = r->n};
        c->starts += r->n;
    }
}

/* The file's word on this screen's campaign, taken out of the counts. */
static struct play_count take_out(struct counting *c, uint32_t n_others, uint32_t campaign)
{
    struct play_count sum = {.rule = NONE, .campaign = campaign, .screen = c->screen};

    for (uint32_t i = 0; i < n_others; i++) {
        struct play_count *o = &c->counts[i];

        if (o->campaign != campaign || o->screen != c->screen)
            continue;
        sum.plays += o->plays;
        sum.seconds += o->seconds;
        sum.at_ms = o->at_ms;
        o->campaign = NONE;
    }
    return sum;
}

static void add_campaigns(struct counting *c, uint32_t n_others)
{
    for (uint32_t i = 0; i < c->model->n_campaigns; i++) {
        struct play_count both;
        struct amount own;
        uint32_t at;

        if (!ids_get(&c->ledger->campaigns_by_id, c->model->campaigns[i].id, &at))
            continue;
        own = sum_until(&c->ledger->campaigns[at], c->until_ms);
        both = take_out(c, n_others, i);
        if (own.plays >= both.plays && own.ms / 1000 >= both.seconds)
            both.at_ms = 0; /* own: as of the day's beginning */
        both.plays = own.plays > both.plays ? own.plays : both.plays;
        both.seconds = own.ms / 1000 > both.seconds ? own.ms / 1000 : both.seconds;
        c->counts[c->n++] = both;
    }
}

int ledger_counts(struct ledger *l, const struct model *model, uint32_t screen, int64_t until_ms,
                  const struct play_count *others, uint32_t n_others, struct play_count **ret,
                  uint32_t *ret_n)
{
    struct counting c = {.ledger = l, .model = model, .screen = screen, .until_ms = until_ms};
    size_t cap = (size_t)n_others + model->n_rules + model->n_campaigns + 1, starts = 0;

    for (uint32_t i = 0; l && i < l->n_rules; i++)
        starts += l->rules[i].n;
    c.counts = calloc(1, cap * sizeof(*c.counts) + starts * sizeof(*c.starts));
    if (!c.counts)
        return -ENOMEM;
    c.starts = (int64_t *)(void *)(c.counts + cap);
    if (n_others)
        memcpy(c.counts, others, n_others * sizeof(*others));
    c.n = n_others;
    if (l) {
        add_rules(&c, n_others);
        add_campaigns(&c, n_others);
    }
    *ret = c.counts;
    *ret_n = c.n;
    return 0;
}
