/* SPDX-License-Identifier: Apache-2.0 */
/* load_format.c - every object of a schedule document and its members, as tables.
 *
 * The reader refuses members that no table names, and load_format_write() prints the tables; the
 * JSON Schema is tested against that, so the three cannot drift apart. */
#include "scheduler/load_format.h"

#include <assert.h>
#include <string.h>

#include "scheduler/load.h"

#define MEMBERS_MAX 40

struct load_member {
    const char *name, *type, *def, *help; /* def "required" or a value, "" for none */
};

struct load_object {
    const char *path;                  /* "rules[]" */
    const struct load_member *members; /* ends with {0} */
};

#define CONTENT_MEMBERS                                                                            \
    {"playlist", "string", "", "id of what plays"},                                                \
    {                                                                                              \
        "item", "string", "", "id of the one item that plays, instead of playlist"                 \
    }
#define TARGET_MEMBER                                                                              \
    {                                                                                              \
        "targets", "object or array", "all screens",                                               \
            "screens that are meant: any of these (targets[])"                                     \
    }
#define DISPLAY_MEMBERS                                                                            \
    {"power", "on|off", "", "whether the wall is lit"},                                            \
        {"brightness_percent", "number 0 .. 100", "", "cap"},                                      \
        {"brightness_nits", "number 0 .. 100000", "", "cap, cd/m2"},                               \
    {                                                                                              \
        "volume_percent", "number 0 .. 100", "", "loudness"                                        \
    }
#define RULE_MEMBERS                                                                               \
    {"id", "string", "required", "unique among rules and alerts; breaks the last tie"},            \
        {"type", "content|interrupt|default|overlay|display", "content", "what the rule decides"}, \
        CONTENT_MEMBERS, {"window", "object", "always", "when"},                                   \
        {"priority", "integer -1000000 .. 1000000", "0", "larger wins inside a layer"},            \
        {"boundary", "cut|finish_item|finish_loop", "cut",                                         \
         "what happens at the end of the window"},                                                 \
        {"max_wait_s", "number 0.001 .. 86400", "no limit", "longest overrun of finish_..."},      \
        {"start", "from_start|join", "from_start",                                                 \
         "join: as if it had been running since the window began"},                                \
        {"share_percent", "number 0.01 .. 100", "", "interrupt: part of the time"},                \
        {"plays_per_hour", "integer 1 .. 3600", "", "interrupt: at most so often"},                \
        {"min_gap_s", "number 0.001 .. 86400", "", "interrupt: between two starts"},               \
        {"at", "time or array of times", "", "interrupt: plays exactly at these local times"},     \
        {"any_priority", "true or false", "false",                                                 \
         "interrupt: also into content of a higher priority"},                                     \
        {"campaign", "string", "", "id of the campaign that the plays count for"},                 \
        {"slot", "string", "", "id of the node's slot that is filled"},                            \
        {"text", "string", "", "overlay: the words of the bar"},                                   \
        {"emergency_bar", "true or false", "false", "overlay: the emergency bar, not the ticker"}, \
        DISPLAY_MEMBERS

static const struct load_member root_members[] = {
    {"version", "integer 1 .. 1", "1", "of this format"},
    {"name", "string", "", "what people call the schedule"},
    {"zone", "string", "", "IANA zone of screens that name none, and of instants without offset"},
    {"week_start", "mon|tue|wed|thu|fri|sat|sun", "mon", "first day of a week (WKST)"},
    {"categories", "array of strings", "[]", "the operator's own categories of items"},
    {"groups", "array of strings", "[]", "groups that may have no screen yet"},
    {"tags", "array of strings", "[]", "tags that no screen may have yet"},
    {"calendars", "object of file names or arrays", "{}", "holidays and swapped working days"},
    {"dayparts", "array", "[]", "named times of day"},
    {"nodes", "array", "[]", "the tree: province, city, district, mall, shop ..."},
    {"screens", "array", "required", "screens"},
    {"items", "array", "[]", "files, layouts, live sources"},
    {"playlists", "array", "[]", "sequences of items"},
    {"campaigns", "array", "[]", "goals"},
    {"rules", "array", "[]", "what plays where and when"},
    {"alerts", "array", "[]", "takeovers, emergencies, blackouts"},
    {"quotas", "array", "[]", "least and greatest parts of categories"},
    {"separation", "array", "[]", "distances between items that must not meet"},
    {0},
};

