/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - what the files of the schedule reader share. Nothing outside scheduler includes it.
 *
 * What is wrong with the document goes into the report and reading goes on, so that a person gets
 * everything in one go. Functions that return int give 0, also when they found errors, or -ENOMEM,
 * which ends the reading. */
#ifndef SCHEDULER_LOAD_H
#define SCHEDULER_LOAD_H

#include "protocols/base/ids.h"
#include "protocols/base/json.h"
#include "scheduler/model.h"

#define LOAD_ID_MAX      128u /* bytes of an id */
#define LOAD_RANGES_MAX  96u  /* time ranges of a day */
#define LOAD_POINTS_MAX  10000u
#define LOAD_NESTING_MAX 32u /* playlists in playlists */
#define LOAD_WAIT_MAX_S  86400
#define LOAD_DURATION_S  (31 * 86400) /* longest item */

/* The place of an id, or NONE. */
static inline uint32_t load_place_of(const struct ids *ids, const char *key)
{
    uint32_t place = NONE;

    (void)ids_get(ids, key, &place);
    return place;
}

struct daypart {
    char *id;
    struct day_range *ranges;
    uint32_t n_ranges;
    struct weekday_ranges *exceptions;
    uint32_t n_exceptions;
};

struct loader {
    struct model *model;
    struct qp_report *report;
    const char *dir; /* of calendar files; NULL: none may be named */
    struct qp_node root;
    struct tz *zone; /* of the document, borrowed from the model; NULL: none */
    uint8_t week_start;
    struct ids screens, nodes, groups, tags, categories, calendars, dayparts_by_id, zones, items,
        playlists, rules, campaigns, slots, quotas;
    struct daypart *dayparts;
    uint32_t n_dayparts;
    uint8_t *locks;          /* beside model.nodes: bits of enum lock */
    uint32_t *item_playlist; /* beside model.items: the playlist of one item made for it, or NONE */
    uint32_t *seen;          /* beside model.playlists, n_seen of them: stamp of a search */
    uint32_t n_seen, stamp;
    size_t errors_before; /* in the report when reading began */
    bool too_big;
    bool frozen; /* facts: the model is not to be added to */
};

enum lock {
    LOCK_SCHEDULE = 1,
    LOCK_INTERRUPT = 2,
    LOCK_DEFAULT = 4,
    LOCK_OVERLAY = 8,
    LOCK_DISPLAY = 16
};

/* --- load_format.c ------------------------------------------------------------------------- */

/* Is this an object with known members only? Each unknown one is reported with a guess. Returns
 * false when it is no object. path: of the tables. */
bool load_object(struct loader *l, const char *path, const struct qp_node *node);

/* --- load_tools.c --------------------------------------------------------------------------- */

/* n + 1 zeroed elements for an array of n; NULL without memory. */
void *load_array(size_t n, size_t size);
/* Room for one more. array: the address of a pointer to n elements that only this function
 * enlarges. */
QP_MUST_CHECK int load_grow(void *array, uint32_t n, size_t size);
/* An optional array of at most max; false: absent, or not an array (reported). *ret_n elements. */
bool load_list(struct loader *l, const struct qp_node *node, uint32_t max, uint32_t *ret_n);
/* The findings since `before` get "WORD "ID": " in front, so that each says whose it is. */
void load_label(struct loader *l, size_t before, const char *word, const char *id);
/* Own *ret = strdup of an optional string member; NULL when absent. */
QP_MUST_CHECK int load_text(struct loader *l, const struct qp_node *node, size_t max, char **ret);
/* The member "id", required: owned by the caller, remembered in ids (which borrows it) as value.
 * *ret stays NULL when it is missing or used twice (reported). word: "rule". */
QP_MUST_CHECK int load_id(struct loader *l, const struct qp_node *object, struct ids *ids,
                          uint32_t value, const char *word, char **ret);
/* The value of a string that names something; NONE with a finding that guesses. */
uint32_t load_ref(struct loader *l, const struct qp_node *node, const struct ids *ids,
                  const char *word);
/* The same for an optional member; NONE when absent. */
uint32_t load_opt_ref(struct loader *l, const struct qp_node *object, const char *member,
                      const struct ids *ids, const char *word);
/* A name in a list that grows by use: groups, tags, categories. *ret NONE: reported. */
QP_MUST_CHECK int load_name(struct loader *l, const struct qp_node *node, struct ids *ids,
                            char ***names, uint32_t *n, uint32_t *ret);
/* Optional members of these kinds; *ret stays what it is when absent or wrong (reported). */
void load_u32(struct loader *l, const struct qp_node *object, const char *member, uint32_t min,
              uint32_t max, uint32_t *ret);
void load_bool(struct loader *l, const struct qp_node *object, const char *member, bool *ret);
void load_enum(struct loader *l, const struct qp_node *object, const char *member,
               const char *const *names, size_t n, unsigned *ret);
