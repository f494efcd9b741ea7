#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""Eight threads resolve one prepared schedule under the thread sanitizer, in a build of its own."""
import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from tap import Tap, build_folder, run  # noqa: E402

CASE = "eight_threads_ask_one_schedule"

tap = Tap()


def main():
    build = os.path.join(os.path.dirname(os.path.abspath(build_folder())), "tsan")
    program = os.path.join(build, "tests/unit/scheduler/resolve_test")
    made = run(["make", "-C", ROOT, "VARIANT=tsan", f"O={build}", program], timeout=400)
    if tap.ok(made.status == 0, "the sanitised program is built", made):
        ended = run([program, CASE], timeout=180)
        tap.ok(ended.status == 0 and f"ok 1 - {CASE}" in ended.out and
               "ThreadSanitizer" not in ended.err, "eight threads, no data race", ended)
    tap.done()


main()
