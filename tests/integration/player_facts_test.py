#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""qp-player run --facts FILE: alerts come and go with the file; what is wrong with it changes
nothing.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from player_run_test import A, B, RATE, Stage, rule, top
from tap import Tap, player, put_json, start_player, temporary, until

tap = Tap()
# Both items must be known to the schedule for an alert to play them.
RULES = [rule("base", "a", "08:00-20:00"), rule("late", "b", "20:00-21:00")]
CLOCK = "2026-07-17T09:00:01+08:00"


def alert(**more):
    return {"id": "fire", "kind": "emergency", "item": "b", "until": "2026-07-17T15:00:00+08:00",
            **more}


class Fed(Stage):
    def __init__(self, folder):
        super().__init__(folder)
        self.schedule(RULES)
        self.facts = os.path.join(folder, "facts.json")

    def start(self, *more):
        return start_player(*self.arguments(CLOCK, "--facts", self.facts, *more))

    def put(self, value):
        put_json(self.folder, "new.json", value)
        os.rename(os.path.join(self.folder, "new.json"), self.facts)

    def put_text(self, text):
        with open(self.facts, "w", encoding="utf-8") as file:
            file.write(text)

    def await_rule(self, name):
        until(lambda: os.path.exists(f"{self.log}.now") and
              f'"rule":"{name}"' in self.journal(), what=f"{name} on the wall")


def check_come_and_go(folder):
    stage = Fed(folder)
    with stage.start() as process:
        stage.await_rule("base")
        tap.ok(process.errors().count("there are no facts yet") == 1,
               "a file that is not there yet is told, once", process.errors())
        put_at = time.monotonic()
        stage.put({"alerts": [alert()]})
        stage.await_rule("fire")
        print(f"# an alert is on the wall after {time.monotonic() - put_at:.2f} s")
        stage.put_text('{"alerts": [{"id": "fire", "kind": "emergen')
        until(lambda: "before stay" in process.errors(), what="the refusal of a torn file")
        stage.put({"alerts": [alert(item="nothing")], "counts": [{"screen": "s9", "rule": "x"}]})
        until(lambda: "counts[0]" in process.errors(), what="the refusal of a wrong one")
        tap.ok("alerts[0]" in process.errors() and '"rule":"fire"' in stage.journal(),
               "a wrong file is told with all findings, and changes nothing", process.errors())
        os.unlink(stage.facts)
        until(lambda: process.errors().count("before stay") == 3, what="a word on its going")
        stage.put({})
        stage.await_rule("base")
        ended = process.stop()
    tap.ok(ended.status == 0, "ends in order", ended)
    rules = [r["rule"] for r in stage.records() if r["frames_presented"] > 0]
    order = [r for i, r in enumerate(rules) if i == 0 or rules[i - 1] != r]
    tap.ok(order == ["base", "fire", "base"], "the log tells the alert, from and to", rules)
    tap.ok({r["layer"] for r in stage.records() if r["rule"] == "fire"} == {"emergency"},
           "as an emergency")
    clips = [top(c)[0] for c in stage.canvases()]
    order = [c for i, c in enumerate(clips) if i == 0 or clips[i - 1] != c]
    tap.ok(order == [A, B, A], "the wall shows it, and never anything else", order)


def check_bar(folder):
    """An alert with a text only is a bar over what plays."""
    stage = Fed(folder)
    stage.put({"alerts": [{"id": "fog", "kind": "emergency", "text": "MMMM",
                           "until": "2026-07-17T09:00:03+08:00"}]})
    ended = player(*stage.arguments(CLOCK, "--facts", stage.facts, "--unpaced", "--seconds", 4))
    shown = stage.canvases()
    red = [i for i, c in enumerate(shown) if c[3 * 31 * 64] == 0xb0]
    # Frame n of the clip is shown at 09:00:00 + n / 25 s.
    tap.ok(ended.status == 0 and red == list(range(len(red))) and
           top(shown[len(red)])[1] == 3 * RATE, "a bar for as long as it says", f"{ended}{red}")
    tap.ok({top(c)[0] for c in shown} == {A}, "over what plays")


def check_reload(folder):
    """Facts that name what only the new schedule has are taken with it."""
    stage = Fed(folder)
    stage.put({})
    with stage.start() as process:
        stage.await_rule("base")
        stage.put({"counts": [{"rule": "new", "screen": "s1", "plays": 1}], "alerts": [alert()]})
        until(lambda: "before stay" in process.errors(), what="the refusal")
        stage.schedule([*RULES, rule("new", "b", "21:00-22:00")])
        process.process.send_signal(signal.SIGHUP)
        stage.await_rule("fire")
        ended = process.stop()
    tap.ok(ended.status == 0, "facts for a new schedule are taken with it", ended)


def check_withdrawn(folder):
    """Facts that were refused and then withdrawn do not come with the next schedule."""
    stage = Fed(folder)
    stage.put({})
    with stage.start() as process:
        stage.await_rule("base")
        stage.put({"counts": [{"rule": "new", "screen": "s1", "plays": 1}], "alerts": [alert()]})
        until(lambda: "before stay" in process.errors(), what="the refusal")
        stage.put({})
        stage.schedule([rule("new", "a", "08:00-20:00"), *RULES[1:]])
        process.process.send_signal(signal.SIGHUP)
        until(lambda: '"rule":"base"' not in stage.journal(), what="the new schedule")
        shown = stage.journal()
        ended = process.stop()
    tap.ok(ended.status == 0 and '"rule":"new"' in shown, "what was withdrawn stays away", shown)


def check_check(folder):
    stage = Fed(folder)
    stage.put({"alerts": [alert()]})
    good = player(*stage.arguments(CLOCK, "--facts", stage.facts, "--check"))
    stage.put({"alarms": []})
    bad = player(*stage.arguments(CLOCK, "--facts", stage.facts, "--check"))
    tap.ok(good.status == 0 and bad.status == 1 and "alarms" in bad.err, "--check looks at them",
           f"{good}{bad}")
    os.unlink(stage.facts)
    none = player(*stage.arguments(CLOCK, "--facts", stage.facts, "--check"))
    tap.ok(none.status == 0 and none.err.count("there are no facts yet") == 1,
           "a file that will come is told, and no error", none)
    stray = player("play", "--wall", stage.wall_path, "--facts", stage.facts, "x.mp4")
    tap.ok(stray.status == 2 and "qp-player run" in stray.err, "play takes none", stray)


def main():
    for name, function in (("come and go", check_come_and_go), ("bar", check_bar),
                           ("reload", check_reload), ("withdrawn", check_withdrawn),
                           ("check", check_check)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
