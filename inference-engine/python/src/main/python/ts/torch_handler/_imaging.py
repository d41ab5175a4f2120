# SPDX-License-Identifier: Apache-2.0
"""From an image to a tensor: torchvision's transforms where it is there, else the same steps by Pillow and torch."""

import math

from ._optional import have, need

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class ImageProcessing:
    """A class attribute that becomes a pipeline when it is first read, so that importing a handler costs nothing."""

    def __init__(self, resize=None, crop=None, mean=None, std=None):
        self._resize = resize
        self._crop = crop
        self._mean = mean
        self._std = std
        self._made = None

    def __get__(self, instance, owner):
        if self._made is None:
            transforms = have("torchvision.transforms")
            self._made = self._plain() if transforms is None else self._torchvision(transforms)
        return self._made

    def _torchvision(self, transforms):
        steps = []
        if self._resize:
            steps.append(transforms.Resize(self._resize))
        if self._crop:
            steps.append(transforms.CenterCrop(self._crop))
        steps.append(transforms.ToTensor())
        if self._mean:
            steps.append(transforms.Normalize(mean=list(self._mean), std=list(self._std)))
        return transforms.Compose(steps)

    def _plain(self):
        steps = []
        if self._resize:
            steps.append(lambda image: resized(image, self._resize))
        if self._crop:
            steps.append(lambda image: cropped(image, self._crop))
        steps.append(to_tensor)
        if self._mean:
            steps.append(lambda tensor: normalized(tensor, self._mean, self._std))
        return Pipeline(steps)


class Pipeline:
    """Steps one after the other."""

    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for step in self.transforms:
            image = step(image)
        return image


def resized(image, short):
    """The image with its shorter side so long; the longer one is rounded down."""
    width, height = image.size
    if min(width, height) == short:
        return image
    if width <= height:
        size = (short, int(short * height / width))
    else:
        size = (int(short * width / height), short)
    return image.resize(size, need("PIL.Image", "an image handler", "pillow").Resampling.BILINEAR)


def cropped(image, side):
    """The middle of the image, with black around it where it is too small."""
    width, height = image.size
    if width < side or height < side:
        image, (width, height) = _padded(image, max(width, side), max(height, side))
    left = int(round((width - side) / 2.0))
    top = int(round((height - side) / 2.0))
    return image.crop((left, top, left + side, top + side))


def _padded(image, width, height):
    pillow = need("PIL.Image", "an image handler", "pillow")
    canvas = pillow.new(image.mode, (width, height))
    canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    if image.palette is not None:
        canvas.putpalette(image.palette)
    return canvas, (width, height)


def to_tensor(image):
    """Channels first, each from 0 to 1 if it is of eight bits; other numbers as they are."""
    torch = need("torch", "an image handler")
    kinds = {"I": torch.int32, "I;16": torch.int16, "F": torch.float32}
    bytes_of = bytearray(image.tobytes("raw", image.mode) if image.mode != "1" else image.convert("L").tobytes())
    channels = len(image.getbands())
    values = torch.frombuffer(bytes_of, dtype=kinds.get(image.mode, torch.uint8))
    tensor = values.reshape(image.height, image.width, channels).permute(2, 0, 1).contiguous()
    return tensor.to(torch.float32).div(255) if tensor.dtype == torch.uint8 else tensor


def normalized(tensor, mean, std):
    """Each channel less its mean, divided by its deviation."""
    torch = need("torch", "an image handler")
    if not math.prod(std):
        raise ValueError(f"std: {std} (expected: no zero)")
    means = torch.as_tensor(mean, dtype=tensor.dtype).view(-1, 1, 1)
    return tensor.sub(means).div(torch.as_tensor(std, dtype=tensor.dtype).view(-1, 1, 1))
