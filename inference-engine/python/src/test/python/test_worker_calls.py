# SPDX-License-Identifier: Apache-2.0
"""Batches through a real worker process. Source: torchserve.md 7.5, 7.6."""

import json
import os
import socket
import unittest

from worker_support import WorkerTestCase, load, predict, request, wait_until

EVERY_CASE = """
    from ts.utils.util import PredictionException
    from ts.handler_utils.utils import send_intermediate_predict_response

    class Handler:
        def initialize(self, context):
            self.told = context.system_properties

        def handle(self, data, context):
            what = data[0]["body"]
            if what == "memory": raise MemoryError()
            if what == "cuda": raise RuntimeError("CUDA error: out of memory")
            if what == "refuse": raise PredictionException("not today", 418)
            if what == "fail": return {}["key"]
            if what == "short": return []
            if what == "dict": return {"a": 1}
            if what == "object": return [object()]
            if what == "item": return [PredictionException("no", 404)] + ["yes"] * (len(data) - 1)
            if what == "told": return [dict(self.told, ids=context.request_ids, header=context.get_request_header(0, "K"))]
            if what == "stream":
                for part in "abc":
                    send_intermediate_predict_response([part], context.request_ids, "part", 200, context)
                return ["d"]
            if what == "large": return [bytes(5_000_000)] * len(data)
            if what == "exit": raise SystemExit(9)
            return [value["body"] for value in data]
"""


