/* SPDX-License-Identifier: Apache-2.0 */
/* Which screens a target means: groups, tag expressions, polygons in three datums, the tree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/load_facts.h"
#include "tests/support/t.h"

static struct model *load(const char *targets)
{
    char text[4096];
    struct model *m = NULL;
    struct qp_diag diag = {""};

    snprintf(text, sizeof(text),
             "{\"zone\": \"UTC\", \"nodes\": [{\"id\": \"c\", \"kind\": \"city\"},"
             "{\"id\": \"d\", \"parent\": \"c\"}, {\"id\": \"e\", \"parent\": \"c\"}],"
             "\"screens\": ["
             "{\"id\": \"0\", \"node\": \"d\", \"groups\": [\"g\"], \"tags\": [\"a\", \"b\"],"
             " \"place\": {\"lat\": 31.2304, \"lon\": 121.4737}},"
             "{\"id\": \"1\", \"node\": \"e\", \"tags\": [\"b\"],"
             " \"place\": {\"lat\": 0, \"lon\": 179.9}},"
             "{\"id\": \"2\", \"tags\": [\"c\"]}],"
             "\"items\": [{\"id\": \"i\", \"live\": \"l\", \"duration_s\": 1}],"
             "\"rules\": [{\"id\": \"R\", \"item\": \"i\", \"targets\": %s}]}",
             targets);
    if (model_parse(&m, text, strlen(text), NULL, NULL, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(m);
    return m;
}

/* Which of the three screens are meant, as bits. */
static unsigned meant(const char *targets)
{
    struct model *m = load(targets);
    unsigned bits = 0;

    for (uint32_t s = 0; s < 3; s++)
        bits |= (unsigned)(model_specificity(m, &m->rules[0].targets[0], s) > 0) << s;
    model_destroy(m);
    return bits;
}

static uint32_t specificity(const char *targets, uint32_t screen)
{
    struct model *m = load(targets);
    uint32_t s = model_specificity(m, &m->rules[0].targets[0], screen);

    model_destroy(m);
    return s;
}

TEST(tag_expressions)
{
    T_EQ(meant("{\"tags\": \"a\"}"), 1);
    T_EQ(meant("{\"tags\": \"b\"}"), 3);
    T_EQ(meant("{\"tags\": \"!b\"}"), 4);
    T_EQ(meant("{\"tags\": \"a & b\"}"), 1);
    T_EQ(meant("{\"tags\": \"a | c\"}"), 5);
    T_EQ(meant("{\"tags\": \"c | a & b\"}"), 5); /* & binds closer */
    T_EQ(meant("{\"tags\": \"(c | a) & b\"}"), 1);
    T_EQ(meant("{\"tags\": \"b & (a | !c)\"}"), 3);
    T_EQ(meant("{\"tags\": \"b & !(a | c)\"}"), 2);
    T_EQ(meant("{\"tags\": \"!!a\"}"), 1);
    T_EQ(meant("{\"tags\": \"a | !a\"}"), 7);
}

TEST(the_tree_and_the_rest)
{
    T_EQ(meant("{\"all\": true}"), 7);
    T_EQ(meant("{\"node\": \"c\"}"), 3);
    T_EQ(meant("{\"node\": \"e\"}"), 2);
    T_EQ(meant("{\"node\": \"e\", \"tags\": \"b\"}"), 2);
    T_EQ(meant("{\"node\": \"c\", \"tags\": \"c\"}"), 0);
    T_EQ(meant("{\"group\": \"g\"}"), 1);
    T_EQ(meant("{\"screen\": \"2\"}"), 4);
}

TEST(screen_before_group_before_tags_before_node_before_all)
{
    static const char *const order[] = {"{\"all\": true}",    "{\"node\": \"c\"}",
                                        "{\"node\": \"d\"}",  "{\"tags\": \"a\"}",
                                        "{\"group\": \"g\"}", "{\"screen\": \"0\"}"};

    for (size_t i = 1; i < QP_ARRAY_LEN(order); i++)
        T_CHECK(specificity(order[i], 0) > specificity(order[i - 1], 0));
    T_EQ(specificity("{\"polygon\": [[31, 121], [31, 122], [32, 122], [32, 121]]}", 0),
         specificity("{\"tags\": \"a\"}", 0));
}

TEST(polygons)
{
    T_EQ(meant("{\"polygon\": [[31, 121], [31, 122], [32, 122], [32, 121]]}"), 1);
    T_EQ(meant("{\"polygon\": [[32, 121], [33, 121], [33, 122]]}"), 0);
    /* Across the 180th meridian, either way round. */
    T_EQ(meant("{\"polygon\": [[-1, 179], [-1, -179], [1, -179], [1, 179]]}"), 2);
    T_EQ(meant("{\"polygon\": [[1, 179], [1, -179], [-1, -179], [-1, 179]]}"), 2);
    T_EQ(meant("{\"polygon\": [[-1, 178], [-1, 179], [1, 179], [1, 178]]}"), 0);
    T_EQ(meant("{\"polygon\": [[40, 0], [41, 0], [41, 1]], \"on_unknown\": \"show\"}"), 4);
}

