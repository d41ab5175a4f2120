#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the original server with Sluice on the same archives: same machine, same load, in turn.

Each round starts each server once, so that what changes on the machine meanwhile meets all of them. The load is closed: so many
connections, each of which asks again when it has its answer. "Worker alone" is a worker driven over its socket by one client per
worker without a server: no server can be faster than that.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "models"
START_SECONDS = 180
WARM_UP_SECONDS = 15
TICK = os.sysconf("SC_CLK_TCK")
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
QUIET = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration><Appenders><Console name="c"><PatternLayout pattern="%m%n"/></Console></Appenders>
<Loggers><Root level="error"><AppenderRef ref="c"/></Root></Loggers></Configuration>
"""


@dataclass(frozen=True)
class Model:
    """What is served, and what is sent to it."""

    name: str
    archive: Path
    body: Path
    content_type: str


@dataclass
class Seen:
    """One measurement each time it was made: requests a second, milliseconds, microseconds of CPU a request, errors."""

    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    worker_cpu: list[float] = field(default_factory=list)
    errors: int = 0


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def processes_below(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu(pid: int) -> tuple[float, float]:
    """Seconds of CPU that the server's JVM has had, and those of everything else below the process."""
    server = workers = 0.0
    for each in processes_below(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / TICK
            if Path(f"/proc/{each}/comm").read_text().strip() == "java":
                server += seconds
            else:
                workers += seconds
    return server, workers


class Servers:
    """Starts either server on free ports in a folder of its own."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments

    @contextlib.contextmanager
    def running(self, subject: str, model: Model, workers: int) -> Iterator[tuple[str, int]]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "store").mkdir()
            shutil.copy(model.archive, folder / "store" / "model.mar")
            command, url = self.command(subject, folder, workers)
            environment = {**os.environ, "TEMP": name, "TMPDIR": name, "LOG_LOCATION": name, "METRICS_LOCATION": name}
            with (folder / "out").open("w") as out:
                process = subprocess.Popen(
                    command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
                )
            try:
                self.await_answers(process, url, model, folder)
                yield url, process.pid
            finally:
                stop(process)

    def command(self, subject: str, folder: Path, workers: int) -> tuple[list[str], str]:
        ports = free_ports(5)
        url = f"http://127.0.0.1:{ports[0]}"
        settings = {
            "inference_address": url,
            "management_address": f"http://127.0.0.1:{ports[1]}",
            "metrics_address": f"http://127.0.0.1:{ports[2]}",
            "grpc_inference_port": str(ports[3]),
            "grpc_management_port": str(ports[4]),
            "default_workers_per_model": str(workers),
            "disable_token_authorization": "true",
            "disable_system_metrics": "true",
        }
        config = folder / "config.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        (folder / "log4j2.xml").write_text(QUIET)
        common = ["--model-store", str(folder / "store"), "--models", "model=model.mar", "--ncs", "--ts-config", str(config)]
        if subject == "original":
            start = ["-m", "ts.model_server", "--start", "--foreground", "--disable-token-auth"]
            return [self.arguments.python, *start, "--log-config", str(folder / "log4j2.xml"), *common], url
        side = "original" if subject == "sluice, original worker" else "own"
        flags = ["--set", f"python={self.arguments.python}", "--set", f"python_worker={side}", "--set", "log_level=error"]
        return [str(self.arguments.distribution / "bin" / "sluice"), "serve", *common, *flags], url

    @staticmethod
    def await_answers(process: subprocess.Popen[bytes], url: str, model: Model, folder: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        headers = {"Content-Type": model.content_type}
        while True:
            try:
                request = urllib.request.Request(f"{url}/predictions/model", data=model.body.read_bytes(), headers=headers)
                with urllib.request.urlopen(request, timeout=10):
                    return
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"server did not answer: {(folder / 'out').read_text()[-5000:]}") from None
                time.sleep(0.2)


def stop(process: subprocess.Popen[bytes]) -> None:
    below = processes_below(process.pid)
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for each in below:  # the original's launcher does not hand the signal on
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait()


def wrk(url: str, model: Model, connections: int, seconds: int, folder: Path) -> dict[str, float]:
    script = folder / "post.lua"
    script.write_text(
        f'local file = io.open("{model.body}", "rb")\nwrk.body = file:read("*a")\nwrk.method = "POST"\n'
        f'wrk.headers["Content-Type"] = "{model.content_type}"\n'
    )
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s", str(script)]
    out = subprocess.run([*command, f"{url}/predictions/model"], check=True, capture_output=True, text=True).stdout
    latency = {
        percent: float(value) * MILLISECONDS[unit]
        for percent, value, unit in re.findall(r"(?m)^\s+(\d+)%\s+([\d.]+)(us|ms|s|m)\s*$", out)
    }
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = [int(each) for each in re.findall(r"(?:connect|read|write|timeout) (\d+)", out)]
    total = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if total is None or rate is None or not {"50", "99"} <= latency.keys():
        raise SystemExit(f"wrk said what was not expected: {out}")
    errors = (int(refused.group(1)) if refused else 0) + sum(broken)
    return {
        "requests": float(total.group(1)),
        "rate": float(rate.group(1)),
        "p50": latency["50"],
        "p99": latency["99"],
        "errors": errors,
    }


def measure(servers: Servers, subject: str, model: Model, workers: int, seen: Seen) -> None:
    arguments = servers.arguments
    with servers.running(subject, model, workers) as (url, pid), tempfile.TemporaryDirectory() as name:
        wrk(url, model, arguments.connections, WARM_UP_SECONDS, Path(name))
        before = cpu(pid)
        told = wrk(url, model, arguments.connections, arguments.seconds, Path(name))
        after = cpu(pid)
    seen.rate.append(told["rate"])
    seen.p50.append(told["p50"])
    seen.p99.append(told["p99"])
    seen.server_cpu.append(1e6 * (after[0] - before[0]) / told["requests"])
    seen.worker_cpu.append(1e6 * (after[1] - before[1]) / told["requests"])
    seen.errors += int(told["errors"])


def measure_alone(arguments: argparse.Namespace, own: bool, model: Model, workers: int, seen: Seen) -> None:
    """All workers at once, each with a client of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        with zipfile.ZipFile(model.archive) as archive:
            archive.extractall(folder)
            handler = re.search(r'"handler":\s*"([^"]+)"', archive.read("MAR-INF/MANIFEST.json").decode())
        if handler is None:
            raise SystemExit(f"{model.archive}: no handler in the manifest")
        original = subprocess.check_output(
            [arguments.python, "-c", "import os, ts; print(os.path.dirname(ts.__file__))"], text=True
        ).strip()
        if own:
            command, path = [str(arguments.package / "sluice_worker" / "__main__.py"), "serve"], str(arguments.package)
        else:
            command = [f"{original}/model_service_worker.py", "--metrics-config", f"{original}/configs/metrics.yaml"]
            path = str(Path(original).parent)
        drivers = []
        for number in range(workers):
            fixed = [str(folder), handler.group(1), str(model.body), model.content_type, str(arguments.seconds)]
            line = [sys.executable, str(HERE / "alone.py"), *fixed, f"{name}/.ts.sock.{number}", path, arguments.python, *command]
            drivers.append(subprocess.Popen(line, stdout=subprocess.PIPE, text=True))
        times = [[float(each) for each in driver.communicate()[0].split()] for driver in drivers]
    if not all(times):
        raise SystemExit("a worker did not answer")
    everything = sorted(each for one in times for each in one)
    seen.rate.append(sum(len(one) / sum(one) for one in times))
    seen.p50.append(1000 * everything[len(everything) // 2])
    seen.p99.append(1000 * everything[int(len(everything) * 0.99)])


def pack_noop(folder: Path) -> Model:
    archive = pack(folder / "noop.mar", {"handler": "noop.py"}, HERE / "noop.py")
    body = folder / "noop.body"
    body.write_bytes(b"x")
    return Model("noop", archive, body, "application/octet-stream")


def pack_digits(folder: Path) -> Model:
    """The digits in eager form, without a configuration of their own: how many workers there are is the benchmark's to say."""
    eager, digits = MODELS / "digits-eager", MODELS / "digits"
    files = [eager / "model.py", eager / "digits.pt", eager / "digit_handler.py", digits / "index_to_name.json"]
    named = {"handler": "digit_handler.py", "modelFile": "model.py", "serializedFile": "digits.pt"}
    image = min((digits / "samples").glob("*.png"))
    return Model("digits, eager", pack(folder / "digits.mar", named, *files), image, "image/png")


def pack(archive: Path, named: dict[str, str], *files: Path) -> Path:
    model = {"modelName": "model", "modelVersion": "1.0", **named}
    manifest = {"createdOn": "22/11/2026 12:00:00", "runtime": "python", "model": model, "archiverVersion": "0.12.0"}
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        for file in files:
            out.write(file, file.name)
    return archive


def conditions(arguments: argparse.Namespace) -> str:
    """What the figures hold for."""
    versions = "import platform; from importlib.metadata import version\nprint(platform.python_version(), version('torchserve'))"
    python, original = subprocess.check_output([arguments.python, "-c", versions], text=True).split()
    cpus = re.findall(r"(?m)^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text())
    return (
        f"{datetime.date.today()}, {len(os.sched_getaffinity(0))} cores ({cpus[0] if cpus else platform.machine()}), "
        f"Python {python}, torchserve {original}. wrk, 1 thread, {arguments.connections} connections, {WARM_UP_SECONDS} s to warm up and "
        f"{arguments.seconds} s measured, {arguments.rounds} rounds in turn: the median, and from the least to the most. "
        f"Batches of one; both log errors alone; no tokens, no system metrics; OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}.\n"
    )


def figure(values: list[float], digits: int) -> str:
    if not values:
        return ""
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def table(model: Model, workers: int, seen: dict[str, Seen]) -> str:
    base = statistics.median(seen["original"].rate) if seen.get("original") and seen["original"].rate else None
    lines = [
        f"### {model.name}, {workers} {'worker' if workers == 1 else 'workers'}",
        "",
        "| Subject | requests/s | against the original | p50, ms | p99, ms | CPU of the server, us/request | of its workers | not 200 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for subject, each in seen.items():
        alone = subject.startswith("worker alone")
        ratio = f"{statistics.median(each.rate) / base:.2f}" if base and each.rate else ""
        cells = [subject, figure(each.rate, 0), ratio, figure(each.p50, 2), figure(each.p99, 2)]
        cells += [figure(each.server_cpu, 0), figure(each.worker_cpu, 0), "" if alone else str(each.errors)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def asked(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("distribution", type=Path, help="the unpacked distribution of Sluice")
    parser.add_argument("--package", type=Path, help="our Python package; default: python/ of the distribution")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has the package torchserve")
    parser.add_argument("--seconds", type=int, default=15, help="how long a measurement takes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", default="1,2", help="numbers of workers, with commas")
    parser.add_argument("--subjects", default="original;sluice;sluice, original worker;worker alone;worker alone, original")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME,ARCHIVE,BODY,TYPE",
        help="another model, such as the digits in eager form; may be repeated",
    )
    parser.add_argument("--digits", action="store_true", help="the digits in eager form, too; the interpreter needs torch")
    parser.add_argument("--no-noop", action="store_true", help="only the models given with --digits and --model")
    parser.add_argument("--output", type=Path, help="where the tables go; default: standard output")
    told = parser.parse_args(arguments)
    told.distribution = told.distribution.resolve()
    told.package = (told.package or told.distribution / "python").resolve()
    # Absolute, but not resolved: what a link in a virtual environment points to is not that environment.
    told.python = os.path.abspath(told.python) if os.sep in told.python else told.python
    return told


def main() -> None:
    arguments = asked()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not on the path (Debian: apt install wrk)")
    with tempfile.TemporaryDirectory() as name:
        models = [] if arguments.no_noop else [pack_noop(Path(name))]
        if arguments.digits:
            models.append(pack_digits(Path(name)))
        for given in arguments.model:
            label, archive, body, kind = given.rsplit(",", 3)
            models.append(Model(label, Path(archive).resolve(), Path(body).resolve(), kind))
        tables = [compare(arguments, model, int(workers)) for model in models for workers in arguments.workers.split(",")]
    text = "\n".join([conditions(arguments), *tables])
    if arguments.output:
        arguments.output.write_text(text)
    else:
        print(text)


def compare(arguments: argparse.Namespace, model: Model, workers: int) -> str:
    servers = Servers(arguments)
    seen = {subject.strip(): Seen() for subject in arguments.subjects.split(";")}
    for number in range(arguments.rounds):
        for subject, each in seen.items():
            if subject.startswith("worker alone"):
                measure_alone(arguments, not subject.endswith("original"), model, workers, each)
            else:
                measure(servers, subject, model, workers, each)
            rate = f"{each.rate[-1]:,.0f} requests/s"
            print(f"{model.name}, {workers} workers, round {number + 1}, {subject}: {rate}", file=sys.stderr)
    return table(model, workers, seen)


if __name__ == "__main__":
    main()
