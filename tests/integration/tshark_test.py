#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our Art-Net and sACN, read by a dissector that is not ours.

qp-player writes a capture; tshark must dissect every packet of it without a complaint and see the
universes, sequence numbers, priorities and lengths that the wall asks for. tshark 4.0 knows neither
synchronization nor discovery of sACN: those are compared byte by byte with the standard's tables."""
# parallel
import collections
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
PLAYER = os.path.join(BUILD, "qp-player")
FRAMES = 5
LEDS = 201  # two universes, the second one with an odd number of levels
DEADLINE_S = 60

ARTNET_FIRST = 0x12FF  # net 0x12, sub-net 15, universe 15: the next one is in another net
ARTNET = {ARTNET_FIRST: 510, ARTNET_FIRST + 1: 94}
SACN_FIRST, SACN_PRIORITY, SACN_SYNC, SACN_NAME = 255, 150, 7962, "Prüfwand"
SACN = {SACN_FIRST: 510, SACN_FIRST + 1: 93}

WALL = {
    "name": "tshark",
    "canvas": {"width": LEDS, "height": 2},
    "refresh": 50,
    "types": {"strip": {"width": LEDS, "height": 1, "pitch_mm": 10}},
    "grids": [
        {"id": "A", "type": "strip", "cols": 1, "rows": 1, "outputs": ["node"]},
        {"id": "S", "type": "strip", "cols": 1, "rows": 1, "y": 1, "outputs": ["stage"]},
    ],
    "outputs": [
        {"id": "node", "driver": "artnet", "link": {"type": "udp", "address": "10.0.0.7"},
         "options": {"start_universe": ARTNET_FIRST}},
        {"id": "stage", "driver": "sacn", "link": {"type": "udp"},
         "options": {"start_universe": SACN_FIRST, "priority": SACN_PRIORITY,
                     "sync_address": SACN_SYNC, "source_name": SACN_NAME}},
    ],
}

n_cases = n_failed = 0


def check(good, name, detail=""):
    global n_cases, n_failed
    n_cases += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_cases} - {name}", flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)
    return good


