#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frames of qp-player on real (virtual Ethernet) interfaces, heard by a receiver that is not ours.

The receiver is an AF_PACKET socket for every protocol and rebuilds ColorLight frames from the byte
tables: whole frames, rows in order, the gap, the latch, twice. Then what happens to interfaces:
the cable is pulled and put back (backup), the interface comes late, the privilege is missing. All
in a network namespace of this process, which ends with it."""
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PLAYER = os.path.join(os.path.abspath(sys.argv[1]), "qp-player")
DEADLINE_S = 30
CLONE_NEWNET = 0x40000000
ETH_P_ALL, SO_TIMESTAMPNS, SO_RCVBUFFORCE = 3, 35, 33
WIDTH, HEIGHT, PERIOD_MS, GAP_MS = 600, 24, 20, 2
CARD, PC = bytes.fromhex("112233445566"), bytes.fromhex("222233445566")

n_cases = n_failed = 0


def check(good, name, detail=""):
    global n_cases, n_failed
    n_cases += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_cases} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)
    return good


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, timeout=DEADLINE_S)


def ear(name):
    """Hears everything on an interface, with the kernel's time of each packet."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    s.bind((name, ETH_P_ALL))
    s.setblocking(False)
    return s


class Card:
    """A receiving card: collects rows, shows them at the latch."""

    def __init__(self, name):
        self.socket = ear(name)
        self.rows, self.frames, self.faults, self.gaps = {}, [], [], []
        self.last_row = self.doubles = self.brightness = self.queries = self.unfinished = 0
        self.in_frame = False

    def take(self, frame, at):
        if frame[:6] != CARD:
            return  # the kernel's own packets
        kind, d = frame[12], frame[13:]
        if frame[6:12] != PC:
            self.faults.append(f"source {frame[6:12].hex()}")
        if kind == 0x55:
            self.row(d, at)
        elif kind == 0x01:
            self.latch(frame, d, at)
        elif kind == 0x0A and len(frame) == 77:
            self.brightness += 1
        elif kind == 0x07 and len(frame) == 284:
            self.queries += 1
        else:
            self.faults.append(f"unknown packet {frame[:20].hex()}")

    def row(self, d, at):
        y, x, n, mark = struct.unpack_from(">HHHH", d)
        if mark != 0x0888 or len(d) != 8 + 3 * n or not 1 <= n <= 497:
            self.faults.append(f"row header {d[:8].hex()}, {len(d)} bytes")
        if (y, x) == (0, 0) and self.rows:  # the last frame was given up: it had no latch
            self.unfinished += 1
            self.rows = {}
        if self.rows and (y, x) <= max(self.rows):
            self.faults.append(f"row {y},{x} out of order")
        self.rows[y, x] = d[8:]
        self.last_row = at

    def latch(self, frame, d, at):
        if len(frame) != 112 or d[0] != 7 or d[22] != 255 or bytes(d[25:28]) != b"\xff" * 3:
            self.faults.append(f"latch {frame.hex()}")
        if not self.rows:
            self.doubles += 1
            return
        self.gaps.append((at - self.last_row) / 1e6)
        self.frames.append((at, b"".join(self.rows[k] for k in sorted(self.rows))))
        if len(self.frames[-1][1]) != 3 * WIDTH * HEIGHT:
            self.faults.append(f"latch after {len(self.rows)} row packets")
        self.rows = {}

    def read(self):
        """What there is, without waiting."""
        while True:
            try:
                frame, ancillary, _, address = self.socket.recvmsg(2048, 64)
            except BlockingIOError:
                return
            except OSError:
                continue  # the interface was down: said once
            seconds, ns = struct.unpack("qq", ancillary[0][2])
            if address[2] != socket.PACKET_OUTGOING:
                self.take(frame, seconds * 10**9 + ns)

    def wait(self, frames, what):
        end = time.monotonic() + DEADLINE_S
        while len(self.frames) < frames:
            if time.monotonic() > end:
                raise TimeoutError(f"no {frames} frames: {what}; {len(self.frames)} so far")
            select.select([self.socket], [], [], 1)
            self.read()


def wall(folder, link):
    path = os.path.join(folder, "wall.json")
    output = {"id": "out", "driver": "colorlight-5a", **link}
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"name": "veth", "canvas": {"width": WIDTH, "height": HEIGHT}, "refresh": 50,
                   "types": {"c": {"width": WIDTH, "height": HEIGHT, "pitch_mm": 4}},
                   "grids": [{"id": "G", "type": "c", "cols": 1, "rows": 1, "outputs": ["out"]}],
                   "outputs": [output]}, f)
    return path


