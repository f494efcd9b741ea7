#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# variant: asan
# timeout: 240
"""What goes in from outside and is wrong: a clear sentence, exit 1 or the item skipped, never a
crash, nothing lost. On the sanitised programs, so that what is merely survived is found as well.
"""
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import netns
import receive
import walls
from tap import (Program, Skip, Tap, ffmpeg, get_json, lossless, need, player, program, put_json, run,
                 solid, start_player, temporary, until)

WIDTH, HEIGHT = 64, 32
N_TERMINATED = 30
HUGE_LIMIT_MIB = 600  # a picture of 30000 x 30000 takes 3.4 GiB
tap = Tap()


def expect(name, ended, status, *words):
    """Ended with this status, said all this, and no sanitizer stopped it."""
    missing = [w for w in words if w not in ended.err]
    return tap.ok(ended.status == status and not missing and not ended.crashed(), name,
                  f"wanted status {status} and {words}; not said: {missing}\n{ended}")


def wall_of(folder, **processing):
    return put_json(folder, "wall.json", walls.plain(width=WIDTH, height=HEIGHT, **processing))


def play(folder, *arguments, wall=None, timeout=60):
    return player("play", "--wall", wall or wall_of(folder), "--unpaced", "--frames", 40, "--link",
                  f"pcap:{folder}/o.pcapng", *arguments, timeout=timeout)


def frames_in(folder, name="o.pcapng"):
    description = walls.plain(width=WIDTH, height=HEIGHT)
    return receive.rebuild_file(walls.ports(description), os.path.join(folder, name))["p"].frames


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


# --- media --------------------------------------------------------------------------------------

def good_clip(folder, name="good.mp4"):
    return solid(os.path.join(folder, name), "40c040", 0.5, WIDTH, HEIGHT, codec="libx264",
                 more=("-pix_fmt", "yuv420p"))


def moving_clip(folder, name, codec="libx264"):
    path = os.path.join(folder, name)
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={WIDTH * 4}x{HEIGHT * 4}:r=60:d=2", "-c:v", codec,
           "-pix_fmt", "yuv420p", path)
    return path


