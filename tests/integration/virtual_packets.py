# SPDX-License-Identifier: Apache-2.0
"""Packets, captures and pictures for the tests of the virtual wall, from the byte tables of the
protocols and not from our encoders: what they share with the program under test is nothing."""
import struct
import zlib

CARD = bytes.fromhex("112233445566")
PC = bytes.fromhex("222233445566")


# --- ColorLight ---------------------------------------------------------------------------------
def cl_row(row, x, rgb, order="bgr"):
    body = b"".join(bytes(p["rgb".index(c)] for c in order) for p in rgb)
    return CARD + PC + b"\x55" + struct.pack(">HHH", row, x, len(rgb)) + b"\x08\x88" + body


def cl_latch(brightness=255):
    d = bytearray(99)
    d[0] = 0x07
    d[22] = brightness
    d[23] = 0x05
    d[25:28] = bytes([brightness] * 3)
    return CARD + PC + b"\x01" + bytes(d)


def cl_brightness(brightness=255):
    return CARD + PC + b"\x0a" + bytes([brightness] * 3) + b"\xff" + bytes(60)


def cl_frame(picture, brightness=255, order="bgr", split=497):
    """picture: rows of (r, g, b)."""
    out = [cl_brightness(brightness)]
    for y, row in enumerate(picture):
        for x in range(0, len(row), split):
            out.append(cl_row(y, x, row[x:x + split], order))
    return out + [cl_latch(brightness)]


# --- Linsn ----------------------------------------------------------------------------------------
def linsn_header(pid, mac, g=None, level=255):
    h = bytearray(32)
    struct.pack_into("<I", h, 0, pid)
    if g is not None:
        h[8] = 0x96
        h[12] = 0x85
        h[13] = g
        h[14:18] = bytes([level] * 4)
        h[25:31] = mac
    h[31] = -sum(h[4:31]) & 255
    return bytes(h)


def linsn_frame(picture, g, order="brg", mac=bytes.fromhex("020000000002")):
    w = 32 * (g + 1)
    buf = bytearray(3 * w)
    for row in picture:
        line = b"".join(bytes(p["rgb".index(c)] for c in order) for p in row)
        buf += line + bytes(3 * w - len(line))
    buf += bytes(-len(buf) % 1440)
    out = []
    for k in range(len(buf) // 1440):
        head = bytes(6) + mac + b"\xaa\x55" + linsn_header(k, mac, g if k == 0 else None)
        out.append(head + bytes(buf[1440 * k:1440 * k + 1440]))
    return out


# --- UDP protocols: payloads --------------------------------------------------------------------------
def leds_bytes(leds, order="rgb"):
    return b"".join(bytes(p["rgb".index(c)] for c in order) for p in leds)


def ddp_frame(data, size=1440, seq=1, push=True):
    out = []
    for at in range(0, len(data), size):
        part = data[at:at + size]
        last = at + size >= len(data)
        out.append(struct.pack(">BBBBIH", 0x41 if last and push else 0x40, seq, 0x0B, 1, at,
                               len(part)) + part)
        seq = seq % 15 + 1
    return out, seq


def artnet_dmx(universe, data, seq=0):
    data += bytes(len(data) % 2)
    return (b"Art-Net\0" + struct.pack("<H", 0x5000) + struct.pack(">H", 14) + bytes([seq, 0]) +
            struct.pack("<H", universe) + struct.pack(">H", len(data)) + data)


def artnet_sync():
    return b"Art-Net\0" + struct.pack("<H", 0x5200) + struct.pack(">H", 14) + b"\0\0"


CID = bytes.fromhex("00112233445566778899aabbccddeeff")


def sacn_data(universe, data, seq, sync=0, priority=100, options=0, cid=CID):
    n = len(data)
    return (b"\x00\x10\x00\x00ASC-E1.17\0\0\0" + struct.pack(">HI", 0x7000 | 110 + n, 4) + cid +
            struct.pack(">HI", 0x7000 | 88 + n, 2) + b"test".ljust(64, b"\0") +
            struct.pack(">BHBBH", priority, sync, seq & 255, options, universe) +
            struct.pack(">HBBHHH", 0x7000 | 11 + n, 2, 0xA1, 0, 1, 1 + n) + b"\0" + data)


def sacn_sync(address, seq, cid=CID):
    return (b"\x00\x10\x00\x00ASC-E1.17\0\0\0" + struct.pack(">HI", 0x7021, 8) + cid +
            struct.pack(">HIBHH", 0x700B, 1, seq & 255, address, 0))


def udp_frame(payload, port, dst="10.0.0.2", src="10.0.0.1"):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0,
                     bytes(map(int, src.split("."))), bytes(map(int, dst.split("."))))
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~total & 0xFFFF) + ip[12:]
    return (bytes(6) + bytes.fromhex("020000000001") + b"\x08\x00" + ip +
            struct.pack(">HHHH", 5000, port, 8 + len(payload), 0) + payload)


