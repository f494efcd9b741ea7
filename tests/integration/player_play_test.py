#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""What qp-player play shows, frame by frame: playlists, fades, loops, cadences, exact lengths.

Nearly all of it without pacing into a capture, where every frame counts whatever the machine does.
"""
import json
import os
import random
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import receive
import walls
from tap import (Tap, get_json, lossless, player, program, Program, put_json, solid, start_player,
                 temporary, until)

WIDTH, HEIGHT = 64, 32
tap = Tap()


def wall_of(folder, refresh=60, **processing):
    return put_json(folder, "wall.json",
                    walls.plain(width=WIDTH, height=HEIGHT, refresh=refresh, **processing))


def show(folder, *arguments, refresh=60, status=0, **processing):
    """Play into a capture; the frames as RGB canvases."""
    wall, capture = wall_of(folder, refresh, **processing), os.path.join(folder, "o.pcapng")
    ended = player("play", "--wall", wall, "--unpaced", "--link", f"pcap:{capture}",
                   "--stats", os.path.join(folder, "stats.json"), *arguments)
    assert ended.status == status, str(ended)
    description = get_json(wall)
    frames = receive.rebuild_file(walls.ports(description), capture)["p"].frames
    return [walls.canvas_of(description, {"p": f.cells}) for f in frames], ended


def noise(folder, name, n, rate, seed):
    draw = random.Random(seed)
    frames = [draw.randbytes(3 * WIDTH * HEIGHT) for _ in range(n)]
    return lossless(os.path.join(folder, name), frames, WIDTH, HEIGHT, rate), frames


def runs(values):
    """[(value, how often in a row)]"""
    out = []
    for value in values:
        if out and out[-1][0] == value:
            out[-1][1] += 1
        else:
            out.append([value, 1])
    return [tuple(run) for run in out]


# --- playlists ----------------------------------------------------------------------------------

# name: colour, seconds, and how it is made. Lengths are whole frames at 60 Hz.
CLIPS = {
    "h264.mp4": ("c04040", 0.5, dict(width=128, height=64, rate=60, codec="libx264",
                                     more=("-pix_fmt", "yuv420p"))),
    "mpeg4.avi": ("40c040", 0.4, dict(width=96, height=48, rate=25, codec="mpeg4")),
    "ffv1.mkv": ("4040c0", 0.5, dict(width=64, height=32, rate=30, codec="ffv1")),
    "vp9.webm": ("c0c040", 0.5, dict(width=200, height=100, rate=24, codec="libvpx-vp9")),
    "mpeg2.ts": ("40c0c0", 0.4, dict(width=160, height=80, rate=50, codec="mpeg2video")),
    "prores.mov": ("c040c0", 0.5, dict(width=64, height=32, rate=60, codec="prores_ks")),
    "motion.gif": ("808080", 0.4, dict(width=64, height=32, rate=10, more=(
        "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse"))),
}


def rgb_of(colour):
    return tuple(bytes.fromhex(colour))


def name_of(frame, tolerance=14):
    """Which clip's colour a frame shows; None: none of them, all over."""
    n = len(frame) // 3
    mean = [sum(frame[k::3]) / n for k in range(3)]
    if any(max(frame[k::3]) - min(frame[k::3]) > tolerance for k in range(3)):
        return None
    for name, (colour, _, _) in CLIPS.items():
        if all(abs(a - b) <= tolerance for a, b in zip(mean, rgb_of(colour))):
            return name
    return None


def light(frame):
    return sum(frame) / len(frame)


def make_clips(folder):
    paths = []
    for name, (colour, seconds, how) in CLIPS.items():
        paths.append(solid(os.path.join(folder, name), colour, seconds, **how))
    broken = os.path.join(folder, "broken.mp4")
    with open(paths[0], "rb") as file, open(broken, "wb") as out:
        out.write(file.read()[:200])
    return paths[:3] + [broken] + paths[3:]


