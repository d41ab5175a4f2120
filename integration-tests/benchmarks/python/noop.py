# SPDX-License-Identifier: Apache-2.0
"""Answers, and nothing else: what is left is what the servers and workers cost."""


def handle(data, context):
    if data is None:
        return None
    return ["ok"] * len(data)
