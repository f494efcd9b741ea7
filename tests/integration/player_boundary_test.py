#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# parallel
"""Every kind of boundary in one rehearsal, frame by frame.

The wall, read back by qp-wall, must show on each frame the very picture that the timeline of
`qp schedule` names for that instant: cuts, items and loops that are finished, interrupts by share
and at exact times, a takeover, an emergency, a blackout, default content, power off, clips and a
layout, and the restart at midnight. It is black on purpose and never otherwise.
"""
import datetime
import json
import os
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from player_run_test import HEIGHT, RATE, WIDTH, Stage, clip, rule
from tap import Tap, program, put_json, run, temporary

tap = Tap()
LENGTH = 10 * RATE  # of every clip, frames
COLOURS = {"a": 200, "b": 100, "exact": 60, "share": 140, "taken": 170, "alarm": 230, "fallback": 30,
           "page": 80}
FROM, SECONDS = "2026-07-17T23:56:00+08:00", 480
ITEMS = [("a", 10), ("b", 7), ("exact", 5), ("share", 6), ("taken", 9), ("alarm", 4), ("fallback", 10)]
SCHEDULE = {
    "version": 1, "zone": "Asia/Shanghai",
    "screens": [{"id": "s1", "name": "One", "default": "default"}],
    "items": [*({"id": i, "file": f"{i}.nut", "duration_s": d} for i, d in ITEMS),
              {"id": "page", "layout": "page", "duration_s": 8}],
    "playlists": [{"id": "default", "entries": ["fallback"]},
                  {"id": "two", "entries": ["a", "b"]},
                  {"id": "three", "entries": ["a", "page", "b"]}],
    "rules": [
        # ends in the middle of an item, which may take up to 4 s more; the next loop is finished
        rule("items", None, "23:50-23:57:03", playlist="three", boundary="finish_item", max_wait_s=4),
        rule("loops", None, "23:57:03-23:58:05", playlist="two", boundary="finish_loop"),
        # from 23:58:30 on nothing but the default
        rule("late", None, "23:58:50-00:02:02", playlist="three"),
        rule("join", None, "00:02:02-00:03:30", playlist="two", start="join"),
        {"id": "share", "type": "interrupt", "item": "share", "share_percent": 20,
         "window": {"times": "23:59-00:02"}},
        {"id": "exact", "type": "interrupt", "item": "exact", "at": ["23:57:31", "00:01:03"]},
        {"id": "off", "type": "display", "power": "off", "window": {"times": "00:02:20-00:02:26"}},
        {"id": "bar", "type": "overlay", "text": "千屏 مرحبا", "window": {"times": "23:56:10-23:56:30"}}],
    "alerts": [
        {"id": "taken", "kind": "takeover", "item": "taken",
         "from": "2026-07-17T23:59:05.48+08:00", "until": "2026-07-17T23:59:20+08:00"},
        {"id": "black", "kind": "blackout",
         "from": "2026-07-18T00:00:30+08:00", "until": "2026-07-18T00:00:40+08:00"},
        {"id": "alarm", "kind": "emergency", "item": "alarm", "text": "疏散 إخلاء",
         "from": "2026-07-18T00:01:20+08:00", "until": "2026-07-18T00:01:31+08:00"}]}
PAGE = {"layers": [{"type": "video", "file": "page.nut"},
                   {"type": "clock", "zone": "Asia/Shanghai", "y": "50%", "h": "50%"}]}


def instant(text):
    """Milliseconds."""
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def prepare(folder):
    stage = Stage(folder)
    for name, colour in COLOURS.items():
        clip(stage.media, f"{name}.nut", colour)
    put_json(stage.media, "page.json", PAGE)
    for item in SCHEDULE["rules"]:
        item.pop("item") if item.get("item", 1) is None else None
    put_json(folder, "schedule.json", SCHEDULE)
    return stage


def timeline(stage):
    end = datetime.datetime.fromisoformat(FROM) + datetime.timedelta(seconds=SECONDS + 30)
    done = run([program("qp"), "schedule", "timeline", os.path.join(stage.folder, "schedule.json"),
                "--screen", "s1", "--from", FROM, "--to", end.isoformat(), "--json"])
    if done.status:
        raise AssertionError(str(done))
    return json.loads(done.out)["stretches"]


