#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# parallel
"""qp-player run with a log that cannot be written: told in a sentence, and the show goes on.

Disks are mounted in a mount namespace of their own, so that nothing is left behind.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from player_run_test import RATE, Stage, rule
from tap import Program, Skip, Tap, program, run, temporary, until

tap = Tap()
CLOCK = "2026-07-17T09:00:00+08:00"
READ_ONLY = 'mount -t tmpfs none "$0" && mount -o remount,ro "$0" && exec "$@"'
LIMITED = 'ulimit -f 1 && exec "$@"'
# Full until there is a file that says that it may be emptied.
EMPTIED = '''mount -t tmpfs -o size=65536 none "$0" && touch "$0/shown.jsonl" && cat /dev/zero > "$0/fill"
"$@" & player=$!
until [ -e "$0.go" ]; do sleep 0.05; done
rm "$0/fill" && touch "$0.gone"
until [ -s "$0/shown.jsonl" ]; do sleep 0.05; done
kill $player && wait $player; cp "$0/shown.jsonl" "$0.log"'''


class Disk(Stage):
    def __init__(self, folder):
        super().__init__(folder)
        self.schedule([rule("day", "a", "08:00-17:00")])
        self.disk = os.path.join(folder, "disk")
        os.mkdir(self.disk)
        self.log = os.path.join(self.disk, "shown.jsonl")

    def command(self, script, *more):
        return ["unshare", "-m", "sh", "-c", script, self.disk, program("qp-player"),
                *self.arguments(CLOCK, *more)]


def need_mount(stage):
    try:
        probe = run(["unshare", "-m", "mount", "-t", "tmpfs", "none", stage.disk])
    except OSError as error:
        raise Skip(str(error)) from None
    if probe.status:
        raise Skip("this user may not mount")


def check_read_only(folder):
    stage = Disk(folder)
    need_mount(stage)
    ended = run(stage.command(READ_ONLY, "--unpaced", "--seconds", "25"), 60)
    tap.ok(ended.status == 0 and len(stage.canvases()) == 25 * RATE,
           "a disk that cannot be written does not stop the show", ended)
    tap.ok("shown.jsonl: cannot be written: Read-only" in ended.err and
           "records were not written" in ended.err, "and is told", ended)


def check_limit(folder):
    stage = Disk(folder)
    stage.capture = "/dev/null"
    ended = run(["sh", "-c", LIMITED, stage.disk, program("qp-player"),
                 *stage.arguments(CLOCK, "--unpaced", "--seconds", "45")], 60)
    tap.ok(ended.status == 0 and "File too large" in ended.err,
           "nor does a file that may not grow", ended)
    with open(stage.log, "rb") as file:
        data = file.read()
    tap.ok(0 < len(data) <= 1024 and data.endswith(b"\n"), "whose lines are whole", data)


def check_emptied(folder):
    stage = Disk(folder)
    need_mount(stage)
    with Program(stage.command(EMPTIED)) as process:
        until(lambda: "up to 1024 records wait" in process.errors(), 60, "the sentence")
        with open(stage.disk + ".go", "w", encoding="utf-8"):
            pass
        ended = process.wait(60)
    stage.log = stage.disk + ".log"
    records = stage.records()
    tap.ok(ended.status == 0 and records[0]["reason"] == "ended" and records[0]["position_ms"] < 9000
           and "were not written" not in ended.err, "what could not be written is written later",
           f"{ended}{records}")


def main():
    for name, function in (("read only", check_read_only), ("a limit", check_limit),
                           ("a full disk that is emptied", check_emptied)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
