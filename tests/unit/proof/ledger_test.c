/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a log's records, whatever the clock did. */
#include "controller/player/proof/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/load_time.h"
#include "tests/support/t.h"

static char rule_id[] = "ad", campaign_id[] = "sale";
static struct rule rule = {.id = rule_id};
static struct campaign campaign = {.id = campaign_id};
static const struct model model = {
    .rules = &rule, .n_rules = 1, .campaigns = &campaign, .n_campaigns = 1};

static struct ledger *new_ledger(void)
{
    struct ledger *l;

    T_EQ(ledger_create(&l, "s1", false), 0);
    return l;
}

static int add_text(struct ledger *l, const char *start, const char *end, long long position,
                    const char *clock)
{
    char line[500];
    int n = snprintf(line, sizeof(line),
                     "{\"start\":\"%s\",\"end\":\"%s\",\"screen\":\"s1\",\"rule\":\"ad\","
                     "\"campaign\":\"sale\",\"item\":\"b\",\"position_ms\":%lld,"
                     "\"frames_presented\":100,\"frames_dark\":0,\"clock\":\"%s\"}",
                     start, end, position, clock);

    return ledger_add(l, line, (size_t)n);
}

/* Ten seconds from a minute on. */
static void add(struct ledger *l, const char *minute, const char *clock)
{
    char start[40], end[40];

    (void)snprintf(start, sizeof(start), "%s:00Z", minute);
    (void)snprintf(end, sizeof(end), "%s:10Z", minute);
    T_EQ(add_text(l, start, end, 0, clock), 0);
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;

    T_CHECK(load_instant(text, NULL, false, &ms) == NULL);
    return ms;
}

/* Of the rule, or of the campaign; without an entry nothing was delivered. */
static struct play_count count(struct ledger *l, bool of_campaign, const char *until)
{
    struct play_count *counts, found = {0};
    uint32_t n;

    T_EQ(ledger_counts(l, &model, 0, instant(until), NULL, 0, &counts, &n), 0);
    for (uint32_t i = 0; i < n; i++)
        if ((of_campaign ? counts[i].campaign : counts[i].rule) == 0)
            found = counts[i];
    found.starts = NULL;
    free(counts);
    return found;
}

#define MIDNIGHT "2026-07-17T16:00:00Z" /* in China */

TEST(a_day_is_paced_by_what_was_before_it)
{
    struct ledger *l = new_ledger();

    add(l, "2026-07-17T15:00", "trusted");
    add(l, "2026-07-17T16:30", "trusted");
    T_EQ(count(l, true, MIDNIGHT).plays, 1);
    T_EQ(count(l, true, MIDNIGHT).seconds, 10);
    T_EQ(count(l, true, "2026-07-18T16:00:00Z").plays, 2);
    ledger_destroy(l);
}

TEST(a_clock_that_was_years_ahead_does_not_spoil_the_days_after)
{
    struct ledger *l = new_ledger();

    add(l, "2026-07-17T15:00", "trusted");
    add(l, "2038-01-01T00:00", "trusted");
    add(l, "2026-07-17T15:20", "trusted");
    add(l, "2026-07-17T16:30", "trusted");
    add(l, "2026-07-17T16:40", "trusted");
    T_EQ(count(l, true, MIDNIGHT).plays, 3);
    T_EQ(count(l, true, "2026-07-18T16:00:00Z").plays, 5);
    ledger_destroy(l);
}

/* A device without a battery for its clock begins in the past, until it has asked for the time. */
TEST(a_start_without_a_clock_forgets_nothing)
{
    struct ledger *l = new_ledger();

    add(l, "2026-07-17T15:00", "trusted");
    add(l, "2026-07-17T16:30", "trusted");
    add(l, "1970-01-01T00:00", "untrusted");
    T_EQ(count(l, false, MIDNIGHT).plays_last_hour, 1);
    T_EQ(count(l, false, MIDNIGHT).last_start_ms, instant("2026-07-17T16:30:00Z"));
    T_EQ(count(l, false, MIDNIGHT).plays, 3);
    T_EQ(count(l, true, MIDNIGHT).plays, 2); /* the one without a time counts at once */
    add(l, "2026-07-17T16:31", "trusted");
    T_EQ(count(l, false, MIDNIGHT).plays_last_hour, 2);
    T_EQ(count(l, true, MIDNIGHT).plays, 2);
    ledger_destroy(l);
}

TEST(what_was_rehearsed_was_not_delivered)
{
    struct ledger *l = new_ledger();

    add(l, "2026-07-17T15:00", "rehearsal");
    T_EQ(count(l, false, MIDNIGHT).plays, 0);
    T_EQ(count(l, true, MIDNIGHT).plays, 0);
    ledger_destroy(l);
    T_EQ(ledger_create(&l, "s1", true), 0);
    add(l, "2026-07-17T15:00", "rehearsal");
    T_EQ(count(l, false, MIDNIGHT).plays, 1);
    ledger_destroy(l);
}

TEST(the_rest_of_a_play_is_no_play)
{
    struct ledger *l = new_ledger();

    T_EQ(add_text(l, "2026-07-17T15:00:00.040Z", "2026-07-17T15:00:04Z", 40, "trusted"), 0);
    T_EQ(add_text(l, "2026-07-17T15:00:05Z", "2026-07-17T15:00:10Z", 5000, "trusted"), 0);
    T_EQ(count(l, false, MIDNIGHT).plays_last_hour, 1);
    T_EQ(count(l, true, MIDNIGHT).plays, 1);
    T_EQ(count(l, true, MIDNIGHT).seconds, 8);
    ledger_destroy(l);
}

/* Where a new program took over: the parts overlap, and the next item was on for a moment. */
TEST(parts_that_overlap_are_one_play)
{
    struct ledger *l = new_ledger();

    T_EQ(add_text(l, "2026-07-17T15:00:00Z", "2026-07-17T15:00:04.050Z", 0, "trusted"), 0);
    T_EQ(add_text(l, "2026-07-17T15:00:04.033Z", "2026-07-17T15:00:05Z", 4033, "trusted"), 0);
    T_EQ(add_text(l, "2026-07-17T15:00:05Z", "2026-07-17T15:00:05.050Z", 0, "trusted"), 0);
    T_EQ(add_text(l, "2026-07-17T15:00:05.050Z", "2026-07-17T15:00:05.066Z", 5050, "trusted"), 0);
    T_EQ(add_text(l, "2026-07-17T15:00:05.066Z", "2026-07-17T15:00:10Z", 66, "trusted"), 0);
    T_EQ(count(l, false, MIDNIGHT).plays_last_hour, 2);
    T_EQ(count(l, true, MIDNIGHT).plays, 2);
    ledger_destroy(l);
}

TEST(what_is_played_again_after_the_clock_was_set_back_is_another_play)
{
    struct ledger *l = new_ledger();

    add(l, "2026-07-17T15:00", "trusted");
    add(l, "2026-07-17T15:01", "trusted");
    add(l, "2026-07-17T15:00", "trusted");
    T_EQ(count(l, true, MIDNIGHT).plays, 3);
    ledger_destroy(l);
}

/* It would have begun when nothing begins: a start in the far future would hold the rule back. */
TEST(a_position_outside_of_any_item_is_no_record)
{
    static const long long wrong[] = {-1, -99999999999999, 99999999999999};
    struct ledger *l = new_ledger();

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        T_CHECK(add_text(l, "2026-07-17T15:00:00Z", "2026-07-17T15:00:04Z", wrong[i], "trusted") <
                0);
    T_EQ(count(l, false, MIDNIGHT).plays, 0);
    ledger_destroy(l);
}
