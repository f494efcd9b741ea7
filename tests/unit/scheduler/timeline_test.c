/* SPDX-License-Identifier: Apache-2.0 */
/* Playlists, boundaries and joins of the timeline. */
#include "scheduler/timeline.h"
#include "tests/unit/scheduler/mini.h"
#include "tests/unit/scheduler/random_model.h"

#define T0 (INT64_C(20454) * DAY_MS) /* 2026-01-01, UTC */

static uint64_t state;

static uint32_t next(uint32_t below)
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

static void items_are(const struct mini *x, const char *expected)
{
    size_t n = strlen(expected);

    T_CHECK(x->n_log >= n);
    for (size_t i = 0; i < n; i++) {
        char c = x->log[i].item == NONE ? '-' : (char)('a' + x->log[i].item);

        if (c != expected[i]) {
            fprintf(stderr, "stretch %zu is %c, expected %s\n", i, c, expected);
            exit(1);
        }
    }
}

/* --- playlists ---------------------------------------------------------------------------------
 */

static uint32_t playlist_of(struct mini *x, unsigned n, int64_t len)
{
    uint32_t p = mini_playlist(x);

    for (unsigned i = 0; i < n; i++)
        mini_entry(x, p, mini_item(x, len), NONE);
    return p;
}

TEST(nested_playlists_give_their_items_per_visit)
{
    struct mini *x = mini_new("UTC");
    uint32_t top = playlist_of(x, 1, 10000), sub = playlist_of(x, 3, 10000);

    mini_entry(x, top, NONE, sub);
    x->playlists[top].entries[1].per_visit = 2;
    (void)mini_rule(x, top);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 120 * SECOND_MS);
    items_are(x, "abcadbacdabc");
    mini_free(x);
}

TEST(shuffled_rounds_hold_every_item_once)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = playlist_of(x, 7, 1000);
    unsigned different = 0;

    x->playlists[p].order = ORDER_SHUFFLE;
    x->playlists[p].seed = 42;
    (void)mini_rule(x, p);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 7000 * SECOND_MS);
    for (size_t round = 0; round < 1000; round++) {
        unsigned seen = 0;

        for (size_t i = 0; i < 7; i++) {
            const struct stretch *s = &x->log[round * 7 + i];

            seen |= 1u << s->item;
            different += s->item != x->log[i].item;
            T_CHECK(round + i == 0 || s->item != s[-1].item);
        }
        T_EQ(seen, 127);
    }
    T_CHECK(different > 5000 && different < 6500); /* 6 of 7 by chance */
    mini_free(x);
}

TEST(weighted_entries_have_their_weight_in_every_round)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = playlist_of(x, 3, 1000);

    x->playlists[p].order = ORDER_WEIGHTED;
    x->playlists[p].entries[1].weight = 2;
    x->playlists[p].entries[2].weight = 5;
    (void)mini_rule(x, p);
    mini_prepare(x);
    for (int round = 0; round < 20; round++) {
        mini_timeline(x, T0 + round * 8000, T0 + (round + 1) * 8000);
        T_EQ(mini_plays(x, 0), 1);
        T_EQ(mini_plays(x, 1), 2);
        T_EQ(mini_plays(x, 2), 5);
    }
    mini_free(x);
}

TEST(conditions_validity_rights_and_missing_items_are_passed)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = playlist_of(x, 5, 60000);
    uint8_t missing[1] = {1u << 4};
    struct target elsewhere = {.kind = TARGET_GROUP, .ref = 1};
    struct rule dummy;
    struct rule *r = mini_rule(x, p);

    dummy = *r;
    (void)mini_daily(x, &dummy, 5, 24 * 60); /* from 00:05 */
    x->playlists[p].entries[1].condition = dummy.window;
    x->items[2].valid_to_ms = T0 + 3 * MINUTE_MS + 30 * SECOND_MS;
    x->items[3].rights_area = &elsewhere;
    x->items[3].n_rights_area = 1;
    x->facts.missing_items = missing;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 10 * MINUTE_MS);
    items_are(x, "acacaaba");
    T_EQ(x->log[3].end_ms - T0, 3 * MINUTE_MS + 30 * SECOND_MS); /* cut where it ends */
    T_EQ(x->log[3].cut, 1);
    mini_free(x);
}

