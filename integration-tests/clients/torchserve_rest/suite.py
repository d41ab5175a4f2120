"""Drive a running server as a TorchServe user's Python program does, with `requests`.

Usage: suite.py INFERENCE_URL MANAGEMENT_URL METRICS_URL DIGITS_FOLDER ARCHIVE_NAME

The server must have been started with an empty model list, the management API enabled, and a
store that holds the archive. Prints one line per check and ends with "N passed, N failed".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

TIMEOUT_SECONDS = 60


class Suite:
    """The checks, in the order they build on each other."""

    def __init__(self, inference: str, management: str, metrics: str, digits: Path, archive: str) -> None:
        self.inference = inference
        self.management = management
        self.metrics = metrics
        self.digits = digits
        self.archive = archive
        self.reference = {
            entry["file"]: entry for entry in json.loads((digits / "reference.json").read_text())["digits"]
        }

    def checks(self) -> list[Callable[[], None]]:
        return [
            self.ping_is_healthy,
            self.unknown_model_is_404_in_torchserve_shape,
            self.registers,
            self.registering_again_is_409,
            self.predicts_each_sample_by_raw_body,
            self.predicts_by_multipart,
            self.predicts_by_put,
            self.predicts_a_named_version,
            self.garbage_is_400_beside_good_requests,
            self.describes,
            self.lists,
            self.scales,
            self.exports_metrics,
            self.unregisters,
        ]

    def ping_is_healthy(self) -> None:
        answer = requests.get(f"{self.inference}/ping", timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"status": "Healthy"}, answer.text

    def unknown_model_is_404_in_torchserve_shape(self) -> None:
        answer = requests.post(f"{self.inference}/predictions/nope", data=b"x", timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 404, answer.status_code
        assert answer.json() == {"code": 404, "type": "ModelNotFoundException", "message": "Model not found: nope"}
        assert list(answer.json()) == ["code", "type", "message"]

    def registers(self) -> None:
        answer = requests.post(
            f"{self.management}/models",
            params={"url": self.archive, "initial_workers": 2, "synchronous": "true", "batch_size": 8},
            timeout=TIMEOUT_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        # The archive's own configuration asks for one worker, and that counts more than the request.
        assert answer.json()["status"] == 'Model "digits" Version: 1.0 registered with 1 initial workers', answer.text

    def registering_again_is_409(self) -> None:
        answer = requests.post(f"{self.management}/models", params={"url": self.archive}, timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "ConflictStatusException", answer.text

    def predicts_each_sample_by_raw_body(self) -> None:
        for name in self.reference:
            answer = requests.post(
                f"{self.inference}/predictions/digits", data=(self.digits / name).read_bytes(), timeout=TIMEOUT_SECONDS
            )
            self.expect_reference(name, answer)

    def predicts_by_multipart(self) -> None:
        name = "samples/digit-3.png"
        with open(self.digits / name, "rb") as image:
            answer = requests.post(
                f"{self.inference}/predictions/digits", files={"data": image}, timeout=TIMEOUT_SECONDS
            )
        self.expect_reference(name, answer)

    def predicts_by_put(self) -> None:
        name = "samples/digit-4.png"
        answer = requests.put(
            f"{self.inference}/predictions/digits", data=(self.digits / name).read_bytes(), timeout=TIMEOUT_SECONDS
        )
        self.expect_reference(name, answer)

    def predicts_a_named_version(self) -> None:
        name = "samples/digit-9.png"
        body = (self.digits / name).read_bytes()
        answer = requests.post(f"{self.inference}/predictions/digits/1.0", data=body, timeout=TIMEOUT_SECONDS)
        self.expect_reference(name, answer)
        answer = requests.post(f"{self.inference}/predictions/digits/9", data=body, timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 404, answer.text
        assert answer.json()["type"] == "ModelVersionNotFoundException", answer.text

    def garbage_is_400_beside_good_requests(self) -> None:
        names = list(self.reference)

        def call(index: int) -> requests.Response:
            body = b"no image" if index % 5 == 0 else (self.digits / names[index % len(names)]).read_bytes()
            return requests.post(f"{self.inference}/predictions/digits", data=body, timeout=TIMEOUT_SECONDS)

        with ThreadPoolExecutor(max_workers=20) as pool:
            for index, answer in enumerate(pool.map(call, range(400))):
                if index % 5 == 0:
                    assert answer.status_code == 400, answer.text
                    assert answer.json()["type"] == "BadRequestException", answer.text
                else:
                    self.expect_reference(names[index % len(names)], answer)

    def describes(self) -> None:
        answer = requests.get(f"{self.management}/models/digits", timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        (model,) = answer.json()
        assert model["modelName"] == "digits", model
        assert model["batchSize"] == 8, model
        assert [worker["status"] for worker in model["workers"]] == ["READY"], model

    def lists(self) -> None:
        answer = requests.get(f"{self.management}/models", timeout=TIMEOUT_SECONDS)
        assert {"modelName": "digits", "modelUrl": self.archive} in answer.json()["models"], answer.text

    def scales(self) -> None:
        answer = requests.put(
            f"{self.management}/models/digits",
            params={"min_worker": 3, "synchronous": "true"},
            timeout=TIMEOUT_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "Workers scaled to 3 for model: digits", answer.text

    def exports_metrics(self) -> None:
        answer = requests.get(f"{self.metrics}/metrics", timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.status_code
        assert "sluice_" in answer.text and 'model="digits"' in answer.text, answer.text[:500]

    def unregisters(self) -> None:
        answer = requests.delete(f"{self.management}/models/digits", timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == 'Model "digits" unregistered', answer.text

    def expect_reference(self, name: str, answer: requests.Response) -> None:
        assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text}"
        expected = self.reference[name]["probabilities"]
        # JPEG decoders differ by a grey level or two, which the model turns into a little more.
        tolerance = 2e-2 if name.endswith(".jpg") else 1e-4
        for label, probability in answer.json().items():
            difference = abs(probability - expected[int(label)])
            assert difference <= tolerance, f"{name}: class {label} is {probability}, reference {expected[int(label)]}"


def main(arguments: list[str]) -> int:
    inference, management, metrics, digits, archive = arguments
    passed = failed = 0
    for check in Suite(inference, management, metrics, Path(digits), archive).checks():
        try:
            check()
            passed += 1
            print(f"ok      {check.__name__}")
        except (AssertionError, requests.RequestException, ValueError, KeyError) as error:
            failed += 1
            print(f"FAILED  {check.__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
