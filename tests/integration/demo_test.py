#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""What make run starts: the page, the light of the wall on it, the end of everything."""
import json
import os
import re
import signal
import socket
import struct
import sys
import urllib.request
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from tap import ROOT, Program, Tap, build_folder, get_json, temporary, until

DEMO = os.path.join(ROOT, "tools", "demo")
STATS = os.path.join(ROOT, "build", "demo", "stats.json")
CLIPS_S = 400  # making them, on a slow machine, the first time
tap = Tap()


def demo(folder, seconds, port=0, build=None):
    """The demonstration in a session and with a folder for temporary files of its own."""
    env = {**os.environ, "TMPDIR": folder, "QP_DEMO_SECONDS": str(seconds)}
    if port:
        env["QP_DEMO_PORT"] = str(port)
    return Program([DEMO, build or build_folder()], cwd=ROOT, env=env, start_new_session=True)


def page_of(process):
    """The address it names."""
    def named():
        return re.search(r"http://127\.0\.0\.1:\d+/", process.text(process.out)) \
            or not process.is_running()
    found = until(named, CLIPS_S, "the address of the page")
    assert found is not True, f"ended without an address: {process.wait()}"
    return found[0]


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


def counted(url):
    return json.loads(fetch(url + "stats.json")[2])["totals"]


def picture(data):
    """Width, height and the filtered bytes of a PNG's rows: enough to know light from darkness."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    at, pixels = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            pixels += data[at + 8:at + 8 + size]
        at += size + 12
    return (*struct.unpack(">II", data[16:24]), zlib.decompress(pixels))


def left_of(session):
    """What still runs of a session, by its process numbers."""
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[3]) == session:
            left.append(int(pid))
    return left


def check_gone(what, process, folder, url):
    left = left_of(process.pid)
    tap.ok(not left, f"{what}: no process is left", left)
    tap.ok(not os.listdir(folder), f"{what}: no temporary file is left", os.listdir(folder))
    with socket.socket() as s:
        port = int(url.split(":")[2].strip("/"))
        tap.ok(s.connect_ex(("127.0.0.1", port)) != 0, f"{what}: the port is free again")


def check_page(url):
    status, kind, body = fetch(url)
    tap.ok(status == 200 and kind.startswith("text/html") and b"/wall.js" in body,
           "the page is served", f"{status} {kind}")
    first = until(lambda: counted(url)["frames"], what="the first frame")
    later = until(lambda: counted(url)["frames"] > first and counted(url), what="another frame")
    tap.ok(later["malformed"] == 0 and later["no_port"] == 0 and later["packets"] > 0,
           "stats.json counts frames, and nothing unknown arrives", later)
    status, kind, body = fetch(url + "frame.png")
    width, height, rows = picture(body)
    wall = get_json(os.path.join(ROOT, "configs", "walls", "demo.json"))["canvas"]
    tap.ok((status, kind, width, height) == (200, "image/png", wall["width"], wall["height"]),
           "frame.png has the size of the wall", f"{status} {kind} {width} x {height}")
    tap.ok(len(set(rows)) > 32, "and light on it", sorted(set(rows)))


def check_signal(name, send):
    """Asked to end in the middle, on a machine where somebody else has the port."""
    with temporary() as folder, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with demo(folder, 600, taken) as process:
            url = page_of(process)
            tap.ok(f":{taken}/" not in url, f"{name}: a port that is taken is left alone", url)
            check_page(url)
            send(process.pid)
            ended = process.wait()
            tap.ok(ended.status == 0, f"{name}: exit status 0", ended)
            tap.ok("warning: output" not in ended.err, f"{name}: the player ends before its wall",
                   ended)
            check_gone(name, process, folder, url)


def check_seconds():
    with temporary() as folder:
        if os.path.exists(STATS):
            os.remove(STATS)
        with demo(folder, 1) as process:
            url = page_of(process)
            ended = process.wait(60)
            tap.ok(ended.status == 0, "QP_DEMO_SECONDS=1: ends by itself, exit status 0", ended)
            check_gone("QP_DEMO_SECONDS=1", process, folder, url)
        figures = get_json(STATS)
        tap.ok(figures["frames"] > 0 and figures["media"]["skipped"] == 0
               and all(port["packets"] for port in figures["ports"]),
               "the player's figures: frames on every port, no clip skipped", figures)


def check_not_built():
    with temporary() as folder:
        with demo(folder, 1, build=os.path.join(folder, "nowhere")) as process:
            ended = process.wait(60)
            tap.ok(ended.status == 1 and "did not start" in ended.err and "http:" not in ended.out,
                   "without the programs: exit status 1 and a sentence", ended)
            tap.ok(not left_of(process.pid) and not os.listdir(folder),
                   "without the programs: nothing is left")


def main():
    tap.case("Ctrl-C", check_signal, "Ctrl-C", lambda pid: os.killpg(pid, signal.SIGINT))
    tap.case("SIGTERM", check_signal, "SIGTERM", lambda pid: os.kill(pid, signal.SIGTERM))
    tap.case("QP_DEMO_SECONDS", check_seconds)
    tap.case("not built", check_not_built)
    tap.done()


if __name__ == "__main__":
    main()