TEST(entry_durations_come_before_those_of_items)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = playlist_of(x, 2, 10000);

    x->playlists[p].entries[0].duration_ms = 3000;
    (void)mini_rule(x, p);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 13 * SECOND_MS);
    T_EQ(x->n_log, 2);
    T_EQ(x->log[0].end_ms, T0 + 3000);
    mini_free(x);
}

/* --- boundaries --------------------------------------------------------------------------------
 */

/* A until 12:00 with items of 61 s, begun at 11:00; then B. */
static struct mini *two_rules(enum boundary boundary, int64_t max_wait_ms)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, playlist_of(x, 3, 61000)), *b;

    (void)mini_daily(x, a, 11 * 60, 12 * 60);
    a->boundary = boundary;
    a->max_wait_ms = max_wait_ms;
    b = mini_rule(x, mini_single(x, 10000));
    (void)mini_daily(x, b, 12 * 60, 13 * 60);
    mini_prepare(x);
    mini_timeline(x, T0 + 11 * HOUR_MS, T0 + 13 * HOUR_MS);
    return x;
}

static int64_t handover(const struct mini *x)
{
    for (size_t i = 0; i < x->n_log; i++)
        if (x->log[i].rule == &x->rules[1])
            return x->log[i].start_ms - T0 - 12 * HOUR_MS;
    return -1;
}

TEST(cut_finish_item_and_finish_loop)
{
    struct mini *x = two_rules(BOUNDARY_CUT, FOREVER_MS);

    T_EQ(handover(x), 0);
    mini_free(x);
    x = two_rules(BOUNDARY_FINISH_ITEM, FOREVER_MS); /* the 60th begins after 59 * 61 s */
    T_EQ(handover(x), 60 * 61000 - 3600000);
    mini_free(x);
    x = two_rules(BOUNDARY_FINISH_ITEM, 15000);
    T_EQ(handover(x), 15000);
    mini_free(x);
    x = two_rules(BOUNDARY_FINISH_LOOP, FOREVER_MS); /* the 60th is the last of its loop */
    T_EQ(handover(x), 60 * 61000 - 3600000);
    mini_free(x);
    x = mini_new("UTC");
    x->rules[0] = (struct rule){.id = NULL};
    mini_rule(x, playlist_of(x, 7, 61000))->boundary = BOUNDARY_FINISH_LOOP;
    (void)mini_daily(x, &x->rules[0], 11 * 60, 12 * 60);
    (void)mini_rule(x, mini_single(x, 10000))->id;
    (void)mini_daily(x, &x->rules[1], 12 * 60, 13 * 60);
    mini_prepare(x);
    mini_timeline(x, T0 + 11 * HOUR_MS, T0 + 13 * HOUR_MS);
    T_EQ(handover(x), 63 * 61000 - 3600000); /* nine loops of seven */
    mini_free(x);
}

TEST(an_alert_cuts_what_runs_on)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 600000)), *e;

    (void)mini_daily(x, a, 11 * 60, 12 * 60);
    mini_once(x, a, T0 + 11 * HOUR_MS + 1000, T0 + 12 * HOUR_MS);
    a->boundary = BOUNDARY_FINISH_ITEM;
    e = mini_rule(x, mini_single(x, 10000));
    e->layer = LAYER_EMERGENCY;
    (void)mini_once(x, e, T0 + 12 * HOUR_MS + 500, T0 + 13 * HOUR_MS);
    mini_prepare(x);
    mini_timeline(x, T0 + 11 * HOUR_MS + 1000, T0 + 13 * HOUR_MS);
    for (size_t i = 0; i < x->n_log; i++)
        if (x->log[i].rule == e) {
            T_EQ(x->log[i].start_ms, T0 + 12 * HOUR_MS + 500);
            T_EQ(x->log[i - 1].cut, 1);
            break;
        }
    T_EQ(x->log[x->n_log - 1].layer, LAYER_EMERGENCY);
    mini_free(x);
}

