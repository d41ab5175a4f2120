# SPDX-License-Identifier: Apache-2.0
"""The codec. Source of the vectors: torchserve.md 7.8."""

import random
import unittest

from worker_support import load, predict, request

from sluice_worker import replies, wire
from ts.context import Context, RequestProcessor
from ts.protocol import otf_message_handler

LOAD = bytes.fromhex("4c000000046e6f6f70000000022f6d000000010000000a736572766963652e7079ffffffff0000000001")
PREDICT = bytes.fromhex(
    "4900000002723100000007" "6578706c61696e" "0000000546616c7365" "ffffffff" "00000004626f6479"
    "000000106170706c69636174696f6e2f6a736f6e" "000000077b2261223a317d" "ffffffffffffffff"
)
LOAD_REPLY = bytes.fromhex("000000c8000000026f6bffffffff")
REPLY = bytes.fromhex(
    "000000c80000001250726564696374696f6e2073756363657373000000027231" "00000000000000c80000000000000000"
    "0000000c7b0a20202278223a20310a7dffffffff"
)
PART = bytes.fromhex(
    "000000c8000000016d00000002723100000000000000c800000000000000010000000e74735f73747265616d5f6e657874"
    "00000004747275650000000161ffffffff"
)
FAILURE = bytes.fromhex(
    "000001f700000011507265646963" "74696f6e206661696c656400000002723100000000000001f70000000000000000"
    "000000056572726f72ffffffff"
)


class Pipe:
    """A connection that hands out bytes in pieces of given sizes."""

    def __init__(self, data, sizes=None):
        self._data = data
        self._sizes = sizes or (lambda: 1 << 20)
        self.sent = b""

    def recv_into(self, view):
        count = min(len(view), self._sizes(), len(self._data))
        view[:count] = self._data[:count]
        self._data = self._data[count:]
        return count

    def recv(self, size):
        part, self._data = self._data[:size], self._data[size:]
        return part


def context_for(ids):
    context = Context("m", "/m", None, len(ids), None, "1")
    context.request_processor = [RequestProcessor({}) for _ in ids]
    context.request_ids = ids
    return context


def read(data, sizes=None, count=1, **named):
    """All PREDICT messages in some bytes."""
    reader = wire.Reader(Pipe(data, sizes), decodes=True, **named)
    messages = []
    for _ in range(count):
        assert reader.command() == wire.PREDICT
        ids, processors, inputs = reader.requests(RequestProcessor)
        messages.append((ids, [told.get_request_properties() for told in processors], inputs))
    return messages


