#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# variant: asan
# parallel
"""qp schedule: checks, answers, drawings; the examples of the manual; tables against the schema."""
import copy
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import ROOT, Tap, get_json, program, put_json, run, temporary  # noqa: E402

T = Tap()
CONFIGS = os.path.join(ROOT, "configs", "schedules")
MALL = os.path.join(CONFIGS, "mall.json")
CITY = os.path.join(CONFIGS, "city.json")
EMERGENCY = os.path.join(CONFIGS, "emergency.json")
MANUAL = os.path.join(ROOT, "docs", "schedule-format.md")
SCHEMA = os.path.join(ROOT, "docs", "schedule.schema.json")

BASE = {
    "zone": "Asia/Shanghai",
    "screens": [{"id": "s", "name": "One", "groups": ["Mall"], "default": "p"}],
    "items": [{"id": "X", "file": "x.mp4", "duration_s": 15},
              {"id": "Y", "file": "y.mp4", "duration_s": 15}],
    "playlists": [{"id": "p", "entries": ["Y"]}],
    "rules": [
        {"id": "R", "item": "X", "priority": 10, "targets": {"group": "Mall"},
         "window": {"times": "08:00-12:00"}},
        {"id": "S", "item": "Y", "priority": 5, "window": {"times": "07:00-20:00"}},
        {"id": "T", "item": "Y", "priority": 20, "window": {"times": "12:00-13:00"}},
    ],
}


def qp(*arguments, timeout=120):
    return run([program("qp"), "schedule", *map(str, arguments)], timeout)


def ends(name, status, words, *arguments):
    """Ends with this status, says all words, and no sanitizer has anything to add."""
    done = qp(*arguments)
    text = done.out + done.err
    T.ok(done.status == status and not done.crashed() and all(word in text for word in words),
         name, f"wanted {status} and {words}\n{done}")
    return done


def changed(change):
    document = copy.deepcopy(BASE)
    change(document)
    return document


def test_usage():
    ends("no command is a usage error", 2, ["usage: qp schedule"])
    ends("--help lists the commands", 0, ["check", "resolve", "timeline", "conflicts", "plan",
                                          "import", "export"], "--help")
    for command in ("check", "resolve", "timeline", "conflicts", "plan", "import", "export"):
        ends(f"{command} --help has examples", 0, [f"usage: qp schedule {command}", "examples:",
                                                   f"  qp schedule {command} "], command, "--help")
    ends("check needs a file", 2, ["a file is missing"], "check")
    ends("resolve needs a screen", 2, ["--screen ID"], "resolve", MALL)
    ends("resolve needs an instant", 2, ["--at T"], "resolve", MALL, "--screen", "atrium")
    ends("an instant that is none", 2, ["\"noon\"", "2026-07-17T15:00:00Z"], "resolve", MALL,
         "--screen", "atrium", "--at", "noon")
    ends("an unknown screen is guessed", 1, ["\"atrum\"", "\"atrium\""], "resolve", MALL,
         "--screen", "atrum", "--at", "2026-07-17T15:00:00Z")
    ends("--to comes after --from", 2, ["later"], "timeline", MALL, "--screen", "atrium", "--from",
         "2026-07-18", "--to", "2026-07-16")
    ends("a drawing is .svg or .png", 2, [".svg"], "timeline", MALL, "--screen", "atrium", "--from",
         "2026-07-18", "--to", "2026-07-18", "--svg", "x.pdf")