def check_playlist():
    with temporary() as folder:
        paths = make_clips(folder)
        frames, ended = show(folder, "--loop", "--frames", 400, *paths)
    darkest = min(sum(rgb_of(colour)) / 3 for colour, _, _ in CLIPS.values())
    names = [name_of(f) for f in frames]
    tap.ok(len(frames) == 400 and min(map(light, frames)) >= darkest - 8,
           "a playlist of every codec has no dark frame",
           f"darkest frame {min(map(light, frames)):.1f}, darkest clip {darkest:.1f}")
    tap.ok(None not in names, "every frame is one clip's colour",
           f"first other: {names.index(None) if None in names else '-'}; {runs(names)}")
    order = [name for name, _ in runs(names)]
    want = (list(CLIPS) * 3)[:len(order)]
    tap.ok(order == want and len(order) > len(CLIPS), "all clips in order, then from the beginning",
           runs(names))
    # The last one is cut by --frames.
    wrong = [(name, n) for name, n in runs(names)[:-1] if n != round(60 * CLIPS[name][1])]
    tap.ok(not wrong, "each for exactly its length", wrong)
    tap.ok("broken.mp4" in ended.err and "skipped" in ended.err, "the broken one is named", ended)


def check_fade():
    """A cross-fade of D seconds has round(D x rate) frames between the two pictures."""
    for seconds, wanted in ((0.5, 30), (0.33, 20)):
        with temporary() as folder:
            first = solid(os.path.join(folder, "a.mkv"), "e02020", 1, WIDTH, HEIGHT, codec="ffv1",
                          more=("-pix_fmt", "bgr0"))
            second = solid(os.path.join(folder, "b.mkv"), "20e020", 1, WIDTH, HEIGHT, codec="ffv1",
                           more=("-pix_fmt", "bgr0"))
            layout = put_json(folder, "layout.json", {"layers": [
                {"type": "zone", "playlist": "main",
                 "transition": {"type": "cross-fade", "seconds": seconds}}]})
            frames, _ = show(folder, "--layout", layout, first, second)
        red = [f[0] for f in frames]
        between = [v for v in red if red[-1] < v < red[0]]
        tap.ok(len(between) == wanted and between == sorted(between, reverse=True)
               and len(set(between)) == wanted,
               f"a cross-fade of {seconds} s has {wanted} frames, each a step further",
               f"{len(between)}: {red}")
        tap.ok(len(frames) == 120 - wanted, f"a cross-fade of {seconds} s overlaps both clips",
               len(frames))
        tap.ok(min(map(light, frames)) >= 0.9 * min(map(light, (frames[0], frames[-1]))), f"a cross-fade of {seconds} s never dips to black")


def check_wipe():
    """The edge of a wipe of 0.2 s takes 12 frames over the canvas, and goes one way."""
    with temporary() as folder:
        clips = [solid(os.path.join(folder, name), colour, 1, WIDTH, HEIGHT, codec="ffv1",
                       more=("-pix_fmt", "bgr0"))
                 for name, colour in (("a.mkv", "e02020"), ("b.mkv", "20e020"))]
        layout = put_json(folder, "layout.json", {"layers": [
            {"type": "zone", "playlist": "main",
             "transition": {"type": "wipe-right", "seconds": 0.2}}]})
        frames, _ = show(folder, "--layout", layout, *clips)
    share = [sum(f[:3 * WIDTH:3]) for f in frames]
    between = [v for v in share if share[-1] < v < share[0]]
    tap.ok(len(between) == 12 and between == sorted(between, reverse=True)
           and len(set(between)) == 12, "a wipe of 0.2 s has 12 frames, each a step further", share)


# --- loops and cadences -------------------------------------------------------------------------

def codes(shown, *clips):
    """(clip, frame) of every frame shown."""
    where = {frame: (i, k) for i, frames in enumerate(clips) for k, frame in enumerate(frames)}
    return [where.get(frame) for frame in shown]


