#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# parallel
"""qp-player run counts what it delivered from its log: gaps, plays per hour and goals hold across
restarts, whatever else stands in the log.
"""
import contextlib
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from player_run_test import Stage, rule
from tap import Tap, player, put_json, start_player, temporary, until

tap = Tap()
BASE = rule("base", "a", "08:00-20:00")


def ad(**more):
    return {"id": "ad", "item": "b", "type": "interrupt", "window": {"times": "09:00-20:00"}, **more}


class Counted(Stage):
    def __init__(self, folder):
        super().__init__(folder)
        self.wall["refresh"] = 5
        self.wall_path = put_json(folder, "wall.json", self.wall)

    def run(self, clock, seconds, *more):
        ended = player(*self.arguments(clock, "--unpaced", "--seconds", seconds, *more), timeout=120)
        assert ended.status == 0, ended
        return ended

    def records(self):
        """Those that are some."""
        found = []
        with open(self.log, "rb") as file:
            for line in file:
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return [r for r in found if isinstance(r, dict) and "rule" in r]

    def tail(self):
        """The records of the last run."""
        return [r for r in self.records()[-10:] if r["clock"] == "rehearsal"]

    def begins(self, name="ad", clock=None):
        """When the plays of a rule began, or would have, had they been on from their start."""
        return sorted({millis(r["start"]) - r["position_ms"] for r in self.records()
                       if r["rule"] == name and clock in (None, r["clock"])})


def millis(instant):
    hours, minutes, seconds = instant[11:-1].split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def check_goes_on(folder):
    """Cut into three runs, one of them killed, a morning has the same plays."""
    stage = Counted(folder)
    stage.schedule([BASE, ad(plays_per_hour=40)])
    stage.run("2026-07-17T09:00:00+08:00", 400)
    whole = stage.begins()
    os.remove(stage.log)
    stage.run("2026-07-17T09:00:00+08:00", 95)
    on = stage.records()[-1]
    with start_player(*stage.arguments("2026-07-17T09:01:35+08:00")) as process:
        until(lambda: '"on":{' in stage.journal(), 60, "the journal")
        process.stop(sig=signal.SIGKILL)
    stage.run("2026-07-17T09:01:37+08:00", 303)
    killed = [r for r in stage.records() if r["reason"] == "killed"]
    tap.ok(len(killed) == 1 and killed[0]["item"] == on["item"], "what was on is closed", killed)
    tap.ok(stage.begins() == whole and len(whole) > 3, "the plays go on as if nothing had happened",
           f"{stage.begins()}\n{whole}")


def check_gap(folder):
    """A new schedule asks for a distance of five minutes: the plays of the old one count."""
    stage = Counted(folder)
    stage.schedule([BASE, ad(plays_per_hour=60)])
    stage.run("2026-07-17T09:00:00+08:00", 290)
    before = stage.begins()
    tap.ok(len(before) >= 3, "the old schedule plays it every minute", before)
    stage.schedule([BASE, ad(plays_per_hour=10, min_gap_s=300)])
    kept = stage.log
    stage.log = kept + ".none"
    stage.run("2026-07-17T09:05:00+08:00", 150)
    tap.ok(stage.begins(), "without the log the new one plays at six minutes past", stage.records())
    stage.log = kept
    stage.run("2026-07-17T09:05:00+08:00", 150)
    tap.ok(stage.begins() == before, "with it not within five minutes", stage.records())


def record(day, i, screen="s1", **more):
    start = f"2026-07-{day:02}T{2 + i // 120:02}:{i % 120 // 2:02}:{i % 2 * 30:02}.000Z"
    end = start[:-7] + f"{i % 2 * 30 + 10:02}.000Z"[-7:]
    return {"start": start, "end": end, "screen": screen, "layer": "interrupt", "rule": "ad",
            "campaign": "sale", "item": "b", "position_ms": 0, "frames_expected": 100,
            "frames_presented": 100, "frames_dark": 0, "clock": "trusted", "reason": "ended", **more}


def plays_on_second_day(stage, lines):
    """In the second of two days; the goal is 120 plays an hour."""
    stage.schedule([BASE, ad(plays_per_hour=120, campaign="sale")],
                   campaigns=[{"id": "sale", "first_day": "2026-07-17", "last_day": "2026-07-18",
                               "plays": 1200}])
    with open(stage.log, "wb") as file:
        for line in lines:
            file.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
    ended = stage.run("2026-07-18T09:00:00+08:00", 600)
    return ended, len(stage.begins("ad", "rehearsal"))


