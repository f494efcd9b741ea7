# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: each is a generator of figures, made from runs beside each other."""
import json
import os
import socket
import statistics
import subprocess
import threading
import time

from tap import Skip

ETH_P_802_2 = 4  # what the kernel calls frames whose EtherType is below 0x600, as a latch's is
LATCH_LEN = 112
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A benchmark could not be done; the text says why."""


class Bench:
    """Where things are, and how long to take."""

    def __init__(self, build, work, quick, wires):
        self.build, self.quick = build, quick
        self.work = os.path.join(work, "quick") if quick else work
        self.reason = wires if isinstance(wires, str) else None
        self.wires_made = None if self.reason else wires
        os.makedirs(self.work, exist_ok=True)

    def wires(self):
        if self.reason:
            raise Skip(self.reason)
        return self.wires_made

    def program(self, *path):
        return os.path.join(self.build, *path)

    def path(self, name):
        return os.path.join(self.work, name)

    def either(self, full, quick):
        return quick if self.quick else full


def run(argv, timeout, **more):
    """Standard output of a program that must end well."""
    try:
        done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, timeout=timeout,
                              capture_output=True, text=True, check=False, **more)
    except FileNotFoundError as error:
        raise Failed(f"{error.filename} is missing") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{argv[0]} did not end within {timeout} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Failed(f"{os.path.basename(argv[0])}: {last[0]}")
    return done.stdout


def seconds_of(argv, timeout):
    began = time.monotonic()
    run(argv, timeout)
    return time.monotonic() - began


def figure(name, value, unit, note="", at_most=None, at_least=None):
    made = {"figure": name, "value": value, "unit": unit, "note": note}
    if at_most is not None:
        made.update(target=at_most, sense="at most")
    if at_least is not None:
        made.update(target=at_least, sense="at least")
    return made


def c_program(bench, name, *arguments):
    quick = ["--quick"] if bench.quick else []
    argv = [bench.program("tests", "bench", f"{name}_bench"), *arguments, *quick]
    for line in run(argv, 900).splitlines():
        yield json.loads(line)


# --- the frame path and the driver ---------------------------------------------------------------

def chain(bench):
    yield from c_program(bench, "chain")


def sched(bench):
    yield from c_program(bench, "sched")


def veth(bench):
    bench.wires()
    yield from c_program(bench, "veth", "led0")


# --- a 4K wall in time ---------------------------------------------------------------------------

def wall_at(bench, rate):
    """configs/walls/4k.json, 16 ports of 1 Gbit/s, at another rate."""
    with open("configs/walls/4k.json", encoding="utf-8") as file:
        wall = json.load(file)
    wall["refresh"] = rate
    path = bench.path(f"4k-{rate}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(wall, file)
    return path


def thread_seconds(pid):
    """CPU seconds by thread name, as far as the process is still there."""
    found = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as file:
                head, _, tail = file.read().rpartition(")")
            fields = tail.split()
            name = head.partition("(")[2]
            found[name] = found.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    except OSError:
        pass
    return found


def play_pattern(bench, wall, rate, seconds):
    """(late or skipped frames, worst latch in ms, CPU by thread, stats) of one run."""
    stats = bench.path("lattice.json")
    argv = [bench.program("qp-player"), "pattern", "--wall", wall, "--name", "bar", "--frames",
            str(rate * seconds), "--stats", stats, "--quiet"]
    began = time.monotonic()
    cpu = {}
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as player:
        while player.poll() is None:
            for name, spent in thread_seconds(player.pid).items():
                cpu[name] = max(spent, cpu.get(name, 0))
            if time.monotonic() - began > seconds + 60:
                player.kill()
                raise Failed("the player did not end in time")
            time.sleep(0.2)
        errors = player.stderr.read()
    if player.returncode:
        raise Failed(f"qp-player: {(errors.strip().splitlines() or ['failed'])[-1]}")
    with open(stats, encoding="utf-8") as file:
        result = json.load(file)
    ports = result["ports"]
    late = result["skipped"] + sum(p["late"] + p["skipped"] + p["incomplete"] for p in ports)
    return late, max(p["latch_error_max_ms"] for p in ports), cpu, result


def cpu_note(cpu, seconds):
    busy = {name: 100 * s / seconds for name, s in cpu.items()}
    return ", ".join(f"{name} {share:.1f} %" for name, share in
                     sorted(busy.items(), key=lambda item: -item[1]) if share >= 0.05)


def lattice(bench):
    bench.wires()
    seconds = bench.either(60, 4)
    for rate in (30, 60):
        wall = wall_at(bench, rate)
        runs = []
        for _ in range(bench.either(3, 1)):
            runs.append(play_pattern(bench, wall, rate, seconds))
            if runs[-1][0] == 0:
                break
        late, worst, cpu, stats = min(runs, key=lambda r: r[0])
        bare = json.loads(run([bench.program("tests", "bench", "lattice_bench"), rate, seconds],
                              seconds + 60))
        tries = ", ".join(str(r[0]) for r in runs)
        yield figure(f"4K wall at {rate} Hz for {seconds} s: late frames", late, "frames",
                     f"runs: {tries}; worst latch {worst:.2f} ms late; render "
                     f"{stats['render']['mean_ms']:.1f} ms a frame, worst "
                     f"{stats['render']['max_ms']:.1f} ms", at_most=0 if rate == 30 else None)
        yield figure(f"4K wall at {rate} Hz: bare loop, late points", bare["late"], "points",
                     f"worst waking {bare['worst_ms']:.2f} ms late")
        yield figure(f"4K wall at {rate} Hz: processor time", 100 * stats["cpu_s"] /
                     stats["seconds"], "% of a core",
                     f"by thread: {cpu_note(cpu, stats['seconds'])}; bare loop "
                     f"{100 * bare['cpu_s'] / seconds:.1f} %")


# --- whole player beside ffmpeg ------------------------------------------------------------------

SIZES = {"1080p60": (1920, 1080, 60, "12M", (8, 5)), "4K30": (3840, 2160, 30, "40M", (16, 10))}
CODECS = {"H.264": ("libx264", "veryfast"), "HEVC": ("libx265", "ultrafast")}


def clip(bench, codec, size, seconds):
    """Moving shapes, text and noise at a usual bit rate; made once."""
    width, height, rate, bits, _ = SIZES[size]
    encoder, preset = CODECS[codec]
    path = bench.path(f"{size}-{encoder}-{seconds}.mp4")
    if os.path.exists(path):
        return path
    part = path + ".part"
    extra = ["-x265-params", "log-level=error"] if encoder == "libx265" else []
    run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i",
         f"testsrc2=size={width}x{height}:rate={rate},noise=alls=4:allf=t", "-t", seconds, "-c:v",
         encoder, "-preset", preset, "-b:v", bits, "-pix_fmt", "yuv420p", *extra, "-colorspace",
         "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-f", "mp4", part], 900)
    os.rename(part, path)
    return path


def wall_of(bench, size, *link):
    path = bench.path(f"wall-{size}{'-sink' if link else ''}.json")
    _, _, rate, _, (cols, rows) = SIZES[size]
    run([bench.program("qp"), "wall", "new", "--cols", cols, "--rows", rows, "--type",
         "240x216@2.5", "--driver", "colorlight-5a", "--refresh", rate, *link, "-o", path], 30)
    return path


def player_rate(bench, wall, file):
    stats = bench.path("decode.json")
    run([bench.program("qp-player"), "play", "--wall", wall, "--unpaced", "--quiet", "--stats",
         stats, file], 600)
    with open(stats, encoding="utf-8") as result:
        s = json.load(result)
    return s["frames"], s["seconds"] - s["first_light_ms"] / 1000, s


def frames_in(file):
    return int(run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
                    "stream=nb_frames", "-of", "csv=p=0", file], 30).strip().rstrip(","))


def decode_one(bench, codec, size):
    file = clip(bench, codec, size, bench.either(10, 1))
    wall = wall_of(bench, size, "--link", "pcap:/dev/null")
    frames = frames_in(file)
    ratios, ours, theirs, stats = [], [], [], None
    for _ in range(bench.either(3, 1)):
        alone = frames / seconds_of(["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-f", "null",
                                     "-"], 600)
        shown, seconds, stats = player_rate(bench, wall, file)
        ours.append(shown / seconds)
        theirs.append(alone)
        ratios.append(ours[-1] / alone)
        if abs(shown - frames) > 2:
            raise Failed(f"the player showed {shown} of {frames} pictures of {file}")
    map_ms = stats["render"]["map_mean_ms"]
    return figure(f"{codec} {size} through the player", statistics.median(ratios),
                  "of ffmpeg's rate", f"{statistics.median(ours):.0f} frames/s beside "
                  f"{statistics.median(theirs):.0f}; compose "
                  f"{stats['render']['mean_ms'] - map_ms:.2f} ms, map {map_ms:.2f} ms a frame")


def decode(bench):
    for size in SIZES:
        for codec in CODECS:
            yield decode_one(bench, codec, size)


# --- first light and memory ----------------------------------------------------------------------

class Latch(threading.Thread):
    """Waits for the first latch on the wall's end of the first cable."""

    def __init__(self, wires):
        super().__init__(daemon=True)
        self.at = None
        self.stop = False
        with wires.wall_side():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.bind(("wall0", ETH_P_802_2))
        self.socket.settimeout(0.2)

    def run(self):
        while self.at is None and not self.stop:
            try:
                if len(self.socket.recv(2048)) == LATCH_LEN:
                    self.at = time.monotonic()
            except TimeoutError:
                pass

    def finish(self):
        self.stop = True
        self.join()
        self.socket.close()


