# SPDX-License-Identifier: Apache-2.0
"""Serve the eager digits with Python workers: ours, and the original's, each behind one of the two launchers.

Usage: suite.py DISTRIBUTION MODELS_FOLDER PROTO_FOLDER PYTHON

PYTHON is an interpreter with torch and the original package; torch-model-archiver is on the PATH. Starts servers of its
own on free ports of this machine. Prints one line per check and ends with "N passed, N failed".
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import grpc

TIMEOUT_SECONDS = 120
START_SECONDS = 240
THREADS = 24
TOLERANCE = 1e-5
MODEL = "digits-eager"

# A function instead of a class, with its state in the module, as older handlers are written.
FUNCTION = """
import torch
from digit_handler import grey_values

model = None

def handle(data, context):
    global model
    if data is None:
        folder = context.system_properties["model_dir"]
        model = torch.jit.load(f"{folder}/digits.pt").eval()
        return None
    grey = torch.tensor([list(grey_values(row.get("data") or row.get("body"))) for row in data], dtype=torch.float32)
    with torch.no_grad():
        return model((grey.reshape(-1, 1, 8, 8) / 255 - 0.5) / 0.5).argmax(1).tolist()
"""
# A subclass of a built-in handler with an image pipeline of its own.
CLASSIFIER = """
from torchvision import transforms
from ts.torch_handler.image_classifier import ImageClassifier

class GreyClassifier(ImageClassifier):
    topk = 3
    image_processing = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
"""
BROKEN = "import nothing_of_the_kind\n\nclass Broken:\n    pass\n"
WRONG_MODEL = """
import torch

