# SPDX-License-Identifier: Apache-2.0
"""MicroBatching: parts through three stages of threads, in order, and what happens when a step fails."""

import threading
import unittest

from torch_handler_stand_ins import Context

from ts.handler_utils.micro_batching import HANDLER_METHODS, MicroBatching


class Handler:
    """Counts up in each step, and fails for a number of choice."""

    def __init__(self):
        self.context = None
        self.numbers = []
        self.batching = None

    def preprocess(self, data):
        self.numbers.append(self.batching.get_micro_batch_idx())
        return [item + 1 for item in data]

    def inference(self, data):
        if 100 in data:
            raise ValueError("100 is too much")
        return [item * 10 for item in data]

    def postprocess(self, data):
        return [str(item) for item in data]

    def _is_describe(self):
        return self.context.get_request_header(0, "describe") == "True"

    def _is_explain(self):
        return self.context.get_request_header(0, "explain") == "True"

    def describe_handle(self):
        return "described"

    def explain_handle(self, preprocessed, data):
        return [("explained", preprocessed, data)]


class MicroBatches(unittest.TestCase):
    def batching(self, **options):
        handler = Handler()
        handler.batching = MicroBatching(handler, **options)
        self.addCleanup(handler.batching.shutdown)
        return handler, handler.batching

    def test_results_come_in_the_order_of_the_data(self):
        for size, threads in ((1, 1), (2, 3), (7, 2), (100, 1)):
            handler, batching = self.batching(micro_batch_size=size, parallelism={step: threads for step in HANDLER_METHODS})
            context = Context()
            expected = [str((item + 1) * 10) for item in range(20)]
            self.assertEqual(batching(list(range(20)), context), expected)
            self.assertEqual([time[0] for time in context.metrics.times], ["HandlerTime"])
            self.assertEqual(sorted(handler.numbers), list(range(-(-20 // size))))

    def test_nothing_for_nothing(self):
        self.assertEqual(self.batching()[1]([], Context()), [])

    def test_a_failure_reaches_the_caller_and_the_next_batch_is_served(self):
        # Seen to hang when a step's exception ended its thread.
        _, batching = self.batching(micro_batch_size=1)
        with self.assertRaisesRegex(ValueError, "100 is too much"):
            batching([1, 99, 2], Context())
        self.assertEqual(batching([1], Context()), ["20"])

    def test_describes_and_explains_without_parts(self):
        handler, batching = self.batching()
        handler.batching = batching
        self.assertEqual(batching([1, 2], Context(describe="True")), ["described", "described"])
        self.assertEqual(batching([1], Context(explain="True")), [("explained", [2], [1])])

    def test_threads_follow_the_wish(self):
        _, batching = self.batching(parallelism={"inference": 4})
        self.assertEqual([len(batching.thread_groups[step]) for step in HANDLER_METHODS], [1, 4, 1])
        batching.parallelism = {"inference": 2, "preprocess": 3}
        self.assertEqual([len(batching.thread_groups[step]) for step in HANDLER_METHODS], [3, 2, 1])
        self.assertEqual(batching.parallelism, {"inference": 2, "preprocess": 3})
        self.assertEqual(batching([1], Context()), ["20"])

    def test_shutdown_ends_all_threads(self):
        handler = Handler()
        handler.batching = MicroBatching(handler, parallelism={"postprocess": 3})
        threads = [each.thread for group in handler.batching.thread_groups.values() for each in group]
        self.assertTrue(all(thread.is_alive() for thread in threads))
        handler.batching.shutdown()
        self.assertEqual([thread for thread in threads if thread.is_alive()], [])
        self.assertNotIn(threads[0], threading.enumerate())

    def test_bad_wishes_are_refused(self):
        for options, message in (
            ({"micro_batch_size": 0}, "micro_batch_size: 0"),
            ({"parallelism": {"decode": 1}}, "'decode'"),
            ({"parallelism": {"inference": 0}}, "parallelism of inference: 0"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                MicroBatching(Handler(), **options)


if __name__ == "__main__":
    unittest.main()
