#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# parallel
"""qp-player run shows an item with a sha256 only when its file is that very file."""
import fcntl
import hashlib
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from player_run_test import A, B, SECONDS, Stage, top
from tap import Tap, player, put_json, start_player, temporary, until

tap = Tap()
CLOCK = "2026-07-17T09:00:01+08:00"


class Sealed(Stage):
    """Plays b, which has a digest; the default is a, which has none."""

    def __init__(self, folder):
        super().__init__(folder)
        self.b = os.path.join(self.media, "b.nut")

    def seal(self, digest):
        put_json(self.folder, "schedule.json", {
            "version": 1, "zone": "Asia/Shanghai",
            "screens": [{"id": "s1", "name": "One", "default": "fallback"}],
            "items": [{"id": "a", "file": "a.nut", "duration_s": SECONDS},
                      {"id": "b", "file": "b.nut", "duration_s": SECONDS, "sha256": digest}],
            "playlists": [{"id": "fallback", "entries": ["a"]}],
            "rules": [{"id": "day", "item": "b", "window": {"times": "08:00-20:00"}}]})

    def digest(self):
        with open(self.b, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def colours(self):
        found = [top(c)[0] for c in self.canvases()]
        return [c for i, c in enumerate(found) if i == 0 or found[i - 1] != c]


def check_right(folder):
    stage = Sealed(folder)
    stage.seal(stage.digest())
    ended, _ = stage.rehearse(CLOCK, 2)
    tap.ok(ended.status == 0 and stage.colours() == [B], "the right file is shown", ended)
    stage.seal(stage.digest().upper())
    ended, _ = stage.rehearse(CLOCK, 2)
    tap.ok(stage.colours() == [B], "digits of either case", ended)


def check_wrong(folder):
    stage = Sealed(folder)
    stage.seal("0" * 64)
    ended, _ = stage.rehearse(CLOCK, 2)
    tap.ok(ended.status == 0 and stage.colours() == [A], "another file is not", ended)
    tap.ok("item b: b.nut" in ended.err and stage.digest()[:12] in ended.err,
           "and told, with what it has", ended)
    ended = player(*stage.arguments(CLOCK, "--check"))
    tap.ok("item b: b.nut" in ended.err, "--check looks, too", ended)


def check_meanwhile(folder):
    """In real time: what is there is shown at once, the file when it was read; later it is changed."""
    stage = Sealed(folder)
    with open(stage.b, "ab") as file:
        file.truncate(os.path.getsize(stage.b) + (64 << 20))  # behind the last picture
    stage.seal(stage.digest())
    with start_player(*stage.arguments(CLOCK)) as process:
        until(lambda: os.path.exists(stage.log) and '"item":"b"' in stage.journal(), 60,
              "the file on the wall")
        good = stage.records()
        shutil.copy(os.path.join(stage.media, "a.nut"), stage.b + ".new")
        os.rename(stage.b + ".new", stage.b)  # found when the item comes round again
        until(lambda: "its SHA-256 is" in process.errors(), 60, "a word on the change")
        until(lambda: '"item":"a"' in stage.journal(), 60, "the default on the wall")
        process.process.send_signal(signal.SIGHUP)
        until(lambda: process.errors().count("was read again") == 1, what="the SIGHUP")
        ended = process.stop()
    tap.ok(ended.status == 0 and ended.err.count("its SHA-256 is") == 1,
           "a file that was changed is told once", ended)
    tap.ok(stage.colours() == [A, B, A], "the default until it is read, and when it has changed",
           f"{stage.colours()} {good}")


def check_unreadable(folder):
    """A lease of somebody else's keeps the player from opening the file; SIGHUP tries it again."""
    stage = Sealed(folder)
    stage.seal(stage.digest())
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # somebody wants the file: that is the point
    with open(stage.b, "rb+") as lease:
        try:
            fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as error:
            tap.skip("a file that cannot be read", f"no leases here: {error}")
            return
        process = start_player(*stage.arguments(CLOCK))
        with process:
            until(lambda: "cannot be verified" in process.errors(), what="a word on the file")
            fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            process.process.send_signal(signal.SIGHUP)
            until(lambda: os.path.exists(f"{stage.log}.now") and '"item":"b"' in stage.journal(),
                  what="the file on the wall")
            ended = process.stop()
    tap.ok(ended.status == 0, "a file that could not be read is tried again", ended)


def main():
    for name, function in (("right", check_right), ("wrong", check_wrong),
                           ("meanwhile", check_meanwhile), ("unreadable", check_unreadable)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
