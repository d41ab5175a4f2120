# SPDX-License-Identifier: Apache-2.0
"""What all envelopes share."""

from abc import ABC, abstractmethod


class BaseEnvelope(ABC):
    """Stands before a handler: turns requests into what it takes, and what it returns into answers."""

    def __init__(self, handle_fn):
        self._handle_fn = handle_fn
        self.context = None

    def handle(self, data, context):
        """Answers a batch as the handler behind it does."""
        self.context = context
        if data:
            data = self.parse_input(data)
        results = self._handle_fn(data, context)
        if results:
            results = self.format_output(results)
        return results

    @abstractmethod
    def parse_input(self, data):
        """The items for the handler, of the requests."""

    @abstractmethod
    def format_output(self, data):
        """The answers to the requests, of what the handler returned."""
