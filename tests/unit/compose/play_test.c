/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/play.h"

#include "protocols/base/clock.h"
#include "tests/unit/compose/fake_media.h"

#define MAX_ITEMS 32

static int n_skips;
static char last_skip[256];

static void on_notice(void *user, const char *text)
{
    (void)user;
    n_skips++;
    (void)snprintf(last_skip, sizeof(last_skip), "%s", text);
}

struct stage {
    struct play play;
    struct play_item items[MAX_ITEMS];
    char scripts[MAX_ITEMS][64];
    size_t n;
    int64_t f;
    struct play_view view;
    bool shown;
};

static struct play_item *add(struct stage *s, const char *script)
{
    struct play_item *item = &s->items[s->n];

    (void)snprintf(s->scripts[s->n], sizeof(s->scripts[0]), "%s", script);
    *item = (struct play_item){.file = s->scripts[s->n]};
    s->n++;
    return item;
}

static void fade(struct play_item *item, int ms)
{
    item->transition = TRANSITION_CROSS_FADE;
    item->transition_ns = ms * 1000000LL;
}

static void start(struct stage *s, bool loop, int64_t num, int64_t den)
{
    struct play_params params = {.items = s->items,
                                 .n_items = s->n,
                                 .loop = loop,
                                 .w = 2,
                                 .h = 2,
                                 .rate = qp_rational(num, den),
                                 .on_notice = on_notice};

    T_EQ(play_init(&s->play, &params, NULL), 0);
}

/* One wall frame: the loop thread's turn, then the render thread's. */
static void step(struct stage *s)
{
    atomic_store(&fake_now, s->f);
    play_tick(&s->play);
    s->shown = play_frame(&s->play, s->f, 0, &s->view);
    s->f++;
}

static int colour(const struct media_picture *p)
{
    return p ? (int)(p->data[0] & 255) : -1;
}

TEST(two_items_are_opened_at_once_and_follow_without_a_gap)
{
    static struct stage s;

    add(&s, "1,ms=1000");
    add(&s, "2,ms=500");
    add(&s, "3,ms=500");
    start(&s, false, 60, 1);
    T_EQ(atomic_load(&fake_n_opened), 2);
    for (int f = 0; f < 60; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 1);
        T_CHECK(!s.view.from);
    }
    for (int f = 0; f < 30; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 2);
    }
    for (int f = 0; f < 30; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 3);
        T_CHECK(!s.play.over);
    }
    for (int f = 0; f < 30; f++) { /* the last picture stays */
        step(&s);
        T_EQ(colour(s.view.to), 3);
        T_CHECK(s.play.over);
    }
    T_EQ(atomic_load(&fake_max_open), 2);
    T_EQ(atomic_load(&s.play.n_started), 3);
    T_EQ(atomic_load(&s.play.n_finished), 2);
    play_finish(&s.play);
    T_EQ(atomic_load(&fake_n_open), 0);
}

TEST(a_cross_fade_covers_exactly_its_frames)
{
    static struct stage s;
    int n = 0;

    add(&s, "1,ms=1000");
    fade(add(&s, "2,ms=1000"), 250);
    start(&s, false, 60, 1);
    for (int f = 0; f < 120; f++) {
        step(&s);
        if (!s.view.n)
            continue;
        T_EQ(s.view.n, 15);
        T_EQ(s.view.i, n);
        T_EQ(f, 45 + n); /* it ends when the first item does */
        T_EQ(colour(s.view.from), 1);
        T_EQ(colour(s.view.to), 2);
        n++;
    }
    T_EQ(n, 15);
    play_finish(&s.play);
}

TEST(a_skipped_frame_does_not_change_the_others)
{
    static struct stage s;

    add(&s, "1,ms=1000");
    fade(add(&s, "2,ms=1000"), 500);
    start(&s, false, 60000, 1001);
    for (s.f = 0; s.f < 34;)
        step(&s);
    T_EQ(s.view.n, 30);
    T_EQ(s.view.i, 3);
    s.f += 7;
    step(&s);
    T_EQ(s.view.i, 11);
    play_finish(&s.play);
}