class WireTest(unittest.TestCase):
    def test_reads_the_vector_of_load(self):
        reader = wire.Reader(Pipe(LOAD))
        self.assertEqual(wire.LOAD, reader.command())
        message = reader.load()
        self.assertEqual(("noop", "/m", 1), (message.model_name, message.model_path, message.batch_size))
        self.assertEqual(("service.py", None, None), (message.handler, message.gpu_id, message.envelope))
        self.assertTrue(message.limit_max_image_pixels)
        self.assertEqual(LOAD, load("noop", "/m", "service.py"))

    def test_reads_the_vector_of_predict(self):
        ids, headers, inputs = read(PREDICT)[0]
        self.assertEqual({0: "r1"}, ids)
        self.assertEqual([{"body": {"content-type": "application/json"}, "explain": "False"}], headers)
        self.assertEqual([{"body": {"a": 1}}], inputs)

    def test_writes_the_vectors_of_replies(self):
        self.assertEqual(LOAD_REPLY, wire.load_reply(200, "ok"))
        ids = {0: "r1"}
        self.assertEqual(REPLY, b"".join(replies.success([{"x": 1}], ids, context_for(ids))))
        self.assertEqual(PART, b"".join(replies.success(["a"], ids, context_for(ids), "m", 200, True)))
        self.assertEqual(FAILURE, b"".join(replies.failure(ids, "Prediction failed", 503)))

    def test_offers_the_codec_under_the_names_of_the_original(self):
        ids = {0: "r1"}
        create = otf_message_handler.create_predict_response
        self.assertEqual(REPLY, create([{"x": 1}], ids, "Prediction success", 200, context_for(ids)))
        self.assertEqual(FAILURE, create(None, ids, "Prediction failed", 503))
        self.assertEqual(LOAD_REPLY, otf_message_handler.create_load_model_response(200, "ok"))
        cmd, message = otf_message_handler.retrieve_msg(Pipe(LOAD))
        self.assertEqual((b"L", b"noop", b"service.py"), (cmd, message["modelName"], message["handler"]))
        self.assertNotIn("gpu", message)
        cmd, message = otf_message_handler.retrieve_msg(Pipe(PREDICT))
        self.assertEqual(b"I", cmd)
        self.assertEqual([{"name": b"explain", "value": b"False"}], message[0]["headers"])
        self.assertEqual({"a": 1}, message[0]["parameters"][0]["value"])
        self.assertEqual(bytes.fromhex("00000001000000016b0000000176"), otf_message_handler.encode_response_headers({"k": "v"}))

    def test_notices_the_end_wherever_it_comes(self):
        for data, rest in ((LOAD, "load"), (PREDICT, "requests")):
            for cut in range(len(data)):
                reader = wire.Reader(Pipe(data[:cut]))
                with self.assertRaises(wire.Disconnected, msg=f"{rest} cut at {cut}"):
                    reader.command()
                    reader.load() if rest == "load" else reader.requests(RequestProcessor)

    # Seen to fail when _headers used a block that had moved within the buffer.
    def test_reads_the_same_however_the_bytes_arrive(self):
        dice = random.Random(6)
        requests, expected = [], []
        for number in range(300):
            size = dice.choice([0, 1, 30, 5000, 40000, 200000]) if number % 7 == 0 else dice.randrange(50)
            headers = {"h": dice.choice("ab"), "long": "y" * dice.choice([0, 3, 3, 70000 if number == 99 else 3])}
            value = dice.randbytes(size) if hasattr(dice, "randbytes") else bytes(size)
            requests.append(predict((f"r{number}", headers, [("body", "", value)])))
            expected.append(({0: f"r{number}"}, [{"body": {"content-type": ""}, **headers}], [{"body": bytearray(value)}]))
        data = b"".join(requests)
        self.assertEqual(expected, read(data, count=300))
        sizes = [1, 2, 3, 100, 65536, 100000]
        self.assertEqual(expected, read(data, lambda: dice.choice(sizes), count=300))

    def test_keeps_headers_of_requests_apart(self):
        same = {"a": "1", "b": "2"}
        data = predict(request("x", headers=same), request("y", headers=same)) + predict(request("z", headers={"a": "1"}))
        (_, (first, second), _), (_, (third,), _) = read(data, count=2)
        first["a"] = "changed"
        self.assertEqual(("1", "1"), (second["a"], third["a"]))
        self.assertNotIn("b", third)

    def test_headers_win_over_parts_of_the_same_name(self):
        self.assertEqual("h", read(predict(("r", {"body": "h"}, [("body", "text/plain", b"p")])))[0][1][0]["body"])

    def test_reads_requests_without_parts(self):
        ids, headers, inputs = read(predict(("a", {"k": "v"}, []), ("b", {}, [])))[0]
        self.assertEqual(({0: "a", 1: "b"}, [{"k": "v"}, {}], [{}, {}]), (ids, headers, inputs))

    def test_decodes_by_content_type(self):
        cases = [
            ("application/json", b'{"a": [1]}', {"a": [1]}),
            ("Application/JSON; charset=utf-8", b"1", 1),
            ("application/json", b"{", bytearray(b"{")),
            ("application/json", b"\xff", bytearray(b"\xff")),
            ("text/plain", "ä".encode(), "ä"),
            ("text/csv;x=y", b"a", "a"),
            ("text/plain", b"\xff", bytearray(b"\xff")),
            ("image/png", b"{}", bytearray(b"{}")),
            ("", b"{}", bytearray(b"{}")),
        ]
        for kind, value, expected in cases:
            found = read(predict(request(value=value, kind=kind)))[0][2][0]["body"]
            self.assertEqual((type(expected), expected), (type(found), found), kind)

    def test_leaves_input_as_it_is_if_told_to(self):
        reader = wire.Reader(Pipe(predict(request(value=b"1", kind="application/json"))), decodes=False)
        reader.command()
        self.assertEqual([{"body": bytearray(b"1")}], reader.requests(RequestProcessor)[2])

    def test_refuses_lengths_below_nothing(self):
        bad = PREDICT.replace(b"\x00\x00\x00\x07{", b"\xff\xff\xff\xfe{")
        with self.assertRaisesRegex(wire.WireError, "-2"):
            read(bad)


if __name__ == "__main__":
    unittest.main()