def check_loops():
    with temporary() as folder:
        path, frames = noise(folder, "a.nut", 24, 60, "a")
        got = codes(show(folder, "--loop", "--frames", 100, path)[0], frames)
        tap.ok(got == [(0, i % 24) for i in range(100)], "a clip loops without a gap", got)
        other, more = noise(folder, "b.nut", 17, 60, "b")
        got = codes(show(folder, "--loop", "--frames", 200, path, other)[0], frames, more)
        once = [(0, i) for i in range(24)] + [(1, i) for i in range(17)]
        tap.ok(got == (once * 5)[:200], "two clips loop without a gap or a repeated frame", got)
        got = codes(show(folder, path, other)[0], frames, more)
        tap.ok(got == once, "a playlist shows each frame once and ends", got)
        single, one = noise(folder, "c.nut", 1, 60, "c")
        got = codes(show(folder, path, single, other)[0], frames, one, more)
        tap.ok(got == once[:24] + [(1, 0)] + [(2, i) for i in range(17)],
               "a clip of one frame is shown for one frame", got)


def check_cadence(source, refresh, period, shown_runs):
    """Run lengths repeat after `period` source frames: shown_runs, at any phase."""
    with temporary() as folder:
        path, frames = noise(folder, "a.nut", 10 * period + 3, source, source)
        got = codes(show(folder, path, refresh=refresh)[0], frames)
    name = f"{source} pictures a second at {refresh} Hz"
    numbers = [k for _, k in got if _ is not None] if None not in got else []
    if not tap.ok(numbers == sorted(numbers) and numbers, f"{name}: in order", got):
        return
    counts = [numbers.count(k) for k in range(len(frames))][period:-period]
    rotated = [shown_runs[i:] + shown_runs[:i] for i in range(period)]
    tap.ok(any(all(n == r[i % period] for i, n in enumerate(counts)) for r in rotated),
           f"{name}: a regular cadence of {shown_runs}", counts)


def check_lengths():
    with temporary() as folder:
        path, _ = noise(folder, "a.nut", 24, 60, "a")
        for options, wanted in ((("--frames", 7), 7), (("--seconds", 0.3), 18),
                                (("--frames", 9, "--seconds", 0.5), 9),
                                (("--frames", 90, "--seconds", 0.5), 30)):
            shown = len(show(folder, "--loop", *options, path)[0])
            counted = get_json(os.path.join(folder, "stats.json"))
            tap.ok(shown == wanted and counted["frames"] == wanted
                   and counted["ports"][0]["frames"] == wanted,
                   f"{' '.join(map(str, options))}: exactly {wanted} frames",
                   f"{shown} shown, {counted}")
        ended = player("pattern", "--wall", wall_of(folder), "--name", "grid", "--frames", 5,
                       "--unpaced", "--link", f"pcap:{folder}/p.pcapng")
        tap.ok(ended.status == 0 and " 5 frames" in ended.err, "pattern --frames 5", ended)


def check_brightness():
    with temporary() as folder:
        path = solid(os.path.join(folder, "a.png"), "808080", 1, WIDTH, HEIGHT,
                     more=("-frames:v", 1))
        dimmed, _ = show(folder, "--frames", 2, "--brightness", 50, path)
        tap.ok({b for f in dimmed for b in f} == {64}, "--brightness 50: the frame path halves",
               set(dimmed[0]))
        dark, _ = show(folder, "--frames", 2, "--brightness", 0, path)
        tap.ok({b for f in dark for b in f} == {0}, "--brightness 0: dark", set(dark[0]))
        wall, capture = wall_of(folder, dimmer="card"), os.path.join(folder, "card.pcapng")
        player("play", "--wall", wall, "--unpaced", "--frames", 2, "--brightness", 50, "--link",
               f"pcap:{capture}", path)
        frames = receive.rebuild_file(walls.ports(get_json(wall)), capture)["p"].frames
        tap.ok({f.brightness for f in frames} == {128} and set(frames[0].cells) == {128},
               "--brightness 50: the card halves, and only the card",
               [f.brightness for f in frames])


# --- the service --------------------------------------------------------------------------------

