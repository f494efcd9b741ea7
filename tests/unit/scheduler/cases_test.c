/* SPDX-License-Identifier: Apache-2.0 */
/* The listed cases of the resolver and the timeline, each by its number.
 *
 * Elsewhere: S01 to S10 and S17 to S25 (windows) in occurrence_test.c; tests/cases.txt lists all of
 * them, and cases_list_test.py that each has its test. S27 to S30 count totals: the order is that
 * of the largest deficit. */
#include "tests/unit/scheduler/cases.h"

TEST(s11_the_screen_comes_before_the_group)
{
    struct mini *x = mini_new("UTC");
    uint32_t group = 2;
    struct rule *g = mini_rule(x, mini_single(x, 1000)), *s = mini_rule(x, mini_single(x, 1000));

    x->screens[0].groups = &group;
    x->screens[0].n_groups = 1;
    g->priority = s->priority = 100;
    *g->targets = (struct target){.kind = TARGET_GROUP, .ref = 2};
    *s->targets = (struct target){.kind = TARGET_SCREEN, .ref = 0};
    (void)mini_once(x, g, T0, T0 + HOUR_MS);
    (void)mini_once(x, s, T0, T0 + HOUR_MS);
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == s);
    T_EQ(verdict_of(x, T0, g), VERDICT_LESS_SPECIFIC);
    mini_free(x);
}

TEST(s12_the_later_start_wins)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000));

    (void)mini_daily(x, a, 9 * 60, 12 * 60);
    (void)mini_daily(x, b, 10 * 60, 12 * 60);
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0 + 10 * HOUR_MS + 30 * MINUTE_MS).rule == b);
    T_EQ(verdict_of(x, T0 + 11 * HOUR_MS, a), VERDICT_EARLIER_START);
    T_CHECK(mini_resolve(x, T0 + 9 * HOUR_MS).rule == a);
    T_EQ(mini_resolve(x, T0 + 9 * HOUR_MS).next_change_ms, T0 + 10 * HOUR_MS);
    /* Edited last and written last, but not later in its start: the winner is the same. */
    a->playlist = mini_single(x, 2000);
    {
        struct rule edited = *a;

        *a = *b;
        *b = edited;
        mini_prepare(x);
        T_CHECK(mini_resolve(x, T0 + 10 * HOUR_MS + 30 * MINUTE_MS).rule == a);
        T_CHECK(strcmp(a->id, "rule01") == 0);
    }
    mini_free(x);
}

TEST(s13_only_one_rule_at_the_boundary)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000));
    struct applicable list[4];
    struct resolution r = {.applicable = list, .applicable_cap = 4};

    a->priority = b->priority = 10;
    (void)mini_daily(x, a, 8 * 60, 12 * 60);
    (void)mini_daily(x, b, 12 * 60, 17 * 60);
    mini_prepare(x);
    schedule_resolve(x->s, T0 + 12 * HOUR_MS, 0, NULL, &r);
    T_CHECK(r.rule == b);
    T_EQ(r.n_applicable, 1);
    T_CHECK(mini_resolve(x, T0 + 12 * HOUR_MS - 1).rule == a);
    mini_free(x);
}

TEST(s14_a_campaign_cycles_and_then_the_rest)
{
    struct mini *x = mini_new("UTC");
    uint32_t cycle = mini_playlist(x);
    struct rule *a = mini_rule(x, cycle), *b;

    mini_entry(x, cycle, mini_item(x, 10000), NONE);
    mini_entry(x, cycle, mini_item(x, 10000), NONE);
    a->priority = 10;
    (void)mini_daily(x, a, 8 * 60, 17 * 60);
    b = mini_rule(x, mini_single(x, 10000));
    b->priority = 5;
    mini_prepare(x);
    mini_timeline(x, T0 + 12 * HOUR_MS, T0 + 12 * HOUR_MS + 40 * SECOND_MS);
    T_EQ(x->log[0].item, 0);
    T_EQ(x->log[1].item, 1);
    T_EQ(x->log[2].item, 0);
    T_CHECK(mini_resolve(x, T0 + 18 * HOUR_MS).rule == b);
    T_EQ(verdict_of(x, T0 + 12 * HOUR_MS, b), VERDICT_LOWER_PRIORITY);
    mini_free(x);
}

