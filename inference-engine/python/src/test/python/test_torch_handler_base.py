# SPDX-License-Identifier: Apache-2.0
"""BaseHandler's own logic: what it loads, in which order, and how a batch goes through it."""

import importlib
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

from torch_handler_stand_ins import Context, Net, Numbers, torch_stand_in, without_packages

from ts.torch_handler.base_handler import BaseHandler


class Plain(BaseHandler):
    """A handler that has nothing to do with torch."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def initialize(self, context):
        self.initialized = True

    def preprocess(self, data):
        self.steps.append("preprocess")
        return [row["body"] for row in data]

    def inference(self, data):
        self.steps.append("inference")
        return [value.upper() for value in data]

    def postprocess(self, data):
        self.steps.append("postprocess")
        return data

    def get_insights(self, data, raw, target):
        return [{"data": data, "raw": raw, "target": target}]


class Steps(unittest.TestCase):
    def test_runs_without_torch(self):
        # Seen to fail when base_handler imported torch at its top.
        with without_packages():
            handler, context = Plain(), Context()
            handler.initialize(context)
            self.assertEqual(handler.handle([{"body": "a"}, {"body": "b"}], context), ["A", "B"])
        self.assertEqual(handler.steps, ["preprocess", "inference", "postprocess"])

    def test_reports_its_time(self):
        handler, context = Plain(), Context()
        handler.handle([{"body": "a"}], context)
        ((name, value, idx, unit),) = context.metrics.times
        self.assertEqual((name, idx, unit), ("HandlerTime", None, "ms"))
        self.assertGreaterEqual(value, 0)

    def test_describes_itself_to_each_request(self):
        handler = Plain()
        handler.describe_handle = lambda: "a handler"
        self.assertEqual(handler.handle([{}, {}], Context(describe="True")), ["a handler", "a handler"])
        self.assertEqual(handler.steps, [])

    def test_explains_for_the_target_of_the_first_request(self):
        handler = Plain()
        rows = [{"body": "a", "target": b"3"}, {"body": "b"}]
        answer = handler.handle(rows, Context(explain="True"))
        self.assertEqual(answer, [{"data": ["a", "b"], "raw": "a", "target": 3}])
        self.assertEqual(handler.steps, ["preprocess"])
        self.assertTrue(handler.explain)

    def test_predicts_when_explain_is_false(self):
        self.assertEqual(Plain().handle([{"body": "a"}], Context(explain="False")), ["A"])

    def test_default_steps_take_numbers_in_mappings_and_json(self):
        with without_packages(torch=torch_stand_in()):
            handler = BaseHandler()
            handler.model, handler.device = Net([]), "<cpu>"
            self.assertEqual(handler.handle([{"body": 1}, {"data": b"[2]"}], Context()), [2, [2, 2]])

    def test_missing_torch_is_named(self):
        with without_packages(), self.assertRaisesRegex(ImportError, "BaseHandler needs the package torch"):
            BaseHandler().preprocess([1])

    def test_names_of_the_module_are_worked_out_when_asked_for(self):
        module = importlib.import_module("ts.torch_handler.base_handler")
        with without_packages(torch=torch_stand_in()):
            self.assertTrue(module.PT2_AVAILABLE)
            self.assertFalse(module.ONNX_AVAILABLE)
        with self.assertRaises(AttributeError):
            module.NOTHING


class Loading(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def load(self, torch, model, config=None, gpu=None, modules=None):
        handler = BaseHandler()
        with without_packages(torch=torch, **(modules or {})):
            handler.initialize(Context(self.folder, model, config, gpu))
        return handler

    def write_model(self, text):
        name = f"model_{self.id().rpartition('.')[2]}"
        (self.folder / f"{name}.py").write_text(text)
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        return f"{name}.py"

    def test_eager_model_gets_weights_then_device_then_eval(self):
        torch = torch_stand_in()
        name = self.write_model("class Own:\n    pass\n")
        with mock.patch("ts.torch_handler.base_handler.list_classes_from_module") as classes:
            classes.return_value = [lambda: Net(torch.journal)]
            handler = self.load(torch, {"modelFile": name, "serializedFile": "w.pt"})
        weights = {"from": "w.pt", "on": "<cpu>"}
        self.assertEqual(torch.journal, [("weights", weights), ("to", "<cpu>"), ("eval",)])
        self.assertTrue(handler.initialized)
        self.assertIsNone(handler.mapping)

    def test_labels_come_from_the_archive(self):
        (self.folder / "index_to_name.json").write_text('{"0": "cat", "1": ["n1", "dog"]}')
        handler = self.load(torch_stand_in(), {"serializedFile": "m.pt"})
        self.assertEqual(handler.mapping, {"0": "cat", "1": "dog"})

    def test_two_classes_are_refused(self):
        name = self.write_model("class A:\n    pass\nclass B:\n    pass\n")
        with self.assertRaisesRegex(ValueError, "Expected only one class"):
            self.load(torch_stand_in(), {"modelFile": name})

    def test_missing_files_are_named(self):
        with self.assertRaisesRegex(RuntimeError, "Missing the model.py file: net.py"):
            self.load(torch_stand_in(), {"modelFile": "net.py"})
        with self.assertRaisesRegex(RuntimeError, "No model weights could be loaded: w.bin "):
            self.load(torch_stand_in(), {"serializedFile": "w.bin"})
        with self.assertRaisesRegex(RuntimeError, "No model weights could be loaded: no serializedFile"):
            self.load(torch_stand_in(), {})

    def test_devices(self):
        model = {"serializedFile": "m.pt"}
        self.assertEqual(self.load(torch_stand_in(cards=(0, 1)), model, gpu=1).device, "<cuda:1>")
        self.assertEqual(self.load(torch_stand_in(cards=(0,)), model).device, "<cpu>")
        self.assertEqual(self.load(torch_stand_in(mps=True), model, gpu=0).map_location, "mps")
        self.assertEqual(self.load(torch_stand_in(xpu=True), model, gpu=0).map_location, "cpu")
        with mock.patch.dict("os.environ", TS_IPEX_GPU_ENABLE="true"):
            self.assertEqual(self.load(torch_stand_in(xpu=True), model, gpu=2).device, "<xpu:2>")

    def test_compiles_what_the_yaml_wants_and_leaves_it_as_it_was(self):
        config = {"pt2": {"compile": {"enable": True, "backend": "inductor", "mode": "max-autotune"}}}
        handler = self.load(torch_stand_in(), {"serializedFile": "m.pt"}, config)
        self.assertEqual(handler.model, ("compiled", {"backend": "inductor", "mode": "max-autotune"}))
        self.assertTrue(config["pt2"]["compile"]["enable"])
        for pt2 in ("eager", {"backend": "eager"}):
            handler = self.load(torch_stand_in(), {"serializedFile": "m.pt"}, {"pt2": pt2})
            self.assertEqual(handler.model, ("compiled", {"backend": "eager"}))

    def test_serves_the_model_as_it_is_where_compiling_is_off_unknown_or_fails(self):
        for pt2 in ({"compile": {"enable": False}}, {"compile": {}}, "nonsense", {"export": {}}):
            handler = self.load(torch_stand_in(), {"serializedFile": "m.pt"}, {"pt2": pt2})
            self.assertIsInstance(handler.model, Net, pt2)
        torch = torch_stand_in()
        torch.compile = mock.Mock(side_effect=RuntimeError("no compiler"))
        with self.assertLogs("ts.torch_handler.base_handler", "WARNING") as logged:
            handler = self.load(torch, {"serializedFile": "m.pt"}, {"pt2": "eager"})
        self.assertIn("no compiler", logged.output[0])
        self.assertIsInstance(handler.model, Net)
        with self.assertRaisesRegex(ValueError, "pt2 should be str or dict: 7"):
            self.load(torch_stand_in(), {"serializedFile": "m.pt"}, {"pt2": 7})

    def test_compiled_libraries_need_the_yaml_and_a_torch_that_can(self):
        config = {"pt2": {"export": {"aot_compile": True}}}
        torch = torch_stand_in(cards=(0,))
        torch._export = types.SimpleNamespace(aot_load=lambda path, device: ("aot", Path(path).name, device))
        handler = self.load(torch, {"serializedFile": "m.so"}, config, gpu=0)
        self.assertEqual(handler.model, ("aot", "m.so", "cuda"))
        self.assertIn(("card", "<cuda:0>"), torch.journal)
        with self.assertRaisesRegex(RuntimeError, "No model weights"):
            self.load(torch, {"serializedFile": "m.so"})
        old = torch_stand_in()
        old.__version__ = "2.0"
        with self.assertRaisesRegex(RuntimeError, "torch 2.0 cannot load a compiled .so"):
            self.load(old, {"serializedFile": "m.so"}, config)

    def test_onnx_needs_no_torch(self):
        runtime = types.ModuleType("onnxruntime")
        runtime.SessionOptions = types.SimpleNamespace
        runtime.InferenceSession = Session
        handler = self.load(None, {"serializedFile": "m.onnx"}, modules={"onnxruntime": runtime})
        self.assertEqual(handler.model.providers, ["CPUExecutionProvider"])
        with without_packages():
            self.assertEqual(handler.inference(Numbers([1, 2])).values, [10, 20])
        with self.assertRaisesRegex(ImportError, "needs the package onnxruntime"):
            self.load(None, {"serializedFile": "m.onnx"})


class Session:
    """A session of ONNX Runtime."""

    def __init__(self, path, sess_options, providers):
        self.providers = providers

    def get_inputs(self):
        return [types.SimpleNamespace(name="x")]

    def run(self, names, feed):
        return [Numbers([10 * value for value in feed["x"].values])]


if __name__ == "__main__":
    unittest.main()
