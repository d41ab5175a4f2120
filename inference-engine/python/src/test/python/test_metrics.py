# SPDX-License-Identifier: Apache-2.0
"""Metrics: what handlers may report, and the lines that reach the server. Source: torchserve.md 3.6, 3.8."""

import os
import re
import unittest
from unittest import mock

from worker_support import WorkerTestCase, predict, request, wait_until

from sluice_worker import output
from ts.metrics import metric_cache_errors as errors
from ts.metrics.dimension import Dimension
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
from ts.metrics.metric_type_enum import MetricTypes
from ts.metrics.metrics_store import MetricsStore

LINE = re.compile(
    r"\[METRICS\](?P<name>[\w ]+)\.(?P<unit>[\w ]+):(?P<value>[-0-9.e,]+)\|#(?P<dimensions>[^|]*)"
    r"\|#type:(?P<type>COUNTER|GAUGE|HISTOGRAM)\|#hostname:(?P<host>[^,]+),(?P<time>\d+)(,(?P<ids>.*))?$"
)
DEFINITIONS = """
dimensions:
  - &model_name "ModelName"
  - &level "Level"
model_metrics:  # those of handlers
  counter:
    - name: Cats
      unit: count
      dimensions: [*model_name, *level]
  gauge:
    - name: PredictionTime
      unit: ms
      dimensions: [*model_name, *level]
  histogram:
    - {name: Size, unit: kB, dimensions: [Kind]}
"""


class MetricsTest(WorkerTestCase):
    def setUp(self):
        super().setUp()
        self.handler(DEFINITIONS, "metrics.yaml")
        self.path = os.path.join(self.folder, "metrics.yaml")
        self.metrics = MetricsCacheYamlImpl(self.path)
        self.metrics.initialize_cache()
        self.metrics.model_name = "m"
        self.metrics.set_request_ids({0: "r0", 1: "r1"})

    def emitted(self, report):
        """The lines that reporting brings about, taken apart."""
        lines = []
        with mock.patch.object(output, "metric", lines.append):
            report(self.metrics)
        return [LINE.match(line).group("name", "unit", "value", "dimensions", "type", "ids") for line in lines]

    def test_reads_the_definitions(self):
        self.assertEqual(["counter:Cats", "gauge:PredictionTime", "histogram:Size"], self.metrics.cache_keys())

    def test_writes_lines_the_server_understands(self):
        both = "ModelName:m,Level:Model"
        cases = [
            (lambda m: m.add_counter("Cats", 2), ("Cats", "Count", "2", both, "COUNTER", "r0,r1")),
            (lambda m: m.add_counter("New", 1, 1), ("New", "Count", "1", both, "COUNTER", "r1")),
            (lambda m: m.add_time("T", 1.5, 0), ("T", "Milliseconds", "1.5", both, "GAUGE", "r0")),
            (lambda m: m.add_time("S", 1, unit="s"), ("S", "Seconds", "1", both, "GAUGE", "r0,r1")),
            (lambda m: m.add_size("B", 1), ("B", "Megabytes", "1", both, "GAUGE", "r0,r1")),
            (lambda m: m.add_percent("P", 50), ("P", "Percent", "50", both, "GAUGE", "r0,r1")),
            (lambda m: m.add_error("E", 1), ("E", "unit", "1", "Level:Error", "COUNTER", None)),
            (
                lambda m: m.add_metric("A", 1, "boxes", 0, [Dimension("K", "v")], MetricTypes.HISTOGRAM),
                ("A", "boxes", "1", "K:v," + both, "HISTOGRAM", "r0"),
            ),
            (
                lambda m: m.get_metric("Size", MetricTypes.HISTOGRAM).add_or_update(3, ["cat"], "r7"),
                ("Size", "Kilobytes", "3", "Kind:cat", "HISTOGRAM", "r7"),
            ),
            (
                lambda m: m.add_metric_to_cache("C", "count", ["x"]).update(4, "r8", [Dimension("y", "z")]),
                ("C", "Count", "4", "y:z", "COUNTER", "r8"),
            ),
        ]
        for report, expected in cases:
            self.assertEqual([expected], self.emitted(report))

    # Seen to fail when default dimensions were added to the caller's list.
    def test_leaves_the_callers_dimensions_alone(self):
        mine = [Dimension("K", "v")]
        for _ in range(2):
            self.emitted(lambda m: m.add_counter("X", 1, dimensions=mine))
        self.assertEqual(["K"], [dimension.name for dimension in mine])

    def test_refuses_what_makes_no_sense(self):
        with self.assertLogs(level="ERROR"):
            self.assertEqual([], self.emitted(lambda m: m.add_counter("Cats", -1)))
        with self.assertLogs(level="ERROR"):
            self.assertEqual([], self.emitted(lambda m: m.get_metric("Cats").add_or_update(1, ["one"])))
        self.assertRaises(errors.MetricsCacheValueError, self.metrics.add_time, "T", 1, unit="min")
        self.assertRaises(ValueError, self.metrics.add_size, "T", 1, unit="TB")
        self.assertRaises(errors.MetricsCacheKeyError, self.metrics.get_metric, "none")
        self.assertRaises(errors.MetricsCacheTypeError, self.metrics.get_metric, "Cats", "counter")
        self.assertRaises(errors.MetricsCacheTypeError, self.metrics.add_metric_to_cache, "N", 5)

    def test_refuses_definitions_that_are_none(self):
        for text, error in (
            ("a: [", errors.MetricsCachePyYamlError),
            ("a: 1", errors.MetricsCacheKeyError),
            ("model_metrics:", errors.MetricsCacheValueError),
            ("model_metrics: {sum: []}", errors.MetricsCacheKeyError),
            ("model_metrics: {gauge: [{name: x}]}", errors.MetricsCacheKeyError),
        ):
            self.handler(text, "bad.yaml")
            with self.assertRaises(error, msg=text):
                MetricsCacheYamlImpl(os.path.join(self.folder, "bad.yaml")).initialize_cache()
        self.assertRaises(errors.MetricsCacheIOError, MetricsCacheYamlImpl, self.folder + "/none")
        self.assertRaises(errors.MetricsCacheTypeError, MetricsCacheYamlImpl, None)

    def test_keeps_numbers_of_old_handlers(self):
        store = MetricsStore({0: "r0"}, "m")
        store.add_counter("N", 1, 0)
        store.add_time("T", 2)
        store.add_error("E", 1)
        self.assertEqual(["N", "T", "E"], [metric.name for metric in store.store])
        self.assertTrue(str(store.store[0]).startswith("N.Count:1|#ModelName:m,Level:Model|#hostname:"))


