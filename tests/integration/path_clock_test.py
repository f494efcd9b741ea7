#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Frames are latched on the lattice n x period of TAI, by every player alike.

The kernel's time of arrival at the far end of a veth pair says when. Nothing is asked of a single
frame, as the machine may be busy: of many, half must be near their instant.
"""
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import time
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import netns
import receive
import walls
from tap import Tap, Skip, get_json, player, program, put_json, start_player, temporary, until

NEAR_MS = 2
CLOCK_TAI = 11
tap = Tap()


def kernel_offset():
    """TAI - UTC as the kernel knows it, 0 where nobody told it."""
    class Spec(ctypes.Structure):
        _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]

    tai, libc = Spec(), ctypes.CDLL(None)
    libc.clock_gettime(CLOCK_TAI, ctypes.byref(tai))
    return round(tai.s + tai.ns / 1e9 - time.time())


def listed_offset():
    """The last entry of tzdata's list."""
    for path in ("/usr/share/zoneinfo/leap-seconds.list",):
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                lines = [line.split() for line in file if line.strip() and line[0] != "#"]
            # Seconds since 1900, and the offset from then on.
            now = time.time() + 2208988800
            return max((int(at), int(offset)) for at, offset, *_ in lines if int(at) <= now)[1]
    raise Skip("tzdata brings no leap-seconds.list")


def tai_offset_ns():
    return (kernel_offset() or listed_offset()) * 1_000_000_000


def on_lattice(time_ns, rate, offset_ns):
    """Nearest n, and how long behind it in ms."""
    period = Fraction(1_000_000_000) / rate
    n = round(Fraction(time_ns + offset_ns) / period)
    return n, float(time_ns + offset_ns - n * period) / 1e6


def frames_of(wall, packets):
    return receive.rebuild(walls.ports(wall)[0], packets, lenient=True).frames


def check_phase(wires, text, rate):
    """Latches lie on the lattice of this rate."""
    wall = walls.plain(width=32, height=16, refresh=text)
    with temporary() as folder:
        with wires.wall_side():
            sniffer = receive.Sniffer("wall0")
        stats = os.path.join(folder, "stats.json")
        ended = player("pattern", "--wall", put_json(folder, "wall.json", wall), "--name", "bar",
                       "--frames", 50, "--stats", stats)
        packets = sniffer.stop()
        counted = get_json(stats)
    frames, offset = frames_of(wall, packets), tai_offset_ns()
    at = [on_lattice(f.time, rate, offset) for f in frames]
    tap.ok(ended.status == 0 and counted["frames"] == 50, f"{text} Hz: plays 50 frames", ended)
    phase = statistics.median(ms for _, ms in at)
    tap.ok(-0.5 <= phase <= NEAR_MS, f"{text} Hz: latched at n x period of TAI",
           f"median {phase:.3f} ms, {sorted(round(ms, 2) for _, ms in at)}")
    # The bar's place is n modulo the width: what n the player meant.
    port = walls.ports(wall)[0]
    right = [bar_place(port, f) == n % 32 for f, (n, ms) in zip(frames, at) if abs(ms) < NEAR_MS]
    tap.ok(right and all(right), f"{text} Hz: frame n is shown at n x period",
           f"{sum(right)} of {len(right)}")


def bar_place(port, frame):
    """Column of the first lit pixel behind a dark one: where the 8 pixels wide bar begins."""
    lit = {cell[0] for i, cell in enumerate(port.cells) if frame.cells[3 * i]}
    return next((x for x in sorted(lit) if (x - 1) % 32 not in lit), None)


def check_two_players(wires):
    """Started at different times they show the same at the same time, dither included."""
    wall = walls.plain(width=32, height=16, refresh=24, input="srgb", output_curve=True, dither=True,
                       brightness=0.37)
    second = {**wall, "outputs": [{**wall["outputs"][0], "link": walls.link("colorlight-5a", 1)}]}
    with temporary() as folder:
        paths = [put_json(folder, f"wall{i}.json", w) for i, w in enumerate((wall, second))]
        with wires.wall_side():
            sniffers = [receive.Sniffer(f"wall{i}") for i in range(2)]
        with start_player("pattern", "--wall", paths[0], "--name", "bar") as a:
            until(lambda: len(sniffers[0].packets) > 200, what="the first player's frames")
            with start_player("pattern", "--wall", paths[1], "--name", "bar") as b:
                until(lambda: len(sniffers[1].packets) > 40 * 20, 30, "the second player's frames")
                ends = [a.stop(), b.stop()]
        captures = [s.stop() for s in sniffers]
    tap.ok([e.status for e in ends] == [0, 0], "two players: both end in order", ends)
    offset = tai_offset_ns()
    shown = [{n: f.cells for f in frames_of(wall, packets)
              for n, ms in [on_lattice(f.time, Fraction(24), offset)] if abs(ms) < 10}
             for packets in captures]
    common = sorted(shown[0].keys() & shown[1].keys())
    same = [shown[0][n] == shown[1][n] for n in common]
    tap.ok(len(same) >= 10 and all(same), "two players: the same frames at the same time",
           f"{sum(same)} of {len(same)}")
    tap.ok(len({shown[0][n] for n in common}) >= 10, "two players: and not always the same one")


def check_other_monotonic(wires):
    """CLOCK_MONOTONIC begins anywhere: in a time namespace it is three days ahead."""
    if not shutil.which("unshare"):
        raise Skip("unshare is not installed")
    inside = ["unshare", "--time", "--monotonic", "259200", "--fork"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        raise Skip("no right to make a time namespace")
    wall = walls.plain(width=32, height=16, refresh=50)
    with temporary() as folder:
        path = put_json(folder, "wall.json", wall)
        with wires.wall_side():
            sniffer = receive.Sniffer("wall0")
        ended = subprocess.run([*inside, program("qp-player"), "pattern", "--wall", path, "--name",
                                "bar", "--frames", "40"], capture_output=True, timeout=60,
                               check=False)
        packets = sniffer.stop()
    at = [on_lattice(f.time, Fraction(50), tai_offset_ns())[1] for f in frames_of(wall, packets)]
    tap.ok(ended.returncode == 0 and at and -0.5 <= statistics.median(at) <= NEAR_MS,
           "another CLOCK_MONOTONIC: the lattice stays", f"{ended.stderr} {sorted(at)}")


def main():
    try:
        netns.enter()
        wires = netns.Wires(2)
    except Skip as reason:
        tap.skip("latched on the lattice", reason)
        tap.done()
    for text, rate in (("50", Fraction(50)), ("60000/1001", Fraction(60000, 1001)),
                       ("24", Fraction(24))):
        tap.case(f"{text} Hz", check_phase, wires, text, rate)
    tap.case("two players", check_two_players, wires)
    tap.case("another CLOCK_MONOTONIC", check_other_monotonic, wires)
    tap.done()


if __name__ == "__main__":
    main()
