# SPDX-License-Identifier: Apache-2.0
"""PNG pictures of 8 bits, read and written: zlib and the five filters."""
import struct
import zlib

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def read_rgb(path):
    """(width, height, RGB bytes)."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
    at, body = 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = \
                struct.unpack_from(">IIBBBBB", data, at + 8)
        if kind == b"IDAT":
            body += data[at + 8:at + 8 + length]
        at += 12 + length
    assert depth == 8 and interlace == 0 and colour in CHANNELS, f"{path}: another kind of PNG"
    rows = unfilter(zlib.decompress(body), width, height, CHANNELS[colour])
    return width, height, to_rgb(rows, CHANNELS[colour])


def unfilter(raw, width, height, channels):
    line, out, above = width * channels, bytearray(), bytes(width * channels)
    for y in range(height):
        kind = raw[y * (line + 1)]
        row = bytearray(raw[y * (line + 1) + 1:(y + 1) * (line + 1)])
        for i in range(line) if kind else ():
            left = row[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            row[i] = row[i] + predict(kind, left, above[i], corner) & 0xFF
        out += row
        above = row
    return bytes(out)


def predict(kind, left, up, corner):
    if kind == 1:
        return left
    if kind == 2:
        return up
    if kind == 3:
        return (left + up) // 2
    nearest = sorted((abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)))[0]
    if abs(up - corner) == nearest:
        return left
    return up if abs(left - corner) == nearest else corner


def to_rgb(rows, channels):
    if channels == 3:
        return rows
    if channels == 4:
        return b"".join(rows[i:i + 3] for i in range(0, len(rows), 4))
    return b"".join(rows[i:i + 1] * 3 for i in range(0, len(rows), channels))


def write_rgb(path, width, height, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))

    raw = b"".join(b"\0" + rgb[y * 3 * width:(y + 1) * 3 * width] for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
