#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""make bench, with samples too short to mean anything: every figure is there and is a number.
What the numbers are is not looked at: that is what the machine did in this minute."""
import math
import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from tap import Tap, build_folder, get_json, run, temporary  # noqa: E402

BENCHMARKS = ("chain", "sched", "veth", "lattice", "decode", "light")
# A part of a figure's name, for each line of the table that has to be there everywhere.
WANTED = {
    "chain": ("full chain, C reference", "8K wall compiled", "8K packets", "8K plan in memory"),
    "sched": ("resolve at an instant of a year, 10000 rules", "preparation, growth to, 10000 rules",
              "resolve, growth to, 10000 rules: sun", "resolve, 10000 rules: sun",
              "resolve, 10000 rules: other zones", "resolve, 10000 rules: edits",
              "resolve, 10000 rules: several days", "resolve, 10000 rules: recurrences",
              "timeline of 7 days", "timeline, growth"),
    "veth": ("driver over veth",),
    "lattice": ("30 Hz for", "30 Hz: bare loop", "30 Hz: processor", "60 Hz for",
                "60 Hz: bare loop", "60 Hz: processor"),
    "decode": ("H.264 1080p60", "HEVC 1080p60", "H.264 4K30", "HEVC 4K30"),
    "light": ("first light", "resident memory"),
}
NEEDS_NETWORK = ("veth", "lattice", "light")

tap = Tap()


def measured(figures, name):
    """The figures of one benchmark, or the reason why this machine cannot take them."""
    mine = [f for f in figures if f["bench"] == name]
    missing = [f for f in mine if f["value"] is None]
    if missing and name in NEEDS_NETWORK and "namespace" in missing[0]["note"]:
        return None, missing[0]["note"]
    return mine, ""


def check(figures, name, table):
    mine, reason = measured(figures, name)
    if mine is None:
        tap.skip(f"{name} is complete", reason)
        return
    for part in WANTED[name]:
        found = [f for f in mine if part in f["figure"]]
        tap.ok(len(found) == 1 and found[0]["figure"] in table, f"{name}: {part}", mine)
    tap.ok(all(isinstance(f["value"], (int, float)) and math.isfinite(f["value"]) and
               f["value"] >= 0 for f in mine), f"{name}: every value is a finite number", mine)
    tap.ok(all(f["verdict"] in ("met", "missed") for f in mine if "target" in f),
           f"{name}: every target is judged", mine)


def main():
    with temporary() as folder:
        ended = run([os.path.join(ROOT, "tests", "bench", "run"), build_folder(), "--quick",
                     "--out", folder, *BENCHMARKS], timeout=360)
        if not tap.ok(os.path.exists(os.path.join(folder, "bench.json")), "results are written",
                      ended):
            tap.done()
        result = get_json(os.path.join(folder, "bench.json"))
        with open(os.path.join(folder, "bench.md"), encoding="utf-8") as file:
            table = file.read()
        tap.ok(ended.out == table, "the table is printed as it is written", ended)
        tap.ok(all(result["machine"].get(key) for key in ("cpu", "cores", "kernel")),
               "the machine is named", result["machine"])
        for name in BENCHMARKS:
            check(result["figures"], name, table)
        wrong = run([os.path.join(ROOT, "tests", "bench", "run"), build_folder(), "nonsense"])
        tap.ok(wrong.status == 2 and "no benchmark nonsense" in wrong.err,
               "an unknown name is refused", wrong)
    tap.done()


main()
