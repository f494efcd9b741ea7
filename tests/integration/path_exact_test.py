#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""From a file to the wire and back, byte for byte: every stage of the frame path off.

A lossless clip of noise, another picture in every frame, is played over veth pairs in a network
namespace. An independent receiver rebuilds the frames from the packets, and so does qp-wall from
the same capture; both must equal the clip.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import netns
import png
import receive
import walls
from tap import Tap, Skip, get_json, lossless, player, program, put_json, run, temporary

N_FRAMES = 24
DRIVERS = ("colorlight-5a", "linsn-rv9", "ddp", "artnet", "sacn")
tap = Tap()


def noise(wall, seed):
    draw = random.Random(seed)
    size = 3 * wall["canvas"]["width"] * wall["canvas"]["height"]
    return [draw.randbytes(size) for _ in range(N_FRAMES)]


def clip_of(folder, wall, frames):
    return lossless(os.path.join(folder, "clip.nut"), frames, wall["canvas"]["width"],
                    wall["canvas"]["height"], wall["refresh"])


def variants():
    """(name, wall)"""
    for driver in DRIVERS:
        yield f"{driver}, cabinets every way round", walls.every_way(driver)
        yield f"{driver}, wider than a packet", walls.wide(driver)
    wall = walls.every_way("ddp")
    wall["outputs"][0]["options"] = {"max_data": 33}
    yield "ddp, small packets", wall
    wall = walls.every_way("artnet")
    wall["outputs"][0]["options"] = {"start_universe": 250, "pixels_per_universe": 101}
    yield "artnet, odd universes over a net's end", wall
    wall = walls.every_way("sacn")
    for i, output in enumerate(wall["outputs"]):
        output["options"] = {"start_universe": 1 + 100 * i, "sync_address": 7000 + i,
                             "priority": 150}
    yield "sacn, synchronised", wall
    wall = walls.plain("linsn-rv9", width=64, height=32)
    wall["outputs"][0]["raster"] = "canvas"
    yield "linsn-rv9, the canvas as raster", wall
    wall = walls.plain("colorlight-5a", width=64, height=32)
    wall["outputs"][0]["raster"] = "explicit"
    for i, cabinet in enumerate(wall["cabinets"]):
        cabinet["raster"] = {"x": 7 + 40 * (1 - i), "y": 3 * i}
    yield "colorlight-5a, windows by hand", wall


def compare(name, ports, received, frames):
    """Every port shows every frame of the clip, in order; the last one may be repeated."""
    for port in ports:
        got = [f.cells for f in received[port.id].frames]
        want = [port.expected(f) for f in frames]
        same = got[:N_FRAMES] == want and all(f == want[-1] for f in got[N_FRAMES:])
        first = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), len(got))
        tap.ok(same, f"{name}: {port.id} carries the clip",
               f"{len(got)} frames, first that differs: {first}")


def compare_wall(name, folder, wall, path, capture, frames):
    """qp-wall's own pictures of the same capture."""
    shown = os.path.join(folder, "shown")
    os.mkdir(shown)
    ended = run([program("qp-wall"), "--wall", path, "--pcap", capture, "--save", shown, "--look",
                 "raw", "--json"], 60)
    if not tap.ok(ended.status == 0, f"{name}: qp-wall reads the capture", ended):
        return
    pictures = [png.read_rgb(os.path.join(shown, f)) for f in sorted(os.listdir(shown))]
    ports = walls.ports(wall)
    want = [walls.canvas_of(wall, {p.id: p.expected(f) for p in ports}) for f in frames]
    got = [rgb for _, _, rgb in pictures]
    tap.ok(got[:N_FRAMES] == want and all(f == want[-1] for f in got[N_FRAMES:]),
           f"{name}: qp-wall shows the clip", f"{len(got)} pictures")


def check_link(name, wires, wall):
    """One run over the veth pairs, captured at the far end."""
    with temporary() as folder:
        frames = noise(wall, name)
        ports, path = walls.ports(wall), put_json(folder, "wall.json", wall)
        with wires.wall_side():
            sinks = [receive.Sink(n) for n in receive.UDP_PORTS.values()]
            sniffers = {f"wall{i}": receive.Sniffer(f"wall{i}") for i in range(len(ports))}
        ended = player("play", "--wall", path, "--unpaced", "--stats",
                       os.path.join(folder, "stats.json"), clip_of(folder, wall, frames))
        captures = {nic: sniffer.stop() for nic, sniffer in sniffers.items()}
        for sink in sinks:
            sink.socket.close()
        if not tap.ok(ended.status == 0, f"{name}: plays", ended):
            return
        stats = get_json(os.path.join(folder, "stats.json"))
        received = {p.id: receive.rebuild(p, captures[f"wall{i}"]) for i, p in enumerate(ports)}
        compare(name, ports, received, frames)
        tap.ok(stats["render"]["byte_exact"] and all(
            p["frames"] == len(received[p["id"]].frames) and not p["incomplete"]
            and not p["errors"] for p in stats["ports"]), f"{name}: the counters say the same",
            stats)
        capture = os.path.join(folder, "capture.pcapng")
        receive.write_pcapng(capture, {p.id: receive.in_step(p, captures[f"wall{i}"])
                                       for i, p in enumerate(ports)})
        compare_wall(name, folder, wall, path, capture, frames)


def check_paced(wires):
    """In real time: whatever is latched is a frame of the clip, whole, in order."""
    wall = walls.every_way("colorlight-5a", refresh=50)
    with temporary() as folder:
        frames, ports = noise(wall, "paced"), walls.ports(wall)
        with wires.wall_side():
            sniffers = [receive.Sniffer(f"wall{i}") for i in range(len(ports))]
        ended = player("play", "--wall", put_json(folder, "wall.json", wall),
                       clip_of(folder, wall, frames))
        captures = [sniffer.stop() for sniffer in sniffers]
        tap.ok(ended.status == 0, "in real time: plays", ended)
        for port, packets in zip(ports, captures):
            want = [port.expected(f) for f in frames]
            got = [want.index(f.cells) if f.cells in want else -1
                   for f in receive.rebuild(port, packets, lenient=True).frames]
            tap.ok(got and min(got) >= 0 and got == sorted(got) and got[-1] == N_FRAMES - 1,
                   f"in real time: {port.id} latches whole frames of the clip, in order", got)


def check_capture(name, wall):
    """The player's own capture file."""
    with temporary() as folder:
        frames, ports = noise(wall, name), walls.ports(wall)
        path = put_json(folder, "wall.json", wall)
        capture = os.path.join(folder, "out.pcapng")
        ended = player("play", "--wall", path, "--unpaced", "--link", f"pcap:{capture}",
                       clip_of(folder, wall, frames))
        if tap.ok(ended.status == 0, f"{name}: plays", ended):
            compare(name, ports, receive.rebuild_file(ports, capture), frames)
            compare_wall(name, folder, wall, path, capture, frames)


def main():
    for driver in DRIVERS:
        tap.case(f"{driver} as capture", check_capture, f"{driver} as capture",
                 walls.every_way(driver))
    try:
        netns.enter()
        wires = netns.Wires(2)
    except Skip as reason:
        tap.skip("over veth pairs", reason)
        tap.done()
    for name, wall in variants():
        tap.case(name, check_link, name, wires, wall)
    tap.case("in real time", check_paced, wires)
    tap.done()


if __name__ == "__main__":
    main()
