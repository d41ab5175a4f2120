# SPDX-License-Identifier: Apache-2.0
"""The handler every other one is derived from: it loads a PyTorch or ONNX model and answers in three steps.

torch is imported when a handler first needs it: one that overrides ``initialize`` and the three steps can do without.
"""

import abc
import importlib
import inspect
import json
import logging
import os
import time

from ts.handler_utils.timer import timed

from ..utils.util import (
    check_valid_pt2_backend,
    list_classes_from_module,
    load_label_mapping,
)
from ._optional import have, need
from ._tensors import is_tensor, merged, named, parted, tensors_of, to_torch, value_of

logger = logging.getLogger(__name__)


def _torch():
    return globals().get("torch") or need("torch", "BaseHandler")


_ASKED_FOR = {
    "torch": _torch,
    "ProfilerActivity": lambda: _torch().profiler.ProfilerActivity,
    "profile": lambda: _torch().profiler.profile,
    "record_function": lambda: _torch().profiler.record_function,
    "PROFILER_AVAILABLE": lambda: hasattr(_torch(), "profiler"),
    "PT2_AVAILABLE": lambda: hasattr(_torch(), "compile"),
    "PT230_AVAILABLE": lambda: hasattr(getattr(_torch(), "_export", None), "aot_load"),
    "XLA_AVAILABLE": lambda: have("torch_xla.core.xla_model") is not None,
    "xm": lambda: need("torch_xla.core.xla_model", "BaseHandler"),
    "IPEX_AVAILABLE": lambda: _ipex() is not None,
    "ONNX_AVAILABLE": lambda: have("onnxruntime") is not None,
    "ort": lambda: need("onnxruntime", "a model in ONNX"),
}


def __getattr__(name):
    """What custom handlers find in this module besides the class, worked out when one asks for it."""
    if name not in _ASKED_FOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _ASKED_FOR[name]()


# Backends of torch.compile that are there once their package was imported.
_BACKEND_MODULES = {"openvino": "openvino.torch", "tensorrt": "torch_tensorrt"}


def _ipex():
    """Intel's extension, where the server switched it on and it is installed."""
    if os.environ.get("TS_IPEX_ENABLE", "false") != "true":
        return None
    ipex = have("intel_extension_for_pytorch")
    if ipex is None:
        logger.warning("ipex_enable is true, but intel-extension-for-pytorch is not installed: going on without it")
    return ipex


def setup_ort_session(model_pt_path, map_location):
    """A session of ONNX Runtime for the file, on the graphics card if ``map_location`` says ``cuda``."""
    ort = need("onnxruntime", "a model in ONNX")
    options = ort.SessionOptions()
    options.intra_op_num_threads = _processors()
    providers = ["CPUExecutionProvider"]
    if map_location == "cuda":
        providers.insert(0, "CUDAExecutionProvider")
    return ort.InferenceSession(model_pt_path, sess_options=options, providers=providers)