/* What cycles is one playlist. */
TEST(s15_two_lists_cycle_and_the_lower_is_told)
{
    struct mini *x = mini_new("UTC");
    uint32_t both = mini_playlist(x), pair = mini_playlist(x), single, third;
    struct rule *a, *c;

    mini_entry(x, pair, mini_item(x, 10000), NONE);
    mini_entry(x, pair, mini_item(x, 10000), NONE);
    single = mini_single(x, 10000);
    third = mini_single(x, 10000);
    mini_entry(x, both, NONE, pair);
    x->playlists[both].entries[0].per_visit = 2;
    mini_entry(x, both, NONE, single);
    a = mini_rule(x, both);
    a->priority = 10;
    c = mini_rule(x, third);
    c->priority = 5;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 90 * SECOND_MS);
    T_EQ(x->n_log, 9);
    for (size_t i = 0; i < x->n_log; i++)
        T_EQ(x->log[i].item, i % 3);
    T_EQ(verdict_of(x, T0, c), VERDICT_LOWER_PRIORITY);
    mini_free(x);
}

/* Equal rules do not mix here: the smaller id wins. */
TEST(s15_a_tie_goes_to_the_smaller_id_and_all_are_listed)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000)),
                *c = mini_rule(x, mini_single(x, 1000));

    a->priority = b->priority = 10;
    c->priority = 5;
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == a);
    T_EQ(verdict_of(x, T0, b), VERDICT_LARGER_ID);
    T_EQ(verdict_of(x, T0, c), VERDICT_LOWER_PRIORITY);
    mini_free(x);
}

static int64_t end_of_daypart(enum boundary boundary, int64_t max_wait_ms)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 60000));
    int64_t end = 0;

    (void)mini_once(x, a, T0 + 11 * HOUR_MS + 59 * MINUTE_MS + 40 * SECOND_MS, T0 + 12 * HOUR_MS);
    a->boundary = boundary;
    a->max_wait_ms = max_wait_ms;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    for (size_t i = 0; i < x->n_log; i++)
        end = x->log[i].rule == a ? x->log[i].end_ms : end;
    mini_free(x);
    return end - T0 - 12 * HOUR_MS;
}

TEST(s40_cut_finish_and_finish_within_a_time)
{
    T_EQ(end_of_daypart(BOUNDARY_CUT, FOREVER_MS), 0);
    T_EQ(end_of_daypart(BOUNDARY_FINISH_ITEM, FOREVER_MS), 40000);
    T_EQ(end_of_daypart(BOUNDARY_FINISH_ITEM, 15000), 15000);
}

TEST(s41_the_lower_rule_ends_its_item_and_comes_back)
{
    struct mini *x = mini_new("UTC");
    struct rule *high = mini_rule(x, mini_single(x, 10000)), *low;
    int64_t from = 0, back = 0;

    (void)mini_daily(x, high, 18 * 60, 18 * 60 + 10);
    high->priority = 5;
    low = mini_rule(x, mini_single(x, 77000));
    (void)mini_daily(x, low, 17 * 60, 23 * 60);
    low->boundary = BOUNDARY_FINISH_ITEM;
    mini_prepare(x);
    mini_timeline(x, T0 + 17 * HOUR_MS, T0 + 23 * HOUR_MS);
    for (size_t i = 1; i < x->n_log; i++) {
        if (x->log[i].rule == high && x->log[i - 1].rule == low)
            from = x->log[i].start_ms;
        if (x->log[i].rule == low && x->log[i - 1].rule == high)
            back = x->log[i].start_ms;
    }
    T_EQ(from, T0 + 17 * HOUR_MS + 47 * 77 * SECOND_MS);
    /* Meanwhile it is what comes next. */
    T_EQ(verdict_of(x, T0 + 18 * HOUR_MS + MINUTE_MS, low), VERDICT_LOWER_PRIORITY);
    T_EQ(schedule_next_change(x->s, T0 + 18 * HOUR_MS + MINUTE_MS, T0 + DAY_MS, 0, NULL),
         T0 + 18 * HOUR_MS + 10 * MINUTE_MS);
    T_CHECK(mini_resolve(x, T0 + 18 * HOUR_MS + 10 * MINUTE_MS).rule == low);
    T_EQ(back, T0 + 18 * HOUR_MS + 10 * MINUTE_MS);
    mini_free(x);
}

