#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qp novastar against a simulated sending card, over TCP and over a pseudo terminal.

The simulator is written from the tables of the control protocol, not from our code. It can also
misbehave: noise, damaged, late, lying, foreign and missing answers."""
# variant: asan
# parallel
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import threading
import tty

BUILD = sys.argv[1]
QP = os.path.join(BUILD, "qp")
DEADLINE_S = 60
TIMEOUT_MS = "300"

SENDER_MODEL, SENDER_DVI = 0x02, 0x02000017
CARD_MODEL, CARD_VERSION, CARD_MONITOR = 0x00, 0x02, 0x0A000000
CARD_BRIGHTNESS, CARD_BLACK, CARD_TEST, CARD_FREEZE = 0x02000001, 0x02000100, 0x02000101, 0x02000102
CARD_SAVE = 0x01000011


def checksum(packet):
    return struct.pack("<H", (sum(packet[2:]) + 0x5555) & 0xFFFF)


def reply_to(request, data=b"", ack=0, **changes):
    head = bytearray(request[:18])
    head[0:2] = b"\xaa\x55"
    head[2] = ack
    head[4], head[5] = request[5], request[4]
    struct.pack_into("<H", head, 16, len(data))
    if "serial" in changes:
        head[3] = changes["serial"]
    packet = bytes(head) + data
    return packet + checksum(packet)


class Card:
    def __init__(self, monitoring_card=False):
        self.brightness, self.black, self.test, self.freeze = 255, 0, 0, 0
        block = bytearray(256)
        block[0:4] = bytes([0x80, 0x48, 0x00, 0xA9])  # 36.0 degrees, no humidity, 4.1 V
        if monitoring_card:
            block[0x20] = 0xFF
            block[0x27:0x29] = bytes([0x81, 0x05])  # -2.5 degrees
            block[0x29] = 0x80 | 61
            block[0x2A] = 1
            block[0x2B] = 0x80 | 30  # 1500 rpm
            block[0x2F] = 0x80 | 50
            block[0x41] = 0b101
            block[0x42] = 0b11
        self.monitor = bytes(block)

    def read(self, address, n):
        if address == CARD_MODEL:
            return struct.pack("<H", 0x4501)
        if address == CARD_VERSION:
            return bytes([4, 2, 0, 1])
        if address == CARD_BRIGHTNESS:
            return bytes([self.brightness] * n)
        if address == CARD_MONITOR:
            return self.monitor[:n]
        return None

    def write(self, address, data):
        names = {CARD_BRIGHTNESS: "brightness", CARD_BLACK: "black", CARD_TEST: "test",
                 CARD_FREEZE: "freeze"}
        if address in names:
            setattr(self, names[address], data[0])
        return address in names or (address == CARD_SAVE and data == b"\x11")


class Device:
    """A sending card with chains of receiving cards. answer() gets one valid request and returns
    what is sent back; subclasses misbehave."""

    def __init__(self, chains=None):
        self.chains = chains or [[Card()]]
        self.requests = []
        self.wrong = 0  # requests that are no requests

    def honest(self, q):
        _, _, _, _, _, dst, device, port, board, write, _, address, n = struct.unpack(
            "<BBBBBBBBHBBIH", q[:18])
        if port == 0xFF or board == 0xFFFF:
            for p, chain in enumerate(self.chains):
                for card in chain if port in (0xFF, p) else ():
                    card.write(address, q[18:18 + n])
            return b""
        if dst != 0:
            return b""
        if device == 0:
            known = {SENDER_MODEL: b"\x01\x11", SENDER_DVI: b"\x01"}
            return reply_to(q, known[address]) if address in known else reply_to(q, ack=4)
        if port >= len(self.chains) or board >= len(self.chains[port]):
            return reply_to(q, ack=1)
        card = self.chains[port][board]
        if write:
            return reply_to(q, ack=0 if card.write(address, q[18:18 + n]) else 4)
        data = card.read(address, n)
        return reply_to(q, ack=4) if data is None else reply_to(q, data)

    def answer(self, q):
        return self.honest(q)

    def feed(self, buffer):
        """Requests at the front of buffer -> (rest, answer or None to hang up)."""
        out = b""
        while len(buffer) >= 20:
            n = 20 + (struct.unpack_from("<H", buffer, 16)[0] if buffer[10] else 0)
            if len(buffer) < n:
                break
            q, buffer = buffer[:n], buffer[n:]
            if q[:2] != b"\x55\xaa" or q[4] != 0xFE or checksum(q[:-2]) != q[-2:]:
                self.wrong += 1
                continue
            self.requests.append(q)
            a = self.answer(q)
            if a is None:
                return buffer, None
            out += a
        return buffer, out


class Server(threading.Thread):
    """Serves a device to one client after the other; on a pair of descriptors or a TCP socket."""

    def __init__(self, device, serial_port=False, drip=False):
        super().__init__(daemon=True)
        self.device, self.drip = device, drip
        self.stop_r, self.stop_w = os.pipe()
        if serial_port:
            self.master, self.slave = pty.openpty()
            tty.setraw(self.slave)
            self.address, self.options = os.ttyname(self.slave), []
            self.listener = None
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.address = "127.0.0.1"
            self.options = ["--tcp-port", str(self.listener.getsockname()[1])]

    def talk(self, read, write, fd):
        buffer = b""
        while True:
            ready, _, _ = select.select([fd, self.stop_r], [], [], DEADLINE_S)
            if fd not in ready:
                return
            try:
                data = read(65536)
                if not data:
                    return
                buffer, out = self.device.feed(buffer + data)
                if out is None:
                    return
                pieces = [out[i:i + 1] for i in range(len(out))] if self.drip else [out]
                for piece in pieces:
                    write(piece)
            except OSError:
                return

    def run(self):
        if not self.listener:
            self.talk(lambda n: os.read(self.master, n), lambda b: os.write(self.master, b),
                      self.master)
            return
        while True:
            ready, _, _ = select.select([self.listener, self.stop_r], [], [], DEADLINE_S)
            if self.listener not in ready:
                return
            connection, _ = self.listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.talk(connection.recv, connection.sendall, connection.fileno())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        os.write(self.stop_w, b"x")
        self.join(DEADLINE_S)
        for fd in (self.stop_r, self.stop_w):
            os.close(fd)
        if self.listener:
            self.listener.close()
        else:
            os.close(self.master)
            os.close(self.slave)


def qp(*args):
    return subprocess.run([QP, "novastar", *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE_S, check=False)


def ask(device, *args, serial_port=False, drip=False):
    with Server(device, serial_port, drip) as server:
        done = qp(server.address, *args, "--timeout", TIMEOUT_MS, *server.options)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done


def good(done):
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done


def fails(done, *words):
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    for word in words:
        assert word in done.stderr, done.stderr
    return done


# --- what it does -------------------------------------------------------------------------------

def status_as_text():
    out = good(ask(Device([[Card(), Card(True)], []]), "status")).stdout
    assert "sending card 1: model 0x1101, DVI signal" in out, out
    assert "port 1: 2 receiving cards" in out and "port 2: 0 receiving cards" in out, out
    assert out.count("firmware 4.2.0.1, brightness 100 %, 36.0 C, 4.1 V") == 2, out
    assert "monitoring card, -2.5 C, 61 % humidity, fan 1 1500 rpm, 2 doors open, " \
           "2 cables open, SMOKE" in out, out


def status_as_json():
    got = json.loads(good(ask(Device([[Card(), Card(True)], [Card()]]), "status", "--json")).stdout)
    assert got["ok"] is True and got["model"] == 0x1101 and got["dvi_signal"] is True, got
    assert [len(p["cards"]) for p in got["ports"]] == [2, 1, 0, 0], got
    first, second = got["ports"][0]["cards"]
    assert first == {"card": 1, "model": 0x4501, "firmware": "4.2.0.1", "brightness": 255,
                     "temperature_c": 36, "supply_v": 4.1}, first
    extra = second["monitoring_card"]
    assert extra["fan_rpm"] == [1500, None, None, None] and extra["voltage_v"][0] == 5, extra
    assert extra["smoke"] is True and extra["temperature_c"] == -2.5, extra


def status_of_one_card():
    device = Device([[Card()], [Card(), Card()]])
    got = json.loads(good(ask(device, "status", "--json", "--port", "2", "--card", "2")).stdout)
    assert [(p["port"], [c["card"] for c in p["cards"]]) for p in got["ports"]] == [(2, [2])], got


def brightness_of_all():
    device = Device([[Card(), Card()], [Card()]])
    out = good(ask(device, "brightness", "50")).stdout
    assert "do not acknowledge" in out, out
    assert [c.brightness for chain in device.chains for c in chain] == [128] * 3
    assert device.requests[0][4:] == bytes.fromhex("FE0001FFFFFF0100010000020100 80") + \
        device.requests[0][-2:], device.requests[0].hex()


def every_sending_card_of_a_chain():
    device = Device()
    good(ask(device, "black", "on", "--sender", "all"))
    assert [q[5] for q in device.requests] == [0xFF], device.requests
    fails(ask(Device(), "status", "--sender", "all"), "one device at a time")
    fails(ask(Device(), "status", "--sender", "2"), "no answer")


def brightness_of_one_card_kept():
    device = Device([[Card(), Card()]])
    done = good(ask(device, "brightness", "0", "--port", "1", "--card=2", "--save", "--json"))
    assert json.loads(done.stdout) == {"ok": True, "acknowledged": True}, done.stdout
    assert [c.brightness for c in device.chains[0]] == [255, 0]
    assert [struct.unpack_from("<I", q, 12)[0] for q in device.requests] == \
        [CARD_BRIGHTNESS, CARD_SAVE]


def tests_black_and_freeze():
    device = Device([[Card()]])
    card = device.chains[0][0]
    names = ["off", None, "red", "green", "blue", "white", "horizontal", "vertical", "diagonal",
             "grey", "ageing"]
    for value, name in enumerate(names):
        if name:
            good(ask(device, "test", name, "--port", "1", "--card", "1"))
            assert card.test == value, (name, card.test)
    for what in ("black", "freeze"):
        for value, name in ((0xFF, "on"), (0, "off")):
            good(ask(device, what, name))
            assert getattr(card, what) == value, (what, name)
    assert device.wrong == 0


def over_a_serial_port():
    device = Device([[Card()]])
    got = json.loads(good(ask(device, "status", "--json", "--port", "1", "--baud", "1048576",
                              serial_port=True)).stdout)
    assert got["ports"][0]["cards"][0]["temperature_c"] == 36, got
    good(ask(device, "brightness", "20", serial_port=True))
    assert device.chains[0][0].brightness == 51


# --- a device that misbehaves -------------------------------------------------------------------

def one_byte_at_a_time():
    good(ask(Device(), "brightness", "10", "--port", "1", "--card", "1", drip=True))


class Noisy(Device):
    def answer(self, q):
        # A head that begins nothing, half a packet, a packet with a wrong checksum.
        bad = bytearray(reply_to(q, b"\x99\x99"))
        bad[20] ^= 0xFF
        return b"\x55\xaa\xaa\xaa" + b"\xaa\x55" + bytes(3) + bytes(bad) + self.honest(q) + b"\xaa"


def noise_is_passed_over():
    got = json.loads(good(ask(Noisy(), "status", "--json", "--port", "1")).stdout)
    assert got["ports"][0]["cards"][0]["temperature_c"] == 36, got


class Late(Device):
    """Does not answer a request before its repetition comes, then answers both; what comes late is
    wrong, so it must not be believed."""

    held = None

    def answer(self, q):
        if self.held is None:
            self.held = q
            return b""
        old, self.held = self.held, None
        return reply_to(old, b"\x77" * struct.unpack_from("<H", old, 16)[0]) + self.honest(q)


def late_answers_are_not_believed():
    device = Late()
    got = json.loads(good(ask(device, "status", "--json", "--port", "1", "--card", "1")).stdout)
    assert got["model"] == 0x1101 and got["ports"][0]["cards"][0]["brightness"] == 255, got
    serials = [q[3] for q in device.requests]
    assert len(set(serials)) == len(serials), serials


class Foreign(Device):
    """Answers with its neighbour's serial number first."""

    def answer(self, q):
        return reply_to(q, ack=4, serial=(q[3] + 1) & 0xFF) + self.honest(q)