def test_check(folder):
    for name in sorted(os.listdir(CONFIGS)):
        if name.endswith(".json"):
            ends(f"configs/schedules/{name} passes", 0, [], "check", os.path.join(CONFIGS, name))
    done = ends("check --json", 0, [], "check", "--json", MALL)
    document = json.loads(done.out)
    T.ok(document["ok"] and document["screens"] == 2 and
         document["findings"] == [], "check --json counts", done)
    over = put_json(folder, "over.json", changed(lambda d: d["rules"].extend([
        {"id": "i60", "type": "interrupt", "item": "X", "share_percent": 60, "priority": 50},
        {"id": "j60", "type": "interrupt", "item": "Y", "share_percent": 60, "priority": 50}])))
    ends("S32: shares above 100 % are an error before saving", 1,
         ["error: rules[3]:", "120 % of the time", "Lower the shares"], "check", over)
    goal = put_json(folder, "goal.json", changed(lambda d: d.update(campaigns=[
        {"id": "k", "first_day": "2026-01-01", "last_day": "2026-01-02", "plays": 1000000}])))
    ends("a goal without room is an error", 1, ["error: campaigns[0].plays:", "1000000"], "check",
         goal)
    quota = put_json(folder, "quota.json", changed(lambda d: d.update(quotas=[
        {"id": "q", "category": "public_welfare", "min_percent": 10, "action": "block"}])))
    ends("S51: a quota that is not met is refused", 1,
         ["error: quotas[0]:", "0.0 %", "at least 10.0 %", "missing by hour"], "check", quota)
    bad = put_json(folder, "bad.json",
                   changed(lambda d: d["rules"][1].update(window={"from": "2026-07-17T08:00Z",
                                                                  "to": "2026-07-17T08:00Z"})))
    ends("an error names path, id and remedy", 1,
         ["error: rules[1].window.to: rule \"S\":", "no length", "\n    Let it end", "1 error"],
         "check", bad)
    done = ends("check --json of an error", 1, [], "check", "--json", bad)
    finding = json.loads(done.out)["findings"][0]
    T.ok(finding["path"] == "rules[1].window.to" and finding["remedy"], "the finding in JSON", done)


BAD = {
    "empty file": (b"", ["is empty"]),
    "truncated": (json.dumps(BASE).encode()[:200], ["line 1"]),
    "binary": (bytes(range(256)) * 8, ["error"]),
    "nesting of 10 MB": (b"[" * (10 << 20), ["line 1"]),
    "nesting of objects": (b'{"a":' * 100000, ["line 1"]),
    "an array": (b"[]", ["expected an object"]),
    "a key twice": (b'{"zone": "UTC", "zone": "UTC"}', ["line 1", "twice"]),
    "NaN": (b'{"version": NaN}', ["line 1"]),
    "a huge number": (b'{"version": 1e999}', ["line 1"]),
    "not UTF-8": (b'{"name": "\xff\xfe"}', ["line 1"]),
    "an unknown zone": (changed(lambda d: d.update(zone="Asia/Pekin")), ["zone", "Asia/Pekin"]),
    "an unknown member": (changed(lambda d: d["rules"][0].update(prioritty=1)),
                          ["rules[0].prioritty", "rule \"R\"", "priority"]),
    "an id twice": (changed(lambda d: d["rules"][1].update(id="R")), ["rules[1].id", "twice"]),
    "a missing item": (changed(lambda d: d["rules"][0].update(item="Z")),
                       ["rules[0].item", "rule \"R\"", "\"Z\""]),
    "an empty playlist": (changed(lambda d: d["playlists"][0].update(entries=[])),
                          ["playlists[0].entries", "playlist \"p\"", "is empty"]),
    "a circle": (changed(lambda d: d["playlists"][0].update(entries=[{"playlist": "p"}])),
                 ["playlists[0].entries", "p > p"]),
    "1899": (changed(lambda d: d["rules"][0]["window"].update(first_day="1899-12-31")),
             ["rules[0].window.first_day", "before 1900"]),
    "29 February 2026": (changed(lambda d: d["rules"][0]["window"].update(last_day="2026-02-29")),
                         ["rules[0].window.last_day", "not a day"]),
    "year 10000": (changed(lambda d: d["rules"][0]["window"].update(last_day="10000-01-01")),
                   ["rules[0].window.last_day"]),
    "a share of 110 %": (changed(lambda d: d["rules"][0].update(type="interrupt",
                                                                share_percent=110)),
                         ["rules[0].share_percent"]),
    "a window without length": (changed(lambda d: d["rules"][0].update(
        window={"from": "2026-07-17T08:00", "to": "2026-07-17T08:00"})),
                                ["rules[0].window.to", "rule \"R\"", "no length"]),
    "a huge priority": (changed(lambda d: d["rules"][0].update(priority=10 ** 30)),
                        ["rules[0].priority", "rule \"R\""]),
    "a huge duration": (changed(lambda d: d["items"][0].update(duration_s=1e300)),
                        ["items[0].duration_s", "item \"X\"", "within 0.001..2678400"]),
    "an item twice": (changed(lambda d: d["items"][1].update(id="X")), ["items[1].id", "twice"]),
    "a circle of three": (changed(lambda d: d.update(playlists=[
        {"id": a, "entries": [{"playlist": b}]} for a, b in ("pq", "qr", "rp")])),
                          ["p > q > r > p"]),
    "week without weekdays": (changed(lambda d: d["rules"][0].update(window={"every": "week"})),
                              ["rules[0].window.first_day", "rule \"R\"", "Add weekdays"]),
    "escapes": (changed(lambda d: d["rules"][0].update(item="\x1b[31mred")), ["rules[0].item"]),
}