/* What a node orders is told: when, and how much. */
static void block_is_whole(enum boundary boundary, void (*change)(struct mini *x))
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, playlist_of(x, 7, 61000)), *block;
    int64_t shown = 0;

    a->boundary = boundary;
    a->priority = 1000;
    block = mini_rule(x, mini_single(x, 30 * MINUTE_MS));
    block->mandatory = true;
    (void)mini_daily(x, block, 19 * 60, 19 * 60 + 30);
    if (change)
        change(x);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        if (x->log[i].rule != block)
            continue;
        T_CHECK(shown > 0 || x->log[i].start_ms == T0 + 19 * HOUR_MS);
        shown += x->log[i].end_ms - x->log[i].start_ms;
    }
    T_EQ(shown, 30 * MINUTE_MS);
    mini_free(x);
}

static void with_interrupts(struct mini *x)
{
    struct rule *slot = mini_rule(x, mini_single(x, 7000));
    struct rule *i = mini_interrupt(x, mini_single(x, 9000), 0.1);

    slot->slot = 0; /* a share that a node gives away is not its own block's */
    x->slots[0] = (struct slot){.id = slot->id, .share = 0.3};
    x->m.n_slots = 1;
    i->priority = 1000000;
    mini_interrupt(x, mini_single(x, 9000), 0.1)->mandatory = true; /* below the block's priority */
    x->rules[1].priority = 900;
}

static void with_a_quota(struct mini *x)
{
    uint32_t filler = mini_single(x, 15000);

    x->items[x->m.n_items - 1].category = 1;
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .band_end_s = 86400,
                                  .min = 0.1,
                                  .max = NAN,
                                  .action = QUOTA_AUTOFILL,
                                  .filler = filler};
    x->m.n_quotas = 1;
}

TEST(a_mandatory_block_plays_all_of_its_time)
{
    block_is_whole(BOUNDARY_CUT, NULL);
    block_is_whole(BOUNDARY_FINISH_ITEM, NULL);
    block_is_whole(BOUNDARY_FINISH_LOOP, NULL);
    block_is_whole(BOUNDARY_FINISH_LOOP, with_interrupts);
    block_is_whole(BOUNDARY_FINISH_ITEM, with_a_quota);
}

/* Its own interrupts of the same rank share its time: the node that sets both means both. */
TEST(mandatory_interrupts_mix_into_a_block_by_priority)
{
    struct mini *x = mini_new("UTC");
    struct rule *block = mini_rule(x, mini_single(x, 10000));
    struct rule *i = mini_interrupt(x, mini_single(x, 10000), 0.5);

    block->mandatory = i->mandatory = true;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(mini_plays(x, 1), 180);
    i->priority = -1;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(mini_plays(x, 1), 0);
    i->any_priority = true;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(mini_plays(x, 1), 180);
    mini_free(x);
}

TEST(midnight_cuts_and_begins_anew)
{
    struct mini *x = mini_new("Asia/Shanghai");
    int64_t midnight = mini_at(x, 2026, 3, 2, 0, 0, 0);

    (void)mini_rule(x, playlist_of(x, 2, 7000));
    mini_prepare(x);
    mini_timeline(x, midnight - 60 * SECOND_MS, midnight + 60 * SECOND_MS);
    for (size_t i = 1; i < x->n_log; i++) {
        T_CHECK(x->log[i].start_ms >= midnight || x->log[i].end_ms <= midnight);
        if (x->log[i].start_ms != midnight)
            continue;
        T_EQ(x->log[i].item, 0);
        T_EQ(x->log[i - 1].cut, 1);
    }
    mini_free(x);
}

TEST(join_in_progress_goes_on_where_it_would_be)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, playlist_of(x, 3, 7000)), *b = mini_rule(x, mini_single(x, 5000));

    (void)mini_daily(x, a, 8 * 60, 20 * 60);
    a->start = START_JOIN;
    b->priority = 5;
    (void)mini_daily(x, b, 9 * 60, 10 * 60);
    mini_prepare(x);
    mini_timeline(x, T0 + 8 * HOUR_MS, T0 + 11 * HOUR_MS);
    T_EQ(x->log[0].offset_ms, 0);
    for (size_t i = 0; i < x->n_log; i++)
        if (x->log[i].start_ms == T0 + 10 * HOUR_MS) { /* 7200 s = 342 loops of 21 s and 18 s */
            T_EQ(x->log[i].item, 2);
            T_EQ(x->log[i].offset_ms, 4000);
            T_EQ(x->log[i].end_ms - x->log[i].start_ms, 3000);
        }
    mini_free(x);
}