/* What is to run at an instant is a play at an exact time: held up for less than a minute it comes
 * late, held up for longer it is left out and told, and it is not begun again by who joins later.
 */
static unsigned plays_at_two(int64_t blocked_ms, int64_t from_ms, const char *told)
{
    struct mini *x = mini_new("UTC");
    int32_t at = 2 * 3600;
    struct rule *n = mini_rule(x, mini_single(x, 60000)), *e, *block;
    unsigned plays = 0;

    e = mini_interrupt(x, mini_single(x, 10000), 0);
    e->at_s = &at;
    e->n_at = 1;
    if (blocked_ms > 0) {
        block = mini_rule(x, mini_single(x, 1000));
        block->layer = LAYER_TAKEOVER;
        (void)mini_once(x, block, T0 + HOUR_MS, T0 + 2 * HOUR_MS + blocked_ms);
    }
    mini_prepare(x);
    T_CHECK(n->playlist == 0);
    if (told)
        T_CHECK(says(x, told));
    mini_timeline(x, T0 + from_ms, T0 + 3 * HOUR_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        plays += x->log[i].item == 1;
        T_CHECK(x->log[i].item != 1 || x->log[i].start_ms == T0 + 2 * HOUR_MS + blocked_ms);
    }
    mini_free(x);
    return plays;
}

TEST(s42_held_up_left_out_and_joined_later)
{
    T_EQ(plays_at_two(0, HOUR_MS, NULL), 1);
    T_EQ(plays_at_two(40 * SECOND_MS, HOUR_MS, NULL), 1);
    T_EQ(plays_at_two(
             120 * SECOND_MS, HOUR_MS,
             "its play at 2026-01-01 02:00 is held up by rule \"rule02\" for more than 60 s "
             "and left out"),
         0);
    T_EQ(plays_at_two(0, 2 * HOUR_MS + 30 * SECOND_MS, NULL), 0);
}

TEST(s44_after_an_emergency_comes_the_present_schedule)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000));
    struct rule alert = *mini_rule(x, mini_single(x, 1000));
    struct window until = {.frequency = EVERY_ONCE,
                           .once_start_ms = T0 + 11 * HOUR_MS,
                           .once_end_ms = T0 + 14 * HOUR_MS};

    x->m.n_rules--; /* the alert is no rule of the document */
    (void)mini_daily(x, a, 8 * 60, 12 * 60);
    (void)mini_daily(x, b, 12 * 60, 20 * 60);
    alert.layer = LAYER_EMERGENCY;
    alert.window = 0;
    x->facts.alerts = &alert;
    x->facts.alert_windows = &until;
    x->facts.n_alerts = 1;
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0 + 11 * HOUR_MS - 1).rule == a);
    T_EQ(mini_resolve(x, T0 + 11 * HOUR_MS - 1).next_change_ms, T0 + 11 * HOUR_MS);
    T_CHECK(mini_resolve(x, T0 + 13 * HOUR_MS).rule == &alert);
    T_EQ(schedule_next_change(x->s, T0 + 13 * HOUR_MS, T0 + DAY_MS, 0, &x->facts),
         T0 + 14 * HOUR_MS);
    T_CHECK(mini_resolve(x, T0 + 14 * HOUR_MS).rule == b);
    T_EQ(verdict_of(x, T0 + 13 * HOUR_MS, b), VERDICT_LOWER_LAYER);
    mini_free(x);
}

TEST(s46_an_emergency_without_its_file_shows_its_words)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000));
    struct rule alerts[2];
    uint8_t missing = 2;

    alerts[0] = *mini_rule(x, mini_single(x, 1000));
    alerts[1] = *mini_rule(x, NONE);
    x->m.n_rules -= 2;
    alerts[0].layer = alerts[1].layer = LAYER_EMERGENCY;
    alerts[1].axis = AXIS_OVERLAY;
    alerts[1].text = alerts[1].id;
    alerts[1].emergency_bar = true;
    x->facts.alerts = alerts;
    x->facts.n_alerts = 2;
    x->facts.missing_items = &missing;
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == a);
    T_CHECK(mini_resolve(x, T0).overlay == &alerts[1]);
    T_EQ(verdict_of(x, T0, &alerts[0]), VERDICT_NOT_PLAYABLE);
    missing = 0;
    T_CHECK(mini_resolve(x, T0).rule == &alerts[0]);
    mini_free(x);
}