def test_bad(folder):
    for name, (content, words) in BAD.items():
        path = os.path.join(folder, "bad.json")
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        done = ends(f"refused: {name}", 1, words, "check", path)
        T.ok("\x1b" not in done.out + done.err, f"nothing steers the terminal: {name}", done)
    ends("a file that is not there", 1, ["nothing-here.json"], "check", "nothing-here.json")


def test_edges(folder):
    path = put_json(folder, "edges.json", changed(lambda d: d["rules"][0]["window"].update(
        first_day="1900-01-01", last_day="9999-12-31", edits=[
            {"day": "2024-02-29", "times": "10:00-11:00"}])))
    ends("1900, 9999 and 29 February are dates", 0, ["No errors"], "check", path)
    many = changed(lambda d: d.update(rules=[
        {"id": f"r{i}", "item": "X", "priority": i % 50,
         "window": {"times": "08:00-12:00", "weekdays": "mon-fri"}} for i in range(100000)]))
    ends("100 000 rules", 0, ["100000 rules", "No errors"], "check",
         put_json(folder, "many.json", many))


def test_resolve(folder):
    path = put_json(folder, "base.json", BASE)
    done = ends("--explain is a sentence", 0,
                ["Item X: rule R (priority 10, group Mall) since 08:00; hides rule S (priority 5); "
                 "until 12:00, when rule T begins.\n"],
                "resolve", path, "--screen", "s", "--at", "2026-07-17T10:00", "--explain")
    same = qp("resolve", path, "--screen", "s", "--at", "2026-07-17T02:00:00Z", "--explain")
    other = qp("resolve", path, "--screen", "s", "--at", "2026-07-17T10:00:00+08:00", "--explain")
    T.ok(done.out == same.out == other.out, "an instant in Z, with offset and local", same)
    done = qp("resolve", path, "--screen", "s", "--at", "2026-07-17T10:00", "--json")
    answer = json.loads(done.out)
    T.ok(answer["rule"] == "R" and answer["item"] == "X" and answer["layer"] == "schedule" and
         answer["until"] == "2026-07-17T12:00:00+08:00" and answer["then"] == "T" and
         [(a["rule"], a["verdict"]) for a in answer["applicable"]] ==
         [("R", "wins"), ("S", "lower_priority")], "--json says the same", done)
    def add_quota(d):
        d["items"].append({"id": "W", "file": "w.mp4", "duration_s": 15,
                           "category": "public_welfare"})
        d["playlists"].append({"id": "f", "entries": ["W"]})
        d["quotas"] = [{"id": "q", "category": "public_welfare", "band": "08:00-12:00",
                        "min_percent": 10, "action": "autofill", "filler": "f"}]

    ends("a filler says what it fills up", 0, ["Item W: fills up quota q, in rule R (priority 10"],
         "resolve", put_json(folder, "filler.json", changed(add_quota)), "--screen", "s", "--at",
         "2026-07-17T08:00:05", "--explain")
    for at, words in (("2026-07-17T18:59:00", "(priority 100, city Example City), an interrupt into "
                       "rule programme (priority 10, all screens) since 06:00"),
                      ("2026-07-17T20:00:10", "played to its end before rule opening"),
                      ("2026-07-17T19:00:00", "Item news: rule evening-news (priority 900, province "
                       "Example Province) since 19:00")):
        ends(f"a sentence for {at}", 0, [words], "resolve", CITY, "--screen", "plaza-1", "--at", at,
             "--explain")
    ends("the screen's default", 0, ["Item Y: the screen's default", "until 07:00, when rule S"],
         "resolve", path, "--screen", "s", "--at", "2026-07-17T03:00", "--explain")
    facts = put_json(folder, "facts.json", {"alerts": [
        {"id": "storm", "kind": "emergency", "item": "X", "text": "Go inside",
         "until": "2026-07-17T11:00:00+08:00"}]})
    ends("an alert among the facts", 0, ["rule storm", "Emergency bar: \"Go inside\"", "until 11:00"],
         "resolve", path, "--screen", "s", "--at", "2026-07-17T10:00", "--explain", "--facts", facts)
    ends("facts that are wrong", 1, ["facts.json", "held_rule", "\"Q\""], "resolve", path,
         "--screen", "s", "--at", "2026-07-17T10:00", "--facts",
         put_json(folder, "facts.json", {"held_rule": "Q"}))
    for screen, at, word in (("harbour", "2026-07-17T14:00", "rule storm"),
                             ("square", "2026-07-17T14:00", "the screen's default"),
                             ("square", "2026-07-18T10:30", "rule speech"),
                             ("square", "2026-07-19T10:01", "Black on purpose")):
        ends(f"{word} on {screen}", 0, [word], "resolve", EMERGENCY, "--screen", screen, "--at", at,
             "--explain")


