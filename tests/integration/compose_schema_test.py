#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layout schema says what the parser does: examples fit it, what the parser refuses does not."""
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}


def fits(value, schema, root):
    """The part of JSON Schema that the file uses; any other word is an error of this test."""
    known = {"$schema", "$defs", "title", "$ref", "oneOf", "enum", "type", "pattern", "minimum", "maximum",
             "minLength", "maxLength", "minItems", "maxItems", "items", "properties", "required",
             "additionalProperties"}
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "oneOf" in schema:
        return sum(fits(value, s, root) for s in schema["oneOf"]) == 1
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if kind in ("number", "integer"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if kind == "integer" and value != int(value):
            return False
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if kind and not isinstance(value, KINDS[kind]):
        return False
    if kind == "string":
        return (schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
                and re.search(schema.get("pattern", ""), value) is not None)
    if kind == "array":
        return (schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
                and all(fits(v, schema["items"], root) for v in value))
    if kind == "object":
        return (set(schema.get("required", ())) <= set(value) and set(value) <= set(schema["properties"])
                and all(fits(v, schema["properties"][k], root) for k, v in value.items()))
    return True


def known_names():
    """Names the parser knows, by reader function, from its tables."""
    found = {}
    for name in glob.glob(os.path.join(ROOT, "controller/player/compose/layout_*.c")):
        text = open(name, encoding="utf-8").read()
        style = re.search(r"#define STYLE_KEYS(.*?)\n\n", text, re.S)
        for m in re.finditer(r"void layout_read_(\w+)\(.*?known\[\] = \{(.*?)\};", text, re.S):
            body = m.group(2).replace("STYLE_KEYS", style.group(1) if style else "")
            body = body.replace("LAYOUT_COMMON", '"name", "type", "x", "y", "w", "h", "z", "opacity"')
            found[m.group(1)] = set(re.findall(r'"([^"]+)"', body))
    return found


BAD = [
    {}, {"layers": []}, {"layers": [{}]}, {"layers": [{"type": "clok"}]}, {"layers": [{"type": "solid"}]},
    {"layers": [{"type": "solid", "color": "red"}]}, {"layers": [{"type": "zone"}]},
    {"layers": [{"type": "zone", "playlist": "mein"}]}, {"layers": [{"type": "zone", "playlist": []}]},
    {"layers": [{"type": "zone", "playlist": ["a"], "transition": "fade"}]},
    {"layers": [{"type": "text", "text": "a", "size": 5000}]}, {"layers": [{"type": "ticker"}]},
    {"layers": [{"type": "ticker", "text": "a", "align": "left"}]}, {"layers": [{"type": "countdown"}]},
    {"background": "#00000080", "layers": [{"type": "text", "text": "a"}]},
    {"layers": [{"type": "text", "text": "a", "outline": {"size": 1}}]},
]


def main():
    tests = []
    schema = json.load(open(os.path.join(ROOT, "docs/layout.schema.json"), encoding="utf-8"))
    for name in sorted(glob.glob(os.path.join(ROOT, "configs/layouts/*.json"))):
        tests.append((os.path.basename(name) + " fits the schema",
                      fits(json.load(open(name, encoding="utf-8")), schema, schema)))
    tests.append(("there are examples", len(tests) >= 5))
    for bad in BAD:
        tests.append(("refused: " + json.dumps(bad), not fits(bad, schema, schema)))
    names = known_names()
    readers = {"zone": "zone", "video": "single", "solid": "solid", "text": "text", "ticker": "ticker",
               "clock": "clock", "countdown": "countdown"}
    for layer in schema["$defs"]["layer"]["oneOf"]:
        kind = layer["properties"]["type"]["enum"][0]
        tests.append(("schema and parser know the same names of " + kind,
                      set(layer["properties"]) - {"comment"} == names.get(readers[kind])))
    for i, (text, good) in enumerate(tests, 1):
        print(f"{'ok' if good else 'not ok'} {i} - {text}")
    print(f"1..{len(tests)}")
    return 0 if all(good for _, good in tests) else 1


sys.exit(main())