/* --- interrupts at exact times, plays per hour ---------------------------------------------------
 */

TEST(exact_times_are_exact)
{
    struct mini *x = mini_new("UTC");
    int32_t at[] = {8 * 3600 + 1, 8 * 3600 + 2, 9 * 3600};
    struct rule *e;
    unsigned found = 0;

    (void)mini_rule(x, mini_single(x, 60000));
    e = mini_interrupt(x, mini_single(x, 10000), 0);
    e->at_s = at;
    e->n_at = 3;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        static const int64_t expected[] = {8 * 3600 + 1, 8 * 3600 + 11, 9 * 3600};

        if (x->log[i].item == 1) {
            T_CHECK(found < 3);
            T_EQ(x->log[i].start_ms - T0, expected[found++] * 1000);
        }
    }
    T_EQ(found, 3);
    mini_free(x);
}

TEST(plays_per_hour_hold_in_every_hour)
{
    for (unsigned n = 1; n <= 12; n++) {
        struct mini *x = mini_new("UTC");
        struct rule *r;
        int64_t starts[1000];
        unsigned found = 0;

        (void)mini_rule(x, mini_single(x, 47000));
        r = mini_interrupt(x, mini_single(x, 15000), 0);
        r->plays_per_hour = n;
        r->min_gap_ms = 3600000 / n / 2;
        mini_prepare(x);
        mini_timeline(x, T0, T0 + 3 * DAY_MS);
        for (size_t i = 0; i < x->n_log; i++)
            if (x->log[i].item == 1)
                starts[found++] = x->log[i].start_ms;
        for (unsigned i = 1; i < found; i++)
            T_CHECK(starts[i] - starts[i - 1] >= r->min_gap_ms);
        for (unsigned i = n; i < found; i++)
            T_CHECK(starts[i] - starts[i - n] >= HOUR_MS);
        /* "At most": starts wait for the end of an item, and keep their distance from midnight. */
        T_CHECK(found <= 72 * n && found + 9 >= 65 * n);
        mini_free(x);
    }
}

TEST(counts_of_the_facts_hold_across_a_restart)
{
    struct mini *x = mini_new("UTC");
    struct play_count count = {
        .rule = 1, .campaign = NONE, .last_start_ms = T0 + 12 * HOUR_MS, .plays_last_hour = 4};
    struct rule *r;

    (void)mini_rule(x, mini_single(x, 10000));
    r = mini_interrupt(x, mini_single(x, 10000), 0);
    r->plays_per_hour = 4;
    x->facts.counts = &count;
    x->facts.n_counts = 1;
    mini_prepare(x);
    mini_timeline(x, T0 + 12 * HOUR_MS, T0 + 13 * HOUR_MS);
    T_EQ(mini_plays(x, 1), 0);
    mini_timeline(x, T0 + 13 * HOUR_MS, T0 + 14 * HOUR_MS);
    T_CHECK(mini_plays(x, 1) > 0);
    mini_free(x);
}

/* The starts of the last hour, known one by one: the day goes on as if nothing had happened; after
 * other starts the hour is still kept. */