def test_timeline(folder):
    path = put_json(folder, "base.json", BASE)
    span = ("--screen", "s", "--from", "2026-07-17", "--to", "2026-07-18")
    done = ends("timeline --json", 0, [], "timeline", path, *span, "--json")
    stretches = json.loads(done.out)["stretches"]
    T.ok(stretches[0]["start"] == "2026-07-17T00:00:00+08:00" and
         stretches[-1]["end"] == "2026-07-19T00:00:00+08:00" and
         all(a["end_ms"] == b["start_ms"] for a, b in zip(stretches, stretches[1:])),
         "the stretches are without gap and overlap", str(stretches[:3]))
    hour = [x for x in stretches if "2026-07-17T12:0" in x["start"]]
    T.ok(hour and all(x["rule"] == "T" and x["item"] == "Y" for x in hour), "T plays at noon",
         str(hour[:3]))
    T.ok(qp("timeline", path, *span, "--json").out == done.out, "the same once more")
    ends("the table", 0, ["2026-07-17 12:00:00 +08:00.000", "0:00:15", " T"], "timeline", path,
         *span)
    svg = os.path.join(folder, "strip.svg")
    ends("timeline --svg", 0, [], "timeline", path, *span, "--svg", svg)
    with open(svg, encoding="utf-8") as file:
        drawing = file.read()
    T.ok(drawing.count("<path") + drawing.count("<rect") > 20 and "</svg>" in drawing,
         "the drawing has strips", drawing[:500])
    glyphs = []
    for name in ("One", "北广场大屏"):
        ends(f"{name} drawn", 0, [], "timeline",
             put_json(folder, "name.json", changed(lambda d: d["screens"][0].update(name=name))),
             "--screen", "s", "--from", "2026-07-17T18:00", "--to", "2026-07-17T18:10", "--svg", svg)
        with open(svg, encoding="utf-8") as file:
            glyphs.append(len(set(re.findall(r'id="(glyph[^"]*)"', file.read()))))
    T.ok(glyphs[1] >= glyphs[0] + 2, "a Chinese name has its own letters", glyphs)
    heights = []
    for to in ("2026-07-17T19:00", "2026-07-18T00:00", "2026-07-18T18:00"):
        png = os.path.join(folder, "strip.png")
        ends(f"drawn to {to}", 0, [], "timeline", path, "--screen", "s", "--from",
             "2026-07-17T18:00", "--to", to, "--svg", png)
        with open(png, "rb") as file:
            heights.append(int.from_bytes(file.read(24)[20:], "big"))
    T.ok(abs(heights[0] - heights[1]) < 92 and heights[2] + 2 * 92 < heights[0],
         "an hour and six hours are six strips, a day two", heights)
    png = os.path.join(folder, "strip.png")
    ends("the city drawn", 0, [], "timeline", CITY, "--screen", "plaza-1", "--from", "2026-07-17",
         "--to", "2026-07-17", "--svg", png)
    with open(png, "rb") as file:
        T.ok(file.read(8) == b"\x89PNG\r\n\x1a\n", "a PNG")
    ends("a drawing that cannot be written", 1, ["/nowhere/x.svg"], "timeline", path, *span,
         "--svg", "/nowhere/x.svg")


