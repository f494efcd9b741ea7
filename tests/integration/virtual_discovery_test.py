#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qp-wall answers as cards and nodes do: qp-player finds ColorLight cards on an interface, Art-Net
nodes by UDP, and both through the local socket; a controller that is not ours gets ArtPollReply,
byte by byte. In a network namespace of this process, which ends with it."""
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.path.abspath(sys.argv[1])
PLAYER, QP_WALL = os.path.join(BUILD, "qp-player"), os.path.join(BUILD, "qp-wall")
DEADLINE_S = 60
CLONE_NEWNET = 0x40000000
POLL = b"Art-Net\0" + struct.pack("<H", 0x2000) + struct.pack(">H", 14) + bytes(10)

n_cases = n_failed = 0


def check(good, name, detail=""):
    global n_cases, n_failed
    n_cases += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_cases} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, timeout=DEADLINE_S)


def wall(folder, driver, outputs):
    """One cabinet of 20 x 20 LEDs, 3 universes, on each output."""
    path = os.path.join(folder, "wall.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"name": "found", "canvas": {"width": 20 * len(outputs), "height": 20},
                   "refresh": 50, "types": {"c": {"width": 20, "height": 20, "pitch_mm": 4}},
                   "cabinets": [{"id": f"c{i}", "type": "c", "x": 20 * i, "y": 0}
                                for i in range(len(outputs))],
                   "outputs": [{"id": f"o{i}", "driver": driver, "chain": [f"c{i}"], **more}
                               for i, more in enumerate(outputs)]}, f)
    return path


class Wall:
    def __init__(self, *args):
        self.process = subprocess.Popen([QP_WALL, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.killer = threading.Timer(DEADLINE_S, self.process.kill)
        self.killer.start()
        for line in self.process.stderr:
            if "listening" in line:
                return
        raise ValueError("qp-wall ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.killer.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def report(self):
        out, _ = self.process.communicate(timeout=DEADLINE_S)
        return json.loads(out)


def found(folder, wall_file, listen, link="as-configured"):
    """What a player has found after some seconds."""
    stats = os.path.join(folder, "stats.json")
    with Wall("--wall", wall_file, "--listen", listen, "--json") as w:
        subprocess.run([PLAYER, "pattern", "--wall", wall_file, "--name", "bar", "--seconds", "4",
                        "--stats", stats, "--link", link, "--quiet"], check=True,
                       timeout=DEADLINE_S, stderr=subprocess.DEVNULL)
        w.process.send_signal(signal.SIGTERM)
        w.report()
    with open(stats, encoding="utf-8") as f:
        return json.load(f)["ports"]


def test_cards_on_an_interface(folder):
    ip("link add led0 type veth peer name card0")
    ip("link set led0 up")
    ip("link set card0 up")
    file = wall(folder, "colorlight-5a", [{"link": {"type": "ethernet", "nic": "led0"}}])
    port = found(folder, file, "nic:card0=o0")[0]
    check(port["cards"] == 1 and port["firmware"] == "13.17" and port["silent_ms"] is not None,
          "a ColorLight card is found on the interface", port)
    file = wall(folder, "linsn-rv9", [{"link": {"type": "ethernet", "nic": "led0"}}])
    port = found(folder, file, "nic:card0")[0]
    check(port["cards"] == 1, "a Linsn card is found on the interface", port)
    ip("link del led0")


def test_nodes_by_udp(folder):
    file = wall(folder, "artnet", [
        {"link": {"type": "udp", "address": f"127.0.0.{2 + i}", "source": "127.0.0.9"},
         "options": {"start_universe": 100 * i}} for i in range(2)])
    ports = found(folder, file, "udp")
    check([p["cards"] for p in ports] == [1, 1], "an Art-Net node of each output is found", ports)
    ports = found(folder, file, "local:" + folder + "/s", "local:" + folder + "/s")
    check([p["cards"] for p in ports] == [1, 1], "through the local socket as well", ports)
    file = wall(folder, "colorlight-5a", [{"link": {"type": "ethernet", "nic": "none0"}}])
    ports = found(folder, file, "local:" + folder + "/s", "local:" + folder + "/s")
    check(ports[0]["cards"] == 1, "ColorLight through the local socket", ports)


def dmx(universe):
    return (b"Art-Net\0" + struct.pack("<H", 0x5000) + struct.pack(">H", 14) + b"\1\0" +
            struct.pack("<H", universe) + struct.pack(">H", 510) + bytes(510))


def controller():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.9", 6454))
    s.settimeout(DEADLINE_S)
    return s


def test_a_controller_that_is_not_ours(folder):
    file = wall(folder, "artnet", [
        {"link": {"type": "udp", "address": f"127.0.0.{2 + i}"},
         "options": {"start_universe": 0x123 * i}} for i in range(2)])
    with Wall("--wall", file, "--listen", "udp") as _, controller() as s:
        s.sendto(POLL, ("127.0.0.3", 6454))
        reply, source = s.recvfrom(2048)
    check(source == ("127.0.0.3", 6454), "the reply comes from the address that was asked", source)
    check(len(reply) == 239 and reply[:14] == b"Art-Net\0\0\x21\x7f\0\0\3" and
          reply[14:16] == b"\x36\x19", "ArtPollReply: magic, opcode, address, port", reply[:20].hex())
    check(reply[18:20] == b"\1\2" and reply[172:174] == b"\0\3" and reply[174:177] == b"\x80" * 3
          and reply[190:193] == b"\3\4\5", "ArtPollReply: three outputs, 1:2:3 and on",
          reply[172:195].hex())


def test_mute(folder):
    file = wall(folder, "artnet", [{"link": {"type": "udp", "address": "127.0.0.2"},
                                    "options": {"sync": False}}])
    with Wall("--wall", file, "--listen", "udp", "--mute", "--frames", "1", "--json") as w, \
            controller() as s:
        for packet in (POLL, dmx(0), dmx(1), dmx(2)):
            s.sendto(packet, ("127.0.0.2", 6454))
        frames = w.report()["totals"]["frames"]
        s.setblocking(False)
        try:
            answer = s.recv(2048)
        except BlockingIOError:
            answer = None
    check(frames == 1 and answer is None, "--mute: nothing is answered", answer)


def test_a_flood_is_bounded(folder):
    file = wall(folder, "artnet", [{"link": {"type": "udp", "address": "127.0.0.2"},
                                    "options": {"sync": False}}])
    with Wall("--wall", file, "--listen", "udp", "--frames", "1", "--json") as w, \
            controller() as s:
        s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        began = time.monotonic()
        for _ in range(3000):
            s.sendto(POLL, ("127.0.0.2", 6454))
        for universe in range(3):
            s.sendto(dmx(universe), ("127.0.0.2", 6454))
        w.report()
        seconds = int(time.monotonic() - began) + 1
        s.setblocking(False)
        answers = 0
        try:
            while s.recv(2048):
                answers += 1
        except BlockingIOError:
            pass
    check(0 < answers <= 1000 * seconds, "a flood of polls gets at most 1000 answers a second",
          f"{answers} in {seconds}")


def main():
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        print("1..0 # SKIP needs the privilege to make a network namespace")
        return 0
    ip("link set lo up")
    for test in (test_cards_on_an_interface, test_nodes_by_udp, test_a_controller_that_is_not_ours,
                 test_mute, test_a_flood_is_bounded):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                check(False, test.__name__, error)
    print(f"1..{n_cases}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