class WorkerCallsTest(WorkerTestCase):
    def test_answers_every_case_and_goes_on(self):
        worker = self.loaded(EVERY_CASE)
        cases = [
            ("memory", 507, "Out of resources"),
            ("cuda", 507, "Out of resources"),
            ("refuse", 418, "not today"),
            ("fail", 503, "Prediction failed"),
            ("short", 503, "number of batch response mismatched"),
            ("dict", 503, "Invalid model predict output"),
            ("object", 503, "Unsupported model output data type."),
        ]
        for what, code, message in cases:
            found = worker.call(predict(request("r1", what.encode(), "text/plain")))
            self.assertEqual((code, message), found[:2])
            self.assertEqual([("r1", code, b"error")], [(p["id"], p["status"], p["body"]) for p in found[2]])
        found = worker.call(predict(request("r2", b"fine", "text/plain")))
        self.assertEqual((200, "Prediction success", b"fine"), (*found[:2], found[2][0]["body"]))
        self.assertIn("KeyError: 'key'", worker.errors())
        self.assertNotIn("calls.py", worker.errors())
        self.assertEqual(0, worker.disconnect())

    def test_answers_a_batch_in_order(self):
        worker = self.loaded(EVERY_CASE, batch=8)
        many = [request(f"r{n}", bytes([65 + n])) for n in range(8)]
        _, _, predictions = worker.call(predict(*many))
        self.assertEqual([(f"r{n}", bytes([65 + n])) for n in range(8)], [(p["id"], p["body"]) for p in predictions])

    def test_fails_one_request_of_a_batch_alone(self):
        worker = self.loaded(EVERY_CASE, batch=2)
        requests = [request(n, b"item", "text/plain") for n in ("bad", "good")]
        code, _, (bad, good) = worker.call(predict(*requests))
        self.assertEqual((200, 404, b"no", "true"), (code, bad["status"], bad["body"], bad["headers"]["sluice_item_error"]))
        self.assertEqual((200, b"yes", {}), (good["status"], good["body"], good["headers"]))

    def test_streams_parts(self):
        worker = self.loaded(EVERY_CASE)
        worker.send(predict(request(value=b"stream", kind="text/plain")))
        parts = [worker.reply()[2][0] for _ in range(4)]
        self.assertEqual([b"a", b"b", b"c", b"d"], [part["body"] for part in parts])
        self.assertEqual(["true"] * 3 + ["false"], [part["headers"]["ts_stream_next"] for part in parts])

    def test_sends_answers_that_do_not_fit_the_socket(self):
        worker = self.loaded(EVERY_CASE, batch=3)
        found = worker.call(predict(*[request(f"r{n}", b"large", "text/plain") for n in range(3)]))
        self.assertEqual([5_000_000] * 3, [len(p["body"]) for p in found[2]])

    def test_says_why_the_server_ends_it_after_an_answer_that_is_too_long(self):
        worker = self.loaded(EVERY_CASE, "--max-response", "1000")
        worker.call(predict(request(value=b"large", kind="text/plain")))
        wait_until(lambda: "5000000 bytes (expected: at most 1000, max_response_size)" in worker.output(), "the line")

    def test_tells_the_handler_about_model_and_request(self):
        self.handler(EVERY_CASE)
        worker = self.start()
        worker.call(load("m", self.folder, "handler.py", batch=3, gpu=2))
        told = json.loads(worker.call(predict(request("r9", b"told", "text/plain", {"K": "v"})))[2][0]["body"])
        self.assertEqual((self.folder, 2, 3, "MMS"), tuple(told[k] for k in ("model_dir", "gpu_id", "batch_size", "server_name")))
        self.assertEqual(({"0": "r9"}, "v"), (told["ids"], told["header"]))

    def test_dies_when_the_handler_wants_to(self):
        worker = self.loaded(EVERY_CASE)
        worker.send(predict(request(value=b"exit", kind="text/plain")))
        self.assertRaises(EOFError, worker.reply)
        self.assertEqual(9, worker.process.wait(20))

    def test_runs_requests_over_several_steps(self):
        worker = self.loaded(
            """
            class Handler:
                def initialize(self, context):
                    context.cache = {}

                def handle(self, data, context):
                    results = []
                    for index, values in enumerate(data):
                        key = context.get_request_id(index)
                        context.cache.setdefault(key, [int(values["body"]) if values else None, 0])[1] += 1
                        results.append(str(context.cache[key][1]))
                    context.stopping_criteria = [
                        lambda result, key=context.get_request_id(i): int(result) >= context.cache[key][0]
                        for i in range(len(data))
                    ]
                    return results
            """,
            batch=2,
        )
        first = worker.call(predict(request("a", b"1"), request("b", b"2")))[2]
        second = worker.call(predict(("b", {}, [])))[2]
        self.assertEqual(["false", "true"], [p["headers"]["ts_stream_next"] for p in first])
        self.assertEqual((b"2", "false"), (second[0]["body"], second[0]["headers"]["ts_stream_next"]))

    def test_answers_loads_that_fail(self):
        cases = [
            ("import nothing_of_that_name", 500, "ModuleNotFoundError: No module named 'nothing_of_that_name' (handler.py:1)"),
            ("x = (", 500, "SyntaxError: '(' was never closed"),
            ("def handle(d, c):\n    raise ValueError('no weights')", 500, "ValueError: no weights (handler.py:2)"),
            ("def handle(d, c):\n    raise MemoryError()", 507, "System out of memory"),
            ("def handle(d, c):\n    raise RuntimeError('CUDA is gone')", 507, "System out of memory"),
            ("import sys\nsys.exit(3)", 500, "SystemExit: 3"),
            ("class A: pass\nclass B: pass", 500, "ValueError: Expected only one class"),
            ("class A: pass", 500, "ValueError: Expect handle method in class A"),
        ]
        for text, code, message in cases:
            if text == "x = (":
                message = "SyntaxError: "
            self.handler(text)
            worker = self.start()
            found = worker.call(load("m", self.folder, "handler.py"))
            self.assertEqual((code, []), (found[0], found[2]))
            self.assertTrue(found[1].startswith(message), found[1])
            self.assertNotIn(self.folder, found[1])
            self.assertEqual(1, worker.process.wait(20))
            self.assertIn("was not loaded", worker.errors())
            worker.close()

    def test_ends_on_bytes_that_are_no_message(self):
        for garbage in (b"X", predict(request()), b"L\xff\xff\xff\xf0"):
            worker = self.start()
            worker.send(garbage)
            self.assertRaises((EOFError, ConnectionError), worker.reply)
            self.assertEqual(1, worker.process.wait(20))
            worker.close()

    def test_ends_with_the_connection_in_the_middle_of_a_message(self):
        worker = self.loaded(EVERY_CASE)
        worker.send(predict(request(value=bytes(100)))[:-20])
        self.assertEqual(0, worker.disconnect())

    def test_serves_over_tcp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.handler(EVERY_CASE)
        worker = self.start(tcp_port=port)
        self.assertEqual(200, worker.call(load("m", self.folder, "handler.py"))[0])
        self.assertEqual(b"over", worker.call(predict(request(value=b"over")))[2][0]["body"])

    def test_only_the_first_rank_answers_batches(self):
        self.handler("def handle(d, c):\n    if d: open('ran', 'w').close()\n    return d and ['x']")
        worker = self.start(environment={"LOCAL_RANK": "1"})
        self.assertEqual(200, worker.call(load("m", self.folder, "handler.py"))[0])
        worker.send(predict(request()))
        wait_until(lambda: os.path.exists(os.path.join(self.folder, "ran")), "the call")
        worker.connection.settimeout(0.2)
        self.assertRaises(OSError, worker.connection.recv, 1)

    def test_leaves_input_undecoded_if_the_server_says_so(self):
        self.handler("def handle(d, c):\n    return d and [type(d[0]['body']).__name__]")
        worker = self.start(environment={"TS_DECODE_INPUT_REQUEST": "false"})
        worker.call(load("m", self.folder, "handler.py"))
        self.assertEqual(b"bytearray", worker.call(predict(request(value=b"{}", kind="application/json")))[2][0]["body"])

    def test_keeps_parts_that_threads_send_whole(self):
        worker = self.loaded(
            """
            import threading
            from ts.handler_utils.utils import send_intermediate_predict_response as send

            def handle(data, context):
                if data is None: return
                def many(sign):
                    for _ in range(50):
                        send([sign * 100_000], context.request_ids, "p", 200, context)
                threads = [threading.Thread(target=many, args=(sign,)) for sign in "abc"]
                [thread.start() for thread in threads]; [thread.join() for thread in threads]
                return ["end"]
            """
        )
        worker.send(predict(request()))
        bodies = [worker.reply()[2][0]["body"] for _ in range(151)]
        self.assertEqual({(b"a", 1), (b"b", 1), (b"c", 1)}, {(body[:1], len(set(body))) for body in bodies[:-1]})
        self.assertEqual(b"end", bodies[-1])


