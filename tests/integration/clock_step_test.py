#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wall clock is set while the player runs: frames go on.

A clock that was ahead is set back by NTP, by minutes or hours, on a machine whose battery is empty.
Whatever the clocks of the lattice do, a frame is due every period.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import walls
from tap import Tap, build_folder, player, put_json, temporary

FRAMES = 150  # the clock is set in the middle of them
tap = Tap()


def check_step(by_s):
    shim = os.path.join(build_folder(), "tests", "support", "clock_step.so")
    if not os.path.exists(shim):
        raise AssertionError(f"{shim} was not built")
    with temporary() as folder:
        wall = put_json(folder, "wall.json", walls.plain("ddp", width=64, height=32))
        env = {**os.environ, "LD_PRELOAD": shim, "QP_CLOCK_STEP": f"1200 {by_s}"}
        ended = player("pattern", "--wall", wall, "--name", "grid", "--link", "pcap:/dev/null",
                       "--frames", str(FRAMES), "--state-dir", folder, env=env)
        tap.ok(ended.status == 0, f"clock set by {by_s} s: frames go on to the last", ended)


for step in (-7200, 7200):
    tap.case(f"clock set by {step} s", check_step, step)
tap.done()
