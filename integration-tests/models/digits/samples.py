"""Write the sample images and the reference values computed from them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn

from preprocessing import (
    IMAGENET_CROP,
    IMAGENET_MEAN,
    IMAGENET_RESIZE,
    IMAGENET_STD,
    MEAN,
    SIDE,
    STD,
    digit_tensor,
    imagenet_tensor,
    resized_size,
)

MORE_SAMPLES = 30
VARIANT_DIGITS = (2, 5, 7)
PHOTO_SIZES = {"landscape": (300, 200), "portrait": (180, 240)}
PHOTO_POSITIONS = 40
JPEG_QUALITY = 92


def enlarge(digit: Image.Image, width: int, height: int) -> Image.Image:
    return digit.resize((width, height), Image.Resampling.BICUBIC)


def tint(grey: Image.Image) -> Image.Image:
    """Colour a grey image, so that a wrong set of grey weights shows in the result."""
    return ImageOps.colorize(grey, black=(10, 0, 60), white=(255, 250, 190))


def with_alpha(image: Image.Image) -> Image.Image:
    """Fade the image out to the right: a decoder that blends alpha gets other values."""
    width, height = image.size
    ramp = np.linspace(255, 64, width).astype(np.uint8)
    faded = image.copy()
    faded.putalpha(Image.fromarray(np.tile(ramp, (height, 1))))
    return faded


def black_and_white(digit: Image.Image) -> Image.Image:
    return enlarge(digit, 32, 32).point(lambda v: 255 if v >= 96 else 0).convert("1")


# File name suffix -> how to make that form from the 8x8 grey image.
VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "rgb-28x28.png": lambda d: tint(enlarge(d, 28, 28)),
    "rgba-64x48.png": lambda d: with_alpha(tint(enlarge(d, 64, 48))),
    "grey-32x32.jpg": lambda d: enlarge(d, 32, 32),
    "rgb-32x32.jpg": lambda d: tint(enlarge(d, 32, 32)),
    "palette-24x24.png": lambda d: tint(enlarge(d, 24, 24)).quantize(32),
    "grey-16x16.gif": lambda d: enlarge(d, 16, 16),
    "bw-32x32.png": black_and_white,
    "greyalpha-16x16.png": lambda d: with_alpha(enlarge(d, 16, 16)),
}


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        image.save(path, quality=JPEG_QUALITY, progressive=False)
    else:
        image.save(path)


def synthetic_photo(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Smooth colour waves plus noise: content that shows resampling errors, owned by no one."""
    y, x = np.mgrid[0:height, 0:width]
    y, x = y / height, x / width
    channels = [
        120 + 90 * np.sin(2 * np.pi * (fy * y + fx * x) + phase)
        for fy, fx, phase in rng.uniform(0.5, 2.5, (3, 3))
    ]
    noisy = np.stack(channels, axis=-1) + rng.normal(0, 8, (height, width, 3))
    return Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))


def write_samples(
    out: Path,
    images: np.ndarray,
    labels: np.ndarray,
    predicted: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Replace ``samples/`` with a seeded choice of held-out rows and the forms made of them.

    The ten named digits are rows the model gets right, so that tests may expect the label;
    the further ones are taken as they come.
    """
    folder = out / "samples"
    shutil.rmtree(folder, ignore_errors=True)
    named = [
        int(rng.choice(np.flatnonzero((labels == d) & (predicted == d))))
        for d in range(10)
    ]
    for digit, row in enumerate(named):
        save(Image.fromarray(images[row]), folder / f"digit-{digit}.png")

    others = np.setdiff1d(np.arange(len(labels)), named)
    for row in sorted(rng.choice(others, MORE_SAMPLES, replace=False)):
        save(
            Image.fromarray(images[row]),
            folder / "more" / f"{row:03d}-{labels[row]}.png",
        )

    for digit in VARIANT_DIGITS:
        source = Image.fromarray(images[named[digit]])
        for suffix, make in VARIANTS.items():
            save(make(source), folder / "variants" / f"digit-{digit}-{suffix}")

    for name, (width, height) in PHOTO_SIZES.items():
        photo = synthetic_photo(width, height, rng)
        save(photo, folder / "photos" / f"{name}-{width}x{height}.png")


def label_of(path: Path) -> int:
    """The true label, which the file name carries: ``digit-7-...`` or ``012-7``."""
    return int(path.stem.split("-")[1])


def floats(values: np.ndarray) -> list[float]:
    return [float(v) for v in values.reshape(-1)]


def digit_reference(out: Path, path: Path, model: nn.Module) -> dict[str, object]:
    with Image.open(path) as image:
        mode, size = image.mode, list(image.size)
    tensor = digit_tensor(path)
    with torch.no_grad():
        logits = model(torch.from_numpy(tensor[np.newaxis]))[0]
    return {
        "file": path.relative_to(out).as_posix(),
        "label": label_of(path),
        "predicted": int(logits.argmax()),
        "mode": mode,
        "size": size,
        "input": floats(tensor),
        "logits": floats(logits.numpy()),
        "probabilities": floats(torch.softmax(logits, dim=0).numpy()),
    }


def photo_reference(
    out: Path, path: Path, rng: np.random.Generator
) -> dict[str, object]:
    with Image.open(path) as image:
        mode, size = image.mode, image.size
    tensor = imagenet_tensor(path)
    positions = rng.integers(0, tensor.shape, (PHOTO_POSITIONS, 3))
    return {
        "file": path.relative_to(out).as_posix(),
        "mode": mode,
        "size": list(size),
        "resizedTo": list(resized_size(*size)),
        "channelSums": floats(tensor.sum(axis=(1, 2), dtype=np.float64)),
        "positions": [
            [int(c), int(y), int(x), float(tensor[c, y, x])] for c, y, x in positions
        ],
    }


def reference(out: Path, model: nn.Module, seed: int) -> dict[str, object]:
    """The expected values for every sample file, each image run as a batch of one."""
    folder = out / "samples"
    digit_files = sorted(folder.glob("*.png"))
    digit_files += sorted((folder / "more").iterdir())
    digit_files += sorted((folder / "variants").iterdir())
    rng = np.random.default_rng(seed)
    return {
        "digitPipeline": {"width": SIDE, "height": SIDE, "mean": [MEAN], "std": [STD]},
        "photoPipeline": {
            "resize": IMAGENET_RESIZE,
            "crop": IMAGENET_CROP,
            "mean": list(IMAGENET_MEAN),
            "std": list(IMAGENET_STD),
        },
        "digits": [digit_reference(out, path, model) for path in digit_files],
        "photos": [
            photo_reference(out, path, rng)
            for path in sorted((folder / "photos").iterdir())
        ],
    }


def format_json(value: object, indent: str = "") -> str:
    """JSON with lists of plain values on one line, which keeps diffs of it readable."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [
            f"{inner}{json.dumps(k)}: {format_json(v, inner)}" for k, v in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        items = [inner + format_json(v, inner) for v in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return json.dumps(value)