def unplayable(folder, good):
    """(what, path): alone it ends the player with 1, in a playlist it is skipped."""
    data = read(good)
    yield "a file without a byte", write(folder, "empty.mp4", b"")
    yield "a clip cut in its beginning", write(folder, "cut.mp4", data[:100])
    yield "a clip whose index is missing", write(folder, "half.mp4", data[:len(data) // 2])
    yield "text called .mp4", write(folder, "text.mp4", b"I am no clip.\n" * 100)
    yield "noise called .mkv", write(folder, "noise.mkv", random.Random(1).randbytes(50000))
    yield "a file that is not there", os.path.join(folder, "missing.mp4")
    os.mkfifo(os.path.join(folder, "pipe.mp4"))
    yield "a named pipe", os.path.join(folder, "pipe.mp4")
    yield "a playlist that names files", write(
        folder, "list.m3u8", f"#EXTM3U\n#EXTINF:1,\n{good}\n#EXT-X-ENDLIST\n".encode())
    yield "a concatenation script", write(folder, "concat.txt",
                                          f"ffconcat version 1.0\nfile '{good}'\n".encode())
    yield "a name that is no UTF-8 or file", os.path.join(folder, "no\udcff.mp4")
    yield "a PNG without picture data", write(folder, "head.png", png_of(64, 64, b"", body=False))


def png_of(width, height, rows, body=True):
    """Grey, one bit a pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows, 1)) if body else b""
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")


def check_unplayable():
    with temporary() as folder:
        good = good_clip(folder)
        bad = list(unplayable(folder, good))
        for what, path in bad:
            name = os.path.basename(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            words = () if "\ufffd" in name else (name,)
            expect(f"{what}: refused alone", play(folder, path), 1, *words,
                   "nothing could be played")
        expect("all of them in one playlist: exit 1", play(folder, "--loop", *(p for _, p in bad)), 1,
               "nothing could be played")
        ended = play(folder, "--stats", os.path.join(folder, "s.json"), *(p for _, p in bad[:3]), good,
                     *(p for _, p in bad[3:]))
        expect("all of them around a good one: skipped", ended, 0, "skipped")
        os.mkdir(os.path.join(folder, "nothing"))
        expect("a folder without media", play(folder, os.path.join(folder, "nothing")), 1, "nothing")
        stats = get_json(os.path.join(folder, "s.json"))
        tap.ok(stats["media"]["skipped"] == len(bad) and len(frames_in(folder)) == 30,
               "and the good one is shown whole", stats)


def check_wrong_extension():
    with temporary() as folder:
        clip = good_clip(folder)
        picture = solid(os.path.join(folder, "p.png"), "c04040", 1, WIDTH, HEIGHT,
                        more=("-frames:v", 1))
        for name, path in (("clip.png", clip), ("picture.mp4", picture)):
            ended = play(folder, write(folder, name, read(path)))
            expect(f"{os.path.basename(path)} called {name}: plays", ended, 0)
            tap.ok(frames_in(folder), f"{name}: is shown")


def damage(data, seed, share=0.02):
    """Bytes in the middle third, as a bad disk leaves them."""
    data, draw = bytearray(data), random.Random(seed)
    for _ in range(int(len(data) * share)):
        data[draw.randrange(len(data) // 3, 2 * len(data) // 3)] = draw.randrange(256)
    return bytes(data)


def check_damaged():
    """Damage in mid-file costs pictures, not the player; the clip after it is shown."""
    with temporary() as folder:
        good = good_clip(folder)
        for name, codec in (("h264.mp4", "libx264"), ("h264.ts", "libx264"),
                            ("hevc.mkv", "libx265"), ("mpeg2.mpg", "mpeg2video")):
            data = read(moving_clip(folder, name, codec))
            path = write(folder, "damaged-" + name, damage(data, name))
            ended = player("play", "--wall", wall_of(folder), "--unpaced", "--link",
                           f"pcap:{folder}/o.pcapng", path, good)
            expect(f"{name} damaged in the middle: plays on", ended, 0)
            last = frames_in(folder)[-1].cells
            tap.ok(abs(last[1] - 0xC0) < 16 and abs(last[0] - 0x40) < 16,
                   f"{name} damaged in the middle: the next clip is shown", last[:3])
            path = write(folder, "short-" + name, data[:len(data) * 3 // 5])
            ended = play(folder, path, good)
            tap.ok(ended.status == 0 and not ended.crashed() and frames_in(folder),
                   f"{name} without its end: what is there or the next clip", ended)


def check_huge():
    with temporary() as folder:
        path = write(folder, "huge.png", png_of(30000, 30000, bytes(30000 * 3751)))
        with Program([program("qp-player"), "play", "--wall", wall_of(folder), "--unpaced", "--link",
                      f"pcap:{folder}/o.pcapng", path]) as process:
            peak = until(lambda: not process.is_running() or None, 60, "the end") and \
                resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            ended = process.wait()
        expect("a picture of 30000 x 30000: refused by a stated limit", ended, 1, "huge.png", "30000",
               "16384")
        # Of all children so far: none may have come near what the picture would take.
        tap.ok(peak < HUGE_LIMIT_MIB, "before memory is taken", f"{peak:.0f} MiB")
        claims = struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6,
                                                               0, 0, 0)
        lie = b"\x89PNG\r\n\x1a\n" + claims + struct.pack(">I", zlib.crc32(claims[4:]))
        expect("a header of 2^31 pixels a side", play(folder, write(folder, "lie.png", lie)), 1,
               "lie.png")


# --- walls and layouts ---------------------------------------------------------------------------

def changed(change):
    wall = walls.plain(width=WIDTH, height=HEIGHT)
    change(wall)
    return wall


def explicit_clash(wall):
    wall["outputs"][0]["raster"] = "explicit"
    for cabinet in wall["cabinets"]:
        cabinet["raster"] = {"x": 0, "y": 0}


def check_walls():
    with temporary() as folder:
        good = good_clip(folder)
        for name, wall, words in (
                ("a cabinet that is not there", changed(
                    lambda w: w["outputs"][0]["chain"].append("c7")), ("outputs[0].chain[2]", "c7")),
                ("a cabinet twice in a chain", changed(
                    lambda w: w["outputs"][0]["chain"].append("c0")), ("c0", "already")),
                ("an output without cabinets", changed(
                    lambda w: w["outputs"][0].update(chain=[])), ("outputs[0]",)),
                ("windows on the same cells", changed(explicit_clash), ("c0", "c1", "overlap")),
                ("a cabinet off the canvas", changed(
                    lambda w: w["cabinets"][1].update(x=60)), ("c1",)),
                ("an unknown driver", changed(
                    lambda w: w["outputs"][0].update(driver="novastar")),
                 ("outputs[0].driver", "novastar", "colorlight-5a")),
                ("an unknown type", changed(lambda w: w["cabinets"][0].update(type="X")),
                 ("cabinets[0].type",)),
                ("an unknown link", changed(
                    lambda w: w["outputs"][0].update(link={"type": "wifi"})), ("link.type", "wifi")),
                ("more than the link carries", changed(
                    lambda w: w["outputs"][0].update(speed_mbps=1)), ("outputs[0]",)),
                ("no canvas", changed(lambda w: w.pop("canvas")), ("canvas",))):
            expect(f"wall with {name}: refused with its place",
                   play(folder, good, wall=put_json(folder, "w.json", wall)), 1, "w.json", *words)
        # Two cabinets over one another on the canvas show the same: a doubt, not an error.
        ended = play(folder, good, wall=put_json(folder, "w.json", changed(
            lambda w: w["cabinets"][1].update(x=16))))
        expect("wall with overlapping cabinets: warned and played", ended, 0, "overlap")
        for name, data in (("empty", b""), ("no JSON", b"{\"canvas\": "),
                           ("deep", b"[" * 100000), ("binary", bytes(range(256)) * 64),
                           ("a list", b"[]")):
            expect(f"wall file {name}: refused",
                   play(folder, good, wall=write(folder, "bad.json", data)), 1, "bad.json")
        expect("wall file that is not there", play(folder, good, wall=folder + "/nowhere.json"), 1,
               "nowhere.json")
        expect("wall file that is a folder", play(folder, good, wall=folder), 1, folder)


def check_layouts():
    with temporary() as folder:
        good = good_clip(folder)
        for name, data, words in (
                ("empty", b"", ()), ("no JSON", b"{", ()),
                ("unknown layer", b'{"layers":[{"type":"hologram"}]}', ("hologram",)),
                ("off the canvas", b'{"layers":[{"type":"zone","playlist":"main","x":9999}]}', ()),
                ("bad colour", b'{"layers":[{"type":"solid","color":"red"}]}', ("color",))):
            path = write(folder, "layout.json", data)
            expect(f"layout {name}: refused", play(folder, "--layout", path, good), 1, "layout.json",
                   *words)


# --- links --------------------------------------------------------------------------------------

def check_no_interface(_wires):
    """It may be plugged in later: the player plays on, counts and says so."""
    with temporary() as folder:
        wall = walls.plain(width=WIDTH, height=HEIGHT)
        wall["outputs"][0]["link"]["nic"] = "nosuch0"
        stats = os.path.join(folder, "s.json")
        ended = player("play", "--wall", put_json(folder, "w.json", wall), "--loop", "--seconds", 2,
                       "--stats", stats, good_clip(folder))
        expect("an interface that does not exist: warned, plays on", ended, 0, "nosuch0")
        port = get_json(stats)["ports"][0]
        tap.ok(not port["carrier"] and port["frames"] == 0 and port["incomplete"] > 30,
               "an interface that does not exist: counted", port)


def check_down_and_up(wires):
    with temporary() as folder:
        path, stats = wall_of(folder), os.path.join(folder, "s.json")
        with wires.wall_side():
            sniffer = receive.Sniffer("wall0")
        with start_player("play", "--wall", path, "--loop", "--stats", stats,
                          good_clip(folder)) as process:
            until(lambda: len(sniffer.packets) > 500, what="frames before")
            netns.ip("link", "set", "led0", "down")
            until(lambda: "led0" in process.errors(), 30, "a word about it")
            before = len(sniffer.packets)
            netns.ip("link", "set", "led0", "up")
            until(lambda: len(sniffer.packets) > before + 500, 30, "frames after")
            ended = process.stop()
        packets = sniffer.stop()
    expect("the interface goes down and comes back: plays on", ended, 0, "led0")
    frames = receive.rebuild(walls.ports(walls.plain(width=WIDTH, height=HEIGHT))[0], packets,
                             lenient=True).frames
    tap.ok(len(frames) > 15 and len({f.cells for f in frames}) == 1,
           "the interface comes back: whole frames again", len(frames))


def check_counted_down(wires):
    with temporary() as folder:
        stats = os.path.join(folder, "s.json")
        with start_player("play", "--wall", wall_of(folder), "--loop", "--stats", stats,
                          good_clip(folder)) as process:
            until(lambda: "led0" in process.errors() or
                  os.path.exists(f"/proc/{process.pid}/task") and len(os.listdir(
                      f"/proc/{process.pid}/task")) > 3, what="the player's threads")
            for state in ("down", "up"):
                netns.ip("link", "set", "led0", state)
            ended = process.stop()
        port = get_json(stats)["ports"][0]
    tap.ok(ended.status == 0 and port["carrier_changes"] >= 1, "carrier changes are counted", port)
    del wires


def check_permission(wires):
    need("setpriv")
    with temporary() as folder:
        dropped = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
        if run([*dropped, "true"]).status:
            raise Skip("setpriv cannot drop capabilities here")
        ended = run([*dropped, program("qp-player"), "play", "--wall", wall_of(folder), "--frames",
                     "5", good_clip(folder)])
    expect("no right to raw sockets: the sentence names the capability", ended, 1, "CAP_NET_RAW")
    del wires


def check_full_disk():
    with temporary() as folder:
        good, wall = good_clip(folder), wall_of(folder)
        ended = player("play", "--wall", wall, "--unpaced", "--link", "pcap:/dev/full", good)
        expect("a full disk from the start", ended, 1, "/dev/full", "No space left")
        ended = player("play", "--wall", wall, "--unpaced", "--link", "pcap:/nowhere/x.pcapng", good)
        expect("a capture in a folder that is not there", ended, 1, "/nowhere/x.pcapng")
        small = os.path.join(folder, "small")
        os.mkdir(small)
        kept = os.path.join(folder, "kept.pcapng")
        script = (f"mount -t tmpfs -o size=256k none {small} || exit 77; "
                  f"{program('qp-player')} play --wall {wall} --loop --frames 300 --unpaced "
                  f"--link pcap:{small}/o.pcapng --stats {folder}/s.json {good}; "
                  f"status=$?; cp {small}/o.pcapng {kept}; exit $status")
        ended = run(["unshare", "-m", "sh", "-c", script], 60)
        if ended.status == 77 or ended.err.startswith("unshare:"):  # in a chroot, for one
            raise Skip("no right to mount a small disk")
        expect("the disk fills up: said, exit 1", ended, 1, "disk is full")
        frames = frames_in(folder, "kept.pcapng")
        tap.ok(frames and len({f.cells for f in frames}) == 1 and whole(kept),
               "the disk fills up: what was written is whole", len(frames))


def whole(path):
    """The file ends with a block's end."""
    data, at = read(path), 0
    while at + 12 <= len(data):
        at += struct.unpack_from("<I", data, at + 4)[0]
    return at == len(data)


def check_local():
    with temporary() as folder:
        good = good_clip(folder)
        ended = player("play", "--wall", wall_of(folder), "--frames", 5, "--link",
                       f"local:{folder}/nobody.sock", good)
        tap.ok(not ended.crashed() and ended.status in (0, 1) and "nobody.sock" in ended.err,
               "nobody behind the local socket: said", ended)


# --- signals ------------------------------------------------------------------------------------

def catches_term(pid):
    """Whether the program has taken SIGTERM into its own hands."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
    except (OSError, StopIteration):
        return True
    return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def check_term():
    """SIGTERM at any moment: in order, status 0, statistics written, nothing left behind."""
    draw, bad = random.Random(15), []
    with temporary() as folder:
        layout = put_json(folder, "layout.json", {"layers": [
            {"type": "zone", "playlist": "main", "transition": {"type": "cross-fade",
                                                                "seconds": 0.1}},
            {"type": "clock", "h": 16, "z": 1}]})
        clips = [good_clip(folder), moving_clip(folder, "moving.mp4")]
        wall, stats = wall_of(folder), os.path.join(folder, "s.json")
        known = set(os.listdir(folder)) | {"s.json", "o.pcapng"}
        for i in range(N_TERMINATED):
            # Every third into a wall over the socket of nobody, in real time and without.
            more = (["--unpaced"], [], [])[i % 3]
            with start_player("play", "--wall", wall, "--layout", layout, "--loop", "--stats", stats,
                              "--link", f"pcap:{folder}/o.pcapng", *more, *clips) as process:
                until(lambda: catches_term(process.pid), what="the signal handler")
                moment = draw.random() ** 2 * 0.6
                time.sleep(moment)  # the moment is the input of this test, not a wait
                ended = process.stop()
            if ended.status or ended.crashed() or not os.path.exists(stats) or \
                    set(os.listdir(folder)) - known or not whole(os.path.join(folder, "o.pcapng")):
                bad.append(f"after {moment:.3f} s {more}: {ended} {os.listdir(folder)}")
            else:
                json.dumps(get_json(stats))
                os.unlink(stats)
    tap.ok(not bad, f"SIGTERM at {N_TERMINATED} random moments ends in order", "\n".join(bad))


def check_early_term():
    """Before the program can listen it may die of the signal, but of nothing else."""
    with temporary() as folder:
        good, wall, ends = good_clip(folder), wall_of(folder), []
        for i in range(8):
            with start_player("play", "--wall", wall, "--link", f"pcap:{folder}/o.pcapng", "--loop",
                              good) as process:
                time.sleep(i * 0.004)  # the moment is the input
                ends.append(process.stop())
    tap.ok(all(e.status in (0, -signal.SIGTERM) and "Sanitizer" not in e.err for e in ends),
           "SIGTERM while starting", "\n".join(map(str, ends)))


def check_kill():
    """Killed at once and started again: sACN goes on with its sequence, nothing has to be mended."""
    with temporary() as folder:
        good, state = good_clip(folder), os.path.join(folder, "state")
        os.mkdir(state)
        wall = put_json(folder, "w.json", walls.plain("sacn", WIDTH, HEIGHT))
        capture = os.path.join(folder, "o.pcapng")
        with start_player("play", "--wall", wall, "--loop", "--state-dir", state, "--link",
                          f"pcap:{capture}", good) as process:
            until(lambda: os.path.exists(capture) and os.path.getsize(capture) > 300000,
                  what="some frames")
            killed = process.stop(sig=signal.SIGKILL)
        first = [p for _, _, p in receive.read_pcapng(capture)]
        ended = player("play", "--wall", wall, "--frames", 20, "--unpaced", "--state-dir", state,
                       "--link", f"pcap:{capture}", good)
        second = [p for _, _, p in receive.read_pcapng(capture)]
    expect("killed and started again", ended, 0)
    data = [[p[42:] for p in packets if len(p) > 168] for packets in (first, second)]
    same_cid = {p[22:38] for packets in data for p in packets}
    step = (data[1][0][111] - data[0][-1][111]) % 256
    tap.ok(killed.status == -signal.SIGKILL and len(same_cid) == 1,
           "killed: the sACN source keeps its identity", same_cid)
    # A receiver drops what is up to 20 behind (E1.31 6.7.2): the start must not fall there.
    tap.ok(0 < step <= 128 or step < 256 - 20, "killed: its sequence is not behind", step)


# --- the command line ------------------------------------------------------------------------------

def check_usage():
    with temporary() as folder:
        good, wall = good_clip(folder), wall_of(folder)
        for arguments in ((), ("sing",), ("play",), ("play", "--wall", wall),
                          ("play", "--wall", wall, "--nonsense", good),
                          ("play", "--wall", wall, good, "--frames"),
                          ("play", "--wall", wall, good, "--frames", "0"),
                          ("play", "--wall", wall, good, "--frames", "ten"),
                          ("play", "--wall", wall, good, "--seconds", "-1"),
                          ("play", "--wall", wall, good, "--seconds", "nan"),
                          ("play", "--wall", wall, good, "--brightness", "101"),
                          ("play", "--wall", wall, good, "--name", "grid"),
                          ("pattern", "--wall", wall), ("pattern", "--wall", wall, good)):
            expect(f"qp-player {' '.join(arguments[:1] + arguments[3:])}: usage, status 2",
                   player(*arguments), 2, "qp-player")
        expect("an unknown pattern", player("pattern", "--wall", wall, "--name", "disco"), 1, "disco")
        expect("an unknown link", player("play", "--wall", wall, "--link", "smoke:x", good), 1,
               "smoke:x")
        expect("statistics that cannot be written",
               play(folder, "--stats", folder + "/nowhere/s.json", good), 1, "nowhere/s.json")
        # By a link, so that a defect costs the link and not the machine's device.
        full = os.path.join(folder, "full")
        os.symlink("/dev/full", full)
        expect("statistics onto a full disk", play(folder, "--stats", full, good), 1, full,
               "No space left")
        expect("statistics over a folder", play(folder, "--stats", folder, good), 1, folder)
        state = write(folder, "state", b"")
        sacn = put_json(folder, "sacn.json", walls.plain("sacn", WIDTH, HEIGHT))
        expect("a state folder that is a file",
               play(folder, "--state-dir", state, good, wall=sacn), 1, "state")
        capture = write(folder, "kept.pcapng", b"somebody's capture")
        ended = player("play", "--wall", wall, "--link", "pcap:" + capture, "--check", good)
        with open(capture, "rb") as file:
            tap.ok(ended.status == 0 and file.read() == b"somebody's capture",
                   "--check leaves a capture alone", ended)


def main():
    need_ffmpeg = shutil.which("ffmpeg")
    for name, function in (("huge picture", check_huge), ("unplayable media", check_unplayable),
                           ("wrong extensions", check_wrong_extension),
                           ("damaged media", check_damaged), ("walls", check_walls),
                           ("layouts", check_layouts), ("usage", check_usage),
                           ("full disk", check_full_disk), ("local socket", check_local),
                           ("SIGTERM", check_term), ("early SIGTERM", check_early_term),
                           ("SIGKILL", check_kill)):
        if need_ffmpeg:
            tap.case(name, function)
        else:
            tap.skip(name, "ffmpeg is not installed")
    try:
        netns.enter()
        wires = netns.Wires(1)
    except Skip as reason:
        tap.skip("links that fail", reason)
        tap.done()
    for name, function in (("no interface", check_no_interface), ("down and up", check_down_and_up),
                           ("carrier", check_counted_down), ("permission", check_permission)):
        tap.case(name, function, wires)
    tap.done()


if __name__ == "__main__":
    main()
