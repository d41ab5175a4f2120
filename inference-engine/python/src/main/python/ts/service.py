# SPDX-License-Identifier: Apache-2.0
"""A loaded model: its context and the function that answers batches.

Source: torchserve.md 7.5, 7.6.
"""

import json
import os

import ts
from sluice_worker.calls import Call
from ts.context import Context, RequestProcessor
from ts.utils.util import PredictionException, get_yaml_config

PREDICTION_METRIC = "PredictionTime"

__all__ = ["PREDICTION_METRIC", "PredictionException", "Service", "emit_metrics"]


class Service:
    """Answers batches with an entry point ``f(data, context)``.

    Threads: one batch at a time.
    """

    def __init__(
        self,
        model_name,
        model_dir,
        manifest,
        entry_point,
        gpu,
        batch_size,
        limit_max_image_pixels=True,
        metrics_cache=None,
    ):
        self._context = Context(
            model_name,
            model_dir,
            manifest,
            batch_size,
            gpu,
            ts.__version__,
            limit_max_image_pixels,
            metrics_cache,
            _model_settings(model_dir, manifest),
        )
        self._entry_point = entry_point
        self.cl_socket = None

    @property
    def context(self):
        """What the handler is told."""
        return self._context

    @property
    def entry_point(self):
        """The function that answers batches."""
        return self._entry_point

    @staticmethod
    def retrieve_data_for_inference(batch):
        """Headers, inputs and ids of the requests that retrieve_msg has read."""
        if batch is None:
            raise ValueError("Received invalid inputs")
        headers, inputs, ids = [], [], {}
        for index, request in enumerate(batch):
            told = {part["name"]: {"content-type": part["contentType"]} for part in request["parameters"]}
            for header in request.get("headers") or ():
                told[header["name"].decode()] = header["value"].decode()
            headers.append(RequestProcessor(told))
            inputs.append({part["name"]: part["value"] for part in request["parameters"]})
            ids[index] = request["requestId"].decode()
        return headers, inputs, ids

    def set_cl_socket(self, cl_socket):
        """Says where parts of answers go."""
        self.cl_socket = cl_socket

    def predict(self, batch):
        """The reply to a batch that retrieve_msg has read. None on ranks but the first."""
        headers, inputs, ids = self.retrieve_data_for_inference(batch)
        self._context.cl_socket = self.cl_socket
        call = Call(self._context, ids, headers)
        chunks = call.answer(self._entry_point, inputs)
        call.report()
        return None if str(os.getenv("LOCAL_RANK", 0)) != "0" else bytearray(b"".join(chunks))


def emit_metrics(metrics):
    """Sends metrics of the old kind, one line each."""
    from sluice_worker import output

    for metric in metrics or ():
        output.metric(f"[METRICS]{metric}")


def _model_settings(model_dir, manifest):
    """The model's YAML; where PyYAML is missing, as the server has read it."""
    name = ((manifest or {}).get("model") or {}).get("configFile")
    if not name:
        return {}
    parsed = os.environ.get("SLUICE_MODEL_CONFIG")
    if parsed:
        try:
            import yaml  # noqa: F401
        except ImportError:
            return json.loads(parsed)
    return get_yaml_config(os.path.join(model_dir, name))
