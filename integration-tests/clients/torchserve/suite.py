# SPDX-License-Identifier: Apache-2.0
"""Drive Sluice as a TorchServe user does: the launcher, stubs made of the .proto files, grpcurl and curl.

Usage: suite.py DISTRIBUTION ARCHIVE DIGITS_FOLDER PROTO_FOLDER GRPCURL

ARCHIVE is a digits.mar made by torch-model-archiver, PROTO_FOLDER holds inference.proto and
management.proto: ours, or the original's. Starts servers of its own on free ports of this machine.
Prints one line per check and ends with "N passed, N failed".
"""

from __future__ import annotations

import base64
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
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

TIMEOUT_SECONDS = 60
START_SECONDS = 120
INFERENCE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"
MANAGEMENT = "org.pytorch.serve.grpc.management.ManagementAPIsService"


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def stubs(protos: Path, target: Path) -> dict[str, Any]:
    """The modules grpcio-tools makes of the two files."""
    include = Path(importlib.import_module("grpc_tools").__file__).parent / "_proto"
    common = Path(importlib.import_module("google.rpc").__path__[0]).parent.parent
    for name in ("inference", "management"):
        subprocess.run(
            [
                sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"-I{include}", f"-I{common}",
                f"--python_out={target}", f"--grpc_python_out={target}", str(protos / f"{name}.proto"),
            ],
            check=True,
        )  # fmt: skip
    sys.path.insert(0, str(target))
    names = ("inference_pb2", "inference_pb2_grpc", "management_pb2", "management_pb2_grpc")
    return {name: importlib.import_module(name) for name in names}


class Server:
    """The original's launcher in the foreground, configured as the original is: by a config.properties."""

    def __init__(self, distribution: Path, folder: Path, store: Path, *flags: str, **settings: str) -> None:
        self.folder = folder
        folder.mkdir()
        ports = free_ports(5)
        self.inference, self.management, self.metrics = (f"http://127.0.0.1:{port}" for port in ports[:3])
        self.grpc_inference, self.grpc_management = (f"127.0.0.1:{port}" for port in ports[3:])
        lines = {
            "inference_address": self.inference,
            "management_address": self.management,
            "metrics_address": self.metrics,
            "grpc_inference_port": str(ports[3]),
            "grpc_management_port": str(ports[4]),
            **settings,
        }
        config = folder / "config.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        temporary = folder / "tmp"
        temporary.mkdir()
        environment = {**os.environ, "TEMP": str(temporary), "TMPDIR": str(temporary)}
        self.output = (folder / "out").open("w+")
        self.process = subprocess.Popen(
            [
                str(distribution / "bin" / "torchserve"), "--start", "--foreground", "--ncs",
                "--ts-config", str(config), "--model-store", str(store), *flags,
            ],
            cwd=folder, env=environment, stdout=self.output, stderr=(folder / "err").open("w"),
        )  # fmt: skip
        self._await_start()

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Model server started." not in (self.folder / "out").read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"server did not start: {(self.folder / 'err').read_text()}")
            time.sleep(0.2)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS * 2)


def curl(*arguments: str) -> tuple[int, str]:
    """Status and body."""
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(TIMEOUT_SECONDS), "-w", "\n%{http_code}", *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


