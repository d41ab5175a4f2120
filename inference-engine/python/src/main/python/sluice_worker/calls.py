# SPDX-License-Identifier: Apache-2.0
"""One batch on its way through a handler: from inputs to the reply.

Source: torchserve.md 7.5, 7.6.
"""

import logging
import time

from sluice_worker import replies, tracebacks
from ts.utils.util import PredictionException

logger = logging.getLogger(__name__)


class Call:
    """What is known of one batch while it runs.

    Threads: belongs to the thread that runs the handler.
    """

    __slots__ = ("_context", "_ids", "_milliseconds", "_started")

    def __init__(self, context, ids, processors):
        context.request_ids = ids
        context.request_processor = processors
        metrics = context.metrics
        if metrics is not None:
            metrics.request_ids = ids
        self._context = context
        self._ids = ids
        self._milliseconds = None
        self._started = time.perf_counter()

    def answer(self, entry_point, inputs):
        """Runs the handler; the reply as buffers."""
        try:
            results = entry_point(inputs, self._context)
        except Exception as error:
            return self.failure(error)
        return self.reply(results, len(inputs))

    async def answer_later(self, entry_point, inputs):
        """Runs a handler that is a coroutine; the reply as buffers."""
        try:
            results = entry_point(inputs, self._context)
            if hasattr(results, "__await__"):
                results = await results
        except Exception as error:
            return self.failure(error)
        return self.reply(results, len(inputs))

    def reply(self, results, expected):
        """The reply for what the handler returned."""
        if not isinstance(results, list):
            kind = type(results).__name__
            return self._refuse("Invalid model predict output", f"the handler returned a {kind} (expected: a list)")
        if len(results) != expected:
            why = f"the handler returned {len(results)} results (expected: {expected}, one for each request)"
            return self._refuse("number of batch response mismatched", why)
        self._milliseconds = round((time.perf_counter() - self._started) * 1000, 2)
        return replies.success(results, self._ids, self._context)

    def failure(self, error):
        """The reply for what the handler raised, which goes to the log."""
        tracebacks.log(f"model {self._context.model_name}: the handler failed", error)
        return self.failure_reply(error)

    def failure_reply(self, error):
        """The reply for what the handler raised."""
        if isinstance(error, PredictionException):
            return replies.failure(self._ids, str(error.message), replies.status_of(error))
        if isinstance(error, MemoryError) or "CUDA" in str(error):
            return replies.failure(self._ids, "Out of resources", 507)
        return replies.failure(self._ids, "Prediction failed", 503)

    def report(self):
        """Reports how long the handler took, once the reply has gone out."""
        if self._milliseconds is not None and self._context.metrics is not None:
            self._context.metrics.add_time("PredictionTime", self._milliseconds)

    def _refuse(self, message, why):
        logger.warning("model %s: %s", self._context.model_name, why)
        return replies.failure(self._ids, message, 503)
