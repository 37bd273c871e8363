"""The figures as a table on the terminal and as docs/benchmarks.md."""

import os
import platform
import statistics
import time
from typing import Dict, List, NamedTuple, Optional, Tuple

import load
from measure import Sample
from servers import PROCESSES, THREADS, Server, Work

Key = Tuple[str, str, int]  # work, server, connections

# What the project wants of itself: work, connections -> (limit, which figure, words).
TARGETS = {
    ("wsgi", 64): (50.0, "cpu", "≤ 50 µs CPU"),
    ("wsgi", 1): (220.0, "p50", "≤ 220 µs p50"),
    ("flask", 64): (200.0, "cpu", "≤ 200 µs CPU"),
    ("static", 64): (26.0, "cpu", "≤ 26 µs CPU"),
    ("proxy", 64): (30.0, "cpu", "≤ 30 µs CPU"),
    ("cache", 64): (15.0, "cpu", "≤ 15 µs CPU"),
}
IDLE_TARGET = 110.0  # MB


class Figures(NamedTuple):
    """The medians of one server at one work and number of connections."""

    per_second: float
    cpu_us: float
    cpu_low: float
    cpu_high: float
    p50_us: float
    p99_us: float
    memory_mb: float
    errors: int


class Results:
    """Everything that was measured in one call of bench/run."""

    def __init__(self) -> None:
        self.samples: Dict[Key, List[Sample]] = {}
        self.idle_mb: Dict[str, List[float]] = {}
        self.troubles: Dict[Tuple[str, str], str] = {}  # work, server -> why there are no figures
        self.unlogged: List[str] = []

    def figures(self, key: Key) -> Optional[Figures]:
        samples = self.samples.get(key)
        if not samples:
            return None
        cpu = [sample.cpu_us for sample in samples]
        return Figures(
            statistics.median(sample.load.per_second for sample in samples), statistics.median(cpu), min(cpu), max(cpu),
            statistics.median(sample.load.p50_us for sample in samples),
            statistics.median(sample.load.p99_us for sample in samples),
            statistics.median(sample.memory_mb for sample in samples), sum(sample.load.errors for sample in samples))


HEAD = ("server", "connections", "requests/s", "CPU µs/request", "spread", "p50", "p99", "PSS MB", "errors", "target")


def rows(results: Results, work: Work, servers: List[Server], connections: List[int]) -> List[List[str]]:
    table = []
    for count in work.counts(connections):
        for server in servers:
            if work.name not in server.works:
                continue
            figures = results.figures((work.name, server.name, count))
            if figures is None:
                why = results.troubles.get((work.name, server.name), "not measured")
                table.append([server.title, str(count), why] + [""] * (len(HEAD) - 3))
                continue
            table.append([
                server.title, str(count), "%.0f" % figures.per_second, "%.1f" % figures.cpu_us,
                "%.0f to %.0f" % (figures.cpu_low, figures.cpu_high), duration(figures.p50_us), duration(figures.p99_us),
                "%.1f" % figures.memory_mb, str(figures.errors), target(server, work, count, figures)])
    return table


def target(server: Server, work: Work, connections: int, figures: Figures) -> str:
    if server.name != "ours" or (work.name, connections) not in TARGETS:
        return ""
    limit, figure, words = TARGETS[work.name, connections]
    value = figures.cpu_us if figure == "cpu" else figures.p50_us
    return words + (": reached" if value <= limit else ": missed")


def idle_rows(results: Results, servers: List[Server]) -> List[List[str]]:
    table = []
    for server in servers:
        values = results.idle_mb.get(server.name)
        if values:
            value = statistics.median(values)
            words = "≤ %.0f MB: %s" % (IDLE_TARGET, "reached" if value <= IDLE_TARGET else "missed")
            table.append([server.title, "%.1f" % value, words if server.name == "ours" else ""])
    return table


def losses(results: Results, work: Work, servers: List[Server], connections: List[int]) -> List[str]:
    """Where a peer is clearly (by more than a twentieth) ahead of ours."""
    said = []
    for count in work.counts(connections):
        ours = results.figures((work.name, "ours", count))
        if ours is None:
            continue
        for server in servers:
            theirs = results.figures((work.name, server.name, count))
            if server.name == "ours" or theirs is None:
                continue
            worse = []
            if theirs.per_second > ours.per_second * 1.05:
                worse.append("%.0f requests/s against our %.0f" % (theirs.per_second, ours.per_second))
            if theirs.cpu_us < ours.cpu_us * 0.95:
                worse.append("%.1f µs of CPU per request against our %.1f" % (theirs.cpu_us, ours.cpu_us))
            if theirs.p50_us < ours.p50_us * 0.95:
                worse.append("p50 %s against our %s" % (duration(theirs.p50_us), duration(ours.p50_us)))
            if theirs.p99_us < ours.p99_us * 0.95:
                worse.append("p99 %s against our %s" % (duration(theirs.p99_us), duration(ours.p99_us)))
            if theirs.memory_mb < ours.memory_mb * 0.95:
                worse.append("%.0f MB against our %.0f" % (theirs.memory_mb, ours.memory_mb))
            if worse:
                said.append("%s, %d connections, %s: %s" % (work.title, count, server.title, "; ".join(worse)))
    return said


