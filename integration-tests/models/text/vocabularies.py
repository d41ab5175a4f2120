# SPDX-License-Identifier: Apache-2.0
"""Makes the vocabularies of words in vocabularies/, and the model of bags of words; see README.md."""

import collections
import json
import pathlib
import struct
import zipfile

import torch

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "vocabularies"
WORDS = ["<unk>", "bad", "good", "day", "good day", "bad day", "is not", "not"]
NUMBERS = {word: number for number, word in enumerate(WORDS)}


def text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def words():
    return b"](" + b"".join(text(word) for word in WORDS) + b"e"


def state():
    """Of torchtext's class in C++: version, the default, words, tensors."""
    return b"(" + text("0.0.2") + b"](K\x00e" + words() + b"]t"


def inner():
    return b"ctorchtext._torchtext\nVocab\n)\x81" + state() + b"b"


def module():
    """Of torchtext's class in Python around the other, a torch.nn.Module, since 0.10."""
    attributes = text("training") + b"\x88" + text("_parameters") + b"ccollections\nOrderedDict\n)R" + text("vocab") + inner()
    return b"ctorchtext.vocab.vocab\nVocab\n)\x81}(" + attributes + b"ub"


def legacy():
    """Of the class before 0.10."""
    numbers = b"}(" + b"".join(text(word) + b"K" + bytes([number]) for word, number in NUMBERS.items()) + b"u"
    counts = b"ccollections\nCounter\n}" + text("good") + b"K\x05s\x85R"
    attributes = text("freqs") + counts + text("itos") + words() + text("unk_index") + b"K\x00"
    return b"ctorchtext.vocab\nVocab\n)\x81}(" + attributes + text("stoi") + numbers + text("vectors") + b"Nub"


def write(name, pickled):
    """As torch.save lays files out."""
    with zipfile.ZipFile(FOLDER / f"{name}.pt", "w") as archive:
        for entry, content in (("data.pkl", b"\x80\x02" + pickled + b"."), ("version", b"3\n")):
            archive.writestr(zipfile.ZipInfo(f"source_vocab/{entry}", (1980, 1, 1, 0, 0, 0)), content)


class Bag(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.EmbeddingBag(len(WORDS), 4)
        self.classes = torch.nn.Linear(4, 3)

    def forward(self, text, offsets):
        return self.classes(self.words(text, offsets))


def bag():
    torch.manual_seed(5)
    model = Bag().eval()
    torch.jit.script(model).save(str(HERE / "bag.pt"))
    cases = []
    for numbers in ([2, 3, 4], [0], [7, 1, 0, 3]):
        scores = model(torch.tensor(numbers), torch.tensor([0])).softmax(-1)[0].tolist()
        cases.append({"numbers": numbers, "softmax": scores})
    (HERE / "bag.json").write_text(json.dumps(cases) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.save(NUMBERS, FOLDER / "dict.pt")
    torch.save(collections.OrderedDict(NUMBERS), FOLDER / "ordered.pt")
    torch.save(WORDS, FOLDER / "list.pt")
    torch.save(NUMBERS, FOLDER / "protocol4.pt", pickle_protocol=4)
    torch.save({"good": 0, "day": 1}, FOLDER / "no_unknown.pt")
    torch.save(torch.ones(3), FOLDER / "tensor.pt")
    torch.save(5, FOLDER / "numbers.pt")
    write("vocab", module())
    write("inner", inner())
    write("legacy", legacy())
    write("hostile", b"cposix\nsystem\n" + text("true") + b"\x85R")
    bag()


if __name__ == "__main__":
    main()