def nic(name):
    return {"type": "ethernet", "nic": name}


class Player:
    def __init__(self, folder, link, *more, prefix=()):
        self.stats_file = os.path.join(folder, "stats.json")
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*prefix, PLAYER, "pattern", "--wall", wall(folder, link), "--name", "bar", "--stats",
             self.stats_file, "--quiet", *more], stderr=self.log, stdout=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        code = self.process.wait(DEADLINE_S)
        self.log.seek(0)
        return code, self.log.read()

    def stats(self):
        with open(self.stats_file, encoding="utf-8") as f:
            return json.load(f)["ports"][0]


def pair(led, card):
    ip(f"link add {led} type veth peer name {card}")
    ip(f"link set {led} up")
    ip(f"link set {card} up")


def check_card(card, name):
    check(not card.faults, f"{name}: every packet as the tables say, every frame whole",
          "\n".join(card.faults[:5]))


def test_frames(folder):
    pair("led0", "card0")
    card = Card("card0")
    with Player(folder, {"link": nic("led0")}) as player:
        card.wait(40, "playing")
        code, log = player.stop()
        card.read()
        stats = player.stats()
    check(code == 0, "frames: SIGTERM ends it well", log)
    check_card(card, "frames")
    check(len(card.frames) == stats["frames"] and card.unfinished <= stats["incomplete"],
          "frames: as many as counted",
          f"{len(card.frames)} of {stats}")
    check(stats["full_duplex"] is True and stats["speed_mbps"] >= 1000 and stats["silent_ms"] is None
          and not stats["nic_tx_errors"] | stats["nic_tx_dropped"] | stats["nic_tx_carrier_errors"],
          "frames: what the kernel knows of the interface", stats)
    check(min(card.gaps) >= GAP_MS, "frames: the gap is never shorter", min(card.gaps))
    check(card.doubles == len(card.frames), "frames: two latches while the firmware is unknown",
          card.doubles)
    check(card.brightness >= 2 * len(card.frames), "frames: brightness twice each",
          card.brightness)
    check(card.queries >= 1, "frames: cards are looked for")
    check(len({pixels for _, pixels in card.frames}) > 10, "frames: the picture moves")
    ip("link del led0")


def test_backup(folder):
    pair("led0", "card0")
    pair("led1", "card1")
    cards = [Card("card0"), Card("card1")]
    with Player(folder, {"link": nic("led0"), "backup": nic("led1")}) as player:
        cards[0].wait(10, "primary")
        cards[1].read()
        check(not cards[1].frames, "backup: silent while the primary carries")
        ip("link set card0 down")  # the cable is pulled
        cards[1].wait(10, "after the cable was pulled")
        cards[0].read()
        before = len(cards[0].frames)
        ip("link set card0 up")
        cards[0].wait(before + 10, "after the cable was put back")
        code, log = player.stop()
        stats = player.stats()
        for card in cards:
            card.read()
    check(code == 0, "backup: SIGTERM ends it well", log)
    for i, card in enumerate(cards):
        check_card(card, f"backup: link {i}")
    check(stats["failovers"] == 1 and not stats["on_backup"], "backup: taken over and given back",
          stats)
    # A frame that was given up because this machine was too busy says nothing of the takeover; the
    # frame that moves to the backup leaves rows without a latch behind.
    heard = sum(card.unfinished for card in cards)
    check(stats["failover_frames_max"] <= 1 and stats["incomplete"] == stats["overdue"]
          and heard <= 1 + stats["incomplete"], "backup: carries the first frame behind the event",
          f"{heard} unfinished {stats}")
    blind = stats["frames"] - sum(len(card.frames) for card in cards)
    print(f"# {stats['failover_max_ms']:.2f} ms from the event to the backup; {blind} frames sent "
          "before the event came", flush=True)
    ip("link del led0")
    ip("link del led1")


def test_hot(folder):
    pair("led0", "card0")
    pair("led1", "card1")
    cards = [Card("card0"), Card("card1")]
    link = {"link": nic("led0"), "backup": nic("led1"), "backup_hot": True}
    with Player(folder, link) as player:
        cards[0].wait(10, "first link")
        cards[1].wait(10, "second link")
        ip("link set card0 down")
        cards[1].wait(len(cards[1].frames) + 10, "the second alone")
        player.stop()
        stats = player.stats()
        for card in cards:
            card.read()
    check_card(cards[1], "hot backup")
    check(stats["incomplete"] == stats["overdue"], "hot backup: nothing is lost to the link", stats)
    check([p for _, p in cards[0].frames[2:8]] == [p for _, p in cards[1].frames[2:8]],
          "hot backup: both carry the same pictures")
    ip("link del led0")
    ip("link del led1")