def check_notify():
    """READY once light is on the wall, then the watchdog, then STOPPING."""
    with temporary() as folder:
        box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        box.bind(os.path.join(folder, "notify"))
        box.settimeout(20)
        env = {**os.environ, "NOTIFY_SOCKET": os.path.join(folder, "notify"),
               "WATCHDOG_USEC": "300000"}
        env.pop("WATCHDOG_PID", None)
        path, _ = noise(folder, "a.nut", 24, 60, "a")
        told = []

        def wait_for(word, n=1):
            while sum(word in message for message in told) < n:
                told.append(box.recv(4096).decode())

        with start_player("play", "--wall", wall_of(folder), "--loop", "--link",
                          f"pcap:{folder}/o.pcapng", path, env=env) as process:
            wait_for("READY=1")
            until(lambda: os.path.getsize(os.path.join(folder, "o.pcapng")) > 10000,
                  what="a frame in the capture")
            wait_for("WATCHDOG=1", 5)
            ended = process.stop()
        box.setblocking(False)
        try:
            while True:
                told.append(box.recv(4096).decode())
        except BlockingIOError:
            box.close()
    tap.ok(sum("READY=1" in m for m in told) == 1, "systemd hears READY once, and frames leave",
           told)
    tap.ok(sum("WATCHDOG=1" in m for m in told) >= 5, "and the watchdog is fed", told)
    tap.ok(any("STOPPING=1" in m for m in told) and ended.status == 0, "and STOPPING at the end",
           f"{told} {ended}")


def check_local():
    """In real time to qp-wall over its socket: nothing torn, nothing missing."""
    with temporary() as folder:
        path, _ = noise(folder, "a.nut", 24, 60, "a")
        wall, sock = wall_of(folder), os.path.join(folder, "wall.sock")
        with Program([program("qp-wall"), "--wall", wall, "--listen", f"local:{sock}", "--frames",
                      "60", "--json"]) as shown:
            until(lambda: os.path.exists(sock) or not shown.is_running(), what="qp-wall's socket")
            with start_player("play", "--wall", wall, "--loop", "--link", f"local:{sock}",
                              path) as process:
                seen = shown.wait(60)
                ended = process.stop()
        tap.ok(ended.status == 0 and seen.status == 0, "to the virtual wall: both end in order",
               f"{ended} {seen}")
        figures = json.loads(seen.out)["totals"]
        tap.ok(figures["frames"] >= 60 and figures["torn"] == figures["rows_missing"]
               == figures["malformed"] == 0, "to the virtual wall: whole frames", figures)


def check_restart_sequence():
    """The player may be killed and started again at once; the capture begins anew and is whole."""
    with temporary() as folder:
        path, frames = noise(folder, "a.nut", 24, 60, "a")
        capture = os.path.join(folder, "o.pcapng")
        with start_player("play", "--wall", wall_of(folder), "--loop", "--link",
                          f"pcap:{capture}", path) as process:
            until(lambda: os.path.exists(capture) and os.path.getsize(capture) > 100000,
                  what="some frames")
            killed = process.stop(sig=signal.SIGKILL)
        cut = receive.rebuild_file(walls.ports(get_json(wall_of(folder))), capture)["p"].frames
        got = codes(show(folder, path)[0], frames)
    tap.ok(killed.status == -signal.SIGKILL and cut, "killed: the capture so far can be read")
    tap.ok(got == [(0, i) for i in range(24)], "started again: plays as ever", got)


def main():
    started = time.monotonic()
    tap.case("playlist", check_playlist)
    tap.case("cross-fade", check_fade)
    tap.case("wipe", check_wipe)
    tap.case("loops", check_loops)
    for cadence in ((50, 60, 5, [1, 1, 1, 1, 2]), (24, 60, 2, [2, 3]), (30, 60, 1, [2]),
                    (25, 50, 1, [2]), (60, 50, 6, [1, 1, 1, 1, 1, 0]),
                    ("60000/1001", "60000/1001", 1, [1])):
        tap.case(f"cadence {cadence[:2]}", check_cadence, *cadence)
    tap.case("lengths", check_lengths)
    tap.case("brightness", check_brightness)
    tap.case("systemd", check_notify)
    tap.case("virtual wall", check_local)
    tap.case("killed", check_restart_sequence)
    print(f"# {time.monotonic() - started:.0f} s")
    tap.done()


if __name__ == "__main__":
    main()
