"""Writes the models of this folder, a few kilobytes each. Needs the package torch (2.7), no network.

    python make_models.py
"""

from pathlib import Path
from typing import Dict, List, Tuple

import torch
from torch import Tensor, nn

HERE = Path(__file__).parent


class Types(nn.Module):
    """Every type that can be passed, passed through."""

    def forward(
        self, a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor, f: Tensor, g: Tensor, h: Tensor
    ) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        return a, b, c, d, e, f, g, h


class Named(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Dict[str, Tensor]:
        return {"sum": a + b, "greater": a > b}


class Nested(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, List[Tensor], Tuple[Tensor, Tensor]]:
        return x, [x + 1, x + 2], (x + 3, x + 4)


class Transposed(nn.Module):
    """Its output's rows do not lie one after the other."""

    def forward(self, x: Tensor) -> Tensor:
        return x.t()


class Where(nn.Module):
    """Its output is as long as the data says."""

    def forward(self, x: Tensor) -> Tensor:
        return x.nonzero()


class Dropping(nn.Module):
    """Gives other numbers while training."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x)


class Halved(nn.Module):
    """Gives numbers of a type the binding has no name for."""

    def forward(self, x: Tensor) -> Tensor:
        return x.to(torch.bfloat16)


class Raising(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            raise ValueError("the weather is bad")
        return x


class Words(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "seven"


class NoForward(nn.Module):
    @torch.jit.export
    def predict(self, x: Tensor) -> Tensor:
        return x


for module in (Types, Named, Nested, Transposed, Where, Dropping, Halved, Raising, Words, NoForward):
    torch.jit.script(module()).save(str(HERE / f"{module.__name__.lower()}.pt"))

# Weights without code: what torch.save writes, and people take for a model.
torch.save({"weight": torch.zeros(2)}, HERE / "weights.pth")