TEST(the_old_picture_stays_until_the_next_is_ready)
{
    static struct stage s;

    add(&s, "1,ms=500");
    add(&s, "2,ms=500,ready=100");
    start(&s, false, 60, 1);
    for (int f = 0; f < 100; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 1);
    }
    step(&s);
    T_EQ(colour(s.view.to), 2);
    play_finish(&s.play);
}

TEST(a_late_cross_fade_still_has_its_full_length)
{
    static struct stage s;
    int n = 0;

    add(&s, "1,ms=500");
    fade(add(&s, "2,ms=2000,ready=77"), 500);
    start(&s, false, 50, 1);
    for (int f = 0; f < 140; f++) {
        step(&s);
        n += s.view.n > 0;
        T_EQ(s.view.n > 0, f >= 77 && f < 102);
    }
    T_EQ(n, 25);
    play_finish(&s.play);
}

TEST(what_cannot_be_played_is_skipped_with_a_sentence)
{
    static struct stage s;

    add(&s, "9,bad");
    add(&s, "1,ms=200");
    add(&s, "9,empty");
    add(&s, "9,bad,ready=5");
    add(&s, "2,ms=200");
    start(&s, false, 60, 1);
    for (int f = 0; f < 12; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 1);
    }
    T_EQ(n_skips >= 2, 1);
    for (int f = 0; f < 20; f++)
        step(&s);
    T_EQ(colour(s.view.to), 2);
    T_EQ(n_skips, 3);
    T_EQ(s.play.n_skipped, 3);
    T_CHECK(strcmp(last_skip, "it is bad; skipped") == 0);
    T_CHECK(!atomic_load(&s.play.failed));
    play_finish(&s.play);
}

TEST(a_bad_item_of_a_loop_is_told_of_once)
{
    static struct stage s;

    add(&s, "1,ms=100");
    add(&s, "9,bad");
    start(&s, true, 60, 1);
    for (int f = 0; f < 600; f++)
        step(&s);
    T_CHECK(s.play.n_skipped > 50);
    T_EQ(n_skips, 1);
    play_finish(&s.play);
}

TEST(everything_failed_once_around)
{
    static struct stage s;

    add(&s, "9,bad,ready=3");
    add(&s, "9,empty");
    add(&s, "9,bad");
    start(&s, true, 60, 1);
    for (int f = 0; f < 200; f++) {
        step(&s);
        T_CHECK(!s.shown);
    }
    T_CHECK(atomic_load(&s.play.failed));
    T_CHECK(n_skips <= 5); /* once around and what was open ahead, not a spinning loop */
    play_finish(&s.play);
}

TEST(a_clip_that_breaks_off_is_left_and_reported)
{
    static struct stage s;

    add(&s, "1,ms=5000,break=300");
    add(&s, "2,ms=500");
    start(&s, false, 60, 1);
    for (int f = 0; f < 40; f++) {
        step(&s);
        T_CHECK(s.shown);
    }
    T_EQ(colour(s.view.to), 2);
    T_EQ(n_skips, 1);
    T_CHECK(strcmp(last_skip, "it broke; skipped") == 0);
    play_finish(&s.play);
}

TEST(a_warning_is_passed_on_once_and_is_no_skip)
{
    static struct stage s;

    add(&s, "1,ms=500,mute");
    start(&s, false, 60, 1);
    for (int f = 0; f < 40; f++)
        step(&s);
    T_EQ(n_skips, 1);
    T_EQ(s.play.n_skipped, 0);
    T_CHECK(strcmp(last_skip, "no sound") == 0);
    play_finish(&s.play);
}

TEST(a_single_item_repeats_inside_its_decoder)
{
    static struct stage s;

    add(&s, "1,ms=100");
    start(&s, true, 60, 1);
    for (int f = 0; f < 600; f++) {
        step(&s);
        T_EQ(colour(s.view.to), 1);
    }
    T_EQ(atomic_load(&fake_n_opened), 1);
    play_finish(&s.play);
}