TEST(known_starts_change_nothing_that_is_right)
{
    struct mini *x = mini_new("UTC");
    struct play_count count = {.rule = 1, .campaign = NONE};
    int64_t at = T0 + 12 * HOUR_MS + 5 * 60000, starts[6], expected[100];
    uint32_t n = 0;
    struct rule *r;

    (void)mini_rule(x, mini_single(x, 10000));
    r = mini_interrupt(x, mini_single(x, 10000), 0);
    r->plays_per_hour = 6;
    mini_prepare(x);
    mini_timeline(x, at - HOUR_MS, at);
    for (size_t i = 0; i < x->n_log; i++)
        if (x->log[i].item == 1)
            starts[n++] = x->log[i].start_ms;
    T_CHECK(n >= 5);
    mini_timeline(x, at, at + HOUR_MS);
    for (size_t i = 0; i < x->n_log && i < 100; i++)
        expected[i] = x->log[i].start_ms;
    count.starts = starts;
    count.n_starts = n;
    count.last_start_ms = starts[n - 1];
    x->facts.counts = &count;
    x->facts.n_counts = 1;
    mini_timeline(x, at, at + HOUR_MS);
    for (size_t i = 0; i < x->n_log && i < 100; i++)
        T_EQ(x->log[i].start_ms, expected[i]);
    T_EQ(mini_plays(x, 1), 6);
    for (unsigned i = 0; i < 6; i++) /* six in the last minutes: none for an hour */
        starts[i] = at - (6 - i) * 60000;
    count.n_starts = 6;
    count.last_start_ms = starts[5];
    mini_timeline(x, at, at + HOUR_MS);
    for (size_t i = 0; i < x->n_log; i++)
        T_CHECK(x->log[i].item != 1 || x->log[i].start_ms >= starts[0] + HOUR_MS);
    T_CHECK(mini_plays(x, 1) > 0);
    mini_free(x);
}

/* --- shares ------------------------------------------------------------------------------------
 */

/* An hour's mix: a normal rule and interrupts, each with items of several lengths. */
struct mixture {
    unsigned n;
    double share[9];          /* of the interrupts 1..n */
    double longest_of[9];     /* of each: 0 the normal one's */
    double longest;           /* of all */
    const struct rule *of[9]; /* 0: normal, or NULL */
};

static uint32_t list_of(struct mini *x, double *ret_longest)
{
    uint32_t p = mini_playlist(x);

    *ret_longest = 0;
    for (unsigned i = 0, n = 1 + next(4); i < n; i++) {
        int64_t len = 5000 + next(60) * 1000;

        mini_entry(x, p, mini_item(x, len), NONE);
        *ret_longest = fmax(*ret_longest, (double)len);
    }
    return p;
}

static void off_by(const struct mixture *mix, unsigned k, double off, double bound)
{
    if (off <= bound + 1)
        return;
    fprintf(stderr, "%u interrupts: %u is off by %.0f ms, at most %.0f are allowed\n", mix->n, k,
            off, bound);
    exit(1);
}

/* At every end of an item; with one interrupt the bound of one, with several that of several. */
static void check_bounds(const struct mini *x, const struct mixture *mix)
{
    double shown[9] = {0};

    for (size_t i = 0; i < x->n_log; i++) {
        const struct stretch *s = &x->log[i];
        double elapsed = (double)(s->end_ms - x->log[0].start_ms);

        for (unsigned k = 1; k <= mix->n; k++)
            if (s->rule == mix->of[k])
                shown[k] += (double)(s->end_ms - s->start_ms);
        if (s->cut)
            continue;
        for (unsigned k = 1; k <= mix->n; k++)
            off_by(mix, k, fabs(shown[k] - mix->share[k] * elapsed),
                   mix->n == 1 ? fmax(mix->longest_of[1], mix->share[1] * mix->longest_of[0])
                               : 2 * mix->longest);
    }
}

static void draw_shares(struct mixture *mix, bool alone)
{
    double sum = 0;

    for (unsigned k = 1; k <= mix->n; k++) {
        mix->share[k] = 0.01 + next(1000) / 1000.0;
        sum += mix->share[k];
    }
    if (!alone) /* some of the time, or nearly all of it, is the normal rule's */
        sum *= 1 + next(300) / 100.0;
    for (unsigned k = 1; k <= mix->n; k++)
        mix->share[k] /= sum;
}

static void check_mixture(unsigned n, bool alone)
{
    struct mini *x = mini_new("UTC");
    struct mixture mix = {.n = n};
    uint32_t normal = list_of(x, &mix.longest_of[0]);

    draw_shares(&mix, alone);
    mix.longest = mix.longest_of[0];
    for (unsigned k = 1; k <= n; k++) {
        mix.of[k] = mini_interrupt(x, list_of(x, &mix.longest_of[k]), mix.share[k]);
        mix.longest = fmax(mix.longest, mix.longest_of[k]);
    }
    if (!alone)
        mix.of[0] = mini_rule(x, normal);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 3 * HOUR_MS);
    check_bounds(x, &mix);
    mini_free(x);
}