class Wrong(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 3, 3)
"""


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def stubs(protos: Path, target: Path) -> dict[str, Any]:
    """The modules grpcio-tools makes of inference.proto."""
    include = Path(importlib.import_module("grpc_tools").__file__).parent / "_proto"
    common = Path(importlib.import_module("google.rpc").__path__[0]).parent.parent
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"-I{include}", f"-I{common}",
            f"--python_out={target}", f"--grpc_python_out={target}", str(protos / "inference.proto"),
        ],
        check=True,
    )  # fmt: skip
    sys.path.insert(0, str(target))
    return {name: importlib.import_module(name) for name in ("inference_pb2", "inference_pb2_grpc")}


class Server:
    """One launcher in the foreground."""

    def __init__(self, launcher: list[str], folder: Path, store: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        folder.mkdir()
        ports = free_ports(5)
        self.inference, self.management, self.metrics = (f"http://127.0.0.1:{port}" for port in ports[:3])
        self.grpc_inference = f"127.0.0.1:{ports[3]}"
        lines = {
            "inference_address": self.inference,
            "management_address": self.management,
            "metrics_address": self.metrics,
            "grpc_inference_port": str(ports[3]),
            "grpc_management_port": str(ports[4]),
            "metrics_mode": "prometheus",
            **settings,
        }
        config = folder / "config.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        (folder / "tmp").mkdir()
        environment = {**os.environ, "TEMP": str(folder / "tmp"), "TMPDIR": str(folder / "tmp")}
        flags = ["--ncs", "--ts-config", str(config), "--model-store", str(store)]
        flags += ["--enable-model-api", "--disable-token-auth"]
        self.process = subprocess.Popen(
            [*launcher, *flags], cwd=folder, env=environment,
            stdout=(folder / "out").open("w"), stderr=(folder / "err").open("w"),
        )  # fmt: skip
        self._await_start()

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Model server started." not in (self.folder / "out").read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"server did not start: {(self.folder / 'err').read_text()[-4000:]}")
            time.sleep(0.2)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, body: bytes | None = None, method: str | None = None) -> Answer:
    headers = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
            return Answer(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read().decode())
    except urllib.error.HTTPError as failure:
        return Answer(failure.code, {k.lower(): v for k, v in failure.headers.items()}, failure.read().decode())


class Archives:
    """What the archiver makes, in a model store."""

    def __init__(self, models: Path, folder: Path) -> None:
        self.eager = models / "digits-eager"
        self.digits = models / "digits"
        self.folder = folder
        self.store = folder / "store"
        self.store.mkdir()

    def make(self, name: str, *arguments: str, config: bool = True) -> None:
        flags = ["--config-file", str(self.eager / "model-config.yaml")] if config else []
        subprocess.run(
            ["torch-model-archiver", "--model-name", name, "--version", "1.0", "--export-path", str(self.store),
             *flags, *arguments],
            check=True, capture_output=True,
        )  # fmt: skip

    def written(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def make_all(self) -> None:
        model, weights = str(self.eager / "model.py"), str(self.eager / "digits.pt")
        handler, labels = str(self.eager / "digit_handler.py"), str(self.digits / "index_to_name.json")
        scripted = str(self.digits / "digits.pt")
        self.make(MODEL, "--model-file", model, "--serialized-file", weights, "--handler", handler,
                  "--extra-files", labels)  # fmt: skip
        function = self.written("function_handler.py", FUNCTION)
        self.make("function", "--serialized-file", scripted, "--handler", function, "--extra-files", handler,
                  config=False)  # fmt: skip
        classifier = self.written("grey_classifier.py", CLASSIFIER)
        self.make("classifier", "--serialized-file", scripted, "--handler", classifier, config=False)
        self.make("broken", "--serialized-file", scripted, "--handler", self.written("broken.py", BROKEN), config=False)
        wrong = self.written("wrong.py", WRONG_MODEL)
        self.make("wrong", "--model-file", wrong, "--serialized-file", weights, "--handler", handler, config=False)


class Suite:
    """The checks of one server."""

    def __init__(self, name: str, server: Server, archives: Archives, made: dict[str, Any]) -> None:
        self.name = name
        self.server = server
        self.made = made
        self.stub = made["inference_pb2_grpc"].InferenceAPIsServiceStub(grpc.insecure_channel(server.grpc_inference))
        listed = json.loads((archives.digits / "reference.json").read_text())["digits"]
        plain = [each for each in listed if "variants" not in each["file"]]
        self.samples = [((archives.digits / each["file"]).read_bytes(), each) for each in plain]
        self.explanation: Any = None

    def url(self, kind: str, model: str = MODEL) -> str:
        return f"{self.server.inference}/{kind}/{model}"

    def register(self, name: str) -> Answer:
        at = f"{self.server.management}/models?url={name}.mar&initial_workers=1&synchronous=true"
        return ask(at, method="POST")

    def common(self) -> list[Callable[[], None]]:
        return [
            self.two_workers_are_ready,
            self.every_digit_over_rest,
            self.every_digit_over_grpc,
            self.batches_of_eight_and_both_workers,
            self.a_bad_image_is_refused_alone,
            self.explanations,
            self.describes_itself,
            self.metrics_of_the_handler,
        ]

    def of_ours(self) -> list[Callable[[], None]]:
        return [
            self.a_function_serves,
            self.a_classifier_with_its_own_images_serves,
            self.a_failing_import_is_told,
            self.wrong_weights_are_told,
            self.the_others_still_serve,
        ]

    def two_workers_are_ready(self) -> None:
        (described,) = ask(f"{self.server.management}/models/{MODEL}").json()
        assert [worker["status"] for worker in described["workers"]] == ["READY", "READY"], described
        assert described["batchSize"] == 8, described

    def is_right(self, answer: dict[str, float], expected: dict[str, Any]) -> None:
        shares = expected["probabilities"]
        assert len(answer) == len(shares), answer
        worst = max(abs(answer[str(digit)] - share) for digit, share in enumerate(shares))
        assert worst < TOLERANCE, f"{expected['file']}: off by {worst}"

    def over_rest(self, sample: tuple[bytes, dict[str, Any]]) -> Answer:
        image, expected = sample
        answer = ask(self.url("predictions"), image)
        assert answer.status == 200, answer
        self.is_right(answer.json(), expected)
        return answer

    def every_digit_over_rest(self) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.over_rest, self.samples))

    def over_grpc(self, sample: tuple[bytes, dict[str, Any]]) -> None:
        image, expected = sample
        wanted = self.made["inference_pb2"].PredictionsRequest(model_name=MODEL, input={"data": image})
        self.is_right(json.loads(self.stub.Predictions(wanted, timeout=TIMEOUT_SECONDS).prediction), expected)

    def every_digit_over_grpc(self) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.over_grpc, self.samples))

    def batches_of_eight_and_both_workers(self) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(self.over_rest, self.samples * 5))
        sizes = {int(answer.headers["x-digit-batch"]) for answer in answers}
        workers = {answer.headers["x-digit-worker"] for answer in answers}
        assert max(sizes) == 8, sizes
        assert len(workers) == 2, workers

    def a_bad_image_is_refused_alone(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            good = [pool.submit(self.over_rest, sample) for sample in self.samples[:7]]
            bad = ask(self.url("predictions"), b"no picture")
            for each in good:
                each.result()
        assert bad.status == 400 and bad.json()["message"] == "not a PNG", bad

    def explanations(self) -> None:
        answer = ask(self.url("explanations"), self.samples[0][0])
        assert answer.status == 200, answer
        self.explanation = answer.json()
        assert [len(row) for row in self.explanation] == [8] * 8, answer
        assert any(value for row in self.explanation for value in row), answer

    def describes_itself(self) -> None:
        (described,) = ask(f"{self.server.management}/models/{MODEL}?customized=true").json()
        assert "the probability of each digit" in json.dumps(described), described

    def metrics_of_the_handler(self) -> None:
        """They are written after the answer has gone out."""
        deadline = time.monotonic() + 10
        while True:
            lines = ask(f"{self.server.metrics}/metrics").body.splitlines()
            found = {line.partition("{")[0] for line in lines if f'ModelName="{MODEL}"' in line}
            if {"HandlerTime", "PredictionTime"} <= found:
                return
            assert time.monotonic() < deadline, found
            time.sleep(0.2)

    def a_function_serves(self) -> None:
        registered = self.register("function")
        assert registered.status == 200, registered
        for image, expected in self.samples[:10]:
            answer = ask(self.url("predictions", "function"), image)
            assert (answer.status, answer.body) == (200, str(expected["predicted"])), (answer, expected["predicted"])

    def a_classifier_with_its_own_images_serves(self) -> None:
        registered = self.register("classifier")
        assert registered.status == 200, registered
        for image, expected in self.samples[:10]:
            answer = ask(self.url("predictions", "classifier"), image)
            assert answer.status == 200, answer
            best, *others = answer.json().items()
            assert best[0] == str(expected["predicted"]) and len(others) == 2, answer
            assert abs(best[1] - max(expected["probabilities"])) < TOLERANCE, answer

    def refused(self, name: str, reason: str) -> None:
        answer = self.register(name)
        assert answer.status >= 400 and reason in answer.body, answer
        assert str(self.server.folder) not in answer.body and "Traceback" not in answer.body, answer
        log = "".join(path.read_text() for path in self.server.folder.rglob("*.log"))
        log += (self.server.folder / "out").read_text() + (self.server.folder / "err").read_text()
        assert reason in log, f"{reason} is not in the log"

    def a_failing_import_is_told(self) -> None:
        self.refused("broken", "No module named 'nothing_of_the_kind'")

    def wrong_weights_are_told(self) -> None:
        self.refused("wrong", "size mismatch for conv1.weight")

    def the_others_still_serve(self) -> None:
        self.over_rest(self.samples[0])


def run(suite: str, checks: list[Callable[[], None]]) -> tuple[int, int]:
    failed = 0
    for check in checks:
        began = time.monotonic()
        try:
            check()
            print(f"ok      {suite}: {check.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as failure:  # noqa: BLE001 - each check is told on its own
            failed += 1
            print(f"FAILED  {suite}: {check.__name__}: {type(failure).__name__}: {failure}", flush=True)
    return len(checks) - failed, failed


def serve(name: str, launcher: list[str], settings: dict[str, str], work: Path, archives: Archives,
          made: dict[str, Any]) -> tuple[int, int, Any]:  # fmt: skip
    server = Server(launcher, work / name, archives.store, {"load_models": f"{MODEL}.mar", **settings})
    suite = Suite(name, server, archives, made)
    try:
        passed, failed = run(name, suite.common() + (suite.of_ours() if name == "ours" else []))
    finally:
        code = server.stop()
    if code:
        failed += 1
        print(f"FAILED  {name}: the server ended with {code} after SIGTERM (expected: 0)")
    if failed:
        print((server.folder / "out").read_text()[-6000:], (server.folder / "err").read_text()[-6000:], sep="\n")
    return passed, failed, suite.explanation


def main() -> int:
    distribution, models, protos = (Path(argument).resolve() for argument in sys.argv[1:4])
    python = os.path.abspath(sys.argv[4])  # not resolved: a virtual environment's interpreter is a link
    work = Path(tempfile.mkdtemp(prefix="sluice-"))
    try:
        (work / "stubs").mkdir()
        made = stubs(protos, work / "stubs")
        archives = Archives(models, work)
        archives.make_all()
        torchserve = [str(distribution / "bin" / "torchserve"), "--start", "--foreground"]
        sluice = [str(distribution / "bin" / "sluice"), "serve"]
        own = serve("ours", torchserve, {"python": python}, work, archives, made)
        original = serve("original", sluice, {"python": python, "python_worker": "original"}, work, archives, made)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    passed, failed = own[0] + original[0], own[1] + original[1]
    same = json.dumps(own[2]) == json.dumps(original[2]) and own[2] is not None
    print(f"{'ok     ' if same else 'FAILED '} both workers explain alike")
    print(f"{passed + same} passed, {failed + (not same)} failed")
    return 0 if same and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
