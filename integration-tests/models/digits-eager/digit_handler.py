# SPDX-License-Identifier: Apache-2.0
"""Answers 8x8 PNGs of digits with the probability of each digit.

A custom handler as users write them: its own preprocess, postprocess and explanation, the rest is BaseHandler's.
"""

import base64
import os
import struct
import zlib

import torch

from ts.metrics.metric_type_enum import MetricTypes
from ts.torch_handler.base_handler import BaseHandler
from ts.utils.util import map_class_to_label

SIDE = 8
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class DigitHandler(BaseHandler):
    """An image that cannot be read is answered with 400, and the others of its batch do not notice."""

    def preprocess(self, data):
        self.refused = {}
        images = []
        for number, row in enumerate(data):
            try:
                images.append(grey_values(row.get("data") or row.get("body")))
            except ValueError as wrong:
                self.refused[number] = str(wrong)
                images.append(bytes(SIDE * SIDE))
        grey = torch.tensor([list(image) for image in images], dtype=torch.float32).reshape(-1, 1, SIDE, SIDE)
        return ((grey / 255 - 0.5) / 0.5).to(self.device)

    def postprocess(self, data):
        probabilities = torch.softmax(data, dim=1).tolist()
        answers = map_class_to_label(probabilities, self.mapping, [list(range(10))] * len(probabilities))
        self.context.metrics.add_metric("DigitBatchSize", len(answers), "count", metric_type=MetricTypes.GAUGE)
        for number in range(len(answers)):
            self.context.set_response_header(number, "X-Digit-Worker", str(os.getpid()))
            self.context.set_response_header(number, "X-Digit-Batch", str(len(answers)))
        for number, reason in self.refused.items():
            self.context.set_response_status(400, "Bad Request", number)
            answers[number] = {"code": 400, "type": "BadRequestException", "message": reason}
        return answers

    def get_insights(self, tensor_data, _, target=0):
        """For each pixel its share in the logit of the digit ``target``: the gradient times the pixel."""
        image = tensor_data.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.model(image)[:, int(target)].sum(), image)
        return (gradient * image.detach()).reshape(-1, SIDE, SIDE).tolist()

    def describe_handle(self):
        return {"input": f"a PNG of {SIDE} x {SIDE} grey pixels of 8 bits", "output": "the probability of each digit"}


def grey_values(image):
    """The pixels of a PNG, row by row."""
    if isinstance(image, str):
        image = base64.b64decode(image, validate=True)
    if not isinstance(image, (bytes, bytearray)) or bytes(image[:8]) != SIGNATURE:
        raise ValueError("not a PNG")
    header, packed = chunks(bytes(image))
    if header != (SIDE, SIDE, 8, 0, 0, 0, 0):
        raise ValueError(f"header {header} (expected: {SIDE} x {SIDE}, 8 bits, grey, not interlaced)")
    size = SIDE * (SIDE + 1)
    try:
        lines = zlib.decompressobj().decompress(packed, size)
    except zlib.error as broken:
        raise ValueError(f"broken pixels: {broken}") from broken
    if len(lines) != size:
        raise ValueError(f"{len(lines)} bytes of pixels (expected: {size})")
    return unfiltered(lines)


def chunks(image):
    """The numbers of the header, and the packed pixels."""
    position, header, packed = 8, None, b""
    while position + 8 <= len(image):
        length, kind = struct.unpack_from(">I4s", image, position)
        body = image[position + 8 : position + 8 + length]
        if kind == b"IHDR" and len(body) == 13:
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        position += length + 12
    return header, packed


def unfiltered(lines):
    """Each line says by its first byte from which neighbours its pixels were predicted."""
    done = bytearray()
    above = bytes(SIDE)
    for start in range(0, len(lines), SIDE + 1):
        kind, line = lines[start], bytearray(lines[start + 1 : start + 1 + SIDE])
        if kind > 4:
            raise ValueError(f"filter {kind} (expected: 0..4)")
        for column in range(SIDE):
            left = line[column - 1] if column else 0
            corner = above[column - 1] if column else 0
            predicted = (0, left, above[column], (left + above[column]) // 2, nearest(left, above[column], corner))
            line[column] = (line[column] + predicted[kind]) & 0xFF
        done += line
        above = bytes(line)
    return bytes(done)


def nearest(left, above, corner):
    """The neighbour that is closest to left + above - corner."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda neighbour: abs(guess - neighbour))
