# SPDX-License-Identifier: Apache-2.0
"""Which items of a joined batch belong to which request."""

import json

from ts.utils.util import PredictionException


class Shares:
    """Joins the items of requests to one list, and deals out what a handler returned for it.

    A request that cannot be read is answered for itself, and the others do not notice.
    """

    def __init__(self, rows, read):
        self.items = []
        self.kept = []  # for each request that could be read, in their order: its number and how many items it has
        self.refused = {}  # the number of each other request, and what is wrong with it
        for number, row in enumerate(rows):
            try:
                items = read(number, row)
            except PredictionException as refusal:
                self.refused[number] = refusal
                continue
            self.kept.append((number, len(items)))
            self.items.extend(items)
        if not self.kept and self.refused:
            raise next(iter(self.refused.values()))

    def deal(self, results, answer):
        """One answer for each request: ``answer(number, results)`` of its part of the results."""
        answers = dict(self.refused)
        if len(self.kept) == 1:
            number, _ = self.kept[0]
            answers[number] = answer(number, results)
        else:
            self._deal_parts(results, answer, answers)
        return [answers[number] for number in sorted(answers)]

    def _deal_parts(self, results, answer, answers):
        expected = sum(count for _, count in self.kept)
        if len(results) != expected:
            raise ValueError(f"{len(results)} results (expected: {expected}, one for each item of the batch)")
        start = 0
        for number, count in self.kept:
            answers[number] = answer(number, results[start : start + count])
            start += count


def document(value):
    """The mapping a request brought, which is read if nobody did that before."""
    if isinstance(value, (bytes, bytearray, str)):
        try:
            value = json.loads(value)
        except ValueError as failure:
            raise PredictionException(f"not JSON: {failure}", 400) from failure
    if not isinstance(value, dict):
        raise PredictionException(f"{type(value).__name__} (expected: a JSON object)", 400)
    return value


def list_of(mapping, key):
    """The list under the key."""
    value = mapping.get(key)
    if not isinstance(value, list):
        found = "missing" if value is None else type(value).__name__
        raise PredictionException(f"{key}: {found} (expected: a list)", 400)
    return value


def item_rows(tensors):
    """A request's tensors as items, one for each row: the row alone where there is one input, else by name."""
    from ts.torch_handler._tensors import rows_of

    columns = {name: rows_of(value) for name, value in tensors.items()}
    lengths = {name: len(rows) for name, rows in columns.items()}
    if len(set(lengths.values())) > 1:
        raise PredictionException(f"rows: {lengths} (expected: as many in each input)", 400)
    if len(columns) == 1:
        return next(iter(columns.values()))
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def as_tensor(results):
    """Results that are numbers as one array; None for others, or where NumPy is missing."""
    import sys

    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    try:
        array = numpy.asarray([each.tolist() if hasattr(each, "tolist") else each for each in results])
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None