def read_artnet(ears):
    """Opcodes in the order in which they arrived, by interface."""
    heard = {}
    for name, s in ears.items():
        heard[name] = []
        while True:
            try:
                frame, address = s.recvfrom(2048)
            except BlockingIOError:
                break
            if address[2] != socket.PACKET_OUTGOING and frame[42:50] == b"Art-Net\0":
                heard[name].append(struct.unpack_from("<H", frame, 50)[0])
    return heard


def test_artsync(folder):
    """Three outputs, two of them on one network: one broadcast ArtSync a frame and network."""
    ears = {}
    for i in range(2):
        pair(f"led{i}", f"card{i}")
        ip(f"address add 10.{i}.0.1/24 dev led{i}")
        for node in (2, 3):
            ip(f"neighbour add 10.{i}.0.{node} lladdr 02:00:00:00:00:0{node} dev led{i}")
        ears[f"card{i}"] = ear(f"card{i}")
    path = os.path.join(folder, "wall.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"name": "sync", "canvas": {"width": 60, "height": 20}, "refresh": 50,
                   "types": {"c": {"width": 20, "height": 20, "pitch_mm": 4}},
                   "cabinets": [{"id": f"c{i}", "type": "c", "x": 20 * i, "y": 0} for i in range(3)],
                   "outputs": [{"id": f"o{i}", "driver": "artnet", "chain": [f"c{i}"],
                                "options": {"poll": False, "start_universe": 10 * i},
                                "link": {"type": "udp", "address": address}}
                               for i, address in enumerate(("10.0.0.2", "10.0.0.3", "10.1.0.2"))]},
                  f)
    stats = os.path.join(folder, "stats.json")
    subprocess.run([PLAYER, "pattern", "--wall", path, "--name", "bar", "--frames", "50", "--stats",
                    stats, "--quiet"], check=True, timeout=DEADLINE_S, stderr=subprocess.DEVNULL)
    heard = read_artnet(ears)
    with open(stats, encoding="utf-8") as f:
        ports = json.load(f)["ports"]
    frames = [p["frames"] for p in ports]
    lost = sum(p["skipped"] + p["incomplete"] for p in ports)  # where the machine was too busy
    syncs = [heard[name].count(0x5200) for name in ("card0", "card1")]
    check(max(frames[:2]) <= syncs[0] <= max(frames[:2]) + lost and syncs[1] == frames[2] > 0,
          "ArtSync: one a frame on each network", f"{syncs} of {frames}, {lost} lost")
    whole = all(part.count(0x5000) == 6 for part in split(heard["card0"], 0x5200))
    check(whole or lost > 0, "ArtSync: behind the data of both outputs", heard["card0"][:30])
    ip("link del led0")
    ip("link del led1")


def split(items, mark):
    """The runs that end with a mark."""
    parts = [[]]
    for item in items:
        if item == mark:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts[:-1]


def test_late_interface(folder):
    with Player(folder, {"link": nic("led0")}) as player:
        ip("link add led0 type veth peer name card0")
        card = Card("card0")
        ip("link set card0 up")
        ip("link set led0 up")
        card.wait(5, "the interface has come")
        ip("link set led0 down")
        ip("link set led0 name gone0")
        ip("link set gone0 name led0")
        before = len(card.frames)
        ip("link set led0 up")
        card.wait(before + 5, "the interface is back")
        code, log = player.stop()
        card.read()
    check(code == 0, "late interface: it was waited for", log)
    check_card(card, "late interface")
    ip("link del led0")


def test_privilege(folder):
    pair("led0", "card0")
    drop = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    with Player(folder, {"link": nic("led0")}, "--frames", "5", prefix=drop) as player:
        code, log = player.end()
    check(code == 1 and "CAP_NET_RAW" in log and "setcap" in log and "led0" in log,
          "privilege: exit 1 and the capability is named", f"{code}\n{log}")
    ip("link del led0")


def main():
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        print("1..0 # SKIP needs the privilege to make a network namespace")
        return 0
    for test in (test_frames, test_backup, test_hot, test_artsync,
                 test_late_interface, test_privilege):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                check(False, test.__name__, error)
                subprocess.run(["ip", "link", "del", "led0"], stderr=subprocess.DEVNULL,
                               check=False)
                subprocess.run(["ip", "link", "del", "led1"], stderr=subprocess.DEVNULL,
                               check=False)
    print(f"1..{n_cases}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
