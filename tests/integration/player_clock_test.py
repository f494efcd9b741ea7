#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""qp-player run with a clock that jumps, and with one that cannot be believed.

A helper library sets the clock of the player and answers for the kernel whether it is synchronised.
"""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from player_run_test import A, B, RATE, Stage, rule, top
from tap import Tap, build_folder, player, start_player, temporary, until

tap = Tap()
DAY_S = 86400


def with_clock(step="", sync=""):
    shim = os.path.join(build_folder(), "tests", "support", "clock_step.so")
    if not os.path.exists(shim):
        raise AssertionError(f"{shim} was not built")
    env = {**os.environ, "LD_PRELOAD": shim, "QP_CLOCK_STEP": step}
    # The helper is no sanitizer and may stand before its library.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    if sync:
        env["QP_CLOCK_SYNC"] = sync
    return env


def order_of(values):
    return [v for i, v in enumerate(values) if i == 0 or values[i - 1] != v]


def length_s(record):
    at = [datetime.datetime.fromisoformat(record[k][:-1]) for k in ("start", "end")]
    return (at[1] - at[0]).total_seconds()


NIGHT = [rule("evening", "a", "08:00-24:00"), rule("night", "b", "00:00-08:00")]
STEPS = [("2026-07-17T21:59:58+08:00", 7200, [A, B], "forward over midnight"),
         ("2026-07-18T01:59:50+08:00", -7200, [B, A], "back over midnight"),
         ("2026-07-17T12:00:00+08:00", 43210, [A, B], "forward by half a day"),
         ("2026-07-18T03:00:00+08:00", -180 * DAY_S + 43200, [B, A], "back by half a year"),
         ("2026-07-17T12:00:00+08:00", -5, [A], "back by seconds")]


def check_step(folder, clock, step, colours, name):
    stage = Stage(folder)
    stage.schedule(NIGHT)
    with start_player(*stage.arguments(clock), env=with_clock(f"3000 {step}")) as process:
        until(lambda: os.path.exists(stage.log) and
              any(r["reason"] == "replaced" for r in stage.records()), what="the step")
        after = stage.records()[-1]
        until(lambda: stage.journal().count(after["start"]) == 0 and '"on":{' in stage.journal(),
              what="what comes after")
        ended = process.stop()
    shown, records = stage.canvases(lenient=True), stage.records()
    tap.ok(ended.status == 0 and order_of([top(c)[0] for c in shown]) == colours,
           f"{name}: the wall goes on with what belongs there",
           f"{ended}{order_of([top(c)[:1] for c in shown])}")
    # One that is on its way while the clock is set may not get there.
    presented = sum(r["frames_presented"] for r in records)
    tap.ok(0 <= presented - len(shown) <= 3, f"{name}: every frame is in the log",
           f"{presented} {len(shown)} {records}")
    tap.ok(all(0 < length_s(r) < len(shown) / RATE + 60 for r in records),
           f"{name}: no record is longer than the show", records)


def local(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Real(Stage):
    """By the real clock. Between yesterday and tomorrow the schedule wants b, otherwise a."""

    def __init__(self, folder):
        super().__init__(folder)
        self.schedule([{"id": "now", "item": "b",
                        "window": {"from": local(-DAY_S), "to": local(DAY_S)}}])

    def arguments(self, *more):
        plain = super().arguments("CLOCK", *more)
        at = plain.index("--clock")
        return plain[:at] + plain[at + 2:]

    def play(self, *more, **clock):
        return player(*self.arguments("--seconds", 1, *more), env=with_clock(**clock))

    def last(self):
        record = self.records()[-1]
        return record["rule"], record["layer"], record["clock"]


def check_trust(folder):
    stage = Real(folder)
    player(*Stage.arguments(stage, local(0), "--seconds", 1))  # what a rehearsal resolved is not held
    ended = stage.play("--clock-trust", "kernel", sync="0")
    tap.ok(ended.status == 0 and stage.last() == (None, "default", "untrusted"),
           "kernel: with nothing to hold an untrusted clock shows the default",
           f"{ended}{stage.records()}")
    tap.ok("not synchronised" in ended.err and "held" in ended.err, "in a sentence", ended)
    ended = stage.play(sync="0")
    tap.ok(stage.last() == ("now", "schedule", "trusted") and "not synchronised" in ended.err,
           "auto: a clock that can be right is believed, in a sentence", f"{ended}{stage.last()}")
    ended = stage.play("--clock-trust", "kernel", sync="1")
    tap.ok(stage.last() == ("now", "schedule", "trusted") and "synchronised" not in ended.err,
           "kernel: a synchronised clock is believed", f"{ended}{stage.last()}")
    years = f"0 {-12 * 365 * DAY_S}"
    ended = stage.play(step=years, sync="0")
    tap.ok(stage.last() == ("now", "schedule", "untrusted") and "behind the last run" in ended.err,
           "auto: years ago, what was resolved last is held", f"{ended}{stage.last()}")
    ended = stage.play("--clock-trust", "always", step=years, sync="0")
    tap.ok(stage.last() == (None, "default", "trusted"), "always: a clock is a clock",
           f"{ended}{stage.last()}")


def check_becomes(folder):
    """Untrusted at first, then set and synchronised: the schedule takes over."""
    stage = Real(folder)
    with start_player(*stage.arguments("--clock-trust", "kernel"),
                      env=with_clock(step=f"0 -{5000 * DAY_S},4000 {5000 * DAY_S}",
                                     sync="0,4000 1")) as process:
        until(lambda: '"rule":"now"' in (stage.journal() if os.path.exists(f"{stage.log}.now")
                                         else ""), what="the schedule")
        ended = process.stop()
    records, shown = stage.records(), stage.canvases(lenient=True)
    seen = order_of([(r["rule"], r["clock"]) for r in records if r["item"]])
    tap.ok(ended.status == 0 and seen[0] == (None, "untrusted") and seen[-1] == ("now", "trusted"),
           "a clock that is set and synchronised is followed", f"{ended}{records}")
    tap.ok("is synchronised" in ended.err, "in a sentence", ended)
    tap.ok(order_of([top(c)[0] for c in shown]) == [A, B], "from one picture to the other",
           order_of([top(c)[0] for c in shown]))
    with start_player(*stage.arguments("--clock-trust", "kernel"),
                      env=with_clock(step=f"4000 {400 * DAY_S}", sync="1,4000 0")) as process:
        until(lambda: "what was resolved last is held" in process.errors(), what="the distrust")
        until(lambda: any(r["clock"] == "untrusted" for r in stage.records()[len(records):]) or
              "2027" in stage.journal() or "2028" in stage.journal(), what="the held item")
        ended = process.stop()
    seen = {(r["rule"], r["item"]) for r in stage.records()[len(records):]}
    tap.ok(ended.status == 0 and seen == {("now", "b")},
           "one that is lost and jumps holds what was on", f"{ended}{stage.records()}")


def main():
    for step in STEPS:
        with temporary() as folder:
            tap.case(step[-1], check_step, folder, *step)
    for name, function in (("trust", check_trust), ("becomes trusted", check_becomes)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
