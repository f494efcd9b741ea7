#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The light of the wall, against the frame path computed in double precision.

A still picture of noise and ramps is played with every stage on: sRGB in, a matrix per cabinet and
module, gains per LED, 40 % brightness, the card's gamma of 2.8 undone, dither. What a card would
show of 64 frames is averaged in linear light.
"""
import math
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import netns
import png
import receive
import walls
from tap import Tap, Skip, player, put_json, temporary

WIDTH, HEIGHT, N_FRAMES = 64, 32, 64
BRIGHTNESS, GAMMA = 0.4, 2.8
PSNR_DB, GAIN_DB = 70, 15
tap = Tap()


def matrix(draw, strength):
    """Near the unit matrix, as a calibration gives; some coefficients negative."""
    return [[round((0.9 if i == k else 0) + draw.uniform(-strength, strength), 4) for k in range(3)]
            for i in range(3)]


def make_wall(driver, folder, dither=True):
    """Two cabinets of four modules each, the second upside down; gains on the first."""
    draw = random.Random(driver)
    wall = walls.plain(driver, WIDTH, HEIGHT, cabinets=2, input="srgb", correction=True,
                       brightness=BRIGHTNESS, output_curve=True, dither=dither)
    kind = wall["types"]["T"]
    kind.update(modules=[2, 2], gamma=GAMMA)
    for cabinet in wall["cabinets"]:
        cabinet["matrix"] = matrix(draw, 0.08)
        cabinet["module_matrices"] = [matrix(draw, 0.05) for _ in range(4)]
    wall["cabinets"][1]["turn"] = 180
    gains = [[round(draw.uniform(0.85, 1.0), 4) for _ in range(3)]
             for _ in range(kind["width"] * kind["height"])]
    with open(os.path.join(folder, "gains.csv"), "w", encoding="ascii") as file:
        file.writelines(",".join(map(str, g)) + "\n" for g in gains)
    wall["cabinets"][0]["gains"] = "gains.csv"
    return wall, gains


def picture(seed):
    """Noise of every brightness, dark codes more often: there dither has most to do."""
    draw = random.Random(seed)
    return bytes(int(255 * draw.random() ** 1.5) for _ in range(3 * WIDTH * HEIGHT))


def product(a, b):
    return [[sum(a[i][j] * b[j][k] for j in range(3)) for k in range(3)] for i in range(3)]


def srgb_light(code):
    v = code / 255
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def reference(wall, gains, rgb):
    """Light of every byte that the port carries, in the order of the wire."""
    port = walls.ports(wall)[0]
    kind = wall["types"]["T"]
    cabinets = {c["id"]: c for c in wall["cabinets"]}
    correction = {c["id"]: [product(c["matrix"], m) for m in c["module_matrices"]]
                  for c in wall["cabinets"]}
    light = [srgb_light(c) for c in range(256)]
    out = []
    for x, y, order, name, column, row in port.cells:
        at = 3 * (y * WIDTH + x)
        linear = [light[c] for c in rgb[at:at + 3]]
        module = row // (kind["height"] // 2) * 2 + column // (kind["width"] // 2)
        m = correction[name][module]
        for colour in order:
            k = "rgb".index(colour)
            drive = sum(m[k][j] * linear[j] for j in range(3))
            if "gains" in cabinets[name]:
                drive *= gains[row * kind["width"] + column][k]
            out.append(min(max(drive * BRIGHTNESS, 0), 1))
    return out


def shown(frames):
    """Mean light of 64 frames: the card's own curve on every code, then the mean."""
    light = [(c / 255) ** GAMMA for c in range(256)]
    return [math.fsum(light[c] for c in codes) / len(frames)
            for codes in zip(*(f.cells for f in frames))]


def psnr(got, want):
    """Against full light, 1.0."""
    square = math.fsum((a - b) ** 2 for a, b in zip(got, want)) / len(want)
    return 10 * math.log10(1 / square) if square else math.inf


def play(path, image, *more):
    return player("play", "--wall", path, "--unpaced", "--frames", N_FRAMES, *more, image)


def judge(name, receiver, want):
    frames = receiver.frames
    if not tap.ok(len(frames) == N_FRAMES, f"{name}: 64 frames", len(frames)):
        return 0
    db = psnr(shown(frames), want)
    tap.ok(db >= PSNR_DB, f"{name}: {db:.1f} dB, at least {PSNR_DB} wanted")
    return db


def check_captures(driver):
    result = {}
    for dither in (True, False):
        with temporary() as folder:
            wall, gains = make_wall(driver, folder, dither)
            image, capture = os.path.join(folder, "noise.png"), os.path.join(folder, "o.pcapng")
            rgb = picture(driver)
            png.write_rgb(image, WIDTH, HEIGHT, rgb)
            ended = play(put_json(folder, "wall.json", wall), image, "--link", f"pcap:{capture}")
            if not tap.ok(ended.status == 0, f"{driver}: plays", ended):
                return
            receiver = receive.rebuild_file(walls.ports(wall), capture)["p"]
            want = reference(wall, gains, rgb)
            if dither:
                result[dither] = judge(f"{driver} into a capture", receiver, want)
            else:
                result[dither] = psnr(shown(receiver.frames), want)
                tap.ok(len({f.cells for f in receiver.frames}) == 1,
                       f"{driver}: without dither all frames are alike")
    tap.ok(result[True] - result[False] >= GAIN_DB,
           f"{driver}: dither is worth {result[True] - result[False]:.1f} dB, "
           f"at least {GAIN_DB} wanted")


def check_link(wires):
    with temporary() as folder:
        wall, gains = make_wall("colorlight-5a", folder)
        image, rgb = os.path.join(folder, "noise.png"), picture("link")
        png.write_rgb(image, WIDTH, HEIGHT, rgb)
        with wires.wall_side():
            sniffer = receive.Sniffer("wall0")
        ended = play(put_json(folder, "wall.json", wall), image)
        packets = sniffer.stop()
        if tap.ok(ended.status == 0, "over veth: plays", ended):
            judge("over veth", receive.rebuild(walls.ports(wall)[0], packets),
                  reference(wall, gains, rgb))


def check_card_dims():
    """Dimmed by the card: full codes, and the brightness in the latch; never both."""
    with temporary() as folder:
        wall = walls.plain(width=WIDTH, height=HEIGHT, dimmer="card", brightness=BRIGHTNESS)
        image, capture = os.path.join(folder, "noise.png"), os.path.join(folder, "o.pcapng")
        rgb = picture("card")
        png.write_rgb(image, WIDTH, HEIGHT, rgb)
        play(put_json(folder, "wall.json", wall), image, "--link", f"pcap:{capture}")
        port = walls.ports(wall)[0]
        frames = receive.rebuild_file([port], capture)["p"].frames
        tap.ok(frames and all(f.cells == port.expected(rgb) for f in frames),
               "dimmed by the card: the codes are those of the picture", len(frames))
        tap.ok({f.brightness for f in frames} == {round(255 * BRIGHTNESS)},
               "dimmed by the card: the latch says 40 %", {f.brightness for f in frames})


def main():
    for driver in ("colorlight-5a", "ddp"):
        tap.case(driver, check_captures, driver)
    tap.case("dimmed by the card", check_card_dims)
    try:
        netns.enter()
        tap.case("over veth", check_link, netns.Wires(1))
    except Skip as reason:
        tap.skip("over veth", reason)
    tap.done()


if __name__ == "__main__":
    main()