static const struct load_member calendar_members[] = {
    {"day", "date", "required", "2026-10-01"},
    {"works", "true or false", "false", "true: a weekend day that is worked"},
    {0},
};

static const struct load_member daypart_members[] = {
    {"id", "string", "required", "unique among dayparts"},
    {"times", "range or array of ranges", "required", "like 22:00-06:00 or sunset-30m-23:00"},
    {"except", "array", "[]", "other times on some weekdays"},
    {0},
};

static const struct load_member except_members[] = {
    {"weekdays", "weekdays", "required", "mon, mon-fri or an array of them"},
    {"times", "range or array of ranges", "required", "[]: closed on these days"},
    {0},
};

static const struct load_member node_members[] = {
    {"id", "string", "required", "unique among nodes"},
    {"name", "string", "", "what people call it"},
    {"kind", "string", "", "province, city, district, mall ..."},
    {"parent", "string", "", "id of the node above"},
    {"locked", "array of schedule|interrupt|default|overlay|display", "[]",
     "layers in which nodes below may have no rules"},
    {"slots", "array", "[]", "parts of the time that the nodes below fill"},
    {"mandatory", "array", "[]", "rules that every screen below must play"},
    {0},
};

static const struct load_member slot_members[] = {
    {"id", "string", "required", "unique among slots"},
    {"share_percent", "number 0.01 .. 100", "required", "part of the time"},
    {"categories", "array of strings", "any", "what may fill it"},
    {0},
};

static const struct load_member screen_members[] = {
    {"id", "string", "required", "unique among screens"},
    {"name", "string", "", "what people call it"},
    {"zone", "string", "zone of the document", "IANA zone"},
    {"place", "object", "", "where it stands"},
    {"node", "string", "", "id of the node it hangs on"},
    {"groups", "array of strings", "[]", "names of groups"},
    {"tags", "array of strings", "[]", "letters, digits, _ . : - and anything beyond ASCII"},
    {"sync_group", "string", "", "screens that show the same frame"},
    {"default", "string", "", "id of the playlist when no rule applies"},
    {0},
};

static const struct load_member place_members[] = {
    {"lat", "number -90 .. 90", "required", "degrees"},
    {"lon", "number -180 .. 180", "required", "degrees"},
    {"datum", "WGS84|GCJ-02|BD-09", "WGS84", "of the numbers; kept as WGS 84"},
    {0},
};

static const struct load_member target_members[] = {
    {"all", "true or false", "", "every screen"},
    {"node", "string", "", "screens below this node; with group, tags or polygon: only those"},
    {"group", "string", "", "screens of this group"},
    {"tags", "string", "", "expression: a & (b | !c)"},
    {"polygon", "array of [lat, lon]", "", "screens inside"},
    {"datum", "WGS84|GCJ-02|BD-09", "WGS84", "of the polygon"},
    {"on_unknown", "hide|show", "hide", "polygon: for a screen without a place"},
    {"screen", "string", "", "this screen"},
    {0},
};

static const struct load_member item_members[] = {
    {"id", "string", "required", "unique among items"},
    {"file", "string", "", "path below the media folder"},
    {"sha256", "64 hex digits", "", "of the file"},
    {"layout", "string", "", "id of a layout, instead of file"},
    {"live", "string", "", "id of an approved live source, instead of file"},
    {"duration_s", "number 0.001 .. 2678400", "required", "how long it plays"},
    {"category", "string", "commercial", "a built-in category or one of categories"},
    {"advertiser", "string", "", "who pays"},
    {"valid_from", "instant", "", "not before"},
    {"valid_to", "instant", "", "not at or after"},
    {"rights", "object", "", "when and where it may be shown"},
    {0},
};

static const struct load_member rights_members[] = {
    {"from", "instant", "", "not before"},
    {"to", "instant", "", "not at or after"},
    {"area", "object or array", "everywhere", "screens (targets[])"},
    {0},
};

static const struct load_member playlist_members[] = {
    {"id", "string", "required", "unique among playlists"},
    {"order", "list|shuffle|weighted", "list", "how the next entry is chosen"},
    {"seed", "integer 0 .. 9007199254740991", "0", "of shuffle and weighted"},
    {"entries", "array of entries or item ids", "required", "what plays"},
    {0},
};

