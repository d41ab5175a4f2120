# SPDX-License-Identifier: Apache-2.0
"""Trains a small recurrent network that spells whole numbers, one character at a time, and writes it as ONNX.

Given the characters of a number and a line end it continues with the number in words and a line end: "42\\n" is continued
with "forty-two\\n". One call of the model is one step: it takes a character and a state for each row, and gives the scores
of the next character and the new state. So answers take as many steps as they have characters, each its own number.

Usage: python train.py [folder]; writes spelling.onnx and vocabulary.txt there.
"""

import pathlib
import sys

import torch
from torch import nn

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
CHARACTERS = "\n -0123456789" + "".join(sorted(set("".join(ONES + TENS[2:]) + "hundred")))
STATE = 128


def words(number):
    if number < 20:
        return ONES[number]
    if number < 100:
        rest = "-" + ONES[number % 10] if number % 10 else ""
        return TENS[number // 10] + rest
    rest = " " + words(number % 100) if number % 100 else ""
    return ONES[number // 100] + " hundred" + rest


class Speller(nn.Module):
    """One step: a character and a state in, the scores of the next character and the new state out."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(CHARACTERS), STATE)
        self.cell = nn.GRUCell(STATE, STATE)
        self.scores = nn.Linear(STATE, len(CHARACTERS))

    def forward(self, token, state):
        after = self.cell(self.embedding(token), state)
        return self.scores(after), after


def tensors():
    lines = [f"{number}\n{words(number)}\n" for number in range(1000)]
    length = max(map(len, lines))
    tokens = torch.zeros(len(lines), length, dtype=torch.int64)
    counts = torch.zeros(len(lines), length - 1, dtype=torch.bool)
    for row, line in enumerate(lines):
        tokens[row, : len(line)] = torch.tensor([CHARACTERS.index(character) for character in line])
        counts[row, line.index("\n") : len(line) - 1] = True
    return tokens, counts


def train(model):
    tokens, counts = tensors()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600)
    for epoch in range(600):
        order = torch.randperm(len(tokens))
        for rows in order.split(125):
            state = torch.zeros(len(rows), STATE)
            losses = []
            for position in range(tokens.shape[1] - 1):
                scores, state = model(tokens[rows, position], state)
                loss = nn.functional.cross_entropy(scores, tokens[rows, position + 1], reduction="none")
                losses.append((loss * counts[rows, position]).sum())
            optimizer.zero_grad()
            total = torch.stack(losses).sum() / counts[rows].sum()
            total.backward()
            optimizer.step()
        schedule.step()
        if epoch % 20 == 19:
            right = spelled_right(model)
            print(f"epoch {epoch + 1}: loss {total.item():.5f}, {right} of 1000 right", flush=True)
            if right == 1000 and total.item() < 1e-3:
                return
    raise SystemExit("not every number is spelled right")


@torch.no_grad()
def spelled_right(model):
    tokens, counts = tensors()
    state = torch.zeros(len(tokens), STATE)
    wrong = torch.zeros(len(tokens), dtype=torch.bool)
    for position in range(tokens.shape[1] - 1):
        scores, state = model(tokens[:, position], state)
        wrong |= (scores.argmax(1) != tokens[:, position + 1]) & counts[:, position]
    return int((~wrong).sum())


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    torch.manual_seed(7)
    model = Speller()
    train(model)
    rows = {0: "rows"}
    torch.onnx.export(
        model.eval(),
        (torch.zeros(2, dtype=torch.int64), torch.zeros(2, STATE)),
        folder / "spelling.onnx",
        input_names=["token", "state"],
        output_names=["scores", "next_state"],
        dynamic_axes={name: rows for name in ("token", "state", "scores", "next_state")},
        opset_version=17,
        dynamo=False,
    )
    (folder / "vocabulary.txt").write_text("".join(repr(c)[1:-1] + "\n" for c in CHARACTERS), newline="\n")


if __name__ == "__main__":
    main()