TEST(a_duration_of_its_own_repeats_or_cuts)
{
    static struct stage s;

    add(&s, "1,ms=100")->duration_ns = 1000000000;
    add(&s, "2,ms=9000")->duration_ns = 500000000;
    start(&s, true, 60, 1);
    for (int f = 0; f < 600; f++) {
        step(&s);
        T_EQ(colour(s.view.to), f % 90 < 60 ? 1 : 2);
    }
    play_finish(&s.play);
}

TEST(a_zero_length_clip_is_on_for_one_frame)
{
    static struct stage s;

    add(&s, "1,ms=0");
    add(&s, "2,ms=0");
    add(&s, "3,ms=100");
    start(&s, false, 60, 1);
    for (int f = 0; f < 3; f++) {
        step(&s);
        T_EQ(colour(s.view.to), f + 1);
    }
    play_finish(&s.play);
}

/* The property: whatever the files do, once a picture was shown there is one on every frame, items
 * come in the order of the list, never more than three are open, a transition's frames are exactly
 * its own. */
static void random_show(unsigned seed)
{
    static struct stage s;
    int last = 0, playable = 0;
    int64_t fade_frames = 0;
    bool began = false;

    memset(&s, 0, sizeof(s));
    atomic_store(&fake_max_open, 0);
    atomic_store(&fake_now, 0);
    srand(seed);
    for (int i = 1; i < MAX_ITEMS && (i == 1 || rand() % 12); i++) {
        char script[64];
        int kind = rand() % 10;
        struct play_item *item;

        (void)snprintf(script, sizeof(script), "%d,ready=%d,ms=%d,fps=%d%s%s", i,
                       rand() % 3 ? rand() % 5 : rand() % 90, rand() % 4 ? rand() % 1500 : 0,
                       1 + rand() % 70,
                       kind == 0   ? ",bad"
                       : kind == 1 ? ",empty"
                                   : "",
                       kind == 2 ? ",break=200" : "");
        item = add(&s, script);
        playable += kind > 1;
        if (rand() % 2)
            fade(item, rand() % 900);
        if (rand() % 4 == 0)
            item->duration_ns = 1 + rand() % 1000000000;
    }
    start(&s, false, 60, 1);
    for (int f = 0; f < 8000 && !s.play.over; f++) {
        step(&s);
        began |= s.shown;
        T_EQ(s.shown, began);
        if (!s.shown)
            continue;
        T_CHECK(s.view.to != NULL);
        T_CHECK(colour(s.view.to) >= last);
        last = colour(s.view.to);
        if (s.view.n) {
            T_EQ(s.view.i, fade_frames);
            T_CHECK(s.view.from != NULL);
            fade_frames = s.view.i + 1 == s.view.n ? 0 : fade_frames + 1;
        } else {
            T_EQ(fade_frames, 0);
        }
    }
    T_EQ(began, playable > 0);
    T_EQ(atomic_load(&s.play.n_started), playable);
    T_CHECK(atomic_load(&fake_max_open) <= 3);
    play_finish(&s.play);
    T_EQ(atomic_load(&fake_n_open), 0);
}

TEST(never_a_frame_without_a_picture)
{
    for (unsigned seed = 1; seed <= 5000; seed++)
        random_show(seed);
}

TEST(a_playlist_needs_items_a_box_and_a_rate)
{
    struct play play;
    struct play_item item = {.file = (char *)(uintptr_t) "1"};
    struct play_params p = {.items = &item, .n_items = 0, .w = 2, .h = 2, .rate = {60, 1}};

    T_EQ(play_init(&play, &p, NULL), -EINVAL);
    p.n_items = 1;
    p.w = 0;
    T_EQ(play_init(&play, &p, NULL), -EINVAL);
    p.w = 2;
    p.rate.num = 0;
    T_EQ(play_init(&play, &p, NULL), -EINVAL);
}

/* --- fed ---------------------------------------------------------------------------------------
 */

#define FED_BASE 44000000000LL /* a lattice index of our days at 25 a second */

struct fed {
    struct stage s;
    struct play_feed feed;
    struct {
        const char *script;
        int64_t begin; /* frame after FED_BASE */
        int64_t start_ns;
    } list[8];
    size_t next, n, known;
    struct play_record records[8];
    size_t n_done;
};