def light_once(bench, wall, file):
    """Seconds from before exec to the first latch on the wire, and the player's own figure."""
    stats = bench.path("light.json")
    latch = Latch(bench.wires())
    latch.start()
    began = time.monotonic()
    run([bench.program("qp-player"), "play", "--wall", wall, "--frames", "10", "--quiet", "--stats",
         stats, file], 60)
    latch.finish()
    if latch.at is None:
        raise Failed("no latch was seen on the wire")
    with open(stats, encoding="utf-8") as result:
        return latch.at - began, json.load(result)["first_light_ms"] / 1000


def first_light(bench, file):
    wall = wall_of(bench, "1080p60")
    light, own, ffmpeg = [], [], []
    for _ in range(bench.either(5, 2)):
        wire, inside = light_once(bench, wall, file)
        light.append(wire)
        own.append(inside)
        ffmpeg.append(seconds_of(["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-frames:v", "1",
                                  "-f", "null", "-"], 60))
    beside = statistics.median(ffmpeg)
    return figure("exec to first light, 1080p H.264", 1000 * statistics.median(light), "ms",
                  f"median of {len(light)}, latch seen on the wire; from main() "
                  f"{1000 * statistics.median(own):.0f} ms; ffmpeg needs {1000 * beside:.0f} ms "
                  f"for one picture to null: {statistics.median(light) / beside:.2f} times that")


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE / 2**20


