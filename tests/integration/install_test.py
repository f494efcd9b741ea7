#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# lock: make
"""make install puts everything below DESTDIR, systemd accepts the units, make uninstall removes it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

results = []


def report(good, name, detail=""):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    if not good and detail:
        print("".join(f"# {line}\n" for line in detail.splitlines()), end="", flush=True)


def skip(name, reason):
    results.append(True)
    print(f"ok {len(results)} - {name} # SKIP {reason}", flush=True)


def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=240, check=False)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


def verify_units(dest):
    """The units name the final paths; for the check they name the programs where they lie now."""
    units = [p for p in files_below(dest) if p.endswith(".service")]
    report(bool(units), "units are installed")
    if not shutil.which("systemd-analyze"):
        skip("systemd accepts the units", "systemd-analyze is not installed")
        return
    with tempfile.TemporaryDirectory() as scratch:
        for unit in units:
            name = os.path.basename(unit)
            with open(os.path.join(dest, unit), encoding="utf-8") as file:
                text = file.read()
            report("@" not in re.sub(r"(?m)^(#|SystemCallFilter=).*$", "", text),
                   f"{name}: every @word@ is replaced", text)
            copy = os.path.join(scratch, name)
            with open(copy, "w", encoding="utf-8") as file:
                file.write(re.sub(r"(?m)^(Exec\w+=)/usr/local/", rf"\g<1>{dest}/usr/local/", text))
            done = run("systemd-analyze", "verify", "--man=no", copy)
            ours = [line for line in done.stdout.splitlines() if name in line]
            report(done.returncode == 0 and not ours, f"{name}: systemd accepts it", done.stdout)


def main():
    build = sys.argv[1]
    # The same flags as the build that is tested, so that nothing is compiled again.
    variant = ["WERROR=1", f"VARIANT={os.path.basename(build)}"]
    with tempfile.TemporaryDirectory() as dest:
        done = run("make", "install", f"DESTDIR={dest}", *variant)
        report(done.returncode == 0, "make install", done.stdout)
        installed = files_below(dest)
        for name in ("qp-player", "qp-wall", "qp"):
            path = os.path.join(dest, "usr/local/bin", name)
            report(os.access(path, os.X_OK), f"{name} is installed", "\n".join(installed))
        for folder in ("walls", "layouts"):
            found = [p for p in installed if p.startswith(f"usr/local/share/qianping/{folder}/")]
            report(bool(found), f"the example {folder} are installed", "\n".join(installed))
        verify_units(dest)
        done = run("make", "uninstall", f"DESTDIR={dest}", *variant)
        report(done.returncode == 0 and not files_below(dest), "make uninstall leaves nothing",
               done.stdout + "\n".join(files_below(dest)))
        spaced = os.path.join(dest, "a b")
        done = run("make", "install", f"DESTDIR={spaced}", *variant)
        report(done.returncode == 0 and files_below(spaced) == installed,
               "DESTDIR with a space: the same files", done.stdout)
        done = run("make", "uninstall", f"DESTDIR={spaced}", *variant)
        report(done.returncode == 0 and not files_below(dest),
               "DESTDIR with a space: nothing is left", done.stdout)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
