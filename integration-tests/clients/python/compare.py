# SPDX-License-Identifier: Apache-2.0
"""Compare our handlers with the original's: same models, same requests, answers equal to 1e-5.

Usage: compare.py OUR_PACKAGE MODELS_FOLDER

Runs in an environment with torch and the original package; OUR_PACKAGE is the folder with our `ts`. Prints one line per
check and ends with "N passed, N failed".
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TOLERANCE = 1e-5

ROWS = [[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]]


def answers(models: str, ours: str | None, *options: str) -> dict[str, Any]:
    """What the handlers of one side say."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ours or ""}
    script = str(Path(__file__).with_name("answers.py"))
    done = subprocess.run(
        [sys.executable, "-P", script, models, *options], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{'our' if ours else 'the original'} side failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def difference(expected: Any, found: Any, where: str = "") -> str | None:
    """The first place where the answers differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if list(expected) != list(found):
            return f"{where}: {list(found)} (expected: {list(expected)})"
        pairs = [(f"{where}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{where}: {len(found)} items (expected: {len(expected)})"
        pairs = [(f"{where}[{number}]", *pair) for number, pair in enumerate(zip(expected, found))]
    elif isinstance(expected, float) and isinstance(found, (int, float)):
        close = math.isclose(expected, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return None if close else f"{where}: {found} (expected: {expected})"
    elif isinstance(expected, str) and isinstance(found, str) and expected[:1] == "{":
        return difference(json.loads(expected), json.loads(found), where)
    else:
        return None if expected == found else f"{where}: {found!r} (expected: {expected!r})"
    return next((told for told in (difference(a, b, place) for place, a, b in pairs) if told), None)


def of_ours(base: list[list[float]]) -> dict[str, Any]:
    """What the answers that only we have must be, by those to plain numbers."""
    first, second = base
    return {
        "tensors": [{"output_0": [first, second]}, {"output_0": [first]}],
        "views": [{"output_0": [first, second]}],
        "json of tensors": [[first, second], [first]],
        "kservev2, two requests": [
            [{"name": "x", "datatype": "FP64", "data": row, "shape": [2]}] for row in (first, second)
        ],
        "kservev2, ids": ["id-0", "id-1"],
        "kservev2, one broken": [
            "fine", "input 'x': cannot reshape array of size 1 into shape (4,)", "fine",
        ],  # fmt: skip
        "kservev2 of tensors": [first, second],
    }


def main() -> int:
    ours, models = sys.argv[1:3]
    original = answers(models, None)
    if "only ours" in original:
        raise SystemExit("our handlers were found where the original's were expected")
    found = answers(models, ours)
    own = found.pop("only ours")
    plain = answers(models, ours, "plain")
    plain.pop("only ours")
    checks = [(name, original[name], found[name]) for name in original]
    checks += [(f"{name}, without torchvision and captum", original[name], plain[name]) for name in plain]
    checks += [(name, expected, own[name]) for name, expected in of_ours(original["base"]).items()]
    failed = 0
    for name, expected, answer in checks:
        told = difference(expected, answer)
        failed += told is not None
        print(f"ok      {name}" if told is None else f"FAILED  {name}: {told}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
