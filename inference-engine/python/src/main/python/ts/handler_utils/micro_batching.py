# SPDX-License-Identifier: Apache-2.0
"""Batches in parts, so that one part is prepared while the model works on another."""

import os
import queue
import threading
import time
from copy import copy
from dataclasses import dataclass
from typing import Dict

HANDLER_METHODS = ["preprocess", "inference", "postprocess"]

# How long a thread that is to end may take to notice; it is woken, unless another thread takes the call.
_NOTICE_SECONDS = 0.05


@dataclass
class _Failure:
    """What goes through the rest of the steps instead of data after one of them failed."""

    cause: BaseException


def execute_call(in_queue, out_queue, handle, thread_local_data, event):
    """What a thread does: one step for each part that comes, until the event is set."""
    while not event.is_set():
        task = in_queue.get()
        if task is None:
            continue
        number, data = task
        thread_local_data.micro_batch_idx = number
        if not isinstance(data, _Failure):
            try:
                data = handle(data)
            except BaseException as failure:  # pylint: disable=broad-except
                data = _Failure(failure)  # raised where the batch is waited for
        out_queue.put((number, data))


@dataclass
class WorkerThread:
    """A thread, and the event that ends it."""

    event: threading.Event
    thread: threading.Thread


class MicroBatching(object):
    """Stands in for a handler's ``handle`` and runs its three steps in threads of their own, connected by queues.

    Threads: one call at a time; ``parallelism`` may be changed between calls.
    """

    def __init__(self, parent_handler, micro_batch_size: int = 1, parallelism: Dict = None):
        self.handler = parent_handler
        self.micro_batch_size = micro_batch_size
        self._parallelism = {}
        self.thread_groups = {step: [] for step in HANDLER_METHODS}
        self.queues = {}
        self.thread_local_data = threading.local()
        self.terminate = threading.Event()
        if micro_batch_size < 1:
            raise ValueError(f"micro_batch_size: {micro_batch_size} (expected: at least 1)")
        self._create_queues()
        self.parallelism = parallelism if parallelism is not None else {}

    def __del__(self):
        self.shutdown()

    @property
    def parallelism(self) -> Dict:
        """How many threads each step has, where it is not one."""
        return copy(self._parallelism)

    @parallelism.setter
    def parallelism(self, parallelism: Dict):
        for step, count in parallelism.items():
            if step not in HANDLER_METHODS:
                raise ValueError(f"parallelism: {step!r} (expected: one of {HANDLER_METHODS})")
            if not isinstance(count, int) or count < 1:
                raise ValueError(f"parallelism of {step}: {count!r} (expected: at least 1)")
        self._parallelism.update(parallelism)
        self._update_threads()

    def shutdown(self):
        """Ends all threads and waits for them."""
        self.terminate.set()
        for step, group in self.thread_groups.items():
            self._end(step, group)
            group.clear()

    def _create_queues(self):
        between = [queue.Queue() for _ in range(len(HANDLER_METHODS) + 1)]
        for position, step in enumerate(HANDLER_METHODS):
            self.queues[step + "_in"] = between[position]
            self.queues[step + "_out"] = between[position + 1]

    def _update_threads(self):
        for step, group in self.thread_groups.items():
            wanted = self._parallelism.get(step, 1)
            while len(group) < wanted:
                group.append(self._started(step))
            self._end(step, group[wanted:])
            del group[wanted:]

    def _started(self, step):
        event = threading.Event()
        arguments = (
            self.queues[step + "_in"],
            self.queues[step + "_out"],
            getattr(self.handler, step),
            self.thread_local_data,
            event,
        )
        thread = threading.Thread(target=execute_call, args=arguments, name=f"micro-batch-{step}", daemon=True)
        thread.start()
        return WorkerThread(event, thread)

    def _end(self, step, group):
        for each in group:
            each.event.set()
        for each in group:
            while each.thread.is_alive() and each.thread is not threading.current_thread():
                self.queues[step + "_in"].put(None)
                each.thread.join(_NOTICE_SECONDS)

    def handle(self, data):
        """The results of all parts, in the order of the data."""
        starts = range(0, len(data), self.micro_batch_size)
        for number, start in enumerate(starts):
            self.queues[HANDLER_METHODS[0] + "_in"].put((number, data[start : start + self.micro_batch_size]))
        done = dict(self.queues[HANDLER_METHODS[-1] + "_out"].get() for _ in starts)
        for number in sorted(done):
            if isinstance(done[number], _Failure):
                raise done[number].cause
        return [item for number in sorted(done) for item in done[number]]

    def get_micro_batch_idx(self):
        """The number of the part the calling thread works on."""
        return getattr(self.thread_local_data, "micro_batch_idx", None)

    def __call__(self, data, context):
        """Answers a batch as the handler would."""
        start = time.time()
        handler = self.handler
        handler.context = context
        if os.environ.get("ENABLE_TORCH_PROFILER"):
            output, _ = handler._infer_with_profiler(data=data)
        elif handler._is_describe():
            output = [handler.describe_handle() for _ in data or [None]]
        elif handler._is_explain():
            output = handler.explain_handle(handler.preprocess(data), data)
        else:
            output = self.handle(data)
        context.metrics.add_time("HandlerTime", round((time.time() - start) * 1000, 2), None, "ms")
        return output
