# SPDX-License-Identifier: Apache-2.0
"""Envelopes: joining and dealing out, for one request and for several. kservev2 needs NumPy: see clients/python."""

import json
import unittest

from torch_handler_stand_ins import Context

from ts.torch_handler._tensors import tensors_of, value_of
from ts.torch_handler.request_envelope.base import BaseEnvelope
from ts.torch_handler.request_envelope.body import BodyEnvelope
from ts.torch_handler.request_envelope.json import JSONEnvelope
from ts.torch_handler.request_envelope.kserve import KServeEnvelope
from ts.utils.util import PredictionException


def matrix(*rows):
    """A tensor as the worker hands it to handlers where NumPy is missing."""
    flat = bytes(value for row in rows for value in row)
    return memoryview(flat).cast("B", (len(rows), len(rows[0])))


class Handler:
    """Doubles numbers, and keeps what it got."""

    def __init__(self, answers=None):
        self.got = None
        self.answers = answers

    def __call__(self, data, context):
        self.got = data
        return self.answers if self.answers is not None else [2 * item for item in data]


class Values(unittest.TestCase):
    def test_data_comes_before_body(self):
        self.assertEqual(value_of({"data": 1, "body": 2}), 1)
        self.assertEqual(value_of({"data": b"", "body": 2}), 2)
        self.assertIsNone(value_of({"other": 1}))

    def test_a_single_tensor_counts_by_any_name(self):
        view = matrix([1, 2])
        self.assertIs(value_of({"image": view}), view)
        self.assertIs(value_of({"data": view}), view)
        self.assertIsNone(value_of({"a": view, "b": view}))
        self.assertIsNone(tensors_of({"a": view, "b": 1}))
        self.assertIsNone(tensors_of({}))


class Body(unittest.TestCase):
    def test_takes_the_values_and_leaves_the_answers(self):
        handler, view = Handler(), matrix([1])
        rows = [{"data": 1}, {"body": 2}]
        self.assertEqual(BodyEnvelope(handler).handle(rows, Context()), [2, 4])
        several = {"a": view, "b": view}
        self.assertEqual(BodyEnvelope(Handler()).parse_input([several]), [several])

    def test_base_hands_an_empty_batch_on(self):
        with self.assertRaises(TypeError):
            BaseEnvelope(None)
        self.assertEqual(BodyEnvelope(Handler()).handle([], Context()), [])


class Json(unittest.TestCase):
    def test_joins_and_deals_out(self):
        handler = Handler()
        rows = [{"body": {"instances": [1, 2]}}, {"data": b'{"instances": [3]}'}]
        answers = JSONEnvelope(handler).handle(rows, Context())
        self.assertEqual(handler.got, [1, 2, 3])
        self.assertEqual([json.loads(answer) for answer in answers], [{"predictions": [2, 4]}, {"predictions": [6]}])

    def test_reads_instances_without_a_part(self):
        self.assertEqual(JSONEnvelope(Handler()).parse_input([{"instances": [1]}]), [1])

    def test_decodes_bytes(self):
        handler = Handler(["x", "y"])
        rows = [{"body": {"instances": [{"b64": "YQ=="}, {"image": {"b64": "Yg=="}, "n": 1}]}}]
        JSONEnvelope(handler).handle(rows, Context())
        self.assertEqual(handler.got, [b"a", {"image": b"b", "n": 1}])

    def test_a_bad_request_is_answered_for_itself(self):
        # Seen to fail when Shares let the exception through.
        rows = [{"body": {"instances": [1]}}, {"body": {"rows": []}}, {"body": b"{"}, {"body": {"instances": [2]}}]
        answers = JSONEnvelope(Handler()).handle(rows, Context())
        self.assertEqual([json.loads(answers[0]), json.loads(answers[3])], [{"predictions": [2]}, {"predictions": [4]}])
        self.assertIsInstance(answers[1], PredictionException)
        self.assertEqual((answers[1].message, answers[1].error_code), ("instances: missing (expected: a list)", 400))
        self.assertIn("not JSON", answers[2].message)

    def test_bad_base64_is_a_bad_request(self):
        with self.assertRaisesRegex(PredictionException, "b64"):
            JSONEnvelope(Handler()).handle([{"body": {"instances": [{"b64": "a"}]}}], Context())

    def test_only_bad_requests_do_not_reach_the_handler(self):
        handler = Handler()
        with self.assertRaises(PredictionException):
            JSONEnvelope(handler).handle([{"body": 7}], Context())
        self.assertIsNone(handler.got)

    def test_wrong_count_of_results_is_told(self):
        rows = [{"body": {"instances": [1]}}, {"body": {"instances": [2]}}]
        with self.assertRaisesRegex(ValueError, r"3 results \(expected: 2"):
            JSONEnvelope(Handler([1, 2, 3])).handle(rows, Context())

    def test_rows_of_tensors_are_instances(self):
        handler = Handler(["a", "b", "c"])
        answers = JSONEnvelope(handler).handle([{"x": matrix([1, 2], [3, 4])}, {"x": matrix([5, 6])}], Context())
        self.assertEqual(handler.got, [[1, 2], [3, 4], [5, 6]])
        self.assertEqual([json.loads(answer)["predictions"] for answer in answers], [["a", "b"], ["c"]])

    def test_several_inputs_are_instances_by_name(self):
        envelope = JSONEnvelope(Handler())
        self.assertEqual(envelope.parse_input([{"a": matrix([1]), "b": matrix([2])}]), [{"a": [1], "b": [2]}])
        with self.assertRaisesRegex(PredictionException, "as many in each input"):
            envelope.parse_input([{"a": matrix([1]), "b": matrix([2], [3])}])


class KServe(unittest.TestCase):
    def test_one_request_gets_everything_the_handler_said(self):
        answers = KServeEnvelope(Handler([1, 2, 3])).handle([{"body": {"instances": [1, 2]}}], Context())
        self.assertEqual(answers, [{"predictions": [1, 2, 3]}])

    def test_several_requests_get_their_share(self):
        rows = [{"body": {"instances": [1, 2]}}, {"body": b'{"instances": [3]}'}]
        answers = KServeEnvelope(Handler()).handle(rows, Context())
        self.assertEqual(answers, [{"predictions": [2, 4]}, {"predictions": [6]}])

    def test_explanations(self):
        answers = KServeEnvelope(Handler()).handle([{"body": {"instances": [1]}}], Context(explain="True"))
        self.assertEqual(answers, [{"explanations": [2]}])


if __name__ == "__main__":
    unittest.main()