static bool fed_next(void *user, struct play_item *ret)
{
    struct fed *fed = user;

    if (fed->next >= fed->known) {
        ret->begin_ns = fed->known < fed->n ? (FED_BASE + fed->list[fed->known].begin) * 40000000LL
                                            : INT64_MAX / 2;
        return false;
    }
    *ret = (struct play_item){
        .file = fed->list[fed->next].script ? strdup(fed->list[fed->next].script) : NULL,
        .begin_ns = (FED_BASE + fed->list[fed->next].begin) * 40000000LL,
        .start_ns = fed->list[fed->next].start_ns,
        .tag = &fed->records[fed->next]};
    fed->next++;
    return true;
}

static void fed_done(void *user, const struct play_item *item, const struct play_record *record)
{
    struct fed *fed = user;

    *(struct play_record *)item->tag = *record;
    fed->n_done++;
}

static void fed_start(struct fed *fed)
{
    struct play_params params = {
        .w = 2, .h = 2, .rate = qp_rational(25, 1), .on_notice = on_notice, .feed = &fed->feed};

    fed->feed = (struct play_feed){.next = fed_next, .on_done = fed_done, .user = fed};
    if (fed->known == 0)
        fed->known = fed->n;
    T_EQ(play_init(&fed->s.play, &params, NULL), 0);
}

/* Frame f after FED_BASE; returns the colour on it, 0: none. */
static int fed_step(struct fed *fed, int64_t f)
{
    atomic_store(&fake_now, f);
    play_tick(&fed->s.play);
    fed->s.shown = play_frame(&fed->s.play, FED_BASE + f, 0, &fed->s.view);
    play_count(&fed->s.play, f >= 1000);
    return fed->s.shown ? (int)(fed->s.view.to->data[0] & 255) : 0;
}

TEST(fed_items_begin_on_their_frame)
{
    static struct fed fed = {.list = {{"11", -50, 0}, {"22", 30, 0}, {"33", 60, 500000000}},
                             .n = 3};

    fed_start(&fed);
    for (int64_t f = 0; f < 100; f++) {
        T_EQ(fed_step(&fed, f), f < 30 ? 11 : f < 60 ? 22 : 33);
        /* Two seconds into the first when it was joined. */
        T_EQ(fed.s.view.to->pts_ns, f < 30   ? (50 + f) * 40000000
                                    : f < 60 ? (f - 30) * 40000000
                                             : 480000000 + (f - 60) * 40000000);
    }
    play_finish(&fed.s.play);
    T_EQ(fed.n_done, 3);
    T_EQ(fed.records[0].first, FED_BASE);
    T_EQ(fed.records[0].end, FED_BASE + 30);
    T_EQ(fed.records[0].expected, 30);
    T_EQ(fed.records[0].presented, 30);
    T_EQ(fed.records[1].expected, 30);
    T_EQ(fed.records[1].presented, 30);
    T_EQ(fed.records[1].end_kind, PLAY_END_NEXT);
    T_EQ(fed.records[2].presented, 40);
    T_EQ(fed.records[2].end_kind, PLAY_END_STOPPED);
}

TEST(a_late_fed_item_joins_in_progress)
{
    static struct fed fed = {.list = {{"11", 0, 0}, {"22,ready=45", 30, 0}, {"33", 60, 0}}, .n = 3};

    fed_start(&fed);
    for (int64_t f = 0; f < 70; f++) {
        T_EQ(fed_step(&fed, f), f < 45 ? 11 : f < 60 ? 22 : 33);
        if (f >= 45 && f < 60)
            T_EQ(fed.s.view.to->pts_ns, (f - 30) * 40000000);
    }
    play_finish(&fed.s.play);
    T_EQ(fed.records[0].presented, 45);
    T_EQ(fed.records[0].expected, 30);
    T_EQ(fed.records[1].presented, 15);
    T_EQ(fed.records[1].expected, 30);
}