class MetricLinesTest(WorkerTestCase):
    # Seen to fail when metrics were written without regard to what a handler had printed without a line end.
    def test_never_shares_a_line_with_what_a_handler_prints(self):
        self.handler(DEFINITIONS, "metrics.yaml")
        worker = self.loaded(
            """
            import logging, sys, threading
            def handle(data, context):
                if data is None: return
                def prints():
                    for number in range(300):
                        print("part", end=" ")
                        print("end")
                thread = threading.Thread(target=prints)
                thread.start()
                for number in range(300):
                    context.metrics.add_counter("Cats", 1, 0)
                thread.join()
                print("half", end="")
                logging.getLogger("x").info("logged")
                return ["x"]
            """,
            "--metrics-config",
            os.path.join(self.folder, "metrics.yaml"),
        )
        for number in range(3):
            worker.call(predict(request(f"r{number}")))
        wait_until(lambda: worker.output().count("PredictionTime") == 3, "the lines")
        self.assertEqual(0, worker.disconnect())
        lines = worker.output().splitlines()
        found = [LINE.match(line) for line in lines if "METRICS" in line]
        self.assertNotIn(None, found)
        self.assertEqual(900, sum(match["name"] == "Cats" for match in found))
        self.assertEqual(["r0", "r1", "r2"], [match["ids"] for match in found if match["name"] == "PredictionTime"])
        self.assertIn("halflogged", lines)
        self.assertEqual(900, sum(line.count("end") for line in lines))

    def test_lets_lines_out_while_a_call_lasts(self):
        worker = self.loaded(
            """
            import os, time
            def handle(data, context):
                if data is None: return
                for _ in range(64): context.metrics.add_counter("Early", 1)
                while not os.path.exists("go"): time.sleep(0.01)
                return ["x"]
            """
        )
        worker.send(predict(request()))
        wait_until(lambda: worker.output().count("Early") == 64, "the lines of a call that runs")
        self.handler("", "go")
        self.assertEqual(200, worker.reply()[0])

    def test_drops_no_line_at_the_end(self):
        worker = self.loaded("def handle(d, c):\n    print('no line end', end='')\n    return d and ['x']")
        worker.call(predict(request()))
        worker.disconnect()
        self.assertIn("no line end", worker.output())


if __name__ == "__main__":
    unittest.main()
