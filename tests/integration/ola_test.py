#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""olad, a receiver that is not ours, must report the DMX values that we sent by Art-Net and sACN.

A picture with a random value in every channel is played with the whole chain off, so that the
values on the wire are those of the picture. olad runs in a network namespace of its own at the
other end of a virtual Ethernet pair, as an unprivileged user (it refuses root)."""
import ctypes
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

PLAYER = os.path.join(os.path.abspath(sys.argv[1]), "qp-player")
DEADLINE_S = 60
CLONE_NEWNET = 0x40000000
LEDS = 200  # a full universe and one of 30 LEDs, on each output
NET, SUBNET = 1, 2
# A universe of olad is the low nibble of the port-address, and the universe of E1.31.
ARTNET_FIRST, SACN_FIRST = NET << 8 | SUBNET << 4 | 1, 3
UNIVERSES = {1: "artnet 0", 2: "artnet 1", 3: "sacn 0", 4: "sacn 1"}
OTHER_PLUGINS = ("dummy espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol "
                 "osc pathport renard sandnet shownet spi stageprofi uartdmx usbdmx usbserial")

n_cases = n_failed = 0


def check(good, name, detail=""):
    global n_cases, n_failed
    n_cases += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_cases} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)
    return good


def run(*words, timeout=DEADLINE_S):
    return subprocess.run(words, check=True, timeout=timeout, capture_output=True, text=True).stdout


def png(path, rows):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    raw = b"".join(b"\0" + bytes(c for pixel in row for c in pixel) for row in rows)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def wall(path):
    with open(path, "w", encoding="utf-8") as f:
        json.dump({
            "name": "ola", "canvas": {"width": LEDS, "height": 2}, "refresh": 40,
            "processing": {"input": "off", "correction": False, "output_curve": False,
                           "dither": False},
            "types": {"strip": {"width": LEDS, "height": 1, "pitch_mm": 10, "order": "rgb"}},
            "grids": [{"id": "A", "type": "strip", "cols": 1, "rows": 1, "outputs": ["node"]},
                      {"id": "S", "type": "strip", "cols": 1, "rows": 1, "y": 1,
                       "outputs": ["stage"]}],
            "outputs": [
                {"id": "node", "driver": "artnet", "options": {"start_universe": ARTNET_FIRST},
                 "link": {"type": "udp", "address": "10.77.0.2", "source": "10.77.0.1"}},
                {"id": "stage", "driver": "sacn", "options": {"start_universe": SACN_FIRST},
                 "link": {"type": "udp", "nic": "qp0", "source": "10.77.0.1"}}]}, f)


class Ola:
    """A namespace with an address, olad in it, and its clients."""

    def __init__(self, folder):
        # It holds the namespace until its standard input ends.
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.inside = ["nsenter", "-t", str(self.holder.pid), "--net"]
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        self.folder, self.daemon = folder, None

    def network(self):
        run("ip", "link", "add", "qp0", "type", "veth", "peer", "name", "ola0", "netns",
            str(self.holder.pid))
        for words in ("address add 10.77.0.1/24 dev qp0", "link set qp0 up", "link set lo up",
                      "route add default via 10.77.0.2"):
            run("ip", *words.split())
        for words in ("address add 10.77.0.2/24 dev ola0", "link set ola0 up", "link set lo up"):
            run(*self.inside, "ip", *words.split())

    def configure(self):
        for plugin in OTHER_PLUGINS.split():
            self.write(f"ola-{plugin}.conf", "enabled = false\n")
        self.write("ola-artnet.conf", f"enabled = true\nip = 10.77.0.2\nnet = {NET}\n"
                                      f"subnet = {SUBNET}\noutput_ports = 4\n")
        self.write("ola-e131.conf", "enabled = true\nip = 10.77.0.2\ninput_ports = 4\n"
                                    "output_ports = 0\n")
        for name in os.listdir(self.folder):
            shutil.chown(os.path.join(self.folder, name), "nobody", "nogroup")
        shutil.chown(self.folder, "nobody", "nogroup")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as f:
            f.write(text)

    def client(self, *words, check_code=True):
        # A client that finds no daemon starts one of its own, which would answer in the place of
        # ours and outlive the test: it must not find the program.
        words = [shutil.which(w) or w for w in words]
        return subprocess.run([*self.inside, *self.user, "env", f"HOME={self.folder}",
                               "PATH=/nonexistent", *words],
                              check=check_code, timeout=DEADLINE_S, capture_output=True, text=True)

    def devices(self):
        """Device ids by plugin, once both are there."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.daemon.poll() is None:
            out = self.client("ola_dev_info", check_code=False).stdout
            found = {}
            for line in out.splitlines():
                m = re.match(r"Device (\d+): (.*)", line)
                if m and "ArtNet" in m[2]:
                    found["artnet"] = m[1]
                elif m and ("E1.31" in m[2] or "sACN" in m[2]):
                    found["sacn"] = m[1]
            if len(found) == 2:
                return found
        with open(self.log.name, encoding="utf-8") as f:
            raise TimeoutError(f"olad did not offer its devices\n{f.read()[-2000:]}")

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.daemon = subprocess.Popen(
            [*self.inside, *self.user, "env", f"HOME={self.folder}", "olad", "-c", self.folder,
             "--no-http", "--no-register-with-dns-sd", "-l", "3"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        devices = self.devices()
        for universe, what in UNIVERSES.items():
            plugin, port = what.split()
            self.client("ola_patch", "-d", devices[plugin], "-p", port, "-i", "-u", str(universe))

    def record_once(self):
        """The last values that each universe reported in two seconds."""
        show, values = os.path.join(self.folder, "show"), {}
        # It ends by signal only, and writes its file then.
        self.client("timeout", "-s", "INT", "2", "ola_recorder", "-r", show, "-u",
                    ",".join(map(str, UNIVERSES)), check_code=False)
        with open(show, encoding="ascii") as f:
            for line in f:
                m = re.fullmatch(r"(\d+) ((?:\d+,)*\d+)\s*", line)
                if m:
                    values[int(m[1])] = [int(v) for v in m[2].split(",")]
        return values

    def record(self):
        """The same, again until every universe has reported."""
        end, values = time.monotonic() + DEADLINE_S, {}
        while len(values) < len(UNIVERSES) and time.monotonic() < end:
            values.update(self.record_once())
        return values

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            try:
                self.daemon.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
            self.log.close()
        self.holder.stdin.close()
        self.holder.wait(DEADLINE_S)


def compare(values, rows):
    for universe, what in UNIVERSES.items():
        plugin, index = what.split()
        channels = [c for pixel in rows[plugin == "sacn"] for c in pixel]
        sent = channels[510 * int(index):510 * (int(index) + 1)]
        got = values.get(universe, [])
        check(got[:len(sent)] == sent and not any(got[len(sent):]),
              f"olad reports what was sent by {plugin}, universe {index}",
              f"sent {sent[:12]} ...\ngot  {got[:12]} ... ({len(got)} of {len(sent)})")


def play_and_record(folder, ola):
    rows = [[tuple(random.randrange(256) for _ in range(3)) for _ in range(LEDS)]
            for _ in range(2)]
    picture, description = os.path.join(folder, "p.png"), os.path.join(folder, "w.json")
    png(picture, rows)
    wall(description)
    with open(os.path.join(folder, "player"), "w+", encoding="utf-8") as log:
        player = subprocess.Popen([PLAYER, "play", "--wall", description, "--loop", "--quiet",
                                   picture], stdout=log, stderr=log)
        try:
            compare(ola.record(), rows)
            player.terminate()
            code = player.wait(DEADLINE_S)
        finally:
            if player.poll() is None:
                player.kill()
                player.wait()
        log.seek(0)
        check(code == 0, "the player ends well", log.read())


def main():
    missing = [p for p in ("olad", "ola_recorder", "setpriv", "nsenter") if not shutil.which(p)]
    if missing:
        print(f"1..0 # SKIP {missing[0]} is not installed")
        return 0
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        print("1..0 # SKIP needs the privilege to make a network namespace")
        return 0
    random.seed(20)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        ola = Ola(home)
        try:
            ola.network()
            ola.configure()
            ola.start()
            play_and_record(folder, ola)
        except (OSError, subprocess.SubprocessError) as error:
            check(False, "olad receives", f"{error}\n{getattr(error, 'stderr', '')}")
        finally:
            ola.stop()
    print(f"1..{n_cases}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
