#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 480
"""qp-player run: a schedule by the clock, seen at the far end of the wire.

Clips carry their number and the number of the frame in their colours, so that each captured frame
says which instant of which clip it shows. Without pacing the clock of the run is exact; the runs
in real time look only at the order of things.
"""
import array
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import receive
import walls
from tap import (Skip, Tap, ffmpeg, lossless, player, program, put_json, run, start_player, temporary,
                 until)

WIDTH, HEIGHT, RATE, SECONDS = 64, 32, 25, 10
A, B = 200, 100
FIELDS = {"start", "end", "screen", "layer", "rule", "campaign", "item", "position_ms",
          "frames_expected", "frames_presented", "frames_dark", "clock", "reason"}
tap = Tap()


def clip(folder, name, colour):
    frames = [bytes([colour, i, 255 - i]) * (WIDTH * HEIGHT) for i in range(RATE * SECONDS)]
    return lossless(os.path.join(folder, name), frames, WIDTH, HEIGHT, RATE)


class Stage:
    """A folder with wall, clips, schedule."""

    def __init__(self, folder):
        self.folder = folder
        self.wall = walls.plain("ddp", width=WIDTH, height=HEIGHT)
        self.wall["refresh"] = RATE
        self.wall_path = put_json(folder, "wall.json", self.wall)
        self.media = os.path.join(folder, "media")
        os.mkdir(self.media)
        clip(self.media, "a.nut", A)
        clip(self.media, "b.nut", B)
        self.log = os.path.join(folder, "shown.jsonl")
        self.capture = os.path.join(folder, "out.pcapng")

    def schedule(self, rules, items=(), layouts=None, durations=None, **more):
        what = {i: {"file": f} for i, f in {"a": "a.nut", "b": "b.nut", **dict(items)}.items()}
        what.update({i: {"layout": f} for i, f in (layouts or {}).items()})
        return put_json(self.folder, "schedule.json", {
            "version": 1, "zone": "Asia/Shanghai",
            "screens": [{"id": "s1", "name": "One", "default": "fallback"}],
            "items": [{"id": i, **w, "duration_s": (durations or {}).get(i, SECONDS)}
                      for i, w in what.items()],
            "playlists": [{"id": "fallback", "entries": ["a"]}], "rules": rules, **more})

    def arguments(self, clock, *more):
        return ["run", "--wall", self.wall_path, "--schedule",
                os.path.join(self.folder, "schedule.json"), "--screen", "s1", "--media", self.media,
                "--clock", clock, "--link", f"pcap:{self.capture}", "--log", self.log, "--quiet",
                *more]

    def rehearse(self, clock, seconds, read=True):
        """Without pacing; returns how it ended and the canvases."""
        ended = player(*self.arguments(clock, "--unpaced", "--seconds", str(seconds)))
        return ended, self.canvases() if read and ended.status == 0 else []

    def canvases(self, lenient=False):
        received = receive.rebuild_file(walls.ports(self.wall), self.capture, lenient)
        port = walls.ports(self.wall)[0].id
        return [walls.canvas_of(self.wall, {port: f.cells}) for f in received[port].frames]

    def journal(self):
        """What the journal beside the log says: the newer of its two slots."""
        if not os.path.exists(f"{self.log}.now"):
            return ""
        with open(f"{self.log}.now", encoding="utf-8") as file:
            slots = [line.split(" ", 3) for line in file.read().strip("\0").splitlines()]
        return max(((int(s[1]), s[3]) for s in slots if len(s) == 4), default=(0, ""))[1]

    def records(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def top(canvas):
    """(clip, frame) by the pixel in the corner."""
    return canvas[0], canvas[1]


def rule(name, item, times, **more):
    return {"id": name, "item": item, "window": {"times": times}, **more}


DAY = [rule("night", "a", "08:00-09:00"), rule("day", "b", "09:00-17:00")]


def check_boundary(folder):
    stage = Stage(folder)
    stage.schedule(DAY)
    ended, shown = stage.rehearse("2026-07-17T08:59:56+08:00", 6)
    if not tap.ok(ended.status == 0 and len(shown) == 6 * RATE, "a schedule is played", ended):
        return
    codes = [top(c) for c in shown]
    before = [n for c, n in codes if c == A]
    after = [n for c, n in codes if c == B]
    # Both windows are whole multiples of the clips: the last frame of one comes before the hour.
    tap.ok(before == list(range(RATE * SECONDS - len(before), RATE * SECONDS)),
           "a clip is joined in progress and ends with the hour", before)
    tap.ok(150 <= before[0] < 200, "joined where the clock is", before)
    tap.ok(codes == [(A, n) for n in before] + [(B, n) for n in range(len(after))] and after,
           "the next begins on the frame of 09:00:00", codes)
    tap.ok(all(c != bytes(len(c)) for c in shown), "no dark frame")
    first, second = stage.records()
    tap.ok(set(first) == FIELDS and first["rule"] == "night" and first["item"] == "a"
           and first["layer"] == "schedule" and first["end"] == "2026-07-17T01:00:00.000Z"
           and first["position_ms"] == before[0] * 1000 // RATE
           and first["frames_expected"] == first["frames_presented"] == len(before),
           "the log tells the first", first)
    tap.ok(second["start"] == first["end"] and second["rule"] == "day"
           and second["position_ms"] == 0 and second["reason"] == "stopped"
           and second["frames_presented"] == len(after), "the log tells the second", second)


def check_cut(folder):
    """A boundary in the middle of an item, which is cut there."""
    stage = Stage(folder)
    stage.schedule([rule("night", "a", "08:00-09:00:03"), rule("day", "b", "09:00:03-17:00")])
    ended, shown = stage.rehearse("2026-07-17T09:00:01+08:00", 4)
    codes = [top(c) for c in shown]
    before = [n for c, n in codes if c == A]
    tap.ok(ended.status == 0 and before and before[-1] == 3 * RATE - 1
           and codes[len(before):] == [(B, n) for n in range(len(codes) - len(before))],
           "an item is cut on its frame", f"{ended}{codes}")
    tap.ok(stage.records()[0]["reason"] == "cut", "and the log says so", stage.records())


def check_display_and_bar(folder):
    stage = Stage(folder)
    stage.schedule([rule("all", "a", "08:00-17:00"),
                    {"id": "bar", "type": "overlay", "text": "MMMMMMMM",
                     "window": {"times": "09:00:02-09:00:04"}},
                    {"id": "off", "type": "display", "power": "off",
                     "window": {"times": "09:00:06-09:00:07"}}])
    ended, shown = stage.rehearse("2026-07-17T09:00:01+08:00", 8)
    if not tap.ok(ended.status == 0, "bar and display: plays", ended):
        return
    # Frame n of the clip is shown at 09:00:00 + n / 25 s; a dark frame in its place.
    first = top(shown[0])[1]
    place = {first + i: c for i, c in enumerate(shown)}
    dark = [n for n, c in place.items() if c == bytes(len(c))]
    tap.ok(dark == list(range(6 * RATE, 7 * RATE)), "off is dark, exactly as long", dark)
    lit = {n: c for n, c in place.items() if n not in dark}
    tap.ok(all(top(c) == (A, n) for n, c in lit.items()), "the clip goes on meanwhile")
    bottom = 3 * (HEIGHT - 2) * WIDTH
    barred = [n for n, c in lit.items() if c[bottom] != A]
    tap.ok(barred == list(range(2 * RATE, 4 * RATE)), "the bar is there exactly as long", barred)
    lower = 3 * (HEIGHT // 2) * WIDTH
    tap.ok(any(max(c[lower:]) > 250 for n, c in lit.items() if n in barred), "with letters in it")
    record = stage.records()[-1]
    tap.ok(record["frames_dark"] == RATE, "dark frames are told", record)


def check_brightness(folder):
    stage = Stage(folder)
    stage.schedule([rule("all", "a", "08:00-17:00"),
                    {"id": "dim", "type": "display", "brightness_percent": 0,
                     "window": {"times": "09:00:02-09:00:03"}}])
    ended, shown = stage.rehearse("2026-07-17T09:00:01+08:00", 4)
    if not tap.ok(ended.status == 0, "brightness: plays", ended):
        return
    first = top(shown[0])[1]
    dimmed = [first + i for i, c in enumerate(shown) if c[0] < A]
    tap.ok(dimmed == list(range(2 * RATE, 3 * RATE)), "the cap holds exactly as long", dimmed)


def check_nits(folder):
    """A cap in cd/m2 is a share of what the cabinets can give; each cap on its own frames."""
    stage = Stage(folder)
    for kind in stage.wall["types"].values():
        kind["peak_nits"] = 1000
    put_json(folder, "wall.json", stage.wall)
    caps = [{"brightness_percent": 50}, {"brightness_nits": 500}, {"brightness_nits": 2000}]
    stage.schedule([rule("all", "a", "08:00-17:00"),
                    *({"id": f"cap{i}", "type": "display", **cap,
                       "window": {"times": f"09:00:0{2 * i + 2}-09:00:0{2 * i + 3}"}}
                      for i, cap in enumerate(caps))])
    ended, shown = stage.rehearse("2026-07-17T09:00:01+08:00", 8)
    if not tap.ok(ended.status == 0, "caps: plays", ended):
        return
    first = next(i for i, c in enumerate(shown) if c[0] < A) - 2 * RATE
    red = {i - first: c[0] for i, c in enumerate(shown)}
    dimmed = [n for n, v in red.items() if v < A]
    tap.ok(dimmed == [*range(2 * RATE, 3 * RATE), *range(4 * RATE, 5 * RATE)],
           "percent and nits hold exactly as long; a cap above the peak is none", dimmed)
    half = [[red[n] for n in range(s * RATE, (s + 1) * RATE)] for s in (2, 4)]
    tap.ok(set(half[0]) == set(half[1]) and 0 < max(half[0]) < A, "and as much", half)
    start = round(1000 * (first / RATE))
    tap.ok(stage.records()[0]["position_ms"] % 10000 == -start, "on their seconds",
           (start, stage.records()[0]))


HEARD = """pcm.nothing {{ type null }}
pcm.heard {{ type file slave.pcm nothing file "{}" format raw }}
"""


def check_volume(folder):
    """Volume rules, as ALSA's file plug-in hears them. Samples are the clock: ramps lie as far from
    each other as the rules say, and nothing clicks."""
    stage = Stage(folder)
    heard = os.path.join(folder, "heard.raw")
    with open(os.path.join(folder, "asound.conf"), "w", encoding="utf-8") as file:
        file.write(HEARD.format(heard))
    ffmpeg("-f", "lavfi", "-i", f"color=s={WIDTH}x{HEIGHT}:r={RATE}:d={SECONDS}", "-f", "lavfi", "-i",
           f"aevalsrc=0.5|0.5:s=48000:d={SECONDS}", "-c:v", "ffv1", "-c:a", "pcm_s16le",
           os.path.join(stage.media, "tone.mkv"))
    stage.schedule([rule("all", "tone", "08:00-17:00"),
                    {"id": "low", "type": "display", "volume_percent": 25,
                     "window": {"times": "09:00:03-09:00:04"}},
                    {"id": "off", "type": "display", "power": "off",
                     "window": {"times": "09:00:05-09:00:06"}}], [("tone", "tone.mkv")])
    ended = player(*stage.arguments("2026-07-17T09:00:01+08:00", "--audio", "heard", "--seconds", "6"),
                   env={**os.environ, "ALSA_CONFIG_PATH": os.path.join(folder, "asound.conf")})
    samples = array.array("h")
    with open(heard, "rb") as file:
        samples.frombytes(file.read())
    left = samples[::2]
    full = max(left)
    tap.ok(ended.status == 0 and abs(full - 16384) < 10, "sound is heard", f"{ended}{full}")
    steps = max((abs(b - a) for a, b in zip(left, left[1:]) if a and b), default=0)
    tap.ok(steps <= full / 2400 + 3, "no step in it that one could hear", steps)
    low = [i for i, v in enumerate(left) if abs(v - full / 4) < 40]
    again = [i for i, v in enumerate(left) if low and i > low[0] and abs(v - full) < 40]
    tap.ok(low and again and 40000 < again[0] - low[0] < 56000,
           "a quarter for a second, then all of it", (low[:1], again[:1]))
    tap.ok(again and any(v == 0 for v in left[again[0]:]), "and a dark wall is silent")


def check_missing(folder):
    stage = Stage(folder)
    stage.schedule([{"id": "mix", "playlist": "three", "window": {"times": "08:00-17:00"}}],
                   [("gone", "gone.mp4"), ("torn", "torn.mp4")],
                   playlists=[{"id": "fallback", "entries": ["a"]},
                              {"id": "three", "entries": ["gone", "a", "b"]}])
    ended, shown = stage.rehearse("2026-07-17T09:00:01+08:00", 25)
    tap.ok(ended.status == 0 and "item gone: gone.mp4" in ended.err and "torn" in ended.err,
           "missing files are told", ended)
    tap.ok({r["item"] for r in stage.records()} == {"a", "b"} and len(shown) == 25 * RATE
           and {top(c)[0] for c in shown} == {A, B}, "and the others play", stage.records())


def check_beginning(folder):
    """Wherever between two frames the run begins, there is something to show on the first."""
    stage = Stage(folder)
    stage.schedule(DAY)
    for ms in range(1, 40, 3):
        ended, shown = stage.rehearse(f"2026-07-17T09:00:05.{ms:03d}+08:00", 0.2)
        if not (ended.status == 0 and len(shown) == 5 and all(top(c)[0] == B for c in shown)):
            tap.ok(False, "begins at any instant", f"{ms} ms after a frame\n{ended}")
            return
    tap.ok(True, "begins at any instant")


def check_broken(folder):
    """A file that is there but no clip: found when it is opened, while the item before it is on,
    and left out. The wall shows the timeline without it from the next frame on, in every rehearsal
    and on every machine."""
    stage = Stage(folder)
    with open(os.path.join(stage.media, "torn.mp4"), "wb") as file:
        file.write(b"no clip" * 1000)
    stage.schedule([{"id": "mix", "playlist": "mix", "window": {"times": "08:59:53-17:00"}}],
                   [("torn", "torn.mp4")],
                   playlists=[{"id": "fallback", "entries": ["a"]},
                              {"id": "mix", "entries": ["torn", "b", "a"]}])
    # 09:00:05 is 2 s into b. At 09:00:13 a begins and torn is opened: without it b begins there.
    ended, shown = stage.rehearse("2026-07-17T09:00:05+08:00", 30)
    codes = [top(c) for c in shown]
    whole = RATE * SECONDS
    first = codes[0][1] if codes else 0
    wanted = [(B, n) for n in range(first, whole)] + [(A, 0)] + [(B, n) for n in range(1, whole)]
    while len(wanted) < 30 * RATE:
        wanted += [(B if wanted[-1][0] == A else A, n) for n in range(whole)]
    tap.ok(ended.status == 0 and "torn.mp4" in ended.err, "a broken file is told", ended)
    tap.ok(2 * RATE <= first < 4 * RATE and codes == wanted[:30 * RATE],
           "the timeline without it is on from the next frame on", f"{ended}{codes}")
    tap.ok([r["item"] for r in stage.records()] == ["b", "a", "b", "a", "b"][:len(stage.records())]
           and stage.records()[1]["reason"] == "replaced", "and the log tells it", stage.records())


def corners(canvas):
    """(clip, frame) at the left and at the right end of the first line."""
    right = 3 * (WIDTH - 1)
    return top(canvas), (canvas[right], canvas[right + 1])


def check_layout(folder):
    """A layout as an item: joined in progress, its media at the exact picture, ending exactly."""
    stage = Stage(folder)
    os.mkdir(os.path.join(stage.media, "pages"))
    for name, colour in (("a", A), ("b", B)):  # NUT says a length that is one frame short
        clip(os.path.join(stage.media, "pages"), f"{name}.mkv", colour)
    layers = [{"type": "zone", "playlist": ["a.mkv", {"file": "b.mkv", "duration": 4}],
               "w": "50%"},
              {"type": "video", "file": "b.mkv", "x": "50%", "w": "50%"},
              {"type": "solid", "color": "#0000ff", "y": "50%", "h": "50%"}]
    put_json(os.path.join(stage.media, "pages"), "news.json", {"layers": layers})
    stage.schedule([{"id": "mix", "playlist": "mix", "window": {"times": "08:59:40-17:00"}}],
                   playlists=[{"id": "fallback", "entries": ["a"]},
                              {"id": "mix", "entries": [{"item": "page", "duration_s": 30}, "b"]}],
                   layouts={"page": "pages/news"})
    ended, shown = stage.rehearse("2026-07-17T09:00:05+08:00", 30)
    if not tap.ok(ended.status == 0 and len(shown) == 30 * RATE, "a layout plays", ended):
        return
    codes = [corners(c) for c in shown]
    first = codes[0][1][1]  # of b in its endless loop of 250 frames, 25 s into the page
    start = 2 * RATE * SECONDS + first  # frames since 08:59:40

    def wanted(i):
        if 30 * RATE <= i < 40 * RATE:  # the clip after the page
            return (B, i - 30 * RATE), (B, i - 30 * RATE)
        i = i if i < 30 * RATE else i - 40 * RATE
        left = i % (14 * RATE)  # 10 s of a, 4 s of b
        return ((A, left) if left < 10 * RATE else (B, left - 10 * RATE)), (B, i % (10 * RATE))

    plan = [wanted(start + i) for i in range(len(codes))]
    wrong = [(i, codes[i], plan[i]) for i in range(len(codes)) if codes[i] != plan[i]]
    tap.ok(125 <= first < 175 and not wrong, "every picture of it is the exact one", wrong[:20])
    blue = 3 * (HEIGHT - 1) * WIDTH
    tap.ok(all(c[blue:blue + 3] == b"\0\0\xff" for c in shown[:30 * RATE - start])
           and all(c[blue:blue + 2] != b"\0\0" for c in shown[30 * RATE - start:40 * RATE - start]),
           "all of it ends on its frame")
    tap.ok([r["item"] for r in stage.records()] == ["page", "b", "page"]
           and all(r["frames_expected"] == r["frames_presented"] for r in stage.records()),
           "and the log tells it", stage.records())


def check_broken_layouts(folder):
    """Told and left out: an error in the file, a zone without anything to play, no file."""
    stage = Stage(folder)
    files = {"typo": {"layers": [{"type": "vidoe", "file": "a.nut"}]},
             "hole": {"layers": [{"type": "video", "file": "gone.mp4", "h": "50%"},
                                 {"type": "video", "file": "a.nut", "y": "50%", "h": "50%"}]},
             "main": {"layers": [{"type": "zone", "playlist": "main"}]}}
    for name, layout in files.items():
        put_json(stage.media, f"{name}.json", layout)
    stage.schedule([{"id": "mix", "playlist": "mix", "window": {"times": "08:00-17:00"}}],
                   playlists=[{"id": "fallback", "entries": ["a"]},
                              {"id": "mix", "entries": ["typo", "b", "hole", "main", "none", "up"]}],
                   layouts={**{n: n for n in files}, "none": "none", "up": "../up"})
    ended, shown = stage.rehearse("2026-07-17T09:00:05+08:00", 60)
    words = ("layers[0].type", "gone.mp4", "hole.json", "main.json", "none.json", "below the media")
    tap.ok(ended.status == 0 and all(w in ended.err for w in words), "broken layouts are told", ended)
    tap.ok(len(shown) == 60 * RATE and {top(c)[0] for c in shown} == {B}
           and {r["item"] for r in stage.records()} == {"b"}, "and never leave the wall dark",
           stage.records())


def check_page_clocks(folder):
    """Tickers and clocks of a layout are functions of time: who joins in progress sees the same."""
    stage = Stage(folder)
    layers = [{"type": "solid", "color": "#204060"},
              {"type": "ticker", "text": "千屏联动 qianping مرحبا", "h": "50%", "speed": 37},
              {"type": "clock", "zone": "Asia/Shanghai", "y": "50%", "h": "25%"},
              {"type": "countdown", "to": "2026-07-17T10:00:00+08:00", "y": "75%", "h": "25%"}]
    put_json(stage.media, "info.json", {"layers": layers})
    stage.schedule([{"id": "page", "item": "page", "window": {"times": "09:00-10:00"}}],
                   layouts={"page": "info"}, durations={"page": 3600})
    _, early = stage.rehearse("2026-07-17T09:20:00+08:00", 4)
    _, late = stage.rehearse("2026-07-17T09:20:01.500+08:00", 1)
    at = [i for i in range(len(early)) if early[i:i + len(late)] == late]
    tap.ok(len(early) == 4 * RATE and len(late) == RATE and len(set(early)) == len(early) and
           len(at) == 1 and 30 <= at[0] <= 60, "tickers and clocks go by the clock", at)


def check_safe_slide(folder):
    stage = Stage(folder)
    stage.schedule([], screens=[{"id": "s1", "name": "One"}], playlists=[])
    ended, shown = stage.rehearse("2026-07-17T09:00:00+08:00", 1)
    tap.ok(ended.status == 0 and shown and all(max(c[:3]) > 0 for c in shown),
           "with nothing to show the safe slide is there", ended)
    record = stage.records()[-1]
    tap.ok(record["item"] is None and record["layer"] == "safe", "and told", record)


def check_real_time(folder):
    """Paced: order, SIGHUP with a broken and with a good schedule, the end by SIGTERM."""
    stage = Stage(folder)
    path = stage.schedule(DAY)
    with start_player(*stage.arguments("2026-07-17T08:59:58+08:00")) as process:
        until(lambda: os.path.exists(stage.log) and stage.records(), what="the first record")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"version": 1, "screens": [')
        process.process.send_signal(signal.SIGHUP)
        until(lambda: "that is playing stays" in process.errors(), what="the refusal")
        tap.ok(process.is_running() and len(stage.records()) == 1,
               "a broken schedule changes nothing", process.errors())
        stage.schedule([rule("other", "a", "08:00-17:00")])
        process.process.send_signal(signal.SIGHUP)
        replaced = until(lambda: [r for r in stage.records() if r["reason"] == "replaced"],
                         what="the new schedule")
        tap.ok(replaced[0]["rule"] == "day", "a good one takes its place", replaced)
        ended = process.stop()
    tap.ok(ended.status == 0, "ends in order", ended)
    records, shown = stage.records(), stage.canvases()
    tap.ok([r["rule"] for r in records] == ["night", "day", "other"]
           and records[-1]["reason"] == "stopped", "everything is in the log", records)
    clips = [top(c)[0] for c in shown]
    order = [c for i, c in enumerate(clips) if i == 0 or clips[i - 1] != c]
    tap.ok(order == [A, B, A], "the wall showed them in this order, never anything else", order)


def check_killed(folder):
    """SIGKILL leaves whole lines; a torn end is cut off, what was on is told, the log goes on."""
    stage = Stage(folder)
    stage.schedule(DAY)
    with start_player(*stage.arguments("2026-07-17T08:59:58+08:00")) as process:
        until(lambda: os.path.exists(stage.log) and os.path.getsize(stage.log), what="a record")
        until(lambda: '"rule":"day"' in stage.journal(), what="the journal of the next")
        process.stop(sig=signal.SIGKILL)
    with open(stage.log, "rb") as file:
        data = file.read()
    tap.ok(data.endswith(b"\n") and [r["rule"] for r in stage.records()] == ["night"],
           "a killed player leaves whole lines", data)
    with open(stage.log, "ab") as file:
        file.write(b'{"start": "20')
    ended, _ = stage.rehearse("2026-07-17T10:00:01+08:00", 1)
    records = stage.records()
    tap.ok(ended.status == 0 and [(r["rule"], r["reason"]) for r in records] ==
           [("night", "ended"), ("day", "killed"), ("day", "stopped")],
           "a torn line is cut off and the log goes on", f"{ended}{records}")
    killed = records[1]
    tap.ok(killed["start"] == records[0]["end"] < killed["end"] and killed["frames_presented"] > 0
           and killed["item"] == "b", "what was on at the kill is told up to there", killed)


FULL = 'mount -t tmpfs -o size=4096 none "$0" && { cat /dev/zero > "$0/fill"; "$@"; }'


def check_full_disk(folder):
    """In a mount namespace of its own, so that nothing is left behind."""
    stage = Stage(folder)
    stage.schedule(DAY)
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    try:
        probe = run(["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=4096", "none", disk])
    except OSError as error:
        raise Skip(str(error)) from None
    if probe.status:
        raise Skip("this user may not mount")
    stage.log = os.path.join(disk, "shown.jsonl")
    ended = run(["unshare", "-m", "sh", "-c", FULL, disk, program("qp-player"),
                 *stage.arguments("2026-07-17T08:59:58+08:00", "--unpaced", "--seconds", "20")], 60)
    shown = stage.canvases()
    tap.ok(ended.status == 0 and len(shown) == 20 * RATE, "a full disk does not stop the show",
           ended)
    tap.ok("records were not written" in ended.err and "No space left" in ended.err,
           "and is told", ended)


def check_refused(folder):
    stage = Stage(folder)
    stage.schedule(DAY)
    base = ["run", "--wall", stage.wall_path, "--schedule",
            os.path.join(folder, "schedule.json"), "--media", stage.media, "--check"]
    cases = [("an unknown screen", [*base, "--screen", "s9"], 1, ('no screen "s9"', "s1")),
             ("no screen", base, 2, ("--screen is missing",)),
             ("a clock that is none", [*base, "--screen", "s1", "--clock", "9 o'clock"], 2,
              ("--clock", "2026-07-17T08:59:50Z")),
             ("a clock without a zone", [*base, "--screen", "s1", "--clock", "2026-07-17T08:59:50"],
              2, ("--clock",)),
             ("a log that is a folder", [*base[:-1], "--screen", "s1", "--log", folder], 1,
              (folder,)),
             ("media files", [*base, "--screen", "s1", "x.mp4"], 2, ("the schedule says",))]
    for name, arguments, status, words in cases:
        ended = player(*arguments)
        tap.ok(ended.status == status and all(w in ended.err for w in words),
               f"refused: {name}", ended)
    good = player(*base, "--screen", "s1")
    tap.ok(good.status == 0, "--check of a good one", good)
    stage.schedule([rule("day", "nothing", "09:00-17:00"), rule("day", "a", "25:00-26:00")])
    ended = player(*base, "--screen", "s1")
    tap.ok(ended.status == 1 and "rules[0]" in ended.err and "rules[1]" in ended.err,
           "refused: a schedule with errors, all of them named", ended)


def main():
    for name, function in (("the boundary of a day", check_boundary), ("a cut", check_cut),
                           ("bar and display", check_display_and_bar),
                           ("brightness", check_brightness), ("nits", check_nits),
                           ("volume", check_volume), ("missing", check_missing),
                           ("broken", check_broken), ("a layout", check_layout),
                           ("broken layouts", check_broken_layouts),
                           ("clocks of a layout", check_page_clocks),
                           ("any beginning", check_beginning),
                           ("safe slide", check_safe_slide),
                           ("in real time", check_real_time), ("killed", check_killed),
                           ("a full disk", check_full_disk), ("refused", check_refused)):
        with temporary() as folder:
            tap.case(name, function, folder)
    tap.done()


if __name__ == "__main__":
    main()