def foreign_answers_are_not_believed():
    good(ask(Foreign(), "brightness", "10", "--port", "1", "--card", "1"))


class Echo(Device):
    """A half duplex line: our own request comes back first."""

    def answer(self, q):
        return q + self.honest(q)


def echo_is_not_an_answer():
    good(ask(Echo(), "brightness", "10", "--port", "1", "--card", "1"))


class DamagedOnce(Device):
    def answer(self, q):
        a = self.honest(q)
        if len(self.requests) % 2:
            return reply_to(q, ack=2 if len(self.requests) % 4 == 1 else 3)
        return a


def checksum_complaints_are_repeated():
    device = DamagedOnce()
    good(ask(device, "brightness", "10", "--port", "1", "--card", "1"))
    assert len(device.requests) == 2


class Lying(Device):
    """Returns another number of bytes than asked for."""

    def answer(self, q):
        return reply_to(q, bytes(250))


def lies_about_the_length():
    device = Lying()
    fails(ask(device, "status"), "damaged")
    assert len(device.requests) == 3  # once, and two repetitions


class Silent(Device):
    def answer(self, q):
        return b""


def silence_ends():
    device = Silent()
    done = fails(ask(device, "status", "--json"), "no answer within 300 ms")
    got = json.loads(done.stdout)
    assert got["ok"] is False and "no answer" in got["error"], got
    assert len(device.requests) == 3


