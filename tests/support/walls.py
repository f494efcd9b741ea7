# SPDX-License-Identifier: Apache-2.0
"""An independent reading of wall descriptions: which canvas pixel each cell of a port shows.

Written from the definition of the wall format alone and by other means than the product (LED by
LED, no spans, no affine maps), so that the two can disagree. Knows what the tests use: rectangular
cabinets at whole pixels and scale 1, listed one by one in the chains of the outputs.
"""
import random

HOLE = None
LINEAR = ("ddp", "artnet", "sacn")


def turned(cabinet, kind):
    """Width and height of the cabinet as it hangs."""
    w, h = kind["width"], kind["height"]
    return (h, w) if cabinet.get("turn", 0) in (90, 270) else (w, h)


def place(cabinet, kind, column, row):
    """Canvas pixel of a native LED: mirrored first, then turned clockwise."""
    w, h = kind["width"], kind["height"]
    mirror = cabinet.get("mirror", "none")
    if "x" in mirror:
        column = w - 1 - column
    if "y" in mirror:
        row = h - 1 - row
    for _ in range(cabinet.get("turn", 0) // 90):
        column, row, w, h = h - 1 - row, column, h, w
    return cabinet["x"] + column, cabinet["y"] + row


def wired(kind):
    """Native (column, row) of every LED in the order of the wire."""
    wiring = kind.get("wiring", {})
    start, columns = wiring.get("start", "top-left"), wiring.get("direction", "rows") == "columns"
    xs, ys = list(range(kind["width"])), list(range(kind["height"]))
    if "right" in start:
        xs.reverse()
    if "bottom" in start:
        ys.reverse()
    lines, along = (xs, ys) if columns else (ys, xs)
    for i, line in enumerate(lines):
        for step in reversed(along) if wiring.get("pattern") == "S" and i % 2 else along:
            yield (line, step) if columns else (step, line)


class Port:
    """One output: its cells in the order of its protocol, each (x, y, order) or HOLE."""

    def __init__(self, wall, output):
        self.wall, self.output = wall, output
        self.id, self.driver = output["id"], output["driver"]
        named = {c["id"]: c for c in wall["cabinets"]}
        self.chain = [(named[i], wall["types"][named[i]["type"]]) for i in output["chain"]]
        self.width = self.height = 0
        self.cells = self.linear() if self.driver in LINEAR else self.raster()

    def cell(self, cabinet, kind, column, row):
        return (*place(cabinet, kind, column, row), kind.get("order", "rgb"), cabinet["id"],
                column, row)

    def linear(self):
        return [self.cell(c, kind, *led) for c, kind in self.chain for led in wired(kind)]

    def windows(self):
        x, how = 0, self.output.get("raster", "chain")
        left = min(c["x"] for c, _ in self.chain)
        top = min(c["y"] for c, _ in self.chain)
        for cabinet, kind in self.chain:
            if how == "chain":
                yield cabinet, kind, x, 0
                x += kind["width"]
            elif how == "canvas":
                yield cabinet, kind, cabinet["x"] - left, cabinet["y"] - top
            else:
                yield cabinet, kind, cabinet["raster"]["x"], cabinet["raster"]["y"]

    def raster(self):
        windows = list(self.windows())
        self.width = max(x + kind["width"] for _, kind, x, _ in windows)
        self.height = max(y + kind["height"] for _, kind, _, y in windows)
        cells = [HOLE] * (self.width * self.height)
        for cabinet, kind, x0, y0 in windows:
            for row in range(kind["height"]):
                for column in range(kind["width"]):
                    cells[(y0 + row) * self.width + x0 + column] = \
                        self.cell(cabinet, kind, column, row)
        return cells

    def expected(self, frame):
        """The bytes of the port for an RGB canvas, every stage of the frame path off; holes 0."""
        width, out = self.wall["canvas"]["width"], bytearray()
        for cell in self.cells:
            if cell is HOLE:
                out += b"\0\0\0"
                continue
            at = 3 * (cell[1] * width + cell[0])
            for colour in cell[2]:
                out.append(frame[at + "rgb".index(colour)])
        return bytes(out)

    def paint(self, canvas, cells):
        """Light the canvas (a bytearray of RGB) with what the port received."""
        width = self.wall["canvas"]["width"]
        for i, cell in enumerate(self.cells):
            if cell is not HOLE:
                at = 3 * (cell[1] * width + cell[0])
                for k, colour in enumerate(cell[2]):
                    canvas[at + "rgb".index(colour)] = cells[3 * i + k]


def ports(wall):
    return [Port(wall, output) for output in wall["outputs"]]


def canvas_of(wall, received):
    """The canvas from what each port received: {id: bytes}; black where no LED is."""
    canvas = bytearray(3 * wall["canvas"]["width"] * wall["canvas"]["height"])
    for port in ports(wall):
        port.paint(canvas, received[port.id])
    return bytes(canvas)


OFF = {"input": "off", "correction": False, "output_curve": False, "dither": False}


def link(driver, i=0, **options):
    """The link of pair i of netns.Wires."""
    if driver in LINEAR:
        return {"type": "udp", "address": f"10.77.{i}.2", **options}
    return {"type": "ethernet", "nic": f"led{i}", **options}


def every_way(driver, refresh=60):
    """A small wall with every turn and mirror, two types, two outputs and all six orders."""
    poses = [(0, "none"), (180, "none"), (0, "x"), (90, "none"), (90, "y"), (270, "none"),
             (0, "xy"), (180, "x"), (270, "x"), (90, "x")]
    orders = ["bgr", "rgb", "grb", "brg", "rbg", "gbr"]
    kinds = {f"T{i}": {"width": 24, "height": 16, "pitch_mm": 4, "order": order,
                       "wiring": {"start": start, "direction": direction, "pattern": pattern}}
             for i, (order, (start, direction, pattern)) in enumerate(zip(orders, [
                 ("top-left", "rows", "Z"), ("top-right", "rows", "S"),
                 ("bottom-left", "columns", "S"), ("bottom-right", "columns", "Z"),
                 ("top-left", "columns", "S"), ("bottom-right", "rows", "S")]))}
    cabinets = []
    for i, (turn, mirror) in enumerate(poses):
        cabinets.append({"id": f"c{i}", "type": f"T{i % 6}", "x": i % 5 * 24, "y": i // 5 * 24,
                         "turn": turn, "mirror": mirror})
    names = [c["id"] for c in cabinets]
    random.Random(7).shuffle(names)
    return {"canvas": {"width": 120, "height": 48}, "refresh": refresh, "types": kinds,
            "cabinets": cabinets, "accept": ["gaps", "margin"], "processing": dict(OFF),
            "outputs": [{"id": "first", "driver": driver, "link": link(driver, 0),
                         "chain": names[:6]},
                        {"id": "second", "driver": driver, "link": link(driver, 1),
                         "chain": names[6:]}]}


def wide(driver):
    """One flat cabinet wider than one packet of any protocol."""
    return {"canvas": {"width": 700, "height": 6}, "refresh": 60,
            "types": {"T": {"width": 700, "height": 6, "pitch_mm": 4, "order": "bgr"}},
            "cabinets": [{"id": "c", "type": "T", "x": 0, "y": 0}], "processing": dict(OFF),
            "outputs": [{"id": "p", "driver": driver, "link": link(driver), "chain": ["c"]}]}


def plain(driver="colorlight-5a", width=64, height=32, refresh=60, cabinets=2, **processing):
    """Cabinets side by side on one output."""
    each = width // cabinets
    return {"canvas": {"width": width, "height": height}, "refresh": refresh,
            "types": {"T": {"width": each, "height": height, "pitch_mm": 4, "order": "bgr"}},
            "cabinets": [{"id": f"c{i}", "type": "T", "x": i * each, "y": 0}
                         for i in range(cabinets)],
            "processing": {**OFF, **processing},
            "outputs": [{"id": "p", "driver": driver, "link": link(driver),
                         "chain": [f"c{i}" for i in range(cabinets)]}]}