static const struct load_member entry_members[] = {
    {"item", "string", "", "id of an item"},
    {"playlist", "string", "", "id of a sub-playlist, instead of item"},
    {"items_per_visit", "integer 1 .. 1000000", "1", "of the sub-playlist each time"},
    {"weight", "integer 1 .. 1000000", "1", "weighted: how often against the others"},
    {"duration_s", "number 0.001 .. 2678400", "the item's", "how long it plays here"},
    {"condition", "object", "always", "only while this window is open (rules[].window)"},
    {0},
};

static const struct load_member campaign_members[] = {
    {"id", "string", "required", "unique among campaigns"},
    {"first_day", "date", "required", "of the campaign"},
    {"last_day", "date", "required", "of the campaign, included"},
    {"plays", "integer 1 .. 1000000000000", "", "goal"},
    {"seconds", "integer 1 .. 1000000000000", "", "goal"},
    {"per_screen", "true or false", "false", "the goals are for each screen, not in total"},
    {0},
};

static const struct load_member rule_members[] = {
    RULE_MEMBERS,
    TARGET_MEMBER,
    {"owner", "string", "", "id of the node that set it: it reaches only screens below"},
    {0},
};

static const struct load_member mandatory_members[] = {
    RULE_MEMBERS,
    {"targets", "object or array", "all screens below the node",
     "screens that are meant: any of these (targets[])"},
    {0},
};

static const struct load_member window_members[] = {
    {"from", "instant", "", "once: first instant"},
    {"to", "instant", "", "once: first instant after it"},
    {"zone", "string", "the screen's zone", "IANA zone of the times"},
    {"times", "range or array of ranges", "00:00-24:00", "of a day: 22:00-06:00, sunset-23:00"},
    {"end_days", "integer 0 .. 366", "0", "the end is so many days later than times say"},
    {"daypart", "string", "", "id of a daypart, instead of times"},
    {"every", "day|week|month|year", "day", "how it recurs"},
    {"interval", "integer 1 .. 10000", "1", "every so many days, weeks, months, years"},
    {"first_day", "date", "", "first start day; needed where an interval is counted"},
    {"last_day", "date", "", "last start day, included"},
    {"count", "integer 1 .. 1000000", "", "at most so many occurrences"},
    {"weekdays", "weekdays", "", "mon, mon-fri or an array of them"},
    {"week_start", "mon|tue|wed|thu|fri|sat|sun", "week_start of the document",
     "first day of a week (WKST)"},
    {"nth_weekday", "integer -5 .. 5", "", "month, year: the nth of the weekdays; -1: the last"},
    {"month_days", "array of integers -31 .. 31", "", "not every week: -1 is the last day"},
    {"months", "array of integers 1 .. 12", "", "only in these"},
    {"short_months", "clamp|skip", "clamp", "the 31st where there is none: the last day, or not"},
    {"lunar", "object", "", "year: a date of the Chinese lunar calendar"},
    {"gap", "move|strict", "move", "what clock changes do to the times"},
    {"calendar", "string", "", "id of a calendar"},
    {"on", "array of workdays|days_off|swapped_workdays|holidays", "all",
     "only on these days of the calendar"},
    {"except", "array of dates", "[]", "start days that are left out"},
    {"edits", "array", "[]", "single occurrences that are otherwise"},
    {0},
};

static const struct load_member lunar_members[] = {
    {"month", "integer 1 .. 12", "required", "lunar month; leap months do not count"},
    {"day", "integer 1 .. 30", "required", "lunar day"},
    {0},
};

static const struct load_member edit_members[] = {
    {"day", "date", "required", "the original start day"},
    {"new_day", "date", "the same", "its other start day"},
    {"times", "range", "required", "its other times"},
    {0},
};

static const struct load_member alert_members[] = {
    {"id", "string", "required", "unique among rules and alerts"},
    {"kind", "blackout|emergency|takeover", "required", "which layer"},
    TARGET_MEMBER,
    {"from", "instant", "always", "first instant"},
    {"until", "instant", "", "first instant after it; required but for a blackout"},
    {"priority", "integer -1000000 .. 1000000", "0", "inside the layer"},
    CONTENT_MEMBERS,
    {"text", "string", "", "the words of an emergency bar"},
    {"display", "object", "", "state of the wall meanwhile"},
    {0},
};