# --- captures -------------------------------------------------------------------------------------------
def block(kind, body):
    body += bytes(-len(body) % 4)
    n = 12 + len(body)
    return struct.pack("<II", kind, n) + body + struct.pack("<I", n)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(names, packets):
    """packets: (interface, ns, bytes)."""
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for name in names:
        out += block(1, struct.pack("<HHI", 1, 0, 0) + option(2, name.encode()) +
                     option(9, b"\x09") + option(0, b""))
    for interface, ns, data in packets:
        out += block(6, struct.pack("<IIIII", interface, ns >> 32, ns & 0xFFFFFFFF, len(data),
                                    len(data)) + data + bytes(-len(data) % 4))
    return out


def pcap(packets):
    """Classic, microseconds, big-endian."""
    out = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for _, ns, data in packets:
        out += struct.pack(">IIII", ns // 10**9, ns % 10**9 // 1000, len(data), len(data)) + data
    return out


# --- the players' socket -----------------------------------------------------------------------------
def sock_message(kind, port, ns, data, dst=0, src=0):
    return b"QPWL" + struct.pack(">BBHqHH", 1, kind, port, ns, dst, src) + data


def sock_hello(names):
    return sock_message(0, 0, 0, struct.pack(">HHH", len(names), 0, len(names)) +
                        b"".join(bytes([len(n)]) + n.encode() for n in names))


# --- PNG -----------------------------------------------------------------------------------------------
def read_png(data):
    """Rows of (r, g, b); 8 or 16 bits."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, idat = 8, b""
    while at < len(data):
        n, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + n]
        if kind == b"IHDR":
            w, h, depth, color = struct.unpack_from(">IIBB", body)
        elif kind == b"IDAT":
            idat += body
        at += 12 + n
    channels = {2: 3, 6: 4}[color]
    bpp = channels * depth // 8
    raw, stride, rows, last = zlib.decompress(idat), w * bpp, [], bytes(w * bpp)
    for y in range(h):
        kind = raw[y * (stride + 1)]
        line = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = line[i - bpp] if i >= bpp else 0
            b = last[i]
            c = last[i - bpp] if i >= bpp else 0
            if kind == 1:
                line[i] = line[i] + a & 255
            elif kind == 2:
                line[i] = line[i] + b & 255
            elif kind == 3:
                line[i] = line[i] + (a + b) // 2 & 255
            elif kind == 4:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                line[i] = line[i] + (a if pa <= pb and pa <= pc else b if pb <= pc else c) & 255
        last = bytes(line)
        if depth == 16:
            v = struct.unpack(">%dH" % (w * channels), last)
            rows.append([v[i:i + 3] for i in range(0, len(v), channels)])
        else:
            rows.append([tuple(last[i:i + 3]) for i in range(0, stride, bpp)])
    return rows
