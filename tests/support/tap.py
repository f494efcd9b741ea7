# SPDX-License-Identifier: Apache-2.0
"""TAP for the integration tests, programs with a deadline, clips made by ffmpeg."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Skip(Exception):
    """What a test needs is not here; the text says what."""


class Tap:
    """Counts and prints. A case that raises has failed; one that raises Skip is skipped."""

    def __init__(self):
        self.results = []

    def ok(self, good, name, detail=""):
        self.results.append(bool(good))
        print(f"{'ok' if good else 'not ok'} {len(self.results)} - {name}", flush=True)
        if not good:
            print("".join(f"# {line}\n" for line in str(detail).splitlines()[-60:]), end="",
                  flush=True)
        return bool(good)

    def skip(self, name, reason):
        self.results.append(True)
        print(f"ok {len(self.results)} - {name} # SKIP {reason}", flush=True)

    def case(self, name, function, *arguments):
        try:
            function(*arguments)
        except Skip as reason:
            self.skip(name, reason)
        except Exception:  # any: one case must not take the others with it
            self.ok(False, name, traceback.format_exc())

    def done(self):
        print(f"1..{len(self.results)}", flush=True)
        sys.exit(0 if all(self.results) else 1)


def build_folder():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
                           os.path.join(ROOT, "build", "release"))


def program(name):
    return os.path.join(build_folder(), name)


class Ended:
    """How a program ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"exit status {self.status}\n{self.out}\n{self.err}"

    def crashed(self):
        """By a signal, or because a sanitizer stopped it."""
        return self.status < 0 or self.status > 2 or "Sanitizer" in self.err or \
            "runtime error:" in self.err


class Program:
    """A running program. Output goes to files, so that it never waits for us."""

    def __init__(self, argv, **more):
        self.argv = argv
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.err, **more)
        self.pid = self.process.pid

    def text(self, file):
        # Not through the shared offset: the program may still be writing.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")

    def errors(self):
        return self.text(self.err)

    def is_running(self):
        return self.process.poll() is None

    def wait(self, timeout=30):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{' '.join(self.argv)}: no end after {timeout} s\n"
                                 f"{self.errors()}") from None
        result = Ended(status, self.text(self.out), self.errors())
        self.out.close()
        self.err.close()
        return result

    def stop(self, timeout=30, sig=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(sig)
        return self.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(argv, timeout=30, **more):
    with Program(argv, **more) as process:
        return process.wait(timeout)


def until(condition, timeout=20, what="the event"):
    """Wait for something that another process does; returns what the condition returned."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout} s")
        time.sleep(0.005)


def player(*arguments, timeout=60, **more):
    return run([program("qp-player"), *map(str, arguments)], timeout, **more)


def start_player(*arguments, **more):
    return Program([program("qp-player"), *map(str, arguments)], **more)


def put_json(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


def get_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def need(command):
    if not shutil.which(command):
        raise Skip(f"{command} is not installed")


def ffmpeg(*arguments, data=None, timeout=60):
    need("ffmpeg")
    made = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)],
                          input=data, capture_output=True, timeout=timeout, check=False)
    if made.returncode:
        raise AssertionError(f"ffmpeg: {made.stderr.decode('utf-8', 'replace')}")


def lossless(path, frames, width, height, rate=60):
    """A clip that gives back exactly these RGB frames. NUT keeps exact times at any rate."""
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i", "-",
           "-c:v", "ffv1", "-pix_fmt", "bgr0", path, data=b"".join(frames))
    return path


def solid(path, colour, seconds, width=64, height=32, rate=60, codec=None, more=()):
    """A clip of one colour, written RRGGBB."""
    ffmpeg("-f", "lavfi", "-i", f"color=0x{colour}:s={width}x{height}:r={rate}:d={seconds}",
           *(("-c:v", codec) if codec else ()), *more, path)
    return path


def temporary():
    return tempfile.TemporaryDirectory(prefix="qp-")


def sanitised():
    """Whether the programs are built with sanitizers: they are slow and map much memory."""
    with open(program("qp-player"), "rb") as file:
        return bool(re.search(rb"__asan_init|__tsan_init", file.read()))
