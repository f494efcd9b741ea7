#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# parallel
"""tests/run itself: nothing that goes wrong in a suite is lost."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("harness", os.path.join(ROOT, "tests", "run"))
harness = importlib.util.module_from_spec(importlib.util.spec_from_loader("harness", loader))
sys.modules["harness"] = harness
loader.exec_module(harness)

results = []


def report(good, name, detail=""):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def run(shell, timeout=30, tap=True, scratch=None):
    """The total of one suite and what was printed about it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        runner = harness.Runner(scratch or folder)
        runner.run_all([harness.Suite("s", ["/bin/sh", "-c", shell], timeout, tap)])
    return runner.total, out.getvalue()


def counts(name, shell, passed, failed, skipped, says="", **more):
    total, out = run(shell, **more)
    got = (total.passed, len(total.failed), len(total.skipped))
    report(got == (passed, failed, skipped) and says in out, name, f"{got}\n{out}")


def check_tap():
    counts("passes are counted", "echo 1..2; echo ok 1 - a; echo ok", 2, 0, 0)
    counts("a plan may come last", "echo ok 1 - a; echo 1..1", 1, 0, 0)
    counts("failures are counted and shown", "echo ok 1; echo not ok 2 - b; echo why >&2; exit 1",
           1, 1, 0, "why")
    counts("a failure counts even with exit status 0", "echo not ok 1 - b", 0, 1, 0, "failed: b")
    counts("a skip is printed with its reason", "echo 'ok 1 - a # SKIP no such thing'", 0, 0, 1,
           "a: no such thing")
    counts("a whole suite may skip", "echo '1..0 # SKIP not here'", 0, 0, 1, "not here")
    counts("a skip does not hide a failure", "echo 'not ok 1 - a # SKIP no'", 0, 1, 0)
    counts("junk is a failure", "echo hello", 0, 1, 0, "printed no test result")
    counts("silence is a failure", "true", 0, 1, 0, "printed no test result")
    counts("a crash after passes is a failure", "echo ok 1 - a; kill -SEGV $$", 1, 1, 0, "SIGSEGV")
    counts("an exit status after passes is a failure", "echo ok 1 - a; exit 3", 1, 1, 0,
           "exit status 3")
    counts("fewer than planned is a failure", "echo 1..3; echo ok 1 - a", 1, 1, 0, "planned 3")
    counts("bailing out is a failure", "echo ok 1 - a; echo 'Bail out! no disk'", 1, 1, 0, "no disk")
    counts("binary output is survived", r"printf '\377\000\nok 1 - a\n'", 1, 0, 0)
    counts("a command counts as one test", "true", 1, 0, 0, tap=False)
    counts("a failing command counts as one failure", "echo why; false", 0, 1, 0, "why", tap=False)


def check_start():
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        runner = harness.Runner(folder)
        runner.run_all([harness.Suite("a", ["no-such-program-anywhere"]),
                        harness.Suite("b", ["true"], needs="no-such-file-anywhere")])
    report(len(runner.total.failed) == 2, "what cannot be started or was not built is a failure",
           runner.total)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def check_deadline():
    with tempfile.TemporaryDirectory() as folder:
        pid_file = os.path.join(folder, "pid")
        # The child ignores the polite request, and so does the grandchild in the background.
        shell = (f"trap '' TERM; sleep 300 & echo $! > {pid_file}; echo ok 1 - a; "
                 "while :; do wait; done")
        grace, harness.GRACE_S = harness.GRACE_S, 1
        counts("a suite that hangs is a failure, what it had passed counts", shell, 1, 1, 0,
               "no end after 1 s", timeout=1)
        harness.GRACE_S = grace
        with open(pid_file, encoding="utf-8") as file:
            pid = int(file.read())
    report(not is_alive(pid), "nothing that it started is left")
    with tempfile.TemporaryDirectory() as folder:
        pid_file = os.path.join(folder, "pid")
        run(f"sleep 300 & echo $! > {pid_file}; echo ok 1 - a")
        with open(pid_file, encoding="utf-8") as file:
            pid = int(file.read())
    # The group got its signal; init collects it when it likes.
    until = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    report(not is_alive(pid), "what a passing suite left running is ended")


def check_locks():
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        runner = harness.Runner(folder)
        held = os.path.join(folder, "held")
        alone = f"mkdir {held} && echo ok 1 - alone && sleep 0.1 && rmdir {held}"
        runner.run_all([harness.Suite(str(i), ["/bin/sh", "-c", alone], 30, lock="net")
                        for i in range(6)])
    report(runner.total.passed == 6 and not runner.total.failed,
           "suites with the same lock run one at a time", out.getvalue())


def main():
    check_tap()
    check_start()
    check_deadline()
    check_locks()
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