static void place(const char *datum, double lat, double lon, double *ret_lat, double *ret_lon)
{
    char text[512];
    struct model *m;
    struct qp_diag diag = {""};

    snprintf(text, sizeof(text),
             "{\"screens\": [{\"id\": \"s\", \"zone\": \"UTC\", \"place\": {\"lat\": %.10f,"
             "\"lon\": %.10f, \"datum\": \"%s\"}}]}",
             lat, lon, datum);
    T_EQ(model_parse(&m, text, strlen(text), NULL, NULL, &diag), 0);
    *ret_lat = m->screens[0].lat;
    *ret_lon = m->screens[0].lon;
    model_destroy(m);
}

/* One place in Beijing, as map services give it in the three datums. */
TEST(datums)
{
    double lat, lon;

    place("GCJ-02", 39.915, 116.404, &lat, &lon);
    T_CHECK(fabs(lat - 39.9136) < 2e-4 && fabs(lon - 116.3978) < 2e-4);
    place("BD-09", 39.915, 116.404, &lat, &lon);
    T_CHECK(fabs(lat - 39.9073) < 2e-4 && fabs(lon - 116.3913) < 2e-4);
    place("WGS84", 39.915, 116.404, &lat, &lon);
    T_CHECK(fabs(lat - 39.915) < 1e-9 && fabs(lon - 116.404) < 1e-9);
    place("GCJ-02", 48.8584, 2.2945, &lat, &lon); /* no shift outside China */
    T_CHECK(fabs(lat - 48.8584) < 1e-9 && fabs(lon - 2.2945) < 1e-9);
}

/* --- facts ----------------------------------------------------------------------------------- */

static int facts(struct load_facts *ret, const struct model *m, const char *text, const char *why)
{
    struct qp_diag diag = {""};
    int err = load_facts_parse(ret, m, text, strlen(text), NULL, &diag);

    if (why && !strstr(diag.text, why)) {
        fprintf(stderr, "%s: %s\n", why, diag.text);
        T_CHECK(false);
    }
    return err;
}

TEST(facts_of_every_kind)
{
    struct model *m = load("{\"all\": true}");
    struct load_facts f;

    T_EQ(facts(&f, m,
               "{\"clock_untrusted\": true, \"held_rule\": \"R\", \"missing_items\": [\"i\"],"
               "\"counts\": [{\"rule\": \"R\", \"screen\": \"1\", \"plays\": 5, \"seconds\": 75,"
               "\"last_start\": \"2026-07-17T10:00Z\", \"plays_last_hour\": 2}],"
               "\"alerts\": [{\"id\": \"A\", \"kind\": \"takeover\", \"item\": \"i\","
               "\"until\": \"2026-07-17T10:00Z\"}]}",
               NULL),
         0);
    T_CHECK(f.facts.clock_untrusted && f.facts.held_rule == 0 && f.facts.missing_items[0] == 1);
    T_EQ(f.facts.n_counts, 1);
    T_CHECK(f.facts.counts[0].campaign == NONE && f.facts.counts[0].screen == 1);
    T_EQ(f.facts.counts[0].last_start_ms, INT64_C(1784282400000));
    T_EQ(f.facts.n_alerts, 1);
    T_EQ(f.facts.alerts[0].layer, LAYER_TAKEOVER);
    T_EQ(f.facts.alerts[0].playlist, 0);
    T_EQ(f.facts.alert_windows[0].once_end_ms, INT64_C(1784282400000));
    load_facts_finish(&f);
    model_destroy(m);
}

/* A blackout that lasts until it is taken back needs no clock; what ends at an instant does. */
TEST(a_blackout_without_a_clock)
{
    static const char *const alerts[] = {"{\"id\": \"A\", \"kind\": \"blackout\"}",
                                         "{\"id\": \"A\", \"kind\": \"takeover\", \"item\": \"i\","
                                         "\"until\": \"2026-07-17T10:00Z\"}"};
    struct model *m = load("{\"all\": true}");
    struct schedule *s;

    T_EQ(schedule_prepare(&s, m, NULL), 0);
    for (int i = 0; i < 4; i++) {
        struct resolution r = {.applicable = NULL};
        struct load_facts f;
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "{\"clock_untrusted\": %s, \"held_rule\": \"R\", \"alerts\": [%s]}",
                       i < 2 ? "true" : "false", alerts[i % 2]);
        T_EQ(facts(&f, m, text, NULL), 0);
        schedule_resolve(s, INT64_C(1767225600000), 1, &f.facts, &r);
        T_EQ(r.layer, i % 2 == 0 ? LAYER_BLACKOUT : i < 2 ? LAYER_SCHEDULE : LAYER_TAKEOVER);
        load_facts_finish(&f);
    }
    schedule_destroy(s);
    model_destroy(m);
}

TEST(facts_that_are_wrong)
{
    struct model *m = load("{\"all\": true}");
    struct load_facts f;

    T_EQ(facts(&f, m, "{\"held_rule\": \"S\"}", "held_rule: there is no rule \"S\""), -EINVAL);
    T_EQ(facts(&f, m, "{\"counts\": [{\"screen\": \"1\"}]}", "says not what was counted"), -EINVAL);
    T_EQ(facts(&f, m, "{\"missing_items\": [\"j\"]}", "there is no item \"j\""), -EINVAL);
    T_EQ(facts(&f, m, "{\"alerts\": [{\"id\": \"R\", \"kind\": \"blackout\"}]}", "used twice"),
         -EINVAL);
    T_EQ(facts(&f, m, "{\"count\": []}", "count: is not known here"), -EINVAL);
    T_EQ(facts(&f, m, "[", "line 1"), -EINVAL);
    load_facts_finish(&f);
    model_destroy(m);
}