def test_conflicts(folder):
    span = ("--from", "2026-07-17", "--to", "2026-07-19")
    hidden = put_json(folder, "hidden.json", changed(lambda d: d["rules"].append(
        {"id": "never", "item": "Y", "priority": 1, "window": {"times": "09:00-10:00"}})))
    ends("what can never show is named", 0, ["never", "R"], "conflicts", hidden, *span)
    ends("by check, too", 0, ["\"never\" (priority 1) never shows: it is hidden by rule \"R\""],
         "check", hidden)
    ends("what is hidden for a part is named", 0,
         ["\"daytime\" (priority 10) is hidden by rule \"lunch\""], "conflicts", MALL, *span)
    over = put_json(folder, "over.json", changed(lambda d: d["rules"].extend([
        {"id": "i60", "type": "interrupt", "item": "X", "share_percent": 60, "priority": 50},
        {"id": "j60", "type": "interrupt", "item": "Y", "share_percent": 60, "priority": 50}])))
    done = ends("S32: shares above 100 % are an error", 1, ["120"], "conflicts", over, *span, "--json")
    T.ok(not json.loads(done.out)["ok"], "and in JSON", done)


def test_plan(folder):
    path = put_json(folder, "base.json", BASE)
    span = ("--from", "2026-07-17", "--to", "2026-07-17")
    done = ends("plan --json", 0, [], "plan", path, *span, "--json")
    cells = [c for c in json.loads(done.out)["cells"] if c.get("rule") == "R"]
    T.ok(sum(c["seconds"] for c in cells) == 4 * 3600 and sum(c["plays"] for c in cells) == 960 and
         len(cells) == 4, "four hours of R", str(cells))
    ends("plan as a table", 0, ["One", "R ", "4:00:00", "960"], "plan", path, *span)


def test_calendar(folder):
    path = put_json(folder, "base.json", BASE)
    ics = os.path.join(folder, "x.ics")
    ends("export", 0, [], "export", path, "-o", ics)
    done = ends("import gives rules", 0, [], "import", ics, "--playlist", "p")
    rules = json.loads(done.out)["rules"]
    T.ok([r["id"] for r in rules] == ["R", "S", "T"], "of the same ids", done)
    again = put_json(folder, "again.json", changed(lambda d: d.update(rules=rules)))
    ends("that a schedule takes", 0, ["No errors"], "check", again)
    back = os.path.join(folder, "back.ics")
    ends("and export again", 0, [], "export", again, "-o", back)

    def lines(name):
        with open(name, encoding="utf-8") as file:
            return [x for x in file.read().split("\n") if not x.startswith("DTSTAMP")]

    T.ok(lines(ics) == lines(back), "there and back is the same", "\n".join(lines(back)))
    with open(ics, "w", encoding="utf-8") as file:
        file.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\n"
                   "DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z"
                   "\r\nRRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    ends("what is not understood is named", 1, ["BYSETPOS"], "import", ics)
    ends("a calendar that is not there", 1, ["nothing.ics"], "import", "nothing.ics")


def manual_examples():
    with open(MANUAL, encoding="utf-8") as file:
        for text in re.findall(r"```json\n(.*?)```", file.read(), re.S):
            yield json.loads(text)


def as_schedule(example):
    """A whole document for an example that is a part of one."""
    if isinstance(example, list):
        return changed(lambda d: d.update(calendars={"c": example}))
    if "screens" in example:
        return example
    if "except" in example and "every" not in example:
        return changed(lambda d: d.update(dayparts=[example]))
    place = {"lat": 31, "lon": 121}
    return changed(lambda d: (d["rules"][0].update(window=example), d["screens"][0].update(place=place)))


