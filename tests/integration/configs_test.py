#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# variant: asan
# parallel
"""Every file in configs/ is what it says: JSON is strict, every wall passes `qp wall check`, every
schedule `qp schedule check`."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
results = []


def report(good, name, detail=""):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    if not good and detail:
        print("".join(f"# {line}\n" for line in detail.splitlines()), end="", flush=True)


def files(ending):
    for where, _, names in sorted(os.walk(os.path.join(ROOT, "configs"))):
        for name in sorted(names):
            if name.endswith(ending):
                yield os.path.relpath(os.path.join(where, name), ROOT)


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    again = {key for key in keys if keys.count(key) > 1}
    if again:
        raise ValueError(f"duplicate keys {sorted(again)}")
    return dict(pairs)


def check_json(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            json.load(file, object_pairs_hook=no_duplicates)
    except ValueError as error:
        report(False, f"{path} is JSON", str(error))
    else:
        report(True, f"{path} is JSON")


def check_wall(qp, path):
    done = subprocess.run([qp, "wall", "check", path], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    report(done.returncode == 0, f"{path} passes qp wall check", done.stdout)


def check_schedule(qp, path):
    """Hidden windows are told as warnings; an example has no errors."""
    done = subprocess.run([qp, "schedule", "check", path], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                          check=False)
    report(done.returncode == 0 and "error:" not in done.stdout,
           f"{path} passes qp schedule check", done.stdout)


def main():
    qp = os.path.abspath(os.path.join(sys.argv[1], "qp"))
    for path in files(".json"):
        check_json(path)
    walls = [path for path in files(".json") if path.startswith("configs/walls/")]
    report(bool(walls), "there are example walls")
    if not os.access(qp, os.X_OK):
        report(False, "qp is built", f"{qp} is missing")
        walls = []
    for path in walls:
        check_wall(qp, path)
    schedules = [path for path in files(".json")
                 if os.path.dirname(path) == os.path.join("configs", "schedules")]
    report(len(schedules) >= 3, "there are example schedules")
    for path in schedules if walls else []:
        check_schedule(qp, path)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