class Babbling(Device):
    """Never stops sending something that looks like the beginning of an answer."""

    def answer(self, q):
        return (b"\xaa\x55" + bytes(14) + b"\x00\x01") * 3000


def babble_ends():
    fails(ask(Babbling(), "status"), "answer")


class Hangs(Device):
    def answer(self, q):
        return None


def a_closed_connection_is_said():
    fails(ask(Hangs(), "status"), "closed the connection")


def a_dead_card_is_named():
    fails(ask(Device([[Card()]]), "brightness", "5", "--port", "2", "--card", "7"),
          "receiving card 7 on port 2")


class Refusing(Device):
    def answer(self, q):
        return reply_to(q, ack=4)


def an_unknown_command_is_said():
    fails(ask(Refusing(), "black", "on", "--port", "1", "--card", "1"), "does not know")


def an_absurd_chain_ends():
    class Endless(Device):
        def honest(self, q):
            board = struct.unpack_from("<H", q, 8)[0]
            address = struct.unpack_from("<I", q, 12)[0]
            if q[6] == 1:
                return reply_to(q, self.chains[0][0].read(address, struct.unpack_from(
                    "<H", q, 16)[0])) if board < 5000 else b""
            return super().honest(q)

    got = json.loads(good(ask(Endless(), "status", "--json", "--port", "1")).stdout)
    assert len(got["ports"][0]["cards"]) == 1024, len(got["ports"][0]["cards"])


