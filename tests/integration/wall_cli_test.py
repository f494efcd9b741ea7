#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# variant: asan
# parallel
"""qp wall check, draw, new and format, from the shell's side: exit codes, words, files."""
import copy
import glob
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QP = os.path.join(os.path.abspath(sys.argv[1]), "qp")
results = []

GOOD = {
    "canvas": {"width": 128, "height": 64},
    "types": {"T": {"width": 64, "height": 64, "pitch_mm": 2}},
    "cabinets": [{"id": "A", "type": "T", "x": 0, "y": 0}, {"id": "B", "type": "T", "x": 64, "y": 0}],
    "outputs": [{"id": "p", "driver": "colorlight-5a", "link": {"type": "ethernet", "nic": "led0"},
                 "chain": ["A", "B"]}],
}


def report(good, name, detail=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    if not good and detail:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def run(*args):
    done = subprocess.run([QP, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=100, check=False)
    done.text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return done


def expect(name, code, words, *args):
    """The command ends with this code, says all words, and no sanitizer has anything to add."""
    done = run(*args)
    good = done.returncode == code and all(word in done.text for word in words) \
        and "Sanitizer" not in done.text
    report(good, name, f"exit {done.returncode}\n{done.text[:3000]}")
    return done


def put(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def changed(change):
    wall = copy.deepcopy(GOOD)
    change(wall)
    return wall


def test_usage():
    expect("no command is a usage error", 2, ["usage: qp"])
    expect("--help explains", 0, ["usage: qp", "wall"], "--help")
    expect("--version names the program", 0, ["qp "], "--version")
    expect("an unknown command is a usage error", 2, ["no command \"wal\""], "wal")
    expect("wall --help lists its commands", 0, ["check", "draw", "new"], "wall", "--help")
    expect("check needs a file", 2, ["a file is missing"], "wall", "check")
    expect("an unknown option is a usage error", 2, ["--jsn"], "wall", "check", "--jsn", "x")
    expect("draw needs -o", 2, ["-o FILE"], "wall", "draw", "x.json")
    expect("draw knows two kinds of file", 2, [".svg or .png"], "wall", "draw", "x", "-o", "x.pdf")


def test_check(folder):
    good = put(folder, "good.json", GOOD)
    expect("a good wall passes", 0, ["No errors, no warnings.", "colorlight-5a", "%"], "wall",
           "check", good)
    done = expect("--json is for programs", 0, [], "wall", "check", "--json", good)
    try:
        doc = json.loads(done.stdout)
        port = doc["ports"][0]
        report(doc["ok"] and port["pixels"] == 8192 and port["cabinets"] == 2
               and 0 < port["share"] < 1 and port["packets"] >= 64
               and math.isclose(port["share"], port["mbps"] / port["capacity_mbps"], rel_tol=1e-6)
               and math.isclose(port["mbps"], port["wire_bytes"] * 8 * 60 / 1e6, rel_tol=1e-6),
               "--json holds the load of the port", done.text)
    except (ValueError, KeyError) as error:
        report(False, "--json holds the load of the port", f"{error!r}\n{done.text}")


def test_bad_files(folder):
    bad = {
        "zero-byte": (b"", ["error"]),
        "truncated": (json.dumps(GOOD).encode()[:150], ["error", "line 1"]),
        "binary": (bytes(range(256)) * 4, ["error"]),
        "too deep": (b"[" * 100000, ["error"]),
        "an array": ([], ["error"]),
        "duplicate key": (b'{"canvas": {}, "canvas": {}}', ["error", "line 1", "twice"]),
        "wrong type": (changed(lambda w: w["canvas"].update(width="128")), ["canvas.width"]),
        "duplicate id": (changed(lambda w: w["cabinets"][1].update(id="A")),
                         ["cabinets[1].id", "used twice"]),
        "unknown driver": (changed(lambda w: w["outputs"][0].update(driver="colorlight-5b")),
                           ["outputs[0].driver", "colorlight-5a"]),
        "unknown member": (changed(lambda w: w.update(refesh=50)), ["refesh", "refresh"]),
        "missing cabinet": (changed(lambda w: w["outputs"][0].update(chain=["A", "C"])),
                            ["outputs[0].chain[1]", "\"C\""]),
        "off the canvas": (changed(lambda w: w["cabinets"][1].update(x=65)),
                           ["cabinets[1]", "off the canvas", "enlarge"]),
        "unknown link": (changed(lambda w: w["outputs"][0].update(link={"type": "wifi"})),
                         ["outputs[0].link.type"]),
        "overload": (changed(lambda w: (w["types"]["T"].update(width=1024, height=1024),
                                        w["canvas"].update(width=2048, height=1024),
                                        w["cabinets"][1].update(x=1024))),
                     ["outputs[0]", "OVERLOAD"]),
    }
    for name, (content, words) in bad.items():
        path = put(folder, "bad.json", content)
        expect(f"check refuses: {name}", 1, words, "wall", "check", path)
        done = expect(f"check --json refuses: {name}", 1, [], "wall", "check", path, "--json")
        try:
            doc = json.loads(done.stdout)
            report(not doc["ok"] and doc["errors"] >= 1 and doc["findings"][0]["text"],
                   f"--json says why: {name}", done.text)
        except (ValueError, KeyError, IndexError) as error:
            report(False, f"--json says why: {name}", repr(error))
        if name != "overload" and name != "unknown link":
            expect(f"draw refuses: {name}", 1, ["qp: "], "wall", "draw", path, "-o",
                   os.path.join(folder, "never.svg"))
    report(not os.path.exists(os.path.join(folder, "never.svg")), "a refused wall leaves no drawing")
    expect("a file that is not there", 1, ["missing.json"], "wall", "check",
           os.path.join(folder, "missing.json"))
    expect("a folder is no wall", 1, [folder], "wall", "check", folder)


def test_warnings(folder):
    wall = put(folder, "overlap.json", changed(lambda w: w["cabinets"][1].update(x=60)))
    expect("overlap is a warning", 0, ["warning: cabinets[1]", "4 x 64 pixels", "warnings"], "wall",
           "check", wall)
    wall = put(folder, "gap.json", changed(lambda w: (w["cabinets"][1].update(x=70),
                                                      w["canvas"].update(width=134))))
    expect("a gap is a warning", 0, ["6 x 64 pixels at (64, 0)", "1 warning."], "wall", "check", wall)
    wall = put(folder, "dark.json", changed(lambda w: w["outputs"][0].update(chain=["A"])))
    expect("a cabinet without output is a warning", 0, ["stay", "dark: B"], "wall", "check", wall)


def test_terminal(folder):
    """What a file says must not steer the terminal that it is printed on."""
    for change in [lambda w: w.update(name="\x1b[2J"), lambda w: w["outputs"][0].update(id="\x1b[2J"),
                   lambda w: w["cabinets"][1].update(type="\x1b[2J")]:
        path = put(folder, "escape.json", changed(change))
        done = run("wall", "check", path)
        report(b"\x1b" not in done.stdout + done.stderr and b"[2J" in done.stdout,
               "no escape sequence reaches the terminal", done.text)


def png_size(path):
    """Width and height, after unpacking every row: the file is whole."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    at, body, head = 8, b"", b""
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        kind, chunk = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        head = chunk if kind == b"IHDR" else head
        body += chunk if kind == b"IDAT" else b""
        at += 12 + length
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    channels = {2: 3, 6: 4}[head[9]]
    if len(zlib.decompress(body)) != height * (1 + width * channels):
        raise ValueError("rows are missing")
    return width, height


def test_draw(folder):
    wall = os.path.join(ROOT, "configs", "walls", "mixed-pitch.json")
    svg, png = os.path.join(folder, "w.svg"), os.path.join(folder, "w.png")
    expect("draw writes SVG", 0, [], "wall", "draw", wall, "-o", svg)
    try:
        root = xml.etree.ElementTree.parse(svg).getroot()
        report(root.tag.endswith("svg") and len(list(root.iter())) > 200, "the SVG is well-formed")
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        report(False, "the SVG is well-formed", repr(error))
    expect("draw writes PNG", 0, [], "wall", "draw", wall, "-o", png)
    try:
        width, height = png_size(png)
        report(width > 900 and height > 400, "the PNG is whole", f"{width} x {height}")
    except (OSError, ValueError, KeyError) as error:
        report(False, "the PNG is whole", repr(error))
    expect("draw says where it cannot write", 1, ["/nonexistent/w.svg"], "wall", "draw", wall, "-o",
           "/nonexistent/w.svg")


def test_new(folder):
    path = os.path.join(folder, "new.json")
    for driver in ["colorlight-5a", "linsn-rv9", "ddp", "artnet", "sacn"]:
        for cols, rows, kind, rate in [(8, 4, "128x128@2.5", "60"), (20, 12, "p2.6-500x500", "50")]:
            expect(f"new writes {cols} x {rows} for {driver}", 0, [], "wall", "new", "--cols",
                   str(cols), "--rows", str(rows), "--type", kind, "--driver", driver, "--refresh",
                   rate, "-o", path)
            expect(f"which passes check: {cols} x {rows} for {driver}", 0,
                   ["No errors, no warnings."], "wall", "check", path)
    done = expect("new writes to standard output", 0, [], "wall", "new", "--cols", "2", "--rows", "1",
                  "--type", "64x32@4", "--driver", "ddp", "--address", "10.1.1.1", "--refresh",
                  "60000/1001", "--pattern", "Z")
    wall = json.loads(done.stdout)
    report(wall["canvas"] == {"width": 128, "height": 32} and wall["refresh"] == "60000/1001"
           and wall["outputs"][0]["link"]["address"] == "10.1.1.1"
           and wall["grids"][0]["chain"]["pattern"] == "Z", "with the values that were asked for",
           done.text)
    one = ["wall", "new", "--cols", "2", "--rows", "1", "--type", "64x32@4"]
    for link in ["pcap:out.pcapng", "local:/run/wall.sock"]:
        expect(f"new takes --link {link}", 0, [], *one, "--driver", "ddp", "--link", link, "-o", path)
        expect(f"which passes check: --link {link}", 0, ["No errors, no warnings."], "wall", "check",
               path)
    expect("new knows the kinds of --link", 2, ["pcap:FILE or local:SOCKET"], *one, "--driver", "ddp",
           "--link", "eth0")
    expect("new takes --nic by name and address", 0, ['"eth7"'], *one, "--driver", "linsn-rv9",
           "--nic", "eth7")
    expect("new needs a driver", 2, ["--driver is missing"], *one)
    expect("new knows its drivers", 2, ["novastar", "colorlight-5a"], *one, "--driver", "novastar")
    expect("new reads types strictly", 2, ["128x128@2.5"], "wall", "new", "--cols", "2", "--rows",
           "1", "--type", "64x32", "--driver", "ddp")
    expect("new refuses a cabinet that no port carries", 1, ["one cabinet alone"], "wall", "new",
           "--cols", "1", "--rows", "1", "--type", "2000x2000@1", "--driver", "ddp")


def test_large(folder):
    """8K in 10 000 cabinets, and a million irregular LEDs."""
    path = os.path.join(folder, "8k.json")
    outputs = [{"id": f"p{i}", "driver": "colorlight-5a",
                "link": {"type": "ethernet", "nic": f"led{i}"}} for i in range(100)]
    put(folder, "8k.json", {
        "canvas": {"width": 7700, "height": 4400},
        "types": {"T": {"width": 77, "height": 44, "pitch_mm": 1}},
        "grids": [{"id": "G", "type": "T", "cols": 100, "rows": 100, "cut": "lines",
                   "outputs": [o["id"] for o in outputs]}],
        "outputs": outputs})
    expect("ten thousand cabinets on 8K", 0, ["10000 cabinets", "33880000 LEDs"], "wall", "check",
           path)
    with open(os.path.join(folder, "points.csv"), "w", encoding="ascii") as file:
        for i in range(1000000):
            file.write(f"{i % 1000 + 0.5},{i // 1000 + 0.5}\n")
    put(folder, "million.json", {
        "canvas": {"width": 1000, "height": 1000},
        "types": {"T": {"points": "points.csv", "pitch_mm": 10}},
        "cabinets": [{"id": "A", "type": "T", "x": 0, "y": 0}],
        "outputs": [{"id": "p", "driver": "ddp", "link": {"type": "udp", "address": "10.0.0.1"},
                     "speed_mbps": 10000, "chain": ["A"]}]})
    expect("a million irregular LEDs", 0, ["1000000 LEDs", "No errors"], "wall", "check",
           os.path.join(folder, "million.json"))


# --- the schema -------------------------------------------------------------------------------

class Schema:
    """As much of JSON Schema 2020-12 as docs/wall.schema.json uses; more is an error here."""
    KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "default", "type",
             "properties", "patternProperties", "additionalProperties", "required", "items", "enum",
             "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern",
             "anyOf", "minProperties"}
    TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}

    def __init__(self, doc):
        self.doc = doc

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.doc["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def is_type(self, value, name):
        if name in ("number", "integer"):
            return isinstance(value, (int, float)) and not isinstance(value, bool) \
                and (name == "number" or value == int(value))
        return isinstance(value, self.TYPES[name])

    def errors(self, value, schema, path=""):
        schema = self.resolve(schema)
        if schema is True or schema is False:
            return [] if schema else [f"{path}: not allowed"]
        found = [f"{path}: {key} is beyond this validator" for key in schema.keys() - self.KNOWN]
        if "type" in schema and not self.is_type(value, schema["type"]):
            return found + [f"{path}: is no {schema['type']}"]
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{path}: {value!r} is not in {schema['enum']}")
        if "anyOf" in schema and all(self.errors(value, s, path) for s in schema["anyOf"]):
            found.append(f"{path}: fits no alternative")
        if self.is_type(value, "number"):
            if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
                found.append(f"{path}: {value} is out of range")
        if isinstance(value, str):
            if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
                found.append(f"{path}: length")
            if not re.search(schema.get("pattern", ""), value):
                found.append(f"{path}: pattern")
        if isinstance(value, list):
            if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                found.append(f"{path}: number of elements")
            for i, element in enumerate(value):
                found += self.errors(element, schema.get("items", True), f"{path}[{i}]")
        if isinstance(value, dict):
            found += self.object_errors(value, schema, path)
        return found

    def object_errors(self, value, schema, path):
        found = [f"{path}: {key} is missing" for key in schema.get("required", []) if key not in value]
        if len(value) < schema.get("minProperties", 0):
            found.append(f"{path}: too few members")
        for key, member in value.items():
            child = schema.get("properties", {}).get(key)
            for pattern, other in schema.get("patternProperties", {}).items():
                if child is None and re.search(pattern, key):
                    child = other
            if child is None:
                child = schema.get("additionalProperties", True)
            found += self.errors(member, child, f"{path}.{key}")
        return found

    def at(self, path):
        """The schema of an object as `qp wall format` names it: "grids[].overrides.*"."""
        schema = self.resolve(self.doc)
        for step in re.findall(r"[^.\[\]]+|\[\]", path):
            if step == "[]":
                schema = schema["items"]
            elif step == "*":
                schema = schema.get("patternProperties", {"": schema["additionalProperties"]})
                schema = next(iter(schema.values()))
            else:
                schema = schema["properties"][step]
            schema = self.resolve(schema)
        return schema


def compare_member(schema, path, name, kind, default):
    member = schema.resolve(schema.at(path)["properties"][name])
    wrong = []
    if (default == "required") != (name in schema.at(path).get("required", [])):
        wrong.append("required")
    limits = re.fullmatch(r"(integer|number) (\S+) \.\. (\S+)", kind)
    if limits and (member["type"] != limits[1] or member["minimum"] != float(limits[2])
                   or member["maximum"] != float(limits[3])):
        wrong.append(f"range {kind}")
    if "|" in kind and " " not in kind and "enum" in member and member["enum"] != kind.split("|"):
        wrong.append(f"choices {kind}")
    if default and default != "required" and "default" in member \
            and str(member["default"]).lower() != default.lower():
        wrong.append(f"default {default}")
    return [f"{path}.{name}: {text}" for text in wrong]


def test_schema():
    with open(os.path.join(ROOT, "docs", "wall.schema.json"), encoding="utf-8") as file:
        schema = Schema(json.load(file))
    members, differences = {}, []
    for line in run("wall", "format").stdout.decode().splitlines():
        path, name, kind, default, _ = line.split("\t")
        members.setdefault(path, []).append(name)
        if name in schema.at(path)["properties"]:
            differences += compare_member(schema, path, name, kind, default)
    report(len(members) >= 13, "format lists every object", members.keys())
    for path, names in members.items():
        have = set(schema.at(path)["properties"]) - {"$schema", "comment"}
        report(have == set(names), f"schema and reader know the same members of \"{path}\"",
               f"only schema: {have - set(names)}; only reader: {set(names) - have}")
    report(not differences, "and the same ranges, choices and defaults", "\n".join(differences))
    for path in sorted(glob.glob(os.path.join(ROOT, "configs", "walls", "*.json"))):
        with open(path, encoding="utf-8") as file:
            found = schema.errors(json.load(file), schema.doc)
        report(not found, f"{os.path.basename(path)} fits the schema", "\n".join(found))
    for name, wall in {
            "an unknown member": changed(lambda w: w.update(refesh=50)),
            "a wrong type": changed(lambda w: w["canvas"].update(width="128")),
            "a missing type": changed(lambda w: w["cabinets"][0].pop("type")),
            "an unknown driver": changed(lambda w: w["outputs"][0].update(driver="x"))}.items():
        report(schema.errors(wall, schema.doc), f"the schema refuses {name}")
    report(not schema.errors(GOOD, schema.doc), "the schema takes the good wall")


def test_readme(folder):
    """What a newcomer copies from the README works as it stands there."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        lines = [line.split("#")[0].split() for line in file if line.startswith("    qp wall ")]
    report(len(lines) >= 3, "the README shows qp wall", lines)
    for line in lines:
        done = subprocess.run([QP, *line[1:]], cwd=folder, stdin=subprocess.DEVNULL, timeout=100,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        report(done.returncode == 0, "README: " + " ".join(line), done.stdout.decode())


def main():
    with tempfile.TemporaryDirectory(prefix="qp-wall-") as folder:
        test_usage()
        test_check(folder)
        test_bad_files(folder)
        test_warnings(folder)
        test_terminal(folder)
        test_draw(folder)
        test_new(folder)
        test_large(folder)
        test_readme(folder)
    test_schema()
    print(f"1..{len(results)}")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