TEST(s47_an_emergency_lights_the_wall)
{
    struct mini *x = mini_new("UTC");
    struct rule *off = mini_rule(x, NONE), *e;
    struct resolution r;

    off->axis = AXIS_DISPLAY;
    off->power = 0;
    off->brightness = 0.1;
    (void)mini_daily(x, off, 0, 6 * 60);
    e = mini_rule(x, mini_single(x, 1000));
    e->layer = LAYER_EMERGENCY;
    (void)mini_once(x, e, T0 + 2 * HOUR_MS, T0 + 3 * HOUR_MS);
    mini_prepare(x);
    T_CHECK(!mini_resolve(x, T0 + HOUR_MS).on);
    T_EQ(mini_resolve(x, T0 + HOUR_MS).next_change_ms, T0 + 2 * HOUR_MS);
    r = mini_resolve(x, T0 + 2 * HOUR_MS);
    T_CHECK(r.on && r.brightness >= 0.3 && r.power_rule == e);
    r = mini_resolve(x, T0 + 3 * HOUR_MS);
    T_CHECK(!r.on && r.brightness < 0.2 && r.power_rule == off);
    T_CHECK(mini_resolve(x, T0 + 7 * HOUR_MS).on);
    mini_free(x);
}

TEST(s49_a_place_that_is_not_known)
{
    struct mini *x = mini_new("UTC");
    struct point square[4] = {{31, 121}, {31, 122}, {32, 122}, {32, 121}};
    struct rule *r = mini_rule(x, mini_single(x, 1000));

    *r->targets = (struct target){.kind = TARGET_POLYGON, .polygon = square, .n_points = 4};
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == NULL);
    r->targets->unknown_shows = true;
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == r);
    x->screens[0].has_place = true; /* known, and far away */
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == NULL);
    mini_free(x);
}

static struct mini *quota_model(enum quota_action action)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = mini_playlist(x);

    for (int i = 0; i < 5; i++)
        mini_entry(x, p, mini_item(x, 15000), NONE);
    x->items[4].category = 1;
    (void)mini_rule(x, p);
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .measure = QUOTA_PLAYS,
                                  .period = QUOTA_DAY,
                                  .band_start_s = 6 * 3600,
                                  .band_end_s = 86400,
                                  .min = 1.0 / 3,
                                  .max = NAN,
                                  .action = action,
                                  .filler = mini_playlist(x)};
    mini_entry(x, x->quotas[0].filler, 4, NONE);
    x->m.n_quotas = 1;
    mini_prepare(x);
    return x;
}

TEST(s51_a_quota_refuses_warns_or_fills)
{
    static const enum quota_action actions[] = {QUOTA_BLOCK, QUOTA_WARN, QUOTA_AUTOFILL};

    for (int i = 0; i < 3; i++) {
        struct mini *x = quota_model(actions[i]);
        struct qp_report report = {.items = NULL};

        T_EQ(schedule_conflicts(x->s, T0, T0 + DAY_MS, CONFLICT_PARTLY, &report), 0);
        T_EQ(report.n_errors, i == 0);
        T_EQ(report.n_warnings, i == 1);
        if (i < 2) {
            const char *text = report.items[0].text;

            /* 5760 plays a day, 4320 of them in the band: 1440 are wanted, 864 are there. */
            T_CHECK(strstr(text, "has 20.0 % of the plays of everything from 2026-01-01 00:00 to "
                                 "2026-01-02 00:00"));
            T_CHECK(strstr(text, "at least 33.3 % are wanted (1 of 1 days)"));
            T_CHECK(strstr(text, "missing by hour of the day: 06-24 32 plays"));
        }
        qp_report_finish(&report);
        mini_timeline(x, T0, T0 + DAY_MS);
        if (i == 2)
            T_CHECK(mini_plays(x, 4) * 3 >= x->n_log * 3 / 4);
        mini_free(x);
    }
}