TEST(the_share_of_one_interrupt_holds_in_random_mixes)
{
    state = 3;
    for (unsigned round = 0; round < 5000; round++)
        check_mixture(1, false);
}

/* With nothing else to fill the time the shares must: a quarter of the mixes. */
TEST(shares_hold_in_random_mixes)
{
    state = 7;
    for (unsigned round = 0; round < 5000; round++)
        check_mixture(2 + next(7), next(4) == 0);
}

/* --- determinism -------------------------------------------------------------------------------
 */

/* What counts over the day, too: a quota, a separation, exact times, a mandatory block. */
static void add_bounds(struct mini *x, uint64_t seed)
{
    static int32_t at[] = {7 * 3600, 13 * 3600 + 1800};
    struct rule *r;

    r = mini_interrupt(x, mini_single(x, 20000), 0);
    r->at_s = at;
    r->n_at = 2;
    r->any_priority = true;
    r = mini_rule(x, mini_single(x, 600000));
    r->mandatory = true;
    (void)mini_daily(x, r, 19 * 60, 19 * 60 + 30);
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .measure = seed % 2 ? QUOTA_PLAYS : QUOTA_SECONDS,
                                  .period = seed % 4 < 2 ? QUOTA_DAY : QUOTA_HOUR,
                                  .band_start_s = 6 * 3600,
                                  .band_end_s = 86400,
                                  .min = 0.15,
                                  .max = NAN,
                                  .action = QUOTA_AUTOFILL,
                                  .filler = mini_single(x, 14000)};
    x->items[x->m.n_items - 1].category = 1;
    x->m.n_quotas = 1;
    x->items[0].advertiser = x->items[1].advertiser = x->ids[0];
    x->separations[0] = (struct separation){.category = NONE, .gap_ms = 9000};
    x->m.n_separations = seed % 3 == 0;
}

static struct mini *busy_day(uint64_t seed)
{
    struct mini *x = mini_new("America/New_York");
    uint32_t p = playlist_of(x, 5, 9000 + (int64_t)(seed % 7) * 1000);
    struct rule *r;

    x->playlists[p].order = (enum playlist_order)(seed % 3);
    x->playlists[p].entries[2].weight = 3;
    x->playlists[p].seed = seed;
    r = mini_rule(x, p);
    r->boundary = (enum boundary)(seed % 3);
    r->max_wait_ms = 20000;
    r->start = seed % 2 ? START_JOIN : START_FROM_START;
    r = mini_rule(x, playlist_of(x, 2, 13000));
    r->priority = 1;
    r->boundary = BOUNDARY_FINISH_ITEM;
    (void)mini_daily(x, r, 9 * 60, 17 * 60);
    for (int i = 0; i < 3; i++) {
        r = mini_interrupt(x, mini_single(x, 6000 + i * 5000), 0.1);
        r->any_priority = i == 0;
        if (i == 2) {
            r->share = 0;
            r->plays_per_hour = 5;
            r->priority = 1;
        }
    }
    add_bounds(x, seed);
    mini_prepare(x);
    return x;
}

/* Of a loop too long to be walked through only its beginning is known. */
TEST(a_loop_too_long_to_join_begins_some_item)
{
    for (unsigned seed = 0; seed < 60; seed++) {
        struct mini *x = mini_new("UTC");
        uint32_t p = playlist_of(x, 2, 1000 + seed);
        struct rule *before;

        x->items[1].duration_ms = 10000000;
        x->playlists[p].order = ORDER_WEIGHTED;
        x->playlists[p].seed = seed;
        x->entries[p][0].weight = 1000000;
        x->entries[p][1].weight = 10;
        mini_rule(x, p)->start = START_JOIN;
        before = mini_rule(x, mini_single(x, 60000));
        before->priority = 1;
        (void)mini_daily(x, before, 0, 60);
        mini_prepare(x);
        mini_timeline(x, T0, T0 + 2 * HOUR_MS);
        mini_free(x);
    }
}