def _processors():
    """The processors this process may use, which a limit of the worker can make fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class BaseHandler(abc.ABC):
    """Loads what the archive brings and answers requests by ``preprocess``, ``inference`` and ``postprocess``.

    Subclasses override the steps they do differently, or ``initialize`` to load a model of another kind.
    """

    def __init__(self):
        self.model = None
        self.mapping = None
        self.device = None
        self.initialized = False
        self.context = None
        self.model_pt_path = None
        self.manifest = None
        self.map_location = None
        self.explain = False
        self.target = 0
        self.profiler_args = {}

    def initialize(self, context):
        """Chooses the device, loads the model onto it, compiles it if the model's YAML says so, and reads the labels.

        Raises RuntimeError where the archive has no model this class can load.
        """
        if hasattr(context, "model_yaml_config"):
            self.model_yaml_config = context.model_yaml_config or {}
        properties = context.system_properties
        self.manifest = context.manifest
        model = self.manifest["model"]
        model_dir = properties.get("model_dir")
        self.model_pt_path = None
        if model.get("serializedFile"):
            self.model_pt_path = os.path.join(model_dir, model["serializedFile"])
        self._choose_device(properties)
        self.model = self._load(properties, model_dir, model.get("modelFile", ""))
        self._optimize()
        logger.debug("Loaded the model from %s", self.model_pt_path)
        self.mapping = load_label_mapping(os.path.join(model_dir, "index_to_name.json"))
        self.initialized = True

    def _choose_device(self, properties):
        if self._is_onnx_file() and have("torch") is None:
            self.map_location = self.device = "cpu"
            return
        torch = _torch()
        gpu = properties.get("gpu_id")
        if gpu is not None and torch.cuda.is_available():
            self._use("cuda", f"cuda:{gpu}")
            if torch.cuda.get_device_capability(self.device) >= (8, 0):
                torch.set_float32_matmul_precision("high")  # lets these cards use their tensor cores
        elif gpu is not None and os.environ.get("TS_IPEX_GPU_ENABLE", "false") == "true" and torch.xpu.is_available():
            self._use("xpu", f"xpu:{gpu}")
        elif gpu is not None and torch.backends.mps.is_available():
            self._use("mps", "mps")
        elif have("torch_xla.core.xla_model") is not None:
            self.device = have("torch_xla.core.xla_model").xla_device()
        else:
            self._use("cpu", "cpu")

    def _use(self, map_location, device):
        self.map_location = map_location
        self.device = _torch().device(device)

    def _is_onnx_file(self):
        return (self.model_pt_path or "").endswith(".onnx")

    def _load(self, properties, model_dir, model_file):
        path = self.model_pt_path or ""
        if model_file:
            model = self._load_pickled_model(model_dir, model_file, self.model_pt_path)
            model.to(self.device)
            model.eval()
            return model
        if path.endswith(".pt"):
            model = self._load_torchscript_model(path)
            model.eval()
            return model
        if path.endswith(".onnx"):
            return setup_ort_session(path, self.map_location)
        if path.endswith(".so") and self._use_torch_export_aot_compile():
            if self.map_location == "cuda":
                _torch().cuda.set_device(self.device)  # what is loaded next goes to the current card
            return self._load_torch_export_aot_compile(path)
        raise RuntimeError(
            f"No model weights could be loaded: {os.path.basename(path) or 'no serializedFile'} "
            "(expected: a modelFile, or a serializedFile that ends in .pt, .onnx, "
            "or .so with pt2.export.aot_compile in the model's YAML)"
        )

    def _optimize(self):
        options = self._compile_options()
        if options is not None:
            self._compile(options)
            return
        ipex = _ipex()
        if ipex is not None:
            channels_last = _torch().channels_last
            self.model = ipex.optimize(self.model.to(memory_format=channels_last).to(self.device))
            logger.info("Optimized the model with ipex")

    def _compile_options(self):
        """What ``pt2`` of the model's YAML wants handed to torch.compile; None: leave the model as it is."""
        wanted = getattr(self, "model_yaml_config", {}).get("pt2")
        if wanted is None:
            return None
        if isinstance(wanted, str):
            options = {"backend": wanted}
        elif not isinstance(wanted, dict):
            raise ValueError(f"pt2 should be str or dict: {wanted!r}")
        elif "compile" in wanted:
            options = dict(wanted["compile"])
            if options.pop("enable", False) is not True:
                return None
        elif "export" in wanted:
            return None
        else:
            options = dict(wanted)
        if "backend" in options and not check_valid_pt2_backend(options["backend"]):
            return None
        return options

    def _compile(self, options):
        shown = ", ".join(f"{key} {value}" for key, value in options.items())
        if options.get("backend") in _BACKEND_MODULES:
            have(_BACKEND_MODULES[options["backend"]])
        try:
            self.model = _torch().compile(self.model, **options)
            logger.info("Compiled the model with %s", shown)
        except Exception as failure:  # pylint: disable=broad-except
            logger.warning("Could not compile the model with %s, it is served as it is: %s", shown, failure)

    def _load_torch_export_aot_compile(self, model_so_path):
        torch = _torch()
        if not hasattr(getattr(torch, "_export", None), "aot_load"):
            raise RuntimeError(f"torch {torch.__version__} cannot load a compiled .so (expected: 2.3 or newer)")
        return torch._export.aot_load(model_so_path, self.map_location)

    def _load_torchscript_model(self, model_pt_path):
        return _torch().jit.load(model_pt_path, map_location=self.device)

    def _load_pickled_model(self, model_dir, model_file, model_pt_path):
        """An instance of the only class in ``model_file``, with the weights of the state dict beside it."""
        if not os.path.isfile(os.path.join(model_dir, model_file)):
            raise RuntimeError(f"Missing the model.py file: {model_file} is not in the archive")
        module = importlib.import_module(model_file.split(".")[0])
        classes = list_classes_from_module(module)
        if len(classes) != 1:
            raise ValueError(f"Expected only one class as model definition. {classes}")
        model = classes[0]()
        if model_pt_path:
            device = self.device if self.map_location is not None else None
            model.load_state_dict(_torch().load(model_pt_path, map_location=device))
        return model

    def _use_torch_export_aot_compile(self):
        wanted = getattr(self, "model_yaml_config", {}).get("pt2")
        export = wanted.get("export") if isinstance(wanted, dict) else None
        return isinstance(export, dict) and export.get("aot_compile") is True

    @timed
    def preprocess(self, data):
        """One tensor of everything that came; of tensors, one below the other."""
        torch = _torch()
        requests = len(data) > 0 and isinstance(data[0], dict)
        if requests:
            data = [_number(value_of(row)) for row in data]
        if len(data) > 0 and is_tensor(data[0]):
            # A request's tensor has a dimension for rows; an item that an envelope took out of one has not.
            join = torch.cat if requests else torch.stack
            return join([to_torch(value, torch) for value in data]).to(self.device)
        return torch.as_tensor(data, device=self.device)

    @timed
    def inference(self, data, *args, **kwargs):
        """What the model says to the data."""
        if hasattr(self.model, "get_inputs") and hasattr(self.model, "run"):
            return self._run_onnx(data, *args)
        with _torch().inference_mode():
            return self.model(data.to(self.device), *args, **kwargs)

    def _run_onnx(self, *values):
        inputs = self.model.get_inputs()
        if len(values) != len(inputs):
            raise ValueError(f"{len(values)} inputs (expected: {[each.name for each in inputs]})")
        arrays = [value.cpu().numpy() if hasattr(value, "cpu") else value for value in values]
        outputs = self.model.run(None, {each.name: array for each, array in zip(inputs, arrays)})
        torch = have("torch")
        if torch is not None:
            outputs = [torch.from_numpy(array) for array in outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    @timed
    def postprocess(self, data):
        """The rows of the model's tensor as lists, one for each request."""
        return data.tolist()

    def handle(self, data, context):
        """Answers a batch: ``data`` has one item for each request, and so has the list that is returned."""
        start = time.time()
        self.context = context
        if os.environ.get("ENABLE_TORCH_PROFILER"):
            if self.manifest is None:
                self.manifest = context.manifest
            output, _ = self._infer_with_profiler(data=data)
        elif self._is_describe():
            output = [self.describe_handle() for _ in data or [None]]
        elif self._is_explain():
            output = self.explain_handle(self.preprocess(data), data)
        elif self._passes_tensors_through(data):
            output = self._handle_tensors(data)
        else:
            output = self.postprocess(self.inference(self.preprocess(data)))
        context.metrics.add_time("HandlerTime", round((time.time() - start) * 1000, 2), None, "ms")
        return output

    def _passes_tensors_through(self, data):
        """Whether tensors came, and no subclass has its own idea of what becomes of a request."""
        kind = type(self)
        plain = kind.preprocess is BaseHandler.preprocess and kind.postprocess is BaseHandler.postprocess
        return plain and bool(data) and all(tensors_of(row) is not None for row in data)

    def _handle_tensors(self, data):
        """Tensors for tensors: any number of inputs, outputs and rows in each request."""
        inputs, counts = merged(data, _torch(), self.device)
        outputs = self.inference(*(inputs[name] for name in self._in_order(inputs)))
        return parted(named(outputs), counts)

    def _in_order(self, names):
        """The names as the model declares them; as they came, where it does not know them."""
        declared = _declared_inputs(self.model)
        return [name for name in declared if name in names] if set(names) <= set(declared) else list(names)

    def _infer_with_profiler(self, data):
        """The three steps under torch's profiler, whose trace goes below /tmp/pytorch_profiler."""
        profiler = _torch().profiler
        arguments = self.profiler_args
        if not arguments:
            arguments["activities"] = [profiler.ProfilerActivity.CPU, profiler.ProfilerActivity.CUDA]
            arguments["record_shapes"] = True
        if "on_trace_ready" not in arguments:
            name = ((self.manifest or {}).get("model") or {}).get("modelName", "")
            folder = os.path.join("/tmp/pytorch_profiler", name)
            arguments["on_trace_ready"] = profiler.tensorboard_trace_handler(folder)
            logger.info("Saving chrome trace to : %s", folder)
        with profiler.profile(**arguments) as prof:
            with profiler.record_function("preprocess"):
                preprocessed = self.preprocess(data)
            if self._is_explain():
                with profiler.record_function("explain"):
                    output = self.explain_handle(preprocessed, data)
            else:
                with profiler.record_function("inference"):
                    output = self.inference(preprocessed)
                with profiler.record_function("postprocess"):
                    output = self.postprocess(output)
        logger.info("%s", prof.key_averages().table(sort_by="cpu_time_total", row_limit=10))
        return output, prof

    def explain_handle(self, data_preprocess, raw_data):
        """What ``get_insights`` of the subclass says to the batch, for the target the first request names."""
        inputs, target = None, 0
        row = raw_data[0]
        if isinstance(row, dict):
            inputs = value_of(row)
            target = _number(row.get("target")) or 0
        return self.get_insights(data_preprocess, inputs, target)

    def _is_explain(self):
        if self._header("explain"):
            self.explain = True
            return True
        return False

    def _is_describe(self):
        return self._header("describe")

    def _header(self, name):
        return bool(self.context) and self.context.get_request_header(0, name) == "True"

    def describe_handle(self):
        """What the model has to say of itself; nothing, unless a subclass does."""

    def get_device(self):
        """The device the model is on."""
        return self.device


def _declared_inputs(model):
    """The names of a model's inputs, as ONNX, TorchScript or Python have them; none where it does not say."""
    if hasattr(model, "get_inputs"):
        return [each.name for each in model.get_inputs()]
    forward = getattr(model, "forward", model)
    if hasattr(forward, "schema"):
        return [each.name for each in forward.schema.arguments]
    try:
        return list(inspect.signature(forward).parameters)
    except (TypeError, ValueError):
        return []


def _number(value):
    """The value as something a tensor can be made of: what came as text or bytes is read as JSON."""
    return json.loads(value) if isinstance(value, (bytes, bytearray, str)) else value