/* Nobody waits, and all are in step: who lacks the file shows its default for as long. */
TEST(s52_a_sync_group_goes_on_without_the_file_of_one)
{
    struct mini *x = mini_new("UTC");
    static struct stretch group[200];
    uint32_t p = mini_playlist(x);
    uint8_t missing = 1 << 1;
    size_t n_group, n = 0;

    for (int i = 0; i < 3; i++)
        mini_entry(x, p, mini_item(x, 10000 + i * 1000), NONE);
    (void)mini_rule(x, p);
    (void)mini_interrupt(x, mini_single(x, 7000), 0.2);
    x->screens[0].sync_group = x->ids[0];
    x->screens[0].default_playlist = mini_single(x, 4000);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 10 * MINUTE_MS);
    n_group = x->n_log;
    T_CHECK(n_group < 200);
    memcpy(group, x->log, n_group * sizeof(*group));
    x->facts.missing_items = &missing;
    mini_timeline(x, T0, T0 + 10 * MINUTE_MS);
    for (size_t i = 0; i < n_group; i++) {
        T_EQ(x->log[n].start_ms, group[i].start_ms);
        if (group[i].item != 1) {
            T_EQ(x->log[n].item, group[i].item);
            T_EQ(x->log[n++].end_ms, group[i].end_ms);
            continue;
        }
        for (; n < x->n_log && x->log[n].start_ms < group[i].end_ms; n++) {
            T_EQ(x->log[n].item, 4);
            T_EQ(x->log[n].layer, LAYER_DEFAULT);
        }
        T_EQ(x->log[n - 1].end_ms, group[i].end_ms);
    }
    T_EQ(mini_plays(x, 1), 0);
    x->screens[0].default_playlist = NONE;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 10 * MINUTE_MS);
    T_EQ(x->n_log, n_group);
    T_EQ(x->log[1].layer, LAYER_SAFE);
    mini_free(x);
}

/* --- what else the layers and the clock do -------------------------------------------------------
 */

TEST(an_untrusted_clock_holds_what_was_shown)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000));

    (void)mini_daily(x, a, 8 * 60, 12 * 60);
    b->priority = 9;
    mini_prepare(x);
    x->facts.clock_untrusted = true;
    x->facts.held_rule = 0;
    T_CHECK(mini_resolve(x, 0).rule == a);
    T_EQ(mini_resolve(x, 0).next_change_ms, FOREVER_MS);
    x->facts.held_rule = NONE;
    T_CHECK(mini_resolve(x, 0).rule == NULL);
    mini_free(x);
}

TEST(layers_come_in_their_order)
{
    struct mini *x = mini_new("UTC");
    static const enum schedule_layer layers[] = {LAYER_DEFAULT, LAYER_SCHEDULE, LAYER_TAKEOVER,
                                                 LAYER_EMERGENCY, LAYER_BLACKOUT};
    struct rule *r[5];

    for (int i = 0; i < 5; i++) {
        r[i] = mini_rule(x, layers[i] == LAYER_BLACKOUT ? NONE : mini_single(x, 1000));
        r[i]->layer = layers[i];
        r[i]->priority = -i; /* a layer is no priority */
        (void)mini_once(x, r[i], T0 + i * HOUR_MS, T0 + 10 * HOUR_MS);
    }
    mini_prepare(x);
    for (int i = 0; i < 5; i++)
        T_CHECK(mini_resolve(x, T0 + i * HOUR_MS).rule == r[i]);
    T_EQ(mini_resolve(x, T0 + 5 * HOUR_MS).playlist, NONE);
    mini_timeline(x, T0 + 5 * HOUR_MS, T0 + 6 * HOUR_MS);
    T_EQ(x->n_log, 1);
    T_EQ(x->log[0].layer, LAYER_BLACKOUT);
    mini_free(x);
}

TEST(a_blackout_is_not_filled_by_the_default)
{
    struct mini *x = mini_new("UTC");
    struct rule *black = mini_rule(x, NONE);

    x->screens[0].default_playlist = mini_single(x, 1000);
    black->layer = LAYER_BLACKOUT;
    (void)mini_once(x, black, T0, T0 + HOUR_MS);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(x->n_log, 1);
    T_EQ(x->log[0].layer, LAYER_BLACKOUT);
    T_EQ(x->log[0].item, NONE);
    T_CHECK(x->log[0].rule == black);
    mini_free(x);
}

TEST(a_mandatory_block_comes_before_any_priority)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *m = mini_rule(x, mini_single(x, 1000));

    a->priority = 1000;
    m->mandatory = true;
    (void)mini_daily(x, m, 19 * 60, 19 * 60 + 30);
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0 + 19 * HOUR_MS).rule == m);
    T_EQ(verdict_of(x, T0 + 19 * HOUR_MS, a), VERDICT_LOWER_LAYER);
    T_CHECK(mini_resolve(x, T0 + 20 * HOUR_MS).rule == a);
    mini_free(x);
}