TEST(work_ends_where_it_is_bounded)
{
    struct mini *x = mini_new("UTC");
    uint64_t left = 20000;

    (void)mini_rule(x, playlist_of(x, 3, 1000));
    (void)mini_interrupt(x, mini_single(x, 1000), 0.2);
    mini_prepare(x);
    T_EQ(timeline_run(x->s, T0, T0 + 365 * DAY_MS, 0, NULL, mini_on_stretch, x, &left), 1);
    T_EQ(left, 0);
    T_CHECK(x->n_log > 100 && x->n_log < 20000);
    x->n_log = 0;
    left = 2000000;
    T_EQ(timeline_run(x->s, T0, T0 + HOUR_MS, 0, NULL, mini_on_stretch, x, &left), 0);
    T_CHECK(left > 0);
    mini_free(x);
}

TEST(joined_anywhere_it_is_the_same)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct mini *x = busy_day(seed), *y = busy_day(seed);
        int64_t from = mini_at(x, 2026, 3, 7, 18, 0, 0), to = from + DAY_MS;

        mini_timeline(x, from, to);
        state = seed;
        for (int i = 0; i < 20; i++) {
            int64_t at = from + next(1440) * MINUTE_MS + next(60000);
            size_t k = 0;

            mini_timeline(y, at, at + HOUR_MS < to ? at + HOUR_MS : to);
            while (x->log[k].end_ms <= at)
                k++;
            T_EQ(y->log[0].item, x->log[k].item);
            T_EQ(y->log[0].offset_ms, x->log[k].offset_ms + at - x->log[k].start_ms);
            for (size_t n = 1; n + 1 < y->n_log; n++)
                T_CHECK(y->log[n].start_ms == x->log[k + n].start_ms &&
                        y->log[n].end_ms == x->log[k + n].end_ms &&
                        y->log[n].item == x->log[k + n].item && y->log[n].cut == x->log[k + n].cut);
        }
        mini_free(x);
        mini_free(y);
    }
}

TEST(two_runs_are_equal)
{
    struct mini *x = busy_day(3), *y = busy_day(3);
    int64_t from = mini_at(x, 2026, 7, 1, 3, 0, 0);

    mini_timeline(x, from, from + 3 * DAY_MS);
    mini_timeline(y, from, from + 3 * DAY_MS);
    T_EQ(x->n_log, y->n_log);
    for (size_t i = 0; i < x->n_log; i++)
        T_CHECK(x->log[i].start_ms == y->log[i].start_ms && x->log[i].item == y->log[i].item);
    mini_free(x);
    mini_free(y);
}

TEST(stops_when_told)
{
    struct mini *x = mini_new("UTC");

    (void)mini_rule(x, mini_single(x, 1000));
    x->keep_first = true;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    T_EQ(x->n_log, 1);
    mini_free(x);
}

/* --- against the resolver ------------------------------------------------------------------------
 */

struct follow {
    const struct schedule *s;
    uint32_t screen;
    unsigned n;
};

static bool on_follow(void *user, const struct stretch *s)
{
    struct follow *f = user;
    int64_t at[] = {s->start_ms, s->start_ms + (s->end_ms - s->start_ms) / 2, s->end_ms - 1};

    for (int i = 0; i < 3; i++) {
        struct resolution r = {.applicable = NULL};

        schedule_resolve(f->s, at[i], f->screen, NULL, &r);
        T_CHECK(r.rule == s->rule && r.layer == s->layer);
    }
    f->n++;
    return true;
}

TEST(random_schedules_show_who_wins)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct random_model r = {
            .state = seed,
            .sizes = {.screens = 2,
                      .rules = 20,
                      .items = 4,
                      .groups = 1,
                      .priorities = 3,
                      .zone = seed % 2 ? "America/New_York" : "Australia/Lord_Howe"}};
        struct follow f = {.screen = (uint32_t)(seed % 2)};
        struct schedule *s;
        int64_t at;

        rm_make(&r);
        T_EQ(schedule_prepare(&s, &r.m, NULL), 0);
        f.s = s;
        at = RM_T0 + rm_next(&r, 365 * 24) * HOUR_MS + rm_next(&r, 3600000);
        T_EQ(schedule_timeline(s, at, at + 3 * DAY_MS, f.screen, NULL, on_follow, &f), 0);
        T_CHECK(f.n > 0);
        schedule_destroy(s);
        rm_free(&r);
    }
}
