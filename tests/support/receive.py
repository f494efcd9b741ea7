# SPDX-License-Identifier: Apache-2.0
"""Independent receiving ends: captures, and the five pixel protocols read back into frames.

Everything is checked on the way; what a card could not use is an error. Byte layouts: the tables
of the protocols, not the product's code.
"""
import os
import select
import socket
import struct
import threading

from walls import HOLE

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35


class Wrong(AssertionError):
    """A packet that breaks its protocol."""


def check(good, text):
    if not good:
        raise Wrong(text)


# --- captures -----------------------------------------------------------------------------------

class Sniffer:
    """Every frame that arrives at an interface, with the kernel's time (CLOCK_REALTIME, ns).

    Make it inside `with wires.wall_side()`."""

    def __init__(self, nic):
        self.nic = nic
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((nic, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        except OSError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.packets = []  # (time_ns, bytes); only ever grows
        self.end, self.told = os.pipe()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def take(self):
        """One packet, or False when there is none."""
        try:
            data, extra, _, origin = self.socket.recvmsg(65536, 64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:  # the interface went down: told once, then packets come again
            return True
        if origin[2] != PACKET_OUTGOING:
            seconds, ns = struct.unpack("qq", extra[0][2])
            self.packets.append((seconds * 1_000_000_000 + ns, data))
        return True

    def read(self):
        while True:
            ready = select.select([self.socket, self.end], [], [])[0]
            while self.take():
                pass
            if self.end in ready:
                return

    def stop(self):
        """Everything that had arrived so far."""
        os.write(self.told, b"x")
        self.thread.join()
        self.socket.close()
        os.close(self.end)
        os.close(self.told)
        return self.packets


class Sink:
    """A UDP socket that nobody reads: without it the kernel would answer `port unreachable'."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("0.0.0.0", port))


UDP_PORTS = {"ddp": 4048, "artnet": 6454, "sacn": 5568}


def read_pcapng(path):
    """[(interface name, time_ns, packet bytes)] of a little-endian capture; a cut end is left
    out."""
    with open(path, "rb") as file:
        data = file.read()
    names, found, at = [], [], 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or at + length > len(data):
            break
        check(struct.unpack_from("<I", data, at + length - 4)[0] == length, "pcapng: torn block")
        body = data[at + 8:at + length - 4]
        if kind == 0x0A0D0D0A:
            check(body[:4] == b"\x4d\x3c\x2b\x1a", "pcapng: byte order")
            names = []
        elif kind == 1:
            check(struct.unpack_from("<H", body)[0] == 1, "pcapng: Ethernet expected")
            names.append(pcapng_options(body[8:]))
        elif kind == 6:
            interface, high, low, captured, wire = struct.unpack_from("<IIIII", body)
            check(captured == wire, "pcapng: cut packet")
            name, unit = names[interface]
            found.append((name, (high << 32 | low) * unit, body[20:20 + captured]))
        at += length
    return found


def pcapng_options(data):
    """Name and nanoseconds of a time unit (if_name 2, if_tsresol 9)."""
    name, unit, at = "", 1000, 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, at)
        value = data[at + 4:at + 4 + length]
        if code == 0:
            break
        if code == 2:
            name = value.decode().rstrip("\0")
        if code == 9:
            check(value[0] in (6, 9), "pcapng: time unit")
            unit = 1000 if value[0] == 6 else 1
        at += 4 + (length + 3 & ~3)
    return name, unit


def pcapng_block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def write_pcapng(path, captures):
    """captures: {interface name: [(time_ns, bytes)]}."""
    with open(path, "wb") as file:
        file.write(pcapng_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        for name in captures:
            label = name.encode()
            options = struct.pack("<HH", 2, len(label)) + label + b"\0" * (-len(label) % 4)
            options += struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HH", 0, 0)
            file.write(pcapng_block(1, struct.pack("<HHI", 1, 0, 0) + options))
        merged = sorted((time, i, data) for i, packets in enumerate(captures.values())
                        for time, data in packets)
        for time, i, data in merged:
            head = struct.pack("<IIIII", i, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
            file.write(pcapng_block(6, head + data))


def payload(frame, udp_port):
    """Payload of a UDP datagram to this port in an Ethernet frame, or None."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    head = (frame[14] & 15) * 4
    total = struct.unpack_from(">H", frame, 16)[0]
    check(frame[14] >> 4 == 4 and head >= 20 and 14 + total <= len(frame), "IPv4 header")
    check(ip_sum(frame[14:14 + head]) == 0, "IPv4 checksum")
    check(struct.unpack_from(">H", frame, 20)[0] & 0x3FFF == 0, "fragmented datagram")
    _, to, length, _ = struct.unpack_from(">HHHH", frame, 14 + head)
    if to != udp_port:
        return None
    check(length == total - head, "UDP length")
    return frame[22 + head:14 + head + length]


def ip_sum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


# --- protocols ------------------------------------------------------------------------------------

class Frame:
    """A picture as a port latched it: cells in wire order, 3 bytes each."""

    def __init__(self, time, cells, brightness=None):
        self.time, self.cells, self.brightness = time, bytes(cells), brightness


class Receiver:
    """Feed packets, find frames in .frames. Cells that no packet brings stay as they were."""

    def __init__(self, port):
        self.port = port
        self.options = port.output.get("options", {})
        self.cells = bytearray(3 * len(port.cells))
        self.seen = bytearray(len(port.cells))
        self.frames = []
        self.dropped = 0  # frames that were begun and not latched: allowed in real time
        self.lenient = False

    def drop(self, text):
        check(self.lenient, text)
        self.dropped += 1
        self.seen = bytearray(len(self.seen))

    def put(self, cell, data):
        n = len(data) // 3
        check(len(data) % 3 == 0 and cell + n <= len(self.seen), f"cells {cell}+{n} off the port")
        check(not any(self.seen[cell:cell + n]), f"cells {cell}+{n} twice in a frame")
        self.cells[3 * cell:3 * (cell + n)] = data
        self.seen[cell:cell + n] = b"\1" * n

    def latch(self, time, brightness=None):
        """Every LED must have been sent; holes of a raster may be left out (Linsn: are sent)."""
        missing = [i for i, seen in enumerate(self.seen)
                   if not seen and self.port.cells[i] is not HOLE]
        check(not missing, f"latched with {len(missing)} LEDs missing, first {missing[:1]}")
        self.seen = bytearray(len(self.seen))
        self.frames.append(Frame(time, self.cells, brightness))


class ColorLight(Receiver):
    CARD = bytes.fromhex("112233445566")

    def __init__(self, port):
        super().__init__(port)
        self.latched = True
        self.latches = []  # how often each frame was latched
        self.position = (-1, -1)

    def feed(self, time, packet):
        if packet[:6] != self.CARD:
            return
        check(packet[6:12] == bytes.fromhex("222233445566"), "source address")
        kind = packet[12]
        if kind == 0x55:
            self.row(packet)
        elif kind == 0x01:
            self.end(time, packet)
        elif kind == 0x0A:
            check(len(packet) == 77 and packet[16] == 0xFF, "brightness packet")
        elif kind == 0x07:
            check(len(packet) == 284 and not any(packet[17:]), "query")
        else:
            raise Wrong(f"packet type {kind:#x}")

    def row(self, packet):
        row, x, n = struct.unpack_from(">HHH", packet, 13)
        check(packet[19:21] == b"\x08\x88" and len(packet) == 21 + 3 * n and 1 <= n <= 497, "row")
        if (row, x) <= self.position:
            self.drop("rows and their parts ascend")
        check(row < self.port.height and x + n <= self.port.width, "row off the picture")
        self.position = (row, x)
        self.latched = False
        self.put(row * self.port.width + x, packet[21:])

    def end(self, time, packet):
        check(len(packet) == 112 and packet[13] == 7 and packet[36] == 5, "latch")
        check(not any(packet[14:35]) and packet[37] == 0 and not any(packet[41:]), "latch zeroes")
        if self.latched:
            check(self.frames and self.latches[-1] == 1, "latch without rows")
            self.latches[-1] = 2
            return
        self.latched, self.position = True, (-1, -1)
        self.latches.append(1)
        self.latch(time, packet[35])


class Linsn(Receiver):
    def __init__(self, port):
        super().__init__(port)
        self.next = 0
        self.buffer = b""
        self.size = self.chunks = None

    def feed(self, time, packet):
        if packet[12:14] != b"\xaa\x55":
            return
        check(len(packet) == 1486, "length 1486")
        header = packet[14:46]
        check(sum(header[4:32]) & 0xFF == 0, "checksum")
        number = struct.unpack_from("<I", header)[0]
        if number == 0:
            self.begin(packet, header)
        else:
            check(not any(header[4:]), "a data packet has command 0")
            check(number == self.next, f"chunk {number} instead of {self.next}")
        self.buffer += packet[46:]
        self.next = number + 1
        if self.next == self.chunks:
            self.end(time)

    def begin(self, packet, header):
        check(self.chunks is None or self.next == self.chunks, "packet 0 before the last chunk")
        check(header[8] == 0x96 and header[12] == 0x85 and header[25:31] == packet[6:12],
              "announcement")
        self.size = (32 * (header[13] + 1), 16 * (header[13] + 1))
        check(self.port.width <= self.size[0] and self.port.height < self.size[1] + 1, "geometry")
        self.chunks = -(-(self.port.height + 1) * self.size[0] // 480)
        self.buffer = b""

    def end(self, time):
        width = self.size[0]
        check(not any(self.buffer[:3 * width]), "the first row is blank")
        for y in range(self.port.height):
            at = 3 * (y + 1) * width
            self.put(y * self.port.width, self.buffer[at:at + 3 * self.port.width])
        self.latch(time)


class Ddp(Receiver):
    def __init__(self, port):
        super().__init__(port)
        self.sequence = None
        self.offset = 0

    def feed(self, time, packet):
        packet = payload(packet, 4048)
        if packet is None:
            return
        flags, sequence, kind, ident, offset, length = struct.unpack_from(">BBBBIH", packet)
        check(flags in (0x40, 0x41), f"flags {flags:#x}")
        check(1 <= sequence <= 15, "sequence")
        check(self.lenient or self.sequence is None or sequence == self.sequence % 15 + 1,
              "sequence goes on")
        check(kind == 0x0B and ident == self.options.get("id", 1), "type and id")
        check(length == len(packet) - 10 <= self.options.get("max_data", 1440), "length")
        check(offset == self.offset, "offsets follow each other")
        self.sequence = sequence
        self.put(offset // 3, packet[10:])
        self.offset = offset + length
        if flags & 1:
            self.offset = 0
            self.latch(time)


class ArtNet(Receiver):
    def __init__(self, port):
        super().__init__(port)
        self.per = self.options.get("pixels_per_universe", 170)
        self.first = self.options.get("start_universe", 0)
        self.sequences = {}

    def feed(self, time, packet):
        packet = payload(packet, 6454)
        if packet is None:
            return
        check(packet[:8] == b"Art-Net\0" and packet[10:12] == b"\0\x0e", "header")
        code = struct.unpack_from("<H", packet, 8)[0]
        if code == 0x5000:
            self.dmx(packet)
        elif code == 0x5200:
            check(len(packet) == 14 and packet[12:] == b"\0\0", "ArtSync")
            self.latch(time)
        else:
            check(code == 0x2000 and 14 <= len(packet) <= 22, f"opcode {code:#x}")

    def dmx(self, packet):
        sequence, _, low, net, length = struct.unpack_from(">BBBBH", packet, 12)
        universe = net << 8 | low
        before = self.sequences.get(universe)
        check(sequence and (before is None or sequence == before % 255 + 1), "sequence goes on")
        self.sequences[universe] = sequence
        check(length == len(packet) - 18 and length % 2 == 0 and 2 <= length <= 512, "length")
        cell = (universe - self.first) * self.per
        n = min(self.per, len(self.seen) - cell)
        check(0 < n and 3 * n <= length <= 3 * n + 1, "levels of the universe")
        self.put(cell, packet[18:18 + 3 * n])


class Sacn(Receiver):
    def __init__(self, port):
        super().__init__(port)
        self.per = self.options.get("pixels_per_universe", 170)
        self.first = self.options.get("start_universe", 1)
        self.sync = self.options.get("sync_address", 0)
        self.last = self.first + (len(port.cells) + self.per - 1) // self.per - 1
        self.cid = None
        self.sequences = {}
        self.farewells = 0

    def feed(self, time, packet):
        packet = payload(packet, 5568)
        if packet is None:
            return
        check(packet[:16] == b"\0\x10\0\0ASC-E1.17\0\0\0", "root layer")
        check(struct.unpack_from(">H", packet, 16)[0] == 0x7000 | len(packet) - 16, "root length")
        check(struct.unpack_from(">H", packet, 38)[0] == 0x7000 | len(packet) - 38, "frame length")
        check(self.cid in (None, packet[22:38]), "CID")
        self.cid = packet[22:38]
        vector, inner = struct.unpack_from(">I", packet, 18)[0], struct.unpack_from(">I", packet, 40)[0]
        if vector == 4:
            self.data(time, packet)
        elif (vector, inner) == (8, 1):
            check(len(packet) == 49 and struct.unpack_from(">H", packet, 45)[0] == self.sync, "sync")
            self.latch(time)
        else:
            check((vector, inner) == (8, 2), "vectors")

    def data(self, time, packet):
        priority, sync, sequence, options, universe = struct.unpack_from(">BHBBH", packet, 108)
        levels = packet[126:]
        check(struct.unpack_from(">H", packet, 115)[0] == 0x7000 | len(packet) - 115, "DMP length")
        check(packet[117:123] == b"\x02\xa1\0\0\0\1" and packet[125] == 0, "DMP layer")
        check(struct.unpack_from(">H", packet, 123)[0] == len(levels) + 1, "DMP count")
        check(priority == self.options.get("priority", 100) and sync == self.sync, "framing")
        before = self.sequences.get(universe)
        check(before is None or sequence == (before + 1) % 256, "sequence goes on")
        self.sequences[universe] = sequence
        if options & 0x40:
            self.farewells += 1
            return
        check(not self.farewells and options == 0, f"options {options:#x}")
        cell = (universe - self.first) * self.per
        check(0 <= cell < len(self.seen), "universe")
        self.put(cell, levels)
        if not self.sync and universe == self.last:
            self.latch(time)


RECEIVERS = {"colorlight-5a": ColorLight, "linsn-rv9": Linsn, "ddp": Ddp, "artnet": ArtNet,
             "sacn": Sacn}


def rebuild(port, packets, lenient=False):
    """packets: [(time_ns, bytes)] of one port -> its receiver, with .frames. lenient: a machine
    that is too slow may begin frames that it cannot finish (ColorLight)."""
    receiver = RECEIVERS[port.driver](port)
    receiver.lenient = lenient
    for time, packet in packets:
        receiver.feed(time, packet)
    return receiver


def in_step(port, packets):
    """The same packets with frame k at k times 10 ms: without pacing the ports of a wall run ahead
    of each other, and what belongs together could not be told by time."""
    receiver, out, latched = RECEIVERS[port.driver](port), [], 0
    for i, (_, packet) in enumerate(packets):
        # A second latch and what comes behind the last frame belong to the frame before.
        out.append((10_000_000 * latched + i, packet))
        receiver.feed(0, packet)
        latched = len(receiver.frames)
    return out


def rebuild_file(ports, path, lenient=False):
    """A capture of the player's pcap link: {output id: receiver}. lenient: as for rebuild; and a
    frame may be left out (DDP), as when the clock is set."""
    packets = {port.id: [] for port in ports}
    for name, time, data in read_pcapng(path):
        packets[name].append((time, data))
    return {port.id: rebuild(port, packets[port.id], lenient) for port in ports}
