# SPDX-License-Identifier: Apache-2.0
"""Serve handlers with the worker of the original package, and compare its bytes with those of our own worker.

Usage: suite.py DISTRIBUTION OUR_PYTHON_FOLDER [SEED]

Runs in an environment with the package torchserve, as it is published. Its worker imports torch for one class that it compares
with; where there is no torch, a stand-in with that class is put on the path, so that nothing large has to be installed.
Starts servers of its own on free ports of this machine. Prints one line per check and ends with "N passed, N failed".
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

TIMEOUT_SECONDS = 60
START_SECONDS = 120
VECTORS = 300

HANDLER = '''
import os
import textwrap

from ts.handler_utils.utils import send_intermediate_predict_response
from ts.utils.util import PredictionException


class Told:
    """Does what a request says, a function's body, and answers what that returns."""

    def initialize(self, context):
        self.initialized = True

    def handle(self, data, context):
        if context.get_request_header(0, "describe") == "True":
            return [{"described": context.model_name}]
        return [self.one(data, context, index, row) for index, row in enumerate(data)]

    def one(self, data, context, index, row):
        body = row.get("body")
        if not context.get_request_header(index, "Python"):
            return {"type": type(body).__name__, "value": body if isinstance(body, (str, dict)) else bytes(body).decode()}
        scope = dict(globals(), data=data, context=context, index=index)
        exec("def body():\\n" + textwrap.indent(bytes(body).decode(), "    "), scope)
        return scope["body"]()
'''

STAND_IN = '''
"""Stands in for torch: the worker of the original only asks whether a result is a tensor."""


class Tensor:
    pass