class AsynchronousTest(WorkerTestCase):
    HANDLER = """
        import asyncio
        from ts.handler_utils.utils import send_intermediate_predict_response as send
        from ts.utils.util import PredictionException

        class Handler:
            def initialize(self, context):
                context.gates = {}

            async def handle(self, data, context):
                name = data[0]["body"].decode()
                if name == "fail": raise PredictionException("no", 499)
                if name.startswith("open "):
                    context.gates[name[5:]].set()
                    return ["opened"]
                if name.startswith("stream"):
                    for part in "ab":
                        send([part], context.request_ids, "p", 200, context)
                        await asyncio.sleep(0)
                    return ["c"]
                await context.gates.setdefault(name, asyncio.Event()).wait()
                return [name + " " + context.get_request_id() + context.get_request_header(0, "k")]
    """

    def test_answers_in_any_order(self):
        worker = self.loaded(self.HANDLER, "--async")
        for name in ("one", "two"):
            worker.send(predict(request(f"r-{name}", name.encode(), headers={"k": name})))
        worker.send(predict(request("o1", b"open two")))
        found = [worker.reply()[2][0] for _ in range(2)]
        self.assertEqual({b"opened", b"two r-twotwo"}, {prediction["body"] for prediction in found})
        worker.send(predict(request("o2", b"open one")))
        self.assertIn(b"one r-oneone", [worker.reply()[2][0]["body"] for _ in range(2)])

    def test_fails_and_streams_as_ever(self):
        worker = self.loaded(self.HANDLER, "--async")
        self.assertEqual((499, "no"), worker.call(predict(request(value=b"fail")))[:2])
        worker.send(predict(request(value=b"stream")))
        parts = [worker.reply()[2][0] for _ in range(3)]
        self.assertEqual([b"a", b"b", b"c"], [part["body"] for part in parts])
        self.assertEqual(["true", "true", "false"], [part["headers"]["ts_stream_next"] for part in parts])

    def test_ends_with_the_connection_though_calls_run(self):
        worker = self.loaded(self.HANDLER, "--async")
        worker.send(predict(request(value=b"never")))
        self.assertEqual(0, worker.disconnect())


if __name__ == "__main__":
    unittest.main()