TEST(a_bad_fed_item_leaves_the_one_before)
{
    static struct fed fed = {.list = {{"11", 0, 0}, {"22,bad", 30, 0}, {"33", 60, 0}}, .n = 3};

    n_skips = 0;
    fed_start(&fed);
    for (int64_t f = 0; f < 70; f++)
        T_EQ(fed_step(&fed, f), f < 60 ? 11 : 33);
    play_finish(&fed.s.play);
    T_EQ(n_skips, 1);
    T_EQ(fed.n_done, 3);
    T_EQ(fed.records[1].presented, 0);
    T_EQ(fed.records[1].end_kind, PLAY_END_FAILED);
}

TEST(nothing_can_be_fed_and_dark_frames_are_told)
{
    static struct fed fed = {.list = {{"11", 0, 0}, {NULL, 30, 0}, {"33", 60, 0}}, .n = 3};

    fed_start(&fed);
    for (int64_t f = 0; f < 60; f++) {
        T_EQ(fed_step(&fed, f), f < 30 ? 11 : 0);
        T_EQ(fed.s.play.blank, f >= 30);
    }
    for (int64_t f = 990; f < 1010; f++)
        T_EQ(fed_step(&fed, f), 33);
    play_finish(&fed.s.play);
    T_EQ(fed.records[2].presented, 20);
    T_EQ(fed.records[2].dark, 10);
}

TEST(without_a_clock_the_feed_is_waited_for)
{
    static struct fed fed = {.list = {{"11", 0, 0}, {"22", 30, 0}}, .n = 2, .known = 1};

    fed_start(&fed);
    for (int64_t f = 0; f < 30; f++) {
        T_EQ(fed_step(&fed, f), 11);
        T_EQ(play_is_ready(&fed.s.play, FED_BASE + f + 1), f < 29);
    }
    fed.known = 2;
    play_tick(&fed.s.play);
    T_CHECK(play_is_ready(&fed.s.play, FED_BASE + 30));
    T_EQ(fed_step(&fed, 30), 22);
    play_finish(&fed.s.play);
}

/* Text was still being drawn, or another program was on: a record begins with what was seen. */
TEST(what_was_not_seen_is_not_in_the_record)
{
    static struct fed fed = {.list = {{"11", 0, 0}, {"22", 30, 0}}, .n = 2};
    struct play_now now;

    fed_start(&fed);
    for (int64_t f = 0; f < 3; f++) {
        atomic_store(&fake_now, f);
        play_tick(&fed.s.play);
        (void)play_frame(&fed.s.play, FED_BASE + f, 0, &fed.s.view);
        T_CHECK(!play_now(&fed.s.play, &now));
    }
    T_EQ(fed_step(&fed, 3), 11);
    T_CHECK(play_now(&fed.s.play, &now));
    T_EQ(now.first, FED_BASE + 3);
    for (int64_t f = 4; f < 40; f++)
        T_EQ(fed_step(&fed, f), f < 30 ? 11 : 22);
    play_finish(&fed.s.play);
    T_EQ(fed.records[0].first, FED_BASE + 3);
    T_EQ(fed.records[0].expected, 27);
    T_EQ(fed.records[0].presented, 27);
    T_EQ(fed.records[1].first, FED_BASE + 30);
    T_EQ(fed.records[1].presented, 10);
}

TEST(an_item_is_due_until_the_next_one_is)
{
    static struct fed fed = {
        .list = {{"11", 0, 0}, {"22,ready=45", 30, 0}, {"33", 60, 0}}, .n = 3, .known = 1};

    fed_start(&fed);
    T_EQ(fed_step(&fed, 0), 11);
    T_CHECK(play_is_due(&fed.s.play, FED_BASE + 29));
    T_CHECK(!play_is_due(&fed.s.play, FED_BASE + 30)); /* what comes is not known yet */
    fed.known = 3;
    for (int64_t f = 1; f < 70; f++) {
        T_EQ(fed_step(&fed, f), f < 46 ? 11 : f < 60 ? 22 : 33);
        /* What comes next is known a tick after one has come on. */
        T_EQ(play_is_due(&fed.s.play, FED_BASE + f), (f < 30 || f > 46) && f != 60);
    }
    play_finish(&fed.s.play);
}