static const struct load_member display_members[] = {
    DISPLAY_MEMBERS,
    {0},
};

static const struct load_member quota_members[] = {
    {"id", "string", "required", "unique among quotas"},
    TARGET_MEMBER,
    {"category", "string", "required", "what is counted"},
    {"of", "string", "everything", "category it is compared with"},
    {"measure", "seconds|plays", "seconds", "what is added up"},
    {"period", "hour|day|quarter|year", "day", "over which it must hold"},
    {"band", "range", "00:00-24:00", "of the local day, without passing midnight"},
    {"min_percent", "number 0 .. 100", "", "at least"},
    {"max_percent", "number 0 .. 100", "", "at most"},
    {"action", "warn|block|autofill", "warn", "when the plan does not meet it"},
    {"filler", "string", "", "autofill: id of the playlist that fills"},
    {0},
};

static const struct load_member separation_members[] = {
    {"by", "advertiser|category", "required", "which items must not meet"},
    {"category", "string", "", "by category: which"},
    {"gap_s", "number 0.001 .. 86400", "required", "from the end of one to the start of the next"},
    {0},
};

static const struct load_member facts_members[] = {
    {"clock_untrusted", "true or false", "false", "hold what was resolved last"},
    {"held_rule", "string", "", "id of the rule that was resolved last"},
    {"alerts", "array", "[]", "like alerts of the document"},
    {"counts", "array", "[]", "what was delivered"},
    {"missing_items", "array of strings", "[]", "ids of items that cannot be played"},
    {0},
};

static const struct load_member count_members[] = {
    {"rule", "string", "", "id; or campaign"},
    {"campaign", "string", "", "id; or rule"},
    {"screen", "string", "required", "id"},
    {"plays", "integer 0 .. 1000000000000", "0", "delivered so far"},
    {"seconds", "integer 0 .. 1000000000000", "0", "delivered so far"},
    {"counted_until", "instant", "last midnight", "up to when it was counted"},
    {"last_start", "instant", "never", "of the rule on this screen"},
    {"plays_last_hour", "integer 0 .. 1000000", "0", "of the rule on this screen"},
    {0},
};

static const struct load_object objects[] = {
    {"", root_members},
    {"calendars.*[]", calendar_members},
    {"dayparts[]", daypart_members},
    {"dayparts[].except[]", except_members},
    {"nodes[]", node_members},
    {"nodes[].slots[]", slot_members},
    {"nodes[].mandatory[]", mandatory_members},
    {"screens[]", screen_members},
    {"screens[].place", place_members},
    {"targets[]", target_members},
    {"items[]", item_members},
    {"items[].rights", rights_members},
    {"playlists[]", playlist_members},
    {"playlists[].entries[]", entry_members},
    {"campaigns[]", campaign_members},
    {"rules[]", rule_members},
    {"rules[].window", window_members},
    {"rules[].window.lunar", lunar_members},
    {"rules[].window.edits[]", edit_members},
    {"alerts[]", alert_members},
    {"alerts[].display", display_members},
    {"quotas[]", quota_members},
    {"separation[]", separation_members},
    {"facts", facts_members},
    {"facts.counts[]", count_members},
};

bool load_object(struct loader *l, const char *path, const struct qp_node *node)
{
    const char *known[MEMBERS_MAX + 1] = {NULL};
    const struct load_member *m = NULL;

    if (qp_node_is_object(node, l->report) < 0)
        return false;
    for (size_t i = 0; i < QP_ARRAY_LEN(objects) && !m; i++)
        if (strcmp(objects[i].path, path) == 0)
            m = objects[i].members;
    assert(m && "a path of the tables");
    for (size_t n = 0; m->name; m++) {
        assert(n < MEMBERS_MAX);
        known[n++] = m->name;
    }
    (void)qp_node_known(node, known, l->report);
    return true;
}

void load_format_write(FILE *out)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(objects); i++)
        for (const struct load_member *m = objects[i].members; m->name; m++)
            fprintf(out, "%s\t%s\t%s\t%s\t%s\n", objects[i].path, m->name, m->type, m->def,
                    m->help);
}
