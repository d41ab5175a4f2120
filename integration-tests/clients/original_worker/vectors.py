# SPDX-License-Identifier: Apache-2.0
"""Print what the package `ts` on the path makes of messages that follow from a seed.

Usage: vectors.py SEED COUNT

Two packages that print the same lines read and write the same bytes. The first lines are for the contract's own vectors.
"""

from __future__ import annotations

import importlib
import json
import logging
import random
import socket
import struct
import sys
import threading
from typing import Any

from ts.context import Context, RequestProcessor
from ts.protocol import otf_message_handler as codec

GOLDEN_REQUESTS = [
    "4c000000046e6f6f70000000022f6d000000010000000a736572766963652e7079ffffffff0000000001",
    "49000000027231000000076578706c61696e0000000546616c7365ffffffff00000004626f6479000000106170706c69636174696f6e2f6a73"
    "6f6e000000077b2261223a317dffffffffffffffff",
]
NAMES = ["body", "data", "x", "naïve", "a b", ""]
TYPES = ["", "application/json", "text/plain", "image/png", "application/octet-stream"]


def number(value: int) -> bytes:
    return struct.pack("!i", value)


def string(value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return number(len(data)) + data


def value(random_: random.Random, kind: str) -> bytes:
    if kind == "application/json":
        return random_.choice([b'{"a": [1, 2.5, null]}', b"[]", b"{broken", b'"text"', b""])
    if kind == "text/plain":
        return random_.choice(["grün".encode(), b"", b"\xff\xfe"])
    return random_.randbytes(random_.choice([0, 1, 7, 4096, 70_000]))


def request(random_: random.Random) -> bytes:
    message = string(str(random_.getrandbits(64)))
    for _ in range(random_.randrange(4)):
        message += string(random_.choice(["explain", "X-Header", "url_path"])) + string(random_.choice(["", "True", "é"]))
    message += number(-1)
    for _ in range(random_.randrange(4)):
        kind = random_.choice(TYPES)
        message += string(random_.choice(NAMES)) + string(kind) + string(value(random_, kind))
    return message + number(-1)


def message(random_: random.Random) -> bytes:
    if random_.random() < 0.1:
        fields = [string("m"), string("/a/ö"), number(random_.randrange(1, 9)), string("h.py:f")]
        fields += [number(random_.randrange(-1, 3)), string(random_.choice(["", "json"])), bytes([random_.randrange(2)])]
        return b"L" + b"".join(fields)
    return b"I" + b"".join(request(random_) for _ in range(random_.randrange(1, 4))) + number(-1)


def read(data: bytes, reader: Reader | None) -> Any:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=theirs.sendall, args=(data,))
        sender.start()
        command, told = codec.retrieve_msg(ours)
        sender.join()
    if reader is not None:
        reader.agrees(data, told)
    return plain([command, told])


class Reader:
    """What our worker itself reads with, which is not the class of that name in `ts`: it must see the same."""

    def __init__(self, wire: Any) -> None:
        self.incoming, self.outgoing = socket.socketpair()
        self.reader = wire.Reader(self.incoming, decodes=True)

    def agrees(self, data: bytes, told: Any) -> None:
        sender = threading.Thread(target=self.outgoing.sendall, args=(data,))
        sender.start()
        if self.reader.command() == ord("L"):
            load = self.reader.load()
            assert load.model_name == text(told["modelName"]) and load.model_path == text(told["modelPath"])
            assert load.handler == text(told["handler"]) and load.batch_size == told["batchSize"]
            assert load.gpu_id == told.get("gpu") and (load.envelope or "") == text(told["envelope"])
        else:
            ids, headers, inputs = self.reader.requests(dict)
            assert ids == {index: text(one["requestId"]) for index, one in enumerate(told)}
            assert inputs == [{part["name"]: part["value"] for part in one["parameters"]} for one in told]
            for mine, one in zip(headers, told):
                theirs = {text(each["name"]): text(each["value"]) for each in one["headers"]}
                assert {name: mine[name] for name in theirs} == theirs
        sender.join()


def text(value: bytes | str) -> str:
    return value if isinstance(value, str) else bytes(value).decode()


def plain(told: Any) -> Any:
    if isinstance(told, (bytes, bytearray)):
        return bytes(told).hex()
    if isinstance(told, dict):
        return {str(key): plain(each) for key, each in told.items()}
    return [plain(each) for each in told] if isinstance(told, (list, tuple)) else told


def reply(random_: random.Random) -> str:
    count = random_.randrange(1, 4)
    ids = {index: f"r{random_.randrange(1000)}-{index}" for index in range(count)}
    results = [
        random_.choice(["text ü", b"\x00\xff", bytearray(b"abc"), {"a": [1, 2.5]}, [], 7, None, True, ["é"]])
        for _ in range(count)
    ]
    if random_.random() < 0.2:
        return bytes(codec.create_predict_response(None, ids, "Prediction failed", 503)).hex()
    context = Context("m", "/m", {}, count, None, "1.0")
    context.request_ids = ids
    context.request_processor = [RequestProcessor({}) for _ in range(count)]
    for index in range(count):
        if random_.random() < 0.5:
            context.set_response_status(random_.choice([200, 418, 599]), random_.choice(["", "why"]), index)
        if random_.random() < 0.5:
            context.set_response_content_type(index, "text/plain")
        if random_.random() < 0.5:
            context.set_response_header(index, "one", "é")
            context.set_response_header(index, "two", "")
    streams = random_.random() < 0.3
    return bytes(codec.create_predict_response(results, ids, "Prediction success", 200, context, streams)).hex()


def main() -> None:
    logging.disable(logging.CRITICAL)
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    try:
        reader = Reader(importlib.import_module("sluice_worker.wire"))
    except ModuleNotFoundError:
        reader = None
    for golden in GOLDEN_REQUESTS:
        print(json.dumps(read(bytes.fromhex(golden), reader), sort_keys=True))
    print(bytes(codec.create_load_model_response(200, "ok")).hex())
    for index in range(count):
        print(json.dumps(read(message(random.Random(seed + index)), reader), sort_keys=True))
        print(reply(random.Random(seed + index)))


if __name__ == "__main__":
    main()
