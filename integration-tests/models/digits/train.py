"""Train the bundled digit classifier and write every file derived from it.

One run yields the model in four formats, the sample images and
``reference.json``, so none of them can drift from the others::

    python train.py              # writes next to this script
    python train.py --out /some/folder
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import exporters
import samples
from preprocessing import normalise_grey

SEED = 20261121
HOLD_OUT = 0.2
EPOCHS = 60
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-4
LABEL_SMOOTHING = 0.05
MIN_ACCURACY = 0.97
MAX_DEVIATION = 1e-5
MAX_ARTIFACT_BYTES = 2 * 1024 * 1024


class DigitNet(nn.Module):
    """Two small convolutions and a linear layer; logits, no softmax.

    The server's post-processing applies softmax, so the model does not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.3)
        self.fc1 = nn.Linear(32 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv1(image))
        x = self.pool(torch.relu(self.conv2(x)))
        x = self.drop(torch.flatten(x, 1))
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


@dataclass(frozen=True)
class Digits:
    """The data set as 8-bit grey images, split into training and held-out rows."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_data() -> Digits:
    """Load the scans and quantise 0..16 to 0..255.

    Training on the quantised values means a PNG file holds exactly what the model saw.
    """
    digits = load_digits()
    grey = np.rint(digits.images * 255 / 16).astype(np.uint8)
    parts = train_test_split(
        grey,
        digits.target,
        test_size=HOLD_OUT,
        stratify=digits.target,
        random_state=SEED,
    )
    train_images, test_images, train_labels, test_labels = parts
    return Digits(train_images, train_labels, test_images, test_labels)


def to_batch(images: np.ndarray) -> torch.Tensor:
    """Turn ``[N,8,8]`` bytes into the normalised ``[N,1,8,8]`` input of the model."""
    return torch.from_numpy(normalise_grey(images)[:, np.newaxis])


def make_deterministic() -> None:
    """Seed every generator; one thread, as the order of additions changes the last bits."""
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def random_shift(batch: torch.Tensor) -> torch.Tensor:
    """Move the batch by at most one pixel; the data set is too small to teach that alone."""
    dy, dx = (int(v) for v in torch.randint(-1, 2, (2,)))
    background = float(batch.min())
    padded = nn.functional.pad(batch, (1, 1, 1, 1), value=background)
    return padded[:, :, 1 + dy : 9 + dy, 1 + dx : 9 + dx]


def train_model(images: torch.Tensor, labels: torch.Tensor) -> DigitNet:
    """Fit the network with AdamW and a one-cycle schedule; returns it in eval mode."""
    model = DigitNet()
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    steps = EPOCHS * -(-len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=LEARNING_RATE, total_steps=steps
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images)).split(BATCH_SIZE):
            optimiser.zero_grad()
            loss_of(model(random_shift(images[rows])), labels[rows]).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def weights_digest(model: nn.Module) -> str:
    """SHA-256 over the raw weights: the check that two runs trained the same model."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def describe_artifacts(out: Path) -> dict[str, dict[str, object]]:
    """Size and SHA-256 of every model file, failing on one too large to commit."""
    paths = [out / "digits.pt", out / "digits.ptl", out / "digits.onnx", out / "digits.tflite"]
    paths += sorted(p for p in (out / "saved_model").rglob("*") if p.is_file())
    described: dict[str, dict[str, object]] = {}
    for path in paths:
        data = path.read_bytes()
        if len(data) >= MAX_ARTIFACT_BYTES:
            raise SystemExit(f"{path} is too large: {len(data)} bytes")
        described[path.relative_to(out).as_posix()] = {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    return described


def write_json(path: Path, value: object) -> None:
    """Write JSON whose floats (Python's shortest repr) read back as the same numbers."""
    path.write_text(samples.format_json(value) + "\n", encoding="utf-8")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).resolve().parent,
        help="folder to write to (default: the script's own)",
    )
    return parser.parse_args()


def main() -> int:
    out: Path = parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    make_deterministic()

    data = load_data()
    model = train_model(
        to_batch(data.train_images), torch.from_numpy(data.train_labels)
    )
    test_batch = to_batch(data.test_images)
    with torch.no_grad():
        logits = model(test_batch).numpy()
    predicted = logits.argmax(axis=1)
    correct = int((predicted == data.test_labels).sum())
    accuracy = correct / len(predicted)
    print(f"held-out accuracy: {accuracy:.4%} ({correct} of {len(predicted)})")
    if accuracy < MIN_ACCURACY:
        print(
            f"below the required {MIN_ACCURACY:.0%}; nothing exported", file=sys.stderr
        )
        return 1

    exporters.export_all(model, out)
    deviations = exporters.max_deviations(out, test_batch.numpy(), logits)
    for name, deviation in deviations.items():
        print(f"max deviation {name}: {deviation:.3g}")
    if max(deviations.values()) > MAX_DEVIATION:
        print(f"an export deviates by more than {MAX_DEVIATION}", file=sys.stderr)
        return 1

    rng = np.random.default_rng(SEED)
    samples.write_samples(out, data.test_images, data.test_labels, predicted, rng)
    write_json(out / "reference.json", samples.reference(out, model, SEED))

    metrics = {
        "seed": SEED,
        "parameters": sum(p.numel() for p in model.parameters()),
        "weightsSha256": weights_digest(model),
        "trainingRows": len(data.train_labels),
        "heldOutRows": len(predicted),
        "heldOutCorrect": correct,
        "heldOutAccuracy": accuracy,
        "maxDeviation": deviations,
        "artifacts": describe_artifacts(out),
    }
    write_json(out / "metrics.json", metrics)
    print(
        f"parameters: {metrics['parameters']}, weights sha256: {metrics['weightsSha256']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