def duration(microseconds: float) -> str:
    return "%.0f µs" % microseconds if microseconds < 9950 else "%.1f ms" % (microseconds / 1000)


def text_table(head: Tuple[str, ...], table: List[List[str]]) -> str:
    # A sentence in place of figures (the last filled cell of its row) does not widen its column.
    widths = [max([len(head[i])] + [len(row[i]) for row in table if any(row[i + 1:]) or i in (0, len(head) - 1)])
              for i in range(len(head))]
    lines = []
    for row in [list(head)] + table:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def markdown_table(head: Tuple[str, ...], table: List[List[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * 1 + " ---: |" * (len(head) - 1)]
    lines.extend("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table)
    return "\n".join(lines)


def machine() -> List[str]:
    model, memory, system = "unknown processor", 0, platform.system()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = next((int(line.split()[1]) for line in file if line.startswith("MemTotal")), 0)
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", system)
    except (OSError, AttributeError):
        pass
    return ["%d cores, %s" % (len(os.sched_getaffinity(0)), model), "%.1f GB of memory" % (memory / 1e6),
            "%s, kernel %s" % (system, platform.release().partition("-")[0])]


def terminal(results: Results, works: List[Work], servers: List[Server], connections: List[int]) -> str:
    parts = []
    for work in works:
        parts.append("%s\n%s" % (work.title, text_table(HEAD, rows(results, work, servers, connections))))
    idle = idle_rows(results, servers)
    if idle:
        parts.append("Idle memory, WSGI hello\n" + text_table(("server", "PSS MB", "target"), idle))
    parts.extend("Careful: %s wrote no access log." % title for title in sorted(set(results.unlogged)))
    return "\n\n".join(parts)


def page(results: Results, works: List[Work], servers: List[Server], connections: List[int], method: Dict[str, int]) -> str:
    versions = ["%s %s" % (server.title, server.version()) for server in servers] + [load.version() or "wrk"]
    behind = [line for work in works for line in losses(results, work, servers, connections)]
    out = [
        "# Benchmarks", "",
        "Written by `bench/run`; run it again to get this page for your machine.", "",
        "## Machine", "",
        *("- " + line for line in machine()),
        "- " + ", ".join(dict.fromkeys(versions)),
        "- measured on " + time.strftime("%Y-%m-%d"), "",
        "## Method", "",
        "- `wrk -t1 --latency` over loopback on the same machine, keep-alive, at %s connections; %d s of warm-up and %d s "
        "measured at each." % (" / ".join(map(str, connections)), method["warm_up"], method["seconds"]),
        "- Every server runs an app in %d processes of %d threads, with its access log on, into a file "
        "(the peers write it as they do by default, line by line; ours in batches; varnish has none but its log in shared "
        "memory)." % (PROCESSES, THREADS),
        "- Behind every proxy and cache stands the same nginx, to which connections are kept open. Its CPU is not counted, but "
        "it shares the machine, so requests/s of a proxy pay for it, too. In each run it was seen that a proxy's answers came "
        "from there and a cache's did not. Ours has its cache on in both works, as it is by default.",
        "- Rounds: %d. In each, every server is started afresh and takes its turn, so that a slow minute of the machine hits "
        "all of them; the figure is the median of the rounds, the spread that of CPU." % method["rounds"],
        "- CPU is the user and system time of all processes of the server (`/proc/PID/stat`) over the measured seconds, "
        "divided by the requests answered. It says how many requests a machine can take; requests/s here also pays for wrk.",
        "- Memory is the proportional set size (PSS) of all processes, after the run.",
        "- Errors: answers other than 2xx and 3xx, failed connects, reads and writes, time-outs, over all rounds.",
        "- The exact settings of each server are in `bench/*servers.py`.", "",
    ]
    for work in works:
        out += ["## " + work.title, "", markdown_table(HEAD, rows(results, work, servers, connections)), ""]
    idle = idle_rows(results, servers)
    if idle:
        out += ["## Idle memory", "", "The whole server two seconds after its first answers, WSGI hello.", "",
                markdown_table(("server", "PSS MB", "target"), idle), ""]
    out += ["## Where a peer is ahead of us", ""]
    measured = any(server == "ours" for _, server, _ in results.samples)
    nothing = "Nowhere in this run by more than 5 %." if measured else "Unknown: ours was not measured in this run."
    out += ["- " + line for line in behind] or [nothing]
    if results.unlogged:
        out += ["", "No access log was written by: " + ", ".join(sorted(set(results.unlogged))) + "."]
    return "\n".join(out) + "\n"
