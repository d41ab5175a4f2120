# SPDX-License-Identifier: Apache-2.0
"""How handlers are found, and what a context is. Source: torchserve.md 7.6."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import unittest
from unittest import mock

from worker_support import HOME, WorkerTestCase, predict, request

from ts.context import Context, RequestProcessor
from ts.model_loader import ModelLoader, ModelLoaderFactory, TsModelLoader
from ts.service import Service
from ts.utils import util


class LoaderTest(WorkerTestCase):
    def setUp(self):
        super().setUp()
        sys.path.insert(0, self.folder)
        self.addCleanup(sys.path.remove, self.folder)
        importlib.invalidate_caches()
        self.before = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - self.before])

    def service(self, handler, **named):
        importlib.invalidate_caches()
        return ModelLoaderFactory.get_model_loader().load("m", self.folder, handler, None, 1, **named)

    def test_takes_functions_and_single_classes(self):
        self.handler("calls = []\ndef handle(d, c):\n    calls.append(d)\n    return ['handle']\ndef other(d, c):\n    return ['other']", "fn.py")
        self.handler(
            """
            from ts.service import Service
            class Own:
                def initialize(self, context): self.ready = True
                def handle(self, data, context): return [self.ready]
            """,
            "cls.py",
        )
        self.assertEqual(["handle"], self.service("fn.py").entry_point([], None))
        self.assertEqual([None], sys.modules["fn"].calls[:1])
        for handler, result in (("fn", "handle"), ("fn:other", "other"), ("fn.py:other", "other"), ("a/b/fn.py:other", "other")):
            self.assertEqual([result], self.service(handler).entry_point([], None), handler)
        self.assertEqual([True], self.service("cls.py").entry_point([], None))
        self.assertIsInstance(ModelLoaderFactory.get_model_loader(), TsModelLoader)
        self.assertTrue(issubclass(TsModelLoader, ModelLoader))

    def test_wraps_the_entry_in_an_envelope(self):
        self.handler("def handle(d, c):\n    return d and ['inner']", "enveloped.py")
        wrapper = mock.Mock(side_effect=lambda entry: mock.Mock(handle=lambda d, c: ["outer", *entry(d, c)]))
        with mock.patch.object(TsModelLoader, "_load_default_envelope", return_value=wrapper):
            self.assertEqual(["outer", "inner"], self.service("enveloped", envelope="body").entry_point([1], None))

    def test_says_what_is_wrong_with_a_handler(self):
        self.handler("class A: pass\nclass B: pass", "two.py")
        self.handler("import not_to_be_had", "imports.py")
        self.handler("class A:\n    def initialize(self, c): pass", "none.py")
        for handler, error, text in (
            ("two.py", ValueError, "Expected only one class.*A, B.*no function handle"),
            ("two:run", ValueError, "no function run"),
            ("none", ValueError, "Expect handle method in class A"),
            ("imports.py", ImportError, "not_to_be_had"),
            ("nowhere.py", ImportError, "No module named 'nowhere'"),
            ("", ValueError, "names no handler"),
        ):
            with self.assertRaisesRegex(error, text, msg=handler):
                self.service(handler)

    def test_hands_over_manifest_and_settings(self):
        self.handler("def handle(d, c):\n    return []", "settled.py")
        self.handler(json.dumps({"model": {"configFile": "c.yaml"}}), "MAR-INF/MANIFEST.json")
        self.handler("handler:\n  limit: 5\n  names: [a, b]\n", "c.yaml")
        context = self.service("settled").context
        self.assertEqual({"handler": {"limit": 5, "names": ["a", "b"]}}, context.model_yaml_config)
        self.assertEqual("c.yaml", context.manifest["model"]["configFile"])

    def test_takes_settings_from_the_server_without_pyyaml(self):
        self.handler("", "c.yaml")
        manifest = {"model": {"configFile": "c.yaml"}}
        with mock.patch.dict(sys.modules, yaml=None), mock.patch.dict(os.environ, SLUICE_MODEL_CONFIG='{"a": 1}'):
            self.assertEqual({"a": 1}, Service("m", self.folder, manifest, None, None, 1).context.model_yaml_config)

    def test_the_models_own_files_win_over_ours(self):
        for name in ("output.py", "wire.py", "service.py", "context.py", "metrics.py", "json_tool.py"):
            self.handler("mine = True", name)
        self.handler("raise ImportError('not this one')", "ts.py")
        worker = self.loaded(
            """
            import output, wire, service, context, metrics, sys
            from ts.context import Context
            mine = all(module.mine for module in (output, wire, service, context, metrics))
            def handle(d, c):
                return d and [f"{mine} {isinstance(c, Context)} {sum(p.endswith('sluice_worker') for p in sys.path)}"]
            """
        )
        self.assertEqual(b"True True 0", worker.call(predict(request()))[2][0]["body"])

    def test_goes_on_in_an_installed_original(self):
        self.handler("", "site/ts/__init__.py")
        self.handler("here = 'original'", "site/ts/only_there.py")
        self.handler("here = 'original'", "site/ts/utils/only_there.py")
        self.handler("here = 'original'", "site/ts/context.py")
        self.handler("", "site/ts/utils/__init__.py")
        program = (
            "import ts.only_there, ts.utils.only_there, ts.context;"
            "print(ts.only_there.here, ts.utils.only_there.here, ts.context.__file__)"
        )
        variables = {**os.environ, "PYTHONPATH": f"{HOME}:{self.folder}/site"}
        ended = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=60)
        self.assertEqual(f"original original {HOME / 'ts' / 'context.py'}\n", ended.stdout, ended.stderr)

    def test_runs_the_originals_worker_if_that_is_installed(self):
        self.handler("", "site/ts/__init__.py")
        self.handler("import sys, ts\nprint(__name__, ts.__path__[0], sys.argv[1:])", "site/ts/model_service_worker.py")
        command = [sys.executable, str(HOME / "sluice_worker" / "__main__.py"), "original", "--", "--sock-type", "unix"]
        variables = {**os.environ, "PYTHONPATH": f"{self.folder}/site"}
        ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)
        self.assertEqual(f"__main__ {self.folder}/site/ts ['--sock-type', 'unix']\n", ended.stdout, ended.stderr)
        ended = subprocess.run([sys.executable, "-S", *command[1:]], capture_output=True, text=True, timeout=60)
        self.assertEqual(1, ended.returncode)
        self.assertIn("torchserve is not installed", ended.stderr)


class ContextTest(unittest.TestCase):
    def test_keeps_what_is_said_about_each_answer(self):
        context = Context("m", "/m", None, 2, None, "1")
        self.assertIsNone(context.get_request_id())
        context.request_ids = {0: "a", 1: "b"}
        context.request_processor = [RequestProcessor({"K": "v", "ts_request_sequence_id": "s"}), RequestProcessor({})]
        context.set_response_content_type(0, "text/x")
        context.set_all_response_status(201, "made")
        context.set_response_status(404, idx=1)
        self.assertEqual(("a", "b", None), tuple(context.get_request_id(i) for i in range(3)))
        self.assertEqual(("v", None, "s"), (context.get_request_header(0, "K"), context.get_request_header(0, "k"), context.get_sequence_id(0)))
        self.assertEqual(({"content-type": "text/x"}, {}), (context.get_response_headers(0), context.get_response_headers(1)))
        self.assertEqual(("text/x", None), (context.get_response_content_type(0), context.get_response_content_type(1)))
        self.assertEqual(((201, "made"), (404, "")), (context.get_response_status(0), context.get_response_status(1)))
        self.assertEqual({"K": "v", "ts_request_sequence_id": "s"}, context.get_all_request_header(0))

    def test_names_headers_of_sequences_as_the_server_says(self):
        with mock.patch.dict(os.environ, TS_REQUEST_SEQUENCE_ID="X-Seq"):
            self.assertEqual("X-Seq", Context("m", "/m", None, 1, None, "1").header_key_sequence_id)


class UtilTest(WorkerTestCase):
    def test_reads_labels_in_all_forms(self):
        cases = [
            ({"0": "cat"}, {"0": "cat"}),
            ({"0": ["n1", "tabby"]}, {"0": "tabby"}),
            ({"object_type_names": ["a", "b"]}, {"0": "a", "1": "b"}),
        ]
        path = pathlib.Path(self.folder, "index_to_name.json")
        for text, expected in cases:
            path.write_text(json.dumps(text))
            self.assertEqual(expected, util.load_label_mapping(str(path)))
        for text in ("[]", '{"0": 5}', '{"0": []}'):
            path.write_text(text)
            self.assertRaises(Exception, util.load_label_mapping, str(path))
        with self.assertLogs(level="WARNING"):
            self.assertIsNone(util.load_label_mapping(str(path) + "x"))

    def test_maps_classes_to_labels(self):
        labels = {"0": "a", "1": "b"}
        self.assertEqual([{"a": 0.2, "b": 0.8}], util.map_class_to_label([[0.2, 0.8]], labels))
        self.assertEqual([{"b": 0.8, "a": 0.2}], util.map_class_to_label([[0.8, 0.2]], labels, [[1, 0]]))
        self.assertEqual([{"0": 1}], util.map_class_to_label([[1]]))
        self.assertRaises(Exception, util.map_class_to_label, ((1,),))

    def test_prints_a_refusal_with_its_status(self):
        self.assertEqual("no : 404", str(util.PredictionException("no", 404)))
        self.assertEqual(500, util.PredictionException("no").error_code)


if __name__ == "__main__":
    unittest.main()
