# SPDX-License-Identifier: Apache-2.0
"""Writes a ResNet-18 of random weights as resnet18.onnx and resnet18.pt, 45 MB each: to measure throughput, not to recognise anything.

Both take FP32 [rows, 3, 224, 224] and give FP32 [rows, 1000], and neither is committed.

Usage: python resnet18.py [folder]; needs torch, torchvision and onnx, no network.
"""

import pathlib
import sys

import torch
from torchvision.models import resnet18


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    torch.manual_seed(0)
    model = resnet18(weights=None).eval()
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.jit.freeze(torch.jit.trace(model, images)).save(str(folder / "resnet18.pt"))
        torch.onnx.export(
            model,
            (images,),
            str(folder / "resnet18.onnx"),
            input_names=["images"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "rows"}, "logits": {0: "rows"}},
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    main()