def tshark(capture, *args):
    done = subprocess.run(
        ["tshark", "-n", "--enable-heuristic", "acn", "-o", "acn.dmx_enable:TRUE",
         "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-r", capture, *args],
        capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return done.stdout.splitlines()


def fields(capture, display_filter, *names):
    options = [o for n in names for o in ("-e", n)]
    return [line.split("\t")
            for line in tshark(capture, "-Y", display_filter, "-T", "fields", *options)]


def packets(capture):
    """(interface, UDP payload, destination) of every packet of a little-endian pcapng file."""
    with open(capture, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            interface, _, _, n, _ = struct.unpack_from("<IIIII", data, at + 8)
            frame = data[at + 28:at + 28 + n]
            yield interface, frame[42:], ".".join(str(b) for b in frame[30:34])
        at += length


def counts(rows):
    return collections.Counter(tuple(r) for r in rows)


def steps_by_one(numbers, low, high):
    """Each number follows the one before: high wraps to low."""
    return all(b == (low if a == high else a + 1) for a, b in zip(numbers, numbers[1:]))


def check_dissection(capture):
    bad = tshark(capture, "-Y", "_ws.malformed || _ws.unreassembled")
    check(not bad, "no packet is malformed", "\n".join(bad))
    bad = tshark(capture, "-Y", "ip.checksum.status == 0 || udp.checksum.status == 0")
    check(not bad, "every checksum is right", "\n".join(bad))
    total = len(tshark(capture, "-Y", "udp"))
    seen = len(tshark(capture, "-Y", "artnet || acn || udp.port == 5568"))
    check(total == seen > 0, "every packet is Art-Net or sACN", f"{seen} of {total}")
    names = counts(fields(capture, "frame", "frame.interface_name"))
    check(set(names) == {("node",), ("stage",)}, "interfaces are named as the outputs", names)


def check_artnet(capture):
    rows = fields(capture, "artnet.header.opcode == 0x5000", "artnet.output.universe",
                  "artnet.output.sequence", "artnet.output.length", "ip.dst", "udp.srcport",
                  "udp.dstport")
    by_universe = collections.defaultdict(list)
    for universe, sequence, length, *_ in rows:
        by_universe[int(universe, 0)].append((int(sequence, 0), int(length, 0)))
    check({u: sorted({n for _, n in s}) for u, s in by_universe.items()} ==
          {u: [n] for u, n in ARTNET.items()}, "ArtDmx: universes and lengths", by_universe)
    check(all(len(s) == FRAMES for s in by_universe.values()), "ArtDmx: one a frame", by_universe)
    check(all(s[0][0] > 0 and steps_by_one([q for q, _ in s], 1, 255)
              for s in by_universe.values()), "ArtDmx: sequence numbers", by_universe)
    check({tuple(r[3:]) for r in rows} == {("10.0.0.7", "6454", "6454")},
          "ArtDmx: unicast from and to port 6454", rows)


def check_artnet_order(capture):
    sync = b"Art-Net\0" + bytes.fromhex("0052 000E 0000")
    kinds = [("sync" if p == sync else "dmx") for _, p, _ in packets(capture)
             if p[:8] == b"Art-Net\0" and p[8:10] != b"\x00\x20"]
    check(kinds == ["dmx", "dmx", "sync"] * FRAMES, "ArtSync: once a frame, last", kinds)
    poll = [p for _, p, _ in packets(capture) if p[:10] == b"Art-Net\0\x00\x20"]
    check(poll and all(p[10:12] == b"\0\x0e" and len(p) >= 14 for p in poll),
          "ArtPoll: sent, version, length",
          [p.hex() for p in poll])


def check_sacn(capture):
    rows = fields(capture, "acn.dmx.universe", "acn.dmx.universe", "acn.dmx.seq_number",
                  "acn.dmx.priority", "acn.dmx.count", "acn.dmx.start_code2", "acn.dmx.reserved",
                  "acn.dmx.source_name", "ip.dst", "udp.dstport")
    by_universe = collections.defaultdict(list)
    for universe, sequence, _, count, *_ in rows:
        by_universe[int(universe, 0)].append((int(sequence, 0), int(count, 0)))
    # What is left of a stream at its end (terminated packets) continues the numbers.
    check({u: sorted({n for _, n in s}) for u, s in by_universe.items()} ==
          {u: [n + 1] for u, n in SACN.items()}, "sACN data: universes and counts", by_universe)
    check(all(len(s) >= FRAMES and steps_by_one([q for q, _ in s], 0, 255)
              for s in by_universe.values()), "sACN data: sequence numbers", by_universe)
    check({int(r[2], 0) for r in rows} == {SACN_PRIORITY}, "sACN data: priority", rows)
    check({int(r[4], 0) for r in rows} == {0}, "sACN data: start code", rows)
    check({int(r[5], 0) for r in rows} == {SACN_SYNC}, "sACN data: synchronization address", rows)
    check({r[6] for r in rows} == {SACN_NAME}, "sACN data: source name", rows)
    check({(int(r[0], 0), r[7], r[8]) for r in rows} ==
          {(u, f"239.255.{u >> 8}.{u & 255}", "5568") for u in SACN},
          "sACN data: to its universe's group", rows)


ROOT = bytes.fromhex("0010 0000") + b"ASC-E1.17\0\0\0"


def sacn_parts(capture):
    """(kind, packet, destination) of every sACN packet, by the vectors of its layers."""
    kinds = {(4, 2): "data", (8, 1): "sync", (8, 2): "discovery"}
    for _, p, to in packets(capture):
        if p[:16] == ROOT:
            yield kinds.get((struct.unpack_from(">I", p, 18)[0],
                             struct.unpack_from(">I", p, 40)[0]), "?"), p, to


def check_sacn_sync(capture):
    parts = list(sacn_parts(capture))
    cid = {p[22:38] for _, p, _ in parts}
    uuid = min(cid)
    check(len(cid) == 1 and uuid[6] >> 4 in range(1, 9) and uuid[8] >> 6 == 2,
          "sACN: one CID, a UUID of RFC 4122", cid)
    live = [(k, p) for k, p, _ in parts if k in ("data", "sync") and
            not (k == "data" and p[112] & 0x40)]
    check([k for k, _ in live] == ["data", "data", "sync"] * FRAMES,
          "sACN sync: once a frame, last", [k for k, _ in live])
    numbers = [p[44] for k, p in live if k == "sync"]
    want = [ROOT + bytes.fromhex("7021 00000008") + uuid +
            struct.pack(">HIBHH", 0x700B, 1, n, SACN_SYNC, 0) for n in numbers]
    check([p for k, p in live if k == "sync"] == want and steps_by_one(numbers, 0, 255),
          "sACN sync: byte by byte", [p.hex() for k, p in live if k == "sync"])
    groups = {to for k, _, to in parts if k == "sync"}
    check(groups == {f"239.255.{SACN_SYNC >> 8}.{SACN_SYNC & 255}"},
          "sACN sync: to the group of its address", groups)


def check_sacn_discovery(capture):
    found = [(p, to) for k, p, to in sacn_parts(capture) if k == "discovery"]
    name = SACN_NAME.encode().ljust(64, b"\0")
    n = 2 * len(SACN)
    for p, to in found[:1]:
        want = ROOT + struct.pack(">HI", 0x7000 | (104 + n), 8) + p[22:38] + \
            struct.pack(">HI", 0x7000 | (82 + n), 2) + name + bytes(4) + \
            struct.pack(">HIBB", 0x7000 | (8 + n), 1, 0, 0) + \
            b"".join(struct.pack(">H", u) for u in sorted(SACN))
        check(p == want, "sACN discovery: byte by byte", f"{p.hex()}\n{want.hex()}")
        check(to == "239.255.250.214", "sACN discovery: to universe 64214", to)
    check(len(found) >= 1, "sACN discovery: sent at the start", found)


def main():
    if not shutil.which("tshark"):
        print("1..0 # SKIP tshark is not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        wall, capture = os.path.join(folder, "wall.json"), os.path.join(folder, "out.pcapng")
        with open(wall, "w", encoding="utf-8") as f:
            json.dump(WALL, f)
        done = subprocess.run(
            [PLAYER, "pattern", "--wall", wall, "--name", "gradient", "--frames", str(FRAMES),
             "--link", f"pcap:{capture}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S,
            check=False)
        if check(done.returncode == 0, "qp-player writes a capture", done.stderr):
            for part in (check_dissection, check_artnet, check_artnet_order, check_sacn,
                         check_sacn_sync, check_sacn_discovery):
                part(capture)
    print(f"1..{n_cases}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
