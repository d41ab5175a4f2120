# SPDX-License-Identifier: Apache-2.0
"""What a request holds: a value under ``data`` or ``body``, or tensors under the names of the model's inputs."""

import sys

# Format characters of the struct module, as memoryviews have them, and what torch calls the same numbers.
_TORCH_NAMES = {
    "?": "bool",
    "B": "uint8",
    "H": "uint16",
    "I": "uint32",
    "L": "uint64",
    "Q": "uint64",
    "b": "int8",
    "h": "int16",
    "i": "int32",
    "l": "int64",
    "q": "int64",
    "e": "float16",
    "f": "float32",
    "d": "float64",
}


def is_tensor(value):
    """Whether the value is one of the forms the worker gives tensors to handlers in."""
    numpy = sys.modules.get("numpy")  # an array cannot be there before numpy is
    return isinstance(value, memoryview) or (numpy is not None and isinstance(value, numpy.ndarray))


def tensors_of(row):
    """The tensors of a request by name, or None for a request that is not made of tensors."""
    if isinstance(row, dict) and row and all(is_tensor(value) for value in row.values()):
        return row
    return None


def value_of(row):
    """What a request brought: ``data``, else ``body``, else its only tensor.

    As ever, an empty ``data`` gives way to ``body``.
    """
    value = row.get("data")
    if not is_tensor(value) and not value:
        value = row.get("body")
    if value is None:
        tensors = tensors_of(row)
        if tensors is not None and len(tensors) == 1:
            (value,) = tensors.values()
    return value


def to_torch(value, torch):
    """A tensor of torch's own with the numbers of the value.

    A copy: the memory behind the value is used again for the next call, and must not be written to.
    """
    if not isinstance(value, memoryview):
        return torch.tensor(value)
    dtype = getattr(torch, _TORCH_NAMES[value.format.lstrip("<=@")])
    if value.nbytes == 0:
        return torch.empty(value.shape, dtype=dtype)
    # Through a bytearray, since torch warns of memory it may not write to.
    return torch.frombuffer(bytearray(value), dtype=dtype).reshape(value.shape)


def rows_of(value):
    """The rows of a tensor along its outermost dimension."""
    if isinstance(value, memoryview):
        return value.tolist()
    return list(value)


def merged(requests, torch, device):
    """The tensors of several requests one below the other, by name, and how many rows each request brought."""
    first = requests[0]
    for number, request in enumerate(requests):
        if request.keys() != first.keys():
            raise ValueError(f"inputs of request {number}: {sorted(request)} (expected: {sorted(first)})")
    inputs = {
        name: torch.cat([to_torch(request[name], torch) for request in requests]).to(device)
        if len(requests) > 1
        else to_torch(first[name], torch).to(device)
        for name in first
    }
    counts = [len(next(iter(request.values()))) if _has_rows(request) else 1 for request in requests]
    return inputs, counts


def _has_rows(request):
    return bool(next(iter(request.values())).shape)


def parted(outputs, counts):
    """The outputs of a call for several requests, cut into what belongs to each."""
    if len(counts) == 1:
        return [{name: _plain(value) for name, value in outputs.items()}]
    total = sum(counts)
    for name, value in outputs.items():
        if not value.shape or value.shape[0] != total:
            raise ValueError(f"{name}: shape {list(value.shape)} (expected: {total} rows, one for each that came)")
    answers, start = [], 0
    for count in counts:
        answers.append({name: _plain(value[start : start + count]) for name, value in outputs.items()})
        start += count
    return answers


def _plain(value):
    return value.detach().cpu()


def named(outputs):
    """What a model returned, by name: a tensor, several of them, or a mapping."""
    if isinstance(outputs, dict):
        return dict(outputs)
    if isinstance(outputs, (list, tuple)):
        return {f"output_{number}": value for number, value in enumerate(outputs)}
    return {"output_0": outputs}
