# SPDX-License-Identifier: Apache-2.0
"""Sums the numbers of each sequence; the sums live in the worker that keeps the sequence."""

import json
import os
import time

SUMS = {}


def handle(data, context):
    if data is None:
        return None
    ids = [context.get_sequence_id(index) for index in range(len(data))]
    answers = []
    for index, row in enumerate(data):
        sent = row.get("body")
        sent = sent if isinstance(sent, dict) else json.loads(bytes(sent))
        time.sleep(sent.get("sleep", 0))
        name = ids[index]
        if context.get_request_header(index, context.header_key_sequence_start) == "true":
            SUMS.pop(name, None)
        SUMS.setdefault(name, []).append(sent["number"])
        context.set_response_header(index, context.header_key_sequence_id, name)
        if sent.get("end"):
            context.set_response_header(index, context.header_key_sequence_end, name)
        answers.append(
            {
                "id": name,
                "numbers": SUMS[name],
                "sum": sum(SUMS[name]),
                "pid": os.getpid(),
                "together": len(set(ids)) == len(ids),
                "started": context.get_request_header(index, context.header_key_sequence_start) or "",
            }
        )
    return answers
