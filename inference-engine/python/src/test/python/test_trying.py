# SPDX-License-Identifier: Apache-2.0
"""Trying a handler in the foreground."""

import json
import os
import subprocess
import sys
import unittest

from worker_support import SCRIPT, WorkerTestCase

HANDLER = """
    import weights_reader
    from ts.handler_utils.utils import send_intermediate_predict_response as send
    from ts.utils.util import PredictionException

    class Handler:
        def initialize(self, context):
            self.weights = weights_reader.read()

        def handle(self, data, context):
            print("looking")
            value = data[0].get("body", data[0].get("data"))
            if value == "deep": return weights_reader.deep({})
            if value == "refuse": raise PredictionException("no", 404)
            if value == "item": return [PredictionException("no", 404)]
            if value == "stream":
                send(["part "], context.request_ids, "p", 200, context)
                return ["end"]
            context.metrics.add_counter("Cats", 1)
            context.set_response_header(0, "kind", type(value).__name__)
            context.set_response_status(202, "later")
            return [value]
"""


class TryingTest(WorkerTestCase):
    def setUp(self):
        super().setUp()
        self.handler(HANDLER, "model/own_handler.py")
        self.handler("def read():\n    return 1\ndef deep(d):\n    return d['weight']", "model/weights_reader.py")
        manifest = {"model": {"modelName": "cats", "handler": "own_handler.py"}}
        self.handler(json.dumps(manifest), "model/MAR-INF/MANIFEST.json")

    def run_with(self, body, *arguments, name="in.txt", python=(sys.executable,)):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(body)
        command = [*python, SCRIPT, "run", "--model-dir", "model", "--input", name, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, timeout=60)

    def test_shows_the_answer(self):
        ended = self.run_with(b'{"a": 1}', name="in.json")
        self.assertEqual((0, b'{\n  "a": 1\n}'), (ended.returncode, ended.stdout), ended.stderr)
        errors = ended.stderr.decode()
        for part in ("looking", "status: 202 later", "kind: dict", "[METRICS]Cats.Count:1|#ModelName:cats", "200 Prediction success"):
            self.assertIn(part, errors)

    def test_takes_the_content_type_and_the_part_it_is_told(self):
        ended = self.run_with(b"{}", "--content-type", "application/octet-stream", "--name", "data", name="in.json")
        self.assertIn(b"kind: bytearray", ended.stderr)

    def test_explains_errors_by_the_models_own_lines(self):
        ended = self.run_with(b"deep")
        errors = ended.stderr.decode()
        self.assertEqual((1, b""), (ended.returncode, ended.stdout))
        self.assertIn("KeyError: 'weight' (weights_reader.py:4)", errors)
        self.assertIn("  weights_reader.py:4 in deep\n    return d['weight']\n  own_handler.py:", errors)
        self.assertIn("Hint: ", errors)
        self.assertIn("503 Prediction failed", errors)
        self.assertNotIn("trying.py", errors)

    def test_ends_with_1_when_the_handler_refuses(self):
        for body in (b"refuse", b"item"):
            self.assertEqual(1, self.run_with(body).returncode)

    def test_shows_parts_as_they_come(self):
        self.assertEqual(b"part end", self.run_with(b"stream").stdout)

    def test_repeats(self):
        self.assertEqual(b"xxx", self.run_with(b"x", "--repeat", "3").stdout)

    def test_says_what_cannot_be_run(self):
        cases = [
            (["--input", "nothing"], "--input nothing: No such file"),
            (["--model-dir", "nowhere"], "no such folder: nowhere"),
            (["--repeat", "0"], "--repeat 0 (expected: 1 or more)"),
            (["--debugpy", "x"], "--debugpy x (expected: a port"),
        ]
        for arguments, message in cases:
            ended = self.run_with(b"x", *arguments)
            self.assertEqual(2, ended.returncode)
            self.assertIn(message, ended.stderr.decode())

    def test_says_when_there_is_no_debugger(self):
        ended = self.run_with(b"x", "--debugpy", "5678", python=(sys.executable, "-S"))
        self.assertEqual(2, ended.returncode)
        self.assertIn("-m pip install debugpy", ended.stderr.decode())

    def test_explains_handlers_that_do_not_load(self):
        self.handler("import a_package_nobody_has", "model/own_handler.py")
        ended = self.run_with(b"x")
        self.assertEqual(1, ended.returncode)
        self.assertIn("a_package_nobody_has is not installed", ended.stderr.decode())

    def test_runs_coroutines(self):
        self.handler("class H:\n    def initialize(self, c): pass\n    async def handle(self, d, c):\n        return ['later']", "model/own_handler.py")
        self.assertEqual(b"later", self.run_with(b"x").stdout)


if __name__ == "__main__":
    unittest.main()
