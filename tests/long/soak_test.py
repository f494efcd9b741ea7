#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# variant: asan
# timeout: 3000
"""Half an hour of short clips, sanitised, onto the virtual wall: no leak, no dark frame, no growth.

Clips of a fraction of a second follow each other with every transition, so that thousands of files
are opened, decoded and closed; text runs above them. qp-wall writes every frame that it shows, and
each is looked at. QP_SOAK_SECONDS makes it shorter.
"""
import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import png
import walls
from tap import Program, Tap, get_json, program, put_json, solid, start_player, temporary, until

SECONDS = float(os.environ.get("QP_SOAK_SECONDS", "1800"))
SETTLE_S = min(300, SECONDS / 3)  # caches fill, the sanitizer's quarantine too
WIDTH, HEIGHT, RATE = 64, 32, 30
DARK = 48  # the brightest channel of every LED is above this in every clip
GROWTH_MIB, GROWTH = 8, 0.03
tap = Tap()

CLIPS = [("h264.mp4", "e04040", 0.5, 30, "libx264", ("-pix_fmt", "yuv420p")),
         ("hevc.mkv", "40e040", 0.4, 25, "libx265", ("-pix_fmt", "yuv420p", "-x265-params",
                                                    "log-level=none")),
         ("vp9.webm", "4040e0", 0.5, 24, "libvpx-vp9", ()),
         ("mpeg2.ts", "e0e040", 0.3, 50, "mpeg2video", ()),
         ("mjpeg.avi", "40e0e0", 0.4, 10, "mjpeg", ("-pix_fmt", "yuvj420p")),
         ("still.png", "e040e0", 1, 30, None, ("-frames:v", "1")),
         ("still.jpg", "a0a0a0", 1, 30, None, ("-frames:v", "1"))]
TRANSITIONS = ["cut", "cross-fade", "wipe-left", "wipe-right", "wipe-up", "wipe-down", "circle"]


def make_layout(folder):
    items = []
    for i, (name, colour, seconds, rate, codec, more) in enumerate(CLIPS):
        solid(os.path.join(folder, name), colour, seconds, 80 + 16 * i, 48, rate, codec, more)
        item = {"file": name, "transition": {"type": TRANSITIONS[i], "seconds": 0.1}}
        items.append({**item, "duration": 0.4} if codec is None else item)
    with open(os.path.join(folder, "broken.mp4"), "wb") as out, \
            open(os.path.join(folder, "h264.mp4"), "rb") as file:
        out.write(file.read()[:300])
    items.insert(3, {"file": "broken.mp4"})
    light = {"color": "#ffffff"}
    return put_json(folder, "layout.json", {"background": "#606060", "layers": [
        {"type": "zone", "playlist": items, "fit": "fill"},
        {"type": "clock", "format": "%H:%M:%S", "h": 12, "z": 1, **light},
        {"type": "ticker", "text": "All day long", "y": 20, "h": 12, "z": 2, "speed": 40, **light}]})


class Watcher(threading.Thread):
    """Looks at every picture that qp-wall wrote and removes it."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.ended = False
        self.seen = 0
        self.colours = set()
        self.dark = []
        self.most_waiting = 0

    def look(self, name):
        path = os.path.join(self.folder, name)
        _, _, rgb = png.read_rgb(path)
        os.unlink(path)
        least = min(map(max, rgb[0::3], rgb[1::3], rgb[2::3]))
        if least < DARK and len(self.dark) < 20:
            self.dark.append(f"{name}: {least}")
        self.seen += 1
        # The corner below the clock and above the ticker belongs to the clips.
        at = 3 * (WIDTH * 16 + 1)
        self.colours.add(tuple(c >> 6 for c in rgb[at:at + 3]))

    def run(self):
        while True:
            # The newest may still be being written.
            names = sorted(n for n in os.listdir(self.folder) if n.endswith(".png"))
            ended = self.ended
            self.most_waiting = max(self.most_waiting, len(names))
            for name in names if ended else names[:-1]:
                self.look(name)
            if ended:
                return
            time.sleep(0.1)


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def watch_memory(process):
    """[(seconds, MiB)], one a second, while it runs."""
    began, samples = time.monotonic(), []
    while process.is_running():
        try:
            samples.append((time.monotonic() - began, resident_mib(process.pid)))
        except (OSError, StopIteration):
            break
        if samples[-1][0] > SECONDS + 120:
            break
        time.sleep(1)
    return samples


def judge_memory(samples):
    span = max(10, SETTLE_S / 3)
    end = samples[-1][0] - 2  # the last moments are those of the end
    early = [m for t, m in samples if SETTLE_S <= t < SETTLE_S + span]
    late = [m for t, m in samples if end - span < t <= end]
    before, after = statistics.median(early), statistics.median(late)
    tap.ok(after - before <= max(GROWTH_MIB, GROWTH * before),
           f"resident memory stays: {before:.0f} MiB after {SETTLE_S:.0f} s, {after:.0f} at the end",
           [round(m) for _, m in samples[::max(1, len(samples) // 50)]])


def sanitizer_environment():
    """A small quarantine, so that its filling is not taken for growth."""
    options = os.environ.get("ASAN_OPTIONS", "detect_leaks=1")
    return {**os.environ, "ASAN_OPTIONS": f"{options}:quarantine_size_mb=8"}


def soak(folder):
    shown, sock = os.path.join(folder, "shown"), os.path.join(folder, "wall.sock")
    stats, env = os.path.join(folder, "stats.json"), sanitizer_environment()
    os.mkdir(shown)
    wall = put_json(folder, "wall.json", walls.plain(width=WIDTH, height=HEIGHT, refresh=RATE))
    layout = make_layout(folder)
    watcher = Watcher(shown)
    watcher.start()
    with Program([program("qp-wall"), "--wall", wall, "--listen", f"local:{sock}", "--save", shown,
                  "--json"], env=env) as virtual:
        until(lambda: os.path.exists(sock) or not virtual.is_running(), what="qp-wall's socket")
        with start_player("play", "--wall", wall, "--layout", layout, "--seconds", SECONDS, "--link",
                          f"local:{sock}", "--stats", stats, env=env) as player:
            samples = watch_memory(player)
            played = player.wait(120)
        seen = virtual.stop(60)
    watcher.ended = True
    watcher.join(120)
    return watcher, samples, played, seen, get_json(stats)


def main():
    with temporary() as folder:
        watcher, samples, played, seen, stats = soak(folder)
    for name, ended in (("qp-player", played), ("qp-wall", seen)):
        tap.ok(ended.status == 0 and not ended.crashed(),
               f"{name} ends in order, without a leak or another finding", str(ended)[-4000:])
    totals = json.loads(seen.out)["totals"]
    tap.ok(not watcher.dark and watcher.seen > SECONDS * RATE / 2,
           f"none of {watcher.seen} frames on the virtual wall is dark, not even in part",
           watcher.dark)
    tap.ok(len(watcher.colours) >= len(CLIPS), "all clips were seen", watcher.colours)
    tap.ok(totals["torn"] == totals["rows_missing"] == totals["malformed"] == 0,
           "no frame was torn", totals)
    tap.ok(stats["media"]["started"] > SECONDS and stats["media"]["skipped"] > SECONDS / 10,
           f"{stats['media']['started']} clips were played", stats["media"])
    judge_memory(samples)
    tap.done()


if __name__ == "__main__":
    main()
