#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# parallel
"""Every listed case, trap and rule of the scheduler has its test: see tests/cases.txt."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import ROOT, Tap  # noqa: E402

T = Tap()
TESTS = os.path.join(ROOT, "tests")
CASES = [f"S{n:02}" for n in (*range(1, 9), *range(10, 16), *range(17, 20), *range(21, 24), 25,
                              *range(27, 31), *range(32, 35), *range(36, 43), 44, 46, 47, 49, 51,
                              52)]
TRAPS = [f"T{n}" for n in range(1, 18)]
RULES = [f"R{n}" for n in range(1, 16)]


def entries():
    with open(os.path.join(TESTS, "cases.txt"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(maxsplit=2)
            if len(parts) != 3:
                raise ValueError(f"tests/cases.txt:{number}: not NUMBER FILE TEST")
            yield parts[0], parts[1], parts[2].strip()


def is_there(path, test):
    try:
        with open(os.path.join(TESTS, path), encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return False
    pattern = rf"^TEST\({re.escape(test)}\)" if path.endswith(".c") else re.escape(test)
    return re.search(pattern, text, re.M) is not None


def main():
    listed = {}
    for number, path, test in entries():
        listed.setdefault(number, []).append((path, test))
    unknown = sorted(set(listed) - set(CASES + TRAPS + RULES))
    T.ok(not unknown, "nothing else is listed", ", ".join(unknown))
    for number in CASES + TRAPS + RULES:
        tests = listed.get(number, [])
        gone = [f"{path}: {test}" for path, test in tests if not is_there(path, test)]
        named = not number.startswith("S") or all(number.lower() in test.lower()
                                                  for _, test in tests)
        T.ok(tests and not gone and named, f"{number} has its test",
             f"gone: {gone}, named: {named}, listed: {tests}")
    T.done()


if __name__ == "__main__":
    main()