def test_manual(folder):
    small, n = None, 0
    for example in manual_examples():
        n += 1
        if isinstance(example, dict) and "counts" in example:
            schedule = put_json(folder, "small.json", small)
            ends(f"example {n} of the manual is facts", 0, ["rule fog", "Dense fog"], "resolve",
                 schedule, "--screen", "shop", "--at", "2026-07-17T14:00", "--explain", "--facts",
                 put_json(folder, "facts.json", example))
            continue
        document = as_schedule(example)
        small = small or document
        ends(f"example {n} of the manual loads", 0, ["No errors"], "check",
             put_json(folder, "example.json", document))
    T.ok(n >= 9, "the manual has examples", n)
    with open(MANUAL, encoding="utf-8") as file:
        csv = re.search(r"```\n(# day, .*?)```", file.read(), re.S)[1]
    with open(os.path.join(folder, "days.csv"), "w", encoding="utf-8") as file:
        file.write(csv)
    ends("the manual's CSV loads", 0, ["No errors"], "check", put_json(
        folder, "csv.json", changed(lambda d: d.update(calendars={"c": "days.csv"}))))
    ends("facts of configs", 0, ["rule"], "resolve", CITY, "--screen", "plaza-1", "--at",
         "2026-07-17T12:00", "--explain", "--facts", os.path.join(CONFIGS, "facts", "city.json"))


DEFS = {"": None, "calendars.*[]": "calendar_day", "dayparts[]": "daypart",
        "dayparts[].except[]": "daypart_exception", "nodes[]": "node", "nodes[].slots[]": "slot",
        "nodes[].mandatory[]": "mandatory", "screens[]": "screen", "screens[].place": "place",
        "targets[]": "target", "items[]": "item", "items[].rights": "rights",
        "playlists[]": "playlist", "playlists[].entries[]": "entry", "campaigns[]": "campaign",
        "rules[]": "rule", "rules[].window": "window", "rules[].window.lunar": "lunar",
        "rules[].window.edits[]": "edit", "alerts[]": "alert", "alerts[].display": "display",
        "quotas[]": "quota", "separation[]": "separation", "facts": "facts",
        "facts.counts[]": "count"}


def agrees(kind, default, schema):
    span = re.match(r"(integer|number) (\S+) \.\. (\S+)$", kind)
    if span and (schema["type"], schema["minimum"], schema["maximum"]) != \
            (span[1], float(span[2]), float(span[3])):
        return False
    if re.match(r"[\w|-]+\|[\w|-]+$", kind) and schema["enum"] != kind.split("|"):
        return False
    if "default" in schema:
        shown = schema["default"]
        return default == {True: "true", False: "false"}.get(shown, str(shown)) \
            if isinstance(shown, bool) else default == str(shown)
    return True


def test_schema():
    schema = get_json(SCHEMA)
    tables = {}
    for line in qp("format").out.splitlines():
        path, name, kind, default, meaning = line.split("\t")
        tables.setdefault(path, {})[name] = (kind, default, meaning)
    T.ok(set(tables) == set(DEFS), "objects of the reader and of the schema", str(tables.keys()))
    with open(MANUAL, encoding="utf-8") as file:
        manual = file.read()
    for path, members in tables.items():
        part = schema if DEFS[path] is None else schema["$defs"][DEFS[path]]
        known = set(part["properties"]) - {"comment", "$schema"}
        T.ok(known == set(members) and part["additionalProperties"] is False,
             f"members of \"{path}\" in the schema", f"{known ^ set(members)}")
        T.ok(set(part.get("required", [])) == {n for n, m in members.items() if m[1] == "required"},
             f"required members of \"{path}\"", part.get("required"))
        wrong = [n for n, m in members.items() if not agrees(m[0], m[1], part["properties"][n])]
        T.ok(not wrong, f"ranges, names and defaults of \"{path}\"", wrong)
        missing = [n for n in members if f"`{n}`" not in manual and f'"{n}"' not in manual]
        T.ok(not missing, f"the manual knows the members of \"{path}\"", missing)


def main():
    T.case("usage", test_usage)
    T.case("schema", test_schema)
    for test in (test_check, test_bad, test_edges, test_resolve, test_timeline, test_conflicts,
                 test_plan, test_calendar, test_manual):
        with temporary() as folder:
            T.case(test.__name__, test, folder)
    T.done()


if __name__ == "__main__":
    main()