def check_goal(folder):
    stage = Counted(folder)
    garbage = [b"\n", b"{\n", b'{"start": "20', b"x" * 200000 + b"\n", b"\xff\xfe\x00\n",
               b'{"start":"2026-07-17T00:00:00Z"}\n', b"[" * 1000 + b"\n", b'{"a":1,"a":2}\n']
    _, none = plays_on_second_day(stage, [])
    _, half = plays_on_second_day(stage, [record(17, i) for i in range(600)])
    _, third = plays_on_second_day(stage, [record(17, i) for i in range(400)])
    _, reached = plays_on_second_day(stage, [record(17, i) for i in range(1200)])
    tap.ok(reached == 0, "a goal that the log has reached rests", reached)
    tap.ok(third > half > 0, "one that is behind hurries", (none, third, half))
    other = [record(17, i, screen="s2") for i in range(1200)]
    _, others = plays_on_second_day(stage, other)
    tap.ok(others == none, "another screen's records do not count", (others, none))
    dark = [record(17, i, frames_dark=100) for i in range(1200)]
    _, unseen = plays_on_second_day(stage, dark)
    tap.ok(unseen == none, "nor what nobody saw", (unseen, none))
    mixed = [garbage[i % len(garbage)] if i % 2 else record(17, i // 2) for i in range(2400)]
    ended, found = plays_on_second_day(stage, mixed)
    tap.ok(found <= third and "are no records" in ended.err, "garbage is passed over and told",
           f"{found} {ended}")


def check_large(folder):
    """What plays begins at once; what the beginning of a large log says comes to it when read."""
    stage = Counted(folder)
    stage.schedule([BASE, ad(plays_per_hour=120, campaign="sale")],
                   campaigns=[{"id": "sale", "first_day": "2026-07-17", "last_day": "2026-07-18",
                               "plays": 5760}])
    with open(stage.log, "w", encoding="utf-8") as file:
        for i in range(5760):
            file.write(json.dumps(record(17, i % 1200)) + "\n")
        other = json.dumps(record(17, 0, screen="s2")) + "\n"
        file.write(other * ((5 << 20) // len(other)))
    with start_player(*stage.arguments("2026-07-18T09:00:31+08:00")) as process:
        until(lambda: '"rule":"base"' in stage.journal(), 60, "what the whole log asks for")
        ended = process.stop()
    found = [(r["rule"], r["start"]) for r in stage.tail()]
    tap.ok(ended.status == 0 and found[-1][0] == "base" and found[-1][1] < "2026-07-18T01:00:40",
           "a large log is read while the show is on", f"{ended}{found}")


def check_split(folder):
    """A play in two parts is one play: 600 of them reach half the goal, not all of it."""
    stage = Counted(folder)
    _, half = plays_on_second_day(stage, [record(17, i) for i in range(600)])
    parts = []
    for i in range(600):
        whole = record(17, i)
        middle = f"{whole['start'][:17]}{i % 2 * 30 + 4:02}.000Z"
        parts += [{**whole, "end": middle, "reason": "killed"},
                  {**whole, "start": middle, "position_ms": 4000}]
    _, split = plays_on_second_day(stage, parts)
    tap.ok(split == half, "a play in two parts is one", (split, half))


def check_facts(folder):
    """Counts of a facts file: other screens add to a goal in total, this screen's are its own."""
    stage = Counted(folder)
    _, half = plays_on_second_day(stage, [record(17, i) for i in range(600)])
    same = put_json(folder, "facts.json", {"counts": [
        {"campaign": "sale", "screen": "s1", "plays": 600, "seconds": 6000}]})
    stage.arguments = lambda *a, f=stage.arguments: f(*a, "--facts", same)
    _, both = plays_on_second_day(stage, [record(17, i) for i in range(600)])
    tap.ok(both == half, "the same plays in log and facts count once", (both, half))
    put_json(folder, "facts.json", {"counts": [
        {"campaign": "sale", "screen": "s1", "plays": 1200, "seconds": 12000}]})
    _, lost = plays_on_second_day(stage, [])
    tap.ok(lost == 0, "facts make good a log that was lost", lost)


def main():
    for name, function in (("a restart", check_goes_on), ("a gap", check_gap), ("goals", check_goal),
                           ("a large log", check_large), ("two parts", check_split),
                           ("facts", check_facts)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
