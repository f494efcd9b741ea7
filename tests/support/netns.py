# SPDX-License-Identifier: Apache-2.0
"""Network namespaces without a name: the kernel removes them with the last process inside.

enter() puts the test itself into a fresh namespace, the player's side. A Wires object adds a
second one, the wall's side, joined to the first by veth pairs; sockets made inside `with
wires.wall_side()` stay there.
"""
import contextlib
import ctypes
import os
import subprocess

from tap import Skip

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)


def ip(*words):
    try:
        made = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20,
                              check=False)
    except FileNotFoundError:
        raise Skip("iproute2 is not installed") from None
    if made.returncode:
        raise OSError(f"ip {' '.join(words)}: {made.stderr.strip()}")


def new_namespace():
    uid, gid = os.getuid(), os.getgid()
    if os.geteuid() == 0:
        call("unshare", CLONE_NEWNET)
        return
    call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def enter():
    """Only while the process has one thread. Raises Skip where it is not permitted."""
    try:
        new_namespace()
        ip("link", "set", "lo", "up")
    except OSError as error:
        raise Skip(f"no right to make a network namespace ({error})") from None


class Wires:
    """n veth pairs: ends led0, led1 ... on the player's side, wall0, wall1 ... on the wall's.

    Pair i has the addresses 10.77.i.1 and 10.77.i.2. IPv6 is off, so that nothing but the test is
    on the wire."""

    def __init__(self, n=1):
        self.n = n
        self.here = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            call("unshare", CLONE_NEWNET)
            self.there = os.open("/proc/self/ns/net", os.O_RDONLY)
            self.silence()
            ip("link", "set", "lo", "up")
            call("setns", self.here, CLONE_NEWNET)
            self.silence()
            for i in range(n):
                self.pair(i)
        except OSError as error:
            raise Skip(f"no veth pair can be made here ({error})") from None

    @staticmethod
    def silence():
        with contextlib.suppress(OSError), \
                open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as out:
            out.write("1")

    def pair(self, i):
        ip("link", "add", f"led{i}", "type", "veth", "peer", "name", f"wall{i}", "netns",
           f"/proc/{os.getpid()}/fd/{self.there}")
        ip("addr", "add", f"10.77.{i}.1/24", "dev", f"led{i}")
        ip("link", "set", f"led{i}", "up")
        with self.wall_side():
            ip("addr", "add", f"10.77.{i}.2/24", "dev", f"wall{i}")
            ip("link", "set", f"wall{i}", "up")

    @contextlib.contextmanager
    def wall_side(self):
        call("setns", self.there, CLONE_NEWNET)
        try:
            yield
        finally:
            call("setns", self.here, CLONE_NEWNET)

    def on_wall_side(self):
        """For preexec_fn: the program lives on the wall's side."""
        call("setns", self.there, CLONE_NEWNET)