def is_dark(ms):
    off = [instant(f"2026-07-18T00:02:{s}+08:00") for s in (20, 26)]
    return off[0] <= ms < off[1]


def wanted(stretches, ms):
    """(colour, frame of the clip) or black for the frame due at ms."""
    stretch = next(s for s in stretches if s["start_ms"] <= ms < s["end_ms"])
    if is_dark(ms) or stretch["layer"] == "blackout":
        return (0, 0), stretch
    position = ms - stretch["start_ms"] + stretch["offset_ms"]
    return (COLOURS[stretch["item"]], position * RATE // 1000 % LENGTH), stretch


def seen(folder, i):
    """The pixel in the corner of the i-th frame, and whether all are black. Of a PNG's filters none
    changes the first pixel or makes anything of black but zeros, so that none has to be undone."""
    with open(os.path.join(folder, f"frame-{i + 1:08d}.png"), "rb") as file:
        data = file.read()
    at, body = 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            head = struct.unpack_from(">IIBBBBB", data, at + 8)
            assert head == (WIDTH, HEIGHT, 8, 2, 0, 0, 0), head
        if kind == b"IDAT":
            body += data[at + 8:at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(body)
    line = 1 + 3 * WIDTH
    return raw[1:4], not any(any(raw[y * line + 1:(y + 1) * line]) for y in range(HEIGHT))


def check_all(folder):
    stage = prepare(folder)
    stretches = timeline(stage)
    ended, _ = stage.rehearse(FROM, SECONDS, read=False)
    if not tap.ok(ended.status == 0, "eight minutes are rehearsed", ended):
        return
    # Each picture is brought to the disk, which takes its time where there is one.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="qp-", dir=memory) as save:
        check_frames(stage, stretches, save)


def check_frames(stage, stretches, save):
    done = run([program("qp-wall"), "--wall", stage.wall_path, "--pcap", stage.capture, "--save", save,
                "--json"], 200)
    tap.ok(done.status == 0 and len(os.listdir(save)) == SECONDS * RATE, "and read back", done)
    begin = instant(stage.records()[0]["start"])
    wrong, black, met = [], [], set()
    for i in range(len(os.listdir(save))):
        ms = begin + i * 1000 // RATE
        plan, stretch = wanted(stretches, ms)
        corner, is_black = seen(save, i)
        code = corner[0], corner[1]
        met.add((stretch["layer"], stretch["rule"], stretch["item"]))
        if code != plan:
            wrong.append((datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(),
                          code, plan, stretch["item"]))
        if is_black != (plan == (0, 0)):
            black.append(i)
    tap.ok(not wrong, "every frame shows what the timeline names", "\n".join(map(str, wrong[:40])))
    tap.ok(not black, "black on purpose, and none otherwise", black)
    layers = {layer for layer, _, _ in met}
    rules = {name for _, name, _ in met}
    tap.ok(layers >= {"blackout", "emergency", "takeover", "interrupt", "schedule", "default"}
           and rules >= {"items", "loops", "late", "join", "share", "exact", "taken", "alarm"}
           and {item for _, _, item in met} >= set(COLOURS), "all kinds were there", met)
    check_log(stage, stretches, begin)


def check_log(stage, stretches, begin):
    """The log tells the same story as the timeline."""
    end = begin + SECONDS * 1000
    told = [(r["layer"], r["rule"], r["item"]) for r in stage.records()]
    plan = []
    for s in stretches:
        what = (s["layer"], s["rule"], s["item"])
        if s["end_ms"] <= begin or s["start_ms"] >= end:
            continue
        plan.append(what)
    tap.ok(told == plan, "and the log tells it", f"{told}\n{plan}")
    tap.ok(all(r["frames_expected"] == r["frames_presented"] for r in stage.records()),
           "without a frame too few or too many",
           [r for r in stage.records() if r["frames_expected"] != r["frames_presented"]])


def main():
    with temporary() as folder:
        tap.case("every kind of boundary", check_all, folder)
    tap.done()


if __name__ == "__main__":
    main()