def memory(bench, file):
    seconds = bench.either(600, 10)
    wall = wall_of(bench, "1080p60", "--link", "pcap:/dev/null")
    argv = [bench.program("qp-player"), "play", "--wall", wall, "--loop", "--seconds", str(seconds),
            "--quiet", file]
    samples = []
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as player:
        began = time.monotonic()
        while player.poll() is None and time.monotonic() - began < seconds - 0.5:
            try:
                samples.append((time.monotonic() - began, resident_mib(player.pid)))
            except (OSError, IndexError):
                break
            time.sleep(0.25)
        if not samples or samples[-1][0] < 0.9 * seconds:
            player.kill()
            raise Failed("the player ended before its time")
        player.wait(timeout=60)
    early = next(mib for at, mib in samples if at >= seconds / 10)
    last = samples[-1][1]
    return figure(f"resident memory after {seconds} s of looping", last / early,
                  "of that at a tenth of the run",
                  f"{early:.1f} MiB, then {last:.1f} MiB, most {max(m for _, m in samples):.1f} "
                  "MiB", at_most=1.02)


def light(bench):
    file = clip(bench, "H.264", "1080p60", bench.either(10, 1))
    try:
        yield first_light(bench, file)
    except Skip as reason:
        yield figure("exec to first light, 1080p H.264", None, "ms", str(reason))
    yield memory(bench, file)


ALL = {"chain": chain, "sched": sched, "veth": veth, "lattice": lattice, "decode": decode,
       "light": light}
