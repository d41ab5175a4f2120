# SPDX-License-Identifier: Apache-2.0
"""Echoes, and writes down which process began which request before it does."""

import os
import time

LOG = os.open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "where.txt"), os.O_RDONLY)
STARTED = os.open(os.read(LOG, 4096).decode().strip(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.close(LOG)


def handle(data, context):
    if data is None:
        return None
    bodies = [bytes(row["body"]) for row in data]
    # One write, so one line of the file, whatever else is written at that time.
    os.write(STARTED, b"%d %s\n" % (os.getpid(), b" ".join(bodies)))
    time.sleep(0.005)
    return bodies
