# SPDX-License-Identifier: Apache-2.0
"""Runs a server under load and measures what it costs.

A server runs alone, on one CPU; wrk loads it from another, where there is one. The CPU time of a request is what the
server's processes used between wrk's start and its end, user and system, divided by the answers that wrk has counted.
"""

import contextlib
import ctypes
import dataclasses
import gzip
import http.client
import os
import re
import selectors
import shutil
import subprocess
import time

START_SECONDS = 20  # the most that a server may take to start
EXIT_SECONDS = 5

libc = ctypes.CDLL(None, use_errno=True)


class BenchError(Exception):
    """Why a figure is missing; says whose."""


@dataclasses.dataclass
class Peer:
    name: str
    command: list  # prints its port first
    connections: int
    path: str = "/"
    expected: tuple = (b"hello", 1)  # what the body has, and how often
    gzip: bool = False
    # Closes each connection without saying so in the answer: wrk counts that as an error.
    closes: bool = False
    # Answers at most that may be half made when wrk ends. They count as made, so that a rival looks no worse for them.
    in_progress: int = 0


@dataclasses.dataclass
class Round:
    """What a peer cost in one go."""

    requests: int
    cpu_microseconds: float  # of one request
    p99_milliseconds: float


def cpus():
    """The CPU of the server and that of the load."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def on_cpu(cpu):
    """What a child of this process does to itself before it becomes another program."""
    return lambda: os.sched_setaffinity(0, {cpu})


def cpu_seconds(pid):
    """The CPU time that all threads of a process have taken, those that have ended included."""
    clock = ctypes.c_int()
    if libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise BenchError(f"the process {pid} has ended")
    return time.clock_gettime(clock.value)


class Server:
    """A peer that runs for as long as the block that this is used in."""

    def __init__(self, peer):
        self.peer = peer

    def __enter__(self):
        self.process = subprocess.Popen(
            self.peer.command,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            preexec_fn=on_cpu(cpus()[0]),
        )
        try:
            self.port = self.read_port()
            self.check()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def read_port(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if selector.select(START_SECONDS) else b""
        if not line.strip().isdigit():
            raise BenchError(f"{self.peer.name}: no port within {START_SECONDS} s from {' '.join(self.peer.command)}")
        return int(line)

    def check(self):
        """One request: the answer is what is asked for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            with contextlib.closing(connection):
                connection.request("GET", self.peer.path, headers={"Accept-Encoding": "gzip"} if self.peer.gzip else {})
                response = connection.getresponse()
                body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"{self.peer.name}: no answer: {error}") from None
        if self.peer.gzip:
            if response.getheader("Content-Encoding") != "gzip":
                raise BenchError(f"{self.peer.name}: the page is not compressed")
            body = gzip.decompress(body)
        text, times = self.peer.expected
        if response.status != 200 or body.count(text) != times:
            raise BenchError(f"{self.peer.name}: {response.status} and {body[:100]} in place of {times} times {text}")

    def cpu_seconds(self):
        """Of the server and its children: nginx works in one."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as children:
            return sum(cpu_seconds(pid) for pid in [self.process.pid] + [int(pid) for pid in children.read().split()])


MILLISECONDS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


def read_wrk(output, closes=False):
    """(requests, milliseconds of the 99th percentile) that wrk has printed. Raises where it has seen errors.

    Of a server that `closes` those of reading are none.
    """
    if closes:
        output = re.sub(r"(Socket errors: connect 0, read )\d+", r"\g<1>0", output)
    requests = re.search(r"^\s*(\d+) requests in ", output, re.MULTILINE)
    p99 = re.search(r"^\s*99%\s+([\d.]+)(us|ms|s|m)\s*$", output, re.MULTILINE)
    errors = re.search(r"^\s*(Socket errors|Non-2xx or 3xx responses):.*", output, re.MULTILINE)
    if errors and not re.search("connect 0, read 0, write 0, timeout 0$", errors.group()):
        raise BenchError(errors.group().strip())
    if not requests or not p99 or int(requests.group(1)) == 0:
        raise BenchError(f"wrk has counted nothing: {' '.join(output.split())}")
    return int(requests.group(1)), float(p99.group(1)) * MILLISECONDS[p99.group(2)]


def run_wrk(server, seconds):
    peer = server.peer
    command = ["wrk", "-t1", f"-c{peer.connections}", f"-d{seconds}s", "--latency", "--timeout=30s"]
    if peer.gzip:
        command += ["-H", "Accept-Encoding: gzip"]
    command.append(f"http://127.0.0.1:{server.port}{peer.path}")
    try:
        result = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds + 30,
            preexec_fn=on_cpu(cpus()[1]),
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{peer.name}: wrk did not end") from None
    return result.stdout


def measure(peer, seconds, warm_up):
    """One Round of a server that is started for it, after `warm_up` seconds that do not count.

    One that `closes` goes without these: it would go on with the requests that wrk has left, for seconds.
    """
    with Server(peer) as server:
        if warm_up and not peer.closes:
            run_wrk(server, warm_up)
        before = server.cpu_seconds()
        output = run_wrk(server, seconds)
        used = server.cpu_seconds() - before
    try:
        requests, p99 = read_wrk(output, peer.closes)
    except BenchError as error:
        raise BenchError(f"{peer.name}: {error}") from None
    return Round(requests, 1e6 * used / (requests + peer.in_progress), p99)


def take_turns(peers, rounds, measure_peer, progress):
    """Peer name -> its Rounds, or the BenchError that has ended them. `measure_peer(peer)` gives one.

    A round of each, then the next round, so that a change of the machine's speed meets all of them.
    """
    results = {}
    for peer in peers:
        program = peer.command[0]
        results[peer.name] = [] if shutil.which(program) else BenchError(f"no {program}")
    for turn in range(rounds):
        for peer in peers:
            if isinstance(results[peer.name], BenchError):
                continue
            progress(f"{peer.name}, round {turn + 1} of {rounds}")
            try:
                results[peer.name].append(measure_peer(peer))
            except BenchError as error:
                results[peer.name] = error
    return results