'''

METRICS = """
dimensions:
  - &model_name "ModelName"
  - &level "Level"
ts_metrics:
  counter: []
model_metrics:
  counter:
    - name: Asked
      unit: count
      dimensions: [*model_name, *level]
"""


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body.decode()

    def error(self) -> tuple[int, str]:
        return self.status, json.loads(self.body)["message"]


class Server:
    """`sluice serve` with the original's worker."""

    def __init__(self, distribution: Path, folder: Path, store: Path, environment: dict[str, str], *flags: str) -> None:
        self.out = folder / "out"
        self.err = folder / "err"
        command = [str(distribution / "bin" / "sluice"), "serve", "--model-store", str(store), "--disable-token-auth"]
        command += ["--enable-model-api", "--ncs"]
        settings = {
            "inference_address": "http://127.0.0.1:0",
            "management_address": "http://127.0.0.1:0",
            "metrics_address": "http://127.0.0.1:0",
            "grpc_inference_port": "0",
            "grpc_management_port": "0",
            "log_location": str(folder / "logs"),
            "metrics_location": str(folder / "logs"),
            "drain_delay": "0",
            "python": sys.executable,
            "python_worker": "original",
        }
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        command += flags
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=err)
        deadline = time.monotonic() + START_SECONDS
        while "Model server started." not in self.out.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit(f"server did not start: {self.out.read_text()} {self.err.read_text()}")
            time.sleep(0.1)
        self.urls = {
            name.lower(): url
            for name, url in re.findall(r"(?im)^.*\b(inference|management|metrics)\b.*?(http://\S+)", self.out.read_text())
        }

    def ask(self, plane: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.urls[plane] + path, data=body, headers=named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, dict(refusal.headers), refusal.read())

    def run(self, model: str, python: str) -> Answer:
        headers = {"Python": "yes", "content_type": "application/octet-stream"}
        return self.ask("inference", "POST", f"/predictions/{model}", python.encode(), **headers)

    def workers(self, model: str) -> list[int]:
        described = json.loads(self.ask("management", "GET", f"/models/{model}").body)[0]
        return [worker["pid"] for worker in described["workers"] if worker["status"] == "READY"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


def pack(store: Path, name: str, configuration: str, source: str = HANDLER) -> None:
    model = {"modelName": name, "modelVersion": "1.0", "handler": "handler.py", "configFile": "model-config.yaml"}
    manifest = {"createdOn": "22/11/2026 12:00:00", "runtime": "python", "model": model, "archiverVersion": "0.12.0"}
    with zipfile.ZipFile(store / f"{name}.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        archive.writestr("model-config.yaml", configuration)
        archive.writestr("handler.py", source)


class Suite:
    """The checks; each is independent of the others."""

    def __init__(self, server: Server, ours: Path, environment: dict[str, str], seed: int) -> None:
        self.server = server
        self.ours = ours
        self.environment = environment
        self.seed = seed

    def checks(self) -> list[Callable[[], None]]:
        return [
            self.the_worker_is_the_originals,
            self.bytes_are_the_same_in_both_directions,
            self.inputs_are_decoded,
            self.status_headers_and_type,
            self.exceptions_have_their_codes,
            self.four_requests_are_one_batch,
            self.parts_are_chunks,
            self.metrics_are_series,
            self.describes_itself,
            self.two_workers_share_the_work,
            self.a_killed_worker_is_told_and_replaced,
            self.a_handler_that_does_not_load_is_refused,
        ]

    def the_worker_is_the_originals(self) -> None:
        main = "import sys\nreturn sys.modules['__main__'].__file__ + ' ' + sys.modules['ts'].__file__"
        said = self.server.run("one", main).body
        installed = str(Path(find_spec("ts").origin).parent)
        assert said.count(installed) == 2, (said, installed)

    def bytes_are_the_same_in_both_directions(self) -> None:
        original = self.vectors(None)
        own = self.vectors(self.ours)
        assert len(original) == 2 * VECTORS + 3, len(original)
        for number, (theirs, mine) in enumerate(zip(original, own)):
            assert theirs == mine, f"line {number} of seed {self.seed}: {theirs} (ours: {mine})"
        assert len(original) == len(own)

    def vectors(self, package: Path | None) -> list[str]:
        path = [str(package)] if package else []
        path += [self.environment["PYTHONPATH"]] if "PYTHONPATH" in self.environment else []
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "LC_ALL": "C.UTF-8"}
        command = [sys.executable, str(Path(__file__).with_name("vectors.py")), str(self.seed), str(VECTORS)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def inputs_are_decoded(self) -> None:
        ask = self.server.ask
        raw = ask("inference", "POST", "/predictions/one", b"raw", content_type="application/octet-stream")
        assert json.loads(raw.body) == {"type": "bytearray", "value": "raw"}, raw.body
        typed = ask("inference", "POST", "/predictions/one", b'{"a": 1}', content_type="application/json")
        assert json.loads(typed.body) == {"type": "dict", "value": {"a": 1}}, typed.body
        text = ask("inference", "POST", "/predictions/one", "grün".encode(), content_type="text/plain")
        assert json.loads(text.body) == {"type": "str", "value": "grün"}, text.body

    def status_headers_and_type(self) -> None:
        answer = self.server.run("one", """
context.set_response_status(418, "teapot", index)
context.set_response_header(index, "dummy", "1")
context.set_response_content_type(index, "text/plain")
return "body"
""")  # fmt: skip
        assert (answer.status, answer.body) == (418, "body"), (answer.status, answer.body)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert headers["dummy"] == "1" and headers["content-type"] == "text/plain", headers
        assert "content-type" not in {name.lower() for name in self.server.run("one", "return {'a': 1}").headers}

    def exceptions_have_their_codes(self) -> None:
        said = {
            "raise ValueError('secret')": (503, "Prediction failed"),
            "raise PredictionException('msg', 513)": (513, "msg"),
            "raise MemoryError()": (507, "Out of resources"),
            "return object()": (503, "Unsupported model output data type."),
        }
        for python, expected in said.items():
            assert self.server.run("one", python).error() == expected, (python, self.server.run("one", python).body)

    def four_requests_are_one_batch(self) -> None:
        with ThreadPoolExecutor(4) as threads:
            sizes = list(threads.map(lambda _: self.server.run("four", "return str(len(data))").body, range(4)))
        assert sizes == ["4"] * 4, sizes

    def parts_are_chunks(self) -> None:
        python = """
for part in range(3):
    send_intermediate_predict_response(["part-%d;" % part] * len(data), context.request_ids, "m", 200, context)
return "end"
"""
        answer = self.server.run("one", python)
        assert answer.body == "part-0;part-1;part-2;end", answer.body
        assert {name.lower(): value for name, value in answer.headers.items()}["transfer-encoding"] == "chunked"

    def metrics_are_series(self) -> None:
        for _ in range(3):
            assert self.server.run("two", "context.metrics.add_counter('Asked', 2, index)\nreturn 'x'").status == 200
        pattern = r'Asked\{ModelName="two",Level="Model",Hostname="[^"]+",\} 6\.0'
        within(lambda: re.search(pattern, self.server.ask("metrics", "GET", "/metrics").body) is not None)

    def describes_itself(self) -> None:
        described = json.loads(self.server.ask("management", "GET", "/models/one?customized=true").body)[0]
        assert described["customizedMetadata"] == {"described": "one"}, described

    def two_workers_share_the_work(self) -> None:
        with ThreadPoolExecutor(4) as threads:
            python = "import time\ntime.sleep(0.2)\nreturn str(os.getpid())"
            served = {int(self.body(answer)) for answer in threads.map(lambda _: self.server.run("two", python), range(6))}
        assert served == set(self.server.workers("two")) and len(served) == 2, served

    @staticmethod
    def body(answer: Answer) -> str:
        assert answer.status == 200, answer.body
        return answer.body

    def a_killed_worker_is_told_and_replaced(self) -> None:
        worker = int(self.body(self.server.run("killed", "return str(os.getpid())")))
        killer = threading.Timer(1.0, os.kill, (worker, signal.SIGKILL))
        killer.start()
        status, message = self.server.run("killed", "import time\ntime.sleep(30)").error()
        killer.join()
        assert status in (500, 507) and message == "Worker died.", (status, message)
        following = int(self.body(self.server.run("killed", "return str(os.getpid())")))
        assert following != worker

    def a_handler_that_does_not_load_is_refused(self) -> None:
        query = "url=broken.mar&initial_workers=1&synchronous=true"
        answer = self.server.ask("management", "POST", f"/models?{query}", b"")
        assert answer.status == 500 and "Failed to start workers for model broken" in answer.body, answer.body
        assert self.server.ask("management", "GET", "/models/broken").status == 404


def within(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


@contextlib.contextmanager
def started(distribution: Path, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    store = folder / "store"
    store.mkdir()
    pack(store, "one", "minWorkers: 1\nmaxWorkers: 1\n")
    pack(store, "two", "minWorkers: 2\nmaxWorkers: 2\n")
    pack(store, "four", "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 4\nmaxBatchDelay: 1000\n")
    pack(store, "killed", "minWorkers: 1\nmaxWorkers: 1\n")
    pack(store, "broken", "maxRetryTimeoutInSec: 0\n", "raise RuntimeError('broken')\n")
    (folder / "metrics.yaml").write_text(METRICS)
    models = "one.mar,two.mar,four.mar,killed.mar"
    flags = ["--models", models, "--set", "metrics_mode=prometheus", "--set", f"metrics_config={folder / 'metrics.yaml'}"]
    server = Server(distribution, folder, store, environment, *flags)
    try:
        yield server
        code = server.stop()
        assert code == 0, f"the server ended with {code} after SIGTERM (expected: 0)"
    finally:
        server.process.kill()


def main() -> None:
    distribution, ours = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns() % 1_000_000
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment: dict[str, str] = {}
        if find_spec("torch") is None:
            (folder / "stand-in").mkdir()
            (folder / "stand-in" / "torch.py").write_text(STAND_IN)
            environment["PYTHONPATH"] = str(folder / "stand-in")
        with started(distribution, folder, environment) as server:
            checks = Suite(server, ours, environment, seed).checks()
            for check in checks:
                try:
                    check()
                    print(f"ok    {check.__name__}")
                except Exception as failure:  # noqa: BLE001 - each check is told of, then the next one runs
                    failed += 1
                    print(f"FAIL  {check.__name__}: {type(failure).__name__}: {failure}")
            if failed:
                print((folder / "err").read_text()[-5000:], file=sys.stderr)
    print(f"{len(checks) - failed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
