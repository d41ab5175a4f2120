"""Write the trained network as TorchScript, twice, ONNX, SavedModel and TFLite, and compare them.

The TensorFlow forms copy the trained weights instead of training again: the server's
runtimes can only be compared with each other if the numbers in them are the same.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import tensorflow as tf
import torch
from torch import nn

ONNX_OPSET = 17
CHECKED_BATCHES = (1, 8)
CLASSES = 10

Predict = Callable[[np.ndarray], np.ndarray]


class TfDigitNet(tf.Module):
    """The same network for TensorFlow, which on a CPU convolves channels-last only.

    It takes and flattens channels-first like the original, so the weights of the linear
    layers need no reordering.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(name="digits")
        weights = {name: value.numpy() for name, value in model.state_dict().items()}
        self.conv1_kernel = tf.Variable(weights["conv1.weight"].transpose(2, 3, 1, 0))
        self.conv1_bias = tf.Variable(weights["conv1.bias"])
        self.conv2_kernel = tf.Variable(weights["conv2.weight"].transpose(2, 3, 1, 0))
        self.conv2_bias = tf.Variable(weights["conv2.bias"])
        self.fc1_kernel = tf.Variable(weights["fc1.weight"].T)
        self.fc1_bias = tf.Variable(weights["fc1.bias"])
        self.fc2_kernel = tf.Variable(weights["fc2.weight"].T)
        self.fc2_bias = tf.Variable(weights["fc2.bias"])

    @tf.function(
        input_signature=[tf.TensorSpec([None, 1, 8, 8], tf.float32, name="image")]
    )
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        x = tf.transpose(image, [0, 2, 3, 1])
        x = tf.nn.relu(tf.nn.conv2d(x, self.conv1_kernel, 1, "SAME") + self.conv1_bias)
        x = tf.nn.relu(tf.nn.conv2d(x, self.conv2_kernel, 1, "SAME") + self.conv2_bias)
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, 32 * 4 * 4])
        x = tf.nn.relu(tf.matmul(x, self.fc1_kernel) + self.fc1_bias)
        return {"logits": tf.matmul(x, self.fc2_kernel) + self.fc2_bias}


def example_batch(rows: int) -> torch.Tensor:
    """A batch to trace with; its values do not matter, the number of rows may."""
    return torch.zeros(rows, 1, 8, 8)


def export_torchscript(model: nn.Module, path: Path) -> None:
    """Trace, freeze and save, leaving out the debug records.

    Those hold the paths of the source files on the training machine.
    """
    scripted = torch.jit.freeze(torch.jit.trace(model, example_batch(2)))
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    buffer.seek(0)
    reader = torch._C.PyTorchFileReader(buffer)
    writer = torch._C.PyTorchFileWriter(str(path))
    # The writer adds these two records itself.
    written_by_itself = {"version", ".data/serialization_id"}
    for name in reader.get_all_records():
        if name not in written_by_itself and not name.endswith(".debug_pkl"):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()


def export_mobile(torchscript: Path, path: Path) -> None:
    """Save the exported network once more, as PyTorch Mobile reads it: with bytecode beside the code."""
    torch.jit.load(str(torchscript))._save_for_lite_interpreter(str(path))


def export_onnx(model: nn.Module, path: Path) -> None:
    torch.onnx.export(
        model,
        (example_batch(2),),
        str(path),
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=ONNX_OPSET,
        dynamo=False,
    )


def export_saved_model(model: nn.Module, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    module = TfDigitNet(model)
    tf.saved_model.save(
        module, str(folder), signatures={"serving_default": module.serve}
    )


def export_tflite(saved_model: Path, path: Path) -> None:
    """Convert the SavedModel, which keeps its signature and the open batch dimension."""
    path.write_bytes(
        tf.lite.TFLiteConverter.from_saved_model(str(saved_model)).convert()
    )


def export_all(model: nn.Module, out: Path) -> None:
    """Write all five forms below ``out``."""
    export_torchscript(model, out / "digits.pt")
    export_mobile(out / "digits.pt", out / "digits.ptl")
    export_onnx(model, out / "digits.onnx")
    export_saved_model(model, out / "saved_model")
    export_tflite(out / "saved_model", out / "digits.tflite")


def torchscript_predictor(path: Path) -> Predict:
    model = torch.jit.load(str(path))

    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(batch)).numpy()

    return predict


def onnx_predictor(path: Path) -> Predict:
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    return lambda batch: session.run(["logits"], {"image": batch})[0]


def saved_model_predictor(folder: Path) -> Predict:
    loaded = tf.saved_model.load(str(folder))
    serve = loaded.signatures["serving_default"]
    # The default arguments keep the loaded model, and with it the weights, alive.
    return lambda batch, _model=loaded: serve(image=tf.constant(batch))[
        "logits"
    ].numpy()


def tflite_predictor(path: Path) -> Predict:
    interpreter = tf.lite.Interpreter(model_content=path.read_bytes())
    input_index = interpreter.get_input_details()[0]["index"]
    output_index = interpreter.get_output_details()[0]["index"]

    def predict(batch: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(input_index, batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(input_index, batch)
        interpreter.invoke()
        return interpreter.get_tensor(output_index)

    return predict


def predictors(out: Path) -> dict[str, Predict]:
    return {
        "digits.pt": torchscript_predictor(out / "digits.pt"),
        "digits.ptl": torchscript_predictor(out / "digits.ptl"),
        "digits.onnx": onnx_predictor(out / "digits.onnx"),
        "saved_model": saved_model_predictor(out / "saved_model"),
        "digits.tflite": tflite_predictor(out / "digits.tflite"),
    }


def max_deviations(
    out: Path, batch: np.ndarray, expected: np.ndarray
) -> dict[str, float]:
    """Largest absolute difference of a logit from the eager model, for each export.

    Batches of one and of eight are run too, as an export can fix the batch size unnoticed.
    """
    deviations: dict[str, float] = {}
    for name, predict in predictors(out).items():
        worst = 0.0
        for rows in (len(batch), *CHECKED_BATCHES):
            actual = predict(batch[:rows])
            if actual.shape != (rows, CLASSES):
                raise SystemExit(
                    f"{name}: {rows} rows gave an output of shape {actual.shape}"
                )
            worst = max(worst, float(np.abs(actual - expected[:rows]).max()))
        deviations[name] = worst
    return deviations
