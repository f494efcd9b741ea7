#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# parallel
# timeout: 600
"""The pixel kernels on processors that this machine is not: QEMU emulates one without AVX2, where
the C versions must be chosen and any other instruction ends the program, and one with AVX2 but
without AVX-512.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from tap import Program, Skip, Tap, program

QEMU = "qemu-x86_64"
PROGRAMS = ("tests/kernels/checkpix", "tests/unit/render/plan_test")
tap = Tap()


def check(cpu, name, runs_avx2):
    if not shutil.which(QEMU):
        raise Skip(f"no {QEMU}")
    if os.uname().machine != "x86_64":
        raise Skip("these kernels are for x86-64")
    ended = Program([QEMU, "-cpu", cpu, program(name)]).wait(140)
    tap.ok(ended.status == 0 and "not ok" not in ended.out, f"{name} on {cpu}", ended)
    if name.endswith("checkpix"):
        skipped = "chain_xrgb avx2 # SKIP" in ended.out
        tap.ok(skipped != runs_avx2, f"{cpu}: AVX2 is {'used' if runs_avx2 else 'left alone'}", ended)


for cpu, runs_avx2 in (("Nehalem", False), ("Haswell", True)):
    for name in PROGRAMS:
        tap.case(f"{name} on {cpu}", check, cpu, name, runs_avx2)
tap.done()
