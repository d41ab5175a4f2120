"""The two image pipelines the server has to reproduce, written with Pillow and NumPy.

They are the yardstick for the server's image decoding and resizing, so they stay as
literal as possible.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 8
MEAN = 0.5
STD = 0.5

IMAGENET_RESIZE = 256
IMAGENET_CROP = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise_grey(grey: np.ndarray) -> np.ndarray:
    """Map grey bytes to float32 ``(v/255 - mean) / std``, every step in float32."""
    scaled = grey.astype(np.float32) / np.float32(255)
    return (scaled - np.float32(MEAN)) / np.float32(STD)


def digit_tensor(path: Path) -> np.ndarray:
    """``[1,8,8]`` input for one image file of any mode and size.

    Grey conversion comes before the resize, and ``convert("L")`` drops alpha without
    blending it. The aspect ratio is not kept.
    """
    with Image.open(path) as image:
        grey = image.convert("L")
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return normalise_grey(np.asarray(grey))[np.newaxis]


def resized_size(width: int, height: int) -> tuple[int, int]:
    """Scale so that the shorter side is 256; the longer one is truncated, not rounded."""
    short, long = sorted((width, height))
    scaled = int(IMAGENET_RESIZE * long / short)
    return (IMAGENET_RESIZE, scaled) if width <= height else (scaled, IMAGENET_RESIZE)


def imagenet_tensor(path: Path) -> np.ndarray:
    """``[3,224,224]`` input: resize the shorter side, centre crop, ImageNet statistics."""
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    width, height = resized_size(*rgb.size)
    rgb = rgb.resize((width, height), Image.Resampling.BILINEAR)
    top = int(round((height - IMAGENET_CROP) / 2.0))
    left = int(round((width - IMAGENET_CROP) / 2.0))
    rgb = rgb.crop((left, top, left + IMAGENET_CROP, top + IMAGENET_CROP))
    scaled = np.asarray(rgb).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    mean = np.asarray(IMAGENET_MEAN, np.float32).reshape(3, 1, 1)
    std = np.asarray(IMAGENET_STD, np.float32).reshape(3, 1, 1)
    return (scaled - mean) / std