class Suite:
    """The checks, in the order they build on each other."""

    def __init__(self, server: Server, digits: Path, protos: Path, grpcurl: str, made: dict[str, Any]) -> None:
        self.server = server
        self.sample = digits / "samples" / json.loads((digits / "reference.json").read_text())["digits"][0]["file"]
        if not self.sample.exists():
            self.sample = next(digits.rglob(self.sample.name))
        self.protos = protos
        self.grpcurl_path = grpcurl
        self.made = made
        self.inference = made["inference_pb2_grpc"].InferenceAPIsServiceStub(
            grpc.insecure_channel(server.grpc_inference)
        )
        self.management = made["management_pb2_grpc"].ManagementAPIsServiceStub(
            grpc.insecure_channel(server.grpc_management)
        )

    def checks(self) -> list[Callable[[], None]]:
        return [
            self.stub_pings,
            self.stub_registers,
            self.stub_registering_again_is_already_exists,
            self.stub_describes_and_lists,
            self.stub_scales,
            self.stub_predicts_what_rest_predicts,
            self.stub_streams_one_message_of_a_model_that_does_not_stream,
            self.stub_unknown_models,
            self.stub_deadline,
            self.grpcurl_lists_services_by_reflection,
            self.grpcurl_pings,
            self.grpcurl_predicts,
            self.grpcurl_predicts_with_the_proto_file,
            self.grpcurl_asks_for_health,
            self.grpcurl_describes,
            self.curl_inference_lines,
            self.curl_management_lines,
            self.curl_metrics_lines,
            self.stub_sets_default_and_unregisters,
        ]

    def stub_pings(self) -> None:
        health = self.inference.Ping(empty_pb2.Empty(), timeout=TIMEOUT_SECONDS).health
        assert json.loads(health) == {"status": "Healthy"}, health

    def register(self, **fields: Any) -> str:
        request = self.made["management_pb2"].RegisterModelRequest(**fields)
        return self.management.RegisterModel(request, timeout=TIMEOUT_SECONDS).msg

    def stub_registers(self) -> None:
        said = self.register(url="digits.mar", initial_workers=1, synchronous=True)
        assert said == 'Model "digits" Version: 1.0 registered with 1 initial workers', said

    def stub_registering_again_is_already_exists(self) -> None:
        expect(grpc.StatusCode.ALREADY_EXISTS, lambda: self.register(url="digits.mar"))

    def stub_describes_and_lists(self) -> None:
        pb = self.made["management_pb2"]
        described = self.management.DescribeModel(pb.DescribeModelRequest(model_name="digits"), timeout=TIMEOUT_SECONDS)
        assert json.loads(described.msg)[0]["workers"][0]["status"] == "READY", described.msg
        _, rest = curl(f"{self.server.management}/models/digits")
        assert json.loads(described.msg)[0].keys() == json.loads(rest)[0].keys(), rest
        listed = self.management.ListModels(pb.ListModelsRequest(), timeout=TIMEOUT_SECONDS)
        assert [model["modelName"] for model in json.loads(listed.msg)["models"]] == ["digits"], listed.msg

    def stub_scales(self) -> None:
        request = self.made["management_pb2"].ScaleWorkerRequest(model_name="digits", min_worker=2, synchronous=True)
        said = self.management.ScaleWorker(request, timeout=TIMEOUT_SECONDS).msg
        assert said == "Workers scaled to 2 for model: digits", said

    def prediction(self) -> Any:
        return self.made["inference_pb2"].PredictionsRequest(
            model_name="digits", input={"data": self.sample.read_bytes()}
        )

    def stub_predicts_what_rest_predicts(self) -> None:
        answer = self.inference.Predictions(self.prediction(), timeout=TIMEOUT_SECONDS).prediction
        _, rest = curl(f"{self.server.inference}/predictions/digits", "-T", str(self.sample))
        assert answer.decode() == rest, (answer, rest)

    def stub_streams_one_message_of_a_model_that_does_not_stream(self) -> None:
        messages = list(self.inference.StreamPredictions(self.prediction(), timeout=TIMEOUT_SECONDS))
        assert len(messages) == 1, messages
        assert max(json.loads(messages[0].prediction).values()) > 0.5, messages

    def stub_unknown_models(self) -> None:
        asked = self.made["inference_pb2"].PredictionsRequest(model_name="nope", input={"data": b"x"})
        expect(grpc.StatusCode.INTERNAL, lambda: self.inference.Predictions(asked, timeout=TIMEOUT_SECONDS))
        described = self.made["management_pb2"].DescribeModelRequest(model_name="nope")
        expect(
            grpc.StatusCode.NOT_FOUND, lambda: self.management.DescribeModel(described, timeout=TIMEOUT_SECONDS)
        )

    def stub_deadline(self) -> None:
        expect(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: self.inference.Predictions(self.prediction(), timeout=1e-6))

    def grpcurl(self, address: str, *arguments: str, proto: str | None = None, data: Any = None) -> str:
        flags = ["-plaintext", "-max-time", str(TIMEOUT_SECONDS)]
        if proto:
            common = Path(importlib.import_module("google.rpc").__path__[0]).parent.parent
            flags += ["-import-path", str(self.protos), "-import-path", str(common), "-proto", proto]
        if data is not None:
            flags += ["-d", json.dumps(data)]
        done = subprocess.run(
            [self.grpcurl_path, *flags, address, *arguments], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def grpcurl_lists_services_by_reflection(self) -> None:
        inference = self.grpcurl(self.server.grpc_inference, "list").split()
        management = self.grpcurl(self.server.grpc_management, "list").split()
        assert {INFERENCE, "grpc.health.v1.Health"} <= set(inference), inference
        assert {MANAGEMENT, "grpc.health.v1.Health"} <= set(management), management

    def grpcurl_pings(self) -> None:
        assert "Healthy" in self.grpcurl(self.server.grpc_inference, f"{INFERENCE}/Ping")

    def wanted(self) -> dict[str, Any]:
        return {"model_name": "digits", "input": {"data": base64.b64encode(self.sample.read_bytes()).decode()}}

    def is_prediction(self, answer: str) -> None:
        prediction = json.loads(base64.b64decode(json.loads(answer)["prediction"]))
        assert max(prediction.values()) > 0.5, prediction

    def grpcurl_predicts(self) -> None:
        self.is_prediction(self.grpcurl(self.server.grpc_inference, f"{INFERENCE}/Predictions", data=self.wanted()))

    def grpcurl_predicts_with_the_proto_file(self) -> None:
        self.is_prediction(
            self.grpcurl(
                self.server.grpc_inference, f"{INFERENCE}/Predictions", proto="inference.proto", data=self.wanted()
            )
        )

    def grpcurl_asks_for_health(self) -> None:
        answer = self.grpcurl(self.server.grpc_inference, "grpc.health.v1.Health/Check", data={"service": ""})
        assert json.loads(answer) == {"status": "SERVING"}, answer

    def grpcurl_describes(self) -> None:
        answer = self.grpcurl(
            self.server.grpc_management, f"{MANAGEMENT}/DescribeModel", data={"model_name": "digits"}
        )
        assert json.loads(json.loads(answer)["msg"])[0]["modelName"] == "digits", answer

    def lines(self, lines: list[tuple[list[str], int, str]]) -> None:
        for arguments, status, part in lines:
            got, body = curl(*arguments)
            assert got == status and part in body, f"curl {' '.join(arguments)}: {got} {body[:400]}"

    def curl_inference_lines(self) -> None:
        at = self.server.inference
        image = str(self.sample)
        b64 = base64.b64encode(self.sample.read_bytes()).decode()
        self.lines([
            ([f"{at}/ping"], 200, "Healthy"),
            (["-X", "OPTIONS", f"{at}/"], 200, '"3.0.1"'),
            ([f"{at}/api-description"], 200, '"3.0.1"'),
            (["-X", "OPTIONS", f"{at}/predictions/digits"], 200, "RESTful API for: digits"),
            (["-X", "POST", f"{at}/predictions/digits", "-T", image], 200, "{"),
            ([f"{at}/predictions/digits", "-F", f"data=@{image}"], 200, "{"),
            ([f"{at}/predictions/digits/1.0", "-T", image], 200, "{"),
            ([f"{at}/predictions/digits", "-H", "Content-Type: text/plain", "-d", b64], 200, "{"),
            ([f"{at}/v1/models/digits:predict", "-T", image], 200, "{"),
            ([f"{at}/v2/models/digits/infer", "-T", image], 200, "{"),
            ([f"{at}/models/digits/invoke", "-T", image], 200, "{"),
            ([f"{at}/invocations?model_name=digits", "-T", image], 200, "{"),
            ([f"{at}/digits/predict", "-F", f"data=@{image}"], 200, "{"),
            ([f"{at}/predictions/nope", "-T", image], 404, "ModelNotFoundException"),
            ([f"{at}/predictions"], 404, "ResourceNotFoundException"),
            ([f"{at}/"], 405, "MethodNotAllowedException"),
        ])  # fmt: skip

    def curl_management_lines(self) -> None:
        at = self.server.management
        self.lines([
            (["-X", "OPTIONS", f"{at}/"], 200, "registerModel"),
            ([f"{at}/models"], 200, '"modelName": "digits"'),
            ([f"{at}/models?limit=2&next_page_token=0"], 200, "digits"),
            ([f"{at}/models/digits"], 200, '"minWorkers": 2'),
            ([f"{at}/models/digits/1.0"], 200, '"modelVersion": "1.0"'),
            ([f"{at}/models/digits/all"], 200, '"modelVersion": "1.0"'),
            (["-X", "OPTIONS", f"{at}/models/digits"], 200, "RESTful Management API for: digits"),
            (["-X", "PUT", f"{at}/models/digits?min_worker=3"], 202, "Processing worker updates..."),
            (["-X", "PUT", f"{at}/models/digits?min_worker=1&synchronous=true"], 200, "Workers scaled to 1"),
            (["-X", "PUT", f"{at}/models/digits/1.0/set-default"], 200, "Default version successfully updated"),
            ([f"{at}/v1/models/digits"], 200, '"ready": true'),
            (["-X", "POST", f"{at}/models?url=nope.mar"], 404, "Model not found at: nope.mar"),
            (["-X", "POST", f"{at}/models?url=http://169.254.169.254/latest"], 404, "does not match any allowed URL"),
            (["-X", "DELETE", f"{at}/models/nope"], 404, "Model not found: nope"),
            (["-X", "PATCH", f"{at}/models"], 405, "MethodNotAllowedException"),
        ])  # fmt: skip

    def curl_metrics_lines(self) -> None:
        at = f"{self.server.metrics}/metrics"
        self.lines([
            ([at], 200, 'Requests2XX{Level="Host",Hostname="'),
            ([at], 200, "ts_inference_latency_microseconds{model_name="),
            (["--globoff", f"{at}?name[]=ts_inference_requests_total"], 200, "ts_inference_requests_total{"),
        ])  # fmt: skip
        _, filtered = curl("--globoff", f"{at}?name[]=ts_inference_requests_total")
        assert "Requests2XX" not in filtered, filtered

    def stub_sets_default_and_unregisters(self) -> None:
        pb = self.made["management_pb2"]
        said = self.management.SetDefault(
            pb.SetDefaultRequest(model_name="digits", model_version="1.0"), timeout=TIMEOUT_SECONDS
        ).msg
        assert said == 'Default version successfully updated for model "digits" to "1.0"', said
        said = self.management.UnregisterModel(
            pb.UnregisterModelRequest(model_name="digits"), timeout=TIMEOUT_SECONDS
        ).msg
        assert said == 'Model "digits" unregistered', said
        gone = pb.UnregisterModelRequest(model_name="digits")
        expect(grpc.StatusCode.NOT_FOUND, lambda: self.management.UnregisterModel(gone, timeout=TIMEOUT_SECONDS))


class Guarded:
    """A server as it starts by default: with tokens, and without the model API."""

    def __init__(self, server: Server, sample: Path, made: dict[str, Any]) -> None:
        self.server = server
        self.sample = sample
        self.made = made
        self.inference = made["inference_pb2_grpc"].InferenceAPIsServiceStub(
            grpc.insecure_channel(server.grpc_inference)
        )

    def checks(self) -> list[Callable[[], None]]:
        return [
            self.key_file_is_for_its_owner_alone,
            self.a_call_without_a_token_is_400,
            self.a_call_with_its_token_is_answered,
            self.the_wrong_token_is_400,
            self.grpc_wants_the_token_too,
            self.renewal_ends_the_old_token,
            self.registering_is_405,
        ]

    def keys(self) -> dict[str, Any]:
        return json.loads((self.server.folder / "key_file.json").read_text())

    def key(self, name: str) -> list[str]:
        return ["-H", f"Authorization: Bearer {self.keys()[name]['key']}"]

    def predict(self, *headers: str) -> tuple[int, str]:
        return curl(f"{self.server.inference}/predictions/digits", "-T", str(self.sample), *headers)

    def key_file_is_for_its_owner_alone(self) -> None:
        assert (self.server.folder / "key_file.json").stat().st_mode & 0o777 == 0o600
        assert {"management", "inference", "API"} == self.keys().keys(), self.keys().keys()
        assert "expiration time" in self.keys()["inference"]

    def a_call_without_a_token_is_400(self) -> None:
        status, body = self.predict()
        assert status == 400 and json.loads(body)["type"] == "InvalidKeyException", body

    def a_call_with_its_token_is_answered(self) -> None:
        status, body = self.predict(*self.key("inference"))
        assert status == 200, body
        status, body = curl(f"{self.server.management}/models", *self.key("management"))
        assert status == 200, body

    def the_wrong_token_is_400(self) -> None:
        status, body = self.predict(*self.key("management"))
        assert status == 400, body

    def grpc_wants_the_token_too(self) -> None:
        wanted = self.made["inference_pb2"].PredictionsRequest(
            model_name="digits", input={"data": self.sample.read_bytes()}
        )
        expect(grpc.StatusCode.PERMISSION_DENIED, lambda: self.inference.Predictions(wanted, timeout=TIMEOUT_SECONDS))
        metadata = [("authorization", f"Bearer {self.keys()['inference']['key']}")]
        answer = self.inference.Predictions(wanted, metadata=metadata, timeout=TIMEOUT_SECONDS)
        assert max(json.loads(answer.prediction).values()) > 0.5

    def renewal_ends_the_old_token(self) -> None:
        old = self.key("inference")
        status, body = curl(f"{self.server.management}/token?type=inference", *self.key("API"))
        assert status == 200, body
        assert self.predict(*old)[0] == 400
        assert self.predict(*self.key("inference"))[0] == 200

    def registering_is_405(self) -> None:
        status, body = curl("-X", "POST", f"{self.server.management}/models?url=x.mar", *self.key("management"))
        assert status == 405 and "MethodNotAllowedException" in body, body


def expect(code: grpc.StatusCode, call: Callable[[], Any]) -> None:
    try:
        call()
    except grpc.RpcError as failure:
        assert failure.code() == code, f"{failure.code()}: {failure.details()}"
        return
    raise AssertionError(f"answered (expected: {code})")


def run(checks: list[Callable[[], None]]) -> int:
    failed = 0
    for check in checks:
        try:
            check()
            print(f"ok      {check.__name__}", flush=True)
        except Exception as failure:  # noqa: BLE001 - each check is told on its own
            failed += 1
            print(f"FAILED  {check.__name__}: {type(failure).__name__}: {failure}", flush=True)
    return failed


def stopping(server: Server) -> Callable[[], None]:
    def stops_with_0() -> None:
        code = server.stop()
        assert code == 0, f"the server ended with {code} after SIGTERM (expected: 0)"

    return stops_with_0


def main() -> int:
    distribution, archive, digits, protos = (Path(each).resolve() for each in sys.argv[1:5])
    work = Path(tempfile.mkdtemp())
    count = failed = 0
    try:
        store = work / "store"
        store.mkdir()
        shutil.copy(archive, store)
        (work / "stubs").mkdir()
        made = stubs(protos, work / "stubs")
        server = Server(
            distribution, work / "open", store, "--disable-token-auth", "--enable-model-api", metrics_mode="prometheus"
        )
        try:
            suite = Suite(server, digits, protos, sys.argv[5], made)
            count += len(suite.checks()) + 1
            failed += run(suite.checks())
        finally:
            failed += run([stopping(server)])
        guarded_server = Server(distribution, work / "guarded", store, "--models", "digits.mar")
        try:
            guarded = Guarded(guarded_server, suite.sample, made)
            count += len(guarded.checks()) + 1
            failed += run(guarded.checks())
        finally:
            failed += run([stopping(guarded_server)])
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
