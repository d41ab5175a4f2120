# SPDX-License-Identifier: Apache-2.0
"""Write digits.pt: the weights of the digits model beside this folder as a state dict.

They are taken from its TorchScript, so that every format answers alike, and compared with the hash train.py left in
metrics.json.

Usage: python make.py; needs torch.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from model import DigitNet

HERE = Path(__file__).parent
DIGITS = HERE.parent / "digits"


def constants(path: Path) -> list[torch.Tensor]:
    """The weights a frozen TorchScript holds in its graph."""
    found = []
    for node in torch.jit.load(str(path)).graph.nodes():
        if node.kind() == "prim::Constant" and node.hasAttribute("value") and node.kindOf("value") == "t":
            found.append(node.t("value"))
    return found


def weights() -> dict[str, torch.Tensor]:
    """Each parameter of the network, known by its shape, which no two of them share."""
    by_shape = {tuple(value.shape): value for value in constants(DIGITS / "digits.pt")}
    wanted = DigitNet().state_dict()
    doubled = [name for name, value in wanted.items() if list(map(_shape, wanted.values())).count(_shape(value)) > 1]
    named = {name: by_shape[_shape(value)].clone() for name, value in wanted.items() if name not in doubled}
    # Both are vectors of 32; the graph holds them in the order they are used.
    vectors = [value for value in constants(DIGITS / "digits.pt") if _shape(value) == (32,)]
    return {**named, **resolved(doubled, vectors, named)}


def resolved(names: list[str], vectors: list[torch.Tensor], named: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The order of the doubled ones under which the hash is the one of the training run."""
    expected = json.loads((DIGITS / "metrics.json").read_text())["weightsSha256"]
    for order in (vectors, vectors[::-1]):
        guess = dict(zip(names, (value.clone() for value in order), strict=True))
        if digest({**named, **guess}) == expected:
            return guess
    raise SystemExit("the weights are not those of metrics.json")


def digest(state: dict[str, torch.Tensor]) -> str:
    """As train.py computes it."""
    found = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        found.update(name.encode())
        found.update(tensor.numpy().tobytes())
    return found.hexdigest()


def _shape(value: torch.Tensor) -> tuple[int, ...]:
    return tuple(value.shape)


if __name__ == "__main__":
    state = weights()
    model = DigitNet()
    model.load_state_dict(state)
    torch.save(model.state_dict(), HERE / "digits.pt")
    print(f"wrote {sum(value.numel() for value in state.values())} weights")