TEST(a_slot_has_its_share_whoever_fills_it)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 10000)), *low, *high;

    a->priority = 50;
    low = mini_rule(x, mini_single(x, 10000));
    high = mini_rule(x, mini_single(x, 10000));
    low->slot = high->slot = 0;
    high->priority = 1;
    (void)mini_daily(x, high, 12 * 60, 24 * 60);
    x->slots[0] = (struct slot){.id = a->id, .share = 0.25};
    x->m.n_slots = 1;
    mini_prepare(x);
    T_CHECK(mini_resolve(x, T0).rule == a);
    T_EQ(verdict_of(x, T0 + 13 * HOUR_MS, low), VERDICT_LOWER_PRIORITY);
    T_EQ(verdict_of(x, T0 + 13 * HOUR_MS, high), VERDICT_MIXES);
    mini_timeline(x, T0, T0 + DAY_MS);
    T_EQ(mini_plays(x, 1), 1080);
    T_EQ(mini_plays(x, 2), 1080);
    mini_free(x);
}

/* --- traps and rules that no other test names
 * ------------------------------------------------------
 */

/* A country changes its clocks, and the device gets the new data: nothing but local times is kept.
 */
TEST(t11_new_zone_data_move_what_was_planned)
{
    struct mini *x = mini_new("Asia/Shanghai");
    struct rule *r = mini_rule(x, mini_single(x, 1000));

    (void)mini_daily(x, r, 8 * 60, 22 * 60);
    mini_prepare(x);
    T_CHECK(!mini_resolve(x, T0 - 1).rule && mini_resolve(x, T0).rule == r);
    tz_destroy(x->zones[0]);
    T_EQ(tz_load(&x->zones[0], "Asia/Tokyo", NULL), 0);
    x->screens[0].zone = x->zones[0];
    mini_prepare(x);
    T_CHECK(!mini_resolve(x, T0 - HOUR_MS - 1).rule && mini_resolve(x, T0 - HOUR_MS).rule == r);
    mini_free(x);
}

TEST(t14_a_site_has_a_zone_of_its_own)
{
    static const char text[] =
        "{\"zone\": \"Asia/Shanghai\", \"screens\": [{\"id\": \"a\"},"
        " {\"id\": \"b\", \"zone\": \"Asia/Urumqi\"}],"
        " \"items\": [{\"id\": \"i\", \"file\": \"i.mp4\", \"duration_s\": 15}],"
        " \"rules\": [{\"id\": \"r\", \"item\": \"i\", \"window\": {\"times\": \"08:00-20:00\"}}]}";
    struct model *m = NULL;
    struct schedule *s = NULL;

    T_EQ(model_parse(&m, text, strlen(text), NULL, NULL, NULL), 0);
    T_EQ(schedule_prepare(&s, m, NULL), 0);
    for (uint32_t screen = 0; screen < 2; screen++) {
        int64_t eight = T0 + screen * 2 * HOUR_MS;
        struct resolution r = {.applicable = NULL};

        schedule_resolve(s, eight - 1, screen, NULL, &r);
        T_CHECK(!r.rule);
        schedule_resolve(s, eight, screen, NULL, &r);
        T_CHECK(r.rule == &m->rules[0]);
    }
    schedule_destroy(s);
    model_destroy(m);
}

/* Thirty days without a network: no fact comes in, and every instant has its content. */
TEST(r15_thirty_days_without_news)
{
    struct mini *x = mini_new("Asia/Shanghai");
    struct rule *day = mini_rule(x, mini_single(x, 600000)), *night;
    int64_t shown[2] = {0, 0};

    (void)mini_daily(x, day, 8 * 60, 22 * 60);
    night = mini_rule(x, mini_single(x, 900000));
    (void)mini_daily(x, night, 22 * 60, 8 * 60);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 30 * DAY_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        T_CHECK(x->log[i].item != NONE && x->log[i].rule);
        shown[x->log[i].rule == night] += x->log[i].end_ms - x->log[i].start_ms;
    }
    T_EQ(shown[0], 30 * 14 * HOUR_MS);
    T_EQ(shown[1], 30 * 10 * HOUR_MS);
    mini_free(x);
}
