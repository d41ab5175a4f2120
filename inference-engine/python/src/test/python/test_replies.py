# SPDX-License-Identifier: Apache-2.0
"""What becomes of the values that handlers return."""

import json
import random
import unittest

import worker_support  # noqa: F401
from test_wire import context_for

from sluice_worker import replies, wire
from ts.utils.util import PredictionException


def sent(results, context=None, **named):
    ids = {index: f"r{index}" for index in range(len(results))}
    chunks = replies.success(results, ids, context or context_for(ids), **named)
    code, message, predictions, used = wire.read_reply(b"".join(chunks))
    assert used == sum(map(len, chunks))
    return code, message, predictions


class RepliesTest(unittest.TestCase):
    def test_sends_bytes_text_and_json(self):
        code, message, predictions = sent([b"\x00\xff", bytearray(b"b"), "ä", {"k": [1, {"z": None}]}, 5, None, [], {}])
        self.assertEqual((200, "Prediction success"), (code, message))
        bodies = [prediction["body"] for prediction in predictions]
        expected = json.dumps({"k": [1, {"z": None}]}, indent=2).encode()
        self.assertEqual([b"\x00\xff", b"b", "ä".encode(), expected, b"5", b"null", b"[]", b"{}"], bodies)

    # Seen to fail when a list of lists was joined without line breaks.
    def test_writes_json_as_the_standard_library_does(self):
        dice = random.Random(3)
        for _ in range(3000):
            value = self._random(dice, 0)
            self.assertEqual(json.dumps(value, indent=2), replies.json_text(value))

    def _random(self, dice, depth):
        kind = dice.randrange(9 if depth < 4 else 6)
        if kind >= 7:
            return [self._random(dice, depth + 1) for _ in range(dice.randrange(4))]
        if kind == 6:
            keys = ["a", 'q"', "ä", 1, 2.5, None, True]
            return {dice.choice(keys): self._random(dice, depth + 1) for _ in range(dice.randrange(4))}
        return [1, -2.5, "s\n", True, None, (1, [2], {"t": ()})][kind]

    def test_refuses_what_cannot_be_sent(self):
        loop = []
        loop.append(loop)
        for value in (object(), {1, 2}, [object()], {"a": {"b": b"bytes"}}, {(1, 2): 3}, loop):
            with self.assertLogs(level="WARNING"):
                code, message, predictions = sent(["fine", value])
            self.assertEqual((503, "Unsupported model output data type."), (code, message))
            self.assertEqual([b"error", b"error"], [prediction["body"] for prediction in predictions])

    def test_sends_status_phrase_headers_and_type(self):
        context = context_for({0: "r0"})
        context.set_response_status(599, "süß", 0)
        context.set_response_content_type(0, "text/x")
        context.set_response_header(0, "n", 5)
        prediction = sent(["a"], context)[2][0]
        self.assertEqual((599, "süß", "text/x"), (prediction["status"], prediction["reason"], prediction["content_type"]))
        self.assertEqual({"content-type": "text/x", "n": "5"}, prediction["headers"])

    def test_fails_one_request_alone(self):
        code, _, (good, bad, odd) = sent(["a", PredictionException("no such cat", 404), PredictionException("?", "x")])
        self.assertEqual((200, 200, {}, b"a"), (code, good["status"], good["headers"], good["body"]))
        self.assertEqual((404, {"sluice_item_error": "true"}, b"no such cat"), (bad["status"], bad["headers"], bad["body"]))
        self.assertEqual(500, odd["status"])

    def test_marks_parts_and_their_end(self):
        context = context_for({0: "r0"})
        self.assertEqual("true", sent(["a"], context, streams=True)[2][0]["headers"]["ts_stream_next"])
        self.assertEqual("false", sent(["b"], context)[2][0]["headers"]["ts_stream_next"])

    def test_asks_the_stopping_criteria(self):
        context = context_for({0: "r0", 1: "r1", 2: "r2"})
        context.stopping_criteria = [lambda result: result == "end", lambda result: result == "end", lambda result: None]
        headers = [prediction["headers"] for prediction in sent(["end", "more", "x"], context)[2]]
        self.assertEqual([{"ts_stream_next": "false"}, {"ts_stream_next": "true"}, {}], headers)


if __name__ == "__main__":
    unittest.main()
