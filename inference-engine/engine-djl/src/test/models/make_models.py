"""Writes the models of this folder, a few kilobytes each. Needs the package torch (2.7), no network.

    python make_models.py
"""

import io
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

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


class Narrow(nn.Module):
    """Every type the binding has no name for, passed through and said what it is: nothing but casts works on most of them."""

    def forward(
        self, a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor
    ) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, List[int]]:
        return a, b, c, d, e, [a.dtype, b.dtype, c.dtype, d.dtype, e.dtype]


class Complex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.complex(x, x)


class ListIn(nn.Module):
    def forward(self, xs: List[Tensor], scale: float = 1.0) -> Tensor:
        total = torch.zeros(1)
        for x in xs:
            total = 10 * total + x
        return total * scale


class DictIn(nn.Module):
    def forward(self, xs: Dict[str, Tensor]) -> Tensor:
        return xs["a"] - xs["b"]


class TupleIn(nn.Module):
    def forward(self, xs: Tuple[Tensor, Tensor]) -> Tensor:
        return xs[0] - xs[1]


class OptionalIn(nn.Module):
    def forward(self, x: Tensor, y: Optional[Tensor] = None, k: int = 2) -> Tensor:
        return x * k if y is None else x * k + y


class Pair(NamedTuple):
    logits: Tensor
    loss: Tensor


class NamedOut(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x, x + 1)


class Mixed(nn.Module):
    """All that can stand in an answer beside tensors."""

    def forward(
        self, x: Tensor
    ) -> Tuple[Tensor, int, float, bool, Optional[Tensor], List[int], List[float], List[bool], Tensor]:
        return x, -3, 2.5, True, None, [1, 2], [0.5], [True, False], x + 1


class Detections(nn.Module):
    """As detection models return: a dictionary for each image."""

    def forward(self, x: Tensor) -> Tuple[Dict[str, Tensor], List[Dict[str, Tensor]]]:
        return {}, [{"labels": x + 1, "boxes": x}, {"boxes": x + 2}]


class Deep(nn.Module):
    """Lists and numbered keys in a dictionary."""

    def forward(self, x: Tensor) -> Dict[str, List[Dict[int, Tensor]]]:
        return {"levels": [{1: x, 2: x + 1}, {3: x + 2}]}


class Clash(nn.Module):
    """Two outputs that would go by one name."""

    def forward(self, x: Tensor) -> Dict[str, Dict[str, Tensor]]:
        return {"a": {"b.c": x}, "a.b": {"c": x}}


class Turning(nn.Module):
    """Does to its input what a module should not do: it turns it, and changes its numbers."""

    def forward(self, x: Tensor) -> Tensor:
        x.t_()
        return x.mul_(2)


class Sparse(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x.to_sparse(), torch.arange(20000.0).reshape(100, 200).t()


class Silent(nn.Module):
    """Fails without a word."""

    def forward(self, x: Tensor) -> Tensor:
        assert bool(x.sum() < 0)
        return x


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


def save(module: nn.Module, path: Path) -> None:
    """Without the debug records, which hold paths of the machine that made them."""
    buffer = io.BytesIO()
    torch.jit.save(module if isinstance(module, torch.jit.ScriptModule) else torch.jit.script(module), buffer)
    copy(buffer, path, lambda name: not name.endswith(".debug_pkl"))


def copy(archive: io.BytesIO, path: Path, wanted) -> None:
    archive.seek(0)
    reader = torch._C.PyTorchFileReader(archive)
    writer = torch._C.PyTorchFileWriter(str(path))
    written_by_itself = {"version", ".data/serialization_id"}
    for name in reader.get_all_records():
        if name not in written_by_itself and wanted(name):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()


MODULES = (
    Types,
    Narrow,
    Complex,
    ListIn,
    DictIn,
    TupleIn,
    OptionalIn,
    NamedOut,
    Mixed,
    Detections,
    Deep,
    Clash,
    Turning,
    Sparse,
    Named,
    Nested,
    Transposed,
    Where,
    Dropping,
    Raising,
    Silent,
    Words,
    NoForward,
)
for module in MODULES:
    save(module(), HERE / f"{module.__name__.lower()}.pt")

# What TorchCost calls; its numbers do not matter.
mlp = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).eval()
save(torch.jit.freeze(torch.jit.trace(mlp, torch.zeros(2, 64))), HERE / "mlp.pt")

# Weights without code: what torch.save writes, and people take for a model.
torch.save({"weight": torch.zeros(2)}, HERE / "weights.pth")
torch.save({"weight": torch.zeros(2)}, HERE / "old.pth", _use_new_zipfile_serialization=False)

# A program, but not TorchScript. It names the files of the machine it was made on, which nobody needs to know.
buffer = io.BytesIO()
torch.export.save(torch.export.export(nn.ReLU(), (torch.zeros(2),)), buffer)
packages = f"{Path(torch.__file__).parent.parent}/".encode()
with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(HERE / "exported.pt2", "w") as target:
    for entry in source.infolist():
        target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry).replace(packages, b""))

# What PyTorch Mobile needs and nothing else.
mobile = torch.jit.script(nn.ReLU())._save_to_buffer_for_lite_interpreter()
copy(io.BytesIO(mobile), HERE / "lite.ptl", lambda name: not name.startswith(("code/", "constants")))

# An operator from elsewhere: the name alone, since the library it is in is not there.
buffer = io.BytesIO()
torch.jit.save(torch.jit.script(nn.ReLU()), buffer)
(HERE / "foreign.pt").unlink(missing_ok=True)
source = torch._C.PyTorchFileReader(io.BytesIO(buffer.getvalue()))
foreign = torch._C.PyTorchFileWriter(str(HERE / "foreign.pt"))
for name in source.get_all_records():
    if name not in {"version", ".data/serialization_id"} and not name.endswith(".debug_pkl"):
        record = source.get_record(name).replace(b"torch.relu(input)", b"ops.torchvision.nms(input)")
        foreign.write_record(name, record, len(record))
foreign.write_end_of_file()