# --- what people get wrong ----------------------------------------------------------------------

def nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    fails(qp("127.0.0.1", "status", "--tcp-port", str(port)), "refused", "sending card's address")


def not_a_serial_port():
    fails(qp("/dev/null", "status"), "/dev/null is no serial port")
    fails(qp("/dev/does-not-exist", "status"), "No such file")


def wrong_usage():
    for args, word in (
            ((), "address"), (("h",), "action"), (("h", "dance"), "dance"),
            (("h", "brightness"), "percentage"), (("h", "brightness", "101"), "percentage"),
            (("h", "brightness", "-1"), "-1"), (("h", "brightness", "nan"), "percentage"),
            (("h", "test", "purple"), "ageing"), (("h", "black", "maybe"), "on or off"),
            (("h", "status", "now"), "no argument"), (("h", "status", "a", "b"), "too many"),
            (("h", "status", "--port", "0"), "--port"), (("h", "status", "--card", "1"), "--port"),
            (("h", "status", "--port"), "--port"), (("h", "status", "--baud", "9"), "--baud"),
            (("h", "status", "--tcp-port", "65536"), "--tcp-port"),
            (("h", "status", "--timeout", "0"), "--timeout"),
            (("h", "status", "--save"), "--save"), (("h", "status", "--colour"), "--colour")):
        done = qp(*args)
        assert done.returncode == 2 and word in done.stderr, (args, done.returncode, done.stderr)


def help_says_what_it_cannot_do():
    out = good(qp("--help")).stdout
    for words in ("pixels is not public", "HDMI", "examples:", "brightness 40 --save", "--baud"):
        assert words in out, out
    top = subprocess.run([QP, "--help"], capture_output=True, text=True, timeout=DEADLINE_S,
                         check=True).stdout
    assert "novastar" in top, top


CASES = [status_as_text, status_as_json, status_of_one_card, brightness_of_all,
         every_sending_card_of_a_chain, brightness_of_one_card_kept, tests_black_and_freeze, over_a_serial_port,
         one_byte_at_a_time, noise_is_passed_over, late_answers_are_not_believed,
         foreign_answers_are_not_believed, echo_is_not_an_answer,
         checksum_complaints_are_repeated, lies_about_the_length, silence_ends, babble_ends,
         a_closed_connection_is_said, a_dead_card_is_named, an_unknown_command_is_said,
         an_absurd_chain_ends, nobody_listens, not_a_serial_port, wrong_usage,
         help_says_what_it_cannot_do]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for i, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {i} - {case.__name__}", flush=True)
        except Exception as error:  # any failure is a failed case, not the end of the run
            failed += 1
            print(f"not ok {i} - {case.__name__}", flush=True)
            why = f"{type(error).__name__}: {error}"
            print("".join(f"# {line}\n" for line in why.splitlines()), end="", flush=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
