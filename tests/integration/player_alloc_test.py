#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Once it plays, the player's render and sender threads allocate nothing.

A library counts every call of the allocator by the name of the calling thread. Between frame 60 and
frame 360 of clips with cross-fades, a text, a ticker and a clock the counts must not move.
"""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import netns
import receive
import walls
from tap import (Tap, Skip, build_folder, ffmpeg, put_json, start_player, temporary, until)

WARM_UP, MEASURED = 60, 300
QUIET = ("render", "tx", "sender-bg")
tap = Tap()


def make_layout(folder):
    """Short clips of two sizes with cross-fades, again and again, below three kinds of text."""
    for i, size in enumerate(("128x64", "160x90")):
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r={(60, 25)[i]}:d=0.9", "-c:v",
               ("libx264", "mpeg4")[i], "-pix_fmt", "yuv420p", os.path.join(folder, f"{i}.mp4"))
    text = {"color": "#ffffff", "font": "Noto Sans"}
    return put_json(folder, "layout.json", {"layers": [
        {"type": "zone", "playlist": ["0.mp4", "1.mp4"],
         "transition": {"type": "cross-fade", "seconds": 0.3}},
        {"type": "text", "text": "Qianping", "h": 16, "z": 1, **text},
        {"type": "ticker", "text": "The quick brown fox jumps over the lazy dog.", "speed": 97,
         "y": 16, "h": 16, "z": 2, **text},
        {"type": "clock", "format": "%H:%M:%S", "y": 32, "h": 16, "z": 3, **text}]})


def read_reports(path):
    """[{thread: calls}] of the reports so far."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii", errors="replace") as file:
        text = file.read()
    return [{name: int(n) for name, n in (line.rsplit(" ", 1) for line in part.splitlines()
                                          if line.strip())}
            for part in text.split("end\n")[:-1]]


def report(player, path):
    """Ask for the counts and wait for them."""
    n = len(read_reports(path))
    player.process.send_signal(signal.SIGRTMIN + 8)
    return until(lambda: read_reports(path)[n:], what="the report of the allocations")[0]


def thread_names(pid):
    names = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
            names.add(file.read().strip())
    return names


def make_schedule(folder):
    """A layout and a clip in turns, so that pages come and go."""
    items = [{"id": "page", "layout": "layout", "duration_s": 0.8},
             {"id": "clip", "file": "0.mp4", "duration_s": 0.4}]
    return put_json(folder, "schedule.json", {
        "zone": "UTC", "screens": [{"id": "s", "default": "both"}], "items": items,
        "playlists": [{"id": "both", "entries": ["page", "clip"]}]})


def check_driver(wires, driver, scheduled=False):
    shim = os.path.join(build_folder(), "tests", "support", "malloc_count.so")
    if not os.path.exists(shim):
        raise AssertionError(f"{shim} was not built")
    name = f"{driver}, a schedule" if scheduled else driver
    wall = walls.plain(driver, width=128, height=64)
    wall["processing"] = {"brightness": 0.5}
    with temporary() as folder:
        counts = os.path.join(folder, "counts")
        layout, path = make_layout(folder), put_json(folder, "wall.json", wall)
        what = ["play", "--layout", layout]
        if scheduled:
            what = ["run", "--schedule", make_schedule(folder), "--screen", "s", "--media", folder]
        with wires.wall_side():
            sink = receive.Sink(receive.UDP_PORTS.get(driver, 9))
            sniffer = receive.Sniffer("wall0")
        env = {**os.environ, "LD_PRELOAD": shim, "QP_MALLOC_COUNT": counts}
        # A frame of the wall is so many packets, whatever they are.
        per_frame = {"colorlight-5a": 64 + 4, "ddp": -(-128 * 64 // 480)}[driver]
        with start_player(*what, "--wall", path, "--state-dir", folder, env=env) as player:
            def latched(n):
                until(lambda: len(sniffer.packets) >= n * per_frame or not player.is_running(), 60,
                      f"frame {n}")
            latched(WARM_UP)
            before = report(player, counts)
            threads = thread_names(player.pid)
            latched(WARM_UP + MEASURED)
            after = report(player, counts)
            ended = player.stop()
        sniffer.stop()
        sink.socket.close()
    tap.ok(ended.status == 0, f"{name}: plays and ends in order", ended)
    # The counting works: start-up and decoding allocate.
    tap.ok(any(n > 100 for n in before.values()) and after.get("decode", 0) > before.get("decode", 0),
           f"{name}: the counter sees the other threads", f"{before}\n{after}")
    for thread in QUIET:
        more = after.get(thread, 0) - before.get(thread, 0)
        tap.ok(more == 0 and thread in threads, f"{name}: thread {thread} allocates nothing in {MEASURED} frames",
               f"{more} calls; {threads}; {before} {after}")


def main():
    try:
        netns.enter()
        wires = netns.Wires(1)
    except Skip as reason:
        tap.skip("no allocation once playing", reason)
        tap.done()
    for driver in ("colorlight-5a", "ddp"):
        tap.case(driver, check_driver, wires, driver)
    tap.case("a schedule", check_driver, wires, "ddp", True)
    tap.done()


if __name__ == "__main__":
    main()
