# SPDX-License-Identifier: Apache-2.0
"""Writes the TorchScript modules that the PyTorch engine's own jar carries.

double.pt  2 x: what an installed engine is tried with
casts.pt   what DJL's binding to libtorch has no call for: other types, the number of a type, the way back from a card

Usage: python make_torch.py FOLDER; needs the package torch.
"""

import io
import pathlib
import sys

import torch
from torch import Tensor, nn


class Double(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


class Casts(nn.Module):
    @torch.jit.export
    def cast(self, x: Tensor, type: int) -> Tensor:
        return x.to(type)

    @torch.jit.export
    def type(self, x: Tensor) -> int:
        return x.dtype

    @torch.jit.export
    def on_processors(self, x: Tensor) -> Tensor:
        return x.cpu()


def save(module: nn.Module, path: pathlib.Path) -> None:
    """Without the debug records, which hold paths of the machine that made them."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module.eval()), buffer)
    buffer.seek(0)
    reader = torch._C.PyTorchFileReader(buffer)
    writer = torch._C.PyTorchFileWriter(str(path))
    written_by_itself = {"version", ".data/serialization_id"}
    for name in reader.get_all_records():
        if name not in written_by_itself and not name.endswith(".debug_pkl"):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    save(Double(), folder / "double.pt")
    save(Casts(), folder / "casts.pt")