/* Also tells whether it was there and right. */
bool load_f64(struct loader *l, const struct qp_node *object, const char *member, double min,
              double max, double *ret);
void load_ms(struct loader *l, const struct qp_node *object, const char *member, double max_s,
             int64_t *ret_ms); /* seconds in the file */
void load_percent(struct loader *l, const struct qp_node *object, const char *member, double min,
                  double *ret); /* 0..1 */
void load_date(struct loader *l, const struct qp_node *object, const char *member, int32_t *ret);
void load_when(struct loader *l, const struct qp_node *object, const char *member, bool is_end,
               int64_t *ret_ms); /* an instant, in the document's zone */

/* --- load_window.c, load_daypart.c ---------------------------------------------------------- */

QP_MUST_CHECK int load_zone(struct loader *l, const struct qp_node *node, struct tz **ret);
QP_MUST_CHECK int load_dayparts(struct loader *l);
/* "times": a range or an array of them. */
QP_MUST_CHECK int load_ranges(struct loader *l, const struct qp_node *node, bool may_be_empty,
                              struct day_range **ret, uint32_t *ret_n);
/* "mon", "mon-fri" or an array of them into a mask. */
void load_weekdays(struct loader *l, const struct qp_node *node, uint8_t *ret);
/* Adds a window to the model; *ret its index, or NONE when it has errors. */
QP_MUST_CHECK int load_window(struct loader *l, const struct qp_node *node, uint32_t *ret);
QP_MUST_CHECK int load_add_window(struct loader *l, struct window *window, uint32_t *ret);
void load_window_finish(struct window *window);
/* members "from" and "to" (or "until") of a window that happens once. */
int load_once(struct loader *l, const struct qp_node *node, const char *end_member,
              const struct tz *zone, struct window *ret);

/* --- load_calendar.c ------------------------------------------------------------------------ */

QP_MUST_CHECK int load_calendars(struct loader *l);

/* --- load_place.c, load_target.c ------------------------------------------------------------ */

QP_MUST_CHECK int load_nodes(struct loader *l);
QP_MUST_CHECK int load_screens(struct loader *l);
void load_defaults(struct loader *l);                                     /* of screens */
bool load_is_below(const struct model *m, uint32_t node, uint32_t above); /* or the same */
/* A place in degrees converted to WGS 84. pair: [lat, lon]; datum: index of load_datum_names. */
extern const char *const load_datum_names[3];
void load_to_wgs84(unsigned datum, double *lat, double *lon);
/* A target or an array of them; absent: everything. owner: a node, or NONE. */
QP_MUST_CHECK int load_targets(struct loader *l, const struct qp_node *node, uint32_t owner,
                               struct target **ret, uint32_t *ret_n);
void load_targets_finish(struct target *targets, uint32_t n);

/* --- load_content.c, load_playlist.c -------------------------------------------------------- */

QP_MUST_CHECK int load_items(struct loader *l);
QP_MUST_CHECK int load_playlists(struct loader *l);
/* The members "playlist" or "item" of a rule; *ret NONE when neither is given or wrong. */
QP_MUST_CHECK int load_rule_content(struct loader *l, const struct qp_node *rule, uint32_t *ret);

/* --- load_rule.c, load_alert.c, load_goal.c ------------------------------------------------- */

QP_MUST_CHECK int load_rules(struct loader *l);
QP_MUST_CHECK int load_alerts(struct loader *l);
/* An alert is up to three rules (content, bar, display) and their window. */
struct load_alert {
    struct rule rules[3];
    uint32_t n;
    struct window window;
};
/* Reads those of the document; take() may keep what an alert owns, and leaves it empty then. */
QP_MUST_CHECK int load_each_alert(struct loader *l,
                                  int (*take)(void *user, struct load_alert *alert), void *user);
void load_rule_finish(struct rule *rule);
QP_MUST_CHECK int load_display(struct loader *l, const struct qp_node *node, const char *path,
                               struct rule *rule);
struct rule load_empty_rule(void);
QP_MUST_CHECK int load_add_rule(struct loader *l, struct rule *rule); /* takes what it owns */
QP_MUST_CHECK int load_campaigns(struct loader *l);
QP_MUST_CHECK int load_slots(struct loader *l, const struct qp_node *node, uint32_t owner);
QP_MUST_CHECK int load_rule(struct loader *l, const struct qp_node *node, uint32_t owner,
                            bool mandatory);
QP_MUST_CHECK int load_quotas(struct loader *l);
QP_MUST_CHECK int load_separations(struct loader *l);

/* --- load.c --------------------------------------------------------------------------------- */

void load_finish(struct loader *l); /* what the loader owns; not the model */
/* Fill the ids of a loader from a model that is already there. */
QP_MUST_CHECK int load_index(struct loader *l);

#endif
