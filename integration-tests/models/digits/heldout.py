"""Write held-out.csv: every held-out digit with what the committed TorchScript model says of it.

A line holds the label, the 64 grey values (0..255, row by row) and the ten probabilities. The
weights are those of digits.pt, so that all formats are compared with one source.

Usage: python heldout.py; needs the packages of requirements.txt.
"""

from __future__ import annotations

from pathlib import Path

import torch

from train import load_data, to_batch

HERE = Path(__file__).parent


def main() -> None:
    data = load_data()
    model = torch.jit.load(str(HERE / "digits.pt")).eval()
    with torch.no_grad():
        logits = model(to_batch(data.test_images))
    probabilities = torch.softmax(logits.double(), dim=1).numpy()
    lines = ["label," + ",".join(f"g{i}" for i in range(64)) + "," + ",".join(f"p{i}" for i in range(10))]
    for label, image, shares in zip(
        data.test_labels, data.test_images, probabilities, strict=True
    ):
        numbers = [str(label), *(str(v) for v in image.reshape(-1))]
        lines.append(",".join(numbers + [f"{share:.9g}" for share in shares]))
    (HERE / "held-out.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
