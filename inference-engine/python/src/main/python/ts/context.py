# SPDX-License-Identifier: Apache-2.0
"""What a handler is told about its model and the requests at hand, and what it may say about the answers.

Source: torchserve.md 7.6.
"""

import os
from typing import Dict, Optional, Tuple


class Context:
    """One model as its handler sees it; the request part changes with each batch.

    Threads: belongs to the thread that runs the handler. Handlers may attach attributes of their own.
    """

    def __init__(
        self,
        model_name,
        model_dir,
        manifest,
        batch_size,
        gpu,
        mms_version,
        limit_max_image_pixels=True,
        metrics=None,
        model_yaml_config=None,
    ):
        self.model_name = model_name
        self.manifest = manifest
        self._system_properties = {
            "model_dir": model_dir,
            "gpu_id": gpu,
            "batch_size": batch_size,
            "server_name": "MMS",
            "server_version": mms_version,
            "limit_max_image_pixels": limit_max_image_pixels,
        }
        self._limit_max_image_pixels = True
        self._request_processor = None
        self._metrics = metrics
        self.request_ids = None
        self.model_yaml_config = model_yaml_config
        self.stopping_criteria = None
        self.header_key_sequence_id = os.getenv("TS_REQUEST_SEQUENCE_ID", "ts_request_sequence_id")
        self.header_key_sequence_start = os.getenv("TS_REQUEST_SEQUENCE_START", "ts_request_sequence_start")
        self.header_key_sequence_end = os.getenv("TS_REQUEST_SEQUENCE_END", "ts_request_sequence_end")

    @property
    def system_properties(self):
        """The fixed facts: model_dir, gpu_id (None on CPU), batch_size, server_name, server_version, pixel limit."""
        return self._system_properties

    @property
    def request_processor(self):
        """One RequestProcessor per request of the batch."""
        return self._request_processor

    @request_processor.setter
    def request_processor(self, request_processor):
        self._request_processor = request_processor

    @property
    def metrics(self):
        """Where the handler reports its numbers."""
        return self._metrics

    @metrics.setter
    def metrics(self, metrics):
        self._metrics = metrics

    def get_request_id(self, idx: int = 0) -> Optional[str]:
        """The id of a request of the batch; None outside of a batch."""
        return None if self.request_ids is None else self.request_ids.get(idx)

    def get_request_header(self, idx: int, key: str) -> Optional[str]:
        """A header as the client spelled it, or None."""
        return self._request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx: int) -> Dict[str, str]:
        """All headers of a request, and for each part of its body a dict with the part's content type."""
        return self._request_processor[idx].get_request_properties()

    def get_sequence_id(self, idx: int) -> str:
        """The sequence that a request belongs to, for stateful models."""
        return self._request_processor[idx].get_request_property(self.header_key_sequence_id)

    def set_response_content_type(self, idx: int, value: str) -> None:
        """Says what the answer to a request is."""
        self.set_response_header(idx, "content-type", value)

    def get_response_content_type(self, idx: int) -> Optional[str]:
        """What was said with set_response_content_type, or None."""
        return self.get_response_headers(idx).get("content-type")

    def set_response_header(self, idx, key, value):
        """Adds a header to the answer of a request."""
        self._request_processor[idx].add_response_property(key, value)

    def get_response_headers(self, idx: int) -> Dict[str, str]:
        """The headers that were added to the answer of a request."""
        return self._request_processor[idx].get_response_headers()

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0):
        """Gives the answer of one request a status."""
        processors = self._request_processor
        if processors is not None and processors[idx] is not None:
            processors[idx].report_status(code, reason_phrase=phrase)

    def set_all_response_status(self, code: int = 200, phrase: str = "") -> None:
        """Gives the answers of all requests of the batch a status."""
        for processor in self._request_processor:
            processor.report_status(code, reason_phrase=phrase)

    def get_response_status(self, idx: int) -> Tuple[int, str]:
        """Status and phrase of the answer to a request."""
        processor = self._request_processor[idx]
        return processor.get_response_status_code(), processor.get_response_status_phrase()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and self.__dict__ == other.__dict__

    __hash__ = None


class RequestProcessor:
    """The headers of one request, and status and headers of its answer."""

    # Set on a request whose inputs are tensors: then its answer may be tensors too.
    came_with_tensors = False

    def __init__(self, request_header: dict) -> None:
        self._status_code = 200
        self._reason_phrase = None
        self._response_header: Dict[str, str] = {}
        self._request_header = request_header

    def get_request_property(self, key: str) -> Optional[str]:
        """A header of the request, or None."""
        return self._request_header.get(key)

    def get_request_properties(self) -> dict:
        """All headers of the request."""
        return self._request_header

    def report_status(self, code, reason_phrase=None) -> None:
        """Sets status and phrase of the answer."""
        self._status_code = code
        self._reason_phrase = reason_phrase

    def get_response_status_code(self) -> int:
        """The status of the answer."""
        return self._status_code

    def get_response_status_phrase(self) -> Optional[str]:
        """The phrase that goes with the status, or None."""
        return self._reason_phrase

    def add_response_property(self, key: str, value: str) -> None:
        """Adds a header to the answer."""
        self._response_header[key] = value

    def get_response_headers(self) -> dict:
        """All headers of the answer."""
        return self._response_header

    def get_response_header(self, key: str) -> Optional[str]:
        """A header of the answer, or None."""
        return self._response_header.get(key)
