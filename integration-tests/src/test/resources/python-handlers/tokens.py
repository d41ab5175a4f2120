# SPDX-License-Identifier: Apache-2.0
"""Makes a token a step for each request it is given, as language models with continuous batching do."""

import json
import time

RUNNING = {}


class Tokens:
    def initialize(self, context):
        # Read by the worker after each step: True ends a request.
        context.stopping_criteria = None

    def handle(self, data, context):
        ids = [context.get_request_id(index) for index in range(len(data))]
        for gone in set(RUNNING) - set(ids):
            del RUNNING[gone]
        answers = []
        for index, row in enumerate(data):
            name = ids[index]
            if name not in RUNNING:
                sent = row.get("body")
                sent = sent if isinstance(sent, dict) else json.loads(bytes(sent))
                RUNNING[name] = {"name": sent["name"], "tokens": sent["tokens"], "made": 0, "fail": sent.get("fail")}
            state = RUNNING[name]
            state["made"] += 1
            if state["fail"] == state["made"]:
                raise ValueError("told to fail")
            answers.append("%s%d/%d;" % (state["name"], state["made"], len(ids)))
        done = [RUNNING[name]["made"] >= RUNNING[name]["tokens"] for name in ids]
        context.stopping_criteria = [lambda _, ended=ended: ended for ended in done]
        for name, ended in zip(ids, done):
            if ended:
                del RUNNING[name]
        time.sleep(0.05)
        return answers
