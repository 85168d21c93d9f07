# SPDX-License-Identifier: Apache-2.0
"""Measures aio/web and its rivals side by side, and prints a table of goals. `tools/bench http` builds what it needs.

A ratio is the median of the ratios of the rounds. How a round is measured says servers.py.
"""

import argparse
import dataclasses
import functools
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from servers import BenchError, Peer, cpus, measure, on_cpu, take_turns

CONNECTIONS = 64
SCRAPERS = 16
EXPOSER_THREADS = 2  # its default
METRICS_ROUNDS = 3  # at most: their ratios are far from their goals' bounds, or steady
ROUTER_REPETITIONS = 100

OURS = "aio/web"
HERE = os.path.dirname(os.path.abspath(__file__))


# --- The table.


@dataclasses.dataclass
class Row:
    """`is_met` is None where there is no figure; `figures` says why then."""

    what: str
    goal: str
    measured: str = "-"
    is_met: bool = None
    figures: str = ""


def number(value):
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def ratio_row(what, over, under, results, figure, unit, at_most=None, at_least=None):
    """The median of `over`'s figure divided by `under`'s, round by round, beside its bound."""
    goal = f"at least {at_least:g}" if at_most is None else f"at most {at_most:g}"
    for name in (over, under):
        if isinstance(results.get(name), BenchError):
            return Row(what, goal, figures=f"not measured: {results[name]}")
        if not results.get(name):
            return Row(what, goal, figures=f"not measured: {name} is not here")
    ratio = statistics.median(figure(a) / figure(b) for a, b in zip(results[over], results[under]))
    is_met = ratio >= at_least if at_most is None else ratio <= at_most
    figures = ", ".join(f"{name} {spread([figure(each) for each in results[name]])} {unit}" for name in (over, under))
    return Row(what, goal, f"{ratio:.2f}", is_met, figures)


def spread(values):
    """How steady a figure was."""
    least, median, most = (number(of(values)) for of in (min, statistics.median, max))
    return f"{median} ({least} to {most})"


def print_table(rows):
    cells = [("", "goal", "measured", "met", "medians (least to most)")]
    for row in rows:
        met = {None: "?", True: "yes", False: "NO"}[row.is_met]
        cells.append((row.what, row.goal, row.measured, met, row.figures))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)) + "  " + line[4])


# --- What is measured.


def cpu(each):
    return each.cpu_microseconds


def p99(each):
    return each.p99_milliseconds


def hello_peers(options, folder):
    peers = [
        Peer(name, [os.path.join(options.programs, program)], CONNECTIONS)
        for name, program in (
            (OURS, "hello_aio_web"),
            ("raw Asio", "hello_asio"),
            ("Beast", "hello_beast"),
            ("restinio", "hello_restinio"),
        )
    ]
    if options.nginx:
        command = [sys.executable, os.path.join(HERE, "hello_nginx.py"), options.nginx, folder]
        peers.append(Peer("nginx", command, CONNECTIONS))
    if subprocess.run([options.python, "-c", "import aiohttp"], stderr=subprocess.DEVNULL).returncode == 0:
        peers.append(Peer("aiohttp", [options.python, os.path.join(HERE, "hello_aiohttp.py")], CONNECTIONS))
    return peers


def hello_rows(options, measure_peer, progress):
    with tempfile.TemporaryDirectory() as folder:
        results = take_turns(hello_peers(options, folder), options.rounds, measure_peer, progress)

    def less(peer, at_least):
        what = f"hello: CPU of {peer} / {OURS}"
        return ratio_row(what, peer, OURS, results, cpu, "us", at_least=at_least)

    return [
        ratio_row(f"hello: CPU of {OURS} / raw Asio", OURS, "raw Asio", results, cpu, "us", at_most=1.15),
        less("Beast", 1.3),
        less("restinio", 1),
        less("nginx", 1),
        less("aiohttp", 8),
        ratio_row(f"hello: p99 of {OURS} / nginx", OURS, "nginx", results, p99, "ms", at_most=1),
    ]


def metrics_rows(options, measure_peer, progress):
    rows = []
    for is_gzip, at_least in ((False, 25), (True, 20)):
        for series in options.series:
            page = {
                "connections": SCRAPERS if is_gzip else CONNECTIONS,
                "path": "/metrics",
                "expected": (b"\nrequests_total{", series),
                "gzip": is_gzip,
            }
            ours, exposer = (
                [os.path.join(options.programs, program), str(series)]
                for program in ("metrics_aio_web", "metrics_exposer")
            )
            peers = [
                Peer(OURS, ours, **page),
                Peer("Exposer", exposer, **page, closes=True, in_progress=EXPOSER_THREADS),
            ]
            coding = f", gzip, {SCRAPERS} scrapers" if is_gzip else ""
            what = f"/metrics, {series} series{coding}: CPU of Exposer / {OURS}"
            progress(what)
            results = take_turns(peers, min(options.rounds, METRICS_ROUNDS), measure_peer, progress)
            rows.append(ratio_row(what, "Exposer", OURS, results, cpu, "us", at_least=at_least))
    return rows


