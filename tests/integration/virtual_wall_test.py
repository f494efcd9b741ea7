#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qp-wall as a program: captures, sockets, UDP, interfaces, liars, its page in a browser."""
# variant: asan
# timeout: 400
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from virtual_packets import *  # noqa: E402,F403
from virtual_browser import Browser  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QP_WALL = os.path.join(sys.argv[1], "qp-wall")
WORK = tempfile.mkdtemp(prefix="qp-virtual-")
T0 = 1_800_000_000_000_000_000
W, H = 32, 8


class Skip(Exception):
    pass


def work(name):
    return os.path.join(WORK, name)


def put(name, data):
    with open(work(name), "wb") as f:
        f.write(data)
    return work(name)


def get(name):
    with open(work(name), "rb") as f:
        return f.read()


def wall_file(name, driver, n=1, order="rgb", link=None, options=None, gamma=2.8):
    """n ports side by side, each a cabinet of W/n x H."""
    outputs = [{"id": "p%d" % (i + 1), "driver": driver, "chain": ["c%d" % i]} for i in range(n)]
    for i, o in enumerate(outputs):
        if link:
            o["link"] = link(i)
        if options:
            o["options"] = options(i)
    wall = {"name": "Test wall", "canvas": {"width": W, "height": H},
            "types": {"t": {"width": W // n, "height": H, "pitch_mm": 2.5, "order": order,
                            "gamma": gamma}},
            "cabinets": [{"id": "c%d" % i, "type": "t", "x": i * W // n, "y": 0} for i in range(n)],
            "outputs": outputs}
    return put(name, json.dumps(wall).encode())


def picture(n, w=W, h=H):
    return [[((x * 8 + n * 3) % 256, (y * 30 + n * 7) % 256, (x + y * n + 5) % 256)
             for x in range(w)] for y in range(h)]


def half(pic, i):
    return [row[i * W // 2:(i + 1) * W // 2] for row in pic]


def leds(pic):
    return [p for row in pic for p in row]


def run(*args, code=0, data=None):
    r = subprocess.run([QP_WALL, *args], capture_output=True, timeout=100, input=data)
    if r.returncode != code:
        raise AssertionError("%s: exit %d, not %d: %s" % (args, r.returncode, code,
                                                          r.stderr.decode()[-3000:]))
    return r.stdout.decode(), r.stderr.decode()


def report(*args, **more):
    return json.loads(run(*args, "--json", **more)[0])


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)) or "no")


def equal(a, b, what=""):
    check(a == b, what, a, "!=", b)


# --- captures --------------------------------------------------------------------------------------
def test_colorlight_two_ports():
    """Frame 3 of a capture with two ports is byte-exact; plain colours, split rows, gaps in time."""
    wall = wall_file("cl.json", "colorlight-5a", 2, "bgr")
    packets, t = [], T0
    for n in range(5):
        for i in range(2):
            for f in cl_frame(half(picture(n), i), 200, split=7):
                packets.append((i, t, f))
                t += 2000
        t = T0 + (n + 1) * 20_000_000
    capture = put("cl.pcapng", pcapng(["p1", "p2"], packets))
    r = report("--wall", wall, "--pcap", capture, "--frame", "3", "--png", work("f3.png"))
    equal(read_png(get("f3.png")), picture(2))
    equal(r["totals"]["frames"], 5)
    equal(r["totals"]["torn"], 0)
    equal([p["frames"] for p in r["ports"]], [5, 5])
    equal(r["ports"][1]["brightness"], [200, 200, 200])
    check(abs(r["ports"][0]["latch_jitter_ms"]["median_interval"] - 20) < 0.2)
    out, _ = run("--wall", wall, "--pcap", capture)
    check("5 frames" in out and "p2" in out)


def test_save_and_looks():
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr", gamma=2)
    packets = [(0, T0 + k, f) for k, f in enumerate(
        cl_frame(picture(0), 128) + cl_frame(picture(1), 128))]
    capture = put("cl1.pcapng", pcapng(["p1"], packets))
    os.makedirs(work("frames"), exist_ok=True)
    run("--wall", wall, "--pcap", capture, "--save", work("frames"))
    equal(sorted(os.listdir(work("frames"))), ["frame-00000001.png", "frame-00000002.png"])
    equal(read_png(get("frames/frame-00000001.png")), picture(0))
    run("--wall", wall, "--pcap", capture, "--png", work("lin.png"), "--look", "linear")
    lin = read_png(get("lin.png"))
    for x, y in ((3, 2), (31, 7)):
        want = [65535 * (v / 255) ** 2 * 128 / 255 for v in picture(1)[y][x]]
        check(all(abs(a - b) <= 1 for a, b in zip(lin[y][x], want)), lin[y][x], want)
    run("--wall", wall, "--pcap", capture, "--png", work("led.png"), "--look", "led", "--zoom", "10")
    led = read_png(get("led.png"))
    equal((len(led[0]), len(led)), (W * 10, H * 10))
    check(led[0][0] == (0, 0, 0) and sum(led[75][255]) > 100)


def test_missing_rows():
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr")
    first, second = cl_frame(picture(0)), cl_frame(picture(1))
    del second[4]  # row 3
    packets = [(0, T0 + k, f) for k, f in enumerate(first + second + [cl_latch()])]
    capture = put("miss.pcapng", pcapng(["p1"], packets))
    r = report("--wall", wall, "--pcap", capture, "--png", work("miss.png"))
    port = r["ports"][0]
    equal((port["frames"], port["torn"], port["rows_missing"], port["duplicate_latches"]),
          (2, 1, 1, 1))
    want = picture(1)
    want[3] = picture(0)[3]
    equal(read_png(get("miss.png")), want)


def test_linsn():
    wall = wall_file("linsn.json", "linsn-rv9", 1, "brg")
    packets = [(0, T0 + 10**7 * n + k, f) for n in range(3)
               for k, f in enumerate(linsn_frame(picture(n), 1))]
    r = report("--wall", wall, "--pcap", put("linsn.pcap", pcap(packets)),
               "--frame", "2", "--png", work("linsn.png"))
    equal(read_png(get("linsn.png")), picture(1))
    equal((r["totals"]["frames"], r["totals"]["torn"], r["totals"]["malformed"]), (3, 0, 0))


def udp_capture(name, frames, port):
    packets = [(0, T0 + 10**7 * n + k, udp_frame(p, port))
               for n, frame in enumerate(frames) for k, p in enumerate(frame)]
    return put(name, pcapng(["eth0"], packets))


def test_ddp():
    wall = wall_file("ddp.json", "ddp", link=lambda i: {"type": "udp", "address": "10.0.0.2"})
    frames, seq = [], 1
    for n in range(4):
        packets, seq = ddp_frame(leds_bytes(leds(picture(n))), 300, seq)
        frames.append(packets)
    capture = udp_capture("ddp.pcapng", frames, 4048)
    r = report("--wall", wall, "--pcap", capture, "--frame", "4", "--png", work("ddp.png"))
    equal(read_png(get("ddp.png")), picture(3))
    equal((r["totals"]["frames"], r["totals"]["torn"], r["ports"][0]["lost"]), (4, 0, 0))
    del frames[2][1]
    r = report("--wall", wall, "--pcap", udp_capture("ddp2.pcapng", frames, 4048))
    equal((r["totals"]["torn"], r["ports"][0]["lost"]), (1, 1))


def universes(pic, first=0):
    data = leds_bytes(leds(pic))
    return [(first + i, data[510 * i:510 * i + 510]) for i in range((len(data) + 509) // 510)]


def test_artnet():
    wall = wall_file("art.json", "artnet", link=lambda i: {"type": "udp", "address": "10.0.0.2"},
                     options=lambda i: {"start_universe": 260})
    for sync in (False, True):
        frames = [[artnet_dmx(u, d, n + 1) for u, d in universes(picture(n), 260)] +
                  [artnet_sync()] * sync for n in range(3)]
        r = report("--wall", wall, "--pcap", udp_capture("art.pcapng", frames, 6454),
                   "--png", work("art.png"))
        equal(read_png(get("art.png")), picture(2))
        equal((r["totals"]["frames"], r["totals"]["torn"]), (3, 0), sync)


def test_sacn():
    for sync in (0, 7962):
        wall = wall_file("sacn.json", "sacn", options=lambda i: {"start_universe": 3})
        frames = [[sacn_data(u, d, n + 250, sync) for u, d in universes(picture(n), 3)] +
                  [sacn_sync(sync, n)] * bool(sync) for n in range(9)]
        r = report("--wall", wall, "--pcap", udp_capture("sacn.pcapng", frames, 5568),
                   "--png", work("sacn.png"))
        equal(read_png(get("sacn.png")), picture(8))
        equal((r["totals"]["frames"], r["totals"]["torn"], r["ports"][0]["lost"]), (9, 0, 0), sync)


def test_captures_cut_and_garbage():
    """A capture cut at any byte, bytes changed, noise: an answer each time and never a crash."""
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr")
    packets = [(0, T0 + k, f) for k, f in enumerate(cl_frame(picture(0)) + cl_frame(picture(1)))]
    whole = pcapng(["p1"], packets)
    rng = random.Random(7)
    r = report("--wall", wall, "--pcap", put("cut.pcapng", whole[:-20]))
    equal(r["totals"]["frames"], 1)
    check(r["totals"]["malformed_reasons"].get("capture cut in the middle of a packet") == 1)
    for k in range(12):
        damaged = bytearray(whole[:rng.randrange(1, len(whole))])
        for _ in range(k):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        p = subprocess.run([QP_WALL, "--wall", wall, "--pcap", put("x.pcapng", bytes(damaged))],
                           capture_output=True, timeout=60)
        check(p.returncode in (0, 1), k, p.returncode, p.stderr.decode()[-2000:])
    for name, data in (("empty", b""), ("noise", rng.randbytes(5000)),
                       ("huge", whole[:28] + struct.pack("<II", 6, 0xFFFFFFF0) + bytes(64))):
        p = subprocess.run([QP_WALL, "--wall", wall, "--pcap", put(name, data)],
                           capture_output=True, timeout=60)
        check(p.returncode in (0, 1), name, p.stderr.decode()[-2000:])
    _, err = run("--wall", wall, "--pcap", work("noise"), code=1)
    check("noise" in err and "capture" in err, err)


def test_lying_packets():
    """Noise as the payload of every protocol, from every port."""
    rng = random.Random(3)
    kinds = [CARD + PC + b"\x55", CARD + PC + b"\x01", bytes(6) + PC + b"\xaa\x55"]
    packets = []
    for k in range(600):
        noise = rng.randbytes(rng.randrange(0, 120))
        data = rng.choice(kinds) + noise if k % 2 else udp_frame(
            rng.choice([b"", b"Art-Net\0\x00\x50\x00\x0e", b"\x00\x10\x00\x00ASC-E1.17\0\0\0",
                        b"\x41\x00\x0b\x01"]) + noise, rng.choice([4048, 5568, 6454]))
        packets.append((k % 3, T0 + k, data))
    capture = put("lies.pcapng", pcapng(["p1", "p2", "other"], packets))
    for driver in ("colorlight-5a", "linsn-rv9", "ddp", "artnet", "sacn"):
        wall = wall_file("lies.json", driver, 2)
        r = report("--wall", wall, "--pcap", capture)
        equal(r["totals"]["packets"], 600)
        check(r["totals"]["malformed"] > 10, driver, r["totals"])


# --- sentences ---------------------------------------------------------------------------------------
def test_sentences():
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr")
    capture = put("one.pcapng", pcapng(["p1"], [(0, T0 + k, f) for k, f in
                                                enumerate(cl_frame(picture(0)))]))
    for code, args, words in (
            (2, ["--wall", wall], ["--pcap", "--listen"]),
            (2, ["--pcap", capture], ["--wall"]),
            (1, ["--wall", work("none.json"), "--pcap", capture], ["none.json"]),
            (1, ["--wall", wall, "--pcap", work("none")], ["none"]),
            (1, ["--wall", wall, "--pcap", capture, "--frame", "9", "--png", work("n.png")], ["9", "1"]),
            (1, ["--wall", wall, "--pcap", capture, "--png", work("no/dir.png")], ["dir.png"]),
            (1, ["--wall", wall, "--pcap", capture, "--port", "zz"], ["zz"]),
            (1, ["--wall", wall, "--listen", "nic:nonesuch0"], ["nonesuch0", "ip link"]),
            (1, ["--wall", wall, "--listen", "nic:lo=zz"], ["zz"]),
            (1, ["--wall", wall, "--listen", "udp"], ["UDP"]),
            (2, ["--wall", wall, "--listen", "tcp:1"], ["nic:", "udp", "local:"]),
            (2, ["--wall", wall, "--listen", "local:" + "x" * 200], ["path"]),
            (2, ["--wall", wall, "--listen", "local:"], ["path"]),
            (2, ["--wall", wall, "--listen", "nic:"], ["interface"]),
            (2, ["--wall", wall, "--listen", "nic:longer-than-15-b"], ["interface"]),
            (2, ["--wall", wall, "--listen", "udp:1.2.3"], ["IPv4"]),
            (2, ["--wall", wall, "--pcap", capture, "--http", "nowhere:80"], ["nowhere"]),
            (2, ["--wall", wall, "--pcap", capture, "--look", "odd"], ["odd", "light"]),
            (2, ["--wall", wall, "--pcap", capture, "--frames", "-3"], ["-3"]),
            (2, ["--nonsense"], ["--help"])):
        _, err = run(*args, code=code)
        check(all(w in err for w in words), args, err)
    check("usage" in run("--help")[0])


def test_no_permission():
    if os.getuid() != 0:
        raise Skip("needs root to drop privileges")
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr")
    os.chmod(WORK, 0o755)
    copy = shutil.copy(QP_WALL, work("qp-wall"))
    p = subprocess.run([copy, "--wall", wall, "--listen", "nic:lo"], capture_output=True,
                       timeout=60, user=65534, group=65534, extra_groups=[])
    check(p.returncode == 1 and b"CAP_NET_RAW" in p.stderr, p.returncode, p.stderr)


# --- live inputs -----------------------------------------------------------------------------------------
class Wall:
    """A running qp-wall; ends with it."""

    def __init__(self, *args):
        self.process = subprocess.Popen([QP_WALL, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def line(self, word):
        """Standard error up to a line with this word."""
        seen = ""
        for line in self.process.stderr:
            seen += line
            if word in line:
                return line
        raise AssertionError("ended: " + seen)

    def finish(self, seconds=60):
        out, err = self.process.communicate(timeout=seconds)
        check(self.process.returncode == 0, self.process.returncode, err[-3000:])
        return out

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.finish()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def test_local_players():
    """Two players one after the other, the second with its outputs in another order; liars between."""
    wall = wall_file("local.json", "colorlight-5a", 2, "bgr")
    path = work("w.sock")
    with Wall("--wall", wall, "--listen", "local:" + path, "--frames", "3", "--frame", "3",
              "--png", work("local.png"), "--json") as w:
        w.line("listening")
        for n, names in ((0, ["p1", "p2"]), (1, ["p2", "p1"]), (2, ["x", "p1", "p2"])):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(path)
            s.send(b"garbage")
            s.send(sock_message(1, 0, 1, b"before the hello"))
            s.send(sock_message(0, 0, 0, b"\xff\xff\x00\x00\xff\xff"))
            s.send(sock_hello(names))
            s.send(sock_message(1, 60000, 1, b"no such port"))
            for port in range(2):
                index = names.index("p%d" % (port + 1))
                for f in cl_frame(half(picture(n), port)):
                    s.send(sock_message(1, index, (n + 1) * 10**7, f))
            s.close()
        r = json.loads(w.finish())
    equal(read_png(get("local.png")), picture(2))
    equal(r["totals"]["frames"], 3)
    check(r["totals"]["malformed"] >= 9, r["totals"])
    check(not os.path.exists(path), "the socket was left behind")


def test_udp_loopback():
    """Two DDP ports told apart by their addresses."""
    wall = wall_file("udp.json", "ddp", 2,
                     link=lambda i: {"type": "udp", "address": "127.0.0.%d" % (i + 2), "port": 40481})
    with Wall("--wall", wall, "--listen", "udp", "--frames", "1", "--png", work("udp.png"),
              "--json") as w:
        w.line("listening")
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for i in range(2):
            for p in ddp_frame(leds_bytes(leds(half(picture(6), i))), 300)[0]:
                s.sendto(p, ("127.0.0.%d" % (i + 2), 40481))
        r = json.loads(w.finish())
    equal(read_png(get("udp.png")), picture(6))
    equal(r["totals"]["torn"], 0)


def test_interface():
    """Raw frames over a pair of interfaces in a namespace of its own."""
    if os.getuid() != 0:
        raise Skip("needs root to make network interfaces")
    wall = wall_file("nic.json", "colorlight-5a", 1, "bgr",
                     link=lambda i: {"type": "ethernet", "nic": "qpv0"})
    frames = cl_frame(picture(4))
    script = work("nic.py")
    with open(script, "w", encoding="utf-8") as f:
        f.write("""import json, socket, subprocess, sys
def ip(*a): subprocess.run(["ip", *a], check=True)
ip("link", "add", "qpv0", "type", "veth", "peer", "name", "qpv1")
ip("link", "set", "qpv0", "up"); ip("link", "set", "qpv1", "up")
w = subprocess.Popen([%r, "--wall", %r, "--listen", "nic:qpv1=p1", "--frames", "1", "--png", %r],
                     stderr=subprocess.PIPE, text=True)
for line in w.stderr:
    if "listening" in line: break
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("qpv0", 0))
for f in json.load(open(%r)): s.send(bytes.fromhex(f))
try: w.wait(60)
finally: w.kill()
sys.exit(w.returncode)
""" % (QP_WALL, wall, work("nic.png"), put("nic-frames.json", json.dumps(
            [f.hex() for f in frames]).encode())))
    p = subprocess.run(["unshare", "-n", sys.executable, script], capture_output=True, timeout=90)
    if b"unshare" in p.stderr and b"Operation not permitted" in p.stderr:
        raise Skip("no network namespaces here")
    check(p.returncode == 0, p.stderr.decode()[-2000:])
    equal(read_png(get("nic.png")), picture(4))


def test_signals():
    wall = wall_file("cl1.json", "colorlight-5a", 1, "bgr")
    for number in (signal.SIGTERM, signal.SIGINT):
        with Wall("--wall", wall, "--listen", "local:" + work("sig.sock"), "--http",
                  "127.0.0.1:0") as w:
            w.line("listening")
            w.process.send_signal(number)
            w.finish()
    check(not os.path.exists(work("sig.sock")))
    with Wall("--wall", wall, "--listen", "local:" + work("sig.sock"), "--seconds", "0.05") as w:
        w.finish()


# --- the page -----------------------------------------------------------------------------------------------
def fetch(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as r:
            return r.status, dict((k.lower(), v) for k, v in r.headers.items()), r.read()
    except urllib.error.HTTPError as e:
        return e.code, {}, b""


def send_frame(s, n, brightness=255):
    for i in range(2):
        for f in cl_frame(half(picture(n), i), brightness):
            s.send(sock_message(1, i, time.monotonic_ns(), f))


def page_wall():
    return wall_file("page.json", "colorlight-5a", 2, "bgr", gamma=1)


def player(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.send(sock_hello(["p1", "p2"]))
    return s


def srgb(code):
    light = code / 255
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "waited in vain")
        time.sleep(0.01)


def test_http():
    with Wall("--wall", page_wall(), "--listen", "local:" + work("h.sock"), "--http",
              "127.0.0.1:0") as w:
        url = w.line("http://").split()[-1]
        s = player(work("h.sock"))
        send_frame(s, 1)
        until(lambda: json.loads(fetch(url + "stats.json")[2])["totals"]["frames"] == 1)
        status, headers, body = fetch(url)
        equal(status, 200)
        check("default-src 'none'" in headers["content-security-policy"])
        check(b"<script src=\"/wall.js\">" in body and b"http://" not in body)
        equal(read_png(fetch(url + "raw.png")[2]), picture(1))
        equal(read_png(fetch(url + "frame.png")[2])[2][3], tuple(map(srgb, picture(1)[2][3])))
        equal(len(json.loads(fetch(url + "wall.json")[2])["cabinets"]), 2)
        equal(fetch(url + "etc/passwd")[0], 404)
        equal(fetch(url + "../../etc/passwd")[0], 404)
        equal(fetch(url, Host="evil.example")[0], 403)
        # a browser's window on another site
        port = int(url.split(":")[2].strip("/"))
        for origin, want in (("http://evil.example", False), (url.rstrip("/"), True)):
            c = socket.create_connection(("127.0.0.1", port), timeout=20)
            c.send(("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: "
                    "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                    "dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: %s\r\n\r\n" % (port, origin)).encode())
            equal(b" 101 " in c.recv(4096), want, origin)
            c.send(b"\x81\xfe\x00\x10\0\0\0\0{\"view\":[1,2,3]")  # no view of ours: closed
            c.close()
        s.close()
        w.stop()


def near(a, b, tolerance=3):
    return all(abs(x - y) <= tolerance for x, y in zip(a, b))


def test_browser():
    """The page shows the frame: pixels of a screenshot, dots when close, cabinets when asked."""
    if not shutil.which("chromium"):
        raise Skip("no chromium")
    with Wall("--wall", page_wall(), "--listen", "local:" + work("b.sock"), "--http",
              "127.0.0.1:0") as w:
        url = w.line("http://").split()[-1]
        s = player(work("b.sock"))
        b = Browser(1200, 700)
        try:
            send_frame(s, 1)
            b.open(url)
            check(b.until("document.body.dataset.frames === '1'"), "no frame on the page")
            check(b.until("document.body.dataset.state === 'live'"))
            check(b.until("document.querySelectorAll('#ports tr').length === 2"))
            send_frame(s, 2)
            check(b.until("document.body.dataset.frames === '2'"), "the second frame did not come")
            check("frame 2" in b.eval("document.title"))
            b.eval("view.scale = 20; view.x = 16; view.y = 4; fitted = false; changed();"
                   "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
            check(b.until("shown.frame === 2 && shown.w === wall.width"))
            shot = read_png(b.screenshot())
            for x, y in ((3, 3), (17, 5), (28, 6)):  # the middle of an LED, and the ground beside it
                want = tuple(map(srgb, picture(2)[y][x]))
                got = shot[350 + (y - 4) * 20 + 10][600 + (x - 16) * 20 + 10]
                check(near(got, want), (x, y), got, want)
                corner = shot[350 + (y - 4) * 20][600 + (x - 16) * 20]
                check(max(corner) < max(want) * 0.5 + 8, "no round dots", corner, want)
            b.eval("document.getElementById('look').click()")
            check(b.until("shown.frame === 2 && raw"))
            plain = b.screenshot()
            b.eval("document.getElementById('cabinets').click();"
                   "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
            check(b.screenshot() != plain, "no outlines")
            before = b.eval("view.scale")
            b.mouse("mouseWheel", 600, 350, deltaX=0, deltaY=-300)
            check(b.until("view.scale > %f" % before), "the wheel does not zoom")
            equal(b.errors, [])
        finally:
            b.close()
        s.close()
        w.stop()


def test_large_wall_in_the_browser():
    """3840 x 2160: what goes to the browser is bounded by its window."""
    if not shutil.which("chromium"):
        raise Skip("no chromium")
    wall = put("4k.json", json.dumps({
        "canvas": {"width": 3840, "height": 2160},
        "types": {"t": {"width": 240, "height": 270, "pitch_mm": 1, "order": "bgr", "gamma": 1}},
        "grids": [{"id": "A", "type": "t", "cols": 16, "rows": 8,
                   "outputs": ["p%d" % i for i in range(16)]}],
        "outputs": [{"id": "p%d" % i, "driver": "colorlight-5a"} for i in range(16)]}).encode())
    with Wall("--wall", wall, "--listen", "local:" + work("4.sock"), "--http", "127.0.0.1:0") as w:
        url = w.line("http://").split()[-1]
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(work("4.sock"))
        s.send(sock_hello(["p%d" % i for i in range(16)]))
        line = b"\x20\x40\x80" * 480
        for i in range(16):
            for y in range(270):
                for x in range(0, 1920, 480):
                    s.send(sock_message(1, i, 1, CARD + PC + b"\x55" +
                                        struct.pack(">HHH", y, x, 480) + b"\x08\x88" + line))
            s.send(sock_message(1, i, 1, cl_latch()))
        b = Browser(1000, 600)
        try:
            b.open(url)
            check(b.until("document.body.dataset.frames === '1'"), "no frame")
            size = b.eval("[shown.image.width, shown.image.height, shown.w, shown.h]")
            check(size[0] <= 1280 and size[1] <= 720 and size[2:] == [3840, 2160], size)
            shot = read_png(b.screenshot())
            want = tuple(map(srgb, (0x80, 0x40, 0x20)))
            check(near(shot[300][300], want), shot[300][300], want)
            equal(b.eval("Number(document.body.dataset.torn || 0)"), 0)
        finally:
            b.close()
        s.close()
        w.stop()


def test_embedded_files():
    p = subprocess.run([sys.executable, os.path.join(ROOT, "tools/embed"), "--check"],
                       capture_output=True, timeout=30)
    check(p.returncode == 0, p.stderr.decode())


def main():
    tests = [(n[5:], f) for n, f in globals().items() if n.startswith("test_")]
    only = sys.argv[2:]
    failed = 0
    for i, (name, f) in enumerate(tests, 1):
        if only and name not in only:
            continue
        try:
            f()
            print("ok %d - %s" % (i, name), flush=True)
        except Skip as e:
            print("ok %d - %s # SKIP %s" % (i, name, e), flush=True)
        except Exception:
            failed += 1
            print("not ok %d - %s" % (i, name), flush=True)
            traceback.print_exc()
    print("1..%d" % len(tests))
    shutil.rmtree(WORK, ignore_errors=True)
    return failed > 0


sys.exit(main())