def read_routes(report):
    """From Google Benchmark's JSON, case -> nanoseconds of a look-up among 10 and among 1,000 routes.

    The least of many short repetitions: what else the machine does adds to one, by turns of a second or so, and takes
    nothing from it.
    """
    times = {}
    for run in json.loads(report)["benchmarks"]:
        match = re.fullmatch(r"BM_(.*)/routes:(10|1000)", run["run_name"])
        if match and run["run_type"] == "iteration":
            times.setdefault(match.group(1), {}).setdefault(int(match.group(2)), []).append(run["cpu_time"])
    return {
        name: (min(of[10]), min(of[1000]))
        for name, of in times.items()
        if 10 in of and 1000 in of
    }


def routing_rows(options):
    what, at_most = "routing: 1,000 routes / 10", 1.3
    goal = f"at most {at_most:g}"
    if not options.router_benchmark:
        return [Row(what, goal, figures="not measured: no router benchmark")]
    command = [
        options.router_benchmark,
        "--benchmark_format=json",
        "--benchmark_filter=/routes:(10|1000)$",
        f"--benchmark_min_time={options.router_seconds}",
        f"--benchmark_repetitions={ROUTER_REPETITIONS}",
        "--benchmark_enable_random_interleaving=true",
    ]
    try:
        result = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=120,
            check=True,
            preexec_fn=on_cpu(cpus()[0]),
        )
        routes = read_routes(result.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return [Row(what, goal, figures=f"not measured: {error}")]
    rows = [
        Row(
            f"{what}, {name}",
            goal,
            f"{many / few:.2f}",
            many / few <= at_most,
            f"{number(many)} ns, {number(few)} ns",
        )
        for name, (few, many) in sorted(routes.items())
    ]
    return rows or [Row(what, goal, figures="not measured: no cases routes:10 and routes:1000")]


def allocations_row(options):
    # What happens once in a while, by the clock, is none of a request's.
    what, goal = "hello: heap allocations a request", "below 0.001"
    program = os.path.join(options.programs, "hello_allocations")
    try:
        result = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        allocations = float(result.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Row(what, goal, figures=f"not measured: {error}")
    return Row(what, goal, f"{allocations:.5f}", allocations < 0.001)


# --- The machine.


def first_line(command):
    """Of what a program prints when it is asked for its version; empty where it fails."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    line = result.stdout.strip().split("\n")[0]
    return "" if line.startswith("Traceback") else line


def describe(options):
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    server, load = cpus()
    where = f"servers on CPU {server}, wrk on CPU {load}" if server != load else "one CPU for the servers and wrk"
    versions = [first_line(["wrk", "--version"]).split(" [")[0]]
    if options.nginx:
        versions.append(first_line([options.nginx, "-v"]).replace("nginx version: ", ""))
    versions.append(first_line([options.python, "-c", "import aiohttp; print('aiohttp ' + aiohttp.__version__)"]))
    averages = " ".join(f"{average:.1f}" for average in os.getloadavg())
    return [
        f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}, load average {averages}",
        ", ".join([where] + [text for text in versions if text]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", required=True, help="folder of the servers that Bazel has built")
    parser.add_argument("--nginx", help="the program; without it nginx is left out")
    parser.add_argument("--python", default="/usr/bin/python3", help="the Python that has aiohttp")
    parser.add_argument("--router_benchmark", help="the Google Benchmark program")
    parser.add_argument("--router_seconds", type=float, default=0.005, help="of one repetition of one of its cases")
    parser.add_argument("--rounds", type=int, default=11, help=f"of each server; of metrics {METRICS_ROUNDS} at most")
    parser.add_argument("--seconds", type=int, default=1, help="of a round")
    parser.add_argument("--warm_up", type=int, default=1, help="seconds of load before a round")
    parser.add_argument("--series", type=int, nargs="+", default=[1000, 10000], help="of the metrics' pages")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("compare.py: wrk is not installed")
    # The servers are ended by the blocks that they are used in.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def progress(text):
        print(text, file=sys.stderr, flush=True)

    measure_peer = functools.partial(measure, seconds=options.seconds, warm_up=options.warm_up)
    started = time.monotonic()
    print(*describe(options), sep="\n")
    rows = hello_rows(options, measure_peer, progress)
    rows += metrics_rows(options, measure_peer, progress)
    rows += routing_rows(options)
    rows.append(allocations_row(options))
    print_table(rows)
    met = sum(row.is_met is True for row in rows)
    print(f"{met} of {len(rows)} goals met, in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
